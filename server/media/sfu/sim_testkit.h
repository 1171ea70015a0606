/* Virtual browsers round the real SFU, in virtual time: links that lose, delay and queue; publishers that encode as libwebrtc does (three
 * layers, key frames on request, RTX, RED, DTX, sender reports, a rate that follows transport-cc); and receivers that take every packet
 * apart and hold the SFU to what it promises. SRTP is real, only DTLS is skipped.
 *
 * Everything is of one seed, the SFU's own random numbers too: a run that failed fails again with its seed (SIM_SEED=n). Steps of 1 ms;
 * what arrives within a step comes with its own time, as the kernel would stamp it. Built on sfu_testkit.h: sim.peers[i] is the browser of
 * kit.peers[i]. */
#ifndef AT_MEDIA_SFU_SIM_TESTKIT_H
#define AT_MEDIA_SFU_SIM_TESTKIT_H

#include "media/sfu/sfu_testkit.h"

/* ---- network (sim_net_testkit.c) ---- */

struct sim_net { /* one direction */
	const char *name;
	int64_t delay_us, jitter_us; /* jitter: up to so much more or less, wandering within 50 ms */
	unsigned loss_permille;
	/* the mean length of a loss (Gilbert and Elliott), in tenths of a packet; 10 = independent */
	unsigned burst_tenths;
	uint32_t bps;     /* of UDP payloads, 0 = unlimited */
	int64_t queue_us; /* before it; what would wait longer is dropped */
	bool reorders;    /* jitter may change the order */
};
enum { SIM_LAN, SIM_WIFI, SIM_WIFI_LOSSY, SIM_CELLULAR, SIM_CONGESTED, SIM_SATELLITE, SIM_PRESETS };
extern const struct sim_net sim_presets[SIM_PRESETS];

struct sim_datagram {
	struct sim_datagram *next, *before;
	int64_t at_us; /* of arrival */
	size_t len;
	uint8_t bytes[];
};

struct sim_link {
	struct sim_net net;
	bool is_dead, is_bad;
	int64_t busy_us, newest_us, jitter_at_us, jitter_us, jitter_to_us;
	struct sim_datagram *first, *last;
	uint64_t packets, lost, dropped, bytes, waited_max_us; /* dropped: by the queue; bytes: that went through */
};
void sim_link_put(struct sim_link *link, int64_t now_us, const uint8_t *data, size_t len);
struct sim_datagram *sim_link_take(struct sim_link *link, int64_t now_us); /* at_free it; NULL: nothing has arrived */
void sim_link_empty(struct sim_link *link);

/* ---- what a payload says about itself (sim_truth_testkit.c): receivers compare it with what the SFU makes of the headers ---- */

enum { SIM_BUFFERS = 3 }; /* VP8's: last, golden, altref */

struct sim_truth {
	uint32_t publisher, frame; /* the encoder's own number of this frame, by one from one to the next of a layer */
	/* audio: packets is 2 when the frame before is in it once more, in Opus's own way (FEC) */
	uint16_t packet, packets;
	uint8_t layer; /* index in streams */
	bool is_key;
	int64_t captured_us;
	uint32_t sent; /* audio: the publisher's packets before this one */
	/* video: what was in the encoder's buffers that it refers to (a frame's number, 0 = it does not refer to it), and, as bits,
	 * which of them it then fills */
	uint32_t refers[SIM_BUFFERS];
	uint8_t fills;
};
enum { SIM_TRUTH_LEN = 39 };
void sim_truth_put(uint8_t out[SIM_TRUTH_LEN], const struct sim_truth *truth);
struct sim_truth sim_truth_get(const uint8_t *in, size_t len); /* fails the test when there is none */

/* ---- publisher (sim_sender_testkit.c, sim_encoder_testkit.c) ---- */

enum { SIM_SENT = 1024, SIM_RED_MAX = 9 };

struct sim_sent { /* for RTX */
	struct rtp_header header;
	uint16_t len;
	uint8_t level;
	uint8_t payload[1200];
};

struct sim_encoder { /* a layer, or the screen */
	bool is_on;
	int64_t key_at_us; /* when a request takes effect, 0 = none is due */
	uint32_t frame, rtx_seq;
	uint32_t buffers[SIM_BUFFERS]; /* the frames in them */
	unsigned since_key;            /* frames */
	int64_t sr_us;
	uint32_t packets, octets;
	uint64_t frames, keys, bytes, key_bytes, plis;
	struct sim_sent *sent;
	uint64_t repeated; /* audio: on request */
};

struct sim_sender {
	bool camera, screen, talks, has_dtx, has_fec, is_frozen; /* what the person does, and the encoder */
	bool is_muted;                                           /* by the person: sends nothing */
	bool no_repeats;                                         /* of voice, as Firefox */
	unsigned fps, screen_fps, red_depth;
	unsigned tiers, screen_tiers;               /* temporal layers, 1 to 3 */
	uint32_t rates[SFU_LAYERS_MAX], screen_bps; /* at most */
	bool hums;                                  /* no voice but a fan */
	uint8_t level;                              /* of its voice, -dBov */
	int syllable_left;                          /* frames; below 0: of a dip */
	int64_t clock_us;                           /* its clock minus ours */
	int64_t encode_us;                          /* from a request to the key frame */
	uint8_t wanted;                             /* as told by the last SFU_EVENT_LAYERS */
	struct sim_encoder encoders[LAYERS_A_PEER];
	int64_t frame_us, screen_us, audio_us, tick_us;
	uint32_t audio_frame, spoken_frame; /* spoken: the newest with speech in it */
	struct {
		uint32_t frame, timestamp;
		uint8_t len, bytes[120];
	} history[SIM_RED_MAX];
	size_t history_count;
	struct bwe bwe;
	struct pacer pacer;
	uint32_t remb_bps;
};

/* ---- subscriber (sim_receiver_testkit.c, sim_video_testkit.c, sim_audio_testkit.c) ---- */

enum { SIM_RING = 1024, SIM_FRAMES = 64, SIM_MISSING = 512, SIM_NACK_TRIES = 10 };

struct sim_packet {   /* of video that arrived */
	uint64_t seq; /* 0 = none */
	uint32_t timestamp, csrc;
	uint16_t picture_id;
	uint8_t tl0, tid;
	bool starts, marker, is_key, is_sync, is_padding;
	struct sim_truth truth;
};

struct sim_frame { /* whole, not shown yet */
	uint64_t first, last;
	int64_t whole_us;
	struct sim_packet head;
};

struct sim_missing {
	uint64_t seq;
	int64_t since_us, asked_us;
	unsigned tries;
};

struct sim_clock { /* by the last sender report */
	bool is_known;
	int64_t wall_us;
	uint32_t timestamp;
};

struct sim_video {
	struct sim_packet ring[SIM_RING];
	struct sim_frame frames[SIM_FRAMES];
	size_t frame_count;
	struct sim_missing missing[SIM_MISSING];
	size_t missing_count;
	uint64_t highest;
	bool has_shown, is_broken; /* broken: nothing but a key frame helps */
	struct sim_frame shown;    /* the newest */
	/* picture ids of the newest shown of each tier since the last key frame, -1 = none */
	int32_t newest[TIERS_MAX];
	uint64_t shown_before;         /* by picture id, bit 0 the newest */
	uint32_t buffers[SIM_BUFFERS]; /* of the decoder: the publisher's frames in them */
	int64_t shown_us, asked_us, heard_us, first_us;
	uint64_t seq_gap; /* numbers behind the last shown frame that hold only padding */
};

enum { SIM_HEARD = 256, SIM_VOICE_MISSING = 32 };
struct sim_audio {
	uint64_t highest, counted;
	uint8_t got[SIM_HEARD]; /* by seq */
	struct sim_truth newest;
	uint32_t timestamp;
	uint64_t newest_seq;
	int64_t transit_us; /* the least */
	int64_t told_us;
	uint64_t base, came, expected_before, came_before; /* for reports */
	uint64_t arrived[SIM_HEARD / 64];                  /* by seq */
	uint8_t tags[SIM_HEARD][SRTP_OVERHEAD_MAX];        /* of GCM, by seq */
	struct sim_missing missing[SIM_VOICE_MISSING];
	size_t missing_count;
};

struct sim_slot {
	uint32_t ssrc, rtx_ssrc, owner; /* owner: the CSRC of the newest packet */
	enum sfu_slot_kind kind;
	struct sim_video *video;
	struct sim_audio *audio;
	struct sim_clock clock;
	uint32_t sr_middle;
	int64_t sr_us;
	/* what was seen */
	uint64_t packets, bytes, rtx, padding, nacked, plis;
	uint64_t frames, frames_missed, keys, key_bytes, layer_changes, owner_changes;
	uint64_t heard, heard_late, heard_lost, by_red, by_fec; /* audio frames; by: only by that */
	int64_t freeze_us, skew_us;                             /* the longest; the largest, without sign */
	int8_t layer; /* of the frame shown last, as index in streams; -1 = none */
};

struct sim_receiver {
	struct sim_slot slots[SFU_SLOTS_MAX];
	size_t slot_count;
	int64_t rtt_us;
	int64_t feedback_us, feedback_each_us, report_us, nack_us;
	uint32_t remb_bps; /* what a browser without transport-cc says, 0 = nothing */
	bool no_nacks;
	bool asks_voice; /* NACKs for audio, as Chromium does when it may */
	struct sfu_event slots_event;
};

/* ---- room (sim_room_testkit.c) ---- */

struct sim_peer {
	struct kit_peer *kit;
	struct sim_link up, down;
	struct sim_sender out;
	struct sim_receiver in;
	int64_t check_us;
	bool has_left;
	unsigned aways, backs, gones;
	int64_t away_us, gone_us;
};

struct sim_stage {
	int64_t at_us;
	uint32_t stage, before;
};

struct sim {
	uint64_t random, seed;
	struct sim_peer peers[KIT_PEERS];
	size_t peer_count;
	struct sim_stage stages[512]; /* as told by events */
	size_t stage_count;
	struct sfu_event speakers; /* the last */
	uint64_t skews;            /* how many frames' skew was looked at */
	int64_t skew_max_us;
	uint64_t switches_seen; /* of layers, by what decoders showed */
};
extern struct sim sim;

uint32_t sim_below(uint32_t bound);
unsigned sim_seeds(unsigned few);                /* SIM_SEEDS, else few */
double sim_median(double *values, size_t count); /* sorts them; 0 of none */

/* The environment of one run; the next sim_begin ends it, so does the last sim_end. */
void sim_begin(uint64_t seed, bool gso);
void sim_end(void);
int sim_setup(void **state);
int sim_teardown(void **state);

/* Joins, unmuted with its camera on, and sends. */
struct sim_peer *sim_join(const struct sfu_params *params, const struct sim_net *net);
struct sfu_params sim_chromium(unsigned audio, unsigned video, unsigned screen);
/* other numbers, no RED, one layer fewer */
struct sfu_params sim_firefox(unsigned audio, unsigned video, unsigned screen);
void sim_leave(struct sim_peer *peer);
void sim_state(struct sim_peer *peer, bool muted, bool camera, bool screen);
/* All cameras as tiles, but one (NULL = none) on the stage; and the screen of `screen`, if not NULL. */
void sim_show(struct sim_peer *who, uint16_t tile, const struct sim_peer *stage, uint16_t height,
	      const struct sim_peer *screen);
void sim_run(int64_t ms);

/* The slot in which `who` has that source now, NULL = none. */
struct sim_slot *sim_slot_of(struct sim_peer *who, const struct sim_peer *whom, enum sfu_source source);

/* for the parts */
void sim_send(struct sim_peer *peer, uint8_t *data, size_t len); /* a sealed packet, up */
void sim_send_rtcp(struct sim_peer *peer, const uint8_t *data, size_t len);
void sim_sender_init(struct sim_peer *peer);
void sim_sender_run(struct sim_peer *peer);
void sim_sender_feedback(struct sim_peer *peer, const struct rtcp_packet *packet);
void sim_sender_free(struct sim_peer *peer);
void sim_encode(struct sim_peer *peer, unsigned layer, uint32_t bps, unsigned fps);
void sim_speak(struct sim_peer *peer);
void sim_repeat(struct sim_peer *peer, unsigned layer, uint16_t seq);
void sim_pad(struct sim_peer *peer, unsigned layer);
void sim_receiver_init(struct sim_peer *peer);
void sim_receiver_datagram(struct sim_peer *peer, int64_t at_us, uint8_t *data, size_t len);
void sim_receiver_run(struct sim_peer *peer);
void sim_receiver_free(struct sim_peer *peer);
void sim_video_packet(struct sim_peer *peer, struct sim_slot *slot, const struct rtp_packet *packet);
void sim_video_run(struct sim_peer *peer, struct sim_slot *slot);
void sim_audio_run(struct sim_peer *peer, struct sim_slot *slot);
uint8_t sim_audio_loss(struct sim_audio *audio); /* since the last time, for a report */
/* Sealed under a number twice is the same packet twice, else anybody could seal more of them. */
bool sim_audio_is_same(const struct sim_audio *audio, uint16_t seq, const uint8_t *tag);
void sim_audio_packet(struct sim_peer *peer, struct sim_slot *slot, const struct rtp_packet *packet);
void sim_skew(struct sim_peer *peer, struct sim_slot *slot, uint32_t timestamp, const struct sim_truth *truth);

#endif
