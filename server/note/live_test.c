/* While it is spoken: who hears of it, who may listen, and picking up. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_testkit.h"

static const char *last_live(void)
{
	return last_heard(scene, B1, "\"ev\":\"live\"");
}

static bool is_live(const char *state)
{
	char part[64];
	snprintf(part, sizeof(part), "\"state\":\"%s\"", state);
	return strstr(last_live(), part) != NULL;
}

/* The file as it was sent. */
static void assert_heard_all(uint64_t device, const char *name)
{
	static uint8_t bytes[1 << 20];
	char path[256];
	snprintf(path, sizeof(path), "test/media/%s", name);
	FILE *f = fopen(path, "rb");
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	struct phone *p = phone(scene, device);
	assert_int_equal(p->media.len, len);
	assert_memory_equal(p->media.data, bytes, len);
}

static void test_the_callee_is_told(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	phone_on(scene, B2);
	forget_heard(scene);
	assert_int_equal(do_start(scene, 1, A1, &call, false, 0).err, AT_OK);
	assert_true(is_live("recording"));
	assert_non_null(strstr(last_live(), "\"from\":1"));
	assert_true(heard(scene, B2, "\"live\""));
	assert_false(heard(scene, C1, "\"live\""));
	assert_false(heard(scene, A1, "\"ev\":\"live\""));
	(void)do_state(scene, 1, A1, true);
	assert_true(is_live("paused"));
	(void)do_state(scene, 1, A1, false);
	assert_true(is_live("recording"));
	struct at_buf buf;
	at_buf_init(&buf, 65536);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	notes_write(scene->notes, &w, BOB);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	assert_int_equal(at_buf_append(&buf, "", 1), AT_OK);
	assert_non_null(strstr((char *)buf.data, "{\"recs\":[],\"live\":[{\"rec\":\"ee"));
	at_buf_release(&buf);
	(void)do_discard(scene, 1, A1);
	assert_true(is_live("discarded"));
}

static void test_not_without_a_call(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_false(heard(scene, B1, "\"live\""));
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
}

static void test_listen_from_the_start(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	struct reply reply = do_listen(scene, 1, B1, true);
	assert_int_equal(reply.err, AT_OK);
	assert_non_null(strstr(reply.json, "{\"rec\":{\"rec\":\"ee"));
	assert_non_null(strstr(last_heard(scene, A1, "rec.listeners"), "\"users\":[2]"));
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_heard_all(B1, "chromium-opus.webm");
	(void)do_listen(scene, 1, B1, false);
	assert_non_null(strstr(last_heard(scene, A1, "rec.listeners"), "\"users\":[]"));
	(void)send_fragment(scene, 1, A1, 0, 8, 4100, "more", 4);
	settle(scene);
	assert_heard_all(B1, "chromium-opus.webm");
}

static void test_listen_late(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	assert_int_equal(do_start(scene, 1, A1, &call, false, 0).err, AT_OK);
	/* More than a page of the spool, and it goes on while the first pages are read. */
	send_media(scene, 1, A1, 0, 0, 150, "chromium-avc1.mp4");
	struct reply reply = {0};
	struct at_id id = test_id(1);
	note_rec_listen(scene->notes, BOB, B1, &id, true, on_reply, &reply);
	for (uint32_t n = 150; n < 160; n++)
		(void)send_fragment(scene, 1, A1, 0, n, 75000 + n, "!", 1);
	settle(scene);
	settle(scene);
	assert_int_equal(phone(scene, B1)->frames, 160);
	/* Asked again, as after a lost connection: from the start. */
	forget_heard(scene);
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_OK);
	settle(scene);
	assert_int_equal(phone(scene, B1)->frames, 160);
	assert_false(heard(scene, A1, "rec.listeners"));
}

/* A slow line gets no more than it can take, and nothing is skipped. */
static void test_listen_slowly(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	(void)do_listen(scene, 1, B1, true);
	phone(scene, B1)->backlog = 100000;
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	pass(scene, 500);
	assert_int_equal(phone(scene, B1)->frames, 0);
	phone(scene, B1)->backlog = 1000;
	pass(scene, 150);
	assert_heard_all(B1, "chromium-opus.webm");
}

static void test_who_may_not_listen(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_listen(scene, 1, C1, true).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_listen(scene, 2, B1, true).err, AT_ERR_NOT_FOUND);
	phone_off(scene, A1);
	pass(scene, 3100);
	assert_true(is_live("discarded"));
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
	/* Its owner may, from any device, to hear the draft. */
	phone_on(scene, A2);
	assert_int_equal(do_listen(scene, 1, A2, true).err, AT_OK);
	assert_heard_all(A2, "chromium-opus.webm");
	assert_false(heard(scene, A2, "rec.listeners"));
}

static void test_a_blocked_caller_is_not_heard(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_true(is_live("recording"));
	block(scene, BOB, ANA);
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
}

static void test_a_listener_goes(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	(void)do_listen(scene, 1, B1, true);
	phone_off(scene, B1);
	settle(scene);
	assert_non_null(strstr(last_heard(scene, A1, "rec.listeners"), "\"users\":[]"));
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(phone(scene, B1)->frames, 0);
}

static void test_sent_while_listening(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	(void)do_listen(scene, 1, B1, true);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_heard_all(B1, "chromium-opus.webm");
	assert_true(is_live("sent"));
	const struct at_buf *all = &phone(scene, B1)->heard;
	const uint8_t *sent = memmem(all->data, all->len, "\"state\":\"sent\"", 14);
	assert_non_null(memmem(sent, (size_t)(all->data + all->len - sent), "\"kind\":\"note\"", 13));
}

static void test_discarded_while_listening(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	(void)do_listen(scene, 1, B1, true);
	(void)send_fragment(scene, 1, A1, 0, 0, 500, "half a word", 11);
	(void)do_discard(scene, 1, A1);
	assert_true(is_live("discarded"));
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
	/* Kept after all, and gone on with: it is heard again. */
	(void)do_undo(scene, 1, A1);
	assert_int_equal(do_start(scene, 1, A1, &call, false, 1).err, AT_OK);
	assert_true(is_live("recording"));
}

/* ---- picking up ---- */

static void on_call(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	(void)json, (void)len, (void)retry_ms;
	*(enum at_err *)arg = err;
}

static void test_answered_while_it_is_left(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	(void)do_start(scene, 1, A1, &call, false, 0);
	(void)do_listen(scene, 1, B1, true);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	enum at_err err = AT_ERR_INTERNAL;
	call_answer(scene->calls, &call, BOB, B1, on_call, &err);
	settle(scene);
	assert_int_equal(err, AT_OK);
	assert_true(is_live("answered"));
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"state\":\"draft\""));
	/* Nothing more is heard or taken, and the draft is private. */
	(void)send_fragment(scene, 1, A1, 0, 8, 4100, "more", 4);
	settle(scene);
	assert_int_equal(the_rec(scene, 1)->next, 8);
	assert_int_equal(phone(scene, B1)->frames, 8);
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_ERR_NOT_FOUND);
	assert_non_null(strstr(do_start(scene, 1, A1, &call, false, 0).json, "\"draft\""));
	/* It may still be sent, and stands alone then. */
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	const char *note = strstr(log_of(scene, BOB), "\"kind\":\"note\"");
	assert_non_null(note);
	assert_null(strstr(note, "\"call\":\"ee"));
}

static void test_too_late_to_answer(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	enum at_err err = AT_OK;
	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	call_answer(scene->calls, &call, BOB, B1, on_call, &err);
	settle(scene);
	assert_int_equal(err, AT_ERR_GONE);
}

/* "Leave a note now": the recording starts right behind the cancel. */
static void test_leave_a_note_now(void **state)
{
	(void)state;
	struct at_id call = test_id(2000);
	enum at_err err;
	struct reply reply = {0};
	call_start(scene->calls, &call, ANA, A1, scene->conv, false, on_call, &err);
	settle(scene);
	call_ring(scene->calls, &call, BOB, B1, on_call, &err);
	settle(scene);
	struct note_start ask = {.rec = test_id(1),
				 .call = call,
				 .user = ANA,
				 .device = A1,
				 .conv = scene->conv,
				 .mime = "audio/webm;codecs=opus"};
	call_cancel(scene->calls, &call, ANA, A1, true, on_call, &err);
	note_rec_start(scene->notes, &ask, on_reply, &reply);
	(void)send_fragment(scene, 1, A1, 0, 0, 500, "at once", 7);
	wait_for(scene, reply_came, &reply);
	settle(scene);
	assert_int_equal(reply.err, AT_OK);
	assert_true(is_live("recording"));
	assert_int_equal(the_rec(scene, 1)->next, 1);
	assert_non_null(strstr(last_heard(scene, A1, "rec.ack"), "\"next\":1"));
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(test_the_callee_is_told),
		NOTE_TEST(test_not_without_a_call),
		NOTE_TEST(test_listen_from_the_start),
		NOTE_TEST(test_listen_late),
		NOTE_TEST(test_listen_slowly),
		NOTE_TEST(test_who_may_not_listen),
		NOTE_TEST(test_a_blocked_caller_is_not_heard),
		NOTE_TEST(test_a_listener_goes),
		NOTE_TEST(test_sent_while_listening),
		NOTE_TEST(test_discarded_while_listening),
		NOTE_TEST(test_answered_while_it_is_left),
		NOTE_TEST(test_too_late_to_answer),
		NOTE_TEST(test_leave_a_note_now),
	};
	remux_start();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remux_stop();
	return failed;
}
