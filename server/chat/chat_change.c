/* Changes of a group. Each is one entry of its log and the rows it means, in one transaction; memory follows. */
#include "chat/chat_priv.h"

#include "base/rand.h"
#include "base/str.h"

enum did { CREATED, NAMED, PICTURED, ADDED, REMOVED, LEFT, ADMIN, UNADMIN };

static const char *const did_names[] = {"created", "named", "pictured", "added", "removed", "left", "admin", "unadmin"};

/* On its way to the store and back. */
struct change {
	struct chat *chat;
	enum did did;
	struct chat_asker asker;
	uint64_t conv; /* 0: about to be made */
	char *name;
	char *left_name; /* of the group, as who leaves it keeps it */
	struct at_id picture;
	const char *mime;
	struct at_bytes *bytes; /* of the picture */
	/* whom it is about, and what they are then */
	struct store_member *members;
	size_t n;
	/* ---- creation ---- */
	struct store_conv made;
	struct store_entry entry;
	bool duplicate;
	char *body;
	/* ---- the answer ---- */
	chat_appended_fn *done;
	chat_conv_fn *created;
	void *arg;
};

static struct change *change_new(struct chat *chat, enum did did, const struct chat_asker *asker, uint64_t conv)
{
	struct change *change = at_alloc(sizeof(*change));

	*change = (struct change){.chat = chat, .did = did, .asker = *asker, .conv = conv};
	return change;
}

static void change_free(struct change *change)
{
	at_bytes_unref(&change->bytes);
	at_free(change->name);
	at_free(change->left_name);
	at_free(change->members);
	at_free(change->body);
	at_free(change);
}

static void add_member(struct change *change, uint64_t user, const struct chat_member *known)
{
	struct store_member *row = &change->members[change->n++];

	*row = (struct store_member){.conv = change->conv, .user = user};
	if (known != NULL) {
		row->joined_seq = known->joined_seq;
		row->admin = known->admin;
	}
}

static void room_for(struct change *change, size_t n)
{
	change->members = at_alloc((n + 1) * sizeof(*change->members));
}

/* {did, users?, name?} in chat->out. */
static void write_body(struct chat *chat, const struct change *change)
{
	at_buf_clear(&chat->out);
	struct wire_out w = wire_out_begin(&chat->out);

	wire_obj(&w, NULL);
	wire_str(&w, "did", did_names[change->did]);
	if (change->name != NULL)
		wire_str(&w, "name", change->name);
	if (change->n > 0) {
		wire_arr(&w, "users");
		for (size_t i = 0; i < change->n; i++)
			if (change->did != CREATED || change->members[i].user != change->asker.user)
				wire_int(&w, NULL, (int64_t)change->members[i].user);
		wire_arr_end(&w);
	}
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK);
}

/* ---- in the store ---- */

static enum at_err put_members(struct store_tx *tx, struct change *change, uint64_t seq)
{
	enum at_err err = AT_OK;

	for (size_t i = 0; i < change->n && err == AT_OK; i++) {
		struct store_member *row = &change->members[i];

		if (change->did == ADDED)
			row->joined_seq = row->delivered = row->read = seq - 1;
		if (change->did == REMOVED || change->did == LEFT) {
			row->left_seq = seq;
			row->left_name = change->left_name;
		}
		err = store_member_put(tx, row);
	}
	return err;
}

static enum at_err put_conv(struct store_tx *tx, struct change *change)
{
	struct store_conv row = {.id = change->conv, .name = change->name, .picture = change->picture};
	enum at_err err = AT_OK;

	if (change->bytes != NULL)
		err = store_picture_add(tx, &(struct store_picture){change->picture, change->conv, change->mime,
								    change->bytes->data, change->bytes->len});
	if (err == AT_OK)
		err = store_conv_put(tx, &row);
	return err == AT_OK ? store_picture_keep(tx, change->conv, &change->picture) : err;
}

static enum at_err with_entry(struct store_tx *tx, const struct store_entry *entry, void *arg)
{
	struct change *change = arg;

	if (change->did == NAMED || change->did == PICTURED)
		return put_conv(tx, change);
	return put_members(tx, change, entry->seq);
}

/* ---- in memory ---- */

static void apply_member(struct chat *chat, struct chat_conv *conv, const struct store_member *row)
{
	struct chat_member *member = chat_member_ever(conv, row->user);

	if (member == NULL)
		member = chat_member_add(chat, conv, row->user);
	bool is_in = row->left_seq == 0;

	if (member->left_seq != 0 && is_in)
		member->knows = false; /* back again: it is news to them */
	member->joined_seq = row->joined_seq;
	member->left_seq = row->left_seq;
	member->admin = row->admin && is_in;
	chat_group_part(chat, member, is_in ? NULL : row->left_name);
	member->delivered = row->delivered > member->delivered ? row->delivered : member->delivered;
	member->read = row->read > member->read ? row->read : member->read;
}

static void apply(struct chat *chat, struct chat_conv *conv, const struct change *change)
{
	for (size_t i = 0; i < change->n; i++)
		apply_member(chat, conv, &change->members[i]);
	if (change->did == NAMED || change->did == PICTURED) {
		at_free(conv->name);
		conv->name = at_strdup(change->name);
		conv->picture = change->picture;
	}
	chat_group_describe(chat, conv);
}

/* After the entry has gone out: the chat as it is now, to all in it and to who has just left. */
static void tell_all(struct chat *chat, struct chat_conv *conv, uint64_t seq)
{
	for (size_t i = 0; i < conv->n; i++) {
		const struct chat_member *member = conv->members[i];

		if ((member->left_seq == 0 || member->left_seq == seq) && hub_reachable(chat->hub, member->user) > 0)
			chat_refresh_conv(chat, member, true);
	}
}

static void tell_membership(struct chat *chat, const struct change *change)
{
	for (size_t i = 0; i < change->n && chat->on_membership != NULL; i++)
		chat->on_membership(chat->membership_arg, change->conv, change->members[i].user,
				    change->members[i].left_seq == 0);
}

static void promote(struct chat *chat, struct chat_conv *conv);

static void changed(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	struct change *change = arg;
	struct chat *chat = change->chat;
	struct chat_conv *conv = chat_conv_of(chat, change->conv);
	bool fresh = err == AT_OK && !duplicate;

	if (fresh)
		apply(chat, conv, change);
	if (change->done != NULL)
		change->done(change->arg, err, seq, ts, duplicate);
	if (fresh) {
		/* The entry's own event follows this callback; the reads behind these come later still. */
		tell_all(chat, conv, seq);
		tell_membership(chat, change);
		promote(chat, conv);
	}
	change_free(change);
}

static void go(struct change *change, chat_appended_fn *done, void *arg)
{
	struct chat *chat = change->chat;

	write_body(chat, change);
	struct chat_append entry = {
		.conv = change->conv,
		.author = change->asker.user,
		.device = change->asker.device,
		.cid = change->asker.cid,
		.kind = STORE_GROUP_CHANGE,
		.body = (const char *)chat->out.data,
		.body_len = chat->out.len,
		.with = with_entry,
	};
	change->done = done;
	change->arg = arg;
	chat_append(chat, &entry, changed, change);
}

/* The server's own doing: nobody is left who could. */
static void promote(struct chat *chat, struct chat_conv *conv)
{
	struct chat_member *heir = chat_group_heir(conv);

	if (heir == NULL)
		return;
	struct change *change = change_new(chat, ADMIN, &(struct chat_asker){.user = heir->user}, conv->id);

	heir->admin = true; /* from now on, so that it is done once */
	room_for(change, 1);
	add_member(change, heir->user, heir);
	go(change, NULL, NULL);
}

/* ---- asking for one ---- */

/* At least one character that shows, at most CHAT_GROUP_NAME_MAX, none of control. */
static enum at_err check_name(const char *name)
{
	size_t chars = 0;
	bool shows = false;

	for (const char *p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return AT_ERR_BAD_REQUEST;
		shows = shows || *p != ' ';
		chars += (*p & 0xc0) != 0x80;
	}
	return !shows || chars > CHAT_GROUP_NAME_MAX ? AT_ERR_BAD_REQUEST : AT_OK;
}

static struct chat_conv *group_of(const struct chat *chat, uint64_t conv, uint64_t user, bool as_admin)
{
	const struct chat_member *member = chat_member_of(chat, conv, user);

	if (member == NULL || member->conv->kind != STORE_GROUP || (as_admin && !member->admin))
		return NULL;
	return member->conv;
}

/* A repeated command must find its first answer even where the change itself makes it impossible now (who left is no member). */
struct again {
	struct chat *chat;
	struct chat_asker asker;
	uint64_t conv;
	enum at_err refused;
	struct store_entry entry;
	chat_appended_fn *done;
	void *arg;
};

static enum at_err again_job(struct store_tx *tx, void *msg)
{
	struct again *again = msg;
	enum at_err err = store_entry_of_cid(tx, again->asker.device, again->asker.cid, &again->entry);

	if (err != AT_OK)
		return err;
	return again->entry.conv == again->conv && again->entry.kind == STORE_GROUP_CHANGE ? AT_OK : AT_ERR_NOT_FOUND;
}

static void again_done(void *msg, enum at_err err)
{
	struct again *again = msg;

	if (err == AT_OK)
		again->done(again->arg, AT_OK, again->entry.seq, again->entry.ts, true);
	else
		again->done(again->arg, again->refused, 0, 0, false);
	at_free(again);
}

static void refuse(struct chat *chat, const struct chat_asker *asker, uint64_t conv, enum at_err err,
		   chat_appended_fn *done, void *arg)
{
	if (chat_conv_of(chat, conv) == NULL || !chat_is_group(chat, conv) ||
	    chat_reader_of(chat, conv, asker->user) == NULL) {
		done(arg, AT_ERR_NOT_FOUND, 0, 0, false);
		return;
	}
	struct again *again = at_alloc(sizeof(*again));

	*again = (struct again){.chat = chat, .asker = *asker, .conv = conv, .refused = err, .done = done, .arg = arg};
	store_read(chat->store, again_job, again_done, again);
}

void chat_group_name(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const char *name,
		     chat_appended_fn *done, void *arg)
{
	const struct chat_conv *group = group_of(chat, conv, asker->user, false);
	enum at_err err = group == NULL ? AT_ERR_NOT_FOUND : check_name(name);

	if (err != AT_OK) {
		done(arg, err, 0, 0, false);
		return;
	}
	struct change *change = change_new(chat, NAMED, asker, conv);

	change->name = at_strdup(name);
	change->picture = group->picture;
	go(change, done, arg);
}

static const char *picture_mime(const uint8_t *bytes, size_t len)
{
	if (len >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
		return "image/jpeg";
	if (len >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
		return "image/png";
	if (len >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
		return "image/webp";
	return NULL;
}

void chat_group_picture(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const void *bytes, size_t len,
			chat_appended_fn *done, void *arg)
{
	const struct chat_conv *group = group_of(chat, conv, asker->user, false);
	const char *mime = len > 0 ? picture_mime(bytes, len) : NULL;
	enum at_err err = group == NULL             ? AT_ERR_NOT_FOUND
			  : len > STORE_PICTURE_MAX ? AT_ERR_TOO_LARGE
			  : len > 0 && mime == NULL ? AT_ERR_UNSUPPORTED
						    : AT_OK;

	if (err != AT_OK) {
		done(arg, err, 0, 0, false);
		return;
	}
	struct change *change = change_new(chat, PICTURED, asker, conv);

	change->name = at_strdup(group->name);
	change->mime = mime;
	if (len > 0) {
		change->bytes = at_bytes_new(bytes, len);
		at_rand(&change->picture, sizeof(change->picture));
	}
	go(change, done, arg);
}

static size_t present(const struct chat_conv *conv)
{
	size_t n = 0;

	for (size_t i = 0; i < conv->n; i++)
		n += conv->members[i]->left_seq == 0;
	return n;
}

static bool named_already(const struct change *change, uint64_t user)
{
	for (size_t i = 0; i < change->n; i++)
		if (change->members[i].user == user)
			return true;
	return false;
}

/* Those who are not in yet, each once. NOT_FOUND: somebody there is none of, or who has blocked the asker. */
static enum at_err collect(struct change *change, const struct chat_conv *group, const uint64_t *users, size_t n)
{
	const struct chat *chat = change->chat;

	for (size_t i = 0; i < n; i++) {
		bool is_in = group != NULL && chat_member_in(group, users[i]) != NULL;

		if (!chat->people.exists(chat->people.arg, users[i]) ||
		    (!is_in && chat_blocked(chat, change->asker.user, users[i])))
			return AT_ERR_NOT_FOUND;
		if (!is_in && !named_already(change, users[i]))
			add_member(change, users[i], NULL);
	}
	return AT_OK;
}

void chat_group_add(struct chat *chat, const struct chat_asker *asker, uint64_t conv, const uint64_t *users, size_t n,
		    chat_appended_fn *done, void *arg)
{
	const struct chat_conv *group = group_of(chat, conv, asker->user, true);

	if (group == NULL) {
		done(arg, AT_ERR_NOT_FOUND, 0, 0, false);
		return;
	}
	struct change *change = change_new(chat, ADDED, asker, conv);

	room_for(change, n);
	enum at_err err = collect(change, group, users, n);

	if (err == AT_OK && present(group) + change->n > CHAT_GROUP_MEMBERS_MAX)
		err = AT_ERR_TOO_LARGE;
	if (err == AT_OK && change->n > 0) {
		go(change, done, arg);
		return;
	}
	change_free(change);
	refuse(chat, asker, conv, err != AT_OK ? err : AT_ERR_CONFLICT, done, arg);
}

void chat_group_remove(struct chat *chat, const struct chat_asker *asker, uint64_t conv, uint64_t user,
		       chat_appended_fn *done, void *arg)
{
	bool leaves = user == asker->user;
	const struct chat_conv *group = group_of(chat, conv, asker->user, !leaves);
	const struct chat_member *member = group != NULL ? chat_member_in(group, user) : NULL;

	if (member == NULL) {
		refuse(chat, asker, conv, AT_ERR_NOT_FOUND, done, arg);
		return;
	}
	struct change *change = change_new(chat, leaves ? LEFT : REMOVED, asker, conv);

	change->left_name = at_strdup(group->name);
	room_for(change, 1);
	add_member(change, user, member);
	change->members[0].admin = false;
	go(change, done, arg);
}

static size_t count_admins(const struct chat_conv *conv)
{
	size_t n = 0;

	for (size_t i = 0; i < conv->n; i++)
		n += conv->members[i]->left_seq == 0 && conv->members[i]->admin;
	return n;
}

void chat_group_admin(struct chat *chat, const struct chat_asker *asker, uint64_t conv, uint64_t user, bool on,
		      chat_appended_fn *done, void *arg)
{
	const struct chat_conv *group = group_of(chat, conv, asker->user, true);
	const struct chat_member *member = group != NULL ? chat_member_in(group, user) : NULL;

	if (member == NULL || member->admin == on || (!on && count_admins(group) == 1)) {
		refuse(chat, asker, conv, member == NULL ? AT_ERR_NOT_FOUND : AT_ERR_CONFLICT, done, arg);
		return;
	}
	struct change *change = change_new(chat, on ? ADMIN : UNADMIN, asker, conv);

	room_for(change, 1);
	add_member(change, user, member);
	change->members[0].admin = on;
	go(change, done, arg);
}

/* ---- a new one ---- */

static enum at_err create_job(struct store_tx *tx, void *msg)
{
	struct change *change = msg;
	struct store_entry *entry = &change->entry;
	enum at_err err = store_entry_of_cid(tx, entry->device, entry->cid, entry);

	if (err == AT_OK) {
		change->duplicate = true;
		change->conv = entry->conv;
		return entry->kind == STORE_GROUP_CHANGE ? AT_OK : AT_ERR_CONFLICT;
	}
	if (err == AT_ERR_NOT_FOUND)
		err = store_conv_group(tx, change->asker.user, change->name, entry->ts, &change->made);
	if (err != AT_OK)
		return err;
	change->conv = entry->conv = change->made.id;
	for (size_t i = 0; i < change->n; i++)
		change->members[i].conv = change->conv;
	err = store_entry_append(tx, entry, &change->duplicate);
	return err == AT_OK ? put_members(tx, change, entry->seq) : err;
}

static void create_done(void *msg, enum at_err err)
{
	struct change *change = msg;
	struct chat *chat = change->chat;

	if (err == AT_OK && !change->duplicate) {
		struct chat_conv *conv = chat_conv_add(chat, &change->made, NULL, 0);

		conv->name = at_strdup(change->name);
		apply(chat, conv, change);
		conv->last_seq = change->entry.seq;
		change->created(change->arg, AT_OK, conv->id);
		chat_tell_entry(chat, conv, &change->entry);
		tell_membership(chat, change);
	} else {
		change->created(change->arg, err, change->conv);
	}
	change_free(change);
}

static void create(struct change *change, chat_conv_fn *done, void *arg)
{
	struct chat *chat = change->chat;

	write_body(chat, change);
	change->body = at_strndup((const char *)chat->out.data, chat->out.len);
	change->entry = (struct store_entry){.author = change->asker.user,
					     .device = change->asker.device,
					     .cid = change->asker.cid,
					     .ts = at_wall_ms(),
					     .kind = STORE_GROUP_CHANGE,
					     .body = change->body,
					     .body_len = strlen(change->body)};
	change->created = done;
	change->arg = arg;
	store_write(chat->store, create_job, create_done, change, 0);
}

void chat_group_create(struct chat *chat, const struct chat_asker *asker, const char *name, const uint64_t *users,
		       size_t n, chat_conv_fn *done, void *arg)
{
	struct change *change = change_new(chat, CREATED, asker, 0);
	enum at_err err = check_name(name);

	change->name = at_strdup(name);
	room_for(change, n + 1);
	add_member(change, asker->user, NULL);
	change->members[0].admin = true;
	if (err == AT_OK)
		err = collect(change, NULL, users, n);
	if (err == AT_OK && (change->n == 1 || change->n > CHAT_GROUP_MEMBERS_MAX))
		err = change->n == 1 ? AT_ERR_BAD_REQUEST : AT_ERR_TOO_LARGE;
	if (err == AT_OK) {
		create(change, done, arg);
		return;
	}
	change_free(change);
	done(arg, err, 0);
}
