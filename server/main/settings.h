/* Every number an operator may choose, in one table: name, unit, range, default, meaning, and where its value goes. Set by
 * --set NAME=VALUE or in aftertone.conf; read once at start. */
#ifndef AT_MAIN_SETTINGS_H
#define AT_MAIN_SETTINGS_H

#include "api/api.h"
#include "base/err.h"
#include "base/log.h"
#include "call/call.h"
#include "note/note.h"
#include "room/room.h"

#include <stdio.h>

enum { SETTING_TEXT_MAX = 256 };

struct settings {
	struct call_settings call;
	struct room_settings room;
	struct note_settings note;
	struct api_limits api;
	uint32_t sockets_max, media_port, relay_bits_s;
	enum at_log_level log_level;
	char name[SETTING_TEXT_MAX];   /* of this server, as clients show it */
	char origin[SETTING_TEXT_MAX]; /* "" = from the address it is asked at */
};

void settings_default(struct settings *settings);
/* "name=value". BAD_REQUEST with a sentence in why_out (static storage, good until the next call). */
AT_MUST enum at_err settings_set(struct settings *settings, const char *assignment, const char **why_out);
/* Lines of name=value; blank ones and such that start with # are skipped. why_out names the line. NOT_FOUND when there is no
 * such file. */
AT_MUST enum at_err settings_read(struct settings *settings, const char *path, const char **why_out);
/* Once all are set: what one says about another. */
AT_MUST enum at_err settings_finish(struct settings *settings, const char **why_out);
/* Each setting with its value, default, unit, range and meaning; it is a valid file. */
void settings_print(const struct settings *settings, FILE *out);

#endif
