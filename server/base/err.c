#include "base/err.h"

#include "base/log.h"

#include <stdlib.h>

static const char *const names[AT_ERR_COUNT] = {
	[AT_OK] = "ok",
	[AT_ERR_BAD_REQUEST] = "bad_request",
	[AT_ERR_UNKNOWN_COMMAND] = "unknown_command",
	[AT_ERR_TOO_LARGE] = "too_large",
	[AT_ERR_RATE_LIMITED] = "rate_limited",
	[AT_ERR_UNAUTHORIZED] = "unauthorized",
	[AT_ERR_NOT_FOUND] = "not_found",
	[AT_ERR_EXISTS] = "exists",
	[AT_ERR_CONFLICT] = "conflict",
	[AT_ERR_GONE] = "gone",
	[AT_ERR_BUSY] = "busy",
	[AT_ERR_FULL] = "full",
	[AT_ERR_UNREADABLE] = "unreadable",
	[AT_ERR_TOO_SHORT] = "too_short",
	[AT_ERR_UNSUPPORTED] = "unsupported",
	[AT_ERR_TIMEOUT] = "timeout",
	[AT_ERR_UNAVAILABLE] = "unavailable",
	[AT_ERR_CLOSED] = "closed",
	[AT_ERR_MAYBE] = "maybe",
	[AT_ERR_IO] = "internal",
	[AT_ERR_INTERNAL] = "internal",
};

const char *at_err_name(enum at_err err)
{
	AT_ASSERT((unsigned)err < AT_ERR_COUNT);
	return names[err];
}

_Noreturn void at_panic(const char *file, int line, const char *what)
{
	at_log(AT_LOG_ERROR, "panic", "file", file, "line", AT_INT(line), "what", what, NULL);
	abort();
}
