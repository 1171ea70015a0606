/* Recordings on their way and notes in the thread: fragments come in, are kept, handed to listeners, and on Send made flat and
 * appended to the log, joined to their call. Nothing is sent without rec.commit; nothing recorded is lost. Core loop. */
#ifndef AT_NOTE_NOTE_H
#define AT_NOTE_NOTE_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "blob/blob.h"
#include "call/call.h"
#include "chat/chat.h"
#include "hub/hub.h"
#include "store/store.h"
#include "wire/wire.h"

struct notes;

struct note_settings {
	int64_t voice_max_ms, video_max_ms; /* 180000, 60000; 2 s of grace for the last fragment */
	int64_t note_min_ms;                /* 1000 */
	int64_t draft_ms;                   /* 7 days */
	int64_t undo_ms;                    /* 10000 */
	uint64_t voice_max_bytes, video_max_bytes;
	uint32_t recs_per_user; /* 32 that are not sent */
};

AT_MUST enum at_err notes_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
			      struct calls *calls, struct blobs *blobs, const struct note_settings *settings,
			      struct notes **notes_out);
/* Who else has what a note may be left for (rooms): asked when there is no such call. NULL: nobody. */
typedef void note_facts_fn(void *arg, const struct at_id *id, uint64_t conv, uint64_t user, call_facts_fn *done,
			   void *done_arg);
void notes_also_for(struct notes *notes, note_facts_fn *fn, void *arg);
void notes_free(struct notes **notes);
/* The channel to remux came, or came anew after it died (takes fd). Jobs that were under way are asked again once. */
void notes_remux_channel(struct notes *notes, int fd);

/* err, and with AT_OK the answer's object (JSON, only during the callback). */
typedef void note_done_fn(void *arg, enum at_err err, const void *json, size_t len);
struct note_start {
	struct at_id rec, call; /* call zero = none */
	uint64_t user, device, conv;
	bool video;
	const char *mime; /* 1 to 80 bytes, an audio/ or video/ type we take; UNSUPPORTED else */
	uint32_t seg;
};
void note_rec_start(struct notes *notes, const struct note_start *start, note_done_fn *done, void *arg);
void note_rec_state(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *rec, bool paused,
		    uint32_t ms, note_done_fn *done, void *arg);
/* The binary frame as it came. A frame that is wrong is answered by rec.ack or an error event, never by closing, except BAD_REQUEST (4003). */
AT_MUST enum at_err note_rec_fragment(struct notes *notes, uint64_t user, uint64_t device, const void *frame,
				      size_t len);
struct note_commit {
	struct at_id rec;
	uint64_t user, device, cid;
	uint32_t fragments;
	/* the client's own clock; the file's measured length is what is stored */
	int64_t duration_ms;
	uint8_t peaks[64];
};
void note_rec_commit(struct notes *notes, const struct note_commit *commit, note_done_fn *done, void *arg);
void note_rec_discard(struct notes *notes, uint64_t user, const struct at_id *rec, note_done_fn *done, void *arg);
void note_rec_undo(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *rec, note_done_fn *done,
		   void *arg);
void note_rec_listen(struct notes *notes, uint64_t user, uint64_t device, const struct at_id *rec, bool on,
		     note_done_fn *done, void *arg);

/* The parts of hello: my recordings that are not sent, the notes being left for me. */
void notes_write(const struct notes *notes, struct wire_out *w, uint64_t user);

/* GET /media and /rec: whether user may read these bytes now; NOT_FOUND is the same for absent and forbidden. fd is the callback's. */
typedef void note_file_fn(void *arg, enum at_err err, int fd, uint64_t len, const char *mime);
void note_media_open(struct notes *notes, uint64_t user, const struct at_id *blob, note_file_fn *done, void *arg);
void note_rec_open(struct notes *notes, uint64_t user, const struct at_id *rec, note_file_fn *done, void *arg);

#endif
