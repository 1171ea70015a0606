#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, len) ASAN_POISON_MEMORY_REGION(p, len)
#define UNPOISON(p, len) ASAN_UNPOISON_MEMORY_REGION(p, len)
#else
#define POISON(p, len) ((void)(p), (void)(len))
#define UNPOISON(p, len) ((void)(p), (void)(len))
#endif

enum { BLOCK_LEN = 64 * 1024, ALIGN = 16 };

struct block {
	struct block *next;
	size_t cap, used;
	_Alignas(ALIGN) uint8_t data[];
};

struct at_arena {
	struct block *first; /* kept over resets */
	struct block *current;
	size_t used, max;
};

static struct block *block_new(size_t cap)
{
	struct block *b = at_alloc(sizeof(*b) + cap);
	b->cap = cap;
	POISON(b->data, cap);
	return b;
}

static void block_free(struct block *b)
{
	UNPOISON(b->data, b->cap);
	at_free(b);
}

struct at_arena *at_arena_new(size_t max_len)
{
	AT_ASSERT(max_len > 0);
	struct at_arena *arena = at_alloc(sizeof(*arena));
	arena->max = max_len;
	arena->first = block_new(BLOCK_LEN);
	arena->current = arena->first;
	return arena;
}

static void free_after(struct block *b)
{
	struct block *next;
	for (struct block *it = b->next; it; it = next) {
		next = it->next;
		block_free(it);
	}
	b->next = NULL;
}

void at_arena_free(struct at_arena **arena)
{
	struct at_arena *a = *arena;
	*arena = NULL;
	if (!a)
		return;
	free_after(a->first);
	block_free(a->first);
	at_free(a);
}

void at_arena_reset(struct at_arena *arena)
{
	if (!arena->used)
		return;
	free_after(arena->first);
	POISON(arena->first->data, arena->first->used);
	arena->first->used = 0;
	arena->current = arena->first;
	arena->used = 0;
}

size_t at_arena_used(const struct at_arena *arena)
{
	return arena->used;
}

static struct block *block_with_room(struct at_arena *arena, size_t len)
{
	if (arena->current->cap - arena->current->used >= len)
		return arena->current;
	struct block *b = block_new(len > BLOCK_LEN ? len : BLOCK_LEN);
	arena->current->next = b;
	arena->current = b;
	return b;
}

void *at_arena_alloc(struct at_arena *arena, size_t len)
{
	AT_ASSERT(len <= arena->max);
	size_t rounded = (len + ALIGN) / ALIGN * ALIGN; /* at least one byte of poison behind each */
	AT_ASSERT(rounded <= arena->max - arena->used + ALIGN);
	struct block *b = block_with_room(arena, rounded);
	void *p = b->data + b->used;
	b->used += rounded;
	arena->used += rounded;
	UNPOISON(p, len);
	memset(p, 0, len);
	return p;
}

char *at_arena_strdup(struct at_arena *arena, const char *s)
{
	return at_arena_strndup(arena, s, strlen(s));
}

char *at_arena_strndup(struct at_arena *arena, const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *copy = at_arena_alloc(arena, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *at_arena_printf(struct at_arena *arena, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	AT_ASSERT(len >= 0);
	char *s = at_arena_alloc(arena, (size_t)len + 1);
	vsnprintf(s, (size_t)len + 1, fmt, again);
	va_end(again);
	return s;
}
