/* A draft that was continued has a second segment, made by another recorder, maybe on another device. */
#include "base/buf.h"
#include "remux/remux_priv.h"

#include <string.h>

static bool same_extradata(const AVCodecParameters *a, const AVCodecParameters *b)
{
	return a->extradata_size == b->extradata_size &&
	       (!a->extradata_size || !memcmp(a->extradata, b->extradata, (size_t)a->extradata_size));
}

/* Opus says per packet what matters; its head differs only in what is skipped and how loud it is. */
static bool sound_joins(const AVCodecParameters *a, const AVCodecParameters *b)
{
	if (a->codec_id != b->codec_id)
		return false;
	if (a->codec_id == AV_CODEC_ID_OPUS)
		return a->extradata[18] == b->extradata[18] && a->ch_layout.nb_channels == b->ch_layout.nb_channels;
	return a->sample_rate == b->sample_rate && same_extradata(a, b);
}

static bool pictures_join(const AVCodecParameters *a, const AVCodecParameters *b, bool *headers_out)
{
	if (a->codec_id != b->codec_id || a->width != b->width || a->height != b->height)
		return false;
	if (a->codec_id == AV_CODEC_ID_VP8 || a->codec_id == AV_CODEC_ID_VP9 || same_extradata(a, b))
		return true;
	/* AV1 keyframes bring their sequence header; av1C has to agree on profile, level and depth only. */
	if (a->codec_id == AV_CODEC_ID_AV1)
		return !memcmp(a->extradata, b->extradata, 3);
	/* H.264: the same length of lengths, the same profile; the rest goes in front of each keyframe. */
	*headers_out = true;
	return a->extradata[1] == b->extradata[1] && (a->extradata[4] & 3) == (b->extradata[4] & 3);
}

enum at_err remux_join_check(const struct remux_out *out, const struct remux_in *in, bool *headers_out)
{
	*headers_out = false;
	for (int track = 0; track < REMUX_TRACKS; track++) {
		const AVStream *a = remux_out_stream(out, (enum remux_track)track),
			       *b = remux_in_stream(in, (enum remux_track)track);
		if (!b)
			continue;
		if (!a)
			return AT_ERR_UNREADABLE;
		if (track == REMUX_AUDIO && !sound_joins(a->codecpar, b->codecpar))
			return AT_ERR_UNREADABLE;
		if (track == REMUX_VIDEO && !pictures_join(a->codecpar, b->codecpar, headers_out))
			return AT_ERR_UNREADABLE;
	}
	return AT_OK;
}

/* Appends n parameter sets, each with its 16-bit length, as NAL units with lengths of nal_len bytes. */
static enum at_err append_sets(struct at_reader *r, unsigned n, unsigned nal_len, struct at_buf *buf)
{
	for (unsigned i = 0; i < n; i++) {
		uint16_t len = at_read_u16(r);
		const uint8_t *set = at_read_bytes(r, len);
		uint8_t head[4];
		at_put_u32(head, len);
		if (!set || (nal_len == 1 && len > 255) || at_buf_append(buf, head + 4 - nal_len, nal_len) ||
		    at_buf_append(buf, set, len))
			return AT_ERR_UNREADABLE;
	}
	return AT_OK;
}

static enum at_err read_sets(const AVCodecParameters *par, struct at_buf *buf)
{
	struct at_reader r = at_reader_of(par->extradata, (size_t)par->extradata_size);
	(void)at_read_u32(&r);
	unsigned nal_len = (at_read_u8(&r) & 3u) + 1;
	if (append_sets(&r, at_read_u8(&r) & 31u, nal_len, buf))
		return AT_ERR_UNREADABLE;
	if (append_sets(&r, at_read_u8(&r), nal_len, buf))
		return AT_ERR_UNREADABLE;
	return r.failed ? AT_ERR_UNREADABLE : AT_OK;
}

enum at_err remux_join_headers(const AVCodecParameters *par, AVPacket *packet)
{
	struct at_buf sets;
	at_buf_init(&sets, 64 * 1024);
	enum at_err err = read_sets(par, &sets);
	if (err)
		goto out;
	int old_len = packet->size;
	if (av_grow_packet(packet, (int)sets.len) < 0 || av_packet_make_writable(packet) < 0) {
		err = AT_ERR_INTERNAL;
		goto out;
	}
	memmove(packet->data + sets.len, packet->data, (size_t)old_len);
	memcpy(packet->data, sets.data, sets.len);
out:
	at_buf_release(&sets);
	return err;
}
