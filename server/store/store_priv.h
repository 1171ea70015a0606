/* Inside the store: one connection with its cached statements (struct store_tx), and the small layer over SQLite that every verb
 * is written with. The only module that sees sqlite3.h. */
#ifndef AT_STORE_STORE_PRIV_H
#define AT_STORE_STORE_PRIV_H

#include "base/arena.h"
#include "base/list.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum {
	/* slots for cached statements; a power of 2, more than twice what the verbs hold */
	STORE_STMTS = 256,
	STORE_TOUCHED = 8,
	STORE_EXIT_IO = 74, /* EX_IOERR */
};

struct store_stmt_slot {
	const char *sql; /* the literal's address is the key */
	sqlite3_stmt *stmt;
};

/* A connection. Writer, reader and checkpointer have one each; used by one thread at a time. */
struct store_tx {
	sqlite3 *db;
	struct at_arena *arena;
	struct store_stmt_slot stmts[STORE_STMTS];
	/* conv -> uint64_t *, its last seq; the writer's. Dropped when its transaction is. */
	struct at_map *seqs;
	uint64_t touched[STORE_TOUCHED]; /* convs whose seq the running job has moved */
	size_t n_touched;                /* above STORE_TOUCHED: all of them, maybe */
	bool full;                       /* the running job met a full disk */
	bool refusing;                   /* the last commit failed, and the log says so */
	int wal_frames;                  /* in the log after the last commit */
	/* how many there were when the helper was last asked, the disk last looked at */
	int wal_copied, wal_looked;
	bool wal_refused; /* the last commit but one failed */
	/* at_mono_ms of the last attempt to make room that failed; 0 = none since one went well */
	int64_t wal_stuck;
};

/* ---- store_db.c: opening, errors, transactions ---- */

AT_MUST enum at_err store_db_open(const char *path, bool writer, struct store_tx *tx); /* fills an empty tx */
void store_db_close(struct store_tx *tx);
AT_MUST enum at_err store_db_migrate(struct store_tx *tx);
/* What a result of SQLite means. Does not return when the disk or the file cannot be trusted any more. */
enum at_err store_db_err(struct store_tx *tx, int rc, const char *what);
AT_MUST enum at_err store_db_exec(struct store_tx *tx, const char *sql); /* sql: a literal, kept prepared */
void store_db_rollback(struct store_tx *tx);                             /* whatever is open; forgets the seqs */
void store_db_forget_touched(struct store_tx *tx);                       /* a savepoint was rolled back */

/* ---- store_wal.c: the write-ahead log ---- */

struct store_wal {
	struct store_tx checkpointer;
	struct at_worker *thread;
	int disk_fd;        /* anything on that disk; the caller's */
	atomic_bool busy;   /* the checkpointer is */
	bool is_reserved;   /* the checkpointer's */
	bool wants_restart; /* the writer's: once the checkpointer is done */
};
AT_MUST enum at_err store_wal_open(struct store_wal *wal, const char *db_path, int disk_fd);
void store_wal_close(struct store_wal *wal); /* also one that was not opened */
/* The writer's, after each commit, and after each that failed. */
void store_wal_tend(struct store_wal *wal, struct store_tx *tx);

/* ---- store_sql.c: statements ---- */

/* A statement that is being bound, then stepped, then read: parameters and columns are taken in order. */
struct store_q {
	struct store_tx *tx;
	sqlite3_stmt *stmt;
	int param, col;
	bool copy; /* column texts go to the arena; else they are good until the next step */
};

struct store_q store_q(struct store_tx *tx, const char *sql); /* sql: a literal */
void store_q_u64(struct store_q *q, uint64_t v);
void store_q_i64(struct store_q *q, int64_t v);
void store_q_text(struct store_q *q, const char *s);              /* NULL is "" ; borrowed until the step */
void store_q_textn(struct store_q *q, const char *s, size_t len); /* NULL is NULL */
void store_q_blob(struct store_q *q, const void *data, size_t len);
void store_q_id(struct store_q *q, const struct at_id *id); /* zero is NULL */

AT_MUST enum at_err store_q_run(struct store_q *q); /* no rows wanted */
AT_MUST enum at_err store_q_run_n(struct store_q *q, int *changed_out);
AT_MUST enum at_err store_q_step(struct store_q *q, bool *row_out); /* resets the statement at the end and on error */
void store_q_end(struct store_q *q);                                /* resets early */

uint64_t store_c_u64(struct store_q *q);
int64_t store_c_i64(struct store_q *q);
bool store_c_bool(struct store_q *q);
uint8_t store_c_u8(struct store_q *q);
const char *store_c_text(struct store_q *q, size_t *len_out); /* len_out may be NULL; a NULL is "" */
const char *store_c_text_or_null(struct store_q *q, size_t *len_out);
void store_c_blob(struct store_q *q, void *out, size_t len);   /* zeros when of another length */
const void *store_c_bytes(struct store_q *q, size_t *len_out); /* a copy in the arena */
void store_c_id(struct store_q *q, struct at_id *id_out);

typedef void store_row_fn(struct store_q *q, void *row);
/* One row into row, its texts in the arena; NOT_FOUND when there is none. */
AT_MUST enum at_err store_q_one(struct store_q *q, store_row_fn *read, void *row);
/* Every row through fn. row: room for one. */
AT_MUST enum at_err store_q_each(struct store_q *q, store_row_fn *read, void *row, store_each_fn *fn, void *arg);

#endif
