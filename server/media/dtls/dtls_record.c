#include "media/dtls/dtls_priv.h"

bool dtls_record_read(struct at_reader *r, struct dtls_record *record_out)
{
	record_out->data = r->p;
	record_out->type = at_read_u8(r);
	const uint8_t version = at_read_u8(r); /* one's complement: 0xfe for 1.0 and 1.2 */
	at_read_u8(r);
	record_out->epoch = at_read_u16(r);
	at_read_bytes(r, 6);
	const size_t len = at_read_u16(r);
	at_read_bytes(r, len);
	record_out->len = DTLS_RECORD_HEAD_LEN + len;
	const bool is_sealed = record_out->epoch > 0;
	return !r->failed && version == 0xfe && (!is_sealed || len > DTLS_GCM_LEN);
}

bool dtls_record_is_client_hello(const struct dtls_record *record)
{
	return record->type == DTLS_HANDSHAKE && record->epoch == 0 && record->len > DTLS_RECORD_HEAD_LEN &&
	       record->data[DTLS_RECORD_HEAD_LEN] == DTLS_CLIENT_HELLO;
}
