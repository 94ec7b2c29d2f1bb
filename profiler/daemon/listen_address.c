/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/listen_address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "profiler/base/cleanup.h"

/* The numeric host that getaddrinfo(3) is asked for, cut out of "host:…", whose colon is @colon. */
static int take_host(const char *text, const char *colon, char *ret_host, size_t host_bytes)
{
	size_t length = (size_t)(colon - text);
	bool has_brackets = length >= 2 && text[0] == '[' && colon[-1] == ']';

	if (has_brackets) {
		text++;
		length -= 2;
	}
	if (length >= host_bytes || (memchr(text, ':', length) && !has_brackets) ||
	    (!memchr(text, ':', length) && has_brackets))
		return -EINVAL;
	memcpy(ret_host, text, length);
	ret_host[length] = '\0';
	if (!strcmp(ret_host, "localhost"))
		snprintf(ret_host, host_bytes, "127.0.0.1");
	else if (!length)
		snprintf(ret_host, host_bytes, "::");
	return 0;
}

static bool is_port(const char *text)
{
	size_t n_digits = strspn(text, "0123456789");

	return n_digits >= 1 && n_digits <= 5 && !text[n_digits] && strtol(text, NULL, 10) <= 65535;
}

int listen_address_parse(const char *text, struct listen_address *ret_address)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	const char *colon = strrchr(text, ':');
	struct addrinfo *info;
	char host[64];
	int r;

	if (!colon || !is_port(colon + 1))
		return -EINVAL;
	r = take_host(text, colon, host, sizeof(host));
	if (r < 0)
		return r;
	if (getaddrinfo(host, colon + 1, &hints, &info))
		return -EINVAL;
	*ret_address = (struct listen_address){ .size = info->ai_addrlen };
	memcpy(&ret_address->address, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(info);
	return 0;
}

static bool is_every_ipv6(const struct listen_address *address)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address->address;

	return address->address.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr);
}

static int open_exactly(const struct listen_address *address, int *ret_fd)
{
	_cleanup_(closep) int fd = -1;
	const int yes = 1, no = 0;

	fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Or a restart would have to wait for the connections that the last run closed. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
		return -errno;
	if (is_every_ipv6(address) &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&address->address, address->size) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int listen_address_open(const struct listen_address *address, int *ret_fd)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&address->address;
	struct listen_address every_ipv4 = { .size = sizeof(struct sockaddr_in) };
	int r = open_exactly(address, ret_fd);

	if ((r != -EAFNOSUPPORT && r != -EADDRNOTAVAIL) || !is_every_ipv6(address))
		return r;
	*(struct sockaddr_in *)&every_ipv4.address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = ipv6->sin6_port,
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	return open_exactly(&every_ipv4, ret_fd);
}

/* No client can connect to "every address"; to this host's own it can. */
static const char *host_for_clients(const char *host)
{
	return !strcmp(host, "::") || !strcmp(host, "0.0.0.0") ? "127.0.0.1" : host;
}

/* As above, or -EAFNOSUPPORT: it is no address of the Internet's. */
static int write_text(const struct listen_address *address, const char *(*host_shown)(const char *),
		      char ret_text[LISTEN_ADDRESS_TEXT_BYTES])
{
	char host[64], port[8];
	const char *shown;

	if (getnameinfo((const struct sockaddr *)&address->address, address->size, host,
			sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return -EAFNOSUPPORT;
	shown = host_shown ? host_shown(host) : host;
	snprintf(ret_text, LISTEN_ADDRESS_TEXT_BYTES, strchr(shown, ':') ? "[%s]:%s" : "%s:%s",
		 shown, port);
	return 0;
}

int listen_address_text(int fd, char ret_text[LISTEN_ADDRESS_TEXT_BYTES])
{
	struct listen_address address = { .size = sizeof(address.address) };

	if (getsockname(fd, (struct sockaddr *)&address.address, &address.size) < 0)
		return -errno;
	return write_text(&address, host_for_clients, ret_text);
}

void listen_address_format(const struct listen_address *address,
			   char ret_text[LISTEN_ADDRESS_TEXT_BYTES])
{
	if (write_text(address, NULL, ret_text) < 0)
		snprintf(ret_text, LISTEN_ADDRESS_TEXT_BYTES, "?");
}
