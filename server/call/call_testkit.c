#include "call/call_testkit.h"

#include "base/mem.h"
#include "base/time.h"

#include <unistd.h>

void (*world_on_start)(struct world *world), (*world_on_stop)(struct world *world);

static const uint64_t devices[PEOPLE * 2] = {A1, A2, B1, B2, C1, 32, 41, 42};

static struct phone *phone_of(struct world *world, uint64_t device)
{
	for (size_t i = 0; i < PEOPLE * 2; i++)
		if (devices[i] == device)
			return &world->phones[i];
	fail_msg("no such device");
	return NULL;
}

uint64_t user_of(uint64_t device)
{
	return device / 10;
}

static void phone_send(struct hub_session *session, struct at_bytes *frame, bool binary)
{
	struct phone *phone = AT_ENTRY(session, struct phone, session);

	assert_false(binary);
	assert_int_equal(at_buf_append(&phone->heard, frame->data, frame->len), AT_OK);
	assert_int_equal(at_buf_append(&phone->heard, "\n", 1), AT_OK);
}

static void phone_close(struct hub_session *session, uint16_t code)
{
	(void)session, (void)code;
}

void phone_on(struct world *world, uint64_t device)
{
	static const struct hub_session_ops ops = {.send = phone_send, .close = phone_close};
	struct phone *phone = phone_of(world, device);

	if (phone->on)
		return;
	phone->session = (struct hub_session){.ops = &ops, .user = user_of(device), .device = device};
	phone->on = true;
	hub_add(world->hub, &phone->session);
}

void phone_off(struct world *world, uint64_t device)
{
	struct phone *phone = phone_of(world, device);

	if (phone->on)
		hub_remove(world->hub, &phone->session);
	phone->on = false;
}

void forget_heard(struct world *world)
{
	for (size_t i = 0; i < PEOPLE * 2; i++)
		at_buf_clear(&world->phones[i].heard);
}

bool says(const char *json, const char *part)
{
	return strstr(json, part) != NULL;
}

static const char *heard_by(struct world *world, uint64_t device)
{
	struct phone *phone = phone_of(world, device);

	assert_int_equal(at_buf_reserve(&phone->heard, 1), AT_OK);
	phone->heard.data[phone->heard.len] = 0;
	return (const char *)phone->heard.data;
}

bool heard(struct world *world, uint64_t device, const char *part)
{
	return says(heard_by(world, device), part);
}

const char *last_call(struct world *world, uint64_t device)
{
	const char *last = "";

	for (const char *at = heard_by(world, device); (at = strstr(at, "{\"ev\":\"call\"")) != NULL; at++)
		last = at;
	return last;
}

/* ---- the world ---- */

static bool exists(void *arg, uint64_t user)
{
	(void)arg;
	return user >= ANA && user < PEOPLE;
}

static bool shows_receipts(void *arg, uint64_t user)
{
	(void)arg, (void)user;
	return true;
}

static bool hides_decline(void *arg, uint64_t user)
{
	return ((struct world *)arg)->hides[user];
}

static int64_t quiet_until(void *arg, uint64_t user)
{
	return ((struct world *)arg)->quiet[user];
}

static bool shares_quiet(void *arg, uint64_t user)
{
	return ((struct world *)arg)->shares[user];
}

static const char *device_name(void *arg, uint64_t device)
{
	(void)arg;
	return device == B1 ? "Bob's phone" : device == B2 ? "Bob's laptop" : "A device";
}

static void on_answering(void *arg, const struct call_parties *parties)
{
	struct world *world = arg;

	world->parties = *parties;
	world->answering++;
}

static void on_answered(void *arg, const struct call_parties *parties)
{
	struct world *world = arg;

	assert_memory_equal(parties, &world->parties, sizeof(*parties));
	assert_true(world->answering > world->answered);
	world->answered++;
}

static void on_moved(void *arg, const struct call_parties *parties)
{
	struct world *world = arg;

	world->parties = *parties;
	world->moved++;
}

static void on_ended(void *arg, const struct at_id *id)
{
	struct world *world = arg;

	assert_true(at_id_eq(id, &world->parties.id));
	world->ended++;
}

void world_start(struct world *world)
{
	struct chat_people chat_people = {world, exists, shows_receipts};
	struct call_people people = {world, hides_decline, quiet_until, shares_quiet, device_name};
	struct call_hooks hooks = {world, on_answering, on_answered, on_moved, on_ended};

	world->hub = hub_new();
	assert_int_equal(store_open(world->dir, world->loop, &world->store), AT_OK);
	assert_int_equal(chat_new(world->loop, world->store, world->hub, &chat_people, &world->chat), AT_OK);
	assert_int_equal(calls_new(world->loop, world->store, world->hub, world->chat, &people, &world->settings,
				   &world->calls),
			 AT_OK);
	calls_add_hooks(world->calls, &hooks);
	if (world_on_start)
		world_on_start(world);
}

void world_stop(struct world *world)
{
	for (size_t i = 0; i < PEOPLE * 2; i++)
		phone_off(world, devices[i]);
	if (world_on_stop)
		world_on_stop(world);
	calls_free(&world->calls);
	chat_free(&world->chat);
	store_close(&world->store);
	hub_free(&world->hub);
}

static void on_opened(void *arg, enum at_err err, uint64_t conv)
{
	assert_int_equal(err, AT_OK);
	*(uint64_t *)arg = conv;
}

struct world *world_new(void)
{
	struct world *world = at_alloc(sizeof(*world));

	world->settings = (struct call_settings){
		.ring_ms = 45000,
		.ring_stop_ms = 60000,
		.unreachable_ms = 15000,
		.grace_ms = 2000,
		.pair_rings = 3,
		.pair_window_ms = 300000,
		.unanswered_a_day = 10,
	};
	snprintf(world->dir, sizeof(world->dir), "/tmp/at_call_XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->loop = at_loop_new();
	for (size_t i = 0; i < PEOPLE * 2; i++)
		at_buf_init(&world->phones[i].heard, 1024 * 1024);
	world_start(world);
	chat_open(world->chat, ANA, BOB, on_opened, &world->conv);
	chat_open(world->chat, BOB, CEM, on_opened, &world->conv_bc);
	chat_open(world->chat, ANA, CEM, on_opened, &world->conv_ac);
	settle(world);
	phone_on(world, A1);
	phone_on(world, B1);
	phone_on(world, C1);
	return world;
}

void world_free(struct world **world)
{
	struct world *w = *world;
	char command[128];

	world_stop(w);
	at_loop_free(&w->loop);
	for (size_t i = 0; i < PEOPLE * 2; i++)
		at_buf_release(&w->phones[i].heard);
	snprintf(command, sizeof(command), "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	at_free(w);
	*world = NULL;
}

void world_restart(struct world *world)
{
	world_stop(world);
	forget_heard(world);
	world_start(world);
	settle(world);
}

void settle(struct world *world)
{
	for (int i = 0; i < 3; i++) {
		at_loop_step(world->loop, 0);
		store_drain(world->store);
	}
}

void pass(struct world *world, int64_t ms)
{
	at_clock_shift_for_test(ms, ms);
	settle(world);
}

/* ---- asking ---- */

struct at_id call_id(unsigned n)
{
	struct at_id id = {{0xca, 0x11}};

	id.b[14] = (uint8_t)(n >> 8);
	id.b[15] = (uint8_t)n;
	return id;
}

void on_reply(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	struct reply *reply = arg;

	assert_false(reply->came);
	*reply = (struct reply){.came = true, .err = err, .retry_ms = retry_ms};
	if (err != AT_OK)
		return;
	assert_true(len < sizeof(reply->json));
	memcpy(reply->json, json, len);
}

static void finish(struct world *world, struct reply *reply)
{
	settle(world);
	assert_true(reply->came);
}

struct reply do_start(struct world *world, unsigned n, uint64_t device, uint64_t conv, bool video)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_start(world->calls, &id, user_of(device), device, conv, video, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_ring(struct world *world, unsigned n, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_ring(world->calls, &id, user_of(device), device, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_answer(struct world *world, unsigned n, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_answer(world->calls, &id, user_of(device), device, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_decline(struct world *world, unsigned n, uint64_t device, const char *text)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_decline(world->calls, &id, user_of(device), device, text, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_cancel(struct world *world, unsigned n, uint64_t device, bool note)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_cancel(world->calls, &id, user_of(device), device, note, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_leave(struct world *world, unsigned n, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_leave(world->calls, &id, user_of(device), device, false, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct reply do_move(struct world *world, unsigned n, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = call_id(n);

	call_move(world->calls, &id, user_of(device), device, on_reply, &reply);
	finish(world, &reply);
	return reply;
}

struct facts {
	bool came;
	enum at_err err;
	struct call_note_facts facts;
};

static void on_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	struct facts *got = arg;

	got->came = true;
	got->err = err;
	if (err == AT_OK)
		got->facts = *facts;
}

struct call_note_facts do_facts(struct world *world, unsigned n, uint64_t user, enum at_err *err_out)
{
	struct facts got = {0};
	struct at_id id = call_id(n);

	call_note_facts(world->calls, &id, world->conv, user, on_facts, &got);
	settle(world);
	assert_true(got.came);
	*err_out = got.err;
	return got.facts;
}

static void on_blocked(void *arg, enum at_err err)
{
	(void)arg;
	assert_int_equal(err, AT_OK);
}

void do_block(struct world *world, uint64_t user, uint64_t blocked)
{
	chat_block(world->chat, user, blocked, true, on_blocked, NULL);
	settle(world);
}

/* ---- what is left ---- */

static void on_page(void *arg, enum at_err err, const void *json, size_t len, uint64_t last_seq)
{
	struct at_buf *buf = arg;

	(void)last_seq;
	assert_int_equal(err, AT_OK);
	assert_int_equal(at_buf_append(buf, json, len), AT_OK);
	assert_int_equal(at_buf_append(buf, "", 1), AT_OK);
}

const char *log_of(struct world *world, uint64_t conv, uint64_t user)
{
	static char text[65536];
	struct at_buf buf;

	at_buf_init(&buf, sizeof(text));
	chat_log_page(world->chat, user, user * 10 + 1, conv, 0, 0, 100, on_page, &buf);
	settle(world);
	memcpy(text, buf.data, buf.len);
	at_buf_release(&buf);
	return text;
}

unsigned count(const char *json, const char *part)
{
	unsigned n = 0;

	for (const char *at = json; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

struct unread {
	uint64_t conv, user, n;
};

static enum at_err unread_job(struct store_tx *tx, void *msg)
{
	struct unread *unread = msg;

	return store_unread(tx, &(struct store_window){.conv = unread->conv, .viewer = unread->user}, &unread->n);
}

static void unread_done(void *msg, enum at_err err)
{
	(void)msg;
	assert_int_equal(err, AT_OK);
}

uint64_t unread(struct world *world, uint64_t conv, uint64_t user)
{
	struct unread msg = {conv, user, 0};

	store_read(world->store, unread_job, unread_done, &msg);
	settle(world);
	return msg.n;
}
