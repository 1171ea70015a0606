/* A path and a query as they stand in a request line. */
#include "base/mem.h"
#include "base/str.h"
#include "net/net_http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *path = at_alloc(len + 1), *query = at_strndup((const char *)data, len);
	memcpy(path, data, len);
	if (net_path_decode(path, len)) {
		size_t n = strlen(path);
		AT_ASSERT(n <= len && path[0] == '/' && at_utf8_valid(path, n));
		AT_ASSERT(!strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../") && !strchr(path, '\\'));
		AT_ASSERT(n < 2 || strcmp(path + n - 2, "/.") != 0);
		AT_ASSERT(n < 3 || strcmp(path + n - 3, "/..") != 0);
	}
	if (net_query_ok(query))
		AT_ASSERT(!strpbrk(query, " <>\"#\\\r\n\t"));
	at_free(path);
	at_free(query);
	return 0;
}
