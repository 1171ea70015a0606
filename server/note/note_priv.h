/* Inside of note: one struct rec for each recording that is not sent, its listeners, and the sending of one (commit).
 *
 *   start ──► RECORDING ⇄ PAUSED ── device away 3 s, answered, limit ──► DRAFT ── start (same or next segment) ──► RECORDING
 *                 │           │                                            │
 *                 └───────────┴──────────── commit ────────────────────────┴──► SENDING ── in the log ──► SENT (forgotten here)
 *                 discard: any of these but SENDING ──► DISCARDED ── undo ──► DRAFT       │ failed ──► DRAFT
 *                                                            │ 10 s: bytes gone           └ not readable ──► UNREADABLE */
#ifndef AT_NOTE_NOTE_PRIV_H
#define AT_NOTE_NOTE_PRIV_H

#include "base/list.h"
#include "ipc/ipc.h"
#include "note/note.h"
#include "remux/remux.h"

enum {
	NOTE_GRACE_MS = 3000, /* its device went away: this long it may come back unnoticed */
	NOTE_LAST_MS = 2000,  /* the last fragment may end this much after the limit */
	NOTE_RETRY_MS = 1000, /* after a failed write the client is told what is wanted, this much later */
	NOTE_JOB_MS = 30000,
	NOTE_AHEAD_MS = 10000, /* once its end was told, what was done ahead is waited for this long */
	NOTE_TIDY_MS = 60000,
	NOTE_MIME_MAX = 80,
	NOTE_JSON_MAX = 16 * 1024,
	NOTE_HEAD_LEN = 27,           /* of a fragment's frame */
	NOTE_LISTENERS_MAX = 32,      /* devices that listen to one recording */
	NOTE_BACKLOG_MAX = 64 * 1024, /* a listener's socket that has more waiting gets nothing for a while */
	NOTE_PUMP_MS = 100,
};

/* Kept in the store: values stay. */
enum note_state {
	NOTE_RECORDING = 1,
	NOTE_PAUSED = 2,
	NOTE_DRAFT = 3,
	NOTE_SENDING = 4,
	NOTE_SENT = 5,
	NOTE_DISCARDED = 6,
	NOTE_UNREADABLE = 7
};

struct notes {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct calls *calls;
	note_facts_fn *also_for; /* may be NULL */
	void *also_for_arg;
	struct blobs *blobs;
	struct note_settings settings;
	struct at_map *by_id; /* struct rec */
	struct at_list recs, acks, commits;
	struct at_timer *ack_timer, *tidy_timer;
	struct ipc_chan *remux;
	uint64_t last_job;
	size_t under_way; /* callbacks of store, blob, chat and call that are still to come */
	bool closing;
};

struct rec {
	struct at_link link, ack_link;
	struct notes *notes;
	uint32_t refs;
	bool is_dropped;   /* not in the map any more */
	bool is_started;   /* its row is on disk */
	bool is_stopped;   /* this segment takes no more: at its limit, or its call was answered */
	bool is_shadow;    /* the callee has blocked the caller */
	bool is_call_over; /* answered, or it has its note: the note will stand alone */
	bool is_announced; /* the callee has been told that it is being left */
	bool video;
	struct at_id id, call;
	uint64_t owner, device, conv, callee, cid;
	enum note_state state;
	uint32_t seg, segments;
	char *mimes; /* one a segment, a line each */
	int64_t created, updated;
	uint32_t next, queued; /* on disk up to next; accepted up to queued */
	uint64_t bytes, queued_bytes;
	uint32_t ms, queued_ms;
	struct at_timer *timer; /* grace, or until a discarded one goes */
	struct at_timer *retry_timer;
	struct at_list waiters, listeners;
	struct commit *commit;
	struct ahead *ahead; /* NULL: none */
	bool is_ahead_off;   /* it went wrong once */
};

/* What the call or the room that it is left for says: as call_note_facts. */
void rec_facts(const struct rec *rec, call_facts_fn *done, void *arg);

/* ---- note_rec.c: its life ---- */

struct rec *rec_new(struct notes *notes, const struct at_id *id);
struct rec *rec_ref(struct rec *rec);
void rec_unref(struct rec *rec);
struct rec *rec_find(const struct notes *notes, const struct at_id *id);
/* Of that user; NULL else. */
struct rec *rec_of(const struct notes *notes, const struct at_id *id, uint64_t user);
void rec_forget(struct rec *rec);
void rec_make_timers(struct rec *rec);
int64_t rec_max_ms(const struct rec *rec);
uint64_t rec_max_bytes(const struct rec *rec);
bool rec_is_open(const struct rec *rec); /* recording or paused */
/* Where a callback is to come: one more, one less. */
void notes_begin(struct notes *notes);
void notes_end(struct notes *notes);

typedef void rec_idle_fn(struct rec *rec, void *arg);
/* Runs fn once the row is on disk and no fragment is on its way there, which may be now. is_dropped: it never was. */
void rec_when_idle(struct rec *rec, rec_idle_fn *fn, void *arg);
void rec_check_idle(struct rec *rec);
/* Writes the row as it is now. done may be NULL. */
void rec_save(struct rec *rec, void (*done)(struct rec *rec, void *arg, enum at_err err), void *arg);
/* Copies the row; mime points into the recording. */
struct store_rec rec_row(const struct rec *rec);
/* Takes row and bytes off the disk, and it from memory. */
void rec_erase(struct rec *rec);

/* ---- note_tell.c: what clients hear ---- */

void rec_write(struct wire_out *w, const char *key, const struct rec *rec);
void rec_tell(const struct rec *rec); /* to all devices of the owner */
void rec_tell_device(const struct rec *rec, uint64_t device);
void rec_tell_ack(const struct rec *rec);
void rec_tell_listeners(const struct rec *rec);
/* {"rec":...} */
void rec_answer(const struct rec *rec, note_done_fn *done, void *arg);
void rec_ack_soon(struct rec *rec); /* once a turn of the loop */
bool rec_may_be_heard(const struct rec *rec, uint64_t user);
/* The callee hears that it is being left, or how it goes on. */
void rec_announce(struct rec *rec);
/* It is not being left any more: "sent", "discarded", "answered". Cuts the listeners. */
void rec_end_live(struct rec *rec, const char *how);
void note_write_live(struct wire_out *w, const char *key, const struct rec *rec, const char *state);

/* ---- note_state.c ---- */

/* It is not recorded any more; how: see rec_end_live. The caller saves. */
void rec_close(struct rec *rec, enum note_state state, const char *how);
void rec_to_draft(struct rec *rec, const char *how);
void rec_resume(struct rec *rec);
void note_on_device(void *arg, uint64_t user, uint64_t device, bool connected);
void note_on_answered(void *arg, const struct call_parties *parties);

/* ---- note_fragment.c ---- */

struct note_fragment {
	struct at_id rec;
	uint32_t seg, number, at_ms;
	const uint8_t *data;
	size_t len;
};
/* BAD_REQUEST */
AT_MUST enum at_err note_fragment_parse(const void *frame, size_t len, struct note_fragment *fragment_out);
struct at_bytes *note_fragment_frame(const struct at_id *rec, uint32_t seg, uint32_t number, uint32_t at_ms,
				     const void *data, size_t len);

/* ---- note_listen.c ---- */

/* A fragment is on disk: those who are up to it get it now. */
void rec_feed(struct rec *rec, uint32_t seg, uint32_t number, uint32_t at_ms, const struct at_bytes *data);
void rec_cut_listeners(struct rec *rec);
void rec_cut_device(struct rec *rec, uint64_t device);
size_t rec_listening(const struct rec *rec, size_t max, uint64_t *users_out); /* each once, the owner left out */

/* ---- note_ahead.c: the flat file, made while it is recorded ---- */

struct ahead {
	struct rec *rec;
	struct at_id blob;
	uint64_t job; /* 0 until remux has it */
	int64_t room_ms;
	uint32_t told_ms;
	struct at_timer *timer; /* once its end was told */
	int out_fd, segment_fd;
	unsigned pending;
	bool is_dropped;
	enum at_err err;
};
/* A fragment is on disk: begins, or goes on, if it is worth it. */
void rec_go_ahead(struct rec *rec);
void rec_drop_ahead(struct rec *rec);
/* Tells the job that this was the last; true: commit_was_ahead will be called. */
AT_MUST bool ahead_finish(struct rec *rec);
/* Whether it was the result of such a job. */
bool notes_ahead_result(struct notes *notes, const struct remux_result *result);
void notes_ahead_lost(struct notes *notes);

/* ---- note_commit.c, note_job.c: sending ---- */

struct commit_waiter {
	struct at_link link;
	note_done_fn *done;
	void *arg;
};

struct commit {
	struct at_link link; /* of notes->commits while remux has it */
	struct rec *rec;
	struct note_commit ask;
	struct at_list waiters;
	bool linked, sent, asked_again; /* linked: stands in notes->commits */
	bool is_flat;                   /* was made flat ahead */
	bool is_shadow;
	struct at_id blob, call;
	int out_fd, fds[REMUX_SEGMENTS_MAX];
	size_t fd_count;
	unsigned pending;
	uint64_t job;
	struct at_timer *timer;
	enum at_err err;
	struct remux_result result;
	/* For the store's thread. */
	struct store_rec row;
	struct store_blob blob_row;
};

void commit_ask_remux(struct commit *commit);
/* What was done ahead is here (blob, out_fd and result are set), or is of no use. */
void commit_was_ahead(struct commit *commit, bool is_flat);
/* What remux is to know of a recording. */
struct remux_job rec_job(const struct rec *rec, uint64_t number, size_t segments);
/* Remux has answered, or never will. */
void commit_remuxed(struct commit *commit, enum at_err err);
void commit_close_files(struct commit *commit);
void commit_fail(struct commit *commit, enum at_err err);
void commit_leave_queue(struct commit *commit);
/* The body of the note's entry; 0 when it does not fit. */
size_t commit_body(const struct commit *commit, struct at_buf *buf);

/* ---- note_load.c ---- */

AT_MUST enum at_err notes_load(struct notes *notes);

/* ---- note_open.c ---- */

enum at_err note_delete_rows(struct store_tx *tx, uint64_t conv, uint64_t seq, struct at_id *blob_out);
void note_on_deleted(void *arg, const struct at_id *blob);

#endif
