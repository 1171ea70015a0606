#include "base/test.h"
#include "client/impair.h"

enum { MANY = 100000, STEP_US = 1000 };

static struct impair *made(uint64_t seed, ...)
{
	struct impair *impair = impair_new(seed);
	struct impair_settings settings = {0};
	const char *line;
	va_list lines;

	va_start(lines, seed);
	while ((line = va_arg(lines, const char *)) != NULL)
		assert_int_equal(impair_settings_set(&settings, line), AT_OK);
	va_end(lines);
	impair_set(impair, &settings);
	return impair;
}

static void put_number(struct impair *impair, int64_t now_us, uint32_t number)
{
	uint8_t packet[100] = {0};

	memcpy(packet, &number, sizeof(number));
	impair_put(impair, now_us, packet, sizeof(packet), number);
}

/* Everything that comes out, one a millisecond going in. Its numbers stand in out; gives their count. */
static size_t run(struct impair *impair, uint32_t n, uint32_t *out, size_t cap)
{
	struct impair_packet packet;
	size_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		put_number(impair, (int64_t)i * STEP_US, i);
		while (impair_take(impair, (int64_t)i * STEP_US, &packet) && count < cap)
			out[count++] = packet.tag;
	}
	while (impair_take(impair, INT64_MAX - 1, &packet) && count < cap)
		out[count++] = packet.tag;
	assert_int_equal(impair_due_us(impair), INT64_MAX);
	return count;
}

static uint32_t out[2 * MANY];

static void test_nothing_happens(void **state)
{
	(void)state;
	struct impair *impair = made(1, NULL);
	struct impair_packet packet;

	assert_false(impair_take(impair, 0, &packet));
	impair_put(impair, 5, "abc", 3, 7);
	impair_put(impair, 5, "", 0, 8);
	assert_true(impair_take(impair, 5, &packet));
	assert_int_equal(packet.len, 3);
	assert_int_equal(packet.tag, 7);
	assert_memory_equal(packet.data, "abc", 3);
	assert_true(impair_take(impair, 5, &packet));
	assert_int_equal(packet.len, 0);
	assert_false(impair_take(impair, 5, &packet));
	assert_int_equal(run(impair, MANY, out, MANY), MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(out[i], i);
	impair_free(&impair);
}

/* Losses and how long they are in a row, of n numbers of which those in out arrived. */
static void measure(size_t arrived, double *loss_out, double *run_out)
{
	size_t lost = 0, runs = 0;

	for (size_t i = 1; i < arrived; i++) {
		lost += out[i] - out[i - 1] - 1;
		runs += out[i] != out[i - 1] + 1;
	}
	*loss_out = (double)lost / MANY;
	*run_out = runs ? (double)lost / (double)runs : 0;
}

static void test_loss(void **state)
{
	(void)state;
	struct impair *impair = made(2, "loss 10", NULL);
	double loss, length;
	size_t arrived = run(impair, MANY, out, MANY);

	measure(arrived, &loss, &length);
	assert_true(loss > 0.095 && loss < 0.105);
	assert_true(length > 1.05 && length < 1.2); /* 1 / 0.9 */
	assert_int_equal(impair_counts(impair)->lost + arrived, MANY);
	impair_free(&impair);
}

static void test_bursts(void **state)
{
	(void)state;
	struct impair *impair = made(3, "burst 10 4", NULL);
	double loss, length;

	measure(run(impair, MANY, out, MANY), &loss, &length);
	assert_true(loss > 0.09 && loss < 0.11);
	assert_true(length > 3.7 && length < 4.3);
	impair_free(&impair);
}

static void test_delay_and_jitter(void **state)
{
	(void)state;
	struct impair *impair = made(4, "delay 50 20", NULL);
	struct impair_packet packet;
	int64_t before = 0, least = INT64_MAX, most = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		int64_t sent = (int64_t)i * 100 * STEP_US, due;

		put_number(impair, sent, i);
		due = impair_due_us(impair);
		assert_false(impair_take(impair, due - 1, &packet));
		assert_true(impair_take(impair, due, &packet));
		assert_int_equal(packet.tag, i);
		assert_true(due >= before);
		before = due;
		least = due - sent < least ? due - sent : least;
		most = due - sent > most ? due - sent : most;
	}
	assert_true(least >= 50000 && least < 51000);
	assert_true(most <= 70000 && most > 69000);
	/* However much it trembles, the order is kept. */
	assert_int_equal(run(impair, 1000, out, MANY), 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(out[i], i);
	impair_free(&impair);
}

static void test_reorder(void **state)
{
	(void)state;
	struct impair *impair = made(5, "reorder 5", NULL);
	size_t arrived = run(impair, MANY, out, MANY), late = 0;

	assert_int_equal(arrived, MANY);
	for (size_t i = 1; i < arrived; i++)
		late += out[i] < out[i - 1];
	assert_true(late > 4000 && late < 5500);
	assert_true(impair_counts(impair)->overtaken >= late);
	impair_free(&impair);
}

static void test_duplicate(void **state)
{
	(void)state;
	struct impair *impair = made(6, "duplicate 3", NULL);
	size_t arrived = run(impair, MANY, out, 2 * MANY), twice = 0;

	for (size_t i = 1; i < arrived; i++)
		twice += out[i] == out[i - 1];
	assert_int_equal(arrived, MANY + twice);
	assert_true(twice > 2700 && twice < 3300);
	impair_free(&impair);
}

static void test_corrupt(void **state)
{
	(void)state;
	struct impair *impair = made(7, "corrupt 10", NULL);
	const uint8_t clean[64] = {0};
	struct impair_packet packet;
	unsigned damaged = 0;

	for (int i = 0; i < 10000; i++) {
		unsigned bits = 0;

		impair_put(impair, i, clean, sizeof(clean), 0);
		assert_true(impair_take(impair, i, &packet));
		for (size_t k = 0; k < packet.len; k++)
			bits += (unsigned)__builtin_popcount(packet.data[k]);
		assert_true(bits <= 1);
		damaged += bits;
	}
	assert_true(damaged > 900 && damaged < 1100);
	impair_free(&impair);
}

/* 100-byte packets, one a millisecond, are 800 kbit/s: over 400 half of them pass, 200 ms late. */
static void test_rate(void **state)
{
	(void)state;
	struct impair *impair = made(8, "rate 400", NULL);
	struct impair_packet packet;
	int64_t now = 0;
	size_t passed = 0;

	for (uint32_t i = 0; i < 10000; i++, now += STEP_US) {
		put_number(impair, now, i);
		while (impair_take(impair, now, &packet))
			passed++;
	}
	assert_true(passed > 4850 && passed < 5100);
	assert_true(impair_due_us(impair) - now < IMPAIR_RATE_WAIT_US);
	assert_true(impair_counts(impair)->overflown > 4500);
	impair_free(&impair);
}

static void test_queue_is_bounded(void **state)
{
	(void)state;
	struct impair *impair = made(9, "delay 1000", NULL);

	for (uint32_t i = 0; i < IMPAIR_QUEUE_MAX + 100; i++)
		put_number(impair, 0, i);
	assert_int_equal(impair_counts(impair)->overflown, 100);
	assert_int_equal(run(impair, 0, out, MANY), IMPAIR_QUEUE_MAX);
	impair_free(&impair);
}

static void test_cut_and_cleared(void **state)
{
	(void)state;
	struct impair *impair = made(10, "cut", NULL);
	const struct impair_settings clear = {0};

	assert_int_equal(run(impair, 100, out, MANY), 0);
	impair_set(impair, &clear);
	assert_int_equal(run(impair, 100, out, MANY), 100);
	impair_free(&impair);
}

/* The same seed, the same fate; another, another. */
static void test_seed(void **state)
{
	(void)state;
	static uint32_t first[MANY];
	size_t n[3];

	for (unsigned i = 0; i < 3; i++) {
		struct impair *impair =
			made(i == 2 ? 12 : 11, "burst 20 3", "delay 5 50", "reorder 10", "duplicate 5", NULL);

		n[i] = run(impair, 5000, out, MANY);
		if (i == 0)
			memcpy(first, out, sizeof(first));
		else if (i == 1)
			assert_memory_equal(first, out, n[0] * sizeof(*out));
		else
			assert_memory_not_equal(first, out, n[0] * sizeof(*out));
		impair_free(&impair);
	}
	assert_int_equal(n[0], n[1]);
}

static void test_words(void **state)
{
	(void)state;
	static const char *const bad[] =
		{"",          "loss",      "loss 101",    "loss -1",   "loss x",   "loss 1 2",   "burst 10",
		 "delay",     "delay 1e9", "delay 1 2 3", "rate",      "rate 5e9", "cut 1",      "heal",
		 "clear all", "loss 10 ",  " loss 10",    "loss  10x", "loss nan", "burst 1 -4", "averyverylongword 1"};
	struct impair_settings s = {0}, before;

	assert_int_equal(impair_settings_set(&s, "burst 12.5 4"), AT_OK);
	assert_int_equal(impair_settings_set(&s, "delay 50"), AT_OK);
	assert_int_equal(impair_settings_set(&s, "rate 500"), AT_OK);
	assert_true(s.loss > 0.1249 && s.loss < 0.1251 && s.burst > 3.9);
	assert_int_equal(s.delay_us, 50000);
	assert_int_equal(s.jitter_us, 0);
	assert_int_equal(s.rate_bits_s, 500000);
	before = s;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (impair_settings_set(&s, bad[i]) != AT_ERR_BAD_REQUEST)
			fail_msg("taken: \"%s\"", bad[i]);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	assert_int_equal(impair_settings_set(&s, "loss 5"), AT_OK);
	assert_true(s.burst < 1);
	assert_int_equal(impair_settings_set(&s, "clear"), AT_OK);
	assert_int_equal(s.rate_bits_s, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_nothing_happens),  AT_TEST(test_loss),    AT_TEST(test_bursts),
		AT_TEST(test_delay_and_jitter), AT_TEST(test_reorder), AT_TEST(test_duplicate),
		AT_TEST(test_corrupt),          AT_TEST(test_rate),    AT_TEST(test_queue_is_bounded),
		AT_TEST(test_cut_and_cleared),  AT_TEST(test_seed),    AT_TEST(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
