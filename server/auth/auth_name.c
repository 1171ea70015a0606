/* What people may be called, and what their passwords may not be. */
#include "auth/auth_priv.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *trimmed(const char *raw)
{
	while (is_blank(*raw))
		raw++;
	size_t len = strlen(raw);
	while (len && is_blank(raw[len - 1]))
		len--;
	return at_strndup(raw, len);
}

enum at_err auth_username_clean(const char *raw, char **username_out)
{
	char *username = trimmed(raw);
	size_t len = strlen(username);
	bool good = len >= 1 && len <= AUTH_USERNAME_MAX;
	for (char *c = username; good && *c; c++) {
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
		good = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '.' || *c == '_' || *c == '-';
	}
	if (!good)
		at_free(username);
	*username_out = good ? username : NULL;
	return good ? AT_OK : AT_ERR_BAD_REQUEST;
}

/* Marks that turn text around or hide it have no place in a name: U+200B..200F, 202A..202E, 2060..2069, FEFF. */
static bool has_trick(const char *name)
{
	const unsigned char *p = (const unsigned char *)name;
	for (; *p; p++) {
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return true;
		if (*p == 0xe2 && p[1] == 0x80 && ((p[2] >= 0x8b && p[2] <= 0x8f) || (p[2] >= 0xa8 && p[2] <= 0xae)))
			return true;
		if ((*p == 0xe2 && p[1] == 0x81 && p[2] >= 0xa0 && p[2] <= 0xa9) ||
		    (*p == 0xef && p[1] == 0xbb && p[2] == 0xbf))
			return true;
	}
	return false;
}

enum at_err auth_name_clean(const char *raw, char **name_out)
{
	char *name = trimmed(raw);
	size_t len = strlen(name);
	if (len < 1 || len > AUTH_NAME_MAX || !at_utf8_valid(name, len) || has_trick(name)) {
		at_free(name);
		*name_out = NULL;
		return AT_ERR_BAD_REQUEST;
	}
	*name_out = name;
	return AT_OK;
}

/* The commonest of those with ten characters and more in published lists. */
static const char *const common[] = {
	"1234567890",    "0123456789",    "0987654321",  "9876543210",  "1234567891",   "12345678910",
	"123456789a",    "123456789q",    "a123456789",  "1q2w3e4r5t",  "q1w2e3r4t5",   "1q2w3e4r5t6y",
	"1qaz2wsx3edc",  "zaq12wsxcde3",  "qwertyuiop",  "qwerty1234",  "qwerty12345",  "qwerty123456",
	"1234qwerasdf",  "asdfghjkl1",    "asdfghjkl;",  "zxcvbnm123",  "password12",   "password123",
	"password1234",  "password12345", "password!1",  "passw0rd123", "p@ssw0rd123",  "mypassword",
	"iloveyou12",    "iloveyou123",   "welcome123",  "welcome1234", "letmein123",   "letmein1234",
	"administrator", "admin12345",    "admin123456", "changeme123", "football123",  "baseball123",
	"princess123",   "sunshine123",   "superman123", "aftertone1",  "aftertone123", "correcthorsebatterystaple",
};

static bool one_character(const char *s)
{
	return strspn(s, (const char[]){s[0], '\0'}) == strlen(s);
}

enum at_err auth_password_fit(const char *password, const char *username)
{
	size_t len = strlen(password), chars = 0;
	for (const char *c = password; *c; c++)
		chars += ((unsigned char)*c & 0xc0) != 0x80;
	if (len > AUTH_PASSWORD_MAX || chars < AUTH_PASSWORD_MIN_CHARS || one_character(password))
		return AT_ERR_BAD_REQUEST;
	if (!strcasecmp(password, username))
		return AT_ERR_BAD_REQUEST;
	for (size_t i = 0; i < sizeof(common) / sizeof(*common); i++)
		if (!strcasecmp(password, common[i]))
			return AT_ERR_BAD_REQUEST;
	return AT_OK;
}
