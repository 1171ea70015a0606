/* What the simulator has found, each by itself. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

/* A key frame of more packets than wait for a flush, on which a slot begins: its last one went out of the ring and then once more. Two
 * packets under one number and key give GCM's secret away; the receiver's replay check fails the test. */
static void test_a_large_key_frame_begins_a_slot_once(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(1, 1, 0);
	for (uint64_t seed = 0; seed < 2; seed++) {
		sim_begin(seed, seed);
		struct sim_peer *a = sim_join(&params, &sim_presets[SIM_LAN]);
		struct sim_peer *b = sim_join(&params, &sim_presets[SIM_LAN]);
		a->out.rates[0] = 2000 * 1000; /* 60 packets in a key frame */
		a->out.bwe.bps = 5e6;
		sim_show(b, 180, NULL, 0, NULL);
		sim_run(2000);
		assert_true(a->out.encoders[1].key_bytes > 40 * 1000);
		assert_true(b->in.slots[1].frames > 20);
		assert_int_equal(b->in.slots[1].frames_missed, 0);
	}
}

/* Layers that begin with a key frame which had to be repeated, before their first sender report: the timeline was pushed ahead by the time
 * that the repetition took, for good when the old layer had gone on meanwhile. The model looks at every frame shown. */
static void test_a_late_key_frame_does_not_bend_time(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(1, 1, 0);
	for (uint64_t seed = 0; seed < 4; seed++) {
		sim_begin(seed, seed & 1);
		struct sim_peer *a = sim_join(&params, &sim_presets[SIM_CELLULAR]);
		struct sim_peer *b = sim_join(&params, &sim_presets[SIM_LAN]);
		a->up.net.loss_permille = 100;
		for (int i = 0; i < 10; i++) {
			sim_show(b, i & 1 ? 180 : 360, NULL, 0, NULL);
			sim_run(1500);
		}
		assert_true(b->in.slots[1].layer_changes >= 4);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_large_key_frame_begins_a_slot_once),
		TEST(test_a_late_key_frame_does_not_bend_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
