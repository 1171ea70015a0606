#include "media/dtls/dtls.h"

#include "base/mem.h"
#include "media/dtls/dtls_priv.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

static const char exporter_label[] = "EXTRACTOR-dtls_srtp"; /* RFC 5764 section 4.2 */

const char *dtls_why_name(enum dtls_why why)
{
	static const char *const names[] = {"none",        "timeout", "protocol", "alert",
					    "fingerprint", "no_srtp", "no_ems",   "flood"};
	return names[why];
}

struct dtls *dtls_new(struct dtls_context *context, const uint8_t fingerprint[DTLS_FINGERPRINT_LEN], dtls_send_fn send,
		      void *arg)
{
	struct dtls *d = at_alloc(sizeof(*d));
	d->context = context;
	d->send = send;
	d->arg = arg;
	memcpy(d->fingerprint, fingerprint, sizeof(d->fingerprint));
	d->rest_at_us = INT64_MAX;
	at_buf_init(&d->flight, DTLS_FLIGHT_MAX);
	return d;
}

static void drop_openssl(struct dtls *d)
{
	SSL_free(d->ssl);
	d->ssl = NULL;
	ERR_clear_error();
}

static void rest(struct dtls *d)
{
	drop_openssl(d);
	dtls_rest_forget(d);
}

void dtls_free(struct dtls **dtls)
{
	struct dtls *d = *dtls;
	*dtls = NULL;
	if (!d)
		return;
	rest(d);
	OPENSSL_cleanse(&d->keys, sizeof(d->keys));
	at_free(d);
}

enum dtls_state dtls_state(const struct dtls *dtls)
{
	return dtls->state;
}

enum dtls_why dtls_why(const struct dtls *dtls)
{
	return dtls->why;
}

static void fail(struct dtls *d, enum dtls_why why)
{
	d->state = DTLS_FAILED;
	d->why = why;
	rest(d);
}

/* ---- handshake ---- */

/* Far beyond DTLS_HANDSHAKE_MAX_US: see dtls_wire.c. */
static unsigned int never(SSL *ssl, unsigned int before_us)
{
	(void)ssl;
	(void)before_us;
	return UINT_MAX;
}

static void begin(struct dtls *d)
{
	d->ssl = SSL_new(d->context->ssl);
	BIO *bio = BIO_new(d->context->wire);
	AT_ASSERT(d->ssl && bio);
	BIO_set_data(bio, d);
	BIO_set_init(bio, 1);
	SSL_set_bio(d->ssl, bio, bio);
	AT_ASSERT(SSL_set_app_data(d->ssl, d));
	SSL_set_mtu(d->ssl, DTLS_MTU);
	DTLS_set_timer_cb(d->ssl, never);
	SSL_set_accept_state(d->ssl);
	d->state = DTLS_HANDSHAKING;
	d->give_up_at_us = d->now_us + DTLS_HANDSHAKE_MAX_US;
}

static bool export_keys(struct dtls *d, enum srtp_suite suite)
{
	uint8_t material[SRTP_EXPORT_MAX];
	const size_t len = srtp_export_len(suite);
	bool ok = SSL_export_keying_material(d->ssl, material, len, exporter_label, strlen(exporter_label), NULL, 0,
					     0) == 1;
	if (ok)
		srtp_export_cut(suite, material, &d->keys.in, &d->keys.out);
	OPENSSL_cleanse(material, sizeof(material));
	d->keys.suite = suite;
	d->has_keys = ok;
	return ok;
}

/* The handshake itself went well: is it one that may give keys? */
static void finish(struct dtls *d)
{
	const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(d->ssl);
	enum dtls_why why = DTLS_WHY_NONE;
	if (!d->is_known)
		why = DTLS_WHY_FINGERPRINT;
	else if (!profile)
		why = DTLS_WHY_NO_SRTP;
	else if (SSL_get_extms_support(d->ssl) != 1)
		why = DTLS_WHY_NO_EMS;
	else if (!export_keys(d, profile->id == SRTP_AEAD_AES_128_GCM ? SRTP_SUITE_GCM : SRTP_SUITE_CM) ||
		 !dtls_rest_learn(d))
		why = DTLS_WHY_PROTOCOL;
	if (why) {
		SSL_shutdown(d->ssl);
		fail(d, why);
		return;
	}
	d->state = DTLS_UP;
	d->rest_at_us = d->now_us + DTLS_REST_US;
	SSL_shutdown(d->ssl); /* which is kept for dtls_close: see dtls_wire.c */
	drop_openssl(d);
}

/* Not SSL_get_error: a record that OpenSSL dropped without harm leaves an entry in its queue of errors. This is the one public sign of
 * its state machine having stopped. */
static bool is_broken(const SSL *ssl)
{
	return !strcmp(SSL_state_string(ssl), "SSLERR");
}

static bool has_alerted(const SSL *ssl)
{
	return SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN;
}

static void shake(struct dtls *d)
{
	const bool had_flight = d->flight.len > 0;
	ERR_clear_error();
	if (SSL_do_handshake(d->ssl) == 1) {
		finish(d);
	} else if (has_alerted(d->ssl)) {
		fail(d, DTLS_WHY_ALERT);
	} else if (is_broken(d->ssl)) {
		fail(d, d->is_unknown ? DTLS_WHY_FINGERPRINT : DTLS_WHY_PROTOCOL);
	} else if (d->flight.len && !had_flight) {
		d->resend_us = DTLS_FIRST_RESEND_US;
		d->resend_at_us = d->now_us + d->resend_us;
		d->resent_at_us = d->now_us;
	}
}

/* ---- input ---- */

/* The peer did not see our flight: RFC 6347 section 4.2.4 answers at once, we not more often than makes sense. */
void dtls_asked_again(struct dtls *d)
{
	if (d->now_us - d->resent_at_us >= DTLS_AGAIN_MIN_US)
		dtls_flight_resend(d);
}

static bool belongs_in_handshake(struct dtls *d, const struct dtls_record *record)
{
	if (record->epoch == 0 && d->flight.len && dtls_record_is_client_hello(record)) {
		dtls_asked_again(d);
		return false;
	}
	if (record->epoch == 0)
		return true;
	/* OpenSSL would keep a hundred of them, in 16 KiB each. */
	return record->epoch == 1 && (SSL_get_state(d->ssl) == TLS_ST_SR_CHANGE || d->early++ < DTLS_EARLY_MAX);
}

static bool belongs(struct dtls *d, const struct dtls_record *record)
{
	if (record->type < DTLS_CCS || record->type > DTLS_HANDSHAKE)
		return false;
	switch (d->state) {
	case DTLS_WAITING: return dtls_record_is_client_hello(record);
	case DTLS_HANDSHAKING: return belongs_in_handshake(d, record);
	case DTLS_UP: return d->after.key_len && record->epoch == 1 && record->type != DTLS_CCS;
	default: return false;
	}
}

/* One by one, so that each meets the state that the one before it left. */
static void feed(struct dtls *d, const struct dtls_record *record)
{
	if (d->state == DTLS_WAITING)
		begin(d);
	d->input = record;
	if (d->state == DTLS_UP) {
		dtls_rest_input(d, record);
	} else if ((d->input_len += record->len) > DTLS_INPUT_MAX) {
		fail(d, DTLS_WHY_FLOOD);
	} else {
		shake(d);
	}
	d->input = NULL;
}

enum dtls_state dtls_input(struct dtls *dtls, int64_t now_us, const uint8_t *data, size_t len)
{
	struct at_reader r = at_reader_of(data, len);
	struct dtls_record record;
	dtls->now_us = now_us;
	while (at_reader_left(&r) && dtls_record_read(&r, &record))
		if (belongs(dtls, &record))
			feed(dtls, &record);
	return dtls->state;
}

/* ---- time ---- */

enum dtls_state dtls_tick(struct dtls *dtls, int64_t now_us)
{
	struct dtls *d = dtls;
	d->now_us = now_us;
	if (now_us < dtls_deadline_us(d))
		return d->state;
	if (d->state == DTLS_UP) {
		rest(d);
	} else if (now_us >= d->give_up_at_us) {
		fail(d, DTLS_WHY_TIMEOUT);
	} else {
		dtls_flight_resend(d);
		d->resend_us = d->resend_us * 2 < DTLS_RESEND_MAX_US ? d->resend_us * 2 : DTLS_RESEND_MAX_US;
		d->resend_at_us = now_us + d->resend_us;
	}
	return d->state;
}

int64_t dtls_deadline_us(const struct dtls *dtls)
{
	if (dtls->state != DTLS_HANDSHAKING)
		return dtls->rest_at_us;
	return dtls->flight.len && dtls->resend_at_us < dtls->give_up_at_us ? dtls->resend_at_us : dtls->give_up_at_us;
}

/* ---- the end ---- */

void dtls_take_keys(struct dtls *dtls, struct dtls_keys *keys_out)
{
	AT_ASSERT(dtls->state == DTLS_UP && dtls->has_keys);
	*keys_out = dtls->keys;
	OPENSSL_cleanse(&dtls->keys, sizeof(dtls->keys));
	dtls->has_keys = false;
}

void dtls_close(struct dtls *dtls)
{
	if (dtls->state == DTLS_UP && dtls->after.goodbye_len)
		dtls->send(dtls->arg, dtls->after.goodbye, dtls->after.goodbye_len);
	if (dtls->state != DTLS_FAILED)
		dtls->state = DTLS_CLOSED;
	rest(dtls);
}
