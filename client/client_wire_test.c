/* Framing and HTTP, byte by byte. */
#include "base/test.h"
#include "client/client_priv.h"

static void test_frames_in(void **state)
{
	(void)state;
	uint8_t hi[] = {0x81, 2, 'h', 'i', 0x89, 0};
	struct client_frame frame;

	for (size_t n = 0; n < 4; n++)
		assert_int_equal(client_frame_read(hi, n, &frame), AT_ERR_TIMEOUT);
	assert_int_equal(client_frame_read(hi, sizeof(hi), &frame), AT_OK);
	assert_int_equal(frame.opcode, 1);
	assert_int_equal(frame.len, 2);
	assert_int_equal(frame.whole_len, 4);
	assert_memory_equal(frame.data, "hi", 2);
	uint8_t wrong[][2] = {{0x81, 0x80}, {0xc1, 0}, {0x01, 0}, {0x80, 0}};
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(client_frame_read(wrong[i], 2, &frame), AT_ERR_BAD_REQUEST);
	uint8_t huge[] = {0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0};
	assert_int_equal(client_frame_read(huge, sizeof(huge), &frame), AT_ERR_TOO_LARGE);
}

static void test_frames_out(void **state)
{
	(void)state;
	static const size_t lens[] = {0, 125, 126, 65535, 65536};
	static const size_t heads[] = {6, 6, 8, 8, 14};
	static const uint8_t mask[4] = {1, 2, 3, 4};
	uint8_t head[CLIENT_WS_HEAD_MAX], text[] = "abcdef";

	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(client_frame_head(head, 2, lens[i], mask), heads[i]);
		assert_int_equal(head[0], 0x82);
		assert_true(head[1] & 0x80);
		assert_memory_equal(head + heads[i] - 4, mask, 4);
	}
	client_frame_mask(text, 6, mask);
	assert_int_equal(text[5], 'f' ^ 2);
	client_frame_mask(text, 6, mask);
	assert_string_equal((char *)text, "abcdef");
}

static void test_replies(void **state)
{
	(void)state;
	static const char text[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nSet-Cookie: at=abc; HttpOnly\r\n\r\n{}rest";
	struct client_reply reply;

	for (size_t n = 0; n < sizeof(text) - 1 - 4; n++)
		assert_int_equal(client_reply_read(text, n, &reply), AT_ERR_TIMEOUT);
	assert_int_equal(client_reply_read(text, sizeof(text) - 1, &reply), AT_OK);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.cookie, "abc");
	assert_int_equal(reply.body_len, 2);
	assert_int_equal(reply.whole_len, sizeof(text) - 1 - 4);
	static const char *const wrong[] = {"HTTP/1.0 200 OK\r\n\r\n", "\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
					    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"};
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(client_reply_read(wrong[i], strlen(wrong[i]), &reply), AT_ERR_BAD_REQUEST);
}

static void test_requests(void **state)
{
	(void)state;
	struct at_loop *loop = at_loop_new();
	struct client_options options = {.address = "127.0.0.1", .port = 8080};
	struct clients *clients;
	struct at_buf buf;

	assert_int_equal(clients_new(loop, &options, &clients), AT_OK);
	at_buf_init(&buf, 4096);
	assert_int_equal(client_request_write(clients, "/api/signin", "tok", "{}", "", &buf), AT_OK);
	assert_int_equal(at_buf_append(&buf, "", 1), AT_OK);
	assert_string_equal((char *)buf.data,
			    "POST /api/signin HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: http://localhost:8080\r\n"
			    "Cookie: at=tok\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	at_buf_release(&buf);
	clients_free(&clients);
	options.address = "localhost";
	assert_int_equal(clients_new(loop, &options, &clients), AT_ERR_BAD_REQUEST);
	at_loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AT_TEST(test_frames_in), AT_TEST(test_frames_out), AT_TEST(test_replies),
					   AT_TEST(test_requests)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
