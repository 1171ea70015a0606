/* Sessions: tokens, how they end, changing people and devices. */
#include "auth/auth_testkit.h"

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

static const struct hub_session_ops socket_ops = {.send = socket_send, .close = socket_close};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tokens),
		T(test_sessions_run_out),
		T(test_revoking_closes_at_once),
		T(test_connected_devices_stay_and_the_oldest_go),
		T(test_changing_people_and_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
