#include "wire/wire.h"

#include <stdio.h>
#include <string.h>

static void put(struct wire_out *w, const void *data, size_t len)
{
	if (!w->failed && at_buf_append(w->buf, data, len))
		w->failed = true;
}

static void put_text(struct wire_out *w, const char *s)
{
	put(w, s, strlen(s));
}

/* ---- strings ---- */

/* How many bytes at p need an escape: 0, 1, or 3 for U+2028 and U+2029, which end a line in older JavaScript.
 * '<' is escaped so that JSON inside a page cannot end its script. */
static size_t special_len(const uint8_t *p, const uint8_t *end)
{
	if (*p < 0x20 || *p == '"' || *p == '\\' || *p == '<')
		return 1;
	if (*p == 0xe2 && end - p >= 3 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8)
		return 3;
	return 0;
}

static void put_escape(struct wire_out *w, const uint8_t *p, size_t len)
{
	static const char short_names[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	char esc[8];
	if (len == 3)
		snprintf(esc, sizeof(esc), "\\u%04x", 0x2028u + (p[2] & 1u));
	else if (*p == '"' || *p == '\\')
		snprintf(esc, sizeof(esc), "\\%c", *p);
	else if (*p < 0x20 && short_names[*p])
		snprintf(esc, sizeof(esc), "\\%c", short_names[*p]);
	else
		snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)*p);
	put_text(w, esc);
}

/* Runs of plain bytes are copied whole. */
static void put_escaped(struct wire_out *w, const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s, *run = p;
	const uint8_t *end = p + len;
	while (p < end) {
		size_t special = special_len(p, end);
		if (!special) {
			p++;
			continue;
		}
		put(w, run, (size_t)(p - run));
		put_escape(w, p, special);
		p += special;
		run = p;
	}
	put(w, run, (size_t)(p - run));
}

/* The length of the valid character at p, 0 when there is none. */
static size_t utf8_char_len(const char *p, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++) {
		if (at_utf8_valid(p, n))
			return n;
	}
	return 0;
}

/* What the store holds was checked when it came in; should it be damaged, the frame is JSON all the same. */
static void put_repaired(struct wire_out *w, const char *s, size_t len)
{
	size_t i = 0;
	while (i < len) {
		size_t n = utf8_char_len(s + i, len - i);
		if (n)
			put_escaped(w, s + i, n);
		else
			put_text(w, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
}

static void put_string(struct wire_out *w, const char *s, size_t len)
{
	put(w, "\"", 1);
	if (!len)
		;
	else if (at_utf8_valid(s, len))
		put_escaped(w, s, len);
	else
		put_repaired(w, s, len);
	put(w, "\"", 1);
}

/* ---- the writer ---- */

static void put_key(struct wire_out *w, const char *key)
{
	if (w->comma)
		put(w, ",", 1);
	w->comma = true;
	if (!key)
		return;
	put(w, "\"", 1);
	put_text(w, key);
	put(w, "\":", 2);
}

struct wire_out wire_out_begin(struct at_buf *buf)
{
	return (struct wire_out){.buf = buf, .start = buf->len};
}

enum at_err wire_out_end(struct wire_out *w)
{
	if (!w->failed)
		return AT_OK;
	w->buf->len = w->start;
	return AT_ERR_TOO_LARGE;
}

static void open_with(struct wire_out *w, const char *key, const char *bracket)
{
	put_key(w, key);
	put(w, bracket, 1);
	w->comma = false;
}

static void close_with(struct wire_out *w, const char *bracket)
{
	put(w, bracket, 1);
	w->comma = true;
}

void wire_obj(struct wire_out *w, const char *key)
{
	open_with(w, key, "{");
}

void wire_obj_end(struct wire_out *w)
{
	close_with(w, "}");
}

void wire_arr(struct wire_out *w, const char *key)
{
	open_with(w, key, "[");
}

void wire_arr_end(struct wire_out *w)
{
	close_with(w, "]");
}

void wire_str(struct wire_out *w, const char *key, const char *s)
{
	if (s)
		wire_strn(w, key, s, strlen(s));
	else
		wire_null(w, key);
}

void wire_strn(struct wire_out *w, const char *key, const char *s, size_t len)
{
	put_key(w, key);
	put_string(w, s, len);
}

void wire_int(struct wire_out *w, const char *key, int64_t v)
{
	char digits[24];
	char *p = digits + sizeof(digits);
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (v < 0)
		*--p = '-';
	put_key(w, key);
	put(w, p, (size_t)(digits + sizeof(digits) - p));
}

void wire_bool(struct wire_out *w, const char *key, bool v)
{
	put_key(w, key);
	put_text(w, v ? "true" : "false");
}

void wire_null(struct wire_out *w, const char *key)
{
	put_key(w, key);
	put_text(w, "null");
}

void wire_id(struct wire_out *w, const char *key, const struct at_id *id)
{
	char hex[AT_ID_HEX_LEN + 1];
	if (at_id_is_zero(id)) {
		wire_null(w, key);
		return;
	}
	at_id_hex(id, hex);
	put_key(w, key);
	put_string(w, hex, AT_ID_HEX_LEN);
}

void wire_raw(struct wire_out *w, const char *key, const void *json, size_t len)
{
	AT_ASSERT(len > 0);
	put_key(w, key);
	put(w, json, len);
}
