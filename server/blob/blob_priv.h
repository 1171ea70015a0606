/* Inside of blob: operations, which move from the loop to the disk thread and back in batches, and the index of a spool. */
#ifndef AT_BLOB_BLOB_PRIV_H
#define AT_BLOB_BLOB_PRIV_H

#include "base/list.h"
#include "blob/blob.h"

#include <stddef.h>
#include <sys/types.h>

enum {
	BLOB_QUEUE_MAX = 8192,           /* operations that wait */
	BLOB_QUEUE_BYTES_MAX = 64 << 20, /* and what they hold */
	BLOB_BATCH_MAX = 512,
	BLOB_OPEN_MAX = 32, /* spools with open files between two syncs */
	BLOB_READ_MAX = 64, /* fragments a read */
	BLOB_READ_BYTES_MAX = 1 << 20,
	BLOB_PATH_MAX = AT_ID_HEX_LEN + 16,
	BLOB_EXIT_IO = 74,
};

enum blob_op_kind {
	BLOB_APPEND,
	BLOB_READ,
	BLOB_OPEN_SPOOL,
	BLOB_DROP_SPOOL,
	BLOB_TEMP,
	BLOB_KEEP,
	BLOB_DISCARD,
	BLOB_DROP,
	BLOB_OPEN
};

struct blob_record;

struct blob_piece {
	uint32_t seg, number, at_ms;
	struct at_bytes *data;
};

struct blob_op {
	struct at_link link;
	enum blob_op_kind kind;
	struct at_id id;
	struct blob_piece piece;    /* append: what; read: from which number */
	int fd;                     /* keep, discard: given; temp, open: result */
	uint64_t len;               /* open: result */
	int fds[BLOB_SEGMENTS_MAX]; /* open spool: result */
	size_t fd_count;
	struct blob_piece *pieces; /* read: result */
	size_t piece_count;
	enum at_err err;
	union {
		blob_done_fn *done;
		blob_fragments_fn *each;
		blob_open_fn *open;
		blob_temp_fn *temp;
		blob_file_fn *file;
	} fn; /* NULL: nobody wants to know */
	void *arg;
};

/* Folders, opened once. The disk thread's, except at start. */
struct blob_dirs {
	int rec, blob, temp;
};

AT_MUST enum at_err blob_dirs_open(const char *dir, struct blob_dirs *dirs_out);
void blob_dirs_close(struct blob_dirs *dirs);
/* Runs a batch in order; each op then has its err and results. */
void blob_disk_run(const struct blob_dirs *dirs, struct at_list *ops);

/* ENOSPC and EDQUOT are FULL, too many descriptors BUSY, absent NOT_FOUND. EIO does not return. */
enum at_err blob_error(const char *what, int code);
void blob_spool_name(const struct at_id *id, int seg, char name_out[BLOB_PATH_MAX]); /* seg -1: the index */

/* ---- spools (disk thread) ---- */

/* What a batch has written and not yet synced. */
struct blob_unsynced {
	struct blob_spool_files {
		struct at_id id;
		int seg, idx_fd, raw_fd;
		off_t idx_len, raw_len; /* as they were at the last sync */
		off_t idx_end, raw_end;
		enum at_err err; /* the first failure: nothing more is appended until the sync */
		struct at_list ops;
	} files[BLOB_OPEN_MAX];
	size_t n;
	bool new_file;
};

void blob_spool_write(const struct blob_dirs *dirs, struct blob_unsynced *unsynced, struct blob_op *op);
void blob_spool_sync(const struct blob_dirs *dirs, struct blob_unsynced *unsynced, struct at_list *done);
void blob_spool_read_pieces(const struct blob_dirs *dirs, struct blob_op *op);
void blob_spool_open_files(const struct blob_dirs *dirs, struct blob_op *op);
enum at_err blob_spool_unlink(const struct blob_dirs *dirs, const struct at_id *id);
AT_MUST enum at_err blob_spool_recover_in(const struct blob_dirs *dirs, const struct at_id *id,
					  struct blob_spool_info *info_out);

/* Switches *fd to the raw file of the segment, unless it is that already. */
AT_MUST enum at_err blob_switch_raw(const struct blob_dirs *dirs, const struct at_id *id, uint32_t seg, int *open_seg,
				    int *fd);
AT_MUST enum at_err blob_read_record(int idx_fd, const struct at_id *id, uint32_t number,
				     struct blob_record *record_out);
AT_MUST enum at_err blob_read_piece(int raw_fd, const struct blob_record *record, struct blob_piece *piece_out);

/* ---- the index: one record a fragment, record n at n * BLOB_RECORD_LEN ---- */

enum { BLOB_RECORD_LEN = 40 };

struct blob_record {
	uint32_t seg, number, at_ms, len;
	uint64_t offset; /* in the segment's raw file */
	uint64_t hash;   /* of the fragment */
};

uint64_t blob_hash(const void *data, size_t len);
void blob_record_put(const struct at_id *id, const struct blob_record *record, uint8_t out[BLOB_RECORD_LEN]);
/* UNREADABLE when its checksum or a bound says so. */
AT_MUST enum at_err blob_record_parse(const struct at_id *id, const uint8_t bytes[BLOB_RECORD_LEN],
				      struct blob_record *record_out);

/* What a whole index vouches for, apart from the bytes themselves. */
struct blob_index {
	uint32_t count, segments, ms;
	uint64_t bytes, raw_len[BLOB_SEGMENTS_MAX];
};
/* Takes the next record if it follows; CONFLICT if not. */
AT_MUST enum at_err blob_index_add(struct blob_index *index, const struct blob_record *record);

#endif
