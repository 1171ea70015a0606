/* The wire itself: one table of commands and one of routes (api_table.c), dispatched to the domain modules and answered as
 * docs/protocol.md says. Owns the sockets' lives; knows no domain rule. Core loop. */
#ifndef AT_API_API_H
#define AT_API_API_H

#include "auth/auth.h"
#include "base/err.h"
#include "base/loop.h"
#include "call/call.h"
#include "chat/chat.h"
#include "hub/hub.h"
#include "net/net.h"
#include "note/note.h"
#include "room/room.h"
#include "store/store.h"
#include "talk/talk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct api;

/* What hello and /api/about tell, and what sockets are held to. The modules enforce their own. */
struct api_limits {
	int64_t ring_ms, ring_stop_ms, unreachable_ms;
	int64_t note_offer_ms; /* "Leave a note now" without an acknowledgement: 5000 */
	int64_t voice_max_ms, video_max_ms, note_min_ms;
	int64_t warn_ms; /* before the limit: 15000 */
	/* a socket's sustained commands, burst four times that: 50. A fifth of it for media.*, which others hear. 0 = no limit */
	uint32_t commands_per_s;
	uint32_t messages_per_s; /* msg.send, got and fragments each: 200. 0 = no limit */
};

/* Everything outlives the api. Strings are copied. */
struct api_deps {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct auth *auth;
	struct chat *chat;
	struct calls *calls;
	struct talks *talks;
	struct rooms *rooms;
	struct notes *notes;
	const struct api_limits *limits; /* copied; NULL = the defaults above */
	const char *web_dir;             /* the built web client; NULL = none */
	const char *ca_pem;              /* file given out at /ca.pem; NULL = 404 */
	const char *name, *version;      /* for /api/about */
	/* "https://chat.example.org" behind a proxy; NULL = scheme of the socket and Host */
	const char *origin;
	bool tls; /* the server itself speaks TLS: cookies are __Host-at and Secure */
};

/* Reads web_dir's names. IO when it is given and cannot be read. Registers with hub for presence. */
AT_MUST enum at_err api_new(const struct api_deps *deps, struct api **api_out);
/* After net_server_free, which ends every socket, and after notes, talks, calls, chat and auth, which may still answer while they close; before
 * the hub. What nobody answered is dropped. */
void api_free(struct api **api);
/* What net_server_new takes. */
const struct net_handler *api_handler(struct api *api);

struct api_limits api_limits_default(void);

/* What chat, call and talk ask about people, answered from auth. */
struct chat_people api_chat_people(struct auth *auth);
struct call_people api_call_people(struct auth *auth);
struct talk_people api_talk_people(struct auth *auth);
struct room_people api_room_people(struct auth *auth);

/* `command NAME ROLE`, `route METHOD PATH ROLE`, `event NAME` and `error NAME` lines: the tables, for tests and the curious. */
void api_table_print(FILE *out);

#endif
