/* Who speaks: one order, stage and mark for the whole room. */
#include "media/sfu/sfu_priv.h"

static void set_stage(struct sfu_room *room)
{
	unsigned person = speaker_stage(room->speaker);
	const struct sfu_peer *peer = person ? room->persons[person] : NULL;
	uint32_t number = peer ? peer->number : 0;
	if (number == room->stage)
		return;
	if (room->stage)
		room->before = room->stage;
	room->stage = number;
}

static bool has_more_voices_than(const struct sfu_room *room, size_t slots)
{
	size_t n = 0;
	for (size_t i = 1; i <= SPEAKER_PERSONS_MAX; i++)
		n += room->persons[i] != NULL;
	return n > slots;
}

void speaker_run(struct sfu_room *room, int64_t now_us)
{
	struct sfu *sfu;
	room->speaker_us = now_us;
	if (!room->peer_count)
		return;
	sfu = room->peers[0]->sfu;
	unsigned changes = speaker_tick(room->speaker, now_us);
	if (changes & SPEAKER_STAGE_CHANGED)
		set_stage(room);
	if (changes)
		room->speakers_due = true;
	if (changes && has_more_voices_than(room, 1))
		for (uint32_t i = 0; i < room->peer_count; i++)
			audio_map(room->peers[i]);
	if (!room->speakers_due || now_us - room->told_us < SPEAKER_RING_US)
		return;
	room->speakers_due = false;
	room->told_us = now_us;
	if (!room->event_link.next)
		at_list_push(&sfu->room_events, &room->event_link);
}
