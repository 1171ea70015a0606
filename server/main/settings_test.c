#include "base/test.h"
#include "main/settings.h"

#include <unistd.h>

static void defaults_are_those_of_the_contracts(void **state)
{
	(void)state;
	struct settings s;
	const char *why = NULL;
	settings_default(&s);
	assert_int_equal(settings_finish(&s, &why), AT_OK);
	assert_int_equal(s.call.ring_ms, 45000);
	assert_int_equal(s.call.unreachable_ms, 15000);
	assert_int_equal(s.call.pair_rings, 3);
	assert_int_equal(s.note.draft_ms, 7LL * 86400000);
	assert_int_equal(s.note.voice_max_bytes, 16 << 20);
	assert_int_equal(s.api.voice_max_ms, 180000);
	assert_int_equal(s.log_level, AT_LOG_INFO);
	assert_int_equal(s.relay_bits_s, 8000000);
	assert_int_equal(s.media_port, 0);
	assert_string_equal(s.name, "Aftertone");
}

static void good_values_are_taken(void **state)
{
	(void)state;
	struct settings s;
	const char *why = NULL;
	settings_default(&s);
	assert_int_equal(settings_set(&s, "ring_seconds=4", &why), AT_OK);
	assert_int_equal(s.call.ring_ms, 4000);
	assert_int_equal(settings_set(&s, "log_level=warn", &why), AT_OK);
	assert_int_equal(s.log_level, AT_LOG_WARN);
	assert_int_equal(settings_set(&s, "name=Our house = good", &why), AT_OK);
	assert_string_equal(s.name, "Our house = good");
	assert_int_equal(settings_set(&s, "commands_per_s=1000000", &why), AT_OK);
	assert_int_equal(settings_set(&s, "origin=https://chat.example.org", &why), AT_OK);
	assert_int_equal(settings_finish(&s, &why), AT_OK);
}

static void bad_ones_are_refused_by_name(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"ring_seconds",
		"ring_seconds=",
		"ring_seconds=0",
		"ring_seconds=601",
		"ring_seconds=-1",
		"ring_seconds=4s",
		"log_level=all",
		"name=",
		"ring_secondss=4",
		"=4",
		"",
		"name=a\x01b",
		"name=\xff",
		"ring_seconds= 4",
		"ring_seconds=99999999999999999999999",
	};
	struct settings s, before;
	settings_default(&s);
	before = s;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *why = NULL;
		assert_int_equal(settings_set(&s, bad[i], &why), AT_ERR_BAD_REQUEST);
		assert_non_null(why);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	const char *why = NULL;
	assert_int_equal(settings_set(&s, "ring_seconds=601", &why), AT_ERR_BAD_REQUEST);
	assert_non_null(strstr(why, "ring_seconds"));
	assert_non_null(strstr(why, "600"));
}

static void settings_that_contradict_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"ring_seconds=61", "unreachable_seconds=61", "origin=chat.example.org",
					  "origin=https://chat.example.org/"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct settings s;
		const char *why = NULL;
		settings_default(&s);
		assert_int_equal(settings_set(&s, bad[i], &why), AT_OK);
		assert_int_equal(settings_finish(&s, &why), AT_ERR_BAD_REQUEST);
		assert_non_null(why);
	}
}

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_file_is_read_by_lines(void **state)
{
	(void)state;
	char path[] = "/tmp/aftertone-conf-XXXXXX";
	struct settings s;
	const char *why = NULL;
	settings_default(&s);
	write_file(path, "# ours\n\n  ring_seconds = 30  \r\nname=The Smiths\npair_rings=5");
	assert_int_equal(settings_read(&s, path, &why), AT_OK);
	assert_int_equal(s.call.ring_ms, 30000);
	assert_int_equal(s.call.pair_rings, 5);
	assert_string_equal(s.name, "The Smiths");
	unlink(path);
	assert_int_equal(settings_read(&s, path, &why), AT_ERR_NOT_FOUND);
}

static void a_bad_line_is_named(void **state)
{
	(void)state;
	char path[] = "/tmp/aftertone-conf-XXXXXX";
	struct settings s;
	const char *why = NULL;
	settings_default(&s);
	write_file(path, "ring_seconds=30\n\nring_secs=30\n");
	assert_int_equal(settings_read(&s, path, &why), AT_ERR_BAD_REQUEST);
	assert_non_null(strstr(why, "line 3"));
	assert_non_null(strstr(why, "ring_secs"));
	unlink(path);
}

static void what_is_printed_can_be_read(void **state)
{
	(void)state;
	char path[] = "/tmp/aftertone-conf-XXXXXX";
	struct settings s, again;
	const char *why = NULL;
	settings_default(&s);
	assert_int_equal(settings_set(&s, "voice_max_seconds=77", &why), AT_OK);
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	settings_print(&s, f);
	fclose(f);
	settings_default(&again);
	assert_int_equal(settings_read(&again, path, &why), AT_OK);
	assert_memory_equal(&s, &again, sizeof(s));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(defaults_are_those_of_the_contracts),
		AT_TEST(good_values_are_taken),
		AT_TEST(bad_ones_are_refused_by_name),
		AT_TEST(settings_that_contradict_are_refused),
		AT_TEST(a_file_is_read_by_lines),
		AT_TEST(a_bad_line_is_named),
		AT_TEST(what_is_printed_can_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
