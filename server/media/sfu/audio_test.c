/* Microphones: silence, RED, who is heard where, and who speaks. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

static void test_silence_is_dropped_after_six(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 0, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_audio(a, 30);
	for (int i = 0; i < 100; i++)
		kit_audio(a, 127);
	assert_int_equal(kit_count(b, 0, false), 7);
	assert_int_equal(kit_drops(SFU_DROP_SILENCE), 94);
	kit_audio(a, 40);
	assert_int_equal(kit_count(b, 0, false), 8);
	const struct kit_got *got = kit_next(b, 0, false);
	uint32_t first = got->rtp.timestamp;
	for (uint16_t seq = got->rtp.seq; (got = kit_next(b, 0, false)); seq++) {
		assert_int_equal(got->rtp.seq, (uint16_t)(seq + 1)); /* no loss to conceal */
		if (got->exts.level == 40)
			assert_int_equal(got->rtp.timestamp - first, 101 * 960); /* time goes on */
	}
}

static void test_red_passes_where_both_have_it(void **state)
{
	(void)state;
	struct sfu_params with = kit_params(false, 1, 0, 0), without = with;
	without.audio.red_pt = 0;
	struct kit_peer *a = kit_join(&with), *b = kit_join(&with), *c = kit_join(&without);
	uint8_t now[40] = {0x78, 1}, before[30] = {0x78, 2}, red[100];
	struct red_block blocks[] = {{before, sizeof(before), KIT_OPUS, 960}, {now, sizeof(now), KIT_OPUS, 0}};
	size_t len = red_put(blocks, 2, red, sizeof(red));
	kit_audio_payload(a, 30, KIT_RED, red, len);
	kit_audio_payload(a, 30, KIT_OPUS, now, sizeof(now));
	const struct kit_got *got = kit_next(b, 0, false);
	assert_int_equal(got->rtp.payload_type, KIT_RED);
	assert_int_equal(got->rtp.payload_len, len);
	assert_memory_equal(got->rtp.payload, red, len);
	got = kit_next(b, 0, false);
	assert_int_equal(got->rtp.payload_type, KIT_OPUS);
	got = kit_next(c, 0, false);
	assert_int_equal(got->rtp.payload_type, KIT_OPUS);
	assert_int_equal(got->rtp.payload_len, sizeof(now));
	assert_memory_equal(got->rtp.payload, now, sizeof(now));
}

static void test_red_is_opened_where_the_codec_has_another_number(void **state)
{
	(void)state;
	struct sfu_params chrome = kit_params(false, 1, 0, 0), other = chrome;
	other.audio.pt = 109;
	struct kit_peer *a = kit_join(&chrome), *b = kit_join(&other);
	uint8_t now[40] = {0x78, 1}, red[100];
	struct red_block blocks[] = {{now, 20, KIT_OPUS, 960}, {now, sizeof(now), KIT_OPUS, 0}};
	kit_audio_payload(a, 30, KIT_RED, red, red_put(blocks, 2, red, sizeof(red)));
	const struct kit_got *got = kit_next(b, 0, false);
	assert_non_null(got);
	assert_int_equal(got->rtp.payload_type, 109);
	assert_int_equal(got->rtp.payload_len, sizeof(now));
}

static void test_red_that_is_none_is_dropped(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 0, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	uint8_t bad[20] = {0x80 | KIT_OPUS, 0xff, 0xff, 0xff, KIT_OPUS};
	kit_audio_payload(a, 30, KIT_RED, bad, sizeof(bad));
	uint8_t other[20] = {0x10, 1, 2, 3}; /* a primary of another payload type */
	kit_audio_payload(a, 30, KIT_RED, other, sizeof(other));
	assert_int_equal(kit_count(b, 0, false), 0);
	assert_int_equal(kit_drops(SFU_DROP_RTP), 2);
}

static void test_small_rooms_never_move_anybody(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 3, 3, 0);
	struct sfu_event event;
	struct kit_peer *peers[4];
	for (int i = 0; i < 4; i++)
		peers[i] = kit_join(&params);
	kit_wait(10);
	assert_true(kit_event(SFU_EVENT_SLOTS, peers[0]->number, &event));
	while (kit_event(SFU_EVENT_SLOTS, peers[0]->number, &event))
		;
	assert_int_equal(event.slots.count, 6);
	uint32_t epoch = event.slots.epoch;
	for (int i = 0; i < 3; i++) { /* everybody else, once in each kind */
		assert_int_equal(event.slots.owners[i].peer, i + 2);
		assert_int_equal(event.slots.owners[i].source, SFU_MIC);
		assert_int_equal(event.slots.owners[3 + i].peer, i + 2);
		assert_int_equal(event.slots.owners[3 + i].source, SFU_CAMERA);
	}
	kit_no_events();
	for (int i = 0; i < 200; i++) {
		kit_audio(peers[i / 50], 20);
		kit_wait(20);
	}
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, 2, true, false, false), AT_OK);
	kit_wait(100);
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, 3), AT_OK);
	kit_wait(100);
	assert_true(kit_event(SFU_EVENT_SLOTS, peers[0]->number, &event));
	assert_true(event.slots.epoch > epoch);
	assert_int_equal(event.slots.owners[0].peer, 2);
	assert_int_equal(event.slots.owners[1].peer, 0);
	assert_int_equal(event.slots.owners[2].peer, 4);
}

static void speak(struct kit_peer **peers, unsigned count, unsigned from, unsigned to, int ms)
{
	for (int t = 0; t < ms; t += 20) {
		for (unsigned i = 0; i < count; i++)
			kit_audio(peers[i], (uint8_t)(i >= from && i < to ? 15 + (t / 20 * 7 + (int)i * 3) % 25 : 90));
		kit_wait(20);
	}
}

static void test_big_rooms_hear_the_loudest(void **state)
{
	(void)state;
	enum { PEOPLE = 12, SLOTS = 3 };
	struct sfu_params params = kit_params(false, SLOTS, 0, 0);
	struct kit_peer *peers[PEOPLE];
	for (int i = 0; i < PEOPLE; i++)
		peers[i] = kit_join(&params);
	speak(peers, PEOPLE, 0, 2, 2000);
	struct sfu_peer_stats stats = kit_stats(peers[11]);
	bool hears[PEOPLE + 1] = {false};
	for (unsigned i = 0; i < SLOTS; i++)
		hears[stats.slots[i].peer] = true;
	assert_true(hears[1] && hears[2]);
	uint32_t slot_of_2 = 0;
	for (unsigned i = 0; i < SLOTS; i++)
		slot_of_2 = stats.slots[i].peer == 2 ? i : slot_of_2;
	speak(peers, PEOPLE, 1, 4, 2000); /* 2 goes on, 3 and 4 begin */
	stats = kit_stats(peers[11]);
	assert_int_equal(stats.slots[slot_of_2].peer, 2);
	memset(hears, 0, sizeof(hears));
	for (unsigned i = 0; i < SLOTS; i++)
		hears[stats.slots[i].peer] = true;
	assert_true(hears[2] && hears[3] && hears[4]);
	assert_true(kit_count(peers[11], slot_of_2, false) > 150);
}

static void test_the_speaker_is_told(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 2, 0, 0);
	struct kit_peer *peers[3];
	struct sfu_event event;
	for (int i = 0; i < 3; i++)
		peers[i] = kit_join(&params);
	kit_no_events();
	speak(peers, 3, 1, 2, 1500);
	bool told = false;
	uint32_t stage = 0;
	while (kit_event(SFU_EVENT_SPEAKERS, 0, &event)) {
		told = true;
		stage = event.speakers.stage;
	}
	assert_true(told);
	assert_int_equal(stage, 2);
	assert_int_equal(event.speakers.order[0], 2);
	assert_int_equal(event.speakers.ring_count, 1);
	assert_int_equal(event.speakers.ring[0], 2);
	speak(peers, 3, 2, 3, 4000);
	while (kit_event(SFU_EVENT_SPEAKERS, 0, &event))
		;
	assert_int_equal(event.speakers.stage, 3);
	assert_int_equal(event.speakers.before, 2);
	int64_t events = 0, from_us = kit.now_us;
	for (int t = 0; t < 4000; t += 20) { /* at most 5 a second, whatever happens */
		for (unsigned i = 0; i < 3; i++)
			kit_audio(peers[i], t / 100 % 3 == (int)i ? 20 : 90);
		kit_wait(20);
		events += kit_event(SFU_EVENT_SPEAKERS, 0, &event);
	}
	assert_true(events <= (kit.now_us - from_us) / 200000 + 1);
}

static void test_levels_count_when_silence_is_dropped(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 0, 0);
	struct kit_peer *peers[2] = {kit_join(&params), kit_join(&params)};
	struct sfu_event event = {.kind = SFU_EVENT_COUNT};
	speak(peers, 2, 0, 1, 1500);
	kit_no_events();
	for (int i = 0; i < 100; i++) {
		kit_audio(peers[0], 127);
		kit_wait(20);
	}
	while (kit_event(SFU_EVENT_SPEAKERS, 0, &event))
		;
	assert_int_equal(event.kind, SFU_EVENT_SPEAKERS);
	assert_int_equal(event.speakers.ring_count, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_silence_is_dropped_after_six),
		TEST(test_red_passes_where_both_have_it),
		TEST(test_red_is_opened_where_the_codec_has_another_number),
		TEST(test_red_that_is_none_is_dropped),
		TEST(test_small_rooms_never_move_anybody),
		TEST(test_big_rooms_hear_the_loudest),
		TEST(test_the_speaker_is_told),
		TEST(test_levels_count_when_silence_is_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
