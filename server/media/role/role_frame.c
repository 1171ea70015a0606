#include "media/role/role_priv.h"

#include <string.h>

/* How many bytes the frame that has begun still lacks; its length first. */
static size_t missing(const struct media_frames *f)
{
	if (f->len < 2)
		return 2U - f->len;
	return 2 + (size_t)(f->bytes[0] << 8 | f->bytes[1]) - f->len;
}

bool media_frames_feed(struct media_frames *frames, const uint8_t *data, size_t len, media_frame_fn *fn, void *arg)
{
	while (len) {
		size_t n = missing(frames);
		n = n < len ? n : len;
		memcpy(frames->bytes + frames->len, data, n);
		frames->len = (uint16_t)(frames->len + n);
		data += n;
		len -= n;
		if (frames->len < 2)
			continue;
		size_t frame_len = (size_t)(frames->bytes[0] << 8 | frames->bytes[1]);
		if (frame_len > ICE_PACKET_MAX)
			return false;
		if (frames->len < 2 + frame_len)
			continue;
		frames->len = 0;
		if (frame_len && !fn(arg, frames->bytes + 2, frame_len))
			return false;
	}
	return true;
}
