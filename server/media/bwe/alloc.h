/* Which layer of which source one subscriber gets, and with how many pictures a second: greedy, in the order of importance, within the
 * estimate. A pure function over arrays; the little that must be remembered between two calls is the caller's, in struct alloc.
 *
 * A layer may have tiers (VP8's temporal layers): with all of them it has all its pictures, with one fewer half of them. A step is a layer
 * up to a tier, and costs what was measured.
 *
 *   1. audio is taken off first
 *   2. a shared screen flows, whatever the estimate: at least its lowest tier
 *   3. every visible source gets the lowest tier of its lowest alive layer, in order, as far as they fit; the first one always
 *   4. then each, in order, all of that layer; screens first
 *   5. then those that are wanted equally tall keep what they have as far as it fits, and are raised in turn, step by step, as far as
 *      they want; then the next smaller ones. Taller layers are not taken with less than half of their pictures.
 * What is held must fit the current estimate, what is new the lowest of the last seconds with a margin (more of a lowest layer, 80 % of the
 * current one; whoever comes anew, 95 % of that: a picture at all is worth a risk). After something was lost for want of bandwidth the
 * total stays for a while below what was too much, but may move to another source; when that happens again soon after a raise, for twice
 * as long, up to 60 s. What was shown already becomes taller one source after another: each begins with a key frame, and those of many at
 * once would look like congestion. */
#ifndef AT_MEDIA_BWE_ALLOC_H
#define AT_MEDIA_BWE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ALLOC_SOURCES_MAX = 32,
	ALLOC_LAYERS_MAX = 3,
	ALLOC_TIERS_MAX = 3,
	ALLOC_NONE = -1,
	ALLOC_HOLD_FIRST_US = 5 * 1000 * 1000,
	ALLOC_HOLD_US = 10 * 1000 * 1000, /* when it was a raise of ours */
	ALLOC_HOLD_MAX_US = 60 * 1000 * 1000,
	ALLOC_TALLER_US = 300 * 1000, /* from one source's key frame to the next's */
};

struct alloc_layer {
	uint8_t tiers;                 /* 1 to ALLOC_TIERS_MAX */
	uint32_t bps[ALLOC_TIERS_MAX]; /* as measured, up to each tier; [tiers - 1] is all of it */
	uint16_t height;
	bool is_alive; /* packets within the last 2 s; a layer that is not is never chosen */
};

struct alloc_step {
	int8_t layer; /* ALLOC_NONE = nothing */
	uint8_t tier; /* the highest that flows */
};

/* The array's order is the order of importance: screens, then the tallest, then speaker order. */
struct alloc_source {
	uint16_t wanted_height; /* as shown: stage 720, tile 180, hidden 0 */
	bool is_screen;
	bool was_taken;                              /* it had a picture that was taken away for want of bandwidth */
	struct alloc_step held;                      /* what flows now (the last answer) */
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
	int64_t taller_us;   /* when a taller layer was chosen last */
	uint32_t failed_bps; /* what flowed when too much did */
};

struct alloc_choice {
	struct alloc_step steps[ALLOC_SOURCES_MAX];
	uint64_t total_bps; /* with audio */
	bool has_dropped;   /* something was lost for want of bandwidth */
	bool is_waiting;    /* for another to have become taller: call again after ALLOC_TALLER_US */
};

/* count <= ALLOC_SOURCES_MAX. Call when anything has changed, and at least every second. A layer much taller than wanted (more than 1.5
 * times) is chosen only when it is the lowest one alive. */
void alloc_layers(struct alloc *a, const struct alloc_link *link, const struct alloc_source *sources, size_t count,
		  struct alloc_choice *out);

/* The estimate that it would take to give every source what it wants, with audio: for bwe_probe_want(). */
uint32_t alloc_wanted_bps(const struct alloc_source *sources, size_t count, uint32_t audio_bps);

#endif
