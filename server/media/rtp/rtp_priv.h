/* Integers whose bounds have been checked by the caller: at_reader costs a call a field, which a packet's header cannot afford. */
#ifndef AT_MEDIA_RTP_RTP_PRIV_H
#define AT_MEDIA_RTP_RTP_PRIV_H

#include "media/rtp/rtp.h"

enum {
	RTP_VERSION = 2,
	RTP_PROFILE_ONE_BYTE = 0xbede,
	RTP_PROFILE_TWO_BYTE = 0x1000, /* and 4 bits of the application's */
	RTP_ONE_BYTE_IDS_MAX = 14,
	RTP_ONE_BYTE_STOP = 15, /* RFC 8285 section 4.2: nothing behind it is looked at */
};

static inline uint16_t rtp_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t rtp_get_u24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t rtp_get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | rtp_get_u24(p + 1);
}

static inline void rtp_put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void rtp_put_u24(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 16);
	rtp_put_u16(p + 1, (uint16_t)v);
}

static inline void rtp_put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	rtp_put_u24(p + 1, v);
}

#endif
