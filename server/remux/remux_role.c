/* The remux role: a queue, two job processes at most, a clock on each; and beside them some that are done ahead, while their recording is
 * made, whose clocks start with the last of it. It never looks into media itself. */
#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/time.h"
#include "ipc/ipc.h"
#include "ipc/ipc_sandbox.h"
#include "remux/remux.h"

#include <errno.h>
#include <fcntl.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	JOBS_MAX = 2,
	AHEAD_MAX = 8, /* more recordings at once are made flat when they are sent */
	QUEUE_MAX = 64,
	QUEUE_FDS_MAX = 160, /* the role may have 256 */
	WALL_MS = 20000,
	CPU_S = 10,
	FILE_SLACK = 64 * 1024,
};
#define MEM_MAX (1ULL << 30) /* address space, libraries included */

struct waiting {
	struct at_link link;
	struct remux_job job;
	int fds[1 + REMUX_SEGMENTS_MAX]; /* output, segments */
	size_t fd_count;
};

struct running {
	struct role *role;
	pid_t pid;              /* 0 = free */
	int result_fd, more_fd; /* more_fd: -1 unless it is done ahead */
	struct at_poll *poll;
	struct at_timer *timer;
	uint64_t number;
	bool timed_out;
};

struct role {
	struct at_loop *loop;
	struct ipc_chan *boss, *core;
	struct at_list queue;
	size_t queued, queued_fds;
	struct running jobs[JOBS_MAX + AHEAD_MAX]; /* the queue's, then those ahead */
};

static void start_jobs(struct role *role);

static void answer(struct role *role, const struct remux_result *result)
{
	uint8_t body[REMUX_RESULT_LEN];
	remux_result_put(result, body);
	if (role->core && ipc_send(role->core, IPC_REMUX_DONE, body, sizeof(body), NULL, 0))
		at_log(AT_LOG_WARN, "remux.answer_lost", "job", AT_INT(result->number), NULL);
}

static void answer_error(struct role *role, uint64_t number, enum at_err err)
{
	struct remux_result result = {.number = number, .err = err};
	answer(role, &result);
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ---- the job's process ---- */

/* Leaves 0 to 2, the result's pipe and the job's files; what else the role holds, its channels above all, is not the job's. */
static void keep_only(int *fds, size_t n)
{
	int target = 3;
	for (size_t i = 0; i < n; i++, target++) {
		size_t least = n;
		for (size_t j = 0; j < n; j++)
			if (fds[j] >= target && (least == n || fds[j] < fds[least]))
				least = j;
		/* Ascending, so that none is overwritten before it is moved. */
		AT_ASSERT(least < n);
		if (fds[least] != target)
			AT_ASSERT(dup3(fds[least], target, O_CLOEXEC) == target);
		fds[least] = target - 1000;
	}
	for (size_t i = 0; i < n; i++)
		fds[i] += 1000;
	AT_ASSERT(close_range((unsigned)target, ~0U, 0) == 0);
}

/* more_fd: -1 unless it is done ahead. */
static _Noreturn void job_main(const struct waiting *w, int result_fd, int more_fd)
{
	int fds[3 + REMUX_SEGMENTS_MAX] = {result_fd};
	size_t n = 1 + w->fd_count;
	memcpy(fds + 1, w->fds, w->fd_count * sizeof(*fds));
	fds[n] = more_fd;
	keep_only(fds, more_fd < 0 ? n : n + 1);
	ipc_sandbox_remux_job(MEM_MAX, CPU_S, w->job.max_bytes + FILE_SLACK);
	struct remux_result result =
		more_fd < 0 ? remux_files(&w->job, fds[1], fds + 2) : remux_ahead(&w->job, fds[1], fds[2], fds[n]);
	uint8_t body[REMUX_RESULT_LEN];
	remux_result_put(&result, body);
	_exit(write(fds[0], body, sizeof(body)) == (ssize_t)sizeof(body) ? 0 : 1);
}

/* ---- running jobs ---- */

static void job_release(struct running *job)
{
	at_poll_free(&job->poll);
	at_timer_free(&job->timer);
	close(job->result_fd);
	if (job->more_fd >= 0)
		close(job->more_fd);
	kill(job->pid, SIGKILL);
	while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR) {}
	job->pid = 0;
}

static void on_result(void *arg, int events)
{
	struct running *job = arg;
	struct role *role = job->role;
	struct remux_result result;
	uint8_t body[REMUX_RESULT_LEN];
	(void)events;
	ssize_t n = read(job->result_fd, body, sizeof(body));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	bool is_whole = n == (ssize_t)sizeof(body) && !remux_result_parse(body, sizeof(body), &result);
	if (is_whole && result.number == job->number) {
		answer(role, &result);
	} else {
		if (!job->timed_out)
			at_log(AT_LOG_WARN, "remux.crash", "job", AT_INT(job->number), NULL);
		answer_error(role, job->number, job->timed_out ? AT_ERR_TIMEOUT : AT_ERR_UNREADABLE);
	}
	/* The end of a process takes longer than its work did: somebody waits for the answer. */
	job_release(job);
	start_jobs(role);
}

/* Its pipe closes when it is dead, and that is where it is told. */
static void on_timeout(void *arg)
{
	struct running *job = arg;
	job->timed_out = true;
	at_log(AT_LOG_WARN, "remux.timeout", "job", AT_INT(job->number), NULL);
	kill(job->pid, SIGKILL);
}

static enum at_err fork_job(const struct waiting *w, pid_t *pid_out, int *result_out, int *more_out)
{
	int result[2], more[2] = {-1, -1};
	if (pipe2(result, O_CLOEXEC))
		return AT_ERR_UNAVAILABLE;
	/* The role must not wait for a job: its end does not block. The job's does, so it is opened by itself. */
	if (w->job.room_ms && (pipe2(more, O_CLOEXEC) || fcntl(more[1], F_SETFL, O_NONBLOCK))) {
		close_all(result, 2);
		close_all(more, 2);
		return AT_ERR_UNAVAILABLE;
	}
	*pid_out = fork();
	if (*pid_out == 0)
		job_main(w, result[1], more[0]);
	close(result[1]);
	if (more[0] >= 0)
		close(more[0]);
	*result_out = result[0];
	*more_out = more[1];
	if (*pid_out > 0)
		return AT_OK;
	close(result[0]);
	if (more[1] >= 0)
		close(more[1]);
	return AT_ERR_UNAVAILABLE;
}

static enum at_err start_job(struct role *role, struct running *job, const struct waiting *w)
{
	pid_t pid;
	int result_fd, more_fd;
	enum at_err err = fork_job(w, &pid, &result_fd, &more_fd);
	if (err)
		return err;
	*job = (struct running){.role = role,
				.pid = pid,
				.result_fd = result_fd,
				.more_fd = more_fd,
				.number = w->job.number};
	job->poll = at_poll_new(role->loop, result_fd, on_result, job);
	at_poll_set(job->poll, AT_POLL_READ);
	job->timer = at_timer_new(role->loop, on_timeout, job);
	if (more_fd < 0)
		at_timer_start(job->timer, WALL_MS, 0);
	return AT_OK;
}

static struct waiting *take_waiting(struct role *role)
{
	struct at_link *link = at_list_first(&role->queue);
	if (!link)
		return NULL;
	struct waiting *w = AT_ENTRY(link, struct waiting, link);
	at_list_remove(&w->link);
	role->queued--;
	role->queued_fds -= w->fd_count;
	return w;
}

static void start_jobs(struct role *role)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct running *job = &role->jobs[i];
		struct waiting *w = job->pid ? NULL : take_waiting(role);
		if (!w)
			continue;
		enum at_err err = start_job(role, job, w);
		if (err)
			answer_error(role, w->job.number, err);
		close_all(w->fds, w->fd_count);
		at_free(w);
	}
}

/* ---- messages ---- */

/* ---- jobs ahead ---- */

/* Beside the queue: who waits for a note must not wait for those that are still being spoken. */
static void start_ahead(struct role *role, const struct waiting *w)
{
	enum at_err err = AT_ERR_BUSY;
	for (size_t i = JOBS_MAX; i < JOBS_MAX + AHEAD_MAX && err == AT_ERR_BUSY; i++)
		if (!role->jobs[i].pid)
			err = start_job(role, &role->jobs[i], w);
	if (err)
		answer_error(role, w->job.number, err);
}

static void tell_more(struct running *job, const struct remux_more *more)
{
	uint8_t word[8];
	bool is_last = more->what == REMUX_LAST;
	at_put_u64(word, more->bytes | (uint64_t)is_last << 63);
	if (is_last)
		at_timer_start(job->timer, WALL_MS, 0);
	/* Full: it does not keep up, and the next one says more. Without the last it would wait for ever. */
	if (write(job->more_fd, word, sizeof(word)) != (ssize_t)sizeof(word) && is_last)
		kill(job->pid, SIGKILL);
}

static void on_more(struct role *role, struct ipc_msg *msg)
{
	struct remux_more more;
	close_all(msg->fds, msg->fd_count);
	if (remux_more_parse(msg->body, msg->body_len, &more)) {
		at_log(AT_LOG_WARN, "remux.bad_more", NULL);
		return;
	}
	for (size_t i = JOBS_MAX; i < JOBS_MAX + AHEAD_MAX; i++) {
		struct running *job = &role->jobs[i];
		if (!job->pid || job->number != more.number)
			continue;
		if (more.what == REMUX_DROP)
			job_release(job);
		else
			tell_more(job, &more);
	}
}

static void on_job(struct role *role, struct ipc_msg *msg)
{
	struct remux_job job;
	enum at_err err = remux_job_parse(msg->body, msg->body_len, &job);
	if (!err && msg->fd_count != 1 + (size_t)job.segments)
		err = AT_ERR_BAD_REQUEST;
	if (err) {
		at_log(AT_LOG_WARN, "remux.bad_job", NULL);
		close_all(msg->fds, msg->fd_count);
		return;
	}
	if (job.room_ms) {
		struct waiting ahead = {.job = job, .fd_count = msg->fd_count};
		memcpy(ahead.fds, msg->fds, msg->fd_count * sizeof(*ahead.fds));
		start_ahead(role, &ahead);
		close_all(msg->fds, msg->fd_count);
		return;
	}
	if (role->queued >= QUEUE_MAX || role->queued_fds + msg->fd_count > QUEUE_FDS_MAX) {
		close_all(msg->fds, msg->fd_count);
		answer_error(role, job.number, AT_ERR_BUSY);
		return;
	}
	struct waiting *w = at_alloc(sizeof(*w));
	w->job = job;
	w->fd_count = msg->fd_count;
	memcpy(w->fds, msg->fds, msg->fd_count * sizeof(*w->fds));
	at_list_push(&role->queue, &w->link);
	role->queued++;
	role->queued_fds += w->fd_count;
	start_jobs(role);
}

static void on_core(void *arg, struct ipc_msg *msg)
{
	if (msg->type == IPC_REMUX_JOB)
		on_job(arg, msg);
	else if (msg->type == IPC_REMUX_MORE)
		on_more(arg, msg);
	else
		close_all(msg->fds, msg->fd_count);
}

/* Nobody waits for these any more: the next core asks anew. */
static void drop_jobs(struct role *role)
{
	for (struct waiting *w; (w = take_waiting(role));) {
		close_all(w->fds, w->fd_count);
		at_free(w);
	}
	for (size_t i = 0; i < JOBS_MAX + AHEAD_MAX; i++)
		if (role->jobs[i].pid)
			job_release(&role->jobs[i]);
}

static void on_core_gone(void *arg)
{
	struct role *role = arg;
	ipc_chan_free(&role->core);
	drop_jobs(role);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct role *role = arg;
	bool is_core = msg->type == IPC_PEER && msg->fd_count == 1 && msg->body_len == 1 && msg->body[0] == IPC_CORE;
	if (msg->type == IPC_STOP)
		_exit(0);
	if (!is_core) {
		close_all(msg->fds, msg->fd_count);
		return;
	}
	if (role->core)
		on_core_gone(role);
	role->core = ipc_chan_new(role->loop, msg->fds[0], on_core, on_core_gone, role);
}

static void on_boss_gone(void *arg)
{
	(void)arg;
	_exit(0);
}

/* What libav finds out once and keeps, it finds out here, while it may look. */
static void warm_up(void)
{
	(void)av_cpu_count();
	(void)av_get_cpu_flags();
	static const char *const readers[] = {"matroska", "mov", "ogg"};
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		AT_ASSERT(av_find_input_format(readers[i]));
	AT_ASSERT(av_guess_format("mp4", NULL, NULL) && av_guess_format("webm", NULL, NULL));
}

void remux_role_main(int supervisor_fd)
{
	struct role *role = at_alloc(sizeof(*role));
	at_log_set_role("remux");
	at_list_init(&role->queue);
	warm_up();
	role->loop = at_loop_new();
	role->boss = ipc_chan_new(role->loop, supervisor_fd, on_boss, on_boss_gone, role);
	ipc_sandbox_remux_role();
	if (ipc_send(role->boss, IPC_READY, NULL, 0, NULL, 0))
		_exit(1);
	at_loop_run(role->loop);
	_exit(0);
}
