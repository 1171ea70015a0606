/* What the files of auth share. */
#ifndef AT_AUTH_AUTH_PRIV_H
#define AT_AUTH_AUTH_PRIV_H

#include "auth/auth.h"
#include "base/list.h"

enum {
	AUTH_HASH_LEN = 32,
	AUTH_HASH_QUEUE = 16,
	AUTH_USERNAME_MAX = 32,
	AUTH_NAME_MAX = 64,
	AUTH_PASSWORD_MIN_CHARS = 10,
	AUTH_PASSWORD_MAX = 256,
	AUTH_ADDR_KEY_MAX = 64,
};

#define AUTH_HOUR_MS INT64_C(3600000)
#define AUTH_IDLE_MS (30 * 24 * AUTH_HOUR_MS)
#define AUTH_AGE_MS (180 * 24 * AUTH_HOUR_MS)

struct auth_user_kept {
	struct auth_user user;
	struct at_list devices;
	uint32_t *folded; /* the name in lower case, code points */
	size_t folded_n;
};

struct auth_device_kept {
	struct auth_device device;
	struct at_link by_user;
	uint8_t key[AUTH_KEY_LEN]; /* zeros: none */
	int64_t seen_written;
};

struct auth {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct at_worker *worker;
	struct at_timer *sweep;
	size_t hashing; /* hashes whose answer has not come back */
	bool closing;
	struct at_map *users;           /* id -> auth_user_kept */
	struct auth_user_kept **sorted; /* by name; NULL when it has to be made anew */
	struct at_map *by_username;     /* -> auth_user_kept */
	struct at_map *devices;         /* id -> auth_device_kept */
	struct at_map *by_token;        /* token hash -> auth_device_kept */
	struct at_map *invites;         /* token hash -> store_invite */
	struct at_map *limits;          /* key -> auth_limit */
};

/* ---- auth_token.c ---- */
void auth_token_new(char out[AUTH_TOKEN_LEN + 1], uint8_t hash_out[AUTH_HASH_LEN]);
/* BAD_REQUEST: none of ours */
AT_MUST enum at_err auth_token_parse(const char *token, uint8_t hash_out[AUTH_HASH_LEN]);

/* ---- auth_name.c: what people may be called; *_out is the caller's to free ---- */
AT_MUST enum at_err auth_username_clean(const char *raw, char **username_out);
AT_MUST enum at_err auth_name_clean(const char *raw, char **name_out);
AT_MUST enum at_err auth_password_fit(const char *password, const char *username);

/* ---- auth_pass.c: hashing, on the worker ---- */
/* hash: the new Argon2id string when one was asked for; ok: whether the password fits. Only during the callback. */
typedef void auth_pass_fn(void *arg, enum at_err err, const char *hash, bool ok);
AT_MUST enum at_err auth_pass_make(struct auth *auth, const char *password, auth_pass_fn *done, void *arg);
/* stored NULL or "": hashes against a dummy, which nothing fits, in the same time. */
AT_MUST enum at_err auth_pass_check(struct auth *auth, const char *password, const char *stored, auth_pass_fn *done,
				    void *arg);
AT_MUST enum at_err auth_pass_hash_now(const char *password, char **hash_out);

/* ---- auth_throttle.c ---- */
struct auth_limit {
	char *key;
	int64_t level, at;
};
/* Two keys of one attempt. addr_key "" = that address is not counted. */
struct auth_attempt {
	char user_key[AUTH_USERNAME_MAX + 16];
	char addr_key[AUTH_ADDR_KEY_MAX];
};
struct auth_attempt auth_attempt_of(const char *username, const char *addr); /* username NULL: the address only */
/* How long this attempt has to wait; 0 = go. */
int64_t auth_attempt_wait(const struct auth *auth, const struct auth_attempt *attempt);
/* Every attempt is a failure until it is known to be none, so many at once gain nothing. */
void auth_attempt_begin(struct auth *auth, const struct auth_attempt *attempt);
/* It was one: the pause counts from now. */
void auth_attempt_failed(struct auth *auth, const struct auth_attempt *attempt);
/* forgets the account's failures */
void auth_attempt_succeeded(struct auth *auth, const struct auth_attempt *attempt);
void auth_attempt_undo(struct auth *auth, const struct auth_attempt *attempt); /* it was not judged */
void auth_limit_learn(struct auth *auth, const struct store_limit *row);
void auth_limits_sweep(struct auth *auth);
void auth_limits_free(struct auth *auth);

/* ---- auth_session.c ---- */
/* A session on its way into the store. */
struct auth_fresh {
	struct auth_result result;
	struct store_device device;
	char *device_name;
};
AT_MUST enum at_err auth_fresh_init(struct auth_fresh *fresh, const char *device_name);
void auth_fresh_release(struct auth_fresh *fresh);
/* Loop, after the commit: the session is good from now on. */
void auth_fresh_learn(struct auth *auth, struct auth_fresh *fresh);
bool auth_device_good(const struct auth_device *device, int64_t now);
void auth_sweep(void *auth);

/* ---- auth.c: the maps ---- */
struct auth_user_kept *auth_user_learn(struct auth *auth, const struct store_user *row);
struct auth_device_kept *auth_device_learn(struct auth *auth, const struct store_device *row);
void auth_device_forget(struct auth *auth, struct auth_device_kept *kept);
void auth_invite_learn(struct auth *auth, const struct store_invite *row);
/* auth_find.c: the name has changed, or there is a new one. */
void auth_name_changed(struct auth *auth, struct auth_user_kept *kept);
void auth_user_row(const struct auth_user *user, struct store_user *row_out);            /* borrows strings */
void auth_device_row(const struct auth_device_kept *kept, struct store_device *row_out); /* borrows strings */

/* ---- auth_invite.c ---- */
/* The invitation or link while it is good, else NULL. */
struct store_invite *auth_invite_good(const struct auth *auth, const char *token);

#endif
