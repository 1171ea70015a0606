/* A device of somebody's, on the wire of docs/protocol.md: signs in, keeps one socket open, asks and is answered, hears events, comes
 * back after a loss and asks again what was not answered. Nothing blocks; everything happens on one loop. Thousands of clients share
 * one loop, one TLS context and one buffer; a connected one that is idle keeps about a kilobyte.
 *
 * What is asked again after a reconnect must be safe to repeat: all commands of the wire are, given their cid, call or rec. */
#ifndef AT_CLIENT_CLIENT_H
#define AT_CLIENT_CLIENT_H

#include "base/err.h"
#include "base/loop.h"
#include "client/json.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct clients; /* what the clients of one server share */
struct client;  /* one device */

struct client_options {
	const char *address; /* "127.0.0.1" or "::1": a number, no name is looked up */
	uint16_t port;
	const char *host; /* for Host, Origin and the certificate; NULL = "localhost" */
	bool tls;
	const char *ca_pem;  /* file; NULL = any certificate will do (tests) */
	bool spread_sources; /* connects from 127.0.0.1 to .200 in turn, past limits of one address */
	int64_t backoff_min_ms, backoff_max_ms; /* 0 = 200 and 10000 */
};
/* BAD_REQUEST: address or ca_pem is none. Strings are copied. */
AT_MUST enum at_err clients_new(struct at_loop *loop, const struct client_options *options,
				struct clients **clients_out);
/* After the last of its clients. */
void clients_free(struct clients **clients);
/* Where the server is now; clients go there at their next connection. */
void clients_set_port(struct clients *clients, uint16_t port);

enum client_state {
	CLIENT_OFFLINE, /* not started, or waiting for its next try */
	CLIENT_CONNECTING,
	CLIENT_READY,   /* said hello */
	CLIENT_REFUSED, /* signed out, revoked, wrong password, or taken over: does not try again */
};

struct client_events {
	/* hello: the answer to hello with READY, else none. why: what went wrong, with OFFLINE and REFUSED. */
	void (*state)(void *arg, struct client *client, enum client_state state, enum at_err why, struct json hello);
	/* A frame {"ev":ev,...}. Only during the call. */
	void (*event)(void *arg, struct client *client, const char *ev, struct json frame);
	void (*binary)(void *arg, struct client *client, const void *data, size_t len);
};
/* events outlives the client; any of its functions may be NULL. In any callback any client may be freed. */
struct client *client_new(struct clients *clients, const struct client_events *events, void *arg);
/* What was not answered is answered with CLOSED, here. */
void client_free(struct client **client);

/* One of these starts it. cookie: as client_cookie gave it, or a device's token. Strings are copied. */
void client_signin(struct client *client, const char *username, const char *password, const char *device);
void client_resume(struct client *client, const char *cookie);
/* Closes; asks wait. client_resume starts it again. */
void client_stop(struct client *client);

enum client_state client_state(const struct client *client);
uint64_t client_user(const struct client *client); /* 0 before the first hello */
uint64_t client_device(const struct client *client);
const char *client_cookie(const struct client *client); /* NULL before it has signed in */
size_t client_waiting(const struct client *client);     /* asks that were not answered */

/* err OK: ok is the answer's object, only during the call. RATE_LIMITED: retry_ms. */
typedef void client_answer_fn(void *arg, struct client *client, enum at_err err, struct json ok, int64_t retry_ms);
/* Opens {"do":command, ...; the caller adds its arguments and calls client_ask. One at a time. */
struct wire_out client_ask_begin(struct client *client, const char *command);
/* done may be NULL. Sent now when READY, else as soon as it is; again after each reconnect until it has been answered. */
void client_ask(struct client *client, struct wire_out *w, client_answer_fn *done, void *arg);
/* Sent now or not at all (false): fragments are sent again by who knows what was acknowledged. */
bool client_send_binary(struct client *client, const void *data, size_t len);

/* One request on a connection of its own. done once: err, or the status and body (only during the call). */
typedef void client_http_fn(void *arg, enum at_err err, int status, const void *body, size_t len);
/* body NULL: GET, else POST of JSON. range NULL, or "bytes=0-99". cookie may be NULL. */
void client_http(struct clients *clients, const char *path, const char *cookie, const char *body, const char *range,
		 client_http_fn *done, void *arg);

#endif
