/* Send: flat, on disk, in the log, joined to its call; and everything that may go wrong on the way. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_testkit.h"

#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *fmt, const char *hex)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/", scene->dir);
	size_t n = strlen(path);
	snprintf(path + n, sizeof(path) - n, fmt, hex);
	return access(path, F_OK) == 0;
}

static bool spool_exists(unsigned rec)
{
	char hex[AT_ID_HEX_LEN + 1];
	struct at_id id = test_id(rec);
	at_id_hex(&id, hex);
	return exists("rec/%s.idx", hex) || exists("rec/%s.0.raw", hex);
}

static bool file_exists(const struct at_id *blob)
{
	char hex[AT_ID_HEX_LEN + 1], path[64];
	at_id_hex(blob, hex);
	snprintf(path, sizeof(path), "blob/%.2s/%%s", hex);
	return exists(path, hex);
}

/* ---- sent ---- */

static void test_joined_to_its_call(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	char hex[AT_ID_HEX_LEN + 1], part[64];
	at_id_hex(&call, hex);
	record(scene, 1, A1, &call, "chromium-opus.webm");
	struct reply reply = do_commit(scene, 1, A1, 70, 8, 4000);
	assert_int_equal(reply.err, AT_OK);
	snprintf(part, sizeof(part), "{\"conv\":%d,\"seq\":2}", (int)scene->conv);
	assert_string_equal(reply.json, part);
	const char *log = log_of(scene, BOB);
	snprintf(part, sizeof(part), "\"call\":\"%s\"", hex);
	assert_non_null(strstr(strstr(log, "\"kind\":\"note\""), part));
	assert_non_null(strstr(log, "\"mime\":\"audio/mp4; codecs=opus\""));
	assert_non_null(strstr(log, "\"duration_ms\":4020,\"peaks\":[0,128,255,0,"));
	/* Told to both, once; "sent" first. */
	assert_int_equal(count_heard(scene, B1, "\"kind\":\"note\""), 1);
	assert_int_equal(count_heard(scene, B1, "\"state\":\"sent\""), 1);
	assert_true(heard(scene, A1, "\"state\":\"sent\""));
	struct at_id blob = blob_in(log);
	struct file file = open_media(scene, BOB, &blob);
	assert_int_equal(file.err, AT_OK);
	assert_string_equal(file.mime, "audio/mp4; codecs=opus");
	assert_memory_equal(file.head + 4, "ftyp", 4);
	assert_int_equal(open_media(scene, ANA, &blob).err, AT_OK);
	assert_int_equal(open_media(scene, CEM, &blob).err, AT_ERR_NOT_FOUND);
	assert_false(spool_exists(1));
	assert_null(the_rec(scene, 1));
}

static void test_video(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-vp8.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 3000).err, AT_OK);
	const char *log = log_of(scene, BOB);
	assert_non_null(strstr(log, "{\"kind\":\"video\",\"blob\""));
	assert_non_null(strstr(log, "\"mime\":\"video/webm; codecs=vp8,opus\""));
	assert_non_null(strstr(log, "\"width\":240,\"height\":240"));
}

static void test_sent_once(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	struct reply two[2] = {0};
	note_rec_commit(scene->notes, &ask, on_reply, &two[0]);
	note_rec_commit(scene->notes, &ask, on_reply, &two[1]);
	wait_for(scene, reply_came, &two[0]);
	wait_for(scene, reply_came, &two[1]);
	assert_int_equal(two[0].err, AT_OK);
	assert_string_equal(two[0].json, two[1].json);
	struct reply again = do_commit(scene, 1, A1, 70, 8, 4000);
	assert_string_equal(again.json, two[0].json);
	world_restart(scene);
	again = do_commit(scene, 1, A2, 9, 8, 4000);
	assert_string_equal(again.json, two[0].json);
	assert_int_equal(do_commit(scene, 1, B1, 9, 8, 4000).err, AT_ERR_NOT_FOUND);
	assert_null(strstr(strstr(log_of(scene, ANA), "\"kind\":\"note\"") + 1, "\"kind\":\"note\""));
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 0).err, AT_ERR_GONE);
}

/* The fragments are still on their way to the disk when Send comes. */
static void test_send_right_behind(void **state)
{
	(void)state;
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 2, .duration_ms = 4000};
	struct reply reply = {0};
	static uint8_t bytes[65536];
	FILE *f = fopen("test/media/chromium-opus.webm", "rb");
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	(void)do_start(scene, 1, A1, NULL, false, 0);
	(void)send_fragment(scene, 1, A1, 0, 0, 2000, bytes, len / 2);
	(void)send_fragment(scene, 1, A1, 0, 1, 4000, bytes + len / 2, len - len / 2);
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
}

/* A draft of two recorders, sent by the second device. */
static void test_two_segments(void **state)
{
	(void)state;
	phone_on(scene, A2);
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_start(scene, 1, A2, NULL, false, 1).err, AT_OK);
	send_media(scene, 1, A2, 1, 8, 4, "firefox-opus.webm");
	assert_int_equal(do_commit(scene, 1, A2, 3, 12, 7300).err, AT_OK);
	assert_non_null(strstr(log_of(scene, BOB), "\"duration_ms\":7340"));
}

static void ignore_deleted(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)arg, (void)seq, (void)ts, (void)duplicate;
	assert_int_equal(err, AT_OK);
}

static void test_deleted(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	struct at_id blob = blob_in(log_of(scene, BOB));
	assert_true(file_exists(&blob));
	chat_delete_entry(scene->chat, ANA, A1, scene->conv, 1, 71, ignore_deleted, NULL);
	settle(scene);
	assert_false(file_exists(&blob));
	assert_int_equal(open_media(scene, BOB, &blob).err, AT_ERR_NOT_FOUND);
	assert_null(strstr(log_of(scene, BOB), "\"blob\""));
}

/* Whoever is blocked sees it sent; it never arrives. */
static void test_blocked(void **state)
{
	(void)state;
	block(scene, BOB, ANA);
	struct at_id call = missed_call(scene, 1);
	forget_heard(scene);
	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"live\":true"));
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	struct at_id blob = blob_in(log_of(scene, ANA));
	assert_int_equal(open_media(scene, ANA, &blob).err, AT_OK);
	assert_int_equal(open_media(scene, BOB, &blob).err, AT_ERR_NOT_FOUND);
	assert_null(strstr(log_of(scene, BOB), "note"));
	assert_false(heard(scene, B1, "live"));
	assert_false(heard(scene, B1, "note"));
}

static void test_one_note_a_call(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	record(scene, 1, A1, &call, "chromium-opus.webm");
	record(scene, 2, A1, &call, "firefox-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	/* The second stands alone, rather than being lost. */
	assert_int_equal(do_commit(scene, 2, A1, 71, 8, 4000).err, AT_OK);
	const char *second = strstr(strstr(log_of(scene, BOB), "\"kind\":\"note\"") + 1, "\"seq\":3");
	assert_non_null(second);
	assert_null(strstr(second, "\"call\":\"ee"));
	assert_int_equal(do_start(scene, 3, A1, &call, false, 0).err, AT_ERR_GONE);
}

/* ---- not sent ---- */

static void test_what_cannot_be_sent(void **state)
{
	(void)state;
	assert_int_equal(do_commit(scene, 1, A1, 70, 0, 4000).err, AT_ERR_NOT_FOUND);
	(void)do_start(scene, 1, A1, NULL, false, 0);
	assert_int_equal(do_commit(scene, 1, A1, 70, 0, 4000).err, AT_ERR_TOO_SHORT);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 9, 4000).err, AT_ERR_CONFLICT);
	assert_int_equal(do_commit(scene, 1, A1, 70, 7, 4000).err, AT_ERR_CONFLICT);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_RECORDING);
	(void)do_discard(scene, 1, A1);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_ERR_GONE);
	(void)do_undo(scene, 1, A1);
	scene->settings.note_min_ms = 5000;
	world_restart(scene);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_ERR_TOO_SHORT);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	assert_string_equal(log_of(scene, BOB), "[]");
}

static void test_unreadable(void **state)
{
	(void)state;
	static const uint8_t noise[3000] = {0x1a, 0x45, 0xdf, 0xa3, 7};
	(void)do_start(scene, 1, A1, NULL, false, 0);
	(void)send_fragment(scene, 1, A1, 0, 0, 4000, noise, sizeof(noise));
	assert_int_equal(do_commit(scene, 1, A1, 70, 1, 4000).err, AT_ERR_UNREADABLE);
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"unreadable\""));
	assert_int_equal(do_commit(scene, 1, A1, 70, 1, 4000).err, AT_ERR_UNREADABLE);
	world_restart(scene);
	assert_int_equal(do_commit(scene, 1, A1, 70, 1, 4000).err, AT_ERR_UNREADABLE);
	/* The bytes are still theirs to save. */
	struct file file = open_rec(scene, ANA, 1);
	assert_int_equal(file.err, AT_OK);
	assert_int_equal(file.len, sizeof(noise));
	assert_string_equal(file.mime, "audio/webm");
	assert_int_equal(open_rec(scene, BOB, 1).err, AT_ERR_NOT_FOUND);
	assert_string_equal(log_of(scene, BOB), "[]");
	assert_int_equal(do_discard(scene, 1, A1).err, AT_OK);
}

/* Most of it is garbage: the sender must not believe that it was sent. */
static void test_mostly_lost(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 60000).err, AT_ERR_UNREADABLE);
}

/* ---- remux goes ---- */

static struct {
	struct ipc_chan *chan;
	unsigned jobs;
	bool dies;
} fake;

static void on_fake(void *arg, struct ipc_msg *msg)
{
	(void)arg;
	assert_int_equal(msg->type, IPC_REMUX_JOB);
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	fake.jobs++;
	if (fake.dies)
		ipc_chan_free(&fake.chan);
}

static void on_fake_gone(void *arg)
{
	(void)arg;
	ipc_chan_free(&fake.chan);
}

static void connect_fake(void)
{
	int pair[2];
	assert_int_equal(ipc_pair(pair), AT_OK);
	fake.chan = ipc_chan_new(scene->loop, pair[1], on_fake, on_fake_gone, NULL);
	notes_remux_channel(scene->notes, pair[0]);
}

static bool has_died(void *arg)
{
	return fake.chan == NULL && fake.jobs >= *(unsigned *)arg;
}

static void test_remux_dies_once(void **state)
{
	(void)state;
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	struct reply reply = {0};
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	fake.jobs = 0;
	fake.dies = true;
	connect_fake();
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	wait_for(scene, has_died, &(unsigned){1});
	settle(scene);
	assert_false(reply.came);
	connect_remux(scene);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
}

static void test_remux_dies_twice(void **state)
{
	(void)state;
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	struct reply reply = {0};
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	fake.jobs = 0;
	fake.dies = true;
	connect_fake();
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	wait_for(scene, has_died, &(unsigned){1});
	connect_fake();
	wait_for(scene, has_died, &(unsigned){2});
	settle(scene);
	connect_remux(scene);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_ERR_UNAVAILABLE);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
}

static void test_remux_is_silent(void **state)
{
	(void)state;
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	struct reply reply = {0};
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	fake.jobs = 0;
	fake.dies = false;
	connect_fake();
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	settle(scene);
	settle(scene);
	assert_int_equal(fake.jobs, 1);
	at_log_expect_for_test("note.job_timeout", 1);
	pass(scene, 31000);
	assert_true(reply.came);
	assert_int_equal(reply.err, AT_ERR_TIMEOUT);
	ipc_chan_free(&fake.chan);
	settle(scene);
}

/* The server stops in the middle of a Send: a draft, and no half file. */
static void test_stopped_while_sending(void **state)
{
	(void)state;
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	struct reply reply = {0};
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	fake.jobs = 0;
	fake.dies = false;
	connect_fake();
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	settle(scene);
	world_restart(scene);
	assert_true(reply.came);
	assert_int_equal(reply.err, AT_ERR_CLOSED);
	ipc_chan_free(&fake.chan);
	settle(scene);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
}

/* ---- what a crash leaves ---- */

static void test_strays_are_removed(void **state)
{
	(void)state;
	struct at_id stray = test_id(50);
	struct at_bytes *data = at_bytes_new("x", 1);
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	struct at_id blob = blob_in(log_of(scene, BOB));
	blob_spool_append(scene->blobs, &stray, 0, 0, 1, data, NULL, NULL);
	at_bytes_unref(&data);
	char dir[128], path[256], hex[AT_ID_HEX_LEN + 1];
	at_id_hex(&stray, hex);
	snprintf(dir, sizeof(dir), "%s/blob/ee", scene->dir);
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/%s", dir, hex);
	FILE *f = fopen(path, "w");
	fclose(f);
	settle(scene);
	assert_true(spool_exists(50) && file_exists(&stray));
	world_restart(scene);
	settle(scene);
	assert_false(spool_exists(50) || file_exists(&stray));
	assert_true(file_exists(&blob));
}

/* ---- how long it takes ---- */

/* A recording of three minutes: the clusters of a real one, again and again, as a browser would have sent them. */
static void send_long(unsigned rec, unsigned times)
{
	static uint8_t bytes[65536];
	FILE *f = fopen("test/media/chromium-opus.webm", "rb");
	size_t len = fread(bytes, 1, sizeof(bytes), f), head = 0;
	fclose(f);
	while (memcmp(bytes + head, "\x1f\x43\xb6\x75", 4) != 0)
		head++;
	(void)do_start(scene, rec, A1, NULL, false, 0);
	for (uint32_t n = 0; n < times; n++)
		(void)send_fragment(scene, rec, A1, 0, n, n * 4000, n ? bytes + head : bytes, n ? len - head : len);
	settle(scene);
}

static int64_t time_of_send(unsigned rec, unsigned times)
{
	struct note_commit ask = {.rec = test_id(rec),
				  .user = ANA,
				  .device = A1,
				  .cid = rec,
				  .fragments = times,
				  .duration_ms = times * 4000};
	struct reply reply = {0};
	send_long(rec, times);
	int64_t started = at_mono_us();
	note_rec_commit(scene->notes, &ask, on_reply, &reply);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
	return at_mono_us() - started;
}

static void test_time(void **state)
{
	(void)state;
	int64_t brief = INT64_MAX, full = INT64_MAX;
	for (unsigned i = 0; i < 5; i++) {
		int64_t a = time_of_send(100 + i, 1), b = time_of_send(200 + i, 45);
		brief = a < brief ? a : brief;
		full = b < full ? b : full;
	}
	print_message("Send of 4 s: %lld us, of 180 s: %lld us\n", (long long)brief, (long long)full);
	/* Loose, for sanitizers on busy machines: the benchmark tells the truth. */
	assert_true(full < 500000);
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(test_joined_to_its_call),
		NOTE_TEST(test_video),
		NOTE_TEST(test_sent_once),
		NOTE_TEST(test_send_right_behind),
		NOTE_TEST(test_two_segments),
		NOTE_TEST(test_deleted),
		NOTE_TEST(test_blocked),
		NOTE_TEST(test_one_note_a_call),
		NOTE_TEST(test_what_cannot_be_sent),
		NOTE_TEST(test_unreadable),
		NOTE_TEST(test_mostly_lost),
		NOTE_TEST(test_remux_dies_once),
		NOTE_TEST(test_remux_dies_twice),
		NOTE_TEST(test_remux_is_silent),
		NOTE_TEST(test_stopped_while_sending),
		NOTE_TEST(test_strays_are_removed),
		NOTE_TEST(test_time),
	};
	remux_start();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remux_stop();
	return failed;
}
