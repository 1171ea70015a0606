/* What may happen to a room and to a person in one, and what follows. Pure: no time, no people, no memory; time is an event like any
 * other. The room module feeds it and carries the effects out.
 *
 *            RING                COMPANY                    EMPTY
 *   NEW ─────────────► RINGING ───────────► LIVE ──────────────────────► ENDED
 *    │                  │    │                ▲  ▲                        ▲
 *    │ OPEN             │    │ NOBODY         │  │ COMPANY                │
 *    └──────────────────│────│────────────────┘  │                        │
 *                       │    └──────────────► WAITING ── T_WAIT ──────────┤   nobody came: the entry is written on the way in,
 *                       └── EMPTY (cancelled), RESTART ───────────────────┘   and the starter may leave a note
 *
 *   person:  OUT ─ RING ─► REACHING ─ ACK ─► RINGING ─ JOIN ─► JOINED ◄─ BACK ─ AWAY
 *                             │                 │                │  └─ AWAY ─────┘ │
 *                  T_UNREACHABLE      DECLINE, T_RING(_BUSY)     └──── LEAVE ──────┘
 *                             ▼                 ▼                        ▼
 *                       UNREACHABLE   DECLINED, NO_ANSWER, BUSY         LEFT         JOIN is taken from all of these,
 *                                                                                    REMOVE from everywhere, and is the end
 * Invariants, walked in room_fsm_test.c:
 *  1. A room gets at most one entry (ENTRY or FINAL, whichever comes first); what comes after it is an amendment.
 *  2. Nobody who was removed comes back.
 *  3. Whoever rings stops ringing when the room ends: ENDED is told to all. */
#ifndef AT_ROOM_ROOM_FSM_H
#define AT_ROOM_ROOM_FSM_H

#include <stdbool.h>
#include <stdint.h>

/* Kept in the store: values stay. */
enum room_state { ROOM_NEW = 0, ROOM_RINGING, ROOM_LIVE, ROOM_WAITING, ROOM_ENDED, ROOM_STATES };

enum room_event {
	ROOM_EV_RING,    /* started, and rings */
	ROOM_EV_OPEN,    /* started, and rings nobody */
	ROOM_EV_COMPANY, /* somebody is in it besides the starter */
	ROOM_EV_NOBODY,  /* nobody rings any more, and nobody came */
	ROOM_EV_EMPTY,   /* nobody is in it */
	ROOM_EV_T_WAIT,
	ROOM_EV_RESTART, /* of the server */
	ROOM_EVENTS
};

enum room_effect {
	ROOM_FX_ENTRY = 1, /* "No one joined" */
	ROOM_FX_FINAL = 2, /* who was there and how long: the entry, or its amendment */
	ROOM_FX_HUSH = 4,  /* whoever still rings stops */
};

struct room_step {
	bool taken;
	uint8_t next; /* enum room_state */
	uint8_t effects;
};
struct room_step room_fsm_step(enum room_state state, enum room_event event);

/* Kept in the store: values stay. */
enum person_state {
	PERSON_OUT = 0, /* knows of it, no more */
	PERSON_REACHING,
	PERSON_RINGING,
	PERSON_JOINED,
	PERSON_AWAY, /* in it, but nothing comes from them */
	PERSON_LEFT,
	PERSON_DECLINED,
	PERSON_BUSY,
	PERSON_NO_ANSWER,
	PERSON_UNREACHABLE,
	PERSON_REMOVED,
	PERSON_STATES
};

enum person_event {
	PERSON_EV_RING,
	PERSON_EV_ACK,
	PERSON_EV_JOIN,
	PERSON_EV_AWAY,
	PERSON_EV_BACK,
	PERSON_EV_LEAVE,
	PERSON_EV_DECLINE,
	PERSON_EV_T_UNREACHABLE,
	PERSON_EV_T_RING,
	PERSON_EV_T_RING_BUSY,
	PERSON_EV_REMOVE,
	PERSON_EVENTS
};

/* False: it means nothing in this state, and changes nothing. */
bool person_fsm_step(enum person_state state, enum person_event event, enum person_state *next_out);
bool person_state_in(enum person_state state);    /* joined or away */
bool person_state_rings(enum person_state state); /* reaching or ringing */

const char *room_state_name(enum room_state state);     /* of the wire */
const char *person_state_name(enum person_state state); /* of the wire; reaching is "ringing" there */

#endif
