#include "base/test.h"

#include "base/mem.h"
#include "wire/wire.h"

static enum at_err parse(const char *text, struct wire_in **in_out)
{
	return wire_parse(text, strlen(text), in_out);
}

static struct wire_in *parsed(const char *text)
{
	struct wire_in *in = NULL;
	assert_int_equal(parse(text, &in), AT_OK);
	assert_non_null(in);
	return in;
}

static void refuses(const char *text)
{
	struct wire_in *in = NULL;
	if (parse(text, &in) != AT_ERR_BAD_REQUEST)
		fail_msg("not refused: %s", text);
	assert_null(in);
}

static void test_refuses_what_is_not_json(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		" ",
		"x",
		"{",
		"}",
		"{}}",
		"[]",
		"\"a\"",
		"1",
		"null",
		"true",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{,}",
		"{'a':1}",
		"{a:1}",
		"{\"a\":1}{}",
		"{\"a\":1} x",
		"{\"a\":01}",
		"{\"a\":+1}",
		"{\"a\":.5}",
		"{\"a\":1.}",
		"{\"a\":0x10}",
		"{\"a\":NaN}",
		"{\"a\":Infinity}",
		"{\"a\":1e999}",
		"{\"a\":99999999999999999999}",
		"{\"a\":tru}",
		"{\"a\":\"\n\"}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\",
		"{\"a\":\"",
		"{\"a\":\"\\u00\"}",
		"/**/{}",
		"{\"a\":[1}",
		"{\"a\":[1,]}",
		"{\"a\":[1 2]}",
		"\xef\xbb\xbf{}",
		/* duplicate keys, also when spelled in another way */
		"{\"a\":1,\"a\":1}",
		"{\"a\":1,\"\\u0061\":1}",
		"{\"b\":{\"a\":1,\"a\":2}}",
		/* NUL and characters that do not exist */
		"{\"a\":\"\\u0000\"}",
		"{\"\\u0000\":1}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\udc00\"}",
		"{\"a\":\"\\ud800x\"}",
		"{\"a\":\"\\ud800\\u0041\"}",
		"{\"a\":\"\\udc00\\ud800\"}",
		/* not UTF-8: stray, overlong, surrogate, too high, cut */
		"{\"a\":\"\x80\"}",
		"{\"a\":\"\xc0\xaf\"}",
		"{\"a\":\"\xe0\x80\xaf\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\xf4\x90\x80\x80\"}",
		"{\"a\":\"\xe2\x82\"}",
		"{\"\xff\":1}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuses(bad[i]);
}

static void test_refuses_nul_bytes(void **state)
{
	(void)state;
	struct wire_in *in;
	assert_int_equal(wire_parse("{\"a\":1}\0", 8, &in), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_parse("{\"a\":\"x\0y\"}", 11, &in), AT_ERR_BAD_REQUEST);
}

/* n times open, a middle, n times close */
static char *nested(const char *open, const char *middle, const char *close, size_t n)
{
	size_t len = n * (strlen(open) + strlen(close)) + strlen(middle);
	char *text = at_alloc(len + 1), *p = text;
	for (size_t i = 0; i < n; i++)
		p += snprintf(p, len + 1 - (size_t)(p - text), "%s", open);
	p += snprintf(p, len + 1 - (size_t)(p - text), "%s", middle);
	for (size_t i = 0; i < n; i++)
		p += snprintf(p, len + 1 - (size_t)(p - text), "%s", close);
	return text;
}

static void test_caps_depth(void **state)
{
	(void)state;
	static const size_t depths[] = {1, 7, 8, 9, 100, 10000};
	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		char *text = nested("{\"a\":", "1", "}", depths[i]);
		struct wire_in *in = NULL;
		assert_int_equal(parse(text, &in), depths[i] <= WIRE_DEPTH_MAX ? AT_OK : AT_ERR_BAD_REQUEST);
		wire_in_free(&in);
		at_free(text);
	}
	/* too long besides: the length is looked at first */
	char *deep = nested("[", "", "]", 100000);
	struct wire_in *in;
	assert_int_equal(parse(deep, &in), AT_ERR_TOO_LARGE);
	deep[WIRE_TEXT_MAX] = 0;
	assert_int_equal(parse(deep, &in), AT_ERR_BAD_REQUEST);
	at_free(deep);
}

/* {"k0":0,"k1":0,...} or {"a":[0,0,...]} */
static enum at_err parse_many(size_t n, bool keys)
{
	size_t cap = n * 16 + 32;
	char *text = at_alloc(cap);
	size_t len = (size_t)snprintf(text, cap, "%s", keys ? "{" : "{\"a\":[");
	for (size_t i = 0; i < n; i++) {
		const char *comma = i ? "," : "";
		if (keys)
			len += (size_t)snprintf(text + len, cap - len, "%s\"k%zu\":0", comma, i);
		else
			len += (size_t)snprintf(text + len, cap - len, "%s0", comma);
	}
	snprintf(text + len, cap - len, "%s", keys ? "}" : "]}");
	struct wire_in *in = NULL;
	enum at_err err = parse(text, &in);
	wire_in_free(&in);
	at_free(text);
	return err;
}

static void test_caps_keys_and_elements(void **state)
{
	(void)state;
	assert_int_equal(parse_many(WIRE_KEYS_MAX, true), AT_OK);
	assert_int_equal(parse_many(WIRE_KEYS_MAX + 1, true), AT_ERR_BAD_REQUEST);
	assert_int_equal(parse_many(5000, true), AT_ERR_BAD_REQUEST);
	assert_int_equal(parse_many(WIRE_ARRAY_MAX, false), AT_OK);
	assert_int_equal(parse_many(WIRE_ARRAY_MAX + 1, false), AT_ERR_BAD_REQUEST);
	assert_int_equal(parse_many(40000, false), AT_ERR_BAD_REQUEST);
}

/* 200 arrays of 100 arrays: each within its cap, all together not. */
static void test_caps_values_in_all(void **state)
{
	(void)state;
	char inner[512] = "[[]", *text = at_alloc(WIRE_TEXT_MAX + 1);
	for (size_t i = 0; i < 100; i++)
		strncat(inner, ",[]", sizeof(inner) - strlen(inner) - 1);
	strncat(inner, "]", sizeof(inner) - strlen(inner) - 1);
	size_t len = (size_t)snprintf(text, WIRE_TEXT_MAX + 1, "{\"a\":[%s", inner);
	for (size_t i = 0; i < 200; i++)
		len += (size_t)snprintf(text + len, WIRE_TEXT_MAX + 1 - len, ",%s", inner);
	len += (size_t)snprintf(text + len, WIRE_TEXT_MAX + 1 - len, "]}");
	assert_true(len < WIRE_TEXT_MAX);
	refuses(text);
	at_free(text);
}

static void test_caps_length(void **state)
{
	(void)state;
	char *text = at_alloc(WIRE_TEXT_MAX + 2);
	memset(text, 'x', WIRE_TEXT_MAX + 1);
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + WIRE_TEXT_MAX - 2, "\"}", 2);
	struct wire_in *in = NULL;
	assert_int_equal(wire_parse(text, WIRE_TEXT_MAX, &in), AT_OK);
	wire_in_free(&in);
	assert_int_equal(wire_parse(text, WIRE_TEXT_MAX + 1, &in), AT_ERR_TOO_LARGE);
	at_free(text);
}

/* Brackets, commas and quotes inside strings count for nothing. */
static void test_prescan_knows_strings(void **state)
{
	(void)state;
	struct wire_in *in = parsed("{\"a\":\"[[[[[[[[[[[[}}}},,,\\\"{{{{\\\\\",\"b\":\"\\\\\"}");
	const char *s;
	assert_int_equal(wire_get_str(in, "a", 0, 100, &s), AT_OK);
	assert_string_equal(s, "[[[[[[[[[[[[}}}},,,\"{{{{\\");
	assert_int_equal(wire_get_str(in, "b", 1, 1, &s), AT_OK);
	wire_in_free(&in);
}

static void test_strings(void **state)
{
	(void)state;
	struct wire_in *in = parsed("{\"s\":\"h\\u00e9llo\",\"e\":\"\",\"n\":null,\"i\":1,\"p\":\"\\ud83d\\ude00\"}");
	const char *s;
	assert_int_equal(wire_get_str(in, "s", 1, 6, &s), AT_OK);
	assert_string_equal(s, "h\xc3\xa9llo");
	assert_int_equal(wire_get_str(in, "p", 4, 4, &s), AT_OK);
	assert_string_equal(s, "\xf0\x9f\x98\x80");
	assert_int_equal(wire_get_str(in, "e", 0, 6, &s), AT_OK);
	static const struct {
		const char *key;
		size_t min, max;
	} bad[] = {{"s", 1, 5}, {"s", 7, 9}, {"e", 1, 9}, {"n", 0, 9}, {"i", 0, 9}, {"absent", 0, 9}, {"", 0, 9}};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(wire_get_str(in, bad[i].key, bad[i].min, bad[i].max, &s), AT_ERR_BAD_REQUEST);
		assert_null(s);
	}
	assert_true(wire_has(in, "s"));
	assert_true(wire_has(in, "e"));
	assert_false(wire_has(in, "n"));
	assert_false(wire_has(in, "absent"));
	wire_in_free(&in);
	assert_null(in);
	wire_in_free(&in);
}

static void test_integers(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		uint64_t min, max;
		enum at_err err;
		uint64_t v;
	} t[] = {
		{"0", 0, 9, AT_OK, 0},
		{"-0", 0, 9, AT_OK, 0},
		{"9", 0, 9, AT_OK, 9},
		{"10", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"1", 2, 9, AT_ERR_BAD_REQUEST, 0},
		{"-1", 0, UINT64_MAX, AT_ERR_BAD_REQUEST, 0},
		{"9007199254740991", 0, UINT64_MAX, AT_OK, 9007199254740991u},
		{"9007199254740992", 0, UINT64_MAX, AT_ERR_BAD_REQUEST, 0},
		{"9223372036854775807", 0, UINT64_MAX, AT_ERR_BAD_REQUEST, 0},
		{"-9223372036854775808", 0, UINT64_MAX, AT_ERR_BAD_REQUEST, 0},
		{"1.0", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"1e0", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"\"1\"", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"true", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"null", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"[1]", 0, 9, AT_ERR_BAD_REQUEST, 0},
		{"{}", 0, 9, AT_ERR_BAD_REQUEST, 0},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		char text[64];
		snprintf(text, sizeof(text), "{\"v\":%s}", t[i].value);
		struct wire_in *in = parsed(text);
		uint64_t v = 77;
		if (wire_get_u64(in, "v", t[i].min, t[i].max, &v) != t[i].err || v != t[i].v)
			fail_msg("%s", text);
		wire_in_free(&in);
	}
}

static void test_booleans_and_ids(void **state)
{
	(void)state;
	struct wire_in *in =
		parsed("{\"t\":true,\"f\":false,\"i\":1,\"n\":null,\"id\":\"00112233445566778899aabbccddeeff\","
		       "\"up\":\"00112233445566778899AABBCCDDEEFF\",\"short\":\"0011\",\"x\":\"0011223344556677889"
		       "9aabbccddeefg\"}");
	bool v;
	struct at_id id;
	assert_int_equal(wire_get_bool(in, "t", &v), AT_OK);
	assert_true(v);
	assert_int_equal(wire_get_bool(in, "f", &v), AT_OK);
	assert_false(v);
	assert_int_equal(wire_get_bool(in, "i", &v), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_get_bool(in, "n", &v), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_get_bool(in, "no", &v), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_get_id(in, "id", &id), AT_OK);
	assert_int_equal(id.b[0], 0);
	assert_int_equal(id.b[15], 0xff);
	static const char *const bad[] = {"up", "short", "x", "i", "no"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(wire_get_id(in, bad[i], &id), AT_ERR_BAD_REQUEST);
	wire_in_free(&in);
}

static void test_integer_arrays(void **state)
{
	(void)state;
	struct wire_in *in =
		parsed("{\"a\":[0,5,255],\"e\":[],\"big\":[256],\"neg\":[-1],\"mix\":[1,\"2\"],\"o\":{\"0\":1}}");
	uint64_t v[4];
	size_t n = 9;
	assert_int_equal(wire_get_u64s(in, "a", 255, 4, v, &n), AT_OK);
	assert_int_equal(n, 3);
	assert_int_equal(v[2], 255);
	assert_int_equal(wire_get_u64s(in, "a", 255, 3, v, &n), AT_OK);
	assert_int_equal(wire_get_u64s(in, "a", 255, 2, v, &n), AT_ERR_BAD_REQUEST);
	assert_int_equal(n, 0);
	assert_int_equal(wire_get_u64s(in, "e", 255, 4, v, &n), AT_OK);
	assert_int_equal(n, 0);
	static const char *const bad[] = {"big", "neg", "mix", "o", "no"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(wire_get_u64s(in, bad[i], 255, 4, v, &n), AT_ERR_BAD_REQUEST);
	wire_in_free(&in);
}

static void test_parts(void **state)
{
	static const char text[] =
		"{\"o\":{\"n\":7,\"o\":{\"s\":\"deep\"}},\"list\":[{\"n\":1},{\"n\":2}],\"mix\":[{},1],"
		"\"strs\":[\"a\",\"\",\"long\"],\"none\":[],\"no\":null,\"n\":3}";
	const struct wire_in *o, *list[2];
	const char *strs[3], *s;
	struct wire_in *in;
	uint64_t v;
	size_t n;

	(void)state;
	assert_int_equal(wire_parse(text, sizeof(text) - 1, &in), AT_OK);
	assert_int_equal(wire_get_obj(in, "o", &o), AT_OK);
	assert_int_equal(wire_get_u64(o, "n", 0, 9, &v), AT_OK);
	assert_int_equal(v, 7);
	assert_int_equal(wire_get_obj(o, "o", &o), AT_OK);
	assert_int_equal(wire_get_str(o, "s", 1, 9, &s), AT_OK);
	assert_string_equal(s, "deep");
	assert_int_equal(wire_get_objs(in, "list", 2, list, &n), AT_OK);
	assert_int_equal(n, 2);
	assert_int_equal(wire_get_u64(list[1], "n", 0, 9, &v), AT_OK);
	assert_int_equal(v, 2);
	assert_int_equal(wire_get_objs(in, "list", 1, list, &n), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_get_objs(in, "none", 2, list, &n), AT_OK);
	assert_int_equal(n, 0);
	assert_int_equal(wire_get_strs(in, "strs", 4, 3, strs, &n), AT_OK);
	assert_int_equal(n, 3);
	assert_string_equal(strs[2], "long");
	assert_int_equal(wire_get_strs(in, "strs", 3, 3, strs, &n), AT_ERR_BAD_REQUEST);
	assert_int_equal(wire_get_strs(in, "list", 9, 3, strs, &n), AT_ERR_BAD_REQUEST);
	static const char *const bad[] = {"mix", "n", "no", "absent", "strs"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(wire_get_obj(in, bad[i], &o), AT_ERR_BAD_REQUEST);
		assert_int_equal(wire_get_objs(in, bad[i], 2, list, &n), AT_ERR_BAD_REQUEST);
	}
	wire_in_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_refuses_what_is_not_json),
		AT_TEST(test_refuses_nul_bytes),
		AT_TEST(test_caps_depth),
		AT_TEST(test_caps_keys_and_elements),
		AT_TEST(test_caps_values_in_all),
		AT_TEST(test_caps_length),
		AT_TEST(test_prescan_knows_strings),
		AT_TEST(test_strings),
		AT_TEST(test_integers),
		AT_TEST(test_booleans_and_ids),
		AT_TEST(test_integer_arrays),
		AT_TEST(test_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
