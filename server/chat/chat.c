#include "chat/chat_priv.h"

#include "base/log.h"

struct pair {
	uint64_t a, b;
};

static struct pair direct_key(uint64_t a, uint64_t b)
{
	return a < b ? (struct pair){a, b} : (struct pair){b, a};
}

/* ---- what is in memory ---- */

struct chat_conv *chat_conv_of(const struct chat *chat, uint64_t conv)
{
	return at_map_get_u64(chat->convs, conv);
}

struct chat_member *chat_member_ever(const struct chat_conv *conv, uint64_t user)
{
	if (conv->by_user != NULL)
		return at_map_get_u64(conv->by_user, user);
	for (size_t i = 0; i < conv->n; i++)
		if (conv->members[i]->user == user)
			return conv->members[i];
	return NULL;
}

struct chat_member *chat_member_in(const struct chat_conv *conv, uint64_t user)
{
	struct chat_member *member = chat_member_ever(conv, user);

	return member != NULL && member->left_seq == 0 ? member : NULL;
}

struct chat_member *chat_member_of(const struct chat *chat, uint64_t conv, uint64_t user)
{
	const struct chat_conv *found = chat_conv_of(chat, conv);

	return found != NULL ? chat_member_in(found, user) : NULL;
}

const struct chat_member *chat_reader_of(const struct chat *chat, uint64_t conv, uint64_t user)
{
	const struct chat_conv *found = chat_conv_of(chat, conv);

	if (found == NULL)
		return NULL;
	return found->kind == STORE_GROUP ? chat_member_ever(found, user) : chat_member_in(found, user);
}

struct chat_member *chat_other(const struct chat_conv *conv, uint64_t user)
{
	if (conv->kind != STORE_DIRECT)
		return NULL;
	return conv->members[0]->user == user ? conv->members[1] : conv->members[0];
}

static struct chat_user *user_of(struct chat *chat, uint64_t id)
{
	struct chat_user *user = at_map_get_u64(chat->users, id);

	if (user != NULL)
		return user;
	user = at_alloc(sizeof(*user));
	at_list_init(&user->members);
	(void)at_map_put_u64(chat->users, id, user);
	return user;
}

struct chat_member *chat_member_add(struct chat *chat, struct chat_conv *conv, uint64_t user)
{
	struct chat_member *member = at_alloc(sizeof(*member));

	if (conv->n == conv->cap) {
		conv->cap = conv->cap != 0 ? conv->cap * 2 : 2;
		conv->members = at_realloc(conv->members, conv->cap * sizeof(struct chat_member *));
	}
	conv->members[conv->n++] = member;
	member->conv = conv;
	member->user = user;
	at_list_push(&user_of(chat, user)->members, &member->of_user);
	if (conv->by_user != NULL)
		(void)at_map_put_u64(conv->by_user, user, member);
	return member;
}

struct chat_conv *chat_conv_add(struct chat *chat, const struct store_conv *conv, const uint64_t *users, size_t n)
{
	struct chat_conv *added = at_alloc(sizeof(*added));

	AT_ASSERT(conv->kind != STORE_DIRECT || n == 2);
	added->id = conv->id;
	added->kind = conv->kind;
	added->opened_by = conv->opened_by;
	added->last_seq = conv->last_seq;
	if (conv->kind == STORE_GROUP)
		added->by_user = at_map_new();
	for (size_t i = 0; i < n; i++)
		(void)chat_member_add(chat, added, users[i]);
	(void)at_map_put_u64(chat->convs, added->id, added);
	if (conv->kind == STORE_DIRECT) {
		struct pair key = direct_key(users[0], users[1]);

		(void)at_map_put(chat->directs, &key, sizeof(key), added);
	}
	return added;
}

static void conv_free(struct chat_conv *conv)
{
	for (size_t i = 0; i < conv->n; i++) {
		at_bytes_unref(&conv->members[i]->about);
		at_free(conv->members[i]);
	}
	at_free(conv->members);
	at_map_free(&conv->by_user);
	at_bytes_unref(&conv->about);
	at_free(conv->name);
	at_free(conv);
}

/* ---- loading ---- */

struct loading {
	struct chat *chat;
	struct store_conv *convs;
	struct store_member *members;
	size_t n_convs, cap_convs, n_members, cap_members;
};

static void *room(void *items, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap != 0 ? *cap * 2 : 64;
	return at_realloc(items, *cap * size);
}

static enum at_err on_conv(void *arg, const void *row)
{
	struct loading *load = arg;

	load->convs = room(load->convs, load->n_convs, &load->cap_convs, sizeof(*load->convs));
	struct store_conv *conv = &load->convs[load->n_convs++];

	*conv = *(const struct store_conv *)row;
	conv->name = at_strdup(conv->name);
	return AT_OK;
}

static enum at_err on_member(void *arg, const void *row)
{
	struct loading *load = arg;

	load->members = room(load->members, load->n_members, &load->cap_members, sizeof(*load->members));
	struct store_member *member = &load->members[load->n_members++];

	*member = *(const struct store_member *)row;
	member->left_name = *member->left_name != '\0' ? at_strdup(member->left_name) : NULL;
	return AT_OK;
}

static void block_put(struct chat *chat, uint64_t user, uint64_t blocked, bool on)
{
	struct pair key = {user, blocked};

	if (on)
		(void)at_map_put(chat->blocks, &key, sizeof(key), chat);
	else
		(void)at_map_del(chat->blocks, &key, sizeof(key));
}

static enum at_err on_block(void *arg, const void *row)
{
	const struct loading *load = arg;
	const uint64_t *pair = row;

	block_put(load->chat, pair[0], pair[1], true);
	return AT_OK;
}

static enum at_err load_job(struct store_tx *tx, void *msg)
{
	enum at_err err = store_each_conv(tx, on_conv, msg);

	if (err == AT_OK)
		err = store_each_member(tx, on_member, msg);
	if (err == AT_OK)
		err = store_each_block(tx, on_block, msg);
	return err;
}

static void load_conv(struct chat *chat, const struct store_conv *conv, const struct store_member *members, size_t n)
{
	uint64_t *users = at_alloc((n + 1) * sizeof(*users));

	for (size_t i = 0; i < n; i++)
		users[i] = members[i].user;
	struct chat_conv *added = chat_conv_add(chat, conv, users, n);

	for (size_t i = 0; i < n; i++) {
		struct chat_member *member = added->members[i];

		member->joined_seq = members[i].joined_seq;
		member->left_seq = members[i].left_seq;
		member->delivered = members[i].delivered;
		member->read = members[i].read;
		member->admin = members[i].admin;
		if (members[i].left_seq != 0)
			chat_group_part(chat, member, members[i].left_name != NULL ? members[i].left_name : "");
		member->knows = conv->last_seq > 0 || conv->opened_by == users[i];
	}
	at_free(users);
	if (conv->kind == STORE_GROUP) {
		chat_group_load(added, conv);
		chat_group_describe(chat, added);
	}
}

/* Both lists come in order of the chat's id. */
static void load_all(const struct loading *load)
{
	size_t at = 0;

	for (size_t i = 0; i < load->n_convs; i++) {
		size_t n = 0;

		while (at + n < load->n_members && load->members[at + n].conv == load->convs[i].id)
			n++;
		load_conv(load->chat, &load->convs[i], load->members + at, n);
		at += n;
	}
	AT_ASSERT(at == load->n_members);
}

static void on_flush(void *arg)
{
	chat_flush_marks(arg);
	chat_flush_states(arg);
}

void chat_flush_soon(struct chat *chat)
{
	if (!at_timer_active(chat->flush))
		at_timer_start(chat->flush, CHAT_FLUSH_MS, 0);
}

enum at_err chat_new(struct at_loop *loop, struct store *store, struct hub *hub, const struct chat_people *people,
		     struct chat **chat_out)
{
	struct chat *chat = at_alloc(sizeof(*chat));
	struct loading load = {.chat = chat};

	*chat = (struct chat){.loop = loop, .store = store, .hub = hub, .people = *people};
	chat->convs = at_map_new();
	chat->directs = at_map_new();
	chat->users = at_map_new();
	chat->blocks = at_map_new();
	chat->states = at_map_new();
	at_list_init(&chat->dirty);
	chat->flush = at_timer_new(loop, on_flush, chat);
	at_buf_init(&chat->out, CHAT_OUT_MAX);
	enum at_err err = store_run_now(store, load_job, &load);

	if (err == AT_OK)
		load_all(&load);
	for (size_t i = 0; i < load.n_convs; i++)
		at_free((char *)(uintptr_t)load.convs[i].name);
	at_free(load.convs);
	for (size_t i = 0; i < load.n_members; i++)
		at_free((char *)(uintptr_t)load.members[i].left_name);
	at_free(load.members);
	*chat_out = chat;
	if (err != AT_OK)
		chat_free(chat_out);
	return err;
}

static void free_convs(struct chat *chat)
{
	size_t pos = 0;

	for (struct chat_conv *conv; (conv = at_map_next(chat->convs, &pos)) != NULL;)
		conv_free(conv);
	at_map_free(&chat->convs);
}

static void free_users(struct chat *chat)
{
	size_t pos = 0;

	for (struct chat_user *user; (user = at_map_next(chat->users, &pos)) != NULL;)
		at_free(user);
	at_map_free(&chat->users);
}

void chat_free(struct chat **chat)
{
	struct chat *c = *chat;

	*chat = NULL;
	if (c == NULL)
		return;
	on_flush(c);
	store_drain(c->store);
	at_timer_free(&c->flush);
	chat_drop_states(c);
	at_map_free(&c->states);
	at_map_free(&c->blocks);
	at_map_free(&c->directs);
	free_convs(c);
	free_users(c);
	at_buf_release(&c->out);
	at_free(c);
}

/* ---- who and with whom ---- */

bool chat_is_member(const struct chat *chat, uint64_t conv, uint64_t user)
{
	return chat_member_of(chat, conv, user) != NULL;
}

uint64_t chat_peer(const struct chat *chat, uint64_t conv, uint64_t user)
{
	const struct chat_member *member = chat_member_of(chat, conv, user);
	const struct chat_member *other = member != NULL ? chat_other(member->conv, user) : NULL;

	return other != NULL ? other->user : 0;
}

static struct chat_conv *direct_of(const struct chat *chat, uint64_t a, uint64_t b)
{
	struct pair key = direct_key(a, b);

	return at_map_get(chat->directs, &key, sizeof(key));
}

uint64_t chat_direct(const struct chat *chat, uint64_t a, uint64_t b)
{
	const struct chat_conv *conv = direct_of(chat, a, b);

	return conv != NULL ? conv->id : 0;
}

bool chat_shares(const struct chat *chat, uint64_t a, uint64_t b)
{
	const struct chat_user *found = at_map_get_u64(chat->users, a);

	if (direct_of(chat, a, b) != NULL)
		return true;
	if (found == NULL)
		return false;
	AT_LIST_EACH(&found->members, it) {
		const struct chat_member *member = AT_ENTRY(it, struct chat_member, of_user);

		if (member->left_seq == 0 && member->conv->kind == STORE_GROUP &&
		    chat_member_in(member->conv, b) != NULL)
			return true;
	}
	return false;
}

bool chat_blocked(const struct chat *chat, uint64_t user, uint64_t by)
{
	struct pair key = {by, user};

	return at_map_get(chat->blocks, &key, sizeof(key)) != NULL;
}

bool chat_apart(const struct chat *chat, uint64_t a, uint64_t b)
{
	return chat_blocked(chat, a, b) || chat_blocked(chat, b, a);
}

bool chat_receipts_between(const struct chat *chat, uint64_t a, uint64_t b)
{
	return chat->people.shows_receipts(chat->people.arg, a) && chat->people.shows_receipts(chat->people.arg, b);
}

struct partners {
	struct at_map *seen;
	uint64_t *users;
	size_t n, max;
};

static void partner(struct partners *partners, uint64_t user)
{
	if (partners->n < partners->max && at_map_get_u64(partners->seen, user) == NULL) {
		(void)at_map_put_u64(partners->seen, user, partners);
		partners->users[partners->n++] = user;
	}
}

size_t chat_partners(const struct chat *chat, uint64_t user, size_t max, uint64_t *users_out)
{
	const struct chat_user *found = at_map_get_u64(chat->users, user);
	struct partners partners = {.users = users_out, .max = max};

	if (found == NULL)
		return 0;
	partners.seen = at_map_new();
	AT_LIST_EACH(&found->members, it) {
		const struct chat_member *member = AT_ENTRY(it, struct chat_member, of_user);
		const struct chat_conv *conv = member->conv;

		if (member->left_seq != 0 && conv->kind == STORE_DIRECT)
			continue;
		for (size_t i = 0; i < conv->n; i++)
			if (conv->members[i]->user != user)
				partner(&partners, conv->members[i]->user);
	}
	at_map_free(&partners.seen);
	return partners.n;
}

void chat_set_hooks(struct chat *chat, const struct chat_hooks *hooks)
{
	chat->hooks = *hooks;
}

/* ---- opening ---- */

struct opening {
	struct chat *chat;
	uint64_t user, with;
	struct store_conv conv;
	chat_conv_fn *done;
	void *arg;
};

static enum at_err open_job(struct store_tx *tx, void *msg)
{
	struct opening *open = msg;

	return store_conv_direct(tx, open->user, open->with, at_wall_ms(), &open->conv);
}

static void open_done(void *msg, enum at_err err)
{
	struct opening *open = msg;
	struct chat *chat = open->chat;
	uint64_t user = open->user;
	struct chat_conv *conv = NULL;

	if (err == AT_OK) {
		/* Both may have opened it at the same time. */
		conv = chat_conv_of(chat, open->conv.id);
		if (conv == NULL)
			conv = chat_conv_add(chat, &open->conv, (uint64_t[]){user, open->with}, 2);
	}
	open->done(open->arg, err, open->conv.id);
	at_free(open);
	if (conv != NULL && conv->last_seq == 0)
		chat_tell_conv(chat, chat_member_in(conv, user), 0, NULL);
}

void chat_open(struct chat *chat, uint64_t user, uint64_t with, chat_conv_fn *done, void *arg)
{
	const struct chat_conv *conv = direct_of(chat, user, with);

	if (user == with) {
		done(arg, AT_ERR_BAD_REQUEST, 0);
	} else if (conv != NULL) {
		done(arg, AT_OK, conv->id);
		chat_refresh_conv(chat, chat_member_of(chat, conv->id, user), true);
	} else if (!chat->people.exists(chat->people.arg, with)) {
		done(arg, AT_ERR_NOT_FOUND, 0);
	} else {
		struct opening *open = at_alloc(sizeof(*open));

		*open = (struct opening){.chat = chat, .user = user, .with = with, .done = done, .arg = arg};
		store_write(chat->store, open_job, open_done, open, 0);
	}
}

/* ---- blocking ---- */

struct blocking {
	struct chat *chat;
	uint64_t user, blocked;
	bool on;
	chat_err_fn *done;
	void *arg;
};

static enum at_err block_job(struct store_tx *tx, void *msg)
{
	const struct blocking *block = msg;

	return store_block_set(tx, block->user, block->blocked, block->on);
}

static void block_done(void *msg, enum at_err err)
{
	struct blocking *block = msg;

	struct chat *chat = block->chat;

	if (err == AT_OK)
		block_put(chat, block->user, block->blocked, block->on);
	block->done(block->arg, err);
	/* A chat that held nothing for them may be news now. */
	const struct chat_conv *conv = direct_of(chat, block->user, block->blocked);

	if (err == AT_OK && !block->on && conv != NULL)
		chat_refresh_conv(chat, chat_member_of(chat, conv->id, block->user), false);
	at_free(block);
}

void chat_block(struct chat *chat, uint64_t user, uint64_t blocked, bool on, chat_err_fn *done, void *arg)
{
	if (user == blocked || !chat->people.exists(chat->people.arg, blocked)) {
		done(arg, user == blocked ? AT_ERR_BAD_REQUEST : AT_ERR_NOT_FOUND);
		return;
	}
	struct blocking *block = at_alloc(sizeof(*block));

	*block = (struct blocking){chat, user, blocked, on, done, arg};
	store_write(chat->store, block_job, block_done, block, STORE_PLAIN);
}
