#include "store/store_priv.h"

static void read_conv(struct store_q *q, void *row)
{
	struct store_conv *conv = row;

	conv->id = store_c_u64(q);
	conv->kind = (enum store_conv_kind)store_c_u64(q);
	conv->crypto = store_c_u8(q);
	conv->created = store_c_i64(q);
	conv->opened_by = store_c_u64(q);
	conv->last_seq = store_c_u64(q);
	conv->name = store_c_text(q, NULL);
	store_c_id(q, &conv->picture);
}

#define CONV_COLUMNS                                                                                                   \
	"c.id, c.kind, c.crypto, c.created, c.opened_by, (SELECT coalesce(max(seq), 0) FROM entry WHERE conv = c.id)," \
	" c.name, c.picture"

static enum at_err find_direct(struct store_tx *tx, uint64_t low, uint64_t high, struct store_conv *conv_out)
{
	struct store_q q = store_q(tx, "SELECT " CONV_COLUMNS
				       " FROM direct d JOIN conv c ON c.id = d.conv WHERE d.a = ? AND d.b = ?");

	store_q_u64(&q, low);
	store_q_u64(&q, high);
	return store_q_one(&q, read_conv, conv_out);
}

static enum at_err add_conv(struct store_tx *tx, enum store_conv_kind kind, const char *name, uint64_t opened_by,
			    int64_t now, uint64_t *id_out)
{
	struct store_q q =
		store_q(tx, "INSERT INTO conv(kind, crypto, created, opened_by, name) VALUES(?, 0, ?, ?, ?)");

	store_q_u64(&q, kind);
	store_q_i64(&q, now);
	store_q_u64(&q, opened_by);
	store_q_text(&q, name);
	enum at_err err = store_q_run(&q);

	*id_out = (uint64_t)sqlite3_last_insert_rowid(tx->db);
	return err;
}

static enum at_err add_direct(struct store_tx *tx, uint64_t low, uint64_t high, uint64_t conv)
{
	struct store_q q = store_q(tx, "INSERT INTO direct(a, b, conv) VALUES(?,?,?)");

	store_q_u64(&q, low);
	store_q_u64(&q, high);
	store_q_u64(&q, conv);
	return store_q_run(&q);
}

enum at_err store_conv_direct(struct store_tx *tx, uint64_t a, uint64_t b, int64_t now, struct store_conv *conv_out)
{
	uint64_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t id;

	if (a == b)
		return AT_ERR_CONFLICT;
	enum at_err err = find_direct(tx, low, high, conv_out);

	if (err != AT_ERR_NOT_FOUND)
		return err;
	err = add_conv(tx, STORE_DIRECT, "", a, now, &id);
	if (err == AT_OK)
		err = add_direct(tx, low, high, id);
	if (err == AT_OK)
		err = store_member_put(tx, &(struct store_member){.conv = id, .user = low});
	if (err == AT_OK)
		err = store_member_put(tx, &(struct store_member){.conv = id, .user = high});
	*conv_out = (struct store_conv){.id = id, .kind = STORE_DIRECT, .created = now, .opened_by = a, .name = ""};
	return err;
}

enum at_err store_conv_group(struct store_tx *tx, uint64_t opened_by, const char *name, int64_t now,
			     struct store_conv *conv_out)
{
	*conv_out = (struct store_conv){.kind = STORE_GROUP, .created = now, .opened_by = opened_by, .name = name};
	return add_conv(tx, STORE_GROUP, name, opened_by, now, &conv_out->id);
}

enum at_err store_conv_put(struct store_tx *tx, const struct store_conv *conv)
{
	struct store_q q = store_q(tx, "UPDATE conv SET name = ?, picture = ? WHERE id = ?");

	store_q_text(&q, conv->name);
	store_q_id(&q, &conv->picture);
	store_q_u64(&q, conv->id);
	return store_q_run(&q);
}

enum at_err store_member_put(struct store_tx *tx, const struct store_member *member)
{
	struct store_q q =
		store_q(tx, "INSERT INTO member(conv, user, joined_seq, left_seq, delivered, read, admin, left_name) "
			    "VALUES(?,?,?,?,?,?,?,?)"
			    " ON CONFLICT(conv, user) DO UPDATE SET joined_seq = excluded.joined_seq,"
			    " left_seq = excluded.left_seq, delivered = max(delivered, excluded.delivered),"
			    " read = max(read, excluded.read), admin = excluded.admin,"
			    " left_name = excluded.left_name");
	store_q_u64(&q, member->conv);
	store_q_u64(&q, member->user);
	store_q_u64(&q, member->joined_seq);
	store_q_u64(&q, member->left_seq);
	store_q_u64(&q, member->delivered);
	store_q_u64(&q, member->read);
	store_q_u64(&q, member->admin);
	store_q_text(&q, member->left_name);
	return store_q_run(&q);
}

enum at_err store_member_mark(struct store_tx *tx, const struct store_member *member)
{
	struct store_q q = store_q(tx, "UPDATE member SET delivered = max(delivered, ?), read = max(read, ?)"
				       " WHERE conv = ? AND user = ?");

	store_q_u64(&q, member->delivered);
	store_q_u64(&q, member->read);
	store_q_u64(&q, member->conv);
	store_q_u64(&q, member->user);
	return store_q_run(&q);
}

enum at_err store_each_conv(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " CONV_COLUMNS " FROM conv c ORDER BY c.id");
	struct store_conv conv;

	return store_q_each(&q, read_conv, &conv, fn, arg);
}

static void read_member(struct store_q *q, void *row)
{
	struct store_member *member = row;

	member->conv = store_c_u64(q);
	member->user = store_c_u64(q);
	member->joined_seq = store_c_u64(q);
	member->left_seq = store_c_u64(q);
	member->delivered = store_c_u64(q);
	member->read = store_c_u64(q);
	member->admin = store_c_u64(q) != 0;
	member->left_name = store_c_text(q, NULL);
}

enum at_err store_each_member(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q =
		store_q(tx, "SELECT conv, user, joined_seq, left_seq, delivered, read, admin, left_name FROM member"
			    " ORDER BY conv, user");
	struct store_member member;

	return store_q_each(&q, read_member, &member, fn, arg);
}
