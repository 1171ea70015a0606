/* How long the write-ahead log grows. A helper copies it into the database while the writer goes on, but never catches up with a writer
 * that does not rest; so above 62 MB, and above 1 MB while there is little room, the writer does the remainder itself and starts it over.
 * The file keeps its length: a sync of bytes that it has already costs half as much as one that makes it longer (docs/decisions/009). */
#include "base/mem.h"
#include "base/time.h"
#include "store/store_priv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	LOOK_FRAMES = 256,          /* 1 MB: so often the disk is looked at */
	COPY_FRAMES = 1000,         /* 4 MB: so often the helper is asked */
	RESTART_FRAMES = 15000,     /* 62 MB */
	RESTART_NOW_FRAMES = 17000, /* even if it must wait for the helper */
	FRAME_LEN = 4096,
	STUCK_MS = 1000, /* until it is tried again to make room */
	RESERVE_STEP = 1 << 20,
	RESERVE_BYTES = 64 << 20, /* the journal_size_limit: SQLite cuts off what is more */
};
/* A disk with less than this free has better use for it. */
#define RESERVE_FREE_BYTES (1ULL << 30)

/* One that finds no space or somebody in its way has lost nothing: the log stays, the next one goes on. */
static bool checkpoint(struct store_tx *tx, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(tx->db, NULL, mode, NULL, NULL);

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED && (rc & 0xff) != SQLITE_FULL)
		(void)store_db_err(tx, rc, "checkpoint");
	tx->full = false;
	return rc == SQLITE_OK;
}

static bool has_less_than(int fd, uint64_t bytes)
{
	struct statvfs disk;

	return fstatvfs(fd, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < bytes;
}

/* Less than the log may still take, and the database when the log is copied into it. */
static bool has_little_room(int fd)
{
	return has_less_than(fd, 2 * (uint64_t)RESTART_FRAMES * FRAME_LEN);
}

/* ---- the helper's thread ---- */

/* Makes the file as long as it may become, with zeros, which are no frames. Appending (O_APPEND) cannot meet what the writer writes at
 * the same time: whoever is second writes behind the first or over its zeros. Once in a process's life: the log starts over in place. */
static void reserve(struct store_tx *tx)
{
	struct stat st;
	void *zeros = at_alloc(RESERVE_STEP);
	int fd = open(sqlite3_filename_wal(sqlite3_db_filename(tx->db, "main")), O_WRONLY | O_APPEND | O_CLOEXEC);

	while (fd >= 0 && !has_less_than(fd, RESERVE_FREE_BYTES) && fstat(fd, &st) == 0 && st.st_size < RESERVE_BYTES) {
		size_t left = (size_t)(RESERVE_BYTES - st.st_size);

		/* Synced at each step, so that no commit has to wait for more than one. An error is for the writer to meet. */
		if (write(fd, zeros, left < RESERVE_STEP ? left : RESERVE_STEP) <= 0 || fdatasync(fd) != 0)
			break;
	}
	if (fd >= 0)
		(void)close(fd);
	at_free(zeros);
}

static void run_checkpoint(void *ctx, void *msg)
{
	struct store_wal *wal = ctx;

	(void)msg;
	if (!wal->is_reserved)
		reserve(&wal->checkpointer);
	wal->is_reserved = true;
	(void)checkpoint(&wal->checkpointer, SQLITE_CHECKPOINT_PASSIVE);
	atomic_store(&wal->busy, false);
}

static void ask_helper(struct store_wal *wal)
{
	if (wal->thread == NULL || atomic_exchange(&wal->busy, true))
		return;
	if (at_worker_post(wal->thread, run_checkpoint, NULL) != AT_OK)
		atomic_store(&wal->busy, false);
}

/* ---- the writer's thread ---- */

/* Nothing can be written: the log itself may hold the room that is wanted, and nothing else would take it from there. Also when there is
 * room again, before the log takes that, too. */
static void make_room(struct store_tx *tx)
{
	int64_t now = at_mono_ms();

	if (tx->refusing && tx->wal_stuck > 0 && now - tx->wal_stuck < STUCK_MS)
		return;
	tx->wal_stuck = checkpoint(tx, SQLITE_CHECKPOINT_TRUNCATE) ? 0 : now;
}

static bool is_due(const struct store_tx *tx, int *since, int frames)
{
	if (tx->wal_frames < *since)
		*since = 0; /* it has started over */
	if (tx->wal_frames - *since < frames)
		return false;
	*since = tx->wal_frames;
	return true;
}

/* Right behind the helper, so that little remains. */
static void start_over(struct store_wal *wal, struct store_tx *tx)
{
	if (atomic_load(&wal->busy) && tx->wal_frames < RESTART_NOW_FRAMES)
		return;
	wal->wants_restart = false;
	(void)checkpoint(tx, SQLITE_CHECKPOINT_RESTART);
}

void store_wal_tend(struct store_wal *wal, struct store_tx *tx)
{
	bool was_refusing = tx->wal_refused;

	tx->wal_refused = tx->refusing;
	if (tx->refusing || was_refusing) {
		make_room(tx);
	} else if (is_due(tx, &tx->wal_looked, LOOK_FRAMES) && has_little_room(wal->disk_fd)) {
		(void)checkpoint(tx, SQLITE_CHECKPOINT_TRUNCATE);
	} else if (wal->wants_restart) {
		start_over(wal, tx);
	} else if (is_due(tx, &tx->wal_copied, COPY_FRAMES)) {
		wal->wants_restart = tx->wal_frames >= RESTART_FRAMES;
		ask_helper(wal);
	}
}

/* ---- opening and closing ---- */

enum at_err store_wal_open(struct store_wal *wal, const char *db_path, int disk_fd)
{
	enum at_err err = store_db_open(db_path, true, &wal->checkpointer);

	wal->disk_fd = disk_fd;
	if (err == AT_OK)
		wal->thread = at_worker_new("store-wal", 1, wal);
	return err;
}

void store_wal_close(struct store_wal *wal)
{
	at_worker_free(&wal->thread);
	store_db_close(&wal->checkpointer);
}
