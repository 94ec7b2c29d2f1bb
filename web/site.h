/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Site: what all routes share: the store, who we are, and what the server counts.
 *
 * Only @store and @answer_bytes are for workers too; the rest belongs to the loop thread, or never
 * changes.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "web/process_usage.h"
#include "web/traffic.h"

#define SITE_ANSWER_MAX  (64UL << 20)  /* bytes of one answer */
#define SITE_ANSWERS_MAX (256UL << 20) /* bytes of answers in memory, beyond which none is made */

struct function_meter;
struct question;
struct status;
struct store;
struct web_server_options;

struct site {
	struct store *store;
	const char *version;
	const char *const *allow_hosts;
	void (*get_status)(void *context, struct status *ret_status);
	int (*ask)(void *context, uint32_t ticket, const struct question *question); /* or NULL */
	bool has_source_dirs;
	int64_t query_cpu_ns; /* what a query may cost */
	size_t query_bytes;
	void *context;
	char host[256];
	char kernel[256];           /* "6.1.0-18-amd64" */
	struct buffer command_line; /* as in /proc/PID/cmdline */
	atomic_size_t answer_bytes; /* of answers made and not yet sent */
	struct process_usage_files usage_files;
	struct traffic traffic;
	struct function_meter *functions; /* owned; NULL: none are counted */
};

/* Keeps what @options points to. A command line that cannot be read is empty. */
void site_init(struct site *site, const struct web_server_options *options);
void site_fini(struct site *site);
