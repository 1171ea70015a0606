#include "media/bwe/alloc.h"

#include "base/err.h"

enum { RAISED_SOON_US = 10 * 1000 * 1000 };
/* per cent of the estimate */
enum { MARGIN = 90, FIRST = 95, RISK = 80, RISK_IN_HOLD = 65, BELOW_FAILED = 92, WIDER = 130, FELL = 70, ENOUGH = 3 };

struct greedy {
	const struct alloc_source *sources;
	size_t count;
	uint8_t order[ALLOC_SOURCES_MAX]; /* screens first */
	/* with audio: what must fit a held step, a higher one, the lowest layer of whom nothing was shown yet, more of another's */
	uint64_t held_limit, new_limit, first_limit, base_limit;
	bool may_grow; /* one of those that are shown, to a taller layer */
	struct alloc_choice *out;
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- steps ---- */

static const struct alloc_step nothing = {.layer = ALLOC_NONE};

static int lowest_alive(const struct alloc_source *s)
{
	for (int i = 0; i < ALLOC_LAYERS_MAX; i++)
		if (s->layers[i].is_alive)
			return i;
	return ALLOC_NONE;
}

static bool is_useful(const struct alloc_source *s, int layer)
{
	if (layer < 0 || layer >= ALLOC_LAYERS_MAX || !s->wanted_height || !s->layers[layer].is_alive)
		return false;
	return layer == lowest_alive(s) || s->layers[layer].height * 2 <= s->wanted_height * 3;
}

static uint8_t top_of(const struct alloc_source *s, int layer)
{
	uint8_t tiers = s->layers[layer].tiers;
	return (uint8_t)(tiers ? tiers - 1 : 0);
}

static uint8_t least_of(const struct alloc_source *s, int layer)
{
	uint8_t top = top_of(s, layer);
	return layer == lowest_alive(s) || !top ? 0 : (uint8_t)(top - 1);
}

static uint32_t cost(const struct alloc_source *s, struct alloc_step step)
{
	if (step.layer < 0 || step.layer >= ALLOC_LAYERS_MAX || !s->layers[step.layer].is_alive)
		return 0;
	uint8_t top = top_of(s, step.layer);
	return s->layers[step.layer].bps[step.tier < top ? step.tier : top];
}

static bool is_above(struct alloc_step a, struct alloc_step b)
{
	return a.layer != b.layer ? a.layer > b.layer : a.layer != ALLOC_NONE && a.tier > b.tier;
}

static struct alloc_step next_above(const struct alloc_source *s, struct alloc_step step)
{
	if (step.tier < top_of(s, step.layer))
		return (struct alloc_step){step.layer, (uint8_t)(step.tier + 1)};
	for (int layer = step.layer + 1; layer < ALLOC_LAYERS_MAX; layer++)
		if (is_useful(s, layer))
			return (struct alloc_step){(int8_t)layer, least_of(s, layer)};
	return nothing;
}

/* The highest useful one that costs no more than `room` and is not above `most`. */
static struct alloc_step highest(const struct alloc_source *s, struct alloc_step most, uint64_t room)
{
	for (int layer = most.layer < ALLOC_LAYERS_MAX ? most.layer : ALLOC_LAYERS_MAX - 1; layer >= 0; layer--) {
		if (!is_useful(s, layer))
			continue;
		for (int tier = top_of(s, layer); tier >= least_of(s, layer); tier--) {
			struct alloc_step step = {(int8_t)layer, (uint8_t)tier};
			if (!is_above(step, most) && cost(s, step) <= room)
				return step;
		}
	}
	return nothing;
}

static const struct alloc_step everything = {ALLOC_LAYERS_MAX - 1, ALLOC_TIERS_MAX - 1};

/* ---- choosing ---- */

static uint64_t others(const struct greedy *g, size_t i)
{
	return g->out->total_bps - cost(&g->sources[i], g->out->steps[i]);
}

static bool choose(struct greedy *g, size_t i, struct alloc_step step, uint64_t limit)
{
	uint64_t total = others(g, i) + cost(&g->sources[i], step);
	if (total > limit)
		return false;
	g->out->steps[i] = step;
	g->out->total_bps = total;
	return true;
}

static uint64_t lowest_limit(const struct greedy *g, const struct alloc_source *s, struct alloc_step step)
{
	if (!is_above(step, s->held))
		return g->held_limit;
	return s->held.layer == ALLOC_NONE && !s->was_taken ? g->first_limit : g->base_limit;
}

static void give_lowest(struct greedy *g, size_t i, bool *has_first)
{
	const struct alloc_source *s = &g->sources[i];
	struct alloc_step step = {(int8_t)lowest_alive(s), 0};
	if (!s->wanted_height || step.layer == ALLOC_NONE)
		return;
	(void)choose(g, i, step, s->is_screen || !*has_first ? UINT64_MAX : lowest_limit(g, s, step));
	*has_first = true;
}

static void fill_lowest(struct greedy *g, size_t i)
{
	const struct alloc_source *s = &g->sources[i];
	struct alloc_step step = g->out->steps[i];
	if (step.layer == ALLOC_NONE)
		return;
	while (step.tier < top_of(s, step.layer)) {
		step.tier++;
		if (!choose(g, i, step, lowest_limit(g, s, step)))
			return;
	}
}

static void keep(struct greedy *g, size_t i)
{
	const struct alloc_source *s = &g->sources[i];
	uint64_t without = others(g, i);
	struct alloc_step step = highest(s, s->held, g->held_limit > without ? g->held_limit - without : 0);
	if (g->out->steps[i].layer != ALLOC_NONE && is_above(step, g->out->steps[i]))
		(void)choose(g, i, step, g->held_limit);
}

static bool raise_one(struct greedy *g, size_t i)
{
	const struct alloc_source *s = &g->sources[i];
	struct alloc_step now = g->out->steps[i];
	if (now.layer == ALLOC_NONE)
		return false;
	struct alloc_step next = next_above(s, now);
	bool grows = s->held.layer != ALLOC_NONE && next.layer > s->held.layer && now.layer <= s->held.layer;
	if (next.layer == ALLOC_NONE || !choose(g, i, next, is_above(next, s->held) ? g->new_limit : g->held_limit))
		return false;
	if (grows && !g->may_grow) {
		(void)choose(g, i, now, UINT64_MAX);
		g->out->is_waiting = true;
		return false;
	}
	g->may_grow = g->may_grow && !grows;
	return true;
}

/* Those that matter alike. */
static size_t end_of_group(const struct greedy *g, size_t from)
{
	const struct alloc_source *first = &g->sources[g->order[from]];
	size_t to = from + 1;
	while (to < g->count && g->sources[g->order[to]].is_screen == first->is_screen &&
	       g->sources[g->order[to]].wanted_height == first->wanted_height)
		to++;
	return to;
}

static void put_in_order(struct greedy *g)
{
	size_t n = 0;
	for (int screens = 1; screens >= 0; screens--)
		for (size_t i = 0; i < g->count; i++)
			if (g->sources[i].is_screen == (bool)screens)
				g->order[n++] = (uint8_t)i;
}

static void run(struct greedy *g, uint64_t audio_bps)
{
	bool has_first = false, goes_on = true;
	*g->out = (struct alloc_choice){.total_bps = audio_bps};
	for (size_t i = 0; i < ALLOC_SOURCES_MAX; i++)
		g->out->steps[i] = nothing;
	put_in_order(g);
	for (size_t i = 0; i < g->count; i++)
		give_lowest(g, g->order[i], &has_first);
	for (size_t i = 0; i < g->count; i++)
		fill_lowest(g, g->order[i]);
	for (size_t from = 0, to; from < g->count; from = to, goes_on = true) {
		to = end_of_group(g, from);
		for (size_t i = from; i < to; i++)
			keep(g, g->order[i]);
		while (goes_on) {
			goes_on = false;
			for (size_t i = from; i < to; i++)
				goes_on |= raise_one(g, g->order[i]);
		}
	}
}

/* ---- what is held ---- */

static uint64_t held_total(const struct greedy *g, uint64_t audio_bps)
{
	uint64_t total = audio_bps;
	for (size_t i = 0; i < g->count; i++)
		total += cost(&g->sources[i], g->sources[i].held);
	return total;
}

/* Of it, what is still wanted. */
static uint64_t useful_total(const struct greedy *g, uint64_t audio_bps)
{
	uint64_t total = audio_bps;
	for (size_t i = 0; i < g->count; i++)
		total += cost(&g->sources[i], highest(&g->sources[i], g->sources[i].held, UINT64_MAX));
	return total;
}

static bool has_lost(const struct greedy *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct alloc_source *s = &g->sources[i];
		if (is_above(highest(s, s->held, UINT64_MAX), g->out->steps[i]))
			return true;
	}
	return false;
}

/* What comes for the first time is no raise; what comes back is. */
static bool has_raised(const struct greedy *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct alloc_source *s = &g->sources[i];
		if ((s->held.layer != ALLOC_NONE || s->was_taken) && is_above(g->out->steps[i], s->held))
			return true;
	}
	return false;
}

/* A small drop soon after a raise says that the raise was wrong: the next one waits longer. */
static void begin_hold(struct alloc *a, const struct alloc_link *link, uint64_t held_bps)
{
	int64_t now_us = link->now_us;
	bool was_wrong = a->raised_us > a->dropped_us && now_us - a->raised_us < RAISED_SOON_US &&
			 (uint64_t)link->estimate_bps * 100 > held_bps * FELL;
	a->dropped_us = now_us;
	a->failed_bps = (uint32_t)min64(held_bps, UINT32_MAX);
	if (was_wrong)
		a->hold_us = a->hold_us < ALLOC_HOLD_US ? ALLOC_HOLD_US : a->hold_us * 2;
	else if (now_us >= a->hold_until_us || !a->hold_us) /* else still the same drop */
		a->hold_us = ALLOC_HOLD_FIRST_US;
	if (a->hold_us > ALLOC_HOLD_MAX_US)
		a->hold_us = ALLOC_HOLD_MAX_US;
	a->hold_until_us = now_us + a->hold_us;
}

void alloc_layers(struct alloc *a, const struct alloc_link *link, const struct alloc_source *sources, size_t count,
		  struct alloc_choice *out)
{
	AT_ASSERT(count <= ALLOC_SOURCES_MAX);
	struct greedy g = {.sources = sources, .count = count, .out = out, .held_limit = link->estimate_bps};
	uint64_t held_bps = held_total(&g, link->audio_bps), stable_bps = link->stable_min_bps;
	if (stable_bps * 100 > (uint64_t)a->failed_bps * WIDER) /* it is another link */
		a->hold_until_us = link->now_us;
	bool is_held = link->now_us < a->hold_until_us;
	bool is_short = useful_total(&g, link->audio_bps) > link->estimate_bps;
	g.new_limit = min64(stable_bps * MARGIN / 100, link->estimate_bps);
	if (is_held)
		g.new_limit = min64(g.new_limit, max64(held_bps, (uint64_t)a->failed_bps * BELOW_FAILED / 100));
	g.may_grow = !a->taller_us || link->now_us - a->taller_us >= ALLOC_TALLER_US;
	g.first_limit = (uint64_t)link->estimate_bps * FIRST / 100;
	g.base_limit = max64(g.new_limit, (uint64_t)link->estimate_bps * (is_held ? RISK_IN_HOLD : RISK) / 100);
	if (is_short) /* what one loses is not at once another's */
		g.new_limit = 0;
	bool could_grow = g.may_grow;
	run(&g, link->audio_bps);
	if (could_grow && !g.may_grow)
		a->taller_us = link->now_us;
	out->has_dropped = is_short && has_lost(&g);
	if (out->has_dropped)
		begin_hold(a, link, held_bps);
	else if (has_raised(&g))
		a->raised_us = link->now_us;
}

uint32_t alloc_wanted_bps(const struct alloc_source *sources, size_t count, uint32_t audio_bps)
{
	uint64_t total = audio_bps;
	for (size_t i = 0; i < count; i++)
		total += cost(&sources[i], highest(&sources[i], everything, UINT64_MAX));
	return (uint32_t)min64(total * 100 / (MARGIN - ENOUGH), UINT32_MAX);
}
