#include "room/room_testkit.h"

/* The world of the modules below, which have their tests' helpers for themselves. */
#include "call/call_testkit.c"

#include <sys/socket.h>

struct kit kit;

static const uint8_t *device_key(void *arg, uint64_t device)
{
	(void)arg, (void)device;
	return NULL;
}

static void on_start(struct world *world)
{
	const struct talk_people talk_people = {NULL, device_key};
	const struct room_people room_people = {.arg = world, .exists = exists, .quiet_until = quiet_until};

	kit.talks = talks_new(world->loop, world->hub, world->calls, &talk_people, 0);
	assert_int_equal(rooms_new(world->loop, world->store, world->hub, world->chat, world->calls, kit.talks,
				   &room_people, &kit.settings, &kit.rooms),
			 AT_OK);
}

static void on_stop(struct world *world)
{
	(void)world;
	rooms_free(&kit.rooms);
	talks_free(&kit.talks);
}

static void on_group(void *arg, enum at_err err, uint64_t conv)
{
	assert_int_equal(err, AT_OK);
	*(uint64_t *)arg = conv;
}

void kit_new(void)
{
	struct chat_asker asker = {ANA, A1, 900};

	kit = (struct kit){.role = -1,
			   .settings = {.ring_ms = 45000,
					.ring_stop_ms = 60000,
					.unreachable_ms = 15000,
					.wait_ms = 600000,
					.people_max = 3,
					.rings = 3,
					.rings_window_ms = 300000}};
	world_on_start = on_start;
	world_on_stop = on_stop;
	kit.world = world_new();
	chat_group_create(kit.world->chat, &asker, "Walkers", (uint64_t[]){BOB, CEM}, 2, on_group, &kit.group);
	settle(kit.world);
	role_start();
	phone_on(kit.world, A1);
	phone_on(kit.world, B1);
	phone_on(kit.world, C1);
	forget_heard(kit.world);
}

void kit_free(void)
{
	role_die();
	world_free(&kit.world);
}

int kit_setup(void **state)
{
	(void)state;
	kit_new();
	return 0;
}

int kit_teardown(void **state)
{
	(void)state;
	kit_free();
	return at_log_unexpected_for_test();
}

void kit_restart(void)
{
	role_die();
	world_restart(kit.world);
	role_start();
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

static void role_sends(enum ipc_type type, const void *body, size_t len)
{
	struct ipc_chan *chan = ipc_chan_new(kit.world->loop, dup(kit.role), on_nothing, on_gone, NULL);

	assert_int_equal(ipc_send(chan, type, body, len, NULL, 0), AT_OK);
	ipc_chan_free(&chan);
	settle(kit.world);
}

void role_start(void)
{
	int fds[2];
	uint8_t body[MEDIA_HELLO_LEN];
	struct media_hello hello = {.has_tcp = true, .port = 5000, .count = 1, .fingerprint = {0xab, 0xcd}};

	role_die();
	assert_int_equal(media_address_parse("192.0.2.9:5000", &hello.addresses[0]), AT_OK);
	assert_int_equal(ipc_pair(fds), AT_OK);
	kit.role = fds[1];
	kit.n = kit.next = 0;
	talks_media_channel(kit.talks, fds[0]);
	media_hello_put(&hello, body);
	role_sends(IPC_MEDIA_HELLO, body, sizeof(body));
}

void role_die(void)
{
	if (kit.role >= 0)
		close(kit.role);
	kit.role = -1;
	if (kit.world)
		settle(kit.world);
}

static void role_reads(void)
{
	uint8_t buffer[4096];
	struct ipc_msg msg;
	ssize_t len;

	while (kit.n < sizeof(kit.said) / sizeof(*kit.said) &&
	       (len = recv(kit.role, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		assert_int_equal(ipc_parse(buffer, (size_t)len, &msg), AT_OK);
		if (msg.type == IPC_ROOM_DO)
			assert_int_equal(media_room_do_parse(msg.body, msg.body_len, &kit.said[kit.n++]), AT_OK);
	}
}

const struct media_room_do *role_heard(enum media_room_verb verb)
{
	role_reads();
	if (kit.next == kit.n)
		fail_msg("the role was not told %d", (int)verb);
	assert_int_equal(kit.said[kit.next].verb, verb);
	return &kit.said[kit.next++];
}

const struct media_room_do *role_heard_some(enum media_room_verb verb)
{
	role_reads();
	while (kit.next < kit.n)
		if (kit.said[kit.next++].verb == verb)
			return &kit.said[kit.next - 1];
	return NULL;
}

void role_forgets(void)
{
	role_reads();
	kit.n = kit.next = 0;
}

static void role_says(const struct media_room_news *news)
{
	uint8_t body[MEDIA_ROOM_NEWS_MAX];

	role_sends(IPC_ROOM_NEWS, body, media_room_news_put(news, body));
}

void role_says_event(unsigned room, uint32_t peer, enum sfu_event_kind kind)
{
	role_says(&(struct media_room_news){.event = {.kind = kind, .room = room_id(room), .peer = peer}});
}

void role_says_speakers(unsigned room, uint32_t stage, uint32_t ring)
{
	struct media_room_news news = {.event = {.kind = SFU_EVENT_SPEAKERS, .room = room_id(room)}};

	news.event.speakers.stage = stage;
	news.event.speakers.order_count = news.event.speakers.ring_count = 1;
	news.event.speakers.order[0] = stage;
	news.event.speakers.ring[0] = ring;
	role_says(&news);
}

/* ---- asking ---- */

struct at_id room_id(unsigned n)
{
	struct at_id id = {{0x77}};

	at_put_u32(id.b + 12, n);
	return id;
}

struct room_asker by(unsigned room, uint64_t device)
{
	return (struct room_asker){.room = room_id(room), .user = user_of(device), .device = device};
}

static void on_asked(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	struct asked *asked = arg;

	assert_false(asked->came);
	*asked = (struct asked){.came = true, .err = err, .retry_ms = retry_ms};
	assert_true(len < sizeof(asked->json));
	if (json != NULL)
		memcpy(asked->json, json, len);
}

struct asked do_room(unsigned room, uint64_t device, enum room_kind kind, bool ring, bool confirmed)
{
	struct asked asked = {0};
	struct room_asker asker = by(room, device);

	room_start(kit.rooms, &asker, kit.group, kind, ring, confirmed, on_asked, &asked);
	settle(kit.world);
	assert_true(asked.came);
	return asked;
}

struct sfu_params params_of_browser(void)
{
	struct sfu_params params = {.audio = {.pt = 111, .ext_mid = 4, .ext_level = 1},
				    .video = {.pt = 96, .rtx_pt = 97, .ext_mid = 4, .ext_rid = 10, .ext_rrid = 11},
				    .recv_count = 2};

	memcpy(params.send[SFU_MIC].mid, "0", 2);
	memcpy(params.send[SFU_CAMERA].mid, "1", 2);
	memcpy(params.send[SFU_CAMERA].rids[0], "l", 2);
	memcpy(params.send[SFU_CAMERA].rids[1], "h", 2);
	params.send[SFU_CAMERA].rid_count = 2;
	memcpy(params.recv[0].mid, "3", 2);
	params.recv[0].kind = SFU_SLOT_AUDIO;
	memcpy(params.recv[1].mid, "4", 2);
	params.recv[1].kind = SFU_SLOT_VIDEO;
	return params;
}

struct asked do_join(unsigned room, uint64_t device, uint32_t *peer_out)
{
	struct asked asked = {0};
	struct room_asker asker = by(room, device);
	struct room_join join = {.muted = true, .params = params_of_browser()};

	*peer_out = 0;
	room_join(kit.rooms, &asker, &join, on_asked, &asked);
	settle(kit.world);
	if (asked.came)
		return asked;
	const struct media_room_do *cmd = role_heard_some(MEDIA_ROOM_JOIN);

	assert_non_null(cmd);
	*peer_out = cmd->peer;
	role_says(&(struct media_room_news){.is_joined = true,
					    .event = {.room = room_id(room), .peer = cmd->peer},
					    .slot_count = 2,
					    .slots = {{1000 + cmd->peer, 0}, {2000 + cmd->peer, 3000}}});
	assert_true(asked.came);
	return asked;
}

enum at_err rings(unsigned room, uint64_t device)
{
	struct room_asker asker = by(room, device);
	enum at_err err = room_ring(kit.rooms, &asker);

	settle(kit.world);
	return err;
}

enum at_err leaves(unsigned room, uint64_t device)
{
	struct room_asker asker = by(room, device);
	enum at_err err = room_leave(kit.rooms, &asker);

	settle(kit.world);
	return err;
}

enum at_err declines(unsigned room, uint64_t device)
{
	struct room_asker asker = by(room, device);
	enum at_err err = room_decline(kit.rooms, &asker);

	settle(kit.world);
	return err;
}

/* ---- looking ---- */

const char *last_room(uint64_t device)
{
	const char *last = "";

	for (const char *at = heard_by(kit.world, device); (at = strstr(at, "{\"ev\":\"room\"")) != NULL; at++)
		last = at;
	return last;
}

const char *person_in(const char *json, uint64_t user)
{
	char part[48];

	(void)snprintf(part, sizeof(part), "{\"user\":%d,", (int)user);
	const char *at = strstr(json, part);

	return at != NULL ? at : "";
}

bool is_state(const char *json, uint64_t user, const char *state)
{
	char part[64];

	(void)snprintf(part, sizeof(part), "{\"user\":%d,\"state\":\"%s\"", (int)user, state);
	return at_str_starts(person_in(json, user), part);
}

const char *group_log(uint64_t user)
{
	return log_of(kit.world, kit.group, user);
}
