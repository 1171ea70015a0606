#include "main/settings.h"

#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum kind { I64, U32, U64, LEVEL, TEXT };

struct setting {
	const char *name;
	enum kind kind;
	size_t at;     /* offset in struct settings */
	int64_t scale; /* what one unit is in the field's own */
	const char *unit;
	int64_t min, max;   /* in units */
	const char *normal; /* the default, in units */
	const char *meaning;
};

#define AT(field) offsetof(struct settings, field)

enum { MS = 1, SECONDS = 1000, DAYS = 86400000, MIB = 1 << 20, MBIT = 1000000 };

static const struct setting table[] = {
	{"ring_seconds", I64, AT(call.ring_ms), SECONDS, "s", 1, 600, "45",
	 "how long a call rings, from the first device that answers it rings"},
	{"ring_stop_seconds", I64, AT(call.ring_stop_ms), SECONDS, "s", 1, 900, "60",
	 "the longest a call may go on unanswered, from its start"},
	{"unreachable_seconds", I64, AT(call.unreachable_ms), SECONDS, "s", 1, 600, "15",
	 "without any device ringing for so long, the person is unreachable"},
	{"grace_ms", I64, AT(call.grace_ms), MS, "ms", 0, 10000, "2000",
	 "an answer that crosses with the end of ringing still connects"},
	{"connect_seconds", I64, AT(call.connect_ms), SECONDS, "s", 0, 600, "20",
	 "answered, and no media flows for so long, the call has failed; 0 = it may take for ever"},
	{"pair_rings", U32, AT(call.pair_rings), 1, "calls", 1, 100000, "3",
	 "how often one person may ring another in pair_window_seconds"},
	{"pair_window_seconds", I64, AT(call.pair_window_ms), SECONDS, "s", 1, 86400, "300", "see pair_rings"},
	{"unanswered_a_day", U32, AT(call.unanswered_a_day), 1, "calls", 1, 100000, "10",
	 "unanswered calls to one person in 24 hours"},
	{"room_wait_seconds", I64, AT(room.wait_ms), SECONDS, "s", 0, 86400, "600",
	 "how long a group call that nobody joined stays open for whoever comes"},
	{"room_people", U32, AT(room.people_max), 1, "people", 2, 500, "50",
	 "how many may be in a call or voice chat of a group"},
	{"room_rings", U32, AT(room.rings), 1, "calls", 1, 8, "3",
	 "how often one person may ring a group in room_rings_seconds"},
	{"room_rings_seconds", I64, AT(room.rings_window_ms), SECONDS, "s", 1, 86400, "300", "see room_rings"},
	{"note_offer_seconds", I64, AT(api.note_offer_ms), SECONDS, "s", 0, 600, "5",
	 "when \"Leave a note now\" is offered though no device rings yet"},
	{"voice_max_seconds", I64, AT(note.voice_max_ms), SECONDS, "s", 2, 3600, "180", "the longest voice note"},
	{"video_max_seconds", I64, AT(note.video_max_ms), SECONDS, "s", 2, 3600, "60", "the longest video note"},
	{"voice_max_mb", U64, AT(note.voice_max_bytes), MIB, "MiB", 1, 1024, "16", "the biggest voice note"},
	{"video_max_mb", U64, AT(note.video_max_bytes), MIB, "MiB", 1, 4096, "64", "the biggest video note"},
	{"note_min_ms", I64, AT(note.note_min_ms), MS, "ms", 0, 60000, "1000", "shorter recordings are not sent"},
	{"warn_seconds", I64, AT(api.warn_ms), SECONDS, "s", 0, 600, "15",
	 "the recorder warns so long before its limit"},
	{"draft_days", I64, AT(note.draft_ms), DAYS, "days", 1, 365, "7",
	 "how long a recording that was not sent is kept"},
	{"undo_seconds", I64, AT(note.undo_ms), SECONDS, "s", 0, 3600, "10",
	 "how long a discarded recording can be brought back"},
	{"recs_per_user", U32, AT(note.recs_per_user), 1, "recordings", 1, 10000, "32",
	 "recordings a person may have that are not sent"},
	{"commands_per_s", U32, AT(api.commands_per_s), 1, "commands", 0, 10000000, "50",
	 "sustained commands of one socket a second; 0 = no limit"},
	{"messages_per_s", U32, AT(api.messages_per_s), 1, "messages", 0, 10000000, "200",
	 "texts, receipts and fragments of one socket a second, each; 0 = no limit"},
	{"sockets_max", U32, AT(sockets_max), 1, "sockets", 1, 10000000, "20000", "connections at one time"},
	{"media_port", U32, AT(media_port), 1, "port", 0, 65535, "0",
	 "UDP and TCP port of calls' media; 0 = one above --listen's"},
	{"relay_mbit", U32, AT(relay_bits_s), MBIT, "Mbit/s", 1, 100, "8",
	 "what each side of a call may send, at most"},
	{"log_level", LEVEL, AT(log_level), 1, "debug|info|warn|error", 0, 3, "info",
	 "what is logged on standard error"},
	{"name", TEXT, AT(name), 1, "text", 1, 64, "Aftertone", "this server's name"},
	{"origin", TEXT, AT(origin), 1, "url", 0, 255, "", "behind a proxy: the site's own https://host"},
};

enum { SETTINGS = sizeof(table) / sizeof(*table) };
static const char *const levels[] = {"debug", "info", "warn", "error"};

static enum at_err refuse(const char **why_out, const char *fmt, ...) AT_PRINTF(2, 3);
static enum at_err refuse(const char **why_out, const char *fmt, ...)
{
	static char why[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	*why_out = why;
	return AT_ERR_BAD_REQUEST;
}

static void put_number(struct settings *settings, const struct setting *s, uint64_t value)
{
	void *field = (char *)settings + s->at;
	uint64_t scaled = value * (uint64_t)s->scale;
	if (s->kind == U32)
		*(uint32_t *)field = (uint32_t)scaled;
	else if (s->kind == U64)
		*(uint64_t *)field = scaled;
	else
		*(int64_t *)field = (int64_t)scaled;
}

static enum at_err set_number(struct settings *settings, const struct setting *s, const char *value,
			      const char **why_out)
{
	uint64_t number;
	enum at_err err = at_parse_u64(value, strlen(value), (uint64_t)s->max, &number);
	if (err || number < (uint64_t)s->min)
		return refuse(why_out, "%s is a whole number from %" PRId64 " to %" PRId64 " (%s), not \"%s\"", s->name,
			      s->min, s->max, s->unit, value);
	put_number(settings, s, number);
	return AT_OK;
}

static enum at_err set_level(struct settings *settings, const char *value, const char **why_out)
{
	for (unsigned i = 0; i < 4; i++) {
		if (at_str_eq(value, levels[i])) {
			settings->log_level = i;
			return AT_OK;
		}
	}
	return refuse(why_out, "log_level is debug, info, warn or error, not \"%s\"", value);
}

static enum at_err set_text(struct settings *settings, const struct setting *s, const char *value, const char **why_out)
{
	size_t len = strlen(value);
	bool fits = len >= (size_t)s->min && len <= (size_t)s->max && at_utf8_valid(value, len);
	for (size_t i = 0; i < len; i++)
		fits = fits && (unsigned char)value[i] >= ' ';
	if (!fits)
		return refuse(why_out, "%s is %" PRId64 " to %" PRId64 " bytes of text", s->name, s->min, s->max);
	snprintf((char *)settings + s->at, SETTING_TEXT_MAX, "%s", value);
	return AT_OK;
}

static const struct setting *find(const char *name, size_t len)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
			return &table[i];
	return NULL;
}

enum at_err settings_set(struct settings *settings, const char *assignment, const char **why_out)
{
	const char *equals = strchr(assignment, '=');
	if (!equals)
		return refuse(why_out, "\"%s\" is not NAME=VALUE", assignment);
	const struct setting *s = find(assignment, (size_t)(equals - assignment));
	if (!s)
		return refuse(why_out, "there is no setting \"%.*s\" (aftertone settings lists them)",
			      (int)(equals - assignment), assignment);
	if (s->kind == LEVEL)
		return set_level(settings, equals + 1, why_out);
	if (s->kind == TEXT)
		return set_text(settings, s, equals + 1, why_out);
	return set_number(settings, s, equals + 1, why_out);
}

void settings_default(struct settings *settings)
{
	const char *why;
	*settings = (struct settings){.api = api_limits_default()};
	for (size_t i = 0; i < SETTINGS; i++) {
		char line[320];
		snprintf(line, sizeof(line), "%s=%s", table[i].name, table[i].normal);
		AT_ASSERT(settings_set(settings, line, &why) == AT_OK);
	}
}

/* Blanks at both ends and round the first '=' go. */
static char *tidy(char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	size_t len = strlen(line);
	while (len && isspace((unsigned char)line[len - 1]))
		line[--len] = '\0';
	char *equals = strchr(line, '=');
	if (!equals)
		return line;
	char *name_end = equals, *value = equals + 1;
	while (name_end > line && isspace((unsigned char)name_end[-1]))
		name_end--;
	while (isspace((unsigned char)*value))
		value++;
	*name_end = '=';
	memmove(name_end + 1, value, strlen(value) + 1);
	return line;
}

enum at_err settings_read(struct settings *settings, const char *path, const char **why_out)
{
	FILE *f = fopen(path, "re");
	if (!f && errno == ENOENT)
		return AT_ERR_NOT_FOUND;
	if (!f)
		return refuse(why_out, "%s cannot be read: %s", path, strerror(errno));
	char *line = NULL, said[400];
	size_t cap = 0, number = 0;
	enum at_err err = AT_OK;
	while (!err && getline(&line, &cap, f) >= 0) {
		number++;
		char *text = tidy(line);
		if (!*text || *text == '#')
			continue;
		err = settings_set(settings, text, why_out);
	}
	if (err) {
		snprintf(said, sizeof(said), "%s", *why_out);
		err = refuse(why_out, "%s line %zu: %s", path, number, said);
	}
	free(line);
	fclose(f);
	return err;
}

enum at_err settings_finish(struct settings *s, const char **why_out)
{
	if (s->call.ring_stop_ms < s->call.ring_ms)
		return refuse(why_out, "ring_stop_seconds must not be below ring_seconds");
	if (s->call.ring_stop_ms < s->call.unreachable_ms)
		return refuse(why_out, "ring_stop_seconds must not be below unreachable_seconds");
	if (*s->origin && !at_str_starts(s->origin, "https://") && !at_str_starts(s->origin, "http://"))
		return refuse(why_out, "origin starts with https:// (or http://)");
	if (*s->origin && strchr(strstr(s->origin, "//") + 2, '/'))
		return refuse(why_out, "origin has no path, not even a slash at its end");
	s->room.ring_ms = s->call.ring_ms;
	s->room.ring_stop_ms = s->call.ring_stop_ms;
	s->room.unreachable_ms = s->call.unreachable_ms;
	s->api.ring_ms = s->call.ring_ms;
	s->api.ring_stop_ms = s->call.ring_stop_ms;
	s->api.unreachable_ms = s->call.unreachable_ms;
	s->api.voice_max_ms = s->note.voice_max_ms;
	s->api.video_max_ms = s->note.video_max_ms;
	s->api.note_min_ms = s->note.note_min_ms;
	return AT_OK;
}

static void print_value(const struct settings *settings, const struct setting *s, FILE *out)
{
	const void *field = (const char *)settings + s->at;
	if (s->kind == TEXT)
		fprintf(out, "%s", (const char *)field);
	else if (s->kind == LEVEL)
		fprintf(out, "%s", levels[*(const enum at_log_level *)field]);
	else if (s->kind == U32)
		fprintf(out, "%" PRIu32, *(const uint32_t *)field / (uint32_t)s->scale);
	else
		fprintf(out, "%" PRId64, *(const int64_t *)field / s->scale);
}

void settings_print(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *s = &table[i];
		fprintf(out, "# %s\n# ", s->meaning);
		if (s->kind == TEXT)
			fprintf(out, "%s, %" PRId64 " to %" PRId64 " bytes", s->unit, s->min, s->max);
		else if (s->kind == LEVEL)
			fprintf(out, "%s", s->unit);
		else
			fprintf(out, "%s, %" PRId64 " to %" PRId64, s->unit, s->min, s->max);
		fprintf(out, "; default %s\n%s=", *s->normal ? s->normal : "empty", s->name);
		print_value(settings, s, out);
		fprintf(out, "\n\n");
	}
}
