#include "bench/sfu_load.h"

#include "base/buf.h"
#include "base/mem.h"
#include "bench/session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64,
	ROOM = 1600,
	GLANCE = 64, /* bytes of a packet that is only counted */
	STAMP_AT = 20,
	DESCRIPTOR_LEN = 6,
	SLICE_NS = 20 * 1000 * 1000, /* how often the rest is looked after */
	FEEDBACK_NS = 50 * 1000 * 1000,
	LATE_NS = 1000 * 1000,
	CATCH_UP = 4, /* frames at once; more late ones are not sent */
	DRAIN_NS = 30 * 1000 * 1000,
	PICTURE_WIDTH = 320,
	PICTURE_HEIGHT = 180,
};

static uint64_t *samples;
static size_t sample_count;
static int64_t wall_ahead_ns; /* of CLOCK_REALTIME before CLOCK_MONOTONIC */

uint64_t load_cpu_ns(pid_t pid)
{
	struct timespec t = {0};
	clockid_t clock;
	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		bench_die("the server has gone");
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void compare_clocks(void)
{
	struct timespec wall;
	uint64_t before = bench_now_ns();
	clock_gettime(CLOCK_REALTIME, &wall);
	wall_ahead_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (int64_t)((before + bench_now_ns()) / 2);
}

/* ---- life ---- */

static void stream_init(struct load_stream *s, uint32_t ssrc, char mid, char rid)
{
	*s = (struct load_stream){.ssrc = ssrc, .seq = 1000, .timestamp = ssrc * 7, .mid = {mid}, .rid = {rid}};
	s->key_wanted = true;
}

void load_new(struct load *load, size_t pubs, size_t subs, struct in_addr ip)
{
	static const char rids[LOAD_LAYERS] = {'l', 'm', 'h'};
	*load = (struct load){.pubs = at_alloc(pubs * sizeof(*load->pubs)),
			      .subs = at_alloc(subs * sizeof(*load->subs)),
			      .pub_count = pubs,
			      .sub_count = subs};
	for (size_t i = 0; i < pubs; i++) {
		struct load_pub *p = &load->pubs[i];
		uint32_t ssrc = 1000 + (uint32_t)i * 10;
		rtc_open(&p->peer, ip);
		stream_init(&p->audio, ssrc, '0', 0);
		for (size_t k = 0; k < LOAD_LAYERS; k++)
			stream_init(&p->video[k], ssrc + 1 + (uint32_t)k, '1', rids[k]);
	}
	for (size_t i = 0; i < subs; i++) {
		rtc_open(&load->subs[i].peer, ip);
		load->subs[i].is_sampled = i % LOAD_SAMPLED == 0;
	}
	if (!samples)
		samples = at_alloc(LOAD_SAMPLES_MAX * sizeof(*samples));
}

void load_free(struct load *load)
{
	for (size_t i = 0; i < load->pub_count; i++)
		rtc_close(&load->pubs[i].peer);
	for (size_t i = 0; i < load->sub_count; i++)
		rtc_close(&load->subs[i].peer);
	at_free(load->pubs);
	at_free(load->subs);
	*load = (struct load){.pubs = NULL};
}

void load_connect(struct load *load)
{
	size_t n = 0;
	struct rtc_peer **all = at_alloc((load->pub_count + load->sub_count) * sizeof(struct rtc_peer *));
	for (size_t i = 0; i < load->pub_count; i++)
		all[n++] = &load->pubs[i].peer;
	for (size_t i = 0; i < load->sub_count; i++)
		all[n++] = &load->subs[i].peer;
	rtc_connect(all, n, load->while_fn, load->while_arg);
	at_free(all);
}

/* ---- publishing ---- */

static size_t put_header(struct load_pub *pub, struct load_stream *s, bool is_video, bool marker, uint8_t *out)
{
	struct rtp_ext_ids ids = {.of = {[RTP_EXT_MID] = LOAD_EXT_MID}};
	struct rtp_exts exts = {.has = 1U << RTP_EXT_MID};
	exts.mid[0] = s->mid[0];
	if (is_video) {
		ids.of[RTP_EXT_TRANSPORT_CC] = LOAD_EXT_TWCC;
		exts.has |= 1U << RTP_EXT_TRANSPORT_CC;
		exts.transport_seq = ++pub->twcc_seq;
	} else {
		ids.of[RTP_EXT_AUDIO_LEVEL] = LOAD_EXT_LEVEL;
		exts.has |= 1U << RTP_EXT_AUDIO_LEVEL;
		exts.level = 30;
		exts.is_voice = true;
	}
	if (is_video && s->rid[0]) {
		ids.of[RTP_EXT_RID] = LOAD_EXT_RID;
		exts.has |= 1U << RTP_EXT_RID;
		exts.rid[0] = s->rid[0];
	}
	struct rtp_header header = {.payload_type = is_video ? LOAD_VP8 : LOAD_OPUS,
				    .marker = marker,
				    .seq = (uint16_t)s->seq,
				    .timestamp = s->timestamp,
				    .ssrc = s->ssrc,
				    .ids = pub->has_exts ? &ids : NULL,
				    .exts = &exts};
	return rtp_header_put(&header, out);
}

/* A descriptor as Chromium writes it, and what follows it as far as anybody looks. */
static void put_picture(const struct load_stream *s, bool starts, bool is_key, uint8_t *out)
{
	const uint8_t start[] = {is_key ? 0x10 : 0x11, 0, 0, 0x9d, 0x01, 0x2a, PICTURE_WIDTH & 0xff, PICTURE_WIDTH >> 8,
				 PICTURE_HEIGHT,       0};
	out[0] = starts ? 0x90 : 0x80;
	out[1] = 0xe0; /* I, L, T */
	at_put_u16(out + 2, (uint16_t)(0x8000 | s->picture_id));
	out[4] = s->tl0;
	out[5] = 0;
	if (starts)
		memcpy(out + DESCRIPTOR_LEN, start, sizeof(start));
}

struct burst {
	uint8_t bytes[LOAD_FRAME * LOAD_LAYERS][ROOM];
	size_t lens[LOAD_FRAME * LOAD_LAYERS];
	unsigned count;
};
static struct burst burst;

static void add(struct load_pub *pub, struct load_stream *s, size_t header_len, size_t payload_len, uint64_t now_ns)
{
	unsigned i = burst.count++;
	memcpy(burst.bytes[i] + header_len + STAMP_AT, &now_ns, sizeof(now_ns));
	if (srtp_seal(pub->peer.out, (uint32_t)(s->seq >> 16), burst.bytes[i], header_len, header_len + payload_len,
		      ROOM, &burst.lens[i]))
		bench_die("a packet could not be sealed");
	s->seq++;
}

/* One by one, as browsers do. */
static void send_burst(const struct load_pub *pub)
{
	for (unsigned i = 0; i < burst.count; i++)
		while (send(pub->peer.fd, burst.bytes[i], burst.lens[i], 0) < 0)
			if (errno != EAGAIN && errno != EINTR)
				bench_die("send: %s", strerror(errno));
	burst.count = 0;
}

/* RTP clocks go by ours, and by at least one a frame. */
static uint32_t timestamp_after(uint32_t last, uint64_t now_ns, uint32_t per_ms)
{
	uint32_t now = (uint32_t)(now_ns / 1000 * per_ms / 1000);
	return (int32_t)(now - last) > 0 && now - last < 90000 ? now : last + 1;
}

static void add_frame(struct load_pub *pub, struct load_stream *s, uint64_t now_ns)
{
	bool is_key = s->key_wanted;
	s->key_wanted = false;
	s->timestamp = timestamp_after(s->timestamp, now_ns, 90);
	s->picture_id = (s->picture_id + 1) & VP8_PICTURE_ID_MASK;
	s->tl0++;
	for (unsigned i = 0; i < LOAD_FRAME; i++) {
		uint8_t *at = burst.bytes[burst.count];
		size_t header_len = put_header(pub, s, true, i + 1 == LOAD_FRAME, at);
		memset(at + header_len, 0x55, LOAD_VIDEO);
		put_picture(s, i == 0, is_key, at + header_len);
		add(pub, s, header_len, LOAD_VIDEO, now_ns);
	}
}

void load_send_video(struct load_pub *pub, size_t layers)
{
	uint64_t now_ns = bench_now_ns();
	for (size_t k = 0; k < layers; k++)
		add_frame(pub, &pub->video[k], now_ns);
	send_burst(pub);
}

void load_send_audio(struct load_pub *pub)
{
	uint64_t now_ns = bench_now_ns();
	uint8_t *at = burst.bytes[0];
	pub->audio.timestamp = timestamp_after(pub->audio.timestamp, now_ns, 48);
	size_t header_len = put_header(pub, &pub->audio, false, false, at);
	memset(at + header_len, 0x55, LOAD_AUDIO);
	add(pub, &pub->audio, header_len, LOAD_AUDIO, now_ns);
	send_burst(pub);
}

static void on_control(struct load_pub *pub, uint8_t *data, size_t len)
{
	struct rtcp_packet packet;
	if (rtp_kind(data, len) != RTP_KIND_RTCP || srtcp_open(pub->peer.in, data, len, &len))
		return;
	struct rtcp_iter iter = rtcp_begin(data, len);
	while (rtcp_next(&iter, &packet)) {
		pub->feedbacks += packet.kind == RTCP_TWCC;
		pub->plis += packet.kind == RTCP_PLI;
		for (size_t k = 0; packet.kind == RTCP_PLI && k < LOAD_LAYERS; k++)
			if (pub->video[k].ssrc == packet.media_ssrc)
				pub->video[k].key_wanted = true;
	}
}

static void read_pub(struct load_pub *pub)
{
	uint8_t bytes[2048];
	for (;;) {
		ssize_t n = recv(pub->peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n <= 0)
			return;
		if (!rtc_input(&pub->peer, bytes, (size_t)n))
			on_control(pub, bytes, (size_t)n);
	}
}

/* ---- subscribing ---- */

static struct {
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	uint8_t bytes[BATCH][ROOM];
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct timespec))];
	} control[BATCH];
} in;

static int64_t arrival_ns(struct msghdr *header)
{
	struct timespec at;
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	if (!c || c->cmsg_type != SCM_TIMESTAMPNS)
		bench_die("the kernel does not say when packets come");
	memcpy(&at, CMSG_DATA(c), sizeof(at));
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec - wall_ahead_ns;
}

static void count(struct load_sub *sub, uint32_t ssrc, uint16_t seq)
{
	size_t i = 0;
	while (i < LOAD_SEEN && sub->seen[i].ssrc && sub->seen[i].ssrc != ssrc)
		i++;
	if (i == LOAD_SEEN)
		bench_die("more streams than were asked for");
	int16_t ahead = sub->seen[i].ssrc ? rtp_seq_diff(seq, sub->seen[i].highest) : 1;
	sub->received++;
	if (ahead <= 0)
		return;
	sub->expected += (uint16_t)ahead;
	sub->seen[i].ssrc = ssrc;
	sub->seen[i].highest = seq;
}

static void note_arrival(struct load_sub *sub, const struct rtp_packet *packet, int64_t at_ns)
{
	static const struct rtp_ext_ids ids = {.of = {[RTP_EXT_TRANSPORT_CC] = LOAD_EXT_TWCC}};
	struct rtp_exts exts;
	if (!packet->ext || rtp_exts_read(packet, &ids, &exts) || !rtp_exts_have(&exts, RTP_EXT_TRANSPORT_CC))
		return;
	uint16_t seq = exts.transport_seq;
	if (!sub->twcc_started)
		sub->twcc_base = sub->twcc_end = seq;
	sub->twcc_started = true;
	sub->media_ssrc = packet->ssrc;
	int16_t ahead = rtp_seq_diff(seq, sub->twcc_end);
	if (ahead >= LOAD_TWCC / 2 || ahead < -LOAD_TWCC / 2)
		return;
	for (; rtp_seq_diff(seq, sub->twcc_end) >= 0; sub->twcc_end++)
		sub->ticks[sub->twcc_end % LOAD_TWCC] = RTCP_TWCC_NONE;
	sub->ticks[seq % LOAD_TWCC] = at_ns / 1000 / RTCP_TWCC_TICK_US;
}

static void read_stamp(struct load_sub *sub, uint8_t *data, size_t len, int64_t at_ns)
{
	struct rtp_packet packet;
	uint64_t sent_ns;
	if (srtp_open(sub->peer.in, data, len, &len, NULL) || rtp_parse(data, len, &packet))
		bench_die("a packet that does not open");
	struct red_block frame;
	if (packet.payload_type == LOAD_RED && !red_primary(packet.payload, packet.payload_len, &frame)) {
		packet.payload = frame.data;
		packet.payload_len = frame.len;
	}
	if (packet.payload_len < STAMP_AT + sizeof(sent_ns))
		return;
	memcpy(&sent_ns, packet.payload + STAMP_AT, sizeof(sent_ns));
	if (sample_count < LOAD_SAMPLES_MAX)
		samples[sample_count++] = at_ns > (int64_t)sent_ns ? (uint64_t)at_ns - sent_ns : 0;
}

static void on_packet(struct load_sub *sub, uint8_t *data, size_t len, int64_t at_ns)
{
	struct rtp_packet packet;
	enum rtp_kind kind = rtp_kind(data, len);
	if (kind == RTP_KIND_STUN || kind == RTP_KIND_DTLS)
		rtc_input(&sub->peer, data, len);
	if (kind != RTP_KIND_RTP || rtp_parse_header(data, len, &packet))
		return;
	if (sub->has_twcc)
		note_arrival(sub, &packet, at_ns);
	bool is_voice = packet.payload_type == LOAD_OPUS || packet.payload_type == LOAD_RED;
	if (packet.payload_type != LOAD_VP8 && !is_voice)
		return;
	if (is_voice)
		sub->voice_ssrc = packet.ssrc;
	sub->reds += packet.payload_type == LOAD_RED;
	count(sub, packet.ssrc, packet.seq);
	sub->messages += at_ns != sub->arrived_ns;
	sub->arrived_ns = at_ns;
	if (sub->is_sampled)
		read_stamp(sub, data, len, at_ns);
}

static void send_feedback(struct load_sub *sub, uint64_t now_ns)
{
	static int64_t ticks[LOAD_TWCC];
	uint8_t bytes[ICE_PACKET_MAX];
	size_t n = (uint16_t)(sub->twcc_end - sub->twcc_base), len;
	sub->feedback_ns = now_ns + FEEDBACK_NS;
	if (!n || n > LOAD_TWCC) {
		sub->twcc_base = sub->twcc_end;
		return;
	}
	for (size_t i = 0; i < n; i++)
		ticks[i] = sub->ticks[(sub->twcc_base + i) % LOAD_TWCC];
	struct rtcp_arrivals arrivals = {.ssrc = 1,
					 .media_ssrc = sub->media_ssrc,
					 .base_seq = sub->twcc_base,
					 .ticks = ticks,
					 .count = n};
	while (arrivals.count) {
		struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
		arrivals.feedback_seq = sub->feedback_seq++;
		if (rtcp_twcc_put(&w, &arrivals) || !w.len)
			break;
		if (!srtcp_seal(sub->peer.out, bytes, w.len, sizeof(bytes), &len))
			(void)!send(sub->peer.fd, bytes, len, 0);
	}
	sub->twcc_base = sub->twcc_end;
}

void load_report_loss(struct load *load)
{
	for (size_t i = 0; i < load->sub_count; i++) {
		struct load_sub *sub = &load->subs[i];
		uint8_t bytes[128];
		struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
		const struct rtcp_block block = {.ssrc = sub->voice_ssrc, .fraction_lost = 26};
		size_t len;
		if (!rtcp_rr_put(&w, 1, &block, 1) && !srtcp_seal(sub->peer.out, bytes, w.len, sizeof(bytes), &len))
			(void)!send(sub->peer.fd, bytes, len, 0);
	}
}

static bool read_sub(struct load_sub *sub)
{
	int n, total = 0;
	do {
		for (size_t i = 0; i < BATCH; i++) {
			in.parts[i] = (struct iovec){in.bytes[i], sub->is_sampled ? ROOM : GLANCE};
			in.headers[i].msg_hdr = (struct msghdr){.msg_iov = &in.parts[i],
								.msg_iovlen = 1,
								.msg_control = &in.control[i],
								.msg_controllen = sizeof(in.control[i])};
		}
		n = recvmmsg(sub->peer.fd, in.headers, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			on_packet(sub, in.bytes[i], in.headers[i].msg_len, arrival_ns(&in.headers[i].msg_hdr));
		total += n > 0 ? n : 0;
	} while (n == BATCH);
	return total > 0;
}

/* ---- time passes ---- */

static bool read_all(struct load *load, uint64_t now_ns)
{
	bool any = false;
	for (size_t i = 0; i < load->sub_count; i++) {
		struct load_sub *sub = &load->subs[i];
		any |= read_sub(sub);
		if (sub->has_twcc && sub->twcc_started && now_ns >= sub->feedback_ns)
			send_feedback(sub, now_ns);
	}
	for (size_t i = 0; i < load->pub_count; i++)
		read_pub(&load->pubs[i]);
	return any;
}

static void look_after(struct load *load, uint64_t now_ns)
{
	compare_clocks();
	for (size_t i = 0; i < load->sub_count; i++)
		rtc_step(&load->subs[i].peer, now_ns);
	for (size_t i = 0; i < load->pub_count; i++)
		rtc_step(&load->pubs[i].peer, now_ns);
	if (load->while_fn)
		load->while_fn(load->while_arg);
}

void load_rest(struct load *load, double seconds)
{
	uint64_t end = bench_now_ns() + (uint64_t)(seconds * 1e9), now;
	while ((now = bench_now_ns()) < end) {
		look_after(load, now);
		read_all(load, now);
		usleep(5000);
	}
}

struct pace { /* of one kind of thing, evenly */
	double per_s;
	uint64_t begin_ns, done, late, worst_ns;
};

/* How many are due; what is too late to be caught up on is left out. */
static unsigned due(struct pace *p, uint64_t now_ns)
{
	uint64_t all = (uint64_t)((double)(now_ns - p->begin_ns) * p->per_s / 1e9);
	if (all <= p->done)
		return 0;
	uint64_t was_due_ns = p->begin_ns + (uint64_t)((double)(p->done + 1) / p->per_s * 1e9);
	uint64_t late_ns = now_ns > was_due_ns ? now_ns - was_due_ns : 0, n = all - p->done;
	if (late_ns > p->worst_ns)
		p->worst_ns = late_ns;
	p->late += late_ns > LATE_NS && (double)late_ns * p->per_s > 1e9 ? n : 0;
	p->done = all;
	return n > CATCH_UP ? CATCH_UP : (unsigned)n;
}

/* Gives how many packets were sent. */
static uint64_t send_for(struct load *load, const struct load_plan *plan, double seconds, struct pace *frames)
{
	uint64_t sent = 0;
	double each = plan->rate / (double)load->sub_count;
	uint64_t now = bench_now_ns(), end = now + (uint64_t)(seconds * 1e9), slice = now;
	struct pace audio = {.per_s = plan->is_audio ? each : LOAD_AUDIO_PPS, .begin_ns = now};
	*frames = (struct pace){.per_s = plan->is_audio ? 0 : (each - LOAD_AUDIO_PPS) / LOAD_FRAME, .begin_ns = now};
	while ((now = bench_now_ns()) < end) {
		for (unsigned n = due(&audio, now); n; n--, sent++)
			load_send_audio(&load->pubs[0]);
		for (unsigned n = frames->per_s > 0 ? due(frames, now) : 0; n; n--, sent += LOAD_FRAME)
			load_send_video(&load->pubs[0], 1);
		read_all(load, now);
		if (now < slice)
			continue;
		slice = now + SLICE_NS;
		look_after(load, now);
	}
	if (plan->is_audio)
		*frames = audio;
	return sent;
}

static void drain(struct load *load)
{
	uint64_t last = bench_now_ns(), now = last;
	for (; now - last < DRAIN_NS; now = bench_now_ns())
		if (read_all(load, now))
			last = now;
}

static void begin_counting(struct load *load)
{
	sample_count = 0;
	for (size_t i = 0; i < load->sub_count; i++)
		load->subs[i].received = load->subs[i].expected = load->subs[i].messages = 0;
}

void load_run(struct load *load, const struct load_plan *plan, struct load_result *result_out)
{
	struct load_result *r = result_out;
	struct pace frames;
	uint64_t expected = 0, messages = 0;
	*r = (struct load_result){.received = 0};
	compare_clocks();
	if (plan->warm_s > 0) {
		send_for(load, plan, plan->warm_s, &frames);
		drain(load);
	}
	begin_counting(load);
	uint64_t cpu = load_cpu_ns(plan->server), begin = bench_now_ns();
	r->offered = send_for(load, plan, plan->seconds, &frames) * load->sub_count;
	uint64_t end = bench_now_ns();
	drain(load);
	r->cpu_s = (double)(load_cpu_ns(plan->server) - cpu) / 1e9;
	r->wall_s = (double)(end - begin) / 1e9;
	for (size_t i = 0; i < load->sub_count; i++) {
		r->received += load->subs[i].received;
		expected += load->subs[i].expected;
		messages += load->subs[i].messages;
	}
	r->lost = expected > r->received ? expected - r->received : 0;
	r->per_cpu_s = r->cpu_s > 0 ? (double)r->received / r->cpu_s : 0;
	r->per_message = messages ? (double)r->received / (double)messages : 0;
	r->share = r->cpu_s / r->wall_s;
	r->late_share = frames.done ? (double)frames.late / (double)frames.done : 1;
	r->late_ms = (double)frames.worst_ns / 1e6;
	r->samples = sample_count;
	if (sample_count) {
		r->p50_us = (double)bench_quantile(samples, sample_count, 0.5) / 1e3;
		r->p99_us = (double)bench_quantile(samples, sample_count, 0.99) / 1e3;
	}
}
