#include "base/buf.h"
#include "remux/remux.h"

#include <string.h>

void remux_job_put(const struct remux_job *job, uint8_t out[REMUX_JOB_LEN])
{
	at_put_u64(out, job->number);
	out[8] = job->video;
	at_put_u32(out + 9, job->segments);
	at_put_u64(out + 13, (uint64_t)job->max_ms);
	at_put_u64(out + 21, job->max_bytes);
	at_put_u64(out + 29, (uint64_t)job->room_ms);
	at_put_u64(out + 37, job->known_bytes);
}

enum at_err remux_job_parse(const void *body, size_t len, struct remux_job *job_out)
{
	struct at_reader r = at_reader_of(body, len);
	job_out->number = at_read_u64(&r);
	uint8_t video = at_read_u8(&r);
	job_out->video = video == 1;
	job_out->segments = at_read_u32(&r);
	uint64_t max_ms = at_read_u64(&r);
	job_out->max_ms = (int64_t)max_ms;
	job_out->max_bytes = at_read_u64(&r);
	uint64_t room_ms = at_read_u64(&r);
	job_out->room_ms = (int64_t)room_ms;
	job_out->known_bytes = at_read_u64(&r);
	if (r.failed || at_reader_left(&r) || video > 1 || max_ms > INT32_MAX || job_out->max_bytes > INT64_MAX)
		return AT_ERR_BAD_REQUEST;
	if (job_out->segments < 1 || job_out->segments > REMUX_SEGMENTS_MAX)
		return AT_ERR_BAD_REQUEST;
	if (room_ms > INT32_MAX || job_out->known_bytes > INT64_MAX || (room_ms && job_out->segments != 1))
		return AT_ERR_BAD_REQUEST;
	return AT_OK;
}

void remux_more_put(const struct remux_more *more, uint8_t out[REMUX_MORE_LEN])
{
	at_put_u64(out, more->number);
	out[8] = (uint8_t)more->what;
	at_put_u64(out + 9, more->bytes);
}

enum at_err remux_more_parse(const void *body, size_t len, struct remux_more *more_out)
{
	struct at_reader r = at_reader_of(body, len);
	more_out->number = at_read_u64(&r);
	uint8_t what = at_read_u8(&r);
	more_out->bytes = at_read_u64(&r);
	if (r.failed || at_reader_left(&r) || what < REMUX_MORE || what > REMUX_DROP || more_out->bytes > INT64_MAX)
		return AT_ERR_BAD_REQUEST;
	more_out->what = (enum remux_more_what)what;
	return AT_OK;
}

void remux_result_put(const struct remux_result *result, uint8_t out[REMUX_RESULT_LEN])
{
	at_put_u64(out, result->number);
	at_put_u16(out + 8, (uint16_t)result->err);
	memcpy(out + 10, result->mime, REMUX_MIME_MAX);
	uint8_t *p = out + 10 + REMUX_MIME_MAX;
	at_put_u64(p, (uint64_t)result->duration_ms);
	at_put_u64(p + 8, result->bytes);
	at_put_u32(p + 16, result->width);
	at_put_u32(p + 20, result->height);
	p[24] = result->has_audio;
	p[25] = result->has_video;
}

enum at_err remux_result_parse(const void *body, size_t len, struct remux_result *result_out)
{
	struct at_reader r = at_reader_of(body, len);
	result_out->number = at_read_u64(&r);
	uint16_t err = at_read_u16(&r);
	const uint8_t *mime = at_read_bytes(&r, REMUX_MIME_MAX);
	uint64_t duration = at_read_u64(&r);
	result_out->bytes = at_read_u64(&r);
	result_out->width = at_read_u32(&r);
	result_out->height = at_read_u32(&r);
	uint8_t has_audio = at_read_u8(&r), has_video = at_read_u8(&r);
	if (r.failed || at_reader_left(&r) || err >= AT_ERR_COUNT || has_audio > 1 || has_video > 1 ||
	    duration > INT32_MAX)
		return AT_ERR_BAD_REQUEST;
	/* A job that was taken over by its input may say anything: the name must be one that can stand in a header and in JSON. */
	size_t mime_len = strnlen((const char *)mime, REMUX_MIME_MAX);
	if (mime_len == REMUX_MIME_MAX)
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < mime_len; i++)
		if (mime[i] < 0x20 || mime[i] > 0x7e || mime[i] == '"' || mime[i] == '\\')
			return AT_ERR_BAD_REQUEST;
	memset(result_out->mime, 0, sizeof(result_out->mime));
	memcpy(result_out->mime, mime, mime_len);
	result_out->err = (enum at_err)err;
	result_out->duration_ms = (int64_t)duration;
	result_out->has_audio = has_audio == 1;
	result_out->has_video = has_video == 1;
	return AT_OK;
}
