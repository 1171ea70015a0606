/* Attackers beside a live call: forged sources, floods, addresses nobody should be able to reach. The relay-filter cases of TURN servers
 * (CVE-2020-26262, CVE-2026-27624 and their kin) need a client that names a peer; here none can, so what is shown is that no
 * address, however it came in, is sent to unless it proved a leg's password itself. */
#include "base/buf.h"
#include "base/rand.h"
#include "base/test.h"
#include "media/relay/relay_testkit.h"

static const uint8_t odd_addresses[][16] = {
	{0},                               /* :: */
	{[15] = 1},                        /* ::1 */
	{[10] = 0xff, 0xff, 0, 0, 0, 0},   /* 0.0.0.0 */
	{[10] = 0xff, 0xff, 127, 0, 0, 1}, /* ::ffff:127.0.0.1 */
	{[10] = 0xff, 0xff, 127, 255, 255, 254},
	{[12] = 127, 0, 0, 1}, /* ::127.0.0.1, IPv4-compatible */
	{[10] = 0xff, 0xff, 10, 0, 0, 1},
	{[10] = 0xff, 0xff, 169, 254, 169, 254}, /* a cloud's metadata */
	{[10] = 0xff, 0xff, 224, 0, 0, 251},     /* multicast */
	{[10] = 0xff, 0xff, 255, 255, 255, 255},
	{0xfe, 0x80, [15] = 1},                        /* link-local */
	{0xfd, 0x00, [15] = 1},                        /* unique local */
	{0xff, 0x02, [15] = 1},                        /* all nodes */
	{0x00, 0x64, 0xff, 0x9b, [12] = 127, 0, 0, 1}, /* NAT64 of 127.0.0.1 */
	{0x20, 0x02, 127, 0, 0, 1},                    /* 6to4 of 127.0.0.1 */
};

static struct ice_tuple odd(size_t i)
{
	struct ice_tuple tuple = {.local_ip = {[10] = 0xff, 0xff, 198, 51, 100, 1}, .remote_port = 9};
	memcpy(tuple.remote_ip, odd_addresses[i], 16);
	return tuple;
}

static void no_address_is_a_destination_without_a_password(void **state)
{
	(void)state;
	kit_connect();
	struct ice_credentials wrong;
	ice_credentials_make(&wrong);
	memcpy(wrong.ufrag, kit.creds[0].ufrag, sizeof(wrong.ufrag));
	for (size_t i = 0; i < sizeof(odd_addresses) / sizeof(*odd_addresses); i++) {
		struct ice_tuple from = odd(i);
		assert_int_equal(kit_check(0, &from, &wrong, true), 0);
		kit_expect_drop(&from, 0x80, RELAY_DROP_STRANGER);
		kit_expect_drop(&from, 22, RELAY_DROP_STRANGER);
		assert_false(relay_knows(kit.relay, &from));
		kit_expect(&kit_a, &kit_b);
		kit_expect(&kit_b, &kit_a);
	}
}

/* A filter that compares some of an address's bytes lets its neighbours through: here each byte counts. */
static void every_byte_of_an_address_counts(void **state)
{
	(void)state;
	struct ice_tuple a = {.remote_ip = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
			      .local_ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
			      .remote_port = 1000};
	assert_int_equal(kit_check(0, &a, NULL, true), STUN_BINDING_SUCCESS);
	assert_int_equal(kit_check(1, &kit_b, NULL, true), STUN_BINDING_SUCCESS);
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &kit.call), AT_OK);
	kit_expect(&a, &kit_b);
	for (size_t i = 0; i < 32; i++) {
		struct ice_tuple near = a;
		(i < 16 ? near.remote_ip : near.local_ip)[i % 16] ^= 1;
		kit_expect_drop(&near, 0x80, RELAY_DROP_STRANGER);
	}
	kit_expect(&kit_b, &a);
}

/* The server's own services as a peer: two legs of one person that both pretend to be the relay would play a packet back and forth. */
static void the_relay_is_no_peer_of_its_own(void **state)
{
	(void)state;
	const uint8_t ips[2][16] = {{[10] = 0xff, 0xff, 198, 51, 100, 1}, {[10] = 0xff, 0xff, 10, 0, 0, 1}};
	struct ice_tuple same = kit_v4(198, 51, 100, 1, 5000), other = kit_v4(10, 0, 0, 1, 5000), unlisted = same;
	relay_own(kit.relay, 5000, ips, 2);
	memset(unlisted.remote_ip, 7, sizeof(unlisted.remote_ip));
	memset(unlisted.local_ip, 7, sizeof(unlisted.local_ip));
	assert_int_equal(kit_check(0, &same, NULL, true), 0);
	assert_int_equal(kit_check(0, &other, NULL, true), 0);
	assert_int_equal(kit_check(1, &other, NULL, true), 0);
	assert_int_equal(kit_check(1, &unlisted, NULL, true), 0);
	assert_int_equal(kit_drops(RELAY_DROP_OWN), 4);
	assert_false(relay_knows(kit.relay, &same) || relay_knows(kit.relay, &other));
	/* The machine's other ports are browsers'. */
	same.remote_port++;
	assert_int_equal(kit_check(0, &same, NULL, true), STUN_BINDING_SUCCESS);
}

/* Names that meant something to a printf or to a database of others. */
static void odd_names_are_nobodys(void **state)
{
	(void)state;
	static const char *const names[] = {"%n%n%n%n:%s",
					    "%s%s%s%s:x",
					    "' OR 1=1 --:x",
					    "\"; DROP TABLE calls:x",
					    "../../etc:x",
					    ":",
					    "",
					    "x",
					    "\x01\x02\xff:x",
					    "aaaaaaaaaaaaaaaa",
					    "00000000:x"};
	uint8_t bytes[ICE_PACKET_MAX], reply[ICE_REPLY_MAX];
	struct relay_send send;
	char longest[514];
	kit_connect();
	memset(longest, '%', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= sizeof(names) / sizeof(*names); i++) {
		const char *name = i < sizeof(names) / sizeof(*names) ? names[i] : longest;
		struct ice_request request = {.type = STUN_BINDING_REQUEST, .username = name, .pwd = kit.creds[0].pwd};
		size_t len = ice_request_put(kit.ice, &request, bytes);
		assert_false(relay_packet(kit.relay, kit.now_us, &kit_a, bytes, len, reply, &send));
	}
	kit_expect(&kit_a, &kit_b);
}

/* Mobility tickets, reserved ports, other lifetimes: what quotas of TURN were walked around with is unknown to us, and moves nothing. */
static void nothing_of_turns_can_be_asked_for(void **state)
{
	(void)state;
	/* CHANNEL-NUMBER, LIFETIME, EVEN-PORT, REQUESTED-TRANSPORT, DONT-FRAGMENT, REQUESTED-ADDRESS-FAMILY; MOBILITY-TICKET and
	 * RESERVATION-TOKEN */
	static const uint16_t attributes[] = {0x000c, 0x000d, 0x0018, 0x0019, 0x001a, 0x0017, 0x0022};
	uint8_t bytes[ICE_PACKET_MAX], reply[ICE_REPLY_MAX];
	struct relay_leg_stats stats[2];
	struct relay_send send;
	struct stun_message msg;
	char username[32];
	kit_connect();
	snprintf(username, sizeof(username), "%s:x", kit.creds[0].ufrag);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		struct ice_tuple fresh = kit_v4(192, 0, 2, 77, (uint16_t)(7 + i));
		struct ice_request request = {.type = STUN_BINDING_REQUEST,
					      .username = username,
					      .pwd = kit.creds[0].pwd,
					      .unknown = attributes[i]};
		size_t len = ice_request_put(kit.ice, &request, bytes);
		assert_true(relay_packet(kit.relay, kit.now_us, &fresh, bytes, len, reply, &send));
		assert_int_equal(stun_parse(send.data, send.len, &msg), AT_OK);
		assert_int_equal(msg.error, 420);
		assert_true(send.len <= len);
	}
	assert_int_equal(relay_call_stats(kit.relay, &kit.call, stats), AT_OK);
	assert_int_equal(stats[0].tuples, 1);
	assert_int_equal(stats[0].moves, 0);
}

/* What a TURN client would say to name one: CreatePermission, ChannelBind, Send, Allocate, and XOR-PEER-ADDRESS in a check. */
static void nobody_can_name_a_peer(void **state)
{
	(void)state;
	static const uint16_t turn[] = {0x0003, 0x0004, 0x0006, 0x0008, 0x0009, 0x0016, 0x000a};
	uint8_t bytes[ICE_PACKET_MAX], reply[ICE_REPLY_MAX];
	char username[32];
	struct relay_send send;
	kit_connect();
	snprintf(username, sizeof(username), "%s:x", kit.creds[0].ufrag);
	struct ice_request request = {.type = STUN_BINDING_REQUEST, .username = username, .pwd = kit.creds[0].pwd};
	for (size_t i = 0; i < sizeof(turn) / sizeof(*turn); i++) {
		request.type = turn[i];
		size_t len = ice_request_put(kit.ice, &request, bytes);
		assert_false(relay_packet(kit.relay, kit.now_us, &kit_a, bytes, len, reply, &send));
	}
	/* XOR-PEER-ADDRESS is not known to us: 420, and nothing has changed, the leg's tuples least of all. */
	struct ice_tuple fresh = kit_v4(192, 0, 2, 77, 7);
	request.type = STUN_BINDING_REQUEST;
	request.unknown = 0x0012;
	size_t len = ice_request_put(kit.ice, &request, bytes);
	assert_true(relay_packet(kit.relay, kit.now_us, &fresh, bytes, len, reply, &send));
	struct stun_message msg;
	assert_int_equal(stun_parse(send.data, send.len, &msg), AT_OK);
	assert_int_equal(msg.error, 420);
	assert_false(relay_knows(kit.relay, &fresh));
	/* A channel's data message: a first byte of 64 to 127. */
	kit_expect_drop(&kit_a, 0x40, RELAY_DROP_KIND);
}

static void a_tuple_is_its_whole_five(void **state)
{
	(void)state;
	kit_connect();
	struct ice_tuple t[6] = {kit_a, kit_a, kit_a, kit_a, kit_a, kit_a};
	t[0].remote_port++;
	t[1].remote_ip[15]++;
	t[2].local_ip[15]++;
	t[3].transport = ICE_TCP;
	t[4].conn = 1;
	t[5].scope = 1;
	for (size_t i = 0; i < 6; i++)
		kit_expect_drop(&t[i], 0x80, RELAY_DROP_STRANGER);
}

/* A participant with a password of her own forges another call's address to get its media. */
static void a_tuple_cannot_be_taken(void **state)
{
	(void)state;
	kit_connect();
	struct at_id other;
	struct ice_credentials creds[2];
	struct ice_tuple mallory = kit_v4(203, 0, 113, 66, 666);
	at_rand(&other, sizeof(other));
	ice_credentials_make(&creds[0]);
	ice_credentials_make(&creds[1]);
	assert_int_equal(relay_open(kit.relay, kit.now_us, &other, creds, 0), AT_OK);
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &other), AT_OK);
	kit_check(1, &mallory, &creds[1], true);
	assert_int_equal(kit_check(0, &kit_a, &creds[0], true), 0);
	assert_int_equal(kit_drops(RELAY_DROP_TAKEN), 1);
	/* Nor with the other side of the same call. */
	assert_int_equal(kit_check(1, &kit_a, NULL, true), 0);
	kit_expect(&kit_a, &kit_b);
	kit_expect(&kit_b, &kit_a);
	/* When its consent has run out, or its call has ended, it is free. */
	assert_int_equal(relay_close(kit.relay, &kit.call), AT_OK);
	assert_int_equal(kit_check(0, &kit_a, &creds[0], true), STUN_BINDING_SUCCESS);
}

static void a_leg_has_eight_tuples(void **state)
{
	(void)state;
	kit_connect();
	struct relay_leg_stats stats[2];
	for (uint16_t i = 0; i < 1000; i++) {
		struct ice_tuple t = kit_v4(192, 0, 2, 1, (uint16_t)(3000 + i));
		kit.now_us += 1000;
		assert_int_equal(kit_check(0, &t, NULL, false), STUN_BINDING_SUCCESS);
	}
	assert_int_equal(relay_call_stats(kit.relay, &kit.call, stats), AT_OK);
	assert_int_equal(stats[0].tuples, RELAY_TUPLES_MAX);
	/* The one in use was never pushed out. */
	kit_expect(&kit_b, &kit_a);
	kit_expect(&kit_a, &kit_b);
	struct ice_tuple first = kit_v4(192, 0, 2, 1, 3000), last = kit_v4(192, 0, 2, 1, 3999);
	assert_false(relay_knows(kit.relay, &first));
	assert_true(relay_knows(kit.relay, &last));
}

/* NAT rebinding: until the new address has proved itself nothing moves, but a restart is asked for. */
static void a_rebinding_is_hinted_not_believed(void **state)
{
	(void)state;
	kit_connect();
	struct ice_tuple moved = kit_v4(192, 0, 2, 1, 1001), to;
	for (int i = 0; i < 50; i++) {
		assert_true(kit_send_rtp(&kit_a, 0xabcd, &to));
		kit_wait(20);
	}
	/* While the leg lives, a stranger who knows its SSRC achieves nothing. */
	assert_false(kit_send_rtp(&moved, 0xabcd, NULL));
	assert_true(kit_no_event());
	kit_wait(RELAY_MOVED_MS);
	assert_false(kit_send_rtp(&moved, 0x1234, NULL));
	assert_true(kit_no_event());
	assert_false(kit_send_rtp(&moved, 0xabcd, NULL));
	assert_true(kit_event(0, RELAY_EVENT_MOVED));
	for (int i = 0; i < 40; i++) {
		assert_false(kit_send_rtp(&moved, 0xabcd, NULL));
		kit.now_us += 20000;
	}
	assert_true(kit_no_event());
	kit_expect(&kit_b, &kit_a);
	/* Its own check, as after a restart. */
	kit_check(0, &moved, NULL, false);
	assert_true(kit_send_rtp(&moved, 0xabcd, &to) && ice_tuple_eq(&to, &kit_b));
	kit_expect(&kit_b, &moved);
}

/* Garbage, ClientHellos, STUN and SRTP from the side: no change, no growth, no reply. */
static void a_flood_changes_nothing(void **state)
{
	(void)state;
	kit_connect();
	uint8_t bytes[300], reply[ICE_REPLY_MAX], check[ICE_PACKET_MAX];
	char username[32];
	struct relay_send send;
	snprintf(username, sizeof(username), "%s:x", kit.creds[0].ufrag);
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = "0123456789abcdefghijklmn",
				      .priority = 1};
	size_t check_len = ice_request_put(kit.ice, &request, check);
	static const uint8_t firsts[] = {0, 1, 22, 0x80, 0x90, 0xff, 64};
	for (int i = 0; i < 50000; i++) {
		struct ice_tuple from = kit_v4(203, 0, (uint8_t)(i >> 8), (uint8_t)i, (uint16_t)(i * 7));
		at_rand(bytes, 16);
		bytes[0] = firsts[i % 7];
		bool sent = i % 10 ? relay_packet(kit.relay, kit.now_us, &from, bytes, sizeof(bytes), reply, &send)
				   : relay_packet(kit.relay, kit.now_us, &from, check, check_len, reply, &send);
		assert_false(sent);
		kit.now_us += 20;
		if (i % 1000 == 0) {
			kit_expect(&kit_a, &kit_b);
			kit_expect(&kit_b, &kit_a);
		}
	}
	struct relay_leg_stats stats[2];
	assert_int_equal(relay_call_stats(kit.relay, &kit.call, stats), AT_OK);
	assert_true(stats[0].tuples == 1 && stats[1].tuples == 1 && stats[0].moves == 0 && stats[1].moves == 0);
	assert_int_equal(relay_stats(kit.relay)->forwarded, 100);
	assert_true(kit_no_event());
	assert_false(relay_next_held(kit.relay, &send));
}

/* A check that was heard on its way is good for its sender only as long as its tuple is: replayed from elsewhere it does prove that tuple
 * (ICE has no nonce), but it must not take the call: media goes on to who sends media. */
static void a_replayed_check_does_not_take_the_call(void **state)
{
	(void)state;
	kit_connect();
	struct ice_tuple listener = kit_v4(203, 0, 113, 5, 55);
	for (int i = 0; i < 100; i++) {
		kit_check(0, &listener, NULL, true);
		kit_expect(&kit_a, &kit_b);
		kit_expect(&kit_b, &kit_a);
		kit_wait(20);
	}
}

#define KIT_TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(no_address_is_a_destination_without_a_password),
		KIT_TEST(every_byte_of_an_address_counts),
		KIT_TEST(the_relay_is_no_peer_of_its_own),
		KIT_TEST(nobody_can_name_a_peer),
		KIT_TEST(nothing_of_turns_can_be_asked_for),
		KIT_TEST(odd_names_are_nobodys),
		KIT_TEST(a_tuple_is_its_whole_five),
		KIT_TEST(a_tuple_cannot_be_taken),
		KIT_TEST(a_leg_has_eight_tuples),
		KIT_TEST(a_rebinding_is_hinted_not_believed),
		KIT_TEST(a_flood_changes_nothing),
		KIT_TEST(a_replayed_check_does_not_take_the_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
