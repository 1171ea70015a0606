/* Starting a room, growing one out of a call, inviting further people into it. */
#include "base/time.h"
#include "room/room_priv.h"

#include <string.h>

/* Somebody who waits for the answer to a start. */
struct start_ask {
	struct at_link link;
	uint64_t user;
	room_done_fn *done;
	void *arg;
};

/* ---- answering ---- */

static void answer_room(const struct room *room, uint64_t user, room_done_fn *done, void *arg)
{
	struct at_buf *out = &room->rooms->out;

	at_buf_clear(out);
	struct wire_out w = wire_out_begin(out);

	room_write(room, &w, NULL, user);
	enum at_err err = wire_out_end(&w);

	done(arg, err, out->data, out->len, 0);
}

static void wait_for(struct room *room, uint64_t user, room_done_fn *done, void *arg)
{
	struct start_ask *ask = at_alloc(sizeof(*ask));

	*ask = (struct start_ask){.user = user, .done = done, .arg = arg};
	at_list_push(&room->starts, &ask->link);
}

static void answer_starts(struct room *room, enum at_err err)
{
	AT_LIST_EACH(&room->starts, it) {
		struct start_ask *ask = AT_ENTRY(it, struct start_ask, link);

		at_list_remove(it);
		if (err == AT_OK)
			answer_room(room, ask->user, ask->done, ask->arg);
		else
			ask->done(ask->arg, err, NULL, 0, 0);
		at_free(ask);
	}
}

/* ---- how often one may ring a chat ---- */

struct room_rings {
	int64_t at[8]; /* monotonic, the latest few */
	size_t n;
};

static bool may_ring(struct rooms *rooms, uint64_t conv, uint64_t user, int64_t *retry_ms_out)
{
	const struct room_settings *settings = &rooms->settings;
	uint64_t key[2] = {conv, user};
	struct room_rings *rings = at_map_get(rooms->rings, key, sizeof(key));
	int64_t now = at_loop_now_ms(rooms->loop);
	size_t max = settings->rings < 8 ? settings->rings : 8;

	if (rings == NULL) {
		rings = at_alloc(sizeof(*rings));
		(void)at_map_put(rooms->rings, key, sizeof(key), rings);
	}
	while (rings->n > 0 && now - rings->at[0] > settings->rings_window_ms)
		memmove(rings->at, rings->at + 1, --rings->n * sizeof(rings->at[0]));
	if (rings->n >= max) {
		*retry_ms_out = rings->at[0] + settings->rings_window_ms - now;
		return false;
	}
	rings->at[rings->n++] = now;
	return true;
}

/* ---- a new one ---- */

struct creating {
	struct rooms *rooms;
	struct store_room row;
};

static enum at_err create_job(struct store_tx *tx, void *msg)
{
	struct creating *creating = msg;
	struct store_room old;
	enum at_err err = store_room_get(tx, &creating->row.id, &old);

	if (err != AT_ERR_NOT_FOUND)
		return err == AT_OK ? AT_ERR_EXISTS : err;
	return store_room_put(tx, &creating->row);
}

/* Whoever is invited and those who are there learn who the others are. */
static void introduce(const struct room *room)
{
	const struct rooms *rooms = room->rooms;

	for (size_t i = 0; i < room->n && rooms->meet != NULL; i++)
		for (size_t k = 0; k < room->n; k++) {
			const struct person *about = room->people[i], *viewer = room->people[k];
			bool is_guest = about->invited_by != 0 || viewer->invited_by != 0;

			if (i != k && is_guest && room_is_for(room, viewer->user))
				rooms->meet(rooms->meet_arg, about->user, viewer->user);
		}
}

static void create_done(void *msg, enum at_err err)
{
	struct creating *creating = msg;
	struct room *room = room_of(creating->rooms, &creating->row.id);

	at_free(creating);
	room->storing = false;
	if (err != AT_OK) {
		answer_starts(room, err);
		room_forget(room);
		return;
	}
	room->is_new = false;
	room_say_plain(room, MEDIA_ROOM_OPEN, 0);
	room_event(room, room->row.rings ? ROOM_EV_RING : ROOM_EV_OPEN);
	room->until = at_loop_now_ms(room->rooms->loop) + ROOM_COME_MS;
	for (size_t i = 0; i < room->n; i++)
		if (room->people[i]->rung)
			room_ring_person(room, room->row.starter, room->people[i]);
	introduce(room);
	room_settle(room);
	answer_starts(room, AT_OK);
}

static struct room *create(struct rooms *rooms, const struct store_room *row)
{
	struct room *room = room_make(rooms, row, ROOM_NEW);
	struct creating *creating = at_alloc(sizeof(*creating));

	room->is_new = true;
	room->storing = true;
	room->row.state = ROOM_LIVE;
	room_open_in(room);
	(void)room_person_add(room, row->starter);
	*creating = (struct creating){.rooms = rooms, .row = room->row};
	store_write(rooms->store, create_job, create_done, creating, 0);
	return room;
}

/* Whom a group call rings: marked now, rung when the room is on disk. */
static void mark_members(struct room *room)
{
	uint64_t users[CHAT_GROUP_MEMBERS_MAX];
	size_t n = chat_members(room->rooms->chat, room->row.conv, CHAT_GROUP_MEMBERS_MAX, users);

	for (size_t i = 0; i < n && i < CHAT_GROUP_MEMBERS_MAX; i++)
		if (users[i] != room->row.starter)
			room_person_add(room, users[i])->rung = true;
}

static enum at_err check_start(struct rooms *rooms, const struct room_asker *asker, uint64_t conv, bool ring,
			       bool confirmed, int64_t *retry_ms_out)
{
	if (at_id_is_zero(&asker->room))
		return AT_ERR_BAD_REQUEST;
	if (ring && !confirmed && chat_members(rooms->chat, conv, 0, NULL) > ROOM_RING_UNASKED_MAX + 1)
		return AT_ERR_CONFLICT;
	return !ring || may_ring(rooms, conv, asker->user, retry_ms_out) ? AT_OK : AT_ERR_RATE_LIMITED;
}

/* The one that is open there, or being opened; or the same once more. */
static bool is_there(struct rooms *rooms, const struct room_asker *asker, uint64_t conv, room_done_fn *done, void *arg)
{
	struct room *same = room_of(rooms, &asker->room), *room = at_map_get_u64(rooms->by_conv, conv);

	if (same != NULL && same != room) {
		bool mine = same->row.conv == conv && same->row.starter == asker->user;

		done(arg, mine ? AT_ERR_GONE : AT_ERR_EXISTS, NULL, 0, 0);
		return true;
	}
	if (room == NULL)
		return false;
	if (room->is_new)
		wait_for(room, asker->user, done, arg);
	else
		answer_room(room, asker->user, done, arg);
	return true;
}

void room_start(struct rooms *rooms, const struct room_asker *asker, uint64_t conv, enum room_kind kind, bool ring,
		bool confirmed, room_done_fn *done, void *arg)
{
	int64_t retry_ms = 0;

	ring = ring && kind != ROOM_CHAT;
	if (!chat_is_member(rooms->chat, conv, asker->user) || !chat_is_group(rooms->chat, conv)) {
		bool direct = chat_is_member(rooms->chat, conv, asker->user);

		done(arg, direct ? AT_ERR_BAD_REQUEST : AT_ERR_NOT_FOUND, NULL, 0, 0);
		return;
	}
	if (is_there(rooms, asker, conv, done, arg))
		return;
	enum at_err err = check_start(rooms, asker, conv, ring, confirmed, &retry_ms);

	if (err != AT_OK) {
		done(arg, err, NULL, 0, retry_ms);
		return;
	}
	struct room *room = create(rooms, &(struct store_room){.id = asker->room,
							       .conv = conv,
							       .starter = asker->user,
							       .kind = (uint8_t)kind,
							       .rings = ring,
							       .started = at_wall_ms()});
	if (ring)
		mark_members(room);
	wait_for(room, asker->user, done, arg);
}

/* ---- out of a call ---- */

static enum at_err check_guests(const struct rooms *rooms, const uint64_t *users, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!rooms->people.exists(rooms->people.arg, users[i]))
			return AT_ERR_NOT_FOUND;
	return n > ROOM_INVITE_MAX ? AT_ERR_TOO_LARGE : AT_OK;
}

/* Marks or finds whom to ring; who is of the chat is no guest. */
static struct person *invited(struct room *room, uint64_t by, uint64_t user)
{
	struct person *person = room_person(room, user);

	if (person == NULL) {
		person = room_person_add(room, user);
		if (!chat_is_member(room->rooms->chat, room->row.conv, user))
			person->invited_by = by;
	} else if (person->invited_by != 0 && !room_has_guest(person)) {
		person->invited_by = by;
	}
	return person;
}

void room_grow(struct rooms *rooms, const struct room_asker *asker, const struct at_id *call, enum room_kind kind,
	       const uint64_t *users, size_t n, room_done_fn *done, void *arg)
{
	struct call_parties parties;
	enum at_err err = call_parties_of(rooms->calls, call, asker->user, asker->device, &parties);

	if (err == AT_OK && is_there(rooms, asker, parties.conv, done, arg))
		return;
	if (err == AT_OK)
		err = at_id_is_zero(&asker->room) || n == 0 ? AT_ERR_BAD_REQUEST : check_guests(rooms, users, n);
	if (err != AT_OK) {
		done(arg, err, NULL, 0, 0);
		return;
	}
	struct room *room = create(rooms, &(struct store_room){.id = asker->room,
							       .conv = parties.conv,
							       .starter = asker->user,
							       .kind = (uint8_t)kind,
							       .started = at_wall_ms(),
							       .from_call = *call});
	uint64_t other = parties.caller == asker->user ? parties.callee : parties.caller;

	(void)room_person_add(room, other);
	for (size_t i = 0; i < n; i++)
		if (users[i] != asker->user && users[i] != other)
			invited(room, asker->user, users[i])->rung = true;
	wait_for(room, asker->user, done, arg);
}

enum at_err room_invite(struct rooms *rooms, const struct room_asker *asker, const uint64_t *users, size_t n)
{
	struct room *room;
	struct person *self;
	enum at_err err = room_find(rooms, asker, true, &room, &self);

	if (err == AT_OK)
		err = check_guests(rooms, users, n);
	if (err == AT_OK && room->n + n > ROOM_PEOPLE_MAX)
		err = AT_ERR_FULL;
	if (err != AT_OK)
		return err;
	for (size_t i = 0; i < n; i++)
		room_ring_person(room, asker->user, invited(room, asker->user, users[i]));
	introduce(room);
	room_settle(room);
	return AT_OK;
}
