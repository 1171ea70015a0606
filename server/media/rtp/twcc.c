#include "media/rtp/rtcp_priv.h"
#include "media/rtp/rtp_priv.h"

/* ---- chunks ---- */

static bool is_vector(uint16_t chunk)
{
	return chunk & 0x8000;
}

static bool is_two_bit(uint16_t chunk)
{
	return chunk & 0x4000;
}

static uint16_t statuses_in(uint16_t chunk)
{
	if (!is_vector(chunk))
		return chunk & TWCC_RUN_MAX;
	return is_two_bit(chunk) ? TWCC_TWO_BIT_MAX : TWCC_ONE_BIT_MAX;
}

/* The symbol of which `left` (with it) are still to come in the chunk. */
static unsigned symbol_of(uint16_t chunk, uint16_t left)
{
	if (!is_vector(chunk))
		return chunk >> 13 & 3;
	if (is_two_bit(chunk))
		return chunk >> (2 * (left - 1)) & 3;
	return chunk >> (left - 1) & 1;
}

/* How many bytes of deltas belong to the chunk's first n statuses; false when one of them is reserved. */
static bool add_deltas(uint16_t chunk, uint16_t n, size_t *len)
{
	if (!is_vector(chunk)) {
		*len += (size_t)n * symbol_of(chunk, 1);
		return symbol_of(chunk, 1) != TWCC_RESERVED;
	}
	for (uint16_t all = statuses_in(chunk), i = 0; i < n; i++) {
		unsigned symbol = symbol_of(chunk, (uint16_t)(all - i));
		if (symbol == TWCC_RESERVED)
			return false;
		*len += symbol;
	}
	return true;
}

/* Passes over the chunks, to where the deltas begin. */
static bool skip_chunks(struct at_reader *r, uint16_t count, size_t *deltas_len_out)
{
	*deltas_len_out = 0;
	while (count) {
		uint16_t chunk = at_read_u16(r), n = statuses_in(chunk);
		if (n > count)
			n = count;
		if (r->failed || !add_deltas(chunk, n, deltas_len_out))
			return false;
		count = (uint16_t)(count - n);
	}
	return true;
}

/* ---- a feedback ---- */

bool rtcp_twcc_read(struct rtcp_packet *packet, struct at_reader *r)
{
	struct rtcp_twcc *twcc = &packet->twcc;
	size_t deltas_len;
	packet->kind = RTCP_TWCC;
	twcc->base_seq = at_read_u16(r);
	twcc->count = at_read_u16(r);
	uint32_t reference = at_read_u32(r);
	twcc->feedback_seq = (uint8_t)reference;
	/* The draft has it signed; 8 bits of the number stand below it. */
	twcc->reference_us = ((int64_t)(reference >> 8) - (reference >> 31 ? 0x1000000 : 0)) * TWCC_REFERENCE_US;
	if (r->failed || !twcc->count || twcc->count > RTCP_TWCC_STATUS_MAX)
		return false;
	packet->list = r->p;
	packet->list_len = at_reader_left(r);
	return skip_chunks(r, twcc->count, &deltas_len) && deltas_len <= at_reader_left(r);
}

struct rtcp_twcc_iter rtcp_twcc_begin(const struct rtcp_packet *packet)
{
	struct rtcp_twcc_iter iter = {
		.chunks = at_reader_of(packet->list, packet->list_len),
		.seq = packet->twcc.base_seq,
		.left = packet->twcc.count,
		.arrival_us = packet->twcc.reference_us,
	};
	size_t deltas_len;
	AT_ASSERT(packet->kind == RTCP_TWCC);
	iter.deltas = iter.chunks;
	bool is_whole = skip_chunks(&iter.deltas, iter.left, &deltas_len);
	AT_ASSERT(is_whole);
	return iter;
}

bool rtcp_twcc_next(struct rtcp_twcc_iter *iter, struct rtcp_twcc_status *status_out)
{
	if (!iter->left)
		return false;
	while (!iter->filled) {
		iter->chunk = at_read_u16(&iter->chunks);
		iter->filled = statuses_in(iter->chunk);
	}
	unsigned symbol = symbol_of(iter->chunk, iter->filled--);
	int64_t ticks = 0;
	if (symbol == TWCC_SMALL)
		ticks = at_read_u8(&iter->deltas);
	else if (symbol == TWCC_LARGE)
		ticks = (int16_t)at_read_u16(&iter->deltas);
	iter->arrival_us += ticks * RTCP_TWCC_TICK_US;
	iter->left--;
	*status_out = (struct rtcp_twcc_status){
		.seq = iter->seq++,
		.is_received = symbol != TWCC_MISSING,
		.delta_us = ticks * RTCP_TWCC_TICK_US,
		.arrival_us = iter->arrival_us,
	};
	return true;
}
