/* room.join's arguments as JSON: what is taken keeps its names within their bounds, and a peer can be made of what the SFU's own check lets
 * pass. An input that begins with a brace is the JSON itself; bytes of chance hardly ever are JSON that gets far, so any other is a list of
 * changes to what Chromium sends: which value, and what stands there instead. */
#include "api/api_priv.h"
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DOCUMENT_MAX = 4096, TEXT_MAX = 24 };

/* A value follows each. */
static const char *const before[] = {
	"{\"muted\":",
	",\"camera\":",
	",\"params\":{\"fingerprint\":",
	",\"audio\":{\"pt\":",
	",\"red\":",
	",\"ext\":{\"mid\":",
	",\"level\":",
	"}},\"video\":{\"pt\":",
	",\"rtx\":",
	",\"ext\":{\"mid\":",
	",\"rid\":",
	",\"rrid\":",
	",\"twcc\":",
	",\"abs_send\":",
	"}},\"send\":{\"mic\":{\"mid\":",
	",\"ssrc\":",
	"},\"camera\":{\"mid\":",
	",\"rids\":",
	",\"ssrc\":",
	"},\"screen\":{\"mid\":",
	",\"ssrc\":",
	",\"rtx_ssrc\":",
	"}},\"recv\":[{\"mid\":",
	",\"kind\":",
	"},{\"mid\":",
	",\"kind\":",
	"},{\"mid\":",
	",\"kind\":",
	"}],\"more\":",
};
#define FINGERPRINT "AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:"
static const char *const usual[] = {
	"true",       "false",     "\"" FINGERPRINT "ab\"",
	"111",        "63",        "4",
	"1",          "96",        "97",
	"4",          "10",        "11",
	"3",          "2",         "\"0\"",
	"null",       "\"1\"",     "[\"l\",\"m\",\"h\"]",
	"null",       "\"2\"",     "5",
	"6",          "\"3\"",     "\"audio\"",
	"\"4\"",      "\"video\"", "\"5\"",
	"\"screen\"", "0",
};
static const char *const others[] = {
	"null",
	"true",
	"0",
	"1",
	"14",
	"15",
	"64",
	"127",
	"128",
	"255",
	"256",
	"-1",
	"1.5",
	"1e2",
	"4294967295",
	"4294967296",
	"9007199254740993",
	"\"\"",
	"\"0\"",
	"\"1\"",
	"\"0123456789abcdef\"",
	"\"0123456789abcdefg\"",
	"\"\\u0000\"",
	"\"\\u0001\"",
	"\"\\u00e9\"",
	"\" \"",
	"[]",
	"{}",
	"[\"l\"]",
	"[\"l\",\"l\"]",
	"[\"l\",\"m\",\"h\",\"x\"]",
	"[\"\"]",
	"[1]",
	"\"audio\"",
	"\"video\"",
	"\"screen\"",
	"\"" FINGERPRINT "AG\"",
	"\"" FINGERPRINT "A\"",
	/* these do not end where the value does */
	"1,\"pt\":2",
	"\"a\",\"mid\":\"b\"",
	"0},{\"mid\":\"8\",\"kind\":\"audio\"",
};
enum { VALUES = sizeof(usual) / sizeof(*usual), OTHERS = sizeof(others) / sizeof(*others) };
_Static_assert(sizeof(before) / sizeof(*before) == VALUES, "a value for each");

/* One of the above, or a text of the input's own bytes. */
static const char *value_of(struct at_reader *r, char text[TEXT_MAX])
{
	const uint8_t which = at_read_u8(r);
	if (which < OTHERS)
		return others[which];
	size_t len = which % (TEXT_MAX - 3), at = 0;
	text[at++] = '"';
	while (at <= len && at_reader_left(r)) {
		const uint8_t c = at_read_u8(r);
		text[at++] = (char)(c < ' ' || c == '"' || c == '\\' ? '_' : c);
	}
	text[at++] = '"';
	text[at] = 0;
	return text;
}

static size_t document_of(struct at_reader *r, char out[DOCUMENT_MAX])
{
	static char texts[VALUES][TEXT_MAX];
	const char *values[VALUES];
	size_t len = 0;
	memcpy(values, usual, sizeof(values));
	while (at_reader_left(r)) {
		const size_t place = at_read_u8(r) % VALUES;
		values[place] = value_of(r, texts[place]);
	}
	for (size_t i = 0; i < VALUES; i++)
		len += (size_t)snprintf(out + len, DOCUMENT_MAX - len, "%s%s", before[i], values[i]);
	len += (size_t)snprintf(out + len, DOCUMENT_MAX - len, "}}");
	AT_ASSERT(len < DOCUMENT_MAX);
	return len;
}

static void on_send(void *arg, const struct sfu_send *sends, size_t count)
{
	(void)arg;
	AT_ASSERT(sends && count);
}

static void live(const struct sfu_params *params)
{
	static const struct ice_credentials creds = {"AAAABBBB", "0123456789abcdefghijklmn"};
	static const uint8_t fingerprint[SFU_FINGERPRINT_LEN];
	static const struct at_id room = {{1}};
	static struct sfu *sfu;
	static int64_t now_us;
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	if (!sfu) {
		sfu = sfu_new(&(struct sfu_options){.rooms_max = 1, .peers_max = 1, .send = on_send});
		AT_ASSERT(!sfu_room_open(sfu, now_us, &room));
	}
	AT_ASSERT(!sfu_join(sfu, now_us, &room, 1, &creds, fingerprint, params, slots));
	sfu_tick(sfu, now_us += SFU_TICK_US);
	AT_ASSERT(!sfu_leave(sfu, now_us, &room, 1));
}

static void check_name(const char name[SFU_ID_MAX + 1])
{
	AT_ASSERT(memchr(name, '\0', SFU_ID_MAX + 1));
}

static void check(const struct sfu_params *params)
{
	AT_ASSERT(params->recv_count <= SFU_SLOTS_MAX);
	for (size_t i = 0; i < params->recv_count; i++)
		check_name(params->recv[i].mid);
	for (size_t i = 0; i < SFU_SOURCE_COUNT; i++) {
		check_name(params->send[i].mid);
		AT_ASSERT(params->send[i].rid_count <= SFU_LAYERS_MAX);
		for (size_t n = 0; n < params->send[i].rid_count; n++)
			check_name(params->send[i].rids[n]);
	}
	enum at_err err = sfu_params_check(params);
	AT_ASSERT(err == AT_OK || err == AT_ERR_BAD_REQUEST);
	if (!err)
		live(params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_in *in;
	struct room_join join;
	char document[DOCUMENT_MAX];
	struct at_reader r = at_reader_of(data, len);
	const bool is_json = len && data[0] == '{';
	len = is_json ? len : document_of(&r, document);
	if (wire_parse(is_json ? data : (const void *)document, len, &in))
		return 0;
	if (!api_get_join(in, &join))
		check(&join.params);
	wire_in_free(&in);
	return 0;
}
