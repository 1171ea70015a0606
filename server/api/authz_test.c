/* Who may do what, generated from the tables: every command and every route, asked by everybody who may not, about what exists and about
 * what does not. Both answers must be the same. A command or route without a row of sample arguments here fails the test. */
#include "api/api_testkit.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/time.h"

#include <unistd.h>

enum role { OWNER, MEMBER, STRANGER, OTHER, FORMER, BLOCKED, ADMIN, ROLES };
static const char *const role_names[ROLES] = {"owner", "member", "stranger", "other", "former", "blocked", "admin"};

/* What the arguments name. */
struct objects {
	uint64_t conv, seq, user, device, invite, group;
	char call[AT_ID_HEX_LEN + 1], rec[AT_ID_HEX_LEN + 1], blob[AT_ID_HEX_LEN + 1], room[AT_ID_HEX_LEN + 1];
};

enum { ALL = 1 << ROLES, OF_OWNER = 1 << OWNER, OF_MEMBERS = 1 << OWNER | 1 << MEMBER, OF_ADMIN = 1 << ADMIN };

struct row {
	const char *name, *args;
	int may; /* who may do it to the owner's object; ALL: whoever is signed in */
};

/* $cid and $new are fresh each time. */
static const struct row rows[] = {
	{"hello", "\"token\":\"x\"", ALL},
	{"people.find", "\"q\":\"\"", ALL},
	{"me.set", "\"receipts\":true", ALL},
	{"block", "\"user\":$user", ALL},
	{"unblock", "\"user\":$user", ALL},
	{"device.list", "", ALL},
	{"device.rename", "\"device\":$device,\"name\":\"mine now\"", OF_OWNER},
	{"device.revoke", "\"device\":$device", OF_OWNER},
	{"invite.create", "\"uses\":1,\"days\":1", ALL},
	{"invite.list", "", ALL},
	{"invite.revoke", "\"invite\":$invite", OF_OWNER | OF_ADMIN},
	{"visible", "\"on\":true", ALL},
	{"chat.open", "\"user\":$user", ALL},
	{"group.create", "\"cid\":$cid,\"name\":\"g\",\"users\":[$user]", ALL},
	/* of a direct chat nobody may: groups have their own rows below */
	{"group.set", "\"conv\":$conv,\"cid\":$cid,\"name\":\"g\"", 0},
	{"group.add", "\"conv\":$conv,\"cid\":$cid,\"users\":[$user]", 0},
	{"group.remove", "\"conv\":$conv,\"cid\":$cid,\"user\":$user", 0},
	{"group.admin", "\"conv\":$conv,\"cid\":$cid,\"user\":$user,\"on\":true", 0},
	{"log.get", "\"conv\":$conv,\"after\":0", OF_MEMBERS},
	{"msg.send", "\"conv\":$conv,\"cid\":$cid,\"text\":\"hello\"", OF_MEMBERS},
	{"entry.delete", "\"conv\":$conv,\"seq\":$seq,\"cid\":$cid", OF_OWNER},
	{"got", "\"conv\":$conv,\"seq\":$seq", OF_MEMBERS},
	{"read", "\"conv\":$conv,\"seq\":$seq", OF_MEMBERS},
	{"typing", "\"conv\":$conv", OF_MEMBERS},
	{"note.played", "\"conv\":$conv,\"seq\":$seq", OF_MEMBERS},
	{"note.position", "\"conv\":$conv,\"seq\":$seq,\"ms\":5", OF_MEMBERS},
	{"call.start", "\"call\":\"$new\",\"conv\":$conv,\"kind\":\"voice\"", OF_MEMBERS},
	{"call.ring", "\"call\":\"$call\"", 1 << MEMBER},
	{"call.answer", "\"call\":\"$call\"", 1 << MEMBER},
	{"call.decline", "\"call\":\"$call\"", 1 << MEMBER},
	{"call.cancel", "\"call\":\"$call\",\"note\":false", OF_OWNER},
	{"call.leave", "\"call\":\"$call\"", OF_MEMBERS},
	{"call.move", "\"call\":\"$call\"", OF_MEMBERS},
	/* before it is answered, only the device that placed it is of the call */
	{"media.open", "\"call\":\"$call\",\"fresh\":false", OF_OWNER},
	{"media.signal", "\"call\":\"$call\",\"kind\":\"offer\",\"sdp\":\"v=0\",\"sig\":\"\"", OF_OWNER},
	{"media.state", "\"call\":\"$call\",\"muted\":true,\"camera\":false,\"screen\":false", OF_OWNER},
	{"media.ask", "\"call\":\"$call\",\"yes\":null", OF_OWNER},
	{"room.start", "\"room\":\"$new\",\"conv\":$group,\"kind\":\"voice\",\"ring\":false", OF_MEMBERS},
	{"room.ring", "\"room\":\"$room\"", OF_MEMBERS},
	{"room.decline", "\"room\":\"$room\"", OF_MEMBERS},
	{"room.join", "\"room\":\"$room\",\"muted\":true,\"camera\":false,\"params\":{$params}", OF_MEMBERS},
	{"room.leave", "\"room\":\"$room\"", OF_MEMBERS},
	{"room.state", "\"room\":\"$room\",\"muted\":true,\"camera\":false,\"screen\":false", OF_MEMBERS},
	{"room.view", "\"room\":\"$room\",\"views\":[{\"user\":1,\"source\":\"camera\",\"height\":180}]", OF_MEMBERS},
	{"room.react", "\"room\":\"$room\",\"emoji\":\"\xf0\x9f\x91\x8d\"", OF_MEMBERS},
	{"room.hand", "\"room\":\"$room\",\"up\":true", OF_MEMBERS},
	{"room.invite", "\"room\":\"$room\",\"users\":[1]", OF_MEMBERS},
	{"room.mute", "\"room\":\"$room\",\"user\":$user", OF_OWNER},
	{"room.kick", "\"room\":\"$room\",\"user\":$user", OF_OWNER},
	{"room.lock", "\"room\":\"$room\",\"on\":true", OF_OWNER},
	{"call.grow", "\"call\":\"$call\",\"room\":\"$new\",\"kind\":\"voice\",\"users\":[1]", OF_OWNER},
	{"key.set", "\"key\":\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"", ALL},
	{"rec.start",
	 "\"rec\":\"$new\",\"conv\":$conv,\"call\":null,\"kind\":\"voice\",\"mime\":\"audio/webm\",\"seg\":0",
	 OF_MEMBERS},
	{"rec.state", "\"rec\":\"$rec\",\"state\":\"paused\",\"ms\":5", OF_OWNER},
	{"rec.commit", "\"rec\":\"$rec\",\"cid\":$cid,\"fragments\":1,\"duration_ms\":5,\"peaks\":[$peaks]", OF_OWNER},
	{"rec.discard", "\"rec\":\"$rec\"", OF_OWNER},
	{"rec.undo", "\"rec\":\"$rec\"", OF_OWNER},
	/* the callee's, while it is being left for them: note's own tests */
	{"rec.listen", "\"rec\":\"$rec\"", 0},
	/* To stop listening to nothing is no mistake, and asks nothing about it. */
	{"rec.unlisten", "\"rec\":\"$rec\"", ALL},
};

struct route_row {
	const char *method, *path, *body;
};
static const struct route_row route_rows[] = {
	{"GET", "/api/about", NULL},
	{"POST", "/api/join",
	 "{\"token\":\"x\",\"username\":\"zed\",\"name\":\"Z\",\"password\":\"long enough\",\"device\":\"x\"}"},
	{"POST", "/api/invite", "{\"token\":\"x\"}"},
	{"POST", "/api/signin", "{\"username\":\"zed\",\"password\":\"long enough\",\"device\":\"x\"}"},
	{"POST", "/api/link", "{\"token\":\"x\",\"device\":\"x\"}"},
	{"POST", "/api/signout", "{}"},
	{"GET", "/api/session", NULL},
	{"GET", "/ws", NULL},
	{"GET", "/media/", NULL},
	{"GET", "/picture/", NULL},
	{"GET", "/rec/", NULL},
	{"GET", "/ca.pem", NULL},
	{"GET", "/", NULL},
};

static const char join_params[] =
	"\"fingerprint\":\"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
	"00:00\","
	"\"audio\":{\"pt\":111,\"red\":null,\"ext\":{\"mid\":4,\"level\":1}},\"send\":{\"mic\":{\"mid\":\"0\"}},"
	"\"recv\":[{\"mid\":\"1\",\"kind\":\"audio\"}]";

#define SECRET "what only ana and ben may know"

static struct world w;
static uint64_t users[ROLES];
static struct device devices[ROLES], spare[ROLES];
static struct client clients[ROLES];
static struct objects theirs, absent, own[ROLES];
static int asked;

/* ---- the scene ---- */

struct scene {
	struct objects *objects;
	uint64_t author, other;
	bool left;
	struct at_id blob;
};

static enum at_err add_chat(struct store_tx *tx, void *msg)
{
	static uint64_t cid = 1000;
	struct scene *scene = msg;
	struct store_conv conv;
	static const char text[] = "{\"text\":\"" SECRET "\"}", note[] = "{\"kind\":\"voice\",\"mime\":\"audio/mp4\"}";
	enum at_err err = store_conv_direct(tx, scene->author, scene->other, at_wall_ms(), &conv);
	bool dup;
	struct store_entry entry = {.conv = conv.id,
				    .author = scene->author,
				    .device = 1,
				    .cid = ++cid,
				    .ts = at_wall_ms(),
				    .kind = STORE_TEXT,
				    .badge = 1,
				    .body = text,
				    .body_len = sizeof(text) - 1};
	if (err == AT_OK)
		err = store_entry_append(tx, &entry, &dup);
	struct store_entry second = {.conv = conv.id,
				     .author = scene->author,
				     .device = 1,
				     .cid = ++cid,
				     .ts = at_wall_ms(),
				     .kind = STORE_NOTE,
				     .badge = 1,
				     .body = note,
				     .body_len = sizeof(note) - 1};
	if (err == AT_OK)
		err = store_entry_append(tx, &second, &dup);
	struct store_blob blob = {.id = scene->blob,
				  .conv = conv.id,
				  .seq = second.seq,
				  .owner = scene->author,
				  .bytes = 5,
				  .mime = "audio/mp4",
				  .created = at_wall_ms()};
	if (err == AT_OK && !at_id_is_zero(&scene->blob))
		err = store_blob_add(tx, &blob);
	struct store_member member = {.conv = conv.id, .user = scene->author, .left_seq = 2};
	if (err == AT_OK && scene->left)
		err = store_member_put(tx, &member);
	scene->objects->conv = conv.id;
	scene->objects->seq = entry.seq;
	scene->objects->user = scene->other;
	return err;
}

static enum at_err add_block(struct store_tx *tx, void *msg)
{
	(void)msg;
	return store_block_set(tx, users[OWNER], users[BLOCKED], true);
}

static void fresh_id(char hex[AT_ID_HEX_LEN + 1])
{
	struct at_id id;
	at_rand(&id, sizeof(id));
	at_id_hex(&id, hex);
}

static void on_temp(void *arg, enum at_err err, int fd)
{
	assert_int_equal(err, AT_OK);
	*(int *)arg = fd;
}

static void on_kept(void *arg, enum at_err err)
{
	assert_int_equal(err, AT_OK);
	*(bool *)arg = true;
}

static struct at_id blob_on_disk(void)
{
	struct at_id id;
	struct blobs *blobs;
	int fd = -1;
	bool kept = false;
	at_rand(&id, sizeof(id));
	assert_int_equal(blobs_open(w.dir, w.loop, &blobs), AT_OK);
	blob_temp(blobs, &id, on_temp, &fd);
	while (fd < 0)
		at_loop_step(w.loop, 5);
	assert_int_equal(write(fd, "bytes", 5), 5);
	blob_keep(blobs, &id, fd, on_kept, &kept);
	while (!kept)
		at_loop_step(w.loop, 5);
	blobs_close(&blobs);
	return id;
}

static void chat_of(struct objects *objects, uint64_t author, uint64_t other, bool left, const struct at_id *blob)
{
	struct scene scene = {.objects = objects, .author = author, .other = other, .left = left};
	if (blob) {
		scene.blob = *blob;
		at_id_hex(blob, objects->blob);
	} else {
		fresh_id(objects->blob);
	}
	assert_int_equal(store_run_now(w.store, add_chat, &scene), AT_OK);
}

/* A room that rings in a group of its own. */
static void live_room(struct client *c, struct objects *objects)
{
	static int cid = 7000;
	client_ask(c, "group.create", "\"cid\":%d,\"name\":\"g\",\"users\":[%d]", ++cid, (int)objects->user);
	objects->group = number_in(c->answer, "conv");
	fresh_id(objects->room);
	client_ask(c, "room.start", "\"room\":\"%s\",\"conv\":%d,\"kind\":\"voice\",\"ring\":true", objects->room,
		   (int)objects->group);
	if (!strstr(c->answer, "\"ok\""))
		fail_msg("room.start: %s", c->answer);
}

/* What only a running server makes: an invitation, a call that is ringing nowhere yet, a recording. */
static void live_objects(enum role role, struct objects *objects)
{
	struct client *c = &clients[role];
	client_ask(c, "invite.create", "\"uses\":1,\"days\":1");
	client_ask(c, "invite.list", "%s", "");
	objects->invite = number_in(c->answer, "id");
	/* One call at a time. */
	if (objects->call[0]) {
		client_ask(c, "call.cancel", "\"call\":\"%s\",\"note\":false", objects->call);
		client_ask(c, "call.leave", "\"call\":\"%s\"", objects->call);
	}
	fresh_id(objects->call);
	client_ask(c, "call.start", "\"call\":\"%s\",\"conv\":%d,\"kind\":\"voice\"", objects->call,
		   (int)objects->conv);
	if (!strstr(c->answer, "\"ok\""))
		fail_msg("call.start: %s", c->answer);
	fresh_id(objects->rec);
	client_ask(c, "rec.start",
		   "\"rec\":\"%s\",\"conv\":%d,\"call\":null,\"kind\":\"voice\",\"mime\":\"audio/webm\",\"seg\":0",
		   objects->rec, (int)objects->conv);
	assert_non_null(strstr(c->answer, "\"ok\""));
	live_room(c, objects);
}

static int setup(void **state)
{
	(void)state;
	world_new(&w);
	w.limits.commands_per_s = w.limits.messages_per_s = 0;
	for (int r = 0; r < ROLES; r++) {
		users[r] = world_person(&w, role_names[r], role_names[r], r == ADMIN);
		devices[r] = world_device(&w, users[r], "laptop");
		spare[r] = world_device(&w, users[r], "spare");
	}
	uint64_t friend = world_person(&w, "friend", "Friend", false);
	struct at_id blob = blob_on_disk();
	chat_of(&theirs, users[OWNER], users[MEMBER], false, &blob);
	chat_of(&own[OTHER], users[OTHER], friend, false, NULL);
	chat_of(&own[FORMER], users[FORMER], users[OWNER], true, NULL);
	chat_of(&own[BLOCKED], users[BLOCKED], users[OWNER], false, NULL);
	assert_int_equal(store_run_now(w.store, add_block, NULL), AT_OK);
	absent = (struct objects){.conv = 999999,
				  .seq = 1,
				  .user = 999999,
				  .device = 999999,
				  .invite = 999999,
				  .group = 999999};
	fresh_id(absent.room);
	fresh_id(absent.call);
	fresh_id(absent.rec);
	fresh_id(absent.blob);
	world_start(&w);
	for (int r = 0; r < ROLES; r++) {
		client_hello(&clients[r], &w, &devices[r]);
		own[r].device = spare[r].id;
	}
	theirs.device = spare[OWNER].id;
	live_objects(OWNER, &theirs);
	live_objects(OTHER, &own[OTHER]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++)
		client_close(&clients[r]);
	world_end(&w);
	return at_log_unexpected_for_test();
}

/* ---- asking ---- */

static void fill(const char *args, const struct objects *o, char out[4096])
{
	static uint64_t cid = 1;
	size_t len = 0;
	char fresh[AT_ID_HEX_LEN + 1];
	while (*args) {
		size_t name = *args == '$' ? 1 + strspn(args + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
		if (!name) {
			out[len++] = *args++;
			continue;
		}
		char *at = out + len;
		size_t room = 4096 - len;
		fresh_id(fresh);
		const char *text = !strncmp(args, "$call", name)   ? o->call
				   : !strncmp(args, "$rec", name)  ? o->rec
				   : !strncmp(args, "$room", name) ? o->room
								   : fresh;
		uint64_t number = !strncmp(args, "$conv", name)     ? o->conv
				  : !strncmp(args, "$seq", name)    ? o->seq
				  : !strncmp(args, "$user", name)   ? o->user
				  : !strncmp(args, "$device", name) ? o->device
				  : !strncmp(args, "$invite", name) ? o->invite
				  : !strncmp(args, "$group", name)  ? o->group
				  : !strncmp(args, "$cid", name)    ? ++cid
								    : 0;
		if (!strncmp(args, "$peaks", name))
			for (int i = 0; i < 64; i++)
				len += (size_t)snprintf(out + len, 4096 - len, i ? ",0" : "0");
		else if (!strncmp(args, "$params", name))
			len += (size_t)snprintf(at, room, "%s", join_params);
		else if (number)
			len += (size_t)snprintf(at, room, "%d", (int)number);
		else
			len += (size_t)snprintf(at, room, "%s", text);
		args += name;
	}
	out[len] = '\0';
}

static const char *ask(enum role role, const struct row *row, const struct objects *objects)
{
	char args[4096];
	fill(row->args, objects, args);
	asked++;
	const char *answer = client_ask(&clients[role], row->name, "%s", args);
	if (role != OWNER && role != MEMBER && strstr(answer, SECRET) && objects == &theirs)
		fail_msg("%s tells the %s what is not theirs: %s", row->name, role_names[role], answer);
	return answer;
}

static bool same(const char *answer, const char *expected, const struct row *row, enum role role, const char *what)
{
	if (strcmp(answer, expected) == 0)
		return true;
	print_error("%s by %s on %s: %s instead of %s\n", row->name, role_names[role], what, answer, expected);
	return false;
}

#define NOT_FOUND "{\"err\":\"not_found\"}"

static bool is_outsider(enum role role)
{
	return role >= STRANGER;
}

static const struct route_row *route_row_of(const struct api_route *route)
{
	for (size_t i = 0; i < sizeof(route_rows) / sizeof(*route_rows); i++)
		if (strcmp(route_rows[i].path, route->path) == 0 && strcmp(route_rows[i].method, route->method) == 0)
			return &route_rows[i];
	return NULL;
}

/* ---- the tests ---- */

static void test_every_command_and_route_has_a_row(void **state)
{
	(void)state;
	int missing = 0;
	for (size_t i = 0; i < api_commands_n; i++) {
		bool found = false;
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
			found |= strcmp(rows[k].name, api_commands[i].name) == 0;
		if (!found)
			print_error("no sample arguments for %s\n", api_commands[i].name), missing++;
	}
	for (size_t i = 0; i < api_routes_n; i++)
		if (!route_row_of(&api_routes[i]))
			print_error("no sample for %s %s\n", api_routes[i].method, api_routes[i].path), missing++;
	assert_int_equal(missing, 0);
}

static void test_outsiders_cannot_tell_what_is_there(void **state)
{
	(void)state;
	int wrong = 0;
	client_pump(&clients[OWNER], 20);
	client_pump(&clients[MEMBER], 20);
	at_buf_clear(&clients[OWNER].events);
	at_buf_clear(&clients[MEMBER].events);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum role role = OWNER; role < ROLES; role++) {
			if (rows[i].may == ALL || (rows[i].may & 1 << role) || !is_outsider(role))
				continue;
			wrong += !same(ask(role, &rows[i], &absent), NOT_FOUND, &rows[i], role, "nothing");
			wrong += !same(ask(role, &rows[i], &theirs), NOT_FOUND, &rows[i], role, "others'");
		}
	/* The other member may do less than the owner, and former members nothing any more. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].may == ALL)
			continue;
		if (rows[i].may == OF_OWNER || rows[i].may == (OF_OWNER | OF_ADMIN))
			wrong += !same(ask(MEMBER, &rows[i], &theirs), NOT_FOUND, &rows[i], MEMBER, "the owner's");
		if (strstr(rows[i].args, "$conv"))
			wrong += !same(ask(FORMER, &rows[i], &own[FORMER]), NOT_FOUND, &rows[i], FORMER,
				       "what they left");
	}
	assert_int_equal(wrong, 0);
	/* And nobody was disturbed. */
	client_pump(&clients[OWNER], 20);
	client_pump(&clients[MEMBER], 20);
	assert_int_equal(clients[OWNER].events.len, 0);
	assert_int_equal(clients[MEMBER].events.len, 0);
	print_message("%d questions asked\n", asked);
}

static void test_what_everybody_may_do_shows_nothing_of_others(void **state)
{
	(void)state;
	char part[64];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum role role = STRANGER; role < ROLES && rows[i].may == ALL; role++) {
			const char *answer = ask(role, &rows[i], &theirs);
			if (strcmp(rows[i].name, "hello") == 0)
				assert_string_equal(answer, "{\"err\":\"bad_request\"}");
			else if (!strstr(answer, "{\"ok\":{"))
				fail_msg("%s by %s: %s", rows[i].name, role_names[role], answer);
			snprintf(part, sizeof(part), "{\"id\":%d,\"name\":\"spare\"", (int)theirs.device);
			assert_null(strstr(answer, part));
			snprintf(part, sizeof(part), "\"by\":%d}", (int)users[OWNER]);
			assert_true(role == ADMIN || !strstr(answer, part));
			if (strstr(rows[i].args, "$user"))
				assert_string_equal(ask(role, &rows[i], &absent), NOT_FOUND);
		}
	assert_string_equal(client_ask(&clients[OTHER], "invite.create", "\"uses\":1,\"days\":1,\"admin\":true"),
			    NOT_FOUND);
	/* Presence is for those who share a chat, and not for those who are blocked. */
	client_ask(&clients[BLOCKED], "people.find", "\"q\":\"owner\"");
	assert_non_null(strstr(clients[BLOCKED].answer, "\"online\":0"));
}

static void test_owners_and_members_may(void **state)
{
	(void)state;
	int wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum role role = OWNER; role < ROLES; role++) {
			bool mine = role == OWNER || role == MEMBER || role == ADMIN;
			if (rows[i].may == ALL ||
			    (mine ? !(rows[i].may & 1 << role) : role != OTHER || !(rows[i].may & 1 << OWNER)))
				continue;
			struct objects *objects = mine ? &theirs : &own[OTHER];
			if (strstr(rows[i].args, "$call") || strstr(rows[i].args, "$rec") ||
			    strstr(rows[i].args, "$invite"))
				live_objects(mine ? OWNER : OTHER, objects);
			else if (strstr(rows[i].args, "$room") || strstr(rows[i].args, "$group"))
				live_room(&clients[mine ? OWNER : OTHER], objects);
			const char *answer = ask(role, &rows[i], objects);
			if (!*answer || strstr(answer, "not_found") || strstr(answer, "unauthorized") ||
			    strstr(answer, "bad_request")) {
				print_error("%s by %s on their own: %s\n", rows[i].name, role_names[role], answer);
				wrong++;
			}
		}
	assert_int_equal(wrong, 0);
}

static void test_nobody(void **state)
{
	(void)state;
	struct client c;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	assert_false(client_open(&c, &w, NULL, NULL));
	/* A cookie without hello: no command does anything. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char args[4096];
		fill(rows[i].args, &theirs, args);
		assert_true(client_open(&c, &w, spare[OWNER].token, NULL));
		client_ask(&c, rows[i].name, "%s", args);
		assert_string_equal(c.answer, strcmp(rows[i].name, "hello") == 0 ? "{\"err\":\"unauthorized\"}" : "");
		assert_int_equal(client_end(&c), 4002);
		client_close(&c);
	}
	char path[64];
	for (size_t i = 0; i < api_routes_n; i++) {
		const struct api_route *route = &api_routes[i];
		const char *id = !route->param ? "" : strcmp(route->param, "REC") == 0 ? theirs.rec : theirs.blob;
		bool socket = strcmp(route->path, "/ws") == 0;
		snprintf(path, sizeof(path), "%.16s%s", route->path, id);
		http(&w, route->method, path, socket ? "Origin: http://localhost\r\n" : "", route_row_of(route)->body,
		     answer);
		if (route->role >= API_SESSION) {
			assert_int_equal(answer->status, 401);
			assert_string_equal(answer->body, "{\"err\":\"unauthorized\"}");
		}
	}
	at_free(answer);
}

static void test_files_are_for_members(void **state)
{
	(void)state;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	char path[64];
	for (enum role role = OWNER; role < ROLES; role++) {
		snprintf(path, sizeof(path), "/media/%s", theirs.blob);
		http_as(&w, &devices[role], "GET", path, NULL, answer);
		assert_int_equal(answer->status, is_outsider(role) ? 404 : 200);
		assert_string_equal(answer->body, is_outsider(role) ? NOT_FOUND : "bytes");
		snprintf(path, sizeof(path), "/media/%s", absent.blob);
		http_as(&w, &devices[role], "GET", path, NULL, answer);
		assert_string_equal(answer->body, NOT_FOUND);
		if (role == OWNER)
			continue;
		snprintf(path, sizeof(path), "/rec/%s", theirs.rec);
		http_as(&w, &devices[role], "GET", path, NULL, answer);
		assert_string_equal(answer->body, NOT_FOUND);
	}
	at_free(answer);
}

static void test_a_revoked_device_is_nobody(void **state)
{
	(void)state;
	struct client c;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	client_hello(&c, &w, &spare[OWNER]);
	assert_string_equal(client_ask(&clients[OWNER], "device.revoke", "\"device\":%d", (int)spare[OWNER].id),
			    "{\"ok\":{}}");
	assert_int_equal(client_end(&c), 4001);
	client_close(&c);
	assert_false(client_open(&c, &w, spare[OWNER].token, NULL));
	for (size_t i = 0; i < api_routes_n; i++) {
		if (api_routes[i].role < API_SESSION)
			continue;
		char path[64];
		snprintf(path, sizeof(path), "%s%s", api_routes[i].path, api_routes[i].param ? theirs.blob : "");
		bool post = strcmp(api_routes[i].method, "POST") == 0;
		http_as(&w, &spare[OWNER], api_routes[i].method, path, post ? "{}" : NULL, answer);
		assert_int_equal(answer->status, 401);
	}
	at_free(answer);
}

/* ---- groups: who may change them ---- */

enum { AS_ADMIN = 1, AS_MEMBER = 2 };
static const struct {
	const char *name, *args;
	int may;
} group_rows[] = {
	{"group.set", "\"name\":\"other\"", AS_ADMIN | AS_MEMBER},
	{"group.set", "\"picture\":\"\"", AS_ADMIN | AS_MEMBER},
	{"group.add", "\"users\":[%d]", AS_ADMIN},
	{"group.admin", "\"user\":%d,\"on\":true", AS_ADMIN},
	{"group.remove", "\"user\":%d", AS_ADMIN},
};

static const char *ask_group(enum role role, size_t row, uint64_t conv, uint64_t user)
{
	static int cid = 5000;
	char args[256];
	snprintf(args, sizeof(args), group_rows[row].args, (int)user);
	return client_ask(&clients[role], group_rows[row].name, "\"conv\":%d,\"cid\":%d,%s", (int)conv, ++cid, args);
}

static void test_groups(void **state)
{
	(void)state;
	int wrong = 0;
	client_ask(&clients[OWNER], "group.create", "\"cid\":4000,\"name\":\"walkers\",\"users\":[%d,%d]",
		   (int)users[MEMBER], (int)users[FORMER]);
	uint64_t conv = number_in(clients[OWNER].answer, "conv");
	assert_true(conv > 0);
	client_ask(&clients[FORMER], "group.remove", "\"conv\":%d,\"cid\":4001,\"user\":%d", (int)conv,
		   (int)users[FORMER]);
	assert_non_null(strstr(clients[FORMER].answer, "\"seq\""));
	for (size_t i = 0; i < sizeof(group_rows) / sizeof(*group_rows); i++)
		for (enum role role = MEMBER; role < ROLES; role++) {
			bool may = role == MEMBER && group_rows[i].may & AS_MEMBER;
			const char *answer = ask_group(role, i, conv, users[OTHER]);
			bool ok = may ? strstr(answer, "\"seq\"") != NULL : strcmp(answer, NOT_FOUND) == 0;
			if (!ok)
				print_error("%s by %s: %s\n", group_rows[i].name, role_names[role], answer);
			wrong += !ok;
		}
	for (size_t i = 0; i < sizeof(group_rows) / sizeof(*group_rows); i++)
		if (!strstr(ask_group(OWNER, i, conv, users[OTHER]), "\"seq\""))
			print_error("%s by its admin: %s\n", group_rows[i].name, clients[OWNER].answer), wrong++;
	assert_int_equal(wrong, 0);
	/* Who left may read up to there and say nothing more; who never was in it may do neither. */
	client_ask(&clients[FORMER], "log.get", "\"conv\":%d,\"after\":0", (int)conv);
	assert_non_null(strstr(clients[FORMER].answer, "\"did\":\"left\""));
	assert_null(strstr(clients[FORMER].answer, "\"did\":\"named\""));
	assert_string_equal(client_ask(&clients[FORMER], "msg.send", "\"conv\":%d,\"cid\":4002,\"text\":\"x\"",
				       (int)conv),
			    NOT_FOUND);
	assert_string_equal(client_ask(&clients[STRANGER], "log.get", "\"conv\":%d,\"after\":0", (int)conv), NOT_FOUND);
}

static void test_a_picture_is_for_members(void **state)
{
	(void)state;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	char text[64], path[64];
	static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0};
	client_ask(&clients[OWNER], "group.create", "\"cid\":4100,\"name\":\"walkers\",\"users\":[%d]",
		   (int)users[MEMBER]);
	uint64_t conv = number_in(clients[OWNER].answer, "conv");
	at_base64url(png, sizeof(png), text);
	client_ask(&clients[MEMBER], "group.set", "\"conv\":%d,\"cid\":4101,\"picture\":\"%s\"", (int)conv, text);
	assert_non_null(strstr(clients[MEMBER].answer, "\"seq\""));
	at_base64url("<script>", 8, text);
	client_ask(&clients[MEMBER], "group.set", "\"conv\":%d,\"cid\":4102,\"picture\":\"%s\"", (int)conv, text);
	assert_string_equal(clients[MEMBER].answer, "{\"err\":\"unsupported\"}");
	client_pump(&clients[OWNER], 100);
	const char *at = strstr((const char *)clients[OWNER].events.data, "\"picture\":\"");
	assert_non_null(at);
	snprintf(path, sizeof(path), "/picture/%.32s", at + strlen("\"picture\":\""));
	for (enum role role = OWNER; role < ROLES; role++) {
		http_as(&w, &devices[role], "GET", path, NULL, answer);
		assert_int_equal(answer->status, role == OWNER || role == MEMBER ? 200 : 404);
	}
	at_free(answer);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_every_command_and_route_has_a_row),
		T(test_outsiders_cannot_tell_what_is_there),
		T(test_what_everybody_may_do_shows_nothing_of_others),
		T(test_owners_and_members_may),
		T(test_nobody),
		T(test_files_are_for_members),
		T(test_groups),
		T(test_a_picture_is_for_members),
		T(test_a_revoked_device_is_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
