#include "media/rtp/rtcp_priv.h"
#include "media/rtp/rtp_priv.h"

#include <string.h>

uint8_t *rtcp_put(struct rtcp_writer *w, uint8_t type, size_t count, size_t len)
{
	AT_ASSERT(len % 4 == 0 && len <= 0x40000 && count < 32 && w->len <= w->max);
	if (w->max - w->len < len)
		return NULL;
	uint8_t *p = w->data + w->len;
	p[0] = (uint8_t)(RTP_VERSION << 6 | count);
	p[1] = type;
	rtp_put_u16(p + 2, (uint16_t)(len / 4 - 1));
	w->len += len;
	return p;
}

uint8_t *rtcp_put_feedback(struct rtcp_writer *w, uint8_t type, uint8_t format, uint32_t ssrc, uint32_t media_ssrc,
			   size_t len)
{
	uint8_t *p = rtcp_put(w, type, format, len);
	if (!p)
		return NULL;
	rtp_put_u32(p + 4, ssrc);
	rtp_put_u32(p + 8, media_ssrc);
	return p;
}

static void put_blocks(uint8_t *p, const struct rtcp_block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++, p += RTCP_BLOCK_LEN) {
		rtp_put_u32(p, blocks[i].ssrc);
		p[4] = blocks[i].fraction_lost;
		rtp_put_u24(p + 5, (uint32_t)blocks[i].lost & 0xffffff);
		rtp_put_u32(p + 8, blocks[i].highest_seq);
		rtp_put_u32(p + 12, blocks[i].jitter);
		rtp_put_u32(p + 16, blocks[i].lsr);
		rtp_put_u32(p + 20, blocks[i].dlsr);
	}
}

enum at_err rtcp_sr_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender *sender,
			const struct rtcp_block *blocks, size_t count)
{
	uint8_t *p = rtcp_put(w, RTCP_TYPE_SR, count, 28 + count * RTCP_BLOCK_LEN);
	if (!p)
		return AT_ERR_TOO_LARGE;
	rtp_put_u32(p + 4, ssrc);
	rtp_put_u32(p + 8, (uint32_t)(sender->ntp >> 32));
	rtp_put_u32(p + 12, (uint32_t)sender->ntp);
	rtp_put_u32(p + 16, sender->rtp_timestamp);
	rtp_put_u32(p + 20, sender->packets);
	rtp_put_u32(p + 24, sender->octets);
	put_blocks(p + 28, blocks, count);
	return AT_OK;
}

enum at_err rtcp_rr_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_block *blocks, size_t count)
{
	uint8_t *p = rtcp_put(w, RTCP_TYPE_RR, count, 8 + count * RTCP_BLOCK_LEN);
	if (!p)
		return AT_ERR_TOO_LARGE;
	rtp_put_u32(p + 4, ssrc);
	put_blocks(p + 8, blocks, count);
	return AT_OK;
}

enum at_err rtcp_sdes_put(struct rtcp_writer *w, uint32_t ssrc, const char *cname)
{
	size_t cname_len = strlen(cname);
	AT_ASSERT(cname_len <= RTCP_CNAME_MAX);
	/* One to four zeros end the chunk (RFC 3550 section 6.5). */
	size_t len = (8 + 2 + cname_len) / 4 * 4 + 4;
	uint8_t *p = rtcp_put(w, RTCP_TYPE_SDES, 1, len);
	if (!p)
		return AT_ERR_TOO_LARGE;
	memset(p + 8, 0, len - 8);
	rtp_put_u32(p + 4, ssrc);
	p[8] = RTCP_SDES_CNAME;
	p[9] = (uint8_t)cname_len;
	memcpy(p + 10, cname, cname_len);
	return AT_OK;
}

enum at_err rtcp_bye_put(struct rtcp_writer *w, const uint32_t *ssrcs, size_t count)
{
	uint8_t *p = rtcp_put(w, RTCP_TYPE_BYE, count, 4 + count * 4);
	if (!p)
		return AT_ERR_TOO_LARGE;
	for (size_t i = 0; i < count; i++)
		rtp_put_u32(p + 4 + i * 4, ssrcs[i]);
	return AT_OK;
}

enum at_err rtcp_pli_put(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc)
{
	uint8_t *p = rtcp_put_feedback(w, RTCP_TYPE_PSFB, RTCP_FORMAT_PLI, ssrc, media_ssrc, RTCP_FEEDBACK_LEN);
	return p ? AT_OK : AT_ERR_TOO_LARGE;
}

enum at_err rtcp_fir_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_fir *firs, size_t count)
{
	AT_ASSERT(count > 0);
	size_t len = RTCP_FEEDBACK_LEN + count * RTCP_FIR_LEN;
	uint8_t *p = rtcp_put_feedback(w, RTCP_TYPE_PSFB, RTCP_FORMAT_FIR, ssrc, 0, len);
	if (!p)
		return AT_ERR_TOO_LARGE;
	p += RTCP_FEEDBACK_LEN;
	for (size_t i = 0; i < count; i++, p += RTCP_FIR_LEN) {
		rtp_put_u32(p, firs[i].ssrc);
		rtp_put_u32(p + 4, (uint32_t)firs[i].seq << 24);
	}
	return AT_OK;
}

enum at_err rtcp_remb_put(struct rtcp_writer *w, uint32_t ssrc, uint64_t bps, const uint32_t *ssrcs, size_t count)
{
	AT_ASSERT(count <= RTCP_REMB_SSRCS_MAX);
	uint32_t exp = 0;
	uint8_t *p = rtcp_put_feedback(w, RTCP_TYPE_PSFB, RTCP_FORMAT_AFB, ssrc, 0, RTCP_FEEDBACK_LEN + 8 + count * 4);
	if (!p)
		return AT_ERR_TOO_LARGE;
	for (; bps > 0x3ffff; bps >>= 1)
		exp++;
	rtp_put_u32(p + 12, RTCP_REMB_NAME);
	p[16] = (uint8_t)count;
	rtp_put_u24(p + 17, exp << 18 | (uint32_t)bps);
	for (size_t i = 0; i < count; i++)
		rtp_put_u32(p + 20 + i * 4, ssrcs[i]);
	return AT_OK;
}

/* One pair: the first number, and of those behind it the ones that it covers. Gives how many it took. */
static size_t put_pair(uint8_t *p, const uint16_t *seqs, size_t count)
{
	uint32_t mask = 0;
	size_t n = 1;
	for (uint16_t last = 0; n < count; n++) {
		uint16_t behind = (uint16_t)(seqs[n] - seqs[0]);
		if (behind <= last || behind > 16)
			break;
		mask |= 1U << (behind - 1);
		last = behind;
	}
	rtp_put_u16(p, seqs[0]);
	rtp_put_u16(p + 2, (uint16_t)mask);
	return n;
}

size_t rtcp_nack_put(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count)
{
	size_t room = w->max - w->len, len = RTCP_FEEDBACK_LEN, taken = 0;
	uint8_t *p = w->data + w->len;
	for (; taken < count && len + 4 <= room; len += 4)
		taken += put_pair(p + len, seqs + taken, count - taken);
	if (taken)
		(void)rtcp_put_feedback(w, RTCP_TYPE_RTPFB, RTCP_FORMAT_NACK, ssrc, media_ssrc, len);
	return taken;
}
