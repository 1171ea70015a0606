/* A shared screen's pictures are large: a key frame can be a second's worth of the line. What would not get through it in 50 ms waits in the
 * layer's ring, where it is anyway, and follows as fast as the line takes it; a subscriber that waits for it needs to ask for no other. */
#include "media/sfu/sfu_priv.h"

enum {
	AHEAD_US = 50 * 1000,
	STEP_US = 5 * 1000,
	WAITING_MAX = VIDEO_RING * 3 / 4, /* packets; more will never be made up for */
};

static void count(struct sfu_peer *peer, int64_t now_us, size_t len)
{
	int64_t from_us = peer->paced_us > now_us ? peer->paced_us : now_us;
	peer->paced_us = from_us + (int64_t)(len * 8000000ULL / (peer->pace_bps ? peer->pace_bps : BWE_INIT_BPS));
}

bool pace_waits(struct sfu_slot *slot, const struct sfu_packet *p, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	if (!peer->paced_seq && peer->paced_us - now_us > AHEAD_US)
		pace_from(slot, p->seq, now_us);
	if (peer->paced_seq && p->seq >= peer->paced_seq)
		return true;
	count(peer, now_us, p->len);
	return false;
}

void pace_from(struct sfu_slot *slot, uint64_t seq, int64_t now_us)
{
	slot->peer->paced_seq = seq;
	peer_due(slot->peer, now_us + STEP_US);
}

static struct sfu_slot *paced_slot(struct sfu_peer *peer)
{
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind == SFU_SLOT_SCREEN && peer->slots[i].source &&
		    peer->slots[i].current != SFU_NONE)
			return &peer->slots[i];
	return NULL;
}

void pace_run(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu_slot *slot = peer->paced_seq ? paced_slot(peer) : NULL;
	struct sfu_layer *layer = slot ? &slot->source->layers[slot->current] : NULL;
	if (!layer || !layer->ring) {
		peer->paced_seq = 0;
		return;
	}
	if (layer->highest >= peer->paced_seq + WAITING_MAX) {
		peer->paced_seq = 0;
		slot_cut(slot);
		key_want(layer, now_us);
		return;
	}
	for (; peer->paced_seq <= layer->highest && peer->paced_us - now_us <= AHEAD_US; peer->paced_seq++) {
		const struct sfu_packet *p = ring_at(layer->ring, peer->paced_seq);
		if (p->seq != peer->paced_seq)
			continue; /* missing: goes by itself when it comes */
		if (p->flags & PACKET_PENDING)
			break; /* the flush must have seen it, or it would send it again */
		if (slot_forward(slot, layer, p, now_us))
			count(peer, now_us, p->len);
	}
	if (peer->paced_seq > layer->highest)
		peer->paced_seq = 0;
	else
		peer_due(peer, now_us + STEP_US);
}
