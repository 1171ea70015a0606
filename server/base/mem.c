#include "base/mem.h"

#include "base/err.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p)
		at_panic(__FILE__, __LINE__, "out of memory");
	return p;
}

void *at_alloc(size_t len)
{
	return must(calloc(1, len ? len : 1));
}

void *at_realloc(void *p, size_t len)
{
	return must(realloc(p, len ? len : 1));
}

char *at_strdup(const char *s)
{
	return s ? at_strndup(s, strlen(s)) : NULL;
}

char *at_strndup(const char *s, size_t len)
{
	if (!s)
		return NULL;
	size_t n = strnlen(s, len);
	char *copy = at_alloc(n + 1);
	memcpy(copy, s, n);
	return copy;
}

void at_free(void *p)
{
	free(p);
}

void at_mem_trim(void)
{
	malloc_trim(0);
}
