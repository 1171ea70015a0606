#include "media/rtp/rtp_priv.h"

const char *rtp_ext_uri(enum rtp_ext ext)
{
	static const char *const uris[RTP_EXT_COUNT] = {
		[RTP_EXT_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
		[RTP_EXT_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
		[RTP_EXT_REPAIRED_RID] = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
		[RTP_EXT_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
		[RTP_EXT_TRANSPORT_CC] = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
		[RTP_EXT_ABS_SEND_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
		[RTP_EXT_ABS_CAPTURE_TIME] = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
	};
	AT_ASSERT(ext < RTP_EXT_COUNT);
	return uris[ext];
}

bool rtp_ext_ids_valid(const struct rtp_ext_ids *ids)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < RTP_EXT_COUNT; i++) {
		if (!ids->of[i])
			continue;
		if (ids->of[i] > RTP_ONE_BYTE_IDS_MAX || seen & 1U << ids->of[i])
			return false;
		seen |= 1U << ids->of[i];
	}
	return true;
}

static bool read_name(char out[RTP_ID_MAX + 1], const uint8_t *p, size_t len)
{
	if (!len || len > RTP_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (p[i] <= ' ' || p[i] > '~')
			return false;
		out[i] = (char)p[i];
	}
	out[len] = '\0';
	return true;
}

static bool read_value(struct rtp_exts *exts, size_t role, const uint8_t *p, size_t len)
{
	switch (role) {
	case RTP_EXT_MID: return read_name(exts->mid, p, len);
	case RTP_EXT_RID: return read_name(exts->rid, p, len);
	case RTP_EXT_REPAIRED_RID: return read_name(exts->repaired_rid, p, len);
	case RTP_EXT_AUDIO_LEVEL:
		if (len != 1)
			return false;
		exts->level = p[0] & 0x7f;
		exts->is_voice = p[0] >> 7;
		return true;
	case RTP_EXT_TRANSPORT_CC:
		if (len != 2)
			return false;
		exts->transport_seq = rtp_get_u16(p);
		return true;
	case RTP_EXT_ABS_SEND_TIME:
		if (len != 3)
			return false;
		exts->abs_send_time = rtp_get_u24(p);
		return true;
	case RTP_EXT_ABS_CAPTURE_TIME:
		if (len != 8 && len != 16)
			return false;
		exts->abs_capture_time = (uint64_t)rtp_get_u32(p) << 32 | rtp_get_u32(p + 4);
		return true;
	default: return false;
	}
}

static void read_element(struct rtp_exts *exts, const struct rtp_ext_ids *ids, uint8_t id, const uint8_t *p, size_t len)
{
	for (size_t role = 0; role < RTP_EXT_COUNT; role++) {
		if (ids->of[role] != id)
			continue;
		exts->has &= ~(1U << role);
		if (read_value(exts, role, p, len))
			exts->has |= 1U << role;
	}
}

static enum at_err read_one_byte(const struct rtp_packet *packet, const struct rtp_ext_ids *ids, struct rtp_exts *exts)
{
	const uint8_t *p = packet->ext, *end = p + packet->ext_len;
	while (p < end) {
		uint8_t id = *p >> 4;
		size_t len = (*p & 0x0fU) + 1;
		/* Number 0 is a byte of padding; with a length it is an element to be passed over. */
		if (!*p++)
			continue;
		if (id == RTP_ONE_BYTE_STOP)
			break;
		if ((size_t)(end - p) < len)
			return AT_ERR_BAD_REQUEST;
		if (id)
			read_element(exts, ids, id, p, len);
		p += len;
	}
	return AT_OK;
}

static enum at_err read_two_byte(const struct rtp_packet *packet, const struct rtp_ext_ids *ids, struct rtp_exts *exts)
{
	const uint8_t *p = packet->ext, *end = p + packet->ext_len;
	while (p < end) {
		uint8_t id = *p++;
		if (!id)
			continue;
		if (p == end || end - p - 1 < *p)
			return AT_ERR_BAD_REQUEST;
		read_element(exts, ids, id, p + 1, *p);
		p += 1 + *p;
	}
	return AT_OK;
}

enum at_err rtp_exts_read(const struct rtp_packet *packet, const struct rtp_ext_ids *ids, struct rtp_exts *exts_out)
{
	exts_out->has = 0;
	if (!packet->ext)
		return AT_OK;
	if (packet->ext_profile == RTP_PROFILE_ONE_BYTE)
		return read_one_byte(packet, ids, exts_out);
	if ((packet->ext_profile & 0xfff0) == RTP_PROFILE_TWO_BYTE)
		return read_two_byte(packet, ids, exts_out);
	return AT_OK;
}
