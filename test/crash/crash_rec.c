/* Recordings: fragments whose bytes follow from their name, so that the disk can be checked byte by byte. */
#include "base/buf.h"
#include "crash/crash.h"

#include <string.h>

enum { AHEAD = 4, FRAGMENTS = 24, DRAFTS_MAX = 60, HEAD = 27 };

void rec_fragment(const struct at_id *id, uint32_t number, uint8_t out[FRAGMENT_LEN])
{
	uint64_t x;

	memcpy(&x, id->b, sizeof(x));
	x ^= 0x9e3779b97f4a7c15u * (number + 1);
	for (size_t i = 0; i < FRAGMENT_LEN; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		out[i] = (uint8_t)x;
	}
}

static void send_more(struct person *person)
{
	struct rec_fact *rec = person->rec;
	uint8_t frame[HEAD + FRAGMENT_LEN];

	while (person->rec_open && person->sent < rec->acked + AHEAD && person->sent < FRAGMENTS) {
		frame[0] = 1;
		memcpy(frame + 1, rec->id.b, 16);
		at_put_u16(frame + 17, (uint16_t)(rec->segments - 1));
		at_put_u32(frame + 19, person->sent);
		at_put_u32(frame + 23, (person->sent + 1) * 250);
		rec_fragment(&rec->id, person->sent, frame + HEAD);
		if (!client_send_binary(person->client, frame, sizeof(frame)))
			return;
		person->sent++;
	}
}

/* ---- beginning, and beginning again ---- */

static bool can_wait(enum at_err err)
{
	return err == AT_ERR_CLOSED || err == AT_ERR_FULL || err == AT_ERR_BUSY || err == AT_ERR_RATE_LIMITED;
}

static void on_started(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct person *person = arg;
	struct rec_fact *rec = person->rec;
	uint32_t next = (uint32_t)json_int(json_get(json_get(ok, "rec"), "next"), 0);

	(void)client, (void)retry_ms;
	person->full += err == AT_ERR_FULL;
	if (!rec)
		return;
	if (err != AT_OK) {
		if (!can_wait(err) && (rec->started || err != AT_ERR_NOT_FOUND))
			problem(person->crash, "%s: rec.start of %u held fragments: %s", person->username, rec->acked,
				at_err_name(err));
		rec->segments--;
		person->rec = NULL;
		return;
	}
	if (next < rec->acked)
		problem(person->crash, "%s: %u fragments were acknowledged, the server has %u", person->username,
			rec->acked, next);
	rec->started = true;
	rec->first[rec->segments - 1] = rec->segments > 1 ? next : 0;
	rec->acked = next;
	person->sent = next;
	person->rec_open = true;
	send_more(person);
}

static void start(struct person *person)
{
	struct rec_fact *rec = person->rec;
	struct wire_out w = client_ask_begin(person->client, "rec.start");

	person->rec_open = false;
	wire_id(&w, "rec", &rec->id);
	wire_int(&w, "conv", (int64_t)person->conv);
	wire_null(&w, "call");
	wire_str(&w, "kind", "voice");
	wire_str(&w, "mime", "audio/webm;codecs=opus");
	wire_int(&w, "seg", rec->segments++);
	client_ask(person->client, &w, on_started, person);
}

static void on_dropped(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct person *person = arg;

	(void)client, (void)ok, (void)retry_ms;
	if (err != AT_OK && !can_wait(err) && err != AT_ERR_NOT_FOUND && err != AT_ERR_GONE)
		problem(person->crash, "%s: rec.discard: %s", person->username, at_err_name(err));
}

/* Enough: half of them are thrown away, the others stay drafts. */
static void finish(struct person *person)
{
	struct crash *crash = person->crash;

	if (crash->drafts >= DRAFTS_MAX || crash_random(crash, 2)) {
		struct wire_out w = client_ask_begin(person->client, "rec.discard");
		person->rec->dropped = true;
		wire_id(&w, "rec", &person->rec->id);
		client_ask(person->client, &w, on_dropped, person);
	} else {
		crash->drafts++;
	}
	person->rec = NULL;
}

void rec_on_ack(struct person *person, struct json frame)
{
	struct at_id id;
	uint32_t next = (uint32_t)json_int(json_get(frame, "next"), 0);

	if (!person->rec || !json_id(json_get(frame, "rec"), &id) || !at_id_eq(&id, &person->rec->id) ||
	    !person->rec_open)
		return;
	if (next < person->rec->acked)
		problem(person->crash, "%s: acknowledged %u fragments after %u", person->username, next,
			person->rec->acked);
	if (next > person->rec->acked)
		person->crash->ledger->fragments += next - person->rec->acked;
	person->rec->acked = next;
	/* It wants what it lacks: what we sent beyond was dropped. */
	if (person->sent < next)
		person->sent = next;
	if (next >= FRAGMENTS)
		finish(person);
}

void rec_act(struct person *person)
{
	struct ledger *ledger = person->crash->ledger;

	if (person->rec) {
		if (crash_random(person->crash, 40) == 0)
			person->sent = person->rec->acked; /* a refused fragment is sent again */
		send_more(person);
		return;
	}
	if (ledger->n_recs == RECS_MAX || crash_random(person->crash, 50))
		return;
	person->rec = &ledger->recs[ledger->n_recs++];
	*person->rec = (struct rec_fact){.id = crash_id(person->crash)};
	start(person);
}

void rec_on_ready(struct person *person)
{
	if (!person->rec)
		return;
	if (!person->rec_open)
		return; /* its rec.start is under way, again */
	/* Of a recording of which nothing was acknowledged, nothing is promised: it begins again. */
	if (person->rec->acked == 0)
		person->rec->segments = 0;
	if (person->rec->segments == REC_SEGMENTS)
		finish(person);
	else
		start(person);
}
