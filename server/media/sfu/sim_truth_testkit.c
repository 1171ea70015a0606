#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum { MAGIC = 0xA7 };

static void put(uint8_t **at, uint64_t v, int bytes)
{
	while (bytes--)
		*(*at)++ = (uint8_t)(v >> 8 * bytes);
}

static uint64_t get(const uint8_t **at, int bytes)
{
	uint64_t v = 0;
	while (bytes--)
		v = v << 8 | *(*at)++;
	return v;
}

void sim_truth_put(uint8_t out[SIM_TRUTH_LEN], const struct sim_truth *truth)
{
	uint8_t *at = out;
	put(&at, MAGIC, 1);
	put(&at, truth->publisher, 2);
	put(&at, truth->frame, 4);
	put(&at, truth->packet, 2);
	put(&at, truth->packets, 2);
	put(&at, truth->layer, 1);
	put(&at, truth->is_key, 1);
	put(&at, (uint64_t)truth->captured_us, 8);
	put(&at, truth->sent, 4);
	for (int i = 0; i < SIM_BUFFERS; i++)
		put(&at, truth->refers[i], 4);
	put(&at, truth->fills, 1);
	put(&at, MAGIC, 1);
}

struct sim_truth sim_truth_get(const uint8_t *in, size_t len)
{
	const uint8_t *at = in;
	struct sim_truth t = {0};
	assert_true(len >= SIM_TRUTH_LEN);
	assert_int_equal(get(&at, 1), MAGIC);
	t.publisher = (uint32_t)get(&at, 2);
	t.frame = (uint32_t)get(&at, 4);
	t.packet = (uint16_t)get(&at, 2);
	t.packets = (uint16_t)get(&at, 2);
	t.layer = (uint8_t)get(&at, 1);
	t.is_key = get(&at, 1);
	t.captured_us = (int64_t)get(&at, 8);
	t.sent = (uint32_t)get(&at, 4);
	for (int i = 0; i < SIM_BUFFERS; i++)
		t.refers[i] = (uint32_t)get(&at, 4);
	t.fills = (uint8_t)get(&at, 1);
	assert_int_equal(get(&at, 1), MAGIC);
	return t;
}
