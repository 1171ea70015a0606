/* A sender, a link and a receiver in virtual time: one bottleneck with a queue, delay, jitter and loss, and feedback that comes back
 * over a path of its own. Seeded; 1 ms steps. */
#ifndef AT_MEDIA_BWE_BWE_TESTKIT_H
#define AT_MEDIA_BWE_BWE_TESTKIT_H

#include "media/bwe/bwe.h"

enum { SIM_QUEUE_MAX = 4096, SIM_REPORTS_MAX = 16, SIM_REPORT_PACKETS = 2048 };

struct sim_packet {
	uint32_t bytes;
	uint16_t seq;
};

struct sim_report {
	int64_t at_us;
	size_t count;
	struct bwe_arrival arrivals[SIM_REPORT_PACKETS];
};

struct sim_link {
	double bps;
	int64_t queue_max_us; /* bytes that take so long at this rate; more are dropped */
	int64_t delay_us, jitter_us;
	double loss;            /* uniform */
	double bad_loss;        /* in the bad state of Gilbert and Elliott */
	double go_bad, go_good; /* chances a packet */
	int64_t feedback_us;    /* interval */
	double feedback_loss;
	bool no_feedback;
	double policer_bps; /* drops above it without queueing; 0 = none */
};

struct sim_source {
	uint32_t most_bps, wanted_bps; /* what media would send, what probes may look for */
	unsigned fps;
	bool no_probes;
	bool is_stubborn;  /* sends most_bps whatever the estimate */
	double noise;      /* of frame sizes, share of the mean */
	size_t more_bytes; /* with the next frame: a key frame */
	bool tells;        /* bwe_burst() of it */
};

struct sim {
	struct bwe bwe;
	struct pacer pacer;
	struct sim_link link;
	struct sim_source source;
	int64_t now_us, busy_us, skew_us; /* skew: the receiver's clock minus ours */
	uint64_t random;
	uint16_t seq;
	/* link */
	struct sim_packet queue[SIM_QUEUE_MAX];
	size_t head, queued;
	uint64_t queued_bytes;
	int64_t last_arrival_us;
	double credit_bytes, policer_bytes;
	bool is_bad;
	/* receiver */
	struct bwe_arrival pending[SIM_REPORT_PACKETS];
	size_t pending_count;
	uint16_t next_report_seq;
	int64_t report_us;
	struct sim_report reports[SIM_REPORTS_MAX];
	size_t reports_head, reports_count;
	/* source */
	int64_t frame_us;
	size_t left_bytes; /* too few for a packet of their own */
	/* counters */
	uint64_t media_bytes, padding_bytes, lost, sent, feedbacks;
};

/* Frame rate, delay and feedback interval go with the seed too. */
void sim_init(struct sim *s, uint64_t seed, double link_bps);
void sim_run(struct sim *s, int64_t ms);
uint32_t sim_estimate(struct sim *s);
int64_t sim_queue_ms(const struct sim *s); /* how long what is queued would take */
/* Runs on; the lowest, highest and mean estimate each 20 ms, and the longest queue. */
struct sim_seen {
	uint32_t low, high, mean;
	int64_t queue_ms;
};
struct sim_seen sim_watch(struct sim *s, int64_t ms);
/* Runs until the estimate is within these, at most for most_ms; the time it took, -1 = did not get there. */
int64_t sim_until(struct sim *s, double least_bps, double most_bps, int64_t most_ms);
double sim_random(struct sim *s); /* 0 to 1 */

#endif
