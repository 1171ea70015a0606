/* RFC 6455 from the server's side, along the case list of the Autobahn test suite: framing, pings, reserved bits, opcodes,
 * fragmentation, UTF-8, closing, limits. */
#include "base/test.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/net_ws.h"

/* ---- a peer ---- */

struct peer {
	struct at_buf bytes;
};

static void add(struct peer *peer, const void *data, size_t len)
{
	assert_int_equal(at_buf_append(&peer->bytes, data, len), AT_OK);
}

/* first: FIN, RSV and opcode; form 0 = the shortest length, else 7, 16 or 64 bits */
static void frame_as(struct peer *peer, uint8_t first, const void *data, size_t len, int form)
{
	static const uint8_t mask[4] = {0x11, 0xa2, 0x33, 0xf4};
	uint8_t head[10] = {first};
	size_t n = 2;
	if (!form)
		form = len < 126 ? 7 : len < 65536 ? 16 : 64;
	head[1] = (uint8_t)(0x80 | (form == 7 ? len : form == 16 ? 126 : 127));
	if (form == 16)
		at_put_u16(head + 2, (uint16_t)len);
	if (form == 64)
		at_put_u64(head + 2, len);
	n += form == 16 ? 2 : form == 64 ? 8 : 0;
	add(peer, head, n);
	add(peer, mask, sizeof(mask));
	size_t at = peer->bytes.len;
	add(peer, data, len);
	for (size_t i = 0; i < len; i++)
		peer->bytes.data[at + i] ^= mask[i & 3];
}

static void frame(struct peer *peer, uint8_t first, const void *data, size_t len)
{
	frame_as(peer, first, data, len, 0);
}

static void text(struct peer *peer, uint8_t first, const char *s)
{
	frame(peer, first, s, strlen(s));
}

static void begin(struct peer *peer)
{
	at_buf_init(&peer->bytes, 64 * 1024 * 1024);
}

/* ---- what came of it, as a line: T"..", B"..", P"..", O"..", C1000, X1002 ---- */

static void note(struct at_buf *log, enum net_ws_got got, const struct net_ws_event *ev)
{
	static const char names[] = {[NET_WS_PING] = 'P', [NET_WS_PONG] = 'O'};
	enum at_err err;
	if (got == NET_WS_CLOSE || got == NET_WS_BAD)
		err = at_buf_printf(log, "%c%d ", got == NET_WS_CLOSE ? 'C' : 'X', ev->code);
	else if (ev->len > 40)
		err = at_buf_printf(log, "%c%zu ", ev->binary ? 'B' : 'T', ev->len);
	else
		err = at_buf_printf(log, "%c\"%.*s\" ", got == NET_WS_MESSAGE ? ev->binary ? 'B' : 'T' : names[got],
				    (int)ev->len, ev->len ? (const char *)ev->data : "");
	assert_int_equal(err, AT_OK);
}

/* Feeds it in pieces; each call sees memory that ends where the bytes end. */
static void run(const struct peer *peer, size_t step, struct at_buf *log)
{
	struct net_ws_in in = {0};
	struct at_buf have;
	enum net_ws_got got = NET_WS_MORE;
	at_buf_init(&have, SIZE_MAX / 4);
	for (size_t n = 0; n < peer->bytes.len && got != NET_WS_CLOSE && got != NET_WS_BAD;) {
		size_t more = step < peer->bytes.len - n ? step : peer->bytes.len - n;
		assert_int_equal(at_buf_append(&have, peer->bytes.data + n, more), AT_OK);
		n += more;
		do {
			struct net_ws_event ev;
			size_t used;
			uint8_t *exact = at_realloc(NULL, have.len);
			memcpy(exact, have.data, have.len);
			got = net_ws_next(&in, exact, have.len, &used, &ev);
			assert_true(used <= have.len);
			at_buf_consume(&have, used);
			if (got != NET_WS_MORE)
				note(log, got, &ev);
			at_free(exact);
		} while (got != NET_WS_MORE && got != NET_WS_CLOSE && got != NET_WS_BAD && have.len);
	}
	net_ws_in_release(&in);
	at_buf_release(&have);
}

static void expect(struct peer *peer, const char *line)
{
	static const size_t steps[] = {SIZE_MAX, 1, 3, 17};
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (i && peer->bytes.len > 4096)
			continue;
		struct at_buf log;
		at_buf_init(&log, 65536);
		run(peer, steps[i], &log);
		assert_int_equal(at_buf_append(&log, "", 1), AT_OK);
		assert_string_equal((const char *)log.data, line);
		at_buf_release(&log);
	}
	at_buf_release(&peer->bytes);
}

static void expect_one(uint8_t first, const void *data, size_t len, const char *line)
{
	struct peer p;
	begin(&p);
	frame(&p, first, data, len);
	expect(&p, line);
}

enum { FIN = 0x80 };

/* ---- tests ---- */

static void test_whole_messages(void **state)
{
	(void)state;
	expect_one(FIN | 1, "", 0, "T\"\" ");
	expect_one(FIN | 1, "hello", 5, "T\"hello\" ");
	expect_one(FIN | 2, "\xff\xfe", 2, "B\"\xff\xfe\" ");
	static const struct {
		size_t len;
		const char *text, *binary;
	} t[] = {
		{125, "T125 ", "B125 "},
		{126, "T126 ", "B126 "},
		{127, "T127 ", "B127 "},
		{65535, "T65535 ", "B65535 "},
		{65536, "T65536 ", "B65536 "},
		{NET_TEXT_MAX, "T98304 ", "B98304 "},
		{NET_TEXT_MAX + 1, "X1009 ", "B98305 "},
		{NET_FRAME_MAX, "X1009 ", "B262208 "},
		{NET_FRAME_MAX + 1, "X1009 ", "X1009 "},
	};
	char *x = at_alloc(NET_FRAME_MAX + 1);
	memset(x, 'x', NET_FRAME_MAX + 1);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		expect_one(FIN | 1, x, t[i].len, t[i].text);
		expect_one(FIN | 2, x, t[i].len, t[i].binary);
	}
	at_free(x);
}

static void test_several_in_one_read(void **state)
{
	(void)state;
	struct peer p;
	begin(&p);
	text(&p, FIN | 1, "a");
	text(&p, FIN | 9, "ping");
	text(&p, FIN | 10, "pong");
	text(&p, FIN | 2, "b");
	text(&p, FIN | 8, "\x03\xe8 bye");
	text(&p, FIN | 1, "after the end");
	expect(&p, "T\"a\" P\"ping\" O\"pong\" B\"b\" C1000 ");
}

static void test_reserved_bits_and_opcodes(void **state)
{
	(void)state;
	for (uint8_t rsv = 0x10; rsv <= 0x70; rsv = (uint8_t)(rsv + 0x10)) {
		expect_one(FIN | rsv | 1, "x", 1, "X1002 ");
		expect_one(FIN | rsv | 9, "", 0, "X1002 ");
	}
	static const uint8_t bad[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};
	for (size_t i = 0; i < sizeof(bad); i++) {
		expect_one(FIN | bad[i], "x", 1, "X1002 ");
		expect_one(bad[i], "", 0, "X1002 ");
	}
}

static void test_unmasked_is_refused(void **state)
{
	(void)state;
	struct peer p;
	begin(&p);
	add(&p, "\x81\x01x", 3);
	expect(&p, "X1002 ");
	begin(&p);
	add(&p, "\x88\x00", 2);
	expect(&p, "X1002 ");
}

static void test_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		const char *line;
	} heads[] = {
		{"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10, "X1002 "},
		{"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, "X1002 "},
		{"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 10, "X1009 "},
		{"\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00", 10, "X1009 "},
		{"\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", 10, "X1002 "},
		{"\x82\xfe\x00\x7d", 4, "X1002 "},
		{"\x82\xfe\x00\x00", 4, "X1002 "},
		{"\x89\xfe\x00\x7e", 2, "X1002 "},
		{"\x88\xff", 2, "X1002 "},
		{"\x82\xfe\x00", 3, ""},
		{"\x82", 1, ""},
		{"\x82\x81\x00\x00\x00", 5, ""},
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		struct peer p;
		begin(&p);
		add(&p, heads[i].bytes, heads[i].len);
		expect(&p, heads[i].line);
	}
	struct peer p;
	begin(&p);
	frame_as(&p, FIN | 2, "x", 1, 16);
	expect(&p, "X1002 ");
	begin(&p);
	frame_as(&p, FIN | 2, "x", 1, 64);
	expect(&p, "X1002 ");
}

static void test_control_frames(void **state)
{
	(void)state;
	char x[126];
	memset(x, 'x', sizeof(x));
	expect_one(FIN | 9, x, 125, "T125 ");
	expect_one(FIN | 9, x, 126, "X1002 ");
	expect_one(FIN | 10, x, 126, "X1002 ");
	expect_one(FIN | 8, x, 126, "X1002 ");
	expect_one(9, "x", 1, "X1002 ");
	expect_one(8, "", 0, "X1002 ");
}

static void test_fragments(void **state)
{
	(void)state;
	struct peer p;
	begin(&p);
	text(&p, 1, "fra");
	text(&p, FIN | 9, "in between");
	text(&p, 0, "");
	text(&p, 0, "gme");
	text(&p, FIN, "nt");
	text(&p, 2, "");
	text(&p, FIN, "");
	text(&p, FIN | 1, "x");
	expect(&p, "P\"in between\" T\"fragment\" B\"\" T\"x\" ");
	expect_one(FIN, "x", 1, "X1002 ");
	expect_one(0, "x", 1, "X1002 ");
	begin(&p);
	text(&p, 1, "a");
	text(&p, FIN | 1, "b");
	expect(&p, "X1002 ");
	begin(&p);
	text(&p, 1, "a");
	text(&p, 2, "b");
	expect(&p, "X1002 ");
	begin(&p);
	text(&p, 1, "a");
	text(&p, FIN, "b");
	text(&p, FIN, "c");
	expect(&p, "T\"ab\" X1002 ");
	begin(&p);
	text(&p, 1, "a");
	text(&p, FIN | 8, "");
	expect(&p, "C1005 ");
}

static void fragments(size_t n, size_t each, uint8_t opcode, const char *line)
{
	struct peer p;
	char *x = at_alloc(each + 1);
	memset(x, 'x', each);
	begin(&p);
	for (size_t i = 0; i < n; i++)
		frame(&p, (uint8_t)((i ? 0 : opcode) | (i + 1 == n ? FIN : 0)), x, each);
	at_free(x);
	expect(&p, line);
}

static void test_fragment_limits(void **state)
{
	(void)state;
	fragments(NET_WS_FRAGMENTS_MAX, 1, 1, "T1024 ");
	fragments(NET_WS_FRAGMENTS_MAX + 1, 1, 1, "X1009 ");
	fragments(10000, 0, 1, "X1009 ");
	fragments(NET_WS_FRAGMENTS_MAX, 256, 2, "B262144 ");
	fragments(NET_WS_FRAGMENTS_MAX, 257, 2, "X1009 ");
	fragments(3, NET_TEXT_MAX / 3, 1, "T98304 ");
	fragments(4, NET_TEXT_MAX / 3, 1, "X1009 ");
}

/* Refused wherever the frames are cut; a good one is taken wherever. */
static void test_utf8_at_each_split(void **state)
{
	(void)state;
	static const struct {
		const char *s;
		bool ok;
	} t[] = {
		{"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true},
		{"\xf0\x9f\x98\x80 ok", true},
		{"\xf4\x8f\xbf\xbf", true},
		{"\xed\x9f\xbf\xee\x80\x80", true},
		{"\xef\xbf\xbf", true},
		{"\xf4\x90\x80\x80", false},
		{"\xed\xa0\x80 edited", false},
		{"\xc0\x80", false},
		{"\xc1\xbf", false},
		{"\xe0\x80\x80", false},
		{"\xe0\x9f\xbf", false},
		{"\xf0\x80\x80\x80", false},
		{"\xf0\x8f\xbf\xbf", false},
		{"\xf5\x80\x80\x80", false},
		{"\xfe", false},
		{"\xff", false},
		{"\x80", false},
		{"a\xbf", false},
		{"\xe1\xbd", false},
		{"\xf0\x9f\x98", false},
		{"\xc3", false},
		{"\xc3\x28", false},
		{"\xe1\x28\xa1", false},
		{"long enough for words \xe2\x82\xac and \xff", false},
		{"long enough for words \xe2\x82\xac and more", true},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		size_t len = strlen(t[i].s);
		for (size_t cut = 0; cut <= len; cut++) {
			struct peer p;
			char good[64];
			begin(&p);
			frame(&p, 1, t[i].s, cut);
			frame(&p, FIN, t[i].s + cut, len - cut);
			snprintf(good, sizeof(good), "T\"%s\" ", t[i].s);
			expect(&p, t[i].ok ? good : "X1007 ");
		}
		struct peer p;
		begin(&p);
		frame(&p, FIN | 2, t[i].s, len);
		struct at_buf log;
		at_buf_init(&log, 256);
		run(&p, SIZE_MAX, &log);
		assert_int_equal(log.data[0], 'B');
		at_buf_release(&log);
		at_buf_release(&p.bytes);
	}
}

/* Told as soon as the frame that breaks it is there, not at the end of the message. */
static void test_bad_utf8_is_told_early(void **state)
{
	(void)state;
	struct peer p;
	begin(&p);
	text(&p, 1, "\xce\xba\xed\xa0");
	text(&p, FIN | 9, "never seen");
	expect(&p, "X1007 ");
}

static void test_nul_is_utf8(void **state)
{
	(void)state;
	struct net_utf8 u = {0};
	assert_true(net_utf8_feed(&u, (const uint8_t *)"a\0b", 3));
	assert_true(net_utf8_whole(&u));
}

static void test_close_codes(void **state)
{
	(void)state;
	static const uint16_t good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011,
					1012, 1013, 1014, 3000, 3999, 4000, 4008, 4999};
	static const uint16_t bad[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		uint8_t payload[4] = {0, 0, 'o', 'k'};
		char line[16];
		at_put_u16(payload, good[i]);
		snprintf(line, sizeof(line), "C%d ", good[i]);
		expect_one(FIN | 8, payload, 2, line);
		expect_one(FIN | 8, payload, 4, line);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t payload[2];
		at_put_u16(payload, bad[i]);
		expect_one(FIN | 8, payload, 2, "X1002 ");
	}
	expect_one(FIN | 8, "", 0, "C1005 ");
	expect_one(FIN | 8, "\x03", 1, "X1002 ");
	expect_one(FIN | 8, "\x03\xe8\xff", 3, "X1007 ");
	expect_one(FIN | 8, "\x03\xe8\xe2\x82", 4, "X1007 ");
}

static void test_unmask(void **state)
{
	(void)state;
	static const uint8_t mask[4] = {1, 2, 4, 8};
	for (size_t offset = 0; offset < 9; offset++) {
		for (size_t len = 0; len < 40; len++) {
			uint8_t data[64] = {0};
			net_ws_unmask(data + offset, len, mask);
			for (size_t i = 0; i < sizeof(data); i++)
				assert_int_equal(data[i], i >= offset && i < offset + len ? mask[(i - offset) & 3] : 0);
		}
	}
}

static void test_heads(void **state)
{
	(void)state;
	uint8_t head[NET_WS_HEAD_MAX];
	assert_int_equal(net_ws_head(head, NET_WS_OP_TEXT, 0), 2);
	assert_memory_equal(head, "\x81\x00", 2);
	assert_int_equal(net_ws_head(head, NET_WS_OP_BINARY, 125), 2);
	assert_memory_equal(head, "\x82\x7d", 2);
	assert_int_equal(net_ws_head(head, NET_WS_OP_TEXT, 126), 4);
	assert_memory_equal(head, "\x81\x7e\x00\x7e", 4);
	assert_int_equal(net_ws_head(head, NET_WS_OP_TEXT, 65535), 4);
	assert_int_equal(net_ws_head(head, NET_WS_OP_TEXT, 65536), 10);
	assert_memory_equal(head, "\x81\x7f\0\0\0\0\0\x01\0\0", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(test_whole_messages),
		AT_TEST(test_several_in_one_read),
		AT_TEST(test_reserved_bits_and_opcodes),
		AT_TEST(test_unmasked_is_refused),
		AT_TEST(test_lengths),
		AT_TEST(test_control_frames),
		AT_TEST(test_fragments),
		AT_TEST(test_fragment_limits),
		AT_TEST(test_utf8_at_each_split),
		AT_TEST(test_bad_utf8_is_told_early),
		AT_TEST(test_nul_is_utf8),
		AT_TEST(test_close_codes),
		AT_TEST(test_unmask),
		AT_TEST(test_heads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
