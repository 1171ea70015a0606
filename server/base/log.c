#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 4096, EXPECT_MAX = 16 };

struct line {
	char s[LINE_MAX_LEN];
	size_t len;
};

static enum at_log_level threshold = AT_LOG_INFO;
static const char *process_role;

/* What tests announced; the lock is taken for warnings only. */
static struct {
	pthread_mutex_t lock;
	struct {
		const char *event;
		int times;
	} expected[EXPECT_MAX];
	size_t expected_n;
	int unexpected;
} watch = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Keeps one byte for the newline: a line too long is cut, never split. */
static void put(struct line *line, const char *s, size_t len)
{
	size_t room = sizeof(line->s) - 1 - line->len;
	if (len > room)
		len = room;
	memcpy(line->s + line->len, s, len);
	line->len += len;
}

static bool needs_quotes(const char *v)
{
	if (!*v)
		return true;
	for (; *v; v++)
		if ((unsigned char)*v <= ' ' || *v == '"' || *v == '=' || *v == '\\' || *v == 0x7f)
			return true;
	return false;
}

static void put_quoted(struct line *line, const char *v)
{
	put(line, "\"", 1);
	for (; *v; v++) {
		unsigned char c = (unsigned char)*v;
		char esc[8];
		if (c == '"' || c == '\\')
			snprintf(esc, sizeof(esc), "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			snprintf(esc, sizeof(esc), "\\x%02x", c);
		else
			snprintf(esc, sizeof(esc), "%c", c);
		put(line, esc, strlen(esc));
	}
	put(line, "\"", 1);
}

static void put_pair(struct line *line, const char *key, const char *value)
{
	if (line->len)
		put(line, " ", 1);
	put(line, key, strlen(key));
	put(line, "=", 1);
	if (!value)
		value = "";
	if (needs_quotes(value))
		put_quoted(line, value);
	else
		put(line, value, strlen(value));
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm tm;
	char day[32], text[48];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", day, now.tv_nsec / 1000000);
	put_pair(line, "ts", text);
}

static void count_warning(const char *event)
{
	/* A slow turn is the mood of a busy machine, not a fault of the code under test. */
	if (strcmp(event, "loop.slow") == 0)
		return;
	pthread_mutex_lock(&watch.lock);
	size_t i = 0;
	while (i < watch.expected_n && (strcmp(watch.expected[i].event, event) != 0 || !watch.expected[i].times))
		i++;
	if (i == watch.expected_n)
		watch.unexpected++;
	else if (watch.expected[i].times > 0)
		watch.expected[i].times--;
	pthread_mutex_unlock(&watch.lock);
}

static void write_line(enum at_log_level level, const char *event, va_list args)
{
	static const char *const levels[] = {"debug", "info", "warn", "error"};
	struct line line;
	line.len = 0;
	put_time(&line);
	put_pair(&line, "level", levels[level]);
	if (process_role)
		put_pair(&line, "role", process_role);
	put_pair(&line, "event", event);
	for (const char *key; (key = va_arg(args, const char *));)
		put_pair(&line, key, va_arg(args, const char *));
	line.s[line.len++] = '\n';
	/* Nobody to tell when standard error is gone. */
	ssize_t n = write(STDERR_FILENO, line.s, line.len);
	(void)n;
}

void at_log(enum at_log_level level, const char *event, ...)
{
	if (level >= AT_LOG_WARN)
		count_warning(event);
	if (level < __atomic_load_n(&threshold, __ATOMIC_RELAXED))
		return;
	va_list args;
	va_start(args, event);
	write_line(level, event, args);
	va_end(args);
}

const char *at_log_int(int64_t v)
{
	static _Thread_local char texts[8][24];
	static _Thread_local unsigned next;
	char *text = texts[next++ % 8];
	snprintf(text, sizeof(texts[0]), "%" PRId64, v);
	return text;
}

void at_log_set_level(enum at_log_level level)
{
	__atomic_store_n(&threshold, level, __ATOMIC_RELAXED);
}

void at_log_set_role(const char *role)
{
	process_role = role;
}

void at_log_expect_for_test(const char *event, int times)
{
	pthread_mutex_lock(&watch.lock);
	if (watch.expected_n < EXPECT_MAX) {
		watch.expected[watch.expected_n].event = event;
		watch.expected[watch.expected_n++].times = times;
	} else {
		watch.unexpected++;
	}
	pthread_mutex_unlock(&watch.lock);
}

int at_log_unexpected_for_test(void)
{
	pthread_mutex_lock(&watch.lock);
	int n = watch.unexpected;
	for (size_t i = 0; i < watch.expected_n; i++)
		if (watch.expected[i].times > 0)
			n += watch.expected[i].times;
	watch.expected_n = 0;
	watch.unexpected = 0;
	pthread_mutex_unlock(&watch.lock);
	return n;
}
