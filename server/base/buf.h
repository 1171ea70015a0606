/* Growable bytes with a maximum (at_buf), shared immutable bytes (at_bytes), and the one bounded reader that every parser of
 * remote bytes uses (at_reader). */
#ifndef AT_BASE_BUF_H
#define AT_BASE_BUF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded, one owner. An empty buffer holds no memory. */
struct at_buf {
	uint8_t *data;
	size_t len, cap, max;
};

void at_buf_init(struct at_buf *buf, size_t max_len);
void at_buf_release(struct at_buf *buf); /* frees; the buffer may be used again with the same maximum */
void at_buf_clear(struct at_buf *buf);   /* len = 0, keeps the memory */
/* All of these fail with AT_ERR_TOO_LARGE and leave the buffer as it was. */
AT_MUST enum at_err at_buf_append(struct at_buf *buf, const void *data, size_t len);
AT_MUST enum at_err at_buf_reserve(struct at_buf *buf, size_t len); /* room for len more bytes behind data[len] */
AT_MUST enum at_err at_buf_printf(struct at_buf *buf, const char *fmt, ...) AT_PRINTF(2, 3);
void at_buf_consume(struct at_buf *buf, size_t len); /* drops len bytes from the front; len <= buf->len */

/* Refcounted and immutable once made; the count is atomic, so several threads may hold references. */
struct at_bytes {
	uint32_t refs;
	size_t len;
	uint8_t data[];
};

/* data may be NULL: the maker fills it in before sharing */
struct at_bytes *at_bytes_new(const void *data, size_t len);
struct at_bytes *at_bytes_ref(struct at_bytes *bytes);
void at_bytes_unref(struct at_bytes **bytes); /* nulls the pointer; NULL inside is fine */

/* A cursor that cannot leave its bytes. After the first short read `failed` stays set and every read gives zeros, so a
 * parser reads a whole structure and checks once. Integers are big-endian. */
struct at_reader {
	const uint8_t *p, *end;
	bool failed;
};

struct at_reader at_reader_of(const void *data, size_t len);
uint8_t at_read_u8(struct at_reader *r);
uint16_t at_read_u16(struct at_reader *r);
uint32_t at_read_u32(struct at_reader *r);
uint64_t at_read_u64(struct at_reader *r);
const uint8_t *at_read_bytes(struct at_reader *r, size_t len); /* NULL when short; points into the source */
size_t at_reader_left(const struct at_reader *r);

void at_put_u16(uint8_t *p, uint16_t v);
void at_put_u32(uint8_t *p, uint32_t v);
void at_put_u64(uint8_t *p, uint64_t v);

#endif
