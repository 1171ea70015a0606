#include "store/store_testkit.h"

/* What store.h promises about logs, calls, recordings and bytes, verb by verb. */

/* ---- chats ---- */

static enum at_err stop_early(void *arg, const void *row)
{
	(void)count_rows(arg, row);
	return AT_ERR_CLOSED;
}

static enum at_err keep_member(void *arg, const void *row)
{
	*(struct store_member *)arg = *(const struct store_member *)row;
	return AT_ERR_CLOSED; /* the first */
}

static enum at_err conv_job(struct store_tx *tx, void *msg)
{
	struct store_conv one, again, other;
	struct store_member member;
	size_t n = 0;

	(void)msg;
	assert_int_equal(store_conv_direct(tx, 4, 4, 1, &one), AT_ERR_CONFLICT);
	OK(store_conv_direct(tx, 5, 4, 1, &one));
	OK(store_conv_direct(tx, 4, 5, 2, &again));
	OK(store_conv_direct(tx, 4, 6, 2, &other));
	assert_true(one.id == again.id && one.id != other.id && again.opened_by == 5 && again.created == 1);
	OK(store_each_conv(tx, count_rows, &n));
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(store_each_conv(tx, stop_early, &n), AT_ERR_CLOSED);
	assert_int_equal(n, 1);
	OK(store_member_put(tx, &(struct store_member){.conv = one.id, .user = 4, .delivered = 9, .read = 7}));
	OK(store_member_put(tx, &(struct store_member){.conv = one.id, .user = 4, .delivered = 8, .read = 8}));
	assert_int_equal(store_each_member(tx, keep_member, &member), AT_ERR_CLOSED);
	assert_true(member.user == 4 && member.delivered == 9 && member.read == 8);
	return AT_OK;
}

static void test_chats(void **state)
{
	RUN((struct fixture *)*state, conv_job);
}

static enum at_err add(struct store_tx *tx, struct store_entry entry, struct store_entry *entry_out)
{
	bool dup;

	entry.body = entry.body != NULL ? entry.body : "{\"a\":1}";
	entry.body_len = strlen(entry.body);
	enum at_err err = store_entry_append(tx, &entry, &dup);

	assert_false(dup);
	if (entry_out != NULL)
		*entry_out = entry;
	return err;
}

static enum at_err entry_job(struct store_tx *tx, void *msg)
{
	struct store_entry in = {.conv = 1,
				 .author = 2,
				 .device = 3,
				 .cid = 4,
				 .ts = 5,
				 .kind = STORE_NOTE,
				 .re_seq = 6,
				 .call = {{7}},
				 .only_for = 2,
				 .badge = 1,
				 .body = "{\"a\":1}",
				 .author_body = "{\"b\":22}",
				 .author_body_len = 8};
	struct store_entry got, dup = {.conv = 9, .device = 3, .cid = 4, .body = "{}", .body_len = 2};
	bool is_dup;

	(void)msg;
	OK(add(tx, in, &in));
	assert_true(in.seq == 1 && in.id == 1);
	OK(store_entry_get(tx, 1, 1, &got));
	assert_true(got.author == 2 && got.device == 3 && got.cid == 4 && got.ts == 5 && got.kind == STORE_NOTE &&
		    got.re_seq == 6);
	assert_true(at_id_eq(&got.call, &in.call) && got.only_for == 2 && got.badge == 1 && got.body_len == 7);
	assert_string_equal(got.body, "{\"a\":1}");
	assert_string_equal(got.author_body, "{\"b\":22}");
	OK(store_entry_append(tx, &dup, &is_dup));
	assert_true(is_dup && dup.conv == 1 && dup.seq == 1 && dup.ts == 5);
	OK(store_entry_blank(tx, 1, 1));
	OK(store_entry_get(tx, 1, 1, &got));
	assert_string_equal(got.body, "{}");
	assert_null(got.author_body);
	assert_int_equal(got.badge, 0);
	assert_int_equal(store_entry_blank(tx, 1, 2), AT_ERR_NOT_FOUND);
	assert_int_equal(store_entry_get(tx, 1, 2, &got), AT_ERR_NOT_FOUND);
	/* The server's own are never duplicates; another chat counts for itself. */
	OK(add(tx, (struct store_entry){.conv = 1, .kind = STORE_CALL}, &got));
	assert_int_equal(got.seq, 2);
	OK(add(tx, (struct store_entry){.conv = 1, .kind = STORE_CALL}, &got));
	assert_int_equal(got.seq, 3);
	OK(add(tx, (struct store_entry){.conv = 2, .kind = STORE_CALL}, &got));
	assert_int_equal(got.seq, 1);
	return AT_OK;
}

static void test_entries(void **state)
{
	RUN((struct fixture *)*state, entry_job);
}

static enum at_err failing_job(struct store_tx *tx, void *msg)
{
	(void)msg;
	/* More chats than a transaction remembers one by one. */
	for (uint64_t conv = 1; conv <= 20; conv++)
		OK(add(tx, (struct store_entry){.conv = conv, .kind = STORE_TEXT}, NULL));
	return AT_ERR_GONE;
}

static enum at_err next_job(struct store_tx *tx, void *msg)
{
	struct store_entry got;

	(void)msg;
	for (uint64_t conv = 1; conv <= 20; conv++) {
		OK(add(tx, (struct store_entry){.conv = conv, .kind = STORE_TEXT}, &got));
		assert_int_equal(got.seq, conv <= 2 ? (conv == 1 ? 4 : 2) : 1);
	}
	return AT_OK;
}

static void test_a_failing_job_uses_up_no_seq(void **state)
{
	struct fixture *f = *state;

	RUN(f, entry_job);
	assert_int_equal(store_run_now(f->store, failing_job, f), AT_ERR_GONE);
	RUN(f, next_job);
}

static void expect_page(struct store_tx *tx, uint64_t after, uint64_t before, size_t limit, uint64_t first,
			uint64_t last)
{
	struct store_entry *entries;
	size_t n;

	OK(store_entry_page(tx, 1, after, before, limit, &entries, &n));
	assert_int_equal(n, last + 1 - first);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(entries[i].seq, first + i);
}

static enum at_err page_job(struct store_tx *tx, void *msg)
{
	struct store_entry last;

	(void)msg;
	assert_int_equal(store_entry_last(tx, &(struct store_window){.conv = 1, .viewer = 1}, &last), AT_ERR_NOT_FOUND);
	for (uint64_t i = 1; i <= 50; i++)
		OK(add(tx,
		       (struct store_entry){.conv = 1,
					    .kind = i == 50 ? STORE_DELETE : STORE_TEXT,
					    .only_for = i == 49 ? 9 : 0},
		       NULL));
	expect_page(tx, 0, 0, 10, 1, 10);
	expect_page(tx, 45, 0, 10, 46, 50);
	expect_page(tx, 50, 0, 10, 1, 0);
	expect_page(tx, 0, 51, 10, 41, 50);
	expect_page(tx, 0, 4, 10, 1, 3);
	expect_page(tx, 10, 20, 100, 11, 19);
	expect_page(tx, 0, 0, 100000, 1, 50);
	OK(store_entry_last(tx, &(struct store_window){.conv = 1, .viewer = 1}, &last));
	assert_int_equal(last.seq, 48);
	OK(store_entry_last(tx, &(struct store_window){.conv = 1, .viewer = 9}, &last));
	assert_int_equal(last.seq, 49);
	return AT_OK;
}

static void test_pages(void **state)
{
	RUN((struct fixture *)*state, page_job);
}

static void expect_unread(struct store_tx *tx, uint64_t user, uint64_t read, uint64_t expected)
{
	uint64_t n;

	OK(store_unread(tx, &(struct store_window){.conv = 1, .viewer = user, .after = read}, &n));
	assert_int_equal(n, expected);
}

static enum at_err unread_job(struct store_tx *tx, void *msg)
{
	struct store_entry call;

	(void)msg;
	expect_unread(tx, 2, 0, 0);
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_TEXT, .badge = 1}, NULL));
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_CALL, .badge = 1, .call = {{1}}}, NULL));
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_NOTE, .badge = 1, .call = {{1}}}, NULL));
	expect_unread(tx, 2, 0, 2);
	expect_unread(tx, 1, 0, 0);
	expect_unread(tx, 2, 2, 1);
	expect_unread(tx, 2, 3, 0);
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_TEXT, .badge = 1, .only_for = 1}, NULL));
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_CALL, .badge = 0, .call = {{2}}}, NULL));
	expect_unread(tx, 2, 3, 0);
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_CALL, .badge = 1, .call = {{3}}}, &call));
	expect_unread(tx, 2, 3, 1);
	OK(add(tx, (struct store_entry){.conv = 1, .author = 1, .kind = STORE_AMEND, .re_seq = call.seq, .call = {{3}}},
	       NULL));
	expect_unread(tx, 2, 3, 0);
	return AT_OK;
}

static void test_unread(void **state)
{
	RUN((struct fixture *)*state, unread_job);
}

/* A room is unread for who did not know of it, by its entry or by the amendment. */
static enum at_err unread_room_job(struct store_tx *tx, void *msg)
{
	struct store_entry room, amend = {.conv = 1, .author = 1, .kind = STORE_AMEND, .badge = 2, .call = {{4}}};

	(void)msg;
	OK(add(tx,
	       (struct store_entry){.conv = 1,
				    .author = 1,
				    .kind = STORE_ROOM,
				    .badge = 2,
				    .call = {{4}},
				    .body = "{\"knew\":[1,3]}"},
	       &room));
	expect_unread(tx, 1, 0, 0);
	expect_unread(tx, 2, 0, 1);
	expect_unread(tx, 3, 0, 0);
	amend.re_seq = room.seq;
	amend.body = "{\"knew\":[1,2]}";
	OK(add(tx, amend, NULL));
	expect_unread(tx, 2, 0, 0);
	expect_unread(tx, 3, 0, 0);
	expect_unread(tx, 4, 0, 1);
	/* Who has read the entry has nothing new in the amendment. */
	expect_unread(tx, 4, room.seq, 0);
	return AT_OK;
}

static void test_unread_room(void **state)
{
	RUN((struct fixture *)*state, unread_room_job);
}

/* ---- calls, recordings, bytes, what was played ---- */

static enum at_err call_job(struct store_tx *tx, void *msg)
{
	struct store_call call = {.id = {{1}},
				  .conv = 1,
				  .caller = 2,
				  .caller_device = 3,
				  .callee = 4,
				  .answered_device = 5,
				  .video = 1,
				  .state = 2,
				  .outcome = 3,
				  .shadow = true,
				  .started = 100,
				  .rang = 101,
				  .answered = 102,
				  .ended = 103,
				  .entry_seq = 9};
	struct store_call got, *calls;
	size_t n = 0;

	(void)msg;
	assert_int_equal(store_call_get(tx, &call.id, &got), AT_ERR_NOT_FOUND);
	OK(store_call_put(tx, &call));
	OK(store_call_get(tx, &call.id, &got));
	assert_memory_equal(&got.id, &call.id, 16);
	assert_true(got.conv == 1 && got.caller == 2 && got.caller_device == 3 && got.callee == 4 &&
		    got.answered_device == 5 && got.video == 1 && got.state == 2 && got.outcome == 3 && got.shadow &&
		    got.started == 100 && got.rang == 101 && got.answered == 102 && got.ended == 103 &&
		    got.entry_seq == 9);
	OK(store_each_open_call(tx, count_rows, &n));
	call.state = 0;
	OK(store_call_put(tx, &call));
	OK(store_each_open_call(tx, count_rows, &n));
	assert_int_equal(n, 1);
	OK(store_call_put(tx, &(struct store_call){.id = {{2}}, .caller = 4, .callee = 2, .started = 90}));
	OK(store_call_put(tx, &(struct store_call){.id = {{3}}, .caller = 4, .callee = 8, .started = 95}));
	OK(store_calls_since(tx, 2, 4, 90, &calls, &n));
	assert_true(n == 2 && calls[0].id.b[0] == 2 && calls[1].id.b[0] == 1);
	OK(store_calls_since(tx, 2, 4, 91, &calls, &n));
	assert_int_equal(n, 1);
	n = 0;
	OK(store_each_recent_call(tx, 95, count_rows, &n));
	assert_int_equal(n, 2);
	return AT_OK;
}

static void test_calls(void **state)
{
	RUN((struct fixture *)*state, call_job);
}

static enum at_err rec_job(struct store_tx *tx, void *msg)
{
	struct store_rec rec = {.id = {{1}},
				.owner = 2,
				.device = 3,
				.conv = 4,
				.cid = 5,
				.call = {{6}},
				.video = 1,
				.state = 7,
				.mime = "audio/webm\naudio/mp4",
				.segments = 2,
				.created = 8,
				.updated = 9,
				.duration_ms = 10};
	struct store_rec got;
	size_t n = 0;

	(void)msg;
	OK(store_rec_put(tx, &rec));
	OK(store_rec_get(tx, &rec.id, &got));
	assert_true(got.owner == 2 && got.device == 3 && got.conv == 4 && got.cid == 5 && got.video == 1 &&
		    got.state == 7 && got.segments == 2 && got.created == 8 && got.updated == 9 &&
		    got.duration_ms == 10 && got.entry_seq == 0);
	assert_true(at_id_eq(&got.call, &rec.call) && at_id_is_zero(&got.blob));
	assert_string_equal(got.mime, "audio/webm\naudio/mp4");
	OK(store_each_rec(tx, count_rows, &n));
	assert_int_equal(n, 1);
	rec.entry_seq = 11;
	rec.blob = (struct at_id){{12}};
	OK(store_rec_put(tx, &rec));
	OK(store_each_rec(tx, count_rows, &n));
	assert_int_equal(n, 1);
	OK(store_rec_get(tx, &rec.id, &got));
	assert_true(got.entry_seq == 11 && got.blob.b[0] == 12);
	OK(store_rec_del(tx, &rec.id));
	assert_int_equal(store_rec_get(tx, &rec.id, &got), AT_ERR_NOT_FOUND);
	return AT_OK;
}

static void test_recordings(void **state)
{
	RUN((struct fixture *)*state, rec_job);
}

static enum at_err blob_job(struct store_tx *tx, void *msg)
{
	struct store_blob blob = {.id = {{1}},
				  .conv = 2,
				  .seq = 3,
				  .owner = 4,
				  .bytes = 5,
				  .only_for = 6,
				  .mime = "audio/mp4",
				  .created = 7};
	struct store_blob got;
	size_t n = 0;

	(void)msg;
	OK(store_blob_add(tx, &blob));
	assert_int_equal(store_blob_add(tx, &blob), AT_ERR_EXISTS);
	OK(store_blob_of_entry(tx, 2, 3, &got));
	assert_true(at_id_eq(&got.id, &blob.id) && got.owner == 4 && got.bytes == 5 && got.only_for == 6 &&
		    got.created == 7);
	assert_string_equal(got.mime, "audio/mp4");
	assert_int_equal(store_blob_of_entry(tx, 2, 4, &got), AT_ERR_NOT_FOUND);
	OK(store_each_blob(tx, count_rows, &n));
	assert_int_equal(n, 1);
	OK(store_blob_del(tx, &blob.id));
	assert_int_equal(store_blob_get(tx, &blob.id, &got), AT_ERR_NOT_FOUND);
	return AT_OK;
}

static void test_blobs(void **state)
{
	RUN((struct fixture *)*state, blob_job);
}

static enum at_err note_state_job(struct store_tx *tx, void *msg)
{
	struct store_note_state got;
	size_t own = 0, heard = 0, none = 0;

	(void)msg;
	OK(add(tx, (struct store_entry){.conv = 1, .author = 7, .kind = STORE_NOTE}, NULL));
	OK(store_note_state_get(tx, 1, 1, 8, &got));
	assert_true(!got.played && got.position_ms == 0 && got.user == 8);
	OK(store_note_state_put(tx, &(struct store_note_state){1, 1, 8, true, 100}));
	OK(store_note_state_put(tx, &(struct store_note_state){1, 1, 8, false, 50}));
	OK(store_note_state_get(tx, 1, 1, 8, &got));
	assert_true(got.played && got.position_ms == 50);
	OK(store_each_note_state(tx, 8, count_rows, &own));
	OK(store_each_note_heard(tx, 7, count_rows, &heard));
	OK(store_each_note_heard(tx, 8, count_rows, &none));
	assert_true(own == 1 && heard == 1 && none == 0);
	return AT_OK;
}

static void test_note_states(void **state)
{
	RUN((struct fixture *)*state, note_state_job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_chats),
		WITH_STORE(test_entries),
		WITH_STORE(test_a_failing_job_uses_up_no_seq),
		WITH_STORE(test_pages),
		WITH_STORE(test_unread),
		WITH_STORE(test_unread_room),
		WITH_STORE(test_calls),
		WITH_STORE(test_recordings),
		WITH_STORE(test_blobs),
		WITH_STORE(test_note_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
