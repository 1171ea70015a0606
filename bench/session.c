#include "bench/session.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { IN_MAX = 1024 * 1024 };

void bench_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t bench_quantile(uint64_t *values, size_t n, double q)
{
	size_t at = (size_t)((double)n * q);

	if (n == 0)
		bench_die("nothing was measured");
	qsort(values, n, sizeof(*values), compare_u64);
	return values[at < n ? at : n - 1];
}

void bench_print(const char *name, double value, const char *unit)
{
	printf("%s %.6g %s\n", name, value, unit);
	fflush(stdout);
}

char *bench_temp_dir(void)
{
	char path[] = "/tmp/aftertone-bench-XXXXXX";

	if (!mkdtemp(path))
		bench_die("mkdtemp: %s", strerror(errno));
	return strdup(path);
}

void bench_remove_dir(char **dir)
{
	int pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", *dir, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	free(*dir);
	*dir = NULL;
}

/* ---- the server under test ---- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	if (cpu >= 0 && sched_setaffinity(0, sizeof(set), &set))
		fprintf(stderr, "not pinned to processor %d: %s\n", cpu, strerror(errno));
}

static void read_port(struct bench_server *server, FILE *out)
{
	char line[1024];

	while (fgets(line, sizeof(line), out)) {
		char *url = strstr(line, "http"), *port = url ? strstr(url + 8, ":") : NULL;

		if (!port)
			continue;
		server->tls = !strncmp(url, "https", 5);
		server->port = (int)strtol(port + 1, NULL, 10);
		return;
	}
	bench_die("the server printed no address");
}

void bench_server_start(struct bench_server *server, char *const argv[], int cpu)
{
	int fds[2];
	FILE *out;

	if (pipe(fds))
		bench_die("pipe: %s", strerror(errno));
	server->pid = fork();
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin(cpu);
		dup2(fds[1], 1);
		close(fds[0]);
		execv(argv[0], argv);
		bench_die("%s: %s", argv[0], strerror(errno));
	}
	close(fds[1]);
	out = fdopen(fds[0], "r");
	read_port(server, out);
	/* Left open on purpose: the server may print more. */
}

void bench_server_stop(struct bench_server *server)
{
	kill(server->pid, SIGTERM);
	waitpid(server->pid, NULL, 0);
}

static uint64_t number_in(const char *path, const char *label)
{
	char line[512];
	uint64_t value = 0;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, label, strlen(label)))
			value = strtoull(line + strlen(label), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

/* Calls fn for pid and every process below it. */
static void each_process(int pid, void (*fn)(int pid, uint64_t *max), uint64_t *max)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	fn(pid, max);
	while (proc && (entry = readdir(proc))) {
		char path[300];
		int child = (int)strtol(entry->d_name, NULL, 10);

		if (child <= 0 || child == pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/status", child);
		if ((int)number_in(path, "PPid:") == pid)
			each_process(child, fn, max);
	}
	if (proc)
		closedir(proc);
}

/* Its own pages only: what forked processes share is there once. */
static void add_memory(int pid, uint64_t *sum)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	*sum += number_in(path, "RssAnon:") * 1024;
}

static void max_cpu(int pid, uint64_t *max)
{
	char path[64], line[128];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "r");
	if (file && fgets(line, sizeof(line), file))
		ns = strtoull(line, NULL, 10);
	if (file)
		fclose(file);
	if (ns > *max)
		*max = ns;
}

uint64_t bench_rss(int pid)
{
	uint64_t sum = 0;

	each_process(pid, add_memory, &sum);
	return sum;
}

uint64_t bench_cpu_ns(int pid)
{
	uint64_t max = 0;

	each_process(pid, max_cpu, &max);
	return max;
}

static void add_waiting(int pid, uint64_t *sum)
{
	char path[300], line[128];
	DIR *tasks;
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		FILE *file;
		char *second;

		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
		file = fopen(path, "r");
		if (file && fgets(line, sizeof(line), file) && (second = strchr(line, ' ')))
			*sum += strtoull(second, NULL, 10);
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
}

uint64_t bench_wait_ns(int pid)
{
	uint64_t sum = 0;

	each_process(pid, add_waiting, &sum);
	return sum;
}

double bench_median(double *values, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
			double swap = values[j];

			values[j] = values[j - 1];
			values[j - 1] = swap;
		}
	return values[n / 2];
}

void bench_weigh_most(void)
{
	(void)setsid(); /* one that leads its session already keeps it */
	(void)setpriority(PRIO_PROCESS, 0, -20);
	FILE *file = fopen("/proc/self/autogroup", "w");
	if (file) {
		fputs("-20", file);
		fclose(file);
	}
}

static void put_thread_first(int tid, bool on)
{
	const struct sched_param param = {.sched_priority = on ? 10 : 0};

	(void)sched_setscheduler(tid, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

void bench_put_first(int pid, bool on)
{
	char path[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid ? pid : (int)getpid());
	DIR *tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		int tid = (int)strtol(entry->d_name, NULL, 10);

		if (tid > 0)
			put_thread_first(tid, on);
	}
	if (tasks)
		closedir(tasks);
}

uint64_t bench_preemptions(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return number_in(path, "nonvoluntary_ctxt_switches:");
}

/* ---- sessions ---- */

static ssize_t put(struct bench_session *session, const void *data, size_t len)
{
	return session->ssl ? SSL_write(session->ssl, data, (int)len) : send(session->fd, data, len, MSG_NOSIGNAL);
}

static ssize_t get(struct bench_session *session, void *data, size_t len)
{
	return session->ssl ? SSL_read(session->ssl, data, (int)len) : recv(session->fd, data, len, 0);
}

static void put_all(struct bench_session *session, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n = put(session, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd writable = {.fd = session->fd, .events = POLLOUT};

			poll(&writable, 1, 1000);
			continue;
		}
		if (n <= 0)
			bench_die("the server closed a connection while we wrote: %s", strerror(errno));
		p += n;
		len -= (size_t)n;
	}
}

static void need_buffer(struct bench_session *session)
{
	if (!session->in)
		session->in = malloc(IN_MAX);
}

/* Reads one HTTP answer's head (and its body when it has a length) into session->in. */
static void read_answer(struct bench_session *session)
{
	need_buffer(session);
	session->in_len = 0;
	for (;;) {
		ssize_t n = get(session, session->in + session->in_len, IN_MAX - 1 - session->in_len);
		char *end, *length;

		if (n <= 0)
			bench_die("the server closed a connection during the handshake");
		session->in_len += (size_t)n;
		session->in[session->in_len] = '\0';
		end = strstr((char *)session->in, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr((char *)session->in, "\r\nContent-Length: ");
		if (!length ||
		    (size_t)((char *)session->in + session->in_len - (end + 4)) >= strtoull(length + 18, NULL, 10))
			return;
	}
}

static void connect_to(struct bench_session *session, const struct bench_server *server)
{
	static SSL_CTX *ctx;
	static unsigned source;
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* Other loopback sources, so that no limit an address meets is the one measured. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (source++ / 200) % 200);
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(session->fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(session->fd, (struct sockaddr *)&addr, sizeof(addr)))
		bench_die("connect to port %d: %s", server->port, strerror(errno));
	setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!server->tls)
		return;
	if (!ctx)
		ctx = SSL_CTX_new(TLS_client_method());
	session->ssl = SSL_new(ctx);
	SSL_set_fd(session->ssl, session->fd);
	if (SSL_connect(session->ssl) != 1)
		bench_die("TLS handshake failed");
}

static void ask(struct bench_session *session, const struct bench_server *server, const char *cookie, const char *path,
		const char *more)
{
	char head[1024];
	const char *scheme = server->tls ? "https" : "http", *name = server->tls ? "__Host-at" : "at";
	int len = snprintf(head, sizeof(head),
			   "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: %s://localhost:%d\r\nCookie: "
			   "%s=%s\r\n%s\r\n",
			   path, server->port, scheme, server->port, name, cookie, more);

	put_all(session, head, (size_t)len);
	read_answer(session);
}

void bench_session_open(struct bench_session *session, const struct bench_server *server, const char *token,
			bool is_floor)
{
	char hello[256], frame_token[128] = "floor";
	int len;

	memset(session, 0, sizeof(*session));
	connect_to(session, server);
	if (!is_floor) {
		char *found;

		ask(session, server, token, "/api/session", "");
		found = strstr((char *)session->in, "\"token\":\"");
		if (!found || sscanf(found + 9, "%127[^\"]", frame_token) != 1)
			bench_die("no session: %.400s", (char *)session->in);
	}
	ask(session, server, token, "/ws",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
	    "AAAAAAAAAAAAAAAAAAAAAA==\r\n");
	if (strncmp((char *)session->in, "HTTP/1.1 101", 12))
		bench_die("no upgrade: %.200s", (char *)session->in);
	session->in_len = 0;
	len = snprintf(hello, sizeof(hello), "{\"id\":1,\"do\":\"hello\",\"token\":\"%s\"}", frame_token);
	session->next_id = 2;
	bench_session_send(session, hello, (size_t)len);
	for (bool answered = false; !answered;) {
		ssize_t n = get(session, session->in + session->in_len, IN_MAX - 1 - session->in_len);

		if (n <= 0)
			bench_die("no answer to hello");
		session->in_len += (size_t)n;
		session->in[session->in_len] = '\0';
		answered = memmem(session->in, session->in_len, "\"id\":1,\"ok\"", 11) != NULL;
		if (memmem(session->in, session->in_len, "\"err\"", 5))
			bench_die("hello was refused: %.200s", (char *)session->in + 2);
	}
	/* The answer may be longer than what was read: the frame reader goes on from here. */
	bench_session_read(session, 0, NULL, NULL);
}

void bench_session_close(struct bench_session *session)
{
	if (session->ssl)
		SSL_free(session->ssl);
	if (session->fd > 0)
		close(session->fd);
	free(session->in);
	memset(session, 0, sizeof(*session));
}

static void send_frame(struct bench_session *session, uint8_t opcode, const void *data, size_t len)
{
	static uint8_t frame[300 * 1024];
	size_t head;

	if (len + 14 > sizeof(frame))
		bench_die("frame too long");
	frame[0] = (uint8_t)(0x80 | opcode);
	if (len < 126) {
		frame[1] = (uint8_t)(0x80 | len);
		head = 2;
	} else if (len < 65536) {
		frame[1] = 0x80 | 126;
		frame[2] = (uint8_t)(len >> 8);
		frame[3] = (uint8_t)len;
		head = 4;
	} else {
		frame[1] = 0x80 | 127;
		memset(frame + 2, 0, 4);
		frame[6] = (uint8_t)(len >> 24);
		frame[7] = (uint8_t)(len >> 16);
		frame[8] = (uint8_t)(len >> 8);
		frame[9] = (uint8_t)len;
		head = 10;
	}
	/* A mask of zeros is a mask (RFC 6455 section 5.3 asks for an unpredictable one of browsers; we are none). */
	memset(frame + head, 0, 4);
	memcpy(frame + head + 4, data, len);
	put_all(session, frame, head + 4 + len);
}

void bench_session_send(struct bench_session *session, const char *text, size_t len)
{
	send_frame(session, 1, text, len);
}

void bench_session_send_binary(struct bench_session *session, const void *data, size_t len)
{
	send_frame(session, 2, data, len);
}

/* The frame at p: its whole length, 0 when it is not whole. */
static size_t frame_at(const uint8_t *p, size_t len, size_t *head_out, size_t *body_out)
{
	size_t body, head = 2;

	if (len < 2)
		return 0;
	body = p[1] & 0x7f;
	if (body == 126) {
		head = 4;
		body = len < 4 ? SIZE_MAX / 2 : (size_t)p[2] << 8 | p[3];
	} else if (body == 127) {
		head = 10;
		body = len < 10 ? SIZE_MAX / 2 : (size_t)p[6] << 24 | (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
	}
	*head_out = head;
	*body_out = body;
	return len >= head && len - head >= body ? head + body : 0;
}

static void eat_frames(struct bench_session *session, bench_frame_fn *fn, void *arg)
{
	size_t used = 0, took, head, body;

	while ((took = frame_at(session->in + used, session->in_len - used, &head, &body)) > 0) {
		uint8_t opcode = session->in[used] & 0x0f;

		if (opcode == 1 && fn)
			fn(arg, (char *)session->in + used + head, body);
		else if (opcode == 9)
			send_frame(session, 10, session->in + used + head, body);
		used += took;
	}
	session->in_len -= used;
	memmove(session->in, session->in + used, session->in_len);
	if (session->in_len == 0) {
		free(session->in);
		session->in = NULL;
	}
}

bool bench_session_read(struct bench_session *session, int timeout_ms, bench_frame_fn *fn, void *arg)
{
	struct pollfd readable = {.fd = session->fd, .events = POLLIN};
	bool more = session->ssl && SSL_pending(session->ssl) > 0;

	if (session->in_len > 0)
		eat_frames(session, fn, arg);
	if (more || poll(&readable, 1, timeout_ms) > 0) {
		ssize_t n;

		need_buffer(session);
		if (session->in_len >= IN_MAX)
			bench_die("a frame is longer than %d bytes", IN_MAX);
		n = get(session, session->in + session->in_len, IN_MAX - session->in_len);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		session->in_len += (size_t)n;
		eat_frames(session, fn, arg);
	}
	return true;
}
