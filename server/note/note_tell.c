#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <string.h>

static const char *state_name(enum note_state state)
{
	static const char *const names[] =
		{[NOTE_RECORDING] = "recording",  [NOTE_PAUSED] = "paused", [NOTE_DRAFT] = "draft",
		 [NOTE_SENDING] = "sending",      [NOTE_SENT] = "sent",     [NOTE_DISCARDED] = "discarded",
		 [NOTE_UNREADABLE] = "unreadable"};
	return names[state];
}

/* Of the last segment. */
static const char *last_mime(const struct rec *rec)
{
	const char *line = rec->mimes ? strrchr(rec->mimes, '\n') : NULL;
	return line ? line + 1 : rec->mimes ? rec->mimes : "";
}

bool rec_may_be_heard(const struct rec *rec, uint64_t user)
{
	if (user == rec->owner)
		return true;
	return rec_is_open(rec) && user == rec->callee && !at_id_is_zero(&rec->call) && !rec->is_shadow &&
	       !rec->is_call_over && !chat_blocked(rec->notes->chat, rec->owner, rec->callee);
}

static bool is_live(const struct rec *rec)
{
	return rec->callee && rec_may_be_heard(rec, rec->callee);
}

void rec_write(struct wire_out *w, const char *key, const struct rec *rec)
{
	wire_obj(w, key);
	wire_id(w, "rec", &rec->id);
	wire_int(w, "conv", (int64_t)rec->conv);
	wire_id(w, "call", &rec->call);
	wire_str(w, "kind", rec->video ? "video" : "voice");
	wire_str(w, "mime", last_mime(rec));
	wire_str(w, "state", state_name(rec->state));
	wire_int(w, "seg", rec->seg);
	wire_int(w, "next", rec->next);
	wire_int(w, "bytes", (int64_t)rec->bytes);
	wire_int(w, "ms", rec->ms);
	wire_int(w, "created", rec->created);
	wire_int(w, "device", (int64_t)rec->device);
	/* For the owner a shadow looks like any other. */
	wire_bool(w, "live", rec_is_open(rec) && !at_id_is_zero(&rec->call) && !rec->is_call_over);
	wire_obj_end(w);
}

void note_write_live(struct wire_out *w, const char *key, const struct rec *rec, const char *state)
{
	wire_obj(w, key);
	wire_id(w, "rec", &rec->id);
	wire_int(w, "conv", (int64_t)rec->conv);
	wire_id(w, "call", &rec->call);
	wire_str(w, "kind", rec->video ? "video" : "voice");
	wire_str(w, "mime", last_mime(rec));
	wire_int(w, "from", (int64_t)rec->owner);
	wire_str(w, "state", state ? state : state_name(rec->state));
	wire_int(w, "ms", rec->ms);
	wire_obj_end(w);
}

/* ---- frames ---- */

struct frame {
	struct at_buf buf;
	struct wire_out w;
};

static void frame_begin(struct frame *frame, const char *event)
{
	at_buf_init(&frame->buf, NOTE_JSON_MAX);
	frame->w = wire_out_begin(&frame->buf);
	wire_obj(&frame->w, NULL);
	if (event)
		wire_str(&frame->w, "ev", event);
}

static struct at_bytes *frame_end(struct frame *frame)
{
	wire_obj_end(&frame->w);
	enum at_err err = wire_out_end(&frame->w);
	AT_ASSERT(!err);
	struct at_bytes *bytes = at_bytes_new(frame->buf.data, frame->buf.len);
	at_buf_release(&frame->buf);
	return bytes;
}

static void send_user(const struct notes *notes, struct frame *frame, uint64_t user)
{
	struct at_bytes *bytes = frame_end(frame);
	hub_send_user_but(notes->hub, user, 0, bytes);
	at_bytes_unref(&bytes);
}

static void send_device(const struct notes *notes, struct frame *frame, uint64_t device)
{
	struct at_bytes *bytes = frame_end(frame);
	hub_send_device(notes->hub, device, bytes, false);
	at_bytes_unref(&bytes);
}

void rec_tell(const struct rec *rec)
{
	struct frame frame;
	frame_begin(&frame, "rec");
	rec_write(&frame.w, "rec", rec);
	send_user(rec->notes, &frame, rec->owner);
}

void rec_tell_device(const struct rec *rec, uint64_t device)
{
	struct frame frame;
	frame_begin(&frame, "rec");
	rec_write(&frame.w, "rec", rec);
	send_device(rec->notes, &frame, device);
}

void rec_tell_ack(const struct rec *rec)
{
	struct frame frame;
	frame_begin(&frame, "rec.ack");
	wire_id(&frame.w, "rec", &rec->id);
	wire_int(&frame.w, "next", rec->next);
	wire_int(&frame.w, "bytes", (int64_t)rec->bytes);
	wire_int(&frame.w, "ms", rec->ms);
	send_device(rec->notes, &frame, rec->device);
}

/* Who hides what they have read hides that they listen, too: not even an empty list comes. */
void rec_tell_listeners(const struct rec *rec)
{
	if (!chat_receipts_between(rec->notes->chat, rec->owner, rec->callee))
		return;
	uint64_t users[NOTE_LISTENERS_MAX];
	size_t n = rec_listening(rec, NOTE_LISTENERS_MAX, users);
	struct frame frame;
	frame_begin(&frame, "rec.listeners");
	wire_id(&frame.w, "rec", &rec->id);
	wire_arr(&frame.w, "users");
	for (size_t i = 0; i < n; i++)
		wire_int(&frame.w, NULL, (int64_t)users[i]);
	wire_arr_end(&frame.w);
	send_user(rec->notes, &frame, rec->owner);
}

void rec_answer(const struct rec *rec, note_done_fn *done, void *arg)
{
	struct frame frame;
	frame_begin(&frame, NULL);
	rec_write(&frame.w, "rec", rec);
	struct at_bytes *bytes = frame_end(&frame);
	done(arg, AT_OK, bytes->data, bytes->len);
	at_bytes_unref(&bytes);
}

void rec_ack_soon(struct rec *rec)
{
	if (!rec->ack_link.next)
		at_list_push(&rec->notes->acks, &rec->ack_link);
	if (!at_timer_active(rec->notes->ack_timer))
		at_timer_start(rec->notes->ack_timer, 0, 0);
}

/* ---- being left ---- */

static void send_live(const struct rec *rec, const char *state)
{
	struct frame frame;
	frame_begin(&frame, "live");
	note_write_live(&frame.w, "live", rec, state);
	send_user(rec->notes, &frame, rec->callee);
}

void rec_announce(struct rec *rec)
{
	if (!is_live(rec))
		return;
	rec->is_announced = true;
	send_live(rec, NULL);
}

void rec_end_live(struct rec *rec, const char *how)
{
	if (rec->is_announced)
		send_live(rec, how);
	rec->is_announced = false;
	rec_cut_listeners(rec);
}
