/* What the two devices of a call say to each other: passed on to the other one and to nobody else, and never looked into. */
#include "base/log.h"
#include "base/mem.h"
#include "talk/talk_priv.h"

#include <string.h>

/* ---- events ---- */

static struct wire_out begin(struct talk *talk, const char *ev)
{
	at_buf_clear(&talk->talks->out);
	struct wire_out w = wire_out_begin(&talk->talks->out);

	wire_obj(&w, NULL);
	wire_str(&w, "ev", ev);
	wire_id(&w, "call", &talk->parties.id);
	return w;
}

static void send(struct talk *talk, unsigned leg, struct wire_out *w)
{
	struct talks *talks = talk->talks;

	wire_obj_end(w);
	enum at_err err = wire_out_end(w);

	AT_ASSERT(err == AT_OK); /* an SDP of the longest, every byte escaped, fits */
	struct at_bytes *frame = at_bytes_new(talks->out.data, talks->out.len);

	hub_send_device(talks->hub, talk_device(talk, leg), frame, false);
	at_bytes_unref(&frame);
}

void talk_hint(struct talk *talk, unsigned leg, const char *why)
{
	/* Before the answer is on disk nobody is to know. */
	if (!talk->gate)
		return;
	struct wire_out w = begin(talk, "media.hint");

	wire_str(&w, "why", why);
	send(talk, leg, &w);
}

static void tell_signal(struct talk *talk, unsigned leg, enum talk_kind kind)
{
	const struct talk_signal *signal = &talk->signals[kind];
	struct wire_out w = begin(talk, "media.signal");

	wire_int(&w, "device", (int64_t)signal->device);
	wire_str(&w, "kind", kind == TALK_OFFER ? "offer" : "answer");
	wire_str(&w, "sdp", signal->sdp);
	wire_str(&w, "sig", signal->sig);
	send(talk, leg, &w);
}

static void tell_state(struct talk *talk, unsigned leg)
{
	const struct talk_state *state = &talk->legs[!leg].state;
	struct wire_out w = begin(talk, "media.state");

	wire_int(&w, "user", (int64_t)talk_user(talk, !leg));
	wire_bool(&w, "muted", state->muted);
	wire_bool(&w, "camera", state->camera);
	wire_bool(&w, "screen", state->screen);
	send(talk, leg, &w);
}

/* Once for each time the device has connected: a leg that is opened afresh on the way needs nothing said again. */
void talk_catch_up(struct talk *talk, unsigned leg)
{
	if (talk->legs[leg].is_open)
		return;
	talk->legs[leg].is_open = true;
	for (unsigned kind = 0; kind < TALK_KINDS; kind++)
		if (talk->signals[kind].device == talk_device(talk, !leg))
			tell_signal(talk, leg, kind);
	if (talk->legs[!leg].has_state)
		tell_state(talk, leg);
}

/* ---- signals ---- */

static void forget(struct talk_signal *signal)
{
	at_free(signal->sdp);
	*signal = (struct talk_signal){0};
}

void talk_forget_signals(struct talk *talk)
{
	for (unsigned kind = 0; kind < TALK_KINDS; kind++)
		forget(&talk->signals[kind]);
}

static bool sig_fits(const char *sig)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(sig);

	return len == 0 || (len == TALK_SIG_LEN && strspn(sig, alphabet) == len);
}

enum at_err talk_signal(struct talks *talks, const struct talk_asker *asker, enum talk_kind kind, const char *sdp,
			const char *sig)
{
	struct talk *talk;
	unsigned leg;
	size_t len = strlen(sdp);

	if (len == 0 || len > TALK_SDP_MAX || !sig_fits(sig))
		return AT_ERR_BAD_REQUEST;
	enum at_err err = talk_find(talks, asker, &talk, &leg);

	if (err != AT_OK)
		return err;
	struct talk_signal *signal = &talk->signals[kind];

	forget(signal);
	*signal = (struct talk_signal){.device = asker->device, .sdp = at_strndup(sdp, len)};
	memcpy(signal->sig, sig, strlen(sig) + 1);
	/* What was answered before answers nothing now. */
	if (kind == TALK_OFFER)
		forget(&talk->signals[TALK_ANSWER]);
	if (talk->legs[!leg].is_open)
		tell_signal(talk, !leg, kind);
	return AT_OK;
}

/* ---- states and questions ---- */

enum at_err talk_state(struct talks *talks, const struct talk_asker *asker, const struct talk_state *state)
{
	struct talk *talk;
	unsigned leg;
	enum at_err err = talk_find(talks, asker, &talk, &leg);

	if (err != AT_OK)
		return err;
	talk->legs[leg].state = *state;
	talk->legs[leg].has_state = true;
	if (talk->legs[!leg].is_open)
		tell_state(talk, !leg);
	return AT_OK;
}

enum at_err talk_ask(struct talks *talks, const struct talk_asker *asker, enum talk_ask ask)
{
	struct talk *talk;
	unsigned leg;
	enum at_err err = talk_find(talks, asker, &talk, &leg);

	if (err != AT_OK)
		return err;
	struct wire_out w = begin(talk, "media.ask");

	wire_int(&w, "user", (int64_t)asker->user);
	if (ask == TALK_ASK)
		wire_null(&w, "yes");
	else
		wire_bool(&w, "yes", ask == TALK_YES);
	send(talk, !leg, &w);
	if (ask == TALK_YES && talk->legs[!leg].asks)
		call_turn_to_video(talks->calls, &talk->parties.id);
	talk->legs[ask == TALK_ASK ? leg : !leg].asks = ask == TALK_ASK;
	return AT_OK;
}
