#include "base/mem.h"
#include "media/srtp/srtp_priv.h"

#include <string.h>

struct srtp_window *srtp_streams_find(struct srtp_streams *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->all[i].ssrc == ssrc)
			return &s->all[i].window;
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

static size_t silent_longest(const struct srtp_streams *s)
{
	size_t at = 0;
	for (size_t i = 1; i < s->count; i++)
		if (s->all[i].window.used_at < s->all[at].window.used_at)
			at = i;
	return at;
}

static struct srtp_window *take(struct srtp_streams *s, uint32_t ssrc, uint64_t index)
{
	if (s->count == s->room && s->room < s->max) {
		s->room = s->room ? s->room * 2 : 2;
		s->all = at_realloc(s->all, s->room * sizeof(*s->all));
	}
	size_t at = s->count < s->max ? s->count++ : silent_longest(s);
	s->all[at] = (struct srtp_stream){.ssrc = ssrc, .window = {.newest = index}};
	return &s->all[at].window;
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
