/* A WebSocket on a connection: the handshake, messages in and out, the heartbeat, the end. */
#include "base/mem.h"
#include "base/str.h"
#include "net/net_priv.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PONG_BACKLOG_MAX = 16 * 1024 };

/* ---- the handshake (RFC 6455 section 4.2) ---- */

/* 16 bytes in base64: 22 characters and two '='. */
static bool key_ok(const char *key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return key && strspn(key, digits) == 22 && !strcmp(key + 22, "==") && strchr("AQgw", key[21]);
}

static void accept_of(const char *key, char out[32])
{
	char text[64];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	snprintf(text, sizeof(text), "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	AT_ASSERT(EVP_Digest(text, strlen(text), digest, &len, EVP_sha1(), NULL) == 1 && len == 20);
	at_base64(digest, len, out);
}

static void refuse(struct net_conn *conn, int status)
{
	static const char body[] = "{\"err\":\"bad_request\"}";
	net_reply(conn, &(struct net_reply){
				.status = status,
				.content_type = "application/json",
				.extra = status == 426 ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" : NULL,
				.body = body,
				.body_len = sizeof(body) - 1,
			});
}

static void queue_handshake(struct net_conn *conn, const char *key)
{
	char accept[32], text[160];
	accept_of(key, accept);
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Accept: %s\r\n\r\n",
			 accept);
	AT_ASSERT(n > 0 && (size_t)n < sizeof(text));
	net_conn_queue(conn, NULL, 0, at_bytes_new(text, (size_t)n));
}

struct net_ws *net_accept_ws(const struct net_request *req, const struct net_ws_ops *ops, void *arg)
{
	struct net_conn *conn = req->conn;
	const char *key = net_request_header(req, "sec-websocket-key");
	if (!net_request_wants_ws(req) || !at_str_eq(net_request_header(req, "sec-websocket-version"), "13")) {
		refuse(conn, 426);
		return NULL;
	}
	if (!key_ok(key)) {
		refuse(conn, 400);
		return NULL;
	}
	if (!net_reply_begin(conn))
		return NULL;
	queue_handshake(conn, key);
	struct net_ws *ws = at_alloc(sizeof(*ws));
	*ws = (struct net_ws){.conn = conn, .ops = ops, .arg = arg};
	conn->ws = ws;
	conn->state = NET_STATE_WS;
	conn->in.max = NET_FRAME_MAX + 16 + NET_READ_LEN;
	net_conn_due(conn, NET_PING_MS);
	return ws;
}

/* ---- sending ---- */

static void queue_frame(struct net_conn *conn, enum net_ws_opcode opcode, struct at_bytes *bytes)
{
	uint8_t head[NET_WS_HEAD_MAX];
	size_t head_len = net_ws_head(head, opcode, bytes ? bytes->len : 0);
	net_conn_queue(conn, head, head_len, bytes);
}

/* From here on ws says and hears nothing; on_close comes at the end of the turn. */
static void end_with(struct net_ws *ws, uint16_t code)
{
	struct net_conn *conn = ws->conn;
	uint8_t payload[2];
	ws->code = code;
	at_put_u16(payload, code);
	queue_frame(conn, NET_WS_OP_CLOSE, net_ws_code_ok(code) ? at_bytes_new(payload, sizeof(payload)) : NULL);
	conn->close_after = true;
	net_conn_due(conn, NET_LINGER_MS);
}

static bool is_open(const struct net_ws *ws)
{
	return !ws->code && ws->conn->state == NET_STATE_WS;
}

/* Too much waits: what was written to the socket before does not count any more, so it is given one more chance. */
static bool has_room(struct net_conn *conn, size_t len)
{
	if (!conn->out_len || conn->out_len + len <= NET_BACKLOG_MAX)
		return true;
	if (!conn->blocked)
		net_conn_flush(conn);
	return !conn->out_len || conn->out_len + len <= NET_BACKLOG_MAX;
}

void net_ws_send(struct net_ws *ws, struct at_bytes *message, bool binary)
{
	struct net_conn *conn = ws->conn;
	if (!is_open(ws))
		return;
	bool room = has_room(conn, message->len + NET_WS_HEAD_MAX);
	if (!is_open(ws))
		return;
	if (!room) {
		net_conn_drop_unsent(conn);
		end_with(ws, NET_WS_TOO_SLOW);
		return;
	}
	queue_frame(conn, binary ? NET_WS_OP_BINARY : NET_WS_OP_TEXT, at_bytes_ref(message));
}

void net_ws_close(struct net_ws *ws, uint16_t code)
{
	if (is_open(ws))
		end_with(ws, code);
}

size_t net_ws_backlog(const struct net_ws *ws)
{
	return ws->conn->out_len;
}

bool net_ws_local_ip(const struct net_ws *ws, uint8_t ip_out[16])
{
	struct sockaddr_storage addr = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(addr);
	if (ws->conn->fd < 0 || getsockname(ws->conn->fd, (struct sockaddr *)&addr, &len) != 0)
		return false;
	if (addr.ss_family == AF_INET6) {
		memcpy(ip_out, &((const struct sockaddr_in6 *)(const void *)&addr)->sin6_addr, 16);
		return true;
	}
	memset(ip_out, 0, 10);
	memset(ip_out + 10, 0xff, 2);
	memcpy(ip_out + 12, &((const struct sockaddr_in *)(const void *)&addr)->sin_addr, 4);
	return addr.ss_family == AF_INET;
}

/* ---- receiving ---- */

static void on_event(struct net_ws *ws, enum net_ws_got got, const struct net_ws_event *event)
{
	switch (got) {
	case NET_WS_MESSAGE: ws->ops->on_message(ws->arg, ws, event->data, event->len, event->binary); return;
	case NET_WS_PING:
		/* Whoever does not read its pongs gets fewer of them (RFC 6455 section 5.5.3 allows it). */
		if (ws->conn->out_len < PONG_BACKLOG_MAX)
			queue_frame(ws->conn, NET_WS_OP_PONG,
				    event->len ? at_bytes_new(event->data, event->len) : NULL);
		return;
	case NET_WS_CLOSE:
	case NET_WS_BAD: end_with(ws, event->code); return;
	case NET_WS_PONG:
	case NET_WS_MORE: return;
	}
}

/* Gives how many bytes are done with. */
static size_t take_frames(struct net_ws *ws, struct net_ws_in *in, uint8_t *bytes, size_t len)
{
	size_t done = 0;
	while (is_open(ws)) {
		struct net_ws_event event;
		size_t used;
		enum net_ws_got got = net_ws_next(in, bytes + done, len - done, &used, &event);
		done += used;
		if (got == NET_WS_MORE)
			break;
		on_event(ws, got, &event);
	}
	return done;
}

/* The rest of the bytes waits. A buffer of which nothing was used goes back as it is: a frame that comes byte by byte is not copied
 * each time. */
static void keep(struct net_conn *conn, struct at_buf *kept, const uint8_t *bytes, size_t done, size_t total)
{
	if (kept->len) {
		at_buf_consume(kept, done);
		conn->in = *kept;
		at_buf_init(kept, 0);
	} else {
		enum at_err err = at_buf_append(&conn->in, bytes + done, total - done);
		AT_ASSERT(!err);
	}
}

/* Mostly the bytes hold whole frames and nothing is kept. What a handler may end must not be what it is reading, so the buffer is
 * taken out of the connection meanwhile. */
void net_ws_input(struct net_conn *conn, uint8_t *data, size_t len)
{
	struct net_ws *ws = conn->ws;
	struct net_ws_in fresh = {0};
	if (!ws || !is_open(ws))
		return;
	struct net_ws_in *in = ws->in ? ws->in : &fresh;
	struct at_buf kept = conn->in;
	at_buf_init(&conn->in, kept.max);
	bool was_kept = kept.len > 0;
	if (was_kept && at_buf_append(&kept, data, len))
		end_with(ws, NET_WS_TOO_BIG);
	size_t total = was_kept ? kept.len : len;
	uint8_t *bytes = was_kept ? kept.data : data;
	size_t done = take_frames(ws, in, bytes, total);
	if (is_open(ws) && done < total)
		keep(conn, &kept, bytes, done, total);
	at_buf_release(&kept);
	if (in->fragments && is_open(ws) && !ws->in) {
		ws->in = at_alloc(sizeof(*ws->in));
		*ws->in = fresh;
	} else if (!in->fragments || !is_open(ws)) {
		net_ws_in_release(in);
		at_free(ws->in);
		ws->in = NULL;
	}
}

/* ---- the heartbeat, the end ---- */

void net_ws_expire(struct net_conn *conn)
{
	int64_t silent = at_loop_now_ms(conn->server->loop) - conn->heard_ms;
	if (!conn->ws || !is_open(conn->ws) || silent >= NET_SILENCE_MS) {
		net_conn_kill(conn);
		return;
	}
	if (!conn->out_first)
		queue_frame(conn, NET_WS_OP_PING, NULL);
	int64_t left = NET_SILENCE_MS - silent;
	net_conn_due(conn, left < NET_PING_MS ? left : NET_PING_MS);
}

void net_ws_peer_gone(struct net_conn *conn)
{
	net_conn_kill(conn);
}

void net_ws_gone(struct net_conn *conn)
{
	struct net_ws *ws = conn->ws;
	if (!ws)
		return;
	conn->ws = NULL;
	if (!ws->code)
		ws->code = NET_WS_ABNORMAL;
	ws->ops->on_close(ws->arg, ws, ws->code);
	if (ws->in)
		net_ws_in_release(ws->in);
	at_free(ws->in);
	at_free(ws);
}

void net_ws_turn(struct net_conn *conn)
{
	if (conn->state == NET_STATE_WS || conn->state == NET_STATE_LINGER)
		net_exchange_free(&conn->exchange);
	if (conn->state == NET_STATE_WS && conn->ws && conn->in.len)
		net_ws_input(conn, NULL, 0);
	if (conn->state != NET_STATE_DEAD && conn->ws && conn->ws->code)
		net_ws_gone(conn);
}
