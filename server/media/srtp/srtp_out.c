#include "base/buf.h"
#include "base/mem.h"
#include "media/srtp/srtp_priv.h"

#include <string.h>

struct srtp_out *srtp_out_new(enum srtp_suite suite, const struct srtp_keys *keys)
{
	struct srtp_out *out = at_alloc(sizeof(*out));
	out->suite = suite;
	srtp_crypt_init(&out->rtp, suite, keys, false, true);
	srtp_crypt_init(&out->rtcp, suite, keys, true, true);
	return out;
}

void srtp_out_free(struct srtp_out **out)
{
	struct srtp_out *o = *out;
	*out = NULL;
	if (!o)
		return;
	srtp_crypt_release(&o->rtp);
	srtp_crypt_release(&o->rtcp);
	at_free(o);
}

static void rtp_begin(struct srtp_out *out, uint32_t roc, const uint8_t *packet, size_t header_len)
{
	const uint64_t index = (uint64_t)roc << 16 | (uint64_t)packet[2] << 8 | packet[3];
	srtp_crypt_begin(&out->rtp, packet + SRTP_SSRC_AT, index, NULL);
	if (out->suite == SRTP_SUITE_GCM)
		srtp_crypt_clear(&out->rtp, packet, header_len);
}

static size_t rtp_end(struct srtp_out *out, uint32_t roc, uint8_t *packet, size_t len)
{
	uint8_t mac[SRTP_CM_MAC_LEN];
	if (out->suite == SRTP_SUITE_GCM) {
		srtp_crypt_tag(&out->rtp, packet + len);
		return len + SRTP_GCM_TAG_LEN;
	}
	/* The tag is also over the roc, which is put where the tag comes then. */
	at_put_u32(packet + len, roc);
	srtp_crypt_mac(&out->rtp, packet, len + 4, mac);
	memcpy(packet + len, mac, SRTP_CM_TAG_LEN);
	return len + SRTP_CM_TAG_LEN;
}

enum at_err srtp_seal(struct srtp_out *out, uint32_t roc, uint8_t *packet, size_t header_len, size_t len, size_t cap,
		      size_t *len_out)
{
	AT_ASSERT(header_len >= RTP_HEADER_MIN && header_len <= len && len <= cap);
	if (cap - len < srtp_overhead(out->suite))
		return AT_ERR_TOO_LARGE;
	rtp_begin(out, roc, packet, header_len);
	srtp_crypt_run(&out->rtp, packet + header_len, packet + header_len, len - header_len);
	*len_out = rtp_end(out, roc, packet, len);
	return AT_OK;
}

static size_t put(uint8_t *to, const uint8_t *from, size_t len)
{
	if (len)
		memcpy(to, from, len);
	return len;
}

/* RFC 3550 section 5.1: the last byte says how many there are. */
static size_t put_padding(uint8_t *to, uint8_t padding)
{
	if (!padding)
		return 0;
	memset(to, 0, padding);
	to[padding - 1] = padding;
	return padding;
}

/* Copied and then sealed at one go: a second call of the cipher costs more than the copy of a packet does. */
enum at_err srtp_seal_gather(struct srtp_out *out, uint32_t roc, uint8_t *packet, size_t header_len,
			     const struct srtp_payload *payload, size_t cap, size_t *len_out)
{
	const size_t fixed = header_len + payload->padding + srtp_overhead(out->suite);
	AT_ASSERT(header_len >= RTP_HEADER_MIN && payload->head_len <= cap);
	if (fixed > cap || payload->head_len > cap - fixed || payload->body_len > cap - fixed - payload->head_len)
		return AT_ERR_TOO_LARGE;
	size_t at = header_len;
	at += put(packet + at, payload->head, payload->head_len);
	at += put(packet + at, payload->body, payload->body_len);
	at += put_padding(packet + at, payload->padding);
	return srtp_seal(out, roc, packet, header_len, at, cap, len_out);
}

/* RFC 7714 section 9.2: header and word are authenticated together, the tag stands before the word. */
static size_t rtcp_seal_gcm(struct srtp_crypt *c, uint8_t *packet, size_t len, uint32_t word)
{
	uint8_t clear[RTCP_HEADER_LEN + RTCP_WORD_LEN];
	memcpy(clear, packet, RTCP_HEADER_LEN);
	at_put_u32(clear + RTCP_HEADER_LEN, word);
	srtp_crypt_clear(c, clear, sizeof(clear));
	srtp_crypt_run(c, packet + RTCP_HEADER_LEN, packet + RTCP_HEADER_LEN, len - RTCP_HEADER_LEN);
	srtp_crypt_tag(c, packet + len);
	at_put_u32(packet + len + SRTP_GCM_TAG_LEN, word);
	return len + SRTP_GCM_TAG_LEN + RTCP_WORD_LEN;
}

/* RFC 3711 section 3.4: the word comes first, and the tag is over it too. */
static size_t rtcp_seal_cm(struct srtp_crypt *c, uint8_t *packet, size_t len, uint32_t word)
{
	uint8_t mac[SRTP_CM_MAC_LEN];
	srtp_crypt_run(c, packet + RTCP_HEADER_LEN, packet + RTCP_HEADER_LEN, len - RTCP_HEADER_LEN);
	at_put_u32(packet + len, word);
	srtp_crypt_mac(c, packet, len + RTCP_WORD_LEN, mac);
	memcpy(packet + len + RTCP_WORD_LEN, mac, SRTP_CM_TAG_LEN);
	return len + RTCP_WORD_LEN + SRTP_CM_TAG_LEN;
}

enum at_err srtcp_seal(struct srtp_out *out, uint8_t *packet, size_t len, size_t cap, size_t *len_out)
{
	AT_ASSERT(len >= RTCP_HEADER_LEN && len <= cap);
	if (cap - len < srtcp_overhead(out->suite))
		return AT_ERR_TOO_LARGE;
	if (out->rtcp_index > SRTCP_INDEX_MAX)
		return AT_ERR_GONE;
	/* One count for all our SSRCs: each of them sees it rise. */
	const uint32_t index = out->rtcp_index++;
	srtp_crypt_begin(&out->rtcp, packet + RTCP_SSRC_AT, index, NULL);
	*len_out = (out->suite == SRTP_SUITE_GCM ? rtcp_seal_gcm : rtcp_seal_cm)(&out->rtcp, packet, len,
										 SRTCP_E_BIT | index);
	return AT_OK;
}
