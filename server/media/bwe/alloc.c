#include "media/bwe/alloc.h"

#include "base/err.h"

enum { RAISED_SOON_US = 20 * 1000 * 1000, MARGIN = 95, RISK = 80, RISK_IN_HOLD = 65, PLENTY = 65 }; /* per cent */

struct greedy {
	const struct alloc_source *sources;
	size_t count;
	/* with audio: what a held layer, a higher one, a new lowest one must fit */
	uint64_t held_limit, new_limit, base_limit;
	struct alloc_choice *out;
};

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

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

static void choose(struct greedy *g, size_t i, int layer)
{
	int8_t *chosen = &g->out->layer[i];
	if (*chosen != ALLOC_NONE)
		g->out->total_bps -= g->sources[i].layers[*chosen].bps;
	*chosen = (int8_t)layer;
	g->out->total_bps += g->sources[i].layers[layer].bps;
}

static void give_lowest(struct greedy *g, size_t i, bool *has_first)
{
	const struct alloc_source *s = &g->sources[i];
	int layer = lowest_alive(s);
	if (!s->wanted_height || layer == ALLOC_NONE)
		return;
	uint64_t limit = s->held == ALLOC_NONE ? g->base_limit : g->held_limit;
	if (s->is_screen || !*has_first || g->out->total_bps + s->layers[layer].bps <= limit)
		choose(g, i, layer);
	*has_first = true;
}

static void raise_one(struct greedy *g, size_t i)
{
	const struct alloc_source *s = &g->sources[i];
	int now = g->out->layer[i];
	if (now == ALLOC_NONE)
		return;
	for (int layer = ALLOC_LAYERS_MAX - 1; layer > now; layer--) {
		uint64_t total = g->out->total_bps - s->layers[now].bps + s->layers[layer].bps;
		if (is_useful(s, layer) && total <= (layer <= s->held ? g->held_limit : g->new_limit)) {
			choose(g, i, layer);
			return;
		}
	}
}

static void run(struct greedy *g, uint64_t audio_bps)
{
	bool has_first = false;
	*g->out = (struct alloc_choice){.total_bps = audio_bps};
	for (size_t i = 0; i < ALLOC_SOURCES_MAX; i++)
		g->out->layer[i] = ALLOC_NONE;
	for (int screens = 1; screens >= 0; screens--)
		for (size_t i = 0; i < g->count; i++)
			if (g->sources[i].is_screen == (bool)screens)
				give_lowest(g, i, &has_first);
	for (int screens = 1; screens >= 0; screens--)
		for (size_t i = 0; i < g->count; i++)
			if (g->sources[i].is_screen == (bool)screens)
				raise_one(g, i);
	for (size_t i = 0; i < g->count; i++)
		if (is_useful(&g->sources[i], g->sources[i].held) && g->out->layer[i] < g->sources[i].held)
			g->out->has_dropped = true;
}

static uint64_t held_total(const struct greedy *g, uint64_t audio_bps)
{
	uint64_t total = audio_bps;
	for (size_t i = 0; i < g->count; i++) {
		int held = g->sources[i].held;
		if (held >= 0 && held < ALLOC_LAYERS_MAX && g->sources[i].layers[held].is_alive)
			total += g->sources[i].layers[held].bps;
	}
	return total;
}

/* What comes for the first time is no raise; what comes back may be. */
static bool has_raised(const struct alloc *a, const struct greedy *g)
{
	for (size_t i = 0; i < g->count; i++)
		if ((g->sources[i].held != ALLOC_NONE || a->hold_us) && g->out->layer[i] > g->sources[i].held)
			return true;
	return false;
}

/* A drop soon after a raise says that the raise was wrong: the next one waits longer. */
static void begin_hold(struct alloc *a, int64_t now_us)
{
	bool was_wrong = a->raised_us > a->dropped_us && now_us - a->raised_us < RAISED_SOON_US;
	a->dropped_us = now_us;
	if (was_wrong && a->hold_us)
		a->hold_us *= 2;
	else if (now_us >= a->hold_until_us || !a->hold_us) /* else still the same drop */
		a->hold_us = ALLOC_HOLD_US;
	if (a->hold_us > ALLOC_HOLD_MAX_US)
		a->hold_us = ALLOC_HOLD_MAX_US;
	a->hold_until_us = now_us + a->hold_us;
}

void alloc_layers(struct alloc *a, const struct alloc_link *link, const struct alloc_source *sources, size_t count,
		  struct alloc_choice *out)
{
	AT_ASSERT(count <= ALLOC_SOURCES_MAX);
	struct greedy g = {.sources = sources, .count = count, .out = out, .held_limit = link->estimate_bps};
	bool is_held = link->now_us < a->hold_until_us;
	uint64_t risk = (uint64_t)link->estimate_bps * (is_held ? RISK_IN_HOLD : RISK) / 100;
	g.new_limit = min64((uint64_t)link->stable_min_bps * MARGIN / 100, link->estimate_bps);
	if (is_held) {
		uint64_t total = held_total(&g, link->audio_bps),
			 plenty = (uint64_t)link->stable_min_bps * PLENTY / 100;
		g.new_limit = min64(g.new_limit, total > plenty ? total : plenty);
	}
	g.base_limit = g.new_limit > risk ? g.new_limit : risk;
	run(&g, link->audio_bps);
	if (out->has_dropped) {
		begin_hold(a, link->now_us);
		g.new_limit = 0; /* what one loses is not at once another's */
		run(&g, link->audio_bps);
	} else if (has_raised(a, &g)) {
		a->raised_us = link->now_us;
	}
}

uint32_t alloc_wanted_bps(const struct alloc_source *sources, size_t count, uint32_t audio_bps)
{
	uint64_t total = audio_bps;
	for (size_t i = 0; i < count; i++)
		for (int layer = ALLOC_LAYERS_MAX - 1; layer >= 0; layer--)
			if (is_useful(&sources[i], layer)) {
				total += sources[i].layers[layer].bps;
				break;
			}
	return (uint32_t)min64(total, UINT32_MAX);
}
