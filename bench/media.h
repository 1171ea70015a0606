/* A media role for load generators, run as it is in the server: in a process of its own, behind its sandbox. This side stands for the
 * supervisor and for core. One at a time. */
#ifndef AT_BENCH_MEDIA_H
#define AT_BENCH_MEDIA_H

#include "base/loop.h"
#include "base/str.h"
#include "media/ice/ice.h"
#include "media/role/role.h"
#include "media/role/role_room.h"

#include <sys/types.h>

struct bench_call {
	struct at_id id;
	struct ice_credentials creds[2];
};

struct bench_media {
	pid_t pid;
	uint16_t port;
	struct at_loop *loop;
	size_t opened;
	uint64_t events[MEDIA_EVENT_COUNT];
	uint64_t room_events[SFU_EVENT_COUNT];
	struct media_room_news joined; /* the last answer to a JOIN */
	uint64_t joins;
};

/* cpu: it is pinned to it; -1 = not. Dies with a message when it cannot. */
void bench_media_start(struct bench_media *media, size_t calls_max, int cpu);
void bench_media_start_with(struct bench_media *media, const struct media_options *options, int cpu);
void bench_media_stop(struct bench_media *media);
/* Makes calls[from..to) and opens them, their gates too. */
void bench_media_open(struct bench_media *media, struct bench_call *calls, size_t from, size_t to,
		      uint32_t rate_bits_s);
void bench_media_hear(struct bench_media *media); /* what it has said meanwhile */
struct media_stats bench_media_ask(struct bench_media *media, const struct bench_call *call);
/* A command about a room; JOIN waits for its answer, which is then in media->joined, and dies when it is a refusal. */
void bench_media_room(struct bench_media *media, const struct media_room_do *cmd);
/* A check of one leg; gives its length. */
size_t bench_media_check(struct ice *ice, const struct bench_call *call, unsigned leg, uint8_t out[ICE_PACKET_MAX]);

void bench_pin(int cpu);

#endif
