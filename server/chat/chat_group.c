/* Groups as memory has them: who is in, what they are called, how far all have got. */
#include "chat/chat_priv.h"

#include <stdio.h>

/* ---- name, picture, members ---- */

static struct chat_member *oldest(const struct chat_conv *conv)
{
	struct chat_member *found = NULL;

	for (size_t i = 0; i < conv->n; i++)
		if (conv->members[i]->left_seq == 0 &&
		    (found == NULL || conv->members[i]->joined_seq < found->joined_seq))
			found = conv->members[i];
	return found;
}

static bool has_admin(const struct chat_conv *conv)
{
	for (size_t i = 0; i < conv->n; i++)
		if (conv->members[i]->left_seq == 0 && conv->members[i]->admin)
			return true;
	return false;
}

struct chat_member *chat_group_heir(const struct chat_conv *conv)
{
	return has_admin(conv) ? NULL : oldest(conv);
}

void chat_group_load(struct chat_conv *conv, const struct store_conv *row)
{
	conv->name = at_strdup(row->name);
	conv->picture = row->picture;
	/* The last admin left, and the server died before it could make another. */
	struct chat_member *heir = chat_group_heir(conv);

	if (heir != NULL)
		heir->admin = true;
}

void chat_group_describe(struct chat *chat, struct chat_conv *conv)
{
	at_buf_clear(&chat->out);
	struct wire_out w = wire_out_begin(&chat->out);

	wire_obj(&w, NULL);
	wire_str(&w, "name", conv->name);
	wire_id(&w, "picture", &conv->picture);
	wire_arr(&w, "members");
	for (size_t i = 0; i < conv->n; i++) {
		if (conv->members[i]->left_seq != 0)
			continue;
		wire_obj(&w, NULL);
		wire_int(&w, "user", (int64_t)conv->members[i]->user);
		wire_bool(&w, "admin", conv->members[i]->admin);
		wire_obj_end(&w);
	}
	wire_arr_end(&w);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK); /* a name and 256 numbers */
	at_bytes_unref(&conv->about);
	conv->about = at_bytes_new(chat->out.data, chat->out.len);
}

void chat_group_part(struct chat *chat, struct chat_member *member, const char *name)
{
	at_bytes_unref(&member->about);
	if (name == NULL)
		return;
	at_buf_clear(&chat->out);
	struct wire_out w = wire_out_begin(&chat->out);

	wire_obj(&w, NULL);
	wire_str(&w, "name", name);
	wire_null(&w, "picture");
	wire_arr(&w, "members");
	wire_arr_end(&w);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK);
	member->about = at_bytes_new(chat->out.data, chat->out.len);
}

/* ---- how far all have got ---- */

/* The two lowest of each mark, so that everybody's "all but me" is at hand. Who does not show what they have read does not hold it back. */
struct lows {
	uint64_t delivered[2], read[2];
};

static void lower(uint64_t low[2], uint64_t v)
{
	if (v < low[0]) {
		low[1] = low[0];
		low[0] = v;
	} else if (v < low[1]) {
		low[1] = v;
	}
}

static struct lows lows_of(const struct chat *chat, const struct chat_conv *conv)
{
	struct lows lows = {{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};

	for (size_t i = 0; i < conv->n; i++) {
		const struct chat_member *member = conv->members[i];

		if (member->left_seq != 0)
			continue;
		lower(lows.delivered, member->delivered);
		if (chat->people.shows_receipts(chat->people.arg, member->user))
			lower(lows.read, member->read);
	}
	return lows;
}

static uint64_t but_own(const uint64_t low[2], uint64_t own)
{
	uint64_t others = low[0] == own ? low[1] : low[0];

	return others == UINT64_MAX ? 0 : others;
}

static struct chat_marks marks_for(const struct chat *chat, const struct chat_member *member, const struct lows *lows)
{
	bool shows = chat->people.shows_receipts(chat->people.arg, member->user);

	return (struct chat_marks){
		.delivered = but_own(lows->delivered, member->delivered),
		.read = shows ? but_own(lows->read, member->read) : 0,
	};
}

struct chat_marks chat_group_marks(const struct chat *chat, const struct chat_member *member)
{
	struct lows lows = lows_of(chat, member->conv);

	return marks_for(chat, member, &lows);
}

static void tell_marks(struct chat *chat, struct chat_member *member, const struct chat_marks *marks)
{
	member->told_delivered = marks->delivered;
	member->told_read = marks->read;
	if (hub_reachable(chat->hub, member->user) == 0)
		return;
	struct wire_out w = chat_frame_begin(chat, "receipt");

	wire_int(&w, "conv", (int64_t)member->conv->id);
	wire_null(&w, "user");
	wire_int(&w, "read", (int64_t)marks->read);
	wire_int(&w, "delivered", (int64_t)marks->delivered);
	struct at_bytes *frame = chat_frame(chat, &w);

	if (frame != NULL)
		hub_send_user(chat->hub, member->user, frame, NULL);
	at_bytes_unref(&frame);
}

void chat_group_receipts(struct chat *chat, struct chat_conv *conv)
{
	struct lows lows = lows_of(chat, conv);

	for (size_t i = 0; i < conv->n; i++) {
		struct chat_member *member = conv->members[i];
		struct chat_marks marks = marks_for(chat, member, &lows);

		if (member->left_seq == 0 &&
		    (marks.delivered > member->told_delivered || marks.read > member->told_read))
			tell_marks(chat, member, &marks);
	}
}

/* ---- asking ---- */

bool chat_is_group(const struct chat *chat, uint64_t conv)
{
	const struct chat_conv *found = chat_conv_of(chat, conv);

	return found != NULL && found->kind == STORE_GROUP;
}

bool chat_is_admin(const struct chat *chat, uint64_t conv, uint64_t user)
{
	const struct chat_member *member = chat_member_of(chat, conv, user);

	return member != NULL && member->admin;
}

size_t chat_members(const struct chat *chat, uint64_t conv, size_t max, uint64_t *users_out)
{
	const struct chat_conv *found = chat_conv_of(chat, conv);
	size_t n = 0;

	for (size_t i = 0; found != NULL && i < found->n; i++) {
		if (found->members[i]->left_seq != 0)
			continue;
		if (n < max)
			users_out[n] = found->members[i]->user;
		n++;
	}
	return n;
}

bool chat_may_see(const struct chat *chat, uint64_t conv, uint64_t user, uint64_t seq)
{
	const struct chat_member *member = chat_reader_of(chat, conv, user);

	return member != NULL && seq > member->joined_seq && (member->left_seq == 0 || seq <= member->left_seq);
}

void chat_on_membership(struct chat *chat, chat_membership_fn *fn, void *arg)
{
	chat->on_membership = fn;
	chat->membership_arg = arg;
}

/* ---- pictures ---- */

struct picture {
	struct chat *chat;
	uint64_t user, conv;
	struct at_id id;
	char mime[32];
	struct at_bytes *bytes;
	chat_picture_fn *done;
	void *arg;
};

static enum at_err picture_job(struct store_tx *tx, void *msg)
{
	struct picture *picture = msg;
	struct store_picture row;
	enum at_err err = store_picture_get(tx, &picture->id, &row);

	if (err != AT_OK)
		return err;
	picture->conv = row.conv;
	(void)snprintf(picture->mime, sizeof(picture->mime), "%s", row.mime);
	picture->bytes = at_bytes_new(row.bytes, row.len);
	return AT_OK;
}

static void picture_done(void *msg, enum at_err err)
{
	struct picture *picture = msg;

	if (err == AT_OK && chat_member_of(picture->chat, picture->conv, picture->user) == NULL)
		err = AT_ERR_NOT_FOUND;
	if (err == AT_OK)
		picture->done(picture->arg, AT_OK, picture->mime, picture->bytes->data, picture->bytes->len);
	else
		picture->done(picture->arg, err, NULL, NULL, 0);
	at_bytes_unref(&picture->bytes);
	at_free(picture);
}

void chat_picture(struct chat *chat, uint64_t user, const struct at_id *id, chat_picture_fn *done, void *arg)
{
	struct picture *picture = at_alloc(sizeof(*picture));

	*picture = (struct picture){.chat = chat, .user = user, .id = *id, .done = done, .arg = arg};
	store_read(chat->store, picture_job, picture_done, picture);
}
