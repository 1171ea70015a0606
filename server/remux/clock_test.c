#include "base/test.h"
#include "remux/remux_priv.h"

static struct remux_clock clock_;

static int64_t stamp(enum remux_track track, int64_t at_ms, int64_t len_ms)
{
	int64_t at_us = at_ms == INT64_MIN ? REMUX_NO_TIME : at_ms * 1000;
	struct remux_packet packet = {.track = track,
				      .dts_us = at_us,
				      .pts_us = at_us,
				      .len_us = len_ms * 1000,
				      .key = true};
	remux_clock_stamp(&clock_, &packet);
	assert_true(packet.pts_us >= packet.dts_us && packet.dts_us >= 0);
	return packet.dts_us / 1000;
}

static int64_t sound(int64_t at_ms)
{
	return stamp(REMUX_AUDIO, at_ms, 20);
}

static int64_t picture(int64_t at_ms)
{
	return stamp(REMUX_VIDEO, at_ms, 0);
}

static void start(int64_t origin_ms)
{
	clock_ = (struct remux_clock){0};
	remux_clock_segment(&clock_, origin_ms * 1000);
}

static void test_starts_at_zero(void **state)
{
	(void)state;
	start(1960);
	assert_int_equal(sound(1960), 0);
	assert_int_equal(sound(1980), 20);
	assert_int_equal(picture(2000), 0);  /* the first picture is there at once ... */
	assert_int_equal(picture(2040), 80); /* ... and the next where it belongs */
	assert_int_equal(remux_clock_end_us(&clock_), 120000);
}

static void test_uneven_sound_is_evened(void **state)
{
	(void)state;
	start(0);
	static const int64_t at[] = {0, 19, 41, 59, 95, 101, 120, 120, INT64_MIN, 181};
	for (int i = 0; i < 10; i++)
		assert_int_equal(sound(at[i]), 20 * i);
}

static void test_a_hole_stays(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(sound(0), 0);
	assert_int_equal(sound(400), 400); /* an encoder that saves silence */
	assert_int_equal(sound(800), 800);
	assert_int_equal(sound(820), 820);
	assert_int_equal(remux_clock_end_us(&clock_), 840000);
}

static void test_a_jump_is_closed(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(sound(0), 0);
	assert_int_equal(picture(0), 0);
	assert_int_equal(sound(3600000), 20); /* an hour asleep */
	assert_int_equal(picture(3600040), 40);
	assert_int_equal(sound(3600020), 40);
	assert_int_equal(sound(-100000), 60); /* and back */
	assert_in_range(picture(-99980), 60, 140);
	assert_in_range(remux_clock_end_us(&clock_), 0, 200000);
}

static void test_pictures_never_go_back(void **state)
{
	(void)state;
	start(0);
	int64_t last = picture(0);
	static const int64_t at[] = {40, 40, 40, 20, 0, 80, INT64_MIN, 10};
	for (int i = 0; i < 8; i++) {
		int64_t now = picture(at[i]);
		assert_true(now > last);
		last = now;
	}
	assert_in_range(last, 80, 140);
}

static void test_segments_follow(void **state)
{
	(void)state;
	start(0);
	(void)sound(0);
	(void)picture(0);
	(void)picture(500); /* ends at 540 */
	remux_clock_segment(&clock_, 7000000);
	assert_int_equal(sound(7000), 540);
	assert_int_equal(picture(7010), 550);
	assert_int_equal(remux_clock_end_us(&clock_), 590000);
}

/* Anything a file may say: no overflow (UBSan), no going back, no growth beyond what holes of 5 s can add. */
static void test_any_times(void **state)
{
	(void)state;
	static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MIN / 2, -1,       0,
					1,         INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
	uint32_t dice = 5;
	start(0);
	int64_t last[REMUX_TRACKS] = {-1, -1};
	for (int i = 0; i < 100000; i++) {
		dice = dice * 1664525u + 1013904223u;
		int64_t a = edges[(dice >> 8) % 9], b = edges[(dice >> 16) % 9];
		struct remux_packet packet = {.track = (dice >> 24) & 1 ? REMUX_VIDEO : REMUX_AUDIO,
					      .dts_us = a,
					      .pts_us = b,
					      .len_us = (dice >> 25) & 1 ? 20000 : 120000};
		if (i % 1000 == 999)
			remux_clock_segment(&clock_, a);
		remux_clock_stamp(&clock_, &packet);
		assert_true(packet.dts_us >= last[packet.track] && packet.pts_us >= packet.dts_us);
		last[packet.track] = packet.dts_us;
	}
	assert_in_range(remux_clock_end_us(&clock_), 0, 100000LL * 5200000);
}

static void test_opus_lengths(void **state)
{
	(void)state;
	static const struct {
		uint8_t toc, n;
		int64_t us;
	} cases[] = {{0x00, 0, 10000},  {0x18, 0, 60000}, {0x78, 0, 20000}, {0xf8, 0, 20000},  {0xf9, 0, 40000},
		     {0xfa, 0, 40000},  {0x80, 0, 2500},  {0xfb, 3, 60000}, {0xfb, 6, 120000}, {0xfb, 7, 0},
		     {0x1b, 2, 120000}, {0x1b, 3, 0},     {0xfb, 0, 0}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[2] = {cases[i].toc, cases[i].n};
		assert_int_equal(remux_opus_us(packet, 2), cases[i].us);
	}
	assert_int_equal(remux_opus_us((const uint8_t *)"\xfb", 1), 0);
	assert_int_equal(remux_opus_us(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_starts_at_zero),   AT_TEST(test_uneven_sound_is_evened), AT_TEST(test_a_hole_stays),
		AT_TEST(test_a_jump_is_closed), AT_TEST(test_pictures_never_go_back), AT_TEST(test_segments_follow),
		AT_TEST(test_any_times),        AT_TEST(test_opus_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
