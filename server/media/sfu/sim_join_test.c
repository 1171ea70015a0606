/* People who come, go, fall silent and share, through the whole SFU. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

static const struct sim_net *const lan = &sim_presets[SIM_LAN], *const wifi = &sim_presets[SIM_WIFI];

/* Runs until who has shown whom, at most so long. Gives the ms. */
static int64_t picture_after(struct sim_peer *who, const struct sim_peer *whom, int64_t most_ms)
{
	int64_t ms = 0;
	for (; ms < most_ms; ms++) {
		const struct sim_slot *slot = sim_slot_of(who, whom, SFU_CAMERA);
		if (slot && slot->owner == whom->kit->number && slot->frames)
			break;
		sim_run(1);
	}
	return ms;
}

static uint64_t most_asked(uint64_t before[2][LAYERS_A_PEER])
{
	uint64_t most = 0;
	for (size_t i = 0; i < 50; i++)
		for (size_t k = 1; k < LAYERS_A_PEER; k++) {
			uint64_t n = sim.peers[i].out.encoders[k].plis - (i < 2 ? before[i][k] : 0);
			most = n > most ? n : most;
		}
	return most;
}

/* Two are there; 48 more come within a second, all with cameras, and look at the first. */
static void join_storm(uint64_t seed, bool gso)
{
	struct sfu_params params = sim_chromium(8, 9, 1);
	uint64_t before[2][LAYERS_A_PEER];
	int64_t longest_ms = 0;
	sim_begin(seed, gso);
	for (int i = 0; i < 2; i++)
		sim_join(&params, lan)->out.talks = !i;
	sim_show(&sim.peers[1], 180, &sim.peers[0], 720, NULL);
	sim_run(6000);
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < LAYERS_A_PEER; k++)
			before[i][k] = sim.peers[i].out.encoders[k].plis;
	for (size_t i = 2; i < 50; i++) {
		sim_show(sim_join(&params, lan), 180, &sim.peers[0], 720, NULL);
		sim_run(i % 6 ? 20 : 22);
	}
	for (size_t i = 2; i < 50; i++) {
		int64_t ms = picture_after(&sim.peers[i], &sim.peers[0], 1000);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	uint64_t most = most_asked(before);
	sim_run(5000);
	print_message("48 joiners within a second: at most %lu requests to a layer until all see the first, %ld ms "
		      "after "
		      "the last came; %lu in the 5 s behind\n",
		      most, (long)longest_ms, most_asked(before) - most);
	assert_true(longest_ms < 1000);
	assert_true(most <= 2);
	assert_true(most_asked(before) <= 2 + 5);
}

static void test_fifty_join_within_a_second(void **state)
{
	(void)state;
	join_storm(1, false);
	join_storm(2, true);
}

static void test_a_joiner_sees_a_picture_within_a_second(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(3, 3, 1);
	double ms[40];
	for (uint64_t seed = 0; seed < 40; seed++) {
		const struct sim_net *net = &sim_presets[seed % 4]; /* up to 50 ms and 2 % */
		sim_begin(seed, seed & 1);
		struct sim_peer *a = sim_join(&params, net), *b = sim_join(&params, net);
		sim_show(a, 180, b, 720, NULL);
		sim_show(b, 180, a, 720, NULL);
		sim_run(3000 + sim_below(3000));
		struct sim_peer *c = sim_join(&params, net);
		sim_show(c, 180, a, 720, NULL);
		ms[seed] = (double)picture_after(c, a, 3000);
	}
	double median = sim_median(ms, 40);
	print_message("first picture of a joiner: median %.0f ms, longest %.0f ms\n", median, ms[39]);
	assert_true(ms[39] <= 1000);
}

static void test_a_dead_network(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(2, 2, 1);
	sim_begin(1, true);
	for (int i = 0; i < 3; i++)
		sim_join(&params, lan)->out.talks = true;
	for (size_t i = 0; i < 3; i++)
		sim_show(&sim.peers[i], 180, NULL, 0, NULL);
	struct sim_peer *a = &sim.peers[0], *b = &sim.peers[1], *c = &sim.peers[2];
	sim_run(3000);
	int64_t since_us = kit.now_us;
	c->up.is_dead = c->down.is_dead = true;
	sim_run(18000);
	assert_int_equal(c->aways, 1);
	assert_in_range(c->away_us - since_us, 14500 * 1000, 15600 * 1000);
	c->up.is_dead = c->down.is_dead = false; /* once more for a moment */
	uint64_t frames = sim_slot_of(a, c, SFU_CAMERA)->frames;
	sim_run(4000);
	assert_int_equal(c->backs, 1);
	assert_true(sim_slot_of(a, c, SFU_CAMERA)->frames > frames + 30);
	assert_true(sim_slot_of(c, a, SFU_CAMERA)->frames > 30);
	since_us = kit.now_us;
	c->up.is_dead = c->down.is_dead = true;
	sim_run(32000);
	assert_int_equal(c->gones, 1);
	assert_in_range(c->gone_us - since_us, 29500 * 1000, 30600 * 1000);
	assert_null(sim_slot_of(a, c, SFU_CAMERA));
	const struct sim_slot *s = sim_slot_of(a, b, SFU_CAMERA);
	assert_true(s->freeze_us < 150 * 1000 && !s->frames_missed); /* the others never noticed */
}

static uint64_t heard(struct sim_peer *who, const struct sim_peer *whom)
{
	const struct sim_slot *slot = sim_slot_of(who, whom, SFU_MIC);
	return slot ? slot->packets : 0;
}

static void test_mute_and_unmute(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(2, 2, 0);
	sim_begin(1, true);
	struct sim_peer *a = sim_join(&params, lan), *b = sim_join(&params, lan);
	a->out.talks = true;
	for (int i = 0; i < 5; i++) {
		sim_run(1000);
		uint64_t n = heard(b, a);
		assert_true(n > 40);
		sim_state(a, true, true, false);
		a->out.is_muted = i & 1; /* or a client that goes on sending: enforced */
		sim_run(20);
		n = heard(b, a);
		sim_run(1000);
		assert_int_equal(heard(b, a), n);
		sim_state(a, false, true, false);
		sim_run(1000);
		assert_in_range(heard(b, a) - n, 45, 51);
	}
	assert_int_equal(sim_slot_of(b, a, SFU_MIC)->heard_lost, 0);
	assert_true(kit_drops(SFU_DROP_MUTED) > 100);
}

static void test_a_screen_appears_and_wins(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(2, 2, 1);
	sim_begin(1, true);
	for (int i = 0; i < 3; i++)
		sim_join(&params, lan);
	struct sim_peer *a = &sim.peers[0], *b = &sim.peers[1], *c = &sim.peers[2];
	sim_show(c, 360, NULL, 0, NULL);
	sim_run(5000);
	c->down.net.bps = 700 * 1000; /* the screen's 400 and 300 are less than both cameras want */
	c->down.net.queue_us = 600 * 1000;
	sim_run(10000);
	sim_state(a, false, true, true);
	sim_show(c, 360, NULL, 0, a);
	sim_run(1000);
	const struct sim_slot *screen = sim_slot_of(c, a, SFU_SCREEN);
	assert_non_null(screen);
	assert_true(screen->frames > 0);
	sim_run(20000);
	uint64_t frames = screen->frames,
		 cameras = sim_slot_of(c, a, SFU_CAMERA)->bytes + sim_slot_of(c, b, SFU_CAMERA)->bytes;
	sim_run(20000);
	cameras = sim_slot_of(c, a, SFU_CAMERA)->bytes + sim_slot_of(c, b, SFU_CAMERA)->bytes - cameras;
	print_message("a screen on 700 kbit/s: %lu of 100 frames, cameras %lu kbit/s\n", screen->frames - frames,
		      cameras * 8 / 20000);
	assert_true(screen->frames - frames >= 95);
	assert_true(cameras * 8 / 20000 < 450);
	sim_state(a, false, true, false);
	sim_run(1000);
	sim_state(b, false, true, true); /* another takes over the slot */
	sim_show(c, 360, NULL, 0, b);
	sim_run(1000);
	assert_ptr_equal(sim_slot_of(c, b, SFU_SCREEN), screen);
	frames = screen->frames;
	sim_run(2000);
	assert_int_equal(screen->owner, b->kit->number);
	assert_true(screen->frames >= frames + 5);
}

static void test_firefox_among_chromium(void **state)
{
	(void)state;
	struct sfu_params chromium = sim_chromium(3, 3, 1), firefox = sim_firefox(3, 3, 1);
	for (uint64_t seed = 0; seed < 2; seed++) {
		sim_begin(seed, seed);
		for (int i = 0; i < 4; i++)
			sim_join(i & 1 ? &firefox : &chromium, wifi)->out.talks = true;
		for (size_t i = 0; i < 4; i++)
			sim_show(&sim.peers[i], 360, NULL, 0, NULL);
		sim_run(15000);
		for (size_t i = 0; i < 4; i++)
			for (size_t k = 0; k < 4; k++) {
				struct sim_peer *who = &sim.peers[i], *whom = &sim.peers[k];
				if (i == k)
					continue;
				const struct sim_slot *mic = sim_slot_of(who, whom, SFU_MIC);
				const struct sim_slot *camera = sim_slot_of(who, whom, SFU_CAMERA);
				assert_true(mic->packets > 700);
				assert_true(camera->frames > 180);
				assert_int_equal(camera->layer, 2);
				/* redundancy is for those who read it, whoever speaks */
				assert_true(!(i & 1) || !mic->by_red);
			}
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_fifty_join_within_a_second),
		TEST(test_a_joiner_sees_a_picture_within_a_second),
		TEST(test_a_dead_network),
		TEST(test_mute_and_unmute),
		TEST(test_a_screen_appears_and_wins),
		TEST(test_firefox_among_chromium),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
