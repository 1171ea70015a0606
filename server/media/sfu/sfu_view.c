/* Who is in which slot, which layer flows in it, and what publishers are told is wanted of them. */
#include "media/sfu/sfu_priv.h"

enum {
	LAYER_OFF_US = 5 * 1000 * 1000,
	ALLOC_EVERY_US = 1000 * 1000,
	ALLOC_CHANGE_PERMILLE = 150, /* of the estimate */
	GUESSED_HEIGHT = 180,        /* of the smallest of several layers; each next is twice as tall */
	/* of the smallest layer as long as nothing was measured; each next three times as much */
	GUESSED_BPS = 150 * 1000,
	AUDIO_BPS = 40 * 1000,
	WAIT_AGAIN_US = 200 * 1000,
	CUT_AFTER_US = 600 * 1000,
};

/* ---- slots ---- */

static bool is_in(struct sfu_source_state *const *sources, size_t count, const struct sfu_source_state *source)
{
	for (size_t i = 0; i < count; i++)
		if (sources[i] == source)
			return true;
	return false;
}

void map_slots(struct sfu_slot **slots, size_t slot_count, struct sfu_source_state **wanted, size_t wanted_count)
{
	bool changed = false;
	for (size_t w = 0; w < wanted_count; w++) {
		struct sfu_slot *place = NULL;
		bool has = false;
		for (size_t i = 0; i < slot_count && !has; i++) {
			has = slots[i]->source == wanted[w];
			if (!place && !slots[i]->source)
				place = slots[i];
		}
		for (size_t i = 0; i < slot_count && !has && !place; i++)
			if (!is_in(wanted, wanted_count, slots[i]->source))
				place = slots[i];
		if (has || !place)
			continue;
		slot_set_source(place, wanted[w]);
		changed = true;
	}
	if (!slot_count || !(changed || slots[0]->peer->has_orphaned))
		return;
	slots[0]->peer->has_orphaned = false;
	slots[0]->peer->epoch++;
	sfu_tell(slots[0]->peer, SFU_EVENT_SLOTS);
}

static size_t slots_of(struct sfu_peer *peer, enum sfu_slot_kind kind, struct sfu_slot **out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind == kind)
			out[n++] = &peer->slots[i];
	return n;
}

/* Everybody who could send a picture, when there is a slot for each of them: then nobody ever moves. max + 1: there is not. */
static size_t everybody(const struct sfu_peer *peer, struct sfu_source_state **out, size_t max)
{
	const struct sfu_room *room = peer->room;
	size_t n = 0;
	for (uint32_t i = 0; i < room->peer_count && n <= max; i++) {
		struct sfu_source_state *source = &room->peers[i]->sources[SFU_CAMERA];
		if (room->peers[i] == peer || !source->layer_count)
			continue;
		if (n < max)
			out[n] = source;
		n++;
	}
	return n;
}

/* The tallest views first; views are kept in that order. */
static size_t visible(const struct sfu_peer *peer, enum sfu_source kind, struct sfu_source_state **out, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; i < peer->view_count && n < max; i++) {
		const struct sfu_view *view = &peer->views[i];
		struct sfu_peer *other =
			view->source == kind && view->height ? sfu_find_peer(peer->room, view->peer) : NULL;
		if (!other || other == peer || !other->sources[kind].layer_count || !other->sources[kind].is_on)
			continue;
		if (!is_in(out, n, &other->sources[kind]))
			out[n++] = &other->sources[kind];
	}
	return n;
}

/* A screen that is viewed, else any that is shared. */
static void map_screen(struct sfu_peer *peer)
{
	struct sfu_slot *slots[SFU_SLOTS_MAX];
	struct sfu_source_state *wanted[1];
	size_t max = slots_of(peer, SFU_SLOT_SCREEN, slots), n = visible(peer, SFU_SCREEN, wanted, 1);
	for (uint32_t i = 0; i < peer->room->peer_count && !n; i++) {
		struct sfu_peer *other = peer->room->peers[i];
		if (other != peer && other->sources[SFU_SCREEN].layer_count && other->sources[SFU_SCREEN].is_on)
			wanted[n++] = &other->sources[SFU_SCREEN];
	}
	/* One that goes on keeps the slot, unless another is viewed. */
	if (max && slots[0]->source && slots[0]->source->is_on && !visible(peer, SFU_SCREEN, wanted, 1))
		return;
	map_slots(slots, max, wanted, n);
}

static void map_peer(struct sfu_peer *peer)
{
	struct sfu_slot *slots[SFU_SLOTS_MAX];
	struct sfu_source_state *wanted[SFU_SLOTS_MAX];
	size_t max = slots_of(peer, SFU_SLOT_VIDEO, slots), n = everybody(peer, wanted, max);
	if (n > max)
		n = visible(peer, SFU_CAMERA, wanted, max);
	map_slots(slots, max, wanted, n);
	map_screen(peer);
	audio_map(peer);
	if (peer->has_orphaned) { /* of a kind that nobody is left for */
		peer->has_orphaned = false;
		peer->epoch++;
		sfu_tell(peer, SFU_EVENT_SLOTS);
	}
	peer->alloc_due = true;
	peer_due(peer, peer->sfu->ticked_us);
}

void view_map(struct sfu_room *room, int64_t now_us)
{
	(void)now_us;
	room->map_due = false;
	for (uint32_t i = 0; i < room->peer_count; i++)
		map_peer(room->peers[i]);
}

/* ---- layers ---- */

static uint16_t height_of(const struct sfu_layer *layer)
{
	static const uint16_t guess[SFU_LAYERS_MAX] = {GUESSED_HEIGHT, GUESSED_HEIGHT * 2, GUESSED_HEIGHT * 4};
	if (layer->height)
		return layer->height;
	return layer->source->layer_count > 1 ? guess[layer->index] : guess[1];
}

static uint16_t wanted_height(const struct sfu_peer *peer, const struct sfu_source_state *source)
{
	uint16_t height = 0;
	for (size_t i = 0; i < peer->view_count; i++)
		if (peer->views[i].peer == source->peer->number && peer->views[i].source == source->kind &&
		    peer->views[i].height > height)
			height = peer->views[i].height;
	return source->is_on ? height : 0;
}

/* Of a screen it is half of the line: it begins with its largest picture. */
static uint32_t guessed_bps(const struct sfu_slot *slot, uint8_t layer)
{
	static const uint32_t guess[SFU_LAYERS_MAX] = {GUESSED_BPS, GUESSED_BPS * 3, GUESSED_BPS * 10};
	uint32_t half_bps = slot->peer->alloc_bps / 2;
	return slot->kind == SFU_SLOT_SCREEN && half_bps > guess[layer] ? half_bps : guess[layer];
}

static void describe(const struct sfu_slot *slot, uint16_t height, int64_t now_us, struct alloc_source *out)
{
	*out = (struct alloc_source){.wanted_height = height,
				     .is_screen = slot->kind == SFU_SLOT_SCREEN,
				     .was_taken = slot->was_taken,
				     .held = {slot->target, slot->tier_wanted}};
	for (uint8_t i = 0; i < slot->source->layer_count; i++) {
		const struct sfu_layer *layer = &slot->source->layers[i];
		struct alloc_layer *l = &out->layers[i];
		*l = (struct alloc_layer){.tiers = layer->bits_s ? tier_of_layer(layer) : 1,
					  .height = height_of(layer),
					  .is_alive = layer_is_alive(layer, now_us)};
		for (uint8_t k = 0; k + 1 < l->tiers; k++)
			l->bps[k] = layer->ring->tiers.bits_s[k];
		l->bps[l->tiers - 1] = layer->bits_s ? layer->bits_s : guessed_bps(slot, i);
	}
	if (slot->target != SFU_NONE && out->held.tier >= out->layers[slot->target].tiers)
		out->held.tier = (uint8_t)(out->layers[slot->target].tiers - 1);
}

/* A layer's highest tier stays all of it when it gets more of them. */
static uint8_t tier_chosen(const struct alloc_source *source, struct alloc_step step)
{
	return step.layer == ALLOC_NONE || step.tier + 1 >= source->layers[step.layer].tiers ? TIER_ALL : step.tier;
}

/* Screens, then the tallest, then who is first in the room's order. */
static bool comes_before(const struct alloc_source *a, uint8_t rank_a, const struct alloc_source *b, uint8_t rank_b)
{
	if (a->is_screen != b->is_screen)
		return a->is_screen;
	if (a->wanted_height != b->wanted_height)
		return a->wanted_height > b->wanted_height;
	return rank_a < rank_b;
}

struct wishes {
	struct alloc_source sources[ALLOC_SOURCES_MAX];
	struct sfu_slot *slots[ALLOC_SOURCES_MAX];
	uint8_t ranks[ALLOC_SOURCES_MAX];
	size_t count;
};

static void insert(struct wishes *w, const struct alloc_source *source, uint8_t rank, struct sfu_slot *slot)
{
	size_t at = w->count++;
	for (; at && comes_before(source, rank, &w->sources[at - 1], w->ranks[at - 1]); at--) {
		w->sources[at] = w->sources[at - 1];
		w->slots[at] = w->slots[at - 1];
		w->ranks[at] = w->ranks[at - 1];
	}
	w->sources[at] = *source;
	w->slots[at] = slot;
	w->ranks[at] = rank;
}

static void gather(struct sfu_peer *peer, int64_t now_us, struct wishes *w)
{
	uint8_t order[SPEAKER_PERSONS_MAX], rank_of[SPEAKER_PERSONS_MAX + 1];
	size_t n = speaker_order(peer->room->speaker, order, SPEAKER_PERSONS_MAX);
	memset(rank_of, 255, sizeof(rank_of));
	for (size_t i = 0; i < n; i++)
		rank_of[order[i]] = (uint8_t)i;
	w->count = 0;
	for (uint32_t i = 0; i < peer->slot_count; i++) {
		struct sfu_slot *slot = &peer->slots[i];
		struct alloc_source source;
		if (slot->kind == SFU_SLOT_AUDIO || !slot->source)
			continue;
		describe(slot, wanted_height(peer, slot->source), now_us, &source);
		insert(w, &source, slot->source->peer->person ? rank_of[slot->source->peer->person] : 255, slot);
	}
}

static bool could_flow(const struct alloc_source *source)
{
	bool is_alive = false;
	for (int i = 0; i < ALLOC_LAYERS_MAX; i++)
		is_alive |= source->layers[i].is_alive;
	return is_alive && source->wanted_height;
}

static uint32_t flowing_bps(const struct sfu_slot *slot)
{
	if (slot->current == SFU_NONE)
		return 0;
	const struct sfu_layer *layer = &slot->source->layers[slot->current];
	return slot->tier + 1 < tier_of_layer(layer) ? layer->ring->tiers.bits_s[slot->tier] : layer->bits_s;
}

/* A line that cannot carry what still flows, and no key frame of less in sight: then sound matters more than this picture. */
static void cut_what_floods(const struct wishes *w, uint32_t estimate_bps, int64_t now_us)
{
	uint64_t flowing = 0;
	for (size_t i = 0; i < w->count; i++)
		flowing += flowing_bps(w->slots[i]);
	for (size_t i = 0; i < w->count && flowing > (uint64_t)estimate_bps * 5 / 4; i++)
		if (w->slots[i]->current > w->slots[i]->target && now_us - w->slots[i]->aimed_us > CUT_AFTER_US)
			slot_cut(w->slots[i]);
}

/* A screen's: what the others are given is left to them, but it gets at least half, and enough to make up for what it is behind. */
static void set_pace(struct sfu_peer *peer, const struct wishes *w, const struct alloc_choice *choice, int64_t now_us)
{
	uint32_t bps = bwe_burst_bps(&peer->bwe, now_us), others = 0, least = bps / 2;
	for (size_t i = 0; i < w->count; i++) {
		struct alloc_step step = choice->steps[i];
		uint32_t cost = step.layer != ALLOC_NONE ? w->sources[i].layers[step.layer].bps[step.tier] : 0;
		if (!w->sources[i].is_screen)
			others += cost;
		else if (cost + cost / 2 > least)
			least = cost + cost / 2;
	}
	peer->pace_bps = others < bps && bps - others > least ? bps - others : least;
}

void view_allocate(struct sfu_peer *peer, int64_t now_us)
{
	struct wishes w;
	struct alloc_choice choice;
	struct alloc_link link = {.now_us = now_us,
				  .estimate_bps = bwe_estimate_bps(&peer->bwe, now_us),
				  .stable_min_bps = bwe_stable_min_bps(&peer->bwe, now_us)};
	if (!peer->uses_twcc) /* REMB counts audio too */
		link.audio_bps = AUDIO_BPS;
	peer->alloc_due = false;
	peer->alloc_us = now_us;
	peer->alloc_bps = link.estimate_bps;
	if (!peer->is_up || !peer->has_viewed)
		return;
	gather(peer, now_us, &w);
	alloc_layers(&peer->alloc, &link, w.sources, w.count, &choice);
	peer->alloc_waits = choice.is_waiting;
	peer->wanted_bps = alloc_wanted_bps(w.sources, w.count, link.audio_bps);
	for (size_t i = 0; i < w.count; i++) {
		struct alloc_step step = choice.steps[i];
		bool is_denied = step.layer == ALLOC_NONE && could_flow(&w.sources[i]);
		w.slots[i]->was_taken = is_denied && (w.slots[i]->was_taken || w.slots[i]->target != SFU_NONE);
		slot_aim(w.slots[i], step.layer, tier_chosen(&w.sources[i], step), choice.has_dropped, now_us);
		if (w.slots[i]->target != SFU_NONE) /* its request may have been lost */
			slot_ask(w.slots[i], now_us);
	}
	cut_what_floods(&w, link.estimate_bps, now_us);
	set_pace(peer, &w, &choice, now_us);
	pacer_set_target(&peer->pacer, now_us, link.estimate_bps);
}

/* When something waits, when the estimate moved, when a layer came or went; else once a second. */
bool view_is_due(struct sfu_peer *peer, int64_t now_us)
{
	int64_t since_us = now_us - peer->alloc_us;
	if (peer->alloc_due || since_us >= ALLOC_EVERY_US)
		return true;
	if (peer->alloc_waits && since_us >= ALLOC_TALLER_US)
		return true;
	if (since_us < WAIT_AGAIN_US)
		return false;
	for (uint32_t i = 0; i < peer->slot_count; i++)
		if (peer->slots[i].kind != SFU_SLOT_AUDIO && peer->slots[i].source &&
		    (peer->slots[i].target != peer->slots[i].current ||
		     (peer->slots[i].target == SFU_NONE && wanted_height(peer, peer->slots[i].source))))
			return true;
	int64_t change = (int64_t)bwe_estimate_bps(&peer->bwe, now_us) - peer->alloc_bps;
	return (change < 0 ? -change : change) * 1000 > (int64_t)peer->alloc_bps * ALLOC_CHANGE_PERMILLE;
}

/* ---- what publishers are told ---- */

/* By what is shown, not by what a line carries: a layer that nobody asks for cannot come alive. */
static uint8_t wanted_layers(const struct sfu_source_state *source)
{
	uint16_t most = 0;
	for (uint32_t i = 0; i < source->sub_count; i++) {
		const struct sfu_peer *peer = source->subs[i].slot->peer;
		uint16_t height = peer->is_up ? wanted_height(peer, source) : 0;
		most = height > most ? height : most;
	}
	uint8_t bits = 0;
	for (uint8_t i = 0; most && i < source->layer_count; i++) {
		bits |= (uint8_t)(1U << i);
		if (height_of(&source->layers[i]) >= most)
			break;
	}
	return bits;
}

static uint8_t advise(struct sfu_source_state *source, int64_t now_us)
{
	source->wanted = wanted_layers(source);
	uint8_t told = source->told;
	for (uint8_t i = 0; i < source->layer_count; i++) {
		if (source->wanted & 1U << i) {
			source->wanted_us[i] = now_us;
			told |= (uint8_t)(1U << i);
		} else if (now_us - source->wanted_us[i] >= LAYER_OFF_US) {
			told &= (uint8_t) ~(1U << i);
		}
	}
	source->told = told;
	return told;
}

void view_advise(struct sfu_room *room, int64_t now_us)
{
	room->layers_due = false;
	room->layers_us = now_us;
	for (uint32_t i = 0; i < room->peer_count; i++) {
		struct sfu_peer *peer = room->peers[i];
		uint8_t bits = advise(&peer->sources[SFU_CAMERA], now_us);
		if (advise(&peer->sources[SFU_SCREEN], now_us))
			bits |= SFU_WANT_SCREEN;
		if (bits == peer->told_layers)
			continue;
		peer->told_layers = bits;
		sfu_tell(peer, SFU_EVENT_LAYERS);
	}
}
