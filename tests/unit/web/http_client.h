/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP client: a socket, and what came back over it, to the byte. A failed step fails the test;
 * nothing waits longer than CLIENT_TIMEOUT_S.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_TIMEOUT_S 20

struct reply {
	int code; /* 0: the connection ended instead */
	char *head;
	char *body; /* both terminated */
	size_t body_bytes;
};

int client_connect(uint16_t port);
void client_send(int fd, const char *bytes);

/* One reply from @fd; @has_body is false after HEAD. Owned by the caller. */
struct reply client_receive(int fd, bool has_body);

/* Whether the other end closes within @timeout_ms; what comes before that is thrown away. */
bool client_sees_end(int fd, int timeout_ms);

/* @method @target over a connection of its own, as a browser at localhost would. */
struct reply client_ask(uint16_t port, const char *method, const char *target);

/* The value of a header, in a static buffer, or NULL. */
const char *reply_header(const struct reply *reply, const char *name);

/* Works on a zeroed struct. */
void reply_fini(struct reply *reply);
