/* aftertone: one executable. Without a command it supervises three roles: core, remux and media. */
#include "main/commands.h"
#include "main/options.h"
#include "main/serve.h"

#include <sys/resource.h>
#include <unistd.h>

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
	return serve(&options);
}
