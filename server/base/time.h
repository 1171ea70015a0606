/* The one clock interface. Wall time goes into data, monotonic time into timers; a test may shift both. Any thread. */
#ifndef AT_BASE_TIME_H
#define AT_BASE_TIME_H

#include <stdint.h>

int64_t at_wall_ms(void); /* since 1970 */
int64_t at_wall_us(void);
int64_t at_mono_ms(void);
int64_t at_mono_us(void);
/* Adds to both clocks. A loop's timers follow the monotonic one at its next at_loop_step. */
void at_clock_shift_for_test(int64_t wall_ms, int64_t mono_ms);

#endif
