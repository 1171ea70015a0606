#include "base/buf.h"
#include "media/role/role.h"

#include <string.h>

static void read_id(struct at_reader *r, struct at_id *id_out)
{
	const uint8_t *p = at_read_bytes(r, sizeof(id_out->b));
	memset(id_out, 0, sizeof(*id_out));
	if (p)
		memcpy(id_out->b, p, sizeof(id_out->b));
}

static uint8_t *put_creds(uint8_t *p, const struct ice_credentials *creds)
{
	memcpy(p, creds->ufrag, ICE_UFRAG_LEN);
	memcpy(p + ICE_UFRAG_LEN, creds->pwd, ICE_PWD_LEN);
	return p + MEDIA_CREDS_LEN;
}

/* False when they are none. */
static bool read_creds(struct at_reader *r, struct ice_credentials *out)
{
	const uint8_t *p = at_read_bytes(r, MEDIA_CREDS_LEN);
	*out = (struct ice_credentials){{0}, {0}};
	if (!p)
		return false;
	memcpy(out->ufrag, p, ICE_UFRAG_LEN);
	memcpy(out->pwd, p + ICE_UFRAG_LEN, ICE_PWD_LEN);
	return ice_credentials_valid(out);
}

static bool read_bool(struct at_reader *r, bool *out)
{
	uint8_t v = at_read_u8(r);
	*out = v == 1;
	return v <= 1;
}

static enum at_err done(const struct at_reader *r, bool ok)
{
	return ok && !r->failed && at_reader_left(r) == 0 ? AT_OK : AT_ERR_BAD_REQUEST;
}

/* All places are there, whatever the count: fixed layout. */
void media_hello_put(const struct media_hello *hello, uint8_t out[MEDIA_HELLO_LEN])
{
	memset(out, 0, MEDIA_HELLO_LEN);
	out[0] = hello->is_announced;
	out[1] = hello->has_tcp;
	at_put_u16(out + 2, hello->port);
	memcpy(out + 4, hello->fingerprint, sizeof(hello->fingerprint));
	out += 4 + sizeof(hello->fingerprint);
	*out++ = (uint8_t)hello->count;
	for (size_t i = 0; i < hello->count; i++, out += 18) {
		memcpy(out, hello->addresses[i].ip, 16);
		at_put_u16(out + 16, hello->addresses[i].port);
	}
}

enum at_err media_hello_parse(const void *body, size_t len, struct media_hello *hello_out)
{
	struct at_reader r = at_reader_of(body, len);
	memset(hello_out, 0, sizeof(*hello_out));
	bool ok = read_bool(&r, &hello_out->is_announced);
	ok &= read_bool(&r, &hello_out->has_tcp);
	hello_out->port = at_read_u16(&r);
	const uint8_t *fingerprint = at_read_bytes(&r, sizeof(hello_out->fingerprint));
	if (fingerprint)
		memcpy(hello_out->fingerprint, fingerprint, sizeof(hello_out->fingerprint));
	hello_out->count = at_read_u8(&r);
	ok &= hello_out->count <= MEDIA_ADDRESSES_MAX;
	for (size_t i = 0; i < MEDIA_ADDRESSES_MAX; i++) {
		const uint8_t *ip = at_read_bytes(&r, 16);
		uint16_t port = at_read_u16(&r);
		if (!ip || i >= hello_out->count)
			continue;
		memcpy(hello_out->addresses[i].ip, ip, 16);
		hello_out->addresses[i].port = port;
	}
	return done(&r, ok);
}

void media_open_put(const struct media_open *open, uint8_t out[MEDIA_OPEN_LEN])
{
	memcpy(out, open->call.b, 16);
	out[16] = open->gate;
	at_put_u32(out + 17, open->rate_bits_s);
	put_creds(put_creds(out + 21, &open->creds[0]), &open->creds[1]);
}

enum at_err media_open_parse(const void *body, size_t len, struct media_open *open_out)
{
	struct at_reader r = at_reader_of(body, len);
	read_id(&r, &open_out->call);
	bool ok = read_bool(&r, &open_out->gate);
	open_out->rate_bits_s = at_read_u32(&r);
	ok &= read_creds(&r, &open_out->creds[0]);
	ok &= read_creds(&r, &open_out->creds[1]);
	return done(&r, ok);
}

void media_restart_put(const struct media_restart *restart, uint8_t out[MEDIA_RESTART_LEN])
{
	memcpy(out, restart->call.b, 16);
	out[16] = restart->leg;
	put_creds(out + 17, &restart->creds);
}

enum at_err media_restart_parse(const void *body, size_t len, struct media_restart *restart_out)
{
	struct at_reader r = at_reader_of(body, len);
	read_id(&r, &restart_out->call);
	restart_out->leg = at_read_u8(&r);
	bool ok = restart_out->leg <= 1;
	ok &= read_creds(&r, &restart_out->creds);
	return done(&r, ok);
}

enum at_err media_call_parse(const void *body, size_t len, struct at_id *call_out)
{
	struct at_reader r = at_reader_of(body, len);
	read_id(&r, call_out);
	return done(&r, true);
}

void media_event_put(const struct media_event *event, uint8_t out[MEDIA_EVENT_LEN])
{
	memcpy(out, event->call.b, 16);
	out[16] = event->leg;
	out[17] = (uint8_t)event->kind;
	at_put_u16(out + 18, (uint16_t)event->err);
}

enum at_err media_event_parse(const void *body, size_t len, struct media_event *event_out)
{
	struct at_reader r = at_reader_of(body, len);
	read_id(&r, &event_out->call);
	event_out->leg = at_read_u8(&r);
	uint8_t kind = at_read_u8(&r);
	uint16_t err = at_read_u16(&r);
	bool ok = event_out->leg <= 1 && kind < MEDIA_EVENT_COUNT && err < AT_ERR_COUNT;
	event_out->kind = ok ? (enum media_event_kind)kind : MEDIA_REFUSED;
	event_out->err = ok ? (enum at_err)err : AT_ERR_BAD_REQUEST;
	return done(&r, ok);
}

void media_stats_put(const struct media_stats *stats, uint8_t out[MEDIA_STATS_LEN])
{
	memcpy(out, stats->call.b, 16);
	at_put_u16(out + 16, (uint16_t)stats->err);
	uint8_t *p = out + 18;
	for (size_t i = 0; i < 2; i++, p += 33) {
		const struct media_leg_stats *leg = &stats->legs[i];
		at_put_u64(p, leg->packets);
		at_put_u64(p + 8, leg->bytes);
		at_put_u64(p + 16, leg->dropped);
		at_put_u32(p + 24, leg->tuples);
		at_put_u32(p + 28, leg->moves);
		p[32] = (uint8_t)(leg->has_address | leg->is_tcp << 1);
	}
}

enum at_err media_stats_parse(const void *body, size_t len, struct media_stats *stats_out)
{
	struct at_reader r = at_reader_of(body, len);
	read_id(&r, &stats_out->call);
	uint16_t err = at_read_u16(&r);
	bool ok = err < AT_ERR_COUNT;
	stats_out->err = ok ? (enum at_err)err : AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < 2; i++) {
		struct media_leg_stats *leg = &stats_out->legs[i];
		leg->packets = at_read_u64(&r);
		leg->bytes = at_read_u64(&r);
		leg->dropped = at_read_u64(&r);
		leg->tuples = at_read_u32(&r);
		leg->moves = at_read_u32(&r);
		uint8_t flags = at_read_u8(&r);
		leg->has_address = flags & 1;
		leg->is_tcp = flags & 2;
		ok &= flags <= 3;
	}
	return done(&r, ok);
}
