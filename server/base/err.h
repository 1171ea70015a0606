/* The one error idiom: every function that can fail returns an enum at_err that the caller must look at.
 * The names are those of the wire (docs/protocol.md); 0 is success. */
#ifndef AT_BASE_ERR_H
#define AT_BASE_ERR_H

#define AT_MUST __attribute__((warn_unused_result))
#define AT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum at_err {
	AT_OK = 0,
	AT_ERR_BAD_REQUEST,
	AT_ERR_UNKNOWN_COMMAND,
	AT_ERR_TOO_LARGE,
	AT_ERR_RATE_LIMITED,
	AT_ERR_UNAUTHORIZED,
	AT_ERR_NOT_FOUND,
	AT_ERR_EXISTS,
	AT_ERR_CONFLICT,
	AT_ERR_GONE,
	AT_ERR_BUSY, /* a bounded queue is full; nothing was done */
	AT_ERR_FULL, /* no space on the disk; nothing was written */
	AT_ERR_UNREADABLE,
	AT_ERR_TOO_SHORT,
	AT_ERR_UNSUPPORTED,
	AT_ERR_TIMEOUT,
	AT_ERR_UNAVAILABLE,
	AT_ERR_CLOSED,
	AT_ERR_MAYBE, /* may or may not have been written; ask again with the same id */
	AT_ERR_IO,    /* fatal: the process that meets it exits and recovers at its next start */
	AT_ERR_INTERNAL,
	AT_ERR_COUNT
};

/* The wire name ("not_found"); "ok" for AT_OK; AT_ERR_IO is told to clients as "internal". Static storage. */
const char *at_err_name(enum at_err err);

/* Programmer errors die loudly, in release builds too. What a peer sends never reaches these. */
#define AT_ASSERT(cond) ((cond) ? (void)0 : at_panic(__FILE__, __LINE__, #cond))
_Noreturn void at_panic(const char *file, int line, const char *what);

#endif
