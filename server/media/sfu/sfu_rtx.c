/* What is sent again, and padding: both on the slot's RTX SSRC, but for voice, which has none. Retransmission may cost a share of what
 * the slot sends, each packet once a round trip, and nothing before the last key frame, which no decoder needs any more. */
#include "media/sfu/sfu_priv.h"

enum {
	BURST_BYTES = 20000, /* free at any time: a lost key frame's packets */
	SHARE_PERCENT = 15,
	RTT_GUESS_US = 50 * 1000,
	SPACING_MIN_MS = 20,
};

static void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put_head(struct sfu_slot *slot, uint8_t *out, uint32_t timestamp, bool marker, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	uint32_t ssrc = __builtin_bswap32(slot->rtx_ssrc), ts = __builtin_bswap32(timestamp);
	memcpy(out, slot->header, HEADER_MAX);
	out[1] = (uint8_t)(peer->params.video.rtx_pt | (marker ? 0x80 : 0));
	put_u16(out + 2, (uint16_t)++slot->rtx_seq);
	memcpy(out + 4, &ts, 4);
	memcpy(out + 8, &ssrc, 4);
	if (slot->twcc_at) {
		put_u16(out + slot->twcc_at, ++peer->twcc_seq);
	} else if (slot->abs_at) {
		uint32_t abs_send = rtp_abs_send_time(now_us);
		out[slot->abs_at] = (uint8_t)(abs_send >> 16);
		put_u16(out + slot->abs_at + 1, (uint16_t)abs_send);
	}
}

static bool seal_and_send(struct sfu_slot *slot, uint8_t *bytes, const struct srtp_payload *payload, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	size_t len;
	const struct ice_tuple *to = sfu_peer_address(peer);
	if (!to || srtp_seal_gather(peer->out, (uint32_t)(slot->rtx_seq >> 16), bytes, slot->header_len, payload,
				    ICE_PACKET_MAX, &len))
		return false;
	if (slot->twcc_at) {
		bwe_sent(&peer->bwe, now_us, peer->twcc_seq, len, pacer_cluster(&peer->pacer, now_us));
		pacer_sent(&peer->pacer, now_us, len);
	}
	peer->packets_out++;
	peer->bytes_out += len;
	peer->sfu->stats.packets_out++;
	peer->sfu->stats.bytes_out += len;
	tx_put(peer->sfu, to, bytes, len);
	return true;
}

/* ---- retransmission ---- */

static const struct sfu_packet *find(const struct sfu_slot *slot, const struct sfu_meta *m,
				     struct sfu_layer **layer_out)
{
	struct sfu_layer *layer = &slot->source->layers[m->layer - 1];
	const struct sfu_packet *p = layer->ring ? ring_at(layer->ring, m->seq) : NULL;
	*layer_out = layer;
	return p && p->seq && (uint16_t)p->seq == m->seq ? p : NULL;
}

static bool may_repeat(struct sfu_slot *slot, struct sfu_meta *m, int64_t now_us)
{
	uint32_t now_ms = (uint32_t)(now_us / 1000) | 1; /* never 0 */
	uint32_t rtt_ms = (slot->peer->rtt_us ? slot->peer->rtt_us : RTT_GUESS_US) / 1000;
	if (m->rtx_ms && now_ms - m->rtx_ms < (rtt_ms < SPACING_MIN_MS ? SPACING_MIN_MS : rtt_ms))
		return false;
	if (slot->rtx_budget < 0)
		return false;
	/* How far behind the newest is it, compared with the key frame. */
	uint16_t behind = (uint16_t)((uint16_t)slot->max_out - m->out_seq);
	if (slot->max_out - behind < slot->key_out)
		return false;
	m->rtx_ms = now_ms;
	return true;
}

void rtx_answer(struct sfu_slot *slot, uint16_t out_seq, int64_t now_us)
{
	struct sfu_peer *peer = slot->peer;
	struct sfu *sfu = peer->sfu;
	struct sfu_meta *m = slot->meta ? &slot->meta[out_seq & slot->meta_mask] : NULL;
	struct sfu_layer *layer;
	sfu->stats.nacks_in++;
	if (!m || !m->layer || m->out_seq != out_seq || !slot->source || !slot->rtx_ssrc) {
		sfu->stats.rtx_refused++;
		return;
	}
	const struct sfu_packet *p = find(slot, m, &layer);
	if (!p || !may_repeat(slot, m, now_us)) {
		sfu->stats.rtx_refused++;
		return;
	}
	uint8_t bytes[ICE_PACKET_MAX + HEADER_MAX], head[RTP_RTX_LEN + VP8_DESCRIPTOR_MAX];
	struct srtp_payload payload = {.head = head,
				       .head_len = RTP_RTX_LEN + (size_t)p->descriptor_len,
				       .body = ring_bytes(layer->ring, p),
				       .body_len = p->len};
	put_u16(head, out_seq);
	memcpy(head + RTP_RTX_LEN, p->descriptor, VP8_DESCRIPTOR_MAX);
	if (p->flags & PACKET_PICTURE_ID)
		put_u16(head + RTP_RTX_LEN + 2, m->picture_id | 0x8000);
	if (p->flags & PACKET_TL0)
		head[RTP_RTX_LEN + (p->flags & PACKET_PICTURE_ID ? 4 : 2)] = m->tl0picidx;
	put_head(slot, bytes, m->timestamp, p->flags & PACKET_MARKER, now_us);
	if (!seal_and_send(slot, bytes, &payload, now_us))
		return;
	slot->rtx_budget -= p->len;
	slot->rtx++;
	sfu->stats.rtx_out++;
}

/* ---- voice ---- */

enum {
	ASKED_ONE = 0x08, /* in sent_as, above RED's mask: how often it was sent again */
	ASKED_MASK = 0x18,
	ASKED_MOST = 2,
	VOICE_SPACING = 8, /* packets, 160 ms: then the first repetition must have come */
	VOICE_NEWEST = AUDIO_RING - RED_DEPTH_MAX - 1,
};

/* What this slot sent under that number; NULL: nothing, or it is gone. */
static const struct sfu_packet *sent_voice(const struct sfu_slot *slot, uint64_t out)
{
	const struct sfu_layer *layer = slot->source && slot->current == 0 ? &slot->source->layers[0] : NULL;
	if (!layer || !layer->ring)
		return NULL;
	uint64_t seq = layer->highest + (uint64_t)(int32_t)((uint32_t)out - slot->seq_delta - (uint32_t)layer->highest);
	if (seq < slot->first_seq || seq > layer->highest || layer->highest - seq > VOICE_NEWEST)
		return NULL;
	const struct sfu_packet *p = ring_at(layer->ring, seq);
	return p->seq == seq && !(p->flags & PACKET_PENDING) ? p : NULL;
}

/* Under a number that was used already only the very same bytes may be sealed. */
static bool send_voice(struct sfu_slot *slot, const struct sfu_packet *p, uint64_t out)
{
	struct sfu_peer *peer = slot->peer;
	const struct ice_tuple *to = sfu_peer_address(peer);
	uint8_t bytes[ICE_PACKET_MAX + HEADER_MAX], pt;
	struct srtp_payload payload = {.padding = 0};
	uint32_t timestamp = __builtin_bswap32(p->timestamp + slot->timestamp_delta);
	size_t len;
	red_forget(peer->sfu);
	if (!to || !red_payload_again(slot, &slot->source->layers[0], p, *hear_sent_as(slot, out), &payload, &pt))
		return false;
	memcpy(bytes, slot->header, HEADER_MAX);
	bytes[1] = (uint8_t)(pt | (p->flags & PACKET_MARKER ? 0x80 : 0));
	put_u16(bytes + 2, (uint16_t)out);
	memcpy(bytes + 4, &timestamp, 4);
	if (slot->level_at)
		bytes[slot->level_at] = (uint8_t)(p->level | (p->flags & PACKET_VOICE ? 0x80 : 0));
	if (srtp_seal_gather(peer->out, (uint32_t)(out >> 16), bytes, slot->header_len, &payload, ICE_PACKET_MAX, &len))
		return false;
	peer->packets_out++;
	peer->bytes_out += len;
	peer->sfu->stats.packets_out++;
	peer->sfu->stats.bytes_out += len;
	slot->rtx_budget -= (int64_t)len;
	tx_put(peer->sfu, to, bytes, len);
	return true;
}

void rtx_voice(struct sfu_slot *slot, uint16_t out_seq, int64_t now_us)
{
	struct sfu_stats *stats = &slot->peer->sfu->stats;
	uint16_t behind = (uint16_t)((uint16_t)slot->max_out - out_seq);
	uint64_t out = slot->max_out - behind;
	const struct sfu_packet *p = behind < AUDIO_RING ? sent_voice(slot, out) : NULL;
	stats->nacks_in++;
	if (!p) {
		stats->rtx_refused++;
		return;
	}
	/* Not lost on this line but late on its publisher's: the question and the packet have met. */
	if (now_us - p->arrived_us < slot->peer->rtt_us * 3 / 4) {
		stats->rtx_refused++;
		return;
	}
	hear_written(slot->peer);
	uint8_t *as = hear_sent_as(slot, out);
	unsigned asked = (*as & (unsigned)ASKED_MASK) / ASKED_ONE;
	if (!asked)
		hear_asked(slot->peer, now_us);
	if (asked >= ASKED_MOST || behind < asked * VOICE_SPACING || slot->rtx_budget < 0 ||
	    !send_voice(slot, p, out)) {
		stats->rtx_refused++;
		return;
	}
	*as = (uint8_t)(*as + ASKED_ONE);
	slot->rtx++;
	stats->rtx_out++;
}

/* Each tick: what the share allows. */
void rtx_refill(struct sfu_slot *slot, int64_t elapsed_us)
{
	int64_t bytes_s = slot->bits_s / 8 * SHARE_PERCENT / 100;
	slot->rtx_budget += (bytes_s + BURST_BYTES / 4) * elapsed_us / 1000000;
	int64_t most = BURST_BYTES + 2 * bytes_s;
	if (slot->rtx_budget > most)
		slot->rtx_budget = most;
}

/* ---- padding ---- */

static struct sfu_slot *padding_slot(struct sfu_peer *peer)
{
	for (uint32_t i = 0; i < peer->slot_count; i++) {
		struct sfu_slot *slot = &peer->slots[peer->rtx_at % peer->slot_count];
		if (slot->rtx_ssrc && slot->started && slot->current != SFU_NONE)
			return slot;
		peer->rtx_at++;
	}
	return NULL;
}

/* Packets of nothing but padding, on RTX so that no gap shows in the media. */
void rtx_padding(struct sfu_peer *peer, size_t bytes, int64_t now_us)
{
	struct sfu_slot *slot = bytes ? padding_slot(peer) : NULL;
	for (int n = 0; slot && bytes && n < SFU_SENDS_MAX; n++) {
		uint8_t packet[HEADER_MAX + RTP_PADDING_MAX + SRTP_OVERHEAD_MAX + ICE_PACKET_MAX];
		struct srtp_payload payload = {.padding = RTP_PADDING_MAX};
		put_head(slot, packet, slot->last_timestamp, false, now_us);
		packet[0] |= 0x20;
		if (!seal_and_send(slot, packet, &payload, now_us))
			return;
		peer->sfu->stats.probes_out++;
		size_t len = slot->header_len + (size_t)RTP_PADDING_MAX + SRTP_OVERHEAD_MAX;
		bytes = bytes > len ? bytes - len : 0;
	}
}
