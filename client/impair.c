#include "client/impair.h"

#include "base/mem.h"

#include <string.h>

struct item {
	int64_t due_us;
	uint64_t order; /* of two that are due at once the first comes first */
	uint32_t tag;
	size_t len;
	uint8_t *data;
};

struct impair {
	struct impair_settings settings;
	struct impair_counts counts;
	uint64_t seed, order;
	bool is_bad;       /* the burst's state */
	int64_t busy_us;   /* until then the slow link is sending */
	int64_t last_us;   /* no one that keeps its place is due before */
	struct item *heap; /* earliest first */
	size_t n, cap;
	uint8_t *taken;
};

/* ---- chance: splitmix64, which has no bad seeds ---- */

static uint64_t next(struct impair *impair)
{
	uint64_t z = impair->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool happens(struct impair *impair, double share)
{
	return (double)(next(impair) >> 11) * 0x1p-53 < share;
}

static uint64_t below(struct impair *impair, uint64_t bound)
{
	return next(impair) % bound;
}

/* ---- the heap ---- */

static bool is_before(const struct item *a, const struct item *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void swap(struct item *a, struct item *b)
{
	struct item kept = *a;

	*a = *b;
	*b = kept;
}

static void push(struct impair *impair, const struct item *item)
{
	struct item *heap;
	size_t i = impair->n++;

	if (impair->n > impair->cap) {
		impair->cap = impair->cap ? impair->cap * 2 : 64;
		impair->heap = at_realloc(impair->heap, impair->cap * sizeof(*impair->heap));
	}
	heap = impair->heap;
	heap[i] = *item;
	for (; i > 0 && is_before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static struct item pop(struct impair *impair)
{
	struct item *heap = impair->heap, first = heap[0];
	size_t i = 0, child;

	heap[0] = heap[--impair->n];
	while ((child = 2 * i + 1) < impair->n) {
		if (child + 1 < impair->n && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &heap[i]))
			break;
		swap(&heap[i], &heap[child]);
		i = child;
	}
	return first;
}

/* ---- what happens to a packet ---- */

/* Gilbert-Elliott with a bad state that loses all: it is left with 1/burst, and entered so that `loss` of the time is spent in it. */
static bool is_lost(struct impair *impair)
{
	const struct impair_settings *s = &impair->settings;

	if (s->cut)
		return true;
	if (s->burst <= 1 || s->loss <= 0 || s->loss >= 1)
		return happens(impair, s->loss);
	if (impair->is_bad)
		impair->is_bad = !happens(impair, 1 / s->burst);
	else
		impair->is_bad = happens(impair, s->loss / (s->burst * (1 - s->loss)));
	return impair->is_bad;
}

/* When the link has sent it; false: its buffer is full. */
static bool send(struct impair *impair, int64_t now_us, size_t len, int64_t *sent_us_out)
{
	uint32_t rate = impair->settings.rate_bits_s;
	int64_t begin = impair->busy_us > now_us ? impair->busy_us : now_us;

	*sent_us_out = now_us;
	if (rate == 0)
		return true;
	if (begin - now_us > IMPAIR_RATE_WAIT_US)
		return false;
	*sent_us_out = impair->busy_us = begin + (int64_t)((uint64_t)len * 8 * 1000000 / rate);
	return true;
}

static int64_t due(struct impair *impair, int64_t sent_us)
{
	const struct impair_settings *s = &impair->settings;
	int64_t at = sent_us + s->delay_us;

	if (s->jitter_us > 0)
		at += (int64_t)below(impair, (uint64_t)s->jitter_us + 1);
	if (at < impair->last_us)
		at = impair->last_us;
	impair->last_us = at;
	if (!happens(impair, s->reorder))
		return at;
	impair->counts.overtaken++;
	return at + IMPAIR_REORDER_US;
}

static void keep(struct impair *impair, const void *data, size_t len, uint32_t tag, int64_t due_us)
{
	struct item item = {.due_us = due_us, .order = impair->order++, .tag = tag, .len = len};

	if (impair->n >= IMPAIR_QUEUE_MAX) {
		impair->counts.overflown++;
		return;
	}
	item.data = at_alloc(len + 1);
	memcpy(item.data, data, len);
	if (len > 0 && happens(impair, impair->settings.corrupt)) {
		item.data[below(impair, len)] ^= (uint8_t)(1u << below(impair, 8));
		impair->counts.corrupted++;
	}
	push(impair, &item);
}

void impair_put(struct impair *impair, int64_t now_us, const void *data, size_t len, uint32_t tag)
{
	int64_t sent_us;

	AT_ASSERT(len <= IMPAIR_PACKET_MAX);
	impair->counts.in++;
	if (is_lost(impair)) {
		impair->counts.lost++;
		return;
	}
	if (!send(impair, now_us, len, &sent_us)) {
		impair->counts.overflown++;
		return;
	}
	keep(impair, data, len, tag, due(impair, sent_us));
	if (happens(impair, impair->settings.duplicate)) {
		impair->counts.doubled++;
		keep(impair, data, len, tag, due(impair, sent_us));
	}
}

int64_t impair_due_us(const struct impair *impair)
{
	return impair->n > 0 ? impair->heap[0].due_us : INT64_MAX;
}

bool impair_take(struct impair *impair, int64_t now_us, struct impair_packet *packet_out)
{
	if (impair_due_us(impair) > now_us || impair->n == 0)
		return false;
	struct item item = pop(impair);

	at_free(impair->taken);
	impair->taken = item.data;
	impair->counts.out++;
	*packet_out = (struct impair_packet){item.data, item.len, item.tag};
	return true;
}

/* ---- its life ---- */

struct impair *impair_new(uint64_t seed)
{
	struct impair *impair = at_alloc(sizeof(*impair));

	impair->seed = seed;
	return impair;
}

void impair_free(struct impair **impair)
{
	struct impair *i = *impair;

	*impair = NULL;
	if (!i)
		return;
	while (i->n > 0)
		at_free(pop(i).data);
	at_free(i->taken);
	at_free(i->heap);
	at_free(i);
}

void impair_set(struct impair *impair, const struct impair_settings *settings)
{
	impair->settings = *settings;
}

const struct impair_counts *impair_counts(const struct impair *impair)
{
	return &impair->counts;
}
