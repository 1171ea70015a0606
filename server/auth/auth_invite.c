#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { USES_MAX = 1000 };
#define VALID_MAX_MS (365 * 24 * AUTH_HOUR_MS)

static bool is_good(const struct store_invite *invite)
{
	return invite && invite->uses_left && !invite->revoked && invite->expires > at_wall_ms();
}

struct store_invite *auth_invite_good(const struct auth *auth, const char *token)
{
	uint8_t hash[AUTH_HASH_LEN];
	if (auth_token_parse(token, hash) != AT_OK)
		return NULL;
	struct store_invite *invite = at_map_get(auth->invites, hash, sizeof(hash));
	return is_good(invite) ? invite : NULL;
}

enum at_err auth_invite_look(const struct auth *auth, const char *token, bool *admin_out, uint64_t *by_out)
{
	const struct store_invite *invite = auth_invite_good(auth, token);
	if (!invite || invite->user)
		return AT_ERR_GONE;
	*admin_out = invite->admin;
	*by_out = invite->created_by;
	return AT_OK;
}

/* Everything but who: shared with the command line. */
static enum at_err invite_init(struct store_invite *invite, uint64_t link_user, uint32_t uses, int64_t valid_ms,
			       bool admin, char token_out[AUTH_TOKEN_LEN + 1])
{
	if (uses < 1 || uses > USES_MAX || valid_ms < 1 || valid_ms > VALID_MAX_MS || (link_user && admin))
		return AT_ERR_BAD_REQUEST;
	*invite = (struct store_invite){.user = link_user, .admin = admin, .uses_left = uses, .created = at_wall_ms()};
	invite->expires = invite->created + valid_ms;
	auth_token_new(token_out, invite->token_hash);
	return AT_OK;
}

/* ---- making one ---- */

struct making {
	struct auth *auth;
	struct store_invite invite;
	char token[AUTH_TOKEN_LEN + 1];
	auth_invite_fn *done;
	void *arg;
};

static enum at_err add_job(struct store_tx *tx, void *msg)
{
	struct making *making = msg;
	return store_invite_add(tx, &making->invite, &making->invite.id);
}

static void added(void *msg, enum at_err err)
{
	struct making *making = msg;
	if (err == AT_OK)
		auth_invite_learn(making->auth, &making->invite);
	making->done(making->arg, err, making->invite.id, making->token, making->invite.expires);
	sodium_memzero(making->token, sizeof(making->token));
	at_free(making);
}

void auth_invite_new(struct auth *auth, uint64_t by, uint64_t link_user, uint32_t uses, int64_t valid_ms, bool admin,
		     auth_invite_fn *done, void *arg)
{
	const struct auth_user *maker = auth_user(auth, by);
	struct making *making = at_alloc(sizeof(*making));
	enum at_err err = invite_init(&making->invite, link_user, uses, valid_ms, admin, making->token);
	if (err == AT_OK &&
	    ((by && !maker) || (admin && by && !maker->admin) || (link_user && !auth_user(auth, link_user))))
		err = AT_ERR_NOT_FOUND;
	if (err != AT_OK) {
		done(arg, err, 0, NULL, 0);
		at_free(making);
		return;
	}
	making->auth = auth;
	making->invite.created_by = by;
	making->done = done;
	making->arg = arg;
	store_write(auth->store, add_job, added, making, STORE_PLAIN);
}

/* ---- taking one back ---- */

struct revoking {
	struct auth *auth;
	struct store_invite invite;
	auth_err_fn *done;
	void *arg;
};

static enum at_err revoke_job(struct store_tx *tx, void *msg)
{
	struct revoking *revoking = msg;
	return store_invite_put(tx, &revoking->invite);
}

static void revoked(void *msg, enum at_err err)
{
	struct revoking *revoking = msg;
	struct store_invite *kept = at_map_get(revoking->auth->invites, revoking->invite.token_hash, AUTH_HASH_LEN);
	if (err == AT_OK && kept) {
		at_map_del(revoking->auth->invites, kept->token_hash, AUTH_HASH_LEN);
		at_free(kept);
	}
	revoking->done(revoking->arg, err);
	at_free(revoking);
}

static bool may_see(const struct auth *auth, uint64_t by, const struct store_invite *invite)
{
	const struct auth_user *user = auth_user(auth, by);
	return user && !invite->user && (user->admin || invite->created_by == by);
}

static struct store_invite *invite_by_id(const struct auth *auth, uint64_t id)
{
	size_t pos = 0;
	for (struct store_invite *invite; (invite = at_map_next(auth->invites, &pos));)
		if (invite->id == id)
			return invite;
	return NULL;
}

void auth_invite_revoke(struct auth *auth, uint64_t by, uint64_t invite, auth_err_fn *done, void *arg)
{
	struct store_invite *kept = invite_by_id(auth, invite);
	if (!is_good(kept) || !may_see(auth, by, kept)) {
		done(arg, AT_ERR_NOT_FOUND);
		return;
	}
	struct revoking *revoking = at_alloc(sizeof(*revoking));
	/* Nobody gets in between now and the commit; a failed commit leaves it dead until the next start, which is the safe side. */
	kept->revoked = at_wall_ms();
	*revoking = (struct revoking){auth, *kept, done, arg};
	store_write(auth->store, revoke_job, revoked, revoking, STORE_PLAIN);
}

static int newer_first(const void *a, const void *b)
{
	const struct store_invite *x = a, *y = b;
	return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

size_t auth_invites(const struct auth *auth, uint64_t by, size_t max, struct store_invite *invites_out)
{
	size_t n = 0, pos = 0;
	for (struct store_invite *invite; (invite = at_map_next(auth->invites, &pos));) {
		if (!is_good(invite) || !may_see(auth, by, invite))
			continue;
		if (n < max) {
			invites_out[n++] = *invite;
			continue;
		}
		size_t oldest = 0;
		for (size_t i = 1; i < n; i++)
			if (invites_out[i].id < invites_out[oldest].id)
				oldest = i;
		if (n && invites_out[oldest].id < invite->id)
			invites_out[oldest] = *invite;
	}
	qsort(invites_out, n, sizeof(*invites_out), newer_first);
	return n;
}

/* ---- command line ---- */

enum at_err auth_invite_now(struct store *store, uint64_t link_user, uint32_t uses, int64_t valid_ms, bool admin,
			    char token_out[AUTH_TOKEN_LEN + 1])
{
	AT_ASSERT(sodium_init() >= 0);
	struct making making = {0};
	enum at_err err = invite_init(&making.invite, link_user, uses, valid_ms, admin, token_out);
	return err == AT_OK ? store_run_now(store, add_job, &making) : err;
}
