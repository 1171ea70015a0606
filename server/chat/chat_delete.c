#include "chat/chat_priv.h"

struct deletion {
	struct chat *chat;
	struct chat_conv *conv;
	struct store_entry entry; /* the DELETE entry */
	bool duplicate;
	struct at_id blob;
	chat_appended_fn *done;
	void *arg;
};

/* The first delete of this cid appends; a repeated one finds its answer; one under another cid finds an empty body. */
static enum at_err delete_job(struct store_tx *tx, void *msg)
{
	struct deletion *del = msg;
	struct store_entry wanted = del->entry, target;
	enum at_err err = store_entry_get(tx, wanted.conv, wanted.re_seq, &target);

	if (err != AT_OK)
		return err;
	if (target.author != wanted.author || (target.kind != STORE_TEXT && target.kind != STORE_NOTE))
		return AT_ERR_NOT_FOUND;
	/* Who saw it hears that it is gone, even from somebody they have blocked since. */
	del->entry.only_for = target.only_for;
	err = store_entry_append(tx, &del->entry, &del->duplicate);
	if (err != AT_OK)
		return err;
	del->entry.body = "{}";
	del->entry.body_len = 2;
	del->entry.author_body = NULL;
	if (del->duplicate)
		return del->entry.conv == wanted.conv && del->entry.kind == STORE_DELETE &&
				       del->entry.re_seq == wanted.re_seq
			       ? AT_OK
			       : AT_ERR_CONFLICT;
	if (target.body_len == 2)
		return AT_ERR_GONE;
	err = store_entry_blank(tx, wanted.conv, wanted.re_seq);
	if (err == AT_OK && target.kind == STORE_NOTE && del->chat->hooks.delete_note != NULL)
		err = del->chat->hooks.delete_note(tx, wanted.conv, wanted.re_seq, &del->blob);
	return err;
}

static void delete_done(void *msg, enum at_err err)
{
	struct deletion *del = msg;
	struct chat *chat = del->chat;
	bool fresh = err == AT_OK && !del->duplicate;

	if (fresh) {
		del->conv->last_seq = del->entry.seq;
		if (!at_id_is_zero(&del->blob) && chat->hooks.note_deleted != NULL)
			chat->hooks.note_deleted(chat->hooks.arg, &del->blob);
	}
	if (err == AT_OK)
		del->done(del->arg, AT_OK, del->entry.seq, del->entry.ts, del->duplicate);
	else
		del->done(del->arg, err, 0, 0, false);
	if (fresh)
		chat_tell_entry(chat, del->conv, &del->entry);
	at_free(del);
}

void chat_delete_entry(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t seq, uint64_t cid,
		       chat_appended_fn *done, void *arg)
{
	struct chat_member *member = chat_member_of(chat, conv, user);

	if (member == NULL || seq == 0 || seq > member->conv->last_seq) {
		done(arg, AT_ERR_NOT_FOUND, 0, 0, false);
		return;
	}
	struct deletion *del = at_alloc(sizeof(*del));

	*del = (struct deletion){
		.chat = chat,
		.conv = member->conv,
		.done = done,
		.arg = arg,
		.entry = {.conv = conv,
			  .author = user,
			  .device = device,
			  .cid = cid,
			  .ts = at_wall_ms(),
			  .kind = STORE_DELETE,
			  .re_seq = seq,
			  .body = "{}",
			  .body_len = 2},
	};
	store_write(chat->store, delete_job, delete_done, del, 0);
}
