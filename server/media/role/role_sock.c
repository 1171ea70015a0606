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

static void set_options(int fd, int family, int type)
{
	int size = SOCKET_BUFFER;
	/* What the system does not grant is not missed: less is buffered then. */
	if (type == SOCK_DGRAM) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	} else {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	}
	if (family == AF_INET)
		AT_ASSERT(!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	else
		AT_ASSERT(!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) &&
			  !setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)));
}

static enum at_err bind_one(int family, int type, const uint8_t ip[16], uint16_t port, int *fd_out)
{
	union address a = {.any = {0}};
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	*fd_out = -1;
	if (fd < 0)
		return AT_ERR_UNSUPPORTED;
	set_options(fd, family, type);
	if (family == AF_INET) {
		a.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
		memcpy(&a.v4.sin_addr, ip + 12, 4);
	} else {
		a.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&a.v6.sin6_addr, ip, 16);
	}
	if (!bind(fd, &a.any, family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)) &&
	    (type == SOCK_DGRAM || !listen(fd, BACKLOG))) {
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
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		if (m->udp[i] >= 0)
			close(m->udp[i]);
		if (m->tcp[i] >= 0)
			close(m->tcp[i]);
		m->udp[i] = m->tcp[i] = -1;
	}
}

/* All of them on one number, which the first that is bound chooses when it may. A machine without IPv6 does without. */
static enum at_err bind_all(struct media *m, const uint8_t ips[MEDIA_FAMILIES][16], const bool wanted[MEDIA_FAMILIES],
			    uint16_t port)
{
	static const int families[MEDIA_FAMILIES] = {AF_INET, AF_INET6};
	size_t n = 0;
	for (size_t i = 0; i < MEDIA_FAMILIES; i++) {
		enum at_err err = AT_ERR_UNSUPPORTED;
		if (wanted[i])
			err = bind_one(families[i], SOCK_DGRAM, ips[i], port, &m->udp[i]);
		if (err == AT_ERR_UNSUPPORTED)
			continue;
		if (!err) {
			port = port_of(m->udp[i]);
			err = bind_one(families[i], SOCK_STREAM, ips[i], port, &m->tcp[i]);
		}
		if (err)
			return err;
		n++;
	}
	m->hello.port = port;
	return n ? AT_OK : AT_ERR_UNAVAILABLE;
}

enum at_err media_bind(struct media *m, const struct media_options *options)
{
	uint8_t ips[MEDIA_FAMILIES][16] = {{0}, {0}}, ip[16];
	bool wanted[MEDIA_FAMILIES] = {true, true};
	if (options->listen_addr) {
		if (!media_ip_parse(options->listen_addr, ip))
			return AT_ERR_BAD_REQUEST;
		bool is_v4 = media_ip_is_v4(ip);
		wanted[0] = is_v4;
		wanted[1] = !is_v4;
		memcpy(ips[is_v4 ? 0 : 1], ip, 16);
	}
	enum at_err err = AT_ERR_CONFLICT;
	for (int i = 0; i < TRIES && err == AT_ERR_CONFLICT; i++) {
		/* A life before may still be going; a number that was chosen may be taken on another socket. */
		if (i && options->port)
			usleep(50000);
		err = bind_all(m, (const uint8_t(*)[16])ips, wanted, options->port);
		if (err)
			close_all(m);
	}
	m->hello.has_tcp = !err;
	return err;
}
