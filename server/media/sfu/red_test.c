/* Redundant voice: put together for who loses, taken apart where something was lost on the way up, asked for, and sent again. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

static struct kit_peer *a, *b;

/* A frame that says which it is. */
static void speak_as(uint8_t number, size_t len)
{
	uint8_t frame[1100] = {0x78, number};
	kit_audio_payload(a, 30, a->params.audio.pt, frame, len);
}

static void speak(uint8_t number)
{
	speak_as(number, 40);
}

/* As a publisher with RED sends it: with the frame before. */
static void speak_red(uint8_t number)
{
	uint8_t now[40] = {0x78, number}, before[40] = {0x78, (uint8_t)(number - 1)}, red[100];
	struct red_block blocks[] = {{before, sizeof(before), KIT_OPUS, 960}, {now, sizeof(now), KIT_OPUS, 0}};
	kit_audio_payload(a, 30, KIT_RED, red, red_put(blocks, 2, red, sizeof(red)));
}

static void lose(unsigned count)
{
	a->streams[0].seq += count;
	a->streams[0].timestamp += 960 * count;
}

static void report(uint8_t lost_256, uint32_t lsr, uint32_t dlsr)
{
	uint8_t bytes[128];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
	struct rtcp_block block = {.ssrc = b->slots[0].ssrc, .fraction_lost = lost_256, .lsr = lsr, .dlsr = dlsr};
	assert_int_equal(rtcp_rr_put(&w, 1, &block, 1), AT_OK);
	kit_rtcp(b, bytes, w.len);
}

static void join_with(uint8_t pt, uint8_t red_pt, uint8_t their_pt, uint8_t their_red_pt)
{
	struct sfu_params from = kit_params(false, 1, 0, 0), to = from;
	from.audio.pt = pt;
	from.audio.red_pt = red_pt;
	to.audio.pt = their_pt;
	to.audio.red_pt = their_red_pt;
	a = kit_join(&from);
	b = kit_join(&to);
	kit_wait(10);
}

static void join(void)
{
	join_with(KIT_OPUS, KIT_RED, KIT_OPUS, KIT_RED);
}

/* The next packet: one frame, or the frames of RED in their order, each of so many numbers before. */
static void expect(uint8_t number, unsigned frames)
{
	const struct kit_got *got = kit_next(b, 0, false);
	struct red red;
	assert_non_null(got);
	if (!frames) {
		assert_int_equal(got->rtp.payload_type, b->params.audio.pt);
		assert_int_equal(got->rtp.payload[1], number);
		return;
	}
	assert_int_equal(got->rtp.payload_type, b->params.audio.red_pt);
	assert_int_equal(red_parse(got->rtp.payload, got->rtp.payload_len, &red), AT_OK);
	assert_int_equal(red.count, frames + 1);
	for (size_t i = 0; i < red.count; i++) {
		size_t before = red.count - 1 - i;
		assert_int_equal(red.blocks[i].payload_type, b->params.audio.pt);
		assert_int_equal(red.blocks[i].timestamp_offset, before * 960);
		assert_int_equal(red.blocks[i].data[1], number - before);
		assert_int_equal(red.blocks[i].len, 40);
	}
}

/* The last packet of so many seconds is not read yet. */
static void talk_on(unsigned seconds)
{
	for (uint8_t left = (uint8_t)(seconds + 3); left; left--) {
		if (left > 3)
			kit_wait(1000);
		kit_check(a, &a->tuple);
		kit_check(b, &b->tuple);
		report(0, 0, 0);
		if (left == 1)
			kit_forget(b);
		speak_red((uint8_t)(100 - left));
	}
}

static void test_depth_follows_loss(void **state)
{
	(void)state;
	join();
	speak_red(10);
	expect(10, 1); /* as it came */
	report(2, 0, 0);
	speak_red(11);
	expect(11, 1);
	report(5, 0, 0); /* 2 % */
	speak_red(12);
	expect(12, 2);
	report(26, 0, 0);
	speak_red(13);
	expect(13, 3);
	assert_int_equal(kit_stats(b).voice.hears_depth, 3);
	talk_on(19); /* nothing is lost any more, but not for long */
	expect(99, 3);
	talk_on(2);
	expect(99, 2);
	talk_on(21);
	expect(99, 1);
}

static void test_a_publisher_without_it(void **state)
{
	(void)state;
	join_with(109, 0, KIT_OPUS, KIT_RED);
	speak(1);
	expect(1, 0);
	report(26, 0, 0);
	for (uint8_t i = 2; i < 6; i++)
		speak(i);
	expect(2, 1);
	expect(3, 2);
	expect(4, 3);
	expect(5, 3);
	assert_true(sfu_stats(kit.sfu)->reds_made == 4);
}

static void test_a_subscriber_without_it(void **state)
{
	(void)state;
	join_with(KIT_OPUS, KIT_RED, 109, 0);
	report(50, 0, 0);
	for (uint8_t i = 1; i < 4; i++) {
		speak_red(i);
		expect(i, 0);
	}
}

/* 14 bits of 48 kHz are a third of a second; a frame from before a pause has no place in it. */
static void test_a_pause_is_none(void **state)
{
	(void)state;
	join();
	report(26, 0, 0);
	speak(1);
	speak(2);
	a->streams[0].timestamp += 400 * 48;
	speak(3);
	speak(4);
	expect(1, 0);
	expect(2, 1);
	expect(3, 0);
	expect(4, 1);
}

static void test_large_frames_leave_no_room(void **state)
{
	(void)state;
	join();
	report(26, 0, 0);
	const struct kit_got *got;
	const size_t lens[] = {400, 400, 400, 1024, 60, 1024}, counts[] = {1, 2, 2, 1, 3, 2};
	for (uint8_t i = 0; i < 6; i++)
		speak_as(i, lens[i]);
	for (uint8_t i = 0; i < 6; i++) {
		assert_non_null(got = kit_next(b, 0, false));
		assert_true(got->rtp.payload_len <= RED_PAYLOAD_MAX);
		struct red red = {.count = 1, .blocks = {{got->rtp.payload, got->rtp.payload_len, 0, 0}}};
		if (got->rtp.payload_type == KIT_RED)
			assert_int_equal(red_parse(got->rtp.payload, got->rtp.payload_len, &red), AT_OK);
		assert_int_equal(red.blocks[red.count - 1].len, lens[i]);
		assert_int_equal(red.blocks[red.count - 1].data[1], i);
		assert_int_equal(red.count, counts[i]);
	}
}

static void test_nothing_of_what_was_said_while_muted(void **state)
{
	(void)state;
	join();
	speak_red(1);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, true, false, false), AT_OK);
	speak_red(2);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, false, false), AT_OK);
	expect(1, 1);
	for (uint8_t i = 3; i < 2 + RED_BLOCKS_MAX; i++) { /* RED may reach so far back */
		speak_red(i);
		expect(i, 0);
	}
	speak_red(100);
	expect(100, 1);
}

/* ---- the way up ---- */

static void test_what_was_lost_comes_out_of_red(void **state)
{
	(void)state;
	join_with(KIT_OPUS, KIT_RED, 109, 0);
	speak_red(1);
	lose(1);
	speak_red(3);
	lose(2);
	speak_red(6);
	const struct kit_got *first = kit_next(b, 0, false);
	assert_non_null(first);
	const uint8_t numbers[] = {2, 3, 5, 6};
	for (size_t i = 0; i < 4; i++) {
		const struct kit_got *got = kit_next(b, 0, false);
		assert_non_null(got);
		assert_int_equal(got->rtp.payload_type, 109);
		assert_int_equal(got->rtp.payload[1], numbers[i]);
		assert_int_equal(got->rtp.payload_len, 40);
		assert_int_equal((uint16_t)(got->rtp.seq - first->rtp.seq), numbers[i] - 1);
		assert_int_equal(got->rtp.timestamp - first->rtp.timestamp, (numbers[i] - 1U) * 960);
	}
	assert_null(kit_next(b, 0, false));
	assert_int_equal(kit_stats(a).voice.restored, 2);
	assert_int_equal(kit_stats(a).voice.red, 2); /* not counted: the first, which began the ring */
}

/* The original, late: its number was used for the frame out of RED. */
static void test_a_late_original_is_too_late(void **state)
{
	(void)state;
	join();
	speak_red(1);
	struct kit_stream then = a->streams[0];
	lose(1);
	speak_red(3);
	struct kit_stream now = a->streams[0];
	a->streams[0] = then;
	speak_red(2);
	a->streams[0] = now;
	assert_int_equal(kit_count(b, 0, false), 3);
	assert_int_equal(kit_drops(SFU_DROP_LATE), 1);
}

static void test_red_that_lies_about_time(void **state)
{
	(void)state;
	join();
	speak(1);
	lose(1);
	uint8_t frame[40] = {0x78, 9}, red[200];
	struct red_block blocks[] = {{frame, 40, KIT_OPUS, 1920}, {frame, 40, KIT_OPUS, 0}}; /* as old as 1 is */
	kit_audio_payload(a, 30, KIT_RED, red, red_put(blocks, 2, red, sizeof(red)));
	assert_int_equal(kit_count(b, 0, false), 2);
	lose(1);
	blocks[0] = (struct red_block){frame, 40, 33, 960}; /* of another codec */
	kit_audio_payload(a, 30, KIT_RED, red, red_put(blocks, 2, red, sizeof(red)));
	assert_int_equal(kit_count(b, 0, false), 3);
	assert_int_equal(kit_stats(a).voice.restored, 0);
}

static void test_publishers_are_asked(void **state)
{
	(void)state;
	join();
	speak(1);
	struct kit_stream then = a->streams[0];
	lose(2);
	speak(4);
	kit_wait(30);
	assert_int_equal(a->nacks[0], 2);
	assert_int_equal(a->nacked_count, 2);
	assert_int_equal(a->nacked[0], (uint16_t)then.seq);
	struct kit_stream now = a->streams[0];
	a->streams[0] = then;
	speak(2);
	a->streams[0] = now;
	expect(1, 0);
	expect(4, 0);
	expect(2, 0); /* in its place, as its number says */
	kit_wait(2000);
	assert_true(a->nacked_count <= 4); /* the other once or twice more, then it is too late */
	assert_int_equal(kit_stats(a).voice.asked, a->nacked_count);
	lose(200); /* of a long hole only the end is worth it */
	speak(1);
	kit_wait(30);
	assert_true(a->nacked_count <= 4 + 16);
}

/* ---- again ---- */

static uint16_t miss(uint8_t number)
{
	kit_forget(b);
	b->deaf = true;
	speak(number);
	b->deaf = false;
	speak((uint8_t)(number + 1));
	return (uint16_t)(kit_next(b, 0, false)->rtp.seq - 1);
}

static void test_voice_is_sent_again(void **state)
{
	(void)state;
	join();
	speak(1);
	expect(1, 0);
	uint16_t seq = miss(2);
	kit_wait(20);
	kit_nack(b, 0, &seq, 1);
	kit_flush();
	const struct kit_got *got = kit_next(b, 0, false);
	assert_non_null(got);
	assert_int_equal(got->rtp.seq, seq);
	assert_int_equal(got->rtp.payload[1], 2);
	report(26, 0, 0);
	uint16_t second = miss(4); /* was sent with those before it, and comes so again */
	kit_wait(20);
	kit_nack(b, 0, &second, 1);
	kit_flush();
	expect(4, 3);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_out, 2);
}

/* What was never received may be asked for twice, in time; the rest is refused. */
static void test_voice_is_not_sent_for_ever(void **state)
{
	(void)state;
	join();
	speak(1);
	kit_forget(b);
	uint16_t seq = miss(2);
	b->deaf = true;
	for (int i = 0; i < 30; i++) {
		kit_wait(20);
		kit_nack(b, 0, &seq, 1);
		speak(9);
	}
	assert_int_equal(sfu_stats(kit.sfu)->rtx_out, 2);
	uint16_t old = (uint16_t)(seq - 1), ahead = (uint16_t)(seq + 200);
	for (int i = 0; i < 70; i++)
		speak(9);
	kit_nack(b, 0, &old, 1);
	kit_nack(b, 0, &ahead, 1);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_out, 2);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_refused, 30);
}

/* What somebody else said in this slot is not sent again under a number of the new one's. */
static void test_not_from_before_a_switch(void **state)
{
	(void)state;
	join();
	uint16_t seq = miss(1);
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, a->number), AT_OK);
	struct sfu_params params = kit_params(false, 1, 0, 0);
	a = kit_join(&params);
	kit_wait(10);
	speak(50);
	kit_wait(20);
	kit_nack(b, 0, &seq, 1);
	assert_int_equal(sfu_stats(kit.sfu)->rtx_out, 0);
}

static void test_asking_says_that_something_was_lost(void **state)
{
	(void)state;
	join();
	speak(1);
	speak(2);
	for (uint8_t i = 3; i < 9; i = (uint8_t)(i + 2)) {
		uint16_t seq = miss(i);
		kit_wait(20);
		kit_nack(b, 0, &seq, 1);
		kit_flush();
	}
	assert_int_equal(kit_stats(b).voice.hears_depth, 2);
}

/* ---- a line that is full ---- */

/* By a report of what was sent to b so long ago. */
static void report_after(uint8_t lost_256, int64_t ms)
{
	size_t before = b->srs;
	speak(1);
	kit_sr(a, 0, kit.now_us, a->streams[0].timestamp);
	while (b->srs == before) {
		speak(1);
		kit_wait(20);
	}
	kit_wait(ms);
	report(lost_256, rtp_ntp_middle(b->sr[0].ntp), 0);
}

static void test_a_full_line_is_not_made_fuller(void **state)
{
	(void)state;
	join();
	report_after(0, 50);
	uint32_t rtt_us = kit_stats(b).rtt_us;
	assert_true(rtt_us > 40000 && rtt_us < 80000);
	report_after(26, 50);
	assert_int_equal(kit_stats(b).voice.hears_depth, 3);
	for (int i = 0; i < 6; i++)
		report_after(26, 800);
	assert_int_equal(kit_stats(b).voice.hears_depth, 0);
	report_after(26, 800); /* and not at once again */
	assert_int_equal(kit_stats(b).voice.hears_depth, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_depth_follows_loss),
		TEST(test_a_publisher_without_it),
		TEST(test_a_subscriber_without_it),
		TEST(test_a_pause_is_none),
		TEST(test_large_frames_leave_no_room),
		TEST(test_nothing_of_what_was_said_while_muted),
		TEST(test_what_was_lost_comes_out_of_red),
		TEST(test_a_late_original_is_too_late),
		TEST(test_red_that_lies_about_time),
		TEST(test_publishers_are_asked),
		TEST(test_voice_is_sent_again),
		TEST(test_voice_is_not_sent_for_ever),
		TEST(test_not_from_before_a_switch),
		TEST(test_asking_says_that_something_was_lost),
		TEST(test_a_full_line_is_not_made_fuller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
