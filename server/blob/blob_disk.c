/* What the disk thread does with a batch, and the finished files. */
#include "base/log.h"
#include "base/mem.h"
#include "blob/blob_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum at_err blob_error(const char *what, int code)
{
	switch (code) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG: at_log(AT_LOG_WARN, "blob.full", "what", what, NULL); return AT_ERR_FULL;
	case ENOENT: return AT_ERR_NOT_FOUND;
	case EMFILE:
	case ENFILE: return AT_ERR_BUSY;
	case EIO:
		/* After one failed sync the kernel may drop the pages and call the next one a success. */
		at_log(AT_LOG_ERROR, "blob.io", "what", what, NULL);
		_exit(BLOB_EXIT_IO);
	default:
		at_log(AT_LOG_ERROR, "blob.failed", "what", what, "error", strerror(code), NULL);
		return AT_ERR_INTERNAL;
	}
}

/* ---- folders ---- */

static enum at_err open_dir(int parent, const char *name, int *fd_out)
{
	if (mkdirat(parent, name, 0700) && errno != EEXIST)
		return blob_error("mkdir", errno);
	*fd_out = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd_out < 0 ? blob_error("open", errno) : AT_OK;
}

enum at_err blob_dirs_open(const char *dir, struct blob_dirs *dirs_out)
{
	int top = -1;
	*dirs_out = (struct blob_dirs){-1, -1, -1};
	enum at_err err = open_dir(AT_FDCWD, dir, &top);
	if (!err)
		err = open_dir(top, "rec", &dirs_out->rec);
	if (!err)
		err = open_dir(top, "blob", &dirs_out->blob);
	if (!err)
		err = open_dir(top, "temp", &dirs_out->temp);
	if (!err && fsync(top))
		err = blob_error("sync", errno);
	if (top >= 0)
		close(top);
	if (err)
		blob_dirs_close(dirs_out);
	return err;
}

void blob_dirs_close(struct blob_dirs *dirs)
{
	int *const all[] = {&dirs->rec, &dirs->blob, &dirs->temp};
	for (size_t i = 0; i < 3; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

/* ---- finished files ---- */

static void file_names(const struct at_id *id, char hex_out[AT_ID_HEX_LEN + 1], char path_out[BLOB_PATH_MAX])
{
	at_id_hex(id, hex_out);
	snprintf(path_out, BLOB_PATH_MAX, "%.2s/%s", hex_out, hex_out);
}

static enum at_err make_temp(const struct blob_dirs *dirs, struct blob_op *op)
{
	char hex[AT_ID_HEX_LEN + 1];
	at_id_hex(&op->id, hex);
	op->fd = openat(dirs->temp, hex, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return op->fd < 0 ? blob_error("create", errno) : AT_OK;
}

static enum at_err sync_dir(const struct blob_dirs *dirs, const char *name)
{
	int fd = openat(dirs->blob, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum at_err err = fd < 0 || fsync(fd) ? blob_error("sync", errno) : AT_OK;
	if (fd >= 0)
		close(fd);
	return err;
}

static enum at_err move_into_place(const struct blob_dirs *dirs, const char *hex, const char *path)
{
	const char sub[3] = {hex[0], hex[1], '\0'};
	if (mkdirat(dirs->blob, sub, 0700) == 0) {
		if (fsync(dirs->blob))
			return blob_error("sync", errno);
	} else if (errno != EEXIST) {
		return blob_error("mkdir", errno);
	}
	if (renameat(dirs->temp, hex, dirs->blob, path))
		return blob_error("rename", errno);
	return sync_dir(dirs, sub);
}

static enum at_err keep(const struct blob_dirs *dirs, struct blob_op *op)
{
	char hex[AT_ID_HEX_LEN + 1], path[BLOB_PATH_MAX];
	file_names(&op->id, hex, path);
	enum at_err err = fsync(op->fd) ? blob_error("sync", errno) : AT_OK;
	close(op->fd);
	if (!err)
		err = move_into_place(dirs, hex, path);
	if (err)
		(void)unlinkat(dirs->temp, hex, 0);
	return err;
}

static enum at_err discard(const struct blob_dirs *dirs, struct blob_op *op)
{
	char hex[AT_ID_HEX_LEN + 1];
	at_id_hex(&op->id, hex);
	if (op->fd >= 0)
		close(op->fd);
	return unlinkat(dirs->temp, hex, 0) && errno != ENOENT ? blob_error("unlink", errno) : AT_OK;
}

static enum at_err drop(const struct blob_dirs *dirs, struct blob_op *op)
{
	char hex[AT_ID_HEX_LEN + 1], path[BLOB_PATH_MAX];
	file_names(&op->id, hex, path);
	return unlinkat(dirs->blob, path, 0) && errno != ENOENT ? blob_error("unlink", errno) : AT_OK;
}

static enum at_err open_file(const struct blob_dirs *dirs, struct blob_op *op)
{
	char hex[AT_ID_HEX_LEN + 1], path[BLOB_PATH_MAX];
	struct stat st;
	file_names(&op->id, hex, path);
	op->fd = openat(dirs->blob, path, O_RDONLY | O_CLOEXEC);
	if (op->fd < 0)
		return blob_error("open", errno);
	if (fstat(op->fd, &st)) {
		close(op->fd);
		op->fd = -1;
		return blob_error("stat", EIO);
	}
	op->len = (uint64_t)st.st_size;
	return AT_OK;
}

/* ---- batches ---- */

static void run_one(const struct blob_dirs *dirs, struct blob_op *op)
{
	switch (op->kind) {
	case BLOB_APPEND: break;
	case BLOB_READ: blob_spool_read_pieces(dirs, op); break;
	case BLOB_OPEN_SPOOL: blob_spool_open_files(dirs, op); break;
	case BLOB_DROP_SPOOL: op->err = blob_spool_unlink(dirs, &op->id); break;
	case BLOB_TEMP: op->err = make_temp(dirs, op); break;
	case BLOB_KEEP: op->err = keep(dirs, op); break;
	case BLOB_DISCARD: op->err = discard(dirs, op); break;
	case BLOB_DROP: op->err = drop(dirs, op); break;
	case BLOB_OPEN: op->err = open_file(dirs, op); break;
	}
}

/* A second segment of the same recording uses the same index, and there is room for so many spools only. */
static bool needs_sync_before(const struct blob_unsynced *unsynced, const struct blob_op *op)
{
	for (size_t i = 0; i < unsynced->n; i++)
		if (at_id_eq(&unsynced->files[i].id, &op->id))
			return unsynced->files[i].seg != (int)op->piece.seg;
	return unsynced->n == BLOB_OPEN_MAX;
}

void blob_disk_run(const struct blob_dirs *dirs, struct at_list *ops)
{
	struct blob_unsynced *unsynced = at_alloc(sizeof(*unsynced));
	struct at_list done;
	at_list_init(&done);
	AT_LIST_EACH(ops, it) {
		struct blob_op *op = AT_ENTRY(it, struct blob_op, link);
		at_list_remove(it);
		if (op->kind != BLOB_APPEND || needs_sync_before(unsynced, op))
			blob_spool_sync(dirs, unsynced, &done);
		if (op->kind == BLOB_APPEND) {
			blob_spool_write(dirs, unsynced, op);
			continue;
		}
		run_one(dirs, op);
		at_list_push(&done, it);
	}
	blob_spool_sync(dirs, unsynced, &done);
	AT_LIST_EACH(&done, it) {
		at_list_remove(it);
		at_list_push(ops, it);
	}
	at_free(unsynced);
}
