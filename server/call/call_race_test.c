/* What crosses on the network: answers, declines, cancels, both calling at once, devices that come and go. */
#include "base/time.h"
#include "call/call_testkit.h"

static void ring(struct world *world, bool video)
{
	assert_int_equal(do_start(world, 1, A1, world->conv, video).err, AT_OK);
	pass(world, 1500);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
}

static unsigned entries(struct world *world)
{
	return count(log_of(world, world->conv, ANA), "\"kind\":\"call\"");
}

static void test_first_answer_wins(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply one = {0}, two = {0}, decline = {0}, cancel = {0};
	struct at_id id = call_id(1);

	phone_on(world, B2);
	ring(world, false);
	/* All four before the disk has answered the first. */
	call_answer(world->calls, &id, BOB, B2, on_reply, &one);
	call_answer(world->calls, &id, BOB, B1, on_reply, &two);
	call_decline(world->calls, &id, BOB, B1, NULL, on_reply, &decline);
	call_cancel(world->calls, &id, ANA, A1, false, on_reply, &cancel);
	assert_false(one.came);
	assert_false(heard(world, A1, "\"state\":\"answered\""));
	assert_int_equal(world->answered, 0);
	settle(world);
	assert_int_equal(one.err, AT_OK);
	assert_int_equal(two.err, AT_ERR_GONE);
	assert_int_equal(decline.err, AT_ERR_GONE);
	assert_int_equal(cancel.err, AT_ERR_CONFLICT);
	assert_int_equal(world->answered, 1);
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	assert_int_equal(do_answer(world, 1, B2).err, AT_OK); /* said again */
	assert_int_equal(do_leave(world, 1, B2).err, AT_OK);
	assert_int_equal(entries(world), 1);
	world_free(&world);
}

static void test_cancel_crosses_with_answer(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply answer = {0}, cancel = {0};
	struct at_id id = call_id(1);

	ring(world, false);
	call_cancel(world->calls, &id, ANA, A1, false, on_reply, &cancel);
	call_answer(world->calls, &id, BOB, B1, on_reply, &answer);
	settle(world);
	assert_int_equal(cancel.err, AT_OK);
	assert_int_equal(answer.err, AT_ERR_GONE);
	assert_int_equal(world->answered, 0);
	assert_int_equal(entries(world), 1);
	world_free(&world);
}

static void test_decline_stops_all_devices(void **state)
{
	(void)state;
	struct world *world = world_new();

	phone_on(world, B2);
	ring(world, false);
	do_ring(world, 1, B2);
	do_decline(world, 1, B1, NULL);
	assert_true(says(last_call(world, B2), "\"state\":\"ended\""));
	assert_int_equal(do_answer(world, 1, B2).err, AT_ERR_GONE);
	assert_int_equal(do_ring(world, 1, B2).err, AT_ERR_GONE);
	world_free(&world);
}

/* ---- time ---- */

static void test_grace(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	pass(world, 45100);
	assert_true(says(last_call(world, A1), "\"outcome\":\"no_answer\""));
	assert_int_equal(unread(world, world->conv, BOB), 1);
	pass(world, 1500);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	assert_int_equal(unread(world, world->conv, BOB), 0);
	pass(world, 3000);
	do_leave(world, 1, B1);
	const char *log = log_of(world, world->conv, BOB);
	assert_int_equal(count(log, "\"kind\":\"call\""), 1);
	assert_int_equal(count(log, "\"kind\":\"amend\""), 2);
	assert_int_equal(count(log, "\"re\":1"), 2);
	assert_int_equal(count(log, "duration_ms"), 1);
	world_free(&world);
}

static void test_after_the_grace(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	pass(world, 45100);
	pass(world, 2100);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	pass(world, 70000); /* out of memory by now */
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_int_equal(do_answer(world, 1, C1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_answer(world, 77, B1).err, AT_ERR_NOT_FOUND);
	world_free(&world);
}

static void test_no_grace_without_the_caller(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	pass(world, 45100);
	phone_off(world, A1);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	world_free(&world);
}

/* ---- glare ---- */

static void check_glare(struct world *world, const char *kind)
{
	settle(world);
	assert_int_equal(world->answered, 1);
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	assert_true(says(last_call(world, B1), "\"state\":\"answered\""));
	assert_true(says(last_call(world, A1), kind));
	assert_true(says(last_call(world, A1), "\"mine\":true"));
	assert_true(says(last_call(world, B1), "\"mine\":true"));
	pass(world, 1000);
	do_leave(world, 1, B1);
	assert_int_equal(entries(world), 1);
	assert_true(says(log_of(world, world->conv, BOB), "\"outcome\":\"answered\""));
}

static void test_glare(void **state)
{
	(void)state;
	struct world *world = world_new();

	assert_int_equal(do_start(world, 1, A1, world->conv, true).err, AT_OK);
	struct reply reply = do_start(world, 2, B1, world->conv, false);
	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "0001\""));
	assert_true(says(reply.json, "\"state\":\"answered\""));
	reply = do_start(world, 2, B1, world->conv, false); /* said again */
	assert_true(says(reply.json, "0001\""));
	check_glare(world, "\"kind\":\"voice\"");
	world_free(&world);
}

static void test_glare_at_the_same_moment(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply one = {0}, two = {0};
	struct at_id a = call_id(1), b = call_id(2);

	call_start(world->calls, &a, ANA, A1, world->conv, true, on_reply, &one);
	call_start(world->calls, &b, BOB, B1, world->conv, true, on_reply, &two);
	settle(world);
	assert_int_equal(one.err, AT_OK);
	assert_int_equal(two.err, AT_OK);
	assert_true(says(two.json, "0001\""));
	check_glare(world, "\"kind\":\"video\"");
	world_free(&world);
}

static void test_glare_while_ringing(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	assert_int_equal(do_start(world, 2, B1, world->conv, true).err, AT_OK);
	check_glare(world, "\"kind\":\"voice\"");
	world_free(&world);
}

static void test_glare_in_quiet_hours(void **state)
{
	(void)state;
	struct world *world = world_new();

	world->quiet[BOB] = at_wall_ms() + 1000000;
	do_start(world, 1, A1, world->conv, false);
	assert_int_equal(do_start(world, 2, B1, world->conv, true).err, AT_OK);
	check_glare(world, "\"kind\":\"voice\"");
	world_free(&world);
}

/* Whom I have blocked is not calling me, as far as I can see: mine is a call of its own. */
static void test_no_glare_with_a_shadow(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_block(world, BOB, ANA);
	do_start(world, 1, A1, world->conv, false);
	struct reply reply = do_start(world, 2, B1, world->conv, false);
	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "0002\""));
	assert_true(says(reply.json, "reaching"));
	assert_int_equal(world->answered, 0);
	world_free(&world);
}

static void test_no_glare_with_a_shadow_at_the_same_moment(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct reply one = {0}, two = {0};
	struct at_id a = call_id(1), b = call_id(2);

	do_block(world, BOB, ANA);
	call_start(world->calls, &a, ANA, A1, world->conv, true, on_reply, &one);
	call_start(world->calls, &b, BOB, B1, world->conv, true, on_reply, &two);
	settle(world);
	assert_true(says(two.json, "0002\""));
	assert_int_equal(world->answered, 0);
	world_free(&world);
}

static void test_called_back_while_recording(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_id id = call_id(1);
	enum at_err err;

	ring(world, false);
	do_decline(world, 1, B1, NULL);
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	call_note_being_left(world->calls, &id, true);
	assert_int_equal(do_start(world, 2, B1, world->conv, false).err, AT_OK);
	check_glare(world, "\"kind\":\"voice\"");
	world_free(&world);
}

/* ---- devices ---- */

static void test_a_device_that_comes_later(void **state)
{
	(void)state;
	struct world *world = world_new();
	struct at_buf buf;

	ring(world, false);
	phone_on(world, B2);
	at_buf_init(&buf, 4096);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	calls_write(world->calls, &w, "calls", BOB, B2);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	assert_int_equal(at_buf_append(&buf, "", 1), AT_OK);
	assert_true(says((char *)buf.data, "\"state\":\"ringing\""));
	at_buf_release(&buf);
	do_ring(world, 1, B2);
	assert_true(says(last_call(world, A1), "\"devices\":2"));
	phone_off(world, B2);
	assert_true(says(last_call(world, A1), "\"devices\":1"));
	world_free(&world);
}

static void test_caller_comes_back(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	phone_off(world, A1);
	pass(world, 9000);
	phone_on(world, A1);
	pass(world, 9000);
	assert_int_equal(do_answer(world, 1, B1).err, AT_OK);
	world_free(&world);
}

static void test_caller_stays_away(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	phone_off(world, A1);
	pass(world, 10100);
	assert_true(says(last_call(world, B1), "\"outcome\":\"cancelled\""));
	assert_int_equal(unread(world, world->conv, BOB), 1);
	world_free(&world);
}

static void test_talker_stays_away(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	do_answer(world, 1, B1);
	phone_off(world, B1);
	pass(world, 44000);
	assert_true(says(last_call(world, A1), "\"state\":\"answered\""));
	pass(world, 1100);
	assert_true(says(last_call(world, A1), "\"state\":\"ended\""));
	assert_true(says(last_call(world, A1), "\"outcome\":\"answered\""));
	assert_int_equal(entries(world), 1);
	world_free(&world);
}

static void test_caller_away_when_answered(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	phone_off(world, A1);
	pass(world, 9000);
	do_answer(world, 1, B1);
	pass(world, 44000);
	assert_true(says(last_call(world, B1), "\"state\":\"answered\""));
	pass(world, 1100);
	assert_true(says(last_call(world, B1), "\"state\":\"ended\""));
	world_free(&world);
}

static void test_shadow_devices_come_and_go(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_block(world, BOB, ANA);
	phone_off(world, B1);
	do_start(world, 1, A1, world->conv, false);
	pass(world, 3000);
	assert_true(says(last_call(world, A1), "reaching"));
	phone_on(world, B1);
	pass(world, 160);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\",\"devices\":1"));
	phone_on(world, B2);
	pass(world, 160);
	assert_true(says(last_call(world, A1), "\"devices\":2"));
	phone_off(world, B1);
	assert_true(says(last_call(world, A1), "\"devices\":1"));
	assert_string_equal(last_call(world, B1), "");
	world_free(&world);
}

/* ---- one call a device ---- */

static void test_one_call_a_device(void **state)
{
	(void)state;
	struct world *world = world_new();

	phone_on(world, A2);
	ring(world, false);
	assert_int_equal(do_start(world, 2, A1, world->conv_ac, false).err, AT_ERR_CONFLICT);
	assert_int_equal(do_start(world, 3, A2, world->conv, false).err, AT_ERR_CONFLICT);
	assert_int_equal(do_start(world, 4, A2, world->conv_ac, false).err, AT_OK);
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK); /* the same again */
	assert_int_equal(do_start(world, 1, A1, world->conv, true).err, AT_ERR_EXISTS);
	assert_int_equal(do_start(world, 1, C1, world->conv_ac, false).err, AT_ERR_EXISTS);
	assert_int_equal(do_start(world, 5, C1, world->conv, false).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_ring(world, 1, A1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_answer(world, 1, A2).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_answer(world, 1, C1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_cancel(world, 1, B1, false).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_leave(world, 1, C1).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_leave(world, 1, A1).err, AT_ERR_CONFLICT);
	world_free(&world);
}

static void test_started_again_after_it_is_forgotten(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world, false);
	do_cancel(world, 1, A1, false);
	pass(world, 61000);
	struct reply reply = do_start(world, 1, A1, world->conv, false);
	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "\"outcome\":\"cancelled\""));
	assert_int_equal(do_start(world, 1, C1, world->conv_ac, false).err, AT_ERR_EXISTS);
	assert_int_equal(entries(world), 1);
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_first_answer_wins),
		AT_TEST(test_cancel_crosses_with_answer),
		AT_TEST(test_decline_stops_all_devices),
		AT_TEST(test_grace),
		AT_TEST(test_after_the_grace),
		AT_TEST(test_no_grace_without_the_caller),
		AT_TEST(test_glare),
		AT_TEST(test_glare_at_the_same_moment),
		AT_TEST(test_glare_while_ringing),
		AT_TEST(test_glare_in_quiet_hours),
		AT_TEST(test_no_glare_with_a_shadow),
		AT_TEST(test_no_glare_with_a_shadow_at_the_same_moment),
		AT_TEST(test_called_back_while_recording),
		AT_TEST(test_a_device_that_comes_later),
		AT_TEST(test_caller_comes_back),
		AT_TEST(test_caller_stays_away),
		AT_TEST(test_talker_stays_away),
		AT_TEST(test_caller_away_when_answered),
		AT_TEST(test_shadow_devices_come_and_go),
		AT_TEST(test_one_call_a_device),
		AT_TEST(test_started_again_after_it_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
