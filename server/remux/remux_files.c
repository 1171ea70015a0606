#include "base/mem.h"
#include "remux/remux_priv.h"

#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <string.h>
#include <sys/stat.h>

enum {
	ALLOC_MAX = 64 << 20, /* bytes; no note needs more at once */
	/* bytes; a segment this short that holds nothing is a recorder that was ended at once */
	STUB_MAX = 2048,
};

struct work {
	const struct remux_job *job;
	int out_fd;
	struct remux_tail *tail; /* NULL: not ahead */
	struct remux_in in;
	struct remux_out out;
	struct remux_clock clock;
	AVPacket *packet;
};

static enum at_err copy_packet(struct work *work, bool headers)
{
	struct remux_packet packet = {.av = work->packet};
	enum at_err err = remux_in_read(&work->in, &packet);
	if (err)
		return err;
	if (headers && packet.track == REMUX_VIDEO && packet.key)
		err = remux_join_headers(remux_in_stream(&work->in, REMUX_VIDEO)->codecpar, packet.av);
	if (!err) {
		remux_clock_stamp(&work->clock, &packet);
		if (remux_clock_end_us(&work->clock) > work->job->max_ms * 1000)
			err = AT_ERR_TOO_LARGE;
	}
	if (!err && work->out.packets[REMUX_AUDIO] + work->out.packets[REMUX_VIDEO] >= REMUX_PACKETS_MAX)
		err = AT_ERR_TOO_LARGE;
	if (!err)
		err = remux_out_write(&work->out, &packet);
	av_packet_unref(work->packet);
	return err;
}

static enum at_err copy_open_segment(struct work *work)
{
	bool headers = false;
	enum at_err err = work->out.begun ? remux_join_check(&work->out, &work->in, &headers)
					  : remux_out_open(&work->out, work->out_fd, work->job, &work->in);
	if (err)
		return err;
	remux_clock_segment(&work->clock, work->in.origin_us);
	while (!err)
		err = copy_packet(work, headers);
	return err == AT_ERR_GONE ? AT_OK : err;
}

static enum at_err copy_segment(struct work *work, int fd)
{
	enum at_err err = work->tail
				  ? remux_in_follow(fd, work->job->video, work->tail, work->job->max_bytes, &work->in)
				  : remux_in_open(fd, work->job->video, &work->in);
	if (err) {
		struct stat st;
		bool is_stub = work->job->segments > 1 && !fstat(fd, &st) && st.st_size < STUB_MAX;
		return err == AT_ERR_UNREADABLE && is_stub ? AT_OK : err;
	}
	err = copy_open_segment(work);
	remux_in_close(&work->in);
	return err;
}

static enum at_err copy_all(struct work *work, const int *segment_fds)
{
	for (uint32_t i = 0; i < work->job->segments; i++) {
		enum at_err err = copy_segment(work, segment_fds[i]);
		if (err)
			return err;
	}
	if (!work->out.packets[REMUX_AUDIO] && !work->out.packets[REMUX_VIDEO])
		return AT_ERR_UNREADABLE;
	if (work->tail && !work->tail->is_last)
		return AT_ERR_UNREADABLE;
	return remux_out_finish(&work->out);
}

static struct remux_result run(const struct remux_job *job, int out_fd, const int *segment_fds, struct remux_tail *tail)
{
	struct remux_result result = {.number = job->number};
	struct work *work = at_alloc(sizeof(*work));
	av_log_set_level(AV_LOG_QUIET);
	av_max_alloc(ALLOC_MAX);
	work->job = job;
	work->out_fd = out_fd;
	work->tail = tail;
	work->packet = av_packet_alloc();
	AT_ASSERT(work->packet);
	result.err = copy_all(work, segment_fds);
	if (!result.err) {
		remux_out_describe(&work->out, &result);
		result.duration_ms = (remux_clock_end_us(&work->clock) + 500) / 1000;
		result.bytes = (uint64_t)work->out.size;
	}
	remux_out_close(&work->out);
	av_packet_free(&work->packet);
	at_free(work);
	return result;
}

struct remux_result remux_files(const struct remux_job *job, int out_fd, const int *segment_fds)
{
	return run(job, out_fd, segment_fds, NULL);
}

struct remux_result remux_ahead(const struct remux_job *job, int out_fd, int segment_fd, int more_fd)
{
	struct remux_tail tail = {.fd = more_fd, .bytes = (int64_t)job->known_bytes};
	return run(job, out_fd, &segment_fd, &tail);
}
