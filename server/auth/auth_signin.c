/* Signing in with username and password. Unknown and wrong take the same way: same checks, same hash, same counting, same answer. */
#include "auth/auth_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <string.h>

struct signin {
	struct auth *auth;
	char *username;
	struct auth_attempt attempt;
	struct auth_fresh fresh;
	auth_done_fn *done;
	void *arg;
};

static void finish(struct signin *signin, enum at_err err)
{
	signin->fresh.result.err = err;
	signin->done(signin->arg, &signin->fresh.result);
	auth_fresh_release(&signin->fresh);
	at_free(signin->username);
	at_free(signin);
}

static enum at_err add_job(struct store_tx *tx, void *msg)
{
	struct signin *signin = msg;
	return store_device_add(tx, &signin->fresh.device, &signin->fresh.device.id);
}

static void added(void *msg, enum at_err err)
{
	struct signin *signin = msg;
	if (err == AT_OK) {
		auth_fresh_learn(signin->auth, &signin->fresh);
		auth_attempt_succeeded(signin->auth, &signin->attempt);
		at_log(AT_LOG_INFO, "auth.signed_in", "user", AT_INT(signin->fresh.device.user), "device",
		       AT_INT(signin->fresh.device.id), NULL);
	} else {
		auth_attempt_undo(signin->auth, &signin->attempt);
	}
	finish(signin, err);
}

static void checked(void *arg, enum at_err err, const char *hash, bool ok)
{
	(void)hash;
	struct signin *signin = arg;
	struct auth *auth = signin->auth;
	const struct auth_user *user = auth_user_by_name(auth, signin->username);
	if (err == AT_OK && (!ok || !user)) {
		at_log(AT_LOG_INFO, "auth.refused", NULL);
		auth_attempt_failed(auth, &signin->attempt);
		finish(signin, AT_ERR_UNAUTHORIZED);
		return;
	}
	if (err != AT_OK) {
		auth_attempt_undo(auth, &signin->attempt);
		finish(signin, err);
		return;
	}
	signin->fresh.device.user = user->id;
	signin->fresh.device.created = signin->fresh.device.seen = at_wall_ms();
	store_write(auth->store, add_job, added, signin, STORE_PLAIN);
}

void auth_signin(struct auth *auth, const char *username, const char *password, const char *device, const char *addr,
		 auth_done_fn *done, void *arg)
{
	struct signin *signin = at_alloc(sizeof(*signin));
	signin->auth = auth;
	signin->done = done;
	signin->arg = arg;
	enum at_err err = auth_username_clean(username, &signin->username);
	if (err == AT_OK && strlen(password) > AUTH_PASSWORD_MAX)
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK)
		err = auth_fresh_init(&signin->fresh, device);
	if (err != AT_OK)
		goto out;
	signin->attempt = auth_attempt_of(signin->username, addr);
	signin->fresh.result.retry_ms = auth_attempt_wait(auth, &signin->attempt);
	err = AT_ERR_RATE_LIMITED;
	if (signin->fresh.result.retry_ms)
		goto out;
	const struct auth_user *user = auth_user_by_name(auth, signin->username);
	err = auth_pass_check(auth, password, user ? user->password : NULL, checked, signin);
	if (err == AT_OK) {
		auth_attempt_begin(auth, &signin->attempt);
		return;
	}
out:
	finish(signin, err);
}
