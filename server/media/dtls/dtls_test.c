/* Handshakes with OpenSSL's client: the good ones, the refused ones, and a network that loses. */
#include "base/test.h"
#include "media/dtls/dtls_testkit.h"

#define PROFILES "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"

static const struct kit_options plain = {.profiles = PROFILES};

static void begin(const struct kit_options *options)
{
	kit_start(options);
	kit_client_step();
}

static void expect_failed(enum dtls_why why)
{
	assert_int_equal(dtls_state(kit.server), DTLS_FAILED);
	assert_string_equal(dtls_why_name(dtls_why(kit.server)), dtls_why_name(why));
	assert_null(kit.server->ssl);
	assert_false(kit.server->has_keys);
	assert_int_equal(dtls_deadline_us(kit.server), INT64_MAX);
}

/* ---- good ones ---- */

static void two_round_trips(void **state)
{
	(void)state;
	begin(&plain);
	assert_int_equal(dtls_state(kit.server), DTLS_WAITING);
	assert_int_equal(dtls_deadline_us(kit.server), INT64_MAX);
	kit_run(4 * KIT_DELAY_US);
	assert_true(kit_is_up());
	/* ServerHello to ServerHelloDone, ChangeCipherSpec and Finished: one datagram each. */
	assert_int_equal(kit_sent(true), 2);
	assert_int_equal(kit.server->keys.suite, SRTP_SUITE_GCM);
	kit_expect_same_keys();
	assert_false(kit.server->has_keys);
}

static void only_counter_mode(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = "SRTP_AES128_CM_SHA1_80"});
	kit_run(4 * KIT_DELAY_US);
	assert_true(kit_is_up());
	assert_int_equal(kit.server->keys.suite, SRTP_SUITE_CM);
	kit_expect_same_keys();
}

static void shows_the_certificate_it_told(void **state)
{
	(void)state;
	uint8_t told[DTLS_FINGERPRINT_LEN], shown[DTLS_FINGERPRINT_LEN];
	const char *text;
	unsigned n;
	begin(&plain);
	kit_run(4 * KIT_DELAY_US);
	X509 *cert = SSL_get1_peer_certificate(kit.client);
	assert_true(X509_digest(cert, EVP_sha256(), shown, &n));
	text = dtls_context_fingerprint(kit.context);
	assert_int_equal(dtls_fingerprint_parse(text, strlen(text), told), AT_OK);
	assert_memory_equal(told, shown, sizeof(told));
	X509_free(cert);
}

static void fingerprints_are_parsed_strictly(void **state)
{
	(void)state;
	char text[] = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";
	uint8_t out[DTLS_FINGERPRINT_LEN];
	assert_int_equal(dtls_fingerprint_parse(text, strlen(text), out), AT_OK);
	assert_int_equal(out[10], 0xaa);
	assert_int_equal(out[31], 0xff);
	for (size_t i = 0; i < strlen(text); i++) {
		const char before = text[i];
		text[i] = before == ':' ? '-' : 'g';
		assert_int_equal(dtls_fingerprint_parse(text, strlen(text), out), AT_ERR_BAD_REQUEST);
		text[i] = before;
	}
	assert_int_equal(dtls_fingerprint_parse(text, strlen(text) - 1, out), AT_ERR_BAD_REQUEST);
	assert_int_equal(dtls_fingerprint_parse("", 0, out), AT_ERR_BAD_REQUEST);
}

/* ---- refused ones ---- */

static void other_fingerprint(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .is_unexpected = true});
	kit_run(1000 * 1000);
	expect_failed(DTLS_WHY_FINGERPRINT);
	assert_true(kit.client_failed);
	assert_false(kit.client_up);
}

static void without_srtp(void **state)
{
	(void)state;
	begin(&(struct kit_options){0});
	kit_run(1000 * 1000);
	expect_failed(DTLS_WHY_NO_SRTP);
}

static void without_extended_master_secret(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .without_ems = true});
	kit_run(1000 * 1000);
	expect_failed(DTLS_WHY_NO_EMS);
}

static void nothing_in_common(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .suites = "AES128-SHA"});
	kit_run(KIT_DELAY_US);
	expect_failed(DTLS_WHY_PROTOCOL);
	assert_int_equal(kit_sent(true), 0);
}

static void client_gives_up(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .distrusts_us = true});
	kit_run(1000 * 1000);
	expect_failed(DTLS_WHY_ALERT);
}

/* ---- loss ---- */

static void long_hello(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .hello_extra = 2000});
	assert_true(kit_sent(false) >= 2);
	kit_run(4 * KIT_DELAY_US);
	assert_true(kit_is_up());
	kit_expect_same_keys();
}

static void long_hello_in_disorder(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .hello_extra = 2000});
	for (size_t i = 0; i < kit.count; i++)
		kit.log[i].at_us -= (int64_t)i;
	kit_run(4 * KIT_DELAY_US);
	assert_true(kit_is_up());
}

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void fifth_of_all_lost(void **state)
{
	(void)state;
	enum { RUNS = 200 };
	int64_t took_us[RUNS];
	for (size_t i = 0; i < RUNS; i++) {
		begin(&(struct kit_options){.profiles = PROFILES,
					    .loss_percent = 20,
					    .seed = i,
					    .hello_extra = i % 2 ? 1400 : 0});
		kit_run(DTLS_HANDSHAKE_MAX_US);
		assert_true(kit_is_up());
		kit_expect_same_keys();
		took_us[i] = kit.now_us;
		kit_end();
	}
	qsort(took_us, RUNS, sizeof(*took_us), by_value);
	print_message("join at 20 %% loss: median %d ms, p95 %d ms, worst %d ms\n", (int)(took_us[RUNS / 2] / 1000),
		      (int)(took_us[RUNS * 95 / 100] / 1000), (int)(took_us[RUNS - 1] / 1000));
	assert_true(took_us[RUNS * 95 / 100] < 2000 * 1000);
}

/* The numbers of all records in the clear that we sent rise. */
static void expect_fresh_numbers(void)
{
	int64_t last = -1;
	for (size_t i = 0; i < kit.count; i++) {
		struct at_reader r = at_reader_of(kit.log[i].data, kit.log[i].len);
		struct dtls_record record;
		while (kit.log[i].to_client && dtls_record_read(&r, &record)) {
			struct at_reader number = at_reader_of(record.data + DTLS_EPOCH_AT, 8);
			const int64_t n = (int64_t)at_read_u64(&number);
			assert_true(record.epoch || n > last);
			last = record.epoch ? last : n;
		}
	}
}

static bool is_first_change(const struct kit_datagram *d)
{
	static int changes;
	if (!kit.now_us)
		changes = 0;
	return d->to_client && d->data[0] == DTLS_CCS && !changes++;
}

static void last_flight_lost(void **state)
{
	(void)state;
	begin(&plain);
	kit.drops = is_first_change;
	kit_run(5 * KIT_DELAY_US);
	assert_int_equal(dtls_state(kit.server), DTLS_UP);
	assert_false(kit.client_up);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
}

static bool is_change(const struct kit_datagram *d)
{
	return d->to_client && d->data[0] == DTLS_CCS;
}

/* The peer repeats its own last flight until it has ours, with fresh numbers each time. */
static void last_flight_lost_for_long(void **state)
{
	(void)state;
	begin(&plain);
	kit.drops = is_change;
	kit_run(3000 * 1000);
	assert_int_equal(dtls_state(kit.server), DTLS_UP);
	assert_null(kit.server->ssl);
	assert_false(kit.client_up);
	assert_in_range(kit_sent(true), 4, 10);
	kit.drops = NULL;
	kit_run(10 * 1000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
	expect_fresh_numbers();
}

static void alert_with_the_longer_key(void **state)
{
	(void)state;
	begin(&(struct kit_options){.profiles = PROFILES, .suites = "ECDHE-ECDSA-AES256-GCM-SHA384"});
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	assert_int_equal(kit.server->after.key_len, 32);
	SSL_shutdown(kit.client);
	kit_run(2000 * 1000);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
}

/* ---- repetition by time ---- */

static bool to_client(const struct kit_datagram *d)
{
	return d->to_client;
}

static void silent_peer(void **state)
{
	(void)state;
	static const int64_t sent_ms[] = {0, 100, 300, 700, 1500, 3100, 4700, 6300, 7900, 9500};
	begin(&plain);
	kit.drops = to_client;
	kit_run(KIT_DELAY_US);
	kit.client_failed = true; /* says no more */
	kit_run(KIT_DELAY_US + DTLS_HANDSHAKE_MAX_US - 1);
	assert_int_equal(dtls_state(kit.server), DTLS_HANDSHAKING);
	assert_int_equal(kit_sent(true), sizeof(sent_ms) / sizeof(*sent_ms));
	for (size_t i = 0, n = 0; i < kit.count; i++)
		if (kit.log[i].to_client)
			assert_int_equal(kit.log[i].at_us, 2 * KIT_DELAY_US + sent_ms[n++] * 1000);
	expect_fresh_numbers();
	kit_run(KIT_DELAY_US + DTLS_HANDSHAKE_MAX_US);
	expect_failed(DTLS_WHY_TIMEOUT);
}

/* A client that asks again is answered at once, but no flood makes a flood. */
static void asked_again(void **state)
{
	(void)state;
	begin(&plain);
	kit_run(KIT_DELAY_US);
	assert_int_equal(kit_sent(true), 1);
	for (int ms = 1; ms <= 80; ms++) {
		kit.now_us += 1000;
		kit_give_again(&kit.log[0]);
	}
	assert_int_equal(kit_sent(true), 3);
	expect_fresh_numbers();
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
	expect_fresh_numbers();
}

/* ---- afterwards ---- */

static void comes_to_rest(void **state)
{
	(void)state;
	begin(&plain);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	assert_null(kit.server->ssl);
	assert_true(kit.server->after.key_len && kit.server->flight.len);
	kit_run(DTLS_REST_US + 1000 * 1000);
	assert_true(!kit.server->after.key_len && !kit.server->after.goodbye_len && !kit.server->flight.cap);
	assert_int_equal(dtls_state(kit.server), DTLS_UP);
	assert_int_equal(dtls_deadline_us(kit.server), INT64_MAX);
	for (size_t i = 0; i < kit.count; i++)
		kit_give_again(&kit.log[i]);
	assert_int_equal(dtls_state(kit.server), DTLS_UP);
	assert_int_equal(kit_sent(true), 2);
	kit_expect_same_keys();
	dtls_close(kit.server);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
}

static void peer_closes(void **state)
{
	(void)state;
	begin(&plain);
	kit_run(1000 * 1000);
	SSL_shutdown(kit.client);
	kit_run(2000 * 1000);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
	assert_int_equal(dtls_why(kit.server), DTLS_WHY_NONE);
	assert_null(kit.server->ssl);
}

static void we_close(void **state)
{
	(void)state;
	begin(&plain);
	kit_run(1000 * 1000);
	dtls_close(kit.server);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
	kit_run(2000 * 1000);
	assert_true(kit.client_closed);
}

#define KIT_TEST(fn) cmocka_unit_test_teardown(fn, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(two_round_trips),
		KIT_TEST(only_counter_mode),
		KIT_TEST(shows_the_certificate_it_told),
		AT_TEST(fingerprints_are_parsed_strictly),
		KIT_TEST(other_fingerprint),
		KIT_TEST(without_srtp),
		KIT_TEST(without_extended_master_secret),
		KIT_TEST(nothing_in_common),
		KIT_TEST(client_gives_up),
		KIT_TEST(long_hello),
		KIT_TEST(long_hello_in_disorder),
		KIT_TEST(fifth_of_all_lost),
		KIT_TEST(last_flight_lost),
		KIT_TEST(last_flight_lost_for_long),
		KIT_TEST(alert_with_the_longer_key),
		KIT_TEST(silent_peer),
		KIT_TEST(asked_again),
		KIT_TEST(comes_to_rest),
		KIT_TEST(peer_closes),
		KIT_TEST(we_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
