/* Control packets (RFC 3550 section 6, RFC 4585, RFC 5104 FIR, REMB, transport-cc), compound and reduced-size (RFC 5506). In the clear:
 * SRTCP has been opened before, or is sealed behind. Part of media/rtp/rtp.h, with the same rules. */
#ifndef AT_MEDIA_RTP_RTCP_H
#define AT_MEDIA_RTP_RTCP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTCP_BLOCKS_MAX = 31, /* reports in one packet, and SSRCs in one BYE */
	RTCP_REMB_SSRCS_MAX = 255,
	RTCP_CNAME_MAX = 255,
	RTCP_TWCC_STATUS_MAX = 16384, /* packets that one feedback may tell of; a longer one is hostile or useless */
};

/* ---- reading ---- */

enum rtcp_kind {
	RTCP_OTHER, /* SDES, APP, XR and feedback we do not know: pass over */
	RTCP_SR,
	RTCP_RR,
	RTCP_BYE,
	RTCP_NACK,
	RTCP_TWCC,
	RTCP_PLI,
	RTCP_FIR,
	RTCP_REMB,
};

/* A sender report's own part: what the publisher's clock showed when its RTP clock showed rtp_timestamp. */
struct rtcp_sender {
	uint64_t ntp;
	uint32_t rtp_timestamp, packets, octets;
};

struct rtcp_block {
	uint32_t ssrc;         /* of the stream it tells of */
	uint8_t fraction_lost; /* of 256 */
	int32_t lost;          /* 24 bits, signed; may go back when packets came twice */
	uint32_t highest_seq;  /* extended by the receiver's count of wraps */
	uint32_t jitter;       /* of the RTP clock */
	uint32_t lsr, dlsr;    /* NTP's middle 32 bits of the last sender report, and the span since; 0 = none yet */
};

struct rtcp_fir {
	uint32_t ssrc;
	uint8_t seq; /* the same number is the same request again */
};

/* Feedback of transport-cc without its list. */
struct rtcp_twcc {
	uint16_t base_seq;
	uint16_t count; /* 1 to RTCP_TWCC_STATUS_MAX */
	uint8_t feedback_seq;
	int64_t reference_us; /* 24 bits of 64 ms, signed: wraps after 12 days */
};

struct rtcp_packet {
	enum rtcp_kind kind;
	uint32_t ssrc;             /* of who sends it; BYE: the first that leaves */
	uint32_t media_ssrc;       /* NACK, TWCC, PLI: what it is about; FIR, REMB: says nothing */
	size_t count;              /* SR, RR: blocks. BYE, FIR, REMB: entries. NACK: pairs */
	struct rtcp_sender sender; /* SR */
	uint64_t remb_bps;         /* REMB */
	struct rtcp_twcc twcc;     /* TWCC */
	const uint8_t *list;       /* count entries, for the functions below */
	size_t list_len;
};

struct rtcp_iter {
	struct at_reader left;
	bool is_malformed; /* and so the iteration ended early */
};

struct rtcp_iter rtcp_begin(const void *data, size_t len);
/* False at the end, and at the first packet that is malformed, be it in its head or in a count that its bytes do not hold. Lists of the
 * packets given out have been checked: the functions below cannot fail. At most len / 4 packets. */
bool rtcp_next(struct rtcp_iter *iter, struct rtcp_packet *packet_out);
/* Walks it once, for those who take a datagram whole or not at all. */
AT_MUST enum at_err rtcp_check(const void *data, size_t len);

/* For kind and i < packet->count. */
struct rtcp_block rtcp_block_at(const struct rtcp_packet *packet, size_t i); /* SR, RR */
struct rtcp_fir rtcp_fir_at(const struct rtcp_packet *packet, size_t i);     /* FIR */
uint32_t rtcp_ssrc_at(const struct rtcp_packet *packet, size_t i);           /* BYE, REMB */
/* NACK: the missing numbers in the order they are written, at most max of them. Gives how many. */
size_t rtcp_nack_read(const struct rtcp_packet *packet, uint16_t *seqs, size_t max);

/* TWCC: one status for each number from base_seq on. */
struct rtcp_twcc_status {
	uint16_t seq;
	bool is_received;
	int64_t delta_us;   /* since the one received before it, in steps of 250; since reference_us for the first */
	int64_t arrival_us; /* reference_us and all deltas up to here */
};
struct rtcp_twcc_iter {
	struct at_reader chunks, deltas;
	uint16_t seq, left;     /* statuses */
	uint16_t chunk, filled; /* the chunk at hand, and the statuses left in it */
	int64_t arrival_us;
};
struct rtcp_twcc_iter rtcp_twcc_begin(const struct rtcp_packet *packet);
/* false after twcc.count of them */
bool rtcp_twcc_next(struct rtcp_twcc_iter *iter, struct rtcp_twcc_status *status_out);

/* ---- writing ---- */

/* Into the caller's bytes, one packet behind the other; max is the datagram's (leave room for SRTCP). What does not fit is not begun:
 * AT_ERR_TOO_LARGE, or 0 taken, leaves the writer as it was. */
struct rtcp_writer {
	uint8_t *data;
	size_t len, max;
};

/* count up to RTCP_BLOCKS_MAX */
AT_MUST enum at_err rtcp_sr_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_sender *sender,
				const struct rtcp_block *blocks, size_t count);
AT_MUST enum at_err rtcp_rr_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_block *blocks, size_t count);
AT_MUST enum at_err rtcp_sdes_put(struct rtcp_writer *w, uint32_t ssrc, const char *cname); /* up to RTCP_CNAME_MAX */
AT_MUST enum at_err rtcp_bye_put(struct rtcp_writer *w, const uint32_t *ssrcs, size_t count);
AT_MUST enum at_err rtcp_pli_put(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc);
AT_MUST enum at_err rtcp_fir_put(struct rtcp_writer *w, uint32_t ssrc, const struct rtcp_fir *firs, size_t count);
/* Rounded down to the 18 bits that its mantissa has. count up to RTCP_REMB_SSRCS_MAX */
AT_MUST enum at_err rtcp_remb_put(struct rtcp_writer *w, uint32_t ssrc, uint64_t bps, const uint32_t *ssrcs,
				  size_t count);
/* Numbers best in rising order (as numbers that wrap), else they take more room. One packet with as many as fit; gives how many. */
size_t rtcp_nack_put(struct rtcp_writer *w, uint32_t ssrc, uint32_t media_ssrc, const uint16_t *seqs, size_t count);

/* When the packets from base_seq on arrived, in ticks of 250 us on any clock that does not go back; RTCP_TWCC_NONE: not (yet). */
#define RTCP_TWCC_NONE INT64_MIN
enum { RTCP_TWCC_TICK_US = 250 };
struct rtcp_arrivals {
	uint32_t ssrc, media_ssrc;
	uint16_t base_seq;
	uint8_t feedback_seq;
	const int64_t *ticks;
	size_t count;
};
/* One packet with as many statuses as fit, and moves arrivals behind them: call until count is 0, into further datagrams when TOO_LARGE.
 * It ends early where a delta passes 16 bits (8 s). Packets missing at the end are passed over without a word, for they may yet come,
 * and so are 2048 missing ones in a row: then nothing is written. */
AT_MUST enum at_err rtcp_twcc_put(struct rtcp_writer *w, struct rtcp_arrivals *arrivals);

#endif
