/* Batches: up to 64 packets in by one call, checks answered first, then the rest passed on from the very buffers they came in, out by one
 * call a socket. */
#include "base/mem.h"
#include "base/time.h"
#include "media/role/role_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	BATCHES_A_TURN = 4,         /* then timers and core have their turn */
	ROOM = ICE_PACKET_MAX + 36, /* more, so that what is too long shows */
	CONTROL = CMSG_SPACE(sizeof(struct in6_pktinfo)),
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union control {
	struct cmsghdr align;
	uint8_t bytes[CONTROL];
};

struct outgoing {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	union address to[BATCH];
	union control control[BATCH];
	unsigned count;
};

struct media_batch {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	union address from[BATCH];
	union control control[BATCH];
	struct ice_tuple tuples[BATCH];
	uint8_t bytes[BATCH][ROOM];
	uint8_t replies[BATCH][ICE_REPLY_MAX];
	struct outgoing out[MEDIA_SOCKS_MAX];
};

/* ---- addresses in and out ---- */

static bool read_local(struct msghdr *header, struct ice_tuple *tuple)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	if (!c)
		return false;
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo info;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		tuple->local_ip[10] = tuple->local_ip[11] = 0xff;
		memcpy(tuple->local_ip + 12, &info.ipi_spec_dst, 4);
		return true;
	}
	if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		memcpy(tuple->local_ip, CMSG_DATA(c), 16);
		return true;
	}
	return false;
}

static bool read_tuple(const struct media_sock *sock, struct msghdr *header, struct ice_tuple *tuple)
{
	const union address *from = header->msg_name;
	*tuple = (struct ice_tuple){.transport = ICE_UDP, .conn = (uint32_t)(sock - sock->m->socks)};
	if (from->any.sa_family == AF_INET) {
		tuple->remote_ip[10] = tuple->remote_ip[11] = 0xff;
		memcpy(tuple->remote_ip + 12, &from->v4.sin_addr, 4);
		tuple->remote_port = ntohs(from->v4.sin_port);
	} else {
		memcpy(tuple->remote_ip, &from->v6.sin6_addr, 16);
		tuple->remote_port = ntohs(from->v6.sin6_port);
		tuple->scope = from->v6.sin6_scope_id;
	}
	if (header->msg_flags & MSG_TRUNC)
		return false;
	if (sock->is_wild)
		return read_local(header, tuple);
	memcpy(tuple->local_ip, sock->ip, 16);
	return true;
}

/* Which of our addresses it goes from, for a wild socket. */
static void put_local(struct msghdr *header, const struct ice_tuple *tuple, bool is_v4)
{
	struct in_pktinfo v4 = {.ipi_ifindex = 0};
	struct in6_pktinfo v6 = {.ipi6_ifindex = tuple->scope};
	size_t len = is_v4 ? sizeof(v4) : sizeof(v6);
	memcpy(&v4.ipi_spec_dst, tuple->local_ip + 12, 4);
	memcpy(&v6.ipi6_addr, tuple->local_ip, 16);
	header->msg_controllen = CMSG_SPACE(len);
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	*c = (struct cmsghdr){.cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6,
			      .cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO,
			      .cmsg_len = CMSG_LEN(len)};
	memcpy(CMSG_DATA(c), is_v4 ? (const void *)&v4 : (const void *)&v6, len);
}

static void put_remote(union address *to, const struct ice_tuple *tuple, bool is_v4)
{
	if (is_v4) {
		to->v4.sin_port = htons(tuple->remote_port);
		memcpy(&to->v4.sin_addr, tuple->remote_ip + 12, 4);
	} else {
		to->v6.sin6_port = htons(tuple->remote_port);
		to->v6.sin6_scope_id = tuple->scope;
		memcpy(&to->v6.sin6_addr, tuple->remote_ip, 16);
	}
}

/* ---- out ---- */

/* Whose sending fails (no route, refused by a firewall) does not hold up the others; a full socket drops the rest, as a full network
 * would. */
static void flush_one(struct media *m, int fd, struct outgoing *out)
{
	for (unsigned done = 0; done < out->count;) {
		int n = sendmmsg(fd, out->headers + done, out->count - done, MSG_NOSIGNAL);
		if (n > 0) {
			done += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			m->send_full += out->count - done;
			break;
		} else if (errno != EINTR) {
			m->send_failed++;
			done++;
		}
	}
	out->count = 0;
}

void media_udp_flush(struct media *m)
{
	for (size_t i = 0; i < m->sock_count; i++)
		if (m->batch->out[i].count)
			flush_one(m, m->socks[i].fd, &m->batch->out[i]);
}

void media_udp_put(struct media *m, const struct relay_send *send)
{
	const struct media_sock *sock = &m->socks[send->to->conn];
	struct outgoing *out = &m->batch->out[send->to->conn];
	if (out->count == BATCH)
		media_udp_flush(m);
	unsigned i = out->count++;
	out->parts[i] = (struct iovec){(void *)(uintptr_t)send->data, send->len};
	put_remote(&out->to[i], send->to, sock->is_v4);
	if (sock->is_wild)
		put_local(&out->headers[i].msg_hdr, send->to, sock->is_v4);
}

/* ---- in ---- */

static void handle(struct media *m, unsigned i, int64_t now_us)
{
	struct media_batch *b = m->batch;
	struct relay_send send;
	if (relay_packet(m->relay, now_us, &b->tuples[i], b->bytes[i], b->headers[i].msg_len, b->replies[i], &send))
		media_put(m, &send);
}

static void handle_batch(struct media_sock *sock, unsigned n)
{
	struct media *m = sock->m;
	struct media_batch *b = m->batch;
	int64_t now_us = at_mono_us();
	bool is_media[BATCH], checked = false;
	for (unsigned i = 0; i < n; i++) {
		bool is_good = b->headers[i].msg_len > 0 && read_tuple(sock, &b->headers[i].msg_hdr, &b->tuples[i]);
		is_media[i] = is_good && b->bytes[i][0] >= 4;
		if (!is_good || is_media[i])
			continue;
		handle(m, i, now_us);
		checked = true;
	}
	if (checked)
		media_send_held(m);
	relay_expect(m->relay, b->tuples, n);
	for (unsigned i = 0; i < n; i++)
		if (is_media[i])
			handle(m, i, now_us);
	media_udp_flush(m);
}

static int receive(const struct media_sock *sock)
{
	struct media_batch *b = sock->m->batch;
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *header = &b->headers[i].msg_hdr;
		header->msg_namelen = sizeof(b->from[i]);
		header->msg_controllen = sock->is_wild ? sizeof(b->control[i]) : 0;
	}
	return recvmmsg(sock->fd, b->headers, BATCH, MSG_DONTWAIT, NULL);
}

static void on_readable(void *arg, int events)
{
	struct media_sock *sock = arg;
	/* An error on the socket: it is not watched any more, but what is wrong concerns one packet. */
	if (events & AT_POLL_WRITE)
		at_poll_set(sock->poll, AT_POLL_READ);
	for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
		int n = receive(sock);
		if (n <= 0)
			break;
		handle_batch(sock, (unsigned)n);
		if (n < BATCH)
			break;
	}
	media_tell(sock->m);
	media_tcp_reap(sock->m);
}

static void prepare_in(struct media_batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->parts[i] = (struct iovec){b->bytes[i], ROOM};
		b->headers[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							.msg_iov = &b->parts[i],
							.msg_iovlen = 1,
							.msg_control = &b->control[i]};
	}
}

/* What is the same for every packet of a socket is written once. */
static void prepare_out(struct outgoing *out, const struct media_sock *sock)
{
	for (size_t i = 0; i < BATCH; i++) {
		out->to[i].any.sa_family = sock->is_v4 ? AF_INET : AF_INET6;
		out->headers[i].msg_hdr =
			(struct msghdr){.msg_name = &out->to[i],
					.msg_namelen = sock->is_v4 ? sizeof(out->to[i].v4) : sizeof(out->to[i].v6),
					.msg_iov = &out->parts[i],
					.msg_iovlen = 1,
					.msg_control = sock->is_wild ? &out->control[i] : NULL};
	}
}

void media_udp_start(struct media *m)
{
	m->batch = at_alloc(sizeof(*m->batch));
	prepare_in(m->batch);
	for (size_t i = 0; i < m->sock_count; i++) {
		struct media_sock *sock = &m->socks[i];
		prepare_out(&m->batch->out[i], sock);
		sock->poll = at_poll_new(m->loop, sock->fd, on_readable, sock);
		at_poll_set(sock->poll, AT_POLL_READ);
	}
}
