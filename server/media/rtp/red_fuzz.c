/* Any bytes as redundant audio: what parses is written again byte for byte. And as blocks to be put together: what fits comes out again. */
#include "media/rtp/rtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Four bytes a block: payload type, offset, length; the rest is what is in them. */
static size_t blocks_of(const uint8_t *data, size_t len, struct red_block blocks[RED_BLOCKS_MAX])
{
	size_t count = len ? 1 + data[0] % RED_BLOCKS_MAX : 0, at = 1 + count * 4;
	if (len < at)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = data + 1 + i * 4;
		size_t wanted = (size_t)(p[2] & 0x0f) << 8 | p[3];
		blocks[i] = (struct red_block){.data = data + at,
					       .len = wanted < len - at ? wanted : len - at,
					       .payload_type = p[0] & 0x7f,
					       .timestamp_offset = (uint16_t)(p[1] << 8 | p[2])};
	}
	return count;
}

static bool is_same(const struct red_block *a, const struct red_block *b, bool is_primary)
{
	return a->len == b->len && a->payload_type == b->payload_type && !memcmp(a->data, b->data, a->len) &&
	       (is_primary || a->timestamp_offset == b->timestamp_offset);
}

static void put_together(const uint8_t *data, size_t len)
{
	static uint8_t out[64 * 1024];
	struct red_block blocks[RED_BLOCKS_MAX];
	struct red red;
	size_t count = blocks_of(data, len, blocks), k = 0;
	if (!count)
		return;
	size_t put = red_put(blocks, count, out, sizeof(out));
	AT_ASSERT(put && !red_parse(out, put, &red) && red.count <= count);
	AT_ASSERT(red_put(blocks, count, out, put - 1) == 0);
	for (size_t i = 0; i + 1 < count; i++)
		if (blocks[i].timestamp_offset <= RED_OFFSET_MAX && blocks[i].len <= RED_BLOCK_LEN_MAX)
			AT_ASSERT(is_same(&blocks[i], &red.blocks[k], false) && ++k < red.count);
	AT_ASSERT(k + 1 == red.count && is_same(&blocks[count - 1], &red.blocks[k], true));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t out[8192];
	put_together(data, len);
	struct red red;
	struct red_block primary;
	enum at_err err = red_parse(data, len, &red);
	AT_ASSERT(err == red_primary(data, len, &primary));
	if (err || len > sizeof(out))
		return 0;
	AT_ASSERT(red.count >= 1 && red.count <= RED_BLOCKS_MAX);
	AT_ASSERT(primary.data + primary.len == data + len && primary.timestamp_offset == 0);
	for (size_t i = 0; i + 1 < red.count; i++) {
		const struct red_block *found = red_find(&red, red.blocks[i].timestamp_offset);
		AT_ASSERT(found && found->timestamp_offset == red.blocks[i].timestamp_offset);
	}
	AT_ASSERT(red_put(red.blocks, red.count, out, len) == len && !memcmp(out, data, len));
	AT_ASSERT(red_put(red.blocks, red.count, out, len - 1) == 0);
	return 0;
}
