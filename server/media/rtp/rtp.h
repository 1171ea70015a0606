/* The codecs of media over RTP: what a datagram is (RFC 7983, 5761), RTP packets with header extensions (RFC 3550, 8285), their
 * retransmission (RFC 4588) and clocks here; control packets in rtcp.h, VP8 in vp8.h, redundant audio in red.h.
 *
 * Sans-IO, without state, memory or clock of their own: what is parsed points into the caller's bytes and lives as long as they do.
 * Bytes come from a peer, so all of it is bounded by the datagram and by the maxima here, and whatever is no well-formed packet is
 * AT_ERR_BAD_REQUEST. Writers are given room by the caller; what nobody outside sizes and still does not fit is a programmer's error.
 * Any thread. */
#ifndef AT_MEDIA_RTP_RTP_H
#define AT_MEDIA_RTP_RTP_H

#include "base/err.h"
#include "media/rtp/red.h"
#include "media/rtp/rtcp.h"
#include "media/rtp/vp8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_HEAD_LEN = 12, /* without CSRCs and extensions */
	RTP_CSRCS_MAX = 15,
	RTP_ID_MAX = 16,      /* of a mid or rid: what a one-byte extension holds */
	RTP_HEADER_MAX = 160, /* no header that rtp_header_put writes is longer */
	RTP_RTX_LEN = 2,      /* what RFC 4588 puts between header and payload */
	RTP_PADDING_MAX = 255,
};

/* ---- what a datagram is ---- */

enum rtp_kind { RTP_KIND_NONE, RTP_KIND_STUN, RTP_KIND_DTLS, RTP_KIND_RTP, RTP_KIND_RTCP };
/* By the first two bytes and the least length of each; nothing more has been looked at. NONE: to be dropped (TURN channels and ZRTP
 * too, which are not ours). */
enum rtp_kind rtp_kind(const void *data, size_t len);

/* ---- packets ---- */

struct rtp_packet {
	const uint8_t *data;
	size_t len;
	uint32_t timestamp, ssrc;
	uint16_t seq;
	uint16_t ext_profile; /* 0xBEDE one-byte, 0x100x two-byte headers, others are not looked into */
	uint8_t payload_type; /* 7 bits */
	bool marker;
	bool has_padding;     /* the P bit */
	bool is_padding_only; /* no byte of payload, but padding: a probe */
	uint8_t padding_len;  /* the bytes cut off behind the payload, 0 = none */
	uint8_t csrc_count;
	const uint8_t *csrcs; /* 4 bytes each: rtp_csrc */
	const uint8_t *ext;   /* the block behind its 4 bytes of head; NULL = none */
	size_t ext_len;       /* a multiple of 4 */
	const uint8_t *payload;
	size_t payload_len; /* without padding */
};

/* A whole packet in the clear. BAD_REQUEST: not version 2, a CSRC count, extension or padding that its bytes do not hold, padding of 0. */
AT_MUST enum at_err rtp_parse(const void *data, size_t len, struct rtp_packet *packet_out);
/* The same in two steps, with the opening of SRTP between: of a sealed packet the header can be read (it is authenticated, not
 * encrypted), and the payload is everything behind it. Once opened in place, take the tag off payload_len and len, then the padding. */
AT_MUST enum at_err rtp_parse_header(const void *data, size_t len, struct rtp_packet *packet_out);
AT_MUST enum at_err rtp_cut_padding(struct rtp_packet *packet);
uint32_t rtp_csrc(const struct rtp_packet *packet, size_t i); /* i < csrc_count */

/* ---- header extensions (RFC 8285) ---- */

enum rtp_ext {
	RTP_EXT_MID,              /* RFC 9143 */
	RTP_EXT_RID,              /* RFC 8852 */
	RTP_EXT_REPAIRED_RID,     /* of the stream that an RTX packet repairs */
	RTP_EXT_AUDIO_LEVEL,      /* RFC 6464 */
	RTP_EXT_TRANSPORT_CC,     /* draft-holmer-rmcat-transport-wide-cc-extensions-01 */
	RTP_EXT_ABS_SEND_TIME,    /* of goog-remb */
	RTP_EXT_ABS_CAPTURE_TIME, /* only its first 8 bytes, not the offset of the clock */
	RTP_EXT_COUNT,
};
const char *rtp_ext_uri(enum rtp_ext ext); /* as in a=extmap; static storage */

/* Which number means what, per peer and m-section, as it was negotiated: 1 to 255, 0 = not in use. */
struct rtp_ext_ids {
	uint8_t of[RTP_EXT_COUNT];
};
/* No number twice, none above 14: what rtp_header_put can write. */
bool rtp_ext_ids_valid(const struct rtp_ext_ids *ids);

/* What a packet carries of them. A field means something only when its bit is set in `has`. */
struct rtp_exts {
	uint32_t has; /* 1 << enum rtp_ext */
	char mid[RTP_ID_MAX + 1], rid[RTP_ID_MAX + 1], repaired_rid[RTP_ID_MAX + 1];
	uint8_t level; /* 0 (loudest) to 127 (silence), in -dBov */
	bool is_voice;
	uint16_t transport_seq;
	uint32_t abs_send_time;    /* 24 bits: seconds in 6.18 */
	uint64_t abs_capture_time; /* NTP 32.32 */
};
static inline bool rtp_exts_have(const struct rtp_exts *exts, enum rtp_ext ext)
{
	return exts->has & 1U << ext;
}

/* One-byte and two-byte headers. Numbers without a role are passed over, and so are elements whose size is not their role's and names
 * that are no 1 to 16 visible ASCII characters; of two with the same number the last counts. BAD_REQUEST: an element beyond the block. */
AT_MUST enum at_err rtp_exts_read(const struct rtp_packet *packet, const struct rtp_ext_ids *ids,
				  struct rtp_exts *exts_out);

/* ---- writing ---- */

struct rtp_header {
	uint8_t payload_type;
	bool marker;
	bool has_padding; /* rtp_padding_put then follows the payload */
	uint16_t seq;
	uint32_t timestamp, ssrc;
	const uint32_t *csrcs;
	uint8_t csrc_count;            /* 0 to RTP_CSRCS_MAX */
	const struct rtp_ext_ids *ids; /* NULL = no extensions */
	const struct rtp_exts *exts;   /* those that it has and ids numbers 1 to 14 are written, as one-byte headers */
};
/* Gives the length. Names in exts are 1 to 16 bytes. */
size_t rtp_header_put(const struct rtp_header *header, uint8_t out[RTP_HEADER_MAX]);
/* The header of a retransmission: its own payload type, ssrc and seq, then the number the packet was first sent under. */
size_t rtp_rtx_put(const struct rtp_header *header, uint16_t original_seq, uint8_t out[RTP_HEADER_MAX + RTP_RTX_LEN]);
/* 1 to RTP_PADDING_MAX bytes, the last of them their number. */
void rtp_padding_put(uint8_t *out, size_t len);

/* Makes the packet that was lost out of its retransmission (RFC 4588): seq, payload and the two given here are then those of the
 * original; `data` still holds the RTX packet. BAD_REQUEST when there is no original in it (padding only: look first). */
AT_MUST enum at_err rtp_rtx_unwrap(struct rtp_packet *packet, uint8_t payload_type, uint32_t ssrc);

/* ---- numbers that wrap ---- */

/* The number nearest to `last` whose low 16 (32) bits are seq (timestamp); never below 0. Begin with RTP_SEQ_FIRST + seq
 * (RTP_TIMESTAMP_FIRST + timestamp), so that there is room for what was sent before the first that came. */
#define RTP_SEQ_FIRST ((uint64_t)1 << 16)
#define RTP_TIMESTAMP_FIRST ((uint64_t)1 << 32)
uint64_t rtp_seq_extend(uint64_t last, uint16_t seq);
uint64_t rtp_timestamp_extend(uint64_t last, uint32_t timestamp);
/* How far a is ahead of b, negative when it is behind. */
static inline int16_t rtp_seq_diff(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(a - b);
}
static inline int32_t rtp_timestamp_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* ---- clocks ---- */

/* Microseconds since 1970 and NTP's 32.32 seconds since 1900, as in sender reports. Exact to the microsecond both ways, 1970 to 2104. */
uint64_t rtp_ntp_of_us(int64_t unix_us);
int64_t rtp_us_of_ntp(uint64_t ntp);
uint32_t rtp_ntp_middle(uint64_t ntp); /* as LSR */
/* Spans in NTP's 16.16 seconds, as DLSR: below 0 is 0, from 65536 s on all ones. */
uint32_t rtp_span_of_us(int64_t us);
int64_t rtp_us_of_span(uint32_t span);
uint32_t rtp_abs_send_time(int64_t us); /* 24 bits, wraps each 64 s */

#endif
