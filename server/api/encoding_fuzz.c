/* The Accept-Encoding header. */
#include "api/api_priv.h"

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *header = at_strndup((const char *)data, len);
	(void)api_accepts(header, "br");
	(void)api_accepts(header, "gzip");
	at_free(header);
	return 0;
}
