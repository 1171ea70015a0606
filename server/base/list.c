#include "base/list.h"

void at_list_init(struct at_list *list)
{
	list->head.prev = list->head.next = &list->head;
}

static void insert(struct at_link *link, struct at_link *prev, struct at_link *next)
{
	link->prev = prev;
	link->next = next;
	prev->next = link;
	next->prev = link;
}

void at_list_push(struct at_list *list, struct at_link *link)
{
	insert(link, list->head.prev, &list->head);
}

void at_list_push_front(struct at_list *list, struct at_link *link)
{
	insert(link, &list->head, list->head.next);
}

void at_list_remove(struct at_link *link)
{
	if (!link->next)
		return;
	link->prev->next = link->next;
	link->next->prev = link->prev;
	link->prev = link->next = NULL;
}

bool at_list_empty(const struct at_list *list)
{
	return list->head.next == &list->head;
}

struct at_link *at_list_first(const struct at_list *list)
{
	return at_list_empty(list) ? NULL : list->head.next;
}

struct at_link *at_list_next(const struct at_list *list, const struct at_link *link)
{
	return link->next == &list->head ? NULL : link->next;
}
