/* Recordings before they are sent: starting, fragments, interruptions, drafts. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_testkit.h"

#include <signal.h>
#include <sys/resource.h>

static bool acked(uint64_t device, uint32_t next)
{
	char part[32];
	snprintf(part, sizeof(part), "\"next\":%u,", next);
	return strstr(last_heard(scene, device, "\"rec.ack\""), part) != NULL;
}

/* ---- starting ---- */

static void test_start_again_is_the_same(void **state)
{
	(void)state;
	phone_on(scene, A2);
	struct reply first = do_start(scene, 1, A1, NULL, false, 0);
	assert_int_equal(first.err, AT_OK);
	assert_non_null(strstr(first.json, "{\"rec\":{\"rec\":\"ee"));
	assert_non_null(
		strstr(first.json,
		       "\"kind\":\"voice\",\"mime\":\"audio/webm;codecs=opus\",\"state\":\"recording\",\"seg\":0,"
		       "\"next\":0,\"bytes\":0,\"ms\":0"));
	assert_non_null(strstr(first.json, "\"call\":null"));
	assert_non_null(strstr(first.json, "\"live\":false"));
	struct reply again = do_start(scene, 1, A1, NULL, false, 0);
	assert_string_equal(again.json, first.json);
	/* My other device sees it, nobody else does. */
	assert_true(heard(scene, A2, "\"ev\":\"rec\""));
	assert_false(heard(scene, B1, "\"rec\""));
}

static void test_what_cannot_start(void **state)
{
	(void)state;
	struct at_id none = test_id(77);
	assert_int_equal(do_start(scene, 1, C1, NULL, false, 0).err, AT_ERR_NOT_FOUND);  /* not in this chat */
	assert_int_equal(do_start(scene, 1, A1, &none, false, 0).err, AT_ERR_NOT_FOUND); /* no such call */
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 1).err, AT_ERR_CONFLICT);   /* begins at 0 */
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 0).err, AT_OK);
	assert_int_equal(do_start(scene, 1, B1, NULL, false, 0).err, AT_ERR_NOT_FOUND); /* somebody else's */
	assert_int_equal(do_start(scene, 1, A1, NULL, true, 0).err, AT_ERR_CONFLICT);   /* another kind */
	assert_int_equal(do_start(scene, 1, A2, NULL, false, 0).err, AT_ERR_CONFLICT);  /* another device */
	assert_int_equal(do_start(scene, 1, A2, NULL, false, 2).err, AT_ERR_CONFLICT);  /* skips a segment */
	struct reply reply = {0};
	struct note_start ask = {.rec = test_id(2), .user = ANA, .device = A1, .conv = scene->conv};
	static const char *const wrong[] = {"video/webm", "image/png", "audio/webmx", "text/html", "audio/wav"};
	for (size_t i = 0; i < 5; i++) {
		reply = (struct reply){0};
		ask.mime = wrong[i];
		note_rec_start(scene->notes, &ask, on_reply, &reply);
		assert_int_equal(reply.err, AT_ERR_UNSUPPORTED);
	}
	reply = (struct reply){0};
	ask.mime = "audio/webm\n";
	note_rec_start(scene->notes, &ask, on_reply, &reply);
	assert_int_equal(reply.err, AT_ERR_BAD_REQUEST);
}

static void test_so_many_at_a_time(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++)
		assert_int_equal(do_start(scene, n, A1, NULL, false, 0).err, AT_OK);
	assert_int_equal(do_start(scene, 9, A1, NULL, false, 0).err, AT_ERR_RATE_LIMITED);
	assert_int_equal(do_start(scene, 10, B1, NULL, false, 0).err, AT_OK);
	do_discard(scene, 0, A1);
	pass(scene, 11000);
	assert_int_equal(do_start(scene, 9, A1, NULL, false, 0).err, AT_OK);
}

/* ---- fragments ---- */

static void test_fragments_are_acknowledged(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_true(acked(A1, 8));
	assert_non_null(strstr(last_heard(scene, A1, "\"rec.ack\""), "\"bytes\":10748,\"ms\":4000"));
	/* Eight, sent in one turn, share their acknowledgements. */
	assert_true(count_heard(scene, A1, "\"rec.ack\"") <= 3);
}

static void test_held_and_far_ones(void **state)
{
	(void)state;
	(void)do_start(scene, 1, A1, NULL, false, 0);
	(void)send_fragment(scene, 1, A1, 0, 0, 100, "a", 1);
	settle(scene);
	forget_heard(scene);
	(void)send_fragment(scene, 1, A1, 0, 0, 100, "b", 1); /* held: acknowledged again */
	settle(scene);
	assert_true(acked(A1, 1));
	forget_heard(scene);
	(void)send_fragment(scene, 1, A1, 0, 5, 100, "c", 1); /* too far: what is wanted */
	settle(scene);
	assert_true(acked(A1, 1));
	forget_heard(scene);
	(void)send_fragment(scene, 1, A1, 1, 1, 100, "d", 1); /* another segment */
	settle(scene);
	assert_true(acked(A1, 1));
	(void)send_fragment(scene, 1, A1, 0, 1, 200, "e", 1);
	settle(scene);
	assert_true(acked(A1, 2));
	assert_int_equal(the_rec(scene, 1)->bytes, 2);
}

static void test_only_its_device(void **state)
{
	(void)state;
	phone_on(scene, A2);
	(void)do_start(scene, 1, A1, NULL, false, 0);
	forget_heard(scene);
	(void)send_fragment(scene, 1, B1, 0, 0, 100, "a", 1);
	(void)send_fragment(scene, 2, A1, 0, 0, 100, "a", 1);
	(void)send_fragment(scene, 1, A2, 0, 0, 100, "a", 1);
	settle(scene);
	assert_int_equal(the_rec(scene, 1)->next, 0);
	assert_false(heard(scene, B1, "rec"));
	assert_true(heard(scene, A2, "\"ev\":\"rec\""));
	assert_int_equal(note_rec_fragment(scene->notes, ANA, A1, "\1short", 6), AT_ERR_BAD_REQUEST);
}

static void test_limits(void **state)
{
	(void)state;
	(void)do_start(scene, 1, A1, NULL, false, 0);
	(void)send_fragment(scene, 1, A1, 0, 0, 181999, "a", 1);
	(void)send_fragment(scene, 1, A1, 0, 1, 182001, "b", 1);
	settle(scene);
	assert_int_equal(the_rec(scene, 1)->next, 1);
	assert_true(heard(scene, A1, "\"state\":\"draft\""));
	/* It does not go on by itself. */
	assert_non_null(strstr(do_start(scene, 1, A1, NULL, false, 0).json, "\"draft\""));
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 1).err, AT_ERR_TOO_LARGE);
	/* Bytes are counted, too, whatever the client says of time. */
	uint8_t *big = at_alloc(BLOB_FRAGMENT_MAX);
	(void)do_start(scene, 2, A1, NULL, false, 0);
	for (uint32_t n = 0; n < 20; n++)
		(void)send_fragment(scene, 2, A1, 0, n, 1, big, BLOB_FRAGMENT_MAX);
	settle(scene);
	assert_int_equal(the_rec(scene, 2)->next, 16);
	assert_int_equal(the_rec(scene, 2)->state, NOTE_DRAFT);
	at_free(big);
}

/* The disk is full: the client is told where to go on, and goes on when there is room. */
static void test_full_disk(void **state)
{
	(void)state;
	struct rlimit before, tight;
	uint8_t bytes[6000] = {0};
	signal(SIGXFSZ, SIG_IGN);
	(void)do_start(scene, 1, A1, NULL, false, 0);
	(void)send_fragment(scene, 1, A1, 0, 0, 100, bytes, sizeof(bytes));
	settle(scene);
	getrlimit(RLIMIT_FSIZE, &before);
	tight = (struct rlimit){8000, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &tight);
	at_log_expect_for_test("blob.full", -1);
	forget_heard(scene);
	(void)send_fragment(scene, 1, A1, 0, 1, 200, bytes, sizeof(bytes));
	(void)send_fragment(scene, 1, A1, 0, 2, 300, bytes, sizeof(bytes));
	blobs_drain(scene->blobs);
	at_loop_step(scene->loop, 1);
	setrlimit(RLIMIT_FSIZE, &before);
	settle(scene);
	assert_false(heard(scene, A1, "rec.ack"));
	pass(scene, 1100);
	assert_true(acked(A1, 1));
	(void)send_fragment(scene, 1, A1, 0, 1, 200, bytes, sizeof(bytes));
	(void)send_fragment(scene, 1, A1, 0, 2, 300, bytes, sizeof(bytes));
	settle(scene);
	assert_true(acked(A1, 3));
}

/* ---- interruptions ---- */

static void test_a_blink_is_not_noticed(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	phone_off(scene, A1);
	pass(scene, 2000);
	phone_on(scene, A1);
	struct reply reply = do_start(scene, 1, A1, NULL, false, 0);
	assert_non_null(strstr(reply.json, "\"state\":\"recording\",\"seg\":0,\"next\":8"));
	pass(scene, 5000);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_RECORDING);
}

static void test_a_lost_device_leaves_a_draft(void **state)
{
	(void)state;
	phone_on(scene, A2);
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	phone_off(scene, A1);
	pass(scene, 3100);
	assert_true(heard(scene, A2, "\"state\":\"draft\""));
	/* A page that was loaded anew does not record any more, but one that only lost its network does. */
	phone_on(scene, A1);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	struct reply reply = do_start(scene, 1, A1, NULL, false, 0);
	assert_non_null(strstr(reply.json, "\"state\":\"recording\""));
	(void)send_fragment(scene, 1, A1, 0, 8, 4100, "more", 4);
	settle(scene);
	assert_true(acked(A1, 9));
}

static void test_another_device_continues(void **state)
{
	(void)state;
	phone_on(scene, A2);
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	/* Taken over while the first still sends: what it sends behind is refused, what was under way counts. */
	struct at_id id = test_id(1);
	struct note_start ask =
		{.rec = id, .user = ANA, .device = A2, .conv = scene->conv, .mime = "audio/mp4", .seg = 1};
	struct reply reply = {0};
	(void)send_fragment(scene, 1, A1, 0, 8, 4100, "late", 4);
	note_rec_start(scene->notes, &ask, on_reply, &reply);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
	assert_non_null(strstr(reply.json, "\"mime\":\"audio/mp4\",\"state\":\"recording\",\"seg\":1,\"next\":9"));
	assert_non_null(strstr(reply.json, "\"device\":12"));
	forget_heard(scene);
	(void)send_fragment(scene, 1, A1, 0, 9, 4200, "no", 2);
	(void)send_fragment(scene, 1, A2, 1, 9, 4200, "yes", 3);
	settle(scene);
	assert_true(acked(A2, 10));
	assert_true(heard(scene, A1, "\"device\":12"));
	assert_int_equal(the_rec(scene, 1)->bytes, 10748 + 4 + 3);
	for (uint32_t seg = 2; seg < BLOB_SEGMENTS_MAX; seg++)
		assert_int_equal(do_start(scene, 1, A1, NULL, false, seg).err, AT_OK);
	assert_int_equal(do_start(scene, 1, A1, NULL, false, BLOB_SEGMENTS_MAX).err, AT_ERR_TOO_LARGE);
}

static void test_paused(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_state(scene, 1, A1, true).err, AT_OK);
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"paused\""));
	(void)send_fragment(scene, 1, A1, 0, 8, 4100, "tail", 4);
	settle(scene);
	assert_int_equal(the_rec(scene, 1)->next, 9);
	assert_int_equal(do_state(scene, 1, A1, false).err, AT_OK);
	assert_int_equal(do_state(scene, 1, A2, false).err, AT_ERR_CONFLICT);
	assert_int_equal(do_state(scene, 1, B1, false).err, AT_ERR_NOT_FOUND);
}

static void test_restart(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	(void)do_start(scene, 2, A1, NULL, false, 0);
	record(scene, 3, A1, NULL, "chromium-opus.webm");
	(void)do_discard(scene, 3, A1);
	world_restart(scene);
	phone_on(scene, A1);
	/* One is a draft, one had nothing yet, one was not wanted. */
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	assert_null(the_rec(scene, 2));
	assert_null(the_rec(scene, 3));
	struct reply reply = do_start(scene, 1, A1, NULL, false, 0);
	assert_non_null(strstr(reply.json, "\"state\":\"recording\",\"seg\":0,\"next\":8,\"bytes\":10748,\"ms\":4000"));
	assert_int_equal(do_start(scene, 2, A1, NULL, false, 0).err, AT_OK);
}

/* An erasure that met a full disk leaves the row. */
static enum at_err leave_row(struct store_tx *tx, void *msg)
{
	(void)msg;
	return store_rec_put(tx, &(struct store_rec){.id = test_id(1),
						     .owner = ANA,
						     .device = A1,
						     .conv = scene->conv,
						     .state = NOTE_RECORDING,
						     .mime = "audio/webm",
						     .segments = 1});
}

static void test_begins_again_where_a_row_was_left(void **state)
{
	(void)state;
	assert_int_equal(store_run_now(scene->store, leave_row, NULL), AT_OK);
	assert_int_equal(do_start(scene, 1, B1, NULL, false, 0).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 0).err, AT_OK);
	send_media(scene, 1, A1, 0, 0, 8, "chromium-opus.webm");
	settle(scene);
	assert_true(acked(A1, 8));
	world_restart(scene);
	phone_on(scene, A1);
	assert_int_equal(the_rec(scene, 1)->next, 8);
}

/* ---- discarding ---- */

static void test_discard_and_undo(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	assert_int_equal(do_discard(scene, 1, B1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_discard(scene, 1, A1).err, AT_OK);
	assert_int_equal(do_discard(scene, 1, A1).err, AT_OK);
	assert_non_null(strstr(last_heard(scene, A1, "\"ev\":\"rec\""), "\"discarded\""));
	assert_int_equal(do_start(scene, 1, A1, NULL, false, 0).err, AT_ERR_GONE);
	pass(scene, 9000);
	struct reply reply = do_undo(scene, 1, A1);
	assert_int_equal(reply.err, AT_OK);
	assert_non_null(strstr(reply.json, "\"state\":\"draft\""));
	pass(scene, 60000);
	assert_int_equal(the_rec(scene, 1)->bytes, 10748);
	assert_int_equal(open_rec(scene, ANA, 1).len, 10748);
	(void)do_discard(scene, 1, A1);
	pass(scene, 10100);
	assert_null(the_rec(scene, 1));
	assert_int_equal(do_undo(scene, 1, A1).err, AT_ERR_NOT_FOUND);
	world_restart(scene);
	assert_null(the_rec(scene, 1));
}

static void test_drafts_expire(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	phone_off(scene, A1);
	pass(scene, 4000);
	pass(scene, 6 * INT64_C(86400000));
	assert_non_null(the_rec(scene, 1));
	pass(scene, 2 * INT64_C(86400000));
	assert_null(the_rec(scene, 1));
}

static void test_hello(void **state)
{
	(void)state;
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	struct at_buf buf;
	at_buf_init(&buf, 65536);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	notes_write(scene->notes, &w, ANA);
	notes_write(scene->notes, &w, BOB);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	assert_int_equal(at_buf_append(&buf, "", 1), AT_OK);
	assert_non_null(strstr((char *)buf.data, "{\"recs\":[{\"rec\":\"ee"));
	assert_non_null(strstr((char *)buf.data, "\"live\":[],\"recs\":[],\"live\":[]}"));
	at_buf_release(&buf);
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(test_start_again_is_the_same),
		NOTE_TEST(test_what_cannot_start),
		NOTE_TEST(test_so_many_at_a_time),
		NOTE_TEST(test_fragments_are_acknowledged),
		NOTE_TEST(test_held_and_far_ones),
		NOTE_TEST(test_only_its_device),
		NOTE_TEST(test_limits),
		NOTE_TEST(test_full_disk),
		NOTE_TEST(test_begins_again_where_a_row_was_left),
		NOTE_TEST(test_a_blink_is_not_noticed),
		NOTE_TEST(test_a_lost_device_leaves_a_draft),
		NOTE_TEST(test_another_device_continues),
		NOTE_TEST(test_paused),
		NOTE_TEST(test_restart),
		NOTE_TEST(test_discard_and_undo),
		NOTE_TEST(test_drafts_expire),
		NOTE_TEST(test_hello),
	};
	remux_start();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remux_stop();
	return failed;
}
