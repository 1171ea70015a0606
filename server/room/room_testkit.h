/* Rooms over real chats, calls and a store, with a media role that only listens and says what the test wants. */
#ifndef AT_ROOM_ROOM_TESTKIT_H
#define AT_ROOM_ROOM_TESTKIT_H

#include "call/call_testkit.h"
#include "ipc/ipc.h"
#include "media/role/role.h"
#include "media/role/role_room.h"
#include "room/room.h"

struct kit {
	struct world *world;
	struct talks *talks;
	struct rooms *rooms;
	struct room_settings settings;
	int role; /* its end of the channel; -1 = dead */
	struct media_room_do said[256];
	size_t n, next;
	uint64_t group; /* of Ana, Bob and Cem; Ana is its admin */
};
extern struct kit kit;

void kit_new(void);
void kit_free(void);
int kit_setup(void **state); /* the same, as cmocka calls it */
int kit_teardown(void **state);
void kit_restart(void); /* the server; everybody is disconnected before */

void role_start(void);
void role_die(void);
/* The next command it was told; fails when there is none, or another. */
const struct media_room_do *role_heard(enum media_room_verb verb);
/* Up to the first of this kind; NULL: none came. */
const struct media_room_do *role_heard_some(enum media_room_verb verb);
void role_forgets(void);
void role_says_event(unsigned room, uint32_t peer, enum sfu_event_kind kind);
void role_says_speakers(unsigned room, uint32_t stage, uint32_t ring);

struct asked {
	bool came;
	enum at_err err;
	int64_t retry_ms;
	char json[8192];
};
struct at_id room_id(unsigned n);
struct room_asker by(unsigned room, uint64_t device);
struct asked do_room(unsigned room, uint64_t device, enum room_kind kind, bool ring, bool confirmed);
/* Joins as the media role lets it; gives the peer number, 0 when it was refused. */
struct asked do_join(unsigned room, uint64_t device, uint32_t *peer_out);
enum at_err rings(unsigned room, uint64_t device);
enum at_err leaves(unsigned room, uint64_t device);
enum at_err declines(unsigned room, uint64_t device);
struct sfu_params params_of_browser(void);
/* The last room event that the device heard; "" when none. */
const char *last_room(uint64_t device);
/* What it says of a person: {"user":N,...} */
const char *person_in(const char *json, uint64_t user);
const char *group_log(uint64_t user);
bool is_state(const char *json, uint64_t user, const char *state);

#endif
