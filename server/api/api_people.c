/* People, devices, invitations: the commands, and who hears when somebody changes or comes and goes. */
#include "api/api_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <string.h>

enum { QUERY_MAX = 256, NAME_MAX_BYTES = 256 };

/* ---- what others see ---- */

/* Whether somebody is there shows only to those they share a chat with and have not blocked. */
static unsigned online(const struct api *api, uint64_t user, uint64_t viewer)
{
	const struct chat *chat = api->deps.chat;
	bool shown = user == viewer || (chat_shares(chat, viewer, user) && !chat_blocked(chat, viewer, user));
	return shown ? hub_reachable(api->deps.hub, user) : 0;
}

void api_write_user(struct api *api, struct wire_out *w, const char *key, const struct auth_user *user, uint64_t viewer)
{
	wire_obj(w, key);
	wire_int(w, "id", (int64_t)user->id);
	wire_str(w, "username", user->username);
	wire_str(w, "name", user->name);
	wire_bool(w, "blocked", chat_blocked(api->deps.chat, user->id, viewer));
	wire_int(w, "online", online(api, user->id, viewer));
	wire_obj_end(w);
}

void api_write_me(struct wire_out *w, const char *key, const struct auth_user *user)
{
	wire_obj(w, key);
	wire_int(w, "id", (int64_t)user->id);
	wire_str(w, "username", user->username);
	wire_str(w, "name", user->name);
	wire_bool(w, "admin", user->admin);
	wire_bool(w, "receipts", user->receipts);
	wire_bool(w, "hide_decline", user->hide_decline);
	wire_int(w, "quiet_until", user->quiet_until);
	wire_bool(w, "quiet_share", user->quiet_share);
	wire_obj_end(w);
}

void api_write_limits(const struct api *api, struct wire_out *w, const char *key)
{
	const struct api_limits *limits = &api->limits;
	wire_obj(w, key);
	wire_int(w, "ring_ms", limits->ring_ms);
	wire_int(w, "ring_stop_ms", limits->ring_stop_ms);
	wire_int(w, "unreachable_ms", limits->unreachable_ms);
	wire_int(w, "note_offer_ms", limits->note_offer_ms);
	wire_int(w, "voice_max_ms", limits->voice_max_ms);
	wire_int(w, "video_max_ms", limits->video_max_ms);
	wire_int(w, "note_min_ms", limits->note_min_ms);
	wire_int(w, "warn_ms", limits->warn_ms);
	wire_int(w, "fragment_max", BLOB_FRAGMENT_MAX);
	wire_int(w, "text_max", CHAT_TEXT_MAX);
	wire_obj_end(w);
}

void api_tell_user(struct api *api, uint64_t about, uint64_t viewer)
{
	const struct auth_user *user = auth_user(api->deps.auth, about);
	if (!user || !hub_reachable(api->deps.hub, viewer))
		return;
	struct wire_out w = api_event_begin(api, "user");
	api_write_user(api, &w, "user", user, viewer);
	struct at_bytes *frame = api_event_end(api, &w);
	if (frame)
		hub_send_user(api->deps.hub, viewer, frame, NULL);
	at_bytes_unref(&frame);
}

void api_tell_partners(struct api *api, uint64_t about)
{
	uint64_t *partners = at_alloc(API_PARTNERS_MAX * sizeof(*partners));
	size_t n = chat_partners(api->deps.chat, about, API_PARTNERS_MAX, partners);
	for (size_t i = 0; i < n; i++)
		api_tell_user(api, about, partners[i]);
	at_free(partners);
}

void api_on_device(void *api, uint64_t user, uint64_t device, bool connected)
{
	(void)device, (void)connected;
	api_tell_partners(api, user);
}

/* ---- people ---- */

void api_do_people_find(struct api_ask *ask, const struct wire_in *in)
{
	struct auth *auth = ask->api->deps.auth;
	uint64_t found[API_FOUND_MAX + 1];
	const char *q;
	enum at_err err = wire_get_str(in, "q", 0, QUERY_MAX, &q);
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	size_t n = auth_find(auth, q, API_FOUND_MAX + 1, found), told = 0;
	struct wire_out w = api_ok_begin(ask);
	wire_arr(&w, "users");
	for (size_t i = 0; i < n && told < API_FOUND_MAX; i++) {
		if (found[i] == ask->user)
			continue;
		api_write_user(ask->api, &w, NULL, auth_user(auth, found[i]), ask->user);
		told++;
	}
	wire_arr_end(&w);
	api_ok_end(ask, &w);
}

static void me_changed(void *arg, enum at_err err)
{
	struct api_ask *ask = arg;
	struct api *api = ask->api;
	const struct auth_user *me = auth_user(api->deps.auth, ask->user);
	bool name_changed = ask->news;
	uint64_t user = ask->user, device = ask->device;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	api_write_me(&w, "me", me);
	api_ok_end(ask, &w);
	w = api_event_begin(api, "me");
	api_write_me(&w, "me", me);
	struct at_bytes *frame = api_event_end(api, &w);
	if (frame)
		hub_send_user_but(api->deps.hub, user, device, frame);
	at_bytes_unref(&frame);
	if (name_changed)
		api_tell_partners(api, user);
}

static enum at_err optional_bool(const struct wire_in *in, const char *key, bool *v_out)
{
	return wire_has(in, key) ? wire_get_bool(in, key, v_out) : AT_OK;
}

void api_do_me_set(struct api_ask *ask, const struct wire_in *in)
{
	struct auth *auth = ask->api->deps.auth;
	const struct auth_user *user = auth_user(auth, ask->user);
	if (!user) {
		api_answer_err(ask, AT_ERR_UNAUTHORIZED);
		return;
	}
	struct auth_user changed = *user;
	const char *name = user->name;
	uint64_t quiet_until = (uint64_t)user->quiet_until;
	enum at_err err = wire_has(in, "name") ? wire_get_str(in, "name", 1, NAME_MAX_BYTES, &name) : AT_OK;
	if (err == AT_OK)
		err = optional_bool(in, "receipts", &changed.receipts);
	if (err == AT_OK)
		err = optional_bool(in, "hide_decline", &changed.hide_decline);
	if (err == AT_OK)
		err = optional_bool(in, "quiet_share", &changed.quiet_share);
	if (err == AT_OK && wire_has(in, "quiet_until"))
		err = wire_get_u64(in, "quiet_until", 0, API_INT_MAX, &quiet_until);
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	changed.quiet_until = (int64_t)quiet_until;
	ask->news = strcmp(name, user->name) != 0;
	changed.name = (char *)(uintptr_t)name;
	auth_user_put(auth, &changed, me_changed, ask);
}

/* ---- blocking ---- */

static void blocked(void *arg, enum at_err err)
{
	struct api_ask *ask = arg;
	struct api *api = ask->api;
	uint64_t user = ask->user, about = ask->about;
	api_answer_done(ask, err);
	if (err != AT_OK)
		return;
	api_tell_user(api, about, user); /* my devices: the flag */
	api_tell_user(api, user, about); /* theirs: whether I am there, which they see no longer, or again */
}

static void set_block(struct api_ask *ask, const struct wire_in *in, bool on)
{
	enum at_err err = wire_get_u64(in, "user", 1, API_INT_MAX, &ask->about);
	if (err == AT_OK && ask->about == ask->user)
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK && !auth_user(ask->api->deps.auth, ask->about))
		err = AT_ERR_NOT_FOUND;
	if (err == AT_OK)
		chat_block(ask->api->deps.chat, ask->user, ask->about, on, blocked, ask);
	else
		api_answer_err(ask, err);
}

void api_do_block(struct api_ask *ask, const struct wire_in *in)
{
	set_block(ask, in, true);
}

void api_do_unblock(struct api_ask *ask, const struct wire_in *in)
{
	set_block(ask, in, false);
}

/* ---- devices ---- */

void api_do_device_list(struct api_ask *ask, const struct wire_in *in)
{
	(void)in;
	const struct auth *auth = ask->api->deps.auth;
	uint64_t devices[API_DEVICES_MAX];
	size_t n = auth_devices_of(auth, ask->user, API_DEVICES_MAX, devices);
	struct wire_out w = api_ok_begin(ask);
	wire_arr(&w, "devices");
	for (size_t i = 0; i < n; i++) {
		const struct auth_device *device = auth_device(auth, devices[i]);
		wire_obj(&w, NULL);
		wire_int(&w, "id", (int64_t)device->id);
		wire_str(&w, "name", device->name);
		wire_int(&w, "created", device->created);
		wire_int(&w, "seen",
			 hub_device_connected(ask->api->deps.hub, device->id) ? at_wall_ms() : device->seen);
		wire_bool(&w, "current", device->id == ask->device);
		wire_obj_end(&w);
	}
	wire_arr_end(&w);
	api_ok_end(ask, &w);
}

void api_do_device_rename(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t device;
	const char *name;
	enum at_err err = wire_get_u64(in, "device", 1, API_INT_MAX, &device);
	if (err == AT_OK)
		err = wire_get_str(in, "name", 1, NAME_MAX_BYTES, &name);
	if (err == AT_OK)
		auth_device_rename(ask->api->deps.auth, ask->user, device, name, api_answer_done, ask);
	else
		api_answer_err(ask, err);
}

void api_do_device_revoke(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t device;
	enum at_err err = wire_get_u64(in, "device", 1, API_INT_MAX, &device);
	if (err == AT_OK)
		auth_device_revoke(ask->api->deps.auth, ask->user, device, api_answer_done, ask);
	else
		api_answer_err(ask, err);
}

/* ---- invitations ---- */

static void invited(void *arg, enum at_err err, uint64_t invite, const char *token, int64_t expires)
{
	(void)invite;
	struct api_ask *ask = arg;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_str(&w, "token", token);
	wire_int(&w, "expires", expires);
	api_ok_end(ask, &w);
}

void api_do_invite_create(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t uses, days;
	bool admin = false;
	enum at_err err = wire_get_u64(in, "uses", 1, 1000, &uses);
	if (err == AT_OK)
		err = wire_get_u64(in, "days", 1, 365, &days);
	if (err == AT_OK)
		err = optional_bool(in, "admin", &admin);
	if (err == AT_OK)
		auth_invite_new(ask->api->deps.auth, ask->user, 0, (uint32_t)uses, (int64_t)days * 24 * 3600 * 1000,
				admin, invited, ask);
	else
		api_answer_err(ask, err);
}

void api_do_invite_list(struct api_ask *ask, const struct wire_in *in)
{
	(void)in;
	struct store_invite *invites = at_alloc(API_INVITES_MAX * sizeof(*invites));
	size_t n = auth_invites(ask->api->deps.auth, ask->user, API_INVITES_MAX, invites);
	struct wire_out w = api_ok_begin(ask);
	wire_arr(&w, "invites");
	for (size_t i = 0; i < n; i++) {
		wire_obj(&w, NULL);
		wire_int(&w, "id", (int64_t)invites[i].id);
		wire_int(&w, "uses", invites[i].uses_left);
		wire_int(&w, "expires", invites[i].expires);
		wire_int(&w, "created", invites[i].created);
		wire_int(&w, "by", (int64_t)invites[i].created_by);
		wire_obj_end(&w);
	}
	wire_arr_end(&w);
	api_ok_end(ask, &w);
	at_free(invites);
}

void api_do_invite_revoke(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t invite;
	enum at_err err = wire_get_u64(in, "invite", 1, API_INT_MAX, &invite);
	if (err == AT_OK)
		auth_invite_revoke(ask->api->deps.auth, ask->user, invite, api_answer_done, ask);
	else
		api_answer_err(ask, err);
}
