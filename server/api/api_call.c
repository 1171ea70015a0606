/* Calls. */
#include "api/api_priv.h"

#include "base/str.h"

static void answer_call(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	if (err == AT_OK)
		api_answer_raw(arg, "call", json, len);
	else
		api_answer_limited(arg, err, retry_ms);
}

static void answer_done(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	(void)json, (void)len;
	if (err == AT_OK)
		api_answer_ok(arg);
	else
		api_answer_limited(arg, err, retry_ms);
}

/* False: it has been answered. */
static bool get_call(struct api_ask *ask, const struct wire_in *in, struct at_id *id_out)
{
	enum at_err err = wire_get_id(in, "call", id_out);
	if (err == AT_OK && at_id_is_zero(id_out))
		err = AT_ERR_BAD_REQUEST;
	if (err != AT_OK)
		api_answer_err(ask, err);
	return err == AT_OK;
}

enum at_err api_get_kind(const struct wire_in *in, bool *video_out)
{
	const char *kind;
	enum at_err err = wire_get_str(in, "kind", 1, 16, &kind);
	if (err != AT_OK)
		return err;
	*video_out = at_str_eq(kind, "video");
	return *video_out || at_str_eq(kind, "voice") ? AT_OK : AT_ERR_BAD_REQUEST;
}

void api_do_call_start(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	uint64_t conv;
	bool video;
	if (!get_call(ask, in, &id))
		return;
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, &conv);
	if (err == AT_OK)
		err = api_get_kind(in, &video);
	if (err == AT_OK)
		call_start(ask->api->deps.calls, &id, ask->user, ask->device, conv, video, answer_call, ask);
	else
		api_answer_err(ask, err);
}

void api_do_call_ring(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	if (get_call(ask, in, &id))
		call_ring(ask->api->deps.calls, &id, ask->user, ask->device, answer_done, ask);
}

void api_do_call_answer(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	if (get_call(ask, in, &id))
		call_answer(ask->api->deps.calls, &id, ask->user, ask->device, answer_call, ask);
}

void api_do_call_decline(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	const char *text = NULL;
	if (!get_call(ask, in, &id))
		return;
	enum at_err err = wire_has(in, "text") ? wire_get_str(in, "text", 1, CHAT_TEXT_MAX, &text) : AT_OK;
	if (err == AT_OK)
		call_decline(ask->api->deps.calls, &id, ask->user, ask->device, text, answer_done, ask);
	else
		api_answer_err(ask, err);
}

void api_do_call_cancel(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	bool note = false;
	if (!get_call(ask, in, &id))
		return;
	enum at_err err = wire_has(in, "note") ? wire_get_bool(in, "note", &note) : AT_OK;
	if (err == AT_OK)
		call_cancel(ask->api->deps.calls, &id, ask->user, ask->device, note, answer_done, ask);
	else
		api_answer_err(ask, err);
}

void api_do_call_leave(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	bool failed = false;
	if (!get_call(ask, in, &id))
		return;
	enum at_err err = wire_has(in, "failed") ? wire_get_bool(in, "failed", &failed) : AT_OK;
	if (err == AT_OK)
		call_leave(ask->api->deps.calls, &id, ask->user, ask->device, failed, answer_done, ask);
	else
		api_answer_err(ask, err);
}

void api_do_call_move(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id id;
	if (get_call(ask, in, &id))
		call_move(ask->api->deps.calls, &id, ask->user, ask->device, answer_call, ask);
}
