#include "main/options.h"

#include "base/str.h"
#include "ipc/ipc_role.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: aftertone [OPTIONS]                    serve\n"
	"       aftertone user add USERNAME --name NAME --password-stdin [--admin]\n"
	"       aftertone invite [--admin] [--uses N] [--days N]\n"
	"       aftertone link USERNAME                one-time sign-in link\n"
	"       aftertone settings                     every setting: value, unit, range, meaning\n"
	"\n"
	"  --listen ADDR:PORT   127.0.0.1:8080; port 0 takes any free one\n"
	"  --media ADDR:PORT    where calls' media comes in, UDP and TCP: everywhere, one port above --listen's\n"
	"  --media-address A    what clients are told to send media to, with :PORT if that differs; may be given\n"
	"                       often, or with commas. For a server behind NAT or in a container\n"
	"  --data DIR           ./data\n"
	"  --web DIR            the built web client, web/dist\n"
	"  --set NAME=VALUE     a setting; may be given often\n"
	"  --config FILE        settings, a line each; else aftertone.conf in the data directory\n"
	"  --tls-cert FILE --tls-key FILE   HTTPS with this certificate\n"
	"  --tls self           HTTPS with a certificate authority of its own in the data directory\n"
	"  --demo               three ready accounts: Ana, Ben, and Carla, who never answers\n"
	"  --version, --help\n";

_Noreturn static void fail(const char *fmt, ...) AT_PRINTF(1, 2);
_Noreturn static void fail(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "aftertone: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(IPC_EXIT_CONFIG);
}

struct arguments {
	int argc, next;
	char **argv;
	const char **sets;
	size_t sets_n;
};

static const char *value_of(struct arguments *args, const char *option)
{
	if (args->next >= args->argc)
		fail("%s wants a value", option);
	return args->argv[args->next++];
}

static uint32_t number_of(struct arguments *args, const char *option, uint32_t max)
{
	const char *text = value_of(args, option);
	uint64_t number;
	if (at_parse_u64(text, strlen(text), max, &number) || number < 1)
		fail("%s is a whole number from 1 to %u, not \"%s\"", option, max, text);
	return (uint32_t)number;
}

static uint16_t read_listen(const char *option, const char *text, char addr_out[64])
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (!colon || at_parse_u64(colon + 1, strlen(colon + 1), 65535, &port))
		fail("%s is ADDR:PORT, not \"%s\"", option, text);
	size_t len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (!len || len >= 64)
		fail("%s wants an address before the port, such as 127.0.0.1 or 0.0.0.0", option);
	memcpy(addr_out, text, len);
	addr_out[len] = '\0';
	if (at_str_eq(addr_out, "localhost"))
		snprintf(addr_out, 64, "127.0.0.1");
	return (uint16_t)port;
}

static void read_media(struct options *o, const char *text)
{
	o->media.port = read_listen("--media", text, o->media_listen_addr);
	o->media_given = true;
	bool everywhere = at_str_eq(o->media_listen_addr, "0.0.0.0") || at_str_eq(o->media_listen_addr, "::");
	o->media.listen_addr = everywhere ? NULL : o->media_listen_addr;
}

static void read_media_addresses(struct options *o, const char *text)
{
	for (const char *end; text; text = end ? end + 1 : NULL) {
		char one[64];
		end = strchr(text, ',');
		size_t len = end ? (size_t)(end - text) : strlen(text);
		if (o->media.announced_count == MEDIA_ADDRESSES_MAX)
			fail("--media-address: at most %d", MEDIA_ADDRESSES_MAX);
		snprintf(one, sizeof(one), "%.*s", (int)(len < sizeof(one) ? len : sizeof(one) - 1), text);
		if (len >= sizeof(one) ||
		    media_address_parse(one, &o->media.announced[o->media.announced_count]) != AT_OK)
			fail("--media-address is an IPv4 or IPv6 address, with :PORT or not, not \"%.*s\"", (int)len,
			     text);
		o->media.announced_count++;
	}
}

/* Unless it was said where: one above the web's, so that two servers on a machine do not meet. */
static void choose_media_port(struct options *o)
{
	if (o->media_given)
		return;
	if (o->settings.media_port)
		o->media.port = (uint16_t)o->settings.media_port;
	else if (o->port && o->port < 65535)
		o->media.port = (uint16_t)(o->port + 1);
}

/* Options with a value that is only kept. */
static bool read_text_option(struct options *o, struct arguments *args, const char *option)
{
	const struct {
		const char *name;
		const char **to;
	} texts[] = {
		{"--data", &o->data},         {"--web", &o->web},         {"--config", &o->config},
		{"--tls-cert", &o->tls_cert}, {"--tls-key", &o->tls_key}, {"--name", &o->name},
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (at_str_eq(option, texts[i].name)) {
			*texts[i].to = value_of(args, option);
			o->web_given = o->web_given || at_str_eq(option, "--web");
			return true;
		}
	}
	return false;
}

static bool read_flag(struct options *o, const char *option)
{
	const struct {
		const char *name;
		bool *to;
	} flags[] = {{"--demo", &o->demo}, {"--admin", &o->admin}, {"--password-stdin", &o->password_stdin}};
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (at_str_eq(option, flags[i].name))
			return *flags[i].to = true;
	}
	return false;
}

static void read_option(struct options *o, struct arguments *args, const char *option)
{
	if (at_str_eq(option, "--help") || at_str_eq(option, "-h")) {
		fputs(usage, stdout);
		exit(0);
	} else if (at_str_eq(option, "--version")) {
		puts("aftertone " AT_VERSION);
		exit(0);
	} else if (at_str_eq(option, "--listen")) {
		o->port = read_listen(option, value_of(args, option), o->listen_addr);
	} else if (at_str_eq(option, "--media")) {
		read_media(o, value_of(args, option));
	} else if (at_str_eq(option, "--media-address")) {
		read_media_addresses(o, value_of(args, option));
	} else if (at_str_eq(option, "--set")) {
		args->sets[args->sets_n++] = value_of(args, option);
	} else if (at_str_eq(option, "--uses")) {
		o->uses = number_of(args, option, 1000);
	} else if (at_str_eq(option, "--days")) {
		o->days = number_of(args, option, 365);
	} else if (at_str_eq(option, "--tls")) {
		if (!at_str_eq(value_of(args, option), "self"))
			fail("--tls knows \"self\" only; else give --tls-cert and --tls-key");
		o->tls_self = true;
	} else if (!read_text_option(o, args, option) && !read_flag(o, option)) {
		fail("there is no option %s (--help lists them)", option);
	}
}

static void read_word(struct options *o, struct arguments *args, const char *word)
{
	if (o->command == COMMAND_SERVE && at_str_eq(word, "user") && args->next < args->argc &&
	    at_str_eq(args->argv[args->next], "add")) {
		args->next++;
		o->command = COMMAND_USER_ADD;
	} else if (o->command == COMMAND_SERVE && at_str_eq(word, "invite")) {
		o->command = COMMAND_INVITE;
	} else if (o->command == COMMAND_SERVE && at_str_eq(word, "link")) {
		o->command = COMMAND_LINK;
	} else if (o->command == COMMAND_SERVE && at_str_eq(word, "settings")) {
		o->command = COMMAND_SETTINGS;
	} else if (o->command == COMMAND_SERVE && at_str_eq(word, "tables")) {
		o->command = COMMAND_TABLES; /* for the tests: what docs/protocol.md is compared with */
	} else if ((o->command == COMMAND_USER_ADD || o->command == COMMAND_LINK) && !o->username) {
		o->username = word;
	} else {
		fail("what is \"%s\"? (--help)", word);
	}
}

static void read_settings(struct options *o, const struct arguments *args)
{
	const char *why = NULL;
	char path[4096];
	snprintf(path, sizeof(path), "%s/aftertone.conf", o->data);
	settings_default(&o->settings);
	enum at_err err = settings_read(&o->settings, o->config ? o->config : path, &why);
	if (err == AT_ERR_NOT_FOUND && o->config)
		fail("%s: no such file", o->config);
	if (err && err != AT_ERR_NOT_FOUND)
		fail("%s", why);
	for (size_t i = 0; i < args->sets_n; i++)
		if (settings_set(&o->settings, args->sets[i], &why))
			fail("%s", why);
	if (settings_finish(&o->settings, &why))
		fail("%s", why);
}

static void check(const struct options *o)
{
	if (o->command == COMMAND_USER_ADD && (!o->username || !o->name || !o->password_stdin))
		fail("user add USERNAME --name NAME --password-stdin [--admin]");
	if (o->command == COMMAND_LINK && !o->username)
		fail("link USERNAME");
	if (!o->tls_cert != !o->tls_key)
		fail("--tls-cert and --tls-key go together");
	if (o->tls_cert && o->tls_self)
		fail("--tls self makes its own certificate: leave out --tls-cert");
}

void options_read(int argc, char **argv, struct options *options_out)
{
	struct options *o = options_out;
	*o = (struct options){.port = 8080, .data = "data", .web = "web/dist", .uses = 1, .days = 7};
	snprintf(o->listen_addr, sizeof(o->listen_addr), "127.0.0.1");
	struct arguments args = {.argc = argc,
				 .next = 1,
				 .argv = argv,
				 .sets = calloc((size_t)argc + 1, sizeof(char *))};
	AT_ASSERT(args.sets);
	while (args.next < argc) {
		const char *word = argv[args.next++];
		if (word[0] == '-')
			read_option(o, &args, word);
		else
			read_word(o, &args, word);
	}
	check(o);
	read_settings(o, &args);
	choose_media_port(o);
	free(args.sets);
	at_log_set_level(o->settings.log_level);
}

void options_url(const struct options *o, uint16_t port, char *url_out, size_t cap)
{
	if (*o->settings.origin) {
		snprintf(url_out, cap, "%s", o->settings.origin);
		return;
	}
	bool tls = o->tls_self || o->tls_cert;
	bool local = at_str_eq(o->listen_addr, "127.0.0.1") || at_str_eq(o->listen_addr, "::1") ||
		     at_str_eq(o->listen_addr, "0.0.0.0") || at_str_eq(o->listen_addr, "::");
	const char *host = local ? "localhost" : o->listen_addr;
	bool v6 = strchr(host, ':');
	snprintf(url_out, cap, "%s://%s%s%s:%u", tls ? "https" : "http", v6 ? "[" : "", host, v6 ? "]" : "",
		 (unsigned)port);
}
