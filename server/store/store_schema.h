/* The schema, as steps: step n takes a database from user_version n to n + 1. A step that has been released is never edited. */
#ifndef AT_STORE_STORE_SCHEMA_H
#define AT_STORE_STORE_SCHEMA_H

static const char *const store_schema[] = {
	/* Times are milliseconds since 1970. References are checked by the modules, which hold people and chats in memory. */
	"CREATE TABLE user(id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password TEXT "
	"NOT NULL,"
	" admin INTEGER NOT NULL, receipts INTEGER NOT NULL, hide_decline INTEGER NOT NULL, quiet_share INTEGER NOT "
	"NULL,"
	" quiet_until INTEGER NOT NULL, created INTEGER NOT NULL);"

	"CREATE TABLE device(id INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL, token_hash BLOB NOT "
	"NULL UNIQUE,"
	" key BLOB NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL, revoked INTEGER NOT NULL);"

	"CREATE TABLE invite(id INTEGER PRIMARY KEY, created_by INTEGER NOT NULL, token_hash BLOB NOT NULL UNIQUE,"
	" user INTEGER NOT NULL, admin INTEGER NOT NULL, uses_left INTEGER NOT NULL, created INTEGER NOT NULL,"
	" expires INTEGER NOT NULL, revoked INTEGER NOT NULL);"

	"CREATE TABLE block(user INTEGER, blocked INTEGER, PRIMARY KEY(user, blocked)) WITHOUT ROWID;"

	"CREATE TABLE throttle(key TEXT PRIMARY KEY, level INTEGER NOT NULL, at INTEGER NOT NULL, until INTEGER NOT "
	"NULL)"
	" WITHOUT ROWID;"

	"CREATE TABLE conv(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, crypto INTEGER NOT NULL, created INTEGER NOT "
	"NULL,"
	" opened_by INTEGER NOT NULL);"
	"CREATE TABLE direct(a INTEGER, b INTEGER, conv INTEGER NOT NULL, PRIMARY KEY(a, b), CHECK(a < b)) WITHOUT "
	"ROWID;"
	"CREATE TABLE member(conv INTEGER, user INTEGER, joined_seq INTEGER NOT NULL, left_seq INTEGER NOT NULL,"
	" delivered INTEGER NOT NULL, read INTEGER NOT NULL, PRIMARY KEY(conv, user)) WITHOUT ROWID;"

	/* Appended at the end of a rowid table; ordered by chat through an index (twice as fast to write as clustered by chat).
	 * call, only_for: NULL and 0 = none. */
	"CREATE TABLE entry(id INTEGER PRIMARY KEY, conv INTEGER NOT NULL, seq INTEGER NOT NULL, author INTEGER NOT "
	"NULL,"
	" device INTEGER NOT NULL, cid INTEGER NOT NULL, ts INTEGER NOT NULL, kind INTEGER NOT NULL, badge INTEGER NOT "
	"NULL,"
	" re_seq INTEGER NOT NULL, call BLOB, only_for INTEGER NOT NULL, body TEXT NOT NULL,"
	" author_body TEXT);"
	"CREATE UNIQUE INDEX entry_conv ON entry(conv, seq);"
	"CREATE UNIQUE INDEX entry_cid ON entry(device, cid) WHERE device <> 0;"
	"CREATE INDEX entry_note ON entry(author) WHERE kind = 4;"

	"CREATE TABLE call(id BLOB PRIMARY KEY, conv INTEGER NOT NULL, caller INTEGER NOT NULL, caller_device INTEGER "
	"NOT NULL,"
	" callee INTEGER NOT NULL, answered_device INTEGER NOT NULL, video INTEGER NOT NULL, state INTEGER NOT NULL,"
	" outcome INTEGER NOT NULL, shadow INTEGER NOT NULL, started INTEGER NOT NULL, rang INTEGER NOT NULL,"
	" answered INTEGER NOT NULL, ended INTEGER NOT NULL, entry_seq INTEGER NOT NULL);"
	"CREATE INDEX call_open ON call(state) WHERE state <> 0;"
	"CREATE INDEX call_pair ON call(caller, callee, started);"
	"CREATE INDEX call_started ON call(started);"

	"CREATE TABLE rec(id BLOB PRIMARY KEY, owner INTEGER NOT NULL, device INTEGER NOT NULL, conv INTEGER NOT NULL,"
	" cid INTEGER NOT NULL, call BLOB, video INTEGER NOT NULL, state INTEGER NOT NULL, mime TEXT NOT NULL,"
	" segments INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, duration_ms INTEGER NOT NULL,"
	" entry_seq INTEGER NOT NULL, blob BLOB);"
	"CREATE INDEX rec_unsent ON rec(owner) WHERE entry_seq = 0;"

	"CREATE TABLE blob(id BLOB PRIMARY KEY, conv INTEGER NOT NULL, seq INTEGER NOT NULL, owner INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, only_for INTEGER NOT NULL, mime TEXT NOT NULL, created INTEGER NOT NULL);"
	"CREATE INDEX blob_entry ON blob(conv, seq);"

	"CREATE TABLE note_state(conv INTEGER, seq INTEGER, user INTEGER, played INTEGER NOT NULL, position_ms INTEGER "
	"NOT NULL,"
	" PRIMARY KEY(conv, seq, user)) WITHOUT ROWID;"
	"CREATE INDEX note_state_user ON note_state(user);",

	/* Groups. picture: an id of the picture table, NULL = none. */
	"ALTER TABLE conv ADD COLUMN name TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE conv ADD COLUMN picture BLOB;"
	"ALTER TABLE member ADD COLUMN admin INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE picture(id BLOB PRIMARY KEY, conv INTEGER NOT NULL, mime TEXT NOT NULL, bytes BLOB NOT NULL)"
	" WITHOUT ROWID;",

	/* Rooms: group calls and voice chats. state 0 = over. */
	"CREATE TABLE room(id BLOB PRIMARY KEY, conv INTEGER NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL,"
	" starter INTEGER NOT NULL, rings INTEGER NOT NULL, locked INTEGER NOT NULL, company INTEGER NOT NULL,"
	" started INTEGER NOT NULL, ended INTEGER NOT NULL, from_call BLOB, entry_seq INTEGER NOT NULL);"
	"CREATE INDEX room_open ON room(state) WHERE state <> 0;"
	"CREATE TABLE room_person(room BLOB, user INTEGER, state INTEGER NOT NULL, invited_by INTEGER NOT NULL,"
	" rung INTEGER NOT NULL, joined INTEGER NOT NULL, stayed INTEGER NOT NULL, PRIMARY KEY(room, user)) WITHOUT "
	"ROWID;",
};

enum {
	STORE_SCHEMA_VERSION = sizeof(store_schema) / sizeof(store_schema[0]),
	STORE_APPLICATION_ID = 0x4166746e, /* "Aftn" */
};

#endif
