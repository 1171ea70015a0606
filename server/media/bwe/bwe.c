#include "media/bwe/bwe_priv.h"

#include "base/err.h"

enum {
	RATE_WINDOW_US = 500 * 1000,
	DECAY_US = 500 * 1000,
	REMB_US = 5000 * 1000,    /* how long one is believed */
	NO_TWCC_US = 3000 * 1000, /* without transport-cc for so long, REMB decides */
	RTT_MAX_US = 2000 * 1000,
	RTT_FIRST_US = 100 * 1000,
};
static const double UNKNOWN_TIMES = 2.5, DECAY = .8, ALR_ENTER = .65, ALR_LEAVE = .8;
/* Differences of two of these cannot overflow. */
static const int64_t ARRIVAL_MAX_US = INT64_MAX / 4;

_Static_assert(sizeof(struct bwe) <= 10 * 1024, "a subscriber has 40 KiB for everything");
_Static_assert((BWE_SENT_MAX & (BWE_SENT_MAX - 1)) == 0, "a power of two");

void bwe_init(struct bwe *b, int64_t now_us)
{
	*b = (struct bwe){
		.now_us = now_us,
		.newest_seq = -1,
		.reported_seq = -1,
		.changed_us = now_us,
		.decreased_us = INT64_MIN / 2,
		.generation_us = now_us,
		.proved_from_us = now_us,
		.rate_from_us = now_us,
		.loss = {.from_us = now_us},
		.rtt_us = RTT_FIRST_US,
		.bps = BWE_INIT_BPS,
		.min_now_bps = BWE_INIT_BPS,
		.min_before_bps = BWE_INIT_BPS,
		.is_alr = true,
	};
	bwe_trend_init(&b->trend);
	bwe_probe_soon(b, 0);
}

/* ---- sending ---- */

static void advance(struct bwe *b, int64_t now_us)
{
	b->now_us = bwe_max64(b->now_us, now_us);
	int64_t elapsed = b->now_us - b->rate_from_us;
	if (elapsed < RATE_WINDOW_US)
		return;
	b->sending_bps = (double)b->rate_bytes * 8e6 / (double)elapsed;
	b->rate_from_us = b->now_us;
	b->rate_bytes = 0;
	b->is_alr = b->sending_bps < b->bps * (b->is_alr ? ALR_LEAVE : ALR_ENTER);
}

static struct bwe_packet *slot_of(struct bwe *b, int64_t seq)
{
	return &b->sent[seq & (BWE_SENT_MAX - 1)];
}

void bwe_sent(struct bwe *b, int64_t now_us, uint16_t seq, size_t bytes, uint8_t probe_cluster)
{
	advance(b, now_us);
	int64_t at = seq;
	if (b->newest_seq >= 0)
		at = b->newest_seq + (int16_t)(uint16_t)(seq - (uint16_t)b->newest_seq);
	if (at <= b->newest_seq)
		return;
	for (int64_t gap = bwe_max64(b->newest_seq + 1, at - BWE_SENT_MAX); gap < at; gap++)
		slot_of(b, gap)->state = BWE_EMPTY;
	b->newest_seq = at;
	*slot_of(b, at) = (struct bwe_packet){
		.sent_us = (uint32_t)b->now_us,
		.bytes = (uint16_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX),
		.cluster = probe_cluster,
		.state = BWE_SENT,
	};
	b->rate_bytes += bytes;
	b->sent_bytes += bytes;
	b->sent_us = b->now_us;
	if (!b->unanswered_us)
		b->unanswered_us = b->now_us;
	if (probe_cluster && probe_cluster == b->cluster.id)
		bwe_probe_sent(b, bytes);
}

/* ---- feedback ---- */

/* What was sent with this number, unless it is unknown, too old, or known to have arrived. */
static struct bwe_packet *open_packet(struct bwe *b, uint16_t seq, int64_t *at_out)
{
	if (b->newest_seq < 0)
		return NULL;
	int64_t at = b->newest_seq + (int16_t)(uint16_t)(seq - (uint16_t)b->newest_seq);
	if (at < 0 || at > b->newest_seq || at <= b->newest_seq - BWE_SENT_MAX)
		return NULL;
	struct bwe_packet *p = slot_of(b, at);
	*at_out = at;
	return p->state == BWE_SENT || p->state == BWE_LOST ? p : NULL;
}

static int64_t sent_at(const struct bwe *b, const struct bwe_packet *p)
{
	return b->now_us - (int64_t)(uint32_t)((uint32_t)b->now_us - p->sent_us);
}

static void take_arrived(struct bwe *b, struct bwe_packet *p, int64_t arrival_us)
{
	bwe_loss_add(&b->loss, p->bytes, true, p->state == BWE_LOST);
	if (p->cluster && p->cluster == b->cluster.id && p->state == BWE_SENT)
		bwe_probe_result(b, arrival_us, p->bytes, true);
	p->state = BWE_GOT;
	bwe_acked_add(&b->acked, arrival_us, p->bytes);
	bwe_trend_add(&b->trend, sent_at(b, p), arrival_us);
}

static void take_lost(struct bwe *b, struct bwe_packet *p)
{
	bwe_loss_add(&b->loss, p->bytes, false, false);
	if (p->cluster && p->cluster == b->cluster.id)
		bwe_probe_result(b, 0, p->bytes, false);
	p->state = BWE_LOST;
}

/* One line of feedback. False when it says nothing that was not known. */
static bool take(struct bwe *b, const struct bwe_arrival *a, int64_t *newest_sent_us)
{
	int64_t at;
	struct bwe_packet *p = open_packet(b, a->seq, &at);
	if (!p || (!a->has_arrived && p->state == BWE_LOST))
		return false;
	if (a->has_arrived && (a->arrival_us > ARRIVAL_MAX_US || a->arrival_us < -ARRIVAL_MAX_US))
		return false;
	if (b->reported_seq >= 0 && at > b->reported_seq + 1)
		b->acked.has_gap = true; /* a feedback was lost: nobody will tell of these */
	b->reported_seq = bwe_max64(b->reported_seq, at);
	if (a->has_arrived) {
		*newest_sent_us = bwe_max64(*newest_sent_us, sent_at(b, p));
		take_arrived(b, p, a->arrival_us);
	} else {
		take_lost(b, p);
	}
	return true;
}

static void take_rtt(struct bwe *b, int64_t rtt_us, int64_t newest_sent_us)
{
	int64_t sample = rtt_us > 0 ? rtt_us : b->now_us - newest_sent_us;
	if (sample < 0 || (rtt_us <= 0 && newest_sent_us < 0))
		return;
	if (sample > RTT_MAX_US)
		sample = RTT_MAX_US;
	b->rtt_us = (uint32_t)((7 * (int64_t)b->rtt_us + sample) / 8);
}

void bwe_feedback(struct bwe *b, int64_t now_us, const struct bwe_arrival *arrivals, size_t count, int64_t rtt_us)
{
	int64_t newest_sent_us = -1;
	bool has_news = false;
	advance(b, now_us);
	for (size_t i = 0; i < count; i++)
		has_news |= take(b, &arrivals[i], &newest_sent_us);
	if (!has_news)
		return;
	take_rtt(b, rtt_us, newest_sent_us);
	if (b->is_silent)
		bwe_probe_soon(b, 0);
	b->is_silent = false;
	b->feedback_us = b->now_us;
	b->unanswered_us = 0;
	bwe_rate_update(b);
	bwe_loss_update(b);
	bwe_probe_update(b);
}

/* ---- REMB ---- */

static bool is_by_remb(const struct bwe *b)
{
	return b->remb_us && b->now_us - b->remb_us < REMB_US &&
	       (!b->feedback_us || b->now_us - b->feedback_us > NO_TWCC_US);
}

void bwe_remb(struct bwe *b, int64_t now_us, uint64_t bps)
{
	advance(b, now_us);
	b->remb_us = b->now_us;
	b->remb_bps = (uint32_t)(bps < BWE_MAX_BPS ? bps : BWE_MAX_BPS);
	if (!is_by_remb(b))
		return;
	b->is_silent = false;
	b->unanswered_us = 0;
	bwe_set(b, b->remb_bps);
	bwe_probe_update(b);
}

/* ---- reading ---- */

/* Nobody tells what becomes of what leaves: step by step less, rather than on as if nothing were. */
static void decay_unanswered(struct bwe *b)
{
	int64_t since = bwe_max64(b->unanswered_us + BWE_FEEDBACK_TIMEOUT_US, b->decayed_us + DECAY_US);
	if (!b->unanswered_us || b->now_us < since || b->now_us - b->sent_us > DECAY_US)
		return;
	b->decayed_us = b->now_us;
	b->is_silent = true;
	bwe_set(b, b->bps * DECAY);
}

static void tick(struct bwe *b, int64_t now_us)
{
	advance(b, now_us);
	bwe_roll(b);
	decay_unanswered(b);
}

uint32_t bwe_estimate_bps(struct bwe *b, int64_t now_us)
{
	tick(b, now_us);
	return (uint32_t)b->bps;
}

uint32_t bwe_stable_min_bps(struct bwe *b, int64_t now_us)
{
	tick(b, now_us);
	double lowest = bwe_min(b->min_now_bps, b->min_before_bps);
	return (uint32_t)(b->link_bps > 0 ? bwe_max(bwe_min(lowest, b->link_bps), BWE_MIN_BPS) : lowest);
}

uint32_t bwe_burst_bps(struct bwe *b, int64_t now_us)
{
	tick(b, now_us);
	return (uint32_t)(b->link_bps > 0 ? bwe_min(b->bps, b->link_bps) : UNKNOWN_TIMES * b->bps);
}

void bwe_state(struct bwe *b, int64_t now_us, struct bwe_state *out)
{
	tick(b, now_us);
	*out = (struct bwe_state){
		.use = (enum bwe_use)b->trend.use,
		.estimate_bps = (uint32_t)b->bps,
		.stable_min_bps = bwe_stable_min_bps(b, now_us),
		.acked_bps = (uint32_t)bwe_min(b->acked.bps, UINT32_MAX),
		.sending_bps = (uint32_t)bwe_min(b->sending_bps, UINT32_MAX),
		.rtt_us = b->rtt_us,
		.loss_permille = (uint32_t)(b->loss.last * 1000),
		.inherent_loss_permille = (uint32_t)(b->loss.inherent * 1000),
		.probes = b->probes,
		.probes_ok = b->probes_ok,
		.overuses = b->overuses,
		.is_app_limited = b->is_alr,
		.is_by_remb = is_by_remb(b),
	};
}
