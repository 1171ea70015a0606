/* Bytes on disk beside the database: finished files (blobs) and recordings that grow (spools). Names on disk are hex ids, nothing a
 * peer says touches a path. A disk worker does the work; callbacks come back on the loop. Core loop.
 *
 * A spool is dir/rec/ID.SEG.raw (the bytes of each segment as they came, so remux reads them in place) and dir/rec/ID.idx (one
 * checksummed record a fragment). A fragment is acknowledged after both are on disk (fdatasync); at start the index is read and what its
 * checksums do not vouch for is cut off.
 *
 * Operations run one after another in the order asked; appends that wait together share one fdatasync a file. FULL: no space, nothing is
 * changed. BUSY: too much is queued. A disk that fails to sync ends the process with 74: what it said before could not be believed. */
#ifndef AT_BLOB_BLOB_H
#define AT_BLOB_BLOB_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct blobs;

enum { BLOB_FRAGMENT_MAX = 262144, BLOB_SEGMENTS_MAX = 8, BLOB_FRAGMENTS_MAX = 8192 };

AT_MUST enum at_err blobs_open(const char *dir, struct at_loop *loop, struct blobs **blobs_out);
/* Finishes on disk what is queued; callbacks that are still to come never come. */
void blobs_close(struct blobs **blobs);
/* Turns the loop until every callback has been. */
void blobs_drain(struct blobs *blobs);

typedef void blob_done_fn(void *arg, enum at_err err);

/* ---- spools ---- */
struct blob_spool_info {
	uint32_t segments, next; /* next: number of the first fragment that is missing */
	uint64_t bytes;
	uint32_t ms; /* at_ms of the last fragment */
};
/* What the disk has of it, verified and cut to what is whole; all zero when nothing. Blocks: start only. */
AT_MUST enum at_err blob_spool_recover(struct blobs *blobs, const struct at_id *id, struct blob_spool_info *info_out);
/* number must be info.next of that spool, in order. Takes a reference to data. FULL leaves the spool as it was. */
void blob_spool_append(struct blobs *blobs, const struct at_id *id, uint32_t seg, uint32_t number, uint32_t at_ms,
		       struct at_bytes *data, blob_done_fn *done, void *arg);
/* Reads fragments from `number` on, at most 64 or 1 MiB of them, for a listener who comes late. */
typedef void blob_fragments_fn(void *arg, enum at_err err, uint32_t seg, uint32_t number, uint32_t at_ms,
			       const void *data, size_t len); /* once a fragment, then once with data NULL */
void blob_spool_read(struct blobs *blobs, const struct at_id *id, uint32_t number, blob_fragments_fn *each, void *arg);
/* Opens the segments for reading, in order, after all appends queued so far. The descriptors become the callback's. */
typedef void blob_open_fn(void *arg, enum at_err err, const int *fds, size_t n);
void blob_spool_open(struct blobs *blobs, const struct at_id *id, blob_open_fn *done, void *arg);
void blob_spool_drop(struct blobs *blobs, const struct at_id *id, blob_done_fn *done, void *arg);
/* Calls fn for every spool on disk. Blocks: start only. */
void blob_each_spool(struct blobs *blobs, void (*fn)(void *arg, const struct at_id *id), void *arg);

/* ---- finished files: dir/blob/ab/ID ---- */
/* A temporary file to be written by whoever gets the descriptor (remux). done gives the fd; blob_keep or blob_discard follows. */
typedef void blob_temp_fn(void *arg, enum at_err err, int fd);
void blob_temp(struct blobs *blobs, const struct at_id *id, blob_temp_fn *done, void *arg);
/* fsync, rename into place, fsync of the folder. After it the row may be written. Closes fd. */
void blob_keep(struct blobs *blobs, const struct at_id *id, int fd, blob_done_fn *done, void *arg);
void blob_discard(struct blobs *blobs, const struct at_id *id, int fd);
void blob_drop(struct blobs *blobs, const struct at_id *id);
typedef void blob_file_fn(void *arg, enum at_err err, int fd, uint64_t len);
void blob_open(struct blobs *blobs, const struct at_id *id, blob_file_fn *done, void *arg);
/* Files whose row is missing (a crash between rename and commit). Blocks: start only. */
void blob_each_file(struct blobs *blobs, void (*fn)(void *arg, const struct at_id *id), void *arg);

#endif
