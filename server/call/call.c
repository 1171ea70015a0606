#include "call/call_priv.h"

#include "base/mem.h"
#include "base/time.h"

enum { SWEEP_MS = 600 * 1000, OUT_MAX = 4 * 1024 * 1024 };

/* ---- what is in memory ---- */

struct call *call_find(const struct calls *calls, const struct at_id *id)
{
	return at_map_get(calls->by_id, id->b, sizeof(id->b));
}

const struct call_user *call_user_of(const struct calls *calls, uint64_t user)
{
	return at_map_get_u64(calls->users, user);
}

static struct call_user *user_made(struct calls *calls, uint64_t id)
{
	struct call_user *user = at_map_get_u64(calls->users, id);

	if (user)
		return user;
	user = at_alloc(sizeof(*user));
	user->id = id;
	at_list_init(&user->out);
	at_list_init(&user->in);
	(void)at_map_put_u64(calls->users, id, user);
	return user;
}

static void user_drop_if_empty(struct calls *calls, uint64_t id)
{
	struct call_user *user = at_map_get_u64(calls->users, id);

	if (user && at_list_empty(&user->out) && at_list_empty(&user->in)) {
		(void)at_map_del_u64(calls->users, id);
		at_free(user);
	}
}

struct call *call_new(struct calls *calls, const struct store_call *row, enum call_state state)
{
	struct call *call = at_alloc(sizeof(*call));

	call->calls = calls;
	call->row = *row;
	call->state = state;
	call->asked_video = row->video == CALL_VIDEO;
	call->started_mono = at_mono_ms();
	at_list_init(&call->asks);
	call_timers_new(call);
	(void)at_map_put(calls->by_id, row->id.b, sizeof(row->id.b), call);
	at_list_push(&user_made(calls, row->caller)->out, &call->by_caller);
	at_list_push(&user_made(calls, row->callee)->in, &call->by_callee);
	return call;
}

void call_unlink(struct call *call)
{
	struct calls *calls = call->calls;

	if (call->dead)
		return;
	call->dead = true;
	(void)at_map_del(calls->by_id, call->row.id.b, sizeof(call->row.id.b));
	if (!at_id_is_zero(&call->alias))
		(void)at_map_del(calls->by_id, call->alias.b, sizeof(call->alias.b));
	at_list_remove(&call->by_caller);
	at_list_remove(&call->by_callee);
	user_drop_if_empty(calls, call->row.caller);
	user_drop_if_empty(calls, call->row.callee);
}

void call_free(struct call *call)
{
	AT_ASSERT(!call->running && !call->pumping);
	call_unlink(call);
	at_list_remove(&call->by_caller);
	AT_LIST_EACH(&call->asks, it) {
		at_list_remove(it);
		call_answer_ask(call, AT_ENTRY(it, struct call_ask, link), AT_ERR_CLOSED);
	}
	call_timers_free(call);
	at_free(call);
}

struct call *call_between(const struct calls *calls, uint64_t caller, uint64_t callee,
			  bool (*fits)(enum call_state state))
{
	const struct call_user *user = call_user_of(calls, caller);

	if (!user)
		return NULL;
	AT_LIST_EACH(&user->out, it) {
		struct call *call = AT_ENTRY(it, struct call, by_caller);
		/* NEW: it is just being written. */
		if (call->row.callee == callee && (call->state == CALL_NEW || fits(call->state)))
			return call;
	}
	return NULL;
}

bool calls_is_busy(const struct calls *calls, uint64_t user)
{
	return call_is_busy(calls, user, NULL);
}

void calls_also_busy(struct calls *calls, call_busy_fn *fn, void *arg)
{
	calls->also_busy = fn;
	calls->also_busy_arg = arg;
}

/* On a call, or placing one, or in a room. */
bool call_is_busy(const struct calls *calls, uint64_t user, const struct call *but)
{
	const struct call_user *found = call_user_of(calls, user);

	if (but && calls->also_busy && calls->also_busy(calls->also_busy_arg, user))
		return true;
	if (!found)
		return false;
	AT_LIST_EACH(&found->out, it) {
		const struct call *call = AT_ENTRY(it, struct call, by_caller);
		if (call != but && call_state_open(call->state))
			return true;
	}
	AT_LIST_EACH(&found->in, it) {
		const struct call *call = AT_ENTRY(it, struct call, by_callee);
		if (call != but && call_state_answered(call->state))
			return true;
	}
	return false;
}

bool call_has_device(const struct calls *calls, uint64_t user, uint64_t device, const struct call *but)
{
	const struct call_user *found = call_user_of(calls, user);

	if (!found)
		return false;
	AT_LIST_EACH(&found->out, it) {
		const struct call *call = AT_ENTRY(it, struct call, by_caller);
		if (call != but && call->row.caller_device == device &&
		    (call->state == CALL_NEW || call_state_open(call->state)))
			return true;
	}
	AT_LIST_EACH(&found->in, it) {
		const struct call *call = AT_ENTRY(it, struct call, by_callee);
		if (call != but && call->row.answered_device == device && call_state_answered(call->state))
			return true;
	}
	return false;
}

/* ---- start and end of the module ---- */

struct loading {
	struct calls *calls;
	struct store_call *open;
	size_t n, cap;
};

static enum at_err on_open(void *arg, const void *row)
{
	struct loading *load = arg;

	if (load->n == load->cap) {
		load->cap = load->cap ? load->cap * 2 : 64;
		load->open = at_realloc(load->open, load->cap * sizeof(*load->open));
	}
	load->open[load->n++] = *(const struct store_call *)row;
	return AT_OK;
}

static enum at_err on_recent(void *arg, const void *row)
{
	const struct loading *load = arg;
	const struct store_call *call = row;

	if (call->answered == 0)
		call_limits_add(load->calls, call);
	return AT_OK;
}

static enum at_err load_job(struct store_tx *tx, void *msg)
{
	enum at_err err = store_each_open_call(tx, on_open, msg);

	return err ? err : store_each_recent_call(tx, at_wall_ms() - CALL_DAY_MS, on_recent, msg);
}

static void on_sweep(void *arg)
{
	call_limits_sweep(arg, at_wall_ms());
}

/* Those that rang when the server went: nobody knows of them any more, so they end now. */
static void take_up_open(struct calls *calls, const struct loading *load)
{
	for (size_t i = 0; i < load->n; i++) {
		const struct store_call *row = &load->open[i];
		bool fresh = at_wall_ms() - row->ended < CALL_RESUME_MAX_MS;

		if (row->state >= CALL_STATES || !call_state_open(row->state))
			continue;
		struct call *call = call_new(calls, row, row->state);

		call->resuming = call_state_answered(row->state);
		if (call->resuming && fresh)
			call_resume(call);
		else
			call_event(call, CALL_RESTART);
	}
}

enum at_err calls_new(struct at_loop *loop, struct store *store, struct hub *hub, struct chat *chat,
		      const struct call_people *people, const struct call_settings *settings, struct calls **calls_out)
{
	struct calls *calls = at_alloc(sizeof(*calls));
	struct loading load = {.calls = calls};

	*calls = (struct calls){.loop = loop,
				.store = store,
				.hub = hub,
				.chat = chat,
				.people = *people,
				.settings = *settings};
	calls->by_id = at_map_new();
	calls->users = at_map_new();
	calls->pairs = at_map_new();
	at_list_init(&calls->dead);
	at_buf_init(&calls->out, OUT_MAX);
	calls->sweep = at_timer_new(loop, on_sweep, calls);
	at_timer_start(calls->sweep, SWEEP_MS, SWEEP_MS);
	calls->alive = at_timer_new(loop, call_on_alive, calls);
	at_timer_start(calls->alive, CALL_ALIVE_MS, CALL_ALIVE_MS);
	enum at_err err = store_run_now(store, load_job, &load);

	if (err == AT_OK) {
		hub_on_device(hub, call_on_device, calls);
		take_up_open(calls, &load);
	}
	at_free(load.open);
	*calls_out = calls;
	if (err != AT_OK)
		calls_free(calls_out);
	return err;
}

/* An end that found no room on the disk waits for its next try; this is the last one. */
static void write_unlogged(struct calls *calls)
{
	size_t pos = 0;

	for (struct call *call; (call = at_map_next(calls->by_id, &pos)) != NULL;)
		if (call->unlogged && !call->running)
			call_write_step(call);
	store_drain(calls->store);
}

static void free_calls(struct calls *calls)
{
	size_t pos = 0;

	/* A call may stand there twice, under its alias too. */
	for (struct call *call; (call = at_map_next(calls->by_id, &pos)) != NULL; pos = 0)
		call_free(call);
	AT_LIST_EACH(&calls->dead, it)
		call_free(AT_ENTRY(it, struct call, by_caller));
}

void calls_free(struct calls **calls)
{
	struct calls *c = *calls;

	*calls = NULL;
	if (!c)
		return;
	store_drain(c->store);
	write_unlogged(c);
	free_calls(c);
	at_timer_free(&c->sweep);
	at_timer_free(&c->alive);
	call_limits_free(c);
	at_map_free(&c->by_id);
	at_map_free(&c->users);
	at_map_free(&c->pairs);
	at_buf_release(&c->out);
	at_free(c);
}
