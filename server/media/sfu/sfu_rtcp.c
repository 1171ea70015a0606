/* Control packets from peers, each kind bounded for each peer, and the sender reports of slots. */
#include "media/sfu/sfu_priv.h"

enum {
	COMPOUNDS_S = 300,
	NACKS_S = 1000, /* sequence numbers */
	NACKS_BURST = 500,
	NACK_LIST_MAX = 256, /* of one message */
	KEYS_BURST = 5,      /* PLI and FIR; then one each 2 s */
	KEY_EACH_US = 2000 * 1000,
	SR_EVERY_US = 1000 * 1000,
	RTT_MAX_US = 5 * 1000 * 1000,
	RTCP_MAX = 1200,
};

static const char cname[] = "aftertone";

static struct sfu_slot *slot_of(const struct sfu_peer *peer, uint32_t ssrc)
{
	uint32_t i = (ssrc - peer->ssrc_base) / 2;
	return i < peer->slot_count && peer->slots[i].ssrc == ssrc ? &peer->slots[i] : NULL;
}

/* ---- reports ---- */

static void on_sender(struct sfu_peer *peer, int64_t now_us, const struct rtcp_packet *packet)
{
	for (size_t i = 0; i < LAYERS_A_PEER; i++)
		if (peer->ssrcs[i * 2] && peer->ssrcs[i * 2] == packet->ssrc) {
			struct sfu_clock *clock = &peer->layers[i].clock;
			*clock = (struct sfu_clock){.ntp = packet->sender.ntp,
						    .at_us = now_us,
						    .timestamp = packet->sender.rtp_timestamp,
						    .is_known = packet->sender.ntp != 0};
		}
}

static void on_blocks(struct sfu_peer *peer, int64_t now_us, const struct rtcp_packet *packet)
{
	for (size_t i = 0; i < packet->count; i++) {
		struct rtcp_block block = rtcp_block_at(packet, i);
		const struct sfu_slot *slot = slot_of(peer, block.ssrc);
		if (slot && slot->kind == SFU_SLOT_AUDIO)
			hear_loss(peer, now_us, block.fraction_lost * 1000U / 256);
		for (size_t k = 0; slot && block.lsr && k < 2; k++) {
			int64_t rtt_us = now_us - slot->sr[k].at_us - rtp_us_of_span(block.dlsr);
			if (slot->sr[k].middle != block.lsr || rtt_us < 0 || rtt_us > RTT_MAX_US)
				continue;
			uint32_t rtt = (uint32_t)(rtt_us ? rtt_us : 1);
			peer->rtt_us = peer->rtt_us ? (peer->rtt_us * 3 + rtt) / 4 : rtt;
		}
	}
}

/* ---- requests ---- */

static void on_nack(struct sfu_peer *peer, int64_t now_us, const struct rtcp_packet *packet)
{
	uint16_t seqs[NACK_LIST_MAX];
	struct sfu_slot *slot = slot_of(peer, packet->media_ssrc);
	size_t n = slot ? rtcp_nack_read(packet, seqs, NACK_LIST_MAX) : 0;
	for (size_t i = 0; i < n; i++) {
		if (!sfu_budget_take(&peer->nack_budget, now_us, NACKS_S, NACKS_BURST, 1)) {
			sfu_drop(peer->sfu, SFU_DROP_RTCP);
			return;
		}
		if (slot->kind == SFU_SLOT_AUDIO)
			rtx_voice(slot, seqs[i], now_us);
		else
			rtx_answer(slot, seqs[i], now_us);
	}
}

static void ask_key(struct sfu_peer *peer, int64_t now_us, uint32_t ssrc)
{
	const struct sfu_slot *slot = slot_of(peer, ssrc);
	if (!slot || !slot->source || slot->kind == SFU_SLOT_AUDIO)
		return;
	peer->sfu->stats.plis_in++;
	if (slot->kind == SFU_SLOT_SCREEN && peer->paced_seq && slot->source->layers[0].key_seq >= slot->first_seq)
		return; /* what it asks for is on its way; another would only wait behind it */
	if (!sfu_budget_take(&peer->key_budget, now_us, 1, KEYS_BURST * KEY_EACH_US / 1000000, KEY_EACH_US / 1000000)) {
		sfu_drop(peer->sfu, SFU_DROP_RTCP);
		return;
	}
	int8_t layer = slot->current != SFU_NONE ? slot->current : slot->target;
	if (layer != SFU_NONE)
		key_want(&slot->source->layers[layer], now_us);
}

static void on_twcc(struct sfu_peer *peer, int64_t now_us, const struct rtcp_packet *packet)
{
	struct bwe_arrival *arrivals = peer->sfu->arrivals;
	struct rtcp_twcc_iter iter = rtcp_twcc_begin(packet);
	struct rtcp_twcc_status status;
	size_t n = 0, lost = 0;
	if (!peer->uses_twcc || packet->twcc.count > BWE_SENT_MAX)
		return;
	while (n < BWE_SENT_MAX && rtcp_twcc_next(&iter, &status)) {
		arrivals[n++] = (struct bwe_arrival){status.arrival_us, status.seq, status.is_received};
		lost += !status.is_received;
	}
	hear_pictures(peer, now_us, n, lost);
	bwe_feedback(&peer->bwe, now_us, arrivals, n, peer->rtt_us);
	peer_due(peer, now_us);
}

static void on_packet(struct sfu_peer *peer, int64_t now_us, const struct rtcp_packet *packet)
{
	switch (packet->kind) {
	case RTCP_SR:
		on_sender(peer, now_us, packet);
		on_blocks(peer, now_us, packet);
		break;
	case RTCP_RR: on_blocks(peer, now_us, packet); break;
	case RTCP_NACK: on_nack(peer, now_us, packet); break;
	case RTCP_TWCC: on_twcc(peer, now_us, packet); break;
	case RTCP_PLI: ask_key(peer, now_us, packet->media_ssrc); break;
	case RTCP_FIR:
		for (size_t i = 0; i < packet->count && i < SFU_SLOTS_MAX; i++)
			ask_key(peer, now_us, rtcp_fir_at(packet, i).ssrc);
		break;
	case RTCP_REMB: bwe_remb(&peer->bwe, now_us, packet->remb_bps); break;
	case RTCP_BYE: /* a stream's end shows by its silence, a peer's by core */
	case RTCP_OTHER: break;
	}
}

void sfu_on_rtcp(struct sfu_peer *peer, int64_t now_us, const uint8_t *data, size_t len)
{
	struct rtcp_iter iter = rtcp_begin(data, len);
	struct rtcp_packet packet;
	if (!sfu_budget_take(&peer->rtcp_budget, now_us, COMPOUNDS_S, COMPOUNDS_S, 1) || rtcp_check(data, len)) {
		sfu_drop(peer->sfu, SFU_DROP_RTCP);
		return;
	}
	while (rtcp_next(&iter, &packet))
		on_packet(peer, now_us, &packet);
}

/* ---- sender reports ---- */

/* The publisher's own map, carried on to now and shifted as the slot shifts: what arrives late or out of order does not bend it. */
static bool report_of(struct sfu_slot *slot, int64_t now_us, struct rtcp_sender *out)
{
	if (!slot->source || slot->current == SFU_NONE)
		return false;
	const struct sfu_layer *layer = &slot->source->layers[slot->current];
	if (!layer->clock.is_known)
		return false;
	uint32_t clock = slot->kind == SFU_SLOT_AUDIO ? CLOCK_AUDIO : CLOCK_VIDEO;
	int64_t since_us = now_us - layer->clock.at_us;
	*out = (struct rtcp_sender){.ntp = rtp_ntp_of_us(rtp_us_of_ntp(layer->clock.ntp) + since_us),
				    .rtp_timestamp = layer->clock.timestamp + slot->timestamp_delta +
						     (uint32_t)(since_us * clock / 1000),
				    .packets = (uint32_t)slot->packets,
				    .octets = (uint32_t)slot->bytes};
	slot->sr[1] = slot->sr[0];
	slot->sr[0].middle = rtp_ntp_middle(out->ntp);
	slot->sr[0].at_us = now_us;
	return true;
}

static void send_and_begin(struct sfu_peer *peer, struct rtcp_writer *w, uint8_t *bytes)
{
	tx_rtcp(peer, bytes, w->len, RTCP_MAX);
	w->len = 0;
}

void rtcp_reports(struct sfu_peer *peer, int64_t now_us)
{
	uint8_t bytes[RTCP_MAX];
	struct rtcp_writer w = {bytes, 0, RTCP_MAX - SRTCP_OVERHEAD_MAX};
	struct rtcp_sender sender;
	for (uint32_t i = 0; i < peer->slot_count; i++) {
		struct sfu_slot *slot = &peer->slots[i];
		if (slot->sr_us && now_us - slot->sr_us < SR_EVERY_US)
			continue;
		if (!report_of(slot, now_us, &sender))
			continue;
		slot->sr_us = now_us;
		if (w.len > RTCP_MAX / 2)
			send_and_begin(peer, &w, bytes);
		if (rtcp_sr_put(&w, slot->ssrc, &sender, NULL, 0) || rtcp_sdes_put(&w, slot->ssrc, cname))
			return;
	}
	if (w.len)
		send_and_begin(peer, &w, bytes);
}
