/* What core and the media role say to each other about rooms (media/sfu), over the channel of role.h:
 *   IPC_ROOM_DO     core -> media: one of enum media_room_verb. OPEN comes first; a room that the role knows already is emptied by it.
 *   IPC_ROOM_NEWS   media -> core: what became of a JOIN, and every event of the SFU
 * OPEN, CLOSE, LEAVE, STATE and VIEW are not answered: what they name may be gone by then, which an event tells. When the role dies
 * its rooms are gone, DTLS with them: core opens them again on the next channel and has everybody join anew. When core dies, rooms
 * go on for MEDIA_ORPHAN_MS, like calls.
 *
 * Big-endian, in the order of the structs; names of m-lines are SFU_ID_MAX bytes, filled with zeros. Numbers are checked for what the
 * layout can hold; whether parameters make sense, sfu_params_check says. */
#ifndef AT_MEDIA_ROLE_ROLE_ROOM_H
#define AT_MEDIA_ROLE_ROLE_ROOM_H

#include "media/sfu/sfu.h"

enum media_room_verb {
	MEDIA_ROOM_OPEN,
	MEDIA_ROOM_CLOSE,
	MEDIA_ROOM_JOIN,
	MEDIA_ROOM_LEAVE,
	MEDIA_ROOM_STATE,
	MEDIA_ROOM_VIEW,
	MEDIA_ROOM_VERBS
};

struct media_room_do {
	enum media_room_verb verb;
	struct at_id room;
	uint32_t peer; /* 0 for OPEN and CLOSE */
	union {
		struct {
			struct ice_credentials creds;
			uint8_t fingerprint[SFU_FINGERPRINT_LEN];
			struct sfu_params params;
		} join;
		struct {
			bool muted, camera, screen;
		} state;
		struct {
			struct sfu_view views[SFU_VIEWS_MAX];
			size_t count;
		} view;
	};
};

struct media_room_news {
	bool is_joined; /* JOIN's answer: err, and its slots in the order of params.recv. Else an event. */
	enum at_err err;
	size_t slot_count;
	struct sfu_slot_ids slots[SFU_SLOTS_MAX];
	struct sfu_event event; /* room and peer stand here in both cases */
};

enum {
	MEDIA_ROOM_DO_MAX = 2048, /* bytes of a body */
	MEDIA_ROOM_NEWS_MAX = 1024,
};

size_t media_room_do_put(const struct media_room_do *cmd, uint8_t out[MEDIA_ROOM_DO_MAX]); /* the length */
AT_MUST enum at_err media_room_do_parse(const void *body, size_t len, struct media_room_do *cmd_out);
size_t media_room_news_put(const struct media_room_news *news, uint8_t out[MEDIA_ROOM_NEWS_MAX]);
AT_MUST enum at_err media_room_news_parse(const void *body, size_t len, struct media_room_news *news_out);

#endif
