/* What people type into the forms: "username\nname\npassword". */
#include "auth/auth_priv.h"

#include "base/mem.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = at_strndup((const char *)data, len), *rest = text, *part[3], *clean[2] = {NULL};
	for (size_t i = 0; i < 3; i++)
		part[i] = rest ? strsep(&rest, "\n") : text + strlen(text);
	if (auth_username_clean(part[0], &clean[0]) == AT_OK)
		AT_ASSERT(strlen(clean[0]) >= 1 && strlen(clean[0]) <= AUTH_USERNAME_MAX);
	if (auth_name_clean(part[1], &clean[1]) == AT_OK)
		AT_ASSERT(at_utf8_valid(clean[1], strlen(clean[1])) && strlen(clean[1]) <= AUTH_NAME_MAX);
	if (auth_password_fit(part[2], clean[0] ? clean[0] : "") == AT_OK)
		AT_ASSERT(strlen(part[2]) >= AUTH_PASSWORD_MIN_CHARS);
	at_free(clean[0]);
	at_free(clean[1]);
	at_free(text);
	return 0;
}
