/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Listen address: where HTTP is served.
 *
 *     127.0.0.1:7272   [::1]:7272   localhost:7272   :7272 (every address)   127.0.0.1:0 (any port)
 *
 * A name other than localhost is none: what a name means may change, and is not asked at start.
 */

#include <sys/socket.h>

/* Room for what listen_address_text() writes. */
#define LISTEN_ADDRESS_TEXT_BYTES 80

struct listen_address {
	struct sockaddr_storage address;
	socklen_t size; /* of what is used of it */
};

/* Returns 0, or -EINVAL: @text is no address with a port. */
int listen_address_parse(const char *text, struct listen_address *ret_address);

/*
 * Listen there, with a socket that does not block. Every address means IPv6 and IPv4, as far as the
 * host has them.
 *
 * Returns 0 and sets *@ret_fd (closed by the caller), -EADDRINUSE: someone else does, or what
 * socket(2), bind(2) and listen(2) say.
 */
int listen_address_open(const struct listen_address *address, int *ret_fd);

/* Write the address that @fd listens at as a client would write it: with the true port, and a
 * loopback address for "every". Returns 0 or what getsockname(2) says. */
int listen_address_text(int fd, char ret_text[LISTEN_ADDRESS_TEXT_BYTES]);

/* Write @address as it was given, for messages. */
void listen_address_format(const struct listen_address *address,
			   char ret_text[LISTEN_ADDRESS_TEXT_BYTES]);
