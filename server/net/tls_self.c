/* A certificate authority of this server's own, so that a phone on the same network can try it: browsers open the microphone only on
 * localhost or HTTPS. The root is made once and handed out (ca.pem); what the server shows is made anew when the host's names or
 * addresses change, or it nears its end. */
#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/net_priv.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DAY_S = 86400,
	CA_DAYS = 3650,
	SERVER_DAYS = 397, /* browsers refuse more from roots that users add */
	RENEW_DAYS = 30,
	NAMES_MAX = 4096,
	PATH_LEN = 4096,
};

struct pair {
	X509 *cert;
	EVP_PKEY *key;
};

static void pair_release(struct pair *pair)
{
	X509_free(pair->cert);
	EVP_PKEY_free(pair->key);
	*pair = (struct pair){0};
}

/* ---- files ---- */

static void path_of(const char *dir, const char *name, char out[PATH_LEN])
{
	int n = snprintf(out, PATH_LEN, "%s/%s", dir, name);
	AT_ASSERT(n > 0 && n < PATH_LEN);
}

static FILE *open_in(const char *dir, const char *name)
{
	char path[PATH_LEN];
	path_of(dir, name, path);
	return fopen(path, "re");
}

static struct pair load(const char *dir, const char *cert_name, const char *key_name)
{
	struct pair pair = {0};
	FILE *cert = open_in(dir, cert_name), *key = open_in(dir, key_name);
	if (cert)
		pair.cert = PEM_read_X509(cert, NULL, NULL, NULL);
	if (key)
		pair.key = PEM_read_PrivateKey(key, NULL, NULL, NULL);
	if (cert)
		fclose(cert);
	if (key)
		fclose(key);
	if (!pair.cert || !pair.key || X509_check_private_key(pair.cert, pair.key) != 1)
		pair_release(&pair);
	return pair;
}

/* Whole or not at all: a crash leaves the old file. */
static bool write_file(const char *dir, const char *name, mode_t mode, BIO *bio)
{
	char path[PATH_LEN], tmp[PATH_LEN + 8], *data;
	size_t len = (size_t)BIO_get_mem_data(bio, &data);
	path_of(dir, name, path);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	unlink(tmp);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return false;
	bool ok = write(fd, data, len) == (ssize_t)len && fsync(fd) == 0;
	close(fd);
	return ok && rename(tmp, path) == 0;
}

static bool save(const struct pair *pair, const char *dir, const char *cert_name, const char *key_name)
{
	BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
	AT_ASSERT(cert && key);
	/* The key first: a certificate without its key would be taken for damage, and made again. */
	bool ok = PEM_write_bio_X509(cert, pair->cert) == 1 &&
		  PEM_write_bio_PrivateKey(key, pair->key, NULL, NULL, 0, NULL, NULL) == 1 &&
		  write_file(dir, key_name, 0600, key) && write_file(dir, cert_name, 0644, cert);
	BIO_free(cert);
	BIO_free(key);
	return ok;
}

/* ---- this host's names ---- */

static void add_name(struct at_buf *names, const char *kind, const char *name)
{
	/* Too many to fit: the first ones will do. */
	enum at_err err = at_buf_printf(names, "%s%s:%s", names->len ? "," : "", kind, name);
	(void)err;
}

static bool is_dns_name(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.")];
}

static void add_addr(struct at_buf *names, const struct sockaddr *addr)
{
	char text[INET6_ADDRSTRLEN];
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
	if (addr->sa_family == AF_INET && ntohl(in->sin_addr.s_addr) >> 24 != 127)
		add_name(names, "IP", inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)));
	else if (addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) &&
		 !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr))
		add_name(names, "IP", inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)));
}

/* As OpenSSL writes a subjectAltName: "DNS:localhost,IP:127.0.0.1,...". */
static void host_names(struct at_buf *names)
{
	char host[256] = "";
	struct ifaddrs *all = NULL;
	add_name(names, "DNS", "localhost");
	if (!gethostname(host, sizeof(host) - 1) && is_dns_name(host) && strcmp(host, "localhost"))
		add_name(names, "DNS", host);
	add_name(names, "IP", "127.0.0.1");
	add_name(names, "IP", "::1");
	if (!getifaddrs(&all)) {
		for (struct ifaddrs *it = all; it; it = it->ifa_next) {
			if (it->ifa_addr && it->ifa_flags & IFF_UP)
				add_addr(names, it->ifa_addr);
		}
		freeifaddrs(all);
	}
	enum at_err err = at_buf_append(names, "", 1);
	AT_ASSERT(!err);
}

/* ---- certificates ---- */

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool set_serial(X509 *cert)
{
	uint8_t bytes[16];
	at_rand(bytes, sizeof(bytes));
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	BIGNUM *bn = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));
	BN_free(bn);
	return ok;
}

/* A fresh key in a certificate that is not signed yet. An hour back, for clocks that are a little behind. */
static bool make(struct pair *pair, const char *common_name, int days, const X509_NAME *issuer)
{
	pair->key = EVP_EC_gen("P-256");
	pair->cert = X509_new();
	if (!pair->key || !pair->cert || !set_serial(pair->cert) || X509_set_version(pair->cert, X509_VERSION_3) != 1)
		return false;
	X509_gmtime_adj(X509_getm_notBefore(pair->cert), -3600);
	X509_time_adj_ex(X509_getm_notAfter(pair->cert), days, 0, NULL);
	X509_NAME *name = X509_get_subject_name(pair->cert);
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) ==
		       1 &&
	       X509_set_issuer_name(pair->cert, issuer ? issuer : name) == 1 &&
	       X509_set_pubkey(pair->cert, pair->key) == 1;
}

static bool make_ca(struct pair *ca)
{
	uint8_t tag[3];
	char name[64];
	at_rand(tag, sizeof(tag));
	/* Told apart in a phone's list of roots. */
	snprintf(name, sizeof(name), "Aftertone own CA %02x%02x%02x", tag[0], tag[1], tag[2]);
	return make(ca, name, CA_DAYS, NULL) &&
	       add_extension(ca->cert, ca->cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(ca->cert, ca->cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(ca->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       X509_sign(ca->cert, ca->key, EVP_sha256()) > 0;
}

static bool make_server(struct pair *server, const struct pair *ca, const char *names)
{
	return make(server, "Aftertone", SERVER_DAYS, X509_get_subject_name(ca->cert)) &&
	       add_extension(server->cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(server->cert, ca->cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(server->cert, ca->cert, NID_ext_key_usage, "serverAuth") &&
	       add_extension(server->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       add_extension(server->cert, ca->cert, NID_authority_key_identifier, "keyid") &&
	       add_extension(server->cert, ca->cert, NID_subject_alt_name, names) &&
	       X509_sign(server->cert, ca->key, EVP_sha256()) > 0;
}

/* ---- whether what is there still serves ---- */

static bool lasts(const X509 *cert)
{
	time_t later = time(NULL) + RENEW_DAYS * DAY_S;
	return X509_cmp_time(X509_get0_notAfter(cert), &later) > 0;
}

/* The same extension made from today's names, byte for byte. */
static bool names_fit(X509 *cert, const char *names)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509_EXTENSION *wanted = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
	int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
	bool fit = wanted && at >= 0 &&
		   !ASN1_OCTET_STRING_cmp(X509_EXTENSION_get_data(wanted),
					  X509_EXTENSION_get_data(X509_get_ext(cert, at)));
	X509_EXTENSION_free(wanted);
	return fit;
}

static bool serves(const struct pair *server, const struct pair *ca, const char *names)
{
	return server->cert && lasts(server->cert) && X509_verify(server->cert, ca->key) == 1 &&
	       names_fit(server->cert, names);
}

enum at_err net_tls_self(const char *dir)
{
	struct at_buf names;
	at_buf_init(&names, NAMES_MAX);
	host_names(&names);
	struct pair ca = load(dir, "ca.pem", "ca.key");
	struct pair server = load(dir, "server.pem", "server.key");
	bool ok = true;
	if (!ca.cert || !lasts(ca.cert)) {
		pair_release(&ca);
		ok = make_ca(&ca) && save(&ca, dir, "ca.pem", "ca.key");
		at_log(AT_LOG_INFO, "net.tls.new_ca", NULL);
	}
	if (ok && !serves(&server, &ca, (const char *)names.data)) {
		pair_release(&server);
		ok = make_server(&server, &ca, (const char *)names.data) &&
		     save(&server, dir, "server.pem", "server.key");
		at_log(AT_LOG_INFO, "net.tls.new_certificate", NULL);
	}
	if (!ok)
		at_log(AT_LOG_ERROR, "net.tls.not_written", "dir", dir, NULL);
	pair_release(&ca);
	pair_release(&server);
	at_buf_release(&names);
	return ok ? AT_OK : AT_ERR_IO;
}
