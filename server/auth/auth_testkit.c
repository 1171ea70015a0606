#include "auth/auth_testkit.h"

#include "base/mem.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

void world_open(struct world *w)
{
	w->loop = at_loop_new();
	assert_int_equal(store_open(w->dir, w->loop, &w->store), AT_OK);
	w->hub = hub_new();
	assert_int_equal(auth_new(w->loop, w->store, w->hub, &w->auth), AT_OK);
}

void world_close(struct world *w)
{
	store_drain(w->store);
	auth_free(&w->auth);
	hub_free(&w->hub);
	store_close(&w->store);
	at_loop_free(&w->loop);
}

void restart(struct world *w)
{
	world_close(w);
	world_open(w);
}

int setup(void **state)
{
	struct world *w = at_alloc(sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/at_auth_test_XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	world_open(w);
	*state = w;
	return 0;
}

static int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

int teardown(void **state)
{
	struct world *w = *state;
	world_close(w);
	nftw(w->dir, rm_one, 16, FTW_DEPTH | FTW_PHYS);
	at_free(w);
	return at_log_unexpected_for_test();
}

/* ---- asking and waiting ---- */

void on_result(void *arg, const struct auth_result *result)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = result->err;
	answer->result = *result;
}

void on_err(void *arg, enum at_err err)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = err;
}

void on_invite(void *arg, enum at_err err, uint64_t invite, const char *token, int64_t expires)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = err;
	answer->invite = invite;
	if (err == AT_OK) {
		memcpy(answer->token, token, sizeof(answer->token));
		assert_true(expires > at_wall_ms());
	}
}

enum at_err wait_for(struct world *w, struct answer *answer)
{
	while (!answer->n)
		at_loop_step(w->loop, 50);
	assert_int_equal(answer->n, 1);
	return answer->err;
}

enum at_err signin(struct world *w, const char *username, const char *password, const char *addr, struct answer *answer)
{
	*answer = (struct answer){0};
	auth_signin(w->auth, username, password, "laptop", addr, on_result, answer);
	return wait_for(w, answer);
}

enum at_err join(struct world *w, const char *token, const char *username, struct answer *answer)
{
	*answer = (struct answer){0};
	auth_join(w->auth, token, username, "Some One", GOOD, "laptop", HERE, on_result, answer);
	return wait_for(w, answer);
}

enum at_err invite(struct world *w, uint64_t by, uint64_t link_user, uint32_t uses, bool admin, struct answer *answer)
{
	*answer = (struct answer){0};
	auth_invite_new(w->auth, by, link_user, uses, DAY, admin, on_invite, answer);
	return wait_for(w, answer);
}

static enum at_err add_row(struct store_tx *tx, void *msg)
{
	struct store_user *user = msg;
	return store_user_add(tx, user, &user->id);
}

/* A person without a password. */
uint64_t person(struct world *w, const char *username, const char *name)
{
	struct store_user row = {.username = username,
				 .name = name,
				 .password = "",
				 .receipts = true,
				 .created = at_wall_ms()};
	assert_int_equal(store_run_now(w->store, add_row, &row), AT_OK);
	auth_user_learn(w->auth, &row);
	return row.id;
}

struct answer device_of(struct world *w, uint64_t user, const char *name)
{
	struct answer link, answer = {0};
	assert_int_equal(invite(w, 0, user, 1, false, &link), AT_OK);
	auth_link(w->auth, link.token, name, HERE, on_result, &answer);
	assert_int_equal(wait_for(w, &answer), AT_OK);
	return answer;
}
