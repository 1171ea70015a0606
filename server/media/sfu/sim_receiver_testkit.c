/* A subscriber's transport: opens what comes, tells when it came, reports, and keeps the publishers' clocks. */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	REPORT_US = 1000 * 1000,
	REPORT_VOICE_US = 5000 * 1000, /* libwebrtc's */
	RUN_US = 5 * 1000,
	/* together less than 40 ms */
	SKEW_AUDIO_US = 5 * 1000,
	SKEW_VIDEO_US = 35 * 1000,
	RTCP_MAX = 1200,
};

void sim_receiver_init(struct sim_peer *peer)
{
	struct sim_receiver *in = &peer->in;
	const struct sfu_params *p = &peer->kit->params;
	*in = (struct sim_receiver){.slot_count = p->recv_count};
	in->feedback_each_us = 50 * 1000 + sim_below(50 * 1000);
	in->rtt_us = peer->up.net.delay_us + peer->down.net.delay_us + peer->up.net.jitter_us +
		     peer->down.net.jitter_us + 5000;
	in->report_us = kit.now_us + sim_below(REPORT_US);
	for (size_t i = 0; i < p->recv_count; i++) {
		in->slots[i].ssrc = peer->kit->slots[i].ssrc;
		in->slots[i].rtx_ssrc = peer->kit->slots[i].rtx_ssrc;
		in->slots[i].kind = p->recv[i].kind;
		in->slots[i].layer = SFU_NONE;
	}
}

void sim_receiver_free(struct sim_peer *peer)
{
	for (size_t i = 0; i < peer->in.slot_count; i++) {
		at_free(peer->in.slots[i].video);
		at_free(peer->in.slots[i].audio);
	}
}

/* ---- clocks ---- */

static bool wall_of(const struct sim_slot *slot, uint32_t timestamp, int64_t *wall_us_out)
{
	int64_t clock = slot->kind == SFU_SLOT_AUDIO ? CLOCK_AUDIO : CLOCK_VIDEO;
	*wall_us_out = slot->clock.wall_us + rtp_timestamp_diff(timestamp, slot->clock.timestamp) * 1000LL / clock;
	return slot->clock.is_known;
}

/* Of what is played now against when it was captured, by the reports that this slot got: a browser that plays two slots by them is then
 * out of step by no more than both together. */
void sim_skew(struct sim_peer *peer, struct sim_slot *slot, uint32_t timestamp, const struct sim_truth *truth)
{
	int64_t wall_us, true_us = 1700000000 * 1000000LL + truth->captured_us;
	true_us += sim.peers[truth->publisher - 1].out.clock_us;
	if (!wall_of(slot, timestamp, &wall_us))
		return;
	int64_t skew_us = wall_us > true_us ? wall_us - true_us : true_us - wall_us;
	sim.skews++;
	slot->skew_us = skew_us > slot->skew_us ? skew_us : slot->skew_us;
	sim.skew_max_us = skew_us > sim.skew_max_us ? skew_us : sim.skew_max_us;
	if (skew_us >= (slot->kind == SFU_SLOT_AUDIO ? SKEW_AUDIO_US : SKEW_VIDEO_US))
		fail_msg("seed %lu: peer %u plays layer %u of peer %u %ld us out of step", sim.seed, peer->kit->number,
			 truth->layer, truth->publisher, (long)(wall_us - true_us));
}

/* ---- what comes ---- */

static struct sim_slot *slot_of(struct sim_peer *peer, uint32_t ssrc, bool *is_rtx_out)
{
	for (size_t i = 0; i < peer->in.slot_count; i++) {
		struct sim_slot *slot = &peer->in.slots[i];
		*is_rtx_out = slot->rtx_ssrc && slot->rtx_ssrc == ssrc;
		if (slot->ssrc == ssrc || *is_rtx_out)
			return slot;
	}
	fail_msg("peer %u was sent a stream that it has no slot for", peer->kit->number);
	return NULL;
}

static void on_sender_report(struct sim_peer *peer, const struct rtcp_packet *packet)
{
	bool is_rtx;
	struct sim_slot *slot = slot_of(peer, packet->ssrc, &is_rtx);
	assert_false(is_rtx);
	slot->clock = (struct sim_clock){true, rtp_us_of_ntp(packet->sender.ntp), packet->sender.rtp_timestamp};
	slot->sr_middle = rtp_ntp_middle(packet->sender.ntp);
	slot->sr_us = kit.now_us;
}

static void on_rtcp(struct sim_peer *peer, const uint8_t *data, size_t len)
{
	struct rtcp_iter iter = rtcp_begin(data, len);
	struct rtcp_packet packet;
	while (rtcp_next(&iter, &packet)) {
		if (packet.kind == RTCP_SR)
			on_sender_report(peer, &packet);
		else
			sim_sender_feedback(peer, &packet);
	}
	assert_false(iter.is_malformed);
}

static void note_arrival(struct kit_peer *kp, uint16_t seq, int64_t at_us)
{
	if (!kp->twcc_started)
		kp->twcc_base = kp->twcc_end = seq;
	kp->twcc_started = true;
	if (rtp_seq_diff(seq, kp->twcc_base) < 0)
		return; /* told of already, as lost */
	while (rtp_seq_diff(seq, kp->twcc_end) >= 0)
		kp->ticks[kp->twcc_end++ % KIT_TWCC] = RTCP_TWCC_NONE;
	if ((uint16_t)(kp->twcc_end - kp->twcc_base) > KIT_TWCC)
		kp->twcc_base = (uint16_t)(kp->twcc_end - KIT_TWCC);
	kp->ticks[seq % KIT_TWCC] = at_us / RTCP_TWCC_TICK_US;
}

static void read_exts(struct sim_peer *peer, const struct sim_slot *slot, const struct rtp_packet *packet,
		      int64_t at_us)
{
	const struct sfu_params *p = &peer->kit->params;
	bool is_audio = slot->kind == SFU_SLOT_AUDIO;
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = is_audio ? p->audio.ext_mid : p->video.ext_mid}};
	struct rtp_exts exts;
	if (is_audio)
		ids.of[RTP_EXT_AUDIO_LEVEL] = p->audio.ext_level;
	else
		ids.of[RTP_EXT_TRANSPORT_CC] = p->video.ext_twcc;
	assert_non_null(packet->ext);
	assert_int_equal(rtp_exts_read(packet, &ids, &exts), AT_OK);
	assert_true(rtp_exts_have(&exts, RTP_EXT_MID));
	assert_string_equal(exts.mid, p->recv[slot - peer->in.slots].mid);
	if (is_audio)
		assert_true(rtp_exts_have(&exts, RTP_EXT_AUDIO_LEVEL));
	else if (p->video.ext_twcc)
		assert_true(rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC));
	if (rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC))
		note_arrival(peer->kit, exts.transport_seq, at_us);
}

static void note_owner(struct sim_slot *slot, const struct rtp_packet *packet)
{
	assert_int_equal(packet->csrc_count, 1);
	uint32_t owner = rtp_csrc(packet, 0);
	if (owner == slot->owner)
		return;
	slot->owner_changes += slot->owner != 0;
	slot->owner = owner;
	slot->clock.is_known = false; /* the old one's reports say nothing about the new one */
}

static void on_rtp(struct sim_peer *peer, int64_t at_us, const uint8_t *data, size_t len)
{
	const struct sfu_params *p = &peer->kit->params;
	struct rtp_packet packet;
	bool is_rtx;
	assert_int_equal(rtp_parse(data, len, &packet), AT_OK);
	struct sim_slot *slot = slot_of(peer, packet.ssrc, &is_rtx);
	read_exts(peer, slot, &packet, at_us);
	slot->packets++;
	slot->bytes += len;
	if (slot->kind == SFU_SLOT_AUDIO) {
		note_owner(slot, &packet);
		sim_audio_packet(peer, slot, &packet);
		memcpy(slot->audio->tags[packet.seq % SIM_HEARD], data + len, SRTP_OVERHEAD_MAX);
		return;
	}
	assert_int_equal(packet.payload_type, is_rtx ? p->video.rtx_pt : p->video.pt);
	if (is_rtx && packet.is_padding_only) {
		slot->padding++;
		return;
	}
	slot->rtx += is_rtx;
	if (is_rtx)
		assert_int_equal(rtp_rtx_unwrap(&packet, p->video.pt, slot->ssrc), AT_OK);
	else
		note_owner(slot, &packet);
	sim_video_packet(peer, slot, &packet);
}

/* What was repaired on its way to the SFU may come later than our window of SRTP holds (a browser's holds 1024): it is lost. Anything else
 * that does not open was sealed twice under one number, or wrongly. */
static void refused(struct sim_peer *peer, enum at_err err, const uint8_t *data, size_t len)
{
	struct rtp_packet packet;
	bool is_rtx;
	assert_int_equal(rtp_parse_header(data, len, &packet), AT_OK);
	const struct sim_slot *slot = slot_of(peer, packet.ssrc, &is_rtx);
	if (err == AT_ERR_EXISTS && slot->audio && peer->in.asks_voice &&
	    sim_audio_is_same(slot->audio, packet.seq, data + len - SRTP_OVERHEAD_MAX))
		return; /* asked for, and it came meanwhile */
	bool is_old = slot->video && !is_rtx && rtp_seq_diff((uint16_t)slot->video->highest, packet.seq) >= SRTP_WINDOW;
	if (err != AT_ERR_EXISTS || !is_old)
		fail_msg("seed %lu at %ld ms, peer %u, slot %ld%s: number %u does not open: %s", sim.seed,
			 (long)(kit.now_us / 1000), peer->kit->number, (long)(slot - peer->in.slots),
			 is_rtx ? " (rtx)" : "", packet.seq, at_err_name(err));
}

void sim_receiver_datagram(struct sim_peer *peer, int64_t at_us, uint8_t *data, size_t len)
{
	enum rtp_kind kind = rtp_kind(data, len);
	size_t plain;
	if (kind == RTP_KIND_RTP) {
		enum at_err err = srtp_open(peer->kit->in, data, len, &plain, NULL);
		if (err)
			refused(peer, err, data, len);
		else
			on_rtp(peer, at_us, data, plain);
	} else if (kind == RTP_KIND_RTCP) {
		assert_int_equal(srtcp_open(peer->kit->in, data, len, &plain), AT_OK);
		on_rtcp(peer, data, plain);
	} else {
		assert_int_equal(kind, RTP_KIND_STUN);
	}
}

/* ---- what it says ---- */

static void send_twcc(struct sim_peer *peer)
{
	struct kit_peer *kp = peer->kit;
	int64_t ticks[KIT_TWCC];
	size_t count = (uint16_t)(kp->twcc_end - kp->twcc_base);
	uint8_t bytes[RTCP_MAX];
	assert_true(count <= KIT_TWCC);
	for (size_t i = 0; i < count; i++)
		ticks[i] = kp->ticks[(kp->twcc_base + i) % KIT_TWCC];
	struct rtcp_arrivals arrivals = {1, peer->in.slots[0].ssrc, kp->twcc_base, 0, ticks, count};
	while (arrivals.count) {
		struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
		arrivals.feedback_seq = kp->feedback_seq++;
		if (rtcp_twcc_put(&w, &arrivals) || !w.len)
			break;
		sim_send_rtcp(peer, bytes, w.len);
	}
	kp->twcc_base = kp->twcc_end;
}

static void send_report(struct sim_peer *peer)
{
	struct rtcp_block blocks[SFU_SLOTS_MAX];
	uint8_t bytes[RTCP_MAX];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	size_t n = 0;
	for (size_t i = 0; i < peer->in.slot_count; i++) {
		struct sim_slot *slot = &peer->in.slots[i];
		if (!slot->sr_middle || (slot->audio && kit.now_us - slot->audio->told_us < REPORT_VOICE_US))
			continue;
		blocks[n] = (struct rtcp_block){.ssrc = slot->ssrc,
						.lsr = slot->sr_middle,
						.dlsr = rtp_span_of_us(kit.now_us - slot->sr_us)};
		if (slot->audio)
			blocks[n].fraction_lost = sim_audio_loss(slot->audio);
		n++;
	}
	uint32_t ssrcs[] = {peer->in.slots[0].ssrc};
	assert_int_equal(rtcp_rr_put(&w, 1, blocks, n), AT_OK);
	if (peer->in.remb_bps)
		assert_int_equal(rtcp_remb_put(&w, 1, peer->in.remb_bps, ssrcs, 1), AT_OK);
	sim_send_rtcp(peer, bytes, w.len);
}

void sim_receiver_run(struct sim_peer *peer)
{
	struct sim_receiver *in = &peer->in;
	if (kit.now_us - in->nack_us >= RUN_US) {
		in->nack_us = kit.now_us;
		for (size_t i = 0; i < in->slot_count; i++)
			if (in->slots[i].video)
				sim_video_run(peer, &in->slots[i]);
			else if (in->slots[i].audio && in->asks_voice)
				sim_audio_run(peer, &in->slots[i]);
	}
	if (kit.now_us - in->feedback_us >= in->feedback_each_us && peer->kit->twcc_end != peer->kit->twcc_base) {
		in->feedback_us = kit.now_us;
		send_twcc(peer);
	}
	if (kit.now_us - in->report_us >= REPORT_US) {
		in->report_us = kit.now_us;
		send_report(peer);
	}
}
