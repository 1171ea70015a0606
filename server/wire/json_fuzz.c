/* A text from a peer: parses or is refused, every getter holds its promise, and what was read can be written and read again. */
#include "base/mem.h"
#include "wire/wire.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_getters(const struct wire_in *in, const char *key)
{
	const char *s;
	uint64_t v, list[WIRE_ARRAY_MAX];
	size_t n;
	bool b;
	struct at_id id;
	wire_has(in, key);
	if (!wire_get_u64(in, key, 5, UINT64_MAX, &v))
		AT_ASSERT(v >= 5 && v < UINT64_C(1) << 53);
	if (!wire_get_bool(in, key, &b))
		AT_ASSERT(wire_has(in, key));
	if (!wire_get_u64s(in, key, 255, WIRE_ARRAY_MAX, list, &n))
		AT_ASSERT(n <= WIRE_ARRAY_MAX && (!n || list[n - 1] <= 255));
	if (!wire_get_id(in, key, &id))
		AT_ASSERT(wire_has(in, key));
	if (!wire_get_str(in, key, 0, WIRE_TEXT_MAX, &s))
		AT_ASSERT(at_utf8_valid(s, strlen(s)));
}

/* Parts are read like the whole, as deep as they go. */
static void check_parts(const struct wire_in *in, const char *key, int depth)
{
	const struct wire_in *part, *parts[8];
	const char *strs[8];
	size_t n;
	if (depth > WIRE_DEPTH_MAX)
		return;
	if (!wire_get_obj(in, key, &part)) {
		check_getters(part, key);
		check_parts(part, key, depth + 1);
	}
	if (!wire_get_objs(in, key, 8, parts, &n))
		for (size_t i = 0; i < n; i++)
			check_getters(parts[i], key);
	if (!wire_get_strs(in, key, 16, 8, strs, &n))
		for (size_t i = 0; i < n; i++)
			AT_ASSERT(strlen(strs[i]) <= 16);
}

static void check_round_trip(const char *s)
{
	struct at_buf buf;
	struct wire_in *again;
	const char *back;
	at_buf_init(&buf, 8 * WIRE_TEXT_MAX);
	struct wire_out w = wire_out_begin(&buf);
	wire_obj(&w, NULL);
	wire_str(&w, "s", s);
	wire_obj_end(&w);
	AT_ASSERT(!wire_out_end(&w));
	if (buf.len <= WIRE_TEXT_MAX) {
		AT_ASSERT(!wire_parse(buf.data, buf.len, &again));
		AT_ASSERT(!wire_get_str(again, "s", 0, WIRE_TEXT_MAX, &back) && !strcmp(s, back));
		wire_in_free(&again);
	}
	at_buf_release(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const keys[] = {"id", "do", "conv", "text", "peaks", "a", "s"};
	struct wire_in *in;
	const char *s;
	if (wire_parse(data, len, &in))
		return 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		check_getters(in, keys[i]);
		check_parts(in, keys[i], 0);
		if (!wire_get_str(in, keys[i], 0, WIRE_TEXT_MAX, &s))
			check_round_trip(s);
	}
	wire_in_free(&in);
	return 0;
}
