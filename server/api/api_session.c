/* A socket's life: opened with a cookie and the right Origin, greeted by hello, then one command after another.
 *
 *   NEW --hello--> GREETING --its answer--> GREETED          any state --closed by either side--> ENDED
 *
 * It is in the hub from GREETING on; what the hub sends before the answer to hello waits behind it, so that nothing falls
 * between the snapshot and the first event. */
#include "api/api_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <string.h>

/* ---- limits ---- */

bool api_bucket_take(struct api_bucket *bucket, uint32_t per_s, uint32_t burst, int64_t now_ms, int64_t *retry_out)
{
	if (!per_s)
		return true;
	int64_t full = (int64_t)burst * 1000, passed = now_ms - bucket->at_ms;
	/* per_s tokens a second are per_s thousandths a millisecond. */
	if (!bucket->at_ms || passed >= full / per_s)
		bucket->milli = full;
	else if (passed > 0)
		bucket->milli += passed * per_s > full - bucket->milli ? full - bucket->milli : passed * per_s;
	bucket->at_ms = now_ms;
	if (bucket->milli < 1000) {
		*retry_out = (1000 - bucket->milli + per_s - 1) / per_s;
		return false;
	}
	bucket->milli -= 1000;
	return true;
}

/* A recording that was made without a network comes all at once; what is over is sent again when rec.ack says so. */
static bool may_go(struct api_session *session, enum api_class class, int64_t *retry_out)
{
	const struct api_limits *limits = &session->api->limits;
	uint32_t per_s = class == API_PLAIN || class == API_MEDIA ? limits->commands_per_s : limits->messages_per_s;
	/* What others hear is less than what only we hear: an SDP is big, and a reader that is too slow is closed. */
	if (class == API_MEDIA)
		per_s = (per_s + 4) / 5;
	uint32_t burst = class == API_FRAGMENT ? BLOB_FRAGMENTS_MAX : class == API_MESSAGE ? per_s * 2 : per_s * 4;
	return api_bucket_take(&session->buckets[class], per_s, burst, at_loop_now_ms(session->api->deps.loop),
			       retry_out);
}

/* ---- ending ---- */

void api_session_unref(struct api_session **session)
{
	struct api_session *s = *session;
	*session = NULL;
	if (--s->refs == 0)
		at_free(s);
}

static void drop_held(struct api_session *session)
{
	for (size_t i = 0; i < session->held_n; i++)
		at_bytes_unref(&session->held[i]);
	at_free(session->held);
	session->held = NULL;
	session->held_n = 0;
}

static void end(struct api_session *session, uint16_t code)
{
	if (session->state == API_ENDED)
		return;
	session->state = API_ENDED;
	net_ws_close(session->ws, code);
}

static void on_close(void *arg, struct net_ws *ws, uint16_t code)
{
	(void)ws;
	struct api_session *session = arg;
	at_log(AT_LOG_DEBUG, "socket.closed", "device", AT_INT(session->hub.device), "code", AT_INT(code), NULL);
	session->ws = NULL;
	session->state = API_ENDED;
	at_timer_free(&session->hello);
	drop_held(session);
	at_list_remove(&session->link);
	hub_remove(session->api->deps.hub, &session->hub);
	api_session_unref(&session);
}

/* ---- what the hub has for it ---- */

static void hold(struct api_session *session, struct at_bytes *frame)
{
	if (session->held_n == API_HELD_MAX) {
		end(session, API_CLOSE_SLOW);
		return;
	}
	if ((session->held_n & (session->held_n - 1)) == 0)
		session->held =
			at_realloc(session->held, (session->held_n ? session->held_n * 2 : 1) * sizeof(*session->held));
	session->held[session->held_n++] = at_bytes_ref(frame);
}

static void on_hub_send(struct hub_session *hub, struct at_bytes *frame, bool binary)
{
	struct api_session *session = AT_ENTRY(hub, struct api_session, hub);
	if (session->state == API_GREETED)
		net_ws_send(session->ws, frame, binary);
	else if (session->state == API_GREETING && !binary)
		hold(session, frame);
}

static void on_hub_close(struct hub_session *hub, uint16_t code)
{
	end(AT_ENTRY(hub, struct api_session, hub), code);
}

static size_t on_hub_backlog(struct hub_session *hub)
{
	return net_ws_backlog(AT_ENTRY(hub, struct api_session, hub)->ws);
}

static const struct hub_session_ops hub_ops = {.send = on_hub_send, .close = on_hub_close, .backlog = on_hub_backlog};

/* ---- hello ---- */

static void write_users(struct api *api, struct wire_out *w, uint64_t viewer)
{
	uint64_t *partners = at_alloc(API_PARTNERS_MAX * sizeof(*partners));
	size_t n = chat_partners(api->deps.chat, viewer, API_PARTNERS_MAX, partners);
	n += rooms_people(api->deps.rooms, viewer, API_PARTNERS_MAX - n, partners + n);
	wire_arr(w, "users");
	for (size_t i = 0; i < n; i++) {
		const struct auth_user *user = auth_user(api->deps.auth, partners[i]);
		if (user)
			api_write_user(api, w, NULL, user, viewer);
	}
	wire_arr_end(w);
	at_free(partners);
}

static void greet(void *arg, enum at_err err, const void *convs, size_t convs_len, const void *notes, size_t notes_len)
{
	struct api_ask *ask = arg;
	struct api_session *session = ask->session;
	struct api *api = ask->api;
	const struct auth_user *me = auth_user(api->deps.auth, ask->user);
	if (session->state != API_GREETING || !me) {
		api_ask_drop(ask);
		return;
	}
	/* Not closed, so the socket still holds it, whatever happens to the ask. */
	if (err != AT_OK) {
		api_answer_err(ask, err);
		end(session, API_CLOSE_FIRST_FRAME);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_int(&w, "now", at_wall_ms());
	api_write_me(&w, "me", me);
	wire_int(&w, "device", (int64_t)ask->device);
	api_write_limits(api, &w, "limits");
	write_users(api, &w, ask->user);
	wire_raw(&w, "convs", convs, convs_len);
	calls_write(api->deps.calls, &w, "calls", ask->user, ask->device);
	rooms_write(api->deps.rooms, &w, "rooms", ask->user);
	notes_write(api->deps.notes, &w, ask->user);
	wire_raw(&w, "notes", notes, notes_len);
	session->state = API_GREETED;
	api_ok_end(ask, &w);
	for (size_t i = 0; i < session->held_n; i++)
		net_ws_send(session->ws, session->held[i], false);
	drop_held(session);
}

void api_do_hello(struct api_ask *ask, const struct wire_in *in)
{
	struct api *api = ask->api;
	struct api_session *session = ask->session;
	const char *token;
	if (session->state != API_NEW) {
		api_answer_err(ask, AT_ERR_BAD_REQUEST);
		return;
	}
	if (wire_get_str(in, "token", 1, 128, &token) != AT_OK ||
	    !auth_frame_token_ok(api->deps.auth, session->hub.device, token)) {
		api_answer_err(ask, AT_ERR_UNAUTHORIZED);
		end(session, API_CLOSE_FIRST_FRAME);
		return;
	}
	at_timer_free(&session->hello);
	session->state = API_GREETING;
	auth_device_touch(api->deps.auth, session->hub.device);
	hub_add(api->deps.hub, &session->hub);
	chat_hello(api->deps.chat, ask->user, greet, ask);
}

void api_do_visible(struct api_ask *ask, const struct wire_in *in)
{
	bool on;
	enum at_err err = wire_get_bool(in, "on", &on);
	if (err == AT_OK)
		ask->session->hub.visible = on;
	api_answer_done(ask, err);
}

/* ---- frames ---- */

static struct api_ask *ask_new(struct api_session *session, uint64_t id)
{
	struct api_ask *ask = at_alloc(sizeof(*ask));
	*ask = (struct api_ask){.api = session->api,
				.session = session,
				.id = id,
				.user = session->hub.user,
				.device = session->hub.device};
	session->refs++;
	at_list_push(&session->api->asks, &ask->link);
	return ask;
}

static void on_command(struct api_session *session, const struct wire_in *in)
{
	const char *name;
	uint64_t id;
	if (wire_get_u64(in, "id", 1, API_INT_MAX, &id) != AT_OK || id <= session->last_id ||
	    wire_get_str(in, "do", 1, 64, &name) != AT_OK) {
		end(session, API_CLOSE_BAD_FRAME);
		return;
	}
	session->last_id = id;
	const struct api_command *command = api_command_find(name);
	if (session->state == API_NEW && (!command || command->fn != api_do_hello)) {
		end(session, API_CLOSE_FIRST_FRAME);
		return;
	}
	struct api_ask *ask = ask_new(session, id);
	int64_t retry_ms = 0;
	if (!command)
		api_answer_err(ask, AT_ERR_UNKNOWN_COMMAND);
	else if (!may_go(session, command->class, &retry_ms))
		api_answer_limited(ask, AT_ERR_RATE_LIMITED, retry_ms);
	else
		command->fn(ask, in);
}

static void on_text(struct api_session *session, const void *data, size_t len)
{
	struct wire_in *in = NULL;
	if (wire_parse(data, len, &in) != AT_OK) {
		end(session, session->state == API_NEW ? API_CLOSE_FIRST_FRAME : API_CLOSE_BAD_FRAME);
		return;
	}
	on_command(session, in);
	wire_in_free(&in);
}

static void on_fragment(struct api_session *session, const void *data, size_t len)
{
	int64_t retry_ms;
	if (session->state != API_GREETED) {
		end(session, API_CLOSE_FIRST_FRAME);
		return;
	}
	if (!may_go(session, API_FRAGMENT, &retry_ms))
		return;
	if (note_rec_fragment(session->api->deps.notes, session->hub.user, session->hub.device, data, len) ==
	    AT_ERR_BAD_REQUEST)
		end(session, API_CLOSE_BAD_FRAME);
}

static void on_message(void *arg, struct net_ws *ws, const void *data, size_t len, bool binary)
{
	(void)ws;
	struct api_session *session = arg;
	if (session->state == API_ENDED)
		return;
	if (binary)
		on_fragment(session, data, len);
	else
		on_text(session, data, len);
}

static void on_silence(void *arg)
{
	end(arg, API_CLOSE_FIRST_FRAME);
}

static const struct net_ws_ops ws_ops = {.on_message = on_message, .on_close = on_close};

void api_socket_open(struct api_http *http)
{
	struct api *api = http->api;
	struct api_session *session = at_alloc(sizeof(*session));
	session->api = api;
	session->refs = 1;
	session->hub = (struct hub_session){.ops = &hub_ops, .user = http->user, .device = http->device->id};
	session->ws = net_accept_ws(http->req, &ws_ops, session);
	api_http_answered(http);
	if (!session->ws) {
		at_free(session);
		return;
	}
	at_list_push(&api->sessions, &session->link);
	session->hello = at_timer_new(api->deps.loop, on_silence, session);
	at_timer_start(session->hello, API_HELLO_MS, 0);
}
