#include "media/sfu/sfu_testkit.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/test.h"

struct kit kit;

/* ---- what the SFU sends ---- */

static void on_feedback(struct kit_peer *peer, const struct rtcp_packet *packet)
{
	unsigned layer = LAYERS_A_PEER;
	for (unsigned i = 0; i < LAYERS_A_PEER; i++)
		if (peer->streams[i].ssrc == packet->media_ssrc)
			layer = i;
	if (packet->kind == RTCP_PLI) {
		assert_true(layer < LAYERS_A_PEER);
		peer->plis[layer]++;
	} else if (packet->kind == RTCP_NACK) {
		uint16_t seqs[256];
		size_t n = rtcp_nack_read(packet, seqs, 256);
		assert_true(layer < LAYERS_A_PEER);
		peer->nacks[layer] += n;
		for (size_t i = 0; i < n && peer->nacked_count < 256; i++)
			peer->nacked[peer->nacked_count++] = seqs[i];
	}
	peer->twccs += packet->kind == RTCP_TWCC;
	peer->rembs += packet->kind == RTCP_REMB;
	peer->rrs += packet->kind == RTCP_RR;
	if (packet->kind != RTCP_SR)
		return;
	peer->srs++;
	for (size_t i = 0; i < peer->params.recv_count; i++)
		if (peer->slots[i].ssrc == packet->ssrc) {
			peer->sr[i] = packet->sender;
			peer->sr_us[i] = kit.now_us;
		}
}

static void read_got(struct kit_peer *peer, struct kit_got *got)
{
	bool is_audio;
	if (got->is_rtcp) {
		struct rtcp_iter iter = rtcp_begin(got->bytes, got->len);
		struct rtcp_packet packet;
		while (rtcp_next(&iter, &packet))
			on_feedback(peer, &packet);
		assert_false(iter.is_malformed);
		return;
	}
	assert_int_equal(rtp_parse(got->bytes, got->len, &got->rtp), AT_OK);
	is_audio = got->rtp.payload_type == KIT_OPUS || got->rtp.payload_type == KIT_RED;
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = KIT_EXT_MID}};
	ids.of[is_audio ? RTP_EXT_AUDIO_LEVEL : RTP_EXT_TRANSPORT_CC] = is_audio ? KIT_EXT_LEVEL : KIT_EXT_TWCC;
	ids.of[RTP_EXT_ABS_SEND_TIME] = KIT_EXT_ABS;
	if (got->rtp.ext)
		assert_int_equal(rtp_exts_read(&got->rtp, &ids, &got->exts), AT_OK);
	if (got->rtp.payload_type == KIT_VP8 && got->rtp.payload_len)
		assert_int_equal(vp8_parse(got->rtp.payload, got->rtp.payload_len, &got->vp8), AT_OK);
	if (got->rtp.payload_type == KIT_RTX && got->rtp.payload_len > 2)
		assert_int_equal(vp8_parse(got->rtp.payload + 2, got->rtp.payload_len - 2, &got->vp8), AT_OK);
}

static void note_arrival(struct kit_peer *peer, uint16_t seq)
{
	if (!peer->twcc_started)
		peer->twcc_base = peer->twcc_end = seq;
	peer->twcc_started = true;
	while (rtp_seq_diff(seq, peer->twcc_end) >= 0)
		peer->ticks[peer->twcc_end++ % KIT_TWCC] = RTCP_TWCC_NONE;
	peer->ticks[seq % KIT_TWCC] = (kit.now_us + peer->delay_us) / RTCP_TWCC_TICK_US;
}

static void send_feedback(struct kit_peer *peer)
{
	int64_t ticks[KIT_TWCC];
	size_t count = (uint16_t)(peer->twcc_end - peer->twcc_base);
	uint8_t bytes[1200];
	assert_true(count <= KIT_TWCC);
	for (size_t i = 0; i < count; i++)
		ticks[i] = peer->ticks[(peer->twcc_base + i) % KIT_TWCC];
	struct rtcp_arrivals arrivals = {1, peer->slots[0].ssrc, peer->twcc_base, peer->feedback_seq++, ticks, count};
	while (arrivals.count) {
		struct rtcp_writer w = {bytes, 0, sizeof(bytes)};
		if (rtcp_twcc_put(&w, &arrivals) || !w.len)
			break;
		kit_rtcp(peer, bytes, w.len);
	}
	peer->twcc_base = peer->twcc_end;
}

static bool is_lost(struct kit_peer *peer)
{
	if (!peer->loss_percent)
		return false;
	peer->random = peer->random * 1664525U + 1013904223U;
	uint32_t chance = (peer->random >> 8) % 3000;
	/* out of a burst with 1 / 3; into one so often that loss_percent are in one */
	if (peer->is_losing ? chance < 1000 : chance < 1000 * peer->loss_percent / (100 - peer->loss_percent))
		peer->is_losing = !peer->is_losing;
	return peer->is_losing;
}

static void on_datagram(struct kit_peer *peer, const uint8_t *data, size_t len)
{
	enum rtp_kind kind = rtp_kind(data, len);
	peer->datagrams++;
	if (kind == RTP_KIND_DTLS && kit.on_dtls)
		kit.on_dtls(peer, data, len);
	if (peer->deaf || is_lost(peer) || (kind != RTP_KIND_RTP && kind != RTP_KIND_RTCP))
		return;
	struct kit_got *got = at_alloc(sizeof(*got));
	assert_true(len <= ICE_PACKET_MAX);
	memcpy(got->bytes, data, len);
	got->is_rtcp = kind == RTP_KIND_RTCP;
	got->at_us = kit.now_us;
	enum at_err err = got->is_rtcp ? srtcp_open(peer->in, got->bytes, len, &got->len)
				       : srtp_open(peer->in, got->bytes, len, &got->len, NULL);
	assert_int_equal(err, AT_OK);
	read_got(peer, got);
	if (!got->is_rtcp && rtp_exts_have(&got->exts, RTP_EXT_TRANSPORT_CC))
		note_arrival(peer, got->exts.transport_seq);
	if (!peer->got)
		peer->got = at_alloc(KIT_GOT_MAX * sizeof(struct kit_got *));
	assert_true(peer->got_count < KIT_GOT_MAX);
	peer->got[peer->got_count++] = got;
}

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	(void)arg;
	assert_true(count && count <= SFU_SENDS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct kit_peer *peer = NULL;
		for (size_t k = 0; k < kit.peer_count; k++)
			if (ice_tuple_eq(&kit.peers[k].tuple, sends[i].to))
				peer = &kit.peers[k];
		if (!peer) {
			kit.strays++;
			continue;
		}
		size_t step = sends[i].segment_size ? sends[i].segment_size : sends[i].len;
		peer->sends++;
		peer->gso_sends += sends[i].segment_size != 0;
		kit.segment_errors += sends[i].segment_size && (sends[i].len <= step || sends[i].len > step * 16);
		for (size_t at = 0; at < sends[i].len; at += step)
			on_datagram(peer, sends[i].data + at, sends[i].len - at < step ? sends[i].len - at : step);
	}
}

/* ---- life ---- */

static void forget_peers(void)
{
	for (size_t i = 0; i < kit.peer_count; i++) {
		for (size_t k = 0; k < kit.peers[i].got_count; k++)
			at_free(kit.peers[i].got[k]);
		at_free(kit.peers[i].got);
		srtp_in_free(&kit.peers[i].in);
		srtp_out_free(&kit.peers[i].out);
	}
	memset(kit.peers, 0, sizeof(kit.peers));
	kit.peer_count = 0;
}

void kit_restart(const struct sfu_options *options)
{
	struct sfu_options o = *options;
	forget_peers();
	sfu_free(&kit.sfu);
	o.rooms_max = o.rooms_max ? o.rooms_max : 4;
	o.peers_max = o.peers_max ? o.peers_max : 128;
	o.send = on_send;
	o.dtls = kit.dtls;
	kit.sfu = sfu_new(&o);
	kit.now_us = 1000 * 1000 * 1000LL;
	kit.segment_errors = kit.strays = 0;
	kit.room = (struct at_id){{1, 2, 3}};
	assert_int_equal(sfu_room_open(kit.sfu, kit.now_us, &kit.room), AT_OK);
	sfu_tick(kit.sfu, kit.now_us);
}

int kit_setup(void **state)
{
	(void)state;
	kit.ice = ice_new();
	kit_restart(&(struct sfu_options){.gso = false});
	return 0;
}

int kit_teardown(void **state)
{
	forget_peers();
	sfu_free(&kit.sfu);
	ice_free(&kit.ice);
	return at_test_teardown(state);
}

struct sfu_params kit_params(bool simulcast, unsigned audio, unsigned video, unsigned screen)
{
	static const char *const rids[] = {"l", "m", "h"};
	struct sfu_params p = {.audio = {KIT_OPUS, KIT_RED, KIT_EXT_MID, KIT_EXT_LEVEL},
			       .video = {KIT_VP8, KIT_RTX, KIT_EXT_MID, KIT_EXT_RID, KIT_EXT_RRID, KIT_EXT_TWCC,
					 KIT_EXT_ABS}};
	for (unsigned i = 0; i < SFU_SOURCE_COUNT; i++)
		p.send[i].mid[0] = (char)('0' + i);
	for (unsigned i = 0; simulcast && i < 3; i++)
		memcpy(p.send[SFU_CAMERA].rids[i], rids[i], 2);
	p.send[SFU_CAMERA].rid_count = simulcast ? 3 : 0;
	unsigned counts[] = {audio, video, screen};
	for (unsigned kind = 0; kind < 3; kind++)
		for (unsigned i = 0; i < counts[kind]; i++) {
			struct sfu_recv_params *r = &p.recv[p.recv_count++];
			r->kind = (enum sfu_slot_kind)kind;
			r->mid[0] = (char)('a' + p.recv_count);
		}
	return p;
}

struct kit_peer *kit_join_only(const struct sfu_params *params)
{
	struct kit_peer *peer = &kit.peers[kit.peer_count++];
	assert_true(kit.peer_count <= KIT_PEERS);
	*peer = (struct kit_peer){.number = (uint32_t)kit.peer_count, .room = kit.room, .params = *params};
	peer->tuple = (struct ice_tuple){.remote_ip = {[10] = 0xff, 0xff, 192, 0, 2, (uint8_t)kit.peer_count},
					 .remote_port = (uint16_t)(1000 + kit.peer_count)};
	ice_credentials_make(&peer->creds);
	for (unsigned i = 0; i < LAYERS_A_PEER; i++) {
		struct kit_stream *s = &peer->streams[i];
		s->ssrc = peer->number * 1000 + i * 2 + 1;
		s->rtx_ssrc = s->ssrc + 1;
		s->seq = (uint16_t)(peer->number * 700 + i * 13000);
		s->timestamp = i * 0x40000000U + 12345;
		s->picture_id = (uint16_t)(i * 5000 + 100);
	}
	assert_int_equal(sfu_join(kit.sfu, kit.now_us, &kit.room, peer->number, &peer->creds, kit.fingerprint, params,
				  peer->slots),
			 AT_OK);
	return peer;
}

void kit_connect(struct kit_peer *peer)
{
	struct sfu_keys keys;
	struct srtp_keys up = {.key = {0}}, down = {.key = {0}};
	at_rand(&keys, sizeof(keys));
	memcpy(up.key, keys.client_key, 16);
	memcpy(up.salt, keys.client_salt, 12);
	memcpy(down.key, keys.server_key, 16);
	memcpy(down.salt, keys.server_salt, 12);
	peer->out = srtp_out_new(SRTP_SUITE_GCM, &up);
	peer->in = srtp_in_new(SRTP_SUITE_GCM, &down);
	assert_int_equal(sfu_connect_for_test(kit.sfu, kit.now_us, &peer->room, peer->number, &peer->tuple, &keys),
			 AT_OK);
}

void kit_check(const struct kit_peer *peer, const struct ice_tuple *from)
{
	char username[ICE_UFRAG_LEN + 6];
	uint8_t bytes[ICE_PACKET_MAX];
	memcpy(username, peer->creds.ufrag, ICE_UFRAG_LEN);
	memcpy(username + ICE_UFRAG_LEN, ":peer", 6);
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = peer->creds.pwd,
				      .priority = 1};
	kit_raw(from, bytes, ice_request_put(kit.ice, &request, bytes));
}

struct kit_peer *kit_join(const struct sfu_params *params)
{
	struct kit_peer *peer = kit_join_only(params);
	kit_connect(peer);
	assert_int_equal(sfu_state(kit.sfu, kit.now_us, &kit.room, peer->number, false, true, false), AT_OK);
	kit_wait(5);
	return peer;
}

void kit_view(struct kit_peer *who, const struct kit_peer *whom, enum sfu_source source, uint16_t height)
{
	struct sfu_view view = {whom->number, source, height};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, who->number, &view, 1), AT_OK);
	kit_wait(5);
}

void kit_view_all(struct kit_peer *who, uint16_t height)
{
	struct sfu_view views[SFU_VIEWS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < kit.peer_count && n < SFU_VIEWS_MAX; i++)
		if (&kit.peers[i] != who)
			views[n++] = (struct sfu_view){kit.peers[i].number, SFU_CAMERA, height};
	assert_int_equal(sfu_view(kit.sfu, kit.now_us, &kit.room, who->number, views, n), AT_OK);
	kit_wait(5);
}

void kit_flush(void)
{
	sfu_flush(kit.sfu, kit.now_us);
}

void kit_wait(int64_t ms)
{
	for (int64_t end = kit.now_us + ms * 1000; kit.now_us < end;) {
		kit.now_us += 5000;
		sfu_tick(kit.sfu, kit.now_us);
		for (size_t i = 0; i < kit.peer_count; i++)
			if (kit.now_us / 50000 != (kit.now_us - 5000) / 50000 && kit.peers[i].out &&
			    !kit.peers[i].no_feedback && kit.peers[i].twcc_end != kit.peers[i].twcc_base)
				send_feedback(&kit.peers[i]);
	}
}

/* ---- what came ---- */

static bool is_of(const struct kit_peer *peer, const struct kit_got *got, unsigned slot, bool rtx)
{
	return !got->is_rtcp && got->rtp.ssrc == (rtx ? peer->slots[slot].rtx_ssrc : peer->slots[slot].ssrc);
}

const struct kit_got *kit_next(struct kit_peer *peer, unsigned slot, bool rtx)
{
	while (peer->read < peer->got_count) {
		const struct kit_got *got = peer->got[peer->read++];
		if (is_of(peer, got, slot, rtx))
			return got;
	}
	return NULL;
}

size_t kit_count(const struct kit_peer *peer, unsigned slot, bool rtx)
{
	size_t n = 0;
	for (size_t i = 0; i < peer->got_count; i++)
		n += is_of(peer, peer->got[i], slot, rtx);
	return n;
}

size_t kit_watch(const struct kit_peer *peer, unsigned slot, unsigned gaps)
{
	const struct kit_got *last = NULL;
	size_t frames = 0;
	unsigned found = 0;
	for (size_t i = 0; i < peer->got_count; i++) {
		const struct kit_got *got = peer->got[i];
		if (!is_of(peer, got, slot, false) || !got->rtp.payload_len)
			continue;
		frames += got->vp8.starts_frame;
		if (last) {
			int step = rtp_seq_diff(got->rtp.seq, last->rtp.seq);
			bool is_new = got->vp8.starts_frame;
			assert_in_range(step, 1, 2);
			found += step == 2;
			assert_int_equal(is_new, got->rtp.timestamp != last->rtp.timestamp);
			assert_true(rtp_timestamp_diff(got->rtp.timestamp, last->rtp.timestamp) >= 0);
			assert_int_equal((got->vp8.picture_id - last->vp8.picture_id) & VP8_PICTURE_ID_MASK, is_new);
			assert_int_equal((uint8_t)(got->vp8.tl0picidx - last->vp8.tl0picidx), is_new && !got->vp8.tid);
			assert_true(got->rtp.payload[20] == last->rtp.payload[20] || got->vp8.is_keyframe);
		}
		last = got;
	}
	if (gaps != KIT_ANY)
		assert_int_equal(found, gaps);
	return frames;
}

void kit_forget(struct kit_peer *peer)
{
	peer->read = peer->got_count;
}

bool kit_event(enum sfu_event_kind kind, uint32_t peer, struct sfu_event *event_out)
{
	struct sfu_event event;
	while (sfu_next_event(kit.sfu, &event))
		if (event.kind == kind && event.peer == peer) {
			if (event_out)
				*event_out = event;
			return true;
		}
	return false;
}

void kit_no_events(void)
{
	struct sfu_event event;
	while (sfu_next_event(kit.sfu, &event))
		;
}

uint64_t kit_drops(enum sfu_drop why)
{
	return sfu_stats(kit.sfu)->drops[why];
}

struct sfu_peer_stats kit_stats(const struct kit_peer *peer)
{
	struct sfu_peer_stats stats;
	assert_int_equal(sfu_peer_stats(kit.sfu, &kit.room, peer->number, &stats), AT_OK);
	return stats;
}
