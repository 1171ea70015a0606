#include "call/call_fsm.h"

#include "base/err.h"

enum {
	CALLER = CALL_FX_CALLER,
	BOTH = CALL_FX_CALLER | CALL_FX_CALLEE,
	ENTRY = CALL_FX_ENTRY | CALL_FX_COMMIT,
	ENTRY_CALLER = CALL_FX_ENTRY_CALLER | CALL_FX_COMMIT,
	AMEND = CALL_FX_AMEND | CALL_FX_COMMIT,
};

#define TO(state, fx)                                                                                                  \
	{                                                                                                              \
		true, CALL_##state, CALL_NONE, CALL_NONE, (fx)                                                         \
	}
#define END(state, shown, theirs, fx)                                                                                  \
	{                                                                                                              \
		true, CALL_##state, CALL_##shown, CALL_##theirs, (fx)                                                  \
	}

/* Whoever records or answers late is told by the answer's own effects. */
#define ACCEPTED TO(ANSWERED, CALL_FX_COMMIT | CALL_FX_MEDIA | BOTH)
#define ACCEPTED_LATE END(ANSWERED_LATE, WAS_ANSWERED, WAS_ANSWERED, AMEND | CALL_FX_MEDIA | BOTH)
#define QUIETLY TO(MISSED, 0)

/* The callee hears nothing while it pretends to ring. Cells that are absent are not taken. */
static const struct call_step table[CALL_STATES][CALL_EVENTS] =
	{
		[CALL_NEW] =
			{
				[CALL_START] = TO(REACHING, CALL_FX_COMMIT | BOTH),
				[CALL_START_SILENT] = TO(SILENT_REACHING, CALL_FX_COMMIT | CALL_FX_PRETEND | CALLER),
				[CALL_START_SHADOW] = TO(SHADOW_REACHING, CALL_FX_COMMIT | CALL_FX_PRETEND | CALLER),
				[CALL_START_QUIET] = END(MISSED, SILENCED, SILENCED, ENTRY | CALLER),
			},
		[CALL_REACHING] =
			{
				[CALL_ACK] = TO(RINGING, CALL_FX_KEEP | BOTH),
				[CALL_ANSWER] = ACCEPTED,
				[CALL_GLARE] = ACCEPTED,
				[CALL_DECLINE] = END(MISSED, DECLINED, DECLINED, ENTRY | BOTH),
				[CALL_DECLINE_HIDDEN] = TO(HIDDEN, CALL_FX_KEEP | BOTH),
				[CALL_CANCEL] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | BOTH),
				[CALL_CANCEL_EARLY] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | BOTH),
				[CALL_CANCEL_NOTE] = END(MISSED, UNREACHABLE, UNREACHABLE, ENTRY | BOTH),
				[CALL_T_UNREACHABLE] = END(MISSED, UNREACHABLE, UNREACHABLE, ENTRY | BOTH),
				[CALL_T_STOP] = END(MISSED, UNREACHABLE, UNREACHABLE, ENTRY | BOTH),
				[CALL_CALLER_GONE] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | BOTH),
				[CALL_RESTART] = END(ENDED, FAILED, NONE, ENTRY_CALLER | BOTH),
				[CALL_FAIL] = END(ENDED, FAILED, NONE, ENTRY_CALLER | BOTH),
			},
		[CALL_RINGING] =
			{
				[CALL_ACK] = TO(RINGING, BOTH),
				[CALL_ANSWER] = ACCEPTED,
				[CALL_GLARE] = ACCEPTED,
				[CALL_DECLINE] = END(MISSED, DECLINED, DECLINED, ENTRY | BOTH),
				[CALL_DECLINE_HIDDEN] = TO(HIDDEN, CALL_FX_KEEP | BOTH),
				[CALL_CANCEL] = END(MISSED, CANCELLED, CANCELLED, ENTRY | BOTH),
				[CALL_CANCEL_EARLY] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | BOTH),
				[CALL_CANCEL_NOTE] = END(MISSED, CANCELLED, CANCELLED, ENTRY | BOTH),
				[CALL_T_RING] = END(GRACE, NO_ANSWER, NO_ANSWER, ENTRY | BOTH),
				[CALL_T_RING_BUSY] = END(GRACE, BUSY, BUSY, ENTRY | BOTH),
				[CALL_T_STOP] = END(GRACE, NO_ANSWER, NO_ANSWER, ENTRY | BOTH),
				[CALL_CALLER_GONE] = END(MISSED, CANCELLED, CANCELLED, ENTRY | BOTH),
				[CALL_RESTART] = END(MISSED, FAILED, FAILED, ENTRY | BOTH),
				[CALL_FAIL] = END(MISSED, FAILED, FAILED, ENTRY | BOTH),
			},
		[CALL_HIDDEN] =
			{
				[CALL_GLARE] = ACCEPTED,
				[CALL_CANCEL] = END(MISSED, CANCELLED, DECLINED, ENTRY | CALLER),
				[CALL_CANCEL_EARLY] = END(MISSED, CANCELLED, DECLINED, ENTRY | CALLER),
				[CALL_CANCEL_NOTE] = END(MISSED, CANCELLED, DECLINED, ENTRY | CALLER),
				[CALL_T_RING] = END(MISSED, NO_ANSWER, DECLINED, ENTRY | CALLER),
				[CALL_T_RING_BUSY] = END(MISSED, BUSY, DECLINED, ENTRY | CALLER),
				[CALL_T_STOP] = END(MISSED, NO_ANSWER, DECLINED, ENTRY | CALLER),
				[CALL_CALLER_GONE] = END(MISSED, CANCELLED, DECLINED, ENTRY | CALLER),
				[CALL_RESTART] = END(MISSED, FAILED, DECLINED, ENTRY | CALLER),
				[CALL_FAIL] = END(MISSED, FAILED, DECLINED, ENTRY | CALLER),
			},
		[CALL_SILENT_REACHING] =
			{
				[CALL_PRETEND] = TO(SILENT_RINGING, CALL_FX_KEEP | CALLER),
				[CALL_GLARE] = ACCEPTED,
				[CALL_CANCEL] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_EARLY] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_NOTE] = END(MISSED, UNREACHABLE, SILENCED, ENTRY | CALLER),
				[CALL_T_UNREACHABLE] = END(MISSED, UNREACHABLE, SILENCED, ENTRY | CALLER),
				[CALL_T_STOP] = END(MISSED, UNREACHABLE, SILENCED, ENTRY | CALLER),
				[CALL_CALLER_GONE] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_RESTART] = END(ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
				[CALL_FAIL] = END(ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
			},
		[CALL_SILENT_RINGING] =
			{
				[CALL_PRETEND] = TO(SILENT_RINGING, CALLER),
				[CALL_GLARE] = ACCEPTED,
				[CALL_CANCEL] = END(MISSED, CANCELLED, SILENCED, ENTRY | CALLER),
				[CALL_CANCEL_EARLY] = END(ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_NOTE] = END(MISSED, CANCELLED, SILENCED, ENTRY | CALLER),
				[CALL_T_RING] = END(MISSED, NO_ANSWER, SILENCED, ENTRY | CALLER),
				[CALL_T_RING_BUSY] = END(MISSED, NO_ANSWER, SILENCED, ENTRY | CALLER),
				[CALL_T_STOP] = END(MISSED, NO_ANSWER, SILENCED, ENTRY | CALLER),
				[CALL_CALLER_GONE] = END(MISSED, CANCELLED, SILENCED, ENTRY | CALLER),
				[CALL_RESTART] = END(MISSED, FAILED, SILENCED, ENTRY | CALLER),
				[CALL_FAIL] = END(MISSED, FAILED, SILENCED, ENTRY | CALLER),
			},
		[CALL_SHADOW_REACHING] =
			{
				[CALL_PRETEND] = TO(SHADOW_RINGING, CALL_FX_KEEP | CALLER),
				[CALL_CANCEL] = END(SHADOW_ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_EARLY] = END(SHADOW_ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_NOTE] = END(SHADOW_ENDED, UNREACHABLE, NONE, ENTRY_CALLER | CALLER),
				[CALL_T_UNREACHABLE] = END(SHADOW_ENDED, UNREACHABLE, NONE, ENTRY_CALLER | CALLER),
				[CALL_T_STOP] = END(SHADOW_ENDED, UNREACHABLE, NONE, ENTRY_CALLER | CALLER),
				[CALL_CALLER_GONE] = END(SHADOW_ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_RESTART] = END(SHADOW_ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
				[CALL_FAIL] = END(SHADOW_ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
			},
		[CALL_SHADOW_RINGING] =
			{
				[CALL_PRETEND] = TO(SHADOW_RINGING, CALLER),
				[CALL_CANCEL] = END(SHADOW_ENDED, CANCELLED, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_EARLY] = END(SHADOW_ENDED, CANCELLED_EARLY, NONE, ENTRY_CALLER | CALLER),
				[CALL_CANCEL_NOTE] = END(SHADOW_ENDED, CANCELLED, NONE, ENTRY_CALLER | CALLER),
				[CALL_T_RING] = END(SHADOW_ENDED, NO_ANSWER, NONE, ENTRY_CALLER | CALLER),
				[CALL_T_RING_BUSY] = END(SHADOW_ENDED, NO_ANSWER, NONE, ENTRY_CALLER | CALLER),
				[CALL_T_STOP] = END(SHADOW_ENDED, NO_ANSWER, NONE, ENTRY_CALLER | CALLER),
				[CALL_CALLER_GONE] = END(SHADOW_ENDED, CANCELLED, NONE, ENTRY_CALLER | CALLER),
				[CALL_RESTART] = END(SHADOW_ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
				[CALL_FAIL] = END(SHADOW_ENDED, FAILED, NONE, ENTRY_CALLER | CALLER),
			},
		[CALL_ANSWERED] =
			{
				[CALL_LEAVE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, ENTRY | BOTH),
				[CALL_CALLER_GONE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, ENTRY | BOTH),
				[CALL_CALLEE_GONE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, ENTRY | BOTH),
				[CALL_RESTART] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, ENTRY | BOTH),
				[CALL_FAIL] = END(MISSED, FAILED, FAILED, ENTRY | BOTH),
				[CALL_MOVE] = TO(ANSWERED, CALL_FX_COMMIT | BOTH),
				[CALL_TURN] = TO(ANSWERED, CALL_FX_KEEP | BOTH),
			},
		[CALL_ANSWERED_LATE] =
			{
				[CALL_LEAVE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, AMEND | BOTH),
				[CALL_CALLER_GONE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, AMEND | BOTH),
				[CALL_CALLEE_GONE] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, AMEND | BOTH),
				[CALL_RESTART] = END(ENDED, WAS_ANSWERED, WAS_ANSWERED, AMEND | BOTH),
				[CALL_FAIL] = END(MISSED, FAILED, FAILED, AMEND | BOTH),
				[CALL_MOVE] = TO(ANSWERED_LATE, CALL_FX_COMMIT | BOTH),
				[CALL_TURN] = TO(ANSWERED_LATE, CALL_FX_KEEP | BOTH),
			},
		[CALL_GRACE] =
			{
				[CALL_ANSWER] = ACCEPTED_LATE,
				[CALL_GLARE] = ACCEPTED_LATE,
				[CALL_T_GRACE] = QUIETLY,
				[CALL_CANCEL] = QUIETLY,
				[CALL_CANCEL_EARLY] = QUIETLY,
				[CALL_CALLER_GONE] = QUIETLY,
				[CALL_NOTE_BEGIN] = TO(LEAVING_NOTE, 0),
			},
		[CALL_MISSED] =
			{
				[CALL_NOTE_BEGIN] = TO(LEAVING_NOTE, 0),
			},
		[CALL_LEAVING_NOTE] =
			{
				[CALL_ANSWER] = ACCEPTED_LATE,
				[CALL_GLARE] = ACCEPTED_LATE,
				[CALL_NOTE_END] = QUIETLY,
			},
};

struct call_step call_fsm_step(enum call_state state, enum call_event event)
{
	AT_ASSERT((unsigned)state < CALL_STATES && (unsigned)event < CALL_EVENTS);
	struct call_step step = table[state][event];

	if (!step.taken)
		step.next = (uint8_t)state;
	return step;
}

bool call_state_rings(enum call_state state)
{
	return state == CALL_REACHING || state == CALL_RINGING;
}

bool call_state_reaching(enum call_state state)
{
	return state == CALL_REACHING || state == CALL_SILENT_REACHING || state == CALL_SHADOW_REACHING;
}

bool call_state_ringing(enum call_state state)
{
	return state == CALL_RINGING || state == CALL_HIDDEN || state == CALL_SILENT_RINGING ||
	       state == CALL_SHADOW_RINGING;
}

bool call_state_answered(enum call_state state)
{
	return state == CALL_ANSWERED || state == CALL_ANSWERED_LATE;
}

bool call_state_shadow(enum call_state state)
{
	return state == CALL_SHADOW_REACHING || state == CALL_SHADOW_RINGING || state == CALL_SHADOW_ENDED;
}

bool call_state_pretends(enum call_state state)
{
	return state == CALL_SILENT_REACHING || state == CALL_SILENT_RINGING || state == CALL_SHADOW_REACHING ||
	       state == CALL_SHADOW_RINGING;
}

bool call_state_open(enum call_state state)
{
	return call_state_reaching(state) || call_state_ringing(state) || call_state_answered(state);
}

const char *call_state_name(enum call_state state)
{
	static const char *const names[CALL_STATES] = {
		[CALL_NEW] = "new",
		[CALL_REACHING] = "reaching",
		[CALL_RINGING] = "ringing",
		[CALL_HIDDEN] = "hidden",
		[CALL_SILENT_REACHING] = "silent_reaching",
		[CALL_SILENT_RINGING] = "silent_ringing",
		[CALL_SHADOW_REACHING] = "shadow_reaching",
		[CALL_SHADOW_RINGING] = "shadow_ringing",
		[CALL_ANSWERED] = "answered",
		[CALL_ANSWERED_LATE] = "answered_late",
		[CALL_GRACE] = "grace",
		[CALL_MISSED] = "missed",
		[CALL_LEAVING_NOTE] = "leaving_note",
		[CALL_SHADOW_ENDED] = "shadow_ended",
		[CALL_ENDED] = "ended",
	};
	AT_ASSERT((unsigned)state < CALL_STATES);
	return names[state];
}

const char *call_event_name(enum call_event event)
{
	static const char *const names[CALL_EVENTS] = {
		[CALL_START] = "start",
		[CALL_START_SILENT] = "start_silent",
		[CALL_START_QUIET] = "start_quiet",
		[CALL_START_SHADOW] = "start_shadow",
		[CALL_ACK] = "ack",
		[CALL_PRETEND] = "pretend",
		[CALL_ANSWER] = "answer",
		[CALL_DECLINE] = "decline",
		[CALL_DECLINE_HIDDEN] = "decline_hidden",
		[CALL_CANCEL] = "cancel",
		[CALL_CANCEL_EARLY] = "cancel_early",
		[CALL_CANCEL_NOTE] = "cancel_note",
		[CALL_T_UNREACHABLE] = "t_unreachable",
		[CALL_T_RING] = "t_ring",
		[CALL_T_RING_BUSY] = "t_ring_busy",
		[CALL_T_STOP] = "t_stop",
		[CALL_T_GRACE] = "t_grace",
		[CALL_LEAVE] = "leave",
		[CALL_CALLER_GONE] = "caller_gone",
		[CALL_CALLEE_GONE] = "callee_gone",
		[CALL_NOTE_BEGIN] = "note_begin",
		[CALL_NOTE_END] = "note_end",
		[CALL_GLARE] = "glare",
		[CALL_RESTART] = "restart",
		[CALL_FAIL] = "fail",
		[CALL_MOVE] = "move",
		[CALL_TURN] = "turn",
	};
	AT_ASSERT((unsigned)event < CALL_EVENTS);
	return names[event];
}

const char *call_outcome_name(enum call_outcome outcome)
{
	static const char *const names[CALL_OUTCOMES] = {
		[CALL_NO_ANSWER] = "no_answer",
		[CALL_DECLINED] = "declined",
		[CALL_BUSY] = "busy",
		[CALL_SILENCED] = "silenced",
		[CALL_UNREACHABLE] = "unreachable",
		[CALL_CANCELLED] = "cancelled",
		[CALL_CANCELLED_EARLY] = "cancelled_early",
		[CALL_WAS_ANSWERED] = "answered",
		[CALL_FAILED] = "failed",
	};
	AT_ASSERT((unsigned)outcome < CALL_OUTCOMES);
	return names[outcome];
}
