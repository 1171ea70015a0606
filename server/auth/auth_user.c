/* Changing people, and adding them from the command line. */
#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <sodium.h>

/* ---- a person ---- */

/* What people see changes at once, so that two changes under way do not undo one another; a failed write is taken back. */
struct changing {
	struct auth *auth;
	struct store_user row, before;
	char *name, *name_before;
	auth_err_fn *done;
	void *arg;
};

static void apply(struct auth *auth, const struct store_user *row)
{
	struct auth_user_kept *kept = at_map_get_u64(auth->users, row->id);
	char *name = at_strdup(row->name);
	at_free(kept->user.name);
	kept->user.name = name;
	auth_name_changed(auth, kept);
	kept->user.receipts = row->receipts;
	kept->user.hide_decline = row->hide_decline;
	kept->user.quiet_share = row->quiet_share;
	kept->user.quiet_until = row->quiet_until;
}

static enum at_err put_job(struct store_tx *tx, void *msg)
{
	struct changing *changing = msg;
	return store_user_put(tx, &changing->row);
}

static void put_done(void *msg, enum at_err err)
{
	struct changing *changing = msg;
	if (err != AT_OK)
		apply(changing->auth, &changing->before);
	changing->done(changing->arg, err);
	at_free(changing->name);
	at_free(changing->name_before);
	at_free(changing);
}

void auth_user_put(struct auth *auth, const struct auth_user *changed, auth_err_fn *done, void *arg)
{
	const struct auth_user *user = auth_user(auth, changed->id);
	char *name = NULL;
	enum at_err err = user ? auth_name_clean(changed->name, &name) : AT_ERR_NOT_FOUND;
	if (err != AT_OK) {
		done(arg, err);
		return;
	}
	struct changing *changing = at_alloc(sizeof(*changing));
	*changing = (struct changing){.auth = auth,
				      .name = name,
				      .name_before = at_strdup(user->name),
				      .done = done,
				      .arg = arg};
	auth_user_row(user, &changing->row);
	changing->before = changing->row;
	changing->before.name = changing->name_before;
	changing->row.name = name;
	changing->row.receipts = changed->receipts;
	changing->row.hide_decline = changed->hide_decline;
	changing->row.quiet_share = changed->quiet_share;
	changing->row.quiet_until = changed->quiet_until;
	apply(auth, &changing->row);
	store_write(auth->store, put_job, put_done, changing, STORE_PLAIN);
}

/* ---- command line ---- */

static enum at_err add_job(struct store_tx *tx, void *msg)
{
	struct store_user *user = msg;
	return store_user_add(tx, user, &user->id);
}

enum at_err auth_user_add_now(struct store *store, const char *username, const char *name, const char *password,
			      bool admin, uint64_t *id_out)
{
	AT_ASSERT(sodium_init() >= 0);
	char *clean_username = NULL, *clean_name = NULL, *hash = NULL;
	enum at_err err = auth_username_clean(username, &clean_username);
	if (err == AT_OK)
		err = auth_name_clean(name, &clean_name);
	if (err == AT_OK)
		err = auth_password_fit(password, clean_username);
	if (err == AT_OK)
		err = auth_pass_hash_now(password, &hash);
	struct store_user user = {.username = clean_username,
				  .name = clean_name,
				  .password = hash,
				  .admin = admin,
				  .receipts = true,
				  .created = at_wall_ms()};
	if (err == AT_OK)
		err = store_run_now(store, add_job, &user);
	*id_out = err == AT_OK ? user.id : 0;
	at_free(clean_username);
	at_free(clean_name);
	at_free(hash);
	return err;
}
