/* What core says of a peer, and what it may ask. */
#include "media/sfu/sfu_priv.h"

static struct sfu_peer *find(const struct sfu *sfu, const struct at_id *id, uint32_t number)
{
	const struct sfu_room *room = sfu_find_room(sfu, id);
	return room ? sfu_find_peer(room, number) : NULL;
}

enum at_err sfu_state(struct sfu *sfu, int64_t now_us, const struct at_id *id, uint32_t number, bool muted, bool camera,
		      bool screen)
{
	struct sfu_peer *peer = find(sfu, id, number);
	if (!peer)
		return AT_ERR_NOT_FOUND;
	peer->sources[SFU_MIC].is_on = !muted;
	peer->sources[SFU_CAMERA].is_on = camera;
	peer->sources[SFU_SCREEN].is_on = screen;
	audio_person(peer);
	peer->room->map_due = peer->room->layers_due = true;
	(void)now_us;
	return AT_OK;
}

static void insert_view(struct sfu_peer *peer, const struct sfu_view *view)
{
	size_t at = peer->view_count++;
	for (; at && peer->views[at - 1].height < view->height; at--)
		peer->views[at] = peer->views[at - 1];
	peer->views[at] = *view;
}

enum at_err sfu_view(struct sfu *sfu, int64_t now_us, const struct at_id *id, uint32_t number,
		     const struct sfu_view *views, size_t count)
{
	if (count > SFU_VIEWS_MAX)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < count; i++)
		if ((views[i].source != SFU_CAMERA && views[i].source != SFU_SCREEN) ||
		    views[i].height > SFU_HEIGHT_MAX)
			return AT_ERR_BAD_REQUEST;
	struct sfu_peer *peer = find(sfu, id, number);
	if (!peer)
		return AT_ERR_NOT_FOUND;
	peer->view_count = 0;
	for (size_t i = 0; i < count; i++)
		insert_view(peer, &views[i]);
	peer->has_viewed = true;
	peer->alloc_due = true;
	peer->room->map_due = peer->room->layers_due = true;
	peer_due(peer, now_us);
	return AT_OK;
}

/* ---- statistics ---- */

static size_t ring_size(const struct sfu_layer *layer)
{
	const struct sfu_ring *ring = layer->ring;
	return ring ? sizeof(*ring) + (ring->mask + 1UL) * (sizeof(struct sfu_packet) + ring->stride) : 0;
}

static void of_layer(const struct sfu_layer *layer, int64_t now_us, struct sfu_layer_stats *out)
{
	const struct sfu_receipt *r = &layer->receipt;
	uint64_t expected = r->base && layer->in_highest >= r->base ? layer->in_highest - r->base + 1 : 0;
	*out = (struct sfu_layer_stats){.is_alive = layer_is_alive(layer, now_us),
					.width = layer->width,
					.height = layer->height,
					.bits_s = layer->bits_s,
					.packets = layer->packets,
					.lost = expected > r->received ? expected - r->received : 0,
					.keyframes = layer->keyframes,
					.keyframes_asked = layer->keyframes_asked};
}

static void of_slot(const struct sfu_slot *slot, struct sfu_slot_stats *out)
{
	*out = (struct sfu_slot_stats){.peer = slot->source ? slot->source->peer->number : 0,
				       .layer = slot->current,
				       .wanted = slot->target,
				       .tier = slot->tier,
				       .packets = slot->packets,
				       .bytes = slot->bytes,
				       .rtx = slot->rtx,
				       .switches = slot->switches};
}

/* What OpenSSL holds is its module's figure (media/dtls, media/srtp); the rest is counted. */
enum { SRTP_KEPT = 7 * 1024 + 512, DTLS_KEPT = 600, DTLS_HANDSHAKE_KEPT = 57 * 1024 };

static size_t kept(const struct sfu_peer *peer)
{
	size_t n = sizeof(*peer) + peer->slot_count * sizeof(struct sfu_slot);
	if (peer->uplink)
		n += sizeof(*peer->uplink);
	if (peer->in)
		n += SRTP_KEPT;
	if (peer->dtls)
		n += dtls_state(peer->dtls) == DTLS_HANDSHAKING ? DTLS_HANDSHAKE_KEPT : DTLS_KEPT;
	for (size_t i = 0; i < LAYERS_A_PEER; i++)
		n += ring_size(&peer->layers[i]);
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		n += peer->sources[i].sub_max * sizeof(struct sfu_sub);
	for (uint32_t i = 0; i < peer->slot_count; i++)
		n += (peer->slots[i].meta ? (peer->slots[i].meta_mask + 1U) * sizeof(struct sfu_meta) : 0) +
		     (peer->slots[i].sent_as ? AUDIO_RING : 0);
	return n;
}

enum at_err sfu_peer_stats(const struct sfu *sfu, const struct at_id *id, uint32_t number, struct sfu_peer_stats *out)
{
	struct sfu_peer *peer = find(sfu, id, number);
	if (!peer)
		return AT_ERR_NOT_FOUND;
	const struct ice_tuple *to = sfu_peer_address(peer);
	*out = (struct sfu_peer_stats){.is_up = peer->is_up,
				       .is_away = peer->is_away,
				       .is_tcp = to && to->transport == ICE_TCP,
				       .moves = peer->moves,
				       .estimate_bits_s = bwe_estimate_bps(&peer->bwe, sfu->ticked_us),
				       .rtt_us = peer->rtt_us,
				       .voice = sfu_voice_of(peer),
				       .packets_in = peer->packets_in,
				       .packets_out = peer->packets_out,
				       .bytes_in = peer->bytes_in,
				       .bytes_out = peer->bytes_out,
				       .bytes_kept = kept(peer),
				       .slot_count = peer->slot_count};
	for (size_t i = 0; i < SFU_TUPLES_MAX; i++)
		out->tuples += peer->tuples[i].used;
	of_layer(&peer->layers[0], sfu->ticked_us, &out->mic);
	for (size_t i = 0; i < SFU_LAYERS_MAX; i++)
		of_layer(&peer->layers[1 + i], sfu->ticked_us, &out->camera[i]);
	of_layer(&peer->layers[LAYERS_A_PEER - 1], sfu->ticked_us, &out->screen);
	for (uint32_t i = 0; i < peer->slot_count; i++)
		of_slot(&peer->slots[i], &out->slots[i]);
	return AT_OK;
}
