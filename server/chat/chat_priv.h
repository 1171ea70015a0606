/* Inside the chat module. */
#ifndef AT_CHAT_CHAT_PRIV_H
#define AT_CHAT_CHAT_PRIV_H

#include "base/list.h"
#include "base/mem.h"
#include "base/time.h"
#include "chat/chat.h"

#include <string.h>

enum {
	CHAT_FLUSH_MS = 100,  /* watermarks and note states gather so long */
	CHAT_RETRY_MS = 5000, /* after a full disk */
	CHAT_TYPING_MS = 3000,
	CHAT_STATES_MAX = 8192, /* note states that wait for the flush */
	CHAT_OUT_MAX = 16 * 1024 * 1024,
};

struct chat_member {
	struct chat_conv *conv;
	uint64_t user;
	uint64_t joined_seq, left_seq;
	uint64_t delivered, read;
	uint64_t told_delivered, told_read; /* of the others', as this member last heard of them (groups) */
	bool admin;
	struct at_bytes *about; /* of who left a group: what they may know of it, in place of the group's own */
	int64_t typing_at;      /* monotonic, of the last typing that was passed on; 0 = never */
	bool knows;             /* has heard of this chat: by a conv event, or it was there at the start */
	struct at_link of_user; /* chat_user.members */
	struct at_link dirty;   /* chat.dirty, while is_dirty */
	bool is_dirty;
	bool tell_own; /* the user's other devices are to hear of the watermarks */
};

struct chat_conv {
	uint64_t id;
	enum store_conv_kind kind;
	uint64_t opened_by;
	uint64_t last_seq; /* committed and told */
	size_t n, cap;
	struct chat_member **members; /* also those who left */
	/* ---- of a group ---- */
	struct at_map *by_user; /* user -> chat_member */
	char *name;
	struct at_id picture;
	struct at_bytes *about; /* {name, picture, members} as JSON */
};

struct chat_user {
	struct at_list members; /* chat_member.of_user */
};

struct chat {
	struct at_loop *loop;
	struct store *store;
	struct hub *hub;
	struct chat_people people;
	struct chat_hooks hooks;
	chat_membership_fn *on_membership; /* may be NULL */
	void *membership_arg;
	struct at_map *convs;   /* id -> chat_conv */
	struct at_map *directs; /* {low, high} -> chat_conv */
	struct at_map *users;   /* id -> chat_user */
	struct at_map *blocks;  /* {user, blocked} -> itself */
	struct at_list dirty;
	struct at_map *states; /* {conv, seq, user} -> struct chat_state, until the flush */
	struct at_timer *flush;
	struct at_buf out; /* what is being serialised; keeps its memory between events */
};

/* ---- chat.c ---- */

struct chat_conv *chat_conv_add(struct chat *chat, const struct store_conv *conv, const uint64_t *users, size_t n);
struct chat_conv *chat_conv_of(const struct chat *chat, uint64_t conv);
struct chat_member *chat_member_in(const struct chat_conv *conv, uint64_t user);   /* NULL unless a member now */
struct chat_member *chat_member_ever(const struct chat_conv *conv, uint64_t user); /* also who left */
struct chat_member *chat_member_of(const struct chat *chat, uint64_t conv, uint64_t user);
/* Who may look into it: a member now, or one who left, up to where they did. */
const struct chat_member *chat_reader_of(const struct chat *chat, uint64_t conv, uint64_t user);
struct chat_member *chat_member_add(struct chat *chat, struct chat_conv *conv, uint64_t user);
struct chat_member *chat_other(const struct chat_conv *conv, uint64_t user); /* of a direct chat, else NULL */
/* Nothing of one reaches the other: one of the two has blocked the other. */
bool chat_apart(const struct chat *chat, uint64_t a, uint64_t b);

/* ---- chat_event.c ---- */

/* The frame in chat->out, made shareable; NULL when it did not fit. */
struct at_bytes *chat_frame(struct chat *chat, struct wire_out *w);
struct wire_out chat_frame_begin(struct chat *chat, const char *ev); /* opens the object */
void chat_tell_entry(struct chat *chat, struct chat_conv *conv, const struct store_entry *entry);
void chat_tell_receipt(struct chat *chat, const struct chat_member *member);
/* The conv as one of its members sees it, as far as memory knows; unread and last come from the store or the moment. */
struct chat_conv_view {
	uint64_t conv, user, with, last_seq, joined_seq, left_seq;
	uint64_t read, delivered, their_read, their_delivered;
	enum store_conv_kind kind;
	bool opened;            /* by user, or just now */
	bool receipts;          /* the two show them to each other; in a group: the user shows them */
	struct at_bytes *about; /* of a group; a reference */
};
struct chat_conv_view chat_view(const struct chat *chat, const struct chat_member *member); /* to be released */
void chat_view_release(struct chat_conv_view *view);
void chat_write_conv(struct wire_out *w, const char *key, const struct chat_conv_view *view, uint64_t unread,
		     const struct store_entry *last);
void chat_tell_conv(struct chat *chat, struct chat_member *member, uint64_t unread, const struct store_entry *last);

/* ---- chat_group.c ---- */

/* What is behind a row of a group: name, picture, and at least one admin. */
void chat_group_load(struct chat_conv *conv, const struct store_conv *row);
void chat_group_describe(struct chat *chat, struct chat_conv *conv); /* about, anew */
/* They have left: of the group they keep its name, and nothing that comes after. NULL: they are back. */
void chat_group_part(struct chat *chat, struct chat_member *member, const char *name);
/* Who is to be its admin when none is left; NULL: there is one, or nobody at all. */
struct chat_member *chat_group_heir(const struct chat_conv *conv);
/* How far all the others of a group have got, as one of them may know it. */
struct chat_marks {
	uint64_t delivered, read;
};
struct chat_marks chat_group_marks(const struct chat *chat, const struct chat_member *member);
/* Tells those of a group for whom that has changed. */
void chat_group_receipts(struct chat *chat, struct chat_conv *conv);

/* ---- chat_mark.c, chat_state.c, chat_read.c ---- */

void chat_flush_soon(struct chat *chat);
void chat_flush_marks(struct chat *chat);
void chat_flush_states(struct chat *chat);
void chat_drop_states(struct chat *chat);
/* Reads a chat's unread count and last entry and sends the `conv` event to the user's devices; a chat in which there is nothing for
 * them only when it is asked for. */
void chat_refresh_conv(struct chat *chat, const struct chat_member *member, bool asked_for);

#endif
