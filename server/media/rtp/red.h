/* Redundant audio (RFC 2198): a packet with the frames before it once more. Part of media/rtp/rtp.h, with the same rules. */
#ifndef AT_MEDIA_RTP_RED_H
#define AT_MEDIA_RTP_RED_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
	RED_BLOCKS_MAX = 10,       /* Chromium sends up to 9 redundant ones */
	RED_OFFSET_MAX = 0x3fff,   /* 14 bits */
	RED_BLOCK_LEN_MAX = 0x3ff, /* 10 bits; only the primary may be longer */
};

struct red_block {
	const uint8_t *data;
	size_t len;                /* may be 0 */
	uint8_t payload_type;      /* 7 bits */
	uint16_t timestamp_offset; /* how much older than the packet's timestamp, 0 for the primary */
};

struct red {
	struct red_block blocks[RED_BLOCKS_MAX]; /* as written: the oldest first, by custom; the primary last */
	size_t count;                            /* 1 to RED_BLOCKS_MAX */
};

/* An RTP payload without padding. BAD_REQUEST: headers without end or more than RED_BLOCKS_MAX, blocks longer than what is there. */
AT_MUST enum at_err red_parse(const void *payload, size_t len, struct red *red_out);
/* Only the primary, for receivers without RED. */
AT_MUST enum at_err red_primary(const void *payload, size_t len, struct red_block *block_out);
/* The redundant block of that offset (not 0), NULL when there is none. */
const struct red_block *red_find(const struct red *red, uint32_t timestamp_offset);

/* The payload out of blocks, the primary last (its timestamp_offset is not written). Redundant blocks beyond what 14 and 10 bits hold are
 * left out. Gives the length, 0 when it is more than max; count is 1 to RED_BLOCKS_MAX. */
size_t red_put(const struct red_block *blocks, size_t count, uint8_t *out, size_t max);

#endif
