/* The media of answered calls, core's side: tells the media role which two legs belong together and when they may hear each other, gives each
 * device its leg, and carries what the two devices say to each other about it. Never reads SDP. Core loop.
 *
 *   call:   answering ── OPEN ──► media        the two legs exist, so media.open finds them ready; nothing passes
 *           answered  ── GATE ──► media        `accepted` is on disk: only now
 *           moved     ── CLOSE, OPEN ──►       new credentials for both: the old device's are worth nothing
 *           ended     ── CLOSE ──►
 *
 * A media role that was started again gets the same calls with the same credentials. A core that was started again has forgotten the
 * credentials: the role, which has not, gets new ones as an ICE restart, so that what flows flows on until the devices are back. */
#ifndef AT_TALK_TALK_H
#define AT_TALK_TALK_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "call/call.h"
#include "hub/hub.h"
#include "wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum { TALK_SDP_MAX = 16384, TALK_SIG_LEN = 86 };

struct talks;

struct talk_people {
	void *arg;
	/* The device's Ed25519 public key (32 bytes); NULL: it has none. */
	const uint8_t *(*device_key)(void *arg, uint64_t device);
};

/* Takes up the calls that are answered already. rate_bits_s: of each leg; 0 = the media role's default. */
struct talks *talks_new(struct at_loop *loop, struct hub *hub, struct calls *calls, const struct talk_people *people,
			uint32_t rate_bits_s);
void talks_free(struct talks **talks); /* before calls_free */
/* A fresh channel to the media role; takes the descriptor. Without one all is UNAVAILABLE. */
void talks_media_channel(struct talks *talks, int fd);

/* The channel is also rooms': what the role says about them goes on unread. One listener. */
struct talk_media_ops {
	void *arg;
	void (*up)(void *arg);                                    /* a role is there, and knows nothing yet */
	void (*gone)(void *arg);                                  /* with all it knew */
	void (*message)(void *arg, const void *body, size_t len); /* IPC_ROOM_NEWS */
};
void talks_on_media(struct talks *talks, const struct talk_media_ops *ops);
bool talks_has_media(const struct talks *talks);
/* An IPC_ROOM_DO. UNAVAILABLE: no role; BUSY: not now. */
AT_MUST enum at_err talks_say_room(struct talks *talks, const void *body, size_t len);
/* Its fingerprint (32 bytes), good until the next channel. */
const uint8_t *talks_fingerprint(const struct talks *talks);
/* "candidates": where a client reaches the role; reached_ip as in talk_open. */
void talks_write_candidates(const struct talks *talks, const uint8_t *reached_ip, struct wire_out *w);

/* Who asks, about which call. All below give NOT_FOUND unless it is one of the call's two devices, CONFLICT before it is answered, GONE after. */
struct talk_asker {
	struct at_id call;
	uint64_t user, device;
};

/* media.open. On AT_OK json is the answer; then, if the device has just come, follows what the other one has said so far. UNAVAILABLE: the
 * media role is restarting. BUSY: it has no room. reached_ip: the address of ours that the device's socket came to (16 bytes, IPv4 as
 * ::ffff:a.b.c.d), NULL = unknown or a proxy's. */
typedef void talk_open_fn(void *arg, enum at_err err, const void *json, size_t len);
void talk_open(struct talks *talks, const struct talk_asker *asker, bool fresh, const uint8_t *reached_ip,
	       talk_open_fn *done, void *arg);

enum talk_kind { TALK_OFFER, TALK_ANSWER, TALK_KINDS };
/* sig: TALK_SIG_LEN characters of base64url, or "". BAD_REQUEST. */
AT_MUST enum at_err talk_signal(struct talks *talks, const struct talk_asker *asker, enum talk_kind kind,
				const char *sdp, const char *sig);

struct talk_state {
	bool muted, camera, screen;
};
AT_MUST enum at_err talk_state(struct talks *talks, const struct talk_asker *asker, const struct talk_state *state);

enum talk_ask { TALK_ASK, TALK_YES, TALK_NO };
AT_MUST enum at_err talk_ask(struct talks *talks, const struct talk_asker *asker, enum talk_ask ask);

#endif
