/* Sessions for load generators: prepared accounts, blocking set-up, then bare sockets with framed text. One thread. */
#ifndef AT_BENCH_SESSION_H
#define AT_BENCH_SESSION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_TOKEN_LEN = 43 };

struct bench_device {
	char token[BENCH_TOKEN_LEN + 1]; /* of its session cookie */
	uint64_t id, user;
};

/* What a data directory is filled with, without a server running: `pairs` chats of two people with a device each; one person with
 * `fan_devices` devices and a partner; `idle` devices of people who are in no chat. */
struct bench_plan {
	size_t pairs, fan_devices, idle;
	struct bench_device *pair_devices; /* 2 * pairs: 2k and 2k+1 are partners */
	uint64_t *pair_convs;              /* one a pair */
	struct bench_device *fan, fan_partner;
	uint64_t fan_conv;
	struct bench_device *idle_devices;
};
void bench_prepare(const char *dir, struct bench_plan *plan);
void bench_plan_release(struct bench_plan *plan);

/* A server, started and ended by the bench. */
struct bench_server {
	int pid, port;
	bool tls;
	char *dir;
};
/* Starts argv (NULL-terminated), pinned to `cpu` (-1 = not), and reads its port from the first URL it prints. */
void bench_server_start(struct bench_server *server, char *const argv[], int cpu);
void bench_server_stop(struct bench_server *server);
/* Of the process and all below it: the memory of their own in bytes, the processor time in ns of the main thread that has used most, and how
 * long all their threads were ready to run and had to wait for a processor, in ns. */
uint64_t bench_rss(int pid);
uint64_t bench_cpu_ns(int pid);
uint64_t bench_wait_ns(int pid);

struct bench_session {
	int fd;
	SSL *ssl;
	uint64_t next_id;
	uint8_t *in;
	size_t in_len;
};
/* Signs in with the cookie, upgrades and says hello. Dies with a message when the server does not play along. floor: no cookie, no
 * session to ask for. */
void bench_session_open(struct bench_session *session, const struct bench_server *server, const char *token,
			bool is_floor);
void bench_session_close(struct bench_session *session);
void bench_session_send(struct bench_session *session, const char *text, size_t len);
void bench_session_send_binary(struct bench_session *session, const void *data, size_t len);
/* Reads what there is (waiting up to timeout_ms) and calls fn for each text frame. false when the socket has closed. */
typedef void bench_frame_fn(void *arg, const char *text, size_t len);
bool bench_session_read(struct bench_session *session, int timeout_ms, bench_frame_fn *fn, void *arg);

uint64_t bench_now_ns(void);
/* Sorts; q of 0..1. */
uint64_t bench_quantile(uint64_t *values, size_t n, double q);
double bench_median(double *values, size_t n); /* sorts too */
/* This program and what it starts from now on get nearly all of a processor that others want too, by weight: a session of their own for the
 * kernel's grouping, where there is that (sched(7), autogroup), else by nice. Threads take turns as ever. */
void bench_weigh_most(void);
/* Before everything else on the machine, where that is allowed, as long as it is measured: all threads of a process, 0 = of this one. The
 * kernel lets nobody be first for more than 0.95 s of a second. */
void bench_put_first(int pid, bool on);
/* How often another process was given the processor that this one wanted. */
uint64_t bench_preemptions(int pid);
void bench_print(const char *name, double value, const char *unit);
_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *bench_temp_dir(void);
void bench_remove_dir(char **dir);

#endif
