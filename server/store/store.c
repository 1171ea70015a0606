#include "store/store.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "store/store_priv.h"

#include <fcntl.h>
#include <semaphore.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	QUEUE_MAX = 65536,
	BATCH_MAX = 1024,
	SLICE = 128, /* answers a turn of the loop */
};

struct task {
	store_job_fn *job;
	store_done_fn *done;
	void *msg;
	unsigned flags;
	enum at_err err;
};

/* What shares one commit. Two of them: while the loop answers one, the writer fills the disk with the other. */
struct batch {
	struct store *store;
	struct task tasks[BATCH_MAX];
	size_t n, answered;
	bool busy; /* with the writer, or not wholly answered yet */
	bool written;
};

struct store {
	struct at_loop *loop; /* NULL: store_run_now only */
	int lock_fd;
	struct store_tx writer, reader, checkpointer;
	struct at_worker *writer_thread, *reader_thread, *checkpoint_thread;
	/* The loop's. The queue is a ring that grows to QUEUE_MAX. */
	struct task *ring;
	size_t cap, first, n;
	struct batch batches[2];
	size_t next_batch, next_answer; /* which of the two is filled, which answered next */
	size_t pending;                 /* jobs that were not answered yet, reads and refusals among them */
	atomic_bool checkpointing;
};

/* ---- the writer's thread ---- */

static enum at_err run_job(struct store_tx *tx, struct task *task)
{
	enum at_err err;

	tx->n_touched = 0;
	if (task->flags & STORE_PLAIN) {
		err = task->job(tx, task->msg);
	} else {
		err = store_db_exec(tx, "SAVEPOINT job");
		if (err == AT_OK)
			err = task->job(tx, task->msg);
		/* SQLite may have thrown the whole transaction away by itself: then there is no savepoint any more. */
		if (err != AT_OK && sqlite3_get_autocommit(tx->db) == 0 && !tx->full) {
			enum at_err undone = store_db_exec(tx, "ROLLBACK TO job");

			AT_ASSERT(undone == AT_OK);
			store_db_forget_touched(tx);
		}
		if (sqlite3_get_autocommit(tx->db) == 0 && !tx->full && store_db_exec(tx, "RELEASE job") != AT_OK)
			err = AT_ERR_FULL;
	}
	at_arena_reset(tx->arena);
	return err;
}

/* Nothing of this batch is on the disk. Who failed for a reason of its own keeps it. */
static void fail_batch(struct store_tx *tx, struct task *tasks, size_t n, enum at_err err)
{
	store_db_rollback(tx);
	for (size_t i = 0; i < n; i++)
		if (tasks[i].err == AT_OK)
			tasks[i].err = err;
	if (!tx->refusing)
		at_log(AT_LOG_INFO, "store.refusing", "err", at_err_name(err), NULL);
	tx->refusing = true;
}

static void run_tasks(struct store_tx *tx, struct task *tasks, size_t n)
{
	enum at_err err = store_db_exec(tx, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < n && err == AT_OK; i++) {
		tasks[i].err = run_job(tx, &tasks[i]);
		if (tx->full || sqlite3_get_autocommit(tx->db) != 0)
			err = tx->full ? AT_ERR_FULL : AT_ERR_INTERNAL;
	}
	if (err == AT_OK)
		err = store_db_exec(tx, "COMMIT");
	if (err != AT_OK) {
		fail_batch(tx, tasks, n, err);
	} else if (tx->refusing) {
		at_log(AT_LOG_INFO, "store.writing_again", NULL);
		tx->refusing = false;
	}
}

static void run_checkpoint(void *ctx, void *msg)
{
	struct store *store = ctx;

	(void)msg;
	store_wal_copy(&store->checkpointer);
	atomic_store(&store->checkpointing, false);
}

static void tend_wal(struct store *store)
{
	if (!store_wal_tend(&store->writer, store->lock_fd) || store->checkpoint_thread == NULL ||
	    atomic_exchange(&store->checkpointing, true))
		return;
	if (at_worker_post(store->checkpoint_thread, run_checkpoint, NULL) != AT_OK)
		atomic_store(&store->checkpointing, false);
}

/* ---- the loop's side of writing ---- */

static void batch_written(void *msg);

static void run_batch(void *ctx, void *msg)
{
	struct store *store = ctx;
	struct batch *batch = msg;

	run_tasks(&store->writer, batch->tasks, batch->n);
	at_loop_post(store->loop, batch_written, batch);
	tend_wal(store); /* after the answer: nobody waits for it */
}

/* Hands everything that is queued to the writer when it rests. */
static void feed(struct store *store)
{
	struct batch *batch = &store->batches[store->next_batch];
	const struct batch *other = &store->batches[1 - store->next_batch];

	if (store->n == 0 || batch->busy || (other->busy && !other->written))
		return;
	batch->n = store->n < BATCH_MAX ? store->n : BATCH_MAX;
	for (size_t i = 0; i < batch->n; i++)
		batch->tasks[i] = store->ring[(store->first + i) & (store->cap - 1)];
	store->first = (store->first + batch->n) & (store->cap - 1);
	store->n -= batch->n;
	batch->answered = 0;
	batch->busy = true;
	batch->written = false;
	store->next_batch = 1 - store->next_batch;
	enum at_err err = at_worker_post(store->writer_thread, run_batch, batch);

	AT_ASSERT(err == AT_OK); /* at most two are under way */
}

/* Answers in the order of the commits, a slice a turn, so that a big batch does not hold the loop. */
static void answer(void *msg)
{
	struct store *store = msg;
	struct batch *batch = &store->batches[store->next_answer];

	if (!batch->busy || !batch->written)
		return;
	for (size_t i = 0; i < SLICE && batch->answered < batch->n; i++) {
		struct task *task = &batch->tasks[batch->answered++];

		store->pending--;
		task->done(task->msg, task->err);
	}
	if (batch->answered == batch->n) {
		batch->busy = false;
		store->next_answer = 1 - store->next_answer;
		batch = &store->batches[store->next_answer];
		feed(store);
	}
	if (batch->busy && batch->written)
		at_loop_post(store->loop, answer, store);
}

static void batch_written(void *msg)
{
	struct batch *batch = msg;
	struct store *store = batch->store;
	bool answering = store->batches[store->next_answer].written && store->batches[store->next_answer].busy;

	batch->written = true;
	feed(store); /* the disk works while the loop answers */
	if (!answering)
		answer(store);
}

static void push(struct store *store, const struct task *task)
{
	if (store->n == store->cap) {
		size_t cap = store->cap != 0 ? store->cap * 2 : BATCH_MAX;
		struct task *ring = at_alloc(cap * sizeof(*ring));

		for (size_t i = 0; i < store->n; i++)
			ring[i] = store->ring[(store->first + i) & (store->cap - 1)];
		at_free(store->ring);
		store->ring = ring;
		store->cap = cap;
		store->first = 0;
	}
	store->ring[(store->first + store->n++) & (store->cap - 1)] = *task;
}

/* One job that goes its own way: a read, or a refusal. */
struct single {
	struct store *store;
	struct task task;
};

static void single_done(void *msg)
{
	struct single *single = msg;
	struct task task = single->task;

	single->store->pending--;
	at_free(single);
	task.done(task.msg, task.err);
}

static struct single *single_new(struct store *store, store_job_fn *job, store_done_fn *done, void *msg)
{
	struct single *single = at_alloc(sizeof(*single));

	AT_ASSERT(store->loop != NULL);
	*single = (struct single){store, {.job = job, .done = done, .msg = msg, .err = AT_ERR_BUSY}};
	return single;
}

void store_write(struct store *store, store_job_fn *job, store_done_fn *done, void *msg, unsigned flags)
{
	store->pending++;
	if (store->n >= QUEUE_MAX) {
		at_loop_post(store->loop, single_done, single_new(store, job, done, msg));
		return;
	}
	AT_ASSERT(store->loop != NULL);
	push(store, &(struct task){.job = job, .done = done, .msg = msg, .flags = flags});
	feed(store);
}

/* ---- reading ---- */

static void run_read(void *ctx, void *msg)
{
	struct store *store = ctx;
	struct single *single = msg;
	struct store_tx *tx = &store->reader;
	enum at_err err = store_db_exec(tx, "BEGIN");

	if (err == AT_OK)
		err = single->task.job(tx, single->task.msg);
	if (sqlite3_get_autocommit(tx->db) == 0 && store_db_exec(tx, "COMMIT") != AT_OK)
		err = err == AT_OK ? AT_ERR_INTERNAL : err;
	at_arena_reset(tx->arena);
	single->task.err = err;
	at_loop_post(store->loop, single_done, single);
}

void store_read(struct store *store, store_job_fn *job, store_done_fn *done, void *msg)
{
	struct single *single = single_new(store, job, done, msg);

	store->pending++;
	if (at_worker_post(store->reader_thread, run_read, single) != AT_OK)
		at_loop_post(store->loop, single_done, single);
}

void store_drain(struct store *store)
{
	while (store->pending > 0)
		at_loop_step(store->loop, 100);
}

/* ---- here and now ---- */

struct now {
	struct task task;
	sem_t done;
};

static void run_now(void *ctx, void *msg)
{
	struct store *store = ctx;
	struct now *now = msg;

	run_tasks(&store->writer, &now->task, 1);
	AT_ASSERT(sem_post(&now->done) == 0);
}

enum at_err store_run_now(struct store *store, store_job_fn *job, void *msg)
{
	struct now now = {.task = {.job = job, .msg = msg}};

	if (store->writer_thread == NULL) {
		run_tasks(&store->writer, &now.task, 1);
		return now.task.err;
	}
	AT_ASSERT(sem_init(&now.done, 0, 0) == 0);
	enum at_err err = at_worker_post(store->writer_thread, run_now, &now);

	AT_ASSERT(err == AT_OK);
	while (sem_wait(&now.done) != 0)
		; /* a signal came */
	(void)sem_destroy(&now.done);
	return now.task.err;
}

struct at_arena *store_tx_arena(struct store_tx *tx)
{
	return tx->arena;
}

/* ---- opening and closing ---- */

static enum at_err open_failed(const char *path, const char *what)
{
	at_log(AT_LOG_ERROR, "store.open", "path", path, "what", what, NULL);
	return AT_ERR_IO;
}

/* One process a directory. The lock belongs to the open file, so a child that inherits it holds it as well: fork first, then open. */
static enum at_err lock_dir(const char *dir, int *fd_out)
{
	char path[4096];
	size_t len = strlen(dir);

	if (len + 16 > sizeof(path))
		return AT_ERR_TOO_LARGE;
	if (mkdir(dir, 0700) != 0 && access(dir, R_OK | W_OK | X_OK) != 0)
		return open_failed(dir, "cannot be made or used");
	memcpy(path, dir, len);
	memcpy(path + len, "/lock", sizeof("/lock"));
	*fd_out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd_out < 0)
		return open_failed(path, "lock file");
	if (flock(*fd_out, LOCK_EX | LOCK_NB) == 0)
		return AT_OK;
	(void)close(*fd_out);
	*fd_out = -1;
	return AT_ERR_BUSY;
}

/* Made here, not by SQLite, for its mode: the log beside it takes the same. */
static enum at_err create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return open_failed(path, "database file");
	(void)close(fd);
	return AT_OK;
}

static enum at_err drop_old_limits(struct store_tx *tx, void *msg)
{
	struct store_q q = store_q(tx, "DELETE FROM throttle WHERE until < ?");

	(void)msg;
	store_q_i64(&q, at_wall_ms());
	return store_q_run(&q);
}

static enum at_err open_all(struct store *store, const char *path)
{
	enum at_err err = create_file(path);

	if (err == AT_OK)
		err = store_db_open(path, true, &store->writer);
	if (err == AT_OK)
		err = store_db_migrate(&store->writer);
	if (err != AT_OK || store->loop == NULL)
		return err;
	err = store_db_open(path, false, &store->reader);
	if (err == AT_OK)
		err = store_db_open(path, true, &store->checkpointer);
	return err;
}

static void start_threads(struct store *store)
{
	store->checkpoint_thread = at_worker_new("store-wal", 1, store);
	store->writer_thread = at_worker_new("store-write", 16, store);
	store->reader_thread = at_worker_new("store-read", QUEUE_MAX, store);
}

enum at_err store_open(const char *dir, struct at_loop *loop, struct store **store_out)
{
	struct store *store = at_alloc(sizeof(*store));
	char path[4096];
	enum at_err err = lock_dir(dir, &store->lock_fd);

	*store_out = NULL;
	store->loop = loop;
	store->batches[0].store = store->batches[1].store = store;
	if (err != AT_OK) {
		at_free(store);
		return err;
	}
	memcpy(path, dir, strlen(dir));
	memcpy(path + strlen(dir), "/aftertone.db", sizeof("/aftertone.db"));
	err = open_all(store, path);
	if (err != AT_OK) {
		store_close(&store);
		return err;
	}
	if (loop != NULL)
		start_threads(store);
	err = store_run_now(store, drop_old_limits, NULL);
	if (err == AT_ERR_FULL)
		err = AT_OK; /* reading still works, and that is worth starting for */
	if (err != AT_OK)
		store_close(&store);
	*store_out = store;
	return err;
}

void store_close(struct store **store)
{
	struct store *s = *store;

	*store = NULL;
	if (s == NULL)
		return;
	if (s->loop != NULL)
		store_drain(s);
	at_worker_free(&s->writer_thread);
	at_worker_free(&s->reader_thread);
	at_worker_free(&s->checkpoint_thread);
	store_db_close(&s->reader);
	store_db_close(&s->checkpointer);
	store_db_close(&s->writer);
	(void)close(s->lock_fd);
	at_free(s->ring);
	at_free(s);
}
