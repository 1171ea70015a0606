/* What a publisher's packets look like: VP8 in RTP with its descriptor, Opus in RTP or RED, retransmissions and padding. */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	PAYLOAD_MAX = 1100,
	KEY_TIMES = 4, /* a key frame is so many times as large */
	FRAME_HEAD = 10,
	OPUS_LEN = 60,
};

/* ---- headers ---- */

static enum sfu_source source_of(unsigned layer)
{
	return layer == 0 ? SFU_MIC : layer == LAYERS_A_PEER - 1 ? SFU_SCREEN : SFU_CAMERA;
}

static struct rtp_ext_ids ids_of(const struct kit_peer *kp, bool is_audio)
{
	const struct sfu_params *p = &kp->params;
	if (is_audio)
		return (struct rtp_ext_ids){
			.of = {[RTP_EXT_MID] = p->audio.ext_mid, [RTP_EXT_AUDIO_LEVEL] = p->audio.ext_level}};
	return (struct rtp_ext_ids){.of = {[RTP_EXT_MID] = p->video.ext_mid,
					   [RTP_EXT_RID] = p->video.ext_rid,
					   [RTP_EXT_REPAIRED_RID] = p->video.ext_rrid,
					   [RTP_EXT_TRANSPORT_CC] = p->video.ext_twcc}};
}

static struct rtp_exts exts_of(struct kit_peer *kp, unsigned layer, bool is_rtx)
{
	enum sfu_source source = source_of(layer);
	const struct sfu_send_params *send = &kp->params.send[source];
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID};
	memcpy(exts.mid, send->mid, sizeof(send->mid));
	if (source == SFU_MIC)
		return exts;
	if (kp->params.video.ext_twcc) {
		exts.has |= 1U << RTP_EXT_TRANSPORT_CC;
		exts.transport_seq = kp->twcc_seq++;
	}
	if (source == SFU_CAMERA && send->rid_count) {
		exts.has |= 1U << (is_rtx ? RTP_EXT_REPAIRED_RID : RTP_EXT_RID);
		memcpy(is_rtx ? exts.repaired_rid : exts.rid, send->rids[layer - 1], SFU_ID_MAX + 1);
	}
	return exts;
}

static void seal_and_send(struct sim_peer *peer, uint8_t *bytes, size_t head, size_t len, uint32_t index, bool has_twcc)
{
	struct sim_sender *out = &peer->out;
	size_t sealed = kit_seal(peer->kit, bytes, head, len, index);
	if (has_twcc) {
		bwe_sent(&out->bwe, kit.now_us, (uint16_t)(peer->kit->twcc_seq - 1), sealed,
			 pacer_cluster(&out->pacer, kit.now_us));
		pacer_sent(&out->pacer, kit.now_us, sealed);
	}
	sim_send(peer, bytes, sealed);
}

static void send_packet(struct sim_peer *peer, unsigned layer, struct rtp_header *header, const uint8_t *payload,
			size_t len)
{
	struct kit_peer *kp = peer->kit;
	struct kit_stream *s = &kp->streams[layer];
	struct sim_encoder *e = &peer->out.encoders[layer];
	struct rtp_exts exts = exts_of(kp, layer, false);
	struct rtp_ext_ids ids = ids_of(kp, layer == 0);
	uint8_t bytes[ICE_PACKET_MAX + RTP_HEADER_MAX];
	if (header->exts) { /* the level */
		exts.has |= header->exts->has;
		exts.level = header->exts->level;
		exts.is_voice = header->exts->is_voice;
	}
	header->exts = &exts;
	header->ids = &ids;
	header->seq = (uint16_t)s->seq++;
	header->ssrc = s->ssrc;
	if (e->sent) {
		struct sim_sent *sent = &e->sent[header->seq % SIM_SENT];
		sent->header = *header;
		sent->level = exts.level;
		sent->len = (uint16_t)len;
		memcpy(sent->payload, payload, len);
	}
	size_t head = rtp_header_put(header, bytes);
	memcpy(bytes + head, payload, len);
	e->packets++;
	e->octets += (uint32_t)len;
	seal_and_send(peer, bytes, head, head + len, s->seq - 1, rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC));
}

/* ---- video ---- */

/* libwebrtc's patterns of two and three temporal layers: what a frame refers to and fills, and its share of the bytes. */
struct pattern_frame {
	uint8_t tid, refers, fills; /* as bits: */
	bool is_sync;
	unsigned percent; /* of the mean frame */
};
enum { LAST = 1, GOLDEN = 2, ALTREF = 4 };

static const struct pattern_frame one_tier[] = {{0, LAST, LAST, false, 100}};
static const struct pattern_frame two_tiers[] = {
	{0, LAST | ALTREF, LAST, false, 120},
	{1, LAST | ALTREF, GOLDEN, true, 80},
	{0, LAST | ALTREF, LAST, false, 120},
	{1, LAST | GOLDEN | ALTREF, 0, false, 80},
};
static const struct pattern_frame three_tiers[] = {
	{0, LAST | ALTREF, LAST, false, 160},           {2, LAST | ALTREF, 0, true, 80},
	{1, LAST | ALTREF, GOLDEN, true, 80},           {2, LAST | GOLDEN | ALTREF, 0, false, 80},
	{0, LAST | ALTREF, LAST, false, 160},           {2, LAST | GOLDEN | ALTREF, 0, false, 80},
	{1, LAST | GOLDEN | ALTREF, GOLDEN, false, 80}, {2, LAST | GOLDEN | ALTREF, 0, false, 80},
};
static const struct {
	const struct pattern_frame *frames;
	unsigned count;
} patterns[] = {{one_tier, 1}, {two_tiers, 4}, {three_tiers, 8}};

static size_t put_frame_head(uint8_t *out, const struct kit_stream *s, unsigned layer, bool starts, bool is_key,
			     const struct pattern_frame *pattern)
{
	struct vp8_packet vp8 = {.starts_partition = starts,
				 .has_picture_id = true,
				 .has_tl0picidx = true,
				 .has_tid = true,
				 .tid = pattern->tid,
				 .is_layer_sync = pattern->is_sync,
				 .is_picture_id_long = true,
				 .picture_id = s->picture_id & VP8_PICTURE_ID_MASK,
				 .tl0picidx = s->tl0};
	size_t n = vp8_descriptor_put(&vp8, out);
	unsigned height = layer == LAYERS_A_PEER - 1 ? 720 : 90U << layer, width = height * 16 / 9;
	/* RFC 6386 section 9.1 */
	const uint8_t frame[FRAME_HEAD] = {is_key && starts ? 0x10 : 0x11,
					   0,
					   0,
					   0x9d,
					   0x01,
					   0x2a,
					   (uint8_t)width,
					   (uint8_t)(width >> 8),
					   (uint8_t)height,
					   (uint8_t)(height >> 8)};
	memcpy(out + n, frame, FRAME_HEAD);
	return n + FRAME_HEAD;
}

static size_t frame_size(uint32_t bps, unsigned fps, bool is_key)
{
	size_t mean = bps / 8 / fps;
	return (mean * 7 / 10 + sim_below((uint32_t)(mean * 6 / 10 + 1))) * (is_key ? KEY_TIMES : 1) + 60;
}

static const struct pattern_frame *next_in_pattern(struct sim_peer *peer, unsigned layer, bool is_key)
{
	struct sim_encoder *e = &peer->out.encoders[layer];
	unsigned tiers = layer == LAYERS_A_PEER - 1 ? peer->out.screen_tiers : peer->out.tiers;
	e->since_key = is_key ? 0 : e->since_key + 1;
	return &patterns[tiers - 1].frames[e->since_key % patterns[tiers - 1].count];
}

static void refer(struct sim_encoder *e, const struct pattern_frame *pattern, struct sim_truth *truth)
{
	truth->fills = truth->is_key ? LAST | GOLDEN | ALTREF : pattern->fills;
	for (unsigned i = 0; i < SIM_BUFFERS; i++) {
		truth->refers[i] = !truth->is_key && pattern->refers & 1U << i ? e->buffers[i] : 0;
		if (truth->fills & 1U << i)
			e->buffers[i] = truth->frame;
	}
}

void sim_encode(struct sim_peer *peer, unsigned layer, uint32_t bps, unsigned fps)
{
	struct kit_stream *s = &peer->kit->streams[layer];
	struct sim_encoder *e = &peer->out.encoders[layer];
	bool is_key = !e->frames || (e->key_at_us && kit.now_us >= e->key_at_us);
	const struct pattern_frame *pattern = next_in_pattern(peer, layer, is_key);
	size_t left = frame_size(is_key ? bps : bps / 100 * pattern->percent, fps, is_key);
	uint16_t packets = (uint16_t)((left + PAYLOAD_MAX - 1) / PAYLOAD_MAX);
	size_t each = left / packets;
	uint8_t payload[PAYLOAD_MAX + 64] = {0};
	if (!e->sent)
		e->sent = at_alloc(SIM_SENT * sizeof(*e->sent));
	if (is_key)
		e->key_at_us = 0;
	s->picture_id++;
	s->tl0 = (uint8_t)(s->tl0 + !pattern->tid);
	e->frame++;
	struct sim_truth truth = {.publisher = peer->kit->number,
				  .frame = e->frame,
				  .packets = packets,
				  .layer = (uint8_t)layer,
				  .is_key = is_key,
				  .captured_us = kit.now_us};
	refer(e, pattern, &truth);
	for (uint16_t i = 0; i < packets; i++) {
		struct rtp_header header = {.payload_type = peer->kit->params.video.pt,
					    .marker = i + 1 == packets,
					    .timestamp = s->timestamp + (uint32_t)(kit.now_us * CLOCK_VIDEO / 1000)};
		size_t n = put_frame_head(payload, s, layer, i == 0, is_key, pattern);
		truth.packet = i;
		sim_truth_put(payload + n, &truth);
		size_t len = each < n + SIM_TRUTH_LEN ? n + SIM_TRUTH_LEN : each;
		send_packet(peer, layer, &header, payload, len);
		e->bytes += len;
		e->key_bytes += is_key ? len : 0;
	}
	e->frames++;
	e->keys += is_key;
}

/* ---- RTX ---- */

static void send_rtx(struct sim_peer *peer, unsigned layer, const struct rtp_header *original, const uint8_t *payload,
		     size_t len, size_t padding)
{
	struct kit_peer *kp = peer->kit;
	struct sim_encoder *e = &peer->out.encoders[layer];
	struct rtp_exts exts = exts_of(kp, layer, true);
	struct rtp_ext_ids ids = ids_of(kp, false);
	struct rtp_header header = *original;
	uint8_t bytes[ICE_PACKET_MAX + RTP_HEADER_MAX];
	header.exts = &exts;
	header.ids = &ids;
	header.payload_type = kp->params.video.rtx_pt;
	header.ssrc = kp->streams[layer].rtx_ssrc;
	header.has_padding = padding != 0;
	header.seq = (uint16_t)e->rtx_seq++;
	size_t head = rtp_header_put(&header, bytes), at = head;
	if (!padding) {
		bytes[at++] = (uint8_t)(original->seq >> 8);
		bytes[at++] = (uint8_t)original->seq;
		memcpy(bytes + at, payload, len);
		at += len;
	} else {
		rtp_padding_put(bytes + at, padding);
		at += padding;
	}
	seal_and_send(peer, bytes, head, at, e->rtx_seq - 1, rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC));
}

/* Without RTX the packet itself comes again, under its number. */
static void repeat_voice(struct sim_peer *peer, const struct sim_sent *sent)
{
	struct kit_peer *kp = peer->kit;
	struct rtp_exts exts = exts_of(kp, 0, false);
	struct rtp_ext_ids ids = ids_of(kp, true);
	struct rtp_header header = sent->header;
	uint8_t bytes[ICE_PACKET_MAX + RTP_HEADER_MAX];
	uint32_t index = (kp->streams[0].seq & ~0xffffU) | sent->header.seq;
	exts.has |= (kp->params.audio.ext_level ? 1U : 0U) << RTP_EXT_AUDIO_LEVEL;
	exts.level = sent->level;
	header.exts = &exts;
	header.ids = &ids;
	size_t head = rtp_header_put(&header, bytes);
	memcpy(bytes + head, sent->payload, sent->len);
	peer->out.encoders[0].repeated++;
	seal_and_send(peer, bytes, head, head + sent->len, index > kp->streams[0].seq ? index - 0x10000 : index, false);
}

void sim_repeat(struct sim_peer *peer, unsigned layer, uint16_t seq)
{
	const struct sim_encoder *e = &peer->out.encoders[layer];
	const struct sim_sent *sent = e->sent ? &e->sent[seq % SIM_SENT] : NULL;
	if (!sent || !sent->len || sent->header.seq != seq)
		return;
	if (!layer)
		repeat_voice(peer, sent);
	else
		send_rtx(peer, layer, &sent->header, sent->payload, sent->len, 0);
}

void sim_pad(struct sim_peer *peer, unsigned layer)
{
	struct rtp_header header = {.timestamp = 0};
	send_rtx(peer, layer, &header, NULL, 0, RTP_PADDING_MAX);
}

/* ---- audio ---- */

static size_t put_red(struct sim_sender *out, uint8_t pt, uint32_t timestamp, const uint8_t *frame, size_t len,
		      uint8_t *payload, size_t max)
{
	struct red_block blocks[RED_BLOCKS_MAX];
	size_t n = 0;
	while (out->history_count && timestamp - out->history[out->history_count - 1].timestamp > RED_OFFSET_MAX)
		out->history_count--;
	for (size_t i = out->history_count; i-- > 0;)
		blocks[n++] = (struct red_block){.data = out->history[i].bytes,
						 .len = out->history[i].len,
						 .payload_type = pt,
						 .timestamp_offset = (uint16_t)(timestamp - out->history[i].timestamp)};
	blocks[n++] = (struct red_block){.data = frame, .len = len, .payload_type = pt};
	return red_put(blocks, n, payload, max);
}

static void remember(struct sim_sender *out, uint32_t timestamp, const uint8_t *frame, size_t len)
{
	size_t keep = out->red_depth > SIM_RED_MAX ? SIM_RED_MAX : out->red_depth;
	if (!keep)
		return;
	memmove(&out->history[1], &out->history[0], (keep - 1) * sizeof(out->history[0]));
	out->history[0].timestamp = timestamp;
	out->history[0].len = (uint8_t)len;
	memcpy(out->history[0].bytes, frame, len);
	out->history_count += out->history_count < keep;
}

/* Syllables of 100 to 240 ms, dips of 40 to 80 between them, now and then a pause for breath: a steady level would be a hum. */
static void set_level(struct sim_sender *out, struct rtp_exts *level)
{
	if (!out->syllable_left)
		out->syllable_left = sim_below(10) ? (int)(5 + sim_below(8)) : 0;
	if (!out->syllable_left)
		out->syllable_left = -(int)(8 + sim_below(5));
	bool is_dip = out->syllable_left < 0;
	level->level = (uint8_t)(out->level + sim_below(8) + (is_dip ? 25 : 0));
	level->is_voice = !is_dip;
	if (is_dip)
		out->syllable_left++;
	else if (!--out->syllable_left)
		out->syllable_left = -(int)(2 + sim_below(3));
}

void sim_speak(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	struct kit_peer *kp = peer->kit;
	const struct sfu_audio_params *a = &kp->params.audio;
	uint32_t timestamp = kp->streams[0].timestamp + (uint32_t)(kit.now_us * CLOCK_AUDIO / 1000);
	struct sim_truth truth = {.publisher = kp->number,
				  .frame = out->audio_frame,
				  .packets = 1,
				  .captured_us = kit.now_us,
				  .sent = (uint32_t)kp->streams[0].seq};
	struct rtp_exts level = {.has = 1U << RTP_EXT_AUDIO_LEVEL, .level = 127};
	struct rtp_header header = {.payload_type = a->red_pt ? a->red_pt : a->pt,
				    .timestamp = timestamp,
				    .exts = &level};
	uint8_t frame[120] = {0}, payload[1200];
	size_t len = out->talks ? OPUS_LEN + sim_below(50) : SIM_TRUTH_LEN + 1;
	bool goes_on = out->talks && out->spoken_frame + 1 == out->audio_frame;
	truth.packets = goes_on && out->has_fec ? 2 : 1;
	sim_truth_put(frame, &truth);
	if (out->talks) {
		out->spoken_frame = out->audio_frame;
		if (out->hums)
			level.level = (uint8_t)(out->level + sim_below(8));
		else
			set_level(out, &level);
	} else {
		out->history_count = 0;
	}
	if (!a->ext_level)
		level.has = 0;
	if (!out->encoders[0].sent && !out->no_repeats)
		out->encoders[0].sent = at_alloc(SIM_SENT * sizeof(struct sim_sent));
	size_t n = len;
	if (a->red_pt)
		n = put_red(out, a->pt, timestamp, frame, len, payload, sizeof(payload));
	else
		memcpy(payload, frame, len);
	assert_true(n > 0);
	send_packet(peer, 0, &header, payload, n);
	if (out->talks)
		remember(out, timestamp, frame, len);
}
