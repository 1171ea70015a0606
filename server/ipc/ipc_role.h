/* The supervisor: forks the roles, starts one again when it dies (after 100 ms, doubling to 10 s, 100 ms again once it has lived for
 * 60 s), and hands every pair of roles that talk to each other the two ends of a fresh channel (IPC_PEER) whenever one of the two
 * is new. Its own process, one thread, no loop: it forks, so it must stay small. */
#ifndef AT_IPC_IPC_ROLE_H
#define AT_IPC_IPC_ROLE_H

#include "ipc/ipc.h"

/* A role that ends with this code cannot ever start (a bad setting, an address in use): everything stops, with that code. */
enum { IPC_EXIT_CONFIG = 2 };

struct ipc_role_spec {
	enum ipc_role role;
	const char *name; /* "core" */
	/* The role, in its own process; what it returns is its exit code. */
	int (*main)(void *arg, int supervisor_fd);
	/* In the supervisor, when the role said IPC_READY; what is noted in arg here is known to the role's next life. May be NULL. */
	void (*ready)(void *arg, const uint8_t *body, size_t body_len);
	void *arg;
};

/* Runs until SIGTERM or SIGINT: then IPC_STOP to all, and SIGKILL to who is left after 5 s. Gives the program's exit code. A
 * supervisor that is killed takes all roles with it. At most one spec a role. */
int ipc_supervise(const struct ipc_role_spec *specs, size_t n);

#endif
