/* script/bench chat: durable messages a second and core, latency at fixed rates, fan-out, memory of an idle session; the same generator
 * drives a bare socket and store loop (floor.h) in the same run. The server is pinned to processor 0, this generator to 1.
 * Rates are open loop: latency counts from the moment a message was due, not from when it could be sent. */
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

static void hear(struct load *load, int timeout_ms)
{
	struct epoll_event events[64];
	int n = epoll_wait(load->epoll_fd, events, 64, timeout_ms);

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
		hear(load, 10);
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
		hear(load, 5);
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
	uint64_t began = bench_now_ns(), until = began + (uint64_t)(seconds * 1e9), next = 0;

	load->sample_count = 0;
	for (;;) {
		uint64_t now = bench_now_ns();

		if (now >= until)
			return;
		while (began + (uint64_t)((double)next * 1e9 / rate) <= now) {
			send_message(load, &load->senders[next % load->count],
				     began + (uint64_t)((double)next * 1e9 / rate));
			next++;
		}
		hear(load, 0);
	}
}

static void print_rate(struct load *load, double rate, const char *label, const char *who)
{
	char name[64];

	run_rate(load, rate);
	drain(load, sent_so_far(load));
	snprintf(name, sizeof(name), "%s_p50_ms_%s", who, label);
	bench_print(name, (double)bench_quantile(load->samples, load->sample_count, 0.5) / 1e6, "ms");
	snprintf(name, sizeof(name), "%s_p99_ms_%s", who, label);
	bench_print(name, (double)bench_quantile(load->samples, load->sample_count, 0.99) / 1e6, "ms");
}

/* Rates first, on a fresh server; the saturating run last, since its backlog would spoil them. */
static double measure_messages(const struct bench_server *server, const struct bench_plan *plan, bool is_floor)
{
	const char *who = is_floor ? "floor" : "chat";
	struct load load;
	uint64_t cpu;
	double rate;

	load_open(&load, server, plan, is_floor);
	print_rate(&load, 1000, "1k", who);
	print_rate(&load, 5000, "5k", who);
	print_rate(&load, 10000, "10k", who);
	cpu = bench_cpu_ns(server->pid);
	load.acks = load.entries = 0;
	for (size_t i = 0; i < load.count; i++)
		load.senders[i].acks = 0;
	rate = run_saturated(&load, 4);
	cpu = bench_cpu_ns(server->pid) - cpu;
	bench_print(is_floor ? "floor_durable_per_s" : "chat_durable_per_s", rate, "messages/s");
	bench_print(is_floor ? "floor_loop_us_per_message" : "chat_loop_us_per_message",
		    (double)cpu / 1e3 / (double)load.acks, "us");
	load_close(&load);
	return rate;
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

static double run_floor(struct bench_plan *plan)
{
	char *dir = bench_temp_dir();
	struct bench_server server;
	double rate;

	start_floor(&server, dir);
	rate = measure_messages(&server, plan, true);
	bench_server_stop(&server);
	bench_remove_dir(&dir);
	return rate;
}

static double run_aftertone(struct bench_plan *plan, const char *dir)
{
	struct bench_server server;
	double rate;

	start_aftertone(&server, dir, false);
	measure_idle(&server, plan, "chat_idle_bytes_plain");
	bench_server_stop(&server);
	start_aftertone(&server, dir, true);
	measure_idle(&server, plan, "chat_idle_bytes_tls");
	bench_server_stop(&server);
	start_aftertone(&server, dir, false);
	rate = measure_messages(&server, plan, false);
	measure_fanout(&server, plan);
	bench_server_stop(&server);
	return rate;
}

int main(int argc, char **argv)
{
	struct bench_plan plan = {.pairs = PAIRS, .fan_devices = FAN_DEVICES, .idle = IDLE};
	cpu_set_t set;
	char *dir;
	double ours, floor_rate;
	int option;

	while ((option = getopt(argc, argv, "s:w:t:")) != -1) {
		if (option == 's')
			server_path = optarg;
		else if (option == 'w')
			web_path = optarg;
		else if (option == 't')
			seconds = atof(optarg);
		else
			bench_die("usage: chat_bench [-s SERVER] [-w WEB] [-t SECONDS]");
	}
	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	signal(SIGPIPE, SIG_IGN);
	dir = bench_temp_dir();
	bench_prepare(dir, &plan);
	floor_rate = run_floor(&plan);
	ours = run_aftertone(&plan, dir);
	bench_print("chat_durable_vs_floor", ours / floor_rate, "ratio");
	bench_plan_release(&plan);
	bench_remove_dir(&dir);
	return 0;
}
