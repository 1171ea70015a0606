/* Calls on a real store and a real chat, with people whose devices keep what they hear, and a clock that is moved by hand. */
#ifndef AT_CALL_CALL_TESTKIT_H
#define AT_CALL_CALL_TESTKIT_H

#include "base/test.h"
#include "call/call.h"

enum { ANA = 1, BOB = 2, CEM = 3, PEOPLE = 4 };
enum { A1 = 11, A2 = 12, B1 = 21, B2 = 22, C1 = 31 };

struct phone {
	struct hub_session session;
	struct at_buf heard; /* frames, a line each */
	bool on;
};

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct calls *calls;
	struct call_settings settings;
	struct phone phones[PEOPLE * 2]; /* of Ana 0 and 1, of Bob 2 and 3, of Cem 4 and 5 */
	uint64_t conv, conv_bc, conv_ac; /* Ana and Bob, Bob and Cem, Ana and Cem */
	bool hides[PEOPLE], shares[PEOPLE];
	int64_t quiet[PEOPLE];
	unsigned answering, answered, moved, ended; /* how often the hooks were called */
	struct call_parties parties;                /* of the last one */
};

/* A module above calls starts and stops with them. */
extern void (*world_on_start)(struct world *world), (*world_on_stop)(struct world *world);
struct world *world_new(void);
void world_free(struct world **world);
void world_restart(struct world *world); /* everybody is disconnected before; reconnect with phone_on */
void world_stop(struct world *world);
void world_start(struct world *world);
/* Turns the loop until all is written and said. */
void settle(struct world *world);
/* Time goes by; then settle. */
void pass(struct world *world, int64_t ms);

void phone_on(struct world *world, uint64_t device);
void phone_off(struct world *world, uint64_t device);
void forget_heard(struct world *world);
/* The last call event that the device heard; "" when none. */
const char *last_call(struct world *world, uint64_t device);
bool says(const char *json, const char *part);
bool heard(struct world *world, uint64_t device, const char *part);
uint64_t user_of(uint64_t device);

struct reply {
	bool came;
	enum at_err err;
	int64_t retry_ms;
	char json[1024];
};
call_done_fn on_reply;
struct at_id call_id(unsigned n);
/* Ask, and settle. The device says whose. */
struct reply do_start(struct world *world, unsigned id, uint64_t device, uint64_t conv, bool video);
struct reply do_ring(struct world *world, unsigned id, uint64_t device);
struct reply do_answer(struct world *world, unsigned id, uint64_t device);
struct reply do_decline(struct world *world, unsigned id, uint64_t device, const char *text);
struct reply do_cancel(struct world *world, unsigned id, uint64_t device, bool note);
struct reply do_leave(struct world *world, unsigned id, uint64_t device);
struct reply do_move(struct world *world, unsigned id, uint64_t device);
struct call_note_facts do_facts(struct world *world, unsigned id, uint64_t user, enum at_err *err_out);
void do_block(struct world *world, uint64_t user, uint64_t blocked);

/* The log as the user reads it: [entry,...]. Good until the next one. */
const char *log_of(struct world *world, uint64_t conv, uint64_t user);
unsigned count(const char *json, const char *part);
uint64_t unread(struct world *world, uint64_t conv, uint64_t user);

#endif
