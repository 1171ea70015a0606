/* aftertone: one executable. Without a command it supervises three roles: core, remux and media. */
#include "ipc/ipc_role.h"
#include "main/commands.h"
#include "main/core.h"
#include "main/options.h"
#include "remux/remux.h"

#include <sys/resource.h>
#include <unistd.h>

static int run_core(void *arg, int supervisor_fd)
{
	return core_main(arg, supervisor_fd);
}

static int run_remux(void *arg, int supervisor_fd)
{
	(void)arg;
	remux_role_main(supervisor_fd);
}

static int run_media(void *arg, int supervisor_fd)
{
	const struct options *options = arg;
	media_role_main(supervisor_fd, &options->media);
}

/* The next life must have the port that clients know. */
static void on_media_ready(void *arg, const uint8_t *body, size_t body_len)
{
	struct options *options = arg;
	struct at_reader r = at_reader_of(body, body_len);
	uint16_t port = at_read_u16(&r);
	if (!r.failed)
		options->media.port = port;
}

static void on_core_ready(void *arg, const uint8_t *body, size_t body_len)
{
	struct options *options = arg;
	struct at_reader r = at_reader_of(body, body_len);
	uint16_t port = at_read_u16(&r);
	options->lives++;
	if (!r.failed)
		options->port = port;
}

/* Each socket is a descriptor: as many as we may have. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	struct options options;
	options_read(argc, argv, &options);
	if (options.command != COMMAND_SERVE)
		return commands_run(&options);
	if (!options.web_given && access(options.web, R_OK | X_OK) != 0)
		options.web = NULL;
	raise_descriptor_limit();
	const struct ipc_role_spec roles[] = {
		{.role = IPC_CORE, .name = "core", .main = run_core, .ready = on_core_ready, .arg = &options},
		{.role = IPC_REMUX, .name = "remux", .main = run_remux},
		{.role = IPC_MEDIA, .name = "media", .main = run_media, .ready = on_media_ready, .arg = &options},
	};
	return ipc_supervise(roles, sizeof(roles) / sizeof(*roles));
}
