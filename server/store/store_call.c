#include "store/store_priv.h"

enum { CALLS_MAX = 1000 };

#define CALL_COLUMNS                                                                                                   \
	"id, conv, caller, caller_device, callee, answered_device, video, state, outcome, shadow, started, rang, "     \
	"answered, ended,"                                                                                             \
	" entry_seq"

static void read_call(struct store_q *q, void *row)
{
	struct store_call *call = row;

	store_c_id(q, &call->id);
	call->conv = store_c_u64(q);
	call->caller = store_c_u64(q);
	call->caller_device = store_c_u64(q);
	call->callee = store_c_u64(q);
	call->answered_device = store_c_u64(q);
	call->video = store_c_u8(q);
	call->state = store_c_u8(q);
	call->outcome = store_c_u8(q);
	call->shadow = store_c_bool(q);
	call->started = store_c_i64(q);
	call->rang = store_c_i64(q);
	call->answered = store_c_i64(q);
	call->ended = store_c_i64(q);
	call->entry_seq = store_c_u64(q);
}

enum at_err store_call_put(struct store_tx *tx, const struct store_call *call)
{
	struct store_q q =
		store_q(tx, "INSERT OR REPLACE INTO call(" CALL_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");

	store_q_blob(&q, call->id.b, sizeof(call->id.b));
	store_q_u64(&q, call->conv);
	store_q_u64(&q, call->caller);
	store_q_u64(&q, call->caller_device);
	store_q_u64(&q, call->callee);
	store_q_u64(&q, call->answered_device);
	store_q_u64(&q, call->video);
	store_q_u64(&q, call->state);
	store_q_u64(&q, call->outcome);
	store_q_u64(&q, call->shadow);
	store_q_i64(&q, call->started);
	store_q_i64(&q, call->rang);
	store_q_i64(&q, call->answered);
	store_q_i64(&q, call->ended);
	store_q_u64(&q, call->entry_seq);
	return store_q_run(&q);
}

enum at_err store_call_get(struct store_tx *tx, const struct at_id *id, struct store_call *call_out)
{
	struct store_q q = store_q(tx, "SELECT " CALL_COLUMNS " FROM call WHERE id = ?");

	store_q_blob(&q, id->b, sizeof(id->b));
	return store_q_one(&q, read_call, call_out);
}

enum at_err store_calls_since(struct store_tx *tx, uint64_t caller, uint64_t callee, int64_t since,
			      struct store_call **calls_out, size_t *n_out)
{
	struct store_q q =
		store_q(tx, "SELECT " CALL_COLUMNS
			    " FROM call WHERE caller = ?1 AND callee = ?2 AND started >= ?3 UNION ALL"
			    " SELECT " CALL_COLUMNS " FROM call WHERE caller = ?2 AND callee = ?1 AND started >= ?3"
			    " ORDER BY started LIMIT 1000");
	bool row;
	enum at_err err;

	*n_out = 0;
	*calls_out = at_arena_alloc(tx->arena, CALLS_MAX * sizeof(**calls_out));
	store_q_u64(&q, caller);
	store_q_u64(&q, callee);
	store_q_i64(&q, since);
	while ((err = store_q_step(&q, &row)) == AT_OK && row)
		read_call(&q, &(*calls_out)[(*n_out)++]);
	return err;
}

enum at_err store_each_open_call(struct store_tx *tx, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " CALL_COLUMNS " FROM call WHERE state <> 0 ORDER BY started, id");
	struct store_call call;

	return store_q_each(&q, read_call, &call, fn, arg);
}

enum at_err store_each_recent_call(struct store_tx *tx, int64_t since, store_each_fn *fn, void *arg)
{
	struct store_q q = store_q(tx, "SELECT " CALL_COLUMNS " FROM call WHERE started >= ? ORDER BY started, id");
	struct store_call call;

	store_q_i64(&q, since);
	return store_q_each(&q, read_call, &call, fn, arg);
}
