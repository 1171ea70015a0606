#include "hub/hub.h"

#include "base/err.h"
#include "base/mem.h"

enum { HUB_LISTENERS_MAX = 8, HUB_TAKEN_OVER = 4009 };

/* Exists while at least one session of the user does. */
struct hub_user {
	uint64_t id;
	unsigned devices;
	struct at_list sessions;
};

/* A walk over a user's sessions that survives any of them going, the last one included: sending may find the peer gone. */
struct hub_walk {
	struct hub_user *user; /* NULL once the user's last session went */
	struct at_link *next;
	struct hub_walk *outer;
};

struct hub {
	struct at_map *users;   /* user id -> struct hub_user */
	struct at_map *devices; /* device id -> struct hub_session */
	struct hub_walk *walks;
	struct {
		hub_presence_fn *fn;
		void *arg;
	} presence[HUB_LISTENERS_MAX];
	struct {
		hub_device_fn *fn;
		void *arg;
	} device[HUB_LISTENERS_MAX];
	size_t presence_n, device_n;
};

struct hub *hub_new(void)
{
	struct hub *hub = at_alloc(sizeof(*hub));
	hub->users = at_map_new();
	hub->devices = at_map_new();
	return hub;
}

void hub_free(struct hub **hub)
{
	if (!*hub)
		return;
	AT_ASSERT(at_map_len((*hub)->devices) == 0);
	at_map_free(&(*hub)->users);
	at_map_free(&(*hub)->devices);
	at_free(*hub);
	*hub = NULL;
}

static void tell_device(struct hub *hub, uint64_t user, uint64_t device, bool connected)
{
	for (size_t i = 0; i < hub->device_n; i++)
		hub->device[i].fn(hub->device[i].arg, user, device, connected);
}

static void tell_presence(struct hub *hub, uint64_t user)
{
	for (size_t i = 0; i < hub->presence_n; i++)
		hub->presence[i].fn(hub->presence[i].arg, user, hub_reachable(hub, user));
}

static struct hub_user *user_of(struct hub *hub, uint64_t id)
{
	struct hub_user *user = at_map_get_u64(hub->users, id);
	if (user)
		return user;
	user = at_alloc(sizeof(*user));
	user->id = id;
	at_list_init(&user->sessions);
	at_map_put_u64(hub->users, id, user);
	return user;
}

static void unlink_session(struct hub *hub, struct hub_session *session)
{
	struct hub_user *user = at_map_get_u64(hub->users, session->user);
	for (struct hub_walk *walk = hub->walks; walk; walk = walk->outer)
		if (walk->next == &session->by_user)
			walk->next = at_list_next(&user->sessions, walk->next);
	at_list_remove(&session->by_user);
	session->added = false;
	user->devices--;
}

static void drop_if_empty(struct hub *hub, struct hub_user *user)
{
	if (user->devices)
		return;
	for (struct hub_walk *walk = hub->walks; walk; walk = walk->outer)
		if (walk->user == user)
			walk->user = NULL;
	at_map_del_u64(hub->users, user->id);
	at_free(user);
}

void hub_add(struct hub *hub, struct hub_session *session)
{
	AT_ASSERT(!session->added && session->user && session->device);
	struct hub_user *user = user_of(hub, session->user);
	bool first = user->devices == 0;
	struct hub_session *old = at_map_put_u64(hub->devices, session->device, session);
	if (old)
		unlink_session(hub, old);
	at_list_push(&user->sessions, &session->by_user);
	session->added = true;
	user->devices++;
	if (old) {
		old->ops->close(old, HUB_TAKEN_OVER);
		tell_device(hub, session->user, session->device, false);
	}
	/* A listener or the close may have ended this very session: each word is said only while it is still true. */
	uint64_t id = session->user, device = session->device;
	if (at_map_get_u64(hub->devices, device) == session)
		tell_device(hub, id, device, true);
	if (first && hub_reachable(hub, id))
		tell_presence(hub, id);
}

void hub_remove(struct hub *hub, struct hub_session *session)
{
	if (!session->added)
		return;
	uint64_t id = session->user, device = session->device;
	struct hub_user *user = at_map_get_u64(hub->users, id);
	unlink_session(hub, session);
	at_map_del_u64(hub->devices, device);
	drop_if_empty(hub, user);
	tell_device(hub, id, device, false);
	if (!hub_reachable(hub, id))
		tell_presence(hub, id);
}

unsigned hub_reachable(const struct hub *hub, uint64_t user)
{
	const struct hub_user *found = at_map_get_u64(hub->users, user);
	return found ? found->devices : 0;
}

bool hub_device_connected(const struct hub *hub, uint64_t device)
{
	return at_map_get_u64(hub->devices, device) != NULL;
}

static void walk_begin(struct hub *hub, struct hub_walk *walk, uint64_t user)
{
	walk->user = at_map_get_u64(hub->users, user);
	walk->next = walk->user ? at_list_first(&walk->user->sessions) : NULL;
	walk->outer = hub->walks;
	hub->walks = walk;
}

static struct hub_session *walk_next(struct hub_walk *walk)
{
	if (!walk->user || !walk->next)
		return NULL;
	struct hub_session *session = AT_ENTRY(walk->next, struct hub_session, by_user);
	walk->next = at_list_next(&walk->user->sessions, walk->next);
	return session;
}

void hub_send_user(struct hub *hub, uint64_t user, struct at_bytes *frame, const struct hub_session *except)
{
	struct hub_walk walk;
	walk_begin(hub, &walk, user);
	for (struct hub_session *session; (session = walk_next(&walk));)
		if (session != except)
			session->ops->send(session, frame, false);
	hub->walks = walk.outer;
}

void hub_send_user_but(struct hub *hub, uint64_t user, uint64_t but_device, struct at_bytes *frame)
{
	hub_send_user(hub, user, frame, at_map_get_u64(hub->devices, but_device));
}

void hub_send_device(struct hub *hub, uint64_t device, struct at_bytes *frame, bool binary)
{
	struct hub_session *session = at_map_get_u64(hub->devices, device);
	if (session)
		session->ops->send(session, frame, binary);
}

size_t hub_device_backlog(const struct hub *hub, uint64_t device)
{
	struct hub_session *session = at_map_get_u64(hub->devices, device);
	return session && session->ops->backlog ? session->ops->backlog(session) : 0;
}

void hub_close_device(struct hub *hub, uint64_t device, uint16_t code)
{
	struct hub_session *session = at_map_get_u64(hub->devices, device);
	if (session)
		session->ops->close(session, code);
}

void hub_close_user(struct hub *hub, uint64_t user, uint16_t code)
{
	struct hub_walk walk;
	walk_begin(hub, &walk, user);
	for (struct hub_session *session; (session = walk_next(&walk));)
		session->ops->close(session, code);
	hub->walks = walk.outer;
}

void hub_on_presence(struct hub *hub, hub_presence_fn *fn, void *arg)
{
	AT_ASSERT(hub->presence_n < HUB_LISTENERS_MAX);
	hub->presence[hub->presence_n].fn = fn;
	hub->presence[hub->presence_n++].arg = arg;
}

void hub_on_device(struct hub *hub, hub_device_fn *fn, void *arg)
{
	AT_ASSERT(hub->device_n < HUB_LISTENERS_MAX);
	hub->device[hub->device_n].fn = fn;
	hub->device[hub->device_n++].arg = arg;
}
