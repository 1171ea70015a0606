/* A head from a peer, whole and in pieces: the same outcome, and what was taken keeps the promises of net.h. */
#include "base/mem.h"
#include "base/str.h"
#include "net/net_http.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static enum net_head_got feed(const uint8_t *data, size_t len, size_t step, struct net_head *head, char **text_out)
{
	enum net_head_got got = NET_HEAD_MORE;
	memset(head, 0, sizeof(*head));
	char *text = at_alloc(len);
	for (size_t n = 0; n < len && got == NET_HEAD_MORE;) {
		size_t more = step < len - n ? step : len - n;
		memcpy(text + n, data + n, more);
		n += more;
		got = net_head_feed(head, text, n);
	}
	*text_out = text;
	return got;
}

static void check(const struct net_head *head, const char *text)
{
	const char *path = text + head->path;
	AT_ASSERT(*path == '/' && !strstr(path, "//") && !strstr(path, "/../") && at_utf8_valid(path, strlen(path)));
	AT_ASSERT(head->len <= NET_HEAD_MAX && head->body_len <= NET_BODY_MAX && head->headers_n <= NET_HEADERS_MAX);
	AT_ASSERT(net_head_get(head, text, "host") && !net_head_get(head, text, "transfer-encoding"));
	for (size_t i = 0; i < head->headers_n; i++) {
		for (const char *p = text + head->headers[i].value; *p; p++)
			AT_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct net_head whole, pieces;
	char *text, *text2;
	size_t step = len ? data[len - 1] % 7 + 1u : 1;
	enum net_head_got got = feed(data, len, len + 1, &whole, &text);
	enum net_head_got got2 = feed(data, len, step, &pieces, &text2);
	AT_ASSERT(got == got2 && whole.status == pieces.status && whole.len == pieces.len);
	AT_ASSERT((got == NET_HEAD_BAD) == (whole.status != 0));
	if (got == NET_HEAD_DONE) {
		AT_ASSERT(whole.body_len == pieces.body_len && !strcmp(text + whole.path, text2 + pieces.path));
		check(&whole, text);
	}
	at_free(text);
	at_free(text2);
	return 0;
}
