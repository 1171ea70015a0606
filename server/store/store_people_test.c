#include "store/store_testkit.h"

#include <sys/stat.h>

/* What store.h promises about people and what belongs to them, and about the file itself. */

/* ---- people ---- */

static enum at_err keep_user(void *arg, const void *row)
{
	struct store_user *kept = arg;
	const struct store_user *user = row;

	assert_string_equal(user->username, "ana");
	assert_string_equal(user->name, "Ana B.");
	assert_string_equal(user->password, "$argon2id$");
	*kept = *user;
	return AT_OK;
}

static enum at_err user_job(struct store_tx *tx, void *msg)
{
	struct store_user user = {.username = "ana", .name = "Ana", .password = "", .receipts = true, .created = 5},
			  kept;
	uint64_t id, other;

	(void)msg;
	OK(store_user_add(tx, &user, &id));
	assert_int_equal(store_user_add(tx, &user, &other), AT_ERR_EXISTS);
	user = (struct store_user){.id = id,
				   .name = "Ana B.",
				   .password = "$argon2id$",
				   .admin = true,
				   .hide_decline = true,
				   .quiet_share = true,
				   .quiet_until = 99,
				   .created = 5};
	OK(store_user_put(tx, &user));
	user.id = 999;
	assert_int_equal(store_user_put(tx, &user), AT_ERR_NOT_FOUND);
	OK(store_each_user(tx, keep_user, &kept));
	assert_true(kept.id == id && kept.admin && !kept.receipts && kept.hide_decline && kept.quiet_share);
	assert_true(kept.quiet_until == 99 && kept.created == 5);
	return AT_OK;
}

static void test_users(void **state)
{
	RUN((struct fixture *)*state, user_job);
}

static enum at_err keep_device(void *arg, const void *row)
{
	*(struct store_device *)arg = *(const struct store_device *)row;
	return AT_OK;
}

static enum at_err device_job(struct store_tx *tx, void *msg)
{
	struct store_device device = {.user = 3,
				      .name = "laptop",
				      .token_hash = {1, 2},
				      .key = {3},
				      .created = 5,
				      .seen = 6},
			    kept;
	size_t n = 0;

	(void)msg;
	OK(store_device_add(tx, &device, &device.id));
	OK(store_each_device(tx, keep_device, &kept));
	assert_true(kept.id == device.id && kept.user == 3 && kept.seen == 6 && kept.revoked == 0);
	assert_memory_equal(kept.token_hash, device.token_hash, 32);
	assert_memory_equal(kept.key, device.key, 32);
	device.revoked = 7;
	OK(store_device_put(tx, &device));
	OK(store_each_device(tx, count_rows, &n));
	assert_int_equal(n, 0);
	return AT_OK;
}

static void test_devices(void **state)
{
	RUN((struct fixture *)*state, device_job);
}

static enum at_err invite_job(struct store_tx *tx, void *msg)
{
	struct store_invite invite = {.created_by = 1,
				      .token_hash = {9},
				      .admin = true,
				      .uses_left = 2,
				      .created = 5,
				      .expires = 100},
			    used;
	const uint8_t unknown[32] = {8};

	(void)msg;
	OK(store_invite_add(tx, &invite, &invite.id));
	assert_int_equal(store_invite_use(tx, unknown, 50, &used), AT_ERR_GONE);
	assert_int_equal(store_invite_use(tx, invite.token_hash, 100, &used), AT_ERR_GONE);
	OK(store_invite_use(tx, invite.token_hash, 50, &used));
	assert_true(used.id == invite.id && used.admin && used.uses_left == 1 && used.created_by == 1);
	OK(store_invite_use(tx, invite.token_hash, 50, &used));
	assert_int_equal(store_invite_use(tx, invite.token_hash, 50, &used), AT_ERR_GONE);
	invite.uses_left = 5;
	invite.revoked = 60;
	OK(store_invite_put(tx, &invite));
	assert_int_equal(store_invite_use(tx, invite.token_hash, 50, &used), AT_ERR_GONE);
	return AT_OK;
}

static void test_invites(void **state)
{
	RUN((struct fixture *)*state, invite_job);
}

static enum at_err block_and_limit_job(struct store_tx *tx, void *msg)
{
	size_t blocks = 0, limits = 0;

	(void)msg;
	OK(store_block_set(tx, 1, 2, true));
	OK(store_block_set(tx, 1, 2, true));
	OK(store_block_set(tx, 2, 1, true));
	OK(store_block_set(tx, 1, 2, false));
	OK(store_block_set(tx, 1, 2, false));
	OK(store_each_block(tx, count_rows, &blocks));
	assert_int_equal(blocks, 1);
	OK(store_limit_put(tx, &(struct store_limit){"old", 1, 2, 3}));
	OK(store_limit_put(tx, &(struct store_limit){"new", 1, 2, INT64_MAX}));
	OK(store_limit_put(tx, &(struct store_limit){"new", 4, 5, INT64_MAX}));
	OK(store_each_limit(tx, count_rows, &limits));
	assert_int_equal(limits, 2);
	return AT_OK;
}

static enum at_err keep_limit(void *arg, const void *row)
{
	const struct store_limit *limit = row;

	assert_string_equal(limit->key, "new");
	assert_int_equal(limit->level, 4);
	return count_rows(arg, row);
}

static enum at_err limits_left_job(struct store_tx *tx, void *msg)
{
	size_t n = 0;

	(void)msg;
	OK(store_each_limit(tx, keep_limit, &n));
	assert_int_equal(n, 1);
	return AT_OK;
}

static void test_blocks_and_limits(void **state)
{
	struct fixture *f = *state;

	RUN(f, block_and_limit_job);
	fixture_reopen(f);
	RUN(f, limits_left_job);
}

/* ---- the file ---- */

static void test_one_process_and_private_files(void **state)
{
	struct fixture *f = *state;
	struct store *second;
	struct stat st;
	char path[96];

	assert_int_equal(store_open(f->dir, NULL, &second), AT_ERR_BUSY);
	assert_null(second);
	(void)snprintf(path, sizeof(path), "%s/aftertone.db", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof(path), "%s/aftertone.db-wal", f->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	(void)snprintf(path, sizeof(path), "%s/new", f->dir);
	assert_int_equal(store_open(path, NULL, &second), AT_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	store_close(&second);
}

static void test_a_file_that_is_not_ours(void **state)
{
	struct fixture *f = *state;
	char command[256];
	struct store *other;

	store_close(&f->store);
	(void)snprintf(command, sizeof(command), "head -c 8192 /dev/zero | tr '\\0' 'x' > %s/aftertone.db", f->dir);
	assert_int_equal(system(command), 0);
	at_log_expect_for_test("store.open", 1);
	assert_int_equal(store_open(f->dir, NULL, &other), AT_ERR_IO);
	assert_null(other);
	(void)snprintf(command, sizeof(command), "rm %s/aftertone.db*", f->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(store_open(f->dir, NULL, &f->store), AT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_users),
		WITH_STORE(test_devices),
		WITH_STORE(test_invites),
		WITH_STORE(test_blocks_and_limits),
		WITH_STORE(test_one_process_and_private_files),
		WITH_STORE(test_a_file_that_is_not_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
