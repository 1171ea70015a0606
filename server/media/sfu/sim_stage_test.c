/* Who speaks, by what arrives over real networks, and what stages that change cost. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum { STAGE_US = 2000 * 1000 };

static void room_of(unsigned people, uint64_t seed, const struct sim_net *net)
{
	struct sfu_params params = sim_chromium(7, 7, 1), firefox = sim_firefox(7, 7, 1);
	sim_begin(seed, seed & 1);
	for (unsigned i = 0; i < people; i++) {
		struct sim_peer *peer = sim_join(i == 2 ? &firefox : &params, net);
		peer->out.level = (uint8_t)(20 + 4 * i); /* not all are equally loud */
		sim_state(peer, false, false, false);
	}
	/* one whose room hums all the time */
	sim.peers[people - 1].out.level = 50;
	sim.peers[people - 1].out.hums = true;
	sim.peers[people - 1].out.talks = true;
	sim_run(3000);
}

static void check_holds(void)
{
	for (size_t i = 1; i < sim.stage_count; i++)
		/* events wait up to 200 ms */
		if (sim.stages[i].at_us - sim.stages[i - 1].at_us < STAGE_US - 200 * 1000)
			fail_msg("seed %lu: two stages within %ld ms", sim.seed,
				 (long)(sim.stages[i].at_us - sim.stages[i - 1].at_us) / 1000);
}

/* Turns of 3 to 6 s with short pauses; when is each on the stage? */
static void test_a_speaker_is_recognised(void **state)
{
	(void)state;
	double ms[2000];
	for (unsigned preset = 0; preset < SIM_PRESETS; preset++) {
		size_t n = 0, never = 0;
		for (uint64_t seed = 0; seed < sim_seeds(10); seed++) {
			room_of(5, seed, &sim_presets[preset]);
			for (unsigned turn = 0; turn < 12 && n < 2000; turn++) {
				struct sim_peer *who = &sim.peers[turn % 4];
				int64_t took = 0, turn_ms = 3000 + sim_below(3000);
				who->out.talks = true;
				for (; took < turn_ms && sim.speakers.speakers.stage != who->kit->number; took += 10)
					sim_run(10);
				ms[n++] = (double)took;
				sim_run(turn_ms - took);
				never += sim.speakers.speakers.stage != who->kit->number;
				who->out.talks = false;
				sim_run(sim_below(500));
			}
			check_holds();
		}
		double way_ms = (double)sim_presets[preset].delay_us / 1000, median = sim_median(ms, n);
		print_message("%-11s speaker on stage after %.0f ms (median of %zu turns), 90th percentile %.0f ms; "
			      "the "
			      "way there "
			      "takes %.0f; %zu never\n",
			      sim_presets[preset].name, median, n, ms[n * 9 / 10], way_ms, never);
		assert_true(median - way_ms <= 700);
		assert_int_equal(never, 0);
	}
}

static void test_a_cough_takes_no_stage(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < sim_seeds(3); seed++) {
		room_of(5, seed, &sim_presets[SIM_WIFI]);
		sim.peers[0].out.talks = true;
		sim_run(4000);
		assert_int_equal(sim.speakers.speakers.stage, 1);
		size_t before = sim.stage_count;
		for (unsigned i = 0; i < 20; i++) {
			struct sim_peer *who = &sim.peers[1 + i % 3];
			sim.peers[0].out.talks = i % 4 != 3; /* into a silence, too */
			sim_run(1000);
			who->out.talks = true;
			who->out.level = 10;
			sim_run(200 + sim_below(90));
			who->out.talks = false;
			sim_run(1000);
		}
		assert_int_equal(sim.stage_count, before);
	}
}

/* Everybody at once, for moments: whatever it shows, it does not flicker. */
static void test_the_stage_is_held(void **state)
{
	(void)state;
	size_t changes = 0;
	for (uint64_t seed = 0; seed < sim_seeds(3); seed++) {
		room_of(6, seed, &sim_presets[SIM_WIFI]);
		for (int i = 0; i < 300; i++) {
			struct sim_peer *who = &sim.peers[sim_below(5)];
			who->out.talks = !who->out.talks;
			sim_run(100 + sim_below(400));
		}
		check_holds();
		changes += sim.stage_count;
	}
	print_message("%zu stages in %u times 90 s of babble\n", changes, sim_seeds(3));
	assert_true(changes > 10);
}

/* Two viewers change their stage each 2 s for 3 minutes. */
static void test_stages_that_change_cost_few_key_frames(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(5, 5, 1);
	sim_begin(7, true);
	for (int i = 0; i < 6; i++)
		sim_join(&params, &sim_presets[SIM_WIFI])->out.bwe.bps = 3e6;
	sim_run(1000);
	for (unsigned i = 0; i < 90; i++) {
		for (unsigned k = 0; k < 6; k++)
			sim_show(&sim.peers[k], 180, &sim.peers[(i + (k > 3)) % 4], 720, NULL);
		sim_run(2000);
	}
	double most = 0;
	uint64_t plis = 0, switches = 0;
	int64_t freeze_us = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t keys = 0, bytes = 0;
		for (unsigned k = 1; k < LAYERS_A_PEER; k++) {
			const struct sim_encoder *e = &sim.peers[i].out.encoders[k];
			keys += e->key_bytes;
			bytes += e->bytes;
			plis += e->plis;
		}
		double share = 100.0 * (double)keys / (double)bytes;
		most = share > most ? share : most;
	}
	for (unsigned k = 4; k < 6; k++)
		for (unsigned i = 0; i < 4; i++) {
			const struct sim_slot *slot = sim_slot_of(&sim.peers[k], &sim.peers[i], SFU_CAMERA);
			switches += slot->layer_changes;
			freeze_us = slot->freeze_us > freeze_us ? slot->freeze_us : freeze_us;
		}
	print_message("180 s of stages that change each 2 s: at most %.1f %% of a publisher's bytes in key frames, %lu "
		      "requests, "
		      "%lu switches at two viewers, longest gap %.0f ms\n",
		      most, plis, switches, (double)freeze_us / 1000);
	assert_true(switches > 60);
	assert_true(most <= 20);
	assert_true(freeze_us < 500 * 1000); /* never black, never frozen */
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_speaker_is_recognised),
		TEST(test_a_cough_takes_no_stage),
		TEST(test_the_stage_is_held),
		TEST(test_stages_that_change_cost_few_key_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
