/* Turns the segments of an uploaded recording into one flat, seekable file and measures it: libavformat, stream copy only, nothing is
 * decoded (docs/decisions). The one place that reads hostile media, so each job runs in a process of its own, forked from the
 * remux role, without network, without a file system but the descriptors it was handed, with limits on memory and time. */
#ifndef AT_REMUX_REMUX_H
#define AT_REMUX_REMUX_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REMUX_SEGMENTS_MAX = 8, REMUX_MIME_MAX = 80 };

struct remux_job {
	uint64_t number; /* echoed in the result */
	bool video;
	uint32_t segments;  /* 1 to REMUX_SEGMENTS_MAX */
	int64_t max_ms;     /* longer is TOO_LARGE (2 s of grace are the caller's) */
	uint64_t max_bytes; /* of the output */
	/* 0: the segments are whole. Else the job is done ahead, while its one segment is being recorded: known_bytes of it are on disk,
	 * remux_more tells how it goes on, and in front of the file is room for the index of a recording of room_ms. */
	int64_t room_ms;
	uint64_t known_bytes;
};

/* To a job that is done ahead: its segment is on disk up to `bytes`, which never shrinks. LAST: that is all of it, now the result is
 * wanted. DROP: it is not wanted any more; there will be no result. */
struct remux_more {
	uint64_t number; /* of the job */
	enum remux_more_what { REMUX_MORE = 1, REMUX_LAST, REMUX_DROP } what;
	uint64_t bytes;
};

struct remux_result {
	uint64_t number;
	enum at_err err;           /* OK, UNREADABLE, TOO_LARGE, TIMEOUT, FULL, BUSY, UNAVAILABLE, INTERNAL */
	char mime[REMUX_MIME_MAX]; /* "audio/mp4; codecs=opus", ... */
	int64_t duration_ms;
	uint64_t bytes;
	uint32_t width, height; /* 0 without pictures */
	bool has_audio, has_video;
};

/* Does one job in this process: reads the segments, writes out_fd from its start. Chooses the container: MP4 with its index in
 * front; WebM with cues in front for VP8. */
struct remux_result remux_files(const struct remux_job *job, int out_fd, const int *segment_fds);
/* The same ahead: waits on more_fd for the rest (8 bytes a time: the length, its top bit set for the last), and syncs what it has
 * written as it goes, so that only the index and the end are left when the last comes. Any error means only that it has to be done
 * by remux_files: the index may not fit, or the container cannot be read from front to end. */
struct remux_result remux_ahead(const struct remux_job *job, int out_fd, int segment_fd, int more_fd);

/* The IPC bodies (fixed layout, big-endian). */
enum {
	REMUX_JOB_LEN = 8 + 1 + 4 + 8 + 8 + 8 + 8,
	REMUX_MORE_LEN = 8 + 1 + 8,
	REMUX_RESULT_LEN = 8 + 2 + REMUX_MIME_MAX + 8 + 8 + 4 + 4 + 1 + 1
};
void remux_job_put(const struct remux_job *job, uint8_t out[REMUX_JOB_LEN]);
AT_MUST enum at_err remux_job_parse(const void *body, size_t len, struct remux_job *job_out);
void remux_more_put(const struct remux_more *more, uint8_t out[REMUX_MORE_LEN]);
AT_MUST enum at_err remux_more_parse(const void *body, size_t len, struct remux_more *more_out);
void remux_result_put(const struct remux_result *result, uint8_t out[REMUX_RESULT_LEN]);
AT_MUST enum at_err remux_result_parse(const void *body, size_t len, struct remux_result *result_out);

/* The role's main: serves jobs from the supervisor's channel until IPC_STOP. Never returns. */
_Noreturn void remux_role_main(int supervisor_fd);

#endif
