/* Binary frames as a client may send them. */
#include "note/note_priv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct note_fragment f;
	if (note_fragment_parse(data, len, &f))
		return 0;
	if (f.len < 1 || f.len > BLOB_FRAGMENT_MAX || f.data + f.len != data + len)
		abort();
	/* What is understood is said the same way to those who listen. */
	struct at_bytes *frame = note_fragment_frame(&f.rec, f.seg, f.number, f.at_ms, f.data, f.len);
	if (frame->len != len || memcmp(frame->data, data, len) != 0)
		abort();
	at_bytes_unref(&frame);
	return 0;
}
