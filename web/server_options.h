/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Server options: what a web server is made of.
 */

#include <stdint.h>

struct status;
struct store;

struct web_server_options {
	int listen_fd;                  /* bound and listening, non-blocking; borrowed */
	struct store *store;            /* borrowed: outlives the server */
	const char *const *allow_hosts; /* names beside our addresses and localhost; NULL ends */
	const char *version;
	unsigned int n_workers;
	int64_t patience_ns; /* with a client that makes no progress; 0: 10 s */
	/* Fill *@ret_status; called on the caller's thread only. */
	void (*get_status)(void *context, struct status *ret_status);
	void *context;
};
