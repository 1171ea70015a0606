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

/* One job, from the call to its answer. */
struct task {
	struct store *store;
	store_job_fn *job;
	store_done_fn *done;
	void *msg;
	unsigned flags;
	enum at_err err;
};

/* What shared one commit, on its way back to the loop. */
struct batch {
	struct at_link link;
	struct store *store;
	size_t n, answered;
	struct task *tasks[];
};

struct store {
	struct at_loop *loop; /* NULL: store_run_now only */
	int lock_fd;
	struct store_tx writer, reader;
	struct store_wal wal;
	struct at_worker *writer_thread, *reader_thread;
	struct task *taken[BATCH_MAX]; /* the writer's */
	/* The loop's. */
	struct at_list written;  /* batches that are not wholly answered yet, in the order of their commits */
	size_t writing, reading; /* jobs that were not answered yet, refusals among them */
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
static void fail_batch(struct store_tx *tx, struct task **tasks, size_t n, enum at_err err)
{
	store_db_rollback(tx);
	for (size_t i = 0; i < n; i++)
		if (tasks[i]->err == AT_OK)
			tasks[i]->err = err;
	if (!tx->refusing)
		at_log(AT_LOG_INFO, "store.refusing", "err", at_err_name(err), NULL);
	tx->refusing = true;
}

static void run_tasks(struct store_tx *tx, struct task **tasks, size_t n)
{
	enum at_err err = store_db_exec(tx, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < n && err == AT_OK; i++) {
		tasks[i]->err = run_job(tx, tasks[i]);
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

static void batch_written(void *msg);

/* One commit for this job and all that have come behind it while the disk was busy with the last: the writer helps itself, without a
 * turn of the loop in between. */
static void run_batch(void *ctx, void *msg)
{
	struct store *store = ctx;
	struct task **tasks = store->taken;

	tasks[0] = msg;
	size_t n = 1 + at_worker_take(store->writer_thread, run_batch, (void **)&tasks[1], BATCH_MAX - 1);
	struct batch *batch = at_alloc(sizeof(*batch) + n * sizeof(struct task *));

	batch->store = store;
	batch->n = n;
	memcpy(batch->tasks, tasks, n * sizeof(struct task *));
	run_tasks(&store->writer, batch->tasks, n);
	at_loop_post(store->loop, batch_written, batch);
	store_wal_tend(&store->wal, &store->writer); /* after the answer: nobody waits for it */
}

/* ---- the loop's side ---- */

/* Answers in the order of the commits, a slice a turn, so that a big batch does not hold the loop. */
static void answer(void *msg)
{
	struct store *store = msg;
	struct batch *batch = AT_ENTRY(at_list_first(&store->written), struct batch, link);

	for (size_t i = 0; i < SLICE && batch->answered < batch->n; i++) {
		struct task task = *batch->tasks[batch->answered];

		at_free(batch->tasks[batch->answered++]);
		store->writing--;
		task.done(task.msg, task.err);
	}
	if (batch->answered == batch->n) {
		at_list_remove(&batch->link);
		at_free(batch);
	}
	if (!at_list_empty(&store->written))
		at_loop_post(store->loop, answer, store);
}

static void batch_written(void *msg)
{
	struct batch *batch = msg;
	struct store *store = batch->store;
	bool answering = !at_list_empty(&store->written);

	at_list_push(&store->written, &batch->link);
	if (!answering)
		answer(store);
}

static void refused(void *msg)
{
	struct task task = *(struct task *)msg;

	at_free(msg);
	task.store->writing--;
	task.done(task.msg, AT_ERR_BUSY);
}

static struct task *task_new(struct store *store, store_job_fn *job, store_done_fn *done, void *msg, unsigned flags)
{
	struct task *task = at_alloc(sizeof(*task));

	AT_ASSERT(store->loop != NULL);
	*task = (struct task){store, job, done, msg, flags, AT_OK};
	return task;
}

void store_write(struct store *store, store_job_fn *job, store_done_fn *done, void *msg, unsigned flags)
{
	struct task *task = task_new(store, job, done, msg, flags);

	if (store->writing++ >= QUEUE_MAX || at_worker_post(store->writer_thread, run_batch, task) != AT_OK)
		at_loop_post(store->loop, refused, task);
}

/* ---- reading ---- */

static void read_done(void *msg)
{
	struct task task = *(struct task *)msg;

	at_free(msg);
	task.store->reading--;
	task.done(task.msg, task.err);
}

static void run_read(void *ctx, void *msg)
{
	struct store *store = ctx;
	struct task *task = msg;
	struct store_tx *tx = &store->reader;
	enum at_err err = store_db_exec(tx, "BEGIN");

	if (err == AT_OK)
		err = task->job(tx, task->msg);
	if (sqlite3_get_autocommit(tx->db) == 0 && store_db_exec(tx, "COMMIT") != AT_OK)
		err = err == AT_OK ? AT_ERR_INTERNAL : err;
	at_arena_reset(tx->arena);
	task->err = err;
	at_loop_post(store->loop, read_done, task);
}

void store_read(struct store *store, store_job_fn *job, store_done_fn *done, void *msg)
{
	struct task *task = task_new(store, job, done, msg, 0);

	store->reading++;
	task->err = AT_ERR_BUSY;
	if (at_worker_post(store->reader_thread, run_read, task) != AT_OK)
		at_loop_post(store->loop, read_done, task);
}

void store_drain(struct store *store)
{
	while (store->writing + store->reading > 0)
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
	struct task *task = &now->task;

	run_tasks(&store->writer, &task, 1);
	AT_ASSERT(sem_post(&now->done) == 0);
}

enum at_err store_run_now(struct store *store, store_job_fn *job, void *msg)
{
	struct now now = {.task = {.job = job, .msg = msg}};

	if (store->writer_thread == NULL) {
		struct task *task = &now.task;

		run_tasks(&store->writer, &task, 1);
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
	return err == AT_OK ? store_wal_open(&store->wal, path, store->lock_fd) : err;
}

static void start_threads(struct store *store)
{
	store->writer_thread = at_worker_new("store-write", QUEUE_MAX + 16, store);
	store->reader_thread = at_worker_new("store-read", QUEUE_MAX, store);
}

enum at_err store_open(const char *dir, struct at_loop *loop, struct store **store_out)
{
	struct store *store = at_alloc(sizeof(*store));
	char path[4096];
	enum at_err err = lock_dir(dir, &store->lock_fd);

	*store_out = NULL;
	store->loop = loop;
	at_list_init(&store->written);
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
	store_wal_close(&s->wal);
	store_db_close(&s->reader);
	store_db_close(&s->writer);
	(void)close(s->lock_fd);
	at_free(s);
}
