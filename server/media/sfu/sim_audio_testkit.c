/* NetEQ's bookkeeping: which 20 ms were there in time, by their own packet, by RED in a later one, or by Opus's own copy of the frame before
 * (of lower quality; NetEQ finds it in redundant frames, too). */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	FRAME_TICKS = 960,
	FRAME_US = 20 * 1000,
	PLAYOUT_US = 200 * 1000, /* behind the fastest packet */
	WAIT_FRAMES = 64,
	GOT_LATE = 1, /* each later one is better */
	GOT_FEC,
	GOT_RED,
	GOT,
};

/* What slid out of the window is what was played. */
static void count_up_to(struct sim_slot *slot, uint64_t seq)
{
	struct sim_audio *a = slot->audio;
	for (; a->counted < seq; a->counted++) {
		uint8_t *got = &a->got[a->counted % SIM_HEARD];
		slot->heard += *got >= GOT_FEC;
		slot->by_red += *got == GOT_RED;
		slot->by_fec += *got == GOT_FEC;
		slot->heard_late += *got == GOT_LATE;
		slot->heard_lost += !*got;
		*got = 0;
	}
}

static void check_next(struct sim_peer *peer, const struct sim_slot *slot, uint64_t seq,
		       const struct rtp_packet *packet, const struct sim_truth *t)
{
	const struct sim_audio *a = slot->audio;
	int64_t numbers = (int64_t)(seq - a->newest_seq);
	int32_t ticks = rtp_timestamp_diff(packet->timestamp, a->timestamp);
	if (a->newest.publisher == t->publisher) {
		int64_t frames = (int64_t)t->frame - a->newest.frame;
		if (ticks != frames * FRAME_TICKS || numbers > frames)
			fail_msg("seed %lu, peer %u: audio of peer %u moves by %ld frames, %d ticks, %ld numbers",
				 sim.seed, peer->kit->number, t->publisher, (long)frames, ticks, (long)numbers);
		return;
	}
	if (ticks <= 0)
		fail_msg("seed %lu, peer %u: time goes back from one speaker to the next", sim.seed, peer->kit->number);
	/* Without loss on either way nothing may look lost. */
	bool is_clean = !peer->down.net.loss_permille && !peer->down.dropped;
	for (size_t i = 0; i < sim.peer_count; i++)
		is_clean &= !sim.peers[i].up.lost && !sim.peers[i].up.dropped;
	if (is_clean && numbers != 1)
		fail_msg("seed %lu, peer %u: %ld numbers from one speaker to the next", sim.seed, peer->kit->number,
			 (long)numbers);
}

static void mark(struct sim_audio *a, uint64_t seq, uint8_t how, int64_t captured_us)
{
	uint8_t *got = &a->got[seq % SIM_HEARD];
	uint8_t now = kit.now_us - captured_us > a->transit_us + PLAYOUT_US ? GOT_LATE : how;
	if (seq >= a->counted && now > *got)
		*got = now;
}

static void mark_frame(struct sim_audio *a, uint64_t seq, uint8_t how, const struct sim_truth *t)
{
	mark(a, seq, how, t->captured_us);
	if (t->packets > 1)
		mark(a, seq - 1, GOT_FEC, t->captured_us - FRAME_US);
}

/* Gives the primary's truth; redundant frames are marked when they are those of the numbers before. */
static struct sim_truth read_payload(struct sim_peer *peer, struct sim_audio *a, uint64_t seq,
				     const struct rtp_packet *packet)
{
	const struct sfu_audio_params *p = &peer->kit->params.audio;
	struct red red;
	if (!p->red_pt || packet->payload_type != p->red_pt) {
		assert_int_equal(packet->payload_type, p->pt);
		return sim_truth_get(packet->payload, packet->payload_len);
	}
	assert_int_equal(red_parse(packet->payload, packet->payload_len, &red), AT_OK);
	const struct red_block *primary = &red.blocks[red.count - 1];
	struct sim_truth t = sim_truth_get(primary->data, primary->len);
	for (size_t i = 0; a && i + 1 < red.count; i++) {
		const struct red_block *b = &red.blocks[i];
		struct sim_truth old = sim_truth_get(b->data, b->len);
		assert_int_equal(b->payload_type, p->pt);
		assert_int_equal(old.publisher, t.publisher);
		assert_int_equal(b->timestamp_offset, (t.frame - old.frame) * FRAME_TICKS);
		assert_true(old.sent < t.sent);
		mark_frame(a, seq - (t.sent - old.sent), GOT_RED, &old);
	}
	return t;
}

/* ---- what it says ---- */

static bool has_come(const struct sim_audio *a, uint64_t seq)
{
	return a->arrived[seq % SIM_HEARD / 64] >> seq % 64 & 1;
}

static void note_arrived(struct sim_audio *a, uint64_t seq)
{
	for (uint64_t s = a->highest + 1; s < seq; s++) {
		a->arrived[s % SIM_HEARD / 64] &= ~(1ULL << s % 64);
		if (a->missing_count == SIM_VOICE_MISSING)
			memmove(a->missing, a->missing + 1, --a->missing_count * sizeof(a->missing[0]));
		a->missing[a->missing_count++] = (struct sim_missing){.seq = s, .since_us = kit.now_us};
	}
	a->came += seq > a->highest || !has_come(a, seq);
	a->arrived[seq % SIM_HEARD / 64] |= 1ULL << seq % 64;
}

uint8_t sim_audio_loss(struct sim_audio *a)
{
	uint64_t expected = a->highest - a->base + 1, due = expected - a->expected_before;
	uint64_t came = a->came - a->came_before;
	a->expected_before = expected;
	a->came_before = a->came;
	a->told_us = kit.now_us;
	uint64_t lost_256 = due && came < due ? (due - came) * 256 / due : 0;
	return (uint8_t)(lost_256 > 255 ? 255 : lost_256);
}

bool sim_audio_is_same(const struct sim_audio *a, uint16_t seq, const uint8_t *tag)
{
	return (uint16_t)(a->highest - seq) < SIM_HEARD && !memcmp(a->tags[seq % SIM_HEARD], tag, SRTP_OVERHEAD_MAX);
}

/* NetEQ's list: what is missing and could still be played, once a round trip. */
void sim_audio_run(struct sim_peer *peer, struct sim_slot *slot)
{
	struct sim_audio *a = slot->audio;
	uint16_t seqs[SIM_VOICE_MISSING];
	uint8_t bytes[256];
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < a->missing_count; i++) {
		struct sim_missing m = a->missing[i];
		if (has_come(a, m.seq) || kit.now_us - m.since_us > PLAYOUT_US)
			continue;
		if (!m.asked_us || kit.now_us - m.asked_us >= peer->in.rtt_us) {
			m.asked_us = kit.now_us;
			seqs[n++] = (uint16_t)m.seq;
		}
		a->missing[kept++] = m;
	}
	a->missing_count = kept;
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	if (n && rtcp_nack_put(&w, 1, slot->ssrc, seqs, n))
		sim_send_rtcp(peer, bytes, w.len);
	slot->nacked += n;
}

void sim_audio_packet(struct sim_peer *peer, struct sim_slot *slot, const struct rtp_packet *packet)
{
	struct sim_audio *a = slot->audio;
	bool is_first = !a;
	if (!a) {
		a = slot->audio = at_alloc(sizeof(*a));
		a->highest = a->counted = a->base = RTP_SEQ_FIRST + packet->seq;
		a->transit_us = INT64_MAX / 2;
	}
	uint64_t seq = rtp_seq_extend(a->highest, packet->seq);
	struct sim_truth t = read_payload(peer, NULL, seq, packet);
	if (is_first || a->newest.publisher != t.publisher)
		a->transit_us = INT64_MAX / 2;
	if (kit.now_us - t.captured_us < a->transit_us)
		a->transit_us = kit.now_us - t.captured_us;
	assert_int_equal(slot->owner, t.publisher);
	(void)read_payload(peer, a, seq, packet);
	mark_frame(a, seq, GOT, &t);
	note_arrived(a, seq);
	if (!is_first && seq <= a->highest)
		return;
	if (!is_first)
		check_next(peer, slot, seq, packet, &t);
	a->highest = a->newest_seq = seq;
	a->newest = t;
	a->timestamp = packet->timestamp;
	sim_skew(peer, slot, packet->timestamp, &t);
	if (seq > WAIT_FRAMES)
		count_up_to(slot, seq - WAIT_FRAMES);
}
