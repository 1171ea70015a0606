#include "main/commands.h"

#include "base/rand.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };

/* ---- people, straight from the store ---- */

struct search {
	const char *username; /* NULL: anybody */
	uint64_t id;
};

static enum at_err look_at(void *arg, const void *row)
{
	struct search *search = arg;
	const struct store_user *user = row;
	if (!search->username || at_str_eq(user->username, search->username))
		search->id = user->id;
	return AT_OK;
}

static enum at_err search_job(struct store_tx *tx, void *msg)
{
	return store_each_user(tx, look_at, msg);
}

/* id 0 when there is none. */
static enum at_err find_user(struct store *store, const char *username, uint64_t *id_out)
{
	struct search search = {.username = username};
	enum at_err err = store_run_now(store, search_job, &search);
	*id_out = search.id;
	return err;
}

static enum at_err add_link(struct store *store, struct links *links, const char *words, uint64_t user, bool admin,
			    int64_t valid_ms)
{
	char token[AUTH_TOKEN_LEN + 1];
	enum at_err err = auth_invite_now(store, user, 1, valid_ms, admin, token);
	if (err)
		return err;
	AT_ASSERT(links->n < LINKS_MAX);
	links->link[links->n].words = words;
	snprintf(links->link[links->n].fragment, sizeof(links->link[0].fragment), "#%c=%s", user ? 'l' : 'i', token);
	links->n++;
	return AT_OK;
}

/* ---- the first start ---- */

static enum at_err demo_user(struct store *store, const char *username, const char *name, bool admin, uint64_t *id_out)
{
	enum at_err err = find_user(store, username, id_out);
	if (err || *id_out)
		return err;
	/* Nobody needs to know it: they come in by link. */
	uint8_t secret[24];
	char password[sizeof(secret) * 2 + 1];
	at_rand(secret, sizeof(secret));
	at_hex(secret, sizeof(secret), password);
	return auth_user_add_now(store, username, name, password, admin, id_out);
}

static enum at_err demo_links(struct store *store, struct links *links)
{
	static const struct {
		const char *username, *name, *words;
		bool admin;
	} people[] = {
		{"ana", "Ana", "sign in as Ana", true},
		{"ben", "Ben", "sign in as Ben", false},
		{"carla", "Carla",
		 "Carla never answers: call her as Ana. Her own link, to look at it from her side later", false},
	};
	for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
		uint64_t id;
		enum at_err err = demo_user(store, people[i].username, people[i].name, people[i].admin, &id);
		if (!err)
			err = add_link(store, links, people[i].words, id, false, DAY_MS);
		if (err)
			return err;
	}
	return AT_OK;
}

enum at_err commands_first_links(struct store *store, bool demo, struct links *links_out)
{
	uint64_t anybody;
	*links_out = (struct links){.n = 0};
	if (demo)
		return demo_links(store, links_out);
	enum at_err err = find_user(store, NULL, &anybody);
	if (err || anybody)
		return err;
	return add_link(store, links_out, "create the first account, an admin's (good for one hour, once)", 0, true,
			HOUR_MS);
}

/* ---- commands ---- */

static int explain(const char *what, enum at_err err)
{
	fprintf(stderr, "aftertone: %s: %s\n", what, at_err_name(err));
	return 1;
}

static bool read_password(char *password, size_t cap)
{
	if (!fgets(password, (int)cap, stdin))
		return false;
	password[strcspn(password, "\r\n")] = '\0';
	return true;
}

static int user_add(const struct options *o, struct store *store)
{
	char password[512];
	uint64_t id;
	if (!read_password(password, sizeof(password)))
		return explain("no password on standard input", AT_ERR_BAD_REQUEST);
	enum at_err err = auth_user_add_now(store, o->username, o->name, password, o->admin, &id);
	explicit_bzero(password, sizeof(password));
	if (err == AT_ERR_BAD_REQUEST) {
		fprintf(stderr, "aftertone: a username is 1 to 32 of a-z 0-9 . _ -, a name 1 to 64 bytes, a password 8 "
				"to 256 bytes "
				"and not the username\n");
		return 1;
	}
	if (err)
		return explain(o->username, err);
	printf("added %s\n", o->username);
	return 0;
}

static int print_link(const struct options *o, char kind, const char *token)
{
	char url[384];
	options_url(o, o->port, url, sizeof(url));
	printf("%s/#%c=%s\n", url, kind, token);
	return 0;
}

static int invite(const struct options *o, struct store *store)
{
	char token[AUTH_TOKEN_LEN + 1];
	enum at_err err = auth_invite_now(store, 0, o->uses, (int64_t)o->days * DAY_MS, o->admin, token);
	return err ? explain("invite", err) : print_link(o, 'i', token);
}

static int sign_in_link(const struct options *o, struct store *store)
{
	char token[AUTH_TOKEN_LEN + 1];
	uint64_t id;
	enum at_err err = find_user(store, o->username, &id);
	if (!err && !id)
		err = AT_ERR_NOT_FOUND;
	if (!err)
		err = auth_invite_now(store, id, 1, DAY_MS, false, token);
	return err ? explain(o->username, err) : print_link(o, 'l', token);
}

int commands_run(const struct options *o)
{
	struct store *store = NULL;
	if (o->command == COMMAND_SETTINGS) {
		settings_print(&o->settings, stdout);
		return 0;
	}
	if (o->command == COMMAND_TABLES) {
		api_table_print(stdout);
		return 0;
	}
	at_log_set_level(AT_LOG_WARN);
	enum at_err err = store_open(o->data, NULL, &store);
	if (err == AT_ERR_BUSY) {
		fprintf(stderr, "aftertone: a server is using %s: stop it first, or invite people from within\n",
			o->data);
		return 1;
	}
	if (err)
		return explain(o->data, err);
	int code = o->command == COMMAND_USER_ADD ? user_add(o, store)
		   : o->command == COMMAND_INVITE ? invite(o, store)
						  : sign_in_link(o, store);
	store_close(&store);
	return code;
}
