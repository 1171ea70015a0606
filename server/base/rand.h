/* Randomness from the kernel (getrandom). Any thread. Dies when the kernel has none. */
#ifndef AT_BASE_RAND_H
#define AT_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void at_rand(void *out, size_t len);
uint32_t at_rand_below(uint32_t bound); /* bound > 0; without bias */

#endif
