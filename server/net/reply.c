#include "base/mem.h"
#include "base/str.h"
#include "base/time.h"
#include "net/net_priv.h"

#include <string.h>
#include <time.h>

enum { REPLY_HEAD_MAX = 64 * 1024 };

static const char *phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} t[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{422, "Unprocessable Content"},
		{426, "Upgrade Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
		{507, "Insufficient Storage"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		if (t[i].status == status)
			return t[i].phrase;
	}
	return "Other";
}

/* ---- headers ---- */

static void put(struct at_buf *buf, const char *text)
{
	enum at_err err = at_buf_append(buf, text, strlen(text));
	AT_ASSERT(!err);
}

static void put_line(struct at_buf *buf, const char *name, const char *value)
{
	put(buf, name);
	put(buf, ": ");
	put(buf, value);
	put(buf, "\r\n");
}

/* The request's Host, "" when there is none to trust. */
static const char *host_of(const struct net_conn *conn)
{
	const struct net_exchange *ex = conn->exchange;
	const char *host = ex && ex->text ? net_head_get(&ex->head, ex->text, "host") : NULL;
	return host ? host : "";
}

/* 'self' covers the WebSocket in current browsers only, so its address is named; an IPv6 literal cannot be (CSP has no syntax for it). */
static void put_app_policy(struct at_buf *buf, const struct net_conn *conn)
{
	const char *host = host_of(conn);
	put(buf, "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
		 "blob: data:; "
		 "media-src 'self' blob:; connect-src 'self'");
	if (*host && !strchr(host, '[')) {
		put(buf, conn->ssl ? " wss://" : " ws://");
		put(buf, host);
	}
	put(buf, "; worker-src 'self'; manifest-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
		 "form-action 'self'; require-trusted-types-for 'script'\r\n");
}

static void put_security(struct at_buf *buf, const struct net_conn *conn, bool sandbox)
{
	if (sandbox)
		put(buf, "Content-Security-Policy: sandbox; default-src 'none'\r\n");
	else
		put_app_policy(buf, conn);
	put(buf,
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n"
	    "Permissions-Policy: camera=(self), microphone=(self), display-capture=(self), geolocation=(), usb=()\r\n");
	/* Never for localhost: it would take plain HTTP from everything else that runs there. */
	if (conn->ssl && !at_str_starts(host_of(conn), "localhost"))
		put(buf, "Strict-Transport-Security: max-age=31536000\r\n");
}

static bool has_line(const char *lines, const char *name)
{
	size_t len = strlen(name);
	while (lines && *lines) {
		char start[32] = "";
		memcpy(start, lines, strnlen(lines, len < sizeof(start) ? len : sizeof(start) - 1));
		if (at_str_eq_nocase(start, name))
			return true;
		const char *end = strchr(lines, '\n');
		lines = end ? end + 1 : NULL;
	}
	return false;
}

/* RFC 9110 section 5.6.7; formatted anew only when the second is another. */
static const char *date(void)
{
	static _Thread_local char text[32];
	static _Thread_local time_t of;
	time_t now = (time_t)(at_wall_ms() / 1000);
	struct tm tm;
	if (now != of && gmtime_r(&now, &tm) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		of = now;
	return text;
}

/* RFC 9110 section 8.6: with these there is no body whatever a head may say. */
static bool never_has_body(int status)
{
	return status < 200 || status == 204 || status == 304;
}

bool net_reply_has_body(const struct net_conn *conn, int status)
{
	bool head_only = conn->exchange && conn->exchange->given && conn->exchange->head.method == NET_HEAD;
	return !head_only && !never_has_body(status);
}

static bool closes(const struct net_conn *conn)
{
	return conn->close_after || conn->server->stopping || !conn->exchange || !conn->exchange->given ||
	       conn->exchange->head.close;
}

static void put_head(struct at_buf *buf, const struct net_conn *conn, const struct net_reply_head *head)
{
	enum at_err err = at_buf_printf(buf, "HTTP/1.1 %d %s\r\n", head->status, phrase(head->status));
	AT_ASSERT(!err);
	put_line(buf, "Date", date());
	if (head->content_type)
		put_line(buf, "Content-Type", head->content_type);
	if (!never_has_body(head->status)) {
		err = at_buf_printf(buf, "Content-Length: %llu\r\n", (unsigned long long)head->body_len);
		AT_ASSERT(!err);
	}
	if (!has_line(head->extra, "cache-control:"))
		put_line(buf, "Cache-Control", "no-store");
	if (closes(conn))
		put_line(buf, "Connection", "close");
	put_security(buf, conn, head->sandbox);
	put(buf, head->lines ? head->lines : "");
	put(buf, head->extra ? head->extra : "");
	put(buf, "\r\n");
}

/* ---- answers ---- */

void net_reply_queue(struct net_conn *conn, const struct net_reply_head *head, const void *body)
{
	struct at_buf buf;
	at_buf_init(&buf, REPLY_HEAD_MAX);
	put_head(&buf, conn, head);
	size_t body_len = body && net_reply_has_body(conn, head->status) ? (size_t)head->body_len : 0;
	struct at_bytes *bytes = at_bytes_new(NULL, buf.len + body_len);
	memcpy(bytes->data, buf.data, buf.len);
	if (body_len)
		memcpy(bytes->data + buf.len, body, body_len);
	at_buf_release(&buf);
	net_conn_queue(conn, NULL, 0, bytes);
	net_conn_due(conn, NET_WRITE_TIMEOUT_MS);
}

bool net_reply_begin(struct net_conn *conn)
{
	AT_ASSERT(net_http_pending(conn));
	conn->exchange->answered = true;
	return conn->state != NET_STATE_DEAD;
}

void net_reply_done(struct net_conn *conn)
{
	if (closes(conn))
		net_conn_end(conn);
}

void net_reply(struct net_conn *conn, const struct net_reply *reply)
{
	if (!net_reply_begin(conn))
		return;
	struct net_reply_head head = {
		.status = reply->status,
		.content_type = reply->content_type,
		.extra = reply->extra,
		.body_len = reply->body_len,
	};
	net_reply_queue(conn, &head, reply->body);
	net_reply_done(conn);
}

static enum at_err err_of(int status)
{
	switch (status) {
	case 408: return AT_ERR_TIMEOUT;
	case 413:
	case 431: return AT_ERR_TOO_LARGE;
	case 417:
	case 501:
	case 505: return AT_ERR_UNSUPPORTED;
	default: return AT_ERR_BAD_REQUEST;
	}
}

void net_reply_error(struct net_conn *conn, int status)
{
	struct at_buf body;
	at_buf_init(&body, 64);
	enum at_err err = at_buf_printf(&body, "{\"err\":\"%s\"}", at_err_name(err_of(status)));
	AT_ASSERT(!err);
	struct net_reply_head head = {
		.status = status,
		.content_type = "application/json",
		.extra = status == 405 ? "Allow: GET, HEAD, POST\r\n" : NULL,
		.body_len = body.len,
	};
	net_reply_queue(conn, &head, body.data);
	at_buf_release(&body);
	net_conn_end(conn);
}
