/* What OpenSSL reads from and writes to: one record in, one datagram out.
 *
 * OpenSSL's own timer goes by the wall clock and cannot be told the time, so it is set too far off ever to fire (dtls_context.c). A server
 * repeats only one flight by time: ServerHello to ServerHelloDone, all of it in the clear. We keep that flight and send it again
 * ourselves. RFC 6347 section 4.2.4 wants fresh record numbers for it; in the clear nothing protects these, so every record of epoch 0
 * that goes out is numbered here, OpenSSL's own too, lest both give the same number twice. The last flight is kept too, for when the peer's
 * last one comes again: its Finished keeps its number, as if the network had doubled it, for nobody here can seal it anew. */
#include "media/dtls/dtls_priv.h"

#include <string.h>

static bool is_clear(const uint8_t *record)
{
	return record[DTLS_EPOCH_AT] == 0 && record[DTLS_EPOCH_AT + 1] == 0;
}

static void number(struct dtls *d, uint8_t *datagram, size_t len)
{
	struct at_reader r = at_reader_of(datagram, len);
	struct dtls_record record;
	uint8_t bytes[8];
	for (uint8_t *at = datagram; dtls_record_read(&r, &record); at += record.len) {
		if (!is_clear(at))
			continue;
		at_put_u64(bytes, d->sequence++);
		memcpy(at + DTLS_SEQUENCE_AT, bytes + 2, 6);
	}
}

static void flight_keep(struct dtls *d, const uint8_t *datagram, size_t len)
{
	uint8_t head[2];
	at_put_u16(head, (uint16_t)len);
	if (d->flight.len + sizeof(head) + len > d->flight.max)
		return;
	AT_ASSERT(!at_buf_append(&d->flight, head, sizeof(head)) && !at_buf_append(&d->flight, datagram, len));
}

void dtls_flight_resend(struct dtls *d)
{
	struct at_reader r = at_reader_of(d->flight.data, d->flight.len);
	while (at_reader_left(&r)) {
		const size_t len = at_read_u16(&r);
		uint8_t *datagram = d->flight.data + (d->flight.len - at_reader_left(&r));
		at_read_bytes(&r, len);
		number(d, datagram, len);
		d->send(d->arg, datagram, len);
	}
	d->resent_at_us = d->now_us;
}

static void goodbye_keep(struct dtls_after *after, const char *datagram, size_t len)
{
	AT_ASSERT(len <= sizeof(after->goodbye));
	memcpy(after->goodbye, datagram, len);
	after->goodbye_len = (uint8_t)len;
}

static int wire_write(BIO *bio, const char *data, int len)
{
	struct dtls *d = BIO_get_data(bio);
	uint8_t datagram[DTLS_SEND_FRAGMENT];
	BIO_clear_retry_flags(bio);
	if (len < DTLS_RECORD_HEAD_LEN || len > (int)sizeof(datagram))
		return len;
	if (d->state == DTLS_UP) {
		goodbye_keep(&d->after, data, (size_t)len);
		return len;
	}
	memcpy(datagram, data, (size_t)len);
	/* Nothing is answered before our first flight: no alert that junk in the peer's name could bring upon it. */
	if (datagram[0] == DTLS_ALERT && !d->flight.len)
		return len;
	number(d, datagram, (size_t)len);
	if (datagram[0] == DTLS_CCS)
		at_buf_clear(&d->flight);
	if (datagram[0] != DTLS_ALERT)
		flight_keep(d, datagram, (size_t)len);
	d->send(d->arg, datagram, (size_t)len);
	return len;
}

static int wire_read(BIO *bio, char *out, int len)
{
	struct dtls *d = BIO_get_data(bio);
	const struct dtls_record *record = d->input;
	BIO_clear_retry_flags(bio);
	d->input = NULL;
	if (!record) {
		BIO_set_retry_read(bio);
		return -1;
	}
	const size_t n = record->len < (size_t)len ? record->len : (size_t)len;
	memcpy(out, record->data, n);
	return (int)n;
}

static long wire_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: return 1;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU: return DTLS_MTU;
	default: return 0; /* BIO_CTRL_DGRAM_GET_MTU_OVERHEAD, BIO_CTRL_PENDING and the like */
	}
}

BIO_METHOD *dtls_wire_new(void)
{
	BIO_METHOD *wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "dtls");
	AT_ASSERT(wire && BIO_meth_set_write(wire, wire_write) && BIO_meth_set_read(wire, wire_read) &&
		  BIO_meth_set_ctrl(wire, wire_ctrl));
	return wire;
}
