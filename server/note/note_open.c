/* Bytes for GET /media and GET /rec, and their end when a note is deleted. */
#include "base/mem.h"
#include "note/note_priv.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct open {
	struct notes *notes;
	struct rec *rec; /* NULL for a note */
	uint64_t user;
	struct at_id id;
	uint64_t conv, seq, only_for;
	char mime[NOTE_MIME_MAX + 1];
	note_file_fn *done;
	void *arg;
};

static void open_end(struct open *open, enum at_err err, int fd, uint64_t len)
{
	struct notes *notes = open->notes;
	open->done(open->arg, err, err ? -1 : fd, err ? 0 : len, err ? NULL : open->mime);
	if (open->rec)
		rec_unref(open->rec);
	at_free(open);
	notes_end(notes);
}

/* ---- notes ---- */

static enum at_err media_job(struct store_tx *tx, void *msg)
{
	struct open *open = msg;
	struct store_blob row;
	enum at_err err = store_blob_get(tx, &open->id, &row);
	if (err)
		return err;
	open->conv = row.conv;
	open->seq = row.seq;
	open->only_for = row.only_for;
	snprintf(open->mime, sizeof(open->mime), "%s", row.mime);
	return AT_OK;
}

static void on_file(void *arg, enum at_err err, int fd, uint64_t len)
{
	open_end(arg, err, fd, len);
}

static void media_known(void *msg, enum at_err err)
{
	struct open *open = msg;
	if (!err && (!chat_may_see(open->notes->chat, open->conv, open->user, open->seq) ||
		     (open->only_for && open->only_for != open->user)))
		err = AT_ERR_NOT_FOUND;
	if (err)
		open_end(open, err, -1, 0);
	else
		blob_open(open->notes->blobs, &open->id, on_file, open);
}

static struct open *open_new(struct notes *notes, uint64_t user, const struct at_id *id, note_file_fn *done, void *arg)
{
	struct open *open = at_alloc(sizeof(*open));
	*open = (struct open){.notes = notes, .user = user, .id = *id, .done = done, .arg = arg};
	notes_begin(notes);
	return open;
}

void note_media_open(struct notes *notes, uint64_t user, const struct at_id *blob, note_file_fn *done, void *arg)
{
	store_read(notes->store, media_job, media_known, open_new(notes, user, blob, done, arg));
}

enum at_err note_delete_rows(struct store_tx *tx, uint64_t conv, uint64_t seq, struct at_id *blob_out)
{
	struct store_blob row;
	*blob_out = (struct at_id){0};
	enum at_err err = store_blob_of_entry(tx, conv, seq, &row);
	if (err)
		return err == AT_ERR_NOT_FOUND ? AT_OK : err;
	*blob_out = row.id;
	return store_blob_del(tx, &row.id);
}

void note_on_deleted(void *arg, const struct at_id *blob)
{
	struct notes *notes = arg;
	blob_drop(notes->blobs, blob);
}

/* ---- recordings that could not be read, or were not sent ---- */

/* One file of all segments, as they came: what a person may save and take to another program. From the page cache, rare, a few MB. */
static int join_segments(const int *fds, size_t n, uint64_t *len_out)
{
	int all = memfd_create("recording", MFD_CLOEXEC);
	*len_out = 0;
	for (size_t i = 0; all >= 0 && i < n; i++) {
		struct stat st;
		off_t at = 0;
		if (fstat(fds[i], &st))
			break;
		while (at < st.st_size && sendfile(all, fds[i], &at, (size_t)(st.st_size - at)) > 0) {}
		*len_out += (uint64_t)at;
	}
	return all;
}

static void on_segments(void *arg, enum at_err err, const int *fds, size_t n)
{
	uint64_t len = 0;
	int all = err ? -1 : join_segments(fds, n, &len);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	open_end(arg, !err && all < 0 ? AT_ERR_BUSY : err, all, len);
}

void note_rec_open(struct notes *notes, uint64_t user, const struct at_id *id, note_file_fn *done, void *arg)
{
	struct rec *rec = rec_of(notes, id, user);
	if (!rec || (rec->state != NOTE_UNREADABLE && rec->state != NOTE_DRAFT)) {
		done(arg, AT_ERR_NOT_FOUND, -1, 0, NULL);
		return;
	}
	struct open *open = open_new(notes, user, id, done, arg);
	open->rec = rec_ref(rec);
	/* The first segment's; a type of our own list, without its parameters. */
	size_t n = rec->mimes ? strcspn(rec->mimes, ";\n ") : 0;
	snprintf(open->mime, sizeof(open->mime), "%.*s", (int)n, rec->mimes ? rec->mimes : "");
	blob_spool_open(notes->blobs, id, on_segments, open);
}
