/* The media role's side of a room: what it is told, and what it tells. */
#include "room/room_priv.h"

#include "base/log.h"

/* ---- telling it ---- */

void room_drop_unsent(struct rooms *rooms)
{
	for (size_t i = 0; i < rooms->unsent_n; i++)
		at_bytes_unref(&rooms->unsent[i]);
	at_free(rooms->unsent);
	rooms->unsent = NULL;
	rooms->unsent_n = 0;
}

static void queue(struct rooms *rooms, const uint8_t *body, size_t len)
{
	if (rooms->unsent == NULL)
		rooms->unsent = at_alloc(ROOM_UNSENT_MAX * sizeof(struct at_bytes *));
	if (rooms->unsent_n == ROOM_UNSENT_MAX) {
		/* It has stopped listening; its supervisor will see to it, and the next one is told all anew. */
		at_log(AT_LOG_WARN, "room.media_deaf", NULL);
		return;
	}
	rooms->unsent[rooms->unsent_n++] = at_bytes_new(body, len);
	if (!at_timer_active(rooms->retry))
		at_timer_start(rooms->retry, ROOM_RETRY_MS, 0);
}

void room_say(struct rooms *rooms, const struct media_room_do *cmd)
{
	uint8_t body[MEDIA_ROOM_DO_MAX];
	size_t len = media_room_do_put(cmd, body);

	if (rooms->unsent_n > 0 || talks_say_room(rooms->talks, body, len) == AT_ERR_BUSY)
		queue(rooms, body, len);
}

void room_on_retry(void *arg)
{
	struct rooms *rooms = arg;
	size_t done = 0;

	while (done < rooms->unsent_n &&
	       talks_say_room(rooms->talks, rooms->unsent[done]->data, rooms->unsent[done]->len) != AT_ERR_BUSY)
		at_bytes_unref(&rooms->unsent[done++]);
	for (size_t i = done; i < rooms->unsent_n; i++)
		rooms->unsent[i - done] = rooms->unsent[i];
	rooms->unsent_n -= done;
	if (rooms->unsent_n > 0)
		at_timer_start(rooms->retry, ROOM_RETRY_MS, 0);
}

void room_say_plain(struct room *room, enum media_room_verb verb, uint32_t peer)
{
	room_say(room->rooms, &(struct media_room_do){.verb = verb, .room = room->row.id, .peer = peer});
}

void room_say_state(const struct person *person)
{
	struct room *room = person->room;

	if (person->peer == 0)
		return;
	room_say(room->rooms, &(struct media_room_do){.verb = MEDIA_ROOM_STATE,
						      .room = room->row.id,
						      .peer = person->peer,
						      .state = {person->muted, person->camera, person->screen}});
}

/* Those of people who have no transport now are said when they have. */
void room_say_views(const struct person *person)
{
	struct room *room = person->room;
	struct media_room_do cmd = {.verb = MEDIA_ROOM_VIEW, .room = room->row.id, .peer = person->peer};

	if (person->peer == 0)
		return;
	for (size_t i = 0; i < person->view_count; i++) {
		const struct person *shown = room_person(room, person->views[i].user);

		if (shown != NULL && shown->peer != 0)
			cmd.view.views[cmd.view.count++] =
				(struct sfu_view){shown->peer, person->views[i].source, person->views[i].height};
	}
	room_say(room->rooms, &cmd);
}

/* ---- a role that comes and goes ---- */

void room_media_up(void *arg)
{
	struct rooms *rooms = arg;
	size_t pos = 0;

	for (struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;) {
		if (!room_is_open(room))
			continue;
		room_say_plain(room, MEDIA_ROOM_OPEN, 0);
		for (size_t i = 0; i < room->n; i++)
			if (person_state_in(room->people[i]->state) && room->people[i]->device != 0)
				room_hint(room->people[i], room->people[i]->device, "restarted", 0);
	}
}

/* Everybody is away until they have joined anew. */
static void lose_transports(struct room *room)
{
	for (size_t i = 0; i < room->n; i++) {
		struct person *person = room->people[i];

		if (person->joining.peer != 0)
			room_join_failed(person, AT_ERR_UNAVAILABLE);
		person->peer = 0;
		(void)room_person_event(person, PERSON_EV_AWAY);
		if (person->state == PERSON_AWAY)
			person->until = at_loop_now_ms(room->rooms->loop) + ROOM_RESUME_MS;
	}
	room_settle(room);
}

void room_media_gone(void *arg)
{
	struct rooms *rooms = arg;
	size_t pos = 0;

	room_drop_unsent(rooms);
	for (struct room *room; (room = at_map_next(rooms->by_conv, &pos)) != NULL;)
		if (room_is_open(room))
			lose_transports(room);
}

/* ---- what it tells ---- */

static void write_user(const struct room *room, struct wire_out *w, const char *key, uint32_t peer)
{
	const struct person *person = room_person_of_peer(room, peer);

	if (person != NULL)
		wire_int(w, key, (int64_t)person->user);
	else if (key != NULL)
		wire_null(w, key);
}

static const char *source_name(enum sfu_source source)
{
	static const char *const names[] = {"mic", "camera", "screen"};

	return names[source];
}

static void on_slots(const struct room *room, const struct person *person, const struct sfu_event *event)
{
	struct rooms *rooms = room->rooms;
	struct wire_out w = room_frame_begin(rooms, "room.slots", room);

	wire_int(&w, "epoch", event->slots.epoch);
	wire_arr(&w, "slots");
	for (size_t i = 0; i < event->slots.count; i++) {
		const struct sfu_slot_owner *owner = &event->slots.owners[i];

		if (room_person_of_peer(room, owner->peer) == NULL)
			continue;
		wire_obj(&w, NULL);
		wire_str(&w, "mid", person->mids[owner->slot]);
		write_user(room, &w, "user", owner->peer);
		wire_str(&w, "source", source_name(owner->source));
		wire_obj_end(&w);
	}
	wire_arr_end(&w);
	struct at_bytes *frame = room_frame_end(rooms, &w);

	hub_send_device(rooms->hub, person->device, frame, false);
	at_bytes_unref(&frame);
}

static void write_users(const struct room *room, struct wire_out *w, const char *key, const uint32_t *peers, size_t n)
{
	wire_arr(w, key);
	for (size_t i = 0; i < n; i++)
		write_user(room, w, NULL, peers[i]);
	wire_arr_end(w);
}

static void on_speakers(struct room *room, const struct sfu_event *event)
{
	struct rooms *rooms = room->rooms;
	struct wire_out w = room_frame_begin(rooms, "room.speakers", room);

	write_user(room, &w, "stage", event->speakers.stage);
	write_user(room, &w, "before", event->speakers.before);
	write_users(room, &w, "order", event->speakers.order, event->speakers.order_count);
	write_users(room, &w, "ring", event->speakers.ring, event->speakers.ring_count);
	at_bytes_unref(&room->speakers);
	room->speakers = room_frame_end(rooms, &w);
	room_tell_participants(room, room->speakers);
	if (!room->watch_due) {
		room->watch_due = true;
		room_arm(room);
	}
}

static void on_layers(const struct room *room, const struct person *person, uint8_t layers)
{
	struct rooms *rooms = room->rooms;
	struct wire_out w = room_frame_begin(rooms, "room.layers", room);

	wire_arr(&w, "rids");
	for (size_t i = 0; i < SFU_LAYERS_MAX; i++)
		if (layers & 1 << i && person->rids[i][0] != '\0')
			wire_str(&w, NULL, person->rids[i]);
	wire_arr_end(&w);
	wire_bool(&w, "camera", (layers & (SFU_WANT_SCREEN - 1)) != 0);
	wire_bool(&w, "screen", (layers & SFU_WANT_SCREEN) != 0);
	struct at_bytes *frame = room_frame_end(rooms, &w);

	hub_send_device(rooms->hub, person->device, frame, false);
	at_bytes_unref(&frame);
}

static void on_gone(struct person *person)
{
	uint64_t device = person->device;

	/* It is gone there already. */
	person->peer = 0;
	room_out(person, PERSON_EV_LEAVE);
	room_hint(person, device, "reconnect", 0);
	room_settle(person->room);
}

static void on_event(struct room *room, const struct sfu_event *event)
{
	struct person *person = room_person_of_peer(room, event->peer);

	if (event->kind == SFU_EVENT_SPEAKERS) {
		on_speakers(room, event);
		return;
	}
	if (person == NULL)
		return; /* of a transport that has been replaced */
	switch (event->kind) {
	case SFU_EVENT_UP:
	case SFU_EVENT_BACK:
		if (room_person_event(person, PERSON_EV_BACK))
			room_settle(room);
		break;
	case SFU_EVENT_AWAY:
		if (room_person_event(person, PERSON_EV_AWAY))
			room_settle(room);
		break;
	case SFU_EVENT_GONE: on_gone(person); break;
	case SFU_EVENT_SLOTS: on_slots(room, person, event); break;
	case SFU_EVENT_LAYERS: on_layers(room, person, event->layers); break;
	default: break;
	}
}

void room_media_message(void *arg, const void *body, size_t len)
{
	struct rooms *rooms = arg;
	struct media_room_news news;
	enum at_err err = media_room_news_parse(body, len, &news);

	if (err != AT_OK) {
		at_log(AT_LOG_WARN, "room.bad_message", NULL);
		return;
	}
	struct room *room = room_of(rooms, &news.event.room);

	if (room == NULL || !room_is_open(room))
		return;
	if (news.is_joined)
		room_join_answered(room, &news);
	else
		on_event(room, &news.event);
}
