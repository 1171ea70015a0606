/* Calls: the even ones call, the odd ones react; everything that can become of a call becomes of one. */
#include "crash/crash.h"

#include <string.h>

static void refused(struct person *person, const char *what, enum at_err err)
{
	person->full += err == AT_ERR_FULL;
	/* Crossed with something, or the server was not there. */
	if (err != AT_ERR_CLOSED && err != AT_ERR_GONE && err != AT_ERR_CONFLICT && err != AT_ERR_NOT_FOUND &&
	    err != AT_ERR_FULL && err != AT_ERR_BUSY)
		problem(person->crash, "%s: %s: %s", person->username, what, at_err_name(err));
}

static struct call_fact *fact_of(struct crash *crash, const struct at_id *id)
{
	for (size_t i = crash->ledger->n_calls; i-- > 0;)
		if (at_id_eq(&crash->ledger->calls[i].id, id))
			return &crash->ledger->calls[i];
	return NULL;
}

static struct wire_out begin(struct person *person, const char *what, const struct at_id *id)
{
	struct wire_out w = client_ask_begin(person->client, what);

	wire_id(&w, "call", id);
	return w;
}

/* ---- the caller ---- */

static void on_started(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct person *person = arg;

	(void)client, (void)retry_ms;
	if (err != AT_OK) {
		refused(person, "call.start", err);
		person->call = NULL;
		return;
	}
	struct json call = json_get(ok, "call");
	struct at_id id;
	struct call_fact *fact = json_id(json_get(call, "call"), &id) ? fact_of(person->crash, &id) : NULL;
	if (!fact) {
		problem(person->crash, "%s: call.start answered with another call", person->username);
		return;
	}
	fact->started = true;
	if (json_is(json_get(call, "state"), "ended") && person->call == fact)
		person->call = NULL; /* asked again: the server was started in between */
}

static void on_over(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct call_fact *fact = arg;

	(void)client, (void)ok, (void)retry_ms;
	if (err == AT_OK)
		fact->ended = true;
}

void call_act(struct person *person)
{
	struct crash *crash = person->crash;
	struct ledger *ledger = crash->ledger;

	if (person > person->partner)
		return;
	if (person->call) {
		if (crash_random(crash, 60) == 0) {
			struct wire_out w = begin(person, "call.cancel", &person->call->id);
			wire_bool(&w, "note", crash_random(crash, 2));
			client_ask(person->client, &w, on_over, person->call);
		}
		return;
	}
	if (crash_random(crash, 20) || ledger->n_calls == CALLS_MAX)
		return;
	person->call = &ledger->calls[ledger->n_calls++];
	*person->call = (struct call_fact){.id = crash_id(crash)};
	struct wire_out w = begin(person, "call.start", &person->call->id);
	wire_int(&w, "conv", (int64_t)person->conv);
	wire_str(&w, "kind", crash_random(crash, 2) ? "voice" : "video");
	client_ask(person->client, &w, on_started, person);
}

/* ---- the callee ---- */

static void on_rang(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	(void)client, (void)ok, (void)retry_ms;
	if (err != AT_OK)
		refused(arg, "call.ring", err);
}

static void react(struct person *person, const struct at_id *id)
{
	struct call_fact *fact = fact_of(person->crash, id);
	struct wire_out w = begin(person, "call.ring", id);

	person->rung = *id;
	client_ask(person->client, &w, on_rang, person);
	switch (crash_random(person->crash, 4)) {
	case 0:
		w = begin(person, "call.answer", id);
		client_ask(person->client, &w, on_rang, person);
		break;
	case 1:
		w = begin(person, "call.decline", id);
		client_ask(person->client, &w, on_over, fact);
		break;
	case 2:
		w = begin(person, "call.decline", id);
		wire_str(&w, "text", NOT_NOW);
		client_ask(person->client, &w, on_over, fact);
		break;
	default: break;
	}
}

void call_on_event(struct person *person, struct json call)
{
	struct json state = json_get(call, "state");
	struct at_id id;

	if (!json_id(json_get(call, "call"), &id))
		return;
	bool rings = json_is(state, "reaching") || json_is(state, "ringing");
	if (person->call && at_id_eq(&person->call->id, &id)) {
		struct wire_out w;
		if (json_is(state, "ended")) {
			person->call = NULL;
		} else if (json_is(state, "answered")) {
			w = begin(person, "call.leave", &id);
			client_ask(person->client, &w, on_over, person->call);
		}
	} else if (rings && person > person->partner && !at_id_eq(&person->rung, &id) && fact_of(person->crash, &id)) {
		react(person, &id);
	}
}

static void on_left(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	(void)client, (void)ok, (void)retry_ms;
	if (err != AT_OK)
		refused(arg, "call.leave", err);
}

/* Somebody hangs up what was answered before. What rings still, or is being started again, is this person's to bring to an end; what hello
 * does not list has failed. */
void call_on_ready(struct person *person, struct json hello)
{
	struct json call;
	struct at_id id;
	size_t pos = 0;

	if (person->call && person->call->started)
		person->call = NULL;
	while (json_each(json_get(hello, "calls"), &pos, &call)) {
		if (!json_id(json_get(call, "call"), &id) || json_is(json_get(call, "state"), "ended"))
			continue;
		if (!person->call && person < person->partner)
			person->call = fact_of(person->crash, &id);
		if (!json_is(json_get(call, "state"), "answered"))
			continue;
		struct wire_out w = begin(person, "call.leave", &id);
		client_ask(person->client, &w, on_left, person);
	}
}
