/* Scratch memory. The loop hands one arena to each callback (at_loop_scratch) and resets it afterwards, so nothing in it is
 * ever stored or freed. One thread. Dies above its maximum: what a peer can size is checked before it gets here. */
#ifndef AT_BASE_ARENA_H
#define AT_BASE_ARENA_H

#include "base/err.h"

#include <stddef.h>

struct at_arena;

struct at_arena *at_arena_new(size_t max_len);
void at_arena_free(struct at_arena **arena);
void at_arena_reset(struct at_arena *arena); /* keeps one block for the next callback */
size_t at_arena_used(const struct at_arena *arena);

void *at_arena_alloc(struct at_arena *arena, size_t len); /* zeroed, 16-byte aligned, never NULL */
char *at_arena_strdup(struct at_arena *arena, const char *s);
char *at_arena_strndup(struct at_arena *arena, const char *s, size_t len);
char *at_arena_printf(struct at_arena *arena, const char *fmt, ...) AT_PRINTF(2, 3);

#endif
