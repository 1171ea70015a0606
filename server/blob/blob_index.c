#include "base/siphash.h"
#include "blob/blob_priv.h"

#include <string.h>

/* A checksum against torn writes and rotten sectors, not against people: its key is known. */
static const uint8_t key[16] = "aftertone-spool";

uint64_t blob_hash(const void *data, size_t len)
{
	return at_siphash(key, data, len);
}

/* The id goes in, so that a record of another spool is not taken for one of this. */
static uint64_t sum_of(const struct at_id *id, const uint8_t bytes[BLOB_RECORD_LEN])
{
	uint8_t both[16 + BLOB_RECORD_LEN - 8];
	memcpy(both, id->b, 16);
	memcpy(both + 16, bytes, BLOB_RECORD_LEN - 8);
	return at_siphash(key, both, sizeof(both));
}

void blob_record_put(const struct at_id *id, const struct blob_record *record, uint8_t out[BLOB_RECORD_LEN])
{
	at_put_u32(out, record->seg);
	at_put_u32(out + 4, record->number);
	at_put_u32(out + 8, record->at_ms);
	at_put_u32(out + 12, record->len);
	at_put_u64(out + 16, record->offset);
	at_put_u64(out + 24, record->hash);
	at_put_u64(out + 32, sum_of(id, out));
}

enum at_err blob_record_parse(const struct at_id *id, const uint8_t bytes[BLOB_RECORD_LEN],
			      struct blob_record *record_out)
{
	struct at_reader r = at_reader_of(bytes, BLOB_RECORD_LEN);
	record_out->seg = at_read_u32(&r);
	record_out->number = at_read_u32(&r);
	record_out->at_ms = at_read_u32(&r);
	record_out->len = at_read_u32(&r);
	record_out->offset = at_read_u64(&r);
	record_out->hash = at_read_u64(&r);
	bool is_sound = at_read_u64(&r) == sum_of(id, bytes);
	if (!is_sound || record_out->seg >= BLOB_SEGMENTS_MAX || record_out->number >= BLOB_FRAGMENTS_MAX ||
	    record_out->len < 1 || record_out->len > BLOB_FRAGMENT_MAX)
		return AT_ERR_UNREADABLE;
	return AT_OK;
}

enum at_err blob_index_add(struct blob_index *index, const struct blob_record *record)
{
	if (record->number != index->count || record->seg + 1 < index->segments ||
	    record->offset != index->raw_len[record->seg])
		return AT_ERR_CONFLICT;
	index->count++;
	index->segments = record->seg + 1;
	index->ms = record->at_ms;
	index->bytes += record->len;
	index->raw_len[record->seg] += record->len;
	return AT_OK;
}
