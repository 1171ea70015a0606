/* The VP8 payload descriptor (RFC 7741 section 4.2) and as much of the frame behind it as tells a key frame and its size. Part of
 * media/rtp/rtp.h, with the same rules. */
#ifndef AT_MEDIA_RTP_VP8_H
#define AT_MEDIA_RTP_VP8_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VP8_DESCRIPTOR_MAX = 6,
	VP8_PICTURE_ID_MASK = 0x7fff, /* where our own picture ids wrap */
};

struct vp8_packet {
	uint8_t len;           /* of the descriptor as it stands in the packet, 1 to VP8_DESCRIPTOR_MAX */
	bool is_non_reference; /* N */
	bool starts_partition; /* S */
	uint8_t partition;     /* PID, 0 to 7 */
	bool has_picture_id, has_tl0picidx, has_tid, has_keyidx;
	bool is_picture_id_long; /* of 15 bits, else 7 */
	uint16_t picture_id;
	uint8_t tl0picidx;
	uint8_t tid;        /* 0 to 3 */
	bool is_layer_sync; /* Y, with has_tid */
	uint8_t keyidx;     /* 0 to 31 */
	bool starts_frame;  /* S of the first partition */
	/* Of the first packet of a frame only. A key frame too short or without its start code is none: no decoder could begin there. */
	bool is_keyframe;
	uint16_t width, height; /* of a key frame, in pixels, 14 bits each; unscaled */
};

/* An RTP payload without padding. BAD_REQUEST: a descriptor cut short, or no byte of a frame behind it. */
AT_MUST enum at_err vp8_parse(const void *payload, size_t len, struct vp8_packet *packet_out);

/* The descriptor anew: parse, change picture_id, tl0picidx or keyidx, put it before the frame's bytes (payload + packet.len). A picture id
 * is always written with 15 bits, so this may be longer by one byte than what came; when vp8_descriptor_len equals packet.len it may be
 * put in place. Reserved bits come out as 0. Gives the length. */
size_t vp8_descriptor_put(const struct vp8_packet *packet, uint8_t out[VP8_DESCRIPTOR_MAX]);
size_t vp8_descriptor_len(const struct vp8_packet *packet);

#endif
