#include "bench/rtc_peer.h"

#include "base/rand.h"
#include "bench/session.h"
#include "media/rtp/rtp.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MTU = 1200,
	CHECK_FAST_NS = 100 * 1000 * 1000,
	FIRST_REPEAT_US = 50 * 1000, /* as Chromium */
	CONNECT_S = 60,
	PRIORITY = 110 << 24,
};
#define CHECK_SLOW_NS (2500ULL * 1000 * 1000)

static SSL_CTX *ctx;
static BIO_METHOD *wire;
static struct ice *ice;
static uint8_t fingerprint[RTC_FINGERPRINT_LEN];

/* ---- DTLS on a socket that carries other things too ---- */

static int wire_write(BIO *bio, const char *data, int len)
{
	const struct rtc_peer *peer = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	/* What a full socket drops is repeated, as on any network. */
	(void)!send(peer->fd, data, (size_t)len, MSG_NOSIGNAL);
	return len;
}

static int wire_read(BIO *bio, char *out, int len)
{
	struct rtc_peer *peer = BIO_get_data(bio);
	size_t n = peer->given_len < (size_t)len ? peer->given_len : (size_t)len;
	BIO_clear_retry_flags(bio);
	if (!peer->given) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, peer->given, n);
	peer->given = NULL;
	return (int)n;
}

static long wire_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH ? 1 : cmd == BIO_CTRL_DGRAM_QUERY_MTU ? MTU : 0;
}

static unsigned repeat_after(SSL *ssl, unsigned before_us)
{
	(void)ssl;
	return before_us ? before_us * 2 : FIRST_REPEAT_US;
}

static void make_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned len;
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600);
	X509_set_pubkey(cert, key);
	if (!X509_sign(cert, key, EVP_sha256()) || !SSL_CTX_use_certificate(ctx, cert) ||
	    !SSL_CTX_use_PrivateKey(ctx, key) || !X509_digest(cert, EVP_sha256(), fingerprint, &len))
		bench_die("no certificate could be made");
	X509_free(cert);
	EVP_PKEY_free(key);
}

void rtc_start(void)
{
	ice = ice_new();
	ctx = SSL_CTX_new(DTLS_client_method());
	/* Whose certificate it is does not matter to a load. */
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AEAD_AES_128_GCM"))
		bench_die("this OpenSSL has no SRTP");
	make_certificate();
	wire = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "rtc");
	BIO_meth_set_write(wire, wire_write);
	BIO_meth_set_read(wire, wire_read);
	BIO_meth_set_ctrl(wire, wire_ctrl);
}

void rtc_stop(void)
{
	BIO_meth_free(wire);
	SSL_CTX_free(ctx);
	ice_free(&ice);
}

void rtc_fingerprint(uint8_t out[RTC_FINGERPRINT_LEN])
{
	memcpy(out, fingerprint, RTC_FINGERPRINT_LEN);
}

void rtc_fingerprint_text(char out[RTC_FINGERPRINT_TEXT])
{
	for (size_t i = 0; i < RTC_FINGERPRINT_LEN; i++)
		snprintf(out + i * 3, 4, "%02X%s", fingerprint[i], i + 1 < RTC_FINGERPRINT_LEN ? ":" : "");
}

static void take_keys(struct rtc_peer *peer)
{
	uint8_t material[SRTP_EXPORT_MAX];
	struct srtp_keys up, down;
	if (!SSL_get_selected_srtp_profile(peer->ssl))
		bench_die("the server took no SRTP profile");
	if (SSL_export_keying_material(peer->ssl, material, srtp_export_len(SRTP_SUITE_GCM), "EXTRACTOR-dtls_srtp", 19,
				       NULL, 0, 0) != 1)
		bench_die("no keys to export");
	srtp_export_cut(SRTP_SUITE_GCM, material, &up, &down);
	peer->out = srtp_out_new(SRTP_SUITE_GCM, &up);
	peer->in = srtp_in_new(SRTP_SUITE_GCM, &down);
	peer->is_up = true;
}

static void shake(struct rtc_peer *peer)
{
	ERR_clear_error();
	int result = SSL_do_handshake(peer->ssl);
	if (result == 1) {
		take_keys(peer);
		return;
	}
	int why = SSL_get_error(peer->ssl, result);
	if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
		bench_die("DTLS failed: %s", ERR_reason_error_string(ERR_get_error()));
}

static void begin_shaking(struct rtc_peer *peer)
{
	BIO *bio = BIO_new(wire);
	BIO_set_data(bio, peer);
	BIO_set_init(bio, 1);
	peer->ssl = SSL_new(ctx);
	SSL_set_bio(peer->ssl, bio, bio);
	SSL_set_options(peer->ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(peer->ssl, MTU);
	DTLS_set_timer_cb(peer->ssl, repeat_after);
	SSL_set_connect_state(peer->ssl);
	shake(peer);
}

/* ---- ICE ---- */

static void check(struct rtc_peer *peer)
{
	char username[RTC_NAME_MAX + ICE_UFRAG_LEN + 2];
	uint8_t bytes[ICE_PACKET_MAX];
	struct ice_request request = {.type = STUN_BINDING_REQUEST,
				      .username = username,
				      .pwd = peer->remote.pwd,
				      .use_candidate = true,
				      .priority = PRIORITY};
	snprintf(username, sizeof(username), "%s:%s", peer->remote.ufrag, peer->own.ufrag);
	at_rand(request.tid, sizeof(request.tid));
	(void)!send(peer->fd, bytes, ice_request_put(ice, &request, bytes), MSG_NOSIGNAL);
}

/* An agent that is not lite checks too, and waits for the answer. */
static void answer(struct rtc_peer *peer, const struct stun_message *msg)
{
	uint8_t bytes[ICE_PACKET_MAX];
	struct ice_tuple from = {.remote_ip = {[10] = 0xff, 0xff}, .remote_port = ntohs(peer->remote.address.sin_port)};
	struct ice_request reply = {.type = STUN_BINDING_SUCCESS, .pwd = peer->own.pwd, .mapped = &from};
	memcpy(from.remote_ip + 12, &peer->remote.address.sin_addr, 4);
	memcpy(reply.tid, msg->tid, sizeof(reply.tid));
	(void)!send(peer->fd, bytes, ice_request_put(ice, &reply, bytes), MSG_NOSIGNAL);
}

static void on_stun(struct rtc_peer *peer, const uint8_t *data, size_t len)
{
	struct stun_message msg;
	if (stun_parse(data, len, &msg))
		return;
	if (msg.type == STUN_BINDING_REQUEST)
		answer(peer, &msg);
	if (msg.type != STUN_BINDING_SUCCESS || peer->is_checked)
		return;
	peer->is_checked = true;
	begin_shaking(peer);
}

void rtc_open(struct rtc_peer *peer, struct in_addr ip)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = ip};
	int size = RTC_BUFFER, on = 1;
	*peer = (struct rtc_peer){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(peer->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(peer->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (bind(peer->fd, (struct sockaddr *)&own, sizeof(own)))
		bench_die("bind: %s", strerror(errno));
	ice_credentials_make(&peer->own);
}

void rtc_close(struct rtc_peer *peer)
{
	SSL_free(peer->ssl);
	srtp_out_free(&peer->out);
	srtp_in_free(&peer->in);
	close(peer->fd);
	*peer = (struct rtc_peer){.fd = -1};
}

void rtc_aim(struct rtc_peer *peer, const struct rtc_remote *remote)
{
	peer->remote = *remote;
	if (connect(peer->fd, (const struct sockaddr *)&remote->address, sizeof(remote->address)))
		bench_die("connect: %s", strerror(errno));
	peer->check_ns = 1;
}

void rtc_step(struct rtc_peer *peer, uint64_t now_ns)
{
	if (peer->check_ns && now_ns >= peer->check_ns) {
		check(peer);
		peer->check_ns = now_ns + (peer->is_checked ? CHECK_SLOW_NS : CHECK_FAST_NS);
	}
	if (peer->ssl && !peer->is_up && DTLSv1_handle_timeout(peer->ssl) < 0)
		bench_die("DTLS was not answered");
}

bool rtc_input(struct rtc_peer *peer, const uint8_t *data, size_t len)
{
	switch (rtp_kind(data, len)) {
	case RTP_KIND_STUN: on_stun(peer, data, len); return true;
	case RTP_KIND_DTLS:
		peer->given = data;
		peer->given_len = len;
		if (peer->ssl && !peer->is_up)
			shake(peer);
		peer->given = NULL;
		return true;
	default: return false;
	}
}

static void read_all(struct rtc_peer *peer)
{
	uint8_t bytes[2048];
	for (;;) {
		ssize_t n = recv(peer->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n <= 0)
			return;
		rtc_input(peer, bytes, (size_t)n);
	}
}

void rtc_connect(struct rtc_peer **peers, size_t count, void (*while_fn)(void *arg), void *arg)
{
	uint64_t end = bench_now_ns() + CONNECT_S * 1000000000ULL;
	for (size_t up = 0; up < count;) {
		up = 0;
		for (size_t i = 0; i < count; i++) {
			read_all(peers[i]);
			rtc_step(peers[i], bench_now_ns());
			up += peers[i]->is_up;
		}
		if (while_fn)
			while_fn(arg);
		if (bench_now_ns() > end)
			bench_die("%zu of %zu transports did not come up", count - up, count);
		usleep(500);
	}
}
