/* What neither a stranger nor a hostile peer may: reset, confuse or fatten a session. Security advisories' cases: the ClientHello race
 * (Asterisk, FreeSWITCH, rtpengine), unbounded buffers and empty fragments (pion), junk. */
#include "base/test.h"
#include "media/dtls/dtls_testkit.h"

enum { MEMORY_MAX = 256 * 1024 };

static const struct kit_options plain = {.profiles = "SRTP_AEAD_AES_128_GCM"};

static void begin(const struct kit_options *options)
{
	kit_start(options);
	kit_client_step();
}

static size_t put_record(uint8_t *out, uint8_t type, uint16_t epoch, uint64_t sequence, const void *body, size_t len)
{
	out[0] = type;
	at_put_u16(out + 1, 0xfefd);
	at_put_u64(out + DTLS_EPOCH_AT, (uint64_t)epoch << 48 | sequence);
	at_put_u16(out + DTLS_LENGTH_AT, (uint16_t)len);
	if (len)
		memcpy(out + DTLS_RECORD_HEAD_LEN, body, len);
	return DTLS_RECORD_HEAD_LEN + len;
}

static void expect_unmoved(enum dtls_state state, size_t sent)
{
	assert_int_equal(dtls_state(kit.server), state);
	assert_int_equal(kit_sent(true), sent);
}

/* ---- the ClientHello race ---- */

static void hello_after_up(void **state)
{
	(void)state;
	struct kit_datagram foreign;
	begin(&plain);
	foreign = kit.log[0];
	kit_end();
	begin(&plain);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	const size_t sent = kit_sent(true);
	/* Its own once more, a stranger's, and in pieces. */
	kit_give_again(&kit.log[0]);
	kit_give_again(&foreign);
	for (size_t n = 0; n < foreign.len; n++)
		kit_give(foreign.data, n);
	expect_unmoved(DTLS_UP, sent);
	kit_expect_same_keys();
	/* And the session is heard still. */
	SSL_shutdown(kit.client);
	kit_run(2000 * 1000);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
}

static void other_hello_during_handshake(void **state)
{
	(void)state;
	struct kit_datagram foreign;
	begin(&plain);
	foreign = kit.log[0];
	kit_end();
	begin(&plain);
	kit_run(KIT_DELAY_US);
	assert_int_equal(dtls_state(kit.server), DTLS_HANDSHAKING);
	kit_give_again(&foreign);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
}

/* ---- replays ---- */

static void everything_twice(void **state)
{
	(void)state;
	begin(&plain);
	for (size_t i = 0; i < 100 && !kit_is_up(); i++) {
		const size_t count = kit.count;
		kit_run(kit.now_us + KIT_DELAY_US);
		for (size_t n = 0; n < count; n++)
			if (!kit.log[n].to_client)
				kit_give_again(&kit.log[n]);
	}
	assert_true(kit_is_up());
	const size_t sent = kit_sent(true);
	for (size_t round = 0; round < 3; round++)
		for (size_t n = 0; n < kit.count; n++)
			kit_give_again(&kit.log[n]);
	expect_unmoved(DTLS_UP, sent);
	kit_expect_same_keys();
}

/* ---- junk ---- */

static size_t junk(uint8_t *out)
{
	const size_t len = kit_random() % 1400;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)kit_random();
	if (len)
		out[0] = (uint8_t)(20 + kit_random() % 44);
	return len;
}

static void junk_at_every_state(void **state)
{
	(void)state;
	uint8_t data[1400];
	kit_start(&plain);
	for (size_t i = 0; i < 5000; i++)
		kit_give(data, junk(data));
	expect_unmoved(DTLS_WAITING, 0);
	assert_null(kit.server->ssl);
	kit_client_step();
	kit_run(KIT_DELAY_US);
	for (size_t i = 0; i < 5000; i++)
		kit_give(data, junk(data));
	expect_unmoved(DTLS_HANDSHAKING, 1);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	for (size_t i = 0; i < 5000; i++)
		kit_give(data, junk(data));
	expect_unmoved(DTLS_UP, 2);
	kit_expect_same_keys();
}

/* Well-formed records with nothing good in them, in every kind and epoch that UP might look at. */
static void good_records_of_junk_after_up(void **state)
{
	(void)state;
	uint8_t body[64], data[128];
	begin(&plain);
	kit_run(1000 * 1000);
	for (size_t i = 0; i < 4000; i++) {
		for (size_t n = 0; n < sizeof(body); n++)
			body[n] = (uint8_t)kit_random();
		kit_give(data, put_record(data, (uint8_t)(20 + i % 5), (uint16_t)(i / 5 % 3), 1 + kit_random() % 100,
					  body, kit_random() % sizeof(body)));
	}
	expect_unmoved(DTLS_UP, 2);
	SSL_shutdown(kit.client);
	kit_run(2000 * 1000);
	assert_int_equal(dtls_state(kit.server), DTLS_CLOSED);
}

/* RFC 7983: 20 to 63 is ours, of which DTLS 1.2 without data channels has three kinds. */
static void other_first_bytes(void **state)
{
	(void)state;
	begin(&plain);
	struct kit_datagram hello = kit.log[0];
	for (unsigned first = 0; first < 256; first++) {
		if (first == DTLS_HANDSHAKE)
			continue;
		hello.data[0] = (uint8_t)first;
		kit_give_again(&hello);
	}
	expect_unmoved(DTLS_WAITING, 0);
	hello.data[0] = DTLS_HANDSHAKE;
	hello.data[1] = 3; /* TLS, not DTLS */
	kit_give_again(&hello);
	expect_unmoved(DTLS_WAITING, 0);
}

/* A hello that is broken fails without a word, so that the true one may still be answered by a new dtls. */
static void broken_hello_is_not_answered(void **state)
{
	(void)state;
	begin(&plain);
	struct kit_datagram hello = kit.log[0];
	memset(hello.data + 60, 0xff, hello.len - 60);
	kit_give_again(&hello);
	assert_int_equal(dtls_state(kit.server), DTLS_FAILED);
	assert_int_equal(dtls_why(kit.server), DTLS_WHY_PROTOCOL);
	assert_int_equal(kit_sent(true), 0);
	struct dtls *failed = kit.server;
	kit.server = dtls_new(kit.context, failed->fingerprint, failed->send, failed->arg);
	dtls_free(&failed);
	kit_run(1000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
}

/* ---- memory ---- */

static size_t put_fragment(uint8_t *out, uint64_t sequence, uint8_t type, uint32_t message_len, uint16_t message_seq,
			   uint32_t at, uint32_t len)
{
	uint8_t body[64] = {0};
	at_put_u32(body, (uint32_t)type << 24 | message_len);
	at_put_u16(body + 4, message_seq);
	at_put_u32(body + 5, at);
	at_put_u32(body + 8, len);
	memmove(body + 5, body + 6, 3); /* 24 bits each */
	memmove(body + 8, body + 9, 3);
	return put_record(out, DTLS_HANDSHAKE, 0, sequence, body, 12 + len);
}

static void begin_counted(size_t *before_out)
{
	begin(&plain);
	*before_out = kit_memory;
	kit_memory_peak = kit_memory;
}

/* Records of an epoch that has no keys yet: OpenSSL alone would hold a hundred, in 16 KiB each. */
static void early_records_are_few(void **state)
{
	(void)state;
	uint8_t body[64] = {0}, data[128];
	size_t before;
	begin_counted(&before);
	kit_run(KIT_DELAY_US);
	for (uint64_t i = 0; i < 400; i++)
		kit_give(data, put_record(data, DTLS_HANDSHAKE, 1, i + 1, body, sizeof(body)));
	assert_int_equal(dtls_state(kit.server), DTLS_HANDSHAKING);
	assert_true(kit_memory_peak - before < MEMORY_MAX);
	kit_run(3000 * 1000);
	assert_true(kit_is_up());
	kit_expect_same_keys();
}

/* Pieces of messages that are never whole, and pieces of nothing. */
static void endless_fragments(void **state)
{
	(void)state;
	uint8_t data[128];
	size_t before, given = 0;
	begin_counted(&before);
	kit_run(KIT_DELAY_US);
	for (uint32_t i = 0; dtls_state(kit.server) == DTLS_HANDSHAKING; i++) {
		const size_t len = put_fragment(data, 10 + i, 11, 16000, (uint16_t)(1 + i % 20), i % 200, i % 3);
		kit_give(data, len);
		given += len;
		assert_true(given <= DTLS_INPUT_MAX + sizeof(data));
	}
	assert_int_equal(dtls_state(kit.server), DTLS_FAILED);
	assert_true(kit_memory_peak - before < MEMORY_MAX);
	assert_null(kit.server->ssl);
}

/* What OpenSSL gives back with the dtls. */
static size_t openssls_part(void)
{
	const size_t with = kit_memory;
	dtls_free(&kit.server);
	return with - kit_memory;
}

static void peer_costs_little(void **state)
{
	(void)state;
	begin(&plain);
	kit_run(KIT_DELAY_US);
	assert_int_equal(dtls_state(kit.server), DTLS_HANDSHAKING);
	const size_t during = openssls_part();
	kit_end();
	begin(&plain);
	kit_run(4 * KIT_DELAY_US);
	assert_true(kit_is_up());
	assert_int_equal(openssls_part(), 0);
	print_message("a handshake: %zu bytes of OpenSSL's; struct dtls: %zu\n", during, sizeof(struct dtls));
	assert_in_range(during, 10 * 1024, 64 * 1024);
}

#define KIT_TEST(fn) cmocka_unit_test_teardown(fn, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(hello_after_up),
		KIT_TEST(other_hello_during_handshake),
		KIT_TEST(everything_twice),
		KIT_TEST(junk_at_every_state),
		KIT_TEST(good_records_of_junk_after_up),
		KIT_TEST(other_first_bytes),
		KIT_TEST(broken_hello_is_not_answered),
		KIT_TEST(early_records_are_few),
		KIT_TEST(endless_fragments),
		KIT_TEST(peer_costs_little),
	};
	kit_count_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
