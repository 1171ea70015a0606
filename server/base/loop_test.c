#include "base/loop.h"
#include "base/test.h"
#include "base/time.h"

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENDERS = 4, EACH = 20000 };

struct sender {
	struct at_loop *loop;
	uint32_t number, last_seen;
	uint32_t received;
};

struct message {
	struct sender *from;
	uint32_t n;
};

static void on_message(void *msg)
{
	struct message *m = msg;
	assert_true(m->n == m->from->last_seen + 1);
	m->from->last_seen = m->n;
	m->from->received++;
	free(m);
}

static void *send_many(void *arg)
{
	struct sender *sender = arg;
	for (uint32_t i = 1; i <= EACH; i++) {
		struct message *m = malloc(sizeof(*m));
		*m = (struct message){sender, i};
		at_loop_post(sender->loop, on_message, m);
	}
	return NULL;
}

static void posts_arrive_in_order_from_threads(void **state)
{
	(void)state;
	struct at_loop *loop = at_loop_new();
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	for (uint32_t i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){.loop = loop, .number = i};
		assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
	}
	uint32_t got = 0;
	while (got < SENDERS * EACH) {
		at_loop_step(loop, 1000);
		got = 0;
		for (int i = 0; i < SENDERS; i++)
			got += senders[i].received;
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	at_loop_free(&loop);
	assert_null(loop);
}

struct tick {
	struct at_loop *loop;
	struct at_timer *timer;
	size_t scratch_before;
	int n;
};

static void on_tick(void *arg)
{
	struct tick *tick = arg;
	tick->n++;
	tick->scratch_before += at_arena_used(at_loop_scratch(tick->loop));
	memset(at_arena_alloc(at_loop_scratch(tick->loop), 100), 1, 100);
	if (tick->n == 3)
		at_timer_free(&tick->timer);
}

static void a_timer_repeats_and_frees_itself(void **state)
{
	(void)state;
	struct tick tick = {.loop = at_loop_new()};
	tick.timer = at_timer_new(tick.loop, on_tick, &tick);
	assert_false(at_timer_active(tick.timer));
	at_timer_start(tick.timer, 1, 1);
	assert_true(at_timer_active(tick.timer));
	while (tick.timer)
		at_loop_step(tick.loop, 100);
	assert_int_equal(tick.n, 3);
	/* Each callback found its scratch empty. */
	assert_int_equal(tick.scratch_before, 0);
	at_loop_free(&tick.loop);
}

static void timers_follow_a_shifted_clock(void **state)
{
	(void)state;
	struct tick tick = {.loop = at_loop_new()};
	tick.timer = at_timer_new(tick.loop, on_tick, &tick);
	at_timer_start(tick.timer, 45000, 0);
	int64_t before = at_loop_now_ms(tick.loop);
	at_clock_shift_for_test(0, 44000);
	at_loop_step(tick.loop, 0);
	assert_int_equal(tick.n, 0);
	assert_true(at_loop_now_ms(tick.loop) >= before + 44000);
	at_clock_shift_for_test(0, 1001);
	at_loop_step(tick.loop, 5);
	assert_int_equal(tick.n, 1);
	assert_false(at_timer_active(tick.timer));
	at_timer_free(&tick.timer);
	at_timer_free(&tick.timer);
	at_loop_free(&tick.loop);
}

struct pipe_end {
	struct at_loop *loop;
	struct at_poll *poll;
	int fd, events, got;
};

static void on_readable(void *arg, int events)
{
	struct pipe_end *end = arg;
	char c;
	end->events |= events;
	ssize_t n = read(end->fd, &c, 1);
	end->got += n > 0;
	if (n <= 0) {
		at_poll_free(&end->poll);
		close(end->fd);
	}
}

static void a_poll_reads_until_the_other_end_closes(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	struct pipe_end end = {.loop = at_loop_new(), .fd = fds[0]};
	end.poll = at_poll_new(end.loop, fds[0], on_readable, &end);
	at_poll_set(end.poll, AT_POLL_READ);
	at_poll_set(end.poll, AT_POLL_READ);
	assert_int_equal(write(fds[1], "x", 1), 1);
	at_loop_step(end.loop, 1000);
	assert_int_equal(end.events, AT_POLL_READ);
	at_poll_set(end.poll, 0);
	assert_int_equal(write(fds[1], "y", 1), 1);
	at_loop_step(end.loop, 20);
	at_poll_set(end.poll, AT_POLL_READ);
	close(fds[1]);
	while (end.poll)
		at_loop_step(end.loop, 1000);
	at_loop_free(&end.loop);
}

/* A reset connection has an error and bytes at the same time, and the bytes come first. */
static void a_poll_reads_what_came_before_an_error(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	struct pipe_end end = {.loop = at_loop_new(), .fd = fds[0]};
	assert_int_equal(write(fds[0], "unread", 6), 6);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	close(fds[1]);
	end.poll = at_poll_new(end.loop, fds[0], on_readable, &end);
	at_poll_set(end.poll, AT_POLL_READ);
	for (int i = 0; end.poll && i < 10; i++)
		at_loop_step(end.loop, 1000);
	assert_int_equal(end.got, 3);
	assert_null(end.poll);
	at_loop_free(&end.loop);
}

static void on_usr1(void *arg, int signum)
{
	assert_int_equal(signum, SIGUSR1);
	at_loop_stop(arg);
}

static void a_signal_stops_the_loop(void **state)
{
	(void)state;
	struct at_loop *loop = at_loop_new();
	struct at_signal *sig = at_signal_new(loop, SIGUSR1, on_usr1, loop);
	kill(getpid(), SIGUSR1);
	at_loop_run(loop);
	at_signal_free(&sig);
	at_loop_free(&loop);
}

struct slow {
	pthread_mutex_t lock;
	int order[100];
	int n;
};

static void hold(void *ctx, void *msg)
{
	struct slow *slow = ctx;
	(void)msg;
	pthread_mutex_lock(&slow->lock);
	pthread_mutex_unlock(&slow->lock);
}

static void note_order(void *ctx, void *msg)
{
	struct slow *slow = ctx;
	slow->order[slow->n++] = (int)(intptr_t)msg;
}

static void a_worker_is_bounded_and_in_order(void **state)
{
	(void)state;
	struct slow slow = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct at_worker *worker = at_worker_new("a name that is too long", 70, &slow);
	pthread_mutex_lock(&slow.lock);
	assert_int_equal(at_worker_post(worker, hold, NULL), AT_OK);
	while (at_worker_queued(worker))
		usleep(100);
	for (intptr_t i = 0; i < 70; i++)
		assert_int_equal(at_worker_post(worker, note_order, (void *)i), AT_OK);
	assert_int_equal(at_worker_post(worker, note_order, NULL), AT_ERR_BUSY);
	assert_int_equal(at_worker_queued(worker), 70);
	pthread_mutex_unlock(&slow.lock);
	at_worker_free(&worker);
	assert_null(worker);
	assert_int_equal(slow.n, 70);
	for (int i = 0; i < 70; i++)
		assert_int_equal(slow.order[i], i);
}

struct taking {
	struct slow slow; /* first: the other jobs see only this */
	struct at_worker *worker;
	size_t taken[3];
	int runs;
};

/* At most four at once, its own among them. */
static void take_four(void *ctx, void *msg)
{
	struct taking *taking = ctx;
	void *msgs[4] = {msg};
	size_t n = 1 + at_worker_take(taking->worker, take_four, &msgs[1], 3);
	for (size_t i = 0; i < n; i++)
		note_order(&taking->slow, msgs[i]);
	taking->taken[taking->runs++] = n;
}

static void a_job_takes_those_behind_it(void **state)
{
	(void)state;
	struct taking taking = {.slow.lock = PTHREAD_MUTEX_INITIALIZER};
	taking.worker = at_worker_new("takes", 16, &taking);
	pthread_mutex_lock(&taking.slow.lock);
	assert_int_equal(at_worker_post(taking.worker, hold, NULL), AT_OK);
	while (at_worker_queued(taking.worker))
		usleep(100);
	/* Six that can be taken, one of another kind, one more. */
	for (intptr_t i = 0; i < 8; i++)
		assert_int_equal(at_worker_post(taking.worker, i == 6 ? note_order : take_four, (void *)i), AT_OK);
	pthread_mutex_unlock(&taking.slow.lock);
	struct at_worker *worker = taking.worker; /* freeing clears the pointer before the jobs have run */
	at_worker_free(&worker);
	assert_int_equal(taking.runs, 3);
	assert_int_equal(taking.taken[0], 4);
	assert_int_equal(taking.taken[1], 2);
	assert_int_equal(taking.taken[2], 1);
	for (int i = 0; i < 8; i++)
		assert_int_equal(taking.slow.order[i], i);
}

static void set_true(void *msg)
{
	*(bool *)msg = true;
}

static void freeing_runs_what_was_posted(void **state)
{
	(void)state;
	struct at_loop *loop = at_loop_new();
	bool ran = false;
	at_loop_post(loop, set_true, &ran);
	at_loop_free(&loop);
	assert_true(ran);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(posts_arrive_in_order_from_threads),     AT_TEST(a_timer_repeats_and_frees_itself),
		AT_TEST(timers_follow_a_shifted_clock),          AT_TEST(a_poll_reads_until_the_other_end_closes),
		AT_TEST(a_poll_reads_what_came_before_an_error), AT_TEST(a_signal_stops_the_loop),
		AT_TEST(a_worker_is_bounded_and_in_order),       AT_TEST(a_job_takes_those_behind_it),
		AT_TEST(freeing_runs_what_was_posted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
