#include "ipc/ipc_role.h"

#include "base/list.h"
#include "base/log.h"
#include "base/time.h"
#include "ipc/ipc_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_MIN_MS = 100, PAUSE_MAX_MS = 10000, SETTLED_MS = 60000, STOP_MS = 5000 };

/* Who talks to whom. */
static const enum ipc_role pairs[][2] = {{IPC_CORE, IPC_REMUX}, {IPC_CORE, IPC_MEDIA}};

struct life {
	const struct ipc_role_spec *spec; /* NULL: no such role in this program */
	pid_t pid;                        /* 0 = not running */
	int fd;                           /* -1 = none */
	bool fresh;                       /* has not got its peers */
	int64_t started_ms, pause_ms, due_ms;
};

struct supervisor {
	struct life lives[IPC_ROLE_COUNT];
	int signals;
	sigset_t before; /* the mask that roles get back */
	bool stopping;
	int64_t kill_ms;
	int exit_code;
};

/* ---- a role's life ---- */

_Noreturn static void be_role(struct supervisor *s, struct life *life, int fd, pid_t parent)
{
	/* Nobody supervises an orphan. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(s->signals);
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++)
		if (s->lives[i].fd >= 0)
			close(s->lives[i].fd);
	/* Ctrl-C reaches the whole terminal group; the supervisor decides what it means. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGINT, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	at_log_set_role(life->spec->name);
	exit(life->spec->main(life->spec->arg, fd));
}

static void retry_later(struct life *life)
{
	int64_t now = at_mono_ms();
	if (now - life->started_ms >= SETTLED_MS || !life->pause_ms)
		life->pause_ms = PAUSE_MIN_MS;
	life->due_ms = now + life->pause_ms;
	life->pause_ms = life->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : life->pause_ms * 2;
}

static void start(struct supervisor *s, struct life *life)
{
	int ends[2];
	life->started_ms = at_mono_ms();
	if (ipc_pair(ends)) {
		retry_later(life);
		return;
	}
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		close(ends[0]);
		be_role(s, life, ends[1], parent);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		at_log(AT_LOG_ERROR, "role.fork", "role", life->spec->name, "error", strerror(errno), NULL);
		retry_later(life);
		return;
	}
	life->pid = pid;
	life->fd = ends[0];
	life->fresh = true;
	at_log(AT_LOG_INFO, "role.started", "role", life->spec->name, "pid", AT_INT(pid), NULL);
}

static void introduce(struct life *a, struct life *b)
{
	int ends[2];
	if (ipc_pair(ends)) {
		at_log(AT_LOG_ERROR, "role.pair", "error", strerror(errno), NULL);
		return;
	}
	uint8_t role_a = (uint8_t)a->spec->role, role_b = (uint8_t)b->spec->role;
	enum at_err err = ipc_raw_send(a->fd, IPC_PEER, &role_b, 1, &ends[0], 1);
	if (!err)
		err = ipc_raw_send(b->fd, IPC_PEER, &role_a, 1, &ends[1], 1);
	if (err)
		at_log(AT_LOG_WARN, "role.introduce", "error", at_err_name(err), NULL);
	close(ends[0]);
	close(ends[1]);
}

static void introduce_fresh(struct supervisor *s)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct life *a = &s->lives[pairs[i][0]], *b = &s->lives[pairs[i][1]];
		if (a->pid && b->pid && (a->fresh || b->fresh))
			introduce(a, b);
	}
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++)
		s->lives[i].fresh = false;
}

static void start_due(struct supervisor *s)
{
	int64_t now = at_mono_ms();
	for (size_t i = 0; i < IPC_ROLE_COUNT && !s->stopping; i++) {
		struct life *life = &s->lives[i];
		if (life->spec && !life->pid && now >= life->due_ms)
			start(s, life);
	}
	introduce_fresh(s);
}

/* ---- stopping ---- */

static void stop_all(struct supervisor *s)
{
	if (s->stopping)
		s->kill_ms = 0; /* asked twice: at once */
	else
		s->kill_ms = at_mono_ms() + STOP_MS;
	s->stopping = true;
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++) {
		struct life *life = &s->lives[i];
		if (life->pid && ipc_raw_send(life->fd, IPC_STOP, NULL, 0, NULL, 0))
			kill(life->pid, SIGKILL);
	}
}

static void kill_late(struct supervisor *s)
{
	if (!s->stopping || at_mono_ms() < s->kill_ms)
		return;
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++) {
		if (!s->lives[i].pid)
			continue;
		at_log(AT_LOG_WARN, "role.killed", "role", s->lives[i].spec->name, NULL);
		kill(s->lives[i].pid, SIGKILL);
	}
	s->kill_ms = INT64_MAX;
}

static void on_end(struct supervisor *s, struct life *life, int status)
{
	bool by_signal = WIFSIGNALED(status);
	int code = by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
	at_log(s->stopping ? AT_LOG_INFO : AT_LOG_WARN, "role.ended", "role", life->spec->name,
	       by_signal ? "signal" : "code", AT_INT(code), NULL);
	if (life->fd >= 0)
		close(life->fd);
	life->fd = -1;
	life->pid = 0;
	if (s->stopping)
		return;
	if (!by_signal && code == IPC_EXIT_CONFIG) {
		s->exit_code = code;
		stop_all(s);
	} else {
		retry_later(life);
	}
}

static void reap(struct supervisor *s)
{
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++) {
		int status;
		if (s->lives[i].pid && waitpid(s->lives[i].pid, &status, WNOHANG) == s->lives[i].pid)
			on_end(s, &s->lives[i], status);
	}
}

/* ---- the wait ---- */

static void read_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;
	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			stop_all(s);
	reap(s);
}

/* A role lives or dies with its channel; one that was told to stop may close it first. */
static void on_closed(struct supervisor *s, struct life *life)
{
	close(life->fd);
	life->fd = -1;
	if (!s->stopping)
		kill(life->pid, SIGKILL);
}

static void read_role(struct supervisor *s, struct life *life)
{
	static uint8_t buffer[IPC_DATAGRAM_MAX];
	struct ipc_msg msg;
	enum at_err err = ipc_raw_recv(life->fd, buffer, &msg);
	if (err == AT_ERR_BAD_REQUEST)
		at_log(AT_LOG_WARN, "ipc.bad_message", "role", life->spec->name, NULL);
	if (err == AT_ERR_CLOSED)
		on_closed(s, life);
	if (err)
		return;
	if (msg.type == IPC_READY && life->spec->ready)
		life->spec->ready(life->spec->arg, msg.body, msg.body_len);
	ipc_msg_close_fds(&msg);
}

static int wait_ms(const struct supervisor *s)
{
	int64_t next = s->stopping ? s->kill_ms : INT64_MAX, now = at_mono_ms();
	for (size_t i = 0; i < IPC_ROLE_COUNT && !s->stopping; i++)
		if (s->lives[i].spec && !s->lives[i].pid && s->lives[i].due_ms < next)
			next = s->lives[i].due_ms;
	if (next == INT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

static void wait_for_events(struct supervisor *s)
{
	struct pollfd fds[IPC_ROLE_COUNT + 1] = {{.fd = s->signals, .events = POLLIN}};
	struct life *of[IPC_ROLE_COUNT + 1] = {NULL};
	nfds_t n = 1;
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++) {
		if (s->lives[i].fd < 0)
			continue;
		of[n] = &s->lives[i];
		fds[n++] = (struct pollfd){.fd = s->lives[i].fd, .events = POLLIN};
	}
	if (poll(fds, n, wait_ms(s)) < 0)
		return;
	/* Roles first: one that said "ready" and died has been ready. */
	for (nfds_t i = 1; i < n; i++)
		if (fds[i].revents & POLLIN)
			read_role(s, of[i]);
	if (fds[0].revents)
		read_signals(s);
}

static bool any_running(const struct supervisor *s)
{
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++)
		if (s->lives[i].pid)
			return true;
	return false;
}

int ipc_supervise(const struct ipc_role_spec *specs, size_t n)
{
	struct supervisor s = {.signals = -1};
	for (size_t i = 0; i < IPC_ROLE_COUNT; i++)
		s.lives[i].fd = -1;
	for (size_t i = 0; i < n; i++) {
		AT_ASSERT(specs[i].role < IPC_ROLE_COUNT && !s.lives[specs[i].role].spec);
		s.lives[specs[i].role].spec = &specs[i];
	}
	sigset_t mine;
	sigemptyset(&mine);
	sigaddset(&mine, SIGTERM);
	sigaddset(&mine, SIGINT);
	sigaddset(&mine, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mine, &s.before);
	s.signals = signalfd(-1, &mine, SFD_CLOEXEC | SFD_NONBLOCK);
	AT_ASSERT(s.signals >= 0);
	while (!s.stopping || any_running(&s)) {
		start_due(&s);
		wait_for_events(&s);
		kill_late(&s);
	}
	close(s.signals);
	sigprocmask(SIG_SETMASK, &s.before, NULL);
	return s.exit_code;
}
