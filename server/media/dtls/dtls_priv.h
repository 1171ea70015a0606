/* What the parts of a handshake share: the context, the peer, its records and its flight. */
#ifndef AT_MEDIA_DTLS_DTLS_PRIV_H
#define AT_MEDIA_DTLS_DTLS_PRIV_H

#include "base/buf.h"
#include "media/dtls/dtls.h"

#include <openssl/ssl.h>

enum {
	DTLS_RECORD_HEAD_LEN = 13, /* RFC 6347 section 4.1 */
	DTLS_EPOCH_AT = 3,
	DTLS_SEQUENCE_AT = 5,
	DTLS_LENGTH_AT = 11,
	DTLS_KEY_MAX = 32,
	DTLS_IV_LEN = 4, /* RFC 5288 section 3: the part of the nonce that is not in the record */
	DTLS_NONCE_LEN = 8,
	DTLS_GCM_TAG_LEN = 16,
	DTLS_GCM_LEN = DTLS_NONCE_LEN + DTLS_GCM_TAG_LEN,
	DTLS_GOODBYE_MAX = 64,
	DTLS_AFTER_MAX = 64, /* bytes inside a sealed record that is looked at in UP: a Finished has 24, an alert 2 */
	DTLS_CLIENT_HELLO = 1,
	DTLS_FLIGHT_MAX = 4 * DTLS_MTU,
	DTLS_AGAIN_MIN_US = 40 * 1000, /* between two repetitions that the peer asks for */
	DTLS_CERT_LIST_MAX = 16 * 1024,
	DTLS_SEND_FRAGMENT = 2048, /* sizes a buffer of OpenSSL's; more than DTLS_MTU */
};

/* application data: there are no data channels */
enum dtls_content { DTLS_CCS = 20, DTLS_ALERT = 21, DTLS_HANDSHAKE = 22 };

struct dtls_context {
	SSL_CTX *ssl;
	BIO_METHOD *wire;
	char fingerprint[DTLS_FINGERPRINT_TEXT_LEN + 1];
};

struct dtls_record {
	const uint8_t *data; /* with its head */
	size_t len;
	uint8_t type;
	uint16_t epoch;
};
/* The next whole record of a datagram; false at its end or at what is none. A sealed one that is too short for its seal is none:
 * OpenSSL 3.0 would not drop it but break off the session with an alert, whoever sent it. */
bool dtls_record_read(struct at_reader *r, struct dtls_record *record_out);
bool dtls_record_is_client_hello(const struct dtls_record *record);

/* From UP to rest. */
struct dtls_after {
	uint8_t key[DTLS_KEY_MAX], iv[DTLS_IV_LEN]; /* what the peer seals with */
	uint8_t key_len, goodbye_len;
	uint8_t goodbye[DTLS_GOODBYE_MAX]; /* our close_notify */
	/* epoch and number of the last good record; those of its first Finished to begin with */
	uint64_t newest;
};

struct dtls {
	struct dtls_context *context;
	dtls_send_fn send;
	void *arg;
	enum dtls_state state;
	enum dtls_why why;
	uint8_t fingerprint[DTLS_FINGERPRINT_LEN];
	bool is_known;                   /* the certificate is the announced one */
	bool is_unknown;                 /* it is another */
	SSL *ssl;                        /* HANDSHAKING only */
	const struct dtls_record *input; /* what OpenSSL reads next */
	size_t input_len, early;         /* DTLS_INPUT_MAX, DTLS_EARLY_MAX */
	int64_t now_us, resend_at_us, resent_at_us, resend_us, give_up_at_us, rest_at_us;
	struct at_buf flight; /* the last one: each datagram behind its length (16 bits) */
	uint64_t sequence;    /* of our next record in the clear */
	struct dtls_after after;
	bool has_keys;
	struct dtls_keys keys;
};

/* ---- dtls_wire.c ---- */

BIO_METHOD *dtls_wire_new(void);
void dtls_flight_resend(struct dtls *d);

/* ---- dtls.c ---- */

void dtls_asked_again(struct dtls *d); /* answered, but not more often than makes sense */

/* ---- dtls_rest.c ---- */

bool dtls_rest_learn(struct dtls *d); /* from d->ssl, which is not needed any more then */
void dtls_rest_input(struct dtls *d, const struct dtls_record *record);
void dtls_rest_forget(struct dtls *d);

#endif
