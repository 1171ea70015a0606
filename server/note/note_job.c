/* The channel to remux, and the jobs that are there. */
#include "base/log.h"
#include "base/mem.h"
#include "note/note_priv.h"

#include <unistd.h>

void commit_close_files(struct commit *commit)
{
	for (size_t i = 0; i < commit->fd_count; i++)
		close(commit->fds[i]);
	commit->fd_count = 0;
}

void commit_leave_queue(struct commit *commit)
{
	if (commit->linked)
		at_list_remove(&commit->link);
	commit->linked = false;
	at_timer_free(&commit->timer);
}

static void finish(struct commit *commit, enum at_err err)
{
	commit_leave_queue(commit);
	commit_close_files(commit);
	commit_remuxed(commit, err);
}

struct remux_job rec_job(const struct rec *rec, uint64_t number, size_t segments)
{
	return (struct remux_job){.number = number,
				  .video = rec->video,
				  .segments = (uint32_t)segments,
				  .max_ms = rec_max_ms(rec),
				  .max_bytes = rec_max_bytes(rec) + rec_max_bytes(rec) / 8 + 65536};
}

static void send_job(struct commit *commit)
{
	struct rec *rec = commit->rec;
	struct remux_job job = rec_job(rec, commit->job, commit->fd_count);
	uint8_t body[REMUX_JOB_LEN];
	int fds[1 + REMUX_SEGMENTS_MAX] = {commit->out_fd};
	remux_job_put(&job, body);
	for (size_t i = 0; i < commit->fd_count; i++)
		fds[1 + i] = commit->fds[i];
	enum at_err err = ipc_send(rec->notes->remux, IPC_REMUX_JOB, body, sizeof(body), fds, 1 + commit->fd_count);
	commit->sent = true;
	/* Gone: the next channel is on its way. */
	if (err && err != AT_ERR_CLOSED)
		finish(commit, err);
}

static void on_timer(void *arg)
{
	struct commit *commit = arg;
	bool has_remux = commit->rec->notes->remux != NULL;
	at_log(AT_LOG_WARN, "note.job_timeout", NULL);
	finish(commit, has_remux ? AT_ERR_TIMEOUT : AT_ERR_UNAVAILABLE);
}

void commit_ask_remux(struct commit *commit)
{
	struct notes *notes = commit->rec->notes;
	commit->job = ++notes->last_job;
	commit->linked = true;
	at_list_push(&notes->commits, &commit->link);
	commit->timer = at_timer_new(notes->loop, on_timer, commit);
	at_timer_start(commit->timer, NOTE_JOB_MS, 0);
	if (notes->remux)
		send_job(commit);
}

static struct commit *find_job(const struct notes *notes, uint64_t number)
{
	AT_LIST_EACH(&notes->commits, it)
		if (AT_ENTRY(it, struct commit, link)->job == number)
			return AT_ENTRY(it, struct commit, link);
	return NULL;
}

static void on_message(void *arg, struct ipc_msg *msg)
{
	struct notes *notes = arg;
	struct remux_result result;
	for (size_t i = 0; i < msg->fd_count; i++)
		close(msg->fds[i]);
	if (msg->type != IPC_REMUX_DONE || remux_result_parse(msg->body, msg->body_len, &result)) {
		at_log(AT_LOG_WARN, "note.bad_result", NULL);
		return;
	}
	struct commit *commit = find_job(notes, result.number);
	if (!commit) {
		(void)notes_ahead_result(notes, &result);
		return;
	}
	commit->result = result;
	finish(commit, result.err);
}

static void on_gone(void *arg)
{
	struct notes *notes = arg;
	ipc_chan_free(&notes->remux);
	notes_ahead_lost(notes);
}

/* Jobs that were with the one that died are asked again once: it may have died of one of them. */
void notes_remux_channel(struct notes *notes, int fd)
{
	ipc_chan_free(&notes->remux);
	notes_ahead_lost(notes);
	notes->remux = ipc_chan_new(notes->loop, fd, on_message, on_gone, notes);
	AT_LIST_EACH(&notes->commits, it) {
		struct commit *commit = AT_ENTRY(it, struct commit, link);
		if (commit->sent && commit->asked_again) {
			finish(commit, AT_ERR_UNAVAILABLE);
			continue;
		}
		commit->asked_again = commit->sent;
		/* A late answer to the first is not this one's. */
		commit->job = ++notes->last_job;
		send_job(commit);
	}
}
