/* Time, and devices that come and go. */
#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"
#include "call/call_priv.h"

static int64_t min_i64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- the timer of a state ---- */

static void gave_up(struct call *call)
{
	const struct call_settings *settings = &call->calls->settings;
	bool stopped = at_mono_ms() - call->started_mono >= settings->ring_stop_ms;

	if (call_state_reaching(call->state))
		call_event(call, stopped ? CALL_T_STOP : CALL_T_UNREACHABLE);
	else if (call_is_busy(call->calls, call->row.callee, call))
		call_event(call, CALL_T_RING_BUSY);
	else
		call_event(call, stopped ? CALL_T_STOP : CALL_T_RING);
}

static void on_timer(void *arg)
{
	struct call *call = arg;

	if (call->unlogged)
		call_write_step(call);
	else if (call_state_reaching(call->state) || call_state_ringing(call->state))
		gave_up(call);
	else if (call_state_answered(call->state))
		call_event(call, CALL_FAIL);
	else if (call->state == CALL_GRACE)
		call_event(call, CALL_T_GRACE);
	else if (call->running || call->pumping || !at_list_empty(&call->asks))
		at_timer_start(call->timer, CALL_RETRY_MS, 0);
	else
		call_free(call);
}

/* When the present state gives up, as a distance from the start. */
static int64_t patience(const struct call *call, int64_t rang_after)
{
	const struct call_settings *settings = &call->calls->settings;

	if (call_state_reaching(call->state))
		return min_i64(settings->unreachable_ms, settings->ring_stop_ms);
	return min_i64(rang_after + settings->ring_ms, settings->ring_stop_ms);
}

int64_t call_until(const struct call *call)
{
	if (!call_state_reaching(call->state) && !call_state_ringing(call->state))
		return 0;
	return call->row.started + patience(call, call->row.rang - call->row.started);
}

void call_arm(struct call *call)
{
	const struct call_settings *settings = &call->calls->settings;
	bool connects = call_state_answered(call->state) && !call->flows && settings->connect_ms > 0;
	int64_t after = CALL_LINGER_MS;

	at_timer_stop(call->timer);
	if (call->dead)
		after = 0;
	else if (call->unlogged)
		after = CALL_RETRY_MS;
	else if (call_state_reaching(call->state) || call_state_ringing(call->state))
		after = call->started_mono + patience(call, call->rang_mono - call->started_mono) - at_mono_ms();
	else if (call->state == CALL_GRACE)
		after = settings->grace_ms;
	else if (connects)
		after = call->answered_mono + settings->connect_ms - at_mono_ms();
	else if (call_state_answered(call->state) || call->state == CALL_LEAVING_NOTE)
		return;
	at_timer_start(call->timer, after > 0 ? after : 0, 0);
}

/* ---- pretending to ring ---- */

static void on_pretend(void *arg)
{
	struct call *call = arg;

	if (call->pretending == 0 || !call_state_pretends(call->state))
		return;
	if (--call->pretending > 0)
		at_timer_start(call->pretend, 1 + at_rand_below(CALL_PRETEND_GAP_MS), 0);
	call_event(call, CALL_PRETEND);
}

static void pretend_more(struct call *call, unsigned devices)
{
	call->pretending += devices;
	if (call->pretending > CALL_DEVICES_MAX)
		call->pretending = CALL_DEVICES_MAX;
	if (call->pretending > 0 && !at_timer_active(call->pretend))
		at_timer_start(call->pretend,
			       CALL_PRETEND_MIN_MS + at_rand_below(CALL_PRETEND_MAX_MS - CALL_PRETEND_MIN_MS), 0);
}

/* As many devices as would have rung, after about as long as they would have taken. */
void call_begin_pretending(struct call *call)
{
	pretend_more(call, hub_reachable(call->calls->hub, call->row.callee));
}

unsigned call_devices(const struct call *call)
{
	return call->n_acked + call->pretended;
}

/* ---- who is there ---- */

static void on_caller_gone(void *arg)
{
	call_event(arg, CALL_CALLER_GONE);
}

static void on_callee_gone(void *arg)
{
	call_event(arg, CALL_CALLEE_GONE);
}

static int64_t patience_with_gone(const struct call *call)
{
	if (!call_state_answered(call->state))
		return CALL_CALLER_GONE_MS;
	return call->resuming ? CALL_RESUME_MS : CALL_TALKER_GONE_MS;
}

static void watch(struct call *call, struct at_timer *timer, uint64_t device, bool matters)
{
	if (!matters || hub_device_connected(call->calls->hub, device))
		at_timer_stop(timer);
	else if (!at_timer_active(timer))
		at_timer_start(timer, patience_with_gone(call), 0);
}

void call_watch(struct call *call)
{
	bool answered = call_state_answered(call->state);
	/* Not while a note is being left: that may be on another device of the caller, and the note says when it ends. */
	bool waits = call_state_open(call->state) || call->state == CALL_GRACE;

	if (hub_device_connected(call->calls->hub, call->row.caller_device) &&
	    hub_device_connected(call->calls->hub, call->row.answered_device))
		call->resuming = false;
	watch(call, call->caller_gone, call->row.caller_device, waits);
	watch(call, call->callee_gone, call->row.answered_device, answered);
}

void call_resume(struct call *call)
{
	call->flows = true; /* as far as is known */
	call->answered_mono = at_mono_ms() - CALL_FAIL_MAX_MS;
	call_publish(call, false, false); /* nobody is there; but what they will see is newer than what they saw */
	call_watch(call);
}

/* So that after a crash it is known until when, at least, they talked. */
void call_on_alive(void *arg)
{
	struct calls *calls = arg;
	size_t pos = 0;

	for (struct call *call; (call = at_map_next(calls->by_id, &pos)) != NULL;) {
		if (!call_state_answered(call->state) || call->running || call->resuming)
			continue;
		call->row.ended = at_wall_ms();
		call_keep(call);
	}
}

static void callee_came(struct call *call)
{
	if (call_state_pretends(call->state))
		pretend_more(call, 1);
	else
		call_watch(call);
}

static void callee_went(struct call *call, uint64_t device)
{
	if (call_state_pretends(call->state)) {
		if (call->pretending > 0)
			call->pretending--;
		else if (call->pretended > 0)
			call->pretended--;
		call_publish(call, true, false);
		return;
	}
	for (unsigned i = 0; i < call->n_acked; i++)
		if (call->acked[i] == device) {
			call->acked[i] = call->acked[--call->n_acked];
			call_publish(call, call_state_ringing(call->state), false);
			break;
		}
	call_watch(call);
}

void call_on_device(void *arg, uint64_t user, uint64_t device, bool connected)
{
	const struct call_user *found = call_user_of(arg, user);

	if (!found)
		return;
	AT_LIST_EACH(&found->out, it) {
		struct call *call = AT_ENTRY(it, struct call, by_caller);
		if (call->row.caller_device == device)
			call_watch(call);
	}
	AT_LIST_EACH(&found->in, it) {
		struct call *call = AT_ENTRY(it, struct call, by_callee);
		if (connected)
			callee_came(call);
		else
			callee_went(call, device);
	}
}

void call_timers_new(struct call *call)
{
	struct at_loop *loop = call->calls->loop;

	call->timer = at_timer_new(loop, on_timer, call);
	call->pretend = at_timer_new(loop, on_pretend, call);
	call->caller_gone = at_timer_new(loop, on_caller_gone, call);
	call->callee_gone = at_timer_new(loop, on_callee_gone, call);
}

void call_timers_free(struct call *call)
{
	at_timer_free(&call->timer);
	at_timer_free(&call->pretend);
	at_timer_free(&call->caller_gone);
	at_timer_free(&call->callee_gone);
}
