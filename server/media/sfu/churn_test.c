/* Everything at once, by chance: people who come, go, mute, share, look at others, publishers whose layers come and go, key frames only on
 * request. Whatever happens, every slot is one stream that a decoder can follow, and at the end everybody sees everybody again. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

enum { PEOPLE = 6, SEEDS = 16, STEPS = 400 };

struct person {
	struct kit_peer *peer;
	size_t answered[LAYERS_A_PEER];
	unsigned layers;
	bool camera, screen, mic, here, fresh;
};

static struct person people[PEOPLE];
static uint32_t seed;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525U + 1013904223U;
	return (seed >> 8) % below;
}

static void come(struct person *p, bool simulcast)
{
	struct sfu_params params = kit_params(simulcast, 2, 3, 1);
	*p = (struct person){.peer = kit_join(&params), .here = true, .camera = true, .mic = true, .fresh = true};
	p->layers = simulcast ? 14 : 2;
}

static void tell(struct person *p)
{
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, p->peer->number, !p->mic, p->camera, p->screen),
			 AT_OK);
}

static void look(struct person *p)
{
	static const uint16_t heights[] = {0, 180, 180, 360, 720, 1080};
	struct sfu_view views[PEOPLE * 2];
	size_t n = 0;
	for (unsigned i = 0; i < PEOPLE; i++) {
		views[n++] = (struct sfu_view){people[i].peer->number, SFU_CAMERA, heights[chance(6)]};
		views[n++] = (struct sfu_view){people[i].peer->number, SFU_SCREEN, heights[chance(6)]};
	}
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, p->peer->number, views, n), AT_OK);
}

static void look_at_all(struct person *p, uint16_t height)
{
	struct sfu_view views[PEOPLE];
	for (unsigned i = 0; i < PEOPLE; i++)
		views[i] = (struct sfu_view){people[i].peer->number, SFU_CAMERA, height};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, p->peer->number, views, PEOPLE), AT_OK);
}

static void publish_layer(struct person *p, unsigned layer)
{
	bool is_key = p->peer->plis[layer] > p->answered[layer] || p->fresh;
	p->answered[layer] = p->peer->plis[layer];
	kit_video(p->peer, layer,
		  &(struct kit_frame){.packets = 1 + chance(4),
				      .size = 60 + chance(200),
				      .last_size = 40 + chance(60),
				      .is_key = is_key,
				      .without_marker = !chance(30)});
	if (!chance(20))
		kit_padding(p->peer, layer, chance(2));
	if (!chance(3))
		kit_flush();
}

static void publish(struct person *p)
{
	for (unsigned layer = 1; layer <= 3; layer++)
		if (p->camera && p->layers & 1U << layer)
			publish_layer(p, layer);
	if (p->screen && chance(2))
		publish_layer(p, 4);
	p->fresh = false;
	if (p->mic)
		kit_audio(p->peer, (uint8_t)chance(128));
	if (!chance(20))
		for (unsigned layer = 1; layer <= 3; layer++)
			kit_sr(p->peer, layer, 1700000000LL * 1000000 + kit.now_us, p->peer->streams[layer].timestamp);
}

static void act(struct person *p)
{
	switch (chance(40)) {
	case 0:
		p->camera = !p->camera;
		tell(p);
		break;
	case 1:
		p->screen = !p->screen;
		tell(p);
		break;
	case 2:
		p->mic = !p->mic;
		tell(p);
		break;
	case 3: look(p); break;
	case 4: p->layers = p->peer->params.send[SFU_CAMERA].rid_count ? 2 + chance(7) * 2 : 2; break;
	case 5: kit_pli(p->peer, 2 + chance(3)); break;
	case 6:
		if (!chance(4) && kit.peer_count < KIT_PEERS) {
			assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, p->peer->number), AT_OK);
			come(p, chance(3));
			look(p);
		}
		break;
	default: break;
	}
}

static void watch_all(void)
{
	for (size_t i = 0; i < kit.peer_count; i++)
		for (unsigned slot = 2; slot < 6; slot++)
			kit_watch(&kit.peers[i], slot, KIT_ANY);
}

static void settle(void)
{
	for (unsigned i = 0; i < PEOPLE; i++) {
		people[i].camera = people[i].mic = true;
		people[i].screen = false;
		people[i].layers = people[i].peer->params.send[SFU_CAMERA].rid_count ? 14 : 2;
		tell(&people[i]);
		look_at_all(&people[i], 180);
	}
	for (int i = 0; i < 300; i++) {
		for (unsigned k = 0; k < PEOPLE; k++)
			publish(&people[k]);
		kit_flush();
		kit_wait(35);
	}
}

static void expect_pictures(void)
{
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct sfu_peer_stats stats = kit_stats(people[i].peer);
		for (unsigned slot = 2; slot < 5; slot++) {
			assert_true(stats.slots[slot].peer != 0);
			assert_true(stats.slots[slot].layer >= 0);
		}
	}
}

static void run_seed(uint32_t s)
{
	seed = s;
	kit_restart(&(struct sfu_options){.gso = s % 2});
	for (unsigned i = 0; i < PEOPLE; i++)
		come(&people[i], i % 3 != 2);
	for (int n = 0; n < STEPS; n++) {
		for (unsigned i = 0; i < PEOPLE; i++) {
			publish(&people[i]);
			act(&people[i]);
			if (n % 50 == 0)
				kit_check(people[i].peer, &people[i].peer->tuple);
		}
		kit_flush();
		kit_wait(5 + 5 * chance(8));
		kit_no_events();
	}
	settle();
	expect_pictures();
	watch_all();
	assert_int_equal(kit.segment_errors, 0);
}

static void test_whatever_happens_slots_are_streams(void **state)
{
	(void)state;
	for (uint32_t s = 1; s <= SEEDS; s++)
		run_seed(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whatever_happens_slots_are_streams, kit_setup, kit_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
