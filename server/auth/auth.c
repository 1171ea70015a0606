/* The maps, and filling them at start. */
#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <sodium.h>
#include <string.h>

struct auth_user_kept *auth_user_learn(struct auth *auth, const struct store_user *row)
{
	struct auth_user_kept *kept = at_alloc(sizeof(*kept));
	kept->user = (struct auth_user){
		.id = row->id,
		.username = at_strdup(row->username),
		.name = at_strdup(row->name),
		.admin = row->admin,
		.receipts = row->receipts,
		.hide_decline = row->hide_decline,
		.quiet_share = row->quiet_share,
		.quiet_until = row->quiet_until,
		.created = row->created,
		.password = at_strdup(row->password),
	};
	at_list_init(&kept->devices);
	at_map_put_u64(auth->users, row->id, kept);
	at_map_put(auth->by_username, row->username, strlen(row->username), kept);
	auth_name_changed(auth, kept);
	return kept;
}

struct auth_device_kept *auth_device_learn(struct auth *auth, const struct store_device *row)
{
	struct auth_user_kept *user = at_map_get_u64(auth->users, row->user);
	AT_ASSERT(user);
	struct auth_device_kept *kept = at_alloc(sizeof(*kept));
	kept->device = (struct auth_device){
		.id = row->id,
		.user = row->user,
		.name = at_strdup(row->name),
		.created = row->created,
		.seen = row->seen,
	};
	memcpy(kept->device.token_hash, row->token_hash, AUTH_HASH_LEN);
	memcpy(kept->key, row->key, sizeof(kept->key));
	kept->seen_written = row->seen;
	at_list_push(&user->devices, &kept->by_user);
	at_map_put_u64(auth->devices, row->id, kept);
	at_map_put(auth->by_token, kept->device.token_hash, AUTH_HASH_LEN, kept);
	return kept;
}

void auth_device_forget(struct auth *auth, struct auth_device_kept *kept)
{
	at_list_remove(&kept->by_user);
	at_map_del_u64(auth->devices, kept->device.id);
	at_map_del(auth->by_token, kept->device.token_hash, AUTH_HASH_LEN);
	at_free(kept->device.name);
	at_free(kept);
}

void auth_invite_learn(struct auth *auth, const struct store_invite *row)
{
	struct store_invite *kept = at_alloc(sizeof(*kept));
	*kept = *row;
	at_map_put(auth->invites, kept->token_hash, AUTH_HASH_LEN, kept);
}

void auth_user_row(const struct auth_user *user, struct store_user *row_out)
{
	*row_out = (struct store_user){
		.id = user->id,
		.username = user->username,
		.name = user->name,
		.password = user->password,
		.admin = user->admin,
		.receipts = user->receipts,
		.hide_decline = user->hide_decline,
		.quiet_share = user->quiet_share,
		.quiet_until = user->quiet_until,
		.created = user->created,
	};
}

void auth_device_row(const struct auth_device_kept *kept, struct store_device *row_out)
{
	*row_out = (struct store_device){
		.id = kept->device.id,
		.user = kept->device.user,
		.name = kept->device.name,
		.created = kept->device.created,
		.seen = kept->device.seen,
	};
	memcpy(row_out->token_hash, kept->device.token_hash, AUTH_HASH_LEN);
	memcpy(row_out->key, kept->key, sizeof(kept->key));
}

/* ---- loading ---- */

static enum at_err load_user(void *arg, const void *row)
{
	auth_user_learn(arg, row);
	return AT_OK;
}

static enum at_err load_device(void *arg, const void *row)
{
	auth_device_learn(arg, row);
	return AT_OK;
}

static enum at_err load_invite(void *arg, const void *row)
{
	const struct store_invite *invite = row;
	if (!invite->revoked && invite->uses_left && invite->expires > at_wall_ms())
		auth_invite_learn(arg, invite);
	return AT_OK;
}

static enum at_err load_limit(void *arg, const void *row)
{
	auth_limit_learn(arg, row);
	return AT_OK;
}

static enum at_err load(struct store_tx *tx, void *msg)
{
	enum at_err err = store_each_user(tx, load_user, msg);
	if (err == AT_OK)
		err = store_each_device(tx, load_device, msg);
	if (err == AT_OK)
		err = store_each_invite(tx, load_invite, msg);
	if (err == AT_OK)
		err = store_each_limit(tx, load_limit, msg);
	return err;
}

enum at_err auth_new(struct at_loop *loop, struct store *store, struct hub *hub, struct auth **auth_out)
{
	AT_ASSERT(sodium_init() >= 0);
	struct auth *auth = at_alloc(sizeof(*auth));
	auth->loop = loop;
	auth->store = store;
	auth->hub = hub;
	auth->users = at_map_new();
	auth->by_username = at_map_new();
	auth->devices = at_map_new();
	auth->by_token = at_map_new();
	auth->invites = at_map_new();
	auth->limits = at_map_new();
	auth->worker = at_worker_new("argon", AUTH_HASH_QUEUE, auth);
	auth->sweep = at_timer_new(loop, auth_sweep, auth);
	at_timer_start(auth->sweep, AUTH_HOUR_MS, AUTH_HOUR_MS);
	enum at_err err = store_run_now(store, load, auth);
	if (err != AT_OK)
		auth_free(&auth);
	*auth_out = auth;
	return err;
}

static void free_maps(struct auth *auth)
{
	size_t pos = 0;
	for (struct auth_device_kept *d; (d = at_map_next(auth->devices, &pos));)
		auth_device_forget(auth, d);
	pos = 0;
	for (struct auth_user_kept *u; (u = at_map_next(auth->users, &pos));) {
		at_free(u->user.username);
		at_free(u->user.name);
		at_free(u->user.password);
		at_free(u->folded);
		at_free(u);
	}
	pos = 0;
	for (struct store_invite *i; (i = at_map_next(auth->invites, &pos));)
		at_free(i);
	auth_limits_free(auth);
	at_free(auth->sorted);
	at_map_free(&auth->users);
	at_map_free(&auth->by_username);
	at_map_free(&auth->devices);
	at_map_free(&auth->by_token);
	at_map_free(&auth->invites);
	at_map_free(&auth->limits);
}

void auth_free(struct auth **auth)
{
	struct auth *a = *auth;
	if (!a)
		return;
	a->closing = true;
	at_worker_free(&a->worker);
	while (a->hashing) /* finished hashes are on their way back through the loop */
		at_loop_step(a->loop, 10);
	store_drain(a->store); /* and may have left a write of what was counted against them */
	at_timer_free(&a->sweep);
	free_maps(a);
	at_free(a);
	*auth = NULL;
}

/* ---- looking ---- */

const struct auth_user *auth_user(const struct auth *auth, uint64_t id)
{
	const struct auth_user_kept *kept = at_map_get_u64(auth->users, id);
	return kept ? &kept->user : NULL;
}

const struct auth_user *auth_user_by_name(const struct auth *auth, const char *username)
{
	const struct auth_user_kept *kept = at_map_get(auth->by_username, username, strlen(username));
	return kept ? &kept->user : NULL;
}

const struct auth_device *auth_device(const struct auth *auth, uint64_t id)
{
	const struct auth_device_kept *kept = at_map_get_u64(auth->devices, id);
	return kept ? &kept->device : NULL;
}

bool auth_has_users(const struct auth *auth)
{
	return at_map_len(auth->users) > 0;
}

size_t auth_devices_of(const struct auth *auth, uint64_t user, size_t max, uint64_t *devices_out)
{
	struct auth_user_kept *kept = at_map_get_u64(auth->users, user);
	size_t n = 0;
	if (!kept)
		return 0;
	AT_LIST_EACH(&kept->devices, it) {
		const struct auth_device *device = &AT_ENTRY(it, struct auth_device_kept, by_user)->device;
		if (n < max && auth_device_good(device, at_wall_ms()))
			devices_out[n++] = device->id;
	}
	return n;
}
