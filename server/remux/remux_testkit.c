#include "remux/remux_testkit.h"

#include "base/buf.h"
#include "base/test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *__lsan_default_suppressions(void);

/* libavformat forgets buffers when it gives up in the middle of an index. A job's process ends right after; a test's does not. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libavutil\nleak:libavformat\n";
}

const struct recording recordings[] = {
	{"chromium-opus.webm", false, "audio/mp4; codecs=opus", 4020, 0},
	{"chromium-opus.mp4", false, "audio/mp4; codecs=opus", 4020, 0},
	{"chromium-opus-pause.mp4", false, "audio/mp4; codecs=opus", 3000, 0},
	{"firefox-opus.webm", false, "audio/mp4; codecs=opus", 3320, 0},
	{"firefox-opus.ogg", false, "audio/mp4; codecs=opus", 4002, 0},
	{"chromium-vp8.webm", true, "video/webm; codecs=vp8,opus", 3060, 240},
	{"firefox-vp8.webm", true, "video/webm; codecs=vp8,opus", 3113, 160},
	{"chromium-vp9.webm", true, "video/mp4; codecs=vp09.00.11.08,opus", 3120, 240},
	{"chromium-avc1.mp4", true, "video/mp4; codecs=avc1.42c015,opus", 4020, 240},
	{"chromium-av01.mp4", true, "video/mp4; codecs=av01.0.00M.08,opus", 3060, 240},
};
const size_t recording_count = sizeof(recordings) / sizeof(recordings[0]);

struct bytes load_media(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "test/media/%s", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	struct bytes b = {malloc(1 << 20), 0};
	assert_non_null(b.data);
	b.len = fread(b.data, 1, 1 << 20, f);
	fclose(f);
	assert_true(b.len > 0);
	return b;
}

int memory_file(const void *data, size_t len)
{
	int fd = memfd_create("segment", MFD_CLOEXEC);
	assert_true(fd >= 0);
	if (len)
		assert_int_equal(pwrite(fd, data, len, 0), len);
	return fd;
}

int load_media_fd(const char *name)
{
	struct bytes b = load_media(name);
	int fd = memory_file(b.data, b.len);
	free(b.data);
	return fd;
}

struct bytes read_back(int fd)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	struct bytes b = {malloc((size_t)st.st_size + 1), (size_t)st.st_size};
	assert_int_equal(pread(fd, b.data, b.len, 0), b.len);
	return b;
}

struct remux_job job_for(bool video, uint32_t segments)
{
	return (struct remux_job){.number = 7,
				  .video = video,
				  .segments = segments,
				  .max_ms = 182000,
				  .max_bytes = 16 << 20};
}

struct remux_result remux_bytes(bool video, const void *data, size_t len, int *out_fd)
{
	struct remux_job job = job_for(video, 1);
	int in = memory_file(data, len);
	*out_fd = memory_file(NULL, 0);
	struct remux_result result = remux_files(&job, *out_fd, &in);
	close(in);
	return result;
}

/* ---- MP4 ---- */

/* The box of that name at this level; NULL when there is none or a length lies. */
static const uint8_t *find_box(const uint8_t *p, const uint8_t *end, const char *name, const uint8_t **end_out)
{
	while (end - p >= 8) {
		struct at_reader r = at_reader_of(p, 4);
		uint32_t len = at_read_u32(&r);
		if (len < 8 || len > (size_t)(end - p))
			return NULL;
		if (!memcmp(p + 4, name, 4)) {
			*end_out = p + len;
			return p + 8;
		}
		p += len;
	}
	return NULL;
}

bool is_flat_mp4(struct bytes file)
{
	const uint8_t *end = file.data + file.len, *box_end, *mdat_end;
	const uint8_t *moov = find_box(file.data, end, "moov", &box_end);
	const uint8_t *mdat = find_box(file.data, end, "mdat", &mdat_end);
	bool is_fragmented = find_box(file.data, end, "moof", &box_end) != NULL;
	return !memcmp(file.data + 4, "ftyp", 4) && moov && mdat && moov < mdat && mdat_end == end && !is_fragmented;
}

static int64_t told_mp4(struct bytes file)
{
	const uint8_t *end = file.data + file.len, *moov_end, *mvhd_end;
	const uint8_t *moov = find_box(file.data, end, "moov", &moov_end);
	const uint8_t *mvhd = moov ? find_box(moov, moov_end, "mvhd", &mvhd_end) : NULL;
	if (!mvhd)
		return -1;
	struct at_reader r = at_reader_of(mvhd + 12, 8);
	uint32_t scale = at_read_u32(&r);
	return (int64_t)at_read_u32(&r) * 1000 / scale;
}

/* ---- WebM ---- */

static uint64_t read_vint(struct at_reader *r, bool keep_mark)
{
	uint8_t first = at_read_u8(r);
	int n = __builtin_clz(first | 1u) - 24;
	uint64_t v = keep_mark ? first : first & (0x7fu >> n);
	for (int i = 0; i < n; i++)
		v = v << 8 | at_read_u8(r);
	return v;
}

/* Walks one level; on the id wanted gives its contents, else an empty reader. `order` collects the first of each id. */
static struct at_reader find_element(struct at_reader r, uint64_t wanted, uint64_t *order, size_t *order_n)
{
	while (at_reader_left(&r) && !r.failed) {
		uint64_t id = read_vint(&r, true), len = read_vint(&r, false);
		const uint8_t *data = at_read_bytes(&r, len);
		if (!data)
			break;
		if (order && *order_n < 16 && (!*order_n || order[*order_n - 1] != id))
			order[(*order_n)++] = id;
		if (id == wanted)
			return at_reader_of(data, len);
	}
	return at_reader_of("", 0);
}

enum { SEGMENT = 0x18538067, CLUSTER = 0x1f43b675, CUES = 0x1c53bb6b, INFO = 0x1549a966, DURATION = 0x4489 };

bool is_flat_webm(struct bytes file)
{
	uint64_t order[16];
	size_t n = 0;
	struct at_reader segment = find_element(at_reader_of(file.data, file.len), SEGMENT, NULL, NULL);
	bool is_whole = segment.end == file.data + file.len;
	(void)find_element(segment, 1, order, &n);
	size_t cues = n, cluster = n;
	for (size_t i = n; i-- > 0;) {
		cues = order[i] == CUES ? i : cues;
		cluster = order[i] == CLUSTER ? i : cluster;
	}
	return is_whole && cluster < n && cues < cluster;
}

static int64_t told_webm(struct bytes file)
{
	struct at_reader segment = find_element(at_reader_of(file.data, file.len), SEGMENT, NULL, NULL);
	struct at_reader duration = find_element(find_element(segment, INFO, NULL, NULL), DURATION, NULL, NULL);
	if (at_reader_left(&duration) != 8)
		return -1;
	uint64_t bits = at_read_u64(&duration);
	double ms;
	memcpy(&ms, &bits, sizeof(ms));
	return (int64_t)ms;
}

int64_t told_ms(struct bytes file)
{
	return file.data[0] == 0x1a ? told_webm(file) : told_mp4(file);
}
