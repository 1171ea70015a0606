/* A whole server and its clients in one thread: the test turns the loop. */
#ifndef AT_NET_NET_TESTKIT_H
#define AT_NET_NET_TESTKIT_H

#include "base/test.h"

#include "base/buf.h"
#include "base/loop.h"
#include "net/net.h"

#include <sys/socket.h>

/* What the server's handler does is told by the path:
 *   /hello  answers "hello METHOD QUERY"      /echo  answers the body        /later  the test answers by kit_answer
 *   /file   kit.file                           /ws    accepts, echoes what begins with 'e', closes with 4001 at 'c' */
struct kit {
	struct at_loop *loop;
	struct net_server *server;
	struct net_file file;
	char file_path[64];
	struct net_request *later[8];
	size_t later_n, gone_n, requests_n;
	struct net_ws *ws[64];
	size_t ws_n;
	char ws_log[4096]; /* T5 B3 C1000 ...: messages' lengths, close codes */
};

struct client {
	struct kit *kit;
	struct ssl_st *ssl; /* NULL: plain */
	int fd;
	bool eof;
	struct at_buf in;
	size_t answer_len; /* of the answer read last, still in front */
};

void kit_init(struct kit *kit, const struct net_options *options); /* NULL: plain on 127.0.0.1 */
void kit_release(struct kit *kit);
void kit_turn(struct kit *kit);                 /* until nothing happens for some milliseconds */
void kit_later_by(struct kit *kit, int64_t ms); /* as if so long had passed */
void kit_answer(struct kit *kit, size_t i, const char *body);
void kit_file(struct kit *kit, const void *data, size_t len);

struct client kit_connect(struct kit *kit);
struct client kit_connect_to(struct kit *kit, const struct sockaddr *host, socklen_t len); /* its port is filled in */
void client_close(struct client *c);
void client_send(struct client *c, const void *data, size_t len);
void client_text(struct client *c, const char *text);
/* Turns the loop until len more bytes are there or the peer has hung up, for 3 s at most. */
void client_wait(struct client *c, size_t len);
/* One HTTP answer; status, and where its body lies in c->in, which is consumed by the next call. */
int client_answer(struct client *c, const char **body_out, size_t *len_out);
bool client_header(struct client *c, const char *line); /* of the answer read last: "Name: value" */
bool client_at_eof(struct client *c);                   /* waits for it */
bool client_is_open(struct client *c);                  /* now */

/* Sends the handshake and takes the 101. */
void client_upgrade(struct client *c);
void client_frame(struct client *c, uint8_t first, const void *data, size_t len);
/* The next frame: opcode and payload, -1 when the peer has hung up. */
int client_next_frame(struct client *c, const uint8_t **data_out, size_t *len_out);
void client_expect_close(struct client *c, uint16_t code);

#endif
