#include "client/client_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* a turn of the loop, so that one busy connection does not starve the others */
enum { READS = 4 };

void client_sock_init(struct client_sock *sock, struct clients *clients, const struct client_sock_ops *ops, void *arg)
{
	*sock = (struct client_sock){.clients = clients, .ops = ops, .arg = arg, .fd = -1};
	at_buf_init(&sock->in, CLIENT_IN_MAX);
	at_buf_init(&sock->out, CLIENT_OUT_MAX);
}

void client_sock_close(struct client_sock *sock)
{
	if (sock->fd >= 0)
		sock->clients->closed++;
	at_poll_free(&sock->poll);
	if (sock->ssl)
		SSL_free(sock->ssl);
	sock->ssl = NULL;
	if (sock->fd >= 0)
		(void)close(sock->fd);
	sock->fd = -1;
	at_buf_release(&sock->in);
	at_buf_release(&sock->out);
	sock->connecting = sock->wants_write = false;
}

static void fail(struct client_sock *sock)
{
	client_sock_close(sock);
	sock->ops->gone(sock->arg);
}

/* ---- bytes in and out; < 0: gone, 0: would block ---- */

static ssize_t ssl_result(struct client_sock *sock, int n)
{
	int why = SSL_get_error(sock->ssl, n);

	if (n > 0)
		return n;
	sock->wants_write = why == SSL_ERROR_WANT_WRITE;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t put(struct client_sock *sock, const void *data, size_t len)
{
	if (sock->ssl) {
		ERR_clear_error();
		return ssl_result(sock, SSL_write(sock->ssl, data, (int)(len < 65536 ? len : 65536)));
	}
	ssize_t n = send(sock->fd, data, len, MSG_NOSIGNAL);
	return n > 0 ? n : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t get(struct client_sock *sock, void *data, size_t len)
{
	if (sock->ssl) {
		ERR_clear_error();
		return ssl_result(sock, SSL_read(sock->ssl, data, (int)len));
	}
	ssize_t n = recv(sock->fd, data, len, 0);
	return n > 0 ? n : n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void set_poll(struct client_sock *sock)
{
	bool writes = sock->connecting || sock->out.len > 0 || sock->wants_write;
	int events = AT_POLL_READ | (writes ? AT_POLL_WRITE : 0);

	if (events != sock->polled)
		at_poll_set(sock->poll, events);
	sock->polled = events;
}

static bool flush(struct client_sock *sock)
{
	while (sock->out.len > 0) {
		ssize_t n = put(sock, sock->out.data, sock->out.len);
		if (n < 0)
			return false;
		if (n == 0)
			return true;
		at_buf_consume(&sock->out, (size_t)n);
	}
	at_buf_release(&sock->out);
	return true;
}

/* Straight to the kernel when nothing waits: what it took. */
static size_t put_now(struct client_sock *sock, const void *head, size_t head_len, const void *data, size_t len)
{
	struct iovec parts[2] = {{(void *)(uintptr_t)head, head_len}, {(void *)(uintptr_t)data, len}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = len > 0 ? 2 : 1};

	if (sock->ssl || sock->out.len > 0)
		return 0;
	ssize_t n = sendmsg(sock->fd, &message, MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

bool client_sock_send(struct client_sock *sock, const void *head, size_t head_len, const void *data, size_t len)
{
	if (sock->fd < 0 || sock->connecting || at_buf_reserve(&sock->out, head_len + len) != AT_OK)
		return false;
	size_t sent = put_now(sock, head, head_len, data, len);
	size_t of_head = sent < head_len ? sent : head_len;
	enum at_err err = at_buf_append(&sock->out, (const uint8_t *)head + of_head, head_len - of_head);

	if (!err && len > sent - of_head)
		err = at_buf_append(&sock->out, (const uint8_t *)data + (sent - of_head), len - (sent - of_head));
	AT_ASSERT(err == AT_OK);
	/* What goes wrong here shows as the socket's end at the next poll. */
	(void)flush(sock);
	set_poll(sock);
	return true;
}

/* ---- events ---- */

/* Gives the owner what there is. false: it has closed the socket, or itself. */
static bool deliver(struct client_sock *sock, uint8_t *data, size_t len)
{
	if (sock->in.len > 0) {
		if (at_buf_append(&sock->in, data, len) != AT_OK) {
			fail(sock);
			return false;
		}
		data = sock->in.data;
		len = sock->in.len;
	}
	size_t used = sock->ops->bytes(sock->arg, data, len);
	if (used == CLIENT_SOCK_CLOSED)
		return false;
	if (data == sock->in.data) {
		at_buf_consume(&sock->in, used);
	} else if (used < len && at_buf_append(&sock->in, data + used, len - used) != AT_OK) {
		fail(sock);
		return false;
	}
	if (sock->in.len == 0)
		at_buf_release(&sock->in);
	return true;
}

static void on_readable(struct client_sock *sock)
{
	struct clients *clients = sock->clients;

	for (int i = 0; i < READS || (sock->ssl && SSL_pending(sock->ssl) > 0); i++) {
		ssize_t n = get(sock, clients->scratch, CLIENT_SCRATCH);
		if (n < 0)
			fail(sock);
		if (n <= 0 || !deliver(sock, clients->scratch, (size_t)n))
			return;
		if (!sock->ssl && n < CLIENT_SCRATCH)
			return;
	}
}

static bool finish_connecting(struct client_sock *sock)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
		return false;
	sock->connecting = false;
	set_poll(sock);
	sock->ops->open(sock->arg);
	return true;
}

static void on_poll(void *arg, int events)
{
	struct client_sock *sock = arg;

	if (sock->connecting && (!(events & AT_POLL_WRITE) || !finish_connecting(sock))) {
		if (events & AT_POLL_WRITE)
			fail(sock);
		return;
	}
	sock->wants_write = false;
	if (!flush(sock)) {
		fail(sock);
		return;
	}
	int fd = sock->fd;
	struct clients *clients = sock->clients;
	size_t n = clients->closed;
	on_readable(sock);
	/* Whoever closed it may have freed it. */
	if (clients->closed == n && sock->fd == fd)
		set_poll(sock);
}

/* ---- opening ---- */

static void from_another_source(struct client_sock *sock)
{
	struct sockaddr_in from = {.sin_family = AF_INET};

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + sock->clients->source++ % 200);
	(void)bind(sock->fd, (const struct sockaddr *)&from, sizeof(from));
}

static void begin_tls(struct client_sock *sock)
{
	sock->ssl = SSL_new(sock->clients->ctx);
	AT_ASSERT(sock->ssl && SSL_set_fd(sock->ssl, sock->fd) == 1 &&
		  SSL_set1_host(sock->ssl, sock->clients->host) == 1);
	(void)SSL_set_tlsext_host_name(sock->ssl, sock->clients->host);
	SSL_set_connect_state(sock->ssl);
}

void client_sock_open(struct client_sock *sock)
{
	struct clients *clients = sock->clients;
	const struct sockaddr *to = (const void *)&clients->address;
	int one = 1;

	sock->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	AT_ASSERT(sock->fd >= 0); /* no descriptors: the program's plan is wrong */
	if (clients->spread_sources && to->sa_family == AF_INET)
		from_another_source(sock);
	(void)setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* A refusal shows at the poll as well. */
	(void)connect(sock->fd, to, clients->address_len);
	if (clients->tls)
		begin_tls(sock);
	sock->connecting = true;
	sock->polled = 0;
	sock->poll = at_poll_new(clients->loop, sock->fd, on_poll, sock);
	set_poll(sock);
}
