#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "media/srtp/srtp_priv.h"

#include <string.h>

struct srtp_in *srtp_in_new(enum srtp_suite suite, const struct srtp_keys *keys)
{
	struct srtp_in *in = at_alloc(sizeof(*in));
	in->suite = suite;
	in->rtp_streams.max = SRTP_SSRCS_MAX;
	in->rtcp_streams.max = SRTCP_SSRCS_MAX;
	srtp_crypt_init(&in->rtp, suite, keys, false, false);
	srtp_crypt_init(&in->rtcp, suite, keys, true, false);
	return in;
}

void srtp_in_free(struct srtp_in **in)
{
	struct srtp_in *i = *in;
	*in = NULL;
	if (!i)
		return;
	srtp_crypt_release(&i->rtp);
	srtp_crypt_release(&i->rtcp);
	at_free(i->rtp_streams.all);
	at_free(i->rtcp_streams.all);
	at_free(i);
}

const struct srtp_counts *srtp_in_counts(const struct srtp_in *in)
{
	return &in->counts;
}

static enum at_err count(struct srtp_in *in, enum at_err err)
{
	if (err == AT_ERR_BAD_REQUEST)
		in->counts.malformed++;
	else if (err == AT_ERR_EXISTS)
		in->counts.replayed++;
	else
		in->counts.forged++;
	return err;
}

/* ---- RTP ---- */

struct sealed {
	uint8_t *packet;
	size_t header_len, len; /* len without the tag */
	uint8_t tag[SRTP_GCM_TAG_LEN];
};

/* RFC 3550 section 5.1; 0 = not one. */
static size_t rtp_header_len(const uint8_t *packet, size_t len)
{
	struct at_reader r = at_reader_of(packet, len);
	const uint8_t first = at_read_u8(&r);
	at_read_bytes(&r, RTP_HEADER_MIN - 1 + 4 * (first & 0x0fu));
	if (first & 0x10) {
		at_read_u16(&r);
		at_read_bytes(&r, 4 * (size_t)at_read_u16(&r));
	}
	return r.failed || first >> 6 != 2 ? 0 : len - at_reader_left(&r);
}

static bool read_sealed(const struct srtp_in *in, uint8_t *packet, size_t len, struct sealed *s)
{
	const size_t tag_len = srtp_overhead(in->suite);
	if (len < RTP_HEADER_MIN + tag_len)
		return false;
	s->packet = packet;
	s->len = len - tag_len;
	s->header_len = rtp_header_len(packet, s->len);
	memcpy(s->tag, packet + s->len, tag_len);
	return s->header_len > 0;
}

/* A wrong index leaves the bytes as they were, so that another can be tried: the same key stream twice is none. */
static bool open_gcm(struct srtp_crypt *c, struct sealed *s, uint64_t index)
{
	uint8_t *payload = s->packet + s->header_len;
	const size_t len = s->len - s->header_len;
	srtp_crypt_begin(c, s->packet + SRTP_SSRC_AT, index, s->tag);
	srtp_crypt_clear(c, s->packet, s->header_len);
	srtp_crypt_run(c, payload, payload, len);
	if (srtp_crypt_ok(c))
		return true;
	srtp_crypt_begin(c, s->packet + SRTP_SSRC_AT, index, NULL);
	srtp_crypt_run(c, payload, payload, len);
	return false;
}

static bool open_cm(struct srtp_crypt *c, struct sealed *s, uint64_t index)
{
	uint8_t mac[SRTP_CM_MAC_LEN];
	uint8_t *payload = s->packet + s->header_len;
	/* In the place of the tag, of which there is a copy. */
	at_put_u32(s->packet + s->len, (uint32_t)(index >> 16));
	srtp_crypt_mac(c, s->packet, s->len + 4, mac);
	if (!at_mem_eq_const_time(mac, s->tag, SRTP_CM_TAG_LEN))
		return false;
	srtp_crypt_begin(c, s->packet + SRTP_SSRC_AT, index, NULL);
	srtp_crypt_run(c, payload, payload, s->len - s->header_len);
	return true;
}

static enum at_err open_at(struct srtp_in *in, struct sealed *s, const struct srtp_window *w, uint64_t index)
{
	if (index >> 48 || srtp_window_place(w, index) != SRTP_FRESH)
		return AT_ERR_EXISTS;
	bool ok = (in->suite == SRTP_SUITE_GCM ? open_gcm : open_cm)(&in->rtp, s, index);
	return ok ? AT_OK : AT_ERR_UNAUTHORIZED;
}

enum at_err srtp_open(struct srtp_in *in, uint8_t *packet, size_t len, size_t *len_out, uint64_t *index_out)
{
	struct sealed s;
	if (!read_sealed(in, packet, len, &s))
		return count(in, AT_ERR_BAD_REQUEST);
	struct at_reader r = at_reader_of(packet + 2, RTP_HEADER_MIN - 2);
	const uint16_t seq = at_read_u16(&r);
	at_read_u32(&r);
	const uint32_t ssrc = at_read_u32(&r);
	const struct srtp_window *w = srtp_streams_find(&in->rtp_streams, ssrc);
	uint64_t index = w ? srtp_window_guess(w, seq) : seq;
	if (srtp_window_place(w, index) == SRTP_SEEN)
		return count(in, AT_ERR_EXISTS);
	enum at_err err = open_at(in, &s, w, index);
	if (err) {
		/* Its first packets, before a wrap, or more than half a round was lost. One lower cannot be: that is too old. */
		index += 0x10000;
		enum at_err again = open_at(in, &s, w, index);
		if (again)
			return count(in, err);
	}
	srtp_streams_mark(&in->rtp_streams, ssrc, index, ++in->counts.opened);
	*len_out = s.len;
	if (index_out)
		*index_out = index;
	return AT_OK;
}

/* ---- RTCP ---- */

static bool open_rtcp_gcm(struct srtp_crypt *c, uint8_t *packet, size_t plain_len, uint32_t word)
{
	uint8_t clear[RTCP_HEADER_LEN + RTCP_WORD_LEN];
	uint8_t *body = packet + RTCP_HEADER_LEN;
	memcpy(clear, packet, RTCP_HEADER_LEN);
	at_put_u32(clear + RTCP_HEADER_LEN, word);
	srtp_crypt_begin(c, packet + RTCP_SSRC_AT, word & SRTCP_INDEX_MAX, packet + plain_len);
	srtp_crypt_clear(c, clear, sizeof(clear));
	srtp_crypt_run(c, body, body, plain_len - RTCP_HEADER_LEN);
	return srtp_crypt_ok(c);
}

static bool open_rtcp_cm(struct srtp_crypt *c, uint8_t *packet, size_t plain_len, uint32_t word)
{
	uint8_t mac[SRTP_CM_MAC_LEN];
	uint8_t *body = packet + RTCP_HEADER_LEN;
	srtp_crypt_mac(c, packet, plain_len + RTCP_WORD_LEN, mac);
	if (!at_mem_eq_const_time(mac, packet + plain_len + RTCP_WORD_LEN, SRTP_CM_TAG_LEN))
		return false;
	srtp_crypt_begin(c, packet + RTCP_SSRC_AT, word & SRTCP_INDEX_MAX, NULL);
	srtp_crypt_run(c, body, body, plain_len - RTCP_HEADER_LEN);
	return true;
}

enum at_err srtcp_open(struct srtp_in *in, uint8_t *packet, size_t len, size_t *len_out)
{
	const bool is_gcm = in->suite == SRTP_SUITE_GCM;
	const size_t more = srtcp_overhead(in->suite);
	if (len < RTCP_HEADER_LEN + more || packet[0] >> 6 != 2)
		return count(in, AT_ERR_BAD_REQUEST);
	const size_t plain_len = len - more;
	struct at_reader r = at_reader_of(is_gcm ? packet + len - RTCP_WORD_LEN : packet + plain_len, RTCP_WORD_LEN);
	const uint32_t word = at_read_u32(&r);
	r = at_reader_of(packet + RTCP_SSRC_AT, 4);
	const uint32_t ssrc = at_read_u32(&r), index = word & SRTCP_INDEX_MAX;
	if (!(word & SRTCP_E_BIT))
		return count(in, AT_ERR_BAD_REQUEST);
	if (srtp_window_place(srtp_streams_find(&in->rtcp_streams, ssrc), index) != SRTP_FRESH)
		return count(in, AT_ERR_EXISTS);
	if (!(is_gcm ? open_rtcp_gcm : open_rtcp_cm)(&in->rtcp, packet, plain_len, word))
		return count(in, AT_ERR_UNAUTHORIZED);
	srtp_streams_mark(&in->rtcp_streams, ssrc, index, ++in->counts.opened);
	*len_out = plain_len;
	return AT_OK;
}
