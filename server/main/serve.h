/* The whole server: the supervisor and its roles. */
#ifndef AT_MAIN_SERVE_H
#define AT_MAIN_SERVE_H

#include "main/options.h"

/* Until it is told to stop; gives the program's exit code. Which ports it got is noted in options, for its roles' next lives. */
int serve(struct options *options);

#endif
