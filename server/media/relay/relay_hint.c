/* Events, and one guess: a stranger whose SSRC a silent leg used is probably that leg after its NAT or network changed. It moves nothing;
 * it only asks for an ICE restart, and only while the leg's own tuples are silent, so nobody can make a live leg restart. */
#include "base/buf.h"
#include "base/siphash.h"
#include "media/relay/relay_priv.h"

void relay_tell(struct relay *relay, struct relay_leg *leg, enum relay_event_kind kind)
{
	if (kind == RELAY_EVENT_CONNECTED)
		leg->events &= (uint8_t) ~(1u << RELAY_EVENT_LOST);
	if (kind == RELAY_EVENT_LOST)
		leg->events = 0;
	leg->events |= (uint8_t)(1u << kind);
	at_list_remove(&leg->event_link);
	at_list_push(&relay->events, &leg->event_link);
}

bool relay_next_event(struct relay *relay, struct relay_event *event_out)
{
	struct at_link *link = at_list_first(&relay->events);
	if (!link)
		return false;
	struct relay_leg *leg = AT_ENTRY(link, struct relay_leg, event_link);
	enum relay_event_kind kind = 0;
	while (!(leg->events & 1u << kind))
		kind++;
	leg->events &= (uint8_t) ~(1u << kind);
	if (!leg->events)
		at_list_remove(&leg->event_link);
	*event_out = (struct relay_event){.call = relay->calls[leg->call].id, .leg = leg->side, .kind = kind};
	return true;
}

/* RFC 3550, RFC 5761 section 4: the sender's SSRC stands in the clear. */
static bool read_ssrc(const uint8_t *data, size_t len, uint32_t *ssrc_out)
{
	struct at_reader r = at_reader_of(data, len);
	uint8_t first = at_read_u8(&r), kind = at_read_u8(&r);
	bool is_rtcp = kind >= 192 && kind <= 223;
	(void)at_read_bytes(&r, is_rtcp ? 2 : 6);
	*ssrc_out = at_read_u32(&r);
	return !r.failed && first >= 128;
}

static struct relay_ssrc *place_of(struct relay *relay, uint32_t ssrc)
{
	return &relay->ssrcs[at_siphash(relay->key, &ssrc, sizeof(ssrc)) & relay->ssrc_mask];
}

static bool used_ssrc(const struct relay_leg *leg, uint32_t ssrc)
{
	bool found = false;
	for (size_t i = 0; i < RELAY_SSRCS_MAX; i++)
		found |= leg->ssrcs[i] == ssrc;
	return found;
}

void relay_note_ssrc(struct relay *relay, struct relay_leg *leg, const uint8_t *data, size_t len)
{
	uint32_t ssrc;
	if (!read_ssrc(data, len, &ssrc) || used_ssrc(leg, ssrc))
		return;
	leg->ssrcs[leg->ssrc_next++ % RELAY_SSRCS_MAX] = ssrc;
	*place_of(relay, ssrc) = (struct relay_ssrc){ssrc, leg->call * 2 + leg->side + 1};
}

void relay_stranger(struct relay *relay, int64_t now_us, const uint8_t *data, size_t len)
{
	uint32_t ssrc;
	relay->stats.drops[RELAY_DROP_STRANGER]++;
	if (!read_ssrc(data, len, &ssrc))
		return;
	const struct relay_ssrc *place = place_of(relay, ssrc);
	if (!place->leg || place->ssrc != ssrc)
		return;
	struct relay_call *call = &relay->calls[(place->leg - 1) / 2];
	struct relay_leg *leg = &call->legs[(place->leg - 1) % 2];
	bool is_silent = now_us - leg->media_us >= RELAY_MOVED_MS * 1000;
	bool may_hint = now_us - leg->hint_us >= RELAY_HINT_EVERY_MS * 1000;
	if (!call->live || !leg->is_open || leg->current == RELAY_NOWHERE || !used_ssrc(leg, ssrc))
		return;
	if (!is_silent || !may_hint)
		return;
	leg->hint_us = now_us;
	leg->told = true;
	relay_tell(relay, leg, RELAY_EVENT_MOVED);
}
