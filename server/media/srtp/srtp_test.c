/* Against the vectors of the RFCs, and what both ends promise each other: wraps, replays, tampering, bounds. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "media/srtp/srtp_priv.h"

enum { ROOM = 1500 };

static const struct srtp_keys keys = {
	.key = {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f, 0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39},
	.salt = {0x0e, 0xc6, 0x75, 0xad, 0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6},
};
static const enum srtp_suite suites[] = {SRTP_SUITE_GCM, SRTP_SUITE_CM};

struct pair {
	struct srtp_out *out;
	struct srtp_in *in;
};

static struct pair pair_new(enum srtp_suite suite)
{
	return (struct pair){srtp_out_new(suite, &keys), srtp_in_new(suite, &keys)};
}

static void pair_free(struct pair *p)
{
	srtp_out_free(&p->out);
	srtp_in_free(&p->in);
}

static size_t unhex(const char *hex, uint8_t *out)
{
	assert_int_equal(at_unhex(hex, strlen(hex), out), AT_OK);
	return strlen(hex) / 2;
}

static void expect_hex(const uint8_t *data, size_t len, const char *hex)
{
	uint8_t wanted[ROOM];
	assert_int_equal(len, unhex(hex, wanted));
	assert_memory_equal(data, wanted, len);
}

/* A packet of 12 + len bytes whose payload tells which it is. */
static size_t make(uint8_t *packet, uint32_t ssrc, uint64_t index, size_t len)
{
	packet[0] = 0x80;
	packet[1] = 96;
	at_put_u16(packet + 2, (uint16_t)index);
	at_put_u32(packet + 4, 1000);
	at_put_u32(packet + 8, ssrc);
	for (size_t i = 0; i < len; i++)
		packet[12 + i] = (uint8_t)(index + i * 7);
	return 12 + len;
}

static size_t seal(struct pair *p, uint8_t *packet, uint32_t ssrc, uint64_t index)
{
	size_t len = make(packet, ssrc, index, 100);
	assert_int_equal(srtp_seal(p->out, (uint32_t)(index >> 16), packet, 12, len, ROOM, &len), AT_OK);
	return len;
}

/* Sealed, opened, and what came of it; when it opens it is what was sealed. */
static enum at_err pass(struct pair *p, uint32_t ssrc, uint64_t index)
{
	uint8_t packet[ROOM], plain[ROOM];
	uint64_t opened = 0;
	size_t plain_len = make(plain, ssrc, index, 100), len = seal(p, packet, ssrc, index);
	enum at_err err = srtp_open(p->in, packet, len, &len, &opened);
	if (err)
		return err;
	assert_int_equal(len, plain_len);
	assert_memory_equal(packet, plain, len);
	assert_int_equal(opened, index);
	return AT_OK;
}

/* ---- the RFCs' vectors ---- */

/* RFC 3711 appendix B.3. */
static void derivation_vectors(void **state)
{
	(void)state;
	uint8_t out[94];
	srtp_derive(&keys, SRTP_LABEL_KEY, out, 16);
	expect_hex(out, 16, "c61e7a93744f39ee10734afe3ff7a087");
	srtp_derive(&keys, SRTP_LABEL_SALT, out, 14);
	expect_hex(out, 14, "30cbbc08863d8c85d49db34a9ae1");
	srtp_derive(&keys, SRTP_LABEL_AUTH, out, 94);
	expect_hex(out, 94,
		   "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef7227098637"
		   "1c1"
		   "0c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2");
}

/* RFC 3711 appendix B.2. */
static void counter_mode_vector(void **state)
{
	(void)state;
	struct srtp_session_keys session = {0};
	struct srtp_crypt c;
	uint8_t out[48] = {0};
	unhex("2b7e151628aed2a6abf7158809cf4f3c", session.key);
	unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfd", session.salt);
	srtp_crypt_start(&c, SRTP_SUITE_CM, &session, true);
	srtp_crypt_begin(&c, (const uint8_t[]){0, 0, 0, 0}, 0, NULL);
	srtp_crypt_run(&c, out, out, sizeof(out));
	expect_hex(out, sizeof(out),
		   "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0");
	srtp_crypt_release(&c);
}

/* RFC 7714 sections 16 and 17 give session keys, so they take the place of the derived ones. */
static struct pair gcm_pair(void)
{
	struct pair p = pair_new(SRTP_SUITE_GCM);
	struct srtp_session_keys session = {0};
	unhex("000102030405060708090a0b0c0d0e0f", session.key);
	unhex("517569642070726f2071756f", session.salt);
	struct srtp_crypt *all[] = {&p.out->rtp, &p.out->rtcp, &p.in->rtp, &p.in->rtcp};
	for (size_t i = 0; i < 4; i++) {
		srtp_crypt_release(all[i]);
		srtp_crypt_start(all[i], SRTP_SUITE_GCM, &session, i < 2);
	}
	return p;
}

static const char rtp_plain[] =
	"8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e20706172746573207472"
	"6573";
static const char rtp_sealed[] =
	"8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf88"
	"33899d7f27beb16a9152cf765ee4390cce";

static void gcm_rtp_vector(void **state)
{
	(void)state;
	struct pair p = gcm_pair();
	uint8_t packet[ROOM];
	size_t len = unhex(rtp_plain, packet);
	assert_int_equal(srtp_seal(p.out, 0, packet, 12, len, sizeof(packet), &len), AT_OK);
	expect_hex(packet, len, rtp_sealed);
	assert_int_equal(srtp_open(p.in, packet, len, &len, NULL), AT_OK);
	expect_hex(packet, len, rtp_plain);
	pair_free(&p);
}

static const char rtcp_plain[] =
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbe"
	"efdeadbeef";
static const char rtcp_sealed[] = "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce0"
				  "9b4686303ded0bb9275bc84aa45896"
				  "cf4d2fc5abf87245d9eade800005d4";

static void gcm_rtcp_vector(void **state)
{
	(void)state;
	struct pair p = gcm_pair();
	uint8_t packet[ROOM];
	size_t len = unhex(rtcp_plain, packet);
	p.out->rtcp_index = 0x5d4;
	assert_int_equal(srtcp_seal(p.out, packet, len, sizeof(packet), &len), AT_OK);
	expect_hex(packet, len, rtcp_sealed);
	assert_int_equal(srtcp_open(p.in, packet, len, &len), AT_OK);
	expect_hex(packet, len, rtcp_plain);
	pair_free(&p);
}

static void export_is_cut(void **state)
{
	(void)state;
	uint8_t material[SRTP_EXPORT_MAX];
	struct srtp_keys client, server;
	for (size_t i = 0; i < sizeof(material); i++)
		material[i] = (uint8_t)i;
	assert_int_equal(srtp_export_len(SRTP_SUITE_GCM), 56);
	srtp_export_cut(SRTP_SUITE_GCM, material, &client, &server);
	assert_int_equal(client.key[0], 0);
	assert_int_equal(server.key[0], 16);
	assert_int_equal(client.salt[0], 32);
	assert_int_equal(client.salt[12], 0);
	assert_int_equal(server.salt[0], 44);
	assert_int_equal(srtp_export_len(SRTP_SUITE_CM), 60);
	srtp_export_cut(SRTP_SUITE_CM, material, &client, &server);
	assert_int_equal(server.salt[0], 46);
	assert_int_equal(server.salt[13], 59);
}

/* ---- order, loss, wrap ---- */

static void in_order_across_wraps(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		for (uint64_t index = 65000; index < 3 * 65536; index += 97)
			assert_int_equal(pass(&p, 1, index), AT_OK);
		assert_int_equal(srtp_in_counts(p.in)->forged, 0);
		pair_free(&p);
	}
	(void)state;
}

static void starts_behind_a_wrap(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		/* 65534 and 65535 were lost: what comes first is of round one. */
		assert_int_equal(pass(&p, 1, 65536 + 3), AT_OK);
		assert_int_equal(pass(&p, 1, 65535), AT_OK);
		assert_int_equal(pass(&p, 1, 65536 + 4), AT_OK);
		pair_free(&p);
	}
}

static void long_gap(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		assert_int_equal(pass(&p, 1, 100), AT_OK);
		assert_int_equal(pass(&p, 1, 100 + 32000), AT_OK);
		assert_int_equal(pass(&p, 1, 100 + 32000 + 40000), AT_OK);
		assert_int_equal(pass(&p, 1, 100 + 32000 + 40000 + 65000), AT_OK);
		pair_free(&p);
	}
}

static void disorder_and_replay(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		assert_int_equal(pass(&p, 1, 65600), AT_OK);
		for (uint64_t back = 1; back < SRTP_WINDOW; back++)
			assert_int_equal(pass(&p, 1, 65600 - back), AT_OK);
		for (uint64_t back = 0; back < SRTP_WINDOW + 10; back++)
			assert_int_equal(pass(&p, 1, 65600 - back), AT_ERR_EXISTS);
		assert_int_equal(pass(&p, 1, 65600 + 70), AT_OK);
		assert_int_equal(pass(&p, 1, 65600), AT_ERR_EXISTS);
		assert_int_equal(pass(&p, 1, 65600 + 1), AT_OK);
		assert_int_equal(srtp_in_counts(p.in)->replayed, SRTP_WINDOW + 11);
		assert_int_equal(srtp_in_counts(p.in)->forged, 0);
		pair_free(&p);
	}
}

/* The window against a list of everything that was there. */
static void window_against_model(void **state)
{
	(void)state;
	enum { STEPS = 20000, SPAN = 1 << 17 };
	static uint8_t was[SPAN];
	struct srtp_streams s = {.max = 1};
	uint64_t x = 12345, newest = 0, at = 300;
	memset(was, 0, sizeof(was));
	for (int i = 0; i < STEPS; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		at = newest + (x >> 33) % 200 < 190 ? 0 : newest + (x >> 33) % 200 - 190;
		if (at >= SPAN)
			break;
		const struct srtp_window *w = srtp_streams_find(&s, 7);
		const bool old = i && newest >= at + SRTP_WINDOW;
		const enum srtp_place wanted = old ? SRTP_OLD : was[at] ? SRTP_SEEN : SRTP_FRESH;
		assert_int_equal(srtp_window_place(w, at), wanted);
		if (wanted != SRTP_FRESH)
			continue;
		srtp_streams_mark(&s, 7, at, (uint64_t)i);
		was[at] = 1;
		newest = at > newest ? at : newest;
		assert_int_equal(srtp_window_guess(srtp_streams_find(&s, 7), (uint16_t)at), at);
	}
	assert_true(newest > 1000);
	at_free(s.all);
}

/* ---- what a stranger may not ---- */

static void every_flipped_bit_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		uint8_t good[ROOM], bad[ROOM];
		size_t len = seal(&p, good, 1, 9), len_out;
		for (size_t bit = 0; bit < len * 8; bit++) {
			memcpy(bad, good, len);
			bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
			enum at_err err = srtp_open(p.in, bad, len, &len_out, NULL);
			assert_true(err == AT_ERR_UNAUTHORIZED || err == AT_ERR_BAD_REQUEST);
		}
		/* Nothing of that is remembered. */
		assert_int_equal(p.in->rtp_streams.count, 0);
		assert_int_equal(srtp_open(p.in, good, len, &len_out, NULL), AT_OK);
		pair_free(&p);
	}
}

static void every_length_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		uint8_t good[ROOM];
		size_t len = seal(&p, good, 1, 9), len_out;
		for (size_t n = 0; n < len; n++) {
			uint8_t *exact = malloc(n + 1);
			memcpy(exact, good, n);
			assert_int_not_equal(srtp_open(p.in, exact, n, &len_out, NULL), AT_OK);
			assert_int_not_equal(srtcp_open(p.in, exact, n, &len_out), AT_OK);
			free(exact);
		}
		pair_free(&p);
	}
}

static void header_longer_than_packet(void **state)
{
	(void)state;
	struct pair p = pair_new(SRTP_SUITE_GCM);
	uint8_t packet[ROOM] = {0};
	size_t len;
	make(packet, 1, 1, 100);
	packet[0] = 0x8f;
	assert_int_equal(srtp_open(p.in, packet, 12 + 40, &len, NULL), AT_ERR_BAD_REQUEST);
	packet[0] = 0x90;
	at_put_u16(packet + 14, 0xffff);
	assert_int_equal(srtp_open(p.in, packet, 112, &len, NULL), AT_ERR_BAD_REQUEST);
	packet[0] = 0x40;
	assert_int_equal(srtp_open(p.in, packet, 112, &len, NULL), AT_ERR_BAD_REQUEST);
	assert_int_equal(srtp_in_counts(p.in)->malformed, 3);
	pair_free(&p);
}

/* Forged packets of new SSRCs push nobody out; real ones push out whoever was silent longest. */
static void full_table(void **state)
{
	(void)state;
	struct pair p = pair_new(SRTP_SUITE_CM);
	uint8_t packet[ROOM];
	size_t len;
	for (uint32_t ssrc = 0; ssrc < SRTP_SSRCS_MAX; ssrc++)
		assert_int_equal(pass(&p, ssrc, 5), AT_OK);
	assert_int_equal(pass(&p, 0, 6), AT_OK);
	for (uint32_t ssrc = 100; ssrc < 200; ssrc++) {
		len = seal(&p, packet, ssrc, 1);
		packet[len - 1] ^= 1;
		assert_int_equal(srtp_open(p.in, packet, len, &len, NULL), AT_ERR_UNAUTHORIZED);
	}
	for (uint32_t ssrc = 0; ssrc < SRTP_SSRCS_MAX; ssrc++)
		assert_int_equal(pass(&p, ssrc, 5), AT_ERR_EXISTS);
	assert_int_equal(pass(&p, 100, 1), AT_OK);
	assert_int_equal(p.in->rtp_streams.count, SRTP_SSRCS_MAX);
	assert_null(srtp_streams_find(&p.in->rtp_streams, 1));
	assert_non_null(srtp_streams_find(&p.in->rtp_streams, 0));
	pair_free(&p);
}

/* As many as Firefox reports with. */
static void full_table_of_rtcp(void **state)
{
	(void)state;
	struct pair p = pair_new(SRTP_SUITE_GCM);
	uint8_t kept[SRTCP_SSRCS_MAX][64], packet[64];
	size_t len = 0;
	for (uint32_t i = 0; i < SRTCP_SSRCS_MAX; i++) {
		memcpy(kept[i], (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 1, (uint8_t)i}, 8);
		assert_int_equal(srtcp_seal(p.out, kept[i], 8, sizeof(kept[i]), &len), AT_OK);
		memcpy(packet, kept[i], len);
		size_t plain;
		assert_int_equal(srtcp_open(p.in, packet, len, &plain), AT_OK);
	}
	for (uint32_t i = 0; i < SRTCP_SSRCS_MAX; i++) {
		size_t plain;
		memcpy(packet, kept[i], len);
		assert_int_equal(srtcp_open(p.in, packet, len, &plain), AT_ERR_EXISTS);
	}
	pair_free(&p);
}

/* ---- gathering ---- */

static void gathered_is_the_same(void **state)
{
	(void)state;
	static const size_t heads[] = {0, 1, 6, 16, 19}, bodies[] = {0, 1, 15, 100, 1100};
	static const uint8_t paddings[] = {0, 1, 8, 255};
	uint8_t whole[ROOM], parts[ROOM], body[1100], head[19];
	memset(body, 0xb0, sizeof(body));
	memset(head, 0x4e, sizeof(head));
	for (size_t n = 0; n < 2 * 5 * 5 * 4; n++) {
		struct pair p = pair_new(suites[n % 2]);
		const struct srtp_payload payload = {.head = head,
						     .head_len = heads[n / 2 % 5],
						     .body = body,
						     .body_len = bodies[n / 10 % 5],
						     .padding = paddings[n / 50]};
		size_t len = make(whole, 5, 77, 0), parts_len;
		memcpy(parts, whole, len);
		memcpy(whole + len, head, payload.head_len);
		len += payload.head_len;
		memcpy(whole + len, body, payload.body_len);
		len += payload.body_len;
		memset(whole + len, 0, payload.padding);
		len += payload.padding;
		if (payload.padding)
			whole[len - 1] = payload.padding;
		assert_int_equal(srtp_seal(p.out, 3, whole, 12, len, ROOM, &len), AT_OK);
		assert_int_equal(srtp_seal_gather(p.out, 3, parts, 12, &payload, len, &parts_len), AT_OK);
		assert_int_equal(parts_len, len);
		assert_memory_equal(parts, whole, len);
		assert_int_equal(srtp_seal_gather(p.out, 3, parts, 12, &payload, len - 1, &parts_len),
				 AT_ERR_TOO_LARGE);
		pair_free(&p);
	}
}

static void no_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		uint8_t packet[ROOM], before[ROOM];
		const size_t more = srtp_overhead(suites[i]);
		size_t len = make(packet, 1, 1, 50), len_out;
		memcpy(before, packet, len);
		assert_int_equal(srtp_seal(p.out, 0, packet, 12, len, len + more - 1, &len_out), AT_ERR_TOO_LARGE);
		assert_int_equal(srtcp_seal(p.out, packet, len, len + more + 3, &len_out), AT_ERR_TOO_LARGE);
		assert_memory_equal(packet, before, len);
		assert_int_equal(srtp_seal(p.out, 0, packet, 12, len, len + more, &len_out), AT_OK);
		assert_int_equal(len_out, len + more);
		pair_free(&p);
	}
}

/* ---- RTCP ---- */

static void rtcp_goes_and_is_not_replayed(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair p = pair_new(suites[i]);
		uint8_t packets[3][ROOM], again[ROOM];
		size_t len[3], len_out;
		for (size_t n = 0; n < 3; n++) {
			unhex(rtcp_plain, packets[n]);
			assert_int_equal(srtcp_seal(p.out, packets[n], 52, ROOM, &len[n]), AT_OK);
			assert_int_equal(len[n], 52 + srtcp_overhead(suites[i]));
		}
		memcpy(again, packets[2], len[2]);
		assert_int_equal(srtcp_open(p.in, packets[2], len[2], &len_out), AT_OK);
		expect_hex(packets[2], len_out, rtcp_plain);
		assert_int_equal(srtcp_open(p.in, packets[0], len[0], &len_out), AT_OK);
		assert_int_equal(srtcp_open(p.in, again, len[2], &len_out), AT_ERR_EXISTS);
		for (size_t bit = 0; bit < len[1] * 8; bit++) {
			memcpy(again, packets[1], len[1]);
			again[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(srtcp_open(p.in, again, len[1], &len_out), AT_OK);
		}
		assert_int_equal(srtcp_open(p.in, packets[1], len[1], &len_out), AT_OK);
		pair_free(&p);
	}
}

/* Authentic, but in the clear (RFC 3711 section 3.4, RFC 7714 section 9.3): no browser sends that. */
static void rtcp_in_the_clear_is_refused(void **state)
{
	(void)state;
	struct pair p = pair_new(SRTP_SUITE_CM);
	uint8_t packet[ROOM], mac[SRTP_CM_MAC_LEN];
	size_t len = unhex(rtcp_plain, packet);
	at_put_u32(packet + len, 1);
	srtp_crypt_mac(&p.out->rtcp, packet, len + 4, mac);
	memcpy(packet + len + 4, mac, SRTP_CM_TAG_LEN);
	assert_int_equal(srtcp_open(p.in, packet, len + 14, &len), AT_ERR_BAD_REQUEST);
	assert_int_equal(srtp_in_counts(p.in)->malformed, 1);
	pair_free(&p);
}

static void rtcp_index_ends(void **state)
{
	(void)state;
	struct pair p = pair_new(SRTP_SUITE_GCM);
	uint8_t packet[ROOM];
	size_t len;
	unhex(rtcp_plain, packet);
	p.out->rtcp_index = SRTCP_INDEX_MAX;
	assert_int_equal(srtcp_seal(p.out, packet, 52, ROOM, &len), AT_OK);
	assert_int_equal(srtcp_open(p.in, packet, len, &len), AT_OK);
	assert_int_equal(srtcp_seal(p.out, packet, 52, ROOM, &len), AT_ERR_GONE);
	pair_free(&p);
}

/* ---- made by another implementation ---- */

/* libsrtp 2.5.0 sealed these with the keys above (the salt cut to 12 bytes for GCM): sequence numbers 65534, 65535 and 0. */
static const char *const foreign_rtp[2][3] = {
	{"8060fffe000003e8cafebabeb3c8b38254ef83d4ccbe369d135e714c98d26d73d65aa968acdff301231d799e54a9a261",
	 "8060ffff000003e8cafebabe9ac1ef8077b83986c919388f6aa60fe4a0a380affd00516844744fe10fb037ddca850de7",
	 "80600000000003e8cafebabe84438743da5ca97253c8ea9c900c654afadea4d27cbe7140b5ba6b8a7da436d04fcbebc7"},
	{"8060fffe000003e8cafebabedae8b0de83c8b04e96f24a2425bce81e9db6f00897f633b49e92e4b393b9",
	 "8060ffff000003e8cafebabef36e96fc87ac01758cea5f94ba171db8438433b6edbdc8e35a43336cbd32",
	 "80600000000003e8cafebabe24ecf92d9c97bf2ac679b796fdfd365a8ad79c0e774d6d65c25d12cb1535"},
};
static const char *const foreign_rtcp[2][2] = {
	{"81c8000bcafebabeea6e5eb3c75c462000f59ebf9e4ebd4e934239488f02f9ca1580174557117e3780000001",
	 "81c8000bcafebabe4e511ac6ea84fa7b7d9af225de3ec91b15eb4fbb669da4672086f92b9c20f15780000002"},
	{"81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798",
	 "81c8000bcafebabe621934ea9f788cdad295b3a512d8bc5f80000002c8dc9c552c823658cdac"},
};

static struct pair foreign_pair(enum srtp_suite suite)
{
	struct srtp_keys theirs = keys;
	if (suite == SRTP_SUITE_GCM)
		theirs.salt[12] = theirs.salt[13] = 0;
	return (struct pair){srtp_out_new(suite, &theirs), srtp_in_new(suite, &theirs)};
}

static void foreign_packets(void **state)
{
	(void)state;
	uint8_t packet[ROOM], payload[20];
	memset(payload, 0xab, sizeof(payload));
	for (size_t i = 0; i < 2; i++) {
		struct pair p = foreign_pair(suites[i]);
		for (uint64_t n = 0; n < 3; n++) {
			uint64_t index;
			size_t len = unhex(foreign_rtp[i][n], packet);
			assert_int_equal(srtp_open(p.in, packet, len, &len, &index), AT_OK);
			assert_int_equal(len, 32);
			assert_int_equal(index, 65534 + n);
			assert_memory_equal(packet + 12, payload, 20);
			assert_int_equal(srtp_seal(p.out, (uint32_t)(index >> 16), packet, 12, len, ROOM, &len), AT_OK);
			expect_hex(packet, len, foreign_rtp[i][n]);
		}
		p.out->rtcp_index = 1;
		for (size_t n = 0; n < 2; n++) {
			size_t len = unhex(foreign_rtcp[i][n], packet);
			assert_int_equal(srtcp_open(p.in, packet, len, &len), AT_OK);
			assert_int_equal(len, 24);
			assert_memory_equal(packet + 8, payload, 16);
			assert_int_equal(srtcp_seal(p.out, packet, len, ROOM, &len), AT_OK);
			expect_hex(packet, len, foreign_rtcp[i][n]);
		}
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(derivation_vectors),
		AT_TEST(counter_mode_vector),
		AT_TEST(gcm_rtp_vector),
		AT_TEST(gcm_rtcp_vector),
		AT_TEST(export_is_cut),
		AT_TEST(in_order_across_wraps),
		AT_TEST(starts_behind_a_wrap),
		AT_TEST(long_gap),
		AT_TEST(disorder_and_replay),
		AT_TEST(window_against_model),
		AT_TEST(every_flipped_bit_is_seen),
		AT_TEST(every_length_is_safe),
		AT_TEST(header_longer_than_packet),
		AT_TEST(full_table),
		AT_TEST(full_table_of_rtcp),
		AT_TEST(gathered_is_the_same),
		AT_TEST(no_room),
		AT_TEST(rtcp_goes_and_is_not_replayed),
		AT_TEST(rtcp_in_the_clear_is_refused),
		AT_TEST(rtcp_index_ends),
		AT_TEST(foreign_packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
