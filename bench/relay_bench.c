/* script/bench relay: what the media role passes on, next to a bare recvmmsg/sendmmsg loop that is given the same packets in the same run.
 * The role runs as it does in the server, in a process of its own behind its sandbox; this program stands for the supervisor, for core
 * and for the browsers: two legs a call, each with an address of its own (127.1.x.y, all from two sockets), which prove themselves by
 * ICE and then send. Packets are counted where they arrive; throughput is arrivals by the processor time that the server spent. */
#include "base/buf.h"
#include "bench/media.h"
#include "bench/session.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CALLS = 500,
	IDLE_CALLS = 2000,
	BATCH = 64,
	ROUNDS_MAX = 32,
	STAMP_AT = 12,
	ROOM = 1500,
	SAMPLES_MAX = 2000000,
	SOCKET_BUFFER = 4 * 1024 * 1024,
	RATE = 2000 * 1000 * 1000, /* bits a second: the cap is not what is measured */
	LAPS_MAX = 100,
	LAP_NS = 8 * 1000 * 1000,
	LATE_NS = 250 * 1000, /* a generator that was away for longer has measured itself */
};

static double seconds = 1;
static int rounds = 3;

/* ---- the servers ---- */

struct server {
	pid_t pid;
	uint16_t port;
};

static struct {
	struct bench_media media;
	struct server server, floor;
} role;

static struct bench_call calls[IDLE_CALLS];

static int udp_socket(uint16_t *port_out)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t len = sizeof(any);
	int size = SOCKET_BUFFER, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || getsockname(fd, (struct sockaddr *)&any, &len))
		bench_die("bind: %s", strerror(errno));
	*port_out = ntohs(any.sin_port);
	return fd;
}

/* What is left when the relay is taken away: packets in, the other side's port, packets out. */
_Noreturn static void floor_main(int fd, uint16_t port_a, uint16_t port_b)
{
	static struct mmsghdr headers[BATCH];
	static struct iovec parts[BATCH];
	static struct sockaddr_in names[BATCH];
	static uint8_t bytes[BATCH][ROOM];

	for (;;) {
		int n, done = 0;

		for (size_t i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){bytes[i], ROOM};
			headers[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
							     .msg_namelen = sizeof(names[i]),
							     .msg_iov = &parts[i],
							     .msg_iovlen = 1};
		}
		n = recvmmsg(fd, headers, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < n; i++) {
			parts[i].iov_len = headers[i].msg_len;
			names[i].sin_port ^= htons(port_a) ^ htons(port_b);
		}
		while (done < n) {
			int sent = sendmmsg(fd, headers + done, (unsigned)(n - done), 0);

			done += sent > 0 ? sent : 1;
		}
	}
}

static void start_floor(uint16_t port_a, uint16_t port_b)
{
	int fd = udp_socket(&role.floor.port);

	role.floor.pid = fork();
	if (role.floor.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bench_pin(0);
		floor_main(fd, port_a, port_b);
	}
	close(fd);
}

/* ---- the generator ---- */

struct sender {
	int fd;
	uint16_t port;
	unsigned next; /* call */
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	uint8_t bytes[BATCH][ROOM];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control[BATCH];
	struct sockaddr_in to;
};

static struct sender sides[2];
static uint64_t *samples;

static uint32_t address_of(unsigned call)
{
	return htonl(127u << 24 | 1u << 16 | (call + 1));
}

static void set_source(struct sender *s, size_t i, unsigned call)
{
	struct in_pktinfo info = {.ipi_spec_dst = {address_of(call)}};
	struct cmsghdr *c;

	s->headers[i].msg_hdr.msg_control = &s->control[i];
	s->headers[i].msg_hdr.msg_controllen = sizeof(s->control[i]);
	c = CMSG_FIRSTHDR(&s->headers[i].msg_hdr);
	*c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void prepare_sender(struct sender *s, unsigned side)
{
	s->fd = udp_socket(&s->port);
	for (size_t i = 0; i < BATCH; i++) {
		s->parts[i].iov_base = s->bytes[i];
		s->bytes[i][0] = 0x80;
		s->bytes[i][1] = 111;
		at_put_u32(s->bytes[i] + 8, 77 + side);
		s->headers[i].msg_hdr = (struct msghdr){.msg_name = &s->to,
							.msg_namelen = sizeof(s->to),
							.msg_iov = &s->parts[i],
							.msg_iovlen = 1};
	}
}

static void aim(const struct server *server)
{
	for (unsigned side = 0; side < 2; side++)
		sides[side].to = (struct sockaddr_in){.sin_family = AF_INET,
						      .sin_port = htons(server->port),
						      .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void send_some(struct sender *s, unsigned call_count, size_t size, unsigned n)
{
	uint64_t now = bench_now_ns();
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		set_source(s, i, s->next++ % call_count);
		s->parts[i].iov_len = size;
		memcpy(s->bytes[i] + STAMP_AT, &now, sizeof(now));
	}
	while (done < n) {
		int sent = sendmmsg(s->fd, s->headers + done, n - done, MSG_DONTWAIT);

		if (sent <= 0)
			return;
		done += (unsigned)sent;
	}
}

/* Media that has arrived; the time each took is noted, as far as there is room. */
static uint64_t take_some(struct sender *s, size_t *sample_count)
{
	static struct mmsghdr headers[BATCH];
	static struct iovec parts[BATCH];
	static uint8_t bytes[BATCH][STAMP_AT + 8];
	uint64_t count = 0, now;
	int n;

	do {
		for (size_t i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
			headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		}
		n = recvmmsg(s->fd, headers, BATCH, MSG_DONTWAIT, NULL);
		now = bench_now_ns();
		for (int i = 0; i < n; i++) {
			uint64_t sent;

			count += bytes[i][0] == 0x80;
			memcpy(&sent, bytes[i] + STAMP_AT, sizeof(sent));
			if (sample_count && bytes[i][0] == 0x80 && *sample_count < SAMPLES_MAX)
				samples[(*sample_count)++] = now - sent;
		}
	} while (n == BATCH);
	return count;
}

/* Sends the check until it is answered: on a busy machine some packets are lost. */
static void check_leg(struct sender *s, const uint8_t *bytes, size_t len, unsigned call)
{
	uint8_t saved[ROOM];

	memcpy(saved, s->bytes[0], sizeof(saved));
	memcpy(s->bytes[0], bytes, len);
	s->parts[0].iov_len = len;
	set_source(s, 0, call);
	for (int i = 0; i < 100; i++) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};

		if (sendmmsg(s->fd, s->headers, 1, 0) != 1)
			bench_die("send: %s", strerror(errno));
		if (poll(&p, 1, 100) != 1)
			continue;
		take_some(s, NULL);
		memcpy(s->bytes[0], saved, sizeof(saved));
		return;
	}
	bench_die("a leg was not answered");
}

/* Every leg proves itself (again: consent lasts 30 s). */
static void check_legs(unsigned call_count)
{
	struct ice *ice = ice_new();

	take_some(&sides[0], NULL);
	take_some(&sides[1], NULL);
	aim(&role.server);
	for (unsigned call = 0; call < call_count; call++) {
		for (unsigned side = 0; side < 2; side++) {
			struct sender *s = &sides[side];
			uint8_t bytes[ICE_PACKET_MAX];

			check_leg(s, bytes, bench_media_check(ice, &calls[call], side, bytes), call);
			at_loop_step(role.media.loop, 0);
		}
	}
	ice_free(&ice);
}

/* ---- measuring ---- */

/* Packets that arrived by second of the server's processor time, offered as fast as this core can. */
static double saturate_once(const struct server *server, unsigned call_count, size_t size)
{
	uint64_t end, cpu, count = 0;

	aim(server);
	for (int i = 0; i < 50; i++) {
		send_some(&sides[i & 1], call_count, size, BATCH);
		usleep(200);
	}
	take_some(&sides[0], NULL);
	take_some(&sides[1], NULL);
	cpu = bench_cpu_ns(server->pid);
	end = bench_now_ns() + (uint64_t)(seconds * 1e9);
	while (bench_now_ns() < end) {
		for (unsigned side = 0; side < 2; side++) {
			send_some(&sides[side], call_count, size, BATCH);
			count += take_some(&sides[!side], NULL);
		}
	}
	usleep(50000);
	count += take_some(&sides[0], NULL) + take_some(&sides[1], NULL);
	bench_media_hear(&role.media);
	cpu = bench_cpu_ns(server->pid) - cpu;
	return cpu ? (double)count * 1e9 / (double)cpu : 0;
}

/* Again when the server got no processor at all. */
static double saturate(const struct server *server, unsigned call_count, size_t size)
{
	double rate;

	do
		rate = saturate_once(server, call_count, size);
	while (rate <= 0);
	return rate;
}

/* The two take turns, so that whatever else the machine does meets both. */
static double compare(const char *tag, unsigned call_count, size_t size)
{
	double relay[ROUNDS_MAX], bare[ROUNDS_MAX], ratio[ROUNDS_MAX];
	char name[64];

	check_legs(call_count);
	for (int i = 0; i < rounds; i++) {
		bare[i] = saturate(&role.floor, call_count, size);
		relay[i] = saturate(&role.server, call_count, size);
		ratio[i] = relay[i] / bare[i];
	}
	snprintf(name, sizeof(name), "relay_per_core_%s", tag);
	bench_print(name, bench_median(relay, (size_t)rounds), "packets/s");
	snprintf(name, sizeof(name), "floor_per_core_%s", tag);
	bench_print(name, bench_median(bare, (size_t)rounds), "packets/s");
	snprintf(name, sizeof(name), "relay_vs_floor_%s", tag);
	bench_print(name, bench_median(ratio, (size_t)rounds), "ratio");
	return bench_median(relay, (size_t)rounds);
}

/* ---- latency ---- */

struct lap {
	double p50_us, p99_us;
	bool is_good; /* nobody took the processor from the generator or the server */
};

static void put_first(bool on)
{
	bench_put_first(0, on);
	bench_put_first(role.server.pid, on);
	bench_put_first(role.floor.pid, on);
}

/* Evenly paced packets for a moment. What could not be sent because this program had to wait for its processor is not caught up on: the burst
 * would be the generator's. */
static struct lap run_lap(const struct server *server, double rate)
{
	uint64_t before = bench_preemptions(server->pid) + bench_preemptions(getpid()), begin = bench_now_ns(), now,
		 last = begin;
	uint64_t sent = 0, longest = 0;
	size_t count = 0;

	while ((now = bench_now_ns()) < begin + LAP_NS) {
		uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e9);

		longest = now - last > longest ? now - last : longest;
		last = now;
		if (due > sent)
			send_some(&sides[due & 1], CALLS, 120, due - sent < BATCH ? (unsigned)(due - sent) : BATCH);
		sent = due;
		take_some(&sides[0], &count);
		take_some(&sides[1], &count);
	}
	usleep(2000);
	take_some(&sides[0], &count);
	take_some(&sides[1], &count);
	return (struct lap){
		.is_good = longest < LATE_NS && count > 0 &&
			   bench_preemptions(server->pid) + bench_preemptions(getpid()) == before,
		.p50_us = count ? (double)bench_quantile(samples, count, 0.5) / 1e3 : 0,
		.p99_us = count ? (double)bench_quantile(samples, count, 0.99) / 1e3 : 0,
	};
}

struct laps {
	double p50[LAPS_MAX], p99[LAPS_MAX];
	size_t n;
};

static void add_lap(struct laps *laps, const struct server *server, double rate)
{
	aim(server);
	struct lap lap = run_lap(server, rate);

	bench_media_hear(&role.media);
	if (!lap.is_good)
		return;
	laps->p50[laps->n] = lap.p50_us;
	laps->p99[laps->n++] = lap.p99_us;
}

static void print_laps(const char *who, struct laps *laps)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_latency_laps", who);
	bench_print(name, (double)laps->n, "laps");
	if (laps->n == 0)
		return;
	snprintf(name, sizeof(name), "%s_latency_p50_us", who);
	bench_print(name, bench_median(laps->p50, laps->n), "us");
	snprintf(name, sizeof(name), "%s_latency_p99_us", who);
	bench_print(name, bench_median(laps->p99, laps->n), "us");
	/* The kernel's own threads wait for a busy machine's other work, and packets with them: the quieter quarter shows the relay. */
	snprintf(name, sizeof(name), "%s_latency_p99_quiet_us", who);
	bench_print(name, laps->p99[laps->n / 4], "us");
}

/* Laps of the one and the other in turn; those that something else on the machine disturbed are left out, and how many are left is said. */
static void compare_latency(double per_core)
{
	static struct laps relay, bare;

	check_legs(CALLS);
	put_first(true);
	for (int i = 0; i < LAPS_MAX; i++) {
		add_lap(&bare, &role.floor, per_core / 2);
		add_lap(&relay, &role.server, per_core / 2);
	}
	put_first(false);
	print_laps("relay", &relay);
	print_laps("floor", &bare);
	bench_print("relay_latency_load", per_core / 2, "packets/s");
}

static void measure_memory(void)
{
	uint64_t before = bench_rss(role.server.pid);

	bench_media_open(&role.media, calls, CALLS, IDLE_CALLS, RATE);
	check_legs(IDLE_CALLS);
	bench_print("relay_bytes_per_call", (double)(bench_rss(role.server.pid) - before) / (IDLE_CALLS - CALLS),
		    "bytes");
}

static void stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

int main(int argc, char **argv)
{
	double per_core;
	int option;

	while ((option = getopt(argc, argv, "t:n:")) != -1) {
		if (option == 't')
			seconds = strtod(optarg, NULL);
		else if (option == 'n')
			rounds = (int)strtol(optarg, NULL, 10);
	}
	if (optind != argc || rounds < 1 || rounds > ROUNDS_MAX || seconds <= 0)
		bench_die("usage: relay_bench [-t SECONDS] [-n ROUNDS]");
	samples = malloc(SAMPLES_MAX * sizeof(*samples));
	prepare_sender(&sides[0], 0);
	prepare_sender(&sides[1], 1);
	bench_media_start(&role.media, IDLE_CALLS, 0);
	role.server = (struct server){role.media.pid, role.media.port};
	start_floor(sides[0].port, sides[1].port);
	bench_pin(1);
	bench_media_open(&role.media, calls, 0, CALLS, RATE);
	compare("120B", 2, 120);
	compare("1100B", 2, 1100);
	per_core = compare("120B_500", CALLS, 120);
	compare("1100B_500", CALLS, 1100);
	compare_latency(per_core);
	measure_memory();
	stop(&role.floor);
	bench_media_stop(&role.media);
	free(samples);
	return 0;
}
