/* A person's last second, as a window that ends now. */
#ifndef AT_MEDIA_SPEAKER_SPEAKER_PRIV_H
#define AT_MEDIA_SPEAKER_SPEAKER_PRIV_H

#include "media/speaker/speaker.h"

enum {
	SPEAKER_STEP_MS = 20,
	SPEAKER_VOICE = 0x80,
};

/* What the last second looks like, in samples. */
struct speaker_view {
	uint8_t all;    /* with speech */
	uint8_t recent; /* of these, in the last 560 ms */
	uint8_t newest; /* of these, in the last 100 ms */
	uint8_t silent; /* since the last one with speech, up to SPEAKER_SAMPLES */
	uint8_t loud;   /* of the last 400 ms, those that a ring is for */
};
void speaker_look(const struct speaker_person *p, int64_t now_us, struct speaker_view *out);

#endif
