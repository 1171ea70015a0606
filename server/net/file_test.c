/* Files as answers: ranges, validators, big ones, files that shrink. */
#include "net/net_testkit.h"

#include "base/mem.h"
#include "net/net_priv.h"

#include <unistd.h>

static int get(struct client *c, const char *method, const char *lines, const char **body_out, size_t *len_out)
{
	char text[512];
	snprintf(text, sizeof(text), "%s /file HTTP/1.1\r\nHost: x\r\n%s\r\n", method, lines);
	client_text(c, text);
	return client_answer(c, body_out, len_out);
}

static void test_ranges_and_validators(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		int status;
		const char *body, *range;
	} t[] = {
		{"", 200, "0123456789", NULL},
		{"Range: bytes=0-0\r\n", 206, "0", "bytes 0-0/10"},
		{"Range: bytes=3-\r\n", 206, "3456789", "bytes 3-9/10"},
		{"Range: bytes=-4\r\n", 206, "6789", "bytes 6-9/10"},
		{"Range: bytes=5-100\r\n", 206, "56789", "bytes 5-9/10"},
		{"Range: bytes=10-\r\n", 416, "", "bytes */10"},
		{"Range: bytes=-0\r\n", 416, "", "bytes */10"},
		{"Range: bytes=1-0\r\n", 200, "0123456789", NULL},
		{"Range: bytes=0-1,4-5\r\n", 200, "0123456789", NULL},
		{"Range: lines=0-1\r\n", 200, "0123456789", NULL},
		{"Range: bytes=0-1\r\nIf-Range: \"tag\"\r\n", 206, "01", "bytes 0-1/10"},
		{"Range: bytes=0-1\r\nIf-Range: \"other\"\r\n", 200, "0123456789", NULL},
		{"Range: bytes=0-1\r\nIf-Range: W/\"tag\"\r\n", 200, "0123456789", NULL},
		{"Range: bytes=0-1\r\nIf-Range: Tue, 01 Jan 2030 00:00:00 GMT\r\n", 200, "0123456789", NULL},
		{"If-None-Match: \"other\"\r\n", 200, "0123456789", NULL},
		{"If-None-Match: \"other\", W/\"tag\"\r\n", 304, NULL, NULL},
		{"If-None-Match: *\r\nRange: bytes=0-1\r\n", 304, NULL, NULL},
	};
	struct kit kit;
	kit_init(&kit, NULL);
	kit_file(&kit, "0123456789", 10);
	struct client c = kit_connect(&kit);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const char *body = NULL;
		size_t len = 0;
		char line[64];
		if (get(&c, "GET", t[i].lines, t[i].body ? &body : NULL, &len) != t[i].status)
			fail_msg("%s", t[i].lines);
		if (t[i].body && (len != strlen(t[i].body) || memcmp(body, t[i].body, len)))
			fail_msg("%s: %.*s", t[i].lines, (int)len, body);
		assert_true(client_header(&c, "ETag: \"tag\""));
		assert_true(client_header(&c, "Accept-Ranges: bytes"));
		snprintf(line, sizeof(line), "Content-Range: %s", t[i].range ? t[i].range : "");
		assert_int_equal(client_header(&c, line), t[i].range != NULL);
	}
	client_close(&c);
	kit_release(&kit);
}

static void test_head_has_no_body(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	kit_file(&kit, "0123456789", 10);
	struct client c = kit_connect(&kit);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(get(&c, "HEAD", "Range: bytes=0-1\r\n", NULL, NULL), 200);
		assert_true(client_header(&c, "Content-Length: 10"));
	}
	client_close(&c);
	kit_release(&kit);
}

static void test_headers_of_user_content(void **state)
{
	(void)state;
	struct kit kit;
	const char *body;
	size_t len;
	kit_init(&kit, NULL);
	kit_file(&kit, "", 0);
	kit.file.sandbox = true;
	kit.file.extra = "cache-control: private, immutable\r\nContent-Disposition: attachment\r\n";
	struct client c = kit_connect(&kit);
	assert_int_equal(get(&c, "GET", "", &body, &len), 200);
	assert_int_equal(len, 0);
	assert_true(client_header(&c, "Content-Security-Policy: sandbox; default-src 'none'"));
	assert_true(client_header(&c, "cache-control: private, immutable"));
	assert_false(client_header(&c, "Cache-Control: no-store"));
	assert_true(client_header(&c, "Content-Disposition: attachment"));
	assert_true(client_header(&c, "Content-Type: audio/mp4"));
	assert_int_equal(get(&c, "GET", "Range: bytes=0-\r\n", &body, &len), 416);
	client_close(&c);
	kit_release(&kit);
}

enum { BIG = 8 * 1024 * 1024 };

static uint8_t *big_bytes(void)
{
	uint8_t *bytes = at_alloc(BIG);
	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 1000);
	return bytes;
}

/* Bigger than the socket's buffers, to a peer that lets it wait, with requests behind it. */
static void test_big_files(void **state)
{
	(void)state;
	struct kit kit;
	const char *body;
	size_t len;
	uint8_t *bytes = big_bytes();
	kit_init(&kit, NULL);
	kit_file(&kit, bytes, BIG);
	struct client c = kit_connect(&kit);
	client_text(&c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\nGET /file HTTP/1.1\r\nHost: x\r\nRange: "
			"bytes=1000000-\r\n\r\n"
			"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	kit_turn(&kit);
	assert_int_equal(kit.requests_n, 1);
	assert_int_equal(client_answer(&c, &body, &len), 200);
	assert_int_equal(len, BIG);
	assert_memory_equal(body, bytes, BIG);
	assert_int_equal(client_answer(&c, &body, &len), 206);
	assert_int_equal(len, BIG - 1000000);
	assert_memory_equal(body, bytes + 1000000, len);
	assert_int_equal(client_answer(&c, &body, &len), 200);
	at_free(bytes);
	client_close(&c);
	kit_release(&kit);
}

static void test_who_never_reads_is_cut(void **state)
{
	(void)state;
	struct kit kit;
	uint8_t *bytes = big_bytes();
	kit_init(&kit, NULL);
	kit_file(&kit, bytes, BIG);
	at_free(bytes);
	struct client c = kit_connect(&kit);
	client_text(&c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
	kit_turn(&kit);
	kit_later_by(&kit, NET_WRITE_TIMEOUT_MS - 3000);
	assert_int_equal(kit.server->conns, 1);
	kit_later_by(&kit, 6000);
	assert_int_equal(kit.server->conns, 0);
	client_close(&c);
	kit_release(&kit);
}

/* The answer cannot be completed, and no other may follow as if it were. */
static void test_shrinking_file_cuts(void **state)
{
	(void)state;
	struct kit kit;
	kit_init(&kit, NULL);
	kit_file(&kit, "0123456789", 10);
	kit.file.len = 20;
	struct client c = kit_connect(&kit);
	client_text(&c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(client_answer(&c, NULL, NULL), 200);
	client_wait(&c, 1 << 20);
	assert_true(c.eof);
	assert_int_equal(c.in.len - c.answer_len, 10);
	client_close(&c);
	kit_release(&kit);
}

static void test_leaving_in_the_middle(void **state)
{
	(void)state;
	struct kit kit;
	uint8_t *bytes = big_bytes();
	kit_init(&kit, NULL);
	kit_file(&kit, bytes, BIG);
	at_free(bytes);
	struct client c = kit_connect(&kit);
	client_text(&c, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
	client_wait(&c, 100000);
	client_close(&c);
	kit_turn(&kit);
	assert_int_equal(kit.gone_n, 0);
	assert_int_equal(kit.server->conns, 0);
	kit_release(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_ranges_and_validators),   AT_TEST(test_head_has_no_body),
		AT_TEST(test_headers_of_user_content), AT_TEST(test_big_files),
		AT_TEST(test_who_never_reads_is_cut),  AT_TEST(test_shrinking_file_cuts),
		AT_TEST(test_leaving_in_the_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
