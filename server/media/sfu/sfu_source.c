/* A layer: numbers that go on for ever, the ring that all subscribers share, and what is new in it. */
#include "base/mem.h"
#include "media/sfu/sfu_priv.h"

enum { RATE_US = 500 * 1000 };

/* ---- the ring ---- */

static struct sfu_ring *ring_new(uint32_t count, uint32_t stride)
{
	size_t head = (sizeof(struct sfu_ring) + 15) & ~(size_t)15, packets = count * sizeof(struct sfu_packet);
	uint8_t *block = at_alloc(head + packets + (size_t)count * stride);
	struct sfu_ring *ring = (struct sfu_ring *)(void *)block;
	ring->packets = (struct sfu_packet *)(void *)(block + head);
	ring->bytes = block + head + packets;
	ring->mask = count - 1;
	ring->stride = stride;
	return ring;
}

static bool has_ring(struct sfu_layer *layer)
{
	struct sfu *sfu = layer->source->peer->sfu;
	if (layer->ring)
		return true;
	if (!layer_is_video(layer)) {
		layer->ring = ring_new(AUDIO_RING, AUDIO_PAYLOAD_MAX);
		return true;
	}
	if (sfu->rings_used >= sfu->options.rings_max)
		return false;
	sfu->rings_used++;
	layer->ring = ring_new(sfu->video_ring, VIDEO_PAYLOAD_MAX);
	return true;
}

static void undirty(struct sfu_layer *layer)
{
	struct sfu *sfu = layer->source->peer->sfu;
	layer->pending_count = 0;
	for (uint32_t i = 0; layer->is_dirty && i < sfu->dirty_count; i++)
		if (sfu->dirty[i] == layer) {
			sfu->dirty[i] = sfu->dirty[--sfu->dirty_count];
			layer->is_dirty = false;
		}
}

void layer_release(struct sfu_layer *layer)
{
	if (!layer->ring)
		return;
	undirty(layer);
	if (layer_is_video(layer))
		layer->source->peer->sfu->rings_used--;
	at_free(layer->ring);
	layer->ring = NULL;
	layer->key_seq = 0;
	slot_restart_all(layer);
}

/* Our numbers go on, so that no slot ever sees one twice. */
void layer_reset(struct sfu_layer *layer)
{
	layer->started = false;
	layer->key_seq = 0;
	layer->clock.is_known = false;
	for (uint8_t i = 0; i < layer->source->layer_count; i++) /* the others are compared with the first */
		if (i == layer->index || !layer->index)
			layer->source->layers[i].is_beside_known = false;
	layer->receipt = (struct sfu_receipt){.base = 0};
	if (layer->ring)
		layer->ring->missing_count = 0;
}

/* ---- numbers ---- */

uint64_t layer_extend(const struct sfu_layer *layer, uint16_t seq)
{
	return layer->started ? rtp_seq_extend(layer->in_highest, seq) : RTP_SEQ_FIRST + seq;
}

static void shift_add(struct sfu_layer *layer, uint64_t from, uint64_t by)
{
	if (layer->shift_count < SHIFTS_MAX)
		layer->shift_count++;
	for (uint8_t i = (uint8_t)(layer->shift_count - 1); i > 0; i--)
		layer->shifts[i] = layer->shifts[i - 1];
	layer->shifts[0].from = from;
	layer->shifts[0].by = by;
}

/* 0: older than what we remember. */
static uint64_t number_of(const struct sfu_layer *layer, uint64_t in_seq)
{
	for (uint8_t i = 0; i < layer->shift_count; i++)
		if (in_seq >= layer->shifts[i].from)
			return in_seq - layer->shifts[i].by;
	return 0;
}

static void start_at(struct sfu_layer *layer, uint64_t in_seq)
{
	/* A step of two: whoever forwards it knows that something is missing between. */
	uint64_t number = layer->highest ? layer->highest + 2 : in_seq;
	layer->shift_count = 0;
	shift_add(layer, in_seq, in_seq - number);
	layer->in_highest = in_seq - 1;
	layer->highest = number - 1;
	layer->key_seq = 0;
	layer->started = true;
	layer->receipt = (struct sfu_receipt){.base = 0};
	if (layer->ring)
		layer->ring->missing_count = 0;
	slot_restart_all(layer);
}

/* A publisher that starts its numbers anew is followed, with a key frame. */
void layer_advance(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq)
{
	if (!layer->started || in_seq > layer->in_highest + RESYNC || in_seq + RESYNC < layer->in_highest) {
		bool is_again = layer->started;
		start_at(layer, in_seq);
		if (is_again && layer_is_video(layer))
			key_want(layer, now_us);
	}
	if (in_seq > layer->in_highest) {
		if (in_seq > layer->in_highest + 1 && (layer_is_video(layer) || layer->source->is_on))
			uplink_missing(layer, now_us, layer->in_highest + 1, in_seq);
		layer->in_highest = in_seq;
	}
}

/* Dropped on purpose: later numbers close the gap, so that nobody waits for it. One that comes late leaves its gap. */
void layer_skip(struct sfu_layer *layer, uint64_t in_seq)
{
	if (!layer->started || in_seq <= layer->in_highest) {
		if (layer->started)
			return;
		start_at(layer, in_seq);
	}
	layer_advance(layer, layer->source->peer->sfu->ticked_us, in_seq);
	if (layer->shifts[0].from == in_seq) { /* nothing but drops since */
		layer->shifts[0].from = in_seq + 1;
		layer->shifts[0].by++;
	} else {
		shift_add(layer, in_seq + 1, layer->shifts[0].by + 1);
	}
}

/* Nothing before this number is as new as this time, as far as is known. */
bool layer_follows(const struct sfu_layer *layer, uint64_t in_seq, uint32_t timestamp)
{
	uint64_t number = number_of(layer, in_seq);
	const struct sfu_packet *before = number > 1 ? ring_at(layer->ring, number - 1) : NULL;
	return number && (!before || before->seq != number - 1 || rtp_timestamp_diff(timestamp, before->timestamp) > 0);
}

/* ---- packets ---- */

static bool read_vp8(struct sfu_packet *p, const struct rtp_packet *packet, struct sfu_layer *layer, size_t *at_out)
{
	struct vp8_packet vp8;
	if (vp8_parse(packet->payload, packet->payload_len, &vp8))
		return false;
	*at_out = vp8.len;
	p->descriptor_len = (uint8_t)vp8_descriptor_put(&vp8, p->descriptor);
	p->picture_id = vp8.picture_id;
	p->tl0picidx = vp8.tl0picidx;
	p->flags = (uint8_t)((vp8.has_picture_id ? PACKET_PICTURE_ID : 0) | (vp8.has_tl0picidx ? PACKET_TL0 : 0) |
			     (vp8.starts_frame ? PACKET_START : 0) | (vp8.is_keyframe ? PACKET_KEY : 0));
	if (vp8.is_keyframe) {
		layer->width = vp8.width;
		layer->height = vp8.height;
	}
	return true;
}

static bool read_audio(struct sfu_packet *p, const struct rtp_packet *packet, const struct sfu_layer *layer,
		       size_t *at_out)
{
	const struct sfu_audio_params *a = &layer->source->peer->params.audio;
	struct red_block primary;
	if (!a->red_pt || packet->payload_type != a->red_pt)
		return true;
	if (red_primary(packet->payload, packet->payload_len, &primary) || primary.payload_type != a->pt)
		return false;
	*at_out = (size_t)(primary.data - packet->payload);
	if (layer->source->unheard) /* nothing that was said while muted */
		return true;
	p->flags |= PACKET_RED;
	p->primary_at = (uint16_t)*at_out;
	*at_out = 0;
	return true;
}

/* Nothing is said before half a second was seen: a layer that looks cheap at its first packet would be taken and lost again. */
static void count_rate(struct sfu_layer *layer, int64_t now_us, size_t len)
{
	int64_t since_us = now_us - layer->rate_us;
	if (!layer->rate_us || since_us > ALIVE_US) {
		layer->rate_us = now_us;
		layer->rate_bytes = layer->bits_s = 0;
		return;
	}
	layer->rate_bytes += (uint32_t)len;
	if (since_us < RATE_US)
		return;
	uint64_t bits_s = (uint64_t)layer->rate_bytes * 8 * 1000000 / (uint64_t)since_us;
	layer->bits_s = (uint32_t)(layer->bits_s ? (layer->bits_s + bits_s) / 2 : bits_s);
	layer->rate_us = now_us;
	layer->rate_bytes = 0;
}

void layer_push(struct sfu_layer *layer, struct sfu_packet *packet, int64_t now_us)
{
	struct sfu *sfu = layer->source->peer->sfu;
	/* first: a slot that begins in this flush must not take it out of the ring, too */
	packet->flags |= PACKET_PENDING;
	if (layer->pending_count == PENDING_MAX)
		layer_flush(sfu, layer, now_us);
	if (!layer->pending_count)
		layer->pending_us = now_us;
	layer->pending[layer->pending_count++] = (uint16_t)(packet - layer->ring->packets);
	if (!layer->is_dirty) {
		layer->is_dirty = true;
		sfu->dirty[sfu->dirty_count++] = layer;
	}
}

static bool fill(struct sfu_layer *layer, struct sfu_packet *p, const struct rtp_packet *packet, uint8_t *bytes)
{
	size_t at = 0;
	if (layer_is_video(layer) && packet->payload_len && !read_vp8(p, packet, layer, &at))
		return false;
	if (!layer_is_video(layer) && !read_audio(p, packet, layer, &at))
		return false;
	if (packet->payload_len - at > layer->ring->stride)
		return false;
	p->len = (uint16_t)(packet->payload_len - at);
	if (packet->marker)
		p->flags |= PACKET_MARKER;
	if (p->len)
		memcpy(bytes, packet->payload + at, p->len);
	return true;
}

/* A place for this number; NULL when it is taken by this or a newer packet. */
static struct sfu_packet *place_for(struct sfu_layer *layer, uint64_t number, int64_t now_us)
{
	struct sfu_packet *p = ring_at(layer->ring, number);
	if (number + layer->ring->mask < layer->highest || p->seq >= number)
		return NULL;
	if (p->flags & PACKET_PENDING) /* a jump of a whole ring within a batch */
		layer_flush(layer->source->peer->sfu, layer, now_us);
	return p;
}

/* It has come alive: whoever shows this source chooses anew. */
static void tell_subscribers(struct sfu_layer *layer, int64_t now_us)
{
	for (uint32_t i = 0; i < layer->source->sub_count; i++) {
		struct sfu_peer *peer = layer->source->subs[i].slot->peer;
		peer->alloc_due = true;
		peer_due(peer, now_us);
	}
}

void layer_put(struct sfu_layer *layer, int64_t now_us, uint64_t in_seq, const struct rtp_packet *packet, uint8_t level,
	       bool is_voice, bool is_rtx)
{
	struct sfu_peer *peer = layer->source->peer;
	struct sfu *sfu = peer->sfu;
	if (!has_ring(layer)) {
		sfu_drop(sfu, SFU_DROP_RING);
		return;
	}
	if (!packet->payload_len && (!layer->started || in_seq > layer->in_highest)) {
		layer_skip(layer, in_seq);
		sfu_drop(sfu, SFU_DROP_PADDING);
		return;
	}
	layer_advance(layer, now_us, in_seq);
	uint64_t number = number_of(layer, in_seq);
	struct sfu_packet *p = number ? place_for(layer, number, now_us) : NULL;
	uplink_found(layer, in_seq);
	if (!p) {
		sfu_drop(sfu, SFU_DROP_LATE);
		return;
	}
	struct sfu_packet fresh = {.seq = number, .arrived_us = now_us, .timestamp = packet->timestamp, .level = level};
	if (is_voice)
		fresh.flags |= PACKET_VOICE;
	/* The place keeps what it has until then: its number must stay known, or it could be sealed again with other bytes. */
	if (!fill(layer, &fresh, packet, ring_bytes(layer->ring, p))) {
		sfu_drop(sfu, packet->payload_len > layer->ring->stride ? SFU_DROP_SIZE : SFU_DROP_RTP);
		return;
	}
	*p = fresh;
	if (number > layer->highest)
		layer->highest = number;
	if (!layer_is_alive(layer, now_us))
		tell_subscribers(layer, now_us);
	layer->heard_us = now_us;
	layer->packets++;
	sfu->stats.rtx_in += is_rtx;
	count_rate(layer, now_us, packet->len);
	if (p->flags & PACKET_KEY) {
		layer->keyframes++;
		if (number > layer->key_seq)
			layer->key_seq = number;
		key_came(layer, p->timestamp);
	}
	key_bytes(layer, p);
	layer_push(layer, p, now_us);
}
