#include "net/net_http.h"

#include "base/str.h"

#include <string.h>

/* ---- character classes ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tchar of RFC 9110 section 5.6.2 */
static bool is_token_char(char c)
{
	return is_digit(c) || is_alpha(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *s)
{
	size_t n = 0;
	while (is_token_char(s[n]))
		n++;
	return n > 0 && !s[n];
}

/* ---- finding the end of the head ---- */

/* One byte at its place: line ends are CRLF and nothing else, no controls, no line starts with a blank (which refuses obs-fold and
 * a blank before the first header). Gives the status to refuse with. */
static int check_byte(const struct net_head *head, const char *text, size_t i)
{
	unsigned char c = (unsigned char)text[i];
	bool after_cr = i > 0 && text[i - 1] == '\r';
	if (i >= NET_HEAD_MAX)
		return 431;
	if (after_cr != (c == '\n'))
		return 400;
	if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
		return 400;
	if (i == head->line_start && (c == ' ' || c == '\t'))
		return 400;
	return 0;
}

/* At a LF: true when it ends the head. */
static bool end_line(struct net_head *head, size_t i)
{
	bool empty = i == head->line_start + 1;
	head->line_start = i + 1;
	head->lines++;
	if (empty && head->lines == 1)
		head->status = 400;
	else if (!empty && head->lines > NET_HEADERS_MAX + 1)
		head->status = 431;
	return empty && !head->status;
}

static enum net_head_got scan(struct net_head *head, const char *text, size_t len)
{
	for (size_t i = head->scanned; i < len; i++) {
		head->status = check_byte(head, text, i);
		bool done = !head->status && text[i] == '\n' && end_line(head, i);
		if (head->status)
			return NET_HEAD_BAD;
		if (done) {
			head->len = head->scanned = i + 1;
			return NET_HEAD_DONE;
		}
	}
	head->scanned = len;
	return NET_HEAD_MORE;
}

/* ---- the request line ---- */

/* Cuts the line at its next single space; NULL when there is none. Gives what follows. */
static char *cut_at_space(char *s)
{
	char *space = strchr(s, ' ');
	if (!space || space == s)
		return NULL;
	*space = 0;
	return space + 1;
}

static int parse_target(struct net_head *head, char *text, char *target)
{
	if (*target != '/')
		return 400;
	char *question = strchr(target, '?');
	char *query = question ? question + 1 : target + strlen(target);
	size_t path_len = question ? (size_t)(question - target) : strlen(target);
	if (!net_query_ok(query) || !net_path_decode(target, path_len))
		return 400;
	head->path = (uint16_t)(target - text);
	head->query = (uint16_t)(query - text);
	return 0;
}

static int parse_version(const char *s)
{
	if (!strcmp(s, "HTTP/1.1"))
		return 0;
	bool other = !strncmp(s, "HTTP/", 5) && is_digit(s[5]) && s[6] == '.' && is_digit(s[7]) && !s[8];
	return other ? 505 : 400;
}

static int parse_method(struct net_head *head, const char *s)
{
	static const char *const names[] = {[NET_GET] = "GET", [NET_HEAD] = "HEAD", [NET_POST] = "POST"};
	if (!is_token(s))
		return 400;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(s, names[i])) {
			head->method = (enum net_method)i;
			return 0;
		}
	}
	return 405;
}

static int parse_request_line(struct net_head *head, char *text, char *line)
{
	char *target = cut_at_space(line);
	char *version = target ? cut_at_space(target) : NULL;
	if (!version)
		return 400;
	int status = parse_version(version);
	if (!status)
		status = parse_method(head, line);
	return status ? status : parse_target(head, text, target);
}

/* ---- headers ---- */

static int parse_header(struct net_head *head, char *text, char *line)
{
	char *colon = strchr(line, ':');
	if (!colon)
		return 400;
	*colon = 0;
	if (!is_token(line))
		return 400;
	for (char *p = colon + 1; *p; p++) {
		if (*p == '\t')
			*p = ' ';
	}
	char *value = colon + 1 + strspn(colon + 1, " ");
	char *end = value + strlen(value);
	while (end > value && end[-1] == ' ')
		*--end = 0;
	head->headers[head->headers_n].name = (uint16_t)(line - text);
	head->headers[head->headers_n].value = (uint16_t)(value - text);
	head->headers_n++;
	return 0;
}

static int parse_lines(struct net_head *head, char *text)
{
	char *line = text;
	for (size_t n = 0; n + 1 < head->lines; n++) {
		char *end = strchr(line, '\r');
		*end = 0;
		int status = n ? parse_header(head, text, line) : parse_request_line(head, text, line);
		if (status)
			return status;
		line = end + 2;
	}
	return 0;
}

const char *net_head_get(const struct net_head *head, const char *text, const char *name)
{
	for (size_t i = 0; i < head->headers_n; i++) {
		if (at_str_eq_nocase(text + head->headers[i].name, name))
			return text + head->headers[i].value;
	}
	return NULL;
}

static size_t count(const struct net_head *head, const char *text, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < head->headers_n; i++)
		n += at_str_eq_nocase(text + head->headers[i].name, name);
	return n;
}

/* ---- what the headers mean together ---- */

/* Of these a second one is a lie, or would let two readers differ. */
static int check_singles(const struct net_head *head, const char *text)
{
	static const char *const singles[] = {
		"host",
		"content-length",
		"content-type",
		"cookie",
		"origin",
		"authorization",
		"range",
		"if-range",
		"expect",
		"sec-websocket-key",
		"sec-websocket-version",
		"sec-fetch-site",
	};
	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++) {
		if (count(head, text, singles[i]) > 1)
			return 400;
	}
	return 0;
}

/* Host goes into our answers (Content-Security-Policy), so nothing but names, addresses and a port. */
static bool is_host(const char *s)
{
	size_t n = 0;
	while (s && (is_digit(s[n]) || is_alpha(s[n]) || (s[n] && strchr("-._:[]", s[n]))))
		n++;
	return n > 0 && n <= 255 && !s[n];
}

/* RFC 9112 section 6.3, narrowed: a body has a Content-Length, a request with any Transfer-Encoding is refused. */
static int parse_body_len(struct net_head *head, const char *text)
{
	const char *length = net_head_get(head, text, "content-length");
	if (net_head_get(head, text, "transfer-encoding"))
		return length ? 400 : 501;
	if (!length)
		return head->method == NET_POST ? 411 : 0;
	size_t digits = strspn(length, "0123456789");
	if (!digits || length[digits] || (digits > 1 && length[0] == '0'))
		return 400;
	uint64_t v;
	if (at_parse_u64(length, digits, NET_BODY_MAX, &v))
		return 413;
	head->body_len = (size_t)v;
	return head->method != NET_POST && v ? 400 : 0;
}

bool net_list_has(const char *value, const char *token)
{
	size_t len = strlen(token);
	while (value && *value) {
		value += strspn(value, " ,");
		size_t n = strcspn(value, " ,");
		char item[32];
		if (n == len && n < sizeof(item)) {
			memcpy(item, value, n);
			item[n] = 0;
			if (at_str_eq_nocase(item, token))
				return true;
		}
		value += n;
	}
	return false;
}

static bool any_list_has(const struct net_head *head, const char *text, const char *name, const char *token)
{
	for (size_t i = 0; i < head->headers_n; i++) {
		if (at_str_eq_nocase(text + head->headers[i].name, name) &&
		    net_list_has(text + head->headers[i].value, token))
			return true;
	}
	return false;
}

static int parse_meaning(struct net_head *head, const char *text)
{
	int status = check_singles(head, text);
	if (!status && !is_host(net_head_get(head, text, "host")))
		status = 400;
	if (!status)
		status = parse_body_len(head, text);
	if (!status && net_head_get(head, text, "expect"))
		status = 417;
	head->close = any_list_has(head, text, "connection", "close");
	head->wants_ws = head->method == NET_GET && any_list_has(head, text, "connection", "upgrade") &&
			 any_list_has(head, text, "upgrade", "websocket");
	return status;
}

enum net_head_got net_head_feed(struct net_head *head, char *text, size_t len)
{
	enum net_head_got got = head->status ? NET_HEAD_BAD : scan(head, text, len);
	if (got != NET_HEAD_DONE)
		return got;
	head->status = parse_lines(head, text);
	if (!head->status)
		head->status = parse_meaning(head, text);
	return head->status ? NET_HEAD_BAD : NET_HEAD_DONE;
}
