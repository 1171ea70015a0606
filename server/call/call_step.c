/* One ask after the other: the table says what follows, the disk confirms it, then both sides are told. */
#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "call/call_priv.h"

struct call_ask *call_ask_new(int event, uint64_t user, uint64_t device, call_done_fn *done, void *arg)
{
	struct call_ask *ask = at_alloc(sizeof(*ask));

	ask->event = event;
	ask->user = user;
	ask->device = device;
	ask->done = done;
	ask->arg = arg;
	return ask;
}

void call_ask_free(struct call_ask *ask)
{
	at_free(ask->text);
	at_free(ask);
}

/* ---- answers ---- */

void call_answer_ask(struct call *call, struct call_ask *ask, enum at_err err)
{
	if (ask->event == CALL_FACTS) {
		ask->facts.done(ask->arg, err, NULL);
	} else if (ask->done && err != AT_OK) {
		ask->done(ask->arg, err, NULL, 0, 0);
	} else if (ask->done) {
		struct at_buf buf;

		at_buf_init(&buf, 64 * 1024);
		struct wire_out w = wire_out_begin(&buf);

		call_write_snapshot(call, &w, NULL, ask->user == call->row.caller, ask->device);
		err = wire_out_end(&w);
		ask->done(ask->arg, err, buf.data, buf.len, 0);
		at_buf_release(&buf);
	}
	call_ask_free(ask);
}

/* What somebody is told whose ask changes nothing in the state it met. */
static enum at_err refusal(const struct call *call, const struct call_ask *ask)
{
	bool over = !call_state_open(call->state);

	switch ((enum call_event)ask->event) {
	case CALL_START: /* said again */
	case CALL_START_SILENT:
	case CALL_START_QUIET:
	case CALL_START_SHADOW: return AT_OK;
	case CALL_ANSWER:
		return call_state_answered(call->state) && call->row.answered_device == ask->device ? AT_OK
												    : AT_ERR_GONE;
	case CALL_DECLINE:
	case CALL_DECLINE_HIDDEN:
		return call->state == CALL_HIDDEN || call_theirs(&call->row) == CALL_DECLINED ? AT_OK : AT_ERR_GONE;
	case CALL_CANCEL:
	case CALL_CANCEL_EARLY:
	case CALL_CANCEL_NOTE: return over ? AT_OK : AT_ERR_CONFLICT;
	case CALL_FAIL:
	case CALL_LEAVE: return over ? AT_OK : AT_ERR_CONFLICT;
	case CALL_MOVE: return over ? AT_ERR_GONE : AT_ERR_CONFLICT;
	default: return AT_ERR_GONE;
	}
}

/* ---- a step, until it is written ---- */

static bool over_in(uint8_t state)
{
	return state >= CALL_GRACE;
}

/* The row as it will be. */
static void plan(struct call *call, const struct call_ask *ask, struct call_step step)
{
	struct store_call *next = &call->next;
	int64_t now = at_wall_ms();

	*next = call->row;
	next->state = over_in(step.next) ? 0 : step.next;
	next->shadow = next->shadow || call_state_shadow(step.next);
	if (step.shown)
		next->outcome = (uint8_t)(step.shown | step.theirs << 4);
	if (!next->rang && (call_state_ringing(step.next) || (step.effects & CALL_FX_MEDIA)))
		next->rang = now;
	if (step.effects & CALL_FX_MEDIA) {
		next->answered = now;
		next->answered_device = ask->device;
		next->ended = now;
	}
	if (ask->event == CALL_MOVE && ask->user == next->caller)
		next->caller_device = ask->device;
	else if (ask->event == CALL_MOVE)
		next->answered_device = ask->device;
	if (ask->event == CALL_GLARE)
		next->video = next->video && ask->video;
	if (ask->event == CALL_TURN)
		next->video = CALL_TURNED;
	/* One that did not come back after a restart has lasted until it was last seen. */
	if (step.next == CALL_HIDDEN || (over_in(step.next) && !over_in((uint8_t)call->state)))
		next->ended = call->resuming && next->ended ? next->ended : now;
}

static void count_device(struct call *call, const struct call_ask *ask)
{
	if (ask->event == CALL_PRETEND) {
		call->pretended++;
		return;
	}
	for (unsigned i = 0; i < call->n_acked; i++)
		if (call->acked[i] == ask->device)
			return;
	if (call->n_acked < CALL_DEVICES_MAX)
		call->acked[call->n_acked++] = ask->device;
}

static void log_step(const struct call *call, enum call_state from, const struct call_ask *ask)
{
	char hex[AT_ID_HEX_LEN + 1];

	if (from == call->state)
		return;
	at_id_hex(&call->row.id, hex);
	at_log(AT_LOG_INFO, "call.state", "call", hex, "from", call_state_name(from), "to",
	       call_state_name(call->state), "on", call_event_name((enum call_event)ask->event), NULL);
}

static void remember_alias(struct call *call, const struct call_ask *ask)
{
	if (!at_id_is_zero(&call->alias) || call_find(call->calls, &ask->id))
		return;
	call->alias = ask->id;
	(void)at_map_put(call->calls->by_id, ask->id.b, sizeof(ask->id.b), call);
}

static void apply(struct call *call, const struct call_ask *ask)
{
	struct calls *calls = call->calls;
	struct call_step step = call->step;
	enum call_state from = call->state;

	call->row = call->next;
	call->state = step.next;
	if (ask->event == CALL_ACK || ask->event == CALL_PRETEND || ask->event == CALL_DECLINE_HIDDEN)
		count_device(call, ask);
	if (ask->event == CALL_GLARE)
		remember_alias(call, ask);
	if (call_state_ringing(call->state) && !call_state_ringing(from))
		call->rang_mono = at_mono_ms();
	if (step.effects & CALL_FX_MEDIA) {
		call->answered_mono = at_mono_ms();
		call->flows = false;
		call_limits_take_back(calls, &call->row);
		at_timer_stop(call->caller_gone); /* who talks is given longer to come back */
	}
	log_step(call, from, ask);
	if (step.effects & CALL_FX_KEEP)
		call_keep(call);
	if (step.effects & CALL_FX_PRETEND)
		call_begin_pretending(call);
	if (call->state != from)
		call_arm(call);
	call_watch(call);
	call_publish(call, step.effects & CALL_FX_CALLER, step.effects & CALL_FX_CALLEE);
	if (step.effects & CALL_FX_MEDIA)
		call_tell_answered(call);
	else if (ask->event == CALL_MOVE)
		call_tell_moved(call);
	else if (call_state_answered(from) && !call_state_answered(call->state))
		call_tell_ended(call);
}

static void ignore_appended(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)seq, (void)ts, (void)duplicate, (void)arg;
	if (err != AT_OK)
		at_log(AT_LOG_INFO, "call.text_not_sent", "err", at_err_name(err), NULL);
}

static void send_text(const struct call *call, const struct call_ask *ask)
{
	if (ask->text)
		chat_send_text(call->calls->chat, ask->user, 0, call->row.conv, 0, ask->text, 0, ignore_appended, NULL);
}

/* ---- turns ---- */

/* It was never written, so it never was. */
static void forget(struct call *call, enum at_err err)
{
	call_limits_take_back(call->calls, &call->row);
	call_unlink(call);
	at_list_push(&call->calls->dead, &call->by_caller);
	AT_LIST_EACH(&call->asks, it) {
		at_list_remove(it);
		call_answer_ask(call, AT_ENTRY(it, struct call_ask, link), err);
	}
	call->state = CALL_ENDED;
	call_arm(call);
}

static bool is_there_already(const struct call *call, const struct call_ask *ask)
{
	const struct store_call *row = &call->row;

	return ask->event == CALL_MOVE && call_state_answered(call->state) &&
	       ask->device == (ask->user == row->caller ? row->caller_device : row->answered_device);
}

static void take(struct call *call, struct call_ask *ask)
{
	if (ask->event == CALL_FACTS) {
		call_answer_facts(call, ask);
		return;
	}
	if (is_there_already(call, ask)) {
		call_answer_ask(call, ask, AT_OK);
		return;
	}
	struct call_step step = call_fsm_step(call->state, (enum call_event)ask->event);

	if (!step.taken && ask->event == CALL_GLARE) {
		call_begin(call->calls, ask); /* it has ended meanwhile: a call like any other */
		call_ask_free(ask);
	} else if (!step.taken) {
		call_answer_ask(call, ask, refusal(call, ask));
	} else {
		call->step = step;
		plan(call, ask, step);
		call->running = ask;
		if (step.effects & CALL_FX_MEDIA)
			call_tell_answering(call);
		if (step.effects & CALL_FX_COMMIT)
			call_write_step(call);
		else
			call_written(call, AT_OK);
	}
}

static void pump(struct call *call)
{
	if (call->pumping)
		return;
	call->pumping = true;
	for (struct at_link *link; !call->running && !call->unlogged && (link = at_list_first(&call->asks)) != NULL;) {
		at_list_remove(link);
		take(call, AT_ENTRY(link, struct call_ask, link));
	}
	call->pumping = false;
}

void call_put(struct call *call, struct call_ask *ask)
{
	if (call->dead) {
		call_answer_ask(call, ask, AT_ERR_GONE);
		return;
	}
	at_list_push(&call->asks, &ask->link);
	pump(call);
}

void call_event(struct call *call, enum call_event event)
{
	call_put(call, call_ask_new(event, 0, 0, NULL, NULL));
}

/* An end takes place although it cannot be written: devices stop ringing. Its entry follows when there is room again. */
static void end_unlogged(struct call *call, struct call_ask *ask, enum at_err err)
{
	call->unlogged = true;
	apply(call, ask);
	call_answer_ask(call, ask, err);
}

static void tried_again(struct call *call, enum at_err err)
{
	call->unlogged = err != AT_OK && err != AT_ERR_NOT_FOUND;
	if (err == AT_ERR_NOT_FOUND)
		at_log(AT_LOG_ERROR, "call.not_logged", "why", "its chat is gone", NULL);
	call->row = err == AT_OK ? call->next : call->row;
	call_arm(call);
}

void call_written(struct call *call, enum at_err err)
{
	struct call_ask *ask = call->running;

	call->running = NULL;
	if (call->unlogged) {
		tried_again(call, err);
	} else if (err == AT_OK) {
		apply(call, ask);
		send_text(call, ask);
		call_answer_ask(call, ask, AT_OK);
	} else if (call->state == CALL_NEW) {
		forget(call, err);
		call_not_begun(call->calls, ask, err);
	} else if (over_in(call->step.next)) {
		end_unlogged(call, ask, err);
	} else {
		if (call->step.effects & CALL_FX_MEDIA)
			call_tell_ended(call);
		call_answer_ask(call, ask, err);
	}
	pump(call);
}
