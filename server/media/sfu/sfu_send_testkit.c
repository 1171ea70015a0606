#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

size_t kit_seal(struct kit_peer *peer, uint8_t *data, size_t header_len, size_t len, uint64_t index)
{
	size_t sealed;
	assert_int_equal(srtp_seal(peer->out, (uint32_t)(index >> 16), data, header_len, len, ICE_PACKET_MAX, &sealed),
			 AT_OK);
	return sealed;
}

void kit_raw(const struct ice_tuple *from, const void *data, size_t len)
{
	uint8_t copy[2048];
	assert_true(len <= sizeof(copy));
	memcpy(copy, data, len);
	sfu_packet(kit.sfu, kit.now_us, kit.now_us, from, copy, len);
}

static const struct rtp_ext_ids video_ids = {.of = {[RTP_EXT_MID] = KIT_EXT_MID,
						    [RTP_EXT_RID] = KIT_EXT_RID,
						    [RTP_EXT_REPAIRED_RID] = KIT_EXT_RRID,
						    [RTP_EXT_TRANSPORT_CC] = KIT_EXT_TWCC}};
static const struct rtp_ext_ids audio_ids = {
	.of = {[RTP_EXT_MID] = KIT_EXT_MID, [RTP_EXT_AUDIO_LEVEL] = KIT_EXT_LEVEL}};

static struct rtp_exts exts_for(struct kit_peer *peer, unsigned layer, bool rtx)
{
	enum sfu_source source = layer == 0 ? SFU_MIC : layer == LAYERS_A_PEER - 1 ? SFU_SCREEN : SFU_CAMERA;
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID};
	memcpy(exts.mid, peer->params.send[source].mid, sizeof(exts.mid));
	if (source == SFU_MIC)
		return exts;
	if (peer->params.video.ext_twcc) {
		exts.has |= 1U << RTP_EXT_TRANSPORT_CC;
		exts.transport_seq = peer->twcc_seq++;
	}
	if (source == SFU_CAMERA && peer->params.send[SFU_CAMERA].rid_count) {
		exts.has |= 1U << (rtx ? RTP_EXT_REPAIRED_RID : RTP_EXT_RID);
		memcpy(rtx ? exts.repaired_rid : exts.rid, peer->params.send[SFU_CAMERA].rids[layer - 1],
		       SFU_ID_MAX + 1);
	}
	return exts;
}

static struct {
	struct ice_tuple from;
	size_t len;
	uint8_t bytes[1600];
} delayed[32];
static size_t delayed_count;

static void delay(struct kit_peer *peer, const uint8_t *bytes, size_t len)
{
	assert_true(delayed_count < 32 && len <= sizeof(delayed[0].bytes));
	delayed[delayed_count].from = peer->tuple;
	delayed[delayed_count].len = len;
	memcpy(delayed[delayed_count++].bytes, bytes, len);
}

void kit_arrive(void)
{
	for (size_t i = 0; i < delayed_count; i++)
		kit_raw(&delayed[i].from, delayed[i].bytes, delayed[i].len);
	delayed_count = 0;
}

static void send_rtp(struct kit_peer *peer, struct rtp_header *header, uint32_t index, const void *payload, size_t len,
		     size_t padding, bool is_late)
{
	uint8_t bytes[2048];
	size_t at = rtp_header_put(header, bytes), head = at;
	if (len)
		memcpy(bytes + at, payload, len);
	at += len;
	if (padding) {
		rtp_padding_put(bytes + at, padding);
		at += padding;
	}
	at = kit_seal(peer, bytes, head, at, index);
	if (is_late)
		delay(peer, bytes, at);
	else
		kit_raw(&peer->tuple, bytes, at);
}

/* The descriptor, and the first bytes of a frame behind it (RFC 6386 section 9.1). */
static size_t put_vp8(uint8_t *out, const struct kit_stream *s, const struct kit_frame *of, bool starts, uint16_t width,
		      uint16_t height)
{
	struct vp8_packet vp8 = {.starts_partition = starts,
				 .has_picture_id = true,
				 .has_tl0picidx = true,
				 .has_tid = true,
				 .tid = of->tid,
				 .is_layer_sync = of->is_sync,
				 .is_picture_id_long = true,
				 .picture_id = s->picture_id & VP8_PICTURE_ID_MASK,
				 .tl0picidx = s->tl0};
	size_t n = vp8_descriptor_put(&vp8, out);
	uint8_t frame[10] = {of->is_key && starts ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a};
	frame[6] = (uint8_t)width;
	frame[7] = (uint8_t)(width >> 8);
	frame[8] = (uint8_t)height;
	frame[9] = (uint8_t)(height >> 8);
	memcpy(out + n, frame, sizeof(frame));
	return n + sizeof(frame);
}

void kit_video(struct kit_peer *peer, unsigned layer, const struct kit_frame *frame)
{
	struct kit_stream *s = &peer->streams[layer];
	unsigned packets = frame->packets ? frame->packets : 1;
	size_t size = frame->size ? frame->size : 500;
	uint8_t payload[1500] = {0};
	s->timestamp += 33 * 90;
	s->picture_id++;
	s->tl0 = (uint8_t)(s->tl0 + !frame->tid);
	for (unsigned i = 0; i < packets; i++) {
		bool is_last = i + 1 == packets;
		struct rtp_exts exts = exts_for(peer, layer, false);
		struct rtp_header header = {.payload_type = KIT_VP8,
					    .marker = is_last && !frame->without_marker,
					    .seq = (uint16_t)s->seq,
					    .timestamp = s->timestamp,
					    .ssrc = s->ssrc,
					    .ids = &video_ids,
					    .exts = &exts};
		put_vp8(payload, s, frame, i == 0, (uint16_t)(160U << layer),
			(uint16_t)(frame->height ? frame->height : 90U << layer));
		payload[20] = (uint8_t)layer;
		payload[21] = (uint8_t)i;
		s->seq++;
		if (i >= 32 || !(frame->lose & 1U << i))
			send_rtp(peer, &header, s->seq - 1, payload,
				 is_last && frame->last_size ? frame->last_size : size, 0,
				 i < 32 && frame->delay & 1U << i);
	}
}

void kit_frames(struct kit_peer *peer, unsigned layer, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		kit_video(peer, layer, &(struct kit_frame){.packets = 2});
		kit_flush();
		kit_wait(35);
	}
}

void kit_key(struct kit_peer *peer, unsigned layer)
{
	kit_video(peer, layer, &(struct kit_frame){.packets = 3, .is_key = true});
	kit_flush();
}

void kit_audio_payload(struct kit_peer *peer, uint8_t level, uint8_t pt, const void *payload, size_t len)
{
	struct kit_stream *s = &peer->streams[0];
	struct rtp_exts exts = exts_for(peer, 0, false);
	exts.has |= 1U << RTP_EXT_AUDIO_LEVEL;
	exts.level = level;
	exts.is_voice = level < 100;
	s->timestamp += 960;
	struct rtp_header header = {.payload_type = pt,
				    .seq = (uint16_t)s->seq,
				    .timestamp = s->timestamp,
				    .ssrc = s->ssrc,
				    .ids = &audio_ids,
				    .exts = &exts};
	send_rtp(peer, &header, s->seq++, payload, len, 0, false);
	kit_flush();
}

void kit_audio(struct kit_peer *peer, uint8_t level)
{
	uint8_t opus[80] = {0x78};
	kit_audio_payload(peer, level, KIT_OPUS, opus, sizeof(opus));
}

void kit_repeat(struct kit_peer *peer, unsigned layer, uint16_t seq, bool is_key, uint32_t timestamp,
		uint16_t picture_id)
{
	struct kit_stream *s = &peer->streams[layer], then = *s;
	struct rtp_exts exts = exts_for(peer, layer, true);
	struct rtp_header header = {.payload_type = KIT_RTX,
				    .marker = false,
				    .seq = (uint16_t)s->rtx_seq,
				    .timestamp = timestamp,
				    .ssrc = s->rtx_ssrc,
				    .ids = &video_ids,
				    .exts = &exts};
	uint8_t payload[600] = {(uint8_t)(seq >> 8), (uint8_t)seq};
	then.picture_id = picture_id;
	put_vp8(payload + 2, &then, &(struct kit_frame){.is_key = is_key}, is_key, 320, 180);
	send_rtp(peer, &header, s->rtx_seq++, payload, sizeof(payload), 0, false);
}

void kit_padding(struct kit_peer *peer, unsigned layer, bool by_rtx)
{
	struct kit_stream *s = &peer->streams[layer];
	struct rtp_exts exts = exts_for(peer, layer, by_rtx);
	struct rtp_header header = {.payload_type = by_rtx ? KIT_RTX : KIT_VP8,
				    .has_padding = true,
				    .seq = (uint16_t)(by_rtx ? s->rtx_seq : s->seq),
				    .timestamp = s->timestamp,
				    .ssrc = by_rtx ? s->rtx_ssrc : s->ssrc,
				    .ids = &video_ids,
				    .exts = &exts};
	send_rtp(peer, &header, by_rtx ? s->rtx_seq++ : s->seq++, NULL, 0, 200, false);
}

void kit_rtcp(struct kit_peer *peer, const uint8_t *data, size_t len)
{
	uint8_t bytes[ICE_PACKET_MAX];
	size_t sealed;
	memcpy(bytes, data, len);
	assert_int_equal(srtcp_seal(peer->out, bytes, len, sizeof(bytes), &sealed), AT_OK);
	kit_raw(&peer->tuple, bytes, sealed);
}

void kit_pli(struct kit_peer *peer, unsigned slot)
{
	uint8_t bytes[64];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
	assert_int_equal(rtcp_pli_put(&w, 1, peer->slots[slot].ssrc), AT_OK);
	kit_rtcp(peer, bytes, w.len);
}

void kit_nack(struct kit_peer *peer, unsigned slot, const uint16_t *seqs, size_t count)
{
	uint8_t bytes[1024];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
	assert_int_equal(rtcp_nack_put(&w, 1, peer->slots[slot].ssrc, seqs, count), count);
	kit_rtcp(peer, bytes, w.len);
}

void kit_sr(struct kit_peer *peer, unsigned layer, int64_t wall_us, uint32_t timestamp)
{
	uint8_t bytes[64];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
	struct rtcp_sender sender = {.ntp = rtp_ntp_of_us(wall_us), .rtp_timestamp = timestamp};
	assert_int_equal(rtcp_sr_put(&w, peer->streams[layer].ssrc, &sender, NULL, 0), AT_OK);
	kit_rtcp(peer, bytes, w.len);
}
