/* Renaming and revoking devices, and their keys. */
#include "auth/auth_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <string.h>

enum { REVOKED_CLOSE = 4001 };

struct device_change {
	struct auth *auth;
	struct store_device row;
	char *name, *tried;
	auth_err_fn *done;
	void *arg;
};

static void change_end(struct device_change *change, enum at_err err)
{
	change->done(change->arg, err);
	at_free(change->name);
	at_free(change->tried);
	at_free(change);
}

static enum at_err put_job(struct store_tx *tx, void *msg)
{
	struct device_change *change = msg;
	return store_device_put(tx, &change->row);
}

/* NULL, after done has been told, when it is not a device of that user. */
static struct device_change *change_new(struct auth *auth, uint64_t user, uint64_t device, auth_err_fn *done, void *arg)
{
	const struct auth_device_kept *kept = at_map_get_u64(auth->devices, device);
	if (!kept || kept->device.user != user) {
		done(arg, AT_ERR_NOT_FOUND);
		return NULL;
	}
	struct device_change *change = at_alloc(sizeof(*change));
	*change = (struct device_change){.auth = auth, .name = at_strdup(kept->device.name), .done = done, .arg = arg};
	auth_device_row(kept, &change->row);
	change->row.name = change->name;
	return change;
}

static void revoked(void *msg, enum at_err err)
{
	struct device_change *change = msg;
	if (err == AT_OK)
		at_log(AT_LOG_INFO, "auth.revoked", "device", AT_INT(change->row.id), NULL);
	/* it is out for now, but would be back after a restart: the asker hears that it failed */
	else
		auth_device_learn(change->auth, &change->row);
	change_end(change, err);
}

void auth_device_revoke(struct auth *auth, uint64_t user, uint64_t device, auth_err_fn *done, void *arg)
{
	struct device_change *change = change_new(auth, user, device, done, arg);
	if (!change)
		return;
	change->row.revoked = at_wall_ms();
	/* The session ends now, not when the disk has caught up. */
	auth_device_forget(auth, at_map_get_u64(auth->devices, device));
	hub_close_device(auth->hub, device, REVOKED_CLOSE);
	store_write(auth->store, put_job, revoked, change, STORE_PLAIN);
}

static void renamed(void *msg, enum at_err err)
{
	struct device_change *change = msg;
	struct auth_device_kept *kept = at_map_get_u64(change->auth->devices, change->row.id);
	if (err != AT_OK && kept) {
		char *tried = kept->device.name;
		kept->device.name = change->name;
		change->name = tried;
	}
	change_end(change, err);
}

void auth_device_rename(struct auth *auth, uint64_t user, uint64_t device, const char *name, auth_err_fn *done,
			void *arg)
{
	char *clean;
	enum at_err err = auth_name_clean(name, &clean);
	if (err != AT_OK) {
		done(arg, err);
		return;
	}
	struct device_change *change = change_new(auth, user, device, done, arg);
	if (!change) {
		at_free(clean);
		return;
	}
	/* In memory at once, so that a write of last-seen meanwhile does not bring the old name back. change keeps the old one. */
	struct auth_device_kept *kept = at_map_get_u64(auth->devices, device);
	at_free(kept->device.name);
	kept->device.name = clean;
	change->tried = at_strdup(clean);
	change->row.name = change->tried;
	store_write(auth->store, put_job, renamed, change, STORE_PLAIN);
}

/* ---- keys ---- */

static const uint8_t no_key[AUTH_KEY_LEN];

const uint8_t *auth_device_key(const struct auth *auth, uint64_t id)
{
	const struct auth_device_kept *kept = at_map_get_u64(auth->devices, id);
	return kept && memcmp(kept->key, no_key, AUTH_KEY_LEN) != 0 ? kept->key : NULL;
}

static void key_written(void *msg, enum at_err err)
{
	struct device_change *change = msg;
	struct auth_device_kept *kept = at_map_get_u64(change->auth->devices, change->row.id);
	if (err != AT_OK && kept)
		memset(kept->key, 0, AUTH_KEY_LEN);
	change_end(change, err);
}

void auth_device_key_set(struct auth *auth, uint64_t user, uint64_t device, const uint8_t key[AUTH_KEY_LEN],
			 auth_err_fn *done, void *arg)
{
	const uint8_t *had = auth_device_key(auth, device);
	if (memcmp(key, no_key, AUTH_KEY_LEN) == 0 || had) {
		bool same = had && memcmp(key, had, AUTH_KEY_LEN) == 0;
		done(arg, same ? AT_OK : had ? AT_ERR_CONFLICT : AT_ERR_BAD_REQUEST);
		return;
	}
	struct device_change *change = change_new(auth, user, device, done, arg);
	if (!change)
		return;
	/* In memory at once, so that a write of last-seen meanwhile keeps it. */
	struct auth_device_kept *kept = at_map_get_u64(auth->devices, device);
	memcpy(kept->key, key, AUTH_KEY_LEN);
	memcpy(change->row.key, key, AUTH_KEY_LEN);
	store_write(auth->store, put_job, key_written, change, STORE_PLAIN);
}
