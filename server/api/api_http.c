/* HTTP: from the request to its route, and back. */
#include "api/api_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- answers ---- */

static int status_of(enum at_err err)
{
	switch (err) {
	case AT_OK: return 200;
	case AT_ERR_BAD_REQUEST: return 400;
	case AT_ERR_UNAUTHORIZED: return 401;
	case AT_ERR_UNKNOWN_COMMAND:
	case AT_ERR_NOT_FOUND: return 404;
	case AT_ERR_EXISTS:
	case AT_ERR_CONFLICT: return 409;
	case AT_ERR_GONE: return 410;
	case AT_ERR_TOO_LARGE: return 413;
	case AT_ERR_UNSUPPORTED: return 415;
	case AT_ERR_UNREADABLE:
	case AT_ERR_TOO_SHORT: return 422;
	case AT_ERR_RATE_LIMITED: return 429;
	case AT_ERR_BUSY:
	case AT_ERR_UNAVAILABLE:
	case AT_ERR_CLOSED: return 503;
	case AT_ERR_TIMEOUT: return 504;
	case AT_ERR_FULL: return 507;
	default: return 500;
	}
}

static uint64_t conn_key(const struct net_conn *conn)
{
	return (uint64_t)(uintptr_t)conn;
}

void api_http_answered(struct api_http *http)
{
	if (http->kept && http->req)
		at_map_del_u64(http->api->https, conn_key(http->req->conn));
	wire_in_free(&http->body);
	at_free(http);
}

void api_http_keep(struct api_http *http)
{
	http->kept = true;
	http->device = NULL;
	http->session_token = NULL;
	at_map_put_u64(http->api->https, conn_key(http->req->conn), http);
}

void api_on_gone(void *arg, struct net_conn *conn)
{
	struct api *api = arg;
	struct api_http *http = at_map_del_u64(api->https, conn_key(conn));
	if (http)
		http->req = NULL;
}

struct wire_out api_http_begin(struct api_http *http)
{
	at_buf_clear(&http->api->out);
	struct wire_out w = wire_out_begin(&http->api->out);
	wire_obj(&w, NULL);
	return w;
}

/* Takes the request out of the list first: on_gone may not find it once it is answered. */
static void reply(struct api_http *http, struct wire_out *w, int status, const char *extra)
{
	wire_obj_end(w);
	bool whole = wire_out_end(w) == AT_OK;
	struct net_conn *conn = http->req ? http->req->conn : NULL;
	struct api *api = http->api;
	api_http_answered(http);
	if (conn)
		net_reply(conn, &(struct net_reply){.status = whole ? status : 500,
						    .content_type = "application/json",
						    .extra = extra,
						    .body = api->out.data,
						    .body_len = whole ? api->out.len : 0});
}

void api_http_end(struct api_http *http, struct wire_out *w, const char *extra)
{
	reply(http, w, 200, extra);
}

void api_http_err(struct api_http *http, enum at_err err, int64_t retry_ms)
{
	struct wire_out w = api_http_begin(http);
	wire_str(&w, "err", at_err_name(err));
	if (retry_ms > 0)
		wire_int(&w, "retry_ms", retry_ms);
	reply(http, &w, status_of(err), NULL);
}

void api_http_bytes(struct api_http *http, const char *mime, const void *bytes, size_t len)
{
	struct net_conn *conn = http->req ? http->req->conn : NULL;
	api_http_answered(http);
	if (conn)
		net_reply(conn, &(struct net_reply){
					.status = 200,
					.content_type = mime,
					.extra = "Cache-Control: private, max-age=31536000, immutable\r\n",
					.body = bytes,
					.body_len = len,
				});
}

void api_http_file(struct api_http *http, const struct net_file *file)
{
	const struct net_request *req = http->req;
	api_http_answered(http);
	if (req)
		net_reply_file(req->conn, req, file);
	else
		close(file->fd);
}

/* ---- what is checked before a handler sees it ---- */

/* Exact, scheme and port included: the one check that keeps other sites' pages out. */
static bool origin_ok(const struct api *api, const struct net_request *req)
{
	const char *origin = net_request_header(req, "Origin");
	if (!origin)
		return false;
	if (api->deps.origin)
		return at_str_eq(origin, api->deps.origin);
	const char *scheme = req->tls ? "https://" : "http://", *host = net_request_host(req);
	return host && *host && at_str_starts(origin, scheme) && at_str_eq(origin + strlen(scheme), host);
}

static bool is_json(const struct net_request *req)
{
	const char *type = net_request_header(req, "Content-Type");
	static const char json[] = "application/json";
	if (!type || strlen(type) < sizeof(json) - 1)
		return false;
	char head[sizeof(json)];
	snprintf(head, sizeof(head), "%s", type);
	char next = type[sizeof(json) - 1];
	return at_str_eq_nocase(head, json) && (next == '\0' || next == ';' || next == ' ');
}

static enum at_err check_post(struct api_http *http)
{
	if (!origin_ok(http->api, http->req))
		return AT_ERR_UNAUTHORIZED;
	if (!is_json(http->req))
		return AT_ERR_UNSUPPORTED;
	return wire_parse(http->req->body, http->req->body_len, &http->body);
}

static bool secure_cookies(const struct api *api)
{
	return api->deps.tls || (api->deps.origin && at_str_starts(api->deps.origin, "https://"));
}

static enum at_err check_session(struct api_http *http)
{
	http->session_token = net_request_cookie(http->req, secure_cookies(http->api) ? "__Host-at" : "at");
	http->device = http->session_token ? auth_session(http->api->deps.auth, http->session_token) : NULL;
	if (!http->device)
		return AT_ERR_UNAUTHORIZED;
	http->user = http->device->user;
	return AT_OK;
}

void api_cookie_line(const struct api *api, const char *token, char out[API_COOKIE_MAX])
{
	bool secure = secure_cookies(api);
	snprintf(out, API_COOKIE_MAX, "Set-Cookie: %s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s\r\n",
		 secure ? "__Host-at" : "at", token, *token ? 180 * 24 * 3600 : 0, secure ? "; Secure" : "");
}

/* ---- dispatch ---- */

static bool matches(const struct api_route *route, const char *path)
{
	if (route->param)
		return at_str_starts(path, route->path) && path[strlen(route->path)] != '\0';
	return at_str_eq(path, route->path);
}

/* The last one stands for the web client, which takes what nobody else does; but nothing below /api, where a wrong path is a mistake. */
static const struct api_route *route_of(const char *path)
{
	for (size_t i = 0; i < api_routes_n; i++)
		if (matches(&api_routes[i], path))
			return &api_routes[i];
	bool ours = at_str_starts(path, "/api/") || at_str_starts(path, "/media/") || at_str_starts(path, "/rec/");
	return ours ? NULL : &api_routes[api_routes_n - 1];
}

static enum at_err check(struct api_http *http, const struct api_route *route)
{
	const char *method = http->req->method;
	bool socket = route->fn == api_socket_open;
	enum at_err err = AT_OK;
	if (!at_str_eq(method, route->method) &&
	    (socket || !at_str_eq(method, "HEAD") || !at_str_eq(route->method, "GET")))
		return AT_ERR_BAD_REQUEST;
	if (at_str_eq(method, "POST"))
		err = check_post(http);
	else if (socket && !origin_ok(http->api, http->req))
		err = AT_ERR_UNAUTHORIZED;
	if (err == AT_OK && route->role >= API_SESSION)
		err = check_session(http);
	return err;
}

void api_on_request(void *arg, struct net_request *req)
{
	struct api *api = arg;
	struct api_http *http = at_alloc(sizeof(*http));
	http->api = api;
	http->req = req;
	const struct api_route *route = route_of(req->path);
	enum at_err err = route ? check(http, route) : AT_ERR_NOT_FOUND;
	if (err != AT_OK) {
		api_http_err(http, err, 0);
		return;
	}
	if (route->param)
		http->param = req->path + strlen(route->path);
	route->fn(http);
}
