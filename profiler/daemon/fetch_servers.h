/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fetch servers: the debuginfod servers in the order in which they are asked, one after the other,
 * and which of them is left alone.
 *
 * One that cannot be reached, or says nothing for long, is left alone for a minute, and after each
 * further failure for twice as long, up to half an hour. Then one file is asked of it, as a trial.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_MAX_SERVERS 16 /* those behind them are not asked */

struct fetch_server {
	char *url;             /* for libdebuginfod, with the policy that stands before it */
	int64_t next_ns;       /* not before, by the monotonic clock */
	unsigned int n_failed; /* since it has answered last */
	unsigned int n_asked;  /* fetches that it has not answered yet */
};

struct fetch_servers {
	struct fetch_server servers[FETCH_MAX_SERVERS];
	size_t n;
};

enum fetch_server_answer {
	FETCH_SERVER_HAS_IT,
	FETCH_SERVER_HAS_NOT,
	FETCH_SERVER_FAILED, /* with that file */
	FETCH_SERVER_UNREACHED,
};

/* @urls are separated by spaces, as in DEBUGINFOD_URLS. Returns 0 or -ENOMEM. */
int fetch_servers_init(struct fetch_servers *servers, const char *urls);
void fetch_servers_fini(struct fetch_servers *servers);

/* Whether @server may be asked now. */
bool fetch_server_is_ready(const struct fetch_server *server, int64_t now_ns);

/* It is asked for a file, until it has answered. The latter returns whether it is left alone from
 * now on. */
void fetch_server_begin(struct fetch_server *server);
bool fetch_server_end(struct fetch_server *server, enum fetch_server_answer answer, int64_t now_ns);
