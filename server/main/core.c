#include "main/core.h"

#include "auth/auth.h"
#include "base/log.h"
#include "base/time.h"
#include "blob/blob.h"
#include "chat/chat.h"
#include "hub/hub.h"
#include "ipc/ipc_role.h"
#include "ipc/ipc_sandbox.h"
#include "main/commands.h"
#include "net/net.h"
#include "note/note.h"
#include "room/room.h"
#include "store/store.h"
#include "talk/talk.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* What a predecessor that was killed may take to let go of the directory and the port. */
	WAIT_MS = 5000,
	WAIT_STEP_US = 20000,
	/* Time for sockets to hear that the server stops. */
	STOP_MS = 150,
};

struct core {
	const struct options *options;
	struct at_loop *loop;
	struct store *store;
	struct blobs *blobs;
	struct hub *hub;
	struct auth *auth;
	struct chat *chat;
	struct calls *calls;
	struct talks *talks;
	struct rooms *rooms;
	struct notes *notes;
	struct api *api;
	struct net_server *server;
	struct ipc_chan *boss;
	struct at_timer *stop_timer;
	struct links links;
	char tls_cert[4096], tls_key[4096], ca_pem[4096];
};

/* ---- start, in order ---- */

static void confine_files(struct core *core)
{
	const struct options *o = core->options;
	const char *const write_dirs[] = {o->data, NULL};
	const char *read_paths[4] = {NULL};
	size_t n = 0;
	if (o->web)
		read_paths[n++] = o->web;
	if (o->tls_cert) {
		read_paths[n++] = o->tls_cert;
		read_paths[n++] = o->tls_key;
	}
	/* The rule needs the directory; the store tells when it cannot be made. */
	(void)!mkdir(o->data, 0700);
	ipc_sandbox_core_files(write_dirs, read_paths);
}

static enum at_err open_store(struct core *core)
{
	int64_t deadline = at_mono_ms() + WAIT_MS;
	enum at_err err;
	while ((err = store_open(core->options->data, core->loop, &core->store)) == AT_ERR_BUSY &&
	       at_mono_ms() < deadline)
		usleep(WAIT_STEP_US);
	if (err == AT_ERR_BUSY)
		fprintf(stderr, "aftertone: another server is using %s\n", core->options->data);
	else if (err)
		fprintf(stderr, "aftertone: the data directory %s cannot be used (%s)\n", core->options->data,
			at_err_name(err));
	return err;
}

static enum at_err open_domain(struct core *core)
{
	const struct settings *s = &core->options->settings;
	core->hub = hub_new();
	enum at_err err = auth_new(core->loop, core->store, core->hub, &core->auth);
	if (err)
		return err;
	struct chat_people chat_people = api_chat_people(core->auth);
	struct call_people call_people = api_call_people(core->auth);
	err = chat_new(core->loop, core->store, core->hub, &chat_people, &core->chat);
	if (!err)
		err = calls_new(core->loop, core->store, core->hub, core->chat, &call_people, &s->call, &core->calls);
	if (!err) {
		struct talk_people talk_people = api_talk_people(core->auth);
		core->talks = talks_new(core->loop, core->hub, core->calls, &talk_people, s->relay_bits_s);
	}
	if (!err) {
		struct room_people room_people = api_room_people(core->auth);
		err = rooms_new(core->loop, core->store, core->hub, core->chat, core->calls, core->talks, &room_people,
				&s->room, &core->rooms);
	}
	if (!err)
		err = blobs_open(core->options->data, core->loop, &core->blobs);
	if (!err)
		err = notes_new(core->loop, core->store, core->hub, core->chat, core->calls, core->blobs, &s->note,
				&core->notes);
	if (!err)
		notes_also_for(core->notes, room_note_facts, core->rooms);
	return err;
}

static enum at_err open_api(struct core *core)
{
	const struct options *o = core->options;
	struct api_deps deps = {
		.loop = core->loop,
		.store = core->store,
		.hub = core->hub,
		.auth = core->auth,
		.chat = core->chat,
		.calls = core->calls,
		.talks = core->talks,
		.rooms = core->rooms,
		.notes = core->notes,
		.limits = &o->settings.api,
		.web_dir = o->web,
		.ca_pem = *core->ca_pem ? core->ca_pem : NULL,
		.name = o->settings.name,
		.version = AT_VERSION,
		.origin = *o->settings.origin ? o->settings.origin : NULL,
		.tls = *core->tls_cert,
	};
	enum at_err err = api_new(&deps, &core->api);
	if (err)
		fprintf(stderr, "aftertone: the web client in %s cannot be read\n", o->web);
	return err;
}

static enum at_err prepare_tls(struct core *core)
{
	const struct options *o = core->options;
	if (o->tls_cert) {
		snprintf(core->tls_cert, sizeof(core->tls_cert), "%s", o->tls_cert);
		snprintf(core->tls_key, sizeof(core->tls_key), "%s", o->tls_key);
	}
	if (!o->tls_self)
		return AT_OK;
	snprintf(core->tls_cert, sizeof(core->tls_cert), "%s/server.pem", o->data);
	snprintf(core->tls_key, sizeof(core->tls_key), "%s/server.key", o->data);
	snprintf(core->ca_pem, sizeof(core->ca_pem), "%s/ca.pem", o->data);
	return net_tls_self(o->data);
}

static enum at_err listen_on(struct core *core)
{
	const struct options *o = core->options;
	struct net_options options = {
		.listen_addr = o->listen_addr,
		.port = o->port,
		.tls_cert = *core->tls_cert ? core->tls_cert : NULL,
		.tls_key = *core->tls_key ? core->tls_key : NULL,
		.conns_max = o->settings.sockets_max,
	};
	int64_t deadline = at_mono_ms() + WAIT_MS;
	enum at_err err;
	while ((err = net_server_new(core->loop, &options, api_handler(core->api), &core->server)) ==
		       AT_ERR_UNAVAILABLE &&
	       at_mono_ms() < deadline)
		usleep(WAIT_STEP_US);
	if (err == AT_ERR_UNAVAILABLE)
		fprintf(stderr, "aftertone: %s port %u cannot be listened on: is something else there?\n",
			o->listen_addr, o->port);
	else if (err)
		fprintf(stderr, "aftertone: the certificate cannot be used (%s)\n", at_err_name(err));
	return err;
}

static enum at_err open_all(struct core *core)
{
	confine_files(core);
	core->loop = at_loop_new();
	enum at_err err = open_store(core);
	/* A role that comes back does not print, so it makes no links. */
	if (!err && !core->options->lives)
		err = commands_first_links(core->store, core->options->demo, &core->links);
	if (!err)
		err = open_domain(core);
	if (!err)
		err = prepare_tls(core);
	if (!err)
		err = open_api(core);
	return err ? err : listen_on(core);
}

/* ---- the greeting ---- */

/* Where other machines find us, when we listen for them. */
static void print_network(const struct options *o, uint16_t port)
{
	struct ifaddrs *all = NULL;
	bool everywhere = at_str_eq(o->listen_addr, "0.0.0.0") || at_str_eq(o->listen_addr, "::");
	if (!everywhere || *o->settings.origin || getifaddrs(&all) != 0)
		return;
	for (struct ifaddrs *it = all; it; it = it->ifa_next) {
		char text[INET_ADDRSTRLEN];
		if (!it->ifa_addr || it->ifa_addr->sa_family != AF_INET || it->ifa_flags & IFF_LOOPBACK)
			continue;
		const struct sockaddr_in *addr = (const struct sockaddr_in *)(const void *)it->ifa_addr;
		if (inet_ntop(AF_INET, &addr->sin_addr, text, sizeof(text)))
			printf("  on this network: %s://%s:%u\n", o->tls_self || o->tls_cert ? "https" : "http", text,
			       (unsigned)port);
	}
	freeifaddrs(all);
}

static void greet(const struct core *core)
{
	char url[384];
	const struct options *o = core->options;
	uint16_t port = net_server_port(core->server);
	if (o->lives)
		return;
	options_url(o, port, url, sizeof(url));
	printf("%s is at %s\n", o->settings.name, url);
	print_network(o, port);
	if (*core->ca_pem)
		printf("  its certificate authority, to trust on a phone: %s/ca.pem\n", url);
	if (!o->web)
		printf("  without the web client: there is none in web/dist (--web DIR)\n");
	for (size_t i = 0; i < core->links.n; i++)
		printf("  %s:\n    %s/%s\n", core->links.link[i].words, url, core->links.link[i].fragment);
	fflush(stdout);
}

/* ---- running and stopping ---- */

static void on_stop_timer(void *arg)
{
	struct core *core = arg;
	at_loop_stop(core->loop);
}

static void on_boss(void *arg, struct ipc_msg *msg)
{
	struct core *core = arg;
	bool is_peer = msg->type == IPC_PEER && msg->fd_count == 1 && msg->body_len == 1;
	if (is_peer && msg->body[0] == IPC_REMUX) {
		notes_remux_channel(core->notes, msg->fds[0]);
		return;
	}
	if (is_peer && msg->body[0] == IPC_MEDIA) {
		talks_media_channel(core->talks, msg->fds[0]);
		return;
	}
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	if (msg->type == IPC_STOP && !at_timer_active(core->stop_timer)) {
		at_log(AT_LOG_INFO, "core.stopping", NULL);
		net_server_stop(core->server);
		at_timer_start(core->stop_timer, STOP_MS, 0);
	}
}

/* The supervisor has died: so do we, as after a power cut. */
static void on_boss_gone(void *arg)
{
	(void)arg;
	_exit(1);
}

static void serve(struct core *core, int supervisor_fd)
{
	uint8_t port[2];
	core->stop_timer = at_timer_new(core->loop, on_stop_timer, core);
	core->boss = ipc_chan_new(core->loop, supervisor_fd, on_boss, on_boss_gone, core);
	greet(core);
	ipc_sandbox_core_calls();
	at_put_u16(port, net_server_port(core->server));
	enum at_err err = ipc_send(core->boss, IPC_READY, port, sizeof(port), NULL, 0);
	if (err)
		at_log(AT_LOG_WARN, "core.ready", "error", at_err_name(err), NULL);
	at_log(AT_LOG_INFO, "core.serving", "addr", core->options->listen_addr, "port",
	       AT_INT(net_server_port(core->server)), NULL);
	at_loop_run(core->loop);
}

/* Sockets first, then what is queued for the disk, then top-down. */
static void close_all(struct core *core)
{
	ipc_chan_free(&core->boss);
	at_timer_free(&core->stop_timer);
	net_server_free(&core->server);
	store_drain(core->store);
	notes_free(&core->notes);
	rooms_free(&core->rooms);
	talks_free(&core->talks);
	calls_free(&core->calls);
	chat_free(&core->chat);
	auth_free(&core->auth);
	/* After those that may still answer while they close. */
	api_free(&core->api);
	blobs_close(&core->blobs);
	store_close(&core->store);
	hub_free(&core->hub);
	at_loop_free(&core->loop);
}

int core_main(const struct options *options, int supervisor_fd)
{
	struct core core = {.options = options};
	enum at_err err = open_all(&core);
	if (err) {
		at_log(AT_LOG_ERROR, "core.start", "error", at_err_name(err), NULL);
		/* Half open; the process's end closes it. At the first start somebody is looking: tell and stop. */
		_exit(options->lives ? 1 : IPC_EXIT_CONFIG);
	}
	serve(&core, supervisor_fd);
	close_all(&core);
	return 0;
}
