/* JSON as the server writes it, read without memory: a value is a piece of the text it stands in. Quick enough for a load generator
 * that looks at one field of each frame; not a validator. Pure. */
#ifndef AT_CLIENT_JSON_H
#define AT_CLIENT_JSON_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
	const char *at; /* the first byte of the value */
	size_t len;     /* 0 = there is none */
};

struct json json_of(const void *text, size_t len);         /* the first value in the text */
struct json json_get(struct json object, const char *key); /* none when absent or no object; key without escapes */
/* Every element in turn: *pos starts at 0. false at the end. */
bool json_each(struct json array, size_t *pos, struct json *element_out);
size_t json_count(struct json array);

int64_t json_int(struct json value, int64_t otherwise);
bool json_true(struct json value);
bool json_null(struct json value);                 /* null, or none */
bool json_is(struct json value, const char *text); /* a string without escapes that is text */
bool json_id(struct json value, struct at_id *id_out);
/* A string as UTF-8 with its NUL, escapes undone. false: no string, or no room. */
bool json_str(struct json value, char *out, size_t cap);

#endif
