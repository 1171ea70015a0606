/* The disk as the server left it, looked at in a copy, so that nothing of its own recovery is done for it. */
#include "crash/crash.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool copy_file(const char *from, const char *to)
{
	static char block[1 << 16];
	FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
	bool fine = out != NULL;

	for (size_t n; fine && (n = fread(block, 1, sizeof(block), in)) > 0;)
		fine = fwrite(block, 1, n, out) == n;
	if (in)
		fclose(in);
	if (out)
		fine = fclose(out) == 0 && fine;
	return fine;
}

static sqlite3 *open_copy(const struct crash *crash, char copy[300])
{
	char from[300], to[320];
	sqlite3 *db = NULL;

	snprintf(copy, 300, "%s.copy", crash->server.log);
	for (int i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s/aftertone.db%s", crash->server.data, i ? "-wal" : "");
		snprintf(to, sizeof(to), "%s%s", copy, i ? "-wal" : "");
		(void)unlink(to);
		if (!copy_file(from, to) && i == 0)
			return NULL;
	}
	return sqlite3_open(copy, &db) == SQLITE_OK ? db : NULL;
}

static void remove_copy(const char *copy)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[320];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", copy, ends[i]);
		(void)unlink(path);
	}
}

/* ---- questions with one number for an answer ---- */

static sqlite3_stmt *ask(struct crash *crash, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		problem(crash, "%s: %s", sql, sqlite3_errmsg(db));
	return q;
}

static int64_t number(struct crash *crash, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q = ask(crash, db, sql);
	int64_t n = q && sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;

	sqlite3_finalize(q);
	return n;
}

static void check_whole(struct crash *crash, sqlite3 *db, bool settled)
{
	sqlite3_stmt *q = ask(crash, db, "PRAGMA integrity_check");

	if (!q || sqlite3_step(q) != SQLITE_ROW || strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0)
		problem(crash, "integrity_check: %s", q ? (const char *)sqlite3_column_text(q, 0) : "fails");
	sqlite3_finalize(q);
	if (number(crash, db,
		   "SELECT count(*) FROM (SELECT 1 FROM entry GROUP BY conv HAVING count(*) <> max(seq) OR min(seq) <> "
		   "1)") != 0)
		problem(crash, "a log has gaps");
	if (number(crash, db,
		   "SELECT count(*) FROM (SELECT 1 FROM entry WHERE kind = 2 GROUP BY call HAVING count(*) > 1)") != 0)
		problem(crash, "a call has two entries");
	if (number(crash, db,
		   "SELECT count(*) FROM call WHERE state = 0 AND NOT EXISTS"
		   " (SELECT 1 FROM entry WHERE kind = 2 AND entry.call = call.id AND entry.conv = call.conv AND seq = "
		   "entry_seq)") != 0)
		problem(crash, "an ended call has no entry");
	if (number(crash, db,
		   "SELECT count(*) FROM entry WHERE kind = 2 AND NOT EXISTS (SELECT 1 FROM call WHERE id = "
		   "entry.call)") != 0)
		problem(crash, "an entry has no call");
	if (settled && number(crash, db, "SELECT count(*) FROM call WHERE state <> 0") != 0)
		problem(crash, "calls of before are still open");
}

/* ---- messages ---- */

static void check_texts(struct crash *crash, sqlite3 *db, const struct person *person)
{
	sqlite3_stmt *q =
		ask(crash, db,
		    "SELECT seq, conv, body FROM entry WHERE kind = 1 AND device = ? AND cid = ? AND device <> 0");
	char words[96];

	for (uint64_t cid = 1; q && cid <= person->next_cid; cid++) {
		if (!person->seqs[cid])
			continue;
		sqlite3_bind_int64(q, 1, (int64_t)client_device(person->client));
		sqlite3_bind_int64(q, 2, (int64_t)cid);
		snprintf(words, sizeof(words), "\"m %llu %llu\"", (unsigned long long)client_device(person->client),
			 (unsigned long long)cid);
		if (sqlite3_step(q) != SQLITE_ROW)
			problem(crash, "%s: acknowledged message %llu is lost", person->username,
				(unsigned long long)cid);
		else if ((uint64_t)sqlite3_column_int64(q, 0) != person->seqs[cid] ||
			 (uint64_t)sqlite3_column_int64(q, 1) != person->conv ||
			 !strstr((const char *)sqlite3_column_text(q, 2), words))
			problem(crash, "%s: message %llu is not where or what it was", person->username,
				(unsigned long long)cid);
		else if (sqlite3_step(q) != SQLITE_DONE)
			problem(crash, "%s: message %llu is doubled", person->username, (unsigned long long)cid);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
}

/* ---- calls ---- */

static void check_calls(struct crash *crash, sqlite3 *db)
{
	const struct ledger *ledger = crash->ledger;
	sqlite3_stmt *q = ask(crash, db, "SELECT state FROM call WHERE id = ?");
	char hex[AT_ID_HEX_LEN + 1];

	for (size_t i = 0; q && i < ledger->n_calls; i++) {
		const struct call_fact *fact = &ledger->calls[i];
		if (!fact->started)
			continue;
		at_id_hex(&fact->id, hex);
		sqlite3_bind_blob(q, 1, fact->id.b, sizeof(fact->id.b), SQLITE_STATIC);
		if (sqlite3_step(q) != SQLITE_ROW)
			problem(crash, "acknowledged call %s is lost", hex);
		else if (fact->ended && sqlite3_column_int64(q, 0) != 0)
			problem(crash, "call %s was ended, and is open", hex);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
}

/* ---- recordings ---- */

static void check_segment(struct crash *crash, const struct rec_fact *rec, uint32_t segment, uint32_t end)
{
	char hex[AT_ID_HEX_LEN + 1], path[400];
	uint8_t wanted[FRAGMENT_LEN], found[FRAGMENT_LEN];

	at_id_hex(&rec->id, hex);
	snprintf(path, sizeof(path), "%s/rec/%s.%u.raw", crash->server.data, hex, segment);
	FILE *file = fopen(path, "rb");
	for (uint32_t n = rec->first[segment]; n < end; n++) {
		rec_fragment(&rec->id, n, wanted);
		if (file && fread(found, 1, sizeof(found), file) == sizeof(found) &&
		    memcmp(wanted, found, sizeof(found)) == 0)
			continue;
		problem(crash, "acknowledged fragment %u of %s.%u is %s", n, hex, segment,
			file ? "lost or changed" : "gone");
		break;
	}
	if (file)
		fclose(file);
}

static void check_recs(struct crash *crash, sqlite3 *db)
{
	const struct ledger *ledger = crash->ledger;
	sqlite3_stmt *q = ask(crash, db, "SELECT count(*) FROM rec WHERE id = ?");

	for (size_t i = 0; q && i < ledger->n_recs; i++) {
		const struct rec_fact *rec = &ledger->recs[i];
		if (rec->acked == 0 || rec->dropped)
			continue;
		sqlite3_bind_blob(q, 1, rec->id.b, sizeof(rec->id.b), SQLITE_STATIC);
		if (sqlite3_step(q) != SQLITE_ROW || sqlite3_column_int64(q, 0) != 1)
			problem(crash, "an acknowledged recording is lost");
		sqlite3_reset(q);
		for (uint32_t s = 0; s < rec->segments; s++) {
			if (s > 0 && rec->first[s] == 0)
				break; /* asked for, and not answered yet: it holds nothing */
			check_segment(crash, rec, s,
				      s + 1 < rec->segments && rec->first[s + 1] ? rec->first[s + 1] : rec->acked);
		}
	}
	sqlite3_finalize(q);
}

void check_disk(struct crash *crash, bool settled)
{
	char copy[300];
	sqlite3 *db = open_copy(crash, copy);

	if (!db) {
		problem(crash, "the database cannot be opened");
		return;
	}
	check_whole(crash, db, settled);
	for (int i = 0; i < PEOPLE; i++)
		check_texts(crash, db, &crash->people[i]);
	check_calls(crash, db);
	check_recs(crash, db);
	sqlite3_close(db);
	remove_copy(copy);
}

bool calls_are_over(const struct crash *crash)
{
	char path[300];
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;

	snprintf(path, sizeof(path), "%s/aftertone.db", crash->server.data);
	bool over = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
		    sqlite3_prepare_v2(db, "SELECT 1 FROM call WHERE state <> 0", -1, &q, NULL) == SQLITE_OK &&
		    sqlite3_step(q) == SQLITE_DONE;
	sqlite3_finalize(q);
	sqlite3_close(db);
	return over;
}
