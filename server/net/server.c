#include "base/log.h"
#include "base/mem.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 64, LISTEN_BACKLOG = 1024, SWEEP_MS = 1000 };

/* ---- deadlines: one timer for all ---- */

void net_conn_due(struct net_conn *conn, int64_t in_ms)
{
	AT_ASSERT(in_ms >= 0 && in_ms < (NET_WHEEL_SLOTS - 2) * SWEEP_MS);
	conn->due_ms = at_loop_now_ms(conn->server->loop) + in_ms;
	if (conn->state == NET_STATE_DEAD)
		return;
	at_list_remove(&conn->link);
	at_list_push(&conn->server->wheel[(size_t)(conn->due_ms / SWEEP_MS + 1) % NET_WHEEL_SLOTS], &conn->link);
}

static void sweep_slot(struct net_server *server, int64_t second, int64_t now_ms)
{
	AT_LIST_EACH(&server->wheel[(size_t)second % NET_WHEEL_SLOTS], it) {
		struct net_conn *conn = AT_ENTRY(it, struct net_conn, link);
		if (conn->due_ms <= now_ms)
			net_conn_expire(conn);
	}
}

static void on_sweep(void *arg)
{
	struct net_server *server = arg;
	int64_t now_ms = at_loop_now_ms(server->loop), now_s = now_ms / SWEEP_MS;
	if (server->swept_s < now_s - NET_WHEEL_SLOTS)
		server->swept_s = now_s - NET_WHEEL_SLOTS;
	while (server->swept_s < now_s)
		sweep_slot(server, ++server->swept_s, now_ms);
	if (server->accept_paused && server->listener) {
		server->accept_paused = false;
		at_poll_set(server->listener, AT_POLL_READ);
	}
}

/* ---- the end of a turn: writes of many messages together, callbacks that must not come from inside a call ---- */

void net_server_turn_soon(struct net_server *server)
{
	/* From within a turn not at once again: sockets are to be read in between. */
	if (!at_timer_active(server->turn))
		at_timer_start(server->turn, server->in_turn ? 1 : 0, 0);
}

void net_server_touch(struct net_conn *conn)
{
	if (conn->dirty)
		return;
	conn->dirty = true;
	conn->dirty_next = conn->server->dirty;
	conn->server->dirty = conn;
	net_server_turn_soon(conn->server);
}

static void on_turn(void *arg)
{
	struct net_server *server = arg;
	struct net_conn *conn = server->dirty;
	server->dirty = NULL;
	server->in_turn = true;
	while (conn) {
		struct net_conn *next = conn->dirty_next;
		conn->dirty = false;
		net_conn_turn(conn);
		conn = next;
	}
	AT_LIST_EACH(&server->dead, it) {
		struct net_conn *dead = AT_ENTRY(it, struct net_conn, link);
		if (dead->dirty)
			continue;
		at_list_remove(it);
		net_conn_reap(&dead);
	}
	server->in_turn = false;
}

/* ---- how many, and from where ---- */

static bool is_mapped(const struct net_conn *conn)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	return conn->family == AF_INET6 && !memcmp(conn->addr, mapped, sizeof(mapped));
}

static bool is_loopback(const struct net_conn *conn)
{
	static const uint8_t one[16] = {[15] = 1};
	if (conn->family == AF_INET6 && !memcmp(conn->addr, one, sizeof(one)))
		return true;
	return (conn->family == AF_INET ? conn->addr[0] : is_mapped(conn) ? conn->addr[12] : 0) == 127;
}

/* What counts as one peer: an IPv4 address, or an IPv6 network, of which everybody gets 2^64 addresses. */
static size_t peer_key(const struct net_conn *conn, const uint8_t **key_out)
{
	*key_out = is_mapped(conn) ? conn->addr + 12 : conn->addr;
	return conn->family == AF_INET || is_mapped(conn) ? 4 : 8;
}

static bool count_in(struct net_server *server, struct net_conn *conn)
{
	const uint8_t *key;
	size_t len = peer_key(conn, &key);
	if (server->conns_max && server->conns >= server->conns_max)
		return false;
	if (!is_loopback(conn)) {
		uintptr_t n = (uintptr_t)at_map_get(server->per_addr, key, len);
		if (n >= NET_ADDR_CONNS_MAX)
			return false;
		at_map_put(server->per_addr, key, len, (void *)(n + 1));
		conn->counted = true;
	}
	server->conns++;
	return true;
}

void net_server_forget(struct net_conn *conn)
{
	struct net_server *server = conn->server;
	const uint8_t *key;
	size_t len = peer_key(conn, &key);
	if (conn->counted) {
		uintptr_t n = (uintptr_t)at_map_get(server->per_addr, key, len);
		if (n > 1)
			at_map_put(server->per_addr, key, len, (void *)(n - 1));
		else
			at_map_del(server->per_addr, key, len);
	}
	server->conns--;
	at_list_remove(&conn->link);
	at_list_push(&server->dead, &conn->link);
	net_server_turn_soon(server);
}

/* ---- accepting ---- */

static void take_addr(struct net_conn *conn, const struct sockaddr_storage *addr)
{
	conn->family = (uint8_t)addr->ss_family;
	if (addr->ss_family == AF_INET6)
		memcpy(conn->addr, &((const struct sockaddr_in6 *)addr)->sin6_addr, 16);
	else
		memcpy(conn->addr, &((const struct sockaddr_in *)addr)->sin_addr, 4);
}

static void accepted(struct net_server *server, int fd, const struct sockaddr_storage *addr)
{
	int one = 1;
	struct net_conn *conn = at_alloc(sizeof(*conn));
	conn->fd = fd;
	take_addr(conn, addr);
	if (!count_in(server, conn)) {
		at_log(AT_LOG_DEBUG, "net.full", NULL);
		close(fd);
		at_free(conn);
		return;
	}
	/* Fails only for a socket that is gone already, which the first read will tell. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	net_conn_start(server, conn);
}

static void on_listener(void *arg, int events)
{
	struct net_server *server = arg;
	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN && server->listener; i++) {
		struct sockaddr_storage addr;
		socklen_t len = sizeof(addr);
		int fd = accept4(server->fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			accepted(server, fd, &addr);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* The poll would come back at once; some will have hung up by the next sweep. */
			at_log(AT_LOG_WARN, "net.accept.exhausted", "why", strerror(errno), NULL);
			server->accept_paused = true;
			at_poll_set(server->listener, 0);
			return;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		}
	}
}

/* ---- listening ---- */

static socklen_t parse_addr(const char *text, uint16_t port, struct sockaddr_storage *addr_out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr_out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr_out;
	memset(addr_out, 0, sizeof(*addr_out));
	if (!strcmp(text, "localhost"))
		text = "127.0.0.1";
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		return sizeof(*in6);
	}
	return 0;
}

static bool bind_and_listen(int fd, const struct sockaddr_storage *addr, socklen_t len, uint16_t *port_out)
{
	int one = 1, zero = 0;
	struct sockaddr_storage bound;
	socklen_t bound_len = sizeof(bound);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		return false;
	/* "::" takes IPv4, too. */
	if (addr->ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)))
		return false;
	if (bind(fd, (const struct sockaddr *)addr, len) || listen(fd, LISTEN_BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&bound, &bound_len))
		return false;
	*port_out = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
						      : ((struct sockaddr_in *)&bound)->sin_port);
	return true;
}

static enum at_err listen_on(const char *text, uint16_t port, int *fd_out, uint16_t *port_out)
{
	struct sockaddr_storage addr;
	socklen_t len = parse_addr(text, port, &addr);
	int fd = len ? socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
	if (fd >= 0 && bind_and_listen(fd, &addr, len, port_out)) {
		*fd_out = fd;
		return AT_OK;
	}
	at_log(AT_LOG_ERROR, "net.listen.failed", "addr", text, "port", AT_INT(port), "why",
	       len ? strerror(errno) : "not an address", NULL);
	if (fd >= 0)
		close(fd);
	return AT_ERR_UNAVAILABLE;
}

static void start(struct net_server *server)
{
	for (size_t i = 0; i < NET_WHEEL_SLOTS; i++)
		at_list_init(&server->wheel[i]);
	at_list_init(&server->dead);
	server->per_addr = at_map_new();
	server->swept_s = at_loop_now_ms(server->loop) / SWEEP_MS;
	server->turn = at_timer_new(server->loop, on_turn, server);
	server->sweep = at_timer_new(server->loop, on_sweep, server);
	at_timer_start(server->sweep, SWEEP_MS, SWEEP_MS);
	server->listener = at_poll_new(server->loop, server->fd, on_listener, server);
	at_poll_set(server->listener, AT_POLL_READ);
}

enum at_err net_server_new(struct at_loop *loop, const struct net_options *options, const struct net_handler *handler,
			   struct net_server **server_out)
{
	struct ssl_ctx_st *tls = NULL;
	uint16_t port = 0;
	int fd;
	*server_out = NULL;
	enum at_err err = options->tls_cert ? net_tls_new(options->tls_cert, options->tls_key, &tls) : AT_OK;
	if (err)
		return err;
	err = listen_on(options->listen_addr, options->port, &fd, &port);
	if (err) {
		net_tls_free(&tls);
		return err;
	}
	struct net_server *server = at_alloc(sizeof(*server));
	server->loop = loop;
	server->handler = *handler;
	server->tls = tls;
	server->fd = fd;
	server->port = port;
	server->conns_max = options->conns_max;
	start(server);
	at_log(AT_LOG_INFO, "net.listening", "port", AT_INT(port), "tls", tls ? "yes" : "no", NULL);
	*server_out = server;
	return AT_OK;
}

uint16_t net_server_port(const struct net_server *server)
{
	return server->port;
}

/* ---- stopping ---- */

static void each_conn(struct net_server *server, void (*fn)(struct net_conn *conn))
{
	for (size_t i = 0; i < NET_WHEEL_SLOTS; i++) {
		AT_LIST_EACH(&server->wheel[i], it)
			fn(AT_ENTRY(it, struct net_conn, link));
	}
}

static void say_goodbye(struct net_conn *conn)
{
	if (conn->ws)
		net_ws_close(conn->ws, NET_WS_GOING_AWAY);
	else if (conn->state == NET_STATE_HTTP && !conn->exchange)
		net_conn_end(conn);
	else if (conn->state == NET_STATE_TLS)
		net_conn_kill(conn);
}

void net_server_stop(struct net_server *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	at_poll_free(&server->listener);
	close(server->fd);
	each_conn(server, say_goodbye);
}

void net_server_free(struct net_server **server)
{
	struct net_server *s = *server;
	*server = NULL;
	if (!s)
		return;
	net_server_stop(s);
	each_conn(s, net_conn_kill);
	for (struct at_link *it = at_list_first(&s->dead); it; it = at_list_first(&s->dead)) {
		struct net_conn *conn = AT_ENTRY(it, struct net_conn, link);
		at_list_remove(it);
		net_conn_reap(&conn);
	}
	at_timer_free(&s->turn);
	at_timer_free(&s->sweep);
	at_map_free(&s->per_addr);
	net_tls_free(&s->tls);
	at_free(s);
}
