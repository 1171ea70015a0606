/* The core role: everything with state, wired together on one loop. */
#ifndef AT_MAIN_CORE_H
#define AT_MAIN_CORE_H

#include "main/options.h"

/* Runs until the supervisor says IPC_STOP; gives the role's exit code. Says IPC_READY with its port (u16) once it listens. */
int core_main(const struct options *options, int supervisor_fd);

#endif
