/* 10 % of packets lost in bursts: what RED and RTX bring back. SIM_SEEDS=n for more runs of each. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

struct outcome {
	uint64_t frames, missed, heard, lost, by_red, by_fec, rtx, asked;
};

static double percent(uint64_t part, uint64_t rest)
{
	return 100.0 * (double)part / (double)(part + rest ? part + rest : 1);
}

struct setting {
	int64_t rtt_us;
	unsigned red_depth, burst_tenths;
	bool up, down; /* which way loses */
	bool audio_only;
	bool asks, repeats; /* lost voice: who listens asks for it; who speaks sends it again when asked */
	bool is_plain;      /* who listens has no RED */
};

static void run(uint64_t seed, const struct setting *s, struct outcome *sum)
{
	struct sfu_params params = sim_chromium(1, 1, 0);
	struct sim_net net = {.delay_us = s->rtt_us / 2, .burst_tenths = s->burst_tenths};
	sim_begin(seed, seed & 1);
	struct sim_peer *a = sim_join(&params, &net);
	if (s->is_plain)
		params.audio.red_pt = 0;
	struct sim_peer *b = sim_join(&params, &net);
	a->out.talks = true;
	a->out.red_depth = s->red_depth;
	a->out.no_repeats = !s->repeats;
	b->in.asks_voice = s->asks;
	a->out.rates[2] = 0; /* 400 kbit/s */
	sim_state(a, false, !s->audio_only, false);
	sim_state(b, true, false, false);
	sim_show(b, 360, NULL, 0, NULL);
	sim_run(3000);
	a->up.net.loss_permille = s->up ? 100 : 0;
	b->down.net.loss_permille = s->down ? 100 : 0;
	sim_run(20000);
	a->up.net.loss_permille = b->down.net.loss_permille = 0;
	sim_run(2000);
	const struct sim_slot *audio = &b->in.slots[0], *video = &b->in.slots[1];
	sum->frames += video->frames;
	sum->missed += video->frames_missed;
	sum->rtx += video->rtx;
	sum->heard += audio->heard;
	sum->lost += audio->heard_lost + audio->heard_late;
	sum->by_red += audio->by_red;
	sum->by_fec += audio->by_fec;
	sum->asked += audio->nacked + a->out.encoders[0].repeated;
}

static struct outcome runs(const struct setting *s)
{
	struct outcome sum = {0};
	unsigned seeds = sim_seeds(12);
	for (unsigned i = 0; i < seeds; i++)
		run(i, s, &sum);
	return sum;
}

static double print_audio(const char *what, const struct setting *s, const struct outcome *o)
{
	double heard = percent(o->heard, o->lost), all = (double)(o->heard + o->lost) / 100;
	print_message("audio %s, bursts of %.1f packets, RED of %u%s: %.2f %% of frames heard (%.2f by RED, %.2f by "
		      "FEC), %lu packets asked for again\n",
		      what, s->burst_tenths / 10.0, s->red_depth, s->is_plain ? " to one without" : "", heard,
		      (double)o->by_red / all, (double)o->by_fec / all, o->asked);
	assert_true(o->heard > 1000);
	return heard;
}

/* A call as Chromium has it: RED of one frame, and Opus's own. Bursts hit what is on the line, video among it; transport-cc tells the SFU,
 * which adds two frames more. On the way up there is nothing but that one frame: publishers are asked for the rest. */
static void test_audio_in_a_call_is_recovered(void **state)
{
	(void)state;
	for (unsigned burst = 20; burst <= 30; burst += 10)
		for (unsigned up = 0; up < 2; up++) {
			struct setting s = {.rtt_us = 50000,
					    .red_depth = 1,
					    .burst_tenths = burst,
					    .up = up,
					    .down = !up,
					    .repeats = up};
			struct outcome o = runs(&s);
			double heard = print_audio(up ? "with video, uplink" : "with video, downlink", &s, &o);
			assert_true(heard >= 98);
		}
}

/* Without video a burst is of audio only, and nothing tells the SFU but reports, one in five seconds. */
static void test_audio_alone_is_recovered(void **state)
{
	(void)state;
	for (unsigned burst = 20; burst <= 30; burst += 10)
		for (unsigned depth = 0; depth <= 3; depth++) {
			struct setting s = {.rtt_us = 50000,
					    .red_depth = depth,
					    .burst_tenths = burst,
					    .down = true,
					    .audio_only = true};
			struct outcome o = runs(&s);
			/* by a publisher without RED, too: the first seconds cost most then */
			assert_true(print_audio("alone", &s, &o) >= (depth ? 98 : 97.5));
		}
}

/* Chromium asks for lost voice, too, and answers when it is asked. */
static void test_audio_alone_is_asked_for_again(void **state)
{
	(void)state;
	for (unsigned up = 0; up < 2; up++) {
		struct setting s = {.rtt_us = 50000,
				    .red_depth = 1,
				    .burst_tenths = 30,
				    .up = up,
				    .down = !up,
				    .audio_only = true,
				    .asks = true,
				    .repeats = true};
		struct outcome o = runs(&s);
		assert_true(print_audio(up ? "alone, uplink" : "alone", &s, &o) >= 99);
	}
}

/* Whoever cannot read RED still gets what the SFU takes out of it for frames that were lost on their way up. */
static void test_redundancy_serves_those_without_it(void **state)
{
	(void)state;
	struct setting s =
		{.rtt_us = 50000, .red_depth = 1, .burst_tenths = 20, .up = true, .audio_only = true, .is_plain = true};
	struct outcome with = runs(&s);
	assert_true(print_audio("alone, uplink", &s, &with) >= 97);
	assert_int_equal(with.by_red, 0);
	s.red_depth = 0;
	struct outcome without = runs(&s);
	assert_true(print_audio("alone, uplink", &s, &without) < percent(with.heard, with.lost) - 1);
}

static void test_video_is_repaired_by_rtx(void **state)
{
	(void)state;
	const int64_t rtts[] = {20000, 60000, 100000};
	for (unsigned up = 0; up < 2; up++)
		for (size_t i = 0; i < 3; i++) {
			struct outcome o = runs(&(struct setting){.rtt_us = rtts[i],
								  .red_depth = 1,
								  .burst_tenths = 30,
								  .up = up,
								  .down = !up});
			print_message("video, %s, round trip %ld ms: %.2f %% of %lu frames shown, %lu packets sent "
				      "again\n",
				      up ? "uplink" : "downlink", (long)rtts[i] / 1000, percent(o.frames, o.missed),
				      o.frames + o.missed, o.rtx);
			assert_true(o.frames > 500);
			assert_true(percent(o.frames, o.missed) >= 99);
		}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_audio_in_a_call_is_recovered),   TEST(test_audio_alone_is_recovered),
		TEST(test_audio_alone_is_asked_for_again), TEST(test_redundancy_serves_those_without_it),
		TEST(test_video_is_repaired_by_rtx),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
