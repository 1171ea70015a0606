/* A peer's transport: checks, the handshake, where its packets go, and when it is given up. */
#include "media/sfu/sfu_priv.h"

enum {
	/* a newly proved tuple waits so long for the present one; Chromium checks every 2.7 s */
	TAKEOVER_US = 3 * 1000 * 1000,
	CONSENT_US = 30 * 1000 * 1000, /* RFC 7675 */
	DTLS_TRIES = 3,
};

/* ---- checks ---- */

static void send_dtls(void *arg, const uint8_t *data, size_t len)
{
	struct sfu_peer *peer = arg;
	const struct ice_tuple *to = sfu_peer_address(peer);
	if (to)
		tx_put(peer->sfu, to, data, len);
}

static void make_dtls(struct sfu_peer *peer)
{
	if (peer->dtls || peer->is_up || peer->dtls_tries >= DTLS_TRIES || !peer->sfu->options.dtls)
		return;
	peer->dtls_tries++;
	peer->dtls = dtls_new(peer->sfu->options.dtls, peer->fingerprint, send_dtls, peer);
}

void sfu_peer_heard(struct sfu_peer *peer, struct sfu_tuple *tuple, int64_t now_us)
{
	tuple->heard_us = peer->heard_us = now_us;
	if (!peer->is_away)
		return;
	peer->is_away = false;
	sfu_tell(peer, SFU_EVENT_BACK);
}

static void on_check(struct sfu_peer *peer, struct sfu_tuple *tuple, int64_t now_us)
{
	peer->sfu->stats.checks++;
	if (peer->current == SFU_NOWHERE)
		sfu_tuple_aim(peer, tuple);
	else if (tuple != &peer->tuples[peer->current] && now_us - peer->tuples[peer->current].heard_us >= TAKEOVER_US)
		sfu_tuple_aim(peer, tuple); /* a listener that sends nothing moves too */
	tuple->checked_us = now_us;
	sfu_peer_heard(peer, tuple, now_us);
	make_dtls(peer);
}

void sfu_on_stun(struct sfu *sfu, int64_t now_us, const struct ice_tuple *from, const uint8_t *data, size_t len)
{
	struct stun_message msg;
	struct ice_answer answer;
	char ufrag[ICE_UFRAG_LEN + 1];
	if (stun_parse(data, len, &msg) || msg.type != STUN_BINDING_REQUEST) {
		sfu_drop(sfu, SFU_DROP_STUN);
		return;
	}
	struct sfu_peer *peer = stun_local_ufrag(&msg, ufrag) ? at_map_get(sfu->by_ufrag, ufrag, ICE_UFRAG_LEN) : NULL;
	if (!peer) {
		sfu_drop(sfu, SFU_DROP_NAME);
		return;
	}
	enum ice_verdict verdict = ice_handle(sfu->ice, &peer->agent, now_us, from, &msg, &answer);
	if (verdict == ICE_DROP_SHAPE || verdict == ICE_DROP_INTEGRITY) {
		sfu_drop(sfu, verdict == ICE_DROP_SHAPE ? SFU_DROP_STUN : SFU_DROP_INTEGRITY);
		return;
	}
	if (verdict == ICE_CHECK) {
		struct sfu_tuple *tuple = sfu_tuple_claim(peer, from);
		if (!tuple) {
			sfu_drop(sfu, SFU_DROP_TAKEN);
			return;
		}
		on_check(peer, tuple, now_us);
	}
	if (answer.reply_len)
		tx_put(sfu, from, answer.reply, answer.reply_len);
}

/* ---- the handshake ---- */

void sfu_peer_up(struct sfu_peer *peer, int64_t now_us, enum srtp_suite suite, const struct srtp_keys *in,
		 const struct srtp_keys *out)
{
	peer->in = srtp_in_new(suite, in);
	peer->out = srtp_out_new(suite, out);
	peer->is_up = true;
	peer->sfu->stats.handshakes++;
	peer->alloc_due = true;
	peer_due(peer, now_us);
	sfu_tell(peer, SFU_EVENT_UP);
}

static void take_keys(struct sfu_peer *peer, int64_t now_us)
{
	struct dtls_keys keys;
	dtls_take_keys(peer->dtls, &keys);
	sfu_peer_up(peer, now_us, keys.suite, &keys.in, &keys.out);
	memset(&keys, 0, sizeof(keys));
	__asm__ volatile("" : : "r"(&keys) : "memory"); /* so that the wiping is not optimised away */
}

/* One that failed before anything was sent may be tried anew; a wrong certificate is wrong for good. */
static void after_dtls(struct sfu_peer *peer, enum dtls_state state, int64_t now_us)
{
	if (state == DTLS_UP && !peer->is_up)
		take_keys(peer, now_us);
	if (state == DTLS_FAILED && !peer->is_up) {
		bool is_final = dtls_why(peer->dtls) == DTLS_WHY_FINGERPRINT || peer->dtls_tries >= DTLS_TRIES;
		dtls_free(&peer->dtls);
		if (is_final)
			sfu_peer_remove(peer, true);
		return;
	}
	if (state == DTLS_CLOSED) {
		sfu_peer_remove(peer, true);
		return;
	}
	int64_t deadline_us = dtls_deadline_us(peer->dtls);
	if (deadline_us < INT64_MAX)
		peer_due(peer, deadline_us);
}

void sfu_on_dtls(struct sfu_peer *peer, struct sfu_tuple *tuple, int64_t now_us, const uint8_t *data, size_t len)
{
	make_dtls(peer);
	if (!peer->dtls) {
		sfu_drop(peer->sfu, SFU_DROP_DTLS);
		return;
	}
	if (!peer->is_up) { /* records prove nothing once there are keys: then only what opens moves an address */
		sfu_tuple_aim(peer, tuple);
		sfu_peer_heard(peer, tuple, now_us);
	}
	after_dtls(peer, dtls_input(peer->dtls, now_us, data, len), now_us);
}

/* ---- silence ---- */

static void expire_tuples(struct sfu_peer *peer, int64_t now_us)
{
	for (size_t i = 0; i < SFU_TUPLES_MAX; i++)
		if (peer->tuples[i].used && now_us - peer->tuples[i].checked_us >= CONSENT_US)
			sfu_tuple_forget(peer, &peer->tuples[i]);
}

bool sfu_peer_consent(struct sfu_peer *peer, int64_t now_us)
{
	struct sfu *sfu = peer->sfu;
	uint32_t index = peer->index;
	if (peer->dtls && now_us >= dtls_deadline_us(peer->dtls)) {
		after_dtls(peer, dtls_tick(peer->dtls, now_us), now_us);
		if (sfu->peers[index] != peer || peer->is_dead)
			return false;
	}
	expire_tuples(peer, now_us);
	int64_t silent_us = now_us - peer->heard_us;
	if (silent_us >= SFU_GONE_US) {
		sfu_peer_remove(peer, true);
		return false;
	}
	if (silent_us >= SFU_AWAY_US && !peer->is_away) {
		peer->is_away = true;
		sfu_tell(peer, SFU_EVENT_AWAY);
	}
	return true;
}

/* ---- for tests ---- */

enum at_err sfu_connect_for_test(struct sfu *sfu, int64_t now_us, const struct at_id *id, uint32_t number,
				 const struct ice_tuple *tuple, const struct sfu_keys *keys)
{
	struct sfu_room *room = sfu_find_room(sfu, id);
	struct sfu_peer *peer = room ? sfu_find_peer(room, number) : NULL;
	if (!peer || peer->is_up)
		return AT_ERR_NOT_FOUND;
	struct sfu_tuple *t = sfu_tuple_claim(peer, tuple);
	if (!t)
		return AT_ERR_CONFLICT;
	struct srtp_keys in = {.key = {0}}, out = {.key = {0}};
	memcpy(in.key, keys->client_key, sizeof(keys->client_key));
	memcpy(in.salt, keys->client_salt, sizeof(keys->client_salt));
	memcpy(out.key, keys->server_key, sizeof(keys->server_key));
	memcpy(out.salt, keys->server_salt, sizeof(keys->server_salt));
	t->checked_us = now_us;
	sfu_tuple_aim(peer, t);
	sfu_peer_heard(peer, t, now_us);
	dtls_free(&peer->dtls);
	sfu_peer_up(peer, now_us, SRTP_SUITE_GCM, &in, &out);
	return AT_OK;
}
