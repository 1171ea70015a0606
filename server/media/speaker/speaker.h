/* Who speaks, from the audio levels in RTP (RFC 6464), with three answers that are never mixed:
 *   order   everyone, the most dominant first; each 300 ms. After Volfin and Cohen, "Dominant speaker identification for multipoint
 *           videoconferencing", 2012, in an integer form: a second of 20 ms samples a person, a noise floor of their own
 *   stage   whom to enlarge: the first of the order, held for at least 2 s
 *   ring    who is heard right now: a mark on the picture; each 200 ms
 * A cough (less than 300 ms) moves neither order nor stage.
 *
 * Sans-IO: no clock, no allocation, embedded in a room; its fields are this module's. Levels are placed by RTP time, so that jitter
 * and bursts do not look like speech or silence; pauses in sending (DTX) are silence, the gaps of 60 ms packets and of single losses
 * are not. One loop. */
#ifndef AT_MEDIA_SPEAKER_SPEAKER_H
#define AT_MEDIA_SPEAKER_SPEAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SPEAKER_PERSONS_MAX = 100,
	SPEAKER_NOBODY = 0,
	SPEAKER_SAMPLES = 50, /* of 20 ms */
	SPEAKER_ORDER_US = 300 * 1000,
	SPEAKER_RING_US = 200 * 1000,
	SPEAKER_STAGE_HOLD_US = 2000 * 1000,
	SPEAKER_SILENT_LEVEL = 127,
};

struct speaker_person {
	int64_t head;                     /* the newest sample's RTP time in 20 ms steps */
	int64_t heard_us, ring_until_us;  /* when a tick last saw that something had come */
	uint16_t floor_age;               /* in samples */
	uint8_t samples[SPEAKER_SAMPLES]; /* by RTP time modulo; loudness, 0 = silence, and the top bit for voice */
	uint8_t floor, floor_min, behind, gap; /* gap: steps between the last two */
	bool is_here, is_started, is_fresh, has_spoken;
};

struct speaker {
	struct speaker_person persons[SPEAKER_PERSONS_MAX];
	int64_t order_us, ring_us, stage_us;
	uint64_t ring[2];
	uint8_t order[SPEAKER_PERSONS_MAX];
	uint8_t count, stage;
	uint8_t pending; /* changes that the next tick tells */
};

void speaker_init(struct speaker *s, int64_t now_us);

/* A person is a number of the room's, 1 to SPEAKER_PERSONS_MAX. Joining twice starts anew, leaving when not there does nothing. */
void speaker_join(struct speaker *s, unsigned person);
/* The only reason for the stage to change before its 2 s are over. */
void speaker_leave(struct speaker *s, unsigned person);

/* One audio packet's level. rtp_ms: its RTP time, unwrapped, in ms of any zero. level: 0 (loudest) to 127 (silent), in -dBov; more is
 * taken as 127. is_voice: the V bit. Who is not there is ignored. Packets may come late, twice and in any order. */
void speaker_level(struct speaker *s, unsigned person, int64_t rtp_ms, unsigned level, bool is_voice);

enum speaker_change { SPEAKER_ORDER_CHANGED = 1, SPEAKER_STAGE_CHANGED = 2, SPEAKER_RING_CHANGED = 4 };
/* To be called every 20 to 100 ms. Gives what has changed since the last call, as bits. */
unsigned speaker_tick(struct speaker *s, int64_t now_us);

/* Writes up to max persons, the most dominant first, and gives how many. */
size_t speaker_order(const struct speaker *s, uint8_t *persons_out, size_t max);
unsigned speaker_stage(const struct speaker *s); /* SPEAKER_NOBODY until someone has spoken */
bool speaker_is_ringing(const struct speaker *s, unsigned person);
/* Bit p % 64 of word p / 64 is person p. */
void speaker_ring(const struct speaker *s, uint64_t ring_out[2]);

#endif
