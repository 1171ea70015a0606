#include "base/time.h"

#include "base/time_priv.h"

#include <time.h>

static int64_t wall_shift_ms, mono_shift_ms;

static int64_t now_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t at_clock_mono_shift(void)
{
	return __atomic_load_n(&mono_shift_ms, __ATOMIC_RELAXED);
}

int64_t at_wall_ms(void)
{
	return now_us(CLOCK_REALTIME) / 1000 + __atomic_load_n(&wall_shift_ms, __ATOMIC_RELAXED);
}

int64_t at_wall_us(void)
{
	return now_us(CLOCK_REALTIME) + __atomic_load_n(&wall_shift_ms, __ATOMIC_RELAXED) * 1000;
}

int64_t at_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC) + at_clock_mono_shift() * 1000;
}

int64_t at_mono_ms(void)
{
	return at_mono_us() / 1000;
}

void at_clock_shift_for_test(int64_t wall_ms, int64_t mono_ms)
{
	__atomic_add_fetch(&wall_shift_ms, wall_ms, __ATOMIC_RELAXED);
	__atomic_add_fetch(&mono_shift_ms, mono_ms, __ATOMIC_RELAXED);
}
