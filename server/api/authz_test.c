/* Who may do what, generated from the tables: every command and every route, asked by everybody who may not, about what exists and about
 * what does not. Both answers must be the same. A command or route without a row of sample arguments here fails the test. */
#include "api/authz_testkit.h"

#include "base/mem.h"

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

static int asked;

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
	const char *answer = client_ask(&authz.clients[role], row->name, "%s", args);
	if (role != OWNER && role != MEMBER && strstr(answer, SECRET) && objects == &authz.theirs)
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
	client_pump(&authz.clients[OWNER], 20);
	client_pump(&authz.clients[MEMBER], 20);
	at_buf_clear(&authz.clients[OWNER].events);
	at_buf_clear(&authz.clients[MEMBER].events);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum role role = OWNER; role < ROLES; role++) {
			if (rows[i].may == ALL || (rows[i].may & 1 << role) || !is_outsider(role))
				continue;
			wrong += !same(ask(role, &rows[i], &authz.absent), NOT_FOUND, &rows[i], role, "nothing");
			wrong += !same(ask(role, &rows[i], &authz.theirs), NOT_FOUND, &rows[i], role, "others'");
		}
	/* The other member may do less than the owner, and former members nothing any more. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].may == ALL)
			continue;
		if (rows[i].may == OF_OWNER || rows[i].may == (OF_OWNER | OF_ADMIN))
			wrong +=
				!same(ask(MEMBER, &rows[i], &authz.theirs), NOT_FOUND, &rows[i], MEMBER, "the owner's");
		if (strstr(rows[i].args, "$conv"))
			wrong += !same(ask(FORMER, &rows[i], &authz.own[FORMER]), NOT_FOUND, &rows[i], FORMER,
				       "what they left");
	}
	assert_int_equal(wrong, 0);
	/* And nobody was disturbed. */
	client_pump(&authz.clients[OWNER], 20);
	client_pump(&authz.clients[MEMBER], 20);
	assert_int_equal(authz.clients[OWNER].events.len, 0);
	assert_int_equal(authz.clients[MEMBER].events.len, 0);
	print_message("%d questions asked\n", asked);
}

static void test_what_everybody_may_do_shows_nothing_of_others(void **state)
{
	(void)state;
	char part[64];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (enum role role = STRANGER; role < ROLES && rows[i].may == ALL; role++) {
			const char *answer = ask(role, &rows[i], &authz.theirs);
			if (strcmp(rows[i].name, "hello") == 0)
				assert_string_equal(answer, "{\"err\":\"bad_request\"}");
			else if (!strstr(answer, "{\"ok\":{"))
				fail_msg("%s by %s: %s", rows[i].name, role_names[role], answer);
			snprintf(part, sizeof(part), "{\"id\":%d,\"name\":\"spare\"", (int)authz.theirs.device);
			assert_null(strstr(answer, part));
			snprintf(part, sizeof(part), "\"by\":%d}", (int)authz.users[OWNER]);
			assert_true(role == ADMIN || !strstr(answer, part));
			if (strstr(rows[i].args, "$user"))
				assert_string_equal(ask(role, &rows[i], &authz.absent), NOT_FOUND);
		}
	assert_string_equal(client_ask(&authz.clients[OTHER], "invite.create", "\"uses\":1,\"days\":1,\"admin\":true"),
			    NOT_FOUND);
	/* Presence is for those who share a chat, and not for those who are blocked. */
	client_ask(&authz.clients[BLOCKED], "people.find", "\"q\":\"owner\"");
	assert_non_null(strstr(authz.clients[BLOCKED].answer, "\"online\":0"));
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
			struct objects *objects = mine ? &authz.theirs : &authz.own[OTHER];
			if (strstr(rows[i].args, "$call") || strstr(rows[i].args, "$rec") ||
			    strstr(rows[i].args, "$invite"))
				live_objects(mine ? OWNER : OTHER, objects);
			else if (strstr(rows[i].args, "$room") || strstr(rows[i].args, "$group"))
				live_room(&authz.clients[mine ? OWNER : OTHER], objects);
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
	assert_false(client_open(&c, &authz.w, NULL, NULL));
	/* A cookie without hello: no command does anything. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char args[4096];
		fill(rows[i].args, &authz.theirs, args);
		assert_true(client_open(&c, &authz.w, authz.spare[OWNER].token, NULL));
		client_ask(&c, rows[i].name, "%s", args);
		assert_string_equal(c.answer, strcmp(rows[i].name, "hello") == 0 ? "{\"err\":\"unauthorized\"}" : "");
		assert_int_equal(client_end(&c), 4002);
		client_close(&c);
	}
	char path[64];
	for (size_t i = 0; i < api_routes_n; i++) {
		const struct api_route *route = &api_routes[i];
		const char *id = !route->param                      ? ""
				 : strcmp(route->param, "REC") == 0 ? authz.theirs.rec
								    : authz.theirs.blob;
		bool socket = strcmp(route->path, "/ws") == 0;
		snprintf(path, sizeof(path), "%.16s%s", route->path, id);
		http(&authz.w, route->method, path, socket ? "Origin: http://localhost\r\n" : "",
		     route_row_of(route)->body, answer);
		if (route->role >= API_SESSION) {
			assert_int_equal(answer->status, 401);
			assert_string_equal(answer->body, "{\"err\":\"unauthorized\"}");
		}
	}
	at_free(answer);
}

static void test_a_revoked_device_is_nobody(void **state)
{
	(void)state;
	struct client c;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	client_hello(&c, &authz.w, &authz.spare[OWNER]);
	assert_string_equal(client_ask(&authz.clients[OWNER], "device.revoke", "\"device\":%d",
				       (int)authz.spare[OWNER].id),
			    "{\"ok\":{}}");
	assert_int_equal(client_end(&c), 4001);
	client_close(&c);
	assert_false(client_open(&c, &authz.w, authz.spare[OWNER].token, NULL));
	for (size_t i = 0; i < api_routes_n; i++) {
		if (api_routes[i].role < API_SESSION)
			continue;
		char path[64];
		snprintf(path, sizeof(path), "%s%s", api_routes[i].path, api_routes[i].param ? authz.theirs.blob : "");
		bool post = strcmp(api_routes[i].method, "POST") == 0;
		http_as(&authz.w, &authz.spare[OWNER], api_routes[i].method, path, post ? "{}" : NULL, answer);
		assert_int_equal(answer->status, 401);
	}
	at_free(answer);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, authz_setup, authz_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_every_command_and_route_has_a_row),
		T(test_outsiders_cannot_tell_what_is_there),
		T(test_what_everybody_may_do_shows_nothing_of_others),
		T(test_owners_and_members_may),
		T(test_nobody),
		T(test_a_revoked_device_is_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
