/* Early DTLS: the answerer's ClientHello comes before the other leg has an address; held, it saves a retransmission (40 to 57 ms). */
#include "media/relay/relay_priv.h"

#include <string.h>

static uint16_t take_free(struct relay *relay)
{
	uint16_t number = relay->free_held;
	if (number)
		relay->free_held = relay->held[number - 1].next;
	else if (relay->held_used < relay->held_max)
		number = ++relay->held_used;
	return number;
}

static struct relay_held *pop(struct relay *relay, struct relay_leg *leg)
{
	uint16_t number = leg->held_first;
	struct relay_held *held = &relay->held[number - 1];
	leg->held_first = held->next;
	leg->held_count--;
	held->next = relay->free_held;
	relay->free_held = number;
	return held;
}

bool relay_hold(struct relay *relay, struct relay_leg *leg, int64_t now_us, const uint8_t *data, size_t len)
{
	uint16_t number = leg->held_count < RELAY_HELD_MAX ? take_free(relay) : 0;
	if (!number)
		return false;
	struct relay_held *held = &relay->held[number - 1];
	held->at_us = now_us;
	held->next = 0;
	held->len = (uint16_t)len;
	memcpy(held->data, data, len);
	if (leg->held_count++)
		relay->held[leg->held_last - 1].next = number;
	else
		leg->held_first = number;
	leg->held_last = number;
	return true;
}

static bool can_go(struct relay *relay, const struct relay_leg *leg)
{
	return leg->is_open && relay_peer(relay, leg)->current != RELAY_NOWHERE;
}

void relay_release_held(struct relay *relay, struct relay_leg *leg)
{
	if (!leg->held_count || !can_go(relay, leg))
		return;
	at_list_remove(&leg->ready_link);
	at_list_push(&relay->ready, &leg->ready_link);
}

bool relay_next_held(struct relay *relay, struct relay_send *send_out)
{
	for (struct at_link *link; (link = at_list_first(&relay->ready));) {
		struct relay_leg *leg = AT_ENTRY(link, struct relay_leg, ready_link);
		if (!leg->held_count || !can_go(relay, leg)) {
			at_list_remove(&leg->ready_link);
			continue;
		}
		const struct relay_leg *peer = relay_peer(relay, leg);
		const struct relay_held *held = pop(relay, leg);
		*send_out = relay_send_to(peer, held->data, held->len);
		leg->passed++;
		leg->passed_bytes += held->len;
		relay->stats.forwarded++;
		return true;
	}
	return false;
}

void relay_drop_held(struct relay *relay, struct relay_leg *leg, int64_t before_us)
{
	while (leg->held_count && relay->held[leg->held_first - 1].at_us < before_us) {
		pop(relay, leg);
		leg->dropped++;
		relay->stats.drops[RELAY_DROP_HELD]++;
	}
}
