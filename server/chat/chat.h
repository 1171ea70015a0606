/* Chats and their logs: membership, sending, catching up, receipts, typing, blocks, presence, what has been played. Membership and
 * watermarks are in memory (loaded at start), entries are in the store. Core loop. Events go out through the hub only after their
 * commit, in seq order within a chat.
 *
 * What is refused without asking the store (not a member, a bad argument) is answered before the call returns; everything else
 * later, on the loop. So nothing may be touched after such a call that its callback may free. */
#ifndef AT_CHAT_CHAT_H
#define AT_CHAT_CHAT_H

#include "base/err.h"
#include "base/loop.h"
#include "hub/hub.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct chat;

enum {
	CHAT_TEXT_MAX = 16384, /* bytes of a text */
	CHAT_BODY_MAX = 65536, /* bytes of a body as JSON */
	CHAT_PAGE_ENTRIES = 200,
};

/* What chat asks of the people module, which stands beside it: main fills this in from auth. */
struct chat_people {
	void *arg;
	bool (*exists)(void *arg, uint64_t user);
	bool (*shows_receipts)(void *arg, uint64_t user);
};

AT_MUST enum at_err chat_new(struct at_loop *loop, struct store *store, struct hub *hub,
			     const struct chat_people *people, struct chat **chat_out);
/* Writes what is still to be written and waits for it (store_drain): not from inside a callback, and before store_close. */
void chat_free(struct chat **chat);

bool chat_is_member(const struct chat *chat, uint64_t conv, uint64_t user);
/* the other of a direct chat; 0 when not a member */
uint64_t chat_peer(const struct chat *chat, uint64_t conv, uint64_t user);
uint64_t chat_direct(const struct chat *chat, uint64_t a, uint64_t b); /* 0 when there is none */
/* have a chat with one another, or both are in a group */
bool chat_shares(const struct chat *chat, uint64_t a, uint64_t b);
bool chat_blocked(const struct chat *chat, uint64_t user, uint64_t by);      /* `by` has blocked `user` */
bool chat_receipts_between(const struct chat *chat, uint64_t a, uint64_t b); /* both show receipts */

typedef void chat_err_fn(void *arg, enum at_err err);
typedef void chat_conv_fn(void *arg, enum at_err err, uint64_t conv);
/* NOT_FOUND: no such person; BAD_REQUEST: with oneself. The peer hears of a new chat with its first entry. */
void chat_open(struct chat *chat, uint64_t user, uint64_t with, chat_conv_fn *done, void *arg);
void chat_block(struct chat *chat, uint64_t user, uint64_t blocked, bool on, chat_err_fn *done, void *arg);

/* One entry to append. The body is the kind's JSON; chat does not look inside. `with` runs on the store's thread in the same
 * transaction, after the append (entry->seq is known), before the commit: a module adds its own rows there; its arg is that of
 * chat_append. It does not run for a duplicate, whose rows are there already. */
struct chat_append {
	uint64_t conv, author, device, cid;
	enum store_kind kind;
	uint64_t re_seq;
	struct at_id call;
	uint64_t only_for; /* chat itself sets it for an author who is blocked by the other */
	uint8_t badge;     /* 1: a text, a note, a missed call; 0: all else */
	const char *body;  /* copied; at most CHAT_BODY_MAX, else TOO_LARGE */
	size_t body_len;
	/* NULL, or what the author reads instead (an outcome that the callee hides); likewise */
	const char *author_body;
	size_t author_body_len;
	enum at_err (*with)(struct store_tx *tx, const struct store_entry *entry, void *arg); /* may be NULL */
};
typedef void chat_appended_fn(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate);
/* NOT_FOUND when the author is no member; CONFLICT when (device, cid) was used for something else. done runs before the entry
 * event is sent. */
void chat_append(struct chat *chat, const struct chat_append *entry, chat_appended_fn *done, void *arg);
/* BAD_REQUEST: no text, or an answer to what is not there; TOO_LARGE. The sending device gets no entry event: done tells it. */
void chat_send_text(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t cid, const char *text,
		    uint64_t re, chat_appended_fn *done, void *arg);
/* Own text or note, NOT_FOUND else. GONE: deleted before (under another cid). on_deleted of chat_hooks lets the note module
 * remove bytes. */
void chat_delete_entry(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t seq, uint64_t cid,
		       chat_appended_fn *done, void *arg);

struct chat_hooks {
	void *arg;
	/* Store thread, in the transaction that deletes it: remove the rows; the ids of bytes to drop go into blob_out (zero = none). */
	enum at_err (*delete_note)(struct store_tx *tx, uint64_t conv, uint64_t seq, struct at_id *blob_out);
	void (*note_deleted)(void *arg, const struct at_id *blob); /* loop, after the commit; not for a zero id */
};
void chat_set_hooks(struct chat *chat, const struct chat_hooks *hooks);

/* ---- groups (chat_group.c, chat_change.c) ----
 *
 * Every change is an entry of the group's log (kind "group"), written in the transaction that makes it; memory follows when it is on disk,
 * and then everybody hears a `conv` event. NOT_FOUND: not a member, or not an admin where it takes one, or no such person, or, of who
 * is to come in, one who has blocked the asker.
 * Repeated under the same cid, a change answers as the first time. */
enum {
	CHAT_GROUP_NAME_MAX = 100, /* characters */
	CHAT_GROUP_MEMBERS_MAX = 256,
};
struct chat_asker {
	uint64_t user, device, cid;
};
/* Of `users` and the asker, who is its admin. BAD_REQUEST: no name, or nobody else in it; TOO_LARGE. */
void chat_group_create(struct chat *chat, const struct chat_asker *asker, const char *name, const uint64_t *users,
		       size_t n, chat_conv_fn *done, void *arg);
void chat_group_name(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const char *name,
		     chat_appended_fn *done, void *arg);
/* A JPEG, PNG or WebP by its first bytes, else UNSUPPORTED; at most STORE_PICTURE_MAX, else TOO_LARGE; len 0: none any more. */
void chat_group_picture(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const void *bytes, size_t len,
			chat_appended_fn *done, void *arg);
/* Admins. Who is in already is passed over; CONFLICT when that is everybody. TOO_LARGE. */
void chat_group_add(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const uint64_t *users, size_t n,
		    chat_appended_fn *done, void *arg);
/* Admins; and everybody themselves, which is leaving. When no admin is left, who has been in it longest is one. */
void chat_group_remove(struct chat *chat, const struct chat_asker *asker, uint64_t conv, uint64_t user,
		       chat_appended_fn *done, void *arg);
/* Admins. CONFLICT: they are, or are not, already; the last admin stays one. */
void chat_group_admin(struct chat *chat, const struct chat_asker *asker, uint64_t conv, uint64_t user, bool on,
		      chat_appended_fn *done, void *arg);

bool chat_is_group(const struct chat *chat, uint64_t conv);
bool chat_is_admin(const struct chat *chat, uint64_t conv, uint64_t user);
/* Who is in it now, in no order; gives how many there are, also above max. Direct chats too. */
size_t chat_members(const struct chat *chat, uint64_t conv, size_t max, uint64_t *users_out);
/* May look at that entry of its log: it came while they were in it. */
bool chat_may_see(const struct chat *chat, uint64_t conv, uint64_t user, uint64_t seq);
/* After somebody has left or was removed (in = false), or was added. One listener. */
typedef void chat_membership_fn(void *arg, uint64_t conv, uint64_t user, bool in);
void chat_on_membership(struct chat *chat, chat_membership_fn *fn, void *arg);

/* The bytes are good during the callback. NOT_FOUND also for who may not see it. */
typedef void chat_picture_fn(void *arg, enum at_err err, const char *mime, const void *bytes, size_t len);
void chat_picture(struct chat *chat, uint64_t user, const struct at_id *id, chat_picture_fn *done, void *arg);

/* A page of the log as `user` may see it: voids where entries are not theirs. json is [entry,...], only during the call. At most
 * about 64 KiB (at least one entry): the asker goes on from the last it got while that is below last_seq. */
typedef void chat_page_fn(void *arg, enum at_err err, const void *json, size_t len, uint64_t last_seq);
void chat_log_page(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t after, uint64_t before,
		   size_t limit, chat_page_fn *done, void *arg);
/* Just these, in rising seq; what is not there is left out. n <= CHAT_PAGE_ENTRIES. */
void chat_log_some(struct chat *chat, uint64_t user, uint64_t conv, const uint64_t *seqs, size_t n, chat_page_fn *done,
		   void *arg);

/* Watermarks only rise; beyond the end of the log they stop at its end. Told at once, stored within a moment. NOT_FOUND. */
AT_MUST enum at_err chat_got(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq);
AT_MUST enum at_err chat_read(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq);
AT_MUST enum at_err chat_typing(struct chat *chat, uint64_t user, uint64_t conv);
/* played false and position_ms -1: as it was. NOT_FOUND: not a member or beyond the log; what turns out to be no note, or one that
 * is not for `user`, is dropped. BUSY: too many at once. */
AT_MUST enum at_err chat_note_state(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq, bool played,
				    int64_t position_ms);

/* The parts of hello: [conv,...] with last entries and unread counts, [note_state,...]. Reads the store, so it comes later. */
typedef void chat_hello_fn(void *arg, enum at_err err, const void *convs, size_t convs_len, const void *notes,
			   size_t notes_len);
void chat_hello(struct chat *chat, uint64_t user, chat_hello_fn *done, void *arg);
/* Everybody `user` has a direct chat with or is, or was, in a group with, each once; for presence and the users of hello. */
size_t chat_partners(const struct chat *chat, uint64_t user, size_t max, uint64_t *users_out);
void chat_write_entry(struct wire_out *w, const char *key, const struct store_entry *entry, uint64_t viewer);

#endif
