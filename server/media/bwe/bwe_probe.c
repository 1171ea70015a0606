#include "media/bwe/bwe_priv.h"

enum {
	INTERVAL_MIN_US = 3000 * 1000,
	/* a link that has become wider is to be found within 10 s; a probe is 1 % of that */
	INTERVAL_MAX_US = 8 * 1000 * 1000,
	DURATION_US = 80 * 1000,
	DURATION_REMB_US = 1000 * 1000, /* a receiver looks at whole seconds */
	ANSWER_US = 1000 * 1000,        /* after its end, at the latest */
	CALM_US = 1000 * 1000,          /* after a decrease */
	FEEDBACK_US = 2000 * 1000,
	PACKETS_MIN = 5,
	SPAN_MIN_US = 10 * 1000,
};
static const double FIRST = 3, CHAINED = 2, APP_LIMITED = 2, BUSY = 1.3, OVERAGE = 1.2, ENOUGH = 1.02;
static const double KEPT_UP = .9, SAFETY = .95, PROGRESS = 1.1;

void bwe_probe_soon(struct bwe *b, int64_t in_us)
{
	b->probe_interval_us = INTERVAL_MIN_US;
	b->probe_next_us = b->now_us + in_us;
}

void bwe_probe_later(struct bwe *b)
{
	b->probe_interval_us = INTERVAL_MAX_US;
	b->probe_next_us = b->now_us + INTERVAL_MAX_US;
}

static bool has_feedback(const struct bwe *b)
{
	int64_t last = bwe_max64(b->feedback_us, b->remb_us);
	return last && b->now_us - last < FEEDBACK_US;
}

static bool is_calm(const struct bwe *b)
{
	return b->trend.use != BWE_OVERUSE && !b->is_draining && b->now_us - b->decreased_us >= CALM_US &&
	       !b->loss.holds;
}

static void begin(struct bwe *b, uint32_t wanted_bps, struct bwe_probe *out)
{
	double factor = !b->probes ? FIRST : b->is_chained ? CHAINED : b->is_alr ? APP_LIMITED : BUSY;
	double bps = bwe_min(bwe_min(OVERAGE * wanted_bps, factor * b->bps), BWE_MAX_BPS);
	b->cluster_last = (uint8_t)(b->cluster_last % UINT8_MAX + 1);
	*out = (struct bwe_probe){
		.bps = (uint32_t)bps,
		.duration_us = b->feedback_us ? DURATION_US
			       : b->remb_us   ? DURATION_REMB_US
					      : DURATION_US,
		.cluster = b->cluster_last,
	};
	b->cluster =
		(struct bwe_cluster){.id = out->cluster, .bps = out->bps, .until_us = b->now_us + out->duration_us};
	bwe_burst(b, b->cluster.until_us, 0);
	b->is_chained = false;
	b->probes++;
}

bool bwe_probe_want(struct bwe *b, int64_t now_us, uint32_t wanted_bps, struct bwe_probe *probe_out)
{
	b->now_us = bwe_max64(b->now_us, now_us);
	bwe_probe_update(b);
	if (b->cluster.id || b->now_us < b->probe_next_us || wanted_bps <= ENOUGH * b->bps)
		return false;
	if (b->probes && (!is_calm(b) || !has_feedback(b)))
		return false;
	begin(b, wanted_bps, probe_out);
	return true;
}

/* ---- the result ---- */

void bwe_probe_sent(struct bwe *b, size_t bytes)
{
	struct bwe_cluster *c = &b->cluster;
	if (!c->sent)
		c->first_sent_us = b->now_us;
	c->last_sent_us = b->now_us;
	c->last_sent_bytes = (uint32_t)bytes;
	c->sent_bytes += bytes;
	c->sent++;
}

void bwe_probe_result(struct bwe *b, int64_t arrival_us, size_t bytes, bool has_arrived)
{
	struct bwe_cluster *c = &b->cluster;
	if (!has_arrived) {
		c->lost++;
		return;
	}
	if (!c->got || arrival_us < c->first_arrival_us) {
		c->first_arrival_us = arrival_us;
		c->first_got_bytes = (uint32_t)bytes;
	}
	if (!c->got || arrival_us > c->last_arrival_us)
		c->last_arrival_us = arrival_us;
	c->got_bytes += bytes;
	c->got++;
}

/* The first packet to arrive opens the interval and the last one sent closes it: neither's bytes are within.
 * A burst of media at the end makes it look faster than it was planned: that is not believed. 0 = it says nothing. */
static double measured_bps(const struct bwe_cluster *c, bool *kept_up_out)
{
	*kept_up_out = false;
	if ((c->got + c->lost) * 5 < c->sent * 4) /* its feedback was lost */
		return 0;
	int64_t sent_us = c->last_sent_us - c->first_sent_us, got_us = c->last_arrival_us - c->first_arrival_us;
	if (c->got < PACKETS_MIN || sent_us < SPAN_MIN_US || got_us <= 0)
		return 0;
	double sent = bwe_min((double)(c->sent_bytes - c->last_sent_bytes) * 8e6 / (double)sent_us, c->bps);
	double got = (double)(c->got_bytes - c->first_got_bytes) * 8e6 / (double)got_us;
	*kept_up_out = got >= KEPT_UP * sent;
	return *kept_up_out ? bwe_min(sent, got) : SAFETY * got;
}

static void conclude(struct bwe *b)
{
	bool kept_up;
	double bps = measured_bps(&b->cluster, &kept_up);
	bool goes_on = kept_up && bps > PROGRESS * b->bps;
	b->cluster.id = 0;
	if (bps > b->bps && b->trend.use != BWE_OVERUSE) {
		bwe_prove(b, bps);
		b->acked.bps = bwe_max(b->acked.bps, bps);
		if (bps > bwe_link_end(b))
			b->link_bps = 0;
		if (!kept_up)
			bwe_learn_end(b, bps / SAFETY);
		bwe_set(b, bps);
		if (kept_up || !b->overuses) /* waiting would tell nothing more: what is proved is not being sent yet */
			b->min_now_bps = b->min_before_bps = b->bps;
	}
	if (goes_on) {
		b->probes_ok++;
		b->is_chained = true;
		bwe_probe_soon(b, 0);
		return;
	}
	b->probe_next_us = b->now_us + b->probe_interval_us;
	b->probe_interval_us += b->probe_interval_us / 2;
	if (b->probe_interval_us > INTERVAL_MAX_US)
		b->probe_interval_us = INTERVAL_MAX_US;
}

void bwe_probe_update(struct bwe *b)
{
	struct bwe_cluster *c = &b->cluster;
	if (!c->id || b->now_us < c->until_us)
		return;
	bool is_whole = c->sent && c->got + c->lost >= c->sent;
	if (!is_whole && b->now_us < c->until_us + ANSWER_US)
		return;
	conclude(b);
}
