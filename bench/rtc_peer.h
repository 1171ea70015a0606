/* A browser's side of one transport, for load generators: ICE checks that nominate (RFC 8445), DTLS 1.2 as the client with use_srtp, and the
 * keys of SRTP. One UDP socket each, connected and not blocking. Dies with a message when the other side does not play along. One thread. */
#ifndef AT_BENCH_RTC_PEER_H
#define AT_BENCH_RTC_PEER_H

#include "media/ice/ice.h"
#include "media/srtp/srtp.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTC_NAME_MAX = 256, RTC_FINGERPRINT_LEN = 32, RTC_FINGERPRINT_TEXT = 96 };

/* What all peers share: one certificate, made here. They offer AEAD_AES_128_GCM only, so that every server seals alike. */
void rtc_start(void);
void rtc_stop(void);
void rtc_fingerprint(uint8_t out[RTC_FINGERPRINT_LEN]);
void rtc_fingerprint_text(char out[RTC_FINGERPRINT_TEXT]); /* AB:CD:... */

struct rtc_remote {
	struct sockaddr_in address;
	char ufrag[RTC_NAME_MAX], pwd[RTC_NAME_MAX];
};

struct rtc_peer {
	int fd;
	struct rtc_remote remote;
	struct ice_credentials own;
	bool is_checked, is_up;
	struct srtp_out *out; /* NULL until is_up, and so is `in` */
	struct srtp_in *in;
	SSL *ssl;
	const uint8_t *given; /* the datagram that the DTLS is to read */
	size_t given_len;
	uint64_t check_ns; /* when the next one is due */
};

/* A socket at this address of ours; not a loopback one for libnice, which ignores those. */
void rtc_open(struct rtc_peer *peer, struct in_addr ip);
void rtc_close(struct rtc_peer *peer); /* silently */
/* Begins: from now on rtc_step checks and shakes hands. */
void rtc_aim(struct rtc_peer *peer, const struct rtc_remote *remote);
/* Checks each 100 ms until one is answered, then each 2.5 s; DTLS's own repetitions. */
void rtc_step(struct rtc_peer *peer, uint64_t now_ns);
/* A datagram that came: taken if it is STUN or DTLS; false = media, which is the caller's. */
bool rtc_input(struct rtc_peer *peer, const uint8_t *data, size_t len);
/* Steps and reads them all until they are up; while_fn runs in between. */
void rtc_connect(struct rtc_peer **peers, size_t count, void (*while_fn)(void *arg), void *arg);

/* The socket's buffer for what comes; the kernel's time on it. */
enum { RTC_BUFFER = 4 * 1024 * 1024 };

#endif
