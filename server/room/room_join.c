/* Coming in: the media role makes a place, then the answer goes out; and a transport that takes another's place. */
#include "room/room_priv.h"

#include <stdio.h>
#include <string.h>

static size_t count_in(const struct room *room)
{
	size_t n = 0;

	for (size_t i = 0; i < room->n; i++)
		n += person_state_in(room->people[i]->state) || room->people[i]->joining.peer != 0;
	return n;
}

static enum at_err may_join(const struct room *room, const struct person *person)
{
	bool is_in = person != NULL && person_state_in(person->state);

	if (person != NULL && person->state == PERSON_REMOVED)
		return AT_ERR_GONE;
	if (room->row.locked && !is_in && (person == NULL || !person_state_rings(person->state)))
		return AT_ERR_CONFLICT;
	if (!is_in && (count_in(room) >= room->rooms->settings.people_max || room->n >= ROOM_PEOPLE_MAX))
		return AT_ERR_FULL;
	return talks_has_media(room->rooms->talks) ? AT_OK : AT_ERR_UNAVAILABLE;
}

static void say_join(struct room *room, const struct person *person, const struct room_join *join)
{
	struct media_room_do cmd = {.verb = MEDIA_ROOM_JOIN, .room = room->row.id, .peer = person->joining.peer};

	cmd.join.creds = person->joining.creds;
	memcpy(cmd.join.fingerprint, join->fingerprint, sizeof(cmd.join.fingerprint));
	cmd.join.params = join->params;
	room_say(room->rooms, &cmd);
}

void room_join(struct rooms *rooms, const struct room_asker *asker, const struct room_join *join, room_done_fn *done,
	       void *arg)
{
	struct room *room;
	struct person *person;
	enum at_err err = room_find(rooms, asker, false, &room, &person);

	if (err == AT_OK)
		err = sfu_params_check(&join->params);
	if (err == AT_OK)
		err = may_join(room, person);
	if (err != AT_OK) {
		done(arg, err, NULL, 0, 0);
		return;
	}
	if (person == NULL)
		person = room_person_add(room, asker->user);
	if (person->joining.peer != 0) {
		/* Asked again before the answer: the later one counts. */
		room_say_plain(room, MEDIA_ROOM_LEAVE, person->joining.peer);
		room_join_failed(person, AT_ERR_GONE);
	}
	person->joining = (struct room_joining){.peer = room->next_peer++,
						.device = asker->device,
						.muted = join->muted,
						.camera = join->camera,
						.params = join->params,
						.has_ip = join->reached_ip != NULL,
						.until = at_loop_now_ms(rooms->loop) + ROOM_JOIN_MS,
						.done = done,
						.arg = arg};
	if (join->reached_ip != NULL)
		memcpy(person->joining.reached_ip, join->reached_ip, 16);
	ice_credentials_make(&person->joining.creds);
	say_join(room, person, join);
	room_arm(room);
}

void room_join_failed(struct person *person, enum at_err err)
{
	room_done_fn *done = person->joining.done;
	void *arg = person->joining.arg;

	person->joining.peer = 0;
	done(arg, err, NULL, 0, 0);
}

/* ---- the answer ---- */

static void write_media(const struct person *person, const struct media_room_news *news, struct wire_out *w)
{
	const struct room_joining *joining = &person->joining;
	const struct rooms *rooms = person->room->rooms;
	const uint8_t *fingerprint = talks_fingerprint(rooms->talks);
	char text[SFU_FINGERPRINT_LEN * 3 + 1];

	for (size_t i = 0; i < SFU_FINGERPRINT_LEN; i++)
		(void)snprintf(text + i * 3, 4, "%02X:", fingerprint[i]);
	text[SFU_FINGERPRINT_LEN * 3 - 1] = '\0';
	wire_obj(w, "media");
	wire_str(w, "ufrag", joining->creds.ufrag);
	wire_str(w, "pwd", joining->creds.pwd);
	wire_str(w, "fingerprint", text);
	talks_write_candidates(rooms->talks, joining->has_ip ? joining->reached_ip : NULL, w);
	wire_arr(w, "slots");
	for (size_t i = 0; i < news->slot_count && i < joining->params.recv_count; i++) {
		wire_obj(w, NULL);
		wire_str(w, "mid", joining->params.recv[i].mid);
		wire_int(w, "ssrc", news->slots[i].ssrc);
		wire_int(w, "rtx", news->slots[i].rtx_ssrc);
		wire_obj_end(w);
	}
	wire_arr_end(w);
	wire_int(w, "peer", joining->peer);
	wire_obj_end(w);
}

static bool wants(const struct person *person, uint64_t user)
{
	for (size_t i = 0; i < person->view_count; i++)
		if (person->views[i].user == user)
			return true;
	return false;
}

/* The person is in it with this transport now; one of before, maybe of another device, is over. */
static void take_place(struct person *person)
{
	struct room *room = person->room;
	const struct room_joining *joining = &person->joining;
	uint32_t old_peer = person->peer;
	uint64_t old_device = person->device;

	(void)room_person_event(person, PERSON_EV_JOIN);
	person->peer = joining->peer;
	person->device = joining->device;
	person->muted = joining->muted;
	person->camera = joining->camera;
	person->screen = false;
	person->until = 0;
	person->offline_since =
		hub_device_connected(room->rooms->hub, person->device) ? 0 : at_loop_now_ms(room->rooms->loop);
	for (size_t i = 0; i < joining->params.recv_count; i++)
		memcpy(person->mids[i], joining->params.recv[i].mid, sizeof(person->mids[i]));
	memcpy(person->rids, joining->params.send[SFU_CAMERA].rids, sizeof(person->rids));
	person->view_count = 0; /* of the page before */
	room_say_state(person);
	for (size_t i = 0; i < room->n; i++)
		if (wants(room->people[i], person->user))
			room_say_views(room->people[i]);
	if (old_peer != 0)
		room_say_plain(room, MEDIA_ROOM_LEAVE, old_peer);
	if (old_device != 0 && old_device != person->device)
		room_hint(person, old_device, "moved", 0);
}

static struct person *joining_as(const struct room *room, uint32_t peer)
{
	for (size_t i = 0; i < room->n; i++)
		if (room->people[i]->joining.peer == peer)
			return room->people[i];
	return NULL;
}

void room_join_answered(struct room *room, const struct media_room_news *news)
{
	struct person *person = joining_as(room, news->event.peer);

	if (person == NULL) {
		if (news->err == AT_OK) /* too late: nobody waits for it */
			room_say_plain(room, MEDIA_ROOM_LEAVE, news->event.peer);
		return;
	}
	if (news->err != AT_OK) {
		room_join_failed(person, news->err == AT_ERR_NOT_FOUND ? AT_ERR_UNAVAILABLE : news->err);
		return;
	}
	room_done_fn *done = person->joining.done;
	void *arg = person->joining.arg;

	take_place(person);
	room_settle(room);
	struct at_buf *out = &room->rooms->out;

	at_buf_clear(out);
	struct wire_out w = wire_out_begin(out);

	wire_obj(&w, NULL);
	room_write(room, &w, "room", person->user);
	write_media(person, news, &w);
	wire_obj_end(&w);
	person->joining.peer = 0;
	enum at_err err = wire_out_end(&w);

	done(arg, err, out->data, out->len, 0);
}
