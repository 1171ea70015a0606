/* Recordings made by real browsers (test/media), memory files, and a look at what came out. */
#ifndef AT_REMUX_REMUX_TESTKIT_H
#define AT_REMUX_REMUX_TESTKIT_H

#include "remux/remux.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording {
	const char *name;
	bool video;
	const char *mime; /* what it becomes */
	int64_t ms;       /* what it holds, by counting its packets with another program */
	uint32_t width;
};
extern const struct recording recordings[];
extern const size_t recording_count;

struct bytes {
	uint8_t *data;
	size_t len;
};
struct bytes load_media(const char *name);     /* from test/media; free(data) */
int memory_file(const void *data, size_t len); /* a descriptor */
int load_media_fd(const char *name);
struct bytes read_back(int fd);
struct remux_job job_for(bool video, uint32_t segments);
/* One segment through remux_files; out_fd is a new memory file. */
struct remux_result remux_bytes(bool video, const void *data, size_t len, int *out_fd);

/* The order of things in the file: whether the index stands before the media, and the whole is as long as its parts say. */
bool is_flat_mp4(struct bytes file);
bool is_flat_webm(struct bytes file);
/* mvhd's duration, or the Segment Info's. */
int64_t told_ms(struct bytes file);

#endif
