#include "media/rtp/rtp_priv.h"

enum {
	STUN_LEN_MIN = 20,
	DTLS_LEN_MIN = 13, /* a record's head */
	RTCP_LEN_MIN = 8,
};

enum rtp_kind rtp_kind(const void *data, size_t len)
{
	const uint8_t *p = data;
	if (len < RTCP_LEN_MIN)
		return RTP_KIND_NONE;
	/* RFC 5761 section 4: of the payload types 64 to 95 none is used beside RTCP. */
	if (p[0] >= 128 && p[0] <= 191) {
		if (p[1] >= 192 && p[1] <= 223)
			return RTP_KIND_RTCP;
		return len >= RTP_HEAD_LEN ? RTP_KIND_RTP : RTP_KIND_NONE;
	}
	if (p[0] <= 3)
		return len >= STUN_LEN_MIN ? RTP_KIND_STUN : RTP_KIND_NONE;
	if (p[0] >= 20 && p[0] <= 63)
		return len >= DTLS_LEN_MIN ? RTP_KIND_DTLS : RTP_KIND_NONE;
	return RTP_KIND_NONE;
}

/* Gives where the payload begins, 0 when the block is longer than the packet. */
static size_t read_ext(struct rtp_packet *packet, size_t at)
{
	if (packet->len - at < 4)
		return 0;
	const uint8_t *p = packet->data + at;
	packet->ext_profile = rtp_get_u16(p);
	packet->ext_len = (size_t)rtp_get_u16(p + 2) * 4;
	packet->ext = p + 4;
	return packet->len - at - 4 < packet->ext_len ? 0 : at + 4 + packet->ext_len;
}

enum at_err rtp_parse_header(const void *data, size_t len, struct rtp_packet *packet_out)
{
	const uint8_t *p = data;
	if (len < RTP_HEAD_LEN || p[0] >> 6 != RTP_VERSION)
		return AT_ERR_BAD_REQUEST;
	*packet_out = (struct rtp_packet){
		.data = p,
		.len = len,
		.payload_type = p[1] & 0x7f,
		.marker = p[1] >> 7,
		.seq = rtp_get_u16(p + 2),
		.timestamp = rtp_get_u32(p + 4),
		.ssrc = rtp_get_u32(p + 8),
		.has_padding = p[0] & 0x20,
		.csrc_count = p[0] & 0x0f,
		.csrcs = p + RTP_HEAD_LEN,
	};
	size_t at = RTP_HEAD_LEN + packet_out->csrc_count * 4U;
	if (at > len)
		return AT_ERR_BAD_REQUEST;
	if (p[0] & 0x10)
		at = read_ext(packet_out, at);
	if (!at)
		return AT_ERR_BAD_REQUEST;
	packet_out->payload = p + at;
	packet_out->payload_len = len - at;
	return AT_OK;
}

enum at_err rtp_cut_padding(struct rtp_packet *packet)
{
	if (!packet->has_padding || packet->padding_len)
		return AT_OK;
	if (!packet->payload_len)
		return AT_ERR_BAD_REQUEST;
	uint8_t padding_len = packet->payload[packet->payload_len - 1];
	if (!padding_len || padding_len > packet->payload_len)
		return AT_ERR_BAD_REQUEST;
	packet->padding_len = padding_len;
	packet->payload_len -= padding_len;
	packet->is_padding_only = !packet->payload_len;
	return AT_OK;
}

enum at_err rtp_parse(const void *data, size_t len, struct rtp_packet *packet_out)
{
	enum at_err err = rtp_parse_header(data, len, packet_out);
	return err ? err : rtp_cut_padding(packet_out);
}

uint32_t rtp_csrc(const struct rtp_packet *packet, size_t i)
{
	AT_ASSERT(i < packet->csrc_count);
	return rtp_get_u32(packet->csrcs + 4 * i);
}

enum at_err rtp_rtx_unwrap(struct rtp_packet *packet, uint8_t payload_type, uint32_t ssrc)
{
	if (packet->payload_len < RTP_RTX_LEN)
		return AT_ERR_BAD_REQUEST;
	packet->seq = rtp_get_u16(packet->payload);
	packet->payload += RTP_RTX_LEN;
	packet->payload_len -= RTP_RTX_LEN;
	packet->payload_type = payload_type;
	packet->ssrc = ssrc;
	/* RFC 4588 section 4: an original may have been empty itself. */
	packet->is_padding_only = packet->padding_len && !packet->payload_len;
	return AT_OK;
}
