/* While it is spoken: who hears of it, who may listen, and picking up. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_testkit.h"

static struct world *world;

static int setup(void **state)
{
	(void)state;
	world = world_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_free(&world);
	return at_log_unexpected_for_test();
}

static const char *last_live(void)
{
	return last_heard(world, B1, "\"ev\":\"live\"");
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
	struct phone *p = phone(world, device);
	assert_int_equal(p->media.len, len);
	assert_memory_equal(p->media.data, bytes, len);
}

static void test_the_callee_is_told(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	phone_on(world, B2);
	forget_heard(world);
	assert_int_equal(do_start(world, 1, A1, &call, false, 0).err, AT_OK);
	assert_true(is_live("recording"));
	assert_non_null(strstr(last_live(), "\"from\":1"));
	assert_true(heard(world, B2, "\"live\""));
	assert_false(heard(world, C1, "\"live\""));
	assert_false(heard(world, A1, "\"ev\":\"live\""));
	(void)do_state(world, 1, A1, true);
	assert_true(is_live("paused"));
	(void)do_state(world, 1, A1, false);
	assert_true(is_live("recording"));
	struct at_buf buf;
	at_buf_init(&buf, 65536);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	notes_write(world->notes, &w, BOB);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	assert_int_equal(at_buf_append(&buf, "", 1), AT_OK);
	assert_non_null(strstr((char *)buf.data, "{\"recs\":[],\"live\":[{\"rec\":\"ee"));
	at_buf_release(&buf);
	(void)do_discard(world, 1, A1);
	assert_true(is_live("discarded"));
}

static void test_not_without_a_call(void **state)
{
	(void)state;
	record(world, 1, A1, NULL, "chromium-opus.webm");
	assert_false(heard(world, B1, "\"live\""));
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_ERR_NOT_FOUND);
}

static void test_listen_from_the_start(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	struct reply reply = do_listen(world, 1, B1, true);
	assert_int_equal(reply.err, AT_OK);
	assert_non_null(strstr(reply.json, "{\"rec\":{\"rec\":\"ee"));
	assert_non_null(strstr(last_heard(world, A1, "rec.listeners"), "\"users\":[2]"));
	send_media(world, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_heard_all(B1, "chromium-opus.webm");
	(void)do_listen(world, 1, B1, false);
	assert_non_null(strstr(last_heard(world, A1, "rec.listeners"), "\"users\":[]"));
	(void)send_fragment(world, 1, A1, 0, 8, 4100, "more", 4);
	settle(world);
	assert_heard_all(B1, "chromium-opus.webm");
}

static void test_listen_late(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	assert_int_equal(do_start(world, 1, A1, &call, false, 0).err, AT_OK);
	/* More than a page of the spool, and it goes on while the first pages are read. */
	send_media(world, 1, A1, 0, 0, 150, "chromium-avc1.mp4");
	struct reply reply = {0};
	struct at_id id = test_id(1);
	note_rec_listen(world->notes, BOB, B1, &id, true, on_reply, &reply);
	for (uint32_t n = 150; n < 160; n++)
		(void)send_fragment(world, 1, A1, 0, n, 75000 + n, "!", 1);
	settle(world);
	settle(world);
	assert_int_equal(phone(world, B1)->frames, 160);
	/* Asked again, as after a lost connection: from the start. */
	forget_heard(world);
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_OK);
	settle(world);
	assert_int_equal(phone(world, B1)->frames, 160);
	assert_false(heard(world, A1, "rec.listeners"));
}

/* A slow line gets no more than it can take, and nothing is skipped. */
static void test_listen_slowly(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	(void)do_listen(world, 1, B1, true);
	phone(world, B1)->backlog = 100000;
	send_media(world, 1, A1, 0, 0, 8, "chromium-opus.webm");
	pass(world, 500);
	assert_int_equal(phone(world, B1)->frames, 0);
	phone(world, B1)->backlog = 1000;
	pass(world, 150);
	assert_heard_all(B1, "chromium-opus.webm");
}

static void test_who_may_not_listen(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	record(world, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_listen(world, 1, C1, true).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_listen(world, 2, B1, true).err, AT_ERR_NOT_FOUND);
	phone_off(world, A1);
	pass(world, 3100);
	assert_true(is_live("discarded"));
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_ERR_NOT_FOUND);
	/* Its owner may, from any device, to hear the draft. */
	phone_on(world, A2);
	assert_int_equal(do_listen(world, 1, A2, true).err, AT_OK);
	assert_heard_all(A2, "chromium-opus.webm");
	assert_false(heard(world, A2, "rec.listeners"));
}

static void test_a_blocked_caller_is_not_heard(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	record(world, 1, A1, &call, "chromium-opus.webm");
	assert_true(is_live("recording"));
	block(world, BOB, ANA);
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_ERR_NOT_FOUND);
}

static void test_a_listener_goes(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	(void)do_listen(world, 1, B1, true);
	phone_off(world, B1);
	settle(world);
	assert_non_null(strstr(last_heard(world, A1, "rec.listeners"), "\"users\":[]"));
	send_media(world, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(phone(world, B1)->frames, 0);
}

static void test_sent_while_listening(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	(void)do_listen(world, 1, B1, true);
	send_media(world, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(do_commit(world, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_heard_all(B1, "chromium-opus.webm");
	assert_true(is_live("sent"));
	const struct at_buf *all = &phone(world, B1)->heard;
	const uint8_t *sent = memmem(all->data, all->len, "\"state\":\"sent\"", 14);
	assert_non_null(memmem(sent, (size_t)(all->data + all->len - sent), "\"kind\":\"note\"", 13));
}

static void test_discarded_while_listening(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	(void)do_listen(world, 1, B1, true);
	(void)send_fragment(world, 1, A1, 0, 0, 500, "half a word", 11);
	(void)do_discard(world, 1, A1);
	assert_true(is_live("discarded"));
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_ERR_NOT_FOUND);
	/* Kept after all, and gone on with: it is heard again. */
	(void)do_undo(world, 1, A1);
	assert_int_equal(do_start(world, 1, A1, &call, false, 1).err, AT_OK);
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
	struct at_id call = missed_call(world, 1);
	(void)do_start(world, 1, A1, &call, false, 0);
	(void)do_listen(world, 1, B1, true);
	send_media(world, 1, A1, 0, 0, 8, "chromium-opus.webm");
	enum at_err err = AT_ERR_INTERNAL;
	call_answer(world->calls, &call, BOB, B1, on_call, &err);
	settle(world);
	assert_int_equal(err, AT_OK);
	assert_true(is_live("answered"));
	assert_non_null(strstr(last_heard(world, A1, "\"ev\":\"rec\""), "\"state\":\"draft\""));
	/* Nothing more is heard or taken, and the draft is private. */
	(void)send_fragment(world, 1, A1, 0, 8, 4100, "more", 4);
	settle(world);
	assert_int_equal(the_rec(world, 1)->next, 8);
	assert_int_equal(phone(world, B1)->frames, 8);
	assert_int_equal(do_listen(world, 1, B1, true).err, AT_ERR_NOT_FOUND);
	assert_non_null(strstr(do_start(world, 1, A1, &call, false, 0).json, "\"draft\""));
	/* It may still be sent, and stands alone then. */
	assert_int_equal(do_commit(world, 1, A1, 70, 8, 4000).err, AT_OK);
	const char *note = strstr(log_of(world, BOB), "\"kind\":\"note\"");
	assert_non_null(note);
	assert_null(strstr(note, "\"call\":\"ee"));
}

static void test_too_late_to_answer(void **state)
{
	(void)state;
	struct at_id call = missed_call(world, 1);
	enum at_err err = AT_OK;
	record(world, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_commit(world, 1, A1, 70, 8, 4000).err, AT_OK);
	call_answer(world->calls, &call, BOB, B1, on_call, &err);
	settle(world);
	assert_int_equal(err, AT_ERR_GONE);
}

/* "Leave a note now": the recording starts right behind the cancel. */
static void test_leave_a_note_now(void **state)
{
	(void)state;
	struct at_id call = test_id(2000);
	enum at_err err;
	struct reply reply = {0};
	call_start(world->calls, &call, ANA, A1, world->conv, false, on_call, &err);
	settle(world);
	call_ring(world->calls, &call, BOB, B1, on_call, &err);
	settle(world);
	struct note_start ask = {.rec = test_id(1),
				 .call = call,
				 .user = ANA,
				 .device = A1,
				 .conv = world->conv,
				 .mime = "audio/webm;codecs=opus"};
	call_cancel(world->calls, &call, ANA, A1, true, on_call, &err);
	note_rec_start(world->notes, &ask, on_reply, &reply);
	(void)send_fragment(world, 1, A1, 0, 0, 500, "at once", 7);
	wait_for(world, reply_came, &reply);
	settle(world);
	assert_int_equal(reply.err, AT_OK);
	assert_true(is_live("recording"));
	assert_int_equal(the_rec(world, 1)->next, 1);
	assert_non_null(strstr(last_heard(world, A1, "rec.ack"), "\"next\":1"));
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

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
