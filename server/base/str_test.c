#include "base/rand.h"
#include "base/str.h"
#include "base/test.h"
#include "base/time.h"

static void ids_are_lower_case_hex(void **state)
{
	(void)state;
	struct at_id id, again;
	char hex[AT_ID_HEX_LEN + 1];
	at_rand(id.b, sizeof(id.b));
	at_id_hex(&id, hex);
	assert_int_equal(strlen(hex), 32);
	assert_int_equal(at_id_parse(hex, 32, &again), AT_OK);
	assert_true(at_id_eq(&id, &again));
	assert_false(at_id_is_zero(&id));
	again = (struct at_id){0};
	assert_true(at_id_is_zero(&again));
	assert_int_equal(at_id_parse(hex, 31, &again), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_id_parse(NULL, 32, &again), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_id_parse("0123456789ABCDEF0123456789abcdef", 32, &again), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_id_parse("0123456789abcdef0123456789abcdeg", 32, &again), AT_ERR_BAD_REQUEST);
	assert_true(at_id_is_zero(&again));
}

static void base64_of_rfc_4648(void **state)
{
	(void)state;
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const padded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	char out[16];
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(at_base64(plain[i], strlen(plain[i]), out), strlen(padded[i]));
		assert_string_equal(out, padded[i]);
	}
	assert_int_equal(at_base64url("\xfb\xff", 2, out), 3);
	assert_string_equal(out, "-_8");
}

static void base64url_and_back(void **state)
{
	(void)state;
	uint8_t data[40], back[40];
	char text[60];
	for (size_t len = 0; len <= sizeof(data); len++) {
		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)(i * 83 + len);
		size_t n = at_base64url(data, len, text);
		assert_int_equal(at_unbase64url(text, n, back), AT_OK);
		assert_memory_equal(data, back, len);
	}
	static const char *const bad[] = {"A", "AAAAA", "AB", "AAB", "AA==", "A+", "A/", "A ", "-_9"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(at_unbase64url(bad[i], strlen(bad[i]), back), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_unbase64url("A\0", 2, back), AT_ERR_BAD_REQUEST);
}

static void hex_refuses_what_is_not_hex(void **state)
{
	(void)state;
	uint8_t out[4];
	assert_int_equal(at_unhex("00ff7f80", 8, out), AT_OK);
	assert_memory_equal(out, "\x00\xff\x7f\x80", 4);
	assert_int_equal(at_unhex("0", 1, out), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_unhex("0X", 2, out), AT_ERR_BAD_REQUEST);
	assert_int_equal(at_unhex("", 0, out), AT_OK);
}

static void utf8_of_rfc_3629(void **state)
{
	(void)state;
	static const char *const good[] = {"",
					   "plain",
					   "Gr\xc3\xbc\xc3\x9f"
					   "e",
					   "\xe2\x82\xac",
					   "\xf0\x9f\x98\x80",
					   "\xef\xbf\xbf",
					   "\xf4\x8f\xbf\xbf",
					   "\xed\x9f\xbf",
					   "a longer line of plain text, then \xc3\xa9"};
	static const char *const bad[] = {
		"\x80",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xc3",         "\xe2\x82",         "\xf0\x9f\x98",     "\xff",
		"abcdefgh\xfe", "\xc3\x28",         "\xe2\x28\xa1",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(at_utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(at_utf8_valid(bad[i], strlen(bad[i])));
	assert_false(at_utf8_valid("a\0b", 3));
	assert_false(at_utf8_valid("abcdefg\0ijklmnop", 16));
}

static void comparisons(void **state)
{
	(void)state;
	assert_true(at_str_eq(NULL, NULL));
	assert_false(at_str_eq(NULL, ""));
	assert_true(at_str_eq("a", "a"));
	assert_true(at_str_starts("abc", "ab"));
	assert_false(at_str_starts("a", "ab"));
	assert_false(at_str_starts(NULL, "a"));
	assert_true(at_str_eq_nocase("Content-LENGTH", "content-length"));
	assert_false(at_str_eq_nocase("a", "ab"));
	assert_false(at_str_eq_nocase("[", "{"));
	assert_true(at_mem_eq_const_time("abc", "abc", 3));
	assert_false(at_mem_eq_const_time("abc", "abd", 3));
	assert_true(at_mem_eq_const_time("a", "b", 0));
}

static void numbers_are_strict(void **state)
{
	(void)state;
	uint64_t v = 7;
	assert_int_equal(at_parse_u64("18446744073709551615", 20, UINT64_MAX, &v), AT_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(at_parse_u64("18446744073709551616", 20, UINT64_MAX, &v), AT_ERR_TOO_LARGE);
	assert_int_equal(at_parse_u64("101", 3, 100, &v), AT_ERR_TOO_LARGE);
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1.0", "one"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(at_parse_u64(bad[i], strlen(bad[i]), UINT64_MAX, &v), AT_ERR_BAD_REQUEST);
	assert_true(v == UINT64_MAX);
	assert_int_equal(at_parse_u64("0042", 4, 100, &v), AT_OK);
	assert_int_equal(v, 42);
}

static void randomness_is_below_its_bound(void **state)
{
	(void)state;
	int seen[6] = {0};
	for (int i = 0; i < 6000; i++)
		seen[at_rand_below(6)]++;
	for (int i = 0; i < 6; i++)
		assert_true(seen[i] > 700);
	assert_int_equal(at_rand_below(1), 0);
}

static void clocks_can_be_shifted(void **state)
{
	(void)state;
	int64_t wall = at_wall_ms(), mono = at_mono_ms();
	assert_true(wall > 1600000000000);
	at_clock_shift_for_test(1000000, 5000000);
	assert_true(at_wall_ms() - wall >= 1000000);
	assert_true(at_mono_ms() - mono >= 5000000);
	at_clock_shift_for_test(-1000000, -5000000);
	assert_true(at_mono_ms() - mono < 5000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(ids_are_lower_case_hex), AT_TEST(base64_of_rfc_4648),
		AT_TEST(base64url_and_back),     AT_TEST(hex_refuses_what_is_not_hex),
		AT_TEST(utf8_of_rfc_3629),       AT_TEST(comparisons),
		AT_TEST(numbers_are_strict),     AT_TEST(randomness_is_below_its_bound),
		AT_TEST(clocks_can_be_shifted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
