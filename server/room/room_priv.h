/* Inside the room module. */
#ifndef AT_ROOM_ROOM_PRIV_H
#define AT_ROOM_ROOM_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "media/role/role_room.h"
#include "room/room.h"
#include "room/room_fsm.h"

enum {
	ROOM_PEOPLE_MAX = 300, /* rows of a room: a group of 256 and guests */
	ROOM_REACTS = 5,
	ROOM_REACTS_MS = 3000,
	ROOM_JOIN_MS = 5000,  /* the media role answers within */
	ROOM_COME_MS = 15000, /* a room that was opened and that its starter never entered */
	/* after a restart of the server or of the media role: then who has not come back has left */
	ROOM_RESUME_MS = 30000,
	ROOM_OFFLINE_MS = 45000, /* in it by a device that is not connected */
	ROOM_LINGER_MS = 60000,  /* an ended room is known so long */
	ROOM_KEEP_MS = 3000,     /* a shorter voice chat leaves no entry */
	ROOM_WATCH_MS = 1000,    /* members who are not in it hear this often who speaks */
	ROOM_RETRY_MS = 100,     /* what the media role had no room for */
	ROOM_UNSENT_MAX = 512,
	ROOM_OUT_MAX = 1024 * 1024,
};

/* A join that waits for the media role. */
struct room_joining {
	uint32_t peer; /* 0: none waits */
	uint64_t device;
	bool muted, camera;
	struct ice_credentials creds;
	struct sfu_params params;
	uint8_t reached_ip[16];
	bool has_ip;
	int64_t until;
	room_done_fn *done;
	void *arg;
};

struct person {
	struct room *room;
	uint64_t user;
	uint64_t invited_by; /* a guest: by whom; 0 = of the chat */
	enum person_state state;
	bool rung;
	bool silent;   /* quiet hours, or they have blocked who rings: their devices are not told */
	bool dirty;    /* to be stored */
	int64_t until; /* monotonic: when the present state gives up; 0 = never */
	int64_t ring_stop;
	unsigned acked;
	/* ---- in it ---- */
	uint64_t device;
	uint32_t peer; /* of the media role; 0: no transport yet */
	bool muted, camera, screen;
	uint64_t hand;             /* rises with each raised hand; 0 = down */
	int64_t joined, stayed_ms; /* wall */
	int64_t offline_since;     /* monotonic; 0 = its device is connected */
	char mids[SFU_SLOTS_MAX][SFU_ID_MAX + 1];
	char rids[SFU_LAYERS_MAX][SFU_ID_MAX + 1];
	int64_t reacted[ROOM_REACTS];
	/* What they want to see, by person: whoever joins anew has another number. */
	struct room_view views[SFU_VIEWS_MAX];
	size_t view_count;
	struct room_joining joining;
};

struct room {
	struct rooms *rooms;
	struct store_room row; /* row.state is its state, but 0 for both NEW and ENDED */
	enum room_state state;
	uint64_t rev;
	struct person **people;
	size_t n, cap;
	uint32_t next_peer;
	uint64_t hands;
	int64_t until; /* monotonic: of the room itself; 0 = never */
	int64_t started_mono;
	struct at_timer *timer;
	struct at_bytes *speakers; /* the last event, for those who watch from outside */
	bool watch_due;
	bool row_dirty, storing;
	bool is_logging, log_again; /* an entry is on its way; another is to follow */
	/* ---- until its start is on disk ---- */
	struct at_list starts; /* room_start_ask */
	bool is_new;
};

struct rooms {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct calls *calls;
	struct talks *talks;
	struct room_people people;
	struct room_settings settings;
	room_meet_fn *meet; /* may be NULL */
	void *meet_arg;
	struct at_map *by_id;   /* id -> room, ended ones for a while */
	struct at_map *by_conv; /* conv -> open room */
	struct at_map *rings;   /* {conv, user} -> struct room_rings */
	struct at_bytes **unsent;
	size_t unsent_n;
	struct at_timer *retry;
	struct at_buf out;
};

/* ---- room.c ---- */

struct room *room_of(const struct rooms *rooms, const struct at_id *id);
struct room *room_make(struct rooms *rooms, const struct store_room *row, enum room_state state);
void room_open_in(struct room *room); /* found by its chat from now on */
void room_forget(struct room *room);
struct person *room_person(const struct room *room, uint64_t user); /* NULL */
struct person *room_person_add(struct room *room, uint64_t user);
struct person *room_person_of_peer(const struct room *room, uint32_t peer);
bool room_is_open(const struct room *room);
/* A guest, who knows of it. Who has blocked the one who invites them hears nothing; the others see them ring out. */
bool room_has_guest(const struct person *person);
bool room_is_for(const struct room *room, uint64_t user); /* a member of its chat, or a guest */
bool room_may_moderate(const struct room *room, uint64_t user);
/* NOT_FOUND, GONE; and with as_participant CONFLICT when the asker's device is not in it. */
AT_MUST enum at_err room_find(struct rooms *rooms, const struct room_asker *asker, bool as_participant,
			      struct room **room_out, struct person **person_out);

/* ---- room_step.c ---- */

/* Feeds one event to one person and says whether it meant something. room_settle must follow. */
bool room_person_event(struct person *person, enum person_event event);
void room_event(struct room *room, enum room_event event);
/* After any change: what follows for the room, the store and everybody's screens. The room may be over afterwards, not freed. */
void room_settle(struct room *room);
void room_ring_person(struct room *room, uint64_t by, struct person *person);
void room_out(struct person *person, enum person_event event); /* leaves or is removed: its transport with it */
void room_arm(struct room *room);
void room_on_timer(void *room);

/* ---- room_join.c ---- */

void room_join_answered(struct room *room, const struct media_room_news *news);
void room_join_failed(struct person *person, enum at_err err);

/* ---- room_media.c ---- */

void room_media_up(void *rooms);
void room_media_gone(void *rooms);
void room_media_message(void *rooms, const void *body, size_t len);
void room_say(struct rooms *rooms, const struct media_room_do *cmd);
void room_say_plain(struct room *room, enum media_room_verb verb, uint32_t peer);
void room_say_state(const struct person *person);
void room_say_views(const struct person *person);
void room_on_retry(void *rooms);
void room_drop_unsent(struct rooms *rooms);

/* ---- room_tell.c ---- */

void room_write(const struct room *room, struct wire_out *w, const char *key, uint64_t viewer);
void room_tell(struct room *room);
void room_hint(const struct person *person, uint64_t device, const char *why, uint64_t by);
struct wire_out room_frame_begin(struct rooms *rooms, const char *ev, const struct room *room);
struct at_bytes *room_frame_end(struct rooms *rooms, struct wire_out *w);
void room_tell_participants(const struct room *room, struct at_bytes *frame);
void room_tell_watchers(struct room *room); /* who speaks, to those who are not in it */

/* ---- room_log.c ---- */

void room_store(struct room *room);                   /* what is dirty */
void room_log(struct room *room, bool no_one_joined); /* its entry, or an amendment of it */

#endif
