#include "store/store_priv.h"

#include <string.h>

static size_t slot_of(const char *sql)
{
	return (size_t)(((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 40) & (STORE_STMTS - 1);
}

static sqlite3_stmt *stmt_of(struct store_tx *tx, const char *sql)
{
	size_t i = slot_of(sql);

	for (size_t probes = 0; tx->stmts[i].sql != NULL; probes++) {
		if (tx->stmts[i].sql == sql)
			return tx->stmts[i].stmt;
		AT_ASSERT(probes < STORE_STMTS / 2);
		i = (i + 1) & (STORE_STMTS - 1);
	}
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v3(tx->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);

	if (rc != SQLITE_OK) {
		(void)store_db_err(tx, rc, sql);
		at_panic(__FILE__, __LINE__, "a statement does not compile");
	}
	tx->stmts[i] = (struct store_stmt_slot){.sql = sql, .stmt = stmt};
	return stmt;
}

struct store_q store_q(struct store_tx *tx, const char *sql)
{
	return (struct store_q){.tx = tx, .stmt = stmt_of(tx, sql)};
}

/* Binding fails only on a wrong index or without memory: both are ours. */
static void bound(int rc)
{
	AT_ASSERT(rc == SQLITE_OK);
}

void store_q_u64(struct store_q *q, uint64_t v)
{
	AT_ASSERT(v <= INT64_MAX);
	bound(sqlite3_bind_int64(q->stmt, ++q->param, (sqlite3_int64)v));
}

void store_q_i64(struct store_q *q, int64_t v)
{
	bound(sqlite3_bind_int64(q->stmt, ++q->param, v));
}

void store_q_text(struct store_q *q, const char *s)
{
	bound(sqlite3_bind_text(q->stmt, ++q->param, s != NULL ? s : "", -1, SQLITE_STATIC));
}

void store_q_textn(struct store_q *q, const char *s, size_t len)
{
	AT_ASSERT(len <= INT32_MAX);
	bound(sqlite3_bind_text(q->stmt, ++q->param, s, (int)len, SQLITE_STATIC));
}

void store_q_blob(struct store_q *q, const void *data, size_t len)
{
	AT_ASSERT(len <= INT32_MAX);
	bound(sqlite3_bind_blob(q->stmt, ++q->param, len != 0 ? data : "", (int)len, SQLITE_STATIC));
}

void store_q_id(struct store_q *q, const struct at_id *id)
{
	if (at_id_is_zero(id))
		bound(sqlite3_bind_null(q->stmt, ++q->param));
	else
		store_q_blob(q, id->b, sizeof(id->b));
}

void store_q_end(struct store_q *q)
{
	(void)sqlite3_reset(q->stmt); /* repeats the error of the step, which has been looked at */
}

enum at_err store_q_step(struct store_q *q, bool *row_out)
{
	int rc = sqlite3_step(q->stmt);

	q->col = 0;
	*row_out = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return AT_OK;
	if (rc == SQLITE_DONE) {
		store_q_end(q);
		return AT_OK;
	}
	enum at_err err = store_db_err(q->tx, rc, sqlite3_sql(q->stmt));

	store_q_end(q);
	return err;
}

enum at_err store_q_run(struct store_q *q)
{
	bool row;
	enum at_err err = store_q_step(q, &row);

	if (row)
		store_q_end(q);
	return err;
}

enum at_err store_q_run_n(struct store_q *q, int *changed_out)
{
	enum at_err err = store_q_run(q);

	*changed_out = err == AT_OK ? sqlite3_changes(q->tx->db) : 0;
	return err;
}

uint64_t store_c_u64(struct store_q *q)
{
	return (uint64_t)sqlite3_column_int64(q->stmt, q->col++);
}

int64_t store_c_i64(struct store_q *q)
{
	return sqlite3_column_int64(q->stmt, q->col++);
}

bool store_c_bool(struct store_q *q)
{
	return sqlite3_column_int64(q->stmt, q->col++) != 0;
}

uint8_t store_c_u8(struct store_q *q)
{
	return (uint8_t)sqlite3_column_int64(q->stmt, q->col++);
}

const char *store_c_text_or_null(struct store_q *q, size_t *len_out)
{
	int col = q->col++;
	const char *s = (const char *)sqlite3_column_text(q->stmt, col);
	size_t len = (size_t)sqlite3_column_bytes(q->stmt, col);

	if (len_out != NULL)
		*len_out = s != NULL ? len : 0;
	if (s == NULL)
		return NULL;
	return q->copy ? at_arena_strndup(q->tx->arena, s, len) : s;
}

const char *store_c_text(struct store_q *q, size_t *len_out)
{
	const char *s = store_c_text_or_null(q, len_out);

	return s != NULL ? s : "";
}

void store_c_blob(struct store_q *q, void *out, size_t len)
{
	int col = q->col++;
	const void *data = sqlite3_column_blob(q->stmt, col);

	memset(out, 0, len);
	if (data != NULL && (size_t)sqlite3_column_bytes(q->stmt, col) == len)
		memcpy(out, data, len);
}

const void *store_c_bytes(struct store_q *q, size_t *len_out)
{
	int col = q->col++;
	const void *data = sqlite3_column_blob(q->stmt, col);

	*len_out = (size_t)sqlite3_column_bytes(q->stmt, col);
	void *copy = at_arena_alloc(q->tx->arena, *len_out + 1);

	if (*len_out > 0)
		memcpy(copy, data, *len_out);
	return copy;
}

void store_c_id(struct store_q *q, struct at_id *id_out)
{
	store_c_blob(q, id_out->b, sizeof(id_out->b));
}

enum at_err store_q_one(struct store_q *q, store_row_fn *read, void *row)
{
	bool found;
	enum at_err err = store_q_step(q, &found);

	if (err != AT_OK)
		return err;
	if (!found)
		return AT_ERR_NOT_FOUND;
	q->copy = true;
	read(q, row);
	store_q_end(q);
	return AT_OK;
}

enum at_err store_q_each(struct store_q *q, store_row_fn *read, void *row, store_each_fn *fn, void *arg)
{
	bool found;
	enum at_err err;

	while ((err = store_q_step(q, &found)) == AT_OK && found) {
		read(q, row);
		err = fn(arg, row);
		if (err != AT_OK) {
			store_q_end(q);
			break;
		}
	}
	return err;
}
