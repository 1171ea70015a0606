/* The values inside a head that have a grammar of their own: path, cookie, range, entity tags. */
#include "net/net_http.h"

#include "base/str.h"

#include <string.h>

/* ---- path ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* pchar and '/' of RFC 3986; the percent sign apart. */
static bool is_path_char(char c)
{
	bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	return alnum || (c && strchr("-._~!$&'()*+,;=:@/", c));
}

/* The byte that %XY at s stands for, -1 when that is not what is there. */
static int decode_hex(const char *s, size_t left)
{
	if (left < 3 || hex_value(s[1]) < 0 || hex_value(s[2]) < 0)
		return -1;
	return hex_value(s[1]) * 16 + hex_value(s[2]);
}

/* The same, but -1 also for what would end, split or climb a path. */
static int decode_escape(const char *s, size_t left)
{
	int byte = decode_hex(s, left);
	return byte < 0x20 || byte == 0x7f || byte == '/' || byte == '\\' ? -1 : byte;
}

static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.');
}

static bool segments_ok(const char *path)
{
	if (*path != '/')
		return false;
	while (*path == '/') {
		path++;
		size_t len = strcspn(path, "/");
		if (is_dots(path, len) || (!len && *path))
			return false;
		path += len;
	}
	return true;
}

bool net_path_decode(char *path, size_t len)
{
	size_t out = 0;
	for (size_t i = 0; i < len; i++) {
		int byte = path[i] == '%' ? decode_escape(path + i, len - i) : is_path_char(path[i]) ? path[i] : -1;
		if (byte < 0)
			return false;
		if (path[i] == '%')
			i += 2;
		path[out++] = (char)byte;
	}
	path[out] = 0;
	return at_utf8_valid(path, out) && segments_ok(path);
}

bool net_query_ok(const char *query)
{
	for (const char *s = query; *s; s++) {
		if (*s == '%') {
			if (decode_hex(s, strlen(s)) <= 0)
				return false;
			s += 2;
		} else if (!is_path_char(*s) && !strchr("?[]{}|^`", *s)) {
			return false;
		}
	}
	return true;
}

/* ---- cookie ---- */

bool net_cookie_find(const char *header, const char *name, const char **value_out, size_t *len_out)
{
	size_t name_len = strlen(name), found = 0;
	while (*header) {
		header += strspn(header, " ;");
		size_t len = strcspn(header, ";");
		if (len > name_len && header[name_len] == '=' && !strncmp(header, name, name_len)) {
			*value_out = header + name_len + 1;
			*len_out = len - name_len - 1;
			found++;
		}
		header += len;
	}
	while (found == 1 && *len_out && (*value_out)[*len_out - 1] == ' ')
		--*len_out;
	return found == 1;
}

/* ---- range ---- */

/* Digits at *s, which is moved behind them. A number too big to hold is as good as the biggest one. */
static bool read_position(const char **s, uint64_t *v_out)
{
	size_t n = strspn(*s, "0123456789");
	if (!n)
		return false;
	if (at_parse_u64(*s, n, UINT64_MAX, v_out))
		*v_out = UINT64_MAX;
	*s += n;
	return true;
}

static enum net_range suffix(uint64_t wanted, uint64_t len, uint64_t *first_out, uint64_t *last_out)
{
	if (!wanted || !len)
		return NET_RANGE_NONE;
	*first_out = wanted < len ? len - wanted : 0;
	*last_out = len - 1;
	return NET_RANGE_PART;
}

enum net_range net_range_parse(const char *value, uint64_t len, uint64_t *first_out, uint64_t *last_out)
{
	char unit[7] = "";
	*first_out = *last_out = 0;
	memcpy(unit, value, strnlen(value, 6));
	if (!at_str_eq_nocase(unit, "bytes="))
		return NET_RANGE_WHOLE;
	const char *s = value + 6;
	uint64_t first, last = UINT64_MAX;
	bool is_suffix = *s == '-';
	if (is_suffix) {
		s++;
		if (!read_position(&s, &last) || *s)
			return NET_RANGE_WHOLE;
		return suffix(last, len, first_out, last_out);
	}
	if (!read_position(&s, &first) || *s++ != '-')
		return NET_RANGE_WHOLE;
	if (*s && (!read_position(&s, &last) || *s || last < first))
		return NET_RANGE_WHOLE;
	if (first >= len)
		return NET_RANGE_NONE;
	*first_out = first;
	*last_out = last < len ? last : len - 1;
	return NET_RANGE_PART;
}

/* ---- entity tags ---- */

bool net_etag_in(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	if (!strcmp(list, "*"))
		return true;
	while (*list) {
		list += strspn(list, " ,");
		if (at_str_starts(list, "W/"))
			list += 2;
		/* A tag may hold commas, so its end is its second quote. */
		const char *quote = *list == '"' ? strchr(list + 1, '"') : NULL;
		if (!quote)
			return false;
		if ((size_t)(quote + 1 - list) == len && !strncmp(list, etag, len))
			return true;
		list = quote + 1;
	}
	return false;
}
