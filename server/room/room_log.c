/* What is kept of a room: its rows, its entry in the log, and what a note may do with it. */
#include "base/log.h"
#include "base/time.h"
#include "room/room_priv.h"

#include <string.h>

/* ---- rows ---- */

struct storing {
	struct rooms *rooms;
	struct store_room row;
	size_t n;
	struct store_room_person people[];
};

static enum at_err store_job(struct store_tx *tx, void *msg)
{
	struct storing *storing = msg;
	struct store_room old;
	enum at_err err = store_room_get(tx, &storing->row.id, &old);

	/* Its entry is written by a job of its own, maybe before this one. */
	if (err == AT_OK && old.entry_seq != 0)
		storing->row.entry_seq = old.entry_seq;
	if (err == AT_OK || err == AT_ERR_NOT_FOUND)
		err = store_room_put(tx, &storing->row);
	for (size_t i = 0; i < storing->n && err == AT_OK; i++)
		err = store_room_person_put(tx, &storing->people[i]);
	return err;
}

static void mark_dirty(struct room *room, const struct storing *storing)
{
	room->row_dirty = true;
	for (size_t i = 0; i < storing->n; i++) {
		struct person *person = room_person(room, storing->people[i].user);

		if (person != NULL)
			person->dirty = true;
	}
}

static void store_done(void *msg, enum at_err err)
{
	struct storing *storing = msg;
	struct room *room = room_of(storing->rooms, &storing->row.id);

	if (room != NULL) {
		room->storing = false;
		if (err != AT_OK) {
			/* A full disk: kept with the next change. */
			at_log(AT_LOG_INFO, "room.not_kept", "err", at_err_name(err), NULL);
			mark_dirty(room, storing);
		} else {
			room_store(room);
		}
	}
	at_free(storing);
}

void room_store(struct room *room)
{
	size_t dirty = 0;

	for (size_t i = 0; i < room->n; i++)
		dirty += room->people[i]->dirty;
	if (room->storing || room->is_new || (dirty == 0 && !room->row_dirty))
		return;
	struct storing *storing = at_alloc(sizeof(*storing) + dirty * sizeof(storing->people[0]));

	storing->rooms = room->rooms;
	storing->row = room->row;
	for (size_t i = 0; i < room->n; i++) {
		struct person *person = room->people[i];

		if (!person->dirty)
			continue;
		person->dirty = false;
		storing->people[storing->n++] = (struct store_room_person){.room = room->row.id,
									   .user = person->user,
									   .invited_by = person->invited_by,
									   .state = (uint8_t)person->state,
									   .rung = person->rung,
									   .joined = person->joined,
									   .stayed_ms = person->stayed_ms};
	}
	room->row_dirty = false;
	room->storing = true;
	store_write(room->rooms->store, store_job, store_done, storing, 0);
}

/* ---- the entry ---- */

static bool was_in(const struct person *person)
{
	return person->joined != 0;
}

static void write_body(const struct room *room, bool no_one_joined, struct wire_out *w)
{
	const struct store_room *row = &room->row;

	wire_obj(w, NULL);
	wire_str(w, "kind", row->kind == ROOM_CHAT ? "chat" : row->kind == ROOM_VIDEO ? "video" : "voice");
	wire_int(w, "by", (int64_t)row->starter);
	wire_str(w, "outcome", no_one_joined ? "no_one_joined" : "ended");
	wire_bool(w, "rang", row->rings);
	wire_int(w, "started", row->started);
	wire_int(w, "duration_ms", row->ended > row->started ? row->ended - row->started : 0);
	wire_arr(w, "people");
	for (size_t i = 0; i < room->n; i++) {
		const struct person *person = room->people[i];

		if (!was_in(person))
			continue;
		wire_obj(w, NULL);
		wire_int(w, "user", (int64_t)person->user);
		wire_int(w, "ms", person->stayed_ms);
		wire_obj_end(w);
	}
	wire_arr_end(w);
	/* For these it is no missed call. */
	wire_arr(w, "knew");
	for (size_t i = 0; i < room->n; i++) {
		const struct person *person = room->people[i];

		if (was_in(person) || person->state == PERSON_DECLINED || person->user == row->starter)
			wire_int(w, NULL, (int64_t)person->user);
	}
	wire_arr_end(w);
	wire_obj_end(w);
}

struct logging {
	struct rooms *rooms;
	struct at_id id;
	struct store_room row;
	bool is_first;
};

/* Store thread: the row says where its entry is. */
static enum at_err with_entry(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	struct logging *logging = arg;

	if (!logging->is_first)
		return AT_OK;
	logging->row.entry_seq = entry->seq;
	return store_room_put(tx, &logging->row);
}

static void logged(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct logging *logging = arg;
	struct room *room = room_of(logging->rooms, &logging->id);

	(void)ts, (void)duplicate;
	if (err != AT_OK)
		at_log(AT_LOG_WARN, "room.not_logged", "err", at_err_name(err), NULL);
	if (room != NULL) {
		room->is_logging = false;
		if (err == AT_OK && logging->is_first)
			room->row.entry_seq = seq;
		if (room->log_again)
			room_log(room, false);
	}
	at_free(logging);
}

/* A guest has no part in the chat: the room stands in their chat with who invited them. */
struct guest_entry {
	struct rooms *rooms;
	uint64_t by;
	struct at_id id;
	bool missed;
	char *body;
};

static void guest_logged(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)arg, (void)seq, (void)ts, (void)duplicate;
	if (err != AT_OK)
		at_log(AT_LOG_INFO, "room.guest_not_logged", "err", at_err_name(err), NULL);
}

static void guest_opened(void *arg, enum at_err err, uint64_t conv)
{
	struct guest_entry *guest = arg;

	if (err == AT_OK) {
		struct chat_append entry = {.conv = conv,
					    .author = guest->by,
					    .kind = STORE_ROOM,
					    .call = guest->id,
					    .badge = guest->missed,
					    .body = guest->body,
					    .body_len = strlen(guest->body)};

		chat_append(guest->rooms->chat, &entry, guest_logged, NULL);
	}
	at_free(guest->body);
	at_free(guest);
}

static void log_guests(struct room *room, const struct at_buf *body)
{
	for (size_t i = 0; i < room->n; i++) {
		const struct person *person = room->people[i];

		if (person->invited_by == 0 || person->state == PERSON_REMOVED)
			continue;
		struct guest_entry *guest = at_alloc(sizeof(*guest));

		*guest = (struct guest_entry){.rooms = room->rooms,
					      .by = person->invited_by,
					      .id = room->row.id,
					      .missed = !was_in(person) && person->state != PERSON_DECLINED,
					      .body = at_strndup((const char *)body->data, body->len)};
		chat_open(room->rooms->chat, person->invited_by, person->user, guest_opened, guest);
	}
}

/* Somebody dropped in and left again, or nobody ever came: nothing happened. */
static bool is_nothing(const struct room *room)
{
	const struct store_room *row = &room->row;

	if (row->entry_seq != 0 || row->company)
		return row->kind == ROOM_CHAT && row->ended - row->started < ROOM_KEEP_MS && row->entry_seq == 0;
	return !row->rings;
}

/* The starter, unless they have left the chat; 0: nobody is left who could see it. */
static uint64_t author_of(const struct room *room)
{
	const struct chat *chat = room->rooms->chat;

	if (chat_is_member(chat, room->row.conv, room->row.starter))
		return room->row.starter;
	for (size_t i = 0; i < room->n; i++)
		if (chat_is_member(chat, room->row.conv, room->people[i]->user))
			return room->people[i]->user;
	return 0;
}

void room_log(struct room *room, bool no_one_joined)
{
	struct rooms *rooms = room->rooms;
	bool is_first = room->row.entry_seq == 0;
	uint64_t author = author_of(room);

	room->log_again = room->is_logging;
	if (room->is_logging || author == 0 || (!no_one_joined && is_nothing(room)))
		return;
	no_one_joined = no_one_joined || !room->row.company;
	at_buf_clear(&rooms->out);
	struct wire_out w = wire_out_begin(&rooms->out);

	write_body(room, no_one_joined, &w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK);
	struct logging *logging = at_alloc(sizeof(*logging));

	*logging = (struct logging){.rooms = rooms, .id = room->row.id, .row = room->row, .is_first = is_first};
	room->is_logging = true;
	struct chat_append entry = {
		.conv = room->row.conv,
		.author = author,
		.kind = is_first ? STORE_ROOM : STORE_AMEND,
		.re_seq = is_first ? 0 : room->row.entry_seq,
		.call = room->row.id,
		.badge = room->row.rings ? 2 : 0,
		.body = (const char *)rooms->out.data,
		.body_len = rooms->out.len,
		.with = with_entry,
	};

	chat_append(rooms->chat, &entry, logged, logging);
	if (!no_one_joined || room->state == ROOM_ENDED)
		log_guests(room, &rooms->out);
}

/* ---- notes ---- */

struct look {
	struct rooms *rooms;
	struct at_id id;
	uint64_t conv, user;
	struct store_room row;
	bool has_note;
	call_facts_fn *done;
	void *arg;
};

static enum at_err look_job(struct store_tx *tx, void *msg)
{
	struct look *look = msg;
	enum at_err err = store_room_get(tx, &look->id, &look->row);

	return err == AT_OK ? store_has_note(tx, look->user, &look->id, &look->has_note) : err;
}

static void looked(void *msg, enum at_err err)
{
	struct look *look = msg;
	const struct room *room = room_of(look->rooms, &look->id);
	const struct store_room *row = room != NULL ? &room->row : &look->row;
	bool over = room == NULL || room->state == ROOM_WAITING || room->state == ROOM_ENDED;

	if (err == AT_OK && (row->starter != look->user || row->conv != look->conv))
		err = AT_ERR_NOT_FOUND;
	struct call_note_facts facts = {.may_leave =
						err == AT_OK && row->rings && !row->company && over && !look->has_note};

	look->done(look->arg, err, err == AT_OK ? &facts : NULL);
	at_free(look);
}

void room_note_facts(void *rooms, const struct at_id *id, uint64_t conv, uint64_t user, call_facts_fn *done, void *arg)
{
	struct look *look = at_alloc(sizeof(*look));

	*look = (struct look){.rooms = rooms, .id = *id, .conv = conv, .user = user, .done = done, .arg = arg};
	store_read(look->rooms->store, look_job, looked, look);
}
