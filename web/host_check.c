/* SPDX-License-Identifier: Apache-2.0 */
#include "web/host_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define NAME_MAX_BYTES 256 /* RFC 1035 §2.3.4, and room for brackets */

static bool is_port(const char *text)
{
	size_t n_digits = strspn(text, "0123456789");

	return n_digits <= 5 && !text[n_digits];
}

/* Copy the name in @host, without port, brackets and the root's dot. */
static bool copy_name(const char *host, char name[NAME_MAX_BYTES])
{
	bool is_bracketed = *host == '[';
	const char *start = host + is_bracketed;
	size_t length = strcspn(start, is_bracketed ? "]" : ":");
	const char *rest = start + length;

	if (is_bracketed && *rest++ != ']')
		return false;
	if (*rest && (*rest != ':' || !is_port(rest + 1)))
		return false;
	if (length && start[length - 1] == '.' && !is_bracketed)
		length--;
	if (!length || length >= NAME_MAX_BYTES)
		return false;
	memcpy(name, start, length);
	name[length] = '\0';
	return true;
}

/* Addresses of both families as IPv6: those of IPv4 mapped (RFC 4291 §2.5.5.2). */
static struct in6_addr map_ipv4(struct in_addr ipv4)
{
	struct in6_addr mapped = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(&mapped.s6_addr[12], &ipv4, sizeof(ipv4));
	return mapped;
}

static bool parse_address(const char *name, struct in6_addr *ret_address)
{
	struct in_addr ipv4;

	if (inet_pton(AF_INET, name, &ipv4) == 1) {
		*ret_address = map_ipv4(ipv4);
		return true;
	}
	return inet_pton(AF_INET6, name, ret_address) == 1;
}

static bool is_loopback(const struct in6_addr *address)
{
	return IN6_IS_ADDR_LOOPBACK(address) ||
	       (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool is_same(const struct in6_addr *address, const struct sockaddr *local)
{
	struct in6_addr ours;
	union {
		const struct sockaddr *any;
		const struct sockaddr_in *ipv4;
		const struct sockaddr_in6 *ipv6;
	} end = { .any = local };

	if (!local)
		return false;
	if (local->sa_family == AF_INET)
		ours = map_ipv4(end.ipv4->sin_addr);
	else if (local->sa_family == AF_INET6)
		ours = end.ipv6->sin6_addr;
	else
		return false;
	return IN6_ARE_ADDR_EQUAL(address, &ours);
}

bool host_is_ours(const char *host, const struct sockaddr *local, const char *const *allow_hosts)
{
	char name[NAME_MAX_BYTES];
	struct in6_addr address;

	if (!copy_name(host, name))
		return false;
	if (!strcasecmp(name, "localhost"))
		return true;
	for (; allow_hosts && *allow_hosts; allow_hosts++) {
		if (!strcasecmp(name, *allow_hosts))
			return true;
	}
	return parse_address(name, &address) && (is_loopback(&address) || is_same(&address, local));
}
