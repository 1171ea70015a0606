/* Joining by an invitation, signing in by a link: the token is used up in the transaction that writes what it was used for. */
#include "auth/auth_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <string.h>

struct join {
	struct auth *auth;
	uint8_t token_hash[AUTH_HASH_LEN];
	char *username, *name, *password; /* password: the hash */
	struct store_user user;
	struct store_invite invite;
	struct auth_fresh fresh;
	auth_done_fn *done;
	void *arg;
};

static struct join *join_new(struct auth *auth, auth_done_fn *done, void *arg)
{
	struct join *join = at_alloc(sizeof(*join));
	join->auth = auth;
	join->done = done;
	join->arg = arg;
	return join;
}

static void finish(struct join *join, enum at_err err)
{
	join->fresh.result.err = err;
	join->done(join->arg, &join->fresh.result);
	auth_fresh_release(&join->fresh);
	at_free(join->username);
	at_free(join->name);
	at_free(join->password);
	at_free(join);
}

/* Keeps guesses of tokens in check, though 256 bits do not need it; an address that is locked out of one way in is of all. */
static enum at_err token_allowed(struct join *join, const char *token, bool link, const char *addr)
{
	struct auth_attempt attempt = auth_attempt_of(NULL, addr);
	join->fresh.result.retry_ms = auth_attempt_wait(join->auth, &attempt);
	if (join->fresh.result.retry_ms)
		return AT_ERR_RATE_LIMITED;
	const struct store_invite *invite = auth_invite_good(join->auth, token);
	if (!invite || (invite->user != 0) != link) {
		auth_attempt_begin(join->auth, &attempt);
		return AT_ERR_GONE;
	}
	memcpy(join->token_hash, invite->token_hash, AUTH_HASH_LEN);
	return AT_OK;
}

/* The memory follows what the store did with the invitation. */
static void invite_used(struct auth *auth, const struct store_invite *used)
{
	struct store_invite *kept = at_map_get(auth->invites, used->token_hash, AUTH_HASH_LEN);
	if (kept && kept->uses_left)
		kept->uses_left--;
	if (kept && !kept->uses_left) {
		at_map_del(auth->invites, used->token_hash, AUTH_HASH_LEN);
		at_free(kept);
	}
}

/* ---- join ---- */

static enum at_err join_job(struct store_tx *tx, void *msg)
{
	struct join *join = msg;
	int64_t now = at_wall_ms();
	enum at_err err = store_invite_use(tx, join->token_hash, now, &join->invite);
	if (err != AT_OK)
		return err;
	join->user.admin = join->invite.admin;
	join->user.created = join->fresh.device.created = join->fresh.device.seen = now;
	err = store_user_add(tx, &join->user, &join->user.id);
	if (err != AT_OK)
		return err;
	join->fresh.device.user = join->user.id;
	return store_device_add(tx, &join->fresh.device, &join->fresh.device.id);
}

static void joined(void *msg, enum at_err err)
{
	struct join *join = msg;
	if (err == AT_OK) {
		invite_used(join->auth, &join->invite);
		auth_user_learn(join->auth, &join->user);
		auth_fresh_learn(join->auth, &join->fresh);
		at_log(AT_LOG_INFO, "auth.joined", "user", AT_INT(join->user.id), "device",
		       AT_INT(join->fresh.device.id), NULL);
	}
	finish(join, err);
}

static void hashed(void *arg, enum at_err err, const char *hash, bool ok)
{
	(void)ok;
	struct join *join = arg;
	if (err != AT_OK) {
		finish(join, err);
		return;
	}
	join->password = at_strdup(hash);
	join->user = (struct store_user){.username = join->username,
					 .name = join->name,
					 .password = join->password,
					 .receipts = true};
	store_write(join->auth->store, join_job, joined, join, 0);
}

void auth_join(struct auth *auth, const char *invite, const char *username, const char *name, const char *password,
	       const char *device, const char *addr, auth_done_fn *done, void *arg)
{
	struct join *join = join_new(auth, done, arg);
	enum at_err err = auth_username_clean(username, &join->username);
	if (err == AT_OK)
		err = auth_name_clean(name, &join->name);
	if (err == AT_OK)
		err = auth_password_fit(password, join->username);
	if (err == AT_OK)
		err = auth_fresh_init(&join->fresh, device);
	if (err == AT_OK)
		err = token_allowed(join, invite, false, addr);
	/* Told before the hash is made, but not before the invitation has shown that the asker may know. */
	if (err == AT_OK && auth_user_by_name(auth, join->username))
		err = AT_ERR_EXISTS;
	if (err == AT_OK)
		err = auth_pass_make(auth, password, hashed, join);
	if (err != AT_OK)
		finish(join, err);
}

/* ---- link ---- */

static enum at_err link_job(struct store_tx *tx, void *msg)
{
	struct join *join = msg;
	int64_t now = at_wall_ms();
	enum at_err err = store_invite_use(tx, join->token_hash, now, &join->invite);
	if (err != AT_OK)
		return err;
	join->fresh.device.user = join->invite.user;
	join->fresh.device.created = join->fresh.device.seen = now;
	return store_device_add(tx, &join->fresh.device, &join->fresh.device.id);
}

static void linked(void *msg, enum at_err err)
{
	struct join *join = msg;
	if (err == AT_OK) {
		invite_used(join->auth, &join->invite);
		auth_fresh_learn(join->auth, &join->fresh);
		at_log(AT_LOG_INFO, "auth.linked", "user", AT_INT(join->fresh.device.user), "device",
		       AT_INT(join->fresh.device.id), NULL);
	}
	finish(join, err);
}

void auth_link(struct auth *auth, const char *link, const char *device, const char *addr, auth_done_fn *done, void *arg)
{
	struct join *join = join_new(auth, done, arg);
	enum at_err err = auth_fresh_init(&join->fresh, device);
	if (err == AT_OK)
		err = token_allowed(join, link, true, addr);
	if (err == AT_OK)
		store_write(auth->store, link_job, linked, join, 0);
	else
		finish(join, err);
}
