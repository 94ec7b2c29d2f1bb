/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connection: a client's socket, and until when it has to make progress.
 *
 *     waiting for a request ──whole request──► at rest: the server works, or waits on purpose
 *              ▲                                   │ answer
 *              └───────── whole answer ──── sending it: each CONNECTION_STEP_BYTES buy time
 *
 * A clock that only watched for silence could be kept going with a byte now and then, so a request
 * has to arrive as a whole in time, and an answer has to be taken at a rate.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CONNECTION_STEP_BYTES (64UL << 10)

/* Of the socket: a bound on kernel memory, and little enough to see a slow client's progress. */
#define CONNECTION_SEND_BYTES (128 << 10)

struct connection {
	struct connection *prev, *next;
	int fd;              /* borrowed: libmicrohttpd's */
	int64_t deadline_ns; /* monotonic; INT64_MAX at rest */
	int64_t patience_ns;
	bool awaits_request;
	uint64_t step_bytes; /* progress that moves the deadline on */
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} local; /* our end */
};

/* Returns 0 and sets *@ret_connection (owned by the caller), or -ENOMEM. */
int connection_new(int fd, int64_t patience_ns, struct connection **ret_connection);

/* Accepts NULL. Always returns NULL. */
struct connection *connection_free(struct connection *connection);

/* A request is due from the client, or its reading of the answer, from now on. */
void connection_expect_request(struct connection *connection, int64_t now_ns);
void connection_expect_reading(struct connection *connection, int64_t now_ns);

/* @bytes of what is due have come or gone so far. */
void connection_progress(struct connection *connection, uint64_t bytes, int64_t now_ns);

/* Nothing is due from the client. */
void connection_rest(struct connection *connection);

/* Whether it was overdue, and therefore has been shut down; libmicrohttpd will notice. */
bool connection_end_if_overdue(struct connection *connection, int64_t now_ns);
