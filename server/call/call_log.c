/* Writing: the call's row, and its entry in the log in the same transaction. */
#include "base/log.h"
#include "base/mem.h"
#include "call/call_priv.h"

#include <string.h>

/* ---- the row alone ---- */

struct keeping {
	struct call *call; /* NULL: nobody waits */
	struct store_call row;
	bool is_new;
};

static enum at_err keep_job(struct store_tx *tx, void *msg)
{
	const struct keeping *keeping = msg;
	struct store_call old;

	if (keeping->is_new) {
		enum at_err err = store_call_get(tx, &keeping->row.id, &old);

		if (err != AT_ERR_NOT_FOUND)
			return err ? err : AT_ERR_EXISTS;
	}
	return store_call_put(tx, &keeping->row);
}

static void keep_done(void *msg, enum at_err err)
{
	struct keeping *keeping = msg;
	struct call *call = keeping->call;

	at_free(keeping);
	if (call)
		call_written(call, err);
	else if (err != AT_OK)
		at_log(AT_LOG_INFO, "call.not_kept", "err", at_err_name(err), NULL);
}

static void keep(struct call *call, const struct store_call *row, bool waits)
{
	struct keeping *keeping = at_alloc(sizeof(*keeping));

	*keeping = (struct keeping){.call = waits ? call : NULL, .row = *row, .is_new = call->state == CALL_NEW};
	store_write(call->calls->store, keep_job, keep_done, keeping, STORE_PLAIN);
}

void call_keep(struct call *call)
{
	keep(call, &call->row, false);
}

/* ---- the row with its entry ---- */

struct logging {
	struct call *call;
	struct store_call row;
	bool is_new, is_first;
};

/* Store thread. */
static enum at_err with_entry(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	struct logging *logging = arg;
	struct store_call old;

	if (logging->is_new) {
		enum at_err err = store_call_get(tx, &logging->row.id, &old);

		if (err != AT_ERR_NOT_FOUND)
			return err ? err : AT_ERR_EXISTS;
	}
	if (logging->is_first)
		logging->row.entry_seq = entry->seq;
	return store_call_put(tx, &logging->row);
}

static void logged(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct logging *logging = arg;
	struct call *call = logging->call;

	(void)seq, (void)ts, (void)duplicate;
	if (err == AT_OK)
		call->next.entry_seq = logging->row.entry_seq;
	at_free(logging);
	call_written(call, err);
}

static bool counts(const struct store_call *row)
{
	switch (call_theirs(row)) {
	case CALL_NO_ANSWER:
	case CALL_BUSY:
	case CALL_SILENCED:
	case CALL_UNREACHABLE:
	case CALL_CANCELLED:
	case CALL_FAILED: return true;
	default: return false;
	}
}

static void append(struct call *call, struct logging *logging, unsigned effects)
{
	struct at_buf callee, caller;

	at_buf_init(&callee, 4096);
	at_buf_init(&caller, 4096);
	call_write_bodies(call->calls, &call->next, &callee, &caller);
	bool same = callee.len == caller.len && memcmp(callee.data, caller.data, caller.len) == 0;
	const struct at_buf *body = callee.len > 0 ? &callee : &caller;
	struct chat_append entry = {
		.conv = call->row.conv,
		.author = call->row.caller,
		.kind = logging->is_first ? STORE_CALL : STORE_AMEND,
		.re_seq = logging->is_first ? 0 : call->row.entry_seq,
		.call = call->row.id,
		.only_for = effects & CALL_FX_ENTRY_CALLER ? call->row.caller : 0,
		.badge = counts(&call->next),
		.body = (const char *)body->data,
		.body_len = body->len,
		.author_body = same || callee.len == 0 ? NULL : (const char *)caller.data,
		.author_body_len = same || callee.len == 0 ? 0 : caller.len,
		.with = with_entry,
	};
	chat_append(call->calls->chat, &entry, logged, logging);
	at_buf_release(&callee);
	at_buf_release(&caller);
}

static void write_entry(struct call *call, unsigned effects)
{
	struct logging *logging = at_alloc(sizeof(*logging));

	*logging = (struct logging){
		.call = call,
		.row = call->next,
		.is_new = call->state == CALL_NEW,
		.is_first = !(effects & CALL_FX_AMEND),
	};
	append(call, logging, effects);
}

void call_write_step(struct call *call)
{
	unsigned effects = call->step.effects;

	if (effects & (CALL_FX_ENTRY | CALL_FX_ENTRY_CALLER | CALL_FX_AMEND))
		write_entry(call, effects);
	else
		keep(call, &call->next, true);
}
