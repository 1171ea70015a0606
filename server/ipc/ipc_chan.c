#include "base/log.h"
#include "base/mem.h"
#include "ipc/ipc_priv.h"

#include <unistd.h>

enum { MESSAGES_A_TURN = 32 };

struct ipc_chan {
	int fd;
	struct at_poll *poll;
	ipc_msg_fn *on_msg;
	ipc_gone_fn *on_gone;
	void *arg;
	bool reading, freed; /* freed inside its own callback: the memory goes when that returns */
	uint8_t buffer[IPC_DATAGRAM_MAX];
};

static void receive(struct ipc_chan *chan)
{
	for (int i = 0; i < MESSAGES_A_TURN && !chan->freed; i++) {
		struct ipc_msg msg;
		enum at_err err = ipc_raw_recv(chan->fd, chan->buffer, &msg);
		if (err == AT_ERR_BUSY)
			return;
		if (err == AT_ERR_BAD_REQUEST) {
			at_log(AT_LOG_WARN, "ipc.bad_message", NULL);
			continue;
		}
		if (err) {
			at_poll_set(chan->poll, 0);
			chan->on_gone(chan->arg);
			return;
		}
		chan->on_msg(chan->arg, &msg);
	}
}

static void on_readable(void *arg, int events)
{
	struct ipc_chan *chan = arg;
	(void)events;
	chan->reading = true;
	receive(chan);
	chan->reading = false;
	if (chan->freed)
		at_free(chan);
}

struct ipc_chan *ipc_chan_new(struct at_loop *loop, int fd, ipc_msg_fn *on_msg, ipc_gone_fn *on_gone, void *arg)
{
	struct ipc_chan *chan = at_alloc(sizeof(*chan));
	chan->fd = fd;
	chan->on_msg = on_msg;
	chan->on_gone = on_gone;
	chan->arg = arg;
	chan->poll = at_poll_new(loop, fd, on_readable, chan);
	at_poll_set(chan->poll, AT_POLL_READ);
	return chan;
}

void ipc_chan_free(struct ipc_chan **chan)
{
	struct ipc_chan *c = *chan;
	*chan = NULL;
	if (!c)
		return;
	at_poll_free(&c->poll);
	close(c->fd);
	c->freed = true;
	if (!c->reading)
		at_free(c);
}

enum at_err ipc_send(struct ipc_chan *chan, enum ipc_type type, const void *body, size_t body_len, const int *fds,
		     size_t fd_count)
{
	return ipc_raw_send(chan->fd, type, body, body_len, fds, fd_count);
}
