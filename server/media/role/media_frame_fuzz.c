/* A TCP stream in pieces (the first byte says how long they are): every frame is within the bounds, and pieces do not matter. */
#include "media/role/role_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct sum {
	uint64_t hash, count;
};

static bool on_frame(void *arg, const uint8_t *data, size_t len)
{
	struct sum *sum = arg;
	AT_ASSERT(len > 0 && len <= ICE_PACKET_MAX);
	for (size_t i = 0; i < len; i++)
		sum->hash = sum->hash * 31 + data[i];
	sum->count++;
	return data[0] != 0xee;
}

static struct sum feed(const uint8_t *data, size_t len, size_t step)
{
	static struct media_frames frames;
	struct sum sum = {0, 0};
	frames.len = 0;
	for (size_t at = 0; at < len; at += step)
		if (!media_frames_feed(&frames, data + at, len - at < step ? len - at : step, on_frame, &sum))
			break;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 2)
		return 0;
	struct sum whole = feed(data + 1, len - 1, len), pieces = feed(data + 1, len - 1, 1u + data[0]);
	AT_ASSERT(whole.hash == pieces.hash && whole.count == pieces.count);
	return 0;
}
