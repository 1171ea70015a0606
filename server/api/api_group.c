/* Groups: the commands, and the picture. */
#include "api/api_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
	NAME_BYTES = CHAT_GROUP_NAME_MAX * 4,
	PICTURE_TEXT_MAX = (STORE_PICTURE_MAX * 4 + 2) / 3, /* base64url */
};

/* Who asks under which cid, and about which group (conv NULL: none yet). */
static enum at_err get_asker(const struct api_ask *ask, const struct wire_in *in, struct chat_asker *asker_out,
			     uint64_t *conv_out)
{
	asker_out->user = ask->user;
	asker_out->device = ask->device;
	enum at_err err = wire_get_u64(in, "cid", 1, API_INT_MAX, &asker_out->cid);
	return err == AT_OK && conv_out ? wire_get_u64(in, "conv", 1, API_INT_MAX, conv_out) : err;
}

/* Who has not heard of one another does so before the first entry names them. */
static void introduce_all(struct api *api, uint64_t conv)
{
	uint64_t users[CHAT_GROUP_MEMBERS_MAX];
	size_t n = chat_members(api->deps.chat, conv, CHAT_GROUP_MEMBERS_MAX, users);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && hub_reachable(api->deps.hub, users[i]); k++)
			if (k != i)
				api_tell_user(api, users[k], users[i]);
}

static void created(void *arg, enum at_err err, uint64_t conv)
{
	struct api_ask *ask = arg;
	struct api *api = ask->api;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_int(&w, "conv", (int64_t)conv);
	api_ok_end(ask, &w);
	introduce_all(api, conv);
}

void api_do_group_create(struct api_ask *ask, const struct wire_in *in)
{
	struct chat_asker asker;
	uint64_t users[WIRE_ARRAY_MAX];
	size_t n;
	const char *name;
	enum at_err err = get_asker(ask, in, &asker, NULL);
	if (err == AT_OK)
		err = wire_get_str(in, "name", 1, NAME_BYTES, &name);
	if (err == AT_OK)
		err = wire_get_u64s(in, "users", API_INT_MAX, WIRE_ARRAY_MAX, users, &n);
	if (err == AT_OK)
		chat_group_create(ask->api->deps.chat, &asker, name, users, n, created, ask);
	else
		api_answer_err(ask, err);
}

static void set_picture(struct api_ask *ask, const struct wire_in *in, const struct chat_asker *asker, uint64_t conv)
{
	const char *text;
	enum at_err err = wire_get_str(in, "picture", 0, WIRE_TEXT_MAX, &text);
	size_t len = err == AT_OK ? strlen(text) : 0;
	if (len > PICTURE_TEXT_MAX)
		err = AT_ERR_TOO_LARGE;
	uint8_t *bytes = err == AT_OK ? at_alloc(len * 3 / 4 + 1) : NULL;
	if (err == AT_OK && len)
		err = at_unbase64url(text, len, bytes);
	if (err == AT_OK)
		chat_group_picture(ask->api->deps.chat, asker, conv, bytes, len * 3 / 4, api_answer_appended, ask);
	else
		api_answer_err(ask, err);
	at_free(bytes);
}

void api_do_group_set(struct api_ask *ask, const struct wire_in *in)
{
	struct chat_asker asker;
	uint64_t conv;
	const char *name;
	bool has_name = wire_has(in, "name"), has_picture = wire_has(in, "picture");
	enum at_err err = get_asker(ask, in, &asker, &conv);
	if (err == AT_OK && has_name == has_picture)
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK && has_name)
		err = wire_get_str(in, "name", 1, NAME_BYTES, &name);
	if (err != AT_OK)
		api_answer_err(ask, err);
	else if (has_name)
		chat_group_name(ask->api->deps.chat, &asker, conv, name, api_answer_appended, ask);
	else
		set_picture(ask, in, &asker, conv);
}

static void added(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct api_ask *ask = arg;
	if (err == AT_OK && !duplicate)
		introduce_all(ask->api, ask->about);
	api_answer_appended(ask, err, seq, ts, duplicate);
}

void api_do_group_add(struct api_ask *ask, const struct wire_in *in)
{
	struct chat_asker asker;
	uint64_t users[WIRE_ARRAY_MAX];
	size_t n;
	enum at_err err = get_asker(ask, in, &asker, &ask->about);
	if (err == AT_OK)
		err = wire_get_u64s(in, "users", API_INT_MAX, WIRE_ARRAY_MAX, users, &n);
	if (err == AT_OK)
		chat_group_add(ask->api->deps.chat, &asker, ask->about, users, n, added, ask);
	else
		api_answer_err(ask, err);
}

void api_do_group_remove(struct api_ask *ask, const struct wire_in *in)
{
	struct chat_asker asker;
	uint64_t conv, user;
	enum at_err err = get_asker(ask, in, &asker, &conv);
	if (err == AT_OK)
		err = wire_get_u64(in, "user", 1, API_INT_MAX, &user);
	if (err == AT_OK)
		chat_group_remove(ask->api->deps.chat, &asker, conv, user, api_answer_appended, ask);
	else
		api_answer_err(ask, err);
}

void api_do_group_admin(struct api_ask *ask, const struct wire_in *in)
{
	struct chat_asker asker;
	uint64_t conv, user;
	bool on;
	enum at_err err = get_asker(ask, in, &asker, &conv);
	if (err == AT_OK)
		err = wire_get_u64(in, "user", 1, API_INT_MAX, &user);
	if (err == AT_OK)
		err = wire_get_bool(in, "on", &on);
	if (err == AT_OK)
		chat_group_admin(ask->api->deps.chat, &asker, conv, user, on, api_answer_appended, ask);
	else
		api_answer_err(ask, err);
}

static void got_picture(void *arg, enum at_err err, const char *mime, const void *bytes, size_t len)
{
	struct api_http *http = arg;
	if (err == AT_OK)
		api_http_bytes(http, mime, bytes, len);
	else
		api_http_err(http, err, 0);
}

void api_get_picture(struct api_http *http)
{
	struct at_id id;
	if (at_id_parse(http->param, strlen(http->param), &id) != AT_OK) {
		api_http_err(http, AT_ERR_NOT_FOUND, 0);
		return;
	}
	api_http_keep(http);
	chat_picture(http->api->deps.chat, http->user, &id, got_picture, http);
}
