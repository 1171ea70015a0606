#include "base/buf.h"
#include "base/mem.h"
#include "remux/remux_priv.h"

#include <errno.h>
#include <libavutil/dict.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- bytes ---- */

/* Waits until there is something at pos, or nothing more will come. */
static void wait_for_more(struct remux_tail *tail, int64_t pos)
{
	while (tail->bytes <= pos && !tail->is_last && !tail->is_gone) {
		uint8_t told[8];
		ssize_t n = read(tail->fd, told, sizeof(told));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(told)) {
			tail->is_gone = true;
			return;
		}
		struct at_reader r = at_reader_of(told, sizeof(told));
		uint64_t word = at_read_u64(&r);
		tail->is_last = word >> 63;
		tail->bytes = (int64_t)(word & INT64_MAX);
	}
}

static int read_bytes(void *opaque, uint8_t *buf, int len)
{
	struct remux_in *in = opaque;
	if (in->budget <= 0)
		return AVERROR(EIO);
	if (in->tail) {
		wait_for_more(in->tail, in->pos);
		if (in->tail->bytes - in->pos < len)
			len = (int)(in->tail->bytes - in->pos);
		if (len <= 0)
			return AVERROR_EOF;
	}
	ssize_t n = pread(in->fd, buf, (size_t)len, in->pos);
	if (n <= 0)
		return n < 0 ? AVERROR(EIO) : AVERROR_EOF;
	in->pos += n;
	in->budget -= n;
	return (int)n;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
	struct remux_in *in = opaque;
	if (whence == AVSEEK_SIZE)
		return in->size;
	/* Seeking costs as much as reading a little, so that a loop of seeks ends, too. */
	in->budget -= 64;
	if (whence != SEEK_SET || offset < 0 || in->budget <= 0)
		return AVERROR(EINVAL);
	return in->pos = offset;
}

/* A file that refers to another one. */
static int refuse_open(AVFormatContext *av, AVIOContext **io, const char *url, int flags, AVDictionary **options)
{
	(void)av, (void)url, (void)flags, (void)options;
	*io = NULL;
	return AVERROR(EACCES);
}

/* The container by its first bytes: nothing else of libavformat ever sees what a peer sent. */
static const char *sniff(int fd)
{
	uint8_t b[12] = {0};
	if (pread(fd, b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return NULL;
	if (!memcmp(b, "\x1a\x45\xdf\xa3", 4))
		return "matroska";
	if (!memcmp(b, "OggS", 4))
		return "ogg";
	if (!memcmp(b + 4, "ftyp", 4))
		return "mov";
	return NULL;
}

/* ---- tracks ---- */

static bool is_sound_we_take(const AVCodecParameters *par)
{
	if (par->codec_id == AV_CODEC_ID_OPUS)
		return par->extradata_size >= 19 && par->ch_layout.nb_channels >= 1 && par->ch_layout.nb_channels <= 2;
	return par->codec_id == AV_CODEC_ID_AAC && par->extradata_size >= 2 && par->sample_rate >= 8000 &&
	       par->sample_rate <= 96000 && par->ch_layout.nb_channels >= 1 && par->ch_layout.nb_channels <= 2;
}

static bool is_picture_we_take(const AVCodecParameters *par)
{
	if (par->width < 1 || par->width > REMUX_SIDE_MAX || par->height < 1 || par->height > REMUX_SIDE_MAX)
		return false;
	switch (par->codec_id) {
	case AV_CODEC_ID_H264: return par->extradata_size >= 7 && par->extradata[0] == 1;
	case AV_CODEC_ID_AV1: return par->extradata_size >= 4 && par->extradata[0] == 0x81;
	case AV_CODEC_ID_VP8:
	case AV_CODEC_ID_VP9: return true;
	default: return false;
	}
}

static enum at_err find_tracks(struct remux_in *in, bool video)
{
	in->stream[REMUX_AUDIO] = in->stream[REMUX_VIDEO] = -1;
	for (unsigned i = 0; i < in->av->nb_streams; i++) {
		AVStream *stream = in->av->streams[i];
		enum AVMediaType type = stream->codecpar->codec_type;
		bool is_ours = stream->time_base.num > 0 && stream->time_base.den > 0;
		if (is_ours && type == AVMEDIA_TYPE_AUDIO && in->stream[REMUX_AUDIO] < 0 &&
		    is_sound_we_take(stream->codecpar))
			in->stream[REMUX_AUDIO] = (int)i;
		else if (is_ours && type == AVMEDIA_TYPE_VIDEO && video && in->stream[REMUX_VIDEO] < 0 &&
			 is_picture_we_take(stream->codecpar))
			in->stream[REMUX_VIDEO] = (int)i;
		else
			stream->discard = AVDISCARD_ALL;
	}
	return in->stream[REMUX_AUDIO] < 0 && in->stream[REMUX_VIDEO] < 0 ? AT_ERR_UNREADABLE : AT_OK;
}

const AVStream *remux_in_stream(const struct remux_in *in, enum remux_track track)
{
	return in->stream[track] < 0 ? NULL : in->av->streams[in->stream[track]];
}

/* ---- packets ---- */

int64_t remux_opus_us(const uint8_t *data, size_t len)
{
	static const int64_t silk[4] = {10000, 20000, 40000, 60000}, celt[4] = {2500, 5000, 10000, 20000};
	if (len < 1)
		return 0;
	unsigned config = data[0] >> 3, code = data[0] & 3;
	int64_t frame = config < 12 ? silk[config & 3] : config < 16 ? silk[config & 1] : celt[config & 3];
	if (code == 3 && len < 2)
		return 0;
	int64_t n = code == 0 ? 1 : code < 3 ? 2 : data[1] & 63;
	return n * frame <= 120000 ? n * frame : 0;
}

/* Whether VP8 (RFC 6386 section 9.1) and VP9 say themselves that this is a keyframe; the others' containers are believed. */
static bool is_key(const AVCodecParameters *par, const AVPacket *av)
{
	if (!(av->flags & AV_PKT_FLAG_KEY))
		return false;
	if (par->codec_id == AV_CODEC_ID_VP8)
		return av->size >= 10 && !(av->data[0] & 1) && !memcmp(av->data + 3, "\x9d\x01\x2a", 3);
	/* Profile 0: frame marker 2, profile bits 00, show_existing_frame 0, frame_type 0, then the sync code. */
	if (par->codec_id == AV_CODEC_ID_VP9)
		return av->size >= 10 && (av->data[0] & 0xfc) == 0x80 && !memcmp(av->data + 1, "\x49\x83\x42", 3);
	return true;
}

static int64_t to_us(int64_t at, AVRational base)
{
	if (at == AV_NOPTS_VALUE)
		return REMUX_NO_TIME;
	int64_t us = av_rescale_q(at, base, (AVRational){1, 1000000});
	return us == INT64_MIN || us == INT64_MAX ? REMUX_NO_TIME : us;
}

static int64_t sound_us(const AVStream *stream, const AVPacket *av)
{
	if (stream->codecpar->codec_id == AV_CODEC_ID_OPUS)
		return remux_opus_us(av->data, (size_t)av->size);
	int64_t told = av_rescale_q(av->duration, stream->time_base, (AVRational){1, 1000000});
	return told > 0 && told <= 200000 ? told : 1024 * 1000000LL / stream->codecpar->sample_rate;
}

/* False: not to be copied. */
static bool take_packet(struct remux_in *in, struct remux_packet *packet)
{
	AVPacket *av = packet->av;
	if (av->size <= 0 || av->size > REMUX_PACKET_MAX || (av->flags & AV_PKT_FLAG_CORRUPT))
		return false;
	if (av->stream_index == in->stream[REMUX_AUDIO])
		packet->track = REMUX_AUDIO;
	else if (av->stream_index == in->stream[REMUX_VIDEO])
		packet->track = REMUX_VIDEO;
	else
		return false;
	const AVStream *stream = in->av->streams[av->stream_index];
	packet->dts_us = to_us(av->dts, stream->time_base);
	packet->pts_us = to_us(av->pts, stream->time_base);
	if (packet->track == REMUX_AUDIO) {
		packet->key = true;
		packet->len_us = sound_us(stream, av);
		return packet->len_us > 0;
	}
	packet->key = is_key(stream->codecpar, av);
	packet->len_us = 0;
	/* What comes before the first keyframe shows nothing. */
	in->seen_key = in->seen_key || packet->key;
	return in->seen_key;
}

static enum at_err next_packet(struct remux_in *in, struct remux_packet *packet)
{
	for (;;) {
		if (av_read_frame(in->av, packet->av) < 0)
			return AT_ERR_GONE;
		if (take_packet(in, packet))
			return AT_OK;
		av_packet_unref(packet->av);
	}
}

enum at_err remux_in_read(struct remux_in *in, struct remux_packet *packet_out)
{
	if (in->held_next == in->held_n)
		return next_packet(in, packet_out);
	struct remux_packet *held = &in->held[in->held_next++];
	AVPacket *av = packet_out->av;
	av_packet_move_ref(av, held->av);
	av_packet_free(&held->av);
	*packet_out = *held;
	packet_out->av = av;
	return AT_OK;
}

/* Reads ahead until every track has spoken, for the earliest time of all. */
static enum at_err find_origin(struct remux_in *in)
{
	bool seen[REMUX_TRACKS] = {in->stream[REMUX_AUDIO] < 0, in->stream[REMUX_VIDEO] < 0};
	in->origin_us = INT64_MAX;
	while (in->held_n < REMUX_HELD_MAX && !(seen[REMUX_AUDIO] && seen[REMUX_VIDEO])) {
		struct remux_packet *held = &in->held[in->held_n];
		held->av = av_packet_alloc();
		AT_ASSERT(held->av);
		if (next_packet(in, held)) {
			av_packet_free(&held->av);
			break;
		}
		in->held_n++;
		int64_t at = held->dts_us != REMUX_NO_TIME ? held->dts_us : held->pts_us;
		if (!seen[held->track] && at != REMUX_NO_TIME && at < in->origin_us)
			in->origin_us = at;
		seen[held->track] = true;
	}
	if (in->origin_us == INT64_MAX)
		in->origin_us = 0;
	/* A track that is announced and says nothing is none: the container is chosen by what there is. */
	for (int track = 0; track < REMUX_TRACKS; track++)
		if (!seen[track])
			in->stream[track] = -1;
	return in->held_n ? AT_OK : AT_ERR_UNREADABLE;
}

/* ---- opening ---- */

static AVDictionary *reader_options(const char *format)
{
	AVDictionary *options = NULL;
	av_dict_set(&options, "format_whitelist", "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,ogg", 0);
	av_dict_set(&options, "protocol_whitelist", "", 0);
	av_dict_set(&options, "codec_whitelist", "none", 0);
	av_dict_set(&options, "max_streams", "2", 0);
	av_dict_set(&options, "probesize", "65536", 0);
	if (!strcmp(format, "mov")) {
		/* Recorders need no edits; evaluating them is the most intricate part of that reader. */
		av_dict_set(&options, "ignore_editlist", "1", 0);
		av_dict_set(&options, "advanced_editlist", "0", 0);
		av_dict_set(&options, "enable_drefs", "0", 0);
	}
	return options;
}

/* avformat_find_stream_info is left out on purpose: it opens decoders, and all we need stands in the headers and packets. */
static enum at_err open_reader(struct remux_in *in)
{
	const char *format = sniff(in->fd);
	const AVInputFormat *input = format ? av_find_input_format(format) : NULL;
	if (!input)
		return AT_ERR_UNREADABLE;
	uint8_t *buf = av_malloc(REMUX_IO_LEN);
	/* What grows cannot be sought in: its end is not known. */
	in->io = buf ? avio_alloc_context(buf, REMUX_IO_LEN, 0, in, read_bytes, NULL, in->tail ? NULL : seek_bytes)
		     : NULL;
	in->av = in->io ? avformat_alloc_context() : NULL;
	if (!in->av)
		return AT_ERR_INTERNAL;
	in->av->pb = in->io;
	in->av->io_open = refuse_open;
	in->av->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
	AVDictionary *options = reader_options(format);
	int rc = avformat_open_input(&in->av, "", input, &options);
	av_dict_free(&options);
	return rc < 0 ? AT_ERR_UNREADABLE : AT_OK;
}

static enum at_err open_segment(struct remux_in *in, bool video)
{
	in->budget = in->size * 4 + 4 * 1024 * 1024;
	enum at_err err = open_reader(in);
	if (!err)
		err = find_tracks(in, video);
	if (!err)
		err = find_origin(in);
	if (err)
		remux_in_close(in);
	return err;
}

enum at_err remux_in_open(int fd, bool video, struct remux_in *in_out)
{
	struct stat st;
	memset(in_out, 0, sizeof(*in_out));
	in_out->fd = fd;
	if (fstat(fd, &st))
		return AT_ERR_UNREADABLE;
	in_out->size = st.st_size;
	return open_segment(in_out, video);
}

enum at_err remux_in_follow(int fd, bool video, struct remux_tail *tail, uint64_t max_bytes, struct remux_in *in_out)
{
	memset(in_out, 0, sizeof(*in_out));
	in_out->fd = fd;
	in_out->tail = tail;
	in_out->size = (int64_t)(max_bytes < INT64_MAX / 8 ? max_bytes : INT64_MAX / 8);
	return open_segment(in_out, video);
}

void remux_in_close(struct remux_in *in)
{
	while (in->held_next < in->held_n)
		av_packet_free(&in->held[in->held_next++].av);
	avformat_close_input(&in->av);
	if (in->io)
		av_freep(&in->io->buffer);
	avio_context_free(&in->io);
}
