/* Calls that are not in memory any more, and what a note may do with its call. */
#include "base/mem.h"
#include "call/call_priv.h"

struct call *call_load(struct calls *calls, const struct store_call *row)
{
	enum call_state state = CALL_MISSED;

	if (row->shadow)
		state = CALL_SHADOW_ENDED;
	else if (call_theirs(row) == CALL_NONE || call_shown(row) == CALL_WAS_ANSWERED)
		state = CALL_ENDED;
	struct call *call = call_new(calls, row, state);

	call_arm(call);
	return call;
}

/* ---- asked too late ---- */

struct old {
	struct calls *calls;
	struct at_id id;
	uint64_t user;
	bool fine_when_over;
	struct store_call row;
	call_done_fn *done;
	void *arg;
};

static enum at_err old_job(struct store_tx *tx, void *msg)
{
	struct old *old = msg;

	return store_call_get(tx, &old->id, &old->row);
}

static void old_done(void *msg, enum at_err err)
{
	struct old *old = msg;
	bool caller = old->row.caller == old->user;

	if (err == AT_OK && !caller &&
	    (old->row.callee != old->user || old->row.shadow || call_theirs(&old->row) == CALL_NONE))
		err = AT_ERR_NOT_FOUND;
	if (err == AT_OK && !old->fine_when_over)
		err = AT_ERR_GONE;
	old->done(old->arg, err, "{}", 2, 0);
	at_free(old);
}

void call_ask_old(struct calls *calls, const struct at_id *id, uint64_t user, bool fine_when_over, call_done_fn *done,
		  void *arg)
{
	struct old *old = at_alloc(sizeof(*old));

	*old = (struct old){.calls = calls,
			    .id = *id,
			    .user = user,
			    .fine_when_over = fine_when_over,
			    .done = done,
			    .arg = arg};
	store_read(calls->store, old_job, old_done, old);
}

/* ---- notes ---- */

struct note_look {
	struct calls *calls;
	struct at_id id;
	uint64_t conv, user;
	struct store_call row;
	bool has_note;
	call_facts_fn *done;
	void *arg;
};

static enum at_err note_job(struct store_tx *tx, void *msg)
{
	struct note_look *look = msg;
	enum at_err err = store_call_get(tx, &look->id, &look->row);

	return err == AT_OK ? store_has_note(tx, look->user, &look->id, &look->has_note) : err;
}

static bool may_leave(const struct call *call)
{
	switch (call->state) {
	case CALL_GRACE:
	case CALL_MISSED:
	case CALL_LEAVING_NOTE:
	case CALL_SHADOW_ENDED: return true;
	case CALL_ENDED: /* before it rang: the note goes into the chat all the same */
		return call_shown(&call->row) != CALL_WAS_ANSWERED;
	default: return false;
	}
}

void call_answer_facts(struct call *call, struct call_ask *ask)
{
	struct call_note_facts facts = {
		.may_leave = may_leave(call) && !ask->facts.has_note,
		.shadow = call->row.shadow,
		.callee = call->row.callee,
	};

	if (!call_state_open(call->state) && call->state != CALL_GRACE)
		call_arm(call); /* a recording will follow: not forgotten just now */
	ask->facts.done(ask->arg, AT_OK, &facts);
	call_ask_free(ask);
}

static void note_looked(void *msg, enum at_err err)
{
	struct note_look *look = msg;
	struct call *call = call_find(look->calls, &look->id);

	if (err == AT_OK && (look->row.caller != look->user || look->row.conv != look->conv))
		err = AT_ERR_NOT_FOUND;
	if (err != AT_OK) {
		look->done(look->arg, err, NULL);
	} else {
		struct call_ask *ask = call_ask_new(CALL_FACTS, look->user, 0, NULL, look->arg);

		call = call ? call : call_load(look->calls, &look->row);
		ask->facts = (struct call_facts_ask){look->done, look->has_note};
		call_put(call, ask); /* it may be ending this moment */
	}
	at_free(look);
}

void call_note_facts(struct calls *calls, const struct at_id *id, uint64_t conv, uint64_t user, call_facts_fn *done,
		     void *arg)
{
	struct note_look *look = at_alloc(sizeof(*look));

	*look = (struct note_look){.calls = calls, .id = *id, .conv = conv, .user = user, .done = done, .arg = arg};
	store_read(calls->store, note_job, note_looked, look);
}

void call_note_being_left(struct calls *calls, const struct at_id *id, bool on)
{
	struct call *call = call_find(calls, id);

	if (call)
		call_event(call, on ? CALL_NOTE_BEGIN : CALL_NOTE_END);
}
