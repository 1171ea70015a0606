/* A Range value, and an If-None-Match value: in bounds or not at all. The first two bytes give the file's length. */
#include "base/mem.h"
#include "net/net_http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t first, last;
	if (len < 2)
		return 0;
	uint64_t file_len = (uint64_t)data[0] << 8 | data[1];
	char *value = at_strndup((const char *)data + 2, len - 2);
	if (net_range_parse(value, file_len, &first, &last) == NET_RANGE_PART)
		AT_ASSERT(first <= last && last < file_len);
	else
		AT_ASSERT(first == 0 && last == 0);
	if (net_etag_in(value, "\"a\""))
		AT_ASSERT(strstr(value, "\"a\"") || !strcmp(value, "*"));
	at_free(value);
	return 0;
}
