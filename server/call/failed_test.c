/* Answered, and then no media: the call fails. And what a voice call becomes. */
#include "call/call_testkit.h"

static struct world *answered(int64_t connect_ms)
{
	struct world *world = world_new();

	world->settings.connect_ms = connect_ms;
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B1);
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	pass(world, 1500);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	forget_heard(world);
	return world;
}

static void flows(struct world *world)
{
	struct at_id id = call_id(1);

	call_flows(world->calls, &id);
	settle(world);
}

static void leave(struct world *world, bool failed)
{
	struct reply reply = {0};
	struct at_id id = call_id(1);

	call_leave(world->calls, &id, ANA, A1, failed, on_reply, &reply);
	settle(world);
	assert_int_equal(reply.err, AT_OK);
}

static void has_failed(struct world *world)
{
	const char *log = log_of(world, world->conv, ANA);

	assert_int_equal(world->ended, 1);
	assert_int_equal(count(log, "\"kind\":\"call\""), 1);
	assert_true(says(log, "\"outcome\":\"failed\""));
	assert_false(says(log, "duration_ms"));
	assert_true(says(last_call(world, A1), "\"outcome\":\"failed\""));
	assert_true(says(last_call(world, B1), "\"outcome\":\"failed\""));
	assert_true(says(log_of(world, world->conv, BOB), "\"outcome\":\"failed\""));
	enum at_err err;
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	assert_int_equal(err, AT_OK);
}

static void was_answered(struct world *world)
{
	assert_int_equal(world->ended, 1);
	assert_true(says(log_of(world, world->conv, ANA), "\"outcome\":\"answered\""));
	assert_true(says(log_of(world, world->conv, BOB), "duration_ms"));
}

static void test_no_media(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	pass(world, 19000);
	assert_int_equal(world->ended, 0);
	pass(world, 1500);
	has_failed(world);
	world_free(&world);
}

static void test_media_in_time(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	pass(world, 19000);
	flows(world);
	pass(world, 600000);
	assert_int_equal(world->ended, 0);
	assert_int_equal(do_leave(world, 1, A1).err, AT_OK);
	was_answered(world);
	world_free(&world);
}

/* Where the operator wants it so, connecting may take for ever. */
static void test_no_limit(void **state)
{
	(void)state;
	struct world *world = answered(0);

	pass(world, 600000);
	assert_int_equal(do_leave(world, 1, A1).err, AT_OK);
	was_answered(world);
	world_free(&world);
}

static void test_a_device_says_so(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	pass(world, 2000);
	leave(world, true);
	has_failed(world);
	leave(world, true); /* again */
	assert_int_equal(world->ended, 1);
	world_free(&world);
}

/* What went on for long did not fail to connect, whatever a device says. */
static void test_a_device_says_so_late(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	flows(world);
	pass(world, 61000);
	leave(world, true);
	was_answered(world);
	world_free(&world);
}

static void test_left_while_it_connects(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	pass(world, 1000);
	leave(world, false);
	was_answered(world); /* they changed their mind */
	world_free(&world);
	world = answered(20000);
	pass(world, 8000);
	leave(world, false);
	has_failed(world); /* they gave up */
	world_free(&world);
}

static void test_left_before_the_answer(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply reply = {0};
	struct at_id id = call_id(1);

	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	call_leave(world->calls, &id, ANA, A1, true, on_reply, &reply);
	settle(world);
	assert_int_equal(reply.err, AT_ERR_CONFLICT);
	world_free(&world);
}

/* Picked up while a note was left, and then nothing came: missed again, and the note may be left all the same. */
static void test_answered_late_no_media(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);

	world->settings.connect_ms = 20000;
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B1);
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
	assert_int_equal(do_decline(world, 1, B1, NULL).err, AT_OK);
	call_note_being_left(world->calls, &id, true);
	settle(world);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	pass(world, 21000);
	assert_int_equal(world->ended, 1);
	const char *log = log_of(world, world->conv, ANA);
	assert_int_equal(count(log, "\"kind\":\"call\""), 1);
	assert_int_equal(count(log, "\"kind\":\"amend\""), 2);
	assert_int_equal(count(log, "\"outcome\":\"failed\""), 1);
	world_free(&world);
}

/* A restart does not make a call fail that went on. */
static void test_restart(void **state)
{
	(void)state;
	struct world *world = answered(20000);

	flows(world);
	pass(world, 16000);
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B1);
	pass(world, 600000);
	assert_int_equal(world->ended, 0);
	leave(world, true);
	assert_true(says(log_of(world, world->conv, ANA), "\"outcome\":\"answered\""));
	world_free(&world);
}

static void test_turned_into_video(void **state)
{
	(void)state;
	struct world *world = answered(20000);
	struct at_id id = call_id(1);

	flows(world);
	call_turn_to_video(world->calls, &id);
	settle(world);
	/* The kind stays what rang; that it has turned is said beside it. */
	assert_true(says(last_call(world, A1), "\"kind\":\"voice\""));
	assert_true(says(last_call(world, A1), "\"turned\":true"));
	assert_true(says(last_call(world, B1), "\"turned\":true"));
	forget_heard(world);
	call_turn_to_video(world->calls, &id);
	settle(world);
	assert_string_equal(last_call(world, A1), "");
	world_restart(world); /* it is remembered */
	phone_on(world, A1);
	phone_on(world, B1);
	assert_int_equal(do_leave(world, 1, B1).err, AT_OK);
	const char *log = log_of(world, world->conv, ANA);
	assert_true(says(log, "\"body\":{\"kind\":\"video\""));
	assert_true(says(log, "\"outcome\":\"answered\""));
	assert_true(says(last_call(world, A1), "\"turned\":true"));
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_no_media),
		AT_TEST(test_media_in_time),
		AT_TEST(test_no_limit),
		AT_TEST(test_a_device_says_so),
		AT_TEST(test_a_device_says_so_late),
		AT_TEST(test_left_while_it_connects),
		AT_TEST(test_left_before_the_answer),
		AT_TEST(test_answered_late_no_media),
		AT_TEST(test_restart),
		AT_TEST(test_turned_into_video),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
