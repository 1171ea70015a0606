#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void at_buf_init(struct at_buf *buf, size_t max_len)
{
	*buf = (struct at_buf){.max = max_len};
}

void at_buf_release(struct at_buf *buf)
{
	at_free(buf->data);
	at_buf_init(buf, buf->max);
}

void at_buf_clear(struct at_buf *buf)
{
	buf->len = 0;
}

enum at_err at_buf_reserve(struct at_buf *buf, size_t len)
{
	if (len > buf->max - buf->len)
		return AT_ERR_TOO_LARGE;
	size_t need = buf->len + len;
	if (need <= buf->cap)
		return AT_OK;
	size_t cap = buf->cap ? buf->cap : 64;
	while (cap < need)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	buf->data = at_realloc(buf->data, cap);
	buf->cap = cap;
	return AT_OK;
}

enum at_err at_buf_append(struct at_buf *buf, const void *data, size_t len)
{
	enum at_err err = at_buf_reserve(buf, len);
	if (err)
		return err;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	return AT_OK;
}

static enum at_err append_formatted(struct at_buf *buf, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	AT_ASSERT(n >= 0);
	size_t len = (size_t)n;
	/* vsnprintf ends with a NUL that the caller did not ask for: it needs room, within the maximum or not. */
	if (len > buf->max - buf->len)
		return AT_ERR_TOO_LARGE;
	if (buf->cap - buf->len < len + 1) {
		buf->cap = buf->len + len + 1 + buf->cap / 2;
		buf->data = at_realloc(buf->data, buf->cap);
	}
	vsnprintf((char *)buf->data + buf->len, len + 1, fmt, args);
	buf->len += len;
	return AT_OK;
}

enum at_err at_buf_printf(struct at_buf *buf, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	enum at_err err = append_formatted(buf, fmt, args);
	va_end(args);
	return err;
}

void at_buf_consume(struct at_buf *buf, size_t len)
{
	AT_ASSERT(len <= buf->len);
	if (!len)
		return;
	buf->len -= len;
	memmove(buf->data, buf->data + len, buf->len);
}

struct at_bytes *at_bytes_new(const void *data, size_t len)
{
	struct at_bytes *bytes = at_realloc(NULL, sizeof(*bytes) + len);
	bytes->refs = 1;
	bytes->len = len;
	if (data && len)
		memcpy(bytes->data, data, len);
	return bytes;
}

struct at_bytes *at_bytes_ref(struct at_bytes *bytes)
{
	/* Atomic, so that a fan-out on the loop and a disk worker may each hold one. */
	uint32_t before = __atomic_fetch_add(&bytes->refs, 1, __ATOMIC_RELAXED);
	AT_ASSERT(before > 0 && before < UINT32_MAX);
	return bytes;
}

void at_bytes_unref(struct at_bytes **bytes)
{
	struct at_bytes *b = *bytes;
	*bytes = NULL;
	if (!b)
		return;
	uint32_t before = __atomic_fetch_sub(&b->refs, 1, __ATOMIC_ACQ_REL);
	AT_ASSERT(before > 0);
	if (before == 1)
		at_free(b);
}

struct at_reader at_reader_of(const void *data, size_t len)
{
	const uint8_t *p = data;
	/* No arithmetic on a NULL of no bytes. */
	return (struct at_reader){.p = p, .end = len ? p + len : p};
}

size_t at_reader_left(const struct at_reader *r)
{
	return r->p ? (size_t)(r->end - r->p) : 0;
}

const uint8_t *at_read_bytes(struct at_reader *r, size_t len)
{
	static const uint8_t nothing[1];
	if (r->failed || len > at_reader_left(r)) {
		r->failed = true;
		return NULL;
	}
	if (!len)
		return r->p ? r->p : nothing;
	const uint8_t *p = r->p;
	r->p += len;
	return p;
}

static uint64_t read_uint(struct at_reader *r, size_t len)
{
	const uint8_t *p = at_read_bytes(r, len);
	uint64_t v = 0;
	for (size_t i = 0; p && i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t at_read_u8(struct at_reader *r)
{
	return (uint8_t)read_uint(r, 1);
}

uint16_t at_read_u16(struct at_reader *r)
{
	return (uint16_t)read_uint(r, 2);
}

uint32_t at_read_u32(struct at_reader *r)
{
	return (uint32_t)read_uint(r, 4);
}

uint64_t at_read_u64(struct at_reader *r)
{
	return read_uint(r, 8);
}

static void put_uint(uint8_t *p, uint64_t v, size_t len)
{
	for (size_t i = len; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

void at_put_u16(uint8_t *p, uint16_t v)
{
	put_uint(p, v, 2);
}

void at_put_u32(uint8_t *p, uint32_t v)
{
	put_uint(p, v, 4);
}

void at_put_u64(uint8_t *p, uint64_t v)
{
	put_uint(p, v, 8);
}
