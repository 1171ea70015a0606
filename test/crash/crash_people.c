/* Who they are, what they write, and what they have of the log. */
#include "base/mem.h"
#include "crash/crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 5, IN_FLIGHT = 4, PAGE = 100 };

struct text {
	struct person *person;
	uint64_t cid;
};

struct person *person_of_device(struct crash *crash, uint64_t device)
{
	for (int i = 0; i < PEOPLE; i++)
		if (client_device(crash->people[i].client) == device)
			return &crash->people[i];
	return NULL;
}

/* ---- what they say ---- */

static void need_cid(struct person *person, uint64_t cid)
{
	size_t cap = person->cap ? person->cap : 256;

	while (cap <= cid)
		cap *= 2;
	if (cap == person->cap)
		return;
	person->seqs = at_realloc(person->seqs, cap * sizeof(uint64_t));
	person->seen = at_realloc(person->seen, cap * sizeof(uint64_t));
	memset(person->seqs + person->cap, 0, (cap - person->cap) * sizeof(uint64_t));
	memset(person->seen + person->cap, 0, (cap - person->cap) * sizeof(uint64_t));
	person->cap = cap;
}

static void fetch(struct person *person);

static void on_sent(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct text text = *(struct text *)arg;
	struct person *person = text.person;
	uint64_t seq = (uint64_t)json_int(json_get(ok, "seq"), 0);

	(void)client, (void)retry_ms;
	at_free(arg);
	person->in_flight--;
	person->full += err == AT_ERR_FULL;
	if (err == AT_ERR_CLOSED || err == AT_ERR_FULL || err == AT_ERR_BUSY)
		return;
	if (err != AT_OK || seq == 0) {
		problem(person->crash, "%s: a message was refused: %s", person->username, at_err_name(err));
		return;
	}
	person->seqs[text.cid] = seq;
	person->crash->ledger->texts++;
	if (person->seen[text.cid] && person->seen[text.cid] != seq)
		problem(person->crash, "%s: message %llu acknowledged as %llu, read as %llu", person->username,
			(unsigned long long)text.cid, (unsigned long long)seq,
			(unsigned long long)person->seen[text.cid]);
	if (seq == person->cursor + 1)
		person->cursor++; /* the sender gets no event of it */
	person->known = seq > person->known ? seq : person->known;
}

static void say(struct person *person)
{
	struct text *text = at_alloc(sizeof(*text));
	struct wire_out w = client_ask_begin(person->client, "msg.send");
	char words[64];

	*text = (struct text){person, ++person->next_cid};
	need_cid(person, text->cid);
	snprintf(words, sizeof(words), "m %llu %llu", (unsigned long long)client_device(person->client),
		 (unsigned long long)text->cid);
	wire_int(&w, "conv", (int64_t)person->conv);
	wire_int(&w, "cid", (int64_t)text->cid);
	wire_str(&w, "text", words);
	person->in_flight++;
	client_ask(person->client, &w, on_sent, text);
}

/* ---- what they read ---- */

static void read_text(struct person *reader, struct json entry, uint64_t seq)
{
	char words[64];
	unsigned long long device, cid;

	if (!json_str(json_get(json_get(entry, "body"), "text"), words, sizeof(words)))
		return;
	reader->crash->ledger->declines += strcmp(words, NOT_NOW) == 0;
	if (sscanf(words, "m %llu %llu", &device, &cid) != 2)
		return;
	struct person *author = person_of_device(reader->crash, device);
	if (!author || cid > author->next_cid) {
		problem(reader->crash, "%s reads \"%s\", which nobody wrote", reader->username, words);
		return;
	}
	if ((author->seen[cid] && author->seen[cid] != seq) || (author->seqs[cid] && author->seqs[cid] != seq))
		problem(reader->crash, "\"%s\" stands at %llu and %llu", words, (unsigned long long)seq,
			(unsigned long long)(author->seen[cid] ? author->seen[cid] : author->seqs[cid]));
	author->seen[cid] = seq;
}

static void read_entry(struct person *person, struct json entry)
{
	uint64_t seq = (uint64_t)json_int(json_get(entry, "seq"), 0);

	if (json_is(json_get(entry, "kind"), "text"))
		read_text(person, entry, seq);
	person->known = seq > person->known ? seq : person->known;
	if (seq == person->cursor + 1)
		person->cursor = seq;
}

static void on_page(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct person *person = arg;
	uint64_t expected = person->cursor + 1;
	struct json entry;
	size_t pos = 0;

	(void)client, (void)retry_ms;
	person->fetching = false;
	if (err == AT_ERR_CLOSED || err == AT_ERR_BUSY)
		return;
	if (err != AT_OK) {
		problem(person->crash, "%s: log.get: %s", person->username, at_err_name(err));
		return;
	}
	while (json_each(json_get(ok, "entries"), &pos, &entry)) {
		uint64_t seq = (uint64_t)json_int(json_get(entry, "seq"), 0);
		if (seq > expected)
			problem(person->crash, "%s: a gap in the log: %llu instead of %llu", person->username,
				(unsigned long long)seq, (unsigned long long)expected);
		if (seq < expected)
			continue; /* came as an event meanwhile */
		expected = seq + 1;
		person->cursor = seq > person->cursor ? seq - 1 : person->cursor;
		read_entry(person, entry);
	}
	uint64_t last = (uint64_t)json_int(json_get(ok, "last_seq"), 0);
	if (last < person->cursor)
		problem(person->crash, "%s: the log ends at %llu, it had come to %llu", person->username,
			(unsigned long long)last, (unsigned long long)person->cursor);
	person->known = last > person->known ? last : person->known;
	fetch(person);
}

static void fetch(struct person *person)
{
	if (person->fetching || person->cursor >= person->known || client_state(person->client) != CLIENT_READY)
		return;
	struct wire_out w = client_ask_begin(person->client, "log.get");

	wire_int(&w, "conv", (int64_t)person->conv);
	wire_int(&w, "after", (int64_t)person->cursor);
	wire_int(&w, "limit", PAGE);
	person->fetching = true;
	client_ask(person->client, &w, on_page, person);
}

/* ---- connections ---- */

static void on_opened(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms)
{
	struct person *person = arg;

	(void)client, (void)retry_ms;
	person->opening = false;
	if (err == AT_OK)
		person->conv = (uint64_t)json_int(json_get(ok, "conv"), 0);
	else if (err != AT_ERR_CLOSED)
		problem(person->crash, "chat.open: %s", at_err_name(err));
}

static void open_chat(struct person *person)
{
	if (person->conv || person->opening || client_user(person->partner->client) == 0)
		return;
	struct wire_out w = client_ask_begin(person->client, "chat.open");

	wire_int(&w, "user", (int64_t)client_user(person->partner->client));
	person->opening = true;
	client_ask(person->client, &w, on_opened, person);
}

static void on_hello(struct person *person, struct json hello)
{
	struct json conv;
	size_t pos = 0;

	while (json_each(json_get(hello, "convs"), &pos, &conv)) {
		uint64_t last = (uint64_t)json_int(json_get(conv, "last_seq"), 0);
		if ((uint64_t)json_int(json_get(conv, "conv"), 0) != person->conv)
			continue;
		if (last < person->cursor)
			problem(person->crash, "%s: the chat has %llu entries, it had %llu", person->username,
				(unsigned long long)last, (unsigned long long)person->cursor);
		person->known = last > person->known ? last : person->known;
	}
	fetch(person);
}

static void on_state(void *arg, struct client *client, enum client_state state, enum at_err why, struct json hello)
{
	struct person *person = arg;

	if (state == CLIENT_REFUSED)
		problem(person->crash, "%s was refused: %s", person->username, at_err_name(why));
	if (state != CLIENT_READY)
		return;
	snprintf(person->cookie, sizeof(person->cookie), "%s", client_cookie(client));
	on_hello(person, hello);
	call_on_ready(person, hello);
	rec_on_ready(person);
}

static void on_event(void *arg, struct client *client, const char *ev, struct json frame)
{
	struct person *person = arg;

	(void)client;
	if (strcmp(ev, "entry") == 0 && person->conv) {
		struct json entry = json_get(frame, "entry");
		uint64_t seq = (uint64_t)json_int(json_get(entry, "seq"), 0);
		person->known = seq > person->known ? seq : person->known;
		if (seq == person->cursor + 1)
			read_entry(person, entry);
		fetch(person);
	} else if (strcmp(ev, "call") == 0) {
		call_on_event(person, json_get(frame, "call"));
	} else if (strcmp(ev, "rec.ack") == 0) {
		rec_on_ack(person, frame);
	}
}

/* ---- all of them ---- */

void people_act(struct person *person)
{
	struct crash *crash = person->crash;

	open_chat(person);
	fetch(person);
	if (!crash->loading || person->conv == 0)
		return;
	if (person->in_flight < IN_FLIGHT && crash_random(crash, 3) == 0)
		say(person);
	call_act(person);
	rec_act(person);
}

static void on_tick(void *arg)
{
	struct crash *crash = arg;

	for (int i = 0; i < PEOPLE; i++)
		if (client_state(crash->people[i].client) == CLIENT_READY)
			people_act(&crash->people[i]);
}

bool people_ready(const struct crash *crash)
{
	for (int i = 0; i < PEOPLE; i++) {
		const struct person *person = &crash->people[i];
		if (client_state(person->client) != CLIENT_READY || person->conv == 0 || person->fetching ||
		    person->cursor < person->known)
			return false;
	}
	return true;
}

void people_begin(struct crash *crash)
{
	static const struct client_events events = {on_state, on_event, NULL};

	for (int i = 0; i < PEOPLE; i++) {
		struct person *person = &crash->people[i];
		person->crash = crash;
		person->partner = &crash->people[i ^ 1];
		snprintf(person->username, sizeof(person->username), "person%d", i);
		if (!crash->home)
			server_add_user(&crash->server, person->username);
		person->client = client_new(crash->clients, &events, person);
	}
	if (!server_start(&crash->server)) {
		fprintf(stderr, "the server does not start: see %s\n", crash->server.log);
		exit(1);
	}
	for (int i = 0; i < PEOPLE; i++)
		if (crash->home)
			client_resume(crash->people[i].client, crash->home->cookies[i]);
		else
			client_signin(crash->people[i].client, crash->people[i].username, "a password", "crash");
	crash->tick = at_timer_new(crash->loop, on_tick, crash);
	at_timer_start(crash->tick, TICK_MS, TICK_MS);
}

void people_end(struct crash *crash)
{
	at_timer_free(&crash->tick);
	for (int i = 0; i < PEOPLE; i++) {
		client_free(&crash->people[i].client);
		at_free(crash->people[i].seqs);
		at_free(crash->people[i].seen);
	}
}
