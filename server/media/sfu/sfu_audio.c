/* Microphones: levels, mute, silence, RED, and who is heard in which slot. */
#include "media/sfu/sfu_priv.h"

enum { SILENCE_FORWARDED = 6 };

/* A free number, or that of somebody who is muted and not on the stage. 0: there is none. */
static unsigned number_for(struct sfu_room *room)
{
	unsigned muted = 0;
	for (unsigned i = 1; i <= SPEAKER_PERSONS_MAX; i++) {
		const struct sfu_peer *peer = room->persons[i];
		if (!peer)
			return i;
		if (!peer->sources[SFU_MIC].is_on && speaker_stage(room->speaker) != i)
			muted = i;
	}
	if (muted) {
		speaker_leave(room->speaker, muted);
		room->persons[muted]->person = 0;
	}
	return muted;
}

void audio_person(struct sfu_peer *peer)
{
	struct sfu_room *room = peer->room;
	if (peer->person || !peer->sources[SFU_MIC].layer_count || !peer->sources[SFU_MIC].is_on)
		return;
	unsigned number = number_for(room);
	if (!number)
		return;
	peer->person = (uint8_t)number;
	room->persons[number] = peer;
	speaker_join(room->speaker, number);
}

/* True: nothing but silence for a while, and still. What is dropped on purpose gets no number, so no receiver asks for it. */
static bool is_silence(struct sfu_source_state *source, const struct rtp_exts *exts)
{
	if (!rtp_exts_have(exts, RTP_EXT_AUDIO_LEVEL) || exts->level < SPEAKER_SILENT_LEVEL) {
		source->silence = 0;
		return false;
	}
	if (source->silence < SILENCE_FORWARDED) {
		source->silence++;
		return false;
	}
	return true;
}

void audio_put(struct sfu_layer *layer, int64_t now_us, const struct rtp_packet *packet, const struct rtp_exts *exts)
{
	struct sfu_source_state *source = layer->source;
	struct sfu_peer *peer = source->peer;
	struct sfu *sfu = peer->sfu;
	uint64_t in_seq = layer_extend(layer, packet->seq);
	bool has_level = rtp_exts_have(exts, RTP_EXT_AUDIO_LEVEL);
	if (!source->is_on || packet->is_padding_only || !packet->payload_len) {
		sfu_drop(sfu, !source->is_on ? SFU_DROP_MUTED : SFU_DROP_PADDING);
		if (!source->is_on)
			source->unheard = RED_BLOCKS_MAX;
		layer_skip(layer, in_seq);
		return;
	}
	layer->timestamp =
		rtp_timestamp_extend(layer->timestamp ? layer->timestamp : RTP_TIMESTAMP_FIRST, packet->timestamp);
	if (peer->person && has_level)
		speaker_level(peer->room->speaker, peer->person, (int64_t)(layer->timestamp / CLOCK_AUDIO), exts->level,
			      exts->is_voice);
	if (is_silence(source, exts)) {
		sfu_drop(sfu, SFU_DROP_SILENCE);
		layer_skip(layer, in_seq);
		return;
	}
	uint8_t level = has_level ? exts->level : SPEAKER_SILENT_LEVEL;
	bool is_voice = has_level && exts->is_voice;
	if (source->unheard) {
		source->unheard--;
	} else {
		layer_advance(layer, now_us, in_seq);
		red_restore(layer, now_us, in_seq, packet, level, is_voice);
	}
	layer_put(layer, now_us, in_seq, packet, level, is_voice, false);
}

/* ---- who is heard ---- */

/* Up to SFU_AUDIO_SLOTS_MAX microphones for this listener, in a room that has more than it has slots: who speaks now, then who spoke
 * last, then who could. */
static size_t loudest(const struct sfu_peer *peer, struct sfu_source_state **out, size_t max)
{
	const struct sfu_room *room = peer->room;
	uint8_t order[SPEAKER_PERSONS_MAX];
	size_t n = speaker_order(room->speaker, order, SPEAKER_PERSONS_MAX), count = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n && count < max; i++) {
			struct sfu_peer *other = room->persons[order[i]];
			if (other && other != peer && other->sources[SFU_MIC].is_on &&
			    speaker_is_ringing(room->speaker, order[i]) == !pass)
				out[count++] = &other->sources[SFU_MIC];
		}
	return count;
}

static size_t everybody(const struct sfu_peer *peer, bool only_on, struct sfu_source_state **out, size_t max)
{
	const struct sfu_room *room = peer->room;
	size_t count = 0;
	for (uint32_t i = 0; i < room->peer_count && count <= max; i++) {
		struct sfu_source_state *mic = &room->peers[i]->sources[SFU_MIC];
		if (room->peers[i] == peer || !mic->layer_count || (only_on && !mic->is_on))
			continue;
		if (count < max)
			out[count] = mic;
		count++;
	}
	return count; /* max + 1: too many */
}

static size_t slots_of(struct sfu_peer *peer, struct sfu_slot **out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind == SFU_SLOT_AUDIO)
			out[n++] = &peer->slots[i];
	return n;
}

/* Whoever has a slot keeps it as long as nobody else needs it. */
void audio_map(struct sfu_peer *peer)
{
	struct sfu_slot *slots[SFU_SLOTS_MAX];
	struct sfu_source_state *wanted[SFU_SLOTS_MAX];
	size_t max = slots_of(peer, slots), count = everybody(peer, false, wanted, max);
	if (count > max)
		count = everybody(peer, true, wanted, max);
	if (count > max)
		count = loudest(peer, wanted, max);
	map_slots(slots, max, wanted, count);
	for (size_t i = 0; i < max; i++)
		if (slots[i]->source && slots[i]->target != 0)
			slot_aim(slots[i], 0, TIER_ALL, false, peer->sfu->ticked_us);
}
