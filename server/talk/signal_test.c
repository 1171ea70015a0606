/* What the two devices say to each other, and that nobody else hears it. */
#include "talk/talk_testkit.h"

static struct world *talking(bool opened)
{
	kit_new();
	connect_call(1, opened);
	return kit.world;
}

static void nobody_else_heard(struct world *world)
{
	assert_false(heard(world, A2, "media."));
	assert_false(heard(world, B2, "media."));
	assert_false(heard(world, C1, "media."));
}

static void test_a_leg(void **state)
{
	(void)state;
	talking(false);
	struct asked caller = do_open(1, A1, false), callee = do_open(1, B1, false);

	assert_true(says(caller.json, "{\"leg\":{\"ufrag\":\""));
	assert_true(says(caller.json, "\"candidates\":[{\"proto\":\"udp\",\"addr\":\"192.0.2.9\",\"port\":5000},"
				      "{\"proto\":\"tcp\",\"addr\":\"192.0.2.9\",\"port\":5000}]},"));
	assert_true(says(caller.json, "\"offerer\":true,\"peer\":{\"user\":2,\"device\":21,\"key\":"
				      "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}"));
	assert_true(says(callee.json, "\"offerer\":false,\"peer\":{\"user\":1,\"device\":11,\"key\":null}}"));
	/* Again is the same; afresh is another, and the role hears of it. */
	assert_string_equal(do_open(1, A1, false).json, caller.json);
	role_heard_nothing();
	struct asked fresh = do_open(1, A1, true);
	assert_string_not_equal(fresh.json, caller.json);
	struct said said = role_heard(IPC_MEDIA_RESTART);
	assert_int_equal(said.leg, 0);
	assert_true(says(fresh.json, said.creds[0].ufrag));
	assert_true(says(fresh.json, said.creds[0].pwd));
	assert_string_equal(do_open(1, B1, false).json, callee.json);
	kit_free();
}

static void test_strangers_and_other_devices(void **state)
{
	(void)state;
	struct world *world = talking(true);
	static const uint64_t others[] = {A2, B2, C1};

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(do_open(1, others[i], false).err, AT_ERR_NOT_FOUND);
		assert_int_equal(do_open(1, others[i], true).err, AT_ERR_NOT_FOUND);
		assert_int_equal(do_signal(1, others[i], TALK_OFFER, "v=0"), AT_ERR_NOT_FOUND);
		assert_int_equal(do_state(1, others[i], true), AT_ERR_NOT_FOUND);
		assert_int_equal(do_ask(1, others[i], TALK_ASK), AT_ERR_NOT_FOUND);
		assert_int_equal(do_open(9, others[i], false).err, AT_ERR_NOT_FOUND);
	}
	assert_false(heard(world, A1, "media."));
	assert_false(heard(world, B1, "media."));
	role_heard_nothing();
	kit_free();
}

static void test_passed_on(void **state)
{
	(void)state;
	struct world *world = talking(true);

	assert_int_equal(do_signal(1, A1, TALK_OFFER, "v=0\r\no=\"x\"\r\n"), AT_OK);
	assert_true(heard(world, B1, "{\"ev\":\"media.signal\",\"call\":\"ca11"));
	assert_true(heard(world, B1,
			  "\"device\":11,\"kind\":\"offer\",\"sdp\":\"v=0\\r\\no=\\\"x\\\"\\r\\n\",\"sig\":\"\"}"));
	assert_false(heard(world, A1, "media."));
	assert_int_equal(do_signal(1, B1, TALK_ANSWER, "v=1"), AT_OK);
	assert_true(heard(world, A1, "\"device\":21,\"kind\":\"answer\",\"sdp\":\"v=1\""));
	assert_int_equal(do_state(1, B1, true), AT_OK);
	assert_true(heard(world, A1, "\"user\":2,\"muted\":true,\"camera\":false,\"screen\":false}"));
	assert_int_equal(do_ask(1, A1, TALK_ASK), AT_OK);
	assert_true(heard(world, B1, "{\"ev\":\"media.ask\""));
	assert_true(heard(world, B1, "\"user\":1,\"yes\":null}"));
	assert_int_equal(do_ask(1, B1, TALK_YES), AT_OK);
	assert_true(heard(world, A1, "\"user\":2,\"yes\":true}"));
	assert_int_equal(do_ask(1, B1, TALK_NO), AT_OK);
	assert_true(heard(world, A1, "\"user\":2,\"yes\":false}"));
	nobody_else_heard(world);
	kit_free();
}

/* One asks, the other agrees: only that makes it a video call. */
static void test_turned_by_both(void **state)
{
	(void)state;
	struct world *world = talking(true);

	assert_int_equal(do_ask(1, B1, TALK_YES), AT_OK); /* nobody has asked */
	assert_int_equal(do_ask(1, A1, TALK_ASK), AT_OK);
	assert_int_equal(do_ask(1, A1, TALK_YES), AT_OK); /* nor may one agree with oneself */
	assert_int_equal(do_ask(1, B1, TALK_NO), AT_OK);
	assert_int_equal(do_ask(1, B1, TALK_YES), AT_OK);
	settle(world);
	assert_false(heard(world, A1, "\"turned\":true"));
	assert_int_equal(do_ask(1, B1, TALK_ASK), AT_OK);
	assert_int_equal(do_ask(1, A1, TALK_YES), AT_OK);
	settle(world);
	assert_true(heard(world, A1, "\"turned\":true"));
	assert_true(heard(world, B1, "\"turned\":true"));
	kit_free();
}

static void test_kept_for_who_comes_later(void **state)
{
	(void)state;
	struct world *world = talking(false);

	assert_int_equal(do_open(1, A1, false).err, AT_OK);
	assert_int_equal(do_signal(1, A1, TALK_OFFER, "first"), AT_OK);
	assert_int_equal(do_signal(1, A1, TALK_OFFER, "second"), AT_OK);
	assert_int_equal(do_state(1, A1, true), AT_OK);
	assert_false(heard(world, B1, "media.")); /* it has not asked for its leg */
	assert_int_equal(do_open(1, B1, false).err, AT_OK);
	assert_true(heard(world, B1, "second"));
	assert_false(heard(world, B1, "first"));
	assert_true(heard(world, B1, "\"muted\":true"));
	/* A leg that is opened afresh hears nothing twice. */
	forget_heard(world);
	assert_int_equal(do_open(1, B1, true).err, AT_OK);
	assert_false(heard(world, B1, "media."));
	/* One that was away does. */
	assert_int_equal(do_signal(1, B1, TALK_ANSWER, "third"), AT_OK);
	phone_off(world, A1);
	phone_off(world, B1);
	phone_on(world, A1);
	phone_on(world, B1);
	forget_heard(world);
	assert_int_equal(do_open(1, A1, true).err, AT_OK);
	assert_true(heard(world, A1, "third"));
	assert_false(heard(world, A1, "second"));
	assert_int_equal(do_open(1, B1, true).err, AT_OK);
	assert_true(heard(world, B1, "second"));
	/* An answer to an offer that no longer stands is not said again. */
	assert_int_equal(do_signal(1, A1, TALK_OFFER, "fourth"), AT_OK);
	phone_off(world, A1);
	phone_on(world, A1);
	forget_heard(world);
	assert_int_equal(do_open(1, A1, false).err, AT_OK);
	assert_false(heard(world, A1, "media.signal"));
	nobody_else_heard(world);
	kit_free();
}

static void test_caps(void **state)
{
	(void)state;
	struct world *world = talking(true);
	static char text[TALK_SDP_MAX + 2];
	const struct talk_asker asker = {.call = call_id(1), .user = ANA, .device = A1};
	char sig[TALK_SIG_LEN + 2] = "";

	assert_int_equal(do_signal(1, A1, TALK_OFFER, ""), AT_ERR_BAD_REQUEST);
	memset(text, '\x01', TALK_SDP_MAX + 1);
	assert_int_equal(do_signal(1, A1, TALK_OFFER, text), AT_ERR_BAD_REQUEST);
	text[TALK_SDP_MAX] = '\0';
	assert_int_equal(do_signal(1, A1, TALK_OFFER, text), AT_OK); /* six bytes each on the wire */
	forget_heard(world);
	memset(sig, 'x', TALK_SIG_LEN);
	assert_int_equal(talk_signal(kit.talks, &asker, TALK_OFFER, "v=0", sig), AT_OK);
	assert_true(heard(world, B1, sig));
	sig[TALK_SIG_LEN - 1] = '\0';
	assert_int_equal(talk_signal(kit.talks, &asker, TALK_OFFER, "v=0", sig), AT_ERR_BAD_REQUEST);
	sig[TALK_SIG_LEN - 1] = '"';
	assert_int_equal(talk_signal(kit.talks, &asker, TALK_OFFER, "v=0", sig), AT_ERR_BAD_REQUEST);
	kit_free();
}

/* ---- moving ---- */

static void test_moved(void **state)
{
	(void)state;
	struct world *world = talking(true);
	struct asked old = do_open(1, B1, false);

	assert_int_equal(do_signal(1, A1, TALK_OFFER, "to the phone"), AT_OK);
	assert_int_equal(do_signal(1, B1, TALK_ANSWER, "from the phone"), AT_OK);
	assert_int_equal(do_state(1, A1, true), AT_OK);
	forget_heard(world);
	assert_int_equal(do_move(world, 1, B2).err, AT_OK);
	(void)role_heard(IPC_MEDIA_CLOSE);
	struct said said = role_heard(IPC_MEDIA_OPEN);
	assert_true(said.gate);
	assert_false(says(old.json, said.creds[1].pwd));
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, A1, "\"why\":\"moved\""));
	assert_false(heard(world, B1, "media."));
	assert_int_equal(do_open(1, B1, true).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_signal(1, B1, TALK_ANSWER, "still me"), AT_ERR_NOT_FOUND);
	/* The new one hears nothing that was said to the old one, but what the other one's state is. */
	struct asked leg = do_open(1, B2, false);
	assert_int_equal(leg.err, AT_OK);
	assert_true(says(leg.json, said.creds[1].pwd));
	assert_false(heard(world, B2, "media.signal"));
	assert_true(heard(world, B2, "\"muted\":true"));
	assert_true(says(do_open(1, A1, true).json, "\"device\":22"));
	assert_int_equal(do_signal(1, A1, TALK_OFFER, "to the laptop"), AT_OK);
	assert_true(heard(world, B2, "to the laptop"));
	assert_false(heard(world, B1, "to the laptop"));
	kit_free();
}

static void test_caller_moved(void **state)
{
	(void)state;
	struct world *world = talking(true);

	assert_int_equal(do_move(world, 1, A2).err, AT_OK);
	role_says(MEDIA_OPENED, 1, 0, AT_OK);
	assert_true(heard(world, B1, "\"why\":\"moved\""));
	assert_true(says(do_open(1, A2, false).json, "\"offerer\":true"));
	assert_int_equal(do_open(1, A1, false).err, AT_ERR_NOT_FOUND);
	assert_int_equal(do_signal(1, A2, TALK_OFFER, "new"), AT_OK);
	assert_true(heard(world, B1, "\"device\":12,\"kind\":\"offer\""));
	kit_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_a_leg),        AT_TEST(test_strangers_and_other_devices),
		AT_TEST(test_passed_on),    AT_TEST(test_kept_for_who_comes_later),
		AT_TEST(test_caps),         AT_TEST(test_moved),
		AT_TEST(test_caller_moved), AT_TEST(test_turned_by_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
