#include "media/relay/relay_priv.h"

/* Fewer media packets than this in so long is a trickle (discontinuous transmission, RTCP). */
enum { FLOWING_PACKETS = 3, FLOWING_US = 250 * 1000 };

static void expire_credentials(struct relay *relay, struct relay_leg *leg, int64_t now_us)
{
	struct ice_agent *agent = &leg->agent;
	if (!agent->before_until_us || now_us < agent->before_until_us)
		return;
	at_map_del(relay->by_ufrag, agent->before.ufrag, ICE_UFRAG_LEN);
	agent->before = (struct ice_credentials){{0}, {0}};
	agent->before_until_us = 0;
}

static void expire_tuples(struct relay *relay, struct relay_leg *leg, int64_t now_us)
{
	for (int8_t i = 0; i < RELAY_TUPLES_MAX; i++) {
		struct relay_slot *slot = &leg->slots[i];
		if (!slot->used || now_us - leg->checked_us[i] < RELAY_CONSENT_MS * 1000LL)
			continue;
		relay_forget(relay, leg, slot);
		if (leg->current == i)
			relay_aim_again(relay, leg);
	}
}

static void look_for_silence(struct relay *relay, struct relay_leg *leg, int64_t now_us)
{
	uint64_t since = leg->arrived - leg->arrived_seen;
	if (now_us - leg->looked_us >= FLOWING_US) {
		leg->looked_us = now_us;
		leg->arrived_seen = leg->arrived;
		if (since)
			leg->flowing = since >= FLOWING_PACKETS;
	}
	if (leg->told || leg->current == RELAY_NOWHERE || !leg->is_open)
		return;
	int64_t silent_us = now_us - (leg->flowing ? leg->media_us : leg->heard_us);
	if (silent_us < (leg->flowing ? RELAY_SILENT_FLOWING_MS : RELAY_SILENT_MS) * 1000LL)
		return;
	leg->told = true;
	leg->flowing = false;
	leg->hint_us = now_us;
	relay_tell(relay, leg, RELAY_EVENT_SILENT);
}

void relay_tick(struct relay *relay, int64_t now_us)
{
	uint32_t n = (relay->calls_used + RELAY_SLICES - 1) / RELAY_SLICES;
	for (uint32_t i = 0; i < n; i++) {
		if (relay->tick_at >= relay->calls_used)
			relay->tick_at = 0;
		struct relay_call *call = &relay->calls[relay->tick_at++];
		for (unsigned side = 0; call->live && side < 2; side++) {
			struct relay_leg *leg = &call->legs[side];
			expire_credentials(relay, leg, now_us);
			expire_tuples(relay, leg, now_us);
			relay_drop_held(relay, leg, now_us - RELAY_HELD_MS * 1000LL);
			look_for_silence(relay, leg, now_us);
		}
	}
}

void relay_tuple_gone(struct relay *relay, int64_t now_us, const struct ice_tuple *tuple)
{
	struct relay_leg *leg;
	struct relay_slot *slot = relay_find(relay, tuple, &leg);
	(void)now_us;
	if (!slot)
		return;
	bool was_current = slot == &leg->slots[leg->current];
	relay_forget(relay, leg, slot);
	if (was_current)
		relay_aim_again(relay, leg);
}
