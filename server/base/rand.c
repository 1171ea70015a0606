#include "base/rand.h"

#include "base/err.h"

#include <errno.h>
#include <sys/random.h>

void at_rand(void *out, size_t len)
{
	uint8_t *p = out;
	while (len) {
		ssize_t n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		AT_ASSERT(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

uint32_t at_rand_below(uint32_t bound)
{
	AT_ASSERT(bound > 0);
	/* Values below 2^32 mod bound would make small results likelier. */
	uint32_t unfair = -bound % bound, v;
	do
		at_rand(&v, sizeof(v));
	while (v < unfair);
	return v % bound;
}
