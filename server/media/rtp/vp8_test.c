/* VP8 descriptors and key frames. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

#define KEYFRAME(w, h) 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, (w)&0xff, (w) >> 8, (h)&0xff, (h) >> 8

static enum at_err parse_exact(const uint8_t *bytes, size_t len, struct vp8_packet *packet_out)
{
	uint8_t *data = exact_of(bytes, len);
	enum at_err err = vp8_parse(data, len, packet_out);
	free(data);
	return err;
}

/* As Chromium sends it: 15 bits of picture id, tl0picidx, tid and keyidx. */
static void the_first_packet_of_a_key_frame(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x90, 0xf0, 0x92, 0x34, 0x56, 0xa3, KEYFRAME(1280, 720), 0x00};
	struct vp8_packet packet;
	assert_int_equal(parse_exact(bytes, sizeof(bytes), &packet), AT_OK);
	assert_int_equal(packet.len, 6);
	assert_true(packet.starts_partition && packet.starts_frame && packet.is_keyframe && !packet.is_non_reference);
	assert_true(packet.has_picture_id && packet.is_picture_id_long && packet.picture_id == 0x1234);
	assert_true(packet.has_tl0picidx && packet.tl0picidx == 0x56);
	assert_true(packet.has_tid && packet.tid == 2 && packet.is_layer_sync);
	assert_true(packet.has_keyidx && packet.keyidx == 3);
	assert_int_equal(packet.width, 1280);
	assert_int_equal(packet.height, 720);
}

static void scaling_is_no_size(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x10, KEYFRAME(0x4000 | 320, 0xc000 | 180)};
	struct vp8_packet packet;
	assert_int_equal(parse_exact(bytes, sizeof(bytes), &packet), AT_OK);
	assert_true(packet.is_keyframe && packet.width == 320 && packet.height == 180);
}

struct frame {
	const char *what;
	size_t len;
	uint8_t bytes[16];
};

static const struct frame no_keyframes[] = {
	{"a delta frame", 11, {0x10, 0x11, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0, 0, 0, 0}},
	{"a later packet of the first partition", 11, {0x00, KEYFRAME(8, 8)}},
	{"the second partition", 11, {0x11, KEYFRAME(8, 8)}},
	{"no start code", 11, {0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2b, 8, 0, 8, 0}},
	{"too short for one", 10, {0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 8, 0, 8}},
	{"one byte", 2, {0x10, 0x10}},
};

static void what_is_no_key_frame(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(no_keyframes) / sizeof(*no_keyframes); i++) {
		struct vp8_packet packet;
		assert_int_equal(parse_exact(no_keyframes[i].bytes, no_keyframes[i].len, &packet), AT_OK);
		if (packet.is_keyframe || packet.width || packet.height)
			fail_msg("a key frame: %s", no_keyframes[i].what);
	}
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0x90, 0xf0, 0x92, 0x34, 0x56, 0xa3, 0x11};
	static const uint8_t short_id[] = {0x80, 0x80, 0x12, 0x11};
	struct vp8_packet packet;
	for (size_t len = 0; len < sizeof(bytes); len++)
		assert_int_equal(parse_exact(bytes, len, &packet), AT_ERR_BAD_REQUEST);
	for (size_t len = 0; len < sizeof(short_id); len++)
		assert_int_equal(parse_exact(short_id, len, &packet), AT_ERR_BAD_REQUEST);
	assert_int_equal(parse_exact(bytes, sizeof(bytes), &packet), AT_OK);
	assert_int_equal(parse_exact(short_id, sizeof(short_id), &packet), AT_OK);
	assert_true(packet.picture_id == 0x12 && !packet.is_picture_id_long && packet.len == 3);
}

static void a_rewritten_id_has_15_bits(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {0xb0, 0xb0, 0x7f, 0xe7, 0x11};
	static const uint8_t expected[] = {0xb0, 0xb0, 0xff, 0xff, 0xe7};
	uint8_t out[VP8_DESCRIPTOR_MAX];
	struct vp8_packet packet;
	assert_int_equal(parse_exact(bytes, sizeof(bytes), &packet), AT_OK);
	assert_int_equal(vp8_descriptor_len(&packet), packet.len + 1U);
	packet.picture_id = 0xffff; /* the top bit is not part of it */
	assert_int_equal(vp8_descriptor_put(&packet, out), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
}

static void random_descriptors_come_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(7741);
	for (int round = 0; round < 20000; round++) {
		struct vp8_packet in = {
			.is_non_reference = seeded_below(&seeded, 2),
			.starts_partition = seeded_below(&seeded, 2),
			.partition = (uint8_t)seeded_below(&seeded, 8),
			.has_picture_id = seeded_below(&seeded, 2),
			.has_tl0picidx = seeded_below(&seeded, 2),
			.has_tid = seeded_below(&seeded, 2),
			.has_keyidx = seeded_below(&seeded, 2),
		};
		if (in.has_picture_id)
			in.picture_id = (uint16_t)seeded_below(&seeded, 0x8000);
		in.is_picture_id_long = in.has_picture_id;
		if (in.has_tl0picidx)
			in.tl0picidx = (uint8_t)seeded_u32(&seeded);
		if (in.has_tid)
			in.tid = (uint8_t)seeded_below(&seeded, 4);
		in.is_layer_sync = in.has_tid && seeded_below(&seeded, 2);
		if (in.has_keyidx)
			in.keyidx = (uint8_t)seeded_below(&seeded, 32);
		in.starts_frame = in.starts_partition && !in.partition;
		uint8_t bytes[VP8_DESCRIPTOR_MAX + 1];
		size_t len = vp8_descriptor_put(&in, bytes);
		in.len = (uint8_t)len;
		assert_int_equal(len, vp8_descriptor_len(&in));
		bytes[len] = 0x11;
		struct vp8_packet back;
		memset(&back, 0, sizeof(back));
		assert_int_equal(parse_exact(bytes, len + 1, &back), AT_OK);
		assert_int_equal(back.len, in.len);
		assert_int_equal(back.is_non_reference, in.is_non_reference);
		assert_int_equal(back.starts_partition, in.starts_partition);
		assert_int_equal(back.partition, in.partition);
		assert_int_equal(back.has_picture_id, in.has_picture_id);
		assert_int_equal(back.is_picture_id_long, in.is_picture_id_long);
		assert_int_equal(back.picture_id, in.picture_id);
		assert_int_equal(back.has_tl0picidx, in.has_tl0picidx);
		assert_int_equal(back.tl0picidx, in.tl0picidx);
		assert_int_equal(back.has_tid, in.has_tid);
		assert_int_equal(back.tid, in.tid);
		assert_int_equal(back.is_layer_sync, in.is_layer_sync);
		assert_int_equal(back.has_keyidx, in.has_keyidx);
		assert_int_equal(back.keyidx, in.keyidx);
		assert_int_equal(back.starts_frame, in.starts_frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(the_first_packet_of_a_key_frame),
		AT_TEST(scaling_is_no_size),
		AT_TEST(what_is_no_key_frame),
		AT_TEST(every_cut_is_refused),
		AT_TEST(a_rewritten_id_has_15_bits),
		AT_TEST(random_descriptors_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
