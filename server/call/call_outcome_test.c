/* Every row of PRODUCT.md's table, as both sides see it. */
#include "base/time.h"
#include "call/call_testkit.h"

/* One entry for both, with these outcomes; the callee's badge. */
static void check_entry(struct world *world, const char *shown, const char *theirs, uint64_t badge)
{
	char part[64];
	const char *log = log_of(world, world->conv, ANA);

	snprintf(part, sizeof(part), "\"outcome\":\"%s\"", shown);
	if (count(log, "\"kind\":\"call\"") != 1 || !says(log, part))
		fail_msg("caller reads %s", log);
	log = log_of(world, world->conv, BOB);
	snprintf(part, sizeof(part), "\"outcome\":\"%s\"", theirs);
	if (count(log, "\"kind\":\"call\"") != 1 || !says(log, part) || count(log, "outcome") != 1)
		fail_msg("callee reads %s", log);
	assert_int_equal(unread(world, world->conv, BOB), badge);
	assert_int_equal(unread(world, world->conv, ANA), 0);
}

static void check_caller_only(struct world *world, const char *shown)
{
	char part[64];
	const char *log = log_of(world, world->conv, ANA);

	snprintf(part, sizeof(part), "\"outcome\":\"%s\"", shown);
	if (count(log, "\"kind\":\"call\"") != 1 || !says(log, part))
		fail_msg("caller reads %s", log);
	log = log_of(world, world->conv, BOB);
	assert_int_equal(count(log, "\"kind\":\"void\""), 1);
	assert_int_equal(count(log, "outcome"), 0);
	assert_int_equal(unread(world, world->conv, BOB), 0);
}

static void ring(struct world *world)
{
	struct reply reply = do_start(world, 1, A1, world->conv, false);

	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "\"state\":\"reaching\""));
	pass(world, 1500);
	if (says(last_call(world, B1), "reaching"))
		assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\",\"devices\":1"));
}

static void test_no_answer(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	assert_true(says(last_call(world, B1), "\"state\":\"ringing\""));
	assert_true(says(last_call(world, A1), "\"mine\":true"));
	assert_true(says(last_call(world, B1), "\"mine\":false"));
	pass(world, 44000);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\""));
	pass(world, 1500);
	assert_true(says(last_call(world, A1), "\"state\":\"ended\""));
	assert_true(says(last_call(world, A1), "\"outcome\":\"no_answer\""));
	assert_true(says(last_call(world, B1), "\"outcome\":\"no_answer\""));
	check_entry(world, "no_answer", "no_answer", 1);
	assert_true(says(log_of(world, world->conv, BOB), "\"by\":1,\"rang\":true"));
	world_free(&world);
}

static void test_hard_stop(void **state)
{
	(void)state;
	struct world *world = world_new();

	world->settings.ring_stop_ms = 50000;
	world_restart(world);
	phone_on(world, A1);
	phone_on(world, B1);
	assert_int_equal(do_start(world, 1, A1, world->conv, true).err, AT_OK);
	pass(world, 14900);
	do_ring(world, 1, B1);
	pass(world, 35000);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\""));
	pass(world, 200);
	check_entry(world, "no_answer", "no_answer", 1);
	assert_true(says(log_of(world, world->conv, BOB), "\"kind\":\"video\""));
	world_free(&world);
}

static void test_declined(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	assert_int_equal(do_decline(world, 1, B1, "In a meeting").err, AT_OK);
	assert_true(says(last_call(world, A1), "\"outcome\":\"declined\""));
	assert_true(says(log_of(world, world->conv, ANA), "In a meeting"));
	assert_int_equal(do_decline(world, 1, B1, NULL).err, AT_OK);
	assert_int_equal(count(log_of(world, world->conv, BOB), "\"outcome\":\"declined\""), 1);
	assert_int_equal(unread(world, world->conv, BOB), 0);
	assert_int_equal(unread(world, world->conv, ANA), 1);
	world_free(&world);
}

/* Their devices stop at once, the caller hears it ring out. */
static void test_declined_hidden(void **state)
{
	(void)state;
	struct world *world = world_new();

	world->hides[BOB] = true;
	ring(world);
	assert_int_equal(do_decline(world, 1, B1, NULL).err, AT_OK);
	assert_true(says(last_call(world, B1), "\"state\":\"ended\""));
	assert_true(says(last_call(world, B1), "\"outcome\":\"declined\""));
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\",\"devices\":1"));
	assert_false(heard(world, A1, "declined"));
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	pass(world, 45000);
	assert_true(says(last_call(world, A1), "\"outcome\":\"no_answer\""));
	assert_false(heard(world, A1, "declined"));
	check_entry(world, "no_answer", "declined", 0);
	world_free(&world);
}

static void test_busy(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_start(world, 9, C1, world->conv_bc, false);
	do_answer(world, 9, B1);
	do_start(world, 1, A1, world->conv, false);
	assert_true(says(last_call(world, B1), "\"waiting\":true"));
	do_ring(world, 1, B1);
	assert_false(heard(world, A1, "waiting"));
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_CONFLICT);
	pass(world, 46000);
	assert_true(says(last_call(world, A1), "\"outcome\":\"busy\""));
	check_entry(world, "busy", "busy", 1);
	world_free(&world);
}

static void test_silenced(void **state)
{
	(void)state;
	struct world *world = world_new();

	world->quiet[BOB] = at_wall_ms() + 3600000;
	do_start(world, 1, A1, world->conv, false);
	pass(world, 200);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\",\"devices\":1"));
	assert_string_equal(last_call(world, B1), "");
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_NOT_FOUND);
	pass(world, 45500);
	assert_true(says(last_call(world, A1), "\"outcome\":\"no_answer\""));
	assert_false(heard(world, A1, "silenced"));
	assert_string_equal(last_call(world, B1), "");
	check_entry(world, "no_answer", "silenced", 1);
	world_free(&world);
}

static void test_silenced_and_shared(void **state)
{
	(void)state;
	struct world *world = world_new();
	char part[64];

	world->quiet[BOB] = at_wall_ms() + 3600000;
	world->shares[BOB] = true;
	struct reply reply = do_start(world, 1, A1, world->conv, false);
	snprintf(part, sizeof(part), "\"quiet_until\":%lld", (long long)world->quiet[BOB]);
	assert_true(says(reply.json, "\"outcome\":\"silenced\""));
	assert_true(says(reply.json, part));
	assert_string_equal(last_call(world, B1), "");
	check_entry(world, "silenced", "silenced", 1);
	world_free(&world);
}

static void test_unreachable(void **state)
{
	(void)state;
	struct world *world = world_new();

	phone_off(world, B1);
	do_start(world, 1, A1, world->conv, false);
	pass(world, 14900);
	assert_true(says(last_call(world, A1), "\"state\":\"reaching\",\"devices\":0"));
	pass(world, 200);
	assert_true(says(last_call(world, A1), "\"outcome\":\"unreachable\""));
	phone_on(world, B1);
	check_entry(world, "unreachable", "unreachable", 1);
	assert_true(says(log_of(world, world->conv, BOB), "\"rang\":false"));
	world_free(&world);
}

static void test_cancelled(void **state)
{
	(void)state;
	struct world *world = world_new();

	ring(world);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_true(says(last_call(world, B1), "\"state\":\"ended\""));
	assert_true(says(last_call(world, B1), "\"outcome\":\"cancelled\""));
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_int_equal(do_answer(world, 1, B1).err, AT_ERR_GONE);
	check_entry(world, "cancelled", "cancelled", 1);
	world_free(&world);
}

static void test_cancelled_early(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_start(world, 1, A1, world->conv, false);
	pass(world, 5000);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_true(says(last_call(world, B1), "\"state\":\"ended\""));
	check_caller_only(world, "cancelled_early");
	world_free(&world);
}

static void test_cancelled_in_the_first_second(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_start(world, 1, A1, world->conv, false);
	do_ring(world, 1, B1);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_OK);
	assert_true(says(last_call(world, B1), "\"state\":\"ended\""));
	check_caller_only(world, "cancelled_early");
	world_free(&world);
}

static void test_a_note_now(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	ring(world);
	assert_false(do_facts(world, 1, ANA, &err).may_leave);
	assert_int_equal(do_cancel(world, 1, A1, true).err, AT_OK);
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	check_entry(world, "cancelled", "cancelled", 1);
	world_free(&world);
}

static void test_a_note_now_while_reaching(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	do_start(world, 1, A1, world->conv, false);
	assert_int_equal(do_cancel(world, 1, A1, true).err, AT_OK);
	assert_true(do_facts(world, 1, ANA, &err).may_leave);
	check_entry(world, "unreachable", "unreachable", 1);
	world_free(&world);
}

static void test_answered(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	phone_on(world, B2);
	ring(world);
	do_ring(world, 1, B2);
	assert_true(says(last_call(world, A1), "\"devices\":2"));
	struct reply reply = do_answer(world, 1, B2);
	assert_int_equal(reply.err, AT_OK);
	assert_true(says(reply.json, "\"mine\":true"));
	assert_int_equal(world->answered, 1);
	assert_true(says(last_call(world, B1), "\"state\":\"answered\""));
	assert_true(says(last_call(world, B1), "\"answered_device\":\"Bob's laptop\""));
	assert_true(says(last_call(world, B1), "\"mine\":false"));
	assert_true(says(last_call(world, A1), "\"answered_device\":null"));
	pass(world, 60000);
	assert_int_equal(do_leave(world, 1, A1).err, AT_OK);
	check_entry(world, "answered", "answered", 0);
	assert_true(says(log_of(world, world->conv, BOB), "\"device\":\"Bob's laptop\",\"device_id\":22"));
	assert_false(says(log_of(world, world->conv, ANA), "device_id"));
	assert_false(says(log_of(world, world->conv, ANA), "Bob's"));
	assert_true(says(log_of(world, world->conv, ANA), "\"duration_ms\":600"));
	assert_false(do_facts(world, 1, ANA, &err).may_leave);
	world_free(&world);
}

static void test_blocked(void **state)
{
	(void)state;
	struct world *world = world_new();
	enum at_err err;

	do_block(world, BOB, ANA);
	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	pass(world, 160);
	assert_true(says(last_call(world, A1), "\"state\":\"ringing\",\"devices\":1"));
	pass(world, 45500);
	assert_true(says(last_call(world, A1), "\"outcome\":\"no_answer\""));
	assert_string_equal(last_call(world, B1), "");
	check_caller_only(world, "no_answer");
	struct call_note_facts facts = do_facts(world, 1, ANA, &err);
	assert_true(facts.may_leave && facts.shadow && facts.callee == BOB);
	world_free(&world);
}

static void test_blocked_and_nobody_there(void **state)
{
	(void)state;
	struct world *world = world_new();

	do_block(world, BOB, ANA);
	phone_off(world, B1);
	do_start(world, 1, A1, world->conv, false);
	pass(world, 15100);
	assert_true(says(last_call(world, A1), "\"outcome\":\"unreachable\""));
	check_caller_only(world, "unreachable");
	world_free(&world);
}

static void replace_numbers(const char *from, char *to)
{
	while (*from)
		if (*from >= '0' && *from <= '9') {
			*to++ = '#';
			from += strspn(from, "0123456789");
		} else {
			*to++ = *from++;
		}
	*to = 0;
}

/* What the caller is sent, with the numbers taken out, and when. */
static void story_of_no_answer(bool blocked, char frames[4][1024], char entry[1024])
{
	struct world *world = world_new();

	if (blocked)
		do_block(world, BOB, ANA);
	replace_numbers(do_start(world, 1, A1, world->conv, false).json, frames[0]);
	if (!blocked)
		do_ring(world, 1, B1);
	pass(world, 160);
	replace_numbers(last_call(world, A1), frames[1]);
	assert_true(says(frames[1], "ringing"));
	pass(world, 44800); /* from the acknowledgement, in both */
	replace_numbers(last_call(world, A1), frames[2]);
	assert_true(says(frames[2], "ringing"));
	pass(world, 300);
	replace_numbers(last_call(world, A1), frames[3]);
	assert_true(says(frames[3], "no_answer"));
	replace_numbers(log_of(world, world->conv, ANA), entry);
	world_free(&world);
}

static void test_blocked_looks_like_no_answer(void **state)
{
	(void)state;
	static char real[4][1024], shadow[4][1024], real_entry[1024], shadow_entry[1024];

	story_of_no_answer(false, real, real_entry);
	story_of_no_answer(true, shadow, shadow_entry);
	for (int i = 0; i < 4; i++) {
		char *end = strchr(real[i], '\n'), *other = strchr(shadow[i], '\n');
		if (end)
			*end = 0;
		if (other)
			*other = 0;
		assert_string_equal(real[i], shadow[i]);
	}
	assert_string_equal(real_entry, shadow_entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_no_answer),
		AT_TEST(test_hard_stop),
		AT_TEST(test_declined),
		AT_TEST(test_declined_hidden),
		AT_TEST(test_busy),
		AT_TEST(test_silenced),
		AT_TEST(test_silenced_and_shared),
		AT_TEST(test_unreachable),
		AT_TEST(test_cancelled),
		AT_TEST(test_cancelled_early),
		AT_TEST(test_cancelled_in_the_first_second),
		AT_TEST(test_a_note_now),
		AT_TEST(test_a_note_now_while_reaching),
		AT_TEST(test_answered),
		AT_TEST(test_blocked),
		AT_TEST(test_blocked_and_nobody_there),
		AT_TEST(test_blocked_looks_like_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
