#include "media/dtls/dtls_testkit.h"

#include "base/test.h"

#include <limits.h>
#include <malloc.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/time.h>

struct kit kit;
size_t kit_memory, kit_memory_peak;

static BIO_METHOD *client_wire;

/* ---- time, chance, memory ---- */

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	tv->tv_sec = 1800000000 + kit.now_us / 1000000;
	tv->tv_usec = kit.now_us % 1000000;
	return 0;
}

uint64_t kit_random(void)
{
	kit.random = kit.random * 6364136223846793005u + 1442695040888963407u;
	return kit.random >> 33;
}

static void *counted(void *p)
{
	kit_memory += malloc_usable_size(p);
	if (kit_memory > kit_memory_peak)
		kit_memory_peak = kit_memory;
	return p;
}

static void *count_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return counted(malloc(len));
}

static void count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	kit_memory -= malloc_usable_size(p);
	free(p);
}

static void *count_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	kit_memory -= malloc_usable_size(p);
	return counted(realloc(p, len));
}

void kit_count_memory(void)
{
	assert_int_equal(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free), 1);
}

/* ---- network ---- */

static void post(bool to_client, const uint8_t *data, size_t len)
{
	assert_true(kit.count < KIT_LOG_MAX && len <= KIT_DATAGRAM_MAX);
	struct kit_datagram *d = &kit.log[kit.count++];
	*d = (struct kit_datagram){.at_us = kit.now_us + KIT_DELAY_US, .to_client = to_client, .len = len};
	memcpy(d->data, data, len);
	d->is_gone = kit_random() % 100 < kit.options.loss_percent || (kit.drops && kit.drops(d));
}

static void server_sends(void *arg, const uint8_t *data, size_t len)
{
	assert_ptr_equal(arg, &kit);
	assert_in_range(len, 1, DTLS_MTU);
	post(true, data, len);
}

size_t kit_sent(bool to_client)
{
	size_t n = 0;
	for (size_t i = 0; i < kit.count; i++)
		n += kit.log[i].to_client == to_client;
	return n;
}

void kit_give(const uint8_t *data, size_t len)
{
	/* Of its own size, so that a read past its end is seen. */
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, data, len);
	dtls_input(kit.server, kit.now_us, exact, len);
	free(exact);
}

void kit_give_again(const struct kit_datagram *datagram)
{
	kit_give(datagram->data, datagram->len);
}

/* ---- client ---- */

static int client_write(BIO *bio, const char *data, int len)
{
	BIO_clear_retry_flags(bio);
	post(false, (const uint8_t *)data, (size_t)len);
	return len;
}

static int client_read(BIO *bio, char *out, int len)
{
	BIO_clear_retry_flags(bio);
	if (kit.handed == KIT_LOG_MAX) {
		BIO_set_retry_read(bio);
		return -1;
	}
	const struct kit_datagram *d = &kit.log[kit.handed];
	kit.handed = KIT_LOG_MAX;
	assert_true((size_t)len >= d->len);
	memcpy(out, d->data, d->len);
	return (int)d->len;
}

static long client_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH ? 1 : cmd == BIO_CTRL_DGRAM_QUERY_MTU ? DTLS_MTU : 0;
}

static unsigned int client_timer(SSL *ssl, unsigned int before_us)
{
	(void)ssl;
	return before_us ? before_us * 2 : 50 * 1000; /* as Chromium's */
}

static int client_verify(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return !kit.options.distrusts_us;
}

static void client_cert(uint8_t fingerprint_out[DTLS_FINGERPRINT_LEN])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned n;
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	assert_true(X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()));
	assert_true(SSL_CTX_use_certificate(kit.client_ctx, cert) && SSL_CTX_use_PrivateKey(kit.client_ctx, key));
	assert_true(X509_digest(cert, EVP_sha256(), fingerprint_out, &n));
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* Application protocols that nobody knows make a ClientHello long. */
static void lengthen_hello(void)
{
	uint8_t names[4096];
	const size_t len = kit.options.hello_extra / 64 * 64;
	for (size_t i = 0; i < len; i++)
		names[i] = i % 64 ? 'x' : 63;
	if (len)
		assert_int_equal(SSL_CTX_set_alpn_protos(kit.client_ctx, names, (unsigned)len), 0);
}

static void client_new(void)
{
	if (!client_wire) {
		client_wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "client");
		BIO_meth_set_write(client_wire, client_write);
		BIO_meth_set_read(client_wire, client_read);
		BIO_meth_set_ctrl(client_wire, client_ctrl);
	}
	BIO *bio = BIO_new(client_wire);
	kit.client = SSL_new(kit.client_ctx);
	BIO_set_init(bio, 1);
	SSL_set_bio(kit.client, bio, bio);
	SSL_set_options(kit.client, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(kit.client, DTLS_MTU);
	DTLS_set_timer_cb(kit.client, client_timer);
	SSL_set_connect_state(kit.client);
	kit.handed = KIT_LOG_MAX;
}

void kit_start(const struct kit_options *options)
{
	uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
	kit.options = *options;
	kit.random = options->seed;
	kit.client_ctx = SSL_CTX_new(DTLS_client_method());
	client_cert(fingerprint);
	if (options->profiles)
		assert_int_equal(SSL_CTX_set_tlsext_use_srtp(kit.client_ctx, options->profiles), 0);
	if (options->suites)
		assert_true(SSL_CTX_set_cipher_list(kit.client_ctx, options->suites));
	if (options->without_ems)
		SSL_CTX_set_options(kit.client_ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	SSL_CTX_set_verify(kit.client_ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(kit.client_ctx, client_verify, NULL);
	lengthen_hello();
	client_new();
	kit.context = dtls_context_new();
	fingerprint[5] ^= options->is_unexpected;
	kit.server = dtls_new(kit.context, fingerprint, server_sends, &kit);
}

void kit_end(void)
{
	SSL_free(kit.client);
	SSL_CTX_free(kit.client_ctx);
	dtls_free(&kit.server);
	dtls_context_free(&kit.context);
	memset(&kit, 0, sizeof(kit));
}

int kit_teardown(void **state)
{
	kit_end();
	return at_test_teardown(state);
}

static void client_failed(int result)
{
	const int err = SSL_get_error(kit.client, result);
	if (err == SSL_ERROR_ZERO_RETURN)
		kit.client_closed = true;
	else if (err != SSL_ERROR_WANT_READ)
		kit.client_failed = true;
}

void kit_client_step(void)
{
	uint8_t none[16];
	ERR_clear_error();
	if (kit.client_failed || kit.client_closed)
		return;
	int result = SSL_do_handshake(kit.client);
	if (result == 1) {
		kit.client_up = true;
		result = SSL_read(kit.client, none, sizeof(none));
	}
	client_failed(result);
}

/* ---- time passes ---- */

static int64_t client_deadline(void)
{
	struct timeval left;
	if (kit.client_failed || kit.client_closed || !DTLSv1_get_timeout(kit.client, &left))
		return INT64_MAX;
	return kit.now_us + left.tv_sec * 1000000 + left.tv_usec;
}

static struct kit_datagram *next_arrival(void)
{
	struct kit_datagram *first = NULL;
	for (size_t i = 0; i < kit.count; i++)
		if (!kit.log[i].is_gone && (!first || kit.log[i].at_us < first->at_us))
			first = &kit.log[i];
	return first;
}

static void arrive(struct kit_datagram *d)
{
	d->is_gone = true;
	if (!d->to_client) {
		kit_give_again(d);
		return;
	}
	kit.handed = (size_t)(d - kit.log);
	kit_client_step();
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void kit_run(int64_t until_us)
{
	for (;;) {
		struct kit_datagram *d = next_arrival();
		const int64_t server_us = dtls_deadline_us(kit.server), client_us = client_deadline();
		const int64_t at_us = earlier(earlier(server_us, client_us), d ? d->at_us : INT64_MAX);
		if (at_us > until_us)
			break;
		if (at_us > kit.now_us)
			kit.now_us = at_us;
		if (d && d->at_us <= kit.now_us) {
			arrive(d);
		} else if (server_us <= kit.now_us) {
			dtls_tick(kit.server, kit.now_us);
		} else {
			DTLSv1_handle_timeout(kit.client);
			kit_client_step();
		}
		if (kit.options.loss_percent && kit_is_up())
			return;
	}
	kit.now_us = until_us;
}

bool kit_is_up(void)
{
	return kit.client_up && dtls_state(kit.server) == DTLS_UP;
}

void kit_expect_same_keys(void)
{
	static const char label[] = "EXTRACTOR-dtls_srtp";
	struct dtls_keys keys;
	struct srtp_keys client, server;
	uint8_t material[SRTP_EXPORT_MAX];
	dtls_take_keys(kit.server, &keys);
	assert_true(SSL_export_keying_material(kit.client, material, srtp_export_len(keys.suite), label, strlen(label),
					       NULL, 0, 0));
	srtp_export_cut(keys.suite, material, &client, &server);
	assert_memory_equal(&keys.in, &client, sizeof(client));
	assert_memory_equal(&keys.out, &server, sizeof(server));
	assert_memory_not_equal(&keys.in, &keys.out, sizeof(client));
}
