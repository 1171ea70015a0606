/* Attribute numbers, the checksum and the writer. */
#ifndef AT_MEDIA_ICE_ICE_PRIV_H
#define AT_MEDIA_ICE_ICE_PRIV_H

#include "media/ice/ice.h"

enum {
	STUN_MAGIC = 0x2112A442,
	STUN_FINGERPRINT_XOR = 0x5354554e,
	STUN_INTEGRITY_LEN = 20,
	STUN_ERROR_UNKNOWN = 420,
	STUN_ERROR_ROLE = 487,
};

enum stun_attr {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_USERNAME = 0x0006,
	STUN_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN = 0x000a,
	STUN_XOR_MAPPED = 0x0020,
	STUN_PRIORITY = 0x0024,
	STUN_USE_CANDIDATE = 0x0025,
	STUN_FINGERPRINT = 0x8028,
	STUN_CONTROLLED = 0x8029,
	STUN_CONTROLLING = 0x802a,
};

uint32_t stun_crc32(const uint8_t *data, size_t len);
/* HMAC-SHA1 over the message up to the MESSAGE-INTEGRITY at `at`, its length field as RFC 8489 section 14.5 wants it. */
void ice_mac(struct ice *ice, const uint8_t *msg, size_t at, const char *pwd, uint8_t mac_out[STUN_INTEGRITY_LEN]);

/* Writes a message; what does not fit is a programmer's error, since nobody outside sizes it. */
struct stun_writer {
	uint8_t *data;
	size_t len, max;
};
void stun_begin(struct stun_writer *w, uint8_t *data, size_t max, uint16_t type, const uint8_t tid[STUN_TID_LEN]);
void stun_put(struct stun_writer *w, uint16_t type, const void *value, size_t len);
void stun_put_mapped(struct stun_writer *w, const uint8_t ip[16], uint16_t port);
void stun_put_integrity(struct stun_writer *w, struct ice *ice, const char *pwd);
void stun_put_fingerprint(struct stun_writer *w);

#endif
