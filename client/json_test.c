#include "base/test.h"
#include "client/json.h"

static struct json text(const char *s)
{
	return json_of(s, strlen(s));
}

static void test_objects(void **state)
{
	(void)state;
	struct json o = text(" {\"id\":7,\"ok\":{\"seq\":12,\"s\":\"a,\\\"}b\"},\"x\" : [1,[2,3],{\"y\":4}] "
			     ",\"n\":null,\"t\":true}");

	assert_int_equal(json_int(json_get(o, "id"), 0), 7);
	assert_int_equal(json_int(json_get(json_get(o, "ok"), "seq"), 0), 12);
	assert_int_equal(json_int(json_get(o, "seq"), -1), -1);
	assert_true(json_null(json_get(o, "n")) && json_null(json_get(o, "absent")));
	assert_true(json_true(json_get(o, "t")));
	assert_int_equal(json_count(json_get(o, "x")), 3);
	struct json element;
	size_t pos = 0;
	assert_true(json_each(json_get(o, "x"), &pos, &element));
	assert_int_equal(json_int(element, 0), 1);
	assert_true(json_each(json_get(o, "x"), &pos, &element));
	assert_int_equal(json_count(element), 2);
	assert_true(json_each(json_get(o, "x"), &pos, &element));
	assert_int_equal(json_int(json_get(element, "y"), 0), 4);
	assert_false(json_each(json_get(o, "x"), &pos, &element));
}

static void test_strings(void **state)
{
	(void)state;
	char out[32];

	assert_true(json_str(text("\"a\\\"\\u00e9\\ud83d\\ude00\\n\""), out, sizeof(out)));
	assert_string_equal(out, "a\"\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_false(json_str(text("\"abcd\""), out, 4));
	assert_true(json_str(text("\"abc\""), out, 4));
	assert_false(json_str(text("\"\\ud83d\""), out, sizeof(out)));
	assert_false(json_str(text("12"), out, sizeof(out)));
	assert_true(json_is(text("\"no_answer\""), "no_answer"));
	assert_false(json_is(text("\"no_answer\""), "no"));
}

static void test_wrong(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",   "{",    "[", "{\"a\"",     "{\"a\":",  "{\"a\":1",
					    "\"", "\"\\", "}", "{\"b\":1,}", "{\"a\" 1}"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(json_get(text(wrong[i]), "a").len, 0);
	assert_int_equal(json_int(text("-5"), 0), -5);
	assert_int_equal(json_int(text("1.5"), 9), 9);
	assert_int_equal(json_int(text("99999999999999999999"), 9), 9);
	assert_int_equal(json_count(text("[]")), 0);
	assert_int_equal(json_count(text("{}")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AT_TEST(test_objects), AT_TEST(test_strings), AT_TEST(test_wrong)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
