/* A shared screen's large pictures: they leave as fast as the line takes them, whole and in order. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

enum { SCREEN = 4, SLOT = 2, KEY_PACKETS = 60, FIRST = 3 };

static struct kit_peer *a, *b;

static void start(void)
{
	struct sfu_params params = kit_params(true, 1, 1, 1);
	a = kit_join(&params);
	b = kit_join(&params);
	b->no_feedback = true; /* the estimate stays at its first 800 kbit/s, and for a second nobody misses it */
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, false, true), AT_OK);
	kit_view(b, a, SFU_SCREEN, 1080);
	kit_key(a, SCREEN);
	kit_wait(100);
	assert_int_equal(kit_count(b, SLOT, false), FIRST);
}

static void large(void)
{
	kit_video(a, SCREEN, &(struct kit_frame){.packets = KEY_PACKETS, .size = 1000, .is_key = true});
	kit_flush();
}

static void small(void)
{
	kit_video(a, SCREEN, &(struct kit_frame){.packets = 1});
	kit_flush();
}

static size_t got(void)
{
	return kit_count(b, SLOT, false) - FIRST;
}

static void test_a_large_picture_leaves_piece_by_piece(void **state)
{
	(void)state;
	start();
	large();
	small(); /* it waits behind */
	size_t at_once = got();
	assert_in_range(at_once, 5, 20);
	kit_wait(100);
	assert_in_range(got(), at_once + 10, KEY_PACKETS - 10); /* 25 KB, at 2.5 times the estimate */
	kit_wait(200);
	assert_int_equal(got(), KEY_PACKETS + 1);
	assert_int_equal(kit_watch(b, SLOT, 0), 3);
	kit_wait(100);
	small();
	assert_int_equal(got(), KEY_PACKETS + 2); /* and what is small leaves at once again */
	kit_watch(b, SLOT, 0);
}

static void test_who_waits_for_it_needs_no_other(void **state)
{
	(void)state;
	start();
	large();
	size_t asked = a->plis[SCREEN];
	kit_pli(b, SLOT);
	kit_wait(50);
	assert_int_equal(a->plis[SCREEN], asked);
	kit_wait(2000);
	kit_pli(b, SLOT);
	kit_wait(50);
	assert_int_equal(a->plis[SCREEN], asked + 1);
}

static void test_a_joiner_gets_it_piece_by_piece(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 1);
	start();
	kit_video(a, SCREEN, &(struct kit_frame){.packets = 30, .size = 1000, .is_key = true});
	kit_flush();
	kit_wait(300);
	struct kit_peer *c = kit_join(&params);
	c->no_feedback = true;
	kit_view(c, a, SFU_SCREEN, 1080);
	kit_wait(10);
	assert_in_range(kit_count(c, SLOT, false), 5, 20); /* from the ring: nobody was asked */
	kit_wait(200);
	assert_int_equal(kit_count(c, SLOT, false), 30);
	assert_int_equal(kit_watch(c, SLOT, 0), 1);
}

static void test_what_comes_late_does_not_wait_again(void **state)
{
	(void)state;
	start();
	kit_video(a, SCREEN,
		  &(struct kit_frame){.packets = KEY_PACKETS, .size = 1000, .is_key = true, .delay = 1U << 30 | 2});
	kit_flush();
	size_t n = got();
	assert_in_range(n, 5, 20);
	kit_arrive(); /* the second is of what has left, the 31st of what has not */
	kit_flush();
	assert_int_equal(got(), n + 1);
	kit_wait(400);
	assert_int_equal(got(), KEY_PACKETS);
}

static void test_what_can_never_be_made_up_for_is_cut(void **state)
{
	(void)state;
	start();
	large();
	size_t asked = a->plis[SCREEN];
	for (int i = 0; i < 20; i++) {
		kit_video(a, SCREEN, &(struct kit_frame){.packets = 30, .size = 1300});
		kit_flush();
	}
	kit_wait(20);
	size_t n = got();
	kit_wait(100);
	assert_int_equal(got(), n);
	assert_true(a->plis[SCREEN] > asked);
	kit_video(a, SCREEN, &(struct kit_frame){.packets = 3, .is_key = true});
	kit_flush();
	kit_wait(100);
	assert_int_equal(got(), n + 3);
	assert_true(b->got[b->got_count - 1]->rtp.marker);
	kit_watch(b, SLOT, 1);
}

static void test_another_screen_does_not_wait_for_the_last(void **state)
{
	(void)state;
	start();
	large();
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, false, false), AT_OK);
	kit_wait(20);
	size_t n = got();
	kit_wait(300);
	assert_int_equal(got(), n);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, false, true), AT_OK);
	kit_wait(20);
	kit_video(a, SCREEN, &(struct kit_frame){.packets = 3, .is_key = true});
	kit_flush();
	kit_wait(5);
	assert_int_equal(got(), n + 3);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_large_picture_leaves_piece_by_piece), TEST(test_who_waits_for_it_needs_no_other),
		TEST(test_a_joiner_gets_it_piece_by_piece),       TEST(test_what_comes_late_does_not_wait_again),
		TEST(test_what_can_never_be_made_up_for_is_cut),  TEST(test_another_screen_does_not_wait_for_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
