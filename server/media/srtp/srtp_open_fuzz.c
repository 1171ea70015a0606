/* What comes in against what was sealed: orders, mutations and junk chosen by the bytes. Whatever opens was sealed by us just like that,
 * and opens once. */
#include "base/buf.h"
#include "base/mem.h"
#include "media/srtp/srtp_priv.h"

#include <stdbool.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { KEPT_MAX = 16, ROOM = 256, STEPS_MAX = 64 };

struct kept {
	uint8_t plain[ROOM], sealed[ROOM];
	size_t plain_len, sealed_len;
	bool is_rtcp;
};

static struct {
	struct srtp_out out;
	struct srtp_in in;
	struct kept kept[KEPT_MAX];
	size_t count;
	uint64_t opened; /* one bit per kept */
} f;

/* Every packet has an index of its own, near enough to those before that it can be found: up to 16 further each. */
static void keep(struct at_reader *r, uint64_t *index)
{
	const uint8_t kind = at_read_u8(r);
	const size_t body = at_read_u8(r) % 128;
	const uint8_t *bytes = at_read_bytes(r, body);
	if (r->failed || f.count == KEPT_MAX)
		return;
	struct kept *k = &f.kept[f.count];
	*index += 1 + kind % 16;
	k->is_rtcp = kind & 0x80;
	k->plain[0] = 0x80;
	k->plain[1] = k->is_rtcp ? 200 : 96;
	at_put_u16(k->plain + 2, (uint16_t)*index);
	at_put_u32(k->plain + 4, k->is_rtcp ? 7 : 0);
	at_put_u32(k->plain + 8, 7);
	memcpy(k->plain + 12, bytes, body);
	k->plain_len = 12 + body;
	memcpy(k->sealed, k->plain, k->plain_len);
	enum at_err err = k->is_rtcp ? srtcp_seal(&f.out, k->sealed, k->plain_len, ROOM, &k->sealed_len)
				     : srtp_seal(&f.out, (uint32_t)(*index >> 16), k->sealed, 12, k->plain_len, ROOM,
						 &k->sealed_len);
	AT_ASSERT(!err);
	f.count++;
}

static void opened(const uint8_t *before, size_t before_len, const uint8_t *plain, size_t plain_len, bool is_rtcp)
{
	for (size_t i = 0; i < f.count; i++) {
		const struct kept *k = &f.kept[i];
		if (k->is_rtcp != is_rtcp || k->sealed_len != before_len || memcmp(k->sealed, before, before_len) != 0)
			continue;
		AT_ASSERT(k->plain_len == plain_len && !memcmp(k->plain, plain, plain_len));
		AT_ASSERT(!(f.opened >> i & 1));
		f.opened |= (uint64_t)1 << i;
		return;
	}
	AT_ASSERT(!"opened what nobody sealed");
}

static void deliver(uint8_t *packet, size_t len, bool is_rtcp)
{
	uint8_t before[ROOM];
	uint64_t index;
	size_t plain_len = 0;
	memcpy(before, packet, len);
	enum at_err err = is_rtcp ? srtcp_open(&f.in, packet, len, &plain_len)
				  : srtp_open(&f.in, packet, len, &plain_len, &index);
	if (!err)
		opened(before, len, packet, plain_len, is_rtcp);
}

static void step(struct at_reader *r, uint64_t *index)
{
	uint8_t packet[ROOM];
	const uint8_t what = at_read_u8(r), which = at_read_u8(r);
	size_t len = which;
	const struct kept *k = f.count ? &f.kept[which % f.count] : NULL;
	if (what % 4 == 0) {
		keep(r, index);
	} else if (what % 4 == 1) {
		const uint8_t *bytes = at_read_bytes(r, len);
		if (bytes)
			memcpy(packet, bytes, len);
		if (bytes)
			deliver(packet, len, what & 0x80);
	} else if (k) {
		memcpy(packet, k->sealed, k->sealed_len);
		len = k->sealed_len;
		if (what % 4 == 3)
			packet[at_read_u8(r) % len] ^= at_read_u8(r);
		deliver(packet, len, k->is_rtcp);
	}
}

/* Keys are derived once. What else there is, a packet changes in the structs, and in the streams' memory, alone: every cipher is given its
 * nonce anew. */
static void start(enum srtp_suite suite)
{
	static const struct srtp_keys keys = {.key = "0123456789abcde", .salt = "saltsaltsalt"};
	static struct srtp_out *outs[2];
	static struct srtp_in *ins[2];
	if (!outs[suite]) {
		outs[suite] = srtp_out_new(suite, &keys);
		ins[suite] = srtp_in_new(suite, &keys);
	}
	f.out = *outs[suite];
	f.in = *ins[suite];
	f.count = 0;
	f.opened = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct at_reader r = at_reader_of(data, len);
	const uint8_t first = at_read_u8(&r);
	uint64_t index = first & 2 ? 65520 : 1;
	start(first & 1 ? SRTP_SUITE_CM : SRTP_SUITE_GCM);
	for (int i = 0; i < STEPS_MAX && at_reader_left(&r); i++)
		step(&r, &index);
	at_free(f.in.rtp_streams.all);
	at_free(f.in.rtcp_streams.all);
	return 0;
}
