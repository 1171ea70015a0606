/* The load that script/bench sfu puts on a server, ours or another: publishers of VP8 in frames of four packets and of Opus, with real
 * transports, and subscribers who count. What arrives is checked for gaps by sequence number; each 11th subscriber, the
 * first and the last of a hundred among them, opens every packet and reads when it was sent. One thread, which never sleeps while a round runs. */
#ifndef AT_BENCH_SFU_LOAD_H
#define AT_BENCH_SFU_LOAD_H

#include "bench/rtc_peer.h"
#include "media/rtp/rtp.h"

#include <sys/types.h>

enum {
	LOAD_OPUS = 111,
	LOAD_RED = 63,
	LOAD_VP8 = 96,
	LOAD_RTX = 97,
	LOAD_EXT_LEVEL = 1, /* audio's; of video: */
	LOAD_EXT_TWCC = 3,
	LOAD_EXT_MID = 4, /* of both */
	LOAD_EXT_RID = 10,
	LOAD_EXT_RRID = 11,
	LOAD_LAYERS = 3,
	LOAD_FRAME = 4,    /* packets */
	LOAD_VIDEO = 1100, /* bytes of a payload */
	LOAD_AUDIO = 100,
	LOAD_AUDIO_PPS = 50,
	LOAD_SAMPLED = 11, /* of a hundred subscribers the first, the last and those in between read times */
	LOAD_SEEN = 4,
	LOAD_TWCC = 1024,
	LOAD_SAMPLES_MAX = 1000 * 1000,
};

struct load_stream { /* that a publisher sends */
	uint32_t ssrc, timestamp;
	uint64_t seq; /* with its wraps */
	char mid[2], rid[2];
	uint16_t picture_id;
	uint8_t tl0;
	bool key_wanted;
};

struct load_pub {
	struct rtc_peer peer;
	bool has_exts; /* header extensions were negotiated */
	uint16_t twcc_seq;
	struct load_stream audio, video[LOAD_LAYERS];
	uint64_t feedbacks, plis; /* that came */
};

struct load_sub {
	struct rtc_peer peer;
	bool is_sampled, has_twcc; /* has_twcc: answers with transport-cc, each 50 ms */
	struct {
		uint32_t ssrc;
		uint16_t highest;
	} seen[LOAD_SEEN];
	uint64_t received, expected, messages, reds;
	int64_t arrived_ns; /* the last one: packets of one GSO message have one time */
	int64_t ticks[LOAD_TWCC];
	uint16_t twcc_base, twcc_end;
	bool twcc_started;
	uint8_t feedback_seq;
	uint64_t feedback_ns;
	uint32_t media_ssrc, voice_ssrc;
};

struct load {
	struct load_pub *pubs;
	struct load_sub *subs;
	size_t pub_count, sub_count;
	void (*while_fn)(void *arg); /* a few times a second: what else must be served */
	void *while_arg;
};
void load_new(struct load *load, size_t pubs, size_t subs, struct in_addr ip); /* transports opened, not aimed */
void load_free(struct load *load);
void load_connect(struct load *load); /* all of them, once aimed */
/* Every subscriber that has heard a voice reports that a tenth of it was lost. */
void load_report_loss(struct load *load);
/* Idle for so long, but for checks. */
void load_rest(struct load *load, double seconds);
/* One frame of each layer (or of the first only), or one packet of audio. */
void load_send_video(struct load_pub *pub, size_t layers);
void load_send_audio(struct load_pub *pub);

struct load_plan {
	double rate; /* packets a second that leave the server, to all subscribers together */
	double warm_s, seconds;
	bool is_audio; /* nothing but audio */
	pid_t server;
};

struct load_result {
	uint64_t offered, received, lost; /* packets; lost: gaps between those that came */
	double cpu_s, wall_s;             /* the server's; the time in which packets were sent */
	double per_cpu_s;                 /* received by a second of the server's processor time */
	double per_message; /* packets that were sent as one, as far as their common time of arrival tells */
	double share;       /* of the processor that the server took */
	double late_share;  /* of frames that left more than 1 ms late, when the next was due already */
	double late_ms;     /* the worst of them */
	size_t samples;
	double p50_us, p99_us; /* from before sealing at the publisher until the kernel had it at the subscriber */
};
void load_run(struct load *load, const struct load_plan *plan, struct load_result *result_out);

uint64_t load_cpu_ns(pid_t pid); /* of all threads of a process */

#endif
