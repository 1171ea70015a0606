#include "base/mem.h"
#include "base/test.h"
#include "blob/blob_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static struct at_loop *loop;
static struct blobs *blobs;
static const struct at_id id_a = {{0xab, 1}}, id_b = {{0xab, 2}};

static void reopen(void)
{
	blobs_close(&blobs);
	assert_int_equal(blobs_open(dir, loop, &blobs), AT_OK);
}

static int setup(void **state)
{
	(void)state;
	at_log_set_level(AT_LOG_WARN);
	snprintf(dir, sizeof(dir), "/tmp/aftertone-blob-XXXXXX");
	assert_non_null(mkdtemp(dir));
	loop = at_loop_new();
	return blobs_open(dir, loop, &blobs) ? 1 : 0;
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		char sub[512];
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlink(sub))
			remove_tree(sub);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static int teardown(void **state)
{
	(void)state;
	blobs_close(&blobs);
	at_loop_free(&loop);
	remove_tree(dir);
	return at_log_unexpected_for_test();
}

/* ---- helpers ---- */

static enum at_err last_err;
static unsigned done_n, ok_n;

static void on_done(void *arg, enum at_err err)
{
	(void)arg;
	last_err = err;
	done_n++;
	ok_n += err == AT_OK;
}

/* Fragment n holds n + 1 times the byte n. */
static struct at_bytes *fragment(uint32_t n, size_t len)
{
	struct at_bytes *data = at_bytes_new(NULL, len);
	memset(data->data, (int)n, len);
	return data;
}

static void append_len(const struct at_id *id, uint32_t seg, uint32_t n, size_t len)
{
	struct at_bytes *data = fragment(n, len);
	blob_spool_append(blobs, id, seg, n, (n + 1) * 250, data, on_done, NULL);
	at_bytes_unref(&data);
}

static void append(const struct at_id *id, uint32_t seg, uint32_t n)
{
	append_len(id, seg, n, n + 1);
}

static void drain(void)
{
	blobs_drain(blobs);
	at_loop_step(loop, 0);
}

static uint32_t read_from, read_n;
static bool read_done;

static void on_fragment(void *arg, enum at_err err, uint32_t seg, uint32_t number, uint32_t at_ms, const void *data,
			size_t len)
{
	(void)arg;
	(void)seg;
	last_err = err;
	if (!data) {
		read_done = true;
		return;
	}
	assert_int_equal(number, read_from + read_n);
	assert_int_equal(at_ms, (number + 1) * 250);
	assert_int_equal(((const uint8_t *)data)[len - 1], number & 0xff);
	read_n++;
}

static void read_spool(const struct at_id *id, uint32_t from)
{
	read_from = from;
	read_n = 0;
	read_done = false;
	blob_spool_read(blobs, id, from, on_fragment, NULL);
	drain();
	assert_true(read_done);
}

static struct blob_spool_info recover(const struct at_id *id)
{
	struct blob_spool_info info;
	assert_int_equal(blob_spool_recover(blobs, id, &info), AT_OK);
	return info;
}

static void path_of(const struct at_id *id, int seg, char out[256])
{
	char name[BLOB_PATH_MAX];
	blob_spool_name(id, seg, name);
	snprintf(out, 256, "%s/rec/%s", dir, name);
}

static int fds_n;
static int got_fds[BLOB_SEGMENTS_MAX];
static void on_open(void *arg, enum at_err err, const int *fds, size_t n)
{
	(void)arg;
	last_err = err;
	fds_n = (int)n;
	memcpy(got_fds, fds, n * sizeof(*fds));
}

/* ---- spools ---- */

static void test_appends_are_kept(void **state)
{
	(void)state;
	done_n = ok_n = 0;
	for (uint32_t n = 0; n < 100; n++)
		append(&id_a, n < 60 ? 0 : 2, n);
	for (uint32_t n = 0; n < 10; n++)
		append(&id_b, 0, n);
	drain();
	assert_int_equal(ok_n, 110);
	read_spool(&id_a, 0);
	assert_int_equal(read_n, 64);
	read_spool(&id_a, 64);
	assert_int_equal(read_n, 36);
	read_spool(&id_a, 100);
	assert_int_equal(last_err, AT_OK);
	assert_int_equal(read_n, 0);
	blob_spool_open(blobs, &id_a, on_open, NULL);
	drain();
	assert_int_equal(fds_n, 2);
	struct stat st;
	assert_int_equal(fstat(got_fds[0], &st), 0);
	assert_int_equal(st.st_size, 60 * 61 / 2);
	close(got_fds[0]);
	close(got_fds[1]);
	reopen();
	struct blob_spool_info info = recover(&id_a);
	assert_true(info.next == 100 && info.segments == 3 && info.bytes == 5050 && info.ms == 25000);
	info = recover(&id_b);
	assert_true(info.next == 10 && info.segments == 1);
}

static void test_only_in_order(void **state)
{
	(void)state;
	done_n = ok_n = 0;
	append(&id_a, 0, 0);
	append(&id_a, 0, 2);
	drain();
	assert_int_equal(last_err, AT_ERR_CONFLICT);
	append(&id_a, 0, 1);
	append(&id_a, 1, 2);
	append(&id_a, 1, 3);
	append(&id_a, 1, 3);
	drain();
	assert_int_equal(last_err, AT_ERR_CONFLICT);
	assert_int_equal(ok_n, 4);
	assert_int_equal(recover(&id_a).next, 4);
}

static void test_absent_and_dropped(void **state)
{
	(void)state;
	read_spool(&id_a, 0);
	assert_int_equal(last_err, AT_OK);
	blob_spool_open(blobs, &id_a, on_open, NULL);
	drain();
	assert_int_equal(last_err, AT_ERR_NOT_FOUND);
	assert_int_equal(recover(&id_a).next, 0);
	append(&id_a, 0, 0);
	append(&id_a, 1, 1);
	blob_spool_drop(blobs, &id_a, on_done, NULL);
	drain();
	assert_int_equal(last_err, AT_OK);
	char path[256];
	for (int seg = -1; seg < 2; seg++) {
		path_of(&id_a, seg, path);
		assert_int_equal(access(path, F_OK), -1);
	}
	blob_spool_drop(blobs, &id_a, on_done, NULL);
	drain();
	assert_int_equal(last_err, AT_OK);
}

static unsigned each_n;
static void count(void *arg, const struct at_id *id)
{
	(void)arg;
	assert_true(id->b[0] == 0xab);
	each_n++;
}

static void test_each_spool_once(void **state)
{
	(void)state;
	append(&id_a, 0, 0);
	append(&id_a, 1, 1);
	append(&id_b, 0, 0);
	drain();
	each_n = 0;
	blob_each_spool(blobs, count, NULL);
	assert_int_equal(each_n, 2);
}

/* ---- crashes ---- */

static void copy_file(const char *from, const char *to, size_t len)
{
	uint8_t bytes[4096];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, bytes, len);
	assert_true(n >= 0 && write(out, bytes, (size_t)n) == n);
	close(in);
	close(out);
}

static size_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) ? 0 : (size_t)st.st_size;
}

/* Whatever of the two files reached the disk, what is recovered is whole, and it can go on from there. */
static void test_cut_at_every_byte(void **state)
{
	(void)state;
	char idx[256], raw[256], raw1[256], keep_idx[300], keep_raw[300], keep_raw1[300];
	for (uint32_t n = 0; n < 6; n++)
		append_len(&id_a, n < 4 ? 0 : 1, n, 5);
	drain();
	path_of(&id_a, -1, idx);
	path_of(&id_a, 0, raw);
	path_of(&id_a, 1, raw1);
	snprintf(keep_idx, sizeof(keep_idx), "%s/idx", dir);
	snprintf(keep_raw, sizeof(keep_raw), "%s/raw", dir);
	snprintf(keep_raw1, sizeof(keep_raw1), "%s/raw1", dir);
	copy_file(idx, keep_idx, 4096);
	copy_file(raw, keep_raw, 4096);
	copy_file(raw1, keep_raw1, 4096);
	for (size_t i = 0; i <= 6 * BLOB_RECORD_LEN; i += i % BLOB_RECORD_LEN == 1 ? 37 : 1)
		for (size_t r = 0; r <= 20; r += i % BLOB_RECORD_LEN ? 20 : 1)
			for (size_t r1 = 0; r1 <= 10; r1 += r == 20 ? 1 : 10) {
				copy_file(keep_idx, idx, i);
				copy_file(keep_raw, raw, r);
				copy_file(keep_raw1, raw1, r1);
				size_t whole = i / BLOB_RECORD_LEN, raws = r / 5 < 4 ? r / 5 : 4 + r1 / 5;
				uint32_t expected = (uint32_t)(whole < raws ? whole : raws);
				struct blob_spool_info info = recover(&id_a);
				assert_int_equal(info.next, expected);
				assert_int_equal(info.bytes, expected * 5);
				assert_int_equal(size_of(idx), expected * BLOB_RECORD_LEN);
				assert_int_equal(size_of(raw) + size_of(raw1), expected * 5);
			}
	copy_file(keep_idx, idx, 100);
	(void)recover(&id_a);
	append_len(&id_a, 0, 2, 5);
	drain();
	assert_int_equal(last_err, AT_OK);
	assert_int_equal(recover(&id_a).next, 3);
}

static void test_any_flipped_bit_is_seen(void **state)
{
	(void)state;
	char idx[256], raw[256];
	for (uint32_t n = 0; n < 3; n++)
		append_len(&id_a, 0, n, 5);
	drain();
	path_of(&id_a, -1, idx);
	path_of(&id_a, 0, raw);
	for (int which = 0; which < 2; which++)
		for (size_t at = 0; at < (which ? 15 : 3 * BLOB_RECORD_LEN); at++) {
			struct at_id id = {{0xab, 9, (uint8_t)which, (uint8_t)at}};
			uint8_t byte;
			/* A fresh copy under the same id, since the id is in the checksum. */
			blob_spool_drop(blobs, &id_a, NULL, NULL);
			for (uint32_t n = 0; n < 3; n++)
				append_len(&id_a, 0, n, 5);
			drain();
			int fd = open(which ? raw : idx, O_RDWR);
			assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
			byte ^= (uint8_t)(1 << (at & 7));
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
			close(fd);
			assert_int_equal(recover(&id_a).next, at / (which ? 5 : BLOB_RECORD_LEN));
			assert_int_equal(recover(&id).next, 0);
		}
}

/* A real end by SIGKILL: everything that was acknowledged is there. */
static void test_killed_while_writing(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	blobs_close(&blobs);
	pid_t pid = fork();
	if (pid == 0) {
		struct at_loop *own = at_loop_new();
		loop = own;
		if (blobs_open(dir, own, &blobs))
			_exit(1);
		for (uint32_t n = 0; n < BLOB_FRAGMENTS_MAX; n++) {
			append_len(&id_a, 0, n, 3000);
			drain();
			if (write(ends[1], &n, sizeof(n)) != sizeof(n))
				_exit(1);
		}
		_exit(0);
	}
	uint32_t acked = 0;
	while (acked < 20)
		assert_int_equal(read(ends[0], &acked, sizeof(acked)), sizeof(acked));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ends[1]);
	while (read(ends[0], &acked, sizeof(acked)) == sizeof(acked)) {}
	close(ends[0]);
	assert_int_equal(blobs_open(dir, loop, &blobs), AT_OK);
	assert_true(recover(&id_a).next > acked);
}

/* ---- limits ---- */

/* No space: a limit on the size of files stands for a full disk. What was acknowledged stays, and it goes on when there is room. */
static void test_full_disk(void **state)
{
	(void)state;
	struct rlimit before, tight = {5000, RLIM_INFINITY};
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	done_n = ok_n = 0;
	append_len(&id_a, 0, 0, 3000);
	drain();
	tight.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &tight);
	at_log_expect_for_test("blob.full", -1);
	append_len(&id_a, 0, 1, 3000);
	append_len(&id_a, 0, 2, 10);
	append_len(&id_b, 0, 0, 10);
	drain();
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(ok_n, 2);
	assert_int_equal(done_n, 4);
	char raw[256];
	path_of(&id_a, 0, raw);
	assert_int_equal(size_of(raw), 3000);
	append_len(&id_a, 0, 1, 3000);
	drain();
	assert_int_equal(last_err, AT_OK);
	assert_int_equal(recover(&id_a).next, 2);
}

static void test_many_spools_few_descriptors(void **state)
{
	(void)state;
	struct rlimit before, few = {64, 64};
	getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_cur = (rlim_t)dup(0) + 2 * BLOB_OPEN_MAX + 4;
	few.rlim_max = before.rlim_max;
	close((int)few.rlim_cur - 2 * BLOB_OPEN_MAX - 4);
	setrlimit(RLIMIT_NOFILE, &few);
	done_n = ok_n = 0;
	for (uint8_t i = 0; i < 200; i++) {
		struct at_id id = {{0xab, i}};
		append(&id, 0, 0);
		append(&id, 0, 1);
	}
	drain();
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(ok_n, 400);
}

static void test_too_much_waiting_is_refused(void **state)
{
	(void)state;
	done_n = ok_n = 0;
	for (uint32_t n = 0; n < 300; n++)
		append_len(&id_a, 0, n, BLOB_FRAGMENT_MAX);
	drain();
	assert_int_equal(done_n, 300);
	assert_true(ok_n >= 200 && ok_n < 300);
	assert_int_equal(recover(&id_a).next, ok_n);
}

/* ---- finished files ---- */

static int got_fd;
static uint64_t got_len;
static void on_temp(void *arg, enum at_err err, int fd)
{
	(void)arg;
	last_err = err;
	got_fd = fd;
}

static void on_file(void *arg, enum at_err err, int fd, uint64_t len)
{
	(void)arg;
	last_err = err;
	got_fd = fd;
	got_len = len;
}

static void make_file(const struct at_id *id)
{
	blob_temp(blobs, id, on_temp, NULL);
	drain();
	assert_int_equal(last_err, AT_OK);
	assert_int_equal(write(got_fd, "flat", 4), 4);
}

static void test_files(void **state)
{
	(void)state;
	char text[8] = "";
	make_file(&id_a);
	blob_open(blobs, &id_a, on_file, NULL);
	int temp = got_fd;
	drain();
	assert_int_equal(last_err, AT_ERR_NOT_FOUND);
	blob_keep(blobs, &id_a, temp, on_done, NULL);
	drain();
	assert_int_equal(last_err, AT_OK);
	reopen();
	blob_open(blobs, &id_a, on_file, NULL);
	drain();
	assert_int_equal(got_len, 4);
	assert_int_equal(read(got_fd, text, 8), 4);
	assert_string_equal(text, "flat");
	close(got_fd);
	each_n = 0;
	blob_each_file(blobs, count, NULL);
	assert_int_equal(each_n, 1);
	blob_drop(blobs, &id_a);
	blob_open(blobs, &id_a, on_file, NULL);
	drain();
	assert_int_equal(last_err, AT_ERR_NOT_FOUND);
}

static void test_unfinished_files_go(void **state)
{
	(void)state;
	make_file(&id_a);
	blob_discard(blobs, &id_a, got_fd);
	make_file(&id_b);
	close(got_fd);
	reopen();
	char path[128];
	snprintf(path, sizeof(path), "%s/temp", dir);
	DIR *d = opendir(path);
	int n = 0;
	while (readdir(d))
		n++;
	closedir(d);
	assert_int_equal(n, 2);
}

/* The owner goes while things are under way: they happen, nobody is called. */
static void test_closing_finishes(void **state)
{
	(void)state;
	done_n = 0;
	for (uint32_t n = 0; n < 50; n++)
		append(&id_a, 0, n);
	blob_temp(blobs, &id_b, on_temp, NULL);
	reopen();
	drain();
	assert_int_equal(done_n, 0);
	assert_int_equal(recover(&id_a).next, 50);
}

#define BLOB_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BLOB_TEST(test_appends_are_kept),
		BLOB_TEST(test_only_in_order),
		BLOB_TEST(test_absent_and_dropped),
		BLOB_TEST(test_each_spool_once),
		BLOB_TEST(test_cut_at_every_byte),
		BLOB_TEST(test_any_flipped_bit_is_seen),
		BLOB_TEST(test_killed_while_writing),
		BLOB_TEST(test_full_disk),
		BLOB_TEST(test_many_spools_few_descriptors),
		BLOB_TEST(test_too_much_waiting_is_refused),
		BLOB_TEST(test_files),
		BLOB_TEST(test_unfinished_files_go),
		BLOB_TEST(test_closing_finishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
