/* One datagram in or out of a socket, for the channel and for the supervisor, which has no loop. */
#ifndef AT_IPC_IPC_PRIV_H
#define AT_IPC_IPC_PRIV_H

#include "ipc/ipc.h"

enum { IPC_HEAD_LEN = 8, IPC_DATAGRAM_MAX = IPC_HEAD_LEN + IPC_BODY_MAX };

AT_MUST enum at_err ipc_raw_send(int sock, enum ipc_type type, const void *body, size_t body_len, const int *fds,
				 size_t fd_count);
/* BUSY: nothing there now. CLOSED: the other end has gone. BAD_REQUEST: something came that is no message; its descriptors have been
 * closed. msg_out->body points into buffer. */
AT_MUST enum at_err ipc_raw_recv(int sock, uint8_t buffer[IPC_DATAGRAM_MAX], struct ipc_msg *msg_out);
void ipc_msg_close_fds(struct ipc_msg *msg);

#endif
