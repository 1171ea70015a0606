/* What the media role is told, and when. */
#include "talk/talk_testkit.h"

#include "base/time.h"

static struct world *setup(void)
{
	kit_new();
	return kit.world;
}

/* The boundary that matters most: an answer that is not on disk opens nothing. */
static void test_gate_only_after_commit(void **state)
{
	(void)state;
	struct world *world = setup();
	struct reply reply = {0};
	struct at_id id = call_id(1);

	do_start(world, 1, A1, world->conv, false);
	do_ring(world, 1, B1);
	role_heard_nothing();
	call_answer(world->calls, &id, BOB, B1, on_reply, &reply);
	/* The loop has not turned, so nobody knows yet whether it was written. */
	struct said said = role_heard(IPC_MEDIA_OPEN);
	assert_true(at_id_eq(&said.call, &id));
	assert_false(said.gate);
	role_heard_nothing();
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_CONFLICT);
	assert_int_equal(do_open(1, B1, false).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_signal(1, A1, TALK_OFFER, "v=0"), AT_ERR_CONFLICT);
	settle(world);
	assert_int_equal(reply.err, AT_OK);
	said = role_heard(IPC_MEDIA_GATE);
	assert_true(at_id_eq(&said.call, &id));
	role_heard_nothing();
	assert_int_equal(do_open(1, A1, false).err, AT_OK);
	kit_free();
}

/* Two answer at once: the first one's legs, and one gate. */
static void test_second_answer_changes_nothing(void **state)
{
	(void)state;
	struct world *world = setup();
	struct reply first = {0}, second = {0};
	struct at_id id = call_id(1);

	phone_on(world, B2);
	do_start(world, 1, A1, world->conv, false);
	do_ring(world, 1, B1);
	call_answer(world->calls, &id, BOB, B1, on_reply, &first);
	call_answer(world->calls, &id, BOB, B2, on_reply, &second);
	settle(world);
	assert_int_equal(first.err, AT_OK);
	assert_int_equal(second.err, AT_ERR_GONE);
	(void)role_heard(IPC_MEDIA_OPEN);
	(void)role_heard(IPC_MEDIA_GATE);
	role_heard_nothing();
	assert_int_equal(do_open(1, B2, false).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_open(1, B1, false).err, AT_OK);
	kit_free();
}

static void test_calls_that_are_not_answered_have_no_media(void **state)
{
	(void)state;
	struct world *world = setup();

	do_start(world, 1, A1, world->conv, false);
	do_ring(world, 1, B1);
	do_decline(world, 1, B1, NULL);
	do_start(world, 2, A1, world->conv_ac, false);
	do_cancel(world, 2, A1, false);
	role_heard_nothing();
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_GONE);
	kit_free();
}

static void test_closed_when_it_ends(void **state)
{
	(void)state;
	struct world *world = setup();

	connect_call(1, true);
	do_leave(world, 1, B1);
	struct said said = role_heard(IPC_MEDIA_CLOSE);
	struct at_id id = call_id(1);
	assert_true(at_id_eq(&said.call, &id));
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_GONE);
	assert_int_equal(do_signal(1, B1, TALK_OFFER, "v=0"), AT_ERR_GONE);
	/* Late news of it are nobody's. */
	role_says(MEDIA_SILENT, 1, 0, AT_OK);
	assert_false(heard(world, A1, "media."));
	kit_free();
}

/* ---- the role's lives ---- */

static void test_role_restarts(void **state)
{
	(void)state;
	struct world *world = setup();

	connect_call(1, true);
	struct asked before = do_open(1, A1, false);
	role_die();
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_UNAVAILABLE);
	assert_int_equal(do_open(1, A1, true).err, AT_ERR_UNAVAILABLE);
	/* What they say to each other needs no role. */
	assert_int_equal(do_state(1, A1, true), AT_OK);
	role_start();
	struct said said = role_heard(IPC_MEDIA_OPEN);
	assert_true(said.gate);
	assert_non_null(strstr(before.json, said.creds[0].pwd)); /* the same: browsers' next checks revive the call */
	assert_false(heard(world, A1, "media.hint"));
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, A1, "{\"ev\":\"media.hint\""));
	assert_true(heard(world, A1, "\"why\":\"restarted\""));
	assert_true(heard(world, B1, "\"why\":\"restarted\""));
	assert_false(heard(world, A2, "media."));
	assert_false(heard(world, B2, "media."));
	assert_string_equal(do_open(1, A1, false).json, before.json);
	role_heard_nothing();
	kit_free();
}

static void test_answered_while_there_is_no_role(void **state)
{
	(void)state;
	struct world *world = setup();

	role_die();
	do_start(world, 1, A1, world->conv, false);
	do_answer(world, 1, B1);
	assert_int_equal(do_open(1, B1, false).err, AT_ERR_UNAVAILABLE);
	role_start();
	assert_true(role_heard(IPC_MEDIA_OPEN).gate);
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, B1, "\"why\":\"restarted\""));
	assert_int_equal(do_open(1, B1, false).err, AT_OK);
	kit_free();
}

static void test_core_restarts(void **state)
{
	(void)state;
	struct world *world = setup();

	connect_call(1, true);
	world_restart(world);
	role_start();
	phone_on(world, A1);
	phone_on(world, B1);
	struct said said = role_heard(IPC_MEDIA_OPEN);
	assert_true(said.gate);
	/* The role outlived core, and has it with credentials that core has forgotten: an ICE restart, no cut. */
	role_says(MEDIA_REFUSED, 1, 0, AT_ERR_EXISTS);
	assert_int_equal(role_heard(IPC_MEDIA_RESTART).leg, 0);
	assert_int_equal(role_heard(IPC_MEDIA_RESTART).leg, 1);
	assert_true(role_heard(IPC_MEDIA_OPEN).gate);
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, A1, "\"why\":\"restarted\""));
	struct asked leg = do_open(1, A1, false);
	assert_int_equal(leg.err, AT_OK);
	assert_non_null(strstr(leg.json, said.creds[0].pwd));
	pass(world, 60000);
	assert_int_equal(do_open(1, B1, false).err, AT_OK);
	kit_free();
}

static void test_refusals(void **state)
{
	(void)state;
	struct world *world = setup();

	connect_call(1, true);
	role_says(MEDIA_REFUSED, 1, 0, AT_ERR_NOT_FOUND);
	struct said first = role_heard(IPC_MEDIA_OPEN);
	assert_true(first.gate);
	role_says(MEDIA_REFUSED, 1, 0, AT_ERR_CONFLICT);
	struct said second = role_heard(IPC_MEDIA_OPEN);
	assert_string_not_equal(first.creds[0].ufrag, second.creds[0].ufrag);
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, B1, "\"why\":\"restarted\""));
	/* No room: told so, and tried again when asked again. */
	at_log_expect_for_test("talk.refused", 1);
	role_says(MEDIA_REFUSED, 1, 0, AT_ERR_BUSY);
	role_heard_nothing();
	forget_heard(world);
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_BUSY);
	(void)role_heard(IPC_MEDIA_OPEN);
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, A1, "\"why\":\"restarted\""));
	assert_int_equal(do_open(1, A1, false).err, AT_OK);
	kit_free();
}

/* Refused for ever: core does not turn in circles. */
static void test_refusals_end(void **state)
{
	(void)state;
	setup();
	connect_call(1, true);
	at_log_expect_for_test("talk.refused", 1);
	for (int i = 0; i < 20; i++)
		role_says(MEDIA_REFUSED, 1, 0, AT_ERR_NOT_FOUND);
	for (int i = 0; i < 5; i++)
		(void)role_heard(IPC_MEDIA_OPEN);
	role_heard_nothing();
	kit_free();
}

/* A role that does not read for a while is told all of it once it does. */
static void test_role_that_is_slow(void **state)
{
	(void)state;
	struct world *world = setup();
	static struct said said;
	struct asked leg;

	connect_call(1, true);
	for (int i = 0; i < 5000; i++)
		leg = do_open(1, A1, true);
	assert_int_equal(leg.err, AT_OK);
	bool told = false;
	for (int i = 0; i < 100 && !told; i++) {
		kit.role.n = kit.role.next = 0;
		role_reads();
		for (size_t k = 0; k < kit.role.n; k++) {
			said = kit.role.said[k];
			told |= said.type == IPC_MEDIA_OPEN && said.gate && strstr(leg.json, said.creds[0].pwd);
		}
		pass(world, 100);
	}
	assert_true(told);
	kit_free();
}

/* ---- hints ---- */

static void test_hints_go_to_the_leg_they_are_about(void **state)
{
	(void)state;
	struct world *world = setup();

	connect_call(1, true);
	role_says(MEDIA_CONNECTED, 1, 0, AT_OK);
	role_says(MEDIA_CONNECTED, 1, 1, AT_OK);
	assert_false(heard(world, A1, "media."));
	role_says(MEDIA_SILENT, 1, 1, AT_OK);
	assert_true(heard(world, B1, "\"why\":\"silent\""));
	assert_false(heard(world, A1, "media."));
	assert_false(heard(world, B2, "media."));
	role_says(MEDIA_MOVED, 1, 0, AT_OK);
	assert_true(heard(world, A1, "\"why\":\"moved\""));
	assert_false(heard(world, A2, "media."));
	role_says(MEDIA_LOST, 1, 0, AT_OK);
	assert_true(heard(world, A1, "\"why\":\"silent\""));
	role_says(MEDIA_SILENT, 7, 0, AT_OK); /* of no call */
	kit_free();
}

/* ---- media that never flows ---- */

static void answer_anew(void)
{
	kit_new();
	kit.world->settings.connect_ms = 20000;
	world_restart(kit.world);
	role_start();
	phone_on(kit.world, A1);
	phone_on(kit.world, B1);
	connect_call(1, true);
}

/* One leg alone is not a call. */
static void test_fails_without_media(void **state)
{
	(void)state;
	answer_anew();
	role_says(MEDIA_CONNECTED, 1, 0, AT_OK);
	role_says(MEDIA_CONNECTED, 1, 0, AT_OK);
	pass(kit.world, 21000);
	assert_true(says(last_call(kit.world, A1), "\"outcome\":\"failed\""));
	(void)role_heard(IPC_MEDIA_CLOSE);
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_GONE);
	kit_free();
}

static void test_flows(void **state)
{
	(void)state;
	answer_anew();
	role_says(MEDIA_CONNECTED, 1, 1, AT_OK);
	role_says(MEDIA_CONNECTED, 1, 0, AT_OK);
	pass(kit.world, 60000);
	role_says(MEDIA_LOST, 1, 0, AT_OK);
	pass(kit.world, 60000);
	assert_int_equal(do_open(1, A1, false).err, AT_OK);
	kit_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_gate_only_after_commit),
		AT_TEST(test_second_answer_changes_nothing),
		AT_TEST(test_calls_that_are_not_answered_have_no_media),
		AT_TEST(test_closed_when_it_ends),
		AT_TEST(test_role_restarts),
		AT_TEST(test_answered_while_there_is_no_role),
		AT_TEST(test_core_restarts),
		AT_TEST(test_refusals),
		AT_TEST(test_refusals_end),
		AT_TEST(test_role_that_is_slow),
		AT_TEST(test_hints_go_to_the_leg_they_are_about),
		AT_TEST(test_fails_without_media),
		AT_TEST(test_flows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
