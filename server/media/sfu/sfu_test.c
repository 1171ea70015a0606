/* One publisher and its subscribers: what comes through, in which order, under whose name. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

static void test_audio_and_video_come_through(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_audio(a, 30);
	const struct kit_got *got;
	for (unsigned i = 0; i < 3; i++) {
		got = kit_next(b, 1, false);
		assert_non_null(got);
		assert_int_equal(got->rtp.csrc_count, 1);
		assert_int_equal(rtp_csrc(&got->rtp, 0), a->number);
		assert_int_equal(got->rtp.marker, i == 2);
		assert_int_equal(got->vp8.is_keyframe, i == 0);
		assert_int_equal(got->rtp.payload[21], i);
		assert_string_equal(got->exts.mid, b->params.recv[1].mid);
		assert_true(rtp_exts_have(&got->exts, RTP_EXT_TRANSPORT_CC));
	}
	assert_null(kit_next(b, 1, false));
	b->read = 0;
	got = kit_next(b, 0, false);
	assert_non_null(got);
	assert_int_equal(got->rtp.payload_len, 80);
	assert_int_equal(got->exts.level, 30);
	assert_int_equal(kit.strays, 0);
}

static void test_no_picture_before_the_first_view(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_key(a, 1);
	kit_frames(a, 1, 5);
	assert_int_equal(kit_count(b, 1, false), 0);
	kit_audio(a, 30);
	assert_int_equal(kit_count(b, 0, false), 1);
	kit_view(b, a, SFU_CAMERA, 360); /* from the last key frame, so that nobody need be asked */
	assert_int_equal(kit_count(b, 1, false), 3 + 5 * 2);
	assert_int_equal(a->plis[1], 0);
	struct kit_got first = *kit_next(b, 1, false);
	assert_true(first.vp8.is_keyframe);
}

static void test_numbers_begin_low_and_have_no_gaps(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_frames(a, 1, 20);
	const struct kit_got *got = kit_next(b, 1, false);
	uint16_t seq = got->rtp.seq, picture_id = got->vp8.picture_id;
	assert_true(seq < 1 << 14);
	uint32_t timestamp = got->rtp.timestamp;
	while ((got = kit_next(b, 1, false))) {
		assert_int_equal(got->rtp.seq, (uint16_t)(seq + 1));
		assert_in_range(got->rtp.timestamp - timestamp, 0, 33 * 90);
		if (got->vp8.starts_frame)
			assert_int_equal(got->vp8.picture_id, (picture_id + 1) & VP8_PICTURE_ID_MASK);
		seq = got->rtp.seq;
		picture_id = got->vp8.picture_id;
		timestamp = got->rtp.timestamp;
	}
	assert_int_equal(kit_count(b, 1, false), 43);
}

static void test_what_a_publisher_drops_leaves_no_gap(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	for (int i = 0; i < 10; i++) {
		kit_padding(a, 1, false);
		kit_padding(a, 1, true);
		kit_frames(a, 1, 1);
	}
	const struct kit_got *got = kit_next(b, 1, false);
	for (uint16_t seq = got->rtp.seq; (got = kit_next(b, 1, false)); seq++)
		assert_int_equal(got->rtp.seq, (uint16_t)(seq + 1));
	assert_int_equal(kit_drops(SFU_DROP_PADDING), 20);
	assert_int_equal(a->nacks[1], 0);
}

/* A probe on the media's own numbers that comes late cannot be left out any more: it goes through empty, so that nobody waits. */
static void test_a_late_probe_leaves_no_gap_either(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	uint32_t probe = a->streams[1].seq++, next;
	kit_frames(a, 1, 1);
	next = a->streams[1].seq;
	a->streams[1].seq = probe;
	kit_padding(a, 1, false);
	a->streams[1].seq = next;
	kit_frames(a, 1, 1);
	uint16_t seqs[16];
	size_t n = 0, empty = 0;
	for (const struct kit_got *got; (got = kit_next(b, 1, false)); empty += !got->rtp.payload_len)
		seqs[n++] = got->rtp.seq;
	assert_int_equal(n, 3 + 2 + 1 + 2);
	assert_int_equal(empty, 1);
	assert_int_equal((uint16_t)(seqs[5] - seqs[2]), 1);
	assert_int_equal((uint16_t)(seqs[n - 1] - seqs[0]), n - 1);
	assert_int_equal(a->nacks[1], 1); /* asked for once, after 10 ms */
}

static void test_muted_is_enforced(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_audio(a, 30);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, true, true, false), AT_OK);
	for (int i = 0; i < 50; i++)
		kit_audio(a, 30);
	assert_int_equal(kit_count(b, 0, false), 1);
	assert_int_equal(kit_drops(SFU_DROP_MUTED), 50);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, a->number, false, true, false), AT_OK);
	kit_audio(a, 30);
	assert_int_equal(kit_count(b, 0, false), 2);
	uint16_t first = kit_next(b, 0, false)->rtp.seq;
	assert_int_equal(kit_next(b, 0, false)->rtp.seq, (uint16_t)(first + 1));
}

static void test_nobody_gets_what_is_its_own(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 2, 2, 1);
	struct kit_peer *a = kit_join(&params);
	kit_view(a, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_audio(a, 10);
	kit_wait(100);
	for (unsigned slot = 0; slot < 5; slot++)
		assert_int_equal(kit_count(a, slot, false), 0);
}

static void test_feedback_to_the_publisher(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params);
	kit_key(a, 1);
	kit_frames(a, 1, 60); /* 2.1 s */
	assert_in_range(a->twccs, 30, 45);
	assert_in_range(a->rrs, 2, 4);
	assert_int_equal(a->rembs, 0);
	params.video.ext_twcc = 0;
	struct kit_peer *b = kit_join(&params);
	kit_key(b, 1);
	kit_frames(b, 1, 60);
	assert_int_equal(b->twccs, 0);
	assert_in_range(b->rembs, 3, 5);
}

static void test_rooms_are_apart(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params);
	struct at_id first = kit.room, other = {{9}};
	assert_int_equal(sfu_room_open(kit.sfu, kit.now_us, &other), AT_OK);
	kit.room = other;
	struct kit_peer *b = kit_join(&params);
	struct sfu_view view = {a->number, SFU_CAMERA, 360};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &other, b->number, &view, 1), AT_OK);
	kit_key(a, 1);
	kit_audio(a, 10);
	assert_int_equal(b->got_count, 0);
	assert_int_equal(sfu_rooms(kit.sfu), 2);
	assert_int_equal(sfu_room_close(kit.sfu, &first), AT_OK);
	assert_int_equal(sfu_room_close(kit.sfu, &first), AT_ERR_NOT_FOUND);
	kit_audio(a, 10);
	assert_int_equal(kit_drops(SFU_DROP_STRANGER), 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_audio_and_video_come_through),
		TEST(test_no_picture_before_the_first_view),
		TEST(test_numbers_begin_low_and_have_no_gaps),
		TEST(test_what_a_publisher_drops_leaves_no_gap),
		TEST(test_a_late_probe_leaves_no_gap_either),
		TEST(test_muted_is_enforced),
		TEST(test_nobody_gets_what_is_its_own),
		TEST(test_feedback_to_the_publisher),
		TEST(test_rooms_are_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
