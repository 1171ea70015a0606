/* Edge cases of leaving a note that no other test shows; their numbers are those of docs/edge-cases.md. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_testkit.h"

#include <string.h>

static void on_call(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	(void)json, (void)len, (void)retry_ms;
	*(enum at_err *)arg = err;
}

static void on_deleted(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)arg, (void)seq, (void)ts, (void)duplicate;
	assert_int_equal(err, AT_OK);
}

/* The parts of hello that speak of calls and recordings. */
static void write_hello(uint64_t user, uint64_t device, char *json_out, size_t size)
{
	struct at_buf buf;

	at_buf_init(&buf, 65536);
	struct wire_out w = wire_out_begin(&buf);

	wire_obj(&w, NULL);
	calls_write(scene->calls, &w, "calls", user, device);
	notes_write(scene->notes, &w, user);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	snprintf(json_out, size, "%.*s", (int)buf.len, (const char *)buf.data);
	at_buf_release(&buf);
}

static struct at_id missed_call_of_bob(unsigned n)
{
	struct at_id id = test_id(n);
	enum at_err err = AT_ERR_INTERNAL;

	call_start(scene->calls, &id, BOB, B1, scene->conv, false, on_call, &err);
	settle(scene);
	assert_int_equal(err, AT_OK);
	pass(scene, 61000);
	pass(scene, 3000);
	return id;
}

/* 2: picked up; what was said is Ana's alone and leaves only with Send. */
static void test_answered_draft_stays_private(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	enum at_err err = AT_ERR_INTERNAL;

	record(scene, 1, A1, &call, "chromium-opus.webm");
	call_answer(scene->calls, &call, BOB, B1, on_call, &err);
	settle(scene);
	assert_int_equal(err, AT_OK);
	call_leave(scene->calls, &call, BOB, B1, false, on_call, &err);
	settle(scene);
	world_restart(scene);
	phone_on(scene, A1);
	phone_on(scene, B1);
	pass(scene, 86400000);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	assert_null(strstr(log_of(scene, BOB), "\"kind\":\"note\""));
	assert_false(heard(scene, B1, "\"live\""));
	assert_int_equal(open_rec(scene, BOB, 1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(open_rec(scene, ANA, 1).err, AT_OK);
}

/* 3: Bob's device was away and comes while Ana speaks: nothing rings, the note being left is there to be heard and answered. */
static void test_comes_online_while_it_is_left(void **state)
{
	(void)state;
	struct at_id call = test_id(1001);
	enum at_err err = AT_ERR_INTERNAL;
	char json[4096];

	phone_off(scene, B1);
	call_start(scene->calls, &call, ANA, A1, scene->conv, false, on_call, &err);
	settle(scene);
	pass(scene, 15100);
	assert_non_null(strstr(log_of(scene, BOB), "\"outcome\":\"unreachable\""));
	record(scene, 1, A1, &call, "chromium-opus.webm");
	phone_on(scene, B1);
	write_hello(BOB, B1, json, sizeof(json));
	assert_non_null(strstr(json, "\"calls\":[]"));
	assert_non_null(strstr(json, "\"live\":[{\"rec\":\"ee"));
	assert_non_null(strstr(json, "\"state\":\"recording\""));
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_OK);
	assert_int_equal(phone(scene, B1)->frames, 8);
	call_answer(scene->calls, &call, BOB, B1, on_call, &err);
	settle(scene);
	assert_int_equal(err, AT_OK);
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"draft\""));
}

/* 6: both missed each other and both leave a note: two calls, two notes, each with its own. */
static void test_both_leave_a_note(void **state)
{
	(void)state;
	char hex[AT_ID_HEX_LEN + 1], part[64];
	struct at_id calls[2] = {missed_call(scene, 1), missed_call_of_bob(1002)};

	record(scene, 1, A1, &calls[0], "chromium-opus.webm");
	record(scene, 2, B1, &calls[1], "firefox-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_int_equal(do_commit(scene, 2, B1, 70, 8, 3000).err, AT_OK);
	const char *log = log_of(scene, ANA);
	const char *notes = strstr(log, "\"kind\":\"note\"");
	for (int i = 0; i < 2; i++) {
		assert_non_null(notes);
		at_id_hex(&calls[i], hex);
		snprintf(part, sizeof(part), "\"call\":\"%s\"", hex);
		const char *own = strstr(notes, part);
		assert_non_null(own);
		notes = strstr(notes + 1, "\"kind\":\"note\"");
		assert_true(!notes || own < notes);
	}
	assert_null(notes);
}

/* 16: closed in the middle, server and all: kept as far as it was acknowledged, on every device of hers, and never sent by itself. */
static void test_never_sent_without_send(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);
	char json[4096];

	record(scene, 1, A1, &call, "chromium-opus.webm");
	phone_off(scene, A1);
	world_restart(scene);
	phone_on(scene, A2);
	phone_on(scene, B1);
	pass(scene, 6 * INT64_C(86400000));
	write_hello(ANA, A2, json, sizeof(json));
	assert_non_null(strstr(json, "\"state\":\"draft\""));
	assert_non_null(strstr(json, "\"next\":8"));
	assert_null(strstr(log_of(scene, BOB), "\"kind\":\"note\""));
	assert_int_equal(do_commit(scene, 1, A2, 70, 8, 4000).err, AT_OK);
	const char *note = strstr(log_of(scene, BOB), "\"kind\":\"note\"");
	assert_non_null(note);
	assert_non_null(strstr(note, "\"call\":\"ee"));
}

/* 27: blocked in the middle of the recording: to Ana all looks as ever, nothing reaches Bob. */
static void test_blocked_while_it_is_left(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);

	assert_int_equal(do_start(scene, 1, A1, &call, false, 0).err, AT_OK);
	block(scene, BOB, ANA);
	forget_heard(scene);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	(void)do_state(scene, 1, A1, true);
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"live\":true"));
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_null(strstr(log_of(scene, BOB), "\"kind\":\"note\""));
	assert_false(heard(scene, B1, "\"kind\":\"note\""));
	struct at_id blob = blob_in(log_of(scene, ANA));
	assert_int_equal(open_media(scene, BOB, &blob).err, AT_ERR_NOT_FOUND);
	assert_int_equal(open_media(scene, ANA, &blob).err, AT_OK);
}

/* 27: blocked afterwards: what Bob has stays his. */
static void test_blocked_after_it_was_sent(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);

	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	block(scene, BOB, ANA);
	world_restart(scene);
	struct at_id blob = blob_in(log_of(scene, BOB));
	assert_int_equal(open_media(scene, BOB, &blob).err, AT_OK);
}

/* 40: deleted, heard or not: the bytes are gone for both, the call's entry stays and takes no second note in its place unasked. */
static void test_deleted_note_leaves_its_call(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);

	record(scene, 1, A1, &call, "chromium-opus.webm");
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	struct at_id blob = blob_in(log_of(scene, BOB));
	assert_int_equal(chat_note_state(scene->chat, BOB, scene->conv, 2, true, 1000), AT_OK);
	settle(scene);
	chat_delete_entry(scene->chat, ANA, A1, scene->conv, 2, 71, on_deleted, NULL);
	settle(scene);
	assert_int_equal(open_media(scene, BOB, &blob).err, AT_ERR_NOT_FOUND);
	assert_int_equal(open_media(scene, ANA, &blob).err, AT_ERR_NOT_FOUND);
	const char *log = log_of(scene, BOB);
	assert_non_null(strstr(log, "\"outcome\":\"no_answer\""));
	assert_non_null(strstr(log, "\"kind\":\"delete\""));
	assert_null(strstr(log, "\"blob\""));
}

/* 41: whoever shows no receipts listens unnoticed. */
static void test_listening_is_a_receipt(void **state)
{
	(void)state;
	struct at_id call = missed_call(scene, 1);

	scene->hides_receipts = true;
	assert_int_equal(do_start(scene, 1, A1, &call, false, 0).err, AT_OK);
	assert_int_equal(do_listen(scene, 1, B1, true).err, AT_OK);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	assert_int_equal(phone(scene, B1)->frames, 8);
	(void)do_listen(scene, 1, B1, false);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_false(heard(scene, A1, "rec.listeners"));
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(test_answered_draft_stays_private),
		NOTE_TEST(test_comes_online_while_it_is_left),
		NOTE_TEST(test_both_leave_a_note),
		NOTE_TEST(test_never_sent_without_send),
		NOTE_TEST(test_blocked_while_it_is_left),
		NOTE_TEST(test_blocked_after_it_was_sent),
		NOTE_TEST(test_deleted_note_leaves_its_call),
		NOTE_TEST(test_listening_is_a_receipt),
	};
	remux_start();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remux_stop();
	return failed;
}
