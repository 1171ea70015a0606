/* Notes on a real store, real files, chats, calls, and the real remux role in its own process; people whose devices keep what they hear. */
#ifndef AT_NOTE_NOTE_TESTKIT_H
#define AT_NOTE_NOTE_TESTKIT_H

#include "base/test.h"
#include "ipc/ipc.h"
#include "note/note_priv.h"

enum { ANA = 1, BOB = 2, CEM = 3 };
enum { A1 = 11, A2 = 12, B1 = 21, B2 = 22, C1 = 31 };
enum { DEVICES = 5 };

struct phone {
	struct hub_session session;
	struct at_buf heard;   /* text frames, a line each */
	struct at_buf media;   /* the fragments of binary frames, one behind the other */
	uint32_t frames, next; /* of binary frames: how many, and the number that must come */
	size_t backlog;
	bool on;
};

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct calls *calls;
	struct blobs *blobs;
	struct notes *notes;
	struct note_settings settings;
	struct phone phones[DEVICES]; /* A1 A2 B1 B2 C1 */
	uint64_t conv;                /* Ana and Bob */
	bool hides_receipts;          /* Bob does */
	struct ipc_chan *boss;        /* to the remux role */
};

/* In main, before the first thread: starts the remux role; its end. */
void remux_start(void);
void remux_stop(void);

struct world *world_new(void);
void world_free(struct world **world);
/* The server ends and begins again; everybody has to connect again. */
void world_restart(struct world *world);
void connect_remux(struct world *world);
void settle(struct world *world);
/* Turns the loop until it is true. */
void wait_for(struct world *world, bool (*is_true)(void *arg), void *arg);
void pass(struct world *world, int64_t ms);

struct phone *phone(struct world *world, uint64_t device);
uint64_t user_of(uint64_t device);
void phone_on(struct world *world, uint64_t device);
void phone_off(struct world *world, uint64_t device);
void forget_heard(struct world *world);
bool heard(struct world *world, uint64_t device, const char *part);
unsigned count_heard(struct world *world, uint64_t device, const char *part);
/* The last text frame with this in it; "" when none. */
const char *last_heard(struct world *world, uint64_t device, const char *part);

struct reply {
	bool came;
	enum at_err err;
	char json[2048];
};
note_done_fn on_reply;
bool reply_came(void *reply);
struct at_id test_id(unsigned n);

/* One world a test: made by its setup, ended by its teardown. */
extern struct world *scene;
int scene_begin(void **state);
int scene_end(void **state);

/* Ask, and settle. */
struct reply do_start(struct world *world, unsigned rec, uint64_t device, const struct at_id *call, bool video,
		      uint32_t seg);
struct reply do_commit(struct world *world, unsigned rec, uint64_t device, uint64_t cid, uint32_t fragments,
		       int64_t ms);
struct reply do_discard(struct world *world, unsigned rec, uint64_t device);
struct reply do_undo(struct world *world, unsigned rec, uint64_t device);
struct reply do_listen(struct world *world, unsigned rec, uint64_t device, bool on);
struct reply do_state(struct world *world, unsigned rec, uint64_t device, bool paused);
enum at_err send_fragment(struct world *world, unsigned rec, uint64_t device, uint32_t seg, uint32_t number,
			  uint32_t at_ms, const void *data, size_t len);
/* A recording of test/media in `pieces` fragments, numbered from `first`. */
void send_media(struct world *world, unsigned rec, uint64_t device, uint32_t seg, uint32_t first, uint32_t pieces,
		const char *name);
/* Starts and sends it whole: 8 fragments. */
void record(struct world *world, unsigned rec, uint64_t device, const struct at_id *call, const char *name);
/* Ana calls Bob, who does not answer. */
struct at_id missed_call(struct world *world, unsigned n);
void block(struct world *world, uint64_t user, uint64_t blocked);

struct file {
	bool came;
	enum at_err err;
	uint64_t len;
	char mime[128];
	uint8_t head[12];
};
struct file open_media(struct world *world, uint64_t user, const struct at_id *blob);
struct file open_rec(struct world *world, uint64_t user, unsigned rec);
/* The log as the user reads it. Good until the next one. */
const char *log_of(struct world *world, uint64_t user);
struct at_id blob_in(const char *json);
struct rec *the_rec(struct world *world, unsigned rec);

#endif
