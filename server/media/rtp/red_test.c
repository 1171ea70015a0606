/* Redundant audio. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

/* Opus 111: a frame 1920 older of 3 bytes, one 960 older of 2, the primary of 4. */
static const uint8_t sample[] = {
	0xef, 0x1e, 0x00, 0x03, 0xef, 0x0f, 0x00, 0x02, 0x6f, /* heads */
	'o',  'l',  'd',  'h',  'i',  'l',  'i',  'v',  'e',  /* blocks */
};

static void three_blocks(void **state)
{
	(void)state;
	struct red red;
	struct red_block primary;
	uint8_t *data = exact_of(sample, sizeof(sample));
	assert_int_equal(red_parse(data, sizeof(sample), &red), AT_OK);
	assert_int_equal(red.count, 3);
	assert_int_equal(red.blocks[0].timestamp_offset, 1920);
	assert_int_equal(red.blocks[1].timestamp_offset, 960);
	assert_int_equal(red.blocks[2].payload_type, 111);
	assert_int_equal(red.blocks[2].len, 4);
	assert_memory_equal(red.blocks[2].data, "live", 4);
	const struct red_block *found = red_find(&red, 1920);
	assert_non_null(found);
	assert_int_equal(found->len, 3);
	assert_memory_equal(found->data, "old", 3);
	assert_null(red_find(&red, 480));
	assert_null(red_find(&red, 0)); /* the primary is no redundancy */
	assert_int_equal(red_primary(data, sizeof(sample), &primary), AT_OK);
	assert_ptr_equal(primary.data, red.blocks[2].data);
	assert_int_equal(primary.len, 4);
	free(data);
}

static void only_the_primary(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x6f, 'x'};
	struct red red;
	assert_int_equal(red_parse(bytes, 2, &red), AT_OK);
	assert_true(red.count == 1 && red.blocks[0].len == 1);
	assert_int_equal(red_parse(bytes, 1, &red), AT_OK); /* and even that may be empty */
	assert_int_equal(red.blocks[0].len, 0);
}

static void every_cut_stays_inside(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(sample); len++) {
		struct red red;
		uint8_t *data = exact_of(sample, len);
		/* The primary takes what is left. */
		enum at_err expected = len < 14 ? AT_ERR_BAD_REQUEST : AT_OK;
		assert_int_equal(red_parse(data, len, &red), expected);
		if (!expected)
			assert_int_equal(red.blocks[2].len, len - 14);
		free(data);
	}
}

static void heads_without_end(void **state)
{
	(void)state;
	uint8_t bytes[1200];
	struct red red;
	struct red_block primary;
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(red_parse(bytes, sizeof(bytes), &red), AT_ERR_BAD_REQUEST);
	assert_int_equal(red_primary(bytes, sizeof(bytes), &primary), AT_ERR_BAD_REQUEST);
	/* Empty blocks: as many as there may be, and one more. */
	for (size_t redundant = RED_BLOCKS_MAX - 1; redundant <= RED_BLOCKS_MAX; redundant++) {
		memset(bytes, 0, sizeof(bytes));
		for (size_t i = 0; i < redundant; i++)
			bytes[4 * i] = 0xef;
		bytes[4 * redundant] = 0x6f;
		assert_int_equal(red_parse(bytes, 4 * redundant + 1, &red),
				 redundant < RED_BLOCKS_MAX ? AT_OK : AT_ERR_BAD_REQUEST);
	}
}

static void what_does_not_fit_is_left_out(void **state)
{
	(void)state;
	static const uint8_t frame[2000];
	uint8_t out[2100];
	struct red_block blocks[] = {{frame, 10, 111, RED_OFFSET_MAX + 1},
				     {frame, RED_BLOCK_LEN_MAX + 1, 111, 960},
				     {frame, 1500, 111, 0}};
	struct red red;
	assert_int_equal(red_put(blocks, 3, out, sizeof(out)), 1501);
	assert_int_equal(red_parse(out, 1501, &red), AT_OK);
	assert_int_equal(red.count, 1);
	assert_int_equal(red_put(blocks, 3, out, 1500), 0);
}

static void random_blocks_come_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(2198);
	uint8_t frames[4096];
	for (size_t i = 0; i < sizeof(frames); i++)
		frames[i] = (uint8_t)seeded_u32(&seeded);
	for (int round = 0; round < 10000; round++) {
		struct red_block blocks[RED_BLOCKS_MAX];
		size_t count = 1 + seeded_below(&seeded, RED_BLOCKS_MAX), data_len = 0;
		for (size_t i = 0; i < count; i++) {
			blocks[i] = (struct red_block){
				.data = frames + seeded_below(&seeded, 2048),
				.len = seeded_below(&seeded, seeded_below(&seeded, 4) ? 64 : RED_BLOCK_LEN_MAX + 1),
				.payload_type = (uint8_t)seeded_below(&seeded, 128),
				.timestamp_offset =
					(uint16_t)(i + 1 < count ? 1 + seeded_below(&seeded, RED_OFFSET_MAX) : 0),
			};
			data_len += blocks[i].len;
		}
		uint8_t out[16 * 1024];
		size_t len = red_put(blocks, count, out, sizeof(out));
		assert_int_equal(len, data_len + 4 * (count - 1) + 1);
		uint8_t *data = exact_of(out, len);
		struct red red;
		assert_int_equal(red_parse(data, len, &red), AT_OK);
		assert_int_equal(red.count, count);
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(red.blocks[i].len, blocks[i].len);
			assert_int_equal(red.blocks[i].payload_type, blocks[i].payload_type);
			assert_int_equal(red.blocks[i].timestamp_offset, blocks[i].timestamp_offset);
			assert_memory_equal(red.blocks[i].data, blocks[i].data, blocks[i].len);
		}
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(three_blocks),
		AT_TEST(only_the_primary),
		AT_TEST(every_cut_stays_inside),
		AT_TEST(heads_without_end),
		AT_TEST(what_does_not_fit_is_left_out),
		AT_TEST(random_blocks_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
