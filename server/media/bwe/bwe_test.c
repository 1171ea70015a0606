/* The estimator against a link in virtual time: where it settles, how fast, and what it must not take for congestion. */
#include "base/test.h"
#include "media/bwe/alloc.h"
#include "media/bwe/bwe_testkit.h"

enum { SEEDS = 24 };
static const double M = 1e6;
static struct sim s;

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* All of them reached it, the slowest within most_ms. */
static void expect_times(const char *what, int64_t *ms, size_t n, int64_t most_ms)
{
	qsort(ms, n, sizeof(*ms), compare);
	print_message("%s: median %lld ms, slowest %lld ms of %zu\n", what, (long long)ms[n / 2], (long long)ms[n - 1],
		      n);
	assert_true(ms[0] >= 0);
	assert_in_range(ms[n - 1], 0, most_ms);
}

static void probes_find_a_wide_link(void **state)
{
	(void)state;
	int64_t ms[SEEDS];
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 4 * M);
		assert_int_equal(sim_estimate(&s), BWE_INIT_BPS);
		ms[seed] = sim_until(&s, 3.4 * M, 4.4 * M, 10000);
		assert_true(sim_watch(&s, 10000).mean >= 3.4 * M);
	}
	expect_times("800 k to 85 % of 4 Mbit/s", ms, SEEDS, 3000);
}

static void a_narrow_link_is_not_overrun(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, .4 * M);
		sim_run(&s, 5000);
		struct sim_seen seen = sim_watch(&s, 20000);
		assert_in_range(seen.mean, .3 * M, .44 * M);
		assert_true(seen.queue_ms < 300);
	}
}

struct settling {
	int64_t ms; /* until the estimate is at 85 to 110 % and the queue short */
	uint32_t high, low_mean;
	int64_t queue_2s_ms, queue_ms; /* after 2 s; the longest from 10 to 20 s */
};

/* Twenty seconds at this rate. */
static void settle(struct settling *all, double bps)
{
	struct sim_seen seen;
	s.link.bps = bps;
	all->ms = -1;
	for (int64_t ms = 0; ms < 10000; ms += 20) {
		seen = sim_watch(&s, 20);
		if (ms >= 2000 && seen.high > all->high)
			all->high = seen.high;
		if (ms == 2000 && seen.queue_ms > all->queue_2s_ms)
			all->queue_2s_ms = seen.queue_ms;
		if (all->ms < 0 && seen.low >= .85 * bps && seen.high <= 1.1 * bps && seen.queue_ms <= 100)
			all->ms = ms;
	}
	seen = sim_watch(&s, 10000);
	all->high = seen.high > all->high ? seen.high : all->high;
	all->low_mean = seen.mean < all->low_mean ? seen.mean : all->low_mean;
	all->queue_ms = seen.queue_ms > all->queue_ms ? seen.queue_ms : all->queue_ms;
}

static void a_square_wave_is_followed(void **state)
{
	(void)state;
	enum { WAVES = 3 };
	int64_t down_ms[SEEDS * WAVES], up_ms[SEEDS * WAVES];
	struct settling down = {.low_mean = UINT32_MAX}, up = down;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 4 * M);
		sim_run(&s, 15000);
		for (size_t i = 0; i < WAVES; i++) {
			settle(&down, 1 * M);
			down_ms[seed * WAVES + i] = down.ms;
			settle(&up, 4 * M);
			up_ms[seed * WAVES + i] = up.ms;
		}
	}
	expect_times("4 -> 1 Mbit/s, settled", down_ms, SEEDS * WAVES, 10000);
	expect_times("1 -> 4 Mbit/s, settled", up_ms, SEEDS * WAVES, 10000);
	print_message("at 1 Mbit/s: lowest mean %u, highest %u from 2 s on; queue %lld ms after 2 s, at most %lld ms "
		      "from 10 s "
		      "on\nat 4 Mbit/s: lowest mean %u, highest %u\n",
		      down.low_mean, down.high, (long long)down.queue_2s_ms, (long long)down.queue_ms, up.low_mean,
		      up.high);
	assert_true(down.low_mean >= .85 * M && up.low_mean >= 3.4 * M);
	assert_true(down.high <= 1.1 * M && up.high <= 4.4 * M);
	assert_true(down.queue_ms <= 200);
}

static void when_settled_it_is_steady(void **state)
{
	(void)state;
	static const double links[] = {.6, 1, 2, 4, 10};
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		double worst_low = 1, worst_high = 1, least = 2;
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			sim_init(&s, seed, links[i] * M);
			s.source.wanted_bps = s.source.most_bps = 20 * 1000 * 1000;
			sim_run(&s, 15000);
			struct sim_seen seen = sim_watch(&s, 60000);
			worst_low = seen.low / (double)seen.mean < worst_low ? seen.low / (double)seen.mean : worst_low;
			worst_high =
				seen.high / (double)seen.mean > worst_high ? seen.high / (double)seen.mean : worst_high;
			least = seen.mean / links[i] / M < least ? seen.mean / links[i] / M : least;
		}
		print_message("%g Mbit/s: mean at least %.3f of the link, within %.3f and %.3f of the mean\n", links[i],
			      least, worst_low, worst_high);
		/* at 0.6 Mbit/s a frame alone is on the wire for 20 ms and more */
		assert_true(least >= .85 && worst_low >= (links[i] < 1 ? .85 : .9));
		assert_true(worst_high <= (links[i] < 1 ? 1.12 : 1.1));
	}
}

static void bursty_loss_is_no_congestion(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 20 * M);
		s.source.most_bps = s.source.wanted_bps = 4 * 1000 * 1000;
		s.link.go_bad = .02, s.link.go_good = .1, s.link.bad_loss = .6;
		sim_run(&s, 15000);
		struct sim_seen seen = sim_watch(&s, 60000);
		assert_in_range(s.lost * 1000 / s.sent, 70, 130);
		assert_true(seen.mean >= 3.4 * M);
		assert_true(seen.low >= 1.7 * M);
	}
}

static void even_loss_does_not_stop_the_start(void **state)
{
	(void)state;
	int64_t ms[SEEDS];
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 6 * M);
		s.source.most_bps = s.source.wanted_bps = 4 * 1000 * 1000;
		s.link.loss = .06;
		ms[seed] = sim_until(&s, 3.4 * M, 30 * M, 20000);
		sim_run(&s, 5000);
		assert_true(sim_watch(&s, 20000).mean >= 3.4 * M);
	}
	expect_times("800 k to 3.4 Mbit/s with 6 % loss", ms, SEEDS, 15000);
}

static void a_policer_is_found_by_its_loss(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 50 * M);
		s.link.policer_bps = 2 * M;
		sim_run(&s, 10000);
		uint64_t sent = s.sent, lost = s.lost;
		struct sim_seen seen = sim_watch(&s, 60000);
		assert_in_range(seen.mean, 1.7 * M, 2.5 * M);
		assert_true((s.lost - lost) * 100 / (s.sent - sent) < 15);
	}
}

static void jitter_is_no_congestion(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct bwe_state st;
		sim_init(&s, seed, 20 * M);
		s.source.most_bps = s.source.wanted_bps = 3 * 1000 * 1000;
		s.link.jitter_us = 20 * 1000;
		sim_run(&s, 12000); /* probes are less sure then */
		struct sim_seen seen = sim_watch(&s, 60000);
		bwe_state(&s.bwe, s.now_us, &st);
		assert_true(seen.low >= 3 * M);
		assert_in_range(st.overuses, 0, 1);
	}
	for (uint64_t seed = 0; seed < SEEDS; seed++) { /* and on a full link */
		sim_init(&s, seed, 2 * M);
		s.link.jitter_us = 20 * 1000;
		sim_run(&s, 15000);
		assert_true(sim_watch(&s, 60000).mean >= 1.7 * M);
	}
}

static void who_sends_little_keeps_the_estimate(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	sim_run(&s, 10000);
	uint32_t before = sim_estimate(&s);
	s.source.most_bps = s.source.wanted_bps = 200 * 1000;
	struct sim_seen seen = sim_watch(&s, 120000);
	assert_true(seen.low >= .85 * before);
	assert_true(seen.high <= 1.1 * before);
	s.source.most_bps = 0; /* nothing at all, nor feedback */
	seen = sim_watch(&s, 60000);
	assert_int_equal(seen.low, seen.high);
}

static void nor_does_it_run_away(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	s.source.most_bps = s.source.wanted_bps = 300 * 1000;
	assert_int_equal(sim_watch(&s, 60000).high, BWE_INIT_BPS);
	s.source.most_bps = s.source.wanted_bps = 3000 * 1000;
	int64_t ms = sim_until(&s, 3 * M, 4.5 * M, 10000);
	print_message("sends little, then wants 3 Mbit/s: %lld ms\n", (long long)ms);
	assert_in_range(ms, 0, 4000);
}

/* Sends a tenth of the estimate and wants more than there is: probes look, ever more rarely, and hardly disturb. */
static void probes_are_rare_when_they_find_nothing(void **state)
{
	(void)state;
	sim_init(&s, 1, 1 * M);
	s.source.most_bps = 300 * 1000;
	sim_run(&s, 30000);
	uint32_t probes = s.bwe.probes;
	uint64_t padding = s.padding_bytes, media = s.media_bytes;
	struct sim_seen seen = sim_watch(&s, 120000);
	print_message("unsaturated: %u probes in 120 s, padding %llu %% of media, estimate %u to %u\n",
		      s.bwe.probes - probes,
		      (unsigned long long)((s.padding_bytes - padding) * 100 / (s.media_bytes - media)), seen.low,
		      seen.high);
	assert_in_range(s.bwe.probes - probes, 12, 18);
	assert_in_range(seen.mean, .8 * M, 1.15 * M);
}

static void a_drop_is_seen_while_little_is_sent(void **state)
{
	(void)state;
	sim_init(&s, 3, 4 * M);
	sim_run(&s, 10000);
	s.source.most_bps = s.source.wanted_bps = 600 * 1000;
	sim_run(&s, 10000);
	s.link.bps = .3 * M;
	sim_run(&s, 8000);
	assert_in_range(sim_watch(&s, 10000).mean, .2 * M, .4 * M);
}

static void lost_feedback_is_borne(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 4 * M);
		s.link.feedback_loss = .3;
		sim_run(&s, 15000);
		assert_true(sim_watch(&s, 30000).mean >= 3.2 * M);
	}
}

static void without_feedback_it_falls_and_comes_back(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	sim_run(&s, 10000);
	uint32_t before = sim_estimate(&s);
	s.link.no_feedback = true;
	sim_run(&s, 900);
	assert_true(sim_estimate(&s) >= .85 * before);
	sim_run(&s, 10000);
	assert_true(sim_estimate(&s) <= 200 * 1000);
	s.link.no_feedback = false;
	assert_in_range(sim_until(&s, 3.2 * M, 4.6 * M, 10000), 0, 6000);
}

static void remb_alone_is_followed(void **state)
{
	(void)state;
	struct bwe_probe probe;
	sim_init(&s, 1, 4 * M);
	s.link.no_feedback = true;
	for (int i = 0; i < 20; i++) {
		sim_run(&s, 500);
		bwe_remb(&s.bwe, s.now_us, 2000 * 1000);
	}
	assert_int_equal(sim_estimate(&s), 2000 * 1000);
	bwe_remb(&s.bwe, s.now_us, UINT64_MAX);
	assert_int_equal(sim_estimate(&s), BWE_MAX_BPS);
	bwe_remb(&s.bwe, s.now_us, 0);
	assert_int_equal(sim_estimate(&s), BWE_MIN_BPS);
	s.bwe.probe_next_us = 0;
	s.source.no_probes = true;
	sim_run(&s, 1500);
	assert_true(bwe_probe_want(&s.bwe, s.now_us, 1000 * 1000, &probe));
	assert_true(probe.duration_us >= 500 * 1000); /* a receiver's own estimate looks at whole seconds */
}

static void remb_does_not_overrule_transport_cc(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	sim_run(&s, 10000);
	uint32_t before = sim_estimate(&s);
	bwe_remb(&s.bwe, s.now_us, 300 * 1000);
	assert_int_equal(sim_estimate(&s), before);
}

static void numbers_wrap(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	s.seq = s.next_report_seq = 64000;
	sim_run(&s, 15000);
	assert_true(s.bwe.newest_seq > 66000);
	assert_true(sim_watch(&s, 160000).mean >= 3.4 * M);
	assert_true(s.bwe.newest_seq > 2 * 65536);
}

static void a_longer_path_is_no_queue(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 10 * M);
		s.source.most_bps = s.source.wanted_bps = 3 * 1000 * 1000;
		sim_run(&s, 10000);
		s.link.delay_us = 250 * 1000;
		sim_run(&s, 15000);
		assert_true(sim_watch(&s, 20000).low >= 3 * M);
	}
}

/* A line that is 85 % full, and a key frame each 5 s that takes 120 ms of it. How far the estimate fell, on average of the seeds. */
static double lowest_with_key_frames(bool tells)
{
	double sum = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		double low = 10 * M;
		sim_init(&s, seed, 2 * M);
		s.source.most_bps = s.source.wanted_bps = 1700 * 1000;
		s.source.tells = tells;
		sim_run(&s, 15000);
		for (int i = 0; i < 6; i++) {
			s.source.more_bytes = 30 * 1000;
			double seen = sim_watch(&s, 5000).low;
			low = seen < low ? seen : low;
		}
		sum += low / (2 * M);
	}
	return sum / SEEDS;
}

static void a_key_frame_is_no_congestion(void **state)
{
	(void)state;
	double untold = lowest_with_key_frames(false), told = lowest_with_key_frames(true);
	print_message("key frames of 120 ms: the estimate falls to %.2f of the link, %.2f when it is told of them\n",
		      untold, told);
	assert_true(told > untold + .03);
	assert_true(told >= .85);
}

/* What a burst allows is bounded: a line that really has become narrower is noticed all the same. */
static void behind_key_frames_a_narrower_line_is_seen(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		sim_init(&s, seed, 4 * M);
		s.source.most_bps = s.source.wanted_bps = 4 * 1000 * 1000;
		s.source.tells = true;
		sim_run(&s, 10000);
		s.link.bps = 1 * M;
		for (int i = 0; i < 20; i++) {
			s.source.more_bytes = 10 * 1000;
			sim_run(&s, 100);
		}
		assert_true(sim_estimate(&s) <= 1.15 * M);
	}
}

/* ---- layers on top: what a person sees ---- */

static unsigned run_layers(struct alloc *memory, struct alloc_source *sources, size_t n, int64_t ms)
{
	struct alloc_choice choice;
	unsigned flips = 0;
	for (int64_t at = 0; at < ms; at += 200) {
		struct alloc_link link = {.now_us = s.now_us,
					  .estimate_bps = bwe_estimate_bps(&s.bwe, s.now_us),
					  .stable_min_bps = bwe_stable_min_bps(&s.bwe, s.now_us)};
		alloc_layers(memory, &link, sources, n, &choice);
		for (size_t i = 0; i < n; i++) {
			flips += choice.steps[i].layer != sources[i].held.layer;
			sources[i].held = choice.steps[i];
		}
		s.source.most_bps = (uint32_t)choice.total_bps;
		s.source.wanted_bps = alloc_wanted_bps(sources, n, 0);
		sim_run(&s, 200);
	}
	return flips;
}

static void layers_follow_a_square_wave_and_then_rest(void **state)
{
	(void)state;
	unsigned worst = 0, all = 0;
	int64_t sharp[SEEDS];
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct alloc memory = {0};
		struct alloc_source sources[5];
		for (size_t i = 0; i < 5; i++)
			sources[i] = (struct alloc_source){.wanted_height = i ? 180 : 720,
							   .held = {ALLOC_NONE, 0},
							   .layers = {{1, {150000}, 180, true},
								      {1, {500000}, 360, true},
								      {1, {1500000}, 720, true}}};
		sim_init(&s, seed, 4 * M);
		s.source.is_stubborn = true;
		sharp[seed] = 0;
		while (sources[0].held.layer < 2 && sharp[seed] < 20000) {
			run_layers(&memory, sources, 5, 200);
			sharp[seed] += 200;
		}
		run_layers(&memory, sources, 5, 10000);
		for (int wave = 0; wave < 4; wave++) {
			s.link.bps = wave % 2 ? 4 * M : 1.3 * M;
			run_layers(&memory, sources, 5, 16000);
			assert_int_equal(sources[0].held.layer, wave % 2 ? 2 : 1);
			unsigned flips = run_layers(&memory, sources, 5, 20000);
			all += flips;
			worst = flips > worst ? flips : worst;
		}
	}
	expect_times("join to 720p on the stage", sharp, SEEDS, 5000);
	print_message("settled for 20 s, %d times: %u flips in all, at most %u in one\n", SEEDS * 4, all, worst);
	assert_in_range(worst, 0, 2);
}

/* ---- what a peer may send ---- */

static void feedback_on_nothing_changes_nothing(void **state)
{
	(void)state;
	static struct bwe before;
	struct bwe_arrival a[64];
	sim_init(&s, 1, 4 * M);
	for (uint16_t i = 0; i < 64; i++)
		a[i] = (struct bwe_arrival){i * 1000, i, true};
	before = s.bwe;
	bwe_feedback(&s.bwe, s.now_us, a, 64, 0); /* nothing was sent yet */
	assert_memory_equal(&before, &s.bwe, sizeof(before));
	s.source.no_probes = true;
	sim_run(&s, 10000);
	before = s.bwe;
	before.now_us = s.now_us;
	s.bwe.now_us = s.now_us;
	for (uint16_t i = 0; i < 64; i++) { /* not yet sent; too old; both with a time nobody has */
		a[i] = (struct bwe_arrival){INT64_MAX - i, (uint16_t)(s.seq + i), true};
		bwe_feedback(&s.bwe, s.now_us, &a[i], 1, 0);
		a[i].seq = (uint16_t)(s.seq - 2000 - i);
		bwe_feedback(&s.bwe, s.now_us, &a[i], 1, 0);
	}
	before.rate_from_us = s.bwe.rate_from_us, before.rate_bytes = s.bwe.rate_bytes;
	before.sending_bps = s.bwe.sending_bps, before.is_alr = s.bwe.is_alr;
	assert_memory_equal(&before, &s.bwe, sizeof(before));
}

static void repeated_feedback_counts_once(void **state)
{
	(void)state;
	static struct bwe before;
	struct bwe_arrival a[20];
	int64_t now = 1000000;
	bwe_init(&s.bwe, now);
	for (uint16_t i = 0; i < 20; i++, now += 5000) {
		bwe_sent(&s.bwe, now, i, 1000, 0);
		a[i] = (struct bwe_arrival){now + 7000000, i, i % 3 != 0};
	}
	bwe_feedback(&s.bwe, now, a, 20, 50000);
	before = s.bwe;
	bwe_feedback(&s.bwe, now, a, 20, 50000);
	assert_memory_equal(&before, &s.bwe, sizeof(before));
	for (uint16_t i = 0; i < 20; i++) /* what was late is not lost */
		a[i].has_arrived = true;
	bwe_feedback(&s.bwe, now, a, 20, 50000);
	assert_int_equal(s.bwe.loss.lost, 0);
	assert_int_equal(s.bwe.loss.got, 20);
}

static void hostile_feedback_stays_within_bounds(void **state)
{
	(void)state;
	static struct bwe_arrival a[300];
	static const int64_t times[] = {INT64_MIN, INT64_MIN / 4, -1, 0, 1, 1 << 30, INT64_MAX / 4, INT64_MAX};
	for (uint64_t seed = 0; seed < 30; seed++) {
		sim_init(&s, seed, 4 * M);
		s.link.no_feedback = true;
		for (int round = 0; round < 300; round++) {
			size_t n = (size_t)(sim_random(&s) * 300);
			sim_run(&s, 20);
			s.pending_count = 0;
			for (size_t i = 0; i < n; i++) {
				int64_t at = sim_random(&s) < .3 ? times[(size_t)(sim_random(&s) * 8)]
								 : (int64_t)((sim_random(&s) - .3) * 1e9);
				a[i] = (struct bwe_arrival){at, (uint16_t)(s.seq - (int)(sim_random(&s) * 1500) + 200),
							    sim_random(&s) < .8};
			}
			bwe_feedback(&s.bwe, s.now_us, a, n, times[(size_t)(sim_random(&s) * 8)]);
			assert_in_range(sim_estimate(&s), BWE_MIN_BPS, BWE_MAX_BPS);
			assert_in_range(bwe_stable_min_bps(&s.bwe, s.now_us), BWE_MIN_BPS, BWE_MAX_BPS);
		}
		s.link.no_feedback = false; /* and an honest receiver is believed again */
		sim_run(&s, 30000);
		assert_in_range(sim_watch(&s, 20000).mean, 3 * M, 4.6 * M);
	}
}

static void a_clock_that_jumps_is_borne(void **state)
{
	(void)state;
	sim_init(&s, 1, 4 * M);
	sim_run(&s, 15000);
	s.skew_us += 3600LL * 1000 * 1000;
	sim_run(&s, 3000);
	s.skew_us -= 7200LL * 1000 * 1000;
	sim_run(&s, 5000);
	assert_true(sim_watch(&s, 20000).mean >= 3.4 * M);
	bwe_estimate_bps(&s.bwe, 0); /* ours never runs backwards; if it did, nothing happens */
	assert_true(sim_estimate(&s) >= 3 * M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(probes_find_a_wide_link),
		AT_TEST(a_narrow_link_is_not_overrun),
		AT_TEST(a_square_wave_is_followed),
		AT_TEST(when_settled_it_is_steady),
		AT_TEST(bursty_loss_is_no_congestion),
		AT_TEST(even_loss_does_not_stop_the_start),
		AT_TEST(a_policer_is_found_by_its_loss),
		AT_TEST(jitter_is_no_congestion),
		AT_TEST(who_sends_little_keeps_the_estimate),
		AT_TEST(nor_does_it_run_away),
		AT_TEST(probes_are_rare_when_they_find_nothing),
		AT_TEST(a_drop_is_seen_while_little_is_sent),
		AT_TEST(lost_feedback_is_borne),
		AT_TEST(without_feedback_it_falls_and_comes_back),
		AT_TEST(remb_alone_is_followed),
		AT_TEST(remb_does_not_overrule_transport_cc),
		AT_TEST(numbers_wrap),
		AT_TEST(a_longer_path_is_no_queue),
		AT_TEST(a_key_frame_is_no_congestion),
		AT_TEST(behind_key_frames_a_narrower_line_is_seen),
		AT_TEST(layers_follow_a_square_wave_and_then_rest),
		AT_TEST(feedback_on_nothing_changes_nothing),
		AT_TEST(repeated_feedback_counts_once),
		AT_TEST(hostile_feedback_stays_within_bounds),
		AT_TEST(a_clock_that_jumps_is_borne),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
