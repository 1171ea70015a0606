/* JSON as the wire has it: a capped parser with typed getters for what comes in (wire_in), an appending writer for what goes
 * out (wire_out). The only module that sees jansson. Pure; one thread at a time.
 * Caps: docs/protocol.md, "Conventions". Duplicate keys, NUL and invalid UTF-8 are bad_request (RFC 8259, RFC 7493). */
#ifndef AT_WIRE_WIRE_H
#define AT_WIRE_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_TEXT_MAX = 96 * 1024,
	WIRE_DEPTH_MAX = 8,
	WIRE_KEYS_MAX = 64,
	WIRE_ARRAY_MAX = 256,
	WIRE_VALUES_MAX = 4096, /* in all: bounds what a text can cost in memory */
};

/* One parsed object. */
struct wire_in;

AT_MUST enum at_err wire_parse(const void *text, size_t len, struct wire_in **in_out); /* BAD_REQUEST, TOO_LARGE */
void wire_in_free(struct wire_in **in);
bool wire_has(const struct wire_in *in, const char *key); /* present and not null */

/* Getters: BAD_REQUEST when the key is absent, null, of another type or outside its range. Strings point into `in`, are valid UTF-8,
 * NUL-terminated and min_len to max_len bytes long. */
AT_MUST enum at_err wire_get_str(const struct wire_in *in, const char *key, size_t min_len, size_t max_len,
				 const char **s_out);
AT_MUST enum at_err wire_get_u64(const struct wire_in *in, const char *key, uint64_t min, uint64_t max,
				 uint64_t *v_out);
AT_MUST enum at_err wire_get_bool(const struct wire_in *in, const char *key, bool *v_out);
AT_MUST enum at_err wire_get_id(const struct wire_in *in, const char *key, struct at_id *id_out);
/* Fills v_out[0..*n_out); more than max elements or one outside min..max_value is BAD_REQUEST. */
AT_MUST enum at_err wire_get_u64s(const struct wire_in *in, const char *key, uint64_t max_value, size_t max,
				  uint64_t *v_out, size_t *n_out);

/* Parts of it, good as long as the whole: an object under a key, and an array of at most max objects or strings. */
AT_MUST enum at_err wire_get_obj(const struct wire_in *in, const char *key, const struct wire_in **obj_out);
AT_MUST enum at_err wire_get_objs(const struct wire_in *in, const char *key, size_t max,
				  const struct wire_in **objs_out, size_t *n_out);
AT_MUST enum at_err wire_get_strs(const struct wire_in *in, const char *key, size_t max_len, size_t max,
				  const char **strs_out, size_t *n_out);

/* A writer that appends to a buffer. After the first failure (the buffer's maximum) it stays failed and wire_out_end says so, so a
 * caller writes the whole object and checks once. Keys are literals; NULL keys are for array elements and the outermost value. */
struct wire_out {
	struct at_buf *buf;
	size_t start;
	bool failed, comma;
};

struct wire_out wire_out_begin(struct at_buf *buf); /* appends behind what the buffer holds */
/* TOO_LARGE: the buffer is as before wire_out_begin */
AT_MUST enum at_err wire_out_end(struct wire_out *w);
void wire_obj(struct wire_out *w, const char *key); /* opens { */
void wire_obj_end(struct wire_out *w);
void wire_arr(struct wire_out *w, const char *key); /* opens [ */
void wire_arr_end(struct wire_out *w);
void wire_str(struct wire_out *w, const char *key, const char *s); /* NULL writes null */
/* bytes that are not UTF-8 become U+FFFD */
void wire_strn(struct wire_out *w, const char *key, const char *s, size_t len);
void wire_int(struct wire_out *w, const char *key, int64_t v);
void wire_bool(struct wire_out *w, const char *key, bool v);
void wire_null(struct wire_out *w, const char *key);
void wire_id(struct wire_out *w, const char *key, const struct at_id *id); /* a zero id writes null */
/* JSON that was written by us before */
void wire_raw(struct wire_out *w, const char *key, const void *json, size_t len);

#endif
