/* room.join's arguments as JSON: what is taken keeps its names within their bounds, and survives the message to the media role. */
#include "api/api_priv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_name(const char name[SFU_ID_MAX + 1])
{
	AT_ASSERT(memchr(name, '\0', SFU_ID_MAX + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct wire_in *in;
	struct room_join join;
	if (wire_parse(data, len, &in))
		return 0;
	if (!api_get_join(in, &join)) {
		AT_ASSERT(join.params.recv_count <= SFU_SLOTS_MAX);
		for (size_t i = 0; i < join.params.recv_count; i++)
			check_name(join.params.recv[i].mid);
		for (size_t i = 0; i < SFU_SOURCE_COUNT; i++) {
			check_name(join.params.send[i].mid);
			AT_ASSERT(join.params.send[i].rid_count <= SFU_LAYERS_MAX);
		}
		enum at_err err = sfu_params_check(&join.params);
		AT_ASSERT(err == AT_OK || err == AT_ERR_BAD_REQUEST);
	}
	wire_in_free(&in);
	return 0;
}
