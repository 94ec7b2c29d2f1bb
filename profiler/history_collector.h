/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History collector: forgets what no window of history refers to any more.
 *
 * It marks what windows refer to, and what that refers to, then deletes the rest: threads, stacks,
 * frames, files, label sets and strings. Numbers that somebody keeps in memory may lead nowhere
 * after that. It reads the totals of all windows: some seconds for a month of a busy host; so it is
 * called when much has been forgotten.
 */

#include <stdint.h>

struct database;

/*
 * Collect, within a transaction of the caller's. Returns 0 and sets *@ret_n_gone, how many rows
 * went, or an error of database.h.
 */
int history_collect(struct database *database, uint64_t *ret_n_gone);
