/* DTLS 1.2 server that makes the keys of SRTP (RFC 6347, RFC 5764, RFC 8827). Sans-IO: datagrams and time in, datagrams out through a
 * callback; no socket and no clock.
 *
 *                    first record                 Finished, fingerprint and profile right
 *   dtls_new -> WAITING ----------> HANDSHAKING ------------------------------------------> UP -- close_notify, dtls_close --> CLOSED
 *                                        |  alert, wrong fingerprint, no SRTP, 10 s, flood
 *                                        +--------------------------------------------------> FAILED
 *
 * The caller passes in only datagrams (first byte 20 to 63) of a tuple that ICE authenticated (no cookies for that reason), and makes a
 * dtls only then. A record that does not belong where the state is, however it looks, changes nothing: ClientHellos after UP, junk,
 * replays. A handshake message that cannot be right inside a good record before UP fails the handshake: DTLS has nothing against who
 * writes with the peer's own address. If it fails before our first flight nothing was sent, and a new dtls may take the peer's next
 * ClientHello.
 *
 * Costs: 376 bytes, and 57 KiB of OpenSSL's from the first record until UP: those are given back before dtls_input returns, so that what the
 * caller keeps from then on does not lie between them. A hostile peer makes us hold less than 256 KiB (stranger_test.c). One loop. */
#ifndef AT_MEDIA_DTLS_DTLS_H
#define AT_MEDIA_DTLS_DTLS_H

#include "base/err.h"
#include "media/srtp/srtp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DTLS_FINGERPRINT_LEN = 32,                /* SHA-256 of a certificate (RFC 8122 section 5) */
	DTLS_FINGERPRINT_TEXT_LEN = 95,           /* AB:CD:..., upper case */
	DTLS_MTU = 1200,                          /* bytes of the largest datagram we send */
	DTLS_FIRST_RESEND_US = 100 * 1000,        /* doubles with every repetition, */
	DTLS_RESEND_MAX_US = 1600 * 1000,         /* up to this */
	DTLS_HANDSHAKE_MAX_US = 10 * 1000 * 1000, /* from the first record */
	DTLS_REST_US = 30 * 1000 * 1000, /* from UP: as long a lost last flight can be repeated and an alert be read */
	DTLS_INPUT_MAX = 64 * 1024,      /* bytes of records that a handshake may take */
	DTLS_EARLY_MAX = 6,              /* encrypted records held because they came before their keys */
};

/* ---- one per process: key, certificate, settings ---- */

struct dtls_context;
struct dtls_context *dtls_context_new(void); /* makes a P-256 key and a certificate for a year, signed by itself */
void dtls_context_free(struct dtls_context **context);                    /* after all its dtls */
const char *dtls_context_fingerprint(const struct dtls_context *context); /* sha-256, as a=fingerprint writes it */

/* "AB:CD:..." in either case; BAD_REQUEST for anything else. */
AT_MUST enum at_err dtls_fingerprint_parse(const char *text, size_t len, uint8_t out[DTLS_FINGERPRINT_LEN]);

/* ---- one per peer ---- */

enum dtls_state { DTLS_WAITING, DTLS_HANDSHAKING, DTLS_UP, DTLS_FAILED, DTLS_CLOSED };

enum dtls_why {
	DTLS_WHY_NONE, /* has not failed */
	DTLS_WHY_TIMEOUT,
	DTLS_WHY_PROTOCOL,    /* what it sent cannot be right, or has nothing in common with what we accept */
	DTLS_WHY_ALERT,       /* it gave up */
	DTLS_WHY_FINGERPRINT, /* its certificate is not the announced one */
	DTLS_WHY_NO_SRTP,     /* no profile in common (RFC 5764) */
	DTLS_WHY_NO_EMS,      /* no extended master secret: nothing may be exported then (RFC 7627 section 5.4) */
	DTLS_WHY_FLOOD,       /* DTLS_INPUT_MAX */
};
const char *dtls_why_name(enum dtls_why why); /* for logs */

/* Called from dtls_input, dtls_tick and dtls_close: one call is one datagram of at most DTLS_MTU bytes, to the peer's present address.
 * Must not call back into the dtls. */
typedef void (*dtls_send_fn)(void *arg, const uint8_t *data, size_t len);

struct dtls;
/* The fingerprint is the one the peer's signalling named; it is copied. The context must outlive it. */
struct dtls *dtls_new(struct dtls_context *context, const uint8_t fingerprint[DTLS_FINGERPRINT_LEN], dtls_send_fn send,
		      void *arg);
void dtls_free(struct dtls **dtls); /* silently; dtls_close first to tell the peer */

/* One datagram. now_us is any clock that never goes back, the same for all calls. Gives the state afterwards. To be fed for as long as
 * the session lives, in UP too: a peer that missed our last flight repeats its own until we do (RFC 6347 section 4.2.4). */
enum dtls_state dtls_input(struct dtls *dtls, int64_t now_us, const uint8_t *data, size_t len);
/* Repeats a flight, gives up, comes to rest. Harmless when early. */
enum dtls_state dtls_tick(struct dtls *dtls, int64_t now_us);
int64_t dtls_deadline_us(const struct dtls *dtls); /* when dtls_tick has something to do; INT64_MAX = never */

enum dtls_state dtls_state(const struct dtls *dtls);
enum dtls_why dtls_why(const struct dtls *dtls);

/* What the handshake made. Once, when UP; they are wiped here then. */
struct dtls_keys {
	enum srtp_suite suite;
	struct srtp_keys in;  /* what the peer seals with: for srtp_in_new */
	struct srtp_keys out; /* what we seal with: for srtp_out_new */
};
void dtls_take_keys(struct dtls *dtls, struct dtls_keys *keys_out);

void dtls_close(struct dtls *dtls); /* sends close_notify when UP and not at rest; CLOSED */

#endif
