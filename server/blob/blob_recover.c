/* At start: of a spool, what the index and its checksums vouch for is kept, the rest is cut off. */
#include "base/log.h"
#include "blob/blob_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool vouches(const struct blob_dirs *dirs, const struct at_id *id, const struct blob_record *record,
		    int *open_seg, int *fd)
{
	struct blob_piece piece;
	if (blob_switch_raw(dirs, id, record->seg, open_seg, fd) || blob_read_piece(*fd, record, &piece))
		return false;
	bool is_same = blob_hash(piece.data->data, piece.data->len) == record->hash;
	at_bytes_unref(&piece.data);
	return is_same;
}

static void scan(const struct blob_dirs *dirs, const struct at_id *id, int idx_fd, struct blob_index *index)
{
	struct blob_record record;
	int raw_fd = -1, open_seg = -1;
	while (!blob_read_record(idx_fd, id, index->count, &record)) {
		struct blob_index before = *index;
		if (blob_index_add(index, &record))
			break;
		if (!vouches(dirs, id, &record, &open_seg, &raw_fd)) {
			*index = before;
			break;
		}
	}
	if (raw_fd >= 0)
		close(raw_fd);
}

static enum at_err cut_file(const struct blob_dirs *dirs, const struct at_id *id, int seg, uint64_t len)
{
	char name[BLOB_PATH_MAX];
	struct stat st;
	enum at_err err = AT_OK;
	blob_spool_name(id, seg, name);
	int fd = openat(dirs->rec, name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? AT_OK : blob_error("open", errno);
	if (fstat(fd, &st))
		err = blob_error("stat", errno);
	else if ((uint64_t)st.st_size != len) {
		at_log(AT_LOG_INFO, "blob.cut", "file", name, "from", AT_INT(st.st_size), "to", AT_INT(len), NULL);
		if (ftruncate(fd, (off_t)len) || fdatasync(fd))
			err = blob_error("cut", errno);
	}
	close(fd);
	if (!err && seg >= 0 && !len && unlinkat(dirs->rec, name, 0))
		err = blob_error("unlink", errno);
	return err;
}

enum at_err blob_spool_recover_in(const struct blob_dirs *dirs, const struct at_id *id,
				  struct blob_spool_info *info_out)
{
	char name[BLOB_PATH_MAX];
	struct blob_index index = {0};
	*info_out = (struct blob_spool_info){0};
	blob_spool_name(id, -1, name);
	int idx_fd = openat(dirs->rec, name, O_RDONLY | O_CLOEXEC);
	if (idx_fd < 0 && errno != ENOENT)
		return blob_error("open", errno);
	if (idx_fd >= 0) {
		scan(dirs, id, idx_fd, &index);
		close(idx_fd);
	}
	enum at_err err = cut_file(dirs, id, -1, (uint64_t)index.count * BLOB_RECORD_LEN);
	for (int seg = 0; seg < BLOB_SEGMENTS_MAX && !err; seg++)
		err = cut_file(dirs, id, seg, index.raw_len[seg]);
	*info_out = (struct blob_spool_info){index.segments, index.count, index.bytes, index.ms};
	return err;
}
