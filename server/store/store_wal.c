/* How long the write-ahead log grows. A helper copies it into the database while the writer goes on, but never catches up with a writer
 * that does not rest; so above 64 MB, and above 1 MB while there is little room, the writer does the remainder itself and starts it over. */
#include "base/time.h"
#include "store/store_priv.h"

#include <sys/statvfs.h>

enum {
	LOOK_FRAMES = 256,  /* 1 MB: so often the disk is looked at */
	COPY_FRAMES = 1000, /* 4 MB: so often the helper is asked */
	RESTART_FRAMES = 16384,
	FRAME_LEN = 4096,
	STUCK_MS = 1000, /* until it is tried again to make room */
};

/* One that finds no space or somebody in its way has lost nothing: the log stays, the next one goes on. */
static bool checkpoint(struct store_tx *tx, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(tx->db, NULL, mode, NULL, NULL);

	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED && (rc & 0xff) != SQLITE_FULL)
		(void)store_db_err(tx, rc, "checkpoint");
	tx->full = false;
	return rc == SQLITE_OK;
}

void store_wal_copy(struct store_tx *tx)
{
	(void)checkpoint(tx, SQLITE_CHECKPOINT_PASSIVE);
}

/* Less than the log may still take, and the database when the log is copied into it. */
static bool has_little_room(int dir_fd)
{
	struct statvfs disk;

	return fstatvfs(dir_fd, &disk) == 0 &&
	       (uint64_t)disk.f_bavail * disk.f_frsize < 2 * (uint64_t)RESTART_FRAMES * FRAME_LEN;
}

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

bool store_wal_tend(struct store_tx *tx, int dir_fd)
{
	bool was_refusing = tx->wal_refused;

	tx->wal_refused = tx->refusing;
	if (tx->refusing || was_refusing)
		make_room(tx);
	else if (is_due(tx, &tx->wal_looked, LOOK_FRAMES) && has_little_room(dir_fd))
		(void)checkpoint(tx, SQLITE_CHECKPOINT_TRUNCATE);
	else if (!is_due(tx, &tx->wal_copied, COPY_FRAMES))
		return false;
	else if (tx->wal_frames < RESTART_FRAMES)
		return true;
	else
		(void)checkpoint(tx, SQLITE_CHECKPOINT_RESTART);
	return false;
}
