/* Roles: processes that share nothing and speak one enum of messages over socketpairs (SOCK_SEQPACKET, so a message arrives whole or
 * not at all; descriptors travel beside it by SCM_RIGHTS). The supervisor forks them, starts them again with a growing
 * pause when they die, and hands each pair's ends out anew. */
#ifndef AT_IPC_IPC_H
#define AT_IPC_IPC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ipc_type {
	IPC_PEER = 1,   /* supervisor -> role: a fresh channel to another role (1 descriptor; body: u8 ipc_role) */
	IPC_STOP,       /* supervisor -> role: finish and exit */
	IPC_READY,      /* role -> supervisor: serving (core: after it listens) */
	IPC_REMUX_JOB,  /* core -> remux: remux.h, struct remux_job; descriptors: output, then each segment */
	IPC_REMUX_MORE, /* core -> remux: remux.h, struct remux_more */
	IPC_REMUX_DONE, /* remux -> core: remux.h, struct remux_result */
	/* core <-> media: media/role/role.h, a struct media_x and its body for each */
	IPC_MEDIA_HELLO,   /* media -> core: its port and addresses */
	IPC_MEDIA_OPEN,    /* core -> media: a call with its two legs */
	IPC_MEDIA_GATE,    /* core -> media: `accepted` is committed */
	IPC_MEDIA_RESTART, /* core -> media: new credentials of a leg */
	IPC_MEDIA_CLOSE,   /* core -> media */
	IPC_MEDIA_ASK,     /* core -> media: how it goes with a call */
	IPC_MEDIA_STATS,   /* media -> core: the answer */
	IPC_MEDIA_EVENT,   /* media -> core: what became of a call or a leg */
	/* core <-> media: media/role/role_room.h */
	IPC_ROOM_DO,   /* core -> media: a command about a room */
	IPC_ROOM_NEWS, /* media -> core: what became of it, and what happens in a room */
	IPC_TYPE_COUNT
};

enum ipc_role { IPC_SUPERVISOR = 0, IPC_CORE = 1, IPC_REMUX = 2, IPC_MEDIA = 3, IPC_ROLE_COUNT };

enum { IPC_BODY_MAX = 16 * 1024, IPC_FDS_MAX = 16 };

struct ipc_msg {
	enum ipc_type type;
	const uint8_t *body; /* at most IPC_BODY_MAX; valid during the callback */
	size_t body_len;
	int fds[IPC_FDS_MAX]; /* the receiver's to close; -1 beyond fd_count */
	size_t fd_count;
};

/* One end of a pair, on a loop. */
struct ipc_chan;
typedef void ipc_msg_fn(void *arg, struct ipc_msg *msg);
typedef void ipc_gone_fn(void *arg); /* the other end has closed; called once, from the loop */

AT_MUST enum at_err ipc_pair(int fds_out[2]);
/* Takes the descriptor. */
struct ipc_chan *ipc_chan_new(struct at_loop *loop, int fd, ipc_msg_fn *on_msg, ipc_gone_fn *on_gone, void *arg);
void ipc_chan_free(struct ipc_chan **chan);
/* Copies the body, duplicates nothing: the descriptors stay the caller's. BUSY when the pair is full, CLOSED when the other end went. */
AT_MUST enum at_err ipc_send(struct ipc_chan *chan, enum ipc_type type, const void *body, size_t body_len,
			     const int *fds, size_t fd_count);
/* What ipc_chan does with each datagram; the fuzz target's entry. BAD_REQUEST for an unknown type or a lying length. */
AT_MUST enum at_err ipc_parse(const void *data, size_t len, struct ipc_msg *msg_out);

#endif
