/* script/bench note: from Send to visible at the recipient, for notes of three lengths, and over an uplink of 1 Mbit/s against sending
 * the finished file after the end. The recordings are real WebM/Opus files given by name; their fragments went up while they were
 * spoken, so only what is left at Send is timed: here they go up at once, then there is a rest of 0.3 s, as much for a short one as for a
 * long one, then the last second of it, and Send. */
#include "base/buf.h"
#include "base/rand.h"
#include "base/str.h"
#include "bench/session.h"

#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAGMENT_MS = 250, LAST = 4, SPOKEN_US = 300000, UPLINK_BYTES_PER_S = 125000, FRAME_HEAD = 1 + 16 + 2 + 4 + 4 };

static const char *server_path = "build/release/aftertone", *web_path = "web/dist";
static int rounds = 60;

struct recording {
	unsigned seconds;
	uint8_t *data;
	size_t len;
};

struct note {
	struct bench_session *sender, *recipient;
	struct at_id rec;
	char hex[AT_ID_HEX_LEN + 1];
	uint64_t conv, cid, started_id, commit_id;
	uint32_t held;
	bool started, committed, visible;
};

static void on_sender_frame(void *arg, const char *text, size_t len)
{
	struct note *note = arg;
	const char *next = memmem(text, len, "\"next\":", 7);
	uint64_t id = len > 6 && !memcmp(text, "{\"id\":", 6) ? strtoull(text + 6, NULL, 10) : 0;

	if (memmem(text, len, "\"err\":", 6))
		bench_die("refused: %.*s", (int)len, text);
	if (memmem(text, len, "\"ev\":\"rec.ack\"", 14) && memmem(text, len, note->hex, AT_ID_HEX_LEN) && next)
		note->held = (uint32_t)strtoul(next + 7, NULL, 10);
	if (id && id == note->started_id)
		note->started = true;
	if (id && id == note->commit_id)
		note->committed = true;
}

static void on_recipient_frame(void *arg, const char *text, size_t len)
{
	struct note *note = arg;

	if (memmem(text, len, "\"ev\":\"entry\"", 12) && memmem(text, len, "\"kind\":\"note\"", 13))
		note->visible = true;
}

static void hear(struct note *note, int timeout_ms)
{
	if (!bench_session_read(note->sender, timeout_ms, on_sender_frame, note) ||
	    !bench_session_read(note->recipient, 0, on_recipient_frame, note))
		bench_die("the server closed a session");
}

static void note_start(struct note *note)
{
	char text[400];
	int len;

	at_rand(&note->rec, sizeof(note->rec));
	at_id_hex(&note->rec, note->hex);
	note->started = note->committed = note->visible = false;
	note->held = 0;
	note->started_id = note->sender->next_id++;
	len = snprintf(text, sizeof(text),
		       "{\"id\":%llu,\"do\":\"rec.start\",\"rec\":\"%s\",\"conv\":%llu,\"call\":null,\"kind\":"
		       "\"voice\","
		       "\"mime\":\"audio/webm;codecs=opus\",\"seg\":0}",
		       (unsigned long long)note->started_id, note->hex, (unsigned long long)note->conv);
	bench_session_send(note->sender, text, (size_t)len);
	while (!note->started)
		hear(note, 5);
}

/* Waits as long as `bytes` take on the paced uplink. */
static void pace(uint64_t *free_at, size_t bytes)
{
	uint64_t now = bench_now_ns();

	if (*free_at < now)
		*free_at = now;
	*free_at += (uint64_t)bytes * 1000000000u / UPLINK_BYTES_PER_S;
	now = bench_now_ns();
	if (*free_at > now)
		usleep((useconds_t)((*free_at - now) / 1000));
}

static void send_fragment(struct note *note, const struct recording *recording, uint32_t number, uint32_t count,
			  uint64_t *free_at)
{
	static uint8_t frame[FRAME_HEAD + 262144];
	size_t from = recording->len * number / count, to = recording->len * (number + 1) / count;

	frame[0] = 1;
	memcpy(frame + 1, &note->rec, 16);
	at_put_u16(frame + 17, 0);
	at_put_u32(frame + 19, number);
	at_put_u32(frame + 23, (number + 1) * FRAGMENT_MS);
	memcpy(frame + FRAME_HEAD, recording->data + from, to - from);
	bench_session_send_binary(note->sender, frame, FRAME_HEAD + to - from);
	if (free_at)
		pace(free_at, FRAME_HEAD + to - from + 8);
}

static void send_fragments(struct note *note, const struct recording *recording, uint32_t from, uint32_t to,
			   uint32_t count, uint64_t *free_at)
{
	for (uint32_t i = from; i < to; i++) {
		send_fragment(note, recording, i, count, free_at);
		while (i + 1 >= note->held + 64)
			hear(note, 5);
	}
}

static void send_commit(struct note *note, const struct recording *recording, uint32_t count, uint64_t *free_at)
{
	char text[1200], peaks[300] = "1";
	int len;

	for (int i = 1; i < 64; i++)
		memcpy(peaks + 2 * i - 1, ",1", 3);
	note->commit_id = note->sender->next_id++;
	len = snprintf(text, sizeof(text),
		       "{\"id\":%llu,\"do\":\"rec.commit\",\"rec\":\"%s\",\"cid\":%llu,\"fragments\":%u,\"duration_"
		       "ms\":%u,\"peaks\":[%s]}",
		       (unsigned long long)note->commit_id, note->hex, (unsigned long long)++note->cid, count,
		       recording->seconds * 1000, peaks);
	if (free_at)
		pace(free_at, (size_t)len);
	bench_session_send(note->sender, text, (size_t)len);
	while (!note->visible)
		if (!bench_session_read(note->recipient, 5, on_recipient_frame, note) ||
		    !bench_session_read(note->sender, 0, on_sender_frame, note))
			bench_die("the server closed a session");
}

/* All but the last second, and time to swallow it. */
static void send_spoken(struct note *note, const struct recording *recording, uint32_t count)
{
	send_fragments(note, recording, 0, count - LAST, count, NULL);
	while (note->held < count - LAST)
		hear(note, 5);
	usleep(SPOKEN_US);
}

static void measure_visible(struct note *note, const struct recording *recording)
{
	uint32_t count = recording->seconds * 1000 / FRAGMENT_MS;
	uint64_t *took = calloc((size_t)rounds, sizeof(*took));
	char name[64];

	for (int i = 0; i < rounds; i++) {
		uint64_t pressed;

		note_start(note);
		send_spoken(note, recording, count);
		send_fragments(note, recording, count - LAST, count, count, NULL);
		while (note->held < count)
			hear(note, 5);
		pressed = bench_now_ns();
		send_commit(note, recording, count, NULL);
		took[i] = bench_now_ns() - pressed;
		while (!note->committed)
			hear(note, 5);
	}
	snprintf(name, sizeof(name), "note_visible_p50_%us", recording->seconds);
	bench_print(name, (double)bench_quantile(took, (size_t)rounds, 0.5) / 1e6, "ms");
	snprintf(name, sizeof(name), "note_visible_p99_%us", recording->seconds);
	bench_print(name, (double)bench_quantile(took, (size_t)rounds, 0.99) / 1e6, "ms");
	free(took);
}

/* Ours: what is left when the last second has been spoken. Theirs: the whole file, sent once the speaker has finished. */
static void measure_uplink(struct note *note, const struct recording *recording)
{
	uint32_t count = recording->seconds * 1000 / FRAGMENT_MS;
	uint64_t free_at = 0, pressed, ours, after;

	note_start(note);
	send_spoken(note, recording, count);
	pressed = bench_now_ns();
	send_fragments(note, recording, count - LAST, count, count, &free_at);
	send_commit(note, recording, count, &free_at);
	ours = bench_now_ns() - pressed;
	while (!note->committed)
		hear(note, 5);

	note_start(note);
	free_at = 0;
	pressed = bench_now_ns();
	send_fragments(note, recording, 0, count, count, &free_at);
	send_commit(note, recording, count, &free_at);
	after = bench_now_ns() - pressed;
	bench_print("note_visible_1mbit_ms", (double)ours / 1e6, "ms");
	bench_print("note_upload_after_1mbit_ms", (double)after / 1e6, "ms");
	bench_print("note_visible_1mbit_ratio", (double)ours / (double)after, "ratio");
}

static struct recording recording_read(const char *path, unsigned length)
{
	struct recording recording = {.seconds = length};
	FILE *file = fopen(path, "rb");

	if (!file || fseek(file, 0, SEEK_END))
		bench_die("%s cannot be read", path);
	recording.len = (size_t)ftell(file);
	rewind(file);
	recording.data = malloc(recording.len);
	if (fread(recording.data, 1, recording.len, file) != recording.len)
		bench_die("%s is cut off", path);
	fclose(file);
	return recording;
}

static void run(const char *const *paths)
{
	static const unsigned lengths[] = {5, 60, 180};
	struct bench_plan plan = {.pairs = 1};
	struct bench_session ana, ben;
	struct bench_server server;
	char *dir = bench_temp_dir();
	char *argv[] = {(char *)(uintptr_t)server_path,
			(char *)"--listen",
			(char *)"127.0.0.1:0",
			(char *)"--data",
			dir,
			(char *)"--web",
			(char *)(uintptr_t)web_path,
			(char *)"--set",
			(char *)"commands_per_s=0",
			(char *)"--set",
			(char *)"messages_per_s=0",
			(char *)"--set",
			(char *)"log_level=warn",
			NULL};
	struct note note = {.sender = &ana, .recipient = &ben};

	bench_prepare(dir, &plan);
	bench_server_start(&server, argv, 0);
	bench_session_open(&ana, &server, plan.pair_devices[0].token, false);
	bench_session_open(&ben, &server, plan.pair_devices[1].token, false);
	note.conv = plan.pair_convs[0];
	for (size_t i = 0; i < 3; i++) {
		struct recording recording = recording_read(paths[i], lengths[i]);

		measure_visible(&note, &recording);
		if (lengths[i] == 180)
			measure_uplink(&note, &recording);
		free(recording.data);
	}
	bench_session_close(&ana);
	bench_session_close(&ben);
	bench_server_stop(&server);
	bench_plan_release(&plan);
	bench_remove_dir(&dir);
}

int main(int argc, char **argv)
{
	cpu_set_t set;
	int option;

	while ((option = getopt(argc, argv, "s:w:n:")) != -1) {
		if (option == 's')
			server_path = optarg;
		else if (option == 'w')
			web_path = optarg;
		else if (option == 'n')
			rounds = (int)strtol(optarg, NULL, 10);
	}
	if (argc - optind != 3 || rounds < 1)
		bench_die("usage: note_bench [-s SERVER] [-w WEB] [-n ROUNDS] VOICE-5S.webm VOICE-60S.webm "
			  "VOICE-180S.webm");
	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	signal(SIGPIPE, SIG_IGN);
	run((const char *const *)(argv + optind));
	return 0;
}
