#include "chat/chat_testkit.h"

static void test_a_text_reaches_all(void **state)
{
	struct world *w = world_new();
	(void)state;
	struct answer sent = say(w, ANA, 11, 5, "hi \"Bob\"\n");

	assert_int_equal(sent.err, AT_OK);
	assert_int_equal(sent.seq, 1);
	assert_false(sent.duplicate);
	/* The sending device has its answer; the person's other device learns the cid, Bob's do not. A new chat is introduced first. */
	assert_int_equal(count_heard(w->ana, "\"ev\":\"entry\""), 0);
	assert_true(heard(w->ana2, "\"cid\":5"));
	assert_true(
		heard(w->bob,
		      "{\"ev\":\"conv\",\"conv\":{\"conv\":1,\"kind\":\"direct\",\"with\":1,\"last_seq\":1,\"read\":0,"
		      "\"delivered\":0,\"their_read\":0,\"their_delivered\":0,\"unread\":1,\"last\":{\"conv\":1,"
		      "\"seq\":1,"));
	assert_true(
		heard(w->bob,
		      "{\"ev\":\"entry\",\"entry\":{\"conv\":1,\"seq\":1,\"id\":1,\"from\":1,\"device\":11,\"ts\":"));
	assert_true(heard(w->bob, "\"kind\":\"text\",\"body\":{\"text\":\"hi \\\"Bob\\\"\\n\"}}}"));
	assert_false(heard(w->bob, "cid"));
	assert_int_equal(w->bob->frames, 2);
	assert_int_equal(w->bob2->frames, 2);
	world_free(&w);
}

static void test_order_and_no_gaps(void **state)
{
	enum { N = 3000 };
	struct world *w = world_new();
	struct answer *answers = at_alloc(N * sizeof(*answers));
	char part[64];

	(void)state;
	for (size_t i = 0; i < N; i++)
		chat_send_text(w->chat, i % 2 != 0 ? ANA : BOB, i % 2 != 0 ? 11 : 21, w->conv, 100 + i, "x", 0,
			       on_appended, &answers[i]);
	store_drain(w->store);
	const char *at = w->bob2->heard;

	for (size_t i = 0; i < N; i++) {
		assert_int_equal(answers[i].err, AT_OK);
		assert_int_equal(answers[i].seq, i + 1);
		(void)snprintf(part, sizeof(part), "\"ev\":\"entry\",\"entry\":{\"conv\":1,\"seq\":%zu,", i + 1);
		at = strstr(at, part);
		assert_non_null(at);
	}
	at_free(answers);
	world_free(&w);
}

static void test_the_same_cid_twice(void **state)
{
	struct world *w = world_new();
	struct answer first = {0}, second = {0};

	(void)state;
	chat_send_text(w->chat, ANA, 11, w->conv, 7, "once", 0, on_appended, &first);
	chat_send_text(w->chat, ANA, 11, w->conv, 7, "once", 0, on_appended, &second);
	store_drain(w->store);
	assert_int_equal(first.seq, 1);
	assert_int_equal(second.seq, 1);
	assert_int_equal(first.ts, second.ts);
	assert_false(first.duplicate);
	assert_true(second.duplicate);
	assert_int_equal(count_heard(w->bob, "\"ev\":\"entry\""), 1);
	/* The number belongs to that text for ever. */
	struct chat_append other = {.conv = w->conv,
				    .author = ANA,
				    .device = 11,
				    .cid = 7,
				    .kind = STORE_NOTE,
				    .body = "{}",
				    .body_len = 2};

	assert_int_equal(append(w, &other).err, AT_ERR_CONFLICT);
	/* Another device counts for itself. */
	assert_int_equal(say(w, ANA, 12, 7, "again").seq, 2);
	world_free(&w);
}

static void test_refusals(void **state)
{
	struct world *w = world_new();
	char *big = at_alloc(CHAT_TEXT_MAX + 2);
	struct answer answer = {0};

	(void)state;
	memset(big, 'x', CHAT_TEXT_MAX + 1);
	assert_int_equal(say(w, ANA, 11, 1, "").err, AT_ERR_BAD_REQUEST);
	assert_int_equal(say(w, ANA, 11, 1, big).err, AT_ERR_TOO_LARGE);
	big[CHAT_TEXT_MAX] = '\0';
	assert_int_equal(say(w, ANA, 11, 1, big).err, AT_OK);
	/* 16384 control characters are 98 KB of JSON. */
	memset(big, 1, CHAT_TEXT_MAX);
	assert_int_equal(say(w, ANA, 11, 2, big).err, AT_ERR_TOO_LARGE);
	assert_int_equal(say(w, CEM, 31, 1, "let me in").err, AT_ERR_NOT_FOUND);
	chat_send_text(w->chat, ANA, 11, 99, 3, "x", 0, on_appended, &answer);
	assert_int_equal(answer.err, AT_ERR_NOT_FOUND);
	answer = (struct answer){0};
	chat_send_text(w->chat, ANA, 11, w->conv, 3, "x", 2, on_appended, &answer);
	assert_int_equal(answer.err, AT_ERR_BAD_REQUEST);
	chat_open(w->chat, ANA, ANA, on_opened, &answer);
	assert_int_equal(answer.err, AT_ERR_BAD_REQUEST);
	chat_open(w->chat, ANA, 99, on_opened, &answer);
	assert_int_equal(answer.err, AT_ERR_NOT_FOUND);
	assert_int_equal(chat_got(w->chat, CEM, w->conv, 1), AT_ERR_NOT_FOUND);
	assert_int_equal(chat_read(w->chat, CEM, w->conv, 1), AT_ERR_NOT_FOUND);
	assert_int_equal(chat_typing(w->chat, CEM, w->conv), AT_ERR_NOT_FOUND);
	assert_int_equal(chat_note_state(w->chat, CEM, w->conv, 1, true, 0), AT_ERR_NOT_FOUND);
	assert_int_equal(page(w, CEM, 0, 0, 10).err, AT_ERR_NOT_FOUND);
	at_free(big);
	world_free(&w);
}

static void test_opening_twice_at_once(void **state)
{
	struct world *w = world_new();
	struct answer a = {0}, b = {0};

	(void)state;
	chat_open(w->chat, ANA, CEM, on_opened, &a);
	chat_open(w->chat, CEM, ANA, on_opened, &b);
	store_drain(w->store);
	assert_int_equal(a.err, AT_OK);
	assert_int_equal(a.conv, b.conv);
	assert_int_equal(chat_direct(w->chat, CEM, ANA), a.conv);
	assert_int_equal(chat_peer(w->chat, a.conv, ANA), CEM);
	assert_int_equal(chat_peer(w->chat, a.conv, BOB), 0);
	assert_true(chat_shares(w->chat, CEM, ANA));
	assert_false(chat_shares(w->chat, CEM, BOB));
	uint64_t partners[4];

	assert_int_equal(chat_partners(w->chat, ANA, 4, partners), 2);
	assert_int_equal(chat_partners(w->chat, BOB, 4, partners), 1);
	assert_int_equal(partners[0], ANA);
	world_free(&w);
}

static void test_a_blocked_author_notices_nothing(void **state)
{
	struct world *w = world_new();

	(void)state;
	(void)say(w, ANA, 11, 1, "before");
	assert_int_equal(chat_got(w->chat, BOB, w->conv, 1), AT_OK);
	assert_true(heard(w->ana, "{\"ev\":\"receipt\",\"conv\":1,\"user\":2,\"read\":0,\"delivered\":1}"));
	block(w, BOB, ANA, true);
	assert_true(chat_blocked(w->chat, ANA, BOB));
	assert_false(chat_blocked(w->chat, BOB, ANA));
	device_forget(w);
	struct answer sent = say(w, ANA, 11, 2, "secret");

	assert_int_equal(sent.err, AT_OK);
	assert_int_equal(sent.seq, 2);
	assert_true(heard(w->ana2, "secret"));
	assert_false(heard(w->bob, "secret"));
	assert_true(
		heard(w->bob,
		      "{\"ev\":\"entry\",\"entry\":{\"conv\":1,\"seq\":2,\"id\":2,\"kind\":\"void\",\"body\":{}}}"));
	/* Bob's client says that it holds the void: Ana hears of no delivery, nor of typing. */
	device_forget(w);
	assert_int_equal(chat_got(w->chat, BOB, w->conv, 2), AT_OK);
	assert_int_equal(chat_read(w->chat, BOB, w->conv, 2), AT_OK);
	assert_int_equal(chat_typing(w->chat, BOB, w->conv), AT_OK);
	assert_int_equal(chat_typing(w->chat, ANA, w->conv), AT_OK);
	assert_int_equal(w->ana->frames + w->bob->frames, 0);
	struct answer seen = hello(w, ANA), own = hello(w, BOB), log = page(w, BOB, 0, 0, 10);

	assert_non_null(strstr(seen.json, "\"their_read\":1,\"their_delivered\":1"));
	assert_non_null(strstr(own.json, "\"unread\":0"));
	assert_null(strstr(own.json, "secret"));
	assert_non_null(strstr(log.json, "before"));
	assert_null(strstr(log.json, "secret"));
	assert_non_null(strstr(log.json, "\"seq\":2"));
	answer_free(&seen);
	answer_free(&own);
	answer_free(&log);
	/* Unblocking brings nothing back that was written meanwhile. */
	world_restart(w);
	assert_true(chat_blocked(w->chat, ANA, BOB));
	block(w, BOB, ANA, false);
	log = page(w, BOB, 0, 0, 10);
	assert_null(strstr(log.json, "secret"));
	answer_free(&log);
	(void)say(w, ANA, 11, 3, "friends again");
	assert_true(heard(w->bob, "friends again"));
	world_free(&w);
}

/* Somebody blocks a person they never spoke with: that person's chat does not come up. */
static void test_a_chat_of_voids_is_not_there(void **state)
{
	struct world *w = world_new();

	(void)state;
	block(w, BOB, ANA, true);
	(void)say(w, ANA, 11, 1, "hello?");
	assert_int_equal(w->bob->frames, 0);
	struct answer bob = hello(w, BOB), ana = hello(w, ANA);

	assert_string_equal(bob.json, "[]");
	assert_non_null(strstr(ana.json, "hello?"));
	answer_free(&bob);
	answer_free(&ana);
	block(w, BOB, ANA, false);
	(void)say(w, ANA, 11, 2, "hello!");
	assert_true(heard(w->bob, "\"ev\":\"conv\""));
	assert_true(heard(w->bob, "hello!"));
	assert_false(heard(w->bob, "hello?"));
	world_free(&w);
}

static void test_receipts(void **state)
{
	struct world *w = world_new();

	(void)state;
	for (uint64_t i = 1; i <= 5; i++)
		(void)say(w, ANA, 11, i, "x");
	device_forget(w);
	assert_int_equal(chat_got(w->chat, BOB, w->conv, 99), AT_OK);
	assert_int_equal(chat_got(w->chat, BOB, w->conv, 3), AT_OK);
	assert_int_equal(chat_read(w->chat, BOB, w->conv, 4), AT_OK);
	assert_int_equal(count_heard(w->ana, "receipt"), 2);
	assert_true(heard(w->ana, "\"read\":0,\"delivered\":5"));
	assert_true(heard(w->ana2, "\"read\":4,\"delivered\":5"));
	assert_int_equal(count_heard(w->bob, "receipt"), 0);
	world_settle(w);
	/* Bob's other device loses its badge. */
	assert_true(heard(w->bob2, "\"ev\":\"conv\""));
	assert_true(heard(w->bob2, "\"unread\":1"));
	world_restart(w);
	struct answer ana = hello(w, ANA);

	assert_non_null(strstr(ana.json, "\"their_read\":4,\"their_delivered\":5"));
	answer_free(&ana);
	/* One who hides receipts neither gives nor gets them; delivery is told all the same. */
	w->no_receipts[ANA] = true;
	(void)say(w, ANA, 11, 6, "x");
	device_forget(w);
	assert_int_equal(chat_read(w->chat, BOB, w->conv, 6), AT_OK);
	assert_true(heard(w->ana, "\"read\":0,\"delivered\":6"));
	world_free(&w);
}

static void test_typing_is_rare(void **state)
{
	struct world *w = world_new();

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(chat_typing(w->chat, ANA, w->conv), AT_OK);
	assert_int_equal(count_heard(w->bob, "{\"ev\":\"typing\",\"conv\":1,\"user\":1}"), 1);
	assert_int_equal(w->ana2->frames, 0);
	at_clock_shift_for_test(0, 3100);
	at_loop_step(w->loop, 0);
	assert_int_equal(chat_typing(w->chat, ANA, w->conv), AT_OK);
	assert_int_equal(count_heard(w->bob, "typing"), 2);
	at_clock_shift_for_test(0, 0);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_a_text_reaches_all),
		AT_TEST(test_order_and_no_gaps),
		AT_TEST(test_the_same_cid_twice),
		AT_TEST(test_refusals),
		AT_TEST(test_opening_twice_at_once),
		AT_TEST(test_a_blocked_author_notices_nothing),
		AT_TEST(test_a_chat_of_voids_is_not_there),
		AT_TEST(test_receipts),
		AT_TEST(test_typing_is_rare),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
