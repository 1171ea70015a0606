#include "store/store_testkit.h"

#include <sys/stat.h>

/* What the queue promises: order, group commit, one failing job alone, reads that see what was committed before them. */

struct queue {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
};

struct job {
	struct queue *f;
	struct store_entry entry;
	bool dup, fails, done;
	enum at_err err;
	size_t *turn, answered; /* order of the answers */
	uint64_t seen;
};

static int setup(void **state)
{
	struct queue *f = at_alloc(sizeof(*f));

	temp_dir(f->dir);
	f->loop = at_loop_new();
	assert_int_equal(store_open(f->dir, f->loop, &f->store), AT_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct queue *f = *state;

	store_close(&f->store);
	at_loop_free(&f->loop);
	temp_dir_remove(f->dir);
	at_free(f);
	return at_test_teardown(state);
}

static enum at_err append_job(struct store_tx *tx, void *msg)
{
	struct job *job = msg;
	enum at_err err = store_entry_append(tx, &job->entry, &job->dup);

	return err == AT_OK && job->fails ? AT_ERR_GONE : err;
}

static void job_done(void *msg, enum at_err err)
{
	struct job *job = msg;

	assert_false(job->done);
	job->done = true;
	job->err = err;
	job->answered = (*job->turn)++;
}

static struct job *jobs_new(struct queue *f, size_t n, size_t *turn)
{
	struct job *jobs = at_alloc(n * sizeof(*jobs));

	*turn = 0;
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct job){.f = f,
				       .turn = turn,
				       .entry = {.conv = 1 + i % 3,
						 .device = 5,
						 .cid = i + 1,
						 .kind = STORE_TEXT,
						 .body = "{}",
						 .body_len = 2}};
	return jobs;
}

static void test_answers_come_in_order(void **state)
{
	enum { N = 5000 };
	struct queue *f = *state;
	size_t turn;
	struct job *jobs = jobs_new(f, N, &turn);

	for (size_t i = 0; i < N; i++)
		store_write(f->store, append_job, job_done, &jobs[i], STORE_PLAIN);
	assert_int_equal(turn, 0); /* never before the call returns */
	store_drain(f->store);
	for (size_t i = 0; i < N; i++) {
		assert_true(jobs[i].done && jobs[i].err == AT_OK && jobs[i].answered == i);
		assert_int_equal(jobs[i].entry.seq, i / 3 + 1);
	}
	at_free(jobs);
}

static void test_a_failing_job_fails_alone(void **state)
{
	enum { N = 300 };
	struct queue *f = *state;
	size_t turn;
	struct job *jobs = jobs_new(f, N, &turn);
	uint64_t next[3] = {1, 1, 1};

	for (size_t i = 0; i < N; i++) {
		jobs[i].fails = i % 7 == 3;
		store_write(f->store, append_job, job_done, &jobs[i], jobs[i].fails ? 0 : STORE_PLAIN);
	}
	store_drain(f->store);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(jobs[i].err, jobs[i].fails ? AT_ERR_GONE : AT_OK);
		if (!jobs[i].fails)
			assert_int_equal(jobs[i].entry.seq, next[i % 3]++);
	}
	at_free(jobs);
}

static enum at_err last_seq(struct store_tx *tx, void *msg)
{
	struct job *job = msg;
	struct store_entry *entries;
	size_t n;
	enum at_err err = store_entry_page(tx, 1, 0, UINT32_MAX, 1, &entries, &n);

	job->seen = n == 1 ? entries[0].seq : 0;
	return err;
}

static void read_done(void *msg, enum at_err err)
{
	assert_int_equal(err, AT_OK);
	((struct job *)msg)->done = true;
}

/* A read is queued in the answer of each write: it must see that write. */
static void write_done_then_read(void *msg, enum at_err err)
{
	struct job *job = msg;

	assert_int_equal(err, AT_OK);
	store_read(job->f->store, last_seq, read_done, job);
}

static void test_a_read_sees_what_was_answered(void **state)
{
	enum { N = 500 };
	struct queue *f = *state;
	size_t turn;
	struct job *jobs = jobs_new(f, N, &turn);

	for (size_t i = 0; i < N; i++) {
		jobs[i].entry.conv = 1;
		store_write(f->store, append_job, write_done_then_read, &jobs[i], STORE_PLAIN);
		if (i % 50 == 0)
			at_loop_step(f->loop, 1);
	}
	store_drain(f->store);
	for (size_t i = 0; i < N; i++)
		assert_true(jobs[i].done && jobs[i].seen >= jobs[i].entry.seq);
	at_free(jobs);
}

static void keep_err(void *msg, enum at_err err)
{
	*(enum at_err *)msg = err;
}

/* A full queue refuses, later, and loses nothing that it took. */
static void test_busy(void **state)
{
	enum { N = 70000 };
	struct queue *f = *state;
	size_t turn, refused = 0;
	struct job *jobs = jobs_new(f, N, &turn);

	for (size_t i = 0; i < N; i++)
		store_write(f->store, append_job, job_done, &jobs[i], STORE_PLAIN);
	assert_int_equal(turn, 0);
	store_drain(f->store);
	assert_int_equal(turn, N);
	for (size_t i = 0; i < N; i++) {
		assert_true(jobs[i].err == AT_OK || jobs[i].err == AT_ERR_BUSY);
		refused += jobs[i].err == AT_ERR_BUSY;
	}
	assert_true(refused > 0 && refused <= N - 65536);
	at_free(jobs);
}

static enum at_err use_invite(struct store_tx *tx, void *msg)
{
	struct store_invite used;
	const uint8_t hash[32] = {1};

	(void)msg;
	return store_invite_use(tx, hash, 1, &used);
}

static enum at_err add_invite(struct store_tx *tx, void *msg)
{
	uint64_t id;

	(void)msg;
	return store_invite_add(tx, &(struct store_invite){.token_hash = {1}, .uses_left = 3, .expires = 9}, &id);
}

static void test_the_last_use_of_an_invitation(void **state)
{
	enum { N = 50 };
	struct queue *f = *state;
	enum at_err errs[N];
	size_t used = 0;

	assert_int_equal(store_run_now(f->store, add_invite, NULL), AT_OK);
	for (size_t i = 0; i < N; i++)
		store_write(f->store, use_invite, keep_err, &errs[i], STORE_PLAIN);
	store_drain(f->store);
	for (size_t i = 0; i < N; i++) {
		assert_true(errs[i] == AT_OK || errs[i] == AT_ERR_GONE);
		used += errs[i] == AT_OK;
	}
	assert_int_equal(used, 3);
}

static void test_now_stands_behind_the_queue(void **state)
{
	enum { N = 200 };
	struct queue *f = *state;
	size_t turn;
	struct job *jobs = jobs_new(f, N + 1, &turn);

	for (size_t i = 0; i < N; i++)
		store_write(f->store, append_job, job_done, &jobs[i], STORE_PLAIN);
	assert_int_equal(store_run_now(f->store, append_job, &jobs[N]), AT_OK);
	assert_true(jobs[N].entry.seq > 0);
	store_drain(f->store);
	assert_int_equal(turn, N);
	at_free(jobs);
}

/* A log that is written without a rest is started over at 64 MB. */
static void test_the_log_does_not_grow_for_ever(void **state)
{
	enum { N = 3000, BODY = 60000 };
	struct queue *f = *state;
	size_t turn, sent = 0;
	struct job *jobs = jobs_new(f, N, &turn);
	char *body = at_alloc(BODY + 1), path[96];
	struct stat st;

	memset(body, 'x', BODY);
	while (turn < N) {
		for (; sent < N && sent - turn < 64; sent++) {
			jobs[sent].entry.body = body;
			jobs[sent].entry.body_len = BODY;
			store_write(f->store, append_job, job_done, &jobs[sent], STORE_PLAIN);
		}
		at_loop_step(f->loop, 100);
	}
	(void)snprintf(path, sizeof(path), "%s/aftertone.db-wal", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 100 * 1024 * 1024);
	at_free(body);
	at_free(jobs);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers_come_in_order),          TEST(test_a_failing_job_fails_alone),
		TEST(test_a_read_sees_what_was_answered),  TEST(test_busy),
		TEST(test_the_last_use_of_an_invitation),  TEST(test_now_stands_behind_the_queue),
		TEST(test_the_log_does_not_grow_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
