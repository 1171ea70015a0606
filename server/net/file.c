/* Files as answers: validators first, then one range (RFC 9110 sections 13 and 14). */
#include "base/mem.h"
#include "base/str.h"
#include "net/net_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct plan {
	int status;
	uint64_t first, len;
};

/* A range counts only for GET, and with If-Range only while the file is the one that the client knows: the same strong tag. A date
 * there never fits, since we give none. */
static const char *range_of(const struct net_request *req, const struct net_file *file)
{
	const char *if_range = net_request_header(req, "if-range");
	if (!at_str_eq(req->method, "GET"))
		return NULL;
	if (if_range && (!file->etag || at_str_starts(if_range, "W/") || !at_str_eq(if_range, file->etag)))
		return NULL;
	return net_request_header(req, "range");
}

static struct plan plan_of(const struct net_request *req, const struct net_file *file)
{
	const char *known = net_request_header(req, "if-none-match");
	if (known && file->etag && net_etag_in(known, file->etag))
		return (struct plan){.status = 304};
	const char *range = range_of(req, file);
	uint64_t first, last;
	switch (range ? net_range_parse(range, file->len, &first, &last) : NET_RANGE_WHOLE) {
	case NET_RANGE_PART: return (struct plan){206, first, last - first + 1};
	case NET_RANGE_NONE: return (struct plan){.status = 416};
	case NET_RANGE_WHOLE: break;
	}
	return (struct plan){200, 0, file->len};
}

static void queue_head(struct net_conn *conn, const struct net_file *file, const struct plan *plan)
{
	char range[96] = "", lines[512];
	if (plan->status == 206)
		snprintf(range, sizeof(range), "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
			 plan->first, plan->first + plan->len - 1, file->len);
	else if (plan->status == 416)
		snprintf(range, sizeof(range), "Content-Range: bytes */%" PRIu64 "\r\n", file->len);
	int n = snprintf(lines, sizeof(lines), "Accept-Ranges: bytes\r\n%s%s%s%s", range, file->etag ? "ETag: " : "",
			 file->etag ? file->etag : "", file->etag ? "\r\n" : "");
	AT_ASSERT(n > 0 && (size_t)n < sizeof(lines));
	struct net_reply_head head = {
		.status = plan->status,
		.content_type = plan->status == 416 || plan->status == 304 ? NULL : file->content_type,
		.extra = file->extra,
		.lines = lines,
		.body_len = plan->len,
		.sandbox = file->sandbox,
	};
	net_reply_queue(conn, &head, NULL);
}

void net_reply_file(struct net_conn *conn, const struct net_request *req, const struct net_file *file)
{
	if (!net_reply_begin(conn)) {
		close(file->fd);
		return;
	}
	struct plan plan = plan_of(req, file);
	queue_head(conn, file, &plan);
	if (plan.len && net_reply_has_body(conn, plan.status)) {
		struct net_sending *sending = at_alloc(sizeof(*sending));
		*sending = (struct net_sending){.fd = file->fd, .at = plan.first, .end = plan.first + plan.len};
		conn->sending = sending;
	} else {
		close(file->fd);
	}
	net_reply_done(conn);
}
