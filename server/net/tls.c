/* The one TLS context of a server. */
#include "base/log.h"
#include "net/net_priv.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

/* http/1.1 or, when the peer names other protocols only, an alert (RFC 7301 section 3.2). */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
		       unsigned int in_len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	(void)ssl;
	(void)arg;
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static bool configure(SSL_CTX *ctx, const char *cert_path, const char *key_path)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
	       SSL_CTX_use_certificate_chain_file(ctx, cert_path) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(ctx) == 1;
}

enum at_err net_tls_new(const char *cert_path, const char *key_path, struct ssl_ctx_st **tls_out)
{
	*tls_out = NULL;
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	AT_ASSERT(ctx);
	ERR_clear_error();
	if (!configure(ctx, cert_path, key_path)) {
		char why[128];
		ERR_error_string_n(ERR_peek_last_error(), why, sizeof(why));
		at_log(AT_LOG_ERROR, "net.tls.unusable", "cert", cert_path, "key", key_path, "why", why, NULL);
		ERR_clear_error();
		SSL_CTX_free(ctx);
		return AT_ERR_BAD_REQUEST;
	}
	*tls_out = ctx;
	return AT_OK;
}

void net_tls_free(struct ssl_ctx_st **tls)
{
	SSL_CTX_free(*tls);
	*tls = NULL;
}
