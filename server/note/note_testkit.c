#include "note/note_testkit.h"

#include "base/mem.h"
#include "base/time.h"

#include <errno.h>
#include <ftw.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t devices[DEVICES] = {A1, A2, B1, B2, C1};

/* ---- remux ---- */

static pid_t remux_pid;
static int remux_fd = -1;

void remux_start(void)
{
	int pair[2];
	assert_int_equal(ipc_pair(pair), AT_OK);
	remux_pid = fork();
	if (remux_pid == 0) {
		close(pair[0]);
		remux_role_main(pair[1]);
	}
	close(pair[1]);
	remux_fd = pair[0];
}

void remux_stop(void)
{
	close(remux_fd);
	waitpid(remux_pid, NULL, 0);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	(void)arg, (void)msg;
}

static void on_boss_gone(void *arg)
{
	(void)arg;
}

void connect_remux(struct world *world)
{
	int pair[2];
	uint8_t who = IPC_CORE;
	assert_int_equal(ipc_pair(pair), AT_OK);
	assert_int_equal(ipc_send(world->boss, IPC_PEER, &who, 1, &pair[1], 1), AT_OK);
	close(pair[1]);
	notes_remux_channel(world->notes, pair[0]);
}

/* ---- people ---- */

static bool exists(void *arg, uint64_t user)
{
	(void)arg;
	return user >= ANA && user <= CEM;
}

static bool shows_receipts(void *arg, uint64_t user)
{
	return user != BOB || !((struct world *)arg)->hides_receipts;
}

static bool no(void *arg, uint64_t user)
{
	(void)arg, (void)user;
	return false;
}

static int64_t never(void *arg, uint64_t user)
{
	(void)arg, (void)user;
	return 0;
}

static const char *device_name(void *arg, uint64_t device)
{
	(void)arg, (void)device;
	return "A device";
}

static void start(struct world *world)
{
	struct chat_people chat_people = {world, exists, shows_receipts};
	struct call_people people = {world, no, never, no, device_name};
	struct call_settings calls = {.ring_ms = 45000,
				      .ring_stop_ms = 60000,
				      .unreachable_ms = 15000,
				      .grace_ms = 2000,
				      .pair_rings = 100,
				      .pair_window_ms = 300000,
				      .unanswered_a_day = 100};
	world->hub = hub_new();
	assert_int_equal(store_open(world->dir, world->loop, &world->store), AT_OK);
	assert_int_equal(chat_new(world->loop, world->store, world->hub, &chat_people, &world->chat), AT_OK);
	assert_int_equal(calls_new(world->loop, world->store, world->hub, world->chat, &people, &calls, &world->calls),
			 AT_OK);
	assert_int_equal(blobs_open(world->dir, world->loop, &world->blobs), AT_OK);
	assert_int_equal(notes_new(world->loop, world->store, world->hub, world->chat, world->calls, world->blobs,
				   &world->settings, &world->notes),
			 AT_OK);
	int fd = dup(remux_fd);
	assert_true(fd >= 0);
	world->boss = ipc_chan_new(world->loop, fd, on_boss, on_boss_gone, world);
	connect_remux(world);
}

static void stop(struct world *world)
{
	for (size_t i = 0; i < DEVICES; i++)
		phone_off(world, devices[i]);
	store_drain(world->store);
	ipc_chan_free(&world->boss);
	notes_free(&world->notes);
	calls_free(&world->calls);
	chat_free(&world->chat);
	blobs_close(&world->blobs);
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
	at_log_set_level(AT_LOG_WARN);
	world->settings = (struct note_settings){.voice_max_ms = 180000,
						 .video_max_ms = 60000,
						 .note_min_ms = 1000,
						 .draft_ms = 7 * INT64_C(86400000),
						 .undo_ms = 10000,
						 .voice_max_bytes = 4 << 20,
						 .video_max_bytes = 16 << 20,
						 .recs_per_user = 4};
	snprintf(world->dir, sizeof(world->dir), "/tmp/at_note_XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	world->loop = at_loop_new();
	for (size_t i = 0; i < DEVICES; i++) {
		at_buf_init(&world->phones[i].heard, 4 << 20);
		at_buf_init(&world->phones[i].media, 16 << 20);
	}
	start(world);
	uint64_t other;
	chat_open(world->chat, ANA, BOB, on_opened, &world->conv);
	chat_open(world->chat, ANA, CEM, on_opened, &other);
	settle(world);
	phone_on(world, A1);
	phone_on(world, B1);
	phone_on(world, C1);
	return world;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void world_free(struct world **world)
{
	struct world *w = *world;
	stop(w);
	at_loop_free(&w->loop);
	for (size_t i = 0; i < DEVICES; i++) {
		at_buf_release(&w->phones[i].heard);
		at_buf_release(&w->phones[i].media);
	}
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	at_free(w);
	*world = NULL;
}

void world_restart(struct world *world)
{
	stop(world);
	start(world);
	forget_heard(world);
}

void settle(struct world *world)
{
	for (int i = 0; i < 4; i++) {
		store_drain(world->store);
		blobs_drain(world->blobs);
		at_loop_step(world->loop, 1);
	}
}

void wait_for(struct world *world, bool (*is_true)(void *arg), void *arg)
{
	for (int i = 0; i < 2000 && !is_true(arg); i++)
		at_loop_step(world->loop, 5);
	assert_true(is_true(arg));
}

void pass(struct world *world, int64_t ms)
{
	at_clock_shift_for_test(ms, ms);
	settle(world);
}

/* ---- devices ---- */

uint64_t user_of(uint64_t device)
{
	return device / 10;
}

struct phone *phone(struct world *world, uint64_t device)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (devices[i] == device)
			return &world->phones[i];
	fail();
	return NULL;
}

/* A fragment that comes twice, or not in order, is what nobody may ever hear. */
static void take_fragment(struct phone *p, const struct at_bytes *frame)
{
	struct note_fragment fragment;
	assert_int_equal(note_fragment_parse(frame->data, frame->len, &fragment), AT_OK);
	assert_int_equal(fragment.number, p->next);
	p->next++;
	p->frames++;
	assert_int_equal(at_buf_append(&p->media, fragment.data, fragment.len), AT_OK);
}

static void on_send(struct hub_session *session, struct at_bytes *frame, bool binary)
{
	struct phone *p = AT_ENTRY(session, struct phone, session);
	if (binary) {
		take_fragment(p, frame);
		return;
	}
	assert_int_equal(at_buf_append(&p->heard, frame->data, frame->len), AT_OK);
	assert_int_equal(at_buf_append(&p->heard, "\n", 1), AT_OK);
}

static void on_close(struct hub_session *session, uint16_t code)
{
	(void)session, (void)code;
}

static size_t on_backlog(struct hub_session *session)
{
	return AT_ENTRY(session, struct phone, session)->backlog;
}

void phone_on(struct world *world, uint64_t device)
{
	static const struct hub_session_ops ops = {on_send, on_close, on_backlog};
	struct phone *p = phone(world, device);
	p->session = (struct hub_session){.ops = &ops, .user = user_of(device), .device = device};
	hub_add(world->hub, &p->session);
	p->on = true;
	settle(world);
}

void phone_off(struct world *world, uint64_t device)
{
	struct phone *p = phone(world, device);
	if (p->on)
		hub_remove(world->hub, &p->session);
	p->on = false;
}

void forget_heard(struct world *world)
{
	for (size_t i = 0; i < DEVICES; i++) {
		at_buf_clear(&world->phones[i].heard);
		at_buf_clear(&world->phones[i].media);
		world->phones[i].frames = world->phones[i].next = 0;
	}
}

const char *last_heard(struct world *world, uint64_t device, const char *part)
{
	static char line[65536];
	struct at_buf *all = &phone(world, device)->heard;
	line[0] = '\0';
	for (size_t at = 0; at < all->len;) {
		const uint8_t *end = memchr(all->data + at, '\n', all->len - at);
		size_t len = (size_t)(end - (all->data + at));
		char *copy = at_strndup((const char *)all->data + at, len);
		if (strstr(copy, part))
			snprintf(line, sizeof(line), "%s", copy);
		at_free(copy);
		at += len + 1;
	}
	return line;
}

bool heard(struct world *world, uint64_t device, const char *part)
{
	return count_heard(world, device, part) > 0;
}

unsigned count_heard(struct world *world, uint64_t device, const char *part)
{
	struct at_buf *all = &phone(world, device)->heard;
	unsigned n = 0;
	for (const uint8_t *at = all->data;
	     all->len && (at = memmem(at, (size_t)(all->data + all->len - at), part, strlen(part))); at++)
		n++;
	return n;
}

/* ---- asking ---- */

void on_reply(void *arg, enum at_err err, const void *json, size_t len)
{
	struct reply *reply = arg;
	assert_false(reply->came);
	reply->came = true;
	reply->err = err;
	snprintf(reply->json, sizeof(reply->json), "%.*s", err ? 0 : (int)len, (const char *)json);
}

bool reply_came(void *reply)
{
	return ((struct reply *)reply)->came;
}

struct at_id test_id(unsigned n)
{
	struct at_id id = {{0xee}};
	at_put_u32(id.b + 12, n);
	return id;
}

struct reply do_start(struct world *world, unsigned rec, uint64_t device, const struct at_id *call, bool video,
		      uint32_t seg)
{
	struct reply reply = {0};
	struct note_start ask = {.rec = test_id(rec),
				 .user = user_of(device),
				 .device = device,
				 .conv = world->conv,
				 .video = video,
				 .mime = video ? "video/webm;codecs=vp8,opus" : "audio/webm;codecs=opus",
				 .seg = seg};
	if (call)
		ask.call = *call;
	note_rec_start(world->notes, &ask, on_reply, &reply);
	wait_for(world, reply_came, &reply);
	settle(world);
	return reply;
}

struct reply do_commit(struct world *world, unsigned rec, uint64_t device, uint64_t cid, uint32_t fragments, int64_t ms)
{
	struct reply reply = {0};
	struct note_commit ask = {.rec = test_id(rec),
				  .user = user_of(device),
				  .device = device,
				  .cid = cid,
				  .fragments = fragments,
				  .duration_ms = ms,
				  .peaks = {0, 128, 255}};
	note_rec_commit(world->notes, &ask, on_reply, &reply);
	wait_for(world, reply_came, &reply);
	settle(world);
	return reply;
}

struct reply do_discard(struct world *world, unsigned rec, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = test_id(rec);
	note_rec_discard(world->notes, user_of(device), &id, on_reply, &reply);
	wait_for(world, reply_came, &reply);
	settle(world);
	return reply;
}

struct reply do_undo(struct world *world, unsigned rec, uint64_t device)
{
	struct reply reply = {0};
	struct at_id id = test_id(rec);
	note_rec_undo(world->notes, user_of(device), device, &id, on_reply, &reply);
	wait_for(world, reply_came, &reply);
	return reply;
}

struct reply do_listen(struct world *world, unsigned rec, uint64_t device, bool on)
{
	struct reply reply = {0};
	struct at_id id = test_id(rec);
	note_rec_listen(world->notes, user_of(device), device, &id, on, on_reply, &reply);
	assert_true(reply.came);
	settle(world);
	return reply;
}

struct reply do_state(struct world *world, unsigned rec, uint64_t device, bool paused)
{
	struct reply reply = {0};
	struct at_id id = test_id(rec);
	note_rec_state(world->notes, user_of(device), device, &id, paused, 0, on_reply, &reply);
	assert_true(reply.came);
	return reply;
}

enum at_err send_fragment(struct world *world, unsigned rec, uint64_t device, uint32_t seg, uint32_t number,
			  uint32_t at_ms, const void *data, size_t len)
{
	struct at_id id = test_id(rec);
	struct at_bytes *frame = note_fragment_frame(&id, seg, number, at_ms, data, len);
	enum at_err err = note_rec_fragment(world->notes, user_of(device), device, frame->data, frame->len);
	at_bytes_unref(&frame);
	return err;
}

void send_media(struct world *world, unsigned rec, uint64_t device, uint32_t seg, uint32_t first, uint32_t pieces,
		const char *name)
{
	static uint8_t bytes[1 << 20];
	char path[256];
	snprintf(path, sizeof(path), "test/media/%s", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (uint32_t i = 0; i < pieces; i++) {
		size_t from = len * i / pieces, to = len * (i + 1) / pieces;
		assert_int_equal(send_fragment(world, rec, device, seg, first + i, (first + i + 1) * 500, bytes + from,
					       to - from),
				 AT_OK);
	}
	settle(world);
}

void record(struct world *world, unsigned rec, uint64_t device, const struct at_id *call, const char *name)
{
	bool video = !strstr(name, "opus");
	assert_int_equal(do_start(world, rec, device, call, video, 0).err, AT_OK);
	send_media(world, rec, device, 0, 0, 8, name);
}

static void on_call(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	(void)arg, (void)json, (void)len, (void)retry_ms;
	assert_int_equal(err, AT_OK);
}

struct at_id missed_call(struct world *world, unsigned n)
{
	struct at_id id = test_id(1000 + n);
	call_start(world->calls, &id, ANA, A1, world->conv, false, on_call, NULL);
	settle(world);
	if (!chat_blocked(world->chat, ANA, BOB))
		call_ring(world->calls, &id, BOB, B1, on_call, NULL);
	settle(world);
	pass(world, 61000);
	pass(world, 3000);
	return id;
}

static void on_blocked(void *arg, enum at_err err)
{
	(void)arg;
	assert_int_equal(err, AT_OK);
}

void block(struct world *world, uint64_t user, uint64_t blocked)
{
	chat_block(world->chat, user, blocked, true, on_blocked, NULL);
	settle(world);
}

/* ---- files and the log ---- */

static void on_file(void *arg, enum at_err err, int fd, uint64_t len, const char *mime)
{
	struct file *file = arg;
	file->came = true;
	file->err = err;
	file->len = len;
	if (err)
		return;
	snprintf(file->mime, sizeof(file->mime), "%s", mime);
	assert_int_equal(pread(fd, file->head, sizeof(file->head), 0), sizeof(file->head));
	close(fd);
}

struct file open_media(struct world *world, uint64_t user, const struct at_id *blob)
{
	struct file file = {0};
	note_media_open(world->notes, user, blob, on_file, &file);
	settle(world);
	assert_true(file.came);
	return file;
}

struct file open_rec(struct world *world, uint64_t user, unsigned rec)
{
	struct file file = {0};
	struct at_id id = test_id(rec);
	note_rec_open(world->notes, user, &id, on_file, &file);
	settle(world);
	assert_true(file.came);
	return file;
}

static char page[65536];

static void on_page(void *arg, enum at_err err, const void *json, size_t len, uint64_t last_seq)
{
	(void)arg, (void)last_seq;
	assert_int_equal(err, AT_OK);
	snprintf(page, sizeof(page), "%.*s", (int)len, (const char *)json);
}

const char *log_of(struct world *world, uint64_t user)
{
	page[0] = '\0';
	chat_log_page(world->chat, user, user * 10 + 1, world->conv, 0, 0, 200, on_page, NULL);
	settle(world);
	return page;
}

struct at_id blob_in(const char *json)
{
	struct at_id id;
	const char *at = strstr(json, "\"blob\":\"");
	assert_non_null(at);
	assert_int_equal(at_id_parse(at + 8, AT_ID_HEX_LEN, &id), AT_OK);
	return id;
}

struct rec *the_rec(struct world *world, unsigned rec)
{
	struct at_id id = test_id(rec);
	return rec_find(world->notes, &id);
}

/* ---- one a test ---- */

struct world *scene;

int scene_begin(void **state)
{
	(void)state;
	scene = world_new();
	return 0;
}

int scene_end(void **state)
{
	(void)state;
	world_free(&scene);
	return at_log_unexpected_for_test();
}
