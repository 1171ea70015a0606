#include "base/log.h"
#include "base/time.h"
#include "call/call_priv.h"

/* ---- a call as one side sees it ---- */

struct view {
	const char *state;
	bool ended;
	enum call_outcome outcome;
};

static struct view view_of(const struct call *call, bool caller)
{
	enum call_state s = call->state;
	struct view view = {.outcome = CALL_NONE};

	if (call_state_answered(s))
		view.state = "answered";
	else if (caller ? call_state_reaching(s) : s == CALL_REACHING)
		view.state = "reaching";
	else if (caller ? call_state_ringing(s) : s == CALL_RINGING)
		view.state = "ringing";
	else
		view.ended = true;
	if (!view.ended)
		return view;
	view.state = "ended";
	view.outcome =
		caller || call_theirs(&call->row) == CALL_NONE ? call_shown(&call->row) : call_theirs(&call->row);
	if (s == CALL_HIDDEN)
		view.outcome = CALL_DECLINED;
	return view;
}

static void write_time(struct wire_out *w, const char *key, int64_t ms)
{
	if (ms > 0)
		wire_int(w, key, ms);
	else
		wire_null(w, key);
}

/* Only the callee's own devices hear the name of the one that answered. */
static void write_answer(const struct call *call, struct wire_out *w, bool caller)
{
	const struct calls *calls = call->calls;

	write_time(w, "answered", call->row.answered);
	write_time(w, "answered_by", call->row.answered ? (int64_t)call->row.callee : 0);
	if (call->row.answered && !caller)
		wire_str(w, "answered_device", calls->people.device_name(calls->people.arg, call->row.answered_device));
	else
		wire_null(w, "answered_device");
}

void call_write_snapshot(const struct call *call, struct wire_out *w, const char *key, bool caller, uint64_t device)
{
	const struct store_call *row = &call->row;
	struct view view = view_of(call, caller);

	wire_obj(w, key);
	wire_id(w, "call", &row->id);
	wire_int(w, "conv", (int64_t)row->conv);
	wire_str(w, "kind", row->video == CALL_VIDEO ? "video" : "voice");
	wire_bool(w, "turned", row->video == CALL_TURNED);
	wire_int(w, "from", (int64_t)row->caller);
	wire_int(w, "to", (int64_t)row->callee);
	wire_str(w, "state", view.state);
	wire_int(w, "devices", call_devices(call));
	wire_int(w, "started", row->started);
	wire_int(w, "rang", row->rang);
	write_answer(call, w, caller);
	write_time(w, "ended", view.ended ? row->ended : 0);
	wire_str(w, "outcome", call_outcome_name(view.outcome));
	write_time(w, "until", view.ended ? 0 : call_until(call));
	if (caller && call->quiet_until)
		wire_int(w, "quiet_until", call->quiet_until);
	if (!caller && !view.ended && call_state_rings(call->state) && call_is_busy(call->calls, row->callee, call))
		wire_bool(w, "waiting", true);
	wire_bool(w, "mine", device != 0 && device == (caller ? row->caller_device : row->answered_device));
	wire_int(w, "rev", (int64_t)call->rev);
	wire_obj_end(w);
}

/* ---- telling both sides ---- */

static struct at_bytes *frame_of(const struct call *call, bool caller, uint64_t device)
{
	struct at_buf *buf = &call->calls->out;

	at_buf_clear(buf);
	struct wire_out w = wire_out_begin(buf);

	wire_obj(&w, NULL);
	wire_str(&w, "ev", "call");
	call_write_snapshot(call, &w, "call", caller, device);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK); /* far below the buffer's maximum */
	return at_bytes_new(buf->data, buf->len);
}

static void tell(const struct call *call, bool caller)
{
	struct hub *hub = call->calls->hub;
	uint64_t user = caller ? call->row.caller : call->row.callee;
	uint64_t mine = caller ? call->row.caller_device : call->row.answered_device;

	if (hub_reachable(hub, user) == 0)
		return;
	struct at_bytes *others = frame_of(call, caller, 0);

	hub_send_user_but(hub, user, mine, others);
	at_bytes_unref(&others);
	if (mine == 0 || !hub_device_connected(hub, mine))
		return;
	struct at_bytes *own = frame_of(call, caller, mine);

	hub_send_device(hub, mine, own, false);
	at_bytes_unref(&own);
}

void call_publish(struct call *call, bool caller, bool callee)
{
	int64_t age = at_wall_ms() - call->row.started;

	/* Rises across a restart, too, as long as the clock does. */
	call->rev = age > (int64_t)call->rev ? (uint64_t)age : call->rev + 1;
	if (caller)
		tell(call, true);
	if (callee)
		tell(call, false);
}

static void write_list(const struct at_list *list, struct wire_out *w, bool caller, uint64_t device)
{
	AT_LIST_EACH(list, it) {
		const struct call *call =
			caller ? AT_ENTRY(it, struct call, by_caller) : AT_ENTRY(it, struct call, by_callee);

		if (caller ? call_state_open(call->state)
			   : call_state_rings(call->state) || call_state_answered(call->state))
			call_write_snapshot(call, w, NULL, caller, device);
	}
}

void calls_write(const struct calls *calls, struct wire_out *w, const char *key, uint64_t user, uint64_t device)
{
	const struct call_user *found = call_user_of(calls, user);

	wire_arr(w, key);
	if (found) {
		write_list(&found->out, w, true, device);
		write_list(&found->in, w, false, device);
	}
	wire_arr_end(w);
}

/* ---- what the log keeps ---- */

static void write_one(const struct calls *calls, const struct store_call *row, bool caller, struct wire_out *w)
{
	wire_obj(w, NULL);
	wire_str(w, "kind", row->video ? "video" : "voice");
	wire_str(w, "outcome", call_outcome_name(caller ? call_shown(row) : call_theirs(row)));
	wire_int(w, "by", (int64_t)row->caller);
	wire_bool(w, "rang", row->rang != 0);
	wire_int(w, "started", row->started);
	if (row->answered && row->ended && row->state == 0 && call_shown(row) == CALL_WAS_ANSWERED)
		wire_int(w, "duration_ms", row->ended - row->answered);
	if (row->answered && !caller) {
		wire_str(w, "device", calls->people.device_name(calls->people.arg, row->answered_device));
		wire_int(w, "device_id", (int64_t)row->answered_device);
	}
	wire_obj_end(w);
}

static void write_body(const struct calls *calls, const struct store_call *row, bool caller, struct at_buf *buf)
{
	struct wire_out w = wire_out_begin(buf);

	write_one(calls, row, caller, &w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK); /* names of devices are short */
}

void call_write_bodies(const struct calls *calls, const struct store_call *row, struct at_buf *callee,
		       struct at_buf *caller)
{
	if (call_theirs(row) != CALL_NONE)
		write_body(calls, row, false, callee);
	write_body(calls, row, true, caller);
}
