/* The relay's tables. A tuple's place is its number: (call * 2 + leg) * RELAY_TUPLES_MAX + slot; numbers are kept plus one, so that 0 is
 * none and the tables need no preparation (a pool that is not used costs no memory). */
#ifndef AT_MEDIA_RELAY_RELAY_PRIV_H
#define AT_MEDIA_RELAY_RELAY_PRIV_H

#include "base/list.h"
#include "media/relay/relay.h"

enum { RELAY_SSRCS_MAX = 4, RELAY_NOWHERE = -1, RELAY_SLICES = 5, RELAY_LINE = 64 };

/* With hundreds of calls nothing of a call is in the cache when its packet comes, and what the packet touches is what it costs: a slot is a
 * cache line, a leg's part of it two. */
struct relay_slot {
	_Alignas(RELAY_LINE) struct ice_tuple tuple;
	uint32_t next; /* in its bucket */
	bool used;
	uint8_t generation; /* of the credentials it last proved */
	int64_t heard_us;
};
_Static_assert(sizeof(struct relay_slot) == RELAY_LINE, "a line");

struct relay_leg {
	/* For every packet: these two lines. */
	_Alignas(RELAY_LINE) uint32_t call;
	uint8_t side, generation;
	int8_t current; /* slot its packets go to */
	bool flowing;   /* sends media all the time: then silence means something */
	bool told;      /* of this silence */
	bool is_open;   /* the call's gate */
	uint8_t ssrc_next;
	uint8_t events; /* bits by relay_event_kind */
	uint32_t ns_a_byte;
	uint32_t ssrcs[RELAY_SSRCS_MAX]; /* that it last sent */
	int64_t free_at_ns;              /* when what it has sent so far would be through at its rate */
	int64_t media_us, heard_us;
	uint64_t arrived; /* media packets from its tuples */
	uint64_t passed, passed_bytes;
	/* Now and then. */
	uint64_t dropped, arrived_seen;
	int64_t hint_us, looked_us;
	uint32_t moves;
	uint16_t held_first, held_last, held_count; /* what it sent early */
	int64_t checked_us[RELAY_TUPLES_MAX];       /* when a slot last proved itself */
	struct at_link event_link, ready_link;
	struct ice_agent agent;
	struct relay_slot slots[RELAY_TUPLES_MAX];
};
_Static_assert(offsetof(struct relay_leg, passed) == RELAY_LINE, "the first line");

struct relay_call {
	struct relay_leg legs[2];
	struct at_id id;
	uint32_t next_free;
	bool live, is_orphan;
};

struct relay_held {
	int64_t at_us;
	uint16_t next, len;
	uint8_t data[ICE_PACKET_MAX];
};

/* From an SSRC to who last used it. May be out of date or overwritten: the leg is asked. */
struct relay_ssrc {
	uint32_t ssrc, leg; /* plus one */
};

struct relay {
	struct ice *ice;
	struct relay_call *calls; /* begins with a cache line, somewhere in calls_room */
	void *calls_room;
	uint32_t calls_max, calls_used, calls_live, free_call; /* calls_used: the highest number ever, plus one */
	uint32_t tick_at;
	struct at_map *by_id, *by_ufrag;
	uint32_t *buckets, bucket_mask;
	struct relay_ssrc *ssrcs;
	uint32_t ssrc_mask;
	struct relay_held *held;
	uint16_t held_max, held_used, free_held;
	struct at_list events; /* legs */
	struct at_list ready;  /* legs with held packets that can go */
	uint8_t key[16];
	uint16_t own_port; /* 0 = unknown */
	size_t own_count;
	uint8_t own_ips[RELAY_OWN_MAX][16];
	struct relay_stats stats;
};

static inline bool relay_is_open(const struct relay_call *call)
{
	return call->legs[0].is_open;
}

static inline struct relay_leg *relay_peer(struct relay *relay, const struct relay_leg *leg)
{
	return &relay->calls[leg->call].legs[!leg->side];
}

/* From here to a leg that has an address. */
static inline struct relay_send relay_send_to(const struct relay_leg *peer, const uint8_t *data, size_t len)
{
	bool is_dtls = data[0] < 64;
	return (struct relay_send){&peer->slots[peer->current].tuple, data, len, is_dtls ? 2 : 1};
}

/* relay_tuple.c */
struct relay_slot *relay_find(const struct relay *relay, const struct ice_tuple *tuple, struct relay_leg **leg_out);
/* The leg's slot for this tuple, a new one if need be: a free one, else the one that was checked longest ago, never the current one.
 * NULL: it is another leg's. */
struct relay_slot *relay_claim(struct relay *relay, struct relay_leg *leg, const struct ice_tuple *tuple);
void relay_forget(struct relay *relay, struct relay_leg *leg, struct relay_slot *slot);
void relay_aim(struct relay_leg *leg, const struct relay_slot *slot);
/* The current slot has gone: the one that was heard last, or none. */
void relay_aim_again(struct relay *relay, struct relay_leg *leg);

/* relay_held.c */
bool relay_hold(struct relay *relay, struct relay_leg *leg, int64_t now_us, const uint8_t *data, size_t len);
void relay_release_held(struct relay *relay,
			struct relay_leg *leg); /* it may go, if there is something and somewhere */
void relay_drop_held(struct relay *relay, struct relay_leg *leg, int64_t before_us);

/* relay_hint.c */
void relay_note_ssrc(struct relay *relay, struct relay_leg *leg, const uint8_t *data, size_t len);
void relay_stranger(struct relay *relay, int64_t now_us, const uint8_t *data, size_t len);
void relay_tell(struct relay *relay, struct relay_leg *leg, enum relay_event_kind kind);

#endif
