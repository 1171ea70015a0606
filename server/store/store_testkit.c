#include "store/store_testkit.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

static sqlite3_vfs *real_vfs;
static sqlite3_vfs fault_vfs;
static atomic_int armed;
static atomic_uint armed_at, count;
static atomic_bool happened;

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real; /* behind this */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct fault_file *)(void *)file)->real;
}

/* Counts one operation; whether it fails, and how. */
static int fails(int io_error, bool is_write)
{
	int fault = atomic_load(&armed);

	if (fault == FAULT_NONE)
		return SQLITE_OK;
	unsigned n = atomic_fetch_add(&count, 1) + 1;

	if (n < atomic_load(&armed_at) || (fault == FAULT_EIO && n > atomic_load(&armed_at)) ||
	    (fault == FAULT_FULL && !is_write))
		return SQLITE_OK;
	atomic_store(&happened, true);
	if (fault == FAULT_KILL)
		_exit(FAULT_KILLED);
	return fault == FAULT_FULL ? SQLITE_FULL : io_error;
}

static int f_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int f_read(sqlite3_file *file, void *data, int len, sqlite3_int64 at)
{
	return real_of(file)->pMethods->xRead(real_of(file), data, len, at);
}

static int f_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
	int rc = fails(SQLITE_IOERR_WRITE, true);

	/* A failing disk has often written half of it. */
	if (rc == SQLITE_IOERR_WRITE && len > 1)
		(void)real_of(file)->pMethods->xWrite(real_of(file), data, len / 2, at);
	return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xWrite(real_of(file), data, len, at);
}

static int f_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int rc = fails(SQLITE_IOERR_TRUNCATE, false);

	return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int f_sync(sqlite3_file *file, int flags)
{
	int rc = fails(SQLITE_IOERR_FSYNC, false);

	return rc != SQLITE_OK ? rc : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int f_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int f_lock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int f_unlock(sqlite3_file *file, int level)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int f_reserved(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int f_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int f_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int f_device(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int f_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void f_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int f_shm_unmap(sqlite3_file *file, int remove)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_reserved,
	.xFileControl = f_control,
	.xSectorSize = f_sector,
	.xDeviceCharacteristics = f_device,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *flags_out)
{
	struct fault_file *opened = (struct fault_file *)(void *)file;

	(void)vfs;
	opened->real = (sqlite3_file *)(void *)(opened + 1);
	int rc = real_vfs->xOpen(real_vfs, name, opened->real, flags, flags_out);

	/* Without methods SQLite does not close it. */
	opened->base.pMethods = opened->real->pMethods != NULL ? &methods : NULL;
	return rc;
}

void fault_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == &fault_vfs)
		return;
	fault_vfs = *real_vfs;
	fault_vfs.zName = "fault";
	fault_vfs.pNext = NULL;
	fault_vfs.szOsFile = real_vfs->szOsFile + (int)sizeof(struct fault_file);
	fault_vfs.xOpen = f_open;
	AT_ASSERT(sqlite3_vfs_register(&fault_vfs, 1) == SQLITE_OK);
}

void fault_arm(enum fault fault, unsigned at)
{
	atomic_store(&count, 0);
	atomic_store(&armed_at, at);
	atomic_store(&happened, false);
	atomic_store(&armed, (int)fault);
}

void fault_clear(void)
{
	atomic_store(&armed, FAULT_NONE);
}

bool fault_happened(void)
{
	return atomic_load(&happened);
}

unsigned fault_count(void)
{
	return atomic_load(&count);
}

void temp_dir(char dir[64])
{
	/* In memory where that is possible: here the process goes, not the machine. */
	(void)snprintf(dir, 64, "%s/at_store_XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(dir));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

void temp_dir_remove(const char *dir)
{
	assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int fixture_setup(void **state)
{
	struct fixture *f = at_alloc(sizeof(*f));

	temp_dir(f->dir);
	assert_int_equal(store_open(f->dir, NULL, &f->store), AT_OK);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	temp_dir_remove(f->dir);
	at_free(f);
	return at_test_teardown(state);
}

void fixture_reopen(struct fixture *f)
{
	store_close(&f->store);
	assert_int_equal(store_open(f->dir, NULL, &f->store), AT_OK);
}

enum at_err count_rows(void *arg, const void *row)
{
	(void)row;
	++*(size_t *)arg;
	return AT_OK;
}
