/* Accounts, device sessions, invitations and the throttling of guesses. Everything is in memory, loaded at start; changes are
 * written through the store. Hashing (Argon2id, 3 passes, 64 MiB) runs in its own thread behind a bounded queue. Core loop. */
#ifndef AT_AUTH_AUTH_H
#define AT_AUTH_AUTH_H

#include "base/err.h"
#include "base/loop.h"
#include "hub/hub.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { AUTH_TOKEN_LEN = 43 }; /* 256 bits, base64url */
enum { AUTH_KEY_LEN = 32 };   /* Ed25519, public */

struct auth;

struct auth_user {
	uint64_t id;
	char *username, *name;
	bool admin, receipts, hide_decline, quiet_share;
	int64_t quiet_until, created;
	char *password;
};

struct auth_device {
	uint64_t id, user;
	char *name;
	int64_t created, seen;
	uint8_t token_hash[32];
};

/* loads */
AT_MUST enum at_err auth_new(struct at_loop *loop, struct store *store, struct hub *hub, struct auth **auth_out);
void auth_free(struct auth **auth);

const struct auth_user *auth_user(const struct auth *auth, uint64_t id); /* NULL when there is none */
const struct auth_user *auth_user_by_name(const struct auth *auth, const char *username);
const struct auth_device *auth_device(const struct auth *auth, uint64_t id); /* NULL when revoked */
const uint8_t *auth_device_key(const struct auth *auth, uint64_t id);        /* AUTH_KEY_LEN bytes; NULL: none */
bool auth_has_users(const struct auth *auth);
/* Whose cookie this is; NULL when nobody's: unknown, revoked, unused for 30 days or made 180 days ago. */
const struct auth_device *auth_session(const struct auth *auth, const char *token);
/* The device was used now. Written at most once an hour. Connected devices need no touch: each hour all of them get one, and
 * sessions that have run out meanwhile are closed with 4001. */
void auth_device_touch(struct auth *auth, uint64_t device);
/* BLAKE2b-256 of a session token, as the store keeps it. */
void auth_token_hash(const char *token, uint8_t hash_out[32]);
/* The first-frame token of that session: derived from the cookie (by way of its hash), so nothing is stored. */
void auth_frame_token(const struct auth *auth, const char *session_token, char out[AUTH_TOKEN_LEN + 1]);
bool auth_frame_token_ok(const struct auth *auth, uint64_t device, const char *frame_token);
/* At most max users whose name has a word, or whose username, starting with q (case folded). */
/* by name, then username */
size_t auth_find(struct auth *auth, const char *q, size_t max, uint64_t *users_out);
/* sessions still good, by id */
size_t auth_devices_of(const struct auth *auth, uint64_t user, size_t max, uint64_t *devices_out);

/* The answer to signing in or joining: on AT_OK token is the new session's, shown once. retry_ms with RATE_LIMITED. */
struct auth_result {
	enum at_err err;
	uint64_t user, device;
	char token[AUTH_TOKEN_LEN + 1];
	int64_t retry_ms;
};
typedef void auth_done_fn(void *arg, const struct auth_result *result);

/* All three: done may be called before they return, and is always called, at the latest by auth_free (CLOSED). BUSY when 16 hashes are
 * waiting. Names are trimmed. username: 1 to 32 of [a-z0-9._-] once in lower case; name: 1 to 64 bytes; password: at least 10 characters,
 * at most 256 bytes, not the username and none of the most common; device: 1 to 64 bytes. BAD_REQUEST else.
 * addr: the peer's, for throttling: after 5 failures on an account or 20 from an address (IPv6: from a /64) each further one costs a pause,
 * 1 s doubling to 15 min; one failure is forgiven in 10 min. Loopback is not throttled as an address: it is a proxy of ours. */
void auth_join(struct auth *auth, const char *invite, const char *username, const char *name, const char *password,
	       const char *device, const char *addr, auth_done_fn *done, void *arg);
void auth_signin(struct auth *auth, const char *username, const char *password, const char *device, const char *addr,
		 auth_done_fn *done, void *arg);
void auth_link(struct auth *auth, const char *link, const char *device, const char *addr, auth_done_fn *done,
	       void *arg);

typedef void auth_err_fn(void *arg, enum at_err err);
/* closes its sockets (4001) */
void auth_device_revoke(struct auth *auth, uint64_t user, uint64_t device, auth_err_fn *done, void *arg);
void auth_device_rename(struct auth *auth, uint64_t user, uint64_t device, const char *name, auth_err_fn *done,
			void *arg);
/* Once: CONFLICT when it has another. BAD_REQUEST for all zeros. */
void auth_device_key_set(struct auth *auth, uint64_t user, uint64_t device, const uint8_t key[AUTH_KEY_LEN],
			 auth_err_fn *done, void *arg);
/* Name and settings; the rest of *changed but its id is not looked at. BAD_REQUEST: a name that is none. */
void auth_user_put(struct auth *auth, const struct auth_user *changed, auth_err_fn *done, void *arg);

typedef void auth_invite_fn(void *arg, enum at_err err, uint64_t invite, const char *token, int64_t expires);
/* link_user 0: an invitation; else a one-time sign-in link for that person. uses 1 to 1000, valid_ms up to 365 days. NOT_FOUND: an admin
 * invitation by somebody who is none. */
void auth_invite_new(struct auth *auth, uint64_t by, uint64_t link_user, uint32_t uses, int64_t valid_ms, bool admin,
		     auth_invite_fn *done, void *arg);
/* Looks without using. GONE when it is not good any more. */
AT_MUST enum at_err auth_invite_look(const struct auth *auth, const char *token, bool *admin_out, uint64_t *by_out);
/* by: who asks; NOT_FOUND for one that is somebody else's unless they are an admin. The same for the list; newest first, only those
 * that are still good, no sign-in links. */
void auth_invite_revoke(struct auth *auth, uint64_t by, uint64_t invite, auth_err_fn *done, void *arg);
size_t auth_invites(const struct auth *auth, uint64_t by, size_t max, struct store_invite *invites_out);

/* Command line, no loop running: writes at once. */
AT_MUST enum at_err auth_user_add_now(struct store *store, const char *username, const char *name, const char *password,
				      bool admin, uint64_t *id_out);
AT_MUST enum at_err auth_invite_now(struct store *store, uint64_t link_user, uint32_t uses, int64_t valid_ms,
				    bool admin, char token_out[AUTH_TOKEN_LEN + 1]);

#endif
