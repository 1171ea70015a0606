#include "bench/soak.h"

#include "base/buf.h"
#include "bench/session.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 64,
	SOURCES = 4096, /* addresses of strangers, 127.2.x.y */
	LIVE_EVERY_US = 20 * 1000,
	CHECK_EVERY_US = 2 * 1000 * 1000,
	LIVE_LEN = 120,
	STAMP_AT = 16,
	LIVE_SSRC = 0x11223344, /* that the strangers know, too */
	SAMPLES_MAX = 100000,
};

static const uint8_t live_mark[4] = {'l', 'i', 'v', 'e'};

struct soak {
	struct bench_media media;
	struct bench_call call;
	struct ice *ice;
	int legs[2], stranger;
	uint64_t chance;
	struct sockaddr_in to;
	struct soak_result *result;
	uint64_t *samples;
	size_t sample_count;
};

static uint32_t pick(struct soak *soak, uint32_t bound)
{
	soak->chance = soak->chance * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(soak->chance >> 33) % bound;
}

static int udp_socket(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int size = 4 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)))
		bench_die("bind: %s", strerror(errno));
	return fd;
}

/* ---- strangers ---- */

static size_t put_random(struct soak *soak, uint8_t *out, size_t from, size_t len)
{
	for (size_t i = from; i < len; i++)
		out[i] = (uint8_t)pick(soak, 256);
	return len;
}

static size_t put_client_hello(struct soak *soak, uint8_t *out)
{
	static const uint8_t head[] = {22, 254, 253, 0,   0, 0, 0, 0, 0, 0, 0, 0,  180,
				       1,  0,   0,   168, 0, 0, 0, 0, 0, 0, 0, 168};

	memcpy(out, head, sizeof(head));
	return put_random(soak, out, sizeof(head), 193);
}

static size_t put_srtp(struct soak *soak, uint8_t *out)
{
	out[0] = 0x80;
	out[1] = pick(soak, 4) ? 111 : 200; /* RTP, sometimes RTCP */
	put_random(soak, out, 2, 400);
	at_put_u32(out + (out[1] == 200 ? 4 : 8), LIVE_SSRC);
	return 60 + pick(soak, 340);
}

/* Checks with a name that is none, with the leg's name and a wrong password, and mangled ones with the right one. */
static size_t put_stun(struct soak *soak, uint8_t *out)
{
	struct bench_call other = soak->call;
	unsigned leg = pick(soak, 2), how = pick(soak, 3);

	if (how == 0)
		other.creds[leg].ufrag[0] ^= 1;
	if (how == 1)
		other.creds[leg].pwd[3] ^= 1;
	size_t len = bench_media_check(soak->ice, &other, leg, out);

	if (how == 2)
		out[pick(soak, (uint32_t)len)] ^= (uint8_t)(1u << pick(soak, 8));
	return len;
}

static size_t put_strange(struct soak *soak, uint8_t *out)
{
	switch (pick(soak, 4)) {
	case 0: return put_random(soak, out, 0, 1 + pick(soak, 1500));
	case 1: return put_client_hello(soak, out);
	case 2: return put_stun(soak, out);
	default: return put_srtp(soak, out);
	}
}

struct letters {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	uint8_t bytes[BATCH][ICE_PACKET_MAX];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control[BATCH];
};

static void address(struct soak *soak, struct letters *letters, size_t i)
{
	struct in_pktinfo info = {.ipi_spec_dst = {htonl(127u << 24 | 2u << 16 | pick(soak, SOURCES))}};
	struct msghdr *header = &letters->headers[i].msg_hdr;

	*header = (struct msghdr){.msg_name = &soak->to,
				  .msg_namelen = sizeof(soak->to),
				  .msg_iov = &letters->parts[i],
				  .msg_iovlen = 1,
				  .msg_control = &letters->control[i],
				  .msg_controllen = sizeof(letters->control[i])};
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	*c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void flood(struct soak *soak, unsigned n)
{
	static struct letters letters;
	uint8_t reply[2048];

	for (unsigned i = 0; i < n; i++) {
		letters.parts[i] = (struct iovec){letters.bytes[i], put_strange(soak, letters.bytes[i])};
		address(soak, &letters, i);
	}
	int sent = sendmmsg(soak->stranger, letters.headers, n, 0);

	for (int i = 0; i < sent; i++) {
		soak->result->strange++;
		soak->result->strange_bytes += letters.parts[i].iov_len;
	}
	for (ssize_t len; (len = recv(soak->stranger, reply, sizeof(reply), 0)) >= 0;)
		soak->result->reply_bytes += (uint64_t)len;
}

/* ---- the two who talk ---- */

static void send_to(struct soak *soak, int fd, const uint8_t *bytes, size_t len)
{
	(void)sendto(fd, bytes, len, 0, (struct sockaddr *)&soak->to, sizeof(soak->to));
}

static void check(struct soak *soak)
{
	uint8_t bytes[ICE_PACKET_MAX];

	for (unsigned leg = 0; leg < 2; leg++)
		send_to(soak, soak->legs[leg], bytes, bench_media_check(soak->ice, &soak->call, leg, bytes));
}

static void say(struct soak *soak)
{
	uint8_t bytes[LIVE_LEN] = {0x80, 111};
	uint64_t now = bench_now_ns();

	at_put_u32(bytes + 8, LIVE_SSRC);
	memcpy(bytes + 12, live_mark, sizeof(live_mark));
	memcpy(bytes + STAMP_AT, &now, sizeof(now));
	for (unsigned leg = 0; leg < 2; leg++) {
		send_to(soak, soak->legs[leg], bytes, sizeof(bytes));
		soak->result->live_sent++;
	}
}

static void take(struct soak *soak, const uint8_t *bytes, size_t len)
{
	uint64_t sent;

	if (len > 0 && bytes[0] < 4)
		return; /* an answer to a check */
	if (len != LIVE_LEN || memcmp(bytes + 12, live_mark, sizeof(live_mark)) != 0) {
		soak->result->intruders++;
		return;
	}
	soak->result->live_came++;
	memcpy(&sent, bytes + STAMP_AT, sizeof(sent));
	if (soak->sample_count < SAMPLES_MAX)
		soak->samples[soak->sample_count++] = bench_now_ns() - sent;
}

static void listen_to_legs(struct soak *soak)
{
	uint8_t bytes[2048];

	for (unsigned leg = 0; leg < 2; leg++)
		for (ssize_t len; (len = recv(soak->legs[leg], bytes, sizeof(bytes), 0)) >= 0;)
			take(soak, bytes, (size_t)len);
}

/* Until both hear one another: on a busy machine packets are lost. */
static bool passes(struct soak *soak)
{
	for (int tries = 0; tries < 200; tries++) {
		struct pollfd fds[2] = {{soak->legs[0], POLLIN, 0}, {soak->legs[1], POLLIN, 0}};
		uint64_t before = soak->result->live_came;

		check(soak);
		say(soak);
		(void)poll(fds, 2, 100);
		usleep(10000);
		listen_to_legs(soak);
		if (soak->result->live_came >= before + 2)
			return true;
	}
	return false;
}

/* ---- all of it ---- */

static void begin(struct soak *soak, const struct soak_plan *plan)
{
	bench_media_start(&soak->media, 64, plan->cpu);
	bench_media_open(&soak->media, &soak->call, 0, 1, 0);
	soak->to = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_port = htons(soak->media.port),
					.sin_addr = {htonl(INADDR_LOOPBACK)}};
	soak->ice = ice_new();
	soak->chance = plan->seed;
	soak->samples = malloc(SAMPLES_MAX * sizeof(*soak->samples));
	soak->legs[0] = udp_socket();
	soak->legs[1] = udp_socket();
	soak->stranger = udp_socket();
	if (!passes(soak))
		bench_die("the call does not connect");
	*soak->result = (struct soak_result){0};
	soak->sample_count = 0;
}

static void go_on(struct soak *soak, const struct soak_plan *plan)
{
	uint64_t start = bench_now_ns() / 1000, end = start + (uint64_t)(plan->seconds * 1e6), said = start,
		 checked = start;

	for (uint64_t now; (now = bench_now_ns() / 1000) < end;) {
		uint64_t due = (now - start) * plan->packets_per_s / 1000000;
		struct pollfd fds[2] = {{soak->legs[0], POLLIN, 0}, {soak->legs[1], POLLIN, 0}};

		/* What could not be sent in time is sent all the same: the number counts. */
		if (due > soak->result->strange)
			flood(soak,
			      due - soak->result->strange < BATCH ? (unsigned)(due - soak->result->strange) : BATCH);
		else
			(void)poll(fds, 2, 1);
		if (now - said >= LIVE_EVERY_US)
			say(soak), said = now;
		if (now - checked >= CHECK_EVERY_US)
			check(soak), checked = now;
		listen_to_legs(soak);
		at_loop_step(soak->media.loop, 0);
		if (!soak->result->rss_before && now - start > 1000000)
			soak->result->rss_before = bench_rss(soak->media.pid);
	}
}

static void finish(struct soak *soak)
{
	struct soak_result *result = soak->result;
	uint64_t sent, came;

	usleep(100000);
	listen_to_legs(soak);
	sent = result->live_sent;
	came = result->live_came;
	result->rss_after = bench_rss(soak->media.pid);
	result->live_p99_us = soak->sample_count ? bench_quantile(soak->samples, soak->sample_count, 0.99) / 1000 : 0;
	result->still_passes = passes(soak);
	result->live_sent = sent;
	result->live_came = came;
	bench_media_hear(&soak->media);
	result->stats = bench_media_ask(&soak->media, &soak->call);
	memcpy(result->events, soak->media.events, sizeof(result->events));
}

void soak_run(const struct soak_plan *plan, struct soak_result *result_out)
{
	struct soak soak = {.result = result_out};

	begin(&soak, plan);
	go_on(&soak, plan);
	finish(&soak);
	bench_media_stop(&soak.media);
	ice_free(&soak.ice);
	for (unsigned leg = 0; leg < 2; leg++)
		close(soak.legs[leg]);
	close(soak.stranger);
	free(soak.samples);
}
