#include "api/api_priv.h"

#include "base/mem.h"

#include <string.h>

struct api_limits api_limits_default(void)
{
	return (struct api_limits){
		.ring_ms = 45000,
		.ring_stop_ms = 60000,
		.unreachable_ms = 15000,
		.note_offer_ms = 5000,
		.voice_max_ms = 180000,
		.video_max_ms = 60000,
		.note_min_ms = 1000,
		.warn_ms = 15000,
		.commands_per_s = 50,
		.messages_per_s = 200,
	};
}

/* Who may not know one another meets in a room. */
static void on_meeting(void *arg, uint64_t about, uint64_t viewer)
{
	api_tell_user(arg, about, viewer);
}

enum at_err api_new(const struct api_deps *deps, struct api **api_out)
{
	struct api *api = at_alloc(sizeof(*api));
	*api_out = NULL;
	api->deps = *deps;
	api->limits = deps->limits ? *deps->limits : api_limits_default();
	api->deps.limits = &api->limits;
	api->deps.ca_pem = at_strdup(deps->ca_pem);
	api->deps.name = at_strdup(deps->name ? deps->name : "Aftertone");
	api->deps.version = at_strdup(deps->version ? deps->version : "0");
	api->deps.origin = at_strdup(deps->origin);
	api->deps.web_dir = NULL;
	at_buf_init(&api->out, API_OUT_MAX);
	api->https = at_map_new();
	at_list_init(&api->asks);
	at_list_init(&api->sessions);
	api->handler = (struct net_handler){.on_request = api_on_request, .on_gone = api_on_gone, .arg = api};
	enum at_err err = api_static_new(deps->web_dir, &api->files);
	if (err != AT_OK) {
		api_free(&api);
		return err;
	}
	hub_on_device(deps->hub, api_on_device, api);
	rooms_on_meeting(deps->rooms, on_meeting, api);
	*api_out = api;
	return AT_OK;
}

void api_free(struct api **api)
{
	struct api *a = *api;
	if (!a)
		return;
	AT_ASSERT(at_list_empty(&a->sessions) && at_map_len(a->https) == 0);
	AT_LIST_EACH(&a->asks, it)
		api_ask_drop(AT_ENTRY(it, struct api_ask, link));
	at_map_free(&a->https);
	api_static_free(&a->files);
	at_buf_release(&a->out);
	at_free((char *)(uintptr_t)a->deps.ca_pem);
	at_free((char *)(uintptr_t)a->deps.name);
	at_free((char *)(uintptr_t)a->deps.version);
	at_free((char *)(uintptr_t)a->deps.origin);
	at_free(a);
	*api = NULL;
}

const struct net_handler *api_handler(struct api *api)
{
	return &api->handler;
}
