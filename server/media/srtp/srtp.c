#include "base/buf.h"
#include "media/srtp/srtp_priv.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

static bool is_gcm(enum srtp_suite suite)
{
	return suite == SRTP_SUITE_GCM;
}

static size_t salt_len(enum srtp_suite suite)
{
	return is_gcm(suite) ? 12 : 14;
}

size_t srtp_overhead(enum srtp_suite suite)
{
	return is_gcm(suite) ? SRTP_GCM_TAG_LEN : SRTP_CM_TAG_LEN;
}

size_t srtcp_overhead(enum srtp_suite suite)
{
	return srtp_overhead(suite) + RTCP_WORD_LEN;
}

size_t srtp_export_len(enum srtp_suite suite)
{
	return 2 * (SRTP_KEY_LEN + salt_len(suite));
}

void srtp_export_cut(enum srtp_suite suite, const uint8_t *material, struct srtp_keys *client_out,
		     struct srtp_keys *server_out)
{
	const size_t salt = salt_len(suite);
	const uint8_t *salts = material + 2 * SRTP_KEY_LEN;
	memset(client_out, 0, sizeof(*client_out));
	memset(server_out, 0, sizeof(*server_out));
	memcpy(client_out->key, material, SRTP_KEY_LEN);
	memcpy(server_out->key, material + SRTP_KEY_LEN, SRTP_KEY_LEN);
	memcpy(client_out->salt, salts, salt);
	memcpy(server_out->salt, salts + salt, salt);
}

/* Looked up by name once: each time would cost more than setting a key does. Never freed. */
static EVP_CIPHER *gcm, *counter;
static EVP_MAC *hmac;

static void fetch(void)
{
	gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	counter = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	AT_ASSERT(gcm && counter && hmac);
}

static void fetch_once(void)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
	AT_ASSERT(CRYPTO_THREAD_run_once(&once, fetch));
}

/* RFC 3711 section 4.3.3 with a key derivation rate of 0: AES in counter mode from the salt with the label in its eighth byte. A salt of
 * 12 bytes counts as extended by zeros on the right (RFC 7714 section 11). */
static EVP_CIPHER_CTX *derivation_new(const struct srtp_keys *keys)
{
	fetch_once();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	AT_ASSERT(ctx && EVP_EncryptInit_ex2(ctx, counter, keys->key, NULL, NULL));
	return ctx;
}

static void derive(EVP_CIPHER_CTX *ctx, const struct srtp_keys *keys, uint8_t label, uint8_t *out, size_t len)
{
	uint8_t iv[16] = {0};
	int n;
	memcpy(iv, keys->salt, SRTP_SALT_MAX);
	iv[7] ^= label;
	memset(out, 0, len);
	bool ok = EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL) && EVP_EncryptUpdate(ctx, out, &n, out, (int)len);
	AT_ASSERT(ok && n == (int)len);
}

void srtp_derive(const struct srtp_keys *keys, uint8_t label, uint8_t *out, size_t len)
{
	EVP_CIPHER_CTX *ctx = derivation_new(keys);
	derive(ctx, keys, label, out, len);
	EVP_CIPHER_CTX_free(ctx);
}

static EVP_MAC_CTX *hmac_new(const uint8_t key[SRTP_AUTH_KEY_LEN])
{
	char digest[] = "SHA1";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
			       OSSL_PARAM_construct_end()};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
	AT_ASSERT(ctx && EVP_MAC_init(ctx, key, SRTP_AUTH_KEY_LEN, params));
	return ctx;
}

void srtp_crypt_start(struct srtp_crypt *c, enum srtp_suite suite, const struct srtp_session_keys *keys, bool encrypts)
{
	fetch_once();
	memset(c, 0, sizeof(*c));
	c->suite = suite;
	memcpy(c->salt, keys->salt, salt_len(suite));
	c->cipher = EVP_CIPHER_CTX_new();
	/* Counter mode is the same both ways. */
	AT_ASSERT(c->cipher && EVP_CipherInit_ex2(c->cipher, is_gcm(suite) ? gcm : counter, keys->key, NULL,
						  encrypts || !is_gcm(suite), NULL));
	if (!is_gcm(suite))
		c->mac = hmac_new(keys->auth);
}

void srtp_crypt_init(struct srtp_crypt *c, enum srtp_suite suite, const struct srtp_keys *keys, bool is_rtcp,
		     bool encrypts)
{
	const uint8_t base = is_rtcp ? SRTP_LABEL_RTCP : 0;
	struct srtp_session_keys session;
	EVP_CIPHER_CTX *ctx = derivation_new(keys);
	derive(ctx, keys, base + SRTP_LABEL_KEY, session.key, sizeof(session.key));
	derive(ctx, keys, base + SRTP_LABEL_SALT, session.salt, salt_len(suite));
	derive(ctx, keys, base + SRTP_LABEL_AUTH, session.auth, sizeof(session.auth));
	EVP_CIPHER_CTX_free(ctx);
	srtp_crypt_start(c, suite, &session, encrypts);
	OPENSSL_cleanse(&session, sizeof(session));
}

void srtp_crypt_release(struct srtp_crypt *c)
{
	EVP_CIPHER_CTX_free(c->cipher);
	EVP_MAC_CTX_free(c->mac);
	OPENSSL_cleanse(c, sizeof(*c));
}

void srtp_crypt_begin(struct srtp_crypt *c, const uint8_t *ssrc, uint64_t index, uint8_t *tag)
{
	const size_t at = is_gcm(c->suite) ? 2 : 4;
	uint8_t iv[16] = {0}, place[8];
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, SRTP_GCM_TAG_LEN),
			       OSSL_PARAM_construct_end()};
	memcpy(iv, c->salt, SRTP_SALT_MAX);
	at_put_u64(place, index);
	for (size_t i = 0; i < 4; i++)
		iv[at + i] ^= ssrc[i];
	for (size_t i = 0; i < 6; i++)
		iv[at + 4 + i] ^= place[2 + i];
	AT_ASSERT(EVP_CipherInit_ex2(c->cipher, NULL, NULL, iv, -1, tag ? params : NULL));
}

void srtp_crypt_clear(struct srtp_crypt *c, const uint8_t *data, size_t len)
{
	int n;
	AT_ASSERT(EVP_CipherUpdate(c->cipher, NULL, &n, data, (int)len));
}

void srtp_crypt_run(struct srtp_crypt *c, const uint8_t *from, uint8_t *to, size_t len)
{
	int n;
	if (len)
		AT_ASSERT(EVP_CipherUpdate(c->cipher, to, &n, from, (int)len) && n == (int)len);
}

/* Not EVP_CIPHER_CTX_ctrl, which looks the parameter up by way of a number first. */
void srtp_crypt_tag(struct srtp_crypt *c, uint8_t tag_out[SRTP_GCM_TAG_LEN])
{
	uint8_t none[16];
	int n;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag_out, SRTP_GCM_TAG_LEN),
			       OSSL_PARAM_construct_end()};
	AT_ASSERT(EVP_EncryptFinal_ex(c->cipher, none, &n) && EVP_CIPHER_CTX_get_params(c->cipher, params));
}

/* OpenSSL compares in constant time. */
bool srtp_crypt_ok(struct srtp_crypt *c)
{
	uint8_t none[16];
	int n;
	return EVP_DecryptFinal_ex(c->cipher, none, &n) == 1;
}

void srtp_crypt_mac(struct srtp_crypt *c, const uint8_t *data, size_t len, uint8_t mac_out[SRTP_CM_MAC_LEN])
{
	size_t n;
	/* Without a key: goes back to the one it has. */
	AT_ASSERT(EVP_MAC_init(c->mac, NULL, 0, NULL) && EVP_MAC_update(c->mac, data, len) &&
		  EVP_MAC_final(c->mac, mac_out, &n, SRTP_CM_MAC_LEN) && n == SRTP_CM_MAC_LEN);
}
