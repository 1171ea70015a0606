/* Batches: up to 64 packets in by one call, checks answered first, then the rest passed on from the very buffers they came in, out by one
 * call a socket. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "media/role/role_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	BATCH = 64,
	BATCHES_A_TURN = 4,         /* then timers and core have their turn */
	TIME_TRUSTED_US = 1000000,  /* older than this is a clock that was set */
	ROOM = ICE_PACKET_MAX + 36, /* more, so that what is too long shows */
	/* In: where it came to and when; out: where it goes from and how long its segments are. */
	CONTROL = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct timespec)),
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
	uint16_t segments[BATCH];
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

static bool read_one_local(struct cmsghdr *c, struct ice_tuple *tuple)
{
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

static bool read_local(struct msghdr *header, struct ice_tuple *tuple)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		if (read_one_local(c, tuple))
			return true;
	return false;
}

/* When the kernel had it, on the clock of now_us, of which wall_us is the wall's time; now_us when it does not say. */
static int64_t read_time(struct msghdr *header, int64_t now_us, int64_t wall_us)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		struct timespec at;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&at, CMSG_DATA(c), sizeof(at));
		int64_t ago_us = wall_us - ((int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000);
		return ago_us > 0 && ago_us < TIME_TRUSTED_US ? now_us - ago_us : now_us;
	}
	return now_us;
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

/* Behind where it goes from, if that stands there. */
static void put_segments(struct msghdr *header, union control *control, uint16_t size)
{
	size_t at = header->msg_control ? header->msg_controllen : 0;
	struct cmsghdr *c = (struct cmsghdr *)(void *)(control->bytes + at);
	header->msg_control = control;
	header->msg_controllen = at + CMSG_SPACE(sizeof(size));
	*c = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(size))};
	memcpy(CMSG_DATA(c), &size, sizeof(size));
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

/* A kernel, or a card, that cannot cut a frame: its packets go one by one, and no frames come any more. */
static void send_cut(struct media *m, int fd, const struct outgoing *out, unsigned i)
{
	const struct iovec *whole = &out->parts[i];
	media_no_gso(m);
	for (size_t at = 0; at < whole->iov_len; at += out->segments[i]) {
		size_t left = whole->iov_len - at;
		struct iovec part = {(uint8_t *)whole->iov_base + at,
				     left < out->segments[i] ? left : out->segments[i]};
		struct msghdr header = out->headers[i].msg_hdr;
		header.msg_iov = &part;
		header.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
		if (!header.msg_controllen)
			header.msg_control = NULL;
		if (sendmsg(fd, &header, MSG_NOSIGNAL) < 0)
			m->send_failed++;
	}
}

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
		} else if (errno != EINTR && out->segments[done] && (errno == EIO || errno == EINVAL)) {
			send_cut(m, fd, out, done++);
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

void media_udp_put(struct media *m, const struct media_send *send)
{
	const struct media_sock *sock = &m->socks[send->to->conn];
	struct outgoing *out = &m->batch->out[send->to->conn];
	if (out->count == BATCH)
		media_udp_flush(m);
	unsigned i = out->count++;
	out->parts[i] = (struct iovec){(void *)(uintptr_t)send->data, send->len};
	put_remote(&out->to[i], send->to, sock->is_v4);
	/* What a frame before this one left there. */
	if (out->segments[i] && !sock->is_wild) {
		out->headers[i].msg_hdr.msg_control = NULL;
		out->headers[i].msg_hdr.msg_controllen = 0;
	}
	if (sock->is_wild)
		put_local(&out->headers[i].msg_hdr, send->to, sock->is_v4);
	out->segments[i] = send->segment_size;
	if (send->segment_size)
		put_segments(&out->headers[i].msg_hdr, &out->control[i], send->segment_size);
}

/* ---- in ---- */

/* A batch's time: by ours, and by the wall's, which the kernel writes on packets. */
struct moment {
	int64_t now_us, wall_us;
};

static void handle(struct media *m, unsigned i, const struct moment *moment)
{
	struct media_batch *b = m->batch;
	struct relay_send send;
	int64_t now_us = moment->now_us;
	if (media_room_takes(m, &b->tuples[i], b->bytes[i], b->headers[i].msg_len)) {
		int64_t recv_us = read_time(&b->headers[i].msg_hdr, now_us, moment->wall_us);
		sfu_packet(m->sfu, now_us, recv_us, &b->tuples[i], b->bytes[i], b->headers[i].msg_len);
		return;
	}
	if (relay_packet(m->relay, now_us, &b->tuples[i], b->bytes[i], b->headers[i].msg_len, b->replies[i], &send))
		media_put_relayed(m, &send);
}

static void handle_batch(struct media_sock *sock, unsigned n)
{
	struct media *m = sock->m;
	struct media_batch *b = m->batch;
	const struct moment moment = {at_mono_us(), m->wants_times ? at_wall_us() : 0};
	bool is_media[BATCH], checked = false;
	for (unsigned i = 0; i < n; i++) {
		bool is_good = b->headers[i].msg_len > 0 && read_tuple(sock, &b->headers[i].msg_hdr, &b->tuples[i]);
		is_media[i] = is_good && b->bytes[i][0] >= 4;
		if (!is_good || is_media[i])
			continue;
		handle(m, i, &moment);
		checked = true;
	}
	if (checked)
		media_send_held(m);
	relay_expect(m->relay, b->tuples, n);
	for (unsigned i = 0; i < n; i++)
		if (is_media[i])
			handle(m, i, &moment);
	media_udp_flush(m);
	if (m->wants_times)
		media_room_flush(m, moment.now_us);
}

static int receive(const struct media_sock *sock)
{
	struct media_batch *b = sock->m->batch;
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *header = &b->headers[i].msg_hdr;
		header->msg_namelen = sizeof(b->from[i]);
		header->msg_controllen = sock->is_wild || sock->m->wants_times ? sizeof(b->control[i]) : 0;
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

void media_udp_times(struct media *m, bool on)
{
	int flag = on;
	for (size_t i = 0; i < m->sock_count; i++)
		if (setsockopt(m->socks[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &flag, sizeof(flag)))
			at_log(AT_LOG_WARN, "media.no_times", NULL);
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
