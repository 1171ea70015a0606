#include "media/rtp/rtcp_priv.h"
#include "media/rtp/rtp_priv.h"

#include <string.h>

enum {
	WINDOW = 2048,                                             /* statuses looked at for one packet */
	TICKS_A_REFERENCE = TWCC_REFERENCE_US / RTCP_TWCC_TICK_US, /* 256 */
};

/* The statuses of one packet, and what of it has been laid out. */
struct layout {
	uint8_t symbols[WINDOW];
	size_t count; /* statuses that could go into it */
	size_t taken; /* that did */
	size_t chunks, deltas_len;
	int64_t reference; /* in ticks */
};

static unsigned symbol_for(int64_t delta)
{
	return delta >= 0 && delta <= UINT8_MAX ? TWCC_SMALL : TWCC_LARGE;
}

/* As far as deltas fit 16 bits. */
static void find_symbols(struct layout *layout, const struct rtcp_arrivals *arrivals)
{
	size_t max = arrivals->count < WINDOW ? arrivals->count : WINDOW, end = 0;
	bool is_first = true;
	int64_t last = 0;
	for (size_t i = 0; i < max; i++) {
		int64_t tick = arrivals->ticks[i];
		layout->symbols[i] = TWCC_MISSING;
		if (tick == RTCP_TWCC_NONE)
			continue;
		if (is_first)
			layout->reference = last = tick - (tick & (TICKS_A_REFERENCE - 1));
		is_first = false;
		if (tick - last < INT16_MIN || tick - last > INT16_MAX)
			break;
		layout->symbols[i] = (uint8_t)symbol_for(tick - last);
		last = tick;
		end = i + 1;
	}
	layout->count = end;
}

/* ---- chunks ---- */

static size_t run_at(const struct layout *layout, size_t at)
{
	size_t n = 1;
	while (at + n < layout->count && layout->symbols[at + n] == layout->symbols[at])
		n++;
	return n;
}

static bool is_large_within(const struct layout *layout, size_t at, size_t n)
{
	return memchr(layout->symbols + at, TWCC_LARGE, n) != NULL;
}

static size_t at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

enum chunk_kind { CHUNK_RUN, CHUNK_ONE_BIT, CHUNK_TWO_BIT };

/* Which kind takes in the most statuses from here on. A vector that is not full can only be the last. */
static enum chunk_kind choose(const struct layout *layout, size_t at, size_t *n_out)
{
	size_t left = layout->count - at, run = run_at(layout, at);
	size_t one_bit = at_most(left, TWCC_ONE_BIT_MAX), two_bit = at_most(left, TWCC_TWO_BIT_MAX);
	if (is_large_within(layout, at, one_bit))
		one_bit = 0;
	*n_out = run;
	if (run >= one_bit && run >= two_bit)
		return CHUNK_RUN;
	*n_out = one_bit ? one_bit : two_bit;
	return one_bit ? CHUNK_ONE_BIT : CHUNK_TWO_BIT;
}

static uint16_t chunk_of(const struct layout *layout, enum chunk_kind kind, size_t n)
{
	const uint8_t *symbols = layout->symbols + layout->taken;
	if (kind == CHUNK_RUN)
		return (uint16_t)(symbols[0] << 13 | n);
	unsigned bits = kind == CHUNK_ONE_BIT ? 1 : 2, chunk = kind == CHUNK_ONE_BIT ? 0x8000 : 0xc000;
	for (size_t i = 0, shift = 14; i < n; i++) {
		shift -= bits;
		chunk |= (unsigned)symbols[i] << shift;
	}
	return (uint16_t)chunk;
}

/* Fewer than n when the room is short. */
static size_t fit(const struct layout *layout, size_t n, size_t room, size_t *deltas_len_out)
{
	size_t len = (layout->chunks + 1) * 2 + layout->deltas_len, i = 0;
	*deltas_len_out = 0;
	for (; i < n; i++) {
		size_t delta_len = layout->symbols[layout->taken + i];
		if (len + *deltas_len_out + delta_len > room)
			break;
		*deltas_len_out += delta_len;
	}
	return len > room ? 0 : i;
}

static void put_chunks(struct layout *layout, uint8_t *p, size_t room)
{
	while (layout->taken < layout->count) {
		size_t n, deltas_len;
		enum chunk_kind kind = choose(layout, layout->taken, &n);
		size_t fitting = fit(layout, n, room, &deltas_len);
		if (!fitting)
			return;
		rtp_put_u16(p + layout->chunks++ * 2, chunk_of(layout, kind, fitting));
		layout->taken += fitting;
		layout->deltas_len += deltas_len;
		if (fitting < n)
			return;
	}
}

static void put_deltas(const struct layout *layout, const struct rtcp_arrivals *arrivals, uint8_t *p)
{
	int64_t last = layout->reference;
	for (size_t i = 0; i < layout->taken; i++) {
		if (layout->symbols[i] == TWCC_MISSING)
			continue;
		int64_t delta = arrivals->ticks[i] - last;
		last = arrivals->ticks[i];
		if (layout->symbols[i] == TWCC_LARGE)
			rtp_put_u16(p, (uint16_t)delta);
		else
			*p = (uint8_t)delta;
		p += layout->symbols[i];
	}
}

/* With zeros up to a whole word, which no status needs; the P bit would want them in whole words (RFC 3550 section 6.4.1). */
static void put_head(struct rtcp_writer *w, const struct layout *layout, const struct rtcp_arrivals *arrivals)
{
	size_t bare = RTCP_FEEDBACK_LEN + TWCC_HEAD_LEN + layout->chunks * 2 + layout->deltas_len;
	uint8_t *p = rtcp_put_feedback(w, RTCP_TYPE_RTPFB, RTCP_FORMAT_TWCC, arrivals->ssrc, arrivals->media_ssrc,
				       (bare + 3) / 4 * 4);
	AT_ASSERT(p);
	rtp_put_u16(p + 12, arrivals->base_seq);
	rtp_put_u16(p + 14, (uint16_t)layout->taken);
	rtp_put_u24(p + 16, (uint32_t)(layout->reference / TICKS_A_REFERENCE) & 0xffffff);
	p[19] = arrivals->feedback_seq;
	memset(p + bare, 0, (4 - bare % 4) % 4);
}

static void move_on(struct rtcp_arrivals *arrivals, size_t n)
{
	arrivals->ticks += n;
	arrivals->count -= n;
	arrivals->base_seq = (uint16_t)(arrivals->base_seq + n);
}

enum at_err rtcp_twcc_put(struct rtcp_writer *w, struct rtcp_arrivals *arrivals)
{
	struct layout layout;
	layout.count = layout.taken = layout.chunks = layout.deltas_len = 0;
	find_symbols(&layout, arrivals);
	if (!layout.count) {
		move_on(arrivals, at_most(arrivals->count, WINDOW));
		return AT_OK;
	}
	/* In whole words, so that the zeros at the end have room too. */
	size_t head = RTCP_FEEDBACK_LEN + TWCC_HEAD_LEN, room = (w->max - w->len) / 4 * 4;
	if (room < head)
		return AT_ERR_TOO_LARGE;
	uint8_t *p = w->data + w->len + head;
	put_chunks(&layout, p, room - head);
	if (!layout.taken)
		return AT_ERR_TOO_LARGE;
	put_deltas(&layout, arrivals, p + layout.chunks * 2);
	put_head(w, &layout, arrivals);
	arrivals->feedback_seq++;
	move_on(arrivals, layout.taken);
	return AT_OK;
}
