#include "base/log.h"
#include "base/mem.h"
#include "net/net_priv.h"

#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

/* ---- what waits to be sent ---- */

static size_t out_size(const struct net_out *out)
{
	return out->head_len + (out->bytes ? out->bytes->len : 0);
}

static void out_free(struct net_out *out)
{
	at_bytes_unref(&out->bytes);
	at_free(out);
}

void net_conn_queue(struct net_conn *conn, const uint8_t *head, size_t head_len, struct at_bytes *bytes)
{
	AT_ASSERT(head_len <= NET_WS_HEAD_MAX && conn->state != NET_STATE_DEAD);
	struct net_out *out = at_realloc(NULL, sizeof(*out));
	*out = (struct net_out){.bytes = bytes, .head_len = (uint8_t)head_len};
	if (head_len)
		memcpy(out->head, head, head_len);
	if (conn->out_last)
		conn->out_last->next = out;
	else
		conn->out_first = out;
	conn->out_last = out;
	conn->out_len += out_size(out);
	net_server_touch(conn);
}

static void out_pop(struct net_conn *conn)
{
	struct net_out *out = conn->out_first;
	conn->out_first = out->next;
	if (!out->next)
		conn->out_last = NULL;
	out_free(out);
}

void net_conn_drop_unsent(struct net_conn *conn)
{
	struct net_out *keep = conn->out_sent ? conn->out_first : NULL;
	struct net_out *out = keep ? keep->next : conn->out_first;
	while (out) {
		struct net_out *next = out->next;
		conn->out_len -= out_size(out);
		out_free(out);
		out = next;
	}
	conn->out_first = conn->out_last = keep;
	if (keep)
		keep->next = NULL;
}

/* The queue as a vector, without what was written already. */
static size_t gather(const struct net_conn *conn, struct iovec iov_out[NET_IOV_MAX])
{
	size_t n = 0, skip = conn->out_sent;
	for (struct net_out *out = conn->out_first; out && n + 2 <= NET_IOV_MAX; out = out->next) {
		if (skip < out->head_len)
			iov_out[n++] = (struct iovec){out->head + skip, out->head_len - skip};
		size_t skip_bytes = skip > out->head_len ? skip - out->head_len : 0;
		if (out->bytes && skip_bytes < out->bytes->len)
			iov_out[n++] = (struct iovec){out->bytes->data + skip_bytes, out->bytes->len - skip_bytes};
		skip = 0;
	}
	return n;
}

static void written(struct net_conn *conn, size_t n)
{
	conn->out_len -= n;
	conn->out_sent += n;
	while (conn->out_first && conn->out_sent >= out_size(conn->out_first)) {
		conn->out_sent -= out_size(conn->out_first);
		out_pop(conn);
	}
}

/* Gives AGAIN when the socket is full, ERROR when it is gone, else what was written last. */
static ssize_t write_queue(struct net_conn *conn)
{
	struct iovec iov[NET_IOV_MAX];
	ssize_t n = 1;
	while (conn->out_first && n > 0) {
		n = net_io_writev(conn, iov, gather(conn, iov));
		if (n > 0)
			written(conn, (size_t)n);
	}
	return n;
}

static void sending_free(struct net_sending **sending)
{
	if (!*sending)
		return;
	close((*sending)->fd);
	at_free(*sending);
	*sending = NULL;
}

/* One chunk, then the others get their turn: the poll comes back at once when the socket has room. */
static ssize_t write_file(struct net_conn *conn)
{
	ssize_t n = net_io_sendfile(conn, conn->sending);
	if (n <= 0)
		return n;
	conn->sending->at += (uint64_t)n;
	net_conn_due(conn, NET_WRITE_TIMEOUT_MS);
	if (conn->sending->at == conn->sending->end)
		sending_free(&conn->sending);
	return conn->sending ? NET_IO_AGAIN : n;
}

static void begin_linger(struct net_conn *conn)
{
	conn->state = NET_STATE_LINGER;
	at_buf_release(&conn->in);
	net_io_shutdown(conn);
	net_conn_due(conn, NET_LINGER_MS);
	if (conn->peer_done)
		net_conn_kill(conn);
}

/* All that was queued is with the kernel. */
static void drained(struct net_conn *conn)
{
	if (conn->close_after && conn->state != NET_STATE_LINGER)
		begin_linger(conn);
	else if (conn->state == NET_STATE_HTTP)
		net_http_run(conn);
}

void net_conn_flush(struct net_conn *conn)
{
	if (conn->state == NET_STATE_DEAD || conn->state == NET_STATE_TLS || (!conn->out_first && !conn->sending))
		return;
	size_t before = conn->out_len;
	ssize_t n = write_queue(conn);
	if (n > 0 && !conn->out_first && conn->sending)
		n = write_file(conn);
	if (n == NET_IO_ERROR || n == NET_IO_EOF) {
		net_conn_kill(conn);
		return;
	}
	conn->blocked = n == NET_IO_AGAIN;
	if (conn->state == NET_STATE_HTTP && conn->out_len < before)
		net_conn_due(conn, NET_WRITE_TIMEOUT_MS);
	if (!conn->out_first && !conn->sending)
		drained(conn);
	net_conn_poll(conn);
}

/* ---- ending ---- */

void net_conn_end(struct net_conn *conn)
{
	conn->close_after = true;
	if (!conn->out_first && !conn->sending && conn->state != NET_STATE_LINGER && conn->state != NET_STATE_DEAD)
		begin_linger(conn);
	else
		net_server_touch(conn);
}

void net_conn_kill(struct net_conn *conn)
{
	if (conn->state == NET_STATE_DEAD)
		return;
	conn->state = NET_STATE_DEAD;
	at_poll_free(&conn->poll);
	SSL_free(conn->ssl);
	conn->ssl = NULL;
	close(conn->fd);
	conn->fd = -1;
	conn->out_sent = 0;
	net_conn_drop_unsent(conn);
	sending_free(&conn->sending);
	at_buf_release(&conn->in);
	net_server_forget(conn);
}

void net_conn_reap(struct net_conn **conn)
{
	struct net_conn *c = *conn;
	*conn = NULL;
	AT_ASSERT(c->state == NET_STATE_DEAD);
	if (net_http_pending(c))
		c->server->handler.on_gone(c->server->handler.arg, c);
	net_ws_gone(c);
	net_exchange_free(&c->exchange);
	at_free(c);
}

void net_conn_expire(struct net_conn *conn)
{
	switch ((enum net_state)conn->state) {
	case NET_STATE_TLS:
	case NET_STATE_LINGER: net_conn_kill(conn); return;
	case NET_STATE_HTTP: net_http_expire(conn); return;
	case NET_STATE_WS: net_ws_expire(conn); return;
	case NET_STATE_DEAD: return;
	}
}

/* ---- reading ---- */

static bool wants_read(const struct net_conn *conn)
{
	return !conn->peer_done && (conn->state != NET_STATE_HTTP || conn->in.len < NET_IN_MAX);
}

void net_conn_poll(struct net_conn *conn)
{
	if (conn->state == NET_STATE_DEAD)
		return;
	bool write = conn->blocked || conn->wants_write;
	at_poll_set(conn->poll, (wants_read(conn) ? AT_POLL_READ : 0) | (write ? AT_POLL_WRITE : 0));
}

/* The peer says no more. What it still has to get, it gets; an answer that is only being thought about, it does not: HTTP clients that
 * want one keep their side open. */
static void on_peer_done(struct net_conn *conn)
{
	conn->peer_done = true;
	if (conn->state == NET_STATE_WS)
		net_ws_peer_gone(conn);
	else if (conn->state == NET_STATE_HTTP && (conn->out_first || conn->sending) && !net_http_pending(conn))
		net_conn_end(conn);
	else
		net_conn_kill(conn);
}

static void on_bytes(struct net_conn *conn, uint8_t *data, size_t len)
{
	conn->heard_ms = at_loop_now_ms(conn->server->loop);
	if (conn->state == NET_STATE_HTTP)
		net_http_input(conn, data, len);
	else if (conn->state == NET_STATE_WS)
		net_ws_input(conn, data, len);
	/* LINGER: thrown away */
}

static void read_some(struct net_conn *conn)
{
	size_t room = conn->state == NET_STATE_HTTP ? NET_IN_MAX - conn->in.len : NET_READ_LEN;
	if (!wants_read(conn) || !room)
		return;
	ssize_t n = net_io_read(conn, conn->server->read, room);
	if (n > 0)
		on_bytes(conn, conn->server->read, (size_t)n);
	else if (n == NET_IO_EOF)
		on_peer_done(conn);
	else if (n == NET_IO_ERROR)
		net_conn_kill(conn);
	if (n > 0 && net_io_buffered(conn) && wants_read(conn))
		net_server_touch(conn);
}

static void handshake(struct net_conn *conn)
{
	ssize_t n = net_io_handshake(conn);
	if (n == NET_IO_AGAIN)
		return;
	if (n <= 0) {
		at_log(AT_LOG_DEBUG, "net.tls.refused", NULL);
		net_conn_kill(conn);
		return;
	}
	conn->state = NET_STATE_HTTP;
}

static void on_ready(void *arg, int events)
{
	struct net_conn *conn = arg;
	if (conn->state == NET_STATE_TLS)
		handshake(conn);
	else if (events & AT_POLL_READ || conn->wants_write)
		read_some(conn);
	if (events & AT_POLL_WRITE && conn->state != NET_STATE_DEAD) {
		conn->blocked = false;
		net_conn_flush(conn);
	}
	net_conn_poll(conn);
}

/* The end of a turn in which something happened to it. */
void net_conn_turn(struct net_conn *conn)
{
	if (!conn->blocked)
		net_conn_flush(conn);
	if (conn->state == NET_STATE_HTTP)
		net_http_run(conn);
	else
		net_ws_turn(conn);
	if (net_io_buffered(conn))
		read_some(conn);
	net_conn_poll(conn);
}

void net_conn_start(struct net_server *server, struct net_conn *conn)
{
	conn->server = server;
	at_buf_init(&conn->in, NET_IN_MAX);
	conn->heard_ms = at_loop_now_ms(server->loop);
	conn->state = NET_STATE_HTTP;
	if (server->tls) {
		conn->state = NET_STATE_TLS;
		conn->ssl = SSL_new(server->tls);
		AT_ASSERT(conn->ssl && SSL_set_fd(conn->ssl, conn->fd) == 1);
	}
	conn->poll = at_poll_new(server->loop, conn->fd, on_ready, conn);
	net_conn_due(conn, NET_HEAD_TIMEOUT_MS);
	net_conn_poll(conn);
}
