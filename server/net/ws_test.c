/* WebSockets on a whole server. */
#include "net/net_testkit.h"

#include "base/mem.h"
#include "base/time.h"
#include "net/net_ws.h"

#include <sys/socket.h>
#include <unistd.h>

enum { FIN = 0x80 };

static void expect_frame(struct client *c, int opcode, const void *data, size_t len)
{
	const uint8_t *got;
	size_t got_len;
	assert_int_equal(client_next_frame(c, &got, &got_len), opcode);
	assert_int_equal(got_len, len);
	if (len)
		assert_memory_equal(got, data, len);
}

static void test_handshakes(void **state)
{
	(void)state;
#define WS "GET /ws HTTP/1.1\r\nHost: x\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"
	static const struct {
		const char *text;
		int status;
	} t[] = {
		{WS UP KEY V13 "\r\n", 101},
		{WS UP KEY V13 "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: x\r\n\r\n",
		 101},
		{WS "\r\n", 426},
		{WS UP KEY "\r\n", 426},
		{WS UP KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426},
		{WS UP V13 "\r\n", 400},
		{WS UP V13 "Sec-WebSocket-Key: short==\r\n\r\n", 400},
		{WS UP V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n\r\n", 400},
		{WS UP V13 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n", 400},
		{WS UP KEY KEY V13 "\r\n", 400},
		{"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" UP KEY V13 "\r\n", 426},
	};
	struct kit kit;
	kit_init(&kit, NULL);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct client c = kit_connect(&kit);
		client_text(&c, t[i].text);
		if (client_answer(&c, NULL, NULL) != t[i].status)
			fail_msg("%s", t[i].text);
		assert_false(client_header(&c, "Sec-WebSocket-Extensions: permessage-deflate"));
		assert_int_equal(client_header(&c, "Sec-WebSocket-Version: 13"), t[i].status == 426);
		client_close(&c);
		kit_turn(&kit);
	}
	assert_string_equal(kit.ws_log, "C1006 C1006 ");
	kit_release(&kit);
}

static void test_messages(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	char *big = at_alloc(NET_FRAME_MAX);
	memset(big, 'e', NET_FRAME_MAX);
	static const size_t sizes[] = {1, 125, 126, 65535, 65536, NET_TEXT_MAX};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		client_frame(&c, FIN | 1, big, sizes[i]);
		expect_frame(&c, 1, big, sizes[i]);
	}
	client_frame(&c, FIN | 2, big, NET_FRAME_MAX);
	expect_frame(&c, 2, big, NET_FRAME_MAX);
	client_frame(&c, 1, "e", 1);
	client_frame(&c, FIN | 9, "ping", 4);
	client_frame(&c, FIN, "nd", 2);
	expect_frame(&c, 10, "ping", 4);
	expect_frame(&c, 1, "end", 3);
	client_frame(&c, FIN | 9, "", 0);
	expect_frame(&c, 10, "", 0);
	at_free(big);
	client_close(&c);
	kit_release(&kit);
}

/* Frames right behind the handshake, and cut at every byte. */
static void test_frames_that_come_early_and_in_pieces(void **state)
{
	(void)state;
	static const char text[] = WS UP KEY V13 "\r\n"
						 "\x81\x82\0\0\0\0e1"
						 "\x01\x81\0\0\0\0e"
						 "\x80\x81\0\0\0\0"
						 "2"
						 "\x88\x82\0\0\0\0\x03\xe8";
	struct kit kit;
	kit_init(&kit, NULL);
	for (size_t step = 1; step < sizeof(text); step += step < 4 ? 1 : 61) {
		struct client c = kit_connect(&kit);
		for (size_t at = 0; at < sizeof(text) - 1; at += step) {
			client_send(&c, text + at, step < sizeof(text) - 1 - at ? step : sizeof(text) - 1 - at);
			at_loop_step(kit.loop, 0);
		}
		assert_int_equal(client_answer(&c, NULL, NULL), 101);
		expect_frame(&c, 1, "e1", 2);
		expect_frame(&c, 1, "e2", 2);
		client_expect_close(&c, 1000);
		client_close(&c);
	}
	kit_release(&kit);
}

static void test_closing(void **state)
{
	(void)state;
	static const struct {
		uint8_t first;
		const char *data;
		size_t len;
		uint16_t code;
		const char *log;
	} t[] = {
		{FIN | 8, "\x03\xe9 bye", 6, 1001, "C1001 "}, {FIN | 8, "", 0, 1005, "C1005 "},
		{FIN | 8, "\x0f\xa0", 2, 4000, "C4000 "},     {FIN | 8, "\x03", 1, 1002, "C1002 "},
		{FIN | 1, "\xff", 1, 1007, "C1007 "},         {FIN | 0x40 | 1, "x", 1, 1002, "C1002 "},
		{FIN | 1, "c", 1, 4001, "T1 C4001 "},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct kit kit;
		kit_init(&kit, NULL);
		struct client c = kit_connect(&kit);
		client_upgrade(&c);
		client_frame(&c, t[i].first, t[i].data, t[i].len);
		client_frame(&c, FIN | 1, "after", 5);
		client_expect_close(&c, t[i].code);
		assert_string_equal(kit.ws_log, t[i].log);
		client_close(&c);
		kit_release(&kit);
	}
}

static void test_too_big(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	char *big = at_alloc(NET_TEXT_MAX + 1);
	memset(big, 'x', NET_TEXT_MAX + 1);
	client_frame(&c, FIN | 1, big, NET_TEXT_MAX + 1);
	at_free(big);
	client_expect_close(&c, 1009);
	client_close(&c);
	kit_release(&kit);
}

static void test_server_closes_after_what_is_queued(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	struct at_bytes *bytes = at_bytes_new("last words", 10);
	net_ws_send(kit.ws[0], bytes, false);
	net_ws_close(kit.ws[0], 4003);
	net_ws_send(kit.ws[0], bytes, false);
	net_ws_close(kit.ws[0], 4004);
	assert_string_equal(kit.ws_log, "");
	kit_turn(&kit);
	assert_string_equal(kit.ws_log, "C4003 ");
	assert_int_equal(bytes->refs, 1);
	at_bytes_unref(&bytes);
	expect_frame(&c, 1, "last words", 10);
	client_expect_close(&c, 4003);
	client_close(&c);
	kit_release(&kit);
}

/* A peer that does not hang up after the close frames is left. */
static void test_does_not_wait_for_ever(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	net_ws_close(kit.ws[0], 1000);
	kit_turn(&kit);
	kit_later_by(&kit, 5000);
	assert_true(send(c.fd, "x", 1, MSG_NOSIGNAL) == 1);
	kit_turn(&kit);
	assert_true(send(c.fd, "x", 1, MSG_NOSIGNAL) < 0);
	client_close(&c);
	kit_release(&kit);
}

static void test_fan_out_shares_its_bytes(void **state)
{
	(void)state;
	struct kit kit;
	struct client c[20];
	kit_init(&kit, NULL);
	struct at_bytes *bytes = at_bytes_new("to all of you", 13);
	for (size_t i = 0; i < 20; i++) {
		c[i] = kit_connect(&kit);
		client_upgrade(&c[i]);
	}
	for (size_t i = 0; i < 20; i++) {
		net_ws_send(kit.ws[i], bytes, false);
		net_ws_send(kit.ws[i], bytes, true);
	}
	assert_int_equal(bytes->refs, 41);
	for (size_t i = 0; i < 20; i++) {
		expect_frame(&c[i], 1, "to all of you", 13);
		expect_frame(&c[i], 2, "to all of you", 13);
	}
	assert_int_equal(bytes->refs, 1);
	at_bytes_unref(&bytes);
	for (size_t i = 0; i < 20; i++)
		client_close(&c[i]);
	kit_release(&kit);
}

/* Reads nothing: what the kernel takes does not count, then 256 KiB, then it is cut. The others do not notice. */
static void test_slow_readers_are_cut(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client slow = kit_connect(&kit), other = kit_connect(&kit);
	client_upgrade(&slow);
	client_upgrade(&other);
	struct net_ws *ws = kit.ws[0];
	struct at_bytes *bytes = at_bytes_new(NULL, 10000);
	memset(bytes->data, 'x', bytes->len);
	size_t sent = 0, most = 0;
	while (!kit.ws_log[0] && sent < 5000) {
		net_ws_send(ws, bytes, false);
		sent++;
		if (net_ws_backlog(ws) > most)
			most = net_ws_backlog(ws);
		at_loop_step(kit.loop, 0);
	}
	assert_string_equal(kit.ws_log, "C4008 ");
	assert_true(most <= NET_BACKLOG_MAX);
	assert_true(most > NET_BACKLOG_MAX - 20100);
	assert_true(bytes->refs <= 2);
	client_frame(&other, FIN | 1, "e", 1);
	expect_frame(&other, 1, "e", 1);
	/* It reads now: whole messages, then it is told why. However long it takes, it is in time: the clock stands still. */
	const uint8_t *data;
	size_t len, got = 0;
	int opcode;
	int64_t now_ms = at_mono_ms();
	while ((opcode = client_next_frame(&slow, &data, &len)) == 1) {
		at_clock_shift_for_test(0, now_ms - at_mono_ms());
		assert_int_equal(len, 10000);
		got++;
	}
	assert_int_equal(opcode, 8);
	assert_memory_equal(data, "\x0f\xa8", 2);
	assert_true(got < sent);
	at_bytes_unref(&bytes);
	client_close(&slow);
	client_close(&other);
	kit_release(&kit);
}

/* Much at once to one who does read is no reason to cut. */
static void test_bursts_to_quick_readers_pass(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	struct at_bytes *bytes = at_bytes_new(NULL, 1000);
	memset(bytes->data, 'x', bytes->len);
	for (size_t i = 0; i < 1000; i++)
		net_ws_send(kit.ws[0], bytes, false);
	for (size_t i = 0; i < 1000; i++)
		expect_frame(&c, 1, bytes->data, 1000);
	at_bytes_unref(&bytes);
	client_close(&c);
	kit_release(&kit);
}

static void test_heartbeat(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client dead = kit_connect(&kit), c = kit_connect(&kit);
	client_upgrade(&dead);
	client_upgrade(&c);
	for (int i = 0; i < 3; i++) {
		kit_later_by(&kit, NET_PING_MS);
		if (i == 2)
			break;
		expect_frame(&c, 9, "", 0);
		client_frame(&c, FIN | 10, "", 0);
		expect_frame(&dead, 9, "", 0);
		assert_int_equal(kit.ws_n, 2);
	}
	kit_later_by(&kit, 2000);
	assert_string_equal(kit.ws_log, "C1006 ");
	assert_int_equal(kit.ws_n, 1);
	assert_true(client_is_open(&c));
	client_close(&dead);
	client_close(&c);
	kit_release(&kit);
}

static void test_stop_says_goodbye(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	net_server_stop(kit.server);
	client_expect_close(&c, 1001);
	assert_string_equal(kit.ws_log, "C1001 ");
	client_close(&c);
	kit_release(&kit);
}

/* A peer that floods with pings and does not read gets no more memory for it. */
static void test_ping_flood(void **state)
{
	(void)state;
	struct kit kit;
	char ping[125] = "";
	kit_init(&kit, NULL);
	struct client c = kit_connect(&kit);
	client_upgrade(&c);
	for (int i = 0; i < 60000; i++) {
		client_frame(&c, FIN | 9, ping, sizeof(ping));
		assert_true(net_ws_backlog(kit.ws[0]) < 32 * 1024);
	}
	assert_int_equal(kit.ws_n, 1);
	client_close(&c);
	kit_release(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_handshakes),
		AT_TEST(test_messages),
		AT_TEST(test_frames_that_come_early_and_in_pieces),
		AT_TEST(test_closing),
		AT_TEST(test_too_big),
		AT_TEST(test_server_closes_after_what_is_queued),
		AT_TEST(test_does_not_wait_for_ever),
		AT_TEST(test_fan_out_shares_its_bytes),
		AT_TEST(test_slow_readers_are_cut),
		AT_TEST(test_bursts_to_quick_readers_pass),
		AT_TEST(test_heartbeat),
		AT_TEST(test_stop_says_goodbye),
		AT_TEST(test_ping_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
