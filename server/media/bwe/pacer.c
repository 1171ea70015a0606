#include "media/bwe/bwe_priv.h"

/* The level is refilled at 2.5 times the target, during a probe at exactly its rate; it never saves up more than one short burst. */
enum { BURST_US = 5 * 1000, RATE_TENTHS = 25 };

void pacer_init(struct pacer *p, int64_t now_us)
{
	*p = (struct pacer){.updated_us = now_us, .target_bps = BWE_INIT_BPS};
}

static bool is_probing(const struct pacer *p, int64_t now_us)
{
	return p->cluster && now_us < p->probe_until_us;
}

static int64_t bytes_in(uint64_t bps, int64_t us)
{
	return (int64_t)(bps * (uint64_t)us / 8000000);
}

static uint64_t rate_of(const struct pacer *p, int64_t now_us)
{
	return is_probing(p, now_us) ? p->probe_bps : (uint64_t)p->target_bps * RATE_TENTHS / 10;
}

static void refill(struct pacer *p, int64_t now_us)
{
	int64_t elapsed = now_us - p->updated_us;
	if (elapsed <= 0)
		return;
	if (elapsed > PACER_DEBT_MAX_MS * 1000)
		elapsed = PACER_DEBT_MAX_MS * 1000;
	uint64_t rate = rate_of(p, now_us);
	int64_t most = is_probing(p, now_us) ? bytes_in(rate, 20 * BURST_US) : bytes_in(rate, BURST_US);
	p->level_bytes += bytes_in(rate, elapsed);
	if (p->level_bytes > most)
		p->level_bytes = most;
	p->updated_us = now_us;
}

void pacer_set_target(struct pacer *p, int64_t now_us, uint32_t bps)
{
	refill(p, now_us);
	p->target_bps = bps;
}

void pacer_probe(struct pacer *p, int64_t now_us, const struct bwe_probe *probe)
{
	refill(p, now_us);
	p->probe_bps = probe->bps;
	p->probe_until_us = now_us + probe->duration_us;
	p->cluster = probe->cluster;
	p->level_bytes = p->level_bytes > 0 ? 0 : p->level_bytes;
}

uint8_t pacer_cluster(const struct pacer *p, int64_t now_us)
{
	return is_probing(p, now_us) ? p->cluster : 0;
}

void pacer_sent(struct pacer *p, int64_t now_us, size_t bytes)
{
	refill(p, now_us);
	int64_t least = -bytes_in(rate_of(p, now_us), PACER_DEBT_MAX_MS * 1000);
	p->level_bytes -= (int64_t)(bytes < UINT16_MAX ? bytes : UINT16_MAX);
	if (p->level_bytes < least)
		p->level_bytes = least;
}

size_t pacer_padding(struct pacer *p, int64_t now_us)
{
	refill(p, now_us);
	return is_probing(p, now_us) && p->level_bytes > 0 ? (size_t)p->level_bytes : 0;
}
