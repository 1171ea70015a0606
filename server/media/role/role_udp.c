/* Batches: up to 64 packets in by one call, checks answered first, then the rest passed on from the very buffers they came in, out by one
 * call a family. */
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
	struct outgoing out[MEDIA_FAMILIES];
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

static bool read_tuple(struct msghdr *header, struct ice_tuple *tuple)
{
	const union address *from = header->msg_name;
	*tuple = (struct ice_tuple){.transport = ICE_UDP};
	if (from->any.sa_family == AF_INET) {
		tuple->remote_ip[10] = tuple->remote_ip[11] = 0xff;
		memcpy(tuple->remote_ip + 12, &from->v4.sin_addr, 4);
		tuple->remote_port = ntohs(from->v4.sin_port);
	} else {
		memcpy(tuple->remote_ip, &from->v6.sin6_addr, 16);
		tuple->remote_port = ntohs(from->v6.sin6_port);
		tuple->scope = from->v6.sin6_scope_id;
	}
	return !(header->msg_flags & MSG_TRUNC) && read_local(header, tuple);
}

static void put_v4(struct msghdr *header, union address *to, const struct ice_tuple *tuple)
{
	struct in_pktinfo info = {.ipi_ifindex = 0};
	to->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(tuple->remote_port)};
	memcpy(&to->v4.sin_addr, tuple->remote_ip + 12, 4);
	memcpy(&info.ipi_spec_dst, tuple->local_ip + 12, 4);
	header->msg_namelen = sizeof(to->v4);
	header->msg_controllen = CMSG_SPACE(sizeof(info));
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	*c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void put_v6(struct msghdr *header, union address *to, const struct ice_tuple *tuple)
{
	struct in6_pktinfo info = {.ipi6_ifindex = tuple->scope};
	to->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
				       .sin6_port = htons(tuple->remote_port),
				       .sin6_scope_id = tuple->scope};
	memcpy(&to->v6.sin6_addr, tuple->remote_ip, 16);
	memcpy(&info.ipi6_addr, tuple->local_ip, 16);
	header->msg_namelen = sizeof(to->v6);
	header->msg_controllen = CMSG_SPACE(sizeof(info));
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	*c = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6,
			      .cmsg_type = IPV6_PKTINFO,
			      .cmsg_len = CMSG_LEN(sizeof(info))};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
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
	for (size_t i = 0; i < MEDIA_FAMILIES; i++)
		if (m->batch->out[i].count)
			flush_one(m, m->udp[i], &m->batch->out[i]);
}

void media_udp_put(struct media *m, const struct relay_send *send)
{
	bool is_v4 = media_ip_is_v4(send->to->remote_ip);
	struct outgoing *out = &m->batch->out[is_v4 ? 0 : 1];
	if (out->count == BATCH)
		media_udp_flush(m);
	unsigned i = out->count++;
	struct msghdr *header = &out->headers[i].msg_hdr;
	out->parts[i] = (struct iovec){(void *)(uintptr_t)send->data, send->len};
	if (is_v4)
		put_v4(header, &out->to[i], send->to);
	else
		put_v6(header, &out->to[i], send->to);
}

/* ---- in ---- */

static void handle(struct media *m, unsigned i, int64_t now_us)
{
	struct media_batch *b = m->batch;
	struct relay_send send;
	if (relay_packet(m->relay, now_us, &b->tuples[i], b->bytes[i], b->headers[i].msg_len, b->replies[i], &send))
		media_put(m, &send);
}

static void handle_batch(struct media *m, unsigned n)
{
	struct media_batch *b = m->batch;
	int64_t now_us = at_mono_us();
	bool is_media[BATCH], checked = false;
	for (unsigned i = 0; i < n; i++) {
		bool is_good = read_tuple(&b->headers[i].msg_hdr, &b->tuples[i]) && b->headers[i].msg_len > 0;
		is_media[i] = is_good && b->bytes[i][0] >= 4;
		if (!is_good || is_media[i])
			continue;
		handle(m, i, now_us);
		checked = true;
	}
	if (checked)
		media_send_held(m);
	for (unsigned i = 0; i < n; i++)
		if (is_media[i])
			handle(m, i, now_us);
	media_udp_flush(m);
}

static int receive(struct media *m, int fd)
{
	struct media_batch *b = m->batch;
	for (size_t i = 0; i < BATCH; i++) {
		struct msghdr *header = &b->headers[i].msg_hdr;
		header->msg_namelen = sizeof(b->from[i]);
		header->msg_controllen = sizeof(b->control[i]);
	}
	return recvmmsg(fd, b->headers, BATCH, MSG_DONTWAIT, NULL);
}

static void on_readable(struct media *m, size_t family, int events)
{
	/* An error on the socket: it is not watched any more, but what is wrong concerns one packet. */
	if (events & AT_POLL_WRITE)
		at_poll_set(m->udp_polls[family], AT_POLL_READ);
	for (int turn = 0; turn < BATCHES_A_TURN; turn++) {
		int n = receive(m, m->udp[family]);
		if (n <= 0)
			break;
		handle_batch(m, (unsigned)n);
		if (n < BATCH)
			break;
	}
	media_tell(m);
	media_tcp_reap(m);
}

static void on_v4(void *arg, int events)
{
	on_readable(arg, 0, events);
}

static void on_v6(void *arg, int events)
{
	on_readable(arg, 1, events);
}

static void prepare(struct media_batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->parts[i] = (struct iovec){b->bytes[i], ROOM};
		b->headers[i].msg_hdr = (struct msghdr){.msg_name = &b->from[i],
							.msg_iov = &b->parts[i],
							.msg_iovlen = 1,
							.msg_control = &b->control[i]};
	}
	for (size_t f = 0; f < MEDIA_FAMILIES; f++) {
		struct outgoing *out = &b->out[f];
		for (size_t i = 0; i < BATCH; i++)
			out->headers[i].msg_hdr = (struct msghdr){.msg_name = &out->to[i],
								  .msg_iov = &out->parts[i],
								  .msg_iovlen = 1,
								  .msg_control = &out->control[i]};
	}
}

void media_udp_start(struct media *m)
{
	static at_poll_fn *const fns[MEDIA_FAMILIES] = {on_v4, on_v6};
	m->batch = at_alloc(sizeof(*m->batch));
	prepare(m->batch);
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		if (m->udp[i] < 0)
			continue;
		m->udp_polls[i] = at_poll_new(m->loop, m->udp[i], fns[i], m);
		at_poll_set(m->udp_polls[i], AT_POLL_READ);
	}
}
