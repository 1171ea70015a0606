#include "net/net_ws.h"

#include <string.h>

/* ---- UTF-8 ---- */

/* The lead byte decides how many follow, and the range of the first of them: that refuses overlong forms, surrogates and all above
 * U+10FFFF (RFC 3629 section 4). */
static bool utf8_lead(struct net_utf8 *u, uint8_t c)
{
	u->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	u->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	u->left = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	return c < 0x80 || (c >= 0xc2 && c <= 0xf4);
}

static bool utf8_next(struct net_utf8 *u, uint8_t c)
{
	if (!u->left)
		return utf8_lead(u, c);
	if (c < u->low || c > u->high)
		return false;
	u->left--;
	u->low = 0x80;
	u->high = 0xbf;
	return true;
}

bool net_utf8_feed(struct net_utf8 *utf8, const uint8_t *data, size_t len)
{
	size_t i = 0;
	while (i < len) {
		uint64_t eight;
		/* Eight ASCII bytes at a time. */
		if (!utf8->left && len - i >= sizeof(eight)) {
			memcpy(&eight, data + i, sizeof(eight));
			if (!(eight & UINT64_C(0x8080808080808080))) {
				i += sizeof(eight);
				continue;
			}
		}
		if (!utf8_next(utf8, data[i++]))
			return false;
	}
	return true;
}

bool net_utf8_whole(const struct net_utf8 *utf8)
{
	return !utf8->left;
}

/* ---- frames ---- */

struct frame {
	enum net_ws_opcode opcode;
	bool fin;
	const uint8_t *mask;
	uint8_t *data;
	size_t len;
};

void net_ws_unmask(uint8_t *data, size_t len, const uint8_t mask[4])
{
	uint32_t four;
	uint64_t eight, word;
	memcpy(&four, mask, sizeof(four));
	eight = (uint64_t)four << 32 | four;
	size_t i = 0;
	for (; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		word ^= eight;
		memcpy(data + i, &word, sizeof(word));
	}
	for (; i < len; i++)
		data[i] ^= mask[i & 3];
}

static bool is_control(enum net_ws_opcode opcode)
{
	return opcode >= NET_WS_OP_CLOSE;
}

/* What the first two bytes tell. 0, or the code to close with. */
static uint16_t check_start(const struct net_ws_in *in, uint8_t first, uint8_t second)
{
	uint8_t opcode = first & 0x0f;
	bool fin = first & 0x80, open = in->fragments > 0;
	bool known = opcode <= NET_WS_OP_BINARY || (opcode >= NET_WS_OP_CLOSE && opcode <= NET_WS_OP_PONG);
	if (first & 0x70 || !known || !(second & 0x80))
		return NET_WS_PROTOCOL;
	if (is_control(opcode))
		return fin && (second & 0x7f) <= NET_WS_CONTROL_MAX ? 0 : NET_WS_PROTOCOL;
	if (open != (opcode == NET_WS_OP_MORE))
		return NET_WS_PROTOCOL;
	return in->fragments == NET_WS_FRAGMENTS_MAX ? NET_WS_TOO_BIG : 0;
}

/* The payload's length, in the shortest of its three forms (RFC 6455 section 5.2). */
static uint16_t read_len(struct at_reader *r, uint8_t second, uint64_t *len_out)
{
	uint64_t len = second & 0x7f;
	if (len == 126)
		len = at_read_u16(r);
	else if (len == 127)
		len = at_read_u64(r);
	*len_out = len;
	if (r->failed || len >> 63)
		return r->failed ? 0 : NET_WS_PROTOCOL;
	uint64_t least = (second & 0x7f) == 127 ? 0x10000 : (second & 0x7f) == 126 ? 126 : 0;
	return len < least ? NET_WS_PROTOCOL : 0;
}

static uint16_t check_size(const struct net_ws_in *in, enum net_ws_opcode opcode, uint64_t len)
{
	bool binary = in->fragments ? in->binary : opcode == NET_WS_OP_BINARY;
	uint64_t max = binary ? NET_FRAME_MAX : NET_TEXT_MAX;
	return !is_control(opcode) && len > max - in->whole.len ? NET_WS_TOO_BIG : 0;
}

/* Reads one frame; a wrong one is refused as soon as its head is there. False when more bytes are needed. */
static bool read_frame(const struct net_ws_in *in, struct at_reader *r, struct frame *f_out, uint16_t *code_out)
{
	uint8_t first = at_read_u8(r), second = at_read_u8(r);
	uint64_t len = 0;
	*code_out = 0;
	if (r->failed)
		return false;
	f_out->opcode = first & 0x0f;
	f_out->fin = first & 0x80;
	*code_out = check_start(in, first, second);
	if (!*code_out)
		*code_out = read_len(r, second, &len);
	if (!*code_out && !r->failed)
		*code_out = check_size(in, f_out->opcode, len);
	if (*code_out)
		return true;
	f_out->mask = at_read_bytes(r, 4);
	/* The source is the caller's to write: the reader only borrows it as const. */
	f_out->data = (uint8_t *)(uintptr_t)at_read_bytes(r, (size_t)len);
	f_out->len = (size_t)len;
	return !r->failed;
}

static enum net_ws_got bad(struct net_ws_event *event, uint16_t code)
{
	event->code = code;
	return NET_WS_BAD;
}

bool net_ws_code_ok(uint16_t code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum net_ws_got take_close(const struct frame *f, struct net_ws_event *event)
{
	struct net_utf8 utf8 = {0};
	event->code = NET_WS_NO_CODE;
	if (!f->len)
		return NET_WS_CLOSE;
	struct at_reader r = at_reader_of(f->data, f->len);
	event->code = at_read_u16(&r);
	if (r.failed || !net_ws_code_ok(event->code))
		return bad(event, NET_WS_PROTOCOL);
	if (!net_utf8_feed(&utf8, f->data + 2, f->len - 2) || !net_utf8_whole(&utf8))
		return bad(event, NET_WS_BAD_TEXT);
	return NET_WS_CLOSE;
}

static enum net_ws_got take_control(const struct frame *f, struct net_ws_event *event)
{
	event->data = f->data;
	event->len = f->len;
	if (f->opcode == NET_WS_OP_CLOSE)
		return take_close(f, event);
	return f->opcode == NET_WS_OP_PING ? NET_WS_PING : NET_WS_PONG;
}

/* A piece of a message in several. MORE until it was the last. */
static enum net_ws_got take_fragment(struct net_ws_in *in, const struct frame *f, struct net_ws_event *event)
{
	if (!in->fragments)
		at_buf_init(&in->whole, NET_FRAME_MAX);
	in->fragments++;
	if (at_buf_append(&in->whole, f->data, f->len))
		return bad(event, NET_WS_TOO_BIG);
	if (!f->fin)
		return NET_WS_MORE;
	in->fragments = 0;
	event->data = in->whole.data;
	event->len = in->whole.len;
	return NET_WS_MESSAGE;
}

static enum net_ws_got take_data(struct net_ws_in *in, const struct frame *f, struct net_ws_event *event)
{
	if (!in->fragments) {
		in->binary = f->opcode == NET_WS_OP_BINARY;
		in->utf8 = (struct net_utf8){0};
	}
	event->binary = in->binary;
	if (!in->binary && (!net_utf8_feed(&in->utf8, f->data, f->len) || (f->fin && !net_utf8_whole(&in->utf8))))
		return bad(event, NET_WS_BAD_TEXT);
	if (!f->fin || in->fragments)
		return take_fragment(in, f, event);
	event->data = f->data;
	event->len = f->len;
	return NET_WS_MESSAGE;
}

enum net_ws_got net_ws_next(struct net_ws_in *in, uint8_t *bytes, size_t len, size_t *used_out,
			    struct net_ws_event *event_out)
{
	struct at_reader r = at_reader_of(bytes, len);
	enum net_ws_got got = NET_WS_MORE;
	*used_out = 0;
	*event_out = (struct net_ws_event){0};
	/* The message given last time has been looked at. */
	if (!in->fragments)
		net_ws_in_release(in);
	while (got == NET_WS_MORE) {
		struct frame f = {0};
		uint16_t code;
		if (!read_frame(in, &r, &f, &code))
			return NET_WS_MORE;
		if (code)
			return bad(event_out, code);
		net_ws_unmask(f.data, f.len, f.mask);
		*used_out = len - at_reader_left(&r);
		got = is_control(f.opcode) ? take_control(&f, event_out) : take_data(in, &f, event_out);
	}
	return got;
}

void net_ws_in_release(struct net_ws_in *in)
{
	at_buf_release(&in->whole);
	*in = (struct net_ws_in){0};
}

size_t net_ws_head(uint8_t head_out[NET_WS_HEAD_MAX], enum net_ws_opcode opcode, size_t len)
{
	head_out[0] = (uint8_t)(0x80 | opcode);
	if (len < 126) {
		head_out[1] = (uint8_t)len;
		return 2;
	}
	if (len <= UINT16_MAX) {
		head_out[1] = 126;
		at_put_u16(head_out + 2, (uint16_t)len);
		return 4;
	}
	head_out[1] = 127;
	at_put_u64(head_out + 2, len);
	return 10;
}
