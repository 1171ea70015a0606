/* Messages there and back, and addresses as people write them. */
#include "base/rand.h"
#include "base/test.h"
#include "media/role/role_priv.h"

static const struct at_id call = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void open_and_restart(void **state)
{
	(void)state;
	struct media_open open = {.call = call, .gate = true, .rate_bits_s = 123456789}, got;
	struct media_restart restart = {.call = call, .leg = 1}, again;
	uint8_t body[MEDIA_OPEN_LEN + 1] = {0};
	ice_credentials_make(&open.creds[0]);
	ice_credentials_make(&open.creds[1]);
	media_open_put(&open, body);
	assert_int_equal(media_open_parse(body, MEDIA_OPEN_LEN, &got), AT_OK);
	assert_true(at_id_eq(&got.call, &call) && got.gate && got.rate_bits_s == 123456789);
	assert_string_equal(got.creds[0].ufrag, open.creds[0].ufrag);
	assert_string_equal(got.creds[1].pwd, open.creds[1].pwd);
	assert_int_equal(media_open_parse(body, MEDIA_OPEN_LEN + 1, &got), AT_ERR_BAD_REQUEST);
	assert_int_equal(media_open_parse(body, MEDIA_OPEN_LEN - 1, &got), AT_ERR_BAD_REQUEST);
	body[16] = 2;
	assert_int_equal(media_open_parse(body, MEDIA_OPEN_LEN, &got), AT_ERR_BAD_REQUEST);
	body[16] = 1;
	body[25] = ' ';
	assert_int_equal(media_open_parse(body, MEDIA_OPEN_LEN, &got), AT_ERR_BAD_REQUEST);
	restart.creds = open.creds[0];
	media_restart_put(&restart, body);
	assert_int_equal(media_restart_parse(body, MEDIA_RESTART_LEN, &again), AT_OK);
	assert_true(again.leg == 1 && ice_credentials_eq(&again.creds, &restart.creds));
	body[16] = 2;
	assert_int_equal(media_restart_parse(body, MEDIA_RESTART_LEN, &again), AT_ERR_BAD_REQUEST);
}

static void hello_events_and_stats(void **state)
{
	(void)state;
	struct media_hello hello = {.is_announced = true,
				    .has_tcp = true,
				    .port = 4000,
				    .fingerprint = {1, [31] = 2},
				    .count = 2},
			   hello_got;
	uint8_t body[MEDIA_HELLO_LEN];
	hello.addresses[0] = (struct media_address){.ip = {[10] = 0xff, 0xff, 192, 0, 2, 1}, .port = 4000};
	hello.addresses[1] = (struct media_address){.ip = {0x20, 1, 0xd, 0xb8, [15] = 9}, .port = 5};
	media_hello_put(&hello, body);
	assert_int_equal(media_hello_parse(body, sizeof(body), &hello_got), AT_OK);
	assert_memory_equal(&hello, &hello_got, sizeof(hello));
	body[4 + sizeof(hello.fingerprint)] = MEDIA_ADDRESSES_MAX + 1;
	assert_int_equal(media_hello_parse(body, sizeof(body), &hello_got), AT_ERR_BAD_REQUEST);

	struct media_event event = {.call = call, .leg = 1, .kind = MEDIA_MOVED, .err = AT_ERR_BUSY}, event_got;
	media_event_put(&event, body);
	assert_int_equal(media_event_parse(body, MEDIA_EVENT_LEN, &event_got), AT_OK);
	assert_true(event_got.leg == 1 && event_got.kind == MEDIA_MOVED && event_got.err == AT_ERR_BUSY);
	body[17] = MEDIA_EVENT_COUNT;
	assert_int_equal(media_event_parse(body, MEDIA_EVENT_LEN, &event_got), AT_ERR_BAD_REQUEST);

	struct media_stats stats = {.call = call, .legs = {{.packets = 1ULL << 40, .tuples = 3, .has_address = true}}};
	struct media_stats stats_got;
	stats.legs[1] = (struct media_leg_stats){.bytes = 7, .dropped = 8, .moves = 9, .is_tcp = true};
	media_stats_put(&stats, body);
	assert_int_equal(media_stats_parse(body, MEDIA_STATS_LEN, &stats_got), AT_OK);
	assert_true(stats_got.legs[0].packets == 1ULL << 40 && stats_got.legs[0].tuples == 3);
	assert_true(stats_got.legs[0].has_address && !stats_got.legs[0].is_tcp);
	assert_true(stats_got.legs[1].bytes == 7 && stats_got.legs[1].dropped == 8 && stats_got.legs[1].moves == 9);
	assert_true(!stats_got.legs[1].has_address && stats_got.legs[1].is_tcp);
}

static void addresses_as_written(void **state)
{
	(void)state;
	static const struct {
		const char *text, *ip;
		uint16_t port;
	} table[] = {
		{"203.0.113.5", "203.0.113.5", 0}, {"203.0.113.5:40000", "203.0.113.5", 40000},
		{"2001:db8::5", "2001:db8::5", 0}, {"[2001:db8::5]:40000", "2001:db8::5", 40000},
		{"127.0.0.1", "127.0.0.1", 0},     {"::1", "::1", 0},
	};
	static const char *const bad[] = {"",
					  "example.org",
					  "0.0.0.0",
					  "::",
					  "::ffff:0.0.0.0",
					  "224.0.0.1",
					  "ff02::1",
					  "255.255.255.255",
					  "203.0.113.5:",
					  "203.0.113.5:0",
					  "203.0.113.5:65536",
					  "203.0.113.5:x",
					  "[2001:db8::5]",
					  "[2001:db8::5",
					  "[2001:db8::5]40000",
					  "[]:1",
					  "203.0.113",
					  "fe80::1%eth0",
					  "1.2.3.4:5:6",
					  "2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:5"};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct media_address a;
		char text[MEDIA_ADDRESS_TEXT];
		assert_int_equal(media_address_parse(table[i].text, &a), AT_OK);
		media_address_text(a.ip, text);
		assert_string_equal(text, table[i].ip);
		assert_int_equal(a.port, table[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct media_address a;
		if (!media_address_parse(bad[i], &a))
			fail_msg("%s", bad[i]);
	}
}

static void ip(const char *text, uint8_t out[16])
{
	assert_true(media_ip_parse(text, out));
}

static void what_a_client_is_told(void **state)
{
	(void)state;
	struct media_hello hello = {.port = 4000, .count = 2};
	struct media_address out[MEDIA_ADDRESSES_MAX];
	uint8_t reached[16], other[16];
	ip("192.0.2.1", hello.addresses[0].ip);
	ip("192.0.2.2", hello.addresses[1].ip);
	hello.addresses[0].port = hello.addresses[1].port = 4000;
	assert_int_equal(media_addresses_for(&hello, NULL, out), 2);
	/* The one by which it came is first, and not told twice; one that came up later is told too. */
	ip("192.0.2.2", reached);
	assert_int_equal(media_addresses_for(&hello, reached, out), 2);
	assert_memory_equal(out[0].ip, reached, 16);
	ip("192.0.2.9", reached);
	assert_int_equal(media_addresses_for(&hello, reached, out), 3);
	assert_true(!memcmp(out[0].ip, reached, 16) && out[0].port == 4000);
	/* Loopback last. */
	ip("127.0.0.1", reached);
	assert_int_equal(media_addresses_for(&hello, reached, out), 3);
	assert_memory_equal(out[2].ip, reached, 16);
	/* Announced ones stand alone. */
	hello.is_announced = true;
	hello.addresses[0].port = 7;
	ip("192.0.2.9", other);
	assert_int_equal(media_addresses_for(&hello, other, out), 2);
	assert_int_equal(out[0].port, 7);
	/* Never more than there is room for. */
	hello.is_announced = false;
	for (hello.count = 0; hello.count < MEDIA_ADDRESSES_MAX; hello.count++)
		hello.addresses[hello.count] = (struct media_address){.ip = {1, (uint8_t)hello.count}, .port = 1};
	assert_int_equal(media_addresses_for(&hello, reached, out), MEDIA_ADDRESSES_MAX);
	assert_memory_equal(out[MEDIA_ADDRESSES_MAX - 1].ip, reached, 16);
	assert_int_equal(media_addresses_for(&hello, other, out), MEDIA_ADDRESSES_MAX);
	assert_memory_equal(out[0].ip, other, 16);
}

/* ---- framing ---- */

struct seen {
	size_t count, bytes, refuse_at;
};

static bool on_frame(void *arg, const uint8_t *data, size_t len)
{
	struct seen *seen = arg;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], (uint8_t)len);
	seen->bytes += len;
	return ++seen->count != seen->refuse_at;
}

static void frames_at_every_split(void **state)
{
	(void)state;
	static const size_t lens[] = {1, 0, 2, 300, 1500, 0, 0, 5};
	uint8_t bytes[2048];
	size_t total = 0, payload = 0;
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		at_put_u16(bytes + total, (uint16_t)lens[i]);
		memset(bytes + total + 2, (uint8_t)lens[i], lens[i]);
		total += 2 + lens[i];
		payload += lens[i];
	}
	for (size_t step = 1; step <= total; step++) {
		struct media_frames frames = {.len = 0};
		struct seen seen = {.count = 0};
		for (size_t at = 0; at < total; at += step)
			assert_true(media_frames_feed(&frames, bytes + at, at + step < total ? step : total - at,
						      on_frame, &seen));
		assert_int_equal(seen.count, 5);
		assert_int_equal(seen.bytes, payload);
	}
}

static void frames_that_end_it(void **state)
{
	(void)state;
	struct seen seen = {.count = 0};
	struct media_frames frames = {.len = 0};
	assert_false(media_frames_feed(&frames, (const uint8_t *)"\x05\xdd", 2, on_frame, &seen)); /* 1501 */
	frames.len = 0;
	assert_false(media_frames_feed(&frames, (const uint8_t *)"\xff\xff", 2, on_frame, &seen));
	frames.len = 0;
	seen.refuse_at = 2;
	assert_false(media_frames_feed(&frames, (const uint8_t *)"\0\1\1\0\1\1\0\1\1", 9, on_frame, &seen));
	assert_int_equal(seen.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(open_and_restart),      AT_TEST(hello_events_and_stats), AT_TEST(addresses_as_written),
		AT_TEST(what_a_client_is_told), AT_TEST(frames_at_every_split),  AT_TEST(frames_that_end_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
