#include "media/speaker/speaker_priv.h"

#include "base/err.h"

#include <string.h>

enum {
	FLOOR_FIRST = 80,
	CONTENDER_RECENT = 16, /* 320 ms of speech at least, which a cough has not */
	AHEAD = 25,            /* half a second more of speech in the last second */
	GONE = 15,
	LONG = 30,      /* who has talked over someone for so long waits for a longer pause */
	LONG_GONE = 40, /* else two who talk at once would swap at every breath */
	RING_MIN = 8,   /* samples of twenty */
	RING_HANG_US = 500 * 1000,
};

void speaker_init(struct speaker *s, int64_t now_us)
{
	memset(s, 0, sizeof(*s));
	s->order_us = s->ring_us = now_us;
	s->stage_us = now_us - SPEAKER_STAGE_HOLD_US;
}

/* ---- coming and going ---- */

static struct speaker_person *person_of(struct speaker *s, unsigned person)
{
	AT_ASSERT(person >= 1 && person <= SPEAKER_PERSONS_MAX);
	return &s->persons[person - 1];
}

void speaker_join(struct speaker *s, unsigned person)
{
	struct speaker_person *p = person_of(s, person);
	speaker_leave(s, person);
	*p = (struct speaker_person){.is_here = true,
				     .floor = FLOOR_FIRST,
				     .floor_min = SPEAKER_SILENT_LEVEL,
				     .heard_us = INT64_MIN / 2};
	s->order[s->count++] = (uint8_t)person;
	s->pending |= SPEAKER_ORDER_CHANGED;
}

static void set_ring(struct speaker *s, unsigned person, bool is_on)
{
	uint64_t bit = UINT64_C(1) << (person % 64), *word = &s->ring[person / 64];
	if (((*word & bit) != 0) == is_on)
		return;
	*word ^= bit;
	s->pending |= SPEAKER_RING_CHANGED;
}

static void remove_from_order(struct speaker *s, unsigned person)
{
	size_t at = 0;
	while (s->order[at] != person)
		at++;
	memmove(&s->order[at], &s->order[at + 1], s->count - at - 1);
	s->count--;
	s->pending |= SPEAKER_ORDER_CHANGED;
}

void speaker_leave(struct speaker *s, unsigned person)
{
	struct speaker_person *p = person_of(s, person);
	if (!p->is_here)
		return;
	p->is_here = false;
	remove_from_order(s, person);
	set_ring(s, person, false);
	if (s->stage == person) {
		s->stage = SPEAKER_NOBODY;
		s->pending |= SPEAKER_STAGE_CHANGED;
	}
}

/* ---- order ---- */

static bool contends(const struct speaker_view *v)
{
	return v->recent >= CONTENDER_RECENT && v->newest > 0;
}

static bool beats(const struct speaker_view *who, const struct speaker_view *whom)
{
	if (!contends(who))
		return false;
	return whom->silent >= (who->all >= LONG ? LONG_GONE : GONE) || who->all >= whom->all + AHEAD;
}

static unsigned score(const struct speaker_view *v)
{
	return v->recent * 64u + v->all;
}

static void move_to_front(struct speaker *s, size_t at)
{
	uint8_t person = s->order[at];
	memmove(&s->order[1], &s->order[0], at);
	s->order[0] = person;
}

/* The best of those who beat the first one becomes the first; the others move up past whom they beat. */
static void put_in_order(struct speaker *s, const struct speaker_view *views)
{
	size_t best = 0;
	for (size_t i = 1; i < s->count; i++) {
		const struct speaker_view *v = &views[s->order[i] - 1];
		if (beats(v, &views[s->order[0] - 1]) && (!best || score(v) > score(&views[s->order[best] - 1])))
			best = i;
	}
	if (best)
		move_to_front(s, best);
	for (size_t i = s->count; i-- > 2;) {
		uint8_t lower = s->order[i], upper = s->order[i - 1];
		if (beats(&views[lower - 1], &views[upper - 1])) {
			s->order[i] = upper;
			s->order[i - 1] = lower;
		}
	}
}

static void look_at_order(struct speaker *s, int64_t now_us)
{
	struct speaker_view views[SPEAKER_PERSONS_MAX];
	uint8_t before[SPEAKER_PERSONS_MAX];
	for (size_t i = 0; i < s->count; i++) {
		struct speaker_person *p = &s->persons[s->order[i] - 1];
		speaker_look(p, now_us, &views[s->order[i] - 1]);
		p->has_spoken |= contends(&views[s->order[i] - 1]);
	}
	memcpy(before, s->order, s->count);
	put_in_order(s, views);
	if (memcmp(before, s->order, s->count) != 0)
		s->pending |= SPEAKER_ORDER_CHANGED;
}

/* ---- stage, ring ---- */

static void look_at_stage(struct speaker *s, int64_t now_us)
{
	unsigned first = s->count ? s->order[0] : SPEAKER_NOBODY;
	if (!first || first == s->stage || !s->persons[first - 1].has_spoken)
		return;
	if (s->stage && now_us - s->stage_us < SPEAKER_STAGE_HOLD_US)
		return;
	s->stage = (uint8_t)first;
	s->stage_us = now_us;
	s->pending |= SPEAKER_STAGE_CHANGED;
}

static void look_at_rings(struct speaker *s, int64_t now_us)
{
	for (size_t i = 0; i < s->count; i++) {
		struct speaker_person *p = &s->persons[s->order[i] - 1];
		struct speaker_view view;
		speaker_look(p, now_us, &view);
		if (view.loud >= RING_MIN)
			p->ring_until_us = now_us + RING_HANG_US;
		set_ring(s, s->order[i], p->ring_until_us > now_us);
	}
}

static bool is_due(int64_t *last_us, int64_t now_us, int64_t every_us)
{
	if (now_us - *last_us < every_us)
		return false;
	*last_us = now_us;
	return true;
}

unsigned speaker_tick(struct speaker *s, int64_t now_us)
{
	for (size_t i = 0; i < s->count; i++) {
		struct speaker_person *p = &s->persons[s->order[i] - 1];
		if (p->is_fresh)
			p->heard_us = now_us;
		p->is_fresh = false;
	}
	if (is_due(&s->order_us, now_us, SPEAKER_ORDER_US))
		look_at_order(s, now_us);
	look_at_stage(s, now_us);
	if (is_due(&s->ring_us, now_us, SPEAKER_RING_US))
		look_at_rings(s, now_us);
	unsigned changes = s->pending;
	s->pending = 0;
	return changes;
}

/* ---- reading ---- */

size_t speaker_order(const struct speaker *s, uint8_t *persons_out, size_t max)
{
	size_t n = s->count < max ? s->count : max;
	memcpy(persons_out, s->order, n);
	return n;
}

unsigned speaker_stage(const struct speaker *s)
{
	return s->stage;
}

bool speaker_is_ringing(const struct speaker *s, unsigned person)
{
	return person <= SPEAKER_PERSONS_MAX && (s->ring[person / 64] >> (person % 64) & 1);
}

void speaker_ring(const struct speaker *s, uint64_t ring_out[2])
{
	memcpy(ring_out, s->ring, sizeof(s->ring));
}
