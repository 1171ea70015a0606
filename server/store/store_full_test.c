#include "store/store_testkit.h"

#include "base/rand.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

/* A disk of 16 MB that is really full, in a mount namespace of its own. What is written only replaces what is there, so that nothing but
 * the log can want room. Each scene is a process: it ends with 0, or dies in an assertion. */
enum { DISK_MB = 16, KEYS = 512, CHAINS = 64, NO_DISK = 77 };

struct writing {
	struct store *store;
	struct link {
		struct writing *writing;
		enum at_err err;
	} links[CHAINS];
	size_t left, refused;
};

/* ---- a small disk ---- */

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return fine;
}

/* Root mounts; anybody else may be root among themselves, where the kernel lets them. */
static bool mount_small(const char *dir)
{
	char map[64], options[32];

	(void)snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
	(void)snprintf(options, sizeof(options), "size=%dm,mode=0700", DISK_MB);
	if (getuid() == 0 ? unshare(CLONE_NEWNS) != 0
			  : unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !write_file("/proc/self/uid_map", map))
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("tmpfs", dir, "tmpfs", 0, options) == 0;
}

static int filler(const char *dir)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/filler", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	AT_ASSERT(fd >= 0);
	return fd;
}

static void fill(const char *dir)
{
	static const char block[65536];
	int fd = filler(dir);

	for (size_t n = sizeof(block); n > 0;)
		if (write(fd, block, n) <= 0)
			n /= 2;
	close(fd);
}

static void make_room(const char *dir, off_t bytes)
{
	int fd = filler(dir);
	off_t len = lseek(fd, 0, SEEK_END);

	AT_ASSERT(len > bytes && ftruncate(fd, len - bytes) == 0);
	close(fd);
}

/* ---- a writer that does not rest ---- */

static enum at_err put_key(struct store_tx *tx, uint32_t n)
{
	char key[128];

	(void)snprintf(key, sizeof(key), "%-100u", n);
	return store_limit_put(tx, &(struct store_limit){.key = key, .level = at_rand_below(1000), .until = INT64_MAX});
}

static enum at_err put_all(struct store_tx *tx, void *msg)
{
	enum at_err err = AT_OK;

	(void)msg;
	for (uint32_t i = 0; i < KEYS && err == AT_OK; i++)
		err = put_key(tx, i);
	return err;
}

static enum at_err put_one(struct store_tx *tx, void *msg)
{
	(void)msg;
	return put_key(tx, at_rand_below(KEYS));
}

static void put_done(void *msg, enum at_err err)
{
	struct link *link = msg;
	struct writing *writing = link->writing;

	AT_ASSERT(err == AT_OK || err == AT_ERR_FULL);
	writing->refused += err != AT_OK;
	if (writing->left == 0)
		return;
	writing->left--;
	store_write(writing->store, put_one, put_done, link, STORE_PLAIN);
}

/* How many of n were refused. Some are always queued. */
static size_t write_on(struct store *store, size_t n)
{
	struct writing writing = {.store = store, .left = n};

	for (size_t i = 0; i < CHAINS; i++) {
		writing.links[i].writing = &writing;
		store_write(store, put_one, put_done, &writing.links[i], STORE_PLAIN);
	}
	store_drain(store);
	return writing.refused;
}

enum { LONG = 40000, SHORT = 2000 };

static struct store *open_in(const char *dir, struct at_loop *loop)
{
	struct store *store;

	AT_ASSERT(store_open(dir, loop, &store) == AT_OK);
	return store;
}

static void prepare(const char *dir)
{
	struct store *store = open_in(dir, NULL);

	AT_ASSERT(store_run_now(store, put_all, NULL) == AT_OK);
	store_close(&store);
}

/* ---- scenes ---- */

static void log_starts_over_in_time(const char *dir)
{
	struct store *store = open_in(dir, at_loop_new());

	AT_ASSERT(write_on(store, LONG) == 0);
	store_close(&store);
}

static void room_comes_back(const char *dir)
{
	struct store *store = open_in(dir, at_loop_new());

	(void)write_on(store, SHORT);
	fill(dir);
	AT_ASSERT(write_on(store, LONG) > 0);
	make_room(dir, 1 << 20);
	AT_ASSERT(write_on(store, LONG) == 0);
	store_close(&store);
}

/* Its predecessor was killed, and has left a log to which nothing can be added. */
static void starts_with_a_full_disk(const char *dir)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)write_on(open_in(dir, at_loop_new()), SHORT);
		_exit(0);
	}
	AT_ASSERT(pid > 0 && waitpid(pid, NULL, 0) == pid);
	fill(dir);
	struct store *store = open_in(dir, at_loop_new());

	AT_ASSERT(store_run_now(store, put_all, NULL) == AT_ERR_FULL);
	make_room(dir, 1 << 20);
	AT_ASSERT(write_on(store, LONG) == 0);
	store_close(&store);
}

static void run_scene(void (*scene)(const char *dir))
{
	char dir[64];
	int status;

	temp_dir(dir);
	pid_t pid = fork();
	if (pid == 0) {
		at_log_set_level(AT_LOG_ERROR);
		if (!mount_small(dir))
			_exit(NO_DISK);
		prepare(dir);
		scene(dir);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	temp_dir_remove(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_DISK)
		skip(); /* this user may not mount a small disk */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_log_starts_over_in_time(void **state)
{
	(void)state;
	run_scene(log_starts_over_in_time);
}

static void test_room_comes_back(void **state)
{
	(void)state;
	run_scene(room_comes_back);
}

static void test_starts_with_a_full_disk(void **state)
{
	(void)state;
	run_scene(starts_with_a_full_disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_log_starts_over_in_time),
		AT_TEST(test_room_comes_back),
		AT_TEST(test_starts_with_a_full_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
