/* Rooms: the SFU behind the same port as the relay. */
#include "media/role/role_room.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "media/dtls/dtls.h"
#include "media/role/role_priv.h"

#include <string.h>

enum { ROOMS_MAX = 1024, PEERS_MAX = 2048, HOLD_MS = 1, GIVE_BACK_AFTER_US = 5000 * 1000 };

/* ---- out ---- */

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	struct media *m = arg;
	for (size_t i = 0; i < count; i++) {
		const struct media_send send = {sends[i].to, sends[i].data, sends[i].len, sends[i].segment_size};
		media_put(m, &send);
	}
	/* The bytes are the SFU's again when this returns. */
	media_udp_flush(m);
}

void media_no_gso(struct media *m)
{
	at_log(AT_LOG_INFO, "media.no_gso", NULL);
	sfu_set_gso(m->sfu, false);
}

/* ---- to core ---- */

static void tell(struct media *m, const struct media_room_news *news)
{
	uint8_t body[MEDIA_ROOM_NEWS_MAX];
	if (!m->core)
		return;
	size_t len = media_room_news_put(news, body);
	if (!m->room_unsent_n && ipc_send(m->core, IPC_ROOM_NEWS, body, len, NULL, 0) != AT_ERR_BUSY)
		return;
	if (m->room_unsent_n == MEDIA_ROOM_UNSENT) {
		at_log(AT_LOG_WARN, "media.event_lost", NULL);
		return;
	}
	m->room_unsent[m->room_unsent_n++] = at_bytes_new(body, len);
}

void media_room_drop_unsent(struct media *m)
{
	while (m->room_unsent_n)
		at_bytes_unref(&m->room_unsent[--m->room_unsent_n]);
}

static bool send_unsent(struct media *m)
{
	size_t done = 0;
	while (done < m->room_unsent_n && m->core &&
	       ipc_send(m->core, IPC_ROOM_NEWS, m->room_unsent[done]->data, m->room_unsent[done]->len, NULL, 0) !=
		       AT_ERR_BUSY)
		at_bytes_unref(&m->room_unsent[done++]);
	m->room_unsent_n -= done;
	memmove(m->room_unsent, m->room_unsent + done, m->room_unsent_n * sizeof(struct at_bytes *));
	return !m->room_unsent_n;
}

/* How its voice came, for whoever wonders why somebody was heard badly. */
static void say_voice(uint32_t peer, const struct sfu_voice *voice)
{
	at_log(AT_LOG_INFO, "media.left", "peer", AT_INT(peer), "voice", AT_INT(voice->packets), "red",
	       AT_INT(voice->red), "red_frames", AT_INT(voice->red_frames), "restored", AT_INT(voice->restored),
	       "asked", AT_INT(voice->asked), "hears_depth", AT_INT(voice->hears_depth), NULL);
}

/* What core has no room for waits in the SFU, where news of one thing take the place of older ones. */
void media_room_tell(struct media *m)
{
	struct media_room_news news = {.is_joined = false};
	while (send_unsent(m) && sfu_next_event(m->sfu, &news.event)) {
		if (news.event.kind == SFU_EVENT_GONE)
			say_voice(news.event.peer, &news.event.voice);
		tell(m, &news);
	}
}

/* ---- from core ---- */

static void join(struct media *m, const struct media_room_do *cmd)
{
	struct media_room_news news = {.is_joined = true,
				       .event = {.room = cmd->room, .peer = cmd->peer},
				       .slot_count = cmd->join.params.recv_count};
	news.err = sfu_join(m->sfu, at_mono_us(), &cmd->room, cmd->peer, &cmd->join.creds, cmd->join.fingerprint,
			    &cmd->join.params, news.slots);
	if (news.err)
		news.slot_count = 0;
	tell(m, &news);
}

static void want_times(struct media *m)
{
	bool wanted = sfu_rooms(m->sfu) > 0;
	if (wanted == m->wants_times)
		return;
	m->wants_times = wanted;
	media_udp_times(m, wanted);
	if (wanted)
		at_timer_start(m->room_tick, SFU_TICK_US / 1000, SFU_TICK_US / 1000);
	else
		at_timer_stop(m->room_tick);
}

static enum at_err leave(struct media *m, const struct media_room_do *cmd, int64_t now_us)
{
	struct sfu_peer_stats stats;
	if (!sfu_peer_stats(m->sfu, &cmd->room, cmd->peer, &stats))
		say_voice(cmd->peer, &stats.voice);
	return sfu_leave(m->sfu, now_us, &cmd->room, cmd->peer);
}

/* What a command names may be gone by now, which core has been told or is about to be: no answer. */
static void carry_out(struct media *m, const struct media_room_do *cmd)
{
	int64_t now_us = at_mono_us();
	enum at_err err = AT_OK;
	switch (cmd->verb) {
	case MEDIA_ROOM_OPEN: err = sfu_room_open(m->sfu, now_us, &cmd->room); break;
	case MEDIA_ROOM_CLOSE: err = sfu_room_close(m->sfu, &cmd->room); break;
	case MEDIA_ROOM_JOIN: join(m, cmd); break;
	case MEDIA_ROOM_LEAVE: err = leave(m, cmd, now_us); break;
	case MEDIA_ROOM_STATE:
		err = sfu_state(m->sfu, now_us, &cmd->room, cmd->peer, cmd->state.muted, cmd->state.camera,
				cmd->state.screen);
		break;
	case MEDIA_ROOM_VIEW:
		err = sfu_view(m->sfu, now_us, &cmd->room, cmd->peer, cmd->view.views, cmd->view.count);
		break;
	default: AT_ASSERT(!"a verb");
	}
	if (err && err != AT_ERR_NOT_FOUND)
		at_log(AT_LOG_WARN, "media.room_refused", "error", at_err_name(err), NULL);
	want_times(m);
}

void media_room_do(struct media *m, const void *body, size_t len)
{
	struct media_room_do *cmd = at_alloc(sizeof(*cmd));
	if (media_room_do_parse(body, len, cmd))
		at_log(AT_LOG_WARN, "media.bad_message", NULL);
	else
		carry_out(m, cmd);
	at_free(cmd);
	media_room_flush(m, at_mono_us());
}

/* ---- packets ---- */

bool media_room_takes(const struct media *m, const struct ice_tuple *from, const uint8_t *data, size_t len)
{
	struct stun_message msg;
	char ufrag[ICE_UFRAG_LEN + 1];
	if (!m->wants_times)
		return false;
	if (data[0] >= 4)
		return sfu_owns(m->sfu, from);
	return !stun_parse(data, len, &msg) && stun_local_ufrag(&msg, ufrag) && sfu_knows(m->sfu, ufrag);
}

void media_room_flush(struct media *m, int64_t now_us)
{
	sfu_flush(m->sfu, now_us);
	if (sfu_deadline_us(m->sfu) != INT64_MAX && !at_timer_active(m->room_hold))
		at_timer_start(m->room_hold, HOLD_MS, 0);
	media_room_tell(m);
}

static void on_hold(void *arg)
{
	struct media *m = arg;
	media_room_flush(m, at_mono_us());
}

/* The 57 KiB of each handshake that went on beside others come free between what is kept: the heap would hold on to them. */
static void give_back(struct media *m, int64_t now_us)
{
	uint64_t handshakes = sfu_stats(m->sfu)->handshakes;
	if (!m->give_back_us && handshakes != m->handshakes_seen) {
		m->handshakes_seen = handshakes; /* those that come later have their turn after this one */
		m->give_back_us = now_us + GIVE_BACK_AFTER_US;
	}
	if (!m->give_back_us || now_us < m->give_back_us)
		return;
	m->give_back_us = 0;
	at_mem_trim();
}

static void on_tick(void *arg)
{
	struct media *m = arg;
	int64_t now_us = at_mono_us();
	sfu_tick(m->sfu, now_us);
	media_room_flush(m, now_us);
	give_back(m, now_us);
	want_times(m);
}

/* ---- life ---- */

void media_room_prepare(struct media *m, const struct media_options *options)
{
	m->dtls = dtls_context_new();
	const char *text = dtls_context_fingerprint(m->dtls);
	enum at_err err = dtls_fingerprint_parse(text, strlen(text), m->hello.fingerprint);
	AT_ASSERT(!err);
	m->sfu = sfu_new(&(struct sfu_options){.rooms_max = ROOMS_MAX,
					       .peers_max = PEERS_MAX,
					       .dtls = m->dtls,
					       .gso = !options->without_gso,
					       .send = on_send,
					       .send_arg = m});
}

void media_room_start(struct media *m)
{
	m->room_tick = at_timer_new(m->loop, on_tick, m);
	m->room_hold = at_timer_new(m->loop, on_hold, m);
}

size_t media_room_close_orphans(struct media *m)
{
	size_t n = sfu_close_orphans(m->sfu);
	want_times(m);
	return n;
}
