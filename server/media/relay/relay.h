/* The sealed relay (docs/decisions/007): two legs a call, each an ICE-lite agent; DTLS and SRTP pass from one to the other unopened. Sans-IO:
 * packets and time in, packets and events out, so all of it runs in virtual time. One loop.
 *
 * What it promises:
 * - Nothing leaves but to a tuple that proved a leg's password (MESSAGE-INTEGRITY) within the last 30 s (RFC 7675). Nobody can name
 *   a peer, and no address is ever learned from media, so the classes of TURN's open-relay bugs have no place to stand.
 * - Nothing passes between the legs before relay_gate: nobody's media moves before they answered.
 * - A stranger's packets change nothing but counters. State is bounded for everybody: RELAY_TUPLES_MAX addresses a leg,
 *   RELAY_HELD_MAX held packets a leg, fixed pools for all; no allocation for a packet.
 *
 * Where a leg's packets go: to its first authenticated tuple, then to the authenticated one that last sent DTLS, RTP or RTCP. A tuple that
 * newly proves itself also takes over when the present one has been silent (a listener that sends nothing moves too). A tuple stays
 * with the leg that proved it first until its consent runs out, so a participant who forges another's address gains nothing. */
#ifndef AT_MEDIA_RELAY_RELAY_H
#define AT_MEDIA_RELAY_RELAY_H

#include "base/err.h"
#include "base/str.h"
#include "media/ice/ice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RELAY_TUPLES_MAX = 8, /* a leg */
	RELAY_HELD_MAX = 16,  /* early DTLS packets, a leg */
	RELAY_CONSENT_MS = 30000,
	RELAY_RESTART_MS = 30000, /* the credentials before a restart stay good so long */
	RELAY_HELD_MS = 10000,
	RELAY_SILENT_FLOWING_MS = 1000, /* nothing from a leg that had been sending */
	RELAY_SILENT_MS = 8000,         /* nothing, checks included, from a leg that had not */
	RELAY_MOVED_MS = 200, /* its media comes from elsewhere, and from its own tuples nothing came for so long */
	RELAY_HINT_EVERY_MS = 1000, /* between two hints about one leg */
	RELAY_TICK_MS = 50,
	RELAY_RATE_DEFAULT = 8 * 1000 * 1000, /* bits a second each way */
	RELAY_RATE_MAX = 2000 * 1000 * 1000,  /* for load tests; a person needs 8 */
	RELAY_BURST_MS = 250,                 /* of the rate, at once */
};

struct relay_options {
	size_t calls_max; /* at most 65536 */
	size_t held_max;  /* held packets of all calls together, at most 65000; 1.5 KB each */
};

struct relay;
struct relay *relay_new(const struct relay_options *options);
void relay_free(struct relay **relay);
/* Where our own packets come from: no leg may have that for its address, or two legs that pretend to be us would play a packet back and
 * forth. The address that a packet came to always counts as ours; ips (n, at most RELAY_OWN_MAX) are copied. */
enum { RELAY_OWN_MAX = 32 };
void relay_own(struct relay *relay, uint16_t port, const uint8_t (*ips)[16], size_t n);

/* ---- calls (leg 0 is the caller's, 1 the callee's) ---- */

/* A call with its gate shut. rate_bits_s of 0 = the default. Opened again with the same credentials it is the same call (a new core
 * adopts it). EXISTS: with others. CONFLICT: a ufrag is in use. BUSY: the pool is empty. BAD_REQUEST: credentials that are none. */
AT_MUST enum at_err relay_open(struct relay *relay, int64_t now_us, const struct at_id *call,
			       const struct ice_credentials creds[2], uint32_t rate_bits_s);
/* `accepted` is committed. Again is fine. NOT_FOUND */
AT_MUST enum at_err relay_gate(struct relay *relay, int64_t now_us, const struct at_id *call);
/* An ICE restart of one leg: new credentials, the present ones stay good for RELAY_RESTART_MS. With those it has: nothing. NOT_FOUND,
 * CONFLICT, BAD_REQUEST */
AT_MUST enum at_err relay_restart(struct relay *relay, int64_t now_us, const struct at_id *call, unsigned leg,
				  const struct ice_credentials *creds);
AT_MUST enum at_err relay_close(struct relay *relay, const struct at_id *call); /* NOT_FOUND */
size_t relay_calls(const struct relay *relay);

/* A new core: calls that it does not open again before relay_close_orphans are closed then. */
void relay_orphan_all(struct relay *relay);
size_t relay_close_orphans(struct relay *relay); /* how many */

/* ---- packets ---- */

struct relay_send {
	const struct ice_tuple *to; /* valid until the next call */
	const uint8_t *data;
	size_t len;
	/* Over UDP it is to be sent so often. DTLS goes twice: a lost piece of a handshake costs its timer, which doubles each time. */
	unsigned copies;
};

/* One packet that came. True: send_out is to be sent; its data is the packet itself, or the reply. */
bool relay_packet(struct relay *relay, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len,
		  uint8_t reply[ICE_REPLY_MAX], struct relay_send *send_out);
/* Packets from these tuples are about to come: fetches what they will touch. Changes nothing; only saves time. */
enum { RELAY_EXPECT_MAX = 64 };
void relay_expect(const struct relay *relay, const struct ice_tuple *tuples, size_t n);
/* Held packets that can go now. To be drained after relay_packet (of a STUN packet) and relay_gate, before further packets. The data
 * is valid until the next call. */
bool relay_next_held(struct relay *relay, struct relay_send *send_out);
/* Authenticated, and still: for TCP connections, which live only while it is true. */
bool relay_knows(const struct relay *relay, const struct ice_tuple *tuple);
void relay_tuple_gone(struct relay *relay, int64_t now_us, const struct ice_tuple *tuple); /* its connection closed */

/* Every RELAY_TICK_MS: consent, silence and old held packets, a few calls at a time (each call about four times a second). */
void relay_tick(struct relay *relay, int64_t now_us);

/* ---- events ---- */

enum relay_event_kind {
	RELAY_EVENT_CONNECTED, /* a leg has an address (again) */
	RELAY_EVENT_SILENT,    /* hint: restart ICE on this leg */
	/* hint: restart ICE on this leg; its media comes from an address that has not proved itself */
	RELAY_EVENT_MOVED,
	RELAY_EVENT_LOST, /* no address is left */
	RELAY_EVENT_COUNT
};
struct relay_event {
	struct at_id call;
	unsigned leg;
	enum relay_event_kind kind;
};
bool relay_next_event(struct relay *relay, struct relay_event *event_out);

/* ---- counters ---- */

enum relay_drop {
	RELAY_DROP_SIZE,      /* empty or above ICE_PACKET_MAX */
	RELAY_DROP_KIND,      /* first byte of none of ours */
	RELAY_DROP_STRANGER,  /* media from a tuple that proved nothing */
	RELAY_DROP_STUN,      /* malformed, or no request */
	RELAY_DROP_NAME,      /* a ufrag that is none of ours */
	RELAY_DROP_INTEGRITY, /* wrong password or sum */
	RELAY_DROP_TAKEN,     /* the tuple is another leg's */
	RELAY_DROP_OWN,       /* a check that pretends to come from us */
	RELAY_DROP_GATE,      /* media before `accepted` */
	RELAY_DROP_NOWHERE,   /* the other leg has no address */
	RELAY_DROP_RATE,
	RELAY_DROP_HELD, /* too many early packets, or too old */
	RELAY_DROP_COUNT
};
const char *relay_drop_name(enum relay_drop drop); /* "stranger" */

struct relay_leg_stats {
	uint64_t packets_in, bytes_in; /* media that this leg sent and that was passed on */
	uint64_t dropped;              /* media of this leg that was not (gate, nowhere, rate, held) */
	uint32_t tuples;               /* authenticated now */
	uint32_t moves;                /* changes of where its packets go */
	bool has_address, is_tcp;
};
AT_MUST enum at_err relay_call_stats(const struct relay *relay, const struct at_id *call,
				     struct relay_leg_stats stats_out[2]); /* NOT_FOUND */

struct relay_stats {
	uint64_t forwarded, checks;
	uint64_t drops[RELAY_DROP_COUNT];
};
const struct relay_stats *relay_stats(const struct relay *relay);

#endif
