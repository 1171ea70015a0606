/* The parts of the estimator; each looks only at its own part of struct bwe, but for bwe_rate.c, which decides. */
#ifndef AT_MEDIA_BWE_BWE_PRIV_H
#define AT_MEDIA_BWE_BWE_PRIV_H

#include "media/bwe/bwe.h"

enum bwe_packet_state { BWE_EMPTY, BWE_SENT, BWE_GOT, BWE_LOST };

/* ---- slope of the one-way delay ---- */
void bwe_trend_init(struct bwe_trend *t);
void bwe_trend_add(struct bwe_trend *t, int64_t sent_us, int64_t arrival_us); /* in the order of sending */

/* ---- what arrives ---- */
void bwe_acked_add(struct bwe_acked *a, int64_t arrival_us, size_t bytes);

/* ---- loss ---- */
void bwe_loss_add(struct bwe_loss *l, size_t bytes, bool has_arrived, bool was_lost);
void bwe_loss_update(struct bwe *b);

/* ---- the rate ---- */
/* Sets the estimate, within its bounds, and keeps the minima. */
void bwe_set(struct bwe *b, double bps);
void bwe_roll(struct bwe *b); /* generations, up to now_us */
void bwe_prove(struct bwe *b, double bps);
void bwe_learn_end(struct bwe *b, double bps); /* it was full, and that is what came through */
double bwe_link_end(const struct bwe *b);      /* as far as is tried without a probe, where the link's end is known */
void bwe_rate_update(struct bwe *b);           /* after a feedback */

/* ---- probes ---- */
void bwe_probe_sent(struct bwe *b, size_t bytes);
void bwe_probe_result(struct bwe *b, int64_t arrival_us, size_t bytes, bool has_arrived);
void bwe_probe_update(struct bwe *b); /* looks whether the running one is complete */
void bwe_probe_soon(struct bwe *b, int64_t in_us);
void bwe_probe_later(struct bwe *b);

static inline int64_t bwe_max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
static inline double bwe_min(double a, double b)
{
	return a < b ? a : b;
}
static inline double bwe_max(double a, double b)
{
	return a > b ? a : b;
}

#endif
