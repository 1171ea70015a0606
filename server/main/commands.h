/* What works on a data directory without a browser, and what the first start says. Each runs while no server uses the directory. */
#ifndef AT_MAIN_COMMANDS_H
#define AT_MAIN_COMMANDS_H

#include "auth/auth.h"
#include "main/options.h"
#include "store/store.h"

/* Gives the process's exit code. */
int commands_run(const struct options *options);

/* A list of links, each with the words before it. */
enum { LINKS_MAX = 4 };
struct links {
	struct {
		const char *words;
		char fragment[3 + AUTH_TOKEN_LEN + 1]; /* "#i=..." */
	} link[LINKS_MAX];
	size_t n;
};

/* Core's start, before auth is loaded: the first account's link while there is no account; with --demo the three accounts'. */
AT_MUST enum at_err commands_first_links(struct store *store, bool demo, struct links *links_out);

#endif
