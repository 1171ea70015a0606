/* ICE-TCP, passive (RFC 6544): for networks that let no UDP through. A connection is a tuple like any other; it has to prove a password with
 * its first frames or is closed. Everything is bounded: connections in all and from one address, bytes in, bytes out. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "media/role/role_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 16, READ_MAX = 16 * 1024, READS_A_TURN = 4, LOOK_EVERY_US = 1000 * 1000 };

struct media_conn {
	struct media *m;
	struct at_poll *poll;
	int fd;
	bool dead;
	int64_t since_us;
	struct ice_tuple tuple;
	struct media_frames in;
	struct at_buf out; /* empty: what is written goes straight to the socket */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* ---- the end ---- */

static void conn_kill(struct media_conn *conn)
{
	if (conn->dead)
		return;
	conn->dead = true;
	conn->m->conn_died = true;
	at_poll_set(conn->poll, 0);
	relay_tuple_gone(conn->m->relay, at_mono_us(), &conn->tuple);
	sfu_tuple_gone(conn->m->sfu, at_mono_us(), &conn->tuple);
}

static void conn_free(struct media_conn *conn)
{
	at_poll_free(&conn->poll);
	close(conn->fd);
	at_buf_release(&conn->out);
	at_free(conn);
}

/* Apart from the callback in which they died, since that may be their own or that of who sent to them. */
void media_tcp_reap(struct media *m)
{
	if (!m->conn_died)
		return;
	m->conn_died = false;
	for (size_t i = 0; i < MEDIA_CONNS_MAX; i++) {
		if (!m->conns[i] || !m->conns[i]->dead)
			continue;
		conn_free(m->conns[i]);
		m->conns[i] = NULL;
		m->conn_count--;
	}
	media_tell(m);
}

static bool is_known(const struct media_conn *conn)
{
	return relay_knows(conn->m->relay, &conn->tuple) || sfu_owns(conn->m->sfu, &conn->tuple);
}

void media_tcp_look(struct media *m, int64_t now_us)
{
	if (now_us - m->looked_at_conns_us < LOOK_EVERY_US || !m->conn_count)
		return;
	m->looked_at_conns_us = now_us;
	for (size_t i = 0; i < MEDIA_CONNS_MAX; i++) {
		struct media_conn *conn = m->conns[i];
		if (conn && now_us - conn->since_us > MEDIA_CONN_PROVE_MS * 1000LL && !is_known(conn))
			conn_kill(conn);
	}
	media_tcp_reap(m);
}

/* ---- out ---- */

static void write_queued(struct media_conn *conn)
{
	while (conn->out.len) {
		ssize_t n = send(conn->fd, conn->out.data, conn->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			conn_kill(conn);
			return;
		}
		at_buf_consume(&conn->out, (size_t)n);
	}
	at_buf_release(&conn->out);
	at_poll_set(conn->poll, AT_POLL_READ);
}

/* A frame goes whole or not at all; a slow reader loses frames, as it would on a slow network. */
static void conn_write(struct media_conn *conn, const uint8_t *data, size_t len)
{
	uint8_t head[2];
	at_put_u16(head, (uint16_t)len);
	size_t sent = 0;
	if (!conn->out.len) {
		struct iovec parts[2] = {{head, 2}, {(void *)(uintptr_t)data, len}};
		struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t n = sendmsg(conn->fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN) {
			conn_kill(conn);
			return;
		}
		sent = n > 0 ? (size_t)n : 0;
	}
	if (sent == 2 + len)
		return;
	if (at_buf_reserve(&conn->out, 2 + len - sent)) {
		conn->m->send_full++;
		return;
	}
	enum at_err err = AT_OK;
	if (sent < 2)
		err = at_buf_append(&conn->out, head + sent, 2 - sent);
	size_t from = sent > 2 ? sent - 2 : 0;
	if (!err)
		err = at_buf_append(&conn->out, data + from, len - from);
	AT_ASSERT(!err);
	at_poll_set(conn->poll, AT_POLL_READ | AT_POLL_WRITE);
}

void media_tcp_put(struct media *m, const struct media_send *send)
{
	struct media_conn *conn = m->conns[send->to->conn % MEDIA_CONNS_MAX];
	if (conn && !conn->dead && conn->tuple.conn == send->to->conn)
		conn_write(conn, send->data, send->len);
	else
		m->send_failed++;
}

/* ---- in ---- */

/* The SFU opens packets where they are. */
static void give_room(struct media_conn *conn, const uint8_t *data, size_t len)
{
	struct media *m = conn->m;
	int64_t now_us = at_mono_us();
	uint8_t bytes[ICE_PACKET_MAX];
	memcpy(bytes, data, len);
	sfu_packet(m->sfu, now_us, now_us, &conn->tuple, bytes, len);
	media_room_flush(m, now_us);
}

/* What has proved nothing yet may only check: anything else first is no client of ours. */
static bool on_frame(void *arg, const uint8_t *data, size_t len)
{
	struct media_conn *conn = arg;
	struct media *m = conn->m;
	uint8_t reply[ICE_REPLY_MAX];
	struct relay_send send;
	bool is_check = data[0] < 4;
	if (!is_check && !is_known(conn))
		return false;
	if (media_room_takes(m, &conn->tuple, data, len)) {
		give_room(conn, data, len);
		return !conn->dead;
	}
	if (relay_packet(m->relay, at_mono_us(), &conn->tuple, data, len, reply, &send)) {
		media_put_relayed(m, &send);
		media_udp_flush(m);
	}
	if (is_check)
		media_send_held(m);
	return !conn->dead;
}

static void conn_read(struct media_conn *conn)
{
	static uint8_t bytes[READ_MAX];
	for (int turn = 0; turn < READS_A_TURN && !conn->dead; turn++) {
		ssize_t n = recv(conn->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || !media_frames_feed(&conn->in, bytes, (size_t)n, on_frame, conn)) {
			conn_kill(conn);
			return;
		}
		if ((size_t)n < sizeof(bytes))
			return;
	}
}

static void on_conn(void *arg, int events)
{
	struct media_conn *conn = arg;
	struct media *m = conn->m;
	if (events & AT_POLL_WRITE && conn->out.len)
		write_queued(conn);
	if (events & AT_POLL_READ && !conn->dead)
		conn_read(conn);
	media_tell(m);
	media_tcp_reap(m);
}

/* ---- the beginning ---- */

static void set_ip(const union address *a, uint8_t ip[16])
{
	if (a->any.sa_family == AF_INET) {
		ip[10] = ip[11] = 0xff;
		memcpy(ip + 12, &a->v4.sin_addr, 4);
	} else {
		memcpy(ip, &a->v6.sin6_addr, 16);
	}
}

static struct ice_tuple tuple_of(int fd, const union address *from)
{
	union address local = {.any = {0}};
	socklen_t len = sizeof(local);
	struct ice_tuple tuple = {.transport = ICE_TCP};
	set_ip(from, tuple.remote_ip);
	tuple.remote_port = ntohs(from->any.sa_family == AF_INET ? from->v4.sin_port : from->v6.sin6_port);
	if (!getsockname(fd, &local.any, &len))
		set_ip(&local, tuple.local_ip);
	return tuple;
}

/* An index, or MEDIA_CONNS_MAX: no room, or too many from there. */
static size_t room_for(const struct media *m, const struct ice_tuple *tuple)
{
	size_t place = MEDIA_CONNS_MAX, same = 0;
	for (size_t i = 0; i < MEDIA_CONNS_MAX; i++) {
		if (!m->conns[i])
			place = i;
		else
			same += !memcmp(m->conns[i]->tuple.remote_ip, tuple->remote_ip, 16);
	}
	return same < MEDIA_CONNS_A_PEER ? place : MEDIA_CONNS_MAX;
}

static void welcome(struct media *m, int fd, const union address *from)
{
	static const int on = 1;
	struct ice_tuple tuple = tuple_of(fd, from);
	size_t place = room_for(m, &tuple);
	if (place == MEDIA_CONNS_MAX) {
		close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct media_conn *conn = at_alloc(sizeof(*conn));
	*conn = (struct media_conn){.m = m, .fd = fd, .tuple = tuple, .since_us = at_mono_us()};
	/* Never 0, and another one for the next connection in the same place. */
	conn->tuple.conn = (++m->conn_serial % (UINT32_MAX / MEDIA_CONNS_MAX) + 1) * MEDIA_CONNS_MAX + (uint32_t)place;
	at_buf_init(&conn->out, MEDIA_CONN_OUT_MAX);
	conn->poll = at_poll_new(m->loop, fd, on_conn, conn);
	at_poll_set(conn->poll, AT_POLL_READ);
	m->conns[place] = conn;
	m->conn_count++;
	media_busy(m);
}

static void on_accept(struct media *m, int door)
{
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		union address from = {.any = {0}};
		socklen_t len = sizeof(from);
		int fd = accept4(door, &from.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		welcome(m, fd, &from);
	}
}

static void on_v4(void *arg, int events)
{
	struct media *m = arg;
	(void)events;
	on_accept(m, m->tcp[0]);
}

static void on_v6(void *arg, int events)
{
	struct media *m = arg;
	(void)events;
	on_accept(m, m->tcp[1]);
}

void media_tcp_start(struct media *m)
{
	static at_poll_fn *const fns[MEDIA_FAMILIES] = {on_v4, on_v6};
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		if (m->tcp[i] < 0)
			continue;
		m->tcp_polls[i] = at_poll_new(m->loop, m->tcp[i], fns[i], m);
		at_poll_set(m->tcp_polls[i], AT_POLL_READ);
	}
}
