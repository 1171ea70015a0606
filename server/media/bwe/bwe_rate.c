#include "media/bwe/bwe_priv.h"

enum {
	ACKED_FIRST_US = 500 * 1000,
	ACKED_WINDOW_US = 150 * 1000,
	ACKED_IDLE_US = 2000 * 1000,
	AGAIN_MIN_US = 50 * 1000, /* a decrease shows after the round trip, and not before this */
	AGAIN_MAX_US = 400 * 1000,
	AGAIN_DRAINING_US = 500 * 1000,
	LONG_QUEUE_MS = 200,
	BURST_QUEUE_MS = 90,
	BURST_SHADOW_US = 1000 * 1000, /* as long as the slope looks back */
	SHORT_QUEUE_MS = 60,
	STANDING_US = 1000 * 1000,
	DRAIN_US = 3000 * 1000,
	DRAIN_AIM_US = 1000 * 1000,
	DRAIN_MS = 50, /* what must be gone by then */
	INCREASE_MAX_US = 1000 * 1000,
	PACKET_BITS = 1200 * 8,
	RESPONSE_US = 100 * 1000,
	PROVED_US = 5000 * 1000,
};
static const double ACKED_WEIGHT = .4, DECREASE = .85, DECREASE_NEAR = .92, DECREASE_LONG = .7, INCREASE_A_SECOND = .08,
		    AHEAD_MAX = 1.5;
static const double VARIANCE_LOW = .4, VARIANCE_HIGH = 2.5;
static const double AHEAD_MIN_BPS = 10e3, LINK_WEIGHT = .05, NARROWER = .8, NEAR = .9, BEYOND = 1.04, BEYOND_BPS = 20e3,
		    BIG_DROP = .66;

/* ---- what arrives ---- */

void bwe_acked_add(struct bwe_acked *a, int64_t arrival_us, size_t bytes)
{
	if (a->has_gap && arrival_us > a->last_us) /* the time nobody told of does not count */
		a->window_from_us += arrival_us - a->last_us;
	a->has_gap = false;
	a->last_us = arrival_us;
	int64_t elapsed = arrival_us - a->window_from_us;
	if (!a->window_from_us || elapsed < -ACKED_WINDOW_US || elapsed > ACKED_IDLE_US) {
		a->window_from_us = arrival_us;
		a->window_bytes = bytes;
		return;
	}
	if (elapsed >= (a->bps > 0 ? ACKED_WINDOW_US : ACKED_FIRST_US)) {
		double sample = (double)a->window_bytes * 8e6 / (double)elapsed;
		a->bps = a->bps > 0 ? a->bps + ACKED_WEIGHT * (sample - a->bps) : sample;
		a->window_from_us = arrival_us;
		a->window_bytes = 0;
	}
	a->window_bytes += bytes;
}

/* ---- the estimate ---- */

void bwe_roll(struct bwe *b)
{
	int64_t age = b->now_us - b->generation_us;
	if (age >= BWE_GENERATION_US) {
		b->min_before_bps = age >= 2 * BWE_GENERATION_US ? b->bps : b->min_now_bps;
		b->min_now_bps = b->bps;
		b->generation_us = b->now_us;
	}
	age = b->now_us - b->proved_from_us;
	if (age >= PROVED_US) {
		b->proved_before_bps = age >= 2 * PROVED_US ? 0 : b->proved_bps;
		b->proved_bps = 0;
		b->proved_from_us = b->now_us;
	}
}

void bwe_set(struct bwe *b, double bps)
{
	bwe_roll(b);
	b->bps = bwe_max(BWE_MIN_BPS, bwe_min(BWE_MAX_BPS, bps));
	b->min_now_bps = bwe_min(b->min_now_bps, b->bps);
	b->changed_us = b->now_us;
}

void bwe_prove(struct bwe *b, double bps)
{
	bwe_roll(b);
	b->proved_bps = bwe_max(b->proved_bps, bps);
}

/* ---- where the link seems to end ---- */

/* More than three standard deviations below, or two above, which only happens when it was taken for less than it is. In squares,
 * kbit/s. */
static bool is_off_link(const struct bwe *b)
{
	double off = (b->acked.bps - b->link_bps) / 1000;
	return off * off > (off > 0 ? 4 : 9) * b->link_variance * b->link_bps / 1000;
}

double bwe_link_end(const struct bwe *b)
{
	return b->link_bps > 0 ? BEYOND * b->link_bps + BEYOND_BPS : BWE_MAX_BPS;
}

/* The variance is normalised by the rate, in kbit/s, and bounded: one odd sample must not make everything look near. */
static void learn_link(struct bwe *b, double bps)
{
	if (b->link_bps <= 0) {
		b->link_bps = bps;
		b->link_variance = VARIANCE_LOW;
		return;
	}
	b->link_bps += LINK_WEIGHT * (bps - b->link_bps);
	double error = (bps - b->link_bps) / 1000;
	double variance = error * error / bwe_max(b->link_bps / 1000, 1);
	b->link_variance += LINK_WEIGHT * (variance - b->link_variance);
	b->link_variance = bwe_max(VARIANCE_LOW, bwe_min(VARIANCE_HIGH, b->link_variance));
}

void bwe_learn_end(struct bwe *b, double bps)
{
	b->link_bps = bps;
	b->link_variance = VARIANCE_LOW;
}

/* So short that pictures which happen to come together may have made it. */
static bool is_short_queue(const struct bwe *b)
{
	bool is_burst = b->now_us < b->burst_us + BURST_SHADOW_US;
	return b->trend.queue_ms < BURST_QUEUE_MS + (is_burst ? b->burst_ms : 0);
}

static void check_link(struct bwe *b)
{
	if (b->link_bps <= 0)
		return;
	if (b->acked.bps > b->link_bps && is_off_link(b)) {
		b->link_bps = 0;
		bwe_probe_soon(b, 0); /* it was narrower: look how wide it is now */
	} else if (b->acked.bps < NARROWER * b->link_bps && b->trend.use == BWE_OVERUSE && !is_short_queue(b)) {
		b->link_bps = 0;
	}
}

/* ---- up and down ---- */

/* The slope lags behind the queue: once less is sent than arrives, it needs time to tell. */
static bool may_decrease(const struct bwe *b)
{
	int64_t rtt = b->rtt_us < AGAIN_MIN_US ? AGAIN_MIN_US : b->rtt_us > AGAIN_MAX_US ? AGAIN_MAX_US : b->rtt_us;
	int64_t again = b->bps < .95 * b->acked.bps ? rtt + AGAIN_DRAINING_US : rtt;
	/* A probe or a key frame made a queue of its own, and that one ends. So does one on a link that is known to take more. */
	bool is_burst = b->now_us < b->burst_us + BURST_SHADOW_US || b->acked.bps < NEAR * b->link_bps;
	if (is_burst && is_short_queue(b))
		return false;
	return b->acked.bps > 0 && b->now_us - b->decreased_us >= again;
}

void bwe_burst(struct bwe *b, int64_t now_us, size_t bytes)
{
	if (now_us > b->burst_us + BURST_SHADOW_US)
		b->burst_ms = 0;
	double ms = b->burst_ms + (double)bytes * 8e3 / b->bps;
	b->burst_ms = (uint16_t)bwe_min(ms, LONG_QUEUE_MS - BURST_QUEUE_MS);
	b->burst_us = bwe_max64(b->burst_us, now_us);
}

static void begin_draining(struct bwe *b)
{
	if (!b->is_draining)
		b->drain_began_us = b->now_us;
	b->is_draining = true;
	b->drain_us = b->now_us;
	b->drain_queue_ms = b->trend.queue_ms;
	b->drain_bps = b->acked.bps;
}

/* How much of what arrives is to be sent: a long queue is drained at once, at the known end of the link a little is enough. */
static double share_after(struct bwe *b)
{
	if (b->trend.queue_ms > LONG_QUEUE_MS) {
		begin_draining(b);
		return DECREASE_LONG;
	}
	return b->acked.bps >= NEAR * b->link_bps && b->link_bps > 0 ? DECREASE_NEAR : DECREASE;
}

static void decrease(struct bwe *b)
{
	if (!may_decrease(b))
		return;
	double share = share_after(b), to = share * b->acked.bps;
	if (b->is_alr && !b->is_draining) /* what arrives says little about what would, without a long queue */
		to = bwe_max(to, share * b->bps);
	else
		learn_link(b, b->acked.bps);
	b->overuses++;
	b->decreased_us = b->now_us;
	if (to < BIG_DROP * b->bps)
		bwe_probe_soon(b, 3000 * 1000);
	bwe_set(b, bwe_min(to, b->bps));
	b->proved_bps = b->proved_before_bps = 0;
}

/* While a queue drains the link is busy: what arrives is what it takes. */
static void end_draining(struct bwe *b)
{
	b->is_draining = false;
	bwe_learn_end(b, b->acked.bps);
	bwe_set(b, bwe_max(b->bps, DECREASE_NEAR * b->acked.bps));
	b->min_now_bps = b->min_before_bps = b->bps; /* it was so low in order to drain */
}

/* Less was sent and the delay stayed: it is the path that has become longer. */
static void take_for_path(struct bwe *b)
{
	b->is_draining = false;
	b->trend.base_ms = b->trend.smoothed_ms;
	b->trend.queue_ms = 0;
	bwe_set(b, bwe_max(b->bps, b->drain_bps));
}

static void watch_draining(struct bwe *b)
{
	if (b->trend.queue_ms <= SHORT_QUEUE_MS) {
		end_draining(b);
		/* what arrived when it began may have been the past */
	} else if (b->now_us - b->drain_began_us < DRAIN_AIM_US) {
		bwe_set(b, bwe_min(b->bps, DECREASE_LONG * b->acked.bps));
	} else if (b->now_us - b->drain_us > DRAIN_US) {
		if (b->trend.queue_ms > b->drain_queue_ms - DRAIN_MS)
			take_for_path(b);
		b->drain_us = b->now_us;
		b->drain_queue_ms = b->trend.queue_ms;
	}
}

/* A queue that neither grows nor falls has no slope, and still delays everything. */
static void look_for_standing_queue(struct bwe *b)
{
	if (b->trend.queue_ms <= LONG_QUEUE_MS || b->trend.use != BWE_NORMAL || b->acked.bps <= 0 ||
	    b->now_us - b->decreased_us < STANDING_US)
		return;
	begin_draining(b);
	b->decreased_us = b->now_us;
	bwe_set(b, bwe_min(b->bps, DECREASE_LONG * b->acked.bps));
}

static void increase(struct bwe *b)
{
	int64_t elapsed = b->now_us - b->changed_us;
	double seconds = (double)(elapsed < INCREASE_MAX_US ? elapsed : INCREASE_MAX_US) / 1e6;
	double proved = bwe_max(b->proved_bps, b->proved_before_bps);
	double limit = bwe_max(AHEAD_MAX * b->acked.bps + AHEAD_MIN_BPS, proved);
	limit = bwe_min(limit, bwe_link_end(b));
	double by = INCREASE_A_SECOND * b->bps;
	if (b->is_alr || b->is_draining || b->loss.holds || b->bps >= limit) {
		b->changed_us = b->now_us;
		return;
	}
	if (b->link_bps > 0 && !is_off_link(b))
		by = PACKET_BITS * 1e6 / ((double)b->rtt_us + RESPONSE_US);
	bwe_set(b, bwe_min(b->bps + by * seconds, limit));
}

void bwe_rate_update(struct bwe *b)
{
	bool is_fresh = b->trend.is_fresh;
	b->trend.is_fresh = false;
	check_link(b);
	if (b->is_draining)
		watch_draining(b);
	else if (is_fresh)
		look_for_standing_queue(b);
	bwe_prove(b, b->acked.bps);
	if (b->trend.use == BWE_OVERUSE) {
		if (is_fresh)
			decrease(b);
		b->changed_us = b->now_us;
	} else if (b->trend.use == BWE_UNDERUSE) {
		b->changed_us = b->now_us; /* let the queue drain first */
	} else {
		increase(b);
	}
}
