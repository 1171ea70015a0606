/* Inside the client library: a socket (client_sock.c) carries HTTP (client_http.c) and then frames (client_ws.c); client.c decides what
 * comes next. */
#ifndef AT_CLIENT_CLIENT_PRIV_H
#define AT_CLIENT_CLIENT_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "client/client.h"

#include <netinet/in.h>
#include <openssl/ssl.h>

enum {
	CLIENT_IN_MAX = 64 * 1024 * 1024, /* a hello may be long */
	CLIENT_OUT_MAX = 64 * 1024 * 1024,
	CLIENT_SCRATCH = 512 * 1024,
	CLIENT_TRY_MS = 15000, /* a connection attempt, from connect to hello */
	CLIENT_COOKIE_MAX = 128,
	CLIENT_WS_HEAD_MAX = 14,
};

struct clients {
	struct at_loop *loop;
	struct sockaddr_storage address;
	socklen_t address_len;
	char host[256];
	bool tls, spread_sources;
	int64_t backoff_min_ms, backoff_max_ms;
	SSL_CTX *ctx;
	struct at_buf ask; /* the request being written */
	uint8_t *scratch;  /* what was just read */
	size_t n;          /* clients and requests */
	unsigned source;
	size_t closed; /* sockets so far */
	uint64_t mask; /* state of the masks' generator */
};

/* ---- client_sock.c: a socket with or without TLS ---- */

#define CLIENT_SOCK_CLOSED SIZE_MAX

struct client_sock_ops {
	void (*open)(void *arg);
	/* How many bytes are done with; the rest comes again with more behind it. CLIENT_SOCK_CLOSED: it has closed the socket
	 * (and may have freed it). */
	size_t (*bytes)(void *arg, uint8_t *data, size_t len);
	void (*gone)(void *arg); /* closed or failed; once; the socket is closed */
};

struct client_sock {
	struct clients *clients;
	const struct client_sock_ops *ops;
	void *arg;
	int fd; /* -1 = closed */
	SSL *ssl;
	struct at_poll *poll;
	struct at_buf in, out;
	bool connecting, wants_write;
	int polled;
};

void client_sock_init(struct client_sock *sock, struct clients *clients, const struct client_sock_ops *ops, void *arg);
void client_sock_open(struct client_sock *sock);
void client_sock_close(struct client_sock *sock); /* without gone; fine at any time */
/* false: too much is queued, or it is closed. Two pieces, so that a frame's head needs no copy of its body. */
bool client_sock_send(struct client_sock *sock, const void *head, size_t head_len, const void *data, size_t len);

/* ---- client_http.c ---- */

struct client_reply {
	int status;
	char cookie[CLIENT_COOKIE_MAX]; /* of Set-Cookie; "" = none */
	const char *body;
	size_t body_len;
	size_t whole_len; /* head and body */
};
/* AT_OK; TIMEOUT: more must come; BAD_REQUEST: no HTTP. */
AT_MUST enum at_err client_reply_read(const void *data, size_t len, struct client_reply *reply_out);
/* Writes a request's head (and body, for a POST). more: further header lines, each ending in CRLF. */
AT_MUST enum at_err client_request_write(const struct clients *clients, const char *path, const char *cookie,
					 const char *body, const char *more, struct at_buf *buf);

/* ---- client_ws.c: framing (RFC 6455), the client's side ---- */

struct client_frame {
	uint8_t opcode;
	uint8_t *data;
	size_t len, whole_len;
};
/* AT_OK; TIMEOUT: more must come; BAD_REQUEST: masked, fragmented or reserved bits; TOO_LARGE. */
AT_MUST enum at_err client_frame_read(uint8_t *data, size_t len, struct client_frame *frame_out);
size_t client_frame_head(uint8_t head_out[CLIENT_WS_HEAD_MAX], uint8_t opcode, size_t len, const uint8_t mask[4]);
void client_frame_mask(uint8_t *data, size_t len, const uint8_t mask[4]);

#endif
