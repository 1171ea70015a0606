/* Real supervisors with small roles that report what they see through a pipe. */
#include "base/mem.h"
#include "base/test.h"
#include "base/time.h"
#include "ipc/ipc_role.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int reports[2];

static void report(char what)
{
	if (write(reports[1], &what, 1) != 1)
		_exit(9);
}

/* The next report, 0 after ms of silence. */
static char next_report(int ms)
{
	struct pollfd p = {.fd = reports[0], .events = POLLIN};
	char what;
	if (poll(&p, 1, ms) != 1 || read(reports[0], &what, 1) != 1)
		return 0;
	return what;
}

/* Whether each of `wanted` is reported, in any order. A role that stops may see its peer gone first. */
static void assert_reports(const char *wanted)
{
	char left[32];
	size_t n = strlen(wanted);
	memcpy(left, wanted, n + 1);
	for (size_t i = 0; i < n;) {
		char what = next_report(5000);
		char *at = what ? strchr(left, what) : NULL;
		if (!at && what == 'g')
			continue;
		assert_non_null(at);
		*at = '.';
		i++;
	}
}

struct role {
	struct at_loop *loop;
	struct ipc_chan *boss, *peer;
	char name;
	int code;
	bool deaf;
};

static void on_gone(void *arg)
{
	struct role *role = arg;
	ipc_chan_free(&role->peer);
	report('g');
}

static void on_boss_gone(void *arg)
{
	(void)arg;
	_exit(1);
}

/* Peers greet one another. */
static void on_peer(void *arg, struct ipc_msg *msg)
{
	struct role *role = arg;
	if (msg->body_len == 1 && msg->body[0] == 'h')
		report(role->name);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct role *role = arg;
	if (msg->type == IPC_STOP && !role->deaf) {
		report('s');
		at_loop_stop(role->loop);
	}
	if (msg->type == IPC_PEER && msg->fd_count == 1) {
		/* On a busy machine the new one may come before the old one's end is noticed. */
		if (role->peer)
			on_gone(role);
		role->peer = ipc_chan_new(role->loop, msg->fds[0], on_peer, on_gone, role);
		enum at_err err = ipc_send(role->peer, IPC_REMUX_JOB, "h", 1, NULL, 0);
		if (err)
			report('?');
	}
}

static int role_main(void *arg, int supervisor_fd)
{
	struct role *role = arg;
	role->loop = at_loop_new();
	role->boss = ipc_chan_new(role->loop, supervisor_fd, on_boss, on_boss_gone, role);
	if (role->code)
		_exit(role->code);
	pid_t pid = getpid();
	if (ipc_send(role->boss, IPC_READY, &pid, sizeof(pid), NULL, 0))
		report('?');
	at_loop_run(role->loop);
	ipc_chan_free(&role->peer);
	ipc_chan_free(&role->boss);
	at_loop_free(&role->loop);
	return 0;
}

static pid_t *seen_pids; /* shared: [0] core, [1] remux */

static void on_ready(void *arg, const uint8_t *body, size_t len)
{
	struct role *role = arg;
	if (len == sizeof(pid_t))
		memcpy(&seen_pids[role->name == 'R'], body, len);
	report('r');
}

/* A supervisor over a core 'C' and a remux 'R'. */
static pid_t supervise(int core_code, bool deaf)
{
	struct role core = {.name = 'C', .code = core_code, .deaf = deaf}, remux = {.name = 'R'};
	const struct ipc_role_spec specs[] = {
		{.role = IPC_CORE, .name = "core", .main = role_main, .ready = on_ready, .arg = &core},
		{.role = IPC_REMUX, .name = "remux", .main = role_main, .ready = on_ready, .arg = &remux},
	};
	assert_int_equal(pipe2(reports, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		at_log_set_level(AT_LOG_ERROR);
		_exit(ipc_supervise(specs, 2));
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(reports[0]);
	close(reports[1]);
	return status;
}

static void starts_introduces_and_stops(void **state)
{
	(void)state;
	pid_t pid = supervise(0, false);
	assert_reports("rrCR");
	kill(pid, SIGTERM);
	assert_reports("ss");
	assert_int_equal(end_of(pid), 0);
}

static void a_dead_role_comes_back_with_a_new_channel(void **state)
{
	(void)state;
	pid_t pid = supervise(0, false);
	assert_reports("rrCR");
	for (int i = 0; i < 2; i++) {
		int64_t before = at_mono_ms();
		kill(seen_pids[1], SIGKILL);
		/* Core sees the old channel go, both greet over the new one. */
		assert_reports("grCR");
		assert_in_range(at_mono_ms() - before, 90, 4000);
	}
	kill(seen_pids[0], SIGKILL);
	assert_reports("grCR");
	kill(pid, SIGINT);
	assert_reports("ss");
	assert_int_equal(end_of(pid), 0);
}

static void a_config_error_ends_everything(void **state)
{
	(void)state;
	pid_t pid = supervise(IPC_EXIT_CONFIG, false);
	int status = end_of(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), IPC_EXIT_CONFIG);
}

static void a_deaf_role_is_killed_when_asked_twice(void **state)
{
	(void)state;
	pid_t pid = supervise(0, true);
	assert_reports("rrCR");
	kill(pid, SIGTERM);
	assert_reports("s");
	kill(pid, SIGTERM);
	assert_int_equal(end_of(pid), 0);
}

static void a_killed_supervisor_takes_its_roles_along(void **state)
{
	(void)state;
	pid_t pid = supervise(0, false);
	assert_reports("rrCR");
	kill(pid, SIGKILL);
	close(reports[1]);
	/* The pipe ends when the last role has gone. */
	char c;
	struct pollfd p = {.fd = reports[0], .events = POLLIN};
	ssize_t n = 1;
	while (n > 0 && poll(&p, 1, 5000) == 1)
		n = read(reports[0], &c, 1);
	assert_int_equal(n, 0);
	reports[1] = dup(reports[0]);
	assert_true(WIFSIGNALED(end_of(pid)));
}

int main(void)
{
	int shared = memfd_create("pids", MFD_CLOEXEC);
	if (shared < 0 || ftruncate(shared, 4096) != 0)
		return 1;
	seen_pids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
	const struct CMUnitTest tests[] = {
		AT_TEST(starts_introduces_and_stops),
		AT_TEST(a_dead_role_comes_back_with_a_new_channel),
		AT_TEST(a_config_error_ends_everything),
		AT_TEST(a_deaf_role_is_killed_when_asked_twice),
		AT_TEST(a_killed_supervisor_takes_its_roles_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
