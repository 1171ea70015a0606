/* Chats and their logs. */
#include "api/api_priv.h"

enum { LOG_LIMIT = CHAT_PAGE_ENTRIES };

/* The two numbers that name an entry, or a chat and a watermark. */
static enum at_err get_conv_seq(const struct wire_in *in, uint64_t *conv_out, uint64_t *seq_out)
{
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, conv_out);
	return err == AT_OK ? wire_get_u64(in, "seq", 1, API_INT_MAX, seq_out) : err;
}

static void opened(void *arg, enum at_err err, uint64_t conv)
{
	struct api_ask *ask = arg;
	struct api *api = ask->api;
	uint64_t user = ask->user, with = ask->about;
	bool news = ask->news;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_int(&w, "conv", (int64_t)conv);
	api_ok_end(ask, &w);
	/* Before the first call or message names either of them, both know who that is. */
	if (!news)
		return;
	api_tell_user(api, with, user);
	if (!chat_blocked(api->deps.chat, user, with))
		api_tell_user(api, user, with);
}

void api_do_chat_open(struct api_ask *ask, const struct wire_in *in)
{
	enum at_err err = wire_get_u64(in, "user", 1, API_INT_MAX, &ask->about);
	ask->news = err == AT_OK && chat_direct(ask->api->deps.chat, ask->user, ask->about) == 0;
	if (err == AT_OK)
		chat_open(ask->api->deps.chat, ask->user, ask->about, opened, ask);
	else
		api_answer_err(ask, err);
}

static void got_page(void *arg, enum at_err err, const void *json, size_t len, uint64_t last_seq)
{
	struct api_ask *ask = arg;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_raw(&w, "entries", json, len);
	wire_int(&w, "last_seq", (int64_t)last_seq);
	api_ok_end(ask, &w);
}

static void get_some(struct api_ask *ask, const struct wire_in *in, uint64_t conv)
{
	uint64_t seqs[CHAT_PAGE_ENTRIES];
	size_t n;
	enum at_err err = wire_get_u64s(in, "ids", API_INT_MAX, CHAT_PAGE_ENTRIES, seqs, &n);
	if (err == AT_OK)
		chat_log_some(ask->api->deps.chat, ask->user, conv, seqs, n, got_page, ask);
	else
		api_answer_err(ask, err);
}

void api_do_log_get(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, after = 0, before = 0, limit = LOG_LIMIT;
	bool ids = wire_has(in, "ids"), has_before = wire_has(in, "before"), has_after = wire_has(in, "after");
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, &conv);
	if (err == AT_OK && ids + has_before + has_after != 1)
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK && has_before)
		err = wire_get_u64(in, "before", 1, API_INT_MAX, &before);
	if (err == AT_OK && has_after)
		err = wire_get_u64(in, "after", 0, API_INT_MAX, &after);
	if (err == AT_OK && wire_has(in, "limit"))
		err = wire_get_u64(in, "limit", 1, LOG_LIMIT, &limit);
	if (err != AT_OK)
		api_answer_err(ask, err);
	else if (ids)
		get_some(ask, in, conv);
	else
		chat_log_page(ask->api->deps.chat, ask->user, ask->device, conv, after, before, (size_t)limit, got_page,
			      ask);
}

void api_answer_appended(void *arg, enum at_err err, uint64_t seq, int64_t ts, bool duplicate)
{
	(void)duplicate;
	struct api_ask *ask = arg;
	if (err != AT_OK) {
		api_answer_err(ask, err);
		return;
	}
	struct wire_out w = api_ok_begin(ask);
	wire_int(&w, "seq", (int64_t)seq);
	wire_int(&w, "ts", ts);
	api_ok_end(ask, &w);
}

void api_do_msg_send(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, cid, re = 0;
	const char *text;
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, &conv);
	if (err == AT_OK)
		err = wire_get_u64(in, "cid", 1, API_INT_MAX, &cid);
	if (err == AT_OK)
		err = wire_get_str(in, "text", 1, WIRE_TEXT_MAX, &text);
	if (err == AT_OK && wire_has(in, "re"))
		err = wire_get_u64(in, "re", 1, API_INT_MAX, &re);
	if (err == AT_OK)
		chat_send_text(ask->api->deps.chat, ask->user, ask->device, conv, cid, text, re, api_answer_appended,
			       ask);
	else
		api_answer_err(ask, err);
}

void api_do_entry_delete(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, seq, cid;
	enum at_err err = get_conv_seq(in, &conv, &seq);
	if (err == AT_OK)
		err = wire_get_u64(in, "cid", 1, API_INT_MAX, &cid);
	if (err == AT_OK)
		chat_delete_entry(ask->api->deps.chat, ask->user, ask->device, conv, seq, cid, api_answer_appended,
				  ask);
	else
		api_answer_err(ask, err);
}

void api_do_got(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, seq;
	enum at_err err = get_conv_seq(in, &conv, &seq);
	api_answer_done(ask, err == AT_OK ? chat_got(ask->api->deps.chat, ask->user, conv, seq) : err);
}

void api_do_read(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, seq;
	enum at_err err = get_conv_seq(in, &conv, &seq);
	api_answer_done(ask, err == AT_OK ? chat_read(ask->api->deps.chat, ask->user, conv, seq) : err);
}

void api_do_typing(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv;
	enum at_err err = wire_get_u64(in, "conv", 1, API_INT_MAX, &conv);
	api_answer_done(ask, err == AT_OK ? chat_typing(ask->api->deps.chat, ask->user, conv) : err);
}

void api_do_note_played(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, seq;
	enum at_err err = get_conv_seq(in, &conv, &seq);
	api_answer_done(ask, err == AT_OK ? chat_note_state(ask->api->deps.chat, ask->user, conv, seq, true, -1) : err);
}

void api_do_note_position(struct api_ask *ask, const struct wire_in *in)
{
	uint64_t conv, seq, ms;
	enum at_err err = get_conv_seq(in, &conv, &seq);
	if (err == AT_OK)
		err = wire_get_u64(in, "ms", 0, API_INT_MAX, &ms);
	api_answer_done(ask, err == AT_OK
				     ? chat_note_state(ask->api->deps.chat, ask->user, conv, seq, false, (int64_t)ms)
				     : err);
}
