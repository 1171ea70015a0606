#include "base/buf.h"
#include "media/ice/ice_priv.h"

#include <string.h>

/* CRC-32 of ITU V.42, half a byte at a time: sixteen entries that can be read, and checks are rare. */
uint32_t stun_crc32(const uint8_t *data, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ table[(crc ^ data[i]) & 15];
		crc = crc >> 4 ^ table[(crc ^ data[i] >> 4) & 15];
	}
	return ~crc;
}

static void read_mapped(struct stun_message *msg, const uint8_t *value, size_t len)
{
	struct at_reader r = at_reader_of(value, len);
	uint16_t family = at_read_u16(&r);
	uint8_t mask[16];
	at_put_u32(mask, STUN_MAGIC);
	memcpy(mask + 4, msg->tid, STUN_TID_LEN);
	msg->mapped_port = at_read_u16(&r) ^ (STUN_MAGIC >> 16);
	size_t ip_len = family == 1 ? 4 : 16;
	const uint8_t *ip = at_read_bytes(&r, ip_len);
	if (r.failed || at_reader_left(&r) || (family != 1 && family != 2))
		return;
	memset(msg->mapped_ip, 0, 10);
	memset(msg->mapped_ip + 10, 0xff, 2);
	for (size_t i = 0; i < ip_len; i++)
		msg->mapped_ip[16 - ip_len + i] = ip[i] ^ mask[i];
	msg->has_mapped = true;
}

static bool once(bool *seen)
{
	bool first = !*seen;
	*seen = true;
	return first;
}

/* False when it is of the wrong size, or here for the second time. */
static bool read_known(struct stun_message *msg, uint16_t type, const uint8_t *value, size_t len, size_t at)
{
	struct at_reader r = at_reader_of(value, len);
	switch (type) {
	case STUN_USERNAME:
		if (msg->username || len == 0 || len > STUN_USERNAME_MAX)
			return false;
		msg->username = value;
		msg->username_len = len;
		return true;
	case STUN_INTEGRITY: msg->integrity_at = at; return len == STUN_INTEGRITY_LEN;
	case STUN_FINGERPRINT: msg->fingerprint_at = at; return len == 4;
	case STUN_PRIORITY: msg->priority = at_read_u32(&r); return len == 4 && once(&msg->has_priority);
	case STUN_USE_CANDIDATE: return len == 0 && once(&msg->use_candidate);
	case STUN_CONTROLLING: msg->tie_breaker = at_read_u64(&r); return len == 8 && once(&msg->is_controlling);
	case STUN_CONTROLLED: msg->tie_breaker = at_read_u64(&r); return len == 8 && once(&msg->is_controlled);
	case STUN_XOR_MAPPED:
		if (msg->has_mapped)
			return false;
		read_mapped(msg, value, len);
		return msg->has_mapped;
	case STUN_ERROR_CODE:
		if (len < 4 || msg->error)
			return false;
		msg->error = (uint16_t)((value[2] & 7) * 100 + value[3]);
		return msg->error >= 300 && msg->error < 700 && value[3] < 100;
	case STUN_MAPPED_ADDRESS:
	case STUN_UNKNOWN: return true;
	default:
		/* RFC 8489 section 14: below 0x8000 not knowing it is an error. */
		if (type < 0x8000 && msg->unknown_count < STUN_UNKNOWN_MAX)
			msg->unknown[msg->unknown_count++] = type;
		return true;
	}
}

static bool read_attributes(struct stun_message *msg, struct at_reader *r)
{
	while (at_reader_left(r)) {
		size_t at = msg->len - at_reader_left(r);
		uint16_t type = at_read_u16(r), len = at_read_u16(r);
		const uint8_t *value = at_read_bytes(r, len);
		(void)at_read_bytes(r, (4 - len % 4U) % 4);
		if (r->failed || msg->fingerprint_at)
			return false;
		if (msg->integrity_at && type != STUN_FINGERPRINT)
			return false;
		if (!read_known(msg, type, value, len, at))
			return false;
	}
	return true;
}

enum at_err stun_parse(const void *data, size_t len, struct stun_message *msg_out)
{
	struct at_reader r = at_reader_of(data, len);
	*msg_out = (struct stun_message){.data = data, .len = len};
	msg_out->type = at_read_u16(&r);
	uint16_t body_len = at_read_u16(&r);
	uint32_t magic = at_read_u32(&r);
	msg_out->tid = at_read_bytes(&r, STUN_TID_LEN);
	if (r.failed || msg_out->type & 0xc000 || magic != STUN_MAGIC || body_len % 4 || body_len != at_reader_left(&r))
		return AT_ERR_BAD_REQUEST;
	return read_attributes(msg_out, &r) ? AT_OK : AT_ERR_BAD_REQUEST;
}

bool stun_local_ufrag(const struct stun_message *msg, char ufrag_out[ICE_UFRAG_LEN + 1])
{
	const uint8_t *colon = msg->username ? memchr(msg->username, ':', msg->username_len) : NULL;
	size_t len = colon ? (size_t)(colon - msg->username) : 0;

	/* Something of the other side's stands behind the colon. */
	if (len < ICE_UFRAG_LEN || len > ICE_UFRAG_LEN + ICE_MARK_MAX || len + 1 == msg->username_len)
		return false;
	memcpy(ufrag_out, msg->username, ICE_UFRAG_LEN);
	ufrag_out[ICE_UFRAG_LEN] = '\0';
	return !memchr(ufrag_out, '\0', ICE_UFRAG_LEN);
}

bool stun_fingerprint_ok(const struct stun_message *msg)
{
	if (!msg->fingerprint_at)
		return false;
	struct at_reader r = at_reader_of(msg->data + msg->fingerprint_at + 4, 4);
	return at_read_u32(&r) == (stun_crc32(msg->data, msg->fingerprint_at) ^ STUN_FINGERPRINT_XOR);
}
