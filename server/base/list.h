/* Intrusive doubly linked list and a hash map from bytes to pointers. Neither owns what it holds. One thread. */
#ifndef AT_BASE_LIST_H
#define AT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct at_link {
	struct at_link *prev, *next;
};

struct at_list {
	struct at_link head;
};

void at_list_init(struct at_list *list);
void at_list_push(struct at_list *list, struct at_link *link); /* at the end */
void at_list_push_front(struct at_list *list, struct at_link *link);
void at_list_remove(struct at_link *link); /* a link in no list (zeroed) is fine */
bool at_list_empty(const struct at_list *list);
struct at_link *at_list_first(const struct at_list *list);                            /* NULL when empty */
struct at_link *at_list_next(const struct at_list *list, const struct at_link *link); /* NULL at the end */

#define AT_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))
/* The current link may be removed in the body. */
#define AT_LIST_EACH(list, it)                                                                                         \
	for (struct at_link *it = (list)->head.next, *it##_next = it->next; it != &(list)->head;                       \
	     it = it##_next, it##_next = it->next)

/* Keys are copied; SipHash-2-4 with a key of the process, so a peer that chooses keys cannot make it slow. */
struct at_map;

struct at_map *at_map_new(void);
void at_map_free(struct at_map **map);
void *at_map_get(const struct at_map *map, const void *key, size_t key_len); /* NULL when absent */
/* the old value or NULL; value != NULL */
void *at_map_put(struct at_map *map, const void *key, size_t key_len, void *value);
void *at_map_del(struct at_map *map, const void *key, size_t key_len); /* the removed value or NULL */
size_t at_map_len(const struct at_map *map);
/* Every value once, in no order: start with *pos = 0, NULL at the end. The map must not be changed meanwhile, except for
 * deleting the value just given. */
void *at_map_next(const struct at_map *map, size_t *pos);

static inline void *at_map_get_u64(const struct at_map *map, uint64_t key)
{
	return at_map_get(map, &key, sizeof(key));
}
static inline void *at_map_put_u64(struct at_map *map, uint64_t key, void *value)
{
	return at_map_put(map, &key, sizeof(key), value);
}
static inline void *at_map_del_u64(struct at_map *map, uint64_t key)
{
	return at_map_del(map, &key, sizeof(key));
}

#endif
