/* Inside the call module. What happens to a call is an ask; asks of one call are taken in turn, and while a step is being written
 * the rest wait, so a call has one history whatever crosses on the network. */
#ifndef AT_CALL_CALL_PRIV_H
#define AT_CALL_CALL_PRIV_H

#include "base/list.h"
#include "call/call.h"
#include "call/call_fsm.h"

enum {
	CALL_DEVICES_MAX = 32,       /* of one callee that are counted */
	CALL_EARLY_MS = 1000,        /* cancelled within it: the callee never hears of it */
	CALL_LINGER_MS = 60000,      /* an ended call is kept in memory so long */
	CALL_CALLER_GONE_MS = 10000, /* ringing goes on so long for a caller who may come back */
	CALL_TALKER_GONE_MS = 45000, /* and an answered call for either of the two */
	CALL_RESUME_MS = 30000,      /* and one that a restart interrupted for both */
	CALL_ALIVE_MS = 15000,       /* so often it is noted that an answered call still goes on */
	CALL_RESUME_MAX_MS = 90000,  /* one that was noted longer ago has ended then, when the server starts */
	CALL_RETRY_MS = 1000,        /* when the disk is full */
	CALL_PATIENCE_MS = 5000,     /* left sooner, a call that has no media yet was left, and did not fail */
	CALL_FAIL_MAX_MS = 60000,    /* so long after the answer a device may say that it failed */
	CALL_PRETEND_MIN_MS = 30,
	CALL_PRETEND_MAX_MS = 150,
	CALL_PRETEND_GAP_MS = 60,
	CALL_DAY_MS = 24 * 3600 * 1000,
	CALL_FACTS = CALL_EVENTS, /* an ask that only wants its turn: a note asks what it may do */
};

/* Kept in the store, as row.video: values stay. */
enum call_kind {
	CALL_VOICE = 0,
	CALL_VIDEO,
	CALL_TURNED, /* began as a voice call; both have agreed to pictures */
};

struct call_facts_ask {
	call_facts_fn *done;
	bool has_note;
};

struct call_ask {
	struct at_link link;
	int event; /* enum call_event, or CALL_FACTS */
	uint64_t user, device;
	struct at_id id; /* GLARE: the call it would have been */
	uint64_t conv;
	bool video;
	char *text;         /* DECLINE: sent as a message; NULL = none */
	call_done_fn *done; /* NULL: nobody waits */
	struct call_facts_ask facts;
	void *arg;
};

struct call {
	struct calls *calls;
	/* As on disk, or on its way there; outcome holds both sides'. While it is answered, `ended` is when it was last seen going on. */
	struct store_call row;
	enum call_state state;
	uint64_t rev;
	struct at_id alias;  /* the id under which the callee called back (glare); zero = none */
	bool asked_video;    /* as started; row.video may become voice by glare */
	int64_t quiet_until; /* told to the caller; 0 = not */
	int64_t started_mono, rang_mono, answered_mono;
	uint64_t acked[CALL_DEVICES_MAX];
	unsigned n_acked, pretending, pretended;
	struct at_timer *timer; /* when the present state gives up; when an ended call is forgotten */
	struct at_timer *pretend, *caller_gone, *callee_gone;

	struct at_list asks;
	struct call_ask *running; /* its step is being written */
	struct call_step step;
	struct store_call next;
	bool pumping, unlogged, dead;
	bool resuming; /* the server was restarted, and not both have come back yet */
	bool flows;    /* media has come from both */

	struct at_link by_caller, by_callee;
};

/* The calls of a person that are in memory. Exists while there are any. */
struct call_user {
	uint64_t id;
	struct at_list out, in;
};

struct calls {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat *chat;
	struct call_people people;
	struct call_settings settings;
	struct call_hooks hooks[CALL_HOOKS_MAX];
	call_busy_fn *also_busy; /* may be NULL */
	void *also_busy_arg;
	struct at_map *by_id; /* id or alias -> call */
	struct at_map *users; /* id -> call_user */
	struct at_map *pairs; /* {caller, callee} -> call_pair */
	struct at_timer *sweep, *alive;
	struct at_list dead; /* by_caller; about to be freed */
	struct at_buf out;
};

static inline enum call_outcome call_shown(const struct store_call *row)
{
	return row->outcome & 15;
}
static inline enum call_outcome call_theirs(const struct store_call *row)
{
	return row->outcome >> 4;
}

/* ---- call.c: what is in memory ---- */

struct call *call_find(const struct calls *calls, const struct at_id *id);
struct call *call_new(struct calls *calls, const struct store_call *row, enum call_state state);
void call_unlink(struct call *call); /* nobody finds it any more */
void call_free(struct call *call);
const struct call_user *call_user_of(const struct calls *calls, uint64_t user); /* NULL: no calls */
struct call *call_between(const struct calls *calls, uint64_t caller, uint64_t callee,
			  bool (*fits)(enum call_state state));
bool call_is_busy(const struct calls *calls, uint64_t user, const struct call *but);
bool call_has_device(const struct calls *calls, uint64_t user, uint64_t device, const struct call *but);

/* ---- call_hook.c ---- */

void call_tell_answering(const struct call *call); /* of its next row */
void call_tell_answered(const struct call *call);
void call_tell_moved(const struct call *call);
void call_tell_ended(const struct call *call);

/* ---- call_step.c: taking asks in turn ---- */

struct call_ask *call_ask_new(int event, uint64_t user, uint64_t device, call_done_fn *done, void *arg);
void call_ask_free(struct call_ask *ask);
void call_put(struct call *call, struct call_ask *ask);                         /* takes ask */
void call_event(struct call *call, enum call_event event);                      /* an ask of nobody */
void call_answer_ask(struct call *call, struct call_ask *ask, enum at_err err); /* frees ask */
/* The step that was being written is on disk, or is not. */
void call_written(struct call *call, enum at_err err);

/* ---- call_log.c: writing ---- */

void call_write_step(struct call *call); /* call_written follows, later */
void call_keep(struct call *call);       /* row to the disk; nobody waits */

/* ---- call_clock.c: time, and devices that come and go ---- */

void call_arm(struct call *call);   /* the timer of the present state */
void call_watch(struct call *call); /* caller and callee may be disconnected */
void call_begin_pretending(struct call *call);
void call_timers_new(struct call *call);
void call_timers_free(struct call *call);
void call_resume(struct call *call); /* it was answered when the server stopped */
void call_on_alive(void *calls);
void call_on_device(void *arg, uint64_t user, uint64_t device, bool connected);
unsigned call_devices(const struct call *call);
int64_t call_until(const struct call *call); /* wall time; 0 = does not give up */

/* ---- call_snapshot.c ---- */

void call_write_snapshot(const struct call *call, struct wire_out *w, const char *key, bool caller, uint64_t device);
void call_publish(struct call *call, bool caller, bool callee);
/* The bodies of its entry; the callee's stays empty when they are told nothing. */
void call_write_bodies(const struct calls *calls, const struct store_call *row, struct at_buf *callee,
		       struct at_buf *caller);

/* ---- call_start.c, call_old.c, call_limits.c ---- */

void call_begin(struct calls *calls, const struct call_ask *from); /* a new call out of START or GLARE's fields */
/* Its start could not be written; EXISTS: because the store has a call of that id. Frees ask. */
void call_not_begun(struct calls *calls, struct call_ask *ask, enum at_err err);
struct call *call_load(struct calls *calls, const struct store_call *row); /* an ended call, back into memory */
/* A call that is not in memory: GONE when the asker may know of it, NOT_FOUND else; fine_when_over: AT_OK instead of GONE. */
void call_ask_old(struct calls *calls, const struct at_id *id, uint64_t user, bool fine_when_over, call_done_fn *done,
		  void *arg);
void call_answer_facts(struct call *call, struct call_ask *ask); /* frees ask */

enum at_err call_limits_check(struct calls *calls, uint64_t caller, uint64_t callee, int64_t now,
			      int64_t *retry_ms_out);
void call_limits_add(struct calls *calls, const struct store_call *row);
void call_limits_take_back(struct calls *calls, const struct store_call *row); /* it was answered */
void call_limits_sweep(struct calls *calls, int64_t now);
void call_limits_free(struct calls *calls);

#endif
