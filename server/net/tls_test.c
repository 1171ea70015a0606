/* TLS with the own CA, checked by an OpenSSL client as a browser would. */
#include "net/net_testkit.h"

#include "base/mem.h"
#include "base/time.h"
#include "net/net_priv.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

struct tls {
	char dir[32], cert[64], key[64], ca[64];
	struct net_options options;
};

static const char *const files[] = {"ca.pem", "ca.key", "server.pem", "server.key"};

static void in_dir(const struct tls *tls, const char *name, char out[64])
{
	snprintf(out, 64, "%s/%s", tls->dir, name);
}

static void tls_init(struct tls *tls)
{
	memset(tls, 0, sizeof(*tls));
	snprintf(tls->dir, sizeof(tls->dir), "/tmp/at-tls-test-XXXXXX");
	assert_non_null(mkdtemp(tls->dir));
	assert_int_equal(net_tls_self(tls->dir), AT_OK);
	in_dir(tls, "server.pem", tls->cert);
	in_dir(tls, "server.key", tls->key);
	in_dir(tls, "ca.pem", tls->ca);
	tls->options = (struct net_options){.listen_addr = "127.0.0.1", .tls_cert = tls->cert, .tls_key = tls->key};
}

static void tls_release(struct tls *tls)
{
	for (size_t i = 0; i < 4; i++) {
		char path[64];
		in_dir(tls, files[i], path);
		unlink(path);
	}
	rmdir(tls->dir);
}

static SSL_CTX *client_context(const struct tls *tls)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert_int_equal(SSL_CTX_load_verify_locations(ctx, tls->ca, NULL), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

/* Gives whether the handshake came through. */
static bool shake_hands(struct client *c, SSL_CTX *ctx, const char *name)
{
	c->ssl = SSL_new(ctx);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	assert_int_equal(SSL_set1_host(c->ssl, name), 1);
	int64_t until = at_mono_ms() + 3000;
	while (at_mono_ms() < until) {
		int n = SSL_connect(c->ssl);
		if (n == 1)
			return true;
		if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
			break;
		at_loop_step(c->kit->loop, 1);
	}
	ERR_clear_error();
	return false;
}

static void test_own_ca_is_trusted(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool ok;
	} t[] = {{"localhost", true}, {"other.example", false}};
	struct tls tls;
	struct kit kit;
	tls_init(&tls);
	kit_init(&kit, &tls.options);
	SSL_CTX *ctx = client_context(&tls);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct client c = kit_connect(&kit);
		assert_int_equal(shake_hands(&c, ctx, t[i].name), t[i].ok);
		client_close(&c);
		kit_turn(&kit);
	}
	struct client c = kit_connect(&kit);
	c.ssl = NULL;
	assert_true(shake_hands(&c, ctx, "localhost"));
	assert_true(SSL_version(c.ssl) >= TLS1_2_VERSION);
	client_text(&c, "GET /hello?a HTTP/1.1\r\nHost: at.example:8443\r\n\r\n");
	const char *body;
	size_t len;
	assert_int_equal(client_answer(&c, &body, &len), 200);
	assert_memory_equal(body, "hello GET a", len);
	assert_true(client_header(&c, "Strict-Transport-Security: max-age=31536000"));
	client_text(&c, "GET /hello HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\n\r\n");
	assert_int_equal(client_answer(&c, &body, &len), 200);
	assert_false(client_header(&c, "Strict-Transport-Security: max-age=31536000"));
	assert_true(client_at_eof(&c));
	client_close(&c);
	SSL_CTX_free(ctx);
	kit_release(&kit);
	tls_release(&tls);
}

static void test_protocols(void **state)
{
	(void)state;
	static const struct {
		const char *alpn;
		int version;
		bool ok;
	} t[] = {
		{"\x08http/1.1", TLS1_3_VERSION, true},  {"\x02h2\x08http/1.1", TLS1_3_VERSION, true},
		{"\x02h2", TLS1_3_VERSION, false},       {"\x08http/1.1", TLS1_2_VERSION, true},
		{"\x08http/1.1", TLS1_1_VERSION, false},
	};
	struct tls tls;
	struct kit kit;
	tls_init(&tls);
	kit_init(&kit, &tls.options);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		SSL_CTX *ctx = client_context(&tls);
		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_max_proto_version(ctx, t[i].version);
		SSL_CTX_set_min_proto_version(ctx, t[i].version);
		SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)t[i].alpn, (unsigned)strlen(t[i].alpn));
		struct client c = kit_connect(&kit);
		assert_int_equal(shake_hands(&c, ctx, "localhost"), t[i].ok);
		const unsigned char *chosen;
		unsigned len;
		SSL_get0_alpn_selected(c.ssl, &chosen, &len);
		if (t[i].ok)
			assert_true(len == 8 && !memcmp(chosen, "http/1.1", 8));
		client_close(&c);
		SSL_CTX_free(ctx);
	}
	kit_release(&kit);
	tls_release(&tls);
}

static void test_big_things_over_tls(void **state)
{
	(void)state;
	struct tls tls;
	struct kit kit;
	const char *body;
	size_t len, big = 2 * 1024 * 1024;
	tls_init(&tls);
	kit_init(&kit, &tls.options);
	SSL_CTX *ctx = client_context(&tls);
	char *bytes = at_alloc(big);
	for (size_t i = 0; i < big; i++)
		bytes[i] = (char)(i * 7 + i / 1000);
	kit_file(&kit, bytes, big);
	struct client c = kit_connect(&kit);
	assert_true(shake_hands(&c, ctx, "localhost"));
	client_text(&c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
	kit_turn(&kit);
	assert_int_equal(client_answer(&c, &body, &len), 200);
	assert_int_equal(len, big);
	assert_memory_equal(body, bytes, big);
	client_text(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n");
	client_send(&c, bytes, 65536);
	assert_int_equal(client_answer(&c, &body, &len), 200);
	assert_memory_equal(body, bytes, 65536);
	client_upgrade(&c);
	memset(bytes, 'e', NET_FRAME_MAX);
	const uint8_t *data;
	for (int i = 0; i < 3; i++) {
		client_frame(&c, 0x82, bytes, NET_FRAME_MAX);
		assert_int_equal(client_next_frame(&c, &data, &len), 2);
		assert_int_equal(len, NET_FRAME_MAX);
		assert_memory_equal(data, bytes, NET_FRAME_MAX);
	}
	client_frame(&c, 0x88, "\x03\xe8", 2);
	client_expect_close(&c, 1000);
	at_free(bytes);
	client_close(&c);
	SSL_CTX_free(ctx);
	kit_release(&kit);
	tls_release(&tls);
}

/* Small and big messages while the peer does not read: OpenSSL insists on the same bytes when it is asked again. */
static void test_backlog_over_tls(void **state)
{
	(void)state;
	struct tls tls;
	struct kit kit;
	tls_init(&tls);
	kit_init(&kit, &tls.options);
	SSL_CTX *ctx = client_context(&tls);
	struct client c = kit_connect(&kit);
	assert_true(shake_hands(&c, ctx, "localhost"));
	client_upgrade(&c);
	struct at_bytes *bytes = at_bytes_new(NULL, 777);
	memset(bytes->data, 'x', bytes->len);
	size_t sent = 0;
	while (net_ws_backlog(kit.ws[0]) < NET_BACKLOG_MAX - 2000) {
		net_ws_send(kit.ws[0], bytes, false);
		sent++;
		at_loop_step(kit.loop, 0);
	}
	for (size_t i = 0; i < sent; i++) {
		const uint8_t *data;
		size_t len;
		assert_int_equal(client_next_frame(&c, &data, &len), 1);
		assert_int_equal(len, 777);
	}
	assert_int_equal(net_ws_backlog(kit.ws[0]), 0);
	at_bytes_unref(&bytes);
	client_close(&c);
	SSL_CTX_free(ctx);
	kit_release(&kit);
	tls_release(&tls);
}

static void test_not_tls(void **state)
{
	(void)state;
	struct tls tls;
	struct kit kit;
	tls_init(&tls);
	kit_init(&kit, &tls.options);
	struct client plain = kit_connect(&kit), silent = kit_connect(&kit);
	client_text(&plain, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	client_wait(&plain, 1 << 20);
	assert_true(plain.eof);
	assert_int_equal(kit.requests_n, 0);
	kit_later_by(&kit, NET_HEAD_TIMEOUT_MS + 2000);
	assert_true(client_at_eof(&silent));
	client_close(&plain);
	client_close(&silent);
	kit_release(&kit);
	tls_release(&tls);
}

static struct stat stat_of(const struct tls *tls, const char *name)
{
	char path[64];
	struct stat st;
	in_dir(tls, name, path);
	assert_int_equal(stat(path, &st), 0);
	return st;
}

static void damage(const struct tls *tls, const char *name)
{
	char path[64];
	in_dir(tls, name, path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("not a certificate\n", f);
	fclose(f);
}

static void test_certificates_are_kept_and_renewed(void **state)
{
	(void)state;
	struct tls tls;
	struct stat before[4];
	tls_init(&tls);
	assert_int_equal(stat_of(&tls, "ca.key").st_mode & 0777, 0600);
	assert_int_equal(stat_of(&tls, "server.key").st_mode & 0777, 0600);
	for (size_t i = 0; i < 4; i++)
		before[i] = stat_of(&tls, files[i]);
	assert_int_equal(net_tls_self(tls.dir), AT_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(stat_of(&tls, files[i]).st_ino, before[i].st_ino);
	damage(&tls, "server.pem");
	assert_int_equal(net_tls_self(tls.dir), AT_OK);
	assert_int_equal(stat_of(&tls, "ca.pem").st_ino, before[0].st_ino);
	assert_true(stat_of(&tls, "server.pem").st_size > 100);
	damage(&tls, "ca.key");
	assert_int_equal(net_tls_self(tls.dir), AT_OK);
	struct kit kit;
	kit_init(&kit, &tls.options);
	SSL_CTX *ctx = client_context(&tls);
	struct client c = kit_connect(&kit);
	assert_true(shake_hands(&c, ctx, "localhost"));
	client_close(&c);
	SSL_CTX_free(ctx);
	kit_release(&kit);
	tls_release(&tls);
}

static void test_unusable(void **state)
{
	(void)state;
	struct tls tls;
	struct net_server *server;
	struct net_handler handler = {0};
	tls_init(&tls);
	damage(&tls, "server.key");
	struct at_loop *loop = at_loop_new();
	at_log_expect_for_test("net.tls.unusable", 1);
	assert_int_equal(net_server_new(loop, &tls.options, &handler, &server), AT_ERR_BAD_REQUEST);
	assert_null(server);
	at_log_expect_for_test("net.tls.not_written", 1);
	assert_int_equal(net_tls_self("/nonexistent/dir"), AT_ERR_IO);
	at_loop_free(&loop);
	tls_release(&tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_own_ca_is_trusted),
		AT_TEST(test_protocols),
		AT_TEST(test_big_things_over_tls),
		AT_TEST(test_backlog_over_tls),
		AT_TEST(test_not_tls),
		AT_TEST(test_certificates_are_kept_and_renewed),
		AT_TEST(test_unusable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
