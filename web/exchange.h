/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exchange: one request on one connection, from its first line to the last byte of its answer.
 *
 *     reading → (put off → working) → ready → sending
 *                        ↑      ↓
 *                  (asking another role)
 *
 * While it is put off, working or asking, libmicrohttpd knows its connection as suspended and does
 * not look at it; then we watch for the client's leaving, in which case nothing is worked out for
 * nobody. All functions belong to the loop thread.
 */

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/request.h"
#include "web/work_queue.h"

enum {
	EXCHANGES_MAX_PUT_OFF = 500, /* waiting for the end of their profile */
	EXCHANGES_MAX_WORKING = 300, /* queued or worked on, without those that were put off */
};

struct exchange;
struct site;

struct exchange_set {
	struct site *site;
	struct work_queue *queue;
	int epoll_fd;               /* borrowed; events for exchanges have them as data.ptr */
	struct exchange *suspended; /* put off, or working */
	size_t n_working;           /* without those that were put off */
	uint32_t last_ticket;
	int64_t reply_wait_ns; /* how long a question is waited for */
	bool is_ending;
};

/* Callbacks of libmicrohttpd; @set is a struct exchange_set. */
void *exchange_on_target(void *set, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_on_request(void *set, struct MHD_Connection *mhd, const char *url,
				    const char *method, const char *version, const char *bytes,
				    size_t *n_bytes, void **exchange);
void exchange_on_completed(void *set, struct MHD_Connection *mhd, void **exchange,
			   enum MHD_RequestTerminationCode why);

/* The client of a suspended exchange has left. */
void exchange_on_hangup(struct exchange_set *set, struct exchange *exchange);

/* Hand work that was put off until @now_ns to the workers. */
void exchange_set_advance(struct exchange_set *set, int64_t now_ns);

/* Let answers go that workers have finished. */
void exchange_set_take_done(struct exchange_set *set);

/* The reply to the question with that ticket: @result is 0 or -errno; takes @fd, or −1. */
void exchange_set_take_reply(struct exchange_set *set, uint32_t ticket, int result, int fd);

/* When exchange_set_advance() has something to do next: monotonic, INT64_MAX for never. */
int64_t exchange_set_next_ns(const struct exchange_set *set);

/* The server ends: what is suspended is answered so. Workers must be gone. */
void exchange_set_end(struct exchange_set *set);
