/* Redundant audio (RFC 2198), both ways: lost frames of a publisher's are taken out of what follows them, and a subscriber whose line
 * loses gets each frame up to RED_DEPTH_MAX times more, whatever its publisher sends. The frames lie in the layer's ring, once for all.
 * A subscriber whose line is clean gets what came, as it came. */
#include "media/sfu/sfu_priv.h"

enum {
	RED_MADE = 0x80,                     /* put together here; else as it came */
	RED_MASK = (1 << RED_DEPTH_MAX) - 1, /* bit k: with the frame of k + 1 numbers before */
	RED_HEADS = 1 + 4 * RED_DEPTH_MAX,
};

static const uint8_t *frame_of(const struct sfu_layer *layer, const struct sfu_packet *p, size_t *len_out)
{
	size_t at = p->flags & PACKET_RED ? p->primary_at : 0;
	*len_out = p->len - at;
	return ring_bytes(layer->ring, p) + at;
}

/* ---- to subscribers ---- */

/* NULL: not there, or too long ago for the 14 bits, as after a pause in discontinuous transmission. */
static const struct sfu_packet *before(const struct sfu_layer *layer, const struct sfu_packet *p, unsigned by)
{
	const struct sfu_packet *old = p->seq > by ? ring_at(layer->ring, p->seq - by) : NULL;
	if (!old || old->seq != p->seq - by)
		return NULL;
	int32_t offset = rtp_timestamp_diff(p->timestamp, old->timestamp);
	return offset > 0 && offset <= RED_OFFSET_MAX ? old : NULL;
}

/* The newest first: they are worth most when not all have room. */
static uint8_t choose(const struct sfu_layer *layer, const struct sfu_packet *p, unsigned depth)
{
	size_t len, used;
	uint8_t mask = 0;
	frame_of(layer, p, &used);
	for (unsigned by = 1; by <= depth; by++) {
		const struct sfu_packet *old = before(layer, p, by);
		if (!old)
			continue;
		frame_of(layer, old, &len);
		if (!len || len > RED_BLOCK_LEN_MAX || used + len + RED_HEADS > RED_PAYLOAD_MAX)
			continue;
		used += len;
		mask |= (uint8_t)(1U << (by - 1));
	}
	return mask;
}

static struct red_block block_of(const struct sfu_layer *layer, const struct sfu_packet *p,
				 const struct sfu_packet *old, uint8_t pt)
{
	struct red_block block = {.payload_type = pt, .timestamp_offset = (uint16_t)(p->timestamp - old->timestamp)};
	block.data = frame_of(layer, old, &block.len);
	return block;
}

static bool compose(const struct sfu_layer *layer, const struct sfu_packet *p, struct sfu_red *red)
{
	struct red_block blocks[RED_DEPTH_MAX + 1];
	size_t n = 0;
	for (unsigned by = RED_DEPTH_MAX; by > 0; by--) {
		const struct sfu_packet *old = red->as & 1U << (by - 1) ? before(layer, p, by) : NULL;
		if (old)
			blocks[n++] = block_of(layer, p, old, red->pt);
		else if (red->as & 1U << (by - 1))
			return false;
	}
	blocks[n++] = block_of(layer, p, p, red->pt);
	red->len = (uint16_t)red_put(blocks, n, red->bytes, RED_PAYLOAD_MAX);
	red->packet = red->len ? p : NULL;
	return red->len;
}

void red_forget(struct sfu *sfu)
{
	sfu->red_count = 0;
}

static const struct sfu_red *composed(struct sfu *sfu, const struct sfu_layer *layer, const struct sfu_packet *p,
				      uint8_t as, uint8_t pt)
{
	for (uint32_t i = 0; i < sfu->red_count; i++)
		if (sfu->reds[i].packet == p && sfu->reds[i].as == as && sfu->reds[i].pt == pt)
			return &sfu->reds[i];
	if (sfu->red_count == RED_CACHE)
		sfu->red_count = 0;
	struct sfu_red *red = &sfu->reds[sfu->red_count];
	red->as = as;
	red->pt = pt;
	if (!compose(layer, p, red))
		return NULL;
	sfu->red_count++;
	return red;
}

static void as_it_came(const struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *p,
		       struct srtp_payload *payload, uint8_t *pt_out)
{
	bool keeps_red = p->flags & PACKET_RED && !slot->strip_red;
	payload->body = ring_bytes(layer->ring, p);
	payload->body_len = p->len;
	*pt_out = keeps_red ? slot->red_pt : slot->pt;
	if (!keeps_red)
		payload->body = frame_of(layer, p, &payload->body_len);
}

bool red_payload_again(struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *p, uint8_t as,
		       struct srtp_payload *payload, uint8_t *pt_out)
{
	if (!(as & RED_MADE)) {
		as_it_came(slot, layer, p, payload, pt_out);
		return true;
	}
	*pt_out = slot->pt;
	payload->body = frame_of(layer, p, &payload->body_len);
	if (!(as & RED_MASK))
		return true;
	const struct sfu_red *red = composed(slot->peer->sfu, layer, p, as & RED_MASK, slot->pt);
	if (!red)
		return false;
	*pt_out = slot->red_pt;
	payload->body = red->bytes;
	payload->body_len = red->len;
	return true;
}

uint8_t red_payload(struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *p,
		    struct srtp_payload *payload, uint8_t *pt_out)
{
	unsigned depth = slot->red_pt ? slot->peer->hearing.depth : 0;
	uint8_t as = depth ? (uint8_t)(RED_MADE | choose(layer, p, depth)) : 0;
	if (!red_payload_again(slot, layer, p, as, payload, pt_out)) {
		as = 0;
		as_it_came(slot, layer, p, payload, pt_out);
	}
	slot->peer->sfu->stats.reds_made += (as & RED_MASK) != 0;
	return as;
}

/* ---- from publishers ---- */

/* Redundant frames are the packets before, one each, in their order (as browsers send them), and so tell their numbers. A frame that says
 * it is older than what stands before its place is not believed. */
static void restore(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq, const struct rtp_packet *packet,
		    const struct red_block *block, uint8_t level, bool is_voice)
{
	struct rtp_packet lost = *packet;
	lost.seq = (uint16_t)in_seq;
	lost.timestamp = packet->timestamp - block->timestamp_offset;
	lost.payload_type = block->payload_type;
	lost.payload = block->data;
	lost.payload_len = block->len;
	lost.marker = false;
	lost.len = block->len;
	if (block->payload_type != layer->source->peer->params.audio.pt || !block->len || !block->timestamp_offset ||
	    !layer_follows(layer, in_seq, lost.timestamp))
		return;
	layer_put(layer, now_us, in_seq, &lost, level, is_voice, false);
	layer->source->peer->voice.restored++;
	layer->source->peer->sfu->stats.voices_restored++;
}

void red_restore(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq, const struct rtp_packet *packet,
		 uint8_t level, bool is_voice)
{
	const struct sfu_audio_params *a = &layer->source->peer->params.audio;
	struct red red;
	if (!layer->ring || !a->red_pt || packet->payload_type != a->red_pt ||
	    red_parse(packet->payload, packet->payload_len, &red))
		return;
	layer->source->peer->voice.red++;
	layer->source->peer->voice.red_frames += red.count - 1;
	if (!layer->ring->missing_count)
		return;
	for (size_t i = 0; i + 1 < red.count; i++) {
		uint64_t number = in_seq - (red.count - 1 - i);
		if (uplink_is_missing(layer, number))
			restore(layer, now_us, number, packet, &red.blocks[i], level, is_voice);
	}
}
