#include "chat/chat_priv.h"

#include <stdlib.h>

/* Reading: pages of a log, the parts of hello, one chat anew. The JSON is written on the store's reading thread, so a long page
 * does not hold the loop; what only memory knows is copied into the message before it goes. */

enum { PAGE_BYTES = 64 * 1024, ENTRY_OVERHEAD = 256, HEARD_MAX = 512 };

/* ---- pages ---- */

struct page {
	uint64_t conv, user, after, before, upto; /* upto: 0, or where the reader left */
	size_t limit;
	uint64_t *seqs; /* NULL, or these and no others */
	struct chat_conv *in;
	struct at_buf json;
	uint64_t last_seq;
	chat_page_fn *done;
	void *arg;
};

/* As many as fit, from the end that the asker knows: at least one. */
static void bound_page(const struct page *page, struct store_entry **entries, size_t *n)
{
	size_t bytes = 0, fit = 0;

	while (fit < *n) {
		const struct store_entry *next = page->before != 0 ? &(*entries)[*n - 1 - fit] : &(*entries)[fit];

		bytes += (next->author_body != NULL ? next->author_body_len : next->body_len) + ENTRY_OVERHEAD;
		if (fit > 0 && bytes > PAGE_BYTES)
			break;
		fit++;
	}
	if (page->before != 0)
		*entries += *n - fit;
	*n = fit;
}

static enum at_err some_entries(struct store_tx *tx, const struct page *page, struct store_entry **entries_out,
				size_t *n_out)
{
	*n_out = 0;
	*entries_out = at_arena_alloc(store_tx_arena(tx), (page->limit + 1) * sizeof(**entries_out));
	for (size_t i = 0; i < page->limit; i++) {
		enum at_err err = store_entry_get(tx, page->conv, page->seqs[i], &(*entries_out)[*n_out]);

		if (err == AT_OK)
			(*n_out)++;
		else if (err != AT_ERR_NOT_FOUND)
			return err;
	}
	return AT_OK;
}

static enum at_err page_job(struct store_tx *tx, void *msg)
{
	struct page *page = msg;
	struct store_entry *entries;
	size_t n;
	enum at_err err = page->seqs != NULL ? some_entries(tx, page, &entries, &n)
					     : store_entry_page(tx, page->conv, page->after, page->before, page->limit,
								&entries, &n);

	if (err != AT_OK)
		return err;
	while (n > 0 && page->upto != 0 && entries[n - 1].seq > page->upto)
		n--;
	bound_page(page, &entries, &n);
	struct wire_out w = wire_out_begin(&page->json);

	wire_arr(&w, NULL);
	for (size_t i = 0; i < n; i++)
		chat_write_entry(&w, NULL, &entries[i], page->user);
	wire_arr_end(&w);
	page->last_seq = n > 0 ? entries[n - 1].seq : 0;
	return wire_out_end(&w);
}

static void page_done(void *msg, enum at_err err)
{
	struct page *page = msg;
	/* The page may be ahead of what has been told. */
	uint64_t last = page->last_seq > page->in->last_seq ? page->last_seq : page->in->last_seq;

	last = page->upto != 0 ? page->upto : last;
	page->done(page->arg, err, page->json.data, page->json.len, last);
	at_buf_release(&page->json);
	at_free(page->seqs);
	at_free(page);
}

static struct page *page_new(const struct chat_member *member, size_t limit, chat_page_fn *done, void *arg)
{
	struct page *page = at_alloc(sizeof(*page));

	*page = (struct page){
		.conv = member->conv->id,
		.user = member->user,
		.in = member->conv,
		.done = done,
		.arg = arg,
		.limit = limit < CHAT_PAGE_ENTRIES ? limit : CHAT_PAGE_ENTRIES,
		.upto = member->left_seq,
	};
	at_buf_init(&page->json, CHAT_OUT_MAX);
	return page;
}

void chat_log_page(struct chat *chat, uint64_t user, uint64_t device, uint64_t conv, uint64_t after, uint64_t before,
		   size_t limit, chat_page_fn *done, void *arg)
{
	const struct chat_member *member = chat_reader_of(chat, conv, user);

	(void)device;
	if (member == NULL) {
		done(arg, AT_ERR_NOT_FOUND, NULL, 0, 0);
		return;
	}
	struct page *page = page_new(member, limit, done, arg);

	page->after = after > member->joined_seq ? after : member->joined_seq;
	/* What came after they left does not take the place of what they may see. */
	page->before = before > member->left_seq && member->left_seq > 0 ? member->left_seq + 1 : before;
	store_read(chat->store, page_job, page_done, page);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void chat_log_some(struct chat *chat, uint64_t user, uint64_t conv, const uint64_t *seqs, size_t n, chat_page_fn *done,
		   void *arg)
{
	const struct chat_member *member = chat_reader_of(chat, conv, user);

	if (member == NULL || n > CHAT_PAGE_ENTRIES) {
		done(arg, member == NULL ? AT_ERR_NOT_FOUND : AT_ERR_BAD_REQUEST, NULL, 0, 0);
		return;
	}
	struct page *page = page_new(member, 0, done, arg);

	page->seqs = at_alloc((n + 1) * sizeof(*seqs));
	memcpy(page->seqs, seqs, n * sizeof(*seqs));
	qsort(page->seqs, n, sizeof(*page->seqs), by_value);
	for (size_t i = 0; i < n; i++) /* each once, and none from before they joined */
		if (page->seqs[i] > member->joined_seq &&
		    (page->limit == 0 || page->seqs[page->limit - 1] != page->seqs[i]))
			page->seqs[page->limit++] = page->seqs[i];
	store_read(chat->store, page_job, page_done, page);
}

/* ---- chats with their last entry and unread count ---- */

/* NOT_FOUND: not for them to see; nothing was written. */
static enum at_err write_view(struct store_tx *tx, struct wire_out *w, const char *key, struct chat_conv_view *view)
{
	struct store_entry last;
	uint64_t unread;
	struct store_window all = {view->conv, view->user, view->joined_seq, view->left_seq}, news = all;

	news.after = view->read > view->joined_seq ? view->read : view->joined_seq;
	enum at_err err = store_unread(tx, &news, &unread);

	if (err != AT_OK)
		return err;
	err = store_entry_last(tx, &all, &last);
	if (err != AT_OK && err != AT_ERR_NOT_FOUND)
		return err;
	/* A chat that another opened and that holds nothing for me yet is not there for me. */
	if (err == AT_ERR_NOT_FOUND && !view->opened)
		return AT_ERR_NOT_FOUND;
	if (err == AT_OK && last.seq > view->last_seq)
		view->last_seq = last.seq; /* ahead of what has been told */
	chat_write_conv(w, key, view, unread, err == AT_OK ? &last : NULL);
	return AT_OK;
}

struct refresh {
	struct chat *chat;
	struct chat_conv_view view;
	struct at_buf frame;
};

static enum at_err refresh_job(struct store_tx *tx, void *msg)
{
	struct refresh *refresh = msg;
	struct wire_out w = wire_out_begin(&refresh->frame);

	wire_obj(&w, NULL);
	wire_str(&w, "ev", "conv");
	enum at_err err = write_view(tx, &w, "conv", &refresh->view);

	wire_obj_end(&w);
	return err != AT_OK ? err : wire_out_end(&w);
}

static void refresh_done(void *msg, enum at_err err)
{
	struct refresh *refresh = msg;

	if (err == AT_OK) {
		struct at_bytes *frame = at_bytes_new(refresh->frame.data, refresh->frame.len);

		hub_send_user(refresh->chat->hub, refresh->view.user, frame, NULL);
		at_bytes_unref(&frame);
	}
	at_buf_release(&refresh->frame);
	chat_view_release(&refresh->view);
	at_free(refresh);
}

void chat_refresh_conv(struct chat *chat, const struct chat_member *member, bool asked_for)
{
	struct refresh *refresh = at_alloc(sizeof(*refresh));

	refresh->chat = chat;
	refresh->view = chat_view(chat, member);
	refresh->view.opened |= asked_for;
	at_buf_init(&refresh->frame, CHAT_OUT_MAX);
	store_read(chat->store, refresh_job, refresh_done, refresh);
}

/* ---- hello ---- */

struct hello {
	uint64_t user;
	struct chat_conv_view *views; /* by conv */
	size_t n;
	struct store_note_state *heard;
	size_t n_heard;
	struct at_buf convs, notes;
	chat_hello_fn *done;
	void *arg;
};

static int by_conv(const void *a, const void *b)
{
	return by_value(&((const struct chat_conv_view *)a)->conv, &((const struct chat_conv_view *)b)->conv);
}

static const struct chat_conv_view *view_of(const struct hello *hello, uint64_t conv)
{
	struct chat_conv_view key = {.conv = conv};

	return bsearch(&key, hello->views, hello->n, sizeof(*hello->views), by_conv);
}

static enum at_err on_heard(void *arg, const void *row)
{
	struct hello *hello = arg;
	const struct store_note_state *state = row;
	const struct chat_conv_view *view = view_of(hello, state->conv);

	if (view != NULL && view->receipts && hello->n_heard < HEARD_MAX)
		hello->heard[hello->n_heard++] = *state;
	return AT_OK;
}

struct writing {
	struct hello *hello;
	struct wire_out w;
};

static void write_state(struct wire_out *w, const struct store_note_state *state, bool heard)
{
	wire_obj(w, NULL);
	wire_int(w, "conv", (int64_t)state->conv);
	wire_int(w, "seq", (int64_t)state->seq);
	wire_bool(w, "played", state->played);
	wire_int(w, "position_ms", state->position_ms);
	wire_bool(w, "heard", heard);
	wire_obj_end(w);
}

/* My own state of a note; when it is a note of mine that was heard, both in one. */
static enum at_err on_state(void *arg, const void *row)
{
	struct writing *writing = arg;
	const struct store_note_state *state = row;
	bool heard = false;

	for (size_t i = 0; i < writing->hello->n_heard && !heard; i++) {
		struct store_note_state *other = &writing->hello->heard[i];

		heard = other->conv == state->conv && other->seq == state->seq;
		if (heard)
			other->conv = 0; /* said */
	}
	if (view_of(writing->hello, state->conv) != NULL)
		write_state(&writing->w, state, heard);
	return AT_OK;
}

static enum at_err write_notes(struct store_tx *tx, struct hello *hello)
{
	struct writing writing = {hello, wire_out_begin(&hello->notes)};

	hello->heard = at_arena_alloc(store_tx_arena(tx), HEARD_MAX * sizeof(*hello->heard));
	enum at_err err = store_each_note_heard(tx, hello->user, on_heard, hello);

	wire_arr(&writing.w, NULL);
	if (err == AT_OK)
		err = store_each_note_state(tx, hello->user, on_state, &writing);
	for (size_t i = 0; i < hello->n_heard; i++) {
		struct store_note_state *state = &hello->heard[i];

		state->played = false;
		state->position_ms = 0;
		if (state->conv != 0)
			write_state(&writing.w, state, true);
	}
	wire_arr_end(&writing.w);
	return err != AT_OK ? err : wire_out_end(&writing.w);
}

static enum at_err hello_job(struct store_tx *tx, void *msg)
{
	struct hello *hello = msg;
	struct wire_out w = wire_out_begin(&hello->convs);
	enum at_err err = AT_OK;

	wire_arr(&w, NULL);
	for (size_t i = 0; i < hello->n && err == AT_OK; i++) {
		err = write_view(tx, &w, NULL, &hello->views[i]);
		if (err == AT_ERR_NOT_FOUND)
			err = AT_OK;
	}
	wire_arr_end(&w);
	if (err == AT_OK)
		err = wire_out_end(&w);
	return err != AT_OK ? err : write_notes(tx, hello);
}

static void hello_done(void *msg, enum at_err err)
{
	struct hello *hello = msg;

	hello->done(hello->arg, err, hello->convs.data, hello->convs.len, hello->notes.data, hello->notes.len);
	at_buf_release(&hello->convs);
	at_buf_release(&hello->notes);
	for (size_t i = 0; i < hello->n; i++)
		chat_view_release(&hello->views[i]);
	at_free(hello->views);
	at_free(hello);
}

static void collect_views(const struct chat *chat, struct chat_user *user, struct hello *hello)
{
	size_t n = 0;

	AT_LIST_EACH(&user->members, it)
		n++;
	hello->views = at_alloc((n + 1) * sizeof(*hello->views));
	AT_LIST_EACH(&user->members, it) {
		const struct chat_member *member = AT_ENTRY(it, struct chat_member, of_user);

		if (member->left_seq == 0 || member->conv->kind == STORE_GROUP)
			hello->views[hello->n++] = chat_view(chat, member);
	}
	qsort(hello->views, hello->n, sizeof(*hello->views), by_conv);
}

void chat_hello(struct chat *chat, uint64_t user, chat_hello_fn *done, void *arg)
{
	struct chat_user *found = at_map_get_u64(chat->users, user);
	struct hello *hello = at_alloc(sizeof(*hello));

	*hello = (struct hello){.user = user, .done = done, .arg = arg};
	at_buf_init(&hello->convs, CHAT_OUT_MAX);
	at_buf_init(&hello->notes, CHAT_OUT_MAX);
	if (found != NULL)
		collect_views(chat, found, hello);
	store_read(chat->store, hello_job, hello_done, hello);
}
