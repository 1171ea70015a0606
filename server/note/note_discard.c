/* rec.discard and rec.undo: listeners hear it at once, the bytes stay for a while. */
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

struct change {
	uint64_t device;
	note_done_fn *done;
	void *arg;
};

static struct change *change_new(struct notes *notes, uint64_t device, note_done_fn *done, void *arg)
{
	struct change *change = at_alloc(sizeof(*change));
	*change = (struct change){device, done, arg};
	notes_begin(notes);
	return change;
}

static void change_end(struct notes *notes, struct change *change, enum at_err err)
{
	change->done(change->arg, err, err ? NULL : "{}", err ? 0 : 2);
	at_free(change);
	notes_end(notes);
}

static void discarded(struct rec *rec, void *arg, enum at_err err)
{
	change_end(rec->notes, arg, err);
}

static void discard_idle(struct rec *rec, void *arg)
{
	if (rec->is_dropped || rec->state == NOTE_DISCARDED) {
		change_end(rec->notes, arg, AT_OK);
		return;
	}
	if (rec->state == NOTE_SENDING) {
		change_end(rec->notes, arg, AT_ERR_CONFLICT);
		return;
	}
	rec_close(rec, NOTE_DISCARDED, "discarded");
	rec->is_stopped = true;
	at_timer_start(rec->timer, rec->notes->settings.undo_ms, 0);
	rec_save(rec, discarded, arg);
}

void note_rec_discard(struct notes *notes, uint64_t user, const struct at_id *id, note_done_fn *done, void *arg)
{
	struct rec *rec = rec_of(notes, id, user);
	if (!rec) {
		done(arg, AT_ERR_NOT_FOUND, NULL, 0);
		return;
	}
	rec_when_idle(rec, discard_idle, change_new(notes, 0, done, arg));
}

static void undone(struct rec *rec, void *arg, enum at_err err)
{
	struct change *change = arg;
	struct notes *notes = rec->notes;
	if (err || rec->is_dropped)
		change->done(change->arg, err ? err : AT_ERR_GONE, NULL, 0);
	else
		rec_answer(rec, change->done, change->arg);
	at_free(change);
	notes_end(notes);
}

void note_rec_undo(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *id, note_done_fn *done,
		   void *arg)
{
	struct rec *rec = rec_of(notes, id, user);
	enum at_err err = rec ? AT_OK : AT_ERR_NOT_FOUND;
	if (rec && rec->state != NOTE_DISCARDED && rec->state != NOTE_DRAFT)
		err = AT_ERR_CONFLICT;
	if (err) {
		done(arg, err, NULL, 0);
		return;
	}
	rec->state = NOTE_DRAFT;
	rec->updated = at_wall_ms();
	at_timer_stop(rec->timer);
	rec_tell(rec);
	rec_save(rec, undone, change_new(notes, device, done, arg));
}
