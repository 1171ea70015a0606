/* Checks, a real DTLS client, keys, and what strangers and bad luck cannot do. The only file here that sees OpenSSL: it is the browser. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

struct client {
	SSL *ssl;
	BIO *in, *out;
	bool is_up;
};

static SSL_CTX *ctx;
static struct client clients[KIT_PEERS + 1]; /* by number */

static void make_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned len = SFU_FINGERPRINT_LEN;
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600 * 24);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	assert_int_equal(X509_digest(cert, EVP_sha256(), kit.fingerprint, &len), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void send_out(const struct kit_peer *peer, struct client *c)
{
	uint8_t bytes[4096];
	int n = BIO_read(c->out, bytes, sizeof(bytes));
	if (n > 0)
		kit_raw(&peer->tuple, bytes, (size_t)n);
}

static void install(struct kit_peer *peer, struct client *c)
{
	uint8_t material[SRTP_EXPORT_MAX];
	struct srtp_keys up, down;
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(c->ssl);
	assert_non_null(profile);
	enum srtp_suite suite = profile->id == SRTP_AEAD_AES_128_GCM ? SRTP_SUITE_GCM : SRTP_SUITE_CM;
	size_t len = srtp_export_len(suite);
	assert_int_equal(SSL_export_keying_material(c->ssl, material, len, "EXTRACTOR-dtls_srtp", 19, NULL, 0, 0), 1);
	srtp_export_cut(suite, material, &up, &down);
	peer->out = srtp_out_new(suite, &up);
	peer->in = srtp_in_new(suite, &down);
	c->is_up = true;
}

/* One datagram to the client; its answer is posted after the SFU's call has returned. */
static void on_dtls(struct kit_peer *peer, const uint8_t *data, size_t len)
{
	struct client *c = &clients[peer->number];
	if (!c->ssl)
		return;
	BIO_write(c->in, data, (int)len);
	if (SSL_do_handshake(c->ssl) == 1 && !c->is_up)
		install(peer, c);
}

static int setup(void **state)
{
	(void)state;
	ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	assert_int_equal(SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM"), 0);
	make_certificate();
	kit.dtls = dtls_context_new();
	kit.on_dtls = on_dtls;
	return kit_setup(state);
}

static int teardown(void **state)
{
	int err = kit_teardown(state);
	for (size_t i = 0; i <= KIT_PEERS; i++) {
		SSL_free(clients[i].ssl);
		clients[i] = (struct client){.ssl = NULL};
	}
	SSL_CTX_free(ctx);
	dtls_context_free(&kit.dtls);
	kit.on_dtls = NULL;
	return err;
}

static struct client *begin(struct kit_peer *peer)
{
	struct client *c = &clients[peer->number];
	SSL_free(c->ssl);
	*c = (struct client){.ssl = SSL_new(ctx), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
	BIO_set_mem_eof_return(c->in, -1);
	SSL_set_bio(c->ssl, c->in, c->out);
	SSL_set_options(c->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(c->ssl, 1400);
	SSL_set_connect_state(c->ssl);
	SSL_do_handshake(c->ssl);
	return c;
}

static void handshake(struct kit_peer *peer)
{
	struct client *c = begin(peer);
	kit_check(peer, &peer->tuple);
	for (int i = 0; i < 10 && !c->is_up; i++) {
		send_out(peer, c);
		kit_wait(5);
	}
	send_out(peer, c);
}

static struct kit_peer *join(const struct sfu_params *params)
{
	struct kit_peer *peer = kit_join_only(params);
	handshake(peer);
	assert_true(clients[peer->number].is_up);
	assert_true(kit_event(SFU_EVENT_UP, peer->number, NULL));
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, peer->number, false, true, false), AT_OK);
	kit_wait(5);
	return peer;
}

static void test_media_after_a_real_handshake(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = join(&params), *b = join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_frames(a, 1, 5);
	kit_audio(a, 20);
	assert_int_equal(kit_watch(b, 1, 0), 6);
	assert_int_equal(kit_count(b, 0, false), 1);
	/* our order decides */
	assert_int_equal(SSL_get_selected_srtp_profile(clients[1].ssl)->id, SRTP_AEAD_AES_128_GCM);
	assert_int_equal(kit.strays, 0);
}

static void test_the_other_suite(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	assert_int_equal(SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80"), 0);
	sfu_set_gso(kit.sfu, true);
	struct kit_peer *a = join(&params), *b = join(&params);
	assert_int_equal(SSL_get_selected_srtp_profile(clients[1].ssl)->id, SRTP_AES128_CM_SHA1_80);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_frames(a, 1, 5);
	kit_audio(a, 20);
	assert_int_equal(kit_watch(b, 1, 0), 6);
	assert_int_equal(kit_count(b, 0, false), 1);
	assert_true(b->gso_sends > 0);
	assert_int_equal(kit.segment_errors, 0);
}

static void test_a_wrong_certificate_ends_it(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	kit.fingerprint[0] ^= 1;
	struct kit_peer *a = kit_join_only(&params);
	handshake(a);
	assert_false(kit_event(SFU_EVENT_UP, a->number, NULL));
	struct sfu_peer_stats stats;
	assert_int_equal(sfu_peer_stats(kit.sfu, &kit.room, a->number, &stats), AT_ERR_NOT_FOUND);
}

/* Asterisk CVE-2023-49786, FreeSWITCH CVE-2023-51443, rtpengine CVE-2023-51275. */
static void test_a_hello_of_a_stranger_changes_nothing(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join_only(&params);
	struct client *c = begin(a);
	uint8_t hello[4096];
	int n = BIO_read(c->out, hello, sizeof(hello));
	assert_true(n > 0);
	struct ice_tuple stranger = a->tuple;
	stranger.remote_port++;
	kit_raw(&stranger, hello, (size_t)n); /* it is first */
	kit_raw(&a->tuple, hello, (size_t)n); /* and even its own address is nothing before a check */
	assert_int_equal(kit_drops(SFU_DROP_STRANGER), 2);
	assert_int_equal(a->datagrams, 0);
	handshake(a);
	assert_true(clients[a->number].is_up);
}

static void test_a_second_hello_never_resets(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = join(&params), *b = join(&params);
	kit_audio(a, 20);
	struct client kept = clients[a->number];
	clients[a->number].ssl = NULL;
	for (int i = 0; i < 20; i++) {
		struct client *c = begin(a);
		send_out(a, c);
		kit_wait(50);
	}
	SSL_free(clients[a->number].ssl);
	clients[a->number] = kept;
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 2);
	assert_int_equal(sfu_stats(kit.sfu)->handshakes, 2);
	assert_true(kit_stats(a).is_up);
}

static void test_media_before_the_keys_is_only_counted(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join_only(&params);
	uint8_t packet[100] = {0x80, KIT_OPUS, 0, 1, [8] = 1};
	kit_check(a, &a->tuple);
	for (int i = 0; i < 200; i++)
		kit_raw(&a->tuple, packet, sizeof(packet));
	assert_int_equal(kit_drops(SFU_DROP_KEYS), 200);
	handshake(a);
	assert_true(clients[a->number].is_up);
}

static void test_junk_in_a_handshake_does_not_end_it(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join_only(&params);
	uint8_t junk[64] = {22, 0xfe, 0xfd};
	kit_check(a, &a->tuple);
	for (int i = 0; i < 30; i++) {
		junk[20] = (uint8_t)i;
		kit_raw(&a->tuple, junk, sizeof(junk));
	}
	handshake(a);
	assert_true(clients[a->number].is_up);
}

static void test_closing_tells(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = join(&params);
	SSL_shutdown(clients[a->number].ssl);
	send_out(a, &clients[a->number]);
	kit_wait(5);
	assert_true(kit_event(SFU_EVENT_GONE, a->number, NULL));
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, a->number), AT_ERR_NOT_FOUND);
}

static void test_a_resting_subscriber_is_small(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 8, 9, 1), sender = kit_params(true, 1, 1, 1);
	struct kit_peer *a = join(&sender), *b = join(&params);
	kit_view(b, a, SFU_CAMERA, 720);
	for (int i = 0; i < 35 * 30; i++) {
		for (unsigned layer = 1; layer <= 3; layer++)
			kit_video(a, layer, &(struct kit_frame){.packets = 2, .is_key = i % 30 == 0});
		kit_flush();
		kit_wait(30);
		kit.now_us += 3333;
		if (i % 60 == 0) {
			kit_check(a, &a->tuple);
			kit_check(b, &b->tuple);
		}
	}
	struct sfu_peer_stats of_a = kit_stats(a), of_b = kit_stats(b);
	print_message("subscriber %zu bytes, publisher of three layers %zu bytes\n", of_b.bytes_kept, of_a.bytes_kept);
	assert_true(of_b.bytes_kept <= 40 * 1024);
	assert_true(of_a.bytes_kept <= 2560 * 1024);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_media_after_a_real_handshake),        TEST(test_the_other_suite),
		TEST(test_a_wrong_certificate_ends_it),         TEST(test_a_hello_of_a_stranger_changes_nothing),
		TEST(test_a_second_hello_never_resets),         TEST(test_media_before_the_keys_is_only_counted),
		TEST(test_junk_in_a_handshake_does_not_end_it), TEST(test_closing_tells),
		TEST(test_a_resting_subscriber_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
