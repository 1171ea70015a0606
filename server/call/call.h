/* Calls, up to the moment media connects and after it has ended: rings devices, counts acknowledgements, decides the first answer,
 * writes exactly one entry a call. The deciding is call_fsm.h (pure); this module gives it time, people and a log. Core loop. */
#ifndef AT_CALL_CALL_H
#define AT_CALL_CALL_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "chat/chat.h"
#include "hub/hub.h"
#include "store/store.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct calls;

struct call_settings {
	int64_t ring_ms;        /* 45000, from the first acknowledgement */
	int64_t ring_stop_ms;   /* 60000, from the start */
	int64_t unreachable_ms; /* 15000 without an acknowledgement */
	int64_t grace_ms;       /* 2000: an answer that crosses with the timeout still connects */
	/* 20000: answered, and no media flowed by then, it has failed; 0 = it may take for ever */
	int64_t connect_ms;
	uint32_t pair_rings;       /* 3 ... */
	int64_t pair_window_ms;    /* ... in 300000 */
	uint32_t unanswered_a_day; /* 10 to one person */
};

struct call_people {
	void *arg;
	bool (*hides_decline)(void *arg, uint64_t user);
	int64_t (*quiet_until)(void *arg, uint64_t user); /* 0 = not quiet */
	bool (*shares_quiet)(void *arg, uint64_t user);
	const char *(*device_name)(void *arg, uint64_t device);
};

/* Loads open calls: those that rang end as failed; those that were answered, and were going on until shortly, go on for 30 s more, in which
 * both devices may come back. */
AT_MUST enum at_err calls_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
			      const struct call_people *people, const struct call_settings *settings,
			      struct calls **calls_out);
void calls_free(struct calls **calls);

/* err, and with AT_OK the call's snapshot as the asker sees it (JSON, only during the callback). retry_ms with RATE_LIMITED. */
typedef void call_done_fn(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms);
void call_start(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, uint64_t conv, bool video,
		call_done_fn *done, void *arg);
void call_ring(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
	       void *arg);
void call_answer(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
		 void *arg);
/* text (NULL = none) is sent to the caller as a message of the callee's, after the decline is on disk. */
void call_decline(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, const char *text,
		  call_done_fn *done, void *arg);
void call_cancel(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, bool for_note,
		 call_done_fn *done, void *arg);
/* failed: the device could not get media to flow. Believed for the first minute, in which the call then fails instead of ending; so does one
 * that is left before media flowed, but not at once. */
void call_leave(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, bool failed,
		call_done_fn *done, void *arg);

/* This device takes over a call that another device of the same person is on. */
void call_move(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
	       void *arg);

/* The calls of `user` that are going on, [call,...], as this device sees them. */
void calls_write(const struct calls *calls, struct wire_out *w, const char *key, uint64_t user, uint64_t device);

/* On a call, or placing one. */
bool calls_is_busy(const struct calls *calls, uint64_t user);
/* Whom else to ask whether somebody is on the line (rooms): then a caller hears busy. NULL: nobody. */
typedef bool call_busy_fn(void *arg, uint64_t user);
void calls_also_busy(struct calls *calls, call_busy_fn *fn, void *arg);

/* For the note module. A note may be left by the caller for an unanswered call in that chat. */
struct call_note_facts {
	/* user is its caller, it ended unanswered (or is being left), it has no note yet */
	bool may_leave;
	bool shadow; /* blocked: nothing of it may reach the callee */
	uint64_t callee;
};
/* NOT_FOUND when there is no such call of this user in this chat. Old calls are looked up in the store, so it comes later. */
typedef void call_facts_fn(void *arg, enum at_err err, const struct call_note_facts *facts);
void call_note_facts(struct calls *calls, const struct at_id *id, uint64_t conv, uint64_t user, call_facts_fn *done,
		     void *arg);
/* The caller records for this call (true), or has stopped (false): while it is true the callee may still answer. */
void call_note_being_left(struct calls *calls, const struct at_id *id, bool on);

/* Who talks with whom. */
struct call_parties {
	struct at_id id;
	uint64_t conv, caller, caller_device, callee, callee_device;
};
/* Asked by one of the two devices. NOT_FOUND for everybody else, the same people's other devices too; CONFLICT before it is answered,
 * GONE when it is over. */
AT_MUST enum at_err call_parties_of(const struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device,
				    struct call_parties *parties_out);
/* Media has come from both devices: it cannot fail to connect any more. */
void call_flows(struct calls *calls, const struct at_id *id);
/* Both have agreed to pictures: its entry will say that it was a video call. */
void call_turn_to_video(struct calls *calls, const struct at_id *id);

typedef void call_each_fn(void *arg, const struct call_parties *parties);
void calls_each_answered(const struct calls *calls, call_each_fn *fn, void *arg);

/* Told when a call changes, after clients have been; each may be NULL. The note module stops a recording when its call is answered, the
 * talk module lets media through. */
struct call_hooks {
	void *arg;
	call_each_fn *answering; /* the answer is on its way to the disk: nothing may follow from it yet */
	call_each_fn *answered;  /* it is on disk */
	call_each_fn *moved;     /* on disk: one of the two devices is another one */
	void (*ended)(void *arg, const struct at_id *id); /* after answering: it is over, or never was */
};
enum { CALL_HOOKS_MAX = 4 };
void calls_add_hooks(struct calls *calls, const struct call_hooks *hooks);
void calls_drop_hooks(struct calls *calls, const void *arg);

#endif
