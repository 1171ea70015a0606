/* Any bytes as compound RTCP: each packet that was understood, written anew, is understood the same. */
#include "media/rtp/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { BYTES_MAX = 8192, NACK_BYTES_MAX = 80 * 1024, SEQS_MAX = 20000 };

static enum at_err put_reports(struct rtcp_writer *w, const struct rtcp_packet *packet)
{
	struct rtcp_block blocks[RTCP_BLOCKS_MAX];
	AT_ASSERT(packet->count <= RTCP_BLOCKS_MAX);
	for (size_t i = 0; i < packet->count; i++)
		blocks[i] = rtcp_block_at(packet, i);
	if (packet->kind == RTCP_SR)
		return rtcp_sr_put(w, packet->ssrc, &packet->sender, blocks, packet->count);
	return rtcp_rr_put(w, packet->ssrc, blocks, packet->count);
}

static enum at_err put_ssrcs(struct rtcp_writer *w, const struct rtcp_packet *packet)
{
	uint32_t ssrcs[RTCP_REMB_SSRCS_MAX];
	AT_ASSERT(packet->count <= RTCP_REMB_SSRCS_MAX);
	for (size_t i = 0; i < packet->count; i++)
		ssrcs[i] = rtcp_ssrc_at(packet, i);
	if (packet->kind == RTCP_BYE)
		return rtcp_bye_put(w, ssrcs, packet->count);
	return rtcp_remb_put(w, packet->ssrc, packet->remb_bps, ssrcs, packet->count);
}

static enum at_err put_firs(struct rtcp_writer *w, const struct rtcp_packet *packet)
{
	static struct rtcp_fir firs[BYTES_MAX / 8];
	AT_ASSERT(packet->count > 0 && packet->count <= BYTES_MAX / 8);
	for (size_t i = 0; i < packet->count; i++)
		firs[i] = rtcp_fir_at(packet, i);
	return rtcp_fir_put(w, packet->ssrc, firs, packet->count);
}

/* As many numbers as there are bits, in whatever order: unsorted they cost more pairs, and stay as they are. */
static enum at_err put_nack(struct rtcp_writer *w, const struct rtcp_packet *packet)
{
	static uint16_t seqs[SEQS_MAX];
	size_t count = rtcp_nack_read(packet, seqs, SEQS_MAX);
	AT_ASSERT(count >= packet->count && count <= packet->count * 17);
	return rtcp_nack_put(w, packet->ssrc, packet->media_ssrc, seqs, count) == count ? AT_OK : AT_ERR_TOO_LARGE;
}

static enum at_err put(struct rtcp_writer *w, const struct rtcp_packet *packet)
{
	switch (packet->kind) {
	case RTCP_SR:
	case RTCP_RR: return put_reports(w, packet);
	case RTCP_BYE:
	case RTCP_REMB: return put_ssrcs(w, packet);
	case RTCP_PLI: return rtcp_pli_put(w, packet->ssrc, packet->media_ssrc);
	case RTCP_FIR: return put_firs(w, packet);
	case RTCP_NACK: return put_nack(w, packet);
	default: return AT_ERR_UNSUPPORTED; /* transport-cc has a target of its own */
	}
}

static void same_nack(const struct rtcp_packet *a, const struct rtcp_packet *b)
{
	static uint16_t a_seqs[SEQS_MAX], b_seqs[SEQS_MAX];
	size_t n = rtcp_nack_read(a, a_seqs, SEQS_MAX);
	AT_ASSERT(rtcp_nack_read(b, b_seqs, SEQS_MAX) == n);
	for (size_t i = 0; i < n; i++)
		AT_ASSERT(a_seqs[i] == b_seqs[i]);
}

static void same_list(const struct rtcp_packet *a, const struct rtcp_packet *b)
{
	AT_ASSERT(a->count == b->count && a->list_len == b->list_len);
	/* The reserved bytes of FIR come out as zeros. */
	size_t mask = a->kind == RTCP_FIR ? 7 : 0;
	for (size_t i = 0; i < a->list_len; i++)
		AT_ASSERT((mask && (i & mask) > 4) || a->list[i] == b->list[i]);
}

static void same(const struct rtcp_packet *a, const struct rtcp_packet *b)
{
	AT_ASSERT(a->kind == b->kind && a->ssrc == b->ssrc && a->remb_bps == b->remb_bps);
	AT_ASSERT(a->sender.ntp == b->sender.ntp && a->sender.octets == b->sender.octets);
	if (a->kind == RTCP_NACK)
		same_nack(a, b);
	else
		same_list(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t bytes[NACK_BYTES_MAX];
	struct rtcp_iter iter = rtcp_begin(data, len);
	struct rtcp_packet packet, back;
	size_t n = 0;
	for (; len <= 4096 && rtcp_next(&iter, &packet); n++) {
		struct rtcp_writer w = {.data = bytes, .max = sizeof(bytes)};
		enum at_err err = put(&w, &packet);
		if (err)
			continue;
		struct rtcp_iter again = rtcp_begin(bytes, w.len);
		AT_ASSERT(rtcp_next(&again, &back));
		same(&packet, &back);
		AT_ASSERT(!rtcp_next(&again, &back) && !again.is_malformed);
	}
	AT_ASSERT(n <= len / 4);
	if (len && len <= 4096)
		AT_ASSERT((rtcp_check(data, len) != AT_OK) == iter.is_malformed);
	return 0;
}
