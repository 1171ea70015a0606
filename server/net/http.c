/* Requests: from the bytes of a connection to the handler, one at a time and in order. */
#include "base/mem.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <string.h>

struct cookie {
	struct at_link link;
	char value[];
};

/* ---- exchanges ---- */

static void exchange_new(struct net_conn *conn)
{
	struct net_exchange *ex = at_alloc(sizeof(*ex));
	at_list_init(&ex->cookies);
	conn->exchange = ex;
	net_conn_due(conn, NET_HEAD_TIMEOUT_MS);
}

void net_exchange_free(struct net_exchange **exchange)
{
	struct net_exchange *ex = *exchange;
	*exchange = NULL;
	if (!ex)
		return;
	AT_LIST_EACH(&ex->cookies, it) {
		at_list_remove(it);
		at_free(AT_ENTRY(it, struct cookie, link));
	}
	at_free(ex->text);
	at_free(ex);
}

bool net_http_pending(const struct net_conn *conn)
{
	return conn->exchange && conn->exchange->given && !conn->exchange->answered;
}

/* ---- what a handler asks ---- */

const char *net_request_header(const struct net_request *req, const char *name)
{
	const struct net_exchange *ex = req->conn->exchange;
	return net_head_get(&ex->head, ex->text, name);
}

const char *net_request_cookie(const struct net_request *req, const char *name)
{
	const char *header = net_request_header(req, "cookie"), *value;
	size_t len;
	if (!header || !net_cookie_find(header, name, &value, &len))
		return NULL;
	struct cookie *cookie = at_alloc(sizeof(*cookie) + len + 1);
	memcpy(cookie->value, value, len);
	at_list_push(&req->conn->exchange->cookies, &cookie->link);
	return cookie->value;
}

const char *net_request_host(const struct net_request *req)
{
	return net_request_header(req, "host");
}

bool net_request_wants_ws(const struct net_request *req)
{
	return req->conn->exchange->head.wants_ws;
}

/* ---- handing over ---- */

static const char *address(const struct net_conn *conn, char out[46])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (conn->family == AF_INET6 && !memcmp(conn->addr, mapped, sizeof(mapped)))
		return inet_ntop(AF_INET, conn->addr + 12, out, 46);
	return inet_ntop(conn->family, conn->addr, out, 46);
}

static void fill_request(struct net_conn *conn, struct net_exchange *ex)
{
	static const char *const methods[] = {[NET_GET] = "GET", [NET_HEAD] = "HEAD", [NET_POST] = "POST"};
	ex->req = (struct net_request){
		.conn = conn,
		.method = methods[ex->head.method],
		.path = ex->text + ex->head.path,
		.query = ex->text + ex->head.query,
		.body = ex->text + ex->head.len,
		.body_len = ex->head.body_len,
		.addr = address(conn, ex->addr),
		.tls = conn->ssl != NULL,
	};
}

/* The request gets memory of its own: what comes in behind it may move the buffer. */
static void give(struct net_conn *conn, struct net_exchange *ex)
{
	size_t len = ex->head.len + ex->head.body_len;
	ex->text = at_realloc(NULL, len + 1);
	memcpy(ex->text, conn->in.data, len);
	ex->text[len] = 0;
	at_buf_consume(&conn->in, len);
	if (!conn->in.len)
		at_buf_release(&conn->in);
	fill_request(conn, ex);
	ex->given = true;
	net_conn_due(conn, NET_IDLE_MS);
	conn->server->handler.on_request(conn->server->handler.arg, &ex->req);
}

static bool refuse(struct net_conn *conn, int status)
{
	net_reply_error(conn, status);
	at_buf_release(&conn->in);
	return false;
}

/* True when the exchange before was over and another request was handed over, or refused. */
static bool run_one(struct net_conn *conn)
{
	if (conn->close_after || conn->out_first || conn->sending || net_http_pending(conn))
		return false;
	if (conn->exchange && conn->exchange->answered) {
		net_exchange_free(&conn->exchange);
		net_conn_due(conn, NET_IDLE_MS);
	}
	if (!conn->in.len)
		return false;
	if (!conn->exchange)
		exchange_new(conn);
	struct net_exchange *ex = conn->exchange;
	if (!ex->head.len) {
		enum net_head_got got = net_head_feed(&ex->head, (char *)conn->in.data, conn->in.len);
		if (got != NET_HEAD_DONE)
			return got == NET_HEAD_BAD && refuse(conn, ex->head.status);
		net_conn_due(conn, NET_BODY_TIMEOUT_MS);
	}
	if (conn->in.len < ex->head.len + ex->head.body_len)
		return false;
	give(conn, ex);
	return true;
}

void net_http_run(struct net_conn *conn)
{
	if (conn->running)
		return;
	conn->running = true;
	while (conn->state == NET_STATE_HTTP && run_one(conn))
		;
	conn->running = false;
}

void net_http_input(struct net_conn *conn, const uint8_t *data, size_t len)
{
	/* After a refusal nothing that follows can be trusted to begin a request. */
	if (conn->close_after)
		return;
	if (at_buf_append(&conn->in, data, len)) {
		net_conn_kill(conn);
		return;
	}
	net_http_run(conn);
}

void net_http_expire(struct net_conn *conn)
{
	if (net_http_pending(conn))
		net_conn_due(conn, NET_IDLE_MS);
	else if (conn->exchange && !conn->exchange->given && !conn->close_after)
		refuse(conn, 408);
	else
		net_conn_kill(conn);
}
