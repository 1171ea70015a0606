/* Any bytes as redundant audio: what parses is written again byte for byte. */
#include "media/rtp/rtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t out[8192];
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
