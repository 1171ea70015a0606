/* Fragments: in order, from the device that records, on disk before they are acknowledged. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "note/note_priv.h"

#include <string.h>

enum { FRAME_TYPE = 0x01 };

enum at_err note_fragment_parse(const void *frame, size_t len, struct note_fragment *fragment_out)
{
	struct at_reader r = at_reader_of(frame, len);
	uint8_t type = at_read_u8(&r);
	const uint8_t *id = at_read_bytes(&r, sizeof(fragment_out->rec.b));
	fragment_out->seg = at_read_u16(&r);
	fragment_out->number = at_read_u32(&r);
	fragment_out->at_ms = at_read_u32(&r);
	fragment_out->len = at_reader_left(&r);
	fragment_out->data = at_read_bytes(&r, fragment_out->len);
	if (r.failed || type != FRAME_TYPE || fragment_out->len < 1 || fragment_out->len > BLOB_FRAGMENT_MAX)
		return AT_ERR_BAD_REQUEST;
	memcpy(fragment_out->rec.b, id, sizeof(fragment_out->rec.b));
	return AT_OK;
}

struct at_bytes *note_fragment_frame(const struct at_id *rec, uint32_t seg, uint32_t number, uint32_t at_ms,
				     const void *data, size_t len)
{
	struct at_bytes *frame = at_bytes_new(NULL, NOTE_HEAD_LEN + len);
	frame->data[0] = FRAME_TYPE;
	memcpy(frame->data + 1, rec->b, sizeof(rec->b));
	at_put_u16(frame->data + 17, (uint16_t)seg);
	at_put_u32(frame->data + 19, number);
	at_put_u32(frame->data + 23, at_ms);
	memcpy(frame->data + NOTE_HEAD_LEN, data, len);
	return frame;
}

/* ---- to the disk ---- */

struct append {
	struct rec *rec;
	uint32_t seg, number, at_ms;
	struct at_bytes *data;
};

/* What was accepted behind it fails as well: the client is told where to go on, once the disk has had time to breathe. */
static void append_failed(struct rec *rec, enum at_err err)
{
	at_log(AT_LOG_INFO, "note.fragment_refused", "error", at_err_name(err), NULL);
	rec->queued = rec->next;
	rec->queued_bytes = rec->bytes;
	rec->queued_ms = rec->ms;
	if (!rec->is_dropped && !at_timer_active(rec->retry_timer))
		at_timer_start(rec->retry_timer, NOTE_RETRY_MS, 0);
}

static void append_kept(struct rec *rec, const struct append *append)
{
	rec->next = append->number + 1;
	rec->bytes += append->data->len;
	rec->ms = append->at_ms;
	rec->updated = at_wall_ms();
	if (rec->queued < rec->next) {
		rec->queued = rec->next;
		rec->queued_bytes = rec->bytes;
		rec->queued_ms = rec->ms;
	}
	if (!rec->is_started || rec->is_dropped)
		return;
	rec_ack_soon(rec);
	rec_feed(rec, append->seg, append->number, append->at_ms, append->data);
	rec_go_ahead(rec);
}

static void appended(void *arg, enum at_err err)
{
	struct append *append = arg;
	struct rec *rec = append->rec;
	struct notes *notes = rec->notes;
	/* A number that was accepted twice, after a failure: the second time it is on disk already. */
	if (!err && append->number == rec->next)
		append_kept(rec, append);
	else if (append->number >= rec->next)
		append_failed(rec, err);
	rec_check_idle(rec);
	at_bytes_unref(&append->data);
	at_free(append);
	rec_unref(rec);
	notes_end(notes);
}

static void append_fragment(struct rec *rec, const struct note_fragment *fragment)
{
	struct append *append = at_alloc(sizeof(*append));
	*append = (struct append){.rec = rec_ref(rec),
				  .seg = fragment->seg,
				  .number = fragment->number,
				  .at_ms = fragment->at_ms,
				  .data = at_bytes_new(fragment->data, fragment->len)};
	/* Time does not go back. */
	if (append->at_ms < rec->queued_ms)
		append->at_ms = rec->queued_ms;
	rec->queued = append->number + 1;
	rec->queued_bytes += fragment->len;
	rec->queued_ms = append->at_ms;
	notes_begin(rec->notes);
	blob_spool_append(rec->notes->blobs, &rec->id, append->seg, append->number, append->at_ms, append->data,
			  appended, append);
}

/* ---- what may be taken ---- */

static bool is_over_limit(const struct rec *rec, const struct note_fragment *fragment)
{
	return fragment->at_ms > rec_max_ms(rec) || rec->queued_bytes + fragment->len > rec_max_bytes(rec) ||
	       fragment->number >= BLOB_FRAGMENTS_MAX;
}

static void take_fragment(struct rec *rec, const struct note_fragment *fragment)
{
	if (fragment->seg != rec->seg || fragment->number != rec->queued) {
		/* One that is held, or one too far: both are answered by what is wanted. */
		rec_ack_soon(rec);
		return;
	}
	if (is_over_limit(rec, fragment)) {
		rec->is_stopped = true;
		rec_to_draft(rec, "discarded");
		return;
	}
	/* It is there, so its device is, too. */
	at_timer_stop(rec->timer);
	append_fragment(rec, fragment);
}

enum at_err note_rec_fragment(struct notes *notes, uint64_t user, uint64_t device, const void *frame, size_t len)
{
	struct note_fragment fragment;
	enum at_err err = note_fragment_parse(frame, len, &fragment);
	if (err)
		return err;
	struct rec *rec = rec_of(notes, &fragment.rec, user);
	if (!rec)
		return AT_OK;
	if (rec->device == device && rec_is_open(rec))
		take_fragment(rec, &fragment);
	else if (rec->is_started)
		/* Taken over, at its limit, answered, or away for too long: the state tells which. */
		rec_tell_device(rec, device);
	return AT_OK;
}
