/* What comes in: demultiplexed, opened in place, and handed to its layer. Nothing about a peer changes before its bytes proved themselves. */
#include "media/sfu/sfu_priv.h"

static const struct rtp_ext_ids *ids_of(const struct sfu_peer *peer, uint8_t pt)
{
	bool is_audio = pt == peer->params.audio.pt || (peer->params.audio.red_pt && pt == peer->params.audio.red_pt);
	return is_audio ? &peer->audio_ids : &peer->video_ids;
}

static struct sfu_layer *find_layer(struct sfu_peer *peer, uint32_t ssrc, bool *is_rtx_out)
{
	for (uint32_t i = 0; i < STREAMS_A_PEER; i++)
		if (peer->ssrcs[i] == ssrc) {
			*is_rtx_out = i & 1;
			return &peer->layers[i / 2];
		}
	return NULL;
}

static bool pt_fits(const struct sfu_peer *peer, const struct sfu_layer *layer, bool is_rtx, uint8_t pt)
{
	const struct sfu_params *p = &peer->params;
	if (!layer_is_video(layer))
		return pt == p->audio.pt || (p->audio.red_pt && pt == p->audio.red_pt);
	return is_rtx ? p->video.rtx_pt && pt == p->video.rtx_pt : pt == p->video.pt;
}

static void put_video(struct sfu_layer *layer, int64_t now_us, int64_t recv_us, struct rtp_packet *packet, bool is_rtx)
{
	struct sfu_peer *peer = layer->source->peer;
	if (is_rtx) {
		/* Probes come on RTX, padding only. */
		if (packet->payload_len < RTP_RTX_LEN ||
		    rtp_rtx_unwrap(packet, peer->params.video.pt, peer->ssrcs[layer->bit * 2])) {
			sfu_drop(peer->sfu, SFU_DROP_PADDING);
			return;
		}
		if (!layer->started) {
			sfu_drop(peer->sfu, SFU_DROP_LATE);
			return;
		}
	}
	uint64_t in_seq = layer_extend(layer, packet->seq);
	if (is_rtx && (in_seq + RESYNC < layer->in_highest || in_seq > layer->in_highest + MISSING_MAX)) {
		/* what it names is its sender's choice, so it never begins anything */
		sfu_drop(peer->sfu, SFU_DROP_LATE);
		return;
	}
	if (!is_rtx)
		uplink_receipt(layer, in_seq, packet->timestamp, recv_us);
	layer_put(layer, now_us, in_seq, packet, 0, false, is_rtx);
}

static bool read_packet(struct sfu_peer *peer, const uint8_t *data, size_t len, struct rtp_packet *packet,
			struct rtp_exts *exts)
{
	exts->has = 0;
	return !rtp_parse(data, len, packet) &&
	       (!packet->ext || !rtp_exts_read(packet, ids_of(peer, packet->payload_type), exts));
}

void sfu_on_rtp(struct sfu_peer *peer, int64_t now_us, int64_t recv_us, uint8_t *data, size_t len)
{
	struct sfu *sfu = peer->sfu;
	struct rtp_packet packet;
	struct rtp_exts exts;
	bool is_rtx = false;
	if (!read_packet(peer, data, len, &packet, &exts)) {
		sfu_drop(sfu, SFU_DROP_RTP);
		return;
	}
	sfu->stats.packets_in++;
	peer->packets_in++;
	peer->bytes_in += len;
	if (rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC)) /* whatever becomes of it: it did arrive */
		uplink_arrived(peer, exts.transport_seq, recv_us);
	struct sfu_layer *layer = find_layer(peer, packet.ssrc, &is_rtx);
	if (!layer)
		layer = learn_stream(peer, &packet, &exts, &is_rtx);
	if (!layer) {
		sfu_drop(sfu, SFU_DROP_UNMAPPED);
		return;
	}
	if (!pt_fits(peer, layer, is_rtx, packet.payload_type)) {
		sfu_drop(sfu, SFU_DROP_RTP);
		return;
	}
	if (layer_is_video(layer)) {
		put_video(layer, now_us, recv_us, &packet, is_rtx);
		return;
	}
	uplink_receipt(layer, layer_extend(layer, packet.seq), packet.timestamp, recv_us);
	audio_put(layer, now_us, &packet, &exts);
}

static void on_sealed(struct sfu_peer *peer, struct sfu_tuple *tuple, enum rtp_kind kind, int64_t now_us,
		      int64_t recv_us, uint8_t *data, size_t len)
{
	size_t plain;
	if (!peer->is_up) {
		sfu_drop(peer->sfu, SFU_DROP_KEYS);
		return;
	}
	enum at_err err = kind == RTP_KIND_RTP ? srtp_open(peer->in, data, len, &plain, NULL)
					       : srtcp_open(peer->in, data, len, &plain);
	if (err) {
		sfu_drop(peer->sfu, err == AT_ERR_EXISTS ? SFU_DROP_REPLAY : SFU_DROP_SRTP);
		return;
	}
	sfu_tuple_aim(peer, tuple);
	sfu_peer_heard(peer, tuple, now_us);
	if (kind == RTP_KIND_RTP)
		sfu_on_rtp(peer, now_us, recv_us, data, plain);
	else
		sfu_on_rtcp(peer, now_us, data, plain);
}

void sfu_packet(struct sfu *sfu, int64_t now_us, int64_t recv_us, const struct ice_tuple *from, uint8_t *data,
		size_t len)
{
	struct sfu_peer *peer;
	if (!len || len > ICE_PACKET_MAX) {
		sfu_drop(sfu, SFU_DROP_SIZE);
		return;
	}
	enum rtp_kind kind = rtp_kind(data, len);
	if (kind == RTP_KIND_NONE) {
		sfu_drop(sfu, SFU_DROP_KIND);
		return;
	}
	if (kind == RTP_KIND_STUN) {
		sfu_on_stun(sfu, now_us, from, data, len);
		tx_emit(sfu);
		return;
	}
	struct sfu_tuple *tuple = sfu_tuple_find(sfu, from, &peer);
	if (!tuple) {
		sfu_drop(sfu, SFU_DROP_STRANGER);
		return;
	}
	if (kind == RTP_KIND_DTLS)
		sfu_on_dtls(peer, tuple, now_us, data, len);
	else
		on_sealed(peer, tuple, kind, now_us, recv_us, data, len);
	if (sfu->tx.count)
		tx_emit(sfu);
}
