#include "ipc/ipc_sandbox.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#if !defined(SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define CALL(name) SCMP_SYS(name)
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* What no role needs and an intruder wants. */
static const int denied_everywhere[] = {
	CALL(execve),
	CALL(execveat),
	CALL(connect),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(process_madvise),
	CALL(pidfd_getfd),
	CALL(kcmp),
	CALL(bpf),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(mount),
	CALL(umount2),
	CALL(move_mount),
	CALL(open_tree),
	CALL(fsopen),
	CALL(fsmount),
	CALL(fsconfig),
	CALL(fspick),
	CALL(mount_setattr),
	CALL(pivot_root),
	CALL(chroot),
	CALL(unshare),
	CALL(setns),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(reboot),
	CALL(swapon),
	CALL(swapoff),
	CALL(add_key),
	CALL(request_key),
	CALL(keyctl),
	CALL(open_by_handle_at),
	CALL(name_to_handle_at),
	CALL(acct),
	CALL(quotactl),
	CALL(settimeofday),
	CALL(clock_settime),
	CALL(adjtimex),
	CALL(clock_adjtime),
	CALL(sethostname),
	CALL(setdomainname),
	CALL(syslog),
	CALL(iopl),
	CALL(ioperm),
	CALL(modify_ldt),
	CALL(personality),
	CALL(io_uring_setup),
	CALL(io_uring_enter),
	CALL(io_uring_register),
	CALL(mknod),
	CALL(mknodat),
	CALL(setuid),
	CALL(setgid),
	CALL(setreuid),
	CALL(setregid),
	CALL(setresuid),
	CALL(setresgid),
	CALL(setgroups),
	CALL(capset),
	CALL(vhangup),
};

static const int denied_once_listening[] = {CALL(socket), CALL(bind), CALL(listen)};

static const int denied_to_remux[] = {
	CALL(socket), CALL(bind),   CALL(listen), CALL(accept), CALL(accept4),  CALL(open),     CALL(openat),
	CALL(creat),  CALL(unlink), CALL(rename), CALL(link),   CALL(symlink),  CALL(unlinkat), CALL(openat2),
	CALL(mkdir),  CALL(rmdir),  CALL(chmod),  CALL(chown),  CALL(truncate),
};

static const int denied_to_job[] = {
	CALL(fork), CALL(vfork), CALL(clone),   CALL(clone3),     CALL(pipe),   CALL(pipe2),    CALL(recvmsg),
	CALL(kill), CALL(dup),   CALL(eventfd), CALL(socketpair), CALL(ptrace), CALL(recvfrom),
};

static const int denied_to_media[] = {
	CALL(socket), CALL(socketpair), CALL(bind),   CALL(listen),   CALL(open),    CALL(openat),   CALL(openat2),
	CALL(creat),  CALL(unlink),     CALL(rename), CALL(link),     CALL(symlink), CALL(unlinkat), CALL(mkdir),
	CALL(rmdir),  CALL(chmod),      CALL(chown),  CALL(truncate), CALL(fork),    CALL(vfork),
};

/* Bytes of open descriptors, memory, time, its own end. */
static const int allowed_to_job[] = {
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(write),
	CALL(writev),
	CALL(pwrite64),
	CALL(sendto),
	CALL(sendmsg),
	CALL(lseek),
	CALL(fstat),
	CALL(newfstatat),
	CALL(ftruncate),
	CALL(fallocate),
	CALL(fsync),
	CALL(fdatasync),
	CALL(close),
	CALL(poll),
	CALL(ppoll),
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(futex),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(gettimeofday),
	CALL(getrandom),
	CALL(getpid),
	CALL(gettid),
	CALL(tgkill),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(restart_syscall),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL(sysinfo),
	CALL(getrlimit),
	CALL(getrusage),
	CALL(times),
	CALL(uname),
	CALL(exit),
	CALL(exit_group),
};

/* On top of a job's: to receive jobs, to start and to reap them. */
static const int allowed_to_role[] = {
	CALL(recvmsg),
	CALL(recvfrom),
	CALL(shutdown),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(eventfd2),
	CALL(pipe),
	CALL(pipe2),
	CALL(timerfd_create),
	CALL(timerfd_settime),
	CALL(dup),
	CALL(dup2),
	CALL(dup3),
	CALL(close_range),
	CALL(wait4),
	CALL(waitid),
	CALL(kill),
	CALL(pidfd_open),
	CALL(pidfd_send_signal),
	CALL(getppid),
	CALL(getuid),
	CALL(geteuid),
	CALL(nanosleep),
	CALL(rt_sigtimedwait),
	CALL(rt_sigpending),
	CALL(set_robust_list),
	CALL(set_tid_address),
	CALL(rseq),
	CALL(membarrier),
	CALL(setrlimit),
	CALL(prlimit64),
	CALL(prctl),
	CALL(seccomp),
	CALL(setpriority),
};

/* Packets, connections that come in, its loop. */
static const int allowed_to_media[] = {
	CALL(read),
	CALL(readv),
	CALL(write),
	CALL(writev),
	CALL(recvfrom),
	CALL(recvmsg),
	CALL(recvmmsg),
	CALL(sendto),
	CALL(sendmsg),
	CALL(sendmmsg),
	CALL(accept4),
	CALL(shutdown),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(getsockname),
	CALL(epoll_create1),
	CALL(epoll_ctl),
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(eventfd2),
	CALL(pipe2),
	CALL(poll),
	CALL(close),
	CALL(fstat),
	CALL(newfstatat),
	CALL(lseek),
	CALL(brk),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(futex),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(gettimeofday),
	CALL(getrandom),
	CALL(getpid),
	CALL(gettid),
	CALL(tgkill),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(restart_syscall),
	CALL(sched_yield),
	CALL(sysinfo),
	CALL(getrusage),
	CALL(prctl),
	CALL(exit),
	CALL(exit_group),
};

static scmp_filter_ctx filter_new(uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	AT_ASSERT(filter);
	return filter;
}

/* A call that this architecture lacks is no loss. */
static void add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err = seccomp_rule_add(filter, action, calls[i], 0);
		AT_ASSERT(err == 0 || err == -EDOM || err == -EOPNOTSUPP);
	}
}

static void filter_load(scmp_filter_ctx filter)
{
	AT_ASSERT(seccomp_load(filter) == 0);
	seccomp_release(filter);
}

static void limit(__rlimit_resource_t what, uint64_t max)
{
	struct rlimit value = {.rlim_cur = max, .rlim_max = max}, before;
	/* Only ever lower. */
	if (getrlimit(what, &before) == 0 && before.rlim_max < max)
		value.rlim_cur = value.rlim_max = before.rlim_max;
	AT_ASSERT(setrlimit(what, &value) == 0);
}

static void give_up_privileges(void)
{
	AT_ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	AT_ASSERT(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	limit(RLIMIT_CORE, 0);
}

/* Memory that can be run comes only from the program's own file. */
static void allow_memory(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mmap), 1, not_exec) == 0);
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(mprotect), 1, not_exec) == 0);
}

static void allow_fcntl(scmp_filter_ctx filter)
{
	static const int commands[] = {F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC};
	for (size_t i = 0; i < COUNT(commands); i++)
		AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(fcntl), 1,
					   SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i])) == 0);
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO)) == 0);
}

/* Processes and threads, but no namespaces. clone3 hides its flags in memory: ENOSYS makes libc use clone. */
static void allow_fork(scmp_filter_ctx filter)
{
	const scmp_datum_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
					CLONE_NEWPID | CLONE_NEWNET;
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(clone), 1,
				   SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0)) == 0);
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0) == 0);
	AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(socketpair), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX)) == 0);
}

static void filter_remux_role(void)
{
	scmp_filter_ctx filter;
	if (SANITIZED) {
		filter = filter_new(SCMP_ACT_ALLOW);
		add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_everywhere, COUNT(denied_everywhere));
		add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_to_remux, COUNT(denied_to_remux));
	} else {
		filter = filter_new(SCMP_ACT_ERRNO(EPERM));
		add_all(filter, SCMP_ACT_ALLOW, allowed_to_job, COUNT(allowed_to_job));
		add_all(filter, SCMP_ACT_ALLOW, allowed_to_role, COUNT(allowed_to_role));
		allow_memory(filter);
		allow_fcntl(filter);
		allow_fork(filter);
	}
	filter_load(filter);
}

void ipc_sandbox_remux_role(void)
{
	give_up_privileges();
	limit(RLIMIT_NOFILE, 256);
	filter_remux_role();
}

void ipc_sandbox_media_role(uint64_t mem_max_bytes, uint64_t fds_max)
{
	scmp_filter_ctx filter;
	give_up_privileges();
	limit(RLIMIT_NOFILE, fds_max);
	limit(RLIMIT_NPROC, 0);
	if (SANITIZED) {
		filter = filter_new(SCMP_ACT_ALLOW);
		add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_everywhere, COUNT(denied_everywhere));
		add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_to_media, COUNT(denied_to_media));
	} else {
		limit(RLIMIT_AS, mem_max_bytes);
		filter = filter_new(SCMP_ACT_ERRNO(EPERM));
		add_all(filter, SCMP_ACT_ALLOW, allowed_to_media, COUNT(allowed_to_media));
		allow_memory(filter);
		allow_fcntl(filter);
	}
	filter_load(filter);
}

static void filter_remux_job(void)
{
	scmp_filter_ctx filter;
	if (SANITIZED) {
		filter = filter_new(SCMP_ACT_ALLOW);
		add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_to_job, COUNT(denied_to_job));
	} else {
		filter = filter_new(SCMP_ACT_ERRNO(EPERM));
		add_all(filter, SCMP_ACT_ALLOW, allowed_to_job, COUNT(allowed_to_job));
		allow_memory(filter);
		AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALL(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, F_GETFL)) == 0);
	}
	filter_load(filter);
}

void ipc_sandbox_remux_job(uint64_t mem_max_bytes, uint64_t cpu_seconds, uint64_t file_max_bytes)
{
	/* Writing past the limit is an error to handle, not a signal. */
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigaction(SIGXFSZ, &ignore, NULL);
	give_up_privileges();
	limit(RLIMIT_CPU, cpu_seconds);
	limit(RLIMIT_FSIZE, file_max_bytes);
	limit(RLIMIT_NPROC, 0);
	if (!SANITIZED) {
		limit(RLIMIT_AS, mem_max_bytes);
		limit(RLIMIT_NOFILE, 0);
	}
	filter_remux_job();
}

void ipc_sandbox_core_calls(void)
{
	give_up_privileges();
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW);
	AT_ASSERT(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0);
	add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_everywhere, COUNT(denied_everywhere));
	add_all(filter, SCMP_ACT_ERRNO(EPERM), denied_once_listening, COUNT(denied_once_listening));
	if (!SANITIZED)
		AT_ASSERT(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), CALL(ptrace), 0) == 0);
	filter_load(filter);
}
