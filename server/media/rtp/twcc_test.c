/* Transport-cc: the chunks of the draft, lies about them, and feedback written and read again. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

#define HEAD(words) 0x8f, 205, 0, (words), 0, 0, 0, 1, 0, 0, 0, 2

/* Section 3.1.3 and 3.1.4 of the draft, one chunk of each kind: 5 lost, a 14 of one bit, a 7 of two, 2 small ones. */
static const uint8_t sample[] = {
	HEAD(8), 0xff, 0xfe, 0,    28,   0, 0, 2, 9, /* base, count, reference 2 = 128 ms, feedback 9 */
	0x00,    0x05,                               /* run of 5 missing */
	0xa0,    0x01,                               /* one bit: the 1st and the last of 14 */
	0xd8,    0x00,                               /* two bits: small, large, 5 missing */
	0x20,    0x02,                               /* run of 2 small */
	4,       8,    1,    0xff, 0xfc, 3, 3,       /* deltas; the fourth is -4 */
	0,                                           /* a zero up to the word */
};

static void every_kind_of_chunk(void **state)
{
	(void)state;
	struct rtcp_packet packet;
	struct rtcp_twcc_status status;
	uint8_t *data = exact_of(sample, sizeof(sample));
	struct rtcp_iter iter = rtcp_begin(data, sizeof(sample));
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.kind, RTCP_TWCC);
	assert_int_equal(packet.ssrc, 1);
	assert_int_equal(packet.media_ssrc, 2);
	assert_int_equal(packet.twcc.base_seq, 0xfffe);
	assert_int_equal(packet.twcc.count, 28);
	assert_int_equal(packet.twcc.reference_us, 128000);
	assert_int_equal(packet.twcc.feedback_seq, 9);
	static const struct {
		size_t at;
		int64_t delta_us, arrival_us;
	} received[] = {{5, 1000, 129000},   {18, 2000, 131000}, {19, 250, 131250},
			{20, -1000, 130250}, {26, 750, 131000},  {27, 750, 131750}};
	struct rtcp_twcc_iter statuses = rtcp_twcc_begin(&packet);
	size_t k = 0;
	for (size_t i = 0; i < 28; i++) {
		assert_true(rtcp_twcc_next(&statuses, &status));
		assert_int_equal(status.seq, (uint16_t)(0xfffe + i));
		bool is_expected = k < 6 && received[k].at == i;
		assert_int_equal(status.is_received, is_expected);
		if (!is_expected)
			continue;
		assert_int_equal(status.delta_us, received[k].delta_us);
		assert_int_equal(status.arrival_us, received[k++].arrival_us);
	}
	assert_int_equal(k, 6);
	assert_false(rtcp_twcc_next(&statuses, &status));
	free(data);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	for (size_t len = 12; len < sizeof(sample); len += 4) {
		uint8_t *data = exact_of(sample, len);
		data[3] = (uint8_t)(len / 4 - 1);
		assert_int_equal(rtcp_check(data, len), AT_ERR_BAD_REQUEST);
		free(data);
	}
}

struct lie {
	const char *what;
	enum at_err expected;
	uint8_t words;
	uint8_t body[16];
};

static const struct lie lies[] = {
	{"no status", AT_ERR_BAD_REQUEST, 2, {0, 0, 0, 0}},
	{"65535 statuses in one chunk", AT_ERR_BAD_REQUEST, 3, {0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x1f, 0xff}},
	{"65535 statuses, all there",
	 AT_ERR_BAD_REQUEST,
	 4,
	 {0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff}},
	{"16384 missing", AT_OK, 4, {0, 0, 0x40, 0, 0, 0, 0, 0, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff}},
	{"16385 missing", AT_ERR_BAD_REQUEST, 4, {0, 0, 0x40, 1, 0, 0, 0, 0, 0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff}},
	{"no chunk", AT_ERR_BAD_REQUEST, 2, {0, 0, 0, 1}},
	{"a run with no delta", AT_ERR_BAD_REQUEST, 3, {0, 0, 0, 3, 0, 0, 0, 0, 0x20, 0x03, 1, 2}},
	{"a run with its deltas", AT_OK, 3, {0, 0, 0, 2, 0, 0, 0, 0, 0x20, 0x02, 1, 2}},
	{"large ones with half a delta", AT_ERR_BAD_REQUEST, 3, {0, 0, 0, 2, 0, 0, 0, 0, 0x40, 0x02, 1, 2}},
	{"a reserved run", AT_ERR_BAD_REQUEST, 4, {0, 0, 0, 1, 0, 0, 0, 0, 0x60, 0x01, 1, 2, 3, 4, 5, 6}},
	{"a reserved symbol", AT_ERR_BAD_REQUEST, 4, {0, 0, 0, 2, 0, 0, 0, 0, 0xcc, 0x00, 1, 2, 3, 4, 5, 6}},
	{"a reserved symbol behind the last", AT_OK, 4, {0, 0, 0, 1, 0, 0, 0, 0, 0xcc, 0x00, 1, 2, 3, 4, 5, 6}},
	{"14 bits with 13 deltas", AT_ERR_BAD_REQUEST, 3, {0, 0, 0, 14, 0, 0, 0, 0, 0xbf, 0xff, 1, 2}},
	{"runs of nothing", AT_ERR_BAD_REQUEST, 4, {0, 0, 0, 1, 0, 0, 0, 0, 0x20, 0, 0x20, 0, 0x20, 0, 0x20, 0}},
	{"a run of nothing, then one", AT_OK, 4, {0, 0, 0, 1, 0, 0, 0, 0, 0x20, 0, 0x20, 1, 7}},
};

static void lies_about_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		size_t len = 12 + lies[i].words * 4U;
		uint8_t bytes[28] = {HEAD((uint8_t)(2 + lies[i].words))};
		memcpy(bytes + 12, lies[i].body, lies[i].words * 4U);
		uint8_t *data = exact_of(bytes, len);
		struct rtcp_iter iter = rtcp_begin(data, len);
		struct rtcp_packet packet;
		bool is_taken = rtcp_next(&iter, &packet);
		if (is_taken != (lies[i].expected == AT_OK))
			fail_msg("not what was expected: %s", lies[i].what);
		if (is_taken) {
			struct rtcp_twcc_iter statuses = rtcp_twcc_begin(&packet);
			struct rtcp_twcc_status status;
			size_t n = 0;
			while (rtcp_twcc_next(&statuses, &status))
				n++;
			assert_int_equal(n, packet.twcc.count);
			assert_false(statuses.chunks.failed || statuses.deltas.failed);
		}
		free(data);
	}
}

/* Chromium pads by single bytes with the P bit, and something may follow. */
static void padding_of_a_byte(void **state)
{
	(void)state;
	static const uint8_t data[] = {0xaf, 205, 0, 5, 0,    0, 0, 1, 0,    0,   0, 2, 0, 7, 0, 1,
				       0,    0,   0, 0, 0x20, 1, 9, 1, 0x80, 201, 0, 1, 0, 0, 0, 1};
	struct rtcp_iter iter = rtcp_begin(data, sizeof(data));
	struct rtcp_packet packet;
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_TWCC);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_RR);
}

static void times_before_zero(void **state)
{
	(void)state;
	static const uint8_t data[] = {HEAD(5), 0, 7, 0, 1, 0xff, 0xff, 0xff, 0, 0x20, 1, 9, 0};
	struct rtcp_iter iter = rtcp_begin(data, sizeof(data));
	struct rtcp_packet packet;
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.twcc.reference_us, -64000);
}

/* ---- writing ---- */

enum { ALL_MAX = 6000 };

struct run {
	int64_t ticks[ALL_MAX];
	int64_t back_us[ALL_MAX]; /* INT64_MIN = said to be missing, or not told of */
	size_t count, packets, bytes;
};

static void read_into(struct run *run, const uint8_t *bytes, size_t len, uint16_t first_seq, uint8_t *feedback_seq)
{
	uint8_t *data = exact_of(bytes, len);
	struct rtcp_iter iter = rtcp_begin(data, len);
	struct rtcp_packet packet;
	while (rtcp_next(&iter, &packet)) {
		assert_int_equal(packet.kind, RTCP_TWCC);
		assert_int_equal(packet.twcc.feedback_seq, (*feedback_seq)++);
		struct rtcp_twcc_iter statuses = rtcp_twcc_begin(&packet);
		struct rtcp_twcc_status status;
		while (rtcp_twcc_next(&statuses, &status)) {
			size_t at = (uint16_t)(status.seq - first_seq);
			assert_true(at < run->count && run->back_us[at] == INT64_MIN);
			if (status.is_received)
				run->back_us[at] = status.arrival_us;
		}
		run->packets++;
	}
	assert_false(iter.is_malformed);
	run->bytes += len;
	free(data);
}

static void there_and_back(struct run *run, uint16_t first_seq, size_t max)
{
	struct rtcp_arrivals arrivals = {.ssrc = 1,
					 .media_ssrc = 2,
					 .base_seq = first_seq,
					 .ticks = run->ticks,
					 .count = run->count};
	uint8_t feedback_seq = arrivals.feedback_seq = 250, bytes[1500];
	struct rtcp_writer w = {.data = bytes, .max = max};
	run->packets = run->bytes = 0;
	for (size_t i = 0; i < run->count; i++)
		run->back_us[i] = INT64_MIN;
	while (arrivals.count) {
		size_t before = w.len;
		if (!rtcp_twcc_put(&w, &arrivals))
			continue;
		assert_int_equal(w.len, before);
		assert_true(w.len > 0); /* a datagram takes at least one */
		read_into(run, bytes, w.len, first_seq, &feedback_seq);
		w.len = 0;
	}
	read_into(run, bytes, w.len, first_seq, &feedback_seq);
	for (size_t i = 0; i < run->count; i++) {
		bool is_missing = run->ticks[i] == RTCP_TWCC_NONE;
		assert_int_equal(run->back_us[i], is_missing ? INT64_MIN : run->ticks[i] * RTCP_TWCC_TICK_US);
	}
}

static void random_arrivals(struct seeded *seeded, struct run *run)
{
	uint32_t loss = seeded_below(seeded, 2) * seeded_below(seeded, 100);
	uint32_t spread = 1U << seeded_below(seeded, 14);
	int64_t now = seeded_below(seeded, 1000000);
	run->count = 1 + seeded_below(seeded, seeded_below(seeded, 8) ? 300 : ALL_MAX);
	for (size_t i = 0; i < run->count; i++) {
		now += seeded_below(seeded, spread);
		if (!seeded_below(seeded, 500))
			now += seeded_below(seeded, 100000); /* silence of up to 25 s */
		run->ticks[i] = seeded_below(seeded, 100) < loss ? RTCP_TWCC_NONE : now;
		/* Some come out of order. */
		if (i && !seeded_below(seeded, 20) && run->ticks[i] != RTCP_TWCC_NONE)
			run->ticks[i] -= run->ticks[i] < 50 ? 0 : 50;
		if (!seeded_below(seeded, 200))
			for (uint32_t gap = seeded_below(seeded, 1000); gap && i + 1 < run->count; gap--)
				run->ticks[++i] = RTCP_TWCC_NONE;
	}
}

static void random_feedback_comes_back(void **state)
{
	(void)state;
	static struct run run;
	struct seeded seeded = seeded_of(15);
	for (int round = 0; round < 2000; round++) {
		random_arrivals(&seeded, &run);
		there_and_back(&run, (uint16_t)seeded_u32(&seeded), 24 + seeded_below(&seeded, 1200));
	}
}

static void steady(struct run *run, size_t count, int64_t gap)
{
	run->count = count;
	for (size_t i = 0; i < count; i++)
		run->ticks[i] = 5000 + (int64_t)i * gap;
}

static void chunks_are_chosen_well(void **state)
{
	(void)state;
	static struct run run;
	/* 100 ms of a steady stream: one run, one byte a packet. */
	steady(&run, 100, 4);
	there_and_back(&run, 65500, 1200);
	assert_int_equal(run.packets, 1);
	assert_int_equal(run.bytes, (20 + 2 + 100 + 3) / 4 * 4);
	/* Every second lost: a vector of 14 costs 2 bytes. */
	for (size_t i = 1; i < 99; i += 2)
		run.ticks[i] = RTCP_TWCC_NONE;
	there_and_back(&run, 65500, 1200);
	assert_int_equal(run.packets, 1);
	assert_int_equal(run.bytes, (20 + 2 * 8 + 51 + 3) / 4 * 4);
	/* All large: a run again. */
	steady(&run, 100, 300);
	there_and_back(&run, 0, 1200);
	assert_int_equal(run.packets, 1);
	assert_true(run.bytes <= (20 + 4 + 200 + 3) / 4 * 4);
	/* A gap of 2000 and one packet behind it. */
	steady(&run, 2002, 1);
	for (size_t i = 1; i < 2001; i++)
		run.ticks[i] = RTCP_TWCC_NONE;
	there_and_back(&run, 0, 1200);
	assert_int_equal(run.packets, 1);
	assert_true(run.bytes <= 32);
}

static void what_is_not_told(void **state)
{
	(void)state;
	static struct run run;
	/* Nothing came. */
	run.count = 5000;
	for (size_t i = 0; i < run.count; i++)
		run.ticks[i] = RTCP_TWCC_NONE;
	there_and_back(&run, 7, 1200);
	assert_int_equal(run.packets, 0);
	/* Only the first did: the others may yet come. */
	run.ticks[0] = 1;
	run.count = 100;
	uint8_t bytes[1200];
	struct rtcp_writer w = {.data = bytes, .max = sizeof(bytes)};
	struct rtcp_arrivals arrivals = {.base_seq = 7, .ticks = run.ticks, .count = run.count};
	struct rtcp_packet packet;
	assert_int_equal(rtcp_twcc_put(&w, &arrivals), AT_OK);
	assert_int_equal(arrivals.base_seq, 8);
	struct rtcp_iter iter = rtcp_begin(bytes, w.len);
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.twcc.count, 1);
	size_t len = w.len;
	assert_int_equal(rtcp_twcc_put(&w, &arrivals), AT_OK);
	assert_true(arrivals.count == 0 && w.len == len);
}

static void too_little_room(void **state)
{
	(void)state;
	uint8_t bytes[24];
	int64_t ticks[2] = {1, 2};
	for (size_t max = 0; max < 24; max++) {
		struct rtcp_writer w = {.data = bytes, .max = max};
		struct rtcp_arrivals arrivals = {.ticks = ticks, .count = 2};
		assert_int_equal(rtcp_twcc_put(&w, &arrivals), AT_ERR_TOO_LARGE);
		assert_true(w.len == 0 && arrivals.count == 2);
	}
	struct rtcp_writer w = {.data = bytes, .max = 24};
	struct rtcp_arrivals arrivals = {.ticks = ticks, .count = 2};
	assert_int_equal(rtcp_twcc_put(&w, &arrivals), AT_OK);
	assert_true(w.len == 24 && arrivals.count == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(every_kind_of_chunk),    AT_TEST(every_cut_is_refused), AT_TEST(lies_about_counts),
		AT_TEST(padding_of_a_byte),      AT_TEST(times_before_zero),    AT_TEST(random_feedback_comes_back),
		AT_TEST(chunks_are_chosen_well), AT_TEST(what_is_not_told),     AT_TEST(too_little_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
