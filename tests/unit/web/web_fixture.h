/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Web fixture: a server on a port of the loopback, in front of a store with a few samples, run by a
 * thread of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/status.h"

#define FIXTURE_PATIENCE_MS 300

struct question;

struct web_fixture {
	uint16_t port;
	struct store *store;
	struct web_server *server;
	struct status status; /* what the server is told; set before start, as the next ones */
	int (*ask)(void *fixture, uint32_t ticket, const struct question *question);
	bool has_source_dirs;
	int64_t query_cpu_ns; /* 0: as the server has it */
	size_t query_bytes;
	int listen_fd;
	int stop_fd;
	unsigned long thread;
};

/* Set up with samples; nothing runs yet. */
void web_fixture_init(struct web_fixture *fixture);
void web_fixture_start(struct web_fixture *fixture);

/* Ends the server, if it runs, and frees everything. */
void web_fixture_stop(struct web_fixture *fixture);
void web_fixture_fini(struct web_fixture *fixture);
