#include "main/main_testkit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "main/options.h"
#include "main/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

/* ---- the server ---- */

static uint16_t free_port(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	close(fd);
	return ntohs(addr.sin_port);
}

static void log_path(const struct serving *s, char path[128])
{
	snprintf(path, 128, "%s/log", s->dir);
}

_Noreturn static void be_server(const struct serving *s, int out)
{
	struct options options;
	char listen_on[32], path[128];
	snprintf(listen_on, sizeof(listen_on), "127.0.0.1:%u", s->port);
	log_path(s, path);
	int log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	char *argv[] = {(char *)"aftertone", (char *)"--data",  (char *)s->dir,      (char *)"--listen",
			listen_on,           (char *)"--media", (char *)"0.0.0.0:0", (char *)"--demo"};
	options_read(sizeof(argv) / sizeof(*argv), argv, &options);
	options.web = NULL;
	_exit(serve(&options));
}

static void read_links(struct serving *s, int out)
{
	FILE *file = fdopen(out, "r");
	char line[512];
	unsigned n = 0;
	assert_non_null(file);
	while (n < 3 && fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, "/#l=");
		if (at)
			assert_int_equal(sscanf(at, "/#l=%63[A-Za-z0-9_-]", s->links[n++]), 1);
	}
	assert_int_equal(n, 3);
	fclose(file);
}

void serving_start(struct serving *s)
{
	int out[2];
	if (!*s->dir) {
		snprintf(s->dir, sizeof(s->dir), "/tmp/aftertone-whole-XXXXXX");
		assert_non_null(mkdtemp(s->dir));
		s->port = free_port();
	}
	assert_int_equal(pipe(out), 0);
	s->pid = fork();
	if (s->pid == 0)
		be_server(s, out[1]);
	close(out[1]);
	read_links(s, out[0]);
}

void serving_stop(struct serving *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}

static int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void serving_drop(struct serving *s)
{
	serving_stop(s);
	nftw(s->dir, rm_one, 16, FTW_DEPTH | FTW_PHYS);
}

pid_t serving_pid_of(const struct serving *s, const char *role)
{
	char path[128], line[512], begin[64];
	pid_t pid = 0;
	log_path(s, path);
	snprintf(begin, sizeof(begin), "event=role.started role=%s pid=", role);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, begin);
		if (at)
			pid = atoi(at + strlen(begin));
	}
	fclose(file);
	assert_true(pid > 0);
	return pid;
}

/* ---- HTTP ---- */

static int connect_to(const struct serving *s)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				   .sin_port = htons(s->port)};
	const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
	int64_t until = at_mono_ms() + PATIENCE_MS;
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
			return fd;
		close(fd);
		if (at_mono_ms() > until)
			fail_msg("nobody listens");
		usleep(20000);
	}
}

static void send_all(int fd, const void *data, size_t len)
{
	if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail_msg("send: %s", strerror(errno));
}

/* One exchange on a connection of its own; the whole answer. */
static void exchange(const struct phone *phone, const char *method, const char *path, const char *body,
		     char answer[8192])
{
	char text[4096];
	unsigned port = phone->server->port;
	int n = snprintf(text, sizeof(text),
			 "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\nConnection: "
			 "close\r\n%s%s%s",
			 method, path, port, port, *phone->cookie ? "Cookie: " : "", phone->cookie,
			 *phone->cookie ? "\r\n" : "");
	n += body ? snprintf(text + n, sizeof(text) - (size_t)n,
			     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body)
		  : snprintf(text + n, sizeof(text) - (size_t)n, "\r\n");
	/* A server that is just being killed may still accept. */
	int64_t until = at_mono_ms() + PATIENCE_MS;
	size_t len = 0;
	while (len == 0 && at_mono_ms() < until) {
		int fd = connect_to(phone->server);
		ssize_t got;
		(void)!send(fd, text, (size_t)n, MSG_NOSIGNAL);
		while (len < 8191 && (got = recv(fd, answer + len, 8191 - len, 0)) > 0)
			len += (size_t)got;
		close(fd);
	}
	answer[len] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
		fail_msg("%s %s: %s", method, path, answer);
}

/* ---- the WebSocket ---- */

static void send_text(const struct phone *phone, const char *text)
{
	size_t len = strlen(text);
	uint8_t head[8] = {0x81, (uint8_t)(0x80 | (len < 126 ? len : 126))};
	if (len >= 126)
		at_put_u16(head + 2, (uint16_t)len);
	assert_true(len < 65536);
	send_all(phone->fd, head, len < 126 ? 6 : 8); /* a mask of zeros is a mask */
	send_all(phone->fd, text, len);
}

static bool recv_all(int fd, void *data, size_t len)
{
	return recv(fd, data, len, MSG_WAITALL) == (ssize_t)len;
}

/* The next text frame, NUL-terminated, the caller's to free; NULL when the socket has closed. */
static char *recv_text(const struct phone *phone)
{
	for (;;) {
		uint8_t head[2], more[8];
		if (!recv_all(phone->fd, head, 2))
			return NULL;
		size_t len = head[1] & 127, extra = len == 126 ? 2 : len == 127 ? 8 : 0;
		if (extra && !recv_all(phone->fd, more, extra))
			return NULL;
		struct at_reader r = at_reader_of(more, extra);
		len = extra == 2 ? at_read_u16(&r) : extra == 8 ? (size_t)at_read_u64(&r) : len;
		char *text = at_alloc(len + 1);
		bool whole = len == 0 || recv_all(phone->fd, text, len);
		if (whole && (head[0] & 15) == 1)
			return text;
		at_free(text);
		if (!whole || (head[0] & 15) == 8)
			return NULL;
	}
}

static void keep_event(struct phone *phone, const char *text)
{
	size_t len = strlen(phone->heard), more = strlen(text);
	assert_true(len + more + 2 < HEARD_ROOM);
	snprintf(phone->heard + len, HEARD_ROOM - len, "%s\n", text);
}

const char *phone_ask(struct phone *phone, const char *command, const char *args, ...)
{
	static char text[32768], filled[32000];
	char id[32], *got;
	va_list list;
	va_start(list, args);
	vsnprintf(filled, sizeof(filled), args, list);
	va_end(list);
	unsigned number = ++phone->next_id;
	snprintf(text, sizeof(text), "{\"id\":%u,\"do\":\"%s\"%s%s}", number, command, *filled ? "," : "", filled);
	size_t id_len = (size_t)snprintf(id, sizeof(id), "{\"id\":%u,", number);
	phone->answer[0] = '\0';
	send_text(phone, text);
	while ((got = recv_text(phone)) != NULL) {
		bool mine = strncmp(got, id, id_len) == 0;
		if (mine)
			snprintf(phone->answer, sizeof(phone->answer), "{%s", got + id_len);
		else
			keep_event(phone, got);
		at_free(got);
		if (mine)
			break;
	}
	return phone->answer;
}

void phone_ok(struct phone *phone, const char *command, const char *args, ...)
{
	static char filled[32000];
	va_list list;
	va_start(list, args);
	vsnprintf(filled, sizeof(filled), args, list);
	va_end(list);
	if (strncmp(phone_ask(phone, command, "%s", filled), "{\"ok\":", 6) != 0)
		fail_msg("%s: %s", command, phone->answer);
}

int64_t phone_expect(struct phone *phone, const char *part)
{
	int64_t begin = at_mono_ms();
	char *found;
	while (!(found = strstr(phone->heard, part))) {
		char *got = recv_text(phone);
		if (!got || at_mono_ms() - begin > PATIENCE_MS)
			fail_msg("no event with %s; heard:\n%s", part, phone->heard);
		keep_event(phone, got);
		at_free(got);
	}
	const char *rest = strchr(found, '\n') + 1;
	memmove(phone->heard, rest, strlen(rest) + 1);
	return at_mono_ms() - begin;
}

void phone_hello(struct phone *phone)
{
	char *answer = at_alloc(8192), token[TOKEN_ROOM], text[1024];
	exchange(phone, "GET", "/api/session", NULL, answer);
	const char *at = strstr(answer, "\"token\":\"");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "\"token\":\"%63[A-Za-z0-9_-]", token), 1);
	phone->fd = connect_to(phone->server);
	int n = snprintf(text, sizeof(text),
			 "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nOrigin: http://127.0.0.1:%u\r\nCookie: %s\r\n"
			 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
			 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
			 phone->server->port, phone->server->port, phone->cookie);
	send_all(phone->fd, text, (size_t)n);
	for (size_t len = 0; len < 4 || memcmp(answer + len - 4, "\r\n\r\n", 4) != 0; len++)
		assert_true(len < 8191 && recv_all(phone->fd, answer + len, 1));
	assert_int_equal(strncmp(answer, "HTTP/1.1 101", 12), 0);
	at_free(answer);
	phone->next_id = 0;
	phone->heard[0] = '\0';
	phone_ok(phone, "hello", "\"token\":\"%s\"", token);
}

void phone_join(struct phone *phone, const struct serving *s, unsigned person)
{
	char *answer = at_alloc(8192), body[256];
	*phone = (struct phone){.server = s, .fd = -1, .heard = at_alloc(HEARD_ROOM)};
	snprintf(body, sizeof(body), "{\"token\":\"%s\",\"device\":\"test\"}", s->links[person]);
	exchange(phone, "POST", "/api/link", body, answer);
	const char *at = strstr(answer, "Set-Cookie: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "Set-Cookie: %255[^;\r\n]", phone->cookie), 1);
	at_free(answer);
	phone_hello(phone);
}

void phone_hang(struct phone *phone)
{
	if (phone->fd >= 0)
		close(phone->fd);
	phone->fd = -1;
}

void phone_free(struct phone *phone)
{
	phone_hang(phone);
	at_free(phone->heard);
}

/* ---- a leg ---- */

struct leg leg_of(const char *json)
{
	struct leg leg = {.to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in mine = leg.to;
	char ufrag[32];
	unsigned port = 0;
	const char *candidate = strstr(json, "{\"proto\":\"udp\",\"addr\":\"127.0.0.1\",\"port\":");
	const char *at = strstr(json, "\"ufrag\":\"");
	if (!candidate || !at)
		fail_msg("media.open: %s", json);
	assert_int_equal(sscanf(at, "\"ufrag\":\"%31[^\"]\",\"pwd\":\"%63[^\"]\"", ufrag, leg.pwd), 2);
	assert_int_equal(sscanf(strstr(candidate, "\"port\":"), "\"port\":%u", &port), 1);
	snprintf(leg.name, sizeof(leg.name), "%s:peer", ufrag);
	leg.to.sin_port = htons((uint16_t)port);
	leg.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(leg.fd, (struct sockaddr *)&mine, sizeof(mine)), 0);
	return leg;
}

void leg_free(struct leg *leg)
{
	close(leg->fd);
	leg->fd = -1;
}

static void put(const struct leg *leg, const void *data, size_t len)
{
	assert_int_equal(sendto(leg->fd, data, len, 0, (const struct sockaddr *)&leg->to, sizeof(leg->to)), len);
}

/* Length of the next datagram, 0 when none came by then. */
static size_t get(const struct leg *leg, uint8_t data[ICE_PACKET_MAX], int64_t until)
{
	int64_t left = until - at_mono_ms();
	struct pollfd p = {.fd = leg->fd, .events = POLLIN};
	if (poll(&p, 1, left > 0 ? (int)left : 0) != 1)
		return 0;
	ssize_t len = recv(leg->fd, data, ICE_PACKET_MAX, 0);
	return len > 0 ? (size_t)len : 0;
}

bool leg_check(const struct leg *leg, int timeout_ms)
{
	struct ice *ice = ice_new();
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = leg->name,
				      .pwd = leg->pwd,
				      .priority = 1,
				      .use_candidate = true};
	uint8_t data[ICE_PACKET_MAX];
	struct stun_message reply;
	bool answered = false;
	int64_t until = at_mono_ms() + timeout_ms;
	at_rand(request.tid, sizeof(request.tid));
	put(leg, data, ice_request_put(ice, &request, data));
	for (size_t len; !answered && (len = get(leg, data, until)) > 0;)
		answered = stun_parse(data, len, &reply) == AT_OK && reply.type == STUN_BINDING_SUCCESS &&
			   memcmp(reply.tid, request.tid, sizeof(request.tid)) == 0 &&
			   ice_integrity_ok(ice, &reply, leg->pwd);
	ice_free(&ice);
	return answered;
}

void leg_send_rtp(const struct leg *leg, uint32_t ssrc)
{
	uint8_t packet[60] = {0x80, 111};
	at_put_u32(packet + 8, ssrc);
	put(leg, packet, sizeof(packet));
}

bool leg_hears_rtp(const struct leg *leg, uint32_t ssrc, int timeout_ms)
{
	uint8_t data[ICE_PACKET_MAX], wanted[4];
	int64_t until = at_mono_ms() + timeout_ms;
	at_put_u32(wanted, ssrc);
	for (size_t len; (len = get(leg, data, until)) > 0;)
		if (len == 60 && data[0] == 0x80 && memcmp(data + 8, wanted, 4) == 0)
			return true;
	return false;
}
