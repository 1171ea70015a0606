/* Changing people and devices, finding people, adding them from the command line. */
#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/time.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- finding ---- */

enum { FOLD_MAX = 256 };

/* Lower case, as far as one code point becomes one: enough to find a name, not to sort a library. Own decoding and no locale, so that a
 * server finds the same people wherever it runs. */
static size_t fold(const char *s, uint32_t out[FOLD_MAX])
{
	size_t n = 0;
	const uint8_t *p = (const uint8_t *)s;
	while (*p && n < FOLD_MAX) {
		uint32_t c = *p++;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
		if (more)
			c &= 0x3fu >> more;
		for (; more && (*p & 0xc0) == 0x80; more--)
			c = c << 6 | (*p++ & 0x3f);
		if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
		    (c >= 0x410 && c <= 0x42f))
			c += 32;
		else if (c >= 0x400 && c <= 0x40f)
			c += 80;
		else if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x4ff))
			c |= 1;
		else if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
			c += c & 1;
		out[n++] = c;
	}
	return n;
}

static bool is_gap(uint32_t c)
{
	return c == ' ' || c == '-' || c == '.' || c == '_' || c == '\'' || c == '(' || c == 0xa0 || c == 0x2019;
}

static bool starts(const uint32_t *text, size_t n, const uint32_t *q, size_t q_n)
{
	return n >= q_n && !memcmp(text, q, q_n * sizeof(*q));
}

static bool word_starts(const char *name, const uint32_t *q, size_t q_n)
{
	uint32_t text[FOLD_MAX];
	size_t n = fold(name, text);
	for (size_t i = 0; i < n; i++)
		if ((i == 0 || is_gap(text[i - 1])) && starts(text + i, n - i, q, q_n))
			return true;
	return q_n == 0;
}

static bool matches(const struct auth_user *user, const uint32_t *q, size_t q_n)
{
	uint32_t text[FOLD_MAX];
	return word_starts(user->name, q, q_n) || starts(text, fold(user->username, text), q, q_n);
}

static int by_name(const void *a, const void *b)
{
	const struct auth_user *x = *(const struct auth_user *const *)a, *y = *(const struct auth_user *const *)b;
	uint32_t xs[FOLD_MAX], ys[FOLD_MAX];
	size_t xn = fold(x->name, xs), yn = fold(y->name, ys);
	for (size_t i = 0; i < xn && i < yn; i++)
		if (xs[i] != ys[i])
			return xs[i] < ys[i] ? -1 : 1;
	if (xn != yn)
		return xn < yn ? -1 : 1;
	return strcmp(x->username, y->username);
}

size_t auth_find(const struct auth *auth, const char *q, size_t max, uint64_t *users_out)
{
	uint32_t folded[FOLD_MAX];
	size_t q_n = fold(q, folded), n = 0, pos = 0;
	const struct auth_user **found = at_alloc((at_map_len(auth->users) + 1) * sizeof(struct auth_user *));
	for (const struct auth_user_kept *kept; (kept = at_map_next(auth->users, &pos));)
		if (matches(&kept->user, folded, q_n))
			found[n++] = &kept->user;
	qsort(found, n, sizeof(*found), by_name);
	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++)
		users_out[i] = found[i]->id;
	at_free(found);
	return n;
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
