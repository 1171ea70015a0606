/* What is left of an SFU when everything but cipher and system call is taken away: packets sealed for each of a row of receivers and given
 * to sendmmsg, 64 messages at once, as fast as a processor can. */
#ifndef AT_BENCH_SFU_FLOOR_H
#define AT_BENCH_SFU_FLOOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

struct floor_plan {
	struct in_addr ip; /* to and from */
	size_t receivers;
	size_t payload_len; /* bytes; of packets with a header as our SFU writes it */
	unsigned frame;     /* packets for one receiver in a row */
	bool gso;           /* a frame is one message */
	double seconds;
	int cpu; /* of the sender, a process of its own; this one empties the receivers' sockets */
};
/* Packets by second of the sender's processor time. */
double floor_per_cpu_s(const struct floor_plan *plan);

#endif
