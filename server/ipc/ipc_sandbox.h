/* Confinement of roles: what a process gives up before it touches bytes from outside. Nothing here can be undone; a process whose kernel
 * refuses seccomp dies (AT_ASSERT). Landlock is used where the kernel has it.
 *
 * Under ASan or TSan memory is not limited, the remux and media filters are lists of what is denied instead of what is allowed, and ptrace
 * stays open, all because the sanitizers need it; leak checks cannot run in a remux process: leave it by _exit. */
#ifndef AT_IPC_IPC_SANDBOX_H
#define AT_IPC_IPC_SANDBOX_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The remux role itself: receives jobs over its channels, forks a process a job, reaps it. Allowed: the descriptors it has and is
 * handed, pipes, epoll and friends, socketpair, memory, threads, fork, wait, kill. Refused with EPERM: opening anything, sockets,
 * exec, ptrace and whatever else is not on the list. Before or after its loop is made. */
void ipc_sandbox_remux_role(void);

/* One job, in the child, right after fork; on top of the role's. At most mem_max_bytes of address space (malloc fails above), cpu_seconds
 * of processor time (SIGKILL above), file_max_bytes written to one file (EFBIG above). What is left: read, write, seek, truncate, fsync
 * and fstat on the descriptors it has, memory, time, exit. No processes, no threads, no new descriptors. */
void ipc_sandbox_remux_job(uint64_t mem_max_bytes, uint64_t cpu_seconds, uint64_t file_max_bytes);

/* The media role, once its sockets are bound and its loop is made. Allowed: packets in and out of the descriptors it has, accepting, epoll and
 * friends, memory, time. Refused with EPERM: sockets of its own, connect, bind, any file, processes, threads, exec, ptrace and whatever
 * else is not on the list. At most mem_max_bytes of address space and fds_max descriptors. */
void ipc_sandbox_media_role(uint64_t mem_max_bytes, uint64_t fds_max);

/* Core, first half: before it has a second thread. Files: everything below write_dirs, reading below read_paths (web root,
 * certificates). Both lists end with NULL; a path that does not exist is skipped. Where the kernel lacks Landlock this is logged. */
void ipc_sandbox_core_files(const char *const *write_dirs, const char *const *read_paths);

/* Core, second half: once it listens; holds for all its threads. Refused with EPERM: exec, new sockets and connect, ptrace and reading
 * other processes, bpf, mounts, namespaces, kernel keys, modules, perf, userfaultfd. */
void ipc_sandbox_core_calls(void);

#endif
