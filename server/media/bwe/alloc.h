/* Which layer of which source one subscriber gets: greedy, in the order of importance, within the estimate. A pure function over arrays;
 * the little that must be remembered between two calls is the caller's, in struct alloc.
 *
 *   1. audio is taken off first
 *   2. a shared screen flows, whatever the estimate
 *   3. every visible source gets its lowest alive layer, in order, as far as they fit; the first one always
 *   4. then each in order (screens first) is raised as far as it wants and as fits
 * A layer that is held must fit the current estimate, a new one the lowest of the last seconds with a margin (a new lowest layer, 80 % of
 * the current one if that is more, for a tile is worth a risk). After layers were lost for want of bandwidth the total is not raised for
 * 10 s unless there is plenty, but may move to another source; when that happens again soon after a raise, for twice as long, up to
 * 60 s. */
#ifndef AT_MEDIA_BWE_ALLOC_H
#define AT_MEDIA_BWE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ALLOC_SOURCES_MAX = 32,
	ALLOC_LAYERS_MAX = 3,
	ALLOC_NONE = -1,
	ALLOC_HOLD_US = 10 * 1000 * 1000,
	ALLOC_HOLD_MAX_US = 60 * 1000 * 1000,
};

struct alloc_layer {
	uint32_t bps; /* as measured */
	uint16_t height;
	bool is_alive; /* packets within the last 2 s; a layer that is not is never chosen */
};

/* The array's order is the order of importance: stage, then speaker order. */
struct alloc_source {
	uint16_t wanted_height; /* as shown: stage 720, tile 180, hidden 0 */
	bool is_screen;
	int8_t held;                                 /* what flows now (the last answer), ALLOC_NONE */
	struct alloc_layer layers[ALLOC_LAYERS_MAX]; /* lowest first; those that do not exist are not alive */
};

struct alloc_link {
	int64_t now_us;
	uint32_t estimate_bps, stable_min_bps; /* of bwe.h */
	uint32_t audio_bps;                    /* to reserve within them; 0 where audio has no transport-wide numbers */
};

/* Memory of one subscriber; all zero at the start. */
struct alloc {
	int64_t raised_us, dropped_us, hold_until_us, hold_us;
};

struct alloc_choice {
	int8_t layer[ALLOC_SOURCES_MAX]; /* ALLOC_NONE = nothing */
	uint64_t total_bps;              /* with audio */
	bool has_dropped;                /* something was lost for want of bandwidth */
};

/* count <= ALLOC_SOURCES_MAX. Call when anything has changed, and at least every second. A layer much taller than wanted (more than 1.5
 * times) is chosen only when it is the lowest one alive. */
void alloc_layers(struct alloc *a, const struct alloc_link *link, const struct alloc_source *sources, size_t count,
		  struct alloc_choice *out);

/* What it would take to give every source what it wants, with audio: for bwe_probe_want(). */
uint32_t alloc_wanted_bps(const struct alloc_source *sources, size_t count, uint32_t audio_bps);

#endif
