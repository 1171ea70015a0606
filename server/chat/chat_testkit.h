/* A chat on a real store in a directory of its own, with three people and devices that keep what they hear. */
#ifndef AT_CHAT_CHAT_TESTKIT_H
#define AT_CHAT_CHAT_TESTKIT_H

#include "base/mem.h"
#include "base/test.h"
#include "base/time.h"
#include "chat/chat.h"

enum { ANA = 1, BOB = 2, CEM = 3 };

struct device {
	struct hub_session session;
	char *heard; /* one frame a line */
	size_t frames, len, cap;
};

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct device *ana, *ana2, *bob, *bob2;
	uint64_t conv; /* of Ana and Bob */
	bool no_receipts[4];
};

struct world *world_new(void);
void world_free(struct world **world);
void world_restart(struct world *world); /* chat and store anew, on the same directory */
void world_settle(struct world *world);  /* until the store has answered and the flush has run */

struct device *device_new(struct world *world, uint64_t user, uint64_t device);
void device_free(struct world *world, struct device **device);
void device_forget(struct world *world); /* all four have heard nothing */
bool heard(const struct device *device, const char *part);
size_t count_heard(const struct device *device, const char *part);

/* What a callback said, once it has. */
struct answer {
	bool came;
	enum at_err err;
	uint64_t seq, conv, last_seq;
	int64_t ts;
	bool duplicate;
	char *json, *notes;
};
void answer_free(struct answer *answer);
chat_appended_fn on_appended;
chat_conv_fn on_opened;
chat_err_fn on_blocked;
chat_page_fn on_page;
chat_hello_fn on_hello;

/* Ask and wait. */
struct answer say(struct world *world, uint64_t user, uint64_t device, uint64_t cid, const char *text);
struct answer append(struct world *world, const struct chat_append *entry);
struct answer erase(struct world *world, uint64_t user, uint64_t seq, uint64_t cid);
void block(struct world *world, uint64_t user, uint64_t blocked, bool on);
struct answer page(struct world *world, uint64_t user, uint64_t after, uint64_t before, size_t limit);
struct answer hello(struct world *world, uint64_t user);
/* A note of `author`. */
struct answer leave_note(struct world *world, uint64_t author, uint64_t cid, const struct at_id *call);

#endif
