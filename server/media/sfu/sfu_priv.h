/* What the files of the SFU share. A peer sends up to three sources (microphone, camera, screen) of up to three layers and receives in slots;
 * a source keeps an array of the slots that show it, so that a packet is handed out without looking anything up.
 *
 * Numbers of packets: a layer counts its packets on from what the publisher numbers, without those that were dropped on purpose (`seq`); a
 * slot adds seq_delta and gets what its subscriber sees. Both are 64 bits wide and never wrap. */
#ifndef AT_MEDIA_SFU_SFU_PRIV_H
#define AT_MEDIA_SFU_SFU_PRIV_H

#include "base/list.h"
#include "media/bwe/alloc.h"
#include "media/bwe/bwe.h"
#include "media/dtls/dtls.h"
#include "media/rtp/rtp.h"
#include "media/sfu/sfu.h"
#include "media/speaker/speaker.h"
#include "media/srtp/srtp.h"

#include <string.h>

enum {
	SFU_NOWHERE = -1,
	SFU_NONE = -1,
	VIDEO_RING = 512, /* packets of a layer that can be asked for again */
	AUDIO_RING = 64,
	VIDEO_PAYLOAD_MAX = 1400, /* with our header and tag still below 1472 */
	AUDIO_PAYLOAD_MAX = 1024,
	RED_DEPTH_MAX = 3, /* frames before its own that a packet of voice may carry */
	RED_PAYLOAD_MAX = 1100,
	RED_CACHE = 8,
	PENDING_MAX = 32, /* packets of a layer that wait for the flush */
	MISSING_MAX = 64,
	SHIFTS_MAX = 8,
	RESYNC = 1000, /* a step this wide is a stream that starts anew */
	LAYERS_A_PEER = SFU_LAYERS_MAX + 2,
	STREAMS_A_PEER = LAYERS_A_PEER * 2, /* each with its RTX */
	TWCC_RING = 512,
	HEADER_MAX = 64,
	GSO_SEGMENTS_MAX = 16,
	GSO_PADDING_MAX = 12,
	HOLD_US = 1000,
	ALIVE_US = 2 * 1000 * 1000,
	TX_SLAB = 256 * 1024,
	META_FIRST = 64, /* entries; doubled up to META_MAX when a second's packets do not fit */
	META_MAX = 512,
	CLOCK_VIDEO = 90, /* ticks a millisecond */
	CLOCK_AUDIO = 48,
};
/* No peer pushes a stream of its own out of what its SRTP follows; for reports Firefox has an SSRC for each m-line that it receives on. */
_Static_assert((int)STREAMS_A_PEER <= (int)SRTP_SSRCS_MAX, "streams of RTP");
_Static_assert((int)STREAMS_A_PEER + (int)SFU_SLOTS_MAX <= (int)SRTCP_SSRCS_MAX, "streams of RTCP");

struct sfu_layer;
struct sfu_source_state;
struct sfu_peer;
struct sfu_room;

/* ---- the packet store ---- */

enum {
	PACKET_MARKER = 1,
	PACKET_KEY = 2,
	PACKET_START = 4,
	PACKET_PICTURE_ID = 8,
	PACKET_TL0 = 16,
	PACKET_PENDING = 32,
	PACKET_RED = 64,
	PACKET_VOICE = 128
};

struct sfu_packet {
	uint64_t seq; /* 0 = none */
	int64_t arrived_us;
	uint32_t timestamp;
	uint16_t len; /* of the body: behind the VP8 descriptor */
	uint16_t picture_id;
	uint16_t primary_at; /* audio: where RED's primary begins */
	uint8_t flags;
	uint8_t tl0picidx;
	uint8_t descriptor_len;
	uint8_t descriptor[VP8_DESCRIPTOR_MAX]; /* normalised: 15-bit picture id at 2 */
	uint8_t level;
};

struct sfu_missing {
	uint64_t in_seq;
	int64_t since_us, asked_us;
	uint32_t tries;
};

/* One block of memory: this, the packets, their bytes. */
struct sfu_ring {
	struct sfu_missing missing[MISSING_MAX];
	struct sfu_packet *packets;
	uint8_t *bytes;
	uint32_t mask, stride;
	uint32_t missing_count;
};

static inline struct sfu_packet *ring_at(const struct sfu_ring *ring, uint64_t seq)
{
	return &ring->packets[seq & ring->mask];
}
static inline uint8_t *ring_bytes(const struct sfu_ring *ring, const struct sfu_packet *packet)
{
	return ring->bytes + (size_t)(packet - ring->packets) * ring->stride;
}

/* ---- what a peer sends ---- */

struct sfu_key_gate {
	int64_t asked_us, filled_us;
	int64_t each_us; /* what one key frame costs: 0 = the least */
	int32_t tokens_milli;
	uint32_t bytes, timestamp; /* of the key frame that is coming in */
	bool wanted, primed, counting;
};

/* The publisher's own map between its clocks, from its last sender report. */
struct sfu_clock {
	uint64_t ntp;
	int64_t at_us;
	uint32_t timestamp;
	bool is_known;
};

struct sfu_receipt { /* for receiver reports */
	uint64_t base, received, lost_before, received_before;
	uint32_t jitter_16; /* times 16, of the RTP clock */
	uint32_t transit;
	int64_t at_us; /* when the newest came */
	bool has_transit;
};

struct sfu_layer {
	struct sfu_source_state *source;
	struct sfu_ring *ring;
	uint8_t index, bit; /* in its source; in the peer's streams */
	bool started, is_dirty;
	uint16_t width, height;
	uint16_t pending_count;
	uint16_t pending[PENDING_MAX]; /* places in the ring, in the order of arrival */
	int64_t pending_us, heard_us;
	uint64_t in_highest; /* the publisher's number, extended */
	uint64_t highest;    /* ours */
	struct {
		uint64_t from, by; /* from this number of the publisher's on, ours is so much less */
	} shifts[SHIFTS_MAX];
	uint8_t shift_count;
	uint64_t key_seq;   /* the first packet of the last key frame, 0 = none */
	uint64_t timestamp; /* extended, of the newest */
	struct sfu_clock clock;
	struct sfu_receipt receipt;
	int32_t beside; /* what to add to its timestamps to have layer 0's of the same moment */
	bool is_beside_known;
	struct sfu_key_gate gate;
	int64_t rate_us;
	uint32_t rate_bytes, bits_s;
	uint64_t packets, keyframes, keyframes_asked, nacks;
};

struct sfu_sub {
	struct sfu_slot *slot;
	int8_t current, target; /* layers: of what is forwarded, of what is waited for */
};

struct sfu_source_state {
	struct sfu_peer *peer;
	enum sfu_source kind;
	uint8_t layer_count;
	bool is_on;           /* unmuted, camera on, screen shared */
	uint8_t silence;      /* packets of silence in a row */
	uint8_t unheard;      /* packets to come whose RED may hold what was said while muted */
	uint8_t wanted, told; /* layers, as bits */
	int64_t wanted_us[SFU_LAYERS_MAX];
	struct sfu_layer *layers;
	struct sfu_sub *subs;
	uint32_t sub_count, sub_max;
};

/* ---- what a peer receives ---- */

struct sfu_meta {
	uint16_t out_seq, seq; /* low halves */
	uint32_t timestamp;    /* out */
	uint32_t rtx_ms;       /* when it was last sent again, 0 = never */
	uint16_t picture_id;
	uint8_t tl0picidx;
	uint8_t layer; /* plus 1; 0 = nothing here */
};

struct sfu_slot {
	/* what a packet needs, together */
	struct sfu_peer *peer;
	struct sfu_source_state *source; /* NULL = empty */
	struct sfu_meta *meta;
	/* audio, once something was lost: how the last AUDIO_RING packets were sent; NULL = as they came */
	uint8_t *sent_as;
	uint64_t seq_delta, max_out, first_seq, key_out;
	uint32_t timestamp_delta, sub;
	uint16_t meta_mask, picture_id_delta;
	uint8_t tl0_delta;
	uint8_t kind, index;
	int8_t current, target;
	bool started, last_marker, strip_red;
	uint8_t header_len, twcc_at, abs_at, level_at; /* offsets, 0 = not in use */
	uint8_t pt, red_pt;
	uint8_t header[HEADER_MAX];
	/* of the newest packet sent */
	uint32_t last_timestamp, last_in_timestamp;
	uint16_t last_picture_id;
	uint8_t last_tl0;
	struct sfu_clock last_clock; /* of the layer it was of */
	int8_t last_layer;
	int64_t last_arrived_us;
	int64_t aimed_us; /* when the target was chosen */
	/* reports and retransmission */
	uint32_t ssrc, rtx_ssrc;
	uint64_t rtx_seq;
	int64_t sr_us;
	struct {
		uint32_t middle;
		int64_t at_us;
	} sr[2];
	int64_t rtx_budget; /* bytes */
	uint64_t packets, bytes, rtx, switches, packets_before, bytes_before;
	uint32_t bits_s;
};

/* ---- peers ---- */

struct sfu_tuple {
	struct ice_tuple tuple;
	uint32_t next; /* in its bucket */
	bool used;
	int64_t checked_us, heard_us;
};

/* What only a publisher of video needs. */
struct sfu_uplink {
	int64_t ticks[TWCC_RING];
	uint16_t base, highest;
	uint8_t feedback_seq;
	bool started, has_news;
	int64_t sent_us;
};

struct sfu_budget { /* a token bucket, in thousandths */
	int64_t at_us, milli;
};

/* How lossy the line to a subscriber is, and so how many frames each packet of voice brings once more. */
struct sfu_hearing {
	int64_t until_us, from_us; /* when the depth may sink; the begin of the span that is counted */
	uint32_t sent, lost;       /* in it: packets of voice when it began; those that were asked for */
	uint32_t rtt_us;           /* when the depth was raised */
	uint16_t pictures, pictures_lost;
	uint8_t depth; /* 0: as the publisher sends it */
};

struct sfu_peer {
	struct sfu *sfu;
	struct sfu_room *room;
	uint32_t number, index, place; /* in the room; in the pool; in room->peers */
	uint8_t person;                /* the speaker module's, 0 = none */
	/* transport */
	struct srtp_out *out;
	struct srtp_in *in;
	struct dtls *dtls;
	int8_t current; /* tuple its packets go to */
	bool is_up, is_away, is_dead, has_viewed, uses_twcc, has_orphaned;
	uint8_t dtls_tries;
	uint32_t moves;
	uint16_t twcc_seq;
	int64_t heard_us, joined_us;
	struct sfu_tuple tuples[SFU_TUPLES_MAX];
	struct ice_agent agent;
	uint8_t fingerprint[SFU_FINGERPRINT_LEN];
	struct sfu_params params;
	struct rtp_ext_ids audio_ids, video_ids;
	/* sending */
	uint32_t ssrcs[STREAMS_A_PEER]; /* of layer i at 2 i, of its RTX at 2 i + 1; 0 = unknown */
	struct sfu_source_state sources[SFU_SOURCE_COUNT];
	struct sfu_layer layers[LAYERS_A_PEER];
	struct sfu_uplink *uplink;
	int64_t report_us, remb_us;
	uint32_t remb_bps;
	uint8_t keys_due; /* layers whose gate let a request through, as bits */
	/* receiving */
	struct sfu_slot *slots;
	uint32_t slot_count, ssrc_base;
	struct sfu_view views[SFU_VIEWS_MAX];
	size_t view_count;
	struct bwe bwe;
	struct pacer pacer;
	struct alloc alloc;
	int64_t alloc_us, second_us, ticked_us;
	uint32_t rtt_us, alloc_bps, wanted_bps;
	bool alloc_due;
	struct sfu_budget rtcp_budget, nack_budget, key_budget;
	struct sfu_hearing hearing;
	struct {
		uint64_t red, red_frames, restored;
	} voice;         /* its microphone's */
	uint32_t rtx_at; /* slot whose RTX carries the next padding */
	/* telling */
	uint32_t events, epoch; /* bits by sfu_event_kind */
	uint8_t told_layers;
	struct at_link event_link;
	struct at_id room_id; /* for what is told after the room has gone */
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
};

struct sfu_room {
	struct at_id id;
	bool is_live, is_orphan, map_due, layers_due;
	uint32_t index, next_free;
	struct sfu_peer **peers;
	uint32_t peer_count, peer_max;
	struct speaker *speaker;
	struct sfu_peer *persons[SPEAKER_PERSONS_MAX + 1];
	uint32_t stage, before;
	int64_t speaker_us, told_us, layers_us;
	bool speakers_due;
	struct at_link event_link;
};

struct sfu_tx {
	uint8_t *slab;
	size_t used, count;
	struct sfu_send sends[SFU_SENDS_MAX];
};

/* A payload that was put together for one subscriber serves the others of the same depth. */
struct sfu_red {
	const struct sfu_packet *packet; /* NULL = nothing here */
	uint16_t len;
	uint8_t as, pt;
	uint8_t bytes[RED_PAYLOAD_MAX];
};

struct sfu {
	struct sfu_options options;
	struct ice *ice;
	struct sfu_room *rooms;
	uint32_t rooms_used, rooms_live, free_room;
	struct sfu_peer **peers; /* by index */
	uint32_t *free_peers;
	uint32_t peers_used, peers_live, free_peer_count;
	size_t rings_used;
	uint32_t video_ring; /* packets in each; only fuzzing has less than VIDEO_RING, to get round it */
	int64_t *due_us;     /* by a peer's index: when its tick has something to do */
	struct at_map *by_room, *by_ufrag;
	uint32_t *buckets, bucket_mask;
	uint8_t key[16];
	struct sfu_layer **dirty; /* with pending packets */
	uint32_t dirty_count;
	int64_t deadline_us, ticked_us;
	struct sfu_tx tx;
	struct bwe_arrival arrivals[BWE_SENT_MAX]; /* scratch of feedback: on the stack it would be cleared each time */
	struct at_list room_events, peer_events;
	uint64_t due_keys; /* a hint: some peer has keys_due */
	struct sfu_red reds[RED_CACHE];
	uint32_t red_count;
	struct sfu_stats stats;
};

/* sfu.c */
struct sfu_room *sfu_find_room(const struct sfu *sfu, const struct at_id *id);
struct sfu_peer *sfu_find_peer(const struct sfu_room *room, uint32_t number);
struct sfu_voice sfu_voice_of(const struct sfu_peer *peer);
void sfu_tell(struct sfu_peer *peer, enum sfu_event_kind kind);
static inline void sfu_drop(struct sfu *sfu, enum sfu_drop why)
{
	sfu->stats.drops[why]++;
}
bool sfu_budget_take(struct sfu_budget *b, int64_t now_us, int64_t per_second, int64_t burst, int64_t amount);

/* sfu_join.c */
void sfu_peer_free(struct sfu_peer *peer);                   /* out of every table; the object too */
void sfu_peer_remove(struct sfu_peer *peer, bool tell_gone); /* from its room */

/* sfu_tuple.c */
struct sfu_tuple *sfu_tuple_find(const struct sfu *sfu, const struct ice_tuple *tuple, struct sfu_peer **peer_out);
struct sfu_tuple *sfu_tuple_claim(struct sfu_peer *peer, const struct ice_tuple *tuple); /* NULL: another peer's */
void sfu_tuple_forget(struct sfu_peer *peer, struct sfu_tuple *tuple);
void sfu_tuple_aim(struct sfu_peer *peer, const struct sfu_tuple *tuple);

/* sfu_peer.c */
void sfu_on_stun(struct sfu *sfu, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len);
void sfu_on_dtls(struct sfu_peer *peer, struct sfu_tuple *tuple, int64_t now_us, const uint8_t *data, size_t len);
void sfu_peer_heard(struct sfu_peer *peer, struct sfu_tuple *tuple, int64_t now_us);
void sfu_peer_up(struct sfu_peer *peer, int64_t now_us, enum srtp_suite suite, const struct srtp_keys *in,
		 const struct srtp_keys *out);
bool sfu_peer_consent(struct sfu_peer *peer, int64_t now_us); /* false: it was removed */
static inline const struct ice_tuple *sfu_peer_address(const struct sfu_peer *peer)
{
	return peer->current == SFU_NOWHERE ? NULL : &peer->tuples[peer->current].tuple;
}

/* sfu_source.c */
void layer_put(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq, const struct rtp_packet *packet, uint8_t level,
	       bool is_voice, bool is_rtx);
uint64_t layer_extend(const struct sfu_layer *layer, uint16_t seq);
/* Its frame could be the packet of that number: it is newer than what is known to be before. */
bool layer_follows(const struct sfu_layer *layer, uint64_t in_seq, uint32_t timestamp);
/* what is missing before it is known then */
void layer_advance(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq);
void layer_skip(struct sfu_layer *layer, uint64_t in_seq);
void layer_reset(struct sfu_layer *layer); /* its stream has ended or another takes its place */
void layer_release(struct sfu_layer *layer);
void layer_push(struct sfu_layer *layer, struct sfu_packet *packet, int64_t now_us);
/* An only layer may be slow, as of a screen on which nothing moves: to call it dead would ask for a key frame each time it wakes. */
static inline bool layer_is_alive(const struct sfu_layer *layer, int64_t now_us)
{
	bool is_only = layer->source->layer_count == 1 && layer->source->is_on;
	return layer->ring && layer->heard_us && (is_only || now_us - layer->heard_us < ALIVE_US);
}
static inline bool layer_is_video(const struct sfu_layer *layer)
{
	return layer->source->kind != SFU_MIC;
}

/* sfu_uplink.c: to publishers */
void uplink_arrived(struct sfu_peer *peer, uint16_t seq, int64_t recv_us);
void uplink_receipt(struct sfu_layer *layer, uint64_t in_seq, uint32_t timestamp, int64_t recv_us);
void uplink_missing(struct sfu_layer *layer, int64_t now_us, uint64_t from, uint64_t to);
void uplink_found(struct sfu_layer *layer, uint64_t in_seq);
bool uplink_is_missing(const struct sfu_layer *layer, uint64_t in_seq);
void uplink_tick(struct sfu_peer *peer, int64_t now_us);

/* sfu_key.c */
void key_want(struct sfu_layer *layer, int64_t now_us);
void key_came(struct sfu_layer *layer, uint32_t timestamp);
void key_bytes(struct sfu_layer *layer, const struct sfu_packet *packet); /* each packet */
void key_tick(struct sfu_peer *peer, int64_t now_us);

/* sfu_slot.c */
void slot_init(struct sfu_slot *slot, struct sfu_peer *peer, uint8_t index);
void slot_release(struct sfu_slot *slot);
void slot_set_source(struct sfu_slot *slot, struct sfu_source_state *source); /* NULL = empty */
void slot_aim(struct sfu_slot *slot, int8_t layer, int64_t now_us);
void slot_ask(struct sfu_slot *slot, int64_t now_us); /* for the key frame it waits for; its target is a layer */
/* The key frame shows what was shown long ago (it had to be repeated): a switch to it would push the timeline ahead for good. */
bool slot_is_past(const struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *key);
void slot_switch(struct sfu_slot *slot, struct sfu_layer *layer, const struct sfu_packet *packet);
void slot_cut(struct sfu_slot *slot); /* nothing until the target's key frame */
/* The layer's numbers begin anew: its slots wait for a key frame as for a new layer. */
void slot_restart_all(struct sfu_layer *layer);
void slot_second(struct sfu_slot *slot, int64_t now_us);

/* sfu_send.c */
void tx_emit(struct sfu *sfu);
void tx_put(struct sfu *sfu, const struct ice_tuple *to, const uint8_t *data, size_t len); /* copied */
void tx_rtcp(struct sfu_peer *peer, uint8_t *data, size_t len, size_t max);                /* sealed and sent */
void layer_flush(struct sfu *sfu, struct sfu_layer *layer, int64_t now_us);
bool slot_start_early(struct sfu_slot *slot, struct sfu_layer *layer, int64_t now_us);

/* sfu_rtx.c */
void rtx_answer(struct sfu_slot *slot, uint16_t out_seq, int64_t now_us);
/* audio has no RTX: the very bytes once more */
void rtx_voice(struct sfu_slot *slot, uint16_t out_seq, int64_t now_us);
void rtx_refill(struct sfu_slot *slot, int64_t elapsed_us);
void rtx_padding(struct sfu_peer *peer, size_t bytes, int64_t now_us);

/* sfu_in.c, sfu_audio.c, sfu_learn.c */
void sfu_on_rtp(struct sfu_peer *peer, int64_t now_us, int64_t recv_us, uint8_t *data, size_t len);
struct sfu_layer *learn_stream(struct sfu_peer *peer, const struct rtp_packet *packet, const struct rtp_exts *exts,
			       bool *is_rtx_out);
void audio_put(struct sfu_layer *layer, int64_t now_us, const struct rtp_packet *packet, const struct rtp_exts *exts);
void audio_person(struct sfu_peer *peer); /* gives it a number for the speaker, if it can speak */
void audio_map(struct sfu_peer *peer);    /* who is heard in its slots */

/* sfu_red.c */
void red_forget(struct sfu *sfu); /* what was put together */
/* A packet of voice as this subscriber is to have it; says also which payload type, and how it could be made again. */
/* 0x80 and a mask of RED_DEPTH_MAX bits, or 0: as it came. */
uint8_t red_payload(struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *packet,
		    struct srtp_payload *payload, uint8_t *pt_out);
/* The same as when it was first sent, byte for byte; false: it cannot be made any more. */
bool red_payload_again(struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *packet,
		       uint8_t as, struct srtp_payload *payload, uint8_t *pt_out);
/* Lost frames that this packet brings once more, into their places. Its own number is known already. */
void red_restore(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq, const struct rtp_packet *packet,
		 uint8_t level, bool is_voice);

/* sfu_hear.c: loss on the way to a subscriber */
void hear_loss(struct sfu_peer *peer, int64_t now_us, uint32_t permille);
void hear_asked(struct sfu_peer *peer, int64_t now_us); /* for a packet of voice, for the first time */
void hear_pictures(struct sfu_peer *peer, int64_t now_us, size_t count, size_t lost); /* by transport-cc */
void hear_tick(struct sfu_peer *peer, int64_t now_us);
void hear_written(struct sfu_peer *peer);                   /* how packets are sent is written down from now on */
uint8_t *hear_sent_as(struct sfu_slot *slot, uint64_t out); /* where it stands how it was sent */

/* sfu_rtcp.c */
void sfu_on_rtcp(struct sfu_peer *peer, int64_t now_us, const uint8_t *data, size_t len);
void rtcp_reports(struct sfu_peer *peer, int64_t now_us); /* SR of its slots */

/* sfu_view.c, sfu_map.c */
void view_map(struct sfu_room *room, int64_t now_us);
void view_allocate(struct sfu_peer *peer, int64_t now_us);
bool view_is_due(struct sfu_peer *peer, int64_t now_us);
void view_advise(struct sfu_room *room, int64_t now_us);

/* Gives the wanted sources slots: who has one keeps it, others take free ones or such as nobody wants. */
void map_slots(struct sfu_slot **slots, size_t slot_count, struct sfu_source_state **wanted, size_t wanted_count);

/* sfu_speaker.c */
void speaker_run(struct sfu_room *room, int64_t now_us);

/* sfu_tick.c */
void peer_due(struct sfu_peer *peer, int64_t at_us); /* its tick is to run then, or earlier */

#endif
