#include "chat/chat_priv.h"

/* On its way to the store and back; its body behind it, so that a message costs one allocation. */
struct append {
	struct chat *chat;
	struct chat_conv *conv;
	struct store_entry entry; /* its bodies: behind this */
	bool duplicate;
	enum at_err (*with)(struct store_tx *tx, const struct store_entry *entry, void *arg);
	chat_appended_fn *done;
	void *arg;
	char body[];
};

static enum at_err append_job(struct store_tx *tx, void *msg)
{
	struct append *append = msg;
	struct store_entry wanted = append->entry;
	enum at_err err = store_entry_append(tx, &append->entry, &append->duplicate);

	if (err != AT_OK)
		return err;
	if (append->duplicate) {
		append->entry.body = append->body; /* the other one ends with the job */
		append->entry.body_len = 0;
		append->entry.author_body = NULL;
		return append->entry.conv == wanted.conv && append->entry.kind == wanted.kind ? AT_OK : AT_ERR_CONFLICT;
	}
	return append->with != NULL ? append->with(tx, &append->entry, append->arg) : AT_OK;
}

static void append_done(void *msg, enum at_err err)
{
	struct append *append = msg;
	const struct store_entry *entry = &append->entry;

	if (err != AT_OK) {
		append->done(append->arg, err, 0, 0, false);
	} else {
		if (!append->duplicate)
			append->conv->last_seq = entry->seq;
		append->done(append->arg, AT_OK, entry->seq, entry->ts, append->duplicate);
		if (!append->duplicate)
			chat_tell_entry(append->chat, append->conv, entry);
	}
	at_free(append);
}

static enum at_err check(const struct chat *chat, const struct chat_append *entry, struct chat_member **author_out)
{
	*author_out = chat_member_of(chat, entry->conv, entry->author);
	if (*author_out == NULL)
		return AT_ERR_NOT_FOUND;
	if (entry->re_seq > (*author_out)->conv->last_seq)
		return AT_ERR_BAD_REQUEST;
	return entry->body_len > CHAT_BODY_MAX || entry->author_body_len > CHAT_BODY_MAX ? AT_ERR_TOO_LARGE : AT_OK;
}

static struct append *append_new(struct chat *chat, struct chat_member *author, const struct chat_append *from)
{
	struct append *append = at_alloc(sizeof(*append) + from->body_len + from->author_body_len + 1);
	const struct chat_member *other = chat_other(author->conv, author->user);
	bool shadow = other != NULL && chat_blocked(chat, author->user, other->user);

	append->chat = chat;
	append->conv = author->conv;
	append->with = from->with;
	append->entry = (struct store_entry){
		.conv = from->conv,
		.author = from->author,
		.device = from->device,
		.cid = from->cid,
		.ts = at_wall_ms(),
		.kind = from->kind,
		.re_seq = from->re_seq,
		.call = from->call,
		.only_for = shadow ? from->author : from->only_for,
		.badge = from->badge,
		.body = append->body,
		.body_len = from->body_len,
	};
	memcpy(append->body, from->body, from->body_len);
	if (from->author_body != NULL) {
		append->entry.author_body = append->body + from->body_len;
		append->entry.author_body_len = from->author_body_len;
		memcpy(append->body + from->body_len, from->author_body, from->author_body_len);
	}
	return append;
}

void chat_append(struct chat *chat, const struct chat_append *entry, chat_appended_fn *done, void *arg)
{
	struct chat_member *author;
	enum at_err err = check(chat, entry, &author);

	if (err != AT_OK) {
		done(arg, err, 0, 0, false);
		return;
	}
	struct append *append = append_new(chat, author, entry);

	append->done = done;
	append->arg = arg;
	store_write(chat->store, append_job, append_done, append, entry->with == NULL ? STORE_PLAIN : 0);
}

void chat_send_text(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t cid, const char *text,
		    uint64_t re, chat_appended_fn *done, void *arg)
{
	size_t len = strlen(text);

	if (len == 0 || len > CHAT_TEXT_MAX) {
		done(arg, len == 0 ? AT_ERR_BAD_REQUEST : AT_ERR_TOO_LARGE, 0, 0, false);
		return;
	}
	at_buf_clear(&chat->out);
	struct wire_out w = wire_out_begin(&chat->out);

	wire_obj(&w, NULL);
	wire_strn(&w, "text", text, len);
	wire_obj_end(&w);
	enum at_err err = wire_out_end(&w);

	AT_ASSERT(err == AT_OK); /* at most six bytes for one, far below the buffer's maximum */
	struct chat_append entry = {
		.conv = conv,
		.author = user,
		.device = device,
		.cid = cid,
		.kind = STORE_TEXT,
		.re_seq = re,
		.badge = 1,
		.body = (const char *)chat->out.data,
		.body_len = chat->out.len,
	};
	chat_append(chat, &entry, done, arg);
}
