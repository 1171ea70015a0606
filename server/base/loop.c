#include "base/loop.h"

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/time_priv.h"

#include <pthread.h>
#include <signal.h>
#include <uv.h>

enum { SCRATCH_MAX = 64 * 1024 * 1024, SLOW_US = 10000 };

struct posted {
	at_loop_fn *fn;
	void *msg;
};

struct batch {
	struct posted *items;
	size_t n, cap;
};

struct at_loop {
	uv_loop_t uv;
	struct at_arena *scratch;
	struct at_list timers;
	size_t handles;        /* polls and signals */
	int64_t mono_shift_ms; /* what timers were moved by (tests) */
	uv_timer_t step_timer;
	uv_async_t wake;
	pthread_mutex_t post_lock;
	struct batch incoming; /* under post_lock */
	struct batch running;  /* the loop's: swapped with incoming, so both keep their memory */
};

struct at_timer {
	uv_timer_t uv;
	struct at_loop *loop;
	struct at_link link;
	at_timer_fn *fn;
	void *arg;
};

struct at_poll {
	uv_poll_t uv;
	struct at_loop *loop;
	int events;
	at_poll_fn *fn;
	void *arg;
};

struct at_signal {
	uv_signal_t uv;
	struct at_loop *loop;
	at_signal_fn *fn;
	void *arg;
};

/* Ends one callback: the scratch goes, slowness is told. Gives the time, which is the next callback's start. */
static int64_t callback_done(struct at_loop *loop, int64_t started_us, const char *kind)
{
	int64_t now = at_mono_us();
	at_arena_reset(loop->scratch);
	if (now - started_us > SLOW_US)
		at_log(AT_LOG_WARN, "loop.slow", "kind", kind, "ms", AT_INT((now - started_us) / 1000), NULL);
	return now;
}

/* ---- posted messages ---- */

static void run_posted(uv_async_t *async)
{
	struct at_loop *loop = async->data;
	pthread_mutex_lock(&loop->post_lock);
	struct batch batch = loop->incoming;
	loop->incoming = loop->running;
	pthread_mutex_unlock(&loop->post_lock);
	int64_t started = at_mono_us();
	for (size_t i = 0; i < batch.n; i++) {
		batch.items[i].fn(batch.items[i].msg);
		started = callback_done(loop, started, "post");
	}
	batch.n = 0;
	loop->running = batch;
}

void at_loop_post(struct at_loop *loop, at_loop_fn *fn, void *msg)
{
	pthread_mutex_lock(&loop->post_lock);
	struct batch *b = &loop->incoming;
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 64;
		b->items = at_realloc(b->items, b->cap * sizeof(*b->items));
	}
	b->items[b->n++] = (struct posted){fn, msg};
	/* Whoever found it empty wakes the loop for all who come before it looks. Inside the lock, so that the loop cannot be
	 * freed between the last message and its wake-up. */
	if (b->n == 1)
		uv_async_send(&loop->wake);
	pthread_mutex_unlock(&loop->post_lock);
}

/* ---- the loop ---- */

struct at_loop *at_loop_new(void)
{
	struct at_loop *loop = at_alloc(sizeof(*loop));
	/* A peer that has gone is an error of write, not the end of the process. */
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGPIPE, &ignore, NULL);
	AT_ASSERT(uv_loop_init(&loop->uv) == 0);
	loop->scratch = at_arena_new(SCRATCH_MAX);
	at_list_init(&loop->timers);
	loop->mono_shift_ms = at_clock_mono_shift();
	AT_ASSERT(pthread_mutex_init(&loop->post_lock, NULL) == 0);
	AT_ASSERT(uv_async_init(&loop->uv, &loop->wake, run_posted) == 0);
	loop->wake.data = loop;
	AT_ASSERT(uv_timer_init(&loop->uv, &loop->step_timer) == 0);
	return loop;
}

void at_loop_free(struct at_loop **loop)
{
	struct at_loop *l = *loop;
	*loop = NULL;
	if (!l)
		return;
	run_posted(&l->wake);
	AT_ASSERT(at_list_empty(&l->timers) && l->handles == 0);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_close((uv_handle_t *)&l->step_timer, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT);
	AT_ASSERT(uv_loop_close(&l->uv) == 0);
	at_free(l->incoming.items);
	at_free(l->running.items);
	pthread_mutex_destroy(&l->post_lock);
	at_arena_free(&l->scratch);
	at_free(l);
}

void at_loop_run(struct at_loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void at_loop_stop(struct at_loop *loop)
{
	uv_stop(&loop->uv);
}

static void on_step_timeout(uv_timer_t *timer)
{
	(void)timer;
}

/* A test has moved the clock: timers move with it. */
static void follow_clock(struct at_loop *loop)
{
	int64_t moved = at_clock_mono_shift() - loop->mono_shift_ms;
	if (!moved)
		return;
	loop->mono_shift_ms += moved;
	AT_LIST_EACH(&loop->timers, it) {
		struct at_timer *timer = AT_ENTRY(it, struct at_timer, link);
		if (!at_timer_active(timer))
			continue;
		int64_t left = (int64_t)uv_timer_get_due_in(&timer->uv) - moved;
		at_timer_start(timer, left > 0 ? left : 0, (int64_t)uv_timer_get_repeat(&timer->uv));
	}
}

void at_loop_step(struct at_loop *loop, int timeout_ms)
{
	uv_update_time(&loop->uv);
	follow_clock(loop);
	/* Repeating: libuv runs timers before it waits, and one that is due by then would not end the wait. */
	if (timeout_ms > 0)
		uv_timer_start(&loop->step_timer, on_step_timeout, (uint64_t)timeout_ms, (uint64_t)timeout_ms);
	uv_run(&loop->uv, timeout_ms > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	uv_timer_stop(&loop->step_timer);
}

struct at_arena *at_loop_scratch(struct at_loop *loop)
{
	return loop->scratch;
}

int64_t at_loop_now_ms(const struct at_loop *loop)
{
	return (int64_t)uv_now(&loop->uv) + loop->mono_shift_ms;
}

/* libuv gives a handle back some turns later; its memory lives until then. */
static void free_handle(uv_handle_t *handle)
{
	at_free(handle->data);
}

/* ---- timers ---- */

static void on_timer(uv_timer_t *uv)
{
	struct at_timer *timer = uv->data;
	struct at_loop *loop = timer->loop;
	int64_t started = at_mono_us();
	timer->fn(timer->arg);
	callback_done(loop, started, "timer");
}

struct at_timer *at_timer_new(struct at_loop *loop, at_timer_fn *fn, void *arg)
{
	struct at_timer *timer = at_alloc(sizeof(*timer));
	AT_ASSERT(uv_timer_init(&loop->uv, &timer->uv) == 0);
	timer->uv.data = timer;
	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	at_list_push(&loop->timers, &timer->link);
	return timer;
}

void at_timer_start(struct at_timer *timer, int64_t after_ms, int64_t repeat_ms)
{
	AT_ASSERT(after_ms >= 0 && repeat_ms >= 0);
	uv_timer_start(&timer->uv, on_timer, (uint64_t)after_ms, (uint64_t)repeat_ms);
}

void at_timer_stop(struct at_timer *timer)
{
	uv_timer_stop(&timer->uv);
}

bool at_timer_active(const struct at_timer *timer)
{
	return uv_is_active((const uv_handle_t *)&timer->uv);
}

void at_timer_free(struct at_timer **timer)
{
	struct at_timer *t = *timer;
	*timer = NULL;
	if (!t)
		return;
	at_list_remove(&t->link);
	uv_close((uv_handle_t *)&t->uv, free_handle);
}

/* ---- polls ---- */

static void on_poll(uv_poll_t *uv, int status, int events);

static void watch(struct at_poll *poll)
{
	int events = (poll->events & AT_POLL_READ ? UV_READABLE : 0) | (poll->events & AT_POLL_WRITE ? UV_WRITABLE : 0);
	AT_ASSERT(uv_poll_start(&poll->uv, events, on_poll) == 0);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct at_poll *poll = uv->data;
	struct at_loop *loop = poll->loop;
	int64_t started = at_mono_us();
	int got = (events & UV_READABLE ? AT_POLL_READ : 0) | (events & UV_WRITABLE ? AT_POLL_WRITE : 0);
	if (status < 0) {
		/* libuv has stopped watching it; but what came before the error may take more than one read. */
		watch(poll);
		got = AT_POLL_READ | AT_POLL_WRITE;
	}
	poll->fn(poll->arg, got);
	callback_done(loop, started, "poll");
}

struct at_poll *at_poll_new(struct at_loop *loop, int fd, at_poll_fn *fn, void *arg)
{
	struct at_poll *poll = at_alloc(sizeof(*poll));
	AT_ASSERT(uv_poll_init(&loop->uv, &poll->uv, fd) == 0);
	poll->uv.data = poll;
	poll->loop = loop;
	poll->fn = fn;
	poll->arg = arg;
	loop->handles++;
	return poll;
}

void at_poll_set(struct at_poll *poll, int events)
{
	/* libuv takes the fd out of epoll and puts it in again even when nothing changes. */
	if (poll->events == events)
		return;
	poll->events = events;
	watch(poll);
}

void at_poll_free(struct at_poll **poll)
{
	struct at_poll *p = *poll;
	*poll = NULL;
	if (!p)
		return;
	p->loop->handles--;
	uv_close((uv_handle_t *)&p->uv, free_handle);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *uv, int signum)
{
	struct at_signal *sig = uv->data;
	struct at_loop *loop = sig->loop;
	int64_t started = at_mono_us();
	sig->fn(sig->arg, signum);
	callback_done(loop, started, "signal");
}

struct at_signal *at_signal_new(struct at_loop *loop, int signum, at_signal_fn *fn, void *arg)
{
	struct at_signal *sig = at_alloc(sizeof(*sig));
	AT_ASSERT(uv_signal_init(&loop->uv, &sig->uv) == 0);
	sig->uv.data = sig;
	sig->loop = loop;
	sig->fn = fn;
	sig->arg = arg;
	AT_ASSERT(uv_signal_start(&sig->uv, on_signal, signum) == 0);
	loop->handles++;
	return sig;
}

void at_signal_free(struct at_signal **sig)
{
	struct at_signal *s = *sig;
	*sig = NULL;
	if (!s)
		return;
	s->loop->handles--;
	uv_close((uv_handle_t *)&s->uv, free_handle);
}
