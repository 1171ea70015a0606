/* Damages what a stopped server left, to see that the checks notice. */
#include "crash/crash.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool change(const struct crash *crash, const char *sql)
{
	char path[300];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/aftertone.db", crash->server.data);
	bool fine = sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK &&
		    sqlite3_changes(db) > 0;
	if (!fine)
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
	return fine;
}

/* Cuts the last acknowledged byte off a recording. */
static bool cut_fragment(const struct crash *crash)
{
	char hex[AT_ID_HEX_LEN + 1], path[400];

	for (size_t i = 0; i < crash->ledger->n_recs; i++) {
		const struct rec_fact *rec = &crash->ledger->recs[i];
		if (rec->acked == 0 || rec->dropped || rec->segments != 1)
			continue;
		at_id_hex(&rec->id, hex);
		snprintf(path, sizeof(path), "%s/rec/%s.0.raw", crash->server.data, hex);
		return truncate(path, (off_t)rec->acked * FRAGMENT_LEN - 1) == 0;
	}
	return false;
}

static bool lose_text(const struct crash *crash)
{
	return change(crash, "UPDATE entry SET kind = 5 WHERE id = (SELECT id FROM entry WHERE kind = 1 ORDER BY id "
			     "LIMIT 1 OFFSET 1)");
}

static bool make_gap(const struct crash *crash)
{
	return change(crash, "DELETE FROM entry WHERE id = (SELECT min(id) FROM entry WHERE kind = 1)");
}

static bool lose_call(const struct crash *crash)
{
	return change(crash, "DELETE FROM call WHERE started = (SELECT min(started) FROM call)");
}

static bool double_entry(const struct crash *crash)
{
	return change(crash, "UPDATE entry SET kind = 2, call = (SELECT call FROM entry WHERE kind = 2 LIMIT 1)"
			     " WHERE id = (SELECT max(id) FROM entry WHERE kind = 1 AND body LIKE '%" NOT_NOW "%')");
}

static bool move_text(const struct crash *crash)
{
	return change(crash, "UPDATE entry SET body = '{}' WHERE id = (SELECT min(id) FROM entry WHERE kind = 1)");
}

void check_the_checks(struct crash *crash)
{
	static const struct {
		const char *name;
		bool (*fn)(const struct crash *crash);
	} damages[] = {
		{"a message with another text", move_text},
		{"a lost message", lose_text},
		{"a gap", make_gap},
		{"a lost call", lose_call},
		{"a doubled entry", double_entry},
		{"a cut fragment", cut_fragment},
	};
	/* Each is noticed on top of those before it. */
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		unsigned failed = crash->failed, found = crash->found;
		crash->found = 0;
		crash->quiet = true;
		bool done = damages[i].fn(crash);
		check_disk(crash, false);
		unsigned now = crash->found;
		crash->quiet = false;
		crash->failed = failed;
		crash->found = now;
		if (done && now > found)
			crash->passed++;
		else
			problem(crash, "%s was not noticed", damages[i].name);
	}
}
