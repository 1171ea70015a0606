#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "note/note_priv.h"

/* While it is recorded for a call, the callee may still pick up. */
static void tell_call(struct rec *rec, bool on)
{
	if (!at_id_is_zero(&rec->call) && !rec->is_call_over)
		call_note_being_left(rec->notes->calls, &rec->call, on);
}

void rec_close(struct rec *rec, enum note_state state, const char *how)
{
	tell_call(rec, false);
	rec->state = state;
	rec->updated = at_wall_ms();
	at_timer_stop(rec->timer);
	rec_drop_ahead(rec);
	rec_end_live(rec, how);
	rec_tell(rec);
}

void rec_to_draft(struct rec *rec, const char *how)
{
	rec_close(rec, NOTE_DRAFT, how);
	rec_save(rec, NULL, NULL);
}

void rec_resume(struct rec *rec)
{
	rec->state = NOTE_RECORDING;
	rec->updated = at_wall_ms();
	at_timer_stop(rec->timer);
	tell_call(rec, true);
	rec_announce(rec);
	rec_tell(rec);
}

void note_rec_state(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *id, bool paused,
		    uint32_t ms, note_done_fn *done, void *arg)
{
	struct rec *rec = rec_of(notes, id, user);
	(void)ms;
	if (!rec) {
		done(arg, AT_ERR_NOT_FOUND, NULL, 0);
		return;
	}
	if (!rec_is_open(rec) || rec->device != device) {
		done(arg, AT_ERR_CONFLICT, NULL, 0);
		return;
	}
	rec->state = paused ? NOTE_PAUSED : NOTE_RECORDING;
	at_timer_stop(rec->timer);
	rec_announce(rec);
	rec_tell(rec);
	done(arg, AT_OK, "{}", 2);
}

void note_on_device(void *arg, uint64_t user, uint64_t device, bool connected)
{
	struct notes *notes = arg;
	if (connected)
		return;
	AT_LIST_EACH(&notes->recs, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, link);
		/* The socket may be a new one by now; then the recording goes on when the device says so. */
		if (rec->owner == user && rec->device == device && rec_is_open(rec))
			at_timer_start(rec->timer, NOTE_GRACE_MS, 0);
		rec_cut_device(rec, device);
	}
}

/* Calls tell this when the answer is on disk; what was said so far stays with the one who said it. */
void note_on_answered(void *arg, const struct call_parties *parties)
{
	struct notes *notes = arg;
	AT_LIST_EACH(&notes->recs, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, link);
		if (rec->conv != parties->conv || rec->owner != parties->caller || !at_id_eq(&rec->call, &parties->id))
			continue;
		rec->is_call_over = true;
		rec->is_stopped = true;
		if (rec_is_open(rec))
			rec_to_draft(rec, "answered");
	}
}
