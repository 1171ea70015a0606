#include "base/buf.h"
#include "media/rtp/rtp_priv.h"

#include <string.h>

enum {
	RED_MORE = 0x80, /* the F bit: another header follows */
	RED_HEAD_LEN = 4,
};

/* RFC 2198 section 3: headers first, the primary's only one byte; then the blocks. */
static bool read_heads(struct red *red, struct at_reader *r)
{
	for (red->count = 0; red->count < RED_BLOCKS_MAX;) {
		struct red_block *block = &red->blocks[red->count++];
		uint8_t first = at_read_u8(r);
		*block = (struct red_block){.payload_type = first & 0x7f};
		if (!(first & RED_MORE))
			return !r->failed;
		uint32_t offset_len = (uint32_t)at_read_u8(r) << 16 | at_read_u16(r);
		block->timestamp_offset = (uint16_t)(offset_len >> 10);
		block->len = offset_len & RED_BLOCK_LEN_MAX;
	}
	return false;
}

enum at_err red_parse(const void *payload, size_t len, struct red *red_out)
{
	struct at_reader r = at_reader_of(payload, len);
	if (!read_heads(red_out, &r))
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i + 1 < red_out->count; i++)
		red_out->blocks[i].data = at_read_bytes(&r, red_out->blocks[i].len);
	if (r.failed)
		return AT_ERR_BAD_REQUEST;
	struct red_block *primary = &red_out->blocks[red_out->count - 1];
	primary->len = at_reader_left(&r);
	primary->data = r.p;
	return AT_OK;
}

enum at_err red_primary(const void *payload, size_t len, struct red_block *block_out)
{
	struct red red;
	enum at_err err = red_parse(payload, len, &red);
	if (!err)
		*block_out = red.blocks[red.count - 1];
	return err;
}

const struct red_block *red_find(const struct red *red, uint32_t timestamp_offset)
{
	for (size_t i = 0; i + 1 < red->count; i++)
		if (red->blocks[i].timestamp_offset == timestamp_offset)
			return &red->blocks[i];
	return NULL;
}

static bool is_writable(const struct red_block *block)
{
	return block->timestamp_offset <= RED_OFFSET_MAX && block->len <= RED_BLOCK_LEN_MAX;
}

static size_t len_of(const struct red_block *blocks, size_t count)
{
	size_t len = 1 + blocks[count - 1].len;
	for (size_t i = 0; i + 1 < count; i++)
		if (is_writable(&blocks[i]))
			len += RED_HEAD_LEN + blocks[i].len;
	return len;
}

static uint8_t *put_data(uint8_t *p, const struct red_block *block)
{
	if (block->len)
		memcpy(p, block->data, block->len);
	return p + block->len;
}

size_t red_put(const struct red_block *blocks, size_t count, uint8_t *out, size_t max)
{
	AT_ASSERT(count > 0 && count <= RED_BLOCKS_MAX);
	size_t len = len_of(blocks, count);
	uint8_t *p = out;
	if (len > max)
		return 0;
	for (size_t i = 0; i + 1 < count; i++) {
		if (!is_writable(&blocks[i]))
			continue;
		*p++ = (uint8_t)(RED_MORE | (blocks[i].payload_type & 0x7f));
		rtp_put_u24(p, (uint32_t)blocks[i].timestamp_offset << 10 | (uint32_t)blocks[i].len);
		p += 3;
	}
	*p++ = blocks[count - 1].payload_type & 0x7f;
	for (size_t i = 0; i + 1 < count; i++)
		if (is_writable(&blocks[i]))
			p = put_data(p, &blocks[i]);
	p = put_data(p, &blocks[count - 1]);
	AT_ASSERT((size_t)(p - out) == len);
	return len;
}
