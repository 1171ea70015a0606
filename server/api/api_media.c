/* What the two devices of an answered call need for its media, and device keys. */
#include "api/api_priv.h"

#include "base/str.h"

/* False: it has been answered. */
static bool get_asker(struct api_ask *ask, const struct wire_in *in, struct talk_asker *asker_out)
{
	*asker_out = (struct talk_asker){.user = ask->user, .device = ask->device};
	enum at_err err = wire_get_id(in, "call", &asker_out->call);
	if (err == AT_OK && at_id_is_zero(&asker_out->call))
		err = AT_ERR_BAD_REQUEST;
	if (err != AT_OK)
		api_answer_err(ask, err);
	return err == AT_OK;
}

static void answer_leg(void *arg, enum at_err err, const void *json, size_t len)
{
	if (err == AT_OK)
		api_answer_raw(arg, NULL, json, len);
	else
		api_answer_err(arg, err);
}

void api_do_media_open(struct api_ask *ask, const struct wire_in *in)
{
	const struct api_deps *deps = &ask->api->deps;
	struct talk_asker asker;
	bool fresh;
	uint8_t ip[16];
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "fresh", &fresh);
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	/* Behind a proxy it is the proxy that reached us. */
	bool reached = !deps->origin && ask->session->ws && net_ws_local_ip(ask->session->ws, ip);
	talk_open(deps->talks, &asker, fresh, reached ? ip : NULL, answer_leg, ask);
}

void api_do_media_signal(struct api_ask *ask, const struct wire_in *in)
{
	struct talk_asker asker;
	const char *kind, *sdp = NULL, *sig = NULL;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_str(in, "kind", 1, 16, &kind);
	bool offer = err == AT_OK && at_str_eq(kind, "offer");
	if (err == AT_OK && !offer && !at_str_eq(kind, "answer"))
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK)
		err = wire_get_str(in, "sdp", 1, TALK_SDP_MAX, &sdp);
	if (err == AT_OK)
		err = wire_get_str(in, "sig", 0, TALK_SIG_LEN, &sig);
	if (err == AT_OK)
		err = talk_signal(ask->api->deps.talks, &asker, offer ? TALK_OFFER : TALK_ANSWER, sdp, sig);
	api_answer_done(ask, err);
}

void api_do_media_state(struct api_ask *ask, const struct wire_in *in)
{
	struct talk_asker asker;
	struct talk_state state;
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = wire_get_bool(in, "muted", &state.muted);
	if (err == AT_OK)
		err = wire_get_bool(in, "camera", &state.camera);
	if (err == AT_OK)
		err = wire_get_bool(in, "screen", &state.screen);
	if (err == AT_OK)
		err = talk_state(ask->api->deps.talks, &asker, &state);
	api_answer_done(ask, err);
}

void api_do_media_ask(struct api_ask *ask, const struct wire_in *in)
{
	struct talk_asker asker;
	bool yes = false, asks = !wire_has(in, "yes");
	if (!get_asker(ask, in, &asker))
		return;
	enum at_err err = asks ? AT_OK : wire_get_bool(in, "yes", &yes);
	if (err == AT_OK)
		err = talk_ask(ask->api->deps.talks, &asker, asks ? TALK_ASK : yes ? TALK_YES : TALK_NO);
	api_answer_done(ask, err);
}

void api_do_key_set(struct api_ask *ask, const struct wire_in *in)
{
	const char *text;
	uint8_t key[AUTH_KEY_LEN];
	enum at_err err = wire_get_str(in, "key", 43, 43, &text);
	if (err == AT_OK)
		err = at_unbase64url(text, 43, key);
	if (err == AT_OK)
		auth_device_key_set(ask->api->deps.auth, ask->user, ask->device, key, api_answer_done, ask);
	else
		api_answer_err(ask, err);
}
