/* A room of three in virtual time, fed by a script; the SFU is one for all inputs, and each finds it as the first did. Plain bytes of the
 * input are sealed with the sender's keys before they go in, so that what stands behind SRTP is reached; others go in raw. Whatever comes out must go to an address that was proven, be no longer than a
 * packet, and never use a sequence number of a stream twice (which would give the key away), unless byte for byte the same. */
#include "media/sfu/sfu_priv.h"

enum { PEERS = 3, STREAMS = 16, KEPT = 256, RING = 64 };

static const struct at_id room = {{1}};
static const struct sfu_keys keys = {{1}, {2}, {3}, {4}};
static const struct ice_credentials creds[PEERS] = {{"AAAABBBB", "0123456789abcdefghijklmn"},
						    {"CCCCDDDD", "1123456789abcdefghijklmn"},
						    {"EEEEFFFF", "2123456789abcdefghijklmn"}};

struct world {
	struct sfu *sfu;
	int64_t now_us;
	struct srtp_out *out[PEERS];
	uint32_t roc[PEERS];
	struct sfu_slot_ids slots[PEERS][SFU_SLOTS_MAX];
	uint32_t ssrcs[PEERS][STREAMS];
	uint64_t used[PEERS][STREAMS][65536 / 64];
	uint64_t sums[PEERS][STREAMS][KEPT]; /* of the last packets, by number */
	uint16_t newest[PEERS];              /* in slot 0, which is voice */
};

static struct world *world; /* the callback's, too large for a stack */

static struct ice_tuple tuple_of(unsigned i)
{
	return (struct ice_tuple){.remote_port = (uint16_t)(1000 + i),
				  .transport = i == 2 ? ICE_TCP : ICE_UDP,
				  .conn = i == 2 ? 9 : 0};
}

/* The tag depends on every byte. */
static uint64_t sum_of(const uint8_t *data, size_t len)
{
	uint64_t sum;
	memcpy(&sum, data + len - sizeof(sum), sizeof(sum));
	return sum;
}

static void note(unsigned peer, const uint8_t *data, size_t len)
{
	AT_ASSERT(len >= 28 && len <= ICE_PACKET_MAX && data[0] >> 6 == 2);
	if (rtp_kind(data, len) != RTP_KIND_RTP)
		return;
	uint32_t ssrc = (uint32_t)data[8] << 24 | (uint32_t)data[9] << 16 | (uint32_t)data[10] << 8 | data[11];
	uint16_t seq = (uint16_t)(data[2] << 8 | data[3]);
	for (unsigned i = 0; i < STREAMS; i++) {
		if (!world->ssrcs[peer][i])
			world->ssrcs[peer][i] = ssrc;
		if (world->ssrcs[peer][i] != ssrc)
			continue;
		uint64_t *word = &world->used[peer][i][seq / 64], bit = (uint64_t)1 << seq % 64;
		AT_ASSERT(!(*word & bit) || (ssrc == world->slots[peer][0].ssrc &&
					     world->sums[peer][i][seq % KEPT] == sum_of(data, len)));
		*word |= bit;
		world->sums[peer][i][seq % KEPT] = sum_of(data, len);
		if (ssrc == world->slots[peer][0].ssrc)
			world->newest[peer] = seq;
		return;
	}
	AT_ASSERT(false); /* more streams than there are slots */
}

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	(void)arg;
	AT_ASSERT(count && count <= SFU_SENDS_MAX);
	for (size_t i = 0; i < count; i++) {
		unsigned peer = sends[i].to->remote_port - 1000U;
		struct ice_tuple expected = tuple_of(peer);
		AT_ASSERT(peer < PEERS && ice_tuple_eq(&expected, sends[i].to));
		AT_ASSERT(!sends[i].segment_size || (peer != 2 && sends[i].len <= 16UL * sends[i].segment_size));
		if (sends[i].data[0] < 4)
			continue; /* a STUN reply */
		size_t step = sends[i].segment_size ? sends[i].segment_size : sends[i].len;
		for (size_t at = 0; at < sends[i].len; at += step)
			note(peer, sends[i].data + at, sends[i].len - at < step ? sends[i].len - at : step);
	}
}

static struct sfu_params params_of(unsigned i)
{
	static const char *const rids[] = {"l", "m", "h"};
	static const enum sfu_slot_kind kinds[] = {SFU_SLOT_AUDIO, SFU_SLOT_VIDEO, SFU_SLOT_VIDEO, SFU_SLOT_SCREEN};
	struct sfu_params p = {.audio = {111, i == 1 ? 0 : 63, 4, 1},
			       .video = {96, 97, 4, 10, 11, i == 1 ? 0 : 3, 2},
			       .recv_count = 4};
	for (unsigned s = 0; s < SFU_SOURCE_COUNT; s++)
		p.send[s].mid[0] = (char)('0' + s);
	for (unsigned r = 0; r < 3; r++)
		memcpy(p.send[SFU_CAMERA].rids[r], rids[r], 2);
	p.send[SFU_CAMERA].rid_count = 3;
	for (unsigned r = 0; r < 4; r++)
		p.recv[r] = (struct sfu_recv_params){.mid = {(char)('a' + r)}, .kind = kinds[r]};
	return p;
}

/* Keys are derived once; sealing goes by what stands in the packet. */
static void prepare(void)
{
	struct srtp_keys up = {.key = {1}, .salt = {3}};
	world->sfu = sfu_new(&(
		struct sfu_options){.rooms_max = 1, .peers_max = PEERS, .send = on_send, .gso = true, .rings_max = 3});
	world->sfu->video_ring = RING;
	for (unsigned i = 0; i < PEERS; i++)
		world->out[i] = srtp_out_new(SRTP_SUITE_GCM, &up);
}

static void forget_streams(void)
{
	for (unsigned peer = 0; peer < PEERS; peer++)
		for (unsigned i = 0; i < STREAMS && world->ssrcs[peer][i]; i++) {
			memset(world->used[peer][i], 0, sizeof(world->used[peer][i]));
			world->ssrcs[peer][i] = 0;
		}
}

static void start(void)
{
	uint8_t fingerprint[SFU_FINGERPRINT_LEN] = {0};
	world->now_us = 1000000;
	world->sfu->ticked_us = 0;
	world->sfu->deadline_us = INT64_MAX;
	AT_ASSERT(!sfu_room_open(world->sfu, world->now_us, &room));
	for (unsigned i = 0; i < PEERS; i++) {
		struct sfu_params params = params_of(i);
		struct ice_tuple tuple = tuple_of(i);
		AT_ASSERT(!sfu_join(world->sfu, world->now_us, &room, i + 1, &creds[i], fingerprint, &params,
				    world->slots[i]));
		AT_ASSERT(!sfu_connect_for_test(world->sfu, world->now_us, &room, i + 1, &tuple, &keys));
		AT_ASSERT(!sfu_state(world->sfu, world->now_us, &room, i + 1, false, true, true));
		struct sfu_view views[] = {{1, SFU_CAMERA, 720}, {2, SFU_CAMERA, 180}, {2, SFU_SCREEN, 1080}};
		AT_ASSERT(!sfu_view(world->sfu, world->now_us, &room, i + 1, views, 3));
	}
	sfu_tick(world->sfu, world->now_us);
}

static void drain(void)
{
	struct sfu_event event;
	while (sfu_next_event(world->sfu, &event))
		AT_ASSERT(event.kind < SFU_EVENT_COUNT && event.peer <= PEERS);
}

/* A room that has ended leaves nothing. */
static void stop(void)
{
	AT_ASSERT(!sfu_room_close(world->sfu, &room));
	drain();
	AT_ASSERT(!world->sfu->peers_live && !world->sfu->rings_used && !world->sfu->dirty_count);
	for (unsigned i = 0; i < PEERS; i++) {
		const struct ice_tuple tuple = tuple_of(i);
		AT_ASSERT(!sfu_owns(world->sfu, &tuple) && !sfu_knows(world->sfu, creds[i].ufrag));
	}
	forget_streams();
}

/* ---- steps ---- */

static void sealed_rtp(unsigned peer, uint8_t *bytes, size_t len)
{
	struct rtp_packet packet;
	struct ice_tuple from = tuple_of(peer);
	size_t sealed;
	if (rtp_parse_header(bytes, len, &packet))
		return;
	size_t head = len - packet.payload_len;
	if (!srtp_seal(world->out[peer], 0, bytes, head, len, ICE_PACKET_MAX, &sealed))
		sfu_packet(world->sfu, world->now_us, world->now_us, &from, bytes, sealed);
}

/* Made like a browser's, with the input's bytes where they matter, so that it need not find every field by chance. */
static void shaped_rtp(unsigned peer, uint8_t how, uint16_t seq, const uint8_t *payload, size_t len)
{
	uint8_t bytes[ICE_PACKET_MAX + 64];
	unsigned layer = how % 5;
	bool rtx = how & 0x20 && layer;
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID |
				       (layer ? 1U << RTP_EXT_TRANSPORT_CC : 1U << RTP_EXT_AUDIO_LEVEL),
				.level = how & 0x40 ? 127 : 20,
				.transport_seq = seq};
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = 4, [RTP_EXT_RID] = 10, [RTP_EXT_REPAIRED_RID] = 11}};
	ids.of[layer ? RTP_EXT_TRANSPORT_CC : RTP_EXT_AUDIO_LEVEL] = layer ? 3 : 1;
	exts.mid[0] = layer == 0 ? '0' : layer == 4 ? '2' : '1';
	if (layer >= 1 && layer <= 3) {
		exts.has |= 1U << (rtx ? RTP_EXT_REPAIRED_RID : RTP_EXT_RID);
		exts.rid[0] = exts.repaired_rid[0] = "lmh"[layer - 1];
	}
	struct rtp_header header = {.payload_type = (uint8_t)(layer ? (rtx ? 97 : 96) : (how & 0x80 ? 63 : 111)),
				    .marker = how & 0x10,
				    .seq = seq,
				    .timestamp = seq * 3000U,
				    .ssrc = (uint32_t)(peer * 100 + layer * 2 + rtx + 1),
				    .ids = &ids,
				    .exts = &exts};
	size_t at = rtp_header_put(&header, bytes);
	if (len > ICE_PACKET_MAX - 16 - at)
		len = ICE_PACKET_MAX - 16 - at;
	memcpy(bytes + at, payload, len);
	sealed_rtp(peer, bytes, at + len);
}

static void sealed_rtcp(unsigned peer, uint8_t *bytes, size_t len)
{
	struct ice_tuple from = tuple_of(peer);
	size_t sealed;
	/* Feedback names a slot's SSRC, which chance cannot find: a small number there means one. */
	for (size_t at = 8; at + 4 <= len; at += 4)
		if (!bytes[at] && !bytes[at + 1] && !bytes[at + 2] && bytes[at + 3] && bytes[at + 3] <= 4) {
			uint32_t ssrc = world->slots[peer][bytes[at + 3] - 1].ssrc;
			for (size_t k = 0; k < 4; k++)
				bytes[at + k] = (uint8_t)(ssrc >> (24 - 8 * k));
		}
	/* And one that asks for a packet of voice names how long ago it was. */
	if (len >= 16 && bytes[0] == 0x81 && bytes[1] == 205) {
		uint16_t seq = (uint16_t)(world->newest[peer] - bytes[13]);
		bytes[12] = (uint8_t)(seq >> 8);
		bytes[13] = (uint8_t)seq;
	}
	if (len >= 8 && !srtcp_seal(world->out[peer], bytes, len, ICE_PACKET_MAX, &sealed))
		sfu_packet(world->sfu, world->now_us, world->now_us, &from, bytes, sealed);
}

static void raw(unsigned peer, uint8_t *bytes, size_t len)
{
	struct ice_tuple from = tuple_of(peer);
	sfu_packet(world->sfu, world->now_us, world->now_us, &from, bytes, len);
}

static void command(uint8_t how, const uint8_t *bytes, size_t len)
{
	uint32_t peer = how % PEERS + 1;
	struct sfu_view views[SFU_VIEWS_MAX];
	size_t n = len / 3 < SFU_VIEWS_MAX ? len / 3 : SFU_VIEWS_MAX;
	for (size_t i = 0; i < n; i++)
		views[i] = (struct sfu_view){bytes[i * 3] % 5, bytes[i * 3 + 1] % 4, (uint16_t)(bytes[i * 3 + 2] * 5)};
	enum at_err err = how & 0x40 ? sfu_view(world->sfu, world->now_us, &room, peer, views, n)
				     : sfu_state(world->sfu, world->now_us, &room, peer, how & 8, how & 16, how & 32);
	AT_ASSERT(err == AT_OK || err == AT_ERR_BAD_REQUEST || err == AT_ERR_NOT_FOUND);
	if (how == 0xff)
		AT_ASSERT(sfu_leave(world->sfu, world->now_us, &room, 3) < AT_ERR_COUNT);
}

static void step(uint8_t what, uint8_t how, uint16_t seq, uint8_t *bytes, size_t len)
{
	unsigned peer = what / 8 % PEERS;
	switch (what % 8) {
	case 0: shaped_rtp(peer, how, seq, bytes, len); break;
	case 1: sealed_rtp(peer, bytes, len); break;
	case 2:
	case 3: sealed_rtcp(peer, bytes, len); break;
	case 4: raw(peer + (how & 1), bytes, len); break;
	case 5: command(how, bytes, len); break;
	case 6: sfu_flush(world->sfu, world->now_us += how * 10); break;
	default: world->now_us += (int64_t)seq * 100; sfu_tick(world->sfu, world->now_us);
	}
	drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world kept;
	world = &kept;
	if (!world->sfu)
		prepare();
	start();
	for (size_t at = 0; at + 5 <= len;) {
		uint8_t bytes[ICE_PACKET_MAX + 64];
		size_t n = data[at + 4] * 4U;
		const uint8_t *body = data + at + 5;
		uint16_t seq = (uint16_t)(data[at + 2] << 8 | data[at + 3]);
		n = n > len - at - 5 ? len - at - 5 : n;
		memcpy(bytes, body, n);
		step(data[at], data[at + 1], seq, bytes, n);
		at += 5 + n;
	}
	sfu_flush(world->sfu, world->now_us + 2000);
	stop();
	return 0;
}
