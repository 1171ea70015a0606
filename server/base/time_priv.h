/* How far a test has shifted the monotonic clock; the loop moves its timers by the same. */
#ifndef AT_BASE_TIME_PRIV_H
#define AT_BASE_TIME_PRIV_H

#include <stdint.h>

int64_t at_clock_mono_shift(void);

#endif
