#include "base/buf.h"
#include "media/ice/ice_priv.h"

#include <string.h>

void stun_begin(struct stun_writer *w, uint8_t *data, size_t max, uint16_t type, const uint8_t tid[STUN_TID_LEN])
{
	AT_ASSERT(max >= STUN_HEAD_LEN);
	*w = (struct stun_writer){.data = data, .len = STUN_HEAD_LEN, .max = max};
	at_put_u16(data, type);
	at_put_u16(data + 2, 0);
	at_put_u32(data + 4, STUN_MAGIC);
	memcpy(data + 8, tid, STUN_TID_LEN);
}

void stun_put(struct stun_writer *w, uint16_t type, const void *value, size_t len)
{
	size_t padded = (len + 3) / 4 * 4;
	AT_ASSERT(w->max - w->len >= 4 + padded);
	uint8_t *p = w->data + w->len;
	at_put_u16(p, type);
	at_put_u16(p + 2, (uint16_t)len);
	memset(p + 4, 0, padded);
	if (len)
		memcpy(p + 4, value, len);
	w->len += 4 + padded;
	at_put_u16(w->data + 2, (uint16_t)(w->len - STUN_HEAD_LEN));
}

static bool is_v4(const uint8_t ip[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
	return !memcmp(ip, prefix, sizeof(prefix));
}

void stun_put_mapped(struct stun_writer *w, const uint8_t ip[16], uint16_t port)
{
	uint8_t value[20], *mask = w->data + 4; /* magic and transaction, as they stand in the head */
	size_t ip_len = is_v4(ip) ? 4 : 16;
	at_put_u16(value, ip_len == 4 ? 1 : 2);
	at_put_u16(value + 2, port ^ (STUN_MAGIC >> 16));
	for (size_t i = 0; i < ip_len; i++)
		value[4 + i] = ip[16 - ip_len + i] ^ mask[i];
	stun_put(w, STUN_XOR_MAPPED, value, 4 + ip_len);
}

void stun_put_integrity(struct stun_writer *w, struct ice *ice, const char *pwd)
{
	uint8_t mac[STUN_INTEGRITY_LEN];
	ice_mac(ice, w->data, w->len, pwd, mac);
	stun_put(w, STUN_INTEGRITY, mac, sizeof(mac));
}

void stun_put_fingerprint(struct stun_writer *w)
{
	uint8_t value[4];
	size_t at = w->len;
	/* The sum covers the length with this attribute in it. */
	at_put_u16(w->data + 2, (uint16_t)(at + 8 - STUN_HEAD_LEN));
	at_put_u32(value, stun_crc32(w->data, at) ^ STUN_FINGERPRINT_XOR);
	stun_put(w, STUN_FINGERPRINT, value, sizeof(value));
}

size_t ice_request_put(struct ice *ice, const struct ice_request *request, uint8_t out[ICE_PACKET_MAX])
{
	struct stun_writer w;
	uint8_t number[8] = {0};
	stun_begin(&w, out, ICE_PACKET_MAX, request->type, request->tid);
	if (request->username)
		stun_put(&w, STUN_USERNAME, request->username, strlen(request->username));
	if (request->type == STUN_BINDING_REQUEST)
		stun_put(&w, request->is_controlled ? STUN_CONTROLLED : STUN_CONTROLLING, number, 8);
	if (request->use_candidate)
		stun_put(&w, STUN_USE_CANDIDATE, NULL, 0);
	at_put_u32(number, request->priority);
	if (request->priority)
		stun_put(&w, STUN_PRIORITY, number, 4);
	if (request->mapped)
		stun_put_mapped(&w, request->mapped->remote_ip, request->mapped->remote_port);
	if (request->unknown)
		stun_put(&w, request->unknown, number, 4);
	if (request->pwd)
		stun_put_integrity(&w, ice, request->pwd);
	if (!request->no_fingerprint)
		stun_put_fingerprint(&w);
	return w.len;
}
