#include "base/str.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void at_hex(const void *data, size_t len, char *hex_out)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < len; i++) {
		hex_out[2 * i] = hex_digits[p[i] >> 4];
		hex_out[2 * i + 1] = hex_digits[p[i] & 15];
	}
	hex_out[2 * len] = '\0';
}

static int unhex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum at_err at_unhex(const char *hex, size_t len, void *data_out)
{
	uint8_t *out = data_out;
	if (len % 2)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < len; i += 2) {
		int high = unhex_digit(hex[i]), low = unhex_digit(hex[i + 1]);
		if (high < 0 || low < 0)
			return AT_ERR_BAD_REQUEST;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return AT_OK;
}

void at_id_hex(const struct at_id *id, char hex_out[AT_ID_HEX_LEN + 1])
{
	at_hex(id->b, sizeof(id->b), hex_out);
}

enum at_err at_id_parse(const char *hex, size_t len, struct at_id *id_out)
{
	struct at_id id;
	if (!hex || len != AT_ID_HEX_LEN || at_unhex(hex, len, id.b))
		return AT_ERR_BAD_REQUEST;
	*id_out = id;
	return AT_OK;
}

bool at_id_eq(const struct at_id *a, const struct at_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool at_id_is_zero(const struct at_id *id)
{
	static const struct at_id zero;
	return at_id_eq(id, &zero);
}

static size_t base64_encode(const uint8_t *p, size_t len, const char *digits, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;
		if (have > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (have > 2)
			v |= p[i + 2];
		for (size_t k = 0; k <= have; k++)
			out[n++] = digits[v >> (18 - 6 * k) & 63];
	}
	out[n] = '\0';
	return n;
}

static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t at_base64url(const void *data, size_t len, char *out)
{
	return base64_encode(data, len, url_digits, out);
}

enum at_err at_unbase64url(const char *text, size_t len, void *data_out)
{
	uint8_t *out = data_out;
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < len; i++) {
		const char *digit = text[i] ? strchr(url_digits, text[i]) : NULL;
		if (!digit)
			return AT_ERR_BAD_REQUEST;
		bits = bits << 6 | (uint32_t)(digit - url_digits);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		*out++ = (uint8_t)(bits >> have);
	}
	/* A digit that says nothing, or more than it may. */
	bool whole = have < 6 && (bits & ((1u << have) - 1)) == 0;
	return whole ? AT_OK : AT_ERR_BAD_REQUEST;
}

size_t at_base64(const void *data, size_t len, char *out)
{
	size_t n = base64_encode(data, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out);
	while (n % 4)
		out[n++] = '=';
	out[n] = '\0';
	return n;
}

/* The length of the sequence that starts here, 0 when it is not one (RFC 3629 section 4, table of well-formed bytes). */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
	uint8_t c = p[0], low = 0x80, high = 0xbf;
	size_t len;
	if (c < 0x80)
		return c ? 1 : 0;
	if (c >= 0xc2 && c <= 0xdf)
		len = 2;
	else if ((c & 0xf0) == 0xe0)
		len = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4;
	else
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (left < len || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Eight ASCII bytes without a NUL at once: most of what people type. */
static bool plain_word(const uint8_t *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return !(v & tops) && !((v - ones) & ~v & tops);
}

bool at_utf8_valid(const void *data, size_t len)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < len;) {
		if (len - i >= 8 && plain_word(p + i)) {
			i += 8;
			continue;
		}
		size_t n = utf8_sequence(p + i, len - i);
		if (!n)
			return false;
		i += n;
	}
	return true;
}

bool at_str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool at_str_starts(const char *s, const char *prefix)
{
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool at_str_eq_nocase(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (lower(*a) != lower(*b))
			return false;
	return *a == *b;
}

bool at_mem_eq_const_time(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;
	for (size_t i = 0; i < len; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}

enum at_err at_parse_u64(const char *s, size_t len, uint64_t max, uint64_t *v_out)
{
	uint64_t v = 0;
	if (!len)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(s[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return AT_ERR_TOO_LARGE;
		v = v * 10 + digit;
	}
	if (v > max)
		return AT_ERR_TOO_LARGE;
	*v_out = v;
	return AT_OK;
}
