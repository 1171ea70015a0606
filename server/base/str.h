/* Strings and small encodings. Pure, any thread. */
#ifndef AT_BASE_STR_H
#define AT_BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 128-bit names chosen by clients: calls, recordings, blobs. On the wire 32 lower-case hex digits. */
struct at_id {
	uint8_t b[16];
};

#define AT_ID_HEX_LEN 32

void at_id_hex(const struct at_id *id, char hex_out[AT_ID_HEX_LEN + 1]);
AT_MUST enum at_err at_id_parse(const char *hex, size_t len, struct at_id *id_out); /* BAD_REQUEST */
bool at_id_eq(const struct at_id *a, const struct at_id *b);
bool at_id_is_zero(const struct at_id *id);

void at_hex(const void *data, size_t len, char *hex_out);                  /* 2 * len + 1 bytes */
AT_MUST enum at_err at_unhex(const char *hex, size_t len, void *data_out); /* len even; lower case only */
/* RFC 4648 section 5 without padding; out has room for (len * 4 + 2) / 3 + 1. Returns the length. */
size_t at_base64url(const void *data, size_t len, char *out);
/* The other way; out has room for len * 3 / 4. BAD_REQUEST for what at_base64url would not have written. */
AT_MUST enum at_err at_unbase64url(const char *text, size_t len, void *data_out);
size_t at_base64(const void *data, size_t len, char *out); /* with padding; (len + 2) / 3 * 4 + 1 bytes */

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is valid UTF-8 but refused here. */
bool at_utf8_valid(const void *data, size_t len);
bool at_str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool at_str_starts(const char *s, const char *prefix);
bool at_str_eq_nocase(const char *a, const char *b); /* ASCII only */
/* Same time whatever the contents (for tokens). */
bool at_mem_eq_const_time(const void *a, const void *b, size_t len);
/* Decimal without sign or blanks, the whole string; TOO_LARGE above max. */
AT_MUST enum at_err at_parse_u64(const char *s, size_t len, uint64_t max, uint64_t *v_out);

#endif
