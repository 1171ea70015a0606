/* A relay in virtual time and the clients around it: tuples that check, send and are asked what reached them. */
#ifndef AT_MEDIA_RELAY_RELAY_TESTKIT_H
#define AT_MEDIA_RELAY_RELAY_TESTKIT_H

#include "media/relay/relay.h"

struct kit {
	struct relay *relay;
	struct ice *ice; /* the clients' */
	int64_t now_us;
	struct at_id call;
	struct ice_credentials creds[2];
};

extern struct kit kit;

int kit_setup(void **state); /* one call, its gate shut */
int kit_teardown(void **state);

struct ice_tuple kit_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
void kit_wait(int64_t ms); /* with ticks */

/* A check of this leg's; NULL creds: the leg's present ones. Gives the reply's type, 0 when there was none. */
uint16_t kit_check(unsigned leg, const struct ice_tuple *from, const struct ice_credentials *creds, bool nominate);
/* Both legs from 192.0.2.1:1000 and 192.0.2.2:2000, gate open, events read. */
void kit_connect(void);
extern struct ice_tuple kit_a, kit_b;

/* Sends bytes of this first byte. True: it came out, to to_out. */
bool kit_send(const struct ice_tuple *from, uint8_t first, size_t len, struct ice_tuple *to_out);
bool kit_send_rtp(const struct ice_tuple *from, uint32_t ssrc, struct ice_tuple *to_out);
/* Sends RTP and fails unless it comes out at `to` (NULL: unless it is dropped for this reason). */
void kit_expect(const struct ice_tuple *from, const struct ice_tuple *to);
void kit_expect_drop(const struct ice_tuple *from, uint8_t first, enum relay_drop why);
bool kit_event(unsigned leg, enum relay_event_kind kind); /* the next event is this one; reads it */
bool kit_no_event(void);
uint64_t kit_drops(enum relay_drop why);

#endif
