#include "media/rtp/rtp_priv.h"

#include <string.h>

static size_t put_name(uint8_t *p, const char *name)
{
	size_t len = strnlen(name, RTP_ID_MAX + 1);
	AT_ASSERT(len > 0 && len <= RTP_ID_MAX);
	memcpy(p, name, len);
	return len;
}

/* Gives the length of the value. */
static size_t put_value(uint8_t *p, const struct rtp_exts *exts, size_t role)
{
	switch (role) {
	case RTP_EXT_MID: return put_name(p, exts->mid);
	case RTP_EXT_RID: return put_name(p, exts->rid);
	case RTP_EXT_REPAIRED_RID: return put_name(p, exts->repaired_rid);
	case RTP_EXT_AUDIO_LEVEL: *p = (uint8_t)((exts->level & 0x7f) | (exts->is_voice ? 0x80 : 0)); return 1;
	case RTP_EXT_TRANSPORT_CC: rtp_put_u16(p, exts->transport_seq); return 2;
	case RTP_EXT_ABS_SEND_TIME: rtp_put_u24(p, exts->abs_send_time); return 3;
	default:
		rtp_put_u32(p, (uint32_t)(exts->abs_capture_time >> 32));
		rtp_put_u32(p + 4, (uint32_t)exts->abs_capture_time);
		return 8;
	}
}

/* Gives the length of the block with its head, 0 when there is nothing to write. */
static size_t put_exts(uint8_t *out, const struct rtp_ext_ids *ids, const struct rtp_exts *exts)
{
	uint8_t *p = out + 4;
	for (size_t role = 0; role < RTP_EXT_COUNT; role++) {
		uint8_t id = ids->of[role];
		if (!(exts->has & 1U << role) || !id || id > RTP_ONE_BYTE_IDS_MAX)
			continue;
		size_t len = put_value(p + 1, exts, role);
		*p = (uint8_t)((unsigned)id << 4 | (len - 1));
		p += 1 + len;
	}
	if (p == out + 4)
		return 0;
	while ((p - out) % 4)
		*p++ = 0;
	rtp_put_u16(out, RTP_PROFILE_ONE_BYTE);
	rtp_put_u16(out + 2, (uint16_t)((p - out) / 4 - 1));
	return (size_t)(p - out);
}

size_t rtp_header_put(const struct rtp_header *header, uint8_t out[RTP_HEADER_MAX])
{
	size_t len = RTP_HEAD_LEN;
	AT_ASSERT(header->csrc_count <= RTP_CSRCS_MAX && header->payload_type < 128);
	out[0] = (uint8_t)(RTP_VERSION << 6 | (header->has_padding ? 0x20 : 0) | header->csrc_count);
	out[1] = (uint8_t)((header->marker ? 0x80 : 0) | header->payload_type);
	rtp_put_u16(out + 2, header->seq);
	rtp_put_u32(out + 4, header->timestamp);
	rtp_put_u32(out + 8, header->ssrc);
	for (size_t i = 0; i < header->csrc_count; i++, len += 4)
		rtp_put_u32(out + len, header->csrcs[i]);
	size_t ext_len = header->ids && header->exts ? put_exts(out + len, header->ids, header->exts) : 0;
	if (ext_len)
		out[0] |= 0x10;
	return len + ext_len;
}

size_t rtp_rtx_put(const struct rtp_header *header, uint16_t original_seq, uint8_t out[RTP_HEADER_MAX + RTP_RTX_LEN])
{
	size_t len = rtp_header_put(header, out);
	rtp_put_u16(out + len, original_seq);
	return len + RTP_RTX_LEN;
}

void rtp_padding_put(uint8_t *out, size_t len)
{
	AT_ASSERT(len > 0 && len <= RTP_PADDING_MAX);
	memset(out, 0, len - 1);
	out[len - 1] = (uint8_t)len;
}
