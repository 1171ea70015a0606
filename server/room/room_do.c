/* What people do in a room. */
#include "base/str.h"
#include "room/room_priv.h"

#include <string.h>

enum at_err room_ring(struct rooms *rooms, const struct room_asker *asker)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, false, &room, &person);

	if (err != AT_OK)
		return err;
	if (person == NULL || person->silent)
		return AT_ERR_GONE;
	if (person->state == PERSON_RINGING) {
		person->acked++;
		return AT_OK;
	}
	if (!room_person_event(person, PERSON_EV_ACK))
		return AT_ERR_GONE;
	int64_t until = at_loop_now_ms(rooms->loop) + rooms->settings.ring_ms;

	person->acked = 1;
	person->until = until < person->ring_stop ? until : person->ring_stop;
	room_settle(room);
	return AT_OK;
}

enum at_err room_decline(struct rooms *rooms, const struct room_asker *asker)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, false, &room, &person);

	if (err != AT_OK)
		return err;
	if (person == NULL || !room_person_event(person, PERSON_EV_DECLINE))
		return AT_ERR_GONE;
	room_settle(room);
	return AT_OK;
}

/* The starter who hangs up while it rings cancels it: nobody is in it then. */
enum at_err room_leave(struct rooms *rooms, const struct room_asker *asker)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, false, &room, &person);

	if (err == AT_ERR_GONE)
		return AT_OK;
	if (err != AT_OK)
		return err;
	if (person == NULL || (person->device != asker->device && person->joining.device != asker->device))
		return AT_OK;
	if (person->joining.peer != 0) {
		room_say_plain(room, MEDIA_ROOM_LEAVE, person->joining.peer);
		room_join_failed(person, AT_ERR_GONE);
	}
	room_out(person, PERSON_EV_LEAVE);
	if (person->user == room->row.starter && room->state != ROOM_WAITING)
		room->until = 0; /* not waited for */
	room_settle(room);
	return AT_OK;
}

enum at_err room_set_state(struct rooms *rooms, const struct room_asker *asker, bool muted, bool camera, bool screen)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, true, &room, &person);

	if (err != AT_OK)
		return err;
	person->muted = muted;
	person->camera = camera;
	/* One screen at a time: the last one to share has it. */
	for (size_t i = 0; i < room->n && screen && !person->screen; i++)
		if (room->people[i]->screen) {
			room->people[i]->screen = false;
			room_say_state(room->people[i]);
		}
	person->screen = screen;
	room_say_state(person);
	room_settle(room);
	return AT_OK;
}

enum at_err room_set_view(struct rooms *rooms, const struct room_asker *asker, const struct room_view *views,
			  size_t count)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, true, &room, &person);

	if (err != AT_OK)
		return err;
	if (count > SFU_VIEWS_MAX)
		return AT_ERR_BAD_REQUEST;
	memcpy(person->views, views, count * sizeof(views[0]));
	person->view_count = count;
	room_say_views(person);
	return AT_OK;
}

/* ---- reactions and hands ---- */

static uint32_t next_code(const char **p)
{
	const uint8_t *s = (const uint8_t *)*p;
	unsigned more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t code = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	for (unsigned i = 1; i <= more; i++)
		code = code << 6 | (s[i] & 0x3f);
	*p += more + 1;
	return code;
}

/* Near enough: nothing that could be read as words. Digits, # and * only before a keycap; no letters of any script below the
 * symbols' blocks; at most eight code points, as a family of four has seven. */
static bool is_emoji(const char *text)
{
	size_t codes = 0;
	bool has_picture = false;

	if (strlen(text) == 0 || strlen(text) > ROOM_EMOJI_MAX || !at_utf8_valid(text, strlen(text)))
		return false;
	for (const char *p = text; *p != '\0'; codes++) {
		uint32_t code = next_code(&p);
		bool keycap = (code >= '0' && code <= '9') || code == '#' || code == '*';
		bool joins = code == 0x200d || code == 0xfe0f || code == 0x20e3 || (code >= 0xe0020 && code <= 0xe007f);
		bool picture = code == 0xa9 || code == 0xae || (code >= 0x203c && code <= 0x3299 && code != 0x20e3) ||
			       (code >= 0x1f000 && code <= 0x1faff);

		if (!keycap && !joins && !picture)
			return false;
		has_picture = has_picture || picture || code == 0x20e3;
	}
	return has_picture && codes <= 10;
}

static bool may_react(struct person *person, int64_t now)
{
	if (person->reacted[0] != 0 && now - person->reacted[0] < ROOM_REACTS_MS)
		return false;
	memmove(person->reacted, person->reacted + 1, sizeof(person->reacted) - sizeof(person->reacted[0]));
	person->reacted[ROOM_REACTS - 1] = now;
	return true;
}

enum at_err room_react(struct rooms *rooms, const struct room_asker *asker, const char *emoji)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, true, &room, &person);

	if (err != AT_OK)
		return err;
	if (!is_emoji(emoji))
		return AT_ERR_BAD_REQUEST;
	if (!may_react(person, at_loop_now_ms(rooms->loop)))
		return AT_ERR_RATE_LIMITED;
	struct wire_out w = room_frame_begin(rooms, "room.react", room);

	wire_int(&w, "user", (int64_t)person->user);
	wire_str(&w, "emoji", emoji);
	struct at_bytes *frame = room_frame_end(rooms, &w);

	room_tell_participants(room, frame);
	at_bytes_unref(&frame);
	return AT_OK;
}

enum at_err room_hand(struct rooms *rooms, const struct room_asker *asker, uint64_t user, bool up)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, true, &room, &person);

	if (err != AT_OK)
		return err;
	if (user != asker->user) {
		person = room_may_moderate(room, asker->user) && !up ? room_person(room, user) : NULL;
		if (person == NULL)
			return AT_ERR_NOT_FOUND;
	}
	if ((person->hand != 0) == up)
		return AT_OK;
	person->hand = up ? ++room->hands : 0;
	room_settle(room);
	return AT_OK;
}

/* ---- moderation ---- */

static enum at_err find_other(struct rooms *rooms, const struct room_asker *asker, uint64_t user,
			      struct room **room_out, struct person **other_out)
{
	struct person *self;
	enum at_err err = room_find(rooms, asker, false, room_out, &self);

	if (err != AT_OK)
		return err;
	*other_out = room_person(*room_out, user);
	return room_may_moderate(*room_out, asker->user) && *other_out != NULL ? AT_OK : AT_ERR_NOT_FOUND;
}

enum at_err room_mute(struct rooms *rooms, const struct room_asker *asker, uint64_t user)
{
	struct room *room;
	struct person *other;
	enum at_err err = find_other(rooms, asker, user, &room, &other);

	if (err != AT_OK)
		return err;
	if (other->muted || !person_state_in(other->state))
		return AT_OK;
	other->muted = true;
	room_say_state(other);
	room_hint(other, other->device, "muted", asker->user);
	room_settle(room);
	return AT_OK;
}

enum at_err room_kick(struct rooms *rooms, const struct room_asker *asker, uint64_t user)
{
	struct room *room;
	struct person *other;
	enum at_err err = find_other(rooms, asker, user, &room, &other);

	if (err != AT_OK)
		return err;
	if (user == asker->user)
		return AT_ERR_BAD_REQUEST;
	room_out(other, PERSON_EV_REMOVE);
	room_settle(room);
	return AT_OK;
}

enum at_err room_lock(struct rooms *rooms, const struct room_asker *asker, bool on)
{
	struct room *room;
	struct person *self;
	enum at_err err = room_find(rooms, asker, false, &room, &self);

	if (err != AT_OK)
		return err;
	if (!room_may_moderate(room, asker->user))
		return AT_ERR_NOT_FOUND;
	room->row.locked = on;
	room->row_dirty = true;
	room_settle(room);
	return AT_OK;
}
