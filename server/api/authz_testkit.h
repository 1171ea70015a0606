/* The scene of the authorisation tests: what an owner has, and everybody who may or may not touch it. */
#ifndef AT_API_AUTHZ_TESTKIT_H
#define AT_API_AUTHZ_TESTKIT_H

#include "api/api_testkit.h"

enum role { OWNER, MEMBER, STRANGER, OTHER, FORMER, BLOCKED, ADMIN, ROLES };
extern const char *const role_names[ROLES];

/* What the arguments name. */
struct objects {
	uint64_t conv, seq, user, device, invite, group;
	char call[AT_ID_HEX_LEN + 1], rec[AT_ID_HEX_LEN + 1], blob[AT_ID_HEX_LEN + 1], room[AT_ID_HEX_LEN + 1];
};

struct authz {
	struct world w;
	uint64_t users[ROLES];
	struct device devices[ROLES], spare[ROLES];
	struct client clients[ROLES];
	struct objects theirs, absent, own[ROLES];
};
extern struct authz authz;

#define SECRET "what only ana and ben may know"
#define NOT_FOUND "{\"err\":\"not_found\"}"

int authz_setup(void **state);
int authz_teardown(void **state);
/* Everybody but the owner and the other member of their chat. */
bool is_outsider(enum role role);
void fresh_id(char hex[AT_ID_HEX_LEN + 1]);
/* A room that rings in a group of its own. */
void live_room(struct client *c, struct objects *objects);
/* What only a running server makes: an invitation, a call that is ringing nowhere yet, a recording, a room. */
void live_objects(enum role role, struct objects *objects);

#endif
