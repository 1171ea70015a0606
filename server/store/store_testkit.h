/* A disk that fails when it is told to (a layer over SQLite's own VFS), and a store in a directory of its own. */
#ifndef AT_STORE_STORE_TESTKIT_H
#define AT_STORE_STORE_TESTKIT_H

#include "base/loop.h"
#include "base/mem.h"
#include "base/test.h"
#include "store/store.h"

enum fault {
	FAULT_NONE,
	FAULT_EIO,  /* the at-th write, sync or truncation fails; those after it seem to work, as Linux has it */
	FAULT_FULL, /* from the at-th write on the disk is full, until fault_clear */
	FAULT_KILL, /* at the at-th of them the process is gone */
};
enum { FAULT_KILLED = 9 }; /* its exit status then */

void fault_install(void); /* once; before the first store_open */
void fault_arm(enum fault fault, unsigned at);
void fault_clear(void);
bool fault_happened(void);
unsigned fault_count(void); /* writes, syncs and truncations since it was armed */

void temp_dir(char dir[64]);
void temp_dir_remove(const char *dir);

/* A store without threads. */
struct fixture {
	char dir[64];
	struct store *store;
};
int fixture_setup(void **state);
int fixture_teardown(void **state);
void fixture_reopen(struct fixture *f);

#define OK(expr) assert_int_equal(expr, AT_OK)
#define RUN(f, job) OK(store_run_now((f)->store, job, f))
#define WITH_STORE(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

/* A store_each_fn that counts: arg is a size_t. */
enum at_err count_rows(void *arg, const void *row);

#endif
