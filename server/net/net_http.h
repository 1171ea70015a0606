/* HTTP/1.1 as we take it (RFC 9110, 9112), without I/O: bytes in, a request or a refusal out. Strict on purpose: what two
 * parsers could read in two ways is refused. Pure; any thread. */
#ifndef AT_NET_NET_HTTP_H
#define AT_NET_NET_HTTP_H

#include "net/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum net_method { NET_GET, NET_HEAD, NET_POST };

/* A request's head. Strings are offsets into the text that was fed, NUL-terminated once it is done. */
struct net_head {
	size_t scanned, line_start, lines; /* how far the text was looked at; zero to begin */
	int status;                        /* what to answer when it is refused */
	size_t len;                        /* of the head, its empty line included */
	size_t body_len;
	enum net_method method;
	bool close; /* the peer asks for no further request */
	bool wants_ws;
	uint16_t path, query;
	uint16_t headers_n;
	struct {
		uint16_t name, value;
	} headers[NET_HEADERS_MAX];
};

enum net_head_got { NET_HEAD_MORE, NET_HEAD_DONE, NET_HEAD_BAD };

/* text holds the first len bytes of the connection's unread input: call it again with more of the same. Looks at each byte once; the
 * outcome does not depend on where the input was cut. Writes into text only when the head is whole. */
enum net_head_got net_head_feed(struct net_head *head, char *text, size_t len);
/* Any case; NULL when absent. The first one: those of which a second would be a lie were refused. */
const char *net_head_get(const struct net_head *head, const char *text, const char *name);

/* Decodes in place and ends it with NUL; false unless it is absolute, UTF-8, without empty, "." or ".." segments, and without
 * encoded controls, '/' or '\'. path[len] must be writable. */
bool net_path_decode(char *path, size_t len);

/* Characters of RFC 3986 and those that browsers leave as they are; every '%' begins an escape, none is NUL. */
bool net_query_ok(const char *query);

/* Finds name in the value of a Cookie header (RFC 6265 section 4.2). False when it is absent or there twice. */
bool net_cookie_find(const char *header, const char *name, const char **value_out, size_t *len_out);

enum net_range { NET_RANGE_WHOLE, NET_RANGE_PART, NET_RANGE_NONE };
/* One range of len bytes (RFC 9110 section 14.1.2). Anything else, several ones among it, is ignored: WHOLE. NONE: answer 416. */
enum net_range net_range_parse(const char *value, uint64_t len, uint64_t *first_out, uint64_t *last_out);

/* Whether an If-None-Match value names the entity tag (weak comparison, RFC 9110 section 13.1.2). */
bool net_etag_in(const char *list, const char *etag);
/* Whether a comma-separated header value holds the token; any case. */
bool net_list_has(const char *value, const char *token);

#endif
