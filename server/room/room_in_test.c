#include "room/room_testkit.h"

/* What people do in a room, and what its media does. */

static void test_moderation(void **state)
{
	uint32_t ana, bob, cem;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	(void)do_join(1, C1, &cem);
	struct room_asker as_ana = by(1, A1), as_bob = by(1, B1);

	assert_int_equal(room_set_state(kit.rooms, &as_bob, false, true, false), AT_OK);
	assert_int_equal(room_mute(kit.rooms, &as_bob, ANA), AT_ERR_NOT_FOUND);
	role_forgets();
	assert_int_equal(room_mute(kit.rooms, &as_ana, BOB), AT_OK);
	settle(kit.world);
	const struct media_room_do *told = role_heard(MEDIA_ROOM_STATE);

	assert_true(told->peer == bob && told->state.muted && told->state.camera);
	assert_true(heard(kit.world, B1, "\"ev\":\"room.hint\"") && heard(kit.world, B1, "\"why\":\"muted\",\"by\":1"));
	/* They unmute themselves. */
	assert_int_equal(room_set_state(kit.rooms, &as_bob, false, true, false), AT_OK);
	assert_int_equal(room_kick(kit.rooms, &as_ana, BOB), AT_OK);
	settle(kit.world);
	assert_true(heard(kit.world, B1, "\"why\":\"removed\""));
	assert_int_equal(do_join(1, B1, &bob).err, AT_ERR_GONE);
	assert_int_equal(room_lock(kit.rooms, &as_ana, true), AT_OK);
	(void)leaves(1, C1);
	assert_int_equal(do_join(1, C1, &cem).err, AT_ERR_CONFLICT);
	assert_int_equal(room_lock(kit.rooms, &as_ana, false), AT_OK);
	assert_int_equal(do_join(1, C1, &cem).err, AT_OK);
}

static void on_removed(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)seq, (void)ts, (void)duplicate;
	*(enum at_err *)arg = err;
}

static void test_removed_from_the_group(void **state)
{
	uint32_t ana, bob;
	enum at_err err = AT_ERR_INTERNAL;
	struct chat_asker asker = {ANA, A1, 950};
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	role_forgets();
	chat_group_remove(kit.world->chat, &asker, kit.group, BOB, on_removed, &err);
	settle(kit.world);
	assert_int_equal(err, AT_OK);
	assert_int_equal(role_heard(MEDIA_ROOM_LEAVE)->peer, bob);
	assert_true(heard(kit.world, B1, "\"why\":\"removed\""));
	assert_int_equal(do_join(1, B1, &bob).err, AT_ERR_NOT_FOUND);
}

static void test_reactions_and_hands(void **state)
{
	uint32_t ana, bob;
	(void)state;
	static const char *const bad[] = {"", "hello", "7", "a\xf0\x9f\x91\x8d", "\xff\xfe", "<b>", "\xd0\x96"};

	(void)do_room(1, A1, ROOM_CHAT, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	struct room_asker as_ana = by(1, A1), as_bob = by(1, B1);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(room_react(kit.rooms, &as_bob, bad[i]), AT_ERR_BAD_REQUEST);
	/* A family, a flag, a keycap, a heart with its variation. */
	assert_int_equal(room_react(kit.rooms, &as_bob,
				    "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"),
			 AT_OK);
	assert_int_equal(room_react(kit.rooms, &as_bob, "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa"), AT_OK);
	assert_int_equal(room_react(kit.rooms, &as_bob, "3\xef\xb8\x8f\xe2\x83\xa3"), AT_OK);
	assert_int_equal(room_react(kit.rooms, &as_bob, "\xe2\x9d\xa4\xef\xb8\x8f"), AT_OK);
	assert_int_equal(room_react(kit.rooms, &as_bob, "\xf0\x9f\x91\x8d"), AT_OK);
	assert_int_equal(room_react(kit.rooms, &as_bob, "\xf0\x9f\x91\x8d"), AT_ERR_RATE_LIMITED);
	assert_true(heard(kit.world, A1, "\"user\":2,\"emoji\":\"\xf0\x9f\x91\x8d\"}"));
	assert_false(heard(kit.world, C1, "room.react"));
	pass(kit.world, 3100);
	assert_int_equal(room_react(kit.rooms, &as_bob, "\xf0\x9f\x91\x8d"), AT_OK);

	assert_int_equal(room_hand(kit.rooms, &as_bob, BOB, true), AT_OK);
	assert_int_equal(room_hand(kit.rooms, &as_ana, ANA, true), AT_OK);
	assert_true(says(last_room(B1), "\"hands\":[2,1]"));
	assert_int_equal(room_hand(kit.rooms, &as_bob, ANA, false), AT_ERR_NOT_FOUND);
	assert_int_equal(room_hand(kit.rooms, &as_ana, BOB, false), AT_OK);
	assert_true(says(last_room(B1), "\"hands\":[1]"));
	(void)leaves(1, A1);
	assert_true(says(last_room(B1), "\"hands\":[]"));
}

static void test_another_device_takes_over(void **state)
{
	uint32_t first, second;
	(void)state;
	phone_on(kit.world, A2);
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	(void)do_join(1, A1, &first);
	role_forgets();
	(void)do_join(1, A2, &second);
	assert_true(heard(kit.world, A1, "\"why\":\"moved\""));
	assert_int_equal(role_heard_some(MEDIA_ROOM_LEAVE)->peer, first);
	/* The first one's leaving means nothing now, and neither does what its transport does. */
	assert_int_equal(leaves(1, A1), AT_OK);
	role_says_event(1, first, SFU_EVENT_GONE);
	assert_true(is_state(last_room(B1), ANA, "joined"));
}

static void test_away_and_gone(void **state)
{
	uint32_t ana, bob;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	role_says_event(1, bob, SFU_EVENT_AWAY);
	assert_true(is_state(last_room(A1), BOB, "away"));
	role_says_event(1, bob, SFU_EVENT_BACK);
	assert_true(is_state(last_room(A1), BOB, "joined"));
	role_says_event(1, bob, SFU_EVENT_GONE);
	assert_true(is_state(last_room(A1), BOB, "left"));
	assert_true(heard(kit.world, B1, "\"why\":\"reconnect\""));
	/* A device whose socket is gone is waited for, as its media may flow. */
	phone_off(kit.world, A1);
	pass(kit.world, 44000);
	assert_true(is_state(last_room(C1), ANA, "joined"));
	pass(kit.world, 2000);
	assert_true(says(last_room(C1), "\"state\":\"ended\""));
}

static void test_media_role_dies(void **state)
{
	uint32_t ana, bob;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	role_die();
	assert_int_equal(do_join(1, C1, &bob).err, AT_ERR_UNAVAILABLE);
	assert_true(is_state(last_room(A1), BOB, "away"));
	role_start();
	(void)role_heard(MEDIA_ROOM_OPEN);
	assert_true(heard(kit.world, A1, "\"why\":\"restarted\"") && heard(kit.world, B1, "\"why\":\"restarted\""));
	assert_false(heard(kit.world, C1, "\"why\":\"restarted\""));
	(void)do_join(1, A1, &ana);
	assert_true(is_state(last_room(B1), ANA, "joined"));
	pass(kit.world, 31000);
	assert_true(is_state(last_room(A1), BOB, "left"));
	assert_true(says(last_room(A1), "\"state\":\"live\""));
}

static void test_full(void **state)
{
	uint32_t peer;
	(void)state;
	kit.settings.people_max = 2;
	kit_restart();
	phone_on(kit.world, A1);
	phone_on(kit.world, B1);
	(void)do_room(1, A1, ROOM_CHAT, false, false);
	assert_int_equal(do_join(1, A1, &peer).err, AT_OK);
	assert_int_equal(do_join(1, B1, &peer).err, AT_OK);
	assert_int_equal(do_join(1, C1, &peer).err, AT_ERR_FULL);
	/* Who is in it may join anew. */
	assert_int_equal(do_join(1, B1, &peer).err, AT_OK);
}

static void test_screens_and_views(void **state)
{
	uint32_t ana, bob;
	(void)state;
	(void)do_room(1, A1, ROOM_VIDEO, false, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	struct room_asker as_ana = by(1, A1), as_bob = by(1, B1);

	assert_int_equal(room_set_state(kit.rooms, &as_ana, false, true, true), AT_OK);
	role_forgets();
	/* The last one who shares has the screen. */
	assert_int_equal(room_set_state(kit.rooms, &as_bob, false, true, true), AT_OK);
	settle(kit.world);
	const struct media_room_do *told = role_heard(MEDIA_ROOM_STATE);

	assert_true(told->peer == ana && !told->state.screen);
	told = role_heard(MEDIA_ROOM_STATE);
	assert_true(told->peer == bob && told->state.screen);
	const struct room_view views[] = {{BOB, SFU_SCREEN, 720}, {CEM, SFU_CAMERA, 180}, {BOB, SFU_CAMERA, 0}};

	assert_int_equal(room_set_view(kit.rooms, &as_ana, views, 3), AT_OK);
	settle(kit.world);
	told = role_heard(MEDIA_ROOM_VIEW);
	assert_true(told->peer == ana && told->view.count == 2 && told->view.views[0].peer == bob &&
		    told->view.views[0].height == 720 && told->view.views[0].source == SFU_SCREEN);
	/* Cem comes after he was asked for, and Bob comes anew: both are shown under their new numbers. */
	uint32_t cem, bob_again;

	(void)do_join(1, C1, &cem);
	told = role_heard_some(MEDIA_ROOM_VIEW);
	assert_true(told != NULL && told->peer == ana && told->view.count == 3 && told->view.views[1].peer == cem);
	(void)do_join(1, B1, &bob_again);
	told = role_heard_some(MEDIA_ROOM_VIEW);
	assert_true(told != NULL && told->view.views[0].peer == bob_again && told->view.views[2].peer == bob_again);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_moderation),
		T(test_removed_from_the_group),
		T(test_reactions_and_hands),
		T(test_another_device_takes_over),
		T(test_away_and_gone),
		T(test_media_role_dies),
		T(test_full),
		T(test_screens_and_views),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
