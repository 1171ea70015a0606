/* Rooms: group calls that ring, and voice chats one drops into. Who is in, who rings, who moderates, what the log keeps; media goes
 * through the media role's SFU (media/role/role_room.h), which this module tells who may send and hear. The deciding is room_fsm.h (pure).
 * Core loop.
 *
 * A room lives in a chat, one at a time; its people are the chat's members and guests, who were invited into it (a call between two
 * that has grown). Each person is in it with one device. Whoever is neither gets NOT_FOUND from everything here, whether the room
 * exists or not; GONE after its end. */
#ifndef AT_ROOM_ROOM_H
#define AT_ROOM_ROOM_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "call/call.h"
#include "chat/chat.h"
#include "hub/hub.h"
#include "media/sfu/sfu.h"
#include "store/store.h"
#include "talk/talk.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	ROOM_RING_UNASKED_MAX = 8, /* more others than this are rung only when that was confirmed */
	ROOM_EMOJI_MAX = 32,       /* bytes */
	ROOM_INVITE_MAX = 32,      /* people at once */
};

struct rooms;

/* Kept in the store: values stay. */
enum room_kind { ROOM_VOICE = 0, ROOM_VIDEO = 1, ROOM_CHAT = 2 };

struct room_settings {
	int64_t ring_ms, ring_stop_ms, unreachable_ms; /* as for calls */
	int64_t wait_ms;                               /* 600000: open for whoever comes after nobody answered */
	uint32_t people_max;                           /* 50 in a room */
	uint32_t rings;                                /* 3 ... */
	int64_t rings_window_ms;                       /* ... in 300000, by one person in one chat */
};

struct room_people {
	void *arg;
	bool (*exists)(void *arg, uint64_t user);
	int64_t (*quiet_until)(void *arg, uint64_t user); /* 0 = not quiet */
};

/* Loads rooms that were open: those that rang end, in live ones everybody is away for 30 s. */
AT_MUST enum at_err rooms_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
			      struct calls *calls, struct talks *talks, const struct room_people *people,
			      const struct room_settings *settings, struct rooms **rooms_out);
void rooms_free(struct rooms **rooms); /* before talks_free */
/* Called before `viewer` hears of a room with `about` in it, whom they may not know: a guest's world is larger than their chats. */
typedef void room_meet_fn(void *arg, uint64_t about, uint64_t viewer);
void rooms_on_meeting(struct rooms *rooms, room_meet_fn *fn, void *arg);

struct room_asker {
	struct at_id room;
	uint64_t user, device;
};
/* With AT_OK the room as the asker sees it (JSON, only during the callback), where there is something to say; else json is NULL. */
typedef void room_done_fn(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms);

/* When one is open in that chat already, that one. CONFLICT: many would ring and it was not confirmed. BAD_REQUEST: not in a group.
 * EXISTS: an id that was used otherwise. RATE_LIMITED */
void room_start(struct rooms *rooms, const struct room_asker *asker, uint64_t conv, enum room_kind kind, bool ring,
		bool confirmed, room_done_fn *done, void *arg);
/* An answered call becomes a room in its chat, into which `users` are rung. Errors of call_parties_of. */
void room_grow(struct rooms *rooms, const struct room_asker *asker, const struct at_id *call, enum room_kind kind,
	       const uint64_t *users, size_t n, room_done_fn *done, void *arg);

struct room_join {
	bool muted, camera;
	uint8_t fingerprint[SFU_FINGERPRINT_LEN];
	struct sfu_params params;
	const uint8_t *reached_ip; /* as in talk_open */
};
/* done's JSON: {room, media}. BAD_REQUEST: parameters. CONFLICT: locked. GONE: removed from it, or over. FULL: people_max.
 * UNAVAILABLE: the media role is restarting. TIMEOUT: it does not answer. */
void room_join(struct rooms *rooms, const struct room_asker *asker, const struct room_join *join, room_done_fn *done,
	       void *arg);

/* This device rings: its acknowledgement. */
AT_MUST enum at_err room_ring(struct rooms *rooms, const struct room_asker *asker);
AT_MUST enum at_err room_decline(struct rooms *rooms, const struct room_asker *asker);
AT_MUST enum at_err room_leave(struct rooms *rooms, const struct room_asker *asker);

/* Of a participant's device; CONFLICT when it is not in the room. */
AT_MUST enum at_err room_set_state(struct rooms *rooms, const struct room_asker *asker, bool muted, bool camera,
				   bool screen);
struct room_view {
	uint64_t user;
	enum sfu_source source;
	uint16_t height;
};
AT_MUST enum at_err room_set_view(struct rooms *rooms, const struct room_asker *asker, const struct room_view *views,
				  size_t count);
/* BAD_REQUEST: no emoji. RATE_LIMITED: 5 in 3 s. */
AT_MUST enum at_err room_react(struct rooms *rooms, const struct room_asker *asker, const char *emoji);
/* Of `user`: oneself, or another's by a moderator, who may only lower it. */
AT_MUST enum at_err room_hand(struct rooms *rooms, const struct room_asker *asker, uint64_t user, bool up);
/* Further people: members, or guests. NOT_FOUND: no such person. FULL. */
AT_MUST enum at_err room_invite(struct rooms *rooms, const struct room_asker *asker, const uint64_t *users, size_t n);

/* Of a moderator (the starter, the group's admins); NOT_FOUND to others. */
AT_MUST enum at_err room_mute(struct rooms *rooms, const struct room_asker *asker, uint64_t user);
AT_MUST enum at_err room_kick(struct rooms *rooms, const struct room_asker *asker, uint64_t user);
AT_MUST enum at_err room_lock(struct rooms *rooms, const struct room_asker *asker, bool on);

/* The open rooms that `user` is of, [room,...]. */
void rooms_write(const struct rooms *rooms, struct wire_out *w, const char *key, uint64_t user);
/* Who else is in, or rung into, the open rooms that `user` is of, at most max, maybe more than once. */
size_t rooms_people(const struct rooms *rooms, uint64_t user, size_t max, uint64_t *users_out);
/* In an open room: then a call or another room finds them busy. */
bool rooms_is_busy(const struct rooms *rooms, uint64_t user);
/* For the note module: the starter of a room that nobody joined may leave one note. Like call_note_facts; callee is 0. */
void room_note_facts(void *rooms, const struct at_id *id, uint64_t conv, uint64_t user, call_facts_fn *done, void *arg);

#endif
