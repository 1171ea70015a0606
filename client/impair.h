/* One way of a bad network: packets go in, and come out later, fewer, twice, damaged or in another order. Pure: time is an argument (us,
 * any origin, never backwards), and all chance comes from the seed, so that what happened can be made to happen again. */
#ifndef AT_CLIENT_IMPAIR_H
#define AT_CLIENT_IMPAIR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	IMPAIR_PACKET_MAX = 2048,
	IMPAIR_QUEUE_MAX = 8192,          /* packets under way; what comes on top is dropped */
	IMPAIR_REORDER_US = 30 * 1000,    /* who is overtaken waits so much longer */
	IMPAIR_RATE_WAIT_US = 200 * 1000, /* the buffer in front of a slow link, in time */
};

struct impair_settings {
	double loss; /* share of packets, 0 to 1 */
	/* packets lost in a row, on average; up to 1: each by itself, above: Gilbert-Elliott */
	double burst;
	int64_t delay_us, jitter_us; /* jitter: 0 to so much on top, the order kept */
	double reorder;              /* share that is overtaken by those behind it */
	double duplicate, corrupt;   /* share that comes twice; share with one bit turned */
	uint32_t rate_bits_s;        /* 0 = no limit */
	bool cut;                    /* nothing passes */
};
/* "loss 10", "burst 10 4" (loss in percent, length), "delay 50 20" (ms, jitter in ms), "reorder 5", "duplicate 1", "corrupt 1" (percent),
 * "rate 500" (kbit/s), "cut", "clear" (all as it was at first). BAD_REQUEST: none of these, or a number out of range. */
AT_MUST enum at_err impair_settings_set(struct impair_settings *settings, const char *line);

struct impair_counts {
	uint64_t in, out, lost, overflown, doubled, corrupted, overtaken;
};

struct impair;
struct impair *impair_new(uint64_t seed);
void impair_free(struct impair **impair);
void impair_set(struct impair *impair, const struct impair_settings *settings); /* for what comes in from now on */
const struct impair_counts *impair_counts(const struct impair *impair);

/* len up to IMPAIR_PACKET_MAX. tag comes out with it. */
void impair_put(struct impair *impair, int64_t now_us, const void *data, size_t len, uint32_t tag);
/* When the next one is due; INT64_MAX = none under way. */
int64_t impair_due_us(const struct impair *impair);
struct impair_packet {
	const uint8_t *data; /* until the next call */
	size_t len;
	uint32_t tag;
};
bool impair_take(struct impair *impair, int64_t now_us, struct impair_packet *packet_out);

#endif
