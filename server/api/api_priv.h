/* What the files of api share: the tables, a socket's session, a request on its way. */
#ifndef AT_API_API_PRIV_H
#define AT_API_API_PRIV_H

#include "api/api.h"
#include "base/buf.h"
#include "base/list.h"

enum {
	API_OUT_MAX = 16 * 1024 * 1024, /* hello of somebody with very many chats */
	API_OUT_KEEP = 64 * 1024,       /* memory kept between answers */
	API_HELLO_MS = 10000,
	API_HELD_MAX = 4096, /* events that wait for hello's answer */
	API_PARTNERS_MAX = 4096,
	API_FOUND_MAX = 50,
	API_DEVICES_MAX = 200,
	API_INVITES_MAX = 200,
};
#define API_INT_MAX ((UINT64_C(1) << 53) - 1)

enum {
	API_CLOSE_REVOKED = 4001,
	API_CLOSE_FIRST_FRAME = 4002,
	API_CLOSE_BAD_FRAME = 4003,
	API_CLOSE_SLOW = 4008,
};

struct api {
	struct api_deps deps; /* strings are its own */
	struct api_limits limits;
	struct at_buf out;             /* the answer being written */
	struct at_map *https;          /* net_conn -> struct api_http, those whose answer comes later */
	struct at_list asks, sessions; /* what is under way, who is connected */
	struct api_static *files;
	struct net_handler handler;
};

/* ---- one socket ---- */

struct api_bucket {
	int64_t at_ms; /* monotonic; 0 = never used */
	int64_t milli; /* thousandths of a token that are left */
};

enum api_class { API_PLAIN, API_MESSAGE, API_FRAGMENT, API_MEDIA, API_CLASS_COUNT };

enum api_session_state { API_NEW, API_GREETING, API_GREETED, API_ENDED };

/* Counted: the socket holds one reference, every request under way another. After the socket went it is only a place to look at. */
struct api_session {
	struct hub_session hub; /* user and device are set from the start */
	struct api *api;
	struct net_ws *ws; /* NULL once closed */
	uint32_t refs;
	enum api_session_state state;
	uint64_t last_id;
	struct at_timer *hello; /* until hello came */
	struct at_bytes **held; /* events since hello came and until it is answered */
	size_t held_n;
	struct at_link link;
	struct api_bucket buckets[API_CLASS_COUNT];
};

void api_session_unref(struct api_session **session);
/* True: go. Else retry_out says how long to wait. */
bool api_bucket_take(struct api_bucket *bucket, uint32_t per_s, uint32_t burst, int64_t now_ms, int64_t *retry_out);

/* One command under way. The handler, or what it calls, ends it by exactly one api_answer...; then it is gone. */
struct api_ask {
	struct at_link link;
	struct api *api;
	struct api_session *session;
	uint64_t id;
	uint64_t user, device; /* who asks */
	uint64_t about;        /* the handler's: whom or what it is about */
	bool news;             /* the handler's: whether others are to be told */
};

struct wire_out api_ok_begin(struct api_ask *ask); /* {"id":N,"ok":{ */
void api_ok_end(struct api_ask *ask, struct wire_out *w);
void api_answer_ok(struct api_ask *ask); /* {} */
/* {key: json}, NULL key: json is the object */
void api_answer_raw(struct api_ask *ask, const char *key, const void *json, size_t len);
void api_answer_err(struct api_ask *ask, enum at_err err);
void api_answer_limited(struct api_ask *ask, enum at_err err, int64_t retry_ms);
void api_answer_appended(void *ask, enum at_err err, uint64_t seq, int64_t ts, bool duplicate); /* chat_appended_fn */
/* For auth_err_fn and chat_err_fn: arg is the ask. */
void api_answer_done(void *ask, enum at_err err);
void api_ask_drop(struct api_ask *ask); /* without an answer: nobody is there */

/* ---- the tables ---- */

typedef void api_command_fn(struct api_ask *ask, const struct wire_in *in);
enum api_role { API_ANYONE, API_INVITATION, API_LINK, API_SESSION, API_MEMBER, API_OWNER };
struct api_command {
	const char *name;
	api_command_fn *fn;
	enum api_class class;
};
extern const struct api_command api_commands[];
extern const size_t api_commands_n;
const struct api_command *api_command_find(const char *name);

struct api_http;
typedef void api_route_fn(struct api_http *http);
struct api_route {
	const char *method, *path;
	const char *param; /* the name of what stands behind path; NULL = path is the whole */
	enum api_role role;
	api_route_fn *fn;
};
extern const struct api_route api_routes[];
extern const size_t api_routes_n;
extern const char *const api_events[];
extern const size_t api_events_n;
const char *api_role_name(enum api_role role);

/* ---- HTTP ---- */

/* One request. Answered by exactly one api_http_...; then it is gone. */
struct api_http {
	struct api *api;
	struct net_request *req;          /* NULL once the peer has left */
	const char *param;                /* what stands behind the route's path */
	struct wire_in *body;             /* of a POST */
	const struct auth_device *device; /* whose cookie; only until the handler returns */
	uint64_t user;
	const char *session_token; /* likewise */
	bool kept;                 /* in api->https */
};

/* its answer comes later; call before whatever gives it */
void api_http_keep(struct api_http *http);
void api_http_err(struct api_http *http, enum at_err err, int64_t retry_ms);
struct wire_out api_http_begin(struct api_http *http); /* { */
void api_http_end(struct api_http *http, struct wire_out *w, const char *extra);
/* Borrows the bytes; they never change under this name. */
void api_http_bytes(struct api_http *http, const char *mime, const void *bytes, size_t len);
/* takes the descriptor, also when the peer has left */
void api_http_file(struct api_http *http, const struct net_file *file);
enum { API_COOKIE_MAX = 256 };
/* A whole Set-Cookie line with its CRLF; token "" takes the cookie away. */
void api_cookie_line(const struct api *api, const char *token, char out[API_COOKIE_MAX]);
void api_http_answered(struct api_http *http); /* net was given the answer elsewhere */
void api_on_request(void *api, struct net_request *req);
void api_on_gone(void *api, struct net_conn *conn);
void api_socket_open(struct api_http *http); /* api_session.c: GET /ws */

/* ---- api_static.c ---- */
AT_MUST enum at_err api_static_new(const char *dir, struct api_static **files_out); /* dir NULL: none */
void api_static_free(struct api_static **files);
bool api_accepts(const char *header, const char *coding); /* Accept-Encoding, NULL = absent */
void api_static_get(struct api_http *http);

/* ---- people ---- */
void api_write_user(struct api *api, struct wire_out *w, const char *key, const struct auth_user *user,
		    uint64_t viewer);
void api_write_me(struct wire_out *w, const char *key, const struct auth_user *user);
void api_write_limits(const struct api *api, struct wire_out *w, const char *key);
void api_tell_user(struct api *api, uint64_t about, uint64_t viewer);
void api_tell_partners(struct api *api, uint64_t about);
void api_on_device(void *api, uint64_t user, uint64_t device, bool connected);
/* An event: write into the result, then send. */
struct wire_out api_event_begin(struct api *api, const char *ev);
struct at_bytes *api_event_end(struct api *api, struct wire_out *w); /* NULL when it did not fit */

AT_MUST enum at_err api_get_kind(const struct wire_in *in, bool *video_out); /* "kind": "voice" or "video" */

api_command_fn api_do_hello, api_do_visible;
api_command_fn api_do_people_find, api_do_me_set, api_do_block, api_do_unblock;
api_command_fn api_do_device_list, api_do_device_rename, api_do_device_revoke;
api_command_fn api_do_invite_create, api_do_invite_list, api_do_invite_revoke;
api_command_fn api_do_chat_open, api_do_log_get, api_do_msg_send, api_do_entry_delete, api_do_got, api_do_read,
	api_do_typing;
api_command_fn api_do_group_create, api_do_group_set, api_do_group_add, api_do_group_remove, api_do_group_admin;
api_command_fn api_do_note_played, api_do_note_position;
api_command_fn api_do_call_start, api_do_call_ring, api_do_call_answer, api_do_call_decline, api_do_call_cancel,
	api_do_call_leave, api_do_call_move;
api_command_fn api_do_media_open, api_do_media_signal, api_do_media_state, api_do_media_ask, api_do_key_set;
api_command_fn api_do_room_start, api_do_room_ring, api_do_room_decline, api_do_room_join, api_do_room_leave,
	api_do_room_state, api_do_room_view, api_do_room_react, api_do_room_hand, api_do_room_invite, api_do_room_mute,
	api_do_room_kick, api_do_room_lock, api_do_call_grow;
api_command_fn api_do_rec_start, api_do_rec_state, api_do_rec_commit, api_do_rec_discard, api_do_rec_undo,
	api_do_rec_listen, api_do_rec_unlisten;

api_route_fn api_get_about, api_get_session, api_get_media, api_get_picture, api_get_rec, api_get_ca;
api_route_fn api_post_join, api_post_invite, api_post_signin, api_post_link, api_post_signout;

#endif
