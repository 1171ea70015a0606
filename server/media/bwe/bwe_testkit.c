#include "media/bwe/bwe_testkit.h"

#include "base/test.h"

enum { STEP_US = 1000, PAYLOAD = 1100, POLICER_BURST = 20000 };

double sim_random(struct sim *s)
{
	s->random = s->random * 6364136223846793005u + 1442695040888963407u;
	return (double)(s->random >> 40) / (double)(1u << 24);
}

/* One sender of pictures to nine, near and far. */
static const struct sim_path {
	unsigned fps;
	int64_t feedback_us, delay_us;
} paths[] = {{30, 75000, 25000}, {30, 50000, 5000}, {60, 100000, 100000}, {120, 50000, 40000}};

void sim_init(struct sim *s, uint64_t seed, double link_bps)
{
	memset(s, 0, sizeof(*s));
	s->random = seed * 0x9e3779b97f4a7c15u + 1;
	s->now_us = 1000 * 1000 * 1000;
	s->skew_us = (int64_t)(sim_random(s) * 1e9) - 500 * 1000 * 1000;
	s->seq = s->next_report_seq = (uint16_t)(sim_random(s) * 65535);
	s->last_arrival_us = INT64_MIN / 2;
	const struct sim_path *path = &paths[seed % (sizeof(paths) / sizeof(paths[0]))];
	s->link = (struct sim_link){.bps = link_bps,
				    .queue_max_us = 400 * 1000,
				    .delay_us = path->delay_us,
				    .feedback_us = path->feedback_us};
	s->source = (struct sim_source){.most_bps = 10 * 1000 * 1000,
					.wanted_bps = 10 * 1000 * 1000,
					.fps = path->fps,
					.noise = .2};
	bwe_init(&s->bwe, s->now_us);
	pacer_init(&s->pacer, s->now_us);
}

/* ---- sender ---- */

static void enqueue(struct sim *s, uint16_t seq, size_t bytes)
{
	if ((double)(s->queued_bytes + bytes) * 8e6 > s->link.bps * (double)s->link.queue_max_us ||
	    s->queued == SIM_QUEUE_MAX) {
		s->lost++;
		return;
	}
	if (s->link.policer_bps > 0) {
		if (s->policer_bytes < (double)bytes) {
			s->lost++;
			return;
		}
		s->policer_bytes -= (double)bytes;
	}
	s->queue[(s->head + s->queued++) % SIM_QUEUE_MAX] = (struct sim_packet){(uint32_t)bytes, seq};
	s->queued_bytes += bytes;
}

static void send_packet(struct sim *s, size_t bytes)
{
	bwe_sent(&s->bwe, s->now_us, s->seq, bytes, pacer_cluster(&s->pacer, s->now_us));
	pacer_sent(&s->pacer, s->now_us, bytes);
	enqueue(s, s->seq++, bytes);
	s->sent++;
}

static void send_bytes(struct sim *s, size_t bytes)
{
	for (; bytes >= 100; bytes -= bytes < PAYLOAD ? bytes : PAYLOAD)
		send_packet(s, bytes < PAYLOAD ? bytes : PAYLOAD);
}

static void send_media(struct sim *s)
{
	if (s->now_us < s->frame_us)
		return;
	double bps = bwe_estimate_bps(&s->bwe, s->now_us);
	if (bps > s->source.most_bps || s->source.is_stubborn)
		bps = s->source.most_bps;
	double noise = 1 + s->source.noise * (2 * sim_random(s) - 1);
	size_t bytes = (size_t)(bps / 8 / s->source.fps * noise);
	s->frame_us = s->now_us + 1000 * 1000 / s->source.fps;
	if (s->source.more_bytes && s->source.tells)
		bwe_burst(&s->bwe, s->now_us, s->source.more_bytes);
	bytes += s->source.more_bytes;
	s->source.more_bytes = 0;
	s->media_bytes += bytes;
	bytes += s->left_bytes;
	s->left_bytes = bytes % PAYLOAD < 100 ? bytes % PAYLOAD : 0;
	send_bytes(s, bytes - s->left_bytes);
}

static void send_padding(struct sim *s)
{
	struct bwe_probe probe;
	pacer_set_target(&s->pacer, s->now_us, bwe_estimate_bps(&s->bwe, s->now_us));
	if (!s->source.no_probes && bwe_probe_want(&s->bwe, s->now_us, s->source.wanted_bps, &probe))
		pacer_probe(&s->pacer, s->now_us, &probe);
	size_t bytes = pacer_padding(&s->pacer, s->now_us);
	s->padding_bytes += bytes;
	send_bytes(s, bytes);
}

/* ---- link ---- */

static bool is_lost(struct sim *s)
{
	if (sim_random(s) < (s->is_bad ? s->link.go_good : s->link.go_bad))
		s->is_bad = !s->is_bad;
	return sim_random(s) < (s->is_bad ? s->link.bad_loss : s->link.loss);
}

static void deliver(struct sim *s, const struct sim_packet *p, int64_t at_us)
{
	if (is_lost(s)) {
		s->lost++;
		return;
	}
	int64_t arrival_us = at_us + s->link.delay_us + (int64_t)(sim_random(s) * (double)s->link.jitter_us);
	if (arrival_us <= s->last_arrival_us)
		arrival_us = s->last_arrival_us + 10;
	s->last_arrival_us = arrival_us;
	assert_true(s->pending_count < SIM_REPORT_PACKETS);
	s->pending[s->pending_count++] = (struct bwe_arrival){arrival_us, p->seq, true};
}

static void serve(struct sim *s)
{
	double step_bytes = s->link.bps * STEP_US / 8e6, had = s->credit_bytes;
	s->credit_bytes = s->queued ? s->credit_bytes + step_bytes : 0;
	if (!s->queued)
		had = 0;
	double used = -had;
	while (s->queued && s->credit_bytes >= s->queue[s->head].bytes) {
		struct sim_packet p = s->queue[s->head];
		s->head = (s->head + 1) % SIM_QUEUE_MAX;
		s->queued--;
		s->queued_bytes -= p.bytes;
		s->credit_bytes -= p.bytes;
		used += p.bytes;
		deliver(s, &p, s->now_us + (int64_t)(used / step_bytes * STEP_US));
	}
	if (!s->queued)
		s->credit_bytes = 0;
	s->policer_bytes += s->link.policer_bps * STEP_US / 8e6;
	if (s->policer_bytes > POLICER_BURST)
		s->policer_bytes = POLICER_BURST;
}

/* ---- receiver ---- */

static size_t take_arrived(struct sim *s, struct sim_report *r)
{
	size_t taken = 0;
	while (taken < s->pending_count && s->pending[taken].arrival_us <= s->now_us) {
		struct bwe_arrival *p = &s->pending[taken++];
		for (; s->next_report_seq != p->seq && r->count < SIM_REPORT_PACKETS; s->next_report_seq++)
			r->arrivals[r->count++] = (struct bwe_arrival){0, s->next_report_seq, false};
		if (r->count < SIM_REPORT_PACKETS) /* 250 us, the resolution of transport-cc */
			r->arrivals[r->count++] =
				(struct bwe_arrival){(p->arrival_us + s->skew_us) / 250 * 250, p->seq, true};
		s->next_report_seq = (uint16_t)(p->seq + 1);
	}
	return taken;
}

static void report(struct sim *s)
{
	if (s->now_us < s->report_us)
		return;
	s->report_us = s->now_us + s->link.feedback_us;
	assert_true(s->reports_count < SIM_REPORTS_MAX);
	struct sim_report *r = &s->reports[(s->reports_head + s->reports_count) % SIM_REPORTS_MAX];
	r->count = 0;
	r->at_us = s->now_us + s->link.delay_us;
	size_t taken = take_arrived(s, r);
	if (!taken)
		return;
	memmove(s->pending, s->pending + taken, (s->pending_count - taken) * sizeof(s->pending[0]));
	s->pending_count -= taken;
	if (!s->link.no_feedback && sim_random(s) >= s->link.feedback_loss)
		s->reports_count++;
}

static void hear(struct sim *s)
{
	while (s->reports_count && s->reports[s->reports_head].at_us <= s->now_us) {
		struct sim_report *r = &s->reports[s->reports_head];
		bwe_feedback(&s->bwe, s->now_us, r->arrivals, r->count, 0);
		s->feedbacks++;
		s->reports_head = (s->reports_head + 1) % SIM_REPORTS_MAX;
		s->reports_count--;
	}
}

/* ---- all ---- */

void sim_run(struct sim *s, int64_t ms)
{
	for (int64_t i = 0; i < ms; i++) {
		hear(s);
		send_media(s);
		if (i % 5 == 0)
			send_padding(s);
		serve(s);
		s->now_us += STEP_US;
		report(s);
	}
}

uint32_t sim_estimate(struct sim *s)
{
	return bwe_estimate_bps(&s->bwe, s->now_us);
}

int64_t sim_queue_ms(const struct sim *s)
{
	return (int64_t)((double)s->queued_bytes * 8000 / s->link.bps);
}

struct sim_seen sim_watch(struct sim *s, int64_t ms)
{
	struct sim_seen seen = {.low = UINT32_MAX};
	uint64_t sum = 0;
	for (int64_t i = 0; i < ms / 20; i++) {
		sim_run(s, 20);
		uint32_t e = sim_estimate(s);
		int64_t queue_ms = sim_queue_ms(s);
		seen.low = e < seen.low ? e : seen.low;
		seen.high = e > seen.high ? e : seen.high;
		seen.queue_ms = queue_ms > seen.queue_ms ? queue_ms : seen.queue_ms;
		sum += e;
	}
	seen.mean = (uint32_t)(sum / (uint64_t)(ms / 20));
	return seen;
}

int64_t sim_until(struct sim *s, double least_bps, double most_bps, int64_t most_ms)
{
	for (int64_t ms = 0; ms <= most_ms; ms += 20) {
		uint32_t e = sim_estimate(s);
		if (e >= least_bps && e <= most_bps)
			return ms;
		sim_run(s, 20);
	}
	return -1;
}
