/* How often one person may ring another: what of the last day was not answered. Rebuilt at start from the calls themselves. */
#include "base/mem.h"
#include "base/time.h"
#include "call/call_priv.h"

#include <string.h>

struct call_pair {
	uint64_t key[2];
	size_t n, cap;
	int64_t at[]; /* rising */
};

static size_t cap_of(const struct calls *calls)
{
	size_t a = calls->settings.pair_rings, b = calls->settings.unanswered_a_day;

	return (a > b ? a : b) + 1;
}

static struct call_pair *pair_of(const struct calls *calls, uint64_t caller, uint64_t callee)
{
	uint64_t key[2] = {caller, callee};

	return at_map_get(calls->pairs, key, sizeof(key));
}

static void drop_old(struct call_pair *pair, int64_t now)
{
	size_t old = 0;

	while (old < pair->n && pair->at[old] <= now - CALL_DAY_MS)
		old++;
	pair->n -= old;
	memmove(pair->at, pair->at + old, pair->n * sizeof(pair->at[0]));
}

/* How long until fewer than `max` of them lie within `span`. 0: now. */
static int64_t wait_for(const struct call_pair *pair, size_t max, int64_t span, int64_t now)
{
	if (max == 0 || pair->n < max)
		return 0;
	int64_t wait = pair->at[pair->n - max] + span - now;

	return wait > 0 ? wait : 0;
}

enum at_err call_limits_check(struct calls *calls, uint64_t caller, uint64_t callee, int64_t now, int64_t *retry_ms_out)
{
	struct call_pair *pair = pair_of(calls, caller, callee);

	*retry_ms_out = 0;
	if (!pair)
		return AT_OK;
	drop_old(pair, now);
	int64_t a = wait_for(pair, calls->settings.pair_rings, calls->settings.pair_window_ms, now);
	int64_t b = wait_for(pair, calls->settings.unanswered_a_day, CALL_DAY_MS, now);

	*retry_ms_out = a > b ? a : b;
	return *retry_ms_out > 0 ? AT_ERR_RATE_LIMITED : AT_OK;
}

void call_limits_add(struct calls *calls, const struct store_call *row)
{
	struct call_pair *pair = pair_of(calls, row->caller, row->callee);

	if (!pair) {
		size_t cap = cap_of(calls);

		pair = at_alloc(sizeof(*pair) + cap * sizeof(pair->at[0]));
		pair->key[0] = row->caller;
		pair->key[1] = row->callee;
		pair->cap = cap;
		(void)at_map_put(calls->pairs, pair->key, sizeof(pair->key), pair);
	}
	if (pair->n == pair->cap)
		memmove(pair->at, pair->at + 1, --pair->n * sizeof(pair->at[0]));
	pair->at[pair->n++] = row->started;
}

void call_limits_take_back(struct calls *calls, const struct store_call *row)
{
	struct call_pair *pair = pair_of(calls, row->caller, row->callee);

	for (size_t i = pair ? pair->n : 0; i-- > 0;)
		if (pair->at[i] == row->started) {
			memmove(pair->at + i, pair->at + i + 1, (--pair->n - i) * sizeof(pair->at[0]));
			return;
		}
}

void call_limits_sweep(struct calls *calls, int64_t now)
{
	size_t pos = 0;

	for (struct call_pair *pair; (pair = at_map_next(calls->pairs, &pos)) != NULL;) {
		drop_old(pair, now);
		if (pair->n > 0)
			continue;
		(void)at_map_del(calls->pairs, pair->key, sizeof(pair->key));
		at_free(pair);
	}
}

void call_limits_free(struct calls *calls)
{
	call_limits_sweep(calls, INT64_MAX);
}
