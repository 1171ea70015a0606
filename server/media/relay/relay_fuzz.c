/* Two calls in virtual time, fed by a script: each step is a byte of what to do and its arguments. Whatever comes out must go to a tuple
 * that proved a password, and nothing may come out of a leg before the gate is open. */
#include "base/buf.h"
#include "media/relay/relay.h"

#include <string.h>

enum { TUPLES = 12 };

static const struct ice_credentials creds[2][3] = {
	{{"AAAABBBB", "0123456789abcdefghijklmn"},
	 {"CCCCDDDD", "1123456789abcdefghijklmn"},
	 {"EEEEFFFF", "2123456789abcdefghijklmn"}},
	{{"aaaabbbb", "3123456789abcdefghijklmn"},
	 {"ccccdddd", "4123456789abcdefghijklmn"},
	 {"eeeeffff", "5123456789abcdefghijklmn"}},
};
static const struct at_id ids[2] = {{{1}}, {{2}}};

struct world {
	struct relay *relay;
	struct ice *ice;
	int64_t now_us;
	bool proved[TUPLES], gate[2];
};

static struct ice_tuple tuple_of(unsigned i)
{
	return (struct ice_tuple){.remote_ip = {[10] = 0xff, 0xff, 192, 0, 2, (uint8_t)i},
				  .remote_port = (uint16_t)(1000 + i),
				  .transport = i % 4 == 3 ? ICE_TCP : ICE_UDP,
				  .conn = i % 4 == 3 ? i : 0};
}

static void look_at(struct world *w, const struct relay_send *send)
{
	unsigned i = send->to->remote_ip[15];
	struct ice_tuple expected = tuple_of(i);
	AT_ASSERT(i < TUPLES && w->proved[i] && ice_tuple_eq(&expected, send->to));
	AT_ASSERT(send->len && send->len <= ICE_PACKET_MAX);
	volatile uint8_t sum = 0;
	for (size_t n = 0; n < send->len; n++)
		sum = (uint8_t)(sum + send->data[n]);
}

static void drain(struct world *w)
{
	struct relay_send send;
	struct relay_event event;
	while (relay_next_held(w->relay, &send)) {
		AT_ASSERT(w->gate[0] || w->gate[1]);
		look_at(w, &send);
	}
	while (relay_next_event(w->relay, &event))
		AT_ASSERT(event.leg < 2 && event.kind < RELAY_EVENT_COUNT);
}

static void packet(struct world *w, unsigned tuple, const uint8_t *data, size_t len)
{
	uint8_t reply[ICE_REPLY_MAX];
	struct relay_send send;
	struct ice_tuple from = tuple_of(tuple);
	if (relay_packet(w->relay, w->now_us, &from, data, len, reply, &send)) {
		bool is_reply = data[0] < 4;
		if (is_reply)
			AT_ASSERT(ice_tuple_eq(send.to, &from) && send.len <= ICE_REPLY_MAX);
		else
			look_at(w, &send);
		AT_ASSERT(is_reply || w->gate[0] || w->gate[1]);
	}
	drain(w);
}

static void check(struct world *w, uint8_t how, unsigned tuple)
{
	uint8_t bytes[ICE_PACKET_MAX];
	const struct ice_credentials *c = &creds[how & 1][(how >> 1) % 3];
	char username[ICE_UFRAG_LEN + 3];
	memcpy(username, c->ufrag, ICE_UFRAG_LEN);
	memcpy(username + ICE_UFRAG_LEN, ":x", 3);
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = how & 64 ? "wrong" : c->pwd,
				      .use_candidate = how & 32,
				      .is_controlled = how & 128};
	size_t len = ice_request_put(w->ice, &request, bytes);
	if (!(how & 64) && !(how & 128))
		w->proved[tuple] = true;
	packet(w, tuple, bytes, len);
}

static void control(struct world *w, uint8_t what, uint8_t arg)
{
	unsigned call = arg & 1, leg = arg >> 1 & 1;
	enum at_err err = AT_OK;
	switch (what) {
	case 0:
		err = relay_open(w->relay, w->now_us, &ids[call],
				 (struct ice_credentials[2]){creds[0][call], creds[1][call]}, 0);
		break;
	case 1:
		err = relay_gate(w->relay, w->now_us, &ids[call]);
		w->gate[call] |= !err;
		break;
	case 2: err = relay_restart(w->relay, w->now_us, &ids[call], leg, &creds[leg][(arg >> 2) % 3]); break;
	case 3:
		err = relay_close(w->relay, &ids[call]);
		w->gate[call] &= err != AT_OK;
		break;
	case 4: w->now_us += arg * 1000; break;
	case 5:
		for (unsigned i = 0; i < arg; i++)
			relay_tick(w->relay, w->now_us += RELAY_TICK_MS * 1000);
		break;
	default: {
		struct ice_tuple tuple = tuple_of(arg % TUPLES);
		relay_tuple_gone(w->relay, w->now_us, &tuple);
	}
	}
	AT_ASSERT(err < AT_ERR_COUNT);
	drain(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct relay_options options = {.calls_max = 2, .held_max = 20};
	static struct world w;
	struct at_reader r = at_reader_of(data, len);
	if (!w.relay)
		w = (struct world){.relay = relay_new(&options), .ice = ice_new(), .now_us = 1000000};
	memset(w.proved, 0, sizeof(w.proved));
	memset(w.gate, 0, sizeof(w.gate));
	control(&w, 0, 0);
	while (at_reader_left(&r)) {
		uint8_t what = at_read_u8(&r), arg = at_read_u8(&r);
		if (what < 7) {
			control(&w, what, arg);
		} else if (what < 64) {
			check(&w, arg, what % TUPLES);
		} else {
			size_t n = arg < at_reader_left(&r) ? arg : at_reader_left(&r);
			packet(&w, what % TUPLES, at_read_bytes(&r, n), n);
		}
	}
	/* A call that has ended leaves nothing: the next input finds the relay as new. */
	control(&w, 3, 0);
	control(&w, 3, 1);
	AT_ASSERT(relay_calls(w.relay) == 0);
	for (unsigned i = 0; i < TUPLES; i++) {
		struct ice_tuple tuple = tuple_of(i);
		AT_ASSERT(!relay_knows(w.relay, &tuple));
	}
	return 0;
}
