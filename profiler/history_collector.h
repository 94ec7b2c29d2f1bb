/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History collector: forgets what no window of history refers to any more.
 *
 *     history_collection_new  --marks-->  rows that nothing needs  --history_collection_sweep-->
 *
 * It marks what windows refer to, and what that refers to; the rest goes: threads, stacks, frames,
 * files, label sets and strings. Marking reads the totals of all windows, and writes nothing: some
 * seconds for a month of a busy host. Sweeping goes by steps, each of which leaves nothing behind
 * that leads nowhere, so it may be left off after any. Between the two nobody may write. Numbers
 * that somebody keeps in memory may lead nowhere after that.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/cleanup.h"

struct database;
struct history_collection;

/* Returns 0 and sets *@ret_collection (owned by the caller), or an error of database.h. @database
 * is borrowed. */
int history_collection_new(struct database *database, struct history_collection **ret_collection);

/* Accepts NULL. Always returns NULL. */
struct history_collection *history_collection_free(struct history_collection *collection);
DEFINE_CLEANUP(struct history_collection *, history_collection_free)

/*
 * Delete at most @max_rows, within a transaction of the caller's, and add to *@n_gone how many
 * went.
 *
 * Returns 1 if there may be more, 0 if not, or an error of database.h.
 */
int history_collection_sweep(struct history_collection *collection, size_t max_rows,
			     uint64_t *n_gone);
