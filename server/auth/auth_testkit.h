/* What the tests of auth share: a world of store, hub and auth in a directory of its own, and asking with waiting. */
#ifndef AT_AUTH_AUTH_TESTKIT_H
#define AT_AUTH_AUTH_TESTKIT_H

#include "auth/auth_priv.h"
#include "base/test.h"
#include "base/time.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define GOOD "a fine long password"
#define HERE "192.0.2.7"

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct auth *auth;
};

struct answer {
	int n;
	enum at_err err;
	struct auth_result result;
	uint64_t invite;
	char token[AUTH_TOKEN_LEN + 1];
};

void world_open(struct world *w);
void world_close(struct world *w);
void restart(struct world *w);
int setup(void **state);
int teardown(void **state);
void on_result(void *arg, const struct auth_result *result);
void on_err(void *arg, enum at_err err);
void on_invite(void *arg, enum at_err err, uint64_t invite, const char *token, int64_t expires);
enum at_err wait_for(struct world *w, struct answer *answer);
enum at_err signin(struct world *w, const char *username, const char *password, const char *addr,
		   struct answer *answer);
enum at_err join(struct world *w, const char *token, const char *username, struct answer *answer);
enum at_err invite(struct world *w, uint64_t by, uint64_t link_user, uint32_t uses, bool admin, struct answer *answer);
uint64_t person(struct world *w, const char *username, const char *name);
struct answer device_of(struct world *w, uint64_t user, const char *name);

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
