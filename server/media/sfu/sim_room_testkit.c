/* The room: who is in it, time, and whatever passes between browsers and the SFU. */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	STEP_US = 1000,
	CHECK_US = 2500 * 1000, /* consent, RFC 7675 */
};

struct sim sim;

/* ---- bytes ---- */

void sim_send(struct sim_peer *peer, uint8_t *data, size_t len)
{
	sim_link_put(&peer->up, kit.now_us, data, len);
}

void sim_send_rtcp(struct sim_peer *peer, const uint8_t *data, size_t len)
{
	uint8_t bytes[ICE_PACKET_MAX];
	size_t sealed;
	assert_true(len + SRTCP_OVERHEAD_MAX <= sizeof(bytes));
	memcpy(bytes, data, len);
	assert_int_equal(srtcp_seal(peer->kit->out, bytes, len, sizeof(bytes), &sealed), AT_OK);
	sim_send(peer, bytes, sealed);
}

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	(void)arg;
	for (size_t i = 0; i < count; i++) {
		const struct sfu_send *s = &sends[i];
		size_t n = s->to->remote_port - 1001U, step = s->segment_size ? s->segment_size : s->len;
		assert_true(n < sim.peer_count);
		assert_true(ice_tuple_eq(&sim.peers[n].kit->tuple, s->to));
		for (size_t at = 0; at < s->len; at += step)
			sim_link_put(&sim.peers[n].down, kit.now_us, s->data + at,
				     s->len - at < step ? s->len - at : step);
	}
}

/* ---- life ---- */

static void forget(void)
{
	for (size_t i = 0; i < sim.peer_count; i++) {
		sim_link_empty(&sim.peers[i].up);
		sim_link_empty(&sim.peers[i].down);
		sim_sender_free(&sim.peers[i]);
		sim_receiver_free(&sim.peers[i]);
	}
	memset(&sim, 0, sizeof(sim));
}

void sim_begin(uint64_t seed, bool gso)
{
	forget();
	kit_restart(&(struct sfu_options){.gso = false});
	sfu_free(&kit.sfu);
	sim.seed = seed;
	sim.random = (seed + 1) * 0x9E3779B97F4A7C15U;
	struct sfu_options options = {.rooms_max = 1,
				      .peers_max = KIT_PEERS,
				      .dtls = kit.dtls,
				      .gso = gso,
				      .send = on_send};
	kit.sfu = sfu_new(&options);
	assert_int_equal(sfu_room_open(kit.sfu, kit.now_us, &kit.room), AT_OK);
	sfu_tick(kit.sfu, kit.now_us);
}

void sim_end(void)
{
	forget();
}

int sim_setup(void **state)
{
	return kit_setup(state);
}

int sim_teardown(void **state)
{
	sim_end();
	return kit_teardown(state);
}

/* ---- people ---- */

struct sfu_params sim_chromium(unsigned audio, unsigned video, unsigned screen)
{
	return kit_params(true, audio, video, screen);
}

struct sfu_params sim_firefox(unsigned audio, unsigned video, unsigned screen)
{
	struct sfu_params p = kit_params(true, audio, video, screen);
	p.audio = (struct sfu_audio_params){.pt = 109, .ext_mid = 3, .ext_level = 1};
	p.video = (struct sfu_video_params){.pt = 120,
					    .rtx_pt = 124,
					    .ext_mid = 3,
					    .ext_rid = 8,
					    .ext_rrid = 9,
					    .ext_twcc = 7,
					    .ext_abs_send = 4};
	return p;
}

struct sim_peer *sim_join(const struct sfu_params *params, const struct sim_net *net)
{
	struct sim_peer *peer = &sim.peers[sim.peer_count];
	peer->kit = kit_join_only(params);
	assert_int_equal(peer->kit->number, ++sim.peer_count);
	peer->up.net = peer->down.net = *net;
	kit_connect(peer->kit);
	peer->check_us = kit.now_us;
	sim_sender_init(peer);
	sim_receiver_init(peer);
	sim_state(peer, false, true, false);
	return peer;
}

void sim_leave(struct sim_peer *peer)
{
	peer->has_left = true;
	peer->up.is_dead = peer->down.is_dead = true;
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, peer->kit->number), AT_OK);
}

void sim_state(struct sim_peer *peer, bool muted, bool camera, bool screen)
{
	peer->out.is_muted = muted;
	peer->out.camera = camera;
	peer->out.screen = screen;
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, peer->kit->number, muted, camera, screen), AT_OK);
}

void sim_show(struct sim_peer *who, uint16_t tile, const struct sim_peer *stage, uint16_t height,
	      const struct sim_peer *screen)
{
	struct sfu_view views[SFU_VIEWS_MAX];
	size_t n = 0;
	if (screen)
		views[n++] = (struct sfu_view){screen->kit->number, SFU_SCREEN, 1080};
	for (size_t i = 0; i < sim.peer_count && n < SFU_VIEWS_MAX; i++)
		if (&sim.peers[i] != who && !sim.peers[i].has_left)
			views[n++] = (struct sfu_view){sim.peers[i].kit->number, SFU_CAMERA,
						       &sim.peers[i] == stage ? height : tile};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, who->kit->number, views, n), AT_OK);
}

struct sim_slot *sim_slot_of(struct sim_peer *who, const struct sim_peer *whom, enum sfu_source source)
{
	const struct sfu_event *e = &who->in.slots_event;
	for (size_t i = 0; e->kind == SFU_EVENT_SLOTS && i < e->slots.count; i++)
		if (e->slots.owners[i].peer == whom->kit->number && e->slots.owners[i].source == source)
			return &who->in.slots[e->slots.owners[i].slot];
	return NULL;
}

/* ---- events ---- */

static void on_event(const struct sfu_event *event)
{
	struct sim_peer *peer = event->peer ? &sim.peers[event->peer - 1] : NULL;
	switch (event->kind) {
	case SFU_EVENT_LAYERS: peer->out.wanted = event->layers; break;
	case SFU_EVENT_SLOTS:
		assert_true(peer->in.slots_event.kind != SFU_EVENT_SLOTS ||
			    event->slots.epoch > peer->in.slots_event.slots.epoch);
		peer->in.slots_event = *event;
		break;
	case SFU_EVENT_SPEAKERS:
		if (event->speakers.stage != sim.speakers.speakers.stage && sim.stage_count < 512)
			sim.stages[sim.stage_count++] =
				(struct sim_stage){kit.now_us, event->speakers.stage, event->speakers.before};
		sim.speakers = *event;
		break;
	case SFU_EVENT_AWAY:
		peer->aways++;
		peer->away_us = kit.now_us;
		break;
	case SFU_EVENT_BACK: peer->backs++; break;
	case SFU_EVENT_GONE:
		peer->gones++;
		peer->gone_us = kit.now_us;
		peer->has_left = true;
		break;
	case SFU_EVENT_UP:
	case SFU_EVENT_COUNT: break;
	}
}

static void read_events(void)
{
	struct sfu_event event;
	while (sfu_next_event(kit.sfu, &event))
		on_event(&event);
}

/* ---- time ---- */

static void deliver_up(struct sim_peer *peer)
{
	struct sim_datagram *d;
	while ((d = sim_link_take(&peer->up, kit.now_us))) {
		sfu_packet(kit.sfu, kit.now_us, d->at_us, &peer->kit->tuple, d->bytes, d->len);
		at_free(d);
	}
}

static void deliver_down(struct sim_peer *peer)
{
	struct sim_datagram *d;
	while ((d = sim_link_take(&peer->down, kit.now_us))) {
		if (!peer->has_left)
			sim_receiver_datagram(peer, d->at_us, d->bytes, d->len);
		at_free(d);
	}
}

static void act(struct sim_peer *peer)
{
	if (peer->has_left)
		return;
	deliver_down(peer);
	sim_receiver_run(peer);
	sim_sender_run(peer);
	if (kit.now_us - peer->check_us >= CHECK_US && !peer->up.is_dead) {
		peer->check_us = kit.now_us;
		kit_check(peer->kit, &peer->kit->tuple);
	}
}

void sim_run(int64_t ms)
{
	for (int64_t end_us = kit.now_us + ms * 1000; kit.now_us < end_us;) {
		kit.now_us += STEP_US;
		for (size_t i = 0; i < sim.peer_count; i++)
			act(&sim.peers[i]);
		for (size_t i = 0; i < sim.peer_count; i++)
			deliver_up(&sim.peers[i]);
		sfu_flush(kit.sfu, kit.now_us);
		if (kit.now_us % SFU_TICK_US == 0)
			sfu_tick(kit.sfu, kit.now_us);
		read_events();
	}
}
