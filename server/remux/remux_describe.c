/* What the finished file is called: RFC 6381 names, precise enough for MediaSource and canPlayType. */
#include "remux/remux_priv.h"

#include <libavutil/display.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 24 };

/* VP9 levels by size of the picture (annex A of the VP9 specification); notes are small and slow. */
static int vp9_level(int64_t pixels)
{
	static const struct {
		int64_t pixels;
		int level;
	} levels[] = {{36864, 10}, {73728, 11}, {122880, 20}, {245760, 21}, {552960, 30}, {983040, 31}, {2228224, 40}};
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (pixels <= levels[i].pixels)
			return levels[i].level;
	return 50;
}

static void name_av1(const uint8_t *c, char name_out[NAME_MAX_LEN])
{
	int depth = !(c[2] & 0x40) ? 8 : c[2] & 0x20 ? 12 : 10;
	snprintf(name_out, NAME_MAX_LEN, "av01.%d.%02d%c.%02d", c[1] >> 5, c[1] & 31, c[2] & 0x80 ? 'H' : 'M', depth);
}

/* ISO 14496-3 AudioSpecificConfig: five bits, or 32 plus six more. */
static int aac_object(const uint8_t *c)
{
	int object = c[0] >> 3;
	return object == 31 ? 32 + (((c[0] & 7) << 3) | (c[1] >> 5)) : object;
}

static void name_codec(const AVCodecParameters *par, char name_out[NAME_MAX_LEN])
{
	const uint8_t *c = par->extradata;
	name_out[0] = '\0';
	if (par->codec_id == AV_CODEC_ID_OPUS)
		snprintf(name_out, NAME_MAX_LEN, "opus");
	else if (par->codec_id == AV_CODEC_ID_AAC)
		snprintf(name_out, NAME_MAX_LEN, "mp4a.40.%d", aac_object(c));
	else if (par->codec_id == AV_CODEC_ID_H264)
		snprintf(name_out, NAME_MAX_LEN, "avc1.%02x%02x%02x", c[1], c[2], c[3]);
	else if (par->codec_id == AV_CODEC_ID_VP8)
		snprintf(name_out, NAME_MAX_LEN, "vp8");
	else if (par->codec_id == AV_CODEC_ID_VP9)
		snprintf(name_out, NAME_MAX_LEN, "vp09.00.%02d.08", vp9_level((int64_t)par->width * par->height));
	else if (par->codec_id == AV_CODEC_ID_AV1)
		name_av1(c, name_out);
}

static void describe_size(const AVStream *stream, struct remux_result *result)
{
	result->width = (uint32_t)stream->codecpar->width;
	result->height = (uint32_t)stream->codecpar->height;
	size_t len = 0;
	const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &len);
	if (!matrix || len < 36)
		return;
	int32_t m[9];
	memcpy(m, matrix, sizeof(m));
	double degrees = fabs(av_display_rotation_get(m));
	if (degrees > 45 && degrees < 135) {
		uint32_t width = result->width;
		result->width = result->height;
		result->height = width;
	}
}

void remux_out_describe(const struct remux_out *out, struct remux_result *result)
{
	char name[REMUX_TRACKS][NAME_MAX_LEN] = {"", ""};
	result->has_audio = out->packets[REMUX_AUDIO] > 0;
	result->has_video = out->packets[REMUX_VIDEO] > 0;
	if (result->has_audio)
		name_codec(remux_out_stream(out, REMUX_AUDIO)->codecpar, name[REMUX_AUDIO]);
	if (result->has_video) {
		name_codec(remux_out_stream(out, REMUX_VIDEO)->codecpar, name[REMUX_VIDEO]);
		describe_size(remux_out_stream(out, REMUX_VIDEO), result);
	}
	snprintf(result->mime, sizeof(result->mime), "%s/%s; codecs=%s%s%s", result->has_video ? "video" : "audio",
		 out->is_webm ? "webm" : "mp4", name[REMUX_VIDEO], result->has_video && result->has_audio ? "," : "",
		 name[REMUX_AUDIO]);
}
