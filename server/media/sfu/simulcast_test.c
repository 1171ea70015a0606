/* Layers: which flows, and that a change shows nothing but a key frame. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

enum { L = 1, M = 2, H = 3 };

/* A key frame where one was asked for. */
static void frame_of_each(struct kit_peer *from, unsigned layers, bool answers)
{
	static size_t answered[LAYERS_A_PEER]; /* of one publisher */
	for (unsigned layer = L; layer <= H; layer++) {
		answered[layer] = from->plis[layer] < answered[layer] ? 0 : answered[layer];
		bool is_key = answers && from->plis[layer] > answered[layer];
		if (is_key)
			answered[layer] = from->plis[layer];
		if (layers & 1U << layer)
			kit_video(from, layer, &(struct kit_frame){.packets = 2, .is_key = is_key});
		else
			from->streams[layer].timestamp += 33 * 90;
	}
	kit_flush();
}

static void publish(struct kit_peer *from, unsigned layers, int64_t ms, bool answers)
{
	for (int64_t end = kit.now_us + ms * 1000; kit.now_us < end;) {
		frame_of_each(from, layers, answers);
		kit_wait(30);
		kit.now_us += 3000;
	}
}

static unsigned layer_seen(const struct kit_peer *b)
{
	for (size_t i = b->got_count; i > 0; i--)
		if (!b->got[i - 1]->is_rtcp && b->got[i - 1]->rtp.ssrc == b->slots[1].ssrc &&
		    b->got[i - 1]->rtp.payload_len)
			return b->got[i - 1]->rtp.payload[20];
	return 0;
}

static struct kit_peer *a, *b;

static void start(uint16_t height)
{
	struct sfu_params params = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	for (unsigned layer = L; layer <= H; layer++)
		kit_key(a, layer);
	kit_view(b, a, SFU_CAMERA, height);
	publish(a, 1U << L | 1U << M | 1U << H, 300, true);
}

static const unsigned all = 1U << L | 1U << M | 1U << H;

static void test_the_layer_follows_the_view(void **state)
{
	(void)state;
	start(180);
	assert_int_equal(layer_seen(b), L);
	kit_view(b, a, SFU_CAMERA, 720);
	publish(a, all, 6000, true);
	assert_int_equal(layer_seen(b), H);
	assert_true(kit_stats(b).slots[1].switches >= 1);
	kit_view(b, a, SFU_CAMERA, 180);
	publish(a, all, 2000, true);
	assert_int_equal(layer_seen(b), L);
	assert_true(kit_watch(b, 1, 0) > 200);
	kit_view(b, a, SFU_CAMERA, 0);
	size_t before = kit_count(b, 1, false);
	publish(a, all, 500, true);
	assert_int_equal(kit_count(b, 1, false), before);
}

static void test_no_switch_without_a_key_frame(void **state)
{
	(void)state;
	start(720);
	publish(a, all, 6000, true);
	assert_int_equal(layer_seen(b), H);
	size_t plis = a->plis[L];
	kit_view(b, a, SFU_CAMERA, 180);
	publish(a, all, 1500, false);
	assert_int_equal(layer_seen(b), H); /* down as well as up */
	assert_true(a->plis[L] > plis);
	kit_key(a, L);
	assert_int_equal(layer_seen(b), L);
	kit_watch(b, 1, 0);
}

static void test_a_broken_frame_is_not_glued_to_the_key_frame(void **state)
{
	(void)state;
	start(720);
	publish(a, all, 6000, true);
	assert_int_equal(layer_seen(b), H);
	kit_view(b, a, SFU_CAMERA, 180);
	kit_video(a, H, &(struct kit_frame){.packets = 2, .without_marker = true});
	kit_flush();
	kit.now_us += 20000;
	kit_key(a, L);
	assert_int_equal(layer_seen(b), L);
	kit_watch(b, 1, 1);
}

static uint32_t timestamp_at_end(const struct kit_peer *peer)
{
	for (size_t i = peer->got_count; i > 0; i--)
		if (!peer->got[i - 1]->is_rtcp && peer->got[i - 1]->rtp.ssrc == peer->slots[1].ssrc)
			return peer->got[i - 1]->rtp.timestamp;
	return 0;
}

/* The last frame of h, then 50 ms later by the publisher's clock a key frame of l that the network held for 80 ms more. */
static uint32_t step_of_switch(bool with_reports)
{
	start(720);
	publish(a, all, 6000, true);
	for (unsigned layer = L; with_reports && layer <= H; layer++)
		kit_sr(a, layer, 1700000000LL * 1000000 + kit.now_us, a->streams[layer].timestamp);
	kit_video(a, H, &(struct kit_frame){.packets = 2});
	kit_flush();
	uint32_t before = timestamp_at_end(b);
	kit_view(b, a, SFU_CAMERA, 180);
	a->streams[L].timestamp += 50 * 90; /* kit_video adds the 33 that h had, too */
	kit.now_us += 125 * 1000;
	kit_key(a, L);
	assert_int_equal(layer_seen(b), L);
	return timestamp_at_end(b) - before;
}

static void test_timestamps_follow_the_sender_reports(void **state)
{
	(void)state;
	assert_in_range(step_of_switch(true), 50 * 90 - 2, 50 * 90 + 2);
	kit_watch(b, 1, 0);
	/* and the slot's own report agrees with what it sends: the key frame's time on the publisher's clock */
	kit_wait(5);
	int64_t wall_us = rtp_us_of_ntp(b->sr[1].ntp) - 1700000000LL * 1000000;
	int64_t ahead = rtp_timestamp_diff(b->sr[1].rtp_timestamp, timestamp_at_end(b));
	assert_true(wall_us > 0);
	assert_in_range(ahead, 0, 200 * 90);
}

static void test_timestamps_go_on_without_reports(void **state)
{
	(void)state;
	/* by how far apart the layers' clocks were while both came together, not by arrival */
	assert_in_range(step_of_switch(false), 50 * 90 - 20, 50 * 90 + 20);
	kit_watch(b, 1, 0);
}

static void test_a_layer_that_dies_is_left(void **state)
{
	(void)state;
	start(720);
	publish(a, all, 6000, true);
	assert_int_equal(layer_seen(b), H);
	publish(a, 1U << L | 1U << M, 4000, true);
	assert_in_range(layer_seen(b), L, M);
	publish(a, 1U << L, 4000, true);
	assert_int_equal(layer_seen(b), L);
	kit_watch(b, 1, 0);
}

static void test_only_two_of_three_layers(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	publish(a, 1U << L | 1U << H, 8000, true);
	assert_int_equal(layer_seen(b), H);
	kit_watch(b, 1, 0);
}

static void test_publishers_are_told_what_is_wanted(void **state)
{
	(void)state;
	struct sfu_event event;
	struct sfu_params params = kit_params(true, 1, 1, 1);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_wait(2000);
	assert_false(kit_event(SFU_EVENT_LAYERS, a->number, NULL)); /* nothing before the first view */
	kit_view(b, a, SFU_CAMERA, 180);
	assert_true(kit_event(SFU_EVENT_LAYERS, a->number, &event));
	assert_int_equal(event.layers, 1);
	kit_view(b, a, SFU_CAMERA, 720);
	assert_true(kit_event(SFU_EVENT_LAYERS, a->number, &event)); /* on at once */
	assert_int_equal(event.layers, 7);
	kit_view(b, a, SFU_CAMERA, 180);
	kit_wait(4000);
	assert_false(kit_event(SFU_EVENT_LAYERS, a->number, &event));
	kit_wait(2500);
	assert_true(kit_event(SFU_EVENT_LAYERS, a->number, &event)); /* off after 5 s */
	assert_int_equal(event.layers, 1);
	kit_view(b, a, SFU_CAMERA, 0);
	kit_wait(7000);
	assert_true(kit_event(SFU_EVENT_LAYERS, a->number, &event));
	assert_int_equal(event.layers, 0);
}

static void test_fifty_joiners_ask_for_two_key_frames_at_most(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0), listener = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	for (unsigned layer = L; layer <= H; layer++)
		kit_key(a, layer);
	publish(a, all, 3000, false); /* so that no key frame is near */
	int64_t from_us = kit.now_us;
	for (int i = 0; i < 49; i++) {
		struct kit_peer *joiner = kit_join(&listener);
		kit_view(joiner, a, SFU_CAMERA, i % 2 ? 180 : 720);
		kit_pli(joiner, 1);
		kit_wait(10);
		if (i % 2)
			frame_of_each(a, all, true);
	}
	assert_in_range(kit.now_us - from_us, 900 * 1000, 1000 * 1000);
	for (unsigned layer = L; layer <= H; layer++)
		assert_true(a->plis[layer] <= 2);
	assert_true(a->plis[L] > 0);
	publish(a, all, 3000, true);
	for (size_t i = 1; i < kit.peer_count; i++)
		assert_true(kit_count(&kit.peers[i], 1, false) > 0);
}

static void test_a_stream_that_starts_anew_goes_on(void **state)
{
	(void)state;
	start(180);
	a->streams[L].ssrc += 500; /* another encoder: other numbers, another clock */
	a->streams[L].seq = 60000;
	a->streams[L].timestamp += 0x30000000;
	a->streams[L].picture_id = 7;
	kit_video(a, L, &(struct kit_frame){.packets = 2}); /* of no use without its key frame */
	kit_flush();
	kit_wait(300);
	assert_true(a->plis[L] > 0);
	kit_key(a, L);
	publish(a, all, 300, false);
	kit_watch(b, 1, 0);
	assert_true(kit_next(b, 1, false) != NULL);
}

static void test_a_key_frame_whose_first_packet_is_late(void **state)
{
	(void)state;
	start(720);
	publish(a, all, 6000, true);
	kit_view(b, a, SFU_CAMERA, 180);
	struct kit_stream *s = &a->streams[L];
	kit_video(a, L, &(struct kit_frame){.packets = 4, .is_key = true, .lose = 1});
	kit_flush();
	assert_int_equal(layer_seen(b), H);
	kit_wait(15);
	assert_true(a->nacks[L] >= 1);
	kit_repeat(a, L, (uint16_t)(s->seq - 4), true, s->timestamp, s->picture_id);
	kit_flush();
	kit_forget(b);
	b->read = 0;
	size_t of_low = 0;
	for (const struct kit_got *got; (got = kit_next(b, 1, false));)
		if (got->at_us == kit.now_us)
			of_low++;
	assert_int_equal(of_low, 4); /* the first, and what had come before it */
}

static void test_a_smaller_picture_until_the_wanted_one_comes(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_key(a, H);
	publish(a, all, 3000, false); /* the tall layer's key frame is long ago */
	kit_key(a, L);
	kit_view(b, a, SFU_CAMERA, 720);
	assert_int_equal(layer_seen(b), L); /* at once */
	size_t low = kit_count(b, 1, false);
	publish(a, all, 500, false);
	assert_true(kit_count(b, 1, false) > low);
	assert_true(a->plis[M] + a->plis[H] > 0);
	publish(a, all, 8000, true);
	assert_int_equal(layer_seen(b), H);
	kit_watch(b, 1, 0);
}

/* Key frames of 40 KB in a stream of 60 KB/s: at most a fifth, whoever asks how often. */
static void test_key_frames_are_bounded_by_what_they_cost(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	size_t answered = 0, key_bytes = 0, all_bytes = 0, keys_before = 0;
	for (int i = 0; i < 30 * 30; i++) {
		bool is_key = i == 0 || a->plis[L] > answered;
		answered = a->plis[L];
		kit_video(a, L, &(struct kit_frame){.packets = is_key ? 40 : 2, .size = 1000, .is_key = is_key});
		kit_flush();
		kit_wait(30);
		kit.now_us += 3333;
		kit_pli(b, 1);
		if (i == 300)
			keys_before = answered;
		if (i < 300)
			continue;
		key_bytes += is_key ? 40000 : 0;
		all_bytes += is_key ? 40000 : 2000;
	}
	assert_true(answered > keys_before);
	assert_true(key_bytes * 100 / all_bytes <= 25);
}

static void test_a_silent_layer_gives_its_ring_back(void **state)
{
	(void)state;
	start(180);
	size_t before = kit_stats(a).bytes_kept;
	for (int i = 0; i < 12; i++) {
		publish(a, 1U << L, 3000, true);
		kit_check(a, &a->tuple);
		kit_check(b, &b->tuple);
	}
	assert_true(kit_stats(a).bytes_kept + 2 * 700 * 1024 < before);
	publish(a, all, 300, true); /* and takes one again */
	kit_key(a, H);
	kit_view(b, a, SFU_CAMERA, 720);
	publish(a, all, 8000, true);
	assert_int_equal(layer_seen(b), H);
	kit_watch(b, 1, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_the_layer_follows_the_view),
		TEST(test_no_switch_without_a_key_frame),
		TEST(test_a_broken_frame_is_not_glued_to_the_key_frame),
		TEST(test_timestamps_follow_the_sender_reports),
		TEST(test_timestamps_go_on_without_reports),
		TEST(test_a_layer_that_dies_is_left),
		TEST(test_only_two_of_three_layers),
		TEST(test_publishers_are_told_what_is_wanted),
		TEST(test_fifty_joiners_ask_for_two_key_frames_at_most),
		TEST(test_a_stream_that_starts_anew_goes_on),
		TEST(test_a_key_frame_whose_first_packet_is_late),
		TEST(test_a_smaller_picture_until_the_wanted_one_comes),
		TEST(test_key_frames_are_bounded_by_what_they_cost),
		TEST(test_a_silent_layer_gives_its_ring_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
