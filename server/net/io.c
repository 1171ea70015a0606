/* Bytes on a socket, plain or TLS, with one set of answers. The loop ignores SIGPIPE: neither sendfile nor OpenSSL can be told. */
#include "net/net_priv.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t plain_result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? NET_IO_AGAIN : NET_IO_ERROR;
}

/* A TLS read may need a write first, so what it waits for is remembered. */
static ssize_t tls_result(struct net_conn *conn, int ok, size_t n)
{
	conn->wants_write = false;
	if (ok > 0)
		return (ssize_t)n;
	switch (SSL_get_error(conn->ssl, ok)) {
	case SSL_ERROR_WANT_READ: return NET_IO_AGAIN;
	case SSL_ERROR_WANT_WRITE: conn->wants_write = true; return NET_IO_AGAIN;
	case SSL_ERROR_ZERO_RETURN: return NET_IO_EOF;
	default: return NET_IO_ERROR;
	}
}

ssize_t net_io_read(struct net_conn *conn, void *data, size_t len)
{
	if (!conn->ssl)
		return plain_result(recv(conn->fd, data, len, 0));
	size_t n = 0;
	ERR_clear_error();
	int ok = SSL_read_ex(conn->ssl, data, len, &n);
	return tls_result(conn, ok, n);
}

static ssize_t tls_write(struct net_conn *conn, const void *data, size_t len)
{
	size_t n = 0;
	if (!len)
		return NET_IO_AGAIN;
	ERR_clear_error();
	int ok = SSL_write_ex(conn->ssl, data, len, &n);
	return tls_result(conn, ok, n);
}

/* One record from many pieces. OpenSSL wants a write that did not go through repeated with the same bytes: the queue only grows at its
 * end, so the chunk is built the same again, or longer. */
static ssize_t tls_writev(struct net_conn *conn, const struct iovec *iov, size_t n)
{
	uint8_t *chunk = conn->server->tls_chunk;
	size_t len = 0;
	for (size_t i = 0; i < n && len < NET_TLS_CHUNK; i++) {
		size_t part = iov[i].iov_len < NET_TLS_CHUNK - len ? iov[i].iov_len : NET_TLS_CHUNK - len;
		memcpy(chunk + len, iov[i].iov_base, part);
		len += part;
	}
	return tls_write(conn, chunk, len);
}

ssize_t net_io_writev(struct net_conn *conn, const struct iovec *iov, size_t n)
{
	if (conn->ssl)
		return tls_writev(conn, iov, n);
	struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = n};
	return plain_result(sendmsg(conn->fd, &msg, MSG_NOSIGNAL));
}

/* A file that became shorter than was promised is an error: the answer cannot be completed. */
ssize_t net_io_sendfile(struct net_conn *conn, struct net_sending *file)
{
	uint64_t left = file->end - file->at;
	if (!conn->ssl) {
		off_t offset = (off_t)file->at;
		ssize_t n =
			sendfile(conn->fd, file->fd, &offset, left < NET_FILE_CHUNK ? (size_t)left : NET_FILE_CHUNK);
		return n == 0 ? NET_IO_ERROR : plain_result(n);
	}
	uint8_t *chunk = conn->server->tls_chunk;
	ssize_t n = pread(file->fd, chunk, left < NET_TLS_CHUNK ? (size_t)left : NET_TLS_CHUNK, (off_t)file->at);
	return n <= 0 ? NET_IO_ERROR : tls_write(conn, chunk, (size_t)n);
}

ssize_t net_io_handshake(struct net_conn *conn)
{
	ERR_clear_error();
	return tls_result(conn, SSL_accept(conn->ssl), 1);
}

bool net_io_buffered(const struct net_conn *conn)
{
	return conn->ssl && SSL_pending(conn->ssl) > 0;
}

void net_io_shutdown(struct net_conn *conn)
{
	if (conn->ssl && SSL_is_init_finished(conn->ssl)) {
		ERR_clear_error();
		SSL_shutdown(conn->ssl);
	}
	shutdown(conn->fd, SHUT_WR);
}
