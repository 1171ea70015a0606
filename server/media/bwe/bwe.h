/* How much one subscriber's downlink takes, seen from the sender: transport-wide feedback in (draft-holmer-rmcat-transport-wide-cc-01),
 * an estimate in bit/s out. In the form of GoogCC (draft-ietf-rmcat-gcc-02): the slope of the one-way delay, a loss controller, the rate
 * that was acknowledged, and probes where the picture alone sends too little to tell.
 *
 * Sans-IO: numbers in, numbers out; time is an argument, in microseconds of any clock that never runs backwards. No allocation: the
 * struct is embedded where it is used, set up once by its _init, and needs no release. Its fields are this module's. Whatever a peer
 * can put into feedback (numbers never sent, repeated, in any order, arrival times of any size) is at worst ignored. One loop.
 *
 * What to call when:
 *   every packet with a transport-wide number   bwe_sent() and pacer_sent(), with the cluster that pacer_cluster() gives
 *   every key frame                             bwe_burst()
 *   every transport-cc feedback                 bwe_feedback()
 *   every REMB                                  bwe_remb()
 *   every 5 to 25 ms                            bwe_probe_want() -> pacer_probe(); pacer_padding() -> that many bytes of padding or RTX
 *   when layers are chosen                      bwe_estimate_bps() and bwe_stable_min_bps() -> alloc.h */
#ifndef AT_MEDIA_BWE_BWE_H
#define AT_MEDIA_BWE_BWE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BWE_INIT_BPS = 800 * 1000,
	BWE_MIN_BPS = 100 * 1000,
	BWE_MAX_BPS = 30 * 1000 * 1000,
	BWE_SENT_MAX = 1024, /* packets remembered; a power of two. Feedback on older ones is ignored. */
	BWE_TREND_MAX = 60,  /* delay samples in the slope */
	BWE_FEEDBACK_TIMEOUT_US = 1000 * 1000,
	BWE_GENERATION_US = 2500 * 1000,
};

/* ---- private parts, here so that the struct can be embedded ---- */

struct bwe_packet {
	uint32_t sent_us; /* low half of the time */
	uint16_t bytes;
	uint8_t cluster;
	uint8_t state;
};

struct bwe_group { /* packets sent within 5 ms */
	int64_t first_sent_us, last_sent_us, first_arrival_us, arrival_us;
	bool is_used;
};

struct bwe_trend {
	uint32_t at_us[BWE_TREND_MAX]; /* ring: arrival, wrapping */
	float delay_ms[BWE_TREND_MAX]; /* accumulated and smoothed */
	struct bwe_group group, before;
	int64_t over_since_us, updated_us;        /* over_since_us 0 = not over */
	double accumulated_ms, base_ms, queue_ms; /* base: the lowest of late; queue: above it */
	double smoothed_ms, slope, slope_before, threshold;
	uint8_t used, next, over_samples, backward, use;
	bool is_fresh; /* a sample since it was last looked at */
};

struct bwe_acked {
	int64_t window_from_us, last_us;
	uint64_t window_bytes;
	double bps; /* 0 = nothing known */
	bool has_gap;
};

struct bwe_loss {
	int64_t from_us;                    /* of the window; may lie ahead */
	uint64_t told_bytes, got_bytes;     /* of what feedback told about */
	uint64_t sent_from;                 /* the total at its start */
	uint32_t lost, got, overuses, held; /* held: windows in a row that kept the rate from rising */
	double last, ratio;                 /* of the last window; smoothed, without those in which the delay told */
	double inherent;                    /* what stays when the rate is lowered */
	double suspect;                     /* the ratio that made the rate fall; 0 = none under test */
	double before_bps, to_bps;          /* from where, to where */
	double helped_bps;                  /* where it was lowered to when the loss ended */
	int64_t helped_us;
	double inherent_bps; /* the highest rate known to lose no more than that */
	bool holds;
};

struct bwe_cluster {
	int64_t first_sent_us, last_sent_us, first_arrival_us, last_arrival_us, until_us;
	uint64_t sent_bytes, got_bytes;
	uint32_t first_got_bytes, last_sent_bytes, bps, sent, got, lost;
	uint8_t id; /* 0 = none */
};

struct bwe {
	struct bwe_packet sent[BWE_SENT_MAX];
	struct bwe_trend trend;
	struct bwe_acked acked;
	struct bwe_loss loss;
	struct bwe_cluster cluster;
	int64_t now_us, newest_seq, reported_seq; /* extended; -1 = nothing yet */
	/* the last packet; the first since the last feedback, 0 = none */
	int64_t sent_us, unanswered_us;
	int64_t feedback_us, remb_us, decayed_us;        /* 0 = never */
	int64_t changed_us, decreased_us, generation_us; /* of the estimate */
	/* burst: until a probe ends, too */
	int64_t drain_began_us, drain_us, probe_next_us, probe_interval_us, burst_us;
	int64_t rate_from_us, proved_from_us;
	double bps, min_now_bps, min_before_bps;
	double proved_bps, proved_before_bps; /* highest rate that came through, this and the last generation */
	double link_bps, link_variance;       /* 0 = unknown */
	double sending_bps, drain_bps, drain_queue_ms; /* what arrived, and the queue, when draining began */
	uint64_t rate_bytes, sent_bytes;
	uint32_t remb_bps, rtt_us, probes, probes_ok, overuses;
	uint16_t burst_ms; /* what the bytes of the last one take */
	uint8_t cluster_last;
	bool is_alr;      /* little is sent: application-limited */
	bool is_chained;  /* the next probe follows one that got through */
	bool is_silent;   /* feedback has stopped */
	bool is_draining; /* a long queue */
};

/* ---- the estimate ---- */

void bwe_init(struct bwe *b, int64_t now_us);

/* A packet left. seq: its transport-wide number, 16 bits, counting up by one and wrapping. bytes: on the wire, without IP and UDP.
 * probe_cluster: as pacer_cluster() said, 0 = of no probe. */
void bwe_sent(struct bwe *b, int64_t now_us, uint16_t seq, size_t bytes, uint8_t probe_cluster);

/* So many bytes of a picture that is much larger than others leave: for a second, the queue that they make is no congestion. */
void bwe_burst(struct bwe *b, int64_t now_us, size_t bytes);

struct bwe_arrival {
	int64_t arrival_us; /* the receiver's clock, any zero; only with has_arrived */
	uint16_t seq;
	bool has_arrived;
};
/* One feedback message, in the order of seq. rtt_us: from receiver reports, 0 = unknown (then guessed from the feedback itself). */
void bwe_feedback(struct bwe *b, int64_t now_us, const struct bwe_arrival *arrivals, size_t count, int64_t rtt_us);

/* The receiver's own estimate. Decides only while there is no transport-cc: the estimate then follows it. */
void bwe_remb(struct bwe *b, int64_t now_us, uint64_t bps);

/* BWE_MIN_BPS to BWE_MAX_BPS. It covers what has transport-wide numbers: audio without them comes on top. Falls while packets leave and
 * no feedback comes for BWE_FEEDBACK_TIMEOUT_US; stays while little or nothing is sent. */
uint32_t bwe_estimate_bps(struct bwe *b, int64_t now_us);
/* The lowest estimate of this and the last generation, hence of the last 2.5 to 5 s, and no more than where the link was seen to end: what
 * a new layer must fit. Begins anew with a probe that the link kept up with, and when a queue has drained. */
uint32_t bwe_stable_min_bps(struct bwe *b, int64_t now_us);

/* How fast a large picture may leave, with all that leaves beside it: at the estimate where the link's end is known, else at 2.5 times, as
 * the estimate may be no more than what was needed so far. */
uint32_t bwe_burst_bps(struct bwe *b, int64_t now_us);

/* ---- probes ---- */

struct bwe_probe {
	uint32_t bps;         /* to send at, media and padding together */
	uint32_t duration_us; /* for so long */
	uint8_t cluster;      /* 1 to 255: the number its packets get */
};
/* True: a probe is due, and counts as begun. wanted_bps: what all that is wanted would need (alloc_wanted_bps()); no probe
 * goes far above it and none is due while the estimate covers it. Due at the start, when a drop seems to be over, and else after 3 s and
 * then ever more rarely, up to 8 s, as long as probes find nothing: they are 80 ms long, at 1.3 to 3 times the estimate. */
bool bwe_probe_want(struct bwe *b, int64_t now_us, uint32_t wanted_bps, struct bwe_probe *probe_out);

/* ---- for statistics ---- */

enum bwe_use { BWE_NORMAL, BWE_OVERUSE, BWE_UNDERUSE };
struct bwe_state {
	enum bwe_use use;
	uint32_t estimate_bps, stable_min_bps, acked_bps, sending_bps, rtt_us;
	uint32_t loss_permille, inherent_loss_permille; /* of the last second or so */
	uint32_t probes, probes_ok, overuses;
	bool is_app_limited, is_by_remb;
};
void bwe_state(struct bwe *b, int64_t now_us, struct bwe_state *out);

/* ---- pacer: when padding may be sent ---- */

/* A leaky bucket. It holds no packets and never delays media; it only knows how far what was sent is ahead of 2.5 times the target,
 * and lets padding go when it is not. */
struct pacer {
	int64_t updated_us, probe_until_us;
	int64_t level_bytes; /* below 0: debt */
	uint32_t target_bps, probe_bps;
	uint8_t cluster;
};
enum { PACER_DEBT_MAX_MS = 500 };

void pacer_init(struct pacer *p, int64_t now_us);
void pacer_set_target(struct pacer *p, int64_t now_us, uint32_t bps); /* the estimate */
void pacer_probe(struct pacer *p, int64_t now_us, const struct bwe_probe *probe);
/* The cluster to stamp on every packet that leaves now, media too; 0 = none. */
uint8_t pacer_cluster(const struct pacer *p, int64_t now_us);
void pacer_sent(struct pacer *p, int64_t now_us, size_t bytes);
/* How many bytes of padding are to leave now: what a running probe lacks, 0 without one or in debt. */
size_t pacer_padding(struct pacer *p, int64_t now_us);

#endif
