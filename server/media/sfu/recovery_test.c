/* Loss on both sides: what is asked of publishers, what subscribers are answered, and what a storm costs. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

static struct kit_peer *a, *b;

static void start(void)
{
	struct sfu_params params = kit_params(false, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_frames(a, 1, 10);
}

static void test_a_lost_packet_is_asked_for_and_fills_its_gap(void **state)
{
	(void)state;
	start();
	struct kit_stream *s = &a->streams[1];
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .lose = 4});
	kit_flush();
	uint16_t lost = (uint16_t)(s->seq - 2);
	kit_wait(5);
	assert_int_equal(a->nacks[1], 0); /* it may only be late */
	kit_wait(10);
	assert_int_equal(a->nacks[1], 1);
	assert_int_equal(a->nacked[0], lost);
	kit_wait(50);
	assert_int_equal(a->nacks[1], 1); /* not before a round trip is over */
	kit_wait(60);
	assert_int_equal(a->nacks[1], 2);
	kit_repeat(a, 1, lost, false, s->timestamp, s->picture_id);
	kit_flush();
	kit_wait(500);
	assert_int_equal(a->nacks[1], 2);
	const struct kit_got *last = NULL, *repaired = NULL;
	for (const struct kit_got *got; (got = kit_next(b, 1, false)); last = repaired, repaired = got)
		;
	assert_int_equal(rtp_seq_diff(repaired->rtp.seq, last->rtp.seq), -1);
	assert_int_equal(repaired->rtp.timestamp, last->rtp.timestamp);
	assert_int_equal(repaired->vp8.picture_id, last->vp8.picture_id);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_in, 1);
	assert_int_equal(a->plis[1], 0);
}

static void test_reordering_is_not_loss(void **state)
{
	(void)state;
	start();
	struct kit_stream *s = &a->streams[1];
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .lose = 2});
	kit_wait(5);
	kit_repeat(a, 1, (uint16_t)(s->seq - 2), false, s->timestamp, s->picture_id);
	kit_wait(300);
	assert_int_equal(a->nacks[1], 0);
	assert_int_equal(kit_count(b, 1, false), 3 + 20 + 3);
}

static void test_what_cannot_be_had_becomes_a_key_frame(void **state)
{
	(void)state;
	start();
	kit_video(a, 1, &(struct kit_frame){.packets = 4, .lose = 4});
	kit_flush();
	kit_wait(2000);
	assert_in_range(a->nacks[1], 3, 16);
	assert_true(a->plis[1] > 0);
	uint64_t nacks = a->nacks[1];
	kit_wait(1000);
	assert_int_equal(a->nacks[1], nacks);
}

static void test_a_nack_is_answered_once_a_round_trip(void **state)
{
	(void)state;
	start();
	const struct kit_got *got = NULL;
	for (int i = 0; i < 15; i++)
		got = kit_next(b, 1, false);
	struct kit_got lost = *got;
	kit_forget(b);
	for (int i = 0; i < 5; i++)
		kit_nack(b, 1, &lost.rtp.seq, 1);
	const struct kit_got *again = kit_next(b, 1, true);
	assert_non_null(again);
	assert_int_equal(again->rtp.payload_type, KIT_RTX);
	assert_int_equal(again->rtp.payload[0] << 8 | again->rtp.payload[1], lost.rtp.seq);
	assert_int_equal(again->rtp.timestamp, lost.rtp.timestamp);
	assert_int_equal(again->rtp.marker, lost.rtp.marker);
	assert_int_equal(again->rtp.payload_len, lost.rtp.payload_len + 2);
	assert_memory_equal(again->rtp.payload + 2, got->rtp.payload, lost.rtp.payload_len);
	assert_null(kit_next(b, 1, true));
	kit_wait(100);
	kit_nack(b, 1, &lost.rtp.seq, 1);
	assert_non_null(kit_next(b, 1, true));
}

static void test_nothing_before_the_last_key_frame_is_sent_again(void **state)
{
	(void)state;
	start();
	uint16_t old = kit_next(b, 1, false)->rtp.seq;
	kit_key(a, 1);
	uint64_t refused = sfu_stats(kit.sfu)->rtx_refused;
	kit_nack(b, 1, &old, 1);
	uint16_t never = (uint16_t)(old + 500);
	kit_nack(b, 1, &never, 1);
	assert_int_equal(kit_count(b, 1, true), 0);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_refused, refused + 2);
}

/* Asks for what is missing below the newest number, as libwebrtc does: at once, then each round trip. */
static void ask_for_missing(struct kit_peer *peer, bool got[1 << 14], uint16_t first, uint16_t *newest)
{
	uint16_t seqs[200];
	size_t n = 0;
	for (; peer->read < peer->got_count; peer->read++) {
		const struct kit_got *g = peer->got[peer->read];
		bool is_rtx = !g->is_rtcp && g->rtp.ssrc == peer->slots[1].rtx_ssrc && g->rtp.payload_len > 2;
		if (g->is_rtcp || (!is_rtx && g->rtp.ssrc != peer->slots[1].ssrc))
			continue;
		uint16_t seq = (uint16_t)(is_rtx ? g->rtp.payload[0] << 8 | g->rtp.payload[1] : g->rtp.seq);
		got[(uint16_t)(seq - first)] = true;
		if (rtp_seq_diff(seq, *newest) > 0)
			*newest = seq;
	}
	uint16_t span = (uint16_t)(*newest - first), from = 0;
	if (span > 100)
		from = (uint16_t)(span - 100);
	for (uint16_t i = from; i < span && n < 200; i++)
		if (!got[i])
			seqs[n++] = (uint16_t)(first + i);
	if (n)
		kit_nack(peer, 1, seqs, n);
}

static void test_ten_percent_of_bursty_loss_is_repaired(void **state)
{
	(void)state;
	static bool got[1 << 14];
	start();
	memset(got, 0, sizeof(got));
	uint16_t first = kit_next(b, 1, false)->rtp.seq, newest = first;
	got[0] = true;
	b->random = 7;
	b->loss_percent = 10;
	for (int i = 0; i < 900; i++) { /* 30 s of 480 kbit/s; what is sent again is lost as often */
		kit_video(a, 1, &(struct kit_frame){.packets = 2, .size = 1000});
		kit_flush();
		if (i % 60 == 0) {
			kit_check(a, &a->tuple);
			kit_check(b, &b->tuple);
		}
		kit_wait(35);
		if (i % 3 == 0) /* 105 ms */
			ask_for_missing(b, got, first, &newest);
	}
	b->loss_percent = 0;
	size_t frames = 0, whole = 0;
	for (uint16_t i = 23; i + 120 < (uint16_t)(newest - first); i = (uint16_t)(i + 2), frames++)
		whole += got[i] && got[i + 1];
	print_message("%zu of %zu frames whole, %lu sent again, %lu refused\n", whole, frames,
		      sfu_stats(kit.sfu)->rtx_out, sfu_stats(kit.sfu)->rtx_refused);
	assert_true(frames > 800);
	assert_true(whole * 100 >= frames * 99);
}

/* A packet that cannot be read must not make room for another one under a number that was sealed already: the nonce would be used twice. */
static void test_no_number_is_ever_sealed_twice(void **state)
{
	(void)state;
	start();
	struct kit_stream *s = &a->streams[1];
	for (int i = 0; i < 600; i++) {
		kit_video(a, 1, &(struct kit_frame){.packets = 1});
		kit_flush();
	}
	uint32_t seq = s->seq;
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID, .mid = "1"};
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = KIT_EXT_MID}};
	struct rtp_header header = {.payload_type = KIT_VP8,
				    .seq = (uint16_t)seq,
				    .ssrc = s->ssrc,
				    .timestamp = 1,
				    .ids = &ids,
				    .exts = &exts};
	uint8_t bytes[ICE_PACKET_MAX];
	size_t head = rtp_header_put(&header, bytes);
	bytes[head] = 0x90; /* a descriptor without its end */
	s->seq++;
	kit_raw(&a->tuple, bytes, kit_seal(a, bytes, head, head + 1, seq));
	assert_int_equal(kit_drops(SFU_DROP_RTP), 1);
	size_t before = kit_count(b, 1, false);
	for (uint16_t back = 505; back < 520; back++) /* what stood in that place among them */
		kit_repeat(a, 1, (uint16_t)(seq - back), false, s->timestamp, s->picture_id);
	kit_flush();
	assert_int_equal(kit_count(b, 1, false), before);
	kit_video(a, 1, &(struct kit_frame){.packets = 1});
	kit_flush();
	assert_int_equal(kit_count(b, 1, false), before + 1);
}

static void test_a_nack_storm_costs_its_sender_only(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	start();
	struct kit_peer *c = kit_join(&params);
	kit_view(c, a, SFU_CAMERA, 360);
	kit_frames(a, 1, 60);
	uint64_t before = kit_stats(b).bytes_out, media = 0;
	size_t rtx_before = kit_count(b, 1, true);
	for (int round = 0; round < 60; round++) { /* 2 s: everything, again and again */
		kit_frames(a, 1, 1);
		media += 2 * 500;
		uint16_t seqs[60], last = 0;
		for (size_t i = b->got_count; i > 0 && !last; i--)
			if (!b->got[i - 1]->is_rtcp && b->got[i - 1]->rtp.ssrc == b->slots[1].ssrc)
				last = b->got[i - 1]->rtp.seq;
		for (uint16_t i = 0; i < 60; i++)
			seqs[i] = (uint16_t)(last - 59 + i);
		for (int n = 0; n < 20; n++)
			kit_nack(b, 1, seqs, 60);
	}
	uint64_t rtx = kit_count(b, 1, true) - rtx_before;
	assert_true(rtx * 500 <= 20000 + 4 * 5000 + media * 15 / 100);
	assert_true(rtx > 0);
	assert_true(kit_stats(b).bytes_out - before < 3 * media);
	assert_true(kit_drops(SFU_DROP_RTCP) > 0);
	assert_int_equal(kit_count(c, 1, false), kit_count(b, 1, false) - 0);
	assert_int_equal(a->nacks[1], 0);
	assert_int_equal(a->plis[1], 0);
}

static void test_a_pli_storm_reaches_nobody(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 1000; i++) { /* 10 s */
		for (int k = 0; k < 10; k++)
			kit_pli(b, 1);
		kit_wait(10);
		if (i % 3 == 0)
			kit_video(a, 1, &(struct kit_frame){.packets = 1});
	}
	assert_true(sfu_stats(kit.sfu)->plis_in >= 2000);
	assert_in_range(a->plis[1], 3, 9);
}

static void test_a_lost_request_is_made_again(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_video(a, 1, &(struct kit_frame){.packets = 1}); /* no key frame ever */
	kit_flush();
	kit_view(b, a, SFU_CAMERA, 180);
	for (int i = 0; i < 200; i++) {
		kit_video(a, 1, &(struct kit_frame){.packets = 1});
		kit_flush();
		kit_wait(35);
	}
	assert_in_range(a->plis[1], 4, 8); /* in 7 s */
	assert_int_equal(kit_count(b, 1, false), 0);
}

static void test_numbers_that_wrap(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	a->streams[1].seq = 65530;
	a->streams[1].timestamp = 0xffffff00;
	a->streams[1].picture_id = 0x7ffc;
	a->streams[1].tl0 = 250;
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_frames(a, 1, 30);
	assert_int_equal(kit_watch(b, 1, 0), 31);
	assert_int_equal(a->nacks[1], 0);
}

/* 70,000 packets, so that the subscriber's numbers pass 2^16 (its roc changes) and are still opened. */
static void test_a_long_call(void **state)
{
	(void)state;
	start();
	b->deaf = false;
	for (int i = 0; i < 7100; i++) {
		kit_video(a, 1, &(struct kit_frame){.packets = 10, .size = 60});
		kit_flush();
		if (i == 7000)
			b->deaf = false;
		else if (i == 10)
			b->deaf = true;
		kit.now_us += 1000;
		if (i % 5 == 0)
			sfu_tick(kit.sfu, kit.now_us);
	}
	assert_true(kit_count(b, 1, false) > 900); /* each opened */
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_lost_packet_is_asked_for_and_fills_its_gap),
		TEST(test_reordering_is_not_loss),
		TEST(test_what_cannot_be_had_becomes_a_key_frame),
		TEST(test_a_nack_is_answered_once_a_round_trip),
		TEST(test_nothing_before_the_last_key_frame_is_sent_again),
		TEST(test_ten_percent_of_bursty_loss_is_repaired),
		TEST(test_no_number_is_ever_sealed_twice),
		TEST(test_a_nack_storm_costs_its_sender_only),
		TEST(test_a_pli_storm_reaches_nobody),
		TEST(test_a_lost_request_is_made_again),
		TEST(test_numbers_that_wrap),
		TEST(test_a_long_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
