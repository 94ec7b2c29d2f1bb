/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Web server: HTTP in front of the store.
 *
 *     request → route table → answered at once, or put off (profile?seconds=N), or worked on by one
 *     of the worker threads (queries and encoders) → answer
 *
 * One thread, the caller's, runs libmicrohttpd and never works or waits; a slow client holds up
 * nobody. Bounds: connections, bytes of a request, requests put off or queued; what exceeds them is
 * answered with 503 or 413 and counted.
 */

#include <stddef.h>
#include <stdint.h>

#include "web/server_options.h"

struct web_server;

/*
 * Create the worker threads and the HTTP daemon. Nothing is served before web_server_run().
 *
 * Returns 0 and sets *@ret_server (owned by the caller), or -ENOMEM, or what libmicrohttpd or
 * pthread_create(3) met.
 */
int web_server_new(const struct web_server_options *options, struct web_server **ret_server);

/* Ends connections and workers. Accepts NULL. Always returns NULL. */
struct web_server *web_server_free(struct web_server *server);

/* Readable whenever web_server_run() has something to do, be it that time has passed: an epoll
 * descriptor, for nesting. */
int web_server_fd(const struct web_server *server);

/* The reply to a question (web/server_options.h): @result is 0 or -errno; takes @fd, or −1. */
void web_server_take_reply(struct web_server *server, uint32_t ticket, int result, int fd);

/* Do what is due, without waiting. */
void web_server_run(struct web_server *server);
