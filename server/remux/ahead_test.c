/* A recording made flat while it is recorded: the same packets at the same times as when it is made flat afterwards, or an error. */
#include "base/buf.h"
#include "base/test.h"
#include "remux/remux_testkit.h"

#include <stdlib.h>
#include <unistd.h>

static void tell(int fd, uint64_t bytes, bool is_last)
{
	uint8_t word[8];
	at_put_u64(word, bytes | (uint64_t)is_last << 63);
	assert_int_equal(write(fd, word, sizeof(word)), sizeof(word));
}

/* Known at first is `from`; then seven pieces more; ends: the last is told, else the pipe just closes. */
static struct remux_result run_ahead(struct remux_job job, struct bytes b, size_t from, bool ends, int *out_fd)
{
	int more[2], in = memory_file(b.data, b.len);
	assert_int_equal(pipe(more), 0);
	for (size_t i = 1; i <= 7; i++)
		tell(more[1], from + (b.len - from) * i / 7, ends && i == 7);
	close(more[1]);
	*out_fd = memory_file(NULL, 0);
	job.known_bytes = from;
	struct remux_result result = remux_ahead(&job, *out_fd, in, more[0]);
	close(more[0]);
	close(in);
	return result;
}

static struct remux_job ahead_job(bool video, int64_t room_ms)
{
	struct remux_job job = job_for(video, 1);
	job.room_ms = room_ms;
	return job;
}

/* Whatever made it flat, made flat once more it is the same file if it has the same packets at the same times. */
static struct bytes flat_again(bool video, struct bytes file)
{
	int fd;
	assert_int_equal(remux_bytes(video, file.data, file.len, &fd).err, AT_OK);
	struct bytes again = read_back(fd);
	close(fd);
	return again;
}

static void check_same(const struct recording *recording, struct bytes b, size_t from)
{
	int out, whole_out;
	struct remux_result result = run_ahead(ahead_job(recording->video, 6000), b, from, true, &out);
	struct remux_result whole = remux_bytes(recording->video, b.data, b.len, &whole_out);
	struct bytes file = read_back(out), whole_file = read_back(whole_out);
	assert_int_equal(result.err, AT_OK);
	assert_string_equal(result.mime, recording->mime);
	assert_int_equal(result.bytes, file.len);
	assert_int_equal(result.duration_ms, whole.duration_ms);
	assert_true(result.width == whole.width && result.height == whole.height);
	assert_true(is_flat_mp4(file) || is_flat_webm(file));
	assert_int_equal(told_ms(file), told_ms(whole_file));
	/* The room for the index is no more than a fraction. */
	/* Of the room for six seconds' index. */
	assert_true(file.len < whole_file.len + (recording->video ? 10500 : 3400));
	struct bytes a = flat_again(recording->video, file), w = flat_again(recording->video, whole_file);
	assert_int_equal(a.len, w.len);
	assert_memory_equal(a.data, w.data, a.len);
	free(a.data);
	free(w.data);
	free(file.data);
	free(whole_file.data);
	close(out);
	close(whole_out);
}

static void test_ahead_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		struct bytes b = load_media(recordings[i].name);
		check_same(&recordings[i], b, b.len / 2);
		check_same(&recordings[i], b, 1);
		check_same(&recordings[i], b, b.len);
		free(b.data);
	}
}

static void test_what_does_not_end_is_not_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < recording_count; i++) {
		struct bytes b = load_media(recordings[i].name);
		int out;
		assert_true(run_ahead(ahead_job(recordings[i].video, 6000), b, b.len / 2, false, &out).err != AT_OK);
		close(out);
		free(b.data);
	}
}

/* The clusters of a real recording over and over. */
static struct bytes repeated(const char *name, size_t times)
{
	struct bytes b = load_media(name);
	size_t head = 0;
	while (memcmp(b.data + head, "\x1f\x43\xb6\x75", 4) != 0)
		head++;
	struct bytes all = {malloc(head + times * (b.len - head)), head};
	assert_non_null(all.data);
	memcpy(all.data, b.data, head);
	for (size_t i = 0; i < times; i++, all.len += b.len - head)
		memcpy(all.data + all.len, b.data + head, b.len - head);
	free(b.data);
	return all;
}

static void test_an_index_without_room_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool video;
		size_t times;
	} made[] = {{"chromium-opus.webm", false, 30},
		    {"chromium-vp8.webm", true, 30},
		    {"chromium-vp9.webm", true, 30}};
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct bytes b = repeated(made[i].name, made[i].times);
		int out;
		assert_true(run_ahead(ahead_job(made[i].video, 1), b, b.len / 2, true, &out).err != AT_OK);
		close(out);
		struct remux_result result = run_ahead(ahead_job(made[i].video, 130000), b, b.len / 2, true, &out);
		struct bytes file = read_back(out);
		assert_int_equal(result.err, AT_OK);
		assert_true(is_flat_mp4(file) || is_flat_webm(file));
		free(file.data);
		close(out);
		free(b.data);
	}
}

static void test_limits_hold(void **state)
{
	(void)state;
	struct bytes b = load_media("chromium-opus.webm");
	struct remux_job job = ahead_job(false, 6000);
	int out;
	job.max_ms = 2000;
	assert_int_equal(run_ahead(job, b, 100, true, &out).err, AT_ERR_TOO_LARGE);
	close(out);
	job.max_ms = 182000;
	job.max_bytes = 5000;
	assert_int_equal(run_ahead(job, b, 100, true, &out).err, AT_ERR_TOO_LARGE);
	close(out);
	free(b.data);
}

static void test_garbage_is_unreadable(void **state)
{
	(void)state;
	struct bytes b = load_media("chromium-avc1.mp4");
	for (size_t at = 0; at < b.len; at += 97) {
		struct bytes copy = {malloc(b.len), b.len};
		int out;
		memcpy(copy.data, b.data, b.len);
		memset(copy.data + at, 0xff, b.len - at < 64 ? b.len - at : 64);
		struct remux_result result = run_ahead(ahead_job(true, 6000), copy, b.len / 3, true, &out);
		struct bytes file = read_back(out);
		assert_true(result.err || is_flat_mp4(file));
		free(file.data);
		close(out);
		free(copy.data);
	}
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_ahead_is_the_same),
		AT_TEST(test_what_does_not_end_is_not_taken),
		AT_TEST(test_an_index_without_room_is_refused),
		AT_TEST(test_limits_hold),
		AT_TEST(test_garbage_is_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
