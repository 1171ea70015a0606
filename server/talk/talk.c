#include "talk/talk_priv.h"

#include "base/mem.h"

/* ---- a talk's life ---- */

void talk_new_credentials(struct talk *talk)
{
	ice_credentials_make(&talk->legs[0].creds);
	ice_credentials_make(&talk->legs[1].creds);
}

static struct talk *talk_of(const struct talks *talks, const struct at_id *id)
{
	return at_map_get(talks->by_id, id->b, sizeof(id->b));
}

/* A device has one call at a time. */
static void forget_devices(const struct talk *talk)
{
	for (unsigned leg = 0; leg < 2; leg++)
		if (at_map_get_u64(talk->talks->by_device, talk_device(talk, leg)) == talk)
			(void)at_map_del_u64(talk->talks->by_device, talk_device(talk, leg));
}

/* Nothing of what was before is good any more. */
static void begin(struct talk *talk, struct talks *talks, const struct call_parties *parties)
{
	*talk = (struct talk){.talks = talks, .parties = *parties, .tell_on_open = !talks->has_hello};
	talk_new_credentials(talk);
	for (unsigned leg = 0; leg < 2; leg++)
		(void)at_map_put_u64(talks->by_device, talk_device(talk, leg), talk);
}

static void clear(struct talk *talk)
{
	talk_forget_signals(talk);
	forget_devices(talk);
}

static struct talk *talk_made(struct talks *talks, const struct call_parties *parties)
{
	struct talk *talk = talk_of(talks, &parties->id);

	if (talk) {
		clear(talk);
	} else {
		talk = at_alloc(sizeof(*talk));
		(void)at_map_put(talks->by_id, parties->id.b, sizeof(parties->id.b), talk);
	}
	begin(talk, talks, parties);
	return talk;
}

void talk_drop(struct talk *talk)
{
	(void)at_map_del(talk->talks->by_id, talk->parties.id.b, sizeof(talk->parties.id.b));
	clear(talk);
	at_free(talk);
}

enum at_err talk_find(struct talks *talks, const struct talk_asker *asker, struct talk **talk_out, unsigned *leg_out)
{
	struct call_parties parties;
	enum at_err err = call_parties_of(talks->calls, &asker->call, asker->user, asker->device, &parties);

	if (err != AT_OK)
		return err;
	*talk_out = talk_of(talks, &parties.id);
	*leg_out = asker->user == parties.callee;
	return *talk_out ? AT_OK : AT_ERR_UNAVAILABLE;
}

/* ---- what calls tell ---- */

static void on_answering(void *arg, const struct call_parties *parties)
{
	talk_say_open(talk_made(arg, parties));
}

static void on_answered(void *arg, const struct call_parties *parties)
{
	struct talk *talk = talk_of(arg, &parties->id);

	if (!talk || talk->is_over)
		return;
	talk->gate = true;
	talk_say_gate(talk);
}

static void on_ended(void *arg, const struct at_id *id)
{
	struct talk *talk = talk_of(arg, id);

	if (talk && !talk->is_over)
		talk_say_close(talk);
}

/* The legs are made anew, so that the device that was left can do nothing with what it knows. */
static void on_moved(void *arg, const struct call_parties *parties)
{
	struct talk *talk = talk_of(arg, &parties->id);

	if (!talk || talk->is_over)
		return;
	unsigned stayed = talk->parties.caller_device != parties->caller_device;
	struct talk_leg leg = talk->legs[stayed];

	talk = talk_made(arg, parties);
	talk->gate = true;
	talk->legs[stayed].state = leg.state;
	talk->legs[stayed].has_state = leg.has_state;
	talk->legs[stayed].is_open = leg.is_open;
	talk_say_anew(talk);
	talk_hint(talk, stayed, "moved");
}

/* It went on while the server did not. */
static void on_resumed(void *arg, const struct call_parties *parties)
{
	struct talk *talk = talk_made(arg, parties);

	talk->gate = true;
	talk->tell_on_open = true;
	talk_say_open(talk);
}

/* A device that has just connected knows nothing until it has asked. */
static void on_device(void *arg, uint64_t user, uint64_t device, bool connected)
{
	const struct talks *talks = arg;
	struct talk *talk = at_map_get_u64(talks->by_device, device);

	(void)connected;
	if (talk)
		talk->legs[user == talk->parties.callee].is_open = false;
}

/* ---- the module's ---- */

struct talks *talks_new(struct at_loop *loop, struct hub *hub, struct calls *calls, const struct talk_people *people,
			uint32_t rate_bits_s)
{
	struct talks *talks = at_alloc(sizeof(*talks));
	const struct call_hooks hooks = {.arg = talks,
					 .answering = on_answering,
					 .answered = on_answered,
					 .moved = on_moved,
					 .ended = on_ended};

	*talks =
		(struct talks){.loop = loop, .hub = hub, .calls = calls, .people = *people, .rate_bits_s = rate_bits_s};
	talks->by_id = at_map_new();
	talks->by_device = at_map_new();
	at_buf_init(&talks->out, TALK_OUT_MAX);
	talks->retry = at_timer_new(loop, talk_on_retry, talks);
	calls_add_hooks(calls, &hooks);
	calls_each_answered(calls, on_resumed, talks);
	hub_on_device(hub, on_device, talks);
	return talks;
}

/* The role hears of the end of all calls by the end of the channel: it keeps them a while for the next core. */
void talks_free(struct talks **talks)
{
	struct talks *t = *talks;
	size_t pos = 0;

	*talks = NULL;
	if (!t)
		return;
	calls_drop_hooks(t->calls, t);
	for (struct talk *talk; (talk = at_map_next(t->by_id, &pos)) != NULL; pos = 0)
		talk_drop(talk);
	at_map_free(&t->by_id);
	at_map_free(&t->by_device);
	ipc_chan_free(&t->media);
	at_timer_free(&t->retry);
	at_buf_release(&t->out);
	at_free(t);
}
