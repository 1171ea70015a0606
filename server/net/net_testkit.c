#include "net/net_testkit.h"

#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the handler ---- */

static void log_ws(struct kit *kit, const char *fmt, ...) AT_PRINTF(2, 3);
static void log_ws(struct kit *kit, const char *fmt, ...)
{
	va_list args;
	size_t len = strlen(kit->ws_log);
	va_start(args, fmt);
	vsnprintf(kit->ws_log + len, sizeof(kit->ws_log) - len, fmt, args);
	va_end(args);
}

static void on_message(void *arg, struct net_ws *ws, const void *data, size_t len, bool binary)
{
	struct kit *kit = arg;
	log_ws(kit, "%c%zu ", binary ? 'B' : 'T', len);
	if (len && *(const char *)data == 'e') {
		struct at_bytes *bytes = at_bytes_new(data, len);
		net_ws_send(ws, bytes, binary);
		at_bytes_unref(&bytes);
	}
	if (len && *(const char *)data == 'c')
		net_ws_close(ws, 4001);
}

static void on_close(void *arg, struct net_ws *ws, uint16_t code)
{
	struct kit *kit = arg;
	size_t i = 0;
	log_ws(kit, "C%d ", code);
	while (i < kit->ws_n && kit->ws[i] != ws)
		i++;
	assert_true(i < kit->ws_n);
	kit->ws[i] = kit->ws[--kit->ws_n];
}

static const struct net_ws_ops ws_ops = {.on_message = on_message, .on_close = on_close};

static void say(const struct net_request *req, int status, const void *body, size_t len)
{
	net_reply(req->conn,
		  &(struct net_reply){.status = status, .content_type = "text/plain", .body = body, .body_len = len});
}

static void on_file(struct kit *kit, const struct net_request *req)
{
	struct net_file file = kit->file;
	file.fd = open(kit->file_path, O_RDONLY | O_CLOEXEC);
	assert_true(file.fd >= 0);
	net_reply_file(req->conn, req, &file);
}

static void on_request(void *arg, struct net_request *req)
{
	struct kit *kit = arg;
	char text[256];
	kit->requests_n++;
	if (!strcmp(req->path, "/hello")) {
		int n = snprintf(text, sizeof(text), "hello %s %s", req->method, req->query);
		say(req, 200, text, (size_t)n);
	} else if (!strcmp(req->path, "/addr")) {
		say(req, 200, req->addr, strlen(req->addr));
	} else if (!strcmp(req->path, "/echo")) {
		say(req, 200, req->body, req->body_len);
	} else if (!strcmp(req->path, "/later")) {
		assert_true(kit->later_n < 8);
		kit->later[kit->later_n++] = req;
	} else if (!strcmp(req->path, "/file")) {
		on_file(kit, req);
	} else if (!strcmp(req->path, "/ws")) {
		struct net_ws *ws = net_accept_ws(req, &ws_ops, kit);
		assert_true(kit->ws_n < 64);
		if (ws)
			kit->ws[kit->ws_n++] = ws;
	} else {
		say(req, 404, "no", 2);
	}
}

static void on_gone(void *arg, struct net_conn *conn)
{
	struct kit *kit = arg;
	size_t i = 0;
	while (i < kit->later_n && kit->later[i]->conn != conn)
		i++;
	assert_true(i < kit->later_n);
	kit->later[i] = kit->later[--kit->later_n];
	kit->gone_n++;
}

/* ---- the kit ---- */

void kit_init(struct kit *kit, const struct net_options *options)
{
	static const struct net_options plain = {.listen_addr = "127.0.0.1"};
	struct net_handler handler = {.on_request = on_request, .on_gone = on_gone, .arg = kit};
	memset(kit, 0, sizeof(*kit));
	kit->loop = at_loop_new();
	assert_int_equal(net_server_new(kit->loop, options ? options : &plain, &handler, &kit->server), AT_OK);
}

void kit_release(struct kit *kit)
{
	net_server_free(&kit->server);
	assert_int_equal(kit->ws_n, 0);
	if (kit->file_path[0])
		unlink(kit->file_path);
	at_loop_free(&kit->loop);
}

void kit_turn(struct kit *kit)
{
	for (int i = 0; i < 8; i++)
		at_loop_step(kit->loop, 2);
}

void kit_later_by(struct kit *kit, int64_t ms)
{
	/* In steps shorter than any deadline, so that they pass in order. */
	while (ms > 0) {
		int64_t step = ms < 1000 ? ms : 1000;
		at_clock_shift_for_test(step, step);
		at_loop_step(kit->loop, 0);
		at_loop_step(kit->loop, 0);
		ms -= step;
	}
	kit_turn(kit);
}

void kit_answer(struct kit *kit, size_t i, const char *body)
{
	struct net_request *req = kit->later[i];
	kit->later[i] = kit->later[--kit->later_n];
	say(req, 200, body, strlen(body));
}

void kit_file(struct kit *kit, const void *data, size_t len)
{
	snprintf(kit->file_path, sizeof(kit->file_path), "/tmp/at-net-test-XXXXXX");
	int fd = mkstemp(kit->file_path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	kit->file = (struct net_file){.len = len, .content_type = "audio/mp4", .etag = "\"tag\""};
}

/* ---- clients ---- */

struct client kit_connect(struct kit *kit)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return kit_connect_to(kit, (const struct sockaddr *)&addr, sizeof(addr));
}

struct client kit_connect_to(struct kit *kit, const struct sockaddr *host, socklen_t len)
{
	struct client c = {.kit = kit};
	struct sockaddr_storage addr = {0};
	memcpy(&addr, host, len);
	/* at the same place in both families */
	((struct sockaddr_in *)&addr)->sin_port = htons(net_server_port(kit->server));
	c.fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c.fd >= 0);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
	at_buf_init(&c.in, 64 * 1024 * 1024);
	return c;
}

void client_close(struct client *c)
{
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	at_buf_release(&c->in);
}

static ssize_t try_send(struct client *c, const void *data, size_t len)
{
	if (c->ssl)
		return SSL_write(c->ssl, data, (int)len);
	return send(c->fd, data, len, MSG_NOSIGNAL);
}

void client_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;
	int64_t until = at_mono_ms() + 3000;
	while (len && at_mono_ms() < until) {
		ssize_t n = try_send(c, p, len);
		if (n <= 0 && !c->ssl && errno != EAGAIN)
			return;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		at_loop_step(c->kit->loop, n > 0 ? 0 : 1);
	}
}

void client_text(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

static void read_now(struct client *c)
{
	static uint8_t bytes[65536];
	for (;;) {
		ssize_t n = c->ssl ? SSL_read(c->ssl, bytes, sizeof(bytes)) : recv(c->fd, bytes, sizeof(bytes), 0);
		bool again = c->ssl ? SSL_get_error(c->ssl, (int)n) == SSL_ERROR_WANT_READ : errno == EAGAIN;
		if (n > 0)
			assert_int_equal(at_buf_append(&c->in, bytes, (size_t)n), AT_OK);
		else if (n == 0 || !again)
			c->eof = true;
		if (n <= 0)
			return;
	}
}

void client_wait(struct client *c, size_t len)
{
	int64_t until = at_mono_ms() + 3000;
	while (c->in.len < len && !c->eof && at_mono_ms() < until) {
		at_loop_step(c->kit->loop, 1);
		read_now(c);
	}
}

static char answer_head[16384];

int client_answer(struct client *c, const char **body_out, size_t *len_out)
{
	size_t head_len = 0;
	at_buf_consume(&c->in, c->answer_len);
	c->answer_len = 0;
	for (;;) {
		const char *end = c->in.len ? memmem(c->in.data, c->in.len, "\r\n\r\n", 4) : NULL;
		head_len = end ? (size_t)(end + 4 - (const char *)c->in.data) : 0;
		if (head_len || c->eof)
			break;
		client_wait(c, c->in.len + 1);
	}
	if (!head_len)
		return -1;
	assert_true(head_len < sizeof(answer_head));
	memcpy(answer_head, c->in.data, head_len);
	answer_head[head_len] = 0;
	const char *length = strstr(answer_head, "Content-Length: ");
	size_t len = length ? strtoul(length + 16, NULL, 10) : 0;
	if (body_out) {
		client_wait(c, head_len + len);
		assert_true(c->in.len >= head_len + len);
		*body_out = (const char *)c->in.data + head_len;
		*len_out = len;
		c->answer_len = head_len + len;
	} else {
		c->answer_len = head_len;
	}
	return (int)strtol(answer_head + 9, NULL, 10);
}

bool client_header(struct client *c, const char *line)
{
	(void)c;
	char whole[1024];
	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	return strstr(answer_head, whole) != NULL;
}

bool client_at_eof(struct client *c)
{
	at_buf_consume(&c->in, c->answer_len);
	c->answer_len = 0;
	client_wait(c, c->in.len + 1);
	return c->eof && !c->in.len;
}

bool client_is_open(struct client *c)
{
	kit_turn(c->kit);
	read_now(c);
	return !c->eof;
}

/* ---- WebSocket clients ---- */

void client_upgrade(struct client *c)
{
	client_text(c, "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
	assert_int_equal(client_answer(c, NULL, NULL), 101);
	assert_true(client_header(c, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	at_buf_consume(&c->in, c->answer_len);
	c->answer_len = 0;
}

void client_frame(struct client *c, uint8_t first, const void *data, size_t len)
{
	static const uint8_t mask[4] = {0x11, 0xa2, 0x33, 0xf4};
	uint8_t *bytes = at_alloc(len + 14);
	size_t n = len < 126 ? 2 : len < 65536 ? 4 : 10;
	bytes[0] = first;
	bytes[1] = (uint8_t)(0x80 | (n == 2 ? len : n == 4 ? 126 : 127));
	if (n == 4)
		at_put_u16(bytes + 2, (uint16_t)len);
	if (n == 10)
		at_put_u64(bytes + 2, len);
	memcpy(bytes + n, mask, 4);
	n += 4;
	for (size_t i = 0; i < len; i++)
		bytes[n + i] = ((const uint8_t *)data)[i] ^ mask[i & 3];
	client_send(c, bytes, n + len);
	at_free(bytes);
}

int client_next_frame(struct client *c, const uint8_t **data_out, size_t *len_out)
{
	at_buf_consume(&c->in, c->answer_len);
	c->answer_len = 0;
	client_wait(c, 2);
	if (c->in.len < 2)
		return -1;
	assert_int_equal(c->in.data[0] & 0xf0, 0x80);
	assert_int_equal(c->in.data[1] & 0x80, 0);
	size_t form = c->in.data[1], head = form < 126 ? 2 : form == 126 ? 4 : 10;
	client_wait(c, head);
	struct at_reader r = at_reader_of(c->in.data + 2, head - 2);
	size_t len = form < 126 ? form : form == 126 ? at_read_u16(&r) : (size_t)at_read_u64(&r);
	client_wait(c, head + len);
	if (c->in.len < head + len)
		return -1;
	*data_out = c->in.data + head;
	*len_out = len;
	c->answer_len = head + len;
	return c->in.data[0] & 0x0f;
}

void client_expect_close(struct client *c, uint16_t code)
{
	const uint8_t *data;
	size_t len;
	int opcode;
	do {
		opcode = client_next_frame(c, &data, &len);
	} while (opcode >= 0 && opcode != 8);
	assert_int_equal(opcode, 8);
	struct at_reader r = at_reader_of(data, len);
	assert_int_equal(len ? at_read_u16(&r) : 1005, code);
	assert_true(client_at_eof(c));
}
