#include "net/net_testkit.h"

#include "base/mem.h"
#include "net/net_priv.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: at.example:8080\r\n\r\n"

static void expect_answer(struct client *c, int status, const char *body)
{
	const char *got;
	size_t len;
	assert_int_equal(client_answer(c, &got, &len), status);
	if (len != strlen(body) || memcmp(got, body, len))
		fail_msg("%.*s instead of %s", (int)len, got, body);
}

#define POLICY(connect)                                                                                                \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: "      \
	"data:; "                                                                                                      \
	"media-src 'self' blob:; connect-src 'self'" connect                                                           \
	"; worker-src 'self'; manifest-src 'self'; font-src 'self'; "                                                  \
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'"

static void expect_security(struct client *c, const char *policy)
{
	static const char *const lines[] = {
		"X-Content-Type-Options: nosniff",
		"Referrer-Policy: no-referrer",
		"Cross-Origin-Opener-Policy: same-origin",
		"Cross-Origin-Resource-Policy: same-origin",
		"Cache-Control: no-store",
		"Permissions-Policy: camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=()",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (!client_header(c, lines[i]))
			fail_msg("%s", lines[i]);
	}
	assert_true(client_header(c, policy));
}

static void test_answers_carry_the_security_headers(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, GET("/hello"));
	expect_answer(&c, 200, "hello GET ");
	expect_security(&c, POLICY(" ws://at.example:8080"));
	client_text(&c, GET("/none"));
	expect_answer(&c, 404, "no");
	expect_security(&c, POLICY(" ws://at.example:8080"));
	client_text(&c, "GET /hello HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
	expect_answer(&c, 200, "hello GET ");
	expect_security(&c, POLICY(""));
	client_text(&c, "nonsense\r\n\r\n");
	expect_answer(&c, 400, "{\"err\":\"bad_request\"}");
	expect_security(&c, POLICY(""));
	client_close(&c);
	kit_release(&kit);
}

static void test_keeps_alive_and_answers_in_order(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, GET("/hello?1") GET("/later") GET("/hello?2")
				GET("/later") "POST /echo HTTP/1.1\r\nHost: x\r\n"
					      "Content-Length: 4\r\n\r\nbody"
					      "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" GET("/hello?3"));
	expect_answer(&c, 200, "hello GET 1");
	kit_turn(&kit);
	assert_int_equal(kit.requests_n, 2);
	kit_answer(&kit, 0, "late 1");
	expect_answer(&c, 200, "late 1");
	expect_answer(&c, 200, "hello GET 2");
	kit_turn(&kit);
	kit_answer(&kit, 0, "late 2");
	expect_answer(&c, 200, "late 2");
	expect_answer(&c, 200, "body");
	assert_int_equal(client_answer(&c, NULL, NULL), 200);
	assert_true(client_header(&c, "Content-Length: 11"));
	expect_answer(&c, 200, "hello GET 3");
	assert_false(client_header(&c, "Connection: close"));
	client_close(&c);
	kit_release(&kit);
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	static const char text[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" GET("/hello?x");
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		client_send(&c, text + i, 1);
		at_loop_step(kit.loop, 1);
	}
	expect_answer(&c, 200, "abc");
	expect_answer(&c, 200, "hello GET x");
	client_close(&c);
	kit_release(&kit);
}

static void test_biggest_body(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	char *body = at_alloc(NET_BODY_MAX + 1);
	memset(body, 'b', NET_BODY_MAX);
	for (int i = 0; i < 3; i++) {
		client_text(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
		client_send(&c, body, NET_BODY_MAX);
		expect_answer(&c, 200, body);
	}
	at_free(body);
	client_close(&c);
	kit_release(&kit);
}

static void test_close_is_honoured(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" GET("/hello?never"));
	expect_answer(&c, 200, "hello GET ");
	assert_true(client_header(&c, "Connection: close"));
	assert_true(client_at_eof(&c));
	assert_int_equal(kit.requests_n, 1);
	client_close(&c);
	kit_release(&kit);
}

static void test_refusals_close(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
		const char *body;
	} t[] = {
		{"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", 405, "{\"err\":\"bad_request\"}"},
		{"GET / HTTP/1.0\r\n\r\n", 505, "{\"err\":\"unsupported\"}"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413, "{\"err\":\"too_large\"}"},
		{"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501,
		 "{\"err\":\"unsupported\"}"},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
		 "{\"err\":\"bad_request\"}"},
		{"\x16\x03\x01\x02\x01", 400, "{\"err\":\"bad_request\"}"},
	};
	struct kit kit;
	kit_init(&kit, NULL);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct client c = kit_connect(&kit);
		client_text(&c, t[i].text);
		client_text(&c, GET("/hello?smuggled"));
		expect_answer(&c, t[i].status, t[i].body);
		assert_true(client_header(&c, "Connection: close"));
		assert_int_equal(client_header(&c, "Allow: GET, HEAD, POST"), t[i].status == 405);
		assert_true(client_at_eof(&c));
		client_close(&c);
	}
	assert_int_equal(kit.requests_n, 0);
	kit_release(&kit);
}

static void test_slow_heads_and_bodies_time_out(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t after_ms;
	} t[] = {
		{"GET / HT", NET_HEAD_TIMEOUT_MS},
		{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabc", NET_BODY_TIMEOUT_MS},
	};
	struct kit kit;
	kit_init(&kit, NULL);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct client c = kit_connect(&kit);
		client_text(&c, t[i].text);
		kit_turn(&kit);
		kit_later_by(&kit, t[i].after_ms - 2000);
		assert_true(client_is_open(&c));
		/* Some more bytes do not buy more time. */
		client_text(&c, "x");
		kit_later_by(&kit, 4000);
		expect_answer(&c, 408, "{\"err\":\"timeout\"}");
		assert_true(client_at_eof(&c));
		client_close(&c);
	}
	kit_release(&kit);
}

static void test_idle_connections_close(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client silent = kit_connect(&kit), c = kit_connect(&kit);
	client_text(&c, GET("/hello"));
	expect_answer(&c, 200, "hello GET ");
	kit_later_by(&kit, NET_HEAD_TIMEOUT_MS + 2000);
	assert_true(client_at_eof(&silent));
	client_text(&c, GET("/hello"));
	expect_answer(&c, 200, "hello GET ");
	kit_later_by(&kit, NET_IDLE_MS - 2000);
	assert_true(client_is_open(&c));
	kit_later_by(&kit, 4000);
	assert_true(client_at_eof(&c));
	client_close(&c);
	client_close(&silent);
	kit_release(&kit);
}

/* However long the handler takes. */
static void test_pending_does_not_time_out(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, GET("/later"));
	kit_turn(&kit);
	kit_later_by(&kit, 4 * NET_IDLE_MS);
	assert_int_equal(kit.later_n, 1);
	kit_answer(&kit, 0, "at last");
	expect_answer(&c, 200, "at last");
	client_close(&c);
	kit_release(&kit);
}

static void test_on_gone(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit), other = kit_connect(&kit);
	client_text(&c, GET("/later"));
	client_text(&other, GET("/later"));
	kit_turn(&kit);
	assert_int_equal(kit.later_n, 2);
	client_close(&c);
	kit_turn(&kit);
	assert_int_equal(kit.gone_n, 1);
	assert_int_equal(kit.later_n, 1);
	kit_answer(&kit, 0, "still here");
	expect_answer(&other, 200, "still here");
	client_close(&other);
	kit_turn(&kit);
	assert_int_equal(kit.gone_n, 1);
	kit_release(&kit);
}

/* Answered after the peer reset the connection but before the server could tell. */
static void test_answer_to_nobody(void **state)
{
	(void)state;
	struct kit kit;
	struct linger reset = {.l_onoff = 1};
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, GET("/later"));
	kit_turn(&kit);
	assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
	client_close(&c);
	kit_answer(&kit, 0, "too late");
	kit_turn(&kit);
	assert_int_equal(kit.gone_n, 0);
	kit_release(&kit);
}

static void test_pipelined_flood_is_not_kept(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_text(&c, GET("/later"));
	for (int i = 0; i < 5000; i++) {
		if (send(c.fd, GET("/hello"), strlen(GET("/hello")), MSG_NOSIGNAL) < 0)
			break;
		at_loop_step(kit.loop, 0);
	}
	kit_turn(&kit);
	assert_int_equal(kit.requests_n, 1);
	assert_true(kit.later[0]->conn->in.len <= NET_IN_MAX);
	kit_answer(&kit, 0, "first");
	expect_answer(&c, 200, "first");
	for (int i = 0; i < 1000; i++)
		expect_answer(&c, 200, "hello GET ");
	client_close(&c);
	kit_release(&kit);
}

static void test_limits_connections(void **state)
{
	(void)state;
	struct kit kit;
	struct net_options options = {.listen_addr = "127.0.0.1", .conns_max = 2};
	kit_init(&kit, &options);
	struct client a = kit_connect(&kit), b = kit_connect(&kit), c = kit_connect(&kit);
	client_text(&a, GET("/hello"));
	expect_answer(&a, 200, "hello GET ");
	assert_true(client_at_eof(&c));
	client_close(&a);
	client_close(&c);
	kit_turn(&kit);
	c = kit_connect(&kit);
	client_text(&c, GET("/hello"));
	expect_answer(&c, 200, "hello GET ");
	client_close(&b);
	client_close(&c);
	kit_release(&kit);
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && !bind(fd, (const struct sockaddr *)&six, sizeof(six));
	if (fd >= 0)
		close(fd);
	return has;
}

static void test_tells_the_peers_address(void **state)
{
	(void)state;
	struct kit kit;
	struct net_options options = {.listen_addr = "::"};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	if (!has_ipv6())
		return;
	kit_init(&kit, &options);
	struct client a = kit_connect(&kit), b = kit_connect_to(&kit, (const struct sockaddr *)&six, sizeof(six));
	client_text(&a, GET("/addr"));
	expect_answer(&a, 200, "127.0.0.1");
	client_text(&b, GET("/addr"));
	expect_answer(&b, 200, "::1");
	client_close(&a);
	client_close(&b);
	kit_release(&kit);
}

/* An address of this host that is not loopback; false when it has none. */
static bool own_addr(struct sockaddr_in *addr_out)
{
	struct ifaddrs *all = NULL;
	bool found = false;
	assert_int_equal(getifaddrs(&all), 0);
	for (struct ifaddrs *it = all; it && !found; it = it->ifa_next) {
		found = it->ifa_addr && it->ifa_addr->sa_family == AF_INET && !(it->ifa_flags & IFF_LOOPBACK);
		if (found)
			memcpy(addr_out, it->ifa_addr, sizeof(*addr_out));
	}
	freeifaddrs(all);
	return found;
}

static void test_one_address_cannot_take_all(void **state)
{
	(void)state;
	struct kit kit;
	struct net_options options = {.listen_addr = has_ipv6() ? "::" : "0.0.0.0"};
	struct sockaddr_in own;
	static struct client c[NET_ADDR_CONNS_MAX + 1];
	if (!own_addr(&own))
		return;
	kit_init(&kit, &options);
	for (size_t i = 0; i <= NET_ADDR_CONNS_MAX; i++) {
		c[i] = kit_connect_to(&kit, (const struct sockaddr *)&own, sizeof(own));
		at_loop_step(kit.loop, 1);
	}
	assert_true(client_at_eof(&c[NET_ADDR_CONNS_MAX]));
	assert_int_equal(kit.server->conns, NET_ADDR_CONNS_MAX);
	struct client other = kit_connect(&kit);
	client_text(&other, GET("/hello"));
	expect_answer(&other, 200, "hello GET ");
	client_close(&other);
	for (size_t i = 0; i <= NET_ADDR_CONNS_MAX; i++)
		client_close(&c[i]);
	kit_turn(&kit);
	assert_int_equal(kit.server->conns, 0);
	assert_int_equal(at_map_len(kit.server->per_addr), 0);
	kit_release(&kit);
}

static void test_bad_addresses(void **state)
{
	(void)state;
	struct kit kit;
	struct net_server *server;
	struct net_handler handler = {0};
	kit_init(&kit, NULL);
	struct net_options taken = {.listen_addr = "127.0.0.1", .port = net_server_port(kit.server)};
	struct net_options nonsense = {.listen_addr = "999.1.1.1"};
	at_log_expect_for_test("net.listen.failed", 2);
	assert_int_equal(net_server_new(kit.loop, &taken, &handler, &server), AT_ERR_UNAVAILABLE);
	assert_int_equal(net_server_new(kit.loop, &nonsense, &handler, &server), AT_ERR_UNAVAILABLE);
	assert_null(server);
	kit_release(&kit);
}

static void test_stop_lets_answers_out(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client idle = kit_connect(&kit), c = kit_connect(&kit);
	client_text(&c, GET("/later"));
	kit_turn(&kit);
	net_server_stop(kit.server);
	assert_true(client_at_eof(&idle));
	kit_answer(&kit, 0, "goodbye");
	expect_answer(&c, 200, "goodbye");
	assert_true(client_header(&c, "Connection: close"));
	assert_true(client_at_eof(&c));
	client_close(&c);
	client_close(&idle);
	kit_release(&kit);
}

static void test_free_tells_who_waits(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit), half = kit_connect(&kit), ws = kit_connect(&kit);
	client_upgrade(&ws);
	client_text(&c, GET("/later"));
	client_text(&half, "GET / HT");
	kit_turn(&kit);
	net_server_free(&kit.server);
	assert_int_equal(kit.gone_n, 1);
	assert_string_equal(kit.ws_log, "C1001 ");
	client_close(&c);
	client_close(&half);
	client_close(&ws);
	kit_release(&kit);
}

/* ARCHITECTURE's aim is 2 KiB for a whole idle session; this is net's share, without libuv's handle (about 200). */
static void test_idle_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct net_conn) + sizeof(struct net_ws) <= 360);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_answers_carry_the_security_headers),
		AT_TEST(test_keeps_alive_and_answers_in_order),
		AT_TEST(test_byte_by_byte),
		AT_TEST(test_biggest_body),
		AT_TEST(test_close_is_honoured),
		AT_TEST(test_refusals_close),
		AT_TEST(test_slow_heads_and_bodies_time_out),
		AT_TEST(test_idle_connections_close),
		AT_TEST(test_pending_does_not_time_out),
		AT_TEST(test_on_gone),
		AT_TEST(test_answer_to_nobody),
		AT_TEST(test_pipelined_flood_is_not_kept),
		AT_TEST(test_limits_connections),
		AT_TEST(test_tells_the_peers_address),
		AT_TEST(test_one_address_cannot_take_all),
		AT_TEST(test_bad_addresses),
		AT_TEST(test_stop_lets_answers_out),
		AT_TEST(test_free_tells_who_waits),
		AT_TEST(test_idle_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
