/* What is left when the handshake is over. OpenSSL's part, forty times as large, goes at once, before anything that is kept is made in the
 * holes between its pieces. Three things are still wanted for DTLS_REST_US: our last flight, in case the peer did not get it and repeats
 * its own; a close_notify to send, sealed ahead; and the key to read the peer's alerts and repeated Finished with. */
#include "base/mem.h"
#include "media/dtls/dtls_priv.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <string.h>

enum {
	KEY_BLOCK_MAX = 2 * (DTLS_KEY_MAX + DTLS_IV_LEN),
	MASTER_MAX = 48,
	RANDOM_LEN = 32,
	NONCE_LEN = DTLS_IV_LEN + DTLS_NONCE_LEN,
	CLEAR_LEN = 13,
	FATAL = 2,
	CLOSE_NOTIFY = 0,
};
#define FIRST_SEALED (UINT64_C(1) << 48)
static const char expansion[] = "key expansion"; /* RFC 5246 section 6.3 */

/* ---- keys ---- */

static bool expand(const char *digest, uint8_t *secret, size_t secret_len, uint8_t *seed, size_t seed_len, uint8_t *out,
		   size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	char label[sizeof(expansion)], name[16];
	AT_ASSERT(strlen(digest) < sizeof(name));
	memcpy(name, digest, strlen(digest) + 1);
	memcpy(label, expansion, sizeof(label));
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
			       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret, secret_len),
			       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, label, strlen(expansion)),
			       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, seed_len),
			       OSSL_PARAM_construct_end()};
	bool ok = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok;
}

/* RFC 5288: no keys for a MAC, the client's key and the first four bytes of its nonces stand first of each. */
bool dtls_rest_learn(struct dtls *d)
{
	uint8_t block[KEY_BLOCK_MAX], master[MASTER_MAX], randoms[2 * RANDOM_LEN];
	const SSL_CIPHER *cipher = SSL_get_current_cipher(d->ssl);
	const size_t key_len = (size_t)SSL_CIPHER_get_bits(cipher, NULL) / 8;
	const size_t master_len = SSL_SESSION_get_master_key(SSL_get_session(d->ssl), master, sizeof(master));
	AT_ASSERT(key_len <= DTLS_KEY_MAX);
	SSL_get_server_random(d->ssl, randoms, RANDOM_LEN);
	SSL_get_client_random(d->ssl, randoms + RANDOM_LEN, RANDOM_LEN);
	bool ok = expand(EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(cipher)), master, master_len, randoms,
			 sizeof(randoms), block, 2 * (key_len + DTLS_IV_LEN));
	memcpy(d->after.key, block, key_len);
	memcpy(d->after.iv, block + 2 * key_len, DTLS_IV_LEN);
	d->after.key_len = (uint8_t)key_len;
	d->after.newest = FIRST_SEALED;
	OPENSSL_cleanse(master, sizeof(master));
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

void dtls_rest_forget(struct dtls *d)
{
	OPENSSL_cleanse(&d->after, sizeof(d->after));
	at_buf_release(&d->flight);
	d->rest_at_us = INT64_MAX;
}

/* ---- records ---- */

/* RFC 5288 section 3, RFC 6347 section 4.1.2.1: the number and the head are authenticated, with the length of what is inside. */
static bool decrypt(EVP_CIPHER_CTX *ctx, const struct dtls_after *after, const struct dtls_record *record, uint8_t *out,
		    size_t len)
{
	const uint8_t *body = record->data + DTLS_RECORD_HEAD_LEN;
	uint8_t nonce[NONCE_LEN], clear[CLEAR_LEN], tag[DTLS_GCM_TAG_LEN];
	int n;
	memcpy(nonce, after->iv, DTLS_IV_LEN);
	memcpy(nonce + DTLS_IV_LEN, body, DTLS_NONCE_LEN);
	memcpy(clear, record->data + DTLS_EPOCH_AT, 8);
	memcpy(clear + 8, record->data, 3);
	at_put_u16(clear + 11, (uint16_t)len);
	memcpy(tag, body + DTLS_NONCE_LEN + len, sizeof(tag));
	return EVP_DecryptInit_ex2(ctx, after->key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), after->key, nonce,
				   NULL) &&
	       EVP_DecryptUpdate(ctx, NULL, &n, clear, sizeof(clear)) &&
	       EVP_DecryptUpdate(ctx, out, &n, body + DTLS_NONCE_LEN, (int)len) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) && EVP_DecryptFinal_ex(ctx, out, &n);
}

/* False: not the peer's, too long for anything that is looked at, or there before. */
static bool open_record(struct dtls_after *after, const struct dtls_record *record, uint8_t out[DTLS_AFTER_MAX],
			size_t *len_out)
{
	struct at_reader r = at_reader_of(record->data + DTLS_EPOCH_AT, 8);
	const uint64_t sequence = at_read_u64(&r);
	const size_t len = record->len - DTLS_RECORD_HEAD_LEN - DTLS_GCM_LEN;
	if (len > DTLS_AFTER_MAX || sequence <= after->newest)
		return false;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok = ctx && decrypt(ctx, after, record, out, len);
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	if (ok)
		after->newest = sequence;
	*len_out = len;
	return ok;
}

void dtls_rest_input(struct dtls *d, const struct dtls_record *record)
{
	uint8_t content[DTLS_AFTER_MAX];
	size_t len;
	if (!open_record(&d->after, record, content, &len))
		return;
	if (record->type == DTLS_HANDSHAKE) {
		dtls_asked_again(d);
	} else if (len == 2 && (content[0] == FATAL || content[1] == CLOSE_NOTIFY)) {
		d->state = DTLS_CLOSED;
		dtls_rest_forget(d);
	}
}
