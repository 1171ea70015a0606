/* What goes out on a socket: answers and events. */
#include "api/api_priv.h"

#include "base/log.h"
#include "base/mem.h"

static struct wire_out out_begin(struct api *api)
{
	at_buf_clear(&api->out);
	return wire_out_begin(&api->out);
}

/* NULL when it did not fit. */
static struct at_bytes *out_end(struct api *api, struct wire_out *w)
{
	struct at_bytes *frame = NULL;
	if (wire_out_end(w) == AT_OK)
		frame = at_bytes_new(api->out.data, api->out.len);
	else
		at_log(AT_LOG_ERROR, "api.answer_too_large", NULL);
	if (api->out.cap > API_OUT_KEEP)
		at_buf_release(&api->out);
	return frame;
}

struct wire_out api_event_begin(struct api *api, const char *ev)
{
	struct wire_out w = out_begin(api);
	wire_obj(&w, NULL);
	wire_str(&w, "ev", ev);
	return w;
}

struct at_bytes *api_event_end(struct api *api, struct wire_out *w)
{
	wire_obj_end(w);
	return out_end(api, w);
}

void api_ask_drop(struct api_ask *ask)
{
	at_list_remove(&ask->link);
	api_session_unref(&ask->session);
	at_free(ask);
}

static void send_and_drop(struct api_ask *ask, struct wire_out *w)
{
	struct at_bytes *frame = out_end(ask->api, w);
	if (frame && ask->session->ws)
		net_ws_send(ask->session->ws, frame, false);
	bool too_large = !frame;
	at_bytes_unref(&frame);
	if (too_large)
		api_answer_err(ask, AT_ERR_INTERNAL);
	else
		api_ask_drop(ask);
}

struct wire_out api_ok_begin(struct api_ask *ask)
{
	struct wire_out w = out_begin(ask->api);
	wire_obj(&w, NULL);
	wire_int(&w, "id", (int64_t)ask->id);
	wire_obj(&w, "ok");
	return w;
}

void api_ok_end(struct api_ask *ask, struct wire_out *w)
{
	wire_obj_end(w);
	wire_obj_end(w);
	send_and_drop(ask, w);
}

void api_answer_ok(struct api_ask *ask)
{
	struct wire_out w = api_ok_begin(ask);
	api_ok_end(ask, &w);
}

void api_answer_raw(struct api_ask *ask, const char *key, const void *json, size_t len)
{
	if (key) {
		struct wire_out w = api_ok_begin(ask);
		wire_raw(&w, key, json, len);
		api_ok_end(ask, &w);
		return;
	}
	struct wire_out w = out_begin(ask->api);
	wire_obj(&w, NULL);
	wire_int(&w, "id", (int64_t)ask->id);
	wire_raw(&w, "ok", len ? json : "{}", len ? len : 2);
	wire_obj_end(&w);
	send_and_drop(ask, &w);
}

void api_answer_limited(struct api_ask *ask, enum at_err err, int64_t retry_ms)
{
	struct wire_out w = out_begin(ask->api);
	wire_obj(&w, NULL);
	wire_int(&w, "id", (int64_t)ask->id);
	wire_str(&w, "err", at_err_name(err));
	if (retry_ms > 0)
		wire_int(&w, "retry_ms", retry_ms);
	wire_obj_end(&w);
	send_and_drop(ask, &w);
}

void api_answer_err(struct api_ask *ask, enum at_err err)
{
	api_answer_limited(ask, err, 0);
}

void api_answer_done(void *arg, enum at_err err)
{
	struct api_ask *ask = arg;
	if (err == AT_OK)
		api_answer_ok(ask);
	else
		api_answer_err(ask, err);
}
