/* Passes TCP connections on as they are, for a proxy whose subject is UDP. One listener a process; loopback only. */
#ifndef AT_CLIENT_SPLICE_H
#define AT_CLIENT_SPLICE_H

#include "base/loop.h"

#include <stdint.h>

void splice_start(struct at_loop *loop, int bound_fd); /* takes the descriptor, listens on it */
void splice_to(uint16_t port);                         /* for connections from now on */
void splice_stop(void);

#endif
