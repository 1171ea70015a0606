/* A subscriber's m-line: one endless stream whatever flows in it. A change of layer or person shows nothing but a key frame: numbers,
 * timestamps and picture ids go on (JVB's rule). */
#include "base/mem.h"
#include "base/rand.h"
#include "media/sfu/sfu_priv.h"

enum {
	SEQ_FIRST_MAX = 1 << 14, /* so that the first packets cannot be lost at a wrap (RFC 3711 section 3.3.1) */
	LATE_KEY = 1800,
	CLOCK_JUMP = 90000, /* reports that disagree by more than a second with our clock are not believed */
};

/* ---- the header, written once ---- */

static size_t put_ext(uint8_t *at, uint8_t id, size_t len)
{
	at[0] = (uint8_t)((unsigned)id << 4 | (unsigned)(len - 1));
	return 1 + len;
}

static void build_exts(struct sfu_slot *slot, const char *mid)
{
	const struct sfu_params *p = &slot->peer->params;
	bool is_audio = slot->kind == SFU_SLOT_AUDIO;
	uint8_t ext_mid = is_audio ? p->audio.ext_mid : p->video.ext_mid;
	uint8_t *h = slot->header;
	size_t at = 20;
	if (ext_mid) {
		size_t len = strlen(mid);
		memcpy(h + at + 1, mid, len);
		at += put_ext(h + at, ext_mid, len);
	}
	if (is_audio && p->audio.ext_level) {
		slot->level_at = (uint8_t)(at + 1);
		at += put_ext(h + at, p->audio.ext_level, 1);
	}
	if (!is_audio && p->video.ext_twcc) {
		slot->twcc_at = (uint8_t)(at + 1);
		at += put_ext(h + at, p->video.ext_twcc, 2);
	} else if (!is_audio && p->video.ext_abs_send) {
		slot->abs_at = (uint8_t)(at + 1);
		at += put_ext(h + at, p->video.ext_abs_send, 3);
	}
	size_t padded = (at + 3) & ~(size_t)3;
	if (at == 20) {
		slot->header_len = 16;
		return;
	}
	h[0] |= 0x10;
	h[16] = 0xbe;
	h[17] = 0xde;
	h[19] = (uint8_t)((padded - 20) / 4);
	slot->header_len = (uint8_t)padded;
}

static void put_u32(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 24);
	at[1] = (uint8_t)(v >> 16);
	at[2] = (uint8_t)(v >> 8);
	at[3] = (uint8_t)v;
}

void slot_init(struct sfu_slot *slot, struct sfu_peer *peer, uint8_t index)
{
	const struct sfu_params *p = &peer->params;
	uint16_t picture_id;
	slot->peer = peer;
	slot->index = index;
	slot->kind = (uint8_t)p->recv[index].kind;
	slot->current = slot->target = slot->last_layer = SFU_NONE;
	slot->ssrc = peer->ssrc_base + 2U * index;
	slot->rtx_ssrc = slot->kind == SFU_SLOT_AUDIO || !p->video.rtx_pt ? 0 : slot->ssrc + 1;
	slot->pt = slot->kind == SFU_SLOT_AUDIO ? p->audio.pt : p->video.pt;
	slot->red_pt = slot->kind == SFU_SLOT_AUDIO ? p->audio.red_pt : 0;
	slot->max_out = 1 + at_rand_below(SEQ_FIRST_MAX - 2);
	slot->rtx_seq = 1 + at_rand_below(SEQ_FIRST_MAX - 2);
	slot->last_marker = true;
	at_rand(&slot->last_timestamp, sizeof(slot->last_timestamp));
	at_rand(&picture_id, sizeof(picture_id));
	at_rand(&slot->last_tl0, sizeof(slot->last_tl0));
	slot->last_picture_id = picture_id & VP8_PICTURE_ID_MASK;
	slot->header[0] = 0x81; /* version 2, one CSRC: who it is */
	put_u32(slot->header + 8, slot->ssrc);
	build_exts(slot, p->recv[index].mid);
}

void slot_release(struct sfu_slot *slot)
{
	at_free(slot->meta);
	at_free(slot->sent_as);
	slot->meta = NULL;
	slot->sent_as = NULL;
}

/* What is remembered for retransmission covers a second: it grows with the rate, never on the way of a packet. */
static void grow_meta(struct sfu_slot *slot, uint64_t packets)
{
	uint32_t size = slot->meta ? slot->meta_mask + 1U : 0, wanted = size ? size : META_FIRST;
	while (wanted < META_MAX && wanted < packets * 3 / 2)
		wanted *= 2;
	if (wanted == size || !slot->rtx_ssrc)
		return;
	struct sfu_meta *meta = at_alloc(wanted * sizeof(*meta));
	for (uint32_t i = 0; i < size; i++)
		if (slot->meta[i].layer)
			meta[slot->meta[i].out_seq & (wanted - 1)] = slot->meta[i];
	at_free(slot->meta);
	slot->meta = meta;
	slot->meta_mask = (uint16_t)(wanted - 1);
}

/* ---- whose ---- */

static void unsubscribe(struct sfu_slot *slot)
{
	struct sfu_source_state *source = slot->source;
	struct sfu_sub *last = &source->subs[--source->sub_count];
	source->subs[slot->sub] = *last;
	last->slot->sub = slot->sub;
	slot->source = NULL;
}

static void subscribe(struct sfu_slot *slot, struct sfu_source_state *source)
{
	if (source->sub_count == source->sub_max) {
		source->sub_max = source->sub_max ? source->sub_max * 2 : 8;
		source->subs = at_realloc(source->subs, source->sub_max * sizeof(*source->subs));
	}
	slot->source = source;
	slot->sub = source->sub_count;
	source->subs[source->sub_count++] = (struct sfu_sub){slot, SFU_NONE, SFU_NONE};
	put_u32(slot->header + 12, source->peer->number);
}

static void show(struct sfu_slot *slot)
{
	struct sfu_sub *sub = &slot->source->subs[slot->sub];
	sub->current = slot->current;
	sub->target = slot->target;
}

void slot_set_source(struct sfu_slot *slot, struct sfu_source_state *source)
{
	if (slot->source == source)
		return;
	if (slot->source)
		unsubscribe(slot);
	slot->current = slot->target = SFU_NONE;
	slot->last_clock.is_known = false; /* another's clock: the timeline goes on by ours */
	slot->last_layer = SFU_NONE;
	slot->was_taken = false;
	if (slot->meta)
		memset(slot->meta, 0, (slot->meta_mask + 1U) * sizeof(*slot->meta));
	if (!source)
		return;
	subscribe(slot, source);
	if (slot->kind != SFU_SLOT_AUDIO && !slot->meta)
		grow_meta(slot, 0);
}

void slot_restart_all(struct sfu_layer *layer)
{
	struct sfu_source_state *source = layer->source;
	for (uint32_t i = 0; i < source->sub_count; i++)
		if (source->subs[i].current == (int8_t)layer->index) {
			source->subs[i].current = SFU_NONE;
			source->subs[i].slot->current = SFU_NONE;
		}
}

/* ---- which layer ---- */

/* Of what flows: as wanted of the target; of less than that all, as it is cheap; of more, until a key frame comes, only the least when
 * even that is too much. */
static void aim_tier(struct sfu_slot *slot, bool in_need)
{
	if (slot->kind == SFU_SLOT_AUDIO)
		return;
	if (slot->current == slot->target)
		slot->tier_target = slot->tier_wanted;
	else if (slot->current < slot->target)
		slot->tier_target = TIER_ALL;
	else if (in_need)
		slot->tier_target = 0;
}

void slot_aim(struct sfu_slot *slot, int8_t layer, uint8_t tier, bool in_need, int64_t now_us)
{
	if (slot->source && layer != SFU_NONE && slot->target == layer) {
		slot->tier_wanted = tier;
		aim_tier(slot, in_need);
	}
	if (!slot->source || (slot->target == layer && (slot->current == layer || layer == SFU_NONE)))
		return;
	slot->tier_wanted = tier;
	bool is_new = slot->target != layer;
	slot->target = layer;
	slot->aimed_us = is_new ? now_us : slot->aimed_us;
	if (layer == SFU_NONE)
		slot->current = SFU_NONE;
	aim_tier(slot, in_need);
	show(slot);
	if (layer == SFU_NONE || slot->kind == SFU_SLOT_AUDIO || slot->current == layer)
		return;
	for (int8_t i = layer; is_new && slot->current == SFU_NONE && i >= 0; i--)
		slot_start_early(slot, &slot->source->layers[i], now_us); /* a smaller picture is better than none */
	slot_ask(slot, now_us);
}

void slot_ask(struct sfu_slot *slot, int64_t now_us)
{
	struct sfu_layer *smallest = &slot->source->layers[0];
	if (slot->target == slot->current)
		return;
	key_want(&slot->source->layers[slot->target], now_us);
	/* The gate of the wanted one may be shut for seconds; who sees nothing is glad of the small one. */
	if (slot->current == SFU_NONE && slot->target > 0 && layer_is_alive(smallest, now_us))
		key_want(smallest, now_us);
}

void slot_cut(struct sfu_slot *slot)
{
	slot->current = SFU_NONE;
	show(slot);
}

/* Its timestamp in the clock that all layers of a source can be compared in. */
static bool common_timestamp(const struct sfu_source_state *source, int layer, uint32_t timestamp, uint32_t *out)
{
	if (layer == SFU_NONE || (layer && !source->layers[layer].is_beside_known))
		return false;
	*out = timestamp + (layer ? (uint32_t)source->layers[layer].beside : 0);
	return true;
}

/* How far the packet is ahead of the newest sent one on its publisher's clock, in ticks. By both layers' sender reports where there are,
 * else by what the layers' own clocks were seen to be apart, else by arrival. */
static int64_t timestamp_step(const struct sfu_slot *slot, const struct sfu_layer *layer,
			      const struct sfu_packet *packet)
{
	uint32_t clock = slot->kind == SFU_SLOT_AUDIO ? CLOCK_AUDIO : CLOCK_VIDEO, from, to;
	int64_t by_arrival = (packet->arrived_us - slot->last_arrived_us) * clock / 1000, step = by_arrival;
	const struct sfu_clock *a = &slot->last_clock, *b = &layer->clock;
	if (a->is_known && b->is_known) {
		int64_t ntp_us = rtp_us_of_ntp(b->ntp) - rtp_us_of_ntp(a->ntp);
		step = ntp_us * clock / 1000 + rtp_timestamp_diff(packet->timestamp, b->timestamp) -
		       rtp_timestamp_diff(slot->last_in_timestamp, a->timestamp);
	} else if (common_timestamp(layer->source, slot->last_layer, slot->last_in_timestamp, &from) &&
		   common_timestamp(layer->source, layer->index, packet->timestamp, &to)) {
		step = rtp_timestamp_diff(to, from);
	}
	return step - by_arrival > CLOCK_JUMP || by_arrival - step > CLOCK_JUMP ? by_arrival : step;
}

bool slot_is_past(const struct sfu_slot *slot, const struct sfu_layer *layer, const struct sfu_packet *key)
{
	return slot->started && timestamp_step(slot, layer, key) < -LATE_KEY;
}

void slot_switch(struct sfu_slot *slot, struct sfu_layer *layer, const struct sfu_packet *packet)
{
	uint64_t out = slot->max_out + 1;
	/* A broken frame is not to be glued to the key frame: a gap tells the decoder. */
	if (slot->started && !slot->last_marker)
		out++;
	int64_t step = slot->started ? timestamp_step(slot, layer, packet) : 1;
	uint32_t timestamp = slot->last_timestamp + (step > 0 ? (uint32_t)step : 1);
	slot->timestamp_delta = timestamp - packet->timestamp;
	slot->tl0_delta = (uint8_t)(slot->last_tl0 + 1 - packet->tl0picidx);
	slot->key_out = out;
	if (slot->started && slot->current != SFU_NONE) {
		slot->switches++;
		slot->peer->sfu->stats.switches++;
	}
	slot->started = true;
	slot->current = (int8_t)layer->index;
	aim_tier(slot, false);
	tier_begin(slot, packet, out);
	if (slot->kind == SFU_SLOT_SCREEN)
		slot->peer->paced_seq = 0;
	slot->sr_us = 0; /* the map is another one: tell it at once */
	const struct sfu_params *from = &layer->source->peer->params;
	/* RED names the codec inside it, too: it passes as it came only where both number it alike. */
	slot->strip_red = !slot->red_pt || from->audio.pt != slot->pt;
	show(slot);
}

/* ---- once a second ---- */

void slot_second(struct sfu_slot *slot, int64_t now_us)
{
	uint64_t packets = slot->packets - slot->packets_before;
	slot->bits_s = (uint32_t)((slot->bytes - slot->bytes_before) * 8);
	slot->packets_before = slot->packets;
	slot->bytes_before = slot->bytes;
	(void)now_us;
	if (slot->source && slot->kind != SFU_SLOT_AUDIO)
		grow_meta(slot, packets);
}
