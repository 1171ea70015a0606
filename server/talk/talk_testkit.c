#include "talk/talk_testkit.h"

/* The world of the module below, which has its tests' helpers for itself. */
#include "call/call_testkit.c"

#include <sys/socket.h>

struct kit kit;

static const uint8_t bobs_key[32] = {1, 2, 3};

static const uint8_t *device_key(void *arg, uint64_t device)
{
	(void)arg;
	return device == B1 ? bobs_key : NULL;
}

static void on_start(struct world *world)
{
	const struct talk_people talk_people = {NULL, device_key};

	kit.talks = talks_new(world->loop, world->hub, world->calls, &talk_people, 5000000);
}

static void on_stop(struct world *world)
{
	(void)world;
	talks_free(&kit.talks);
}

void kit_new(void)
{
	kit = (struct kit){.role.fd = -1};
	world_on_start = on_start;
	world_on_stop = on_stop;
	kit.world = world_new();
	role_start();
}

void kit_free(void)
{
	role_die();
	world_free(&kit.world);
}

/* ---- the role ---- */

static void on_nothing(void *arg, struct ipc_msg *msg)
{
	(void)arg, (void)msg;
}

static void on_gone(void *arg)
{
	(void)arg;
}

/* By a channel that lives only for it: what comes in stays in the socket until role_reads. */
static void role_sends(enum ipc_type type, const void *body, size_t len)
{
	struct ipc_chan *chan = ipc_chan_new(kit.world->loop, dup(kit.role.fd), on_nothing, on_gone, NULL);

	assert_int_equal(ipc_send(chan, type, body, len, NULL, 0), AT_OK);
	ipc_chan_free(&chan);
	settle(kit.world);
}

void role_start(void)
{
	int fds[2];
	uint8_t body[MEDIA_HELLO_LEN];
	struct media_hello hello = {.has_tcp = true, .port = 5000, .count = 1};

	role_die();
	assert_int_equal(media_address_parse("192.0.2.9:5000", &hello.addresses[0]), AT_OK);
	assert_int_equal(ipc_pair(fds), AT_OK);
	kit.role = (struct role){.fd = fds[1]};
	talks_media_channel(kit.talks, fds[0]);
	media_hello_put(&hello, body);
	role_sends(IPC_MEDIA_HELLO, body, sizeof(body));
}

void role_die(void)
{
	if (kit.role.fd >= 0)
		close(kit.role.fd);
	kit.role.fd = -1;
	if (kit.world)
		settle(kit.world);
}

void role_says(enum media_event_kind kind, unsigned call, uint8_t leg, enum at_err err)
{
	uint8_t body[MEDIA_EVENT_LEN];
	const struct media_event event = {.call = call_id(call), .leg = leg, .kind = kind, .err = err};

	media_event_put(&event, body);
	role_sends(IPC_MEDIA_EVENT, body, sizeof(body));
}

static void parse(const struct ipc_msg *msg, struct said *said)
{
	struct media_open opened;
	struct media_restart restart;

	*said = (struct said){.type = msg->type};
	if (msg->type == IPC_MEDIA_OPEN) {
		assert_int_equal(media_open_parse(msg->body, msg->body_len, &opened), AT_OK);
		assert_int_equal(opened.rate_bits_s, 5000000);
		*said = (struct said){msg->type, opened.call, opened.gate, 0, {opened.creds[0], opened.creds[1]}};
	} else if (msg->type == IPC_MEDIA_RESTART) {
		assert_int_equal(media_restart_parse(msg->body, msg->body_len, &restart), AT_OK);
		*said = (struct said){msg->type, restart.call, false, restart.leg, {restart.creds}};
	} else {
		assert_int_equal(media_call_parse(msg->body, msg->body_len, &said->call), AT_OK);
	}
}

void role_reads(void)
{
	uint8_t buffer[1024];
	struct ipc_msg msg;
	ssize_t len;

	while (kit.role.n < sizeof(kit.role.said) / sizeof(*kit.role.said) &&
	       (len = recv(kit.role.fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		assert_int_equal(ipc_parse(buffer, (size_t)len, &msg), AT_OK);
		parse(&msg, &kit.role.said[kit.role.n++]);
	}
}

struct said role_heard(enum ipc_type type)
{
	role_reads();
	if (kit.role.next == kit.role.n)
		fail_msg("the role was not told %d", (int)type);
	assert_int_equal(kit.role.said[kit.role.next].type, type);
	return kit.role.said[kit.role.next++];
}

void role_heard_nothing(void)
{
	role_reads();
	assert_int_equal(kit.role.next, kit.role.n);
}

/* ---- asking ---- */

static struct talk_asker asker_of(unsigned call, uint64_t device)
{
	return (struct talk_asker){.call = call_id(call), .user = user_of(device), .device = device};
}

static void on_leg(void *arg, enum at_err err, const void *json, size_t len)
{
	struct asked *asked = arg;

	assert_false(asked->came);
	*asked = (struct asked){.came = true, .err = err};
	assert_true(len < sizeof(asked->json));
	if (err == AT_OK)
		memcpy(asked->json, json, len);
}

struct asked do_open(unsigned call, uint64_t device, bool fresh)
{
	struct asked asked = {0};
	const struct talk_asker asker = asker_of(call, device);

	talk_open(kit.talks, &asker, fresh, NULL, on_leg, &asked);
	assert_true(asked.came);
	return asked;
}

enum at_err do_signal(unsigned call, uint64_t device, enum talk_kind kind, const char *sdp)
{
	const struct talk_asker asker = asker_of(call, device);

	return talk_signal(kit.talks, &asker, kind, sdp, "");
}

enum at_err do_state(unsigned call, uint64_t device, bool muted)
{
	const struct talk_asker asker = asker_of(call, device);
	const struct talk_state state = {.muted = muted};

	return talk_state(kit.talks, &asker, &state);
}

enum at_err do_ask(unsigned call, uint64_t device, enum talk_ask ask)
{
	const struct talk_asker asker = asker_of(call, device);

	return talk_ask(kit.talks, &asker, ask);
}

void connect_call(unsigned call, bool opened)
{
	struct world *world = kit.world;

	phone_on(world, A2);
	phone_on(world, B2);
	assert_int_equal(do_start(world, call, A1, world->conv, false).err, AT_OK);
	assert_int_equal(do_ring(world, call, B1).err, AT_OK);
	assert_int_equal(do_answer(world, call, B1).err, AT_OK);
	(void)role_heard(IPC_MEDIA_OPEN);
	(void)role_heard(IPC_MEDIA_GATE);
	role_says(MEDIA_OPENED, call, 0, AT_OK);
	if (opened) {
		assert_int_equal(do_open(call, A1, false).err, AT_OK);
		assert_int_equal(do_open(call, B1, false).err, AT_OK);
	}
	forget_heard(world);
}
