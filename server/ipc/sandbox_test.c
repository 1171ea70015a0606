/* Goes into each sandbox in a process of its own and tries what an intruder would. */
#include "base/loop.h"
#include "base/mem.h"
#include "base/test.h"
#include "ipc/ipc.h"
#include "ipc/ipc_sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* In a child: tells which expectation failed by its line. */
#define EXPECT(cond)                                                                                                   \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno);                   \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)
#define REFUSED(call) EXPECT((call) < 0 && errno == EPERM)

static int run_in_child(void (*fn)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		fn();
		_exit(0);
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect_no_exec(void)
{
	char *const argv[] = {(char[]){"/bin/true"}, NULL};
	REFUSED(execve("/bin/true", argv, NULL));
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}

static void expect_no_intrusion(void)
{
	char byte;
	struct {
		void *base;
		size_t len;
	} part = {&byte, 1};
	if (!SANITIZED)
		REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), &part, 1, &part, 1, 0));
	REFUSED(syscall(SYS_bpf, 0, NULL, 0));
	REFUSED(syscall(SYS_unshare, 0));
	REFUSED(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
	REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
	REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
	REFUSED(syscall(SYS_userfaultfd, 0));
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 || !SANITIZED);
}

static void expect_no_network(int made_before)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	REFUSED(socket(AF_INET, SOCK_STREAM, 0));
	REFUSED(socket(AF_UNIX, SOCK_DGRAM, 0));
	REFUSED(connect(made_before, (struct sockaddr *)&to, sizeof(to)));
}

/* ---- remux ---- */

static void in_remux_role(void)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	ipc_sandbox_remux_role();
	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_CREAT | O_WRONLY, 0600));
	expect_no_exec();
	expect_no_intrusion();
	expect_no_network(sock);
	if (!SANITIZED)
		REFUSED((intptr_t)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void remux_role_is_confined(void **state)
{
	(void)state;
	assert_int_equal(run_in_child(in_remux_role), 0);
}

static void stop_loop(void *arg)
{
	at_loop_stop(arg);
}

static void on_msg(void *arg, struct ipc_msg *msg)
{
	(void)msg;
	at_loop_stop(arg);
}

static void count_job(void *ctx, void *msg)
{
	(void)msg;
	(*(int *)ctx)++;
}

/* What the role lives by: its loop, its channel, threads, a process a job with a pipe to it. */
static void remux_role_working(void)
{
	int fds[2], pipe_fds[2], status, jobs = 0;
	EXPECT(ipc_pair(fds) == AT_OK);
	ipc_sandbox_remux_role();
	struct at_loop *loop = at_loop_new();
	struct ipc_chan *chan = ipc_chan_new(loop, fds[0], on_msg, stop_loop, loop);
	struct ipc_chan *other = ipc_chan_new(loop, fds[1], on_msg, stop_loop, loop);
	EXPECT(ipc_send(other, IPC_STOP, NULL, 0, &fds[0], 1) == AT_OK);
	at_loop_run(loop);
	ipc_chan_free(&chan);
	ipc_chan_free(&other);
	at_loop_free(&loop);
	EXPECT(pipe2(pipe_fds, O_CLOEXEC) == 0);
	pid_t pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0)
		_exit(write(pipe_fds[1], "x", 1) == 1 ? 7 : 1);
	EXPECT(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
	struct at_worker *worker = at_worker_new("w", 4, &jobs);
	EXPECT(worker && at_worker_post(worker, count_job, NULL) == AT_OK);
	at_worker_free(&worker);
	EXPECT(jobs == 1);
	at_free(at_alloc(100 << 20));
}

static void remux_role_can_work(void **state)
{
	(void)state;
	assert_int_equal(run_in_child(remux_role_working), 0);
}

static void in_remux_job(void)
{
	int fds[2];
	EXPECT(pipe(fds) == 0);
	int file = memfd_create("out", 0);
	ipc_sandbox_remux_role();
	ipc_sandbox_remux_job(256 << 20, 5, 1 << 20);
	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(fork());
	REFUSED(dup(0));
	REFUSED(pipe(fds));
	expect_no_exec();
	/* And what it is for. */
	static char block[65536];
	for (int i = 0; i < 16; i++)
		EXPECT(write(file, block, sizeof(block)) == (ssize_t)sizeof(block));
	EXPECT(write(file, block, 1) < 0 && errno == EFBIG);
	struct stat st;
	EXPECT(fstat(file, &st) == 0 && st.st_size == 1 << 20);
	EXPECT(ftruncate(file, 100) == 0 && lseek(file, 0, SEEK_SET) == 0 && read(file, block, 200) == 100);
	EXPECT(fsync(file) == 0);
	if (!SANITIZED) {
		void *volatile big = malloc(512 << 20);
		EXPECT(!big);
	}
	void *volatile small = malloc(64 << 20);
	EXPECT(small);
}

static void remux_job_is_confined(void **state)
{
	(void)state;
	assert_int_equal(run_in_child(in_remux_job), 0);
}

static void burn(void)
{
	ipc_sandbox_remux_role();
	ipc_sandbox_remux_job(256 << 20, 1, 1 << 20);
	for (volatile unsigned i = 0;; i++)
		;
}

static void remux_job_is_killed_when_it_burns(void **state)
{
	(void)state;
	int status = run_in_child(burn);
	assert_true(WIFSIGNALED(status));
}

/* ---- media ---- */

static int bound_socket(int type, struct sockaddr_in *addr_out)
{
	socklen_t len = sizeof(*addr_out);
	int sock = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	*addr_out = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	EXPECT(bind(sock, (struct sockaddr *)addr_out, sizeof(*addr_out)) == 0);
	EXPECT(getsockname(sock, (struct sockaddr *)addr_out, &len) == 0);
	return sock;
}

static void in_media_role(void)
{
	struct sockaddr_in udp, tcp;
	char byte;
	int loose = socket(AF_INET, SOCK_STREAM, 0), packets = bound_socket(SOCK_DGRAM, &udp);
	int door = bound_socket(SOCK_STREAM, &tcp), caller = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(listen(door, 4) == 0 && connect(caller, (struct sockaddr *)&tcp, sizeof(tcp)) == 0);
	ipc_sandbox_media_role(512 << 20, 64);
	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_CREAT | O_WRONLY, 0600));
	expect_no_exec();
	expect_no_intrusion();
	expect_no_network(loose);
	REFUSED(bind(loose, (struct sockaddr *)&tcp, sizeof(tcp)));
	REFUSED(listen(loose, 1));
	if (!SANITIZED) {
		REFUSED(fork());
		REFUSED((intptr_t)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		void *volatile big = malloc(1 << 30);
		EXPECT(!big);
	}
	/* And what it is for. */
	EXPECT(sendto(packets, "x", 1, 0, (struct sockaddr *)&udp, sizeof(udp)) == 1);
	EXPECT(recv(packets, &byte, 1, 0) == 1);
	int guest = accept4(door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	EXPECT(guest >= 0 && send(caller, "y", 1, MSG_NOSIGNAL) == 1);
	struct at_loop *loop = at_loop_new();
	struct at_timer *timer = at_timer_new(loop, stop_loop, loop);
	at_timer_start(timer, 1, 0);
	at_loop_run(loop);
	at_timer_free(&timer);
	at_loop_free(&loop);
	EXPECT(recv(guest, &byte, 1, 0) == 1 && byte == 'y');
}

static void media_role_is_confined(void **state)
{
	(void)state;
	assert_int_equal(run_in_child(in_media_role), 0);
}

/* ---- core ---- */

static char dir[] = "/tmp/aftertone-sandbox-XXXXXX";

static void *thread_connects(void *arg)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int sock = *(int *)arg;
	EXPECT(connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0);
	EXPECT(errno == EACCES || errno == ECONNREFUSED || errno == EPERM);
	sleep(1);
	REFUSED(connect(sock, (struct sockaddr *)&to, sizeof(to)));
	return NULL;
}

static bool kernel_has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1u) >= 1;
}

static void expect_only_its_files(void)
{
	char path[128];
	if (!kernel_has_landlock())
		return;
	EXPECT(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	EXPECT(open("/tmp/aftertone-outside", O_CREAT | O_WRONLY, 0600) < 0 && errno == EACCES);
	snprintf(path, sizeof(path), "%s/sub", dir);
	EXPECT(symlink("/etc/passwd", path) < 0);
}

static void expect_data_dir_works(void)
{
	char path[128], other[128];
	snprintf(path, sizeof(path), "%s/a", dir);
	snprintf(other, sizeof(other), "%s/sub", dir);
	EXPECT(mkdir(other, 0700) == 0);
	snprintf(other, sizeof(other), "%s/sub/b", dir);
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
	EXPECT(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 4096) == 0 && fsync(fd) == 0);
	void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT(map != MAP_FAILED);
	EXPECT(munmap(map, 4096) == 0);
	EXPECT(rename(path, other) == 0 && unlink(other) == 0);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	EXPECT(fcntl(fd, F_SETLK, &lock) == 0);
}

static void in_core(void)
{
	const char *const writable[] = {dir, NULL}, *const readable[] = {"/usr/share", "/nowhere/at/all", NULL};
	int sock = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t thread;
	ipc_sandbox_core_files(writable, readable);
	EXPECT(pthread_create(&thread, NULL, thread_connects, &sock) == 0);
	usleep(300000);
	ipc_sandbox_core_calls();
	expect_only_its_files();
	expect_no_exec();
	expect_no_intrusion();
	expect_no_network(sock);
	expect_data_dir_works();
	EXPECT(open("/usr/share", O_RDONLY | O_DIRECTORY) >= 0);
	struct at_loop *loop = at_loop_new();
	struct at_timer *timer = at_timer_new(loop, stop_loop, loop);
	at_timer_start(timer, 1, 0);
	at_loop_run(loop);
	at_timer_free(&timer);
	at_loop_free(&loop);
	EXPECT(pthread_join(thread, NULL) == 0);
}

static void core_is_confined(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(run_in_child(in_core), 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/sub", dir);
	rmdir(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(remux_role_is_confined), AT_TEST(remux_role_can_work),
		AT_TEST(remux_job_is_confined),  AT_TEST(remux_job_is_killed_when_it_burns),
		AT_TEST(media_role_is_confined), AT_TEST(core_is_confined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
