#include "base/str.h"
#include "base/test.h"
#include "remux/remux_testkit.h"

#include <fcntl.h>
#include <unistd.h>

static void assert_flat(int fd, const struct remux_result *result)
{
	struct bytes file = read_back(fd);
	assert_int_equal(file.len, result->bytes);
	assert_true(strstr(result->mime, "/webm") ? is_flat_webm(file) : is_flat_mp4(file));
	assert_in_range(told_ms(file), result->duration_ms - 20, result->duration_ms + 20);
	free(file.data);
}

static void assert_ms(int64_t ms, int64_t wanted)
{
	if (llabs(ms - wanted) > 100)
		fail_msg("%lld ms instead of %lld", (long long)ms, (long long)wanted);
}

/* ---- what browsers make ---- */

static void test_real_recordings_become_flat(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		const struct recording *rec = &recordings[i];
		struct bytes b = load_media(rec->name);
		int fd;
		struct remux_result result = remux_bytes(rec->video, b.data, b.len, &fd);
		assert_int_equal(result.err, AT_OK);
		assert_string_equal(result.mime, rec->mime);
		assert_int_equal(result.number, 7);
		assert_int_equal(result.width, rec->width);
		assert_int_equal(result.height, rec->width);
		assert_true(result.has_audio);
		assert_int_equal(result.has_video, rec->video);
		assert_ms(result.duration_ms, rec->ms);
		assert_flat(fd, &result);
		close(fd);
		free(b.data);
	}
}

static void test_flat_stays_flat(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		struct bytes b = load_media(recordings[i].name);
		int first, second;
		struct remux_result a = remux_bytes(recordings[i].video, b.data, b.len, &first);
		struct bytes flat = read_back(first);
		struct remux_result again = remux_bytes(recordings[i].video, flat.data, flat.len, &second);
		assert_int_equal(again.err, AT_OK);
		assert_string_equal(again.mime, a.mime);
		assert_in_range(again.duration_ms, a.duration_ms - 1, a.duration_ms + 1);
		assert_flat(second, &again);
		close(first);
		close(second);
		free(flat.data);
		free(b.data);
	}
}

/* A camera that failed, or a voice note made of a recording with pictures. */
static void test_sound_only_when_asked(void **state)
{
	(void)state;
	struct bytes b = load_media("chromium-vp8.webm");
	int fd;
	struct remux_result result = remux_bytes(false, b.data, b.len, &fd);
	assert_int_equal(result.err, AT_OK);
	assert_string_equal(result.mime, "audio/mp4; codecs=opus");
	assert_false(result.has_video);
	assert_flat(fd, &result);
	close(fd);
	free(b.data);
	b = load_media("chromium-opus.webm");
	result = remux_bytes(true, b.data, b.len, &fd);
	assert_int_equal(result.err, AT_OK);
	assert_string_equal(result.mime, "audio/mp4; codecs=opus");
	close(fd);
	free(b.data);
}

/* ---- several segments ---- */

static struct remux_result join(bool video, const char *a, const char *b, int *out_fd)
{
	struct remux_job job = job_for(video, 2);
	int fds[2] = {load_media_fd(a), load_media_fd(b)};
	*out_fd = memory_file(NULL, 0);
	struct remux_result result = remux_files(&job, *out_fd, fds);
	close(fds[0]);
	close(fds[1]);
	return result;
}

static void test_segments_join(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		int fd;
		struct remux_result result = join(recordings[i].video, recordings[i].name, recordings[i].name, &fd);
		assert_int_equal(result.err, AT_OK);
		assert_ms(result.duration_ms, 2 * recordings[i].ms);
		assert_flat(fd, &result);
		close(fd);
	}
}

static void test_sound_joins_across_browsers(void **state)
{
	(void)state;
	static const char *const names[] = {"chromium-opus.webm", "firefox-opus.ogg", "chromium-opus.mp4",
					    "firefox-opus.webm"};
	for (size_t i = 0; i < 4; i++) {
		int fd;
		struct remux_result result = join(false, names[i], names[(i + 1) % 4], &fd);
		assert_int_equal(result.err, AT_OK);
		assert_true(result.duration_ms > 7000);
		assert_flat(fd, &result);
		close(fd);
	}
}

static void test_other_pictures_do_not_join(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"chromium-vp8.webm", "chromium-avc1.mp4"},
					       {"chromium-vp8.webm", "firefox-vp8.webm"},
					       {"chromium-opus.webm", "chromium-vp8.webm"},
					       {"chromium-av01.mp4", "chromium-avc1.mp4"}};
	for (size_t i = 0; i < 4; i++) {
		int fd;
		struct remux_result result = join(true, pairs[i][0], pairs[i][1], &fd);
		assert_int_equal(result.err, AT_ERR_UNREADABLE);
		close(fd);
	}
}

/* Another encoder of the same kind: its parameter sets travel with its keyframes. */
static void test_h264_with_other_headers_joins(void **state)
{
	(void)state;
	struct bytes b = load_media("chromium-avc1.mp4");
	struct remux_job job = job_for(true, 2);
	int out = memory_file(NULL, 0);
	int fds[2] = {memory_file(b.data, b.len), -1};
	uint8_t *avcc = NULL;
	for (size_t i = 0; i + 4 < b.len && !avcc; i++)
		if (!memcmp(b.data + i, "avcC", 4))
			avcc = b.data + i + 4;
	assert_non_null(avcc);
	avcc[3]++; /* a level higher */
	fds[1] = memory_file(b.data, b.len);
	struct remux_result same = join(true, "chromium-avc1.mp4", "chromium-avc1.mp4", &(int){0});
	struct remux_result result = remux_files(&job, out, fds);
	assert_int_equal(result.err, AT_OK);
	assert_string_equal(result.mime, "video/mp4; codecs=avc1.42c015,opus");
	assert_true(result.bytes > same.bytes);
	assert_flat(out, &result);
	close(fds[0]);
	close(fds[1]);
	close(out);
	free(b.data);
}

/* A recorder that was ended before it said anything leaves a segment with nothing in it. */
static void test_an_empty_segment_is_skipped(void **state)
{
	(void)state;
	struct bytes b = load_media("chromium-opus.webm");
	for (int order = 0; order < 2; order++) {
		struct remux_job job = job_for(false, 2);
		int fds[2], out = memory_file(NULL, 0);
		fds[order] = memory_file(b.data, b.len);
		fds[!order] = memory_file(b.data, 100);
		struct remux_result result = remux_files(&job, out, fds);
		assert_int_equal(result.err, AT_OK);
		assert_ms(result.duration_ms, 4020);
		close(fds[0]);
		close(fds[1]);
		close(out);
	}
	free(b.data);
}

/* ---- limits ---- */

static void test_limits(void **state)
{
	(void)state;
	struct remux_job job = job_for(false, 1);
	int in = load_media_fd("chromium-opus.webm"), out = memory_file(NULL, 0);
	job.max_ms = 3900;
	assert_int_equal(remux_files(&job, out, &in).err, AT_ERR_TOO_LARGE);
	job.max_ms = 4100;
	job.max_bytes = 5000;
	assert_int_equal(remux_files(&job, out, &in).err, AT_ERR_TOO_LARGE);
	job.max_bytes = 1 << 20;
	assert_int_equal(remux_files(&job, out, &in).err, AT_OK);
	close(in);
	close(out);
	int full = open("/dev/full", O_WRONLY);
	in = load_media_fd("chromium-opus.webm");
	assert_int_equal(remux_files(&job, full, &in).err, AT_ERR_FULL);
	close(full);
	close(in);
}

/* ---- hostile ---- */

static void test_wrong_types(void **state)
{
	(void)state;
	static const char *const inputs[] = {
		"",
		"x",
		"#EXTM3U\nfile:///etc/passwd\n",
		"ffconcat version 1.0\nfile /etc/passwd\n",
		"RIFF....WAVEfmt ",
		"OggS",
		"OggS\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		"\x1a\x45\xdf\xa3\x80 and then nothing good",
		"....ftypisom",
		"ID3\3\0\0\0\0\0\0\0\0\0\0",
		"\0\0\0\x14"
		"ftypqt  \0\0\0\0qt  \0\0\0\x8moov",
		"<svg></svg>and so on",
	};
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		for (int video = 0; video < 2; video++) {
			int fd;
			char padded[64] = {0};
			snprintf(padded, sizeof(padded), "%s", inputs[i]);
			memcpy(padded, inputs[i], 12 < strlen(inputs[i]) ? 12 : strlen(inputs[i]));
			assert_int_equal(remux_bytes(video, padded, sizeof(padded), &fd).err, AT_ERR_UNREADABLE);
			close(fd);
			assert_int_equal(remux_bytes(video, inputs[i], strlen(inputs[i]), &fd).err, AT_ERR_UNREADABLE);
			close(fd);
		}
}

/* What is whole is kept: a longer beginning never gives a shorter note. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		struct bytes b = load_media(recordings[i].name);
		int64_t before_ms = 0;
		for (size_t len = 0; len < b.len; len += 997) {
			int fd;
			struct remux_result result = remux_bytes(recordings[i].video, b.data, len, &fd);
			assert_true(result.err == AT_OK || result.err == AT_ERR_UNREADABLE);
			if (!result.err) {
				assert_true(result.duration_ms + 100 >= before_ms);
				assert_true(result.duration_ms <= recordings[i].ms + 100);
				before_ms = result.duration_ms;
				assert_flat(fd, &result);
			}
			close(fd);
		}
		assert_true(before_ms > recordings[i].ms / 3);
		free(b.data);
	}
}

static uint32_t dice = 1;
static uint32_t roll(uint32_t n)
{
	dice = dice * 1664525u + 1013904223u;
	return (dice >> 8) % n;
}

static void test_corrupted_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		struct bytes b = load_media(recordings[i].name);
		for (int round = 0; round < 25; round++) {
			struct bytes copy = {malloc(b.len), b.len};
			memcpy(copy.data, b.data, b.len);
			/* Half of the rounds in the head, where the structure is. */
			for (uint32_t n = roll(24) + 1; n; n--)
				copy.data[roll(round & 1 ? 1200 : (uint32_t)b.len)] = (uint8_t)roll(256);
			int fd;
			struct remux_result result = remux_bytes(recordings[i].video, copy.data, copy.len, &fd);
			assert_true(result.err == AT_OK || result.err == AT_ERR_UNREADABLE ||
				    result.err == AT_ERR_TOO_LARGE);
			if (!result.err)
				assert_true(result.duration_ms <= 182000);
			close(fd);
			free(copy.data);
		}
		free(b.data);
	}
}

/* ---- messages ---- */

static void test_messages(void **state)
{
	(void)state;
	struct remux_job job = {9, true, 3, 62000, 1 << 30, 0, 77}, job2;
	uint8_t a[REMUX_JOB_LEN], b[REMUX_RESULT_LEN];
	remux_job_put(&job, a);
	assert_int_equal(remux_job_parse(a, sizeof(a), &job2), AT_OK);
	assert_true(job2.number == 9 && job2.video && job2.segments == 3 && job2.max_ms == 62000 &&
		    job2.max_bytes == 1 << 30 && job2.room_ms == 0 && job2.known_bytes == 77);
	assert_int_equal(remux_job_parse(a, sizeof(a) - 1, &job2), AT_ERR_BAD_REQUEST);
	a[36] = 1; /* ahead, and three segments */
	assert_int_equal(remux_job_parse(a, sizeof(a), &job2), AT_ERR_BAD_REQUEST);
	a[36] = 0;
	a[12] = 9;
	assert_int_equal(remux_job_parse(a, sizeof(a), &job2), AT_ERR_BAD_REQUEST);
	struct remux_more more = {9, REMUX_LAST, 12345}, more2;
	uint8_t c[REMUX_MORE_LEN];
	remux_more_put(&more, c);
	assert_int_equal(remux_more_parse(c, sizeof(c), &more2), AT_OK);
	assert_true(more2.number == 9 && more2.what == REMUX_LAST && more2.bytes == 12345);
	assert_int_equal(remux_more_parse(c, sizeof(c) - 1, &more2), AT_ERR_BAD_REQUEST);
	c[8] = REMUX_DROP + 1;
	assert_int_equal(remux_more_parse(c, sizeof(c), &more2), AT_ERR_BAD_REQUEST);
	struct remux_result result = {9, AT_ERR_FULL, "video/webm; codecs=vp8", 5, 6, 7, 8, true, false}, result2;
	remux_result_put(&result, b);
	assert_int_equal(remux_result_parse(b, sizeof(b), &result2), AT_OK);
	assert_true(result2.number == 9 && result2.err == AT_ERR_FULL && result2.duration_ms == 5 &&
		    result2.bytes == 6);
	assert_true(result2.width == 7 && result2.height == 8 && result2.has_audio && !result2.has_video);
	assert_string_equal(result2.mime, result.mime);
	b[10] = '"';
	assert_int_equal(remux_result_parse(b, sizeof(b), &result2), AT_ERR_BAD_REQUEST);
	b[10] = 'v';
	b[9] = AT_ERR_COUNT;
	assert_int_equal(remux_result_parse(b, sizeof(b), &result2), AT_ERR_BAD_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_real_recordings_become_flat),
		AT_TEST(test_flat_stays_flat),
		AT_TEST(test_sound_only_when_asked),
		AT_TEST(test_segments_join),
		AT_TEST(test_sound_joins_across_browsers),
		AT_TEST(test_other_pictures_do_not_join),
		AT_TEST(test_h264_with_other_headers_joins),
		AT_TEST(test_an_empty_segment_is_skipped),
		AT_TEST(test_limits),
		AT_TEST(test_wrong_types),
		AT_TEST(test_cut_anywhere),
		AT_TEST(test_corrupted_bytes),
		AT_TEST(test_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
