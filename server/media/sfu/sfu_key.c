/* One gate a layer for every request of a key frame, whoever makes it: subscribers' PLI and FIR, slots that wait for a layer, numbers that
 * started anew. Two at once, then one each 1.5 s, or more rarely when key
 * frames are large: they may take a fifth of what the layer sends (jitsi-videobridge's storms took far more). Requests that come meanwhile
 * are answered by one, or by the key frame that comes first. */
#include "media/sfu/sfu_priv.h"

enum {
	SPACING_US = 500 * 1000,
	REFILL_US = 1500 * 1000,
	REFILL_MAX_US = 8 * 1000 * 1000,
	SHARE = 5, /* one in so many bytes */
	RARE_US = 1000 * 1000,
	TOKEN = 1000,
	TOKENS_MAX = 2 * TOKEN,
};

static void refill(struct sfu_key_gate *gate, int64_t now_us)
{
	int64_t since_us = now_us - gate->filled_us, each_us = gate->each_us ? gate->each_us : REFILL_US;
	gate->filled_us = now_us;
	if (!gate->primed || since_us > 2 * each_us)
		gate->tokens_milli = TOKENS_MAX;
	else
		gate->tokens_milli += (int32_t)(since_us * TOKEN / each_us);
	gate->primed = true;
	if (gate->tokens_milli > TOKENS_MAX)
		gate->tokens_milli = TOKENS_MAX;
}

static void try_ask(struct sfu_layer *layer, int64_t now_us)
{
	struct sfu_key_gate *gate = &layer->gate;
	struct sfu_peer *peer = layer->source->peer;
	if (gate->asked_us && now_us - gate->asked_us < SPACING_US)
		return;
	if (now_us - gate->filled_us < 5000 && gate->primed && gate->tokens_milli < TOKEN)
		return; /* so that fractions are not lost to many small refills */
	refill(gate, now_us);
	if (gate->tokens_milli < TOKEN || !peer->ssrcs[layer->bit * 2])
		return;
	gate->tokens_milli -= TOKEN;
	gate->asked_us = now_us;
	gate->wanted = false;
	peer->keys_due |= (uint8_t)(1U << layer->bit);
	layer->keyframes_asked++;
	peer->sfu->stats.keyframes_asked++;
	peer_due(peer, now_us);
}

void key_want(struct sfu_layer *layer, int64_t now_us)
{
	layer->gate.wanted = true;
	try_ask(layer, now_us);
	peer_due(layer->source->peer, now_us + SPACING_US / 5);
}

void key_came(struct sfu_layer *layer, uint32_t timestamp, int64_t now_us)
{
	struct sfu_key_gate *gate = &layer->gate;
	gate->is_rare = now_us - gate->came_us > RARE_US;
	gate->came_us = now_us;
	gate->wanted = false;
	gate->counting = true;
	gate->timestamp = timestamp;
	gate->bytes = 0;
}

void key_bytes(struct sfu_layer *layer, const struct sfu_packet *packet)
{
	struct sfu_key_gate *gate = &layer->gate;
	if (!gate->counting)
		return;
	if (packet->timestamp == gate->timestamp) {
		gate->bytes += packet->len;
		return;
	}
	gate->counting = false; /* another frame: it is whole, or as whole as it gets */
	int64_t each_us = layer->bits_s ? (int64_t)gate->bytes * 8 * SHARE * 1000000 / layer->bits_s : REFILL_US;
	gate->each_us = each_us < REFILL_US ? REFILL_US : each_us > REFILL_MAX_US ? REFILL_MAX_US : each_us;
}

/* A request that got no answer is made again by whoever still waits; those that the gate held go when it opens. */
void key_tick(struct sfu_peer *peer, int64_t now_us)
{
	for (uint8_t i = 0; i < LAYERS_A_PEER; i++)
		if (peer->layers[i].gate.wanted) {
			try_ask(&peer->layers[i], now_us);
			peer_due(peer, now_us + SPACING_US / 5);
		}
	if (!peer->keys_due || !peer->is_up)
		return;
	uint8_t bytes[256];
	struct rtcp_writer w = {bytes, 0, sizeof(bytes) - SRTCP_OVERHEAD_MAX};
	for (uint8_t i = 0; i < LAYERS_A_PEER; i++)
		if (peer->keys_due & 1U << i && rtcp_pli_put(&w, peer->ssrc_base - 1, peer->ssrcs[i * 2]))
			break;
	peer->keys_due = 0;
	tx_rtcp(peer, bytes, w.len, sizeof(bytes));
}
