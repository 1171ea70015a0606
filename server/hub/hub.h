/* Who is connected: one hub_session for each socket that has said hello. Domain modules send events to people and devices
 * without knowing sockets. Core loop. A frame is serialised once and shared by all who get it. */
#ifndef AT_HUB_HUB_H
#define AT_HUB_HUB_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct hub_session;

/* How the owner of the socket is told. Both may be called at any time between hub_add and hub_remove, not after. */
struct hub_session_ops {
	void (*send)(struct hub_session *session, struct at_bytes *frame, bool binary); /* borrows frame */
	/* Queued like send; the socket closes when the event has returned. code: docs/protocol.md "The socket". */
	void (*close)(struct hub_session *session, uint16_t code);
	size_t (*backlog)(struct hub_session *session); /* bytes that wait to be written; may be NULL: none */
};

/* Embedded in the socket owner's object. */
struct hub_session {
	struct at_link by_user; /* the hub's */
	const struct hub_session_ops *ops;
	uint64_t user, device;
	bool visible; /* its page is in front */
	bool added;   /* the hub's */
};

struct hub *hub_new(void);
void hub_free(struct hub **hub); /* asserts that nobody is connected */

/* A second session of the same device takes over: the first is taken out at once and closed with 4009. Listeners then hear that a
 * socket of the device went and that one came, both after the change; presence does not flicker. */
void hub_add(struct hub *hub, struct hub_session *session);
/* nothing when it is not in (any more); fine inside send */
void hub_remove(struct hub *hub, struct hub_session *session);

/* Devices of the user that are connected now (each device counts once). */
unsigned hub_reachable(const struct hub *hub, uint64_t user);
bool hub_device_connected(const struct hub *hub, uint64_t device);

void hub_send_user(struct hub *hub, uint64_t user, struct at_bytes *frame, const struct hub_session *except);
/* To all of the user's devices but one (0 = to all). */
void hub_send_user_but(struct hub *hub, uint64_t user, uint64_t but_device, struct at_bytes *frame);
void hub_send_device(struct hub *hub, uint64_t device, struct at_bytes *frame, bool binary);
/* What waits for this device: whoever has much to send (a listener who comes late) waits, too. 0 when it is not there. */
size_t hub_device_backlog(const struct hub *hub, uint64_t device);
void hub_close_device(struct hub *hub, uint64_t device, uint16_t code);
void hub_close_user(struct hub *hub, uint64_t user, uint16_t code);

/* Called after the first device of a user came and after the last one went. One listener a slot, set at start. */
typedef void hub_presence_fn(void *arg, uint64_t user, unsigned reachable);
void hub_on_presence(struct hub *hub, hub_presence_fn *fn, void *arg); /* at most 8 listeners */
typedef void hub_device_fn(void *arg, uint64_t user, uint64_t device, bool connected);
void hub_on_device(struct hub *hub, hub_device_fn *fn, void *arg); /* at most 8 listeners */

#endif
