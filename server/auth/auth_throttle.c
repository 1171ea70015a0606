/* Guessing costs. A key (account or address) has a level: one more with each failure, one less with each FORGIVE_MS. Above what is free
 * the next attempt has to wait, twice as long each time. Rows go to the store as they change, so a restart forgives nothing. */
#include "auth/auth_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { FREE_USER = 5, FREE_ADDR = 20, DOUBLINGS_MAX = 10, LIMITS_MAX = 65536 };
#define FORGIVE_MS (10 * INT64_C(60000))
#define WAIT_MAX_MS (15 * INT64_C(60000))
#define USER_PREFIX "auth.u:"
#define ADDR_PREFIX "auth.a:"

static int64_t free_of(const char *key)
{
	return at_str_starts(key, USER_PREFIX) ? FREE_USER : FREE_ADDR;
}

/* Forgives for the time that has passed. A clock that was set back forgives nothing, and keeps nobody out for longer. */
static void settle(struct auth_limit *limit, int64_t now)
{
	if (now < limit->at)
		limit->at = now;
	int64_t forgiven = (now - limit->at) / FORGIVE_MS;
	limit->level = forgiven >= limit->level ? 0 : limit->level - forgiven;
	limit->at += forgiven * FORGIVE_MS;
}

static int64_t wait_of(const struct auth *auth, const char *key, int64_t now)
{
	const struct auth_limit *limit = at_map_get(auth->limits, key, strlen(key));
	if (!limit)
		return 0;
	/* Not settled: the pause counts from the failure, and is long over before anything is forgiven that matters. */
	int64_t over = limit->level - free_of(key);
	if (over <= 0)
		return 0;
	int64_t pause = INT64_C(1000) << (over - 1 > DOUBLINGS_MAX ? DOUBLINGS_MAX : over - 1);
	if (pause > WAIT_MAX_MS)
		pause = WAIT_MAX_MS;
	int64_t since = now < limit->at ? 0 : now - limit->at;
	return since >= pause ? 0 : pause - since;
}

int64_t auth_attempt_wait(const struct auth *auth, const struct auth_attempt *attempt)
{
	int64_t now = at_wall_ms();
	int64_t user = attempt->user_key[0] ? wait_of(auth, attempt->user_key, now) : 0;
	int64_t addr = attempt->addr_key[0] ? wait_of(auth, attempt->addr_key, now) : 0;
	return user > addr ? user : addr;
}

/* ---- which address ---- */

static void addr_key(const char *addr, char out[AUTH_ADDR_KEY_MAX])
{
	struct in6_addr six;
	uint8_t b[16] = {0};
	out[0] = '\0';
	if (inet_pton(AF_INET6, addr, &six) == 1) {
		memcpy(b, &six, sizeof(b));
		if (IN6_IS_ADDR_LOOPBACK(&six))
			return;
		if (!IN6_IS_ADDR_V4MAPPED(&six)) {
			char hex[17];
			at_hex(b, 8, hex);
			snprintf(out, AUTH_ADDR_KEY_MAX, ADDR_PREFIX "%s", hex);
			return;
		}
		addr = strrchr(addr, ':') + 1;
	}
	if (strncmp(addr, "127.", 4) != 0)
		snprintf(out, AUTH_ADDR_KEY_MAX, ADDR_PREFIX "%.45s", addr);
}

struct auth_attempt auth_attempt_of(const char *username, const char *addr)
{
	struct auth_attempt attempt = {.user_key = "", .addr_key = ""};
	if (username)
		snprintf(attempt.user_key, sizeof(attempt.user_key), USER_PREFIX "%s", username);
	addr_key(addr, attempt.addr_key);
	return attempt;
}

/* ---- keeping ---- */

struct limit_write {
	struct store_limit row;
	char *key;
};

static enum at_err write_job(struct store_tx *tx, void *msg)
{
	struct limit_write *write = msg;
	return store_limit_put(tx, &write->row);
}

static void write_done(void *msg, enum at_err err)
{
	struct limit_write *write = msg;
	if (err != AT_OK)
		at_log(AT_LOG_WARN, "auth.limit_unsaved", "err", at_err_name(err), NULL);
	at_free(write->key);
	at_free(write);
}

static void save(struct auth *auth, const struct auth_limit *limit)
{
	struct limit_write *write = at_alloc(sizeof(*write));
	write->key = at_strdup(limit->key);
	write->row = (struct store_limit){write->key, limit->level, limit->at, limit->at + limit->level * FORGIVE_MS};
	store_write(auth->store, write_job, write_done, write, STORE_PLAIN);
}

static void drop(struct auth *auth, struct auth_limit *limit)
{
	at_map_del(auth->limits, limit->key, strlen(limit->key));
	at_free(limit->key);
	at_free(limit);
}

void auth_limits_sweep(struct auth *auth)
{
	int64_t now = at_wall_ms();
	size_t pos = 0;
	for (struct auth_limit *limit; (limit = at_map_next(auth->limits, &pos));)
		if (now - limit->at >= limit->level * FORGIVE_MS)
			drop(auth, limit);
}

static struct auth_limit *limit_of(struct auth *auth, const char *key)
{
	struct auth_limit *limit = at_map_get(auth->limits, key, strlen(key));
	if (limit)
		return limit;
	if (at_map_len(auth->limits) >= LIMITS_MAX)
		auth_limits_sweep(auth);
	if (at_map_len(auth->limits) >= LIMITS_MAX) {
		size_t pos = 0;
		drop(auth, at_map_next(auth->limits, &pos));
	}
	limit = at_alloc(sizeof(*limit));
	limit->key = at_strdup(key);
	limit->at = at_wall_ms();
	at_map_put(auth->limits, key, strlen(key), limit);
	return limit;
}

static void count(struct auth *auth, const char *key)
{
	if (!*key)
		return;
	struct auth_limit *limit = limit_of(auth, key);
	int64_t now = at_wall_ms();
	settle(limit, now);
	limit->at = now;
	if (limit->level <= free_of(key) + DOUBLINGS_MAX)
		limit->level++;
	save(auth, limit);
}

static void uncount(struct auth *auth, const char *key, int64_t by)
{
	struct auth_limit *limit = *key ? at_map_get(auth->limits, key, strlen(key)) : NULL;
	if (!limit)
		return;
	limit->level = limit->level > by ? limit->level - by : 0;
	save(auth, limit);
	if (!limit->level)
		drop(auth, limit);
}

void auth_attempt_begin(struct auth *auth, const struct auth_attempt *attempt)
{
	count(auth, attempt->user_key);
	count(auth, attempt->addr_key);
}

static void restart_pause(struct auth *auth, const char *key)
{
	struct auth_limit *limit = *key ? at_map_get(auth->limits, key, strlen(key)) : NULL;
	if (limit)
		limit->at = at_wall_ms();
}

void auth_attempt_failed(struct auth *auth, const struct auth_attempt *attempt)
{
	restart_pause(auth, attempt->user_key);
	restart_pause(auth, attempt->addr_key);
}

void auth_attempt_succeeded(struct auth *auth, const struct auth_attempt *attempt)
{
	uncount(auth, attempt->user_key, INT64_MAX);
	uncount(auth, attempt->addr_key, 1);
}

void auth_attempt_undo(struct auth *auth, const struct auth_attempt *attempt)
{
	uncount(auth, attempt->user_key, 1);
	uncount(auth, attempt->addr_key, 1);
}

void auth_limit_learn(struct auth *auth, const struct store_limit *row)
{
	if (!at_str_starts(row->key, USER_PREFIX) && !at_str_starts(row->key, ADDR_PREFIX))
		return;
	struct auth_limit *limit = limit_of(auth, row->key);
	limit->level = row->level;
	limit->at = row->at;
}

void auth_limits_free(struct auth *auth)
{
	size_t pos = 0;
	for (struct auth_limit *limit; (limit = at_map_next(auth->limits, &pos));)
		drop(auth, limit);
}
