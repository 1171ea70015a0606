/* What may happen to a call, and what follows from it. Pure: no time, no people, no memory; time is an event like any other. call.c
 * feeds it and carries the effects out.
 *
 *                                       START                       START_SILENT        START_SHADOW
 *          NEW ───────────────────────────┬───────────────────────────────┬───────────────────┐
 *           │ START_QUIET                 ▼                               ▼                   ▼
 *           │ (quiet, and says so)    REACHING ── T_UNREACHABLE ──┐  SILENT_REACHING    SHADOW_REACHING
 *           │                             │ ACK                   │       │ PRETEND           │ PRETEND
 *           │                             ▼                       │       ▼                   ▼
 *           │          ┌── DECLINE ── RINGING ── DECLINE_HIDDEN   │  SILENT_RINGING      SHADOW_RINGING
 *           │          │                  │  │         │          │       │                   │
 *           │          │     T_RING ┌─────┘  │         ▼          │       │ T_RING            │ T_RING
 *           │          │            ▼        │      HIDDEN        │       │                   ▼
 *           │          │          GRACE      │         │ T_RING   │       │              SHADOW_ENDED
 *           ▼          ▼            │T_GRACE │         ▼          ▼       ▼
 *        ╔═ MISSED ◄═══╧════════════╧════════│═════════╧══════════╧═══════╝   unanswered; a note may be left
 *        ║    │ ▲                            │
 *  NOTE_ ║    │ │ NOTE_END                   │ ANSWER, GLARE (from REACHING, HIDDEN and SILENT too: GLARE)
 *  BEGIN ▼    │ │                            ▼
 *   LEAVING_NOTE ── ANSWER ──► ANSWERED_LATE   ANSWERED
 *                 (GRACE too)        │             │ LEAVE, CALLER_GONE, CALLEE_GONE (MOVE: another device, same state)
 *                                    ├─────────────┴────► ENDED   nothing more; also: cancelled before it rang
 *                                    └── FAIL: media never flowed ──► MISSED   (from ANSWERED too)
 *
 * SILENT: the callee has quiet hours, their devices hear nothing. SHADOW: the callee has blocked the caller. HIDDEN: declined by
 * someone who does not show it. In all three the caller's side runs as if it rang, so that its timing tells nothing.
 *
 * Invariants, walked in call_fsm_test.c:
 *  1. A call writes exactly one entry (ENTRY or ENTRY_CALLER), when it first ends; what changes later is an AMEND of it.
 *  2. An answer counts once; whatever comes after it (decline, cancel, answer, timer) changes nothing.
 *  3. Who was rung is told when it stops: no ringing survives its call.
 *  4. MEDIA comes only with a step into an answered state, and such a step is durable before anybody is told.
 *  5. A shadow has no effect on the callee's side, whatever happens. */
#ifndef AT_CALL_CALL_FSM_H
#define AT_CALL_CALL_FSM_H

#include <stdbool.h>
#include <stdint.h>

/* Kept in the store: values stay. */
enum call_state {
	CALL_NEW = 0, /* in the store: ended and logged */
	CALL_REACHING,
	CALL_RINGING,
	CALL_HIDDEN,
	CALL_SILENT_REACHING,
	CALL_SILENT_RINGING,
	CALL_SHADOW_REACHING,
	CALL_SHADOW_RINGING,
	CALL_ANSWERED,
	CALL_ANSWERED_LATE, /* its entry says missed already */
	CALL_GRACE,         /* just rung out: an answer that was on its way still counts */
	CALL_MISSED,
	CALL_LEAVING_NOTE,
	CALL_SHADOW_ENDED,
	CALL_ENDED,
	CALL_STATES
};

enum call_event {
	CALL_START,
	CALL_START_SILENT,
	CALL_START_QUIET,
	CALL_START_SHADOW,
	CALL_ACK,     /* a device of the callee rings */
	CALL_PRETEND, /* a device of theirs would ring */
	CALL_ANSWER,
	CALL_DECLINE,
	CALL_DECLINE_HIDDEN,
	CALL_CANCEL,
	CALL_CANCEL_EARLY, /* within the first second */
	CALL_CANCEL_NOTE,  /* "Leave a note now" */
	CALL_T_UNREACHABLE,
	CALL_T_RING,
	CALL_T_RING_BUSY, /* it has rung out while the callee is on another call */
	CALL_T_STOP,
	CALL_T_GRACE,
	CALL_LEAVE,
	CALL_CALLER_GONE, /* disconnected for too long */
	CALL_CALLEE_GONE,
	CALL_NOTE_BEGIN,
	CALL_NOTE_END,
	CALL_GLARE,   /* the callee calls the caller */
	CALL_RESTART, /* of the server */
	CALL_FAIL,    /* answered: media never flowed */
	CALL_MOVE,    /* to another device of the same person */
	CALL_TURN,    /* both want pictures: it is a video call from now on */
	CALL_EVENTS
};

/* Kept in the store: values stay, and fit into four bits. */
enum call_outcome {
	CALL_NONE = 0, /* not ended; or: this side is told nothing of it */
	CALL_NO_ANSWER,
	CALL_DECLINED,
	CALL_BUSY,
	CALL_SILENCED,
	CALL_UNREACHABLE,
	CALL_CANCELLED,
	CALL_CANCELLED_EARLY,
	CALL_WAS_ANSWERED,
	CALL_FAILED,
	CALL_OUTCOMES
};

enum call_effect {
	CALL_FX_COMMIT = 1,        /* on disk before anybody is told */
	CALL_FX_KEEP = 2,          /* on disk some time soon */
	CALL_FX_CALLER = 4,        /* the caller's devices are told */
	CALL_FX_CALLEE = 8,        /* the callee's devices are told */
	CALL_FX_PRETEND = 16,      /* as many devices as the callee has connected are to seem to ring */
	CALL_FX_ENTRY = 32,        /* the call's entry, for both; implies COMMIT */
	CALL_FX_ENTRY_CALLER = 64, /* the call's entry, for the caller alone; implies COMMIT */
	CALL_FX_AMEND = 128,       /* the entry changes; implies COMMIT */
	CALL_FX_MEDIA = 256,       /* the callee has accepted */
};

struct call_step {
	bool taken;   /* false: the event means nothing in this state, and changes nothing */
	uint8_t next; /* enum call_state */
	/* enum call_outcome: what the caller is told, what the callee is told; when it ends */
	uint8_t shown, theirs;
	uint16_t effects;
};

struct call_step call_fsm_step(enum call_state state, enum call_event event);

bool call_state_rings(enum call_state state);    /* the callee's devices ring, or may */
bool call_state_reaching(enum call_state state); /* as the caller sees it */
bool call_state_ringing(enum call_state state);  /* as the caller sees it */
bool call_state_answered(enum call_state state);
bool call_state_shadow(enum call_state state);
bool call_state_pretends(enum call_state state); /* silent or shadow, and not ended */
bool call_state_open(enum call_state state);     /* reaching, ringing or answered for the caller */

const char *call_state_name(enum call_state state); /* for the log */
const char *call_event_name(enum call_event event);
const char *call_outcome_name(enum call_outcome outcome); /* of the wire; NULL for NONE */

#endif
