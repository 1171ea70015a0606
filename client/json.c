#include "client/json.h"

#include <stdio.h>
#include <string.h>

/* ---- where a value ends ---- */

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* p at the opening quote; behind the closing one, NULL when there is none. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++)
		if (*p == '\\')
			p++;
		else if (*p == '"')
			return p + 1;
	return NULL;
}

static const char *skip_nested(const char *p, const char *end)
{
	size_t depth = 0;

	while (p && p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		depth += *p == '{' || *p == '[';
		if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
		p++;
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end)
{
	if (p >= end)
		return NULL;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_nested(p, end);
	const char *from = p;
	while (p < end && !strchr(",:]} \t\r\n", *p))
		p++;
	return p > from ? p : NULL;
}

static struct json value_at(const char *p, const char *end)
{
	p = skip_space(p, end);
	const char *behind = skip_value(p, end);
	return behind && behind <= end ? (struct json){p, (size_t)(behind - p)} : (struct json){NULL, 0};
}

struct json json_of(const void *text, size_t len)
{
	return len > 0 ? value_at(text, (const char *)text + len) : (struct json){NULL, 0};
}

/* ---- objects and arrays ---- */

/* Over spaces and the one byte that must stand there. NULL when it does not. */
static const char *expect(const char *p, const char *end, char byte)
{
	p = skip_space(p, end);
	return p < end && *p == byte ? p + 1 : NULL;
}

static bool key_is(struct json key, const char *text)
{
	size_t len = strlen(text);

	return key.len == len + 2 && key.at[0] == '"' && memcmp(key.at + 1, text, len) == 0;
}

struct json json_get(struct json object, const char *key)
{
	const struct json none = {NULL, 0};

	if (object.len < 2 || object.at[0] != '{')
		return none;
	const char *p = object.at + 1, *end = object.at + object.len - 1;
	for (;;) {
		struct json name = value_at(p, end);
		if (name.len == 0 || !(p = expect(name.at + name.len, end, ':')))
			return none;
		struct json value = value_at(p, end);
		if (value.len == 0)
			return none;
		if (key_is(name, key))
			return value;
		if (!(p = expect(value.at + value.len, end, ',')))
			return none;
	}
}

bool json_each(struct json array, size_t *pos, struct json *element_out)
{
	if (array.len < 2 || array.at[0] != '[')
		return false;
	const char *end = array.at + array.len - 1;
	const char *p = *pos == 0 ? array.at + 1 : expect(array.at + *pos, end, ',');
	if (!p)
		return false;
	*element_out = value_at(p, end);
	if (element_out->len == 0)
		return false;
	*pos = (size_t)(element_out->at + element_out->len - array.at);
	return true;
}

size_t json_count(struct json array)
{
	struct json element;
	size_t n = 0, pos = 0;

	while (json_each(array, &pos, &element))
		n++;
	return n;
}

/* ---- what a value says ---- */

int64_t json_int(struct json value, int64_t otherwise)
{
	bool negative = value.len > 0 && value.at[0] == '-';
	uint64_t v;

	if (value.len == 0 || at_parse_u64(value.at + negative, value.len - negative, INT64_MAX, &v))
		return otherwise;
	return negative ? -(int64_t)v : (int64_t)v;
}

bool json_true(struct json value)
{
	return value.len == 4 && memcmp(value.at, "true", 4) == 0;
}

bool json_null(struct json value)
{
	return value.len == 0 || (value.len == 4 && memcmp(value.at, "null", 4) == 0);
}

bool json_is(struct json value, const char *text)
{
	return value.len > 0 && key_is(value, text);
}

bool json_id(struct json value, struct at_id *id_out)
{
	return value.len == AT_ID_HEX_LEN + 2 && value.at[0] == '"' &&
	       at_id_parse(value.at + 1, AT_ID_HEX_LEN, id_out) == AT_OK;
}

static bool hex4(const char *p, const char *end, uint32_t *code_out)
{
	*code_out = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
							: 16;
		if (digit > 15)
			return false;
		*code_out = *code_out << 4 | digit;
	}
	return true;
}

static size_t utf8_put(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0u : n == 3 ? 0xe0u : 0xf0u) | code);
	return n;
}

/* p behind the backslash. Behind the escape, NULL when it is none. */
static const char *unescape(const char *p, const char *end, char out[4], size_t *n_out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t code, low;
	const char *found = p < end && *p ? strchr(from, *p) : NULL;

	*n_out = 1;
	if (found) {
		out[0] = to[found - from];
		return p + 1;
	}
	if (p >= end || *p != 'u' || !hex4(p + 1, end, &code) || code == 0)
		return NULL;
	p += 5;
	if (code >= 0xd800 && code < 0xdc00) {
		if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !hex4(p + 2, end, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return NULL;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	*n_out = utf8_put(code, out);
	return p;
}

bool json_str(struct json value, char *out, size_t cap)
{
	if (value.len < 2 || value.at[0] != '"')
		return false;
	size_t used = 0;
	for (const char *p = value.at + 1, *end = value.at + value.len - 1; p < end;) {
		char bytes[4] = {*p};
		size_t n = 1;
		if (*p == '\\')
			p = unescape(p + 1, end, bytes, &n);
		else
			p++;
		if (!p || used + n >= cap)
			return false;
		memcpy(out + used, bytes, n);
		used += n;
	}
	if (used >= cap)
		return false;
	out[used] = 0;
	return true;
}
