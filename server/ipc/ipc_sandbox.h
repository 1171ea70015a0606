/* Confinement of roles: what a process gives up before it touches bytes from outside. Each function is called once, in a process of
 * its own, and cannot be undone; it dies (AT_ASSERT) when the kernel refuses what every supported kernel has. Landlock is used where
 * the kernel has it. Under ASan or TSan the memory limit and part of the filter are left off, since the sanitizer needs them. */
#ifndef AT_IPC_IPC_SANDBOX_H
#define AT_IPC_IPC_SANDBOX_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The remux role itself: receives jobs over its channels, forks a process a job, reaps it. Allowed: its open descriptors, memory, time,
 * fork, wait, kill of its children, epoll and friends. Not: opening anything, sockets, connect, exec, ptrace. Call it once the loop and
 * the supervisor's channel exist (or before: epoll_create, eventfd and pipe are allowed). */
void ipc_sandbox_remux_role(void);

/* One job, in the child, right after fork: no further processes or threads, no new descriptors, at most mem_max_bytes of
 * address space, cpu_seconds of processor time (SIGKILL above) and file_max_bytes written to one file (EFBIG above). What is left: read,
 * write, seek, ftruncate, fsync, fstat on descriptors it has, memory, exit. */
void ipc_sandbox_remux_job(uint64_t mem_max_bytes, uint64_t cpu_seconds, uint64_t file_max_bytes);

/* What core may still open once it runs: everything below write_dirs, reading below read_dirs (web root, certificates). Both lists end
 * with NULL; a path that does not exist is skipped. Not: exec, connect, ptrace, bpf, mount, kernel keys, modules, perf, namespaces. */
void ipc_sandbox_core(const char *const *write_dirs, const char *const *read_dirs);

#endif
