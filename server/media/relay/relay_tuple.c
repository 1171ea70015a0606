#include "media/relay/relay_priv.h"

#include <string.h>

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Once a packet, so it is a keyed multiplication (12 ns), not SipHash (70 ns): only tuples that proved a password stand in the table, eight a
 * leg at most, so there is little to gain by finding some that collide. */
static uint32_t *bucket_of(const struct relay *relay, const struct ice_tuple *tuple)
{
	uint64_t words[6] = {0}, key[2];
	memcpy(words, tuple, sizeof(*tuple));
	memcpy(key, relay->key, sizeof(key));
	uint64_t hash = key[0];
	for (size_t i = 0; i < 6; i += 2)
		hash = fold(hash ^ words[i], key[1] ^ words[i + 1]);
	return &relay->buckets[hash & relay->bucket_mask];
}

static struct relay_leg *leg_of(const struct relay *relay, uint32_t number)
{
	return &relay->calls[number / RELAY_TUPLES_MAX / 2].legs[number / RELAY_TUPLES_MAX % 2];
}

static uint32_t number_of(const struct relay_leg *leg, const struct relay_slot *slot)
{
	return (leg->call * 2 + leg->side) * RELAY_TUPLES_MAX + (uint32_t)(slot - leg->slots);
}

/* Each step needs what the one before has fetched, and by then it has come. */
void relay_expect(const struct relay *relay, const struct ice_tuple *tuples, size_t n)
{
	const uint32_t *buckets[RELAY_EXPECT_MAX];
	AT_ASSERT(n <= RELAY_EXPECT_MAX);
	for (size_t i = 0; i < n; i++) {
		buckets[i] = bucket_of(relay, &tuples[i]);
		__builtin_prefetch(buckets[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (!*buckets[i])
			continue;
		const struct relay_leg *leg = leg_of(relay, *buckets[i] - 1);
		__builtin_prefetch(&leg->slots[(*buckets[i] - 1) % RELAY_TUPLES_MAX], 1);
		__builtin_prefetch(leg, 1);
		__builtin_prefetch(&leg->passed, 1);
		__builtin_prefetch(relay_peer((struct relay *)(uintptr_t)relay, leg));
	}
	for (size_t i = 0; i < n; i++) {
		if (!*buckets[i])
			continue;
		const struct relay_call *call = &relay->calls[(*buckets[i] - 1) / RELAY_TUPLES_MAX / 2];
		const struct relay_leg *peer = &call->legs[!((*buckets[i] - 1) / RELAY_TUPLES_MAX % 2)];
		if (peer->current != RELAY_NOWHERE)
			__builtin_prefetch(&peer->slots[peer->current]);
	}
}

struct relay_slot *relay_find(const struct relay *relay, const struct ice_tuple *tuple, struct relay_leg **leg_out)
{
	for (uint32_t n = *bucket_of(relay, tuple); n;) {
		struct relay_leg *leg = leg_of(relay, n - 1);
		struct relay_slot *slot = &leg->slots[(n - 1) % RELAY_TUPLES_MAX];
		if (ice_tuple_eq(&slot->tuple, tuple)) {
			*leg_out = leg;
			return slot;
		}
		n = slot->next;
	}
	return NULL;
}

void relay_aim(struct relay_leg *leg, const struct relay_slot *slot)
{
	int8_t i = (int8_t)(slot - leg->slots);
	if (leg->current == i)
		return;
	leg->moves += leg->current != RELAY_NOWHERE;
	leg->current = i;
}

void relay_aim_again(struct relay *relay, struct relay_leg *leg)
{
	const struct relay_slot *best = NULL;
	leg->current = RELAY_NOWHERE;
	for (size_t i = 0; i < RELAY_TUPLES_MAX; i++)
		if (leg->slots[i].used && (!best || leg->slots[i].heard_us > best->heard_us))
			best = &leg->slots[i];
	if (best)
		relay_aim(leg, best);
	else
		relay_tell(relay, leg, RELAY_EVENT_LOST);
}

void relay_forget(struct relay *relay, struct relay_leg *leg, struct relay_slot *slot)
{
	uint32_t *link = bucket_of(relay, &slot->tuple), number = number_of(leg, slot) + 1;
	while (*link != number) {
		AT_ASSERT(*link);
		struct relay_leg *other = leg_of(relay, *link - 1);
		link = &other->slots[(*link - 1) % RELAY_TUPLES_MAX].next;
	}
	*link = slot->next;
	memset(slot, 0, sizeof(*slot));
}

static struct relay_slot *room_for_one(struct relay *relay, struct relay_leg *leg)
{
	struct relay_slot *oldest = NULL;
	for (int8_t i = 0; i < RELAY_TUPLES_MAX; i++) {
		struct relay_slot *slot = &leg->slots[i];
		if (!slot->used)
			return slot;
		if (i != leg->current && (!oldest || leg->checked_us[i] < leg->checked_us[oldest - leg->slots]))
			oldest = slot;
	}
	relay_forget(relay, leg, oldest);
	return oldest;
}

struct relay_slot *relay_claim(struct relay *relay, struct relay_leg *leg, const struct ice_tuple *tuple)
{
	struct relay_leg *owner;
	struct relay_slot *slot = relay_find(relay, tuple, &owner);
	if (slot)
		return owner == leg ? slot : NULL;
	slot = room_for_one(relay, leg);
	uint32_t *bucket = bucket_of(relay, tuple);
	*slot = (struct relay_slot){.tuple = *tuple, .used = true, .next = *bucket};
	*bucket = number_of(leg, slot) + 1;
	return slot;
}
