#include "media/srtp/srtp_priv.h"

#include <string.h>

struct srtp_window *srtp_streams_find(struct srtp_streams *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->ssrc[i] == ssrc)
			return &s->window[i];
	return NULL;
}

enum srtp_place srtp_window_place(const struct srtp_window *w, uint64_t index)
{
	if (!w || index > w->newest)
		return SRTP_FRESH;
	const uint64_t behind = w->newest - index;
	if (behind >= SRTP_WINDOW)
		return SRTP_OLD;
	return w->seen[behind / 64] >> behind % 64 & 1 ? SRTP_SEEN : SRTP_FRESH;
}

uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq)
{
	uint64_t index = (w->newest & ~(uint64_t)0xffff) | seq;
	if (index + 0x8000 < w->newest)
		return index + 0x10000;
	if (index > w->newest + 0x8000 && index >= 0x10000)
		return index - 0x10000;
	return index;
}

static void move_on(struct srtp_window *w, uint64_t by)
{
	if (by >= 128) {
		w->seen[0] = w->seen[1] = 0;
	} else if (by >= 64) {
		w->seen[1] = w->seen[0] << (by - 64);
		w->seen[0] = 0;
	} else if (by) {
		w->seen[1] = w->seen[1] << by | w->seen[0] >> (64 - by);
		w->seen[0] <<= by;
	}
	w->newest += by;
}

static struct srtp_window *take(struct srtp_streams *s, uint32_t ssrc, uint64_t index)
{
	size_t at = 0;
	for (size_t i = 1; i < s->count; i++)
		if (s->window[i].used_at < s->window[at].used_at)
			at = i;
	if (s->count < SRTP_SSRCS_MAX)
		at = s->count++;
	s->ssrc[at] = ssrc;
	s->window[at] = (struct srtp_window){.newest = index};
	return &s->window[at];
}

void srtp_streams_mark(struct srtp_streams *s, uint32_t ssrc, uint64_t index, uint64_t now)
{
	struct srtp_window *w = srtp_streams_find(s, ssrc);
	if (!w)
		w = take(s, ssrc, index);
	if (index > w->newest)
		move_on(w, index - w->newest);
	const uint64_t behind = w->newest - index;
	AT_ASSERT(behind < SRTP_WINDOW);
	w->seen[behind / 64] |= (uint64_t)1 << behind % 64;
	w->used_at = now;
}
