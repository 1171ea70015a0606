/* Inside net: a server's connections, and which file does what to them.
 *
 *   server.c  listens, accepts, counts; the wheel of deadlines; the end of a turn
 *   conn.c    a connection's life: reading, the queue of what goes out, ending
 *   io.c      bytes on a plain or TLS socket
 *   http.c    requests; reply.c, file.c answers; ws.c a WebSocket
 *
 *   TLS --handshake--> HTTP --101--> WS          LINGER: said all we had to say, waits (2 s) for the peer to hang up, so that
 *     \                 | \           |           a reset does not take back the last bytes
 *      \                |  `-----> LINGER         DEAD: socket closed; memory goes, and callbacks come, at the end of the turn
 *       `------------> DEAD <---------'
 */
#ifndef AT_NET_NET_PRIV_H
#define AT_NET_NET_PRIV_H

#include "base/list.h"
#include "net/net.h"
#include "net/net_http.h"
#include "net/net_ws.h"

#include <sys/types.h>
#include <sys/uio.h>

enum {
	NET_IN_MAX = NET_HEAD_MAX + NET_BODY_MAX, /* unread bytes kept for a connection */
	NET_READ_LEN = 256 * 1024,
	NET_TLS_CHUNK = 16 * 1024, /* one TLS record */
	NET_FILE_CHUNK = 256 * 1024,
	NET_IOV_MAX = 64,
	NET_LINGER_MS = 2000,
	NET_WHEEL_SLOTS = 64, /* of a second each: more than the longest deadline */
};

struct ssl_st;
struct ssl_ctx_st;

enum net_state { NET_STATE_TLS, NET_STATE_HTTP, NET_STATE_WS, NET_STATE_LINGER, NET_STATE_DEAD };

/* One piece of what is to be sent: a frame's head and a reference to bytes that others may share. */
struct net_out {
	struct net_out *next;
	struct at_bytes *bytes; /* NULL: only the head */
	uint8_t head_len, head[NET_WS_HEAD_MAX];
};

/* A request from its first byte to its answer. */
struct net_exchange {
	struct net_head head;
	struct net_request req;
	char *text;             /* head and body, once whole */
	struct at_list cookies; /* values handed out */
	bool given, answered;   /* to the handler; by it */
	char addr[46];
};

struct net_sending {
	int fd;
	uint64_t at, end;
};

struct net_conn {
	struct net_server *server;
	struct at_poll *poll;
	struct ssl_st *ssl;  /* NULL: plain */
	struct at_link link; /* in a slot of the wheel, or among the dead */
	struct net_conn *dirty_next;
	struct net_out *out_first, *out_last;
	size_t out_len, out_sent; /* bytes queued; of the first piece already written */
	struct net_exchange *exchange;
	struct net_sending *sending; /* a file behind the queue */
	struct net_ws *ws;
	struct at_buf in; /* unread: part of a request or of a frame, requests that wait */
	int64_t due_ms, heard_ms;
	int fd;
	uint8_t state, family; /* enum net_state; AF_INET or AF_INET6 */
	bool dirty, blocked, wants_write, peer_done, close_after, running, counted;
	uint8_t addr[16];
};

struct net_ws {
	struct net_conn *conn;
	const struct net_ws_ops *ops;
	void *arg;
	struct net_ws_in *in; /* only while a message is incomplete */
	uint16_t code;        /* what on_close will be told */
};

struct net_server {
	struct at_loop *loop;
	struct net_handler handler;
	struct ssl_ctx_st *tls;
	struct at_poll *listener;
	struct at_timer *turn, *sweep;
	struct net_conn *dirty;
	struct at_list wheel[NET_WHEEL_SLOTS], dead;
	struct at_map *per_addr; /* address -> count, as a pointer */
	int64_t swept_s;
	int fd;
	uint16_t port;
	uint32_t conns, conns_max;
	bool stopping, in_turn, accept_paused;
	uint8_t read[NET_READ_LEN]; /* shared by all connections, used inside one callback */
	uint8_t tls_chunk[NET_TLS_CHUNK];
};

/* server.c */
void net_server_touch(struct net_conn *conn); /* to be looked at when the turn ends */
void net_server_turn_soon(struct net_server *server);
void net_conn_due(struct net_conn *conn, int64_t in_ms); /* net_conn_expire then; replaces the last one */
void net_server_forget(struct net_conn *conn);           /* it does not count any more */

/* io.c: bytes done, or one of these */
enum { NET_IO_EOF = 0, NET_IO_AGAIN = -1, NET_IO_ERROR = -2 };
ssize_t net_io_read(struct net_conn *conn, void *data, size_t len);
ssize_t net_io_writev(struct net_conn *conn, const struct iovec *iov, size_t n);
ssize_t net_io_sendfile(struct net_conn *conn, struct net_sending *file);
ssize_t net_io_handshake(struct net_conn *conn);   /* 1 when done */
bool net_io_buffered(const struct net_conn *conn); /* bytes that no poll will tell of */
void net_io_shutdown(struct net_conn *conn);       /* says that nothing more comes */

/* tls.c */
AT_MUST enum at_err net_tls_new(const char *cert_path, const char *key_path, struct ssl_ctx_st **tls_out);
void net_tls_free(struct ssl_ctx_st **tls);

/* conn.c */
void net_conn_start(struct net_server *server, struct net_conn *conn);
/* takes bytes */
void net_conn_queue(struct net_conn *conn, const uint8_t *head, size_t head_len, struct at_bytes *bytes);
void net_conn_flush(struct net_conn *conn);
void net_conn_drop_unsent(struct net_conn *conn); /* all but a piece that is partly written */
void net_conn_end(struct net_conn *conn);         /* after what is queued */
void net_conn_kill(struct net_conn *conn);        /* at once */
void net_conn_expire(struct net_conn *conn);
void net_conn_turn(struct net_conn *conn);
void net_conn_poll(struct net_conn *conn);  /* waits for what its state wants */
void net_conn_reap(struct net_conn **conn); /* of a dead one: tells its owner, frees */

/* http.c */
void net_http_input(struct net_conn *conn, const uint8_t *data, size_t len);
void net_http_run(struct net_conn *conn); /* hands on what is whole and whose turn it is */
void net_http_expire(struct net_conn *conn);
bool net_http_pending(const struct net_conn *conn); /* the handler owes an answer */
void net_exchange_free(struct net_exchange **exchange);

/* reply.c */
void net_reply_error(struct net_conn *conn, int status); /* and closes */
struct net_reply_head {
	int status;
	const char *content_type, *extra;
	const char *lines; /* more of them, from us */
	uint64_t body_len;
	bool sandbox;
};
/* Queues a head with the security headers, and the body behind it (NULL: none, or it comes in another way). */
void net_reply_queue(struct net_conn *conn, const struct net_reply_head *head, const void *body);
void net_reply_done(struct net_conn *conn); /* the exchange is over once all is sent */
bool net_reply_has_body(const struct net_conn *conn, int status);
/* Whether an answer may be given; one for a peer that has left counts as given. */
bool net_reply_begin(struct net_conn *conn);

/* ws.c */
void net_ws_input(struct net_conn *conn, uint8_t *data, size_t len);
void net_ws_expire(struct net_conn *conn);
void net_ws_gone(struct net_conn *conn); /* reaped: on_close */
void net_ws_peer_gone(struct net_conn *conn);
void net_ws_turn(struct net_conn *conn);

#endif
