#include "auth/auth_priv.h"

#include "base/rand.h"

#include <sodium.h>
#include <string.h>

void auth_token_hash(const char *token, uint8_t hash_out[AUTH_HASH_LEN])
{
	AT_ASSERT(crypto_generichash(hash_out, AUTH_HASH_LEN, (const uint8_t *)token, strlen(token), NULL, 0) == 0);
}

void auth_token_new(char out[AUTH_TOKEN_LEN + 1], uint8_t hash_out[AUTH_HASH_LEN])
{
	uint8_t raw[32];
	at_rand(raw, sizeof(raw));
	AT_ASSERT(at_base64url(raw, sizeof(raw), out) == AUTH_TOKEN_LEN);
	auth_token_hash(out, hash_out);
	sodium_memzero(raw, sizeof(raw));
}

enum at_err auth_token_parse(const char *token, uint8_t hash_out[AUTH_HASH_LEN])
{
	if (!token || strlen(token) != AUTH_TOKEN_LEN)
		return AT_ERR_BAD_REQUEST;
	auth_token_hash(token, hash_out);
	return AT_OK;
}

/* Whoever reads it out of the page still lacks the cookie, and whoever reads the database lacks it, too: the frame token only proves
 * that a script of our own origin opened the socket. */
static void frame_token(const uint8_t hash[AUTH_HASH_LEN], char out[AUTH_TOKEN_LEN + 1])
{
	uint8_t mac[AUTH_HASH_LEN];
	AT_ASSERT(crypto_generichash(mac, sizeof(mac), (const uint8_t *)"frame", 5, hash, AUTH_HASH_LEN) == 0);
	at_base64url(mac, sizeof(mac), out);
}

void auth_frame_token(const struct auth *auth, const char *session_token, char out[AUTH_TOKEN_LEN + 1])
{
	(void)auth;
	uint8_t hash[AUTH_HASH_LEN];
	out[0] = '\0';
	if (auth_token_parse(session_token, hash) == AT_OK)
		frame_token(hash, out);
}

bool auth_frame_token_ok(const struct auth *auth, uint64_t device, const char *token)
{
	const struct auth_device *found = auth_device(auth, device);
	char expected[AUTH_TOKEN_LEN + 1];
	if (!found || strlen(token) != AUTH_TOKEN_LEN)
		return false;
	frame_token(found->token_hash, expected);
	return at_mem_eq_const_time(expected, token, AUTH_TOKEN_LEN);
}
