/* The object, its rooms and its events. */
#include "base/mem.h"
#include "base/rand.h"
#include "media/sfu/sfu_priv.h"

enum { POOL_MAX = 65535, RINGS_DEFAULT_MAX = 1024 };

static uint32_t power_of_two_above(size_t n)
{
	uint32_t p = 64;
	while (p < n)
		p *= 2;
	return p;
}

struct sfu *sfu_new(const struct sfu_options *options)
{
	AT_ASSERT(options->rooms_max && options->rooms_max <= POOL_MAX && options->peers_max &&
		  options->peers_max <= POOL_MAX && options->send);
	struct sfu *sfu = at_alloc(sizeof(*sfu));
	uint32_t buckets = power_of_two_above(options->peers_max * 4);
	sfu->options = *options;
	if (!sfu->options.rings_max)
		sfu->options.rings_max =
			options->peers_max < RINGS_DEFAULT_MAX / 4 ? options->peers_max * 4 : RINGS_DEFAULT_MAX;
	sfu->video_ring = VIDEO_RING;
	sfu->ice = ice_new();
	sfu->rooms = at_alloc(options->rooms_max * sizeof(*sfu->rooms));
	sfu->peers = at_alloc(options->peers_max * sizeof(struct sfu_peer *));
	sfu->free_peers = at_alloc(options->peers_max * sizeof(*sfu->free_peers));
	sfu->due_us = at_alloc(options->peers_max * sizeof(*sfu->due_us));
	sfu->dirty = at_alloc(options->peers_max * LAYERS_A_PEER * sizeof(struct sfu_layer *));
	sfu->buckets = at_alloc(buckets * sizeof(*sfu->buckets));
	sfu->bucket_mask = buckets - 1;
	sfu->by_room = at_map_new();
	sfu->by_ufrag = at_map_new();
	sfu->tx.slab = at_alloc(TX_SLAB);
	sfu->deadline_us = INT64_MAX;
	at_list_init(&sfu->room_events);
	at_list_init(&sfu->peer_events);
	at_rand(sfu->key, sizeof(sfu->key));
	return sfu;
}

static void empty(struct sfu_room *room)
{
	while (room->peer_count)
		sfu_peer_remove(room->peers[room->peer_count - 1], false);
}

static void close_room(struct sfu *sfu, struct sfu_room *room)
{
	at_map_del(sfu->by_room, &room->id, sizeof(room->id));
	empty(room);
	at_list_remove(&room->event_link);
	at_free(room->peers);
	at_free(room->speaker);
	uint32_t number = room->index + 1;
	*room = (struct sfu_room){.index = number - 1, .next_free = sfu->free_room};
	sfu->free_room = number;
	sfu->rooms_live--;
}

void sfu_free(struct sfu **sfu)
{
	struct sfu *s = *sfu;
	*sfu = NULL;
	if (!s)
		return;
	for (uint32_t i = 0; i < s->rooms_used; i++)
		if (s->rooms[i].is_live)
			close_room(s, &s->rooms[i]);
	for (uint32_t i = 0; i < s->peers_used; i++)
		if (s->peers[i])
			sfu_peer_free(s->peers[i]);
	at_map_free(&s->by_room);
	at_map_free(&s->by_ufrag);
	at_free(s->tx.slab);
	at_free(s->buckets);
	at_free(s->dirty);
	at_free(s->due_us);
	at_free(s->free_peers);
	at_free(s->peers);
	at_free(s->rooms);
	ice_free(&s->ice);
	at_free(s);
}

void sfu_set_gso(struct sfu *sfu, bool gso)
{
	sfu->options.gso = gso;
}

const struct sfu_stats *sfu_stats(const struct sfu *sfu)
{
	return &sfu->stats;
}

const char *sfu_drop_name(enum sfu_drop drop)
{
	static const char *const names[SFU_DROP_COUNT] = {"size",      "kind",  "stranger", "stun",  "name",
							  "integrity", "taken", "dtls",     "keys",  "srtp",
							  "replay",    "rtp",   "unmapped", "muted", "silence",
							  "padding",   "late",  "ring",     "rtcp"};
	return names[drop];
}

/* ---- rooms ---- */

struct sfu_room *sfu_find_room(const struct sfu *sfu, const struct at_id *id)
{
	return at_map_get(sfu->by_room, id, sizeof(*id));
}

struct sfu_peer *sfu_find_peer(const struct sfu_room *room, uint32_t number)
{
	for (uint32_t i = 0; i < room->peer_count; i++)
		if (room->peers[i]->number == number)
			return room->peers[i];
	return NULL;
}

static void prepare(struct sfu_room *room, int64_t now_us)
{
	if (!room->speaker)
		room->speaker = at_alloc(sizeof(*room->speaker));
	speaker_init(room->speaker, now_us);
	for (size_t i = 0; i <= SPEAKER_PERSONS_MAX; i++)
		room->persons[i] = NULL;
	room->is_orphan = room->speakers_due = false;
	room->stage = room->before = 0;
	room->told_us = now_us - SPEAKER_RING_US;
}

enum at_err sfu_room_open(struct sfu *sfu, int64_t now_us, const struct at_id *id)
{
	struct sfu_room *room = sfu_find_room(sfu, id);
	if (room) {
		empty(room);
		prepare(room, now_us);
		return AT_OK;
	}
	uint32_t number = sfu->free_room;
	if (number)
		sfu->free_room = sfu->rooms[number - 1].next_free;
	else if (sfu->rooms_used < sfu->options.rooms_max)
		number = ++sfu->rooms_used;
	if (!number)
		return AT_ERR_BUSY;
	room = &sfu->rooms[number - 1];
	*room = (struct sfu_room){.id = *id, .is_live = true, .index = number - 1};
	sfu->rooms_live++;
	prepare(room, now_us);
	at_map_put(sfu->by_room, id, sizeof(*id), room);
	return AT_OK;
}

enum at_err sfu_room_close(struct sfu *sfu, const struct at_id *id)
{
	struct sfu_room *room = sfu_find_room(sfu, id);
	if (!room)
		return AT_ERR_NOT_FOUND;
	close_room(sfu, room);
	return AT_OK;
}

size_t sfu_rooms(const struct sfu *sfu)
{
	return sfu->rooms_live;
}

void sfu_orphan_all(struct sfu *sfu)
{
	for (uint32_t i = 0; i < sfu->rooms_used; i++)
		sfu->rooms[i].is_orphan = sfu->rooms[i].is_live;
}

size_t sfu_close_orphans(struct sfu *sfu)
{
	size_t n = 0;
	for (uint32_t i = 0; i < sfu->rooms_used; i++)
		if (sfu->rooms[i].is_live && sfu->rooms[i].is_orphan) {
			close_room(sfu, &sfu->rooms[i]);
			n++;
		}
	return n;
}

/* ---- events ---- */

void sfu_tell(struct sfu_peer *peer, enum sfu_event_kind kind)
{
	if (!peer->events)
		at_list_push(&peer->sfu->peer_events, &peer->event_link);
	peer->events |= 1U << kind;
	if (kind == SFU_EVENT_BACK)
		peer->events &= ~(1U << SFU_EVENT_AWAY);
	else if (kind == SFU_EVENT_AWAY)
		peer->events &= ~(1U << SFU_EVENT_BACK);
	else if (kind == SFU_EVENT_GONE)
		peer->events = 1U << SFU_EVENT_GONE;
}

static void fill_slots(const struct sfu_peer *peer, struct sfu_event *event)
{
	event->slots.epoch = peer->epoch;
	event->slots.count = peer->slot_count;
	for (uint32_t i = 0; i < peer->slot_count; i++) {
		const struct sfu_source_state *source = peer->slots[i].source;
		static const enum sfu_source of[SFU_SLOT_KIND_COUNT] = {SFU_MIC, SFU_CAMERA, SFU_SCREEN};
		event->slots.owners[i] = (struct sfu_slot_owner){.slot = (uint8_t)i,
								 .peer = source ? source->peer->number : 0,
								 .source = of[peer->slots[i].kind]};
	}
}

struct sfu_voice sfu_voice_of(const struct sfu_peer *peer)
{
	return (struct sfu_voice){.packets = peer->layers[0].packets,
				  .red = peer->voice.red,
				  .red_frames = peer->voice.red_frames,
				  .restored = peer->voice.restored,
				  .asked = peer->layers[0].nacks,
				  .hears_depth = peer->hearing.depth};
}

static bool next_of_peer(struct sfu *sfu, struct sfu_peer *peer, struct sfu_event *event)
{
	uint32_t kind = (uint32_t)__builtin_ctz(peer->events);
	*event = (struct sfu_event){.kind = (enum sfu_event_kind)kind, .room = peer->room_id, .peer = peer->number};
	peer->events &= peer->events - 1;
	if (!peer->events)
		at_list_remove(&peer->event_link);
	if (kind == SFU_EVENT_SLOTS)
		fill_slots(peer, event);
	else if (kind == SFU_EVENT_LAYERS)
		event->layers = peer->told_layers;
	else if (kind == SFU_EVENT_GONE)
		event->voice = sfu_voice_of(peer);
	if (kind == SFU_EVENT_GONE && peer->is_dead)
		sfu_peer_free(peer);
	(void)sfu;
	return true;
}

static void fill_speakers(const struct sfu_room *room, struct sfu_event *event)
{
	uint8_t order[SFU_ORDER_MAX];
	size_t n = speaker_order(room->speaker, order, SFU_ORDER_MAX);
	event->speakers.stage = room->stage;
	event->speakers.before = room->before;
	for (size_t i = 0; i < n; i++)
		if (room->persons[order[i]])
			event->speakers.order[event->speakers.order_count++] = room->persons[order[i]]->number;
	for (unsigned p = 1; p <= SPEAKER_PERSONS_MAX && event->speakers.ring_count < SFU_RING_MAX; p++)
		if (room->persons[p] && speaker_is_ringing(room->speaker, p))
			event->speakers.ring[event->speakers.ring_count++] = room->persons[p]->number;
}

bool sfu_next_event(struct sfu *sfu, struct sfu_event *event_out)
{
	struct at_link *link = at_list_first(&sfu->peer_events);
	if (link)
		return next_of_peer(sfu, AT_ENTRY(link, struct sfu_peer, event_link), event_out);
	link = at_list_first(&sfu->room_events);
	if (!link)
		return false;
	struct sfu_room *room = AT_ENTRY(link, struct sfu_room, event_link);
	at_list_remove(link);
	*event_out = (struct sfu_event){.kind = SFU_EVENT_SPEAKERS, .room = room->id};
	fill_speakers(room, event_out);
	return true;
}

/* ---- what one peer may ask ---- */

bool sfu_budget_take(struct sfu_budget *b, int64_t now_us, int64_t per_second, int64_t burst, int64_t amount)
{
	int64_t since = now_us - b->at_us;
	if (!b->at_us || since > 60 * 1000 * 1000)
		b->milli = burst * 1000;
	else if (since > 0)
		b->milli += since * per_second / 1000;
	b->at_us = now_us;
	if (b->milli > burst * 1000)
		b->milli = burst * 1000;
	if (b->milli < amount * 1000)
		return false;
	b->milli -= amount * 1000;
	return true;
}
