/* The half of ICE that a server with a public address needs (ICE-lite, RFC 8445 section 2.5), and as much of STUN (RFC 8489) as that
 * takes. Sans-IO: bytes and time in, a verdict and a reply out; nothing here keeps state about peers.
 *
 * The order in which a request is looked at is a promise to the networks around us: shape, then name, then FINGERPRINT, then
 * MESSAGE-INTEGRITY, and only then anything else. Until then nothing is answered and nothing changes, so nobody without a leg's
 * password gets a single byte out of us or into our tables. One loop. */
#ifndef AT_MEDIA_ICE_ICE_H
#define AT_MEDIA_ICE_ICE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ICE_UFRAG_LEN = 8, /* of ours: 48 random bits */
	ICE_PWD_LEN = 24,  /* of ours: 144 random bits */
	ICE_MARK_MAX = 8,
	ICE_PACKET_MAX = 1500,
	ICE_REPLY_MAX = 160,
	STUN_HEAD_LEN = 20,
	STUN_TID_LEN = 12,
	STUN_USERNAME_MAX = 508, /* RFC 8489 section 14.3 */
	STUN_UNKNOWN_MAX = 8,
};

enum ice_transport { ICE_UDP = 0, ICE_TCP = 1 };

/* Where packets come from and replies go: both ends of a flow. Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d. Compared and hashed as
 * bytes, so there is no padding and every field is always set. */
struct ice_tuple {
	uint8_t remote_ip[16];
	uint8_t local_ip[16]; /* the address of ours it was sent to */
	uint32_t scope;       /* interface of a link-local address, else 0 */
	uint32_t conn;        /* TCP: the connection's number; UDP: the socket's */
	uint16_t remote_port;
	uint16_t transport; /* enum ice_transport */
};
_Static_assert(sizeof(struct ice_tuple) == 44, "no padding");
bool ice_tuple_eq(const struct ice_tuple *a, const struct ice_tuple *b);

/* ---- credentials ---- */

struct ice_credentials {
	char ufrag[ICE_UFRAG_LEN + 1];
	char pwd[ICE_PWD_LEN + 1];
};
void ice_credentials_make(struct ice_credentials *out); /* random, of ice-chars (RFC 8839 section 5.4) */
bool ice_credentials_valid(const struct ice_credentials *c);
bool ice_credentials_eq(const struct ice_credentials *a, const struct ice_credentials *b);

/* One side that clients check against. During an ICE restart both sets are good, until before_until_us. */
struct ice_agent {
	struct ice_credentials now, before;
	int64_t before_until_us; /* 0 = there is no set before */
};

/* ---- STUN ---- */

enum stun_type {
	STUN_BINDING_REQUEST = 0x0001,
	STUN_BINDING_INDICATION = 0x0011,
	STUN_BINDING_SUCCESS = 0x0101,
	STUN_BINDING_ERROR = 0x0111,
};

/* A message, parsed in shape only: neither FINGERPRINT nor MESSAGE-INTEGRITY has been verified. Points into its bytes. */
struct stun_message {
	const uint8_t *data;
	size_t len;
	uint16_t type;
	const uint8_t *tid; /* STUN_TID_LEN */
	const uint8_t *username;
	size_t username_len;
	size_t integrity_at, fingerprint_at; /* offsets of the attributes, 0 = absent */
	bool has_priority, use_candidate, is_controlling, is_controlled, has_mapped;
	uint32_t priority;
	uint64_t tie_breaker;
	uint16_t error; /* 300 to 699, 0 = none */
	uint8_t mapped_ip[16];
	uint16_t mapped_port;
	uint16_t unknown[STUN_UNKNOWN_MAX]; /* comprehension-required types that we do not know; the first few */
	size_t unknown_count;
};

/* BAD_REQUEST for whatever is not one whole, well-formed message: wrong magic, a length that is not the datagram's, attributes beyond
 * it, an attribute of ours twice or of a wrong size, anything but FINGERPRINT after MESSAGE-INTEGRITY, anything after FINGERPRINT. */
AT_MUST enum at_err stun_parse(const void *data, size_t len, struct stun_message *msg_out);
/* The part of USERNAME before the colon, which names a leg of ours. False when there is none or it is none of ours. Up to ICE_MARK_MAX
 * characters may follow the ufrag: a browser takes its remote side for another one, and an ICE restart for one, only when the ufrag
 * is another, so a client that restarts without asking us puts a mark of its own behind ours. Only the password lets anybody in. */
bool stun_local_ufrag(const struct stun_message *msg, char ufrag_out[ICE_UFRAG_LEN + 1]);
bool stun_fingerprint_ok(const struct stun_message *msg);

/* ---- answering ---- */

struct ice; /* what a loop keeps for it: a prepared HMAC */
struct ice *ice_new(void);
void ice_free(struct ice **ice);

bool ice_integrity_ok(struct ice *ice, const struct stun_message *msg, const char *pwd);

enum ice_verdict {
	ICE_CHECK,          /* authenticated: the reply is the success */
	ICE_REFUSED,        /* authenticated, but 420 or 487: send the reply, change nothing */
	ICE_DROP_SHAPE,     /* no request, or without what a check must carry: no reply */
	ICE_DROP_INTEGRITY, /* wrong FINGERPRINT, name or password: no reply */
};

struct ice_answer {
	bool by_before; /* authenticated with the credentials before the restart */
	bool use_candidate;
	uint32_t priority;
	uint8_t reply[ICE_REPLY_MAX];
	size_t reply_len; /* 0 = none */
};

/* One message against one agent, whose ufrag it named. We are controlled for ever (lite), so a peer that also thinks it is controlled
 * gets 487 and changes its mind. */
enum ice_verdict ice_handle(struct ice *ice, const struct ice_agent *agent, int64_t now_us,
			    const struct ice_tuple *from, const struct stun_message *msg,
			    struct ice_answer *answer_out);

/* ---- the other half, for tests and load generators ---- */

struct ice_request {
	uint16_t type; /* enum stun_type */
	uint8_t tid[STUN_TID_LEN];
	const char *username, *pwd; /* NULL = without USERNAME, without MESSAGE-INTEGRITY */
	uint32_t priority;          /* 0 = none */
	bool use_candidate, is_controlled;
	uint16_t unknown; /* a further attribute, 0 = none */
	bool no_fingerprint;
	const struct ice_tuple *mapped; /* its remote end as XOR-MAPPED-ADDRESS, in an answer; NULL = none */
};
/* Gives the length; out has room for ICE_PACKET_MAX. */
size_t ice_request_put(struct ice *ice, const struct ice_request *request, uint8_t out[ICE_PACKET_MAX]);

#endif
