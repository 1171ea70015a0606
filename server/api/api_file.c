/* The routes that give out bytes of notes and recordings, and the root certificate. */
#include "api/api_priv.h"

#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void got_media(void *arg, enum at_err err, int fd, uint64_t len, const char *mime)
{
	struct api_http *http = arg;
	if (err != AT_OK) {
		api_http_err(http, err, 0);
		return;
	}
	/* A blob never changes, so its name vouches for its bytes. */
	char etag[AT_ID_HEX_LEN + 3];
	snprintf(etag, sizeof(etag), "\"%.32s\"", http->req ? http->param : "");
	api_http_file(http, &(struct net_file){.fd = fd,
					       .len = len,
					       .content_type = mime,
					       .etag = etag,
					       .extra = "Cache-Control: private, max-age=31536000, immutable\r\n",
					       .sandbox = true});
}

static void got_rec(void *arg, enum at_err err, int fd, uint64_t len, const char *mime)
{
	struct api_http *http = arg;
	if (err != AT_OK) {
		api_http_err(http, err, 0);
		return;
	}
	char extra[160];
	const char *slash = strchr(mime, '/');
	bool mp4 = slash && at_str_starts(slash, "/mp4"), ogg = slash && at_str_starts(slash, "/ogg");
	snprintf(extra, sizeof(extra),
		 "Content-Disposition: attachment; filename=\"recording.%s\"\r\nCache-Control: no-store\r\n",
		 mp4   ? "mp4"
		 : ogg ? "ogg"
		       : "webm");
	api_http_file(http,
		      &(struct net_file){.fd = fd, .len = len, .content_type = mime, .extra = extra, .sandbox = true});
}

typedef void open_fn(struct notes *notes, uint64_t user, const struct at_id *id, note_file_fn *done, void *arg);

/* A name that is none answers like one that is somebody else's. */
static void open_by_id(struct api_http *http, open_fn *open, note_file_fn *done)
{
	struct at_id id;
	if (at_id_parse(http->param, strlen(http->param), &id) != AT_OK) {
		api_http_err(http, AT_ERR_NOT_FOUND, 0);
		return;
	}
	api_http_keep(http);
	open(http->api->deps.notes, http->user, &id, done, http);
}

void api_get_media(struct api_http *http)
{
	open_by_id(http, note_media_open, got_media);
}

void api_get_rec(struct api_http *http)
{
	open_by_id(http, note_rec_open, got_rec);
}

void api_get_ca(struct api_http *http)
{
	struct stat st;
	int fd = http->api->deps.ca_pem ? open(http->api->deps.ca_pem, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		api_http_err(http, AT_ERR_NOT_FOUND, 0);
		return;
	}
	api_http_file(http,
		      &(struct net_file){.fd = fd,
					 .len = (uint64_t)st.st_size,
					 .content_type = "application/x-x509-ca-cert",
					 .extra =
						 "Content-Disposition: attachment; filename=\"aftertone-ca.pem\"\r\n"});
}
