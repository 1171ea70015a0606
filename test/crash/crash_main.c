/* usage: test_crash --server PATH [--cycles N] [--seed N] [--only self|kill|full|sync]
 * Ends with "N passed, N failed". */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "crash/crash.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOAD_MIN_MS = 100, LOAD_MAX_MS = 900, DISK_MB = 24, ROUND_MS = 500, TEXTS_WITH_ROOM = 800 };

struct arguments {
	const char *server, *only;
	unsigned cycles;
	uint64_t seed;
	char fault[512]; /* the library */
};

/* ---- odds and ends ---- */

uint32_t crash_random(struct crash *crash, uint32_t bound)
{
	crash->random = crash->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((crash->random >> 33) % bound);
}

struct at_id crash_id(struct crash *crash)
{
	struct at_id id;

	(void)crash;
	at_rand(id.b, sizeof(id.b)); /* a run of the same seed on the same data would meet its own */
	return id;
}

void problem(struct crash *crash, const char *fmt, ...)
{
	va_list args;

	crash->found++;
	if (crash->quiet)
		return;
	crash->failed++;
	fprintf(stderr, "FAIL ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
}

bool crash_run(struct crash *crash, int64_t ms, bool (*done)(const struct crash *crash))
{
	for (int64_t end = at_mono_ms() + ms; at_mono_ms() < end;) {
		if (done && done(crash))
			return true;
		at_loop_step(crash->loop, 5);
	}
	return done && done(crash);
}

static void run_tool(const char *tool, const char *a, const char *b)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp(tool, tool, a, b, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void expect_ready(struct crash *crash, const char *after)
{
	if (!crash_run(crash, PATIENCE_MS, people_ready))
		problem(crash, "after %s not everybody came back up to date", after);
}

/* A check that is one line of the summary: fine unless there were problems since. */
static void count(struct crash *crash, unsigned failed_before)
{
	if (crash->failed > failed_before)
		crash->failed = failed_before + 1;
	else
		crash->passed++;
}

/* ---- a run: a server, its people, a directory ---- */

static void set_up(struct crash *crash, const struct arguments *args, const char *base)
{
	struct client_options options = {.address = "127.0.0.1",
					 .spread_sources = true,
					 .backoff_min_ms = 40,
					 .backoff_max_ms = 300};

	crash->server.binary = args->server;
	crash->server.port = free_port();
	snprintf(crash->server.data, sizeof(crash->server.data), "%s/data", base);
	snprintf(crash->server.log, sizeof(crash->server.log), "%s/log", base);
	snprintf(crash->server.flag, sizeof(crash->server.flag), "%s/flag", base);
	options.port = crash->server.port;
	crash->loop = at_loop_new();
	crash->ledger = at_alloc(sizeof(*crash->ledger));
	if (clients_new(crash->loop, &options, &crash->clients) != AT_OK)
		exit(1);
	people_begin(crash);
	crash->loading = crash->home != NULL;
	expect_ready(crash, "the first start");
}

static void tear_down(struct crash *crash)
{
	people_end(crash);
	clients_free(&crash->clients);
	at_loop_free(&crash->loop);
	at_free(crash->ledger);
}

static bool all_answered(const struct crash *crash)
{
	for (int i = 0; i < PEOPLE; i++)
		if (client_waiting(crash->people[i].client) > 0)
			return false;
	return people_ready(crash);
}

/* The last calls ring out, are hung up, and are written. */
static void let_calls_end(struct crash *crash)
{
	for (int64_t end = at_mono_ms() + PATIENCE_MS; at_mono_ms() < end;) {
		if (calls_are_over(crash) && all_answered(crash))
			return;
		(void)crash_run(crash, 100, NULL);
	}
	problem(crash, "something never came to its end");
}

/* Lets everything come to its end, and looks once more. */
static void settle_and_check(struct crash *crash)
{
	unsigned before = crash->failed;

	crash->loading = false;
	if (!crash_run(crash, PATIENCE_MS, all_answered))
		problem(crash, "something was never answered");
	let_calls_end(crash);
	if (!server_stop(&crash->server))
		problem(crash, "the server did not stop politely: see %s", crash->server.log);
	check_disk(crash, true);
	count(crash, before);
}

static void restart(struct crash *crash, const char *after)
{
	if (!server_start(&crash->server)) {
		fprintf(stderr, "after %s the server does not start: see %s\n", after, crash->server.log);
		exit(1);
	}
	expect_ready(crash, after);
}

/* ---- kill -9 ---- */

/* The core alone; the supervisor starts another. */
static void kill_core(struct crash *crash)
{
	pid_t core = server_core(&crash->server);

	if (core > 0)
		kill(core, SIGKILL);
	(void)crash_run(crash, 200, NULL);
	expect_ready(crash, "kill -9 of the core");
}

static void kill_all(struct crash *crash)
{
	server_kill(&crash->server);
	check_disk(crash, false);
	restart(crash, "kill -9");
}

static void run_kills(struct crash *crash, unsigned cycles)
{
	for (unsigned i = 0; i < cycles; i++) {
		unsigned before = crash->failed;
		(void)crash_run(crash, LOAD_MIN_MS + crash_random(crash, LOAD_MAX_MS - LOAD_MIN_MS), NULL);
		if (crash_random(crash, 4) == 0)
			kill_core(crash);
		else
			kill_all(crash);
		count(crash, before);
	}
	settle_and_check(crash);
	printf("kill -9: %u cycles; %llu messages, %llu fragments, %zu calls were acknowledged or begun\n", cycles,
	       (unsigned long long)crash->ledger->texts, (unsigned long long)crash->ledger->fragments,
	       crash->ledger->n_calls);
}

/* ---- a full disk ---- */

static void fill_disk(const struct crash *crash)
{
	static char block[1 << 16];
	char path[300];

	snprintf(path, sizeof(path), "%s/filler", crash->server.data);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (size_t n = sizeof(block); fd >= 0 && n > 0;)
		if (write(fd, block, n) <= 0)
			n /= 2;
	(void)close(fd);
}

static void empty_disk(const struct crash *crash)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/filler", crash->server.data);
	(void)unlink(path);
}

static unsigned refusals(const struct crash *crash)
{
	unsigned n = 0;

	for (int i = 0; i < PEOPLE; i++)
		n += crash->people[i].full;
	return n;
}

/* The database's own room goes first, which may take a while. */
static bool wait_for_refusals(struct crash *crash, unsigned n)
{
	for (int64_t end = at_mono_ms() + PATIENCE_MS; refusals(crash) < n && at_mono_ms() < end;) {
		fill_disk(crash);
		(void)crash_run(crash, ROUND_MS, NULL);
	}
	return refusals(crash) >= n;
}

static bool wait_for_texts(struct crash *crash, uint64_t n)
{
	for (int64_t end = at_mono_ms() + PATIENCE_MS; crash->ledger->texts < n && at_mono_ms() < end;)
		(void)crash_run(crash, ROUND_MS, NULL);
	return crash->ledger->texts >= n;
}

static void full_once(struct crash *crash)
{
	pid_t core = server_core(&crash->server);

	if (!wait_for_refusals(crash, refusals(crash) + 20))
		problem(crash, "a full disk refused nothing");
	empty_disk(crash);
	if (!wait_for_texts(crash, crash->ledger->texts + TEXTS_WITH_ROOM))
		problem(crash, "with room again, messages are still refused");
	if (server_core(&crash->server) != core)
		problem(crash, "a full disk ended the server");
}

static void run_full(struct crash *crash)
{
	for (int i = 0; i < 3; i++) {
		unsigned before = crash->failed;
		full_once(crash);
		count(crash, before);
	}
	unsigned before = crash->failed;
	server_kill(&crash->server);
	check_disk(crash, false);
	restart(crash, "a full disk and kill -9");
	count(crash, before);
	settle_and_check(crash);
	printf("full disk: %u refusals, %llu messages acknowledged\n", refusals(crash),
	       (unsigned long long)crash->ledger->texts);
}

/* ---- a disk that cannot sync ---- */

static void set_flag(const struct crash *crash, const char *to)
{
	int fd = open(crash->server.flag, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, to, 1) != 1)
		exit(1);
	(void)close(fd);
}

static bool core_changed(struct crash *crash, pid_t core, int64_t ms)
{
	for (int64_t end = at_mono_ms() + ms; at_mono_ms() < end;) {
		(void)crash_run(crash, 20, NULL);
		if (server_core(&crash->server) != core)
			return true;
	}
	return false;
}

static void run_sync(struct crash *crash)
{
	for (int i = 0; i < 3; i++) {
		unsigned before = crash->failed;
		pid_t core = server_core(&crash->server);
		(void)crash_run(crash, 500, NULL);
		set_flag(crash, "1");
		if (!core_changed(crash, core, PATIENCE_MS))
			problem(crash, "the server goes on although it cannot sync");
		set_flag(crash, "0");
		expect_ready(crash, "a failed sync");
		count(crash, before);
	}
	settle_and_check(crash);
	printf("failed sync: %llu messages acknowledged\n", (unsigned long long)crash->ledger->texts);
}

/* ---- the checks themselves ---- */

/* Something of each kind that can be damaged. */
static bool has_enough(const struct crash *crash)
{
	const struct ledger *ledger = crash->ledger;
	bool call = false, rec = false;

	for (size_t i = 0; i < ledger->n_calls; i++)
		call = call || ledger->calls[i].ended;
	for (size_t i = 0; i < ledger->n_recs; i++)
		rec = rec || (ledger->recs[i].acked > 0 && !ledger->recs[i].dropped && ledger->recs[i].segments == 1);
	return call && rec && ledger->declines > 0 && ledger->texts >= 100;
}

static void run_self(struct crash *crash)
{
	if (!crash_run(crash, PATIENCE_MS, has_enough))
		problem(crash, "there is nothing to damage");
	server_kill(&crash->server);
	unsigned before = crash->failed;
	check_disk(crash, false);
	count(crash, before);
	check_the_checks(crash);
}

/* ---- what to run ---- */

static bool wants(const struct arguments *args, const char *what)
{
	return !args->only || strcmp(args->only, what) == 0;
}

static void make_home(const struct arguments *args, struct home *home)
{
	struct crash crash = {.random = args->seed};

	snprintf(home->base, sizeof(home->base), "/tmp/aftertone-crash-home-XXXXXX");
	if (!mkdtemp(home->base))
		exit(1);
	set_up(&crash, args, home->base);
	if (!server_stop(&crash.server) || crash.failed > 0)
		exit(1);
	for (int i = 0; i < PEOPLE; i++)
		memcpy(home->cookies[i], crash.people[i].cookie, COOKIE_LEN);
	tear_down(&crash);
}

static void move_in(const struct crash *crash)
{
	char from[128];

	snprintf(from, sizeof(from), "%s/data/aftertone.db", crash->home->base);
	run_tool("cp", from, crash->server.data);
}

static void run_what(struct crash *crash, const struct arguments *args, const char *what)
{
	if (strcmp(what, "full") == 0)
		run_full(crash);
	else if (strcmp(what, "sync") == 0)
		run_sync(crash);
	else if (strcmp(what, "self") == 0)
		run_self(crash);
	else
		run_kills(crash, args->cycles);
}

static bool mount_small(const char *dir)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%dm,mode=0700", DISK_MB);
	if (mount("tmpfs", dir, "tmpfs", 0, options) == 0)
		return true;
	printf("full disk: left out, since this user may not mount a small disk\n");
	return false;
}

static void run_in(struct crash *crash, const struct arguments *args, const char *base, const char *what)
{
	bool full = strcmp(what, "full") == 0;

	snprintf(crash->server.data, sizeof(crash->server.data), "%s/data", base);
	(void)mkdir(crash->server.data, 0700);
	if (full && !mount_small(crash->server.data))
		return;
	if (strcmp(what, "sync") == 0) {
		snprintf(crash->server.flag, sizeof(crash->server.flag), "%s/flag", base);
		set_flag(crash, "0");
		crash->server.fault = args->fault;
	}
	move_in(crash);
	set_up(crash, args, base);
	run_what(crash, args, what);
	tear_down(crash);
	if (full)
		(void)umount(crash->server.data);
}

static void run_one(const struct arguments *args, const struct home *home, const char *what, unsigned *passed,
		    unsigned *failed)
{
	struct crash crash = {.home = home, .random = args->seed};
	char base[] = "/tmp/aftertone-crash-XXXXXX";

	if (!mkdtemp(base))
		exit(1);
	run_in(&crash, args, base, what);
	*passed += crash.passed;
	*failed += crash.failed;
	if (crash.failed == 0)
		run_tool("rm", "-rf", base);
	else
		fprintf(stderr, "its data and log are kept in %s\n", base);
}

static void read_arguments(int argc, char **argv, struct arguments *args)
{
	*args = (struct arguments){.cycles = 100};
	at_rand(&args->seed, sizeof(args->seed));
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--server") == 0)
			args->server = argv[i + 1];
		else if (strcmp(argv[i], "--cycles") == 0)
			args->cycles = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0)
			args->seed = strtoull(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--only") == 0)
			args->only = argv[i + 1];
	}
	if (!args->server) {
		fprintf(stderr, "usage: %s --server PATH [--cycles N] [--seed N] [--only self|kill|full|sync]\n",
			argv[0]);
		exit(2);
	}
	/* The library lies beside this program. */
	char *slash;
	ssize_t n = readlink("/proc/self/exe", args->fault, sizeof(args->fault) - 32);
	args->fault[n > 0 ? n : 0] = 0;
	if ((slash = strrchr(args->fault, '/')) != NULL)
		memcpy(slash, "/libcrash_fault.so", sizeof("/libcrash_fault.so"));
}

int main(int argc, char **argv)
{
	static const char *const all[] = {"self", "kill", "full", "sync"};
	struct arguments args;
	struct home home;
	unsigned passed = 0, failed = 0;

	read_arguments(argc, argv, &args);
	(void)sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	at_log_set_level(AT_LOG_ERROR); /* a slow turn of our own loop is nobody's concern */
	printf("seed %llu\n", (unsigned long long)args.seed);
	fflush(stdout);
	make_home(&args, &home);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (wants(&args, all[i]))
			run_one(&args, &home, all[i], &passed, &failed);
		fflush(stdout);
	}
	run_tool("rm", "-rf", home.base);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
