/* The parts of one remux job: reading a segment (remux_in), its timeline (remux_clock, pure), writing the file (remux_out). All in
 * one process and one thread. Times are microseconds. */
#ifndef AT_REMUX_REMUX_PRIV_H
#define AT_REMUX_REMUX_PRIV_H

#include "base/err.h"
#include "remux/remux.h"

#include <libavcodec/packet.h>
#include <libavformat/avformat.h>

enum remux_track { REMUX_AUDIO, REMUX_VIDEO, REMUX_TRACKS };

enum {
	REMUX_HELD_MAX = 256,       /* packets looked at to find where a segment begins */
	REMUX_PACKETS_MAX = 200000, /* of a whole job */
	REMUX_PACKET_MAX = 4 << 20, /* bytes of one */
	REMUX_SIDE_MAX = 4096,      /* pixels */
	REMUX_IO_LEN = 64 * 1024,
};

#define REMUX_NO_TIME INT64_MIN

struct remux_packet {
	AVPacket *av;
	enum remux_track track;
	int64_t dts_us, pts_us; /* of the input; REMUX_NO_TIME when it tells none */
	int64_t len_us;         /* how long it plays; of pictures, remux_clock says */
	bool key;
};

/* ---- one segment, read ---- */

/* What is known of a segment that is still being recorded. */
struct remux_tail {
	int fd; /* where it is told how it goes on */
	int64_t bytes;
	bool is_last, is_gone; /* gone: nobody tells it any more */
};

struct remux_in {
	int fd;
	struct remux_tail *tail;   /* NULL: it is whole */
	int64_t pos, size, budget; /* budget: bytes that may still be read, so that a file that loops ends */
	AVIOContext *io;
	AVFormatContext *av;
	int stream[REMUX_TRACKS]; /* index, -1 = none */
	bool seen_key;
	struct remux_packet held[REMUX_HELD_MAX];
	size_t held_n, held_next;
	int64_t origin_us; /* its earliest time */
};

/* Opens and finds the tracks: one of sound, and one of pictures if video is wanted. UNREADABLE: nothing that we take. After an error
 * there is nothing to close. */
AT_MUST enum at_err remux_in_open(int fd, bool video, struct remux_in *in_out);
/* The same with a segment that grows to at most max_bytes; reading waits for it. */
AT_MUST enum at_err remux_in_follow(int fd, bool video, struct remux_tail *tail, uint64_t max_bytes,
				    struct remux_in *in_out);
void remux_in_close(struct remux_in *in);
/* The next whole packet; the caller unrefs packet_out->av, which it gave. GONE at the end, be it the true one or where it is cut. */
AT_MUST enum at_err remux_in_read(struct remux_in *in, struct remux_packet *packet_out);
const AVStream *remux_in_stream(const struct remux_in *in, enum remux_track track); /* NULL = none */
/* RFC 6716 section 3.1: how long an Opus packet plays; 0 when it cannot be one. */
int64_t remux_opus_us(const uint8_t *data, size_t len);

/* ---- the timeline of the whole file ---- */

/* Browsers' recordings have coarse, uneven or false times. Sound follows its own packets as long as the times differ little, a hole (a
 * recorder that fell silent) stays a hole, one too long to be meant is closed. Nothing ever goes back. */
struct remux_clock {
	int64_t base_us;   /* where this segment starts in the file */
	int64_t origin_us; /* the input's time that is base_us */
	int64_t newest_us; /* of the segment, in input time */
	struct {
		bool started;
		int64_t last_us, next_us; /* the last packet's time, and its end */
	} track[REMUX_TRACKS];
};

void remux_clock_segment(struct remux_clock *clock, int64_t origin_us);
/* Sets the packet's times to those of the file. */
void remux_clock_stamp(struct remux_clock *clock, struct remux_packet *packet);
int64_t remux_clock_end_us(const struct remux_clock *clock);

/* ---- the file ---- */

struct remux_out {
	int fd;
	int64_t pos, size, max;
	enum at_err failed; /* why a write failed */
	AVIOContext *io;
	AVFormatContext *av;
	int stream[REMUX_TRACKS];
	bool is_webm, begun;
	int64_t room_ms;    /* not 0: done ahead, see remux.h */
	int64_t index_room; /* bytes */
	int64_t unsynced;
	uint32_t packets[REMUX_TRACKS], keys;
};

/* Chooses the container by the first segment's tracks and writes the head. */
AT_MUST enum at_err remux_out_open(struct remux_out *out, int fd, const struct remux_job *job,
				   const struct remux_in *in);
AT_MUST enum at_err remux_out_write(struct remux_out *out, struct remux_packet *packet);
AT_MUST enum at_err remux_out_finish(struct remux_out *out);
void remux_out_close(struct remux_out *out);
const AVStream *remux_out_stream(const struct remux_out *out, enum remux_track track);
/* mime, size in pixels, which tracks there are. */
void remux_out_describe(const struct remux_out *out, struct remux_result *result);

/* ---- several segments as one ---- */

/* Whether a segment may follow in this file; UNREADABLE when not. *headers_out: its parameter sets must go before each keyframe. */
AT_MUST enum at_err remux_join_check(const struct remux_out *out, const struct remux_in *in, bool *headers_out);
/* Puts the parameter sets of an H.264 segment (ISO 14496-15, avcC) in front of a keyframe. */
AT_MUST enum at_err remux_join_headers(const AVCodecParameters *par, AVPacket *packet);

#endif
