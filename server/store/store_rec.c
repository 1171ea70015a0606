#include "store/store_priv.h"

/* ---- recordings ---- */

#define REC_COLUMNS                                                                                                    \
	"id, owner, device, conv, cid, call, video, state, mime, segments, created, updated, duration_ms, entry_seq, " \
	"blob"

static void read_rec(struct store_q *q, void *row)
{
	struct store_rec *rec = row;

	store_c_id(q, &rec->id);
	rec->owner = store_c_u64(q);
	rec->device = store_c_u64(q);
	rec->conv = store_c_u64(q);
	rec->cid = store_c_u64(q);
	store_c_id(q, &rec->call);
	rec->video = store_c_u8(q);
	rec->state = store_c_u8(q);
	rec->mime = store_c_text(q, NULL);
	rec->segments = (uint32_t)store_c_u64(q);
	rec->created = store_c_i64(q);
	rec->updated = store_c_i64(q);
	rec->duration_ms = store_c_i64(q);
	rec->entry_seq = store_c_u64(q);
	store_c_id(q, &rec->blob);
}

enum at_err store_rec_put(struct store_tx *tx, const struct store_rec *rec)
{
	struct store_q q =
		store_q(tx, "INSERT OR REPLACE INTO rec(" REC_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	store_q_blob(&q, rec->id.b, sizeof(rec->id.b));
	store_q_u64(&q, rec->owner);
	store_q_u64(&q, rec->device);
	store_q_u64(&q, rec->conv);
	store_q_u64(&q, rec->cid);
	store_q_id(&q, &rec->call);
	store_q_u64(&q, rec->video);
	store_q_u64(&q, rec->state);
	store_q_text(&q, rec->mime);
	store_q_u64(&q, rec->segments);
	store_q_i64(&q, rec->created);
	store_q_i64(&q, rec->updated);
	store_q_i64(&q, rec->duration_ms);
	store_q_u64(&q, rec->entry_seq);
	store_q_id(&q, &rec->blob);
	return store_q_run(&q);
}

enum at_err store_rec_get(struct store_tx *tx, const struct at_id *id, struct store_rec *rec_out)
{
	struct store_q q = store_q(tx, "SELECT " REC_COLUMNS " FROM rec WHERE id = ?");

	store_q_blob(&q, id->b, sizeof(id->b));
	return store_q_one(&q, read_rec, rec_out);
}

enum at_err store_rec_del(struct store_tx *tx, const struct at_id *id)
{
	struct store_q q = store_q(tx, "DELETE FROM rec WHERE id = ?");

	store_q_blob(&q, id->b, sizeof(id->b));
	return store_q_run(&q);
}

enum at_err store_each_rec(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " REC_COLUMNS " FROM rec WHERE entry_seq = 0 ORDER BY created, id");
	struct store_rec rec;

	return store_q_each(&q, read_rec, &rec, fn, arg);
}

/* ---- the bytes of notes ---- */

#define BLOB_COLUMNS "id, conv, seq, owner, bytes, only_for, mime, created"

static void read_blob(struct store_q *q, void *row)
{
	struct store_blob *blob = row;

	store_c_id(q, &blob->id);
	blob->conv = store_c_u64(q);
	blob->seq = store_c_u64(q);
	blob->owner = store_c_u64(q);
	blob->bytes = store_c_u64(q);
	blob->only_for = store_c_u64(q);
	blob->mime = store_c_text(q, NULL);
	blob->created = store_c_i64(q);
}

enum at_err store_blob_add(struct store_tx *tx, const struct store_blob *blob)
{
	struct store_q q = store_q(tx, "INSERT INTO blob(" BLOB_COLUMNS ") VALUES(?,?,?,?,?,?,?,?)");

	store_q_blob(&q, blob->id.b, sizeof(blob->id.b));
	store_q_u64(&q, blob->conv);
	store_q_u64(&q, blob->seq);
	store_q_u64(&q, blob->owner);
	store_q_u64(&q, blob->bytes);
	store_q_u64(&q, blob->only_for);
	store_q_text(&q, blob->mime);
	store_q_i64(&q, blob->created);
	return store_q_run(&q);
}

enum at_err store_blob_get(struct store_tx *tx, const struct at_id *id, struct store_blob *blob_out)
{
	struct store_q q = store_q(tx, "SELECT " BLOB_COLUMNS " FROM blob WHERE id = ?");

	store_q_blob(&q, id->b, sizeof(id->b));
	return store_q_one(&q, read_blob, blob_out);
}

enum at_err store_blob_del(struct store_tx *tx, const struct at_id *id)
{
	struct store_q q = store_q(tx, "DELETE FROM blob WHERE id = ?");

	store_q_blob(&q, id->b, sizeof(id->b));
	return store_q_run(&q);
}

enum at_err store_blob_of_entry(struct store_tx *tx, uint64_t conv, uint64_t seq, struct store_blob *blob_out)
{
	struct store_q q = store_q(tx, "SELECT " BLOB_COLUMNS " FROM blob WHERE conv = ? AND seq = ?");

	store_q_u64(&q, conv);
	store_q_u64(&q, seq);
	return store_q_one(&q, read_blob, blob_out);
}

enum at_err store_each_blob(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " BLOB_COLUMNS " FROM blob ORDER BY id");
	struct store_blob blob;

	return store_q_each(&q, read_blob, &blob, fn, arg);
}

/* ---- what has been played ---- */

enum at_err store_note_state_put(struct store_tx *tx, const struct store_note_state *state)
{
	struct store_q q =
		store_q(tx, "INSERT INTO note_state(conv, seq, user, played, position_ms) VALUES(?,?,?,?,?)"
			    " ON CONFLICT(conv, seq, user) DO UPDATE SET played = max(played, excluded.played),"
			    " position_ms = excluded.position_ms");
	store_q_u64(&q, state->conv);
	store_q_u64(&q, state->seq);
	store_q_u64(&q, state->user);
	store_q_u64(&q, state->played);
	store_q_i64(&q, state->position_ms);
	return store_q_run(&q);
}

static void read_note_state(struct store_q *q, void *row)
{
	struct store_note_state *state = row;

	state->conv = store_c_u64(q);
	state->seq = store_c_u64(q);
	state->user = store_c_u64(q);
	state->played = store_c_bool(q);
	state->position_ms = store_c_i64(q);
}

enum at_err store_note_state_get(struct store_tx *tx, uint64_t conv, uint64_t seq, uint64_t user,
				 struct store_note_state *state_out)
{
	struct store_q q =
		store_q(tx, "SELECT conv, seq, user, played, position_ms FROM note_state WHERE conv = ? AND seq = ?"
			    " AND user = ?");
	store_q_u64(&q, conv);
	store_q_u64(&q, seq);
	store_q_u64(&q, user);
	enum at_err err = store_q_one(&q, read_note_state, state_out);

	if (err != AT_ERR_NOT_FOUND)
		return err;
	*state_out = (struct store_note_state){.conv = conv, .seq = seq, .user = user};
	return AT_OK;
}

static void read_flag(struct store_q *q, void *row)
{
	*(bool *)row = store_c_bool(q);
}

enum at_err store_note_heard(struct store_tx *tx, uint64_t conv, uint64_t seq, uint64_t author, bool *heard_out)
{
	struct store_q q = store_q(tx, "SELECT EXISTS(SELECT 1 FROM note_state WHERE conv = ? AND seq = ?"
				       " AND user <> ? AND played <> 0)");

	store_q_u64(&q, conv);
	store_q_u64(&q, seq);
	store_q_u64(&q, author);
	return store_q_one(&q, read_flag, heard_out);
}

enum at_err store_each_note_state(struct store_tx *tx, uint64_t user, store_each_fn *fn, void *arg)
{
	struct store_q q =
		store_q(tx, "SELECT s.conv, s.seq, s.user, s.played, s.position_ms FROM note_state s JOIN entry e"
			    " ON e.conv = s.conv AND e.seq = s.seq WHERE s.user = ? ORDER BY e.id DESC LIMIT 500");
	struct store_note_state state;

	store_q_u64(&q, user);
	return store_q_each(&q, read_note_state, &state, fn, arg);
}

enum at_err store_each_note_heard(struct store_tx *tx, uint64_t author, store_each_fn *fn, void *arg)
{
	struct store_q q =
		store_q(tx,
			"SELECT s.conv, s.seq, s.user, s.played, s.position_ms FROM"
			" (SELECT conv, seq FROM entry WHERE author = ?1 AND kind = 4 ORDER BY id DESC LIMIT 500) e"
			" JOIN note_state s ON s.conv = e.conv AND s.seq = e.seq WHERE s.user <> ?1 AND s.played = 1");
	struct store_note_state state;

	store_q_u64(&q, author);
	return store_q_each(&q, read_note_state, &state, fn, arg);
}
