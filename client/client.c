#include "client/client_priv.h"

#include "base/mem.h"
#include "base/rand.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	ASK_MAX = 256 * 1024,
	BACKOFF_MIN_MS = 200,
	BACKOFF_MAX_MS = 10000,
	CLOSE_REVOKED = 4001,
	CLOSE_TAKEN_OVER = 4009
};

enum { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9 };

/* What the connection is for at the moment. */
enum stage { IDLE, SIGN_IN, SESSION, UPGRADE, HELLO, READY };

struct ask {
	struct at_link link;
	uint64_t id; /* on this connection; 0 = not sent on it */
	client_answer_fn *done;
	void *arg;
	size_t len;
	char text[]; /* from "do": on, without the opening brace */
};

struct client {
	struct client_sock sock;
	const struct client_events *events;
	void *arg;
	enum stage stage;
	enum client_state state;
	unsigned failures;
	uint64_t next_id, user, device;
	struct at_list asks;
	size_t n_asks;
	char *secret; /* the body of /api/signin; later the token of the first frame */
	char *cookie;
	struct at_timer *timer; /* the next try, or the end of this one */
	unsigned busy;          /* inside callbacks */
	bool dead;              /* freed as soon as it is not */
};

/* ---- the shared part ---- */

static bool set_address(struct clients *clients, const char *address, uint16_t port)
{
	struct sockaddr_in *v4 = (void *)&clients->address;
	struct sockaddr_in6 *v6 = (void *)&clients->address;

	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		clients->address_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		clients->address_len = sizeof(*v6);
	} else {
		return false;
	}
	clients_set_port(clients, port);
	return true;
}

void clients_set_port(struct clients *clients, uint16_t port)
{
	if (clients->address.ss_family == AF_INET)
		((struct sockaddr_in *)(void *)&clients->address)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)(void *)&clients->address)->sin6_port = htons(port);
}

static bool new_context(struct clients *clients, const char *ca_pem)
{
	clients->ctx = SSL_CTX_new(TLS_client_method());
	AT_ASSERT(clients->ctx);
	SSL_CTX_set_mode(clients->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					       SSL_MODE_RELEASE_BUFFERS);
	if (!ca_pem)
		return true;
	SSL_CTX_set_verify(clients->ctx, SSL_VERIFY_PEER, NULL);
	return SSL_CTX_load_verify_locations(clients->ctx, ca_pem, NULL) == 1;
}

enum at_err clients_new(struct at_loop *loop, const struct client_options *options, struct clients **clients_out)
{
	struct clients *clients = at_alloc(sizeof(*clients));

	clients->loop = loop;
	clients->tls = options->tls;
	clients->spread_sources = options->spread_sources;
	clients->backoff_min_ms = options->backoff_min_ms ? options->backoff_min_ms : BACKOFF_MIN_MS;
	clients->backoff_max_ms = options->backoff_max_ms ? options->backoff_max_ms : BACKOFF_MAX_MS;
	snprintf(clients->host, sizeof(clients->host), "%s", options->host ? options->host : "localhost");
	at_buf_init(&clients->ask, ASK_MAX);
	clients->scratch = at_alloc(CLIENT_SCRATCH);
	at_rand(&clients->mask, sizeof(clients->mask));
	*clients_out = clients;
	if (set_address(clients, options->address, options->port) &&
	    (!options->tls || new_context(clients, options->ca_pem)))
		return AT_OK;
	clients_free(clients_out);
	return AT_ERR_BAD_REQUEST;
}

void clients_free(struct clients **clients)
{
	struct clients *c = *clients;

	*clients = NULL;
	if (!c)
		return;
	AT_ASSERT(c->n == 0);
	if (c->ctx)
		SSL_CTX_free(c->ctx);
	at_buf_release(&c->ask);
	at_free(c->scratch);
	at_free(c);
}

/* ---- one client ---- */

static const struct client_sock_ops sock_ops;

struct client *client_new(struct clients *clients, const struct client_events *events, void *arg)
{
	struct client *client = at_alloc(sizeof(*client));

	client_sock_init(&client->sock, clients, &sock_ops, client);
	client->events = events;
	client->arg = arg;
	at_list_init(&client->asks);
	clients->n++;
	return client;
}

static void answer(struct client *client, struct ask *ask, enum at_err err, struct json ok, int64_t retry_ms)
{
	at_list_remove(&ask->link);
	client->n_asks--;
	if (ask->done)
		ask->done(ask->arg, client, err, ok, retry_ms);
	at_free(ask);
}

static void destroy(struct client *client)
{
	client_sock_close(&client->sock);
	for (struct at_link *link; (link = at_list_first(&client->asks)) != NULL;)
		answer(client, AT_ENTRY(link, struct ask, link), AT_ERR_CLOSED, (struct json){NULL, 0}, 0);
	at_timer_free(&client->timer);
	at_free(client->secret);
	at_free(client->cookie);
	client->sock.clients->n--;
	at_free(client);
}

void client_free(struct client **client)
{
	struct client *c = *client;

	*client = NULL;
	if (!c || c->dead)
		return;
	c->dead = true;
	client_sock_close(&c->sock);
	if (c->busy == 0)
		destroy(c);
}

/* false: it was freed meanwhile. */
static bool leave(struct client *client)
{
	if (--client->busy > 0 || !client->dead)
		return !client->dead;
	destroy(client);
	return false;
}

enum client_state client_state(const struct client *client)
{
	return client->state;
}

uint64_t client_user(const struct client *client)
{
	return client->user;
}

uint64_t client_device(const struct client *client)
{
	return client->device;
}

const char *client_cookie(const struct client *client)
{
	return client->cookie;
}

size_t client_waiting(const struct client *client)
{
	return client->n_asks;
}

/* ---- connecting, and once more ---- */

static void tell_state(struct client *client, enum client_state state, enum at_err why, struct json hello)
{
	client->state = state;
	if (client->events->state)
		client->events->state(client->arg, client, state, why, hello);
}

static void set_timer(struct client *client, int64_t ms);

static void connect_now(struct client *client)
{
	client->stage = client->cookie ? SESSION : SIGN_IN;
	set_timer(client, CLIENT_TRY_MS);
	client_sock_open(&client->sock);
	tell_state(client, CLIENT_CONNECTING, AT_OK, (struct json){NULL, 0});
}

static int64_t backoff(const struct client *client)
{
	const struct clients *clients = client->sock.clients;
	int64_t ms = clients->backoff_min_ms << (client->failures < 16 ? client->failures : 16);

	if (ms > clients->backoff_max_ms)
		ms = clients->backoff_max_ms;
	return ms / 2 + at_rand_below((uint32_t)ms / 2 + 1);
}

/* The connection is over. Asks wait for the next one. */
static void lost(struct client *client, enum at_err why)
{
	bool refused = why == AT_ERR_UNAUTHORIZED || why == AT_ERR_EXISTS;

	client_sock_close(&client->sock);
	client->stage = IDLE;
	AT_LIST_EACH(&client->asks, it)
		AT_ENTRY(it, struct ask, link)->id = 0;
	if (refused)
		at_timer_free(&client->timer);
	else
		set_timer(client, backoff(client));
	client->failures++;
	tell_state(client, refused ? CLIENT_REFUSED : CLIENT_OFFLINE, why, (struct json){NULL, 0});
}

static void on_timer(void *arg)
{
	struct client *client = arg;

	client->busy++;
	if (client->stage == IDLE)
		connect_now(client);
	else
		lost(client, AT_ERR_TIMEOUT);
	(void)leave(client);
}

static void set_timer(struct client *client, int64_t ms)
{
	if (!client->timer)
		client->timer = at_timer_new(client->sock.clients->loop, on_timer, client);
	at_timer_start(client->timer, ms, 0);
}

void client_signin(struct client *client, const char *username, const char *password, const char *device)
{
	struct at_buf buf;

	at_buf_init(&buf, 4096);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	wire_str(&w, "username", username);
	wire_str(&w, "password", password);
	wire_str(&w, "device", device);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);
	AT_ASSERT(err == AT_OK);
	client_stop(client);
	at_free(client->secret);
	client->secret = at_strndup((const char *)buf.data, buf.len);
	at_buf_release(&buf);
	set_timer(client, 0);
}

void client_resume(struct client *client, const char *cookie)
{
	char *copy = at_strdup(cookie);

	client_stop(client);
	at_free(client->cookie);
	client->cookie = copy;
	set_timer(client, 0);
}

void client_stop(struct client *client)
{
	client_sock_close(&client->sock);
	at_timer_free(&client->timer);
	client->stage = IDLE;
	client->state = CLIENT_OFFLINE;
	client->failures = 0;
	AT_LIST_EACH(&client->asks, it)
		AT_ENTRY(it, struct ask, link)->id = 0;
}

/* ---- frames out ---- */

static void next_mask(struct clients *clients, uint8_t mask[4])
{
	/* xorshift64*: unpredictable enough for what nobody shares a cache with. */
	clients->mask ^= clients->mask >> 12;
	clients->mask ^= clients->mask << 25;
	clients->mask ^= clients->mask >> 27;
	at_put_u32(mask, (uint32_t)(clients->mask * 2685821657736338717u >> 32));
}

static bool send_frame(struct client *client, uint8_t opcode, const void *a, size_t a_len, const void *b, size_t b_len)
{
	uint8_t frame[CLIENT_WS_HEAD_MAX + 2048], mask[4], *p = frame;
	size_t len = a_len + b_len;

	next_mask(client->sock.clients, mask);
	size_t head = client_frame_head(frame, opcode, len, mask);
	if (head + len > sizeof(frame)) {
		p = at_alloc(head + len);
		memcpy(p, frame, head);
	}
	memcpy(p + head, a, a_len);
	if (b_len > 0)
		memcpy(p + head + a_len, b, b_len);
	client_frame_mask(p + head, len, mask);
	bool sent = client_sock_send(&client->sock, p, head + len, NULL, 0);
	if (p != frame)
		at_free(p);
	return sent;
}

static void send_ask(struct client *client, struct ask *ask)
{
	char id[32];

	ask->id = client->next_id++;
	int n = snprintf(id, sizeof(id), "{\"id\":%llu,", (unsigned long long)ask->id);
	(void)send_frame(client, OP_TEXT, id, (size_t)n, ask->text, ask->len);
}

struct wire_out client_ask_begin(struct client *client, const char *command)
{
	at_buf_clear(&client->sock.clients->ask);
	struct wire_out w = wire_out_begin(&client->sock.clients->ask);

	wire_obj(&w, NULL);
	wire_str(&w, "do", command);
	return w;
}

void client_ask(struct client *client, struct wire_out *w, client_answer_fn *done, void *arg)
{
	const struct at_buf *buf = &client->sock.clients->ask;

	wire_obj_end(w);
	enum at_err err = wire_out_end(w);
	AT_ASSERT(err == AT_OK); /* what the program wrote itself */
	struct ask *ask = at_alloc(sizeof(*ask) + buf->len);

	ask->done = done;
	ask->arg = arg;
	ask->len = buf->len - 1;
	memcpy(ask->text, buf->data + 1, ask->len);
	at_list_push(&client->asks, &ask->link);
	client->n_asks++;
	if (client->stage == READY)
		send_ask(client, ask);
}

bool client_send_binary(struct client *client, const void *data, size_t len)
{
	return client->stage == READY && send_frame(client, OP_BINARY, data, len, NULL, 0);
}

/* ---- frames in ---- */

static enum at_err err_of(struct json name)
{
	for (int err = 1; err < AT_ERR_COUNT; err++)
		if (json_is(name, at_err_name((enum at_err)err)))
			return (enum at_err)err;
	return AT_ERR_INTERNAL;
}

/* The ask of that id. Answers mostly come in order, so it is near the front. */
static struct ask *ask_of(const struct client *client, uint64_t id)
{
	AT_LIST_EACH(&client->asks, it) {
		struct ask *ask = AT_ENTRY(it, struct ask, link);
		if (ask->id == id)
			return ask;
	}
	return NULL;
}

static void on_hello(struct client *client, struct json frame)
{
	struct json ok = json_get(frame, "ok");

	if (ok.len == 0) {
		lost(client, err_of(json_get(frame, "err")));
		return;
	}
	client->user = (uint64_t)json_int(json_get(json_get(ok, "me"), "id"), 0);
	client->device = (uint64_t)json_int(json_get(ok, "device"), 0);
	client->stage = READY;
	client->failures = 0;
	at_timer_free(&client->timer);
	AT_LIST_EACH(&client->asks, it)
		send_ask(client, AT_ENTRY(it, struct ask, link));
	tell_state(client, CLIENT_READY, AT_OK, ok);
}

static void on_text(struct client *client, const uint8_t *data, size_t len)
{
	struct json frame = json_of(data, len), ev = json_get(frame, "ev");
	char name[32];

	if (ev.len > 0) {
		if (client->events->event && json_str(ev, name, sizeof(name)))
			client->events->event(client->arg, client, name, frame);
		return;
	}
	uint64_t id = (uint64_t)json_int(json_get(frame, "id"), 0);
	if (client->stage == HELLO && id == 1) {
		on_hello(client, frame);
		return;
	}
	struct ask *ask = id ? ask_of(client, id) : NULL;
	if (!ask)
		return;
	struct json ok = json_get(frame, "ok");
	answer(client, ask, ok.len > 0 ? AT_OK : err_of(json_get(frame, "err")), ok,
	       json_int(json_get(frame, "retry_ms"), 0));
}

static void on_close(struct client *client, const struct client_frame *frame)
{
	unsigned code = frame->len >= 2 ? (unsigned)frame->data[0] << 8 | frame->data[1] : 0;

	lost(client, code == CLOSE_REVOKED      ? AT_ERR_UNAUTHORIZED
		     : code == CLOSE_TAKEN_OVER ? AT_ERR_EXISTS
						: AT_ERR_CLOSED);
}

static void on_frame(struct client *client, const struct client_frame *frame)
{
	if (frame->opcode == OP_TEXT)
		on_text(client, frame->data, frame->len);
	else if (frame->opcode == OP_BINARY && client->events->binary)
		client->events->binary(client->arg, client, frame->data, frame->len);
	else if (frame->opcode == OP_PING)
		(void)send_frame(client, 10, frame->data, frame->len, NULL, 0);
	else if (frame->opcode == OP_CLOSE)
		on_close(client, frame);
}

/* ---- from connect to hello ---- */

static void request(struct client *client, const char *path, const char *body, const char *more)
{
	struct at_buf buf;

	at_buf_init(&buf, 16 * 1024);
	enum at_err err = client_request_write(client->sock.clients, path, client->cookie, body, more, &buf);
	AT_ASSERT(err == AT_OK);
	(void)client_sock_send(&client->sock, buf.data, buf.len, NULL, 0);
	at_buf_release(&buf);
}

static void go_on(struct client *client)
{
	static const char upgrade[] = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: YWZ0ZXJ0b25lIGNsaWVudA==\r\n";

	if (client->stage == SIGN_IN)
		request(client, "/api/signin", client->secret, "");
	else if (client->stage == SESSION)
		request(client, "/api/session", NULL, "");
	else
		request(client, "/ws", NULL, upgrade);
}

static void say_hello(struct client *client, const char *token)
{
	struct wire_out w = client_ask_begin(client, "hello");
	const struct at_buf *buf = &client->sock.clients->ask;

	wire_str(&w, "token", token);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);
	AT_ASSERT(err == AT_OK);
	client->next_id = 2;
	(void)send_frame(client, OP_TEXT, "{\"id\":1,", 8, buf->data + 1, buf->len - 1);
}

static void on_reply(struct client *client, const struct client_reply *reply)
{
	struct json body = json_of(reply->body, reply->body_len);
	char token[CLIENT_COOKIE_MAX];

	if (client->stage == UPGRADE && reply->status == 101) {
		client->stage = HELLO;
		say_hello(client, client->secret);
	} else if (client->stage == SIGN_IN && reply->status == 200 && reply->cookie[0]) {
		at_free(client->cookie);
		client->cookie = at_strdup(reply->cookie);
		client->stage = SESSION;
		go_on(client);
	} else if (client->stage == SESSION && reply->status == 200 &&
		   json_str(json_get(body, "token"), token, sizeof(token))) {
		at_free(client->secret);
		client->secret = at_strdup(token);
		client->stage = UPGRADE;
		go_on(client);
	} else {
		lost(client,
		     reply->status == 200 || reply->status == 101 ? AT_ERR_INTERNAL : err_of(json_get(body, "err")));
	}
}

/* One answer or frame. AT_OK: *used_out bytes are done with; TIMEOUT: more must come; else: not what we speak. */
static enum at_err take_one(struct client *client, uint8_t *data, size_t len, size_t *used_out)
{
	struct client_reply reply;
	struct client_frame frame;
	enum at_err err;

	if (client->stage < HELLO) {
		err = client_reply_read(data, len, &reply);
		*used_out = err ? 0 : reply.whole_len;
		if (!err)
			on_reply(client, &reply);
		return err;
	}
	err = client_frame_read(data, len, &frame);
	*used_out = err ? 0 : frame.whole_len;
	if (!err)
		on_frame(client, &frame);
	return err;
}

/* ---- the socket's events ---- */

static void on_open(void *arg)
{
	go_on(arg);
}

static size_t on_bytes(void *arg, uint8_t *data, size_t len)
{
	struct client *client = arg;
	size_t used = 0, n = 0;
	enum at_err err = AT_OK;

	client->busy++;
	while (!err && used < len && client->sock.fd >= 0 && !client->dead) {
		err = take_one(client, data + used, len - used, &n);
		used += n;
	}
	bool open = !client->dead && client->stage != IDLE && client->sock.fd >= 0;
	if (open && err && err != AT_ERR_TIMEOUT) {
		lost(client, err);
		open = false;
	}
	return leave(client) && open ? used : CLIENT_SOCK_CLOSED;
}

static void on_gone(void *arg)
{
	struct client *client = arg;

	client->busy++;
	lost(client, AT_ERR_CLOSED);
	(void)leave(client);
}

static const struct client_sock_ops sock_ops = {on_open, on_bytes, on_gone};
