#include "bench/janus.h"

#include "bench/media.h"
#include "bench/session.h"
#include "client/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TEXT_MAX = 16 * 1024,
	ROOM = 1,
	START_TRIES = 200,
	START_WAIT_US = 50 * 1000,
	ANSWER_MS = 10 * 1000,
	CANDIDATE_MAX = 128
};

static struct {
	pid_t pid;
	char *dir;
	int port;
	struct bench_session ws;
	uint64_t session, transaction;
	char wanted[32];    /* the transaction that is waited for */
	struct json answer; /* a copy of its frame: */
	char text[TEXT_MAX];
} janus = {.pid = 0};

/* ---- the process ---- */

static void write_file(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void write_file(const char *name, const char *fmt, ...)
{
	char path[256];
	va_list args;
	snprintf(path, sizeof(path), "%s/%s", janus.dir, name);
	FILE *file = fopen(path, "w");
	if (!file)
		bench_die("%s: %s", path, strerror(errno));
	va_start(args, fmt);
	vfprintf(file, fmt, args);
	va_end(args);
	if (fclose(file))
		bench_die("%s: %s", path, strerror(errno));
}

static void run(const char *command)
{
	if (system(command))
		bench_die("failed: %s", command);
}

/* An own certificate of elliptic curves, as browsers and our server have: Janus would make one of RSA, slower to shake hands with. */
static void make_certificate(void)
{
	char command[1024];
	snprintf(command, sizeof(command),
		 "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench "
		 "-keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
		 janus.dir, janus.dir);
	run(command);
}

static int free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || getsockname(fd, (struct sockaddr *)&at, &len))
		bench_die("bind: %s", strerror(errno));
	close(fd);
	return ntohs(at.sin_port);
}

/* As packaged, but for what this room does not need. */
static void configure(bool is_best)
{
	char command[512];
	janus.dir = bench_temp_dir();
	janus.port = free_port();
	make_certificate();
	snprintf(command, sizeof(command), "cp /etc/janus/*.jcfg %s/", janus.dir);
	run(command);
	write_file("janus.jcfg",
		   "general: {\n\tconfigs_folder = \"%s\"\n"
		   "\tplugins_folder = \"/usr/lib/x86_64-linux-gnu/janus/plugins\"\n"
		   "\ttransports_folder = \"/usr/lib/x86_64-linux-gnu/janus/transports\"\n"
		   "\tevents_folder = \"/usr/lib/x86_64-linux-gnu/janus/events\"\n"
		   "\tloggers_folder = \"/usr/lib/x86_64-linux-gnu/janus/loggers\"\n"
		   "\tdebug_level = 3\n\tsession_timeout = 0\n%s}\n"
		   "certificates: {\n\tcert_pem = \"%s/cert.pem\"\n\tcert_key = \"%s/key.pem\"\n}\n"
		   "media: {\n\trtp_port_range = \"20000-29999\"\n}\n"
		   "nat: {\n\tice_lite = true\n\tignore_mdns = true\n\tice_ignore_list = \"vmnet\"\n}\n"
		   "plugins: {\n\tdisable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,"
		   "libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,"
		   "libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so\"\n}\n"
		   "transports: {\n\tdisable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,"
		   "libjanus_pfunix.so,libjanus_rabbitmq.so\"\n}\n"
		   "loggers: {\n\tdisable = \"libjanus_jsonlog.so\"\n}\nevents: {\n\tbroadcast = false\n}\n",
		   janus.dir, is_best ? "\tevent_loops = 1\n" : "", janus.dir, janus.dir);
	write_file("janus.plugin.videoroom.jcfg", "general: {\n}\n");
	write_file("janus.transport.websockets.jcfg",
		   "general: {\n\tjson = \"compact\"\n\tws = true\n\tws_port = %d\n\tws_ip = \"127.0.0.1\"\n\twss = "
		   "false\n}\nadmin: {\n\tadmin_ws = false\n\tadmin_wss = false\n}\n",
		   janus.port);
}

static void spawn(int cpu)
{
	char path[256], log[256];
	snprintf(path, sizeof(path), "%s/janus.jcfg", janus.dir);
	snprintf(log, sizeof(log), "%s/log", janus.dir);
	janus.pid = fork();
	if (janus.pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bench_pin(cpu);
	int out = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dup2(out, 1);
	dup2(out, 2);
	execlp("janus", "janus", "-F", janus.dir, "-C", path, (char *)NULL);
	_exit(127);
}

/* ---- its socket ---- */

static void dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr = {htonl(INADDR_LOOPBACK)},
				 .sin_port = htons((uint16_t)janus.port)};
	int one = 1, tries = 0, status;
	for (;; tries++) {
		janus.ws.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (!connect(janus.ws.fd, (struct sockaddr *)&at, sizeof(at)))
			break;
		close(janus.ws.fd);
		if (tries == START_TRIES || waitpid(janus.pid, &status, WNOHANG) == janus.pid)
			bench_die("Janus does not start: see %s/log", janus.dir);
		usleep(START_WAIT_US);
	}
	setsockopt(janus.ws.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void upgrade(void)
{
	char text[1024];
	size_t len = 0;
	int n = snprintf(text, sizeof(text),
			 "GET / HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: janus-protocol\r\n"
			 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
			 janus.port);
	if (send(janus.ws.fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		bench_die("Janus: %s", strerror(errno));
	/* It says nothing more until it is asked. */
	while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4)) {
		ssize_t got = recv(janus.ws.fd, text + len, sizeof(text) - 1 - len, 0);
		if (got <= 0)
			bench_die("Janus does not upgrade");
		len += (size_t)got;
	}
	text[len] = 0;
	if (strncmp(text, "HTTP/1.1 101", 12))
		bench_die("Janus: %.100s", text);
}

/* An acknowledgement says only that the answer will come, under the same number. */
static void on_frame(void *arg, const char *text, size_t len)
{
	struct json frame = json_of(text, len);
	(void)arg;
	if (!json_is(json_get(frame, "transaction"), janus.wanted) || json_is(json_get(frame, "janus"), "ack"))
		return;
	if (len >= TEXT_MAX)
		bench_die("Janus says too much");
	memcpy(janus.text, text, len);
	janus.answer = json_of(janus.text, len);
}

/* more: members of the request behind its first ones, beginning with a comma. */
static struct json ask(const char *what, uint64_t handle, const char *more)
{
	static char text[TEXT_MAX];
	char where[128] = "";
	uint64_t end = bench_now_ns() + ANSWER_MS * 1000000ULL;
	snprintf(janus.wanted, sizeof(janus.wanted), "t%llu", (unsigned long long)++janus.transaction);
	if (janus.session)
		snprintf(where, sizeof(where), ",\"session_id\":%llu", (unsigned long long)janus.session);
	if (handle)
		snprintf(where + strlen(where), sizeof(where) - strlen(where), ",\"handle_id\":%llu",
			 (unsigned long long)handle);
	int len = snprintf(text, sizeof(text), "{\"janus\":\"%s\",\"transaction\":\"%s\"%s%s}", what, janus.wanted,
			   where, more);
	janus.answer.len = 0;
	bench_session_send(&janus.ws, text, (size_t)len);
	while (!janus.answer.len) {
		if (!bench_session_read(&janus.ws, 1000, on_frame, NULL) || bench_now_ns() > end)
			bench_die("Janus does not answer %s%s", what, more);
	}
	struct json data = json_get(json_get(janus.answer, "plugindata"), "data");
	if (json_is(json_get(janus.answer, "janus"), "error") || json_get(data, "error").len)
		bench_die("Janus refuses %s%s: %.*s", what, more, (int)janus.answer.len, janus.answer.at);
	return janus.answer;
}

static uint64_t id_in(struct json answer)
{
	return (uint64_t)json_int(json_get(json_get(answer, "data"), "id"), 0);
}

static uint64_t attach(void)
{
	return id_in(ask("attach", 0, ",\"plugin\":\"janus.plugin.videoroom\""));
}

static struct json message(uint64_t handle, const char *body, const char *sdp_type, const char *sdp)
{
	static char more[TEXT_MAX];
	int n = snprintf(more, sizeof(more), ",\"body\":%s", body);
	if (sdp)
		snprintf(more + n, sizeof(more) - (size_t)n, ",\"jsep\":{\"type\":\"%s\",\"sdp\":\"%s\"}", sdp_type,
			 sdp);
	return ask("message", handle, more);
}

/* ---- SDP, with the line ends as JSON writes them ---- */

#define EOL "\\r\\n"

/* candidate_out: for the first m-line. */
static size_t put_head(char *out, size_t cap, const struct rtc_peer *peer, char candidate_out[CANDIDATE_MAX])
{
	char text[RTC_FINGERPRINT_TEXT];
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	rtc_fingerprint_text(text);
	if (getsockname(peer->fd, (struct sockaddr *)&at, &len))
		bench_die("getsockname: %s", strerror(errno));
	snprintf(candidate_out, CANDIDATE_MAX,
		 "a=candidate:1 1 udp 2130706431 %s %u typ host" EOL "a=end-of-candidates" EOL, inet_ntoa(at.sin_addr),
		 ntohs(at.sin_port));
	return (size_t)snprintf(out, cap,
				"v=0" EOL "o=- 1 1 IN IP4 127.0.0.1" EOL "s=-" EOL "t=0 0" EOL "a=group:BUNDLE 0 1" EOL
				"a=fingerprint:sha-256 %s" EOL "a=setup:active" EOL "a=ice-ufrag:%s" EOL
				"a=ice-pwd:%s" EOL,
				text, peer->own.ufrag, peer->own.pwd);
}

static size_t put_line(char *out, size_t cap, bool is_video, const char *mid, const char *direction, uint32_t ssrc,
		       const char *more)
{
	char announced[64] = "";
	if (ssrc)
		snprintf(announced, sizeof(announced), "a=ssrc:%u cname:bench" EOL, ssrc);
	return (size_t)snprintf(out, cap,
				"m=%s 9 UDP/TLS/RTP/SAVPF %d" EOL "c=IN IP4 0.0.0.0" EOL "a=mid:%s" EOL "a=%s" EOL
				"a=rtcp-mux" EOL "a=rtpmap:%d %s" EOL "%s%s%s",
				is_video ? "video" : "audio", is_video ? LOAD_VP8 : LOAD_OPUS, mid, direction,
				is_video ? LOAD_VP8 : LOAD_OPUS, is_video ? "VP8/90000" : "opus/48000/2",
				is_video ? "a=rtcp-fb:96 nack" EOL "a=rtcp-fb:96 nack pli" EOL : "", announced, more);
}

static const char *after(const char *text, const char *label)
{
	const char *found = strstr(text, label);
	if (!found)
		bench_die("Janus: no %s in %s", label, text);
	return found + strlen(label);
}

static void copy_word(const char *from, char *out, size_t cap)
{
	size_t n = strcspn(from, " \r\n");
	if (n >= cap)
		bench_die("Janus: a long word");
	memcpy(out, from, n);
	out[n] = 0;
}

/* Which of its addresses: the one that the sockets of the load have. */
static struct rtc_remote remote_in(struct json answer, struct in_addr ip)
{
	static char sdp[TEXT_MAX];
	struct rtc_remote r = {.address = {.sin_family = AF_INET, .sin_addr = ip}};
	char label[64];
	if (!json_str(json_get(json_get(answer, "jsep"), "sdp"), sdp, sizeof(sdp)))
		bench_die("Janus: no description in %.*s", (int)answer.len, answer.at);
	copy_word(after(sdp, "a=ice-ufrag:"), r.ufrag, sizeof(r.ufrag));
	copy_word(after(sdp, "a=ice-pwd:"), r.pwd, sizeof(r.pwd));
	snprintf(label, sizeof(label), " %s ", inet_ntoa(ip));
	r.address.sin_port = htons((uint16_t)strtol(after(after(sdp, "a=candidate:"), label), NULL, 10));
	return r;
}

/* ---- the room ---- */

static uint64_t publish(struct load_pub *pub, struct in_addr ip)
{
	char sdp[4096], candidate[CANDIDATE_MAX];
	uint64_t handle = attach();
	struct json answer = message(handle, "{\"request\":\"join\",\"room\":1,\"ptype\":\"publisher\"}", NULL, NULL);
	uint64_t feed = (uint64_t)json_int(json_get(json_get(json_get(answer, "plugindata"), "data"), "id"), 0);
	size_t n = put_head(sdp, sizeof(sdp), &pub->peer, candidate);
	n += put_line(sdp + n, sizeof(sdp) - n, false, "0", "sendonly", pub->audio.ssrc, candidate);
	put_line(sdp + n, sizeof(sdp) - n, true, "1", "sendonly", pub->video[0].ssrc, "");
	answer = message(handle, "{\"request\":\"publish\"}", "offer", sdp);
	const struct rtc_remote remote = remote_in(answer, ip);
	rtc_aim(&pub->peer, &remote);
	return feed;
}

static void subscribe(struct load_sub *sub, uint64_t feed, struct in_addr ip)
{
	char sdp[4096], body[256], candidate[CANDIDATE_MAX];
	uint64_t handle = attach();
	snprintf(body, sizeof(body),
		 "{\"request\":\"join\",\"room\":1,\"ptype\":\"subscriber\",\"streams\":[{\"feed\":%llu}]}",
		 (unsigned long long)feed);
	const struct rtc_remote remote = remote_in(message(handle, body, NULL, NULL), ip);
	size_t n = put_head(sdp, sizeof(sdp), &sub->peer, candidate);
	n += put_line(sdp + n, sizeof(sdp) - n, false, "0", "recvonly", 0, candidate);
	put_line(sdp + n, sizeof(sdp) - n, true, "1", "recvonly", 0, "");
	message(handle, "{\"request\":\"start\"}", "answer", sdp);
	rtc_aim(&sub->peer, &remote);
}

/* Its side of the transport comes up a moment after ours; before that there is no feed. */
static void await_feed(uint64_t keeper)
{
	for (int i = 0; i < START_TRIES; i++) {
		struct json answer = message(keeper, "{\"request\":\"listparticipants\",\"room\":1}", NULL, NULL);
		struct json all = json_get(json_get(json_get(answer, "plugindata"), "data"), "participants"), one;
		size_t at = 0;
		if (json_each(all, &at, &one) && json_true(json_get(one, "publisher")))
			return;
		usleep(START_WAIT_US);
	}
	bench_die("Janus does not publish");
}

pid_t janus_start(struct load *load, struct in_addr ip, bool is_best, int cpu)
{
	configure(is_best);
	spawn(cpu);
	dial();
	upgrade();
	janus.session = 0;
	janus.session = id_in(ask("create", 0, ""));
	uint64_t keeper = attach();
	message(keeper,
		"{\"request\":\"create\",\"room\":1,\"publishers\":10,\"bitrate\":0,\"notify_joining\":false,"
		"\"fir_freq\":0}",
		NULL, NULL);
	uint64_t feed = publish(&load->pubs[0], ip);
	struct rtc_peer *first = &load->pubs[0].peer;
	rtc_connect(&first, 1, NULL, NULL);
	await_feed(keeper);
	for (size_t i = 0; i < load->sub_count; i++)
		subscribe(&load->subs[i], feed, ip);
	load_connect(load);
	return janus.pid;
}

void janus_stop(void)
{
	bench_session_close(&janus.ws);
	kill(janus.pid, SIGKILL);
	waitpid(janus.pid, NULL, 0);
	bench_remove_dir(&janus.dir);
}
