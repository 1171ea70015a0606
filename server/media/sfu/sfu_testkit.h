/* An SFU in virtual time and the peers around it, with keys made by hand: they send RTP as browsers would and keep what reaches them. */
#ifndef AT_MEDIA_SFU_SFU_TESTKIT_H
#define AT_MEDIA_SFU_SFU_TESTKIT_H

#include "media/sfu/sfu_priv.h"

enum {
	KIT_PEERS = 64,
	KIT_GOT_MAX = 16384,
	KIT_TWCC = 1024,
	KIT_ANY = 1 << 30,
	KIT_OPUS = 111,
	KIT_RED = 63,
	KIT_VP8 = 96,
	KIT_RTX = 97,
	KIT_EXT_MID = 4,
	KIT_EXT_LEVEL = 1,
	KIT_EXT_RID = 10,
	KIT_EXT_RRID = 11,
	KIT_EXT_TWCC = 3,
	KIT_EXT_ABS = 2,
};

struct kit_got { /* a packet that reached a peer */
	int64_t at_us;
	struct rtp_packet rtp;
	struct rtp_exts exts;
	struct vp8_packet vp8;
	bool is_rtcp;
	size_t len; /* in the clear */
	uint8_t bytes[ICE_PACKET_MAX];
};

struct kit_stream { /* that it sends: a layer */
	uint32_t ssrc, rtx_ssrc, timestamp;
	uint32_t seq, rtx_seq; /* with their wraps */
	uint16_t picture_id;
	uint8_t tl0;
	int64_t started_us;
};

struct kit_peer {
	uint32_t number;
	struct at_id room;
	struct ice_tuple tuple;
	struct ice_credentials creds;
	struct sfu_params params;
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	struct srtp_out *out;
	struct srtp_in *in;
	struct kit_stream streams[LAYERS_A_PEER]; /* mic, camera l m h, screen */
	uint16_t twcc_seq;
	struct kit_got **got;
	size_t got_count, read;
	size_t sends, gso_sends, datagrams; /* messages, those with segments, what was in them */
	size_t plis[LAYERS_A_PEER], nacks[LAYERS_A_PEER], twccs, rembs, rrs, srs; /* that it was sent */
	uint16_t nacked[256];
	size_t nacked_count;
	struct rtcp_sender sr[SFU_SLOTS_MAX]; /* the last of each slot */
	int64_t sr_us[SFU_SLOTS_MAX];
	bool deaf;             /* keeps nothing: for many */
	unsigned loss_percent; /* of what is sent to it, in bursts of three on average (Gilbert and Elliott) */
	bool is_losing;
	uint32_t random;
	bool no_feedback; /* of transport-cc, which is sent each 50 ms otherwise */
	int64_t delay_us; /* of the way to it, as its feedback says */
	int64_t ticks[KIT_TWCC];
	uint16_t twcc_base, twcc_end;
	uint8_t feedback_seq;
	bool twcc_started;
};

struct kit {
	struct sfu *sfu;
	struct ice *ice;
	int64_t now_us;
	struct at_id room;
	struct kit_peer peers[KIT_PEERS];
	size_t peer_count;
	size_t segment_errors; /* segments that are not what was promised */
	size_t strays;         /* packets to nobody */
	void (*on_dtls)(struct kit_peer *peer, const uint8_t *data, size_t len);
	struct dtls_context *dtls;
	uint8_t fingerprint[SFU_FINGERPRINT_LEN]; /* of those who join next */
};
extern struct kit kit;

int kit_setup(void **state); /* one room, plain datagrams, as many peers as fit */
int kit_teardown(void **state);
void kit_restart(const struct sfu_options *options); /* fields that are 0 are filled in */

/* A browser with a microphone, a camera of three layers (or one), a screen, and slots. */
struct sfu_params kit_params(bool simulcast, unsigned audio, unsigned video, unsigned screen);
/* Joins under the next number, unmuted with its camera on, up at its own address. */
struct kit_peer *kit_join(const struct sfu_params *params);
struct kit_peer *kit_join_only(const struct sfu_params *params); /* not connected */
void kit_connect(struct kit_peer *peer);
void kit_check(const struct kit_peer *peer, const struct ice_tuple *from); /* ICE, with its password */
void kit_view(struct kit_peer *who, const struct kit_peer *whom, enum sfu_source source, uint16_t height);
void kit_view_all(struct kit_peer *who, uint16_t height);

void kit_wait(int64_t ms); /* with a tick each 5 ms */
void kit_flush(void);

/* ---- sending ---- */

struct kit_frame {
	unsigned packets; /* 0 = 1 */
	size_t size;      /* of a payload, 0 = 500 */
	bool is_key, without_marker;
	uint16_t height; /* 0 = 180, 360, 720 by layer */
	uint32_t lose;   /* bits: packets that do not arrive */
	uint32_t delay;  /* bits: packets that arrive with kit_arrive() only */
	uint8_t tid;     /* temporal layer */
	bool is_sync;
	size_t last_size;
};
/* A frame of a layer (index in streams), 33 ms after the last in RTP time unless `step` says otherwise. Not flushed. */
void kit_video(struct kit_peer *peer, unsigned layer, const struct kit_frame *frame);
void kit_arrive(void);                                                  /* in their order */
void kit_frames(struct kit_peer *peer, unsigned layer, unsigned count); /* small ones, 33 ms apart, with ticks */
void kit_key(struct kit_peer *peer, unsigned layer);                    /* a key frame, flushed */
void kit_audio(struct kit_peer *peer, uint8_t level);                   /* 20 ms of it; flushed */
void kit_audio_payload(struct kit_peer *peer, uint8_t level, uint8_t pt, const void *payload, size_t len);
void kit_repeat(struct kit_peer *peer, unsigned layer, uint16_t seq, bool is_key, uint32_t timestamp,
		uint16_t picture_id); /* by RTX */
void kit_padding(struct kit_peer *peer, unsigned layer, bool by_rtx);
void kit_rtcp(struct kit_peer *peer, const uint8_t *data, size_t len);
void kit_pli(struct kit_peer *peer, unsigned slot);
void kit_nack(struct kit_peer *peer, unsigned slot, const uint16_t *seqs, size_t count);
void kit_sr(struct kit_peer *peer, unsigned layer, int64_t wall_us, uint32_t timestamp);
void kit_raw(const struct ice_tuple *from, const void *data, size_t len);
size_t kit_seal(struct kit_peer *peer, uint8_t *data, size_t header_len, size_t len, uint64_t index);

/* ---- what came ---- */

/* The next packet of a slot (its media, or its RTX) that was not read yet; NULL = none. Frees nothing: valid until teardown. */
const struct kit_got *kit_next(struct kit_peer *peer, unsigned slot, bool rtx);
size_t kit_count(const struct kit_peer *peer, unsigned slot, bool rtx); /* all that ever came */
/* Walks all that came in a slot of video, as a decoder would: numbers without gaps but `gaps` (KIT_ANY: some), timestamps that never go back, picture ids
 * and indices that rise by one a frame. Fails the test otherwise; gives the frames. */
size_t kit_watch(const struct kit_peer *peer, unsigned slot, unsigned gaps);
void kit_forget(struct kit_peer *peer);                                               /* what came so far is read */
bool kit_event(enum sfu_event_kind kind, uint32_t peer, struct sfu_event *event_out); /* reads up to it */
void kit_no_events(void);                                                             /* reads all */
uint64_t kit_drops(enum sfu_drop why);
struct sfu_peer_stats kit_stats(const struct kit_peer *peer);

#endif
