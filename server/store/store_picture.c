#include "store/store_priv.h"

enum at_err store_picture_add(struct store_tx *tx, const struct store_picture *picture)
{
	struct store_q q = store_q(tx, "INSERT INTO picture(id, conv, mime, bytes) VALUES(?,?,?,?)");

	AT_ASSERT(picture->len <= STORE_PICTURE_MAX);
	store_q_id(&q, &picture->id);
	store_q_u64(&q, picture->conv);
	store_q_text(&q, picture->mime);
	store_q_blob(&q, picture->bytes, picture->len);
	return store_q_run(&q);
}

static void read_picture(struct store_q *q, void *row)
{
	struct store_picture *picture = row;

	store_c_id(q, &picture->id);
	picture->conv = store_c_u64(q);
	picture->mime = store_c_text(q, NULL);
	picture->bytes = store_c_bytes(q, &picture->len);
}

enum at_err store_picture_get(struct store_tx *tx, const struct at_id *id, struct store_picture *picture_out)
{
	struct store_q q = store_q(tx, "SELECT id, conv, mime, bytes FROM picture WHERE id = ?");

	store_q_id(&q, id);
	return store_q_one(&q, read_picture, picture_out);
}

enum at_err store_picture_keep(struct store_tx *tx, uint64_t conv, const struct at_id *but)
{
	struct store_q q = store_q(tx, "DELETE FROM picture WHERE conv = ? AND id IS NOT ?");

	store_q_u64(&q, conv);
	store_q_id(&q, but);
	return store_q_run(&q);
}
