/* Janus as a peer to be compared with: Debian's package with the plugin for rooms, configured in a directory of its own, driven over its
 * WebSocket. One at a time. */
#ifndef AT_BENCH_JANUS_H
#define AT_BENCH_JANUS_H

#include "bench/sfu_load.h"

/* Starts it, pinned, opens a room, joins the load's one publisher and all its subscribers and connects them. is_best: one event loop for
 * all instead of a thread each (event_loops = 1). Dies with a message when Janus does not play along. */
pid_t janus_start(struct load *load, struct in_addr ip, bool is_best, int cpu);
void janus_stop(void);

#endif
