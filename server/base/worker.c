/* at_worker: one thread and a ring of jobs that grows to its maximum. */
#include "base/loop.h"
#include "base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>

struct job {
	at_worker_fn *fn;
	void *msg;
};

struct at_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *ring;
	size_t cap, first, n, max;
	bool stopping;
	void *ctx;
};

static struct job pop(struct at_worker *w)
{
	struct job job = w->ring[w->first];
	w->first = (w->first + 1) & (w->cap - 1);
	w->n--;
	return job;
}

/* With the lock held; false when there is nothing more to do, ever. */
static bool next_job(struct at_worker *w, struct job *job_out)
{
	while (!w->n && !w->stopping)
		pthread_cond_wait(&w->wake, &w->lock);
	if (!w->n)
		return false;
	*job_out = pop(w);
	return true;
}

static void *worker_main(void *arg)
{
	struct at_worker *w = arg;
	struct job job;
	pthread_mutex_lock(&w->lock);
	while (next_job(w, &job)) {
		pthread_mutex_unlock(&w->lock);
		job.fn(w->ctx, job.msg);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct at_worker *at_worker_new(const char *name, size_t queue_max, void *ctx)
{
	AT_ASSERT(queue_max > 0);
	struct at_worker *w = at_alloc(sizeof(*w));
	w->max = queue_max;
	w->ctx = ctx;
	AT_ASSERT(pthread_mutex_init(&w->lock, NULL) == 0);
	AT_ASSERT(pthread_cond_init(&w->wake, NULL) == 0);
	/* Signals are the loop's. */
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	AT_ASSERT(pthread_create(&w->thread, NULL, worker_main, w) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	char short_name[16];
	snprintf(short_name, sizeof(short_name), "%s", name);
	pthread_setname_np(w->thread, short_name);
	return w;
}

static void grow(struct at_worker *w)
{
	size_t cap = w->cap ? w->cap * 2 : 64;
	struct job *ring = at_alloc(cap * sizeof(*ring));
	for (size_t i = 0; i < w->n; i++)
		ring[i] = w->ring[(w->first + i) & (w->cap - 1)];
	at_free(w->ring);
	w->ring = ring;
	w->cap = cap;
	w->first = 0;
}

enum at_err at_worker_post(struct at_worker *worker, at_worker_fn *fn, void *msg)
{
	enum at_err err = AT_ERR_BUSY;
	pthread_mutex_lock(&worker->lock);
	AT_ASSERT(!worker->stopping);
	if (worker->n < worker->max) {
		if (worker->n == worker->cap)
			grow(worker);
		worker->ring[(worker->first + worker->n++) & (worker->cap - 1)] = (struct job){fn, msg};
		pthread_cond_signal(&worker->wake);
		err = AT_OK;
	}
	pthread_mutex_unlock(&worker->lock);
	return err;
}

size_t at_worker_take(struct at_worker *worker, at_worker_fn *fn, void **msgs_out, size_t max)
{
	size_t taken = 0;
	pthread_mutex_lock(&worker->lock);
	while (taken < max && worker->n && worker->ring[worker->first].fn == fn)
		msgs_out[taken++] = pop(worker).msg;
	pthread_mutex_unlock(&worker->lock);
	return taken;
}

size_t at_worker_queued(struct at_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	size_t n = worker->n;
	pthread_mutex_unlock(&worker->lock);
	return n;
}

void at_worker_free(struct at_worker **worker)
{
	struct at_worker *w = *worker;
	*worker = NULL;
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	AT_ASSERT(pthread_join(w->thread, NULL) == 0);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	at_free(w->ring);
	at_free(w);
}
