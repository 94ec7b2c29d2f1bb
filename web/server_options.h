/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Server options: what a web server is made of.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct question;
struct status;
struct store;

struct web_server_options {
	int listen_fd;                  /* bound and listening, non-blocking; borrowed */
	struct store *store;            /* borrowed: outlives the server */
	bool has_source_dirs;           /* source files may be asked for */
	const char *const *allow_hosts; /* names beside our addresses and localhost; NULL ends */
	const char *version;
	unsigned int n_workers;
	int64_t patience_ns;          /* with a client that makes no progress; 0: 10 s */
	int64_t reply_wait_ns;        /* for the reply to a question; 0: 10 s */
	int64_t query_cpu_ns;         /* what a query may cost; 0: QUERY_CPU_NS … */
	size_t query_bytes;           /* … and QUERY_BYTES */
	const char *metrics_services; /* whose functions /metrics counts: a regex, or NULL */
	uint32_t metrics_functions;   /* and how many of each service */
	/* Fill *@ret_status; called on the caller's thread only. */
	void (*get_status)(void *context, struct status *ret_status);
	/* Ask @question; the reply is web_server_take_reply()'s, with @ticket. As above. 0 or
	 * -errno; NULL: there is nobody to be asked. */
	int (*ask)(void *context, uint32_t ticket, const struct question *question);
	void *context;
};
