/* Control packets but for transport-cc: known bytes, hostile ones, and what is written read again. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

/* A sender report with one block (lost -2), SDES, and PLI: compound as browsers send it. */
static const uint8_t compound[] = {
	0x81, 200, 0,   12,  0, 0, 0,    1,    0xe0, 0x01, 0x02, 0x03, 0x80, 0,    0,    0,    0, 0, 0x5f, 0x90,
	0,    0,   0,   100, 0, 0, 0x27, 0x10, 0,    0,    0,    2,    0x40, 0xff, 0xff, 0xfe, 0, 1, 0,    5,
	0,    0,   0,   9,   1, 2, 3,    4,    0,    1,    0,    0,    0x81, 202,  0,    3,    0, 0, 0,    1,
	1,    2,   'h', 'i', 0, 0, 0,    0,    0x81, 206,  0,    2,    0,    0,    0,    1,    0, 0, 0,    7,
};

static void a_compound_of_three(void **state)
{
	(void)state;
	uint8_t *data = exact_of(compound, sizeof(compound));
	struct rtcp_iter iter = rtcp_begin(data, sizeof(compound));
	struct rtcp_packet packet;
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.kind, RTCP_SR);
	assert_int_equal(packet.ssrc, 1);
	assert_int_equal(packet.sender.ntp, 0xe001020380000000);
	assert_int_equal(packet.sender.rtp_timestamp, 24464);
	assert_int_equal(packet.sender.packets, 100);
	assert_int_equal(packet.sender.octets, 10000);
	assert_int_equal(packet.count, 1);
	struct rtcp_block block = rtcp_block_at(&packet, 0);
	assert_int_equal(block.ssrc, 2);
	assert_int_equal(block.fraction_lost, 64);
	assert_int_equal(block.lost, -2);
	assert_int_equal(block.highest_seq, 0x10005);
	assert_int_equal(block.jitter, 9);
	assert_int_equal(block.lsr, 0x01020304);
	assert_int_equal(block.dlsr, 0x10000);
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.kind, RTCP_OTHER);
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.kind, RTCP_PLI);
	assert_int_equal(packet.media_ssrc, 7);
	assert_false(rtcp_next(&iter, &packet));
	assert_false(iter.is_malformed);
	assert_int_equal(rtcp_check(data, sizeof(compound)), AT_OK);
	free(data);
}

static void every_cut_is_seen(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(compound); len++) {
		uint8_t *data = exact_of(compound, len);
		bool is_whole = len == 52 || len == 68; /* between two packets */
		assert_int_equal(rtcp_check(data, len), is_whole ? AT_OK : AT_ERR_BAD_REQUEST);
		free(data);
	}
}

static void nothing_behind_the_malformed(void **state)
{
	(void)state;
	uint8_t copy[sizeof(compound)];
	struct rtcp_packet packet;
	memcpy(copy, compound, sizeof(copy));
	copy[52] = 0x41; /* version 1 */
	struct rtcp_iter iter = rtcp_begin(copy, sizeof(copy));
	assert_true(rtcp_next(&iter, &packet));
	assert_false(rtcp_next(&iter, &packet));
	assert_true(iter.is_malformed);
	assert_false(rtcp_next(&iter, &packet));
}

struct shape {
	const char *what;
	enum at_err expected;
	size_t len;
	uint8_t data[32];
};

#define SSRCS 0, 0, 0, 1, 0, 0, 0, 2

static const struct shape shapes[] = {
	{"half a head", AT_ERR_BAD_REQUEST, 3, {0x80, 201, 0}},
	{"a length of 65535 words", AT_ERR_BAD_REQUEST, 8, {0x80, 201, 0xff, 0xff}},
	{"RR without SSRC", AT_ERR_BAD_REQUEST, 4, {0x80, 201, 0, 0}},
	{"RR of nothing", AT_OK, 8, {0x80, 201, 0, 1}},
	{"RR with 31 blocks in no byte", AT_ERR_BAD_REQUEST, 8, {0x9f, 201, 0, 1}},
	{"RR with half a block", AT_ERR_BAD_REQUEST, 20, {0x81, 201, 0, 4}},
	{"RR with an extension of a profile", AT_OK, 12, {0x80, 201, 0, 2}},
	{"SR without its sender", AT_ERR_BAD_REQUEST, 8, {0x80, 200, 0, 1}},
	{"BYE of nobody", AT_OK, 4, {0x80, 203, 0, 0}},
	{"BYE with a reason", AT_OK, 12, {0x81, 203, 0, 2, 0, 0, 0, 1, 2, 'b', 'y', 0}},
	{"BYE of 31 in one word", AT_ERR_BAD_REQUEST, 8, {0x9f, 203, 0, 1}},
	{"padding of 0", AT_ERR_BAD_REQUEST, 8, {0xa0, 201, 0, 1}},
	{"padding of no byte", AT_ERR_BAD_REQUEST, 4, {0xa0, 203, 0, 0}},
	{"padding beyond the packet", AT_ERR_BAD_REQUEST, 12, {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 12}},
	{"padding that takes the SSRC", AT_ERR_BAD_REQUEST, 8, {0xa0, 201, 0, 1, 0, 0, 0, 4}},
	{"padding", AT_OK, 12, {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}},
	{"PLI without SSRCs", AT_ERR_BAD_REQUEST, 8, {0x81, 206, 0, 1}},
	{"PLI with more", AT_ERR_BAD_REQUEST, 16, {0x81, 206, 0, 3, SSRCS}},
	{"NACK of nothing", AT_ERR_BAD_REQUEST, 12, {0x81, 205, 0, 2, SSRCS}},
	{"NACK without SSRCs", AT_ERR_BAD_REQUEST, 8, {0x81, 205, 0, 1}},
	{"FIR of nothing", AT_ERR_BAD_REQUEST, 12, {0x84, 206, 0, 2, SSRCS}},
	{"FIR of half an entry", AT_ERR_BAD_REQUEST, 16, {0x84, 206, 0, 3, SSRCS}},
	{"FIR of one and a half", AT_ERR_BAD_REQUEST, 24, {0x84, 206, 0, 5, SSRCS}},
	{"REMB without a rate", AT_ERR_BAD_REQUEST, 16, {0x8f, 206, 0, 3, SSRCS, 'R', 'E', 'M', 'B'}},
	{"REMB of 255 in no byte", AT_ERR_BAD_REQUEST, 20, {0x8f, 206, 0, 4, SSRCS, 'R', 'E', 'M', 'B', 255, 0, 0, 1}},
	{"REMB of more than it says", AT_ERR_BAD_REQUEST, 24, {0x8f, 206, 0, 5, SSRCS, 'R', 'E', 'M', 'B', 0, 0, 0, 1}},
	{"REMB of 2^63 times 2^17", AT_ERR_BAD_REQUEST, 20, {0x8f, 206, 0, 4, SSRCS, 'R', 'E', 'M', 'B', 0, 0xfe, 0, 0}},
	{"REMB of 0 times 2^63", AT_OK, 20, {0x8f, 206, 0, 4, SSRCS, 'R', 'E', 'M', 'B', 0, 0xfc, 0, 0}},
	{"application feedback of others", AT_OK, 16, {0x8f, 206, 0, 3, SSRCS, 'A', 'B', 'C', 'D'}},
	{"application feedback of nothing", AT_OK, 12, {0x8f, 206, 0, 2, SSRCS}},
	{"feedback we do not know", AT_OK, 12, {0x8b, 205, 0, 2, SSRCS}},
	{"XR, APP", AT_OK, 12, {0x80, 207, 0, 0, 0x80, 204, 0, 1}},
	{"a type that is none", AT_OK, 4, {0x80, 0, 0, 0}},
};

static void hostile_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		uint8_t *data = exact_of(shapes[i].data, shapes[i].len);
		if (rtcp_check(data, shapes[i].len) != shapes[i].expected)
			fail_msg("not what was expected: %s", shapes[i].what);
		free(data);
	}
}

static void nack_of_one_pair(void **state)
{
	(void)state;
	static const uint8_t data[] = {0x81, 205, 0, 3, SSRCS, 0xff, 0xfe, 0x80, 0x03};
	static const uint16_t expected[] = {0xfffe, 0xffff, 0, 14};
	struct rtcp_iter iter = rtcp_begin(data, sizeof(data));
	struct rtcp_packet packet;
	uint16_t seqs[17];
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.kind, RTCP_NACK);
	assert_int_equal(packet.media_ssrc, 2);
	assert_int_equal(rtcp_nack_read(&packet, seqs, 17), 4);
	assert_memory_equal(seqs, expected, sizeof(expected));
	assert_int_equal(rtcp_nack_read(&packet, seqs, 3), 3);
	assert_int_equal(rtcp_nack_read(&packet, seqs, 0), 0);
}

/* 17 numbers a pair, but never more than there is room for. */
static void a_nack_storm_is_bounded(void **state)
{
	(void)state;
	uint8_t data[1500];
	uint16_t seqs[100 + 1] = {[100] = 0x5555};
	struct rtcp_packet packet;
	memset(data, 0xff, sizeof(data));
	data[0] = 0x81;
	data[1] = 205;
	data[2] = 1;
	data[3] = 1500 / 4 - 1 - 256;
	struct rtcp_iter iter = rtcp_begin(data, sizeof(data));
	assert_true(rtcp_next(&iter, &packet));
	assert_int_equal(packet.count, (1500 - 12) / 4);
	assert_int_equal(rtcp_nack_read(&packet, seqs, 100), 100);
	assert_int_equal(seqs[100], 0x5555);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	uint8_t data[1200];
	struct rtcp_writer w = {.data = data, .max = sizeof(data)};
	struct rtcp_sender sender = {.ntp = 0x123456789abcdef0, .rtp_timestamp = 7, .packets = 8, .octets = 9};
	struct rtcp_block blocks[2] = {{.ssrc = 1, .fraction_lost = 255, .lost = -0x800000, .highest_seq = 5},
				       {.ssrc = 2, .lost = 0x7fffff, .jitter = 1, .lsr = 2, .dlsr = 3}};
	struct rtcp_fir firs[2] = {{.ssrc = 3, .seq = 4}, {.ssrc = 0xffffffff, .seq = 255}};
	uint32_t ssrcs[3] = {11, 12, 13};
	assert_int_equal(rtcp_sr_put(&w, 20, &sender, blocks, 2), AT_OK);
	assert_int_equal(rtcp_sdes_put(&w, 20, "someone"), AT_OK);
	assert_int_equal(rtcp_rr_put(&w, 21, blocks + 1, 1), AT_OK);
	assert_int_equal(rtcp_pli_put(&w, 22, 23), AT_OK);
	assert_int_equal(rtcp_fir_put(&w, 24, firs, 2), AT_OK);
	assert_int_equal(rtcp_remb_put(&w, 25, 1500001, ssrcs, 3), AT_OK);
	assert_int_equal(rtcp_bye_put(&w, ssrcs, 3), AT_OK);
	uint8_t *exact = exact_of(data, w.len);
	struct rtcp_iter iter = rtcp_begin(exact, w.len);
	struct rtcp_packet packet;
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_SR && packet.ssrc == 20 && packet.count == 2);
	assert_memory_equal(&packet.sender, &sender, sizeof(sender));
	assert_int_equal(rtcp_block_at(&packet, 0).lost, -0x800000);
	assert_int_equal(rtcp_block_at(&packet, 0).fraction_lost, 255);
	assert_int_equal(rtcp_block_at(&packet, 1).lost, 0x7fffff);
	assert_int_equal(rtcp_block_at(&packet, 1).dlsr, 3);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_OTHER);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_RR && packet.ssrc == 21 && packet.count == 1);
	assert_int_equal(rtcp_block_at(&packet, 0).ssrc, 2);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_PLI && packet.media_ssrc == 23);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_FIR && packet.count == 2);
	assert_true(rtcp_fir_at(&packet, 1).ssrc == 0xffffffff && rtcp_fir_at(&packet, 1).seq == 255);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_REMB && packet.count == 3);
	assert_int_equal(packet.remb_bps, 1500001 / 8 * 8); /* 18 bits of it */
	assert_int_equal(rtcp_ssrc_at(&packet, 2), 13);
	assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_BYE && packet.count == 3 && packet.ssrc == 11);
	assert_int_equal(rtcp_ssrc_at(&packet, 1), 12);
	assert_false(rtcp_next(&iter, &packet) || iter.is_malformed);
	free(exact);
}

static void known_bytes_are_written(void **state)
{
	(void)state;
	uint8_t data[sizeof(compound)];
	struct rtcp_writer w = {.data = data, .max = sizeof(data)};
	struct rtcp_sender sender = {.ntp = 0xe001020380000000, .rtp_timestamp = 24464, .packets = 100, .octets = 10000};
	struct rtcp_block block = {.ssrc = 2,
				   .fraction_lost = 64,
				   .lost = -2,
				   .highest_seq = 0x10005,
				   .jitter = 9,
				   .lsr = 0x01020304,
				   .dlsr = 0x10000};
	assert_int_equal(rtcp_sr_put(&w, 1, &sender, &block, 1), AT_OK);
	assert_int_equal(rtcp_sdes_put(&w, 1, "hi"), AT_OK);
	assert_int_equal(rtcp_pli_put(&w, 1, 7), AT_OK);
	assert_int_equal(w.len, sizeof(compound));
	assert_memory_equal(data, compound, sizeof(compound));
	assert_int_equal(rtcp_pli_put(&w, 1, 7), AT_ERR_TOO_LARGE);
	assert_int_equal(w.len, sizeof(compound));
}

/* SDES of every length ends in one to four zeros, on a whole word. */
static void names_of_every_length(void **state)
{
	(void)state;
	char cname[RTCP_CNAME_MAX + 1];
	memset(cname, 'x', sizeof(cname));
	for (size_t len = 0; len <= RTCP_CNAME_MAX; len++) {
		uint8_t data[300];
		struct rtcp_writer w = {.data = data, .max = sizeof(data)};
		cname[len] = '\0';
		memset(data, 0xaa, sizeof(data));
		assert_int_equal(rtcp_sdes_put(&w, 1, cname), AT_OK);
		cname[len] = 'x';
		assert_true(w.len >= 10 + len + 1 && w.len <= 10 + len + 4);
		assert_int_equal(rtcp_check(data, w.len), AT_OK);
		for (size_t i = 10 + len; i < w.len; i++)
			assert_int_equal(data[i], 0);
	}
}

static void random_nacks_come_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(4585);
	for (int round = 0; round < 5000; round++) {
		uint16_t seqs[200], back[200];
		size_t count = 1 + seeded_below(&seeded, 200), taken = 0, got = 0;
		uint16_t seq = (uint16_t)seeded_u32(&seeded);
		for (size_t i = 0; i < count; i++, seq = (uint16_t)(seq + 1 + seeded_below(&seeded, 30)))
			seqs[i] = seq;
		uint8_t data[1200];
		/* Sometimes little room, and so several packets. */
		size_t max = 16 + seeded_below(&seeded, 100);
		while (taken < count) {
			struct rtcp_writer w = {.data = data, .max = max};
			size_t n = rtcp_nack_put(&w, 1, 2, seqs + taken, count - taken);
			assert_true(n > 0 && w.len <= max);
			taken += n;
			struct rtcp_iter iter = rtcp_begin(data, w.len);
			struct rtcp_packet packet;
			assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_NACK);
			got += rtcp_nack_read(&packet, back + got, 200 - got);
			assert_int_equal(got, taken);
		}
		assert_memory_equal(seqs, back, count * sizeof(*seqs));
	}
	uint8_t none[15];
	struct rtcp_writer w = {.data = none, .max = sizeof(none)};
	assert_int_equal(rtcp_nack_put(&w, 1, 2, (uint16_t[]){1}, 1), 0);
	assert_int_equal(w.len, 0);
}

static void rates_lose_at_most_a_part_in_2_to_the_17(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(18);
	for (int round = 0; round < 5000; round++) {
		uint64_t bps = ((uint64_t)seeded_u32(&seeded) << 32 | seeded_u32(&seeded)) >> seeded_below(&seeded, 64);
		uint8_t data[20];
		struct rtcp_writer w = {.data = data, .max = sizeof(data)};
		struct rtcp_packet packet;
		assert_int_equal(rtcp_remb_put(&w, 1, bps, NULL, 0), AT_OK);
		struct rtcp_iter iter = rtcp_begin(data, w.len);
		assert_true(rtcp_next(&iter, &packet) && packet.kind == RTCP_REMB);
		assert_true(packet.remb_bps <= bps && bps - packet.remb_bps <= bps >> 17);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(a_compound_of_three),
		AT_TEST(every_cut_is_seen),
		AT_TEST(nothing_behind_the_malformed),
		AT_TEST(hostile_shapes),
		AT_TEST(nack_of_one_pair),
		AT_TEST(a_nack_storm_is_bounded),
		AT_TEST(what_was_written_is_read),
		AT_TEST(known_bytes_are_written),
		AT_TEST(names_of_every_length),
		AT_TEST(random_nacks_come_back),
		AT_TEST(rates_lose_at_most_a_part_in_2_to_the_17),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
