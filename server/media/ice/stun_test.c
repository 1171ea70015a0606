/* The codec: the vectors of RFC 5769, and what must not parse. */
#include "base/buf.h"
#include "base/test.h"
#include "media/ice/ice.h"

#define PWD "VOkJxbRl1RmTxUk/WvJxBt"
#define TID 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae
#define MAGIC 0x21, 0x12, 0xa4, 0x42

/* RFC 5769 section 2.1 */
static const uint8_t sample_request[] = {
	0x00, 0x01, 0x00, 0x58, MAGIC, TID,  0x80, 0x22, 0x00, 0x10, 'S',  'T',  'U',  'N',  ' ',  't',
	'e',  's',  't',  ' ',  'c',   'l',  'i',  'e',  'n',  't',  0x00, 0x24, 0x00, 0x04, 0x6e, 0x00,
	0x01, 0xff, 0x80, 0x29, 0x00,  0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06,
	0x00, 0x09, 'e',  'v',  't',   'j',  ':',  'h',  '6',  'v',  'Y',  ' ',  ' ',  ' ',  0x00, 0x08,
	0x00, 0x14, 0x9a, 0xea, 0xa7,  0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3,
	0xf2, 0x49, 0xc1, 0xb5, 0x71,  0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

/* Section 2.2 */
static const uint8_t sample_response_v4[] = {
	0x01, 0x01, 0x00, 0x3c, MAGIC, TID,  0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',  ' ',  'v',  'e',
	'c',  't',  'o',  'r',  ' ',   0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
	0x00, 0x08, 0x00, 0x14, 0x2b,  0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a,
	0xf9, 0xba, 0x53, 0xf0, 0x6b,  0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

/* Section 2.3 */
static const uint8_t sample_response_v6[] = {
	0x01, 0x01, 0x00, 0x48, MAGIC, TID,  0x80, 0x22, 0x00, 0x0b, 't',  'e',  's',  't',  ' ',  'v',
	'e',  'c',  't',  'o',  'r',   ' ',  0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13,
	0xa9, 0xfa, 0xa5, 0xd3, 0xf1,  0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08,
	0x00, 0x14, 0xa3, 0x82, 0x95,  0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92,
	0xc2, 0x75, 0xbf, 0xe3, 0xed,  0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};

static void rfc5769_request(void **state)
{
	(void)state;
	struct ice *ice = ice_new();
	struct stun_message msg;
	assert_int_equal(stun_parse(sample_request, sizeof(sample_request), &msg), AT_OK);
	assert_int_equal(msg.type, STUN_BINDING_REQUEST);
	assert_int_equal(msg.priority, 0x6e0001ff);
	assert_true(msg.is_controlled && !msg.is_controlling && !msg.use_candidate);
	assert_int_equal(msg.tie_breaker, 0x932ff9b151263b36);
	assert_int_equal(msg.username_len, 9);
	assert_memory_equal(msg.username, "evtj:h6vY", 9);
	assert_int_equal(msg.unknown_count, 0);
	assert_true(stun_fingerprint_ok(&msg));
	assert_true(ice_integrity_ok(ice, &msg, PWD));
	assert_false(ice_integrity_ok(ice, &msg, "VOkJxbRl1RmTxUk/WvJxBu"));
	ice_free(&ice);
}

static void rfc5769_responses(void **state)
{
	(void)state;
	struct ice *ice = ice_new();
	struct stun_message msg;
	static const uint8_t v4[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34, 0x56, 0x78,
				       0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
	assert_int_equal(stun_parse(sample_response_v4, sizeof(sample_response_v4), &msg), AT_OK);
	assert_true(msg.has_mapped && msg.mapped_port == 32853);
	assert_memory_equal(msg.mapped_ip, v4, 16);
	assert_true(stun_fingerprint_ok(&msg) && ice_integrity_ok(ice, &msg, PWD));
	assert_int_equal(stun_parse(sample_response_v6, sizeof(sample_response_v6), &msg), AT_OK);
	assert_true(msg.has_mapped && msg.mapped_port == 32853);
	assert_memory_equal(msg.mapped_ip, v6, 16);
	assert_true(stun_fingerprint_ok(&msg) && ice_integrity_ok(ice, &msg, PWD));
	ice_free(&ice);
}

static void every_flipped_bit_is_seen(void **state)
{
	(void)state;
	struct ice *ice = ice_new();
	uint8_t copy[sizeof(sample_request)];
	for (size_t bit = 0; bit < 8 * sizeof(copy); bit++) {
		struct stun_message msg;
		memcpy(copy, sample_request, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!stun_parse(copy, sizeof(copy), &msg))
			assert_false(stun_fingerprint_ok(&msg) && ice_integrity_ok(ice, &msg, PWD));
	}
	ice_free(&ice);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	struct stun_message msg;
	for (size_t len = 0; len < sizeof(sample_request); len++) {
		/* Of its own size, so that a read past its end is seen. */
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, sample_request, len);
		assert_int_equal(stun_parse(exact, len, &msg), AT_ERR_BAD_REQUEST);
		free(exact);
	}
}

struct shape {
	const char *what;
	enum at_err expected;
	size_t len;
	uint8_t body[64];
};

static const struct shape shapes[] = {
	{"nothing", AT_OK, 0, {0}},
	{"an attribute of 65535", AT_ERR_BAD_REQUEST, 8, {0x00, 0x06, 0xff, 0xff, 'a', 'b', 'c', 'd'}},
	{"an attribute of 65532", AT_ERR_BAD_REQUEST, 8, {0x80, 0x22, 0xff, 0xfc, 'a', 'b', 'c', 'd'}},
	{"one byte too long", AT_ERR_BAD_REQUEST, 8, {0x80, 0x22, 0, 5, 'a', 'b', 'c', 'd'}},
	{"half a head", AT_ERR_BAD_REQUEST, 2, {0x80, 0x22}},
	{"length no multiple of four", AT_ERR_BAD_REQUEST, 6, {0x80, 0x22, 0, 2, 'a', 'b'}},
	{"empty name", AT_ERR_BAD_REQUEST, 4, {0x00, 0x06, 0, 0}},
	{"name twice", AT_ERR_BAD_REQUEST, 16, {0, 6, 0, 4, 'a', 'b', 'c', 'd', 0, 6, 0, 4, 'a', 'b', 'c', 'd'}},
	{"priority of 8", AT_ERR_BAD_REQUEST, 12, {0x00, 0x24, 0, 8}},
	{"priority twice", AT_ERR_BAD_REQUEST, 16, {0, 0x24, 0, 4, 0, 0, 0, 1, 0, 0x24, 0, 4, 0, 0, 0, 1}},
	{"use-candidate with a value", AT_ERR_BAD_REQUEST, 8, {0x00, 0x25, 0, 4}},
	{"use-candidate twice", AT_ERR_BAD_REQUEST, 8, {0x00, 0x25, 0, 0, 0x00, 0x25, 0, 0}},
	{"integrity of 16", AT_ERR_BAD_REQUEST, 20, {0x00, 0x08, 0, 16}},
	{"priority after integrity", AT_ERR_BAD_REQUEST, 32, {[0] = 0, 8, 0, 20, [24] = 0, 0x24, 0, 4}},
	{"software after integrity", AT_ERR_BAD_REQUEST, 32, {[0] = 0, 8, 0, 20, [24] = 0x80, 0x22, 0, 4}},
	{"integrity twice", AT_ERR_BAD_REQUEST, 48, {[0] = 0, 8, 0, 20, [24] = 0, 8, 0, 20}},
	{"sha-256 after integrity", AT_ERR_BAD_REQUEST, 60, {[0] = 0, 8, 0, 20, [24] = 0, 0x1c, 0, 32}},
	{"integrity, fingerprint", AT_OK, 32, {[0] = 0, 8, 0, 20, [24] = 0x80, 0x28, 0, 4}},
	{"fingerprint first", AT_ERR_BAD_REQUEST, 32, {0x80, 0x28, 0, 4, 0, 0, 0, 0, 0, 8, 0, 20}},
	{"fingerprint of 8", AT_ERR_BAD_REQUEST, 12, {0x80, 0x28, 0, 8}},
	{"fingerprint twice", AT_ERR_BAD_REQUEST, 16, {0x80, 0x28, 0, 4, 0, 0, 0, 0, 0x80, 0x28, 0, 4}},
	{"address of family 3", AT_ERR_BAD_REQUEST, 12, {0, 0x20, 0, 8, 0, 3}},
	{"IPv6 in IPv4's room", AT_ERR_BAD_REQUEST, 12, {0, 0x20, 0, 8, 0, 2}},
	{"error 299", AT_ERR_BAD_REQUEST, 8, {0, 9, 0, 4, 0, 0, 2, 99}},
	{"error 487", AT_OK, 8, {0, 9, 0, 4, 0, 0, 4, 87}},
};

static void shapes_of_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		const struct shape *s = &shapes[i];
		uint8_t bytes[STUN_HEAD_LEN + 64] = {0x00, 0x01, 0, 0, MAGIC, TID};
		struct stun_message msg;
		at_put_u16(bytes + 2, (uint16_t)s->len);
		memcpy(bytes + STUN_HEAD_LEN, s->body, s->len);
		if (stun_parse(bytes, STUN_HEAD_LEN + s->len, &msg) != s->expected)
			fail_msg("%s", s->what);
	}
}

static void heads(void **state)
{
	(void)state;
	struct stun_message msg;
	uint8_t head[STUN_HEAD_LEN] = {0x00, 0x01, 0, 0, MAGIC, TID};
	assert_int_equal(stun_parse(head, sizeof(head), &msg), AT_OK);
	head[0] = 0x40; /* not a STUN type: the first two bits are 0 */
	assert_int_equal(stun_parse(head, sizeof(head), &msg), AT_ERR_BAD_REQUEST);
	head[0] = 0;
	head[3] = 4; /* says more than there is */
	assert_int_equal(stun_parse(head, sizeof(head), &msg), AT_ERR_BAD_REQUEST);
	at_put_u16(head + 2, 0xffff);
	assert_int_equal(stun_parse(head, sizeof(head), &msg), AT_ERR_BAD_REQUEST);
	at_put_u16(head + 2, 0);
	head[4] ^= 1; /* RFC 3489 had no magic */
	assert_int_equal(stun_parse(head, sizeof(head), &msg), AT_ERR_BAD_REQUEST);
}

static void unknown_attributes_are_listed(void **state)
{
	(void)state;
	uint8_t bytes[STUN_HEAD_LEN + 40 * 4] = {0x00, 0x01, 0, 160, MAGIC, TID};
	struct stun_message msg;
	for (size_t i = 0; i < 40; i++)
		at_put_u16(bytes + STUN_HEAD_LEN + 4 * i, (uint16_t)(i % 2 ? 0x7f00 + i : 0xc000 + i));
	assert_int_equal(stun_parse(bytes, sizeof(bytes), &msg), AT_OK);
	assert_int_equal(msg.unknown_count, STUN_UNKNOWN_MAX);
	assert_int_equal(msg.unknown[0], 0x7f01);
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool ours;
	} table[] = {{"AAAABBBB:x", true},         {"AAAABBBB:", false},          {"AAAABBBB", false},
		     {"AAAABBBBx:y", true},        {"x:AAAABBBB", false},         {":AAAABBBB", false},
		     {"AAAABBBB:xyz:%s%n", true},  {"AAAABBBBx:", false},         {"AAAABBB:x", false},
		     {"AAAABBBB12345678:x", true}, {"AAAABBBB123456789:x", false}};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct stun_message msg = {.username = (const uint8_t *)table[i].name,
					   .username_len = strlen(table[i].name)};
		char ufrag[ICE_UFRAG_LEN + 1];
		assert_int_equal(stun_local_ufrag(&msg, ufrag), table[i].ours);
		if (table[i].ours)
			assert_string_equal(ufrag, "AAAABBBB");
	}
	char ufrag[ICE_UFRAG_LEN + 1];
	struct stun_message hole = {.username = (const uint8_t *)"AAA\0BBBB:x", .username_len = 10};
	assert_false(stun_local_ufrag(&hole, ufrag));
	const struct stun_message torn = {.username = (const uint8_t *)"AAAABBBB12:x", .username_len = 10};
	assert_false(stun_local_ufrag(&torn, ufrag));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(rfc5769_request),
		AT_TEST(rfc5769_responses),
		AT_TEST(every_flipped_bit_is_seen),
		AT_TEST(every_cut_is_refused),
		AT_TEST(shapes_of_messages),
		AT_TEST(heads),
		AT_TEST(unknown_attributes_are_listed),
		AT_TEST(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
