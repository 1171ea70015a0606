/* Session keys and the two transforms, the same for sending and receiving, for RTP and RTCP. */
#ifndef AT_MEDIA_SRTP_SRTP_PRIV_H
#define AT_MEDIA_SRTP_SRTP_PRIV_H

#include "media/srtp/srtp.h"

#include <openssl/evp.h>
#include <stdbool.h>

enum {
	SRTP_AUTH_KEY_LEN = 20,
	SRTP_GCM_TAG_LEN = 16,
	SRTP_CM_TAG_LEN = 10,
	SRTP_CM_MAC_LEN = 20, /* what the tag is the front of */
	SRTP_SSRC_AT = 8,     /* in an RTP header */
	RTP_HEADER_MIN = 12,
	RTCP_HEADER_LEN = 8, /* what stays readable */
	RTCP_SSRC_AT = 4,
	RTCP_WORD_LEN = 4, /* E bit and index */
};
#define SRTCP_E_BIT 0x80000000u
#define SRTCP_INDEX_MAX 0x7fffffffu

enum srtp_label { /* RFC 3711 section 4.3.1 and 4.3.2; RTCP's stand 3 behind */
		  SRTP_LABEL_KEY = 0,
		  SRTP_LABEL_AUTH = 1,
		  SRTP_LABEL_SALT = 2,
		  SRTP_LABEL_RTCP = 3,
};
void srtp_derive(const struct srtp_keys *keys, uint8_t label, uint8_t *out, size_t len);

/* One direction of RTP or of RTCP. */
struct srtp_crypt {
	enum srtp_suite suite;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac; /* CM only */
	uint8_t salt[SRTP_SALT_MAX];
};
void srtp_crypt_init(struct srtp_crypt *c, enum srtp_suite suite, const struct srtp_keys *keys, bool is_rtcp,
		     bool encrypts);
/* From session keys. auth: CM only. */
struct srtp_session_keys {
	uint8_t key[SRTP_KEY_LEN], salt[SRTP_SALT_MAX], auth[SRTP_AUTH_KEY_LEN];
};
void srtp_crypt_start(struct srtp_crypt *c, enum srtp_suite suite, const struct srtp_session_keys *keys, bool encrypts);
void srtp_crypt_release(struct srtp_crypt *c);

/* The four bytes of the SSRC and a 48-bit index make the nonce (RFC 3711 section 4.1.1, RFC 7714 section 8.1 and 9.1: the same but for
 * where they lie). tag: what opening expects, with GCM; NULL else. */
void srtp_crypt_begin(struct srtp_crypt *c, const uint8_t *ssrc, uint64_t index, uint8_t *tag);
void srtp_crypt_clear(struct srtp_crypt *c, const uint8_t *data, size_t len); /* GCM: authenticated only */
void srtp_crypt_run(struct srtp_crypt *c, const uint8_t *from, uint8_t *to, size_t len);
void srtp_crypt_tag(struct srtp_crypt *c, uint8_t tag_out[SRTP_GCM_TAG_LEN]); /* GCM, sealing: the end */
bool srtp_crypt_ok(struct srtp_crypt *c);                                     /* GCM, opening: the end */
void srtp_crypt_mac(struct srtp_crypt *c, const uint8_t *data, size_t len, uint8_t mac_out[SRTP_CM_MAC_LEN]); /* CM */

struct srtp_out {
	enum srtp_suite suite;
	struct srtp_crypt rtp, rtcp;
	uint32_t rtcp_index;
};

/* Which packets of a stream were there: the newest and the SRTP_WINDOW - 1 before it. */
struct srtp_window {
	uint64_t newest;
	uint64_t seen[2]; /* bit n: newest - n */
	uint64_t used_at; /* srtp_in's count of good packets */
};
/* As many as there are, doubled up to max: most who listen have two. */
struct srtp_streams {
	struct srtp_stream {
		uint32_t ssrc;
		struct srtp_window window;
	} * all;
	uint32_t count, room, max;
};
struct srtp_in {
	enum srtp_suite suite;
	struct srtp_crypt rtp, rtcp;
	struct srtp_streams rtp_streams, rtcp_streams;
	struct srtp_counts counts;
};

enum srtp_place { SRTP_FRESH, SRTP_SEEN, SRTP_OLD };

struct srtp_window *srtp_streams_find(struct srtp_streams *s, uint32_t ssrc);   /* NULL = not known */
enum srtp_place srtp_window_place(const struct srtp_window *w, uint64_t index); /* w may be NULL */
/* Only for a packet that proved itself and was FRESH. */
void srtp_streams_mark(struct srtp_streams *s, uint32_t ssrc, uint64_t index, uint64_t now);
/* The index with this sequence number that is nearest to the newest (RFC 3711 section 3.3.1). */
uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq);

#endif
