/* A call goes on at another device of the same person. */
#include "call/call_testkit.h"

static struct world *talking(void)
{
	struct world *world = world_new();

	phone_on(world, A2);
	phone_on(world, B2);
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	pass(world, 1500);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	forget_heard(world);
	return world;
}

static void test_callee_moves(void **state)
{
	(void)state;
	struct world *world = talking();
	struct reply reply = do_move(world, 1, B2);

	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "\"mine\":true"));
	assert_true(says(last_call(world, B1), "\"mine\":false"));
	assert_true(says(last_call(world, B1), "\"answered_device\":\"Bob's laptop\""));
	assert_true(says(last_call(world, B2), "\"mine\":true"));
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	assert_int_equal(world->moved, 1);
	assert_int_equal(world->parties.callee_device, B2);
	assert_int_equal(world->parties.caller_device, A1);
	assert_int_equal(world->ended, 0);
	/* Again is fine, and nobody is told. */
	forget_heard(world);
	assert_int_equal(do_move(world, 1, B2).err, AT_OK);
	assert_string_equal(last_call(world, A1), "");
	assert_int_equal(world->moved, 1);
	/* The old device may go; the new one may not for long. */
	phone_off(world, B1);
	pass(world, 50000);
	assert_int_equal(world->ended, 0);
	phone_off(world, B2);
	pass(world, 46000);
	assert_int_equal(world->ended, 1);
	world_free(&world);
}

static void test_caller_moves_there_and_back(void **state)
{
	(void)state;
	struct world *world = talking();

	assert_int_equal(do_move(world, 1, A2).err, AT_OK);
	assert_int_equal(world->parties.caller_device, A2);
	assert_true(says(last_call(world, A2), "\"mine\":true"));
	assert_true(says(last_call(world, A1), "\"mine\":false"));
	assert_int_equal(do_move(world, 1, A1).err, AT_OK);
	assert_int_equal(world->parties.caller_device, A1);
	/* It is free for another call now. */
	assert_int_equal(do_start(world, 2, A2, world->conv_ac, false).err, AT_OK);
	assert_int_equal(do_move(world, 1, A2).err, AT_ERR_CONFLICT);
	world_free(&world);
}

static void test_only_answered_calls_move(void **state)
{
	(void)state;
	struct world *world = world_new();

	phone_on(world, A2);
	assert_int_equal(do_move(world, 1, A2).err, AT_ERR_NOT_FOUND);
	do_start(world, 1, A1, world->conv, false);
	assert_int_equal(do_move(world, 1, A2).err, AT_ERR_CONFLICT);
	assert_int_equal(do_move(world, 1, B1).err, AT_ERR_CONFLICT);
	assert_int_equal(do_move(world, 1, C1).err, AT_ERR_NOT_FOUND);
	do_answer(world, 1, B1);
	assert_int_equal(do_move(world, 1, C1).err, AT_ERR_NOT_FOUND);
	do_leave(world, 1, B1);
	assert_int_equal(do_move(world, 1, A2).err, AT_ERR_GONE);
	assert_int_equal(world->moved, 0);
	world_free(&world);
}

static void test_moved_survives_a_restart(void **state)
{
	(void)state;
	struct world *world = talking();
	struct at_id id = call_id(1);
	struct call_parties parties;

	do_move(world, 1, B2);
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B2);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B2, &parties), AT_OK);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B1, &parties), AT_ERR_NOT_FOUND);
	pass(world, 60000);
	assert_int_equal(call_parties_of(world->calls, &id, ANA, A1, &parties), AT_OK);
	world_free(&world);
}

static void test_who_the_parties_are(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);
	struct call_parties parties;

	phone_on(world, A2);
	assert_int_equal(call_parties_of(world->calls, &id, ANA, A1, &parties), AT_ERR_NOT_FOUND);
	do_start(world, 1, A1, world->conv, false);
	assert_int_equal(call_parties_of(world->calls, &id, ANA, A1, &parties), AT_ERR_CONFLICT);
	assert_int_equal(call_parties_of(world->calls, &id, ANA, A2, &parties), AT_ERR_NOT_FOUND);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B1, &parties), AT_ERR_NOT_FOUND);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, 0, &parties), AT_ERR_NOT_FOUND);
	assert_int_equal(world->answering, 0);
	do_answer(world, 1, B1);
	assert_int_equal(world->answering, 1);
	assert_int_equal(call_parties_of(world->calls, &id, ANA, A1, &parties), AT_OK);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B1, &parties), AT_OK);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, A1, &parties), AT_ERR_NOT_FOUND);
	assert_int_equal(call_parties_of(world->calls, &id, CEM, C1, &parties), AT_ERR_NOT_FOUND);
	do_leave(world, 1, A1);
	assert_int_equal(world->ended, 1);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B1, &parties), AT_ERR_GONE);
	assert_int_equal(call_parties_of(world->calls, &id, BOB, B2, &parties), AT_ERR_NOT_FOUND);
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_callee_moves),
		AT_TEST(test_caller_moves_there_and_back),
		AT_TEST(test_only_answered_calls_move),
		AT_TEST(test_moved_survives_a_restart),
		AT_TEST(test_who_the_parties_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
