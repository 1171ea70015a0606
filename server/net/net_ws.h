/* WebSocket framing (RFC 6455), the server's side, without I/O: bytes in, messages out. Masked frames only, no extensions, shortest
 * lengths only, UTF-8 checked frame by frame, everything capped. Pure; one thread at a time. */
#ifndef AT_NET_NET_WS_H
#define AT_NET_NET_WS_H

#include "net/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_WS_FRAGMENTS_MAX = 1024, NET_WS_CONTROL_MAX = 125, NET_WS_HEAD_MAX = 10 };

enum net_ws_opcode {
	NET_WS_OP_MORE = 0,
	NET_WS_OP_TEXT = 1,
	NET_WS_OP_BINARY = 2,
	NET_WS_OP_CLOSE = 8,
	NET_WS_OP_PING = 9,
	NET_WS_OP_PONG = 10
};

/* Close codes of RFC 6455 section 7.4.1, and ours. */
enum {
	NET_WS_NORMAL = 1000,
	NET_WS_GOING_AWAY = 1001,
	NET_WS_PROTOCOL = 1002,
	NET_WS_NO_CODE = 1005,  /* never on the wire: a close frame without a code */
	NET_WS_ABNORMAL = 1006, /* never on the wire: gone without a close frame */
	NET_WS_BAD_TEXT = 1007,
	NET_WS_TOO_BIG = 1009,
	NET_WS_TOO_SLOW = 4008,
};

/* UTF-8 (RFC 3629) that may be cut anywhere. Zeroed to begin. */
struct net_utf8 {
	uint8_t left, low, high; /* bytes that must follow; the next one's range */
};
bool net_utf8_feed(struct net_utf8 *utf8, const uint8_t *data, size_t len); /* false: not UTF-8, whatever follows */
bool net_utf8_whole(const struct net_utf8 *utf8);                           /* no character is cut */

/* A connection's reading side; between messages it is all zeros and holds no memory. */
struct net_ws_in {
	struct at_buf whole; /* a fragmented message so far */
	struct net_utf8 utf8;
	uint16_t fragments; /* so far; 0 = none is open */
	bool binary;
};

enum net_ws_got { NET_WS_MORE, NET_WS_MESSAGE, NET_WS_PING, NET_WS_PONG, NET_WS_CLOSE, NET_WS_BAD };

struct net_ws_event {
	/* MESSAGE, PING, PONG: in the bytes fed or in `in`; good until the next call */
	const uint8_t *data;
	size_t len;
	bool binary;
	uint16_t code; /* CLOSE: the peer's, or NO_CODE; BAD: what to close with */
};

/* Takes the next whole frames from bytes, unmasking them where they are, up to and including one that is an event. *used_out: how many
 * bytes are done with, also with MORE; the rest is wanted again, with more behind it. After CLOSE and BAD it is not called again. */
enum net_ws_got net_ws_next(struct net_ws_in *in, uint8_t *bytes, size_t len, size_t *used_out,
			    struct net_ws_event *event_out);
void net_ws_in_release(struct net_ws_in *in);

/* The head of an unmasked, unfragmented frame. Gives its length. */
size_t net_ws_head(uint8_t head_out[NET_WS_HEAD_MAX], enum net_ws_opcode opcode, size_t len);
void net_ws_unmask(uint8_t *data, size_t len, const uint8_t mask[4]);
bool net_ws_code_ok(uint16_t code); /* may stand in a close frame */

#endif
