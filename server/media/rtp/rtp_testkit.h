/* For the tests of the codecs: bytes of their own size, so that a read past their end is seen, and numbers from a seed. */
#ifndef AT_MEDIA_RTP_RTP_TESTKIT_H
#define AT_MEDIA_RTP_RTP_TESTKIT_H

#include <stddef.h>
#include <stdint.h>

uint8_t *exact_of(const void *data, size_t len); /* free() it */

struct seeded {
	uint64_t state;
};
struct seeded seeded_of(uint64_t seed);
uint32_t seeded_u32(struct seeded *seeded);
uint32_t seeded_below(struct seeded *seeded, uint32_t bound); /* bound > 0 */

#endif
