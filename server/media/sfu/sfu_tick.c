/* Time: each peer has a moment when it next wants to be looked at, kept apart from the peers so that looking for them costs little. */
#include "media/sfu/sfu_priv.h"

enum {
	ACTIVE_US = 20 * 1000, /* a subscriber of video */
	PROBING_US = SFU_TICK_US,
	IDLE_US = 250 * 1000,
	SECOND_US = 1000 * 1000,
	ADVISE_US = 1000 * 1000,
	SPEAKER_US = 40 * 1000,
};

void peer_due(struct sfu_peer *peer, int64_t at_us)
{
	int64_t *due_us = &peer->sfu->due_us[peer->index];
	if (at_us < *due_us)
		*due_us = at_us;
}

static bool shows_video(const struct sfu_peer *peer)
{
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind != SFU_SLOT_AUDIO && peer->slots[i].current != SFU_NONE)
			return true;
	return false;
}

static void probe(struct sfu_peer *peer, int64_t now_us)
{
	struct bwe_probe wanted;
	if (bwe_probe_want(&peer->bwe, now_us, peer->wanted_bps, &wanted))
		pacer_probe(&peer->pacer, now_us, &wanted);
	rtx_padding(peer, pacer_padding(&peer->pacer, now_us), now_us);
	peer_due(peer, now_us + (pacer_cluster(&peer->pacer, now_us) ? PROBING_US : ACTIVE_US));
}

static void each_second(struct sfu_peer *peer, int64_t now_us)
{
	int64_t elapsed_us = now_us - peer->second_us;
	if (elapsed_us < SECOND_US)
		return;
	peer->second_us = now_us;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		slot_second(&peer->slots[i], elapsed_us);
}

static void downlink_tick(struct sfu_peer *peer, int64_t now_us)
{
	if (view_is_due(peer, now_us))
		view_allocate(peer, now_us);
	pace_run(peer, now_us);
	for (uint32_t i = 0; i < peer->slot_count; i++)
		rtx_refill(&peer->slots[i], now_us - peer->ticked_us);
	each_second(peer, now_us);
	hear_tick(peer, now_us);
	rtcp_reports(peer, now_us);
	if (!shows_video(peer))
		return;
	peer_due(peer, now_us + ACTIVE_US);
	if (peer->uses_twcc)
		probe(peer, now_us);
}

static void peer_tick(struct sfu_peer *peer, int64_t now_us)
{
	peer->sfu->due_us[peer->index] = now_us + IDLE_US;
	if (!sfu_peer_consent(peer, now_us))
		return;
	if (peer->dtls)
		peer_due(peer, dtls_deadline_us(peer->dtls));
	if (peer->is_up) {
		uplink_tick(peer, now_us);
		key_tick(peer, now_us);
		downlink_tick(peer, now_us);
	}
	peer->ticked_us = now_us;
}

static void room_tick(struct sfu_room *room, int64_t now_us)
{
	if (room->map_due)
		view_map(room, now_us);
	if (now_us - room->speaker_us >= SPEAKER_US)
		speaker_run(room, now_us);
	if (room->layers_due || now_us - room->layers_us >= ADVISE_US)
		view_advise(room, now_us);
}

void sfu_tick(struct sfu *sfu, int64_t now_us)
{
	sfu->ticked_us = now_us;
	for (uint32_t i = 0; i < sfu->rooms_used; i++)
		if (sfu->rooms[i].is_live)
			room_tick(&sfu->rooms[i], now_us);
	for (uint32_t i = 0; i < sfu->peers_used; i++)
		if (sfu->due_us[i] <= now_us && sfu->peers[i] && !sfu->peers[i]->is_dead)
			peer_tick(sfu->peers[i], now_us);
	sfu_flush(sfu, now_us);
}
