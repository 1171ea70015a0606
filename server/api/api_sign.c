/* The routes that sign people in and out, and tell who one is. */
#include "api/api_priv.h"

#include "base/mem.h"

enum { TEXT_MAX = 1024 };

/* ---- who are you, who am I ---- */

void api_get_about(struct api_http *http)
{
	const struct api *api = http->api;
	struct wire_out w = api_http_begin(http);
	wire_str(&w, "name", api->deps.name);
	wire_str(&w, "version", api->deps.version);
	api_write_limits(api, &w, "limits");
	wire_bool(&w, "first_run", !auth_has_users(api->deps.auth));
	api_http_end(http, &w, NULL);
}

void api_get_session(struct api_http *http)
{
	const struct auth *auth = http->api->deps.auth;
	const struct auth_user *user = auth_user(auth, http->user);
	char token[AUTH_TOKEN_LEN + 1];
	auth_frame_token(auth, http->session_token, token);
	auth_device_touch(http->api->deps.auth, http->device->id);
	struct wire_out w = api_http_begin(http);
	wire_int(&w, "user", (int64_t)user->id);
	wire_str(&w, "username", user->username);
	wire_str(&w, "name", user->name);
	wire_int(&w, "device", (int64_t)http->device->id);
	wire_bool(&w, "admin", user->admin);
	wire_str(&w, "token", token);
	api_http_end(http, &w, NULL);
}

void api_post_invite(struct api_http *http)
{
	const struct auth *auth = http->api->deps.auth;
	const char *token;
	bool admin;
	uint64_t by;
	enum at_err err = wire_get_str(http->body, "token", 1, TEXT_MAX, &token);
	if (err == AT_OK)
		err = auth_invite_look(auth, token, &admin, &by);
	if (err != AT_OK) {
		api_http_err(http, err, 0);
		return;
	}
	const struct auth_user *from = auth_user(auth, by);
	struct wire_out w = api_http_begin(http);
	wire_bool(&w, "ok", true);
	wire_bool(&w, "admin", admin);
	wire_str(&w, "from", from ? from->name : NULL);
	api_http_end(http, &w, NULL);
}

/* ---- in ---- */

static void signed_in(void *arg, const struct auth_result *result)
{
	struct api_http *http = arg;
	if (result->err != AT_OK) {
		api_http_err(http, result->err, result->retry_ms);
		return;
	}
	char cookie[API_COOKIE_MAX];
	api_cookie_line(http->api, result->token, cookie);
	struct wire_out w = api_http_begin(http);
	wire_int(&w, "user", (int64_t)result->user);
	wire_int(&w, "device", (int64_t)result->device);
	api_http_end(http, &w, cookie);
}

/* Reads n strings; false: it has been answered. */
static bool strings(struct api_http *http, const char *const keys[], const char *values_out[], size_t n)
{
	enum at_err err = AT_OK;
	for (size_t i = 0; i < n && err == AT_OK; i++)
		err = wire_get_str(http->body, keys[i], 0, TEXT_MAX, &values_out[i]);
	if (err != AT_OK)
		api_http_err(http, err, 0);
	return err == AT_OK;
}

void api_post_join(struct api_http *http)
{
	static const char *const keys[] = {"token", "username", "name", "password", "device"};
	const char *v[5];
	if (!strings(http, keys, v, 5))
		return;
	api_http_keep(http);
	auth_join(http->api->deps.auth, v[0], v[1], v[2], v[3], v[4], http->req->addr, signed_in, http);
}

void api_post_signin(struct api_http *http)
{
	static const char *const keys[] = {"username", "password", "device"};
	const char *v[3];
	if (!strings(http, keys, v, 3))
		return;
	api_http_keep(http);
	auth_signin(http->api->deps.auth, v[0], v[1], v[2], http->req->addr, signed_in, http);
}

void api_post_link(struct api_http *http)
{
	static const char *const keys[] = {"token", "device"};
	const char *v[2];
	if (!strings(http, keys, v, 2))
		return;
	api_http_keep(http);
	auth_link(http->api->deps.auth, v[0], v[1], http->req->addr, signed_in, http);
}

/* ---- out ---- */

static void signed_out(void *arg, enum at_err err)
{
	struct api_http *http = arg;
	char cookie[API_COOKIE_MAX];
	if (err != AT_OK) {
		api_http_err(http, err, 0);
		return;
	}
	api_cookie_line(http->api, "", cookie);
	struct wire_out w = api_http_begin(http);
	api_http_end(http, &w, cookie);
}

void api_post_signout(struct api_http *http)
{
	struct auth *auth = http->api->deps.auth;
	uint64_t user = http->user, device = http->device->id;
	api_http_keep(http);
	auth_device_revoke(auth, user, device, signed_out, http);
}
