/* The channel to the media role. */
#include "base/log.h"
#include "talk/talk_priv.h"

#include <unistd.h>

/* ---- saying ---- */

/* False: not now; it will all be said again. */
static bool say(struct talk *talk, enum ipc_type type, const void *body, size_t len)
{
	struct talks *talks = talk->talks;

	/* Without a role there is nothing to do: whoever comes is told all. */
	if (!talks->has_hello)
		return true;
	enum at_err err = ipc_send(talks->media, type, body, len, NULL, 0);

	if (err != AT_ERR_BUSY)
		return true;
	talk->is_unsent = true;
	if (!at_timer_active(talks->retry))
		at_timer_start(talks->retry, TALK_RETRY_MS, 0);
	return false;
}

void talk_say_open(struct talk *talk)
{
	uint8_t body[MEDIA_OPEN_LEN];
	const struct media_open open = {.call = talk->parties.id,
					.gate = talk->gate,
					.rate_bits_s = talk->talks->rate_bits_s,
					.creds = {talk->legs[0].creds, talk->legs[1].creds}};

	media_open_put(&open, body);
	(void)say(talk, IPC_MEDIA_OPEN, body, sizeof(body));
}

void talk_say_gate(struct talk *talk)
{
	(void)say(talk, IPC_MEDIA_GATE, talk->parties.id.b, MEDIA_CALL_LEN);
}

void talk_say_restart(struct talk *talk, unsigned leg)
{
	uint8_t body[MEDIA_RESTART_LEN];
	const struct media_restart restart = {.call = talk->parties.id,
					      .leg = (uint8_t)leg,
					      .creds = talk->legs[leg].creds};

	media_restart_put(&restart, body);
	(void)say(talk, IPC_MEDIA_RESTART, body, sizeof(body));
}

void talk_say_close(struct talk *talk)
{
	talk->is_over = true;
	if (say(talk, IPC_MEDIA_CLOSE, talk->parties.id.b, MEDIA_CALL_LEN))
		talk_drop(talk);
}

void talk_say_anew(struct talk *talk)
{
	talk->close_first = !say(talk, IPC_MEDIA_CLOSE, talk->parties.id.b, MEDIA_CALL_LEN);
	talk_say_open(talk);
}

/* The role may have the call with other credentials: then these come as an ICE restart, and the opening finds it as it wants it. */
static void say_all(struct talk *talk)
{
	talk_say_restart(talk, 0);
	talk_say_restart(talk, 1);
	talk_say_open(talk);
}

void talk_on_retry(void *arg)
{
	struct talks *talks = arg;
	size_t pos = 0;

	for (struct talk *talk; (talk = at_map_next(talks->by_id, &pos)) != NULL;) {
		if (!talk->is_unsent)
			continue;
		talk->is_unsent = false;
		if (talk->is_over)
			talk_say_close(talk);
		else if (talk->close_first)
			talk_say_anew(talk);
		else
			say_all(talk);
	}
}

/* ---- hearing ---- */

static void log_talk(const struct talk *talk, const char *event, unsigned leg)
{
	char hex[AT_ID_HEX_LEN + 1];

	at_id_hex(&talk->parties.id, hex);
	at_log(AT_LOG_INFO, event, "call", hex, "leg", leg ? "callee" : "caller", NULL);
}

static void on_opened(struct talk *talk)
{
	talk->refused = 0;
	talk->err = AT_OK;
	if (!talk->tell_on_open || !talk->gate)
		return;
	talk->tell_on_open = false;
	talk_hint(talk, 0, "restarted");
	talk_hint(talk, 1, "restarted");
}

static void on_refused(struct talk *talk, enum at_err err)
{
	bool mends = err == AT_ERR_NOT_FOUND || err == AT_ERR_EXISTS || err == AT_ERR_CONFLICT;

	if (!mends || ++talk->refused > TALK_TRIES_MAX) {
		if (talk->err != err)
			at_log(AT_LOG_WARN, "talk.refused", "err", at_err_name(err), NULL);
		talk->err = err;
		return;
	}
	talk->tell_on_open = talk->tell_on_open || err == AT_ERR_CONFLICT;
	if (err == AT_ERR_CONFLICT)
		talk_new_credentials(talk);
	if (err == AT_ERR_EXISTS)
		say_all(talk);
	else
		talk_say_open(talk);
}

static void on_event(struct talks *talks, const struct media_event *event)
{
	struct talk *talk = at_map_get(talks->by_id, event->call.b, sizeof(event->call.b));

	if (!talk || talk->is_over)
		return;
	switch (event->kind) {
	case MEDIA_OPENED: on_opened(talk); break;
	case MEDIA_REFUSED: on_refused(talk, event->err); break;
	case MEDIA_CONNECTED:
		if (!talk->legs[event->leg].was_connected)
			log_talk(talk, "talk.connected", event->leg);
		talk->legs[event->leg].was_connected = true;
		if (talk->legs[!event->leg].was_connected)
			call_flows(talks->calls, &talk->parties.id);
		break;
	case MEDIA_LOST: log_talk(talk, "talk.lost", event->leg); /* fall through */
	case MEDIA_SILENT: talk_hint(talk, event->leg, "silent"); break;
	case MEDIA_MOVED: talk_hint(talk, event->leg, "moved"); break;
	default: break;
	}
}

/* A role that is new knows nothing; one that is not (core is) may hold some of them. */
static void on_hello(struct talks *talks)
{
	size_t pos = 0;

	talks->has_hello = true;
	for (struct talk *talk; (talk = at_map_next(talks->by_id, &pos)) != NULL;) {
		talk->is_unsent = talk->close_first = false;
		talk->refused = 0;
		if (talk->is_over)
			talk_say_close(talk);
		else
			talk_say_open(talk);
	}
	if (talks->media_ops.up)
		talks->media_ops.up(talks->media_ops.arg);
}

/* ---- rooms' share of it ---- */

void talks_on_media(struct talks *talks, const struct talk_media_ops *ops)
{
	talks->media_ops = *ops;
	if (talks->has_hello && ops->up)
		ops->up(ops->arg);
}

bool talks_has_media(const struct talks *talks)
{
	return talks->has_hello;
}

const uint8_t *talks_fingerprint(const struct talks *talks)
{
	return talks->hello.fingerprint;
}

enum at_err talks_say_room(struct talks *talks, const void *body, size_t len)
{
	if (!talks->has_hello)
		return AT_ERR_UNAVAILABLE;
	enum at_err err = ipc_send(talks->media, IPC_ROOM_DO, body, len, NULL, 0);

	return err == AT_ERR_CLOSED ? AT_ERR_UNAVAILABLE : err;
}

static void on_message(void *arg, struct ipc_msg *msg)
{
	struct talks *talks = arg;
	struct media_event event;
	enum at_err err = AT_OK;

	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	if (msg->type == IPC_MEDIA_HELLO) {
		err = media_hello_parse(msg->body, msg->body_len, &talks->hello);
		if (err == AT_OK)
			on_hello(talks);
	} else if (msg->type == IPC_MEDIA_EVENT) {
		err = media_event_parse(msg->body, msg->body_len, &event);
		if (err == AT_OK)
			on_event(talks, &event);
	} else if (msg->type == IPC_ROOM_NEWS && talks->media_ops.message) {
		talks->media_ops.message(talks->media_ops.arg, msg->body, msg->body_len);
	}
	if (err != AT_OK)
		at_log(AT_LOG_WARN, "talk.bad_message", NULL);
}

static void lost_media(struct talks *talks)
{
	size_t pos = 0;

	bool had = talks->has_hello;

	ipc_chan_free(&talks->media);
	talks->has_hello = false;
	if (had && talks->media_ops.gone)
		talks->media_ops.gone(talks->media_ops.arg);
	for (struct talk *talk; (talk = at_map_next(talks->by_id, &pos)) != NULL;) {
		talk->tell_on_open = true;
		if (talk->is_over)
			talk_drop(talk);
	}
}

static void on_gone(void *arg)
{
	lost_media(arg);
}

void talks_media_channel(struct talks *talks, int fd)
{
	lost_media(talks);
	talks->media = ipc_chan_new(talks->loop, fd, on_message, on_gone, talks);
}
