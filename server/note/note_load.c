/* At start: what was being recorded is a draft now; bytes that belong to nothing go. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <string.h>

struct load {
	struct notes *notes;
	struct at_map *blobs; /* ids that have a row */
};

static enum at_err load_rec(void *arg, const void *row)
{
	struct load *load = arg;
	const struct store_rec *from = row;
	struct rec *rec = rec_new(load->notes, &from->id);
	rec->owner = from->owner;
	rec->device = from->device;
	rec->conv = from->conv;
	rec->call = from->call;
	rec->video = from->video;
	rec->state = (enum note_state)from->state;
	rec->segments = from->segments ? from->segments : 1;
	rec->seg = rec->segments - 1;
	rec->mimes = at_strdup(from->mime);
	rec->created = from->created;
	rec->updated = from->updated;
	rec->callee = chat_peer(load->notes->chat, rec->conv, rec->owner);
	rec->is_started = true;
	return AT_OK;
}

static enum at_err load_blob(void *arg, const void *row)
{
	struct load *load = arg;
	const struct store_blob *blob = row;
	(void)at_map_put(load->blobs, blob->id.b, sizeof(blob->id.b), load);
	return AT_OK;
}

static enum at_err load_job(struct store_tx *tx, void *msg)
{
	struct load *load = msg;
	enum at_err err = store_each_rec(tx, load_rec, load);
	return err ? err : store_each_blob(tx, load_blob, load);
}

static void drop_spool(void *arg, const struct at_id *id)
{
	struct notes *notes = arg;
	if (rec_find(notes, id))
		return;
	at_log(AT_LOG_INFO, "note.stray_spool", NULL);
	blob_spool_drop(notes->blobs, id, NULL, NULL);
}

static void drop_file(void *arg, const struct at_id *id)
{
	struct load *load = arg;
	if (at_map_get(load->blobs, id->b, sizeof(id->b)))
		return;
	at_log(AT_LOG_INFO, "note.stray_file", NULL);
	blob_drop(load->notes->blobs, id);
}

static enum at_err recover(struct rec *rec)
{
	struct blob_spool_info info;
	enum at_err err = blob_spool_recover(rec->notes->blobs, &rec->id, &info);
	if (err)
		return err;
	rec_make_timers(rec);
	rec->next = rec->queued = info.next;
	rec->bytes = rec->queued_bytes = info.bytes;
	rec->ms = rec->queued_ms = info.ms;
	if (rec->state != NOTE_UNREADABLE && rec->state != NOTE_DISCARDED)
		rec->state = NOTE_DRAFT;
	/* Nothing was kept of it, or it was not wanted any more. */
	if (rec->state == NOTE_DISCARDED || !info.next)
		rec_erase(rec);
	return AT_OK;
}

enum at_err notes_load(struct notes *notes)
{
	struct load load = {.notes = notes, .blobs = at_map_new()};
	enum at_err err = store_run_now(notes->store, load_job, &load);
	AT_LIST_EACH(&notes->recs, it)
		if (!err)
			err = recover(AT_ENTRY(it, struct rec, link));
	if (!err) {
		blob_each_spool(notes->blobs, drop_spool, notes);
		blob_each_file(notes->blobs, drop_file, &load);
	}
	at_map_free(&load.blobs);
	return err;
}
