/* Hostile recordings: the first byte says whether pictures are wanted, and where the bytes are cut in two segments, or that the one there is
 * is made flat ahead, and how much of it is there at first. */
#include "base/buf.h"
#include "remux/remux.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libavformat forgets buffers when it gives up in the middle of an index. A job's process ends right after. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libavutil\nleak:libavformat\n";
}

/* Files that are made once and filled anew for every input. */
enum { OUT, FIRST, SECOND, FILES };

static int file_of(int which, const uint8_t *data, size_t len)
{
	static int fds[FILES] = {-1, -1, -1};
	if (fds[which] < 0)
		fds[which] = memfd_create("segment", MFD_CLOEXEC);
	int fd = fds[which];
	if (fd < 0 || ftruncate(fd, (off_t)len) || pwrite(fd, data, len, 0) != (ssize_t)len)
		abort();
	return fd;
}

static struct remux_result ahead(struct remux_job *job, int out, int segment, size_t len, unsigned first)
{
	int more[2];
	uint8_t words[2][8];
	job->room_ms = 6000;
	job->known_bytes = len * first / 32;
	at_put_u64(words[0], (job->known_bytes + len) / 2);
	at_put_u64(words[1], len | 1ULL << 63);
	if (pipe(more) || write(more[1], words, sizeof(words)) != (ssize_t)sizeof(words))
		abort();
	struct remux_result result = remux_ahead(job, out, segment, more[0]);
	close(more[0]);
	close(more[1]);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1)
		return 0;
	uint8_t flags = data[0];
	size_t cut = flags & 2 ? len * (flags >> 2) / 64 : 0;
	struct remux_job job = {.video = flags & 1, .segments = 1, .max_ms = 182000, .max_bytes = 1 << 24};
	int fds[2] = {-1, -1}, out = file_of(OUT, NULL, 0);
	if (cut > 1 && cut < len) {
		fds[0] = file_of(FIRST, data + 1, cut - 1);
		fds[1] = file_of(SECOND, data + cut, len - cut);
		job.segments = 2;
	} else {
		fds[0] = file_of(FIRST, data + 1, len - 1);
	}
	bool is_ahead = !(flags & 2) && (flags & 4);
	struct remux_result result =
		is_ahead ? ahead(&job, out, fds[0], len - 1, flags >> 3) : remux_files(&job, out, fds);
	struct remux_result parsed;
	uint8_t body[REMUX_RESULT_LEN];
	remux_result_put(&result, body);
	if (remux_result_parse(body, sizeof(body), &parsed) ||
	    (!result.err && (!result.bytes || result.duration_ms > job.max_ms)))
		abort();
	return 0;
}
