/* Downlinks that change, and receivers that are slow or storm: what it does to them, and that it does nothing to others. */
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

static const struct sim_net *const lan = &sim_presets[SIM_LAN];

/* Six cameras of so many temporal layers, each wanted as large as it gets: more than 5 Mbit/s. */
static struct sim_peer *room_of_seven(uint64_t seed, unsigned tiers)
{
	struct sfu_params params = sim_chromium(7, 7, 1);
	sim_begin(seed, seed & 1);
	for (int i = 0; i < 7; i++) {
		struct sim_peer *peer = sim_join(&params, lan);
		peer->down.net.delay_us = 20 * 1000;
		for (int k = 0; k < 3; k++)
			peer->out.rates[k] = (const uint32_t[]){100000, 250000, 900000}[k];
		peer->out.tiers = tiers;
		peer->out.bwe.bps = 3e6;
	}
	sim_show(&sim.peers[6], 720, NULL, 0, NULL);
	for (size_t i = 0; i < 6; i++)
		sim_state(&sim.peers[i], true, true, false);
	sim_state(&sim.peers[6], true, false, false);
	sim.peers[6].down.net.queue_us = 400 * 1000;
	sim.peers[6].down.net.bps = 4000 * 1000;
	return &sim.peers[6];
}

struct settled {
	double estimate, used; /* shares of the link */
	double after_s;        /* until the estimate was there, within 20 s */
	double waited_ms;      /* in the queue, at most, from 2 s on */
};

static struct settled settle(struct sim_peer *who, uint32_t bps)
{
	struct settled s = {.after_s = -1};
	who->down.net.bps = bps;
	uint64_t bytes = 0;
	for (int i = 0; i < 200; i++) {
		if (i == 20)
			who->down.waited_max_us = 0;
		if (i == 100)
			bytes = who->down.bytes;
		sim_run(100);
		double share = (double)kit_stats(who->kit).estimate_bits_s / bps;
		if (share >= 0.85 && share <= 1.15 && s.after_s < 0)
			s.after_s = (i + 1) / 10.0;
		if (i >= 100)
			s.estimate += share / 100;
	}
	s.used = (double)(who->down.bytes - bytes) * 8 / 10 / bps;
	s.waited_ms = (double)who->down.waited_max_us / 1000;
	return s;
}

/* Signal's square wave: 20 s each, and what it is like in the second half. */
static void square_wave(unsigned tiers, double least_used)
{
	double after[2][64], used[2][64], estimate[2][64], waited[2][64];
	size_t n = 0;
	for (uint64_t seed = 0; seed < sim_seeds(2) && n < 60; seed++) {
		struct sim_peer *who = room_of_seven(seed, tiers);
		(void)settle(who, 4000 * 1000);
		for (int round = 0; round < 2; round++, n++)
			for (int up = 0; up < 2; up++) {
				struct settled s = settle(who, up ? 4000 * 1000 : 1000 * 1000);
				after[up][n] = s.after_s < 0 ? 99 : s.after_s;
				used[up][n] = s.used;
				estimate[up][n] = s.estimate;
				waited[up][n] = s.waited_ms;
			}
	}
	for (int up = 0; up < 2; up++) {
		(void)sim_median(after[up], n);
		(void)sim_median(used[up], n);
		(void)sim_median(estimate[up], n);
		(void)sim_median(waited[up], n);
		print_message("%u temporal layers, to %d Mbit/s: estimate within 15 %% after %.1f s (longest %.1f), "
			      "then "
			      "%.0f %% of the link (%.0f to %.0f), %.0f %% used (least %.0f); longest queue after 2 s "
			      "%.0f ms (of 400)\n",
			      tiers, up ? 4 : 1, after[up][n / 2], after[up][n - 1], 100 * estimate[up][n / 2],
			      100 * estimate[up][0], 100 * estimate[up][n - 1], 100 * used[up][n / 2],
			      100 * used[up][0], waited[up][n / 2]);
	}
	for (int up = 0; up < 2; up++) {
		assert_true(after[up][n - 1] <= 10);
		assert_true(estimate[up][0] >= 0.85 && estimate[up][n / 2] <= 1.15);
		/* on a line that is not quite full nothing tells where it ends */
		assert_true(estimate[up][n - 1] <= 1.25);
		assert_true(used[up][n / 2] >= least_used);
	}
}

static void test_a_square_wave(void **state)
{
	(void)state;
	square_wave(3, .85);
}

/* Firefox sends two, others may send none: whole layers are coarse. */
static void test_a_square_wave_with_fewer_temporal_layers(void **state)
{
	(void)state;
	square_wave(2, .8);
	square_wave(1, .7);
}

/* On a line that stays as it is, once it has settled. */
static void test_steady_links_flip_no_layers(void **state)
{
	(void)state;
	const uint32_t links[] = {700 * 1000, 1000 * 1000, 2000 * 1000, 4000 * 1000};
	for (uint64_t seed = 0; seed < sim_seeds(2); seed++)
		for (size_t i = 0; i < 4; i++) {
			struct sim_peer *who = room_of_seven(seed, 3);
			uint64_t before[SFU_SLOTS_MAX], most = 0, all = 0;
			who->down.net.bps = links[i];
			sim_run(20000);
			for (size_t k = 0; k < who->in.slot_count; k++)
				before[k] = who->in.slots[k].layer_changes;
			uint64_t tiers = sfu_stats(kit.sfu)->tier_changes, bytes = who->down.bytes;
			sim_run(60000);
			for (size_t k = 0; k < who->in.slot_count; k++) {
				uint64_t flips = who->in.slots[k].layer_changes - before[k];
				most = flips > most ? flips : most;
				all += flips;
			}
			print_message("steady %u kbit/s: %.0f %% used; %lu changes of layer in 60 s, at most %lu of "
				      "one "
				      "picture; %lu changes of pictures a second only\n",
				      links[i] / 1000, (double)(who->down.bytes - bytes) * 8 / 60 / links[i] * 100, all,
				      most, sfu_stats(kit.sfu)->tier_changes - tiers);
			assert_true(most <= 6);
			assert_true(all <= 12);
		}
}

/* The line has just become narrower, so nothing is raised for a while; a picture that was not there before is no raise. */
static void test_in_a_hold_a_newcomer_is_seen(void **state)
{
	(void)state;
	struct sfu_params params = sim_chromium(7, 7, 1);
	double ms[40];
	size_t n = 0;
	for (uint64_t seed = 0; seed < 10; seed++, n++) {
		struct sim_peer *who = room_of_seven(seed, 3);
		sim_run(10000);
		who->down.net.bps = 1000 * 1000;
		sim_run(4000);
		assert_true(sfu_find_peer(sfu_find_room(kit.sfu, &kit.room), who->kit->number)->alloc.hold_until_us >
			    kit.now_us);
		struct sim_peer *peer = sim_join(&params, lan);
		peer->out.bwe.bps = 3e6;
		sim_show(who, 720, NULL, 0, NULL);
		for (ms[n] = 0; ms[n] < 5000; ms[n] += 10) {
			const struct sim_slot *slot = sim_slot_of(who, peer, SFU_CAMERA);
			if (slot && slot->frames && slot->owner == peer->kit->number)
				break;
			sim_run(10);
		}
	}
	double median = sim_median(ms, n);
	print_message("a newcomer on a full line that has just become narrower is seen after %.0f ms (median), %.0f at "
		      "most\n",
		      median, ms[n - 1]);
	assert_true(ms[n - 1] <= 2000);
}

/* ---- one suffers, the others do not ---- */

static struct sim_peer *publisher, *good, *bad;

static void three(uint64_t seed)
{
	struct sfu_params params = sim_chromium(2, 2, 1);
	sim_begin(seed, seed & 1);
	publisher = sim_join(&params, lan);
	good = sim_join(&params, lan);
	bad = sim_join(&params, lan);
	publisher->out.talks = true;
	for (size_t i = 0; i < 3; i++)
		sim_show(&sim.peers[i], 720, NULL, 0, NULL);
	sim_run(12000);
}

static struct sim_slot watch_good(void)
{
	struct sim_slot *slot = sim_slot_of(good, publisher, SFU_CAMERA);
	struct sim_slot before = *slot;
	slot->freeze_us = 0;
	for (unsigned i = 0; i < LAYERS_A_PEER; i++) {
		struct sim_encoder *e = &publisher->out.encoders[i];
		e->plis = e->bytes = e->key_bytes = 0;
	}
	return before;
}

static void check_good(const char *what, const struct sim_slot *before, unsigned seconds)
{
	const struct sim_slot *slot = sim_slot_of(good, publisher, SFU_CAMERA);
	uint64_t frames = slot->frames - before->frames, plis = 0, keys = 0, all = 0;
	for (unsigned i = 0; i < LAYERS_A_PEER; i++) {
		plis = publisher->out.encoders[i].plis > plis ? publisher->out.encoders[i].plis : plis;
		keys += publisher->out.encoders[i].key_bytes;
		all += publisher->out.encoders[i].bytes;
	}
	print_message("%s: the other sees %lu frames in %u s, longest gap %.0f ms, %lu layer changes; %lu requests to "
		      "a layer, %.1f %% of bytes "
		      "in key frames\n",
		      what, frames, seconds, (double)slot->freeze_us / 1000,
		      slot->layer_changes - before->layer_changes, plis, 100.0 * (double)keys / (double)all);
	assert_true(keys * 5 <= all);
	assert_true(frames >= seconds * 15UL - 5);
	assert_true(slot->freeze_us <= 150 * 1000);
	assert_int_equal(slot->frames_missed, before->frames_missed);
	assert_int_equal(slot->layer, 3);
	assert_true(plis <= 2 + seconds * 10 / 15);
	const struct sim_slot *mic = sim_slot_of(good, publisher, SFU_MIC);
	assert_int_equal(mic->heard_lost + mic->heard_late, 0);
}

static void test_a_slow_receiver_slows_nobody(void **state)
{
	(void)state;
	three(1);
	bad->down.net = (struct sim_net){.delay_us = 200 * 1000,
					 .jitter_us = 50 * 1000,
					 .loss_permille = 150,
					 .burst_tenths = 40,
					 .bps = 150 * 1000,
					 .queue_us = 1000 * 1000};
	struct sim_slot before = watch_good();
	sim_run(30000);
	check_good("a receiver of 150 kbit/s, 15 % lost", &before, 30);
	assert_true(sim_slot_of(bad, publisher, SFU_CAMERA)->layer <= 1);
}

static void storm(unsigned round)
{
	const struct sim_slot *slot = sim_slot_of(bad, publisher, SFU_CAMERA);
	unsigned index = (unsigned)(slot - bad->in.slots);
	uint16_t seqs[100];
	uint8_t bytes[64];
	for (uint16_t i = 0; i < 100; i++)
		seqs[i] = (uint16_t)(slot->video->highest - 99 + i);
	for (int i = 0; i < 5; i++) {
		kit_pli(bad->kit, index);
		kit_nack(bad->kit, index, seqs, 100);
		struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
		assert_int_equal(rtcp_remb_put(&w, 1, round & 1 ? 1000 : 100000000, &slot->ssrc, 1), AT_OK);
		kit_rtcp(bad->kit, bytes, w.len);
	}
}

static void test_storms_are_bounded(void **state)
{
	(void)state;
	three(2);
	struct sim_slot before = watch_good();
	uint64_t bytes = bad->down.bytes, rtx = sfu_stats(kit.sfu)->rtx_out, media = good->down.bytes;
	for (unsigned i = 0; i < 2000; i++) { /* 15 messages each 10 ms for 20 s */
		storm(i);
		sim_run(10);
	}
	check_good("a storm of PLI, NACK and REMB", &before, 20);
	bytes = bad->down.bytes - bytes;
	media = good->down.bytes - media;
	print_message("the storm brought its sender %.2f times what the other got, %lu packets again\n",
		      (double)bytes / (double)media, sfu_stats(kit.sfu)->rtx_out - rtx);
	assert_true(bytes < media * 3 / 2);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, sim_setup, sim_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_square_wave),
		TEST(test_a_square_wave_with_fewer_temporal_layers),
		TEST(test_steady_links_flip_no_layers),
		TEST(test_in_a_hold_a_newcomer_is_seen),
		TEST(test_a_slow_receiver_slows_nobody),
		TEST(test_storms_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
