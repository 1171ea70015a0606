#include "client/splice.h"

#include "base/list.h"
#include "base/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

/* One way of a connection: read from one, write to the other; reads stop while something waits. */
struct way {
	size_t from, len;
	uint8_t bytes[ROOM];
};

struct pair {
	struct at_link link;
	int fds[2];
	struct at_poll *polls[2];
	struct way ways[2]; /* [i]: from fds[i] to the other */
};

static struct {
	struct at_loop *loop;
	int fd;
	struct at_poll *poll;
	struct at_list pairs;
	uint16_t port;
} splice;

static void end(struct pair *pair)
{
	at_list_remove(&pair->link);
	for (int i = 0; i < 2; i++) {
		at_poll_free(&pair->polls[i]);
		close(pair->fds[i]);
	}
	at_free(pair);
}

static bool would_block(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR || errno == EINPROGRESS || errno == ENOTCONN);
}

/* False: it is over. */
static bool flush(struct pair *pair, int i)
{
	struct way *way = &pair->ways[i];

	while (way->len > 0) {
		ssize_t n = send(pair->fds[!i], way->bytes + way->from, way->len, MSG_NOSIGNAL);

		if (n < 0)
			return would_block(n);
		way->from += (size_t)n;
		way->len -= (size_t)n;
	}
	return true;
}

static bool pump(struct pair *pair, int i)
{
	struct way *way = &pair->ways[i];

	if (!flush(pair, i))
		return false;
	while (way->len == 0) {
		ssize_t n = recv(pair->fds[i], way->bytes, ROOM, 0);

		if (n <= 0)
			return would_block(n);
		way->from = 0;
		way->len = (size_t)n;
		if (!flush(pair, i))
			return false;
	}
	return true;
}

static void on_either(void *arg, int events)
{
	struct pair *pair = arg;

	(void)events;
	if (!pump(pair, 0) || !pump(pair, 1)) {
		end(pair);
		return;
	}
	for (int i = 0; i < 2; i++)
		at_poll_set(pair->polls[i],
			    (pair->ways[i].len == 0 ? AT_POLL_READ : 0) | (pair->ways[!i].len > 0 ? AT_POLL_WRITE : 0));
}

static void on_connection(void *arg, int events)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(splice.port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int in = accept4(splice.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)arg, (void)events;
	if (in < 0)
		return;
	struct pair *pair = at_alloc(sizeof(*pair));

	pair->fds[0] = in;
	pair->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)connect(pair->fds[1], (struct sockaddr *)&to, sizeof(to));
	at_list_push(&splice.pairs, &pair->link);
	for (int i = 0; i < 2; i++) {
		pair->polls[i] = at_poll_new(splice.loop, pair->fds[i], on_either, pair);
		at_poll_set(pair->polls[i], AT_POLL_READ);
	}
}

void splice_start(struct at_loop *loop, int bound_fd)
{
	splice.loop = loop;
	splice.fd = bound_fd;
	at_list_init(&splice.pairs);
	listen(bound_fd, 16);
	splice.poll = at_poll_new(loop, bound_fd, on_connection, NULL);
	at_poll_set(splice.poll, AT_POLL_READ);
}

void splice_to(uint16_t port)
{
	splice.port = port;
}

void splice_stop(void)
{
	AT_LIST_EACH(&splice.pairs, it)
		end(AT_ENTRY(it, struct pair, link));
	at_poll_free(&splice.poll);
	close(splice.fd);
}
