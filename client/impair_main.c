/* impair: stands between browsers and a media port, and is a bad network for both, as it is told on standard input. UDP is held up, lost and
 * mangled; TCP on the same number is passed on as it is, or refused.
 *
 *   impair LISTEN-PORT TO-PORT [SEED]      both on 127.0.0.1; 0 = any; prints "listening PORT"
 *
 * A line each, answered by "ok" or "bad":
 *   [up|down] loss 10 | burst 10 4 | delay 50 20 | reorder 5 | duplicate 1 | corrupt 1 | rate 500 | cut | clear
 *                          up: towards the server; neither: both ways (impair.h)
 *   rebind [ADDRESS]       every client's packets come from another port (and address) from now on; what comes to the old one is lost
 *   to PORT                the server is there now
 *   stats                  "in N out N lost N ..." of both ways instead of "ok" */
#include "base/log.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/time.h"
#include "client/impair.h"
#include "client/splice.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 64, LINE_MAX_LEN = 256 };

/* A browser's socket, and the one that stands for it at the server. */
struct leg {
	struct sockaddr_in from;
	int fd;
	struct at_poll *poll;
};

static struct {
	struct at_loop *loop;
	struct at_timer *timer;
	int fd;
	struct sockaddr_in server;
	struct in_addr source; /* of the legs' sockets */
	struct leg legs[CLIENTS_MAX];
	uint32_t n;
	struct impair *up, *down;
	struct impair_settings up_settings, down_settings;
	char line[LINE_MAX_LEN];
	size_t line_len;
} proxy;

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "impair: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int bound_socket(int type, struct in_addr address, uint16_t *port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(*port), .sin_addr = address};
	socklen_t len = sizeof(name);
	int one = 1, size = 1 << 20, fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) || getsockname(fd, (struct sockaddr *)&name, &len))
		die("bind");
	*port = ntohs(name.sin_port);
	return fd;
}

/* ---- packets ---- */

static void arm(void)
{
	int64_t up = impair_due_us(proxy.up), down = impair_due_us(proxy.down), due = up < down ? up : down;
	int64_t wait_ms = (due - at_mono_us() + 999) / 1000;

	at_timer_stop(proxy.timer);
	if (due != INT64_MAX)
		at_timer_start(proxy.timer, wait_ms > 0 ? wait_ms : 0, 0);
}

static void deliver(void)
{
	struct impair_packet packet;
	int64_t now = at_mono_us();

	while (impair_take(proxy.up, now, &packet))
		(void)sendto(proxy.legs[packet.tag].fd, packet.data, packet.len, 0, (struct sockaddr *)&proxy.server,
			     sizeof(proxy.server));
	while (impair_take(proxy.down, now, &packet))
		(void)sendto(proxy.fd, packet.data, packet.len, 0, (struct sockaddr *)&proxy.legs[packet.tag].from,
			     sizeof(proxy.legs[packet.tag].from));
	arm();
}

static void on_timer(void *arg)
{
	(void)arg;
	deliver();
}

static void on_server(void *arg, int events)
{
	struct leg *leg = arg;
	uint8_t bytes[IMPAIR_PACKET_MAX];
	ssize_t len;

	(void)events;
	while ((len = recv(leg->fd, bytes, sizeof(bytes), 0)) >= 0)
		impair_put(proxy.down, at_mono_us(), bytes, (size_t)len, (uint32_t)(leg - proxy.legs));
	deliver();
}

static void open_leg(struct leg *leg)
{
	uint16_t port = 0;

	leg->fd = bound_socket(SOCK_DGRAM, proxy.source, &port);
	leg->poll = at_poll_new(proxy.loop, leg->fd, on_server, leg);
	at_poll_set(leg->poll, AT_POLL_READ);
}

static void close_leg(struct leg *leg)
{
	at_poll_free(&leg->poll);
	close(leg->fd);
}

static struct leg *leg_of(const struct sockaddr_in *from)
{
	for (uint32_t i = 0; i < proxy.n; i++)
		if (proxy.legs[i].from.sin_port == from->sin_port &&
		    proxy.legs[i].from.sin_addr.s_addr == from->sin_addr.s_addr)
			return &proxy.legs[i];
	if (proxy.n == CLIENTS_MAX)
		return NULL;
	struct leg *leg = &proxy.legs[proxy.n++];

	leg->from = *from;
	open_leg(leg);
	return leg;
}

static void on_client(void *arg, int events)
{
	uint8_t bytes[IMPAIR_PACKET_MAX];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len;

	(void)arg, (void)events;
	while ((len = recvfrom(proxy.fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		const struct leg *leg = leg_of(&from);

		if (leg)
			impair_put(proxy.up, at_mono_us(), bytes, (size_t)len, (uint32_t)(leg - proxy.legs));
	}
	deliver();
}

/* ---- what it is told ---- */

static bool rebind(const char *address)
{
	if (*address && inet_pton(AF_INET, address, &proxy.source) != 1)
		return false;
	for (uint32_t i = 0; i < proxy.n; i++) {
		int old = proxy.legs[i].fd;

		/* The old port stays taken until there is a new one, so that it is another. */
		at_poll_free(&proxy.legs[i].poll);
		open_leg(&proxy.legs[i]);
		close(old);
	}
	return true;
}

static bool set(const char *line)
{
	bool up = strncmp(line, "up ", 3) == 0, down = strncmp(line, "down ", 5) == 0;
	const char *rest = line + (up ? 3 : down ? 5 : 0);

	if (!down && impair_settings_set(&proxy.up_settings, rest) != AT_OK)
		return false;
	if (!up && impair_settings_set(&proxy.down_settings, rest) != AT_OK)
		return false;
	impair_set(proxy.up, &proxy.up_settings);
	impair_set(proxy.down, &proxy.down_settings);
	return true;
}

static void print_stats(void)
{
	const struct impair_counts *u = impair_counts(proxy.up), *d = impair_counts(proxy.down);

	printf("in %" PRIu64 " out %" PRIu64 " lost %" PRIu64 " overflown %" PRIu64 " doubled %" PRIu64
	       " corrupted %" PRIu64 " overtaken %" PRIu64 "\n",
	       u->in + d->in, u->out + d->out, u->lost + d->lost, u->overflown + d->overflown, u->doubled + d->doubled,
	       u->corrupted + d->corrupted, u->overtaken + d->overtaken);
}

static void obey(const char *line)
{
	bool ok = true;
	long port = strncmp(line, "to ", 3) == 0 ? strtol(line + 3, NULL, 10) : 0;

	if (at_str_eq(line, "stats")) {
		print_stats();
		return;
	}
	if (port > 0 && port < 65536) {
		proxy.server.sin_port = htons((uint16_t)port);
		splice_to((uint16_t)port);
	} else if (strncmp(line, "rebind", 6) == 0 && (line[6] == '\0' || line[6] == ' ')) {
		ok = rebind(line[6] ? line + 7 : "");
	} else {
		ok = set(line);
	}
	puts(ok ? "ok" : "bad");
}

static void on_input(void *arg, int events)
{
	char bytes[LINE_MAX_LEN];
	ssize_t len = read(STDIN_FILENO, bytes, sizeof(bytes));

	(void)arg, (void)events;
	if (len == 0)
		at_loop_stop(proxy.loop);
	for (ssize_t i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			if (proxy.line_len + 1 < sizeof(proxy.line))
				proxy.line[proxy.line_len++] = bytes[i];
			continue;
		}
		proxy.line[proxy.line_len] = '\0';
		proxy.line_len = 0;
		obey(proxy.line);
	}
	fflush(stdout);
}

static struct at_poll *watch(int fd, at_poll_fn *fn)
{
	struct at_poll *poll = at_poll_new(proxy.loop, fd, fn, NULL);

	at_poll_set(poll, AT_POLL_READ);
	return poll;
}

int main(int argc, char **argv)
{
	struct in_addr local = {htonl(INADDR_LOOPBACK)};

	if (argc < 3 || argc > 4) {
		fputs("usage: impair LISTEN-PORT TO-PORT [SEED]\n", stderr);
		return 2;
	}
	uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10), to = (uint16_t)strtoul(argv[2], NULL, 10);
	uint64_t seed = argc == 4 ? strtoull(argv[3], NULL, 10) : 1;

	at_log_set_level(AT_LOG_ERROR);
	proxy.loop = at_loop_new();
	proxy.timer = at_timer_new(proxy.loop, on_timer, NULL);
	proxy.source = local;
	proxy.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(to), .sin_addr = local};
	proxy.up = impair_new(seed);
	proxy.down = impair_new(~seed);
	proxy.fd = bound_socket(SOCK_DGRAM, local, &port);
	int listener = bound_socket(SOCK_STREAM, local, &port);
	struct at_poll *client = watch(proxy.fd, on_client), *input = watch(STDIN_FILENO, on_input);

	splice_start(proxy.loop, listener);
	splice_to(to);
	printf("listening %u\n", port);
	fflush(stdout);
	at_loop_run(proxy.loop);
	splice_stop();
	at_poll_free(&client);
	at_poll_free(&input);
	for (uint32_t i = 0; i < proxy.n; i++)
		close_leg(&proxy.legs[i]);
	at_timer_free(&proxy.timer);
	impair_free(&proxy.up);
	impair_free(&proxy.down);
	close(proxy.fd);
	at_loop_free(&proxy.loop);
	return 0;
}
