#include "media/bwe/bwe_priv.h"

enum { WINDOW_US = 1000 * 1000, PACKETS_MIN = 40, HELD_MAX = 3, LUCK_US = 20 * 1000 * 1000, SEEN_TO_US = 2000 * 1000 };
static const double LOW = .02, HIGH = .10, HELPED = .5, GOODPUT = .95, CLOSE = 1.2, MOST = .5, MOST_CERTAIN = .15,
		    CERTAIN = .3;
static const double LEARN_UP = .1, LEARN_DOWN = .3;

void bwe_loss_add(struct bwe_loss *l, size_t bytes, bool has_arrived, bool was_lost)
{
	if (!was_lost)
		l->told_bytes += bytes;
	if (!has_arrived) {
		l->lost++;
		return;
	}
	if (was_lost && l->lost)
		l->lost--;
	l->got++;
	l->got_bytes += bytes;
}

static void next_window(struct bwe *b, int64_t from_us)
{
	struct bwe_loss *l = &b->loss;
	l->from_us = from_us;
	l->told_bytes = l->got_bytes = 0;
	l->sent_from = b->sent_bytes;
	l->lost = l->got = 0;
	l->overuses = b->overuses;
}

static double excess_of(const struct bwe_loss *l, double ratio)
{
	return bwe_max(0, (ratio - l->inherent) / (1 - bwe_min(l->inherent, .9)));
}

/* Did sending only what arrived end the loss? A full queue or a policer lets go then; a bad radio goes on losing the same share. That
 * share is inherent: it is no reason to send less. */
static void conclude(struct bwe *b, double ratio)
{
	struct bwe_loss *l = &b->loss;
	if (excess_of(l, ratio) >= HELPED * excess_of(l, l->suspect)) {
		l->inherent = bwe_min(ratio, l->suspect);
		l->inherent_bps = l->to_bps;
		bwe_set(b, bwe_max(b->bps, l->before_bps));
	} else { /* that was its end, though nothing queues there; a short probe may not feel it */
		l->helped_bps = l->to_bps;
		l->helped_us = b->now_us;
		bwe_learn_end(b, l->to_bps);
		bwe_probe_later(b);
	}
	l->suspect = 0;
	l->held = 0;
}

/* It seemed to help, and then came back at a rate no higher: that was luck between two bursts. */
static bool was_luck(struct bwe *b, double sent_bps)
{
	struct bwe_loss *l = &b->loss;
	if (l->helped_bps <= 0 || b->now_us - l->helped_us > LUCK_US || sent_bps > CLOSE * l->helped_bps)
		return false;
	l->inherent = l->ratio;
	l->inherent_bps = sent_bps;
	l->helped_bps = 0;
	l->held = 0;
	b->link_bps = 0;
	bwe_set(b, bwe_max(b->bps, l->before_bps));
	bwe_probe_soon(b, 0);
	return true;
}

static void suspect_link(struct bwe *b, double goodput_bps)
{
	struct bwe_loss *l = &b->loss;
	l->before_bps = l->suspect > 0 ? l->before_bps : b->bps;
	double least = (l->ratio < CERTAIN ? MOST : MOST_CERTAIN) * l->before_bps; /* a test must not end in nothing */
	l->suspect = l->ratio;
	l->held = 0;
	l->to_bps = bwe_max(GOODPUT * goodput_bps, least);
	bwe_set(b, bwe_min(b->bps, l->to_bps));
}

/* Follows what is inherent, but never because more is sent. */
static void learn(struct bwe_loss *l, double ratio, double sent_bps)
{
	if (l->inherent <= 0)
		return;
	if (ratio <= l->inherent) {
		l->inherent += LEARN_DOWN * (ratio - l->inherent);
		l->inherent_bps = bwe_max(l->inherent_bps, sent_bps);
	} else if (sent_bps <= CLOSE * l->inherent_bps) {
		l->inherent += LEARN_UP * (ratio - l->inherent);
	}
}

static void judge(struct bwe *b, double ratio, double sent_bps)
{
	struct bwe_loss *l = &b->loss;
	double goodput = sent_bps * (double)l->got_bytes / (double)(l->told_bytes ? l->told_bytes : 1);
	double excess = excess_of(l, l->ratio), varies = l->inherent / 2; /* the more is inherent, the more it varies */
	int64_t next_us = b->now_us;
	l->holds = excess > LOW + varies;
	l->held = l->holds ? l->held + 1 : 0;
	if (l->suspect > 0 && sent_bps <= CLOSE * l->to_bps) {
		conclude(b, ratio);
	} else if (excess > HIGH + varies || l->held >= HELD_MAX) {
		if (!was_luck(b, sent_bps))
			suspect_link(b, goodput);
		next_us += 2 * (int64_t)b->rtt_us; /* what was sent before says nothing */
	} else {
		l->suspect = 0;
		learn(l, ratio, sent_bps);
	}
	next_window(b, next_us);
}

void bwe_loss_update(struct bwe *b)
{
	struct bwe_loss *l = &b->loss;
	int64_t elapsed = b->now_us - l->from_us;
	if (elapsed < 0) {
		next_window(b, l->from_us);
		return;
	}
	if (elapsed < WINDOW_US || l->lost + l->got < PACKETS_MIN)
		return;
	l->last = (double)l->lost / (l->lost + l->got);
	if (b->is_draining || b->now_us - b->decreased_us < SEEN_TO_US || l->overuses != b->overuses) {
		l->suspect = l->helped_bps = 0; /* a queue ran over, and the delay has seen to it */
		l->holds = false;
		next_window(b, b->now_us);
		return;
	}
	l->ratio = (l->ratio + l->last) / 2;
	judge(b, l->last, (double)(b->sent_bytes - l->sent_from) * 8e6 / (double)elapsed);
}
