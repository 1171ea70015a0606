/* What publishers are told: transport-cc (with the kernel's times), receiver reports, what is missing, and REMB where there is no
 * transport-cc. */
#include "base/mem.h"
#include "media/sfu/sfu_priv.h"

enum {
	TWCC_EVERY_US = 50 * 1000,
	REPORT_EVERY_US = 1000 * 1000,
	RING_KEPT_US = 30 * 1000 * 1000, /* after a layer's last packet */
	REMB_EVERY_US = 500 * 1000,
	REMB_FIRST_BPS = 3000 * 1000,
	REMB_MIN_BPS = 150 * 1000,
	REMB_MAX_BPS = 5000 * 1000,
	NACK_AFTER_US = 10 * 1000,
	NACK_TRIES = 10,
	NACK_FOR_US = 1500 * 1000,
	RTT_GUESS_US = 100 * 1000,
	NACK_EACH_MIN_US = 20 * 1000,
	LATE_REPORTED = 64,
	TOGETHER_US = 15 * 1000,
	VOICE_MISSING_MAX = 16, /* in a row */
	VOICE_FOR_US = 300 * 1000,
	VOICE_TRIES = 2,
	RTCP_MAX = 1200,
};

static int64_t rtt_of(const struct sfu_peer *peer)
{
	int64_t rtt_us = peer->rtt_us ? peer->rtt_us : RTT_GUESS_US;
	return rtt_us < NACK_EACH_MIN_US ? NACK_EACH_MIN_US : rtt_us;
}

/* ---- transport-cc ---- */

static void forget_range(struct sfu_uplink *u, uint16_t from, uint16_t to)
{
	for (uint16_t s = from; s != to; s++)
		u->ticks[s % TWCC_RING] = RTCP_TWCC_NONE;
}

void uplink_arrived(struct sfu_peer *peer, uint16_t seq, int64_t recv_us)
{
	struct sfu_uplink *u = peer->uplink;
	if (!u) {
		u = peer->uplink = at_alloc(sizeof(*u));
		u->sent_us = recv_us;
	}
	int16_t ahead = u->started ? rtp_seq_diff(seq, u->highest) : 0;
	if (!u->started || ahead > TWCC_RING / 2 || ahead < -TWCC_RING / 2) {
		forget_range(u, 0, TWCC_RING);
		u->base = u->highest = seq;
		u->started = true;
	} else if (ahead > 0) {
		forget_range(u, (uint16_t)(u->highest + 1), seq);
		u->highest = seq;
		if (rtp_seq_diff(u->highest, u->base) >= TWCC_RING - 1)
			u->base = (uint16_t)(u->highest - TWCC_RING + 2);
	} else if (rtp_seq_diff(seq, u->base) < 0) {
		if (rtp_seq_diff(u->base, seq) > LATE_REPORTED)
			return;
		u->base = seq; /* it, and those behind it once more */
	}
	u->ticks[seq % TWCC_RING] = recv_us / RTCP_TWCC_TICK_US;
	if (!u->has_news)
		peer_due(peer, u->sent_us + TWCC_EVERY_US);
	u->has_news = true;
}

static void send_twcc(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu_uplink *u = peer->uplink;
	int64_t ticks[TWCC_RING];
	size_t count = (uint16_t)(u->highest - u->base + 1);
	uint8_t bytes[RTCP_MAX];
	for (size_t i = 0; i < count; i++)
		ticks[i] = u->ticks[(u->base + i) % TWCC_RING];
	struct rtcp_arrivals arrivals = {.ssrc = peer->ssrc_base - 1,
					 .media_ssrc = peer->ssrcs[2],
					 .base_seq = u->base,
					 .ticks = ticks,
					 .count = count};
	while (arrivals.count) {
		struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
		arrivals.feedback_seq = u->feedback_seq;
		if (rtcp_twcc_put(&w, &arrivals) || !w.len)
			break;
		u->feedback_seq++;
		tx_rtcp(peer, bytes, w.len, sizeof(bytes));
	}
	u->base = (uint16_t)(u->highest + 1);
	u->has_news = false;
	u->sent_us = now_us;
}

/* ---- receiver reports ---- */

/* Layers show the same moments and are sent together, but each has a clock of its own. Until sender reports tell how these stand to each
 * other, packets that came at the same time do. */
static void compare_clocks(struct sfu_layer *layer, uint32_t transit, int64_t recv_us)
{
	const struct sfu_receipt *first = &layer->source->layers[0].receipt;
	int64_t apart_us = recv_us - first->at_us;
	if (!layer->index || !first->has_transit || apart_us < 0 || apart_us > TOGETHER_US)
		return;
	int32_t beside = rtp_timestamp_diff(transit, first->transit);
	int32_t change = rtp_timestamp_diff((uint32_t)beside, (uint32_t)layer->beside);
	if (!layer->is_beside_known || change > CLOCK_VIDEO * 100 || change < -CLOCK_VIDEO * 100)
		layer->beside = beside;
	else
		layer->beside = (int32_t)((uint32_t)layer->beside + (uint32_t)(change / 8));
	layer->is_beside_known = true;
}

/* RFC 3550 section 6.4.1 and appendix A.8. */
void uplink_receipt(struct sfu_layer *layer, uint64_t in_seq, uint32_t timestamp, int64_t recv_us)
{
	struct sfu_receipt *r = &layer->receipt;
	uint32_t clock = layer_is_video(layer) ? CLOCK_VIDEO : CLOCK_AUDIO;
	uint32_t transit = (uint32_t)(recv_us * clock / 1000) - timestamp;
	if (!r->base || in_seq + RESYNC < r->base)
		r->base = in_seq;
	r->received++;
	if (r->has_transit) {
		int32_t d = rtp_timestamp_diff(transit, r->transit);
		uint32_t size = d < 0 ? 0U - (uint32_t)d : (uint32_t)d;
		if (size < 90000 * 10)
			r->jitter_16 += size - ((r->jitter_16 + 8) >> 4);
	}
	r->transit = transit;
	r->at_us = recv_us;
	r->has_transit = true;
	compare_clocks(layer, transit, recv_us);
}

static struct rtcp_block block_of(struct sfu_layer *layer, uint32_t ssrc, int64_t now_us)
{
	struct sfu_receipt *r = &layer->receipt;
	uint64_t expected = layer->in_highest >= r->base ? layer->in_highest - r->base + 1 : 0;
	uint64_t lost = expected > r->received ? expected - r->received : 0;
	uint64_t interval = expected - (r->lost_before + r->received_before);
	uint64_t lost_now = lost > r->lost_before ? lost - r->lost_before : 0;
	struct rtcp_block block = {.ssrc = ssrc,
				   .lost = lost < 0x7fffff ? (int32_t)lost : 0x7fffff,
				   .highest_seq = (uint32_t)(layer->in_highest - RTP_SEQ_FIRST),
				   .jitter = r->jitter_16 >> 4};
	if (interval && interval < UINT32_MAX && lost_now < interval)
		block.fraction_lost = (uint8_t)(lost_now * 256 / interval);
	if (layer->clock.is_known) {
		block.lsr = rtp_ntp_middle(layer->clock.ntp);
		block.dlsr = rtp_span_of_us(now_us - layer->clock.at_us);
	}
	r->lost_before = lost;
	r->received_before = expected - lost;
	return block;
}

static unsigned send_reports(struct sfu_peer *peer, int64_t now_us)
{
	struct rtcp_block blocks[LAYERS_A_PEER];
	size_t n = 0;
	unsigned worst = 0;
	uint8_t bytes[256];
	for (size_t i = 0; i < LAYERS_A_PEER; i++) {
		struct sfu_layer *layer = &peer->layers[i];
		if (!layer->receipt.base || !peer->ssrcs[i * 2])
			continue;
		blocks[n] = block_of(layer, peer->ssrcs[i * 2], now_us);
		if (layer_is_video(layer) && blocks[n].fraction_lost > worst)
			worst = blocks[n].fraction_lost;
		n++;
	}
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	if (n && !rtcp_rr_put(&w, peer->ssrc_base - 1, blocks, n))
		tx_rtcp(peer, bytes, w.len, sizeof(bytes));
	return worst;
}

/* ---- REMB: without transport-cc a browser stays at 300 kbit/s unless told better ---- */

static void adapt_remb(struct sfu_peer *peer, unsigned lost_256)
{
	uint64_t bps = peer->remb_bps ? peer->remb_bps : REMB_FIRST_BPS;
	if (lost_256 > 26) /* above 10 % */
		bps -= bps * lost_256 / 512;
	else if (lost_256 < 6)
		bps += bps / 12;
	peer->remb_bps = (uint32_t)(bps > REMB_MAX_BPS ? REMB_MAX_BPS : bps < REMB_MIN_BPS ? REMB_MIN_BPS : bps);
}

static void send_remb(struct sfu_peer *peer)
{
	uint32_t ssrcs[STREAMS_A_PEER];
	size_t n = 0;
	uint8_t bytes[128];
	for (size_t i = 2; i < STREAMS_A_PEER; i += 2)
		if (peer->ssrcs[i])
			ssrcs[n++] = peer->ssrcs[i];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	if (n && !rtcp_remb_put(&w, peer->ssrc_base - 1, peer->remb_bps ? peer->remb_bps : REMB_FIRST_BPS, ssrcs, n))
		tx_rtcp(peer, bytes, w.len, sizeof(bytes));
}

/* ---- what is missing ---- */

/* Voice: only the newest are worth anything. */
static void forget_oldest(struct sfu_ring *ring, uint32_t count)
{
	ring->missing_count -= count;
	memmove(ring->missing, ring->missing + count, ring->missing_count * sizeof(ring->missing[0]));
}

static void voice_missing(struct sfu_layer *layer, int64_t now_us, uint64_t from, uint64_t to)
{
	struct sfu_ring *ring = layer->ring;
	if (to - from > VOICE_MISSING_MAX)
		from = to - VOICE_MISSING_MAX;
	if (ring->missing_count + (to - from) > MISSING_MAX)
		forget_oldest(ring, (uint32_t)(ring->missing_count + (to - from) - MISSING_MAX));
	for (uint64_t s = from; s < to; s++)
		ring->missing[ring->missing_count++] = (struct sfu_missing){.in_seq = s, .since_us = now_us};
	peer_due(layer->source->peer, now_us + NACK_AFTER_US);
}

void uplink_missing(struct sfu_layer *layer, int64_t now_us, uint64_t from, uint64_t to)
{
	struct sfu_ring *ring = layer->ring;
	if (ring && !layer_is_video(layer)) {
		voice_missing(layer, now_us, from, to);
		return;
	}
	if (!ring || !layer->source->peer->params.video.rtx_pt)
		return;
	if (to - from > MISSING_MAX - ring->missing_count) { /* too much to be asked for */
		ring->missing_count = 0;
		key_want(layer, now_us);
		return;
	}
	for (uint64_t s = from; s < to; s++)
		ring->missing[ring->missing_count++] = (struct sfu_missing){.in_seq = s, .since_us = now_us};
	peer_due(layer->source->peer, now_us + NACK_AFTER_US);
}

bool uplink_is_missing(const struct sfu_layer *layer, uint64_t in_seq)
{
	const struct sfu_ring *ring = layer->ring;
	for (uint32_t i = 0; i < ring->missing_count; i++)
		if (ring->missing[i].in_seq == in_seq)
			return true;
	return false;
}

void uplink_found(struct sfu_layer *layer, uint64_t in_seq)
{
	struct sfu_ring *ring = layer->ring;
	for (uint32_t i = 0; i < ring->missing_count; i++)
		if (ring->missing[i].in_seq == in_seq) {
			ring->missing_count--;
			memmove(&ring->missing[i], &ring->missing[i + 1],
				(ring->missing_count - i) * sizeof(ring->missing[0]));
			return;
		}
}

/* A key frame that came behind it makes it useless, once there was time for a repetition or two. */
static bool is_superseded(const struct sfu_layer *layer, const struct sfu_missing *m, int64_t now_us)
{
	return layer->key_seq && m->in_seq - layer->shifts[0].by < layer->key_seq &&
	       now_us - m->since_us > 2 * rtt_of(layer->source->peer);
}

static bool is_lost_for_good(const struct sfu_layer *layer, const struct sfu_missing *m, int64_t now_us)
{
	if (!layer_is_video(layer))
		return m->tries > VOICE_TRIES || now_us - m->since_us > VOICE_FOR_US;
	return m->tries >= NACK_TRIES || now_us - m->since_us > NACK_FOR_US;
}

static void send_nacks(struct sfu_layer *layer, int64_t now_us)
{
	struct sfu_ring *ring = layer->ring;
	struct sfu_peer *peer = layer->source->peer;
	uint16_t seqs[MISSING_MAX];
	size_t n = 0;
	uint32_t kept = 0;
	bool has_given_up = false;
	for (uint32_t i = 0; i < ring->missing_count; i++) {
		struct sfu_missing *m = &ring->missing[i];
		if (is_superseded(layer, m, now_us))
			continue;
		if (is_lost_for_good(layer, m, now_us)) {
			has_given_up = layer_is_video(layer);
			continue;
		}
		if (now_us - m->since_us >= NACK_AFTER_US && (!m->asked_us || now_us - m->asked_us >= rtt_of(peer))) {
			m->asked_us = now_us;
			m->tries++;
			seqs[n++] = (uint16_t)m->in_seq;
		}
		ring->missing[kept++] = *m;
	}
	ring->missing_count = kept;
	if (has_given_up && layer->source->sub_count)
		key_want(layer, now_us);
	if (kept)
		peer_due(peer, now_us + NACK_AFTER_US);
	uint8_t bytes[512];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	size_t put = n ? rtcp_nack_put(&w, peer->ssrc_base - 1, peer->ssrcs[layer->bit * 2], seqs, n) : 0;
	layer->nacks += put;
	peer->sfu->stats.nacks_out += put;
	if (put)
		tx_rtcp(peer, bytes, w.len, sizeof(bytes));
}

/* ---- time ---- */

void uplink_tick(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu_uplink *u = peer->uplink;
	bool has_video = false;
	for (size_t i = 0; i < LAYERS_A_PEER; i++) {
		struct sfu_layer *layer = &peer->layers[i];
		has_video |= i && layer->ring;
		if (layer->ring && layer->ring->missing_count)
			send_nacks(layer, now_us);
	}
	if (u && u->has_news) {
		if (now_us - u->sent_us >= TWCC_EVERY_US)
			send_twcc(peer, now_us);
		else
			peer_due(peer, u->sent_us + TWCC_EVERY_US);
	}
	if (now_us - peer->report_us >= REPORT_EVERY_US) {
		for (size_t i = 0; i < LAYERS_A_PEER; i++)
			if (peer->layers[i].ring && !layer_is_alive(&peer->layers[i], now_us) &&
			    now_us - peer->layers[i].heard_us >= RING_KEPT_US)
				layer_release(&peer->layers[i]);
		adapt_remb(peer, send_reports(peer, now_us));
		peer->report_us = now_us;
	}
	if (!u && has_video && now_us - peer->remb_us >= REMB_EVERY_US) {
		send_remb(peer);
		peer->remb_us = now_us;
	}
	if (has_video || peer->layers[0].ring)
		peer_due(peer, now_us + TWCC_EVERY_US);
}
