/* rec.start: a new recording, the same one after a lost connection, or one more segment of a draft. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <stdio.h>
#include <string.h>

struct start {
	struct rec *rec;
	struct note_start ask;
	char mime[NOTE_MIME_MAX + 1];
	note_done_fn *done;
	void *arg;
};

static void start_end(struct start *start, enum at_err err)
{
	struct notes *notes = start->rec->notes;
	if (err)
		start->done(start->arg, err, NULL, 0);
	else
		rec_answer(start->rec, start->done, start->arg);
	rec_unref(start->rec);
	at_free(start);
	notes_end(notes);
}

static struct start *start_new(struct rec *rec, const struct note_start *ask, note_done_fn *done, void *arg)
{
	struct start *start = at_alloc(sizeof(*start));
	*start = (struct start){.rec = rec_ref(rec), .ask = *ask, .done = done, .arg = arg};
	snprintf(start->mime, sizeof(start->mime), "%s", ask->mime);
	start->ask.mime = start->mime;
	notes_begin(rec->notes);
	return start;
}

/* The first bytes decide what it is; this only keeps out what cannot be meant. */
static enum at_err check_mime(const struct note_start *ask)
{
	static const char *const types[2][4] = {{"audio/webm", "audio/mp4", "audio/ogg"},
						{"video/webm", "video/mp4", "video/x-matroska"}};
	size_t len = strlen(ask->mime);
	if (len < 1 || len > NOTE_MIME_MAX)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < len; i++)
		if (ask->mime[i] < 0x20 || ask->mime[i] > 0x7e)
			return AT_ERR_BAD_REQUEST;
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(types[ask->video][i]);
		if (!strncmp(ask->mime, types[ask->video][i], n) &&
		    (len == n || ask->mime[n] == ';' || ask->mime[n] == ' '))
			return AT_OK;
	}
	return AT_ERR_UNSUPPORTED;
}

/* ---- what its call says ---- */

struct facts {
	struct notes *notes;
	struct at_id call;
	uint64_t conv, user;
	call_facts_fn *done;
	void *arg;
};

/* No call of that name: maybe a room. */
static void on_call_facts(void *arg, enum at_err err, const struct call_note_facts *found)
{
	struct facts *facts = arg;
	const struct notes *notes = facts->notes;
	if (err == AT_ERR_NOT_FOUND && notes->also_for)
		notes->also_for(notes->also_for_arg, &facts->call, facts->conv, facts->user, facts->done, facts->arg);
	else
		facts->done(facts->arg, err, found);
	at_free(facts);
}

void rec_facts(const struct rec *rec, call_facts_fn *done, void *arg)
{
	struct facts *facts = at_alloc(sizeof(*facts));
	*facts = (struct facts){rec->notes, rec->call, rec->conv, rec->owner, done, arg};
	call_note_facts(rec->notes->calls, &rec->call, rec->conv, rec->owner, on_call_facts, facts);
}

/* Sets what is known of the call. A recording for a call that is over is refused when it is new, and stands alone when it is not. */
static enum at_err take_facts(struct rec *rec, enum at_err err, const struct call_note_facts *facts, bool is_new)
{
	if (err)
		return is_new ? err : AT_OK;
	rec->is_shadow = facts->shadow;
	rec->callee = facts->callee;
	rec->is_call_over = !facts->may_leave;
	return is_new && !facts->may_leave ? AT_ERR_GONE : AT_OK;
}

/* ---- a new one ---- */

static enum at_err insert_job(struct store_tx *tx, void *msg)
{
	struct start *start = msg;
	struct store_rec old;
	enum at_err err = store_rec_get(tx, &start->rec->id, &old);
	if (!err && old.owner != start->ask.user)
		return AT_ERR_NOT_FOUND;
	if (!err && old.entry_seq > 0)
		return AT_ERR_GONE; /* it was sent */
	if (err && err != AT_ERR_NOT_FOUND)
		return err;
	/* Not sent, and not known here either: it was to be erased, and the disk was full. */
	struct store_rec row = {.id = start->rec->id,
				.owner = start->ask.user,
				.device = start->ask.device,
				.conv = start->ask.conv,
				.call = start->ask.call,
				.video = start->ask.video,
				.state = NOTE_RECORDING,
				.mime = start->mime,
				.segments = 1,
				.created = start->rec->created,
				.updated = start->rec->created};
	return store_rec_put(tx, &row);
}

static void new_failed(struct start *start, enum at_err err)
{
	struct rec *rec = start->rec;
	if (rec->queued)
		blob_spool_drop(rec->notes->blobs, &rec->id, NULL, NULL);
	rec_forget(rec);
	start_end(start, err);
}

static void inserted(void *msg, enum at_err err)
{
	struct start *start = msg;
	struct rec *rec = start->rec;
	if (err) {
		new_failed(start, err);
		return;
	}
	rec->is_started = true;
	if (rec->next)
		rec_ack_soon(rec);
	rec_resume(rec);
	if (!hub_device_connected(rec->notes->hub, rec->device))
		note_on_device(rec->notes, rec->owner, rec->device, false);
	rec_ref(rec);
	start_end(start, AT_OK);
	rec_check_idle(rec);
	rec_unref(rec);
}

static void new_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	struct start *start = arg;
	err = take_facts(start->rec, err, facts, true);
	if (err)
		new_failed(start, err);
	else
		store_write(start->rec->notes->store, insert_job, inserted, start, 0);
}

static size_t count_of(const struct notes *notes, uint64_t user)
{
	size_t n = 0;
	AT_LIST_EACH(&notes->recs, it)
		n += AT_ENTRY(it, struct rec, link)->owner == user;
	return n;
}

/* At the end of its time a discarded one goes; a recording whose device stayed away becomes a draft. */
static void on_timer(void *arg)
{
	struct rec *rec = arg;
	if (rec->state == NOTE_DISCARDED)
		rec_erase(rec);
	else if (rec_is_open(rec))
		rec_to_draft(rec, "discarded");
}

static void on_retry(void *arg)
{
	rec_ack_soon(arg);
}

void rec_make_timers(struct rec *rec)
{
	rec->timer = at_timer_new(rec->notes->loop, on_timer, rec);
	rec->retry_timer = at_timer_new(rec->notes->loop, on_retry, rec);
}

static void start_first(struct notes *notes, const struct note_start *ask, note_done_fn *done, void *arg)
{
	if (ask->seg != 0 || count_of(notes, ask->user) >= notes->settings.recs_per_user) {
		done(arg, ask->seg ? AT_ERR_CONFLICT : AT_ERR_RATE_LIMITED, NULL, 0);
		return;
	}
	struct rec *rec = rec_new(notes, &ask->rec);
	rec_make_timers(rec);
	rec->owner = ask->user;
	rec->device = ask->device;
	rec->conv = ask->conv;
	rec->call = ask->call;
	rec->video = ask->video;
	rec->callee = chat_peer(notes->chat, ask->conv, ask->user);
	rec->state = NOTE_RECORDING;
	rec->mimes = at_strdup(ask->mime);
	struct start *start = start_new(rec, ask, done, arg);
	if (at_id_is_zero(&ask->call))
		store_write(notes->store, insert_job, inserted, start, 0);
	else
		rec_facts(rec, new_facts, start);
}

/* ---- one that exists ---- */

static void continued(struct rec *rec, void *arg, enum at_err err)
{
	struct start *start = arg;
	if (!err && !rec->is_dropped)
		rec_resume(rec);
	start_end(start, rec->is_dropped ? AT_ERR_GONE : err);
}

/* This device goes on, with a recorder of its own. */
static void next_segment(struct start *start)
{
	struct rec *rec = start->rec;
	size_t len = strlen(rec->mimes) + strlen(start->mime) + 2;
	char *mimes = at_alloc(len);

	rec_drop_ahead(rec);
	snprintf(mimes, len, "%s\n%s", rec->mimes, start->mime);
	at_free(rec->mimes);
	rec->mimes = mimes;
	rec->seg++;
	rec->segments = rec->seg + 1;
	rec->device = start->ask.device;
	rec->is_stopped = false;
	rec->updated = at_wall_ms();
	rec_save(rec, continued, start);
}

static enum at_err may_go_on(const struct rec *rec, const struct note_start *ask)
{
	if (rec->is_dropped || rec->state == NOTE_SENT || rec->state == NOTE_DISCARDED || rec->state == NOTE_UNREADABLE)
		return AT_ERR_GONE;
	if (rec->state == NOTE_SENDING)
		return AT_ERR_CONFLICT;
	if (ask->seg == rec->seg)
		return rec->device == ask->device ? AT_OK : AT_ERR_CONFLICT;
	if (ask->seg != rec->seg + 1)
		return AT_ERR_CONFLICT;
	return ask->seg >= BLOB_SEGMENTS_MAX || rec->ms >= rec_max_ms(rec) - NOTE_LAST_MS ? AT_ERR_TOO_LARGE : AT_OK;
}

static void go_on(struct start *start)
{
	struct rec *rec = start->rec;
	enum at_err err = may_go_on(rec, &start->ask);
	if (err) {
		start_end(start, err);
		return;
	}
	if (start->ask.seg != rec->seg) {
		next_segment(start);
		return;
	}
	at_timer_stop(rec->timer);
	/* Stopped: the answer says draft, and the client sees that this segment is over. */
	if (rec->state == NOTE_DRAFT && !rec->is_stopped)
		rec_resume(rec);
	start_end(start, AT_OK);
}

static void again_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	struct start *start = arg;
	bool was_over = start->rec->is_call_over;
	err = take_facts(start->rec, err, facts, false);
	start->rec->is_call_over = start->rec->is_call_over || was_over;
	if (err)
		start_end(start, err);
	else
		go_on(start);
}

static void again_idle(struct rec *rec, void *arg)
{
	struct start *start = arg;
	if (rec->is_dropped || rec_is_open(rec) || at_id_is_zero(&rec->call))
		go_on(start);
	else
		rec_facts(rec, again_facts, start);
}

void note_rec_start(struct notes *notes, const struct note_start *ask, note_done_fn *done, void *arg)
{
	struct rec *rec = rec_find(notes, &ask->rec);
	enum at_err err = check_mime(ask);
	if (!err && (!chat_is_member(notes->chat, ask->conv, ask->user) || (rec && rec->owner != ask->user)))
		err = AT_ERR_NOT_FOUND;
	if (!err && rec && (rec->conv != ask->conv || rec->video != ask->video || !at_id_eq(&rec->call, &ask->call)))
		err = AT_ERR_CONFLICT;
	if (err)
		done(arg, err, NULL, 0);
	else if (rec)
		rec_when_idle(rec, again_idle, start_new(rec, ask, done, arg));
	else
		start_first(notes, ask, done, arg);
}
