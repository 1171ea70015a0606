/* The front end: strict HTTP/1.1 and RFC 6455 on plain or TLS sockets. Parsers are sans-IO (net_http.h, net_ws.h) and
 * fuzzed; the server here feeds them. Core loop. An idle connection keeps no buffers; writes go straight to the socket and are queued,
 * as references to shared bytes, only when it is full. HTTP/1.1 only (ALPN), no compression, no Upgrade but websocket. */
#ifndef AT_NET_NET_H
#define AT_NET_NET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NET_HEAD_MAX = 16 * 1024, /* request line and headers */
	NET_HEADERS_MAX = 64,
	NET_BODY_MAX = 64 * 1024,     /* a POST's body */
	NET_BACKLOG_MAX = 256 * 1024, /* a WebSocket reader slower than this is closed with 4008 */
	NET_FRAME_MAX = 262144 + 64,  /* a binary WebSocket message */
	NET_TEXT_MAX = 96 * 1024,     /* a text one */
	NET_ADDR_CONNS_MAX = 256,     /* from one address (IPv6: one /64); loopback is exempt */
	NET_HEAD_TIMEOUT_MS = 10000,  /* a head, and a TLS handshake */
	NET_BODY_TIMEOUT_MS = 30000,
	NET_WRITE_TIMEOUT_MS = 30000, /* an HTTP answer that makes no progress */
	NET_IDLE_MS = 60000,          /* between two requests */
	NET_PING_MS = 15000,
	NET_SILENCE_MS = 45000,
};

struct net_server;
struct net_conn; /* one HTTP exchange at a time; pipelined requests wait their turn */
struct net_ws;

/* One request, valid until it is answered. Strings are NUL-terminated and free of control bytes. */
struct net_request {
	struct net_conn *conn;
	const char *method; /* "GET", "HEAD" or "POST": others were answered with 405 */
	const char *path;   /* decoded, starts with '/', no "..", no "//", no NUL */
	const char *query;  /* as sent, "" without */
	const void *body;
	size_t body_len;
	const char *addr; /* the peer: "192.0.2.7", IPv6 in canonical form */
	bool tls;
};
const char *net_request_header(const struct net_request *req, const char *name); /* any case; NULL when absent */
/* The value of one cookie, NULL when absent or given twice. Storage as long as the request. */
const char *net_request_cookie(const struct net_request *req, const char *name);
/* The value of Host: what the browser has in its address bar, so the exact Origin is "http://" or "https://" and this. */
const char *net_request_host(const struct net_request *req);
bool net_request_wants_ws(const struct net_request *req);

struct net_ws_ops {
	/* One whole message; text has been checked to be UTF-8. data only during the call. */
	void (*on_message)(void *arg, struct net_ws *ws, const void *data, size_t len, bool binary);
	/* Called once, whoever closed; after it ws is gone. Never from inside net_ws_send or net_ws_close, so a fan-out is not
	 * entered again. code: as in the peer's close frame (1005 without one), 1006 when it just went, else what we closed with. */
	void (*on_close)(void *arg, struct net_ws *ws, uint16_t code);
};

struct net_handler {
	/* Must answer, now or later, by exactly one net_reply..., net_accept_ws. */
	void (*on_request)(void *arg, struct net_request *req);
	/* The peer left before the answer: nothing may be answered any more. An answer given after it left and before this call is
	 * dropped, and on_gone does not follow. */
	void (*on_gone)(void *arg, struct net_conn *conn);
	void *arg;
};

struct net_options {
	const char *listen_addr;        /* "127.0.0.1", "::", ... */
	uint16_t port;                  /* 0 = any free one */
	const char *tls_cert, *tls_key; /* PEM files; NULL = plain */
	uint32_t conns_max;             /* further ones are closed at once; 0 = no limit */
};
/* Fails with AT_ERR_UNAVAILABLE when the address cannot be bound, BAD_REQUEST when the certificate cannot be used; says why in the log. */
AT_MUST enum at_err net_server_new(struct at_loop *loop, const struct net_options *options,
				   const struct net_handler *handler, struct net_server **server_out);
uint16_t net_server_port(const struct net_server *server);
void net_server_stop(struct net_server *server); /* no new connections; sockets close with 1001 */
/* cuts what is left: on_close and on_gone are called from it */
void net_server_free(struct net_server **server);
/* Creates ca.pem, ca.key, server.pem and server.key in dir when they are missing, near their end, or their names no longer fit this
 * host's name and addresses. IO when it cannot write them. Blocks: before the loop runs. */
AT_MUST enum at_err net_tls_self(const char *dir);

struct net_reply {
	int status;
	const char *content_type; /* NULL = none */
	/* further header lines, each ending in CRLF; NULL = none. Without a Cache-Control: no-store. */
	const char *extra;
	const void *body;
	size_t body_len;
};
/* Adds the security headers of every answer (CSP, nosniff, ...). HEAD sends no body. */
void net_reply(struct net_conn *conn, const struct net_reply *reply);
/* Sends fd's bytes [0, len) with single-Range support (206, 416), ETag, If-None-Match, If-Range. Takes fd. Other threads may shorten
 * the file: the connection is then cut. */
struct net_file {
	int fd;
	uint64_t len;
	const char *content_type;
	const char *etag;  /* with its quotes; NULL = none */
	const char *extra; /* as in net_reply */
	bool sandbox;      /* user content: CSP sandbox, default-src 'none' */
};
void net_reply_file(struct net_conn *conn, const struct net_request *req, const struct net_file *file);

/* Answers 101. NULL when the handshake is not one (it has then been answered with 400 or 426). */
struct net_ws *net_accept_ws(const struct net_request *req, const struct net_ws_ops *ops, void *arg);
/* Borrows; keeps a reference until it is written, which is at the end of the loop's turn: what one turn sends goes out together. A
 * peer with NET_BACKLOG_MAX unsent is closed with 4008. Text must be UTF-8. */
void net_ws_send(struct net_ws *ws, struct at_bytes *message, bool binary);
/* after what is queued; on_close follows */
void net_ws_close(struct net_ws *ws, uint16_t code);
size_t net_ws_backlog(const struct net_ws *ws);
/* The address of ours that it came to, IPv4 as ::ffff:a.b.c.d; false when the kernel does not say. */
bool net_ws_local_ip(const struct net_ws *ws, uint8_t ip_out[16]);

#endif
