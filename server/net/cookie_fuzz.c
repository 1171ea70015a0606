/* A Cookie header: the value found lies in it, behind its name. */
#include "base/mem.h"
#include "net/net_http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *value;
	size_t value_len;
	char *header = at_strndup((const char *)data, len);
	if (net_cookie_find(header, "at", &value, &value_len)) {
		AT_ASSERT(value >= header + 3 && value + value_len <= header + strlen(header));
		AT_ASSERT(!memcmp(value - 3, "at=", 3) && !memchr(value, ';', value_len));
	}
	net_list_has(header, "close");
	at_free(header);
	return 0;
}
