#include "media/relay/relay_testkit.h"

#include "base/buf.h"
#include "base/rand.h"
#include "base/test.h"

struct kit kit;
struct ice_tuple kit_a, kit_b;

int kit_setup(void **state)
{
	const struct relay_options options = {.calls_max = 16, .held_max = 64};
	(void)state;
	memset(&kit, 0, sizeof(kit));
	kit.relay = relay_new(&options);
	kit.ice = ice_new();
	kit.now_us = 1000000;
	at_rand(&kit.call, sizeof(kit.call));
	ice_credentials_make(&kit.creds[0]);
	ice_credentials_make(&kit.creds[1]);
	kit_a = kit_v4(192, 0, 2, 1, 1000);
	kit_b = kit_v4(192, 0, 2, 2, 2000);
	return relay_open(kit.relay, kit.now_us, &kit.call, kit.creds, 0);
}

int kit_teardown(void **state)
{
	relay_free(&kit.relay);
	ice_free(&kit.ice);
	return at_test_teardown(state);
}

struct ice_tuple kit_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct ice_tuple){.remote_ip = {[10] = 0xff, 0xff, a, b, c, d},
				  .local_ip = {[10] = 0xff, 0xff, 198, 51, 100, 1},
				  .remote_port = port};
}

void kit_wait(int64_t ms)
{
	for (int64_t end_us = kit.now_us + ms * 1000; kit.now_us < end_us;) {
		kit.now_us += RELAY_TICK_MS * 1000;
		if (kit.now_us > end_us)
			kit.now_us = end_us;
		relay_tick(kit.relay, kit.now_us);
	}
}

uint16_t kit_check(unsigned leg, const struct ice_tuple *from, const struct ice_credentials *creds, bool nominate)
{
	uint8_t bytes[ICE_PACKET_MAX], reply[ICE_REPLY_MAX];
	char username[ICE_UFRAG_LEN + 8];
	struct relay_send send;
	struct stun_message msg;
	creds = creds ? creds : &kit.creds[leg];
	snprintf(username, sizeof(username), "%s:peer", creds->ufrag);
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = creds->pwd,
				      .priority = 0x6e7f1eff,
				      .use_candidate = nominate};
	at_rand(request.tid, sizeof(request.tid));
	size_t len = ice_request_put(kit.ice, &request, bytes);
	if (!relay_packet(kit.relay, kit.now_us, from, bytes, len, reply, &send))
		return 0;
	assert_true(ice_tuple_eq(send.to, from));
	assert_true(send.len <= len);
	assert_int_equal(send.copies, 1);
	assert_int_equal(stun_parse(send.data, send.len, &msg), AT_OK);
	assert_memory_equal(msg.tid, request.tid, STUN_TID_LEN);
	assert_true(ice_integrity_ok(kit.ice, &msg, creds->pwd));
	return msg.type;
}

void kit_connect(void)
{
	struct relay_event event;
	assert_int_equal(kit_check(0, &kit_a, NULL, true), STUN_BINDING_SUCCESS);
	assert_int_equal(kit_check(1, &kit_b, NULL, true), STUN_BINDING_SUCCESS);
	assert_int_equal(relay_gate(kit.relay, kit.now_us, &kit.call), AT_OK);
	while (relay_next_event(kit.relay, &event)) {}
}

static bool send_bytes(const struct ice_tuple *from, const uint8_t *bytes, size_t len, struct ice_tuple *to_out)
{
	uint8_t reply[ICE_REPLY_MAX];
	struct relay_send send;
	if (!relay_packet(kit.relay, kit.now_us, from, bytes, len, reply, &send))
		return false;
	assert_int_equal(send.len, len);
	assert_ptr_equal(send.data, bytes);
	assert_int_equal(send.copies, bytes[0] < 64 ? 2 : 1);
	if (to_out)
		*to_out = *send.to;
	return true;
}

bool kit_send(const struct ice_tuple *from, uint8_t first, size_t len, struct ice_tuple *to_out)
{
	uint8_t bytes[2048] = {first};
	assert_true(len <= sizeof(bytes));
	return send_bytes(from, bytes, len, to_out);
}

bool kit_send_rtp(const struct ice_tuple *from, uint32_t ssrc, struct ice_tuple *to_out)
{
	uint8_t bytes[120] = {0x80, 111};
	at_put_u32(bytes + 8, ssrc);
	return send_bytes(from, bytes, sizeof(bytes), to_out);
}

void kit_expect(const struct ice_tuple *from, const struct ice_tuple *to)
{
	struct ice_tuple got;
	assert_true(kit_send(from, 0x80, 120, &got));
	assert_true(ice_tuple_eq(&got, to));
}

void kit_expect_drop(const struct ice_tuple *from, uint8_t first, enum relay_drop why)
{
	uint64_t before = kit_drops(why);
	assert_false(kit_send(from, first, 120, NULL));
	assert_int_equal(kit_drops(why), before + 1);
}

bool kit_event(unsigned leg, enum relay_event_kind kind)
{
	struct relay_event event;
	return relay_next_event(kit.relay, &event) && at_id_eq(&event.call, &kit.call) && event.leg == leg &&
	       event.kind == kind;
}

bool kit_no_event(void)
{
	struct relay_event event;
	return !relay_next_event(kit.relay, &event);
}

uint64_t kit_drops(enum relay_drop why)
{
	return relay_stats(kit.relay)->drops[why];
}
