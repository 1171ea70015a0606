#include "ipc/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ipc_msg msg;
	if (ipc_parse(data, len, &msg) == AT_OK) {
		AT_ASSERT(msg.type > 0 && msg.type < IPC_TYPE_COUNT);
		AT_ASSERT(msg.body_len <= IPC_BODY_MAX && msg.fd_count <= IPC_FDS_MAX);
		volatile uint8_t sum = 0;
		for (size_t i = 0; i < msg.body_len; i++)
			sum = (uint8_t)(sum + msg.body[i]);
	}
	return 0;
}
