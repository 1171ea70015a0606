/* The role as its own process, as the supervisor starts it; this test stands for the supervisor and for core. */
#include "base/loop.h"
#include "base/mem.h"
#include "base/test.h"
#include "base/time.h"
#include "ipc/ipc.h"
#include "remux/remux_testkit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RESULTS_MAX = 256 };

static struct {
	struct at_loop *loop;
	struct ipc_chan *boss, *core;
	pid_t pid;
	bool is_ready, core_gone;
	struct remux_result results[RESULTS_MAX];
	size_t n;
} role;

static void on_boss(void *arg, struct ipc_msg *msg)
{
	(void)arg;
	role.is_ready = role.is_ready || msg->type == IPC_READY;
}

static void on_core(void *arg, struct ipc_msg *msg)
{
	(void)arg;
	assert_int_equal(msg->type, IPC_REMUX_DONE);
	assert_true(role.n < RESULTS_MAX);
	assert_int_equal(remux_result_parse(msg->body, msg->body_len, &role.results[role.n++]), AT_OK);
}

static void on_gone(void *arg)
{
	(void)arg;
}

static void until(bool (*is_true)(void))
{
	int64_t end = at_mono_ms() + 15000;
	while (!is_true()) {
		assert_true(at_mono_ms() < end);
		at_loop_step(role.loop, 50);
	}
}

static bool is_ready(void)
{
	return role.is_ready;
}

static size_t wanted;
static bool have_results(void)
{
	return role.n >= wanted;
}

static void connect_core(void)
{
	int pair[2];
	uint8_t who = IPC_CORE;
	ipc_chan_free(&role.core);
	assert_int_equal(ipc_pair(pair), AT_OK);
	assert_int_equal(ipc_send(role.boss, IPC_PEER, &who, 1, &pair[1], 1), AT_OK);
	close(pair[1]);
	role.core = ipc_chan_new(role.loop, pair[0], on_core, on_gone, NULL);
}

static int setup(void **state)
{
	int pair[2];
	(void)state;
	memset(&role, 0, sizeof(role));
	assert_int_equal(ipc_pair(pair), AT_OK);
	role.pid = fork();
	if (role.pid == 0) {
		close(pair[0]);
		remux_role_main(pair[1]);
	}
	close(pair[1]);
	role.loop = at_loop_new();
	role.boss = ipc_chan_new(role.loop, pair[0], on_boss, on_gone, NULL);
	until(is_ready);
	connect_core();
	return 0;
}

static int teardown(void **state)
{
	int status;
	(void)state;
	assert_int_equal(ipc_send(role.boss, IPC_STOP, NULL, 0, NULL, 0), AT_OK);
	assert_int_equal(waitpid(role.pid, &status, 0), role.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ipc_chan_free(&role.core);
	ipc_chan_free(&role.boss);
	at_loop_free(&role.loop);
	return at_log_unexpected_for_test();
}

static void ask(uint64_t number, const struct remux_job *like, int out, const int *segments)
{
	struct remux_job job = *like;
	uint8_t body[REMUX_JOB_LEN];
	int fds[1 + REMUX_SEGMENTS_MAX] = {out};
	job.number = number;
	remux_job_put(&job, body);
	memcpy(fds + 1, segments, job.segments * sizeof(*fds));
	assert_int_equal(ipc_send(role.core, IPC_REMUX_JOB, body, sizeof(body), fds, 1 + job.segments), AT_OK);
}

static const struct remux_result *result_of(uint64_t number)
{
	for (size_t i = 0; i < role.n; i++)
		if (role.results[i].number == number)
			return &role.results[i];
	fail_msg("no result for job %llu", (unsigned long long)number);
	return NULL;
}

static void test_serves_jobs(void **state)
{
	(void)state;
	int outs[32];
	for (size_t i = 0; i < recording_count; i++) {
		const struct remux_job job = job_for(recordings[i].video, 1);
		int in = load_media_fd(recordings[i].name);
		outs[i] = memory_file(NULL, 0);
		ask(100 + i, &job, outs[i], &in);
		close(in);
	}
	wanted = recording_count;
	until(have_results);
	for (size_t i = 0; i < recording_count; i++) {
		const struct remux_result *result = result_of(100 + i);
		struct bytes file = read_back(outs[i]);
		assert_int_equal(result->err, AT_OK);
		assert_string_equal(result->mime, recordings[i].mime);
		assert_int_equal(result->bytes, file.len);
		assert_true(is_flat_mp4(file) || is_flat_webm(file));
		free(file.data);
		close(outs[i]);
	}
}

static void test_garbage_disturbs_nobody(void **state)
{
	(void)state;
	struct remux_job job = job_for(true, 8);
	int out = memory_file(NULL, 0), fds[8];
	for (int i = 0; i < 8; i++)
		fds[i] = memory_file("\x1a\x45\xdf\xa3 not really, but long enough to be looked at", 48);
	ask(1, &job, out, fds);
	/* Neither a job nor its descriptors. */
	assert_int_equal(ipc_send(role.core, IPC_REMUX_JOB, "short", 5, fds, 3), AT_OK);
	assert_int_equal(ipc_send(role.core, IPC_STOP, NULL, 0, fds, 1), AT_OK);
	job.segments = 1;
	ask(2, &job, out, fds);
	wanted = 2;
	until(have_results);
	assert_int_equal(result_of(1)->err, AT_ERR_UNREADABLE);
	assert_int_equal(result_of(2)->err, AT_ERR_UNREADABLE);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(out);
}

static void test_too_many_are_refused(void **state)
{
	(void)state;
	struct remux_job job = job_for(false, 1);
	int in = load_media_fd("chromium-opus.webm"), out = memory_file(NULL, 0);
	for (uint64_t i = 0; i < 150; i++)
		ask(i, &job, out, &in);
	wanted = 150;
	until(have_results);
	size_t refused = 0;
	for (uint64_t i = 0; i < 150; i++) {
		enum at_err err = result_of(i)->err;
		/* They share one output here, so what is in it does not matter. */
		refused += err == AT_ERR_BUSY;
		assert_true(err == AT_ERR_BUSY || err == AT_OK || err == AT_ERR_UNREADABLE);
	}
	assert_true(refused > 0 && refused < 150);
	close(in);
	close(out);
}

/* A recording that keeps a job busy: the clusters of a real one, thousands of times. */
static int long_recording(void)
{
	struct bytes b = load_media("chromium-opus.webm");
	size_t head = 0;
	while (memcmp(b.data + head, "\x1f\x43\xb6\x75", 4) != 0)
		head++;
	int fd = memory_file(b.data, head);
	for (size_t at = head, i = 0; i < 2500; i++, at += b.len - head)
		assert_int_equal(pwrite(fd, b.data + head, b.len - head, (off_t)at), b.len - head);
	free(b.data);
	return fd;
}

static pid_t job_process(void)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)role.pid, (int)role.pid);
	FILE *f = fopen(path, "r");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	return (pid_t)atoi(text);
}

static bool has_job(void)
{
	return job_process() > 0;
}

static void test_a_job_that_dies_is_unreadable(void **state)
{
	(void)state;
	struct remux_job job = job_for(false, 1);
	int in = long_recording(), out = memory_file(NULL, 0);
	job.max_ms = INT32_MAX;
	job.max_bytes = 1 << 30;
	ask(1, &job, out, &in);
	until(has_job);
	kill(job_process(), SIGKILL);
	wanted = 1;
	until(have_results);
	assert_int_equal(result_of(1)->err, AT_ERR_UNREADABLE);
	close(in);
	close(out);
}

static void test_a_new_core_is_served(void **state)
{
	(void)state;
	struct remux_job job = job_for(false, 1);
	int slow = long_recording(), in = load_media_fd("chromium-opus.webm"), out = memory_file(NULL, 0);
	job.max_ms = INT32_MAX;
	ask(1, &job, out, &slow);
	ask(2, &job, out, &slow);
	ask(3, &job, out, &slow);
	until(has_job);
	connect_core();
	ask(4, &job, out, &in);
	wanted = 1;
	until(have_results);
	assert_int_equal(role.n, 1);
	assert_int_equal(role.results[0].number, 4);
	assert_int_equal(role.results[0].err, AT_OK);
	close(slow);
	close(in);
	close(out);
}

/* Send must not wait longer for a longer note. Printed, and bounded so loosely that a sanitizer on a busy machine passes. */
static void test_time_of_a_job(void **state)
{
	(void)state;
	struct remux_job job = job_for(false, 1);
	int64_t sum = 0;
	for (uint64_t i = 1; i <= 20; i++) {
		int in = load_media_fd("chromium-opus.webm"), out = memory_file(NULL, 0);
		int64_t started = at_mono_us();
		ask(i, &job, out, &in);
		wanted = i;
		until(have_results);
		sum += at_mono_us() - started;
		close(in);
		close(out);
	}
	print_message("a job takes %lld us\n", (long long)sum / 20);
	assert_true(sum / 20 < 200000);
}

#define ROLE_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROLE_TEST(test_serves_jobs),          ROLE_TEST(test_garbage_disturbs_nobody),
		ROLE_TEST(test_too_many_are_refused), ROLE_TEST(test_a_job_that_dies_is_unreadable),
		ROLE_TEST(test_a_new_core_is_served), ROLE_TEST(test_time_of_a_job),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
