/* A call from its opening to its end: gate, held packets, rate, restarts, silence, a core that comes back. */
#include "base/rand.h"
#include "base/test.h"
#include "media/relay/relay_testkit.h"

static void passes_both_ways(void **state)
{
	(void)state;
	kit_connect();
	static const uint8_t firsts[] = {20, 22, 46, 47, 63, 128, 129, 144, 191};
	for (size_t i = 0; i < sizeof(firsts); i++) {
		struct ice_tuple to;
		assert_true(kit_send(&kit_a, firsts[i], 1200, &to) && ice_tuple_eq(&to, &kit_b));
		assert_true(kit_send(&kit_b, firsts[i], 1500, &to) && ice_tuple_eq(&to, &kit_a));
	}
	struct relay_leg_stats stats[2];
	assert_int_equal(relay_call_stats(kit.relay, &kit.call, stats), AT_OK);
	assert_int_equal(stats[0].packets_in, sizeof(firsts));
	assert_int_equal(stats[1].bytes_in, 1500 * sizeof(firsts));
	assert_true(stats[0].has_address && !stats[0].is_tcp && stats[0].tuples == 1 && stats[0].dropped == 0);
}

static void only_dtls_and_rtp_pass(void **state)
{
	(void)state;
	kit_connect();
	for (int first = 0; first < 256; first++) {
		bool ours = (first >= 20 && first < 64) || (first >= 128 && first < 192);
		assert_int_equal(kit_send(&kit_a, (uint8_t)first, 200, NULL), ours);
	}
	assert_false(kit_send(&kit_a, 128, 0, NULL));
	assert_false(kit_send(&kit_a, 128, 1501, NULL));
	assert_true(kit_send(&kit_a, 128, 1, NULL));
	assert_int_equal(kit_drops(RELAY_DROP_SIZE), 2);
	assert_int_equal(kit_drops(RELAY_DROP_KIND), 256 - 4 - 44 - 64);
}

static void nothing_passes_before_the_gate(void **state)
{
	(void)state;
	kit_check(0, &kit_a, NULL, true);
	kit_check(1, &kit_b, NULL, true);
	struct relay_send send;
	for (int i = 0; i < 1000; i++) {
		kit_expect_drop(&kit_a, 0x80, RELAY_DROP_GATE);
		kit_expect_drop(&kit_b, 0x90, RELAY_DROP_GATE);
		assert_false(kit_send(&kit_a, 22, 300, NULL));
		assert_false(kit_send(&kit_b, 22, 300, NULL));
		assert_false(relay_next_held(kit.relay, &send));
	}
	assert_int_equal(relay_stats(kit.relay)->forwarded, 0);
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &kit.call), AT_OK);
	kit_expect(&kit_a, &kit_b);
}

static void early_dtls_is_held_in_order(void **state)
{
	(void)state;
	uint8_t bytes[100] = {22}, reply[ICE_REPLY_MAX];
	struct relay_send send;
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &kit.call), AT_OK);
	kit_check(1, &kit_b, NULL, true);
	for (uint8_t i = 0; i < RELAY_HELD_MAX + 3; i++) {
		bytes[1] = i;
		assert_false(relay_packet(kit.relay, kit.now_us, &kit_b, bytes, sizeof(bytes), reply, &send));
	}
	assert_int_equal(kit_drops(RELAY_DROP_HELD), 3);
	kit_expect_drop(&kit_b, 0x80, RELAY_DROP_NOWHERE);
	assert_false(relay_next_held(kit.relay, &send));
	kit_check(0, &kit_a, NULL, false);
	for (uint8_t i = 0; i < RELAY_HELD_MAX; i++) {
		assert_true(relay_next_held(kit.relay, &send));
		assert_true(ice_tuple_eq(send.to, &kit_a) && send.len == 100 && send.data[1] == i);
		assert_int_equal(send.copies, 2);
	}
	assert_false(relay_next_held(kit.relay, &send));
	kit_expect(&kit_b, &kit_a);
}

static void held_packets_grow_old(void **state)
{
	(void)state;
	struct relay_send send;
	kit_check(1, &kit_b, NULL, true);
	assert_false(kit_send(&kit_b, 22, 300, NULL));
	kit_wait(RELAY_HELD_MS + 300);
	assert_int_equal(kit_drops(RELAY_DROP_HELD), 1);
	kit_check(0, &kit_a, NULL, true);
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &kit.call), AT_OK);
	assert_false(relay_next_held(kit.relay, &send));
}

/* The pool is for all calls; what one holds comes back when it is closed. */
static void the_pool_of_held_packets_is_bounded(void **state)
{
	(void)state;
	struct at_id ids[10];
	for (unsigned i = 0; i < 10; i++) {
		struct ice_credentials creds[2];
		struct ice_tuple from = kit_v4(203, 0, 113, (uint8_t)i, 5000);
		at_rand(&ids[i], sizeof(ids[i]));
		ice_credentials_make(&creds[0]);
		ice_credentials_make(&creds[1]);
		assert_int_equal(relay_open(kit.relay, kit.now_us, &ids[i], creds, 0), AT_OK);
		kit_check(0, &from, &creds[0], true);
		for (int n = 0; n < RELAY_HELD_MAX; n++)
			assert_false(kit_send(&from, 22, 1500, NULL));
	}
	assert_int_equal(kit_drops(RELAY_DROP_HELD), 10 * RELAY_HELD_MAX - 64);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(relay_close(kit.relay, &ids[i]), AT_OK);
	uint64_t before = kit_drops(RELAY_DROP_HELD);
	kit_check(0, &kit_a, NULL, true);
	for (int n = 0; n < RELAY_HELD_MAX; n++)
		assert_false(kit_send(&kit_a, 22, 1500, NULL));
	assert_int_equal(kit_drops(RELAY_DROP_HELD), before);
}

static void the_rate_is_capped_each_way(void **state)
{
	(void)state;
	kit_connect();
	/* 80 Mbit/s for two seconds: a quarter of a second's worth at once, then 8. */
	uint64_t passed = 0;
	for (int ms = 0; ms < 2000; ms++) {
		kit.now_us += 1000;
		for (int i = 0; i < 10; i++)
			passed += kit_send(&kit_a, 0x80, 1000, NULL);
		if (ms % 10 == 0)
			kit_expect(&kit_b, &kit_a);
	}
	assert_in_range(passed, 2240, 2260);
	assert_int_equal(kit_drops(RELAY_DROP_RATE), 20000 - passed);
	kit.now_us += 1000000;
	kit_expect(&kit_a, &kit_b);
}

/* What goes twice counts twice: nobody gets more through by calling it DTLS. */
static void doubled_packets_count_twice(void **state)
{
	(void)state;
	kit_connect();
	uint64_t passed = 0;
	for (int i = 0; i < 1000; i++)
		passed += kit_send(&kit_a, 22, 1000, NULL);
	assert_in_range(passed, 124, 127);
	assert_false(kit_send(&kit_a, 0x80, 1000, NULL));
}

static void an_ice_restart_keeps_both_sets(void **state)
{
	(void)state;
	kit_connect();
	struct ice_credentials fresh;
	struct ice_tuple moved = kit_v4(192, 0, 2, 1, 1001);
	ice_credentials_make(&fresh);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 0, &fresh), AT_OK);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 0, &fresh), AT_OK);
	kit_expect(&kit_a, &kit_b);
	kit_expect(&kit_b, &kit_a);
	/* The old pair is alive, the new one not nominated yet: nothing moves. */
	assert_int_equal(kit_check(0, &moved, &fresh, false), STUN_BINDING_SUCCESS);
	kit_expect(&kit_b, &kit_a);
	assert_int_equal(kit_check(0, &kit_a, &kit.creds[0], false), STUN_BINDING_SUCCESS);
	assert_int_equal(kit_check(0, &moved, &fresh, true), STUN_BINDING_SUCCESS);
	kit_expect(&kit_b, &moved);
	/* Media still decides. */
	kit_expect(&kit_a, &kit_b);
	kit_expect(&kit_b, &kit_a);
	kit_expect(&moved, &kit_b);
	kit_expect(&kit_b, &moved);
	kit_wait(RELAY_RESTART_MS + 300);
	assert_int_equal(kit_check(0, &moved, &kit.creds[0], false), 0);
}

static void a_second_restart_ends_the_first_set(void **state)
{
	(void)state;
	kit_connect();
	struct ice_credentials second, third;
	ice_credentials_make(&second);
	ice_credentials_make(&third);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 1, &second), AT_OK);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 1, &third), AT_OK);
	assert_int_equal(kit_check(1, &kit_b, &kit.creds[1], true), 0);
	assert_int_equal(kit_check(1, &kit_b, &second, true), STUN_BINDING_SUCCESS);
	assert_int_equal(kit_check(1, &kit_b, &third, true), STUN_BINDING_SUCCESS);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 0, &third), AT_ERR_CONFLICT);
	assert_int_equal(relay_restart(kit.relay, kit.now_us, &kit.call, 2, &third), AT_ERR_BAD_REQUEST);
}

/* Wi-Fi to mobile of somebody who only listens: the check alone moves it, once the old way is silent. */
static void a_listener_moves_by_checks(void **state)
{
	(void)state;
	kit_connect();
	struct ice_tuple moved = kit_v4(100, 64, 1, 1, 7);
	kit_check(1, &moved, NULL, false);
	kit_expect(&kit_a, &kit_b);
	kit_wait(3100);
	kit_check(1, &moved, NULL, false);
	kit_expect(&kit_a, &moved);
}

static void silence_is_told_once(void **state)
{
	(void)state;
	kit_connect();
	for (int i = 0; i < 100; i++) {
		kit_expect(&kit_a, &kit_b);
		kit_wait(20);
	}
	assert_true(kit_no_event());
	kit_wait(RELAY_SILENT_FLOWING_MS + 300);
	assert_true(kit_event(0, RELAY_EVENT_SILENT));
	assert_true(kit_no_event());
	kit_check(1, &kit_b, NULL, false);
	kit_wait(5000);
	assert_true(kit_no_event());
	/* Back, and gone once more. */
	for (int i = 0; i < 50; i++) {
		kit_expect(&kit_a, &kit_b);
		kit_wait(20);
	}
	kit_check(1, &kit_b, NULL, false);
	kit_wait(RELAY_SILENT_FLOWING_MS + 300);
	assert_true(kit_event(0, RELAY_EVENT_SILENT));
}

/* A leg that sends little (muted, discontinuous) is silent only when its checks stop too. */
static void checks_are_signs_of_life(void **state)
{
	(void)state;
	kit_connect();
	for (int i = 0; i < 10; i++) {
		kit_check(0, &kit_a, NULL, false);
		kit_check(1, &kit_b, NULL, false);
		kit_wait(5000);
		assert_true(kit_no_event());
	}
	for (int i = 0; i < 3; i++) {
		kit_check(1, &kit_b, NULL, false);
		kit_wait(3000);
	}
	assert_true(kit_event(0, RELAY_EVENT_SILENT));
	assert_true(kit_no_event());
}

static void consent_runs_out(void **state)
{
	(void)state;
	kit_connect();
	struct relay_event event;
	/* Media is no consent: a sender whose checks stopped is cut off. */
	for (int i = 0; i < 31 * 10; i++) {
		kit_send(&kit_a, 0x80, 100, NULL);
		if (i % 50 == 0)
			kit_check(1, &kit_b, NULL, false);
		kit_wait(100);
	}
	assert_true(kit_event(0, RELAY_EVENT_LOST));
	kit_expect_drop(&kit_a, 0x80, RELAY_DROP_STRANGER);
	kit_expect_drop(&kit_b, 0x80, RELAY_DROP_NOWHERE);
	assert_false(relay_knows(kit.relay, &kit_a));
	while (relay_next_event(kit.relay, &event)) {}
	kit_check(0, &kit_a, NULL, false);
	assert_true(kit_event(0, RELAY_EVENT_CONNECTED));
	kit_expect(&kit_b, &kit_a);
}

static void a_closed_connection_is_forgotten(void **state)
{
	(void)state;
	kit_connect();
	struct ice_tuple tcp = kit_a;
	tcp.transport = ICE_TCP;
	tcp.conn = 9;
	kit_check(0, &tcp, NULL, true);
	kit_expect(&tcp, &kit_b);
	kit_expect(&kit_b, &tcp);
	struct relay_leg_stats stats[2];
	assert_int_equal(relay_call_stats(kit.relay, &kit.call, stats), AT_OK);
	assert_true(stats[0].is_tcp && stats[0].tuples == 2);
	relay_tuple_gone(kit.relay, kit.now_us, &tcp);
	kit_expect(&kit_b, &kit_a);
	relay_tuple_gone(kit.relay, kit.now_us, &kit_a);
	assert_true(kit_event(0, RELAY_EVENT_LOST));
	kit_expect_drop(&kit_b, 0x80, RELAY_DROP_NOWHERE);
}

static void opening_and_closing(void **state)
{
	(void)state;
	struct at_id other;
	struct ice_credentials creds[2], bad[2];
	at_rand(&other, sizeof(other));
	ice_credentials_make(&creds[0]);
	ice_credentials_make(&creds[1]);
	assert_int_equal(relay_open(kit.relay, 0, &kit.call, creds, 0), AT_ERR_EXISTS);
	assert_int_equal(relay_open(kit.relay, 0, &kit.call, kit.creds, 0), AT_OK);
	assert_int_equal(relay_open(kit.relay, 0, &other, kit.creds, 0), AT_ERR_CONFLICT);
	bad[0] = bad[1] = creds[0];
	assert_int_equal(relay_open(kit.relay, 0, &other, bad, 0), AT_ERR_CONFLICT);
	bad[1].pwd[0] = '\0';
	assert_int_equal(relay_open(kit.relay, 0, &other, bad, 0), AT_ERR_BAD_REQUEST);
	assert_int_equal(relay_gate(kit.relay, 0, &other), AT_ERR_NOT_FOUND);
	assert_int_equal(relay_restart(kit.relay, 0, &other, 0, &creds[0]), AT_ERR_NOT_FOUND);
	assert_int_equal(relay_close(kit.relay, &other), AT_ERR_NOT_FOUND);
	kit_connect();
	assert_int_equal(relay_close(kit.relay, &kit.call), AT_OK);
	kit_expect_drop(&kit_a, 0x80, RELAY_DROP_STRANGER);
	assert_int_equal(kit_check(0, &kit_a, NULL, true), 0);
	assert_int_equal(relay_calls(kit.relay), 0);
	/* All of the pool can be used, again and again. */
	for (int round = 0; round < 3; round++) {
		struct at_id ids[17];
		for (int i = 0; i < 17; i++) {
			at_rand(&ids[i], sizeof(ids[i]));
			ice_credentials_make(&creds[0]);
			ice_credentials_make(&creds[1]);
			assert_int_equal(relay_open(kit.relay, 0, &ids[i], creds, 0), i < 16 ? AT_OK : AT_ERR_BUSY);
		}
		for (int i = 0; i < 16; i++)
			assert_int_equal(relay_close(kit.relay, &ids[i]), AT_OK);
	}
}

static void a_new_core_adopts_its_calls(void **state)
{
	(void)state;
	kit_connect();
	relay_orphan_all(kit.relay);
	kit_expect(&kit_a, &kit_b);
	assert_int_equal(relay_open(kit.relay, kit.now_us, &kit.call, kit.creds, 0), AT_OK);
	assert_int_equal(relay_close_orphans(kit.relay), 0);
	kit_expect(&kit_a, &kit_b);
	relay_orphan_all(kit.relay);
	assert_int_equal(relay_close_orphans(kit.relay), 1);
	kit_expect_drop(&kit_a, 0x80, RELAY_DROP_STRANGER);
}

#define KIT_TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(passes_both_ways),
		KIT_TEST(only_dtls_and_rtp_pass),
		KIT_TEST(nothing_passes_before_the_gate),
		KIT_TEST(early_dtls_is_held_in_order),
		KIT_TEST(held_packets_grow_old),
		KIT_TEST(the_pool_of_held_packets_is_bounded),
		KIT_TEST(the_rate_is_capped_each_way),
		KIT_TEST(doubled_packets_count_twice),
		KIT_TEST(an_ice_restart_keeps_both_sets),
		KIT_TEST(a_second_restart_ends_the_first_set),
		KIT_TEST(a_listener_moves_by_checks),
		KIT_TEST(silence_is_told_once),
		KIT_TEST(checks_are_signs_of_life),
		KIT_TEST(consent_runs_out),
		KIT_TEST(a_closed_connection_is_forgotten),
		KIT_TEST(opening_and_closing),
		KIT_TEST(a_new_core_adopts_its_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
