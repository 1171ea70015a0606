/* Datagrams and pauses chosen by the bytes, to a fresh dtls, to one that has had a good ClientHello and sent its flight, or to one that is
 * UP, where they may be sealed as the peer would. Without the announced certificate's key nobody gets it UP, without the session's nobody
 * ends it, and what goes out is bounded by time. */
#include "media/dtls/dtls_priv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PAUSE = 0xf000, PAUSE_MASK_MS = 0x0fff, STEPS_MAX = 200 };

/* Of OpenSSL's client, with use_srtp. */
static const uint8_t hello[] = {
	0x16, 0xfe, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xcb, 0x01, 0x00, 0x00, 0xbf, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xbf, 0xfe, 0xfd, 0xce, 0x0a, 0xad, 0x9d, 0x45, 0xf9, 0xee, 0xcf, 0x21,
	0x03, 0x1c, 0x56, 0x2d, 0x04, 0x73, 0x0a, 0xfe, 0x17, 0x55, 0x41, 0x22, 0x28, 0x92, 0xc0, 0x89, 0x98, 0x2f,
	0x05, 0xca, 0x0f, 0x41, 0x61, 0x00, 0x00, 0x00, 0x38, 0xc0, 0x2c, 0xc0, 0x30, 0x00, 0x9f, 0xcc, 0xa9, 0xcc,
	0xa8, 0xcc, 0xaa, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x9e, 0xc0, 0x24, 0xc0, 0x28, 0x00, 0x6b, 0xc0, 0x23, 0xc0,
	0x27, 0x00, 0x67, 0xc0, 0x0a, 0xc0, 0x14, 0x00, 0x39, 0xc0, 0x09, 0xc0, 0x13, 0x00, 0x33, 0x00, 0x9d, 0x00,
	0x9c, 0x00, 0x3d, 0x00, 0x3c, 0x00, 0x35, 0x00, 0x2f, 0x00, 0xff, 0x01, 0x00, 0x00, 0x5d, 0x00, 0x0b, 0x00,
	0x04, 0x03, 0x00, 0x01, 0x02, 0x00, 0x0a, 0x00, 0x0c, 0x00, 0x0a, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x1e, 0x00,
	0x19, 0x00, 0x18, 0x00, 0x23, 0x00, 0x00, 0x00, 0x0e, 0x00, 0x07, 0x00, 0x04, 0x00, 0x07, 0x00, 0x01, 0x00,
	0x00, 0x16, 0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x0d, 0x00, 0x2a, 0x00, 0x28, 0x04, 0x03, 0x05, 0x03,
	0x06, 0x03, 0x08, 0x07, 0x08, 0x08, 0x08, 0x09, 0x08, 0x0a, 0x08, 0x0b, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06,
	0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x03, 0x03, 0x03, 0x01, 0x03, 0x02, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02,
};

static struct {
	struct dtls *dtls;
	int64_t now_us;
	size_t sent;
	bool was_up, may_close;
} f;

static void sends(void *arg, const uint8_t *data, size_t len)
{
	AT_ASSERT(arg == &f && data && len > 0 && len <= DTLS_MTU);
	f.sent++;
}

static void check(void)
{
	const enum dtls_state state = dtls_state(f.dtls);
	AT_ASSERT(f.was_up ? state == DTLS_UP || (state == DTLS_CLOSED && f.may_close)
			   : state != DTLS_UP && state != DTLS_CLOSED);
	AT_ASSERT((state == DTLS_FAILED) == (dtls_why(f.dtls) != DTLS_WHY_NONE));
	AT_ASSERT(state != DTLS_WAITING || !f.sent);
	AT_ASSERT(state == DTLS_UP || (state == DTLS_HANDSHAKING) == (dtls_deadline_us(f.dtls) != INT64_MAX));
	/* A flight of at most four datagrams each 40 ms, by request or by time, and an alert. */
	AT_ASSERT(f.sent <= 4 * (size_t)(2 + f.now_us / 40000) + 2);
}

/* As the handshake leaves it, with a last flight of one datagram. */
static void be_up(void)
{
	static const uint8_t flight[] = {0, DTLS_RECORD_HEAD_LEN + 1, DTLS_CCS, 0xfe, 0xfd, [15] = 1};
	f.dtls->state = DTLS_UP;
	f.dtls->rest_at_us = DTLS_REST_US;
	f.dtls->after = (struct dtls_after){.key = {1}, .iv = {2}, .key_len = 16, .newest = (uint64_t)1 << 48};
	AT_ASSERT(!at_buf_append(&f.dtls->flight, flight, sizeof(flight)));
	f.was_up = true;
}

static void seal(uint8_t *record, const uint8_t *content, size_t len)
{
	static EVP_CIPHER_CTX *ctx;
	uint8_t nonce[DTLS_IV_LEN + DTLS_NONCE_LEN] = {2}, clear[13];
	uint8_t *body = record + DTLS_RECORD_HEAD_LEN + DTLS_NONCE_LEN;
	int n;
	if (!ctx) {
		ctx = EVP_CIPHER_CTX_new();
		AT_ASSERT(ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_128_gcm(), (const uint8_t[16]){1}, NULL, NULL));
	}
	memcpy(nonce + DTLS_IV_LEN, record + DTLS_RECORD_HEAD_LEN, DTLS_NONCE_LEN);
	memcpy(clear, record + DTLS_EPOCH_AT, 8);
	memcpy(clear + 8, record, 3);
	at_put_u16(clear + 11, (uint16_t)len);
	AT_ASSERT(EVP_EncryptInit_ex2(ctx, NULL, NULL, nonce, NULL) &&
		  EVP_EncryptUpdate(ctx, NULL, &n, clear, sizeof(clear)) &&
		  EVP_EncryptUpdate(ctx, body, &n, content, (int)len) && EVP_EncryptFinal_ex(ctx, body + len, &n) &&
		  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, DTLS_GCM_TAG_LEN, body + len));
}

static void sealed(struct at_reader *r)
{
	uint8_t record[512] = {at_read_u8(r), 0xfe, 0xfd, 0, 1};
	at_put_u32(record + DTLS_SEQUENCE_AT + 2, at_read_u8(r));
	const size_t left = at_reader_left(r), wanted = at_read_u8(r),
		     len = wanted < left ? wanted
			   : left        ? left - 1
					 : 0;
	const uint8_t *content = at_read_bytes(r, len);
	at_put_u16(record + DTLS_LENGTH_AT, (uint16_t)(len + DTLS_GCM_LEN));
	seal(record, content, len);
	f.may_close |= record[0] == DTLS_ALERT && len == 2;
	dtls_input(f.dtls, f.now_us, record, DTLS_RECORD_HEAD_LEN + len + DTLS_GCM_LEN);
}

static void step(struct at_reader *r)
{
	const uint16_t what = at_read_u16(r);
	if (what >= PAUSE) {
		f.now_us += 1000 * (what & PAUSE_MASK_MS);
		dtls_tick(f.dtls, f.now_us);
		return;
	}
	if (f.was_up && what & 1) {
		sealed(r);
		return;
	}
	const size_t left = at_reader_left(r), len = what < left ? what : left;
	dtls_input(f.dtls, f.now_us, at_read_bytes(r, len), len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dtls_context *context;
	static const uint8_t fingerprint[DTLS_FINGERPRINT_LEN] = {1};
	struct at_reader r = at_reader_of(data, len);
	if (!context)
		context = dtls_context_new();
	f.dtls = dtls_new(context, fingerprint, sends, &f);
	f.now_us = 0;
	f.sent = 0;
	f.was_up = f.may_close = false;
	const uint8_t first = at_read_u8(&r);
	if (first & 2)
		be_up();
	else if (first & 1)
		AT_ASSERT(dtls_input(f.dtls, 0, hello, sizeof(hello)) == DTLS_HANDSHAKING && f.sent);
	for (int i = 0; i < STEPS_MAX && at_reader_left(&r); i++) {
		step(&r);
		check();
	}
	dtls_free(&f.dtls);
	return 0;
}
