/* Nanoseconds of processor time that one packet costs, by suite and size: sealing in place, gathering, opening; in turn over as many
 * peers as given, since a thousand sets of keys do not stay in the cache. Medians. usage: srtp_bench [PEERS] */
#include "base/buf.h"
#include "base/err.h"
#include "media/srtp/srtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PEERS_MAX = 4096, ROUNDS = 9, PACKETS = 20000, ROOM = 1500, HEADER_LEN = 12, SEALED = 64 };

static struct srtp_out *out[PEERS_MAX];
static struct srtp_in *in[PEERS_MAX];
static size_t peers = 100;

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void put_header(uint8_t *packet, uint64_t index)
{
	packet[0] = 0x80;
	packet[1] = 96;
	at_put_u16(packet + 2, (uint16_t)index);
	at_put_u32(packet + 8, 1);
}

enum way { IN_PLACE, GATHERED, GATHERED_ALL, OPENED, WAYS };
static const char *const way_names[] = {"seal", "gather", "gather_head_padding", "open"};

static void must(enum at_err err)
{
	if (err)
		abort();
}

static void send_one(enum way way, uint64_t index, size_t len, const uint8_t *body)
{
	static uint8_t tx[64][ROOM];
	uint8_t *packet = tx[index % 64];
	struct srtp_out *o = out[index % peers];
	const uint32_t roc = (uint32_t)(index >> 16);
	struct srtp_payload payload = {.body = body, .body_len = len};
	uint8_t head[6] = {1, 2, 3, 4, 5, 6};
	size_t n;
	put_header(packet, index);
	if (way == GATHERED_ALL)
		payload = (struct srtp_payload){head, sizeof(head), body, len - 8, 2};
	if (way == IN_PLACE)
		must(srtp_seal(o, roc, packet, HEADER_LEN, HEADER_LEN + len, ROOM, &n));
	else
		must(srtp_seal_gather(o, roc, packet, HEADER_LEN, &payload, ROOM, &n));
}

static double send_all(enum way way, uint64_t *index, size_t len)
{
	static uint8_t body[ROOM];
	double from = now_ns();
	for (size_t i = 0; i < PACKETS; i++)
		send_one(way, (*index)++, len, body);
	return (now_ns() - from) / PACKETS;
}

/* Packets are sealed in batches off the clock. */
static double open_all(uint64_t *index, size_t len)
{
	static uint8_t packets[SEALED][ROOM];
	double spent = 0;
	for (size_t done = 0; done < PACKETS; done += SEALED) {
		size_t n, plain_len;
		for (size_t i = 0; i < SEALED; i++) {
			const uint64_t at = *index + i;
			put_header(packets[i], at / peers);
			must(srtp_seal(out[at % peers], (uint32_t)(at / peers >> 16), packets[i], HEADER_LEN,
				       HEADER_LEN + len, ROOM, &n));
		}
		double from = now_ns();
		for (size_t i = 0; i < SEALED; i++)
			must(srtp_open(in[(*index + i) % peers], packets[i], n, &plain_len, NULL));
		spent += now_ns() - from;
		*index += SEALED;
	}
	return spent / PACKETS;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure(enum srtp_suite suite, size_t len)
{
	static const struct srtp_keys keys = {.key = "0123456789abcde", .salt = "saltsaltsalt"};
	double ns[WAYS][ROUNDS];
	uint64_t index = 0, open_index = 0;
	for (size_t i = 0; i < peers; i++) {
		out[i] = srtp_out_new(suite, &keys);
		in[i] = srtp_in_new(suite, &keys);
	}
	for (size_t r = 0; r < ROUNDS; r++)
		for (enum way w = 0; w < WAYS; w++)
			ns[w][r] = w == OPENED ? open_all(&open_index, len) : send_all(w, &index, len);
	for (enum way w = 0; w < WAYS; w++) {
		qsort(ns[w], ROUNDS, sizeof(double), by_value);
		printf("srtp_%s_%s_%zu %.0f ns\n", suite ? "cm" : "gcm", way_names[w], len, ns[w][ROUNDS / 2]);
	}
	for (size_t i = 0; i < peers; i++) {
		srtp_out_free(&out[i]);
		srtp_in_free(&in[i]);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		peers = strtoul(argv[1], NULL, 10);
	if (peers < 1 || peers > PEERS_MAX)
		return 2;
	printf("srtp_peers %zu sets of keys\n", peers);
	for (enum srtp_suite suite = 0; suite < 2; suite++) {
		measure(suite, 100);
		measure(suite, 1100);
	}
	return 0;
}
