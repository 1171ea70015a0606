/* Landlock by its raw calls: Debian 12's libc has none, and its header is older than many kernels (docs: userspace-api/landlock). */
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ipc_sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Later than the header: truncate (ABI 3), TCP (4), ioctl on devices (5), scopes (6). */
#define ACCESS_TRUNCATE (1u << 14)
#define ACCESS_IOCTL_DEV (1u << 15)
#define NET_CONNECT_TCP (1u << 1)
#define SCOPE_ABSTRACT_UNIX (1u << 0)
#define SCOPE_SIGNAL (1u << 1)

struct ruleset {
	uint64_t fs, net, scoped;
};

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_DIR LANDLOCK_ACCESS_FS_READ_DIR

static const uint64_t write_access = READ_FILE | READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
				     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
				     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
				     LANDLOCK_ACCESS_FS_REFER | ACCESS_TRUNCATE;

/* What the kernel can hold us to; size_out is the structure's size as that kernel knows it. */
static struct ruleset handled_by(long abi, size_t *size_out)
{
	struct ruleset rules = {.fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
	*size_out = sizeof(uint64_t);
	if (abi >= 2)
		rules.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rules.fs |= ACCESS_TRUNCATE;
	if (abi >= 4) {
		rules.net = NET_CONNECT_TCP;
		*size_out = 2 * sizeof(uint64_t);
	}
	if (abi >= 5)
		rules.fs |= ACCESS_IOCTL_DEV;
	if (abi >= 6) {
		rules.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		*size_out = 3 * sizeof(uint64_t);
	}
	return rules;
}

static void allow_path(int ruleset, const char *path, uint64_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd < 0)
		return;
	AT_ASSERT(fstat(fd, &st) == 0);
	if (!S_ISDIR(st.st_mode))
		access &= READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL_DEV;
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
	AT_ASSERT(syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0);
	close(fd);
}

/* Sanitizers name the lines of what they found: they read the program and its maps. */
static void allow_sanitizer(int ruleset)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	allow_path(ruleset, path, READ_FILE);
	allow_path(ruleset, "/proc", READ_FILE | READ_DIR);
	allow_path(ruleset, "/usr/lib", READ_FILE | READ_DIR);
#else
	(void)ruleset;
#endif
}

void ipc_sandbox_core_files(const char *const *write_dirs, const char *const *read_paths)
{
	static const char *const always[] = {"/etc/ssl",     "/etc/localtime",
					     "/usr/lib/ssl", "/usr/share/zoneinfo",
					     "/dev/urandom", NULL};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1) {
		at_log(AT_LOG_INFO, "sandbox.no_landlock", NULL);
		return;
	}
	size_t size;
	struct ruleset rules = handled_by(abi, &size);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	AT_ASSERT(ruleset >= 0);
	for (; *write_dirs; write_dirs++)
		allow_path(ruleset, *write_dirs, write_access & rules.fs);
	for (; *read_paths; read_paths++)
		allow_path(ruleset, *read_paths, READ_FILE | READ_DIR);
	for (size_t i = 0; always[i]; i++)
		allow_path(ruleset, always[i], READ_FILE | READ_DIR);
	allow_path(ruleset, "/dev/null", READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
	allow_sanitizer(ruleset);
	AT_ASSERT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	AT_ASSERT(syscall(SYS_landlock_restrict_self, ruleset, 0) == 0);
	close(ruleset);
}
