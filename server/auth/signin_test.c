/* Signing in, and guessing. */
#include "auth/auth_testkit.h"

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
	/* And locked out alike, the right password included. Some more failures, so that a slow machine does not outwait them. */
	struct auth_attempt attempts[] = {auth_attempt_of("ana", HERE), auth_attempt_of("nobody", HERE)};
	for (int i = 0; i < 5; i++) {
		auth_attempt_begin(w->auth, &attempts[0]);
		auth_attempt_begin(w->auth, &attempts[1]);
	}
	assert_int_equal(signin(w, "ana", GOOD, HERE, &wrong), AT_ERR_RATE_LIMITED);
	assert_int_equal(signin(w, "nobody", GOOD, HERE, &unknown), AT_ERR_RATE_LIMITED);
	assert_in_range(wrong.result.retry_ms, 1, 32000);
	assert_in_range(unknown.result.retry_ms, 1, 32000);
	assert_int_equal(signin(w, "ana", "", HERE, &wrong), AT_ERR_RATE_LIMITED);
	assert_int_equal(signin(w, "a b", GOOD, HERE, &wrong), AT_ERR_BAD_REQUEST);
}

static void test_unknown_takes_the_time_of_wrong(void **state)
{
	struct world *w = *state;
	struct answer a;
	int64_t best[2] = {INT64_MAX, INT64_MAX};
	int rounds = 0;
	with_password(w, "ana");
	/* A generous bound and several tries, since the machine is shared: without the dummy it would be a thousandth. */
	do {
		for (int who = 0; who < 2; who++) {
			int64_t start = at_mono_us();
			assert_int_equal(signin(w, who ? "nobody" : "ana", "not the password", "127.0.0.1", &a),
					 AT_ERR_UNAUTHORIZED);
			int64_t took = at_mono_us() - start;
			best[who] = took < best[who] ? took : best[who];
		}
		at_clock_shift_for_test(3 * HOUR, 0);
	} while (++rounds < 3 || (rounds < 12 && (best[1] * 2 < best[0] || best[0] * 2 < best[1])));
	assert_true(best[1] * 2 > best[0] && best[0] * 2 > best[1]);
	at_clock_shift_for_test(-3 * HOUR * rounds, 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_wrong_and_unknown_are_the_same),
		T(test_unknown_takes_the_time_of_wrong),
		T(test_penalties_grow_decay_and_survive_a_restart),
		T(test_addresses_are_throttled_too),
		T(test_many_guesses_at_once_gain_nothing),
		T(test_a_full_queue_is_busy_and_not_held_against_anybody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
