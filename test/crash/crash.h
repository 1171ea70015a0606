/* Ends the server in every rude way under load, and then asks whether it kept its word: what was acknowledged is there, once, without
 * gaps. The ledger of what was acknowledged lives here, outside the server. One thread, one loop; a seed repeats the plan (not the
 * timing). */
#ifndef AT_CRASH_CRASH_H
#define AT_CRASH_CRASH_H

#include "base/list.h"
#include "base/loop.h"
#include "client/client.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	PAIRS = 4,
	PEOPLE = 2 * PAIRS,
	CALLS_MAX = 20000,
	RECS_MAX = 2000,
	REC_SEGMENTS = 8,
	FRAGMENT_LEN = 3000,
	COOKIE_LEN = 128,
	/* How long is waited for what must come. Only a broken server takes so long; a starved machine may take its time. */
	PATIENCE_MS = 120000,
};

#define NOT_NOW "not now" /* said with some declined calls */

/* ---- the server as a process: crash_server.c ---- */

struct server {
	const char *binary, *fault;          /* fault: a library to be preloaded; NULL = none */
	char data[256], log[256], flag[256]; /* flag: while its first byte is 1 syncing fails */
	uint16_t port;
	pid_t pid;
	int out;
};
void server_add_user(const struct server *server, const char *username);
bool server_start(struct server *server);       /* until it listens; false: it did not */
void server_kill(struct server *server);        /* kill -9 of the supervisor; waits until its children are gone */
pid_t server_core(const struct server *server); /* the process that has the database open; 0 = none now */
bool server_stop(struct server *server);        /* politely; false: it had to be killed or said an error */
uint16_t free_port(void);

/* ---- the ledger ---- */

struct call_fact {
	struct at_id id;
	bool started, ended; /* acknowledged */
};

struct rec_fact {
	struct at_id id;
	bool started, dropped; /* acknowledged; discarding was asked for */
	uint32_t acked;        /* fragments */
	uint32_t segments, first[REC_SEGMENTS];
};

struct ledger {
	struct call_fact calls[CALLS_MAX];
	struct rec_fact recs[RECS_MAX];
	size_t n_calls, n_recs;
	uint64_t texts, fragments; /* acknowledged */
	uint64_t declines;         /* with words, as they were read in the log */
};

/* ---- people: crash_people.c, crash_call.c, crash_rec.c ---- */

struct crash;

struct person {
	struct crash *crash;
	struct person *partner;
	struct client *client;
	char username[32];
	char cookie[COOKIE_LEN];
	uint64_t conv;
	bool opening;
	/* texts */
	uint64_t next_cid;
	uint64_t *seqs, *seen; /* by cid: where it was acknowledged, where it was read; 0 = not yet */
	size_t cap;
	unsigned in_flight;
	/* the log, as this device has it */
	uint64_t cursor, known;
	bool fetching;
	/* the call this person placed, the recording this person makes */
	struct call_fact *call;
	struct at_id rung; /* the incoming call that was last reacted to */
	struct rec_fact *rec;
	uint32_t sent;
	bool rec_open; /* the server expects fragments */
	unsigned full; /* refusals because the disk was full */
};

/* Where they all have signed in, once: passwords are slow on purpose. */
struct home {
	char base[64];
	char cookies[PEOPLE][COOKIE_LEN];
};

struct crash {
	const struct home *home; /* NULL: this is the one that is being made */
	struct at_loop *loop;
	struct clients *clients;
	struct server server;
	struct person people[PEOPLE];
	struct ledger *ledger;
	struct at_timer *tick;
	uint64_t random;
	bool loading; /* people do things */
	unsigned passed, failed, drafts;
	bool quiet; /* problems are wanted: only counted, in found */
	unsigned found;
};

uint32_t crash_random(struct crash *crash, uint32_t bound);
struct at_id crash_id(struct crash *crash);
__attribute__((format(printf, 2, 3))) void problem(struct crash *crash, const char *fmt, ...);

void people_begin(struct crash *crash);
void people_end(struct crash *crash);
bool people_ready(const struct crash *crash); /* all connected and up to date */
void people_act(struct person *person);
struct person *person_of_device(struct crash *crash, uint64_t device);

void call_act(struct person *person);
void call_on_event(struct person *person, struct json call);
void call_on_ready(struct person *person, struct json hello);

void rec_act(struct person *person);
void rec_on_ack(struct person *person, struct json frame);
void rec_on_ready(struct person *person);
void rec_fragment(const struct at_id *id, uint32_t number, uint8_t out[FRAGMENT_LEN]);

/* Turns the loop until done(crash) or for ms. false: time is up first. */
bool crash_run(struct crash *crash, int64_t ms, bool (*done)(const struct crash *crash));

/* ---- crash_check.c: what is on the disk against the ledger ---- */

/* settled: the server has been through a start since and was stopped politely. */
void check_disk(struct crash *crash, bool settled);
/* While the server runs: no call is open on the disk. */
bool calls_are_over(const struct crash *crash);

/* crash_tamper.c: the server is stopped for good. */
void check_the_checks(struct crash *crash);

#endif
