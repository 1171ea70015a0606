#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <string.h>

void notes_begin(struct notes *notes)
{
	notes->under_way++;
}

void notes_end(struct notes *notes)
{
	AT_ASSERT(notes->under_way > 0);
	notes->under_way--;
}

struct rec *rec_new(struct notes *notes, const struct at_id *id)
{
	struct rec *rec = at_alloc(sizeof(*rec));
	rec->notes = notes;
	rec->refs = 1;
	rec->id = *id;
	rec->created = rec->updated = at_wall_ms();
	rec->segments = 1;
	at_list_init(&rec->waiters);
	at_list_init(&rec->listeners);
	at_list_push(&notes->recs, &rec->link);
	AT_ASSERT(!at_map_put(notes->by_id, id->b, sizeof(id->b), rec));
	return rec;
}

struct rec *rec_ref(struct rec *rec)
{
	rec->refs++;
	return rec;
}

void rec_unref(struct rec *rec)
{
	if (--rec->refs)
		return;
	AT_ASSERT(rec->is_dropped && at_list_empty(&rec->waiters) && at_list_empty(&rec->listeners));
	at_free(rec->mimes);
	at_free(rec);
}

struct rec *rec_find(const struct notes *notes, const struct at_id *id)
{
	return at_map_get(notes->by_id, id->b, sizeof(id->b));
}

struct rec *rec_of(const struct notes *notes, const struct at_id *id, uint64_t user)
{
	struct rec *rec = rec_find(notes, id);
	return rec && rec->owner == user ? rec : NULL;
}

void rec_forget(struct rec *rec)
{
	if (rec->is_dropped)
		return;
	rec->is_dropped = true;
	(void)at_map_del(rec->notes->by_id, rec->id.b, sizeof(rec->id.b));
	at_list_remove(&rec->link);
	at_list_remove(&rec->ack_link);
	rec->ack_link = (struct at_link){0};
	at_timer_free(&rec->timer);
	at_timer_free(&rec->retry_timer);
	rec_drop_ahead(rec);
	rec_cut_listeners(rec);
	rec_check_idle(rec);
	rec_unref(rec);
}

int64_t rec_max_ms(const struct rec *rec)
{
	const struct note_settings *s = &rec->notes->settings;
	return (rec->video ? s->video_max_ms : s->voice_max_ms) + NOTE_LAST_MS;
}

uint64_t rec_max_bytes(const struct rec *rec)
{
	const struct note_settings *s = &rec->notes->settings;
	return rec->video ? s->video_max_bytes : s->voice_max_bytes;
}

bool rec_is_open(const struct rec *rec)
{
	return rec->state == NOTE_RECORDING || rec->state == NOTE_PAUSED;
}

/* ---- waiting for the disk ---- */

struct waiter {
	struct at_link link;
	rec_idle_fn *fn;
	void *arg;
};

static bool is_idle(const struct rec *rec)
{
	return rec->is_dropped || (rec->is_started && rec->next == rec->queued);
}

void rec_check_idle(struct rec *rec)
{
	rec_ref(rec);
	while (is_idle(rec) && !at_list_empty(&rec->waiters)) {
		struct waiter *waiter = AT_ENTRY(at_list_first(&rec->waiters), struct waiter, link);
		at_list_remove(&waiter->link);
		waiter->fn(rec, waiter->arg);
		at_free(waiter);
	}
	rec_unref(rec);
}

void rec_when_idle(struct rec *rec, rec_idle_fn *fn, void *arg)
{
	struct waiter *waiter = at_alloc(sizeof(*waiter));
	*waiter = (struct waiter){.fn = fn, .arg = arg};
	at_list_push(&rec->waiters, &waiter->link);
	rec_check_idle(rec);
}

/* ---- its row ---- */

struct store_rec rec_row(const struct rec *rec)
{
	return (struct store_rec){.id = rec->id,
				  .owner = rec->owner,
				  .device = rec->device,
				  .conv = rec->conv,
				  .cid = rec->cid,
				  .call = rec->call,
				  .video = rec->video,
				  .state = (uint8_t)rec->state,
				  .mime = rec->mimes ? rec->mimes : "",
				  .segments = rec->segments,
				  .created = rec->created,
				  .updated = rec->updated,
				  .duration_ms = rec->ms};
}

struct save {
	struct rec *rec;
	struct store_rec row;
	char *mimes;
	void (*done)(struct rec *rec, void *arg, enum at_err err);
	void *arg;
};

static enum at_err save_job(struct store_tx *tx, void *msg)
{
	struct save *save = msg;
	return store_rec_put(tx, &save->row);
}

static void save_done(void *msg, enum at_err err)
{
	struct save *save = msg;
	struct notes *notes = save->rec->notes;
	if (save->done)
		save->done(save->rec, save->arg, err);
	else if (err)
		at_log(AT_LOG_WARN, "note.save", "error", at_err_name(err), NULL);
	rec_unref(save->rec);
	at_free(save->mimes);
	at_free(save);
	notes_end(notes);
}

void rec_save(struct rec *rec, void (*done)(struct rec *rec, void *arg, enum at_err err), void *arg)
{
	struct save *save = at_alloc(sizeof(*save));
	*save = (struct save){.rec = rec_ref(rec),
			      .row = rec_row(rec),
			      .mimes = at_strdup(rec->mimes),
			      .done = done,
			      .arg = arg};
	save->row.mime = save->mimes ? save->mimes : "";
	notes_begin(rec->notes);
	store_write(rec->notes->store, save_job, save_done, save, STORE_PLAIN);
}

static enum at_err erase_job(struct store_tx *tx, void *msg)
{
	const struct save *save = msg;
	return store_rec_del(tx, &save->row.id);
}

static void erase_done(void *msg, enum at_err err)
{
	struct save *save = msg;
	struct notes *notes = save->rec->notes;
	if (err && err != AT_ERR_NOT_FOUND)
		at_log(AT_LOG_WARN, "note.erase", "error", at_err_name(err), NULL);
	rec_unref(save->rec);
	at_free(save);
	notes_end(notes);
}

/* Row and bytes are both queued at once: its client may start it again under the same id a moment later, and what comes then must be
 * behind both. If only one of them happens before a crash, the next start removes the other: bytes without a row, a draft without bytes. */
void rec_erase(struct rec *rec)
{
	struct save *save = at_alloc(sizeof(*save));
	*save = (struct save){.rec = rec_ref(rec), .row = {.id = rec->id}};
	notes_begin(rec->notes);
	store_write(rec->notes->store, erase_job, erase_done, save, STORE_PLAIN);
	blob_spool_drop(rec->notes->blobs, &rec->id, NULL, NULL);
	rec_forget(rec);
}
