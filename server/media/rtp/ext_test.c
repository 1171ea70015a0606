/* Header extensions: one-byte and two-byte, and what they must not do. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

/* Chromium's numbers for video. */
static const struct rtp_ext_ids video = {.of = {[RTP_EXT_MID] = 4,
						[RTP_EXT_RID] = 10,
						[RTP_EXT_REPAIRED_RID] = 11,
						[RTP_EXT_TRANSPORT_CC] = 3,
						[RTP_EXT_ABS_SEND_TIME] = 2}};
static const struct rtp_ext_ids audio = {.of = {[RTP_EXT_AUDIO_LEVEL] = 1, [RTP_EXT_MID] = 4}};

/* An extension block as a packet of its own size; gives what rtp_exts_read says. */
static enum at_err read_block(uint16_t profile, const uint8_t *block, size_t len, const struct rtp_ext_ids *ids,
			      struct rtp_exts *exts_out)
{
	uint8_t data[16 + 256] = {0x90, 96, [12] = (uint8_t)(profile >> 8), (uint8_t)profile, 0, (uint8_t)(len / 4)};
	struct rtp_packet packet;
	assert_true(len % 4 == 0 && len <= 256);
	memcpy(data + 16, block, len);
	uint8_t *exact = exact_of(data, 16 + len);
	assert_int_equal(rtp_parse(exact, 16 + len, &packet), AT_OK);
	assert_int_equal(packet.payload_len, 0);
	enum at_err err = rtp_exts_read(&packet, ids, exts_out);
	free(exact);
	return err;
}

static void one_byte(void **state)
{
	(void)state;
	static const uint8_t block[] = {
		0x22, 0x12, 0x34, 0x56, /* abs-send-time */
		0x31, 0xab, 0xcd,       /* transport-cc */
		0x40, '1',              /* mid */
		0xa2, 'h',  'i',  '2',  /* rid */
		0xc0, 0xff,             /* a number of no role */
		0x00,
	};
	struct rtp_exts exts;
	assert_int_equal(read_block(0xbede, block, sizeof(block), &video, &exts), AT_OK);
	assert_int_equal(exts.has,
			 1 << RTP_EXT_MID | 1 << RTP_EXT_RID | 1 << RTP_EXT_TRANSPORT_CC | 1 << RTP_EXT_ABS_SEND_TIME);
	assert_int_equal(exts.abs_send_time, 0x123456);
	assert_int_equal(exts.transport_seq, 0xabcd);
	assert_string_equal(exts.mid, "1");
	assert_string_equal(exts.rid, "hi2");
	assert_false(rtp_exts_have(&exts, RTP_EXT_REPAIRED_RID));
}

static void two_byte(void **state)
{
	(void)state;
	static const struct rtp_ext_ids ids = {
		.of = {[RTP_EXT_MID] = 4, [RTP_EXT_REPAIRED_RID] = 200, [RTP_EXT_ABS_CAPTURE_TIME] = 15}};
	static const uint8_t block[] = {
		4,   1, 'a', 0,   0,                /* mid, padding */
		200, 2, 'l', 'o',                   /* a number that one byte cannot say */
		15,  8, 1,   2,   3, 4, 5, 6, 7, 8, /* 15 is no stop here */
		99,  0, 0,   0,   0,                /* empty and unknown */
	};
	struct rtp_exts exts;
	assert_int_equal(read_block(0x1000, block, sizeof(block), &ids, &exts), AT_OK);
	assert_string_equal(exts.mid, "a");
	assert_string_equal(exts.repaired_rid, "lo");
	assert_int_equal(exts.abs_capture_time, 0x0102030405060708);
	assert_int_equal(read_block(0x100f, block, sizeof(block), &ids, &exts), AT_OK); /* the application's bits */
	assert_true(rtp_exts_have(&exts, RTP_EXT_MID));
	assert_int_equal(read_block(0x1010, block, sizeof(block), &ids, &exts), AT_OK); /* some other profile */
	assert_int_equal(exts.has, 0);
}

static void levels(void **state)
{
	(void)state;
	static const uint8_t voice[4] = {0x10, 0x80 | 23}, silence[4] = {0x10, 127}, longer[4] = {0x11, 1, 2};
	struct rtp_exts exts;
	assert_int_equal(read_block(0xbede, voice, 4, &audio, &exts), AT_OK);
	assert_true(rtp_exts_have(&exts, RTP_EXT_AUDIO_LEVEL) && exts.is_voice && exts.level == 23);
	assert_int_equal(read_block(0xbede, silence, 4, &audio, &exts), AT_OK);
	assert_true(rtp_exts_have(&exts, RTP_EXT_AUDIO_LEVEL) && !exts.is_voice && exts.level == 127);
	assert_int_equal(read_block(0xbede, longer, 4, &audio, &exts), AT_OK);
	assert_int_equal(exts.has, 0);
}

struct block {
	const char *what;
	uint16_t profile;
	size_t len;
	enum at_err expected;
	uint32_t has;
	uint8_t bytes[24];
};

static const struct block blocks[] = {
	{"empty", 0xbede, 0, AT_OK, 0, {0}},
	{"padding only", 0xbede, 8, AT_OK, 0, {0}},
	{"element beyond the block", 0xbede, 4, AT_ERR_BAD_REQUEST, 0, {0x43, '1', '2', '3'}},
	{"element that begins in the last byte", 0xbede, 4, AT_ERR_BAD_REQUEST, 0, {0, 0, 0, 0x40}},
	{"number 0 with a length", 0xbede, 4, AT_OK, 0, {0x01, 'a', 'b', 0x00}},
	{"number 0 beyond the block", 0xbede, 4, AT_ERR_BAD_REQUEST, 0, {0x0f, 'a', 'b', 0x00}},
	{"padding, then a mid", 0xbede, 4, AT_OK, 1 << RTP_EXT_MID, {0x00, 0x00, 0x40, '1'}},
	{"nothing behind number 15", 0xbede, 4, AT_OK, 0, {0xf0, 0, 0x40, '1'}},
	{"a mid with a zero in it", 0xbede, 4, AT_OK, 0, {0x41, '1', 0, 0}},
	{"a mid with a space", 0xbede, 4, AT_OK, 0, {0x41, '1', ' ', 0}},
	{"a mid beyond ASCII", 0xbede, 4, AT_OK, 0, {0x41, 0xc3, 0xa4, 0}},
	{"a mid twice, the second none", 0xbede, 8, AT_OK, 0, {0x40, '1', 0x40, 0, 0, 0, 0, 0}},
	{"two-byte without length", 0x1000, 4, AT_ERR_BAD_REQUEST, 0, {0, 0, 0, 4}},
	{"two-byte beyond the block", 0x1000, 4, AT_ERR_BAD_REQUEST, 0, {4, 3, '1', '2'}},
	{"two-byte of 255", 0x1000, 8, AT_ERR_BAD_REQUEST, 0, {4, 255, '1', '2'}},
	{"an empty mid", 0x1000, 4, AT_OK, 0, {4, 0, 0, 0}},
	{"a mid of 17", 0x1000, 20, AT_OK, 0, {4,   17,  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',
					       'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 0}},
};

static void hostile_blocks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		const struct block *block = &blocks[i];
		struct rtp_exts exts;
		if (read_block(block->profile, block->bytes, block->len, &video, &exts) != block->expected)
			fail_msg("%s: not what was expected", block->what);
		if (!block->expected && exts.has != block->has)
			fail_msg("%s: has %x", block->what, exts.has);
	}
}

static void the_longest_names_fit(void **state)
{
	(void)state;
	static const uint8_t block[] = {0x4f, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
					'j',  'k', 'l', 'm', 'n', 'o', 'p', 0,   0,   0};
	struct rtp_exts exts;
	assert_int_equal(read_block(0xbede, block, sizeof(block), &video, &exts), AT_OK);
	assert_string_equal(exts.mid, "abcdefghijklmnop");
}

static void numbers_are_distinct_and_small(void **state)
{
	(void)state;
	struct rtp_ext_ids ids = video;
	assert_true(rtp_ext_ids_valid(&ids));
	ids.of[RTP_EXT_RID] = ids.of[RTP_EXT_MID];
	assert_false(rtp_ext_ids_valid(&ids));
	ids.of[RTP_EXT_RID] = 15;
	assert_false(rtp_ext_ids_valid(&ids));
	for (size_t i = 0; i < RTP_EXT_COUNT; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rtp_ext_uri((enum rtp_ext)i), rtp_ext_uri((enum rtp_ext)k));
}

static void random_name(struct seeded *seeded, char out[RTP_ID_MAX + 1])
{
	size_t len = 1 + seeded_below(seeded, RTP_ID_MAX);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)('!' + seeded_below(seeded, '~' - '!' + 1));
	out[len] = '\0';
}

static void random_values(struct seeded *seeded, struct rtp_exts *exts)
{
	*exts = (struct rtp_exts){
		.has = seeded_below(seeded, 1 << RTP_EXT_COUNT),
		.level = (uint8_t)seeded_below(seeded, 128),
		.is_voice = seeded_below(seeded, 2),
		.transport_seq = (uint16_t)seeded_u32(seeded),
		.abs_send_time = seeded_u32(seeded) & 0xffffff,
		.abs_capture_time = (uint64_t)seeded_u32(seeded) << 32 | seeded_u32(seeded),
	};
	random_name(seeded, exts->mid);
	random_name(seeded, exts->rid);
	random_name(seeded, exts->repaired_rid);
}

static void assert_same(const struct rtp_exts *a, const struct rtp_exts *b)
{
	assert_int_equal(a->has, b->has);
	if (rtp_exts_have(a, RTP_EXT_MID))
		assert_string_equal(a->mid, b->mid);
	if (rtp_exts_have(a, RTP_EXT_RID))
		assert_string_equal(a->rid, b->rid);
	if (rtp_exts_have(a, RTP_EXT_REPAIRED_RID))
		assert_string_equal(a->repaired_rid, b->repaired_rid);
	if (rtp_exts_have(a, RTP_EXT_AUDIO_LEVEL))
		assert_true(a->level == b->level && a->is_voice == b->is_voice);
	if (rtp_exts_have(a, RTP_EXT_TRANSPORT_CC))
		assert_int_equal(a->transport_seq, b->transport_seq);
	if (rtp_exts_have(a, RTP_EXT_ABS_SEND_TIME))
		assert_int_equal(a->abs_send_time, b->abs_send_time);
	if (rtp_exts_have(a, RTP_EXT_ABS_CAPTURE_TIME))
		assert_int_equal(a->abs_capture_time, b->abs_capture_time);
}

static void random_extensions_come_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(8285);
	for (int round = 0; round < 20000; round++) {
		struct rtp_ext_ids ids = {{0}};
		struct rtp_exts exts, back;
		random_values(&seeded, &exts);
		/* 1 to 14, each role its own, some in no use. */
		uint8_t id = (uint8_t)(1 + seeded_below(&seeded, 14));
		for (size_t role = 0; role < RTP_EXT_COUNT; role++, id = (uint8_t)(id % 14 + 1))
			ids.of[role] = seeded_below(&seeded, 8) ? id : 0;
		assert_true(rtp_ext_ids_valid(&ids));
		struct rtp_header header = {.ids = &ids, .exts = &exts, .csrc_count = 0};
		uint8_t out[RTP_HEADER_MAX];
		size_t len = rtp_header_put(&header, out);
		uint8_t *data = exact_of(out, len);
		struct rtp_packet packet;
		assert_int_equal(rtp_parse(data, len, &packet), AT_OK);
		assert_int_equal(packet.payload_len, 0);
		assert_int_equal(rtp_exts_read(&packet, &ids, &back), AT_OK);
		for (size_t role = 0; role < RTP_EXT_COUNT; role++)
			if (!ids.of[role])
				exts.has &= ~(1U << role);
		assert_same(&exts, &back);
		assert_int_equal(packet.ext != NULL, exts.has != 0);
		free(data);
	}
}

static void the_longest_header(void **state)
{
	(void)state;
	uint32_t csrcs[RTP_CSRCS_MAX] = {0};
	struct rtp_exts exts = {.has = (1 << RTP_EXT_COUNT) - 1,
				.mid = "abcdefghijklmnop",
				.rid = "abcdefghijklmnop",
				.repaired_rid = "abcdefghijklmnop"};
	struct rtp_ext_ids ids = {.of = {1, 2, 3, 4, 5, 6, 7}};
	struct rtp_header header = {.csrcs = csrcs, .csrc_count = RTP_CSRCS_MAX, .ids = &ids, .exts = &exts};
	uint8_t out[RTP_HEADER_MAX];
	struct rtp_packet packet;
	size_t len = rtp_header_put(&header, out);
	assert_true(len <= RTP_HEADER_MAX);
	assert_int_equal(rtp_parse(out, len, &packet), AT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(one_byte),
		AT_TEST(two_byte),
		AT_TEST(levels),
		AT_TEST(hostile_blocks),
		AT_TEST(the_longest_names_fit),
		AT_TEST(numbers_are_distinct_and_small),
		AT_TEST(random_extensions_come_back),
		AT_TEST(the_longest_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
