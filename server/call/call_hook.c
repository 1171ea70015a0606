/* What other modules may know of answered calls, and how they hear of them. */
#include "call/call_priv.h"

static struct call_parties parties_in(const struct store_call *row)
{
	return (struct call_parties){.id = row->id,
				     .conv = row->conv,
				     .caller = row->caller,
				     .caller_device = row->caller_device,
				     .callee = row->callee,
				     .callee_device = row->answered_device};
}

enum at_err call_parties_of(const struct calls *calls, const struct at_id *id, uint64_t user, uint64_t device,
			    struct call_parties *parties_out)
{
	const struct call *call = call_find(calls, id);

	if (!call)
		return AT_ERR_NOT_FOUND;
	const struct store_call *row = &call->row;
	bool caller = row->caller == user && row->caller_device == device;
	bool callee = row->callee == user && row->answered_device == device;

	if (!device || !(caller || callee))
		return AT_ERR_NOT_FOUND;
	if (!call_state_answered(call->state))
		return call_state_open(call->state) ? AT_ERR_CONFLICT : AT_ERR_GONE;
	*parties_out = parties_in(row);
	return AT_OK;
}

void call_flows(struct calls *calls, const struct at_id *id)
{
	struct call *call = call_find(calls, id);

	if (!call || call->flows || !call_state_answered(call->state))
		return;
	call->flows = true;
	call_arm(call);
}

void call_turn_to_video(struct calls *calls, const struct at_id *id)
{
	struct call *call = call_find(calls, id);

	if (call && call->row.video == CALL_VOICE)
		call_event(call, CALL_TURN);
}

void calls_each_answered(const struct calls *calls, call_each_fn *fn, void *arg)
{
	size_t pos = 0;

	for (const struct call *call; (call = at_map_next(calls->by_id, &pos)) != NULL;)
		if (call_state_answered(call->state)) {
			struct call_parties parties = parties_in(&call->row);

			fn(arg, &parties);
		}
}

void calls_add_hooks(struct calls *calls, const struct call_hooks *hooks)
{
	for (size_t i = 0; i < CALL_HOOKS_MAX; i++)
		if (!calls->hooks[i].arg) {
			calls->hooks[i] = *hooks;
			return;
		}
	AT_ASSERT(!"room for one more");
}

void calls_drop_hooks(struct calls *calls, const void *arg)
{
	for (size_t i = 0; i < CALL_HOOKS_MAX; i++)
		if (calls->hooks[i].arg == arg)
			calls->hooks[i] = (struct call_hooks){0};
}

static void tell(const struct call *call, const struct store_call *row, size_t hook_at)
{
	const struct call_parties parties = parties_in(row);

	for (size_t i = 0; i < CALL_HOOKS_MAX; i++) {
		const struct call_hooks *hooks = &call->calls->hooks[i];
		call_each_fn *const *fn = (call_each_fn *const *)(const void *)((const char *)hooks + hook_at);

		if (*fn)
			(*fn)(hooks->arg, &parties);
	}
}

void call_tell_answering(const struct call *call)
{
	tell(call, &call->next, offsetof(struct call_hooks, answering));
}

void call_tell_answered(const struct call *call)
{
	tell(call, &call->row, offsetof(struct call_hooks, answered));
}

void call_tell_moved(const struct call *call)
{
	tell(call, &call->row, offsetof(struct call_hooks, moved));
}

void call_tell_ended(const struct call *call)
{
	for (size_t i = 0; i < CALL_HOOKS_MAX; i++)
		if (call->calls->hooks[i].ended)
			call->calls->hooks[i].ended(call->calls->hooks[i].arg, &call->row.id);
}
