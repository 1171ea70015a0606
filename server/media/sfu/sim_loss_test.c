/* 10 % of packets lost in bursts: what RED and RTX bring back. SIM_SEEDS=n for more runs of each. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

struct outcome {
	uint64_t frames, missed, heard, lost, by_red, by_fec, rtx;
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
};

static void run(uint64_t seed, const struct setting *s, struct outcome *sum)
{
	struct sfu_params params = sim_chromium(1, 1, 0);
	struct sim_net net = {.delay_us = s->rtt_us / 2, .burst_tenths = s->burst_tenths};
	sim_begin(seed, seed & 1);
	struct sim_peer *a = sim_join(&params, &net), *b = sim_join(&params, &net);
	a->out.talks = true;
	a->out.red_depth = s->red_depth;
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
	print_message("audio %s, bursts of %.1f packets, RED of %u: %.2f %% of frames heard (%.2f by RED, %.2f by "
		      "FEC)\n",
		      what, s->burst_tenths / 10.0, s->red_depth, heard, (double)o->by_red / all,
		      (double)o->by_fec / all);
	assert_true(o->heard > 1000);
	return heard;
}

/* A call as Chromium has it: RED of one frame, and Opus's own. Bursts hit what is on the line, video among it. */
static void test_audio_in_a_call_is_recovered(void **state)
{
	(void)state;
	for (unsigned burst = 20; burst <= 30; burst += 10)
		for (unsigned up = 0; up < 2; up++) {
			struct setting s = {.rtt_us = 50000,
					    .red_depth = 1,
					    .burst_tenths = burst,
					    .up = up,
					    .down = !up};
			struct outcome o = runs(&s);
			double heard = print_audio(up ? "with video, uplink" : "with video, downlink", &s, &o);
			assert_true(heard >= (burst == 20 ? 98 : 97));
		}
}

/* Without video a burst is of audio only. */
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
			double heard = print_audio("alone", &s, &o);
			/* RED of one frame is a hair below 98 here, whoever forwards it: three in a row are lost too often */
			assert_true(depth < (burst == 20 ? 2 : 3) || heard >= 98);
			assert_true(burst != 20 || depth != 1 || heard >= 97);
		}
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
		TEST(test_audio_in_a_call_is_recovered),
		TEST(test_audio_alone_is_recovered),
		TEST(test_video_is_repaired_by_rtx),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
