#include "media/relay/relay_priv.h"

#include <string.h>

enum {
	TAKEOVER_NEW_US = 200 * 1000, /* a tuple that proved newer credentials waits so long for the present one */
	TAKEOVER_SAME_US = 3 * 1000 * 1000, /* with the same ones; Chromium checks every 2.7 s */
};

static bool drop(struct relay *relay, enum relay_drop why)
{
	relay->stats.drops[why]++;
	return false;
}

/* ---- checks ---- */

static bool takes_over(const struct relay_leg *leg, const struct relay_slot *slot, bool nominated, int64_t now_us)
{
	const struct relay_slot *current = &leg->slots[leg->current];
	int64_t silent_us = now_us - current->heard_us;
	bool is_newer = slot->generation == leg->generation && current->generation != leg->generation;
	return silent_us >= TAKEOVER_SAME_US || (is_newer && (nominated || silent_us >= TAKEOVER_NEW_US));
}

static void on_check(struct relay *relay, struct relay_leg *leg, struct relay_slot *slot, int64_t now_us,
		     const struct ice_answer *answer)
{
	if (!answer->by_before)
		slot->generation = leg->generation;
	relay->stats.checks++;
	if (leg->current == RELAY_NOWHERE) {
		relay_aim(leg, slot);
		relay_tell(relay, leg, RELAY_EVENT_CONNECTED);
		relay_release_held(relay, relay_peer(relay, leg));
	} else if (slot != &leg->slots[leg->current] && takes_over(leg, slot, answer->use_candidate, now_us)) {
		relay_aim(leg, slot);
	}
	leg->checked_us[slot - leg->slots] = slot->heard_us = leg->heard_us = now_us;
	if (!leg->flowing)
		leg->told = false;
}

static bool is_own(const struct relay *relay, const struct ice_tuple *from)
{
	bool found = memcmp(from->remote_ip, from->local_ip, sizeof(from->remote_ip)) == 0;
	if (!relay->own_port || from->remote_port != relay->own_port)
		return false;
	for (size_t i = 0; i < relay->own_count; i++)
		found |= memcmp(from->remote_ip, relay->own_ips[i], sizeof(from->remote_ip)) == 0;
	return found;
}

static bool on_stun(struct relay *relay, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len,
		    uint8_t reply[ICE_REPLY_MAX], struct relay_send *send_out)
{
	struct stun_message msg;
	struct ice_answer answer;
	char ufrag[ICE_UFRAG_LEN + 1];
	if (is_own(relay, from))
		return drop(relay, RELAY_DROP_OWN);
	if (stun_parse(data, len, &msg) || msg.type != STUN_BINDING_REQUEST)
		return drop(relay, RELAY_DROP_STUN);
	struct relay_leg *leg = NULL;
	if (stun_local_ufrag(&msg, ufrag))
		leg = at_map_get(relay->by_ufrag, ufrag, ICE_UFRAG_LEN);
	if (!leg)
		return drop(relay, RELAY_DROP_NAME);
	enum ice_verdict verdict = ice_handle(relay->ice, &leg->agent, now_us, from, &msg, &answer);
	if (verdict == ICE_DROP_SHAPE || verdict == ICE_DROP_INTEGRITY)
		return drop(relay, verdict == ICE_DROP_SHAPE ? RELAY_DROP_STUN : RELAY_DROP_INTEGRITY);
	if (verdict == ICE_CHECK) {
		struct relay_slot *slot = relay_claim(relay, leg, from);
		if (!slot)
			return drop(relay, RELAY_DROP_TAKEN);
		on_check(relay, leg, slot, now_us, &answer);
	}
	for (size_t i = 0; i < answer.reply_len; i++)
		reply[i] = answer.reply[i];
	*send_out = (struct relay_send){from, reply, answer.reply_len, 1};
	return true;
}

/* ---- media ---- */

static bool drop_of(struct relay *relay, struct relay_leg *leg, enum relay_drop why)
{
	leg->dropped++;
	return drop(relay, why);
}

/* A bucket of RELAY_BURST_MS, kept as the time at which it will be empty again. */
static bool within_rate(struct relay_leg *leg, int64_t now_us, size_t len)
{
	int64_t now_ns = now_us * 1000;
	if (leg->free_at_ns < now_ns)
		leg->free_at_ns = now_ns;
	if (leg->free_at_ns - now_ns > RELAY_BURST_MS * 1000000LL)
		return false;
	leg->free_at_ns += (int64_t)leg->ns_a_byte * (int64_t)len;
	return true;
}

static bool on_media(struct relay *relay, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len,
		     struct relay_send *send_out)
{
	struct relay_leg *leg;
	struct relay_slot *slot = relay_find(relay, from, &leg);
	if (!slot) {
		relay_stranger(relay, now_us, data, len);
		return false;
	}
	const struct relay_leg *peer = relay_peer(relay, leg);
	slot->heard_us = leg->media_us = leg->heard_us = now_us;
	leg->told = false;
	leg->arrived++;
	relay_aim(leg, slot);
	relay_note_ssrc(relay, leg, data, len);
	if (!leg->is_open || peer->current == RELAY_NOWHERE) {
		bool is_dtls = data[0] < 64;
		if (is_dtls && relay_hold(relay, leg, now_us, data, len))
			return false;
		return drop_of(relay, leg,
			       is_dtls         ? RELAY_DROP_HELD
			       : !leg->is_open ? RELAY_DROP_GATE
					       : RELAY_DROP_NOWHERE);
	}
	struct relay_send send = relay_send_to(peer, data, len);
	if (!within_rate(leg, now_us, len * send.copies))
		return drop_of(relay, leg, RELAY_DROP_RATE);
	leg->passed++;
	leg->passed_bytes += len;
	relay->stats.forwarded++;
	*send_out = send;
	return true;
}

/* RFC 7983: 0 to 3 STUN, 20 to 63 DTLS, 128 to 191 RTP and RTCP; TURN channels and ZRTP are not ours. */
bool relay_packet(struct relay *relay, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len,
		  uint8_t reply[ICE_REPLY_MAX], struct relay_send *send_out)
{
	if (len == 0 || len > ICE_PACKET_MAX)
		return drop(relay, RELAY_DROP_SIZE);
	uint8_t first = data[0];
	if (first < 4)
		return on_stun(relay, now_us, from, data, len, reply, send_out);
	if ((first >= 20 && first < 64) || (first >= 128 && first < 192))
		return on_media(relay, now_us, from, data, len, send_out);
	return drop(relay, RELAY_DROP_KIND);
}
