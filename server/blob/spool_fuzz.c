/* The index of a spool as it may be found on a disk: first byte even: bytes as they are; odd: each record gets its true checksum, so that
 * what lies behind it is reached. */
#include "blob/blob_priv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const struct blob_index *index)
{
	uint64_t bytes = 0;
	for (int seg = 0; seg < BLOB_SEGMENTS_MAX; seg++)
		bytes += index->raw_len[seg];
	if (bytes != index->bytes || index->segments > BLOB_SEGMENTS_MAX || index->count > BLOB_FRAGMENTS_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct at_id id = {{1, 2, 3}};
	struct blob_index index = {0};
	if (len < 1)
		return 0;
	for (size_t at = 1; at + BLOB_RECORD_LEN <= len; at += BLOB_RECORD_LEN) {
		struct blob_record record, again;
		uint8_t bytes[BLOB_RECORD_LEN];
		memcpy(bytes, data + at, sizeof(bytes));
		if (data[0] & 1) {
			struct at_reader r = at_reader_of(bytes, sizeof(bytes));
			record.seg = at_read_u32(&r);
			record.number = at_read_u32(&r);
			record.at_ms = at_read_u32(&r);
			record.len = at_read_u32(&r);
			record.offset = at_read_u64(&r);
			record.hash = at_read_u64(&r);
			blob_record_put(&id, &record, bytes);
		}
		if (blob_record_parse(&id, bytes, &record) || blob_index_add(&index, &record))
			break;
		blob_record_put(&id, &record, bytes);
		if (blob_record_parse(&id, bytes, &again) || memcmp(&record, &again, sizeof(record)) != 0)
			abort();
		check(&index);
	}
	return 0;
}
