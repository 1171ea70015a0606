/* The media role: a process with one UDP port (and the same number on TCP, RFC 4571 framing, passive) for all media, IPv4 and IPv6. It
 * knows calls only as an id and two legs' ICE credentials; it has no database, no files and no way to connect out. This header is
 * all that core needs.
 *
 * The exchange, over the channel that the supervisor makes between the two (IPC_PEER):
 *   HELLO    media -> core, first: port and addresses, from which core makes the candidates that it gives to clients
 *   OPEN     core -> media: a call. Core makes the credentials itself (ice_credentials_make), so it can give them to the clients
 *            without waiting, and again, the same ones, to a role that has crashed: then the browsers' next consent checks (at the
 *            latest after 2.7 s in Chromium, 6 s in Firefox) revive the call without any signalling. Answered by EVENT OPENED, and
 *            CONNECTED for a leg that has an address already.
 *   GATE     core -> media, after `accepted` is committed and never before: until then nothing passes between the legs
 *   RESTART  core -> media: new credentials of one leg, for the clients' ICE restart; the old ones stay good for 30 s. Not answered.
 *   CLOSE    core -> media. Not answered.
 *   ASK      core -> media; answered by STATS
 *   EVENT    media -> core: what became of a request or of a leg. SILENT and MOVED are hints to restart ICE on that leg over the
 *            WebSocket: they are rate-limited, may be wrong, and cost nothing when they are.
 * GATE or RESTART of a call that the role does not know is answered by EVENT REFUSED with NOT_FOUND: open it again.
 *
 * When the role dies, on_gone of core's channel tells: core opens its live calls again, with the gate as it was, on the next channel. When
 * core dies, calls go on for MEDIA_ORPHAN_MS; those that the next core opens again, with the same credentials, never notice. */
#ifndef AT_MEDIA_ROLE_ROLE_H
#define AT_MEDIA_ROLE_ROLE_H

#include "base/err.h"
#include "base/str.h"
#include "media/ice/ice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MEDIA_ADDRESSES_MAX = 8, MEDIA_ORPHAN_MS = 15000, MEDIA_CALLS_DEFAULT = 4096 };

/* ---- addresses ---- */

struct media_address {
	uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
};

/* `--media-address`, once or several times: what clients are told to send to, when that is not what this machine calls itself (behind NAT,
 * in a container). IPv4 or IPv6 literals, with a port when NAT changes it: "203.0.113.5", "203.0.113.5:40000", "2001:db8::5",
 * "[2001:db8::5]:40000"; names are not resolved. Port 0 in the result = the role's own. BAD_REQUEST also for 0.0.0.0, :: and multicast. */
AT_MUST enum at_err media_address_parse(const char *text, struct media_address *address_out);
/* An address as a candidate line has it: "203.0.113.5", "2001:db8::5". */
enum { MEDIA_ADDRESS_TEXT = 46 };
void media_address_text(const uint8_t ip[16], char out[MEDIA_ADDRESS_TEXT]);

struct media_options {
	const char *listen_addr; /* NULL = everywhere */
	uint16_t port; /* 0 = any; IPC_READY's body (u16) says which, and the next life must be given the same */
	struct media_address announced[MEDIA_ADDRESSES_MAX];
	size_t announced_count; /* 0 = the machine's own addresses */
	size_t calls_max;       /* 0 = MEDIA_CALLS_DEFAULT */
	bool without_gso;       /* frames leave packet by packet: to measure what UDP_SEGMENT saves */
};

/* ---- messages (fixed layout, big-endian; integers are checked, what they refer to is not) ---- */

struct media_hello {
	bool is_announced; /* by --media-address: then these and no others */
	bool has_tcp;
	uint16_t port;
	uint8_t fingerprint[32]; /* sha-256 of the certificate of its DTLS, new in each life */
	size_t count;
	struct media_address addresses[MEDIA_ADDRESSES_MAX]; /* ports filled in */
};

struct media_open {
	struct at_id call;
	bool gate;                       /* `accepted` is committed already */
	uint32_t rate_bits_s;            /* each way; 0 = 8 Mbit/s */
	struct ice_credentials creds[2]; /* caller's leg, callee's leg */
};

struct media_restart {
	struct at_id call;
	uint8_t leg; /* 0 = caller's, 1 = callee's */
	struct ice_credentials creds;
};

enum media_event_kind {
	MEDIA_OPENED,    /* OPEN has been done */
	MEDIA_REFUSED,   /* OPEN, GATE or RESTART was not: err. BUSY: too many calls */
	MEDIA_CONNECTED, /* the leg has an address (again) */
	MEDIA_SILENT,    /* nothing comes from the leg any more: hint a restart */
	MEDIA_MOVED,     /* it seems to send from an address that has not proved itself: hint a restart */
	MEDIA_LOST,      /* the leg's consent has run out: no address is left */
	MEDIA_EVENT_COUNT
};

struct media_event {
	struct at_id call;
	uint8_t leg; /* 0 for OPENED and REFUSED */
	enum media_event_kind kind;
	enum at_err err;
};

struct media_leg_stats {
	uint64_t packets, bytes, dropped; /* sent by this leg: passed on, passed on, not passed on */
	uint32_t tuples, moves;
	bool has_address, is_tcp;
};

struct media_stats {
	struct at_id call;
	enum at_err err; /* NOT_FOUND */
	struct media_leg_stats legs[2];
};

enum {
	MEDIA_CREDS_LEN = ICE_UFRAG_LEN + ICE_PWD_LEN,
	MEDIA_HELLO_LEN = 1 + 1 + 2 + 32 + 1 + MEDIA_ADDRESSES_MAX * 18,
	MEDIA_OPEN_LEN = 16 + 1 + 4 + 2 * MEDIA_CREDS_LEN,
	MEDIA_RESTART_LEN = 16 + 1 + MEDIA_CREDS_LEN,
	MEDIA_CALL_LEN = 16, /* GATE, CLOSE, ASK: the call's id */
	MEDIA_EVENT_LEN = 16 + 1 + 1 + 2,
	MEDIA_STATS_LEN = 16 + 2 + 2 * (8 + 8 + 8 + 4 + 4 + 1),
};

void media_hello_put(const struct media_hello *hello, uint8_t out[MEDIA_HELLO_LEN]);
AT_MUST enum at_err media_hello_parse(const void *body, size_t len, struct media_hello *hello_out);
void media_open_put(const struct media_open *open, uint8_t out[MEDIA_OPEN_LEN]);
AT_MUST enum at_err media_open_parse(const void *body, size_t len, struct media_open *open_out);
void media_restart_put(const struct media_restart *restart, uint8_t out[MEDIA_RESTART_LEN]);
AT_MUST enum at_err media_restart_parse(const void *body, size_t len, struct media_restart *restart_out);
AT_MUST enum at_err media_call_parse(const void *body, size_t len, struct at_id *call_out);
void media_event_put(const struct media_event *event, uint8_t out[MEDIA_EVENT_LEN]);
AT_MUST enum at_err media_event_parse(const void *body, size_t len, struct media_event *event_out);
void media_stats_put(const struct media_stats *stats, uint8_t out[MEDIA_STATS_LEN]);
AT_MUST enum at_err media_stats_parse(const void *body, size_t len, struct media_stats *stats_out);

/* Which addresses a client is told, best first: the announced ones if there are any; else the one by which it reached us (the local address
 * of its HTTP connection, NULL when unknown or behind a proxy) unless that is loopback, then the machine's others. Loopback comes last
 * and only to who came by it: Firefox does not pair with 127.0.0.1. Gives how many, at most MEDIA_ADDRESSES_MAX. */
size_t media_addresses_for(const struct media_hello *hello, const uint8_t *reached_ip,
			   struct media_address out[MEDIA_ADDRESSES_MAX]);

/* ---- the process ---- */

/* Serves until IPC_STOP. Exits with IPC_EXIT_CONFIG when its port cannot be had. Never returns. */
_Noreturn void media_role_main(int supervisor_fd, const struct media_options *options);

#endif
