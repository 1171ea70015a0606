#include "base/rand.h"
#include "base/test.h"
#include "ipc/ipc.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	struct ipc_chan *chan;
	int messages, gone;
	struct ipc_msg last;
	uint8_t body[64];
	bool free_on_msg;
};

static void on_msg(void *arg, struct ipc_msg *msg)
{
	struct end *end = arg;
	end->messages++;
	end->last = *msg;
	if (msg->body_len <= sizeof(end->body))
		memcpy(end->body, msg->body, msg->body_len);
	if (end->free_on_msg)
		ipc_chan_free(&end->chan);
}

static void on_gone(void *arg)
{
	struct end *end = arg;
	end->gone++;
}

static int open_fds(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void wait_for(struct at_loop *loop, const int *n, int wanted)
{
	for (int i = 0; i < 100 && *n < wanted; i++)
		at_loop_step(loop, 50);
	assert_int_equal(*n, wanted);
}

static void messages_and_descriptors_cross(void **state)
{
	(void)state;
	int fds[2], pipe_fds[2];
	struct at_loop *loop = at_loop_new();
	struct end a = {.chan = NULL}, b = {.chan = NULL};
	assert_int_equal(ipc_pair(fds), AT_OK);
	a.chan = ipc_chan_new(loop, fds[0], on_msg, on_gone, &a);
	b.chan = ipc_chan_new(loop, fds[1], on_msg, on_gone, &b);
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(ipc_send(a.chan, IPC_REMUX_JOB, "job", 3, pipe_fds, 2), AT_OK);
	wait_for(loop, &b.messages, 1);
	assert_int_equal(b.last.type, IPC_REMUX_JOB);
	assert_int_equal(b.last.body_len, 3);
	assert_memory_equal(b.body, "job", 3);
	assert_int_equal(b.last.fd_count, 2);
	assert_int_equal(b.last.fds[2], -1);
	assert_int_equal(fcntl(b.last.fds[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(b.last.fds[1], "!", 1), 1);
	char c;
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	for (int i = 0; i < 2; i++) {
		close(b.last.fds[i]);
		close(pipe_fds[i]);
	}
	static uint8_t big[IPC_BODY_MAX];
	assert_int_equal(ipc_send(b.chan, IPC_REMUX_DONE, big, sizeof(big), NULL, 0), AT_OK);
	wait_for(loop, &a.messages, 1);
	assert_int_equal(a.last.body_len, IPC_BODY_MAX);
	ipc_chan_free(&b.chan);
	wait_for(loop, &a.gone, 1);
	at_loop_step(loop, 10);
	assert_int_equal(a.gone, 1);
	assert_int_equal(ipc_send(a.chan, IPC_STOP, NULL, 0, NULL, 0), AT_ERR_CLOSED);
	ipc_chan_free(&a.chan);
	at_loop_free(&loop);
}

static void a_full_pair_is_busy(void **state)
{
	(void)state;
	int fds[2];
	struct at_loop *loop = at_loop_new();
	struct end a = {.chan = NULL}, b = {.chan = NULL};
	assert_int_equal(ipc_pair(fds), AT_OK);
	a.chan = ipc_chan_new(loop, fds[0], on_msg, on_gone, &a);
	b.chan = ipc_chan_new(loop, fds[1], on_msg, on_gone, &b);
	static uint8_t big[IPC_BODY_MAX];
	enum at_err err;
	int sent = 0;
	while (!(err = ipc_send(a.chan, IPC_REMUX_JOB, big, sizeof(big), NULL, 0)))
		assert_in_range(++sent, 1, 10000);
	assert_int_equal(err, AT_ERR_BUSY);
	wait_for(loop, &b.messages, sent);
	assert_int_equal(ipc_send(a.chan, IPC_STOP, NULL, 0, NULL, 0), AT_OK);
	ipc_chan_free(&a.chan);
	ipc_chan_free(&b.chan);
	at_loop_free(&loop);
}

/* Sends raw bytes with n descriptors, as a role taken over by somebody would. */
static void send_raw(int sock, const void *data, size_t len, int n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(32 * sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec part = {(void *)(uintptr_t)data, len};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	if (n_fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
		for (int i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &sock, sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &header, 0), (ssize_t)len);
}

static void bad_messages_are_dropped_with_their_descriptors(void **state)
{
	(void)state;
	int fds[2];
	struct at_loop *loop = at_loop_new();
	struct end a = {.chan = NULL};
	assert_int_equal(ipc_pair(fds), AT_OK);
	a.chan = ipc_chan_new(loop, fds[0], on_msg, on_gone, &a);
	int before = open_fds();
	static uint8_t too_long[8 + IPC_BODY_MAX + 1];
	at_log_expect_for_test("ipc.bad_message", 7);
	send_raw(fds[1], "\0\1", 2, 1);                              /* short */
	send_raw(fds[1], "\0\143\0\0\0\0\0\0", 8, 0);                /* unknown type */
	send_raw(fds[1], "\0\0\0\0\0\0\0\0", 8, 0);                  /* no type */
	send_raw(fds[1], "\0\2\0\0\0\0\0\5abc", 11, 2);              /* lying length */
	send_raw(fds[1], "\0\2\0\1\0\0\0\0", 8, 0);                  /* fewer descriptors than told */
	send_raw(fds[1], "\0\2\0\1\0\0\0\0", 8, 20);                 /* more than there is room for */
	send_raw(fds[1], too_long, sizeof(too_long), 1);             /* cut */
	assert_int_equal(send(fds[1], "\0\2\0\0\0\0\0\0", 8, 0), 8); /* and a good one */
	wait_for(loop, &a.messages, 1);
	assert_int_equal(a.last.type, IPC_STOP);
	assert_int_equal(open_fds(), before);
	ipc_chan_free(&a.chan);
	close(fds[1]);
	at_loop_free(&loop);
}

static void a_channel_may_be_freed_in_its_callback(void **state)
{
	(void)state;
	int fds[2];
	struct at_loop *loop = at_loop_new();
	struct end a = {.free_on_msg = true};
	assert_int_equal(ipc_pair(fds), AT_OK);
	a.chan = ipc_chan_new(loop, fds[0], on_msg, on_gone, &a);
	for (int i = 0; i < 3; i++)
		send_raw(fds[1], "\0\2\0\0\0\0\0\0", 8, 0);
	wait_for(loop, &a.messages, 1);
	at_loop_step(loop, 10);
	assert_int_equal(a.messages, 1);
	close(fds[1]);
	at_loop_free(&loop);
}

static void parsing_survives_noise(void **state)
{
	(void)state;
	uint8_t data[64];
	struct ipc_msg msg;
	for (int i = 0; i < 100000; i++) {
		size_t len = at_rand_below(sizeof(data));
		at_rand(data, len);
		for (size_t k = 0; k < len && k < 7; k++)
			data[k] &= 7;
		if (ipc_parse(data, len, &msg) == AT_OK)
			assert_int_equal(msg.body_len, len - 8);
	}
	assert_int_equal(ipc_parse(NULL, 0, &msg), AT_ERR_BAD_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_TEST(messages_and_descriptors_cross),
		AT_TEST(a_full_pair_is_busy),
		AT_TEST(bad_messages_are_dropped_with_their_descriptors),
		AT_TEST(a_channel_may_be_freed_in_its_callback),
		AT_TEST(parsing_survives_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
