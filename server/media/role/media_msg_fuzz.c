/* Bodies of the messages between core and media: the first byte chooses which. What parses is put back byte by byte the same. */
#include "media/role/role.h"
#include "media/role/role_room.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_same(const uint8_t *body, size_t len, const uint8_t *again, size_t again_len)
{
	AT_ASSERT(len == again_len && !memcmp(body, again, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static union {
		struct media_hello hello;
		struct media_open open;
		struct media_restart restart;
		struct media_event event;
		struct media_stats stats;
		struct at_id call;
		struct media_room_do cmd;
		struct media_room_news news;
	} u;
	uint8_t again[MEDIA_ROOM_DO_MAX];
	if (!len)
		return 0;
	const uint8_t *body = data + 1;
	len--;
	switch (data[0] % 8) {
	case 0:
		/* Places behind the count are not kept. */
		if (!media_hello_parse(body, len, &u.hello))
			AT_ASSERT(u.hello.count <= MEDIA_ADDRESSES_MAX);
		break;
	case 1:
		if (media_open_parse(body, len, &u.open))
			break;
		media_open_put(&u.open, again);
		check_same(body, len, again, MEDIA_OPEN_LEN);
		break;
	case 2:
		if (media_restart_parse(body, len, &u.restart))
			break;
		media_restart_put(&u.restart, again);
		check_same(body, len, again, MEDIA_RESTART_LEN);
		break;
	case 3:
		if (media_event_parse(body, len, &u.event))
			break;
		media_event_put(&u.event, again);
		check_same(body, len, again, MEDIA_EVENT_LEN);
		break;
	case 4:
		if (media_stats_parse(body, len, &u.stats))
			break;
		media_stats_put(&u.stats, again);
		check_same(body, len, again, MEDIA_STATS_LEN);
		break;
	case 5:
		if (!media_room_do_parse(body, len, &u.cmd))
			check_same(body, len, again, media_room_do_put(&u.cmd, again));
		break;
	case 6:
		if (!media_room_news_parse(body, len, &u.news))
			check_same(body, len, again, media_room_news_put(&u.news, again));
		break;
	default: AT_ASSERT((media_call_parse(body, len, &u.call) == AT_OK) == (len == MEDIA_CALL_LEN));
	}
	return 0;
}
