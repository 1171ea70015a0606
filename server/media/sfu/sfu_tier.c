/* VP8's temporal layers (RFC 7741), called tiers here: what a slot leaves out of a layer so that its subscriber sees fewer pictures a second
 * and cannot tell from the numbers.
 *
 * Nothing is remembered a slot: each packet knows how many packets and pictures before it were above a tier, and who stops at that tier
 * takes so much off its numbers. The index of the lowest tier (tl0picidx) needs nothing: only that tier counts in it. What was missing when
 * its successors were numbered was counted as if everybody got it. Should it be above a slot's tier when it comes, a packet of nothing but
 * padding goes in its place, or the subscriber would ask for it for ever; when it was a whole picture, its picture id stays a gap.
 *
 * Down at any picture; up by one tier at a picture that refers to nothing above the lowest (the Y bit), or at a key frame: whatever else a
 * picture of a higher tier refers to was not sent. */
#include "media/sfu/sfu_priv.h"

/* ---- in ---- */

void tier_read(struct sfu_layer *layer, const struct vp8_packet *vp8, struct sfu_packet *p)
{
	if (vp8->tid >= TIERS_MAX)
		layer->ring->tiers.is_deep = true;
	p->tier = vp8->tid < TIERS_MAX ? vp8->tid : TIER_ALL;
	/* What the tiers beyond ours refer to is not known: then the highest begins at key frames only. */
	if (vp8->is_layer_sync && !(layer->ring->tiers.is_deep && p->tier == TIER_ALL))
		p->flags |= PACKET_SYNC;
}

static void copy_counts(struct sfu_packet *p, const uint32_t *above, const uint16_t *pictures)
{
	memcpy(p->above, above, sizeof(p->above));
	memcpy(p->pictures_above, pictures, sizeof(p->pictures_above));
}

static const struct sfu_packet *next_known(const struct sfu_layer *layer, uint64_t seq)
{
	while (++seq <= layer->highest)
		if (ring_at(layer->ring, seq)->seq == seq)
			return ring_at(layer->ring, seq);
	return NULL;
}

/* All between it and the next that is known is missing, and counts as sent. (If its picture is above a tier that count is one too high, but
 * then nobody who stops there sees this packet.) */
static void number_late(const struct sfu_layer *layer, struct sfu_packet *p)
{
	const struct sfu_packet *next = next_known(layer, p->seq);
	if (next)
		copy_counts(p, next->above, next->pictures_above);
	else
		copy_counts(p, layer->ring->tiers.above, layer->ring->tiers.pictures_above);
	p->flags |= PACKET_LATE;
}

void tier_number(struct sfu_layer *layer, struct sfu_packet *p)
{
	struct sfu_tiers *t = &layer->ring->tiers;
	if (p->seq < layer->highest) {
		number_late(layer, p);
		return;
	}
	if (!t->has_picture || p->timestamp != t->timestamp) {
		for (uint8_t k = 0; k < TIER_ALL; k++)
			t->pictures_above[k] = (uint16_t)(t->pictures_above[k] + (t->has_picture && t->tier > k));
		t->has_picture = true;
		t->timestamp = p->timestamp;
		t->tier = p->tier;
	}
	copy_counts(p, t->above, t->pictures_above);
	for (uint8_t k = 0; k < TIER_ALL; k++)
		t->above[k] += p->tier > k;
}

/* ---- rates ---- */

void tier_count(struct sfu_layer *layer, uint8_t tier, size_t len)
{
	struct sfu_tiers *t = &layer->ring->tiers;
	t->seen |= (uint8_t)(1U << tier);
	for (uint8_t k = tier; k < TIER_ALL; k++)
		t->rate_bytes[k] += (uint32_t)len;
}

void tier_rates(struct sfu_layer *layer, int64_t since_us, bool is_first)
{
	struct sfu_tiers *t = &layer->ring->tiers;
	for (uint8_t k = 0; k < TIER_ALL; k++) {
		uint64_t bits_s = since_us ? (uint64_t)t->rate_bytes[k] * 8 * 1000000 / (uint64_t)since_us : 0;
		t->bits_s[k] = rate_smoothed(is_first ? 0 : t->bits_s[k], bits_s);
		t->rate_bytes[k] = 0;
	}
	t->seen_before = t->seen;
	t->seen = 0;
}

uint8_t tier_of_layer(const struct sfu_layer *layer)
{
	unsigned seen = layer->ring ? layer->ring->tiers.seen | layer->ring->tiers.seen_before : 0;
	return seen & 4 ? 3 : seen & 2 ? 2 : 1;
}

/* ---- out ---- */

void tier_begin(struct sfu_slot *slot, const struct sfu_packet *p, uint64_t out)
{
	slot->first_seq = slot->tier_from = p->seq;
	slot->tier = slot->tier_before = slot->tier_target;
	slot->seq_delta = (uint32_t)(out - p->seq) + packets_above(p, slot->tier);
	slot->picture_id_delta = (uint16_t)(slot->last_picture_id + 1 - p->picture_id + pictures_above(p, slot->tier));
}

static void change(struct sfu_slot *slot, const struct sfu_packet *p, uint8_t tier)
{
	struct sfu_place now = slot_place(slot, p);
	slot->peer->sfu->stats.tier_changes++;
	slot->first_seq = slot->tier_from > slot->first_seq ? slot->tier_from : slot->first_seq;
	slot->tier_before = slot->tier;
	slot->seq_delta_before = slot->seq_delta;
	slot->picture_id_delta_before = slot->picture_id_delta;
	slot->tier_from = p->seq;
	slot->tier = tier;
	slot->seq_delta = (uint32_t)now.out - (uint32_t)p->seq + packets_above(p, tier);
	slot->picture_id_delta = (uint16_t)(now.picture_id - p->picture_id + pictures_above(p, tier));
}

/* At the first packet of a picture, and only when it came in its turn: what is older has kept its numbers. */
static void change_at(struct sfu_slot *slot, const struct sfu_packet *p)
{
	if (!(p->flags & PACKET_START) || p->flags & PACKET_LATE || p->seq <= slot->tier_from)
		return;
	if (slot->tier_target < slot->tier || p->flags & PACKET_KEY)
		change(slot, p, slot->tier_target);
	else if (p->flags & PACKET_SYNC && p->tier == slot->tier + 1)
		change(slot, p, p->tier);
}

enum sfu_take tier_take(struct sfu_slot *slot, const struct sfu_packet *p)
{
	if (slot->tier != slot->tier_target)
		change_at(slot, p);
	if (p->tier <= (p->seq < slot->tier_from ? slot->tier_before : slot->tier))
		return TAKE_IT;
	return p->flags & PACKET_LATE ? TAKE_PLACE : TAKE_NONE;
}
