/* Joining, invitations, links, finding, the command line. */
#include "auth/auth_testkit.h"

/* ---- joining ---- */

static void test_first_account_joins_as_admin(void **state)
{
	struct world *w = *state;
	char token[AUTH_TOKEN_LEN + 1];
	struct answer a;
	bool admin = false;
	uint64_t by = 9;
	assert_false(auth_has_users(w->auth));
	world_close(w);
	struct store *store;
	assert_int_equal(store_open(w->dir, NULL, &store), AT_OK);
	assert_int_equal(auth_invite_now(store, 0, 1, DAY, true, token), AT_OK);
	store_close(&store);
	world_open(w);

	assert_int_equal(auth_invite_look(w->auth, token, &admin, &by), AT_OK);
	assert_true(admin && by == 0);
	assert_int_equal(join(w, token, " Ana ", &a), AT_OK);
	const struct auth_user *user = auth_user(w->auth, a.result.user);
	assert_string_equal(user->username, "ana");
	assert_true(user->admin && user->receipts);
	assert_int_equal(auth_session(w->auth, a.result.token)->id, a.result.device);
	assert_int_equal(auth_invite_look(w->auth, token, &admin, &by), AT_ERR_GONE);
	assert_int_equal(join(w, token, "ben", &a), AT_ERR_GONE);
	restart(w);
	assert_true(auth_user_by_name(w->auth, "ana")->admin);
	assert_int_equal(join(w, token, "ben", &a), AT_ERR_GONE);
	assert_int_equal(signin(w, "ANA", GOOD, HERE, &a), AT_OK);
}

static void test_a_taken_name_does_not_use_the_invitation_up(void **state)
{
	struct world *w = *state;
	struct answer inv, a, b = {0}, c = {0};
	assert_int_equal(invite(w, person(w, "ana", "Ana"), 0, 2, false, &inv), AT_OK);
	assert_int_equal(join(w, inv.token, "ana", &a), AT_ERR_EXISTS);
	/* At the same time: both pass the look in memory, the store decides. */
	auth_join(w->auth, inv.token, "ben", "Ben", GOOD, "laptop", HERE, on_result, &b);
	auth_join(w->auth, inv.token, "ben", "Ben", GOOD, "laptop", HERE, on_result, &c);
	wait_for(w, &b);
	wait_for(w, &c);
	assert_int_equal(b.err, AT_OK);
	assert_int_equal(c.err, AT_ERR_EXISTS);
	assert_int_equal(join(w, inv.token, "cem", &a), AT_OK);
	assert_int_equal(join(w, inv.token, "dea", &a), AT_ERR_GONE);
}

static void test_one_use_cannot_be_used_twice_at_once(void **state)
{
	struct world *w = *state;
	struct answer inv, a = {0}, b = {0};
	assert_int_equal(invite(w, 0, 0, 1, false, &inv), AT_OK);
	auth_join(w->auth, inv.token, "ben", "Ben", GOOD, "laptop", HERE, on_result, &a);
	auth_join(w->auth, inv.token, "cem", "Cem", GOOD, "laptop", HERE, on_result, &b);
	assert_int_equal(wait_for(w, &a), AT_OK);
	assert_int_equal(wait_for(w, &b), AT_ERR_GONE);
	assert_null(auth_user_by_name(w->auth, "cem"));
}

static void test_what_may_not_be_chosen(void **state)
{
	struct world *w = *state;
	struct answer inv;
	assert_int_equal(invite(w, 0, 0, 1, false, &inv), AT_OK);
	char long_name[70], long_password[300], long_username[40];
	memset(long_name, 'x', 65), long_name[65] = 0;
	memset(long_username, 'x', 33), long_username[33] = 0;
	memset(long_password, 'x', 257), long_password[257] = 0, long_password[0] = 'y';
	const char *const bad[][4] = {
		{"", "Ana", GOOD, "laptop"},
		{"an a", "Ana", GOOD, "laptop"},
		{"\xc3\xa4na", "Ana", GOOD, "laptop"},
		{long_username, "Ana", GOOD, "laptop"},
		{"ana", " ", GOOD, "laptop"},
		{"ana", long_name, GOOD, "laptop"},
		{"ana", "A\xe2\x80\xaena", GOOD, "laptop"},
		{"ana", "A\nna", GOOD, "laptop"},
		{"ana", "Ana", "ninechars", "laptop"},
		{"ana", "Ana", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xb6", "laptop"},
		{"ana", "Ana", long_password, "laptop"},
		{"ana", "Ana", "Password123", "laptop"},
		{"ana", "Ana", "aaaaaaaaaaaa", "laptop"},
		{"anastasia.k", "Ana", "Anastasia.K", "laptop"},
		{"ana", "Ana", GOOD, ""},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct answer a = {0};
		auth_join(w->auth, inv.token, bad[i][0], bad[i][1], bad[i][2], bad[i][3], HERE, on_result, &a);
		assert_int_equal(wait_for(w, &a), AT_ERR_BAD_REQUEST);
	}
	assert_false(auth_has_users(w->auth));
}

/* ---- invitations ---- */

static void test_invitations(void **state)
{
	struct world *w = *state;
	uint64_t ana = person(w, "ana", "Ana"), ben = person(w, "ben", "Ben");
	struct answer a, b, link, revoke = {0};
	bool admin;
	uint64_t by;
	struct store_invite list[4];
	assert_int_equal(invite(w, ana, 0, 1, true, &a), AT_ERR_NOT_FOUND);
	assert_int_equal(invite(w, ana, 0, 0, false, &a), AT_ERR_BAD_REQUEST);
	assert_int_equal(invite(w, ana, 0, 1001, false, &a), AT_ERR_BAD_REQUEST);
	assert_int_equal(invite(w, ana, 0, 3, false, &a), AT_OK);
	assert_int_equal(invite(w, ana, 0, 1, false, &b), AT_OK);
	assert_int_equal(invite(w, 0, ben, 1, false, &link), AT_OK);
	assert_int_equal(auth_invites(w->auth, ana, 4, list), 2);
	assert_int_equal(list[0].id, b.invite);
	assert_int_equal(auth_invites(w->auth, ana, 1, list), 1);
	assert_int_equal(list[0].id, b.invite);
	assert_int_equal(auth_invites(w->auth, ben, 4, list), 0);
	assert_int_equal(auth_invite_look(w->auth, link.token, &admin, &by), AT_ERR_GONE);

	auth_invite_revoke(w->auth, ben, a.invite, on_err, &revoke);
	assert_int_equal(wait_for(w, &revoke), AT_ERR_NOT_FOUND);
	revoke = (struct answer){0};
	auth_invite_revoke(w->auth, ana, a.invite, on_err, &revoke);
	assert_int_equal(auth_invite_look(w->auth, a.token, &admin, &by), AT_ERR_GONE);
	assert_int_equal(wait_for(w, &revoke), AT_OK);
	restart(w);
	assert_int_equal(auth_invite_look(w->auth, a.token, &admin, &by), AT_ERR_GONE);
	assert_int_equal(auth_invite_look(w->auth, b.token, &admin, &by), AT_OK);
	at_clock_shift_for_test(DAY + 1, 0);
	assert_int_equal(auth_invite_look(w->auth, b.token, &admin, &by), AT_ERR_GONE);
	assert_int_equal(join(w, b.token, "cem", &revoke), AT_ERR_GONE);
	at_clock_shift_for_test(-DAY - 1, 0);
}

static void test_sign_in_links_are_used_once(void **state)
{
	struct world *w = *state;
	uint64_t ana = person(w, "ana", "Ana");
	struct answer link, a = {0}, b = {0}, c = {0};
	assert_int_equal(invite(w, 0, ana, 1, false, &link), AT_OK);
	assert_int_equal(join(w, link.token, "ben", &c), AT_ERR_GONE);
	auth_link(w->auth, link.token, "phone", HERE, on_result, &a);
	auth_link(w->auth, link.token, "phone", HERE, on_result, &b);
	assert_int_equal(wait_for(w, &a), AT_OK);
	assert_int_equal(wait_for(w, &b), AT_ERR_GONE);
	assert_int_equal(auth_session(w->auth, a.result.token)->user, ana);
}

static size_t found(struct world *w, const char *q, char out[128])
{
	uint64_t ids[8];
	size_t n = auth_find(w->auth, q, 8, ids);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(out + strlen(out), 128 - strlen(out), "%s ", auth_user(w->auth, ids[i])->username);
	return n;
}

static void test_finding(void **state)
{
	struct world *w = *state;
	char out[128];
	uint64_t one[1];
	person(w, "zoe", "\xc3\x84nne-Marie L\xc3\xb8kke");
	person(w, "ana2", "Ana");
	person(w, "ana1", "ana");
	person(w, "ivan", "\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd");
	found(w, "AN", out);
	assert_string_equal(out, "ana1 ana2 ");
	found(w, "\xc3\xa4n", out);
	assert_string_equal(out, "zoe ");
	found(w, "mar", out);
	assert_string_equal(out, "zoe ");
	found(w, "l\xc3\x98", out);
	assert_string_equal(out, "zoe ");
	found(w, "\xd0\xb8\xd0\x92", out);
	assert_string_equal(out, "ivan ");
	found(w, "zo", out);
	assert_string_equal(out, "zoe ");
	assert_int_equal(found(w, "na", out), 0);
	assert_int_equal(found(w, "", out), 4);
	assert_int_equal(auth_find(w->auth, "ana", 1, one), 1);
	assert_string_equal(auth_user(w->auth, one[0])->username, "ana1");
}

static void test_command_line(void **state)
{
	struct world *w = *state;
	struct answer a;
	uint64_t id;
	world_close(w);
	struct store *store;
	assert_int_equal(store_open(w->dir, NULL, &store), AT_OK);
	assert_int_equal(auth_user_add_now(store, "Ana", "Ana", GOOD, true, &id), AT_OK);
	assert_int_equal(auth_user_add_now(store, "ana", "Ana", GOOD, true, &id), AT_ERR_EXISTS);
	assert_int_equal(auth_user_add_now(store, "ben", "Ben", "short", true, &id), AT_ERR_BAD_REQUEST);
	store_close(&store);
	world_open(w);
	assert_int_equal(signin(w, "ana", GOOD, HERE, &a), AT_OK);
	assert_true(auth_user(w->auth, a.result.user)->admin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_account_joins_as_admin),
		T(test_a_taken_name_does_not_use_the_invitation_up),
		T(test_one_use_cannot_be_used_twice_at_once),
		T(test_what_may_not_be_chosen),
		T(test_invitations),
		T(test_sign_in_links_are_used_once),
		T(test_finding),
		T(test_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
