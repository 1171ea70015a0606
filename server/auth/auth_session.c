/* Device sessions: making them, how long they last, when they were last seen. */
#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <sodium.h>
#include <string.h>

enum { REVOKED_CLOSE = 4001 };

enum at_err auth_fresh_init(struct auth_fresh *fresh, const char *device_name)
{
	enum at_err err = auth_name_clean(device_name, &fresh->device_name);
	if (err != AT_OK)
		return err;
	auth_token_new(fresh->result.token, fresh->device.token_hash);
	fresh->device.name = fresh->device_name;
	return AT_OK;
}

void auth_fresh_release(struct auth_fresh *fresh)
{
	sodium_memzero(fresh->result.token, sizeof(fresh->result.token));
	at_free(fresh->device_name);
	fresh->device_name = NULL;
}

void auth_fresh_learn(struct auth *auth, struct auth_fresh *fresh)
{
	auth_device_learn(auth, &fresh->device);
	fresh->result.user = fresh->device.user;
	fresh->result.device = fresh->device.id;
}

bool auth_device_good(const struct auth_device *device, int64_t now)
{
	return now - device->seen < AUTH_IDLE_MS && now - device->created < AUTH_AGE_MS;
}

const struct auth_device *auth_session(const struct auth *auth, const char *token)
{
	uint8_t hash[AUTH_HASH_LEN];
	if (auth_token_parse(token, hash) != AT_OK)
		return NULL;
	const struct auth_device_kept *kept = at_map_get(auth->by_token, hash, sizeof(hash));
	return kept && auth_device_good(&kept->device, at_wall_ms()) ? &kept->device : NULL;
}

/* ---- last seen ---- */

struct seen_write {
	struct store_device row;
	char *name;
};

static enum at_err seen_job(struct store_tx *tx, void *msg)
{
	struct seen_write *write = msg;
	return store_device_put(tx, &write->row);
}

/* Not written: the next hour tries again. */
static void seen_done(void *msg, enum at_err err)
{
	(void)err;
	struct seen_write *write = msg;
	at_free(write->name);
	at_free(write);
}

static void touch(struct auth *auth, struct auth_device_kept *kept, int64_t now)
{
	kept->device.seen = now;
	if (now - kept->seen_written < AUTH_HOUR_MS && now >= kept->seen_written)
		return;
	kept->seen_written = now;
	struct seen_write *write = at_alloc(sizeof(*write));
	auth_device_row(kept, &write->row);
	write->name = at_strdup(kept->device.name);
	write->row.name = write->name;
	store_write(auth->store, seen_job, seen_done, write, STORE_PLAIN);
}

void auth_device_touch(struct auth *auth, uint64_t device)
{
	struct auth_device_kept *kept = at_map_get_u64(auth->devices, device);
	if (kept)
		touch(auth, kept, at_wall_ms());
}

/* Nothing is revoked here: a clock that jumped ahead must not sign everybody out for ever. */
void auth_sweep(void *arg)
{
	struct auth *auth = arg;
	int64_t now = at_wall_ms();
	size_t pos = 0;
	for (struct auth_device_kept *kept; (kept = at_map_next(auth->devices, &pos));) {
		if (!hub_device_connected(auth->hub, kept->device.id))
			continue;
		if (now - kept->device.created < AUTH_AGE_MS)
			touch(auth, kept, now);
		else
			hub_close_device(auth->hub, kept->device.id, REVOKED_CLOSE);
	}
	auth_limits_sweep(auth);
}
