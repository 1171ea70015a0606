#include "chat/chat_priv.h"

/* Watermarks: how far each member has got and read. In memory at once, in the store a moment later and many at a time: what a
 * crash takes back is told again by the clients. */

struct marks {
	struct chat *chat;
	struct store_member *members;
	size_t n;
};

static enum at_err marks_job(struct store_tx *tx, void *msg)
{
	const struct marks *marks = msg;
	enum at_err err = AT_OK;

	for (size_t i = 0; i < marks->n && err == AT_OK; i++)
		err = store_member_mark(tx, &marks->members[i]);
	return err;
}

static void mark_dirty(struct chat *chat, struct chat_member *member)
{
	if (member->is_dirty)
		return;
	member->is_dirty = true;
	at_list_push(&chat->dirty, &member->dirty);
}

static void marks_done(void *msg, enum at_err err)
{
	struct marks *marks = msg;

	for (size_t i = 0; i < marks->n && err != AT_OK; i++) {
		struct chat_member *member =
			chat_member_of(marks->chat, marks->members[i].conv, marks->members[i].user);

		if (member != NULL)
			mark_dirty(marks->chat, member);
	}
	if (err != AT_OK && !at_timer_active(marks->chat->flush))
		at_timer_start(marks->chat->flush, CHAT_RETRY_MS, 0);
	at_free(marks->members);
	at_free(marks);
}

static size_t count_dirty(const struct chat *chat)
{
	size_t n = 0;

	AT_LIST_EACH(&chat->dirty, it)
		n++;
	return n;
}

void chat_flush_marks(struct chat *chat)
{
	size_t n = count_dirty(chat);

	if (n == 0)
		return;
	struct marks *marks = at_alloc(sizeof(*marks));

	marks->chat = chat;
	marks->members = at_alloc(n * sizeof(*marks->members));
	AT_LIST_EACH(&chat->dirty, it) {
		struct chat_member *member = AT_ENTRY(it, struct chat_member, dirty);

		at_list_remove(it);
		member->is_dirty = false;
		marks->members[marks->n++] = (struct store_member){
			.conv = member->conv->id,
			.user = member->user,
			.delivered = member->delivered,
			.read = member->read,
		};
		if (member->tell_own && hub_reachable(chat->hub, member->user) > 1)
			chat_refresh_conv(chat, member, false);
		member->tell_own = false;
	}
	store_write(chat->store, marks_job, marks_done, marks, 0);
}

static bool raise_to(uint64_t *mark, uint64_t seq)
{
	if (*mark >= seq)
		return false;
	*mark = seq;
	return true;
}

/* While they have blocked the other, what they have got stands still: the other must not see shadows arrive. */
static bool is_shadowing(const struct chat *chat, const struct chat_member *member)
{
	const struct chat_member *other = chat_other(member->conv, member->user);

	return other != NULL && chat_blocked(chat, other->user, member->user);
}

static enum at_err mark(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq, bool read)
{
	struct chat_member *member = chat_member_of(chat, conv, user);
	bool rose = false;

	if (member == NULL)
		return AT_ERR_NOT_FOUND;
	seq = seq < member->conv->last_seq ? seq : member->conv->last_seq;
	if (!is_shadowing(chat, member))
		rose = raise_to(&member->delivered, seq);
	if (read && raise_to(&member->read, seq))
		rose = member->tell_own = true;
	if (!rose)
		return AT_OK;
	mark_dirty(chat, member);
	chat_flush_soon(chat);
	chat_tell_receipt(chat, member);
	return AT_OK;
}

enum at_err chat_got(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq)
{
	return mark(chat, user, conv, seq, false);
}

enum at_err chat_read(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq)
{
	return mark(chat, user, conv, seq, true);
}

enum at_err chat_typing(struct chat *chat, uint64_t user, uint64_t conv)
{
	struct chat_member *member = chat_member_of(chat, conv, user);

	if (member == NULL)
		return AT_ERR_NOT_FOUND;
	const struct chat_member *other = chat_other(member->conv, user);
	int64_t now = at_loop_now_ms(chat->loop);

	if (other != NULL && chat_apart(chat, user, other->user))
		return AT_OK;
	if (member->typing_at != 0 && now - member->typing_at < CHAT_TYPING_MS)
		return AT_OK;
	member->typing_at = now;
	struct wire_out w = chat_frame_begin(chat, "typing");

	wire_int(&w, "conv", (int64_t)conv);
	wire_int(&w, "user", (int64_t)user);
	struct at_bytes *frame = chat_frame(chat, &w);

	for (size_t i = 0; i < member->conv->n && frame != NULL; i++) {
		const struct chat_member *to = member->conv->members[i];

		if (to->user != user && to->left_seq == 0)
			hub_send_user(chat->hub, to->user, frame, NULL);
	}
	at_bytes_unref(&frame);
	return AT_OK;
}
