/* Conversations in virtual time: people who talk in syllables and phrases, cough, hum, fall silent, and networks that lose and delay. */
#include "base/test.h"
#include "media/speaker/speaker.h"

enum { PEOPLE = 12, QUEUE = 64 };

/* One microphone with its network. */
struct mic {
	bool talks, coughs;
	int noise;         /* loudness of the background, 0 = none */
	int tone;          /* a constant loudness instead */
	unsigned ptime_ms; /* 20 or 60 */
	bool has_dtx;      /* sends nothing while silent, but every 400 ms */
	double loss;
	int64_t delay_ms, jitter_ms;
	/* inside */
	int64_t phase_until, next_packet, last_sent, rtp_base;
	bool in_syllable;
	int64_t phrase_until, pause_until;
	struct {
		int64_t at, rtp_ms;
		unsigned level;
	} queue[QUEUE];
	size_t queued;
};

static struct speaker s;
static struct mic mics[PEOPLE + 1];
static uint64_t seed;
static int64_t now_ms, last_change_ms, shortest_ms;
static unsigned changes, stage_before;

static int between(int low, int high)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return low + (int)((seed >> 33) % (uint64_t)(high - low + 1));
}

static void begin(uint64_t with, unsigned people)
{
	seed = with * 0x9e3779b97f4a7c15u + 99;
	now_ms = 100000;
	changes = stage_before = 0;
	last_change_ms = 0;
	shortest_ms = INT64_MAX;
	memset(mics, 0, sizeof(mics));
	speaker_init(&s, now_ms * 1000);
	for (unsigned p = 1; p <= people; p++) {
		mics[p] = (struct mic){.noise = 35, .ptime_ms = 20, .delay_ms = 40, .jitter_ms = 15};
		mics[p].rtp_base = between(-1000000, 1000000);
		mics[p].next_packet = now_ms + between(0, 19);
		speaker_join(&s, p);
	}
}

/* Syllables of 80 to 260 ms with dips of 20 to 90 between, in phrases of 0.8 to 2.5 s with breaths of 150 to 500 ms. */
static int speech(struct mic *m)
{
	if (now_ms < m->pause_until)
		return 0;
	if (now_ms >= m->phrase_until) {
		if (m->phrase_until)
			m->pause_until = now_ms + between(150, 500);
		m->phrase_until = (m->pause_until > now_ms ? m->pause_until : now_ms) + between(800, 2500);
		m->phase_until = 0;
		m->in_syllable = false;
		if (now_ms < m->pause_until)
			return 0;
	}
	if (now_ms >= m->phase_until) {
		m->in_syllable = !m->in_syllable;
		m->phase_until = now_ms + (m->in_syllable ? between(80, 260) : between(20, 90));
	}
	return m->in_syllable ? between(86, 108) : between(50, 74);
}

static void send_packet(struct mic *m)
{
	int loudness = m->noise ? m->noise + between(-4, 4) : 0;
	int talk = m->tone ? m->tone : m->coughs ? between(95, 112) : m->talks ? speech(m) : 0;
	loudness = talk > loudness ? talk : loudness;
	m->next_packet = now_ms + m->ptime_ms;
	if (m->has_dtx && loudness < 45 && now_ms - m->last_sent < 400)
		return;
	m->last_sent = now_ms;
	if (between(0, 9999) < m->loss * 10000 || m->queued == QUEUE)
		return;
	m->queue[m->queued].at = now_ms + m->delay_ms + between(0, (int)m->jitter_ms);
	m->queue[m->queued].rtp_ms = now_ms + m->rtp_base;
	m->queue[m->queued++].level = (unsigned)(127 - loudness);
}

static void deliver(unsigned person)
{
	struct mic *m = &mics[person];
	for (size_t i = 0; i < m->queued;) {
		if (m->queue[i].at > now_ms) {
			i++;
			continue;
		}
		speaker_level(&s, person, m->queue[i].rtp_ms, m->queue[i].level, m->queue[i].level < 60);
		memmove(&m->queue[i], &m->queue[i + 1], (m->queued - i - 1) * sizeof(m->queue[0]));
		m->queued--;
	}
}

static void watch_stage(unsigned told)
{
	unsigned stage = speaker_stage(&s);
	assert_int_equal(stage != stage_before, (told & SPEAKER_STAGE_CHANGED) != 0);
	if (stage == stage_before)
		return;
	if (changes && now_ms - last_change_ms < shortest_ms)
		shortest_ms = now_ms - last_change_ms;
	changes++;
	last_change_ms = now_ms;
	stage_before = stage;
}

static void run(int64_t ms)
{
	for (int64_t end = now_ms + ms; now_ms < end; now_ms++) {
		for (unsigned p = 1; p <= PEOPLE; p++) {
			if (mics[p].ptime_ms && now_ms >= mics[p].next_packet)
				send_packet(&mics[p]);
			deliver(p);
		}
		if (now_ms % 50 == 0)
			watch_stage(speaker_tick(&s, now_ms * 1000));
	}
}

static int64_t until_stage(unsigned person, int64_t most_ms)
{
	int64_t from = now_ms;
	while (speaker_stage(&s) != person && now_ms - from < most_ms)
		run(10);
	return speaker_stage(&s) == person ? now_ms - from : -1;
}

/* ---- tests ---- */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Turn-takings, each after somebody else has had the word for 3 to 8 s. */
static void take_turns(const char *what, int64_t *ms, size_t n, void (*prepare)(struct mic *))
{
	unsigned who = 1;
	begin(n, 5);
	for (unsigned p = 1; prepare && p <= 5; p++)
		prepare(&mics[p]);
	mics[who].talks = true;
	run(5000);
	for (size_t i = 0; i < n; i++) {
		mics[who].talks = false;
		run(between(0, 300));
		who = (who + (unsigned)between(0, 3)) % 5 + 1;
		mics[who].talks = true;
		mics[who].phrase_until = mics[who].pause_until = 0;
		ms[i] = until_stage(who, 5000);
		run(between(3000, 8000));
	}
	qsort(ms, n, sizeof(*ms), compare);
	print_message("%s: median %lld ms, 95 %% within %lld ms, slowest %lld ms of %zu; changes at least %lld ms "
		      "apart\n",
		      what, (long long)ms[n / 2], (long long)ms[n * 95 / 100], (long long)ms[n - 1], n,
		      (long long)shortest_ms);
	assert_true(ms[0] >= 0);
	assert_true(shortest_ms >= 2000);
}

static int64_t turns[200];

static void who_takes_the_word_is_recognised(void **state)
{
	(void)state;
	take_turns("turns", turns, 200, NULL);
	assert_in_range(turns[100], 300, 700);
	assert_in_range(turns[190], 300, 1500);
}

static void make_dtx(struct mic *m)
{
	m->has_dtx = true;
	m->noise = 0;
}

static void with_pauses_in_sending_too(void **state)
{
	(void)state;
	take_turns("turns with DTX", turns, 200, make_dtx);
	assert_in_range(turns[100], 300, 700);
}

static void make_long_packets(struct mic *m)
{
	m->ptime_ms = 60;
}

static void with_long_packets_too(void **state)
{
	(void)state;
	take_turns("turns with 60 ms packets", turns, 200, make_long_packets);
	assert_in_range(turns[100], 300, 700);
}

static void make_lossy(struct mic *m)
{
	m->loss = .1;
	m->jitter_ms = 120;
}

static void with_loss_and_jitter_too(void **state)
{
	(void)state;
	take_turns("turns with 10 % loss, 120 ms jitter", turns, 200, make_lossy);
	assert_in_range(turns[100], 300, 700);
}

static void make_noisy(struct mic *m)
{
	m->noise = 72;
}

static void with_a_loud_room_too(void **state)
{
	(void)state;
	take_turns("turns with noise at -55 dBov", turns, 200, make_noisy);
	assert_in_range(turns[100], 300, 700);
}

static void a_cough_takes_nothing(void **state)
{
	(void)state;
	for (uint64_t with = 0; with < 300; with++) {
		begin(with, 4);
		if (with % 3) {
			mics[1].talks = true;
			run(4000);
			assert_int_equal(speaker_stage(&s), 1);
			mics[1].talks = with % 3 == 1; /* goes on, or has just stopped */
			run(between(0, 800));
		}
		if (with % 2)
			make_dtx(&mics[2]);
		run(500);
		unsigned before = speaker_stage(&s);
		mics[2].coughs = true;
		run(between(100, 299));
		mics[2].coughs = false;
		run(between(300, 600));
		mics[2].coughs = true; /* and again */
		run(between(100, 299));
		mics[2].coughs = false;
		run(3000);
		assert_int_equal(speaker_stage(&s), before);
		assert_int_equal(changes, with % 3 ? 1 : 0);
	}
}

static void noise_is_nobody(void **state)
{
	(void)state;
	for (int noise = 30; noise <= 76; noise++) {
		begin((uint64_t)noise, 3);
		mics[2].noise = noise;
		run(60000);
		assert_int_equal(speaker_stage(&s), SPEAKER_NOBODY);
		assert_false(speaker_is_ringing(&s, 2));
		mics[2].talks = true;
		assert_in_range(until_stage(2, 3000), 100, 2000);
	}
}

static void a_fan_that_starts_is_learnt(void **state)
{
	(void)state;
	begin(1, 3);
	run(20000);
	mics[2].noise = 78;
	run(150000); /* may be taken for speech at first */
	mics[1].talks = true;
	assert_in_range(until_stage(1, 3000), 0, 3000);
	mics[1].talks = false;
	run(30000);
	assert_int_equal(speaker_stage(&s), 1);
}

static void a_steady_tone_stays_on_stage(void **state)
{
	(void)state;
	begin(1, 3);
	mics[2].tone = 104;
	run(120000);
	assert_int_equal(speaker_stage(&s), 2);
	assert_true(speaker_is_ringing(&s, 2));
	assert_int_equal(changes, 1);
	mics[2].tone = 0, mics[3].tone = 104;
	assert_in_range(until_stage(3, 2000), 300, 800);
}

static void two_at_once_do_not_flap(void **state)
{
	(void)state;
	unsigned most = 0, all = 0;
	for (uint64_t with = 0; with < 50; with++) {
		begin(with, 4);
		mics[1].talks = true;
		run(4000);
		mics[2].talks = true;
		unsigned before = changes;
		run(30000);
		most = changes - before > most ? changes - before : most;
		all += changes - before;
		assert_true(shortest_ms >= 2000);
	}
	print_message("two at once for 30 s, 50 times: %u changes in all, at most %u in one\n", all, most);
	assert_in_range(most, 0, 4);
	assert_in_range(all, 0, 75);
}

static void five_at_once_change_at_most_every_two_seconds(void **state)
{
	(void)state;
	begin(5, 5);
	for (unsigned p = 1; p <= 5; p++)
		mics[p].talks = true;
	run(120000);
	assert_true(shortest_ms >= 2000);
	print_message("five at once for 120 s: %u changes\n", changes);
}

static void in_silence_the_stage_stays(void **state)
{
	(void)state;
	begin(1, 3);
	run(10000);
	assert_int_equal(speaker_stage(&s), SPEAKER_NOBODY);
	mics[2].talks = true;
	run(3000);
	mics[2].talks = false;
	run(60000);
	assert_int_equal(speaker_stage(&s), 2);
	mics[2].ptime_ms = 0; /* muted: nothing comes at all */
	run(60000);
	assert_int_equal(speaker_stage(&s), 2);
	assert_int_equal(changes, 1);
}

static void whose_network_dies_is_silent(void **state)
{
	(void)state;
	begin(1, 3);
	mics[2].talks = true;
	run(4000);
	assert_int_equal(speaker_stage(&s), 2);
	mics[2].ptime_ms = 0; /* in the middle of a word */
	mics[3].talks = true;
	assert_in_range(until_stage(3, 3000), 300, 1500);
	run(2000);
	assert_false(speaker_is_ringing(&s, 2));
}

static void the_order_is_by_last_dominance(void **state)
{
	(void)state;
	uint8_t order[PEOPLE];
	static const unsigned words[] = {3, 1, 4, 2};
	begin(1, 5);
	for (size_t i = 0; i < 4; i++) {
		mics[words[i]].talks = true;
		run(4000);
		mics[words[i]].talks = false;
		run(500);
	}
	assert_int_equal(speaker_order(&s, order, PEOPLE), 5);
	assert_memory_equal(order, ((uint8_t[]){2, 4, 1, 3, 5}), 5);
	assert_int_equal(speaker_order(&s, order, 2), 2);
}

static void rings_come_fast_and_go(void **state)
{
	(void)state;
	int64_t on[50], off[50];
	for (uint64_t with = 0; with < 50; with++) {
		begin(with, 3);
		run(2000 + between(0, 199));
		mics[2].talks = true;
		int64_t from = now_ms;
		while (!speaker_is_ringing(&s, 2) && now_ms - from < 3000)
			run(10);
		on[with] = now_ms - from;
		run(2000 + between(0, 199));
		mics[2].talks = false;
		from = now_ms;
		while (speaker_is_ringing(&s, 2) && now_ms - from < 3000)
			run(10);
		off[with] = now_ms - from;
		assert_false(speaker_is_ringing(&s, 1));
	}
	qsort(on, 50, sizeof(*on), compare);
	qsort(off, 50, sizeof(*off), compare);
	print_message("ring: on after %lld ms, off after %lld ms (medians), slowest %lld and %lld\n", (long long)on[25],
		      (long long)off[25], (long long)on[49], (long long)off[49]);
	assert_true(on[25] <= 500 && on[49] <= 1000);
	assert_true(off[49] <= 1300);
}

static void who_leaves_is_nowhere(void **state)
{
	(void)state;
	uint8_t order[PEOPLE];
	begin(1, 3);
	mics[2].talks = true;
	run(3000);
	mics[2].talks = false;
	run(100);
	mics[3].talks = true;
	run(3000);
	assert_int_equal(speaker_stage(&s), 3);
	speaker_leave(&s, 3);
	speaker_leave(&s, 3);
	mics[3].ptime_ms = 0;
	assert_int_equal(speaker_stage(&s), SPEAKER_NOBODY);
	unsigned told = speaker_tick(&s, now_ms * 1000);
	assert_int_equal(told & SPEAKER_STAGE_CHANGED, SPEAKER_STAGE_CHANGED);
	assert_int_equal(told & SPEAKER_ORDER_CHANGED, SPEAKER_ORDER_CHANGED);
	assert_int_equal(speaker_stage(&s), 2); /* whoever spoke before */
	assert_int_equal(speaker_order(&s, order, PEOPLE), 2);
	assert_false(speaker_is_ringing(&s, 3));
	speaker_level(&s, 3, 0, 0, true);
	speaker_join(&s, 3);
	assert_int_equal(speaker_order(&s, order, PEOPLE), 3);
	assert_int_equal(order[2], 3);
}

static void a_full_room(void **state)
{
	(void)state;
	uint8_t order[SPEAKER_PERSONS_MAX];
	uint64_t ring[2];
	int64_t ms = 0;
	speaker_init(&s, 0);
	for (unsigned p = 1; p <= SPEAKER_PERSONS_MAX; p++)
		speaker_join(&s, p);
	for (; ms < 3000; ms += 20) {
		for (unsigned p = 1; p <= SPEAKER_PERSONS_MAX; p++)
			speaker_level(&s, p, ms, p == SPEAKER_PERSONS_MAX ? 20 : 127, false);
		speaker_tick(&s, ms * 1000);
	}
	assert_int_equal(speaker_stage(&s), SPEAKER_PERSONS_MAX);
	assert_int_equal(speaker_order(&s, order, SPEAKER_PERSONS_MAX), SPEAKER_PERSONS_MAX);
	assert_int_equal(order[0], SPEAKER_PERSONS_MAX);
	speaker_ring(&s, ring);
	assert_true(ring[0] == 0 && ring[1] == UINT64_C(1) << (SPEAKER_PERSONS_MAX - 64));
}

static void any_levels_at_any_time_are_borne(void **state)
{
	(void)state;
	static const int64_t odd[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
	begin(1, 5);
	mics[1].talks = true;
	for (int i = 0; i < 20000; i++) {
		unsigned person = (unsigned)between(0, 1) ? 3 : (unsigned)between(0, 300);
		int64_t rtp_ms = between(0, 1) ? odd[between(0, 6)] : between(-5000, 5000);
		if (person != 1)
			speaker_level(&s, person, rtp_ms, (unsigned)between(0, 300), between(0, 1));
		if (i % 10 == 0)
			run(10);
	}
	assert_true(shortest_ms >= 2000);
}

static void a_clock_that_starts_anew_is_followed(void **state)
{
	(void)state;
	begin(1, 3);
	run(3000);
	mics[2].rtp_base -= 40LL * 1000 * 1000;
	mics[2].talks = true;
	assert_in_range(until_stage(2, 3000), 300, 1500);
	mics[2].talks = false;
	mics[3].rtp_base += 40LL * 1000 * 1000;
	mics[3].talks = true;
	run(2000);
	assert_int_equal(speaker_stage(&s), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(who_takes_the_word_is_recognised),
		AT_TEST(with_pauses_in_sending_too),
		AT_TEST(with_long_packets_too),
		AT_TEST(with_loss_and_jitter_too),
		AT_TEST(with_a_loud_room_too),
		AT_TEST(a_cough_takes_nothing),
		AT_TEST(noise_is_nobody),
		AT_TEST(a_fan_that_starts_is_learnt),
		AT_TEST(a_steady_tone_stays_on_stage),
		AT_TEST(two_at_once_do_not_flap),
		AT_TEST(five_at_once_change_at_most_every_two_seconds),
		AT_TEST(in_silence_the_stage_stays),
		AT_TEST(whose_network_dies_is_silent),
		AT_TEST(the_order_is_by_last_dominance),
		AT_TEST(rings_come_fast_and_go),
		AT_TEST(who_leaves_is_nowhere),
		AT_TEST(a_full_room),
		AT_TEST(any_levels_at_any_time_are_borne),
		AT_TEST(a_clock_that_starts_anew_is_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
