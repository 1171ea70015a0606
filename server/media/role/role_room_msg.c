#include "base/buf.h"
#include "media/role/role.h"
#include "media/role/role_room.h"

#include <string.h>

/* ---- writing ---- */

struct writer {
	uint8_t *p;
};

static void put8(struct writer *w, uint8_t v)
{
	*w->p++ = v;
}

static void put16(struct writer *w, uint16_t v)
{
	at_put_u16(w->p, v);
	w->p += 2;
}

static void put32(struct writer *w, uint32_t v)
{
	at_put_u32(w->p, v);
	w->p += 4;
}

static void put_bytes(struct writer *w, const void *data, size_t len)
{
	memcpy(w->p, data, len);
	w->p += len;
}

static void put_params(struct writer *w, const struct sfu_params *params)
{
	put_bytes(w, &params->audio, sizeof(params->audio));
	put_bytes(w, &params->video, sizeof(params->video));
	for (int i = 0; i < SFU_SOURCE_COUNT; i++) {
		const struct sfu_send_params *send = &params->send[i];

		put_bytes(w, send->mid, SFU_ID_MAX);
		put8(w, send->rid_count);
		for (int k = 0; k < SFU_LAYERS_MAX; k++)
			put_bytes(w, send->rids[k], SFU_ID_MAX);
		put32(w, send->ssrc);
		put32(w, send->rtx_ssrc);
	}
	put8(w, (uint8_t)params->recv_count);
	for (size_t i = 0; i < params->recv_count; i++) {
		put_bytes(w, params->recv[i].mid, SFU_ID_MAX);
		put8(w, (uint8_t)params->recv[i].kind);
	}
}

size_t media_room_do_put(const struct media_room_do *cmd, uint8_t out[MEDIA_ROOM_DO_MAX])
{
	struct writer w = {out};

	put8(&w, (uint8_t)cmd->verb);
	put_bytes(&w, cmd->room.b, sizeof(cmd->room.b));
	put32(&w, cmd->peer);
	if (cmd->verb == MEDIA_ROOM_JOIN) {
		put_bytes(&w, cmd->join.creds.ufrag, ICE_UFRAG_LEN);
		put_bytes(&w, cmd->join.creds.pwd, ICE_PWD_LEN);
		put_bytes(&w, cmd->join.fingerprint, SFU_FINGERPRINT_LEN);
		put_params(&w, &cmd->join.params);
	} else if (cmd->verb == MEDIA_ROOM_STATE) {
		put8(&w, cmd->state.muted);
		put8(&w, cmd->state.camera);
		put8(&w, cmd->state.screen);
	} else if (cmd->verb == MEDIA_ROOM_VIEW) {
		put8(&w, (uint8_t)cmd->view.count);
		for (size_t i = 0; i < cmd->view.count; i++) {
			put32(&w, cmd->view.views[i].peer);
			put8(&w, (uint8_t)cmd->view.views[i].source);
			put16(&w, cmd->view.views[i].height);
		}
	}
	return (size_t)(w.p - out);
}

static void put_peers(struct writer *w, const uint32_t *peers, size_t count)
{
	put8(w, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		put32(w, peers[i]);
}

static void put_event(struct writer *w, const struct sfu_event *event)
{
	if (event->kind == SFU_EVENT_SLOTS) {
		put32(w, event->slots.epoch);
		put8(w, (uint8_t)event->slots.count);
		for (size_t i = 0; i < event->slots.count; i++) {
			put8(w, event->slots.owners[i].slot);
			put32(w, event->slots.owners[i].peer);
			put8(w, (uint8_t)event->slots.owners[i].source);
		}
	} else if (event->kind == SFU_EVENT_SPEAKERS) {
		put32(w, event->speakers.stage);
		put32(w, event->speakers.before);
		put_peers(w, event->speakers.order, event->speakers.order_count);
		put_peers(w, event->speakers.ring, event->speakers.ring_count);
	} else if (event->kind == SFU_EVENT_LAYERS) {
		put8(w, event->layers);
	}
}

size_t media_room_news_put(const struct media_room_news *news, uint8_t out[MEDIA_ROOM_NEWS_MAX])
{
	struct writer w = {out};

	put8(&w, news->is_joined);
	put_bytes(&w, news->event.room.b, sizeof(news->event.room.b));
	put32(&w, news->event.peer);
	if (!news->is_joined) {
		put8(&w, (uint8_t)news->event.kind);
		put_event(&w, &news->event);
		return (size_t)(w.p - out);
	}
	put8(&w, (uint8_t)news->err);
	put8(&w, (uint8_t)news->slot_count);
	for (size_t i = 0; i < news->slot_count; i++) {
		put32(&w, news->slots[i].ssrc);
		put32(&w, news->slots[i].rtx_ssrc);
	}
	return (size_t)(w.p - out);
}

/* ---- reading ---- */

static bool get_bytes(struct at_reader *r, void *out, size_t len)
{
	const uint8_t *p = at_read_bytes(r, len);

	if (p == NULL)
		return false;
	memcpy(out, p, len);
	return true;
}

/* A number below max. */
static bool get_below(struct at_reader *r, unsigned max, unsigned *out)
{
	*out = at_read_u8(r);
	return !r->failed && *out < max;
}

static bool get_bool(struct at_reader *r, bool *out)
{
	unsigned v;
	bool ok = get_below(r, 2, &v);

	*out = v == 1;
	return ok;
}

/* A name has no bytes behind its end, so that what parses is written the same again. */
static bool get_name(struct at_reader *r, char out[SFU_ID_MAX + 1])
{
	out[SFU_ID_MAX] = '\0';
	if (!get_bytes(r, out, SFU_ID_MAX))
		return false;
	for (size_t i = strlen(out); i < SFU_ID_MAX; i++)
		if (out[i] != '\0')
			return false;
	return true;
}

static bool get_send(struct at_reader *r, struct sfu_send_params *send)
{
	unsigned rids;
	bool ok = get_name(r, send->mid) && get_below(r, SFU_LAYERS_MAX + 1, &rids);

	for (int k = 0; ok && k < SFU_LAYERS_MAX; k++)
		ok = get_name(r, send->rids[k]);
	send->rid_count = ok ? (uint8_t)rids : 0;
	send->ssrc = at_read_u32(r);
	send->rtx_ssrc = at_read_u32(r);
	return ok;
}

static bool get_recv(struct at_reader *r, struct sfu_params *params)
{
	unsigned count, kind;

	if (!get_below(r, SFU_SLOTS_MAX + 1, &count))
		return false;
	params->recv_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!get_name(r, params->recv[i].mid) || !get_below(r, SFU_SLOT_KIND_COUNT, &kind))
			return false;
		params->recv[i].kind = (enum sfu_slot_kind)kind;
	}
	return true;
}

static bool get_params(struct at_reader *r, struct sfu_params *params)
{
	bool ok = get_bytes(r, &params->audio, sizeof(params->audio)) &&
		  get_bytes(r, &params->video, sizeof(params->video));

	for (int i = 0; ok && i < SFU_SOURCE_COUNT; i++)
		ok = get_send(r, &params->send[i]);
	return ok && get_recv(r, params);
}

static bool get_join(struct at_reader *r, struct media_room_do *cmd)
{
	return get_bytes(r, cmd->join.creds.ufrag, ICE_UFRAG_LEN) && get_bytes(r, cmd->join.creds.pwd, ICE_PWD_LEN) &&
	       ice_credentials_valid(&cmd->join.creds) && get_bytes(r, cmd->join.fingerprint, SFU_FINGERPRINT_LEN) &&
	       get_params(r, &cmd->join.params);
}

static bool get_views(struct at_reader *r, struct media_room_do *cmd)
{
	unsigned count, source;

	if (!get_below(r, SFU_VIEWS_MAX + 1, &count))
		return false;
	cmd->view.count = count;
	for (size_t i = 0; i < count; i++) {
		cmd->view.views[i].peer = at_read_u32(r);
		if (!get_below(r, SFU_SOURCE_COUNT, &source))
			return false;
		cmd->view.views[i].source = (enum sfu_source)source;
		cmd->view.views[i].height = at_read_u16(r);
	}
	return true;
}

static bool get_state(struct at_reader *r, struct media_room_do *cmd)
{
	return get_bool(r, &cmd->state.muted) && get_bool(r, &cmd->state.camera) && get_bool(r, &cmd->state.screen);
}

enum at_err media_room_do_parse(const void *body, size_t len, struct media_room_do *cmd_out)
{
	struct at_reader r = at_reader_of(body, len);
	unsigned verb;

	memset(cmd_out, 0, sizeof(*cmd_out));
	bool ok = get_below(&r, MEDIA_ROOM_VERBS, &verb) && get_bytes(&r, cmd_out->room.b, sizeof(cmd_out->room.b));

	cmd_out->verb = (enum media_room_verb)verb;
	cmd_out->peer = at_read_u32(&r);
	if (ok && verb == MEDIA_ROOM_JOIN)
		ok = get_join(&r, cmd_out);
	else if (ok && verb == MEDIA_ROOM_STATE)
		ok = get_state(&r, cmd_out);
	else if (ok && verb == MEDIA_ROOM_VIEW)
		ok = get_views(&r, cmd_out);
	return ok && !r.failed && at_reader_left(&r) == 0 ? AT_OK : AT_ERR_BAD_REQUEST;
}

static bool get_peers(struct at_reader *r, uint32_t *peers, size_t max, size_t *count_out)
{
	unsigned count;

	if (!get_below(r, (unsigned)max + 1, &count))
		return false;
	*count_out = count;
	for (size_t i = 0; i < count; i++)
		peers[i] = at_read_u32(r);
	return true;
}

static bool get_slots(struct at_reader *r, struct sfu_event *event)
{
	unsigned count, slot, source;

	event->slots.epoch = at_read_u32(r);
	if (!get_below(r, SFU_SLOTS_MAX + 1, &count))
		return false;
	event->slots.count = count;
	for (size_t i = 0; i < count; i++) {
		if (!get_below(r, SFU_SLOTS_MAX, &slot))
			return false;
		event->slots.owners[i].slot = (uint8_t)slot;
		event->slots.owners[i].peer = at_read_u32(r);
		if (!get_below(r, SFU_SOURCE_COUNT, &source))
			return false;
		event->slots.owners[i].source = (enum sfu_source)source;
	}
	return true;
}

static bool get_event(struct at_reader *r, struct sfu_event *event)
{
	unsigned kind;

	if (!get_below(r, SFU_EVENT_COUNT, &kind))
		return false;
	event->kind = (enum sfu_event_kind)kind;
	switch (event->kind) {
	case SFU_EVENT_SLOTS: return get_slots(r, event);
	case SFU_EVENT_SPEAKERS:
		event->speakers.stage = at_read_u32(r);
		event->speakers.before = at_read_u32(r);
		return get_peers(r, event->speakers.order, SFU_ORDER_MAX, &event->speakers.order_count) &&
		       get_peers(r, event->speakers.ring, SFU_RING_MAX, &event->speakers.ring_count);
	case SFU_EVENT_LAYERS: event->layers = at_read_u8(r); return true;
	default: return true;
	}
}

static bool get_joined(struct at_reader *r, struct media_room_news *news)
{
	unsigned err, count;

	if (!get_below(r, AT_ERR_COUNT, &err) || !get_below(r, SFU_SLOTS_MAX + 1, &count))
		return false;
	news->err = (enum at_err)err;
	news->slot_count = count;
	for (size_t i = 0; i < count; i++) {
		news->slots[i].ssrc = at_read_u32(r);
		news->slots[i].rtx_ssrc = at_read_u32(r);
	}
	return true;
}

enum at_err media_room_news_parse(const void *body, size_t len, struct media_room_news *news_out)
{
	struct at_reader r = at_reader_of(body, len);

	memset(news_out, 0, sizeof(*news_out));
	bool ok = get_bool(&r, &news_out->is_joined) &&
		  get_bytes(&r, news_out->event.room.b, sizeof(news_out->event.room.b));

	news_out->event.peer = at_read_u32(&r);
	ok = ok && (news_out->is_joined ? get_joined(&r, news_out) : get_event(&r, &news_out->event));
	return ok && !r.failed && at_reader_left(&r) == 0 ? AT_OK : AT_ERR_BAD_REQUEST;
}
