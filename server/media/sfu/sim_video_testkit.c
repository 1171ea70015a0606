/* A browser's way from packets to pictures. It puts frames together and chooses what to decode by headers alone, as libwebrtc does (whole
 * frames, VP8's references by picture id and tl0picidx), and only then compares with what the payload says: a frame that is handed out
 * without the one it refers to, or a number that does not go on, fails the test. */
#include "base/mem.h"
#include "base/test.h"
#include "media/sfu/sim_testkit.h"

enum {
	NACK_AFTER_US = 20 * 1000,
	KEY_EACH_US = 200 * 1000, /* while there is no picture at all */
	STUCK_US = 1000 * 1000,
	HEARD_US = 500 * 1000, /* without packets nothing is expected */
	JUMP_MAX = 400,
	SKIP_US = 50 * 1000,
};

#define CHECK(peer, what, is_so)                                                                                       \
	do {                                                                                                           \
		if (!(is_so))                                                                                          \
			fail_msg("seed %lu at %ld ms, peer %u: %s", sim.seed, (long)(kit.now_us / 1000),               \
				 (peer)->kit->number, what);                                                           \
	} while (0)

static struct sim_packet *at(struct sim_video *v, uint64_t seq)
{
	return &v->ring[seq % SIM_RING];
}
static bool has(struct sim_video *v, uint64_t seq)
{
	return at(v, seq)->seq == seq;
}

/* ---- what is asked for ---- */

static void ask_for_key(struct sim_peer *peer, struct sim_slot *slot)
{
	uint8_t bytes[64];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	if (kit.now_us - slot->video->asked_us < KEY_EACH_US)
		return;
	slot->video->asked_us = kit.now_us;
	slot->plis++;
	assert_int_equal(rtcp_pli_put(&w, 1, slot->ssrc), AT_OK);
	sim_send_rtcp(peer, bytes, w.len);
}

static void miss(struct sim_slot *slot, uint64_t from, uint64_t to)
{
	struct sim_video *v = slot->video;
	if (to - from > JUMP_MAX || v->missing_count + (to - from) > SIM_MISSING) {
		v->missing_count = 0;
		v->is_broken = true;
		return;
	}
	for (uint64_t s = from; s < to; s++)
		v->missing[v->missing_count++] = (struct sim_missing){.seq = s, .since_us = kit.now_us};
}

static void found(struct sim_video *v, uint64_t before, uint64_t seq)
{
	size_t kept = 0;
	for (size_t i = 0; i < v->missing_count; i++)
		if (v->missing[i].seq != seq && v->missing[i].seq >= before)
			v->missing[kept++] = v->missing[i];
	v->missing_count = kept;
}

static void send_nacks(struct sim_peer *peer, struct sim_slot *slot)
{
	struct sim_video *v = slot->video;
	uint16_t seqs[SIM_MISSING];
	uint8_t bytes[1200];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < v->missing_count; i++) {
		struct sim_missing m = v->missing[i];
		if (m.tries >= SIM_NACK_TRIES && kit.now_us - m.asked_us >= peer->in.rtt_us) {
			v->is_broken = true;
			continue;
		}
		if (m.asked_us ? kit.now_us - m.asked_us >= peer->in.rtt_us
			       : kit.now_us - m.since_us >= NACK_AFTER_US) {
			m.asked_us = kit.now_us;
			m.tries++;
			seqs[n++] = (uint16_t)m.seq;
		}
		v->missing[kept++] = m;
	}
	v->missing_count = kept;
	slot->nacked += n;
	if (n && rtcp_nack_put(&w, 1, slot->ssrc, seqs, n))
		sim_send_rtcp(peer, bytes, w.len);
}

void sim_video_run(struct sim_peer *peer, struct sim_slot *slot)
{
	struct sim_video *v = slot->video;
	if (!peer->in.no_nacks)
		send_nacks(peer, slot);
	if (kit.now_us - v->heard_us > HEARD_US)
		return;
	bool is_stuck = v->has_shown && v->highest > v->shown.last && kit.now_us - v->shown_us > STUCK_US;
	if (v->is_broken || is_stuck || (!v->has_shown && kit.now_us - v->first_us > KEY_EACH_US))
		ask_for_key(peer, slot);
}

/* ---- pictures ---- */

static void check_truth(struct sim_peer *peer, struct sim_video *v, const struct sim_frame *f)
{
	const struct sim_truth *t = &f->head.truth;
	uint16_t n = 0;
	for (uint64_t s = f->first; s <= f->last; s++) {
		const struct sim_packet *p = at(v, s);
		if (p->is_padding)
			continue;
		CHECK(peer, "a frame is glued of two",
		      p->truth.publisher == t->publisher && p->truth.layer == t->layer && p->truth.frame == t->frame);
		CHECK(peer, "a frame's packets are out of order", p->truth.packet == n);
		CHECK(peer, "the CSRC names somebody else", p->csrc == t->publisher);
		n++;
	}
	CHECK(peer, "a frame lacks packets but has its marker", n == t->packets);
	CHECK(peer, "a key frame is none", f->head.is_key == t->is_key);
}

static uint16_t pictures_between(uint16_t from, uint16_t to)
{
	return (uint16_t)(to - from) & VP8_PICTURE_ID_MASK;
}

/* VP8's own rule: every buffer that is referred to holds what the encoder's held. */
static void check_decodes(struct sim_peer *peer, struct sim_video *v, const struct sim_frame *f)
{
	const struct sim_truth *t = &f->head.truth;
	const struct sim_truth *before = &v->shown.head.truth;
	bool is_other = v->has_shown && (before->publisher != t->publisher || before->layer != t->layer);
	CHECK(peer, "a stream begins without a key frame", t->is_key || (v->has_shown && !is_other));
	for (unsigned i = 0; i < SIM_BUFFERS; i++) {
		CHECK(peer, "a frame is shown that cannot be decoded", !t->refers[i] || t->refers[i] == v->buffers[i]);
		if (t->fills & 1U << i)
			v->buffers[i] = t->frame;
	}
}

static void check_next(struct sim_peer *peer, const struct sim_video *v, const struct sim_frame *f)
{
	const struct sim_frame *s = &v->shown;
	const struct sim_truth *b = &f->head.truth;
	uint16_t pictures = pictures_between(s->head.picture_id, f->head.picture_id);
	uint8_t lowest = (uint8_t)(f->head.tl0 - s->head.tl0);
	CHECK(peer, "the timestamp does not rise", rtp_timestamp_diff(f->head.timestamp, s->head.timestamp) > 0);
	CHECK(peer, "the picture id does not rise", pictures > 0 && pictures < VP8_PICTURE_ID_MASK / 2);
	CHECK(peer, "picture id and tl0picidx part",
	      lowest >= !f->head.tid && (pictures > 1 ? lowest <= pictures : lowest == !f->head.tid));
	CHECK(peer, "numbers overlap", f->first > s->last && f->first - s->last >= pictures);
	/* a packet of a frame that is left out may have been lost before anybody knew */
	uint64_t between = f->first - s->last - 1 - v->seq_gap;
	CHECK(peer, "a gap where nothing was lost",
	      pictures > 1 || between == 0 || sim.peers[b->publisher - 1].up.lost);
}

static void show(struct sim_peer *peer, struct sim_slot *slot, const struct sim_frame *f)
{
	struct sim_video *v = slot->video;
	const struct sim_truth *t = &f->head.truth;
	check_truth(peer, v, f);
	if (v->has_shown) {
		check_next(peer, v, f);
		slot->frames_missed += pictures_between(v->shown.head.picture_id, f->head.picture_id) - 1U;
		int64_t freeze_us = kit.now_us - v->shown_us;
		slot->freeze_us = freeze_us > slot->freeze_us ? freeze_us : slot->freeze_us;
		bool is_other = v->shown.head.truth.publisher == t->publisher && v->shown.head.truth.layer != t->layer;
		slot->layer_changes += is_other;
		sim.switches_seen += is_other;
	} else {
		CHECK(peer, "the first frame is no key frame", t->is_key);
	}
	check_decodes(peer, v, f);
	sim_skew(peer, slot, f->head.timestamp, t);
	slot->frames++;
	slot->keys += t->is_key;
	slot->layer = (int8_t)t->layer;
	v->has_shown = true;
	v->is_broken = v->is_broken && !t->is_key;
	for (unsigned i = 0; t->is_key && i < TIERS_MAX; i++)
		v->newest[i] = -1;
	v->newest[f->head.tid] = f->head.picture_id;
	uint16_t ahead = pictures_between(v->shown.head.picture_id, f->head.picture_id);
	v->shown_before = (t->is_key || ahead > 63 ? 0 : v->shown_before << ahead) | 1;
	v->shown = *f;
	v->shown_us = kit.now_us;
	v->seq_gap = 0;
	for (uint64_t s = f->last + 1; has(v, s) && at(v, s)->is_padding; s++)
		v->seq_gap++;
	if (t->is_key)
		found(v, f->first, 0);
}

/* libwebrtc's rule for a tier above the lowest (RtpVp8RefFinder): it refers to the newest of each tier up to its own, and nothing since
 * is missing, or there may be another that it refers to. */
static bool has_all_below(const struct sim_video *v, const struct sim_frame *f)
{
	uint16_t back = 0, ahead = pictures_between(v->shown.head.picture_id, f->head.picture_id);
	for (unsigned i = 0; i <= f->head.tid; i++) {
		if (v->newest[i] < 0)
			return false;
		uint16_t since = pictures_between((uint16_t)v->newest[i], v->shown.head.picture_id);
		back = since > back ? since : back;
	}
	uint64_t needed = back >= 63 ? UINT64_MAX : (1ULL << (back + 1)) - 1;
	return ahead == 1 && (v->shown_before & needed) == needed;
}

/* By headers alone. */
static bool continues(const struct sim_video *v, const struct sim_frame *f)
{
	if (!v->has_shown || v->newest[0] < 0)
		return false;
	uint8_t lowest = v->shown.head.tl0;
	if (!f->head.tid)
		return f->head.tl0 == (uint8_t)(lowest + 1);
	return f->head.tl0 == lowest && (f->head.is_sync || has_all_below(v, f));
}

/* The next, or, after a while, one that does without what is missing before it. */
static bool is_next(const struct sim_peer *peer, const struct sim_video *v, const struct sim_frame *f)
{
	if (!continues(v, f))
		return false;
	return pictures_between(v->shown.head.picture_id, f->head.picture_id) == 1 ||
	       kit.now_us - f->whole_us > SKIP_US + 2 * peer->in.rtt_us;
}

/* What can be shown now, in its order: the next one, else the oldest key frame. Older ones are of no use any more. */
static void show_all(struct sim_peer *peer, struct sim_slot *slot)
{
	struct sim_video *v = slot->video;
	for (;;) {
		size_t best = SIM_FRAMES, kept = 0;
		bool is_in_turn = false;
		for (size_t i = 0; i < v->frame_count; i++)
			if (!v->has_shown || v->frames[i].first > v->shown.last)
				v->frames[kept++] = v->frames[i];
		v->frame_count = kept;
		for (size_t i = 0; i < v->frame_count; i++) {
			const struct sim_frame *f = &v->frames[i];
			bool is_mine = is_next(peer, v, f);
			if (!is_mine && (is_in_turn || !f->head.is_key))
				continue;
			if (best == SIM_FRAMES || (is_mine && !is_in_turn) || f->first < v->frames[best].first)
				best = i;
			is_in_turn |= is_mine;
		}
		if (best == SIM_FRAMES)
			return;
		struct sim_frame f = v->frames[best];
		v->frames[best] = v->frames[--v->frame_count];
		show(peer, slot, &f);
	}
}

/* Is the frame round this packet whole? */
static void put_together(struct sim_video *v, uint64_t seq)
{
	uint64_t first = seq, last = seq;
	uint32_t timestamp = at(v, seq)->timestamp;
	while (!at(v, first)->starts)
		if (!has(v, --first) || at(v, first)->timestamp != timestamp || at(v, first)->marker)
			return;
	while (!at(v, last)->marker)
		if (!has(v, ++last) || at(v, last)->timestamp != timestamp || at(v, last)->starts)
			return;
	if (v->frame_count == SIM_FRAMES) { /* the decoder gave up on these */
		v->frame_count = 0;
		v->is_broken = true;
	}
	v->frames[v->frame_count++] = (struct sim_frame){first, last, kit.now_us, *at(v, first)};
}

static void keep(struct sim_video *v, uint64_t seq, const struct rtp_packet *packet)
{
	struct sim_packet *p = at(v, seq);
	struct vp8_packet vp8;
	*p = (struct sim_packet){.seq = seq, .timestamp = packet->timestamp, .marker = packet->marker};
	p->csrc = rtp_csrc(packet, 0);
	if (packet->is_padding_only) {
		p->is_padding = true;
		return;
	}
	assert_int_equal(vp8_parse(packet->payload, packet->payload_len, &vp8), AT_OK);
	p->picture_id = vp8.picture_id;
	p->tl0 = vp8.tl0picidx;
	p->tid = vp8.tid;
	p->is_sync = vp8.is_layer_sync;
	p->starts = vp8.starts_frame;
	p->is_key = vp8.is_keyframe;
	p->truth = sim_truth_get(packet->payload + vp8.len + 10, packet->payload_len - vp8.len - 10);
}

void sim_video_packet(struct sim_peer *peer, struct sim_slot *slot, const struct rtp_packet *packet)
{
	struct sim_video *v = slot->video;
	if (!v) {
		v = slot->video = at_alloc(sizeof(*v));
		v->highest = RTP_SEQ_FIRST + packet->seq - 1;
		v->first_us = kit.now_us;
	}
	uint64_t seq = rtp_seq_extend(v->highest, packet->seq);
	if (has(v, seq) || seq + SIM_RING <= v->highest)
		return;
	keep(v, seq, packet);
	v->heard_us = kit.now_us;
	if (seq > v->highest) {
		if (seq > v->highest + 1)
			miss(slot, v->highest + 1, seq);
		v->highest = seq;
	}
	found(v, 0, seq);
	slot->key_bytes += at(v, seq)->truth.is_key ? packet->payload_len : 0;
	if (!at(v, seq)->is_padding && (!v->has_shown || seq > v->shown.last)) {
		put_together(v, seq);
		show_all(peer, slot);
	}
}
