#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/str.h"
#include "media/ice/ice_priv.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

struct ice {
	EVP_MAC *hmac;
	EVP_MAC_CTX *ctx;
};

struct ice *ice_new(void)
{
	struct ice *ice = at_alloc(sizeof(*ice));
	ice->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	AT_ASSERT(ice->hmac);
	ice->ctx = EVP_MAC_CTX_new(ice->hmac);
	AT_ASSERT(ice->ctx);
	char digest[] = "SHA1";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
			       OSSL_PARAM_construct_end()};
	AT_ASSERT(EVP_MAC_CTX_set_params(ice->ctx, params) == 1);
	return ice;
}

void ice_free(struct ice **ice)
{
	struct ice *i = *ice;
	*ice = NULL;
	if (!i)
		return;
	EVP_MAC_CTX_free(i->ctx);
	EVP_MAC_free(i->hmac);
	at_free(i);
}

void ice_mac(struct ice *ice, const uint8_t *msg, size_t at, const char *pwd, uint8_t mac_out[STUN_INTEGRITY_LEN])
{
	uint8_t head[STUN_HEAD_LEN];
	size_t len = 0;
	memcpy(head, msg, sizeof(head));
	at_put_u16(head + 2, (uint16_t)(at + 4 + STUN_INTEGRITY_LEN - STUN_HEAD_LEN));
	int ok = EVP_MAC_init(ice->ctx, (const unsigned char *)pwd, strlen(pwd), NULL) &&
		 EVP_MAC_update(ice->ctx, head, sizeof(head)) &&
		 EVP_MAC_update(ice->ctx, msg + STUN_HEAD_LEN, at - STUN_HEAD_LEN) &&
		 EVP_MAC_final(ice->ctx, mac_out, &len, STUN_INTEGRITY_LEN);
	AT_ASSERT(ok && len == STUN_INTEGRITY_LEN);
}

bool ice_integrity_ok(struct ice *ice, const struct stun_message *msg, const char *pwd)
{
	uint8_t mac[STUN_INTEGRITY_LEN];
	if (!msg->integrity_at)
		return false;
	ice_mac(ice, msg->data, msg->integrity_at, pwd, mac);
	return at_mem_eq_const_time(mac, msg->data + msg->integrity_at + 4, sizeof(mac));
}

bool ice_tuple_eq(const struct ice_tuple *a, const struct ice_tuple *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* ---- credentials ---- */

/* Multiples of three bytes, so that base64 has no padding: its alphabet is that of ice-char. */
void ice_credentials_make(struct ice_credentials *out)
{
	uint8_t random[(ICE_UFRAG_LEN + ICE_PWD_LEN) / 4 * 3];
	const size_t ufrag_bytes = ICE_UFRAG_LEN / 4 * 3;
	at_rand(random, sizeof(random));
	at_base64(random, ufrag_bytes, out->ufrag);
	at_base64(random + ufrag_bytes, sizeof(random) - ufrag_bytes, out->pwd);
}

static bool are_ice_chars(const char *s, size_t len)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return strnlen(s, len + 1) == len && strspn(s, chars) == len;
}

bool ice_credentials_valid(const struct ice_credentials *c)
{
	return are_ice_chars(c->ufrag, ICE_UFRAG_LEN) && are_ice_chars(c->pwd, ICE_PWD_LEN);
}

bool ice_credentials_eq(const struct ice_credentials *a, const struct ice_credentials *b)
{
	return !strcmp(a->ufrag, b->ufrag) && at_mem_eq_const_time(a->pwd, b->pwd, ICE_PWD_LEN);
}

/* ---- answering ---- */

/* The password that the named set of credentials has; NULL when the name is of neither. */
static const char *password_of(const struct ice_agent *agent, int64_t now_us, const char *ufrag, bool *by_before_out)
{
	*by_before_out = false;
	if (!strcmp(ufrag, agent->now.ufrag))
		return agent->now.pwd;
	if (now_us >= agent->before_until_us || strcmp(ufrag, agent->before.ufrag) != 0)
		return NULL;
	*by_before_out = true;
	return agent->before.pwd;
}

static void put_success(struct ice *ice, const struct stun_message *msg, const struct ice_tuple *from, const char *pwd,
			struct ice_answer *answer)
{
	struct stun_writer w;
	stun_begin(&w, answer->reply, sizeof(answer->reply), STUN_BINDING_SUCCESS, msg->tid);
	stun_put_mapped(&w, from->remote_ip, from->remote_port);
	stun_put_integrity(&w, ice, pwd);
	stun_put_fingerprint(&w);
	answer->reply_len = w.len;
}

static void put_error(struct ice *ice, const struct stun_message *msg, uint16_t code, const char *pwd,
		      struct ice_answer *answer)
{
	struct stun_writer w;
	const uint8_t value[4] = {0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100)};
	uint8_t unknown[STUN_UNKNOWN_MAX * 2];
	stun_begin(&w, answer->reply, sizeof(answer->reply), STUN_BINDING_ERROR, msg->tid);
	stun_put(&w, STUN_ERROR_CODE, value, sizeof(value));
	for (size_t i = 0; i < msg->unknown_count; i++)
		at_put_u16(unknown + 2 * i, msg->unknown[i]);
	if (code == STUN_ERROR_UNKNOWN)
		stun_put(&w, STUN_UNKNOWN, unknown, 2 * msg->unknown_count);
	stun_put_integrity(&w, ice, pwd);
	stun_put_fingerprint(&w);
	answer->reply_len = w.len;
}

enum ice_verdict ice_handle(struct ice *ice, const struct ice_agent *agent, int64_t now_us,
			    const struct ice_tuple *from, const struct stun_message *msg, struct ice_answer *answer_out)
{
	char ufrag[ICE_UFRAG_LEN + 1];
	answer_out->reply_len = 0;
	bool is_check = msg->type == STUN_BINDING_REQUEST && msg->integrity_at && msg->fingerprint_at &&
			stun_local_ufrag(msg, ufrag);
	if (!is_check || (msg->is_controlling && msg->is_controlled))
		return ICE_DROP_SHAPE;
	const char *pwd = password_of(agent, now_us, ufrag, &answer_out->by_before);
	if (!pwd || !stun_fingerprint_ok(msg) || !ice_integrity_ok(ice, msg, pwd))
		return ICE_DROP_INTEGRITY;
	answer_out->use_candidate = msg->use_candidate;
	answer_out->priority = msg->priority;
	if (msg->unknown_count || msg->is_controlled) {
		put_error(ice, msg, msg->unknown_count ? STUN_ERROR_UNKNOWN : STUN_ERROR_ROLE, pwd, answer_out);
		return ICE_REFUSED;
	}
	put_success(ice, msg, from, pwd, answer_out);
	return ICE_CHECK;
}
