#include "chat/chat_testkit.h"

#include <unistd.h>

static void device_send(struct hub_session *session, struct at_bytes *frame, bool binary)
{
	struct device *device = AT_ENTRY(session, struct device, session);

	assert_false(binary);
	if (device->cap < device->len + frame->len + 2) {
		device->cap = 2 * (device->len + frame->len + 2);
		device->heard = at_realloc(device->heard, device->cap);
	}
	memcpy(device->heard + device->len, frame->data, frame->len);
	device->len += frame->len;
	memcpy(device->heard + device->len++, "\n", 2);
	device->frames++;
}

static void device_close(struct hub_session *session, uint16_t code)
{
	(void)session;
	(void)code;
}

static const struct hub_session_ops ops = {.send = device_send, .close = device_close};

struct device *device_new(struct world *world, uint64_t user, uint64_t id)
{
	struct device *device = at_alloc(sizeof(*device));

	device->session.ops = &ops;
	device->session.user = user;
	device->session.device = id;
	hub_add(world->hub, &device->session);
	return device;
}

void device_free(struct world *world, struct device **device)
{
	if (*device == NULL)
		return;
	hub_remove(world->hub, &(*device)->session);
	at_free((*device)->heard);
	at_free(*device);
	*device = NULL;
}

static void forget(struct device *device)
{
	if (device == NULL)
		return;
	at_free(device->heard);
	device->heard = NULL;
	device->frames = device->len = device->cap = 0;
}

void device_forget(struct world *world)
{
	forget(world->ana);
	forget(world->ana2);
	forget(world->bob);
	forget(world->bob2);
}

bool heard(const struct device *device, const char *part)
{
	return device->heard != NULL && strstr(device->heard, part) != NULL;
}

size_t count_heard(const struct device *device, const char *part)
{
	size_t n = 0;

	for (const char *at = device->heard; at != NULL && (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

static bool people_exist(void *arg, uint64_t user)
{
	(void)arg;
	return user >= ANA && user <= CEM;
}

static bool people_show(void *arg, uint64_t user)
{
	const struct world *world = arg;

	return !world->no_receipts[user];
}

static void start(struct world *world)
{
	struct chat_people people = {world, people_exist, people_show};

	assert_int_equal(store_open(world->dir, world->loop, &world->store), AT_OK);
	assert_int_equal(chat_new(world->loop, world->store, world->hub, &people, &world->chat), AT_OK);
}

struct world *world_new(void)
{
	struct world *world = at_alloc(sizeof(*world));
	struct answer answer = {0};

	(void)snprintf(world->dir, sizeof(world->dir), "/tmp/at_chat_XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->loop = at_loop_new();
	world->hub = hub_new();
	start(world);
	world->ana = device_new(world, ANA, 11);
	world->ana2 = device_new(world, ANA, 12);
	world->bob = device_new(world, BOB, 21);
	world->bob2 = device_new(world, BOB, 22);
	chat_open(world->chat, ANA, BOB, on_opened, &answer);
	world_settle(world);
	assert_int_equal(answer.err, AT_OK);
	world->conv = answer.conv;
	device_forget(world);
	return world;
}

void world_free(struct world **world)
{
	struct world *w = *world;
	char command[128];

	device_free(w, &w->ana);
	device_free(w, &w->ana2);
	device_free(w, &w->bob);
	device_free(w, &w->bob2);
	chat_free(&w->chat);
	store_close(&w->store);
	hub_free(&w->hub);
	at_loop_free(&w->loop);
	(void)snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	at_free(w);
	*world = NULL;
}

void world_restart(struct world *world)
{
	chat_free(&world->chat);
	store_close(&world->store);
	start(world);
}

void world_settle(struct world *world)
{
	store_drain(world->store);
	at_clock_shift_for_test(0, 150);
	at_loop_step(world->loop, 0);
	at_loop_step(world->loop, 0);
	store_drain(world->store);
	at_clock_shift_for_test(0, 0);
	at_loop_step(world->loop, 0);
}

void answer_free(struct answer *answer)
{
	at_free(answer->json);
	at_free(answer->notes);
	*answer = (struct answer){0};
}

static char *text_of(const void *data, size_t len)
{
	return data != NULL ? at_strndup(data, len) : NULL;
}

void on_appended(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct answer *answer = arg;

	assert_false(answer->came);
	*answer = (struct answer){.came = true, .err = err, .seq = seq, .ts = ts, .duplicate = duplicate};
}

void on_opened(void *arg, enum at_err err, uint64_t conv)
{
	*(struct answer *)arg = (struct answer){.came = true, .err = err, .conv = conv};
}

void on_blocked(void *arg, enum at_err err)
{
	*(struct answer *)arg = (struct answer){.came = true, .err = err};
}

void on_page(void *arg, enum at_err err, const void *json, size_t len, uint64_t last_seq)
{
	*(struct answer *)arg =
		(struct answer){.came = true, .err = err, .json = text_of(json, len), .last_seq = last_seq};
}

void on_hello(void *arg, enum at_err err, const void *convs, size_t convs_len, const void *notes, size_t notes_len)
{
	*(struct answer *)arg = (struct answer){.came = true,
						.err = err,
						.json = text_of(convs, convs_len),
						.notes = text_of(notes, notes_len)};
}

struct answer say(struct world *world, uint64_t user, uint64_t device, uint64_t cid, const char *text)
{
	struct answer answer = {0};

	chat_send_text(world->chat, user, device, world->conv, cid, text, 0, on_appended, &answer);
	store_drain(world->store);
	assert_true(answer.came);
	return answer;
}

struct answer append(struct world *world, const struct chat_append *entry)
{
	struct answer answer = {0};

	chat_append(world->chat, entry, on_appended, &answer);
	store_drain(world->store);
	assert_true(answer.came);
	return answer;
}

struct answer erase(struct world *world, uint64_t user, uint64_t seq, uint64_t cid)
{
	struct answer answer = {0};

	chat_delete_entry(world->chat, user, user * 10 + 1, world->conv, seq, cid, on_appended, &answer);
	store_drain(world->store);
	assert_true(answer.came);
	return answer;
}

void block(struct world *world, uint64_t user, uint64_t blocked, bool on)
{
	struct answer answer = {0};

	chat_block(world->chat, user, blocked, on, on_blocked, &answer);
	store_drain(world->store);
	assert_int_equal(answer.err, AT_OK);
}

struct answer page(struct world *world, uint64_t user, uint64_t after, uint64_t before, size_t limit)
{
	struct answer answer = {0};

	chat_log_page(world->chat, user, user * 10 + 1, world->conv, after, before, limit, on_page, &answer);
	store_drain(world->store);
	assert_true(answer.came);
	return answer;
}

struct answer hello(struct world *world, uint64_t user)
{
	struct answer answer = {0};

	chat_hello(world->chat, user, on_hello, &answer);
	store_drain(world->store);
	assert_true(answer.came);
	return answer;
}

struct answer leave_note(struct world *world, uint64_t author, uint64_t cid, const struct at_id *call)
{
	static const char body[] = "{\"kind\":\"voice\"}";
	struct chat_append entry = {.conv = world->conv,
				    .author = author,
				    .device = author * 10 + 1,
				    .cid = cid,
				    .kind = STORE_NOTE,
				    .badge = 1,
				    .body = body,
				    .body_len = sizeof(body) - 1};

	if (call != NULL)
		entry.call = *call;
	return append(world, &entry);
}
