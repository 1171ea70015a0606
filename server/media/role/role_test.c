/* The role as its own process, as the supervisor starts it; this test stands for the supervisor, for core and for browsers on loopback. */
#include "base/mem.h"
#include "base/rand.h"
#include "base/test.h"
#include "base/time.h"
#include "ipc/ipc_role.h"
#include "media/role/role_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 5000, QUIET_MS = 150, EVENTS_MAX = 6000 };

static struct {
	struct at_loop *loop;
	struct ipc_chan *boss, *core;
	pid_t pid;
	bool is_ready, has_hello, has_stats;
	uint16_t port;
	in_addr_t host; /* of the role, IPv4 */
	struct media_hello hello;
	struct media_event events[EVENTS_MAX];
	size_t event_count;
	struct media_stats stats;
	struct ice *ice;
	struct at_id call;
	struct ice_credentials creds[2];
} t;

/* ---- the supervisor and core ---- */

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct at_reader r = at_reader_of(msg->body, msg->body_len);
	(void)arg;
	assert_int_equal(msg->type, IPC_READY);
	t.port = at_read_u16(&r);
	t.is_ready = true;
}

static void on_core(void *arg, struct ipc_msg *msg)
{
	(void)arg;
	switch (msg->type) {
	case IPC_MEDIA_HELLO:
		assert_int_equal(media_hello_parse(msg->body, msg->body_len, &t.hello), AT_OK);
		t.has_hello = true;
		break;
	case IPC_MEDIA_STATS:
		assert_int_equal(media_stats_parse(msg->body, msg->body_len, &t.stats), AT_OK);
		t.has_stats = true;
		break;
	default:
		assert_int_equal(msg->type, IPC_MEDIA_EVENT);
		assert_true(t.event_count < EVENTS_MAX);
		assert_int_equal(media_event_parse(msg->body, msg->body_len, &t.events[t.event_count++]), AT_OK);
	}
}

static void on_gone(void *arg)
{
	(void)arg;
}

static void until(const bool *flag)
{
	int64_t end = at_mono_ms() + WAIT_MS;
	while (!*flag) {
		assert_true(at_mono_ms() < end);
		at_loop_step(t.loop, 50);
	}
}

static void await_event(enum media_event_kind kind, uint8_t leg, enum at_err err)
{
	int64_t end = at_mono_ms() + WAIT_MS;
	for (;;) {
		for (size_t i = 0; i < t.event_count; i++) {
			struct media_event *e = &t.events[i];
			if (e->kind != kind || e->leg != leg || e->err != err)
				continue;
			assert_true(at_id_eq(&e->call, &t.call));
			*e = t.events[--t.event_count];
			return;
		}
		assert_true(at_mono_ms() < end);
		at_loop_step(t.loop, 50);
	}
}

static void tell(enum ipc_type type, const void *body, size_t len)
{
	assert_int_equal(ipc_send(t.core, type, body, len, NULL, 0), AT_OK);
}

static void meet_core(void)
{
	int pair[2];
	uint8_t who = IPC_CORE;
	ipc_chan_free(&t.core);
	t.has_hello = false;
	assert_int_equal(ipc_pair(pair), AT_OK);
	assert_int_equal(ipc_send(t.boss, IPC_PEER, &who, 1, &pair[1], 1), AT_OK);
	close(pair[1]);
	t.core = ipc_chan_new(t.loop, pair[0], on_core, on_gone, NULL);
	until(&t.has_hello);
}

static void open_call(bool gate)
{
	uint8_t body[MEDIA_OPEN_LEN];
	struct media_open open = {.call = t.call, .gate = gate, .creds = {t.creds[0], t.creds[1]}};
	media_open_put(&open, body);
	tell(IPC_MEDIA_OPEN, body, sizeof(body));
	await_event(MEDIA_OPENED, 0, AT_OK);
}

static void ask(void)
{
	t.has_stats = false;
	tell(IPC_MEDIA_ASK, t.call.b, MEDIA_CALL_LEN);
	until(&t.has_stats);
}

static void start(uint16_t port)
{
	int pair[2];
	struct media_options options = {.port = port, .calls_max = 8};
	t.is_ready = false;
	assert_int_equal(ipc_pair(pair), AT_OK);
	t.pid = fork();
	if (t.pid == 0) {
		close(pair[0]);
		media_role_main(pair[1], &options);
	}
	close(pair[1]);
	t.boss = ipc_chan_new(t.loop, pair[0], on_boss, on_gone, NULL);
	until(&t.is_ready);
	meet_core();
}

static void stop(int signum)
{
	int status = -1;
	ipc_chan_free(&t.core);
	if (signum)
		kill(t.pid, signum);
	else if (ipc_send(t.boss, IPC_STOP, NULL, 0, NULL, 0))
		fail();
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	assert_true(signum ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ipc_chan_free(&t.boss);
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.host = htonl(INADDR_LOOPBACK);
	t.loop = at_loop_new();
	t.ice = ice_new();
	at_rand(&t.call, sizeof(t.call));
	ice_credentials_make(&t.creds[0]);
	ice_credentials_make(&t.creds[1]);
	start(0);
	return 0;
}

static int teardown(void **state)
{
	stop(0);
	ice_free(&t.ice);
	at_loop_free(&t.loop);
	return at_test_teardown(state);
}

/* ---- browsers ---- */

static int browser(int family, int type)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(t.port), .sin_addr = {t.host}};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(t.port),
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	bool is_v4 = family == AF_INET;
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
				 is_v4 ? sizeof(v4) : sizeof(v6)),
			 0);
	return fd;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, ms) == 1;
}

static void put(int fd, bool is_tcp, const uint8_t *data, size_t len)
{
	uint8_t frame[2 + ICE_PACKET_MAX];
	at_put_u16(frame, (uint16_t)len);
	memcpy(frame + 2, data, len);
	ssize_t n = is_tcp ? send(fd, frame, 2 + len, MSG_NOSIGNAL) : send(fd, data, len, MSG_NOSIGNAL);
	assert_int_equal(n, is_tcp ? 2 + len : len);
}

/* 0: nothing came. */
static size_t take(int fd, bool is_tcp, uint8_t out[ICE_PACKET_MAX], int ms)
{
	uint8_t head[2];
	if (!readable(fd, ms))
		return 0;
	if (!is_tcp)
		return (size_t)recv(fd, out, ICE_PACKET_MAX, 0);
	assert_int_equal(recv(fd, head, 2, MSG_WAITALL), 2);
	size_t len = (size_t)(head[0] << 8 | head[1]);
	assert_int_equal(recv(fd, out, len, MSG_WAITALL), len);
	return len;
}

static bool check_with(int fd, bool is_tcp, const struct ice_credentials *creds, int ms)
{
	uint8_t bytes[ICE_PACKET_MAX];
	char username[32];
	struct stun_message msg;
	snprintf(username, sizeof(username), "%s:peer", creds->ufrag);
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = creds->pwd,
				      .priority = 1};
	at_rand(request.tid, sizeof(request.tid));
	put(fd, is_tcp, bytes, ice_request_put(t.ice, &request, bytes));
	size_t len = take(fd, is_tcp, bytes, ms);
	if (!len)
		return false;
	assert_int_equal(stun_parse(bytes, len, &msg), AT_OK);
	assert_memory_equal(msg.tid, request.tid, STUN_TID_LEN);
	assert_true(ice_integrity_ok(t.ice, &msg, creds->pwd));
	return msg.type == STUN_BINDING_SUCCESS;
}

static void check(int fd, bool is_tcp, unsigned leg)
{
	assert_true(check_with(fd, is_tcp, &t.creds[leg], WAIT_MS));
}

/* A packet of this first byte from one to the other. */
static void expect_passed(int from, bool from_tcp, int to, bool to_tcp, uint8_t first, size_t len)
{
	uint8_t out[ICE_PACKET_MAX], in[ICE_PACKET_MAX];
	at_rand(out, len);
	out[0] = first;
	put(from, from_tcp, out, len);
	/* A handshake's packets go twice where they may be lost. */
	for (int copies = first < 64 && !to_tcp ? 2 : 1; copies > 0; copies--) {
		assert_int_equal(take(to, to_tcp, in, WAIT_MS), len);
		assert_memory_equal(in, out, len);
	}
}

static void expect_nothing(int fd)
{
	assert_false(readable(fd, QUIET_MS));
}

/* ---- the tests ---- */

static void says_hello(void **state)
{
	(void)state;
	assert_true(t.hello.port == t.port && t.hello.has_tcp && !t.hello.is_announced);
	assert_true(t.hello.count >= 1 && t.hello.addresses[0].port == t.port);
}

static void a_call_over(int family_a, int type_a, int family_b, int type_b)
{
	bool tcp_a = type_a == SOCK_STREAM, tcp_b = type_b == SOCK_STREAM;
	uint8_t dtls[100] = {22, 254, 253}, in[ICE_PACKET_MAX];
	open_call(false);
	int a = browser(family_a, type_a), b = browser(family_b, type_b);
	check(b, tcp_b, 1);
	await_event(MEDIA_CONNECTED, 1, AT_OK);
	put(b, tcp_b, dtls, sizeof(dtls));
	check(a, tcp_a, 0);
	await_event(MEDIA_CONNECTED, 0, AT_OK);
	put(a, tcp_a, (const uint8_t *)"\x80 before the gate", 17);
	expect_nothing(a);
	expect_nothing(b);
	tell(IPC_MEDIA_GATE, t.call.b, MEDIA_CALL_LEN);
	for (int i = 0; i < (tcp_a ? 1 : 2); i++) {
		assert_int_equal(take(a, tcp_a, in, WAIT_MS), sizeof(dtls));
		assert_memory_equal(in, dtls, sizeof(dtls));
	}
	for (int i = 0; i < 20; i++) {
		expect_passed(a, tcp_a, b, tcp_b, 0x80, 120);
		expect_passed(b, tcp_b, a, tcp_a, 0x90, 1500);
		expect_passed(a, tcp_a, b, tcp_b, 23, 1);
	}
	ask();
	assert_true(t.stats.err == AT_OK && t.stats.legs[0].packets == 40 && t.stats.legs[1].packets == 21);
	assert_int_equal(t.stats.legs[0].dropped, 1);
	assert_true(t.stats.legs[0].is_tcp == tcp_a && t.stats.legs[1].is_tcp == tcp_b);
	tell(IPC_MEDIA_CLOSE, t.call.b, MEDIA_CALL_LEN);
	ask();
	assert_int_equal(t.stats.err, AT_ERR_NOT_FOUND);
	put(a, tcp_a, (const uint8_t *)"\x80 after the end", 15);
	expect_nothing(b);
	close(a);
	close(b);
}

static void a_call_over_udp(void **state)
{
	(void)state;
	a_call_over(AF_INET, SOCK_DGRAM, AF_INET, SOCK_DGRAM);
}

/* To an address that was not there when the role started: the wild socket answers, from the address that was asked. */
static void a_call_over_a_late_address(void **state)
{
	(void)state;
	t.host = htonl(INADDR_LOOPBACK + 1);
	a_call_over(AF_INET, SOCK_DGRAM, AF_INET, SOCK_DGRAM);
}

static void a_call_between_families(void **state)
{
	(void)state;
	a_call_over(AF_INET6, SOCK_DGRAM, AF_INET, SOCK_DGRAM);
}

static void a_call_over_tcp(void **state)
{
	(void)state;
	a_call_over(AF_INET, SOCK_STREAM, AF_INET, SOCK_DGRAM);
}

static void a_call_over_two_tcps(void **state)
{
	(void)state;
	a_call_over(AF_INET6, SOCK_STREAM, AF_INET, SOCK_STREAM);
}

static bool is_closed(int fd)
{
	uint8_t byte;
	return readable(fd, WAIT_MS) && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

static void connections_prove_themselves(void **state)
{
	(void)state;
	open_call(true);
	int odd = browser(AF_INET, SOCK_STREAM), long_one = browser(AF_INET, SOCK_STREAM);
	put(odd, true, (const uint8_t *)"\x80 media before a check", 23);
	assert_true(is_closed(odd));
	assert_int_equal(send(long_one, "\xff\xff\0\0", 4, MSG_NOSIGNAL), 4);
	assert_true(is_closed(long_one));
	/* As many as one address may have, then no more; one that closes makes room. */
	int fds[MEDIA_CONNS_A_PEER + 1];
	for (size_t i = 0; i <= MEDIA_CONNS_A_PEER; i++)
		fds[i] = browser(AF_INET, SOCK_STREAM);
	assert_true(is_closed(fds[MEDIA_CONNS_A_PEER]));
	check(fds[0], true, 0);
	for (size_t i = 0; i <= MEDIA_CONNS_A_PEER; i++)
		close(fds[i]);
	await_event(MEDIA_CONNECTED, 0, AT_OK);
	await_event(MEDIA_LOST, 0, AT_OK);
	int fresh = browser(AF_INET, SOCK_STREAM);
	check(fresh, true, 0);
	close(fresh);
	close(odd);
	close(long_one);
}

static void strangers_hear_nothing(void **state)
{
	(void)state;
	open_call(true);
	int a = browser(AF_INET, SOCK_DGRAM), b = browser(AF_INET, SOCK_DGRAM), x = browser(AF_INET, SOCK_DGRAM);
	struct ice_credentials wrong = t.creds[0];
	static const uint8_t firsts[6] = {0, 1, 22, 0x80, 0x90, 0xff};
	uint8_t bytes[1500];
	wrong.pwd[0] = wrong.pwd[0] == 'a' ? 'b' : 'a';
	check(a, false, 0);
	check(b, false, 1);
	assert_false(check_with(x, false, &wrong, QUIET_MS));
	for (int i = 0; i < 2000; i++) {
		size_t len = 1 + at_rand_below(sizeof(bytes) - 1);
		at_rand(bytes, len);
		bytes[0] = firsts[i % 6];
		put(x, false, bytes, len);
	}
	expect_nothing(x);
	expect_nothing(b);
	expect_passed(a, false, b, false, 0x80, 1200);
	/* More than a packet may have, and nothing at all. */
	uint8_t big[1600] = {0x80};
	assert_int_equal(send(a, big, sizeof(big), 0), sizeof(big));
	assert_int_equal(send(a, big, 0, 0), 0);
	expect_nothing(b);
	close(a);
	close(b);
	close(x);
}

/* Wi-Fi to mobile: the media comes from elsewhere, core hears of it, restarts, and the call goes on. */
static void a_leg_that_moves_is_told(void **state)
{
	(void)state;
	struct media_restart restart = {.call = t.call, .leg = 0};
	uint8_t body[MEDIA_RESTART_LEN], rtp[100] = {0x80, 111, [8] = 1, 2, 3, 4};
	open_call(true);
	int a = browser(AF_INET, SOCK_DGRAM), b = browser(AF_INET, SOCK_DGRAM), moved = browser(AF_INET, SOCK_DGRAM);
	check(a, false, 0);
	check(b, false, 1);
	put(a, false, rtp, sizeof(rtp));
	usleep((RELAY_MOVED_MS + 50) * 1000);
	put(moved, false, rtp, sizeof(rtp));
	await_event(MEDIA_MOVED, 0, AT_OK);
	ice_credentials_make(&restart.creds);
	media_restart_put(&restart, body);
	tell(IPC_MEDIA_RESTART, body, sizeof(body));
	ask();
	assert_true(check_with(moved, false, &restart.creds, WAIT_MS));
	expect_passed(b, false, moved, false, 0x80, 200);
	(void)take(b, false, (uint8_t[ICE_PACKET_MAX]){0}, 10);
	expect_passed(moved, false, b, false, 0x80, 200);
	close(a);
	close(b);
	close(moved);
}

/* It dies, core opens the call again as it was: the next consent checks revive it. */
static void a_crash_is_survived(void **state)
{
	(void)state;
	open_call(true);
	int a = browser(AF_INET, SOCK_DGRAM), b = browser(AF_INET, SOCK_DGRAM);
	check(a, false, 0);
	check(b, false, 1);
	expect_passed(a, false, b, false, 0x80, 100);
	uint16_t port = t.port;
	stop(SIGKILL);
	t.event_count = 0;
	start(port);
	assert_int_equal(t.port, port);
	open_call(true);
	check(a, false, 0);
	check(b, false, 1);
	expect_passed(a, false, b, false, 0x80, 100);
	close(a);
	close(b);
}

static void a_new_core_takes_over(void **state)
{
	(void)state;
	open_call(true);
	int a = browser(AF_INET, SOCK_DGRAM), b = browser(AF_INET, SOCK_DGRAM);
	check(a, false, 0);
	check(b, false, 1);
	ask();
	t.event_count = 0;
	meet_core();
	expect_passed(a, false, b, false, 0x80, 100);
	open_call(true);
	await_event(MEDIA_CONNECTED, 0, AT_OK);
	await_event(MEDIA_CONNECTED, 1, AT_OK);
	expect_passed(b, false, a, false, 0x80, 100);
	close(a);
	close(b);
}

static void refusals_are_named(void **state)
{
	(void)state;
	uint8_t body[MEDIA_OPEN_LEN] = {0};
	tell(IPC_MEDIA_GATE, t.call.b, MEDIA_CALL_LEN);
	await_event(MEDIA_REFUSED, 0, AT_ERR_NOT_FOUND);
	open_call(false);
	struct media_open other = {.call = t.call, .creds = {t.creds[1], t.creds[0]}};
	media_open_put(&other, body);
	tell(IPC_MEDIA_OPEN, body, sizeof(body));
	await_event(MEDIA_REFUSED, 0, AT_ERR_EXISTS);
	/* Nonsense disturbs nobody. */
	tell(IPC_MEDIA_OPEN, body, 3);
	tell(IPC_MEDIA_RESTART, body, 3);
	tell(IPC_MEDIA_ASK, NULL, 0);
	tell(IPC_READY, NULL, 0);
	ask();
	assert_int_equal(t.stats.err, AT_OK);
}

/* Core does not listen for a while: its answers wait for it. */
static void answers_wait_for_a_busy_core(void **state)
{
	(void)state;
	enum { MANY = 5000 };
	for (int i = 0; i < MANY;) {
		if (!ipc_send(t.core, IPC_MEDIA_GATE, t.call.b, MEDIA_CALL_LEN, NULL, 0))
			i++;
		else
			usleep(1000);
	}
	for (int i = 0; i < MANY; i++)
		await_event(MEDIA_REFUSED, 0, AT_ERR_NOT_FOUND);
}

static void a_taken_port_stops_it(void **state)
{
	(void)state;
	int pair[2], status = -1;
	struct media_options options = {.port = t.port};
	assert_int_equal(ipc_pair(pair), AT_OK);
	pid_t pid = fork();
	if (pid == 0)
		media_role_main(pair[1], &options);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == IPC_EXIT_CONFIG);
	close(pair[0]);
	close(pair[1]);
}

#define ROLE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(says_hello),
		ROLE_TEST(a_call_over_udp),
		ROLE_TEST(a_call_over_a_late_address),
		ROLE_TEST(a_call_between_families),
		ROLE_TEST(a_call_over_tcp),
		ROLE_TEST(a_call_over_two_tcps),
		ROLE_TEST(connections_prove_themselves),
		ROLE_TEST(strangers_hear_nothing),
		ROLE_TEST(a_leg_that_moves_is_told),
		ROLE_TEST(a_crash_is_survived),
		ROLE_TEST(a_new_core_takes_over),
		ROLE_TEST(refusals_are_named),
		ROLE_TEST(answers_wait_for_a_busy_core),
		ROLE_TEST(a_taken_port_stops_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
