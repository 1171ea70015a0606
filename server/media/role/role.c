#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "ipc/ipc_role.h"
#include "ipc/ipc_sandbox.h"
#include "media/role/role_priv.h"

#include <string.h>
#include <unistd.h>

enum {
	HELD_MAX = 1024,
	FDS_MAX = MEDIA_CONNS_MAX + MEDIA_SOCKS_MAX + 64,
};
#define MEM_MAX (1ULL << 30) /* address space, libraries included */

/* ---- to core ---- */

/* In order, and none is lost while core is busy. Without a core nobody listens: the next one opens its calls and is told then. */
static void tell_core(struct media *m, const struct media_event *event)
{
	uint8_t body[MEDIA_EVENT_LEN];
	if (!m->core)
		return;
	media_event_put(event, body);
	if (!m->unsent.len && ipc_send(m->core, IPC_MEDIA_EVENT, body, sizeof(body), NULL, 0) != AT_ERR_BUSY)
		return;
	if (at_buf_append(&m->unsent, body, sizeof(body)))
		at_log(AT_LOG_WARN, "media.event_lost", NULL);
	media_busy(m);
}

static bool send_unsent(struct media *m)
{
	size_t done = 0;
	while (done < m->unsent.len && m->core &&
	       ipc_send(m->core, IPC_MEDIA_EVENT, m->unsent.data + done, MEDIA_EVENT_LEN, NULL, 0) != AT_ERR_BUSY)
		done += MEDIA_EVENT_LEN;
	at_buf_consume(&m->unsent, done);
	return m->unsent.len == 0;
}

/* What core has no room for waits in the relay, where a leg's news take the place of older ones. */
void media_tell(struct media *m)
{
	static const enum media_event_kind kinds[RELAY_EVENT_COUNT] = {
		[RELAY_EVENT_CONNECTED] = MEDIA_CONNECTED,
		[RELAY_EVENT_SILENT] = MEDIA_SILENT,
		[RELAY_EVENT_MOVED] = MEDIA_MOVED,
		[RELAY_EVENT_LOST] = MEDIA_LOST,
	};
	struct relay_event event;
	while (send_unsent(m) && relay_next_event(m->relay, &event)) {
		const struct media_event told = {.call = event.call,
						 .leg = (uint8_t)event.leg,
						 .kind = kinds[event.kind]};
		tell_core(m, &told);
	}
}

static void answer(struct media *m, const struct at_id *call, enum media_event_kind kind, enum at_err err)
{
	const struct media_event event = {.call = *call, .kind = kind, .err = err};
	tell_core(m, &event);
}

/* ---- time ---- */

void media_send_held(struct media *m)
{
	struct relay_send send;
	while (relay_next_held(m->relay, &send)) {
		media_put_relayed(m, &send);
		/* Its bytes are good only until the next one. */
		media_udp_flush(m);
	}
}

static void on_tick(void *arg)
{
	struct media *m = arg;
	int64_t now_us = at_mono_us();
	relay_tick(m->relay, now_us);
	media_tcp_look(m, now_us);
	media_tell(m);
	if (!relay_calls(m->relay) && !m->conn_count && !m->unsent.len)
		at_timer_stop(m->tick);
}

void media_busy(struct media *m)
{
	if (!at_timer_active(m->tick))
		at_timer_start(m->tick, RELAY_TICK_MS, RELAY_TICK_MS);
}

/* ---- from core ---- */

static void on_open(struct media *m, const struct ipc_msg *msg)
{
	struct media_open open;
	if (media_open_parse(msg->body, msg->body_len, &open)) {
		at_log(AT_LOG_WARN, "media.bad_message", NULL);
		return;
	}
	int64_t now_us = at_mono_us();
	enum at_err err = relay_open(m->relay, now_us, &open.call, open.creds, open.rate_bits_s);
	if (!err && open.gate)
		err = relay_gate(m->relay, now_us, &open.call);
	answer(m, &open.call, err ? MEDIA_REFUSED : MEDIA_OPENED, err);
	struct relay_leg_stats legs[2];
	if (err || relay_call_stats(m->relay, &open.call, legs))
		return;
	media_busy(m);
	for (uint8_t leg = 0; leg < 2; leg++) {
		const struct media_event event = {.call = open.call, .leg = leg, .kind = MEDIA_CONNECTED};
		if (legs[leg].has_address)
			tell_core(m, &event);
	}
	media_send_held(m);
}

static void on_restart(struct media *m, const struct ipc_msg *msg)
{
	struct media_restart r;
	if (media_restart_parse(msg->body, msg->body_len, &r)) {
		at_log(AT_LOG_WARN, "media.bad_message", NULL);
		return;
	}
	enum at_err err = relay_restart(m->relay, at_mono_us(), &r.call, r.leg, &r.creds);
	if (err)
		answer(m, &r.call, MEDIA_REFUSED, err);
}

static void put_leg(struct media_leg_stats *out, const struct relay_leg_stats *leg)
{
	*out = (struct media_leg_stats){.packets = leg->packets_in,
					.bytes = leg->bytes_in,
					.dropped = leg->dropped,
					.tuples = leg->tuples,
					.moves = leg->moves,
					.has_address = leg->has_address,
					.is_tcp = leg->is_tcp};
}

static void on_ask(struct media *m, const struct at_id *call)
{
	struct relay_leg_stats legs[2] = {{0}, {0}};
	uint8_t body[MEDIA_STATS_LEN];
	struct media_stats stats = {.call = *call, .err = relay_call_stats(m->relay, call, legs)};
	put_leg(&stats.legs[0], &legs[0]);
	put_leg(&stats.legs[1], &legs[1]);
	media_stats_put(&stats, body);
	if (ipc_send(m->core, IPC_MEDIA_STATS, body, sizeof(body), NULL, 0))
		at_log(AT_LOG_WARN, "media.answer_lost", NULL);
}

static void on_call(struct media *m, const struct ipc_msg *msg)
{
	struct at_id call;
	enum at_err err;
	if (media_call_parse(msg->body, msg->body_len, &call)) {
		at_log(AT_LOG_WARN, "media.bad_message", NULL);
		return;
	}
	switch (msg->type) {
	case IPC_MEDIA_GATE:
		err = relay_gate(m->relay, at_mono_us(), &call);
		if (err)
			answer(m, &call, MEDIA_REFUSED, err);
		media_send_held(m);
		return;
	case IPC_MEDIA_CLOSE:
		/* One that went with its role's last life is closed already. */
		err = relay_close(m->relay, &call);
		(void)err;
		return;
	default: on_ask(m, &call); return;
	}
}

static void on_core(void *arg, struct ipc_msg *msg)
{
	struct media *m = arg;
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	switch (msg->type) {
	case IPC_MEDIA_OPEN: on_open(m, msg); break;
	case IPC_MEDIA_RESTART: on_restart(m, msg); break;
	case IPC_MEDIA_GATE:
	case IPC_MEDIA_CLOSE:
	case IPC_MEDIA_ASK: on_call(m, msg); break;
	case IPC_ROOM_DO: media_room_do(m, msg->body, msg->body_len); break;
	default: at_log(AT_LOG_WARN, "media.bad_message", NULL);
	}
	media_tell(m);
}

/* ---- lives ---- */

static void on_orphans(void *arg)
{
	struct media *m = arg;
	size_t n = relay_close_orphans(m->relay) + media_room_close_orphans(m);
	if (n)
		at_log(AT_LOG_INFO, "media.orphans_closed", "calls", AT_INT(n), NULL);
}

static void on_core_gone(void *arg)
{
	struct media *m = arg;
	ipc_chan_free(&m->core);
	at_buf_release(&m->unsent);
	media_room_drop_unsent(m);
	relay_orphan_all(m->relay);
	sfu_orphan_all(m->sfu);
	at_timer_start(m->orphans, MEDIA_ORPHAN_MS, 0);
}

static void meet_core(struct media *m, int fd)
{
	uint8_t body[MEDIA_HELLO_LEN];
	if (m->core)
		on_core_gone(m);
	m->core = ipc_chan_new(m->loop, fd, on_core, on_core_gone, m);
	media_hello_put(&m->hello, body);
	if (ipc_send(m->core, IPC_MEDIA_HELLO, body, sizeof(body), NULL, 0))
		at_log(AT_LOG_WARN, "media.answer_lost", NULL);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct media *m = arg;
	bool is_core = msg->type == IPC_PEER && msg->fd_count == 1 && msg->body_len == 1 && msg->body[0] == IPC_CORE;
	if (msg->type == IPC_STOP)
		_exit(0);
	if (is_core) {
		meet_core(m, msg->fds[0]);
		return;
	}
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
}

static void on_boss_gone(void *arg)
{
	(void)arg;
	_exit(0);
}

static void open_sockets(struct media *m, const struct media_options *options)
{
	enum at_err err = media_bind(m, options);
	if (err) {
		at_log(AT_LOG_ERROR, "media.listen", "port", AT_INT(options->port), "error", at_err_name(err), NULL);
		_exit(IPC_EXIT_CONFIG);
	}
	media_hello_fill(&m->hello, options);
}

static void own_addresses(struct media *m)
{
	uint8_t ips[MEDIA_SOCKS_MAX][16];
	for (size_t i = 0; i < m->sock_count; i++)
		memcpy(ips[i], m->socks[i].ip, sizeof(ips[i]));
	relay_own(m->relay, m->hello.port, (const uint8_t(*)[16])ips, m->sock_count);
}

void media_role_main(int supervisor_fd, const struct media_options *options)
{
	const struct relay_options relay = {.calls_max = options->calls_max ? options->calls_max : MEDIA_CALLS_DEFAULT,
					    .held_max = HELD_MAX};
	struct media *m = at_alloc(sizeof(*m));
	uint8_t port[2];
	at_log_set_role("media");
	for (size_t i = 0; i < MEDIA_FAMILIES; i++)
		m->tcp[i] = -1;
	at_buf_init(&m->unsent, MEDIA_UNSENT_MAX);
	open_sockets(m, options);
	/* OpenSSL reads its configuration here, while it may. */
	m->relay = relay_new(&relay);
	media_room_prepare(m, options);
	own_addresses(m);
	m->loop = at_loop_new();
	m->tick = at_timer_new(m->loop, on_tick, m);
	m->orphans = at_timer_new(m->loop, on_orphans, m);
	m->boss = ipc_chan_new(m->loop, supervisor_fd, on_boss, on_boss_gone, m);
	media_udp_start(m);
	media_tcp_start(m);
	media_room_start(m);
	ipc_sandbox_media_role(MEM_MAX, FDS_MAX);
	at_put_u16(port, m->hello.port);
	if (ipc_send(m->boss, IPC_READY, port, sizeof(port), NULL, 0))
		_exit(1);
	at_log(AT_LOG_INFO, "media.serving", "port", AT_INT(m->hello.port), "addresses", AT_INT(m->hello.count), NULL);
	at_loop_run(m->loop);
	_exit(0);
}
