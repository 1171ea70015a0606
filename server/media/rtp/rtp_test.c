/* Packets: what a datagram is, headers, padding, retransmission. */
#include "base/test.h"
#include "media/rtp/rtp.h"
#include "media/rtp/rtp_testkit.h"

/* Opus with marker, two CSRCs, a one-byte extension block (level 1, mid 4) and three bytes of padding. */
static const uint8_t sample[] = {
	0xb2, 0xef, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef, /* head */
	0x00, 0x00, 0x00, 0x07, 0x80, 0x00, 0x00, 0x09,                         /* CSRCs */
	0xbe, 0xde, 0x00, 0x01, 0x10, 0x9e, 0x40, '0',                          /* extensions */
	0x78, 0x01, 0x02, 0x00, 0x00, 0x03,                                     /* payload, padding */
};

static void a_whole_packet(void **state)
{
	(void)state;
	struct rtp_packet packet;
	uint8_t *data = exact_of(sample, sizeof(sample));
	assert_int_equal(rtp_parse(data, sizeof(sample), &packet), AT_OK);
	assert_int_equal(packet.payload_type, 111);
	assert_true(packet.marker && packet.has_padding && !packet.is_padding_only);
	assert_int_equal(packet.seq, 0x1234);
	assert_int_equal(packet.timestamp, 0x01020304);
	assert_int_equal(packet.ssrc, 0xdeadbeef);
	assert_int_equal(packet.csrc_count, 2);
	assert_int_equal(rtp_csrc(&packet, 0), 7);
	assert_int_equal(rtp_csrc(&packet, 1), 0x80000009);
	assert_int_equal(packet.ext_profile, 0xbede);
	assert_ptr_equal(packet.ext, data + 24);
	assert_int_equal(packet.ext_len, 4);
	assert_ptr_equal(packet.payload, data + 28);
	assert_int_equal(packet.payload_len, 3);
	assert_int_equal(packet.padding_len, 3);
	free(data);
}

/* What SRTP leaves readable, and then the rest. */
static void in_two_steps(void **state)
{
	(void)state;
	struct rtp_packet packet;
	uint8_t sealed[sizeof(sample) + 16];
	memcpy(sealed, sample, sizeof(sample));
	memset(sealed + 28, 0xff, sizeof(sealed) - 28);
	assert_int_equal(rtp_parse_header(sealed, sizeof(sealed), &packet), AT_OK);
	assert_int_equal(packet.payload_len, 6 + 16);
	assert_int_equal(packet.padding_len, 0);
	memcpy(sealed, sample, sizeof(sample));
	packet.payload_len -= 16;
	packet.len -= 16;
	assert_int_equal(rtp_cut_padding(&packet), AT_OK);
	assert_int_equal(packet.payload_len, 3);
	assert_int_equal(rtp_cut_padding(&packet), AT_OK); /* not twice */
	assert_int_equal(packet.payload_len, 3);
}

static void probes_are_padding_only(void **state)
{
	(void)state;
	struct rtp_packet packet;
	uint8_t probe[12 + 255] = {0xa0, 97, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, [12 + 254] = 255};
	assert_int_equal(rtp_parse(probe, sizeof(probe), &packet), AT_OK);
	assert_true(packet.is_padding_only);
	assert_int_equal(packet.payload_len, 0);
	assert_int_equal(packet.padding_len, 255);
	assert_int_equal(rtp_rtx_unwrap(&packet, 96, 9), AT_ERR_BAD_REQUEST);
	/* Empty, but no padding: no probe. */
	probe[0] = 0x80;
	assert_int_equal(rtp_parse(probe, 12, &packet), AT_OK);
	assert_false(packet.is_padding_only);
}

static void every_cut_stays_inside(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(sample); len++) {
		struct rtp_packet packet;
		uint8_t *data = exact_of(sample, len);
		enum at_err err = rtp_parse_header(data, len, &packet);
		assert_int_equal(err, len < 28 ? AT_ERR_BAD_REQUEST : AT_OK);
		if (!err)
			assert_int_equal(packet.payload_len, len - 28);
		/* The last byte is then another one, 0x78 to 0. */
		if (len == 28 || len == 29 || len == 32 || len == 33)
			assert_int_equal(rtp_parse(data, len, &packet), AT_ERR_BAD_REQUEST);
		free(data);
	}
}

struct shape {
	const char *what;
	size_t len;
	uint8_t data[24];
};

static const struct shape bad_shapes[] = {
	{"nothing", 0, {0}},
	{"version 1", 12, {0x40}},
	{"version 3", 12, {0xc0}},
	{"15 CSRCs in 12 bytes", 12, {0x8f}},
	{"a CSRC of 3 bytes", 15, {0x81}},
	{"extension without a head", 12, {0x90}},
	{"half an extension head", 14, {0x90, [12] = 0xbe, 0xde}},
	{"extension of 65535 words", 16, {0x90, [12] = 0xbe, 0xde, 0xff, 0xff}},
	{"extension one word too long", 20, {0x90, [12] = 0xbe, 0xde, 0, 2}},
	{"CSRCs up to the end, then an extension", 16, {0x91}},
	{"padding of no byte", 12, {0xa0}},
	{"padding of 0", 16, {0xa0}},
	{"padding into the header", 16, {0xa0, [15] = 5}},
	{"padding into the extension", 20, {0xb0, [12] = 0xbe, 0xde, 0, 0, [19] = 5}},
};

static void hostile_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_shapes) / sizeof(*bad_shapes); i++) {
		struct rtp_packet packet;
		uint8_t *data = exact_of(bad_shapes[i].data, bad_shapes[i].len);
		if (rtp_parse(data, bad_shapes[i].len, &packet) != AT_ERR_BAD_REQUEST)
			fail_msg("taken: %s", bad_shapes[i].what);
		free(data);
	}
}

static void kinds(void **state)
{
	(void)state;
	static const uint8_t opening[][2] = {{0, 1}, {22, 254}, {0x80, 111}, {0x81, 200}, {0x90, 0xef}};
	static const enum rtp_kind expected[] = {RTP_KIND_STUN, RTP_KIND_DTLS, RTP_KIND_RTP, RTP_KIND_RTCP,
						 RTP_KIND_RTP};
	static const size_t least[] = {20, 13, 12, 8, 12};
	for (size_t i = 0; i < 5; i++) {
		uint8_t data[20] = {opening[i][0], opening[i][1]};
		assert_int_equal(rtp_kind(data, least[i]), expected[i]);
		assert_int_equal(rtp_kind(data, least[i] - 1), RTP_KIND_NONE);
	}
	/* RFC 7983 section 7, whole. */
	for (unsigned first = 0; first < 256; first++) {
		uint8_t data[20] = {(uint8_t)first, 100};
		enum rtp_kind kind = first <= 3                     ? RTP_KIND_STUN
				     : first >= 20 && first <= 63   ? RTP_KIND_DTLS
				     : first >= 128 && first <= 191 ? RTP_KIND_RTP
								    : RTP_KIND_NONE;
		assert_int_equal(rtp_kind(data, sizeof(data)), kind);
	}
	/* RFC 5761 section 4: 192 to 223 with the marker bit, so payload types 64 to 95. */
	for (unsigned second = 0; second < 256; second++) {
		uint8_t data[20] = {0x80, (uint8_t)second};
		bool is_control = second >= 192 && second <= 223;
		assert_int_equal(rtp_kind(data, sizeof(data)), is_control ? RTP_KIND_RTCP : RTP_KIND_RTP);
	}
	assert_int_equal(rtp_kind(NULL, 0), RTP_KIND_NONE);
}

static void retransmission_there_and_back(void **state)
{
	(void)state;
	static const uint8_t media[] = {0x10, 0x02, 0x03};
	struct rtp_header header = {.payload_type = 97, .marker = true, .seq = 7, .timestamp = 90000, .ssrc = 5};
	uint8_t data[RTP_HEADER_MAX + RTP_RTX_LEN + sizeof(media)];
	size_t len = rtp_rtx_put(&header, 0xfffe, data);
	struct rtp_packet packet;
	memcpy(data + len, media, sizeof(media));
	assert_int_equal(rtp_parse(data, len + sizeof(media), &packet), AT_OK);
	assert_int_equal(packet.seq, 7);
	assert_int_equal(packet.payload_len, 2 + sizeof(media));
	assert_int_equal(rtp_rtx_unwrap(&packet, 96, 4), AT_OK);
	assert_int_equal(packet.seq, 0xfffe);
	assert_int_equal(packet.payload_type, 96);
	assert_int_equal(packet.ssrc, 4);
	assert_true(packet.marker && packet.timestamp == 90000);
	assert_int_equal(packet.payload_len, sizeof(media));
	assert_memory_equal(packet.payload, media, sizeof(media));
	assert_int_equal(rtp_parse(data, len - 1, &packet), AT_OK);
	assert_int_equal(rtp_rtx_unwrap(&packet, 96, 4), AT_ERR_BAD_REQUEST); /* half a number */
}

static void random_packets_come_back(void **state)
{
	(void)state;
	struct seeded seeded = seeded_of(4);
	for (int round = 0; round < 20000; round++) {
		uint32_t csrcs[RTP_CSRCS_MAX];
		struct rtp_header header = {
			.payload_type = (uint8_t)seeded_below(&seeded, 128),
			.marker = seeded_below(&seeded, 2),
			.seq = (uint16_t)seeded_u32(&seeded),
			.timestamp = seeded_u32(&seeded),
			.ssrc = seeded_u32(&seeded),
			.csrcs = csrcs,
			.csrc_count = (uint8_t)seeded_below(&seeded, RTP_CSRCS_MAX + 1),
		};
		for (size_t i = 0; i < header.csrc_count; i++)
			csrcs[i] = seeded_u32(&seeded);
		size_t payload_len = seeded_below(&seeded, 8);
		size_t padding_len = seeded_below(&seeded, 2) * (1 + seeded_below(&seeded, RTP_PADDING_MAX));
		header.has_padding = padding_len > 0;
		uint8_t out[RTP_HEADER_MAX + 8 + RTP_PADDING_MAX];
		size_t at = rtp_header_put(&header, out);
		assert_int_equal(at, 12 + 4 * header.csrc_count);
		memset(out + at, 0x55, payload_len);
		if (padding_len)
			rtp_padding_put(out + at + payload_len, padding_len);
		size_t len = at + payload_len + padding_len;
		uint8_t *data = exact_of(out, len);
		struct rtp_packet packet;
		assert_int_equal(rtp_parse(data, len, &packet), AT_OK);
		assert_int_equal(packet.payload_type, header.payload_type);
		assert_int_equal(packet.marker, header.marker);
		assert_int_equal(packet.seq, header.seq);
		assert_int_equal(packet.timestamp, header.timestamp);
		assert_int_equal(packet.ssrc, header.ssrc);
		assert_int_equal(packet.csrc_count, header.csrc_count);
		for (size_t i = 0; i < header.csrc_count; i++)
			assert_int_equal(rtp_csrc(&packet, i), csrcs[i]);
		assert_null(packet.ext);
		assert_int_equal(packet.payload_len, payload_len);
		assert_int_equal(packet.padding_len, padding_len);
		assert_int_equal(packet.is_padding_only, !payload_len && padding_len);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(a_whole_packet),
		AT_TEST(in_two_steps),
		AT_TEST(probes_are_padding_only),
		AT_TEST(every_cut_stays_inside),
		AT_TEST(hostile_shapes),
		AT_TEST(kinds),
		AT_TEST(retransmission_there_and_back),
		AT_TEST(random_packets_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
