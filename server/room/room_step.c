/* What happens to people and to the room, and when time runs out. */
#include "room/room_priv.h"

#include "base/log.h"
#include "base/time.h"

/* ---- a person ---- */

static void begin_stay(struct person *person)
{
	person->joined = at_wall_ms();
	person->until = 0;
}

static void end_stay(struct person *person)
{
	person->stayed_ms += at_wall_ms() - person->joined;
	person->device = person->hand = 0;
	person->muted = true;
	person->camera = person->screen = false;
	person->until = person->offline_since = 0;
}

bool room_person_event(struct person *person, enum person_event event)
{
	enum person_state next, before = person->state;

	if (!person_fsm_step(before, event, &next))
		return false;
	person->state = next;
	person->dirty = true;
	if (person_state_in(before) && !person_state_in(next))
		end_stay(person);
	if (!person_state_in(before) && person_state_in(next))
		begin_stay(person);
	if (!person_state_rings(next) && person_state_rings(before) && !person_state_in(next))
		person->until = 0;
	return true;
}

void room_out(struct person *person, enum person_event event)
{
	struct room *room = person->room;
	uint32_t peer = person->peer;
	uint64_t device = person->device;

	if (!room_person_event(person, event))
		return;
	if (person->joining.peer != 0)
		room_join_failed(person, AT_ERR_GONE);
	person->peer = 0;
	if (peer != 0)
		room_say_plain(room, MEDIA_ROOM_LEAVE, peer);
	if (event == PERSON_EV_REMOVE && device != 0)
		room_hint(person, device, "removed", 0);
}

void room_ring_person(struct room *room, uint64_t by, struct person *person)
{
	struct rooms *rooms = room->rooms;
	int64_t now = at_loop_now_ms(rooms->loop);

	if (!room_person_event(person, PERSON_EV_RING))
		return;
	person->rung = true;
	person->acked = 0;
	person->silent = chat_blocked(rooms->chat, by, person->user) ||
			 rooms->people.quiet_until(rooms->people.arg, person->user) > at_wall_ms();
	person->ring_stop = now + rooms->settings.ring_stop_ms;
	/* Whom nobody disturbs rings out like everybody. */
	person->until = now + (person->silent ? rooms->settings.ring_ms : rooms->settings.unreachable_ms);
}

/* ---- the room ---- */

static void end_room(struct room *room)
{
	room->row.ended = at_wall_ms();
	for (size_t i = 0; i < room->n; i++) {
		struct person *person = room->people[i];

		if (person->joining.peer != 0)
			room_join_failed(person, AT_ERR_GONE);
		if (person_state_in(person->state))
			(void)room_person_event(person, PERSON_EV_LEAVE);
		if (person_state_rings(person->state))
			(void)room_person_event(person, PERSON_EV_T_RING);
		person->peer = 0;
	}
	if (at_map_get_u64(room->rooms->by_conv, room->row.conv) == room)
		(void)at_map_del_u64(room->rooms->by_conv, room->row.conv);
	room_say_plain(room, MEDIA_ROOM_CLOSE, 0);
	room->until = at_loop_now_ms(room->rooms->loop) + ROOM_LINGER_MS;
}

static void log_state(const struct room *room)
{
	char hex[AT_ID_HEX_LEN + 1];

	at_id_hex(&room->row.id, hex);
	at_log(AT_LOG_INFO, "room.state", "room", hex, "state", room_state_name(room->state), NULL);
}

void room_event(struct room *room, enum room_event event)
{
	struct room_step step = room_fsm_step(room->state, event);

	if (!step.taken)
		return;
	room->state = (enum room_state)step.next;
	room->row.state = room->state == ROOM_ENDED ? 0 : (uint8_t)room->state;
	room->row.company = room->row.company || event == ROOM_EV_COMPANY;
	room->row_dirty = true;
	room->until = 0;
	if (room->state == ROOM_WAITING)
		room->until = at_loop_now_ms(room->rooms->loop) + room->rooms->settings.wait_ms;
	log_state(room);
	if (room->state == ROOM_ENDED)
		end_room(room);
	if (step.effects & ROOM_FX_ENTRY)
		room_log(room, true);
	if (step.effects & ROOM_FX_FINAL || (room->state == ROOM_ENDED && room->row.company))
		room_log(room, false);
}

struct heads {
	unsigned in, others_in, ringing;
};

static struct heads count(const struct room *room)
{
	struct heads heads = {0};

	for (size_t i = 0; i < room->n; i++) {
		const struct person *person = room->people[i];
		bool in = person_state_in(person->state);

		heads.in += in;
		heads.others_in += in && person->user != room->row.starter;
		heads.ringing += person_state_rings(person->state);
	}
	return heads;
}

/* A room whose starter has not come in yet is not empty, it is new: until is set then. */
static void follow(struct room *room)
{
	struct heads heads = count(room);

	if (heads.others_in > 0) {
		room_event(room, ROOM_EV_COMPANY);
		room->row_dirty = room->row_dirty || !room->row.company;
		room->row.company = true;
	}
	if (heads.in > 0 && room->state != ROOM_WAITING)
		room->until = 0;
	if (heads.in == 0 && room->until == 0)
		room_event(room, ROOM_EV_EMPTY);
	else if (heads.ringing == 0)
		room_event(room, ROOM_EV_NOBODY);
}

void room_settle(struct room *room)
{
	if (room_is_open(room))
		follow(room);
	room_store(room);
	room_tell(room);
	room_arm(room);
}

/* ---- time ---- */

static void earlier(int64_t *at, int64_t candidate)
{
	if (candidate != 0 && (*at == 0 || candidate < *at))
		*at = candidate;
}

void room_arm(struct room *room)
{
	int64_t at = 0, now = at_loop_now_ms(room->rooms->loop);

	earlier(&at, room->until);
	for (size_t i = 0; i < room->n && room->state != ROOM_ENDED; i++) {
		const struct person *person = room->people[i];

		earlier(&at, person->until);
		earlier(&at, person->joining.peer != 0 ? person->joining.until : 0);
		earlier(&at, person->offline_since != 0 ? person->offline_since + ROOM_OFFLINE_MS : 0);
	}
	if (room->watch_due)
		earlier(&at, now + ROOM_WATCH_MS);
	if (at == 0)
		at_timer_stop(room->timer);
	else
		at_timer_start(room->timer, at > now ? at - now : 0, 0);
}

static bool person_late(struct person *person, int64_t now)
{
	const struct rooms *rooms = person->room->rooms;

	if (person->joining.peer != 0 && person->joining.until <= now)
		room_join_failed(person, AT_ERR_TIMEOUT);
	if (person->offline_since != 0 && person->offline_since + ROOM_OFFLINE_MS <= now) {
		room_out(person, PERSON_EV_LEAVE);
		return true;
	}
	if (person->until == 0 || person->until > now)
		return false;
	person->until = 0;
	if (person->state == PERSON_AWAY)
		room_out(person, PERSON_EV_LEAVE);
	else if (person->state == PERSON_REACHING && !person->silent)
		(void)room_person_event(person, PERSON_EV_T_UNREACHABLE);
	else if (rooms_is_busy(rooms, person->user) || calls_is_busy(rooms->calls, person->user))
		(void)room_person_event(person, PERSON_EV_T_RING_BUSY);
	else
		(void)room_person_event(person, PERSON_EV_T_RING);
	return true;
}

static void own_time(struct room *room)
{
	room->until = 0;
	if (room->state == ROOM_WAITING)
		room_event(room, ROOM_EV_T_WAIT);
	/* LIVE and RINGING: its starter never came; room_settle finds it empty. */
}

void room_on_timer(void *arg)
{
	struct room *room = arg;
	int64_t now = at_loop_now_ms(room->rooms->loop);
	bool changed = false;

	if (room->state == ROOM_ENDED) {
		if (room->storing || room->is_logging)
			at_timer_start(room->timer, ROOM_WATCH_MS, 0);
		else
			room_forget(room);
		return;
	}
	if (room->watch_due)
		room_tell_watchers(room);
	for (size_t i = 0; i < room->n; i++)
		changed = person_late(room->people[i], now) || changed;
	if (room->until != 0 && room->until <= now) {
		own_time(room);
		changed = true;
	}
	if (changed)
		room_settle(room);
	else
		room_arm(room);
}
