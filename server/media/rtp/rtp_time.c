#include "media/rtp/rtp.h"

enum { US = 1000000 };
#define NTP_OF_1970 2208988800ULL

static uint64_t extend(uint64_t last, int64_t ahead, uint64_t period)
{
	if (ahead < 0 && last < (uint64_t)-ahead)
		return last + (uint64_t)(ahead + (int64_t)period);
	return last + (uint64_t)ahead;
}

uint64_t rtp_seq_extend(uint64_t last, uint16_t seq)
{
	return extend(last, rtp_seq_diff(seq, (uint16_t)last), RTP_SEQ_FIRST);
}

uint64_t rtp_timestamp_extend(uint64_t last, uint32_t timestamp)
{
	return extend(last, rtp_timestamp_diff(timestamp, (uint32_t)last), RTP_TIMESTAMP_FIRST);
}

/* Below the microsecond there is room for 12 bits; rounding up makes the way back exact. */
static uint64_t fraction_of_us(uint64_t us, unsigned bits)
{
	return ((us << bits) + US - 1) / US;
}

uint64_t rtp_ntp_of_us(int64_t unix_us)
{
	uint64_t us = (uint64_t)unix_us;
	return (us / US + NTP_OF_1970) << 32 | fraction_of_us(us % US, 32);
}

int64_t rtp_us_of_ntp(uint64_t ntp)
{
	/* Without the top bit it is of the era that begins in 2036 (RFC 4330 section 3). */
	uint64_t era = ntp >> 63 ? 0 : (uint64_t)1 << 32;
	int64_t seconds = (int64_t)((ntp >> 32) + era) - (int64_t)NTP_OF_1970;
	return seconds * US + (int64_t)((ntp & UINT32_MAX) * US >> 32);
}

uint32_t rtp_ntp_middle(uint64_t ntp)
{
	return (uint32_t)(ntp >> 16);
}

uint32_t rtp_span_of_us(int64_t us)
{
	if (us <= 0)
		return 0;
	if (us / US >= 0x10000)
		return UINT32_MAX;
	return (uint32_t)(((uint64_t)us << 16) / US);
}

int64_t rtp_us_of_span(uint32_t span)
{
	return (int64_t)((uint64_t)span * US >> 16);
}

uint32_t rtp_abs_send_time(int64_t us)
{
	/* Reduced first: the shift would lose the top of a clock that began in 1970. */
	uint64_t in_period = (uint64_t)us % (64ULL * US);
	return (uint32_t)((in_period << 18) / US) & 0xffffff;
}
