/* One event loop a thread, on libuv. Every object belongs to one loop; the only crossing is at_loop_post, and the message
 * moves. Nothing blocks a loop: a callback over 10 ms is logged as "loop.slow". */
#ifndef AT_BASE_LOOP_H
#define AT_BASE_LOOP_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct at_loop;
struct at_timer;
struct at_poll;

struct at_loop *at_loop_new(void);        /* the process ignores SIGPIPE from then on */
void at_loop_free(struct at_loop **loop); /* asserts that no timer, poll or signal is left */
void at_loop_run(struct at_loop *loop);   /* until at_loop_stop */
void at_loop_stop(struct at_loop *loop);  /* own thread */
/* tests: one turn, waiting at most so long (0 = not at all) */
void at_loop_step(struct at_loop *loop, int timeout_ms);

/* Scratch of the callback that runs now; reset when it returns. */
struct at_arena *at_loop_scratch(struct at_loop *loop);
int64_t at_loop_now_ms(const struct at_loop *loop); /* monotonic, as of this turn */

typedef void at_loop_fn(void *msg);
/* Any thread: runs fn(msg) on the loop's thread, in the order posted. msg now belongs to fn. */
void at_loop_post(struct at_loop *loop, at_loop_fn *fn, void *msg);

typedef void at_timer_fn(void *arg);
struct at_timer *at_timer_new(struct at_loop *loop, at_timer_fn *fn, void *arg);
void at_timer_start(struct at_timer *timer, int64_t after_ms, int64_t repeat_ms); /* restarts; repeat 0 = once */
void at_timer_stop(struct at_timer *timer);
bool at_timer_active(const struct at_timer *timer);
void at_timer_free(struct at_timer **timer); /* fine inside its own callback */

enum { AT_POLL_READ = 1, AT_POLL_WRITE = 2 };
/* An error shows as both, again and again: a read or write tells, after what had come before it. */
typedef void at_poll_fn(void *arg, int events);
/* The fd stays the caller's: free the poll first, then close the fd. */
struct at_poll *at_poll_new(struct at_loop *loop, int fd, at_poll_fn *fn, void *arg);
void at_poll_set(struct at_poll *poll, int events);
void at_poll_free(struct at_poll **poll);

typedef void at_signal_fn(void *arg, int signum);
struct at_signal;
struct at_signal *at_signal_new(struct at_loop *loop, int signum, at_signal_fn *fn, void *arg);
void at_signal_free(struct at_signal **sig);

/* A thread with a bounded queue, for what would block a loop: hashing, disk. Jobs run one after another in order. */
struct at_worker;
typedef void at_worker_fn(void *ctx, void *msg);
/* ctx is given to every job; it belongs to the caller and outlives the worker. */
struct at_worker *at_worker_new(const char *name, size_t queue_max, void *ctx);
/* BUSY when full: msg stays the caller's */
AT_MUST enum at_err at_worker_post(struct at_worker *worker, at_worker_fn *fn, void *msg);
/* For a job: takes the messages of those jobs that stand next in the queue, have the same fn and are at most max, so that what has
 * come together is done together. They are done then: fn is not called for them. */
size_t at_worker_take(struct at_worker *worker, at_worker_fn *fn, void **msgs_out, size_t max);
size_t at_worker_queued(struct at_worker *worker);
void at_worker_free(struct at_worker **worker); /* runs what is queued, then joins */

#endif
