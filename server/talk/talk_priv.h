/* Inside the talk module. */
#ifndef AT_TALK_TALK_PRIV_H
#define AT_TALK_TALK_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "ipc/ipc.h"
#include "media/role/role.h"
#include "talk/talk.h"

enum {
	TALK_RETRY_MS = 100, /* what the role had no room for */
	TALK_TRIES_MAX = 5,  /* refusals in a row that are answered by trying otherwise */
	TALK_OUT_MAX = 8 * TALK_SDP_MAX,
};

struct talk_leg {
	struct ice_credentials creds;
	bool is_open; /* its device has asked for it since it connected: what the other says is passed on at once */
	bool has_state;
	struct talk_state state; /* as its device told */
	bool was_connected;
	bool asks; /* for pictures */
};

struct talk_signal {
	uint64_t device; /* that said it; 0 = nothing */
	char *sdp;
	char sig[TALK_SIG_LEN + 1];
};

struct talk {
	struct talks *talks;
	struct call_parties parties;
	struct talk_leg legs[2]; /* caller's, callee's */
	struct talk_signal signals[TALK_KINDS];
	bool gate;         /* `accepted` is on disk */
	bool is_over;      /* only waits until CLOSE could be said */
	bool is_unsent;    /* the role does not have all of it */
	bool close_first;  /* what it has is not to be kept */
	bool tell_on_open; /* its devices are told when the role has it (again) */
	unsigned refused;  /* in a row */
	enum at_err err;   /* why the role has not got it */
};

struct talks {
	struct at_loop *loop;
	struct hub *hub;
	struct calls *calls;
	struct talk_people people;
	uint32_t rate_bits_s;
	struct at_map *by_id, *by_device;
	struct talk_media_ops media_ops;
	struct ipc_chan *media; /* NULL: none */
	bool has_hello;
	struct media_hello hello;
	struct at_timer *retry;
	struct at_buf out;
};

/* ---- talk.c ---- */

/* The asker's talk and which leg of it is theirs. */
AT_MUST enum at_err talk_find(struct talks *talks, const struct talk_asker *asker, struct talk **talk_out,
			      unsigned *leg_out);
void talk_drop(struct talk *talk);
void talk_new_credentials(struct talk *talk);

static inline uint64_t talk_device(const struct talk *talk, unsigned leg)
{
	return leg ? talk->parties.callee_device : talk->parties.caller_device;
}
static inline uint64_t talk_user(const struct talk *talk, unsigned leg)
{
	return leg ? talk->parties.callee : talk->parties.caller;
}

/* ---- talk_media.c: what the role is told; what cannot be said now is said later ---- */

void talk_say_open(struct talk *talk); /* with its gate as it is */
void talk_say_gate(struct talk *talk);
void talk_say_restart(struct talk *talk, unsigned leg);
void talk_say_close(struct talk *talk); /* drops it, sooner or later */
void talk_say_anew(struct talk *talk);  /* closed and opened */
void talk_on_retry(void *talks);

/* ---- talk_signal.c ---- */

void talk_hint(struct talk *talk, unsigned leg, const char *why);
void talk_catch_up(struct talk *talk, unsigned leg); /* what the other one has said */
void talk_forget_signals(struct talk *talk);

#endif
