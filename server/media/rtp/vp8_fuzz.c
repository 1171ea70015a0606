/* Any bytes as a VP8 payload: the descriptor, written anew, says the same, but for the width of its picture id. */
#include "media/rtp/rtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void same(const struct vp8_packet *a, const struct vp8_packet *b)
{
	AT_ASSERT(a->is_non_reference == b->is_non_reference && a->starts_partition == b->starts_partition);
	AT_ASSERT(a->partition == b->partition && a->starts_frame == b->starts_frame);
	AT_ASSERT(a->has_picture_id == b->has_picture_id && a->picture_id == b->picture_id);
	AT_ASSERT(a->has_tl0picidx == b->has_tl0picidx && a->tl0picidx == b->tl0picidx);
	AT_ASSERT(a->has_tid == b->has_tid && a->tid == b->tid && a->is_layer_sync == b->is_layer_sync);
	AT_ASSERT(a->has_keyidx == b->has_keyidx && a->keyidx == b->keyidx);
	AT_ASSERT(a->is_keyframe == b->is_keyframe && a->width == b->width && a->height == b->height);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t out[VP8_DESCRIPTOR_MAX + 16];
	struct vp8_packet packet, back;
	if (vp8_parse(data, len, &packet))
		return 0;
	AT_ASSERT(packet.len >= 1 && packet.len <= VP8_DESCRIPTOR_MAX && packet.len < len);
	AT_ASSERT(!packet.is_keyframe || packet.starts_frame);
	size_t put_len = vp8_descriptor_put(&packet, out);
	AT_ASSERT(put_len == vp8_descriptor_len(&packet) && put_len <= VP8_DESCRIPTOR_MAX);
	/* Never longer by more than the byte of the picture id; shorter when an extension said nothing. */
	AT_ASSERT(put_len <= packet.len + (packet.has_picture_id && !packet.is_picture_id_long ? 1U : 0U));
	size_t rest = len - packet.len < 16 ? len - packet.len : 16;
	memcpy(out + put_len, data + packet.len, rest);
	AT_ASSERT(!vp8_parse(out, put_len + rest, &back) && back.len == put_len);
	same(&packet, &back);
	return 0;
}
