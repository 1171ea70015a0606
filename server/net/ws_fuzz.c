/* Frames from a peer, whole and in pieces: the same messages and the same end. The first byte says how big the pieces are. */
#include "base/mem.h"
#include "net/net_ws.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	uint64_t sum;
	size_t events;
	enum net_ws_got last;
	uint16_t code;
};

static bool ended(enum net_ws_got got)
{
	return got == NET_WS_CLOSE || got == NET_WS_BAD;
}

static void see(struct seen *seen, enum net_ws_got got, const struct net_ws_event *ev)
{
	struct net_utf8 utf8 = {0};
	seen->events++;
	seen->last = got;
	seen->code = ev->code;
	for (size_t i = 0; i < ev->len; i++)
		seen->sum = seen->sum * 31 + ev->data[i];
	if (got == NET_WS_MESSAGE && !ev->binary)
		AT_ASSERT(net_utf8_feed(&utf8, ev->data, ev->len) && net_utf8_whole(&utf8) && ev->len <= NET_TEXT_MAX);
	if (got == NET_WS_MESSAGE)
		AT_ASSERT(ev->len <= NET_FRAME_MAX);
	else if (got == NET_WS_BAD)
		AT_ASSERT(net_ws_code_ok(ev->code));
	else
		AT_ASSERT(ev->len <= NET_WS_CONTROL_MAX);
}

static struct seen run(const uint8_t *data, size_t len, size_t step)
{
	struct seen seen = {0};
	struct net_ws_in in = {0};
	struct at_buf have;
	enum net_ws_got got = NET_WS_MORE;
	at_buf_init(&have, len + 1);
	for (size_t n = 0; n < len && !ended(got);) {
		size_t more = step < len - n ? step : len - n, used = 0;
		enum at_err err = at_buf_append(&have, data + n, more);
		AT_ASSERT(!err);
		n += more;
		do {
			struct net_ws_event ev;
			got = net_ws_next(&in, have.data, have.len, &used, &ev);
			AT_ASSERT(used <= have.len);
			if (got != NET_WS_MORE)
				see(&seen, got, &ev);
			at_buf_consume(&have, used);
		} while (got != NET_WS_MORE && !ended(got));
	}
	net_ws_in_release(&in);
	at_buf_release(&have);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	struct seen whole = run(data + 1, len - 1, len), pieces = run(data + 1, len - 1, data[0] + 1u);
	AT_ASSERT(whole.sum == pieces.sum && whole.events == pieces.events && whole.last == pieces.last &&
		  whole.code == pieces.code);
	return 0;
}
