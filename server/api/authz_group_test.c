/* Who may change a group and whom one may put into one; who may fetch files. */
#include "api/authz_testkit.h"

#include "base/mem.h"

static void test_files_are_for_members(void **state)
{
	(void)state;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	char path[64];
	for (enum role role = OWNER; role < ROLES; role++) {
		snprintf(path, sizeof(path), "/media/%s", authz.theirs.blob);
		http_as(&authz.w, &authz.devices[role], "GET", path, NULL, answer);
		assert_int_equal(answer->status, is_outsider(role) ? 404 : 200);
		assert_string_equal(answer->body, is_outsider(role) ? NOT_FOUND : "bytes");
		snprintf(path, sizeof(path), "/media/%s", authz.absent.blob);
		http_as(&authz.w, &authz.devices[role], "GET", path, NULL, answer);
		assert_string_equal(answer->body, NOT_FOUND);
		if (role == OWNER)
			continue;
		snprintf(path, sizeof(path), "/rec/%s", authz.theirs.rec);
		http_as(&authz.w, &authz.devices[role], "GET", path, NULL, answer);
		assert_string_equal(answer->body, NOT_FOUND);
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
	return client_ask(&authz.clients[role], group_rows[row].name, "\"conv\":%d,\"cid\":%d,%s", (int)conv, ++cid,
			  args);
}

static void test_groups(void **state)
{
	(void)state;
	int wrong = 0;
	client_ask(&authz.clients[OWNER], "group.create", "\"cid\":4000,\"name\":\"walkers\",\"users\":[%d,%d]",
		   (int)authz.users[MEMBER], (int)authz.users[FORMER]);
	uint64_t conv = number_in(authz.clients[OWNER].answer, "conv");
	assert_true(conv > 0);
	client_ask(&authz.clients[FORMER], "group.remove", "\"conv\":%d,\"cid\":4001,\"user\":%d", (int)conv,
		   (int)authz.users[FORMER]);
	assert_non_null(strstr(authz.clients[FORMER].answer, "\"seq\""));
	for (size_t i = 0; i < sizeof(group_rows) / sizeof(*group_rows); i++)
		for (enum role role = MEMBER; role < ROLES; role++) {
			bool may = role == MEMBER && group_rows[i].may & AS_MEMBER;
			const char *answer = ask_group(role, i, conv, authz.users[OTHER]);
			bool ok = may ? strstr(answer, "\"seq\"") != NULL : strcmp(answer, NOT_FOUND) == 0;
			if (!ok)
				print_error("%s by %s: %s\n", group_rows[i].name, role_names[role], answer);
			wrong += !ok;
		}
	for (size_t i = 0; i < sizeof(group_rows) / sizeof(*group_rows); i++)
		if (!strstr(ask_group(OWNER, i, conv, authz.users[OTHER]), "\"seq\""))
			print_error("%s by its admin: %s\n", group_rows[i].name, authz.clients[OWNER].answer), wrong++;
	assert_int_equal(wrong, 0);
	/* Who left may read up to there and say nothing more; who never was in it may do neither. */
	client_ask(&authz.clients[FORMER], "log.get", "\"conv\":%d,\"after\":0", (int)conv);
	assert_non_null(strstr(authz.clients[FORMER].answer, "\"did\":\"left\""));
	assert_null(strstr(authz.clients[FORMER].answer, "\"did\":\"named\""));
	assert_string_equal(client_ask(&authz.clients[FORMER], "msg.send", "\"conv\":%d,\"cid\":4002,\"text\":\"x\"",
				       (int)conv),
			    NOT_FOUND);
	assert_string_equal(client_ask(&authz.clients[STRANGER], "log.get", "\"conv\":%d,\"after\":0", (int)conv),
			    NOT_FOUND);
}

static void test_a_picture_is_for_members(void **state)
{
	(void)state;
	struct http_answer *answer = at_alloc(sizeof(*answer));
	char text[64], path[64];
	static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0};
	client_ask(&authz.clients[OWNER], "group.create", "\"cid\":4100,\"name\":\"walkers\",\"users\":[%d]",
		   (int)authz.users[MEMBER]);
	uint64_t conv = number_in(authz.clients[OWNER].answer, "conv");
	at_base64url(png, sizeof(png), text);
	client_ask(&authz.clients[MEMBER], "group.set", "\"conv\":%d,\"cid\":4101,\"picture\":\"%s\"", (int)conv, text);
	assert_non_null(strstr(authz.clients[MEMBER].answer, "\"seq\""));
	at_base64url("<script>", 8, text);
	client_ask(&authz.clients[MEMBER], "group.set", "\"conv\":%d,\"cid\":4102,\"picture\":\"%s\"", (int)conv, text);
	assert_string_equal(authz.clients[MEMBER].answer, "{\"err\":\"unsupported\"}");
	client_pump(&authz.clients[OWNER], 100);
	const char *at = strstr((const char *)authz.clients[OWNER].events.data, "\"picture\":\"");
	assert_non_null(at);
	snprintf(path, sizeof(path), "/picture/%.32s", at + strlen("\"picture\":\""));
	for (enum role role = OWNER; role < ROLES; role++) {
		http_as(&authz.w, &authz.devices[role], "GET", path, NULL, answer);
		assert_int_equal(answer->status, role == OWNER || role == MEMBER ? 200 : 404);
	}
	at_free(answer);
}

/* Whoever has blocked one cannot be put into a group by them: as if there were nobody of that number. */
static void test_who_has_blocked_one_is_not_put_into_a_group(void **state)
{
	(void)state;
	struct client *c = &authz.clients[BLOCKED];
	const int owner = (int)authz.users[OWNER], nobody = (int)authz.absent.user;
	const int other = (int)authz.users[OTHER], both[] = {owner, nobody};

	client_pump(&authz.clients[OWNER], 20);
	at_buf_clear(&authz.clients[OWNER].events);
	for (int i = 0; i < 2; i++) {
		client_ask(c, "group.create", "\"cid\":%d,\"name\":\"g\",\"users\":[%d]", 4200 + i, both[i]);
		assert_string_equal(c->answer, NOT_FOUND);
		client_ask(c, "group.create", "\"cid\":%d,\"name\":\"g\",\"users\":[%d,%d]", 4210 + i, other, both[i]);
		assert_string_equal(c->answer, NOT_FOUND);
	}
	client_ask(c, "group.create", "\"cid\":4220,\"name\":\"g\",\"users\":[%d]", other);
	int conv = (int)number_in(c->answer, "conv");
	for (int i = 0; i < 2; i++) {
		client_ask(c, "group.add", "\"conv\":%d,\"cid\":%d,\"users\":[%d]", conv, 4230 + i, both[i]);
		assert_string_equal(c->answer, NOT_FOUND);
	}
	client_pump(&authz.clients[OWNER], 100);
	assert_int_equal(authz.clients[OWNER].events.len, 0);
	/* The other way round nothing hinders: the owner may ask whom they have blocked. */
	client_ask(&authz.clients[OWNER], "group.create", "\"cid\":4240,\"name\":\"g\",\"users\":[%d]",
		   (int)authz.users[BLOCKED]);
	conv = (int)number_in(authz.clients[OWNER].answer, "conv");
	assert_true(conv > 0);
	/* Who is in it already is in it, blocked or not. */
	client_ask(&authz.clients[OWNER], "group.admin", "\"conv\":%d,\"cid\":4241,\"user\":%d,\"on\":true", conv,
		   (int)authz.users[BLOCKED]);
	client_ask(c, "group.add", "\"conv\":%d,\"cid\":4242,\"users\":[%d]", conv, owner);
	assert_string_equal(c->answer, "{\"err\":\"conflict\"}");
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, authz_setup, authz_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_files_are_for_members),
		T(test_groups),
		T(test_who_has_blocked_one_is_not_put_into_a_group),
		T(test_a_picture_is_for_members),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
