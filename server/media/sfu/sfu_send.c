/* Out: a layer's new packets to each slot that shows it. This is where the time goes, so nothing is looked up, divided or allocated here:
 * the header stands ready in the slot, the payload is sealed out of the shared ring straight into the slab that is sent. */
#include "media/sfu/sfu_priv.h"

/* ---- the slab ---- */

void tx_emit(struct sfu *sfu)
{
	struct sfu_tx *tx = &sfu->tx;
	if (tx->count)
		sfu->options.send(sfu->options.send_arg, tx->sends, tx->count);
	tx->count = tx->used = 0;
}

/* Room for one more message of so many bytes. */
static uint8_t *tx_room(struct sfu *sfu, size_t len)
{
	if (sfu->tx.count == SFU_SENDS_MAX || TX_SLAB - sfu->tx.used < len)
		tx_emit(sfu);
	return sfu->tx.slab + sfu->tx.used;
}

static void tx_commit(struct sfu *sfu, const struct ice_tuple *to, size_t len, uint16_t segment_size)
{
	struct sfu_tx *tx = &sfu->tx;
	tx->sends[tx->count++] =
		(struct sfu_send){.to = to, .data = tx->slab + tx->used, .len = len, .segment_size = segment_size};
	tx->used += len;
}

void tx_put(struct sfu *sfu, const struct ice_tuple *to, const uint8_t *data, size_t len)
{
	memcpy(tx_room(sfu, len), data, len);
	tx_commit(sfu, to, len, 0);
}

void tx_rtcp(struct sfu_peer *peer, uint8_t *data, size_t len, size_t max)
{
	const struct ice_tuple *to = sfu_peer_address(peer);
	size_t sealed;
	if (to && peer->is_up && len && !srtcp_seal(peer->out, data, len, max, &sealed))
		tx_put(peer->sfu, to, data, sealed);
}

/* ---- messages ---- */

/* What is being put together for one subscriber: a run of datagrams of one size. */
struct message {
	struct sfu *sfu;
	const struct ice_tuple *to;
	uint8_t *at;
	size_t len;
	uint32_t segments, abs_send;
	uint16_t segment_size;
	uint8_t cluster;
	int64_t now_us;
};

static void message_end(struct message *m)
{
	if (!m->segments)
		return;
	m->sfu->stats.sends++;
	m->sfu->stats.segments += m->segments;
	tx_commit(m->sfu, m->to, m->len, m->segments > 1 ? m->segment_size : 0);
	m->len = m->segments = 0;
}

static struct message message_for(struct sfu_peer *peer, const struct ice_tuple *to, int64_t now_us, uint32_t abs_send)
{
	return (struct message){.sfu = peer->sfu,
				.to = to,
				.now_us = now_us,
				.abs_send = abs_send,
				.cluster = peer->uses_twcc ? pacer_cluster(&peer->pacer, now_us) : 0};
}

/* ---- one packet to one slot ---- */

static void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_u32(uint8_t *at, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(at, &v, 4);
}

static void remember(struct sfu_slot *slot, const struct sfu_packet *p, uint64_t out, uint32_t timestamp,
		     uint16_t picture_id, uint8_t tl0)
{
	struct sfu_meta *m = &slot->meta[out & slot->meta_mask];
	*m = (struct sfu_meta){.out_seq = (uint16_t)out,
			       .seq = (uint16_t)p->seq,
			       .timestamp = timestamp,
			       .picture_id = picture_id,
			       .tl0picidx = tl0,
			       .layer = (uint8_t)(slot->current + 1)};
}

static void note_newest(struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *p, uint64_t out,
			uint32_t timestamp)
{
	slot->max_out = out;
	slot->last_marker = p->flags & PACKET_MARKER;
	slot->last_timestamp = timestamp;
	slot->last_in_timestamp = p->timestamp;
	slot->last_arrived_us = p->arrived_us;
	slot->last_layer = (int8_t)layer->index;
	if (p->flags & PACKET_START)
		slot->last_clock = layer->clock;
	if (p->flags & PACKET_KEY)
		slot->key_out = out;
}

static uint8_t *begin(struct message *m)
{
	if (!m->segments)
		m->at = tx_room(m->sfu, GSO_SEGMENTS_MAX * (size_t)ICE_PACKET_MAX);
	return m->at + m->len;
}

static void put_header(struct sfu_slot *slot, const struct message *m, const struct sfu_packet *p, uint8_t *out)
{
	struct sfu_peer *peer = slot->peer;
	memcpy(out, slot->header, HEADER_MAX);
	if (slot->twcc_at)
		put_u16(out + slot->twcc_at, ++peer->twcc_seq);
	else if (slot->abs_at) {
		out[slot->abs_at] = (uint8_t)(m->abs_send >> 16);
		put_u16(out + slot->abs_at + 1, (uint16_t)m->abs_send);
	}
	if (slot->level_at)
		out[slot->level_at] = (uint8_t)(p->level | (p->flags & PACKET_VOICE ? 0x80 : 0));
}

/* The descriptor with this slot's picture id and index. */
static void put_descriptor(uint8_t *d, const struct sfu_packet *p, uint16_t picture_id, uint8_t tl0)
{
	memcpy(d, p->descriptor, VP8_DESCRIPTOR_MAX);
	if (p->flags & PACKET_PICTURE_ID)
		put_u16(d + 2, picture_id | 0x8000);
	if (p->flags & PACKET_TL0)
		d[p->flags & PACKET_PICTURE_ID ? 4 : 2] = tl0;
}

static void count(struct sfu_slot *slot, struct message *m, size_t len)
{
	struct sfu_peer *peer = slot->peer;
	struct sfu_stats *stats = &m->sfu->stats;
	if (slot->twcc_at) {
		bwe_sent(&peer->bwe, m->now_us, peer->twcc_seq, len, m->cluster);
		pacer_sent(&peer->pacer, m->now_us, len);
	}
	slot->packets++;
	slot->bytes += len;
	peer->packets_out++;
	peer->bytes_out += len;
	stats->packets_out++;
	stats->bytes_out += len;
	m->len += len;
	m->segments++;
}

static void forward(struct sfu_slot *slot, struct message *m, const struct sfu_layer *layer, const struct sfu_packet *p,
		    uint8_t padding)
{
	struct sfu_place place = slot_place(slot, p);
	uint64_t out = place.out;
	uint32_t timestamp = p->timestamp + slot->timestamp_delta;
	uint16_t picture_id = place.picture_id;
	uint8_t tl0 = (uint8_t)(p->tl0picidx + slot->tl0_delta), *at = begin(m), pt = slot->pt;
	uint8_t descriptor[VP8_DESCRIPTOR_MAX];
	struct srtp_payload payload = {.body = ring_bytes(layer->ring, p), .body_len = p->len, .padding = padding};
	size_t len;
	put_header(slot, m, p, at);
	if (p->descriptor_len) {
		put_descriptor(descriptor, p, picture_id, tl0);
		payload.head = descriptor;
		payload.head_len = p->descriptor_len;
	} else if (slot->kind == SFU_SLOT_AUDIO) {
		uint8_t as = red_payload(slot, layer, p, &payload, &pt);
		if (slot->sent_as)
			*hear_sent_as(slot, out) = as;
	}
	if (!payload.head_len && !payload.body_len)
		payload.padding = 1; /* a publisher's probe that could not be left out any more */
	at[0] |= payload.padding ? 0x20 : 0;
	at[1] = (uint8_t)(pt | (p->flags & PACKET_MARKER ? 0x80 : 0));
	put_u16(at + 2, (uint16_t)out);
	put_u32(at + 4, timestamp);
	if (srtp_seal_gather(slot->peer->out, (uint32_t)(out >> 16), at, slot->header_len, &payload, ICE_PACKET_MAX,
			     &len))
		return;
	if (slot->meta)
		remember(slot, p, out, timestamp, picture_id, tl0);
	if (out > slot->max_out) {
		note_newest(slot, layer, p, out, timestamp);
		slot->last_picture_id = picture_id;
		slot->last_tl0 = tl0;
	}
	count(slot, m, len);
}

/* Nothing, under the number of a packet that this slot leaves out. It is not remembered: there is nothing to repeat. */
static void forward_place(struct sfu_slot *slot, struct message *m, const struct sfu_packet *p)
{
	struct srtp_payload payload = {.padding = 1};
	struct sfu_place place = slot_place(slot, p);
	uint64_t out = place.out;
	uint8_t *at = begin(m);
	size_t len;
	put_header(slot, m, p, at);
	at[0] |= 0x20;
	at[1] = slot->pt;
	put_u16(at + 2, (uint16_t)out);
	put_u32(at + 4, p->timestamp + slot->timestamp_delta);
	if (srtp_seal_gather(slot->peer->out, (uint32_t)(out >> 16), at, slot->header_len, &payload, ICE_PACKET_MAX,
			     &len))
		return;
	if (out > slot->max_out) {
		slot->max_out = out;
		/* what is missing before it may come yet, with the numbers up to these */
		slot->last_picture_id = place.picture_id;
		slot->last_tl0 = (uint8_t)(p->tl0picidx + slot->tl0_delta);
	}
	count(slot, m, len);
}

/* ---- runs of packets that can be one message ---- */

struct run {
	uint16_t first, count;
	uint16_t len; /* of all but the last, once padded */
};

static uint16_t payload_len(const struct sfu_packet *p)
{
	return (uint16_t)(p->len + p->descriptor_len);
}

/* As many as differ by few bytes, which padding makes equal; a much shorter one may end a run. */
static struct run run_from(const struct sfu_layer *layer, uint16_t first)
{
	const struct sfu_packet *packets = layer->ring->packets;
	uint16_t len = payload_len(&packets[layer->pending[first]]), least = len, i = (uint16_t)(first + 1);
	for (; i < layer->pending_count && i - first < GSO_SEGMENTS_MAX; i++) {
		uint16_t next = payload_len(&packets[layer->pending[i]]), most = next > len ? next : len;
		if (next < least && len - next > GSO_PADDING_MAX)
			return (struct run){first, (uint16_t)(i + 1 - first), len};
		if (most - least > GSO_PADDING_MAX)
			break;
		least = next < least ? next : least;
		len = most;
	}
	return (struct run){first, (uint16_t)(i - first), len};
}

static struct run run_of_one(const struct sfu_layer *layer, uint16_t first)
{
	return (struct run){first, 1, payload_len(&layer->ring->packets[layer->pending[first]])};
}

static uint8_t padding_in(const struct run *run, uint16_t i, uint16_t len)
{
	bool is_last = i + 1 == run->first + run->count;
	uint16_t lacks = (uint16_t)(run->len - len);
	return is_last || lacks > GSO_PADDING_MAX ? 0 : (uint8_t)lacks;
}

/* ---- slots ---- */

static bool begins_key(const struct sfu_packet *p)
{
	return (p->flags & (PACKET_KEY | PACKET_START)) == (PACKET_KEY | PACKET_START);
}

bool slot_forward(struct sfu_slot *slot, struct sfu_layer *layer, const struct sfu_packet *p, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	const struct ice_tuple *to = sfu_peer_address(peer);
	enum sfu_take take = to && peer->is_up ? tier_take(slot, p) : TAKE_NONE;
	if (take == TAKE_NONE)
		return false;
	struct message m = message_for(peer, to, now_us, rtp_abs_send_time(now_us));
	if (take == TAKE_IT)
		forward(slot, &m, layer, p, 0);
	else
		forward_place(slot, &m, p);
	message_end(&m);
	return true;
}

/* What is in the ring from `from` on and was handed out before this slot could have it. What is pending comes by itself. */
static void catch_up(struct sfu_slot *slot, struct sfu_layer *layer, uint64_t from, int64_t now_us)
{
	if (slot->kind == SFU_SLOT_SCREEN) {
		pace_from(slot, from, now_us);
		return;
	}
	for (uint64_t s = from; s <= layer->highest; s++) {
		const struct sfu_packet *p = ring_at(layer->ring, s);
		if (p->seq == s && !(p->flags & PACKET_PENDING))
			slot_forward(slot, layer, p, now_us);
	}
}

/* NONE: not this slot's (any more, yet). */
static enum sfu_take takes(struct sfu_slot *slot, struct message *m, struct sfu_layer *layer,
			   const struct sfu_packet *p)
{
	int8_t index = (int8_t)layer->index;
	if (slot->current == index)
		return p->seq >= slot->first_seq ? tier_take(slot, p) : TAKE_NONE;
	/* A smaller picture is better than none, until the wanted one comes. */
	bool will_do = slot->target == index || (slot->current == SFU_NONE && index < slot->target);
	if (!will_do || (slot->kind != SFU_SLOT_AUDIO && !begins_key(p)))
		return TAKE_NONE;
	if (slot->kind != SFU_SLOT_AUDIO && p->seq < layer->key_seq)
		return TAKE_NONE; /* came late, and a newer key frame is there */
	if (slot->kind != SFU_SLOT_AUDIO && slot_is_past(slot, layer, p))
		return TAKE_NONE; /* another is asked for; an old layer goes on meanwhile */
	message_end(m);
	slot_switch(slot, layer, p);
	return TAKE_IT;
}

static size_t key_bytes_pending(const struct sfu_layer *layer)
{
	const struct sfu_packet *packets = layer->ring->packets;
	size_t bytes = 0;
	for (uint16_t i = 0; i < layer->pending_count && layer->key_seq; i++) {
		const struct sfu_packet *p = &packets[layer->pending[i]], *key = ring_at(layer->ring, layer->key_seq);
		if (key->seq == layer->key_seq && key->timestamp == p->timestamp)
			bytes += p->len;
	}
	return bytes;
}

static void flush_to(struct sfu *sfu, struct sfu_layer *layer, struct sfu_slot *slot, const struct run *runs,
		     size_t run_count, int64_t now_us, uint32_t abs_send)
{
	struct sfu_peer *peer = slot->peer;
	const struct ice_tuple *to = sfu_peer_address(peer);
	if (!to || !peer->is_up)
		return;
	struct message m = message_for(peer, to, now_us, abs_send);
	bool is_tcp = to->transport == ICE_TCP;
	(void)sfu;
	for (size_t r = 0; r < run_count; r++) {
		for (uint16_t i = runs[r].first; i < runs[r].first + runs[r].count; i++) {
			const struct sfu_packet *p = &layer->ring->packets[layer->pending[i]];
			int8_t before = slot->current;
			if (slot->kind == SFU_SLOT_SCREEN && before == (int8_t)layer->index &&
			    pace_waits(slot, p, now_us))
				continue;
			enum sfu_take take = takes(slot, &m, layer, p);
			if (take == TAKE_PLACE) {
				message_end(&m);
				forward_place(slot, &m, p);
				message_end(&m);
			}
			if (take != TAKE_IT)
				continue;
			size_t len_before = m.len;
			forward(slot, &m, layer, p, is_tcp ? 0 : padding_in(&runs[r], i, payload_len(p)));
			if (m.segments == 1)
				m.segment_size = (uint16_t)(m.len - len_before);
			if (is_tcp)
				message_end(&m);
			if (before != slot->current && p->seq < layer->highest) {
				message_end(&m);
				catch_up(slot, layer, p->seq + 1, now_us);
			}
		}
		message_end(&m);
	}
}

void layer_flush(struct sfu *sfu, struct sfu_layer *layer, int64_t now_us)
{
	struct sfu_source_state *source = layer->source;
	struct run runs[PENDING_MAX];
	size_t run_count = 0;
	bool joins = sfu->options.gso && layer_is_video(layer);
	for (uint16_t i = 0; i < layer->pending_count; i = (uint16_t)(i + runs[run_count - 1].count))
		runs[run_count++] = joins ? run_from(layer, i) : run_of_one(layer, i);
	uint32_t abs_send = rtp_abs_send_time(now_us);
	int8_t index = (int8_t)layer->index;
	size_t key_bytes = layer_is_video(layer) ? key_bytes_pending(layer) : 0;
	red_forget(sfu);
	for (uint32_t i = 0; i < source->sub_count && run_count; i++) {
		const struct sfu_sub *sub = &source->subs[i];
		if (sub->current == index || sub->target == index || (sub->current == SFU_NONE && index < sub->target))
			flush_to(sfu, layer, sub->slot, runs, run_count, now_us, abs_send);
		if (key_bytes && sub->current == index)
			bwe_burst(&sub->slot->peer->bwe, now_us, key_bytes);
	}
	for (uint16_t i = 0; i < layer->pending_count; i++)
		layer->ring->packets[layer->pending[i]].flags &= (uint16_t)~PACKET_PENDING;
	layer->pending_count = 0;
}

/* ---- slots that begin ---- */

enum { EARLY_PACKETS_MAX = 40 };

/* A picture at once, from the last key frame, when it is not long ago: nobody has to be asked for another. */
bool slot_start_early(struct sfu_slot *slot, struct sfu_layer *layer, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	const struct ice_tuple *to = sfu_peer_address(peer);
	if (!layer_is_alive(layer, now_us) || !layer->key_seq || !to || !peer->is_up ||
	    layer->highest - layer->key_seq > EARLY_PACKETS_MAX)
		return false;
	const struct sfu_packet *key = ring_at(layer->ring, layer->key_seq);
	if (key->seq != layer->key_seq || key->flags & PACKET_PENDING)
		return false;
	if (slot->started && key->arrived_us <= slot->last_arrived_us)
		return false; /* its time is over: what was shown since would push the timeline ahead for good */
	slot_switch(slot, layer, key);
	catch_up(slot, layer, key->seq, now_us);
	return true;
}

/* ---- batches ---- */

static bool is_due(const struct sfu *sfu, const struct sfu_layer *layer, int64_t now_us)
{
	const struct sfu_packet *last = &layer->ring->packets[layer->pending[layer->pending_count - 1]];
	return !sfu->options.gso || !layer_is_video(layer) || last->flags & PACKET_MARKER ||
	       now_us - layer->pending_us >= HOLD_US;
}

void sfu_flush(struct sfu *sfu, int64_t now_us)
{
	uint32_t kept = 0;
	sfu->deadline_us = INT64_MAX;
	for (uint32_t i = 0; i < sfu->dirty_count; i++) {
		struct sfu_layer *layer = sfu->dirty[i];
		if (!layer->pending_count || is_due(sfu, layer, now_us)) {
			layer_flush(sfu, layer, now_us);
			layer->is_dirty = false;
			continue;
		}
		if (layer->pending_us + HOLD_US < sfu->deadline_us)
			sfu->deadline_us = layer->pending_us + HOLD_US;
		sfu->dirty[kept++] = layer;
	}
	sfu->dirty_count = kept;
	tx_emit(sfu);
}

int64_t sfu_deadline_us(const struct sfu *sfu)
{
	return sfu->deadline_us;
}
