/* The two tables that everything hangs on: the dispatcher reads them, the authorisation test walks them, docs/protocol.md is
 * compared with them. */
#include "api/api_priv.h"

#include <string.h>

/* Every command needs a session; what may be touched with it, the handler's module decides per object. */
const struct api_command api_commands[] = {
	{"hello", api_do_hello, API_PLAIN},
	{"people.find", api_do_people_find, API_PLAIN},
	{"me.set", api_do_me_set, API_PLAIN},
	{"block", api_do_block, API_PLAIN},
	{"unblock", api_do_unblock, API_PLAIN},
	{"device.list", api_do_device_list, API_PLAIN},
	{"device.rename", api_do_device_rename, API_PLAIN},
	{"device.revoke", api_do_device_revoke, API_PLAIN},
	{"invite.create", api_do_invite_create, API_PLAIN},
	{"invite.list", api_do_invite_list, API_PLAIN},
	{"invite.revoke", api_do_invite_revoke, API_PLAIN},
	{"visible", api_do_visible, API_PLAIN},
	{"chat.open", api_do_chat_open, API_PLAIN},
	{"group.create", api_do_group_create, API_PLAIN},
	{"group.set", api_do_group_set, API_PLAIN},
	{"group.add", api_do_group_add, API_PLAIN},
	{"group.remove", api_do_group_remove, API_PLAIN},
	{"group.admin", api_do_group_admin, API_PLAIN},
	{"log.get", api_do_log_get, API_PLAIN},
	{"msg.send", api_do_msg_send, API_MESSAGE},
	{"entry.delete", api_do_entry_delete, API_PLAIN},
	{"got", api_do_got, API_MESSAGE},
	{"read", api_do_read, API_MESSAGE},
	{"typing", api_do_typing, API_PLAIN},
	{"note.played", api_do_note_played, API_PLAIN},
	{"note.position", api_do_note_position, API_PLAIN},
	{"call.start", api_do_call_start, API_PLAIN},
	{"call.ring", api_do_call_ring, API_PLAIN},
	{"call.answer", api_do_call_answer, API_PLAIN},
	{"call.decline", api_do_call_decline, API_PLAIN},
	{"call.cancel", api_do_call_cancel, API_PLAIN},
	{"call.leave", api_do_call_leave, API_PLAIN},
	{"call.move", api_do_call_move, API_PLAIN},
	{"media.open", api_do_media_open, API_MEDIA},
	{"media.signal", api_do_media_signal, API_MEDIA},
	{"media.state", api_do_media_state, API_MEDIA},
	{"media.ask", api_do_media_ask, API_MEDIA},
	{"room.start", api_do_room_start, API_PLAIN},
	{"room.ring", api_do_room_ring, API_PLAIN},
	{"room.decline", api_do_room_decline, API_PLAIN},
	{"room.join", api_do_room_join, API_MEDIA},
	{"room.leave", api_do_room_leave, API_PLAIN},
	{"room.state", api_do_room_state, API_PLAIN},
	{"room.view", api_do_room_view, API_PLAIN},
	{"room.react", api_do_room_react, API_PLAIN},
	{"room.hand", api_do_room_hand, API_PLAIN},
	{"room.invite", api_do_room_invite, API_PLAIN},
	{"room.mute", api_do_room_mute, API_PLAIN},
	{"room.kick", api_do_room_kick, API_PLAIN},
	{"room.lock", api_do_room_lock, API_PLAIN},
	{"call.grow", api_do_call_grow, API_PLAIN},
	{"key.set", api_do_key_set, API_PLAIN},
	{"rec.start", api_do_rec_start, API_PLAIN},
	{"rec.state", api_do_rec_state, API_PLAIN},
	{"rec.commit", api_do_rec_commit, API_PLAIN},
	{"rec.discard", api_do_rec_discard, API_PLAIN},
	{"rec.undo", api_do_rec_undo, API_PLAIN},
	{"rec.listen", api_do_rec_listen, API_PLAIN},
	{"rec.unlisten", api_do_rec_unlisten, API_PLAIN},
};
const size_t api_commands_n = sizeof(api_commands) / sizeof(*api_commands);

const struct api_route api_routes[] = {
	{"GET", "/api/about", NULL, API_ANYONE, api_get_about},
	{"POST", "/api/join", NULL, API_INVITATION, api_post_join},
	{"POST", "/api/invite", NULL, API_ANYONE, api_post_invite},
	{"POST", "/api/signin", NULL, API_ANYONE, api_post_signin},
	{"POST", "/api/link", NULL, API_LINK, api_post_link},
	{"POST", "/api/signout", NULL, API_SESSION, api_post_signout},
	{"GET", "/api/session", NULL, API_SESSION, api_get_session},
	{"GET", "/ws", NULL, API_SESSION, api_socket_open},
	{"GET", "/media/", "BLOB", API_MEMBER, api_get_media},
	{"GET", "/picture/", "BLOB", API_MEMBER, api_get_picture},
	{"GET", "/rec/", "REC", API_OWNER, api_get_rec},
	{"GET", "/ca.pem", NULL, API_ANYONE, api_get_ca},
	{"GET", "/", NULL, API_ANYONE, api_static_get}, /* and whatever no other route takes */
};
const size_t api_routes_n = sizeof(api_routes) / sizeof(*api_routes);

const char *const api_events[] = {
	"user", "me",         "conv",          "entry",      "receipt",      "typing",      "note",      "call",
	"rec",  "rec.ack",    "rec.listeners", "live",       "media.signal", "media.state", "media.ask", "media.hint",
	"room", "room.slots", "room.speakers", "room.react", "room.layers",  "room.hint",
};
const size_t api_events_n = sizeof(api_events) / sizeof(*api_events);

const char *api_role_name(enum api_role role)
{
	static const char *const names[] = {"anyone", "invitation", "sign-in link", "session", "member", "owner"};
	return names[role];
}

/* The first letters decide nearly always, so a walk over three dozen names costs less than hashing one. */
const struct api_command *api_command_find(const char *name)
{
	for (size_t i = 0; i < api_commands_n; i++)
		if (api_commands[i].name[0] == name[0] && strcmp(api_commands[i].name, name) == 0)
			return &api_commands[i];
	return NULL;
}

void api_table_print(FILE *out)
{
	for (size_t i = 0; i < api_commands_n; i++)
		fprintf(out, "command %s session\n", api_commands[i].name);
	for (size_t i = 0; i < api_routes_n; i++)
		fprintf(out, "route %s %s%s %s\n", api_routes[i].method, api_routes[i].path,
			api_routes[i].param ? api_routes[i].param : "", api_role_name(api_routes[i].role));
	for (size_t i = 0; i < api_events_n; i++)
		fprintf(out, "event %s\n", api_events[i]);
	for (int err = AT_OK + 1; err < AT_ERR_COUNT; err++)
		if (err != AT_ERR_IO) /* told as internal */
			fprintf(out, "error %s\n", at_err_name((enum at_err)err));
}
