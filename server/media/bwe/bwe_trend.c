#include "media/bwe/bwe_priv.h"

#include <string.h>

/* Signal's figures. A slope of .052 is GoogCC's 12.5 ms of its modified trend (60 deltas x gain 4). */
static const double THRESHOLD_FIRST = .052, THRESHOLD_LOW = .025, THRESHOLD_HIGH = 2.5;
static const double THRESHOLD_UP_PER_MS = .0087, THRESHOLD_DOWN_PER_MS = .039;
static const double THRESHOLD_OUTLIER = 15. / 240;
/* GoogCC's .9 a sample, at the rate of a busy link; by time, since with few frames a second it would look at what is long over. */
static const double SMOOTHING_MS = 60;
static const double DRIFT = 1e-3; /* far above what two clocks differ by, far below what a queue is about */

enum {
	BURST_US = 5 * 1000,
	BURST_MAX_US = 100 * 1000,
	DELTA_MAX_US = 3000 * 1000,
	WINDOW_US = 1000 * 1000, /* few groups a second must not make the slope look at what is long over */
	SAMPLES_MIN = 10,
	SPAN_US = 250 * 1000,
	OVER_US = 10 * 1000,
	QUEUE_MIN_MS = 30, /* larger frames take longer on the wire: that is no queue yet */
	BACKWARD_MAX = 3,
};

void bwe_trend_init(struct bwe_trend *t)
{
	*t = (struct bwe_trend){.threshold = THRESHOLD_FIRST, .use = BWE_NORMAL};
}

/* After a jump of either clock: what is known of the delay is void, what was learnt of the threshold is not. */
static void restart(struct bwe_trend *t)
{
	double threshold = t->threshold;
	bwe_trend_init(t);
	t->threshold = threshold;
}

static void push(struct bwe_trend *t, int64_t arrival_us)
{
	t->at_us[t->next] = (uint32_t)arrival_us;
	t->delay_ms[t->next] = (float)t->smoothed_ms;
	t->next = (uint8_t)((t->next + 1) % BWE_TREND_MAX);
	if (t->used < BWE_TREND_MAX)
		t->used++;
	uint8_t oldest = (uint8_t)((t->next + BWE_TREND_MAX - t->used) % BWE_TREND_MAX);
	while (t->used > SAMPLES_MIN && (uint32_t)arrival_us - t->at_us[oldest] > WINDOW_US) {
		oldest = (uint8_t)((oldest + 1) % BWE_TREND_MAX);
		t->used--;
	}
}

/* Least squares of delay over arrival, both relative to the newest sample. Within a short time jitter looks like any slope: counts in
 * proportion. */
static double slope_of(const struct bwe_trend *t)
{
	uint8_t newest = (uint8_t)((t->next + BWE_TREND_MAX - 1) % BWE_TREND_MAX);
	double sx = 0, sy = 0, sxx = 0, sxy = 0, n = t->used;
	for (unsigned i = 0; i < t->used; i++) {
		unsigned at = (newest + BWE_TREND_MAX - i) % BWE_TREND_MAX;
		double x = -(double)(t->at_us[newest] - t->at_us[at]) / 1000;
		double y = (double)t->delay_ms[at] - (double)t->delay_ms[newest];
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	double below = n * sxx - sx * sx;
	uint8_t oldest = (uint8_t)((t->next + BWE_TREND_MAX - t->used) % BWE_TREND_MAX);
	double span = (double)(t->at_us[newest] - t->at_us[oldest]) / SPAN_US;
	return below > 1 ? bwe_min(span, 1) * (n * sxy - sx * sy) / below : 0;
}

/* Follows the noise of the path, so that another TCP in the same queue does not starve us; quickly down, slowly up. */
static void adapt_threshold(struct bwe_trend *t, double ms)
{
	double size = t->slope < 0 ? -t->slope : t->slope;
	if (size > t->threshold + THRESHOLD_OUTLIER)
		return;
	double k = size < t->threshold ? THRESHOLD_DOWN_PER_MS : THRESHOLD_UP_PER_MS;
	t->threshold += k * (size - t->threshold) * bwe_min(ms, 100);
	t->threshold = bwe_max(THRESHOLD_LOW, bwe_min(THRESHOLD_HIGH, t->threshold));
}

static void judge(struct bwe_trend *t, int64_t arrival_us)
{
	if (t->slope > t->threshold && t->queue_ms > QUEUE_MIN_MS) {
		if (!t->over_since_us)
			t->over_since_us = arrival_us ? arrival_us : 1;
		if (t->over_samples < UINT8_MAX)
			t->over_samples++;
		if (arrival_us - t->over_since_us > OVER_US && t->over_samples > 1 && t->slope >= t->slope_before)
			t->use = BWE_OVERUSE;
	} else {
		t->over_since_us = 0;
		t->over_samples = 0;
		t->use = t->slope < -t->threshold ? BWE_UNDERUSE : BWE_NORMAL;
	}
}

static void add_delta(struct bwe_trend *t, double delta_ms, int64_t arrival_us)
{
	int64_t elapsed_us = t->updated_us ? bwe_max64(arrival_us - t->updated_us, 0) : 0;
	double ms = bwe_min((double)elapsed_us, DELTA_MAX_US) / 1000;
	t->updated_us = arrival_us;
	t->accumulated_ms += delta_ms;
	t->smoothed_ms += (t->accumulated_ms - t->smoothed_ms) * (ms + 1) / (ms + 1 + SMOOTHING_MS);
	t->base_ms = bwe_min(t->base_ms + DRIFT * ms, t->smoothed_ms);
	t->queue_ms = t->smoothed_ms - t->base_ms;
	push(t, arrival_us);
	t->slope_before = t->slope;
	t->slope = t->used >= SAMPLES_MIN ? slope_of(t) : 0;
	judge(t, arrival_us);
	adapt_threshold(t, ms);
	t->is_fresh = true;
}

static void finish_group(struct bwe_trend *t)
{
	const struct bwe_group *g = &t->group, *before = &t->before;
	int64_t sent = g->last_sent_us - before->last_sent_us, arrived = g->arrival_us - before->arrival_us;
	if (arrived - sent > DELTA_MAX_US || arrived < -DELTA_MAX_US) {
		restart(t);
		return;
	}
	if (arrived < 0) {
		if (++t->backward >= BACKWARD_MAX)
			restart(t);
		return;
	}
	t->backward = 0;
	add_delta(t, (double)(arrived - sent) / 1000, g->arrival_us);
}

/* Packets sent together, or piled up by the path and released together, are one observation. */
static bool belongs(const struct bwe_group *g, int64_t sent_us, int64_t arrival_us)
{
	if (sent_us - g->first_sent_us <= BURST_US)
		return true;
	int64_t arrived = arrival_us - g->arrival_us;
	return arrived >= 0 && arrived <= BURST_US && arrived < sent_us - g->last_sent_us &&
	       arrival_us - g->first_arrival_us < BURST_MAX_US;
}

void bwe_trend_add(struct bwe_trend *t, int64_t sent_us, int64_t arrival_us)
{
	struct bwe_group *g = &t->group;
	if (g->is_used && sent_us < g->first_sent_us)
		return;
	if (g->is_used && belongs(g, sent_us, arrival_us)) {
		g->last_sent_us = bwe_max64(g->last_sent_us, sent_us);
		g->arrival_us = bwe_max64(g->arrival_us, arrival_us);
		return;
	}
	struct bwe_group finished = *g;
	if (finished.is_used && t->before.is_used)
		finish_group(t);
	t->before = finished;
	t->group = (struct bwe_group){sent_us, sent_us, arrival_us, arrival_us, true};
}
