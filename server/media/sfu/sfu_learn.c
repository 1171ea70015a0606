/* Whose stream is it: by mid and rid in its header, which are trusted more than what was announced (browsers are wrong about the latter now
 * and then, never about the former). A stream that was announced by SSRC is known already and does not come here. */
#include "media/sfu/sfu_priv.h"

static struct sfu_source_state *source_of_mid(struct sfu_peer *peer, const char *mid)
{
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++)
		if (peer->sources[i].layer_count && !strcmp(peer->params.send[i].mid, mid))
			return &peer->sources[i];
	return NULL;
}

static struct sfu_layer *layer_of_rid(struct sfu_source_state *source, const char *rid)
{
	const struct sfu_send_params *s = &source->peer->params.send[source->kind];
	for (uint8_t i = 0; i < s->rid_count; i++)
		if (!strcmp(s->rids[i], rid))
			return &source->layers[i];
	return NULL;
}

static struct sfu_layer *layer_of(struct sfu_source_state *source, const struct rtp_exts *exts, bool is_rtx)
{
	if (!source->peer->params.send[source->kind].rid_count)
		return source->layer_count ? &source->layers[0] : NULL;
	/* Firefox was seen to put rid on RTX; both name the same layer. */
	if (is_rtx && rtp_exts_have(exts, RTP_EXT_REPAIRED_RID))
		return layer_of_rid(source, exts->repaired_rid);
	return rtp_exts_have(exts, RTP_EXT_RID) ? layer_of_rid(source, exts->rid) : NULL;
}

struct sfu_layer *learn_stream(struct sfu_peer *peer, const struct rtp_packet *packet, const struct rtp_exts *exts,
			       bool *is_rtx_out)
{
	uint8_t pt = packet->payload_type;
	const struct sfu_params *p = &peer->params;
	bool is_rtx = p->video.rtx_pt && pt == p->video.rtx_pt;
	struct sfu_source_state *source = NULL;
	if (!packet->ssrc)
		return NULL;
	if (rtp_exts_have(exts, RTP_EXT_MID))
		source = source_of_mid(peer, exts->mid);
	else if (rtp_exts_have(exts, RTP_EXT_RID) || rtp_exts_have(exts, RTP_EXT_REPAIRED_RID))
		source = &peer->sources[SFU_CAMERA];
	struct sfu_layer *layer = source ? layer_of(source, exts, is_rtx) : NULL;
	if (!layer || (source->kind == SFU_MIC && is_rtx))
		return NULL;
	uint32_t *ssrc = &peer->ssrcs[layer->bit * 2 + is_rtx];
	if (*ssrc && !is_rtx)
		layer_reset(layer);
	*ssrc = packet->ssrc;
	*is_rtx_out = is_rtx;
	return layer;
}
