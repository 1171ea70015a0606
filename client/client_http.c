#include "base/mem.h"
#include "client/client_priv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 32 * 1024 };

/* ---- answers ---- */

/* The value of a header among the lines [p, end), without its blanks. */
static const char *header(const char *p, const char *end, const char *name, size_t *len_out)
{
	size_t name_len = strlen(name);

	while (p && p < end) {
		const char *line_end = memmem(p, (size_t)(end - p), "\r\n", 2);
		if (!line_end)
			line_end = end;
		if ((size_t)(line_end - p) > name_len && p[name_len] == ':' && strncasecmp(p, name, name_len) == 0) {
			p += name_len + 1;
			while (p < line_end && *p == ' ')
				p++;
			*len_out = (size_t)(line_end - p);
			return p;
		}
		p = line_end + 2;
	}
	return NULL;
}

/* "__Host-at=TOKEN; HttpOnly; ..." -> TOKEN */
static void read_cookie(const char *value, size_t len, char out[CLIENT_COOKIE_MAX])
{
	const char *is = memchr(value, '=', len);

	out[0] = 0;
	if (!is)
		return;
	is++;
	const char *end = memchr(is, ';', len - (size_t)(is - value));
	size_t n = end ? (size_t)(end - is) : len - (size_t)(is - value);
	if (n >= CLIENT_COOKIE_MAX)
		return;
	memcpy(out, is, n);
	out[n] = 0;
}

enum at_err client_reply_read(const void *data, size_t len, struct client_reply *reply_out)
{
	const char *p = data, *head_end = memmem(p, len, "\r\n\r\n", 4);
	uint64_t status, body_len = 0;
	size_t n;

	if (!head_end)
		return len > HEAD_MAX ? AT_ERR_BAD_REQUEST : AT_ERR_TIMEOUT;
	if (head_end - p < 12 || memcmp(p, "HTTP/1.1 ", 9) != 0 || at_parse_u64(p + 9, 3, 999, &status))
		return AT_ERR_BAD_REQUEST;
	const char *value = header(p, head_end, "Content-Length", &n);
	if (value && at_parse_u64(value, n, CLIENT_IN_MAX / 2, &body_len))
		return AT_ERR_BAD_REQUEST;
	*reply_out = (struct client_reply){.status = (int)status, .body = head_end + 4, .body_len = (size_t)body_len};
	reply_out->whole_len = (size_t)(head_end + 4 - p) + (size_t)body_len;
	if (reply_out->whole_len > len)
		return AT_ERR_TIMEOUT;
	value = header(p, head_end, "Set-Cookie", &n);
	if (value)
		read_cookie(value, n, reply_out->cookie);
	return AT_OK;
}

/* ---- requests ---- */

static uint16_t port_of(const struct clients *clients)
{
	const struct sockaddr_in *v4 = (const void *)&clients->address;
	const struct sockaddr_in6 *v6 = (const void *)&clients->address;

	return ntohs(clients->address.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
}

enum at_err client_request_write(const struct clients *clients, const char *path, const char *cookie, const char *body,
				 const char *more, struct at_buf *buf)
{
	unsigned port = port_of(clients);
	enum at_err err =
		at_buf_printf(buf, "%s %s HTTP/1.1\r\nHost: %s:%u\r\nOrigin: %s://%s:%u\r\n%s", body ? "POST" : "GET",
			      path, clients->host, port, clients->tls ? "https" : "http", clients->host, port, more);

	if (!err && cookie && cookie[0])
		err = at_buf_printf(buf, "Cookie: %s=%s\r\n", clients->tls ? "__Host-at" : "at", cookie);
	if (!err && body)
		err = at_buf_printf(buf, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	return err ? err : at_buf_printf(buf, "\r\n%s", body ? body : "");
}

/* ---- one request on a connection of its own ---- */

struct request {
	struct client_sock sock;
	struct at_buf text;
	struct at_timer *timer;
	client_http_fn *done;
	void *arg;
};

static void finish(struct request *request, enum at_err err, const struct client_reply *reply)
{
	struct clients *clients = request->sock.clients;

	request->done(request->arg, err, reply ? reply->status : 0, reply ? reply->body : NULL,
		      reply ? reply->body_len : 0);
	client_sock_close(&request->sock);
	at_buf_release(&request->text);
	at_timer_free(&request->timer);
	at_free(request);
	clients->n--;
}

static void on_open(void *arg)
{
	struct request *request = arg;

	(void)client_sock_send(&request->sock, request->text.data, request->text.len, NULL, 0);
}

static size_t on_bytes(void *arg, uint8_t *data, size_t len)
{
	struct client_reply reply;
	enum at_err err = client_reply_read(data, len, &reply);

	if (err == AT_ERR_TIMEOUT)
		return 0;
	finish(arg, err, err ? NULL : &reply);
	return CLIENT_SOCK_CLOSED;
}

static void on_gone(void *arg)
{
	finish(arg, AT_ERR_CLOSED, NULL);
}

static void on_timeout(void *arg)
{
	finish(arg, AT_ERR_TIMEOUT, NULL);
}

void client_http(struct clients *clients, const char *path, const char *cookie, const char *body, const char *range,
		 client_http_fn *done, void *arg)
{
	static const struct client_sock_ops ops = {on_open, on_bytes, on_gone};
	struct request *request = at_alloc(sizeof(*request));
	char more[128] = "";

	clients->n++;
	client_sock_init(&request->sock, clients, &ops, request);
	request->done = done;
	request->arg = arg;
	request->timer = at_timer_new(clients->loop, on_timeout, request);
	at_buf_init(&request->text, 1024 * 1024);
	if (range)
		snprintf(more, sizeof(more), "Range: %s\r\n", range);
	enum at_err err = client_request_write(clients, path, cookie, body, more, &request->text);
	AT_ASSERT(err == AT_OK);
	at_timer_start(request->timer, CLIENT_TRY_MS, 0);
	client_sock_open(&request->sock);
}
