/* How well a subscriber hears: loss on its line, by what it reports, by what it asks for again, and by transport-cc of pictures, decides how
 * many frames a packet of voice brings once more. Up at once, down by one after a while without loss. */
#include "base/mem.h"
#include "media/sfu/sfu_priv.h"

enum {
	SOME_PERMILLE = 10, /* two frames more: single losses and pairs */
	MUCH_PERMILLE = 40, /* three: bursts of three */
	DEEP_US = 20 * 1000 * 1000,
	SPAN_US = 3 * 1000 * 1000,
	SPAN_PACKETS = 150, /* at least, as of one voice: a single loss is none yet */
	PICTURES = 200,     /* packets of video that are looked at together */
	/* more frames would only make a full line fuller: they are given up when the round trip grows so much after they were added */
	FULL_US = 200 * 1000,
};

static uint32_t voices_sent(const struct sfu_peer *peer)
{
	uint64_t sent = 0;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind == SFU_SLOT_AUDIO)
			sent += peer->slots[i].packets;
	return (uint32_t)sent;
}

void hear_written(struct sfu_peer *peer)
{
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind == SFU_SLOT_AUDIO && !peer->slots[i].sent_as)
			peer->slots[i].sent_as = at_alloc(AUDIO_RING);
}

uint8_t *hear_sent_as(struct sfu_slot *slot, uint64_t out)
{
	return &slot->sent_as[out % AUDIO_RING];
}

void hear_loss(struct sfu_peer *peer, int64_t now_us, uint32_t permille)
{
	struct sfu_hearing *h = &peer->hearing;
	uint8_t wanted = permille >= MUCH_PERMILLE ? 3 : permille >= SOME_PERMILLE ? 2 : 0;
	if (!wanted || wanted < h->depth)
		return;
	if (!h->depth && now_us < h->until_us)
		return; /* given up not long ago */
	hear_written(peer);
	if (!h->depth)
		h->rtt_us = peer->rtt_us;
	h->depth = wanted;
	h->until_us = now_us + DEEP_US;
	peer_due(peer, h->until_us);
}

void hear_asked(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu_hearing *h = &peer->hearing;
	uint32_t sent = voices_sent(peer);
	if (!h->from_us || now_us - h->from_us > SPAN_US) {
		h->from_us = now_us;
		h->sent = sent;
		h->lost = 0;
	}
	h->lost++;
	uint32_t packets = sent - h->sent > SPAN_PACKETS ? sent - h->sent : SPAN_PACKETS;
	hear_loss(peer, now_us, h->lost * 1000 / packets);
}

void hear_pictures(struct sfu_peer *peer, int64_t now_us, size_t count, size_t lost)
{
	struct sfu_hearing *h = &peer->hearing;
	h->pictures = (uint16_t)(h->pictures + count);
	h->pictures_lost = (uint16_t)(h->pictures_lost + lost);
	if (h->pictures < PICTURES)
		return;
	hear_loss(peer, now_us, h->pictures_lost * 1000U / h->pictures);
	h->pictures = h->pictures_lost = 0;
}

void hear_tick(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu_hearing *h = &peer->hearing;
	if (!h->depth)
		return;
	if (!h->rtt_us)
		h->rtt_us = peer->rtt_us;
	if (h->rtt_us && peer->rtt_us > 2 * h->rtt_us + FULL_US) {
		h->depth = 0;
		h->until_us = now_us + DEEP_US;
	} else if (now_us >= h->until_us) {
		h->depth = h->depth > 2 ? 2 : 0;
		h->until_us = h->depth ? now_us + DEEP_US : 0;
		peer_due(peer, now_us + DEEP_US);
	}
}
