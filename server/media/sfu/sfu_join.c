/* Peers come and go: what a browser offered is checked before anything is made of it. */
#include "base/mem.h"
#include "base/rand.h"
#include "media/sfu/sfu_priv.h"

/* ---- parameters ---- */

/* Visible ASCII; no length but 1 to SFU_ID_MAX, and an end within the array. */
static bool is_name(const char name[SFU_ID_MAX + 1])
{
	size_t n = 0;
	while (n <= SFU_ID_MAX && name[n] > ' ' && name[n] < 127)
		n++;
	return n && n <= SFU_ID_MAX && !name[n];
}

static bool is_empty_or_name(const char name[SFU_ID_MAX + 1])
{
	return !name[0] || is_name(name);
}

static bool is_pt(uint8_t pt)
{
	return pt < 64 || (pt >= 96 && pt < 128);
}

static bool all_distinct(const uint32_t *numbers, size_t count) /* 0 may be there more than once */
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (numbers[i] && numbers[i] == numbers[j])
				return false;
	return true;
}

static bool exts_ok(const uint8_t *ids, size_t count)
{
	uint32_t wide[RTP_EXT_COUNT];
	for (size_t i = 0; i < count; i++) {
		if (ids[i] > 14)
			return false;
		wide[i] = ids[i];
	}
	return all_distinct(wide, count);
}

static bool formats_ok(const struct sfu_params *p)
{
	const struct sfu_audio_params *a = &p->audio;
	const struct sfu_video_params *v = &p->video;
	const uint32_t pts[] = {a->pt, a->red_pt, v->pt, v->rtx_pt};
	const uint8_t audio[] = {a->ext_mid, a->ext_level};
	const uint8_t video[] = {v->ext_mid, v->ext_rid, v->ext_rrid, v->ext_twcc, v->ext_abs_send};
	for (size_t i = 0; i < 4; i++)
		if (!is_pt((uint8_t)pts[i]))
			return false;
	return all_distinct(pts, 4) && exts_ok(audio, sizeof(audio)) && exts_ok(video, sizeof(video)) &&
	       (a->pt || !a->red_pt) && (v->pt || !v->rtx_pt);
}

static bool sends_ok(const struct sfu_params *p, enum sfu_source kind)
{
	const struct sfu_send_params *s = &p->send[kind];
	uint8_t ext_mid = kind == SFU_MIC ? p->audio.ext_mid : p->video.ext_mid;
	if (s->rid_count > SFU_LAYERS_MAX || (s->rid_count && kind != SFU_CAMERA))
		return false;
	if (!s->mid[0])
		return !s->rid_count && !s->ssrc && !s->rtx_ssrc;
	if (!is_name(s->mid) || !(kind == SFU_MIC ? p->audio.pt : p->video.pt) || (kind == SFU_MIC && s->rtx_ssrc))
		return false;
	for (size_t i = 0; i < s->rid_count; i++) {
		if (!is_name(s->rids[i]))
			return false;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(s->rids[i], s->rids[j]))
				return false;
	}
	if (s->rid_count && (!p->video.ext_rid || s->ssrc || s->rtx_ssrc))
		return false;
	return ext_mid || (!s->rid_count && s->ssrc);
}

static bool slots_ok(const struct sfu_params *p)
{
	static const size_t most[SFU_SLOT_KIND_COUNT] = {SFU_AUDIO_SLOTS_MAX, SFU_VIDEO_SLOTS_MAX,
							 SFU_SCREEN_SLOTS_MAX};
	size_t count[SFU_SLOT_KIND_COUNT] = {0};
	if (p->recv_count > SFU_SLOTS_MAX)
		return false;
	for (size_t i = 0; i < p->recv_count; i++) {
		const struct sfu_recv_params *r = &p->recv[i];
		if (r->kind >= SFU_SLOT_KIND_COUNT || !is_name(r->mid) || ++count[r->kind] > most[r->kind])
			return false;
		if (!(r->kind == SFU_SLOT_AUDIO ? p->audio.pt : p->video.pt))
			return false;
	}
	return true;
}

static bool mids_distinct(const struct sfu_params *p)
{
	const char *mids[SFU_SOURCE_COUNT + SFU_SLOTS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		if (p->send[i].mid[0])
			mids[n++] = p->send[i].mid;
	for (size_t i = 0; i < p->recv_count; i++)
		mids[n++] = p->recv[i].mid;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(mids[i], mids[j]))
				return false;
	return true;
}

enum at_err sfu_params_check(const struct sfu_params *params)
{
	uint32_t ssrcs[SFU_SOURCE_COUNT * 2];
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++) {
		if (!is_empty_or_name(params->send[i].mid) || !sends_ok(params, (enum sfu_source)i))
			return AT_ERR_BAD_REQUEST;
		ssrcs[i * 2] = params->send[i].ssrc;
		ssrcs[i * 2 + 1] = params->send[i].rtx_ssrc;
	}
	bool is_good = formats_ok(params) && slots_ok(params) && mids_distinct(params) &&
		       all_distinct(ssrcs, SFU_SOURCE_COUNT * 2);
	return is_good ? AT_OK : AT_ERR_BAD_REQUEST;
}

/* ---- joining ---- */

static struct sfu_peer *take_peer(struct sfu *sfu)
{
	uint32_t index;
	if (sfu->free_peer_count)
		index = sfu->free_peers[--sfu->free_peer_count];
	else if (sfu->peers_used < sfu->options.peers_max)
		index = sfu->peers_used++;
	else
		return NULL;
	struct sfu_peer *peer = at_alloc(sizeof(*peer));
	sfu->peers[index] = peer;
	sfu->peers_live++;
	peer->sfu = sfu;
	peer->index = index;
	peer->current = SFU_NOWHERE;
	return peer;
}

static void prepare_ids(struct sfu_peer *peer)
{
	const struct sfu_params *p = &peer->params;
	peer->audio_ids.of[RTP_EXT_MID] = p->audio.ext_mid;
	peer->audio_ids.of[RTP_EXT_AUDIO_LEVEL] = p->audio.ext_level;
	peer->video_ids.of[RTP_EXT_MID] = p->video.ext_mid;
	peer->video_ids.of[RTP_EXT_RID] = p->video.ext_rid;
	peer->video_ids.of[RTP_EXT_REPAIRED_RID] = p->video.ext_rrid;
	peer->video_ids.of[RTP_EXT_TRANSPORT_CC] = p->video.ext_twcc;
	peer->video_ids.of[RTP_EXT_ABS_SEND_TIME] = p->video.ext_abs_send;
}

/* The first layer of a peer's source in its array: mic 0, camera 1 to 3, screen 4. */
static void prepare_sources(struct sfu_peer *peer)
{
	static const uint8_t first[SFU_SOURCE_COUNT] = {0, 1, 1 + SFU_LAYERS_MAX};
	for (uint8_t kind = 0; kind < SFU_SOURCE_COUNT; kind++) {
		const struct sfu_send_params *s = &peer->params.send[kind];
		struct sfu_source_state *source = &peer->sources[kind];
		source->peer = peer;
		source->kind = (enum sfu_source)kind;
		source->layers = &peer->layers[first[kind]];
		source->layer_count = !s->mid[0] ? 0 : s->rid_count ? s->rid_count : 1;
		uint8_t all = kind == SFU_CAMERA ? SFU_LAYERS_MAX : 1;
		for (uint8_t i = 0; i < all; i++) {
			source->layers[i].source = source;
			source->layers[i].index = i;
			source->layers[i].bit = (uint8_t)(first[kind] + i);
		}
		peer->ssrcs[first[kind] * 2] = s->ssrc;
		peer->ssrcs[first[kind] * 2 + 1] = s->rtx_ssrc;
	}
}

static bool is_announced(const struct sfu_peer *peer, uint32_t base)
{
	for (size_t i = 0; i < STREAMS_A_PEER; i++)
		if (peer->ssrcs[i] - base <= 2 * SFU_SLOTS_MAX)
			return true;
	return false;
}

/* Our SSRCs are a run, so that feedback finds its slot without a search: slot i has base + 2 i, its RTX base + 2 i + 1. */
static void prepare_slots(struct sfu_peer *peer, struct sfu_slot_ids slots_out[SFU_SLOTS_MAX])
{
	do {
		at_rand(&peer->ssrc_base, sizeof(peer->ssrc_base));
	} while (peer->ssrc_base < 2 || peer->ssrc_base > UINT32_MAX - 64 || is_announced(peer, peer->ssrc_base - 1));
	peer->slot_count = (uint32_t)peer->params.recv_count;
	peer->slots = at_alloc(peer->slot_count * sizeof(*peer->slots) + 1);
	for (uint32_t i = 0; i < peer->slot_count; i++) {
		slot_init(&peer->slots[i], peer, (uint8_t)i);
		slots_out[i] = (struct sfu_slot_ids){peer->slots[i].ssrc, peer->slots[i].rtx_ssrc};
	}
}

static void enter(struct sfu_room *room, struct sfu_peer *peer)
{
	if (room->peer_count == room->peer_max) {
		room->peer_max = room->peer_max ? room->peer_max * 2 : 8;
		room->peers = at_realloc(room->peers, room->peer_max * sizeof(struct sfu_peer *));
	}
	peer->room = room;
	peer->room_id = room->id;
	peer->place = room->peer_count;
	room->peers[room->peer_count++] = peer;
	room->map_due = true;
}

enum at_err sfu_join(struct sfu *sfu, int64_t now_us, const struct at_id *id, uint32_t number,
		     const struct ice_credentials *creds, const uint8_t fingerprint[SFU_FINGERPRINT_LEN],
		     const struct sfu_params *params, struct sfu_slot_ids slots_out[SFU_SLOTS_MAX])
{
	if (!number || !ice_credentials_valid(creds) || sfu_params_check(params))
		return AT_ERR_BAD_REQUEST;
	struct sfu_room *room = sfu_find_room(sfu, id);
	if (!room)
		return AT_ERR_NOT_FOUND;
	if (sfu_find_peer(room, number))
		return AT_ERR_EXISTS;
	if (sfu_knows(sfu, creds->ufrag))
		return AT_ERR_CONFLICT;
	struct sfu_peer *peer = room->peer_count < SFU_ROOM_PEERS_MAX ? take_peer(sfu) : NULL;
	if (!peer)
		return AT_ERR_BUSY;
	peer->number = number;
	peer->agent.now = *creds;
	memcpy(peer->fingerprint, fingerprint, SFU_FINGERPRINT_LEN);
	peer->params = *params;
	peer->uses_twcc = params->video.ext_twcc != 0;
	peer->second_us = peer->ticked_us = now_us;
	peer->heard_us = peer->joined_us = now_us;
	bwe_init(&peer->bwe, now_us);
	pacer_init(&peer->pacer, now_us);
	prepare_ids(peer);
	prepare_sources(peer);
	prepare_slots(peer, slots_out);
	at_map_put(sfu->by_ufrag, creds->ufrag, ICE_UFRAG_LEN, peer);
	enter(room, peer);
	peer_due(peer, now_us);
	return AT_OK;
}

/* ---- leaving ---- */

/* Nobody shows it any more; its subscribers' slots are given to others at the next tick. */
static void leave_room(struct sfu_peer *peer)
{
	struct sfu_room *room = peer->room;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		slot_set_source(&peer->slots[i], NULL);
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		while (peer->sources[i].sub_count) {
			struct sfu_slot *slot = peer->sources[i].subs[0].slot;
			slot_set_source(slot, NULL);
			slot->peer->has_orphaned = true;
		}
	if (peer->person) {
		speaker_leave(room->speaker, peer->person);
		room->persons[peer->person] = NULL;
		room->speakers_due = true;
	}
	room->peers[peer->place] = room->peers[--room->peer_count];
	room->peers[peer->place]->place = peer->place;
	room->map_due = room->layers_due = true;
	if (room->stage == peer->number)
		room->stage = 0;
	if (room->before == peer->number)
		room->before = 0;
}

void sfu_peer_free(struct sfu_peer *peer)
{
	struct sfu *sfu = peer->sfu;
	at_list_remove(&peer->event_link);
	sfu->peers[peer->index] = NULL;
	sfu->due_us[peer->index] = INT64_MAX;
	sfu->free_peers[sfu->free_peer_count++] = peer->index;
	sfu->peers_live--;
	at_free(peer);
}

void sfu_peer_remove(struct sfu_peer *peer, bool tell_gone)
{
	struct sfu *sfu = peer->sfu;
	tx_emit(sfu); /* what is queued names its addresses and bytes */
	at_map_del(sfu->by_ufrag, peer->agent.now.ufrag, ICE_UFRAG_LEN);
	for (size_t i = 0; i < LAYERS_A_PEER; i++)
		layer_release(&peer->layers[i]);
	leave_room(peer);
	for (size_t i = 0; i < SFU_TUPLES_MAX; i++)
		if (peer->tuples[i].used)
			sfu_tuple_forget(peer, &peer->tuples[i]);
	for (uint32_t i = 0; i < peer->slot_count; i++)
		slot_release(&peer->slots[i]);
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		at_free(peer->sources[i].subs);
	at_free(peer->slots);
	at_free(peer->uplink);
	dtls_free(&peer->dtls);
	srtp_in_free(&peer->in);
	srtp_out_free(&peer->out);
	peer->slots = NULL;
	peer->uplink = NULL;
	peer->slot_count = 0;
	peer->room = NULL;
	peer->is_dead = true;
	sfu->due_us[peer->index] = INT64_MAX;
	if (tell_gone)
		sfu_tell(peer, SFU_EVENT_GONE);
	else
		sfu_peer_free(peer);
}

enum at_err sfu_leave(struct sfu *sfu, int64_t now_us, const struct at_id *id, uint32_t number)
{
	struct sfu_room *room = sfu_find_room(sfu, id);
	struct sfu_peer *peer = room ? sfu_find_peer(room, number) : NULL;
	if (!peer)
		return AT_ERR_NOT_FOUND;
	if (peer->dtls)
		dtls_close(peer->dtls);
	(void)now_us;
	sfu_peer_remove(peer, false);
	return AT_OK;
}
