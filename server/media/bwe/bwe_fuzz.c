/* Any sequence of sending, feedback, REMB and asking: the estimate stays in its bounds, no sum overflows, no index leaves its array. */
#include "media/bwe/bwe.h"

#include "base/err.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const uint8_t *data;
	size_t len;
	int64_t now_us;
	uint16_t seq;
};

/* Little endian, as the machines are that this runs on; zeros behind the end. */
static uint64_t take(struct input *in, size_t n)
{
	uint64_t value = 0;
	n = n < in->len ? n : in->len;
	memcpy(&value, in->data, n);
	in->data += n;
	in->len -= n;
	return value;
}

static void send_some(struct input *in, struct bwe *b, struct pacer *p)
{
	in->now_us += (int64_t)take(in, 2);
	in->seq = (uint16_t)(in->seq + 1 + take(in, 1) % 4);
	size_t bytes = take(in, 2);
	bwe_sent(b, in->now_us, in->seq, bytes, pacer_cluster(p, in->now_us));
	pacer_sent(p, in->now_us, bytes);
}

static void feed_back(struct input *in, struct bwe *b)
{
	struct bwe_arrival a[32];
	size_t n = take(in, 1) % 33;
	int64_t at_us = (int64_t)take(in, 8);
	uint16_t first = (uint16_t)(in->seq - take(in, 2) % 2048);
	for (size_t i = 0; i < n; i++) {
		uint64_t word = take(in, 3);
		at_us = (int64_t)((uint64_t)at_us + (word >> 1));
		a[i] = (struct bwe_arrival){at_us, (uint16_t)(first + i), word & 1};
	}
	bwe_feedback(b, in->now_us, a, n, (int64_t)take(in, 4) - 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct bwe b;
	struct input in = {.data = data, .len = len, .now_us = 1000000};
	struct pacer p;
	struct bwe_probe probe;
	struct bwe_state state;
	bwe_init(&b, in.now_us);
	pacer_init(&p, in.now_us);
	while (in.len) {
		uint64_t what = take(&in, 1) % 8;
		if (what < 4)
			send_some(&in, &b, &p);
		else if (what < 6)
			feed_back(&in, &b);
		else if (what == 6)
			bwe_remb(&b, in.now_us, take(&in, 8));
		else if (bwe_probe_want(&b, in.now_us, (uint32_t)take(&in, 4), &probe))
			pacer_probe(&p, in.now_us, &probe);
		bwe_state(&b, in.now_us, &state);
		AT_ASSERT(state.estimate_bps >= BWE_MIN_BPS && state.estimate_bps <= BWE_MAX_BPS);
		AT_ASSERT(state.stable_min_bps >= BWE_MIN_BPS && state.stable_min_bps <= BWE_MAX_BPS);
		AT_ASSERT(state.loss_permille <= 1000 && state.inherent_loss_permille <= 1000);
		pacer_set_target(&p, in.now_us, state.estimate_bps);
		AT_ASSERT(pacer_padding(&p, in.now_us) <= BWE_MAX_BPS / 8);
	}
	return 0;
}
