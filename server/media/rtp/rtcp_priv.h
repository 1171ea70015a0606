/* Numbers of the control packets, and what the files share. */
#ifndef AT_MEDIA_RTP_RTCP_PRIV_H
#define AT_MEDIA_RTP_RTCP_PRIV_H

#include "media/rtp/rtcp.h"

enum {
	RTCP_HEAD_LEN = 4,
	RTCP_FEEDBACK_LEN = 12, /* head and two SSRCs */
	RTCP_BLOCK_LEN = 24,
	RTCP_FIR_LEN = 8,
	RTCP_TYPE_SR = 200,
	RTCP_TYPE_RR = 201,
	RTCP_TYPE_SDES = 202,
	RTCP_TYPE_BYE = 203,
	RTCP_TYPE_RTPFB = 205,
	RTCP_TYPE_PSFB = 206,
	RTCP_FORMAT_NACK = 1,
	RTCP_FORMAT_TWCC = 15,
	RTCP_FORMAT_PLI = 1,
	RTCP_FORMAT_FIR = 4,
	RTCP_FORMAT_AFB = 15,
	RTCP_REMB_NAME = 0x52454d42, /* "REMB" */
	RTCP_SDES_CNAME = 1,
};

/* The symbols of transport-cc: how many bytes its delta takes. */
enum {
	TWCC_MISSING = 0,
	TWCC_SMALL = 1,
	TWCC_LARGE = 2,
	TWCC_RESERVED = 3,
	TWCC_HEAD_LEN = 8,     /* behind the SSRCs */
	TWCC_RUN_MAX = 0x1fff, /* statuses in a run-length chunk */
	TWCC_ONE_BIT_MAX = 14, /* in a vector of one bit each */
	TWCC_TWO_BIT_MAX = 7,  /* in a vector of two */
	TWCC_REFERENCE_US = 64000,
};

/* Checks a feedback whose SSRCs have been read: its chunks give as many statuses as it says, and there is a delta for each received. */
bool rtcp_twcc_read(struct rtcp_packet *packet, struct at_reader *r);

/* A packet of len bytes (a multiple of 4), its head written; NULL when it does not fit. */
uint8_t *rtcp_put(struct rtcp_writer *w, uint8_t type, size_t count, size_t len);
/* Its head and both SSRCs. */
uint8_t *rtcp_put_feedback(struct rtcp_writer *w, uint8_t type, uint8_t format, uint32_t ssrc, uint32_t media_ssrc,
			   size_t len);

#endif
