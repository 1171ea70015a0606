#include "base/log.h"
#include "media/role/role_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES = 16, SOCKET_BUFFER = 4 * 1024 * 1024, BACKLOG = 64 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static const int on = 1;

static void set_size(int fd, int what)
{
	int size = SOCKET_BUFFER;
	/* What the system does not grant is not missed: less is buffered then. */
	(void)setsockopt(fd, SOL_SOCKET, what, &size, sizeof(size));
}

static void set_reuse(int fd, int value)
{
	AT_ASSERT(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)));
}

static void want_local_address(int fd, int family)
{
	if (family == AF_INET)
		AT_ASSERT(!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	else
		AT_ASSERT(!setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)));
}

static int address_of(int family, const uint8_t ip[16], uint16_t port, union address *out)
{
	*out = (union address){.any = {0}};
	if (family == AF_INET) {
		out->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&out->v4.sin_addr, ip + 12, 4);
		return sizeof(out->v4);
	}
	out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	memcpy(&out->v6.sin6_addr, ip, 16);
	return sizeof(out->v6);
}

static enum at_err bind_one(int family, int type, const uint8_t ip[16], uint16_t port, bool reuse, int *fd_out)
{
	union address a;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*fd_out = -1;
	if (fd < 0)
		return AT_ERR_UNSUPPORTED;
	if (family == AF_INET6)
		AT_ASSERT(!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)));
	set_reuse(fd, reuse);
	int len = address_of(family, ip, port, &a);
	if (!bind(fd, &a.any, (socklen_t)len) && (type == SOCK_DGRAM || !listen(fd, BACKLOG))) {
		*fd_out = fd;
		return AT_OK;
	}
	int error = errno;
	close(fd);
	if (error == EADDRINUSE)
		return AT_ERR_CONFLICT;
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT ? AT_ERR_UNSUPPORTED : AT_ERR_UNAVAILABLE;
}

static uint16_t port_of(int fd)
{
	union address a;
	socklen_t len = sizeof(a);
	AT_ASSERT(!getsockname(fd, &a.any, &len));
	return ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void close_all(struct media *m)
{
	for (size_t i = 0; i < m->sock_count; i++)
		close(m->socks[i].fd);
	m->sock_count = 0;
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		if (m->tcp[i] >= 0)
			close(m->tcp[i]);
		m->tcp[i] = -1;
	}
}

static enum at_err add_sock(struct media *m, int family, const uint8_t ip[16], uint16_t port, bool is_wild, bool reuse)
{
	struct media_sock *sock = &m->socks[m->sock_count];
	*sock = (struct media_sock){.m = m, .is_v4 = family == AF_INET, .is_wild = is_wild};
	memcpy(sock->ip, ip, 16);
	enum at_err err = bind_one(family, SOCK_DGRAM, ip, port, reuse, &sock->fd);
	if (err)
		return err;
	set_size(sock->fd, SO_RCVBUF);
	set_size(sock->fd, SO_SNDBUF);
	if (is_wild)
		want_local_address(sock->fd, family);
	m->sock_count++;
	return AT_OK;
}

/* All of them on one number, which the first that is bound chooses when it may. A machine without IPv6 does without. */
static enum at_err bind_main(struct media *m, const uint8_t ips[MEDIA_FAMILIES][16], const bool wanted[MEDIA_FAMILIES],
			     bool is_wild, uint16_t port)
{
	static const int families[MEDIA_FAMILIES] = {AF_INET, AF_INET6};
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		enum at_err err = AT_ERR_UNSUPPORTED;
		if (wanted[i])
			err = add_sock(m, families[i], ips[i], port, is_wild, false);
		if (err == AT_ERR_UNSUPPORTED)
			continue;
		if (!err) {
			port = port_of(m->socks[m->sock_count - 1].fd);
			err = bind_one(families[i], SOCK_STREAM, ips[i], port, true, &m->tcp[i]);
		}
		if (err)
			return err;
	}
	m->hello.port = port;
	return m->sock_count ? AT_OK : AT_ERR_UNAVAILABLE;
}

/* Beside the wild ones, which must allow it meanwhile and never again, so that nobody else can. One that fails is not missed. */
static void bind_own(struct media *m)
{
	uint8_t own[MEDIA_SOCKS_MAX - MEDIA_FAMILIES][16];
	size_t n = media_own_ips(own, MEDIA_SOCKS_MAX - MEDIA_FAMILIES), wild = m->sock_count;
	for (size_t i = 0; i < wild; i++)
		set_reuse(m->socks[i].fd, 1);
	for (size_t i = 0; i < n; i++) {
		enum at_err err =
			add_sock(m, media_ip_is_v4(own[i]) ? AF_INET : AF_INET6, own[i], m->hello.port, false, true);
		if (err)
			at_log(AT_LOG_INFO, "media.address_shared", "error", at_err_name(err), NULL);
	}
	for (size_t i = 0; i < m->sock_count; i++)
		set_reuse(m->socks[i].fd, 0);
}

enum at_err media_bind(struct media *m, const struct media_options *options)
{
	uint8_t ips[MEDIA_FAMILIES][16] = {{0}, {0}}, ip[16];
	bool wanted[MEDIA_FAMILIES] = {true, true}, is_wild = !options->listen_addr;
	if (!is_wild) {
		if (!media_ip_parse(options->listen_addr, ip))
			return AT_ERR_BAD_REQUEST;
		bool is_v4 = media_ip_is_v4(ip);
		wanted[0] = is_v4;
		wanted[1] = !is_v4;
		memcpy(ips[is_v4 ? 0 : 1], ip, 16);
		is_wild = !media_can_be_told(ip);
	}
	enum at_err err = AT_ERR_CONFLICT;
	for (int i = 0; i < TRIES && err == AT_ERR_CONFLICT; i++) {
		/* A life before may still be going; a number that was chosen may be taken on another socket. */
		if (i && options->port)
			usleep(50000);
		err = bind_main(m, (const uint8_t(*)[16])ips, wanted, is_wild, options->port);
		if (err)
			close_all(m);
	}
	if (!err && !options->listen_addr)
		bind_own(m);
	m->hello.has_tcp = !err;
	return err;
}
