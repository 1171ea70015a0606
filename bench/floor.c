#include "bench/floor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNS_MAX = 20000, IN_MAX = 64 * 1024, TEXT_MAX = 512, BATCH_MAX = 1024 };

struct conn {
	int fd;
	int order; /* -1 before hello */
	bool open, upgraded;
	size_t in_len;
	uint8_t *in;
};

struct job {
	struct job *next;
	int conn, order;
	uint64_t id, seq;
	size_t text_len;
	char text[TEXT_MAX];
};

static struct conn conns[CONNS_MAX];
static int by_order[CONNS_MAX];
static int order_count;
static uint64_t next_seq[CONNS_MAX];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct job *queue_head, **queue_tail = &queue_head;
static struct job *done_head, **done_tail = &done_head;
static int done_fd;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void sql(sqlite3 *db, const char *text)
{
	char *why = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "floor: %s: %s\n", text, why);
		exit(1);
	}
}

static sqlite3 *open_database(const char *dir)
{
	char path[4096];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/floor.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		die(path);
	sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA "
		"cache_size=-65536;"
		"CREATE TABLE message(id INTEGER PRIMARY KEY, conv INTEGER NOT NULL, seq INTEGER NOT NULL, device "
		"INTEGER NOT NULL,"
		" cid INTEGER NOT NULL, ts INTEGER NOT NULL, body BLOB);"
		"CREATE UNIQUE INDEX message_conv ON message(conv, seq); CREATE UNIQUE INDEX message_idem ON "
		"message(device, cid);");
	return db;
}

static void write_batch(sqlite3 *db, sqlite3_stmt *insert, struct job *batch)
{
	int64_t now = (int64_t)time(NULL) * 1000;

	sql(db, "BEGIN IMMEDIATE");
	for (struct job *job = batch; job; job = job->next) {
		uint64_t conv = (uint64_t)job->order / 2;

		job->seq = ++next_seq[conv];
		sqlite3_bind_int64(insert, 1, (sqlite3_int64)conv);
		sqlite3_bind_int64(insert, 2, (sqlite3_int64)job->seq);
		sqlite3_bind_int64(insert, 3, job->order);
		sqlite3_bind_int64(insert, 4, (sqlite3_int64)job->id);
		sqlite3_bind_int64(insert, 5, now);
		sqlite3_bind_blob(insert, 6, job->text, (int)job->text_len, SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			die("floor: insert");
		sqlite3_reset(insert);
	}
	sql(db, "COMMIT");
}

static void *writer(void *arg)
{
	sqlite3 *db = open_database(arg);
	sqlite3_stmt *insert;
	uint64_t one = 1;

	if (sqlite3_prepare_v2(db, "INSERT INTO message(conv, seq, device, cid, ts, body) VALUES(?,?,?,?,?,?)", -1,
			       &insert, NULL))
		die("floor: prepare");
	for (;;) {
		struct job *batch, *last;
		int count = 1;

		pthread_mutex_lock(&lock);
		while (!queue_head)
			pthread_cond_wait(&wake, &lock);
		batch = last = queue_head;
		while (last->next && count++ < BATCH_MAX)
			last = last->next;
		queue_head = last->next;
		if (!queue_head)
			queue_tail = &queue_head;
		last->next = NULL;
		pthread_mutex_unlock(&lock);
		write_batch(db, insert, batch);
		pthread_mutex_lock(&lock);
		*done_tail = batch;
		done_tail = &last->next;
		pthread_mutex_unlock(&lock);
		if (write(done_fd, &one, sizeof(one)) < 0)
			die("floor: eventfd");
	}
	return NULL;
}

static void send_text(struct conn *conn, const char *text, size_t len)
{
	uint8_t frame[TEXT_MAX + 256];
	size_t head = len < 126 ? 2 : 4;

	if (!conn->open || len + head > sizeof(frame))
		return;
	frame[0] = 0x81;
	if (head == 2) {
		frame[1] = (uint8_t)len;
	} else {
		frame[1] = 126;
		frame[2] = (uint8_t)(len >> 8);
		frame[3] = (uint8_t)len;
	}
	memcpy(frame + head, text, len);
	if (send(conn->fd, frame, len + head, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		conn->open = false;
}

static void finish_batch(void)
{
	struct job *job, *next;
	uint64_t count;

	if (read(done_fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&lock);
	job = done_head;
	done_head = NULL;
	done_tail = &done_head;
	pthread_mutex_unlock(&lock);
	for (; job; job = next) {
		char text[TEXT_MAX + 200];
		int partner = job->order ^ 1, len;

		next = job->next;
		len = snprintf(text, sizeof(text), "{\"id\":%llu,\"ok\":{\"seq\":%llu,\"ts\":0}}",
			       (unsigned long long)job->id, (unsigned long long)job->seq);
		send_text(&conns[job->conn], text, (size_t)len);
		len = snprintf(text, sizeof(text), "{\"ev\":\"entry\",\"entry\":{\"seq\":%llu,\"body\":%.*s}}",
			       (unsigned long long)job->seq, (int)job->text_len, job->text);
		if (partner < order_count)
			send_text(&conns[by_order[partner]], text, (size_t)len);
		free(job);
	}
}

static void on_text(int at, const char *text, size_t len)
{
	struct conn *conn = &conns[at];
	const char *id = memmem(text, len, "\"id\":", 5);
	struct job *job;

	if (!id || len >= TEXT_MAX)
		return;
	if (conn->order < 0) {
		char answer[64];
		int n = snprintf(answer, sizeof(answer), "{\"id\":%llu,\"ok\":{}}", strtoull(id + 5, NULL, 10));

		conn->order = order_count++;
		by_order[conn->order] = at;
		send_text(conn, answer, (size_t)n);
		return;
	}
	job = malloc(sizeof(*job));
	job->next = NULL;
	job->conn = at;
	job->order = conn->order;
	job->id = strtoull(id + 5, NULL, 10);
	job->text_len = len;
	memcpy(job->text, text, len);
	pthread_mutex_lock(&lock);
	*queue_tail = job;
	queue_tail = &job->next;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
}

static void answer_upgrade(struct conn *conn)
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char *key = strcasestr((char *)conn->in, "Sec-WebSocket-Key: ");
	char joined[128], accept[64], answer[256];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len;
	int len;

	if (!key)
		die("floor: no key");
	snprintf(joined, sizeof(joined), "%.24s%s", key + 19, magic);
	EVP_Digest(joined, strlen(joined), digest, &digest_len, EVP_sha1(), NULL);
	EVP_EncodeBlock((unsigned char *)accept, digest, (int)digest_len);
	len = snprintf(answer, sizeof(answer),
		       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
		       "Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		       accept);
	if (send(conn->fd, answer, (size_t)len, MSG_NOSIGNAL) < 0)
		conn->open = false;
	conn->upgraded = true;
	conn->in_len = 0;
}

/* One frame from the front of the buffer; 0 when it is not whole yet. */
static size_t take_frame(int at, uint8_t *p, size_t len)
{
	size_t body_len, head = 6;

	if (len < 6)
		return 0;
	body_len = p[1] & 0x7f;
	if (body_len == 126) {
		head = 8;
		if (len < 8)
			return 0;
		body_len = (size_t)p[2] << 8 | p[3];
	}
	if (len < head + body_len)
		return 0;
	for (size_t i = 0; i < body_len; i++)
		p[head + i] ^= p[head - 4 + i % 4];
	if ((p[0] & 0x0f) == 1)
		on_text(at, (char *)p + head, body_len);
	return head + body_len;
}

static void on_readable(int at)
{
	struct conn *conn = &conns[at];
	size_t used = 0, took;
	ssize_t n;

	if (!conn->in)
		conn->in = malloc(IN_MAX);
	n = recv(conn->fd, conn->in + conn->in_len, IN_MAX - 1 - conn->in_len, 0);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN) {
			conn->open = false;
			close(conn->fd);
		}
		return;
	}
	conn->in_len += (size_t)n;
	if (!conn->upgraded) {
		conn->in[conn->in_len] = '\0';
		if (strstr((char *)conn->in, "\r\n\r\n"))
			answer_upgrade(conn);
		return;
	}
	while ((took = take_frame(at, conn->in + used, conn->in_len - used)) > 0)
		used += took;
	conn->in_len -= used;
	memmove(conn->in, conn->in + used, conn->in_len);
	if (conn->in_len == 0) {
		free(conn->in);
		conn->in = NULL;
	}
}

static void on_accept(int epoll_fd, int listen_fd)
{
	int fd, one = 1;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

		if (fd >= CONNS_MAX)
			die("floor: too many connections");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		conns[fd] = (struct conn){.fd = fd, .order = -1, .open = true};
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	}
}

static int listen_on(int port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 4096))
		die("floor: listen");
	return fd;
}

void floor_serve(const char *dir, int port)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), listen_fd = listen_on(port);
	struct epoll_event events[256], listening = {.events = EPOLLIN, .data.fd = listen_fd},
					finished = {.events = EPOLLIN};
	pthread_t thread;

	signal(SIGPIPE, SIG_IGN);
	done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	finished.data.fd = done_fd;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &listening);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, done_fd, &finished);
	if (pthread_create(&thread, NULL, writer, (void *)(uintptr_t)dir))
		die("floor: thread");
	for (;;) {
		int n = epoll_wait(epoll_fd, events, 256, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listen_fd)
				on_accept(epoll_fd, listen_fd);
			else if (events[i].data.fd == done_fd)
				finish_batch();
			else
				on_readable(events[i].data.fd);
		}
	}
}
