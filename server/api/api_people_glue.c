/* What chat, call and talk want to know about people, from auth: the modules stand beside each other, so main ties them with these. */
#include "api/api.h"

#include "base/time.h"

static bool exists(void *arg, uint64_t user)
{
	return auth_user(arg, user) != NULL;
}

static bool shows_receipts(void *arg, uint64_t id)
{
	const struct auth_user *user = auth_user(arg, id);
	return user && user->receipts;
}

static bool hides_decline(void *arg, uint64_t id)
{
	const struct auth_user *user = auth_user(arg, id);
	return user && user->hide_decline;
}

static int64_t quiet_until(void *arg, uint64_t id)
{
	const struct auth_user *user = auth_user(arg, id);
	return user && user->quiet_until > at_wall_ms() ? user->quiet_until : 0;
}

static bool shares_quiet(void *arg, uint64_t id)
{
	const struct auth_user *user = auth_user(arg, id);
	return user && user->quiet_share;
}

static const char *device_name(void *arg, uint64_t id)
{
	const struct auth_device *device = auth_device(arg, id);
	return device ? device->name : NULL;
}

static const uint8_t *device_key(void *arg, uint64_t id)
{
	return auth_device_key(arg, id);
}

struct chat_people api_chat_people(struct auth *auth)
{
	return (struct chat_people){.arg = auth, .exists = exists, .shows_receipts = shows_receipts};
}

struct call_people api_call_people(struct auth *auth)
{
	return (struct call_people){.arg = auth,
				    .hides_decline = hides_decline,
				    .quiet_until = quiet_until,
				    .shares_quiet = shares_quiet,
				    .device_name = device_name};
}

struct talk_people api_talk_people(struct auth *auth)
{
	return (struct talk_people){.arg = auth, .device_key = device_key};
}

struct room_people api_room_people(struct auth *auth)
{
	return (struct room_people){.arg = auth, .exists = exists, .quiet_until = quiet_until};
}
