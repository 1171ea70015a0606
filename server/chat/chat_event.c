#include "chat/chat_priv.h"

#include "base/log.h"

/* ---- frames ---- */

struct wire_out chat_frame_begin(struct chat *chat, const char *ev)
{
	at_buf_clear(&chat->out);
	struct wire_out w = wire_out_begin(&chat->out);

	wire_obj(&w, NULL);
	wire_str(&w, "ev", ev);
	return w;
}

struct at_bytes *chat_frame(struct chat *chat, struct wire_out *w)
{
	wire_obj_end(w);
	if (wire_out_end(w) == AT_OK)
		return at_bytes_new(chat->out.data, chat->out.len);
	at_log(AT_LOG_ERROR, "chat.frame_too_large", NULL);
	return NULL;
}

static void send_frame(struct chat *chat, uint64_t user, uint64_t but_device, struct at_bytes *frame)
{
	if (frame == NULL)
		return;
	if (but_device != 0)
		hub_send_user_but(chat->hub, user, but_device, frame);
	else
		hub_send_user(chat->hub, user, frame, NULL);
}

/* ---- entries ---- */

static const char *kind_name(enum store_kind kind)
{
	static const char *const names[] = {
		[STORE_TEXT] = "text", [STORE_CALL] = "call",     [STORE_AMEND] = "amend",
		[STORE_NOTE] = "note", [STORE_DELETE] = "delete", [STORE_GROUP_CHANGE] = "group",
		[STORE_ROOM] = "room",
	};
	return (size_t)kind < sizeof(names) / sizeof(names[0]) && names[kind] != NULL ? names[kind] : "void";
}

/* A seq that is not for the viewer: of it only that it exists, so that the log has no gap. */
static void write_void(struct wire_out *w, const char *key, const struct store_entry *entry)
{
	wire_obj(w, key);
	wire_int(w, "conv", (int64_t)entry->conv);
	wire_int(w, "seq", (int64_t)entry->seq);
	wire_int(w, "id", (int64_t)entry->id);
	wire_str(w, "kind", "void");
	wire_raw(w, "body", "{}", 2);
	wire_obj_end(w);
}

static bool is_for(const struct store_entry *entry, uint64_t viewer)
{
	return entry->only_for == 0 || entry->only_for == viewer;
}

void chat_write_entry(struct wire_out *w, const char *key, const struct store_entry *entry, uint64_t viewer)
{
	if (!is_for(entry, viewer)) {
		write_void(w, key, entry);
		return;
	}
	wire_obj(w, key);
	wire_int(w, "conv", (int64_t)entry->conv);
	wire_int(w, "seq", (int64_t)entry->seq);
	wire_int(w, "id", (int64_t)entry->id);
	wire_int(w, "from", (int64_t)entry->author);
	wire_int(w, "device", (int64_t)entry->device);
	if (entry->author == viewer)
		wire_int(w, "cid", (int64_t)entry->cid);
	wire_int(w, "ts", entry->ts);
	wire_str(w, "kind", kind_name(entry->kind));
	if (entry->re_seq != 0)
		wire_int(w, "re", (int64_t)entry->re_seq);
	if (!at_id_is_zero(&entry->call))
		wire_id(w, "call", &entry->call);
	if (entry->author == viewer && entry->author_body != NULL)
		wire_raw(w, "body", entry->author_body, entry->author_body_len);
	else
		wire_raw(w, "body", entry->body, entry->body_len);
	wire_obj_end(w);
}

static struct at_bytes *entry_frame(struct chat *chat, const struct store_entry *entry, uint64_t viewer)
{
	struct wire_out w = chat_frame_begin(chat, "entry");

	chat_write_entry(&w, "entry", entry, viewer);
	return chat_frame(chat, &w);
}

/* Who has not heard of the chat hears of it first; what is not for them does not bring it up. */
static bool introduce(struct chat *chat, struct chat_member *member, const struct store_entry *entry)
{
	if (member->knows)
		return true;
	if (!is_for(entry, member->user))
		return false;
	chat_tell_conv(chat, member, entry->badge != 0 && entry->author != member->user ? 1 : 0, entry);
	return true;
}

static void tell_others(struct chat *chat, struct chat_conv *conv, const struct store_entry *entry)
{
	struct at_bytes *frame = NULL;

	for (size_t i = 0; i < conv->n; i++) {
		struct chat_member *member = conv->members[i];
		/* Who was just removed sees that. */
		bool sees = member->left_seq == 0 || member->left_seq >= entry->seq;

		if (member->user == entry->author || !sees || !introduce(chat, member, entry) ||
		    hub_reachable(chat->hub, member->user) == 0)
			continue;
		/* All who are not the author see the same: the entry, or for only_for the void. */
		if (frame == NULL)
			frame = entry_frame(chat, entry, member->user);
		send_frame(chat, member->user, 0, frame);
	}
	at_bytes_unref(&frame);
}

void chat_tell_entry(struct chat *chat, struct chat_conv *conv, const struct store_entry *entry)
{
	struct chat_member *author = chat_member_ever(conv, entry->author);
	/* The device that sent a text has the answer. */
	uint64_t but = entry->kind == STORE_TEXT ? entry->device : 0;
	unsigned reached = hub_reachable(chat->hub, entry->author);

	if (author != NULL)
		(void)introduce(chat, author, entry);
	if (reached > 1 || (reached == 1 && (but == 0 || !hub_device_connected(chat->hub, but)))) {
		struct at_bytes *frame = entry_frame(chat, entry, entry->author);

		send_frame(chat, entry->author, but, frame);
		at_bytes_unref(&frame);
	}
	tell_others(chat, conv, entry);
}

/* ---- receipts ---- */

void chat_tell_receipt(struct chat *chat, const struct chat_member *member)
{
	const struct chat_member *other = chat_other(member->conv, member->user);

	if (other == NULL)
		chat_group_receipts(chat, member->conv);
	if (other == NULL || chat_apart(chat, member->user, other->user) || hub_reachable(chat->hub, other->user) == 0)
		return;
	struct chat_conv_view view = chat_view(chat, other);
	struct wire_out w = chat_frame_begin(chat, "receipt");

	wire_int(&w, "conv", (int64_t)member->conv->id);
	wire_int(&w, "user", (int64_t)member->user);
	wire_int(&w, "read", (int64_t)view.their_read);
	wire_int(&w, "delivered", (int64_t)view.their_delivered);
	struct at_bytes *frame = chat_frame(chat, &w);

	send_frame(chat, other->user, 0, frame);
	at_bytes_unref(&frame);
}

/* ---- a chat as its member sees it ---- */

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void view_group(const struct chat *chat, const struct chat_member *member, struct chat_conv_view *view)
{
	struct chat_marks marks = chat_group_marks(chat, member);

	view->left_seq = member->left_seq;
	if (member->left_seq != 0)
		view->last_seq = member->left_seq;
	view->opened = true;
	view->receipts = chat->people.shows_receipts(chat->people.arg, member->user);
	view->their_delivered = marks.delivered;
	view->their_read = marks.read;
	view->about = at_bytes_ref(member->about != NULL ? member->about : member->conv->about);
}

struct chat_conv_view chat_view(const struct chat *chat, const struct chat_member *member)
{
	struct chat_conv_view view = {
		.conv = member->conv->id,
		.user = member->user,
		.last_seq = member->conv->last_seq,
		.joined_seq = member->joined_seq,
		.read = member->read,
		.delivered = member->delivered,
		.kind = member->conv->kind,
		.opened = member->conv->opened_by == member->user,
	};
	const struct chat_member *other = chat_other(member->conv, member->user);

	if (other == NULL) {
		view_group(chat, member, &view);
		return view;
	}
	view.with = other->user;
	view.receipts = chat_receipts_between(chat, member->user, other->user);
	view.their_delivered = other->delivered;
	/* Delivery stands still while they have blocked me, and so does what I hear of their reading. */
	view.their_read = view.receipts ? min_u64(other->read, other->delivered) : 0;
	return view;
}

void chat_view_release(struct chat_conv_view *view)
{
	at_bytes_unref(&view->about);
}

void chat_write_conv(struct wire_out *w, const char *key, const struct chat_conv_view *view, uint64_t unread,
		     const struct store_entry *last)
{
	wire_obj(w, key);
	wire_int(w, "conv", (int64_t)view->conv);
	wire_str(w, "kind", view->kind == STORE_DIRECT ? "direct" : "group");
	if (view->kind == STORE_DIRECT)
		wire_int(w, "with", (int64_t)view->with);
	else {
		wire_raw(w, "group", view->about->data, view->about->len);
		wire_bool(w, "left", view->left_seq != 0);
		wire_int(w, "first_seq", (int64_t)view->joined_seq + 1);
	}
	wire_int(w, "last_seq", (int64_t)view->last_seq);
	wire_int(w, "read", (int64_t)view->read);
	wire_int(w, "delivered", (int64_t)view->delivered);
	wire_int(w, "their_read", (int64_t)view->their_read);
	wire_int(w, "their_delivered", (int64_t)view->their_delivered);
	wire_int(w, "unread", (int64_t)unread);
	if (last != NULL)
		chat_write_entry(w, "last", last, view->user);
	else
		wire_null(w, "last");
	wire_obj_end(w);
}

void chat_tell_conv(struct chat *chat, struct chat_member *member, uint64_t unread, const struct store_entry *last)
{
	member->knows = true;
	if (hub_reachable(chat->hub, member->user) == 0)
		return;
	struct chat_conv_view view = chat_view(chat, member);
	struct wire_out w = chat_frame_begin(chat, "conv");

	chat_write_conv(&w, "conv", &view, unread, last);
	chat_view_release(&view);
	struct at_bytes *frame = chat_frame(chat, &w);

	send_frame(chat, member->user, 0, frame);
	at_bytes_unref(&frame);
}
