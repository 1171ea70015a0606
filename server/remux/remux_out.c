#include "remux/remux_priv.h"

#include <errno.h>
#include <libavutil/dict.h>
#include <string.h>
#include <unistd.h>

enum {
	CUE_LEN = 32,          /* bytes, more than one takes */
	AHEAD_LEN = 16 * 1024, /* of the buffer, ahead */
	SYNC_BYTES = 64 * 1024,
};

/* ---- bytes ---- */

static enum at_err why(int code)
{
	if (code == ENOSPC || code == EDQUOT)
		return AT_ERR_FULL;
	return code == EFBIG ? AT_ERR_TOO_LARGE : AT_ERR_INTERNAL;
}

/* So that little is left to sync when it ends. */
static enum at_err sync_ahead(struct remux_out *out, int len)
{
	out->unsynced += len;
	if (!out->room_ms || out->unsynced < SYNC_BYTES)
		return AT_OK;
	out->unsynced = 0;
	if (fdatasync(out->fd))
		out->failed = why(errno);
	return out->failed;
}

static int write_bytes(void *opaque, uint8_t *buf, int len)
{
	struct remux_out *out = opaque;
	if (out->pos + len > out->max) {
		out->failed = AT_ERR_TOO_LARGE;
		return AVERROR(EFBIG);
	}
	for (int done = 0; done < len;) {
		ssize_t n = pwrite(out->fd, buf + done, (size_t)(len - done), out->pos + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			out->failed = why(n < 0 ? errno : EIO);
			return AVERROR(EIO);
		}
		done += (int)n;
	}
	out->pos += len;
	if (out->pos > out->size)
		out->size = out->pos;
	return sync_ahead(out, len) ? AVERROR(EIO) : len;
}

static int64_t seek_out(void *opaque, int64_t offset, int whence)
{
	struct remux_out *out = opaque;
	if (whence == AVSEEK_SIZE)
		return out->size;
	if (whence != SEEK_SET || offset < 0)
		return AVERROR(EINVAL);
	return out->pos = offset;
}

/* To move the index to the front, the writer reads its own file again. */
struct again {
	const struct remux_out *out;
	int64_t pos;
};

static int read_again(void *opaque, uint8_t *buf, int len)
{
	struct again *again = opaque;
	ssize_t n = pread(again->out->fd, buf, (size_t)len, again->pos);
	if (n <= 0)
		return n < 0 ? AVERROR(EIO) : AVERROR_EOF;
	again->pos += n;
	return (int)n;
}

static int64_t seek_again(void *opaque, int64_t offset, int whence)
{
	struct again *again = opaque;
	if (whence == AVSEEK_SIZE)
		return again->out->size;
	if (whence != SEEK_SET || offset < 0)
		return AVERROR(EINVAL);
	return again->pos = offset;
}

static int open_again(AVFormatContext *av, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
	(void)url, (void)options;
	*io = NULL;
	if (flags & AVIO_FLAG_WRITE)
		return AVERROR(EACCES);
	struct again *again = av_mallocz(sizeof(*again));
	uint8_t *buf = av_malloc(REMUX_IO_LEN);
	AT_ASSERT(again && buf);
	again->out = av->opaque;
	*io = avio_alloc_context(buf, REMUX_IO_LEN, 0, again, read_again, NULL, seek_again);
	AT_ASSERT(*io);
	return 0;
}

static int close_again(AVFormatContext *av, AVIOContext *io)
{
	(void)av;
	av_freep(&io->opaque);
	av_freep(&io->buffer);
	avio_context_free(&io);
	return 0;
}

/* ---- tracks ---- */

const AVStream *remux_out_stream(const struct remux_out *out, enum remux_track track)
{
	return out->stream[track] < 0 ? NULL : out->av->streams[out->stream[track]];
}

/* How the picture is turned (phones held upright). */
static void copy_turn(AVStream *to, const AVStream *from)
{
	for (int i = 0; i < from->nb_side_data; i++) {
		const AVPacketSideData *side = &from->side_data[i];
		if (side->type != AV_PKT_DATA_DISPLAYMATRIX || side->size != 36)
			continue;
		uint8_t *copy = av_stream_new_side_data(to, side->type, side->size);
		if (copy)
			memcpy(copy, side->data, side->size);
	}
}

static enum at_err add_track(struct remux_out *out, const struct remux_in *in, enum remux_track track)
{
	const AVStream *from = remux_in_stream(in, track);
	out->stream[track] = -1;
	if (!from)
		return AT_OK;
	AVStream *to = avformat_new_stream(out->av, NULL);
	if (!to || avcodec_parameters_copy(to->codecpar, from->codecpar) < 0)
		return AT_ERR_INTERNAL;
	AVCodecParameters *par = to->codecpar;
	out->stream[track] = to->index;
	par->codec_tag = 0;
	par->initial_padding = 0;
	if (par->codec_id == AV_CODEC_ID_OPUS)
		par->sample_rate = 48000;
	if (par->codec_id == AV_CODEC_ID_VP9) {
		par->format = AV_PIX_FMT_YUV420P;
		par->profile = 0;
	}
	to->time_base = track == REMUX_AUDIO ? (AVRational){1, par->sample_rate} : (AVRational){1, 90000};
	copy_turn(to, from);
	return AT_OK;
}

/* Bytes of an index for so long a recording: a table entry or two for each packet of sound (50 a second), up to four for each picture;
 * of WebM two cues a second. Who needs more does without what was done ahead. */
static int64_t index_room(const struct remux_out *out, int64_t room_ms)
{
	int64_t s = room_ms / 1000 + 1;
	if (out->is_webm)
		return 256 + s * 2 * CUE_LEN;
	return 1536 + (out->stream[REMUX_AUDIO] >= 0 ? s * 256 : 0) + (out->stream[REMUX_VIDEO] >= 0 ? s * 1024 : 0);
}

static AVDictionary *writer_options(const struct remux_out *out)
{
	AVDictionary *options = NULL;
	av_dict_set(&options, "fflags", "+bitexact", 0);
	av_dict_set(&options, "strict", "experimental", 0);
	if (out->is_webm)
		av_dict_set(&options, "cluster_time_limit", "2000", 0);
	else
		av_dict_set(&options, "video_track_timescale", "90000", 0);
	if (out->index_room)
		av_dict_set_int(&options, out->is_webm ? "reserve_index_space" : "moov_size", out->index_room, 0);
	else if (out->is_webm)
		av_dict_set(&options, "cues_to_front", "1", 0);
	else
		av_dict_set(&options, "movflags", "+faststart", 0);
	return options;
}

static enum at_err open_writer(struct remux_out *out)
{
	int buf_len = out->room_ms ? AHEAD_LEN : REMUX_IO_LEN;
	uint8_t *buf = av_malloc((size_t)buf_len);
	out->io = buf ? avio_alloc_context(buf, buf_len, 1, out, NULL, write_bytes, seek_out) : NULL;
	if (!out->io || avformat_alloc_output_context2(&out->av, NULL, out->is_webm ? "webm" : "mp4", NULL) < 0)
		return AT_ERR_INTERNAL;
	out->av->pb = out->io;
	out->av->opaque = out;
	out->av->io_open = open_again;
	out->av->io_close2 = close_again;
	out->av->flags |= AVFMT_FLAG_CUSTOM_IO;
	out->av->url = av_strdup("");
	/* A track that has ended must not make the other's packets pile up. */
	out->av->max_interleave_delta = 2000000;
	/* One write a buffer, not one a packet. */
	out->av->flush_packets = 0;
	return AT_OK;
}

enum at_err remux_out_open(struct remux_out *out, int fd, const struct remux_job *job, const struct remux_in *in)
{
	const AVStream *video = remux_in_stream(in, REMUX_VIDEO);
	*out = (struct remux_out){.fd = fd, .max = (int64_t)job->max_bytes, .room_ms = job->room_ms, .stream = {-1, -1}};
	out->is_webm = video && video->codecpar->codec_id == AV_CODEC_ID_VP8;
	enum at_err err = open_writer(out);
	if (!err)
		err = add_track(out, in, REMUX_VIDEO);
	if (!err)
		err = add_track(out, in, REMUX_AUDIO);
	if (err)
		return err;
	out->index_room = out->room_ms ? index_room(out, out->room_ms) : 0;
	AVDictionary *options = writer_options(out);
	int rc = avformat_write_header(out->av, &options);
	av_dict_free(&options);
	if (rc < 0)
		return out->failed ? out->failed : AT_ERR_UNREADABLE;
	out->begun = true;
	return AT_OK;
}

void remux_out_close(struct remux_out *out)
{
	if (out->av)
		out->av->pb = NULL;
	avformat_free_context(out->av);
	out->av = NULL;
	if (out->io)
		av_freep(&out->io->buffer);
	avio_context_free(&out->io);
}

enum at_err remux_out_write(struct remux_out *out, struct remux_packet *packet)
{
	const AVStream *stream = remux_out_stream(out, packet->track);
	const AVRational us = {1, 1000000};
	AVPacket *av = packet->av;
	av->stream_index = stream->index;
	av->dts = av_rescale_q(packet->dts_us, us, stream->time_base);
	av->pts = av_rescale_q(packet->pts_us, us, stream->time_base);
	av->duration = av_rescale_q(packet->len_us, us, stream->time_base);
	av->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
	av->pos = -1;
	/* Trimmed ends and new headers that the input announces are not for this file. */
	av_packet_free_side_data(av);
	out->packets[packet->track]++;
	out->keys += packet->track == REMUX_VIDEO && packet->key;
	if (av_interleaved_write_frame(out->av, av) < 0)
		return out->failed ? out->failed : AT_ERR_UNREADABLE;
	return out->failed;
}

enum at_err remux_out_finish(struct remux_out *out)
{
	/* It would leave them out without a word. */
	if (out->is_webm && out->index_room && (int64_t)out->keys * CUE_LEN + 64 > out->index_room)
		return AT_ERR_TOO_LARGE;
	/* The rest is for whoever keeps the file: one sync instead of several. */
	out->room_ms = 0;
	int rc = av_write_trailer(out->av);
	if (out->failed)
		return out->failed;
	return rc < 0 ? AT_ERR_UNREADABLE : AT_OK;
}
