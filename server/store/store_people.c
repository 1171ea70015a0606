#include "store/store_priv.h"

static uint64_t last_id(struct store_tx *tx)
{
	return (uint64_t)sqlite3_last_insert_rowid(tx->db);
}

/* ---- users ---- */

static void read_user(struct store_q *q, void *row)
{
	struct store_user *user = row;

	user->id = store_c_u64(q);
	user->username = store_c_text(q, NULL);
	user->name = store_c_text(q, NULL);
	user->password = store_c_text(q, NULL);
	user->admin = store_c_bool(q);
	user->receipts = store_c_bool(q);
	user->hide_decline = store_c_bool(q);
	user->quiet_share = store_c_bool(q);
	user->quiet_until = store_c_i64(q);
	user->created = store_c_i64(q);
}

static void bind_user(struct store_q *q, const struct store_user *user)
{
	store_q_text(q, user->name);
	store_q_text(q, user->password);
	store_q_u64(q, user->admin);
	store_q_u64(q, user->receipts);
	store_q_u64(q, user->hide_decline);
	store_q_u64(q, user->quiet_share);
	store_q_i64(q, user->quiet_until);
	store_q_i64(q, user->created);
}

enum at_err store_user_add(struct store_tx *tx, const struct store_user *user, uint64_t *id_out)
{
	struct store_q q = store_q(tx, "INSERT INTO user(name, password, admin, receipts, hide_decline, quiet_share, "
				       "quiet_until, created,"
				       " username) VALUES(?,?,?,?,?,?,?,?,?)");
	bind_user(&q, user);
	store_q_text(&q, user->username);
	enum at_err err = store_q_run(&q);

	*id_out = err == AT_OK ? last_id(tx) : 0;
	return err;
}

static enum at_err changed_one(struct store_q *q)
{
	int n;
	enum at_err err = store_q_run_n(q, &n);

	return err == AT_OK && n == 0 ? AT_ERR_NOT_FOUND : err;
}

enum at_err store_user_put(struct store_tx *tx, const struct store_user *user)
{
	struct store_q q =
		store_q(tx, "UPDATE user SET name=?, password=?, admin=?, receipts=?, hide_decline=?, quiet_share=?,"
			    " quiet_until=?, created=? WHERE id=?");
	bind_user(&q, user);
	store_q_u64(&q, user->id);
	return changed_one(&q);
}

enum at_err store_each_user(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q =
		store_q(tx,
			"SELECT id, username, name, password, admin, receipts, hide_decline, quiet_share, quiet_until,"
			" created FROM user ORDER BY id");
	struct store_user user;

	return store_q_each(&q, read_user, &user, fn, arg);
}

/* ---- devices ---- */

static void read_device(struct store_q *q, void *row)
{
	struct store_device *device = row;

	device->id = store_c_u64(q);
	device->user = store_c_u64(q);
	device->name = store_c_text(q, NULL);
	store_c_blob(q, device->token_hash, sizeof(device->token_hash));
	store_c_blob(q, device->key, sizeof(device->key));
	device->created = store_c_i64(q);
	device->seen = store_c_i64(q);
	device->revoked = store_c_i64(q);
}

static void bind_device(struct store_q *q, const struct store_device *device)
{
	store_q_u64(q, device->user);
	store_q_text(q, device->name);
	store_q_blob(q, device->token_hash, sizeof(device->token_hash));
	store_q_blob(q, device->key, sizeof(device->key));
	store_q_i64(q, device->created);
	store_q_i64(q, device->seen);
	store_q_i64(q, device->revoked);
}

enum at_err store_device_add(struct store_tx *tx, const struct store_device *device, uint64_t *id_out)
{
	struct store_q q = store_q(tx, "INSERT INTO device(user, name, token_hash, key, created, seen, revoked) "
				       "VALUES(?,?,?,?,?,?,?)");
	bind_device(&q, device);
	enum at_err err = store_q_run(&q);

	*id_out = err == AT_OK ? last_id(tx) : 0;
	return err;
}

enum at_err store_device_put(struct store_tx *tx, const struct store_device *device)
{
	struct store_q q = store_q(tx, "UPDATE device SET user=?, name=?, token_hash=?, key=?, created=?, seen=?, "
				       "revoked=? WHERE id=?");
	bind_device(&q, device);
	store_q_u64(&q, device->id);
	return changed_one(&q);
}

enum at_err store_each_device(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q =
		store_q(tx,
			"SELECT id, user, name, token_hash, key, created, seen, revoked FROM device WHERE revoked = 0"
			" ORDER BY id");
	struct store_device device;

	return store_q_each(&q, read_device, &device, fn, arg);
}

/* ---- invitations ---- */

#define INVITE_COLUMNS "id, created_by, token_hash, user, admin, uses_left, created, expires, revoked"

static void read_invite(struct store_q *q, void *row)
{
	struct store_invite *invite = row;

	invite->id = store_c_u64(q);
	invite->created_by = store_c_u64(q);
	store_c_blob(q, invite->token_hash, sizeof(invite->token_hash));
	invite->user = store_c_u64(q);
	invite->admin = store_c_bool(q);
	invite->uses_left = (uint32_t)store_c_u64(q);
	invite->created = store_c_i64(q);
	invite->expires = store_c_i64(q);
	invite->revoked = store_c_i64(q);
}

static void bind_invite(struct store_q *q, const struct store_invite *invite)
{
	store_q_u64(q, invite->created_by);
	store_q_blob(q, invite->token_hash, sizeof(invite->token_hash));
	store_q_u64(q, invite->user);
	store_q_u64(q, invite->admin);
	store_q_u64(q, invite->uses_left);
	store_q_i64(q, invite->created);
	store_q_i64(q, invite->expires);
	store_q_i64(q, invite->revoked);
}

enum at_err store_invite_add(struct store_tx *tx, const struct store_invite *invite, uint64_t *id_out)
{
	struct store_q q =
		store_q(tx,
			"INSERT INTO invite(created_by, token_hash, user, admin, uses_left, created, expires, revoked)"
			" VALUES(?,?,?,?,?,?,?,?)");
	bind_invite(&q, invite);
	enum at_err err = store_q_run(&q);

	*id_out = err == AT_OK ? last_id(tx) : 0;
	return err;
}

enum at_err store_invite_put(struct store_tx *tx, const struct store_invite *invite)
{
	struct store_q q = store_q(tx, "UPDATE invite SET created_by=?, token_hash=?, user=?, admin=?, uses_left=?, "
				       "created=?, expires=?,"
				       " revoked=? WHERE id=?");
	bind_invite(&q, invite);
	store_q_u64(&q, invite->id);
	return changed_one(&q);
}

/* Looking and taking are one statement, so no two can have the last use. */
enum at_err store_invite_use(struct store_tx *tx, const uint8_t token_hash[32], int64_t now,
			     struct store_invite *invite_out)
{
	struct store_q q = store_q(tx, "UPDATE invite SET uses_left = uses_left - 1"
				       " WHERE token_hash = ? AND uses_left > 0 AND expires > ? AND revoked = 0"
				       " RETURNING " INVITE_COLUMNS);
	store_q_blob(&q, token_hash, 32);
	store_q_i64(&q, now);
	enum at_err err = store_q_one(&q, read_invite, invite_out);

	return err == AT_ERR_NOT_FOUND ? AT_ERR_GONE : err;
}

enum at_err store_each_invite(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " INVITE_COLUMNS " FROM invite ORDER BY id");
	struct store_invite invite;

	return store_q_each(&q, read_invite, &invite, fn, arg);
}

/* ---- blocks ---- */

enum at_err store_block_set(struct store_tx *tx, uint64_t user, uint64_t blocked, bool on)
{
	struct store_q q = on ? store_q(tx, "INSERT INTO block(user, blocked) VALUES(?,?) ON CONFLICT DO NOTHING")
			      : store_q(tx, "DELETE FROM block WHERE user = ? AND blocked = ?");
	store_q_u64(&q, user);
	store_q_u64(&q, blocked);
	return store_q_run(&q);
}

static void read_block(struct store_q *q, void *row)
{
	uint64_t *pair = row;

	pair[0] = store_c_u64(q);
	pair[1] = store_c_u64(q);
}

enum at_err store_each_block(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT user, blocked FROM block ORDER BY user, blocked");
	uint64_t pair[2];

	return store_q_each(&q, read_block, pair, fn, arg);
}

/* ---- counters ---- */

enum at_err store_limit_put(struct store_tx *tx, const struct store_limit *limit)
{
	struct store_q q =
		store_q(tx, "INSERT INTO throttle(key, level, at, until) VALUES(?,?,?,?) ON CONFLICT(key)"
			    " DO UPDATE SET level = excluded.level, at = excluded.at, until = excluded.until");
	store_q_text(&q, limit->key);
	store_q_i64(&q, limit->level);
	store_q_i64(&q, limit->at);
	store_q_i64(&q, limit->until);
	return store_q_run(&q);
}

static void read_limit(struct store_q *q, void *row)
{
	struct store_limit *limit = row;

	limit->key = store_c_text(q, NULL);
	limit->level = store_c_i64(q);
	limit->at = store_c_i64(q);
	limit->until = store_c_i64(q);
}

enum at_err store_each_limit(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT key, level, at, until FROM throttle ORDER BY key");
	struct store_limit limit;

	return store_q_each(&q, read_limit, &limit, fn, arg);
}
