#include "api/api_testkit.h"

#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the server ---- */

void world_new(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->limits = api_limits_default();
	snprintf(w->dir, sizeof(w->dir), "/tmp/at_api_test_XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->loop = at_loop_new();
	assert_int_equal(store_open(w->dir, w->loop, &w->store), AT_OK);
}

static const struct call_settings call_settings = {
	.ring_ms = 45000,
	.ring_stop_ms = 60000,
	.unreachable_ms = 15000,
	.grace_ms = 2000,
	.pair_rings = 1000,
	.pair_window_ms = 300000,
	.unanswered_a_day = 1000,
};

static const struct note_settings note_settings = {
	.voice_max_ms = 180000,
	.video_max_ms = 60000,
	.note_min_ms = 1000,
	.draft_ms = 7 * INT64_C(86400000),
	.undo_ms = 10000,
	.voice_max_bytes = 4 << 20,
	.video_max_bytes = 16 << 20,
	.recs_per_user = 32,
};

static const struct room_settings room_settings = {
	.ring_ms = 45000,
	.ring_stop_ms = 60000,
	.unreachable_ms = 15000,
	.wait_ms = 600000,
	.people_max = 50,
	.rings = 8,
	.rings_window_ms = 1000,
};

void world_start(struct world *w)
{
	w->hub = hub_new();
	assert_int_equal(auth_new(w->loop, w->store, w->hub, &w->auth), AT_OK);
	struct chat_people chat_people = api_chat_people(w->auth);
	struct call_people call_people = api_call_people(w->auth);
	assert_int_equal(chat_new(w->loop, w->store, w->hub, &chat_people, &w->chat), AT_OK);
	assert_int_equal(calls_new(w->loop, w->store, w->hub, w->chat, &call_people, &call_settings, &w->calls), AT_OK);
	struct talk_people talk_people = api_talk_people(w->auth);
	w->talks = talks_new(w->loop, w->hub, w->calls, &talk_people, 0);
	assert_int_equal(blobs_open(w->dir, w->loop, &w->blobs), AT_OK);
	struct room_people room_people = api_room_people(w->auth);
	assert_int_equal(rooms_new(w->loop, w->store, w->hub, w->chat, w->calls, w->talks, &room_people, &room_settings,
				   &w->rooms),
			 AT_OK);
	assert_int_equal(notes_new(w->loop, w->store, w->hub, w->chat, w->calls, w->blobs, &note_settings, &w->notes),
			 AT_OK);
	notes_also_for(w->notes, room_note_facts, w->rooms);
	struct api_deps deps = {
		.loop = w->loop,
		.store = w->store,
		.hub = w->hub,
		.auth = w->auth,
		.chat = w->chat,
		.calls = w->calls,
		.talks = w->talks,
		.rooms = w->rooms,
		.notes = w->notes,
		.limits = &w->limits,
		.web_dir = w->web_dir,
		.origin = w->origin,
		.name = "Test",
		.version = "1",
	};
	assert_int_equal(api_new(&deps, &w->api), AT_OK);
	struct net_options options = {.listen_addr = "127.0.0.1", .conns_max = 1000};
	assert_int_equal(net_server_new(w->loop, &options, api_handler(w->api), &w->server), AT_OK);
}

void world_stop(struct world *w)
{
	if (!w->server)
		return;
	net_server_free(&w->server);
	store_drain(w->store);
	notes_free(&w->notes);
	rooms_free(&w->rooms);
	talks_free(&w->talks);
	calls_free(&w->calls);
	chat_free(&w->chat);
	auth_free(&w->auth);
	api_free(&w->api);
	blobs_close(&w->blobs);
	hub_free(&w->hub);
}

static int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void world_end(struct world *w)
{
	world_stop(w);
	store_close(&w->store);
	at_loop_free(&w->loop);
	nftw(w->dir, rm_one, 16, FTW_DEPTH | FTW_PHYS);
}

void world_turn(struct world *w, int turns)
{
	for (int i = 0; i < turns; i++)
		at_loop_step(w->loop, 2);
}

static enum at_err add_person(struct store_tx *tx, void *msg)
{
	struct store_user *user = msg;
	return store_user_add(tx, user, &user->id);
}

uint64_t world_person(struct world *w, const char *username, const char *name, bool admin)
{
	struct store_user user = {.username = username,
				  .name = name,
				  .password = "",
				  .admin = admin,
				  .receipts = true,
				  .created = at_wall_ms()};
	assert_int_equal(store_run_now(w->store, add_person, &user), AT_OK);
	return user.id;
}

static enum at_err add_device(struct store_tx *tx, void *msg)
{
	struct store_device *device = msg;
	return store_device_add(tx, device, &device->id);
}

struct device world_device(struct world *w, uint64_t user, const char *name)
{
	static unsigned made;
	struct device device = {.user = user};
	struct store_device row = {.user = user, .name = name, .created = at_wall_ms(), .seen = at_wall_ms()};
	snprintf(device.token, sizeof(device.token), "%043u", ++made);
	auth_token_hash(device.token, row.token_hash);
	assert_int_equal(store_run_now(w->store, add_device, &row), AT_OK);
	device.id = row.id;
	return device;
}

/* ---- bytes ---- */

static int dial(struct world *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(net_server_port(w->server))};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	/* A frame goes out in two pieces: the second shall not wait for the first to be acknowledged. */
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
	return fd;
}

static void put(struct world *w, int fd, const void *data, size_t len)
{
	const char *p = data;
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		at_loop_step(w->loop, 0);
	}
}

/* False: the end. */
static bool take(int fd, struct at_buf *in)
{
	for (;;) {
		assert_int_equal(at_buf_reserve(in, 65536), AT_OK);
		ssize_t n = recv(fd, in->data + in->len, 65535, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return false;
		if (n < 0)
			return true;
		in->len += (size_t)n;
	}
}

/* ---- HTTP ---- */

static bool whole(const struct at_buf *in, struct http_answer *answer)
{
	if (!in->len)
		return false;
	in->data[in->len] = '\0';
	const char *text = (const char *)in->data, *end = strstr(text, "\r\n\r\n");
	if (!end)
		return false;
	snprintf(answer->head, sizeof(answer->head), "%.*s", (int)(end - text + 2), text);
	answer->status = (int)strtol(text + 9, NULL, 10);
	const char *length = strcasestr(answer->head, "content-length:");
	size_t len = length && !answer->bodiless ? strtoul(length + 15, NULL, 10) : 0;
	if (in->len - (size_t)(end + 4 - text) < len)
		return false;
	assert_true(len < sizeof(answer->body));
	memcpy(answer->body, end + 4, len);
	answer->body[len] = '\0';
	return true;
}

static void exchange(struct world *w, const char *request, struct http_answer *answer)
{
	struct at_buf in;
	at_buf_init(&in, 1 << 20);
	memset(answer, 0, sizeof(*answer));
	answer->bodiless = strncmp(request, "HEAD ", 5) == 0;
	int fd = dial(w);
	put(w, fd, request, strlen(request));
	for (int i = 0; i < 2000 && !whole(&in, answer); i++) {
		at_loop_step(w->loop, 2);
		if (!take(fd, &in)) {
			(void)whole(&in, answer);
			break;
		}
	}
	close(fd);
	at_buf_release(&in);
	world_turn(w, 2);
}

static void write_request(struct world *w, const char *method, const char *path, const char *headers, const char *body,
			  char request[16384])
{
	char origin[80] = "";
	if (!strcasestr(headers, "origin:") && body)
		snprintf(origin, sizeof(origin), "Origin: http://localhost:%u\r\n", net_server_port(w->server));
	bool typed = strcasestr(headers, "content-type:") || !body;
	snprintf(request, 16384, "%s %s HTTP/1.1\r\nHost: localhost:%u\r\n%s%s%sContent-Length: %zu\r\n\r\n%s", method,
		 path, net_server_port(w->server), origin, typed ? "" : "Content-Type: application/json\r\n", headers,
		 body ? strlen(body) : 0, body ? body : "");
}

void http(struct world *w, const char *method, const char *path, const char *headers, const char *body,
	  struct http_answer *answer)
{
	char request[16384];
	write_request(w, method, path, headers, body, request);
	exchange(w, request, answer);
}

void http_and_leave(struct world *w, const char *path, const char *body, int turns)
{
	char request[16384];
	write_request(w, "POST", path, "", body, request);
	int fd = dial(w);
	put(w, fd, request, strlen(request));
	world_turn(w, turns);
	close(fd);
}

void http_as(struct world *w, const struct device *device, const char *method, const char *path, const char *body,
	     struct http_answer *answer)
{
	char headers[128] = "";
	if (device)
		snprintf(headers, sizeof(headers), "Cookie: at=%s\r\n", device->token);
	http(w, method, path, headers, body, answer);
}

/* ---- WebSocket ---- */

bool client_open(struct client *c, struct world *w, const char *token, const char *origin)
{
	char request[512], own[64];
	memset(c, 0, sizeof(*c));
	c->w = w;
	c->next_id = 1;
	at_buf_init(&c->in, 4 << 20);
	at_buf_init(&c->events, 4 << 20);
	snprintf(own, sizeof(own), "http://localhost:%u", net_server_port(w->server));
	snprintf(request, sizeof(request),
		 "GET /ws HTTP/1.1\r\nHost: localhost:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: %s\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s%s%s\r\n",
		 net_server_port(w->server), origin ? origin : own, token ? "Cookie: at=" : "", token ? token : "",
		 token ? "\r\n" : "");
	c->fd = dial(w);
	put(w, c->fd, request, strlen(request));
	struct http_answer *answer = at_alloc(sizeof(*answer));
	for (int i = 0; i < 1000 && !whole(&c->in, answer); i++) {
		at_loop_step(w->loop, 2);
		if (!take(c->fd, &c->in))
			break;
	}
	bool ok = answer->status == 101;
	at_free(answer);
	if (ok) {
		char *end = strstr((char *)c->in.data, "\r\n\r\n");
		at_buf_consume(&c->in, (size_t)(end + 4 - (char *)c->in.data));
	} else {
		client_close(c);
	}
	return ok;
}

void client_close(struct client *c)
{
	if (c->fd > 0)
		close(c->fd);
	c->fd = -1;
	at_buf_release(&c->in);
	at_buf_release(&c->events);
	world_turn(c->w, 3);
}

static void frame(struct client *c, uint8_t opcode, const void *data, size_t len)
{
	uint8_t head[14] = {(uint8_t)(0x80 | opcode)};
	size_t n = 2;
	if (len < 126) {
		head[1] = (uint8_t)(0x80 | len);
	} else if (len < 65536) {
		head[1] = 0x80 | 126;
		at_put_u16(head + 2, (uint16_t)len);
		n = 4;
	} else {
		head[1] = 0x80 | 127;
		at_put_u64(head + 2, len);
		n = 10;
	}
	put(c->w, c->fd, head, n + 4); /* a mask of zeros is a mask */
	put(c->w, c->fd, data, len);
}

void client_text(struct client *c, const char *text)
{
	frame(c, 1, text, strlen(text));
}

void client_binary(struct client *c, const void *data, size_t len)
{
	frame(c, 2, data, len);
}

static void on_frame(struct client *c, uint8_t opcode, const uint8_t *data, size_t len)
{
	if (opcode == 8) {
		c->closed = len >= 2 ? data[0] << 8 | data[1] : -1;
		return;
	}
	if (opcode != 1)
		return;
	/* {"id":N,"ok":...}: an answer; the id goes */
	if (len > 6 && memcmp(data, "{\"id\":", 6) == 0) {
		const uint8_t *comma = memchr(data, ',', len);
		c->heard_first = c->answered++ ? c->heard_first : c->events.len;
		snprintf(c->answer, sizeof(c->answer), "{%.*s", (int)(len - (size_t)(comma + 1 - data)),
			 (const char *)comma + 1);
		return;
	}
	assert_int_equal(at_buf_append(&c->events, data, len), AT_OK);
	assert_int_equal(at_buf_append(&c->events, "\n", 1), AT_OK);
}

static bool one_frame(struct client *c)
{
	struct at_reader r = at_reader_of(c->in.data, c->in.len);
	uint8_t first = at_read_u8(&r), second = at_read_u8(&r);
	uint64_t len = second == 126 ? at_read_u16(&r) : second == 127 ? at_read_u64(&r) : second;
	const uint8_t *data = at_read_bytes(&r, len);
	if (r.failed)
		return false;
	on_frame(c, first & 15, data, len);
	at_buf_consume(&c->in, c->in.len - at_reader_left(&r));
	return true;
}

void client_pump(struct client *c, int turns)
{
	for (int i = 0; i < turns; i++) {
		at_loop_step(c->w->loop, 2);
		bool more = !c->closed && take(c->fd, &c->in);
		while (c->in.len && one_frame(c))
			;
		if (!more && !c->closed)
			c->closed = -1;
	}
}

int client_end(struct client *c)
{
	for (int i = 0; i < 1000 && !c->closed; i++)
		client_pump(c, 1);
	return c->closed;
}

const char *client_ask(struct client *c, const char *command, const char *args, ...)
{
	char filled[20480], text[24576];
	va_list list;
	va_start(list, args);
	vsnprintf(filled, sizeof(filled), args, list);
	va_end(list);
	snprintf(text, sizeof(text), "{\"id\":%d,\"do\":\"%s\"%s%s}", (int)c->next_id++, command, *filled ? "," : "",
		 filled);
	c->answer[0] = '\0';
	client_text(c, text);
	for (int i = 0; i < 1000 && !c->answer[0] && !c->closed; i++)
		client_pump(c, 1);
	return c->answer;
}

void client_hello(struct client *c, struct world *w, const struct device *device)
{
	struct http_answer *answer = at_alloc(sizeof(*answer));
	http_as(w, device, "GET", "/api/session", NULL, answer);
	assert_int_equal(answer->status, 200);
	char token[64] = "";
	assert_int_equal(sscanf(strstr(answer->body, "\"token\":\"") + 9, "%43s", token), 1);
	assert_true(client_open(c, w, device->token, NULL));
	client_ask(c, "hello", "\"token\":\"%s\"", token);
	assert_non_null(strstr(c->answer, "{\"ok\":{\"now\":"));
	at_free(answer);
}

bool client_heard(struct client *c, const char *part)
{
	client_pump(c, 5);
	return c->events.len && memmem(c->events.data, c->events.len, part, strlen(part));
}

void client_expect(struct client *c, const char *part)
{
	for (int i = 0; i < 200; i++) {
		if (client_heard(c, part)) {
			at_buf_clear(&c->events);
			return;
		}
	}
	print_error("no event with %s; heard:\n%.*s\n", part, (int)c->events.len, (const char *)c->events.data);
	fail();
}

uint64_t number_in(const char *text, const char *key)
{
	char quoted[64];
	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	const char *at = strstr(text, quoted);
	return at ? strtoull(at + strlen(quoted), NULL, 10) : 0;
}
