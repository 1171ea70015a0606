#include "chat/chat_testkit.h"

#include <string.h>

/* Groups: who is in, what each of them sees, and that memory and store agree after a restart. */

static const struct chat_asker ana = {ANA, 11, 500}, bob = {BOB, 21, 500};

static struct chat_asker next(const struct chat_asker *asker)
{
	static uint64_t cid = 600;

	return (struct chat_asker){asker->user, asker->device, ++cid};
}

static uint64_t group(struct world *w, const uint64_t *users, size_t n)
{
	struct answer answer = {0};
	struct chat_asker asker = next(&ana);

	chat_group_create(w->chat, &asker, "Walkers", users, n, on_opened, &answer);
	world_settle(w);
	assert_int_equal(answer.err, AT_OK);
	w->conv = answer.conv;
	return answer.conv;
}

static struct answer add(struct world *w, const struct chat_asker *by, const uint64_t *users, size_t n)
{
	struct answer answer = {0};
	struct chat_asker asker = next(by);

	chat_group_add(w->chat, &asker, w->conv, users, n, on_appended, &answer);
	world_settle(w);
	return answer;
}

static struct answer take_out(struct world *w, const struct chat_asker *by, uint64_t user)
{
	struct answer answer = {0};
	struct chat_asker asker = next(by);

	chat_group_remove(w->chat, &asker, w->conv, user, on_appended, &answer);
	world_settle(w);
	return answer;
}

static struct answer make_admin(struct world *w, const struct chat_asker *by, uint64_t user, bool on)
{
	struct answer answer = {0};
	struct chat_asker asker = next(by);

	chat_group_admin(w->chat, &asker, w->conv, user, on, on_appended, &answer);
	world_settle(w);
	return answer;
}

static bool in_hello(struct world *w, uint64_t user, const char *part)
{
	struct answer answer = hello(w, user);
	bool found = strstr(answer.json, part) != NULL;

	answer_free(&answer);
	return found;
}

static void test_created(void **state)
{
	struct world *w = world_new();
	struct answer again = {0};
	struct chat_asker asker = ana;

	(void)state;
	chat_group_create(w->chat, &asker, "Walkers", (uint64_t[]){BOB, BOB, ANA}, 3, on_opened, &again);
	world_settle(w);
	assert_int_equal(again.err, AT_OK);
	uint64_t conv = again.conv;

	assert_true(heard(w->bob, "\"kind\":\"group\",\"group\":{\"name\":\"Walkers\",\"picture\":null,\"members\":[{"
				  "\"user\":1,\"admin\":true},{\"user\":2,\"admin\":false}]},\"left\":false,"
				  "\"first_seq\":1,"));
	assert_true(heard(w->bob, "\"body\":{\"did\":\"created\",\"name\":\"Walkers\",\"users\":[2]}"));
	assert_true(heard(w->ana2, "\"cid\":500"));
	/* The same once more is the same group. */
	chat_group_create(w->chat, &asker, "Walkers", (uint64_t[]){BOB}, 1, on_opened, &again);
	world_settle(w);
	assert_true(again.err == AT_OK && again.conv == conv);
	assert_true(chat_is_group(w->chat, conv) && chat_is_admin(w->chat, conv, ANA));
	assert_false(chat_is_admin(w->chat, conv, BOB));
	assert_int_equal(chat_members(w->chat, conv, 0, NULL), 2);
	world_restart(w);
	assert_true(in_hello(w, BOB, "\"name\":\"Walkers\""));
	assert_true(chat_is_admin(w->chat, conv, ANA));
	world_free(&w);
}

static void test_bad_ones(void **state)
{
	struct world *w = world_new();
	static const struct {
		const char *name;
		uint64_t user;
		enum at_err err;
	} rows[] = {
		{"", BOB, AT_ERR_BAD_REQUEST},      {"   ", BOB, AT_ERR_BAD_REQUEST}, {"a\nb", BOB, AT_ERR_BAD_REQUEST},
		{"alone", ANA, AT_ERR_BAD_REQUEST}, {"nobody", 99, AT_ERR_NOT_FOUND},
	};
	char longest[CHAT_GROUP_NAME_MAX * 2 + 3];
	struct answer answer = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct chat_asker asker = next(&ana);

		chat_group_create(w->chat, &asker, rows[i].name, &rows[i].user, 1, on_opened, &answer);
		world_settle(w);
		assert_int_equal(answer.err, rows[i].err);
	}
	for (size_t i = 0; i < CHAT_GROUP_NAME_MAX + 1; i++)
		memcpy(longest + 2 * i, "\xc3\xa4", 3);
	struct chat_asker asker = next(&ana);

	chat_group_create(w->chat, &asker, longest, (uint64_t[]){BOB}, 1, on_opened, &answer);
	assert_int_equal(answer.err, AT_ERR_BAD_REQUEST);
	chat_group_create(w->chat, &asker, longest + 2, (uint64_t[]){BOB}, 1, on_opened, &answer);
	world_settle(w);
	assert_int_equal(answer.err, AT_OK);
	world_free(&w);
}

static void test_added_later(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB}, 1);
	struct device *cem = device_new(w, CEM, 31);

	(void)state;
	say(w, ANA, 11, 1, "before cem");
	assert_int_equal(add(w, &bob, (uint64_t[]){CEM}, 1).err, AT_ERR_NOT_FOUND);
	struct answer added = add(w, &ana, (uint64_t[]){CEM, BOB}, 2);

	assert_true(added.err == AT_OK && added.seq == 3);
	assert_true(heard(cem, "\"ev\":\"conv\"") && heard(cem, "\"first_seq\":3"));
	assert_true(heard(cem, "\"did\":\"added\",\"users\":[3]"));
	assert_true(heard(w->bob, "{\"user\":3,\"admin\":false}"));
	assert_int_equal(add(w, &ana, (uint64_t[]){CEM}, 1).err, AT_ERR_CONFLICT);
	/* Nothing of before. */
	struct answer log = page(w, CEM, 0, 0, 100);

	assert_null(strstr(log.json, "before cem"));
	assert_non_null(strstr(log.json, "\"did\":\"added\""));
	answer_free(&log);
	assert_false(chat_may_see(w->chat, conv, CEM, 2));
	assert_true(chat_may_see(w->chat, conv, CEM, 3));
	assert_true(chat_shares(w->chat, CEM, BOB));
	say(w, CEM, 31, 1, "hello all");
	assert_true(heard(w->bob2, "hello all"));
	world_restart(w);
	assert_true(in_hello(w, CEM, "\"first_seq\":3"));
	device_free(w, &cem);
	world_free(&w);
}

static void test_removed(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB, CEM}, 2);

	(void)state;
	say(w, ANA, 11, 1, "while bob was in");
	device_forget(w);
	assert_int_equal(take_out(w, &bob, CEM).err, AT_ERR_NOT_FOUND);
	struct answer gone = take_out(w, &ana, BOB);

	assert_int_equal(gone.err, AT_OK);
	assert_true(heard(w->bob, "\"did\":\"removed\",\"users\":[2]"));
	assert_true(heard(w->bob, "\"left\":true"));
	/* What becomes of the group from now on is none of theirs. */
	struct answer renamed = {0};
	struct chat_asker asker = next(&ana);

	chat_group_name(w->chat, &asker, conv, "Without Bob", on_appended, &renamed);
	world_settle(w);
	assert_int_equal(renamed.err, AT_OK);
	device_forget(w);
	say(w, ANA, 11, 2, "after bob");
	world_settle(w);
	assert_int_equal(w->bob->frames, 0);
	assert_int_equal(say(w, BOB, 21, 3, "may I").err, AT_ERR_NOT_FOUND);
	assert_int_equal(chat_typing(w->chat, BOB, conv), AT_ERR_NOT_FOUND);
	for (int life = 0; life < 2; life++) {
		struct answer log = page(w, BOB, 0, 0, 100), back = page(w, BOB, 0, 99, 1);

		assert_non_null(strstr(log.json, "while bob was in"));
		assert_null(strstr(log.json, "after bob"));
		assert_int_equal(log.last_seq, gone.seq);
		assert_non_null(strstr(back.json, "\"did\":\"removed\""));
		assert_true(in_hello(w, BOB, "\"left\":true"));
		assert_false(in_hello(w, BOB, "after bob"));
		assert_false(in_hello(w, BOB, "Without Bob"));
		assert_true(in_hello(w, BOB, "{\"name\":\"Walkers\",\"picture\":null,\"members\":[]},\"left\":true"));
		answer_free(&log);
		answer_free(&back);
		/* A watermark of theirs that was still to be written does not bring them back. */
		world_restart(w);
	}
	assert_false(chat_is_member(w->chat, conv, BOB));
	/* Back in, they see what comes from now on. */
	struct answer again = add(w, &ana, (uint64_t[]){BOB}, 1);

	assert_true(again.err == AT_OK && !chat_may_see(w->chat, conv, BOB, again.seq - 1));
	assert_true(heard(w->bob, "\"left\":false"));
	world_free(&w);
}

static void test_marks_do_not_bring_back(void **state)
{
	struct world *w = world_new();
	struct answer answer = {0};
	struct chat_asker asker = next(&ana);
	uint64_t conv = group(w, (uint64_t[]){BOB}, 1);

	(void)state;
	assert_int_equal(chat_read(w->chat, BOB, conv, 1), AT_OK);
	chat_group_remove(w->chat, &asker, conv, BOB, on_appended, &answer);
	world_settle(w);
	world_settle(w);
	world_restart(w);
	assert_false(chat_is_member(w->chat, conv, BOB));
	world_free(&w);
}

static void test_leaving_makes_an_heir(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB, CEM}, 2);
	struct chat_asker asker = next(&ana);
	struct answer first = {0}, again = {0};

	(void)state;
	assert_int_equal(make_admin(w, &ana, ANA, false).err, AT_ERR_CONFLICT);
	chat_group_remove(w->chat, &asker, conv, ANA, on_appended, &first);
	world_settle(w);
	world_settle(w);
	assert_int_equal(first.err, AT_OK);
	/* The answer got lost, the client asks again: it is no member any more, and still done. */
	chat_group_remove(w->chat, &asker, conv, ANA, on_appended, &again);
	world_settle(w);
	assert_true(again.err == AT_OK && again.seq == first.seq && again.duplicate);
	assert_true(heard(w->bob, "\"did\":\"left\""));
	assert_true(heard(w->bob, "\"did\":\"admin\",\"users\":[2]"));
	assert_true(chat_is_admin(w->chat, conv, BOB));
	assert_int_equal(make_admin(w, &bob, CEM, true).err, AT_OK);
	world_restart(w);
	assert_true(chat_is_admin(w->chat, conv, BOB) && chat_is_admin(w->chat, conv, CEM));
	world_free(&w);
}

static void test_named_and_pictured(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB}, 1);
	static const uint8_t png[] = "\x89PNG\r\n\x1a\n....";
	struct answer answer = {0};
	struct chat_asker asker = next(&bob);

	(void)state;
	chat_group_name(w->chat, &asker, conv, "Runners", on_appended, &answer);
	world_settle(w);
	assert_int_equal(answer.err, AT_OK);
	assert_true(heard(w->ana, "\"did\":\"named\",\"name\":\"Runners\""));
	answer = (struct answer){0};
	asker = next(&bob);
	chat_group_picture(w->chat, &asker, conv, png, sizeof(png), on_appended, &answer);
	world_settle(w);
	assert_int_equal(answer.err, AT_OK);
	assert_true(heard(w->ana, "\"name\":\"Runners\",\"picture\":\""));
	answer = (struct answer){0};
	chat_group_picture(w->chat, &asker, conv, "<svg>", 5, on_appended, &answer);
	assert_int_equal(answer.err, AT_ERR_UNSUPPORTED);
	world_restart(w);
	assert_true(in_hello(w, ANA, "\"name\":\"Runners\",\"picture\":\""));
	world_free(&w);
}

static void test_receipts_are_the_lowest(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB, CEM}, 2);

	(void)state;
	say(w, ANA, 11, 1, "who is coming?");
	device_forget(w);
	assert_int_equal(chat_read(w->chat, BOB, conv, 2), AT_OK);
	world_settle(w);
	assert_false(heard(w->ana, "\"ev\":\"receipt\""));
	assert_int_equal(chat_read(w->chat, CEM, conv, 2), AT_OK);
	world_settle(w);
	assert_true(heard(w->ana, "{\"ev\":\"receipt\",\"conv\":2,\"user\":null,\"read\":2,\"delivered\":2}"));
	/* Who hides what they read holds nobody up, and hears nothing. */
	w->no_receipts[CEM] = true;
	say(w, ANA, 11, 2, "and now?");
	device_forget(w);
	assert_int_equal(chat_read(w->chat, BOB, conv, 3), AT_OK);
	assert_int_equal(chat_got(w->chat, CEM, conv, 3), AT_OK);
	world_settle(w);
	assert_true(heard(w->ana, "\"read\":3,\"delivered\":3}"));
	assert_true(in_hello(w, CEM, "\"their_read\":0"));
	world_free(&w);
}

static void test_typing_reaches_all(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB, CEM}, 2);

	(void)state;
	device_forget(w);
	assert_int_equal(chat_typing(w->chat, CEM, conv), AT_OK);
	assert_true(heard(w->ana, "\"ev\":\"typing\"") && heard(w->bob, "\"user\":3"));
	world_free(&w);
}

static void test_heard_by_anyone(void **state)
{
	struct world *w = world_new();
	uint64_t conv = group(w, (uint64_t[]){BOB, CEM}, 2);

	(void)state;
	leave_note(w, ANA, 1, NULL);
	assert_int_equal(chat_note_state(w->chat, CEM, conv, 2, true, -1), AT_OK);
	world_settle(w);
	assert_true(heard(w->ana, "\"heard\":true"));
	device_forget(w);
	/* Playing one's own note later does not take that back. */
	assert_int_equal(chat_note_state(w->chat, ANA, conv, 2, true, 500), AT_OK);
	world_settle(w);
	assert_true(heard(w->ana, "\"position_ms\":500,\"heard\":true"));
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_created),
		AT_TEST(test_bad_ones),
		AT_TEST(test_added_later),
		AT_TEST(test_removed),
		AT_TEST(test_marks_do_not_bring_back),
		AT_TEST(test_leaving_makes_an_heir),
		AT_TEST(test_named_and_pictured),
		AT_TEST(test_receipts_are_the_lowest),
		AT_TEST(test_typing_reaches_all),
		AT_TEST(test_heard_by_anyone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
