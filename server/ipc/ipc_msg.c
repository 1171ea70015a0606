/* A datagram is u16 type, u16 number of descriptors beside it, u32 length of the body, body. */
#include "ipc/ipc_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
};

enum at_err ipc_pair(int fds_out[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds_out) == 0)
		return AT_OK;
	return AT_ERR_UNAVAILABLE;
}

enum at_err ipc_parse(const void *data, size_t len, struct ipc_msg *msg_out)
{
	struct at_reader r = at_reader_of(data, len);
	uint16_t type = at_read_u16(&r), fd_count = at_read_u16(&r);
	uint32_t body_len = at_read_u32(&r);
	if (r.failed || type == 0 || type >= IPC_TYPE_COUNT)
		return AT_ERR_BAD_REQUEST;
	if (fd_count > IPC_FDS_MAX || body_len > IPC_BODY_MAX || body_len != at_reader_left(&r))
		return AT_ERR_BAD_REQUEST;
	*msg_out = (struct ipc_msg){.type = type, .fd_count = fd_count, .body_len = body_len};
	msg_out->body = at_read_bytes(&r, body_len);
	for (size_t i = 0; i < IPC_FDS_MAX; i++)
		msg_out->fds[i] = -1;
	return AT_OK;
}

void ipc_msg_close_fds(struct ipc_msg *msg)
{
	for (size_t i = 0; i < msg->fd_count; i++) {
		if (msg->fds[i] >= 0)
			close(msg->fds[i]);
		msg->fds[i] = -1;
	}
	msg->fd_count = 0;
}

static void put_fds(struct msghdr *header, union control *control, const int *fds, size_t fd_count)
{
	memset(control, 0, sizeof(*control));
	header->msg_control = control->bytes;
	header->msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
}

enum at_err ipc_raw_send(int sock, enum ipc_type type, const void *body, size_t body_len, const int *fds,
			 size_t fd_count)
{
	AT_ASSERT(body_len <= IPC_BODY_MAX && fd_count <= IPC_FDS_MAX);
	uint8_t head[IPC_HEAD_LEN];
	at_put_u16(head, (uint16_t)type);
	at_put_u16(head + 2, (uint16_t)fd_count);
	at_put_u32(head + 4, (uint32_t)body_len);
	struct iovec parts[2] = {{head, sizeof(head)}, {(void *)(uintptr_t)body, body_len}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = body_len ? 2 : 1};
	union control control;
	if (fd_count)
		put_fds(&header, &control, fds, fd_count);
	ssize_t n;
	do
		n = sendmsg(sock, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return AT_OK;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
		return AT_ERR_BUSY;
	return errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN ? AT_ERR_CLOSED : AT_ERR_INTERNAL;
}

/* All descriptors that came, whatever the message says about itself: none may stay open unseen. */
static void take_fds(struct msghdr *header, struct ipc_msg *got)
{
	got->fd_count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n && got->fd_count < IPC_FDS_MAX; i++)
			memcpy(&got->fds[got->fd_count++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
}

enum at_err ipc_raw_recv(int sock, uint8_t buffer[IPC_DATAGRAM_MAX], struct ipc_msg *msg_out)
{
	union control control;
	struct iovec part = {buffer, IPC_DATAGRAM_MAX};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	ssize_t n;
	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? AT_ERR_BUSY : AT_ERR_CLOSED;
	struct ipc_msg got = {.fd_count = 0};
	take_fds(&header, &got);
	if (n == 0 && !got.fd_count)
		return AT_ERR_CLOSED;
	bool cut = header.msg_flags & (MSG_TRUNC | MSG_CTRUNC);
	if (cut || ipc_parse(buffer, (size_t)n, msg_out) || msg_out->fd_count != got.fd_count) {
		ipc_msg_close_fds(&got);
		return AT_ERR_BAD_REQUEST;
	}
	memcpy(msg_out->fds, got.fds, got.fd_count * sizeof(int));
	return AT_OK;
}
