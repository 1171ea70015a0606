#include "bench/sfu_floor.h"

#include "base/buf.h"
#include "base/mem.h"
#include "bench/media.h"
#include "bench/rtc_peer.h"
#include "bench/session.h"
#include "bench/sfu_load.h"

#include <errno.h>
#include <netinet/udp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 64, HEADER_LEN = 28, FRAME_MAX = 16, GLANCE = 64 };

struct said { /* by the sender, in memory that both see */
	volatile uint64_t packets, cpu_ns;
	volatile bool is_done;
};

struct sender {
	const struct floor_plan *plan;
	struct sockaddr_in *to;
	struct srtp_out **keys;
	int fd;
	uint64_t seq;
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control[BATCH];
	uint8_t bytes[BATCH][FRAME_MAX * ICE_PACKET_MAX];
	uint8_t body[ICE_PACKET_MAX];
};

/* Gives its length. */
static size_t seal_one(struct sender *s, size_t receiver, uint64_t seq, uint8_t *out)
{
	const struct srtp_payload payload = {.body = s->body, .body_len = s->plan->payload_len};
	size_t len;
	memset(out, 0, HEADER_LEN);
	out[0] = 0x80;
	at_put_u16(out + 2, (uint16_t)seq);
	at_put_u32(out + 8, 1);
	if (srtp_seal_gather(s->keys[receiver], (uint32_t)(seq >> 16), out, HEADER_LEN, &payload, ICE_PACKET_MAX, &len))
		bench_die("floor: a packet could not be sealed");
	return len;
}

static void put_segments(struct sender *s, size_t i, size_t size)
{
	struct msghdr *h = &s->headers[i].msg_hdr;
	const uint16_t value = (uint16_t)size;
	h->msg_control = &s->control[i];
	h->msg_controllen = sizeof(s->control[i]);
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	*c = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof(value))};
	memcpy(CMSG_DATA(c), &value, sizeof(value));
}

static void flush(struct sender *s, unsigned count)
{
	for (unsigned done = 0; done < count;) {
		int n = sendmmsg(s->fd, s->headers + done, count - done, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			bench_die("floor: %s", strerror(errno));
		done += n > 0 ? (unsigned)n : 0;
	}
}

/* One frame to every receiver; gives how many packets. */
static uint64_t send_round(struct sender *s)
{
	unsigned count = 0;
	for (size_t r = 0; r < s->plan->receivers; r++)
		for (unsigned k = 0; k < s->plan->frame;) {
			const unsigned n = s->plan->gso ? s->plan->frame : 1;
			size_t len = 0, one = 0;
			for (unsigned i = 0; i < n; i++, k++)
				len += one = seal_one(s, r, s->seq + k, s->bytes[count] + len);
			s->parts[count] = (struct iovec){s->bytes[count], len};
			s->headers[count].msg_hdr = (struct msghdr){.msg_name = &s->to[r],
								    .msg_namelen = sizeof(s->to[r]),
								    .msg_iov = &s->parts[count],
								    .msg_iovlen = 1};
			if (n > 1)
				put_segments(s, count, one);
			if (++count == BATCH) {
				flush(s, count);
				count = 0;
			}
		}
	flush(s, count);
	s->seq += s->plan->frame;
	return s->plan->frame * s->plan->receivers;
}

_Noreturn static void send_main(struct sender *s, struct said *said)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_pin(s->plan->cpu);
	uint64_t end = bench_now_ns() + (uint64_t)(s->plan->seconds * 1e9), cpu = load_cpu_ns(getpid()), packets = 0;
	while (bench_now_ns() < end)
		packets += send_round(s);
	said->cpu_ns = load_cpu_ns(getpid()) - cpu;
	said->packets = packets;
	said->is_done = true;
	_exit(0);
}

static void empty(int fd)
{
	static struct mmsghdr headers[BATCH];
	static struct iovec parts[BATCH];
	static uint8_t bytes[BATCH][GLANCE];
	int n;
	do {
		for (size_t i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){bytes[i], GLANCE};
			headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		}
		n = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
	} while (n == BATCH);
}

double floor_per_cpu_s(const struct floor_plan *plan)
{
	static const struct srtp_keys keys = {.key = "0123456789abcde", .salt = "saltsaltsal"};
	struct sender *s = at_alloc(sizeof(*s));
	struct rtc_peer *receivers = at_alloc(plan->receivers * sizeof(*receivers)), source;
	struct said *said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	socklen_t len = sizeof(*s->to);
	if (said == MAP_FAILED)
		bench_die("mmap: %s", strerror(errno));
	*s = (struct sender){.plan = plan, .seq = 1};
	s->to = at_alloc(plan->receivers * sizeof(*s->to));
	s->keys = at_alloc(plan->receivers * sizeof(*s->keys));
	rtc_open(&source, plan->ip);
	s->fd = source.fd;
	for (size_t i = 0; i < plan->receivers; i++) {
		rtc_open(&receivers[i], plan->ip);
		s->keys[i] = srtp_out_new(SRTP_SUITE_GCM, &keys);
		if (getsockname(receivers[i].fd, (struct sockaddr *)&s->to[i], &len))
			bench_die("getsockname: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0)
		send_main(s, said);
	while (!said->is_done)
		for (size_t i = 0; i < plan->receivers; i++)
			empty(receivers[i].fd);
	waitpid(pid, NULL, 0);
	double rate = (double)said->packets * 1e9 / (double)said->cpu_ns;
	for (size_t i = 0; i < plan->receivers; i++) {
		srtp_out_free(&s->keys[i]);
		rtc_close(&receivers[i]);
	}
	rtc_close(&source);
	at_free(s->to);
	at_free(s->keys);
	at_free(receivers);
	at_free(s);
	munmap(said, sizeof(*said));
	return rate;
}
