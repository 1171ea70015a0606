/* Which addresses are ours, and which of them a client is told. */
#include "media/role/role_priv.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

bool media_ip_is_v4(const uint8_t ip[16])
{
	return !memcmp(ip, v4_prefix, sizeof(v4_prefix));
}

static void from_v4(const struct in_addr *addr, uint8_t ip_out[16])
{
	memcpy(ip_out, v4_prefix, 12);
	memcpy(ip_out + 12, addr, 4);
}

bool media_ip_parse(const char *text, uint8_t ip_out[16])
{
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1)
		from_v4(&v4, ip_out);
	else if (inet_pton(AF_INET6, text, ip_out) != 1)
		return false;
	return true;
}

void media_address_text(const uint8_t ip[16], char out[MEDIA_ADDRESS_TEXT])
{
	if (media_ip_is_v4(ip))
		inet_ntop(AF_INET, ip + 12, out, MEDIA_ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, ip, out, MEDIA_ADDRESS_TEXT);
}

static bool is_loopback(const uint8_t ip[16])
{
	static const uint8_t v6[16] = {[15] = 1};
	return media_ip_is_v4(ip) ? ip[12] == 127 : !memcmp(ip, v6, 16);
}

bool media_can_be_told(const uint8_t ip[16])
{
	static const uint8_t zero[16] = {0};
	if (media_ip_is_v4(ip))
		return ip[12] != 0 && ip[12] < 224;
	return memcmp(ip, zero, 16) != 0 && ip[0] != 0xff;
}

/* "[v6]:port", "v4:port" or an address alone: a single colon belongs to a port. */
enum at_err media_address_parse(const char *text, struct media_address *address_out)
{
	char host[64];
	size_t len = strnlen(text, sizeof(host));
	const char *port = NULL, *colon = strrchr(text, ':');
	if (len == 0 || len == sizeof(host))
		return AT_ERR_BAD_REQUEST;
	memcpy(host, text, len + 1);
	if (text[0] == '[') {
		char *end = strchr(host, ']');
		if (!end || end[1] != ':')
			return AT_ERR_BAD_REQUEST;
		*end = '\0';
		memmove(host, host + 1, (size_t)(end - host));
		port = text + (end + 2 - host);
	} else if (colon && colon == strchr(text, ':')) {
		host[colon - text] = '\0';
		port = colon + 1;
	}
	uint64_t number = 0;
	*address_out = (struct media_address){.port = 0};
	if (port && (at_parse_u64(port, strlen(port), UINT16_MAX, &number) || number == 0))
		return AT_ERR_BAD_REQUEST;
	address_out->port = (uint16_t)number;
	if (!media_ip_parse(host, address_out->ip) || !media_can_be_told(address_out->ip))
		return AT_ERR_BAD_REQUEST;
	return AT_OK;
}

static void add(struct media_address *list, size_t *count, const uint8_t ip[16], uint16_t port)
{
	for (size_t i = 0; i < *count; i++)
		if (!memcmp(list[i].ip, ip, 16))
			return;
	if (*count == MEDIA_ADDRESSES_MAX)
		return;
	memcpy(list[*count].ip, ip, 16);
	list[(*count)++].port = port;
}

static size_t own_ips_of(sa_family_t family, const struct ifaddrs *all, uint8_t out[][16], size_t max)
{
	size_t n = 0;
	for (const struct ifaddrs *it = all; it && n < max; it = it->ifa_next) {
		if (!it->ifa_addr || it->ifa_addr->sa_family != family || !(it->ifa_flags & IFF_UP))
			continue;
		if (family == AF_INET)
			from_v4(&((const struct sockaddr_in *)(const void *)it->ifa_addr)->sin_addr, out[n]);
		else
			memcpy(out[n], &((const struct sockaddr_in6 *)(const void *)it->ifa_addr)->sin6_addr, 16);
		bool is_link_local = family == AF_INET6 && out[n][0] == 0xfe && (out[n][1] & 0xc0) == 0x80;
		n += !is_link_local;
	}
	return n;
}

size_t media_own_ips(uint8_t out[][16], size_t max)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return 0;
	size_t n = own_ips_of(AF_INET, all, out, max);
	n += own_ips_of(AF_INET6, all, out + n, max - n);
	freeifaddrs(all);
	return n;
}

void media_hello_fill(struct media_hello *hello, const struct media_options *options)
{
	uint8_t ip[16];
	hello->is_announced = options->announced_count > 0;
	for (size_t i = 0; i < options->announced_count; i++) {
		const struct media_address *a = &options->announced[i];
		add(hello->addresses, &hello->count, a->ip, a->port ? a->port : hello->port);
	}
	if (hello->is_announced)
		return;
	if (options->listen_addr && media_ip_parse(options->listen_addr, ip) && media_can_be_told(ip)) {
		add(hello->addresses, &hello->count, ip, hello->port);
		return;
	}
	uint8_t own[2 * MEDIA_ADDRESSES_MAX][16];
	size_t n = media_own_ips(own, 2 * MEDIA_ADDRESSES_MAX);
	for (size_t i = 0; i < n; i++)
		if (!is_loopback(own[i]))
			add(hello->addresses, &hello->count, own[i], hello->port);
	/* A machine without a network talks to itself. */
	for (size_t i = 0; i < n && !hello->count; i++)
		add(hello->addresses, &hello->count, own[i], hello->port);
}

size_t media_addresses_for(const struct media_hello *hello, const uint8_t *reached_ip,
			   struct media_address out[MEDIA_ADDRESSES_MAX])
{
	size_t n = 0;
	bool by_loopback = reached_ip && is_loopback(reached_ip);
	/* A room is kept for the one by which it came. */
	if (reached_ip && !hello->is_announced && !by_loopback)
		add(out, &n, reached_ip, hello->port);
	for (size_t i = 0; i < hello->count; i++)
		if (n + by_loopback < MEDIA_ADDRESSES_MAX)
			add(out, &n, hello->addresses[i].ip, hello->addresses[i].port);
	if (by_loopback && !hello->is_announced)
		add(out, &n, reached_ip, hello->port);
	return n;
}
