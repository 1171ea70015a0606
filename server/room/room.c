#include "room/room_priv.h"

#include "base/time.h"

/* ---- what is in memory ---- */

struct room *room_of(const struct rooms *rooms, const struct at_id *id)
{
	return at_map_get(rooms->by_id, id->b, sizeof(id->b));
}

bool room_is_open(const struct room *room)
{
	return room->state != ROOM_NEW && room->state != ROOM_ENDED;
}

struct room *room_make(struct rooms *rooms, const struct store_room *row, enum room_state state)
{
	struct room *room = at_alloc(sizeof(*room));

	*room = (struct room){.rooms = rooms, .row = *row, .state = state, .next_peer = 1};
	room->started_mono = at_loop_now_ms(rooms->loop);
	at_list_init(&room->starts);
	room->timer = at_timer_new(rooms->loop, room_on_timer, room);
	(void)at_map_put(rooms->by_id, row->id.b, sizeof(row->id.b), room);
	return room;
}

void room_open_in(struct room *room)
{
	(void)at_map_put_u64(room->rooms->by_conv, room->row.conv, room);
}

void room_forget(struct room *room)
{
	struct rooms *rooms = room->rooms;

	(void)at_map_del(rooms->by_id, room->row.id.b, sizeof(room->row.id.b));
	if (at_map_get_u64(rooms->by_conv, room->row.conv) == room)
		(void)at_map_del_u64(rooms->by_conv, room->row.conv);
	for (size_t i = 0; i < room->n; i++)
		at_free(room->people[i]);
	at_free(room->people);
	at_bytes_unref(&room->speakers);
	at_timer_free(&room->timer);
	at_free(room);
}

struct person *room_person(const struct room *room, uint64_t user)
{
	for (size_t i = 0; i < room->n; i++)
		if (room->people[i]->user == user)
			return room->people[i];
	return NULL;
}

struct person *room_person_add(struct room *room, uint64_t user)
{
	struct person *person = at_alloc(sizeof(*person));

	AT_ASSERT(room->n < ROOM_PEOPLE_MAX);
	if (room->n == room->cap) {
		room->cap = room->cap != 0 ? room->cap * 2 : 8;
		room->people = at_realloc(room->people, room->cap * sizeof(struct person *));
	}
	*person = (struct person){.room = room, .user = user, .muted = true, .dirty = true};
	room->people[room->n++] = person;
	return person;
}

struct person *room_person_of_peer(const struct room *room, uint32_t peer)
{
	for (size_t i = 0; i < room->n && peer != 0; i++)
		if (room->people[i]->peer == peer)
			return room->people[i];
	return NULL;
}

/* ---- who may what ---- */

bool room_has_guest(const struct person *person)
{
	const struct chat *chat = person->room->rooms->chat;

	if (person->invited_by == 0 || person->state == PERSON_REMOVED)
		return false;
	return person_state_in(person->state) || !chat_blocked(chat, person->invited_by, person->user);
}

bool room_is_for(const struct room *room, uint64_t user)
{
	if (chat_is_member(room->rooms->chat, room->row.conv, user))
		return true;
	const struct person *person = room_person(room, user);

	return person != NULL && room_has_guest(person);
}

bool room_may_moderate(const struct room *room, uint64_t user)
{
	return room->row.starter == user || chat_is_admin(room->rooms->chat, room->row.conv, user);
}

enum at_err room_find(struct rooms *rooms, const struct room_asker *asker, bool as_participant, struct room **room_out,
		      struct person **person_out)
{
	struct room *room = room_of(rooms, &asker->room);

	*room_out = room;
	*person_out = NULL;
	if (room == NULL || room->state == ROOM_NEW || !room_is_for(room, asker->user))
		return AT_ERR_NOT_FOUND;
	if (!room_is_open(room))
		return AT_ERR_GONE;
	struct person *person = room_person(room, asker->user);

	if (as_participant && (person == NULL || !person_state_in(person->state) || person->device != asker->device))
		return AT_ERR_CONFLICT;
	*person_out = person;
	return AT_OK;
}

void rooms_on_meeting(struct rooms *rooms, room_meet_fn *fn, void *arg)
{
	rooms->meet = fn;
	rooms->meet_arg = arg;
}

size_t rooms_people(const struct rooms *rooms, uint64_t user, size_t max, uint64_t *users_out)
{
	size_t pos = 0, n = 0;

	for (const struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;)
		for (size_t i = 0; i < room->n && n < max && room_is_open(room) && room_is_for(room, user); i++)
			if (room->people[i]->user != user)
				users_out[n++] = room->people[i]->user;
	return n;
}

bool rooms_is_busy(const struct rooms *rooms, uint64_t user)
{
	size_t pos = 0;

	for (const struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;) {
		const struct person *person = room_person(room, user);

		if (person != NULL && person_state_in(person->state))
			return true;
	}
	return false;
}

static bool is_busy(void *arg, uint64_t user)
{
	return rooms_is_busy(arg, user);
}

/* ---- loading ---- */

struct loading {
	struct rooms *rooms;
	struct room *room;
};

static enum at_err on_room(void *arg, const void *row)
{
	const struct loading *load = arg;
	const struct store_room *stored = row;
	struct room *room = room_make(load->rooms, stored, (enum room_state)stored->state);

	if (stored->state >= ROOM_STATES)
		room->state = ROOM_LIVE;
	room_open_in(room);
	return AT_OK;
}

/* Who was in it is away until they come back; their time counts on when they do. */
static enum at_err on_person(void *arg, const void *row)
{
	const struct loading *load = arg;
	const struct store_room_person *stored = row;
	struct room *room = room_of(load->rooms, &stored->room);

	if (room == NULL || room->n >= ROOM_PEOPLE_MAX)
		return AT_OK;
	struct person *person = room_person_add(room, stored->user);

	person->invited_by = stored->invited_by;
	person->state = stored->state < PERSON_STATES ? (enum person_state)stored->state : PERSON_LEFT;
	person->rung = stored->rung;
	person->joined = stored->joined;
	person->stayed_ms = stored->stayed_ms;
	if (person_state_in(person->state)) {
		person->state = PERSON_AWAY;
		person->until = at_loop_now_ms(load->rooms->loop) + ROOM_RESUME_MS;
	}
	return AT_OK;
}

static enum at_err load_job(struct store_tx *tx, void *msg)
{
	enum at_err err = store_each_open_room(tx, on_room, msg);

	return err == AT_OK ? store_each_room_person(tx, on_person, msg) : err;
}

static void resume(struct room *room)
{
	if (room->state == ROOM_WAITING)
		room->until = room->started_mono + room->rooms->settings.wait_ms;
	room_event(room, ROOM_EV_RESTART);
	room_settle(room);
}

static void resume_all(struct rooms *rooms)
{
	size_t pos = 0;

	/* What ends leaves by_conv, which the walk allows. */
	for (struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;)
		resume(room);
}

/* ---- what others tell ---- */

static void on_membership(void *arg, uint64_t conv, uint64_t user, bool in)
{
	const struct rooms *rooms = arg;
	struct room *room = at_map_get_u64(rooms->by_conv, conv);

	if (room == NULL)
		return;
	struct person *person = room_person(room, user);

	if (!in && person != NULL && person->invited_by == 0)
		room_out(person, PERSON_EV_REMOVE);
	if (in && person != NULL && person->state == PERSON_REMOVED)
		person->state = PERSON_OUT; /* back in the group, back in its rooms */
	room_settle(room);
}

static void device_of(struct room *room, uint64_t user, uint64_t device, bool connected)
{
	struct person *person = room_person(room, user);

	if (person == NULL || person->device != device || !person_state_in(person->state))
		return;
	person->offline_since = connected ? 0 : at_loop_now_ms(room->rooms->loop);
	room_arm(room);
}

static void on_device(void *arg, uint64_t user, uint64_t device, bool connected)
{
	const struct rooms *rooms = arg;
	size_t pos = 0;

	for (struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;)
		device_of(room, user, device, connected);
}

/* ---- the module's ---- */

enum at_err rooms_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
		      struct calls *calls, struct talks *talks, const struct room_people *people,
		      const struct room_settings *settings, struct rooms **rooms_out)
{
	struct rooms *rooms = at_alloc(sizeof(*rooms));
	struct loading load = {.rooms = rooms};

	*rooms = (struct rooms){.loop = loop,
				.store = store,
				.hub = hub,
				.chat = chat,
				.calls = calls,
				.talks = talks,
				.people = *people,
				.settings = *settings};
	rooms->by_id = at_map_new();
	rooms->by_conv = at_map_new();
	rooms->rings = at_map_new();
	at_buf_init(&rooms->out, ROOM_OUT_MAX);
	rooms->retry = at_timer_new(loop, room_on_retry, rooms);
	*rooms_out = rooms;
	enum at_err err = store_run_now(store, load_job, &load);

	if (err != AT_OK) {
		rooms_free(rooms_out);
		return err;
	}
	chat_on_membership(chat, on_membership, rooms);
	calls_also_busy(calls, is_busy, rooms);
	hub_on_device(hub, on_device, rooms);
	resume_all(rooms);
	const struct talk_media_ops ops = {rooms, room_media_up, room_media_gone, room_media_message};

	talks_on_media(talks, &ops);
	return AT_OK;
}

static void free_rings(struct rooms *rooms)
{
	size_t pos = 0;

	for (void *rings; (rings = at_map_next(rooms->rings, &pos)) != NULL;)
		at_free(rings);
	at_map_free(&rooms->rings);
}

void rooms_free(struct rooms **rooms)
{
	struct rooms *r = *rooms;
	size_t pos = 0;

	*rooms = NULL;
	if (r == NULL)
		return;
	talks_on_media(r->talks, &(struct talk_media_ops){0});
	calls_also_busy(r->calls, NULL, NULL);
	chat_on_membership(r->chat, NULL, NULL);
	/* What is on its way to the store comes back to rooms that are still there. */
	store_drain(r->store);
	for (struct room *room; (room = at_map_next(r->by_id, &pos)) != NULL; pos = 0)
		room_forget(room);
	at_map_free(&r->by_id);
	at_map_free(&r->by_conv);
	free_rings(r);
	room_drop_unsent(r);
	at_timer_free(&r->retry);
	at_buf_release(&r->out);
	at_free(r);
}
