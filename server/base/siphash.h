/* SipHash-2-4 (Aumasson, Bernstein 2012): a short keyed hash, so that peers cannot choose keys that collide. Pure, any thread. */
#ifndef AT_BASE_SIPHASH_H
#define AT_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t at_siphash(const uint8_t key[16], const void *data, size_t len);

#endif
