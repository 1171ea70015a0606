#include "client/client_priv.h"

#include <string.h>

enum { MASKED = 0x80, FIN = 0x80, RESERVED = 0x70, LEN16 = 126, LEN64 = 127 };

enum at_err client_frame_read(uint8_t *data, size_t len, struct client_frame *frame_out)
{
	struct at_reader r = at_reader_of(data, len);
	uint8_t first = at_read_u8(&r), second = at_read_u8(&r);
	uint64_t body = second & 0x7f;

	if (body == LEN16)
		body = at_read_u16(&r);
	else if (body == LEN64)
		body = at_read_u64(&r);
	if (r.failed)
		return AT_ERR_TIMEOUT;
	if ((first & RESERVED) || (second & MASKED) || !(first & FIN) || (first & 0x0f) == 0)
		return AT_ERR_BAD_REQUEST;
	if (body > CLIENT_IN_MAX / 2)
		return AT_ERR_TOO_LARGE;
	size_t head = len - at_reader_left(&r);
	if (at_reader_left(&r) < body)
		return AT_ERR_TIMEOUT;
	*frame_out = (struct client_frame){first & 0x0f, data + head, (size_t)body, head + (size_t)body};
	return AT_OK;
}

size_t client_frame_head(uint8_t head_out[CLIENT_WS_HEAD_MAX], uint8_t opcode, size_t len, const uint8_t mask[4])
{
	size_t n = 2;

	head_out[0] = FIN | opcode;
	if (len < LEN16) {
		head_out[1] = MASKED | (uint8_t)len;
	} else if (len <= UINT16_MAX) {
		head_out[1] = MASKED | LEN16;
		at_put_u16(head_out + 2, (uint16_t)len);
		n = 4;
	} else {
		head_out[1] = MASKED | LEN64;
		at_put_u64(head_out + 2, len);
		n = 10;
	}
	memcpy(head_out + n, mask, 4);
	return n + 4;
}

void client_frame_mask(uint8_t *data, size_t len, const uint8_t mask[4])
{
	for (size_t i = 0; i < len; i++)
		data[i] ^= mask[i & 3];
}
