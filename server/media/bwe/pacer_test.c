/* When padding may leave: during a probe, at its rate, media counted in, and never on top of a debt. */
#include "base/test.h"
#include "media/bwe/bwe.h"

static struct pacer p;
static const struct bwe_probe probe = {.bps = 2400 * 1000, .duration_us = 80 * 1000, .cluster = 7};

static size_t pad_for(int64_t from_us, int64_t to_us)
{
	size_t total = 0;
	for (int64_t now = from_us; now < to_us; now += 5000) {
		size_t bytes = pacer_padding(&p, now);
		pacer_sent(&p, now, bytes);
		total += bytes;
	}
	return total;
}

static void without_a_probe_there_is_none(void **state)
{
	(void)state;
	pacer_init(&p, 0);
	assert_int_equal(pad_for(0, 2000000), 0);
	assert_int_equal(pacer_cluster(&p, 0), 0);
}

static void a_probe_has_its_rate_and_its_end(void **state)
{
	(void)state;
	pacer_init(&p, 0);
	pacer_probe(&p, 1000000, &probe);
	assert_int_equal(pacer_cluster(&p, 1000000), 7);
	assert_in_range(pad_for(1000000, 1080000), 22000, 24000); /* 2.4 Mbit/s for 80 ms are 24000 */
	assert_int_equal(pacer_cluster(&p, 1080000), 0);
	assert_int_equal(pad_for(1080000, 2000000), 0);
}

static void media_counts_in(void **state)
{
	(void)state;
	pacer_init(&p, 0);
	pacer_probe(&p, 1000000, &probe);
	for (int i = 0; i < 10; i++)
		pacer_sent(&p, 1000000, 1200);
	assert_int_equal(pacer_padding(&p, 1005000), 0);
	assert_in_range(pad_for(1005000, 1080000), 10000, 12000);
}

static void debt_ends_within_half_a_second(void **state)
{
	(void)state;
	pacer_init(&p, 0);
	pacer_set_target(&p, 0, 800 * 1000);
	for (int i = 0; i < 1000; i++)
		pacer_sent(&p, 0, 60000);
	struct bwe_probe slow = {.bps = 2000 * 1000, .duration_us = 1000 * 1000, .cluster = 1};
	pacer_probe(&p, 0, &slow);
	assert_int_equal(pad_for(0, 490000), 0);
	assert_true(pad_for(490000, 600000) > 0);
}

static void idle_time_is_not_saved_up(void **state)
{
	(void)state;
	pacer_init(&p, 0);
	pacer_set_target(&p, 0, 30 * 1000 * 1000);
	pacer_probe(&p, 3600LL * 1000 * 1000, &probe);
	assert_int_equal(pacer_padding(&p, 3600LL * 1000 * 1000), 0);
	assert_int_equal(pacer_padding(&p, 0), 0); /* time that runs backwards gives nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(without_a_probe_there_is_none),
		AT_TEST(a_probe_has_its_rate_and_its_end),
		AT_TEST(media_counts_in),
		AT_TEST(debt_ends_within_half_a_second),
		AT_TEST(idle_time_is_not_saved_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
