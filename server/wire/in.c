#include "wire/wire.h"

#include "base/mem.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

/* Integers above this are not the same in every client (RFC 7493 section 2.2). */
#define INT_MAX_SAFE ((UINT64_C(1) << 53) - 1)

struct wire_in {
	json_t *root;
	struct wire_in *whole; /* itself, or what it is a part of */
	struct wire_in *parts; /* of the whole: those that were asked for, freed with it */
};

/* ---- the look ahead: what may reach jansson at all ---- */

struct prescan {
	const uint8_t *p, *end;
	size_t depth, values;
	bool is_object[WIRE_DEPTH_MAX];
	size_t commas[WIRE_DEPTH_MAX];
};

/* Over the string whose opening quote was just read. */
static bool skip_string(struct prescan *s)
{
	while (s->p < s->end) {
		uint8_t c = *s->p++;
		if (c == '"')
			return true;
		if (c == '\\') {
			if (s->p == s->end)
				return false;
			s->p++;
		}
	}
	return false;
}

static bool prescan_open(struct prescan *s, bool object)
{
	if (s->depth == WIRE_DEPTH_MAX || ++s->values > WIRE_VALUES_MAX)
		return false;
	s->is_object[s->depth] = object;
	s->commas[s->depth] = 0;
	s->depth++;
	return true;
}

static bool prescan_comma(struct prescan *s)
{
	if (!s->depth || ++s->values > WIRE_VALUES_MAX)
		return false;
	size_t at = s->depth - 1;
	size_t max = s->is_object[at] ? WIRE_KEYS_MAX : WIRE_ARRAY_MAX;
	return ++s->commas[at] < max;
}

static bool prescan_byte(struct prescan *s, uint8_t c)
{
	switch (c) {
	case '"': return skip_string(s);
	case '{':
	case '[': return prescan_open(s, c == '{');
	case '}':
	case ']':
		if (!s->depth)
			return false;
		s->depth--;
		return true;
	case ',': return prescan_comma(s);
	default: return c != 0;
	}
}

/* Counts nesting, keys and elements without building anything, so that a hostile text costs one pass and no memory. It only
 * refuses: whether the rest is JSON is jansson's to say. */
static bool within_caps(const void *text, size_t len)
{
	struct prescan s = {.p = text, .end = (const uint8_t *)text + len};
	while (s.p < s.end) {
		if (!prescan_byte(&s, *s.p++))
			return false;
	}
	return s.depth == 0;
}

/* ---- parsing ---- */

static void *alloc_for_jansson(size_t len)
{
	return at_realloc(NULL, len);
}

/* So that running out of memory cannot look like a bad text. */
static void set_allocators(void)
{
	json_set_alloc_funcs(alloc_for_jansson, at_free);
}

enum at_err wire_parse(const void *text, size_t len, struct wire_in **in_out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	*in_out = NULL;
	if (len > WIRE_TEXT_MAX)
		return AT_ERR_TOO_LARGE;
	if (!len || !within_caps(text, len))
		return AT_ERR_BAD_REQUEST;
	pthread_once(&once, set_allocators);
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return AT_ERR_BAD_REQUEST;
	}
	struct wire_in *in = at_alloc(sizeof(*in));
	*in = (struct wire_in){.root = root, .whole = in};
	*in_out = in;
	return AT_OK;
}

void wire_in_free(struct wire_in **in)
{
	struct wire_in *i = *in;
	*in = NULL;
	if (!i)
		return;
	AT_ASSERT(i->whole == i);
	for (struct wire_in *part = i->parts, *next; part; part = next) {
		next = part->parts;
		at_free(part);
	}
	json_decref(i->root);
	at_free(i);
}

/* ---- parts ---- */

static enum at_err part_of(const struct wire_in *in, json_t *v, const struct wire_in **part_out)
{
	*part_out = NULL;
	if (!json_is_object(v))
		return AT_ERR_BAD_REQUEST;
	struct wire_in *part = at_alloc(sizeof(*part));
	*part = (struct wire_in){.root = v, .whole = in->whole, .parts = in->whole->parts};
	in->whole->parts = part;
	*part_out = part;
	return AT_OK;
}

enum at_err wire_get_obj(const struct wire_in *in, const char *key, const struct wire_in **obj_out)
{
	return part_of(in, json_object_get(in->root, key), obj_out);
}

static const json_t *array_of(const struct wire_in *in, const char *key, size_t max)
{
	const json_t *array = json_object_get(in->root, key);
	return json_is_array(array) && json_array_size(array) <= max ? array : NULL;
}

enum at_err wire_get_objs(const struct wire_in *in, const char *key, size_t max, const struct wire_in **objs_out,
			  size_t *n_out)
{
	const json_t *array = array_of(in, key, max);
	*n_out = 0;
	for (size_t i = 0; array && i < json_array_size(array); i++) {
		enum at_err err = part_of(in, json_array_get(array, i), &objs_out[i]);
		if (err)
			return err;
		*n_out = i + 1;
	}
	return array ? AT_OK : AT_ERR_BAD_REQUEST;
}

enum at_err wire_get_strs(const struct wire_in *in, const char *key, size_t max_len, size_t max, const char **strs_out,
			  size_t *n_out)
{
	const json_t *array = array_of(in, key, max);
	*n_out = 0;
	for (size_t i = 0; array && i < json_array_size(array); i++) {
		const json_t *v = json_array_get(array, i);
		if (!json_is_string(v) || json_string_length(v) > max_len)
			return AT_ERR_BAD_REQUEST;
		strs_out[i] = json_string_value(v);
		*n_out = i + 1;
	}
	return array ? AT_OK : AT_ERR_BAD_REQUEST;
}

/* ---- getters ---- */

bool wire_has(const struct wire_in *in, const char *key)
{
	const json_t *v = json_object_get(in->root, key);
	return v && !json_is_null(v);
}

enum at_err wire_get_str(const struct wire_in *in, const char *key, size_t min_len, size_t max_len, const char **s_out)
{
	*s_out = NULL;
	const json_t *v = json_object_get(in->root, key);
	if (!json_is_string(v))
		return AT_ERR_BAD_REQUEST;
	size_t len = json_string_length(v);
	if (len < min_len || len > max_len)
		return AT_ERR_BAD_REQUEST;
	*s_out = json_string_value(v);
	return AT_OK;
}

static enum at_err u64_of(const json_t *v, uint64_t min, uint64_t max, uint64_t *v_out)
{
	if (!json_is_integer(v))
		return AT_ERR_BAD_REQUEST;
	json_int_t i = json_integer_value(v);
	if (i < 0 || (uint64_t)i > INT_MAX_SAFE || (uint64_t)i < min || (uint64_t)i > max)
		return AT_ERR_BAD_REQUEST;
	*v_out = (uint64_t)i;
	return AT_OK;
}

enum at_err wire_get_u64(const struct wire_in *in, const char *key, uint64_t min, uint64_t max, uint64_t *v_out)
{
	*v_out = 0;
	return u64_of(json_object_get(in->root, key), min, max, v_out);
}

enum at_err wire_get_bool(const struct wire_in *in, const char *key, bool *v_out)
{
	*v_out = false;
	const json_t *v = json_object_get(in->root, key);
	if (!json_is_boolean(v))
		return AT_ERR_BAD_REQUEST;
	*v_out = json_is_true(v);
	return AT_OK;
}

enum at_err wire_get_id(const struct wire_in *in, const char *key, struct at_id *id_out)
{
	const char *s;
	memset(id_out, 0, sizeof(*id_out));
	enum at_err err = wire_get_str(in, key, AT_ID_HEX_LEN, AT_ID_HEX_LEN, &s);
	return err ? err : at_id_parse(s, AT_ID_HEX_LEN, id_out);
}

enum at_err wire_get_u64s(const struct wire_in *in, const char *key, uint64_t max_value, size_t max, uint64_t *v_out,
			  size_t *n_out)
{
	*n_out = 0;
	const json_t *array = json_object_get(in->root, key);
	if (!json_is_array(array) || json_array_size(array) > max)
		return AT_ERR_BAD_REQUEST;
	size_t n = json_array_size(array);
	for (size_t i = 0; i < n; i++) {
		enum at_err err = u64_of(json_array_get(array, i), 0, max_value, &v_out[i]);
		if (err)
			return err;
	}
	*n_out = n;
	return AT_OK;
}
