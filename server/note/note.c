#include "note/note.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

/* Acknowledgements of one turn of the loop go out together. */
static void send_acks(void *arg)
{
	struct notes *notes = arg;
	AT_LIST_EACH(&notes->acks, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, ack_link);
		at_list_remove(it);
		rec->ack_link = (struct at_link){0};
		rec_tell_ack(rec);
	}
}

/* Drafts that nobody wanted for long. */
static void tidy(void *arg)
{
	struct notes *notes = arg;
	int64_t now = at_wall_ms();
	AT_LIST_EACH(&notes->recs, it) {
		struct rec *rec = AT_ENTRY(it, struct rec, link);
		bool waits = rec->state == NOTE_DRAFT || rec->state == NOTE_UNREADABLE;
		if (!waits || now - rec->updated < notes->settings.draft_ms)
			continue;
		at_log(AT_LOG_INFO, "note.draft_expired", NULL);
		rec->state = NOTE_DISCARDED;
		rec_tell(rec);
		rec_erase(rec);
	}
}

enum at_err notes_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
		      struct calls *calls, struct blobs *blobs, const struct note_settings *settings,
		      struct notes **notes_out)
{
	struct notes *notes = at_alloc(sizeof(*notes));
	*notes = (struct notes){.loop = loop,
				.store = store,
				.hub = hub,
				.chat = chat,
				.calls = calls,
				.blobs = blobs,
				.settings = *settings,
				.by_id = at_map_new()};
	at_list_init(&notes->recs);
	at_list_init(&notes->acks);
	at_list_init(&notes->commits);
	notes->ack_timer = at_timer_new(loop, send_acks, notes);
	notes->tidy_timer = at_timer_new(loop, tidy, notes);
	*notes_out = notes;
	enum at_err err = notes_load(notes);
	if (err) {
		notes_free(notes_out);
		return err;
	}
	at_timer_start(notes->tidy_timer, NOTE_TIDY_MS, NOTE_TIDY_MS);
	struct chat_hooks chat_hooks = {.arg = notes, .delete_note = note_delete_rows, .note_deleted = note_on_deleted};
	chat_set_hooks(chat, &chat_hooks);
	struct call_hooks call_hooks = {.arg = notes, .answered = note_on_answered};
	calls_add_hooks(calls, &call_hooks);
	hub_on_device(hub, note_on_device, notes);
	return AT_OK;
}

/* What remux has is given up: those recordings are drafts at the next start. */
static void give_up_jobs(struct notes *notes)
{
	AT_LIST_EACH(&notes->commits, it) {
		struct commit *commit = AT_ENTRY(it, struct commit, link);
		commit_leave_queue(commit);
		commit_remuxed(commit, AT_ERR_CLOSED);
	}
}

void notes_also_for(struct notes *notes, note_facts_fn *fn, void *arg)
{
	notes->also_for = fn;
	notes->also_for_arg = arg;
}

void notes_free(struct notes **notes)
{
	struct notes *n = *notes;
	*notes = NULL;
	if (!n)
		return;
	n->closing = true;
	chat_set_hooks(n->chat, &(struct chat_hooks){0});
	calls_drop_hooks(n->calls, n);
	ipc_chan_free(&n->remux);
	notes_ahead_lost(n);
	give_up_jobs(n);
	while (n->under_way) {
		blobs_drain(n->blobs);
		store_drain(n->store);
		at_loop_step(n->loop, n->under_way ? 1 : 0);
	}
	AT_LIST_EACH(&n->recs, it)
		rec_forget(AT_ENTRY(it, struct rec, link));
	at_timer_free(&n->ack_timer);
	at_timer_free(&n->tidy_timer);
	at_map_free(&n->by_id);
	at_free(n);
}

void notes_write(const struct notes *notes, struct wire_out *w, uint64_t user)
{
	wire_arr(w, "recs");
	AT_LIST_EACH(&notes->recs, it) {
		const struct rec *rec = AT_ENTRY(it, struct rec, link);
		if (rec->owner == user && rec->is_started && rec->state != NOTE_DISCARDED)
			rec_write(w, NULL, rec);
	}
	wire_arr_end(w);
	wire_arr(w, "live");
	AT_LIST_EACH(&notes->recs, it) {
		const struct rec *rec = AT_ENTRY(it, struct rec, link);
		if (rec->owner != user && rec->is_announced && rec_may_be_heard(rec, user))
			note_write_live(w, NULL, rec, NULL);
	}
	wire_arr_end(w);
}
