/* The flat file of a recording is made ahead, while it is being spoken: at Send only its end and its index are left, however long it is.
 * It is never more than a head start: whatever goes wrong with it, the whole is made flat at Send as if it had not been. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "note/note_priv.h"

#include <unistd.h>

enum {
	FROM_MS = 2000, /* what is shorter is soon made flat */
	/* the index gets room for so many times what was recorded when the job began; then another begins */
	TIMES = 3,
	TELL_MS = 1000,     /* the job is told what is on disk this often */
	CLOSE_TO_MS = 1000, /* the end of the room */
};

static void ahead_free(struct ahead *ahead)
{
	struct notes *notes = ahead->rec->notes;
	at_timer_free(&ahead->timer);
	if (ahead->segment_fd >= 0)
		close(ahead->segment_fd);
	if (ahead->out_fd >= 0)
		blob_discard(notes->blobs, &ahead->blob, ahead->out_fd);
	rec_unref(ahead->rec);
	at_free(ahead);
	notes_end(notes);
}

/* ---- to the job ---- */

static enum at_err tell(const struct ahead *ahead, enum remux_more_what what)
{
	struct remux_more more = {ahead->job, what, ahead->rec->bytes};
	uint8_t body[REMUX_MORE_LEN];
	if (!ahead->rec->notes->remux)
		return AT_ERR_UNAVAILABLE;
	remux_more_put(&more, body);
	return ipc_send(ahead->rec->notes->remux, IPC_REMUX_MORE, body, sizeof(body), NULL, 0);
}

static enum at_err send_job(struct ahead *ahead)
{
	struct rec *rec = ahead->rec;
	struct remux_job job = rec_job(rec, ++rec->notes->last_job, 1);
	int fds[2] = {ahead->out_fd, ahead->segment_fd};
	uint8_t body[REMUX_JOB_LEN];
	if (!rec->notes->remux)
		return AT_ERR_UNAVAILABLE;
	ahead->job = job.number;
	job.room_ms = ahead->room_ms;
	job.known_bytes = rec->bytes;
	remux_job_put(&job, body);
	return ipc_send(rec->notes->remux, IPC_REMUX_JOB, body, sizeof(body), fds, 2);
}

/* Off: not for this recording any more. */
static void give_up(struct rec *rec, bool off)
{
	struct ahead *ahead = rec->ahead;
	rec->ahead = NULL;
	rec->is_ahead_off = rec->is_ahead_off || off;
	if (ahead->pending)
		ahead->is_dropped = true; /* the last callback frees it */
	else
		ahead_free(ahead);
}

void rec_drop_ahead(struct rec *rec)
{
	if (!rec->ahead)
		return;
	/* Lost with a channel that has gone, as the job is. */
	if (rec->ahead->job && tell(rec->ahead, REMUX_DROP))
		at_log(AT_LOG_DEBUG, "note.ahead_drop", NULL);
	give_up(rec, false);
}

/* ---- beginning ---- */

static void files_ready(struct ahead *ahead, enum at_err err)
{
	struct rec *rec = ahead->rec;
	ahead->err = ahead->err ? ahead->err : err;
	if (--ahead->pending)
		return;
	if (ahead->is_dropped) {
		ahead_free(ahead);
		return;
	}
	if (!ahead->err)
		ahead->err = send_job(ahead);
	if (ahead->segment_fd >= 0)
		close(ahead->segment_fd);
	ahead->segment_fd = -1;
	if (ahead->err)
		give_up(rec, true);
}

static void on_temp(void *arg, enum at_err err, int fd)
{
	struct ahead *ahead = arg;
	ahead->out_fd = fd;
	files_ready(ahead, err);
}

static void on_spool(void *arg, enum at_err err, const int *fds, size_t n)
{
	struct ahead *ahead = arg;
	for (size_t i = 0; i < n; i++)
		if (i)
			close(fds[i]);
		else
			ahead->segment_fd = fds[0];
	files_ready(ahead, !err && n != 1 ? AT_ERR_CONFLICT : err);
}

static void begin(struct rec *rec)
{
	struct ahead *ahead = at_alloc(sizeof(*ahead));
	int64_t room_ms = (int64_t)rec->ms * TIMES;
	*ahead = (struct ahead){.rec = rec_ref(rec),
				.room_ms = room_ms < rec_max_ms(rec) ? room_ms : rec_max_ms(rec),
				.told_ms = rec->ms,
				.out_fd = -1,
				.segment_fd = -1,
				.pending = 2};
	at_rand(&ahead->blob, sizeof(ahead->blob));
	rec->ahead = ahead;
	notes_begin(rec->notes);
	blob_spool_open(rec->notes->blobs, &rec->id, on_spool, ahead);
	blob_temp(rec->notes->blobs, &ahead->blob, on_temp, ahead);
}

void rec_go_ahead(struct rec *rec)
{
	struct ahead *ahead = rec->ahead;
	if (!rec_is_open(rec) || rec->segments != 1 || rec->is_ahead_off || !rec->notes->remux || rec->ms < FROM_MS)
		return;
	if (ahead && rec->ms + CLOSE_TO_MS > ahead->room_ms && ahead->room_ms < rec_max_ms(rec)) {
		rec_drop_ahead(rec);
		ahead = NULL;
	}
	if (!ahead) {
		begin(rec);
	} else if (ahead->job && rec->ms >= ahead->told_ms + TELL_MS) {
		ahead->told_ms = rec->ms;
		/* One that is lost is made up for by the next. */
		if (tell(ahead, REMUX_MORE))
			at_log(AT_LOG_DEBUG, "note.ahead_tell", NULL);
	}
}

/* ---- the end ---- */

static void on_timer(void *arg)
{
	struct rec *rec = ((struct ahead *)arg)->rec;
	struct commit *commit = rec->commit;
	at_log(AT_LOG_WARN, "note.ahead_timeout", NULL);
	rec_drop_ahead(rec);
	commit_was_ahead(commit, false);
}

bool ahead_finish(struct rec *rec)
{
	struct ahead *ahead = rec->ahead;
	if (!ahead)
		return false;
	if (!ahead->job || tell(ahead, REMUX_LAST)) {
		rec_drop_ahead(rec);
		return false;
	}
	ahead->timer = at_timer_new(rec->notes->loop, on_timer, ahead);
	at_timer_start(ahead->timer, NOTE_AHEAD_MS, 0);
	return true;
}

static struct rec *find_rec(const struct notes *notes, uint64_t job)
{
	AT_LIST_EACH(&notes->recs, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, link);
		if (rec->ahead && rec->ahead->job == job)
			return rec;
	}
	return NULL;
}

static void ended(struct rec *rec, const struct remux_result *result)
{
	struct ahead *ahead = rec->ahead;
	struct commit *commit = rec->commit;
	/* Before its end was told, whatever it says is not a file. */
	enum at_err err = commit ? result->err : result->err ? result->err : AT_ERR_INTERNAL;
	if (err)
		at_log(AT_LOG_INFO, "note.ahead_failed", "error", at_err_name(err), NULL);
	if (!err) {
		commit->blob = ahead->blob;
		commit->out_fd = ahead->out_fd;
		commit->result = *result;
		ahead->out_fd = -1;
	}
	give_up(rec, err != AT_OK);
	if (commit)
		commit_was_ahead(commit, err == AT_OK);
}

bool notes_ahead_result(struct notes *notes, const struct remux_result *result)
{
	struct rec *rec = result->number ? find_rec(notes, result->number) : NULL;
	if (rec)
		ended(rec, result);
	return rec != NULL;
}

/* Its jobs died with remux. Those that were to be sent are made flat as a whole; the others begin anew with their next fragment. */
void notes_ahead_lost(struct notes *notes)
{
	AT_LIST_EACH(&notes->recs, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, link);
		struct commit *commit = rec->commit;
		if (!rec->ahead || !rec->ahead->job)
			continue;
		give_up(rec, false);
		if (commit)
			commit_was_ahead(commit, false);
	}
}
