/* Who gets which layer: the rules one by one, then what must hold for any room and any estimate. */
#include "base/test.h"
#include "media/bwe/alloc.h"

enum { S = 1000 * 1000 };

static struct alloc memory;
static struct alloc_choice choice;

static int setup(void **state)
{
	(void)state;
	memset(&memory, 0, sizeof(memory));
	return 0;
}
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, at_test_teardown)

static struct alloc_source camera(uint16_t wanted)
{
	return (struct alloc_source){
		.wanted_height = wanted,
		.held = ALLOC_NONE,
		.layers = {{150 * 1000, 180, true}, {500 * 1000, 360, true}, {1500 * 1000, 720, true}},
	};
}

static struct alloc_source screen(void)
{
	return (struct alloc_source){.wanted_height = 1080,
				     .is_screen = true,
				     .held = ALLOC_NONE,
				     .layers = {{1200 * 1000, 1080, true}}};
}

static void decide_at(int64_t now_us, uint32_t estimate, uint32_t stable, struct alloc_source *sources, size_t n)
{
	struct alloc_link link = {.now_us = now_us,
				  .estimate_bps = estimate,
				  .stable_min_bps = stable,
				  .audio_bps = 100 * 1000};
	alloc_layers(&memory, &link, sources, n, &choice);
}

static void take(struct alloc_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sources[i].held = choice.layer[i];
}

static void expect(const char *layers) /* '-' or a digit a source */
{
	for (size_t i = 0; i < strlen(layers); i++)
		assert_int_equal(choice.layer[i], layers[i] == '-' ? ALLOC_NONE : layers[i] - '0');
}

static void with_plenty_all_get_what_they_show(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180), camera(360), camera(0)};
	decide_at(1, 30 * S, 30 * S, s, 4);
	expect("201-");
	assert_int_equal(choice.total_bps, 100000 + 1500000 + 150000 + 500000);
	assert_int_equal(alloc_wanted_bps(s, 4, 100000), choice.total_bps);
}

static void every_tile_comes_before_any_second_layer(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180), camera(180), camera(180)};
	decide_at(1, 750 * 1000, 750 * 1000, s, 4); /* 100 + 600 = 700; 360p for the stage would be 1050 */
	expect("0000");
	decide_at(1, 1200 * 1000, 1200 * 1000, s, 4);
	expect("1000");
	decide_at(1, 2200 * 1000, 2200 * 1000, s, 4);
	expect("2000");
}

static void a_screen_flows_first_and_always(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), screen(), camera(180)};
	decide_at(1, 200 * 1000, 200 * 1000, s, 3);
	expect("-0-");
	decide_at(1, 1550 * 1000, 1550 * 1000, s, 3);
	expect("00-");
	s[1].wanted_height = 0;
	decide_at(1, 1550 * 1000, 1550 * 1000, s, 3);
	expect("1-0");
}

static void one_picture_flows_whatever_the_estimate(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(0), camera(720), camera(180)};
	decide_at(1, 100 * 1000, 100 * 1000, s, 3);
	expect("-0-");
}

static void a_new_layer_must_fit_the_stable_estimate_a_held_one_the_current(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720)};
	decide_at(1, 3 * S, 800 * 1000, s, 1);
	expect("1");
	s[0].held = 2;
	decide_at(1, 1700 * 1000, 800 * 1000, s, 1);
	expect("2");
	assert_false(choice.has_dropped);
	decide_at(1, 1500 * 1000, 800 * 1000, s, 1);
	expect("1");
	assert_true(choice.has_dropped);
}

static void only_layers_that_live(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180), camera(180)};
	s[0].layers[2].is_alive = false;
	s[1].layers[0].is_alive = false; /* 360p is too tall for a tile, but all there is below 720p */
	for (int i = 0; i < ALLOC_LAYERS_MAX; i++)
		s[2].layers[i].is_alive = false;
	decide_at(1, 30 * S, 30 * S, s, 3);
	expect("11-");
	s[0].held = 2; /* died: not lost for want of bandwidth */
	decide_at(1, 30 * S, 30 * S, s, 3);
	assert_false(choice.has_dropped);
}

static void after_a_drop_the_total_waits_ten_seconds(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180)};
	decide_at(1, 2 * S, 2 * S, s, 2);
	take(s, 2);
	decide_at(30 * S, 1 * S, 1 * S, s, 2);
	expect("10");
	take(s, 2);
	decide_at(39 * S, 2 * S, 2 * S, s, 2);
	expect("10");
	decide_at(41 * S, 2 * S, 2 * S, s, 2);
	expect("20");
	take(s, 2);
	decide_at(45 * S, 1 * S, 1 * S, s, 2); /* so the raise was wrong: 20 s now */
	expect("10");
	take(s, 2);
	decide_at(64 * S, 2 * S, 2 * S, s, 2);
	expect("10");
	decide_at(66 * S, 2 * S, 2 * S, s, 2);
	expect("20");
}

static void with_plenty_nobody_waits(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180)};
	s[0].held = 2, s[1].held = 0;
	decide_at(10 * S, 1 * S, 1 * S, s, 2);
	take(s, 2);
	expect("10");
	decide_at(13 * S, 3 * S, 3 * S, s, 2);
	expect("20");
}

static void meanwhile_the_stage_may_move(void **state)
{
	(void)state;
	struct alloc_source s[] = {camera(720), camera(180)};
	s[0].held = 2, s[1].held = 0;
	decide_at(10 * S, 1 * S, 1 * S, s, 2);
	take(s, 2);
	expect("10");
	struct alloc_source moved[] = {s[1], s[0]};
	moved[0].wanted_height = 720, moved[1].wanted_height = 180;
	decide_at(12 * S, 2 * S, 2 * S, moved, 2);
	expect("10");
}

/* ---- any room ---- */

static uint64_t seed;
static uint32_t below(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static size_t any_room(struct alloc_source *s)
{
	static const uint16_t heights[] = {0, 90, 180, 180, 360, 720, 1080};
	size_t n = below(ALLOC_SOURCES_MAX + 1);
	for (size_t i = 0; i < n; i++) {
		s[i] = camera(heights[below(7)]);
		s[i].is_screen = below(12) == 0;
		s[i].held = (int8_t)((int)below(4) - 1);
		for (size_t l = 0; l < ALLOC_LAYERS_MAX; l++) {
			s[i].layers[l].bps = s[i].layers[l].bps * (50 + below(100)) / 100;
			s[i].layers[l].is_alive = below(6) != 0;
		}
	}
	return n;
}

/* What must flow: the lowest layer of every screen, or of the first source without one. */
static uint64_t must_flow(const struct alloc_source *s, size_t n)
{
	uint64_t total = 100 * 1000, first = 0;
	bool has_screen = false, has_first = false;
	for (size_t i = 0; i < n; i++) {
		size_t l = 0;
		while (l < ALLOC_LAYERS_MAX && !s[i].layers[l].is_alive)
			l++;
		if (l == ALLOC_LAYERS_MAX || !s[i].wanted_height)
			continue;
		if (s[i].is_screen) {
			has_screen = true;
			total += s[i].layers[l].bps;
		} else if (!has_first) {
			has_first = true;
			first = s[i].layers[l].bps;
		}
	}
	return total + (has_screen ? 0 : first);
}

static void what_holds_always(void **state)
{
	(void)state;
	struct alloc_source s[ALLOC_SOURCES_MAX];
	for (seed = 1; seed < 20000; seed++) {
		uint64_t again = seed;
		size_t n = any_room(s);
		uint32_t estimate = 100 * 1000 + below(12 * S), stable = estimate - below(estimate / 2);
		memset(&memory, 0, sizeof(memory));
		decide_at(1, estimate, stable, s, n);
		uint64_t total = 100 * 1000, must = must_flow(s, n);
		for (size_t i = 0; i < n; i++) {
			int l = choice.layer[i];
			assert_in_range(l + 1, 0, ALLOC_LAYERS_MAX);
			assert_true(l == ALLOC_NONE || (s[i].wanted_height && s[i].layers[l].is_alive));
			total += l == ALLOC_NONE ? 0 : s[i].layers[l].bps;
		}
		assert_int_equal(total, choice.total_bps);
		assert_true(total <= (estimate > must ? estimate : must));
		assert_true(total <= alloc_wanted_bps(s, n, 100 * 1000));
		seed = again;
	}
}

static void more_bandwidth_never_gives_less(void **state)
{
	(void)state;
	struct alloc_source s[ALLOC_SOURCES_MAX];
	for (uint64_t room = 1; room < 500; room++) {
		seed = room;
		size_t n = any_room(s);
		for (size_t i = 0; i < n; i++)
			s[i].held = ALLOC_NONE;
		uint64_t before = 0;
		for (uint32_t bps = 100 * 1000; bps < 12 * S; bps += 150 * 1000) {
			memset(&memory, 0, sizeof(memory));
			decide_at(1, bps, bps, s, n);
			assert_true(choice.total_bps >= before);
			before = choice.total_bps;
		}
	}
}

/* Five minutes, decided each 200 ms; the estimate and every layer vary by 10 %. */
static unsigned flips_with_noise(uint32_t mean, size_t n)
{
	struct alloc_source s[ALLOC_SOURCES_MAX];
	uint32_t minima[2] = {mean, mean};
	unsigned flips = 0;
	for (size_t i = 0; i < n; i++)
		s[i] = camera(i ? 180 : 720);
	if (n > 2)
		s[1].wanted_height = 360;
	memset(&memory, 0, sizeof(memory));
	for (int64_t now = 0; now < 300 * S; now += S / 5) {
		uint32_t estimate = mean / 100 * (90 + below(21));
		if (now % (5 * S / 2) == 0)
			minima[1] = minima[0], minima[0] = estimate;
		minima[0] = estimate < minima[0] ? estimate : minima[0];
		for (size_t i = 0; i < n; i++)
			for (size_t l = 0; l < ALLOC_LAYERS_MAX; l++)
				s[i].layers[l].bps = camera(0).layers[l].bps / 100 * (95 + below(11));
		decide_at(now, estimate, minima[0] < minima[1] ? minima[0] : minima[1], s, n);
		for (size_t i = 0; i < n; i++)
			flips += now > 20 * S && choice.layer[i] != s[i].held;
		take(s, n);
	}
	return flips;
}

static void a_steady_state_is_steady(void **state)
{
	(void)state;
	unsigned worst = 0, all = 0, rooms = 0;
	seed = 7;
	for (uint32_t mean = 300 * 1000; mean < 5 * S; mean += 50 * 1000)
		for (size_t n = 1; n <= 9; n += 4) {
			unsigned flips = flips_with_noise(mean, n);
			worst = flips > worst ? flips : worst;
			all += flips;
			rooms++;
		}
	print_message("%u rooms of 280 s with 10 %% noise: %u flips in all, at most %u in one\n", rooms, all, worst);
	assert_true(worst <= 28); /* one in 10 s */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(with_plenty_all_get_what_they_show),
		TEST(every_tile_comes_before_any_second_layer),
		TEST(a_screen_flows_first_and_always),
		TEST(one_picture_flows_whatever_the_estimate),
		TEST(a_new_layer_must_fit_the_stable_estimate_a_held_one_the_current),
		TEST(only_layers_that_live),
		TEST(after_a_drop_the_total_waits_ten_seconds),
		TEST(with_plenty_nobody_waits),
		TEST(meanwhile_the_stage_may_move),
		TEST(what_holds_always),
		TEST(more_bandwidth_never_gives_less),
		TEST(a_steady_state_is_steady),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
