/* A few seconds of script/bench soak. What a busy machine makes late or drops is no failure; what strangers achieve is. */
#include "base/test.h"
#include "bench/soak.h"

/* Memory that was freed is given out again, so that what grows is ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=0:thread_local_quarantine_size_kb=0";
}

static void test_strangers_achieve_nothing(void **state)
{
	(void)state;
	const struct soak_plan plan = {.seconds = 4, .packets_per_s = 20000, .seed = 7, .cpu = -1};
	struct soak_result result;

	soak_run(&plan, &result);
	assert_true(result.strange > 1000);
	assert_true(result.still_passes);
	assert_int_equal(result.intruders, 0);
	assert_int_equal(result.events[MEDIA_LOST], 0);
	assert_int_equal(result.events[MEDIA_CONNECTED], 2);
	for (unsigned leg = 0; leg < 2; leg++) {
		assert_int_equal(result.stats.legs[leg].moves, 0);
		assert_int_equal(result.stats.legs[leg].tuples, 1);
		assert_true(result.stats.legs[leg].has_address);
	}
	assert_true(result.reply_bytes <= result.strange_bytes);
	assert_true(result.rss_after <= result.rss_before + 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_strangers_achieve_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
