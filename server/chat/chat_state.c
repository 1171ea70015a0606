#include "chat/chat_priv.h"

/* What has been played and how far. Gathered for a moment, so a player that reports its position each second costs little; told
 * after it has been stored, because only the store knows whether the entry is a note and what was true before. */

struct state_key {
	uint64_t conv, seq, user;
};

struct chat_state {
	struct state_key key;
	bool played;
	int64_t position_ms; /* -1: as it was */
	/* what the store found */
	bool known; /* it is a note, and user may see it */
	bool first; /* it had not been played before */
	struct store_note_state now;
	struct store_note_state others; /* the author's of it; on one's own note, only whether another played it */
	uint64_t author, other;         /* other: of a direct chat, 0 else */
};

struct states {
	struct chat *chat;
	struct chat_state *items;
	size_t n;
};

static enum at_err put_one(struct store_tx *tx, struct chat_state *state)
{
	struct store_entry entry;
	const struct state_key *key = &state->key;
	enum at_err err = store_entry_get(tx, key->conv, key->seq, &entry);

	if (err == AT_ERR_NOT_FOUND || (err == AT_OK && entry.kind != STORE_NOTE) ||
	    (err == AT_OK && entry.only_for != 0 && entry.only_for != key->user))
		return AT_OK;
	if (err == AT_OK)
		err = store_note_state_get(tx, key->conv, key->seq, key->user, &state->now);
	if (err != AT_OK)
		return err;
	state->known = true;
	state->author = entry.author;
	state->first = state->played && !state->now.played;
	state->now.played = state->now.played || state->played;
	if (state->position_ms >= 0)
		state->now.position_ms = state->position_ms;
	err = store_note_state_put(tx, &state->now);
	if (err == AT_OK && entry.author == key->user)
		return store_note_heard(tx, key->conv, key->seq, entry.author, &state->others.played);
	return err == AT_OK ? store_note_state_get(tx, key->conv, key->seq, entry.author, &state->others) : err;
}

static enum at_err states_job(struct store_tx *tx, void *msg)
{
	const struct states *states = msg;
	enum at_err err = AT_OK;

	for (size_t i = 0; i < states->n && err == AT_OK; i++)
		err = put_one(tx, &states->items[i]);
	return err;
}

static void tell_state(struct chat *chat, uint64_t to, const struct store_note_state *state, bool heard)
{
	if (hub_reachable(chat->hub, to) == 0)
		return;
	struct wire_out w = chat_frame_begin(chat, "note");

	wire_int(&w, "conv", (int64_t)state->conv);
	wire_int(&w, "seq", (int64_t)state->seq);
	wire_bool(&w, "played", state->played);
	wire_int(&w, "position_ms", state->position_ms);
	wire_bool(&w, "heard", heard);
	struct at_bytes *frame = chat_frame(chat, &w);

	if (frame != NULL)
		hub_send_user(chat->hub, to, frame, NULL);
	at_bytes_unref(&frame);
}

static void tell_one(struct chat *chat, const struct chat_state *state)
{
	uint64_t user = state->key.user;

	if (!state->known)
		return;
	if (user == state->author) {
		/* In a group it is enough that the author shows receipts: who played it is not said. */
		bool shown = state->other != 0 ? chat_receipts_between(chat, user, state->other)
					       : chat->people.shows_receipts(chat->people.arg, user);

		tell_state(chat, user, &state->now, state->others.played && shown);
		return;
	}
	tell_state(chat, user, &state->now, false);
	if (state->first && chat_receipts_between(chat, user, state->author) && !chat_apart(chat, user, state->author))
		tell_state(chat, state->author, &state->others, true);
}

static void states_done(void *msg, enum at_err err)
{
	struct states *states = msg;

	for (size_t i = 0; i < states->n && err == AT_OK; i++)
		tell_one(states->chat, &states->items[i]);
	at_free(states->items);
	at_free(states);
}

void chat_flush_states(struct chat *chat)
{
	size_t n = at_map_len(chat->states), pos = 0;

	if (n == 0)
		return;
	struct states *states = at_alloc(sizeof(*states));

	states->chat = chat;
	states->items = at_alloc(n * sizeof(*states->items));
	for (struct chat_state *state; (state = at_map_next(chat->states, &pos)) != NULL;)
		states->items[states->n++] = *state;
	chat_drop_states(chat);
	store_write(chat->store, states_job, states_done, states, 0);
}

void chat_drop_states(struct chat *chat)
{
	size_t pos = 0;

	for (void *state; (state = at_map_next(chat->states, &pos)) != NULL;)
		at_free(state);
	at_map_free(&chat->states);
	chat->states = at_map_new();
}

enum at_err chat_note_state(struct chat *chat, uint64_t user, uint64_t conv, uint64_t seq, bool played,
			    int64_t position_ms)
{
	const struct chat_member *member = chat_member_of(chat, conv, user);
	struct state_key key = {conv, seq, user};

	if (member == NULL || seq == 0 || seq > member->conv->last_seq)
		return AT_ERR_NOT_FOUND;
	struct chat_state *state = at_map_get(chat->states, &key, sizeof(key));

	if (state == NULL) {
		if (at_map_len(chat->states) >= CHAT_STATES_MAX)
			return AT_ERR_BUSY;
		state = at_alloc(sizeof(*state));
		state->key = key;
		state->position_ms = -1;
		state->other = chat_peer(chat, conv, user);
		(void)at_map_put(chat->states, &key, sizeof(key), state);
	}
	state->played = state->played || played;
	if (position_ms >= 0)
		state->position_ms = position_ms;
	chat_flush_soon(chat);
	return AT_OK;
}
