#include "bench/media.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/rand.h"
#include "bench/session.h"
#include "ipc/ipc.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	struct ipc_chan *boss, *core;
	struct bench_media *media;
	struct media_stats stats;
	bool has_hello, has_stats;
} side;

void bench_pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct at_reader r = at_reader_of(msg->body, msg->body_len);

	(void)arg;
	side.media->port = at_read_u16(&r);
}

static void on_news(const struct ipc_msg *msg)
{
	struct media_room_news news;

	if (media_room_news_parse(msg->body, msg->body_len, &news))
		bench_die("news of a room that are none");
	if (!news.is_joined) {
		side.media->room_events[news.event.kind]++;
		return;
	}
	if (news.err)
		bench_die("a join was refused: %s", at_err_name(news.err));
	side.media->joined = news;
	side.media->joins++;
}

static void on_core(void *arg, struct ipc_msg *msg)
{
	struct media_event event;

	(void)arg;
	if (msg->type == IPC_ROOM_NEWS)
		on_news(msg);
	if (msg->type == IPC_MEDIA_HELLO)
		side.has_hello = true;
	if (msg->type == IPC_MEDIA_STATS && media_stats_parse(msg->body, msg->body_len, &side.stats) == AT_OK)
		side.has_stats = true;
	if (msg->type != IPC_MEDIA_EVENT || media_event_parse(msg->body, msg->body_len, &event))
		return;
	if (event.kind == MEDIA_REFUSED)
		bench_die("refused: %s", at_err_name(event.err));
	side.media->opened += event.kind == MEDIA_OPENED;
	side.media->events[event.kind]++;
}

static void on_gone(void *arg)
{
	(void)arg;
	bench_die("the media role has gone");
}

void bench_media_start(struct bench_media *media, size_t calls_max, int cpu)
{
	const struct media_options options = {.calls_max = calls_max};

	bench_media_start_with(media, &options, cpu);
}

void bench_media_start_with(struct bench_media *media, const struct media_options *options, int cpu)
{
	uint8_t who = IPC_CORE;
	int boss[2], core[2];

	*media = (struct bench_media){0};
	side.media = media;
	side.has_hello = false;
	if (ipc_pair(boss) || ipc_pair(core))
		bench_die("socketpair: %s", strerror(errno));
	media->pid = fork();
	if (media->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bench_pin(cpu);
		close(boss[0]);
		close(core[0]);
		at_log_set_level(AT_LOG_ERROR);
		media_role_main(boss[1], options);
	}
	close(boss[1]);
	media->loop = at_loop_new();
	side.boss = ipc_chan_new(media->loop, boss[0], on_boss, on_gone, NULL);
	side.core = ipc_chan_new(media->loop, core[0], on_core, on_gone, NULL);
	if (ipc_send(side.boss, IPC_PEER, &who, 1, &core[1], 1))
		bench_die("the media role does not take a channel");
	close(core[1]);
	while (!media->port || !side.has_hello)
		at_loop_step(media->loop, 100);
}

void bench_media_stop(struct bench_media *media)
{
	ipc_chan_free(&side.boss);
	ipc_chan_free(&side.core);
	at_loop_free(&media->loop);
	kill(media->pid, SIGKILL);
	waitpid(media->pid, NULL, 0);
}

void bench_media_open(struct bench_media *media, struct bench_call *calls, size_t from, size_t to, uint32_t rate_bits_s)
{
	for (size_t i = from; i < to; i++) {
		struct media_open open = {.gate = true, .rate_bits_s = rate_bits_s};
		uint8_t body[MEDIA_OPEN_LEN];

		at_rand(&calls[i].id, sizeof(calls[i].id));
		ice_credentials_make(&calls[i].creds[0]);
		ice_credentials_make(&calls[i].creds[1]);
		open.call = calls[i].id;
		memcpy(open.creds, calls[i].creds, sizeof(open.creds));
		media_open_put(&open, body);
		if (ipc_send(side.core, IPC_MEDIA_OPEN, body, sizeof(body), NULL, 0))
			bench_die("the media role does not keep up");
		while (media->opened <= i)
			at_loop_step(media->loop, 100);
	}
}

void bench_media_hear(struct bench_media *media)
{
	for (int i = 0; i < 200; i++)
		at_loop_step(media->loop, 0);
}

struct media_stats bench_media_ask(struct bench_media *media, const struct bench_call *call)
{
	side.has_stats = false;
	if (ipc_send(side.core, IPC_MEDIA_ASK, call->id.b, MEDIA_CALL_LEN, NULL, 0))
		bench_die("the media role does not keep up");
	while (!side.has_stats)
		at_loop_step(media->loop, 100);
	return side.stats;
}

void bench_media_room(struct bench_media *media, const struct media_room_do *cmd)
{
	uint8_t body[MEDIA_ROOM_DO_MAX];
	const uint64_t joins = media->joins;
	const size_t len = media_room_do_put(cmd, body);

	while (ipc_send(side.core, IPC_ROOM_DO, body, len, NULL, 0))
		at_loop_step(media->loop, 1);
	while (cmd->verb == MEDIA_ROOM_JOIN && media->joins == joins)
		at_loop_step(media->loop, 100);
}

size_t bench_media_check(struct ice *ice, const struct bench_call *call, unsigned leg, uint8_t out[ICE_PACKET_MAX])
{
	char username[ICE_UFRAG_LEN + 8];
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = call->creds[leg].pwd,
				      .use_candidate = true,
				      .priority = 1};

	snprintf(username, sizeof(username), "%s:x", call->creds[leg].ufrag);
	at_rand(request.tid, sizeof(request.tid));
	return ice_request_put(ice, &request, out);
}
