#include "base/mem.h"
#include "base/time.h"
#include "call/call_priv.h"

/* ---- a new call ---- */

static enum call_event start_event(const struct calls *calls, const struct store_call *row, int64_t *quiet_until_out)
{
	const struct call_people *people = &calls->people;
	int64_t quiet_until = people->quiet_until(people->arg, row->callee);

	*quiet_until_out = 0;
	if (chat_blocked(calls->chat, row->caller, row->callee))
		return CALL_START_SHADOW;
	if (quiet_until <= row->started)
		return CALL_START;
	if (!people->shares_quiet(people->arg, row->callee))
		return CALL_START_SILENT;
	*quiet_until_out = quiet_until;
	return CALL_START_QUIET;
}

static void begin(struct calls *calls, struct call_ask *ask)
{
	struct store_call row = {
		.id = ask->id,
		.conv = ask->conv,
		.caller = ask->user,
		.caller_device = ask->device,
		.callee = chat_peer(calls->chat, ask->conv, ask->user),
		.video = ask->video,
		.started = at_wall_ms(),
	};
	int64_t retry_ms;
	enum at_err err = AT_OK;

	/* One call a device at a time, and one a pair: a second one would only ring over the first. */
	if (call_has_device(calls, ask->user, ask->device, NULL) ||
	    call_between(calls, row.caller, row.callee, call_state_open) ||
	    call_between(calls, row.callee, row.caller, call_state_answered))
		err = AT_ERR_CONFLICT;
	if (err == AT_OK)
		err = call_limits_check(calls, row.caller, row.callee, row.started, &retry_ms);
	if (err != AT_OK) {
		ask->done(ask->arg, err, NULL, 0, err == AT_ERR_RATE_LIMITED ? retry_ms : 0);
		call_ask_free(ask);
		return;
	}
	struct call *call = call_new(calls, &row, CALL_NEW);

	call_limits_add(calls, &row);
	ask->event = start_event(calls, &row, &call->quiet_until);
	call_put(call, ask);
}

void call_begin(struct calls *calls, const struct call_ask *from)
{
	struct call_ask *ask = call_ask_new(CALL_START, from->user, from->device, from->done, from->arg);

	ask->id = from->id;
	ask->conv = from->conv;
	ask->video = from->video;
	begin(calls, ask);
}

/* ---- the same call again, the other's call, or a new one ---- */

static bool is_same(const struct call *call, const struct call_ask *ask)
{
	if (call->row.conv != ask->conv)
		return false;
	if (at_id_eq(&call->alias, &ask->id))
		return call->row.callee == ask->user;
	return call->row.caller == ask->user && call->asked_video == ask->video;
}

static bool takes_glare(enum call_state state)
{
	return call_fsm_step(state, CALL_GLARE).taken;
}

void call_start(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, uint64_t conv, bool video,
		call_done_fn *done, void *arg)
{
	struct call_ask *ask = call_ask_new(CALL_START, user, device, done, arg);
	uint64_t callee = chat_peer(calls->chat, conv, user);
	struct call *same = call_find(calls, id);

	ask->id = *id;
	ask->conv = conv;
	ask->video = video;
	if (callee == 0 || at_id_is_zero(id)) {
		call_answer_ask(NULL, ask, callee == 0 ? AT_ERR_NOT_FOUND : AT_ERR_BAD_REQUEST);
	} else if (same && !is_same(same, ask)) {
		call_answer_ask(NULL, ask, AT_ERR_EXISTS);
	} else if (same) {
		call_put(same, ask);
	} else if ((same = call_between(calls, callee, user, takes_glare)) != NULL &&
		   !call_has_device(calls, user, device, same)) {
		ask->event = CALL_GLARE;
		call_put(same, ask);
	} else {
		begin(calls, ask);
	}
}

/* ---- a call of that id that was before ---- */

struct again {
	struct calls *calls;
	struct call_ask *ask;
	struct store_call row;
};

static enum at_err again_job(struct store_tx *tx, void *msg)
{
	struct again *again = msg;

	return store_call_get(tx, &again->ask->id, &again->row);
}

static void again_done(void *msg, enum at_err err)
{
	struct again *again = msg;
	struct call *call = NULL;

	if (err == AT_OK) {
		call = call_find(again->calls, &again->row.id);
		call = call ? call : call_load(again->calls, &again->row);
		err = is_same(call, again->ask) ? AT_OK : AT_ERR_EXISTS;
	}
	call_answer_ask(call, again->ask, err);
	at_free(again);
}

void call_not_begun(struct calls *calls, struct call_ask *ask, enum at_err err)
{
	if (err != AT_ERR_EXISTS) {
		call_answer_ask(NULL, ask, err);
		return;
	}
	struct again *again = at_alloc(sizeof(*again));

	again->calls = calls;
	again->ask = ask;
	store_read(calls->store, again_job, again_done, again);
}
