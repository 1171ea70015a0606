/* Recordings. Their bytes come as binary frames and do not pass here (api_session.c). */
#include "api/api_priv.h"

#include "base/str.h"

enum { PEAKS = 64, SEG_MAX = 65535 };

static void answer_json(void *arg, enum at_err err, const void *json, size_t len)
{
	if (err == AT_OK)
		api_answer_raw(arg, NULL, json, len);
	else
		api_answer_err(arg, err);
}

static void answer_done(void *arg, enum at_err err, const void *json, size_t len)
{
	(void)json, (void)len;
	api_answer_done(arg, err);
}

static enum at_err get_rec(const struct wire_in *in, struct at_id *rec_out)
{
	enum at_err err = wire_get_id(in, "rec", rec_out);
	return err == AT_OK && at_id_is_zero(rec_out) ? AT_ERR_BAD_REQUEST : err;
}

void api_do_rec_start(struct api_ask *ask, const struct wire_in *in)
{
	struct note_start start = {.user = ask->user, .device = ask->device};
	uint64_t seg = 0;
	enum at_err err = get_rec(in, &start.rec);
	if (err == AT_OK)
		err = wire_get_u64(in, "conv", 1, API_INT_MAX, &start.conv);
	if (err == AT_OK && wire_has(in, "call"))
		err = wire_get_id(in, "call", &start.call);
	if (err == AT_OK)
		err = api_get_kind(in, &start.video);
	if (err == AT_OK)
		err = wire_get_str(in, "mime", 1, 80, &start.mime);
	if (err == AT_OK && wire_has(in, "seg"))
		err = wire_get_u64(in, "seg", 0, SEG_MAX, &seg);
	start.seg = (uint32_t)seg;
	if (err == AT_OK)
		note_rec_start(ask->api->deps.notes, &start, answer_json, ask);
	else
		api_answer_err(ask, err);
}

void api_do_rec_state(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id rec;
	const char *state = "";
	uint64_t ms;
	enum at_err err = get_rec(in, &rec);
	if (err == AT_OK)
		err = wire_get_str(in, "state", 1, 16, &state);
	if (err == AT_OK)
		err = wire_get_u64(in, "ms", 0, UINT32_MAX, &ms);
	bool paused = at_str_eq(state, "paused");
	if (err == AT_OK && !paused && !at_str_eq(state, "recording"))
		err = AT_ERR_BAD_REQUEST;
	if (err == AT_OK)
		note_rec_state(ask->api->deps.notes, ask->user, ask->device, &rec, paused, (uint32_t)ms, answer_done,
			       ask);
	else
		api_answer_err(ask, err);
}

static enum at_err get_commit(const struct wire_in *in, struct note_commit *commit)
{
	uint64_t fragments = 0, duration = 0, peaks[PEAKS];
	size_t n = 0;
	enum at_err err = get_rec(in, &commit->rec);
	if (err == AT_OK)
		err = wire_get_u64(in, "cid", 1, API_INT_MAX, &commit->cid);
	if (err == AT_OK)
		err = wire_get_u64(in, "fragments", 0, BLOB_FRAGMENTS_MAX, &fragments);
	if (err == AT_OK)
		err = wire_get_u64(in, "duration_ms", 0, UINT32_MAX, &duration);
	if (err == AT_OK)
		err = wire_get_u64s(in, "peaks", 255, PEAKS, peaks, &n);
	if (err == AT_OK && n != PEAKS)
		err = AT_ERR_BAD_REQUEST;
	commit->fragments = (uint32_t)fragments;
	commit->duration_ms = (int64_t)duration;
	for (size_t i = 0; err == AT_OK && i < PEAKS; i++)
		commit->peaks[i] = (uint8_t)peaks[i];
	return err;
}

void api_do_rec_commit(struct api_ask *ask, const struct wire_in *in)
{
	struct note_commit commit = {.user = ask->user, .device = ask->device};
	enum at_err err = get_commit(in, &commit);
	if (err == AT_OK)
		note_rec_commit(ask->api->deps.notes, &commit, answer_json, ask);
	else
		api_answer_err(ask, err);
}

void api_do_rec_discard(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id rec;
	enum at_err err = get_rec(in, &rec);
	if (err == AT_OK)
		note_rec_discard(ask->api->deps.notes, ask->user, &rec, answer_done, ask);
	else
		api_answer_err(ask, err);
}

void api_do_rec_undo(struct api_ask *ask, const struct wire_in *in)
{
	struct at_id rec;
	enum at_err err = get_rec(in, &rec);
	if (err == AT_OK)
		note_rec_undo(ask->api->deps.notes, ask->user, ask->device, &rec, answer_json, ask);
	else
		api_answer_err(ask, err);
}

static void set_listen(struct api_ask *ask, const struct wire_in *in, bool on)
{
	struct at_id rec;
	enum at_err err = get_rec(in, &rec);
	if (err == AT_OK)
		note_rec_listen(ask->api->deps.notes, ask->user, ask->device, &rec, on, on ? answer_json : answer_done,
				ask);
	else
		api_answer_err(ask, err);
}

void api_do_rec_listen(struct api_ask *ask, const struct wire_in *in)
{
	set_listen(ask, in, true);
}

void api_do_rec_unlisten(struct api_ask *ask, const struct wire_in *in)
{
	set_listen(ask, in, false);
}
