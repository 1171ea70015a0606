#include "base/mem.h"
#include "base/rand.h"
#include "media/relay/relay_priv.h"

#include <string.h>

enum { CALLS_MAX = 65536, HELD_MAX = 65000 };

static uint32_t power_of_two_above(size_t n)
{
	uint32_t p = 64;
	while (p < n)
		p *= 2;
	return p;
}

static void *line_in(void *room)
{
	return (void *)(((uintptr_t)room + RELAY_LINE - 1) & ~(uintptr_t)(RELAY_LINE - 1));
}

struct relay *relay_new(const struct relay_options *options)
{
	AT_ASSERT(options->calls_max && options->calls_max <= CALLS_MAX && options->held_max <= HELD_MAX);
	struct relay *relay = at_alloc(sizeof(*relay));
	uint32_t buckets = power_of_two_above(options->calls_max * 4),
		 ssrcs = power_of_two_above(options->calls_max * 8);
	relay->ice = ice_new();
	relay->calls_max = (uint32_t)options->calls_max;
	relay->calls_room = at_alloc(options->calls_max * sizeof(*relay->calls) + RELAY_LINE);
	relay->calls = line_in(relay->calls_room);
	relay->held_max = (uint16_t)options->held_max;
	relay->held = at_alloc(options->held_max * sizeof(*relay->held) + 1);
	relay->buckets = at_alloc(buckets * sizeof(*relay->buckets));
	relay->bucket_mask = buckets - 1;
	relay->ssrcs = at_alloc(ssrcs * sizeof(*relay->ssrcs));
	relay->ssrc_mask = ssrcs - 1;
	relay->by_id = at_map_new();
	relay->by_ufrag = at_map_new();
	at_list_init(&relay->events);
	at_list_init(&relay->ready);
	at_rand(relay->key, sizeof(relay->key));
	return relay;
}

void relay_free(struct relay **relay)
{
	struct relay *r = *relay;
	*relay = NULL;
	if (!r)
		return;
	at_map_free(&r->by_id);
	at_map_free(&r->by_ufrag);
	at_free(r->ssrcs);
	at_free(r->buckets);
	at_free(r->held);
	at_free(r->calls_room);
	ice_free(&r->ice);
	at_free(r);
}

void relay_own(struct relay *relay, uint16_t port, const uint8_t (*ips)[16], size_t n)
{
	AT_ASSERT(n <= RELAY_OWN_MAX);
	relay->own_port = port;
	relay->own_count = n;
	for (size_t i = 0; i < n; i++)
		memcpy(relay->own_ips[i], ips[i], sizeof(relay->own_ips[i]));
}

static struct relay_call *find(const struct relay *relay, const struct at_id *id)
{
	return at_map_get(relay->by_id, id, sizeof(*id));
}

/* ---- opening ---- */

static struct relay_call *take_call(struct relay *relay)
{
	uint32_t number = relay->free_call;
	if (number)
		relay->free_call = relay->calls[number - 1].next_free;
	else if (relay->calls_used < relay->calls_max)
		number = ++relay->calls_used;
	if (!number)
		return NULL;
	struct relay_call *call = &relay->calls[number - 1];
	memset(call, 0, sizeof(*call));
	call->live = true;
	for (unsigned side = 0; side < 2; side++) {
		call->legs[side].call = number - 1;
		call->legs[side].side = (uint8_t)side;
		call->legs[side].current = RELAY_NOWHERE;
	}
	relay->calls_live++;
	return call;
}

static enum at_err adopt(struct relay_call *call, const struct ice_credentials creds[2])
{
	for (unsigned side = 0; side < 2; side++)
		if (!ice_credentials_eq(&call->legs[side].agent.now, &creds[side]))
			return AT_ERR_EXISTS;
	call->is_orphan = false;
	return AT_OK;
}

static bool ufrag_taken(const struct relay *relay, const char *ufrag)
{
	return at_map_get(relay->by_ufrag, ufrag, ICE_UFRAG_LEN) != NULL;
}

enum at_err relay_open(struct relay *relay, int64_t now_us, const struct at_id *id,
		       const struct ice_credentials creds[2], uint32_t rate_bits_s)
{
	if (!ice_credentials_valid(&creds[0]) || !ice_credentials_valid(&creds[1]) || rate_bits_s > RELAY_RATE_MAX)
		return AT_ERR_BAD_REQUEST;
	struct relay_call *call = find(relay, id);
	if (call)
		return adopt(call, creds);
	if (ufrag_taken(relay, creds[0].ufrag) || ufrag_taken(relay, creds[1].ufrag) ||
	    !strcmp(creds[0].ufrag, creds[1].ufrag))
		return AT_ERR_CONFLICT;
	call = take_call(relay);
	if (!call)
		return AT_ERR_BUSY;
	call->id = *id;
	at_map_put(relay->by_id, id, sizeof(*id), call);
	for (unsigned side = 0; side < 2; side++) {
		struct relay_leg *leg = &call->legs[side];
		leg->agent.now = creds[side];
		leg->ns_a_byte = (uint32_t)(8000000000LL / (rate_bits_s ? rate_bits_s : RELAY_RATE_DEFAULT));
		leg->heard_us = leg->media_us = now_us;
		leg->hint_us = now_us - RELAY_HINT_EVERY_MS * 1000;
		at_map_put(relay->by_ufrag, creds[side].ufrag, ICE_UFRAG_LEN, leg);
	}
	return AT_OK;
}

enum at_err relay_gate(struct relay *relay, int64_t now_us, const struct at_id *id)
{
	struct relay_call *call = find(relay, id);
	if (!call)
		return AT_ERR_NOT_FOUND;
	for (unsigned side = 0; side < 2; side++) {
		struct relay_leg *leg = &call->legs[side];
		if (!leg->is_open)
			leg->heard_us = leg->media_us = now_us;
		leg->is_open = true;
	}
	relay_release_held(relay, &call->legs[0]);
	relay_release_held(relay, &call->legs[1]);
	return AT_OK;
}

enum at_err relay_restart(struct relay *relay, int64_t now_us, const struct at_id *id, unsigned side,
			  const struct ice_credentials *creds)
{
	struct relay_call *call = find(relay, id);
	if (side > 1 || !ice_credentials_valid(creds))
		return AT_ERR_BAD_REQUEST;
	if (!call)
		return AT_ERR_NOT_FOUND;
	struct relay_leg *leg = &call->legs[side];
	if (ice_credentials_eq(&leg->agent.now, creds))
		return AT_OK;
	if (ufrag_taken(relay, creds->ufrag))
		return AT_ERR_CONFLICT;
	if (leg->agent.before_until_us)
		at_map_del(relay->by_ufrag, leg->agent.before.ufrag, ICE_UFRAG_LEN);
	leg->agent.before = leg->agent.now;
	leg->agent.before_until_us = now_us + RELAY_RESTART_MS * 1000LL;
	leg->agent.now = *creds;
	leg->generation++;
	at_map_put(relay->by_ufrag, creds->ufrag, ICE_UFRAG_LEN, leg);
	return AT_OK;
}

/* ---- closing ---- */

static void close_leg(struct relay *relay, struct relay_leg *leg)
{
	for (size_t i = 0; i < RELAY_TUPLES_MAX; i++)
		if (leg->slots[i].used)
			relay_forget(relay, leg, &leg->slots[i]);
	relay_drop_held(relay, leg, INT64_MAX);
	at_list_remove(&leg->event_link);
	at_list_remove(&leg->ready_link);
	at_map_del(relay->by_ufrag, leg->agent.now.ufrag, ICE_UFRAG_LEN);
	if (leg->agent.before_until_us)
		at_map_del(relay->by_ufrag, leg->agent.before.ufrag, ICE_UFRAG_LEN);
}

static void close_call(struct relay *relay, struct relay_call *call)
{
	close_leg(relay, &call->legs[0]);
	close_leg(relay, &call->legs[1]);
	at_map_del(relay->by_id, &call->id, sizeof(call->id));
	/* Passwords do not stay in memory. */
	memset(call, 0, sizeof(*call));
	call->next_free = relay->free_call;
	relay->free_call = (uint32_t)(call - relay->calls) + 1;
	relay->calls_live--;
}

enum at_err relay_close(struct relay *relay, const struct at_id *id)
{
	struct relay_call *call = find(relay, id);
	if (!call)
		return AT_ERR_NOT_FOUND;
	close_call(relay, call);
	return AT_OK;
}

size_t relay_calls(const struct relay *relay)
{
	return relay->calls_live;
}

void relay_orphan_all(struct relay *relay)
{
	for (uint32_t i = 0; i < relay->calls_used; i++)
		relay->calls[i].is_orphan = relay->calls[i].live;
}

size_t relay_close_orphans(struct relay *relay)
{
	size_t n = 0;
	for (uint32_t i = 0; i < relay->calls_used; i++) {
		if (!relay->calls[i].is_orphan)
			continue;
		close_call(relay, &relay->calls[i]);
		n++;
	}
	return n;
}

/* ---- looking ---- */

bool relay_knows(const struct relay *relay, const struct ice_tuple *tuple)
{
	struct relay_leg *leg;
	return relay_find(relay, tuple, &leg) != NULL;
}

enum at_err relay_call_stats(const struct relay *relay, const struct at_id *id, struct relay_leg_stats stats_out[2])
{
	const struct relay_call *call = find(relay, id);
	if (!call)
		return AT_ERR_NOT_FOUND;
	for (unsigned side = 0; side < 2; side++) {
		const struct relay_leg *leg = &call->legs[side];
		struct relay_leg_stats *s = &stats_out[side];
		*s = (struct relay_leg_stats){.packets_in = leg->passed,
					      .bytes_in = leg->passed_bytes,
					      .dropped = leg->dropped,
					      .moves = leg->moves,
					      .has_address = leg->current != RELAY_NOWHERE};
		s->is_tcp = s->has_address && leg->slots[leg->current].tuple.transport == ICE_TCP;
		for (size_t i = 0; i < RELAY_TUPLES_MAX; i++)
			s->tuples += leg->slots[i].used;
	}
	return AT_OK;
}

const struct relay_stats *relay_stats(const struct relay *relay)
{
	return &relay->stats;
}

const char *relay_drop_name(enum relay_drop drop)
{
	static const char *const names[RELAY_DROP_COUNT] = {"size",  "kind", "stranger", "stun",    "name", "integrity",
							    "taken", "own",  "gate",     "nowhere", "rate", "held"};
	return drop < RELAY_DROP_COUNT ? names[drop] : "?";
}
