/* Many rooms by chance: whatever the network and the people do, the receivers' model must hold (sim_video_testkit.c), and pictures and
 * voices must come. SIM_SEEDS=200 for all of them, SIM_SEED=n for one. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

#include <time.h>

struct figures {
	double frames, audio, freeze_ms;
};

static void change_something(void)
{
	struct sim_peer *a = &sim.peers[sim_below(3)], *b = &sim.peers[sim_below(3)];
	switch (sim_below(5)) {
	case 0:
	case 1: sim_show(a, 180, b, sim_below(2) ? 720 : 360, NULL); break;
	case 2: sim_show(a, 90, NULL, 0, NULL); break;
	case 3: a->out.talks = !a->out.talks; break;
	default: sim_state(a, sim_below(2), sim_below(4) != 0, false); break;
	}
}

/* More often than any line would. The allocator has its way again within a second. */
static void change_tiers(void)
{
	struct sfu_room *room = sfu_find_room(kit.sfu, &kit.room);
	for (size_t i = 0; i < 3; i++) {
		struct sfu_peer *peer = sfu_find_peer(room, sim.peers[i].kit->number);
		for (uint32_t k = 0; k < peer->slot_count; k++)
			if (peer->slots[k].kind == SFU_SLOT_VIDEO && peer->slots[k].target != SFU_NONE)
				slot_aim(&peer->slots[k], peer->slots[k].target, (uint8_t)sim_below(TIERS_MAX), false,
					 kit.now_us);
	}
}

/* Three people for 6 s, on this network all of them. */
static struct figures run(uint64_t seed, const struct sim_net *net)
{
	struct sfu_params params = sim_chromium(2, 2, 1), other = sim_firefox(2, 2, 1);
	uint64_t frames = 0, missed = 0, heard = 0, lost = 0;
	struct figures f = {.freeze_ms = 0};
	struct sim_net mine = *net;
	mine.reorders = seed % 8 == 5; /* in some, packets overtake each other */
	sim_begin(seed, seed & 1);
	for (int i = 0; i < 3; i++) {
		struct sim_peer *peer = sim_join(i == 2 && seed & 2 ? &other : &params, &mine);
		peer->out.talks = true;
		peer->out.tiers = 1 + (unsigned)((seed / 2 + (unsigned)i) % 3);
	}
	for (size_t i = 0; i < 3; i++)
		sim_show(&sim.peers[i], 180, &sim.peers[(i + 1) % 3], 720, NULL);
	sim_run(2000);
	for (int i = 0; i < 10; i++) {
		change_something();
		sim_run(200);
		change_tiers();
		sim_run(200);
	}
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < sim.peers[i].in.slot_count; k++) {
			const struct sim_slot *s = &sim.peers[i].in.slots[k];
			frames += s->frames;
			missed += s->frames_missed;
			heard += s->heard;
			lost += s->heard_lost + s->heard_late;
			double freeze_ms = (double)s->freeze_us / 1000;
			f.freeze_ms = freeze_ms > f.freeze_ms ? freeze_ms : f.freeze_ms;
		}
	assert_true(frames > 100 && heard > 100);
	f.frames = 100.0 * (double)frames / (double)(frames + missed);
	f.audio = 100.0 * (double)heard / (double)(heard + lost);
	return f;
}

/* At the median; far below what is usual, for few seeds. */
static const struct {
	double frames, audio;
} least[SIM_PRESETS] = {
	[SIM_LAN] = {100, 100},    [SIM_WIFI] = {98, 99},      [SIM_WIFI_LOSSY] = {95, 94},
	[SIM_CELLULAR] = {95, 98}, [SIM_CONGESTED] = {85, 92}, [SIM_SATELLITE] = {75, 97},
};

static void test_seeds_times_presets(void **state)
{
	(void)state;
	enum { MAX = 10000 };
	static double frames[MAX], audio[MAX], freezes[MAX];
	unsigned seeds = sim_seeds(30);
	const char *one = getenv("SIM_SEED");
	uint64_t from = one ? strtoul(one, NULL, 10) : 0, skews = 0, switches = 0, tiers = 0;
	if (one)
		seeds = 1;
	assert_true(seeds <= MAX);
	for (unsigned p = 0; p < SIM_PRESETS; p++) {
		int64_t skew_us = 0;
		for (unsigned i = 0; i < seeds; i++) {
			struct figures f = run(from + i, &sim_presets[p]);
			frames[i] = f.frames;
			audio[i] = f.audio;
			freezes[i] = f.freeze_ms;
			skews += sim.skews;
			switches += sim.switches_seen;
			tiers += sfu_stats(kit.sfu)->tier_changes;
			skew_us = sim.skew_max_us > skew_us ? sim.skew_max_us : skew_us;
		}
		double shown = sim_median(frames, seeds), heard = sim_median(audio, seeds);
		print_message("%-11s frames %.2f %% audio %.2f %% longest freeze %.0f ms (medians of %u seeds), skew "
			      "<= %.1f ms\n",
			      sim_presets[p].name, shown, heard, sim_median(freezes, seeds), seeds,
			      (double)skew_us / 1000);
		assert_true(one || (shown >= least[p].frames && heard >= least[p].audio));
	}
	print_message("%u rooms, %lu frames' clocks looked at, %lu switches of layers and %lu of temporal ones, %.1f s "
		      "of CPU\n",
		      seeds * SIM_PRESETS, skews, switches, tiers, (double)clock() / CLOCKS_PER_SEC);
	assert_true(switches > 0 && tiers > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seeds_times_presets, sim_setup, sim_teardown)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
