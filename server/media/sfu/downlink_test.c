/* A subscriber's line: what fits flows, what does not is left out, and who is in which slot of a big room. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

enum { L = 1, M = 2, H = 3 };

static void frames_of(struct kit_peer *from, bool is_key)
{
	static const size_t sizes[] = {0, 600, 950, 1050}; /* 140, 460 and 1280 kbit/s */
	static const unsigned packets[] = {0, 1, 2, 5};
	for (unsigned layer = L; layer <= H; layer++)
		kit_video(from, layer,
			  &(struct kit_frame){.packets = packets[layer], .size = sizes[layer], .is_key = is_key});
}

/* With a key frame each second and consent checks. */
static void run(struct kit_peer **from, size_t count, int64_t ms)
{
	static unsigned n;
	for (int64_t end = kit.now_us + ms * 1000; kit.now_us < end; n++) {
		for (size_t i = 0; i < count; i++)
			frames_of(from[i], n % 30 == i % 30);
		kit_flush();
		for (size_t i = 0; n % 60 == 0 && i < kit.peer_count; i++)
			if (kit.peers[i].out)
				kit_check(&kit.peers[i], &kit.peers[i].tuple);
		kit_wait(30);
		kit.now_us += 3333;
	}
}

static int layer_of(const struct kit_peer *who, unsigned slot)
{
	return kit_stats(who).slots[slot].layer;
}

static void test_a_good_line_gets_the_tall_layer(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	run(&a, 1, 10000);
	assert_int_equal(layer_of(b, 1), 2);
	assert_true(kit_stats(b).estimate_bits_s > 1200 * 1000);
	assert_true(sfu_stats(kit.sfu)->probes_out > 0);
	kit_watch(b, 1, 0);
	/* padding came on RTX, where it leaves no gap */
	size_t padding = 0;
	b->read = 0;
	for (const struct kit_got *got; (got = kit_next(b, 1, true)); padding++)
		assert_true(got->rtp.is_padding_only);
	assert_int_equal(padding, sfu_stats(kit.sfu)->probes_out);
}

static void test_a_line_that_narrows_gets_less(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	run(&a, 1, 8000);
	assert_int_equal(layer_of(b, 1), 2);
	for (int i = 0; i < 60; i++) { /* a queue that grows by 20 ms each 33 */
		b->delay_us += 20 * 1000;
		run(&a, 1, 33);
	}
	assert_true(layer_of(b, 1) < 2);
	assert_true(layer_of(b, 1) >= 0); /* never black */
	kit_watch(b, 1, 0);
}

/* No key frame of the small layer comes: what the line cannot carry stops all the same. */
static void test_a_flooded_line_is_not_flooded_on(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	run(&a, 1, 8000);
	assert_int_equal(layer_of(b, 1), 2);
	size_t late = 0, before = 0;
	for (int i = 0; i < 120; i++) {
		b->delay_us += 30 * 1000;
		frames_of(a, false);
		kit_flush();
		kit_wait(35);
		if (i == 90)
			before = kit_count(b, 1, false);
	}
	late = kit_count(b, 1, false) - before;
	assert_true(kit_stats(b).slots[1].wanted < 2);
	assert_true(late < 30); /* tall frames are five packets: 145 */
	kit_key(a, L);
	assert_int_equal(layer_of(b, 1), 0);
	kit_watch(b, 1, 0);
}

static void test_remb_decides_without_transport_cc(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0), old = params;
	old.video.ext_twcc = 0;
	struct kit_peer *a = kit_join(&params), *b = kit_join(&old);
	kit_view(b, a, SFU_CAMERA, 720);
	for (int i = 0; i < 40; i++) {
		uint8_t bytes[64];
		struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
		assert_int_equal(rtcp_remb_put(&w, 1, i < 20 ? 300000 : 4000000, &b->slots[1].ssrc, 1), AT_OK);
		kit_rtcp(b, bytes, w.len);
		run(&a, 1, 300);
		if (i == 19)
			assert_int_equal(layer_of(b, 1), 0);
	}
	assert_int_equal(layer_of(b, 1), 2);
	b->read = 0;
	const struct kit_got *got = kit_next(b, 1, false);
	assert_true(rtp_exts_have(&got->exts, RTP_EXT_ABS_SEND_TIME));
	assert_false(rtp_exts_have(&got->exts, RTP_EXT_TRANSPORT_CC));
}

static void test_the_screen_always_wins(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 2, 1);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params), *c = kit_join(&params);
	struct sfu_event event;
	kit_view_all(c, 720);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, b->number, false, true, true), AT_OK);
	struct sfu_view views[] = {{a->number, SFU_CAMERA, 720}, {b->number, SFU_SCREEN, 1080}};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, c->number, views, 2), AT_OK);
	kit_wait(10);
	while (kit_event(SFU_EVENT_SLOTS, c->number, &event))
		;
	assert_int_equal(event.slots.owners[3].peer, b->number);
	assert_int_equal(event.slots.owners[3].source, SFU_SCREEN);
	struct sfu_event layers = {.layers = 0};
	kit_wait(10);
	for (int i = 0; i < 100; i++) {
		kit_video(b, 4, &(struct kit_frame){.packets = 6, .size = 1100, .is_key = i % 30 == 0});
		frames_of(a, i % 30 == 0);
		kit_flush();
		c->delay_us += 10 * 1000; /* hardly anything gets through */
		kit_wait(35);
	}
	(void)layers;
	assert_true(kit_count(c, 3, false) > 500);
	assert_int_equal(layer_of(c, 3), 0);
}

/* Janus asked for key frames all the time when a screen moved once in a few seconds (janus-gateway 3422). */
static void test_a_screen_that_hardly_moves(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 1);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, false, true), AT_OK);
	kit_view(b, a, SFU_SCREEN, 1080);
	kit_key(a, 4);
	kit_wait(5);
	size_t plis = a->plis[4];
	for (int i = 0; i < 20; i++) { /* 100 s */
		kit_video(a, 4, &(struct kit_frame){.packets = 3});
		kit_flush();
		kit_wait(5000);
		kit_check(a, &a->tuple);
		kit_check(b, &b->tuple);
	}
	assert_int_equal(a->plis[4], plis);
	assert_int_equal(kit_watch(b, 2, 0), 21);
}

static void test_beyond_the_slots_the_visible_ones_rotate(void **state)
{
	(void)state;
	enum { PEOPLE = 8, SLOTS = 3 };
	struct sfu_params params = kit_params(true, 0, SLOTS, 0);
	struct kit_peer *peers[PEOPLE];
	struct sfu_event event;
	for (int i = 0; i < PEOPLE; i++)
		peers[i] = kit_join(&params);
	struct sfu_view views[] = {{2, SFU_CAMERA, 720}, {3, SFU_CAMERA, 180}, {4, SFU_CAMERA, 180}, {5, SFU_CAMERA, 0}};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, 1, views, 4), AT_OK);
	run(peers, PEOPLE, 500);
	while (kit_event(SFU_EVENT_SLOTS, 1, &event))
		;
	bool has[PEOPLE + 1] = {false};
	unsigned slot_of_3 = 0;
	for (unsigned i = 0; i < SLOTS; i++) {
		has[event.slots.owners[i].peer] = true;
		slot_of_3 = event.slots.owners[i].peer == 3 ? i : slot_of_3;
	}
	assert_true(has[2] && has[3] && has[4]);
	views[0].peer = 6; /* another one becomes tall: 3 stays where it is */
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, 1, views, 3), AT_OK);
	run(peers, PEOPLE, 3000);
	while (kit_event(SFU_EVENT_SLOTS, 1, &event))
		;
	assert_int_equal(event.slots.owners[slot_of_3].peer, 3);
	memset(has, 0, sizeof(has));
	for (unsigned i = 0; i < SLOTS; i++)
		has[event.slots.owners[i].peer] = true;
	assert_true(has[3] && has[4] && has[6]);
	for (unsigned i = 0; i < SLOTS; i++) { /* one stream each, whoever it was of; and CSRC says who */
		kit_watch(peers[0], i, 0);
		peers[0]->read = 0;
		const struct kit_got *got, *last = NULL;
		while ((got = kit_next(peers[0], i, false)))
			last = got;
		assert_int_equal(rtp_csrc(&last->rtp, 0), event.slots.owners[i].peer);
	}
}

static void test_a_slow_one_does_not_slow_the_others(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params), *c = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	kit_view(c, a, SFU_CAMERA, 720);
	run(&a, 1, 8000);
	for (int i = 0; i < 90; i++) {
		b->delay_us += 25 * 1000;
		run(&a, 1, 33);
	}
	assert_true(layer_of(b, 1) < 2);
	assert_int_equal(layer_of(c, 1), 2);
	kit_watch(c, 1, 0);
}

/* DELAYED and lost feedback, and such as nobody could mean. */
static void test_feedback_storms_are_bounded(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	run(&a, 1, 3000);
	uint64_t drops = kit_drops(SFU_DROP_RTCP);
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[64];
		struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
		assert_int_equal(rtcp_remb_put(&w, 1, 1, &b->slots[1].ssrc, 1), AT_OK);
		kit_rtcp(b, bytes, w.len);
	}
	assert_in_range(kit_drops(SFU_DROP_RTCP) - drops, 1650, 1950);
	run(&a, 1, 5000);
	assert_int_equal(layer_of(b, 1), 2); /* REMB says nothing where there is transport-cc */
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_good_line_gets_the_tall_layer),
		TEST(test_a_line_that_narrows_gets_less),
		TEST(test_a_flooded_line_is_not_flooded_on),
		TEST(test_remb_decides_without_transport_cc),
		TEST(test_the_screen_always_wins),
		TEST(test_a_screen_that_hardly_moves),
		TEST(test_beyond_the_slots_the_visible_ones_rotate),
		TEST(test_a_slow_one_does_not_slow_the_others),
		TEST(test_feedback_storms_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
