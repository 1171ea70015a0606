/* script/bench chat: durable messages a second and core, latency at fixed rates, fan-out, memory of an idle session; the same generator
 * drives a bare socket and store loop (floor.h), round about, and of all rounds the median is told. The server is pinned to processor
 * 0, this generator to 1. Rates are open loop: latency counts from the moment a message was due, not from when it could be sent. */
#include "bench/floor.h"
#include "bench/session.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BODY_LEN = 120, WINDOW_MAX = 8, PAIRS = 50, FAN_DEVICES = 1000, IDLE = 2000, SAMPLES_MAX = 1 << 20 };

static const char *server_path = "build/release/aftertone", *web_path = "web/dist";
static double seconds = 3;
static int rounds = 3;

/* What each round of one server gave, in the order of `names`. */
enum { ROUNDS_MAX = 50, RATES = 3, P50 = 0, P99 = RATES, DURABLE = 2 * RATES, LOOP_US, WAITED, FIGURES };
struct figures {
	uint64_t values[FIGURES][ROUNDS_MAX]; /* ns, messages a second, ns a message, ns of waiting a second */
};
static const double rates[RATES] = {1000, 5000, 10000};

struct sender {
	struct bench_session session;
	uint64_t conv, cid, due[256]; /* by id % 256 */
	unsigned in_flight;
	uint64_t acks;
};

struct load {
	struct sender *senders;
	size_t count;
	uint64_t *samples, sample_count, acks, entries;
	int epoll_fd;
	char body[BODY_LEN + 1];
};

static void send_message(struct load *load, struct sender *sender, uint64_t due)
{
	char text[512];
	uint64_t id = sender->session.next_id++;
	int len = snprintf(text, sizeof(text),
			   "{\"id\":%llu,\"do\":\"msg.send\",\"conv\":%llu,\"cid\":%llu,\"text\":\"%s\"}",
			   (unsigned long long)id, (unsigned long long)sender->conv, (unsigned long long)++sender->cid,
			   load->body);

	sender->due[id % 256] = due;
	sender->in_flight++;
	bench_session_send(&sender->session, text, (size_t)len);
}

struct heard {
	struct load *load;
	struct sender *sender;
};

static void on_frame(void *arg, const char *text, size_t len)
{
	struct heard *heard = arg;
	struct load *load = heard->load;
	uint64_t id;

	if (len > 14 && !memcmp(text, "{\"ev\":\"entry\"", 13)) {
		load->entries++;
		return;
	}
	if (len < 8 || memcmp(text, "{\"id\":", 6))
		return;
	if (memmem(text, len, "\"err\"", 5))
		bench_die("a message was refused: %.*s", (int)len, text);
	id = strtoull(text + 6, NULL, 10);
	if (load->sample_count < SAMPLES_MAX)
		load->samples[load->sample_count++] = bench_now_ns() - heard->sender->due[id % 256];
	heard->sender->in_flight--;
	heard->sender->acks++;
	load->acks++;
}

static void load_open(struct load *load, const struct bench_server *server, const struct bench_plan *plan,
		      bool is_floor)
{
	memset(load, 0, sizeof(*load));
	load->count = 2 * plan->pairs;
	load->senders = calloc(load->count, sizeof(*load->senders));
	load->samples = calloc(SAMPLES_MAX, sizeof(*load->samples));
	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	memset(load->body, 'x', BODY_LEN);
	for (size_t i = 0; i < load->count; i++) {
		struct sender *sender = &load->senders[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = sender};

		bench_session_open(&sender->session, server, plan->pair_devices[i].token, is_floor);
		sender->conv = plan->pair_convs[i / 2];
		epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, sender->session.fd, &event);
	}
}

static void load_close(struct load *load)
{
	for (size_t i = 0; i < load->count; i++)
		bench_session_close(&load->senders[i].session);
	close(load->epoll_fd);
	free(load->senders);
	free(load->samples);
}

static void hear(struct load *load, uint64_t timeout_ns)
{
	const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
					 .tv_nsec = (long)(timeout_ns % 1000000000u)};
	struct epoll_event events[64];
	int n = epoll_pwait2(load->epoll_fd, events, 64, &timeout, NULL);

	for (int i = 0; i < n; i++) {
		struct heard heard = {load, events[i].data.ptr};

		if (!bench_session_read(&heard.sender->session, 0, on_frame, &heard))
			bench_die("the server closed a session under load");
	}
}

/* Nothing in flight any more, and every entry delivered to its partner. */
static void drain(struct load *load, uint64_t sent)
{
	uint64_t deadline = bench_now_ns() + 10000000000u;

	while ((load->acks < sent || load->entries < sent) && bench_now_ns() < deadline)
		hear(load, 10000000);
	if (load->acks < sent)
		bench_die("%llu of %llu messages were acknowledged", (unsigned long long)load->acks,
			  (unsigned long long)sent);
}

/* Every session keeps `window` messages in flight. Messages a second. */
static double run_saturated(struct load *load, unsigned window)
{
	uint64_t began = bench_now_ns(), until = began + (uint64_t)(seconds * 1e9), acks = load->acks;

	while (bench_now_ns() < until) {
		for (size_t i = 0; i < load->count; i++)
			while (load->senders[i].in_flight < window)
				send_message(load, &load->senders[i], bench_now_ns());
		hear(load, 5000000);
	}
	return (double)(load->acks - acks) / ((double)(bench_now_ns() - began) / 1e9);
}

static uint64_t sent_so_far(const struct load *load)
{
	uint64_t sent = 0;

	for (size_t i = 0; i < load->count; i++)
		sent += load->senders[i].cid;
	return sent;
}

static void run_rate(struct load *load, double rate)
{
	uint64_t began = bench_now_ns(), until = began + (uint64_t)(seconds * 1e9), next = 0, due = began;

	load->sample_count = 0;
	for (;;) {
		uint64_t now = bench_now_ns();

		if (now >= until)
			return;
		while (due <= now) {
			send_message(load, &load->senders[next % load->count], due);
			due = began + (uint64_t)((double)++next * 1e9 / rate);
		}
		now = bench_now_ns();
		/* Asleep until then: a generator that spins takes its processor from the kernel's threads, which the disk needs. */
		hear(load, due > now ? due - now : 0);
	}
}

static void measure_rate(struct load *load, size_t at, struct figures *figures, int round)
{
	run_rate(load, rates[at]);
	drain(load, sent_so_far(load));
	figures->values[P50 + at][round] = bench_quantile(load->samples, load->sample_count, 0.5);
	figures->values[P99 + at][round] = bench_quantile(load->samples, load->sample_count, 0.99);
}

/* Rates first, on a fresh server; the saturating run last, since its backlog would spoil them. */
static void measure_messages(const struct bench_server *server, const struct bench_plan *plan, bool is_floor,
			     struct figures *figures, int round)
{
	struct load load;
	uint64_t cpu, waited;

	load_open(&load, server, plan, is_floor);
	waited = bench_wait_ns(server->pid);
	for (size_t i = 0; i < RATES; i++)
		measure_rate(&load, i, figures, round);
	waited = bench_wait_ns(server->pid) - waited;
	figures->values[WAITED][round] = (uint64_t)((double)waited / (RATES * seconds));
	cpu = bench_cpu_ns(server->pid);
	load.acks = load.entries = 0;
	figures->values[DURABLE][round] = (uint64_t)run_saturated(&load, 4);
	cpu = bench_cpu_ns(server->pid) - cpu;
	figures->values[LOOP_US][round] = cpu / load.acks;
	load_close(&load);
}

static void print_median(const struct figures *figures, size_t figure, const char *who, const char *what, double per,
			 const char *unit)
{
	uint64_t values[ROUNDS_MAX];
	char name[64];

	memcpy(values, figures->values[figure], sizeof(values));
	snprintf(name, sizeof(name), "%s_%s", who, what);
	bench_print(name, (double)bench_quantile(values, (size_t)rounds, 0.5) / per, unit);
}

static void print_figures(const struct figures *figures, const char *who)
{
	static const char *const labels[2][RATES] = {{"p50_ms_1k", "p50_ms_5k", "p50_ms_10k"},
						     {"p99_ms_1k", "p99_ms_5k", "p99_ms_10k"}};

	for (size_t i = 0; i < RATES; i++) {
		print_median(figures, P50 + i, who, labels[0][i], 1e6, "ms");
		print_median(figures, P99 + i, who, labels[1][i], 1e6, "ms");
	}
	print_median(figures, DURABLE, who, "durable_per_s", 1, "messages/s");
	print_median(figures, LOOP_US, who, "loop_us_per_message", 1e3, "us");
	print_median(figures, WAITED, who, "waited_for_cpu", 1e6, "ms/s");
}

/* The median of the rounds' ratios: what disturbs a round disturbs both. */
static void print_ratio(const struct figures *ours, const struct figures *floor_figures, size_t figure,
			const char *name)
{
	uint64_t ratios[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		ratios[i] =
			(uint64_t)(1e6 * (double)ours->values[figure][i] / (double)floor_figures->values[figure][i]);
	bench_print(name, (double)bench_quantile(ratios, (size_t)rounds, 0.5) / 1e6, "ratio");
}

/* ---- fan-out: one writes, a thousand devices of the other get it ---- */

struct fan {
	struct bench_session *sessions;
	uint64_t entries, acks;
};

static void on_fan_frame(void *arg, const char *text, size_t len)
{
	struct fan *fan = arg;

	if (len > 14 && !memcmp(text, "{\"ev\":\"entry\"", 13))
		fan->entries++;
	else if (len > 6 && !memcmp(text, "{\"id\":", 6))
		fan->acks++;
}

static void fan_hear(struct fan *fan, int epoll_fd, int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll_fd, events, 256, timeout_ms);

	for (int i = 0; i < n; i++)
		if (!bench_session_read(events[i].data.ptr, 0, on_fan_frame, fan))
			bench_die("the server closed a session during the fan-out");
}

static void measure_fanout(const struct bench_server *server, const struct bench_plan *plan)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct fan fan = {.sessions = calloc(plan->fan_devices, sizeof(*fan.sessions))};
	struct bench_session writer;
	uint64_t began, until, sent = 0;

	for (size_t i = 0; i < plan->fan_devices; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &fan.sessions[i]};

		bench_session_open(&fan.sessions[i], server, plan->fan[i].token, false);
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fan.sessions[i].fd, &event);
	}
	bench_session_open(&writer, server, plan->fan_partner.token, false);
	fan.entries = 0;
	began = bench_now_ns();
	until = began + (uint64_t)(seconds * 1e9);
	while (bench_now_ns() < until) {
		char text[512];
		int len;

		/* At most four messages ahead of the slowest reader. */
		if (sent * plan->fan_devices < fan.entries + 4 * plan->fan_devices) {
			len = snprintf(text, sizeof(text),
				       "{\"id\":%llu,\"do\":\"msg.send\",\"conv\":%llu,\"cid\":%llu,\"text\":\"%0*d\"}",
				       (unsigned long long)writer.next_id++, (unsigned long long)plan->fan_conv,
				       (unsigned long long)++sent, BODY_LEN, 0);
			bench_session_send(&writer, text, (size_t)len);
		}
		fan_hear(&fan, epoll_fd, 1);
		bench_session_read(&writer, 0, NULL, NULL);
	}
	bench_print("chat_fanout_per_s", (double)fan.entries / ((double)(bench_now_ns() - began) / 1e9),
		    "deliveries/s");
	for (size_t i = 0; i < plan->fan_devices; i++)
		bench_session_close(&fan.sessions[i]);
	bench_session_close(&writer);
	free(fan.sessions);
	close(epoll_fd);
}

static void measure_idle(const struct bench_server *server, const struct bench_plan *plan, const char *name)
{
	struct bench_session *sessions = calloc(plan->idle, sizeof(*sessions));
	size_t warm = plan->idle / 10;
	uint64_t before = 0;

	/* The first tenth warms pools and pages that are there once, not for each session. */
	for (size_t i = 0; i < plan->idle; i++) {
		if (i == warm) {
			usleep(300000);
			before = bench_rss(server->pid);
		}
		bench_session_open(&sessions[i], server, plan->idle_devices[i].token, false);
	}
	usleep(500000);
	bench_print(name, (double)(bench_rss(server->pid) - before) / (double)(plan->idle - warm), "bytes");
	for (size_t i = 0; i < plan->idle; i++)
		bench_session_close(&sessions[i]);
	free(sessions);
}

/* ---- putting it together ---- */

static void start_aftertone(struct bench_server *server, const char *dir, bool tls)
{
	char *argv[32];
	int n = 0;

	argv[n++] = (char *)(uintptr_t)server_path;
	argv[n++] = (char *)"--listen";
	argv[n++] = (char *)"127.0.0.1:0";
	argv[n++] = (char *)"--data";
	argv[n++] = (char *)(uintptr_t)dir;
	argv[n++] = (char *)"--web";
	argv[n++] = (char *)(uintptr_t)web_path;
	argv[n++] = (char *)"--set";
	argv[n++] = (char *)"commands_per_s=0";
	argv[n++] = (char *)"--set";
	argv[n++] = (char *)"messages_per_s=0";
	argv[n++] = (char *)"--set";
	argv[n++] = (char *)"log_level=warn";
	if (tls) {
		argv[n++] = (char *)"--tls";
		argv[n++] = (char *)"self";
	}
	argv[n] = NULL;
	bench_server_start(server, argv, 0);
}

static void start_floor(struct bench_server *server, const char *dir)
{
	server->port = 20000 + getpid() % 20000;
	server->tls = false;
	server->pid = fork();
	if (server->pid == 0) {
		cpu_set_t set;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		CPU_ZERO(&set);
		CPU_SET(0, &set);
		sched_setaffinity(0, sizeof(set), &set);
		floor_serve(dir, server->port);
	}
	usleep(300000);
}

static void round_of_floor(const struct bench_plan *plan, struct figures *figures, int round)
{
	char *dir = bench_temp_dir();
	struct bench_server server;

	start_floor(&server, dir);
	measure_messages(&server, plan, true, figures, round);
	bench_server_stop(&server);
	bench_remove_dir(&dir);
}

/* A data directory of its own each time, as the floor has it. */
static void round_of_ours(struct figures *figures, int round)
{
	struct bench_plan plan = {.pairs = PAIRS};
	char *dir = bench_temp_dir();
	struct bench_server server;

	bench_prepare(dir, &plan);
	start_aftertone(&server, dir, false);
	measure_messages(&server, &plan, false, figures, round);
	bench_server_stop(&server);
	bench_plan_release(&plan);
	bench_remove_dir(&dir);
}

static void measure_sessions(void)
{
	struct bench_plan plan = {.fan_devices = FAN_DEVICES, .idle = IDLE};
	char *dir = bench_temp_dir();
	struct bench_server server;

	bench_prepare(dir, &plan);
	start_aftertone(&server, dir, false);
	measure_idle(&server, &plan, "chat_idle_bytes_plain");
	bench_server_stop(&server);
	start_aftertone(&server, dir, true);
	measure_idle(&server, &plan, "chat_idle_bytes_tls");
	bench_server_stop(&server);
	start_aftertone(&server, dir, false);
	measure_fanout(&server, &plan);
	bench_server_stop(&server);
	bench_plan_release(&plan);
	bench_remove_dir(&dir);
}

int main(int argc, char **argv)
{
	static struct figures ours, floors;
	struct bench_plan floor_plan = {.pairs = PAIRS};
	cpu_set_t set;
	char *dir;
	bool is_quick = false;
	int option;

	while ((option = getopt(argc, argv, "s:w:t:n:q")) != -1) {
		if (option == 's')
			server_path = optarg;
		else if (option == 'w')
			web_path = optarg;
		else if (option == 't')
			seconds = atof(optarg);
		else if (option == 'n')
			rounds = (int)strtol(optarg, NULL, 10);
		else if (option == 'q')
			is_quick = true;
		else
			bench_die("usage: chat_bench [-s SERVER] [-w WEB] [-t SECONDS] [-n ROUNDS] [-q]");
	}
	if (rounds < 1 || rounds > ROUNDS_MAX)
		bench_die("1 to %d rounds", ROUNDS_MAX);
	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1);
	dir = bench_temp_dir();
	bench_prepare(dir, &floor_plan); /* for its names only: the floor asks for none */
	bench_remove_dir(&dir);
	for (int i = 0; i < rounds; i++) {
		round_of_floor(&floor_plan, &floors, i);
		round_of_ours(&ours, i);
	}
	print_figures(&floors, "floor");
	print_figures(&ours, "chat");
	print_ratio(&ours, &floors, P99 + 1, "chat_p99_5k_vs_floor");
	print_ratio(&ours, &floors, P99 + 2, "chat_p99_10k_vs_floor");
	print_ratio(&ours, &floors, DURABLE, "chat_durable_vs_floor");
	bench_plan_release(&floor_plan);
	/* quick: without the sessions, which no disk and little noise touches */
	if (!is_quick)
		measure_sessions();
	return 0;
}
