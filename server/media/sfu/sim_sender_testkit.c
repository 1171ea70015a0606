/* A publisher in time: when what is captured, encoded, asked for and reported, and how fast. */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	AUDIO_US = 20 * 1000,
	COMFORT_FRAMES = 20, /* in discontinuous transmission one frame in so many */
	SR_US = 1000 * 1000,
	SR_FIRST_US = 300 * 1000,
	TICK_US = 10 * 1000,
	SCREEN = LAYERS_A_PEER - 1,
	LEAST_PERCENT = 40, /* of a layer's rate: below it, it is not sent at all */
	UNIX_US = 1700000000,
};

void sim_sender_init(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	*out = (struct sim_sender){.camera = true,
				   .has_dtx = true,
				   .has_fec = true,
				   .fps = 15,
				   .screen_fps = 5,
				   .red_depth = 1,
				   .tiers = 3,
				   .screen_tiers = 1,
				   .rates = {100 * 1000, 300 * 1000, 900 * 1000},
				   .screen_bps = 400 * 1000,
				   .level = 25,
				   .clock_us = (int64_t)sim_below(1000 * 1000 * 1000),
				   .encode_us = 50 * 1000};
	out->audio_us = kit.now_us + sim_below(AUDIO_US);
	out->frame_us = kit.now_us + sim_below(60 * 1000);
	out->screen_us = kit.now_us + sim_below(200 * 1000);
	for (unsigned i = 0; i < LAYERS_A_PEER; i++)
		out->encoders[i].sr_us = kit.now_us + SR_FIRST_US + sim_below(500 * 1000);
	bwe_init(&out->bwe, kit.now_us);
	pacer_init(&out->pacer, kit.now_us);
}

void sim_sender_free(struct sim_peer *peer)
{
	for (unsigned i = 0; i < LAYERS_A_PEER; i++)
		at_free(peer->out.encoders[i].sent);
}

/* ---- what the SFU asks ---- */

static unsigned layer_of(const struct sim_peer *peer, uint32_t ssrc)
{
	for (unsigned i = 0; i < LAYERS_A_PEER; i++)
		if (peer->kit->streams[i].ssrc == ssrc)
			return i;
	fail_msg("feedback on a stream that peer %u does not send", peer->kit->number);
	return 0;
}

static void on_twcc(struct sim_sender *out, const struct rtcp_packet *packet)
{
	static struct bwe_arrival arrivals[BWE_SENT_MAX];
	struct rtcp_twcc_iter iter = rtcp_twcc_begin(packet);
	struct rtcp_twcc_status status;
	size_t n = 0;
	while (n < BWE_SENT_MAX && rtcp_twcc_next(&iter, &status))
		arrivals[n++] = (struct bwe_arrival){status.arrival_us, status.seq, status.is_received};
	bwe_feedback(&out->bwe, kit.now_us, arrivals, n, 0);
}

void sim_sender_feedback(struct sim_peer *peer, const struct rtcp_packet *packet)
{
	struct sim_sender *out = &peer->out;
	uint16_t seqs[256];
	if (packet->kind == RTCP_PLI) {
		struct sim_encoder *e = &out->encoders[layer_of(peer, packet->media_ssrc)];
		e->plis++;
		if (!e->key_at_us)
			e->key_at_us = kit.now_us + out->encode_us;
	} else if (packet->kind == RTCP_NACK) {
		unsigned layer = layer_of(peer, packet->media_ssrc);
		size_t n = rtcp_nack_read(packet, seqs, 256);
		for (size_t i = 0; i < n; i++)
			sim_repeat(peer, layer, seqs[i]);
	} else if (packet->kind == RTCP_TWCC) {
		on_twcc(out, packet);
	} else if (packet->kind == RTCP_REMB) {
		bwe_remb(&out->bwe, kit.now_us, packet->remb_bps);
	}
}

/* ---- rate ---- */

/* As libwebrtc's simulcast allocator: from the lowest up, none below what it needs to look like anything. */
static void share(struct sim_peer *peer, uint32_t bps_out[SFU_LAYERS_MAX])
{
	struct sim_sender *out = &peer->out;
	uint32_t left = bwe_estimate_bps(&out->bwe, kit.now_us);
	unsigned rids = peer->kit->params.send[SFU_CAMERA].rid_count, layers = rids ? rids : 1;
	for (unsigned i = 0; i < SFU_LAYERS_MAX; i++) {
		uint32_t rate = i < layers ? out->rates[i] : 0;
		bps_out[i] = 0;
		if (!rate || !(out->wanted & 1U << i) || (i && left < rate / 100 * LEAST_PERCENT))
			continue;
		bps_out[i] = left < rate ? left : rate;
		if (!i && bps_out[i] < rate / 2)
			bps_out[i] = rate / 2;
		left -= left < bps_out[i] ? left : bps_out[i];
	}
}

static void capture(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	uint32_t bps[SFU_LAYERS_MAX];
	if (!out->camera || kit.now_us < out->frame_us)
		return;
	out->frame_us += 1000000 / out->fps;
	share(peer, bps);
	for (unsigned i = 0; i < SFU_LAYERS_MAX; i++) {
		struct sim_encoder *e = &out->encoders[i + 1];
		if (bps[i] && !e->is_on && e->frames)
			e->key_at_us = kit.now_us; /* an encoder that starts again begins so */
		e->is_on = bps[i];
		if (e->is_on)
			sim_encode(peer, i + 1, bps[i], out->fps);
	}
}

static void capture_screen(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	struct sim_encoder *e = &out->encoders[SCREEN];
	if (!out->screen || kit.now_us < out->screen_us)
		return;
	out->screen_us = kit.now_us + 1000000 / out->screen_fps;
	e->is_on = out->wanted & SFU_WANT_SCREEN;
	if (e->is_on)
		sim_encode(peer, SCREEN, out->screen_bps, out->screen_fps);
}

static void listen(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	if (kit.now_us < out->audio_us)
		return;
	out->audio_us += AUDIO_US;
	out->audio_frame++;
	if (!out->is_muted && (out->talks || !out->has_dtx || out->audio_frame % COMFORT_FRAMES == 0))
		sim_speak(peer);
}

static void probe(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	struct bwe_probe wanted;
	uint32_t all = 0;
	for (unsigned i = 0; i < SFU_LAYERS_MAX; i++)
		all += out->wanted & 1U << i ? out->rates[i] : 0;
	if (!peer->kit->params.video.ext_twcc || !out->encoders[1].frames)
		return;
	if (bwe_probe_want(&out->bwe, kit.now_us, all, &wanted))
		pacer_probe(&out->pacer, kit.now_us, &wanted);
	pacer_set_target(&out->pacer, kit.now_us, bwe_estimate_bps(&out->bwe, kit.now_us));
	for (size_t n = pacer_padding(&out->pacer, kit.now_us); n; n = n > 300 ? n - 300 : 0)
		sim_pad(peer, 1);
}

/* ---- reports ---- */

static void report(struct sim_peer *peer, unsigned layer)
{
	const struct sim_encoder *e = &peer->out.encoders[layer];
	uint8_t bytes[128];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	int64_t clock = layer ? CLOCK_VIDEO : CLOCK_AUDIO;
	const struct kit_stream *s = &peer->kit->streams[layer];
	struct rtcp_sender sender = {.ntp = rtp_ntp_of_us(UNIX_US * 1000000LL + kit.now_us + peer->out.clock_us),
				     .rtp_timestamp = s->timestamp + (uint32_t)(kit.now_us * clock / 1000),
				     .packets = e->packets,
				     .octets = e->octets};
	assert_int_equal(rtcp_sr_put(&w, s->ssrc, &sender, NULL, 0), AT_OK);
	sim_send_rtcp(peer, bytes, w.len);
}

void sim_sender_run(struct sim_peer *peer)
{
	struct sim_sender *out = &peer->out;
	if (out->is_frozen)
		return;
	listen(peer);
	capture(peer);
	capture_screen(peer);
	for (unsigned i = 0; i < LAYERS_A_PEER; i++)
		if (out->encoders[i].packets && kit.now_us >= out->encoders[i].sr_us) {
			report(peer, i);
			out->encoders[i].sr_us = kit.now_us + SR_US;
		}
	if (kit.now_us - out->tick_us >= TICK_US) {
		out->tick_us = kit.now_us;
		probe(peer);
	}
}
