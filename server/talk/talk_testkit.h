/* Calls as in the call module's tests, with their media, and a media role that only listens and says what it is told to. */
#ifndef AT_TALK_TALK_TESTKIT_H
#define AT_TALK_TALK_TESTKIT_H

#include "call/call_testkit.h"
#include "ipc/ipc.h"
#include "media/role/role.h"
#include "talk/talk.h"

/* One message that core sent. */
struct said {
	enum ipc_type type;
	struct at_id call;
	bool gate;
	uint8_t leg;
	struct ice_credentials creds[2]; /* RESTART: the first */
};

struct role {
	int fd; /* -1: there is none */
	struct said said[256];
	size_t n, next;
};

struct kit {
	struct world *world;
	struct talks *talks;
	struct role role;
};
extern struct kit kit;

void kit_new(void); /* with a role that has said hello */
void kit_free(void);

void role_start(void); /* a new life; everything it had heard is forgotten */
void role_die(void);
void role_says(enum media_event_kind kind, unsigned call, uint8_t leg, enum at_err err);
/* Reads what has been sent by now, without turning the loop. */
void role_reads(void);
/* What it was told next; fails unless it is of this type. */
struct said role_heard(enum ipc_type type);
void role_heard_nothing(void);

struct asked {
	bool came;
	enum at_err err;
	char json[4096];
};
struct asked do_open(unsigned call, uint64_t device, bool fresh);
enum at_err do_signal(unsigned call, uint64_t device, enum talk_kind kind, const char *sdp);
enum at_err do_state(unsigned call, uint64_t device, bool muted);
enum at_err do_ask(unsigned call, uint64_t device, enum talk_ask ask);

/* Ana's first device calls Bob's first, who answers; the role has been told and says that it has it. Both have opened their legs when
 * opened. What was heard is forgotten. */
void connect_call(unsigned call, bool opened);

#endif
