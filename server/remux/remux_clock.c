#include "remux/remux_priv.h"

enum {
	/* a jump of more, either way, is not meant: the machine slept, or the file lies */
	HOLE_MAX_US = 5000000,
	UNEVEN_US = 40000,      /* sound this far off its own count is not a hole */
	STEP_MIN_US = 1000,     /* between pictures: WebM counts milliseconds */
	PICTURE_US = 40000,     /* how long the last picture stands, at most: sound says when a note is over */
	AHEAD_MAX_US = 2000000, /* how far a picture may be shown after it is decoded */
};

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t remux_clock_end_us(const struct remux_clock *clock)
{
	return larger(clock->track[REMUX_AUDIO].next_us, clock->track[REMUX_VIDEO].next_us);
}

void remux_clock_segment(struct remux_clock *clock, int64_t origin_us)
{
	clock->base_us = remux_clock_end_us(clock);
	clock->origin_us = origin_us;
	clock->newest_us = origin_us;
}

/* The packet's decoding time in the file, before its own track has a say. Input times may be anything, so sums are checked. */
static int64_t place(struct remux_clock *clock, const struct remux_packet *packet, int64_t expected_us)
{
	int64_t at = packet->dts_us != REMUX_NO_TIME ? packet->dts_us : packet->pts_us;
	int64_t jump, origin, in_segment, in_file;
	if (at == REMUX_NO_TIME)
		return expected_us;
	if (__builtin_sub_overflow(at, clock->newest_us, &jump))
		return expected_us;
	if (jump > HOLE_MAX_US || jump < -HOLE_MAX_US) {
		if (__builtin_add_overflow(clock->origin_us, jump, &origin))
			return expected_us;
		clock->origin_us = origin;
		clock->newest_us = at;
	}
	clock->newest_us = larger(clock->newest_us, at);
	if (__builtin_sub_overflow(at, clock->origin_us, &in_segment) ||
	    __builtin_add_overflow(in_segment, clock->base_us, &in_file))
		return expected_us;
	return in_file;
}

static void stamp_sound(struct remux_clock *clock, struct remux_packet *packet)
{
	int64_t expected = clock->track[REMUX_AUDIO].next_us;
	int64_t at = place(clock, packet, expected);
	bool is_first = !clock->track[REMUX_AUDIO].started;
	/* The first packet stands at 0, so that no edit list is needed; the next ones where they belong. */
	if (is_first || at < expected + UNEVEN_US)
		at = expected;
	packet->dts_us = packet->pts_us = at;
	clock->track[REMUX_AUDIO].last_us = at;
	clock->track[REMUX_AUDIO].next_us = at + packet->len_us;
	clock->track[REMUX_AUDIO].started = true;
}

static void stamp_picture(struct remux_clock *clock, struct remux_packet *packet)
{
	int64_t shown_after = 0;
	if (packet->dts_us != REMUX_NO_TIME && packet->pts_us != REMUX_NO_TIME &&
	    (__builtin_sub_overflow(packet->pts_us, packet->dts_us, &shown_after) || shown_after < 0 ||
	     shown_after > AHEAD_MAX_US))
		shown_after = 0;
	int64_t last = clock->track[REMUX_VIDEO].last_us;
	int64_t at = place(clock, packet, clock->track[REMUX_VIDEO].next_us);
	if (!clock->track[REMUX_VIDEO].started)
		at = 0;
	else if (at < last + STEP_MIN_US)
		at = last + STEP_MIN_US;
	packet->len_us = clock->track[REMUX_VIDEO].started && at - last < PICTURE_US ? at - last : PICTURE_US;
	packet->dts_us = at;
	packet->pts_us = at + shown_after;
	clock->track[REMUX_VIDEO].last_us = at;
	clock->track[REMUX_VIDEO].next_us = larger(clock->track[REMUX_VIDEO].next_us, packet->pts_us + packet->len_us);
	clock->track[REMUX_VIDEO].started = true;
}

void remux_clock_stamp(struct remux_clock *clock, struct remux_packet *packet)
{
	if (packet->track == REMUX_AUDIO)
		stamp_sound(clock, packet);
	else
		stamp_picture(clock, packet);
}
