/* A call that ends while the disk is full. */
#include "call/call_testkit.h"
#include "store/store_testkit.h"

static struct world *ringing(void)
{
	struct world *world = world_new();

	assert_int_equal(do_start(world, 1, A1, world->conv, false).err, AT_OK);
	pass(world, 1500);
	assert_int_equal(do_ring(world, 1, B1).err, AT_OK);
	return world;
}

static void cancelled_without_room(struct world *world)
{
	fault_arm(FAULT_FULL, 1);
	assert_int_equal(do_cancel(world, 1, A1, false).err, AT_ERR_FULL);
	assert_true(fault_happened());
	assert_true(heard(world, B1, "cancelled")); /* it rings nowhere, although nothing is written */
	assert_false(says(log_of(world, world->conv, ANA), "\"outcome\""));
}

static void assert_entries(struct world *world)
{
	assert_true(says(log_of(world, world->conv, ANA), "\"outcome\":\"cancelled\""));
	assert_int_equal(count(log_of(world, world->conv, BOB), "\"outcome\":"), 1);
	assert_int_equal(unread(world, world->conv, BOB), 1);
}

static void test_entry_when_there_is_room(void **state)
{
	(void)state;
	struct world *world = ringing();

	cancelled_without_room(world);
	pass(world, 5000);
	assert_false(says(log_of(world, world->conv, ANA), "\"outcome\""));
	fault_clear();
	pass(world, 1500);
	assert_entries(world);
	world_free(&world);
}

/* There is room again, and the server stops before it tries once more. */
static void test_entry_when_it_stops(void **state)
{
	(void)state;
	struct world *world = ringing();

	cancelled_without_room(world);
	fault_clear();
	world_restart(world);
	assert_entries(world);
	world_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_entry_when_there_is_room),
		AT_TEST(test_entry_when_it_stops),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
