/* rec.commit, "Send": the recording is made flat, kept, and appended to the log with its rows in one transaction. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void answer_all(struct commit *commit, enum at_err err, uint64_t seq)
{
	char json[64];
	int len = snprintf(json, sizeof(json), "{\"conv\":%llu,\"seq\":%llu}", (unsigned long long)commit->rec->conv,
			   (unsigned long long)seq);
	AT_LIST_EACH(&commit->waiters, it) {
		struct commit_waiter *waiter = AT_ENTRY(it, struct commit_waiter, link);
		at_list_remove(it);
		waiter->done(waiter->arg, err, err ? NULL : json, err ? 0 : (size_t)len);
		at_free(waiter);
	}
}

static void commit_free(struct commit *commit)
{
	struct notes *notes = commit->rec->notes;
	commit_leave_queue(commit);
	commit_close_files(commit);
	rec_unref(commit->rec);
	at_free(commit);
	notes_end(notes);
}

void commit_fail(struct commit *commit, enum at_err err)
{
	struct rec *rec = commit->rec;
	at_log(AT_LOG_INFO, "note.not_sent", "error", at_err_name(err), NULL);
	rec->commit = NULL;
	if (!rec->is_dropped) {
		rec_close(rec, err == AT_ERR_UNREADABLE ? NOTE_UNREADABLE : NOTE_DRAFT, "discarded");
		rec_save(rec, NULL, NULL);
	}
	answer_all(commit, err, 0);
	commit_free(commit);
}

/* ---- into the log ---- */

static enum at_err add_rows(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	struct commit *commit = arg;
	commit->blob_row.seq = entry->seq;
	commit->blob_row.only_for = entry->only_for;
	commit->row.entry_seq = entry->seq;
	enum at_err err = store_blob_add(tx, &commit->blob_row);
	return err ? err : store_rec_put(tx, &commit->row);
}

static void sent(struct commit *commit, uint64_t seq)
{
	struct rec *rec = commit->rec;
	rec->commit = NULL;
	at_log(AT_LOG_INFO, "note.sent", "bytes", AT_INT(commit->result.bytes), "ms",
	       AT_INT(commit->result.duration_ms), NULL);
	rec_close(rec, NOTE_SENT, "sent");
	blob_spool_drop(rec->notes->blobs, &rec->id, NULL, NULL);
	answer_all(commit, AT_OK, seq);
	rec_forget(rec);
	commit_free(commit);
}

static void appended(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct commit *commit = arg;
	(void)ts;
	if (err || duplicate)
		blob_drop(commit->rec->notes->blobs, &commit->blob);
	/* Another note of this device has taken the cid: not this one's answer. */
	if (!err && duplicate)
		err = AT_ERR_CONFLICT;
	if (err)
		commit_fail(commit, err);
	else
		sent(commit, seq);
}

static void fill_rows(struct commit *commit)
{
	const struct rec *rec = commit->rec;
	commit->row = rec_row(rec);
	commit->row.state = NOTE_SENT;
	commit->row.cid = commit->ask.cid;
	commit->row.blob = commit->blob;
	commit->row.updated = at_wall_ms();
	commit->row.duration_ms = commit->result.duration_ms;
	/* The recording does not change while it is sent, so the store's thread may read its types where they are. */
	commit->blob_row = (struct store_blob){.id = commit->blob,
					       .conv = rec->conv,
					       .owner = rec->owner,
					       .bytes = commit->result.bytes,
					       .mime = commit->result.mime,
					       .created = commit->row.updated};
}

static void append(struct commit *commit)
{
	const struct rec *rec = commit->rec;
	struct at_buf body;
	at_buf_init(&body, NOTE_JSON_MAX);
	fill_rows(commit);
	size_t len = commit_body(commit, &body);
	AT_ASSERT(len > 0);
	struct chat_append entry = {.conv = rec->conv,
				    .author = rec->owner,
				    .device = commit->ask.device,
				    .cid = commit->ask.cid,
				    .kind = STORE_NOTE,
				    .call = commit->call,
				    .only_for = commit->is_shadow ? rec->owner : 0,
				    .badge = 1,
				    .body = (const char *)body.data,
				    .body_len = len,
				    .with = add_rows};
	chat_append(rec->notes->chat, &entry, appended, commit);
	at_buf_release(&body);
}

static void kept(void *arg, enum at_err err)
{
	struct commit *commit = arg;
	if (err)
		commit_fail(commit, err);
	else
		append(commit);
}

/* ---- making it flat ---- */

/* Most of what was said is missing: the sender would believe that it was sent. */
static bool is_mostly_lost(const struct commit *commit)
{
	return commit->result.duration_ms < commit->ask.duration_ms / 2 - 2000;
}

void commit_remuxed(struct commit *commit, enum at_err err)
{
	struct notes *notes = commit->rec->notes;
	if (!err && is_mostly_lost(commit))
		err = AT_ERR_UNREADABLE;
	if (!err && commit->result.duration_ms < notes->settings.note_min_ms)
		err = AT_ERR_TOO_SHORT;
	if (!err) {
		blob_keep(notes->blobs, &commit->blob, commit->out_fd, kept, commit);
		return;
	}
	blob_discard(notes->blobs, &commit->blob, commit->out_fd);
	commit_fail(commit, err);
}

static void files_ready(struct commit *commit)
{
	if (--commit->pending)
		return;
	if (!commit->err && commit->rec->notes->closing)
		commit->err = AT_ERR_CLOSED;
	if (!commit->err) {
		if (commit->is_flat)
			commit_remuxed(commit, AT_OK);
		else
			commit_ask_remux(commit);
		return;
	}
	if (commit->out_fd >= 0)
		blob_discard(commit->rec->notes->blobs, &commit->blob, commit->out_fd);
	commit_close_files(commit);
	commit_fail(commit, commit->err == AT_ERR_NOT_FOUND ? AT_ERR_UNREADABLE : commit->err);
}

static void on_temp(void *arg, enum at_err err, int fd)
{
	struct commit *commit = arg;
	commit->out_fd = fd;
	commit->err = commit->err ? commit->err : err;
	files_ready(commit);
}

static void on_spool(void *arg, enum at_err err, const int *fds, size_t n)
{
	struct commit *commit = arg;
	for (size_t i = 0; i < n; i++)
		commit->fds[commit->fd_count++] = fds[i];
	commit->err = commit->err ? commit->err : err;
	files_ready(commit);
}

/* A call that was answered meanwhile, or has its note: this one stands alone. */
static void on_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	struct commit *commit = arg;
	if (!err && facts->may_leave)
		commit->call = commit->rec->call;
	commit->is_shadow = !err && facts->shadow;
	files_ready(commit);
}

static void make_whole(struct commit *commit)
{
	struct notes *notes = commit->rec->notes;
	at_rand(&commit->blob, sizeof(commit->blob));
	commit->pending += 2;
	blob_spool_open(notes->blobs, &commit->rec->id, on_spool, commit);
	blob_temp(notes->blobs, &commit->blob, on_temp, commit);
}

void commit_was_ahead(struct commit *commit, bool is_flat)
{
	commit->is_flat = is_flat;
	if (!is_flat)
		make_whole(commit);
	files_ready(commit);
}

static void begin(struct commit *commit)
{
	struct rec *rec = commit->rec;
	bool has_call = !at_id_is_zero(&rec->call);
	rec->commit = commit;
	rec->state = NOTE_SENDING;
	at_timer_stop(rec->timer);
	rec_tell(rec);
	commit->pending = has_call;
	if (ahead_finish(rec))
		commit->pending++;
	else
		make_whole(commit);
	if (has_call)
		rec_facts(rec, on_facts, commit);
}

/* ---- the command ---- */

static void refuse(struct commit *commit, enum at_err err)
{
	answer_all(commit, err, 0);
	commit_free(commit);
}

static void join(struct commit *to, struct commit *commit)
{
	AT_LIST_EACH(&commit->waiters, it) {
		at_list_remove(it);
		at_list_push(&to->waiters, it);
	}
	commit_free(commit);
}

static void on_idle(struct rec *rec, void *arg)
{
	struct commit *commit = arg;
	if (rec->is_dropped || rec->state == NOTE_DISCARDED)
		refuse(commit, AT_ERR_GONE);
	else if (rec->state == NOTE_SENDING)
		join(rec->commit, commit);
	else if (rec->state == NOTE_UNREADABLE)
		refuse(commit, AT_ERR_UNREADABLE);
	else if (rec->next != commit->ask.fragments)
		refuse(commit, AT_ERR_CONFLICT);
	else if (!rec->next)
		refuse(commit, AT_ERR_TOO_SHORT);
	else
		begin(commit);
}

static void ask_again(struct notes *notes, const struct note_commit *ask, note_done_fn *done, void *arg);

void note_rec_commit(struct notes *notes, const struct note_commit *ask, note_done_fn *done, void *arg)
{
	struct rec *rec = rec_of(notes, &ask->rec, ask->user);
	if (!rec) {
		ask_again(notes, ask, done, arg);
		return;
	}
	struct commit *commit = at_alloc(sizeof(*commit));
	struct commit_waiter *waiter = at_alloc(sizeof(*waiter));
	*commit = (struct commit){.rec = rec_ref(rec), .ask = *ask, .out_fd = -1};
	*waiter = (struct commit_waiter){.done = done, .arg = arg};
	at_list_init(&commit->waiters);
	at_list_push(&commit->waiters, &waiter->link);
	notes_begin(notes);
	rec_when_idle(rec, on_idle, commit);
}

/* ---- one that was sent before: the answer was lost ---- */

struct lookup {
	struct notes *notes;
	struct note_commit ask;
	struct store_rec row;
	note_done_fn *done;
	void *arg;
};

static enum at_err lookup_job(struct store_tx *tx, void *msg)
{
	struct lookup *lookup = msg;
	enum at_err err = store_rec_get(tx, &lookup->ask.rec, &lookup->row);
	lookup->row.mime = NULL;
	return err;
}

static void lookup_done(void *msg, enum at_err err)
{
	struct lookup *lookup = msg;
	struct notes *notes = lookup->notes;
	char json[64];
	if (!err && (lookup->row.owner != lookup->ask.user || !lookup->row.entry_seq))
		err = AT_ERR_NOT_FOUND;
	int len = snprintf(json, sizeof(json), "{\"conv\":%llu,\"seq\":%llu}", (unsigned long long)lookup->row.conv,
			   (unsigned long long)lookup->row.entry_seq);
	lookup->done(lookup->arg, err, err ? NULL : json, err ? 0 : (size_t)len);
	at_free(lookup);
	notes_end(notes);
}

static void ask_again(struct notes *notes, const struct note_commit *ask, note_done_fn *done, void *arg)
{
	struct lookup *lookup = at_alloc(sizeof(*lookup));
	*lookup = (struct lookup){.notes = notes, .ask = *ask, .done = done, .arg = arg};
	notes_begin(notes);
	store_read(notes->store, lookup_job, lookup_done, lookup);
}
