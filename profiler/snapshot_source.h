/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Snapshot source: where snapshots of the store find what it has no more.
 */

#include <stdbool.h>

struct snapshot;
struct snapshot_wish;
struct store;

/* Called in any thread. */
struct snapshot_source {
	/* As snapshot_init_as(), of the source and the store together; NULL: there is none. */
	int (*read)(void *context, struct store *store, const struct snapshot_wish *wish,
		    struct snapshot *ret_snapshot);
	bool (*is_open)(void *context); /* whether there is something to read just now */
	void *context;
};
