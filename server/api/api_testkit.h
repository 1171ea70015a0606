/* A whole server in the test's own process and loop, over a real port, and a small client for it: HTTP and WebSocket. */
#ifndef AT_API_API_TESTKIT_H
#define AT_API_API_TESTKIT_H

#include "api/api_priv.h"
#include "base/test.h"

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct auth *auth;
	struct chat *chat;
	struct calls *calls;
	struct blobs *blobs;
	struct talks *talks;
	struct rooms *rooms;
	struct notes *notes;
	struct api *api;
	struct net_server *server;
	struct api_limits limits;
	const char *web_dir, *origin;
};

/* First the store, so that people can be put into it; then the rest. */
void world_new(struct world *w);
void world_start(struct world *w);
void world_stop(struct world *w);
void world_end(struct world *w); /* stopped or not; removes the files */
void world_turn(struct world *w, int turns);

struct device {
	uint64_t user, id;
	char token[AUTH_TOKEN_LEN + 1];
};
/* Before world_start. */
uint64_t world_person(struct world *w, const char *username, const char *name, bool admin);
struct device world_device(struct world *w, uint64_t user, const char *name);

struct http_answer {
	int status;
	bool bodiless;
	char head[4096];
	char body[65536];
};
/* headers: whole lines with CRLF; body NULL: GET. A POST gets Origin and Content-Type unless headers has its own Origin. */
void http(struct world *w, const char *method, const char *path, const char *headers, const char *body,
	  struct http_answer *answer);
/* A POST whose sender hangs up after so many turns of the loop. */
void http_and_leave(struct world *w, const char *path, const char *body, int turns);
/* As this device: with its cookie. */
void http_as(struct world *w, const struct device *device, const char *method, const char *path, const char *body,
	     struct http_answer *answer);

struct client {
	struct world *w;
	int fd;
	uint64_t next_id;
	struct at_buf in, events; /* events: those read so far, a line each */
	char answer[65536];
	unsigned answered;
	size_t heard_first; /* bytes of events before the first answer */
	int closed;         /* the close code, once it came; -1: without one */
};
/* Upgrades; false: refused. No hello yet. */
bool client_open(struct client *c, struct world *w, const char *token, const char *origin);
void client_close(struct client *c);
void client_text(struct client *c, const char *text);
void client_binary(struct client *c, const void *data, size_t len);
/* Reads what is there for a few turns of the loop. */
void client_pump(struct client *c, int turns);
int client_end(struct client *c); /* waits until the server closes; the code */
/* Sends {"id":N,"do":COMMAND,ARGS} and waits for its answer, which is returned without the id: {"ok":{}} or {"err":"x"}. "" when the
 * socket closes first. args: "" or "\"k\":v,..." */
const char *client_ask(struct client *c, const char *command, const char *args, ...) AT_PRINTF(3, 4);
/* Opens, fetches the frame token, says hello; the answer to hello is in c->answer. */
void client_hello(struct client *c, struct world *w, const struct device *device);
/* Waits for an event whose text contains all of it; fails the test after 2 s. Forgets all events up to then. */
void client_expect(struct client *c, const char *part);
bool client_heard(struct client *c, const char *part);

/* The number behind "key": in a text; 0 when there is none. */
uint64_t number_in(const char *text, const char *key);

#endif
