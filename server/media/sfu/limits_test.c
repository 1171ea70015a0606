/* Parameters that cannot be, strangers, forgeries, silence, and pools that are used up. */
#include "base/test.h"
#include "media/sfu/sfu_testkit.h"

/* ---- parameters ---- */

static void expect_bad(const struct sfu_params *params)
{
	assert_int_equal(sfu_params_check(params), AT_ERR_BAD_REQUEST);
}

static void test_parameters_are_checked(void **state)
{
	(void)state;
	const struct sfu_params good = kit_params(true, SFU_AUDIO_SLOTS_MAX, SFU_VIDEO_SLOTS_MAX, SFU_SCREEN_SLOTS_MAX);
	struct sfu_params p = good;
	assert_int_equal(sfu_params_check(&good), AT_OK);
	for (unsigned kind = 0; kind < SFU_SLOT_KIND_COUNT; kind++) { /* one more than there may be */
		p = kit_params(true, kind == 0 ? 8 : 0, kind == 1 ? 9 : 0, kind == 2 ? 1 : 0);
		p.recv[p.recv_count] = p.recv[0];
		p.recv[p.recv_count++].mid[0] = 'z';
		expect_bad(&p);
	}
#define BAD(change) (p = good, (change), expect_bad(&p))
	BAD(p.recv_count = SFU_SLOTS_MAX + 1);
	BAD(p.recv[3].mid[0] = p.recv[4].mid[0]); /* mids are distinct over all */
	BAD(p.recv[3].mid[0] = p.send[SFU_MIC].mid[0]);
	BAD(p.recv[3].mid[0] = 0);
	BAD(p.recv[3].mid[0] = ' ');
	BAD(p.recv[3].mid[0] = (char)0xc3);
	BAD(memset(p.recv[3].mid, 'x', sizeof(p.recv[3].mid))); /* without an end */
	BAD(memset(p.send[0].mid, 'x', sizeof(p.send[0].mid)));
	BAD(p.recv[3].kind = SFU_SLOT_KIND_COUNT);
	BAD(p.audio.pt = 128);
	BAD(p.audio.pt = 72); /* would look like RTCP */
	BAD(p.video.rtx_pt = 64);
	BAD(p.video.pt = p.audio.pt);
	BAD(p.audio.pt = 0);
	BAD(p.video.pt = 0);
	BAD(p.video.ext_mid = 15);
	BAD(p.audio.ext_level = 16);
	BAD(p.video.ext_rid = p.video.ext_mid);
	BAD(p.video.ext_rid = 0); /* rids that cannot be told */
	BAD(p.video.ext_mid = 0);
	BAD(p.audio.ext_mid = 0);
	BAD(p.send[SFU_CAMERA].rid_count = 4);
	BAD(p.send[SFU_CAMERA].rids[1][0] = p.send[SFU_CAMERA].rids[0][0]);
	BAD(p.send[SFU_CAMERA].rids[1][0] = 0);
	BAD(p.send[SFU_MIC].rid_count = 1);
	BAD(p.send[SFU_CAMERA].ssrc = 5); /* with rids */
	BAD((p.send[SFU_MIC].ssrc = 5, p.send[SFU_SCREEN].ssrc = 5));
	BAD((p.send[SFU_SCREEN].ssrc = 6, p.send[SFU_SCREEN].rtx_ssrc = 6));
	BAD(p.send[SFU_MIC].rtx_ssrc = 7);
	BAD(p.send[SFU_SCREEN].mid[0] = p.send[SFU_MIC].mid[0]);
	BAD((p.send[SFU_SCREEN].mid[0] = 0, p.send[SFU_SCREEN].ssrc = 3));
#undef BAD
	p = good; /* a listener without anything to send */
	memset(p.send, 0, sizeof(p.send));
	assert_int_equal(sfu_params_check(&p), AT_OK);
	memset(&p, 0, sizeof(p));
	assert_int_equal(sfu_params_check(&p), AT_OK);
}

static void test_commands_say_what_is_wrong(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0), bad = params;
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	struct ice_credentials creds, none = {{0}, {0}};
	uint8_t fp[SFU_FINGERPRINT_LEN] = {0};
	struct at_id nowhere = {{77}};
	struct sfu_view views[SFU_VIEWS_MAX + 1] = {{0, SFU_MIC, 100}};
	struct kit_peer *a = kit_join(&params);
	bad.audio.pt = 70;
	ice_credentials_make(&creds);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, 9, &creds, fp, &bad, slots), AT_ERR_BAD_REQUEST);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, 0, &creds, fp, &params, slots), AT_ERR_BAD_REQUEST);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, 9, &none, fp, &params, slots), AT_ERR_BAD_REQUEST);
	assert_int_equal(sfu_join(kit.sfu, 0, &nowhere, 9, &creds, fp, &params, slots), AT_ERR_NOT_FOUND);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, a->number, &creds, fp, &params, slots), AT_ERR_EXISTS);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, 9, &a->creds, fp, &params, slots), AT_ERR_CONFLICT);
	assert_int_equal(sfu_leave(kit.sfu, 0, &kit.room, 9), AT_ERR_NOT_FOUND);
	assert_int_equal(sfu_state(kit.sfu, 0, &nowhere, 1, true, true, true), AT_ERR_NOT_FOUND);
	assert_int_equal(sfu_view(kit.sfu, 0, &kit.room, a->number, views, 1), AT_ERR_BAD_REQUEST);
	assert_int_equal(sfu_view(kit.sfu, 0, &kit.room, a->number, views, SFU_VIEWS_MAX + 1), AT_ERR_BAD_REQUEST);
	views[0] = (struct sfu_view){5, SFU_CAMERA, SFU_HEIGHT_MAX + 1};
	assert_int_equal(sfu_view(kit.sfu, 0, &kit.room, a->number, views, 1), AT_ERR_BAD_REQUEST);
	assert_true(sfu_knows(kit.sfu, a->creds.ufrag));
	assert_true(sfu_owns(kit.sfu, &a->tuple));
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, a->number), AT_OK);
	assert_false(sfu_knows(kit.sfu, a->creds.ufrag));
	assert_false(sfu_owns(kit.sfu, &a->tuple));
}

static void test_pools_are_bounded(void **state)
{
	(void)state;
	kit_restart(&(struct sfu_options){.peers_max = 3, .rooms_max = 1, .rings_max = 4});
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	struct ice_credentials creds;
	uint8_t fp[SFU_FINGERPRINT_LEN] = {0};
	struct at_id other = {{5}};
	assert_int_equal(sfu_room_open(kit.sfu, 0, &other), AT_ERR_BUSY);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_join(&params);
	ice_credentials_make(&creds);
	assert_int_equal(sfu_join(kit.sfu, 0, &kit.room, 9, &creds, fp, &params, slots), AT_ERR_BUSY);
	for (unsigned layer = 1; layer <= 3; layer++) {
		kit_key(a, layer);
		kit_key(b, layer);
	}
	assert_int_equal(kit_drops(SFU_DROP_RING), 6); /* of 18 packets */
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, a->number), AT_OK);
	kit_key(b, 3);
	kit_key(b, 2);
	assert_int_equal(kit_drops(SFU_DROP_RING), 6);
	for (int i = 0; i < 200; i++) { /* places are used again */
		assert_int_equal(sfu_join(kit.sfu, kit.now_us, &kit.room, 100, &creds, fp, &params, slots), AT_OK);
		assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, 100), AT_OK);
	}
}

static void test_a_room_opened_again_is_empty(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(true, 1, 1, 0);
	struct kit_peer *a = kit_join(&params);
	sfu_orphan_all(kit.sfu);
	assert_int_equal(sfu_room_open(kit.sfu, kit.now_us, &kit.room), AT_OK);
	assert_false(sfu_owns(kit.sfu, &a->tuple));
	assert_int_equal(sfu_close_orphans(kit.sfu), 0);
	sfu_orphan_all(kit.sfu);
	assert_int_equal(sfu_close_orphans(kit.sfu), 1);
	assert_int_equal(sfu_rooms(kit.sfu), 0);
}

/* ---- strangers and forgers (rtpengine CVE-2025-53399, FreeSWITCH CVE-2021-41105) ---- */

static size_t sealed_audio(struct kit_peer *peer, uint8_t *out, uint16_t seq)
{
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID, .mid = "0"};
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = KIT_EXT_MID}};
	struct rtp_header header = {.payload_type = KIT_OPUS,
				    .seq = seq,
				    .ssrc = peer->streams[0].ssrc,
				    .ids = &ids,
				    .exts = &exts};
	size_t head = rtp_header_put(&header, out);
	memset(out + head, 1, 50);
	return kit_seal(peer, out, head, head + 50, seq);
}

static void test_media_of_another_address_is_nothing(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 2, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params), *c = kit_join(&params);
	uint8_t packet[ICE_PACKET_MAX];
	size_t len = sealed_audio(a, packet, 5);
	struct ice_tuple stranger = a->tuple;
	stranger.remote_ip[15] = 99;
	kit_raw(&stranger, packet, len); /* good bytes, from elsewhere */
	assert_int_equal(kit_drops(SFU_DROP_STRANGER), 1);
	kit_raw(&b->tuple, packet, len); /* another peer's address: its own keys do not open it */
	assert_int_equal(kit_drops(SFU_DROP_SRTP), 1);
	kit_flush();
	assert_int_equal(kit_count(c, 0, false) + kit_count(c, 1, false), 0);
	kit_raw(&a->tuple, packet, len);
	kit_raw(&a->tuple, packet, len);
	assert_int_equal(kit_drops(SFU_DROP_REPLAY), 1);
	kit_flush();
	assert_int_equal(kit_count(c, 0, false), 1);
	assert_int_equal(kit_stats(a).moves, 0);
}

static void test_bad_packets_are_only_counted(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	uint8_t packet[ICE_PACKET_MAX + 1] = {0x80, KIT_OPUS};
	for (int i = 0; i < 1000; i++) {
		packet[3] = (uint8_t)i;
		packet[50] = (uint8_t)i;
		kit_raw(&a->tuple, packet, 120);
	}
	assert_int_equal(kit_drops(SFU_DROP_SRTP), 1000);
	for (size_t len = 0; len < 40; len++)
		for (unsigned first = 0; first < 256; first += 3) {
			packet[0] = (uint8_t)first;
			kit_raw(&a->tuple, packet, len);
		}
	kit_raw(&a->tuple, packet, ICE_PACKET_MAX + 1);
	assert_true(kit_drops(SFU_DROP_SIZE) > 1);
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 1);
	assert_true(kit_stats(a).is_up);
}

static void test_a_payload_of_the_wrong_kind_goes_nowhere(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	uint8_t opus[50] = {1};
	kit_view(b, a, SFU_CAMERA, 360);
	kit_audio_payload(a, 20, KIT_VP8, opus, sizeof(opus)); /* video's type with the microphone's mid */
	kit_audio_payload(a, 20, 50, opus, sizeof(opus));
	assert_int_equal(kit_drops(SFU_DROP_RTP), 2);
	assert_int_equal(kit_count(b, 0, false), 0);
	params.send[SFU_MIC].mid[0] = 'q'; /* a mid that was not offered */
	struct kit_peer *c = kit_join(&params);
	c->params.send[SFU_MIC].mid[0] = 'Q';
	kit_audio(c, 20);
	assert_int_equal(kit_drops(SFU_DROP_UNMAPPED), 1);
}

/* ---- addresses and silence ---- */

static void test_the_address_follows_proven_media(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	struct ice_tuple moved = b->tuple;
	moved.remote_port = 7777;
	kit_check(b, &moved); /* proven, but the old one still works */
	kit_audio(a, 20);
	assert_int_equal(kit.strays, 1); /* only the check's reply went there */
	assert_int_equal(kit_count(b, 0, false), 1);
	b->tuple = moved;
	kit_audio(b, 20); /* media from there */
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 2);
	assert_int_equal(kit_stats(b).moves, 1);
	assert_int_equal(kit_stats(b).tuples, 2);
	for (uint16_t port = 1; port < 40; port++) { /* no more than eight are kept, the one in use among them */
		struct ice_tuple more = moved;
		more.remote_port = port;
		kit_check(b, &more);
	}
	assert_int_equal(kit_stats(b).tuples, SFU_TUPLES_MAX);
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 3);
	kit_check(a, &b->tuple); /* a tuple stays with who proved it first */
	assert_int_equal(kit_drops(SFU_DROP_TAKEN), 1);
}

static void test_a_listener_that_only_checks_moves_too(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 0, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	b->no_feedback = true;
	struct ice_tuple moved = b->tuple;
	moved.remote_port = 7777;
	kit_wait(3500);
	kit_check(b, &moved);
	b->tuple = moved;
	kit_audio(a, 20);
	assert_int_equal(kit_count(b, 0, false), 1);
}

static void test_silence_is_away_and_then_gone(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params);
	kit_no_events();
	for (int i = 0; i < 14; i++) {
		kit_wait(1000);
		kit_check(a, &a->tuple);
	}
	assert_false(kit_event(SFU_EVENT_AWAY, b->number, NULL));
	kit_wait(1500);
	assert_true(kit_event(SFU_EVENT_AWAY, b->number, NULL));
	kit_check(b, &b->tuple);
	assert_true(kit_event(SFU_EVENT_BACK, b->number, NULL));
	for (int i = 0; i < 29; i++) {
		kit_wait(1000);
		kit_check(a, &a->tuple);
	}
	assert_true(kit_event(SFU_EVENT_AWAY, b->number, NULL));
	assert_true(sfu_owns(kit.sfu, &b->tuple));
	kit_wait(1500);
	assert_true(kit_event(SFU_EVENT_GONE, b->number, NULL));
	assert_false(sfu_owns(kit.sfu, &b->tuple));
	assert_true(sfu_owns(kit.sfu, &a->tuple));
	struct sfu_event event;
	kit_wait(10);
	(void)sfu_next_event(kit.sfu, &event);
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, b->number), AT_ERR_NOT_FOUND);
}

static void test_somebody_who_never_comes_is_gone(void **state)
{
	(void)state;
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join_only(&params);
	kit_wait(30500);
	assert_true(kit_event(SFU_EVENT_GONE, a->number, NULL));
}

static void test_leaving_in_the_middle_of_everything(void **state)
{
	(void)state;
	kit_restart(&(struct sfu_options){.gso = true});
	struct sfu_params params = kit_params(false, 1, 1, 0);
	struct kit_peer *a = kit_join(&params), *b = kit_join(&params), *c = kit_join(&params);
	kit_view(b, a, SFU_CAMERA, 360);
	kit_view(c, a, SFU_CAMERA, 360);
	kit_key(a, 1);
	kit_wait(5);
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .without_marker = true}); /* held */
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, b->number), AT_OK);
	kit_wait(5);
	assert_int_equal(kit_count(c, 1, false), 6);
	kit_video(a, 1, &(struct kit_frame){.packets = 3, .without_marker = true});
	assert_int_equal(sfu_leave(kit.sfu, kit.now_us, &kit.room, a->number), AT_OK);
	kit_wait(50);
	assert_int_equal(kit_count(c, 1, false), 6);
	struct sfu_event event;
	while (kit_event(SFU_EVENT_SLOTS, c->number, &event))
		;
	assert_int_equal(event.slots.owners[1].peer, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_parameters_are_checked),
		TEST(test_commands_say_what_is_wrong),
		TEST(test_pools_are_bounded),
		TEST(test_a_room_opened_again_is_empty),
		TEST(test_media_of_another_address_is_nothing),
		TEST(test_bad_packets_are_only_counted),
		TEST(test_a_payload_of_the_wrong_kind_goes_nowhere),
		TEST(test_the_address_follows_proven_media),
		TEST(test_a_listener_that_only_checks_moves_too),
		TEST(test_silence_is_away_and_then_gone),
		TEST(test_somebody_who_never_comes_is_gone),
		TEST(test_leaving_in_the_middle_of_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
