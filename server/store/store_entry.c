#include "store/store_priv.h"

#include "base/mem.h"

#include <string.h>

enum { PAGE_MAX = 1000 };

#define ENTRY_COLUMNS "id, conv, seq, author, device, cid, ts, kind, badge, re_seq, call, only_for, body, author_body"

static void read_entry(struct store_q *q, void *row)
{
	struct store_entry *entry = row;

	entry->id = store_c_u64(q);
	entry->conv = store_c_u64(q);
	entry->seq = store_c_u64(q);
	entry->author = store_c_u64(q);
	entry->device = store_c_u64(q);
	entry->cid = store_c_u64(q);
	entry->ts = store_c_i64(q);
	entry->kind = (enum store_kind)store_c_u64(q);
	entry->badge = store_c_u8(q);
	entry->re_seq = store_c_u64(q);
	store_c_id(q, &entry->call);
	entry->only_for = store_c_u64(q);
	entry->body = store_c_text(q, &entry->body_len);
	entry->author_body = store_c_text_or_null(q, &entry->author_body_len);
}

static void read_u64(struct store_q *q, void *row)
{
	*(uint64_t *)row = store_c_u64(q);
}

/* The last seq of a chat, kept in the writer's memory from its first use until a rollback. */
static enum at_err seq_of(struct store_tx *tx, uint64_t conv, uint64_t **seq_out)
{
	*seq_out = at_map_get_u64(tx->seqs, conv);
	if (*seq_out != NULL)
		return AT_OK;
	struct store_q q = store_q(tx, "SELECT coalesce(max(seq), 0) FROM entry WHERE conv = ?");
	uint64_t last;

	store_q_u64(&q, conv);
	enum at_err err = store_q_one(&q, read_u64, &last);

	if (err != AT_OK)
		return err;
	*seq_out = at_alloc(sizeof(**seq_out));
	**seq_out = last;
	(void)at_map_put_u64(tx->seqs, conv, *seq_out);
	return AT_OK;
}

static void touch(struct store_tx *tx, uint64_t conv)
{
	for (size_t i = 0; i < tx->n_touched && i < STORE_TOUCHED; i++)
		if (tx->touched[i] == conv)
			return;
	if (tx->n_touched < STORE_TOUCHED)
		tx->touched[tx->n_touched] = conv;
	if (tx->n_touched <= STORE_TOUCHED)
		tx->n_touched++;
}

enum at_err store_entry_of_cid(struct store_tx *tx, uint64_t device, uint64_t cid, struct store_entry *entry_out)
{
	struct store_q q =
		store_q(tx, "SELECT " ENTRY_COLUMNS " FROM entry WHERE device = ? AND cid = ? AND device <> 0");

	store_q_u64(&q, device);
	store_q_u64(&q, cid);
	return store_q_one(&q, read_entry, entry_out);
}

static enum at_err insert(struct store_tx *tx, const struct store_entry *entry, int *n_out)
{
	struct store_q q = store_q(tx, "INSERT INTO entry(conv, seq, author, device, cid, ts, kind, badge, re_seq, "
				       "call, only_for, body,"
				       " author_body) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(device, cid) WHERE "
				       "device <> 0 DO NOTHING");
	store_q_u64(&q, entry->conv);
	store_q_u64(&q, entry->seq);
	store_q_u64(&q, entry->author);
	store_q_u64(&q, entry->device);
	store_q_u64(&q, entry->cid);
	store_q_i64(&q, entry->ts);
	store_q_u64(&q, entry->kind);
	store_q_u64(&q, entry->badge);
	store_q_u64(&q, entry->re_seq);
	store_q_id(&q, &entry->call);
	store_q_u64(&q, entry->only_for);
	store_q_textn(&q, entry->body, entry->body_len);
	store_q_textn(&q, entry->author_body, entry->author_body_len);
	return store_q_run_n(&q, n_out);
}

static enum at_err amend_badge(struct store_tx *tx, const struct store_entry *entry)
{
	struct store_q q = store_q(tx, "UPDATE entry SET badge = ? WHERE conv = ? AND seq = ?");

	store_q_u64(&q, entry->badge);
	store_q_u64(&q, entry->conv);
	store_q_u64(&q, entry->re_seq);
	return store_q_run(&q);
}

enum at_err store_entry_append(struct store_tx *tx, struct store_entry *entry, bool *dup_out)
{
	uint64_t *last;
	int n;
	enum at_err err = seq_of(tx, entry->conv, &last);

	*dup_out = false;
	if (err != AT_OK)
		return err;
	AT_ASSERT(entry->body != NULL && entry->body_len <= 64 * 1024 && entry->author_body_len <= 64 * 1024);
	entry->seq = *last + 1;
	err = insert(tx, entry, &n);
	if (err != AT_OK)
		return err;
	if (n == 0) {
		*dup_out = true;
		return store_entry_of_cid(tx, entry->device, entry->cid, entry);
	}
	entry->id = (uint64_t)sqlite3_last_insert_rowid(tx->db);
	*last = entry->seq;
	touch(tx, entry->conv);
	return entry->kind == STORE_AMEND && entry->re_seq != 0 ? amend_badge(tx, entry) : AT_OK;
}

enum at_err store_entry_get(struct store_tx *tx, uint64_t conv, uint64_t seq, struct store_entry *entry_out)
{
	struct store_q q = store_q(tx, "SELECT " ENTRY_COLUMNS " FROM entry WHERE conv = ? AND seq = ?");

	store_q_u64(&q, conv);
	store_q_u64(&q, seq);
	return store_q_one(&q, read_entry, entry_out);
}

enum at_err store_entry_blank(struct store_tx *tx, uint64_t conv, uint64_t seq)
{
	struct store_q q =
		store_q(tx, "UPDATE entry SET body = '{}', author_body = NULL, badge = 0 WHERE conv = ? AND seq = ?");
	int n;

	store_q_u64(&q, conv);
	store_q_u64(&q, seq);
	enum at_err err = store_q_run_n(&q, &n);

	return err == AT_OK && n == 0 ? AT_ERR_NOT_FOUND : err;
}

static void reverse(struct store_entry *entries, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct store_entry swap = entries[i];

		entries[i] = entries[n - 1 - i];
		entries[n - 1 - i] = swap;
	}
}

enum at_err store_entry_page(struct store_tx *tx, uint64_t conv, uint64_t after, uint64_t before, size_t limit,
			     struct store_entry **entries_out, size_t *n_out)
{
	struct store_q q =
		before == 0 ? store_q(tx, "SELECT " ENTRY_COLUMNS " FROM entry WHERE conv = ? AND seq > ? AND seq < ?"
					  " ORDER BY seq LIMIT ?")
			    : store_q(tx, "SELECT " ENTRY_COLUMNS " FROM entry WHERE conv = ? AND seq > ? AND seq < ?"
					  " ORDER BY seq DESC LIMIT ?");
	bool row;
	enum at_err err;

	limit = limit < PAGE_MAX ? limit : PAGE_MAX;
	*n_out = 0;
	*entries_out = at_arena_alloc(tx->arena, (limit + 1) * sizeof(**entries_out));
	store_q_u64(&q, conv);
	store_q_u64(&q, after);
	store_q_u64(&q, before == 0 ? INT64_MAX : before);
	store_q_u64(&q, limit);
	q.copy = true;
	while ((err = store_q_step(&q, &row)) == AT_OK && row)
		read_entry(&q, &(*entries_out)[(*n_out)++]);
	if (before != 0)
		reverse(*entries_out, *n_out);
	return err;
}

/* A member's window into a log, bound in this order. */
#define IN_WINDOW "conv = ? AND seq > ? AND seq <= ?"

static void bind_window(struct store_q *q, const struct store_window *window)
{
	store_q_u64(q, window->conv);
	store_q_u64(q, window->after);
	store_q_u64(q, window->upto != 0 ? window->upto : INT64_MAX);
}

enum at_err store_entry_last(struct store_tx *tx, const struct store_window *window, struct store_entry *entry_out)
{
	struct store_q q = store_q(tx, "SELECT " ENTRY_COLUMNS " FROM entry WHERE " IN_WINDOW
				       " AND kind <> 5 AND only_for IN (0, ?) ORDER BY seq DESC LIMIT 1");

	bind_window(&q, window);
	store_q_u64(&q, window->viewer);
	return store_q_one(&q, read_entry, entry_out);
}

enum at_err store_unread(struct store_tx *tx, const struct store_window *window, uint64_t *n_out)
{
	/* A note and its missed call share the call's id; everything else stands for itself. Who knew of a room stands in its entry, and
	 * once more in the amendment of it: who came after that. */
	struct store_q q = store_q(tx, "WITH w AS (SELECT id, kind, re_seq, seq, call, author, badge, only_for, body"
				       "  FROM entry WHERE " IN_WINDOW " ORDER BY seq DESC LIMIT 1000)"
				       " SELECT count(DISTINCT coalesce(call, id)) FROM w"
				       " WHERE (badge = 1 OR (badge = 2 AND kind <> 3 AND NOT EXISTS"
				       "   (SELECT 1 FROM w a, json_each(a.body, '$.knew') k WHERE k.value = ?"
				       "    AND (a.seq = w.seq OR (a.kind = 3 AND a.re_seq = w.seq)))))"
				       " AND author <> ? AND only_for IN (0, ?)");

	bind_window(&q, window);
	store_q_u64(&q, window->viewer);
	store_q_u64(&q, window->viewer);
	store_q_u64(&q, window->viewer);
	return store_q_one(&q, read_u64, n_out);
}
