/* script/bench sfu: what the media role forwards in a room of one who sends and a hundred who watch, by its processor time, next to sealing
 * and sending alone, and with -j next to Janus, under the same generator in the same run; how late it makes a packet; what a member costs.
 * The role runs as it does in the server, in a process of its own behind its sandbox, pinned; this program stands for the supervisor, for
 * core and for the browsers, which have real transports: ICE, DTLS, SRTP. */
#include "base/mem.h"
#include "base/rand.h"
#include "bench/janus.h"
#include "bench/media.h"
#include "bench/session.h"
#include "bench/sfu_floor.h"
#include "bench/sfu_load.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SERVER_CPU = 1,
	ROUNDS_MAX = 32,
	TRIES = 12,
	LAPS = 60,
	LATENCY_RATE = 45 * 1000,
	IDLE_SUBS = 100, /* memory is measured with so many */
	IDLE_PUBS = 8,
	RING_FRAMES = 160, /* more packets than a layer's ring holds */
	HEIGHT = 180,
};
/* Near saturation, with all that was offered. */
static const double SHARE_AIM = .93, SHARE_LEAST = .8, SHARE_MOST = .995, LOST_MOST = .0005, LATE_MOST = .1,
		    JOINED_MOST = .1, RATE_UP = 1.25, RATE_DOWN = .95, RATE_MORE = 1.1;
static const double WARM_S = .15, LAP_S = .1, REST_S = 40;

static double round_s = .4;

static size_t subs = 100;
static int rounds = 3;
static bool is_told;
static struct in_addr ip;

/* The machine's own address, as browsers use it; loopback is cheaper by a tenth and libnice does not know it. */
static void find_address(void)
{
	struct ifaddrs *all, *a;
	ip.s_addr = htonl(INADDR_LOOPBACK);
	if (getifaddrs(&all))
		return;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET && !(a->ifa_flags & IFF_LOOPBACK)) {
			ip = ((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr;
			break;
		}
	freeifaddrs(all);
}

/* ---- our server ---- */

struct ours {
	struct bench_media media;
	struct at_id room;
};
static struct ours ours;

static void hear(void *arg)
{
	struct bench_media *media = arg;
	for (int i = 0; i < 4; i++)
		at_loop_step(media->loop, 0);
}

static void command(enum media_room_verb verb, uint32_t peer, struct media_room_do *cmd)
{
	cmd->verb = verb;
	cmd->room = ours.room;
	cmd->peer = peer;
	bench_media_room(&ours.media, cmd);
}

static struct sfu_params params_of_browser(void)
{
	static const unsigned counts[] = {SFU_AUDIO_SLOTS_MAX, SFU_VIDEO_SLOTS_MAX, SFU_SCREEN_SLOTS_MAX};
	struct sfu_params p = {.audio = {LOAD_OPUS, 0, LOAD_EXT_MID, LOAD_EXT_LEVEL},
			       .video = {.pt = LOAD_VP8,
					 .rtx_pt = LOAD_RTX,
					 .ext_mid = LOAD_EXT_MID,
					 .ext_rid = LOAD_EXT_RID,
					 .ext_rrid = LOAD_EXT_RRID,
					 .ext_twcc = LOAD_EXT_TWCC}};
	memcpy(p.send[SFU_MIC].mid, "0", 2);
	memcpy(p.send[SFU_CAMERA].mid, "1", 2);
	memcpy(p.send[SFU_CAMERA].rids, (char[][SFU_ID_MAX + 1]){"l", "m", "h"}, sizeof(p.send[SFU_CAMERA].rids));
	p.send[SFU_CAMERA].rid_count = LOAD_LAYERS;
	for (unsigned kind = 0; kind < 3; kind++)
		for (unsigned i = 0; i < counts[kind]; i++) {
			struct sfu_recv_params *r = &p.recv[p.recv_count];
			r->kind = (enum sfu_slot_kind)kind;
			r->mid[0] = (char)('A' + p.recv_count++);
		}
	return p;
}

static void join(struct rtc_peer *transport, uint32_t number, const struct sfu_params *params, bool publishes)
{
	struct media_room_do cmd = {.join = {.params = *params}};
	struct rtc_remote remote = {
		.address = {.sin_family = AF_INET, .sin_addr = ip, .sin_port = htons(ours.media.port)}};
	ice_credentials_make(&cmd.join.creds);
	rtc_fingerprint(cmd.join.fingerprint);
	memcpy(remote.ufrag, cmd.join.creds.ufrag, sizeof(cmd.join.creds.ufrag));
	memcpy(remote.pwd, cmd.join.creds.pwd, sizeof(cmd.join.creds.pwd));
	command(MEDIA_ROOM_JOIN, number, &cmd);
	cmd = (struct media_room_do){.state = {.muted = !publishes, .camera = publishes}};
	command(MEDIA_ROOM_STATE, number, &cmd);
	rtc_aim(transport, &remote);
}

/* It sends one layer, or three by rid. */
static void join_pub(struct load_pub *pub, uint32_t number, bool is_simulcast)
{
	struct sfu_params params = params_of_browser();
	pub->has_exts = true;
	if (!is_simulcast) {
		params.send[SFU_CAMERA].rid_count = 0;
		memset(params.send[SFU_CAMERA].rids, 0, sizeof(params.send[SFU_CAMERA].rids));
		params.send[SFU_CAMERA].ssrc = pub->video[0].ssrc;
		pub->video[0].rid[0] = 0;
	}
	join(&pub->peer, number, &params, true);
}

static void join_sub(struct load_sub *sub, uint32_t number, uint32_t watched)
{
	struct sfu_params params = params_of_browser();
	params.audio.red_pt = LOAD_RED;
	struct media_room_do view = {.view = {.views = {{watched, SFU_CAMERA, HEIGHT}}, .count = 1}};
	sub->has_twcc = true;
	join(&sub->peer, number, &params, false);
	command(MEDIA_ROOM_VIEW, number, &view);
}

static void ours_open(struct load *load, size_t pub_count, size_t sub_count, bool gso, int cpu)
{
	const struct media_options options = {.without_gso = !gso};
	struct media_room_do open = {.verb = MEDIA_ROOM_OPEN};
	/* first: what this program holds would be counted as the role's */
	bench_media_start_with(&ours.media, &options, cpu);
	load_new(load, pub_count, sub_count, ip);
	load->while_fn = hear;
	load->while_arg = &ours.media;
	at_rand(&ours.room, sizeof(ours.room));
	command(MEDIA_ROOM_OPEN, 0, &open);
}

static void ours_start(struct load *load, bool gso)
{
	ours_open(load, 1, subs, gso, SERVER_CPU);
	join_pub(&load->pubs[0], 1, false);
	for (size_t i = 0; i < subs; i++)
		join_sub(&load->subs[i], 2 + (uint32_t)i, 1);
	load_connect(load);
}

static void ours_stop(struct load *load)
{
	load_free(load);
	bench_media_stop(&ours.media);
}

/* ---- near saturation ---- */

/* RED: audio to subscribers that lose, so that each packet brings the three frames before once more. FRAMES: with GSO too, but as if every
 * frame came from somebody else: near saturation those of one sender join in one message. */
enum contender { PLAIN, FRAMES, GSO, AUDIO, RED, JANUS_DEFAULT, JANUS_BEST, CONTENDERS };
static const char *const names[CONTENDERS] = {"plain", "frames", "gso", "audio", "red", "janus_default", "janus_best"};
/* To begin with; each run goes on from where the last one ended. */
static double rates[CONTENDERS] = {200e3, 380e3, 400e3, 200e3, 180e3, 40e3, 80e3};

/* And without a queue that stands, as the median latency shows. */
static const double queue_most_us[CONTENDERS] = {10e3, 10e3, 2e3, 10e3, 10e3, 10e3, 10e3};

struct figures {
	double per_cpu_s[ROUNDS_MAX], share[ROUNDS_MAX], per_message[ROUNDS_MAX];
	size_t n, refused;
};
static struct figures figures[CONTENDERS];

static void tell(const char *what, const struct load_plan *plan, const struct load_result *r)
{
	if (is_told)
		fprintf(stderr,
			"%-14s offered %6.1fk: %6.1fk/cpu-s, %3.0f %% cpu, %llu lost of %llu, late %.1f %% (%.1f ms), "
			"p50 %.0f p99 %.0f us, %.2f a message\n",
			what, plan->rate / 1e3, r->per_cpu_s / 1e3, r->share * 100, (unsigned long long)r->lost,
			(unsigned long long)r->offered, r->late_share * 100, r->late_ms, r->p50_us, r->p99_us,
			r->per_message);
}

static bool has_all(const struct load_result *r)
{
	double missing = (double)r->offered - (double)r->received;
	return (double)r->lost <= LOST_MOST * (double)r->offered && missing <= LOST_MOST * (double)r->offered;
}

static bool is_steady(enum contender who, const struct load_result *r)
{
	bool joins = who != FRAMES || r->per_message <= LOAD_FRAME * (1 + JOINED_MOST);
	return joins && has_all(r) && r->p50_us <= queue_most_us[who] && r->share <= SHARE_MOST;
}

static void record(enum contender who, const struct load_result *r)
{
	struct figures *f = &figures[who];
	f->per_message[f->n] = r->per_message;
	f->per_cpu_s[f->n] = r->per_cpu_s;
	f->share[f->n++] = r->share;
}

/* Up or down until the server is nearly, but not quite, busy all the time and loses nothing; then up as long as that stays so: where
 * frames wait for each other they share messages, and more fit into the same time. */
static void saturate(enum contender who, struct load *load, pid_t pid)
{
	struct load_plan plan = {.warm_s = WARM_S,
				 .seconds = round_s,
				 .is_audio = who == AUDIO || who == RED,
				 .server = pid};
	struct load_result r, best;
	bool found = false;
	for (int i = 0; i < TRIES; i++) {
		plan.rate = found ? rates[who] * RATE_MORE : rates[who];
		load_run(load, &plan, &r);
		tell(names[who], &plan, &r);
		bool is_late = r.late_share > LATE_MOST, steady = !is_late && is_steady(who, &r);
		if (steady && (found || r.share >= SHARE_LEAST || who == FRAMES)) {
			found = true;
			best = r;
			rates[who] = plan.rate;
			if (who == FRAMES)
				break;
		} else if (found) {
			break;
		} else if (!is_late) {
			double to = r.share > 0 ? SHARE_AIM / r.share : RATE_UP;
			if (!steady && to > RATE_DOWN)
				to = RATE_DOWN;
			rates[who] *= to > RATE_UP ? RATE_UP : to;
		}
	}
	if (found)
		record(who, &best);
	else
		figures[who].refused++;
}

/* The first pictures come with a key frame, which must have been asked for. */
static void warm(struct load *load, pid_t pid)
{
	const struct load_plan plan = {.rate = 100.0 * (double)load->sub_count, .seconds = .5, .server = pid};
	struct load_result r;
	for (int i = 0; i < 20; i++) {
		load_run(load, &plan, &r);
		if (has_all(&r))
			return;
	}
	bench_die("pictures do not flow: %llu of %llu packets came", (unsigned long long)r.received,
		  (unsigned long long)r.offered);
}

static void run_ours(enum contender who)
{
	struct load load;
	ours_start(&load, who != PLAIN);
	warm(&load, ours.media.pid);
	if (who == RED)
		load_report_loss(&load);
	saturate(who, &load, ours.media.pid);
	if ((who == RED) != (load.subs[0].reds > 0))
		bench_die("%s with %llu packets of RED", names[who], (unsigned long long)load.subs[0].reds);
	ours_stop(&load);
}

static void run_janus(enum contender who)
{
	struct load load;
	load_new(&load, 1, subs, ip);
	pid_t pid = janus_start(&load, ip, who == JANUS_BEST, SERVER_CPU);
	warm(&load, pid);
	saturate(who, &load, pid);
	load_free(&load);
	janus_stop();
}

static double floors[2][ROUNDS_MAX]; /* by gso */

static void run_floor(int round)
{
	for (int gso = 0; gso < 2; gso++) {
		const struct floor_plan plan = {.ip = ip,
						.receivers = subs,
						.payload_len = LOAD_VIDEO,
						.frame = LOAD_FRAME,
						.gso = gso,
						.seconds = round_s,
						.cpu = SERVER_CPU};
		floors[gso][round] = floor_per_cpu_s(&plan);
	}
}

static double print_kpps(enum contender who, const char *name)
{
	struct figures *f = &figures[who];
	char label[64];
	if (!f->n) {
		fprintf(stderr, "%s: no round could be used: the machine is too busy\n", name);
		return 0;
	}
	double rate = bench_median(f->per_cpu_s, f->n);
	bench_print(name, rate, "packets/s");
	snprintf(label, sizeof(label), "%s_load", name);
	bench_print(label, bench_median(f->share, f->n) * 100, "% of a core");
	return rate;
}

static void print_ratio(const char *name, double a, double b)
{
	if (a > 0 && b > 0)
		bench_print(name, a / b, "ratio");
}

static void compare(bool has_janus)
{
	for (int i = 0; i < rounds; i++) {
		run_floor(i);
		run_ours(PLAIN);
		if (has_janus)
			run_janus(JANUS_DEFAULT);
		run_ours(FRAMES);
		run_ours(GSO);
		run_ours(AUDIO);
		run_ours(RED);
		if (has_janus)
			run_janus(JANUS_BEST);
	}
	double plain = print_kpps(PLAIN, "sfu_kpps_plain"), gso = print_kpps(GSO, "sfu_kpps_gso"),
	       frames = print_kpps(FRAMES, "sfu_kpps_gso_by_frame");
	if (figures[GSO].n)
		bench_print("sfu_gso_packets_a_message", bench_median(figures[GSO].per_message, figures[GSO].n),
			    "packets");
	print_kpps(AUDIO, "sfu_kpps_audio");
	print_kpps(RED, "sfu_kpps_audio_red");
	double bare = bench_median(floors[0], (size_t)rounds), bare_gso = bench_median(floors[1], (size_t)rounds);
	bench_print("sfu_limit_plain", bare, "packets/s");
	bench_print("sfu_limit_gso", bare_gso, "packets/s");
	print_ratio("sfu_vs_limit_plain", plain, bare);
	print_ratio("sfu_vs_limit", frames, bare_gso);
	if (!has_janus)
		return;
	double usual = print_kpps(JANUS_DEFAULT, "sfu_janus_default_kpps"),
	       best = print_kpps(JANUS_BEST, "sfu_janus_best_kpps");
	print_ratio("sfu_vs_janus_default", gso, usual);
	print_ratio("sfu_vs_janus_best", gso, best);
	print_ratio("sfu_by_frame_vs_janus_default", frames, usual);
	print_ratio("sfu_by_frame_vs_janus_best", frames, best);
	print_ratio("sfu_plain_vs_janus_default", plain, usual);
	print_ratio("sfu_plain_vs_janus_best", plain, best);
}

/* ---- latency ---- */

/* As if nothing else ran here, for less than the kernel allows that. */
static void run_first(struct load *load, const struct load_plan *plan, struct load_result *result_out)
{
	bench_put_first(0, true);
	bench_put_first(plan->server, true);
	load_run(load, plan, result_out);
	bench_put_first(plan->server, false);
	bench_put_first(0, false);
}

static void measure_latency(bool gso, const char *name)
{
	static double p50[LAPS], p99[LAPS];
	struct load load;
	char label[64];
	size_t n = 0;
	ours_start(&load, gso);
	warm(&load, ours.media.pid);
	const struct load_plan plan = {.rate = LATENCY_RATE, .seconds = LAP_S, .server = ours.media.pid};
	for (int i = 0; i < LAPS; i++) {
		struct load_result r;
		uint64_t before = bench_preemptions(ours.media.pid) + bench_preemptions(getpid());
		run_first(&load, &plan, &r);
		bool is_good = bench_preemptions(ours.media.pid) + bench_preemptions(getpid()) == before;
		if (i == 0)
			tell(name, &plan, &r);
		load_rest(&load, LAP_S);
		if (!is_good || r.late_share > 0 || !has_all(&r) || !r.samples)
			continue;
		p50[n] = r.p50_us;
		p99[n++] = r.p99_us;
	}
	ours_stop(&load);
	snprintf(label, sizeof(label), "%s_laps", name);
	bench_print(label, (double)n, "laps");
	if (!n)
		return;
	snprintf(label, sizeof(label), "%s_p50_us", name);
	bench_print(label, bench_median(p50, n), "us");
	snprintf(label, sizeof(label), "%s_p99_us", name);
	bench_print(label, bench_median(p99, n), "us");
}

/* ---- what a member costs ---- */

static void measure_joins(void)
{
	struct load load;
	ours_open(&load, 1, subs, true, SERVER_CPU);
	join_pub(&load.pubs[0], 1, false);
	load_rest(&load, .2);
	uint64_t cpu = load_cpu_ns(ours.media.pid);
	for (size_t i = 0; i < subs; i++)
		join_sub(&load.subs[i], 2 + (uint32_t)i, 1);
	load_connect(&load);
	bench_print("sfu_join_cpu_us", (double)(load_cpu_ns(ours.media.pid) - cpu) / 1e3 / (double)(subs + 1), "us");
	ours_stop(&load);
}

/* Until what is held for a repeated last flight is gone too. What the heap keeps of what handshakes needed counts. What a publisher's
 * member costs like everybody comes on top of its rings. */
static void measure_memory(void)
{
	struct load load;
	struct rtc_peer *transport;
	uint64_t before = 0;
	ours_open(&load, IDLE_PUBS, IDLE_SUBS, true, -1);
	for (uint32_t i = 0; i < IDLE_PUBS + IDLE_SUBS; i++) { /* one after the other, as people come */
		if (i < IDLE_PUBS)
			join_pub(&load.pubs[i], 1 + i, true);
		else
			join_sub(&load.subs[i - IDLE_PUBS], 1 + i, 1);
		transport = i < IDLE_PUBS ? &load.pubs[i].peer : &load.subs[i - IDLE_PUBS].peer;
		rtc_connect(&transport, 1, load.while_fn, load.while_arg);
		if (i == 0)
			before = bench_rss(ours.media.pid); /* with what OpenSSL makes once */
	}
	load_rest(&load, REST_S);
	uint64_t idle = bench_rss(ours.media.pid);
	for (int i = 0; i < RING_FRAMES; i++) {
		for (size_t p = 0; p < IDLE_PUBS; p++)
			load_send_video(&load.pubs[p], LOAD_LAYERS);
		load_rest(&load, .005);
	}
	double each = (double)(idle - before) / (IDLE_SUBS + IDLE_PUBS - 1);
	bench_print("sfu_bytes_per_subscriber", each, "bytes");
	bench_print("sfu_bytes_per_publisher", each + (double)(bench_rss(ours.media.pid) - idle) / IDLE_PUBS, "bytes");
	ours_stop(&load);
}

/* One of them alone, to be looked at with a profiler. */
static void run_only(const char *name)
{
	for (enum contender who = 0; who < CONTENDERS; who++)
		for (int i = 0; !strcmp(names[who], name) && i < rounds; i++)
			(who < JANUS_DEFAULT ? run_ours : run_janus)(who);
	if (!strcmp(name, "latency"))
		measure_latency(true, "sfu_latency");
	if (!strcmp(name, "memory"))
		measure_memory();
	if (!strcmp(name, "joins"))
		measure_joins();
}

int main(int argc, char **argv)
{
	bool has_janus = false;
	const char *only = NULL;
	int option;
	while ((option = getopt(argc, argv, "n:s:t:o:jv")) != -1) {
		if (option == 'n')
			rounds = (int)strtol(optarg, NULL, 10);
		else if (option == 's')
			subs = (size_t)strtol(optarg, NULL, 10);
		else if (option == 't')
			round_s = strtod(optarg, NULL);
		else if (option == 'o')
			only = optarg;
		else if (option == 'j')
			has_janus = true;
		else if (option == 'v')
			is_told = true;
		else
			bench_die("usage: sfu_bench [-n ROUNDS] [-t SECONDS] [-s SUBSCRIBERS] [-j] [-v] [-o NAME]");
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || subs < 1 || subs >= SFU_ROOM_PEERS_MAX)
		bench_die("so many cannot be measured");
	find_address();
	bench_weigh_most();
	bench_pin(0);
	rtc_start();
	if (only) {
		is_told = true;
		run_only(only);
		rtc_stop();
		return 0;
	}
	measure_memory();
	measure_joins();
	compare(has_janus);
	measure_latency(true, "sfu_latency");
	measure_latency(false, "sfu_latency_plain");
	rtc_stop();
	return 0;
}
