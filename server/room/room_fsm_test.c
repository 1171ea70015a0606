#include "base/test.h"
#include "room/room_fsm.h"

/* The whole grid of both tables against their invariants, and random walks. */

static void test_rooms_whole_grid(void **state)
{
	(void)state;
	for (enum room_state s = ROOM_NEW; s < ROOM_STATES; s++)
		for (enum room_event e = 0; e < ROOM_EVENTS; e++) {
			struct room_step step = room_fsm_step(s, e);

			assert_true(step.next < ROOM_STATES);
			if (!step.taken)
				assert_true(step.next == s && step.effects == 0);
			/* Over is over, and whoever rang hears it. */
			if (s == ROOM_ENDED)
				assert_false(step.taken);
			if (step.taken && step.next == ROOM_ENDED)
				assert_true(step.effects & ROOM_FX_HUSH);
			assert_true(step.next != ROOM_NEW || s == ROOM_NEW);
		}
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static void test_a_room_has_one_entry(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int walk = 0; walk < 100000; walk++) {
		enum room_state s = ROOM_NEW;
		unsigned entries = 0, finals = 0;

		for (int i = 0; i < 12; i++) {
			struct room_step step = room_fsm_step(s, next_random(&seed) % ROOM_EVENTS);

			entries += (step.effects & ROOM_FX_ENTRY) != 0;
			finals += (step.effects & ROOM_FX_FINAL) != 0;
			s = (enum room_state)step.next;
		}
		assert_true(entries <= 1 && finals <= 1);
	}
}

static void test_people_whole_grid(void **state)
{
	(void)state;
	for (enum person_state s = PERSON_OUT; s < PERSON_STATES; s++)
		for (enum person_event e = 0; e < PERSON_EVENTS; e++) {
			enum person_state next;
			bool taken = person_fsm_step(s, e, &next);

			assert_true(next < PERSON_STATES);
			if (!taken)
				assert_int_equal(next, s);
			if (s == PERSON_REMOVED)
				assert_false(taken);
			if (e == PERSON_EV_REMOVE && s != PERSON_REMOVED)
				assert_true(taken && next == PERSON_REMOVED);
			if (e == PERSON_EV_LEAVE)
				assert_true(taken == person_state_in(s));
			if (e == PERSON_EV_JOIN && s != PERSON_REMOVED)
				assert_int_equal(next, PERSON_JOINED);
			if (taken && person_state_rings(next))
				assert_true(e == PERSON_EV_RING || e == PERSON_EV_ACK);
			assert_non_null(person_state_name(next));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_rooms_whole_grid),
		AT_TEST(test_a_room_has_one_entry),
		AT_TEST(test_people_whole_grid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
