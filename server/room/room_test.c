#include "base/time.h"
#include "room/room_testkit.h"

/* Group calls and voice chats, from the start to the entry in the log. */

static void test_rings_and_is_joined(void **state)
{
	uint32_t ana, bob;
	(void)state;
	struct asked started = do_room(1, A1, ROOM_VIDEO, true, false);

	assert_int_equal(started.err, AT_OK);
	assert_true(says(started.json, "\"state\":\"ringing\"") && says(started.json, "\"kind\":\"video\""));
	(void)role_heard(MEDIA_ROOM_OPEN);
	assert_true(is_state(last_room(B1), BOB, "ringing"));
	struct asked joined = do_join(1, A1, &ana);

	assert_int_equal(joined.err, AT_OK);
	assert_true(says(joined.json, "\"media\":{\"ufrag\":\"") && says(joined.json, "\"fingerprint\":\"AB:CD:00:"));
	assert_true(
		says(joined.json, "\"slots\":[{\"mid\":\"3\",\"ssrc\":1001,\"rtx\":0},{\"mid\":\"4\",\"ssrc\":2001"));
	assert_true(says(joined.json, "\"addr\":\"192.0.2.9\",\"port\":5000"));
	const struct media_room_do *told = role_heard_some(MEDIA_ROOM_STATE);

	assert_true(told != NULL && told->peer == ana && told->state.muted && !told->state.camera);
	assert_int_equal(rings(1, B1), AT_OK);
	assert_int_equal(do_join(1, B1, &bob).err, AT_OK);
	assert_true(says(last_room(A1), "\"state\":\"live\"") && is_state(last_room(A1), BOB, "joined"));
	assert_true(is_state(last_room(A1), CEM, "ringing"));
	/* Nothing is missed while it is live. */
	pass(kit.world, 61000);
	assert_true(is_state(last_room(A1), CEM, "unreachable"));
	assert_int_equal(count(group_log(CEM), "\"kind\":\"room\""), 0);
	assert_int_equal(leaves(1, B1), AT_OK);
	assert_true(is_state(last_room(A1), BOB, "left"));
	pass(kit.world, 4000);
	assert_int_equal(leaves(1, A1), AT_OK);
	assert_true(says(last_room(C1), "\"state\":\"ended\""));
	const char *log = group_log(CEM);

	assert_int_equal(count(log, "\"kind\":\"room\""), 1);
	assert_true(says(log, "\"outcome\":\"ended\"") && says(log, "\"people\":[{\"user\":1,\"ms\":"));
	assert_true(says(log, "\"knew\":[1,2]"));
	/* Cem missed it, Bob did not. */
	assert_int_equal(unread(kit.world, kit.group, CEM), 1);
	assert_int_equal(unread(kit.world, kit.group, BOB), 0);
	assert_int_equal(leaves(1, A1), AT_OK);
	assert_int_equal(rings(1, B1), AT_ERR_GONE);
}

struct facts {
	bool came;
	enum at_err err;
	bool may_leave;
};

static void on_facts(void *arg, enum at_err err, const struct call_note_facts *facts)
{
	*(struct facts *)arg = (struct facts){true, err, err == AT_OK && facts->may_leave};
}

static struct facts facts_of(unsigned room, uint64_t user)
{
	struct facts facts = {0};
	struct at_id id = room_id(room);

	room_note_facts(kit.rooms, &id, kit.group, user, on_facts, &facts);
	settle(kit.world);
	assert_true(facts.came);
	return facts;
}

static void test_nobody_joins(void **state)
{
	uint32_t peer;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	(void)do_join(1, A1, &peer);
	assert_false(facts_of(1, ANA).may_leave);
	assert_int_equal(rings(1, B1), AT_OK);
	assert_int_equal(declines(1, C1), AT_OK);
	assert_int_equal(declines(1, C1), AT_ERR_GONE);
	assert_true(is_state(last_room(A1), CEM, "declined"));
	pass(kit.world, 46000);
	assert_true(is_state(last_room(A1), BOB, "no_answer"));
	assert_true(says(last_room(A1), "\"state\":\"waiting\"") &&
		    says(last_room(A1), "\"outcome\":\"no_one_joined\""));
	assert_int_equal(count(group_log(BOB), "\"outcome\":\"no_one_joined\""), 1);
	assert_int_equal(unread(kit.world, kit.group, BOB), 1);
	assert_int_equal(unread(kit.world, kit.group, CEM), 0);
	/* The starter may leave a note, nobody else; the room stays open meanwhile. */
	assert_true(facts_of(1, ANA).may_leave);
	assert_int_equal(facts_of(1, BOB).err, AT_ERR_NOT_FOUND);
	assert_int_equal(leaves(1, A1), AT_OK);
	assert_true(says(last_room(A1), "\"state\":\"waiting\""));
	pass(kit.world, 600000);
	assert_true(says(last_room(B1), "\"state\":\"ended\""));
	assert_int_equal(count(group_log(BOB), "\"kind\":\"room\""), 1);
	assert_int_equal(count(group_log(BOB), "\"kind\":\"amend\""), 0);
	assert_true(facts_of(1, ANA).may_leave);
}

static void test_somebody_comes_late(void **state)
{
	uint32_t ana, bob;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	(void)do_join(1, A1, &ana);
	pass(kit.world, 16000);
	assert_true(says(last_room(A1), "\"state\":\"waiting\"") && is_state(last_room(A1), BOB, "unreachable"));
	(void)do_join(1, B1, &bob);
	assert_true(says(last_room(A1), "\"state\":\"live\""));
	assert_false(facts_of(1, ANA).may_leave);
	pass(kit.world, 700000);
	assert_true(says(last_room(A1), "\"state\":\"live\""));
	assert_int_equal(unread(kit.world, kit.group, BOB), 1);
	(void)leaves(1, A1);
	(void)leaves(1, B1);
	const char *log = group_log(BOB);

	assert_int_equal(count(log, "\"kind\":\"room\""), 1);
	assert_int_equal(count(log, "\"kind\":\"amend\""), 1);
	assert_true(says(log, "\"outcome\":\"ended\""));
	/* Bob has come after all; Cem has missed it, still. */
	assert_int_equal(unread(kit.world, kit.group, BOB), 0);
	assert_int_equal(unread(kit.world, kit.group, CEM), 1);
}

static void test_cancelled_while_it_rings(void **state)
{
	uint32_t peer;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	(void)do_join(1, A1, &peer);
	assert_int_equal(rings(1, B1), AT_OK);
	assert_int_equal(leaves(1, A1), AT_OK);
	assert_true(says(last_room(B1), "\"state\":\"ended\""));
	assert_int_equal(count(group_log(BOB), "\"outcome\":\"no_one_joined\""), 1);
	assert_non_null(role_heard_some(MEDIA_ROOM_CLOSE));
}

static void test_starter_never_comes_in(void **state)
{
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	pass(kit.world, 16000);
	assert_true(says(last_room(B1), "\"state\":\"ended\""));
	assert_int_equal(count(group_log(BOB), "\"kind\":\"room\""), 0);
	/* It rang: the others have missed it, the starter has not. */
	(void)do_room(2, A1, ROOM_VOICE, true, false);
	pass(kit.world, 16000);
	assert_true(says(last_room(B1), "\"state\":\"ended\""));
	assert_true(says(group_log(BOB), "\"people\":[],\"knew\":[1]"));
	assert_int_equal(unread(kit.world, kit.group, BOB), 1);
	assert_int_equal(unread(kit.world, kit.group, ANA), 0);
}

static void test_a_voice_chat(void **state)
{
	uint32_t ana, bob;
	(void)state;
	struct asked started = do_room(1, A1, ROOM_CHAT, true, false);

	assert_true(says(started.json, "\"state\":\"live\""));
	assert_true(*person_in(last_room(B1), BOB) == '\0'); /* nobody is rung */
	(void)do_join(1, A1, &ana);
	assert_true(is_state(last_room(C1), ANA, "joined")); /* seen before joining */
	/* Another start finds it, whatever it wanted. */
	struct asked other = do_room(2, B1, ROOM_VIDEO, true, false);

	assert_true(other.err == AT_OK && says(other.json, "\"kind\":\"chat\"") && says(other.json, "\"by\":1"));
	(void)do_join(1, B1, &bob);
	forget_heard(kit.world);
	role_says_speakers(1, ana, ana);
	assert_true(heard(kit.world, B1, "{\"ev\":\"room.speakers\",\"room\":\"77") &&
		    heard(kit.world, B1, "\"stage\":1,\"before\":null,\"order\":[1],\"ring\":[1]}"));
	assert_false(heard(kit.world, C1, "room.speakers"));
	pass(kit.world, 1100);
	assert_true(heard(kit.world, C1, "\"ring\":[1]"));
	(void)leaves(1, A1);
	(void)leaves(1, B1);
	assert_true(says(last_room(C1), "\"state\":\"ended\""));
	/* Shorter than it takes to say hello: no entry. */
	assert_int_equal(count(group_log(CEM), "\"kind\":\"room\""), 0);
}

static void test_who_may_not(void **state)
{
	uint32_t peer;
	(void)state;
	struct room_asker stranger = {room_id(1), 99, 991};
	struct asked asked = {0};

	(void)asked;
	assert_int_equal(do_room(0, A1, ROOM_VOICE, true, false).err, AT_OK);
	(void)leaves(0, A1);
	pass(kit.world, 16000);
	(void)do_room(1, A1, ROOM_VOICE, false, false);
	assert_int_equal(room_ring(kit.rooms, &stranger), AT_ERR_NOT_FOUND);
	assert_int_equal(room_lock(kit.rooms, &stranger, true), AT_ERR_NOT_FOUND);
	/* Not in it: nothing of a participant's. */
	struct room_asker bob = by(1, B1);

	assert_int_equal(room_set_state(kit.rooms, &bob, false, false, false), AT_ERR_CONFLICT);
	assert_int_equal(room_react(kit.rooms, &bob, "\xf0\x9f\x91\x8d"), AT_ERR_CONFLICT);
	assert_int_equal(room_lock(kit.rooms, &bob, true), AT_ERR_NOT_FOUND);
	(void)do_join(1, A1, &peer);
	struct room_asker ana2 = by(1, A2);

	assert_int_equal(room_hand(kit.rooms, &ana2, ANA, true), AT_ERR_CONFLICT);
}

static void test_how_often_one_may_ring(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(do_room(i, A1, ROOM_VOICE, true, false).err, AT_OK);
		pass(kit.world, 16000);
	}
	struct asked refused = do_room(4, A1, ROOM_VOICE, true, false);

	assert_true(refused.err == AT_ERR_RATE_LIMITED && refused.retry_ms > 0);
	assert_int_equal(do_room(5, A1, ROOM_VOICE, false, false).err, AT_OK);
}

static void test_server_restarts(void **state)
{
	uint32_t ana, bob;
	(void)state;
	(void)do_room(1, A1, ROOM_VIDEO, true, false);
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	kit_restart();
	phone_on(kit.world, A1);
	phone_on(kit.world, B1);
	phone_on(kit.world, C1);
	(void)role_heard(MEDIA_ROOM_OPEN);
	(void)do_join(1, A1, &ana);
	assert_true(is_state(last_room(C1), ANA, "joined") && is_state(last_room(C1), BOB, "away"));
	pass(kit.world, 31000);
	assert_true(is_state(last_room(C1), BOB, "left"));
	assert_int_equal(leaves(1, A1), AT_OK);
	assert_true(says(group_log(CEM), "\"people\":[{\"user\":1,") && says(group_log(CEM), "{\"user\":2,\"ms\":"));
	assert_int_equal(count(group_log(CEM), "\"kind\":\"room\""), 1);
}

static void test_server_restarts_while_it_rings(void **state)
{
	uint32_t ana;
	(void)state;
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	(void)do_join(1, A1, &ana);
	assert_int_equal(rings(1, B1), AT_OK);
	kit_restart();
	settle(kit.world);
	assert_int_equal(count(group_log(BOB), "\"outcome\":\"no_one_joined\""), 1);
	assert_true(facts_of(1, ANA).may_leave);
	kit_restart();
	settle(kit.world);
	assert_int_equal(count(group_log(BOB), "\"kind\":\"room\""), 1);
}

static void test_quiet_and_blocked(void **state)
{
	(void)state;
	kit.world->quiet[BOB] = at_wall_ms() + 3600000;
	do_block(kit.world, CEM, ANA);
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	/* To Ana both ring; to themselves nothing does. */
	assert_true(is_state(last_room(A1), BOB, "ringing") && is_state(last_room(A1), CEM, "ringing"));
	assert_true(is_state(last_room(B1), BOB, "invited") && is_state(last_room(C1), CEM, "invited"));
	assert_int_equal(rings(1, B1), AT_ERR_GONE);
}

static void test_busy(void **state)
{
	uint32_t ana;
	(void)state;
	assert_int_equal(do_start(kit.world, 1, B1, kit.world->conv_bc, false).err, AT_OK);
	assert_int_equal(do_ring(kit.world, 1, C1).err, AT_OK);
	assert_int_equal(do_answer(kit.world, 1, C1).err, AT_OK);
	(void)do_room(1, A1, ROOM_VOICE, true, false);
	(void)do_join(1, A1, &ana);
	assert_int_equal(rings(1, B1), AT_OK);
	assert_int_equal(rings(1, C1), AT_OK);
	pass(kit.world, 46000);
	assert_true(is_state(last_room(A1), BOB, "busy") && is_state(last_room(A1), CEM, "busy"));
	assert_true(rooms_is_busy(kit.rooms, ANA));
}

static void on_grown(void *arg, enum at_err err, const void *json, size_t len, int64_t retry_ms)
{
	struct asked *asked = arg;

	(void)retry_ms;
	*asked = (struct asked){.came = true, .err = err};
	if (json != NULL)
		memcpy(asked->json, json, len);
}

static void on_meeting(void *arg, uint64_t about, uint64_t viewer)
{
	((bool(*)[PEOPLE])arg)[about][viewer] = true;
}

static void test_a_call_grows(void **state)
{
	bool met[PEOPLE][PEOPLE] = {{false}};
	uint32_t ana, bob, cem;
	struct asked grown = {0};
	struct room_asker as_ana = by(1, A1);
	struct at_id call = call_id(1);
	(void)state;
	assert_int_equal(do_start(kit.world, 1, A1, kit.world->conv, false).err, AT_OK);
	assert_int_equal(do_ring(kit.world, 1, B1).err, AT_OK);
	room_grow(kit.rooms, &as_ana, &call, ROOM_VOICE, (uint64_t[]){CEM}, 1, on_grown, &grown);
	assert_int_equal(grown.err, AT_ERR_CONFLICT); /* not answered yet */
	assert_int_equal(do_answer(kit.world, 1, B1).err, AT_OK);
	rooms_on_meeting(kit.rooms, on_meeting, met);
	room_grow(kit.rooms, &as_ana, &call, ROOM_VOICE, (uint64_t[]){CEM}, 1, on_grown, &grown);
	settle(kit.world);
	assert_int_equal(grown.err, AT_OK);
	assert_true(met[ANA][CEM] && met[BOB][CEM] && met[CEM][ANA] && met[CEM][BOB] && !met[ANA][BOB]);
	assert_true(says(last_room(B1), "\"from_call\":\"") && says(last_room(B1), "\"state\":\"live\""));
	assert_true(is_state(last_room(C1), CEM, "ringing") && says(person_in(last_room(C1), CEM), "\"guest\":true"));
	(void)do_join(1, A1, &ana);
	(void)do_join(1, B1, &bob);
	assert_int_equal(rings(1, C1), AT_OK);
	(void)do_join(1, C1, &cem);
	assert_int_equal(do_leave(kit.world, 1, A1).err, AT_OK);
	pass(kit.world, 5000);
	(void)leaves(1, C1);
	(void)leaves(1, B1);
	(void)leaves(1, A1);
	/* In the chat of the two, and in the guest's with who invited them. */
	assert_int_equal(count(log_of(kit.world, kit.world->conv, BOB), "\"kind\":\"room\""), 1);
	assert_int_equal(count(log_of(kit.world, kit.world->conv_ac, CEM), "\"kind\":\"room\""), 1);
}

/* A guest who has blocked the one who invites them hears nothing; the others see them ring out. */
static void test_a_blocked_one_invites(void **state)
{
	bool met[PEOPLE][PEOPLE] = {{false}};
	uint32_t ana;
	struct asked grown = {0};
	struct room_asker as_ana = by(1, A1), as_bob = by(1, B1);
	struct at_id call = call_id(1);
	(void)state;
	do_block(kit.world, CEM, ANA);
	assert_int_equal(do_start(kit.world, 1, A1, kit.world->conv, false).err, AT_OK);
	assert_int_equal(do_ring(kit.world, 1, B1).err, AT_OK);
	assert_int_equal(do_answer(kit.world, 1, B1).err, AT_OK);
	rooms_on_meeting(kit.rooms, on_meeting, met);
	forget_heard(kit.world);
	room_grow(kit.rooms, &as_ana, &call, ROOM_VOICE, (uint64_t[]){CEM}, 1, on_grown, &grown);
	settle(kit.world);
	(void)do_join(1, A1, &ana);
	assert_true(is_state(last_room(A1), CEM, "ringing"));
	assert_string_equal(last_room(C1), "");
	assert_false(met[ANA][CEM] || met[BOB][CEM]);
	assert_int_equal(rings(1, C1), AT_ERR_NOT_FOUND);
	assert_int_equal(do_join(1, C1, &ana).err, AT_ERR_NOT_FOUND);
	pass(kit.world, 46000);
	assert_true(is_state(last_room(A1), CEM, "no_answer"));
	/* Bob, whom they have not blocked, reaches them. */
	(void)do_join(1, B1, &ana);
	assert_int_equal(room_invite(kit.rooms, &as_bob, (uint64_t[]){CEM}, 1), AT_OK);
	settle(kit.world);
	assert_true(is_state(last_room(C1), CEM, "ringing"));
	assert_int_equal(rings(1, C1), AT_OK);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_rings_and_is_joined),
		T(test_nobody_joins),
		T(test_somebody_comes_late),
		T(test_cancelled_while_it_rings),
		T(test_starter_never_comes_in),
		T(test_a_voice_chat),
		T(test_who_may_not),
		T(test_how_often_one_may_ring),
		T(test_server_restarts),
		T(test_server_restarts_while_it_rings),
		T(test_quiet_and_blocked),
		T(test_busy),
		T(test_a_call_grows),
		T(test_a_blocked_one_invites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
