/* The flat file made while it is recorded: used at Send, never in its way. */
#include "base/mem.h"
#include "note/note_testkit.h"

#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of chromium-opus.webm: the whole made flat has no room in front of its sound, what was made ahead has. */
enum { WHOLE_LEN = 10955 };

static size_t temp_files(void)
{
	char path[96];
	size_t n = 0;
	snprintf(path, sizeof(path), "%s/temp", scene->dir);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static bool is_under_way(void *arg)
{
	const struct rec *rec = arg;
	return rec->ahead && rec->ahead->job;
}

static bool is_off(void *arg)
{
	const struct rec *rec = arg;
	return !rec->ahead && rec->is_ahead_off;
}

static bool no_temp_files(void *arg)
{
	(void)arg;
	return temp_files() == 0;
}

static void record_ahead(void)
{
	record(scene, 1, A1, NULL, "chromium-opus.webm");
	wait_for(scene, is_under_way, the_rec(scene, 1));
}

static uint64_t sent_len(void)
{
	struct at_id blob = blob_in(log_of(scene, BOB));
	struct file file = open_media(scene, BOB, &blob);
	assert_int_equal(file.err, AT_OK);
	assert_memory_equal(file.head + 4, "ftyp", 4);
	return file.len;
}

static void test_what_was_made_ahead_is_sent(void **state)
{
	(void)state;
	record_ahead();
	assert_int_equal(temp_files(), 1);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_non_null(strstr(log_of(scene, BOB), "\"duration_ms\":4020,"));
	assert_true(sent_len() > WHOLE_LEN);
	assert_int_equal(temp_files(), 0);
}

static void test_a_short_one_is_not(void **state)
{
	(void)state;
	(void)do_start(scene, 1, A1, NULL, false, 0);
	send_media(scene, 1, A1, 0, 0, 3, "chromium-opus.webm");
	assert_null(the_rec(scene, 1)->ahead);
	assert_int_equal(do_commit(scene, 1, A1, 70, 3, 4000).err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
}

/* Its room for the index is full: another job begins, with more. */
static void test_a_longer_one_begins_anew(void **state)
{
	(void)state;
	(void)do_start(scene, 1, A1, NULL, false, 0);
	send_media(scene, 1, A1, 0, 0, 6, "chromium-opus.webm");
	struct rec *rec = the_rec(scene, 1);
	wait_for(scene, is_under_way, rec);
	uint64_t first = rec->ahead->job;
	send_media(scene, 1, A1, 0, 6, 30, "chromium-opus.webm");
	wait_for(scene, is_under_way, rec);
	assert_true(rec->ahead->job != first);
	assert_true(rec->ahead->room_ms >= 18000);
	assert_int_equal(do_commit(scene, 1, A1, 70, 36, 4000).err, AT_OK);
	assert_int_equal(temp_files(), 0);
}

static void test_it_goes_with_the_recording(void **state)
{
	(void)state;
	record_ahead();
	assert_int_equal(do_discard(scene, 1, A1).err, AT_OK);
	assert_null(the_rec(scene, 1)->ahead);
	wait_for(scene, no_temp_files, NULL);
	/* Undone, it is a draft, made flat when it is sent. */
	assert_int_equal(do_undo(scene, 1, A1).err, AT_OK);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
}

static void test_a_draft_has_none(void **state)
{
	(void)state;
	record_ahead();
	phone_off(scene, A1);
	pass(scene, 3100);
	assert_int_equal(the_rec(scene, 1)->state, NOTE_DRAFT);
	assert_null(the_rec(scene, 1)->ahead);
	wait_for(scene, no_temp_files, NULL);
	/* A second segment is made by another recorder: never ahead. */
	phone_on(scene, A2);
	assert_int_equal(do_start(scene, 1, A2, NULL, false, 1).err, AT_OK);
	send_media(scene, 1, A2, 1, 8, 8, "chromium-opus.webm");
	assert_null(the_rec(scene, 1)->ahead);
	assert_int_equal(do_commit(scene, 1, A2, 70, 16, 8000).err, AT_OK);
	assert_non_null(strstr(log_of(scene, BOB), "\"duration_ms\":8040,"));
}

static void test_a_restart_forgets_it(void **state)
{
	(void)state;
	record_ahead();
	world_restart(scene);
	assert_int_equal(temp_files(), 0);
	assert_null(the_rec(scene, 1)->ahead);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
}

static void test_remux_dies_before_send(void **state)
{
	(void)state;
	record_ahead();
	connect_remux(scene);
	assert_null(the_rec(scene, 1)->ahead);
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
	wait_for(scene, no_temp_files, NULL);
}

static void press_send(struct reply *reply)
{
	struct note_commit ask =
		{.rec = test_id(1), .user = ANA, .device = A1, .cid = 70, .fragments = 8, .duration_ms = 4000};
	note_rec_commit(scene->notes, &ask, on_reply, reply);
}

static void test_remux_dies_at_send(void **state)
{
	(void)state;
	struct reply reply = {0};
	record_ahead();
	press_send(&reply);
	connect_remux(scene);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
	wait_for(scene, no_temp_files, NULL);
}

/* Something sits at the other end that takes all and says nothing, until the real one is back. */
static void test_remux_is_silent(void **state)
{
	(void)state;
	struct reply reply = {0};
	int pair[2];
	assert_int_equal(ipc_pair(pair), AT_OK);
	notes_remux_channel(scene->notes, pair[0]);
	record_ahead();
	press_send(&reply);
	at_log_expect_for_test("note.ahead_timeout", 1);
	pass(scene, 10100);
	assert_false(reply.came);
	close(pair[1]);
	connect_remux(scene);
	wait_for(scene, reply_came, &reply);
	assert_int_equal(reply.err, AT_OK);
	assert_int_equal(sent_len(), WHOLE_LEN);
}

static void test_noise_is_unreadable_as_ever(void **state)
{
	(void)state;
	static const uint8_t noise[3000] = {0x1a, 0x45, 0xdf, 0xa3, 7};
	(void)do_start(scene, 1, A1, NULL, false, 0);
	for (uint32_t i = 0; i < 8; i++)
		(void)send_fragment(scene, 1, A1, 0, i, 500 * (i + 1), noise, sizeof(noise));
	wait_for(scene, is_off, the_rec(scene, 1));
	assert_int_equal(do_commit(scene, 1, A1, 70, 8, 4000).err, AT_ERR_UNREADABLE);
	assert_string_equal(log_of(scene, BOB), "[]");
	wait_for(scene, no_temp_files, NULL);
}

#define NOTE_TEST(fn) cmocka_unit_test_setup_teardown(fn, scene_begin, scene_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTE_TEST(test_what_was_made_ahead_is_sent),
		NOTE_TEST(test_a_short_one_is_not),
		NOTE_TEST(test_a_longer_one_begins_anew),
		NOTE_TEST(test_it_goes_with_the_recording),
		NOTE_TEST(test_a_draft_has_none),
		NOTE_TEST(test_a_restart_forgets_it),
		NOTE_TEST(test_remux_dies_before_send),
		NOTE_TEST(test_remux_dies_at_send),
		NOTE_TEST(test_remux_is_silent),
		NOTE_TEST(test_noise_is_unreadable_as_ever),
	};
	remux_start();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	remux_stop();
	return failed;
}
