/* The whole server in processes of its own, with a data directory and ports of its own, and devices that talk to it over real sockets:
 * HTTP, a WebSocket, and a leg of a call over UDP. Everything blocks; what takes longer than 10 s fails the test. */
#ifndef AT_MAIN_MAIN_TESTKIT_H
#define AT_MAIN_MAIN_TESTKIT_H

#include "base/test.h"
#include "media/ice/ice.h"

#include <netinet/in.h>
#include <sys/types.h>

enum { TOKEN_ROOM = 64, HEARD_ROOM = 256 * 1024 };

struct serving {
	char dir[64];
	pid_t pid; /* the supervisor's; 0 = stopped */
	uint16_t port;
	char links[3][TOKEN_ROOM]; /* one-time: Ana's, Ben's, Carla's */
	int log_at;                /* of the log: lines read so far */
};

void serving_start(struct serving *s); /* with --demo; again after serving_stop: the same data */
void serving_stop(struct serving *s);
void serving_drop(struct serving *s); /* stopped or not; the files go */
/* The newest life of a role. */
pid_t serving_pid_of(const struct serving *s, const char *role);

struct phone {
	const struct serving *server;
	char cookie[256];
	int fd;
	unsigned next_id;
	char *heard; /* events that have not been waited for, a line each */
	char answer[65536];
};

void phone_join(struct phone *phone, const struct serving *s, unsigned person); /* with the link; then says hello */
void phone_hello(struct phone *phone);                                          /* with the cookie it has */
void phone_hang(struct phone *phone);                                           /* closes its socket */
void phone_free(struct phone *phone);
/* The answer without its id: {"ok":...} or {"err":...}. "" when the socket is gone. */
const char *phone_ask(struct phone *phone, const char *command, const char *args, ...) AT_PRINTF(3, 4);
void phone_ok(struct phone *phone, const char *command, const char *args, ...) AT_PRINTF(3, 4);
/* Waits for an event with this in it; forgets the events up to it. Gives how long that took. */
int64_t phone_expect(struct phone *phone, const char *part);

/* A device's side of a call's media. */
struct leg {
	int fd;
	struct sockaddr_in to;
	char name[64], pwd[64]; /* of USERNAME; of the server */
};
/* From the answer to media.open: the UDP candidate on this machine's loopback. */
struct leg leg_of(const char *json);
void leg_free(struct leg *leg);
bool leg_check(const struct leg *leg, int timeout_ms); /* one connectivity check; whether it was answered */
void leg_send_rtp(const struct leg *leg, uint32_t ssrc);
/* Whether RTP with this SSRC comes within the time; whatever else comes is skipped. */
bool leg_hears_rtp(const struct leg *leg, uint32_t ssrc, int timeout_ms);

#endif
