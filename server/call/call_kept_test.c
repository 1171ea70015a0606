/* What survives: restarts, limits, notes and their calls. */
#include "base/time.h"
#include "call/call_testkit.h"

static void back(struct world *world)
{
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B1);
	phone_on(world, C1);
}

static void ring(struct world *world)
{
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	pass(world, 1500);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
}

static const char *entry(struct world *world, uint64_t user)
{
	return log_of(world, world->conv, user);
}

/* ---- restart ---- */

static void test_restart_while_ringing(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	ring(world);
	back(world);
	assert_true(says(entry(world, ANA), "\"outcome\":\"failed\""));
	assert_true(says(entry(world, BOB), "\"outcome\":\"failed\""));
	assert_int_equal(unread(world, world->conv, BOB), 1);
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	back(world);
	assert_int_equal(count(entry(world, ANA), "\"kind\":"), 2); /* the entry's, and the call's own */
	world_free(&world);
}

static void test_restart_while_reaching(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_start(world, 1, A1, world->conv, false);
	back(world);
	assert_true(says(entry(world, ANA), "\"outcome\":\"failed\""));
	assert_true(says(entry(world, BOB), "void"));
	assert_int_equal(unread(world, world->conv, BOB), 0);
	world_free(&world);
}

static void test_restart_of_a_shadow(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	do_block(world, BOB, ANA);
	do_start(world, 1, A1, world->conv, false);
	pass(world, 1000);
	back(world);
	assert_true(says(entry(world, ANA), "\"outcome\":\"failed\""));
	assert_true(says(entry(world, BOB), "void"));
	assert_true(do_facts(world, 1, ANA, &err).shadow);
	world_free(&world);
}

static void test_restart_while_answered(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	do_answer(world, 1, B1);
	pass(world, 60000);
	back(world);
	pass(world, 60000);
	assert_false(says(entry(world, ANA), "\"kind\":\"call\""));
	assert_int_equal(do_leave(world, 1, A1).err, AT_OK);
	assert_true(says(entry(world, ANA), "\"outcome\":\"answered\""));
	assert_true(says(entry(world, ANA), "\"duration_ms\":120"));
	assert_int_equal(unread(world, world->conv, BOB), 0);
	world_free(&world);
}

/* It lasted until it was last seen going on, not until the server gave up. */
static void test_restart_and_one_does_not_come_back(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	do_answer(world, 1, B1);
	pass(world, 20000);
	world_restart(world);
	phone_on(world, A1);
	pass(world, 29000);
	assert_false(says(entry(world, ANA), "\"kind\":\"call\""));
	pass(world, 2000);
	assert_true(says(last_call(world, A1), "\"state\":\"ended\""));
	assert_true(says(entry(world, ANA), "\"outcome\":\"answered\""));
	assert_true(says(entry(world, ANA), "\"duration_ms\":20") || says(entry(world, ANA), "\"duration_ms\":15"));
	world_free(&world);
}

static void test_restart_long_after(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	do_answer(world, 1, B1);
	pass(world, 16000);
	world_stop(world);
	at_clock_shift_for_test(3600000, 3600000);
	world_start(world);
	settle(world);
	phone_on(world, A1);
	assert_true(says(entry(world, ANA), "\"outcome\":\"answered\""));
	assert_true(says(entry(world, ANA), "\"duration_ms\":16") || says(entry(world, ANA), "\"duration_ms\":15"));
	assert_int_equal(do_leave(world, 1, A1).err, AT_OK);
	world_free(&world);
}

static void test_restart_of_one_that_was_answered_late(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	pass(world, 45100);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	assert_false(says(entry(world, ANA), "duration_ms"));
	back(world);
	pass(world, 5000);
	assert_int_equal(do_leave(world, 1, B1).err, AT_OK);
	assert_int_equal(count(entry(world, ANA), "\"kind\":\"amend\""), 2);
	assert_int_equal(count(entry(world, ANA), "duration_ms"), 1);
	world_free(&world);
}

/* ---- limits ---- */

static void miss(struct world *world, unsigned n)
{
	assert_int_equal(do_start(world, n, A1, world->conv, false).err, AT_OK);
	pass(world, 2000);
	assert_int_equal(do_cancel(world, n, A1, true).err, AT_OK);
}

static void test_pair_limit(void **state)
{
	(void)state;
	struct world *world = world_new();

	for (unsigned n = 1; n <= 3; n++)
		miss(world, n);
	struct reply reply = do_start(world, 4, A1, world->conv, false);
	assert_int_equal(reply.err, AT_ERR_RATE_LIMITED);
	assert_in_range(reply.retry_ms, 290000, 295000);
	assert_int_equal(do_start(world, 5, A1, world->conv_ac, false).err, AT_OK); /* somebody else */
	do_cancel(world, 5, A1, false);
	back(world);
	assert_int_equal(do_start(world, 6, A1, world->conv, false).err, AT_ERR_RATE_LIMITED);
	pass(world, reply.retry_ms);
	assert_int_equal(do_start(world, 7, A1, world->conv, false).err, AT_OK);
	world_free(&world);
}

static void test_answered_calls_are_free(void **state)
{
	(void)state;
	struct world *world = world_new();

	for (unsigned n = 1; n <= 5; n++) {
		assert_int_equal(do_start(world, n, A1, world->conv, false).err, AT_OK);
		assert_int_equal(do_answer(world, n, B1).err, AT_OK);
		do_leave(world, n, B1);
	}
	back(world);
	assert_int_equal(do_start(world, 6, A1, world->conv, false).err, AT_OK);
	world_free(&world);
}

static void test_day_limit(void **state)
{
	(void)state;
	struct world *world = world_new();

	for (unsigned n = 1; n <= 10; n++) {
		miss(world, n);
		pass(world, 300000);
	}
	struct reply reply = do_start(world, 11, A1, world->conv, false);
	assert_int_equal(reply.err, AT_ERR_RATE_LIMITED);
	assert_true(reply.retry_ms > 20ll * 3600 * 1000);
	back(world);
	assert_int_equal(do_start(world, 11, A1, world->conv, false).err, AT_ERR_RATE_LIMITED);
	pass(world, reply.retry_ms);
	assert_int_equal(do_start(world, 12, A1, world->conv, false).err, AT_OK);
	world_free(&world);
}

static void test_limit_of_a_shadow(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_block(world, BOB, ANA);
	for (unsigned n = 1; n <= 3; n++)
		miss(world, n);
	assert_int_equal(do_start(world, 4, A1, world->conv, false).err, AT_ERR_RATE_LIMITED);
	world_free(&world);
}

/* ---- notes ---- */

static void on_note(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)seq, (void)ts, (void)duplicate, (void)arg;
	assert_int_equal(err, AT_OK);
}

static void send_note(struct world *world, unsigned n)
{
	struct chat_append note = {
		.conv = world->conv,
		.author = ANA,
		.device = A1,
		.cid = n,
		.kind = STORE_NOTE,
		.call = call_id(n),
		.badge = 1,
		.body = "{\"kind\":\"voice\"}",
		.body_len = 16,
	};
	chat_append(world->chat, &note, on_note, NULL);
	settle(world);
}

static void test_picked_up_while_it_is_left(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);

	ring(world);
	pass(world, 45100);
	call_note_being_left(world->calls, &id, true);
	pass(world, 120000);
	assert_int_equal(unread(world, world->conv, BOB), 1);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	assert_int_equal(world->answered, 1);
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	call_note_being_left(world->calls, &id, false); /* the note module has stopped it */
	assert_int_equal(unread(world, world->conv, BOB), 0);
	assert_int_equal(count(entry(world, BOB), "\"kind\":\"amend\""), 1);
	back(world);
	assert_int_equal(count(entry(world, BOB), "\"kind\":\"call\""), 1);
	assert_int_equal(unread(world, world->conv, BOB), 0);
	world_free(&world);
}

static void test_not_after_it_was_left(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);
	enum at_err err;

	ring(world);
	pass(world, 45100);
	pass(world, 3000);
	call_note_being_left(world->calls, &id, true);
	call_note_being_left(world->calls, &id, false);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	send_note(world, 1);
	assert_false(do_facts(world, 1, ANA, &err).may_leave);
	assert_int_equal(unread(world, world->conv, BOB), 1); /* the two are one */
	world_free(&world);
}

static void test_facts_of_an_old_call(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);
	enum at_err err;

	ring(world);
	do_decline(world, 1, B1, NULL);
	back(world);
	struct call_note_facts facts = do_facts(world, 1, ANA, &err);
	assert_true(err == AT_OK && facts.may_leave && !facts.shadow && facts.callee == BOB);
	call_note_being_left(world->calls, &id, true);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK); /* that long after it still is picked up */
	(void)do_facts(world, 1, BOB, &err);
	assert_int_equal(err, AT_ERR_NOT_FOUND);
	(void)do_facts(world, 99, ANA, &err);
	assert_int_equal(err, AT_ERR_NOT_FOUND);
	world_free(&world);
}

/* "Leave a note now" and the recording's start come together; the second waits for the first. */
static void on_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	assert_int_equal(err, AT_OK);
	*(bool *)arg = facts->may_leave;
}

static void test_cancel_and_record_at_once(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply cancel = {0};
	struct at_id id = call_id(1);
	bool may_leave = false;

	ring(world);
	call_cancel(world->calls, &id, ANA, A1, true, on_reply, &cancel);
	call_note_facts(world->calls, &id, world->conv, ANA, on_facts, &may_leave);
	settle(world);
	assert_int_equal(cancel.err, AT_OK);
	assert_true(may_leave);
	world_free(&world);
}

static void test_caller_leaves_the_prompt(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	pass(world, 45100);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_restart_while_ringing),
		AT_TEST(test_restart_while_reaching),
		AT_TEST(test_restart_of_a_shadow),
		AT_TEST(test_restart_while_answered),
		AT_TEST(test_restart_and_one_does_not_come_back),
		AT_TEST(test_restart_long_after),
		AT_TEST(test_restart_of_one_that_was_answered_late),
		AT_TEST(test_pair_limit),
		AT_TEST(test_answered_calls_are_free),
		AT_TEST(test_day_limit),
		AT_TEST(test_limit_of_a_shadow),
		AT_TEST(test_picked_up_while_it_is_left),
		AT_TEST(test_not_after_it_was_left),
		AT_TEST(test_facts_of_an_old_call),
		AT_TEST(test_cancel_and_record_at_once),
		AT_TEST(test_caller_leaves_the_prompt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
