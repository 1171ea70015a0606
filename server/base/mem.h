/* Kept memory. Small allocations never return NULL: the process dies instead, and its supervisor starts it again.
 * Whatever a peer can size goes through at_buf, which has a maximum. Any thread. */
#ifndef AT_BASE_MEM_H
#define AT_BASE_MEM_H

#include <stddef.h>

void *at_alloc(size_t len);            /* zeroed */
void *at_realloc(void *p, size_t len); /* growth is not zeroed */
char *at_strdup(const char *s);        /* NULL stays NULL */
char *at_strndup(const char *s, size_t len);
void at_free(void *p); /* NULL is fine */
/* Gives back to the system what lies free between what is kept, after much that lived together has gone; milliseconds in a large heap. */
void at_mem_trim(void);

#endif
