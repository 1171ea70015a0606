/* What the callee's and the caller's devices ask of a call that is there. */
#include "base/mem.h"
#include "base/time.h"
#include "call/call_priv.h"

/* Whether the callee may know of it: a shadow never, a silent one not before its entry. */
static bool callee_knows(const struct call *call)
{
	if (call->row.shadow || call_state_pretends(call->state))
		return false;
	return call_theirs(&call->row) != CALL_NONE || call_state_open(call->state) || call->state == CALL_ENDED;
}

/* The call, when it is in memory and this user may ask that of it. Else the asker is answered. */
static struct call *call_of(struct calls *calls, const struct at_id *id, uint64_t user, bool by_caller, bool by_callee,
			    bool over_ok, call_done_fn *done, void *arg)
{
	struct call *call = call_find(calls, id);

	if (!call) {
		call_ask_old(calls, id, user, over_ok, done, arg);
		return NULL;
	}
	if ((by_caller && call->row.caller == user) || (by_callee && call->row.callee == user && callee_knows(call)))
		return call;
	done(arg, AT_ERR_NOT_FOUND, NULL, 0, 0);
	return NULL;
}

void call_ring(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
	       void *arg)
{
	struct call *call = call_of(calls, id, user, false, true, false, done, arg);

	if (call)
		call_put(call, call_ask_new(CALL_ACK, user, device, done, arg));
}

void call_answer(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
		 void *arg)
{
	struct call *call = call_of(calls, id, user, false, true, false, done, arg);

	if (!call)
		return;
	if (call_has_device(calls, user, device, call))
		done(arg, AT_ERR_CONFLICT, NULL, 0, 0); /* it is on another call: leave that first */
	else if (call->state == CALL_GRACE && !hub_device_connected(calls->hub, call->row.caller_device))
		done(arg, AT_ERR_GONE, NULL, 0, 0);
	else
		call_put(call, call_ask_new(CALL_ANSWER, user, device, done, arg));
}

void call_decline(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, const char *text,
		  call_done_fn *done, void *arg)
{
	struct call *call = call_of(calls, id, user, false, true, false, done, arg);

	if (!call)
		return;
	/* Who sends words along with it does not hide it. */
	bool hides = !text && calls->people.hides_decline(calls->people.arg, user);
	struct call_ask *ask = call_ask_new(hides ? CALL_DECLINE_HIDDEN : CALL_DECLINE, user, device, done, arg);

	ask->text = at_strdup(text);
	call_put(call, ask);
}

void call_cancel(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, bool for_note,
		 call_done_fn *done, void *arg)
{
	struct call *call = call_of(calls, id, user, true, false, true, done, arg);

	if (!call)
		return;
	bool early = at_mono_ms() - call->started_mono < CALL_EARLY_MS;
	enum call_event event = for_note ? CALL_CANCEL_NOTE : early ? CALL_CANCEL_EARLY : CALL_CANCEL;

	call_put(call, call_ask_new((int)event, user, device, done, arg));
}

static bool has_failed(const struct call *call, bool says_so)
{
	int64_t age = at_mono_ms() - call->answered_mono;

	if (!call_state_answered(call->state))
		return false;
	if (says_so)
		return age < CALL_FAIL_MAX_MS;
	return call->calls->settings.connect_ms > 0 && !call->flows && age >= CALL_PATIENCE_MS;
}

void call_leave(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, bool failed,
		call_done_fn *done, void *arg)
{
	struct call *call = call_of(calls, id, user, true, true, true, done, arg);

	if (call)
		call_put(call,
			 call_ask_new(has_failed(call, failed) ? CALL_FAIL : CALL_LEAVE, user, device, done, arg));
}

void call_move(struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device, call_done_fn *done,
	       void *arg)
{
	struct call *call = call_of(calls, id, user, true, true, false, done, arg);

	if (!call)
		return;
	if (call_has_device(calls, user, device, call))
		done(arg, AT_ERR_CONFLICT, NULL, 0, 0);
	else
		call_put(call, call_ask_new(CALL_MOVE, user, device, done, arg));
}
