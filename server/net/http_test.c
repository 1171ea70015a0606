#include "base/test.h"

#include "base/mem.h"
#include "base/str.h"
#include "net/net_http.h"

/* Fed in pieces of `step` bytes, in memory that ends where they end. Gives the text of a whole head, NULL otherwise. */
static char *feed(const char *text, size_t len, size_t step, struct net_head *head_out, enum net_head_got *got_out)
{
	memset(head_out, 0, sizeof(*head_out));
	*got_out = NET_HEAD_MORE;
	char *bytes = NULL;
	for (size_t n = 0; n < len && *got_out == NET_HEAD_MORE;) {
		size_t more = step < len - n ? step : len - n;
		char *moved = at_realloc(NULL, n + more);
		if (n)
			memcpy(moved, bytes, n);
		memcpy(moved + n, text + n, more);
		at_free(bytes);
		bytes = moved;
		n += more;
		*got_out = net_head_feed(head_out, bytes, n);
	}
	if (*got_out != NET_HEAD_DONE) {
		at_free(bytes);
		bytes = NULL;
	}
	return bytes;
}

/* 0: taken; -1: more is wanted; else the status it is refused with. The same however it is cut. */
static int outcome(const char *text, size_t len)
{
	static const size_t steps[] = {SIZE_MAX, 1, 2, 7};
	int first = 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct net_head head;
		enum net_head_got got;
		char *bytes = feed(text, len, steps[i], &head, &got);
		int now = got == NET_HEAD_MORE ? -1 : head.status;
		at_free(bytes);
		if (i && now != first)
			fail_msg("%d, in pieces of %zu bytes %d: %.60s", first, steps[i], now, text);
		first = now;
	}
	return first;
}

static void expect(const char *text, int status)
{
	int got = outcome(text, strlen(text));
	if (got != status)
		fail_msg("%d instead of %d for: %s", got, status, text);
}

#define H "Host: x\r\n"
#define END "\r\n"

static void test_takes_what_browsers_send(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\n" H END, 0);
	expect("HEAD /a/b/ HTTP/1.1\r\n" H END, 0);
	expect("POST /api/x HTTP/1.1\r\n" H "Content-Length: 0\r\n" END, 0);
	expect("POST /api/x HTTP/1.1\r\n" H "Content-Length: 65536\r\n" END, 0);
	expect("GET /?a=b&c=%20d[]{}|^` HTTP/1.1\r\n" H END, 0);
	expect("GET /a%20b/%C3%A9.js HTTP/1.1\r\n" H END, 0);
	expect("GET / HTTP/1.1\r\nhOsT:[::1]:8080\r\nEmpty:\r\nX: \t a \t b \t\r\n" END, 0);
	expect("GET / HTTP/1.1\r\n" H "X: obs-text \xe9\r\nX: twice\r\n" END, 0);
	expect("GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n" END, 0);
	expect("GET / HTTP/1.1\r\n" H, -1);
	expect("GET / HTTP/1.1\r\n" H "\r", -1);
}

static void test_request_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int status;
	} t[] = {
		{"", 400},
		{" GET / HTTP/1.1", 400},
		{"GET  / HTTP/1.1", 400},
		{"GET / HTTP/1.1 ", 400},
		{"GET /  HTTP/1.1", 400},
		{"GET\t/ HTTP/1.1", 400},
		{"GET /", 400},
		{"GET", 400},
		{"GET / HTTP/1.1 x", 400},
		{"GET / http/1.1", 400},
		{"GET / HTTP/1.0", 505},
		{"GET / HTTP/2.0", 505},
		{"GET / HTTP/0.9", 505},
		{"GET / HTTP/1.10", 400},
		{"GET / HTTP/11", 400},
		{"GET / HTTP/1.1\x01", 400},
		{"PRI * HTTP/2.0", 505},
		{"PUT / HTTP/1.1", 405},
		{"get / HTTP/1.1", 405},
		{"OPTIONS * HTTP/1.1", 405},
		{"TRACE / HTTP/1.1", 405},
		{"CONNECT x:443 HTTP/1.1", 405},
		{"G@T / HTTP/1.1", 400},
		{"GET\xc3 / HTTP/1.1", 400},
		{"GET http://x/ HTTP/1.1", 400},
		{"GET * HTTP/1.1", 400},
		{"GET x HTTP/1.1", 400},
		{"GET ?a HTTP/1.1", 400},
		{"GET // HTTP/1.1", 400},
		{"GET /a//b HTTP/1.1", 400},
		{"GET /. HTTP/1.1", 400},
		{"GET /.. HTTP/1.1", 400},
		{"GET /a/../b HTTP/1.1", 400},
		{"GET /a/./b HTTP/1.1", 400},
		{"GET /%2e%2e/a HTTP/1.1", 400},
		{"GET /%2e HTTP/1.1", 400},
		{"GET /.%2E/ HTTP/1.1", 400},
		{"GET /a%2fb HTTP/1.1", 400},
		{"GET /a%5Cb HTTP/1.1", 400},
		{"GET /a\\b HTTP/1.1", 400},
		{"GET /%00 HTTP/1.1", 400},
		{"GET /%0a HTTP/1.1", 400},
		{"GET /%7f HTTP/1.1", 400},
		{"GET /% HTTP/1.1", 400},
		{"GET /%4 HTTP/1.1", 400},
		{"GET /%g1 HTTP/1.1", 400},
		{"GET /%c0%af HTTP/1.1", 400},
		{"GET /%ff HTTP/1.1", 400},
		{"GET /%ed%a0%80 HTTP/1.1", 400},
		{"GET /\xc3\xa9 HTTP/1.1", 400},
		{"GET /<a> HTTP/1.1", 400},
		{"GET /\"a HTTP/1.1", 400},
		{"GET /a#b HTTP/1.1", 400},
		{"GET /a{b HTTP/1.1", 400},
		{"GET /?a#b HTTP/1.1", 400},
		{"GET /?%00 HTTP/1.1", 400},
		{"GET /?% HTTP/1.1", 400},
		{"GET /?%4 HTTP/1.1", 400},
		{"GET /?<a> HTTP/1.1", 400},
		{"GET /?\xff HTTP/1.1", 400},
		{"GET /... HTTP/1.1", 0},
		{"GET /..a HTTP/1.1", 0},
		{"GET /a/ HTTP/1.1", 0},
		{"GET /?// HTTP/1.1", 0},
		{"GET /%252e HTTP/1.1", 0},
		{"GET /;a=b,c:@$ HTTP/1.1", 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char text[256];
		snprintf(text, sizeof(text), "%s\r\n" H END, t[i].line);
		expect(text, t[i].status);
	}
}

static void test_line_ends_and_blanks(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"GET / HTTP/1.1\n" H END,
		"GET / HTTP/1.1\r\nHost: x\n" END,
		"GET / HTTP/1.1\r\n" H "\n",
		"GET / HTTP/1.1\r\r\n" H END,
		"GET / HTTP/1.1\r\nHost: x\rA: b\r\n" END,
		"\r\nGET / HTTP/1.1\r\n" H END,
		"GET / HTTP/1.1\r\n" H "A: b\r\n c\r\n" END,
		"GET / HTTP/1.1\r\n" H "A: b\r\n\tc\r\n" END,
		"GET / HTTP/1.1\r\n A: b\r\n" H END,
		"GET / HTTP/1.1\r\n" H "A : b\r\n" END,
		"GET / HTTP/1.1\r\n" H ": b\r\n" END,
		"GET / HTTP/1.1\r\n" H "A\r\n" END,
		"GET / HTTP/1.1\r\n" H "A b: c\r\n" END,
		"GET / HTTP/1.1\r\n" H "A\x01: c\r\n" END,
		"GET / HTTP/1.1\r\n" H "A: \x01\r\n" END,
		"GET / HTTP/1.1\r\n" H "A: \x7f\r\n" END,
		"GET / HTTP/1.1\r\n" H "\xe9: c\r\n" END,
		"GET / HTTP/1.1\r\n" H "(A): c\r\n" END,
		"\x16\x03\x01\x02",
		"\x80\x01",
		" ",
		"\n",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(bad[i], 400);
	assert_int_equal(outcome("GET /\0 HTTP/1.1\r\n" H END, 28), 400);
	assert_int_equal(outcome("GET / HTTP/1.1\r\nHost: x\0y\r\n" END, 30), 400);
}

static void test_bodies_cannot_be_smuggled(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		int status;
	} t[] = {
		{"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
		{"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
		{"Transfer-Encoding: chunked\r\n", 501},
		{"Transfer-Encoding: identity\r\n", 501},
		{"tRANSFER-eNCODING: xchunked\r\n", 501},
		{"Transfer-Encoding : chunked\r\n", 400},
		{"Transfer-Encoding:\r\n", 501},
		{"Transfer-Encoding\r\n", 400},
		{"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
		{"Content-Length: 5\r\ncontent-length: 6\r\n", 400},
		{"Content-Length: 5, 5\r\n", 400},
		{"Content-Length: -1\r\n", 400},
		{"Content-Length: +5\r\n", 400},
		{"Content-Length: 0x5\r\n", 400},
		{"Content-Length: 5 5\r\n", 400},
		{"Content-Length: 5a\r\n", 400},
		{"Content-Length:\r\n", 400},
		{"Content-Length: 05\r\n", 400},
		{"Content-Length: 1e3\r\n", 400},
		{"Content-Length: \xb2\r\n", 400},
		{"Content-Length: 65537\r\n", 413},
		{"Content-Length: 4294967297\r\n", 413},
		{"Content-Length: 18446744073709551617\r\n", 413},
		{"Content-Length: 99999999999999999999999999999999\r\n", 413},
		{"Content-Length: 9223372036854775808\r\n", 413},
		{"", 411},
		{"Content_Length: 5\r\n", 411},
		{"Content-Length: 5\r\nExpect: 100-continue\r\n", 417},
		{"Content-Length: 5\r\n", 0},
		{"Content-Length: \t5\t \r\n", 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char text[256];
		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" H "%s" END, t[i].lines);
		expect(text, t[i].status);
	}
	expect("GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n" END, 400);
	expect("GET / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END, 501);
}

static void test_hosts_and_singles(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		int status;
	} t[] = {
		{"", 400},
		{"Host:\r\n", 400},
		{"Host: a\r\nHost: a\r\n", 400},
		{"Host: a\r\nhost: b\r\n", 400},
		{"Host: a b\r\n", 400},
		{"Host: a/b\r\n", 400},
		{"Host: u@a\r\n", 400},
		{"Host: a;b\r\n", 400},
		{"Host: a,b\r\n", 400},
		{"Host: 'self'\r\n", 400},
		{"Host: *\r\n", 400},
		{"Host: a\xe9\r\n", 400},
		{"Host: a.b-c_d:80\r\n", 0},
		{"Host: [fe80::1]\r\n", 0},
		{"Host: a\r\nOrigin: b\r\nOrigin: c\r\n", 400},
		{"Host: a\r\nCookie: b\r\nCookie: c\r\n", 400},
		{"Host: a\r\nRange: b\r\nrange: c\r\n", 400},
		{"Host: a\r\nContent-Type: b\r\nContent-Type: c\r\n", 400},
		{"Host: a\r\nAccept: b\r\nAccept: c\r\n", 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char text[256];
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s" END, t[i].lines);
		expect(text, t[i].status);
	}
}

/* A head of n headers, the last one padded so that the whole is len bytes long (0: as it comes). */
static int outcome_of_many(size_t n, size_t len)
{
	size_t cap = 64 + n * 16 + len;
	char *text = at_alloc(cap + 1);
	size_t at = (size_t)snprintf(text, cap, "GET / HTTP/1.1\r\nHost: x\r\n");
	for (size_t i = 1; i < n; i++)
		at += (size_t)snprintf(text + at, cap - at, "A%zu: b\r\n", i);
	while (at + 4 < len) {
		text[at - 2] = 'y';
		text[at - 1] = '\r';
		text[at++] = '\n';
	}
	at += (size_t)snprintf(text + at, cap - at, "\r\n");
	int status = outcome(text, at);
	at_free(text);
	return status;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(outcome_of_many(NET_HEADERS_MAX, 0), 0);
	assert_int_equal(outcome_of_many(NET_HEADERS_MAX + 1, 0), 431);
	assert_int_equal(outcome_of_many(10000, 0), 431);
	assert_int_equal(outcome_of_many(3, NET_HEAD_MAX - 100), 0);
	assert_int_equal(outcome_of_many(3, NET_HEAD_MAX + 100), 431);
	assert_int_equal(outcome_of_many(3, 64 * 1024), 431);
}

static void test_what_is_read(void **state)
{
	(void)state;
	static const char text[] =
		"POST /a%20%C3%A9?q=%41&r HTTP/1.1\r\nHost: h:1\r\nX-One:  v \t w  \r\nx-one: second\r\nEmpty: \r\n"
		"Content-Length: 7\r\nConnection: keep-alive, Close\r\n\r\nbody...";
	for (size_t step = 1; step < sizeof(text); step += 13) {
		struct net_head head;
		enum net_head_got got;
		char *bytes = feed(text, sizeof(text) - 1, step, &head, &got);
		assert_int_equal(got, NET_HEAD_DONE);
		assert_int_equal(head.len, sizeof(text) - 1 - 7);
		assert_int_equal(head.body_len, 7);
		assert_int_equal(head.method, NET_POST);
		assert_true(head.close);
		assert_false(head.wants_ws);
		assert_string_equal(bytes + head.path, "/a \xc3\xa9");
		assert_string_equal(bytes + head.query, "q=%41&r");
		assert_string_equal(net_head_get(&head, bytes, "x-ONE"), "v   w");
		assert_string_equal(net_head_get(&head, bytes, "empty"), "");
		assert_null(net_head_get(&head, bytes, "absent"));
		at_free(bytes);
	}
}

static void test_upgrade(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		bool ws;
	} t[] = {
		{"Upgrade: websocket\r\nConnection: Upgrade\r\n", true},
		{"Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n", true},
		{"Upgrade: h2c\r\nUpgrade: foo,websocket\r\nConnection: x\r\nConnection: upgrade\r\n", true},
		{"Upgrade: h2c\r\nConnection: Upgrade\r\n", false},
		{"Upgrade: websocket\r\n", false},
		{"Connection: Upgrade\r\n", false},
		{"Upgrade: websockets\r\nConnection: Upgrade\r\n", false},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char text[256];
		struct net_head head;
		enum net_head_got got;
		snprintf(text, sizeof(text), "GET /ws HTTP/1.1\r\n" H "%s" END, t[i].lines);
		at_free(feed(text, strlen(text), SIZE_MAX, &head, &got));
		assert_int_equal(got, NET_HEAD_DONE);
		assert_int_equal(head.wants_ws, t[i].ws);
	}
}

static void test_cookies(void **state)
{
	(void)state;
	static const struct {
		const char *header, *name, *value;
	} t[] = {
		{"at=abc", "at", "abc"},   {"x=1; at=abc; y=2", "at", "abc"},
		{"at=", "at", ""},         {"a=b=c", "a", "b=c"},
		{"at=a  ; x", "at", "a"},  {"at=1; at=2", "at", NULL},
		{"at=1;at=1", "at", NULL}, {"xat=1", "at", NULL},
		{"atx=1", "at", NULL},     {"at", "at", NULL},
		{"", "at", NULL},          {"; ;;", "at", NULL},
		{"x=at=1", "at", NULL},    {"AT=1", "at", NULL},
		{"at =1", "at", NULL},     {"__Host-at=q", "__Host-at", "q"},
		{";at=1", "at", "1"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const char *value = NULL;
		size_t len = 0;
		bool found = net_cookie_find(t[i].header, t[i].name, &value, &len);
		if (found != (t[i].value != NULL) ||
		    (found && (len != strlen(t[i].value) || memcmp(value, t[i].value, len))))
			fail_msg("%s", t[i].header);
	}
}

static void test_ranges(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		uint64_t len;
		enum net_range got;
		uint64_t first, last;
	} t[] = {
		{"bytes=0-0", 10, NET_RANGE_PART, 0, 0},
		{"bytes=0-", 10, NET_RANGE_PART, 0, 9},
		{"Bytes=9-9", 10, NET_RANGE_PART, 9, 9},
		{"bytes=3-99999999999999999999999999", 10, NET_RANGE_PART, 3, 9},
		{"bytes=-3", 10, NET_RANGE_PART, 7, 9},
		{"bytes=-10", 10, NET_RANGE_PART, 0, 9},
		{"bytes=-99999999999999999999999999", 10, NET_RANGE_PART, 0, 9},
		{"bytes=10-", 10, NET_RANGE_NONE, 0, 0},
		{"bytes=10-12", 10, NET_RANGE_NONE, 0, 0},
		{"bytes=99999999999999999999999999-", 10, NET_RANGE_NONE, 0, 0},
		{"bytes=-0", 10, NET_RANGE_NONE, 0, 0},
		{"bytes=0-", 0, NET_RANGE_NONE, 0, 0},
		{"bytes=-5", 0, NET_RANGE_NONE, 0, 0},
		{"bytes=5-4", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=0-1,3-4", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=-", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=a-b", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=0-1x", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=--1", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes= 0-1", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes=1", 10, NET_RANGE_WHOLE, 0, 0},
		{"bytes 0-1", 10, NET_RANGE_WHOLE, 0, 0},
		{"items=0-1", 10, NET_RANGE_WHOLE, 0, 0},
		{"byte", 10, NET_RANGE_WHOLE, 0, 0},
		{"", 10, NET_RANGE_WHOLE, 0, 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		uint64_t first, last;
		enum net_range got = net_range_parse(t[i].value, t[i].len, &first, &last);
		if (got != t[i].got || first != t[i].first || last != t[i].last)
			fail_msg("%s: %d %d-%d", t[i].value, (int)got, (int)first, (int)last);
	}
}

static void test_etags(void **state)
{
	(void)state;
	static const struct {
		const char *list;
		bool in;
	} t[] = {
		{"\"a\"", true},
		{"*", true},
		{"W/\"a\"", true},
		{"\"b\", \"a\"", true},
		{"\"x,y\",W/\"a\"", true},
		{"\"b\"", false},
		{"a", false},
		{"\"a", false},
		{"", false},
		{",, ,", false},
		{"\"\"a\"", false},
		{"\"A\"", false},
		{"w/\"a\"", false},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		if (net_etag_in(t[i].list, "\"a\"") != t[i].in)
			fail_msg("%s", t[i].list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_takes_what_browsers_send),
		AT_TEST(test_request_lines),
		AT_TEST(test_line_ends_and_blanks),
		AT_TEST(test_bodies_cannot_be_smuggled),
		AT_TEST(test_hosts_and_singles),
		AT_TEST(test_sizes),
		AT_TEST(test_what_is_read),
		AT_TEST(test_upgrade),
		AT_TEST(test_cookies),
		AT_TEST(test_ranges),
		AT_TEST(test_etags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
