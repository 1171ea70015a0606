#include "media/speaker/speaker_priv.h"

enum {
	SPEECH = 70, /* loudness: -57 dBov. Signal's */
	ABOVE_FLOOR = 10,
	FLOOR_MAX = 80, /* what is louder than -47 dBov is no noise, however long it lasts */
	FLOOR_SAMPLES = 15 * 1000 / SPEAKER_STEP_MS,
	FLOOR_RUN = 3, /* so many samples below it, and it falls */
	RING = 92,     /* -35 dBov; with the voice bit 10 dB less */
	RING_VOICE = 82,
	RING_SAMPLES = 20,
	RECENT_SAMPLES = 28,
	NEWEST_SAMPLES = 5,
	FILL_STEPS = 6,        /* a gap up to 120 ms is loss or a long packet, a longer one a pause */
	PAUSE_US = 200 * 1000, /* nothing has come for so long: it is silent */
	BEHIND_MAX = 3,
};

static uint8_t *sample_at(struct speaker_person *p, int64_t at)
{
	int64_t i = at % SPEAKER_SAMPLES;
	return &p->samples[i < 0 ? i + SPEAKER_SAMPLES : i];
}

static uint8_t loudness_at(const struct speaker_person *p, int64_t at)
{
	return *sample_at((struct speaker_person *)p, at) & (uint8_t)~SPEAKER_VOICE;
}

/* ---- noise floor ---- */

static unsigned root(unsigned square)
{
	unsigned r = 0;
	while ((r + 1) * (r + 1) <= square)
		r++;
	return r;
}

/* Falls at once to what a few samples in a row stay below; rises every 15 s towards the quietest of that time. Silence says nothing. */
static void follow_floor(struct speaker_person *p, int64_t at)
{
	uint8_t loudest = 0;
	for (int i = 0; i < FLOOR_RUN; i++) {
		uint8_t l = loudness_at(p, at - i);
		if (!l)
			return;
		loudest = l > loudest ? l : loudest;
	}
	if (loudest < p->floor)
		p->floor = loudest;
	if (loudest < p->floor_min)
		p->floor_min = loudest;
	if (++p->floor_age < FLOOR_SAMPLES)
		return;
	unsigned floor = root((unsigned)p->floor * p->floor_min);
	p->floor = (uint8_t)(floor < FLOOR_MAX ? floor : FLOOR_MAX);
	p->floor_age = 0;
	p->floor_min = SPEAKER_SILENT_LEVEL;
}

/* ---- placing ---- */

static void start(struct speaker_person *p, int64_t at)
{
	for (int i = 0; i < SPEAKER_SAMPLES; i++)
		p->samples[i] = 0;
	p->head = at;
	p->behind = 0;
	p->is_started = true;
}

/* Between the last sample and this one: of this one's packet when they come at such intervals, as loud as the quieter of both within
 * another short gap (loss), else silent. */
static void fill(struct speaker_person *p, int64_t at, uint8_t loudness)
{
	int64_t gap = at - p->head;
	if (gap >= SPEAKER_SAMPLES) {
		start(p, at);
		return;
	}
	uint8_t last = loudness_at(p, p->head), between = last < loudness ? last : loudness;
	if (gap == p->gap)
		between = loudness;
	for (int64_t i = p->head + 1; i < at; i++)
		*sample_at(p, i) = gap <= FILL_STEPS ? between : 0;
	p->gap = (uint8_t)gap;
	p->head = at;
}

static bool place(struct speaker_person *p, int64_t at, uint8_t loudness)
{
	if (!p->is_started)
		start(p, at);
	else if (at > p->head)
		fill(p, at, loudness);
	else if (at > p->head - SPEAKER_SAMPLES)
		return true;
	else if (++p->behind < BEHIND_MAX)
		return false;
	else /* not late: their clock has started anew */
		start(p, at);
	p->behind = 0;
	return true;
}

void speaker_level(struct speaker *s, unsigned person, int64_t rtp_ms, unsigned level, bool is_voice)
{
	if (person < 1 || person > SPEAKER_PERSONS_MAX || !s->persons[person - 1].is_here)
		return;
	struct speaker_person *p = &s->persons[person - 1];
	unsigned loudness = SPEAKER_SILENT_LEVEL - (level < SPEAKER_SILENT_LEVEL ? level : SPEAKER_SILENT_LEVEL);
	int64_t at = rtp_ms / SPEAKER_STEP_MS - (rtp_ms % SPEAKER_STEP_MS < 0);
	p->is_fresh = true;
	if (!place(p, at, (uint8_t)loudness))
		return;
	*sample_at(p, at) = (uint8_t)(loudness | (is_voice ? SPEAKER_VOICE : 0u));
	if (at == p->head)
		follow_floor(p, at);
}

/* ---- looking ---- */

static bool is_speech(const struct speaker_person *p, int64_t at)
{
	unsigned loudness = loudness_at(p, at);
	return loudness > SPEECH && loudness >= (unsigned)p->floor + ABOVE_FLOOR;
}

static bool is_loud(const struct speaker_person *p, int64_t at)
{
	bool is_voice = *sample_at((struct speaker_person *)p, at) & SPEAKER_VOICE;
	return is_speech(p, at) && loudness_at(p, at) >= (is_voice ? RING_VOICE : RING);
}

static int64_t paused_steps(const struct speaker_person *p, int64_t now_us)
{
	int64_t paused_us = now_us - p->heard_us;
	if (!p->is_started || paused_us > SPEAKER_SAMPLES * SPEAKER_STEP_MS * 1000)
		return SPEAKER_SAMPLES;
	return paused_us < PAUSE_US ? 0 : paused_us / (SPEAKER_STEP_MS * 1000);
}

void speaker_look(const struct speaker_person *p, int64_t now_us, struct speaker_view *out)
{
	int64_t paused = paused_steps(p, now_us);
	*out = (struct speaker_view){.silent = SPEAKER_SAMPLES};
	for (int i = (int)paused; i < SPEAKER_SAMPLES; i++) {
		int64_t at = p->head - (i - paused);
		if (!is_speech(p, at))
			continue;
		out->silent = out->all ? out->silent : (uint8_t)i;
		out->all++;
		if (i < RECENT_SAMPLES)
			out->recent++;
		if (i < NEWEST_SAMPLES)
			out->newest++;
		if (i < RING_SAMPLES && is_loud(p, at))
			out->loud++;
	}
}
