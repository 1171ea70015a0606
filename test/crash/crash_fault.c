/* Preloaded into the server: while the first byte of the file that AT_CRASH_FLAG names is '1', nothing can be synced. The file is mapped
 * at the start, before the server shuts itself in. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static const volatile char *flag;

__attribute__((constructor)) static void look(void)
{
	const char *path = getenv("AT_CRASH_FLAG");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *map = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
	flag = map == MAP_FAILED ? NULL : map;
	(void)close(fd);
}

int fsync(int fd)
{
	if (!flag || *flag != '1')
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

int fdatasync(int fd)
{
	if (!flag || *flag != '1')
		return (int)syscall(SYS_fdatasync, fd);
	errno = EIO;
	return -1;
}
