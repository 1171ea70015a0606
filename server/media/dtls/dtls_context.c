#include "base/mem.h"
#include "base/rand.h"
#include "base/str.h"
#include "media/dtls/dtls_priv.h"

#include <limits.h>
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <string.h>

enum { CERT_DAYS = 365 };

/* Groups, suites and signatures that every browser has. The suites are those of an ECDSA certificate, which ours is,
 * and GCM alone: dtls_record.c counts on its sizes. */
static const char suites[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
static const char groups[] = "X25519:P-256:P-384";
static const char signatures[] = "ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256:RSA+SHA384:RSA+SHA512";
/* Our order decides (RFC 5764 section 4.1.1). */
static const char profiles[] = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";

/* ---- certificate ---- */

static void fingerprint_put(const uint8_t digest[DTLS_FINGERPRINT_LEN], char out[DTLS_FINGERPRINT_TEXT_LEN + 1])
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
		out[3 * i] = digits[digest[i] >> 4];
		out[3 * i + 1] = digits[digest[i] & 15];
		out[3 * i + 2] = ':';
	}
	out[DTLS_FINGERPRINT_TEXT_LEN] = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum at_err dtls_fingerprint_parse(const char *text, size_t len, uint8_t out[DTLS_FINGERPRINT_LEN])
{
	if (len != DTLS_FINGERPRINT_TEXT_LEN)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < DTLS_FINGERPRINT_LEN; i++) {
		const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
		if (high < 0 || low < 0 || (i + 1 < DTLS_FINGERPRINT_LEN && text[3 * i + 2] != ':'))
			return AT_ERR_BAD_REQUEST;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return AT_OK;
}

static bool digest_of(const X509 *cert, uint8_t out[DTLS_FINGERPRINT_LEN])
{
	unsigned n = 0;
	return X509_digest(cert, EVP_sha256(), out, &n) == 1 && n == DTLS_FINGERPRINT_LEN;
}

/* The name tells nothing: it is the fingerprint that counts. */
static X509 *make_cert(EVP_PKEY *key)
{
	int32_t serial;
	X509 *cert = X509_new();
	at_rand(&serial, sizeof(serial));
	AT_ASSERT(cert && X509_set_version(cert, X509_VERSION_3) &&
		  ASN1_INTEGER_set(X509_get_serialNumber(cert), serial & INT32_MAX) &&
		  X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, NULL) &&
		  X509_time_adj_ex(X509_getm_notAfter(cert), CERT_DAYS, 0, NULL));
	X509_NAME *name = X509_get_subject_name(cert);
	AT_ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"media", -1, -1, 0) &&
		  X509_set_issuer_name(cert, name) && X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()));
	return cert;
}

static void use_own_cert(struct dtls_context *c)
{
	uint8_t digest[DTLS_FINGERPRINT_LEN];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	AT_ASSERT(key);
	X509 *cert = make_cert(key);
	AT_ASSERT(SSL_CTX_use_certificate(c->ssl, cert) && SSL_CTX_use_PrivateKey(c->ssl, key) &&
		  digest_of(cert, digest));
	fingerprint_put(digest, c->fingerprint);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* ---- settings ---- */

/* In place of a chain's verification, and before the peer's signature is looked at: nothing goes on with a stranger. Dates and names
 * mean nothing here (RFC 8827 section 6.5). */
static int verify(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls *d = SSL_get_app_data(ssl);
	const X509 *cert = X509_STORE_CTX_get0_cert(store);
	uint8_t digest[DTLS_FINGERPRINT_LEN];
	d->is_known = cert && digest_of(cert, digest) && at_mem_eq_const_time(digest, d->fingerprint, sizeof(digest));
	d->is_unknown = !d->is_known;
	X509_STORE_CTX_set_error(store, d->is_known ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	return d->is_known;
}

static void limit(SSL_CTX *ssl)
{
	SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ssl, DTLS_CERT_LIST_MAX);
	SSL_CTX_set_read_ahead(ssl, 1);
	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ssl, verify, NULL);
	AT_ASSERT(SSL_CTX_set_max_send_fragment(ssl, DTLS_SEND_FRAGMENT));
}

struct dtls_context *dtls_context_new(void)
{
	struct dtls_context *c = at_alloc(sizeof(*c));
	c->ssl = SSL_CTX_new(DTLS_server_method());
	AT_ASSERT(c->ssl);
	AT_ASSERT(SSL_CTX_set_min_proto_version(c->ssl, DTLS1_2_VERSION) &&
		  SSL_CTX_set_max_proto_version(c->ssl, DTLS1_2_VERSION) && SSL_CTX_set_cipher_list(c->ssl, suites) &&
		  SSL_CTX_set1_groups_list(c->ssl, groups) && SSL_CTX_set1_sigalgs_list(c->ssl, signatures) &&
		  SSL_CTX_set1_client_sigalgs_list(c->ssl, signatures));
	AT_ASSERT(SSL_CTX_set_tlsext_use_srtp(c->ssl, profiles) == 0); /* 0 is success */
	limit(c->ssl);
	use_own_cert(c);
	c->wire = dtls_wire_new();
	return c;
}

void dtls_context_free(struct dtls_context **context)
{
	struct dtls_context *c = *context;
	*context = NULL;
	if (!c)
		return;
	SSL_CTX_free(c->ssl);
	BIO_meth_free(c->wire);
	at_free(c);
}

const char *dtls_context_fingerprint(const struct dtls_context *context)
{
	return context->fingerprint;
}
