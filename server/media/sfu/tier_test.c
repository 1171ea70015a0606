/* VP8's temporal layers: what a slot leaves out shows nowhere, and what it takes up again could be decoded. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

enum { L = 1, VIDEO = 1 };

static struct kit_peer *a, *b;
static struct sfu_slot *slot;

/* libwebrtc's pattern of three. */
static const struct {
	uint8_t tid;
	bool is_sync;
} pattern[] = {{0, false}, {2, true}, {1, true}, {2, false}, {0, false}, {2, false}, {1, false}, {2, false}};

static unsigned at;

static void frame(struct kit_frame f)
{
	f.tid = pattern[at % 8].tid;
	f.is_sync = pattern[at % 8].is_sync;
	f.packets = f.packets ? f.packets : 2;
	at = f.is_key ? 0 : at;
	if (f.is_key)
		f.tid = 0;
	kit_video(a, L, &f);
	kit_flush();
	kit.now_us += 33 * 1000;
	at++;
}

static void frames(unsigned count)
{
	while (count--)
		frame((struct kit_frame){.packets = 2});
}

static void frame_of(uint8_t tid, bool is_sync)
{
	kit_video(a, L, &(struct kit_frame){.tid = tid, .is_sync = is_sync});
	kit_flush();
}

/* As the allocator would have it; no tick comes that could change it. */
static void aim(uint8_t tier)
{
	slot_aim(slot, 0, tier, false, kit.now_us);
}

static void start(void)
{
	struct sfu_params params = kit_params(true, 1, 1, 0);
	a = kit_join(&params);
	b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 180);
	slot = &sfu_find_peer(sfu_find_room(kit.sfu, &kit.room), b->number)->slots[VIDEO];
	assert_ptr_equal(slot->source,
			 &sfu_find_peer(sfu_find_room(kit.sfu, &kit.room), a->number)->sources[SFU_CAMERA]);
	aim(TIER_ALL);
	frame((struct kit_frame){.is_key = true});
	frames(7);
	assert_int_equal(kit_count(b, VIDEO, false), 16);
}

/* What came since the last look, by temporal layer: "0212". */
static const char *tiers_seen(void)
{
	static char seen[256];
	size_t n = 0;
	for (const struct kit_got *got; (got = kit_next(b, VIDEO, false)) && n + 1 < sizeof(seen);)
		if (got->rtp.is_padding_only)
			seen[n++] = 'p';
		else if (got->vp8.starts_frame)
			seen[n++] = (char)('0' + got->vp8.tid);
	seen[n] = '\0';
	return seen;
}

static void test_what_is_left_out_shows_nowhere(void **state)
{
	(void)state;
	start();
	assert_string_equal(tiers_seen(), "02120212");
	aim(1);
	frames(8);
	assert_string_equal(tiers_seen(), "0101");
	aim(0);
	frames(16);
	assert_string_equal(tiers_seen(), "0000");
	assert_int_equal(kit_stats(b).slots[VIDEO].tier, 0);
	assert_int_equal(kit_watch(b, VIDEO, 0), 16);
}

static void test_up_one_by_one_where_nothing_else_is_needed(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(4); /* in the midst of the pattern */
	(void)tiers_seen();
	aim(TIER_ALL);
	frames(4);
	assert_string_equal(tiers_seen(), "0"); /* the second half refers to the first */
	frames(8);
	assert_string_equal(tiers_seen(), "0101");
	frames(8);
	assert_string_equal(tiers_seen(), "02120212");
	kit_watch(b, VIDEO, 0);
}

static void test_a_key_frame_brings_all(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(4);
	aim(TIER_ALL);
	(void)tiers_seen();
	frames(3);
	assert_string_equal(tiers_seen(), "0");
	frame((struct kit_frame){.is_key = true});
	frames(3);
	assert_string_equal(tiers_seen(), "0212");
	kit_watch(b, VIDEO, 0);
}

static void test_what_comes_late_keeps_its_number(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(1); /* 0 */
	frames(3); /* 2 1 2 */
	(void)tiers_seen();
	frame((struct kit_frame){.delay = 2}); /* 0, its second packet */
	frames(3);
	frames(1); /* 0 */
	kit_arrive();
	kit_flush();
	assert_string_equal(tiers_seen(), "00");
	/* the numbers, in the order of sending */
	uint16_t last = (uint16_t)slot->max_out;
	const struct kit_got *got = b->got[b->got_count - 1];
	assert_int_equal(got->rtp.seq, (uint16_t)(last - 2)); /* before both packets of the newest */
	assert_false(got->vp8.starts_frame);
}

static void test_what_comes_late_and_is_left_out_leaves_padding(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(8);
	(void)tiers_seen();
	frames(1);                             /* 0 */
	frame((struct kit_frame){.delay = 1}); /* 2: nobody knows yet that the first is of it */
	frames(6);
	assert_string_equal(tiers_seen(), "00");
	assert_int_equal((uint16_t)slot->max_out, b->got[b->got_count - 1]->rtp.seq);
	uint16_t newest = b->got[b->got_count - 1]->rtp.seq;
	kit_arrive();
	kit_flush();
	assert_string_equal(tiers_seen(), "p");
	assert_int_equal(b->got[b->got_count - 1]->rtp.seq, (uint16_t)(newest - 2)); /* the gap before the last frame */
	/* nothing is there to repeat */
	uint16_t seq = (uint16_t)(newest - 2);
	kit_nack(b, VIDEO, &seq, 1);
	assert_int_equal(kit_count(b, VIDEO, true), 0);
}

/* Found by the simulator: the newest that was sent is padding, and what is missing before it comes only then. */
static void test_a_place_counts_its_picture(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(8);
	frame((struct kit_frame){.packets = 1, .lose = 1}); /* 0 */
	uint16_t seq = (uint16_t)(a->streams[L].seq - 1), picture_id = a->streams[L].picture_id;
	uint32_t timestamp = a->streams[L].timestamp;
	frame((struct kit_frame){.delay = 1}); /* 2 */
	(void)tiers_seen();
	kit_arrive();
	kit_flush();
	assert_string_equal(tiers_seen(), "p");
	kit_repeat(a, L, seq, false, timestamp, picture_id);
	kit_flush();
	const struct kit_got *late = kit_next(b, VIDEO, false);
	assert_non_null(late);
	slot_cut(slot);
	frame((struct kit_frame){.is_key = true});
	const struct kit_got *key = kit_next(b, VIDEO, false);
	assert_true(key->vp8.is_keyframe);
	assert_in_range((key->vp8.picture_id - late->vp8.picture_id) & VP8_PICTURE_ID_MASK, 1, 2);
	assert_true((uint8_t)(key->vp8.tl0picidx - late->vp8.tl0picidx) == 1);
}

static void test_late_across_a_change(void **state)
{
	(void)state;
	start();
	(void)tiers_seen();
	frames(1);
	frame((struct kit_frame){.delay = 2}); /* 2, its second packet: everybody was to have it */
	uint16_t before = (uint16_t)slot->max_out;
	aim(0);
	frames(7); /* from here on only the lowest */
	assert_string_equal(tiers_seen(), "0200");
	kit_arrive();
	kit_flush();
	const struct kit_got *got = b->got[b->got_count - 1];
	assert_int_equal(got->rtp.seq, (uint16_t)(before + 1));
	assert_int_equal(got->vp8.tid, 2);
	assert_int_equal(kit_count(b, VIDEO, false), 16 + 2 + 2 + 4);
	/* but not across two: its number would be another's */
	frame((struct kit_frame){.delay = 2}); /* 0 */
	aim(TIER_ALL);
	frames(24);
	size_t n = kit_count(b, VIDEO, false);
	kit_arrive();
	kit_flush();
	assert_int_equal(kit_count(b, VIDEO, false), n);
}

static void test_retransmission_knows_both_numbers(void **state)
{
	(void)state;
	start();
	aim(0);
	frames(16);
	aim(TIER_ALL);
	frames(24);
	size_t n = 0;
	b->read = 0;
	for (const struct kit_got *got; (got = kit_next(b, VIDEO, false));) {
		uint16_t seq = got->rtp.seq;
		size_t count = b->got_count, read = b->read;
		if (rtp_seq_diff((uint16_t)slot->max_out, seq) >= 20)
			continue;
		rtx_refill(slot, 1000 * 1000);
		kit_nack(b, VIDEO, &seq, 1);
		assert_int_equal(b->got_count, count + 1);
		const struct kit_got *again = b->got[count];
		assert_int_equal(again->rtp.payload_len, got->rtp.payload_len + RTP_RTX_LEN);
		assert_memory_equal(again->rtp.payload + RTP_RTX_LEN, got->rtp.payload, got->rtp.payload_len);
		b->read = read;
		n++;
	}
	assert_true(n >= 20);
}

static void test_without_temporal_layers_nothing_is_left_out(void **state)
{
	(void)state;
	start();
	kit_key(a, L);
	(void)tiers_seen();
	aim(0);
	kit_frames(a, L, 10);
	assert_string_equal(tiers_seen(), "0000000000");
	kit_watch(b, VIDEO, 0);
}

/* Four of them: what the topmost refer to is not known, so all of them come with key frames only. */
static void test_more_layers_than_we_know(void **state)
{
	(void)state;
	start();
	aim(0);
	frame_of(3, false);
	frame_of(0, false);
	(void)tiers_seen();
	aim(TIER_ALL);
	frame_of(1, true);
	frame_of(2, true);
	frame_of(3, true);
	frame_of(0, false);
	assert_string_equal(tiers_seen(), "10");
	kit_key(a, L);
	frame_of(3, true);
	assert_string_equal(tiers_seen(), "03");
	kit_watch(b, VIDEO, 0);
}

static void test_numbers_wrap(void **state)
{
	(void)state;
	start();
	struct sfu_layer *layer = &slot->source->layers[0];
	for (int k = 0; k < TIER_ALL; k++) {
		layer->ring->tiers.above[k] = UINT32_MAX - 3;
		layer->ring->tiers.pictures_above[k] = UINT16_MAX - 2;
	}
	aim(0);
	frame((struct kit_frame){.is_key = true});
	kit_pli(b, VIDEO);
	slot_set_source(slot, NULL);
	slot_set_source(slot, layer->source);
	aim(0);
	frame((struct kit_frame){.is_key = true});
	(void)tiers_seen();
	size_t before = b->got_count;
	frames(31);
	assert_string_equal(tiers_seen(), "0000000");
	for (size_t i = before + 1; i < b->got_count; i++) {
		const struct kit_got *last = b->got[i - 1], *got = b->got[i];
		assert_int_equal((uint16_t)(got->rtp.seq - last->rtp.seq), 1);
		assert_int_equal((got->vp8.picture_id - last->vp8.picture_id) & VP8_PICTURE_ID_MASK,
				 got->vp8.starts_frame);
	}
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_left_out_shows_nowhere),
		TEST(test_up_one_by_one_where_nothing_else_is_needed),
		TEST(test_a_key_frame_brings_all),
		TEST(test_what_comes_late_keeps_its_number),
		TEST(test_what_comes_late_and_is_left_out_leaves_padding),
		TEST(test_a_place_counts_its_picture),
		TEST(test_late_across_a_change),
		TEST(test_retransmission_knows_both_numbers),
		TEST(test_without_temporal_layers_nothing_is_left_out),
		TEST(test_more_layers_than_we_know),
		TEST(test_numbers_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
