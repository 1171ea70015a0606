/* A server and an OpenSSL client with a network between them that loses, delays and remembers, all in virtual time: this kit defines
 * gettimeofday, by which the client's retransmission timer goes. */
#ifndef AT_MEDIA_DTLS_DTLS_TESTKIT_H
#define AT_MEDIA_DTLS_DTLS_TESTKIT_H

#include "media/dtls/dtls_priv.h"

enum { KIT_DATAGRAM_MAX = 2048, KIT_LOG_MAX = 512, KIT_DELAY_US = 15 * 1000 };

struct kit_datagram {
	int64_t at_us; /* when it arrives */
	bool to_client, is_gone;
	size_t len;
	uint8_t data[KIT_DATAGRAM_MAX];
};

struct kit_options {
	const char *profiles; /* NULL: without use_srtp */
	const char *suites;   /* NULL: OpenSSL's */
	bool without_ems, distrusts_us, is_unexpected;
	size_t hello_extra; /* bytes that make the ClientHello longer */
	unsigned loss_percent;
	uint64_t seed;
};

struct kit {
	struct dtls_context *context;
	struct dtls *server;
	SSL_CTX *client_ctx;
	SSL *client;
	bool client_up, client_failed, client_closed;
	int64_t now_us;
	struct kit_options options;
	uint64_t random;
	struct kit_datagram log[KIT_LOG_MAX]; /* all that was sent, in order */
	size_t count, handed; /* handed: what the client reads next, an index of log; KIT_LOG_MAX = nothing */
	bool (*drops)(const struct kit_datagram *datagram); /* on top of the loss */
};
extern struct kit kit;

void kit_start(const struct kit_options *options); /* both ends new, nothing sent */
void kit_end(void);
int kit_teardown(void **state);

void kit_client_step(void);
void kit_run(int64_t until_us); /* until nothing is left to do before that */
bool kit_is_up(void);           /* both ends */
void kit_expect_same_keys(void);
size_t kit_sent(bool to_client);
/* To the server, now. */
void kit_give(const uint8_t *data, size_t len);
void kit_give_again(const struct kit_datagram *datagram);
uint64_t kit_random(void);

/* What OpenSSL holds; from kit_count_memory on, which goes before any other use of it. */
void kit_count_memory(void);
extern size_t kit_memory, kit_memory_peak;

#endif
