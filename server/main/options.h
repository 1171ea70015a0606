/* The command line, once read: what to do, and with what. */
#ifndef AT_MAIN_OPTIONS_H
#define AT_MAIN_OPTIONS_H

#include "main/settings.h"
#include "media/role/role.h"

#include <stdbool.h>
#include <stdint.h>

enum command { COMMAND_SERVE, COMMAND_USER_ADD, COMMAND_INVITE, COMMAND_LINK, COMMAND_SETTINGS, COMMAND_TABLES };

struct options {
	enum command command;
	char listen_addr[64]; /* "127.0.0.1", "::" */
	/* 0 = any; the supervisor fills in the one that core got, so that its next life has the same */
	uint16_t port;
	/* Where media comes in. Its port: the setting's, else one above `port`; 0 = any, which the supervisor fills in likewise. */
	struct media_options media;
	char media_listen_addr[64];
	bool media_given;
	const char *data, *web, *config;
	bool web_given;
	const char *tls_cert, *tls_key;
	bool tls_self, demo;
	struct settings settings;
	/* Commands. */
	const char *username, *name;
	bool admin;
	uint32_t uses, days;
	bool password_stdin;
	/* The supervisor's: how often core was ready before. */
	unsigned lives;
};

/* Fills in everything, from the defaults, aftertone.conf and the arguments. On failure, and for --help and --version, ends the
 * process with the fitting code after having said why. */
void options_read(int argc, char **argv, struct options *options_out);

/* "http://localhost:8080" as a browser on this machine would ask for it. */
void options_url(const struct options *options, uint16_t port, char *url_out, size_t cap);

#endif
