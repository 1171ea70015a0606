/* Listening while it is spoken: what there is from the disk, then each new fragment, in order and without holes. A listener whose socket
 * is slow is left behind and catches up from the disk. */
#include "base/mem.h"
#include "note/note_priv.h"

struct listener {
	struct at_link link; /* of rec->listeners; unlinked when cut */
	struct rec *rec;     /* a reference */
	uint64_t user, device;
	uint32_t next; /* what it gets next */
	bool is_reading, is_cut;
	struct at_timer *timer;
};

static void pump(struct listener *listener);

static void listener_free(struct listener *listener)
{
	rec_unref(listener->rec);
	at_free(listener);
}

static void cut(struct listener *listener)
{
	at_list_remove(&listener->link);
	at_timer_free(&listener->timer);
	listener->is_cut = true;
	if (!listener->is_reading)
		listener_free(listener);
}

static bool is_slow(const struct listener *listener)
{
	return hub_device_backlog(listener->rec->notes->hub, listener->device) > NOTE_BACKLOG_MAX;
}

static void send_frame(struct listener *listener, struct at_bytes *frame)
{
	listener->next++;
	hub_send_device(listener->rec->notes->hub, listener->device, frame, true);
}

static void on_fragment(void *arg, enum at_err err, uint32_t seg, uint32_t number, uint32_t at_ms, const void *data,
			size_t len)
{
	struct listener *listener = arg;
	struct notes *notes = listener->rec->notes;
	/* What is read but not yet acknowledged to the owner is told in its own time. */
	if (data && !listener->is_cut && number == listener->next && number < listener->rec->next &&
	    !is_slow(listener)) {
		struct at_bytes *frame = note_fragment_frame(&listener->rec->id, seg, number, at_ms, data, len);
		send_frame(listener, frame);
		at_bytes_unref(&frame);
	}
	if (data)
		return;
	listener->is_reading = false;
	if (listener->is_cut)
		listener_free(listener);
	else if (err)
		at_timer_start(listener->timer, NOTE_PUMP_MS, 0);
	else
		pump(listener);
	notes_end(notes);
}

static void on_timer(void *arg)
{
	pump(arg);
}

static void pump(struct listener *listener)
{
	struct rec *rec = listener->rec;
	if (listener->is_reading || listener->next >= rec->next)
		return;
	if (is_slow(listener)) {
		at_timer_start(listener->timer, NOTE_PUMP_MS, 0);
		return;
	}
	listener->is_reading = true;
	notes_begin(rec->notes);
	blob_spool_read(rec->notes->blobs, &rec->id, listener->next, on_fragment, listener);
}

void rec_feed(struct rec *rec, uint32_t seg, uint32_t number, uint32_t at_ms, const struct at_bytes *data)
{
	struct at_bytes *frame = NULL;
	AT_LIST_EACH(&rec->listeners, it) {
		struct listener *listener = AT_ENTRY(it, struct listener, link);
		if (listener->is_reading || listener->next != number || is_slow(listener)) {
			pump(listener);
			continue;
		}
		if (!frame)
			frame = note_fragment_frame(&rec->id, seg, number, at_ms, data->data, data->len);
		send_frame(listener, frame);
	}
	at_bytes_unref(&frame);
}

void rec_cut_listeners(struct rec *rec)
{
	bool had_any = rec_listening(rec, 1, &(uint64_t){0}) > 0;
	AT_LIST_EACH(&rec->listeners, it)
		cut(AT_ENTRY(it, struct listener, link));
	if (had_any && !rec->is_dropped)
		rec_tell_listeners(rec);
}

static struct listener *find(const struct rec *rec, uint64_t device)
{
	AT_LIST_EACH(&rec->listeners, it)
		if (AT_ENTRY(it, struct listener, link)->device == device)
			return AT_ENTRY(it, struct listener, link);
	return NULL;
}

void rec_cut_device(struct rec *rec, uint64_t device)
{
	struct listener *listener = find(rec, device);
	if (!listener)
		return;
	bool is_owner = listener->user == rec->owner;
	cut(listener);
	if (!is_owner)
		rec_tell_listeners(rec);
}

size_t rec_listening(const struct rec *rec, size_t max, uint64_t *users_out)
{
	size_t n = 0;
	AT_LIST_EACH(&rec->listeners, it) {
		uint64_t user = AT_ENTRY(it, struct listener, link)->user;
		bool seen = user == rec->owner;
		for (size_t i = 0; i < n; i++)
			seen = seen || users_out[i] == user;
		if (!seen && n < max)
			users_out[n++] = user;
	}
	return n;
}

static size_t count(const struct rec *rec)
{
	size_t n = 0;
	AT_LIST_EACH(&rec->listeners, it)
		n++;
	return n;
}

/* What a listener may know of it: not where or how far it is kept. */
static void answer_live(const struct rec *rec, note_done_fn *done, void *arg)
{
	struct at_buf buf;
	at_buf_init(&buf, NOTE_JSON_MAX);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	note_write_live(&w, "rec", rec, NULL);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);
	done(arg, err, buf.data, buf.len);
	at_buf_release(&buf);
}

static void listen(struct rec *rec, uint64_t user, uint64_t device, note_done_fn *done, void *arg)
{
	if (count(rec) >= NOTE_LISTENERS_MAX) {
		done(arg, AT_ERR_BUSY, NULL, 0);
		return;
	}
	/* Asked again, it begins again: the client has nothing any more. */
	struct listener *old = find(rec, device);
	if (old)
		cut(old);
	struct listener *listener = at_alloc(sizeof(*listener));
	*listener = (struct listener){.rec = rec_ref(rec), .user = user, .device = device};
	listener->timer = at_timer_new(rec->notes->loop, on_timer, listener);
	at_list_push(&rec->listeners, &listener->link);
	if (user == rec->owner)
		rec_answer(rec, done, arg);
	else
		answer_live(rec, done, arg);
	if (user != rec->owner && !old)
		rec_tell_listeners(rec);
	pump(listener);
}

void note_rec_listen(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *id, bool on,
		     note_done_fn *done, void *arg)
{
	struct rec *rec = rec_find(notes, id);
	bool is_unsent = rec && rec->is_started && rec->state != NOTE_SENT && rec->state != NOTE_DISCARDED;
	if (!is_unsent || !rec_may_be_heard(rec, user)) {
		done(arg, on ? AT_ERR_NOT_FOUND : AT_OK, "{}", 2);
		return;
	}
	if (on) {
		listen(rec, user, device, done, arg);
		return;
	}
	rec_cut_device(rec, device);
	done(arg, AT_OK, "{}", 2);
}
