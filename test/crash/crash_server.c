#include "crash/crash.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN_MAX = 16 };

static void nap(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

uint16_t free_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || getsockname(fd, (struct sockaddr *)&addr, &len)) {
		perror("bind");
		exit(1);
	}
	(void)close(fd);
	return ntohs(addr.sin_port);
}

/* ---- processes ---- */

static pid_t parent_of(pid_t pid)
{
	char path[64], line[256];
	pid_t parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "PPid:", 5) == 0)
			parent = (pid_t)strtol(line + 5, NULL, 10);
	if (file)
		fclose(file);
	return parent;
}

static size_t children_of(pid_t pid, pid_t out[CHILDREN_MAX])
{
	DIR *proc = opendir("/proc");
	size_t n = 0;

	for (struct dirent *it; proc && (it = readdir(proc)) != NULL;) {
		pid_t child = (pid_t)strtol(it->d_name, NULL, 10);
		if (child > 0 && n < CHILDREN_MAX && parent_of(child) == pid)
			out[n++] = child;
	}
	if (proc)
		closedir(proc);
	return n;
}

static bool has_database(pid_t pid)
{
	char path[64], link[512];
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *fds = opendir(path);
	for (struct dirent *it; fds && (it = readdir(fds)) != NULL;) {
		ssize_t n = readlinkat(dirfd(fds), it->d_name, link, sizeof(link) - 1);
		if (n > 0) {
			link[n] = 0;
			found = found || strstr(link, "aftertone.db") != NULL;
		}
	}
	if (fds)
		closedir(fds);
	return found;
}

pid_t server_core(const struct server *server)
{
	pid_t children[CHILDREN_MAX];
	size_t n = children_of(server->pid, children);

	for (size_t i = 0; i < n; i++)
		if (has_database(children[i]))
			return children[i];
	return 0;
}

/* They die with the supervisor; the next one must not meet them. A process is gone when the last of its threads is, which /proc does
 * not tell: its first thread may be a zombie while another still holds the database. */
void server_kill(struct server *server)
{
	pid_t children[CHILDREN_MAX];
	int fds[CHILDREN_MAX];
	size_t n = children_of(server->pid, children);

	for (size_t i = 0; i < n; i++)
		fds[i] = pidfd_open(children[i], 0);
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		struct pollfd ended = {.fd = fds[i], .events = POLLIN};
		(void)poll(&ended, fds[i] >= 0, PATIENCE_MS);
		if (fds[i] >= 0)
			(void)close(fds[i]);
	}
	(void)close(server->out);
	server->pid = 0;
}

bool server_stop(struct server *server)
{
	int status = 0;
	pid_t ended = 0;

	kill(server->pid, SIGTERM);
	for (int ms = 0; ended == 0 && ms < PATIENCE_MS; ms += 20) {
		ended = waitpid(server->pid, &status, WNOHANG);
		nap(ended == 0 ? 20 : 0);
	}
	if (ended == 0) {
		server_kill(server);
		return false;
	}
	(void)close(server->out);
	server->pid = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- starting ---- */

static void become_server(const struct server *server, int out)
{
	char listen_on[64];
	int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)dup2(out, 1);
	(void)dup2(log, 2);
	snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%u", server->port);
	if (server->fault) {
		(void)setenv("LD_PRELOAD", server->fault, 1);
		(void)setenv("AT_CRASH_FLAG", server->flag, 1);
		(void)setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	}
	/* Short rings, and no limit on how often. */
	execl(server->binary, server->binary, "--data", server->data, "--listen", listen_on, "--media", "127.0.0.1:0",
	      "--web", "/", "--set", "ring_seconds=1", "--set", "ring_stop_seconds=2", "--set", "unreachable_seconds=1",
	      "--set", "grace_ms=200", "--set", "pair_rings=100000", "--set", "unanswered_a_day=100000", "--set",
	      "commands_per_s=0", "--set", "messages_per_s=0", "--set", "recs_per_user=10000", "--set",
	      "undo_seconds=0", (char *)NULL);
	_exit(127);
}

/* Its first line says where it is. */
static bool wait_until_up(struct server *server)
{
	char line[1024];
	size_t len = 0;

	for (int ms = 0; ms < PATIENCE_MS;) {
		struct pollfd out = {.fd = server->out, .events = POLLIN};
		int n = poll(&out, 1, 50);
		ms += n == 0 ? 50 : 1;
		if (n <= 0)
			continue;
		ssize_t got = read(server->out, line + len, sizeof(line) - 1 - len);
		if (got <= 0)
			return false;
		len += (size_t)got;
		line[len] = 0;
		if (strstr(line, "://"))
			return true;
		len = len > sizeof(line) / 2 ? 0 : len;
	}
	return false;
}

bool server_start(struct server *server)
{
	int fds[2];

	for (int i = 0; i < 40; i++) {
		if (pipe2(fds, O_CLOEXEC))
			return false;
		server->pid = fork();
		if (server->pid == 0)
			become_server(server, fds[1]);
		(void)close(fds[1]);
		server->out = fds[0];
		if (wait_until_up(server))
			return true;
		server_kill(server);
		nap(250);
	}
	return false;
}

void server_add_user(const struct server *server, const char *username)
{
	int fds[2], status = 0;

	if (pipe2(fds, O_CLOEXEC))
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		(void)dup2(fds[0], 0);
		(void)dup2(null, 1);
		execl(server->binary, server->binary, "user", "add", username, "--name", username, "--password-stdin",
		      "--data", server->data, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[0]);
	if (write(fds[1], "a password\n", 11) != 11)
		perror("write");
	(void)close(fds[1]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "%s user add %s failed\n", server->binary, username);
		exit(1);
	}
}
