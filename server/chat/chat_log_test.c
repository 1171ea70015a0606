#include "chat/chat_testkit.h"

/* ---- deleting ---- */

static void test_deleting_a_text(void **state)
{
	struct world *w = world_new();

	(void)state;
	(void)say(w, ANA, 11, 1, "oops");
	device_forget(w);
	assert_int_equal(erase(w, BOB, 1, 1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(erase(w, ANA, 9, 2).err, AT_ERR_NOT_FOUND);
	struct answer gone = erase(w, ANA, 1, 2);

	assert_int_equal(gone.err, AT_OK);
	assert_int_equal(gone.seq, 2);
	assert_true(heard(w->bob, "\"kind\":\"delete\",\"re\":1,\"body\":{}"));
	assert_true(heard(w->ana2, "\"kind\":\"delete\",\"re\":1"));
	/* Asked again, the same answer; under another number it has been done. Neither leaves a trace in the log. */
	struct answer again = erase(w, ANA, 1, 2);

	assert_int_equal(again.seq, 2);
	assert_true(again.duplicate);
	assert_int_equal(erase(w, ANA, 1, 3).err, AT_ERR_GONE);
	assert_int_equal(erase(w, ANA, 2, 4).err, AT_ERR_NOT_FOUND);
	assert_int_equal(count_heard(w->bob, "\"kind\":\"delete\""), 1);
	assert_int_equal(say(w, ANA, 11, 5, "next").seq, 3);
	struct answer log = page(w, BOB, 0, 0, 10), own = hello(w, BOB);

	assert_null(strstr(log.json, "oops"));
	assert_non_null(strstr(log.json, "\"kind\":\"text\",\"body\":{}"));
	assert_non_null(strstr(own.json, "\"unread\":1"));
	answer_free(&log);
	answer_free(&own);
	world_free(&w);
}

struct hooked {
	size_t dropped;
	struct at_id blob;
};

static enum at_err delete_note(struct store_tx *tx, uint64_t conv, uint64_t seq, struct at_id *blob_out)
{
	struct store_blob blob;
	enum at_err err = store_blob_of_entry(tx, conv, seq, &blob);

	if (err == AT_OK)
		err = store_blob_del(tx, &blob.id);
	*blob_out = blob.id;
	return err;
}

static void note_deleted(void *arg, const struct at_id *blob)
{
	struct hooked *hooked = arg;

	hooked->dropped++;
	hooked->blob = *blob;
}

static enum at_err with_blob(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	(void)arg;
	return store_blob_add(tx, &(struct store_blob){.id = {{7}},
						       .conv = entry->conv,
						       .seq = entry->seq,
						       .owner = ANA,
						       .mime = "a/b"});
}

static enum at_err with_failure(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	(void)tx;
	(void)entry;
	(void)arg;
	return AT_ERR_GONE;
}

static void test_deleting_a_note_drops_its_bytes(void **state)
{
	struct world *w = world_new();
	struct hooked hooked = {0};
	struct chat_hooks hooks = {&hooked, delete_note, note_deleted};
	struct chat_append note = {.conv = w->conv,
				   .author = ANA,
				   .device = 11,
				   .cid = 1,
				   .kind = STORE_NOTE,
				   .badge = 1,
				   .body = "{\"kind\":\"voice\"}",
				   .body_len = 16,
				   .with = with_blob};

	(void)state;
	chat_set_hooks(w->chat, &hooks);
	assert_int_equal(append(w, &note).seq, 1);
	/* A module that cannot add its rows: nothing was appended, and the seq is not used up. */
	note.cid = 2;
	note.with = with_failure;
	assert_int_equal(append(w, &note).err, AT_ERR_GONE);
	assert_int_equal(count_heard(w->bob, "\"ev\":\"entry\""), 1);
	assert_int_equal(erase(w, ANA, 1, 3).seq, 2);
	assert_int_equal(hooked.dropped, 1);
	assert_int_equal(hooked.blob.b[0], 7);
	assert_true(erase(w, ANA, 1, 3).duplicate);
	assert_int_equal(hooked.dropped, 1);
	world_free(&w);
}

/* ---- pages ---- */

static void expect_seqs(struct answer answer, uint64_t first, uint64_t last)
{
	uint64_t n = 0;

	assert_int_equal(answer.err, AT_OK);
	for (const char *at = answer.json; (at = strstr(at, "\"seq\":")) != NULL; at++) {
		assert_int_equal(strtoull(at + 6, NULL, 10), first + n);
		n++;
	}
	assert_int_equal(n, last + 1 - first);
	answer_free(&answer);
}

static void test_pages_both_ways(void **state)
{
	struct world *w = world_new();
	struct answer some = {0};

	(void)state;
	for (uint64_t i = 1; i <= 30; i++)
		(void)say(w, ANA, 11, i, "x");
	expect_seqs(page(w, BOB, 0, 0, 10), 1, 10);
	expect_seqs(page(w, BOB, 25, 0, 10), 26, 30);
	expect_seqs(page(w, BOB, 0, 31, 10), 21, 30);
	expect_seqs(page(w, BOB, 0, 5, 10), 1, 4);
	struct answer none = page(w, BOB, 30, 0, 10);

	assert_string_equal(none.json, "[]");
	assert_int_equal(none.last_seq, 30);
	answer_free(&none);
	chat_log_some(w->chat, BOB, w->conv, (uint64_t[]){9, 99, 7, 8, 7}, 5, on_page, &some);
	store_drain(w->store);
	expect_seqs(some, 7, 9);
	world_free(&w);
}

static void test_pages_are_bounded_in_bytes(void **state)
{
	struct world *w = world_new();
	char *big = at_alloc(16001);

	(void)state;
	memset(big, 'x', 16000);
	for (uint64_t i = 1; i <= 12; i++)
		(void)say(w, ANA, 11, i, big);
	expect_seqs(page(w, BOB, 0, 0, 200), 1, 4);
	expect_seqs(page(w, BOB, 4, 0, 200), 5, 8);
	expect_seqs(page(w, BOB, 0, 13, 200), 9, 12);
	expect_seqs(page(w, BOB, 0, 9, 200), 5, 8);
	at_free(big);
	world_free(&w);
}

static void test_the_author_may_read_another_body(void **state)
{
	struct world *w = world_new();
	struct chat_append entry = {.conv = w->conv,
				    .author = ANA,
				    .device = 11,
				    .cid = 1,
				    .kind = STORE_CALL,
				    .body = "{\"o\":\"declined\"}",
				    .body_len = 16,
				    .author_body = "{\"o\":\"no_answer\"}",
				    .author_body_len = 17};

	(void)state;
	assert_int_equal(append(w, &entry).err, AT_OK);
	assert_true(heard(w->ana, "no_answer") && heard(w->ana2, "no_answer") && heard(w->bob, "declined"));
	assert_false(heard(w->ana, "declined") || heard(w->bob, "no_answer"));
	struct answer ana = page(w, ANA, 0, 0, 10), bob = hello(w, BOB);

	assert_non_null(strstr(ana.json, "no_answer"));
	assert_null(strstr(ana.json, "declined"));
	assert_non_null(strstr(bob.json, "declined"));
	answer_free(&ana);
	answer_free(&bob);
	world_free(&w);
}

/* ---- hello: unread, notes, what was heard ---- */

static struct answer add_call(struct world *w, uint64_t cid, const struct at_id *call, uint8_t badge,
			      enum store_kind kind, uint64_t re)
{
	struct chat_append entry = {.conv = w->conv,
				    .author = ANA,
				    .device = 11,
				    .cid = cid,
				    .kind = kind,
				    .re_seq = re,
				    .call = *call,
				    .badge = badge,
				    .body = "{\"outcome\":\"x\"}",
				    .body_len = 15};

	return append(w, &entry);
}

static void expect_unread(struct world *w, uint64_t user, unsigned n)
{
	struct answer answer = hello(w, user);
	char part[32];

	(void)snprintf(part, sizeof(part), "\"unread\":%u,", n);
	assert_int_equal(answer.err, AT_OK);
	assert_non_null(strstr(answer.json, part));
	answer_free(&answer);
}

static void test_what_counts_as_unread(void **state)
{
	struct world *w = world_new();
	struct at_id missed = {{1}}, declined = {{2}}, picked_up = {{3}};

	(void)state;
	(void)say(w, ANA, 11, 1, "x");
	expect_unread(w, BOB, 1);
	expect_unread(w, ANA, 0);
	(void)add_call(w, 2, &missed, 1, STORE_CALL, 0);
	expect_unread(w, BOB, 2);
	(void)leave_note(w, ANA, 3, &missed); /* one with its call */
	expect_unread(w, BOB, 2);
	(void)add_call(w, 4, &declined, 0, STORE_CALL, 0);
	expect_unread(w, BOB, 2);
	uint64_t seq = add_call(w, 5, &picked_up, 1, STORE_CALL, 0).seq;

	expect_unread(w, BOB, 3);
	(void)add_call(w, 6, &picked_up, 0, STORE_AMEND, seq);
	expect_unread(w, BOB, 2);
	/* Somebody who has read about the missed call still has a note to hear. */
	assert_int_equal(chat_read(w->chat, BOB, w->conv, 2), AT_OK);
	expect_unread(w, BOB, 1);
	assert_int_equal(chat_read(w->chat, BOB, w->conv, 3), AT_OK);
	expect_unread(w, BOB, 0);
	world_free(&w);
}

static void test_played_and_heard(void **state)
{
	struct world *w = world_new();

	(void)state;
	(void)say(w, ANA, 11, 1, "not a note");
	(void)leave_note(w, ANA, 2, NULL);
	device_forget(w);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 3, true, -1), AT_ERR_NOT_FOUND);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 1, true, -1), AT_OK);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 2, false, 1000), AT_OK);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 2, false, 2000), AT_OK);
	world_settle(w);
	assert_int_equal(count_heard(w->bob2, "\"ev\":\"note\""), 1);
	assert_true(
		heard(w->bob2,
		      "{\"ev\":\"note\",\"conv\":1,\"seq\":2,\"played\":false,\"position_ms\":2000,\"heard\":false}"));
	assert_int_equal(w->ana->frames, 0);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 2, true, -1), AT_OK);
	world_settle(w);
	assert_true(heard(w->bob, "\"played\":true,\"position_ms\":2000"));
	assert_true(heard(w->ana,
			  "{\"ev\":\"note\",\"conv\":1,\"seq\":2,\"played\":false,\"position_ms\":0,\"heard\":true}"));
	/* Told once; kept across a restart; my own listening and theirs in one. */
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 2, true, 0), AT_OK);
	assert_int_equal(chat_note_state(w->chat, ANA, w->conv, 2, false, 700), AT_OK);
	world_settle(w);
	assert_int_equal(count_heard(w->ana, "\"position_ms\":0,\"heard\":true"), 1);
	assert_true(heard(w->ana2, "\"position_ms\":700,\"heard\":true"));
	world_restart(w);
	struct answer ana = hello(w, ANA), bob = hello(w, BOB);

	assert_string_equal(ana.notes, "[{\"conv\":1,\"seq\":2,\"played\":false,\"position_ms\":700,\"heard\":true}]");
	assert_string_equal(bob.notes, "[{\"conv\":1,\"seq\":2,\"played\":true,\"position_ms\":0,\"heard\":false}]");
	answer_free(&ana);
	answer_free(&bob);
	world_free(&w);
}

static void test_heard_needs_receipts_of_both(void **state)
{
	struct world *w = world_new();

	(void)state;
	w->no_receipts[BOB] = true;
	(void)leave_note(w, ANA, 1, NULL);
	device_forget(w);
	assert_int_equal(chat_note_state(w->chat, BOB, w->conv, 1, true, -1), AT_OK);
	world_settle(w);
	assert_false(heard(w->ana, "\"ev\":\"note\""));
	struct answer ana = hello(w, ANA);

	assert_string_equal(ana.notes, "[]");
	answer_free(&ana);
	world_free(&w);
}

static void test_an_empty_chat_is_its_openers(void **state)
{
	struct world *w = world_new();

	(void)state;
	struct answer ana = hello(w, ANA), bob = hello(w, BOB), cem = hello(w, CEM);

	assert_string_equal(ana.json, "[{\"conv\":1,\"kind\":\"direct\",\"with\":2,\"last_seq\":0,\"read\":0,"
				      "\"delivered\":0,\"their_read\":0,"
				      "\"their_delivered\":0,\"unread\":0,\"last\":null}]");
	assert_string_equal(bob.json, "[]");
	assert_string_equal(cem.json, "[]");
	assert_string_equal(cem.notes, "[]");
	answer_free(&ana);
	answer_free(&bob);
	answer_free(&cem);
	/* Bob opens it, too: now he has it. */
	struct answer opened = {0};

	chat_open(w->chat, BOB, ANA, on_opened, &opened);
	assert_int_equal(opened.conv, w->conv);
	store_drain(w->store);
	assert_true(heard(w->bob2, "\"ev\":\"conv\""));
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_deleting_a_text),
		AT_TEST(test_deleting_a_note_drops_its_bytes),
		AT_TEST(test_pages_both_ways),
		AT_TEST(test_pages_are_bounded_in_bytes),
		AT_TEST(test_the_author_may_read_another_body),
		AT_TEST(test_what_counts_as_unread),
		AT_TEST(test_played_and_heard),
		AT_TEST(test_heard_needs_receipts_of_both),
		AT_TEST(test_an_empty_chat_is_its_openers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
