/* Structured log on standard error: one line a state change, an event name and key=value pairs, never payloads, tokens or
 * addresses above debug. Any thread. Values are quoted and control bytes escaped, so a peer cannot forge a line.
 *
 *   at_log(AT_LOG_INFO, "call.ended", "call", hex, "outcome", "no_answer", NULL);
 *   at_log(AT_LOG_WARN, "loop.slow", "ms", AT_INT(took), NULL);                    */
#ifndef AT_BASE_LOG_H
#define AT_BASE_LOG_H

#include <stdint.h>

enum at_log_level { AT_LOG_DEBUG, AT_LOG_INFO, AT_LOG_WARN, AT_LOG_ERROR };

/* Keys and values alternate, all const char *, closed by NULL. */
void at_log(enum at_log_level level, const char *event, ...) __attribute__((sentinel));
/* An integer as a value: storage good until the same thread has formatted eight more. */
const char *at_log_int(int64_t v);
#define AT_INT(v) at_log_int((int64_t)(v))

void at_log_set_level(enum at_log_level level);
void at_log_set_role(const char *role); /* "core", "remux"; static storage */
/* Tests: a WARN or worse that was not announced fails the test, and so does one announced that did not come (see base/test.h).
 * event: static storage; times < 0 = any number, none included. "loop.slow" is never counted. */
void at_log_expect_for_test(const char *event, int times);
int at_log_unexpected_for_test(void);

#endif
