/* SRTP and SRTCP (RFC 3711; AEAD after RFC 7714) with the two suites that browsers have, straight on OpenSSL's EVP.
 *
 * A peer has one srtp_out for what it is sent and one srtp_in for what it sends. Keys are derived and ciphers set up once; a packet only
 * sets its nonce. Memory, OpenSSL's share included: 2.4 KiB for an srtp_out and 3.6 KiB for an srtp_in with GCM, each 0.7 KiB more with
 * CM; nothing more is kept after _new.
 * One loop. */
#ifndef AT_MEDIA_SRTP_SRTP_H
#define AT_MEDIA_SRTP_SRTP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum srtp_suite {                     /* not by their IANA names: OpenSSL has macros of these */
		  SRTP_SUITE_GCM = 0, /* AEAD_AES_128_GCM, RFC 7714 section 14.2; tag of 16 bytes */
		  SRTP_SUITE_CM = 1,  /* AES128_CM_SHA1_80, RFC 3711, RFC 5764 section 4.1.2; tag of 10 bytes */
};

enum {
	SRTP_KEY_LEN = 16,
	SRTP_SALT_MAX = 14,      /* 12 with GCM */
	SRTP_OVERHEAD_MAX = 16,  /* that sealing adds to an RTP packet: 16 with GCM, 10 with CM */
	SRTCP_OVERHEAD_MAX = 20, /* and to an RTCP packet */
	SRTP_SSRCS_MAX = 16,     /* that an srtp_in follows */
	SRTCP_SSRCS_MAX = 32,    /* and of RTCP: Firefox reports with an SSRC of its own for each m-line */
	SRTP_WINDOW = 128,       /* packets behind the newest that may still come, each once */
	SRTP_EXPORT_MAX = 2 * (SRTP_KEY_LEN + SRTP_SALT_MAX),
};

/* Master key and salt of one direction; a GCM salt fills the first 12 bytes. */
struct srtp_keys {
	uint8_t key[SRTP_KEY_LEN];
	uint8_t salt[SRTP_SALT_MAX];
};

/* RFC 5764 section 4.2: what the DTLS exporter is asked for, and how it is cut: client key, server key, client salt, server salt. */
size_t srtp_export_len(enum srtp_suite suite);
void srtp_export_cut(enum srtp_suite suite, const uint8_t *material, struct srtp_keys *client_out,
		     struct srtp_keys *server_out);

size_t srtp_overhead(enum srtp_suite suite);  /* bytes that srtp_seal adds, exactly */
size_t srtcp_overhead(enum srtp_suite suite); /* and srtcp_seal */

/* ---- sending ---- */

/* Keeps nothing about streams: the caller counts how often a stream's sequence number wrapped (roc). It must never seal two different
 * packets under one (SSRC, roc, sequence number): with GCM that gives away the key that authenticates. A retransmission of the same
 * bytes is no second packet; RTX has an SSRC of its own. */
struct srtp_out;
struct srtp_out *srtp_out_new(enum srtp_suite suite, const struct srtp_keys *keys);
void srtp_out_free(struct srtp_out **out);

/* Seals in place the RTP packet of len bytes, of which the first header_len (12 + CSRCs + extension) stay readable. The buffer holds
 * cap bytes. TOO_LARGE when it has no room for srtp_overhead bytes more; the packet is as it was then. */
AT_MUST enum at_err srtp_seal(struct srtp_out *out, uint32_t roc, uint8_t *packet, size_t header_len, size_t len,
			      size_t cap, size_t *len_out);

/* A payload gathered from where its parts lie. Any of the three may be absent. */
struct srtp_payload {
	const uint8_t *head; /* few bytes in front: a rewritten VP8 descriptor, the sequence number in RTX */
	size_t head_len;
	const uint8_t *body; /* shared by all receivers; must not overlap the packet */
	size_t body_len;
	uint8_t padding; /* bytes of RTP padding behind (RFC 3550 section 5.1); the header's P bit is the caller's */
};

/* As srtp_seal, but only the header is in the packet's buffer yet: what comes out is header, payload and tag. */
AT_MUST enum at_err srtp_seal_gather(struct srtp_out *out, uint32_t roc, uint8_t *packet, size_t header_len,
				     const struct srtp_payload *payload, size_t cap, size_t *len_out);

/* Seals in place a compound of len bytes (>= 8); the index is kept inside. TOO_LARGE as above; GONE when all 2^31 indices are used. */
AT_MUST enum at_err srtcp_seal(struct srtp_out *out, uint8_t *packet, size_t len, size_t cap, size_t *len_out);

/* ---- receiving ---- */

/* Follows the streams of one peer: per SSRC the index (roc and sequence number) of the newest packet and which of the SRTP_WINDOW
 * before it were there. Only a packet that proved itself changes any of this; when as many as may be (SRTP_SSRCS_MAX, SRTCP_SSRCS_MAX) are
 * known, a new SSRC that proved itself takes the place of the one that was silent for longest. Whoever pushes out a stream of RTP that has
 * wrapped twice never opens it again, so the maximum must be above what one peer can have. */
struct srtp_in;
struct srtp_in *srtp_in_new(enum srtp_suite suite, const struct srtp_keys *keys);
void srtp_in_free(struct srtp_in **in);

/* Opens in place: len_out bytes are the plain packet. index_out (NULL is fine) is roc * 65536 + sequence number, so it goes on where the
 * sequence number wraps. Where roc is doubtful (first packet of a stream, or after a gap of 2^15) its neighbour is tried too.
 * BAD_REQUEST: no RTP packet. EXISTS: was there, or is too old to tell. UNAUTHORIZED: the tag is wrong; the bytes may have
 * changed. All three are only counted: nothing a stranger sends ends a session (RFC 3711 section 9.5.1). */
AT_MUST enum at_err srtp_open(struct srtp_in *in, uint8_t *packet, size_t len, size_t *len_out, uint64_t *index_out);

/* The same for a compound. One that is authenticated but not encrypted (E bit clear) is refused as BAD_REQUEST: no browser sends it. */
AT_MUST enum at_err srtcp_open(struct srtp_in *in, uint8_t *packet, size_t len, size_t *len_out);

struct srtp_counts {
	uint64_t opened, malformed, replayed, forged; /* RTP and RTCP together */
};
const struct srtp_counts *srtp_in_counts(const struct srtp_in *in);

#endif
