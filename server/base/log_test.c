#include "base/log.h"
#include "base/test.h"

#include <fcntl.h>
#include <unistd.h>

static char line[8192];

/* What one call writes to standard error. */
#define LOGGED(...)                                                                                                    \
	do {                                                                                                           \
		int ends[2], before = dup(STDERR_FILENO);                                                              \
		assert_int_equal(pipe(ends), 0);                                                                       \
		dup2(ends[1], STDERR_FILENO);                                                                          \
		close(ends[1]);                                                                                        \
		at_log(__VA_ARGS__);                                                                                   \
		dup2(before, STDERR_FILENO);                                                                           \
		close(before);                                                                                         \
		ssize_t n_read = read(ends[0], line, sizeof(line) - 1);                                                \
		line[n_read > 0 ? n_read : 0] = '\0';                                                                  \
		close(ends[0]);                                                                                        \
	} while (0)

static void a_line_of_pairs(void **state)
{
	(void)state;
	LOGGED(AT_LOG_INFO, "call.ended", "call", "abc", "n", AT_INT(-5), "empty", "", NULL);
	assert_non_null(strstr(line, " level=info event=call.ended call=abc n=-5 empty=\"\"\n"));
	assert_int_equal(strncmp(line, "ts=20", 5), 0);
}

static void a_peer_cannot_forge_a_line(void **state)
{
	(void)state;
	LOGGED(AT_LOG_INFO, "x", "name", "a\nlevel=error event=\"forged\" \x7f\\", NULL);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, "name=\"a\\x0alevel=error event=\\\"forged\\\" \\x7f\\\\\""));
}

static void a_long_line_is_cut_not_split(void **state)
{
	(void)state;
	char big[6000];
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	LOGGED(AT_LOG_INFO, "x", "big", big, "more", "z", NULL);
	assert_int_equal(strlen(line), 4096);
	assert_int_equal(line[4095], '\n');
}

static void below_the_level_is_silent(void **state)
{
	(void)state;
	LOGGED(AT_LOG_DEBUG, "x", NULL);
	assert_string_equal(line, "");
	at_log_set_level(AT_LOG_DEBUG);
	LOGGED(AT_LOG_DEBUG, "x", NULL);
	assert_non_null(strstr(line, "level=debug"));
	at_log_set_level(AT_LOG_INFO);
}

static void warnings_are_counted(void **state)
{
	(void)state;
	LOGGED(AT_LOG_WARN, "odd", NULL);
	assert_int_equal(at_log_unexpected_for_test(), 1);
	at_log_expect_for_test("odd", 2);
	LOGGED(AT_LOG_WARN, "odd", NULL);
	assert_int_equal(at_log_unexpected_for_test(), 1);
	at_log_expect_for_test("odd", -1);
	LOGGED(AT_LOG_WARN, "odd", NULL);
	LOGGED(AT_LOG_ERROR, "odd", NULL);
	assert_int_equal(at_log_unexpected_for_test(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(a_line_of_pairs),
		AT_TEST(a_peer_cannot_forge_a_line),
		AT_TEST(a_long_line_is_cut_not_split),
		AT_TEST(below_the_level_is_silent),
		AT_TEST(warnings_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
