/* What everybody sees of a room. */
#include "room/room_priv.h"

#include "base/log.h"
#include "base/time.h"

#include <stdlib.h>

static const char *kind_name(uint8_t kind)
{
	return kind == ROOM_CHAT ? "chat" : kind == ROOM_VIDEO ? "video" : "voice";
}

static void write_time(struct wire_out *w, const char *key, int64_t ms)
{
	if (ms > 0)
		wire_int(w, key, ms);
	else
		wire_null(w, key);
}

/* Whom quiet hours or a block keep from being rung rings for the others, not for themselves. */
static const char *state_for(const struct person *person, uint64_t viewer)
{
	if (person->user == viewer && person->silent && person_state_rings(person->state))
		return person_state_name(PERSON_OUT);
	return person_state_name(person->state);
}

static bool shows(const struct person *person)
{
	return person->state != PERSON_OUT && person->state != PERSON_REMOVED;
}

static void write_person(const struct person *person, struct wire_out *w, uint64_t viewer)
{
	wire_obj(w, NULL);
	wire_int(w, "user", (int64_t)person->user);
	wire_str(w, "state", state_for(person, viewer));
	write_time(w, "device", person->user == viewer ? (int64_t)person->device : 0);
	wire_bool(w, "muted", person->muted);
	wire_bool(w, "camera", person->camera);
	wire_bool(w, "screen", person->screen);
	write_time(w, "joined", person_state_in(person->state) ? person->joined : 0);
	wire_bool(w, "guest", person->invited_by != 0);
	wire_obj_end(w);
}

static int by_hand(const void *a, const void *b)
{
	const struct person *x = *(const struct person *const *)a, *y = *(const struct person *const *)b;

	return x->hand < y->hand ? -1 : x->hand > y->hand;
}

static void write_hands(const struct room *room, struct wire_out *w)
{
	const struct person *raised[ROOM_PEOPLE_MAX];
	size_t n = 0;

	for (size_t i = 0; i < room->n; i++)
		if (room->people[i]->hand != 0)
			raised[n++] = room->people[i];
	qsort(raised, n, sizeof(raised[0]), by_hand);
	wire_arr(w, "hands");
	for (size_t i = 0; i < n; i++)
		wire_int(w, NULL, (int64_t)raised[i]->user);
	wire_arr_end(w);
}

/* Wall time at which ringing or waiting gives up. */
static int64_t until_of(const struct room *room)
{
	int64_t at = room->state == ROOM_WAITING ? room->until : 0;

	for (size_t i = 0; i < room->n && room->state == ROOM_RINGING; i++)
		if (person_state_rings(room->people[i]->state) && room->people[i]->until > at)
			at = room->people[i]->until;
	return at != 0 ? at - at_loop_now_ms(room->rooms->loop) + at_wall_ms() : 0;
}

static const char *outcome_of(const struct room *room)
{
	if (room->state == ROOM_WAITING || (room->state == ROOM_ENDED && !room->row.company && room->row.rings))
		return "no_one_joined";
	return room->state == ROOM_ENDED ? "ended" : NULL;
}

void room_write(const struct room *room, struct wire_out *w, const char *key, uint64_t viewer)
{
	wire_obj(w, key);
	wire_id(w, "room", &room->row.id);
	wire_int(w, "conv", (int64_t)room->row.conv);
	wire_str(w, "kind", kind_name(room->row.kind));
	wire_int(w, "by", (int64_t)room->row.starter);
	wire_str(w, "state", room_state_name(room->state));
	wire_int(w, "started", room->row.started);
	write_time(w, "ended", room->row.ended);
	write_time(w, "until", until_of(room));
	wire_bool(w, "locked", room->row.locked);
	wire_bool(w, "may_moderate", room_may_moderate(room, viewer));
	wire_str(w, "outcome", outcome_of(room));
	wire_id(w, "from_call", &room->row.from_call);
	wire_arr(w, "people");
	for (size_t i = 0; i < room->n; i++)
		if (shows(room->people[i]))
			write_person(room->people[i], w, viewer);
	wire_arr_end(w);
	write_hands(room, w);
	wire_int(w, "rev", (int64_t)room->rev);
	wire_obj_end(w);
}

/* ---- frames ---- */

struct wire_out room_frame_begin(struct rooms *rooms, const char *ev, const struct room *room)
{
	at_buf_clear(&rooms->out);
	struct wire_out w = wire_out_begin(&rooms->out);

	wire_obj(&w, NULL);
	wire_str(&w, "ev", ev);
	if (room != NULL)
		wire_id(&w, "room", &room->row.id);
	return w;
}

struct at_bytes *room_frame_end(struct rooms *rooms, struct wire_out *w)
{
	wire_obj_end(w);
	enum at_err err = wire_out_end(w);

	AT_ASSERT(err == AT_OK); /* a few hundred people, far below the buffer's maximum */
	return at_bytes_new(rooms->out.data, rooms->out.len);
}

static void tell_one(const struct room *room, uint64_t user)
{
	struct rooms *rooms = room->rooms;

	if (hub_reachable(rooms->hub, user) == 0)
		return;
	struct wire_out w = room_frame_begin(rooms, "room", NULL);

	room_write(room, &w, "room", user);
	struct at_bytes *frame = room_frame_end(rooms, &w);

	hub_send_user(rooms->hub, user, frame, NULL);
	at_bytes_unref(&frame);
}

/* Members of its chat and guests; those who were removed hear that they are out by a hint alone. */
void room_tell(struct room *room)
{
	uint64_t users[CHAT_GROUP_MEMBERS_MAX];
	size_t n = chat_members(room->rooms->chat, room->row.conv, CHAT_GROUP_MEMBERS_MAX, users);
	int64_t age = at_wall_ms() - room->row.started;

	if (room->is_new)
		return;
	/* Rises across a restart, too, as long as the clock does. */
	room->rev = age > (int64_t)room->rev ? (uint64_t)age : room->rev + 1;
	for (size_t i = 0; i < n && i < CHAT_GROUP_MEMBERS_MAX; i++)
		tell_one(room, users[i]);
	for (size_t i = 0; i < room->n; i++)
		if (room_has_guest(room->people[i]))
			tell_one(room, room->people[i]->user);
}

void room_hint(const struct person *person, uint64_t device, const char *why, uint64_t by)
{
	struct rooms *rooms = person->room->rooms;

	if (device == 0)
		return;
	struct wire_out w = room_frame_begin(rooms, "room.hint", person->room);

	wire_str(&w, "why", why);
	write_time(&w, "by", (int64_t)by);
	struct at_bytes *frame = room_frame_end(rooms, &w);

	hub_send_device(rooms->hub, device, frame, false);
	at_bytes_unref(&frame);
}

void room_tell_participants(const struct room *room, struct at_bytes *frame)
{
	for (size_t i = 0; i < room->n; i++)
		if (person_state_in(room->people[i]->state))
			hub_send_device(room->rooms->hub, room->people[i]->device, frame, false);
}

void room_tell_watchers(struct room *room)
{
	uint64_t users[CHAT_GROUP_MEMBERS_MAX];
	size_t n = chat_members(room->rooms->chat, room->row.conv, CHAT_GROUP_MEMBERS_MAX, users);

	room->watch_due = false;
	for (size_t i = 0; i < n && i < CHAT_GROUP_MEMBERS_MAX && room->speakers != NULL; i++) {
		const struct person *person = room_person(room, users[i]);

		if (person == NULL || !person_state_in(person->state))
			hub_send_user(room->rooms->hub, users[i], room->speakers, NULL);
	}
}

void rooms_write(const struct rooms *rooms, struct wire_out *w, const char *key, uint64_t user)
{
	size_t pos = 0;

	wire_arr(w, key);
	for (const struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;)
		if (room_is_open(room) && room_is_for(room, user))
			room_write(room, w, NULL, user);
	wire_arr_end(w);
}
