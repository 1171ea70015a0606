#include "media/rtp/rtp_testkit.h"

#include "base/test.h"

uint8_t *exact_of(const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

struct seeded seeded_of(uint64_t seed)
{
	return (struct seeded){.state = seed};
}

/* splitmix64 */
uint32_t seeded_u32(struct seeded *seeded)
{
	uint64_t z = seeded->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z >> 32);
}

uint32_t seeded_below(struct seeded *seeded, uint32_t bound)
{
	return (uint32_t)((uint64_t)seeded_u32(seeded) * bound >> 32);
}
