/* Accounts and sessions over a real store; people get in by links where the password is not what is tested, since hashing is slow. */
#include "auth/auth_priv.h"

#include "base/mem.h"
#include "base/test.h"
#include "base/time.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define GOOD "a fine long password"
#define HERE "192.0.2.7"

struct world {
	char dir[64];
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct auth *auth;
};

static void world_open(struct world *w)
{
	w->loop = at_loop_new();
	assert_int_equal(store_open(w->dir, w->loop, &w->store), AT_OK);
	w->hub = hub_new();
	assert_int_equal(auth_new(w->loop, w->store, w->hub, &w->auth), AT_OK);
}

static void world_close(struct world *w)
{
	store_drain(w->store);
	auth_free(&w->auth);
	hub_free(&w->hub);
	store_close(&w->store);
	at_loop_free(&w->loop);
}

static void restart(struct world *w)
{
	world_close(w);
	world_open(w);
}

static int setup(void **state)
{
	struct world *w = at_alloc(sizeof(*w));
	snprintf(w->dir, sizeof(w->dir), "/tmp/at_auth_test_XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	world_open(w);
	*state = w;
	return 0;
}

static int rm_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;
	world_close(w);
	nftw(w->dir, rm_one, 16, FTW_DEPTH | FTW_PHYS);
	at_free(w);
	return at_log_unexpected_for_test();
}

/* ---- asking and waiting ---- */

struct answer {
	int n;
	enum at_err err;
	struct auth_result result;
	uint64_t invite;
	char token[AUTH_TOKEN_LEN + 1];
};

static void on_result(void *arg, const struct auth_result *result)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = result->err;
	answer->result = *result;
}

static void on_err(void *arg, enum at_err err)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = err;
}

static void on_invite(void *arg, enum at_err err, uint64_t invite, const char *token, int64_t expires)
{
	struct answer *answer = arg;
	answer->n++;
	answer->err = err;
	answer->invite = invite;
	if (err == AT_OK) {
		memcpy(answer->token, token, sizeof(answer->token));
		assert_true(expires > at_wall_ms());
	}
}

static enum at_err wait_for(struct world *w, struct answer *answer)
{
	while (!answer->n)
		at_loop_step(w->loop, 50);
	assert_int_equal(answer->n, 1);
	return answer->err;
}

static enum at_err signin(struct world *w, const char *username, const char *password, const char *addr,
			  struct answer *answer)
{
	*answer = (struct answer){0};
	auth_signin(w->auth, username, password, "laptop", addr, on_result, answer);
	return wait_for(w, answer);
}

static enum at_err join(struct world *w, const char *token, const char *username, struct answer *answer)
{
	*answer = (struct answer){0};
	auth_join(w->auth, token, username, "Some One", GOOD, "laptop", HERE, on_result, answer);
	return wait_for(w, answer);
}

static enum at_err invite(struct world *w, uint64_t by, uint64_t link_user, uint32_t uses, bool admin,
			  struct answer *answer)
{
	*answer = (struct answer){0};
	auth_invite_new(w->auth, by, link_user, uses, DAY, admin, on_invite, answer);
	return wait_for(w, answer);
}

static enum at_err add_row(struct store_tx *tx, void *msg)
{
	struct store_user *user = msg;
	return store_user_add(tx, user, &user->id);
}

/* A person without a password. */
static uint64_t person(struct world *w, const char *username, const char *name)
{
	struct store_user row = {.username = username,
				 .name = name,
				 .password = "",
				 .receipts = true,
				 .created = at_wall_ms()};
	assert_int_equal(store_run_now(w->store, add_row, &row), AT_OK);
	auth_user_learn(w->auth, &row);
	return row.id;
}

static struct answer device_of(struct world *w, uint64_t user, const char *name)
{
	struct answer link, answer = {0};
	assert_int_equal(invite(w, 0, user, 1, false, &link), AT_OK);
	auth_link(w->auth, link.token, name, HERE, on_result, &answer);
	assert_int_equal(wait_for(w, &answer), AT_OK);
	return answer;
}

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

/* ---- signing in, and guessing ---- */

static void with_password(struct world *w, const char *username)
{
	struct answer inv, a;
	assert_int_equal(invite(w, 0, 0, 1, false, &inv), AT_OK);
	assert_int_equal(join(w, inv.token, username, &a), AT_OK);
}

static void test_wrong_and_unknown_are_the_same(void **state)
{
	struct world *w = *state;
	struct answer wrong, unknown;
	with_password(w, "ana");
	for (int i = 0; i < 6; i++) {
		assert_int_equal(signin(w, "ana", "not the password", HERE, &wrong), AT_ERR_UNAUTHORIZED);
		assert_int_equal(signin(w, "nobody", "not the password", HERE, &unknown), AT_ERR_UNAUTHORIZED);
	}
	/* And locked out alike, the right password included. */
	assert_int_equal(signin(w, "ana", GOOD, HERE, &wrong), AT_ERR_RATE_LIMITED);
	assert_int_equal(signin(w, "nobody", GOOD, HERE, &unknown), AT_ERR_RATE_LIMITED);
	assert_in_range(wrong.result.retry_ms, 1, 1000);
	assert_in_range(unknown.result.retry_ms, 1, 1000);
	assert_int_equal(signin(w, "ana", "", HERE, &wrong), AT_ERR_RATE_LIMITED);
	assert_int_equal(signin(w, "a b", GOOD, HERE, &wrong), AT_ERR_BAD_REQUEST);
}

static void test_unknown_takes_the_time_of_wrong(void **state)
{
	struct world *w = *state;
	struct answer a;
	int64_t best[2] = {INT64_MAX, INT64_MAX};
	with_password(w, "ana");
	for (int i = 0; i < 3; i++)
		for (int who = 0; who < 2; who++) {
			int64_t start = at_mono_us();
			assert_int_equal(signin(w, who ? "nobody" : "ana", "not the password", "127.0.0.1", &a),
					 AT_ERR_UNAUTHORIZED);
			int64_t took = at_mono_us() - start;
			best[who] = took < best[who] ? took : best[who];
		}
	/* A generous bound, since the machine is shared: without the dummy it would be a thousandth. */
	assert_true(best[1] * 2 > best[0] && best[0] * 2 > best[1]);
}

static void test_penalties_grow_decay_and_survive_a_restart(void **state)
{
	struct world *w = *state;
	struct auth_attempt attempt = auth_attempt_of("ana", HERE);
	for (int i = 0; i < 5; i++)
		auth_attempt_begin(w->auth, &attempt);
	assert_int_equal(auth_attempt_wait(w->auth, &attempt), 0);
	int64_t expected = 1000;
	for (int i = 0; i < 14; i++) {
		auth_attempt_begin(w->auth, &attempt);
		int64_t wait = auth_attempt_wait(w->auth, &attempt);
		assert_in_range(wait, expected - 200, expected);
		expected = expected * 2 > 15 * MINUTE ? 15 * MINUTE : expected * 2;
	}
	restart(w);
	assert_in_range(auth_attempt_wait(w->auth, &attempt), 15 * MINUTE - 2000, 15 * MINUTE);
	at_clock_shift_for_test(15 * MINUTE, 0);
	assert_int_equal(auth_attempt_wait(w->auth, &attempt), 0);
	auth_attempt_begin(w->auth, &attempt);
	assert_in_range(auth_attempt_wait(w->auth, &attempt), 14 * MINUTE, 15 * MINUTE);
	at_clock_shift_for_test(3 * HOUR, 0);
	for (int i = 0; i < 5; i++)
		auth_attempt_begin(w->auth, &attempt);
	assert_int_equal(auth_attempt_wait(w->auth, &attempt), 0);
	/* A clock set back does not keep anybody out for longer than the pause itself. */
	auth_attempt_begin(w->auth, &attempt);
	at_clock_shift_for_test(-3 * HOUR - 15 * MINUTE, 0);
	assert_in_range(auth_attempt_wait(w->auth, &attempt), 1, 1000);
	auth_attempt_succeeded(w->auth, &attempt);
	assert_int_equal(auth_attempt_wait(w->auth, &attempt), 0);
}

static void test_addresses_are_throttled_too(void **state)
{
	struct world *w = *state;
	struct auth_attempt six = auth_attempt_of("x", "2001:db8:1:2::1"),
			    near = auth_attempt_of("y", "2001:db8:1:2:ffff::9"),
			    far = auth_attempt_of("y", "2001:db8:1:3::1");
	assert_string_equal(six.addr_key, near.addr_key);
	assert_string_not_equal(six.addr_key, far.addr_key);
	assert_string_equal(auth_attempt_of("y", "::ffff:192.0.2.7").addr_key,
			    auth_attempt_of("y", "192.0.2.7").addr_key);
	assert_string_equal(auth_attempt_of("y", "127.0.0.1").addr_key, "");
	assert_string_equal(auth_attempt_of("y", "::1").addr_key, "");
	for (int i = 0; i < 21; i++) {
		char username[16];
		snprintf(username, sizeof(username), "user%d", i);
		struct auth_attempt attempt = auth_attempt_of(username, "2001:db8:1:2::1");
		auth_attempt_begin(w->auth, &attempt);
	}
	assert_true(auth_attempt_wait(w->auth, &near) > 0);
	assert_int_equal(auth_attempt_wait(w->auth, &far), 0);
	struct answer a = {0};
	auth_link(w->auth, "x", "phone", "2001:db8:1:2::5", on_result, &a);
	assert_int_equal(a.err, AT_ERR_RATE_LIMITED);
}

static void test_many_guesses_at_once_gain_nothing(void **state)
{
	struct world *w = *state;
	struct answer a[24] = {0};
	int limited = 0;
	for (size_t i = 0; i < 24; i++)
		auth_signin(w->auth, "ana", "a guess of mine", "laptop", HERE, on_result, &a[i]);
	for (size_t i = 0; i < 24; i++)
		limited += wait_for(w, &a[i]) == AT_ERR_RATE_LIMITED;
	assert_int_equal(limited, 18);
}

static void test_a_full_queue_is_busy_and_not_held_against_anybody(void **state)
{
	struct world *w = *state;
	struct answer a[24] = {0};
	int busy = 0;
	for (size_t i = 0; i < 24; i++) {
		char username[16];
		snprintf(username, sizeof(username), "user%zu", i);
		auth_signin(w->auth, username, "a guess of mine", "laptop", "127.0.0.1", on_result, &a[i]);
		busy += a[i].n && a[i].err == AT_ERR_BUSY;
	}
	assert_in_range(busy, 7, 8);
	assert_null(at_map_get(w->auth->limits, "auth.u:user23", 13));
	/* Closing answers those that are still waiting. */
	world_close(w);
	for (size_t i = 0; i < 24; i++)
		assert_int_equal(a[i].n, 1);
	world_open(w);
}

/* ---- sessions ---- */

static void test_tokens(void **state)
{
	struct world *w = *state;
	struct answer a = device_of(w, person(w, "ana", "Ana"), "laptop");
	char frame[AUTH_TOKEN_LEN + 1], other[AUTH_TOKEN_LEN + 1];
	assert_int_equal(strlen(a.result.token), AUTH_TOKEN_LEN);
	auth_frame_token(w->auth, a.result.token, frame);
	assert_true(auth_frame_token_ok(w->auth, a.result.device, frame));
	assert_false(auth_frame_token_ok(w->auth, a.result.device, a.result.token));
	assert_false(auth_frame_token_ok(w->auth, a.result.device, ""));
	assert_false(auth_frame_token_ok(w->auth, a.result.device + 1, frame));
	memcpy(other, a.result.token, sizeof(other));
	other[5] = other[5] == 'a' ? 'b' : 'a';
	assert_null(auth_session(w->auth, other));
	assert_null(auth_session(w->auth, NULL));
	assert_null(auth_session(w->auth, ""));
	assert_null(auth_session(w->auth, frame));
	restart(w);
	assert_non_null(auth_session(w->auth, a.result.token));
	assert_true(auth_frame_token_ok(w->auth, a.result.device, frame));
}

static void test_sessions_run_out(void **state)
{
	struct world *w = *state;
	uint64_t devices[4], ana = person(w, "ana", "Ana");
	struct answer idle = device_of(w, ana, "old phone"), used = device_of(w, ana, "laptop");
	for (int i = 1; i <= 6; i++) {
		at_clock_shift_for_test(29 * DAY, 0);
		assert_non_null(auth_session(w->auth, used.result.token));
		auth_device_touch(w->auth, used.result.device);
		assert_true((auth_session(w->auth, idle.result.token) != NULL) == (i == 1));
		assert_int_equal(auth_devices_of(w->auth, ana, 4, devices), i == 1 ? 2 : 1);
		if (i == 2)
			restart(w);
	}
	at_clock_shift_for_test(6 * DAY, 0);
	assert_null(auth_session(w->auth, used.result.token));
	at_clock_shift_for_test(-180 * DAY, 0);
	assert_non_null(auth_session(w->auth, used.result.token)); /* a wrong clock revokes nobody */
}

struct socket {
	struct hub_session session;
	uint16_t closed;
};

static void socket_send(struct hub_session *session, struct at_bytes *frame, bool binary)
{
	(void)session, (void)frame, (void)binary;
}

static void socket_close(struct hub_session *session, uint16_t code)
{
	AT_ENTRY(session, struct socket, session)->closed = code;
}

static const struct hub_session_ops socket_ops = {socket_send, socket_close};

static void test_revoking_closes_at_once(void **state)
{
	struct world *w = *state;
	uint64_t devices[4], ana = person(w, "ana", "Ana"), ben = person(w, "ben", "Ben");
	struct answer a = device_of(w, ana, "laptop"), b = device_of(w, ana, "phone"), done = {0};
	struct socket s = {.session = {.ops = &socket_ops, .user = ana, .device = a.result.device}};
	hub_add(w->hub, &s.session);
	auth_device_revoke(w->auth, ben, a.result.device, on_err, &done);
	assert_int_equal(wait_for(w, &done), AT_ERR_NOT_FOUND);
	done = (struct answer){0};
	auth_device_revoke(w->auth, ana, a.result.device, on_err, &done);
	assert_int_equal(s.closed, 4001);
	assert_null(auth_session(w->auth, a.result.token));
	assert_int_equal(wait_for(w, &done), AT_OK);
	assert_int_equal(auth_devices_of(w->auth, ana, 4, devices), 1);
	assert_int_equal(devices[0], b.result.device);
	hub_remove(w->hub, &s.session);
	restart(w);
	assert_null(auth_session(w->auth, a.result.token));
	assert_null(auth_device(w->auth, a.result.device));
	assert_non_null(auth_session(w->auth, b.result.token));
}

static void test_connected_devices_stay_and_the_oldest_go(void **state)
{
	struct world *w = *state;
	uint64_t ana = person(w, "ana", "Ana");
	struct answer a = device_of(w, ana, "laptop");
	struct socket s = {.session = {.ops = &socket_ops, .user = ana, .device = a.result.device}};
	hub_add(w->hub, &s.session);
	at_clock_shift_for_test(40 * DAY, 0);
	auth_sweep(w->auth);
	assert_non_null(auth_session(w->auth, a.result.token));
	assert_int_equal(s.closed, 0);
	at_clock_shift_for_test(140 * DAY, 0);
	auth_sweep(w->auth);
	assert_int_equal(s.closed, 4001);
	at_clock_shift_for_test(-180 * DAY, 0);
	hub_remove(w->hub, &s.session);
}

static void test_changing_people_and_devices(void **state)
{
	struct world *w = *state;
	uint64_t ana = person(w, "ana", "Ana");
	struct answer a = device_of(w, ana, "laptop"), done = {0}, done2 = {0}, bad = {0};
	struct auth_user changed = *auth_user(w->auth, ana);
	char name[] = " Ana Maria ";
	changed.name = name;
	auth_user_put(w->auth, &changed, on_err, &done);
	changed = *auth_user(w->auth, ana); /* before the first is on disk */
	changed.receipts = false;
	changed.hide_decline = true;
	changed.quiet_until = 12345;
	auth_user_put(w->auth, &changed, on_err, &done2);
	assert_int_equal(wait_for(w, &done), AT_OK);
	assert_int_equal(wait_for(w, &done2), AT_OK);
	char empty[] = " ";
	changed.name = empty;
	auth_user_put(w->auth, &changed, on_err, &bad);
	assert_int_equal(bad.err, AT_ERR_BAD_REQUEST);
	done = done2 = (struct answer){0};
	auth_device_rename(w->auth, ana, a.result.device, "Kitchen", on_err, &done);
	at_clock_shift_for_test(2 * HOUR, 0);
	auth_device_touch(w->auth, a.result.device);
	assert_int_equal(wait_for(w, &done), AT_OK);
	auth_device_rename(w->auth, ana + 1, a.result.device, "Mine", on_err, &done2);
	assert_int_equal(done2.err, AT_ERR_NOT_FOUND);
	restart(w);
	const struct auth_user *user = auth_user(w->auth, ana);
	assert_string_equal(user->name, "Ana Maria");
	assert_true(!user->receipts && user->hide_decline && user->quiet_until == 12345);
	assert_string_equal(auth_device(w->auth, a.result.device)->name, "Kitchen");
	assert_true(auth_device(w->auth, a.result.device)->seen >
		    auth_device(w->auth, a.result.device)->created + HOUR);
	at_clock_shift_for_test(-2 * HOUR, 0);
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

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_first_account_joins_as_admin),
		T(test_a_taken_name_does_not_use_the_invitation_up),
		T(test_one_use_cannot_be_used_twice_at_once),
		T(test_what_may_not_be_chosen),
		T(test_invitations),
		T(test_sign_in_links_are_used_once),
		T(test_wrong_and_unknown_are_the_same),
		T(test_unknown_takes_the_time_of_wrong),
		T(test_penalties_grow_decay_and_survive_a_restart),
		T(test_addresses_are_throttled_too),
		T(test_many_guesses_at_once_gain_nothing),
		T(test_a_full_queue_is_busy_and_not_held_against_anybody),
		T(test_tokens),
		T(test_sessions_run_out),
		T(test_revoking_closes_at_once),
		T(test_connected_devices_stay_and_the_oldest_go),
		T(test_changing_people_and_devices),
		T(test_finding),
		T(test_command_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
