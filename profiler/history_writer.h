/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History writer: the samples of a snapshot → windows of history.
 */

#include <stdint.h>

struct database;
struct history_translator;
struct snapshot;

/*
 * Add the samples of @snapshot that are not written yet (snapshot_init_unwritten()), within a
 * transaction of the caller's. Sets *@ret_n_samples to how many that were.
 *
 * Errors are those of database.h. After one, the transaction is to be undone, and the translator to
 * forget.
 */
int history_writer_add(struct database *database, struct history_translator *translator,
		       const struct snapshot *snapshot, uint64_t *ret_n_samples);
