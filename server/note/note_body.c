#include "note/note_priv.h"

#include "base/str.h"

size_t commit_body(const struct commit *commit, struct at_buf *buf)
{
	const struct remux_result *result = &commit->result;
	struct wire_out w = wire_out_begin(buf);
	wire_obj(&w, NULL);
	/* A camera that gave nothing leaves a voice note. */
	wire_str(&w, "kind", result->has_video ? "video" : "voice");
	wire_id(&w, "blob", &commit->blob);
	wire_str(&w, "mime", result->mime);
	wire_int(&w, "bytes", (int64_t)result->bytes);
	wire_int(&w, "duration_ms", result->duration_ms);
	wire_arr(&w, "peaks");
	for (size_t i = 0; i < sizeof(commit->ask.peaks); i++)
		wire_int(&w, NULL, commit->ask.peaks[i]);
	wire_arr_end(&w);
	if (result->has_video) {
		wire_int(&w, "width", result->width);
		wire_int(&w, "height", result->height);
	}
	wire_obj_end(&w);
	return wire_out_end(&w) ? 0 : buf->len;
}
