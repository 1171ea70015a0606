#include "base/test.h"
#include "main/commands.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/aftertone-main-XXXXXX");
	return mkdtemp(dir) ? 0 : 1;
}

static int drop_dir(void **state)
{
	char path[400];
	DIR *d = opendir(dir);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
	return at_test_teardown(state);
}

static struct store *open_store(void)
{
	struct store *store = NULL;
	assert_int_equal(store_open(dir, NULL, &store), AT_OK);
	return store;
}

static void the_first_start_makes_an_admin_link_until_there_is_an_account(void **state)
{
	(void)state;
	struct store *store = open_store();
	struct links links, again;
	uint64_t id;
	assert_int_equal(commands_first_links(store, false, &links), AT_OK);
	assert_int_equal(links.n, 1);
	assert_int_equal(strncmp(links.link[0].fragment, "#i=", 3), 0);
	assert_int_equal(strlen(links.link[0].fragment), 3 + AUTH_TOKEN_LEN);
	assert_int_equal(commands_first_links(store, false, &again), AT_OK);
	assert_string_not_equal(links.link[0].fragment, again.link[0].fragment);
	assert_int_equal(auth_user_add_now(store, "ana", "Ana", "a long enough secret", true, &id), AT_OK);
	assert_int_equal(commands_first_links(store, false, &links), AT_OK);
	assert_int_equal(links.n, 0);
	store_close(&store);
}

static void the_demo_has_the_same_three_people_at_every_start(void **state)
{
	(void)state;
	struct store *store = open_store();
	struct links links;
	uint64_t id;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(commands_first_links(store, true, &links), AT_OK);
		assert_int_equal(links.n, 3);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(strncmp(links.link[k].fragment, "#l=", 3), 0);
		assert_non_null(strstr(links.link[2].words, "Carla never answers"));
	}
	assert_int_equal(auth_user_add_now(store, "carla", "Carla", "a long enough secret", true, &id), AT_ERR_EXISTS);
	store_close(&store);
}

/* Runs a command with `input` on its standard input and its output unseen. */
static int run(struct options *o, const char *input)
{
	int ends[2], in = dup(STDIN_FILENO), out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int nowhere = open("/dev/null", O_WRONLY);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], input, strlen(input)), (ssize_t)strlen(input));
	close(ends[1]);
	fflush(stdout);
	clearerr(stdin);
	dup2(ends[0], STDIN_FILENO);
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	o->data = dir;
	int code = commands_run(o);
	fflush(stdout);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	const int all[] = {ends[0], in, out, err, nowhere};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		close(all[i]);
	return code;
}

static void commands_work_on_a_directory_nobody_serves(void **state)
{
	(void)state;
	struct options add = {.command = COMMAND_USER_ADD, .username = "ana", .name = "Ana"};
	struct options link = {.command = COMMAND_LINK, .username = "ana"};
	struct options unknown = {.command = COMMAND_LINK, .username = "ben"};
	struct options invite = {.command = COMMAND_INVITE, .uses = 3, .days = 7};
	assert_int_equal(run(&add, "short\n"), 1);
	assert_int_equal(run(&add, ""), 1);
	assert_int_equal(run(&add, "a long enough secret\n"), 0);
	assert_int_equal(run(&add, "a long enough secret\n"), 1);
	assert_int_equal(run(&link, ""), 0);
	assert_int_equal(run(&unknown, ""), 1);
	assert_int_equal(run(&invite, ""), 0);
	at_log_set_level(AT_LOG_INFO);
}

static void commands_stay_away_from_a_served_directory(void **state)
{
	(void)state;
	struct store *server = open_store();
	struct options invite = {.command = COMMAND_INVITE, .uses = 1, .days = 7};
	assert_int_equal(run(&invite, ""), 1);
	store_close(&server);
}

static void urls_are_what_a_browser_would_ask_for(void **state)
{
	(void)state;
	static const struct {
		const char *addr, *url;
		bool tls;
	} cases[] = {
		{"127.0.0.1", "http://localhost:8080", false},
		{"0.0.0.0", "https://localhost:8080", true},
		{"::1", "http://localhost:8080", false},
		{"192.0.2.7", "http://192.0.2.7:8080", false},
		{"2001:db8::7", "http://[2001:db8::7]:8080", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char url[128];
		struct options o = {.tls_self = cases[i].tls};
		snprintf(o.listen_addr, sizeof(o.listen_addr), "%s", cases[i].addr);
		options_url(&o, 8080, url, sizeof(url));
		assert_string_equal(url, cases[i].url);
	}
}

#define IN_DIR(fn) cmocka_unit_test_setup_teardown(fn, make_dir, drop_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(the_first_start_makes_an_admin_link_until_there_is_an_account),
		IN_DIR(the_demo_has_the_same_three_people_at_every_start),
		IN_DIR(commands_work_on_a_directory_nobody_serves),
		IN_DIR(commands_stay_away_from_a_served_directory),
		AT_TEST(urls_are_what_a_browser_would_ask_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
