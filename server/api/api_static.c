/* The web client's files. They are opened when asked for: an update of the client needs no restart, and the kernel keeps them in memory. */
#include "api/api_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 512 };

struct api_static {
	int dir;
};

enum at_err api_static_new(const char *dir, struct api_static **files_out)
{
	struct api_static *files = at_alloc(sizeof(*files));
	*files_out = files;
	files->dir = -1;
	if (!dir)
		return AT_OK;
	files->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->dir >= 0)
		return AT_OK;
	at_log(AT_LOG_ERROR, "api.no_web_dir", "dir", dir, "why", strerror(errno), NULL);
	return AT_ERR_IO;
}

void api_static_free(struct api_static **files)
{
	if (*files && (*files)->dir >= 0)
		close((*files)->dir);
	at_free(*files);
	*files = NULL;
}

/* ---- types ---- */

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".mjs", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".json", "application/json"},
		{".map", "application/json"},
		{".webmanifest", "application/manifest+json"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".webp", "image/webp"},
		{".ico", "image/x-icon"},
		{".woff2", "font/woff2"},
		{".wasm", "application/wasm"},
		{".mp3", "audio/mpeg"},
		{".ogg", "audio/ogg"},
		{".wav", "audio/wav"},
		{".mp4", "video/mp4"},
		{".webm", "video/webm"},
		{".txt", "text/plain; charset=utf-8"},
		{".ftl", "text/plain; charset=utf-8"},
	};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* RFC 9110 section 12.5.3, as far as it matters: named, and not with q=0. */
bool api_accepts(const char *header, const char *coding)
{
	size_t len = strlen(coding);
	while (header && *header) {
		header += strspn(header, " \t,");
		size_t item = strcspn(header, ",");
		size_t name = strcspn(header, " \t;,");
		if (name == len && strncasecmp(header, coding, len) == 0) {
			char rest[32];
			snprintf(rest, sizeof(rest), "%.*s", (int)(item - name), header + name);
			const char *q = strstr(rest, "q=");
			return !q || strspn(q + 2, "0.") != strcspn(q + 2, " \t;");
		}
		header += item;
	}
	return false;
}

/* ---- opening ---- */

struct found {
	int fd;
	struct stat st;
	const char *coding;
};

static bool open_one(const struct api_static *files, const char *name, struct found *found)
{
	found->fd = openat(files->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (found->fd < 0)
		return false;
	if (fstat(found->fd, &found->st) == 0 && S_ISREG(found->st.st_mode))
		return true;
	close(found->fd);
	return false;
}

static bool open_best(const struct api_static *files, const char *name, const char *accepted, struct found *found)
{
	static const char *const codings[][2] = {{"br", ".br"}, {"gzip", ".gz"}};
	char packed[PATH_LEN_MAX + 8];
	for (size_t i = 0; i < 2; i++) {
		snprintf(packed, sizeof(packed), "%s%s", name, codings[i][1]);
		found->coding = codings[i][0];
		if (api_accepts(accepted, codings[i][0]) && open_one(files, packed, found))
			return true;
	}
	found->coding = NULL;
	return open_one(files, name, found);
}

/* No part that starts with a dot: nothing hidden is given out. net has taken care of "..", "//" and NUL. */
static bool is_plain(const char *path)
{
	return path[0] == '/' && strlen(path) < PATH_LEN_MAX && !strstr(path, "/.");
}

static void give(struct api_http *http, const char *name, const struct found *found)
{
	char etag[64], extra[192];
	bool for_ever = at_str_starts(name, "assets/");
	snprintf(etag, sizeof(etag), "\"%llx-%llx.%lx%s%s\"", (unsigned long long)found->st.st_size,
		 (unsigned long long)found->st.st_mtim.tv_sec, (unsigned long)found->st.st_mtim.tv_nsec,
		 found->coding ? "-" : "", found->coding ? found->coding : "");
	snprintf(extra, sizeof(extra), "Cache-Control: %s\r\nVary: Accept-Encoding\r\n%s%s%s",
		 for_ever ? "public, max-age=31536000, immutable" : "no-cache",
		 found->coding ? "Content-Encoding: " : "", found->coding ? found->coding : "",
		 found->coding ? "\r\n" : "");
	api_http_file(http, &(struct net_file){.fd = found->fd,
					       .len = (uint64_t)found->st.st_size,
					       .content_type = type_of(name),
					       .etag = etag,
					       .extra = extra});
}

void api_static_get(struct api_http *http)
{
	const struct api_static *files = http->api->files;
	const char *path = http->req->path, *accepted = net_request_header(http->req, "Accept-Encoding");
	const char *name = path[1] ? path + 1 : "index.html";
	struct found found;
	bool ok = files->dir >= 0 && is_plain(path) && open_best(files, name, accepted, &found);
	if (!ok && files->dir >= 0 && !strchr(path, '.')) {
		name = "index.html";
		ok = open_best(files, name, accepted, &found);
	}
	if (ok)
		give(http, name, &found);
	else
		api_http_err(http, AT_ERR_NOT_FOUND, 0);
}
