/* From an address to the peer that proved it. A tuple's place is its number: peer * SFU_TUPLES_MAX + its own; kept plus one, so that 0 is
 * none. */
#include "media/sfu/sfu_priv.h"

/* Once a packet, and only tuples that proved a password stand here: a keyed multiplication is enough (as in the relay). */
static uint32_t *bucket_of(const struct sfu *sfu, const struct ice_tuple *tuple)
{
	uint64_t words[6] = {0}, key[2];
	memcpy(words, tuple, sizeof(*tuple));
	memcpy(key, sfu->key, sizeof(key));
	uint64_t hash = key[0];
	for (size_t i = 0; i < 6; i += 2) {
		unsigned __int128 product = (unsigned __int128)(hash ^ words[i]) * (key[1] ^ words[i + 1]);
		hash = (uint64_t)product ^ (uint64_t)(product >> 64);
	}
	return &sfu->buckets[hash & sfu->bucket_mask];
}

static uint32_t number_of(const struct sfu_peer *peer, const struct sfu_tuple *tuple)
{
	return peer->index * SFU_TUPLES_MAX + (uint32_t)(tuple - peer->tuples) + 1;
}

static struct sfu_tuple *tuple_at(const struct sfu *sfu, uint32_t number, struct sfu_peer **peer_out)
{
	*peer_out = sfu->peers[(number - 1) / SFU_TUPLES_MAX];
	return &(*peer_out)->tuples[(number - 1) % SFU_TUPLES_MAX];
}

struct sfu_tuple *sfu_tuple_find(const struct sfu *sfu, const struct ice_tuple *tuple, struct sfu_peer **peer_out)
{
	struct sfu_peer *peer;
	for (uint32_t n = *bucket_of(sfu, tuple); n;) {
		struct sfu_tuple *t = tuple_at(sfu, n, &peer);
		if (ice_tuple_eq(&t->tuple, tuple)) {
			*peer_out = peer;
			return t;
		}
		n = t->next;
	}
	return NULL;
}

void sfu_tuple_aim(struct sfu_peer *peer, const struct sfu_tuple *tuple)
{
	int8_t i = (int8_t)(tuple - peer->tuples);
	if (peer->current == i)
		return;
	peer->moves += peer->current != SFU_NOWHERE;
	peer->current = i;
}

static void aim_again(struct sfu_peer *peer)
{
	const struct sfu_tuple *best = NULL;
	peer->current = SFU_NOWHERE;
	for (size_t i = 0; i < SFU_TUPLES_MAX; i++)
		if (peer->tuples[i].used && (!best || peer->tuples[i].heard_us > best->heard_us))
			best = &peer->tuples[i];
	if (best)
		sfu_tuple_aim(peer, best);
}

void sfu_tuple_forget(struct sfu_peer *peer, struct sfu_tuple *tuple)
{
	struct sfu *sfu = peer->sfu;
	uint32_t *link = bucket_of(sfu, &tuple->tuple), number = number_of(peer, tuple);
	tx_emit(sfu); /* what is queued points at addresses */
	while (*link != number) {
		struct sfu_peer *other;
		AT_ASSERT(*link);
		link = &tuple_at(sfu, *link, &other)->next;
	}
	*link = tuple->next;
	*tuple = (struct sfu_tuple){.used = false};
	if (peer->current == tuple - peer->tuples)
		aim_again(peer);
}

static struct sfu_tuple *room_for_one(struct sfu_peer *peer)
{
	struct sfu_tuple *oldest = NULL;
	for (int8_t i = 0; i < SFU_TUPLES_MAX; i++) {
		struct sfu_tuple *t = &peer->tuples[i];
		if (!t->used)
			return t;
		if (i != peer->current && (!oldest || t->checked_us < oldest->checked_us))
			oldest = t;
	}
	sfu_tuple_forget(peer, oldest);
	return oldest;
}

struct sfu_tuple *sfu_tuple_claim(struct sfu_peer *peer, const struct ice_tuple *tuple)
{
	struct sfu_peer *owner;
	struct sfu_tuple *t = sfu_tuple_find(peer->sfu, tuple, &owner);
	if (t)
		return owner == peer ? t : NULL;
	t = room_for_one(peer);
	uint32_t *bucket = bucket_of(peer->sfu, tuple);
	*t = (struct sfu_tuple){.tuple = *tuple, .used = true, .next = *bucket};
	*bucket = number_of(peer, t);
	return t;
}

bool sfu_owns(const struct sfu *sfu, const struct ice_tuple *tuple)
{
	struct sfu_peer *peer;
	return sfu_tuple_find(sfu, tuple, &peer) != NULL;
}

bool sfu_knows(const struct sfu *sfu, const char ufrag[ICE_UFRAG_LEN + 1])
{
	return at_map_get(sfu->by_ufrag, ufrag, ICE_UFRAG_LEN) != NULL;
}

void sfu_tuple_gone(struct sfu *sfu, int64_t now_us, const struct ice_tuple *tuple)
{
	struct sfu_peer *peer;
	struct sfu_tuple *t = sfu_tuple_find(sfu, tuple, &peer);
	(void)now_us;
	if (t)
		sfu_tuple_forget(peer, t);
}
