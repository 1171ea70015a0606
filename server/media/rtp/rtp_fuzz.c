/* Any bytes as a packet: what was understood of its header, written anew, is understood the same. */
#include "media/rtp/rtp.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct rtp_ext_ids ids = {.of = {4, 10, 11, 1, 3, 2, 14}};

static void same_names(const struct rtp_exts *a, const struct rtp_exts *b)
{
	if (rtp_exts_have(a, RTP_EXT_MID))
		AT_ASSERT(a->mid[0] && !strcmp(a->mid, b->mid));
	if (rtp_exts_have(a, RTP_EXT_RID))
		AT_ASSERT(a->rid[0] && !strcmp(a->rid, b->rid));
	if (rtp_exts_have(a, RTP_EXT_REPAIRED_RID))
		AT_ASSERT(a->repaired_rid[0] && !strcmp(a->repaired_rid, b->repaired_rid));
}

static void same_values(const struct rtp_exts *a, const struct rtp_exts *b)
{
	AT_ASSERT(a->has == b->has);
	same_names(a, b);
	if (rtp_exts_have(a, RTP_EXT_AUDIO_LEVEL))
		AT_ASSERT(a->level < 128 && a->level == b->level && a->is_voice == b->is_voice);
	if (rtp_exts_have(a, RTP_EXT_TRANSPORT_CC))
		AT_ASSERT(a->transport_seq == b->transport_seq);
	if (rtp_exts_have(a, RTP_EXT_ABS_SEND_TIME))
		AT_ASSERT(a->abs_send_time <= 0xffffff && a->abs_send_time == b->abs_send_time);
	if (rtp_exts_have(a, RTP_EXT_ABS_CAPTURE_TIME))
		AT_ASSERT(a->abs_capture_time == b->abs_capture_time);
}

static void same_header(const struct rtp_packet *a, const struct rtp_packet *b)
{
	AT_ASSERT(a->payload_type == b->payload_type && a->marker == b->marker && a->seq == b->seq);
	AT_ASSERT(a->timestamp == b->timestamp && a->ssrc == b->ssrc && a->csrc_count == b->csrc_count);
	for (size_t i = 0; i < a->csrc_count; i++)
		AT_ASSERT(rtp_csrc(a, i) == rtp_csrc(b, i));
}

static void write_anew(const struct rtp_packet *packet, const struct rtp_exts *exts)
{
	uint32_t csrcs[RTP_CSRCS_MAX];
	uint8_t out[RTP_HEADER_MAX];
	struct rtp_packet back;
	struct rtp_exts exts_back;
	for (size_t i = 0; i < packet->csrc_count; i++)
		csrcs[i] = rtp_csrc(packet, i);
	struct rtp_header header = {
		.payload_type = packet->payload_type,
		.marker = packet->marker,
		.seq = packet->seq,
		.timestamp = packet->timestamp,
		.ssrc = packet->ssrc,
		.csrcs = csrcs,
		.csrc_count = packet->csrc_count,
		.ids = &ids,
		.exts = exts,
	};
	size_t len = rtp_header_put(&header, out);
	AT_ASSERT(len <= RTP_HEADER_MAX && !rtp_parse(out, len, &back) && back.payload_len == 0);
	same_header(packet, &back);
	AT_ASSERT(!rtp_exts_read(&back, &ids, &exts_back));
	same_values(exts, &exts_back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rtp_packet packet;
	struct rtp_exts exts;
	enum rtp_kind kind = rtp_kind(data, len);
	if (rtp_parse(data, len, &packet))
		return 0;
	AT_ASSERT(kind == RTP_KIND_RTP || kind == RTP_KIND_RTCP);
	AT_ASSERT(packet.payload + packet.payload_len + packet.padding_len == data + len);
	AT_ASSERT(packet.payload >= data + RTP_HEAD_LEN + 4 * packet.csrc_count + packet.ext_len);
	AT_ASSERT(!packet.ext || packet.ext + packet.ext_len == packet.payload);
	if (!rtp_exts_read(&packet, &ids, &exts))
		write_anew(&packet, &exts);
	uint16_t seq = packet.seq;
	if (!rtp_rtx_unwrap(&packet, 96, 1))
		AT_ASSERT(packet.payload + packet.payload_len + packet.padding_len == data + len);
	uint64_t extended = rtp_seq_extend(packet.timestamp, seq);
	AT_ASSERT((uint16_t)extended == seq);
	return 0;
}
