#include "store/store_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/store_schema.h"

#include <stdio.h>
#include <unistd.h>

enum { ARENA_MAX = 64 * 1024 * 1024, BUSY_MS = 5000 };

/* After a failed fsync the kernel may drop the dirty pages and report success for the next one, and a corrupt file only gets
 * worse: nothing this process says would be true any more. The supervisor starts it again, and the WAL tells what is. */
static _Noreturn void die(struct store_tx *tx, int rc, const char *what)
{
	at_log(AT_LOG_ERROR, "store.fatal", "rc", AT_INT(rc), "text", sqlite3_errstr(rc), "os",
	       AT_INT(sqlite3_system_errno(tx->db)), "at", what, NULL);
	_exit(STORE_EXIT_IO);
}

enum at_err store_db_err(struct store_tx *tx, int rc, const char *what)
{
	/* The WAL index could not grow: the one I/O error that is a full disk in other words. */
	if (sqlite3_extended_errcode(tx->db) == SQLITE_IOERR_SHMSIZE && (rc & 0xff) == SQLITE_IOERR)
		rc = SQLITE_FULL;
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return AT_OK;
	case SQLITE_FULL: tx->full = true; return AT_ERR_FULL;
	case SQLITE_CONSTRAINT: return AT_ERR_EXISTS;
	case SQLITE_IOERR:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_PROTOCOL: die(tx, rc, what);
	case SQLITE_NOMEM: at_panic(__FILE__, __LINE__, "out of memory in SQLite");
	default:
		at_log(AT_LOG_ERROR, "store.error", "rc", AT_INT(rc), "text", sqlite3_errmsg(tx->db), "at", what, NULL);
		return AT_ERR_INTERNAL;
	}
}

enum at_err store_db_exec(struct store_tx *tx, const char *sql)
{
	struct store_q q = store_q(tx, sql);

	return store_q_run(&q);
}

static void forget_all(struct store_tx *tx)
{
	size_t pos = 0;

	if (tx->seqs == NULL || at_map_len(tx->seqs) == 0)
		return;
	for (void *v; (v = at_map_next(tx->seqs, &pos)) != NULL;)
		at_free(v);
	at_map_free(&tx->seqs);
	tx->seqs = at_map_new();
}

void store_db_forget_touched(struct store_tx *tx)
{
	if (tx->n_touched > STORE_TOUCHED)
		forget_all(tx);
	else
		for (size_t i = 0; i < tx->n_touched; i++)
			at_free(at_map_del_u64(tx->seqs, tx->touched[i]));
	tx->n_touched = 0;
}

void store_db_rollback(struct store_tx *tx)
{
	if (sqlite3_get_autocommit(tx->db) == 0) {
		enum at_err err = store_db_exec(tx, "ROLLBACK");

		/* Rolling back only forgets: it fails when the file cannot be read, and that does not come back here. */
		AT_ASSERT(err == AT_OK);
	}
	forget_all(tx);
	tx->n_touched = 0;
	tx->full = false;
}

static int on_wal(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct store_tx *tx = arg;

	(void)db;
	(void)name;
	tx->wal_frames = frames;
	return SQLITE_OK;
}

/* The first words to a database: here an error is the caller's news, not yet a reason to die. */
static int setup(struct store_tx *tx, bool writer)
{
	static const char writer_pragmas[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
		"PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-65536;"
		"PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
		"PRAGMA secure_delete=ON";
	static const char reader_pragmas[] = "PRAGMA query_only=ON; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY;"
					     "PRAGMA trusted_schema=OFF; SELECT count(*) FROM sqlite_schema";
	int rc = sqlite3_extended_result_codes(tx->db, 1);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(tx->db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(tx->db, writer ? writer_pragmas : reader_pragmas, NULL, NULL, NULL);
	if (writer)
		(void)sqlite3_wal_hook(tx->db, on_wal, tx);
	return rc;
}

static enum at_err open_failed(struct store_tx *tx, int rc, const char *path)
{
	at_log(AT_LOG_ERROR, "store.open", "path", path, "text", sqlite3_errstr(rc), NULL);
	store_db_close(tx);
	return (rc & 0xff) == SQLITE_FULL ? AT_ERR_FULL : AT_ERR_IO;
}

enum at_err store_db_open(const char *path, bool writer, struct store_tx *tx)
{
	int flags = SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int rc;

	*tx = (struct store_tx){0};
	rc = sqlite3_open_v2(path, &tx->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = setup(tx, writer);
	if (rc != SQLITE_OK)
		return open_failed(tx, rc, path);
	tx->arena = at_arena_new(ARENA_MAX);
	if (writer)
		tx->seqs = at_map_new();
	return AT_OK;
}

void store_db_close(struct store_tx *tx)
{
	for (size_t i = 0; i < STORE_STMTS; i++)
		(void)sqlite3_finalize(tx->stmts[i].stmt);
	if (tx->seqs != NULL) {
		forget_all(tx);
		at_map_free(&tx->seqs);
	}
	if (tx->arena != NULL)
		at_arena_free(&tx->arena);
	if (tx->db != NULL) {
		int rc = sqlite3_close(tx->db);

		AT_ASSERT(rc == SQLITE_OK); /* anything else is a statement or a backup left open */
	}
	*tx = (struct store_tx){0};
}

static int pragma_int(struct store_tx *tx, const char *sql, int64_t *v_out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(tx->db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	*v_out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	(void)sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int migrate_step(struct store_tx *tx, size_t from)
{
	char version[96];
	int rc = sqlite3_exec(tx->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(tx->db, store_schema[from], NULL, NULL, NULL);
	(void)snprintf(version, sizeof(version), "PRAGMA user_version=%zu; PRAGMA application_id=%d", from + 1,
		       STORE_APPLICATION_ID);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(tx->db, version, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(tx->db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK && sqlite3_get_autocommit(tx->db) == 0)
		(void)sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

enum at_err store_db_migrate(struct store_tx *tx)
{
	int64_t version, application, tables;
	int rc = pragma_int(tx, "PRAGMA user_version", &version);

	if (rc == SQLITE_OK)
		rc = pragma_int(tx, "PRAGMA application_id", &application);
	if (rc == SQLITE_OK)
		rc = pragma_int(tx, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc != SQLITE_OK)
		return (rc & 0xff) == SQLITE_FULL ? AT_ERR_FULL : AT_ERR_IO;
	if (version < 0 || version > STORE_SCHEMA_VERSION || (tables > 0 && application != STORE_APPLICATION_ID)) {
		at_log(AT_LOG_ERROR, "store.version", "found", AT_INT(version), "known", AT_INT(STORE_SCHEMA_VERSION),
		       NULL);
		return AT_ERR_UNSUPPORTED;
	}
	for (size_t v = (size_t)version; v < STORE_SCHEMA_VERSION; v++) {
		rc = migrate_step(tx, v);
		if (rc == SQLITE_OK)
			continue;
		at_log(AT_LOG_ERROR, "store.migrate", "from", AT_INT(v), "text", sqlite3_errmsg(tx->db), NULL);
		return (rc & 0xff) == SQLITE_FULL ? AT_ERR_FULL : AT_ERR_IO;
	}
	return AT_OK;
}
