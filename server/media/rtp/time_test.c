/* Numbers that wrap, and clocks. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

static void numbers_are_extended(void **state)
{
	(void)state;
	uint64_t first = RTP_SEQ_FIRST + 1;
	assert_int_equal(rtp_seq_extend(first, 2), RTP_SEQ_FIRST + 2);
	assert_int_equal(rtp_seq_extend(first, 0xffff), RTP_SEQ_FIRST - 1); /* sent before the first that came */
	assert_int_equal(rtp_seq_extend(RTP_SEQ_FIRST + 0xffff, 0), 2 * RTP_SEQ_FIRST);
	assert_int_equal(rtp_seq_extend(2 * RTP_SEQ_FIRST, 0xffff), RTP_SEQ_FIRST + 0xffff);
	assert_int_equal(rtp_seq_extend(1, 0xffff), 0xffff); /* never below 0 */
	assert_int_equal(rtp_timestamp_extend(1, 0xffffffff), 0xffffffff);
	assert_int_equal(rtp_timestamp_extend(RTP_TIMESTAMP_FIRST, 0xffffffff), RTP_TIMESTAMP_FIRST - 1);
	assert_int_equal(rtp_seq_diff(2, 0xfffe), 4);
	assert_int_equal(rtp_seq_diff(0xfffe, 2), -4);
	assert_int_equal(rtp_timestamp_diff(0, 0xffffffff), 1);
}

static void a_random_walk_is_followed(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(1);
	uint64_t last = 100000, last_timestamp = RTP_TIMESTAMP_FIRST * 2;
	for (int i = 0; i < 200000; i++) {
		uint64_t seq = last + seeded_below(&seeded, 65535) - 32767;
		uint64_t timestamp = last_timestamp + seeded_below(&seeded, UINT32_MAX) - INT32_MAX;
		assert_int_equal(rtp_seq_extend(last, (uint16_t)seq), seq);
		assert_int_equal(rtp_timestamp_extend(last_timestamp, (uint32_t)timestamp), timestamp);
		last = seq > 100000 ? seq : 100000;
		last_timestamp = timestamp > RTP_TIMESTAMP_FIRST ? timestamp : RTP_TIMESTAMP_FIRST;
	}
}

static void ntp_there_and_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(1900);
	assert_int_equal(rtp_ntp_of_us(0), 2208988800ULL << 32);
	assert_int_equal(rtp_ntp_of_us(500000), 2208988800ULL << 32 | 0x80000000);
	/* 7 February 2036 06:28:16, the next era begins. */
	assert_int_equal(rtp_ntp_of_us(2085978496000000), 0);
	assert_int_equal(rtp_us_of_ntp(0), 2085978496000000);
	for (int i = 0; i < 100000; i++) {
		int64_t us = (int64_t)(((uint64_t)seeded_u32(&seeded) << 32 | seeded_u32(&seeded)) % 4200000000000000);
		assert_int_equal(rtp_us_of_ntp(rtp_ntp_of_us(us)), us);
	}
	assert_int_equal(rtp_ntp_middle(0x0123456789abcdef), 0x456789ab);
	/* What a peer may say is never more than numbers. */
	assert_true(rtp_us_of_ntp(UINT64_MAX) > 0);
	assert_true(rtp_us_of_ntp(1ULL << 63) < 0); /* 1968 */
}

static void spans(void **state)
{
	(void)state;
	assert_int_equal(rtp_span_of_us(1000000), 0x10000);
	assert_int_equal(rtp_span_of_us(5250000), 0x54000); /* RFC 3550 section 6.4.1: 5.250 s */
	assert_int_equal(rtp_us_of_span(0x54000), 5250000);
	assert_int_equal(rtp_span_of_us(-1), 0);
	assert_int_equal(rtp_span_of_us(65536000000), UINT32_MAX);
	assert_int_equal(rtp_span_of_us(INT64_MAX), UINT32_MAX);
	assert_int_equal(rtp_us_of_span(UINT32_MAX), 65535999984);
	assert_int_equal(rtp_abs_send_time(1000000), 1 << 18);
	assert_int_equal(rtp_abs_send_time(64000000), 0);
	assert_int_equal(rtp_abs_send_time(1800000000000000), (1800000000LL % 64) << 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(numbers_are_extended),
		AT_TEST(a_random_walk_is_followed),
		AT_TEST(ntp_there_and_back),
		AT_TEST(spans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
