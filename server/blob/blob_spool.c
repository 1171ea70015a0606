/* Recordings that grow. On disk only what is in order and checksummed counts, so an append is two writes and two syncs. */
#include "base/log.h"
#include "base/mem.h"
#include "blob/blob_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void blob_spool_name(const struct at_id *id, int seg, char name_out[BLOB_PATH_MAX])
{
	char hex[AT_ID_HEX_LEN + 1];
	at_id_hex(id, hex);
	if (seg < 0)
		snprintf(name_out, BLOB_PATH_MAX, "%s.idx", hex);
	else
		snprintf(name_out, BLOB_PATH_MAX, "%s.%d.raw", hex, seg);
}

/* ---- appending ---- */

/* Opens to append, creating it; -1 and errno. */
static int open_to_append(const struct blob_dirs *dirs, const char *name, bool *new_file, off_t *len_out)
{
	struct stat st;
	int fd = openat(dirs->rec, name, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		fd = openat(dirs->rec, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		*new_file = true;
	}
	if (fd >= 0 && fstat(fd, &st)) {
		close(fd);
		return -1;
	}
	*len_out = fd >= 0 ? st.st_size : 0;
	return fd;
}

static enum at_err open_files(const struct blob_dirs *dirs, struct blob_unsynced *unsynced,
			      struct blob_spool_files *files, const struct blob_op *op)
{
	char name[BLOB_PATH_MAX];
	*files = (struct blob_spool_files){.id = op->id, .seg = (int)op->piece.seg, .idx_fd = -1, .raw_fd = -1};
	at_list_init(&files->ops);
	blob_spool_name(&op->id, -1, name);
	files->idx_fd = open_to_append(dirs, name, &unsynced->new_file, &files->idx_len);
	if (files->idx_fd < 0)
		return blob_error("open", errno);
	blob_spool_name(&op->id, files->seg, name);
	files->raw_fd = open_to_append(dirs, name, &unsynced->new_file, &files->raw_len);
	if (files->raw_fd < 0)
		return blob_error("open", errno);
	files->idx_end = files->idx_len;
	files->raw_end = files->raw_len;
	return AT_OK;
}

static struct blob_spool_files *find_files(const struct blob_dirs *dirs, struct blob_unsynced *unsynced,
					   const struct blob_op *op)
{
	for (size_t i = 0; i < unsynced->n; i++)
		if (at_id_eq(&unsynced->files[i].id, &op->id) && unsynced->files[i].seg == (int)op->piece.seg)
			return &unsynced->files[i];
	AT_ASSERT(unsynced->n < BLOB_OPEN_MAX);
	struct blob_spool_files *files = &unsynced->files[unsynced->n++];
	files->err = open_files(dirs, unsynced, files, op);
	return files;
}

static enum at_err write_at(int fd, const void *data, size_t len, off_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const uint8_t *)data + done, len - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return blob_error("write", n < 0 ? errno : EIO);
		done += (size_t)n;
	}
	return AT_OK;
}

static enum at_err write_piece(struct blob_spool_files *files, const struct blob_op *op)
{
	const struct blob_piece *piece = &op->piece;
	uint8_t bytes[BLOB_RECORD_LEN];
	if (files->idx_end != (off_t)piece->number * BLOB_RECORD_LEN)
		return AT_ERR_CONFLICT;
	struct blob_record record = {.seg = piece->seg,
				     .number = piece->number,
				     .at_ms = piece->at_ms,
				     .len = (uint32_t)piece->data->len,
				     .offset = (uint64_t)files->raw_end,
				     .hash = blob_hash(piece->data->data, piece->data->len)};
	blob_record_put(&op->id, &record, bytes);
	enum at_err err = write_at(files->raw_fd, piece->data->data, piece->data->len, files->raw_end);
	if (!err)
		err = write_at(files->idx_fd, bytes, sizeof(bytes), files->idx_end);
	return err;
}

/* Back to what is acknowledged. If even that fails, the start after a crash cuts it. */
static void cut_back(struct blob_spool_files *files, off_t idx_len, off_t raw_len)
{
	if ((files->raw_fd >= 0 && ftruncate(files->raw_fd, raw_len)) ||
	    (files->idx_fd >= 0 && ftruncate(files->idx_fd, idx_len)))
		at_log(AT_LOG_ERROR, "blob.cut_failed", "error", strerror(errno), NULL);
}

void blob_spool_write(const struct blob_dirs *dirs, struct blob_unsynced *unsynced, struct blob_op *op)
{
	struct blob_spool_files *files = find_files(dirs, unsynced, op);
	op->err = files->err;
	if (!op->err)
		op->err = write_piece(files, op);
	if (!op->err) {
		files->raw_end += (off_t)op->piece.data->len;
		files->idx_end += BLOB_RECORD_LEN;
	} else if (!files->err) {
		files->err = op->err;
		cut_back(files, files->idx_end, files->raw_end);
	}
	at_list_push(&files->ops, &op->link);
}

static enum at_err sync_files(struct blob_spool_files *files)
{
	if (files->idx_end == files->idx_len)
		return AT_OK;
	if (fdatasync(files->raw_fd) || fdatasync(files->idx_fd))
		return blob_error("sync", errno);
	return AT_OK;
}

/* All that was written since the last sync is on disk after it, or none of it counts. */
void blob_spool_sync(const struct blob_dirs *dirs, struct blob_unsynced *unsynced, struct at_list *done)
{
	enum at_err dir_err = unsynced->new_file && fsync(dirs->rec) ? blob_error("sync", errno) : AT_OK;
	for (size_t i = 0; i < unsynced->n; i++) {
		struct blob_spool_files *files = &unsynced->files[i];
		enum at_err err = dir_err ? dir_err : sync_files(files);
		if (err)
			cut_back(files, files->idx_len, files->raw_len);
		AT_LIST_EACH(&files->ops, it) {
			struct blob_op *op = AT_ENTRY(it, struct blob_op, link);
			op->err = op->err ? op->err : err;
			at_list_remove(it);
			at_list_push(done, it);
		}
		if (files->idx_fd >= 0)
			close(files->idx_fd);
		if (files->raw_fd >= 0)
			close(files->raw_fd);
	}
	unsynced->n = 0;
	unsynced->new_file = false;
}

/* ---- reading ---- */

static enum at_err read_at(int fd, void *out, size_t len, uint64_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (uint8_t *)out + done, len - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return blob_error("read", errno);
		if (n == 0)
			return AT_ERR_NOT_FOUND;
		done += (size_t)n;
	}
	return AT_OK;
}

/* The raw file of the segment, opened anew only when it changes. */
enum at_err blob_switch_raw(const struct blob_dirs *dirs, const struct at_id *id, uint32_t seg, int *open_seg, int *fd)
{
	char name[BLOB_PATH_MAX];
	if (*fd >= 0 && *open_seg == (int)seg)
		return AT_OK;
	if (*fd >= 0)
		close(*fd);
	blob_spool_name(id, (int)seg, name);
	*open_seg = (int)seg;
	*fd = openat(dirs->rec, name, O_RDWR | O_CLOEXEC);
	return *fd < 0 ? blob_error("open", errno) : AT_OK;
}

enum at_err blob_read_record(int idx_fd, const struct at_id *id, uint32_t number, struct blob_record *record_out)
{
	uint8_t bytes[BLOB_RECORD_LEN];
	enum at_err err = read_at(idx_fd, bytes, sizeof(bytes), (uint64_t)number * BLOB_RECORD_LEN);
	return err ? err : blob_record_parse(id, bytes, record_out);
}

enum at_err blob_read_piece(int raw_fd, const struct blob_record *record, struct blob_piece *piece_out)
{
	struct at_bytes *data = at_bytes_new(NULL, record->len);
	enum at_err err = read_at(raw_fd, data->data, record->len, record->offset);
	if (err) {
		at_bytes_unref(&data);
		return err;
	}
	*piece_out = (struct blob_piece){record->seg, record->number, record->at_ms, data};
	return AT_OK;
}

void blob_spool_read_pieces(const struct blob_dirs *dirs, struct blob_op *op)
{
	char name[BLOB_PATH_MAX];
	struct blob_record record;
	int raw_fd = -1, open_seg = -1;
	size_t bytes = 0;
	blob_spool_name(&op->id, -1, name);
	int idx_fd = openat(dirs->rec, name, O_RDONLY | O_CLOEXEC);
	op->err = idx_fd < 0 ? blob_error("open", errno) : AT_OK;
	op->pieces = at_alloc(BLOB_READ_MAX * sizeof(*op->pieces));
	while (!op->err && op->piece_count < BLOB_READ_MAX && bytes < BLOB_READ_BYTES_MAX) {
		op->err = blob_read_record(idx_fd, &op->id, op->piece.number + (uint32_t)op->piece_count, &record);
		if (!op->err)
			op->err = blob_switch_raw(dirs, &op->id, record.seg, &open_seg, &raw_fd);
		if (!op->err)
			op->err = blob_read_piece(raw_fd, &record, &op->pieces[op->piece_count]);
		if (!op->err)
			bytes += op->pieces[op->piece_count++].data->len;
	}
	/* The end of what there is, or nothing yet. */
	if (op->err == AT_ERR_NOT_FOUND)
		op->err = AT_OK;
	if (idx_fd >= 0)
		close(idx_fd);
	if (raw_fd >= 0)
		close(raw_fd);
}

void blob_spool_open_files(const struct blob_dirs *dirs, struct blob_op *op)
{
	char name[BLOB_PATH_MAX];
	for (int seg = 0; seg < BLOB_SEGMENTS_MAX && !op->err; seg++) {
		blob_spool_name(&op->id, seg, name);
		int fd = openat(dirs->rec, name, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			op->fds[op->fd_count++] = fd;
		else if (errno != ENOENT)
			op->err = blob_error("open", errno);
	}
	if (!op->err && !op->fd_count)
		op->err = AT_ERR_NOT_FOUND;
	while (op->err && op->fd_count)
		close(op->fds[--op->fd_count]);
}

/* The index first: what a crash leaves then is a spool with nothing in it. */
enum at_err blob_spool_unlink(const struct blob_dirs *dirs, const struct at_id *id)
{
	char name[BLOB_PATH_MAX];
	enum at_err err = AT_OK;
	for (int seg = -1; seg < BLOB_SEGMENTS_MAX; seg++) {
		blob_spool_name(id, seg, name);
		if (unlinkat(dirs->rec, name, 0) && errno != ENOENT)
			err = blob_error("unlink", errno);
	}
	return err;
}
