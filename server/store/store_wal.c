/* Keeps the write-ahead log short, and its file long: a sync of bytes that the file has already costs half as much as one that makes it
 * longer, for the file system then has nothing to write down but the bytes (docs/decisions/009). */
#include "base/mem.h"
#include "store/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	MARK_FRAMES = 1000,         /* 4 MB: the checkpointer is asked this often */
	RESTART_FRAMES = 15000,     /* 62 MB: the writer itself makes the log start over */
	RESTART_NOW_FRAMES = 20000, /* even if it must wait for the checkpointer */
	RESERVE_STEP = 1 << 20,
	RESERVE_BYTES = 64 << 20, /* the journal_size_limit: SQLite cuts off what is more */
};
/* A disk with less than this free has better use for it. */
#define RESERVE_FREE_BYTES (1ULL << 30)

/* A checkpoint that finds no space or somebody in its way has lost nothing: the log stays, the next one goes on. */
static void checkpoint(struct store_tx *tx, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(tx->db, NULL, mode, NULL, NULL);

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED && (rc & 0xff) != SQLITE_FULL)
		(void)store_db_err(tx, rc, "checkpoint");
	tx->full = false;
}

static bool has_room(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= RESERVE_FREE_BYTES;
}

/* Makes the file as long as it may become, with zeros, which are no frames. Appending (O_APPEND) cannot meet what the writer writes at
 * the same time: whoever is second writes behind the first or over its zeros. Once in a process's life: the log starts over in place. */
static void reserve(struct store_wal *wal)
{
	struct stat st;
	void *zeros = at_alloc(RESERVE_STEP);

	wal->fd = open(wal->path, O_WRONLY | O_APPEND | O_CLOEXEC);
	while (wal->fd >= 0 && has_room(wal->fd) && fstat(wal->fd, &st) == 0 && st.st_size < RESERVE_BYTES) {
		size_t left = (size_t)(RESERVE_BYTES - st.st_size);

		/* Synced at each step, so that no commit has to wait for more than one. An error is for the writer to meet. */
		if (write(wal->fd, zeros, left < RESERVE_STEP ? left : RESERVE_STEP) <= 0 || fdatasync(wal->fd) != 0)
			break;
	}
	at_free(zeros);
}

static void run_checkpoint(void *ctx, void *msg)
{
	struct store_wal *wal = ctx;

	(void)msg;
	if (wal->fd < 0)
		reserve(wal);
	checkpoint(&wal->checkpointer, SQLITE_CHECKPOINT_PASSIVE);
	atomic_store(&wal->busy, false);
}

static void ask_checkpointer(struct store_wal *wal)
{
	if (wal->thread == NULL || atomic_exchange(&wal->busy, true))
		return;
	if (at_worker_post(wal->thread, run_checkpoint, NULL) != AT_OK)
		atomic_store(&wal->busy, false);
}

/* A helper copies the log into the database while the writer goes on; it never catches up with a writer that does not rest, so
 * above 62 MB the writer does the remainder itself and starts the log over. */
void store_wal_tend(struct store_wal *wal, struct store_tx *writer)
{
	if (writer->wal_frames < writer->wal_marked)
		writer->wal_marked = 0; /* it has started over */
	if (writer->wal_frames - writer->wal_marked < MARK_FRAMES && !wal->wants_restart)
		return;
	/* Right behind the helper, so that little remains. */
	if (wal->wants_restart && atomic_load(&wal->busy) && writer->wal_frames < RESTART_NOW_FRAMES)
		return;
	writer->wal_marked = writer->wal_frames;
	if (wal->wants_restart) {
		wal->wants_restart = false;
		checkpoint(writer, SQLITE_CHECKPOINT_RESTART);
		return;
	}
	wal->wants_restart = writer->wal_frames >= RESTART_FRAMES;
	ask_checkpointer(wal);
}

enum at_err store_wal_open(struct store_wal *wal, const char *db_path)
{
	enum at_err err = store_db_open(db_path, true, &wal->checkpointer);

	wal->fd = -1;
	if (err != AT_OK)
		return err;
	wal->path = at_alloc(strlen(db_path) + sizeof("-wal"));
	memcpy(wal->path, db_path, strlen(db_path));
	memcpy(wal->path + strlen(db_path), "-wal", sizeof("-wal"));
	wal->thread = at_worker_new("store-wal", 1, wal);
	return AT_OK;
}

void store_wal_close(struct store_wal *wal)
{
	at_worker_free(&wal->thread);
	store_db_close(&wal->checkpointer);
	if (wal->path != NULL && wal->fd >= 0)
		(void)close(wal->fd);
	at_free(wal->path);
	*wal = (struct store_wal){.fd = -1};
}
