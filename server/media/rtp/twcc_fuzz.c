/* Any bytes as transport-cc feedback behind its SSRCs: its arrivals, written anew, are the same arrivals. The first byte is the room. */
#include "media/rtp/rtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BODY_MAX = 1488 };

static struct {
	int64_t ticks[RTCP_TWCC_STATUS_MAX];
	bool is_told[RTCP_TWCC_STATUS_MAX];
	size_t count;
} before;

static void collect(const struct rtcp_packet *packet)
{
	struct rtcp_twcc_iter iter = rtcp_twcc_begin(packet);
	struct rtcp_twcc_status status;
	int64_t last_us = packet->twcc.reference_us;
	for (before.count = 0; rtcp_twcc_next(&iter, &status); before.count++) {
		AT_ASSERT(before.count < RTCP_TWCC_STATUS_MAX);
		AT_ASSERT(status.seq == (uint16_t)(packet->twcc.base_seq + before.count));
		AT_ASSERT(status.arrival_us == last_us + status.delta_us && (status.is_received || !status.delta_us));
		last_us = status.arrival_us;
		before.ticks[before.count] =
			status.is_received ? status.arrival_us / RTCP_TWCC_TICK_US : RTCP_TWCC_NONE;
		before.is_told[before.count] = false;
	}
	AT_ASSERT(before.count == packet->twcc.count && !iter.chunks.failed && !iter.deltas.failed);
}

/* The reference has 24 bits of 64 ms: ticks are the same modulo 2^32. */
static void compare(const uint8_t *bytes, size_t len, uint16_t base_seq)
{
	struct rtcp_iter iter = rtcp_begin(bytes, len);
	struct rtcp_packet packet;
	AT_ASSERT(rtcp_next(&iter, &packet) && packet.kind == RTCP_TWCC);
	struct rtcp_twcc_iter statuses = rtcp_twcc_begin(&packet);
	struct rtcp_twcc_status status;
	while (rtcp_twcc_next(&statuses, &status)) {
		size_t at = (uint16_t)(status.seq - base_seq);
		AT_ASSERT(at < before.count && !before.is_told[at]);
		before.is_told[at] = true;
		AT_ASSERT(status.is_received == (before.ticks[at] != RTCP_TWCC_NONE));
		if (status.is_received)
			AT_ASSERT((uint32_t)(status.arrival_us / RTCP_TWCC_TICK_US) == (uint32_t)before.ticks[at]);
	}
	AT_ASSERT(!rtcp_next(&iter, &packet) && !iter.is_malformed);
}

static void write_anew(uint16_t base_seq, size_t room)
{
	static uint8_t bytes[24 + 255 * 5];
	struct rtcp_arrivals arrivals = {.base_seq = base_seq, .ticks = before.ticks, .count = before.count};
	while (arrivals.count) {
		struct rtcp_writer w = {.data = bytes, .max = room};
		size_t left = arrivals.count;
		AT_ASSERT(!rtcp_twcc_put(&w, &arrivals) && arrivals.count < left && w.len <= room);
		if (w.len)
			compare(bytes, w.len, base_seq);
	}
	for (size_t i = 0; i < before.count; i++)
		AT_ASSERT(before.is_told[i] || before.ticks[i] == RTCP_TWCC_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t bytes[12 + BODY_MAX];
	struct rtcp_packet packet;
	if (len < 1 || len - 1 > BODY_MAX)
		return 0;
	size_t total = 12 + (len - 1) / 4 * 4;
	memset(bytes, 0, 12);
	bytes[0] = 0x8f;
	bytes[1] = 205;
	bytes[2] = (uint8_t)((total / 4 - 1) >> 8);
	bytes[3] = (uint8_t)(total / 4 - 1);
	memcpy(bytes + 12, data + 1, total - 12);
	struct rtcp_iter iter = rtcp_begin(bytes, total);
	if (!rtcp_next(&iter, &packet))
		return 0;
	AT_ASSERT(packet.kind == RTCP_TWCC && packet.twcc.count > 0);
	collect(&packet);
	write_anew(packet.twcc.base_seq, 24 + data[0] * 5U);
	return 0;
}
