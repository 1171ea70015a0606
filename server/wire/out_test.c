#include "base/test.h"

#include "base/buf.h"
#include "wire/wire.h"

static void expect_buf(struct at_buf *buf, const char *text)
{
	assert_int_equal(at_buf_append(buf, "", 1), AT_OK);
	assert_string_equal((const char *)buf->data, text);
	at_buf_release(buf);
}

static void test_writes_every_kind(void **state)
{
	(void)state;
	struct at_buf buf;
	at_buf_init(&buf, 4096);
	struct at_id zero = {{0}}, id = {{0xab, 1}};
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	wire_str(&w, "s", "x");
	wire_str(&w, "null", NULL);
	wire_strn(&w, "n", "abc", 2);
	wire_int(&w, "i", -5);
	wire_int(&w, "min", INT64_MIN);
	wire_int(&w, "max", INT64_MAX);
	wire_bool(&w, "t", true);
	wire_bool(&w, "f", false);
	wire_null(&w, "z");
	wire_id(&w, "id", &id);
	wire_id(&w, "no", &zero);
	wire_arr(&w, "a");
	wire_int(&w, NULL, 0);
	wire_obj(&w, NULL);
	wire_obj_end(&w);
	wire_arr(&w, NULL);
	wire_arr_end(&w);
	wire_arr_end(&w);
	wire_raw(&w, "r", "[1]", 3);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	expect_buf(&buf, "{\"s\":\"x\",\"null\":null,\"n\":\"ab\",\"i\":-5,\"min\":-9223372036854775808,\"max\":"
			 "9223372036854775807,"
			 "\"t\":true,\"f\":false,\"z\":null,\"id\":\"ab010000000000000000000000000000\",\"no\":null,"
			 "\"a\":[0,{},[]],"
			 "\"r\":[1]}");
}

static void test_escapes(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		size_t len;
		const char *json;
	} t[] = {
		{"", 0, "\"\""},
		{"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
		{"\b\t\n\f\r\x01\x1f\x7f", 8, "\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\""},
		{"</script>", 9, "\"\\u003c/script>\""},
		{"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 9, "\"\\u2028\\u2029\xe2\x80\xaa\""},
		{"\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\""},
		{"a\xff<\xe2\x80", 5, "\"a\xef\xbf\xbd\\u003c\xef\xbf\xbd\xef\xbf\xbd\""},
		{"a\0b", 3,
		 "\"a\xef\xbf\xbd"
		 "b\""},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct at_buf buf;
		at_buf_init(&buf, 4096);
		struct wire_out w = wire_out_begin(&buf);
		wire_strn(&w, NULL, t[i].s, t[i].len);
		assert_int_equal(wire_out_end(&w), AT_OK);
		expect_buf(&buf, t[i].json);
	}
}

/* Every valid character comes back as it was. */
static void test_round_trip(void **state)
{
	(void)state;
	for (uint32_t first = 1; first < 0x110000; first += 997) {
		char s[8] = {0};
		uint32_t c = first >= 0xd800 && first < 0xe000 ? 0x2028 : first;
		if (c < 0x80)
			snprintf(s, sizeof(s), "%c", (int)c);
		else if (c < 0x800)
			snprintf(s, sizeof(s), "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 63)));
		else if (c < 0x10000)
			snprintf(s, sizeof(s), "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 63)),
				 (int)(0x80 | (c & 63)));
		else
			snprintf(s, sizeof(s), "%c%c%c%c", (int)(0xf0 | c >> 18), (int)(0x80 | (c >> 12 & 63)),
				 (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
		struct at_buf buf;
		at_buf_init(&buf, 4096);
		struct wire_out w = wire_out_begin(&buf);
		wire_obj(&w, NULL);
		wire_str(&w, "s", s);
		wire_obj_end(&w);
		assert_int_equal(wire_out_end(&w), AT_OK);
		struct wire_in *in;
		const char *back;
		assert_int_equal(wire_parse(buf.data, buf.len, &in), AT_OK);
		assert_int_equal(wire_get_str(in, "s", 1, 4, &back), AT_OK);
		assert_string_equal(back, s);
		wire_in_free(&in);
		at_buf_release(&buf);
	}
}

static void test_full_buffer_is_left_as_it_was(void **state)
{
	(void)state;
	struct at_buf buf;
	at_buf_init(&buf, 24);
	assert_int_equal(at_buf_append(&buf, "keep", 4), AT_OK);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	wire_str(&w, "key", "far too long for this buffer");
	wire_int(&w, "i", 1);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_ERR_TOO_LARGE);
	assert_int_equal(buf.len, 4);
	w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	wire_obj_end(&w);
	assert_int_equal(wire_out_end(&w), AT_OK);
	expect_buf(&buf, "keep{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_writes_every_kind),
		AT_TEST(test_escapes),
		AT_TEST(test_round_trip),
		AT_TEST(test_full_buffer_is_left_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
