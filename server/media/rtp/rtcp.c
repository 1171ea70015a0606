#include "media/rtp/rtcp_priv.h"
#include "media/rtp/rtp_priv.h"

struct rtcp_iter rtcp_begin(const void *data, size_t len)
{
	return (struct rtcp_iter){.left = at_reader_of(data, len)};
}

/* What follows the words read so far is count entries, of which nothing may be missing. More is a profile's extension (RFC 3550
 * section 6.4.3), or the reason of a BYE. */
static bool take_list(struct rtcp_packet *packet, struct at_reader *r, size_t entry_len)
{
	packet->list_len = packet->count * entry_len;
	packet->list = at_read_bytes(r, packet->list_len);
	return !r->failed;
}

/* ... and here the list reaches to the end. */
static bool take_rest(struct rtcp_packet *packet, struct at_reader *r, size_t entry_len)
{
	packet->count = at_reader_left(r) / entry_len;
	return packet->count && at_reader_left(r) % entry_len == 0 && take_list(packet, r, entry_len);
}

static bool read_sr(struct rtcp_packet *packet, struct at_reader *r, size_t count)
{
	packet->kind = RTCP_SR;
	packet->ssrc = at_read_u32(r);
	packet->sender.ntp = at_read_u64(r);
	packet->sender.rtp_timestamp = at_read_u32(r);
	packet->sender.packets = at_read_u32(r);
	packet->sender.octets = at_read_u32(r);
	packet->count = count;
	return take_list(packet, r, RTCP_BLOCK_LEN);
}

static bool read_rr(struct rtcp_packet *packet, struct at_reader *r, size_t count)
{
	packet->kind = RTCP_RR;
	packet->ssrc = at_read_u32(r);
	packet->count = count;
	return take_list(packet, r, RTCP_BLOCK_LEN);
}

static bool read_bye(struct rtcp_packet *packet, struct at_reader *r, size_t count)
{
	packet->kind = RTCP_BYE;
	packet->count = count;
	if (!take_list(packet, r, 4))
		return false;
	/* Without any SSRC it is allowed and says nothing (RFC 3550 section 6.6). */
	packet->ssrc = count ? rtp_get_u32(packet->list) : 0;
	return true;
}

static bool read_remb(struct rtcp_packet *packet, struct at_reader *r)
{
	packet->kind = RTCP_REMB;
	packet->count = at_read_u8(r);
	uint32_t exp_mantissa = (uint32_t)at_read_u8(r) << 16 | at_read_u16(r);
	uint32_t exp = exp_mantissa >> 18, mantissa = exp_mantissa & 0x3ffff;
	/* 18 + 63 bits do not fit 64: nobody has such a line. */
	if (mantissa && exp > 46)
		return false;
	packet->remb_bps = mantissa ? (uint64_t)mantissa << exp : 0;
	return take_list(packet, r, 4) && !at_reader_left(r);
}

static bool read_rtpfb(struct rtcp_packet *packet, struct at_reader *r, uint8_t format)
{
	packet->ssrc = at_read_u32(r);
	packet->media_ssrc = at_read_u32(r);
	if (r->failed)
		return false;
	if (format == RTCP_FORMAT_NACK) {
		packet->kind = RTCP_NACK;
		return take_rest(packet, r, 4);
	}
	return format != RTCP_FORMAT_TWCC || rtcp_twcc_read(packet, r);
}

static bool read_psfb(struct rtcp_packet *packet, struct at_reader *r, uint8_t format)
{
	struct at_reader peek;
	packet->ssrc = at_read_u32(r);
	packet->media_ssrc = at_read_u32(r);
	if (r->failed)
		return false;
	switch (format) {
	case RTCP_FORMAT_PLI: packet->kind = RTCP_PLI; return !at_reader_left(r);
	case RTCP_FORMAT_FIR: packet->kind = RTCP_FIR; return take_rest(packet, r, RTCP_FIR_LEN);
	case RTCP_FORMAT_AFB:
		peek = *r;
		if (at_read_u32(&peek) != RTCP_REMB_NAME)
			return true;
		return read_remb(packet, &peek);
	default: return true;
	}
}

static bool read_body(struct rtcp_packet *packet, struct at_reader *r, uint8_t type, uint8_t count)
{
	switch (type) {
	case RTCP_TYPE_SR: return read_sr(packet, r, count);
	case RTCP_TYPE_RR: return read_rr(packet, r, count);
	case RTCP_TYPE_BYE: return read_bye(packet, r, count);
	case RTCP_TYPE_RTPFB: return read_rtpfb(packet, r, count);
	case RTCP_TYPE_PSFB: return read_psfb(packet, r, count);
	default: return true;
	}
}

/* RFC 3550 section 6.4.1 wants it in whole words, and only in the last packet. Browsers pad transport-cc by single bytes, wherever it
 * stands. */
static bool cut_padding(struct at_reader *body)
{
	size_t len = at_reader_left(body);
	uint8_t padding_len = len ? body->end[-1] : 0;
	if (!padding_len || padding_len > len)
		return false;
	body->end -= padding_len;
	return true;
}

static bool read_packet(struct at_reader *left, struct rtcp_packet *packet)
{
	uint8_t first = at_read_u8(left), type = at_read_u8(left);
	size_t body_len = at_read_u16(left) * 4UL;
	const uint8_t *body = at_read_bytes(left, body_len);
	if (left->failed || first >> 6 != RTP_VERSION)
		return false;
	struct at_reader r = at_reader_of(body, body_len);
	if (first & 0x20 && !cut_padding(&r))
		return false;
	return read_body(packet, &r, type, first & 0x1f);
}

bool rtcp_next(struct rtcp_iter *iter, struct rtcp_packet *packet_out)
{
	if (iter->is_malformed || !at_reader_left(&iter->left))
		return false;
	*packet_out = (struct rtcp_packet){.kind = RTCP_OTHER};
	iter->is_malformed = !read_packet(&iter->left, packet_out);
	return !iter->is_malformed;
}

enum at_err rtcp_check(const void *data, size_t len)
{
	struct rtcp_iter iter = rtcp_begin(data, len);
	struct rtcp_packet packet;
	while (rtcp_next(&iter, &packet))
		;
	return iter.is_malformed || !len ? AT_ERR_BAD_REQUEST : AT_OK;
}

/* ---- lists ---- */

struct rtcp_block rtcp_block_at(const struct rtcp_packet *packet, size_t i)
{
	AT_ASSERT((packet->kind == RTCP_SR || packet->kind == RTCP_RR) && i < packet->count);
	const uint8_t *p = packet->list + i * RTCP_BLOCK_LEN;
	uint32_t lost = rtp_get_u24(p + 5);
	return (struct rtcp_block){
		.ssrc = rtp_get_u32(p),
		.fraction_lost = p[4],
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
		.highest_seq = rtp_get_u32(p + 8),
		.jitter = rtp_get_u32(p + 12),
		.lsr = rtp_get_u32(p + 16),
		.dlsr = rtp_get_u32(p + 20),
	};
}

struct rtcp_fir rtcp_fir_at(const struct rtcp_packet *packet, size_t i)
{
	AT_ASSERT(packet->kind == RTCP_FIR && i < packet->count);
	const uint8_t *p = packet->list + i * RTCP_FIR_LEN;
	return (struct rtcp_fir){.ssrc = rtp_get_u32(p), .seq = p[4]};
}

uint32_t rtcp_ssrc_at(const struct rtcp_packet *packet, size_t i)
{
	AT_ASSERT((packet->kind == RTCP_BYE || packet->kind == RTCP_REMB) && i < packet->count);
	return rtp_get_u32(packet->list + i * 4);
}

size_t rtcp_nack_read(const struct rtcp_packet *packet, uint16_t *seqs, size_t max)
{
	AT_ASSERT(packet->kind == RTCP_NACK);
	size_t n = 0;
	for (size_t i = 0; i < packet->count && n < max; i++) {
		uint16_t seq = rtp_get_u16(packet->list + i * 4);
		/* The number itself, then the sixteen behind it. */
		uint32_t mask = (uint32_t)rtp_get_u16(packet->list + i * 4 + 2) << 1 | 1;
		for (; mask && n < max; mask >>= 1, seq++)
			if (mask & 1)
				seqs[n++] = seq;
	}
	return n;
}
