#include "room/room_fsm.h"

#include "base/err.h"

#define TO(state, fx)                                                                                                  \
	{                                                                                                              \
		true, state, fx                                                                                        \
	}

static const struct room_step room_steps[ROOM_STATES][ROOM_EVENTS] = {
	[ROOM_NEW] = {[ROOM_EV_RING] = TO(ROOM_RINGING, 0), [ROOM_EV_OPEN] = TO(ROOM_LIVE, 0)},
	[ROOM_RINGING] = {[ROOM_EV_COMPANY] = TO(ROOM_LIVE, 0),
			  [ROOM_EV_NOBODY] = TO(ROOM_WAITING, ROOM_FX_ENTRY),
			  [ROOM_EV_EMPTY] = TO(ROOM_ENDED, ROOM_FX_FINAL | ROOM_FX_HUSH),
			  [ROOM_EV_RESTART] = TO(ROOM_ENDED, ROOM_FX_FINAL | ROOM_FX_HUSH)},
	[ROOM_LIVE] = {[ROOM_EV_EMPTY] = TO(ROOM_ENDED, ROOM_FX_FINAL | ROOM_FX_HUSH)},
	[ROOM_WAITING] = {[ROOM_EV_COMPANY] = TO(ROOM_LIVE, 0), [ROOM_EV_T_WAIT] = TO(ROOM_ENDED, ROOM_FX_HUSH)},
};

struct room_step room_fsm_step(enum room_state state, enum room_event event)
{
	AT_ASSERT(state < ROOM_STATES && event < ROOM_EVENTS);
	struct room_step step = room_steps[state][event];

	if (!step.taken)
		step.next = (uint8_t)state;
	return step;
}

/* 0 = not taken: nobody becomes OUT. */
#define ENDS_RINGING                                                                                                   \
	[PERSON_EV_JOIN] = PERSON_JOINED, [PERSON_EV_DECLINE] = PERSON_DECLINED, [PERSON_EV_REMOVE] = PERSON_REMOVED,  \
	[PERSON_EV_T_RING] = PERSON_NO_ANSWER, [PERSON_EV_T_RING_BUSY] = PERSON_BUSY
/* Rung again, or coming by themselves. */
#define MAY_COME                                                                                                       \
	[PERSON_EV_RING] = PERSON_REACHING, [PERSON_EV_JOIN] = PERSON_JOINED, [PERSON_EV_REMOVE] = PERSON_REMOVED

static const uint8_t person_steps[PERSON_STATES][PERSON_EVENTS] = {
	[PERSON_OUT] = {MAY_COME},
	[PERSON_REACHING] =
		{ENDS_RINGING, [PERSON_EV_ACK] = PERSON_RINGING, [PERSON_EV_T_UNREACHABLE] = PERSON_UNREACHABLE},
	[PERSON_RINGING] = {ENDS_RINGING},
	[PERSON_JOINED] = {[PERSON_EV_JOIN] = PERSON_JOINED,
			   [PERSON_EV_AWAY] = PERSON_AWAY,
			   [PERSON_EV_LEAVE] = PERSON_LEFT,
			   [PERSON_EV_REMOVE] = PERSON_REMOVED},
	[PERSON_AWAY] = {[PERSON_EV_JOIN] = PERSON_JOINED,
			 [PERSON_EV_BACK] = PERSON_JOINED,
			 [PERSON_EV_LEAVE] = PERSON_LEFT,
			 [PERSON_EV_REMOVE] = PERSON_REMOVED},
	[PERSON_LEFT] = {MAY_COME},
	[PERSON_DECLINED] = {MAY_COME},
	[PERSON_BUSY] = {MAY_COME},
	[PERSON_NO_ANSWER] = {MAY_COME},
	[PERSON_UNREACHABLE] = {MAY_COME, [PERSON_EV_ACK] = PERSON_RINGING},
};

bool person_fsm_step(enum person_state state, enum person_event event, enum person_state *next_out)
{
	AT_ASSERT(state < PERSON_STATES && event < PERSON_EVENTS);
	uint8_t next = person_steps[state][event];

	*next_out = next != 0 ? (enum person_state)next : state;
	return next != 0;
}

bool person_state_in(enum person_state state)
{
	return state == PERSON_JOINED || state == PERSON_AWAY;
}

bool person_state_rings(enum person_state state)
{
	return state == PERSON_REACHING || state == PERSON_RINGING;
}

const char *room_state_name(enum room_state state)
{
	static const char *const names[] = {"ended", "ringing", "live", "waiting", "ended"};

	return names[state];
}

const char *person_state_name(enum person_state state)
{
	static const char *const names[] = {"invited",  "ringing", "ringing",   "joined",      "away",   "left",
					    "declined", "busy",    "no_answer", "unreachable", "removed"};

	return names[state];
}
