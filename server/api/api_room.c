/* Rooms: the commands. */
#include "api/api_priv.h"

#include "base/str.h"

#include <string.h>

/* False: it has been answered. */
static bool get_asker(struct api_ask *ask, const struct wire_in *in, struct room_asker *asker_out)
{
	*asker_out = (struct room_asker){.user = ask->user, .device = ask->device};
	enum at_err err = wire_get_id(in, "room", &asker_out->room);
	if (err == AT_OK && at_id_is_zero(&asker_out->room))
		err = AT_ERR_BAD_REQUEST;
	if (err != AT_OK)
		api_answer_err(ask, err);
	return err == AT_OK;
}

static void answer_room(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	if (err == AT_OK)
		api_answer_raw(arg, "room", json, len);
	else
		api_answer_limited(arg, err, retry_ms);
}

static void answer_joined(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	(void)retry_ms;
	if (err == AT_OK)
		api_answer_raw(arg, NULL, json, len);
	else
		api_answer_err(arg, err);
}

static enum at_err get_room_kind(const struct wire_in *in, enum room_kind *kind_out)
{
	const char *kind;
	enum at_err err = wire_get_str(in, "kind", 1, 16, &kind);
	if (err != AT_OK)
		return err;
	*kind_out = at_str_eq(kind, "chat") ? ROOM_CHAT : at_str_eq(kind, "video") ? ROOM_VIDEO : ROOM_VOICE;
	return *kind_out != ROOM_VOICE || at_str_eq(kind, "voice") ? AT_OK : AT_ERR_BAD_REQUEST;
}

void api_do_room_start(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	uint64_t conv;
	enum room_kind kind;
	bool ring, confirmed = false;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, &conv);
	if (err == AT_OK)
		err = get_room_kind(in, &kind);
	if (err == AT_OK)
		err = wire_get_bool(in, "ring", &ring);
	if (err == AT_OK && wire_has(in, "confirmed"))
		err = wire_get_bool(in, "confirmed", &confirmed);
	if (err == AT_OK)
		room_start(ask->api->deps.rooms, &asker, conv, kind, ring, confirmed, answer_room, ask);
	else
		api_answer_err(ask, err);
}

void api_do_call_grow(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	struct at_id call;
	enum room_kind kind;
	uint64_t users[ROOM_INVITE_MAX];
	size_t n;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_id(in, "call", &call);
	if (err == AT_OK)
		err = get_room_kind(in, &kind);
	if (err == AT_OK)
		err = wire_get_u64s(in, "users", API_INT_MAX, ROOM_INVITE_MAX, users, &n);
	if (err == AT_OK)
		room_grow(ask->api->deps.rooms, &asker, &call, kind, users, n, answer_room, ask);
	else
		api_answer_err(ask, err);
}

/* ---- joining ---- */

static enum at_err get_u8(const struct wire_in *in, const char *key, uint8_t *v_out)
{
	uint64_t v = 0;
	enum at_err err = wire_has(in, key) ? wire_get_u64(in, key, 0, 255, &v) : AT_OK;
	*v_out = (uint8_t)v;
	return err;
}

static enum at_err get_u32(const struct wire_in *in, const char *key, uint32_t *v_out)
{
	uint64_t v = 0;
	enum at_err err = wire_has(in, key) ? wire_get_u64(in, key, 0, UINT32_MAX, &v) : AT_OK;
	*v_out = (uint32_t)v;
	return err;
}

static enum at_err get_mid(const struct wire_in *in, char mid_out[SFU_ID_MAX + 1])
{
	const char *mid;
	enum at_err err = wire_get_str(in, "mid", 1, SFU_ID_MAX, &mid);
	if (err == AT_OK)
		memcpy(mid_out, mid, strlen(mid) + 1);
	return err;
}

/* "AB:CD:...", as in SDP. */
static enum at_err get_fingerprint(const struct wire_in *in, uint8_t out[SFU_FINGERPRINT_LEN])
{
	enum { LEN = SFU_FINGERPRINT_LEN * 3 - 1 };
	const char *text;
	char hex[SFU_FINGERPRINT_LEN * 2 + 1] = "";
	enum at_err err = wire_get_str(in, "fingerprint", LEN, LEN, &text);
	for (size_t i = 0, n = 0; err == AT_OK && i < LEN; i++) {
		if (i % 3 == 2 && text[i] != ':')
			err = AT_ERR_BAD_REQUEST;
		if (i % 3 != 2)
			hex[n++] = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
	}
	return err == AT_OK ? at_unhex(hex, SFU_FINGERPRINT_LEN * 2, out) : err;
}

static enum at_err get_audio(const struct wire_in *params, struct sfu_audio_params *out)
{
	const struct wire_in *audio, *ext;
	enum at_err err = wire_get_obj(params, "audio", &audio);
	if (err == AT_OK)
		err = wire_get_obj(audio, "ext", &ext);
	if (err == AT_OK)
		err = get_u8(audio, "pt", &out->pt);
	if (err == AT_OK)
		err = get_u8(audio, "red", &out->red_pt);
	if (err == AT_OK)
		err = get_u8(ext, "mid", &out->ext_mid);
	return err == AT_OK ? get_u8(ext, "level", &out->ext_level) : err;
}

static enum at_err get_video(const struct wire_in *params, struct sfu_video_params *out)
{
	const struct wire_in *video, *ext;
	enum at_err err = wire_get_obj(params, "video", &video);
	if (err == AT_OK)
		err = wire_get_obj(video, "ext", &ext);
	if (err != AT_OK)
		return err;
	const struct {
		const struct wire_in *in;
		const char *key;
		uint8_t *out;
	} fields[] = {
		{video, "pt", &out->pt},
		{video, "rtx", &out->rtx_pt},
		{ext, "mid", &out->ext_mid},
		{ext, "rid", &out->ext_rid},
		{ext, "rrid", &out->ext_rrid},
		{ext, "twcc", &out->ext_twcc},
		{ext, "abs_send", &out->ext_abs_send},
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields) && err == AT_OK; i++)
		err = get_u8(fields[i].in, fields[i].key, fields[i].out);
	return err;
}

static enum at_err get_send(const struct wire_in *send, const char *key, struct sfu_send_params *out)
{
	const struct wire_in *one;
	const char *rids[SFU_LAYERS_MAX];
	size_t n = 0;
	if (!wire_has(send, key))
		return AT_OK;
	enum at_err err = wire_get_obj(send, key, &one);
	if (err == AT_OK)
		err = get_mid(one, out->mid);
	if (err == AT_OK && wire_has(one, "rids"))
		err = wire_get_strs(one, "rids", SFU_ID_MAX, SFU_LAYERS_MAX, rids, &n);
	for (size_t i = 0; err == AT_OK && i < n; i++)
		memcpy(out->rids[i], rids[i], strlen(rids[i]) + 1);
	out->rid_count = (uint8_t)n;
	if (err == AT_OK)
		err = get_u32(one, "ssrc", &out->ssrc);
	return err == AT_OK ? get_u32(one, "rtx_ssrc", &out->rtx_ssrc) : err;
}

static enum at_err get_recv(const struct wire_in *params, struct sfu_params *out)
{
	const struct wire_in *recv[SFU_SLOTS_MAX];
	enum at_err err = wire_get_objs(params, "recv", SFU_SLOTS_MAX, recv, &out->recv_count);
	for (size_t i = 0; err == AT_OK && i < out->recv_count; i++) {
		const char *kind = NULL;
		err = get_mid(recv[i], out->recv[i].mid);
		if (err == AT_OK)
			err = wire_get_str(recv[i], "kind", 1, 16, &kind);
		bool video = at_str_eq(kind, "video"), screen = at_str_eq(kind, "screen");
		if (err == AT_OK && !video && !screen && !at_str_eq(kind, "audio"))
			err = AT_ERR_BAD_REQUEST;
		out->recv[i].kind = video ? SFU_SLOT_VIDEO : screen ? SFU_SLOT_SCREEN : SFU_SLOT_AUDIO;
	}
	return err;
}

static enum at_err get_params(const struct wire_in *in, struct room_join *join)
{
	const struct wire_in *params, *send;
	enum at_err err = wire_get_obj(in, "params", &params);
	if (err == AT_OK)
		err = get_fingerprint(params, join->fingerprint);
	if (err == AT_OK)
		err = get_audio(params, &join->params.audio);
	if (err == AT_OK && wire_has(params, "video"))
		err = get_video(params, &join->params.video);
	if (err == AT_OK)
		err = wire_get_obj(params, "send", &send);
	if (err == AT_OK)
		err = get_send(send, "mic", &join->params.send[SFU_MIC]);
	if (err == AT_OK)
		err = get_send(send, "camera", &join->params.send[SFU_CAMERA]);
	if (err == AT_OK)
		err = get_send(send, "screen", &join->params.send[SFU_SCREEN]);
	return err == AT_OK ? get_recv(params, &join->params) : err;
}

void api_do_room_join(struct api_ask *ask, const struct wire_in *in)
{
	const struct api_deps *deps = &ask->api->deps;
	struct room_asker asker;
	struct room_join join = {0};
	uint8_t ip[16];
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "muted", &join.muted);
	if (err == AT_OK)
		err = wire_get_bool(in, "camera", &join.camera);
	if (err == AT_OK)
		err = get_params(in, &join);
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	/* Behind a proxy it is the proxy that reached us. */
	if (!deps->origin && ask->session->ws && net_ws_local_ip(ask->session->ws, ip))
		join.reached_ip = ip;
	room_join(deps->rooms, &asker, &join, answer_joined, ask);
}

/* ---- in it ---- */

void api_do_room_ring(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	if (get_asker(ask, in, &asker))
		api_answer_done(ask, room_ring(ask->api->deps.rooms, &asker));
}

void api_do_room_decline(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	if (get_asker(ask, in, &asker))
		api_answer_done(ask, room_decline(ask->api->deps.rooms, &asker));
}

void api_do_room_leave(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	if (get_asker(ask, in, &asker))
		api_answer_done(ask, room_leave(ask->api->deps.rooms, &asker));
}

void api_do_room_state(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	bool muted, camera, screen;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "muted", &muted);
	if (err == AT_OK)
		err = wire_get_bool(in, "camera", &camera);
	if (err == AT_OK)
		err = wire_get_bool(in, "screen", &screen);
	if (err == AT_OK)
		err = room_set_state(ask->api->deps.rooms, &asker, muted, camera, screen);
	api_answer_done(ask, err);
}

static enum at_err get_view(const struct wire_in *in, struct room_view *view_out)
{
	const char *source = NULL;
	uint64_t height;
	enum at_err err = wire_get_u64(in, "user", 1, API_INT_MAX, &view_out->user);
	if (err == AT_OK)
		err = wire_get_u64(in, "height", 0, SFU_HEIGHT_MAX, &height);
	if (err == AT_OK)
		err = wire_get_str(in, "source", 1, 16, &source);
	if (err != AT_OK)
		return err;
	bool screen = at_str_eq(source, "screen");
	view_out->height = (uint16_t)height;
	view_out->source = screen ? SFU_SCREEN : SFU_CAMERA;
	return screen || at_str_eq(source, "camera") ? AT_OK : AT_ERR_BAD_REQUEST;
}

void api_do_room_view(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	const struct wire_in *parts[SFU_VIEWS_MAX];
	struct room_view views[SFU_VIEWS_MAX];
	size_t n;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_objs(in, "views", SFU_VIEWS_MAX, parts, &n);
	for (size_t i = 0; err == AT_OK && i < n; i++)
		err = get_view(parts[i], &views[i]);
	if (err == AT_OK)
		err = room_set_view(ask->api->deps.rooms, &asker, views, n);
	api_answer_done(ask, err);
}

void api_do_room_react(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	const char *emoji;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_str(in, "emoji", 1, ROOM_EMOJI_MAX, &emoji);
	if (err == AT_OK)
		err = room_react(ask->api->deps.rooms, &asker, emoji);
	api_answer_done(ask, err);
}

void api_do_room_hand(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	uint64_t user = ask->user;
	bool up;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "up", &up);
	if (err == AT_OK && wire_has(in, "user"))
		err = wire_get_u64(in, "user", 1, API_INT_MAX, &user);
	if (err == AT_OK)
		err = room_hand(ask->api->deps.rooms, &asker, user, up);
	api_answer_done(ask, err);
}

void api_do_room_invite(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	uint64_t users[ROOM_INVITE_MAX];
	size_t n;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_u64s(in, "users", API_INT_MAX, ROOM_INVITE_MAX, users, &n);
	if (err == AT_OK)
		err = room_invite(ask->api->deps.rooms, &asker, users, n);
	api_answer_done(ask, err);
}

/* ---- moderation ---- */

typedef enum at_err moderate_fn(struct rooms *rooms, const struct room_asker *asker, uint64_t user);

static void moderate(struct api_ask *ask, const struct wire_in *in, moderate_fn *fn)
{
	struct room_asker asker;
	uint64_t user;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_u64(in, "user", 1, API_INT_MAX, &user);
	api_answer_done(ask, err == AT_OK ? fn(ask->api->deps.rooms, &asker, user) : err);
}

void api_do_room_mute(struct api_ask *ask, const struct wire_in *in)
{
	moderate(ask, in, room_mute);
}

void api_do_room_kick(struct api_ask *ask, const struct wire_in *in)
{
	moderate(ask, in, room_kick);
}

void api_do_room_lock(struct api_ask *ask, const struct wire_in *in)
{
	struct room_asker asker;
	bool on;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "on", &on);
	if (err == AT_OK)
		err = room_lock(ask->api->deps.rooms, &asker, on);
	api_answer_done(ask, err);
}
