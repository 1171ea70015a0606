#include "base/buf.h"
#include "media/rtp/rtp_priv.h"

/* RFC 7741 section 4.2: the bits of the first octet and of the extension's. */
enum {
	VP8_X = 0x80,
	VP8_N = 0x20,
	VP8_S = 0x10,
	VP8_PID = 0x07,
	VP8_I = 0x80,
	VP8_L = 0x40,
	VP8_T = 0x20,
	VP8_K = 0x10,
	VP8_M = 0x80,
	VP8_Y = 0x20,
	KEYFRAME_HEAD_LEN = 10, /* RFC 6386 section 9.1 */
	KEYFRAME_START = 0x9d012a,
};

static void read_picture_id(struct vp8_packet *packet, struct at_reader *r)
{
	uint8_t first = at_read_u8(r);
	packet->has_picture_id = true;
	packet->is_picture_id_long = first & VP8_M;
	packet->picture_id = first & 0x7f;
	if (packet->is_picture_id_long)
		packet->picture_id = (uint16_t)(packet->picture_id << 8 | at_read_u8(r));
}

static void read_extension(struct vp8_packet *packet, struct at_reader *r)
{
	uint8_t has = at_read_u8(r);
	if (has & VP8_I)
		read_picture_id(packet, r);
	packet->has_tl0picidx = has & VP8_L;
	if (packet->has_tl0picidx)
		packet->tl0picidx = at_read_u8(r);
	packet->has_tid = has & VP8_T;
	packet->has_keyidx = has & VP8_K;
	if (!(has & (VP8_T | VP8_K)))
		return;
	/* One octet for both; the half that is not announced is to be ignored. */
	uint8_t octet = at_read_u8(r);
	packet->tid = packet->has_tid ? octet >> 6 : 0;
	packet->is_layer_sync = packet->has_tid && octet & VP8_Y;
	packet->keyidx = packet->has_keyidx ? octet & 0x1f : 0;
}

static void read_frame_head(struct vp8_packet *packet, const uint8_t *p, size_t len)
{
	/* The lowest bit is 0 in key frames. */
	if (p[0] & 1 || len < KEYFRAME_HEAD_LEN || rtp_get_u24(p + 3) != KEYFRAME_START)
		return;
	packet->is_keyframe = true;
	/* Little-endian, with two bits of scaling on top. */
	packet->width = (uint16_t)((p[7] << 8 | p[6]) & 0x3fff);
	packet->height = (uint16_t)((p[9] << 8 | p[8]) & 0x3fff);
}

enum at_err vp8_parse(const void *payload, size_t len, struct vp8_packet *packet_out)
{
	struct at_reader r = at_reader_of(payload, len);
	uint8_t first = at_read_u8(&r);
	*packet_out = (struct vp8_packet){
		.is_non_reference = first & VP8_N,
		.starts_partition = first & VP8_S,
		.partition = first & VP8_PID,
	};
	if (first & VP8_X)
		read_extension(packet_out, &r);
	if (r.failed || !at_reader_left(&r))
		return AT_ERR_BAD_REQUEST;
	packet_out->len = (uint8_t)(len - at_reader_left(&r));
	packet_out->starts_frame = packet_out->starts_partition && !packet_out->partition;
	if (packet_out->starts_frame)
		read_frame_head(packet_out, r.p, at_reader_left(&r));
	return AT_OK;
}

static uint8_t extension_of(const struct vp8_packet *packet)
{
	return (uint8_t)((packet->has_picture_id ? VP8_I : 0) | (packet->has_tl0picidx ? VP8_L : 0) |
			 (packet->has_tid ? VP8_T : 0) | (packet->has_keyidx ? VP8_K : 0));
}

size_t vp8_descriptor_len(const struct vp8_packet *packet)
{
	uint8_t has = extension_of(packet);
	if (!has)
		return 1;
	return 2 + (has & VP8_I ? 2U : 0) + (has & VP8_L ? 1U : 0) + (has & (VP8_T | VP8_K) ? 1U : 0);
}

size_t vp8_descriptor_put(const struct vp8_packet *packet, uint8_t out[VP8_DESCRIPTOR_MAX])
{
	uint8_t has = extension_of(packet), *p = out;
	*p++ = (uint8_t)((has ? VP8_X : 0) | (packet->is_non_reference ? VP8_N : 0) |
			 (packet->starts_partition ? VP8_S : 0) | (packet->partition & VP8_PID));
	if (has)
		*p++ = has;
	if (has & VP8_I) {
		rtp_put_u16(p, (uint16_t)(VP8_M << 8 | (packet->picture_id & VP8_PICTURE_ID_MASK)));
		p += 2;
	}
	if (has & VP8_L)
		*p++ = packet->tl0picidx;
	if (has & (VP8_T | VP8_K))
		*p++ = (uint8_t)(packet->tid << 6 | (packet->is_layer_sync ? VP8_Y : 0) | (packet->keyidx & 0x1f));
	return (size_t)(p - out);
}
