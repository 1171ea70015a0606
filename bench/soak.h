/* A call that lives beside a flood: strangers send garbage, ClientHellos, STUN and SRTP to the media port while two legs talk. */
#ifndef AT_BENCH_SOAK_H
#define AT_BENCH_SOAK_H

#include "bench/media.h"

struct soak_plan {
	double seconds;
	unsigned packets_per_s; /* of the strangers; 0 = none */
	uint64_t seed;
	int cpu; /* the role is pinned to it; -1 = not */
};

struct soak_result {
	uint64_t strange, live_sent, live_came; /* packets */
	uint64_t intruders;                     /* packets that came to a leg and were not the other leg's */
	uint64_t strange_bytes, reply_bytes;    /* to and from strangers */
	uint64_t live_p99_us;
	uint64_t rss_before, rss_after; /* of the role, after a second of it and at the end */
	uint64_t events[MEDIA_EVENT_COUNT];
	struct media_stats stats;
	bool still_passes; /* both ways, when it is over */
};
void soak_run(const struct soak_plan *plan, struct soak_result *result_out);

#endif
