/* Links, chance and what is made of it. */
#include "base/mem.h"
#include "base/rand.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

#include <sys/random.h>

enum { JITTER_US = 50 * 1000 };

/* As str0m's netem has them, each way. */
const struct sim_net sim_presets[SIM_PRESETS] = {
	[SIM_LAN] = {.name = "lan", .delay_us = 500, .burst_tenths = 10},
	[SIM_WIFI] = {.name = "wifi", .delay_us = 5000, .jitter_us = 3000, .loss_permille = 10, .burst_tenths = 10},
	[SIM_WIFI_LOSSY] =
		{.name = "wifi_lossy", .delay_us = 10000, .jitter_us = 8000, .loss_permille = 50, .burst_tenths = 30},
	[SIM_CELLULAR] =
		{.name = "cellular", .delay_us = 50000, .jitter_us = 15000, .loss_permille = 20, .burst_tenths = 15},
	[SIM_CONGESTED] =
		{.name = "congested", .delay_us = 80000, .jitter_us = 40000, .loss_permille = 100, .burst_tenths = 20},
	[SIM_SATELLITE] =
		{.name = "satellite", .delay_us = 300000, .jitter_us = 10000, .loss_permille = 30, .burst_tenths = 15},
};

/* ---- chance ---- */

static uint64_t next_random(void)
{
	uint64_t x = sim.random;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	sim.random = x;
	return x * 0x2545F4914F6CDD1DU;
}

uint32_t sim_below(uint32_t bound)
{
	return (uint32_t)((next_random() >> 32) * bound >> 32);
}

/* In place of base/rand.c in the tests of this module, so that a seed decides all of a run; outside of one the kernel's, as ever. */
void at_rand(void *out, size_t len)
{
	uint8_t *p = out;
	if (!sim.random) {
		assert_true(len <= 256 && getrandom(out, len, 0) == (ssize_t)len);
		return;
	}
	while (len--)
		*p++ = (uint8_t)(next_random() >> 56);
}

uint32_t at_rand_below(uint32_t bound)
{
	uint64_t v;
	at_rand(&v, sizeof(v));
	return (uint32_t)(v % bound);
}

unsigned sim_seeds(unsigned few)
{
	const char *text = getenv("SIM_SEEDS");
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;
	return n ? (unsigned)n : few;
}

static int compare(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;
	return d < 0 ? -1 : d > 0;
}

double sim_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return count ? values[count / 2] : 0;
}

/* ---- links ---- */

static bool is_lost(struct sim_link *link)
{
	const struct sim_net *n = &link->net;
	if (link->is_dead)
		return true;
	if (!n->loss_permille || n->burst_tenths <= 10)
		return n->loss_permille && sim_below(1000) < n->loss_permille;
	/* Out of the bad state so that it holds burst_tenths / 10 packets; into it so that loss_permille of all are in it. */
	uint32_t leave = 10 * 1000000 / n->burst_tenths;
	uint32_t enter = (uint32_t)((uint64_t)leave * n->loss_permille / (1000 - n->loss_permille));
	if (sim_below(1000000) < (link->is_bad ? leave : enter))
		link->is_bad = !link->is_bad;
	return link->is_bad;
}

static int64_t jitter(struct sim_link *link, int64_t now_us)
{
	int64_t most = link->net.jitter_us;
	if (!most)
		return 0;
	if (now_us - link->jitter_at_us >= JITTER_US) {
		link->jitter_us = link->jitter_at_us ? link->jitter_to_us : 0;
		link->jitter_to_us = (int64_t)sim_below((uint32_t)(2 * most + 1)) - most;
		link->jitter_at_us = now_us;
	}
	if (link->net.reorders)
		return (int64_t)sim_below((uint32_t)(2 * most + 1)) - most;
	return link->jitter_us + (link->jitter_to_us - link->jitter_us) * (now_us - link->jitter_at_us) / JITTER_US;
}

static void insert(struct sim_link *link, struct sim_datagram *d)
{
	struct sim_datagram *after = link->last;
	while (after && after->at_us > d->at_us)
		after = after->before;
	d->before = after;
	d->next = after ? after->next : link->first;
	if (d->next)
		d->next->before = d;
	else
		link->last = d;
	if (after)
		after->next = d;
	else
		link->first = d;
}

void sim_link_put(struct sim_link *link, int64_t now_us, const uint8_t *data, size_t len)
{
	const struct sim_net *n = &link->net;
	int64_t out_us = now_us;
	link->packets++;
	if (is_lost(link)) {
		link->lost++;
		return;
	}
	if (n->bps) {
		int64_t wait_us = link->busy_us > now_us ? link->busy_us - now_us : 0;
		if (wait_us > n->queue_us) {
			link->dropped++;
			return;
		}
		if ((uint64_t)wait_us > link->waited_max_us)
			link->waited_max_us = (uint64_t)wait_us;
		out_us = link->busy_us = now_us + wait_us + (int64_t)(len * 8 * 1000000 / n->bps);
	}
	struct sim_datagram *d = at_alloc(sizeof(*d) + len);
	d->at_us = out_us + n->delay_us + jitter(link, now_us);
	if (!n->reorders && d->at_us < link->newest_us)
		d->at_us = link->newest_us;
	link->newest_us = d->at_us > link->newest_us ? d->at_us : link->newest_us;
	d->len = len;
	memcpy(d->bytes, data, len);
	insert(link, d);
}

struct sim_datagram *sim_link_take(struct sim_link *link, int64_t now_us)
{
	struct sim_datagram *d = link->first;
	if (!d || d->at_us > now_us)
		return NULL;
	link->first = d->next;
	if (d->next)
		d->next->before = NULL;
	else
		link->last = NULL;
	link->bytes += d->len;
	return d;
}

void sim_link_empty(struct sim_link *link)
{
	struct sim_datagram *d;
	while ((d = sim_link_take(link, INT64_MAX)))
		at_free(d);
}
