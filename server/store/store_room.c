#include "store/store_priv.h"

#define ROOM_COLUMNS "id, conv, kind, state, starter, rings, locked, company, started, ended, from_call, entry_seq"

static void read_room(struct store_q *q, void *row)
{
	struct store_room *room = row;

	store_c_id(q, &room->id);
	room->conv = store_c_u64(q);
	room->kind = store_c_u8(q);
	room->state = store_c_u8(q);
	room->starter = store_c_u64(q);
	room->rings = store_c_bool(q);
	room->locked = store_c_bool(q);
	room->company = store_c_bool(q);
	room->started = store_c_i64(q);
	room->ended = store_c_i64(q);
	store_c_id(q, &room->from_call);
	room->entry_seq = store_c_u64(q);
}

enum at_err store_room_put(struct store_tx *tx, const struct store_room *room)
{
	struct store_q q = store_q(tx, "INSERT OR REPLACE INTO room(" ROOM_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");

	store_q_id(&q, &room->id);
	store_q_u64(&q, room->conv);
	store_q_u64(&q, room->kind);
	store_q_u64(&q, room->state);
	store_q_u64(&q, room->starter);
	store_q_u64(&q, room->rings);
	store_q_u64(&q, room->locked);
	store_q_u64(&q, room->company);
	store_q_i64(&q, room->started);
	store_q_i64(&q, room->ended);
	store_q_id(&q, &room->from_call);
	store_q_u64(&q, room->entry_seq);
	return store_q_run(&q);
}

enum at_err store_room_get(struct store_tx *tx, const struct at_id *id, struct store_room *room_out)
{
	struct store_q q = store_q(tx, "SELECT " ROOM_COLUMNS " FROM room WHERE id = ?");

	store_q_id(&q, id);
	return store_q_one(&q, read_room, room_out);
}

enum at_err store_each_open_room(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " ROOM_COLUMNS " FROM room WHERE state <> 0 ORDER BY started, id");
	struct store_room room;

	return store_q_each(&q, read_room, &room, fn, arg);
}

enum at_err store_room_person_put(struct store_tx *tx, const struct store_room_person *person)
{
	struct store_q q =
		store_q(tx, "INSERT OR REPLACE INTO room_person(room, user, state, invited_by, rung, joined, stayed)"
			    " VALUES(?,?,?,?,?,?,?)");

	store_q_id(&q, &person->room);
	store_q_u64(&q, person->user);
	store_q_u64(&q, person->state);
	store_q_u64(&q, person->invited_by);
	store_q_u64(&q, person->rung);
	store_q_i64(&q, person->joined);
	store_q_i64(&q, person->stayed_ms);
	return store_q_run(&q);
}

static void read_person(struct store_q *q, void *row)
{
	struct store_room_person *person = row;

	store_c_id(q, &person->room);
	person->user = store_c_u64(q);
	person->state = store_c_u8(q);
	person->invited_by = store_c_u64(q);
	person->rung = store_c_bool(q);
	person->joined = store_c_i64(q);
	person->stayed_ms = store_c_i64(q);
}

enum at_err store_each_room_person(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT p.room, p.user, p.state, p.invited_by, p.rung, p.joined, p.stayed"
				       " FROM room_person p JOIN room r ON r.id = p.room WHERE r.state <> 0"
				       " ORDER BY p.room, p.user");
	struct store_room_person person;

	return store_q_each(&q, read_person, &person, fn, arg);
}

static void read_flag(struct store_q *q, void *row)
{
	*(bool *)row = store_c_bool(q);
}

enum at_err store_has_note(struct store_tx *tx, uint64_t author, const struct at_id *call, bool *has_out)
{
	struct store_q q = store_q(tx, "SELECT EXISTS(SELECT 1 FROM entry WHERE author = ? AND kind = 4 AND call = ?"
				       " AND length(body) > 2)");

	store_q_u64(&q, author);
	store_q_id(&q, call);
	return store_q_one(&q, read_flag, has_out);
}
