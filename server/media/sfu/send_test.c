/* What leaves together: frames as one message a subscriber (UDP_SEGMENT), held for their end or a millisecond. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

static struct kit_peer *a, *b;

static void start(bool gso)
{
	struct sfu_params params = kit_params(false, 1, 1, 0);
	kit_restart(&(struct sfu_options){.gso = gso});
	a = kit_join(&params);
	b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_frames(a, 1, 2);
	b->sends = b->gso_sends = b->datagrams = 0;
}

static void test_a_frame_is_one_message(void **state)
{
	(void)state;
	start(true);
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .size = 819, .last_size = 820});
	kit_flush();
	assert_int_equal(b->sends, 1);
	assert_int_equal(b->gso_sends, 1);
	assert_int_equal(b->datagrams, 4);
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .size = 1100, .last_size = 300});
	kit_flush();
	assert_int_equal(b->sends, 2);
	assert_int_equal(b->datagrams, 8);
	assert_int_equal(kit_watch(b, 1, 0), 5);
	assert_int_equal(kit.segment_errors, 0);
	const struct kit_got *first = NULL, *got;
	size_t padded = 0;
	while ((got = kit_next(b, 1, false))) {
		padded += got->rtp.padding_len;
		first = first ? first : got;
	}
	assert_int_equal(padded, 3); /* 819 to 820, three times; never the short last one */
}

static void test_plain_when_switched_off(void **state)
{
	(void)state;
	start(true);
	sfu_set_gso(kit.sfu, false);
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .size = 819, .last_size = 820});
	kit_flush();
	assert_int_equal(b->sends, 4);
	assert_int_equal(b->gso_sends, 0);
	while (1) {
		const struct kit_got *got = kit_next(b, 1, false);
		if (!got)
			break;
		assert_int_equal(got->rtp.padding_len, 0);
	}
}

static void test_a_frame_is_held_for_its_end_or_a_millisecond(void **state)
{
	(void)state;
	start(true);
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .without_marker = true});
	kit_flush();
	assert_int_equal(b->datagrams, 0);
	assert_int_equal(sfu_deadline_us(kit.sfu), kit.now_us + 1000);
	kit.now_us += 999;
	kit_flush();
	assert_int_equal(b->datagrams, 0);
	kit.now_us += 1;
	kit_flush();
	assert_int_equal(b->datagrams, 3);
	assert_int_equal(sfu_deadline_us(kit.sfu), INT64_MAX);
}

static void test_a_long_frame_is_several_messages_of_sixteen(void **state)
{
	(void)state;
	start(true);
	kit_video(a, 1, &(struct kit_frame){.packets = 70, .size = 1000, .is_key = true});
	kit_flush();
	assert_int_equal(b->datagrams, 70);
	assert_in_range(b->sends, 5, 7);
	assert_int_equal(kit.segment_errors, 0);
	kit_watch(b, 1, 0);
}

static void test_sizes_that_do_not_go_together(void **state)
{
	(void)state;
	start(true);
	static const size_t sizes[] = {1000, 400, 900, 905, 899, 50, 60, 1100};
	for (size_t i = 0; i < 8; i++)
		kit_video(a, 1, &(struct kit_frame){.packets = 1, .size = sizes[i]});
	kit_flush();
	assert_int_equal(b->datagrams, 8);
	assert_true(b->sends < 8);
	assert_int_equal(kit.segment_errors, 0);
	assert_int_equal(kit_watch(b, 1, 0), 3 + 8);
}

static void test_audio_is_never_held(void **state)
{
	(void)state;
	start(true);
	kit_video(a, 1, &(struct kit_frame){.packets = 1, .without_marker = true});
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 1);
	assert_int_equal(b->gso_sends, 0);
}

static void test_tcp_gets_one_packet_at_a_time(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	kit_restart(&(struct sfu_options){.gso = true});
	a = kit_join(&params);
	b = kit_join_only(&params);
	b->tuple.transport = ICE_TCP;
	b->tuple.conn = 7;
	kit_connect(b);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	size_t before = b->sends;
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .size = 819});
	kit_flush();
	assert_int_equal(b->sends - before, 4);
	assert_int_equal(b->gso_sends, 0);
}

static void test_a_switch_in_the_middle_of_a_batch(void **state)
{
	(void)state;
	start(true);
	struct sfu_params params = kit_params(false, 1, 1, 0);
	for (int i = 0; i < 12; i++)
		kit_frames(a, 1, 5);
	struct kit_peer *c = kit_join(&params);
	kit_view(c, a, SFU_CAMERA, 360); /* the last key frame is too long ago */
	assert_int_equal(kit_count(c, 1, false), 0);
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .size = 700});
	kit_video(a, 1, &(struct kit_frame){.packets = 5, .size = 700, .is_key = true});
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .size = 700});
	kit_flush();
	assert_int_equal(kit_count(c, 1, false), 8);
	assert_int_equal(kit.segment_errors, 0);
	kit_watch(c, 1, 0);
	kit_watch(b, 1, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_frame_is_one_message),
		TEST(test_plain_when_switched_off),
		TEST(test_a_frame_is_held_for_its_end_or_a_millisecond),
		TEST(test_a_long_frame_is_several_messages_of_sixteen),
		TEST(test_sizes_that_do_not_go_together),
		TEST(test_audio_is_never_held),
		TEST(test_tcp_gets_one_packet_at_a_time),
		TEST(test_a_switch_in_the_middle_of_a_batch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
