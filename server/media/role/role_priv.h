/* The media role's parts: sockets, batches, connections. One process, one loop, so one `struct media`. */
#ifndef AT_MEDIA_ROLE_ROLE_PRIV_H
#define AT_MEDIA_ROLE_ROLE_PRIV_H

#include "base/buf.h"
#include "base/loop.h"
#include "ipc/ipc.h"
#include "media/relay/relay.h"
#include "media/role/role.h"
#include "media/sfu/sfu.h"

enum {
	MEDIA_FAMILIES = 2, /* 0: IPv4, 1: IPv6 */
	MEDIA_SOCKS_MAX = 18,
	MEDIA_CONNS_MAX = 512,
	MEDIA_CONNS_A_PEER = 32,
	MEDIA_CONN_OUT_MAX = 64 * 1024,
	MEDIA_UNSENT_MAX = 256 * 1024,
	MEDIA_ROOM_UNSENT = 256,
	MEDIA_CONN_PROVE_MS = 10000, /* a connection that has not authenticated by then is closed */
};

struct media_conn;
struct media_batch;

/* Something to be sent. segment_size: 0, or that of each of several packets in it (UDP_SEGMENT). */
struct media_send {
	const struct ice_tuple *to;
	const uint8_t *data;
	size_t len;
	uint16_t segment_size;
};

/* A UDP socket. One for every address that the machine has when the role starts, since the kernel then does the work of telling them
 * apart (5 to 10 % of a packet), and a wild one a family for those that come later. */
struct media_sock {
	struct media *m;
	int fd;
	bool is_v4, is_wild;
	uint8_t ip[16];
	struct at_poll *poll;
};

struct media {
	struct at_loop *loop;
	struct ipc_chan *boss, *core;
	struct relay *relay;
	struct at_timer *tick, *orphans;
	struct media_hello hello;
	struct media_sock socks[MEDIA_SOCKS_MAX];
	size_t sock_count;
	int tcp[MEDIA_FAMILIES]; /* -1 = none */
	struct at_poll *tcp_polls[MEDIA_FAMILIES];
	struct media_batch *batch;
	struct media_conn *conns[MEDIA_CONNS_MAX];
	size_t conn_count;
	uint32_t conn_serial;
	bool conn_died; /* some wait to be freed */
	int64_t looked_at_conns_us;
	struct at_buf unsent; /* events that core had no room for */
	uint64_t send_failed, send_full;
	/* ---- rooms ---- */
	struct dtls_context *dtls;
	struct sfu *sfu;
	struct at_timer *room_tick, *room_hold;
	struct at_bytes *room_unsent[MEDIA_ROOM_UNSENT]; /* news that core had no room for */
	size_t room_unsent_n;
	bool wants_times; /* there are rooms: the kernel says when packets came */
	uint64_t handshakes_seen;
	int64_t give_back_us; /* 0 = nothing is to be given back */
};

/* role_addr.c */
bool media_can_be_told(const uint8_t ip[16]); /* not 0.0.0.0, :: or multicast */
bool media_ip_is_v4(const uint8_t ip[16]);
bool media_ip_parse(const char *text, uint8_t ip_out[16]);
/* The addresses of interfaces that are up, IPv4 first; no link-local ones, which mean nothing without an interface. */
size_t media_own_ips(uint8_t out[][16], size_t max);
void media_hello_fill(struct media_hello *hello, const struct media_options *options); /* port is set */

/* role_sock.c: binds; CONFLICT when the port is in use, UNAVAILABLE otherwise */
AT_MUST enum at_err media_bind(struct media *m, const struct media_options *options);

/* role_udp.c */
void media_udp_start(struct media *m);
/* Into the batch; the data stays until media_udp_flush. */
void media_udp_put(struct media *m, const struct media_send *send);
void media_udp_flush(struct media *m);
void media_udp_times(struct media *m, bool on); /* SO_TIMESTAMPNS */
/* role_tcp.c */
void media_tcp_start(struct media *m);
void media_tcp_put(struct media *m, const struct media_send *send);
void media_tcp_look(struct media *m, int64_t now_us); /* once a second: closes what has no right to be there */
void media_tcp_reap(struct media *m);

/* role.c */
void media_tell(struct media *m); /* events to core */
void media_busy(struct media *m); /* there is something to tick for */
/* After a packet that may have set early ones free. */
void media_send_held(struct media *m);

/* role_room.c */
/* certificate and SFU; before the sandbox */
void media_room_prepare(struct media *m, const struct media_options *options);
void media_room_start(struct media *m);
void media_room_do(struct media *m, const void *body, size_t len); /* IPC_ROOM_DO */
void media_room_tell(struct media *m);
void media_room_drop_unsent(struct media *m);
size_t media_room_close_orphans(struct media *m);
/* The packet is a room's: to be given to m->sfu, and media_room_flush at the end of the batch. */
bool media_room_takes(const struct media *m, const struct ice_tuple *from, const uint8_t *data, size_t len);
void media_room_flush(struct media *m, int64_t now_us);
void media_no_gso(struct media *m); /* the kernel or the card refused it */

static inline void media_put(struct media *m, const struct media_send *send)
{
	if (send->to->transport == ICE_TCP)
		media_tcp_put(m, send);
	else
		media_udp_put(m, send);
}

/* Over TCP nothing is lost: one copy will do. */
static inline void media_put_relayed(struct media *m, const struct relay_send *send)
{
	const struct media_send one = {send->to, send->data, send->len, 0};
	for (unsigned i = 0; i < (send->to->transport == ICE_TCP ? 1 : send->copies); i++)
		media_put(m, &one);
}

/* role_frame.c: RFC 4571, a length of two bytes and a packet */
struct media_frames {
	uint16_t len;
	uint8_t bytes[2 + ICE_PACKET_MAX];
};
typedef bool media_frame_fn(void *arg, const uint8_t *data, size_t len);
/* Calls fn for each whole frame; an empty one is skipped. False: one that is too long, or fn said so; nothing more may be fed. */
bool media_frames_feed(struct media_frames *frames, const uint8_t *data, size_t len, media_frame_fn *fn, void *arg);

#endif
