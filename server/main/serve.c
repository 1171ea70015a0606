#include "main/serve.h"

#include "base/buf.h"
#include "ipc/ipc_role.h"
#include "main/core.h"
#include "remux/remux.h"

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

int serve(struct options *options)
{
	const struct ipc_role_spec roles[] = {
		{.role = IPC_CORE, .name = "core", .main = run_core, .ready = on_core_ready, .arg = options},
		{.role = IPC_REMUX, .name = "remux", .main = run_remux},
		{.role = IPC_MEDIA, .name = "media", .main = run_media, .ready = on_media_ready, .arg = options},
	};
	return ipc_supervise(roles, sizeof(roles) / sizeof(*roles));
}
