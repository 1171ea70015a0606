/* The SFU: rooms of peers, each with one transport (ICE-lite, DTLS as the server, SRTP), fixed slots in both directions and no
 * renegotiation (docs/protocol.md, rooms). Sans-IO: packets and time in, packets and events out; no clock, socket, lock or thread, so
 * whole rooms run in virtual time. One loop. Nothing is allocated for a packet: what peers can make grow stands in pools with a maximum.
 *
 * What it promises:
 * - Media is taken only from a tuple that proved the password of that very peer, and only when its SRTP opens; nothing is learned from
 *   bytes that did not. Packets that do not open are counted and change nothing else. A second ClientHello never resets a session.
 * - Media goes only to a tuple that proved the password within the last 30 s: the first one, then the one that last sent media.
 * - A subscriber sees one endless stream a slot: sequence numbers, timestamps and picture ids go on across layers and people. Who is
 *   in a slot is told by event (with an epoch) and in each packet by its one CSRC: the peer number.
 * - Voice goes as it came to who loses nothing, and to who does as RED of two or three frames (RFC 2198) that is put together here. What is lost
 *   on the way up is taken out of the publisher's RED, or asked for. Under one number nothing but the very same bytes is sent again.
 * - No picture is sent before the first view. Requests of subscribers (NACK, PLI, REMB) are bounded for each of them, so a storm costs
 *   only its sender; what reaches a publisher goes through one gate a layer.
 *
 * Times are microseconds of any clock that does not go back; the same clock for now_us and recv_us. */
#ifndef AT_MEDIA_SFU_SFU_H
#define AT_MEDIA_SFU_SFU_H

#include "base/err.h"
#include "base/str.h"
#include "media/ice/ice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SFU_AUDIO_SLOTS_MAX = 8, /* a subscriber */
	SFU_VIDEO_SLOTS_MAX = 9,
	SFU_SCREEN_SLOTS_MAX = 1,
	SFU_SLOTS_MAX = SFU_AUDIO_SLOTS_MAX + SFU_VIDEO_SLOTS_MAX + SFU_SCREEN_SLOTS_MAX,
	SFU_LAYERS_MAX = 3, /* a camera, the smallest picture first */
	SFU_VIEWS_MAX = 32,
	SFU_HEIGHT_MAX = 1080,
	SFU_ID_MAX = 16, /* bytes of a mid or rid (RFC 8285 one-byte extensions) */
	SFU_ROOM_PEERS_MAX = 512,
	SFU_TUPLES_MAX = 8, /* a peer */
	SFU_TICK_US = 5000,
	SFU_AWAY_US = 15 * 1000 * 1000, /* nothing from a peer for so long: AWAY */
	SFU_GONE_US = 30 * 1000 * 1000, /* GONE */
	SFU_FINGERPRINT_LEN = 32,       /* sha-256 of a certificate */
	SFU_ORDER_MAX = 16,
	SFU_RING_MAX = 64,
};

/* ---- output ---- */

struct sfu_send {
	const struct ice_tuple *to; /* valid until the callback returns, and so is data */
	const uint8_t *data;
	size_t len;
	/* 0 = one datagram. Else several of one frame, each of this many bytes but the last, which may be shorter: UDP_SEGMENT. Never for
	 * TCP. */
	uint16_t segment_size;
};

/* Called within sfu_packet, sfu_flush and sfu_tick, with 1 to SFU_SENDS_MAX packets in the order they are to leave. Must not call back. */
enum { SFU_SENDS_MAX = 64 };
typedef void sfu_send_fn(void *arg, const struct sfu_send *sends, size_t count);

/* ---- life ---- */

struct dtls_context; /* media/dtls: our certificate; outlives the SFU */

struct sfu_options {
	size_t rooms_max, peers_max; /* of all rooms together; at most 65535 each */
	/* video layers that send at the same time, 0.7 MiB each when used; 0 = 4 * peers_max, at most 1024 */
	size_t rings_max;
	struct dtls_context *dtls;
	bool gso; /* segment_size may be used */
	sfu_send_fn *send;
	void *send_arg;
};

struct sfu;
struct sfu *sfu_new(const struct sfu_options *options);
void sfu_free(struct sfu **sfu);
/* The kernel or the card refused UDP_SEGMENT: plain datagrams from now on (or again with). The one call that a send callback may make. */
void sfu_set_gso(struct sfu *sfu, bool gso);

/* ---- rooms ---- */

/* An empty room. One of this id that exists is emptied (a new core begins anew). BUSY: rooms_max. */
AT_MUST enum at_err sfu_room_open(struct sfu *sfu, int64_t now_us, const struct at_id *room);
AT_MUST enum at_err sfu_room_close(struct sfu *sfu, const struct at_id *room); /* NOT_FOUND */
size_t sfu_rooms(const struct sfu *sfu);
/* A new core: rooms that it does not open again before sfu_close_orphans are closed then. */
void sfu_orphan_all(struct sfu *sfu);
size_t sfu_close_orphans(struct sfu *sfu); /* how many */

/* ---- peers ---- */

enum sfu_source { SFU_MIC, SFU_CAMERA, SFU_SCREEN, SFU_SOURCE_COUNT };
enum sfu_slot_kind { SFU_SLOT_AUDIO, SFU_SLOT_VIDEO, SFU_SLOT_SCREEN, SFU_SLOT_KIND_COUNT };

/* What the browser offered, as room.join's params say it. Names are 1 to 16 visible ASCII characters, empty = absent. Payload types are 1
 * to 63 and 96 to 127 (64 to 95 would look like RTCP, RFC 5761 section 4), 0 = absent. Extension ids are 1 to 14, 0 = not offered. */
struct sfu_audio_params {
	uint8_t pt, red_pt; /* opus, red */
	uint8_t ext_mid, ext_level;
};
struct sfu_video_params {
	uint8_t pt, rtx_pt; /* VP8, its rtx */
	uint8_t ext_mid, ext_rid, ext_rrid, ext_twcc, ext_abs_send;
};
struct sfu_send_params { /* one m-line that the peer sends on */
	char mid[SFU_ID_MAX + 1];
	char rids[SFU_LAYERS_MAX][SFU_ID_MAX + 1]; /* camera only, the smallest first; none = one layer without rid */
	uint8_t rid_count;
	uint32_t ssrc, rtx_ssrc; /* announced ones, 0 = learned by mid and rid */
};
struct sfu_recv_params { /* one m-line that it receives on */
	char mid[SFU_ID_MAX + 1];
	enum sfu_slot_kind kind;
};
struct sfu_params {
	struct sfu_audio_params audio;
	struct sfu_video_params video;
	struct sfu_send_params send[SFU_SOURCE_COUNT]; /* by enum sfu_source */
	struct sfu_recv_params recv[SFU_SLOTS_MAX];
	size_t recv_count;
};
/* BAD_REQUEST: a name that is none or twice (mids over all m-lines, rids within one), numbers out of range, one payload type or one
 * extension id of an m-line for two things, announced SSRCs that are not distinct, more slots of a kind than its maximum, slots or
 * sources without what they need (audio: pt; video: pt; a camera with rids: ext_mid and ext_rid; an m-line without announced SSRC:
 * ext_mid). */
AT_MUST enum at_err sfu_params_check(const struct sfu_params *params);

struct sfu_slot_ids {
	uint32_t ssrc, rtx_ssrc; /* of what we send in this slot; rtx_ssrc 0 for audio */
};

/* A peer, not connected yet. `peer` is its number in the room, from 1, given once only; it is the CSRC of what it is heard and seen by.
 * slots_out: one for each of params->recv, in that order.
 * BAD_REQUEST: credentials, number or params. NOT_FOUND: no such room. EXISTS: the number is in use. CONFLICT: the ufrag is in use.
 * BUSY: peers_max, or SFU_ROOM_PEERS_MAX in this room. */
AT_MUST enum at_err sfu_join(struct sfu *sfu, int64_t now_us, const struct at_id *room, uint32_t peer,
			     const struct ice_credentials *creds, const uint8_t fingerprint[SFU_FINGERPRINT_LEN],
			     const struct sfu_params *params, struct sfu_slot_ids slots_out[SFU_SLOTS_MAX]);
/* It left, or a new transport will take its place (under a new number). NOT_FOUND */
AT_MUST enum at_err sfu_leave(struct sfu *sfu, int64_t now_us, const struct at_id *room, uint32_t peer);
/* Muted is enforced: its audio is dropped. Camera and screen say which sources can be given a slot. A peer joins muted, both off.
 * NOT_FOUND */
AT_MUST enum at_err sfu_state(struct sfu *sfu, int64_t now_us, const struct at_id *room, uint32_t peer, bool muted,
			      bool camera, bool screen);

struct sfu_view {
	uint32_t peer;
	enum sfu_source source; /* SFU_CAMERA or SFU_SCREEN */
	uint16_t height;        /* of the picture on its screen, 0 to SFU_HEIGHT_MAX; 0 = hidden */
};
/* What it shows; replaces the last. Sources that are not there (yet) are fine. BAD_REQUEST: more than SFU_VIEWS_MAX, a source or height
 * that is none. NOT_FOUND */
AT_MUST enum at_err sfu_view(struct sfu *sfu, int64_t now_us, const struct at_id *room, uint32_t peer,
			     const struct sfu_view *views, size_t count);

/* ---- packets ---- */

/* One datagram that came, at recv_us by the kernel's timestamp (for transport-cc; now_us when there is none). The bytes are opened in
 * place. Replies leave at once, media at sfu_flush. Within a batch give STUN first. */
void sfu_packet(struct sfu *sfu, int64_t now_us, int64_t recv_us, const struct ice_tuple *from, uint8_t *data,
		size_t len);
/* The end of a batch: what is complete leaves. */
void sfu_flush(struct sfu *sfu, int64_t now_us);
/* Every SFU_TICK_US, and when sfu_deadline_us has passed: timers, feedback, and frames that were held long enough. */
void sfu_tick(struct sfu *sfu, int64_t now_us);
/* When sfu_flush is due although nothing came: a frame is held for its end, at most 1 ms. INT64_MAX: nothing is. */
int64_t sfu_deadline_us(const struct sfu *sfu);

/* For whoever shares the port: STUN belongs here when its ufrag is known, everything else when its tuple is. */
bool sfu_knows(const struct sfu *sfu, const char ufrag[ICE_UFRAG_LEN + 1]);
bool sfu_owns(const struct sfu *sfu, const struct ice_tuple *tuple);
void sfu_tuple_gone(struct sfu *sfu, int64_t now_us, const struct ice_tuple *tuple); /* its TCP connection closed */

/* ---- events ---- */

enum sfu_event_kind {
	SFU_EVENT_UP,   /* a peer's DTLS is done with the right certificate: media can flow */
	SFU_EVENT_AWAY, /* nothing from it for SFU_AWAY_US */
	SFU_EVENT_BACK, /* something again after AWAY */
	/* nothing for SFU_GONE_US, or its DTLS failed for good: it has been removed as by sfu_leave */
	SFU_EVENT_GONE,
	SFU_EVENT_SLOTS,    /* who is in the slots of `peer` has changed */
	SFU_EVENT_SPEAKERS, /* of the room; peer is 0. At most 5 a second */
	SFU_EVENT_LAYERS,   /* what anybody wants of `peer` has changed */
	SFU_EVENT_COUNT
};

struct sfu_slot_owner {
	uint8_t slot;  /* index in params->recv */
	uint32_t peer; /* 0 = nobody */
	enum sfu_source source;
};

enum { SFU_WANT_SCREEN = 1 << SFU_LAYERS_MAX };

/* How a peer's voice came, and how it hears others. */
struct sfu_voice {
	uint64_t packets;         /* that came, but for those that were dropped on purpose */
	uint64_t red, red_frames; /* of them with RED; frames brought once more in it */
	uint64_t restored;        /* lost ones that were taken out of RED */
	uint64_t asked;           /* lost ones that it was asked for */
	uint8_t hears_depth;      /* frames that we add to each packet of voice to it; 0 = as its publisher sends it */
};

struct sfu_event {
	enum sfu_event_kind kind;
	struct at_id room;
	uint32_t peer;
	union {
		struct {
			uint32_t epoch; /* rises with every change */
			size_t count;   /* all slots of this peer */
			struct sfu_slot_owner owners[SFU_SLOTS_MAX];
		} slots;
		struct {
			uint32_t stage, before; /* peer numbers, 0 = nobody */
			size_t order_count, ring_count;
			uint32_t order[SFU_ORDER_MAX]; /* who spoke last first */
			uint32_t ring[SFU_RING_MAX];   /* who is speaking now */
		} speakers;
		/* 1 << layer of the camera, SFU_WANT_SCREEN; a layer is on at once and off after 5 s. Before the first event: 0 */
		uint8_t layers;
		struct sfu_voice voice; /* GONE */
	};
};
/* To be drained after packets, ticks and commands. Several changes of one thing come as one, the last: none is lost. */
bool sfu_next_event(struct sfu *sfu, struct sfu_event *event_out);

/* ---- counters ---- */

enum sfu_drop {
	SFU_DROP_SIZE,      /* empty, above ICE_PACKET_MAX, or a payload above what a ring holds */
	SFU_DROP_KIND,      /* of none of ours */
	SFU_DROP_STRANGER,  /* not STUN, from a tuple that proved nothing */
	SFU_DROP_STUN,      /* malformed or no request */
	SFU_DROP_NAME,      /* a ufrag that is none of ours */
	SFU_DROP_INTEGRITY, /* wrong password or sum */
	SFU_DROP_TAKEN,     /* the tuple is another peer's */
	SFU_DROP_DTLS,      /* there is no handshake (any more) that could take it */
	SFU_DROP_KEYS,      /* media before the keys */
	SFU_DROP_SRTP,      /* does not open: forged, damaged */
	SFU_DROP_REPLAY,    /* came before */
	SFU_DROP_RTP,       /* opened, but is no packet that we could forward */
	SFU_DROP_UNMAPPED,  /* of no m-line: no mid, rid or announced SSRC tells whose */
	SFU_DROP_MUTED,
	SFU_DROP_SILENCE, /* discontinuous transmission */
	SFU_DROP_PADDING, /* probes of a publisher */
	SFU_DROP_LATE,    /* older than what the ring holds, or twice */
	SFU_DROP_RING,    /* no ring was left in the pool */
	SFU_DROP_RTCP,    /* malformed, or beyond what one peer may ask in a second */
	SFU_DROP_COUNT
};
const char *sfu_drop_name(enum sfu_drop drop); /* "stranger" */

struct sfu_stats {
	uint64_t packets_in, packets_out, bytes_out; /* media; out: with retransmissions and padding */
	uint64_t sends, segments;                    /* messages given to send with media, and the packets in them */
	uint64_t nacks_in, rtx_out, rtx_refused;     /* sequence numbers asked, answered, not answered */
	uint64_t nacks_out, rtx_in;                  /* asked of publishers, recovered */
	/* packets of voice with frames put in by us; lost ones out of others' RED */
	uint64_t reds_made, voices_restored;
	uint64_t plis_in, keyframes_asked; /* asked by subscribers; by us of publishers */
	uint64_t switches;                 /* of layers */
	uint64_t probes_out;               /* padding packets */
	uint64_t checks, handshakes;
	uint64_t drops[SFU_DROP_COUNT];
};
const struct sfu_stats *sfu_stats(const struct sfu *sfu);

struct sfu_layer_stats {
	bool is_alive;
	uint16_t width, height; /* of its last key frame */
	uint32_t bits_s;
	uint64_t packets, lost, keyframes, keyframes_asked;
};
struct sfu_slot_stats {
	uint32_t peer;        /* 0 = empty */
	int8_t layer, wanted; /* -1 = none */
	uint64_t packets, bytes, rtx, switches;
};
struct sfu_peer_stats {
	bool is_up, is_away, is_tcp;
	uint32_t tuples, moves;
	uint32_t estimate_bits_s; /* downlink */
	uint32_t rtt_us;          /* 0 = unknown */
	struct sfu_voice voice;
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
	size_t bytes_kept; /* memory that this peer holds here, rings and DTLS included */
	struct sfu_layer_stats camera[SFU_LAYERS_MAX], screen, mic;
	struct sfu_slot_stats slots[SFU_SLOTS_MAX];
	size_t slot_count;
};
AT_MUST enum at_err sfu_peer_stats(const struct sfu *sfu, const struct at_id *room, uint32_t peer,
				   struct sfu_peer_stats *stats_out); /* NOT_FOUND */

/* ---- for tests, fuzzers and load generators ---- */

/* Master keys and salts as DTLS would have exported them (RFC 5764 section 4.2): 16 + 12 bytes each, AEAD_AES_128_GCM. */
struct sfu_keys {
	uint8_t client_key[16], server_key[16], client_salt[12], server_salt[12];
};
/* The peer is up at this tuple, as after a check and a handshake. NOT_FOUND; CONFLICT: the tuple is another peer's. */
AT_MUST enum at_err sfu_connect_for_test(struct sfu *sfu, int64_t now_us, const struct at_id *room, uint32_t peer,
					 const struct ice_tuple *tuple, const struct sfu_keys *keys);

#endif
