#include "base/buf.h"
#include "base/test.h"

static void grows_up_to_its_maximum(void **state)
{
	(void)state;
	struct at_buf buf;
	at_buf_init(&buf, 100);
	assert_null(buf.data);
	for (int i = 0; i < 100; i++)
		assert_int_equal(at_buf_append(&buf, "x", 1), AT_OK);
	assert_int_equal(at_buf_append(&buf, "x", 1), AT_ERR_TOO_LARGE);
	assert_int_equal(at_buf_reserve(&buf, SIZE_MAX), AT_ERR_TOO_LARGE);
	assert_int_equal(at_buf_append(&buf, NULL, 0), AT_OK);
	assert_int_equal(buf.len, 100);
	at_buf_release(&buf);
	assert_int_equal(buf.max, 100);
	assert_int_equal(at_buf_append(&buf, "again", 5), AT_OK);
	at_buf_release(&buf);
}

static void refuses_whole(void **state)
{
	(void)state;
	struct at_buf buf;
	at_buf_init(&buf, 8);
	assert_int_equal(at_buf_printf(&buf, "%d", 1234), AT_OK);
	assert_int_equal(at_buf_printf(&buf, "%s", "56789"), AT_ERR_TOO_LARGE);
	assert_int_equal(buf.len, 4);
	assert_int_equal(at_buf_printf(&buf, "%s", "5678"), AT_OK);
	assert_memory_equal(buf.data, "12345678", 8);
	assert_int_equal(at_buf_printf(&buf, "%s", ""), AT_OK);
	at_buf_release(&buf);
}

static void consumes_from_the_front(void **state)
{
	(void)state;
	struct at_buf buf;
	at_buf_init(&buf, 64);
	assert_int_equal(at_buf_append(&buf, "abcdef", 6), AT_OK);
	at_buf_consume(&buf, 2);
	assert_memory_equal(buf.data, "cdef", 4);
	at_buf_consume(&buf, 4);
	assert_int_equal(buf.len, 0);
	at_buf_consume(&buf, 0);
	assert_int_equal(at_buf_append(&buf, "z", 1), AT_OK);
	at_buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	at_buf_release(&buf);
}

static void bytes_are_counted(void **state)
{
	(void)state;
	struct at_bytes *a = at_bytes_new("abc", 3), *b = at_bytes_ref(a);
	assert_ptr_equal(a, b);
	at_bytes_unref(&a);
	assert_null(a);
	assert_memory_equal(b->data, "abc", 3);
	at_bytes_unref(&b);
	at_bytes_unref(&b);
	struct at_bytes *empty = at_bytes_new(NULL, 0);
	assert_int_equal(empty->len, 0);
	at_bytes_unref(&empty);
}

static void reads_what_was_put(void **state)
{
	(void)state;
	uint8_t raw[17] = {0xfe};
	at_put_u16(raw + 1, 0x1234);
	at_put_u32(raw + 3, 0xdeadbeef);
	at_put_u64(raw + 7, 0x0102030405060708u);
	raw[15] = 'o';
	raw[16] = 'k';
	struct at_reader r = at_reader_of(raw, sizeof(raw));
	assert_int_equal(at_read_u8(&r), 0xfe);
	assert_int_equal(at_read_u16(&r), 0x1234);
	assert_int_equal(at_read_u32(&r), 0xdeadbeef);
	assert_true(at_read_u64(&r) == 0x0102030405060708u);
	assert_int_equal(at_reader_left(&r), 2);
	assert_memory_equal(at_read_bytes(&r, 2), "ok", 2);
	assert_int_equal(at_reader_left(&r), 0);
	assert_false(r.failed);
}

static void a_short_read_stays_failed(void **state)
{
	(void)state;
	struct at_reader r = at_reader_of("abc", 3);
	assert_int_equal(at_read_u32(&r), 0);
	assert_true(r.failed);
	/* Though a byte would be there. */
	assert_int_equal(at_read_u8(&r), 0);
	assert_null(at_read_bytes(&r, 0));
	r = at_reader_of("abc", 3);
	assert_null(at_read_bytes(&r, SIZE_MAX));
	r = at_reader_of(NULL, 0);
	assert_int_equal(at_reader_left(&r), 0);
	assert_non_null(at_read_bytes(&r, 0));
	assert_int_equal(at_read_u8(&r), 0);
	assert_true(r.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(grows_up_to_its_maximum), AT_TEST(refuses_whole),      AT_TEST(consumes_from_the_front),
		AT_TEST(bytes_are_counted),       AT_TEST(reads_what_was_put), AT_TEST(a_short_read_stays_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
