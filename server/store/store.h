/* What Aftertone keeps: people, devices, chats and their logs, calls, recordings, limits.
 *
 * Verbs are synchronous and run inside a job on one of the store's own threads; a domain module moves a message to a job and
 * gets it back on its loop when the job's transaction has been committed (fsync done), never before. All jobs queued at one
 * time share a transaction (group commit), each behind a savepoint of its own unless it says that it needs none.
 * A failing disk (AT_ERR_IO) ends the process: after one failed fsync nothing it says could be believed. A full disk gives
 * AT_ERR_FULL to the jobs of that commit, with nothing written, and recovers by itself.
 *
 * Memory handed out by a verb belongs to the transaction's arena and ends with the job: copy what is kept. */
#ifndef AT_STORE_STORE_H
#define AT_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_tx;

/* ---- the store: the loop's side ---- */

/* Opens or creates dir/aftertone.db (0600, in a 0700 dir), migrates it, starts the writer and the reader. Blocks; start only.
 * BUSY: another process has it open. UNSUPPORTED: written by a newer version, or not ours. IO: cannot be opened or read.
 * loop may be NULL: then only store_run_now may be used (command line, tests). */
AT_MUST enum at_err store_open(const char *dir, struct at_loop *loop, struct store **store_out);
void store_close(struct store **store); /* finishes what is queued; its done callbacks run here */
/* Turns the loop until every queued job has been answered. For shutting down, before the modules that queued them go. */
void store_drain(struct store *store);

typedef enum at_err store_job_fn(struct store_tx *tx, void *msg); /* store thread */
typedef void store_done_fn(void *msg, enum at_err err);           /* loop; always called once */

enum store_job_flags {
	STORE_PLAIN = 1, /* one statement, or several that cannot fail half way: needs no savepoint */
};
/* Queues a writing job. BUSY (done is still called, later) when 65536 were not answered yet. */
void store_write(struct store *store, store_job_fn *job, store_done_fn *done, void *msg, unsigned flags);
void store_read(struct store *store, store_job_fn *job, store_done_fn *done, void *msg);
/* Runs a writing job here and now and commits it. Start, command line and tests only. */
AT_MUST enum at_err store_run_now(struct store *store, store_job_fn *job, void *msg);

struct at_arena *store_tx_arena(struct store_tx *tx);

/* ---- people and devices ---- */

struct store_user {
	uint64_t id;
	const char *username, *name;
	const char *password; /* Argon2id string; "" = none set */
	bool admin, receipts, hide_decline, quiet_share;
	int64_t quiet_until, created;
};
/* EXISTS: username */
AT_MUST enum at_err store_user_add(struct store_tx *tx, const struct store_user *user, uint64_t *id_out);
/* all but username */
AT_MUST enum at_err store_user_put(struct store_tx *tx, const struct store_user *user);

struct store_device {
	uint64_t id, user;
	const char *name;
	uint8_t token_hash[32];         /* BLAKE2b-256 of the session token */
	uint8_t key[32];                /* Ed25519, zero until it has one */
	int64_t created, seen, revoked; /* revoked: 0 = not */
};
AT_MUST enum at_err store_device_add(struct store_tx *tx, const struct store_device *device, uint64_t *id_out);
AT_MUST enum at_err store_device_put(struct store_tx *tx, const struct store_device *device);

struct store_invite {
	uint64_t id, created_by; /* created_by 0: the server itself */
	uint8_t token_hash[32];
	uint64_t user; /* not 0: a sign-in link for that person */
	bool admin;
	uint32_t uses_left;
	int64_t created, expires, revoked;
};
AT_MUST enum at_err store_invite_add(struct store_tx *tx, const struct store_invite *invite, uint64_t *id_out);
AT_MUST enum at_err store_invite_put(struct store_tx *tx, const struct store_invite *invite);
/* Takes one use. GONE when unknown, used up, expired at now or revoked. */
AT_MUST enum at_err store_invite_use(struct store_tx *tx, const uint8_t token_hash[32], int64_t now,
				     struct store_invite *invite_out);

AT_MUST enum at_err store_block_set(struct store_tx *tx, uint64_t user, uint64_t blocked, bool on);

/* Counters that survive a restart (brute force, rings): one row a key, overwritten. key <= 128 bytes. */
struct store_limit {
	const char *key;
	int64_t level, at, until; /* meaning: the owner's */
};
/* until < now rows may be dropped */
AT_MUST enum at_err store_limit_put(struct store_tx *tx, const struct store_limit *limit);

/* ---- chats ---- */

enum store_conv_kind { STORE_DIRECT = 1, STORE_GROUP = 2 };
struct store_conv {
	uint64_t id;
	enum store_conv_kind kind;
	uint8_t crypto; /* 0 readable; immutable */
	int64_t created;
	uint64_t opened_by;
	uint64_t last_seq;
	const char *name;     /* of a group; "" for a direct chat */
	struct at_id picture; /* of a group; zero = none */
};
struct store_member {
	uint64_t conv, user;
	/* Entries above joined_seq and, once left, up to left_seq are theirs to see; left_seq 0 = a member now. */
	uint64_t joined_seq, left_seq;
	uint64_t delivered, read; /* watermarks */
	bool admin;               /* of a group */
};
/* The direct chat of a and b, opened by a if there is none; CONFLICT when a == b. */
AT_MUST enum at_err store_conv_direct(struct store_tx *tx, uint64_t a, uint64_t b, int64_t now,
				      struct store_conv *conv_out);
/* A new group without members. */
AT_MUST enum at_err store_conv_group(struct store_tx *tx, uint64_t opened_by, const char *name, int64_t now,
				     struct store_conv *conv_out);
/* name and picture */
AT_MUST enum at_err store_conv_put(struct store_tx *tx, const struct store_conv *conv);
/* Inserts or overwrites; watermarks only rise. */
AT_MUST enum at_err store_member_put(struct store_tx *tx, const struct store_member *member);
/* Watermarks alone, which only rise: what is said of membership meanwhile stays. */
AT_MUST enum at_err store_member_mark(struct store_tx *tx, const struct store_member *member);

/* Pictures of groups: small, so they live beside what names them. */
enum { STORE_PICTURE_MAX = 64 * 1024 };
struct store_picture {
	struct at_id id;
	uint64_t conv;
	const char *mime;
	const void *bytes;
	size_t len;
};
AT_MUST enum at_err store_picture_add(struct store_tx *tx, const struct store_picture *picture);
AT_MUST enum at_err store_picture_get(struct store_tx *tx, const struct at_id *id, struct store_picture *picture_out);
/* All of a chat's but one. */
AT_MUST enum at_err store_picture_keep(struct store_tx *tx, uint64_t conv, const struct at_id *but);

/* Kept in the store: values stay. */
enum store_kind {
	STORE_TEXT = 1,
	STORE_CALL = 2,
	STORE_AMEND = 3,
	STORE_NOTE = 4,
	STORE_DELETE = 5,
	STORE_GROUP_CHANGE = 6,
	STORE_ROOM = 7,
};
/* One entry of a log. The body is opaque here: JSON of at most 64 KiB, written by the module whose kind it is. */
struct store_entry {
	uint64_t id; /* commit order over all chats */
	uint64_t conv, seq;
	uint64_t author, device, cid;
	int64_t ts;
	enum store_kind kind;
	uint64_t re_seq;   /* 0 = none */
	struct at_id call; /* zero = none */
	uint64_t only_for; /* 0 = all members; else a void to everybody else */
	/* 1: counts as unread for the others (texts, notes, missed calls); 2: for those of them who are not in the body's "knew" */
	uint8_t badge;
	const char *body;
	size_t body_len;
	const char *author_body; /* NULL: the author reads `body` as everybody does */
	size_t author_body_len;
};
/* Appends; fills id and seq in *entry. (device, cid) seen before: *entry becomes the entry written then, *dup_out is true
 * and nothing is written. device 0 is the server: never a duplicate. An AMEND takes its own badge over to the entry it
 * amends, so a missed call that was answered after all stops counting. */
AT_MUST enum at_err store_entry_append(struct store_tx *tx, struct store_entry *entry, bool *dup_out);
/* The entry that this device wrote under this client id. NOT_FOUND */
AT_MUST enum at_err store_entry_of_cid(struct store_tx *tx, uint64_t device, uint64_t cid,
				       struct store_entry *entry_out);
/* NOT_FOUND */
AT_MUST enum at_err store_entry_get(struct store_tx *tx, uint64_t conv, uint64_t seq, struct store_entry *entry_out);
/* Empties the body in place ("{}") and takes the badge off: the one thing a log forgets. NOT_FOUND. */
AT_MUST enum at_err store_entry_blank(struct store_tx *tx, uint64_t conv, uint64_t seq);
/* Entries with seq > after (ascending) or seq < before (the newest of them, given ascending); before 0 = from `after`. */
AT_MUST enum at_err store_entry_page(struct store_tx *tx, uint64_t conv, uint64_t after, uint64_t before, size_t limit,
				     struct store_entry **entries_out, size_t *n_out);
/* What one member may see of a log: seqs above `after`, up to `upto` (0 = to its end). */
struct store_window {
	uint64_t conv, viewer, after, upto;
};
/* The newest entry in it that shows something: not a deletion, not a void. NOT_FOUND. */
AT_MUST enum at_err store_entry_last(struct store_tx *tx, const struct store_window *window,
				     struct store_entry *entry_out);
/* What a badge counts in it: others' entries with a badge, a note and its missed call as one. `after` is what they have read. Looks at
 * the newest 1000 entries only, so it is cheap whatever has piled up. */
AT_MUST enum at_err store_unread(struct store_tx *tx, const struct store_window *window, uint64_t *n_out);

/* ---- calls ---- */

struct store_call {
	struct at_id id;
	uint64_t conv, caller, caller_device, callee, answered_device;
	uint8_t video;
	uint8_t state;   /* call module's enum; 0 = ended and logged */
	uint8_t outcome; /* call module's enum */
	bool shadow;     /* blocked: never shown to the callee */
	int64_t started, rang, answered, ended;
	uint64_t entry_seq; /* its entry in the log, 0 until it has one */
};
AT_MUST enum at_err store_call_put(struct store_tx *tx, const struct store_call *call); /* inserts or overwrites */
AT_MUST enum at_err store_call_get(struct store_tx *tx, const struct at_id *id, struct store_call *call_out);
/* Calls of a pair (either direction) that started at or after since. */
AT_MUST enum at_err store_calls_since(struct store_tx *tx, uint64_t caller, uint64_t callee, int64_t since,
				      struct store_call **calls_out, size_t *n_out);

/* ---- rooms ---- */

struct store_room {
	struct at_id id;
	uint64_t conv, starter;
	uint8_t kind, state; /* room module's enums; state 0 = over */
	bool rings, locked;
	bool company; /* somebody besides the starter has been in it */
	int64_t started, ended;
	struct at_id from_call; /* zero = none */
	uint64_t entry_seq;
};
AT_MUST enum at_err store_room_put(struct store_tx *tx, const struct store_room *room); /* inserts or overwrites */
AT_MUST enum at_err store_room_get(struct store_tx *tx, const struct at_id *id, struct store_room *room_out);
struct store_room_person {
	struct at_id room;
	uint64_t user, invited_by; /* invited_by 0: of the chat; else a guest */
	uint8_t state;             /* room module's enum */
	bool rung;
	int64_t joined, stayed_ms; /* since when they are in it; how long they were before that */
};
AT_MUST enum at_err store_room_person_put(struct store_tx *tx, const struct store_room_person *person);
/* The author has sent a note that belongs to this call or room, and it has not been deleted. */
AT_MUST enum at_err store_has_note(struct store_tx *tx, uint64_t author, const struct at_id *call, bool *has_out);

/* ---- recordings and notes ---- */

struct store_rec {
	struct at_id id;
	uint64_t owner, device, conv, cid; /* cid: of its commit */
	struct at_id call;
	uint8_t video, state; /* note module's enum */
	const char *mime;     /* one a segment, separated by '\n' */
	uint32_t segments;
	int64_t created, updated, duration_ms;
	uint64_t entry_seq; /* of the note, once sent */
	struct at_id blob;  /* likewise */
};
AT_MUST enum at_err store_rec_put(struct store_tx *tx, const struct store_rec *rec);
AT_MUST enum at_err store_rec_get(struct store_tx *tx, const struct at_id *id, struct store_rec *rec_out);
AT_MUST enum at_err store_rec_del(struct store_tx *tx, const struct at_id *id);

struct store_blob {
	struct at_id id;
	uint64_t conv, seq, owner, bytes;
	uint64_t only_for; /* as its entry */
	const char *mime;
	int64_t created;
};
AT_MUST enum at_err store_blob_add(struct store_tx *tx, const struct store_blob *blob);
AT_MUST enum at_err store_blob_get(struct store_tx *tx, const struct at_id *id, struct store_blob *blob_out);
AT_MUST enum at_err store_blob_del(struct store_tx *tx, const struct at_id *id);
/* NOT_FOUND */
AT_MUST enum at_err store_blob_of_entry(struct store_tx *tx, uint64_t conv, uint64_t seq, struct store_blob *blob_out);

struct store_note_state {
	uint64_t conv, seq, user;
	bool played;
	int64_t position_ms;
};
/* played stays */
AT_MUST enum at_err store_note_state_put(struct store_tx *tx, const struct store_note_state *state);
/* Not played and at 0 when there is none. */
AT_MUST enum at_err store_note_state_get(struct store_tx *tx, uint64_t conv, uint64_t seq, uint64_t user,
					 struct store_note_state *state_out);

/* Whether anybody but the author has played it. */
AT_MUST enum at_err store_note_heard(struct store_tx *tx, uint64_t conv, uint64_t seq, uint64_t author,
				     bool *heard_out);

/* ---- loading at start: each row once, in id order; stops at the first error fn returns ---- */

typedef enum at_err store_each_fn(void *arg, const void *row);                          /* row: the struct named */
AT_MUST enum at_err store_each_user(struct store_tx *tx, store_each_fn *fn, void *arg); /* store_user */
/* store_device, not revoked */
AT_MUST enum at_err store_each_device(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_invite(struct store_tx *tx, store_each_fn *fn, void *arg);
/* uint64_t[2]: user, blocked */
AT_MUST enum at_err store_each_block(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_limit(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_conv(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_member(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_open_call(struct store_tx *tx, store_each_fn *fn, void *arg); /* state != 0 */
AT_MUST enum at_err store_each_open_room(struct store_tx *tx, store_each_fn *fn, void *arg); /* state != 0 */
/* store_room_person, of open rooms */
AT_MUST enum at_err store_each_room_person(struct store_tx *tx, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_recent_call(struct store_tx *tx, int64_t since, store_each_fn *fn, void *arg);
/* all that are not sent */
AT_MUST enum at_err store_each_rec(struct store_tx *tx, store_each_fn *fn, void *arg);
/* The newest 500 by entry: `user`'s own; and those of others who have played a note that `author` wrote. */
AT_MUST enum at_err store_each_note_state(struct store_tx *tx, uint64_t user, store_each_fn *fn, void *arg);
/* store_note_state */
AT_MUST enum at_err store_each_note_heard(struct store_tx *tx, uint64_t author, store_each_fn *fn, void *arg);
AT_MUST enum at_err store_each_blob(struct store_tx *tx, store_each_fn *fn, void *arg);

#endif
