#include "base/mem.h"
#include "base/test.h"
#include "hub/hub.h"

struct peer {
	struct hub_session session;
	unsigned sent, binary;
	uint16_t closed;
	struct at_bytes *last;
	struct hub *leaves; /* takes itself (and `takes`) out when something is sent to it */
	struct peer *takes;
};

static void peer_send(struct hub_session *session, struct at_bytes *frame, bool binary)
{
	struct peer *peer = AT_ENTRY(session, struct peer, session);
	peer->sent++;
	peer->binary += binary;
	peer->last = frame;
	if (!peer->leaves)
		return;
	hub_remove(peer->leaves, session);
	if (peer->takes)
		hub_remove(peer->leaves, &peer->takes->session);
}

static void peer_close(struct hub_session *session, uint16_t code)
{
	AT_ENTRY(session, struct peer, session)->closed = code;
}

static const struct hub_session_ops ops = {.send = peer_send, .close = peer_close};

static struct peer peer_of(uint64_t user, uint64_t device)
{
	return (struct peer){.session = {.ops = &ops, .user = user, .device = device}};
}

struct heard {
	char text[512];
};

static void on_presence(void *arg, uint64_t user, unsigned reachable)
{
	struct heard *heard = arg;
	size_t len = strlen(heard->text);
	snprintf(heard->text + len, sizeof(heard->text) - len, "p%d:%u ", (int)user, reachable);
}

static void on_device(void *arg, uint64_t user, uint64_t device, bool connected)
{
	struct heard *heard = arg;
	size_t len = strlen(heard->text);
	snprintf(heard->text + len, sizeof(heard->text) - len, "d%d.%d%c ", (int)user, (int)device,
		 connected ? '+' : '-');
}

static void test_fan_out(void **state)
{
	(void)state;
	struct hub *hub = hub_new();
	struct peer a = peer_of(1, 11), b = peer_of(1, 12), c = peer_of(2, 21);
	hub_add(hub, &a.session);
	hub_add(hub, &b.session);
	hub_add(hub, &c.session);
	struct at_bytes *frame = at_bytes_new("{}", 2);

	hub_send_user(hub, 1, frame, NULL);
	assert_int_equal(a.sent, 1);
	assert_int_equal(b.sent, 1);
	assert_int_equal(c.sent, 0);
	assert_ptr_equal(a.last, frame);
	assert_ptr_equal(b.last, frame);
	hub_send_user(hub, 1, frame, &a.session);
	hub_send_user_but(hub, 1, 11, frame);
	hub_send_user_but(hub, 1, 0, frame);
	assert_int_equal(a.sent, 2);
	assert_int_equal(b.sent, 4);
	hub_send_device(hub, 21, frame, true);
	hub_send_device(hub, 99, frame, true);
	hub_send_user(hub, 99, frame, NULL);
	assert_int_equal(c.binary, 1);
	hub_close_device(hub, 21, 4001);
	assert_int_equal(c.closed, 4001);
	hub_close_user(hub, 1, 4001);
	assert_int_equal(a.closed + b.closed, 8002);

	hub_remove(hub, &a.session);
	hub_remove(hub, &a.session);
	hub_remove(hub, &b.session);
	hub_remove(hub, &c.session);
	at_bytes_unref(&frame);
	hub_free(&hub);
}

static void test_presence_and_devices(void **state)
{
	(void)state;
	struct hub *hub = hub_new();
	struct heard heard = {""};
	hub_on_presence(hub, on_presence, &heard);
	hub_on_device(hub, on_device, &heard);
	struct peer a = peer_of(1, 11), b = peer_of(1, 12);
	hub_add(hub, &a.session);
	hub_add(hub, &b.session);
	assert_int_equal(hub_reachable(hub, 1), 2);
	assert_true(hub_device_connected(hub, 12));
	hub_remove(hub, &a.session);
	hub_remove(hub, &b.session);
	assert_int_equal(hub_reachable(hub, 1), 0);
	assert_false(hub_device_connected(hub, 12));
	assert_string_equal(heard.text, "d1.11+ p1:1 d1.12+ d1.11- d1.12- p1:0 ");
	hub_free(&hub);
}

static void test_second_socket_of_a_device_takes_over(void **state)
{
	(void)state;
	struct hub *hub = hub_new();
	struct heard heard = {""};
	struct peer old = peer_of(1, 11), new = peer_of(1, 11);
	hub_add(hub, &old.session);
	hub_on_presence(hub, on_presence, &heard);
	hub_on_device(hub, on_device, &heard);
	hub_add(hub, &new.session);
	assert_int_equal(old.closed, 4009);
	assert_int_equal(hub_reachable(hub, 1), 1);
	struct at_bytes *frame = at_bytes_new("{}", 2);
	hub_send_user(hub, 1, frame, NULL);
	assert_int_equal(old.sent, 0);
	assert_int_equal(new.sent, 1);
	hub_remove(hub, &old.session); /* its socket has closed now: nobody goes */
	assert_true(hub_device_connected(hub, 11));
	assert_string_equal(heard.text, "d1.11- d1.11+ ");
	hub_remove(hub, &new.session);
	at_bytes_unref(&frame);
	hub_free(&hub);
}

static void test_sessions_may_go_while_being_sent_to(void **state)
{
	(void)state;
	for (unsigned leaver = 0; leaver < 3; leaver++) {
		struct hub *hub = hub_new();
		struct peer peers[3];
		for (unsigned i = 0; i < 3; i++) {
			peers[i] = peer_of(1, 11 + i);
			hub_add(hub, &peers[i].session);
		}
		peers[leaver].leaves = hub;
		peers[leaver].takes = &peers[(leaver + 1) % 3];
		struct at_bytes *frame = at_bytes_new("{}", 2);
		hub_send_user(hub, 1, frame, NULL);
		assert_int_equal(hub_reachable(hub, 1), 1);
		assert_int_equal(peers[(leaver + 2) % 3].sent, 1);
		peers[(leaver + 2) % 3].leaves = hub;
		hub_send_user(hub, 1, frame, NULL);
		assert_int_equal(hub_reachable(hub, 1), 0);
		at_bytes_unref(&frame);
		hub_free(&hub);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_fan_out),
		AT_TEST(test_presence_and_devices),
		AT_TEST(test_second_socket_of_a_device_takes_over),
		AT_TEST(test_sessions_may_go_while_being_sent_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
