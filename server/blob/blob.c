#include "blob/blob.h"

#include "base/log.h"
#include "base/mem.h"
#include "blob/blob_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct batch {
	struct blobs *blobs;
	struct at_list ops;
};

struct blobs {
	struct at_loop *loop;
	struct at_worker *disk;
	struct blob_dirs dirs;
	struct at_list waiting; /* for the batch under way to return: what waits together is synced together */
	size_t waiting_n, waiting_bytes;
	bool is_running, closed;
};

static void run_batch(void *ctx, void *msg);

/* ---- operations ---- */

static struct blob_op *op_new(enum blob_op_kind kind, const struct at_id *id, void *arg)
{
	struct blob_op *op = at_alloc(sizeof(*op));
	op->kind = kind;
	op->id = *id;
	op->arg = arg;
	op->fd = -1;
	return op;
}

/* Closes what nobody took. */
static void op_free(struct blob_op *op)
{
	bool has_fd = op->kind == BLOB_TEMP || op->kind == BLOB_OPEN;
	if (has_fd && op->fd >= 0)
		close(op->fd);
	for (size_t i = 0; i < op->fd_count; i++)
		close(op->fds[i]);
	for (size_t i = 0; i < op->piece_count; i++)
		at_bytes_unref(&op->pieces[i].data);
	at_free(op->pieces);
	at_bytes_unref(&op->piece.data);
	at_free(op);
}

static void tell_pieces(struct blob_op *op)
{
	for (size_t i = 0; i < op->piece_count; i++) {
		const struct blob_piece *piece = &op->pieces[i];
		op->fn.each(op->arg, AT_OK, piece->seg, piece->number, piece->at_ms, piece->data->data,
			    piece->data->len);
	}
	op->fn.each(op->arg, op->err, 0, 0, 0, NULL, 0);
}

static void tell(struct blob_op *op)
{
	int fd = op->fd;
	switch (op->kind) {
	case BLOB_READ: tell_pieces(op); break;
	case BLOB_OPEN_SPOOL: {
		size_t n = op->fd_count;
		op->fd_count = 0;
		op->fn.open(op->arg, op->err, op->fds, n);
		break;
	}
	case BLOB_TEMP:
		op->fd = -1;
		op->fn.temp(op->arg, op->err, fd);
		break;
	case BLOB_OPEN:
		op->fd = -1;
		op->fn.file(op->arg, op->err, fd, op->len);
		break;
	case BLOB_APPEND:
	case BLOB_DROP_SPOOL:
	case BLOB_KEEP:
	case BLOB_DISCARD:
	case BLOB_DROP: op->fn.done(op->arg, op->err); break;
	}
}

/* ---- batches ---- */

static void start_batch(struct blobs *blobs)
{
	if (blobs->is_running || at_list_empty(&blobs->waiting))
		return;
	struct batch *batch = at_alloc(sizeof(*batch));
	batch->blobs = blobs;
	at_list_init(&batch->ops);
	size_t n = 0;
	AT_LIST_EACH(&blobs->waiting, it) {
		struct blob_op *op = AT_ENTRY(it, struct blob_op, link);
		if (n++ == BLOB_BATCH_MAX)
			break;
		at_list_remove(it);
		at_list_push(&batch->ops, it);
		blobs->waiting_n--;
		blobs->waiting_bytes -= op->piece.data ? op->piece.data->len : 0;
	}
	blobs->is_running = true;
	/* Never full: one batch is under way at a time. */
	AT_ASSERT(at_worker_post(blobs->disk, run_batch, batch) == AT_OK);
}

static void finish_batch(void *msg)
{
	struct batch *batch = msg;
	struct blobs *blobs = batch->blobs;
	if (!blobs->closed) {
		blobs->is_running = false;
		start_batch(blobs);
	}
	AT_LIST_EACH(&batch->ops, it) {
		struct blob_op *op = AT_ENTRY(it, struct blob_op, link);
		at_list_remove(it);
		if (op->fn.done && !blobs->closed)
			tell(op);
		op_free(op);
	}
	at_free(batch);
	if (blobs->closed)
		at_free(blobs);
}

static void run_batch(void *ctx, void *msg)
{
	struct blobs *blobs = ctx;
	struct batch *batch = msg;
	blob_disk_run(&blobs->dirs, &batch->ops);
	at_loop_post(blobs->loop, finish_batch, batch);
}

static void refuse(void *msg)
{
	struct blob_op *op = msg;
	if (op->kind == BLOB_KEEP || op->kind == BLOB_DISCARD)
		close(op->fd);
	op->fd = -1;
	op->err = AT_ERR_BUSY;
	if (op->fn.done)
		tell(op);
	op_free(op);
}

/* Nothing is called back from inside the call. What a peer's bytes ask for is bounded; what tidies up is always taken. */
static void queue(struct blobs *blobs, struct blob_op *op)
{
	size_t bytes = op->piece.data ? op->piece.data->len : 0;
	bool may_wait = op->kind == BLOB_DROP || op->kind == BLOB_DROP_SPOOL || op->kind == BLOB_DISCARD ||
			op->kind == BLOB_KEEP;
	if (!may_wait && (blobs->waiting_n >= BLOB_QUEUE_MAX || blobs->waiting_bytes + bytes > BLOB_QUEUE_BYTES_MAX)) {
		at_loop_post(blobs->loop, refuse, op);
		return;
	}
	at_list_push(&blobs->waiting, &op->link);
	blobs->waiting_n++;
	blobs->waiting_bytes += bytes;
	start_batch(blobs);
}

/* ---- open and close ---- */

static void each_name(int dir_fd, void (*fn)(void *arg, int dir_fd, const char *name), void *arg)
{
	int fd = dup(dir_fd);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return;
	rewinddir(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			fn(arg, dir_fd, entry->d_name);
	closedir(dir);
}

/* Half-written files of jobs that ended with the process. */
static void remove_name(void *arg, int dir_fd, const char *name)
{
	(void)arg;
	if (unlinkat(dir_fd, name, 0))
		at_log(AT_LOG_WARN, "blob.stray_file", "name", name, NULL);
}

enum at_err blobs_open(const char *dir, struct at_loop *loop, struct blobs **blobs_out)
{
	struct blobs *blobs = at_alloc(sizeof(*blobs));
	enum at_err err = blob_dirs_open(dir, &blobs->dirs);
	if (err) {
		at_free(blobs);
		return err;
	}
	blobs->loop = loop;
	at_list_init(&blobs->waiting);
	each_name(blobs->dirs.temp, remove_name, NULL);
	blobs->disk = at_worker_new("disk", 4, blobs);
	*blobs_out = blobs;
	return AT_OK;
}

void blobs_close(struct blobs **blobs)
{
	struct blobs *b = *blobs;
	*blobs = NULL;
	if (!b)
		return;
	at_worker_free(&b->disk);
	/* The batch that was under way is in the loop's hands now, and frees what it refers to. */
	b->closed = true;
	blob_disk_run(&b->dirs, &b->waiting);
	AT_LIST_EACH(&b->waiting, it) {
		at_list_remove(it);
		op_free(AT_ENTRY(it, struct blob_op, link));
	}
	blob_dirs_close(&b->dirs);
	if (!b->is_running)
		at_free(b);
}

void blobs_drain(struct blobs *blobs)
{
	while (blobs->is_running)
		at_loop_step(blobs->loop, 50);
}

/* ---- spools ---- */

enum at_err blob_spool_recover(struct blobs *blobs, const struct at_id *id, struct blob_spool_info *info_out)
{
	return blob_spool_recover_in(&blobs->dirs, id, info_out);
}

void blob_spool_append(struct blobs *blobs, const struct at_id *id, uint32_t seg, uint32_t number, uint32_t at_ms,
		       struct at_bytes *data, blob_done_fn *done, void *arg)
{
	AT_ASSERT(seg < BLOB_SEGMENTS_MAX && number < BLOB_FRAGMENTS_MAX && data->len >= 1 &&
		  data->len <= BLOB_FRAGMENT_MAX);
	struct blob_op *op = op_new(BLOB_APPEND, id, arg);
	op->piece = (struct blob_piece){seg, number, at_ms, at_bytes_ref(data)};
	op->fn.done = done;
	queue(blobs, op);
}

void blob_spool_read(struct blobs *blobs, const struct at_id *id, uint32_t number, blob_fragments_fn *each, void *arg)
{
	struct blob_op *op = op_new(BLOB_READ, id, arg);
	op->piece.number = number;
	op->fn.each = each;
	queue(blobs, op);
}

void blob_spool_open(struct blobs *blobs, const struct at_id *id, blob_open_fn *done, void *arg)
{
	struct blob_op *op = op_new(BLOB_OPEN_SPOOL, id, arg);
	op->fn.open = done;
	queue(blobs, op);
}

void blob_spool_drop(struct blobs *blobs, const struct at_id *id, blob_done_fn *done, void *arg)
{
	struct blob_op *op = op_new(BLOB_DROP_SPOOL, id, arg);
	op->fn.done = done;
	queue(blobs, op);
}

struct names {
	void (*fn)(void *arg, const struct at_id *id);
	void *arg;
	struct at_map *seen;
};

/* Once an id, whichever of its files are there. */
static void tell_name(void *arg, int dir_fd, const char *name)
{
	struct names *names = arg;
	struct at_id id;
	(void)dir_fd;
	if (strlen(name) < AT_ID_HEX_LEN || at_id_parse(name, AT_ID_HEX_LEN, &id))
		return;
	if (!at_map_put(names->seen, id.b, sizeof(id.b), names))
		names->fn(names->arg, &id);
}

static void tell_folder(void *arg, int dir_fd, const char *name)
{
	int sub = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sub < 0)
		return;
	each_name(sub, tell_name, arg);
	close(sub);
}

void blob_each_spool(struct blobs *blobs, void (*fn)(void *arg, const struct at_id *id), void *arg)
{
	struct names names = {fn, arg, at_map_new()};
	each_name(blobs->dirs.rec, tell_name, &names);
	at_map_free(&names.seen);
}

/* ---- finished files ---- */

void blob_each_file(struct blobs *blobs, void (*fn)(void *arg, const struct at_id *id), void *arg)
{
	struct names names = {fn, arg, at_map_new()};
	each_name(blobs->dirs.blob, tell_folder, &names);
	at_map_free(&names.seen);
}

void blob_temp(struct blobs *blobs, const struct at_id *id, blob_temp_fn *done, void *arg)
{
	struct blob_op *op = op_new(BLOB_TEMP, id, arg);
	op->fn.temp = done;
	queue(blobs, op);
}

void blob_keep(struct blobs *blobs, const struct at_id *id, int fd, blob_done_fn *done, void *arg)
{
	struct blob_op *op = op_new(BLOB_KEEP, id, arg);
	op->fd = fd;
	op->fn.done = done;
	queue(blobs, op);
}

void blob_discard(struct blobs *blobs, const struct at_id *id, int fd)
{
	struct blob_op *op = op_new(BLOB_DISCARD, id, NULL);
	op->fd = fd;
	queue(blobs, op);
}

void blob_drop(struct blobs *blobs, const struct at_id *id)
{
	queue(blobs, op_new(BLOB_DROP, id, NULL));
}

void blob_open(struct blobs *blobs, const struct at_id *id, blob_file_fn *done, void *arg)
{
	struct blob_op *op = op_new(BLOB_OPEN, id, arg);
	op->fn.file = done;
	queue(blobs, op);
}
